// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings in the kernel: the double mapping, two threads, and the
 * rules in short. The long tests are in tools/testing/ring.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/vmalloc.h>
#include <vmb/ring.h>

#define RING_PAGES	2
#define RING_SIZE	(RING_PAGES * PAGE_SIZE)

struct ring_test {
	struct page *pages[1 + RING_PAGES];
	void *base;
	struct vmb_ring_hdr *hdr;
	struct vmb_ring p, c;
	u64 buf[512];
	struct completion to_consumer, to_producer;
	u32 packets;
	bool stop;
};

static int ring_test_init(struct kunit *test)
{
	struct ring_test *t;
	int i;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	if (!t)
		return -ENOMEM;
	test->priv = t;
	for (i = 0; i <= RING_PAGES; i++) {
		t->pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!t->pages[i])
			return -ENOMEM;
	}
	t->base = vmb_ring_map(t->pages, ARRAY_SIZE(t->pages));
	if (!t->base)
		return -ENOMEM;
	t->hdr = t->base;
	init_completion(&t->to_consumer);
	init_completion(&t->to_producer);
	if (vmb_ring_init_producer(&t->p, t->hdr, t->base + PAGE_SIZE, RING_SIZE))
		return -EINVAL;
	return vmb_ring_init_consumer(&t->c, t->hdr, t->base + PAGE_SIZE,
				      RING_SIZE);
}

static void ring_test_exit(struct kunit *test)
{
	struct ring_test *t = test->priv;
	int i;

	if (!t)
		return;
	vunmap(t->base);
	for (i = 0; i <= RING_PAGES; i++)
		if (t->pages[i])
			__free_page(t->pages[i]);
}

static int ring_put_len(struct vmb_ring *ring, u64 id, const void *p, u32 len)
{
	struct kvec body = { .iov_base = (void *)p, .iov_len = len };

	return vmb_ring_put(ring, VMB_PKT_INBAND, 0, id, NULL, &body);
}

static void ring_init(struct kunit *test)
{
	struct ring_test *t = test->priv;
	struct vmb_ring ring;

	KUNIT_EXPECT_EQ(test, le32_to_cpu(t->hdr->feature_bits), 1U);
	KUNIT_EXPECT_EQ(test, vmb_ring_init_consumer(&ring, t->hdr, t->base, 8), -EINVAL);
	KUNIT_EXPECT_EQ(test, vmb_ring_init_consumer(&ring, t->hdr, t->base,
						     VMB_RING_MAX_DATA * 2), -EINVAL);
	t->hdr->read_index = cpu_to_le32(4);
	KUNIT_EXPECT_EQ(test, vmb_ring_init_consumer(&ring, t->hdr, t->base,
						     RING_SIZE), -EINVAL);
	t->hdr->read_index = cpu_to_le32(RING_SIZE);
	KUNIT_EXPECT_EQ(test, vmb_ring_init_producer(&ring, t->hdr, t->base,
						     RING_SIZE), -EINVAL);
}

static void ring_wrap(struct kunit *test)
{
	struct ring_test *t = test->priv;
	struct vmb_packet pkt;
	u8 out[999];
	u32 i;

	for (i = 0; i < 100; i++) {
		memset(out, i, sizeof(out));
		KUNIT_ASSERT_EQ(test, ring_put_len(&t->p, i, out, sizeof(out)), 0);
		KUNIT_EXPECT_TRUE(test, vmb_ring_publish(&t->p));
		KUNIT_ASSERT_EQ(test, vmb_ring_get(&t->c, t->buf, sizeof(t->buf), &pkt), 0);
		KUNIT_EXPECT_EQ(test, pkt.trans_id, (u64)i);
		KUNIT_EXPECT_EQ(test, pkt.len, 1000U);
		KUNIT_EXPECT_EQ(test, memcmp(pkt.data, out, sizeof(out)), 0);
		KUNIT_EXPECT_FALSE(test, vmb_ring_release(&t->c));
		KUNIT_EXPECT_EQ(test, vmb_ring_space(&t->p), (u32)RING_SIZE - 8);
	}
}

