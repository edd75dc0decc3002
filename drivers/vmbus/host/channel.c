// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: their life from offer to release, under the partition's lock.
 */
#define pr_fmt(fmt) "vmb_host: " fmt

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "host.h"
#include "trace.h"

/* All of it but its id, which nobody finds it by yet. */
static struct vmb_chan *vmb_chan_alloc(struct vmb_bus *bus, struct vmb_host_device *dev,
				       u16 index, int node)
{
	struct vmb_chan *ch = kzalloc_node(sizeof(*ch), GFP_KERNEL_ACCOUNT, node);

	if (!ch)
		return NULL;
	kref_init(&ch->ref);
	ch->bus = bus;
	ch->state = VMB_CHAN_OFFERED;
	ch->dedicated = bus->version >= VMB_VERSION_2_4;
	ch->pub.dev = dev;
	ch->pub.index = index;
	ch->instance_id = dev->instance_id;
	ch->pub.version = bus->version;
	ch->pub.node = node;
	vmb_chan_init_data(ch);
	return ch;
}

/**
 * vmb_chan_create - make a channel for a device and give it an id
 * @bus: the bus
 * @dev: the device
 * @index: 0 for its primary channel
 *
 * Context: may sleep; partition's lock.
 * Return: it or an ERR_PTR() with -ENOMEM, -ENOSPC when all ids are taken.
 */
struct vmb_chan *vmb_chan_create(struct vmb_bus *bus, struct vmb_host_device *dev,
				 u16 index)
{
	struct vmb_chan *ch;
	int ret;

	lockdep_assert_held(&bus->partition->lock);
	/* the VP that takes its interrupts is chosen when it is opened */
	ch = vmb_chan_alloc(bus, dev, index, vmb_vp_node(bus->msg_vp));
	if (!ch)
		return ERR_PTR(-ENOMEM);

	/* the id is not to be found before the channel is whole */
	ret = xa_alloc(&bus->chans, &ch->pub.relid, ch,
		       XA_LIMIT(1, VMB_MAX_RELIDS - 1), GFP_KERNEL_ACCOUNT);
	if (ret) {
		kfree(ch);
		return ERR_PTR(ret == -EBUSY ? -ENOSPC : ret);
	}
	kref_get(&bus->ref);
	return ch;
}

static void vmb_chan_free(struct kref *ref)
{
	struct vmb_chan *ch = container_of(ref, struct vmb_chan, ref);
	struct vmb_bus *bus = ch->bus;

	kfree_rcu(ch, rcu);
	vmb_bus_put(bus);
}

/**
 * vmb_chan_put - give up a reference
 * @ch: the channel
 *
 * Context: any, if it is not the last one; else may sleep.
 */
void vmb_chan_put(struct vmb_chan *ch)
{
	kref_put(&ch->ref, vmb_chan_free);
}

/**
 * vmb_chan_forget - the id of a closed channel is free again
 * @ch: the channel; the table's reference is given up
 *
 * Context: may sleep; partition's lock.
 */
void vmb_chan_forget(struct vmb_chan *ch)
{
	lockdep_assert_held(&ch->bus->partition->lock);
	vmb_signal_want(ch->bus, ch->pub.relid, false);
	vmb_gpadl_purge(ch->bus, ch->pub.relid);
	xa_erase(&ch->bus->chans, ch->pub.relid);
	vmb_chan_put(ch);
}

/*
 * Have a channel that is closed on the node where it will be used: another one
 * takes its place. What was queued for the old one finds that closed. Returns the
 * one to use, which is the old one without memory for another.
 */
static struct vmb_chan *vmb_chan_to_node(struct vmb_chan *old, int node)
{
	struct vmb_bus *bus = old->bus;
	struct vmb_hdev *hdev = old->pub.dev->priv;
	struct vmb_chan *ch;

	lockdep_assert_held(&bus->partition->lock);
	if (old->pub.node == node)
		return old;
	ch = vmb_chan_alloc(bus, old->pub.dev, old->pub.index, node);
	if (!ch)
		return old;
	ch->pub.relid = old->pub.relid;
	/* of a channel that is closed nothing changes them */
	ch->in_stats = old->in_stats;
	ch->out_stats = old->out_stats;

	kref_get(&bus->ref);
	hdev->chan[ch->pub.index] = ch;
	/* replaces an entry, for which it needs no memory */
	xa_store(&bus->chans, ch->pub.relid, ch, GFP_KERNEL_ACCOUNT);
	/*
	 * Signals have found either: what the guest wrote before one that found
	 * the old one is there when the first poll of the new one looks.
	 */
	synchronize_rcu_expedited();
	vmb_chan_put(old);
	return ch;
}

static void vmb_chan_unmap(struct vmb_chan *ch)
{
	vunmap(ch->in_map);
	vunmap(ch->out_map);
	vmb_mem_unpin(ch->bus, ch->pages, ch->nr_pages);
	kvfree(ch->pages);
	ch->pages = NULL;
	mutex_lock(&ch->bus->gpadl_lock);
	ch->gpadl->users--;
	mutex_unlock(&ch->bus->gpadl_lock);
	ch->gpadl = NULL;
}

