// SPDX-License-Identifier: GPL-2.0-only
/*
 * Data under load: full rings both ways, guest memory, and a device that is
 * taken away from a guest that is busy with it.
 */
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "device.h"

static struct guest_chan *data_start(struct kunit *test)
{
	dev_add(test, 0);
	dev_connect(test);
	KUNIT_ASSERT_TRUE(test, chan_opened(&gs.chan[0][0]));
	return &gs.chan[0][0];
}

static void expect_clean(struct kunit *test, struct guest_chan *c)
{
	KUNIT_EXPECT_EQ(test, atomic_read(&c->wrong), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&c->brokens), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&hs.wrong), 0);
}

/* More than fits, again and again: the sender waits for room. */
static void data_stream(struct kunit *test)
{
	struct guest_chan *c = data_start(test);
	int n = env_times(20000);

	KUNIT_EXPECT_EQ(test, chan_send(c, n), n);
	KUNIT_EXPECT_TRUE(test, chan_answered(c));
	KUNIT_EXPECT_EQ(test, atomic_read(&hs.packets), n);
	expect_clean(test, c);
}

/* The host takes nothing: the ring fills, and then all of it arrives. */
static void data_out_full(struct kunit *test)
{
	struct guest_chan *c = data_start(test);
	int i, ret = 0;

	for (i = 0; i < 10; i++) {
		WRITE_ONCE(hs.stall, true);
		do {
			ret = chan_try(c, NULL, 0);
		} while (!ret);
		KUNIT_EXPECT_EQ(test, ret, -EAGAIN);
		KUNIT_EXPECT_GT(test, c->sent - atomic_read(&c->answers), 100);
		reinit_completion(&c->room);
		host_kick_all();
		KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&c->room, 10 * HZ), 0);
	}
	KUNIT_EXPECT_TRUE(test, chan_answered(c));
	expect_clean(test, c);
}

/*
 * A poll takes more than the ring holds: the guest gets the room in parts, and
 * is told of it while the poll goes on.
 */
static void data_out_parts(struct kunit *test)
{
	struct guest_chan *c = data_start(test);
	u64 full;
	int ret;

	WRITE_ONCE(hs.stall, true);
	while (!(ret = chan_try(c, NULL, 0)))
		;
	KUNIT_ASSERT_EQ(test, ret, -EAGAIN);
	full = c->sent;
	/* fewer than a worker takes in one poll */
	KUNIT_ASSERT_LT(test, full, 256);

	reinit_completion(&c->room);
	WRITE_ONCE(hs.pause, full / 2);
	host_kick_all();
	KUNIT_ASSERT_NE(test, wait_for_completion_timeout(&hs.paused, 10 * HZ), 0);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&c->room, 10 * HZ), 0);
	while (!(ret = chan_try(c, NULL, 0)))
		;
	KUNIT_EXPECT_EQ(test, ret, -EAGAIN);
	/* not for each packet, but a quarter of the ring at a time */
	KUNIT_EXPECT_GE(test, c->sent - full, full / 4);
	KUNIT_EXPECT_LE(test, c->sent - full, full / 2);
	complete(&hs.go);
	KUNIT_EXPECT_TRUE(test, chan_answered(c));
	expect_clean(test, c);
}

/* The guest takes nothing: the host keeps answers, and then all of it arrives. */
static void data_in_full(struct kunit *test)
{
	struct guest_chan *c;
	u64 sent;
	int i, n;

	gs.mode = VMB_GUEST_POLLED;
	c = data_start(test);
	for (i = 0; i < 10; i++) {
		sent = c->sent;
		for (n = 0; n < 1000; n++) {
			int ret = chan_try(c, NULL, 0);

			if (ret == -EAGAIN)
				usleep_range(100, 200);
			else
				KUNIT_ASSERT_EQ(test, ret, 0);
		}
		KUNIT_EXPECT_GT(test, c->sent - sent, 300);
		KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&hs.packets) == c->sent));
		/* not one that nobody asked for gets between them */
		KUNIT_EXPECT_EQ(test, host_send(0, 0), -EAGAIN);
		for (n = 0; n < 10000 && atomic_read(&c->answers) != c->sent; n++)
			if (!vmb_guest_poll(c->ch, 64))
				usleep_range(100, 200);
		KUNIT_EXPECT_EQ(test, atomic_read(&c->answers), c->sent);
	}
	expect_clean(test, c);
}

/* Both at once, with packets that nobody asked for in between. */
static void data_both(struct kunit *test)
{
	struct guest_chan *c = data_start(test);
	int i, ret, waits = 0;

	for (i = 0; i < 2000; i++) {
		KUNIT_ASSERT_EQ(test, chan_send(c, 5), 5);
		while ((ret = host_send(0, i)) == -EAGAIN && waits++ < 10000)
			usleep_range(100, 200);
		KUNIT_ASSERT_EQ(test, ret, 0);
	}
	KUNIT_EXPECT_TRUE(test, chan_answered(c));
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&c->inband) == 2000));
	expect_clean(test, c);
}

