// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets both ways through real rings: where they are received, when the host
 * is signalled, full rings, and rings that the host breaks.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/slab.h>

#include "fake.h"

#define RELID 9

static struct vmb_guest_channel *chan;

static void open_as(struct kunit *test, enum vmb_guest_mode mode)
{
	struct vmb_guest_open_args args = test_args;

	args.mode = mode;
	if (chan)
		vmb_guest_close(chan);
	chan = test_dev.dev->primary;
	memset(&test_chan, 0, sizeof(test_chan));
	KUNIT_ASSERT_EQ(test, vmb_guest_open(chan, &args), 0);
}

static int data_test_init(struct kunit *test)
{
	struct fake *f = fake_create(test);

	test->priv = f;
	chan = NULL;
	KUNIT_ASSERT_EQ(test, vmb_guest_driver_register(&test_driver), 0);
	KUNIT_ASSERT_EQ(test, fake_connect(f), 0);
	fake_offer(f, RELID, 1, 0);
	settle(f);
	KUNIT_ASSERT_NOT_NULL(test, test_dev.dev);
	open_as(test, VMB_GUEST_BH);
	return 0;
}

static void data_test_exit(struct kunit *test)
{
	if (!test->priv)
		return;
	fake_destroy(test->priv);
	vmb_guest_driver_unregister(&test_driver);
}

static struct vmb_guest_packet inband(u64 trans_id, const void *body, u32 len)
{
	return (struct vmb_guest_packet) {
		.type = VMB_PKT_INBAND,
		.flags = VMB_PKT_COMPLETION_REQUESTED,
		.trans_id = trans_id,
		.body = { (void *)body, len },
	};
}

static void send_inband(struct kunit *test)
{
	struct vmb_guest_packet p = inband(0x1122334455667788, "twelve bytes", 12);
	struct fake *f = test->priv;
	struct vmb_packet pkt;

	KUNIT_ASSERT_EQ(test, vmb_guest_send(chan, &p), 0);
	KUNIT_EXPECT_EQ(test, f->chan[RELID]->signals, 1);
	KUNIT_ASSERT_EQ(test, fake_get(f, RELID, &pkt), 0);
	KUNIT_EXPECT_EQ(test, pkt.type, VMB_PKT_INBAND);
	KUNIT_EXPECT_EQ(test, pkt.flags, VMB_PKT_COMPLETION_REQUESTED);
	KUNIT_EXPECT_EQ(test, pkt.trans_id, 0x1122334455667788);
	KUNIT_EXPECT_EQ(test, pkt.len, 16);
	KUNIT_EXPECT_EQ(test, memcmp(pkt.data, "twelve bytes\0\0\0", 16), 0);
	KUNIT_EXPECT_EQ(test, fake_get(f, RELID, &pkt), -EAGAIN);
}

static void send_batch(struct kunit *test)
{
	struct vmb_guest_packet p;
	struct fake *f = test->priv;
	struct vmb_packet pkt;
	u32 i;

	for (i = 0; i < 10; i++) {
		p = inband(i, &i, sizeof(i));
		KUNIT_ASSERT_EQ(test, vmb_guest_put(chan, &p), 0);
	}
	/* not shown yet */
	KUNIT_EXPECT_EQ(test, f->chan[RELID]->signals, 0);
	KUNIT_EXPECT_EQ(test, fake_get(f, RELID, &pkt), -EAGAIN);
	vmb_guest_publish(chan);
	vmb_guest_publish(chan);
	KUNIT_EXPECT_EQ(test, f->chan[RELID]->signals, 1);
	/* the host has not taken the first ones: it is awake */
	p = inband(10, NULL, 0);
	KUNIT_EXPECT_EQ(test, vmb_guest_send(chan, &p), 0);
	KUNIT_EXPECT_EQ(test, f->chan[RELID]->signals, 1);
	for (i = 0; i <= 10; i++) {
		KUNIT_ASSERT_EQ(test, fake_get(f, RELID, &pkt), 0);
		KUNIT_EXPECT_EQ(test, pkt.trans_id, i);
	}
	vmb_ring_release(&f->chan[RELID]->in);
	/* it masks signals */
	vmb_ring_mask(&f->chan[RELID]->in);
	KUNIT_EXPECT_EQ(test, vmb_guest_send(chan, &p), 0);
	KUNIT_EXPECT_EQ(test, f->chan[RELID]->signals, 1);
}

