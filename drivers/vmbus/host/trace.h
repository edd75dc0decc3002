/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmb_host

#if !defined(VMB_HOST_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VMB_HOST_TRACE_H

#include <linux/tracepoint.h>

#include "host.h"

#define show_vmb_msg(type)						\
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
		{ VMB_MSG_TL_CONNECT_REQUEST,	"TL_CONNECT_REQUEST" },	\
		{ VMB_MSG_MODIFY_CHANNEL,	"MODIFY_CHANNEL" },	\
		{ VMB_MSG_TL_CONNECT_RESULT,	"TL_CONNECT_RESULT" },	\
		{ VMB_MSG_MODIFY_CHANNEL_RESPONSE, "MODIFY_CHANNEL_RESPONSE" })

TRACE_EVENT(vmb_vp_takeover,
	TP_PROTO(struct vmb_vp *vp),
	TP_ARGS(vp),
	TP_STRUCT__entry(
		__string(partition, vmb_partition_name(vp->bus->partition))
		__field(u32, vp)
	),
	TP_fast_assign(
		__assign_str(partition);
		__entry->vp = vp->index;
	),
	TP_printk("%s vp=%u", __get_str(partition), __entry->vp)
);

DECLARE_EVENT_CLASS(vmb_message,
	TP_PROTO(struct vmb_bus *bus, const void *msg, u32 len),
	TP_ARGS(bus, msg, len),
	TP_STRUCT__entry(
		__string(partition, vmb_partition_name(bus->partition))
		__field(u32, type)
		__field(u32, word)
		__field(u32, len)
	),
	TP_fast_assign(
		__assign_str(partition);
		__entry->type = le32_to_cpu(((struct vmb_msg_header *)msg)->type);
		/* in most messages the channel */
		__entry->word = len < 12 ? 0 :
			le32_to_cpu(((struct vmb_msg_relid *)msg)->relid);
		__entry->len = len;
	),
	TP_printk("%s %s word=%#x len=%u", __get_str(partition),
		  show_vmb_msg(__entry->type), __entry->word, __entry->len)
);

DEFINE_EVENT(vmb_message, vmb_message_in,
	TP_PROTO(struct vmb_bus *bus, const void *msg, u32 len),
	TP_ARGS(bus, msg, len));
DEFINE_EVENT(vmb_message, vmb_message_out,
	TP_PROTO(struct vmb_bus *bus, const void *msg, u32 len),
	TP_ARGS(bus, msg, len));

TRACE_EVENT(vmb_connect,
	TP_PROTO(struct vmb_bus *bus, u32 version, bool supported),
	TP_ARGS(bus, version, supported),
	TP_STRUCT__entry(
		__string(partition, vmb_partition_name(bus->partition))
		__field(u32, version)
		__field(bool, supported)
	),
	TP_fast_assign(
		__assign_str(partition);
		__entry->version = version;
		__entry->supported = supported;
	),
	TP_printk("%s version %u.%u %s", __get_str(partition),
		  __entry->version >> 16, __entry->version & 0xffff,
		  __entry->supported ? "accepted" : "refused")
);

DECLARE_EVENT_CLASS(vmb_channel,
	TP_PROTO(struct vmb_chan *ch),
	TP_ARGS(ch),
	TP_STRUCT__entry(
		__string(partition, vmb_partition_name(ch->bus->partition))
		__field(u32, relid)
		__field(u32, vp)
	),
	TP_fast_assign(
		__assign_str(partition);
		__entry->relid = ch->pub.relid;
		__entry->vp = ch->vp->index;
	),
	TP_printk("%s channel=%u vp=%u", __get_str(partition), __entry->relid,
		  __entry->vp)
);

DEFINE_EVENT(vmb_channel, vmb_channel_open,
	TP_PROTO(struct vmb_chan *ch), TP_ARGS(ch));
DEFINE_EVENT(vmb_channel, vmb_channel_close,
	TP_PROTO(struct vmb_chan *ch), TP_ARGS(ch));
DEFINE_EVENT(vmb_channel, vmb_channel_interrupt,
	TP_PROTO(struct vmb_chan *ch), TP_ARGS(ch));

TRACE_EVENT(vmb_channel_place,
	TP_PROTO(struct vmb_chan *ch),
	TP_ARGS(ch),
	TP_STRUCT__entry(
		__string(partition, vmb_partition_name(ch->bus->partition))
		__field(u32, relid)
		__field(bool, worker)
		__field(u64, vcpu_ns)
		__field(u64, worker_ns)
	),
	TP_fast_assign(
		__assign_str(partition);
		__entry->relid = ch->pub.relid;
		__entry->worker = ch->place.worker;
		__entry->vcpu_ns = ch->place.vcpu_ns;
		__entry->worker_ns = ch->place.worker_ns;
	),
	TP_printk("%s channel %u: %s, %llu ns in the vCPU's thread, %llu ns in the worker",
		  __get_str(partition), __entry->relid,
		  __entry->worker ? "worker" : "vcpu", __entry->vcpu_ns,
		  __entry->worker_ns)
);

TRACE_EVENT(vmb_channel_poll,
	TP_PROTO(struct vmb_chan *ch, int packets),
	TP_ARGS(ch, packets),
	TP_STRUCT__entry(
		__string(partition, vmb_partition_name(ch->bus->partition))
		__field(u32, relid)
		__field(int, packets)
	),
	TP_fast_assign(
		__assign_str(partition);
		__entry->relid = ch->pub.relid;
		__entry->packets = packets;
	),
	TP_printk("%s channel=%u packets=%d", __get_str(partition),
		  __entry->relid, __entry->packets)
);

#define show_vmb_pkt(type)						\
	__print_symbolic(type,						\
		{ VMB_PKT_INBAND,	"INBAND" },			\
		{ VMB_PKT_GPA_DIRECT,	"GPA_DIRECT" },			\
		{ VMB_PKT_COMPLETION,	"COMPLETION" })

DECLARE_EVENT_CLASS(vmb_packet,
	TP_PROTO(struct vmb_chan *ch, u16 type, u64 trans_id, u32 len),
	TP_ARGS(ch, type, trans_id, len),
	TP_STRUCT__entry(
		__string(partition, vmb_partition_name(ch->bus->partition))
		__field(u64, trans_id)
		__field(u32, relid)
		__field(u32, len)
		__field(u16, type)
	),
	TP_fast_assign(
		__assign_str(partition);
		__entry->trans_id = trans_id;
		__entry->relid = ch->pub.relid;
		__entry->len = len;
		__entry->type = type;
	),
	TP_printk("%s channel=%u id=%#llx %s len=%u", __get_str(partition),
		  __entry->relid, __entry->trans_id,
		  show_vmb_pkt(__entry->type), __entry->len)
);

DEFINE_EVENT(vmb_packet, vmb_packet_in,
	TP_PROTO(struct vmb_chan *ch, u16 type, u64 trans_id, u32 len),
	TP_ARGS(ch, type, trans_id, len));
DEFINE_EVENT(vmb_packet, vmb_packet_out,
	TP_PROTO(struct vmb_chan *ch, u16 type, u64 trans_id, u32 len),
	TP_ARGS(ch, type, trans_id, len));

#endif /* VMB_HOST_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
