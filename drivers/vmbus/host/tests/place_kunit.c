// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a channel is polled, with guests whose packets take a known time in
 * either place.
 */
#include <kunit/test.h>
#include <linux/time64.h>

#include "../host.h"

/**
 * struct guest - a guest that makes one packet after the other
 * @place: what is tested
 * @now: its clock, in ns
 * @vcpu_ns: what a packet takes while the vCPU's thread polls
 * @worker_ns: while the worker does
 * @sleeps: the worker waits for each packet in vain, and has to be woken
 * @in_worker: packets of the last load() that the worker took
 * @changes: how often the place was changed meanwhile
 */
struct guest {
	struct vmb_place place;
	u64 now;
	u64 vcpu_ns;
	u64 worker_ns;
	bool sleeps;
	unsigned int in_worker;
	unsigned int changes;
};

static void load(struct guest *g, unsigned int packets)
{
	bool before;

	g->in_worker = 0;
	g->changes = 0;
	while (packets--) {
		before = g->place.worker;
		g->now += before ? g->worker_ns : g->vcpu_ns;
		g->in_worker += before;
		vmb_place_packets(&g->place, 1, g->now);
		if (before && g->sleeps)
			vmb_place_missed(&g->place, 1, g->now);
		g->changes += g->place.worker != before;
	}
}

static struct guest *start(struct kunit *test, u64 vcpu_ns, u64 worker_ns)
{
	struct guest *g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, g);
	g->now = 1000 * NSEC_PER_SEC;
	g->vcpu_ns = vcpu_ns;
	g->worker_ns = worker_ns;
	vmb_place_init(&g->place, g->now);
	return g;
}

/* One that waits for each answer: trials are short, rare, and get rarer. */
static void place_vcpu_is_faster(struct kunit *test)
{
	struct guest *g = start(test, 10000, 15000);

	load(g, 128);
	KUNIT_EXPECT_EQ(test, g->in_worker, 0);
	load(g, 3000);
	KUNIT_EXPECT_GT(test, g->in_worker, 0);
	KUNIT_EXPECT_LT(test, g->in_worker, 150);
	load(g, 1000000);
	KUNIT_EXPECT_LT(test, g->in_worker, 1000);
	KUNIT_EXPECT_FALSE(test, g->place.worker);
}

/* Nothing to be won is no reason to use a second CPU. */
static void place_both_are_the_same(struct kunit *test)
{
	struct guest *g = start(test, 10000, 10000);

	load(g, 100000);
	KUNIT_EXPECT_LT(test, g->in_worker, 500);
	g->worker_ns = 9000;
	load(g, 1000000);
	KUNIT_EXPECT_LT(test, g->in_worker, 1000);
}

static void place_worker_is_faster(struct kunit *test)
{
	struct guest *g = start(test, 10000, 6000);

	load(g, 128 + 32);
	KUNIT_EXPECT_TRUE(test, g->place.worker);
	load(g, 100000);
	KUNIT_EXPECT_GT(test, g->in_worker, 95000);
}

/* The same guest does something else. */
static void place_load_changes(struct kunit *test)
{
	struct guest *g = start(test, 10000, 6000);

	load(g, 10000);
	KUNIT_EXPECT_TRUE(test, g->place.worker);
	g->worker_ns = 30000;
	/* the window that is running, and as long as the next may take */
	load(g, 2 * 256);
	KUNIT_EXPECT_FALSE(test, g->place.worker);
	load(g, 300000);
	KUNIT_EXPECT_LT(test, g->in_worker, 500);

	/* after a pause it is tried soon */
	g->worker_ns = 6000;
	g->now += NSEC_PER_SEC;
	load(g, 1 + 128 + 32);
	KUNIT_EXPECT_TRUE(test, g->place.worker);
	/* and what comes first after one finds the vCPU's thread */
	g->now += NSEC_PER_SEC;
	load(g, 1);
	KUNIT_EXPECT_FALSE(test, g->place.worker);
}

/* Few packets at a time, with pauses: never worth a trial. */
static void place_bursts(struct kunit *test)
{
	struct guest *g = start(test, 10000, 1000);
	int i;

	for (i = 0; i < 100; i++) {
		g->now += NSEC_PER_SEC;
		load(g, 128);
		KUNIT_EXPECT_EQ(test, g->in_worker, 0);
	}
}

/*
 * A worker that sleeps before each packet is not kept to the end of its trial,
 * however fast it is, nor in the place that it has already.
 */
