/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_LIMITS_H
#define SHIM_LINUX_LIMITS_H

#include_next <linux/limits.h>

#define U16_MAX	((__UINT16_TYPE__)~0U)
#define U32_MAX	((__UINT32_TYPE__)~0U)

#endif /* SHIM_LINUX_LIMITS_H */
