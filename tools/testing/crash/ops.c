// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "ops.h"

#define WORDS	(SECTOR / sizeof(uint64_t))

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static bool overlaps(const struct op *a, const struct op *b)
{
	return a->sector < b->sector + b->count && b->sector < a->sector + a->count;
}

/**
 * ops_batch - what is done between two flushes, in any order
 * @seed: of the disk
 * @batch: from 0
 * @sectors: of the disk
 * @ops: gets %BATCH_OPS, no two of which overlap
 */
void ops_batch(uint64_t seed, uint32_t batch, uint32_t sectors, struct op *ops)
{
	uint64_t random = mix(seed ^ mix(batch));
	uint32_t i, k, near;

	for (i = 0; i < BATCH_OPS; i++) {
		do {
			random = mix(random);
			/* as often a sector as many */
			ops[i].count = random % 4 ? 1 + (random >> 8) % OP_SECTORS : 1;
			/* blocks that are there already, and those next to them, too */
			near = (random >> 16) % 2 ? sectors : sectors / 8;
			ops[i].sector = (random >> 24) % (near - ops[i].count);
			for (k = 0; k < i; k++)
				if (overlaps(&ops[i], &ops[k]))
					break;
		} while (k < i);
		ops[i].gen = (random >> 60) % 8 ? GEN_PARENT + 1 + batch * BATCH_OPS + i : GEN_ZERO;
	}
}

/**
 * sector_fill - what a sector has
 * @seed: of the disk
 * @sector: which
 * @gen: since when
 * @buf: %SECTOR bytes
 */
void sector_fill(uint64_t seed, uint32_t sector, uint32_t gen, void *buf)
{
	uint64_t words[WORDS] = { 0 };
	uint32_t i;

	if (gen != GEN_ZERO) {
		/* for who looks at a bad one */
		words[0] = (uint64_t)gen << 32 | sector;
		words[1] = mix(seed ^ words[0]);
		for (i = 2; i < WORDS; i++)
			words[i] = mix(words[1] + i);
	}
	memcpy(buf, words, SECTOR);
}

/**
 * sector_is - does a sector have that?
 * @seed: of the disk
 * @sector: which
 * @gen: since when
 * @buf: what it has
 *
 * Return: true if it does, all of it.
 */
bool sector_is(uint64_t seed, uint32_t sector, uint32_t gen, const void *buf)
{
	uint8_t want[SECTOR];

	sector_fill(seed, sector, gen, want);
	return !memcmp(want, buf, SECTOR);
}
