// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtual processor that goes away and comes back: its SynIC is off meanwhile,
 * and a channel is bound to it all the time.
 */
#include <stdlib.h>

#include "config.h"
#include "stor.h"
#include "tap.h"

#define DISK		"vmbt0"
#define DISK_OPTS	"memory_backed=1 size=32 irqmode=2 submit_queues=1"
#define DEPTH		8
#define ROUNDS		10

static void vp_off(struct guest_vp *vp, void *arg)
{
	EXPECT_OK(vmb_synic(vp->guest->fd, vp->index, 0, 0, 0));
}

static void vp_on(struct guest_vp *vp, void *arg)
{
	guest_synic_on(vp);
}

/* A controller whose sub-channel is VP 1's; answers the latter. */
static struct stor *start_both(const char *opts, struct stor **primary)
{
	struct vmb_stor_packet pkt = {
		.operation = cpu_to_le32(VMB_STOR_OP_CREATE_SUB_CHANNELS),
		.sub_channels = cpu_to_le16(1),
	};
	struct stor *sub = calloc(1, sizeof(*sub));
	struct vmb_msg_offer offer;
	struct guest *g;

	disk_create(DISK, opts);
	g = stor_guest(DISK);
	guest_add_vp(g);
	*primary = stor_start(g);
	stor_clear_ua(*primary, 0);
	EXPECT_EQ(stor_op(*primary, &pkt), VMB_STATUS_SUCCESS);
	bus_wait_offer(g, &offer);
	stor_sub_channel(sub, *primary, &offer, 1);
	return sub;
}

static struct stor *start(const char *opts)
{
	struct stor *primary;

	return start_both(opts, &primary);
}

static void submit(struct stor *s, struct stor_cmd *cmd, u64 gpa, bool write, u32 tag)
{
	unsigned int i;

	for (i = 0; i < DEPTH; i++) {
		u64 buf = gpa + i * VMB_PAGE_SIZE;

		if (write)
			fill(guest_ptr(s->ch.g, buf), VMB_PAGE_SIZE, tag + i);
		else
			memset(guest_ptr(s->ch.g, buf), 0, VMB_PAGE_SIZE);
		cmd_rw(&cmd[i], write, 8 * i, 8, buf, 512);
		EXPECT_EQ(stor_submit(s, &cmd[i], false), 0);
	}
}

static void reap(struct stor *s, struct stor_cmd *cmd, u32 tag)
{
	u8 want[VMB_PAGE_SIZE];
	unsigned int i;

	stor_wait_all(s);
	for (i = 0; i < DEPTH; i++) {
		EXPECT_GOOD(&cmd[i]);
		fill(want, sizeof(want), tag + i);
		EXPECT(!memcmp(guest_ptr(s->ch.g, cmd[i].gpa), want, sizeof(want)));
	}
}

static void expect_zero(const u8 *page)
{
	unsigned int i;

	for (i = 0; i < VMB_PAGE_SIZE; i++)
		EXPECT_EQ(page[i], 0);
}

/*
 * What is asked for while it is away is done and answered, without an interrupt
 * and without a touch to the page that was the VP's; it finds the answers when
 * it is back, with another page, and is interrupted there again.
 */
TEST_LIMIT(away_and_back, 120)
{
	struct stor *s = start(DISK_OPTS " completion_nsec=1000000");
	struct guest_vp *vp = s->ch.vp;
	struct stor_cmd cmd[DEPTH];
	u64 gpa = guest_alloc(s->ch.g, DEPTH), end;
	unsigned int i;

	EXPECT_EQ(vp->index, 1);
	for (i = 0; i < ROUNDS; i++) {
		long long done = chan_counter(&s->ch, "completions");
		u8 *old = guest_ptr(s->ch.g, vp->siefp);

		guest_vp_run(vp, vp_off, NULL);
		memset(old, 0, VMB_PAGE_SIZE);
		while (guest_wait_sint(vp, 0))
			;
		submit(s, cmd, gpa, true, 100 * i);
		for (end = guest_now_ms() + GUEST_PATIENCE;
		     chan_counter(&s->ch, "completions") < done + DEPTH;)
			EXPECT(guest_now_ms() < end);
		EXPECT(!guest_wait_sint(vp, 0));

		vp->siefp = guest_alloc(s->ch.g, 1);
		guest_vp_run(vp, vp_on, NULL);
		reap(s, cmd, 100 * i);

		submit(s, cmd, gpa, false, 0);
		EXPECT(guest_wait_sint(vp, GUEST_PATIENCE));
		EXPECT(guest_test_flag(vp, s->ch.relid));
		reap(s, cmd, 100 * i);
		expect_zero(old);
	}
}

/* The same while requests are under way, and end on either side of it. */
TEST_LIMIT(away_under_load, 120)
{
	struct stor *s = start(DISK_OPTS " completion_nsec=300000 hw_queue_depth=2 no_sched=1");
	struct guest_vp *vp = s->ch.vp;
	struct stor_cmd cmd[DEPTH];
	u64 gpa = guest_alloc(s->ch.g, DEPTH);
	unsigned int i;

	for (i = 0; i < 20 * ROUNDS; i++) {
		submit(s, cmd, gpa, !(i % 2), i & ~1U);
		guest_vp_run(vp, vp_off, NULL);
		guest_vp_run(vp, vp_on, NULL);
		/* it looks at its rings before it waits for an interrupt */
		reap(s, cmd, i & ~1U);
	}
	EXPECT_EQ(chan_counter(&s->ch, "broken"), 0);
}

/* The primary channel goes on all the time. */
TEST_LIMIT(others_stay, 120)
{
	struct stor *s, *sub = start_both(DISK_OPTS " completion_nsec=300000", &s);
	u64 gpa = guest_alloc(s->ch.g, DEPTH), gpa2 = guest_alloc(s->ch.g, DEPTH);
	struct stor_cmd cmd[DEPTH], away[DEPTH];

	guest_vp_run(sub->ch.vp, vp_off, NULL);
	submit(sub, away, gpa2, true, 7);
	submit(s, cmd, gpa, true, 7);
	reap(s, cmd, 7);
	submit(s, cmd, gpa, false, 0);
	reap(s, cmd, 7);
	guest_vp_run(sub->ch.vp, vp_on, NULL);
	reap(sub, away, 7);
	/* it can be closed and opened again while its VP is away */
	guest_vp_run(sub->ch.vp, vp_off, NULL);
	chan_close(&sub->ch);
	chan_reopen(&sub->ch);
	guest_vp_run(sub->ch.vp, vp_on, NULL);
	submit(sub, away, gpa2, false, 0);
	reap(sub, away, 7);
}
