/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done to a disk, by a seed, and what its sectors have then. Who checks
 * a disk knows without having seen it.
 */
#ifndef CRASH_OPS_H
#define CRASH_OPS_H

#include <stdbool.h>
#include <stdint.h>

#define SECTOR		512U
#define BATCH_OPS	12U
#define OP_SECTORS	96U

/* What a sector has that nothing was written to: zeros, or of a parent its own */
#define GEN_ZERO	0U
#define GEN_PARENT	1U

/**
 * struct op - a write
 * @sector: the first
 * @count: of sectors
 * @gen: what they have afterwards; %GEN_ZERO: zeros
 */
struct op {
	uint32_t sector;
	uint32_t count;
	uint32_t gen;
};

void ops_batch(uint64_t seed, uint32_t batch, uint32_t sectors, struct op *ops);
void sector_fill(uint64_t seed, uint32_t sector, uint32_t gen, void *buf);
bool sector_is(uint64_t seed, uint32_t sector, uint32_t gen, const void *buf);

#endif /* CRASH_OPS_H */