static void send_gpa(struct kunit *test)
{
	struct vmb_guest_packet p = { .type = VMB_PKT_GPA_DIRECT, .trans_id = 5 };
	u64 buf[VMB_GUEST_GPA_BYTES(2, 6) / 8];
	struct vmb_gpa_range range;
	struct vmb_guest_gpa gpa;
	struct fake *f = test->priv;
	struct vmb_packet pkt;
	u32 pos = 0, i;
	__le64 *pfn;

	vmb_guest_gpa_init(&gpa, buf, sizeof(buf));
	KUNIT_EXPECT_NULL(test, vmb_guest_gpa_add(&gpa, 0, 0));
	KUNIT_EXPECT_NULL(test, vmb_guest_gpa_add(&gpa, VMB_PAGE_SIZE, 1));
	pfn = vmb_guest_gpa_add(&gpa, 0, 4 * VMB_PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, pfn);
	for (i = 0; i < 4; i++)
		pfn[i] = cpu_to_le64(0x100 + i);
	/* two pages, though it is short */
	pfn = vmb_guest_gpa_add(&gpa, 4000, 200);
	KUNIT_ASSERT_NOT_NULL(test, pfn);
	pfn[0] = cpu_to_le64(0x200);
	pfn[1] = cpu_to_le64(0x300);
	KUNIT_EXPECT_EQ(test, gpa.len, sizeof(buf));
	KUNIT_EXPECT_NULL(test, vmb_guest_gpa_add(&gpa, 0, 1));
	KUNIT_EXPECT_NULL(test, vmb_guest_gpa_add(&gpa, 4095, U32_MAX));

	/* pages, and a packet that has none: only together */
	KUNIT_EXPECT_EQ(test, vmb_guest_send(chan, &p), -EINVAL);
	p.gpa = &gpa;
	p.type = VMB_PKT_INBAND;
	KUNIT_EXPECT_EQ(test, vmb_guest_send(chan, &p), -EINVAL);
	p.type = VMB_PKT_GPA_DIRECT;
	p.body.iov_base = "payload!";
	p.body.iov_len = 8;
	KUNIT_ASSERT_EQ(test, vmb_guest_send(chan, &p), 0);

	KUNIT_ASSERT_EQ(test, fake_get(f, RELID, &pkt), 0);
	KUNIT_EXPECT_EQ(test, pkt.type, VMB_PKT_GPA_DIRECT);
	KUNIT_EXPECT_EQ(test, pkt.nr_ranges, 2);
	KUNIT_EXPECT_EQ(test, memcmp(pkt.data, "payload!", 8), 0);
	KUNIT_ASSERT_EQ(test, vmb_packet_gpa_range(&pkt, &pos, &range), 0);
	KUNIT_EXPECT_EQ(test, range.len, 4 * VMB_PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, range.nr_pfns, 4);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(range.pfns[3]), 0x103);
	KUNIT_ASSERT_EQ(test, vmb_packet_gpa_range(&pkt, &pos, &range), 0);
	KUNIT_EXPECT_EQ(test, range.offset, 4000);
	KUNIT_EXPECT_EQ(test, range.len, 200);
	KUNIT_ASSERT_EQ(test, range.nr_pfns, 2);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(range.pfns[1]), 0x300);
	KUNIT_EXPECT_EQ(test, vmb_packet_gpa_range(&pkt, &pos, &range), -ENOENT);
}

static void send_limits(struct kunit *test)
{
	struct fake *f = test->priv;
	struct vmb_guest_packet p;
	u8 *body = kvzalloc(20000, GFP_KERNEL);

	/* the ring has 16 KiB of data */
	p = inband(1, body, 16 * 1024);
	KUNIT_EXPECT_EQ(test, vmb_guest_send(chan, &p), -EMSGSIZE);
	/* descriptor, trailer, and the word that stays free */
	p = inband(1, body, 16 * 1024 - 32);
	KUNIT_EXPECT_EQ(test, vmb_guest_send(chan, &p), 0);
	KUNIT_EXPECT_EQ(test, f->chan[RELID]->signals, 1);
	vmb_guest_close(chan);
	KUNIT_EXPECT_EQ(test, vmb_guest_send(chan, &p), -ENOTCONN);
	KUNIT_EXPECT_EQ(test, vmb_guest_poll(chan, 1), 0);
	KUNIT_EXPECT_FALSE(test, vmb_guest_arm(chan));
	vmb_guest_publish(chan);
	kvfree(body);
}

static void receive_modes(struct kunit *test)
{
	static const enum vmb_guest_mode modes[] = { VMB_GUEST_BH, VMB_GUEST_ISR };
	struct fake *f = test->priv;
	int m, i;

	for (m = 0; m < ARRAY_SIZE(modes); m++) {
		open_as(test, modes[m]);
		for (i = 0; i < 5; i++) {
			fake_packet(f, RELID, VMB_PKT_COMPLETION, i, "0123456789abcdef", 16);
			KUNIT_EXPECT_EQ(test, test_chan.packets, i + 1);
		}
		KUNIT_EXPECT_EQ(test, test_chan.last_type, VMB_PKT_COMPLETION);
		KUNIT_EXPECT_EQ(test, test_chan.last_len, 16);
		KUNIT_EXPECT_EQ(test, memcmp(test_chan.last, "0123456789abcdef", 16), 0);
		KUNIT_EXPECT_EQ(test, test_chan.batches, 5);
		KUNIT_EXPECT_EQ(test, test_chan.in_hardirq_off,
				modes[m] == VMB_GUEST_ISR ? 5 : 0);
		KUNIT_EXPECT_EQ(test, test_chan.wrong, 0);
		/* signals are wanted again */
		KUNIT_EXPECT_EQ(test, f->chan[RELID]->out.hdr->interrupt_mask, 0);
	}
	KUNIT_EXPECT_EQ(test, atomic64_read(&vmb_guest_chan_of(chan)->stats.interrupts), 10);
	KUNIT_EXPECT_EQ(test, vmb_guest_chan_of(chan)->stats.packets_in, 10);
}

