/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time per message, taken from chunks of messages, of several rings full each.
 * On a busy machine most chunks have a preemption in them, the quickest has not:
 * it is what a message takes while both threads run. On a machine with nothing
 * else to do the median and the mean say the same. A thread that spins while
 * the other one does not run would take for ever: the program ends, as if all
 * messages had passed, after CHUNKS_MS milliseconds (environment; 1000).
 *
 * One copy for every program, and used by one thread of each.
 */
#ifndef CHUNKS_H
#define CHUNKS_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define CHUNK		2048
#define CHUNKS_MAX	16384

static struct {
	unsigned long messages;
	unsigned int nr;
	unsigned long long start, last, end;
	unsigned int ns[CHUNKS_MAX];
} chunks;

static inline unsigned long long chunks_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static int chunks_compare(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return (x > y) - (x < y);
}

/* "QUICKEST MEDIAN MEAN", in ns per message */
static inline void chunks_print(void)
{
	if (!chunks.nr)
		exit(3);
	qsort(chunks.ns, chunks.nr, sizeof(chunks.ns[0]), chunks_compare);
	printf("%.2f %.2f %.2f\n", chunks.ns[0] / (double)CHUNK,
	       chunks.ns[chunks.nr / 2] / (double)CHUNK,
	       (chunks.last - chunks.start) / (double)CHUNK / chunks.nr);
}

/* To be called once for each message. */
static inline void chunks_count(void)
{
	unsigned long long now;

	if (++chunks.messages % CHUNK)
		return;
	now = chunks_now();
	/* the first chunk is the start of both threads */
	if (!chunks.start) {
		const char *ms = getenv("CHUNKS_MS");

		chunks.start = now;
		chunks.end = now + (ms ? atoi(ms) : 1000) * 1000000ULL;
	} else {
		chunks.ns[chunks.nr++] = now - chunks.last;
	}
	chunks.last = now;
	if (now < chunks.end && chunks.nr < CHUNKS_MAX)
		return;
	chunks_print();
	fflush(stdout);
	_exit(0);
}

#endif /* CHUNKS_H */
