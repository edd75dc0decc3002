// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

#include "disk/disk.h"

static int __init vhd_module_init(void)
{
	return vhd_disk_init();
}
module_init(vhd_module_init);

static void __exit vhd_module_exit(void)
{
	vhd_disk_exit();
}
module_exit(vhd_module_exit);

MODULE_DESCRIPTION("VHD and VHDX disk images");
MODULE_LICENSE("GPL");