/* Wherever a channel is moved to, there its packets are received. */
static void receive_elsewhere(struct kunit *test)
{
	static const enum vmb_guest_mode modes[] = { VMB_GUEST_BH, VMB_GUEST_ISR };
	struct fake *f = test->priv;
	unsigned int m, cpu, n;

	for (m = 0; m < ARRAY_SIZE(modes); m++) {
		open_as(test, modes[m]);
		n = 0;
		for_each_online_cpu(cpu) {
			KUNIT_ASSERT_EQ(test, vmb_guest_set_cpu(chan, cpu), 0);
			KUNIT_EXPECT_EQ(test, f->chan[RELID]->vp, FAKE_VP(cpu));
			/* who moves it looks at it once */
			flush_work(&vmb_guest_chan_of(chan)->bh);
			fake_packet(f, RELID, VMB_PKT_INBAND, n, &n, 4);
			KUNIT_EXPECT_EQ(test, test_chan.packets, ++n);
			KUNIT_EXPECT_EQ(test, test_chan.last_cpu, cpu);
		}
		KUNIT_EXPECT_EQ(test, n, num_online_cpus());
		KUNIT_EXPECT_EQ(test, test_chan.wrong, 0);
	}
}

/* One signal for many: all are received, in an interrupt only so many. */
static void receive_batch(struct kunit *test)
{
	struct fake *f = test->priv;
	bool signal, any;
	int n;

	for (n = 0; n < 2; n++) {
		open_as(test, n ? VMB_GUEST_ISR : VMB_GUEST_BH);
		any = false;
		for (int i = 0; i < 200; i++) {
			KUNIT_ASSERT_EQ(test, fake_put(f, RELID, VMB_PKT_INBAND, i, &i, 4,
						       &signal), 0);
			any |= signal;
			KUNIT_EXPECT_EQ(test, signal, i == 0);
		}
		KUNIT_EXPECT_TRUE(test, any);
		fake_signal(f, RELID);
		KUNIT_EXPECT_EQ(test, test_chan.packets, 200);
		KUNIT_EXPECT_EQ(test, test_chan.wrong, 0);
		if (n) {
			KUNIT_EXPECT_EQ(test, test_chan.in_hardirq_off, VMB_GUEST_BUDGET_ISR);
			KUNIT_EXPECT_EQ(test, test_chan.batches, 2);
		} else {
			KUNIT_EXPECT_EQ(test, test_chan.batches, 1);
		}
	}
}

static struct fake_chan *parts_host;
static u32 parts_signalled, parts_space;

/* What the host has in the middle of the batch: after half of it */
static void parts_each(void)
{
	if (test_chan.packets != 100)
		return;
	parts_signalled = parts_host->signals;
	parts_space = vmb_ring_space(&parts_host->out);
}

/*
 * One batch of a whole ring: a host that waits for room is told while the batch
 * goes on, once, and has the quarters that were taken by then.
 */
static void receive_parts(struct kunit *test)
{
	struct vmb_guest_chan *ch = vmb_guest_chan_of(chan);
	struct fake *f = test->priv;
	u32 size, n = 0, taken;
	bool signal;

	parts_host = f->chan[RELID];
	size = parts_host->out.size;
	/* the largest number of packets whose 32 bytes fit, far less than a budget */
	while (!fake_put(f, RELID, VMB_PKT_INBAND, n, &n, 4, &signal))
		n++;
	KUNIT_ASSERT_GT(test, n, 200);
	KUNIT_ASSERT_LT(test, n, VMB_GUEST_BUDGET_BH);
	KUNIT_EXPECT_FALSE(test, vmb_ring_wait_space(&parts_host->out, size / 8));
	parts_signalled = 0;
	parts_space = 0;
	test_chan.each = parts_each;
	fake_signal(f, RELID);
	KUNIT_EXPECT_EQ(test, test_chan.packets, n);
	KUNIT_EXPECT_EQ(test, test_chan.batches, 1);
	KUNIT_EXPECT_EQ(test, test_chan.wrong, 0);
	/* of 100 packets of 32 bytes one quarter is whole */
	taken = 100 * 32;
	KUNIT_EXPECT_EQ(test, parts_signalled, 1);
	KUNIT_EXPECT_GE(test, parts_space, size / 4);
	KUNIT_EXPECT_LE(test, parts_space, taken);
	/* it waited for room once */
	KUNIT_EXPECT_EQ(test, parts_host->signals, 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&ch->stats.intr_in_full), 1);
}

