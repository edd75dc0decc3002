// SPDX-License-Identifier: GPL-2.0-only
/* What happened between two looks at the counters. */
#include <stddef.h>
#include <string.h>

#include "rate.h"

/* Counters that went back have begun anew. */
static uint64_t since(uint64_t before, uint64_t now)
{
	return now >= before ? now - before : now;
}

/**
 * rate_channel - what a channel did
 * @r: set
 * @before: an earlier look at it, or NULL if it was not there
 * @now: a later one
 * @seconds: between the two
 */
void rate_channel(struct rate *r, const struct host_channel *before,
		  const struct host_channel *now, double seconds)
{
	static const struct host_channel nothing;
	int i;

	if (!before)
		before = &nothing;
	*r = (struct rate){
		.ios = since(before->completions, now->completions) / seconds,
		.bytes = since(before->bytes, now->bytes) / seconds,
		.signals = since(before->kicks, now->kicks) / seconds,
		.interrupts = since(before->interrupts, now->interrupts) / seconds,
		.in_flight = now->in_flight,
		.ns = since(before->latency_ns, now->latency_ns),
	};
	for (i = 0; i < now->nr_buckets; i++)
		r->latency[i] = since(before->latency[i], now->latency[i]);
}

/**
 * rate_add - what several did
 * @sum: added to
 * @r: one of them
 */
void rate_add(struct rate *sum, const struct rate *r)
{
	int i;

	sum->ios += r->ios;
	sum->bytes += r->bytes;
	sum->signals += r->signals;
	sum->interrupts += r->interrupts;
	sum->in_flight += r->in_flight;
	sum->ns += r->ns;
	for (i = 0; i < HOST_MAX_BUCKETS; i++)
		sum->latency[i] += r->latency[i];
}

static uint64_t measured(const struct rate *r)
{
	uint64_t n = 0;
	int i;

	for (i = 0; i < HOST_MAX_BUCKETS; i++)
		n += r->latency[i];
	return n;
}

/**
 * rate_mean_ns - how long a command took
 * @r: the figures
 *
 * Return: the mean, or -1 if none was measured.
 */
double rate_mean_ns(const struct rate *r)
{
	uint64_t n = measured(r);

	return n ? (double)r->ns / n : -1;
}

/**
 * rate_percentile_ns - how long most commands took at most
 * @r: the figures
 * @percent: which part of them, above 0 and up to 100
 *
 * Within a bucket they are taken as spread evenly: what is said is off by less
 * than a factor of two.
 *
 * Return: a time, or -1 if none was measured.
 */
double rate_percentile_ns(const struct rate *r, double percent)
{
	uint64_t n = measured(r), below = 0;
	double wanted = n * percent / 100;
	int i;

	if (!n)
		return -1;
	for (i = 0; i < HOST_MAX_BUCKETS - 1; i++) {
		if (r->latency[i] && below + r->latency[i] >= wanted)
			break;
		below += r->latency[i];
	}
	return (1 + (wanted - below) / r->latency[i]) * (1ULL << i);
}

/**
 * rate_find - the same channel in another look at the host
 * @host: where to look
 * @partition: name of its partition
 * @like: the channel
 *
 * Return: it, or NULL.
 */
const struct host_channel *rate_find(const struct host *host, const char *partition,
				     const struct host_channel *like)
{
	const struct host_partition *p;
	const struct host_channel *ch;
	int i, k;

	for (i = 0; i < host->nr; i++) {
		p = &host->partition[i];
		if (strcmp(p->name, partition))
			continue;
		for (k = 0; k < p->nr_channels; k++) {
			ch = &p->channel[k];
			if (ch->relid == like->relid && ch->index == like->index &&
			    !strcmp(ch->device ?: "", like->device ?: ""))
				return ch;
		}
	}
	return NULL;
}
