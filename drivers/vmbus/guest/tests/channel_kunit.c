// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels and GPADLs: what is asked of the host, and what it may answer.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "fake.h"

#define RELID 9

static int channel_test_init(struct kunit *test)
{
	struct fake *f = fake_create(test);

	test->priv = f;
	KUNIT_ASSERT_EQ(test, vmb_guest_driver_register(&test_driver), 0);
	KUNIT_ASSERT_EQ(test, fake_connect(f), 0);
	fake_offer(f, RELID, 1, 0);
	settle(f);
	KUNIT_ASSERT_NOT_NULL(test, test_dev.dev);
	f->nr_order = 0;
	return 0;
}

static void channel_test_exit(struct kunit *test)
{
	if (!test->priv)
		return;
	fake_destroy(test->priv);
	vmb_guest_driver_unregister(&test_driver);
}

/* The messages posted since the last look are these, then 0. */
static void expect_order(struct kunit *test, const u32 *types)
{
	struct fake *f = test->priv;
	u32 i;

	for (i = 0; types[i]; i++)
		KUNIT_EXPECT_EQ_MSG(test, f->order[i], types[i], "message %u", i);
	KUNIT_EXPECT_EQ(test, f->nr_order, i);
	f->nr_order = 0;
}

#define EXPECT_ORDER(test, ...) expect_order(test, (const u32[]){ __VA_ARGS__ })

static void gpadl_one(struct kunit *test, u32 nr, struct page **pages)
{
	struct fake *f = test->priv;
	struct vmb_guest_gpadl gpadl;
	struct vmb_gpa_range range;
	struct vmb_gpadl *host;
	u32 pos = 0, i, bodies;

	f->seen[VMB_MSG_GPADL_HEADER] = 0;
	f->seen[VMB_MSG_GPADL_BODY] = 0;
	KUNIT_ASSERT_EQ(test, vmb_guest_gpadl_create(test_dev.dev->primary, pages, nr, &gpadl), 0);
	host = fake_gpadl(f, gpadl.handle);
	KUNIT_ASSERT_NOT_NULL(test, host);
	KUNIT_EXPECT_EQ(test, host->relid, RELID);
	KUNIT_EXPECT_EQ(test, host->nr_ranges, 1);
	KUNIT_EXPECT_EQ(test, host->nr_pages, nr);
	KUNIT_ASSERT_EQ(test, vmb_gpadl_range(host, &pos, &range), 0);
	KUNIT_EXPECT_EQ(test, range.len, nr * VMB_PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, range.offset, 0);
	KUNIT_ASSERT_EQ(test, range.nr_pfns, nr);
	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, le64_to_cpu(range.pfns[i]), page_to_pfn(pages[i]));
	/* no message more than are needed */
	bodies = nr <= 26 ? 0 : DIV_ROUND_UP(nr - 26, 28);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_GPADL_HEADER], 1);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_GPADL_BODY], bodies);
	KUNIT_EXPECT_EQ(test, vmb_guest_gpadl_teardown(test_dev.dev->primary, &gpadl), 0);
	KUNIT_EXPECT_EQ(test, gpadl.handle, 0);
	KUNIT_EXPECT_FALSE(test, host->buf);
	/* there is none any more */
	KUNIT_EXPECT_EQ(test, vmb_guest_gpadl_teardown(test_dev.dev->primary, &gpadl), 0);
}