static void receive_polled(struct kunit *test)
{
	struct fake *f = test->priv;
	bool signal;
	int i;

	open_as(test, VMB_GUEST_POLLED);
	for (i = 0; i < 10; i++) {
		KUNIT_ASSERT_EQ(test, fake_put(f, RELID, VMB_PKT_INBAND, i, &i, 4, &signal), 0);
		/* nobody wants to be signalled */
		KUNIT_EXPECT_FALSE(test, signal);
	}
	KUNIT_EXPECT_EQ(test, test_chan.packets, 0);
	KUNIT_EXPECT_EQ(test, vmb_guest_poll(chan, 4), 4);
	KUNIT_EXPECT_EQ(test, vmb_guest_poll(chan, 100), 6);
	KUNIT_EXPECT_EQ(test, vmb_guest_poll(chan, 100), 0);
	KUNIT_EXPECT_EQ(test, test_chan.wrong, 0);
	KUNIT_EXPECT_EQ(test, test_chan.batches, 2);

	/* armed: one signal, then none until armed again */
	KUNIT_EXPECT_FALSE(test, vmb_guest_arm(chan));
	fake_packet(f, RELID, VMB_PKT_INBAND, 10, &i, 4);
	KUNIT_EXPECT_EQ(test, test_chan.events, 1);
	KUNIT_EXPECT_EQ(test, test_chan.packets, 10);
	KUNIT_EXPECT_TRUE(test, vmb_guest_arm(chan));
	fake_packet(f, RELID, VMB_PKT_INBAND, 11, &i, 4);
	KUNIT_EXPECT_EQ(test, test_chan.events, 1);
	KUNIT_EXPECT_EQ(test, vmb_guest_poll(chan, 100), 2);
	KUNIT_EXPECT_EQ(test, test_chan.wrong, 0);
	/* a poll of a channel of another mode takes what there is, too */
	open_as(test, VMB_GUEST_BH);
	KUNIT_ASSERT_EQ(test, fake_put(f, RELID, VMB_PKT_INBAND, 0, &i, 4, &signal), 0);
	KUNIT_EXPECT_EQ(test, vmb_guest_poll(chan, 100), 1);
	KUNIT_EXPECT_EQ(test, f->chan[RELID]->out.hdr->interrupt_mask, 0);
}

static u32 polled;

/* Takes all there is. Counts the signals with which the guest looks for answers. */
static void take_all(struct fake *f, u32 relid)
{
	struct vmb_packet pkt;

	polled += f->chan[relid]->out.hdr->interrupt_mask;
	while (!fake_get(f, relid, &pkt))
		;
	vmb_ring_release(&f->chan[relid]->in);
}

/* The same, and answers. */
static void answer_all(struct fake *f, u32 relid)
{
	struct vmb_packet pkt;

	polled += f->chan[relid]->out.hdr->interrupt_mask;
	while (!fake_get(f, relid, &pkt))
		fake_packet(f, relid, VMB_PKT_COMPLETION, pkt.trans_id, "answer", 6);
	vmb_ring_release(&f->chan[relid]->in);
}

static void put_one(struct kunit *test, u64 trans_id)
{
	struct vmb_guest_packet p = inband(trans_id, "question", 8);

	KUNIT_ASSERT_EQ(test, vmb_guest_put(chan, &p), 0);
}

/* A host that is done when a signal returns needs no interrupts. */
static void publish_answered(struct kunit *test)
{
	struct vmb_guest_packet p = inband(300, "question", 8);
	struct vmb_guest_stats *stats;
	struct fake *f = test->priv;
	int i, j;

	open_as(test, VMB_GUEST_ISR);
	stats = &vmb_guest_chan_of(chan)->stats;
	f->signalled = answer_all;
	polled = 0;
	for (i = 0; i < 100; i++) {
		for (j = 0; j < 3; j++)
			put_one(test, i * 3 + j);
		vmb_guest_publish_poll(chan);
		KUNIT_ASSERT_EQ(test, test_chan.packets, (i + 1) * 3);
		KUNIT_EXPECT_EQ(test, test_chan.batches, i + 1);
	}
	KUNIT_EXPECT_EQ(test, polled, 100);
	KUNIT_EXPECT_EQ(test, f->chan[RELID]->signals, 100);
	KUNIT_EXPECT_EQ(test, atomic64_read(&stats->interrupts), 0);
	KUNIT_EXPECT_EQ(test, test_chan.in_hardirq_off, 0);
	KUNIT_EXPECT_EQ(test, test_chan.wrong, 0);
	/* nothing to show: nobody is signalled, and nothing looked for */
	vmb_guest_publish_poll(chan);
	KUNIT_EXPECT_EQ(test, f->chan[RELID]->signals, 100);
	/* signals are wanted again */
	KUNIT_EXPECT_EQ(test, f->chan[RELID]->out.hdr->interrupt_mask, 0);
	KUNIT_EXPECT_EQ(test, vmb_guest_send(chan, &p), 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&stats->interrupts), 1);
	KUNIT_EXPECT_EQ(test, test_chan.packets, 301);
	/* who polls himself does it when he likes */
	open_as(test, VMB_GUEST_POLLED);
	put_one(test, 0);
	vmb_guest_publish_poll(chan);
	KUNIT_EXPECT_EQ(test, test_chan.packets, 0);
	KUNIT_EXPECT_EQ(test, vmb_guest_poll(chan, 10), 1);
	vmb_guest_close(chan);
	vmb_guest_publish_poll(chan);
}

