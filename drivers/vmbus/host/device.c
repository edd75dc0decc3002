// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drivers (VSPs) and the devices they serve.
 */
#define pr_fmt(fmt) "vmb_host: " fmt

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "host.h"

/* how often it is looked whether a guest is idle */
#define VMB_IDLE_STEP_MS	10

static unsigned int withdraw_ms = 10000;
module_param(withdraw_ms, uint, 0644);
MODULE_PARM_DESC(withdraw_ms,
		 "longest wait for a guest to become idle on a device that is taken away, in ms; idle is a tenth of it without a packet; 0: no wait");

struct vmb_driver_entry {
	struct list_head list;
	const struct vmb_host_driver *drv;
};

static DEFINE_MUTEX(vmb_drivers_lock);
static LIST_HEAD(vmb_drivers);

static const struct vmb_host_driver *vmb_driver_get(const char *name, size_t len)
{
	struct vmb_driver_entry *entry;

	guard(mutex)(&vmb_drivers_lock);
	list_for_each_entry(entry, &vmb_drivers, list)
		if (strlen(entry->drv->name) == len &&
		    !strncmp(entry->drv->name, name, len))
			return try_module_get(entry->drv->owner) ? entry->drv : NULL;
	return NULL;
}

/**
 * vmb_host_driver_register - register a kind of device
 * @drv: must stay until vmb_host_driver_unregister()
 *
 * Context: may sleep.
 * Return: 0, -EEXIST when the name is taken, -ENOMEM.
 */
int vmb_host_driver_register(const struct vmb_host_driver *drv)
{
	struct vmb_driver_entry *entry, *other;

	entry = kzalloc(sizeof(*entry), GFP_KERNEL);
	if (!entry)
		return -ENOMEM;
	entry->drv = drv;

	guard(mutex)(&vmb_drivers_lock);
	list_for_each_entry(other, &vmb_drivers, list)
		if (!strcmp(other->drv->name, drv->name)) {
			kfree(entry);
			return -EEXIST;
		}
	list_add_tail(&entry->list, &vmb_drivers);
	return 0;
}
EXPORT_SYMBOL_GPL(vmb_host_driver_register);

/**
 * vmb_host_driver_unregister - undo vmb_host_driver_register()
 * @drv: a driver without devices, which holds when its module can be removed
 *
 * Context: may sleep.
 */
void vmb_host_driver_unregister(const struct vmb_host_driver *drv)
{
	struct vmb_driver_entry *entry, *next;

	guard(mutex)(&vmb_drivers_lock);
	list_for_each_entry_safe(entry, next, &vmb_drivers, list)
		if (entry->drv == drv) {
			list_del(&entry->list);
			kfree(entry);
		}
}
EXPORT_SYMBOL_GPL(vmb_host_driver_unregister);

static void vmb_hdev_offer_sub(struct work_struct *work)
{
	struct vmb_hdev *hdev = container_of(work, struct vmb_hdev, sub_work);
	struct vmb_partition *p = hdev->dev->partition;
	u16 i;
	int ret;

	guard(mutex)(&p->lock);
	/* the connection may be another one by now, which agreed on nothing */
	if (!p->bus || !hdev->offered || !hdev->chan[0])
		return;
	for (i = 1; i <= hdev->nr_sub; i++) {
		ret = vmb_conn_offer(p->bus, hdev->dev, i);
		if (ret) {
			vmb_bus_warn(p->bus, "%s: sub-channel %u not offered: error %d\n",
				     vmb_host_device_name(hdev->dev), i, ret);
			return;
		}
	}
}

/**
 * vmb_device_make - a directory for a device is being made
 * @p: the partition
 * @name: of the directory: driver, dot, name
 *
 * Context: may sleep.
 * Return: the device's group or an ERR_PTR().
 */
struct config_group *vmb_device_make(struct vmb_partition *p, const char *name)
{
	const char *dot = strchr(name, '.');
	const struct vmb_host_driver *drv;
	struct vmb_host_device *dev;
	struct vmb_hdev *hdev;

