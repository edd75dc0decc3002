// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: made by an offer, opened and closed by their driver, moved from CPU
 * to CPU.
 */
#define pr_fmt(fmt) "vmb_guest: " fmt

#include <kunit/visibility.h>
#include <linux/cpu.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include "guest.h"
#include "trace.h"

/**
 * vmb_guest_chan_alloc - make a channel
 * @bus: the bus
 * @offer: checked
 *
 * Context: the work of messages; may sleep.
 * Return: it, with one reference, or NULL.
 */
struct vmb_guest_chan *vmb_guest_chan_alloc(struct vmb_guest_bus *bus,
					    const struct vmb_msg_offer *offer)
{
	struct vmb_guest_chan *ch = kzalloc(sizeof(*ch), GFP_KERNEL);

	if (!ch)
		return NULL;
	kobject_init(&ch->kobj, &vmb_guest_chan_ktype);
	ch->bus = bus;
	ch->pub.index = le16_to_cpu(offer->sub_channel_index);
	ch->pub.relid = le32_to_cpu(offer->relid);
	ch->pub.cpu = bus->msg_cpu;
	ch->connection_id = le32_to_cpu(offer->connection_id);
	ch->serial = ++bus->nr_offers;
	INIT_WORK(&ch->work, vmb_guest_chan_work);
	INIT_WORK(&ch->tell, vmb_guest_chan_tell_work);
	INIT_LIST_HEAD(&ch->sub_node);
	mutex_init(&ch->lock);
	vmb_guest_chan_init_data(ch);
	return ch;
}

/**
 * vmb_guest_chan_put - give up a reference
 * @ch: the channel
 *
 * Context: may sleep.
 */
void vmb_guest_chan_put(struct vmb_guest_chan *ch)
{
	kobject_put(&ch->kobj);
}

static void vmb_guest_chan_free_rings(struct vmb_guest_chan *ch)
{
	unsigned int i;

	vunmap(ch->out_map);
	vunmap(ch->in_map);
	ch->out_map = NULL;
	ch->in_map = NULL;
	for (i = 0; i < ch->nr_pages && ch->pages[i]; i++)
		__free_page(ch->pages[i]);
	kvfree(ch->pages);
	ch->pages = NULL;
	ch->nr_pages = 0;
	kvfree(ch->in_buf);
	ch->in_buf = NULL;
}

static int vmb_guest_chan_alloc_rings(struct vmb_guest_chan *ch,
				      const struct vmb_guest_open_args *args,
				      int node)
{
	unsigned int nr_out = (args->out_size >> VMB_PAGE_SHIFT) + 1;
	unsigned int nr_in = (args->in_size >> VMB_PAGE_SHIFT) + 1;
	unsigned int i;
	int ret;

	if (args->out_size > VMB_RING_MAX_DATA || args->in_size > VMB_RING_MAX_DATA ||
	    nr_out + nr_in > VMB_GUEST_GPADL_MAX_PAGES)
		return -EINVAL;
	ch->pages = kvcalloc(nr_out + nr_in, sizeof(*ch->pages), GFP_KERNEL);
	if (!ch->pages)
		return -ENOMEM;
	ch->nr_pages = nr_out + nr_in;
	ch->node = NUMA_NO_NODE;
	ret = -ENOMEM;
	/* headers are zero, and the host is shown nothing that was there before */
	for (i = 0; i < ch->nr_pages; i++) {
		ch->pages[i] = alloc_pages_node(node, GFP_KERNEL | __GFP_ZERO, 0);
		if (!ch->pages[i])
			goto free;
		if (!i)
			ch->node = page_to_nid(ch->pages[i]);
		else if (ch->node != page_to_nid(ch->pages[i]))
			ch->node = NUMA_NO_NODE;
	}
	ch->in_max = args->max_packet;
	ch->in_buf = kvmalloc_node(ch->in_max, GFP_KERNEL, node);
	ch->out_map = vmb_ring_map(ch->pages, nr_out);
	ch->in_map = vmb_ring_map(ch->pages + nr_out, nr_in);
	if (!ch->in_buf || !ch->out_map || !ch->in_map)
		goto free;

	ret = vmb_ring_init_producer(&ch->out, ch->out_map, ch->out_map + VMB_PAGE_SIZE,
				     args->out_size);
	if (!ret)
		ret = vmb_ring_init_consumer(&ch->in, ch->in_map,
					     ch->in_map + VMB_PAGE_SIZE, args->in_size);
	if (ret)
		goto free;
	return 0;

free:
	vmb_guest_chan_free_rings(ch);
	return ret;
}

/* The host has the rings back, or it has them for good. */
static void vmb_guest_chan_return_rings(struct vmb_guest_chan *ch)
{
	if (vmb_guest_gpadl_teardown(&ch->pub, &ch->gpadl)) {
		vmb_guest_chan_warn(ch, "%u pages are lost: the host has not given them back\n",
				    ch->nr_pages);
		ch->nr_pages = 0;
	}
	vmb_guest_chan_free_rings(ch);
}

