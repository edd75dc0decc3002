// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtual processor that goes away and comes back: its SynIC is off meanwhile,
 * and a channel is bound to it all the time. It may have lost its thread, too.
 */
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

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

/* in the thread that runs it from now on */
static void vp_add(struct guest_vp *vp, void *arg)
{
	EXPECT_OK(vmb_vp_add(vp->guest->fd, vp->index, vp->sint, vp->eom));
}

static int event(void)
{
	return EXPECT_OK(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}

/*
 * Unplugged without a word, and plugged in again: what is asked for meanwhile is
 * done and answered. The new thread finds the SynIC as after a reset, and the
 * answers when it has enabled it. Every other time it brings other eventfds.
 */
TEST_LIMIT(replug, 120)
{
	struct stor *s = start(DISK_OPTS " completion_nsec=1000000");
	struct guest_vp *vp = s->ch.vp;
	struct stor_cmd cmd[DEPTH];
	u64 gpa = guest_alloc(s->ch.g, DEPTH), end;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		long long done = chan_counter(&s->ch, "completions");
		int sint = vp->sint, eom = vp->eom;
		u8 *old = guest_ptr(s->ch.g, vp->siefp);

		submit(s, cmd, gpa, true, 100 * i);
		guest_vp_end_thread(vp);
		for (end = guest_now_ms() + GUEST_PATIENCE;
		     chan_counter(&s->ch, "completions") < done + DEPTH;)
			EXPECT(guest_now_ms() < end);

		if (i % 2) {
			vp->sint = event();
			vp->eom = event();
		}
		guest_vp_new_thread(vp);
		guest_vp_run(vp, vp_add, NULL);
		if (i % 2) {
			close(sint);
			close(eom);
		}
		memset(old, 0, VMB_PAGE_SIZE);
		while (guest_wait_sint(vp, 0))
			;
		reap(s, cmd, 100 * i);

		/* no interrupt, and the page is the guest's own again */
		done = chan_counter(&s->ch, "completions");
		submit(s, cmd, gpa, true, 100 * i + 50);
		for (end = guest_now_ms() + GUEST_PATIENCE;
		     chan_counter(&s->ch, "completions") < done + DEPTH;)
			EXPECT(guest_now_ms() < end);
		EXPECT(!guest_wait_sint(vp, 0));
		expect_zero(old);

		vp->siefp = guest_alloc(s->ch.g, 1);
		guest_vp_run(vp, vp_on, NULL);
		reap(s, cmd, 100 * i + 50);
		submit(s, cmd, gpa, false, 0);
		EXPECT(guest_wait_sint(vp, GUEST_PATIENCE));
		EXPECT(guest_test_flag(vp, s->ch.relid));
		reap(s, cmd, 100 * i + 50);
		expect_zero(old);
	}
}

/* Its thread goes, and another comes, with requests under way on either side. */
TEST_LIMIT(replug_under_load, 120)
{
	struct stor *s = start(DISK_OPTS " completion_nsec=300000 hw_queue_depth=2 no_sched=1");
	struct guest_vp *vp = s->ch.vp;
	struct stor_cmd cmd[DEPTH];
	u64 gpa = guest_alloc(s->ch.g, DEPTH);
	unsigned int i;

	for (i = 0; i < 10 * ROUNDS; i++) {
		submit(s, cmd, gpa, !(i % 2), i & ~1U);
		guest_vp_end_thread(vp);
		guest_vp_new_thread(vp);
		guest_vp_run(vp, vp_add, NULL);
		guest_vp_run(vp, vp_on, NULL);
		reap(s, cmd, i & ~1U);
	}
	EXPECT_EQ(chan_counter(&s->ch, "broken"), 0);
}

static void vp_add_lives(struct guest_vp *vp, void *arg)
{
	EXPECT_ERRNO(vmb_vp_add(vp->guest->fd, vp->index, vp->sint, vp->eom), EEXIST);
}

static void vp_add_refused(struct guest_vp *vp, void *arg)
{
	struct guest *g = vp->guest;

	EXPECT_ERRNO(vmb_vp_add(g->fd, vp->index, -1, vp->eom), EBADF);
	EXPECT_ERRNO(vmb_vp_add(g->fd, vp->index, vp->sint, -1), EBADF);
	EXPECT_ERRNO(vmb_vp_add(g->fd, vp->index, g->memfd, vp->eom), EINVAL);
	EXPECT_ERRNO(vmb_vp_add(g->fd, vp->index, vp->sint, g->memfd), EINVAL);
	/* it is not this thread's yet */
	EXPECT_ERRNO(vmb_synic(g->fd, vp->index, 0, 0, 0), EPERM);
}

