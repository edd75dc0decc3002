/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of the port layer: the life of an SRB, and resets.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM storport

#if !defined(STORPORT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define STORPORT_TRACE_H

#include <linux/tracepoint.h>
#include <scsi/scsi_cmnd.h>
#include <storport/storport.h>

DECLARE_EVENT_CLASS(storport_srb,
	TP_PROTO(struct storport_srb *srb, u8 opcode),
	TP_ARGS(srb, opcode),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, lun)
		__field(u32, host)
		__field(u32, channel)
		__field(u32, target)
		__field(u32, len)
		__field(u16, queue)
		__field(u8, opcode)
	),
	TP_fast_assign(
		__entry->id = srb->id;
		__entry->lun = srb->addr.lun;
		__entry->host = srb->adapter->host->host_no;
		__entry->channel = srb->addr.channel;
		__entry->target = srb->addr.target;
		__entry->len = srb->data_length;
		__entry->queue = srb->queue;
		__entry->opcode = opcode;
	),
	TP_printk("%u:%u:%u:%llu queue %u id %#llx opcode %#04x len %u",
		  __entry->host, __entry->channel, __entry->target,
		  __entry->lun, __entry->queue, __entry->id, __entry->opcode,
		  __entry->len)
);

/* before build_io */
DEFINE_EVENT(storport_srb, storport_srb_build,
	TP_PROTO(struct storport_srb *srb, u8 opcode),
	TP_ARGS(srb, opcode)
);

/* before start_io */
DEFINE_EVENT(storport_srb, storport_srb_start,
	TP_PROTO(struct storport_srb *srb, u8 opcode),
	TP_ARGS(srb, opcode)
);

/* the time limit has passed */
DEFINE_EVENT(storport_srb, storport_srb_timeout,
	TP_PROTO(struct storport_srb *srb, u8 opcode),
	TP_ARGS(srb, opcode)
);

/* latency is 0 if the tracepoint was off when the command started */
TRACE_EVENT(storport_srb_complete,
	TP_PROTO(struct storport_srb *srb, u8 opcode, u8 srb_status, u32 result,
		 u32 transferred, u64 latency),
	TP_ARGS(srb, opcode, srb_status, result, transferred, latency),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, lun)
		__field(u64, latency)
		__field(u32, host)
		__field(u32, channel)
		__field(u32, target)
		__field(u32, result)
		__field(u32, transferred)
		__field(u16, queue)
		__field(u8, opcode)
		__field(u8, srb_status)
	),
	TP_fast_assign(
		__entry->id = srb->id;
		__entry->lun = srb->addr.lun;
		__entry->latency = latency;
		__entry->host = srb->adapter->host->host_no;
		__entry->channel = srb->addr.channel;
		__entry->target = srb->addr.target;
		__entry->result = result;
		__entry->transferred = transferred;
		__entry->queue = srb->queue;
		__entry->opcode = opcode;
		__entry->srb_status = srb_status;
	),
	TP_printk("%u:%u:%u:%llu queue %u id %#llx opcode %#04x srb %#04x result %#x moved %u latency_ns %llu",
		  __entry->host, __entry->channel, __entry->target,
		  __entry->lun, __entry->queue, __entry->id, __entry->opcode,
		  __entry->srb_status, __entry->result, __entry->transferred,
		  __entry->latency)
);

/* after a rung of the reset ladder */
TRACE_EVENT(storport_reset,
	TP_PROTO(u32 host, const char *rung, const struct storport_address *addr,
		 int result),
	TP_ARGS(host, rung, addr, result),
	TP_STRUCT__entry(
		__string(rung, rung)
		__field(u64, lun)
		__field(u32, host)
		__field(u32, channel)
		__field(u32, target)
		__field(int, result)
	),
	TP_fast_assign(
		__assign_str(rung);
		__entry->lun = addr->lun;
		__entry->host = host;
		__entry->channel = addr->channel;
		__entry->target = addr->target;
		__entry->result = result;
	),
	TP_printk("%u:%u:%u:%llu %s result %#x", __entry->host,
		  __entry->channel, __entry->target, __entry->lun,
		  __get_str(rung), __entry->result)
);

#endif /* STORPORT_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
