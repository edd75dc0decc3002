// SPDX-License-Identifier: GPL-2.0-only
/*
 * The SCSI commands: the table of them, what comes before each, and those that
 * are answered at once.
 */
#define pr_fmt(fmt) "vsp_stor: " fmt

#include <kunit/visibility.h>
#include <linux/blkdev.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>

#include "stor.h"

/* what of the last byte, CONTROL, is looked at: NACA, which must be 0 */
#define CONTROL		0x04

static void exec_test_unit_ready(struct vsp_stor_req *req)
{
	vsp_stor_req_good(req, 0);
}

/* Takes the unit attention that comes first. Returns a sense code, or 0. */
static int take_ua(struct vsp_stor_lun *lun)
{
	unsigned int ua;

	while (READ_ONCE(lun->ua)) {
		ua = __ffs(lun->ua);
		if (test_and_clear_bit(ua, &lun->ua))
			return vsp_stor_ua_sense(ua);
	}
	return 0;
}

static void exec_request_sense(struct vsp_stor_req *req)
{
	const u8 *cdb = vsp_stor_req_cdb(req);
	u8 *buf = req->chan->scratch;

	if (cdb[1] & 0x01) {
		vsp_stor_req_check(req, VSP_STOR_BAD_CDB(1));
		return;
	}
	vsp_stor_sense_build(buf, take_ua(req->lun), false, 0);
	vsp_stor_req_data_in(req, buf, VSP_STOR_SENSE_LEN, cdb[4]);
}

static void exec_inquiry(struct vsp_stor_req *req)
{
	const u8 *cdb = vsp_stor_req_cdb(req);
	u8 *buf = req->chan->scratch;
	struct vsp_stor_props props;
	int len;

	vsp_stor_lun_props(req->lun, &props);
	if (cdb[1] & 0x02)
		len = VSP_STOR_BAD_CDB(1);
	else if (cdb[1] & 0x01)
		len = vsp_stor_vpd(&props, cdb[2], buf);
	else if (cdb[2])
		len = VSP_STOR_BAD_CDB(2);
	else
		len = vsp_stor_inquiry(&props, buf);
	vsp_stor_req_data_in(req, buf, len, get_unaligned_be16(cdb + 3));
}

static void exec_mode_sense(struct vsp_stor_req *req)
{
	const u8 *cdb = vsp_stor_req_cdb(req);
	u8 *buf = req->chan->scratch;
	struct vsp_stor_props props;
	int len;

	vsp_stor_lun_props(req->lun, &props);
	len = vsp_stor_mode_sense(&props, cdb, buf);
	vsp_stor_req_data_in(req, buf, len, cdb[0] == MODE_SENSE_10 ?
			     get_unaligned_be16(cdb + 7) : cdb[4]);
}

static void exec_mode_select(struct vsp_stor_req *req)
{
	const u8 *cdb = vsp_stor_req_cdb(req);
	u32 len = cdb[0] == MODE_SELECT_10 ? get_unaligned_be16(cdb + 7) : cdb[4];
	struct vsp_stor_lun *lun = req->lun;
	u8 *list = req->chan->scratch;
	struct vsp_stor_props props;
	bool write_cache;
	int ret;

	if (len > VSP_STOR_SCRATCH) {
		vsp_stor_req_check(req, VSP_STOR_BAD_LIST_LEN);
		return;
	}
	if (vsp_stor_req_data_out(req, list, len))
		return;
	vsp_stor_lun_props(lun, &props);
	write_cache = props.write_cache;
	ret = vsp_stor_mode_select(&props, cdb, list, len, &write_cache);
	if (ret) {
		vsp_stor_req_check(req, ret);
		return;
	}
	if (write_cache == props.write_cache) {
		vsp_stor_req_good(req, len);
		return;
	}
	WRITE_ONCE(lun->write_through, !write_cache);
	/* what is in the cache now must get out of it, too */
	ret = write_cache ? 0 : blkdev_issue_flush(lun->bdev);
	if (ret)
		vsp_stor_req_blk_status(req, errno_to_blk_status(ret), 0, true);
	else
		vsp_stor_req_good(req, len);
}