/* A VP is its thread's as long as that lives, and no longer. */
TEST(replug_refused)
{
	struct stor *s = start(DISK_OPTS);
	struct guest_vp *vp = s->ch.vp;
	struct guest *g = s->ch.g;
	struct stor_cmd cmd[DEPTH];
	u64 gpa = guest_alloc(g, DEPTH);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		vp_add_lives(vp, NULL);
		vp_add_lives(&g->vp[0], NULL);
		guest_vp_run(vp, vp_add_lives, NULL);
		EXPECT_ERRNO(vmb_synic(g->fd, vp->index, 0, 0, 0), EPERM);
		/* what was refused has changed nothing */
		while (guest_wait_sint(vp, 0))
			;
		submit(s, cmd, gpa, true, i);
		EXPECT(guest_wait_sint(vp, GUEST_PATIENCE));
		reap(s, cmd, i);

		guest_vp_end_thread(vp);
		guest_vp_new_thread(vp);
		guest_vp_run(vp, vp_add_refused, NULL);
		while (guest_wait_sint(vp, 0))
			;
		submit(s, cmd, gpa, true, i + 2);
		EXPECT(guest_wait_sint(vp, GUEST_PATIENCE));
		reap(s, cmd, i + 2);
		guest_vp_run(vp, vp_add, NULL);
		guest_vp_run(vp, vp_on, NULL);
	}
}

static void connect_here(struct guest_vp *vp, void *arg)
{
	bus_connect(vp->guest, VMB_VERSION_5_3);
}

static void take_offers(struct guest_vp *vp, void *arg)
{
	struct vmb_msg_offer offer;

	guest_wait(vp->guest, VMB_MSG_ALL_OFFERS_DELIVERED, NULL, 0);
	EXPECT(guest_find(vp->guest, VMB_MSG_OFFER, &offer, sizeof(offer)));
	guest_expect_silence(vp->guest);
}

/* What is queued while nobody can write it waits for the new thread's SynIC. */
TEST(replug_messages)
{
	const struct vmb_msg_header request = {
		.type = cpu_to_le32(VMB_MSG_REQUEST_OFFERS),
	};
	struct guest_vp *vp;
	struct guest *g;
	unsigned int i;

	disk_create(DISK, DISK_OPTS);
	g = stor_guest(DISK);
	vp = guest_add_vp(g);
	g->msg_vp = vp->index;
	for (i = 0; i < ROUNDS; i++) {
		guest_vp_run(vp, connect_here, NULL);
		guest_vp_end_thread(vp);
		EXPECT_EQ(guest_post(g, &request, sizeof(request)), VMB_HV_SUCCESS);
		EXPECT(!guest_slot(vp)->message_type);
		guest_vp_new_thread(vp);
		guest_vp_run(vp, vp_add, NULL);
		EXPECT(!guest_slot(vp)->message_type);
		if (i % 2)
			vp->simp = guest_alloc(g, 1);
		guest_vp_run(vp, vp_on, NULL);
		guest_vp_run(vp, take_offers, NULL);
	}
}

#define LIVES	200

struct race {
	struct guest_vp *vp;
	/* of the next message; only the thread that has the VP touches it */
	u32 next;
	unsigned int lives;
	bool done;
};

/*
 * One thread of many: it takes the VP over as soon as the one before it is on
 * its way out, takes a few messages, starts the next one and goes, whatever is
 * being staged to it.
 */
static void *live_and_leave(void *arg)
{
	struct vmb_msg_open_result *result;
	struct race *r = arg;
	struct guest *g = r->vp->guest;
	struct guest_msg msg;
	pthread_t next;
	unsigned int i;

	while (vmb_vp_add(g->fd, r->vp->index, r->vp->sint, r->vp->eom)) {
		EXPECT_EQ(errno, EEXIST);
		sched_yield();
	}
	guest_synic_on(r->vp);
	for (i = 0; i < r->lives % 4; i++) {
		EXPECT(guest_take(g, &msg, GUEST_PATIENCE));
		EXPECT_EQ(msg.type, VMB_MSG_OPEN_RESULT);
		result = (void *)msg.payload;
		EXPECT_EQ(le32_to_cpu(result->open_id), r->next);
		r->next++;
	}
	if (++r->lives == LIVES) {
		__atomic_store_n(&r->done, true, __ATOMIC_RELEASE);
		return NULL;
	}
	EXPECT(!pthread_create(&next, NULL, live_and_leave, r));
	EXPECT(!pthread_detach(next));
	return NULL;
}

/* Each message comes once, in its order, to whatever thread the VP has. */
TEST_LIMIT(replug_while_staging, 120)
{
	struct vmb_msg_open open = {
		.hdr.type = cpu_to_le32(VMB_MSG_OPEN),
		/* there is no such channel, which is what the answer says */
		.relid = cpu_to_le32(77),
	};
	struct race r = {};
	struct guest *g;
	pthread_t first;
	u32 sent = 0;
	u16 status;

	disk_create(DISK, DISK_OPTS);
	g = stor_guest(DISK);
	r.vp = guest_add_vp(g);
	g->msg_vp = r.vp->index;
	guest_vp_run(r.vp, connect_here, NULL);
	guest_vp_end_thread(r.vp);
	EXPECT(!pthread_create(&first, NULL, live_and_leave, &r));
	EXPECT(!pthread_detach(first));
	while (!__atomic_load_n(&r.done, __ATOMIC_ACQUIRE)) {
		open.open_id = cpu_to_le32(sent);
		status = guest_post(g, &open, sizeof(open));
		if (status == VMB_HV_SUCCESS) {
			sent++;
			continue;
		}
		/* enough are waiting */
		EXPECT_EQ(status, VMB_HV_INSUFFICIENT_BUFFERS);
		usleep(500);
	}
	EXPECT(r.next > LIVES);
}
