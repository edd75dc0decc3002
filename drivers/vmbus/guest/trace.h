/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmb_guest

#if !defined(VMB_GUEST_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VMB_GUEST_TRACE_H

#include <linux/tracepoint.h>

#include "guest.h"

#define show_vmb_guest_msg(type)					\
	__print_symbolic(type,						\
		{ VMB_MSG_OFFER,		"OFFER" },		\
		{ VMB_MSG_RESCIND,		"RESCIND" },		\
		{ VMB_MSG_REQUEST_OFFERS,	"REQUEST_OFFERS" },	\
		{ VMB_MSG_ALL_OFFERS_DELIVERED,	"ALL_OFFERS_DELIVERED" }, \
		{ VMB_MSG_OPEN,			"OPEN" },		\
		{ VMB_MSG_OPEN_RESULT,		"OPEN_RESULT" },	\
		{ VMB_MSG_CLOSE,		"CLOSE" },		\
		{ VMB_MSG_GPADL_HEADER,		"GPADL_HEADER" },	\
		{ VMB_MSG_GPADL_BODY,		"GPADL_BODY" },		\
		{ VMB_MSG_GPADL_CREATED,	"GPADL_CREATED" },	\
		{ VMB_MSG_GPADL_TEARDOWN,	"GPADL_TEARDOWN" },	\
		{ VMB_MSG_GPADL_TORNDOWN,	"GPADL_TORNDOWN" },	\
		{ VMB_MSG_RELID_RELEASED,	"RELID_RELEASED" },	\
		{ VMB_MSG_INITIATE_CONTACT,	"INITIATE_CONTACT" },	\
		{ VMB_MSG_VERSION_RESPONSE,	"VERSION_RESPONSE" },	\
		{ VMB_MSG_UNLOAD,		"UNLOAD" },		\
		{ VMB_MSG_UNLOAD_RESPONSE,	"UNLOAD_RESPONSE" },	\
		{ VMB_MSG_MODIFY_CHANNEL,	"MODIFY_CHANNEL" },	\
		{ VMB_MSG_MODIFY_CHANNEL_RESPONSE, "MODIFY_CHANNEL_RESPONSE" })

DECLARE_EVENT_CLASS(vmb_guest_message,
	TP_PROTO(struct vmb_guest_bus *bus, const void *msg, u32 len),
	TP_ARGS(bus, msg, len),
	TP_STRUCT__entry(
		__string(bus, bus->pf->name)
		__field(u32, type)
		__field(u32, word)
		__field(u32, len)
	),
	TP_fast_assign(
		__assign_str(bus);
		__entry->type = le32_to_cpu(((struct vmb_msg_header *)msg)->type);
		/* in most messages the channel */
		__entry->word = len < 12 ? 0 :
			le32_to_cpu(((struct vmb_msg_relid *)msg)->relid);
		__entry->len = len;
	),
	TP_printk("%s %s word=%#x len=%u", __get_str(bus),
		  show_vmb_guest_msg(__entry->type), __entry->word, __entry->len)
);

DEFINE_EVENT(vmb_guest_message, vmb_guest_message_in,
	TP_PROTO(struct vmb_guest_bus *bus, const void *msg, u32 len),
	TP_ARGS(bus, msg, len));
DEFINE_EVENT(vmb_guest_message, vmb_guest_message_out,
	TP_PROTO(struct vmb_guest_bus *bus, const void *msg, u32 len),
	TP_ARGS(bus, msg, len));

TRACE_EVENT(vmb_guest_connect,
	TP_PROTO(struct vmb_guest_bus *bus, u32 version, bool supported),
	TP_ARGS(bus, version, supported),
	TP_STRUCT__entry(
		__string(bus, bus->pf->name)
		__field(u32, version)
		__field(bool, supported)
	),
	TP_fast_assign(
		__assign_str(bus);
		__entry->version = version;
		__entry->supported = supported;
	),
	TP_printk("%s version %u.%u %s", __get_str(bus),
		  __entry->version >> 16, __entry->version & 0xffff,
		  __entry->supported ? "accepted" : "refused")
);

DECLARE_EVENT_CLASS(vmb_guest_channel,
	TP_PROTO(struct vmb_guest_chan *ch),
	TP_ARGS(ch),
	TP_STRUCT__entry(
		__string(bus, ch->bus->pf->name)
		__field(u32, relid)
		__field(u32, cpu)
	),
	TP_fast_assign(
		__assign_str(bus);
		__entry->relid = ch->pub.relid;
		__entry->cpu = ch->pub.cpu;
	),
	TP_printk("%s channel=%u cpu=%u", __get_str(bus), __entry->relid,
		  __entry->cpu)
);

DEFINE_EVENT(vmb_guest_channel, vmb_guest_offer,
	TP_PROTO(struct vmb_guest_chan *ch), TP_ARGS(ch));
DEFINE_EVENT(vmb_guest_channel, vmb_guest_rescind,
	TP_PROTO(struct vmb_guest_chan *ch), TP_ARGS(ch));
DEFINE_EVENT(vmb_guest_channel, vmb_guest_open,
	TP_PROTO(struct vmb_guest_chan *ch), TP_ARGS(ch));
DEFINE_EVENT(vmb_guest_channel, vmb_guest_close,
	TP_PROTO(struct vmb_guest_chan *ch), TP_ARGS(ch));
DEFINE_EVENT(vmb_guest_channel, vmb_guest_move,
	TP_PROTO(struct vmb_guest_chan *ch), TP_ARGS(ch));
DEFINE_EVENT(vmb_guest_channel, vmb_guest_interrupt,
	TP_PROTO(struct vmb_guest_chan *ch), TP_ARGS(ch));
DEFINE_EVENT(vmb_guest_channel, vmb_guest_signal,
	TP_PROTO(struct vmb_guest_chan *ch), TP_ARGS(ch));

TRACE_EVENT(vmb_guest_receive,
	TP_PROTO(struct vmb_guest_chan *ch, int packets),
	TP_ARGS(ch, packets),
	TP_STRUCT__entry(
		__string(bus, ch->bus->pf->name)
		__field(u32, relid)
		__field(int, packets)
	),
	TP_fast_assign(
		__assign_str(bus);
		__entry->relid = ch->pub.relid;
		__entry->packets = packets;
	),
	TP_printk("%s channel=%u packets=%d", __get_str(bus),
		  __entry->relid, __entry->packets)
);

#endif /* VMB_GUEST_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