static void exec_start_stop(struct vsp_stor_req *req)
{
	const u8 *cdb = vsp_stor_req_cdb(req);

	/* power conditions, and media to be loaded, there are none */
	if (cdb[4] & 0xf2) {
		vsp_stor_req_check(req, VSP_STOR_BAD_CDB(4));
		return;
	}
	/* the unit has nothing to stop, but its data is to be safe */
	if (!(cdb[4] & 0x05))
		vsp_stor_exec_flush(req);
	else
		vsp_stor_req_good(req, 0);
}

static void exec_read_capacity10(struct vsp_stor_req *req)
{
	const u8 *cdb = vsp_stor_req_cdb(req);
	u8 *buf = req->chan->scratch;
	struct vsp_stor_props props;

	if (!(cdb[8] & 0x01) && get_unaligned_be32(cdb + 2)) {
		vsp_stor_req_check(req, VSP_STOR_BAD_CDB(2));
		return;
	}
	vsp_stor_lun_props(req->lun, &props);
	vsp_stor_req_data_in(req, buf, vsp_stor_read_capacity10(&props, buf),
			     U32_MAX);
}

static void exec_read_capacity16(struct vsp_stor_req *req)
{
	const u8 *cdb = vsp_stor_req_cdb(req);
	u8 *buf = req->chan->scratch;
	struct vsp_stor_props props;

	vsp_stor_lun_props(req->lun, &props);
	vsp_stor_req_data_in(req, buf, vsp_stor_read_capacity16(&props, buf),
			     get_unaligned_be32(cdb + 10));
}

/* Also for logical units and targets that are not there: @mask is theirs. */
static void report_luns(struct vsp_stor_req *req, u64 mask)
{
	const u8 *cdb = vsp_stor_req_cdb(req);
	u32 alloc_len = get_unaligned_be32(cdb + 6);
	u8 *buf = req->chan->scratch;

	if (alloc_len < 16) {
		vsp_stor_req_check(req, VSP_STOR_BAD_CDB(6));
		return;
	}
	switch (cdb[2]) {
	case 0:
	case 2:
		break;
	case 1:
		mask = 0;	/* no well-known units */
		break;
	default:
		vsp_stor_req_check(req, VSP_STOR_BAD_CDB(2));
		return;
	}
	vsp_stor_req_data_in(req, buf, vsp_stor_report_luns(mask, buf), alloc_len);
}

static void exec_report_luns(struct vsp_stor_req *req)
{
	struct vsp_stor_ctrl *ctrl = req->chan->ctrl;
	struct vsp_stor_lun *lun;
	int i;

	/* this is what the attention asked for */
	rcu_read_lock();
	for (i = 0; i < VSP_STOR_MAX_LUNS; i++) {
		lun = rcu_dereference(ctrl->luns[i]);
		if (lun)
			clear_bit(VSP_STOR_UA_LUNS, &lun->ua);
	}
	rcu_read_unlock();
	report_luns(req, vsp_stor_lun_mask(ctrl));
}

static void exec_report_opcodes(struct vsp_stor_req *req)
{
	const u8 *cdb = vsp_stor_req_cdb(req);
	u8 *buf = req->chan->scratch;
	int len;

	len = vsp_stor_report_opcodes(vsp_stor_cmds, vsp_stor_nr_cmds,
				      req->lun->thin, cdb, buf, VSP_STOR_SCRATCH);
	vsp_stor_req_data_in(req, buf, len, get_unaligned_be32(cdb + 6));
}

#define IN	VSP_STOR_CMD_IN
#define OUT	VSP_STOR_CMD_OUT
#define WRITES	VSP_STOR_CMD_WRITES
#define NO_UA	VSP_STOR_CMD_NO_UA
#define PR_RD	VSP_STOR_CMD_PR_READ
#define PR_WR	VSP_STOR_CMD_PR_WRITE
#define SA	VSP_STOR_CMD_SA
#define THIN	VSP_STOR_CMD_THIN

