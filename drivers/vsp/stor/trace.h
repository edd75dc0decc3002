/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of the storage VSP.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vsp_stor

#if !defined(VSP_STOR_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VSP_STOR_TRACE_H

#include <linux/blkdev.h>
#include <linux/tracepoint.h>
#include <scsi/scsi_proto.h>

#define show_vsp_stor_opcode(op)				\
	__print_symbolic(op,					\
		{ TEST_UNIT_READY,	"TEST_UNIT_READY" },	\
		{ REQUEST_SENSE,	"REQUEST_SENSE" },	\
		{ READ_6,		"READ_6" },		\
		{ WRITE_6,		"WRITE_6" },		\
		{ INQUIRY,		"INQUIRY" },		\
		{ MODE_SELECT,		"MODE_SELECT" },	\
		{ MODE_SENSE,		"MODE_SENSE" },		\
		{ START_STOP,		"START_STOP" },		\
		{ READ_CAPACITY,	"READ_CAPACITY" },	\
		{ READ_10,		"READ_10" },		\
		{ WRITE_10,		"WRITE_10" },		\
		{ VERIFY,		"VERIFY" },		\
		{ SYNCHRONIZE_CACHE,	"SYNCHRONIZE_CACHE" },	\
		{ WRITE_SAME,		"WRITE_SAME" },		\
		{ UNMAP,		"UNMAP" },		\
		{ MODE_SELECT_10,	"MODE_SELECT_10" },	\
		{ MODE_SENSE_10,	"MODE_SENSE_10" },	\
		{ PERSISTENT_RESERVE_IN, "PERSISTENT_RESERVE_IN" }, \
		{ PERSISTENT_RESERVE_OUT, "PERSISTENT_RESERVE_OUT" }, \
		{ READ_16,		"READ_16" },		\
		{ WRITE_16,		"WRITE_16" },		\
		{ VERIFY_16,		"VERIFY_16" },		\
		{ SYNCHRONIZE_CACHE_16,	"SYNCHRONIZE_CACHE_16" }, \
		{ WRITE_SAME_16,	"WRITE_SAME_16" },	\
		{ SERVICE_ACTION_IN_16,	"SERVICE_ACTION_IN_16" }, \
		{ REPORT_LUNS,		"REPORT_LUNS" },	\
		{ MAINTENANCE_IN,	"MAINTENANCE_IN" },	\
		{ READ_12,		"READ_12" },		\
		{ WRITE_12,		"WRITE_12" },		\
		{ VERIFY_12,		"VERIFY_12" })

TRACE_EVENT(vsp_stor_srb_submit,
	TP_PROTO(const char *ctrl, u32 relid, u64 trans_id, u8 lun,
		 const u8 *cdb, u8 cdb_len, u32 len),
	TP_ARGS(ctrl, relid, trans_id, lun, cdb, cdb_len, len),
	TP_STRUCT__entry(
		__string(ctrl, ctrl)
		__field(u64, trans_id)
		__field(u32, len)
		__field(u32, relid)
		__field(u8, lun)
		__field(u8, cdb_len)
		__array(u8, cdb, 16)
	),
	TP_fast_assign(
		__assign_str(ctrl);
		__entry->trans_id = trans_id;
		__entry->len = len;
		__entry->relid = relid;
		__entry->lun = lun;
		__entry->cdb_len = cdb_len;
		memcpy(__entry->cdb, cdb, 16);
	),
	TP_printk("%s channel=%u id=%#llx lun %u %s cdb %s len %u",
		  __get_str(ctrl), __entry->relid, __entry->trans_id,
		  __entry->lun, show_vsp_stor_opcode(__entry->cdb[0]),
		  __print_hex_str(__entry->cdb, __entry->cdb_len), __entry->len)
);

TRACE_EVENT(vsp_stor_srb_complete,
	TP_PROTO(const char *ctrl, u32 relid, u64 trans_id, u8 lun, u8 opcode,
		 u8 srb_status, u8 scsi_status, u32 moved, u64 latency),
	TP_ARGS(ctrl, relid, trans_id, lun, opcode, srb_status, scsi_status,
		moved, latency),
	TP_STRUCT__entry(
		__string(ctrl, ctrl)
		__field(u64, trans_id)
		__field(u64, latency)
		__field(u32, moved)
		__field(u32, relid)
		__field(u8, lun)
		__field(u8, opcode)
		__field(u8, srb_status)
		__field(u8, scsi_status)
	),
	TP_fast_assign(
		__assign_str(ctrl);
		__entry->trans_id = trans_id;
		__entry->latency = latency;
		__entry->moved = moved;
		__entry->relid = relid;
		__entry->lun = lun;
		__entry->opcode = opcode;
		__entry->srb_status = srb_status;
		__entry->scsi_status = scsi_status;
	),
	TP_printk("%s channel=%u id=%#llx lun %u %s srb %#x scsi %#x moved %u latency_ns %llu",
		  __get_str(ctrl), __entry->relid, __entry->trans_id,
		  __entry->lun, show_vsp_stor_opcode(__entry->opcode),
		  __entry->srb_status, __entry->scsi_status, __entry->moved,
		  __entry->latency)
);

TRACE_EVENT(vsp_stor_bio_submit,
	TP_PROTO(const char *ctrl, u32 relid, u64 trans_id, struct bio *bio),
	TP_ARGS(ctrl, relid, trans_id, bio),
	TP_STRUCT__entry(
		__string(ctrl, ctrl)
		__field(u64, trans_id)
		__field(sector_t, sector)
		__field(u32, relid)
		__field(u32, bytes)
		__field(dev_t, dev)
		__field(bool, write)
	),
	TP_fast_assign(
		__assign_str(ctrl);
		__entry->trans_id = trans_id;
		__entry->sector = bio->bi_iter.bi_sector;
		__entry->relid = relid;
		__entry->bytes = bio->bi_iter.bi_size;
		__entry->dev = bio->bi_bdev->bd_dev;
		__entry->write = op_is_write(bio->bi_opf);
	),
	TP_printk("%s channel=%u id=%#llx %s dev %d,%d sector %llu bytes %u",
		  __get_str(ctrl), __entry->relid, __entry->trans_id,
		  __entry->write ? "WRITE" : "READ",
		  MAJOR(__entry->dev), MINOR(__entry->dev),
		  (unsigned long long)__entry->sector, __entry->bytes)
);

TRACE_EVENT(vsp_stor_bio_end,
	TP_PROTO(const char *ctrl, u32 relid, u64 trans_id, int error),
	TP_ARGS(ctrl, relid, trans_id, error),
	TP_STRUCT__entry(
		__string(ctrl, ctrl)
		__field(u64, trans_id)
		__field(u32, relid)
		__field(int, error)
	),
	TP_fast_assign(
		__assign_str(ctrl);
		__entry->trans_id = trans_id;
		__entry->relid = relid;
		__entry->error = error;
	),
	TP_printk("%s channel=%u id=%#llx error %d", __get_str(ctrl),
		  __entry->relid, __entry->trans_id, __entry->error)
);

#endif /* VSP_STOR_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