	if (!dot || dot == name || !dot[1]) {
		pr_warn("%s: %s: a device's name is <driver>.<name>, such as scsi.0\n",
			vmb_partition_name(p), name);
		return ERR_PTR(-EINVAL);
	}
	drv = vmb_driver_get(name, dot - name);
	if (!drv && !request_module("vmb-vsp-%.*s", (int)(dot - name), name))
		drv = vmb_driver_get(name, dot - name);
	if (!drv) {
		pr_warn("%s: %s: no driver %.*s: is its module loaded?\n",
			vmb_partition_name(p), name, (int)(dot - name), name);
		return ERR_PTR(-ENODEV);
	}

	hdev = kzalloc(sizeof(*hdev), GFP_KERNEL);
	if (!hdev) {
		module_put(drv->owner);
		return ERR_PTR(-ENOMEM);
	}
	INIT_WORK(&hdev->sub_work, vmb_hdev_offer_sub);
	dev = drv->make(p, dot + 1);
	if (IS_ERR(dev)) {
		kfree(hdev);
		module_put(drv->owner);
		return ERR_CAST(dev);
	}
	hdev->dev = dev;
	dev->driver = drv;
	dev->partition = p;
	dev->priv = hdev;
	mutex_lock(&p->lock);
	list_add_tail(&hdev->list, &p->devices);
	mutex_unlock(&p->lock);
	return &dev->group;
}

/**
 * vmb_device_drop - a device's directory is being removed
 * @p: the partition
 * @dev: the device
 *
 * Context: may sleep.
 */
void vmb_device_drop(struct vmb_partition *p, struct vmb_host_device *dev)
{
	const struct vmb_host_driver *drv = dev->driver;
	struct vmb_hdev *hdev = dev->priv;

	vmb_host_device_withdraw(dev);
	mutex_lock(&p->lock);
	list_del(&hdev->list);
	mutex_unlock(&p->lock);
	drv->drop(dev);
	kfree(hdev);
	module_put(drv->owner);
}

/**
 * vmb_host_device_offer - let the guest see a device
 * @dev: the device; its instance id and offer data must not change from here
 *
 * A guest that is connected is told at once, any other when it asks.
 *
 * Context: may sleep. Takes the partition's lock: the caller holds none that
 * its own open, close or poll take.
 * Return: 0; -EEXIST when another device of the partition that is offered has
 * the same instance id; -ENOMEM; -ENOSPC.
 */
int vmb_host_device_offer(struct vmb_host_device *dev)
{
	struct vmb_partition *p = dev->partition;
	struct vmb_hdev *hdev = dev->priv, *other;
	int ret = 0;

	guard(mutex)(&p->lock);
	if (hdev->offered)
		return 0;
	list_for_each_entry(other, &p->devices, list)
		if (other->offered &&
		    guid_equal(&other->dev->instance_id, &dev->instance_id))
			return -EEXIST;
	hdev->offered = true;
	if (p->bus && p->bus->offers_requested)
		ret = vmb_conn_offer(p->bus, dev, 0);
	if (ret)
		hdev->offered = false;
	return ret;
}
EXPORT_SYMBOL_GPL(vmb_host_device_offer);

/**
 * vmb_device_rescind - take channels of a device away from the guest
 * @dev: the device
 * @first: index of the first one; the ones behind it go too
 *
 * Sub-channels have to be agreed on anew.
 *
 * Context: may sleep; partition's lock.
 */
void vmb_device_rescind(struct vmb_host_device *dev, u16 first)
{
	struct vmb_hdev *hdev = dev->priv;
	int i;

	lockdep_assert_held(&dev->partition->lock);
	hdev->nr_sub = 0;
	for (i = VMB_HOST_MAX_CHANNELS - 1; i >= first; i--) {
		if (!hdev->chan[i])
			continue;
		vmb_conn_rescind(hdev->chan[i]);
		hdev->chan[i] = NULL;
	}
}

static bool vmb_device_open(struct vmb_host_device *dev, bool *idle)
{
	struct vmb_hdev *hdev = dev->priv;
	bool open = false;
	int i;

	*idle = true;
	guard(mutex)(&dev->partition->lock);
	for (i = 0; i < VMB_HOST_MAX_CHANNELS; i++) {
		struct vmb_chan *ch = hdev->chan[i];

		if (!ch || ch->state != VMB_CHAN_OPEN)
			continue;
		open = true;
		*idle = *idle && vmb_chan_idle(ch);
	}
	return open;
}

