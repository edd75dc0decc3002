/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_KERNEL_H
#define SHIM_LINUX_KERNEL_H

#include_next <linux/kernel.h>

#include <stdio.h>
#include <linux/types.h>

#endif /* SHIM_LINUX_KERNEL_H */
