/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_STRING_H
#define SHIM_LINUX_STRING_H

#include <string.h>

static inline void *memchr_inv(const void *p, int c, size_t len)
{
	const unsigned char *at = p;

	for (; len; at++, len--)
		if (*at != (unsigned char)c)
			return (void *)at;
	return NULL;
}

#endif /* SHIM_LINUX_STRING_H */
