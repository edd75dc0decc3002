// SPDX-License-Identifier: GPL-2.0-only
/*
 * The histogram of how long commands take.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/time64.h>

#include "latency.h"

static void latency_buckets(struct kunit *test)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, vsp_stor_latency_bucket(0), 0);
	for (i = 0; i < VSP_STOR_LATENCY_BUCKETS; i++) {
		KUNIT_EXPECT_EQ(test, vsp_stor_latency_bucket(1ULL << i), i);
		KUNIT_EXPECT_EQ(test, vsp_stor_latency_bucket((2ULL << i) - 1), i);
	}
	KUNIT_EXPECT_EQ(test, vsp_stor_latency_bucket(1ULL << VSP_STOR_LATENCY_BUCKETS),
			VSP_STOR_LATENCY_BUCKETS - 1);
	KUNIT_EXPECT_EQ(test, vsp_stor_latency_bucket(U64_MAX),
			VSP_STOR_LATENCY_BUCKETS - 1);
}

static void free_latency(void *l)
{
	free_percpu((void __percpu __force *)l);
}

static void latency_sum(struct kunit *test)
{
	static const u64 times[] = { 0, 1, 1000, 1023, 1024, 5 * NSEC_PER_SEC, 1ULL << 40 };
	struct vsp_stor_latency __percpu *l = alloc_percpu(struct vsp_stor_latency);
	struct vsp_stor_latency sum;
	u64 ns = 0, n = 0;
	int cpu, i;

	KUNIT_ASSERT_NOT_NULL(test, (void __force *)l);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_latency,
							(void __force *)l), 0);
	/* what another CPU has counted, too */
	for_each_possible_cpu(cpu) {
		per_cpu_ptr(l, cpu)->bucket[3]++;
		per_cpu_ptr(l, cpu)->ns += 8;
		ns += 8;
	}
	for (i = 0; i < ARRAY_SIZE(times); i++) {
		vsp_stor_latency_add(l, times[i]);
		ns += times[i];
	}

	memset(&sum, 0xff, sizeof(sum));
	vsp_stor_latency_sum(&sum, l);
	KUNIT_EXPECT_EQ(test, sum.ns, ns);
	KUNIT_EXPECT_EQ(test, sum.bucket[0], 2);
	KUNIT_EXPECT_EQ(test, sum.bucket[3], num_possible_cpus());
	KUNIT_EXPECT_EQ(test, sum.bucket[9], 2);
	KUNIT_EXPECT_EQ(test, sum.bucket[10], 1);
	KUNIT_EXPECT_EQ(test, sum.bucket[32], 1);
	KUNIT_EXPECT_EQ(test, sum.bucket[VSP_STOR_LATENCY_BUCKETS - 1], 1);
	for (i = 0; i < VSP_STOR_LATENCY_BUCKETS; i++)
		n += sum.bucket[i];
	KUNIT_EXPECT_EQ(test, n, ARRAY_SIZE(times) + num_possible_cpus());
}

static struct kunit_case latency_cases[] = {
	KUNIT_CASE(latency_buckets),
	KUNIT_CASE(latency_sum),
	{}
};

static struct kunit_suite latency_suite = {
	.name = "vsp_stor_latency",
	.test_cases = latency_cases,
};

kunit_test_suite(latency_suite);

MODULE_DESCRIPTION("KUnit tests of the storage VSP's latency histogram");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
