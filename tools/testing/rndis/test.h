/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A test is a function that returns NULL, or why it failed. Each prints one
 * line, "ok NAME" or "not ok NAME: reason".
 */
#ifndef TEST_H
#define TEST_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <asm/byteorder.h>
#include <linux/array_size.h>

#include "wire.h"

struct test {
	const char *name;
	const char *(*fn)(void);
};

const char *test_fail(const char *file, int line, const char *what);

#define CHECK(cond) do {						\
	if (!(cond))							\
		return test_fail(__FILE__, __LINE__, #cond);		\
} while (0)

/* all tests of a file, ended by one without a name */
extern const struct test nvsp_tests[], rndis_tests[], oid_tests[];

/* a copy in memory of exactly that size, so that a byte too many is seen */
static inline void *exactly(const void *data, u32 len)
{
	void *p = malloc(len ?: 1);

	memcpy(p, data, len);
	return p;
}

#endif /* TEST_H */
