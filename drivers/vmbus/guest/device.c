// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bus of the driver model: devices, drivers, and how they find each other.
 */
#define pr_fmt(fmt) "vmb_guest: " fmt

#include <linux/export.h>
#include <linux/slab.h>

#include "guest.h"

static const struct hv_vmbus_device_id vmb_guest_no_id;

static int vmb_guest_bus_match(struct device *dev, const struct device_driver *d)
{
	const struct vmb_guest_driver *drv = vmb_guest_driver_of(d);
	struct vmb_guest_dev *vdev = vmb_guest_dev_of(dev);
	const struct hv_vmbus_device_id *id;

	scoped_guard(spinlock, &vdev->pub.bus->dev_lock)
		if (vdev->driver_override)
			return !strcmp(vdev->driver_override, d->name);
	for (id = drv->id_table; id && !guid_is_null(&id->guid); id++)
		if (guid_equal(&id->guid, &vdev->pub.class_id))
			return 1;
	return 0;
}

static int vmb_guest_bus_probe(struct device *dev)
{
	const struct vmb_guest_driver *drv = vmb_guest_driver_of(dev->driver);
	struct vmb_guest_dev *vdev = vmb_guest_dev_of(dev);
	const struct hv_vmbus_device_id *id;
	int ret;

	for (id = drv->id_table; id && !guid_is_null(&id->guid); id++)
		if (guid_equal(&id->guid, &vdev->pub.class_id))
			break;
	if (!id || guid_is_null(&id->guid))
		id = &vmb_guest_no_id;
	ret = drv->probe(&vdev->pub, id);
	if (ret)
		vmb_guest_close(vdev->pub.primary);
	return ret;
}

static void vmb_guest_bus_remove(struct device *dev)
{
	const struct vmb_guest_driver *drv = vmb_guest_driver_of(dev->driver);
	struct vmb_guest_dev *vdev = vmb_guest_dev_of(dev);
	struct vmb_guest_chan *ch;

	if (drv->remove)
		drv->remove(&vdev->pub);
	/*
	 * What the driver has left open. Sub-channels come and go only with the
	 * device locked, as it is.
	 */
	list_for_each_entry(ch, &vdev->subs, sub_node)
		vmb_guest_close(&ch->pub);
	vmb_guest_close(vdev->pub.primary);
}

static void vmb_guest_bus_shutdown(struct device *dev)
{
	const struct vmb_guest_driver *drv;

	if (!dev->driver)
		return;
	drv = vmb_guest_driver_of(dev->driver);
	if (drv->shutdown)
		drv->shutdown(&vmb_guest_dev_of(dev)->pub);
}

static int vmb_guest_bus_uevent(const struct device *dev, struct kobj_uevent_env *env)
{
	const struct vmb_guest_device *vdev = container_of(dev, struct vmb_guest_device, dev);

	return add_uevent_var(env, "MODALIAS=vmbus:%*phN", UUID_SIZE, &vdev->class_id);
}

static int vmb_guest_bus_suspend_dev(struct device *dev)
{
	const struct vmb_guest_driver *drv;

	/* the core does not hold it this late; probe, remove and sub_channel do */
	guard(device)(dev);
	if (!dev->driver)
		return 0;
	drv = vmb_guest_driver_of(dev->driver);
	if (!drv->suspend || !drv->resume) {
		dev_err(dev, "%s cannot sleep\n", drv->name);
		return -EOPNOTSUPP;
	}
	return drv->suspend(&vmb_guest_dev_of(dev)->pub);
}

static int vmb_guest_bus_resume_dev(struct device *dev)
{
	struct vmb_guest_dev *vdev = vmb_guest_dev_of(dev);

	guard(device)(dev);
	/* one that has not come back is about to be removed */
	if (!dev->driver || vmb_guest_chan_rescinded(vmb_guest_chan_of(vdev->pub.primary)))
		return 0;
	return vmb_guest_driver_of(dev->driver)->resume(&vdev->pub);
}

static int vmb_guest_bus_suspend_ram(struct device *dev)
{
	return vmb_guest_pm_idle() ? 0 : vmb_guest_bus_suspend_dev(dev);
}

static int vmb_guest_bus_resume_ram(struct device *dev)
{
	return vmb_guest_pm_idle() ? 0 : vmb_guest_bus_resume_dev(dev);
}

/* Late and early, as the bus below: the machine's own disk may be among these. */
static const struct dev_pm_ops vmb_guest_bus_pm = {
	.suspend_noirq	= pm_sleep_ptr(vmb_guest_bus_suspend_ram),
	.resume_noirq	= pm_sleep_ptr(vmb_guest_bus_resume_ram),
	.freeze_noirq	= pm_sleep_ptr(vmb_guest_bus_suspend_dev),
	.thaw_noirq	= pm_sleep_ptr(vmb_guest_bus_resume_dev),
	.poweroff_noirq	= pm_sleep_ptr(vmb_guest_bus_suspend_dev),
	.restore_noirq	= pm_sleep_ptr(vmb_guest_bus_resume_dev),
};