static void gpadl_sizes(struct kunit *test)
{
	static const u32 sizes[] = {
		1, 2, 25, 26, 27, 53, 54, 55, 82, 83, 512, 2048, 4097, VMB_GUEST_GPADL_MAX_PAGES,
	};
	struct vmb_guest_gpadl gpadl = { 77 };
	struct page **pages, *page;
	u32 i;

	/* 32 MiB, of which no byte is touched: some pages in a disorder */
	pages = kvmalloc_array(VMB_GUEST_GPADL_MAX_PAGES + 1, sizeof(*pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	page = alloc_pages(GFP_KERNEL, 4);
	KUNIT_ASSERT_NOT_NULL(test, page);
	for (i = 0; i <= VMB_GUEST_GPADL_MAX_PAGES; i++)
		pages[i] = page + (i * 7 + i / 16) % 16;
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		gpadl_one(test, sizes[i], pages);
	KUNIT_EXPECT_EQ(test, vmb_guest_gpadl_create(test_dev.dev->primary, pages, 0, &gpadl),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, vmb_guest_gpadl_create(test_dev.dev->primary, pages,
						     VMB_GUEST_GPADL_MAX_PAGES + 1, &gpadl),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, gpadl.handle, 0);
	__free_pages(page, 4);
	kvfree(pages);
}

static void gpadl_refused(struct kunit *test)
{
	struct fake *f = test->priv;
	struct page *page = virt_to_page(fake_synic(f, f->msg_cpu)->msg);
	struct vmb_guest_gpadl gpadl;

	f->fail_type = VMB_MSG_GPADL_HEADER;
	f->fail_status = VMB_STATUS_NO_MEMORY;
	KUNIT_EXPECT_EQ(test, vmb_guest_gpadl_create(test_dev.dev->primary, &page, 1, &gpadl),
			-EIO);
	KUNIT_EXPECT_EQ(test, gpadl.handle, 0);
	f->fail_type = 0;

	/* no answer: it is torn down, in case that it is one */
	f->mute = BIT(VMB_MSG_GPADL_HEADER) | BIT(VMB_MSG_GPADL_TEARDOWN);
	KUNIT_EXPECT_EQ(test, vmb_guest_gpadl_create(test_dev.dev->primary, &page, 1, &gpadl),
			-ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, gpadl.handle, 0);
	f->mute = 0;

	KUNIT_ASSERT_EQ(test, vmb_guest_gpadl_create(test_dev.dev->primary, &page, 1, &gpadl), 0);
	f->mute = BIT(VMB_MSG_GPADL_TEARDOWN);
	KUNIT_EXPECT_EQ(test, vmb_guest_gpadl_teardown(test_dev.dev->primary, &gpadl),
			-ETIMEDOUT);
	f->mute = 0;

	/* a host that cannot be asked has none */
	KUNIT_ASSERT_EQ(test, vmb_guest_gpadl_create(test_dev.dev->primary, &page, 1, &gpadl), 0);
	vmb_guest_bus_unload(f->bus);
	KUNIT_EXPECT_EQ(test, vmb_guest_gpadl_teardown(test_dev.dev->primary, &gpadl), 0);
	KUNIT_EXPECT_EQ(test, vmb_guest_gpadl_create(test_dev.dev->primary, &page, 1, &gpadl),
			-ESHUTDOWN);
}

static void open_close(struct kunit *test)
{
	struct vmb_guest_open_args args = test_args;
	struct fake *f = test->priv;
	struct vmb_msg_open *m = (void *)f->last[VMB_MSG_OPEN];
	struct vmb_guest_channel *ch = test_dev.dev->primary;
	int i;

	args.user = "hello";
	args.user_len = 5;
	for (i = 0; i < 3; i++) {
		args.cpu = cpumask_nth(i % num_online_cpus(), cpu_online_mask);
		KUNIT_ASSERT_EQ(test, vmb_guest_open(ch, &args), 0);
		EXPECT_ORDER(test, VMB_MSG_GPADL_HEADER, VMB_MSG_OPEN, 0);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m->relid), RELID);
		KUNIT_EXPECT_EQ(test, ch->cpu, args.cpu);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m->target_vp), FAKE_VP(args.cpu));
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m->downstream_page), 5);
		KUNIT_EXPECT_EQ(test, memcmp(m->user, "hello\0\0", 7), 0);
		KUNIT_ASSERT_NOT_NULL(test, fake_chan(f, RELID));
		KUNIT_EXPECT_EQ(test, fake_chan(f, RELID)->in.size, 4 * VMB_PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, fake_chan(f, RELID)->out.size, 2 * VMB_PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, vmb_guest_open(ch, &args), -EBUSY);
		vmb_guest_close(ch);
		EXPECT_ORDER(test, VMB_MSG_CLOSE, VMB_MSG_GPADL_TEARDOWN, 0);
		vmb_guest_close(ch);
		EXPECT_ORDER(test, 0);
	}
	KUNIT_EXPECT_EQ(test, fake_bad(f), 0);
}

