// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels of a controller and the protocol on them. The handshake runs on the
 * primary channel, and its state belongs to the controller; sub-channels carry
 * commands only. Documentation/protocol/storage.rst describes the exchange.
 */
#define pr_fmt(fmt) "vsp_stor: " fmt

#include <linux/blkdev.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "stor.h"
#include "trace.h"

static const char * const state_names[] = {
	[VSP_STOR_CLOSED]	= "closed",
	[VSP_STOR_OPENED]	= "opened",
	[VSP_STOR_BEGUN]	= "begun",
	[VSP_STOR_VERSIONED]	= "versioned",
	[VSP_STOR_DESCRIBED]	= "described",
	[VSP_STOR_READY]	= "ready",
};

/**
 * vsp_stor_state_name - the name of a state, for people
 * @state: of the handshake
 *
 * Return: a constant string.
 */
const char *vsp_stor_state_name(enum vsp_stor_state state)
{
	return state_names[state];
}

/**
 * vsp_stor_chan_open - the guest opens a channel
 * @ch: the core's half
 * @user: what the guest sent along; nothing of interest
 *
 * Context: the core's partition lock; may sleep.
 * Return: 0 or a negative errno.
 */
int vsp_stor_chan_open(struct vmb_channel *ch, const u8 *user)
{
	struct vsp_stor_ctrl *ctrl = vsp_stor_ctrl_of(ch->dev);
	struct vsp_stor_chan *chan;
	struct vsp_stor_lun *lun;
	int i;

	chan = kzalloc_node(sizeof(*chan), GFP_KERNEL_ACCOUNT, ch->node);
	if (!chan)
		return -ENOMEM;
	chan->iov = kvmalloc_node(array_size(VSP_STOR_MAX_IOV, sizeof(*chan->iov)),
				  GFP_KERNEL_ACCOUNT, ch->node);
	chan->bvec = kmalloc_array_node(BIO_MAX_VECS, sizeof(*chan->bvec),
					GFP_KERNEL_ACCOUNT, ch->node);
	chan->scratch = kmalloc_node(VSP_STOR_SCRATCH, GFP_KERNEL_ACCOUNT, ch->node);
	chan->stats = alloc_percpu_gfp(struct vsp_stor_chan_stats,
				       GFP_KERNEL_ACCOUNT);
	if (!chan->iov || !chan->bvec || !chan->scratch || !chan->stats)
		goto nomem;
	atomic64_set(&chan->mem, VSP_STOR_CHAN_BIAS);
	chan->mem_seen = VSP_STOR_CHAN_BIAS;
	atomic64_set(&chan->answers, VSP_STOR_CHAN_BIAS);
	init_completion(&chan->drained);
	chan->ch = ch;
	chan->ctrl = ctrl;

	spin_lock(&ctrl->chan_lock);
	list_add_tail(&chan->node, &ctrl->channels);
	if (!ch->index) {
		ctrl->primary = chan;
		ctrl->rescan = false;
		WRITE_ONCE(ctrl->version, 0);
		WRITE_ONCE(ctrl->state, VSP_STOR_OPENED);
	}
	spin_unlock(&ctrl->chan_lock);

	/* whoever opens it has not seen the units before */
	if (!ch->index) {
		rcu_read_lock();
		for (i = 0; i < VSP_STOR_MAX_LUNS; i++) {
			lun = rcu_dereference(ctrl->luns[i]);
			if (lun)
				set_bit(VSP_STOR_UA_POWER_ON, &lun->ua);
		}
		rcu_read_unlock();
	}
	ch->drv = chan;
	return 0;

nomem:
	free_percpu(chan->stats);
	kfree(chan->scratch);
	kfree(chan->bvec);
	kvfree(chan->iov);
	kfree(chan);
	return -ENOMEM;
}

/**
 * vsp_stor_chan_close - a channel goes away
 * @ch: the core's half
 *
 * The core polls it no more. Waits for what was taken from it.
 *
 * Context: the core's partition lock; may sleep.
 */
