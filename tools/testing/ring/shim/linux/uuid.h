/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_UUID_H
#define SHIM_LINUX_UUID_H

#include <linux/types.h>

typedef struct {
	u8 b[16];
} guid_t;

#endif /* SHIM_LINUX_UUID_H */
