/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What I/Os cost the machine, and what memory it takes to be idle, with processes
 * that play the guests.
 */
#ifndef SCALE_H
#define SCALE_H

#include "guest.h"

#define SCALE_MAX	64
#define SCALE_BLOCK	512
#define SCALE_DEPTH_MAX	256

/**
 * struct scale - what is measured
 * @partitions: how many, each with a process and a virtual processor of its own
 * @channels: of each partition; each is a controller
 * @luns: of each channel; each is a null_blk disk
 * @depth: I/Os that are submitted in a row to one channel, then waited for
 * @size: bytes of an I/O
 * @ios: how many in a round, of all partitions together
 * @rounds: how often
 * @irqmode: how null_blk completes: 0 at once, 1 in softirq, 2 by a timer
 * @plug: one signal for the I/Os of a burst, instead of whenever the ring asks
 * @write: instead of reading
 * @icount: the machine is emulated, and each instruction takes 1 ns of its time
 */
struct scale {
	unsigned int partitions;
	unsigned int channels;
	unsigned int luns;
	unsigned int depth;
	unsigned int size;
	unsigned int ios;
	unsigned int rounds;
	unsigned int irqmode;
	bool plug;
	bool write;
	bool icount;
};

/**
 * struct scale_cost - of one I/O, on average of a round
 * @ns: time that passed
 * @cpu_ns: what all threads of the machine ran for
 * @switches: context switches
 * @wakeups: threads woken, guests included
 * @sleeps: of guests; each ends with a wake-up that any guest's vCPU has
 * @instructions: in kernel and user mode; 0 where they cannot be counted
 */
struct scale_cost {
	double ns;
	double cpu_ns;
	double switches;
	double wakeups;
	double sleeps;
	double instructions;
};

/**
 * struct scale_memory - bytes of the kernel's, on average
 * @partition: of a partition with a controller, a disk and a connected guest,
 *	the files of its VMM included
 * @channel: more for an open channel with rings of 128 KiB of data together,
 *	which are the guest's own and not counted
 */
struct scale_memory {
	unsigned int partition;
	unsigned int channel;
};

/* calls @fn after each round */
void scale_run(const struct scale *scale,
	       void (*fn)(const struct scale *scale, const struct scale_cost *cost));
void scale_memory(unsigned int partitions, struct scale_memory *memory);

#endif /* SCALE_H */
