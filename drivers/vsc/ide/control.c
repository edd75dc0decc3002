// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests that the caller waits for: the handshake, and SCSI commands of our
 * own. One at a time, each with a time limit.
 */
#define pr_fmt(fmt) "vsc_ide: " fmt

#include <linux/jiffies.h>
#include <linux/mm.h>

#include "../handshake.h"
#include "vmb.h"

/**
 * vsc_ide_control_init() - set up a new channel's half
 * @chan: the channel
 */
void vsc_ide_control_init(struct vsc_ide_chan *chan)
{
	mutex_init(&chan->control_lock);
	spin_lock_init(&chan->answer_lock);
	init_completion(&chan->answered);
	chan->closed = true;
}

/**
 * vsc_ide_control_open() - somebody may answer from now on
 * @chan: the channel
 *
 * Context: process.
 */
void vsc_ide_control_open(struct vsc_ide_chan *chan)
{
	spin_lock_irq(&chan->answer_lock);
	chan->closed = false;
	chan->control_id = 0;
	spin_unlock_irq(&chan->answer_lock);
}

/**
 * vsc_ide_control_close() - nobody will answer any more
 * @chan: the channel
 *
 * Context: any.
 */
void vsc_ide_control_close(struct vsc_ide_chan *chan)
{
	unsigned long flags;

	spin_lock_irqsave(&chan->answer_lock, flags);
	chan->closed = true;
	chan->control_id = 0;
	complete(&chan->answered);
	spin_unlock_irqrestore(&chan->answer_lock, flags);
}

/**
 * vsc_ide_control_answer() - is a packet the answer that is waited for?
 * @chan: the channel
 * @pkt: a completion
 *
 * Context: any.
 * Return: true if it was; else it came too late, or nobody asked.
 */
bool vsc_ide_control_answer(struct vsc_ide_chan *chan, const struct vmb_packet *pkt)
{
	unsigned long flags;
	bool taken = false;

	spin_lock_irqsave(&chan->answer_lock, flags);
	if (chan->control_id && pkt->trans_id == chan->control_id) {
		chan->answer_len = min_t(u32, pkt->len, sizeof(chan->answer));
		memcpy(&chan->answer, pkt->data, chan->answer_len);
		chan->control_id = 0;
		complete(&chan->answered);
		taken = true;
	}
	spin_unlock_irqrestore(&chan->answer_lock, flags);
	return taken;
}

/*
 * Sends a packet and waits for the answer, which is chan->answer then. An answer
 * that comes too late is a stranger to everybody, and the end of the channel:
 * the host may have used the memory until then.
 */
static int control(struct vsc_ide_chan *chan, struct vmb_guest_packet *out,
		   unsigned int limit_ms)
{
	unsigned long left = msecs_to_jiffies(limit_ms) + 1;
	int ret;

	lockdep_assert_held(&chan->control_lock);
	out->flags = VMB_PKT_COMPLETION_REQUESTED;

	spin_lock_irq(&chan->answer_lock);
	reinit_completion(&chan->answered);
	out->trans_id = VSC_IDE_CONTROL_ID | ++chan->control_seq;
	ret = chan->closed ? -ENODEV : 0;
	chan->control_id = ret ? 0 : out->trans_id;
	chan->answer_len = 0;
	spin_unlock_irq(&chan->answer_lock);
	if (ret)
		return ret;

	/* nothing else is under way that could fill the ring */
	ret = vmb_guest_send(chan->dev->primary, out);
	if (!ret)
		wait_for_completion_timeout(&chan->answered, left);

	spin_lock_irq(&chan->answer_lock);
	if (!ret && chan->closed)
		ret = -ENODEV;
	else if (!ret && chan->control_id)
		ret = -ETIMEDOUT;
	chan->control_id = 0;
	spin_unlock_irq(&chan->answer_lock);
	return ret;
}

/**
 * struct handshake - see vsc_handshake()
 * @hs: what drivers have in common
 * @chan: the channel
 */
struct handshake {
	struct vsc_handshake hs;
	struct vsc_ide_chan *chan;
};

static int handshake_ask(struct vsc_handshake *hs, struct vmb_stor_packet *pkt)
{
	struct vsc_ide_chan *chan = container_of(hs, struct handshake, hs)->chan;
	struct vmb_guest_packet out = {
		.type = VMB_PKT_INBAND,
		.body = { .iov_base = pkt, .iov_len = chan->wire.packet_bytes },
	};
	int ret;

	ret = control(chan, &out, VSC_IDE_HANDSHAKE_MS);
	return ret ?: vsc_wire_answer(&chan->answer, chan->answer_len, pkt);
}

/**
 * vsc_ide_control_handshake() - from an open channel to one that takes commands
 * @chan: the channel; version and largest command are set
 *
 * Context: process; sleeps for answers.
 * Return: 0 or an errno.
 */
int vsc_ide_control_handshake(struct vsc_ide_chan *chan)
{
	struct handshake h = {
		.hs = {
			.dev = &chan->dev->dev,
			.level = KERN_WARNING,
			.wire = &chan->wire,
			.ask = handshake_ask,
		},
		.chan = chan,
	};
	struct vsc_wire_properties props;
	int ret;

	guard(mutex)(&chan->control_lock);
	ret = vsc_handshake(&h.hs, &props);
	if (!ret)
		chan->link.max_transfer = props.max_transfer;
	return ret;
}

/**
 * vsc_ide_control_exec() - carry out a SCSI command of our own
 * @chan: the channel, after the handshake
 * @srb: the command; its time limit is ours as well
 * @buf: its data, in one page; NULL if it has none
 * @moved: set to the bytes that the host says it has moved
 *
 * Context: process; sleeps for the answer.
 * Return: enum vsc_ide_outcome or an errno. After -ETIMEDOUT the host may still
 * use @buf until the channel is closed.
 */
int vsc_ide_control_exec(struct vsc_ide_chan *chan, const struct vsc_ide_srb *srb, void *buf,
			 u32 *moved)
{
	struct vmb_stor_packet pkt;
	struct vmb_guest_packet out = {
		.type = VMB_PKT_INBAND,
		.body = { .iov_base = &pkt, .iov_len = chan->wire.packet_bytes },
	};
	struct vmb_guest_gpa gpa;
	__le64 *pfn;
	int ret;

	guard(mutex)(&chan->control_lock);
	ret = vsc_ide_wire_srb(&pkt, &chan->wire, &chan->link.addr, srb);
	if (ret)
		return ret;
	if (srb->bytes) {
		vmb_guest_gpa_init(&gpa, chan->control_pages, sizeof(chan->control_pages));
		pfn = vmb_guest_gpa_add(&gpa, offset_in_page(buf), srb->bytes);
		if (!pfn)
			return -EINVAL;
		*pfn = cpu_to_le64(vmb_guest_pfn(chan->dev, virt_to_page(buf)));
		out.type = VMB_PKT_GPA_DIRECT;
		out.gpa = &gpa;
	}
	ret = control(chan, &out, srb->timeout_s * MSEC_PER_SEC);
	if (ret)
		return ret;
	return vsc_ide_wire_outcome(&chan->wire, &chan->answer, chan->answer_len, moved);
}
