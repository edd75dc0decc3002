// SPDX-License-Identifier: GPL-2.0-only
/*
 * The network VSP: gives the guests of this host NICs over VMBus.
 */
#define pr_fmt(fmt) "vsp_net: " fmt

#include <linux/init.h>
#include <linux/module.h>

#include "debugfs.h"
#include "net.h"

static const struct vmb_host_driver net_driver = {
	.name		= "net",
	.owner		= THIS_MODULE,
	.class_id	= VMB_NET_CLASS,
	.make		= vsp_net_nic_make,
	.drop		= vsp_net_nic_drop,
	.open		= vsp_net_chan_open,
	.close		= vsp_net_chan_close,
	.busy		= vsp_net_chan_busy,
	.leave		= vsp_net_dev_leave,
	.poll		= vsp_net_chan_poll,
	.room		= vsp_net_chan_room,
};

static int __init vsp_net_init(void)
{
	int ret;

	ret = vsp_net_reply_init();
	if (ret)
		return ret;
	vsp_net_debugfs_init();
	ret = vmb_host_driver_register(&net_driver);
	if (ret)
		goto exit_debugfs;
	return 0;

exit_debugfs:
	vsp_net_debugfs_exit();
	vsp_net_reply_exit();
	return ret;
}

static void __exit vsp_net_exit(void)
{
	vmb_host_driver_unregister(&net_driver);
	vsp_net_debugfs_exit();
	vsp_net_reply_exit();
}

module_init(vsp_net_init);
module_exit(vsp_net_exit);

MODULE_DESCRIPTION("Network service provider for VMBus guests");
MODULE_LICENSE("GPL");
/* loaded when somebody makes a directory net.<name> */
MODULE_ALIAS("vmb-vsp-net");