void vsp_stor_chan_close(struct vmb_channel *ch)
{
	struct vsp_stor_chan *chan = ch->drv;
	struct vsp_stor_ctrl *ctrl = chan->ctrl;

	spin_lock(&ctrl->chan_lock);
	list_del(&chan->node);
	if (ctrl->primary == chan) {
		ctrl->primary = NULL;
		ctrl->rescan = false;
		WRITE_ONCE(ctrl->state, VSP_STOR_CLOSED);
	}
	spin_unlock(&ctrl->chan_lock);

	WRITE_ONCE(chan->closing, true);
	if (!atomic64_sub_and_test(VSP_STOR_CHAN_BIAS - chan->started, &chan->answers))
		wait_for_completion(&chan->drained);
	/*
	 * From here on the guest uses the emulated registers, and the emulator
	 * does not flush a disk that it has not written to itself.
	 */
	if (ctrl->ide)
		vsp_stor_lun_flush(ctrl, 0);

	if (chan->spare)
		vsp_stor_req_free(chan->spare);
	free_percpu(chan->stats);
	kfree(chan->scratch);
	kfree(chan->bvec);
	kvfree(chan->iov);
	ch->drv = NULL;
	if (atomic64_sub_and_test(VSP_STOR_CHAN_BIAS - chan->made, &chan->mem))
		kfree(chan);
}

/**
 * vsp_stor_chan_busy - are there packets that were taken and not answered?
 * @ch: the core's half
 *
 * Context: process, no poll runs.
 */
bool vsp_stor_chan_busy(struct vmb_channel *ch)
{
	struct vsp_stor_chan *chan = ch->drv;

	return vsp_stor_chan_inflight(chan);
}

static int ctrl_send_rescan(struct vsp_stor_ctrl *ctrl)
{
	struct vmb_stor_packet pkt = {
		.operation = cpu_to_le32(VMB_STOR_OP_ENUMERATE_BUS),
	};
	u16 version = READ_ONCE(ctrl->version);

	lockdep_assert_held(&ctrl->chan_lock);
	/* guests before that do not know it; they rescan when told to */
	if (version < VMB_STOR_VERSION_4_2)
		return 0;
	return vmb_host_send(ctrl->primary->ch, 0, &pkt,
			     version < VMB_STOR_VERSION_5_1 ?
			     VMB_STOR_PACKET_BYTES_V1 : VMB_STOR_PACKET_BYTES);
}

/* Send what is to be sent. A guest that is not ready will look by itself. */
static void ctrl_rescan(struct vsp_stor_ctrl *ctrl)
{
	lockdep_assert_held(&ctrl->chan_lock);
	if (ctrl->rescan)
		ctrl->rescan = ctrl->primary &&
			       READ_ONCE(ctrl->state) == VSP_STOR_READY &&
			       ctrl_send_rescan(ctrl) == -EAGAIN;
}

/**
 * vsp_stor_ctrl_retry_rescan - try again what was put off
 * @ctrl: the controller
 *
 * Context: any but hard interrupts.
 */
void vsp_stor_ctrl_retry_rescan(struct vsp_stor_ctrl *ctrl)
{
	if (likely(!READ_ONCE(ctrl->rescan)))
		return;
	spin_lock(&ctrl->chan_lock);
	ctrl_rescan(ctrl);
	spin_unlock(&ctrl->chan_lock);
}

/**
 * vsp_stor_ctrl_rescan - have the guest look for changes of logical units
 * @ctrl: the controller
 *
 * If the ring is full, it is told later.
 *
 * Context: any but hard interrupts.
 */
void vsp_stor_ctrl_rescan(struct vsp_stor_ctrl *ctrl)
{
	spin_lock(&ctrl->chan_lock);
	ctrl->rescan = true;
	ctrl_rescan(ctrl);
	spin_unlock(&ctrl->chan_lock);
}