static void ring_full(struct kunit *test)
{
	struct ring_test *t = test->priv;
	struct vmb_packet pkt;
	u32 i = 0;

	KUNIT_EXPECT_EQ(test, ring_put_len(&t->p, 0, t->buf, RING_SIZE - 31), -EMSGSIZE);
	while (!ring_put_len(&t->p, i, t->buf, 8))
		i++;
	KUNIT_EXPECT_EQ(test, i, (u32)(RING_SIZE - 8) / 32);
	KUNIT_EXPECT_EQ(test, ring_put_len(&t->p, i, t->buf, 8), -EAGAIN);
	KUNIT_EXPECT_TRUE(test, vmb_ring_publish(&t->p));
	KUNIT_EXPECT_FALSE(test, vmb_ring_publish(&t->p));
	KUNIT_EXPECT_FALSE(test, vmb_ring_wait_space(&t->p, 64));
	for (i = 0; !vmb_ring_get(&t->c, t->buf, sizeof(t->buf), &pkt); i++)
		/* 24 free bytes, then 32 more with each */
		KUNIT_EXPECT_EQ(test, vmb_ring_release(&t->c), i == 1);
	vmb_ring_end_wait(&t->p);
	t->hdr->read_index = cpu_to_le32(1);
	while (!ring_put_len(&t->p, 0, t->buf, 8))
		;
	KUNIT_EXPECT_EQ(test, ring_put_len(&t->p, 0, t->buf, 8), -EPROTO);
}

static void ring_mask(struct kunit *test)
{
	struct ring_test *t = test->priv;

	vmb_ring_mask(&t->c);
	ring_put_len(&t->p, 0, t->buf, 8);
	KUNIT_EXPECT_FALSE(test, vmb_ring_publish(&t->p));
	KUNIT_EXPECT_TRUE(test, vmb_ring_unmask(&t->c));
}

static void ring_malformed(struct kunit *test)
{
	static const struct {
		u16 offset8, len8;
		u32 write_index;
	} bad[] = {
		{ 1, 2, 24 }, { 3, 2, 24 }, { 2, 1, 24 }, { 2, 3, 24 },
		{ 2, 0xffff, 4096 }, { 2, 2, 8 }, { 2, 2, 25 },
		{ 2, 2, RING_SIZE }, { 2, 2, 0xfffffff8 },
	};
	struct ring_test *t = test->priv;
	struct vmb_pkt_desc *desc = t->base + PAGE_SIZE;
	struct vmb_packet pkt;
	u32 i;

	desc->type = cpu_to_le16(VMB_PKT_INBAND);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		t->hdr->write_index = 0;
		KUNIT_ASSERT_EQ(test, vmb_ring_init_consumer(&t->c, t->hdr, desc,
							     RING_SIZE), 0);
		desc->offset8 = cpu_to_le16(bad[i].offset8);
		desc->len8 = cpu_to_le16(bad[i].len8);
		t->hdr->write_index = cpu_to_le32(bad[i].write_index);
		KUNIT_EXPECT_EQ_MSG(test, vmb_ring_get(&t->c, t->buf, sizeof(t->buf), &pkt),
				    -EBADMSG, "case %u", i);
	}
}

