// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: opened, lost, closed.
 */
#define pr_fmt(fmt) "vsc_stor: " fmt

#include <linux/slab.h>
#include <linux/topology.h>

#include "stor.h"

/* A ring is broken: nothing can be believed, or got back, any more. */
static void channel_broken(struct vmb_guest_channel *ch)
{
	struct vsc_stor_chan *chan = ch->drv;

	if (chan == &chan->sd->primary)
		vsc_stor_control_close(chan->sd);
	schedule_delayed_work(&chan->sd->dead_work, 0);
}

/**
 * vsc_stor_channel_dead_work() - give a controller up
 * @work: struct vsc_stor_dev.dead_work
 *
 * The host may still write to memory of commands until the channels are closed.
 */
void vsc_stor_channel_dead_work(struct work_struct *work)
{
	struct vsc_stor_dev *sd =
		container_of(to_delayed_work(work), struct vsc_stor_dev, dead_work);

	/* who holds it may be waiting for this work to end */
	if (!device_trylock(&sd->dev->dev)) {
		schedule_delayed_work(&sd->dead_work, HZ / 10);
		return;
	}
	vsc_stor_control_close(sd);
	vsc_stor_channel_close_all(sd);
	device_unlock(&sd->dev->dev);
	storport_adapter_gone(sd->adapter);
}

static void sub_channel_lost(struct vsc_stor_chan *chan)
{
	struct vsc_stor_dev *sd = chan->sd;

	mutex_lock(&sd->lost_lock);
	WRITE_ONCE(chan->dead, true);
	WRITE_ONCE(sd->queues[chan->queue].chan, NULL);
	/* waits for who looks at the channel, too */
	storport_path_lost(sd->adapter, chan);
	mutex_unlock(&sd->lost_lock);
}

/* The host answers nothing on this channel any more. */
static void channel_rescind(struct vmb_guest_channel *ch)
{
	struct vsc_stor_chan *chan = ch->drv;
	struct vsc_stor_dev *sd = chan->sd;

	if (chan != &sd->primary)
		return sub_channel_lost(chan);
	WRITE_ONCE(chan->dead, true);
	/* before storport does, which waits for those who wait for an answer */
	vsc_stor_control_close(sd);
	storport_adapter_gone(sd->adapter);
}

static void channel_room(struct vmb_guest_channel *ch)
{
	struct vsc_stor_chan *chan = ch->drv;

	storport_ready(chan->sd->adapter);
}

static const struct vmb_guest_ops channel_ops = {
	.receive	= vsc_stor_io_receive,
	.room		= channel_room,
	.broken		= channel_broken,
	.rescind	= channel_rescind,
};

/**
 * vsc_stor_channel_open() - open a channel
 * @chan: the channel; its ch, sd and queue are set
 * @mode: where packets are received
 * @cpu: takes its interrupts, or %VMB_GUEST_CPU_ANY
 *
 * Context: may sleep.
 * Return: 0, or what vmb_guest_open() says.
 */
int vsc_stor_channel_open(struct vsc_stor_chan *chan, enum vmb_guest_mode mode, int cpu)
{
	struct vmb_stor_properties user = {};
	struct vmb_guest_open_args args = {
		.ops = &channel_ops,
		.mode = mode,
		.out_size = VSC_STOR_OUT_BYTES,
		.in_size = VSC_STOR_IN_BYTES,
		.max_packet = VSC_STOR_MAX_PACKET,
		.cpu = cpu,
		.user = &user,
		.user_len = sizeof(user),
	};

	chan->ch->drv = chan;
	return vmb_guest_open(chan->ch, &args);
}

/**
 * vsc_stor_channel_place() - have the CPU whose queue it is take interrupts
 * @sd: the controller; storport knows it, and with it which CPU has which queue
 *
 * That was not known when the primary channel was opened. Where the host cannot
 * move it, or there is one queue for all, any CPU is as good.
 *
 * Context: may sleep; device's lock.
 */
void vsc_stor_channel_place(struct vsc_stor_dev *sd)
{
	int cpu = storport_queue_cpu(sd->adapter, 0);

	if (sd->adapter->config.nr_queues > 1 && cpu >= 0)
		vmb_guest_set_cpu(sd->primary.ch, cpu);
}

/*
 * That of a queue, dead, or NULL without memory. It stays until the controller
 * goes, since a command may have it for its path.
 */
static struct vsc_stor_chan *sub_channel_of(struct vsc_stor_dev *sd, u16 queue)
{
	int cpu = storport_queue_cpu(sd->adapter, queue);
	struct vsc_stor_chan *chan;

