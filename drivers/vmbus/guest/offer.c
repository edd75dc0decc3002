// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offers and rescinds.
 *
 * They arrive in the work of messages, in their order. An offer becomes a
 * channel there, under no lock but that of the table of channels; a rescind
 * marks its channel, and whoever waits for an answer about it waits no more. All
 * that takes long or calls a driver is done by a work of the channel itself,
 * one after the other for one channel, side by side for several. But for the end
 * of I/O upon a rescind: that has a work of its own, since the other one may be in
 * the driver's probe, which waits for what will not come any more.
 *
 * A host may offer what it took away before that has gone. Then the new one's work
 * waits for the old one's, so that a driver never has both.
 */
#define pr_fmt(fmt) "vmb_guest: " fmt

#include <linux/slab.h>

#include "guest.h"
#include "trace.h"

/* A run that is queued has a reference, which vmb_guest_chan_work() gives up. */
static void vmb_guest_chan_queue(struct vmb_guest_chan *ch)
{
	kobject_get(&ch->kobj);
	if (!queue_work(ch->bus->chan_wq, &ch->work))
		vmb_guest_chan_put(ch);
}

static void vmb_guest_chan_release_id(struct vmb_guest_chan *ch)
{
	struct vmb_msg_relid msg = {
		.hdr = vmb_guest_header(VMB_MSG_RELID_RELEASED),
		.relid = cpu_to_le32(ch->pub.relid),
	};

	/* free here before it is free there: the host may use it again at once */
	xa_erase_irq(&ch->bus->chans, ch->pub.relid);
	/* when it is us who go the host has not taken it away */
	if (!READ_ONCE(ch->bus->ignore))
		vmb_guest_post(ch->bus, &msg, sizeof(msg));
}

/* Whether the host has taken it back, so that it is on its way out. */
static bool vmb_guest_chan_leaves(const struct vmb_guest_chan *ch)
{
	/* one without an id has not come back from a sleep, and may still do */
	return vmb_guest_chan_rescinded(ch) && ch->pub.relid;
}

/* The device with this instance id, with a reference, or NULL. */
static struct vmb_guest_dev *vmb_guest_offer_find(struct vmb_guest_bus *bus,
						  const guid_t *instance_id)
{
	struct vmb_guest_dev *vdev, *found = NULL;

	spin_lock(&bus->dev_lock);
	list_for_each_entry(vdev, &bus->devices, list) {
		if (guid_equal(&vdev->pub.instance_id, instance_id) &&
		    !vmb_guest_chan_leaves(vmb_guest_chan_of(vdev->pub.primary))) {
			get_device(&vdev->pub.dev);
			found = vdev;
			break;
		}
	}
	spin_unlock(&bus->dev_lock);
	return found;
}

static bool vmb_guest_offer_index_taken(struct vmb_guest_bus *bus,
					struct vmb_guest_dev *vdev, u16 index)
{
	struct vmb_guest_chan *ch;
	unsigned long relid;
	bool taken = false;

	rcu_read_lock();
	xa_for_each(&bus->chans, relid, ch)
		if (ch->pub.dev == &vdev->pub && ch->pub.index == index &&
		    !vmb_guest_chan_leaves(ch)) {
			taken = true;
			break;
		}
	rcu_read_unlock();
	return taken;
}

/* Whether no device that @ch's replaces is there any more. */
static bool vmb_guest_offer_alone(struct vmb_guest_chan *ch)
{
	struct vmb_guest_dev *vdev;
	bool alone = true;

	spin_lock(&ch->bus->dev_lock);
	list_for_each_entry(vdev, &ch->bus->devices, list)
		if (guid_equal(&vdev->pub.instance_id, &ch->pub.dev->instance_id) &&
		    vmb_guest_chan_of(vdev->pub.primary)->serial < ch->serial) {
			alone = false;
			break;
		}
	spin_unlock(&ch->bus->dev_lock);
	return alone;
}