/* What the host has taken of what it was shown. */
static void expect_taken(struct kunit *test, u32 nr)
{
	struct fake *f = test->priv;
	struct vmb_packet pkt;

	while (nr--)
		KUNIT_ASSERT_EQ(test, fake_get(f, RELID, &pkt), 0);
	KUNIT_EXPECT_EQ(test, fake_get(f, RELID, &pkt), -EAGAIN);
	vmb_ring_release(&f->chan[RELID]->in);
}

/* Signals that are put off are one, and no packet is without. */
static void publish_held(struct kunit *test)
{
	struct vmb_guest_packet p = inband(0, "question", 8);
	struct fake *f = test->priv;
	struct fake_chan *host = f->chan[RELID];

	KUNIT_EXPECT_FALSE(test, vmb_guest_hold(chan));
	KUNIT_ASSERT_EQ(test, vmb_guest_send(chan, &p), 0);
	put_one(test, 1);
	vmb_guest_publish(chan);
	put_one(test, 2);
	KUNIT_EXPECT_EQ(test, host->signals, 0);
	vmb_guest_unhold(chan, true);
	KUNIT_EXPECT_EQ(test, host->signals, 1);
	expect_taken(test, 3);
	/* what nobody has published waits for who does, but is shown */
	KUNIT_EXPECT_FALSE(test, vmb_guest_hold(chan));
	put_one(test, 3);
	vmb_guest_unhold(chan, true);
	KUNIT_EXPECT_EQ(test, host->signals, 1);
	KUNIT_EXPECT_TRUE(test, vmb_guest_hold(chan));
	put_one(test, 4);
	vmb_guest_unhold(chan, true);
	KUNIT_EXPECT_EQ(test, host->signals, 1);
	vmb_guest_publish(chan);
	KUNIT_EXPECT_EQ(test, host->signals, 2);
	vmb_guest_publish(chan);
	KUNIT_EXPECT_EQ(test, host->signals, 2);
	expect_taken(test, 2);
	/* or does not wait */
	KUNIT_EXPECT_FALSE(test, vmb_guest_hold(chan));
	put_one(test, 5);
	vmb_guest_unhold(chan, false);
	KUNIT_EXPECT_EQ(test, host->signals, 3);
	expect_taken(test, 1);
	/* what the host has found meanwhile needs no signal */
	vmb_guest_hold(chan);
	put_one(test, 6);
	vmb_guest_unhold(chan, true);
	expect_taken(test, 1);
	vmb_guest_publish(chan);
	KUNIT_EXPECT_EQ(test, host->signals, 3);
	/* who has put off nothing signals nothing */
	vmb_guest_hold(chan);
	vmb_guest_unhold(chan, false);
	KUNIT_EXPECT_EQ(test, host->signals, 3);
}

/* One that takes its time is not waited for, and found out when it has changed. */
static void publish_unanswered(struct kunit *test)
{
	struct vmb_guest_stats *stats;
	struct fake *f = test->priv;
	int i;

	open_as(test, VMB_GUEST_ISR);
	stats = &vmb_guest_chan_of(chan)->stats;
	f->signalled = take_all;
	polled = 0;
	for (i = 0; i < 1000; i++) {
		put_one(test, i);
		vmb_guest_publish_poll(chan);
	}
	KUNIT_EXPECT_EQ(test, f->chan[RELID]->signals, 1000);
	KUNIT_EXPECT_GT(test, polled, 0);
	KUNIT_EXPECT_LE(test, polled, 6 + 1000 / (VMB_GUEST_POLL_SKIP_MAX + 1));
	KUNIT_EXPECT_EQ(test, test_chan.packets, 0);
	fake_packet(f, RELID, VMB_PKT_COMPLETION, 0, "answer", 6);
	KUNIT_EXPECT_EQ(test, test_chan.packets, 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&stats->interrupts), 1);

	f->signalled = answer_all;
	polled = 0;
	for (i = 0; i < 200; i++) {
		put_one(test, 1 + i);
		vmb_guest_publish_poll(chan);
		KUNIT_ASSERT_EQ(test, test_chan.packets, 2 + i);
	}
	KUNIT_EXPECT_GE(test, polled, 200 - VMB_GUEST_POLL_SKIP_MAX);
	KUNIT_EXPECT_EQ(test, atomic64_read(&stats->interrupts), 1 + 200 - polled);
	KUNIT_EXPECT_EQ(test, test_chan.wrong, 0);
}

