/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many requests of a disk went which way, since it was made.
 */
#ifndef VHD_COUNT_H
#define VHD_COUNT_H

#include <linux/percpu.h>

/* A request may go several ways: to a worker, and then by parts. */
enum vhd_count {
	VHD_COUNT_ZEROS,	/* read: there is nothing in any file */
	VHD_COUNT_DIRECT,	/* read or written in one go */
	VHD_COUNT_WORKER,	/* had to wait */
	VHD_COUNT_LATE,		/* written directly, and ended by a worker */
	VHD_COUNT_PARTS,	/* bytes in several places, or without one */
	VHD_COUNT_FLUSHES,
	VHD_COUNT_PUNCHES,	/* discards, and zeros to be written */
	VHD_COUNT_ERRORS,	/* ended with one */
	VHD_COUNTS
};

/**
 * struct vhd_counts - of a disk, for one processor
 * @nr: of each
 */
struct vhd_counts {
	u64 nr[VHD_COUNTS];
};

/**
 * vhd_count() - one more
 * @counts: of a disk
 * @which: of what
 *
 * Context: any.
 */
static inline void vhd_count(struct vhd_counts __percpu *counts, enum vhd_count which)
{
	this_cpu_inc(counts->nr[which]);
}

/**
 * vhd_count_sum() - how many
 * @counts: of a disk
 * @which: of what
 *
 * Return: the sum over all processors, while they go on counting.
 */
static inline u64 vhd_count_sum(struct vhd_counts __percpu *counts, enum vhd_count which)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(counts, cpu)->nr[which]);
	return sum;
}

#endif /* VHD_COUNT_H */