/* Whether no sub-channel that @ch replaces is there any more. */
static bool vmb_guest_offer_alone_sub(struct vmb_guest_chan *ch)
{
	struct vmb_guest_chan *other;
	unsigned long relid;
	bool alone = true;

	rcu_read_lock();
	xa_for_each(&ch->bus->chans, relid, other)
		if (other->pub.dev == ch->pub.dev && other->pub.index == ch->pub.index &&
		    other->serial < ch->serial) {
			alone = false;
			break;
		}
	rcu_read_unlock();
	return alone;
}

/* What cannot be true of any offer. */
static const char *vmb_guest_offer_absurd(struct vmb_guest_bus *bus,
					  const struct vmb_msg_offer *m)
{
	u32 connection_id = le32_to_cpu(m->connection_id);
	u32 relid = le32_to_cpu(m->relid);

	if (!relid || relid >= VMB_GUEST_MAX_RELIDS)
		return "there is no such id";
	if (xa_load(&bus->chans, relid))
		return "the id is taken";
	if (guid_is_null(&m->class_id) || guid_is_null(&m->instance_id))
		return "it has no class or no instance id";
	if (!(le16_to_cpu(m->dedicated_interrupt) & 1) || !connection_id ||
	    connection_id > VMB_CONN_MASK)
		return "it has no connection id of its own";
	return NULL;
}

/* A primary channel that lost its id when the machine went to sleep. */
static bool vmb_guest_offer_again(struct vmb_guest_dev *vdev,
				  const struct vmb_msg_offer *m)
{
	struct vmb_guest_chan *ch = vmb_guest_chan_of(vdev->pub.primary);
	u32 relid = le32_to_cpu(m->relid);

	if (ch->pub.relid || vmb_guest_chan_rescinded(ch) ||
	    !guid_equal(&vdev->pub.class_id, &m->class_id))
		return false;
	ch->connection_id = le32_to_cpu(m->connection_id);
	vdev->pub.version = ch->bus->version;
	ch->pub.relid = relid;
	if (xa_insert_irq(&ch->bus->chans, relid, ch, GFP_KERNEL)) {
		ch->pub.relid = 0;
		return false;
	}
	if (ch->kobj.state_in_sysfs) {
		char name[12];

		snprintf(name, sizeof(name), "%u", relid);
		if (kobject_rename(&ch->kobj, name))
			vmb_guest_chan_warn(ch, "keeps its directory\n");
	}
	return true;
}

/**
 * vmb_guest_offer_handle - the host offers a channel
 * @bus: the bus
 * @m: private copy of the message, of the right length
 *
 * Context: the work of messages; may sleep, but not for the host.
 */
void vmb_guest_offer_handle(struct vmb_guest_bus *bus, const struct vmb_msg_offer *m)
{
	u16 index = le16_to_cpu(m->sub_channel_index);
	u32 relid = le32_to_cpu(m->relid);
	struct vmb_guest_dev *vdev = NULL;
	struct vmb_guest_chan *ch;
	const char *why;

	why = vmb_guest_offer_absurd(bus, m);
	if (why)
		goto refuse;
	vdev = vmb_guest_offer_find(bus, &m->instance_id);
	if (index) {
		if (!vdev || !guid_equal(&vdev->pub.class_id, &m->class_id))
			why = "it is a sub-channel of no device";
		else if (vmb_guest_offer_index_taken(bus, vdev, index))
			why = "the device has this sub-channel";
	} else if (vdev) {
		if (vmb_guest_offer_again(vdev, m)) {
			put_device(&vdev->pub.dev);
			return;
		}
		why = "the device is there";
	}
	if (why)
		goto put_device;

	ch = vmb_guest_chan_alloc(bus, m);
	if (!ch) {
		why = "no memory";
		goto put_device;
	}
	if (!index) {
		vdev = vmb_guest_dev_alloc(bus, m);
		if (!vdev) {
			vmb_guest_chan_put(ch);
			why = "no memory";
			goto refuse;
		}
		vdev->pub.primary = &ch->pub;
		/* one reference of the list's, one of the channel's */
		get_device(&vdev->pub.dev);
	}
	/* the channel's reference to the device, from here on */
	ch->pub.dev = &vdev->pub;
	if (xa_insert_irq(&bus->chans, relid, ch, GFP_KERNEL)) {
		/* gives the device up as well */
		vmb_guest_chan_put(ch);
		if (!index)
			put_device(&vdev->pub.dev);
		why = "no memory";
		goto refuse;
	}
	if (!index) {
		spin_lock(&bus->dev_lock);
		list_add_tail(&vdev->list, &bus->devices);
		spin_unlock(&bus->dev_lock);
	}
	trace_vmb_guest_offer(ch);
	vmb_guest_chan_queue(ch);
	return;

put_device:
	if (vdev)
		put_device(&vdev->pub.dev);
refuse:
	vmb_guest_bad(bus, "offer of channel %u, instance %pUl, refused: %s\n", relid,
		      &m->instance_id, why);
}

