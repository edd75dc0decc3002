// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests: their memory, the guest memory they name, and their answers.
 *
 * A request is taken in vmb_host_driver.poll and ends in exactly one call of
 * vsp_stor_req_answer(), by way of one of the functions that set the outcome
 * of a command; from then on its memory is the core's, until it calls back.
 */
#define pr_fmt(fmt) "vsp_stor: " fmt

#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <scsi/scsi_proto.h>

#include "stor.h"
#include "trace.h"

static struct kmem_cache *req_cache;

/**
 * vsp_stor_req_init - set up memory for requests
 *
 * Return: 0 or -ENOMEM.
 */
int vsp_stor_req_init(void)
{
	req_cache = KMEM_CACHE(vsp_stor_req, SLAB_HWCACHE_ALIGN);
	return req_cache ? 0 : -ENOMEM;
}

/**
 * vsp_stor_req_exit - the opposite
 */
void vsp_stor_req_exit(void)
{
	kmem_cache_destroy(req_cache);
}

/* The answer is in the ring, or will never be. Any context. */
static void req_done(struct vmb_completion *c)
{
	vsp_stor_req_free(container_of(c, struct vsp_stor_req, completion));
}

/**
 * vsp_stor_req_alloc - memory for one more packet
 * @chan: the channel
 *
 * It is charged to the VMM. A channel has at most %VSP_STOR_MAX_OUTSTANDING of
 * them, and one more: few enough to insist. A packet that was taken cannot be
 * answered without, and one that was not would be tried again at once.
 *
 * Context: may sleep.
 * Return: it.
 */
struct vsp_stor_req *vsp_stor_req_alloc(struct vsp_stor_chan *chan)
{
	struct vsp_stor_req *req;

