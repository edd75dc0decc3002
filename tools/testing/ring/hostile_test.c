// SPDX-License-Identifier: GPL-2.0-only
/*
 * A peer that writes whatever it likes, wherever it can, whenever it wants.
 * Our end may fail, and may neither crash nor touch memory outside the ring
 * and its buffer: the address sanitizer and the unmapped pages around the ring
 * watch.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "test.h"

/* At least that long, and until enough of each outcome has been seen. */
#define SECONDS		2
#define SECONDS_MAX	60
#define ENOUGH		100

struct hostile {
	struct rig rig;
	bool stop;
};

static void *scribble(void *arg)
{
	static const u16 types[] = {
		VMB_PKT_INBAND, VMB_PKT_XFER_PAGES, VMB_PKT_GPA_DIRECT,
		VMB_PKT_GPA_DIRECT,
	};
	struct hostile *h = arg;
	volatile u32 *hdr = (volatile u32 *)h->rig.hdr;
	volatile u64 *data = (volatile u64 *)h->rig.data;
	u32 seed = 99, words = h->rig.size / 8, at, type;

	while (!__atomic_load_n(&h->stop, __ATOMIC_RELAXED)) {
		switch (test_random(&seed) % 8) {
		case 0:	/* any of the header's words, any value */
			hdr[test_random(&seed) % 17] = test_random(&seed);
			break;
		case 1:	/* an index that looks good */
		case 2:
			hdr[test_random(&seed) % 2] = test_random(&seed) % words * 8;
			break;
		case 3:
			data[test_random(&seed) % words] =
				(u64)test_random(&seed) << 32 | test_random(&seed);
			break;
		case 4:	/* a range that looks good */
			data[test_random(&seed) % words] =
				(u64)(test_random(&seed) % 4097) << 32 |
				(test_random(&seed) % 20000);
			break;
		default:	/* a descriptor that looks good */
			type = types[test_random(&seed) % 4];
			at = test_random(&seed) % words;
			data[at] = (u64)(test_random(&seed) % 40) << 32 |
				   (1 + test_random(&seed) % 12) << 16 | type;
			if (type != VMB_PKT_INBAND)
				data[(at + 2) % words] = (u64)(test_random(&seed) % 3) << 32;
			break;
		}
	}
	return NULL;
}

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* On a busy machine the other thread may not run for a while. */
static bool go_on(time_t start, u32 good, u32 bad)
{
	time_t ran = seconds() - start;

	if (bad % 64 == 0)
		sched_yield();
	return ran < SECONDS ||
	       (ran < SECONDS_MAX && (good < ENOUGH || bad < ENOUGH));
}

static const char *check_packet(const struct vmb_packet *pkt, const u8 *buf,
				u32 buf_len)
{
	const u8 *data = pkt->data;
	struct vmb_gpa_range range;
	u32 pos = 0, i, offset, len;
	volatile u64 sum = 0;

	CHECK(data >= buf + 16 && data + pkt->len <= buf + buf_len);
	for (i = 0; i < pkt->len; i++)
		sum += data[i];
	for (i = 0; i < pkt->nr_ranges; i++) {
		if (pkt->type == VMB_PKT_XFER_PAGES) {
			CHECK(!vmb_packet_xfer_range(pkt, i, &offset, &len));
			continue;
		}
		CHECK(!vmb_packet_gpa_range(pkt, &pos, &range));
		CHECK(range.len && range.offset < VMB_PAGE_SIZE);
		CHECK((u8 *)(range.pfns + range.nr_pfns) <= data);
		sum += range.pfns[range.nr_pfns - 1];
	}
	(void)sum;
	return NULL;
}

static const char *hostile_producer(void)
{
	struct hostile h = { 0 };
	u32 good = 0, bad = 0, buf_len = 512;
	u8 *buf = malloc(buf_len);
	struct vmb_packet pkt;
	pthread_t thread;
	time_t start = seconds();
	int ret;

	CHECK(buf);
	rig_map(&h.rig, 4096);
	CHECK(!pthread_create(&thread, NULL, scribble, &h));
	while (go_on(start, good, bad)) {
		while (vmb_ring_init_consumer(&h.rig.c, h.rig.hdr, h.rig.data,
					      h.rig.size))
			;
		while (!(ret = vmb_ring_get(&h.rig.c, buf, buf_len, &pkt))) {
			TRY(check_packet(&pkt, buf, buf_len));
			CHECK(h.rig.c.index < 4096 && !(h.rig.c.index % 8));
			good++;
			if (good % 3 == 0)
				vmb_ring_release(&h.rig.c);
		}
		CHECK(ret == -EAGAIN || ret == -EMSGSIZE || ret == -EBADMSG);
		bad++;
		vmb_ring_release(&h.rig.c);
		vmb_ring_mask(&h.rig.c);
		vmb_ring_unmask(&h.rig.c);
	}
	__atomic_store_n(&h.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	free(buf);
	rig_unmap(&h.rig);
	/* otherwise it tested one of the two only */
	CHECK(good >= ENOUGH && bad >= ENOUGH);
	return NULL;
}

static const char *hostile_consumer(void)
{
	u32 good = 0, again = 0, seed = 5;
	struct hostile h = { 0 };
	u8 *body = calloc(1, 2048);
	pthread_t thread;
	time_t start = seconds();

	CHECK(body);
	rig_map(&h.rig, 4096);
	CHECK(!pthread_create(&thread, NULL, scribble, &h));
	while (go_on(start, good, again)) {
		struct kvec vec = { body, test_random(&seed) % 2048 };
		int ret;

		if (test_random(&seed) % 64 == 0)
			while (vmb_ring_init_producer(&h.rig.p, h.rig.hdr,
						      h.rig.data, h.rig.size))
				;
		ret = vmb_ring_put(&h.rig.p, 6, 0, 0, NULL, &vec);
		CHECK(!ret || ret == -EAGAIN || ret == -EPROTO);
		CHECK(h.rig.p.index < 4096 && !(h.rig.p.index % 8));
		if (ret)
			again++;
		else
			good++;
		vmb_ring_publish(&h.rig.p);
		CHECK(vmb_ring_space(&h.rig.p) < 4096);
		vmb_ring_drained(&h.rig.p);
		vmb_ring_wait_space(&h.rig.p, test_random(&seed));
		vmb_ring_end_wait(&h.rig.p);
	}
	__atomic_store_n(&h.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	free(body);
	rig_unmap(&h.rig);
	CHECK(good >= ENOUGH && again >= ENOUGH);
	return NULL;
}

const struct test hostile_tests[] = {
	{ "hostile_producer", hostile_producer },
	{ "hostile_consumer", hostile_consumer },
	{ 0 }
};