/* Fill the ring; how many went in. */
static u32 fill(struct kunit *test, u32 body_len)
{
	static u8 body[4096];
	u32 n;

	for (n = 0; n < 10000; n++) {
		struct vmb_guest_packet p = inband(n, body, body_len);
		int ret = vmb_guest_send(chan, &p);

		if (ret) {
			KUNIT_EXPECT_EQ(test, ret, -EAGAIN);
			break;
		}
	}
	return n;
}

static void full_ring(struct kunit *test)
{
	struct fake *f = test->priv;
	struct fake_chan *host = f->chan[RELID];
	struct vmb_guest_chan *ch = vmb_guest_chan_of(chan);
	struct vmb_packet pkt;
	u32 n, i, round;

	for (round = 1; round <= 3; round++) {
		n = fill(test, 1000);
		KUNIT_EXPECT_EQ(test, n, (16 * 1024 - 8) / 1024);
		/* it waits for that much */
		KUNIT_EXPECT_EQ(test, le32_to_cpu(host->in.hdr->pending_send_sz), 1024);
		KUNIT_EXPECT_EQ(test, ch->stats.out_full_first, round);
		/* somebody else finds it full as well, with less */
		KUNIT_EXPECT_EQ(test, fill(test, 1000), 0);
		KUNIT_EXPECT_EQ(test, ch->stats.out_full_first, round);
		KUNIT_EXPECT_EQ(test, ch->stats.out_full_total, 2 * round);

		/* a signal without room is no room */
		fake_signal(f, RELID);
		KUNIT_EXPECT_EQ(test, test_chan.rooms, round - 1);
		KUNIT_EXPECT_EQ(test, fake_get(f, RELID, &pkt), 0);
		KUNIT_EXPECT_TRUE(test, vmb_ring_release(&host->in));
		fake_signal(f, RELID);
		KUNIT_EXPECT_EQ(test, test_chan.rooms, round);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(host->in.hdr->pending_send_sz), 0);
		for (i = 1; i < n; i++)
			KUNIT_ASSERT_EQ(test, fake_get(f, RELID, &pkt), 0);
		/* nobody waits any more */
		KUNIT_EXPECT_FALSE(test, vmb_ring_release(&host->in));
		fake_signal(f, RELID);
		KUNIT_EXPECT_EQ(test, test_chan.rooms, round);
	}
}

/* Packets put, but not published: a full ring shows them. */
static void full_unpublished(struct kunit *test)
{
	struct fake *f = test->priv;
	struct vmb_packet pkt;
	static u8 body[1000];
	int ret, n = 0;

	do {
		struct vmb_guest_packet p = inband(n, body, sizeof(body));

		ret = vmb_guest_put(chan, &p);
	} while (!ret && ++n);
	KUNIT_EXPECT_EQ(test, ret, -EAGAIN);
	KUNIT_EXPECT_EQ(test, n, 15);
	KUNIT_EXPECT_EQ(test, f->chan[RELID]->signals, 1);
	KUNIT_EXPECT_EQ(test, fake_get(f, RELID, &pkt), 0);
}

/* A polled channel is told of room in the interrupt. */
static void full_polled(struct kunit *test)
{
	struct fake *f = test->priv;
	struct vmb_packet pkt;

	open_as(test, VMB_GUEST_POLLED);
	fill(test, 1000);
	KUNIT_EXPECT_EQ(test, fake_get(f, RELID, &pkt), 0);
	KUNIT_EXPECT_TRUE(test, vmb_ring_release(&f->chan[RELID]->in));
	fake_signal(f, RELID);
	KUNIT_EXPECT_EQ(test, test_chan.rooms, 1);
}

/* A host that does not tell of room is asked by a timer. */
static void full_old_host(struct kunit *test)
{
	struct fake *f = test->priv;
	struct vmb_packet pkt;
	int i;

	f->chan[RELID]->out.hdr->feature_bits = 0;
	fill(test, 1000);
	msleep(50);
	KUNIT_EXPECT_EQ(test, test_chan.rooms, 0);
	KUNIT_EXPECT_EQ(test, fake_get(f, RELID, &pkt), 0);
	vmb_ring_release(&f->chan[RELID]->in);
	for (i = 0; i < 100 && !test_chan.rooms; i++)
		msleep(20);
	KUNIT_EXPECT_EQ(test, test_chan.rooms, 1);
	/* and one that is asked while the channel is closed */
	fill(test, 1000);
	vmb_guest_close(chan);
	KUNIT_EXPECT_EQ(test, test_chan.rooms, 1);
}