	list_for_each_entry(chan, &sd->chans, node)
		if (chan->queue == queue)
			return chan;
	chan = kzalloc_node(sizeof(*chan), GFP_KERNEL,
			    cpu < 0 ? NUMA_NO_NODE : cpu_to_node(cpu));
	if (!chan)
		return NULL;
	chan->sd = sd;
	chan->queue = queue;
	chan->dead = true;
	list_add_tail(&chan->node, &sd->chans);
	return chan;
}

/**
 * vsc_stor_channel_sub() - the host has offered a sub-channel
 * @ch: the channel
 *
 * Until it is open its queue goes by the primary channel, and if it cannot be
 * opened it goes on so.
 *
 * Context: process, with the device's lock held.
 */
void vsc_stor_channel_sub(struct vmb_guest_channel *ch)
{
	struct vsc_stor_dev *sd = dev_get_drvdata(&ch->dev->dev);
	struct storport_adapter *adapter;
	struct vsc_stor_chan *chan;
	bool poll;
	int ret;

	if (!sd)
		return;
	adapter = sd->adapter;
	if (!ch->index || ch->index >= sd->nr_queues ||
	    sd->queues[ch->index].chan) {
		dev_warn(&sd->dev->dev, "sub-channel %u was not asked for\n", ch->index);
		return;
	}
	chan = sub_channel_of(sd, ch->index);
	if (!chan)
		return;
	chan->ch = ch;
	/* a command may still have it for its path; pairs with the read in io.c */
	smp_store_release(&chan->dead, false);
	poll = chan->queue >= adapter->config.nr_queues;
	ret = vsc_stor_channel_open(chan, poll ? VMB_GUEST_POLLED : VMB_GUEST_ISR,
				    storport_queue_cpu(adapter, chan->queue));
	if (ret) {
		dev_warn(&sd->dev->dev, "sub-channel %u does not open: error %d\n",
			 ch->index, ret);
		WRITE_ONCE(chan->dead, true);
		return;
	}
	mutex_lock(&sd->lost_lock);
	/* it may have been rescinded since */
	if (!chan->dead)
		/* pairs with the reads in io.c */
		smp_store_release(&sd->queues[chan->queue].chan, chan);
	mutex_unlock(&sd->lost_lock);
}

/**
 * vsc_stor_channel_sleep() - close all channels, those to be opened again too
 * @sd: the controller; no command starts, and nobody polls
 *
 * Context: as vsc_stor_channel_close_all().
 */
void vsc_stor_channel_sleep(struct vsc_stor_dev *sd)
{
	struct vsc_stor_chan *chan;
	unsigned int i;

	vsc_stor_control_close(sd);
	vsc_stor_channel_close_all(sd);
	/* vmb_guest has told of the last rescind, and tells of none any more */
	mutex_lock(&sd->lost_lock);
	list_for_each_entry(chan, &sd->chans, node)
		WRITE_ONCE(chan->dead, true);
	mutex_unlock(&sd->lost_lock);
	for (i = 0; i < sd->nr_queues; i++) {
		WRITE_ONCE(sd->queues[i].chan, NULL);
		WRITE_ONCE(sd->queues[i].unseen, NULL);
	}
}

/**
 * vsc_stor_channel_wake() - open the primary channel again
 * @sd: the controller, after vsc_stor_channel_sleep()
 *
 * Context: as vsc_stor_channel_close_all().
 * Return: 0 or what vmb_guest_open() says.
 */
int vsc_stor_channel_wake(struct vsc_stor_dev *sd)
{
	vsc_stor_control_open(sd);
	WRITE_ONCE(sd->primary.dead, false);
	return vsc_stor_channel_open(&sd->primary, VMB_GUEST_ISR, VMB_GUEST_CPU_ANY);
}

/**
 * vsc_stor_channel_close_all() - close all channels
 * @sd: the controller
 *
 * A sub-channel that is being rescinded is waited for: when this returns, no
 * callback of a channel is running or will be called.
 *
 * Context: may sleep; device's lock, which keeps channels that were rescinded
 * from being freed; not from callbacks of channels.
 */
void vsc_stor_channel_close_all(struct vsc_stor_dev *sd)
{
	struct vsc_stor_chan *chan;
	bool dead;

	list_for_each_entry(chan, &sd->chans, node) {
		mutex_lock(&sd->lost_lock);
		dead = chan->dead;
		mutex_unlock(&sd->lost_lock);
		if (!dead)
			vmb_guest_close(chan->ch);
	}
	vmb_guest_close(sd->primary.ch);
}
