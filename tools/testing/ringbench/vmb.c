// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmb SIZE BATCH MESSAGES PRODUCER-CPU CONSUMER-CPU: pass packets through a ring
 * by the library that the modules have, between two threads that never sleep.
 * Prints what a packet takes, from the consumer's end.
 *
 * The consumer masks signals, as one that polls does. It gives space back, and
 * the producer publishes, after every BATCH packets; the consumer also when it
 * has found the ring empty. The ring holds 256 packets, as ringtest's do.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/align.h>
#include <linux/compiler.h>
#include <linux/types.h>
#include <vmb/ring.h>

#include "chunks.h"

#define PACKETS_IN_RING	256
#define SIZE_MAX_BODY	4096

int shim_fail_alloc;

/* What the two threads write lies in lines of their own. */
static struct vmb_ring producer __attribute__((aligned(128)));
static struct vmb_ring consumer __attribute__((aligned(128)));
static u32 size __attribute__((aligned(128)));
static u32 batch, messages;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static u32 number(const char *arg, u32 max)
{
	char *end;
	unsigned long v = strtoul(arg, &end, 10);

	if (!*arg || *end || v > max) {
		fprintf(stderr, "0 to %u, not %s\n", max, arg);
		exit(2);
	}
	return v;
}

static void pin(u32 cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set)) {
		fprintf(stderr, "cannot run on CPU %u\n", cpu);
		exit(2);
	}
}

static void map(void)
{
	u32 len = ALIGN(PACKETS_IN_RING * vmb_ring_pkt_size(0, size) + 8, VMB_PAGE_SIZE);
	int fd = memfd_create("ring", 0);
	u8 *p;

	if (fd < 0 || ftruncate(fd, VMB_PAGE_SIZE + len))
		die("memfd");
	p = mmap(NULL, VMB_PAGE_SIZE + 2 * len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED ||
	    mmap(p, VMB_PAGE_SIZE + len, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0) == MAP_FAILED ||
	    mmap(p + VMB_PAGE_SIZE + len, len, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, VMB_PAGE_SIZE) == MAP_FAILED)
		die("mmap");
	close(fd);
	if (vmb_ring_init_producer(&producer, p, p + VMB_PAGE_SIZE, len) ||
	    vmb_ring_init_consumer(&consumer, p, p + VMB_PAGE_SIZE, len)) {
		fprintf(stderr, "no ring of %u bytes\n", len);
		exit(2);
	}
	vmb_ring_mask(&consumer);
}

static void *produce(void *arg)
{
	static u8 body[SIZE_MAX_BODY];
	struct kvec vec = { body, size };
	u32 seq, since = 0;
	int ret;

	pin(*(u32 *)arg);
	for (seq = 0; seq < messages; seq++) {
		body[0] = seq;
		while ((ret = vmb_ring_put(&producer, VMB_PKT_INBAND, 0, seq, NULL, &vec))) {
			if (ret != -EAGAIN) {
				fprintf(stderr, "put: error %d\n", ret);
				exit(2);
			}
			vmb_ring_publish(&producer);
			since = 0;
			barrier();
		}
		if (++since == batch) {
			vmb_ring_publish(&producer);
			since = 0;
		}
	}
	vmb_ring_publish(&producer);
	return NULL;
}

static void *consume(void *arg)
{
	static u64 buf[SIZE_MAX_BODY / 8 + 2];
	struct vmb_packet pkt;
	u32 seq = 0, since = 0;
	int ret;

	pin(*(u32 *)arg);
	while (seq < messages) {
		ret = vmb_ring_get(&consumer, buf, sizeof(buf), &pkt);
		if (ret == -EAGAIN) {
			vmb_ring_release(&consumer);
			since = 0;
			while (!vmb_ring_readable(&consumer))
				barrier();
			continue;
		}
		if (ret || pkt.trans_id != seq || pkt.len != size ||
		    *(u8 *)pkt.data != (u8)seq) {
			fprintf(stderr, "get: error %d, packet %u\n", ret, seq);
			exit(2);
		}
		seq++;
		chunks_count();
		if (++since == batch) {
			vmb_ring_release(&consumer);
			since = 0;
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	u32 producer_cpu, consumer_cpu;
	pthread_t threads[2];

	if (argc != 6) {
		fprintf(stderr, "usage: vmb SIZE BATCH MESSAGES PRODUCER-CPU CONSUMER-CPU\n");
		return 2;
	}
	size = number(argv[1], SIZE_MAX_BODY);
	batch = number(argv[2], PACKETS_IN_RING);
	messages = number(argv[3], 1U << 30);
	producer_cpu = number(argv[4], CPU_SETSIZE - 1);
	consumer_cpu = number(argv[5], CPU_SETSIZE - 1);
	if (!size || size % 8 || !batch) {
		fprintf(stderr, "SIZE is a multiple of 8, BATCH not 0\n");
		return 2;
	}
	map();
	if (pthread_create(&threads[0], NULL, produce, &producer_cpu) ||
	    pthread_create(&threads[1], NULL, consume, &consumer_cpu))
		die("thread");
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	chunks_print();
	return 0;
}
