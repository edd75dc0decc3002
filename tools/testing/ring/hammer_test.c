// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two threads at the ends of one ring, that sleep whenever the rules let them
 * and wake each other by the rules only. A signal too few is a deadlock, which
 * the time limit finds. Sleeping and waking use relaxed atomics and the bare
 * system call, so that the ring's own ordering is all the thread sanitizer
 * sees.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test.h"

struct bell {
	u32 rung;
	u32 count;
};

struct hammer {
	struct rig rig;
	struct bell to_consumer, to_producer;
	u32 packets;
	u32 max_body;
	u32 batch;
	bool mask;
	const char *why;
};

static void bell_ring(struct bell *bell)
{
	bell->count++;
	__atomic_store_n(&bell->rung, 1, __ATOMIC_RELAXED);
	syscall(SYS_futex, &bell->rung, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void bell_wait(struct bell *bell)
{
	while (!__atomic_exchange_n(&bell->rung, 0, __ATOMIC_RELAXED))
		syscall(SYS_futex, &bell->rung, FUTEX_WAIT_PRIVATE, 0, NULL,
			NULL, 0);
}

static u32 body_len(const struct hammer *h, u32 seq)
{
	u32 state = seq * 2654435761U + 1;

	return test_random(&state) % (h->max_body + 1);
}

static void publish(struct hammer *h)
{
	if (vmb_ring_publish(&h->rig.p))
		bell_ring(&h->to_consumer);
}

static void *produce(void *arg)
{
	static u8 body[4096];
	struct hammer *h = arg;
	struct kvec vec = { body, 0 };
	u32 seq, len;
	int ret;

	for (seq = 0; seq < h->packets; seq++) {
		len = body_len(h, seq);
		memset(body, seq, len);
		vec.iov_len = len;
		for (;;) {
			ret = vmb_ring_put(&h->rig.p, VMB_PKT_INBAND, 0, seq,
					   NULL, &vec);
			if (ret != -EAGAIN)
				break;
			publish(h);
			if (!vmb_ring_wait_space(&h->rig.p,
						 vmb_ring_pkt_size(0, len)))
				bell_wait(&h->to_producer);
			vmb_ring_end_wait(&h->rig.p);
		}
		if (ret) {
			h->why = "put failed";
			break;
		}
		if (seq % h->batch == 0)
			publish(h);
	}
	publish(h);
	return NULL;
}

static const char *consume_one(struct hammer *h, u32 seq)
{
	static u64 buf[1024];
	struct vmb_packet pkt;
	u32 i, len = body_len(h, seq);
	int ret = vmb_ring_get(&h->rig.c, buf, sizeof(buf), &pkt);

	if (ret == -EAGAIN)
		return "again";
	CHECK(!ret);
	CHECK(pkt.trans_id == seq);
	CHECK(pkt.len == ALIGN(len, 8));
	for (i = 0; i < len; i++)
		CHECK(((u8 *)pkt.data)[i] == (u8)seq);
	return NULL;
}

static void *consume(void *arg)
{
	struct hammer *h = arg;
	u32 seq = 0, since = 0;
	const char *why;

	while (seq < h->packets) {
		why = consume_one(h, seq);
		if (!why) {
			seq++;
			if (++since < h->batch && seq < h->packets)
				continue;
		}
		since = 0;
		if (vmb_ring_release(&h->rig.c))
			bell_ring(&h->to_producer);
		if (!why)
			continue;
		if (strcmp(why, "again")) {
			h->why = why;
			break;
		}
		if (h->mask ? vmb_ring_unmask(&h->rig.c) :
			      vmb_ring_readable(&h->rig.c))
			continue;
		bell_wait(&h->to_consumer);
		if (h->mask)
			vmb_ring_mask(&h->rig.c);
	}
	return NULL;
}

static const char *hammer(u32 size, u32 max_body, u32 batch, bool mask)
{
	struct hammer h = {
		.packets = HAMMER_PACKETS, .max_body = max_body,
		.batch = batch, .mask = mask,
	};
	pthread_t threads[2];

	rig_map(&h.rig, size);
	CHECK(!pthread_create(&threads[0], NULL, produce, &h));
	CHECK(!pthread_create(&threads[1], NULL, consume, &h));
	pthread_join(threads[0], NULL);
	if (!h.why)
		pthread_join(threads[1], NULL);
	TRY(h.why);
	CHECK(h.rig.hdr->read_index == h.rig.hdr->write_index);
	/* otherwise it tested spinning */
	CHECK(h.to_consumer.count && h.to_producer.count);
	rig_unmap(&h.rig);
	return NULL;
}

static const char *hammer_small(void)
{
	return hammer(4096, 200, 1, false);
}

static const char *hammer_large_packets(void)
{
	return hammer(4096, 4064, 1, false);
}

static const char *hammer_batch(void)
{
	return hammer(8192, 600, 7, false);
}

static const char *hammer_mask(void)
{
	return hammer(4096, 300, 1, true);
}

static const char *hammer_mask_batch(void)
{
	return hammer(16384, 2000, 16, true);
}

const struct test hammer_tests[] = {
	{ "hammer_small", hammer_small },
	{ "hammer_large_packets", hammer_large_packets },
	{ "hammer_batch", hammer_batch },
	{ "hammer_mask", hammer_mask },
	{ "hammer_mask_batch", hammer_mask_batch },
	{ 0 }
};
