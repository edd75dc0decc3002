/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_H
#define TEST_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <asm/byteorder.h>
#include <linux/align.h>
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/types.h>
#include <vmb/gpadl.h>
#include <vmb/ring.h>

#include "../unit/unit.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/*
 * Both ends of one ring. The header is one page, the data is mapped twice in a
 * row, and unmapped pages follow each.
 */
struct rig {
	struct vmb_ring p, c;
	struct vmb_ring_hdr *hdr;
	u8 *data;
	u32 size;
	void *base;
	size_t mapped;
};

void rig_map(struct rig *rig, u32 size);
void rig_unmap(struct rig *rig);
/* an empty ring whose indices are both at @at */
void rig_start(struct rig *rig, u32 at);

/* all tests of a file, ended by one without a name */
extern const struct test ring_tests[], signal_tests[], packet_tests[],
			 gpadl_tests[], hammer_tests[], hostile_tests[];

/* xorshift: the same numbers on every machine */
static inline u32 test_random(u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

#endif /* TEST_H */
