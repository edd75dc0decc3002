// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long commands take, as a histogram for each channel and CPU.
 */
#include <kunit/visibility.h>
#include <linux/cpumask.h>

#include "latency.h"

/* counts those who want to know */
DEFINE_STATIC_KEY_FALSE(vsp_stor_latency_key);

/**
 * vsp_stor_latency_sum - add up what all CPUs have
 * @sum: set to the sum
 * @l: of each CPU; may change meanwhile
 */
void vsp_stor_latency_sum(struct vsp_stor_latency *sum,
			  const struct vsp_stor_latency __percpu *l)
{
	int cpu, i;

	*sum = (struct vsp_stor_latency){};
	for_each_possible_cpu(cpu) {
		const struct vsp_stor_latency *one = per_cpu_ptr(l, cpu);

		sum->ns += READ_ONCE(one->ns);
		for (i = 0; i < VSP_STOR_LATENCY_BUCKETS; i++)
			sum->bucket[i] += READ_ONCE(one->bucket[i]);
	}
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_latency_sum);