static void open_arguments(struct kunit *test)
{
	struct vmb_guest_channel *ch = test_dev.dev->primary;
	struct vmb_guest_open_args args;

#define REFUSED(_field, _value) do {					\
	args = test_args;						\
	args._field = (_value);						\
	KUNIT_EXPECT_EQ(test, vmb_guest_open(ch, &args), -EINVAL);	\
} while (0)
	REFUSED(ops, NULL);
	REFUSED(mode, VMB_GUEST_POLLED + 1);
	REFUSED(out_size, 0);
	REFUSED(out_size, VMB_PAGE_SIZE + 8);
	REFUSED(out_size, VMB_RING_MAX_DATA + VMB_PAGE_SIZE);
	REFUSED(out_size, U32_MAX);
	REFUSED(in_size, 0);
	REFUSED(in_size, U32_MAX & ~(VMB_PAGE_SIZE - 1));
	REFUSED(max_packet, 0);
	REFUSED(max_packet, 20);
	REFUSED(max_packet, U16_MAX * 8 + 8);
	REFUSED(user_len, VMB_OFFER_USER_BYTES + 1);
#undef REFUSED
	/* each is good, but not both: no GPADL is that long */
	args = test_args;
	args.in_size = VMB_RING_MAX_DATA;
	args.out_size = VMB_RING_MAX_DATA;
	KUNIT_EXPECT_EQ(test, vmb_guest_open(ch, &args), -EINVAL);
	EXPECT_ORDER(test, 0);
	/* a CPU that there is not is another one's */
	args = test_args;
	args.cpu = 4711;
	KUNIT_EXPECT_EQ(test, vmb_guest_open(ch, &args), 0);
	KUNIT_EXPECT_LT(test, ch->cpu, nr_cpu_ids);
	KUNIT_EXPECT_TRUE(test, cpumask_test_cpu(ch->cpu, cpu_online_mask));
}

static void open_large(struct kunit *test)
{
	struct vmb_guest_open_args args = test_args;
	struct fake *f = test->priv;

	args.out_size = 4 << 20;
	args.in_size = 2 << 20;
	KUNIT_ASSERT_EQ(test, vmb_guest_open(test_dev.dev->primary, &args), 0);
	KUNIT_EXPECT_EQ(test, fake_chan(f, RELID)->in.size, 4 << 20);
	KUNIT_EXPECT_EQ(test, fake_chan(f, RELID)->out.size, 2 << 20);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_GPADL_BODY], DIV_ROUND_UP(1024 + 512 + 2 - 26, 28));
}

static void open_refused(struct kunit *test)
{
	struct fake *f = test->priv;

	f->fail_type = VMB_MSG_OPEN;
	f->fail_status = VMB_STATUS_UNSUCCESSFUL;
	KUNIT_EXPECT_EQ(test, vmb_guest_open(test_dev.dev->primary, &test_args), -EIO);
	EXPECT_ORDER(test, VMB_MSG_GPADL_HEADER, VMB_MSG_OPEN, VMB_MSG_GPADL_TEARDOWN, 0);
	f->fail_type = VMB_MSG_GPADL_HEADER;
	KUNIT_EXPECT_EQ(test, vmb_guest_open(test_dev.dev->primary, &test_args), -EIO);
	EXPECT_ORDER(test, VMB_MSG_GPADL_HEADER, 0);
	/* it has none of those that it refuses */
	vmb_gpadl_free(&f->gpadl[0]);
	f->fail_type = 0;
	KUNIT_EXPECT_EQ(test, vmb_guest_open(test_dev.dev->primary, &test_args), 0);
}

static void open_unanswered(struct kunit *test)
{
	struct fake *f = test->priv;

	f->mute = BIT(VMB_MSG_OPEN);
	KUNIT_EXPECT_EQ(test, vmb_guest_open(test_dev.dev->primary, &test_args), -ETIMEDOUT);
	/* it may be open all the same */
	EXPECT_ORDER(test, VMB_MSG_GPADL_HEADER, VMB_MSG_OPEN, VMB_MSG_CLOSE,
		     VMB_MSG_GPADL_TEARDOWN, 0);
	/* the answer to that comes now, when nobody waits for it any more */
	f->mute = 0;
	KUNIT_EXPECT_EQ(test, vmb_guest_open(test_dev.dev->primary, &test_args), 0);
	KUNIT_EXPECT_EQ(test, fake_bad(f), 0);
}

