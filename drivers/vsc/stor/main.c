// SPDX-License-Identifier: GPL-2.0-only
/*
 * The synthetic SCSI controller of Hyper-V, and of vmb.
 */
#define pr_fmt(fmt) "vsc_stor: " fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "stor.h"

static void free_dev(struct vsc_stor_dev *sd)
{
	struct vsc_stor_chan *chan, *next;

	list_for_each_entry_safe(chan, next, &sd->chans, node)
		kfree(chan);
	kfree(sd);
}

static int stor_probe(struct vmb_guest_device *dev,
		      const struct hv_vmbus_device_id *id)
{
	struct storport_adapter *adapter;
	struct vsc_stor_dev *sd;

	sd = kzalloc(sizeof(*sd), GFP_KERNEL);
	if (!sd)
		return -ENOMEM;
	sd->dev = dev;
	sd->primary.sd = sd;
	sd->primary.ch = dev->primary;
	INIT_LIST_HEAD(&sd->chans);
	mutex_init(&sd->lost_lock);
	INIT_DELAYED_WORK(&sd->dead_work, vsc_stor_channel_dead_work);
	vsc_stor_control_init(sd);
	adapter = vsc_stor_adapter_add(sd);
	if (IS_ERR(adapter)) {
		free_dev(sd);
		return PTR_ERR(adapter);
	}
	dev_set_drvdata(&dev->dev, sd);
	vsc_stor_channel_place(sd);
	return 0;
}

/* Called with the device's lock held, as remove is. */
static int stor_suspend(struct vmb_guest_device *dev)
{
	struct vsc_stor_dev *sd = dev_get_drvdata(&dev->dev);
	int ret;

	ret = storport_adapter_suspend(sd->adapter);
	/* a ring that was broken is not, when it has been opened again */
	if (!ret)
		cancel_delayed_work_sync(&sd->dead_work);
	sd->asleep = !ret;
	return ret;
}

static int stor_resume(struct vmb_guest_device *dev)
{
	struct vsc_stor_dev *sd = dev_get_drvdata(&dev->dev);
	int ret;

	sd->asleep = false;
	ret = storport_adapter_resume(sd->adapter);
	if (!ret)
		vsc_stor_channel_place(sd);
	return ret;
}

static void stor_remove(struct vmb_guest_device *dev)
{
	struct vsc_stor_dev *sd = dev_get_drvdata(&dev->dev);

	/* it has not come back: as if it had been rescinded */
	if (sd->asleep)
		storport_adapter_gone(sd->adapter);
	storport_adapter_remove(sd->adapter);
	dev_set_drvdata(&dev->dev, NULL);
	free_dev(sd);
}

/*
 * No MODULE_DEVICE_TABLE: the devices of hv_vmbus have the same aliases, and who
 * is to have the bus is for the administrator to say.
 */
static const struct hv_vmbus_device_id stor_ids[] = {
	{ .guid = VMB_STOR_SCSI_CLASS },
	{}
};

static struct vmb_guest_driver stor_driver = {
	.name		= "vsc_stor",
	.id_table	= stor_ids,
	.probe		= stor_probe,
	.remove		= stor_remove,
	.sub_channel	= vsc_stor_channel_sub,
	.suspend	= stor_suspend,
	.resume		= stor_resume,
};

static int __init vsc_stor_init(void)
{
	int ret = vsc_stor_adapter_init();

	return ret ?: vmb_guest_driver_register(&stor_driver);
}

static void __exit vsc_stor_exit(void)
{
	vmb_guest_driver_unregister(&stor_driver);
}

module_init(vsc_stor_init);
module_exit(vsc_stor_exit);

MODULE_DESCRIPTION("Synthetic SCSI controller of Hyper-V and vmb");
MODULE_LICENSE("GPL");