static int vmb_chan_map(struct vmb_chan *ch, u32 handle, u32 downstream)
{
	struct vmb_host_gpadl *gpadl;
	unsigned int nr_in, nr_out;
	int ret;

	gpadl = vmb_gpadl_find(ch->bus, handle);
	if (!gpadl || gpadl->decoded.relid != ch->pub.relid)
		return -ENOENT;
	ret = vmb_gpadl_pin(ch->bus, gpadl, &ch->pages, &ch->nr_pages);
	if (ret)
		return ret;
	ch->gpadl = gpadl;
	mutex_lock(&ch->bus->gpadl_lock);
	gpadl->users++;
	mutex_unlock(&ch->bus->gpadl_lock);
	ch->in_map = NULL;
	ch->out_map = NULL;

	/* a ring is a header and at least one page of data */
	ret = -EINVAL;
	if (downstream < 2 || downstream > ch->nr_pages ||
	    ch->nr_pages - downstream < 2)
		goto unmap;
	nr_in = downstream;
	nr_out = ch->nr_pages - downstream;
	ret = -ENOMEM;
	ch->in_map = vmb_ring_map(ch->pages, nr_in);
	ch->out_map = vmb_ring_map(ch->pages + nr_in, nr_out);
	if (!ch->in_map || !ch->out_map)
		goto unmap;

	ret = vmb_ring_init_consumer(&ch->in, ch->in_map,
				     ch->in_map + VMB_PAGE_SIZE,
				     (nr_in - 1) << VMB_PAGE_SHIFT);
	if (ret)
		goto unmap;
	ret = vmb_ring_init_producer(&ch->out, ch->out_map,
				     ch->out_map + VMB_PAGE_SIZE,
				     (nr_out - 1) << VMB_PAGE_SHIFT);
	if (ret)
		goto unmap;
	return 0;

unmap:
	vmb_chan_unmap(ch);
	return ret;
}

/**
 * vmb_chan_open - the guest opens a channel
 * @ch: the channel; may be another one afterwards, see vmb_chan_to_node()
 * @msg: private copy of the message
 *
 * Context: a thread of the VMM; may sleep; partition's lock.
 * Return: VMB_STATUS_*.
 */
u32 vmb_chan_open(struct vmb_chan *ch, const struct vmb_msg_open *msg)
{
	struct vmb_bus *bus = ch->bus;
	struct vmb_vp *vp = bus->msg_vp;
	int ret;

	lockdep_assert_held(&bus->partition->lock);
	if (ch->state != VMB_CHAN_OFFERED) {
		vmb_chan_warn(ch, "open refused: the channel is %s\n",
			      ch->state == VMB_CHAN_OPEN ? "open" : "rescinded");
		return VMB_STATUS_UNSUCCESSFUL;
	}
	if (bus->version >= VMB_VERSION_2_4)
		vp = vmb_bus_vp(bus, le32_to_cpu(msg->target_vp));
	if (!vp) {
		vmb_chan_warn(ch, "open refused: no VP %u\n",
			      le32_to_cpu(msg->target_vp));
		return VMB_STATUS_INVALID_PARAMETER;
	}

	ch = vmb_chan_to_node(ch, vmb_vp_node(vp));
	ch->in_buf = kvmalloc_node(VMB_HOST_MAX_PACKET, GFP_KERNEL_ACCOUNT,
				   ch->pub.node);
	if (!ch->in_buf)
		return VMB_STATUS_NO_MEMORY;
	ret = vmb_chan_map(ch, le32_to_cpu(msg->ring_gpadl),
			   le32_to_cpu(msg->downstream_page));
	if (ret) {
		vmb_chan_warn(ch, "open refused: rings in GPADL %#x: error %d\n",
			      le32_to_cpu(msg->ring_gpadl), ret);
		goto free_buf;
	}
	WRITE_ONCE(ch->vp, vp);
	ch->pub.drv = NULL;
	ret = ch->pub.dev->driver->open(&ch->pub, msg->user);
	if (ret) {
		vmb_chan_warn(ch, "open refused by %s: error %d\n",
			      ch->pub.dev->driver->name, ret);
		goto unmap;
	}
	ch->state = VMB_CHAN_OPEN;
	trace_vmb_channel_open(ch);
	vmb_signal_want(bus, ch->pub.relid, true);
	vmb_chan_start_data(ch);
	return VMB_STATUS_SUCCESS;

unmap:
	vmb_chan_unmap(ch);
free_buf:
	kvfree(ch->in_buf);
	ch->in_buf = NULL;
	return ret == -ENOMEM ? VMB_STATUS_NO_MEMORY : VMB_STATUS_INVALID_PARAMETER;
}

/**
 * vmb_chan_close - close a channel, if it is open, and wait for its I/O
 * @ch: the channel
 *
 * Context: any process; may sleep; partition's lock.
 */
void vmb_chan_close(struct vmb_chan *ch)
{
	lockdep_assert_held(&ch->bus->partition->lock);
	if (ch->state != VMB_CHAN_OPEN)
		return;
	vmb_chan_stop_data(ch);
	vmb_chan_unmap(ch);
	kvfree(ch->in_buf);
	ch->in_buf = NULL;
	ch->state = VMB_CHAN_OFFERED;
	trace_vmb_channel_close(ch);
}

/**
 * vmb_chan_modify - have another VP take a channel's interrupts
 * @ch: the channel
 * @target_vp: the VP
 *
 * On return no interrupt goes to the old one any more.
 *
 * Context: may sleep; partition's lock.
 * Return: 0 or -ENOENT.
 */
int vmb_chan_modify(struct vmb_chan *ch, u32 target_vp)
{
	struct vmb_vp *vp = vmb_bus_vp(ch->bus, target_vp);

	lockdep_assert_held(&ch->bus->partition->lock);
	if (!vp || ch->state != VMB_CHAN_OPEN)
		return -ENOENT;
	WRITE_ONCE(ch->vp, vp);
	synchronize_rcu_expedited();
	return 0;
}
