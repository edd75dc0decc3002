/* SPDX-License-Identifier: GPL-2.0-only */
/* What happened between two looks at the counters. */
#ifndef VMBCTL_RATE_H
#define VMBCTL_RATE_H

#include <stdbool.h>

#include "host.h"

/**
 * struct rate - of a channel, or of all that a partition has
 * @ios: answers to the guest, per second
 * @bytes: moved, per second
 * @signals: of the guest that had the channel polled, per second
 * @interrupts: for the guest, per second
 * @in_flight: packets not answered yet, now
 * @ns: time of the commands that ended
 * @latency: of how many, by powers of two of ns
 */
struct rate {
	double ios;
	double bytes;
	double signals;
	double interrupts;
	uint64_t in_flight;
	uint64_t ns;
	uint64_t latency[HOST_MAX_BUCKETS];
};

void rate_channel(struct rate *r, const struct host_channel *before,
		  const struct host_channel *now, double seconds);
void rate_add(struct rate *sum, const struct rate *r);
double rate_mean_ns(const struct rate *r);
double rate_percentile_ns(const struct rate *r, double percent);
const struct host_channel *rate_find(const struct host *host, const char *partition,
				     const struct host_channel *like);

#endif /* VMBCTL_RATE_H */