/**
 * vmb_guest_rescind_handle - the host takes a channel away
 * @bus: the bus
 * @relid: as the message has it
 *
 * Context: the work of messages; may sleep, but not for the host.
 */
void vmb_guest_rescind_handle(struct vmb_guest_bus *bus, u32 relid)
{
	struct vmb_guest_chan *ch;

	/* it stays in the table until its work has run, which only this queues */
	ch = relid < VMB_GUEST_MAX_RELIDS ? xa_load(&bus->chans, relid) : NULL;
	if (!ch || vmb_guest_chan_rescinded(ch)) {
		vmb_guest_bad(bus, "channel %u rescinded, which %s\n", relid,
			      ch ? "was before" : "there is not");
		return;
	}
	trace_vmb_guest_rescind(ch);
	/* of the second work: a run of the first that is under way may take ch away */
	kobject_get(&ch->kobj);
	WRITE_ONCE(ch->rescinded, true);
	/* who begins to wait looks at it after he can be found; pairs with that */
	smp_mb();
	vmb_guest_wait_fail(bus, relid, -ENODEV);
	vmb_guest_chan_queue(ch);
	queue_work(bus->tell_wq, &ch->tell);
}

/*
 * End the I/O of a channel that was rescinded: nobody shall wait in vain. When
 * this returns it has been done, by whomever.
 */
static void vmb_guest_chan_tell(struct vmb_guest_chan *ch)
{
	guard(mutex)(&ch->lock);
	if (ch->state != VMB_GUEST_CHAN_OPEN || ch->told)
		return;
	ch->told = true;
	if (ch->ops->rescind)
		ch->ops->rescind(&ch->pub);
}

/**
 * vmb_guest_chan_tell_work - tell the driver of a rescind, whatever it is doing
 * @work: &vmb_guest_chan.tell
 *
 * A channel that is not open yet will not be: vmb_guest_open() looks for itself.
 *
 * Context: process; may sleep.
 */
void vmb_guest_chan_tell_work(struct work_struct *work)
{
	struct vmb_guest_chan *ch = container_of(work, struct vmb_guest_chan, tell);

	vmb_guest_chan_tell(ch);
	vmb_guest_chan_put(ch);
}

static void vmb_guest_chan_close_left(struct vmb_guest_chan *ch)
{
	guard(mutex)(&ch->lock);
	vmb_guest_chan_close(ch);
}

static void vmb_guest_add_primary(struct vmb_guest_chan *ch)
{
	struct vmb_guest_dev *vdev = vmb_guest_chan_dev(ch);
	int ret;

	/* whose work was queued before this one */
	wait_event(ch->bus->left, vmb_guest_offer_alone(ch));
	/* meanwhile the host may have taken it back: no driver is to see it */
	if (vmb_guest_chan_rescinded(ch))
		return;
	ret = device_add(&vdev->pub.dev);
	if (ret)
		vmb_guest_chan_warn(ch, "device not added: error %d\n", ret);
	else
		ch->added = true;
	complete_all(&vdev->ready);
}