#define PR_IN(_sa) \
	{ PERSISTENT_RESERVE_IN, _sa, 10, IN | SA, \
	  { 0x1f, 0, 0, 0, 0, 0, 0xff, 0xff, CONTROL }, vsp_stor_exec_pr_in }
#define PR_OUT(_sa) \
	{ PERSISTENT_RESERVE_OUT, _sa, 10, OUT | SA, \
	  { 0x1f, 0xff, 0, 0, 0xff, 0xff, 0xff, 0xff, CONTROL }, \
	  vsp_stor_exec_pr_out }

/* by opcode; those with service actions next to each other */
const struct vsp_stor_cmd vsp_stor_cmds[] = {
	{ TEST_UNIT_READY, 0, 6, 0,
	  { 0, 0, 0, 0, CONTROL }, exec_test_unit_ready },
	{ REQUEST_SENSE, 0, 6, IN | NO_UA,
	  { 0x01, 0, 0, 0xff, CONTROL }, exec_request_sense },
	{ READ_6, 0, 6, IN | PR_RD,
	  { 0x1f, 0xff, 0xff, 0xff, CONTROL }, vsp_stor_exec_read },
	{ WRITE_6, 0, 6, OUT | WRITES | PR_WR,
	  { 0x1f, 0xff, 0xff, 0xff, CONTROL }, vsp_stor_exec_write },
	{ INQUIRY, 0, 6, IN | NO_UA,
	  { 0x03, 0xff, 0xff, 0xff, CONTROL }, exec_inquiry },
	{ MODE_SELECT, 0, 6, OUT | PR_WR,
	  { 0x11, 0, 0, 0xff, CONTROL }, exec_mode_select },
	{ MODE_SENSE, 0, 6, IN | PR_WR,
	  { 0x08, 0xff, 0xff, 0xff, CONTROL }, exec_mode_sense },
	{ START_STOP, 0, 6, 0,
	  { 0, 0, 0, 0xf7, CONTROL }, exec_start_stop },
	{ READ_CAPACITY, 0, 10, IN,
	  { 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0x01, CONTROL },
	  exec_read_capacity10 },
	{ READ_10, 0, 10, IN | PR_RD,
	  { 0xf8, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, CONTROL },
	  vsp_stor_exec_read },
	{ WRITE_10, 0, 10, OUT | WRITES | PR_WR,
	  { 0xf8, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, CONTROL },
	  vsp_stor_exec_write },
	{ VERIFY, 0, 10, OUT | PR_RD,
	  { 0xf6, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, CONTROL },
	  vsp_stor_exec_verify },
	{ SYNCHRONIZE_CACHE, 0, 10, PR_WR,
	  { 0x02, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, CONTROL },
	  vsp_stor_exec_sync_cache },
	{ WRITE_SAME, 0, 10, OUT | WRITES | PR_WR,
	  { 0xfe, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, CONTROL },
	  vsp_stor_exec_write_same },
	{ UNMAP, 0, 10, OUT | WRITES | PR_WR | THIN,
	  { 0x01, 0, 0, 0, 0, 0, 0xff, 0xff, CONTROL }, vsp_stor_exec_unmap },
	{ MODE_SELECT_10, 0, 10, OUT | PR_WR,
	  { 0x11, 0, 0, 0, 0, 0, 0xff, 0xff, CONTROL }, exec_mode_select },
	{ MODE_SENSE_10, 0, 10, IN | PR_WR,
	  { 0x18, 0xff, 0xff, 0, 0, 0, 0xff, 0xff, CONTROL }, exec_mode_sense },
	PR_IN(VSP_STOR_PR_READ_KEYS),
	PR_IN(VSP_STOR_PR_READ_RESERVATION),
	PR_IN(VSP_STOR_PR_REPORT_CAPABILITIES),
	PR_IN(VSP_STOR_PR_READ_FULL_STATUS),
	PR_OUT(VSP_STOR_PR_REGISTER),
	PR_OUT(VSP_STOR_PR_RESERVE),
	PR_OUT(VSP_STOR_PR_RELEASE),
	PR_OUT(VSP_STOR_PR_CLEAR),
	PR_OUT(VSP_STOR_PR_PREEMPT),
	PR_OUT(VSP_STOR_PR_PREEMPT_ABORT),
	PR_OUT(VSP_STOR_PR_REGISTER_IGNORE),
	{ READ_16, 0, 16, IN | PR_RD,
	  { 0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0, CONTROL }, vsp_stor_exec_read },
	{ WRITE_16, 0, 16, OUT | WRITES | PR_WR,
	  { 0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0, CONTROL }, vsp_stor_exec_write },
	{ VERIFY_16, 0, 16, OUT | PR_RD,
	  { 0xf6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0, CONTROL }, vsp_stor_exec_verify },
	{ SYNCHRONIZE_CACHE_16, 0, 16, PR_WR,
	  { 0x02, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0, CONTROL }, vsp_stor_exec_sync_cache },
	{ WRITE_SAME_16, 0, 16, OUT | WRITES | PR_WR,
	  { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0, CONTROL }, vsp_stor_exec_write_same },
	{ SERVICE_ACTION_IN_16, SAI_READ_CAPACITY_16, 16, IN | SA,
	  { 0x1f, 0, 0, 0, 0, 0, 0, 0, 0,
	    0xff, 0xff, 0xff, 0xff, 0, CONTROL }, exec_read_capacity16 },
	{ REPORT_LUNS, 0, 12, IN | NO_UA,
	  { 0, 0xff, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, CONTROL },
	  exec_report_luns },
	{ MAINTENANCE_IN, MI_REPORT_SUPPORTED_OPERATION_CODES, 12, IN | SA,
	  { 0x1f, 0x87, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, CONTROL },
	  exec_report_opcodes },
	{ READ_12, 0, 12, IN | PR_RD,
	  { 0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, CONTROL },
	  vsp_stor_exec_read },
	{ WRITE_12, 0, 12, OUT | WRITES | PR_WR,
	  { 0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, CONTROL },
	  vsp_stor_exec_write },
	{ VERIFY_12, 0, 12, OUT | PR_RD,
	  { 0xf6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, CONTROL },
	  vsp_stor_exec_verify },
};
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_cmds);