static void place_worker_sleeps(struct kunit *test)
{
	struct guest *g = start(test, 10000, 6000);

	g->sleeps = true;
	load(g, 128);
	KUNIT_EXPECT_TRUE(test, g->place.worker);
	load(g, 10000);
	KUNIT_EXPECT_LT(test, g->in_worker, 40);
	KUNIT_EXPECT_FALSE(test, g->place.worker);

	g = start(test, 10000, 6000);
	load(g, 10000);
	KUNIT_EXPECT_TRUE(test, g->place.worker);
	g->sleeps = true;
	load(g, 10000);
	KUNIT_EXPECT_LT(test, g->in_worker, 80);
	KUNIT_EXPECT_FALSE(test, g->place.worker);
}

/* One that is late now and then stays. */
static void place_worker_misses_some(struct kunit *test)
{
	struct guest *g = start(test, 10000, 6000);
	int i;

	for (i = 0; i < 1000; i++) {
		load(g, 15);
		vmb_place_missed(&g->place, 1, g->now);
	}
	KUNIT_EXPECT_TRUE(test, g->place.worker);
	/* nobody's fault while the vCPU's thread polls */
	g = start(test, 10000, 6000);
	vmb_place_missed(&g->place, 1, g->now);
	KUNIT_EXPECT_EQ(test, g->place.misses, 0);
}

/* Batches count as what they hold, and a clock that stands is no division. */
static void place_batches(struct kunit *test)
{
	struct guest *g = start(test, 10000, 0);
	int i;

	for (i = 0; i < 100; i++)
		vmb_place_packets(&g->place, 256, g->now);
	load(g, 10000);
	KUNIT_EXPECT_GT(test, g->in_worker, 0);
}

static void place_spin(struct kunit *test)
{
	struct guest *g = start(test, 10000, 6000);

	KUNIT_EXPECT_EQ(test, vmb_place_spin_ns(&g->place), 5 * NSEC_PER_USEC);
	load(g, 1000);
	KUNIT_EXPECT_EQ(test, vmb_place_spin_ns(&g->place), 20000);
	g = start(test, 10 * NSEC_PER_MSEC, 6000);
	load(g, 1000);
	KUNIT_EXPECT_EQ(test, vmb_place_spin_ns(&g->place), NSEC_PER_MSEC);
}

/* A nap that brings one packet ends a trial; now and then one does no harm. */
static void place_nap(struct kunit *test)
{
	struct guest *g = start(test, 10000, 6000);
	unsigned int in_worker = 0;
	int i;

	KUNIT_EXPECT_EQ(test, vmb_place_nap_ns(&g->place), 20 * NSEC_PER_USEC);
	load(g, 128 + 1);
	KUNIT_EXPECT_TRUE(test, g->place.worker);
	KUNIT_EXPECT_EQ(test, vmb_place_nap_ns(&g->place), 40000);
	vmb_place_missed(&g->place, VMB_PLACE_NAP_COST, g->now);
	KUNIT_EXPECT_FALSE(test, g->place.worker);

	load(g, 256 + 32);
	KUNIT_EXPECT_TRUE(test, g->place.worker);
	for (i = 0; i < 1000; i++) {
		load(g, 99);
		in_worker += g->in_worker;
		vmb_place_missed(&g->place, VMB_PLACE_NAP_COST, g->now);
	}
	KUNIT_EXPECT_GT(test, in_worker, 90000);
	g = start(test, 10 * NSEC_PER_MSEC, 6000);
	load(g, 1000);
	KUNIT_EXPECT_EQ(test, vmb_place_nap_ns(&g->place), 4 * NSEC_PER_MSEC);
}

static struct kunit_case place_cases[] = {
	KUNIT_CASE(place_vcpu_is_faster),
	KUNIT_CASE(place_both_are_the_same),
	KUNIT_CASE(place_worker_is_faster),
	KUNIT_CASE(place_load_changes),
	KUNIT_CASE(place_bursts),
	KUNIT_CASE(place_worker_sleeps),
	KUNIT_CASE(place_worker_misses_some),
	KUNIT_CASE(place_batches),
	KUNIT_CASE(place_spin),
	KUNIT_CASE(place_nap),
	{}
};

static struct kunit_suite place_suite = {
	.name = "vmb_host_place",
	.test_cases = place_cases,
};

kunit_test_suite(place_suite);

MODULE_DESCRIPTION("KUnit tests of where channels are polled");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
