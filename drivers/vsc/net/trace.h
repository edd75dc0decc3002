/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of the synthetic NIC.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vsc_net

#if !defined(VSC_NET_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VSC_NET_TRACE_H

#include <linux/netdevice.h>
#include <linux/tracepoint.h>
#include <vmb/guest.h>

#include "wire.h"

TRACE_EVENT(vsc_net_send,
	TP_PROTO(const struct net_device *dev, unsigned int channel,
		 const struct vmb_guest_packet *pkt, u32 section_len, u32 frames, int ret),
	TP_ARGS(dev, channel, pkt, section_len, frames, ret),
	TP_STRUCT__entry(
		__string(dev, dev->name)
		__field(unsigned int, channel)
		__field(u64, id)
		__field(u32, section_len)
		__field(u32, frames)
		__field(u32, pages)
		__field(int, ret)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->channel = channel;
		__entry->id = pkt->trans_id;
		__entry->section_len = section_len;
		__entry->frames = frames;
		__entry->pages = pkt->gpa ? pkt->gpa->len : 0;
		__entry->ret = ret;
	),
	TP_printk("%s channel %u id %#llx frames %u section %u list %u result %d",
		  __get_str(dev), __entry->channel, __entry->id, __entry->frames,
		  __entry->section_len, __entry->pages, __entry->ret)
);

TRACE_EVENT(vsc_net_receive,
	TP_PROTO(const struct net_device *dev, unsigned int channel, u64 id,
		 const struct vsc_net_in *in),
	TP_ARGS(dev, channel, id, in),
	TP_STRUCT__entry(
		__string(dev, dev->name)
		__field(unsigned int, channel)
		__field(u64, id)
		__field(u32, len)
		__field(u32, csum)
		__field(u32, hash)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->channel = channel;
		__entry->id = id;
		__entry->len = in->len;
		__entry->csum = in->csum;
		__entry->hash = in->hash;
	),
	TP_printk("%s channel %u id %#llx len %u csum %#x hash %#x", __get_str(dev),
		  __entry->channel, __entry->id, __entry->len, __entry->csum, __entry->hash)
);

#endif /* VSC_NET_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
