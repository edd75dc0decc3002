// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmb_loop: both ends of VMBus in one kernel.
 */
#define pr_fmt(fmt) "vmb_loop: " fmt

#include <linux/err.h>
#include <linux/module.h>

#include "loop.h"

static char *partition = "";
module_param(partition, charp, 0444);
MODULE_PARM_DESC(partition, "the partition that this kernel is the guest of; without one, nothing happens");

static struct vmb_loop *vmb_loop;

static int __init vmb_loop_init(void)
{
	int ret;

	if (!*partition)
		return 0;
	vmb_loop = vmb_loop_create(partition, 0);
	if (IS_ERR(vmb_loop)) {
		ret = PTR_ERR(vmb_loop);
		pr_err("partition %s: error %d: does it exist, and has no VMM taken it?\n",
		       partition, ret);
		return ret;
	}
	ret = vmb_guest_bus_connect(vmb_loop->guest);
	if (ret) {
		pr_err("partition %s: no connection: error %d\n", partition, ret);
		vmb_loop_destroy(vmb_loop);
	}
	return ret;
}

static void __exit vmb_loop_exit(void)
{
	if (vmb_loop)
		vmb_loop_destroy(vmb_loop);
}

module_init(vmb_loop_init);
module_exit(vmb_loop_exit);

MODULE_DESCRIPTION("Loopback of VMBus: host end and guest end in one kernel");
MODULE_LICENSE("GPL");
