/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_H
#define TEST_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <asm/byteorder.h>
#include <linux/array_size.h>

#include "../unit/unit.h"
#include "wire.h"

/* all tests of a file, ended by one without a name */
extern const struct test nvsp_tests[], rndis_tests[], oid_tests[], rss_tests[];

/* a copy in memory of exactly that size, so that a byte too many is seen */
static inline void *exactly(const void *data, u32 len)
{
	void *p = malloc(len ?: 1);

	memcpy(p, data, len);
	return p;
}

#endif /* TEST_H */
