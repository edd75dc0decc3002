/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_UNALIGNED_H
#define SHIM_LINUX_UNALIGNED_H

#include <string.h>
#include <asm/byteorder.h>

#define SHIM_UNALIGNED(end, bits)						\
static inline u##bits get_unaligned_##end##bits(const void *p)			\
{										\
	u##bits v;								\
										\
	memcpy(&v, p, sizeof(v));						\
	return end##bits##_to_cpu(v);						\
}										\
										\
static inline void put_unaligned_##end##bits(u##bits v, void *p)		\
{										\
	v = cpu_to_##end##bits(v);						\
	memcpy(p, &v, sizeof(v));						\
}

SHIM_UNALIGNED(le, 32)
SHIM_UNALIGNED(le, 64)
SHIM_UNALIGNED(be, 32)

#endif /* SHIM_LINUX_UNALIGNED_H */