/* The answer to an open that is over is not taken for that of the next one. */
static void open_late_answer(struct kunit *test)
{
	struct fake *f = test->priv;
	struct vmb_msg_open_result late = {
		.hdr.type = cpu_to_le32(VMB_MSG_OPEN_RESULT),
		.relid = cpu_to_le32(RELID),
	};

	f->mute = BIT(VMB_MSG_OPEN);
	KUNIT_EXPECT_EQ(test, vmb_guest_open(test_dev.dev->primary, &test_args), -ETIMEDOUT);
	late.open_id = ((struct vmb_msg_open *)f->last[VMB_MSG_OPEN])->open_id;
	f->hold = true;
	fake_send(f, &late, sizeof(late));
	f->hold = false;
	f->mute = 0;
	KUNIT_EXPECT_EQ(test, vmb_guest_open(test_dev.dev->primary, &test_args), 0);
	KUNIT_EXPECT_EQ(test, fake_bad(f), 1);
}

static void open_rescinded(struct kunit *test)
{
	struct fake *f = test->priv;
	struct vmb_guest_channel *ch = test_dev.dev->primary;
	unsigned long begin = jiffies;

	/* long enough to tell a waiter that was woken from one that gave up */
	f->pf.timeout_ms = 30000;
	f->open_rescinds = RELID;
	KUNIT_EXPECT_EQ(test, vmb_guest_open(ch, &test_args), -ENODEV);
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - begin), 5000);
	f->pf.timeout_ms = 200;
	settle(f);
	/* the driver of a channel that was never open is not told by it */
	KUNIT_EXPECT_EQ(test, test_chan.rescinds, 0);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_RELID_RELEASED], 1);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_GPADL_TEARDOWN], 0);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_CLOSE], 0);
	KUNIT_EXPECT_NULL(test, fake_device(f, 1));
	/* what it had of the guest's memory it has given back */
	vmb_gpadl_free(&f->gpadl[0]);
}

static void rescind_open(struct kunit *test)
{
	struct fake *f = test->priv;

	KUNIT_ASSERT_EQ(test, vmb_guest_open(test_dev.dev->primary, &test_args), 0);
	f->nr_order = 0;
	fake_rescind(f, RELID);
	settle(f);
	KUNIT_EXPECT_EQ(test, test_chan.rescinds, 1);
	KUNIT_EXPECT_EQ(test, test_dev.removes, 1);
	/* a channel that is not there is not closed */
	EXPECT_ORDER(test, VMB_MSG_RELID_RELEASED, 0);
	vmb_gpadl_free(&f->gpadl[0]);
	/* the id is free, and a device of the same name may come again */
	fake_offer(f, RELID, 1, 0);
	settle(f);
	KUNIT_EXPECT_EQ(test, test_dev.probes, 2);
	KUNIT_EXPECT_EQ(test, vmb_guest_open(test_dev.dev->primary, &test_args), 0);
}

static void move(struct kunit *test)
{
	struct fake *f = test->priv;
	struct vmb_guest_chan *ch = vmb_guest_chan_of(test_dev.dev->primary);
	struct vmb_guest_open_args args = test_args;
	/* this machine may have only one CPU, but the host cannot know */
	unsigned int first = f->msg_cpu, other = first + 1;

	args.cpu = first;
	KUNIT_EXPECT_EQ(test, vmb_guest_set_cpu(&ch->pub, first), -ENOTCONN);
	KUNIT_EXPECT_EQ(test, vmb_guest_set_cpu(&ch->pub, nr_cpu_ids), -EINVAL);
	KUNIT_ASSERT_EQ(test, vmb_guest_open(&ch->pub, &args), 0);
	/* where it is already */
	KUNIT_EXPECT_EQ(test, vmb_guest_set_cpu(&ch->pub, first), 0);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_MODIFY_CHANNEL], 0);

	mutex_lock(&ch->lock);
	KUNIT_EXPECT_EQ(test, vmb_guest_chan_move(ch, other), 0);
	KUNIT_EXPECT_EQ(test, fake_chan(f, RELID)->vp, FAKE_VP(other));
	KUNIT_EXPECT_EQ(test, ch->pub.cpu, other);
	KUNIT_EXPECT_EQ(test, test_chan.moved, 1);

	f->fail_type = VMB_MSG_MODIFY_CHANNEL;
	f->fail_status = VMB_STATUS_INVALID_PARAMETER;
	KUNIT_EXPECT_EQ(test, vmb_guest_chan_move(ch, other + 1), -EIO);
	f->mute = BIT(VMB_MSG_MODIFY_CHANNEL);
	KUNIT_EXPECT_EQ(test, vmb_guest_chan_move(ch, other + 1), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, ch->pub.cpu, other);
	KUNIT_EXPECT_EQ(test, test_chan.moved, 1);
	mutex_unlock(&ch->lock);

	/* the CPU goes, and cannot take the channel along */
	KUNIT_EXPECT_EQ(test, vmb_guest_cpu_offline(f->bus, other), -ETIMEDOUT);
	f->mute = 0;
	f->fail_type = 0;
	KUNIT_EXPECT_EQ(test, vmb_guest_cpu_offline(f->bus, other), 0);
	KUNIT_EXPECT_NE(test, ch->pub.cpu, other);
	KUNIT_EXPECT_TRUE(test, cpumask_test_cpu(ch->pub.cpu, cpu_online_mask));
	KUNIT_EXPECT_EQ(test, fake_chan(f, RELID)->vp, FAKE_VP(ch->pub.cpu));
	KUNIT_EXPECT_EQ(test, test_chan.moved, 2);
	/* the one that the host talks to stays */
	KUNIT_EXPECT_EQ(test, vmb_guest_cpu_offline(f->bus, first), -EBUSY);
}

