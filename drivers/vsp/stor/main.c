// SPDX-License-Identifier: GPL-2.0-only
/*
 * The storage VSP: gives the guests of this host disks over VMBus.
 */
#define pr_fmt(fmt) "vsp_stor: " fmt

#include <linux/init.h>
#include <linux/module.h>

#include "debugfs.h"
#include "stor.h"

/* Waits for commands of the guests to end. One work at most per controller. */
struct workqueue_struct *vsp_stor_drain_wq;

static const struct vmb_host_driver scsi_driver = {
	.name		= "scsi",
	.owner		= THIS_MODULE,
	.class_id	= VMB_STOR_SCSI_CLASS,
	.make		= vsp_stor_ctrl_make_scsi,
	.drop		= vsp_stor_ctrl_drop,
	.open		= vsp_stor_chan_open,
	.close		= vsp_stor_chan_close,
	.busy		= vsp_stor_chan_busy,
	.poll		= vsp_stor_chan_poll,
};

static const struct vmb_host_driver ide_driver = {
	.name		= "ide",
	.owner		= THIS_MODULE,
	.class_id	= VMB_STOR_IDE_CLASS,
	.make		= vsp_stor_ctrl_make_ide,
	.drop		= vsp_stor_ctrl_drop,
	.open		= vsp_stor_chan_open,
	.close		= vsp_stor_chan_close,
	.busy		= vsp_stor_chan_busy,
	.poll		= vsp_stor_chan_poll,
};

static int __init vsp_stor_init(void)
{
	int ret;

	vsp_stor_scsi_init();
	ret = vsp_stor_req_init();
	if (ret)
		return ret;
	ret = vsp_stor_bio_init();
	if (ret)
		goto exit_req;
	/* as many as there are controllers that reset at the same time */
	vsp_stor_drain_wq = alloc_workqueue("vsp_stor_drain", WQ_UNBOUND,
					    WQ_UNBOUND_MAX_ACTIVE);
	if (!vsp_stor_drain_wq) {
		ret = -ENOMEM;
		goto exit_bio;
	}
	vsp_stor_debugfs_init();
	ret = vmb_host_driver_register(&scsi_driver);
	if (ret)
		goto exit_debugfs;
	ret = vmb_host_driver_register(&ide_driver);
	if (ret)
		goto unregister_scsi;
	return 0;

unregister_scsi:
	vmb_host_driver_unregister(&scsi_driver);
exit_debugfs:
	vsp_stor_debugfs_exit();
	destroy_workqueue(vsp_stor_drain_wq);
exit_bio:
	vsp_stor_bio_exit();
exit_req:
	vsp_stor_req_exit();
	return ret;
}

static void __exit vsp_stor_exit(void)
{
	vmb_host_driver_unregister(&ide_driver);
	vmb_host_driver_unregister(&scsi_driver);
	vsp_stor_debugfs_exit();
	destroy_workqueue(vsp_stor_drain_wq);
	vsp_stor_bio_exit();
	/* controllers and logical units that are freed by RCU */
	rcu_barrier();
	vsp_stor_req_exit();
}

module_init(vsp_stor_init);
module_exit(vsp_stor_exit);

MODULE_DESCRIPTION("Storage service provider for VMBus guests");
MODULE_LICENSE("GPL");
/* loaded when somebody makes a directory scsi.<name> or ide.<name> */
MODULE_ALIAS("vmb-vsp-scsi");
MODULE_ALIAS("vmb-vsp-ide");