static u16 ctrl_max_sub_channels(struct vsp_stor_ctrl *ctrl)
{
	u16 vps = vmb_host_device_vps(&ctrl->dev);
	u16 max = min(READ_ONCE(ctrl->max_channels), vps);

	if (ctrl->ide || READ_ONCE(ctrl->version) < VMB_STOR_VERSION_5_1)
		return 0;
	return max ? max - 1 : 0;
}

static bool version_known(u16 version)
{
	switch (version) {
	case VMB_STOR_VERSION_2_0:
	case VMB_STOR_VERSION_4_2:
	case VMB_STOR_VERSION_5_1:
	case VMB_STOR_VERSION_6_0:
	case VMB_STOR_VERSION_6_2:
		return true;
	default:
		return false;
	}
}

static u32 op_query_version(struct vsp_stor_ctrl *ctrl, struct vsp_stor_req *req)
{
	u16 version = le16_to_cpu(req->wire.version.major_minor);

	if (!version_known(version))
		return VMB_STOR_STATUS_REVISION_MISMATCH;
	WRITE_ONCE(ctrl->version, version);
	WRITE_ONCE(ctrl->state, VSP_STOR_VERSIONED);
	return VMB_STATUS_SUCCESS;
}

static u32 op_query_properties(struct vsp_stor_ctrl *ctrl,
			       struct vsp_stor_req *req)
{
	struct vmb_stor_properties *p = &req->wire.properties;
	u16 subs = ctrl_max_sub_channels(ctrl);

	memset(req->wire.body, 0, sizeof(req->wire.body));
	p->max_sub_channels = cpu_to_le16(subs);
	if (subs)
		p->flags = cpu_to_le32(VMB_STOR_PROP_MULTI_CHANNEL);
	p->max_transfer_bytes = cpu_to_le32(VSP_STOR_MAX_TRANSFER);
	WRITE_ONCE(ctrl->state, VSP_STOR_DESCRIBED);
	return VMB_STATUS_SUCCESS;
}

static u32 op_create_sub_channels(struct vsp_stor_ctrl *ctrl,
				  struct vsp_stor_req *req)
{
	u16 count = le16_to_cpu(req->wire.sub_channels);
	int ret;

	if (count > ctrl_max_sub_channels(ctrl)) {
		vsp_stor_warn(ctrl, "guest wants %u sub-channels, %u were offered\n",
			      count, ctrl_max_sub_channels(ctrl));
		return VMB_STATUS_INVALID_PARAMETER;
	}
	ret = vmb_host_device_subchannels(&ctrl->dev, count);
	if (ret) {
		vsp_stor_warn(ctrl, "cannot offer %u sub-channels: error %d\n",
			      count, ret);
		return VMB_STATUS_UNSUCCESSFUL;
	}
	return VMB_STATUS_SUCCESS;
}

/*
 * The handshake, step by step. Each operation belongs to the primary channel
 * and to one state, except sub-channels, which some guests ask for before they
 * end it.
 */
static u32 op_handshake(struct vsp_stor_chan *chan, struct vsp_stor_req *req,
			u32 op)
{
	struct vsp_stor_ctrl *ctrl = chan->ctrl;
	enum vsp_stor_state state = READ_ONCE(ctrl->state);

	if (chan->ch->index)
		return VMB_STOR_STATUS_INVALID_DEVICE_STATE;
	switch (op) {
	case VMB_STOR_OP_BEGIN_INIT:
		if (state != VSP_STOR_OPENED)
			break;
		WRITE_ONCE(ctrl->state, VSP_STOR_BEGUN);
		return VMB_STATUS_SUCCESS;
	case VMB_STOR_OP_QUERY_PROTOCOL_VERSION:
		if (state != VSP_STOR_BEGUN)
			break;
		return op_query_version(ctrl, req);
	case VMB_STOR_OP_QUERY_PROPERTIES:
		if (state != VSP_STOR_VERSIONED)
			break;
		return op_query_properties(ctrl, req);
	case VMB_STOR_OP_END_INIT:
		if (state != VSP_STOR_DESCRIBED)
			break;
		WRITE_ONCE(ctrl->state, VSP_STOR_READY);
		return VMB_STATUS_SUCCESS;
	case VMB_STOR_OP_CREATE_SUB_CHANNELS:
		if (state != VSP_STOR_DESCRIBED && state != VSP_STOR_READY)
			break;
		return op_create_sub_channels(ctrl, req);
	}
	vsp_stor_chan_warn(chan, "guest sent operation %u while %s\n", op,
			   vsp_stor_state_name(state));
	return VMB_STOR_STATUS_INVALID_DEVICE_STATE;
}

