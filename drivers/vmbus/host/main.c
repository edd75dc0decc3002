// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmb_host: the host's end of VMBus.
 */
#include <linux/module.h>

#include "host.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static int __init vmb_host_init(void)
{
	int ret;

	vmb_debugfs_init();
	ret = vmb_partition_init();
	if (ret)
		goto exit_debugfs;
	ret = vmb_file_init();
	if (ret)
		goto exit_partition;
	return 0;

exit_partition:
	vmb_partition_exit();
exit_debugfs:
	vmb_debugfs_exit();
	return ret;
}

static void __exit vmb_host_exit(void)
{
	vmb_file_exit();
	vmb_bus_wait_all_gone();
	vmb_partition_exit();
	vmb_debugfs_exit();
}

module_init(vmb_host_init);
module_exit(vmb_host_exit);

MODULE_DESCRIPTION("Host end of VMBus for KVM partitions");
MODULE_LICENSE("GPL");
