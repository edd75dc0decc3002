// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

MODULE_DESCRIPTION("VHD and VHDX disk images");
MODULE_LICENSE("GPL");
