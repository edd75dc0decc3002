// SPDX-License-Identifier: GPL-2.0-only
/*
 * What must not grow with the number of partitions, channels and disks. Time is
 * not for a test: scale_bench has the figures.
 */
#include <stdio.h>
#include <unistd.h>

#include "config.h"
#include "scale.h"
#include "tap.h"

/* Documentation/performance.rst states them. */
#define PARTITION_BYTES	(48U << 10)
#define CHANNEL_BYTES	(64U << 10)
/* Threads woken for an I/O, guests that slept apart */
#define WOKEN		0.05

static double woken;

static void keep_least(const struct scale *scale, const struct scale_cost *cost)
{
	double others = cost->wakeups - cost->sleeps;

	printf("# %u partitions, %u channels, %u LUNs: %.4f woken, %.4f switches\n",
	       scale->partitions, scale->channels, scale->luns, others, cost->switches);
	/* guests were told to start: nothing counted is no result */
	EXPECT(cost->wakeups > 0);
	if (others < woken)
		woken = others;
}

static void nobody_is_woken(unsigned int partitions, unsigned int channels, unsigned int luns)
{
	struct scale scale = {
		.partitions = partitions,
		.channels = channels,
		.luns = luns,
		.depth = 1,
		.size = 4096,
		.ios = 3000,
		.rounds = 3,
	};

	if (!config_has_module("vsp_stor"))
		tap_skip("vsp_stor is not loaded");
	if (access(SCHEDSTATS, W_OK))
		tap_skip("the kernel does not count what it schedules");
	EXPECT_OK(config_write(ADAPTIVE, "0"));
	woken = 1e9;
	scale_run(&scale, keep_least);
	EXPECT(woken < WOKEN);
}

/* Inline, in the thread of the vCPU, however many there are of each. */
TEST(one_of_each) { nobody_is_woken(1, 1, 1); }
TEST(partitions) { nobody_is_woken(8, 1, 1); }
TEST(channels) { nobody_is_woken(1, 8, 1); }
TEST(luns) { nobody_is_woken(1, 1, 8); }

TEST(idle_memory)
{
	struct scale_memory memory;

	if (!config_has_module("vsp_stor"))
		tap_skip("vsp_stor is not loaded");
	if (config_is_debug())
		tap_skip("what the checkers keep is counted too");
	scale_memory(32, &memory);
	printf("# idle: partition %u bytes, channel %u bytes\n", memory.partition, memory.channel);
	EXPECT(memory.partition <= PARTITION_BYTES);
	EXPECT(memory.channel <= CHANNEL_BYTES);
}
