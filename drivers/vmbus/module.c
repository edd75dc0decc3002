// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library has nothing to set up; this only describes it. It is apart from
 * the algorithms so that those compile in userspace as they are.
 */
#include <linux/module.h>

MODULE_DESCRIPTION("VMBus ring buffers, packets and GPADLs");
MODULE_LICENSE("GPL");