static struct bus_type vmb_guest_bus_type = {
	.match		= vmb_guest_bus_match,
	.probe		= vmb_guest_bus_probe,
	.remove		= vmb_guest_bus_remove,
	.shutdown	= vmb_guest_bus_shutdown,
	.uevent		= vmb_guest_bus_uevent,
	.dev_groups	= vmb_guest_dev_groups,
	.pm		= &vmb_guest_bus_pm,
};

/*
 * The directory of channels has to be there before a driver is bound or a
 * program is told of the device, which is between two steps of device_add().
 */
static int vmb_guest_bus_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	struct vmb_guest_dev *vdev = vmb_guest_dev_of(data);
	struct vmb_guest_chan *ch;

	if (action == BUS_NOTIFY_ADD_DEVICE) {
		ch = vmb_guest_chan_of(vdev->pub.primary);
		vdev->channels = kset_create_and_add("channels", NULL, &vdev->pub.dev.kobj);
		ch->kobj.kset = vdev->channels;
		if (!vdev->channels || kobject_add(&ch->kobj, NULL, "%u", ch->pub.relid))
			vmb_guest_chan_warn(ch, "no directory in sysfs\n");
	} else if (action == BUS_NOTIFY_REMOVED_DEVICE && vdev->channels) {
		kset_unregister(vdev->channels);
		vdev->channels = NULL;
	}
	return NOTIFY_OK;
}

static struct notifier_block vmb_guest_bus_nb = {
	.notifier_call = vmb_guest_bus_notify,
};

static void vmb_guest_dev_release(struct device *dev)
{
	struct vmb_guest_dev *vdev = vmb_guest_dev_of(dev);

	kfree(vdev->driver_override);
	kfree_rcu(vdev, rcu);
}

/**
 * vmb_guest_dev_alloc - make a device that is not added yet
 * @bus: the bus
 * @offer: of its primary channel, checked
 *
 * Context: may sleep.
 * Return: it, with one reference, or NULL.
 */
struct vmb_guest_dev *vmb_guest_dev_alloc(struct vmb_guest_bus *bus,
					  const struct vmb_msg_offer *offer)
{
	struct vmb_guest_dev *vdev = kzalloc(sizeof(*vdev), GFP_KERNEL);
	int ret;

	if (!vdev)
		return NULL;
	vdev->pub.bus = bus;
	vdev->pub.class_id = offer->class_id;
	vdev->pub.instance_id = offer->instance_id;
	vdev->pub.version = bus->version;
	vdev->pub.offer_flags = le16_to_cpu(offer->flags);
	vdev->pub.mmio_megabytes = le16_to_cpu(offer->mmio_megabytes);
	memcpy(vdev->pub.user, offer->user, sizeof(vdev->pub.user));
	INIT_LIST_HEAD(&vdev->subs);
	init_completion(&vdev->ready);
	INIT_LIST_HEAD(&vdev->list);
	vdev->pub.dev.bus = &vmb_guest_bus_type;
	vdev->pub.dev.parent = bus->pf->parent;
	vdev->pub.dev.release = vmb_guest_dev_release;
	device_initialize(&vdev->pub.dev);
	ret = dev_set_name(&vdev->pub.dev, "%s%pUl", bus->pf->prefix ?: "",
			   &vdev->pub.instance_id);
	if (ret) {
		put_device(&vdev->pub.dev);
		return NULL;
	}
	return vdev;
}

/**
 * __vmb_guest_driver_register() - register a driver; use the macro without
 *	underscores
 * @drv: the driver; its driver field is the core's
 * @owner: its module
 * @mod_name: name of its module
 *
 * Context: may sleep; probe is called for devices that are there.
 * Return: 0 or a negative errno.
 */
int __vmb_guest_driver_register(struct vmb_guest_driver *drv, struct module *owner,
				const char *mod_name)
{
	drv->driver.name = drv->name;
	drv->driver.owner = owner;
	drv->driver.mod_name = mod_name;
	drv->driver.bus = &vmb_guest_bus_type;
	return driver_register(&drv->driver);
}
EXPORT_SYMBOL_GPL(__vmb_guest_driver_register);

/**
 * vmb_guest_driver_unregister() - take a driver away
 * @drv: the driver; remove is called for its devices
 *
 * Context: may sleep.
 */
void vmb_guest_driver_unregister(struct vmb_guest_driver *drv)
{
	driver_unregister(&drv->driver);
}
EXPORT_SYMBOL_GPL(vmb_guest_driver_unregister);

/**
 * vmb_guest_device_init - register the bus with the driver model
 * @bus_name: its name
 *
 * Return: 0 or a negative errno.
 */
int __init vmb_guest_device_init(const char *bus_name)
{
	int ret;

	vmb_guest_bus_type.name = bus_name;
	ret = bus_register(&vmb_guest_bus_type);
	if (ret)
		return ret;
	ret = bus_register_notifier(&vmb_guest_bus_type, &vmb_guest_bus_nb);
	if (ret)
		bus_unregister(&vmb_guest_bus_type);
	return ret;
}

/**
 * vmb_guest_device_exit - undo vmb_guest_device_init()
 */
void vmb_guest_device_exit(void)
{
	bus_unregister_notifier(&vmb_guest_bus_type, &vmb_guest_bus_nb);
	bus_unregister(&vmb_guest_bus_type);
}
