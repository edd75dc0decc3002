/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of the network VSP.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vsp_net

#if !defined(VSP_NET_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VSP_NET_TRACE_H

#include <linux/tracepoint.h>
#include "wire.h"

TRACE_EVENT(vsp_net_message,
	TP_PROTO(const char *nic, u64 trans_id, u32 type),
	TP_ARGS(nic, trans_id, type),
	TP_STRUCT__entry(
		__string(nic, nic)
		__field(u64, trans_id)
		__field(u32, type)
	),
	TP_fast_assign(
		__assign_str(nic);
		__entry->trans_id = trans_id;
		__entry->type = type;
	),
	TP_printk("%s id %#llx type %u", __get_str(nic), __entry->trans_id,
		  __entry->type)
);

TRACE_EVENT(vsp_net_control,
	TP_PROTO(const char *nic, const u8 *msg, u32 len, int ret),
	TP_ARGS(nic, msg, len, ret),
	TP_STRUCT__entry(
		__string(nic, nic)
		__field(u32, len)
		__field(int, ret)
		__array(u8, head, 16)
	),
	TP_fast_assign(
		__assign_str(nic);
		__entry->len = len;
		__entry->ret = ret;
		memset(__entry->head, 0, 16);
		memcpy(__entry->head, msg, min(len, 16U));
	),
	TP_printk("%s len %u head %s answer %d", __get_str(nic), __entry->len,
		  __print_hex_str(__entry->head, 16), __entry->ret)
);

TRACE_EVENT(vsp_net_frame_in,
	TP_PROTO(const char *nic, const struct vsp_net_frame *frame),
	TP_ARGS(nic, frame),
	TP_STRUCT__entry(
		__string(nic, nic)
		__field(u32, len)
		__field(u32, csum)
		__field(u32, lso)
	),
	TP_fast_assign(
		__assign_str(nic);
		__entry->len = frame->len;
		__entry->csum = frame->csum;
		__entry->lso = frame->lso;
	),
	TP_printk("%s len %u csum %#x lso %#x", __get_str(nic), __entry->len,
		  __entry->csum, __entry->lso)
);

TRACE_EVENT(vsp_net_frame_out,
	TP_PROTO(const char *nic, u16 queue, u32 section, u32 len),
	TP_ARGS(nic, queue, section, len),
	TP_STRUCT__entry(
		__string(nic, nic)
		__field(u16, queue)
		__field(u32, section)
		__field(u32, len)
	),
	TP_fast_assign(
		__assign_str(nic);
		__entry->queue = queue;
		__entry->section = section;
		__entry->len = len;
	),
	TP_printk("%s queue %u section %u len %u", __get_str(nic), __entry->queue,
		  __entry->section, __entry->len)
);

TRACE_EVENT(vsp_net_recv_complete,
	TP_PROTO(const char *nic, u64 trans_id, bool good),
	TP_ARGS(nic, trans_id, good),
	TP_STRUCT__entry(
		__string(nic, nic)
		__field(u64, trans_id)
		__field(bool, good)
	),
	TP_fast_assign(
		__assign_str(nic);
		__entry->trans_id = trans_id;
		__entry->good = good;
	),
	TP_printk("%s id %#llx good %d", __get_str(nic), __entry->trans_id,
		  __entry->good)
);

#endif /* VSP_NET_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