/* Many packets of all sizes, both ways, several times around the rings. */
static void around(struct kunit *test)
{
	struct fake *f = test->priv;
	u32 sent = 0, got = 0, put = 0, full = 0, i, n;
	struct rnd_state rnd;
	struct vmb_packet pkt;
	u8 *body = kvmalloc(2048, GFP_KERNEL);
	bool signal = false;
	int ret;

	prandom_seed_state(&rnd, 4711);
	for (i = 0; i < 3000; i++) {
		struct vmb_guest_packet p;
		u32 len = prandom_u32_state(&rnd) % 2048;

		memset(body, sent, len);
		p = inband(sent, body, len);
		ret = vmb_guest_send(chan, &p);
		if (ret == -EAGAIN)
			full++;
		else
			sent++;
		/* now and then the host takes some, and now and then it sends some */
		for (n = prandom_u32_state(&rnd) % 3; n; n--) {
			ret = fake_get(f, RELID, &pkt);
			if (ret)
				break;
			KUNIT_ASSERT_EQ(test, pkt.trans_id, got);
			if (pkt.len > 8) {
				KUNIT_ASSERT_EQ(test, *(u8 *)pkt.data, got & 0xff);
				KUNIT_ASSERT_EQ(test, ((u8 *)pkt.data)[pkt.len - 9], got & 0xff);
			}
			got++;
		}
		if (vmb_ring_release(&f->chan[RELID]->in))
			fake_signal(f, RELID);
		for (n = prandom_u32_state(&rnd) % 3; n; n--) {
			memset(body, put, len);
			ret = fake_put(f, RELID, VMB_PKT_INBAND, put, body, len, &signal);
			KUNIT_ASSERT_EQ(test, ret, 0);
			put++;
			if (signal)
				fake_signal(f, RELID);
			KUNIT_ASSERT_EQ(test, test_chan.packets, put);
			if (len > 8)
				KUNIT_ASSERT_EQ(test, test_chan.last[0], (put - 1) & 0xff);
		}
	}
	KUNIT_EXPECT_EQ(test, test_chan.wrong, 0);
	KUNIT_EXPECT_GT(test, full, 10);
	KUNIT_EXPECT_GT(test, test_chan.rooms, 10);
	KUNIT_EXPECT_LE(test, test_chan.rooms, full);
	while (!fake_get(f, RELID, &pkt))
		got++;
	KUNIT_EXPECT_EQ(test, got, sent);
	KUNIT_EXPECT_EQ(test, vmb_guest_chan_of(chan)->stats.packets_out, sent);
	KUNIT_EXPECT_EQ(test, test_chan.brokens, 0);
	kvfree(body);
}

/* What is in the ring from the host makes no sense: the channel stands still. */
static void broken_in(struct kunit *test)
{
	struct vmb_guest_packet p = inband(1, "x", 1);
	struct fake *f = test->priv;
	struct vmb_pkt_desc *desc;
	struct fake_chan *host;
	u8 body[64] = {};
	bool signal;
	int way;

	for (way = 0; way < 6; way++) {
		open_as(test, way % 2 ? VMB_GUEST_ISR : VMB_GUEST_BH);
		host = f->chan[RELID];
		desc = (void *)host->out.data;
		KUNIT_ASSERT_EQ(test, fake_put(f, RELID, VMB_PKT_INBAND, 0, body, 64, &signal), 0);
		switch (way) {
		case 0:
			/* the payload starts in the descriptor */
			desc->offset8 = cpu_to_le16(1);
			break;
		case 1:
			/* and behind the packet */
			desc->offset8 = cpu_to_le16(100);
			break;
		case 2:
			/* longer than what is there */
			desc->len8 = cpu_to_le16(0xffff);
			break;
		case 3:
			/* no place in the ring */
			host->out.hdr->write_index = cpu_to_le32(0xfffffff0);
			break;
		case 4:
			host->out.hdr->write_index = cpu_to_le32(4);
			break;
		case 5:
			/* ranges that are not there */
			desc->type = cpu_to_le16(VMB_PKT_GPA_DIRECT);
			desc->offset8 = cpu_to_le16(3);
			((struct vmb_pkt_gpa_direct *)desc)->range_count = cpu_to_le32(U32_MAX);
			break;
		}
		fake_signal(f, RELID);
		KUNIT_EXPECT_EQ(test, test_chan.brokens, 1);
		KUNIT_EXPECT_EQ(test, test_chan.packets, 0);
		KUNIT_EXPECT_EQ(test, vmb_guest_send(chan, &p), -ENOTCONN);
		fake_signal(f, RELID);
		vmb_guest_poll(chan, 10);
		KUNIT_EXPECT_EQ(test, test_chan.brokens, 1);
	}
	KUNIT_EXPECT_EQ(test, fake_bad(f), 6);
	/* after a close and an open it is as good as new */
	open_as(test, VMB_GUEST_BH);
	fake_packet(f, RELID, VMB_PKT_INBAND, 0, body, 64);
	KUNIT_EXPECT_EQ(test, test_chan.packets, 1);
	KUNIT_EXPECT_EQ(test, vmb_guest_send(chan, &p), 0);
}

