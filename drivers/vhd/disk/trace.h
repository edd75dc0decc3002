/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of disks in images: which way a request goes.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vhd

#if !defined(VHD_DISK_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VHD_DISK_TRACE_H

#include <linux/blk-mq.h>
#include <linux/tracepoint.h>

#define show_vhd_op(op)						\
	__print_symbolic(op,					\
		{ (__force u32)REQ_OP_READ,		"READ" },	\
		{ (__force u32)REQ_OP_WRITE,		"WRITE" },	\
		{ (__force u32)REQ_OP_FLUSH,		"FLUSH" },	\
		{ (__force u32)REQ_OP_DISCARD,		"DISCARD" },	\
		{ (__force u32)REQ_OP_WRITE_ZEROES,	"ZEROES" })

DECLARE_EVENT_CLASS(vhd_request,
	TP_PROTO(struct request *rq),
	TP_ARGS(rq),
	TP_STRUCT__entry(
		__string(disk, rq->q->disk->disk_name)
		__field(u64, sector)
		__field(u32, bytes)
		__field(u32, op)
	),
	TP_fast_assign(
		__assign_str(disk);
		/* a flush has no place */
		__entry->bytes = blk_rq_bytes(rq);
		__entry->sector = __entry->bytes ? blk_rq_pos(rq) : 0;
		__entry->op = (__force u32)req_op(rq);
	),
	TP_printk("%s %s sector %llu bytes %u", __get_str(disk), show_vhd_op(__entry->op),
		  __entry->sector, __entry->bytes)
);

DEFINE_EVENT(vhd_request, vhd_zeros,
	TP_PROTO(struct request *rq),
	TP_ARGS(rq)
);

DEFINE_EVENT(vhd_request, vhd_worker,
	TP_PROTO(struct request *rq),
	TP_ARGS(rq)
);

DEFINE_EVENT(vhd_request, vhd_parts,
	TP_PROTO(struct request *rq),
	TP_ARGS(rq)
);

TRACE_EVENT(vhd_direct,
	TP_PROTO(struct request *rq, u64 pos, bool nowait),
	TP_ARGS(rq, pos, nowait),
	TP_STRUCT__entry(
		__string(disk, rq->q->disk->disk_name)
		__field(u64, sector)
		__field(u64, pos)
		__field(u32, bytes)
		__field(u32, op)
		__field(bool, nowait)
	),
	TP_fast_assign(
		__assign_str(disk);
		__entry->sector = blk_rq_pos(rq);
		__entry->pos = pos;
		__entry->bytes = blk_rq_bytes(rq);
		__entry->op = (__force u32)req_op(rq);
		__entry->nowait = nowait;
	),
	TP_printk("%s %s sector %llu bytes %u at byte %llu%s", __get_str(disk),
		  show_vhd_op(__entry->op), __entry->sector, __entry->bytes, __entry->pos,
		  __entry->nowait ? " nowait" : "")
);

TRACE_EVENT(vhd_end,
	TP_PROTO(struct request *rq, long ret),
	TP_ARGS(rq, ret),
	TP_STRUCT__entry(
		__string(disk, rq->q->disk->disk_name)
		__field(u64, sector)
		__field(long, ret)
		__field(u32, op)
	),
	TP_fast_assign(
		__assign_str(disk);
		__entry->sector = blk_rq_bytes(rq) ? blk_rq_pos(rq) : 0;
		__entry->ret = ret;
		__entry->op = (__force u32)req_op(rq);
	),
	TP_printk("%s %s sector %llu result %ld", __get_str(disk), show_vhd_op(__entry->op),
		  __entry->sector, __entry->ret)
);

TRACE_EVENT(vhd_block,
	TP_PROTO(const char *path, u32 block, int ret),
	TP_ARGS(path, block, ret),
	TP_STRUCT__entry(
		__string(path, path)
		__field(u32, block)
		__field(int, ret)
	),
	TP_fast_assign(
		__assign_str(path);
		__entry->block = block;
		__entry->ret = ret;
	),
	TP_printk("%s block %u result %d", __get_str(path), __entry->block, __entry->ret)
);

#endif /* VHD_DISK_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