const unsigned int vsp_stor_nr_cmds = ARRAY_SIZE(vsp_stor_cmds);
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_nr_cmds);

/* for each opcode, one more than where it is in the table; 0 if nowhere */
static u8 cmd_index[256] __ro_after_init;

/**
 * vsp_stor_scsi_init - build the index of the table of commands
 */
void __init vsp_stor_scsi_init(void)
{
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(vsp_stor_cmds) > U8_MAX);
	for (i = vsp_stor_nr_cmds; i > 0; i--)
		cmd_index[vsp_stor_cmds[i - 1].opcode] = i;
}

/* Returns NULL, with a sense code in @code, if the command is not served. */
static const struct vsp_stor_cmd *find_cmd(const u8 *cdb, int *code)
{
	unsigned int i = cmd_index[cdb[0]];
	const struct vsp_stor_cmd *cmd;

	*code = VSP_STOR_BAD_OPCODE;
	if (!i)
		return NULL;
	for (i--; i < vsp_stor_nr_cmds; i++) {
		cmd = &vsp_stor_cmds[i];
		if (cmd->opcode != cdb[0])
			break;
		if (!(cmd->flags & VSP_STOR_CMD_SA) ||
		    cmd->sa == (cdb[1] & 0x1f))
			return cmd;
		*code = VSP_STOR_BAD_CDB(1);
	}
	return NULL;
}

