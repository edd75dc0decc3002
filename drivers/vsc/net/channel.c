// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: opened, lost, closed.
 */
#define pr_fmt(fmt) "vsc_net: " fmt

#include "net.h"

static void channel_event(struct vmb_guest_channel *ch)
{
	struct vsc_net_chan *chan = ch->drv;

	napi_schedule_irqoff(&chan->napi);
}

/* What waits for room is sent by NAPI. */
static void channel_room(struct vmb_guest_channel *ch)
{
	struct vsc_net_chan *chan = ch->drv;

	napi_schedule(&chan->napi);
}

static void channel_moved(struct vmb_guest_channel *ch, unsigned int old)
{
	struct vsc_net_chan *chan = ch->drv;

	WRITE_ONCE(chan->cpu, ch->cpu);
	schedule_work(&chan->nd->queue_work);
}

/* Nothing can be believed, or got back, any more, until the driver is bound anew. */
static void channel_broken(struct vmb_guest_channel *ch)
{
	struct vsc_net_chan *chan = ch->drv;
	struct vsc_net_dev *nd = chan->nd;

	vsc_net_control_close(nd);
	vsc_net_dev_carrier(nd, false);
}

/* NAPI of the channel runs no more. */
static void channel_quiet(struct vsc_net_chan *chan)
{
	napi_disable(&chan->napi);
	hrtimer_cancel(&chan->timer);
	timer_delete_sync(&chan->lazy);
	vsc_net_rx_free(chan);
}

/* Nobody uses it, and the host does not either. */
static void channel_end(struct vsc_net_chan *chan)
{
	if (chan->tx.nr)
		vsc_net_tx_stop(chan);
	chan->nr_done = 0;
	chan->nr_lazy = 0;
	chan->tx_packets = 0;
	chan->tx_bytes = 0;
}

/* The host answers nothing on this channel any more. */
static void channel_rescind(struct vmb_guest_channel *ch)
{
	struct vsc_net_chan *chan = ch->drv;
	struct vsc_net_dev *nd = chan->nd;

	if (!chan->index) {
		/* remove follows, where it is closed */
		vsc_net_control_close(nd);
		vsc_net_dev_carrier(nd, false);
		return;
	}
	mutex_lock(&nd->lost_lock);
	WRITE_ONCE(chan->opened, false);
	channel_quiet(chan);
	channel_end(chan);
	mutex_unlock(&nd->lost_lock);
	schedule_work(&nd->queue_work);
}

static const struct vmb_guest_ops channel_ops = {
	.receive	= vsc_net_rx_packet,
	.batch_end	= vsc_net_rx_batch_end,
	.room		= channel_room,
	.event		= channel_event,
	.moved		= channel_moved,
	.broken		= channel_broken,
	.rescind	= channel_rescind,
};

/* One of its own, as far as there are any: those from the primary channel's on. */
static int sub_cpu(const struct vsc_net_chan *chan)
{
	unsigned int skip = chan->index, cpu;

	for_each_cpu_wrap(cpu, cpu_online_mask, READ_ONCE(chan->nd->chans[0].cpu))
		if (!skip--)
			return cpu;
	return VMB_GUEST_CPU_ANY;
}

/**
 * vsc_net_chan_open() - open a channel
 * @chan: the channel, closed
 * @ch: vmb_guest's
 *
 * It receives, and sends no frames yet.
 *
 * Context: may sleep; the device's lock.
 * Return: 0, -ENOMEM, or what vmb_guest_open() says.
 */
int vsc_net_chan_open(struct vsc_net_chan *chan, struct vmb_guest_channel *ch)
{
	/* what hv_netvsc sends in place of it; nothing of interest */
	struct vmb_guest_open_args args = {
		.ops = &channel_ops,
		.mode = VMB_GUEST_POLLED,
		.out_size = VSC_NET_OUT_BYTES,
		.in_size = VSC_NET_IN_BYTES,
		.max_packet = VSC_NET_MAX_PACKET,
		.cpu = VMB_GUEST_CPU_ANY,
	};
	int ret;

	if (chan->index)
		args.cpu = sub_cpu(chan);
	ret = vsc_net_rx_alloc(chan);
	if (ret)
		return ret;
	chan->ch = ch;
	ch->drv = chan;
	napi_enable(&chan->napi);
	WRITE_ONCE(chan->opened, true);
	ret = vmb_guest_open(ch, &args);
	if (ret) {
		WRITE_ONCE(chan->opened, false);
		channel_quiet(chan);
		return ret;
	}
	WRITE_ONCE(chan->cpu, ch->cpu);
	/* signals are off; there may be something already */
	local_bh_disable();
	napi_schedule(&chan->napi);
	local_bh_enable();
	return 0;
}

/**
 * vsc_net_chan_start() - frames go by a channel
 * @chan: the channel, open; the properties of the NIC are known
 *
 * Context: may sleep; the device's lock.
 * Return: 0 or -ENOMEM.
 */
int vsc_net_chan_start(struct vsc_net_chan *chan)
{
	int ret;

	if (!chan->tx.nr) {
		ret = vsc_net_tx_alloc(chan);
		if (ret)
			return ret;
	}
	vsc_net_tx_start(chan);
	return 0;
}

/**
 * vsc_net_chan_close_all() - close all channels
 * @nd: the NIC
 *
 * A sub-channel that is being rescinded is waited for: when this returns, no
 * callback of a channel is running or will be called.
 *
 * Context: may sleep; the device's lock, which keeps channels that were
 * rescinded from being freed; not from callbacks of channels.
 */
void vsc_net_chan_close_all(struct vsc_net_dev *nd)
{
	unsigned int i;
	bool opened;

	for (i = nd->nr_chans; i-- > 0; ) {
		struct vsc_net_chan *chan = &nd->chans[i];

		mutex_lock(&nd->lost_lock);
		opened = chan->opened;
		mutex_unlock(&nd->lost_lock);
		if (!opened)
			continue;
		/* a rescind that comes now is over when this returns */
		vmb_guest_close(chan->ch);
		mutex_lock(&nd->lost_lock);
		if (chan->opened) {
			WRITE_ONCE(chan->opened, false);
			channel_quiet(chan);
			channel_end(chan);
		}
		mutex_unlock(&nd->lost_lock);
	}
}

/**
 * vsc_net_chan_sub() - the host offers a sub-channel
 * @ch: vmb_guest's
 *
 * Context: may sleep; the device's lock.
 */
void vsc_net_chan_sub(struct vmb_guest_channel *ch)
{
	struct vsc_net_dev *nd = dev_get_drvdata(&ch->dev->dev);
	struct vsc_net_chan *chan;
	int ret;

	if (!nd)
		return;
	if (!ch->index || ch->index >= nd->rss.queues || nd->chans[ch->index].opened) {
		dev_warn(&nd->dev->dev, "sub-channel %u was not asked for\n", ch->index);
		return;
	}
	chan = &nd->chans[ch->index];
	ret = vsc_net_chan_open(chan, ch);
	if (ret) {
		dev_warn(&nd->dev->dev, "sub-channel %u does not open: error %d\n", ch->index,
			 ret);
		return;
	}
	mutex_lock(&nd->lost_lock);
	/* it may have been rescinded since */
	if (chan->opened)
		ret = vsc_net_chan_start(chan);
	mutex_unlock(&nd->lost_lock);
	if (ret)
		dev_warn(&nd->dev->dev, "sub-channel %u is of no use: error %d\n", ch->index,
			 ret);
	schedule_work(&nd->queue_work);
}