static void vmb_guest_chan_no_dir(struct vmb_guest_chan *ch)
{
	if (ch->kobj.state_in_sysfs)
		kobject_del(&ch->kobj);
}

static void vmb_guest_add_sub(struct vmb_guest_chan *ch)
{
	struct vmb_guest_dev *vdev = vmb_guest_chan_dev(ch);
	struct device *dev = &vdev->pub.dev;
	struct vmb_guest_driver *drv;

	/* their works were queued before this one */
	wait_for_completion(&vdev->ready);
	wait_event(ch->bus->left, vmb_guest_offer_alone_sub(ch));
	device_lock(dev);
	if (!device_is_registered(dev) || !vdev->channels || vmb_guest_chan_rescinded(ch)) {
		device_unlock(dev);
		return;
	}
	ch->kobj.kset = vdev->channels;
	if (kobject_add(&ch->kobj, NULL, "%u", ch->pub.relid))
		vmb_guest_chan_warn(ch, "no directory in sysfs\n");
	mutex_lock(&ch->bus->lock);
	list_add_tail(&ch->sub_node, &vdev->subs);
	mutex_unlock(&ch->bus->lock);
	ch->added = true;
	if (dev->driver) {
		drv = vmb_guest_driver_of(dev->driver);
		if (drv->sub_channel)
			drv->sub_channel(&ch->pub);
	}
	device_unlock(dev);
}

static void vmb_guest_remove_sub(struct vmb_guest_chan *ch)
{
	struct device *dev = &ch->pub.dev->dev;

	if (!ch->added)
		return;
	vmb_guest_chan_tell(ch);
	/* remove, which may use it, is not running */
	device_lock(dev);
	vmb_guest_chan_close_left(ch);
	mutex_lock(&ch->bus->lock);
	list_del_init(&ch->sub_node);
	mutex_unlock(&ch->bus->lock);
	vmb_guest_chan_no_dir(ch);
	device_unlock(dev);
}

static void vmb_guest_remove_primary(struct vmb_guest_chan *ch)
{
	struct vmb_guest_dev *vdev = vmb_guest_chan_dev(ch);
	struct vmb_guest_bus *bus = ch->bus;

	vmb_guest_chan_tell(ch);
	if (ch->added) {
		vmb_guest_chan_no_dir(ch);
		device_del(&vdev->pub.dev);
	}
	complete_all(&vdev->ready);
	spin_lock(&bus->dev_lock);
	list_del(&vdev->list);
	spin_unlock(&bus->dev_lock);
	/* the list's */
	put_device(&vdev->pub.dev);
}

static void vmb_guest_chan_step(struct vmb_guest_chan *ch)
{
	bool primary = !ch->pub.index;

	if (ch->gone)
		return;
	if (!ch->added && !vmb_guest_chan_rescinded(ch)) {
		if (primary)
			vmb_guest_add_primary(ch);
		else
			vmb_guest_add_sub(ch);
	}
	if (!vmb_guest_chan_rescinded(ch))
		return;
	ch->gone = true;
	if (primary)
		vmb_guest_remove_primary(ch);
	else
		vmb_guest_remove_sub(ch);
	/* without one it went with the connection */
	if (ch->pub.relid)
		vmb_guest_chan_release_id(ch);
	wake_up_all(&ch->bus->left);
	vmb_guest_chan_put(ch);
}

/**
 * vmb_guest_chan_work - make a channel known, or take it away
 * @work: of the channel
 *
 * One run may do both; another that is queued by then finds nothing to do.
 *
 * Context: process; may sleep.
 */
void vmb_guest_chan_work(struct work_struct *work)
{
	struct vmb_guest_chan *ch = container_of(work, struct vmb_guest_chan, work);

	vmb_guest_chan_step(ch);
	vmb_guest_chan_put(ch);
}