/*
 * Guests drop the answers on a channel that is rescinded, and some, Linux among
 * them, wait for these for ever: let them have the answers first. Nothing tells
 * when a guest has let go of a device, but a guest that says nothing for a
 * while has nothing more to say.
 */
static void vmb_device_wait_idle(struct vmb_host_device *dev)
{
	unsigned int limit = READ_ONCE(withdraw_ms);
	unsigned long since = jiffies, end = since + msecs_to_jiffies(limit);
	bool idle;

	while (limit && vmb_device_open(dev, &idle)) {
		if (!idle)
			since = jiffies;
		else if (time_after(jiffies, since + msecs_to_jiffies(limit / 10)))
			return;
		if (time_after(jiffies, end)) {
			pr_warn("%s: %s: taken away although the guest still uses it\n",
				vmb_partition_name(dev->partition),
				vmb_host_device_name(dev));
			return;
		}
		msleep(VMB_IDLE_STEP_MS);
	}
}

/**
 * vmb_host_device_withdraw - take a device away from the guest
 * @dev: the device; its driver answers new requests as if it had gone already
 *
 * Has the driver tell the guest, as it can, and waits a while for that to become
 * idle, then closes the channels, waits for their I/O, and tells the guest. Does
 * nothing when the device is not offered.
 *
 * Context: may sleep. Takes the partition's lock: the caller holds none that
 * its own open, close or poll take.
 */
void vmb_host_device_withdraw(struct vmb_host_device *dev)
{
	struct vmb_partition *p = dev->partition;
	struct vmb_hdev *hdev = dev->priv;

	/* nobody offers a device that is being withdrawn */
	if (READ_ONCE(hdev->offered) && dev->driver->leave)
		dev->driver->leave(dev);
	vmb_device_wait_idle(dev);
	mutex_lock(&p->lock);
	hdev->offered = false;
	vmb_device_rescind(dev, 0);
	mutex_unlock(&p->lock);
	cancel_work_sync(&hdev->sub_work);
}
EXPORT_SYMBOL_GPL(vmb_host_device_withdraw);

/**
 * vmb_host_device_subchannels - agree on sub-channels with the guest
 * @dev: the device
 * @count: how many beside the primary channel
 *
 * They are offered soon after; the guest opens them in any order.
 *
 * Context: &vmb_host_driver.poll of the primary channel.
 * Return: 0; -EINVAL for more than %VMB_HOST_MAX_CHANNELS in all; -EBUSY when
 * they were agreed on before.
 */
int vmb_host_device_subchannels(struct vmb_host_device *dev, u16 count)
{
	struct vmb_hdev *hdev = dev->priv;

	if (count >= VMB_HOST_MAX_CHANNELS)
		return -EINVAL;
	/* polls of one channel never overlap; a reset waits for them */
	if (hdev->nr_sub)
		return -EBUSY;
	hdev->nr_sub = count;
	/* polls come with the channel open, so the lock is not ours to take */
	schedule_work(&hdev->sub_work);
	return 0;
}
EXPORT_SYMBOL_GPL(vmb_host_device_subchannels);

/**
 * vmb_host_device_vps - how many VPs the device's virtual machine has
 * @dev: a device with an open channel
 *
 * Context: any.
 * Return: the number, at least 1.
 */
u16 vmb_host_device_vps(struct vmb_host_device *dev)
{
	/* stable: the bus stays while a channel is open */
	return max(atomic_read(&dev->partition->bus->nr_vps), 1);
}
EXPORT_SYMBOL_GPL(vmb_host_device_vps);

/**
 * vmb_host_device_name - the name of a device's directory
 * @dev: the device
 *
 * Return: the name, for log lines.
 */
const char *vmb_host_device_name(const struct vmb_host_device *dev)
{
	return config_item_name((struct config_item *)&dev->group.cg_item);
}
EXPORT_SYMBOL_GPL(vmb_host_device_name);

/**
 * vmb_host_partition_name - the name of a partition's directory
 * @partition: the partition
 *
 * Return: the name, for log lines.
 */
const char *vmb_host_partition_name(const struct vmb_partition *partition)
{
	return vmb_partition_name(partition);
}
EXPORT_SYMBOL_GPL(vmb_host_partition_name);