static void vmb_guest_chan_post_close(struct vmb_guest_chan *ch)
{
	struct vmb_msg_relid msg = {
		.hdr = vmb_guest_header(VMB_MSG_CLOSE),
		.relid = cpu_to_le32(ch->pub.relid),
	};

	/* no answer; without a connection or an offer there is nothing to close */
	if (!vmb_guest_chan_rescinded(ch))
		vmb_guest_post(ch->bus, &msg, sizeof(msg));
}

static int vmb_guest_chan_post_open(struct vmb_guest_chan *ch,
				    const struct vmb_guest_open_args *args)
{
	struct vmb_guest_bus *bus = ch->bus;
	u32 id = atomic_inc_return(&bus->next_open);
	struct vmb_msg_open msg = {
		.hdr = vmb_guest_header(VMB_MSG_OPEN),
		.relid = cpu_to_le32(ch->pub.relid),
		.open_id = cpu_to_le32(id),
		.ring_gpadl = cpu_to_le32(ch->gpadl.handle),
		.target_vp = cpu_to_le32(bus->pf->ops->vp_index(bus->pf, ch->pub.cpu)),
		.downstream_page = cpu_to_le32((args->out_size >> VMB_PAGE_SHIFT) + 1),
	};
	const struct vmb_msg_open_result *answer;
	struct vmb_guest_wait w;
	int ret;

	if (args->user_len)
		memcpy(msg.user, args->user, args->user_len);
	vmb_guest_wait_begin(bus, &w, VMB_MSG_OPEN_RESULT, ch->pub.relid, id);
	/* a rescind from here on finds the waiter */
	ret = vmb_guest_chan_rescinded(ch) ? -ENODEV : vmb_guest_post(bus, &msg, sizeof(msg));
	if (ret) {
		vmb_guest_wait_cancel(bus, &w);
		return ret;
	}
	ret = vmb_guest_wait_end(bus, &w, 1);
	if (ret) {
		/* it may have opened it all the same */
		vmb_guest_chan_post_close(ch);
		return ret;
	}
	answer = (void *)w.msg.payload;
	if (answer->status) {
		vmb_guest_chan_warn(ch, "open refused: status %#x\n",
				    le32_to_cpu(answer->status));
		return -EIO;
	}
	return 0;
}

/**
 * vmb_guest_open() - open a channel
 * @ch: the channel; the driver has set &vmb_guest_channel.drv
 * @args: how
 *
 * Packets may be received before this returns.
 *
 * Context: may sleep; not from &vmb_guest_ops callbacks.
 * Return: 0; -EINVAL when @args make no sense; -EBUSY when it is open; -ENOMEM;
 * -ENODEV when the channel was rescinded; -ESHUTDOWN without a connection; -EIO
 * when the host refuses; -ETIMEDOUT when it does not answer.
 */
int vmb_guest_open(struct vmb_guest_channel *ch, const struct vmb_guest_open_args *args)
{
	struct vmb_guest_chan *chan = vmb_guest_chan_of(ch);
	unsigned int cpu;
	int ret;

	if (!args->ops || !args->ops->receive || args->user_len > VMB_OFFER_USER_BYTES ||
	    args->mode > VMB_GUEST_POLLED || args->max_packet % 8 ||
	    args->max_packet < sizeof(struct vmb_pkt_desc) ||
	    args->max_packet > U16_MAX * 8)
		return -EINVAL;

	guard(mutex)(&chan->lock);
	if (vmb_guest_chan_rescinded(chan))
		return -ENODEV;
	if (chan->state != VMB_GUEST_CHAN_OFFERED)
		return -EBUSY;
	cpu = vmb_guest_cpu_choose(chan->bus, args->cpu);
	ret = vmb_guest_chan_alloc_rings(chan, args, cpu_to_node(cpu));
	if (ret)
		return ret;
	ret = vmb_guest_gpadl_create(ch, chan->pages, chan->nr_pages, &chan->gpadl);
	if (ret) {
		if (ret == -ETIMEDOUT)
			chan->nr_pages = 0;
		vmb_guest_chan_free_rings(chan);
		return ret;
	}
	ch->cpu = cpu;
	chan->ops = args->ops;
	chan->mode = args->mode;
	/* the host may send as soon as it has opened the channel */
	vmb_guest_chan_start_data(chan);
	ret = vmb_guest_chan_post_open(chan, args);
	/* the driver of an open channel is told of its rescind; now it is ours */
	if (!ret && vmb_guest_chan_rescinded(chan))
		ret = -ENODEV;
	if (ret) {
		vmb_guest_chan_stop_data(chan);
		vmb_guest_chan_return_rings(chan);
		return ret;
	}
	chan->state = VMB_GUEST_CHAN_OPEN;
	trace_vmb_guest_open(chan);
	return 0;
}
EXPORT_SYMBOL_GPL(vmb_guest_open);

/**
 * vmb_guest_chan_close - close a channel, if it is open
 * @ch: the channel
 *
 * Context: may sleep; channel's lock.
 */