static void data_mode(struct kunit *test, enum vmb_guest_mode mode, u32 ring)
{
	struct guest_chan *c;

	gs.mode = mode;
	gs.ring = ring;
	c = data_start(test);
	KUNIT_EXPECT_EQ(test, chan_send(c, 3000), 3000);
	KUNIT_EXPECT_TRUE(test, chan_answered(c));
	expect_clean(test, c);
}

static void data_isr(struct kunit *test)
{
	data_mode(test, VMB_GUEST_ISR, 4 * VMB_PAGE_SIZE);
}

static void data_smallest(struct kunit *test)
{
	data_mode(test, VMB_GUEST_ISR, VMB_RING_MIN_DATA);
}

/* A GPADL of many messages. */
static void data_large(struct kunit *test)
{
	data_mode(test, VMB_GUEST_BH, 4U << 20);
}

/* The guest's pages are read and written by the host where they are. */
static void data_memory(struct kunit *test)
{
	static const u32 lens[] = { 1, 63, 512, 4095, 4096 };
	struct guest_chan *c = data_start(test);
	int i, j, ret, bad = 0;
	struct page *page;
	u8 *p;

	page = alloc_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	p = page_address(page);
	for (i = 0; i < 500; i++) {
		u32 len = lens[i % ARRAY_SIZE(lens)];
		u64 id = c->sent;

		memset(p, 0x55, PAGE_SIZE);
		ret = chan_try(c, page, len);
		KUNIT_EXPECT_EQ(test, ret, 0);
		if (ret || !chan_answered(c)) {
			bad++;
			break;
		}
		/* as device.c makes it */
		for (j = 0; j < len; j++)
			bad += p[j] != (u8)~(id * 31 + (id >> 8) + j);
		for (; j < PAGE_SIZE; j++)
			bad += p[j] != 0x55;
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&hs.iters), 500);
	KUNIT_EXPECT_FALSE(test, PageDirty(page));
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	expect_clean(test, c);
	__free_page(page);
}

static int sender(void *data)
{
	struct guest_chan *c = data;

	while (!kthread_should_stop() && !atomic_read(&c->rescinds) &&
	       chan_send(c, 100))
		cond_resched();
	while (!kthread_should_stop())
		usleep_range(100, 200);
	return 0;
}

/* Taken away while the guest sends as fast as it can, and back again. */
static void data_rescind(struct kunit *test)
{
	struct guest_chan *c = data_start(test);
	struct task_struct *task;
	int i, n = env_times(1000);

	for (i = 0; i < 20; i++) {
		/* the driver does not close it under the sender */
		gs.block_remove = true;
		reinit_completion(&gs.go);
		atomic_set(&c->rescinds, 0);
		WRITE_ONCE(hs.hold, i % 3 == 1);
		WRITE_ONCE(hs.stall, i % 3 == 2);
		task = kthread_run(sender, c, "sender");
		KUNIT_ASSERT_FALSE(test, IS_ERR(task));
		usleep_range(1000, 5000);
		vmb_host_device_withdraw(hs.dev[0]);
		KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&c->rescinds) == 1));
		kthread_stop(task);
		host_kick_all();
		gs.block_remove = false;
		complete(&gs.go);
		KUNIT_ASSERT_EQ(test, vmb_host_device_offer(hs.dev[0]), 0);
		KUNIT_ASSERT_TRUE(test, env_wait(atomic_read(&gs.probes) == i + 2));
		KUNIT_EXPECT_EQ(test, atomic_read(&gs.removes), i + 1);
		KUNIT_EXPECT_EQ(test, chan_send(c, n), n);
		KUNIT_EXPECT_TRUE(test, chan_answered(c));
	}
	expect_clean(test, c);
}

/* The guest goes while the host has its packets. */
static void data_unload(struct kunit *test)
{
	struct guest_chan *c = data_start(test);
	int i;

	for (i = 0; i < 10; i++) {
		WRITE_ONCE(hs.hold, true);
		KUNIT_EXPECT_EQ(test, chan_send(c, 50), 50);
		if (i & 1)
			KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&hs.packets) % 50 == 0));
		dev_stop(test);
		WRITE_ONCE(hs.hold, false);
		dev_connect(test);
		KUNIT_ASSERT_TRUE(test, chan_opened(c));
	}
	KUNIT_EXPECT_EQ(test, chan_send(c, 50), 50);
	KUNIT_EXPECT_TRUE(test, chan_answered(c));
	expect_clean(test, c);
}

static struct kunit_case data_cases[] = {
	KUNIT_CASE(data_stream),
	KUNIT_CASE(data_out_full),
	KUNIT_CASE(data_out_parts),
	KUNIT_CASE(data_in_full),
	KUNIT_CASE(data_both),
	KUNIT_CASE(data_isr),
	KUNIT_CASE(data_smallest),
	KUNIT_CASE(data_large),
	KUNIT_CASE(data_memory),
	KUNIT_CASE(data_rescind),
	KUNIT_CASE(data_unload),
	{}
};

static struct kunit_suite data_suite = {
	.name = "vmb_loop_data",
	.init = dev_init,
	.exit = dev_exit,
	.test_cases = data_cases,
};

kunit_test_suite(data_suite);
