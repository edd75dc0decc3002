// SPDX-License-Identifier: GPL-2.0-only
/*
 * The port layer between the SCSI mid-layer and miniports.
 */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "debugfs.h"
#include "port.h"

static unsigned int poll_queues;
module_param(poll_queues, uint, 0644);
MODULE_PARM_DESC(poll_queues,
		 "poll queues of each adapter added from now on (default 0)");

/* Rescans, one work item for each adapter. They wait for commands. */
struct workqueue_struct *storport_wq;

/**
 * storport_poll_queues() - how many poll queues an adapter should have
 *
 * Return: the module parameter.
 */
unsigned int storport_poll_queues(void)
{
	return READ_ONCE(poll_queues);
}

static int __init storport_init(void)
{
	storport_wq = alloc_workqueue("storport", WQ_UNBOUND | WQ_FREEZABLE, 0);
	if (!storport_wq)
		return -ENOMEM;
	storport_debugfs_init();
	return 0;
}

static void __exit storport_exit(void)
{
	storport_debugfs_exit();
	destroy_workqueue(storport_wq);
}

module_init(storport_init);
module_exit(storport_exit);

MODULE_DESCRIPTION("Port layer between the SCSI mid-layer and miniports");
MODULE_LICENSE("GPL");