/* A packet longer than the driver takes. */
static void broken_long(struct kunit *test)
{
	u8 *body = kvzalloc(4096, GFP_KERNEL);
	struct fake *f = test->priv;

	fake_packet(f, RELID, VMB_PKT_INBAND, 0, body, 4096 - 16);
	KUNIT_EXPECT_EQ(test, test_chan.packets, 1);
	fake_packet(f, RELID, VMB_PKT_INBAND, 1, body, 4096 - 8);
	KUNIT_EXPECT_EQ(test, test_chan.packets, 1);
	KUNIT_EXPECT_EQ(test, test_chan.brokens, 1);
	kvfree(body);
}

/* An index of the host's in the ring to it. */
static void broken_out(struct kunit *test)
{
	struct fake *f = test->priv;
	static const u32 indices[] = { 3, 16 * 1024, U32_MAX };
	int i;

	for (i = 0; i < ARRAY_SIZE(indices); i++) {
		struct vmb_guest_packet p = inband(1, "x", 1);

		open_as(test, VMB_GUEST_BH);
		f->chan[RELID]->in.hdr->read_index = cpu_to_le32(indices[i]);
		KUNIT_EXPECT_EQ(test, vmb_guest_send(chan, &p), -EPROTO);
		KUNIT_EXPECT_EQ(test, test_chan.brokens, 1);
		KUNIT_EXPECT_EQ(test, vmb_guest_send(chan, &p), -ENOTCONN);
		KUNIT_EXPECT_EQ(test, test_chan.brokens, 1);
	}
	KUNIT_EXPECT_EQ(test, fake_bad(f), ARRAY_SIZE(indices));
}

/* Signals for channels that are closed, or that there are not. */
static void strange_signals(struct kunit *test)
{
	struct fake *f = test->priv;
	unsigned long *evt;
	u32 i;

	vmb_guest_close(chan);
	for (i = 0; i < VMB_EVENT_FLAGS; i += 7)
		fake_signal(f, i);
	evt = fake_synic(f, f->msg_cpu)->evt;
	memset(evt, 0xff, VMB_PAGE_SIZE);
	fake_signal(f, RELID);
	for (i = 0; i < BITS_TO_LONGS(VMB_EVENT_FLAGS); i++)
		KUNIT_ASSERT_EQ(test, evt[VMB_SINT * BITS_TO_LONGS(VMB_EVENT_FLAGS) + i], 0);
	/* another SINT's are not ours */
	KUNIT_EXPECT_EQ(test, evt[0], ~0UL);
	KUNIT_EXPECT_EQ(test, test_chan.packets + test_chan.rooms + test_chan.events, 0);
	KUNIT_EXPECT_EQ(test, fake_bad(f), 0);
}

/* The host takes the channel away while packets are on their way. */
static void rescinded(struct kunit *test)
{
	struct vmb_guest_packet p = inband(1, "x", 1);
	struct fake *f = test->priv;
	struct device *dev;
	bool signal;
	u32 i;

	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_EQ(test, fake_put(f, RELID, VMB_PKT_INBAND, i, &i, 4, &signal), 0);
	fill(test, 500);
	/* its work has to wait before it closes the channel */
	dev = get_device(&test_dev.dev->dev);
	device_lock(dev);
	fake_rescind(f, RELID);
	fake_signal(f, RELID);
	/* until it is closed it can be used, to no effect */
	KUNIT_EXPECT_EQ(test, vmb_guest_send(chan, &p), -EAGAIN);
	device_unlock(dev);
	put_device(dev);
	settle(f);
	KUNIT_EXPECT_EQ(test, test_chan.rescinds, 1);
	KUNIT_EXPECT_EQ(test, test_chan.packets, 20);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_RELID_RELEASED], 1);
	vmb_gpadl_free(&f->gpadl[0]);
	fake_signal(f, RELID);
}

static struct kunit_case data_cases[] = {
	KUNIT_CASE(send_inband),
	KUNIT_CASE(send_batch),
	KUNIT_CASE(send_gpa),
	KUNIT_CASE(send_limits),
	KUNIT_CASE(receive_modes),
	KUNIT_CASE(receive_elsewhere),
	KUNIT_CASE(receive_batch),
	KUNIT_CASE(receive_parts),
	KUNIT_CASE(receive_polled),
	KUNIT_CASE(publish_answered),
	KUNIT_CASE(publish_held),
	KUNIT_CASE(publish_unanswered),
	KUNIT_CASE(full_ring),
	KUNIT_CASE(full_unpublished),
	KUNIT_CASE(full_polled),
	KUNIT_CASE(full_old_host),
	KUNIT_CASE(around),
	KUNIT_CASE(broken_in),
	KUNIT_CASE(broken_long),
	KUNIT_CASE(broken_out),
	KUNIT_CASE(strange_signals),
	KUNIT_CASE(rescinded),
	{ }
};

static struct kunit_suite data_suite = {
	.name = "vmb_guest_data",
	.init = data_test_init,
	.exit = data_test_exit,
	.test_cases = data_cases,
};

kunit_test_suite(data_suite);