/* All sub-channels go, or all primary ones, as if they were rescinded. */
static void vmb_guest_offer_drop(struct vmb_guest_bus *bus, bool primary)
{
	struct vmb_guest_chan *ch;
	unsigned long relid;

	xa_for_each(&bus->chans, relid, ch) {
		if (primary != !ch->pub.index || vmb_guest_chan_rescinded(ch))
			continue;
		flush_work(&ch->work);
		/* the driver's remove may still ask the host for something */
		if (primary && ch->added) {
			vmb_guest_chan_no_dir(ch);
			device_del(&ch->pub.dev->dev);
			ch->added = false;
		}
		if (!primary)
			vmb_guest_chan_close_left(ch);
		WRITE_ONCE(ch->rescinded, true);
		vmb_guest_chan_queue(ch);
	}
	vmb_guest_chan_flush(bus);
}

/**
 * vmb_guest_offer_purge - take all channels and devices away
 * @bus: the bus, whose work of messages does nothing any more
 *
 * Context: may sleep.
 */
void vmb_guest_offer_purge(struct vmb_guest_bus *bus)
{
	struct vmb_guest_dev *vdev, *next;
	LIST_HEAD(lost);

	vmb_guest_chan_flush(bus);
	/* drivers close sub-channels before the primary one, in remove */
	vmb_guest_offer_drop(bus, true);
	vmb_guest_offer_drop(bus, false);

	/* those that have not come back from a sleep have no id */
	spin_lock(&bus->dev_lock);
	list_for_each_entry_safe(vdev, next, &bus->devices, list)
		list_move_tail(&vdev->list, &lost);
	spin_unlock(&bus->dev_lock);
	list_for_each_entry_safe(vdev, next, &lost, list) {
		struct vmb_guest_chan *ch = vmb_guest_chan_of(vdev->pub.primary);

		WRITE_ONCE(ch->rescinded, true);
		vmb_guest_chan_queue(ch);
	}
	vmb_guest_chan_flush(bus);
}

/**
 * vmb_guest_offer_sleep - let go of all ids before the connection ends
 * @bus: the bus; its devices' drivers have been suspended
 *
 * Context: may sleep.
 */
void vmb_guest_offer_sleep(struct vmb_guest_bus *bus)
{
	struct vmb_guest_chan *ch;
	unsigned long relid;

	vmb_guest_offer_drop(bus, false);
	xa_for_each(&bus->chans, relid, ch) {
		vmb_guest_chan_close_left(ch);
		xa_erase_irq(&bus->chans, relid);
		ch->pub.relid = 0;
	}
}

/**
 * vmb_guest_offer_wake - take away what has not come back
 * @bus: the bus
 *
 * Nobody uses it any more when this returns. It is removed when processes run
 * again: removal waits for I/O that waits for the machine to be awake.
 *
 * Context: may sleep.
 */
void vmb_guest_offer_wake(struct vmb_guest_bus *bus)
{
	struct vmb_guest_dev *vdev;

	spin_lock(&bus->dev_lock);
	list_for_each_entry(vdev, &bus->devices, list) {
		struct vmb_guest_chan *ch = vmb_guest_chan_of(vdev->pub.primary);

		if (ch->pub.relid)
			continue;
		dev_warn(&vdev->pub.dev, "has not come back\n");
		WRITE_ONCE(ch->rescinded, true);
	}
	spin_unlock(&bus->dev_lock);
	queue_work(system_freezable_wq, &bus->wake_work);
}

/**
 * vmb_guest_offer_wake_work - the second half of it
 * @work: &vmb_guest_bus.wake_work
 *
 * Context: process.
 */
void vmb_guest_offer_wake_work(struct work_struct *work)
{
	struct vmb_guest_bus *bus = container_of(work, struct vmb_guest_bus, wake_work);
	struct vmb_guest_dev *vdev;

	spin_lock(&bus->dev_lock);
	list_for_each_entry(vdev, &bus->devices, list) {
		struct vmb_guest_chan *ch = vmb_guest_chan_of(vdev->pub.primary);

		/* asleep again, it has no id either, but may come back */
		if (!ch->pub.relid && vmb_guest_chan_rescinded(ch))
			vmb_guest_chan_queue(ch);
	}
	spin_unlock(&bus->dev_lock);
}