/* Which logical units a reset is for. */
static u64 reset_mask(struct vsp_stor_req *req, u32 op)
{
	u8 lun = req->wire.srb.lun;

	if (op != VMB_STOR_OP_RESET_LUN)
		return ~0ULL;
	return lun < VSP_STOR_MAX_LUNS ? BIT_ULL(lun) : 0;
}

static bool chan_addresses_lun(struct vsp_stor_ctrl *ctrl,
			       const struct vmb_stor_srb *srb)
{
	/* guests know the bus of an IDE disk by other means */
	if (ctrl->ide)
		return srb->target_id == (ctrl->ide_target & 1) && !srb->lun;
	return !srb->path_id && !srb->target_id;
}

static void op_execute_srb(struct vsp_stor_chan *chan, struct vsp_stor_req *req)
{
	struct vsp_stor_ctrl *ctrl = chan->ctrl;
	struct vmb_stor_srb *srb = &req->wire.srb;
	u32 len = le32_to_cpu(srb->data_transfer_length);

	if (READ_ONCE(ctrl->state) != VSP_STOR_READY) {
		vsp_stor_chan_warn(chan, "guest sent a command while %s\n",
				   vsp_stor_state_name(READ_ONCE(ctrl->state)));
		vsp_stor_req_answer(req, VMB_STOR_STATUS_INVALID_DEVICE_STATE);
		return;
	}

	req->opcode = srb->cdb[0];
	if (!srb->cdb_length || srb->cdb_length > VMB_STOR_CDB_BYTES ||
	    len > VSP_STOR_MAX_TRANSFER || (len && !chan->pkt.ranges)) {
		chan->malformed++;
		vsp_stor_chan_warn(chan, "malformed command: %u bytes of CDB, %u of data\n",
				   srb->cdb_length, len);
		vsp_stor_req_finish(req, VMB_STOR_SRB_INVALID_REQUEST, 0, 0);
		return;
	}
	memset(srb->cdb + srb->cdb_length, 0,
	       VMB_STOR_CDB_BYTES - srb->cdb_length);
	req->data_len = len;

	if (trace_vsp_stor_srb_submit_enabled())
		trace_vsp_stor_srb_submit(ctrl->name, chan->ch->relid,
					  req->completion.trans_id, srb->lun,
					  srb->cdb, srb->cdb_length, len);
	if (vsp_stor_latency_wanted() || trace_vsp_stor_srb_complete_enabled())
		req->start = ktime_get_ns();

	if (chan_addresses_lun(ctrl, srb))
		req->lun = vsp_stor_lun_get(ctrl, srb->lun, &req->epoch);
	if (req->lun)
		vsp_stor_scsi_exec(req);
	else
		vsp_stor_scsi_absent(req);
}