static void move_old_hosts(struct kunit *test)
{
	struct fake *f = test->priv;
	struct vmb_guest_open_args args = test_args;
	unsigned int first = f->msg_cpu;
	struct vmb_guest_chan *ch;
	u32 i;

	args.cpu = first;
	vmb_guest_bus_suspend(f->bus);
	for (i = 0; i < 2; i++) {
		f->max_version = i ? VMB_VERSION_4_0 : VMB_VERSION_4_1;
		KUNIT_ASSERT_EQ(test, vmb_guest_bus_connect(f->bus), 0);
		fake_offer(f, RELID, 1, 0);
		settle(f);
		ch = vmb_guest_chan_of(test_dev.dev->primary);
		KUNIT_ASSERT_EQ(test, vmb_guest_open(&ch->pub, &args), 0);
		mutex_lock(&ch->lock);
		/* 4.1 does not answer, 4.0 does not know the question */
		KUNIT_EXPECT_EQ(test, vmb_guest_chan_move(ch, first + 1), i ? -EOPNOTSUPP : 0);
		mutex_unlock(&ch->lock);
		KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_MODIFY_CHANNEL], 1);
		KUNIT_EXPECT_EQ(test, fake_chan(f, RELID)->vp, FAKE_VP(first + !i));
		vmb_guest_close(&ch->pub);
		vmb_guest_bus_suspend(f->bus);
	}
}

/* What the host has and does not give back is not given to anybody else. */
static void close_lost(struct kunit *test)
{
	struct fake *f = test->priv;

	KUNIT_ASSERT_EQ(test, vmb_guest_open(test_dev.dev->primary, &test_args), 0);
	f->mute = BIT(VMB_MSG_GPADL_TEARDOWN);
	vmb_guest_close(test_dev.dev->primary);
	EXPECT_ORDER(test, VMB_MSG_GPADL_HEADER, VMB_MSG_OPEN, VMB_MSG_CLOSE,
		     VMB_MSG_GPADL_TEARDOWN, 0);
	f->mute = 0;
	KUNIT_EXPECT_EQ(test, vmb_guest_open(test_dev.dev->primary, &test_args), 0);
}

static struct kunit_case channel_cases[] = {
	KUNIT_CASE(gpadl_sizes),
	KUNIT_CASE(gpadl_refused),
	KUNIT_CASE(open_close),
	KUNIT_CASE(open_arguments),
	KUNIT_CASE(open_large),
	KUNIT_CASE(open_refused),
	KUNIT_CASE(open_unanswered),
	KUNIT_CASE(open_late_answer),
	KUNIT_CASE(open_rescinded),
	KUNIT_CASE(rescind_open),
	KUNIT_CASE(move),
	KUNIT_CASE(move_old_hosts),
	KUNIT_CASE(close_lost),
	{ }
};

static struct kunit_suite channel_suite = {
	.name = "vmb_guest_channel",
	.init = channel_test_init,
	.exit = channel_test_exit,
	.test_cases = channel_cases,
};

kunit_test_suite(channel_suite);
