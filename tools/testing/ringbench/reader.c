// SPDX-License-Identifier: GPL-2.0-only
/*
 * reader DEVICE DEPTH MILLISECONDS: random reads of 4 KiB past the page cache, one
 * at a time in each of DEPTH threads. Prints reads per second.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BLOCK		4096
#define DEPTH_MAX	64

static int fd;
static unsigned long blocks;
static int stop;
static unsigned long reads[DEPTH_MAX];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void *reader(void *arg)
{
	unsigned long *nr = arg, seed = nr - reads + 1;
	char *buf = aligned_alloc(BLOCK, BLOCK);

	if (!buf)
		exit(2);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		seed = seed * 6364136223846793005UL + 1442695040888963407UL;
		if (pread(fd, buf, BLOCK, (seed >> 33) % blocks * BLOCK) != BLOCK) {
			perror("pread");
			exit(2);
		}
		++*nr;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[DEPTH_MAX];
	unsigned long sum = 0;
	double start, end;
	int depth, i;

	if (argc != 4) {
		fprintf(stderr, "usage: reader DEVICE DEPTH MILLISECONDS\n");
		return 2;
	}
	fd = open(argv[1], O_RDONLY | O_DIRECT);
	if (fd < 0) {
		perror(argv[1]);
		return 2;
	}
	blocks = lseek(fd, 0, SEEK_END) / BLOCK;
	depth = atoi(argv[2]);
	if (!blocks || depth < 1 || depth > DEPTH_MAX) {
		fprintf(stderr, "an empty device, or a depth not in 1 to %d\n", DEPTH_MAX);
		return 2;
	}
	start = now();
	for (i = 0; i < depth; i++)
		if (pthread_create(&threads[i], NULL, reader, &reads[i]))
			return 2;
	usleep(atoi(argv[3]) * 1000);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < depth; i++) {
		pthread_join(threads[i], NULL);
		sum += reads[i];
	}
	end = now();
	if (!sum)
		return 3;
	printf("%.0f\n", sum / (end - start));
	return 0;
}