static void ring_ranges(struct kunit *test)
{
	struct {
		__le32 reserved, count;
		__le32 len1, offset1;
		__le64 pfn1[2];
		__le32 len2, offset2;
		__le64 pfn2[1];
	} head = {
		.count = cpu_to_le32(2),
		.len1 = cpu_to_le32(4096), .offset1 = cpu_to_le32(512),
		.pfn1 = { cpu_to_le64(1), cpu_to_le64(2) },
		.len2 = cpu_to_le32(1), .pfn2 = { cpu_to_le64(3) },
	};
	struct kvec vec = { .iov_base = &head, .iov_len = sizeof(head) };
	struct ring_test *t = test->priv;
	struct vmb_gpa_range range;
	struct vmb_packet pkt;
	u32 pos = 0;

	KUNIT_ASSERT_EQ(test, vmb_ring_put(&t->p, VMB_PKT_GPA_DIRECT, 1, 2, &vec, NULL), 0);
	head.len2 = cpu_to_le32(4097);
	KUNIT_ASSERT_EQ(test, vmb_ring_put(&t->p, VMB_PKT_GPA_DIRECT, 1, 2, &vec, NULL), 0);
	vmb_ring_publish(&t->p);
	KUNIT_ASSERT_EQ(test, vmb_ring_get(&t->c, t->buf, sizeof(t->buf), &pkt), 0);
	KUNIT_EXPECT_EQ(test, pkt.nr_ranges, 2U);
	KUNIT_ASSERT_EQ(test, vmb_packet_gpa_range(&pkt, &pos, &range), 0);
	KUNIT_EXPECT_EQ(test, range.nr_pfns, 2U);
	KUNIT_EXPECT_EQ(test, range.offset, 512U);
	KUNIT_ASSERT_EQ(test, vmb_packet_gpa_range(&pkt, &pos, &range), 0);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(range.pfns[0]), 3ULL);
	KUNIT_EXPECT_EQ(test, vmb_packet_gpa_range(&pkt, &pos, &range), -ENOENT);
	KUNIT_EXPECT_EQ(test, vmb_ring_get(&t->c, t->buf, sizeof(t->buf), &pkt), -EBADMSG);
}

static int ring_produce(void *arg)
{
	struct ring_test *t = arg;
	static u8 out[2000];
	u32 i, len;

	for (i = 0; i < t->packets; i++) {
		len = i * 7919 % sizeof(out);
		while (ring_put_len(&t->p, i, out, len)) {
			if (READ_ONCE(t->stop))
				goto stop;
			if (vmb_ring_publish(&t->p))
				complete(&t->to_consumer);
			if (!vmb_ring_wait_space(&t->p, vmb_ring_pkt_size(0, len)))
				wait_for_completion(&t->to_producer);
			vmb_ring_end_wait(&t->p);
		}
		if (vmb_ring_publish(&t->p))
			complete(&t->to_consumer);
	}
stop:
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* A producer that sleeps as the rules allow; a lost signal ends in a timeout. */
static void ring_threads(struct kunit *test)
{
	struct ring_test *t = test->priv;
	struct task_struct *task;
	struct vmb_packet pkt;
	u32 seq = 0;
	int ret;

	t->packets = 20000;
	task = kthread_run(ring_produce, t, "vmb_ring_kunit");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	while (seq < t->packets) {
		ret = vmb_ring_get(&t->c, t->buf, sizeof(t->buf), &pkt);
		if (!ret && pkt.trans_id == seq) {
			seq++;
			if (vmb_ring_release(&t->c))
				complete(&t->to_producer);
			continue;
		}
		if (ret != -EAGAIN)
			break;
		if (!vmb_ring_unmask(&t->c) &&
		    !wait_for_completion_timeout(&t->to_consumer, 30 * HZ))
			break;
		vmb_ring_mask(&t->c);
	}
	KUNIT_EXPECT_EQ(test, seq, t->packets);
	/* after a failure: let it out of its wait */
	WRITE_ONCE(t->stop, true);
	complete_all(&t->to_producer);
	kthread_stop(task);
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(ring_init),
	KUNIT_CASE(ring_wrap),
	KUNIT_CASE(ring_full),
	KUNIT_CASE(ring_mask),
	KUNIT_CASE(ring_malformed),
	KUNIT_CASE(ring_ranges),
	KUNIT_CASE(ring_threads),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "vmb_ring",
	.init = ring_test_init,
	.exit = ring_test_exit,
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);

MODULE_DESCRIPTION("KUnit: VMBus rings");
MODULE_LICENSE("GPL");