	req = kmem_cache_zalloc(req_cache, GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
	WRITE_ONCE(chan->made, chan->made + 1);
	req->chan = chan;
	req->completion.done = req_done;
	return req;
}

/**
 * vsp_stor_req_free - free a request that is not or no longer the core's
 * @req: the request
 *
 * Context: any.
 */
void vsp_stor_req_free(struct vsp_stor_req *req)
{
	struct vsp_stor_chan *chan = req->chan;

	kmem_cache_free(req_cache, req);
	/* fully ordered; pairs with chan_may_take(): one of us sees what the other did */
	if (atomic64_dec_and_test(&chan->mem))
		kfree(chan);
}

/**
 * vsp_stor_req_answer - send the answer to a packet
 * @req: the request; must not be used after this
 * @status: NTSTATUS
 *
 * Context: any, hard interrupts included.
 */
void vsp_stor_req_answer(struct vsp_stor_req *req, u32 status)
{
	struct vsp_stor_chan *chan = req->chan;
	struct vmb_channel *ch = chan->ch;

	req->wire.operation = cpu_to_le32(VMB_STOR_OP_COMPLETE_IO);
	req->wire.flags = 0;
	req->wire.status = cpu_to_le32(status);
	req->completion.data = &req->wire;
	req->completion.len = req->wire_len;
	vmb_host_complete(ch, &req->completion);

	/* most often the memory is free by now: see vsp_stor_req_free() */
	if (unlikely(READ_ONCE(chan->throttled)) &&
	    vsp_stor_chan_outstanding(chan) <= VSP_STOR_MAX_OUTSTANDING / 2 &&
	    xchg(&chan->throttled, false))
		vmb_host_kick(ch);

	if (atomic64_dec_and_test(&chan->answers))
		complete(&chan->drained);
}

static u32 srb_to_nt(u8 srb_status)
{
	switch (srb_status & VMB_STOR_SRB_CODE_MASK) {
	case VMB_STOR_SRB_SUCCESS:
		return VMB_STATUS_SUCCESS;
	case VMB_STOR_SRB_BUSY:
		return VMB_STATUS_DEVICE_BUSY;
	case VMB_STOR_SRB_INVALID_LUN:
		return VMB_STOR_STATUS_NO_SUCH_DEVICE;
	case VMB_STOR_SRB_TIMEOUT:
		return VMB_STOR_STATUS_IO_TIMEOUT;
	case VMB_STOR_SRB_DATA_OVERRUN:
		return VMB_STOR_STATUS_BUFFER_OVERFLOW;
	case VMB_STOR_SRB_ABORTED:
	case VMB_STOR_SRB_BUS_RESET:
		return VMB_STOR_STATUS_CANCELLED;
	case VMB_STOR_SRB_INVALID_REQUEST:
		return VMB_STATUS_INVALID_PARAMETER;
	default:
		return VMB_STOR_STATUS_IO_DEVICE_ERROR;
	}
}

/* Before the answer: a channel that closes waits for it, and then frees these. */
static void req_account(struct vsp_stor_req *req, u32 moved)
{
	struct vsp_stor_chan_stats __percpu *stats = req->chan->stats;

	this_cpu_add(stats->bytes, moved);
	if (vsp_stor_latency_wanted() && req->start)
		vsp_stor_latency_add(&stats->latency, ktime_get_ns() - req->start);
}

/**
 * vsp_stor_req_finish - a command has ended
 * @req: the request; must not be used after this
 * @srb_status: VMB_STOR_SRB_*
 * @scsi_status: SAM status
 * @moved: bytes of data
 *
 * Sense data, if any, is in the answer already.
 *
 * Context: any, hard interrupts included.
 */
void vsp_stor_req_finish(struct vsp_stor_req *req, u8 srb_status, u8 scsi_status,
			 u32 moved)
{
	struct vmb_stor_srb *srb = &req->wire.srb;

	if (!(srb_status & VMB_STOR_SRB_AUTOSENSE_VALID)) {
		srb->sense_length = 0;
		memset(srb->bytes, 0, sizeof(srb->bytes));
	}
	srb->srb_status = srb_status;
	srb->scsi_status = scsi_status;
	srb->data_transfer_length = cpu_to_le32(moved);

	req_account(req, moved);
	if (trace_vsp_stor_srb_complete_enabled())
		trace_vsp_stor_srb_complete(req->chan->ctrl->name,
					    req->chan->ch->relid,
					    req->completion.trans_id, srb->lun,
					    req->opcode, srb_status, scsi_status,
					    moved, req->start ?
					    ktime_get_ns() - req->start : 0);
	if (req->lun && unlikely(srb_status != VMB_STOR_SRB_SUCCESS))
		this_cpu_inc(req->lun->stats->errors);
	if (req->epoch)
		vsp_stor_lun_put(req->epoch);
	vsp_stor_req_answer(req, srb_to_nt(srb_status));
}

/**
 * vsp_stor_req_good - a command has ended well
 * @req: the request; must not be used after this
 * @moved: bytes of data
 *
 * Context: any, hard interrupts included.
 */
void vsp_stor_req_good(struct vsp_stor_req *req, u32 moved)
{
	vsp_stor_req_finish(req, VMB_STOR_SRB_SUCCESS, SAM_STAT_GOOD, moved);
}

static void req_check(struct vsp_stor_req *req, int code, bool has_info, u64 info)
{
	struct vmb_stor_srb *srb = &req->wire.srb;
	u8 status = VMB_STOR_SRB_ERROR;
	u8 sense[VSP_STOR_SENSE_LEN];
	u8 room = srb->sense_length;

	/* the flags are not there before version 5.1 */
	if (req->wire_len >= VMB_STOR_PACKET_BYTES &&
	    le32_to_cpu(srb->srb_flags) & VMB_STOR_SRB_FLAG_NO_AUTOSENSE)
		room = 0;
	if (room) {
		vsp_stor_sense_build(sense, code, has_info, info);
		room = min_t(u8, room, sizeof(sense));
		memset(srb->bytes, 0, sizeof(srb->bytes));
		memcpy(srb->sense, sense, room);
		srb->sense_length = room;
		status |= VMB_STOR_SRB_AUTOSENSE_VALID;
	}
	vsp_stor_req_finish(req, status, SAM_STAT_CHECK_CONDITION, 0);
}

/**
 * vsp_stor_req_check - a command has ended with CHECK CONDITION
 * @req: the request; must not be used after this
 * @code: sense code
 *
 * Context: any, hard interrupts included.
 */
void vsp_stor_req_check(struct vsp_stor_req *req, int code)
{
	req_check(req, code, false, 0);
}

/**
 * vsp_stor_req_check_info - the same, with the block at fault
 * @req: the request; must not be used after this
 * @code: sense code
 * @info: logical block address
 *
 * Context: any, hard interrupts included.
 */
void vsp_stor_req_check_info(struct vsp_stor_req *req, int code, u64 info)
{
	req_check(req, code, true, info);
}

/**
 * vsp_stor_req_conflict - a command has ended with RESERVATION CONFLICT
 * @req: the request; must not be used after this
 *
 * Context: any, hard interrupts included.
 */
void vsp_stor_req_conflict(struct vsp_stor_req *req)
{
	/*
	 * There is no sense data, and that is valid: without the flag Linux
	 * reports an error of the adapter instead of the status.
	 */
	req->wire.srb.sense_length = 0;
	memset(req->wire.srb.bytes, 0, sizeof(req->wire.srb.bytes));
	vsp_stor_req_finish(req, VMB_STOR_SRB_ERROR | VMB_STOR_SRB_AUTOSENSE_VALID,
			    SAM_STAT_RESERVATION_CONFLICT, 0);
}

/**
 * vsp_stor_req_blk_status - a command has ended with what the device said
 * @req: the request; must not be used after this
 * @status: an error
 * @bad_sector: where it happened
 * @write: in writing
 *
 * Context: any, hard interrupts included.
 */
void vsp_stor_req_blk_status(struct vsp_stor_req *req, blk_status_t status,
			     sector_t bad_sector, bool write)
{
	u64 lba = bad_sector >> (req->lun->block_shift - SECTOR_SHIFT);

	switch (status) {
	case BLK_STS_NOTSUPP:
		vsp_stor_req_check(req, VSP_STOR_BAD_OPCODE);
		break;
	case BLK_STS_NOSPC:
		vsp_stor_req_check_info(req, VSP_STOR_NO_SPACE, lba);
		break;
	case BLK_STS_RESV_CONFLICT:
		vsp_stor_req_conflict(req);
		break;
	case BLK_STS_MEDIUM:
		vsp_stor_req_check_info(req, write ? VSP_STOR_WRITE_ERROR :
					VSP_STOR_READ_ERROR, lba);
		break;
	case BLK_STS_PROTECTION:
		vsp_stor_req_check_info(req, VSP_STOR_PROT_ERROR, lba);
		break;
	case BLK_STS_TIMEOUT:
		vsp_stor_req_check(req, VSP_STOR_LUN_TIMEOUT);
		break;
	case BLK_STS_TRANSPORT:
		vsp_stor_req_check(req, VSP_STOR_LUN_FAILURE);
		break;
	case BLK_STS_OFFLINE:
		vsp_stor_req_check(req, VSP_STOR_NOT_READY);
		break;
	case BLK_STS_RESOURCE:
	case BLK_STS_AGAIN:
	case BLK_STS_DEV_RESOURCE:
		vsp_stor_req_finish(req, VMB_STOR_SRB_BUSY, SAM_STAT_BUSY, 0);
		break;
	default:
		vsp_stor_req_check_info(req, VSP_STOR_TARGET_FAILURE, lba);
		break;
	}
}

/**
 * vsp_stor_req_map - find the guest memory that the packet being taken names
 * @req: the request
 * @to_guest: it is written to
 * @iter: set to the first @len bytes of it
 * @len: at most &vsp_stor_req.data_len
 *
 * If it fails, the request has ended.
 *
 * Context: within poll; the memory is to be used before it returns.
 * Return: 0 or a negative errno.
 */
int vsp_stor_req_map(struct vsp_stor_req *req, bool to_guest,
		     struct iov_iter *iter, u32 len)
{
	struct vsp_stor_chan *chan = req->chan;
	ssize_t ret;

