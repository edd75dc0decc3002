// SPDX-License-Identifier: GPL-2.0-only
/*
 * SCSI commands: to the host, without a copy of their data, and back.
 */
#define pr_fmt(fmt) "vsc_stor: " fmt

#include <linux/math.h>
#include <linux/time64.h>
#include <scsi/scsi_cmnd.h>

#include "stor.h"

static u8 direction_of(const struct scsi_cmnd *cmd)
{
	switch (cmd->sc_data_direction) {
	case DMA_TO_DEVICE:
		return VMB_STOR_DATA_OUT;
	case DMA_FROM_DEVICE:
		return VMB_STOR_DATA_IN;
	default:
		return VMB_STOR_DATA_UNKNOWN;
	}
}

static int write_pages(struct vsc_stor_dev *sd, struct scsi_cmnd *cmd,
		       struct vmb_guest_gpa *gpa, void *buf, u32 bytes)
{
	vmb_guest_gpa_init(gpa, buf, bytes);
	return vsc_wire_pages(gpa, scsi_sglist(cmd), scsi_sg_count(cmd), scsi_bufflen(cmd),
			      vmb_guest_pfn, sd->dev);
}

/**
 * vsc_stor_io_build() - write a packet, and the pages if they are few
 * @adapter: storport's
 * @srb: the command
 *
 * Context: any; several at a time.
 * Return: %STORPORT_START_OK or %STORPORT_START_INVALID.
 */
enum storport_start vsc_stor_io_build(struct storport_adapter *adapter,
				      struct storport_srb *srb)
{
	struct vsc_stor_dev *sd = vsc_stor_of(adapter);
	struct vsc_stor_req *req = storport_srb_priv(srb);
	struct scsi_cmnd *cmd = srb->cmd;
	struct vsc_wire_command wire = {
		.cdb = cmd->cmnd,
		.cdb_length = cmd->cmd_len,
		.path = srb->addr.channel,
		.target = srb->addr.target,
		.lun = srb->addr.lun,
		.direction = direction_of(cmd),
		.data_length = srb->data_length,
		.timeout_s = DIV_ROUND_UP(srb->timeout_ms, MSEC_PER_SEC),
		.tagged = cmd->device->tagged_supported,
	};
	struct vmb_guest_gpa gpa;
	int ret;

	/* pairs with the release in vsc_stor_channel_sub() */
	srb->path = smp_load_acquire(&sd->queues[srb->queue].chan) ?: &sd->primary;
	if (vsc_wire_srb(&req->pkt, &sd->wire, &wire))
		return STORPORT_START_INVALID;
	req->pages_len = 0;
	if (!srb->data_length)
		return STORPORT_START_OK;
	ret = write_pages(sd, cmd, &gpa, req->pages, sizeof(req->pages));
	if (!ret)
		req->pages_len = gpa.len;
	return !ret || ret == -EMSGSIZE ? STORPORT_START_OK : STORPORT_START_INVALID;
}

static void show(struct vsc_stor_queue *queue,
		 void (*publish)(struct vmb_guest_channel *ch))
{
	/*
	 * Pairs with the release in vsc_stor_io_start(): all that was put before is
	 * shown, be it another's. Who puts something later says so anew.
	 */
	struct vsc_stor_chan *chan = xchg(&queue->unseen, NULL);

	if (chan && !READ_ONCE(chan->dead))
		publish(chan->ch);
}

/**
 * vsc_stor_io_commit() - show the host what was put
 * @adapter: storport's
 * @nr: the queue
 *
 * Context: an RCU read section, which those who close a channel wait for; no
 * locks.
 */
void vsc_stor_io_commit(struct storport_adapter *adapter, unsigned int nr)
{
	show(&vsc_stor_of(adapter)->queues[nr], vmb_guest_publish_poll);
}

/**
 * vsc_stor_io_start() - put a packet into the ring
 * @adapter: storport's
 * @srb: the command
 *
 * Context: storport's lock of the queue.
 * Return: whether it was put, or is to come again.
 */
