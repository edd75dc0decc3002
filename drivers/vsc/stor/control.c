// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests besides SCSI commands: the handshake and resets. One at a time, on
 * the primary channel, each with a time limit.
 */
#define pr_fmt(fmt) "vsc_stor: " fmt

#include <linux/jiffies.h>

#include "../handshake.h"
#include "stor.h"

/**
 * vsc_stor_control_init() - set up a new controller's half
 * @sd: the controller
 */
void vsc_stor_control_init(struct vsc_stor_dev *sd)
{
	mutex_init(&sd->control_lock);
	spin_lock_init(&sd->answer_lock);
	init_completion(&sd->answered);
}

/*
 * Sends a packet and waits for the answer, which replaces it. -ETIMEDOUT;
 * -ENODEV if there is nobody to answer any more; -EPROTO for what is no answer;
 * what vmb_guest_send() says.
 */
static int control(struct vsc_stor_dev *sd, struct vmb_stor_packet *pkt, u32 bytes,
		   unsigned int limit_ms)
{
	struct vmb_guest_packet out = {
		.type = VMB_PKT_INBAND,
		.flags = VMB_PKT_COMPLETION_REQUESTED,
		.body = { .iov_base = pkt, .iov_len = bytes },
	};
	unsigned long deadline = jiffies + msecs_to_jiffies(limit_ms);
	int ret;

	lockdep_assert_held(&sd->control_lock);
	pkt->flags = cpu_to_le32(VMB_STOR_REQUEST_COMPLETION);

	spin_lock_irq(&sd->answer_lock);
	out.trans_id = VSC_STOR_CONTROL_ID | ++sd->control_seq;
	ret = sd->closed ? -ENODEV : 0;
	sd->result = -ETIMEDOUT;
	sd->control_id = ret ? 0 : out.trans_id;
	reinit_completion(&sd->answered);
	spin_unlock_irq(&sd->answer_lock);
	if (ret)
		return ret;

	/* the ring may be full of commands, which the host is taking */
	while ((ret = vmb_guest_send(sd->primary.ch, &out)) == -EAGAIN &&
	       time_before(jiffies, deadline))
		if (wait_for_completion_timeout(&sd->answered, HZ / 50 + 1))
			break;
	if (!ret)
		wait_for_completion_timeout(&sd->answered,
					    max_t(long, deadline - jiffies, 1));

	spin_lock_irq(&sd->answer_lock);
	sd->control_id = 0;
	if (!ret || sd->closed)
		ret = sd->result;
	if (!ret)
		*pkt = sd->answer;
	else
		pkt->status = 0;
	spin_unlock_irq(&sd->answer_lock);
	return ret;
}

/**
 * vsc_stor_control_answer() - is a packet the answer that is waited for?
 * @sd: the controller
 * @pkt: a completion
 *
 * Context: any.
 * Return: true if it was; else it came too late, or nobody asked.
 */
bool vsc_stor_control_answer(struct vsc_stor_dev *sd, const struct vmb_packet *pkt)
{
	unsigned long flags;
	bool taken = false;

	spin_lock_irqsave(&sd->answer_lock, flags);
	if (sd->control_id && pkt->trans_id == sd->control_id) {
		sd->result = vsc_wire_answer(pkt->data, pkt->len, &sd->answer);
		sd->control_id = 0;
		complete(&sd->answered);
		taken = true;
	}
	spin_unlock_irqrestore(&sd->answer_lock, flags);
	return taken;
}

/**
 * vsc_stor_control_close() - nobody will answer any more
 * @sd: the controller
 *
 * Context: any.
 */
void vsc_stor_control_close(struct vsc_stor_dev *sd)
{
	unsigned long flags;

	spin_lock_irqsave(&sd->answer_lock, flags);
	if (!sd->closed) {
		sd->closed = true;
		sd->result = -ENODEV;
		sd->control_id = 0;
		complete_all(&sd->answered);
	}
	spin_unlock_irqrestore(&sd->answer_lock, flags);
}

/**
 * vsc_stor_control_open() - somebody may answer again
 * @sd: the controller, after vsc_stor_control_close(); no channel is open
 *
 * Context: process.
 */
void vsc_stor_control_open(struct vsc_stor_dev *sd)
{
	spin_lock_irq(&sd->answer_lock);
	sd->closed = false;
	sd->control_id = 0;
	spin_unlock_irq(&sd->answer_lock);
}

/**
 * struct handshake - see vsc_handshake()
 * @hs: what drivers have in common
 * @sd: the controller
 */
struct handshake {
	struct vsc_handshake hs;
	struct vsc_stor_dev *sd;
};

static int handshake_ask(struct vsc_handshake *hs, struct vmb_stor_packet *pkt)
{
	struct vsc_stor_dev *sd = container_of(hs, struct handshake, hs)->sd;

	return control(sd, pkt, sd->wire.packet_bytes, VSC_STOR_HANDSHAKE_MS);
}

static struct handshake handshake_of(struct vsc_stor_dev *sd)
{
	return (struct handshake){
		.hs = {
			.dev = &sd->dev->dev,
			.level = KERN_ERR,
			.wire = &sd->wire,
			.ask = handshake_ask,
		},
		.sd = sd,
	};
}

/**
 * vsc_stor_control_handshake() - from an open primary channel to a controller
 * @sd: the controller; version and properties are set
 *
 * Context: process; sleeps for answers.
 * Return: 0 or an errno.
 */
int vsc_stor_control_handshake(struct vsc_stor_dev *sd)
{
	struct handshake h = handshake_of(sd);

	guard(mutex)(&sd->control_lock);
	return vsc_handshake(&h.hs, &sd->props);
}

/**
 * vsc_stor_control_sub_channels() - ask for sub-channels
 * @sd: the controller
 * @nr: how many
 *
 * Context: process; sleeps for the answer.
 * Return: 0 or an errno; the controller works without them.
 */
int vsc_stor_control_sub_channels(struct vsc_stor_dev *sd, unsigned int nr)
{
	struct vmb_stor_packet pkt = { .sub_channels = cpu_to_le16(nr) };
	struct handshake h = handshake_of(sd);

	guard(mutex)(&sd->control_lock);
	return vsc_handshake_step(&h.hs, &pkt, VMB_STOR_OP_CREATE_SUB_CHANNELS);
}

/**
 * vsc_stor_control_reset() - reset a logical unit or the bus
 * @sd: the controller
 * @op: %VMB_STOR_OP_RESET_LUN or %VMB_STOR_OP_RESET_BUS
 * @addr: where
 * @limit_ms: time limit
 *
 * Context: process; sleeps for the answer.
 * Return: 0 or an errno.
 */
int vsc_stor_control_reset(struct vsc_stor_dev *sd, enum vmb_stor_op op,
			   const struct storport_address *addr, unsigned int limit_ms)
{
	struct vmb_stor_packet pkt = {
		.operation = cpu_to_le32(op),
		.srb.length = cpu_to_le16(sd->wire.packet_bytes - VMB_STOR_PACKET_HEAD),
		.srb.path_id = addr->channel,
		.srb.target_id = addr->target,
		.srb.lun = addr->lun,
	};
	int ret;

	mutex_lock(&sd->control_lock);
	ret = control(sd, &pkt, sd->wire.packet_bytes, limit_ms);
	mutex_unlock(&sd->control_lock);
	if (!ret && pkt.status)
		ret = -EIO;
	return ret;
}