void vmb_guest_chan_close(struct vmb_guest_chan *ch)
{
	lockdep_assert_held(&ch->lock);
	if (ch->state != VMB_GUEST_CHAN_OPEN)
		return;
	vmb_guest_chan_stop_data(ch);
	vmb_guest_chan_post_close(ch);
	vmb_guest_chan_return_rings(ch);
	ch->state = VMB_GUEST_CHAN_OFFERED;
	trace_vmb_guest_close(ch);
}

/**
 * vmb_guest_close() - close a channel, if it is open
 * @ch: the channel
 *
 * When this returns no callback is running or will be called for it, and what
 * had been put may or may not have been seen by the host. The driver ends what
 * waits for an answer. GPADLs that the driver has made stay.
 *
 * Context: may sleep; not from &vmb_guest_ops callbacks, and without any lock
 * that they take.
 */
void vmb_guest_close(struct vmb_guest_channel *ch)
{
	struct vmb_guest_chan *chan = vmb_guest_chan_of(ch);

	guard(mutex)(&chan->lock);
	vmb_guest_chan_close(chan);
}
EXPORT_SYMBOL_GPL(vmb_guest_close);

/**
 * vmb_guest_chan_move - have another CPU take a channel's interrupts
 * @ch: the channel, open
 * @cpu: whose SynIC is enabled
 *
 * From version 5.3 on none comes to the old CPU when this returns. Before that
 * the host does not say when it has moved them, and the channel is looked at
 * once more, for a signal that came to a CPU that has gone.
 *
 * Context: may sleep; channel's lock.
 * Return: 0; -EOPNOTSUPP before version 4.1; -EIO; -ETIMEDOUT; -ENODEV.
 */
int vmb_guest_chan_move(struct vmb_guest_chan *ch, unsigned int cpu)
{
	struct vmb_guest_bus *bus = ch->bus;
	struct vmb_msg_modify_channel msg = {
		.hdr = vmb_guest_header(VMB_MSG_MODIFY_CHANNEL),
		.relid = cpu_to_le32(ch->pub.relid),
		.target_vp = cpu_to_le32(bus->pf->ops->vp_index(bus->pf, cpu)),
	};
	const struct vmb_msg_modify_channel_response *answer;
	unsigned int old = ch->pub.cpu;
	struct vmb_guest_wait w;
	int ret;

	lockdep_assert_held(&ch->lock);
	if (bus->version < VMB_VERSION_4_1)
		return -EOPNOTSUPP;
	if (cpu == old)
		return 0;
	if (bus->version < VMB_VERSION_5_3) {
		ret = vmb_guest_post(bus, &msg, sizeof(msg));
		if (ret)
			return ret;
	} else {
		vmb_guest_wait_begin(bus, &w, VMB_MSG_MODIFY_CHANNEL_RESPONSE,
				     ch->pub.relid, 0);
		ret = vmb_guest_chan_rescinded(ch) ? -ENODEV :
		      vmb_guest_post(bus, &msg, sizeof(msg));
		if (ret) {
			vmb_guest_wait_cancel(bus, &w);
			return ret;
		}
		ret = vmb_guest_wait_end(bus, &w, 1);
		if (ret)
			return ret;
		answer = (void *)w.msg.payload;
		if (answer->status) {
			vmb_guest_chan_warn(ch, "move to CPU %u refused: status %#x\n",
					    cpu, le32_to_cpu(answer->status));
			return -EIO;
		}
	}
	WRITE_ONCE(ch->pub.cpu, cpu);
	trace_vmb_guest_move(ch);
	if (ch->ops->moved)
		ch->ops->moved(&ch->pub, old);
	vmb_guest_chan_kick(ch);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vmb_guest_chan_move);

/**
 * vmb_guest_set_cpu() - have another CPU take a channel's interrupts
 * @ch: the channel, open
 * @cpu: the CPU, online
 *
 * Context: may sleep; not from &vmb_guest_ops callbacks.
 * Return: 0; -EINVAL when the CPU takes none; -ENOTCONN when the channel is not
 * open; -EOPNOTSUPP when the host is too old; -EIO when it refuses; -ETIMEDOUT;
 * -ENODEV.
 */
int vmb_guest_set_cpu(struct vmb_guest_channel *ch, unsigned int cpu)
{
	struct vmb_guest_chan *chan = vmb_guest_chan_of(ch);
	int ret = -ENOTCONN;

	if (cpu >= nr_cpu_ids)
		return -EINVAL;
	/* the CPU does not go away meanwhile */
	cpus_read_lock();
	mutex_lock(&chan->lock);
	if (vmb_guest_cpu_choose(chan->bus, cpu) != cpu)
		ret = -EINVAL;
	else if (chan->state == VMB_GUEST_CHAN_OPEN)
		ret = vmb_guest_chan_move(chan, cpu);
	mutex_unlock(&chan->lock);
	cpus_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(vmb_guest_set_cpu);