static bool direction_ok(const struct vsp_stor_req *req)
{
	u8 flags = req->cmd->flags;

	if (!req->data_len || req->wire.srb.data_in == VMB_STOR_DATA_UNKNOWN)
		return true;
	if (req->wire.srb.data_in == VMB_STOR_DATA_IN)
		return !(flags & VSP_STOR_CMD_OUT);
	return req->wire.srb.data_in == VMB_STOR_DATA_OUT &&
	       !(flags & VSP_STOR_CMD_IN);
}

/**
 * vsp_stor_scsi_exec - carry out a command for a logical unit
 * @req: the request, holding the logical unit; ends in here or later
 *
 * Context: within poll.
 */
void vsp_stor_scsi_exec(struct vsp_stor_req *req)
{
	const struct vmb_stor_srb *srb = &req->wire.srb;
	struct vsp_stor_lun *lun = req->lun;
	const struct vsp_stor_cmd *cmd;
	int code;

	this_cpu_inc(lun->stats->commands);
	vsp_stor_lun_check_size(lun);

	cmd = find_cmd(srb->cdb, &code);
	if (unlikely(!cmd))
		goto check;
	req->cmd = cmd;
	code = VSP_STOR_BAD_OPCODE;
	if (unlikely((cmd->flags & VSP_STOR_CMD_THIN) && !lun->thin))
		goto check;
	code = VSP_STOR_BAD_CDB(cmd->len - 1);
	if (unlikely(srb->cdb_length < cmd->len ||
		     srb->cdb[cmd->len - 1] & CONTROL))
		goto check;
	if (unlikely(!direction_ok(req))) {
		vsp_stor_req_finish(req, VMB_STOR_SRB_INVALID_REQUEST,
				    SAM_STAT_GOOD, 0);
		return;
	}
	if (unlikely(READ_ONCE(lun->ua)) && !(cmd->flags & VSP_STOR_CMD_NO_UA)) {
		code = take_ua(lun);
		if (code)
			goto check;
	}
	if (lun->pr_mode == VSP_STOR_PR_MEMORY &&
	    unlikely(!vsp_stor_pr_allows(&lun->pr, cmd->flags))) {
		vsp_stor_req_conflict(req);
		return;
	}
	code = VSP_STOR_WRITE_PROTECT;
	if ((cmd->flags & VSP_STOR_CMD_WRITES) &&
	    unlikely(lun->readonly || bdev_read_only(lun->bdev)))
		goto check;

	cmd->exec(req);
	return;

check:
	vsp_stor_req_check(req, code);
}

/**
 * vsp_stor_scsi_absent - answer a command for a logical unit that is not there
 * @req: the request; ends in here
 *
 * Linux guests take INQUIRY for successful whatever the status, so the data
 * says it as well.
 *
 * Context: within poll.
 */
void vsp_stor_scsi_absent(struct vsp_stor_req *req)
{
	struct vsp_stor_ctrl *ctrl = req->chan->ctrl;
	const struct vmb_stor_srb *srb = &req->wire.srb;
	const u8 *cdb = vsp_stor_req_cdb(req);
	u8 *buf = req->chan->scratch;
	u32 len = 0;
	bool ours;

	if (!req->data_len || srb->data_in == VMB_STOR_DATA_OUT)
		goto finish;
	switch (cdb[0]) {
	case REPORT_LUNS:
		ours = ctrl->ide ? srb->target_id == (ctrl->ide_target & 1) :
			!srb->path_id && !srb->target_id;
		report_luns(req, ours ? vsp_stor_lun_mask(ctrl) : 0);
		return;
	case INQUIRY:
		len = vsp_stor_inquiry_absent(buf);
		if (cdb[1] & 0x01) {
			buf[1] = cdb[2];
			len = 4;
			memset(buf + 2, 0, 2);
		}
		len = min3(len, (u32)get_unaligned_be16(cdb + 3), req->data_len);
		if (vsp_stor_req_copy_in(req, buf, len))
			return;
		break;
	}
finish:
	vsp_stor_req_finish(req, VMB_STOR_SRB_INVALID_LUN, SAM_STAT_GOOD, len);
}