	ret = vmb_host_iter(chan->ch, &chan->pkt, chan->iov, VSP_STOR_MAX_IOV,
			    to_guest, iter);
	if (ret >= 0 && ret < len)
		ret = -EMSGSIZE;
	if (ret < 0) {
		vsp_stor_chan_warn(chan, "guest named memory that cannot be used: error %zd\n",
				   ret);
		vsp_stor_req_finish(req, VMB_STOR_SRB_INVALID_REQUEST,
				    SAM_STAT_GOOD, 0);
		return ret;
	}
	iov_iter_truncate(iter, len);
	return 0;
}

/**
 * vsp_stor_req_map_pinned - find the guest memory that the packet being taken
 *	names, if it stays pinned
 * @req: the request; its pin is set
 * @to_guest: it is written to
 * @iter: set to the first @len bytes of it, in one bio at most
 * @len: at most &vsp_stor_req.data_len
 *
 * Context: within poll.
 * Return: 0, or a negative errno: then vsp_stor_req_map() knows better.
 */
int vsp_stor_req_map_pinned(struct vsp_stor_req *req, bool to_guest,
			    struct iov_iter *iter, u32 len)
{
	struct vsp_stor_chan *chan = req->chan;
	ssize_t ret;

	ret = vmb_host_iter_pinned(chan->ch, &chan->pkt, chan->bvec, BIO_MAX_VECS,
				   to_guest, iter, &req->pin);
	if (ret < 0)
		return ret;
	if (ret < len) {
		vmb_host_pin_put(req->pin);
		req->pin = NULL;
		return -EMSGSIZE;
	}
	iov_iter_truncate(iter, len);
	return 0;
}

/**
 * vsp_stor_req_copy_in - give the guest data
 * @req: the request
 * @buf: the data
 * @len: bytes of it, at most &vsp_stor_req.data_len
 *
 * If it fails, the request has ended.
 *
 * Context: within poll.
 * Return: 0 or a negative errno.
 */
int vsp_stor_req_copy_in(struct vsp_stor_req *req, const void *buf, u32 len)
{
	struct iov_iter iter;
	int ret;

	if (!len)
		return 0;
	ret = vsp_stor_req_map(req, true, &iter, len);
	if (ret)
		return ret;
	if (copy_to_iter(buf, len, &iter) == len)
		return 0;
	vsp_stor_req_finish(req, VMB_STOR_SRB_INVALID_REQUEST, SAM_STAT_GOOD, 0);
	return -EFAULT;
}

/**
 * vsp_stor_req_data_in - end a command with data for the guest
 * @req: the request; must not be used after this
 * @buf: the data
 * @len: bytes of it, or a sense code to end with instead
 * @alloc_len: most that the command asked for
 *
 * Context: within poll.
 */
void vsp_stor_req_data_in(struct vsp_stor_req *req, const void *buf, int len,
			  u32 alloc_len)
{
	u32 wanted, moved;

	if (len < 0) {
		vsp_stor_req_check(req, len);
		return;
	}
	wanted = min_t(u32, len, alloc_len);
	moved = min(wanted, req->data_len);
	if (!vsp_stor_req_copy_in(req, buf, moved))
		vsp_stor_req_finish(req, moved < wanted ?
				    VMB_STOR_SRB_DATA_OVERRUN :
				    VMB_STOR_SRB_SUCCESS, SAM_STAT_GOOD, moved);
}

/**
 * vsp_stor_req_data_out - fetch the parameters of a command
 * @req: the request
 * @buf: filled
 * @len: bytes that the command says there are
 *
 * If it fails, the request has ended.
 *
 * Context: within poll.
 * Return: 0 or a negative errno.
 */
int vsp_stor_req_data_out(struct vsp_stor_req *req, void *buf, u32 len)
{
	struct iov_iter iter;
	int ret;

	if (!len)
		return 0;
	if (len > req->data_len) {
		vsp_stor_req_finish(req, VMB_STOR_SRB_DATA_OVERRUN,
				    SAM_STAT_GOOD, 0);
		return -EMSGSIZE;
	}
	ret = vsp_stor_req_map(req, false, &iter, len);
	if (ret)
		return ret;
	if (copy_from_iter(buf, len, &iter) != len) {
		vsp_stor_req_finish(req, VMB_STOR_SRB_INVALID_REQUEST,
				    SAM_STAT_GOOD, 0);
		return -EFAULT;
	}
	return 0;
}

/**
 * vsp_stor_req_drain - answer a request when earlier ones have ended
 * @req: with drain_mask and drain_pr set; holds no logical unit
 *
 * Context: any process; may be within poll.
 */
void vsp_stor_req_drain(struct vsp_stor_req *req)
{
	struct vsp_stor_ctrl *ctrl = req->chan->ctrl;

	spin_lock(&ctrl->drain_lock);
	list_add_tail(&req->drain_node, &ctrl->drains);
	spin_unlock(&ctrl->drain_lock);
	queue_work(vsp_stor_drain_wq, &ctrl->drain_work);
}

static void drain_luns(struct vsp_stor_ctrl *ctrl, u64 mask)
{
	struct vsp_stor_lun *lun;
	unsigned int i;

	for (i = 0; i < VSP_STOR_MAX_LUNS; i++) {
		if (!(mask & BIT_ULL(i)))
			continue;
		rcu_read_lock();
		lun = rcu_dereference(ctrl->luns[i]);
		if (lun)
			config_item_get(&lun->group.cg_item);
		rcu_read_unlock();
		if (!lun)
			continue;
		vsp_stor_lun_drain(lun);
		set_bit(VSP_STOR_UA_RESET, &lun->ua);
		config_item_put(&lun->group.cg_item);
	}
}

/**
 * vsp_stor_drain_work - wait for requests, then answer those that asked for it
 * @work: of a controller
 *
 * One at a time for each controller, so that a guest cannot occupy more than
 * one thread with it.
 */
void vsp_stor_drain_work(struct work_struct *work)
{
	struct vsp_stor_ctrl *ctrl = container_of(work, struct vsp_stor_ctrl,
						  drain_work);
	struct vsp_stor_req *req, *next;
	u64 mask = 0;
	LIST_HEAD(list);

	spin_lock(&ctrl->drain_lock);
	list_splice_init(&ctrl->drains, &list);
	spin_unlock(&ctrl->drain_lock);

	list_for_each_entry(req, &list, drain_node)
		mask |= req->drain_mask;
	drain_luns(ctrl, mask);

	list_for_each_entry_safe(req, next, &list, drain_node) {
		list_del(&req->drain_node);
		if (req->drain_pr) {
			vsp_stor_reserve_drain(req->drain_pr);
			vsp_stor_reserve_put(req->drain_pr);
			vsp_stor_req_good(req, 0);
		} else {
			vsp_stor_req_answer(req, VMB_STATUS_SUCCESS);
		}
	}
}
