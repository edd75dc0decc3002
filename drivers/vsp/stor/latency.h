/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long commands take. Nothing is measured, and nothing but a no-op executed,
 * while nobody wants to know.
 */
#ifndef VSP_STOR_LATENCY_H
#define VSP_STOR_LATENCY_H

#include <linux/jump_label.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/types.h>

/* the last one is for 2^35 ns, 34 s, and more */
#define VSP_STOR_LATENCY_BUCKETS	36

/**
 * struct vsp_stor_latency - a histogram of times
 * @ns: their sum
 * @bucket: how many took 2^i ns or more, and less than 2^(i + 1); those of 0 ns
 *	are in the first one, the longest in the last one
 */
struct vsp_stor_latency {
	u64 ns;
	u64 bucket[VSP_STOR_LATENCY_BUCKETS];
};

DECLARE_STATIC_KEY_FALSE(vsp_stor_latency_key);

/* Does anybody want to know? */
static inline bool vsp_stor_latency_wanted(void)
{
	return static_branch_unlikely(&vsp_stor_latency_key);
}

static inline unsigned int vsp_stor_latency_bucket(u64 ns)
{
	return min_t(unsigned int, ilog2(ns | 1), VSP_STOR_LATENCY_BUCKETS - 1);
}

/*
 * Account for one more. Any context: each CPU has a histogram of its own, which
 * it changes in single instructions.
 */
static inline void vsp_stor_latency_add(struct vsp_stor_latency __percpu *l, u64 ns)
{
	this_cpu_add(l->ns, ns);
	this_cpu_inc(l->bucket[vsp_stor_latency_bucket(ns)]);
}

void vsp_stor_latency_sum(struct vsp_stor_latency *sum,
			  const struct vsp_stor_latency __percpu *l);

#endif /* VSP_STOR_LATENCY_H */