/* What became of a packet that was taken. The request ends in here or later. */
static void chan_dispatch(struct vsp_stor_chan *chan, struct vsp_stor_req *req)
{
	u32 op = le32_to_cpu(req->wire.operation);

	switch (op) {
	case VMB_STOR_OP_EXECUTE_SRB:
		op_execute_srb(chan, req);
		break;
	case VMB_STOR_OP_RESET_LUN:
	case VMB_STOR_OP_RESET_ADAPTER:
	case VMB_STOR_OP_RESET_BUS:
		req->drain_mask = reset_mask(req, op);
		vsp_stor_req_drain(req);
		break;
	case VMB_STOR_OP_BEGIN_INIT:
	case VMB_STOR_OP_END_INIT:
	case VMB_STOR_OP_QUERY_PROTOCOL_VERSION:
	case VMB_STOR_OP_QUERY_PROPERTIES:
	case VMB_STOR_OP_CREATE_SUB_CHANNELS:
		vsp_stor_req_answer(req, op_handshake(chan, req, op));
		break;
	default:
		/* FCHBA_DATA among them: these are not Fibre Channel */
		vsp_stor_chan_warn(chan, "guest sent unknown operation %u\n", op);
		vsp_stor_req_answer(req, VMB_STOR_STATUS_INVALID_REQUEST);
		break;
	}
}

/*
 * Turn the packet in chan->pkt into a request. Returns false if it cannot even
 * be answered.
 */
static bool chan_take(struct vsp_stor_chan *chan, struct vsp_stor_req *req)
{
	const struct vmb_packet *pkt = &chan->pkt;
	u32 len = min_t(u32, pkt->len, sizeof(req->wire));

	if ((pkt->type != VMB_PKT_INBAND && pkt->type != VMB_PKT_GPA_DIRECT) ||
	    !(pkt->flags & VMB_PKT_COMPLETION_REQUESTED) ||
	    len < VMB_STOR_PACKET_BYTES_V1) {
		chan->malformed++;
		vsp_stor_chan_warn(chan, "ignored packet of type %u, flags %#x, %u bytes\n",
				   pkt->type, pkt->flags, pkt->len);
		return false;
	}
	/* what is missing reads as 0; an answer is as long as its packet */
	memset(&req->wire, 0, sizeof(req->wire));
	memcpy(&req->wire, pkt->data, len);
	req->wire_len = len;
	req->completion.trans_id = pkt->trans_id;
	return true;
}

static bool chan_may_take(struct vsp_stor_chan *chan)
{
	/* at least as many as there are, and most often few enough */
	if (likely(chan->made - (VSP_STOR_CHAN_BIAS - chan->mem_seen) <
		   VSP_STOR_MAX_OUTSTANDING))
		return true;
	chan->mem_seen = atomic64_read(&chan->mem);
	if (likely(vsp_stor_chan_outstanding(chan) < VSP_STOR_MAX_OUTSTANDING))
		return true;
	WRITE_ONCE(chan->throttled, true);
	/* pairs with the barrier in vsp_stor_req_free() */
	smp_mb();
	if (vsp_stor_chan_outstanding(chan) < VSP_STOR_MAX_OUTSTANDING) {
		WRITE_ONCE(chan->throttled, false);
		return true;
	}
	chan->throttles++;
	return false;
}

/**
 * vsp_stor_chan_poll - take packets and start what they ask for
 * @ch: the core's half
 * @budget: most packets to take
 *
 * Context: a thread with the VMM's address space; may sleep.
 * Return: packets taken.
 */
int vsp_stor_chan_poll(struct vmb_channel *ch, int budget)
{
	struct vsp_stor_chan *chan = ch->drv;
	struct blk_plug plug;
	int n = 0;

	blk_start_plug(&plug);
	while (n < budget && chan_may_take(chan)) {
		struct vsp_stor_req *req = chan->spare;

		/* memory first: a packet that was taken must be answered */
		if (!req) {
			req = vsp_stor_req_alloc(chan);
			chan->spare = req;
		}
		if (vmb_host_next(ch, &chan->pkt))
			break;
		n++;
		if (!chan_take(chan, req))
			continue;
		chan->spare = NULL;
		WRITE_ONCE(chan->started, chan->started + 1);
		chan_dispatch(chan, req);
	}
	blk_finish_plug(&plug);
	chan->taken += n;

	vsp_stor_ctrl_retry_rescan(chan->ctrl);
	return n;
}
