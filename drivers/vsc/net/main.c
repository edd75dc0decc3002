// SPDX-License-Identifier: GPL-2.0-only
/*
 * The synthetic NIC of Hyper-V, and of vmb.
 */
#define pr_fmt(fmt) "vsc_net: " fmt

#include <linux/module.h>

#include "net.h"

static int attach(struct vsc_net_dev *nd)
{
	int ret;

	vsc_net_control_open(nd);
	ret = vsc_net_chan_open(&nd->chans[0], nd->dev->primary);
	if (ret) {
		dev_err(&nd->dev->dev, "the channel does not open: error %d\n", ret);
		return ret;
	}
	ret = vsc_net_setup(nd);
	if (ret)
		vsc_net_setup_undo(nd);
	return ret;
}

static int net_probe(struct vmb_guest_device *dev, const struct hv_vmbus_device_id *id)
{
	struct vsc_net_dev *nd;
	int ret;

	nd = vsc_net_dev_alloc(dev);
	if (!nd)
		return -ENOMEM;
	ret = attach(nd);
	if (ret)
		goto free;
	ret = vsc_net_dev_register(nd);
	if (ret) {
		vsc_net_setup_undo(nd);
		goto free;
	}
	dev_set_drvdata(&dev->dev, nd);
	netdev_info(nd->netdev, "NVSP %#x, %u sections of %u bytes to send, MTU to %u, %u queues\n",
		    nd->version, nd->nr_sections, nd->section, nd->max_mtu, nd->rss.queues);
	vsc_net_dev_link_ask(nd);
	vsc_net_setup_subs(nd);
	return 0;

free:
	vsc_net_dev_free(nd);
	return ret;
}

static void net_remove(struct vmb_guest_device *dev)
{
	struct vsc_net_dev *nd = dev_get_drvdata(&dev->dev);

	dev_set_drvdata(&dev->dev, NULL);
	vsc_net_dev_unregister(nd);
	vsc_net_setup_undo(nd);
	vsc_net_dev_free(nd);
}

static int net_suspend(struct vmb_guest_device *dev)
{
	struct vsc_net_dev *nd = dev_get_drvdata(&dev->dev);

	netif_device_detach(nd->netdev);
	vsc_net_setup_undo(nd);
	/* closed channels have let go of theirs */
	netif_tx_disable(nd->netdev);
	vsc_net_dev_carrier(nd, false);
	return 0;
}

static int net_resume(struct vmb_guest_device *dev)
{
	struct vsc_net_dev *nd = dev_get_drvdata(&dev->dev);
	u32 queues = nd->rss.queues, max_mtu = nd->max_mtu;
	int ret;

	ret = attach(nd);
	if (ret)
		return ret;
	if (nd->max_mtu < max_mtu && nd->netdev->mtu > nd->max_mtu) {
		dev_err(&dev->dev, "takes an MTU of %u after a sleep, and took %u\n",
			nd->max_mtu, max_mtu);
		vsc_net_setup_undo(nd);
		return -EPROTO;
	}
	nd->rss.queues = min(nd->rss.queues, queues);
	netif_device_attach(nd->netdev);
	ret = vsc_net_dev_again(nd);
	if (ret)
		dev_err(&dev->dev, "not as it was before a sleep: error %d\n", ret);
	vsc_net_setup_subs(nd);
	return 0;
}

/*
 * No MODULE_DEVICE_TABLE: the devices of hv_vmbus have the same aliases, and who
 * is to have the bus is for the administrator to say.
 */
static const struct hv_vmbus_device_id net_ids[] = {
	{ .guid = VMB_NET_CLASS },
	{}
};

static struct vmb_guest_driver net_driver = {
	.name		= "vsc_net",
	.id_table	= net_ids,
	.probe		= net_probe,
	.remove		= net_remove,
	.sub_channel	= vsc_net_chan_sub,
	.suspend	= net_suspend,
	.resume		= net_resume,
};

module_vmb_guest_driver(net_driver);

MODULE_DESCRIPTION("Synthetic NIC of Hyper-V and vmb");
MODULE_LICENSE("GPL");