enum storport_start vsc_stor_io_start(struct storport_adapter *adapter,
				      struct storport_srb *srb)
{
	struct vsc_stor_dev *sd = vsc_stor_of(adapter);
	struct vsc_stor_req *req = storport_srb_priv(srb);
	struct vsc_stor_queue *queue = &sd->queues[srb->queue];
	struct vsc_stor_chan *chan = srb->path, *unseen;
	struct vmb_guest_packet out = {
		.type = VMB_PKT_INBAND,
		.flags = VMB_PKT_COMPLETION_REQUESTED,
		.trans_id = srb->id,
		.body = { .iov_base = &req->pkt, .iov_len = sd->wire.packet_bytes },
	};
	struct vmb_guest_gpa gpa = {
		.buf = req->pages, .size = sizeof(req->pages), .len = req->pages_len,
	};

	/* pairs with the release in vsc_stor_channel_sub() */
	if (smp_load_acquire(&chan->dead))
		return STORPORT_START_LUN_BUSY;
	if (srb->data_length) {
		if (!req->pages_len &&
		    write_pages(sd, srb->cmd, &gpa, queue->pages, sd->pages_bytes))
			return STORPORT_START_INVALID;
		out.type = VMB_PKT_GPA_DIRECT;
		out.gpa = &gpa;
	}
	/*
	 * The queue has got its own channel in the middle of a batch. No command may
	 * end under the queue's lock, so nobody looks for answers.
	 */
	unseen = READ_ONCE(queue->unseen);
	if (unseen && unseen != chan)
		show(queue, vmb_guest_publish);
	switch (vmb_guest_put(chan->ch, &out)) {
	case 0:
		/* after it was put: see show() */
		smp_store_release(&queue->unseen, chan);
		return STORPORT_START_OK;
	case -EAGAIN:
		return STORPORT_START_ADAPTER_BUSY;
	case -ENOTCONN:
	case -EPROTO:
		/* whoever closed or broke it tells storport */
		return STORPORT_START_LUN_BUSY;
	default:
		return STORPORT_START_INVALID;
	}
}

/**
 * vsc_stor_io_poll() - look for answers
 * @adapter: storport's
 * @nr: the queue
 *
 * Context: an RCU read section.
 * Return: how many packets there were.
 */
int vsc_stor_io_poll(struct storport_adapter *adapter, unsigned int nr)
{
	struct vsc_stor_dev *sd = vsc_stor_of(adapter);
	/* pairs with the release in vsc_stor_channel_sub() */
	struct vsc_stor_chan *chan = smp_load_acquire(&sd->queues[nr].chan) ?:
				     &sd->primary;

	if (READ_ONCE(chan->dead))
		return 0;
	return vmb_guest_poll(chan->ch, VSC_STOR_POLL_BUDGET);
}

/* What the host says unasked. The address is not looked at: all are. */
static void receive_notice(struct vsc_stor_dev *sd, const struct vmb_packet *pkt)
{
	if (vsc_stor_wire_notice(pkt->data, pkt->len) < 0) {
		atomic64_inc(&sd->bad_packets);
		return;
	}
	atomic64_inc(&sd->notices);
	storport_notify(sd->adapter, STORPORT_EVENT_BUS_CHANGE, NULL);
}

/**
 * vsc_stor_io_receive() - a packet from the host
 * @ch: channel
 * @pkt: packet, in private memory
 *
 * Context: as the channel's mode says; hard interrupts included.
 */
void vsc_stor_io_receive(struct vmb_guest_channel *ch, const struct vmb_packet *pkt)
{
	struct vsc_stor_chan *chan = ch->drv;
	struct vsc_stor_dev *sd = chan->sd;
	struct storport_completion c;

	switch (pkt->type) {
	case VMB_PKT_COMPLETION:
		break;
	case VMB_PKT_INBAND:
		return receive_notice(sd, pkt);
	default:
		atomic64_inc(&sd->bad_packets);
		return;
	}
	if (pkt->trans_id & VSC_STOR_CONTROL_ID) {
		if (!vsc_stor_control_answer(sd, pkt))
			atomic64_inc(&sd->bad_packets);
		return;
	}
	/* if it makes no sense the command fails, if there is one */
	if (vsc_stor_wire_outcome(&sd->wire, pkt->data, pkt->len, &c))
		atomic64_inc(&sd->bad_packets);
	storport_complete(sd->adapter, pkt->trans_id, &c);
}
