// SPDX-License-Identifier: GPL-2.0-only
/*
 * A disk that takes two requests at a time and is slow about them: the vCPU that
 * asks for more does not wait, and nothing that it asked for is lost.
 */
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "stor.h"
#include "tap.h"

#define DISK		"vmbt0"
#define FULL		"memory_backed=1 size=32 submit_queues=1 hw_queue_depth=2 no_sched=1"
/* of each request, in ms */
#define SLOW_MS		1000
#define SLOW		" irqmode=2 completion_nsec=1000000000"
#define FAST		" irqmode=2 completion_nsec=300000"
/* more than there is room for */
#define DEPTH		6

static long long nr_postponed(void)
{
	return config_number("/sys/kernel/debug/vsp_stor/" PARTITION ".scsi.0/state",
			     " postponed ");
}

static struct stor *start(const char *opts)
{
	struct stor *s;

	disk_create(DISK, opts);
	s = stor_start(stor_guest(DISK));
	stor_clear_ua(s, 0);
	EXPECT_EQ(nr_postponed(), 0);
	return s;
}

/* DEPTH writes, 4 KiB each; what they write depends on @tag. */
static void submit_writes(struct stor *s, struct stor_cmd *cmd, u32 tag)
{
	u64 gpa = guest_alloc(s->ch.g, DEPTH);
	unsigned int i;

	for (i = 0; i < DEPTH; i++) {
		u64 buf = gpa + i * VMB_PAGE_SIZE;

		fill(guest_ptr(s->ch.g, buf), VMB_PAGE_SIZE, tag + i);
		cmd_rw(&cmd[i], true, 8 * i, 8, buf, 512);
		EXPECT_EQ(stor_submit(s, &cmd[i], false), 0);
	}
}

static void expect_written(u32 tag)
{
	u8 disk[DEPTH * VMB_PAGE_SIZE], want[VMB_PAGE_SIZE];
	unsigned int i;

	disk_read(DISK, 0, disk, sizeof(disk));
	for (i = 0; i < DEPTH; i++) {
		fill(want, sizeof(want), tag + i);
		EXPECT(!memcmp(disk + i * sizeof(want), want, sizeof(want)));
	}
}

/* The thread of the vCPU has all requests taken before the first has ended. */
TEST_LIMIT(vcpu_does_not_wait, 120)
{
	struct stor *s = start(FULL SLOW);
	long long worker = chan_counter(&s->ch, "polls_worker");
	struct stor_cmd cmd[DEPTH];
	u64 begin = guest_now_ms();
	unsigned int i;

	submit_writes(s, cmd, 1);
	EXPECT(guest_now_ms() - begin < SLOW_MS);
	EXPECT_EQ(nr_postponed(), DEPTH - 2);
	EXPECT_EQ(chan_counter(&s->ch, "polls_worker"), worker);
	stor_wait_all(s);
	/* the disk is as slow as it was */
	EXPECT(guest_now_ms() - begin > (DEPTH / 2 - 1) * SLOW_MS);
	for (i = 0; i < DEPTH; i++)
		EXPECT_GOOD(&cmd[i]);
	expect_written(1);
}

/* What another unit is asked for does not wait for the slow one either. */
TEST_LIMIT(other_unit_goes_on, 120)
{
	struct stor_cmd cmd[DEPTH], other;
	struct stor *s;
	u64 begin, gpa;

	disk_create("vmbt1", "memory_backed=1 size=32");
	s = start(FULL SLOW);
	lun_create(PARTITION, "scsi.0", 1, "vmbt1");
	stor_clear_ua(s, 1);
	stor_clear_ua(s, 0);
	gpa = guest_alloc(s->ch.g, 1);
	begin = guest_now_ms();
	submit_writes(s, cmd, 2);
	cmd_rw(&other, false, 0, 8, gpa, 512);
	other.lun = 1;
	stor_exec(s, &other);
	EXPECT_GOOD(&other);
	EXPECT(guest_now_ms() - begin < SLOW_MS);
	stor_wait_all(s);
	expect_written(2);
}

/* A flush and a forced write are no less when they have to be put off. */
TEST_LIMIT(flush_when_full, 120)
{
	struct stor *s = start(FULL FAST " cache_size=8");
	struct stor_cmd cmd[DEPTH], fua[DEPTH], flush[DEPTH];
	u64 gpa = guest_alloc(s->ch.g, DEPTH);
	u8 disk[VMB_PAGE_SIZE], *p;
	unsigned int i, n;

	for (n = 0; n < 20; n++) {
		submit_writes(s, cmd, 100 * n);
		for (i = 0; i < DEPTH; i++) {
			p = guest_ptr(s->ch.g, gpa + i * VMB_PAGE_SIZE);
			fill(p, VMB_PAGE_SIZE, 100 * n + 50 + i);
			cmd_rw(&fua[i], true, 8 * (64 + i), 8, gpa + i * VMB_PAGE_SIZE, 512);
			fua[i].cdb[1] |= 8;
			EXPECT_EQ(stor_submit(s, &fua[i], false), 0);
			flush[i] = (struct stor_cmd){ .cdb = { 0x35 }, .cdb_len = 10 };
			EXPECT_EQ(stor_submit(s, &flush[i], false), 0);
		}
		stor_wait_all(s);
		for (i = 0; i < DEPTH; i++) {
			EXPECT_GOOD(&cmd[i]);
			EXPECT_GOOD(&fua[i]);
			EXPECT_GOOD(&flush[i]);
			p = guest_ptr(s->ch.g, gpa + i * VMB_PAGE_SIZE);
			disk_read(DISK, (64 + i) * sizeof(disk), disk, sizeof(disk));
			EXPECT(!memcmp(disk, p, sizeof(disk)));
		}
		expect_written(100 * n);
	}
	EXPECT(nr_postponed() > 0);
}

/*
 * Transfers of many times what the disk takes at once: they cannot be split
 * without waiting, so no part of them is started in the vCPU's thread.
 */
TEST_LIMIT(large_when_full, 120)
{
	struct stor *s = start(FULL FAST " max_sectors=8");
	u64 gpa = guest_alloc(s->ch.g, 4 * 64);
	u8 *p, *disk = malloc(64 * VMB_PAGE_SIZE);
	struct stor_cmd cmd[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		u64 buf = gpa + i * 64 * VMB_PAGE_SIZE;

		fill(guest_ptr(s->ch.g, buf), 64 * VMB_PAGE_SIZE, i + 1);
		cmd_rw(&cmd[i], true, i * 512, 512, buf, 512);
		EXPECT_EQ(stor_submit(s, &cmd[i], false), 0);
	}
	stor_wait_all(s);
	EXPECT_EQ(nr_postponed(), 4);
	for (i = 0; i < 4; i++) {
		EXPECT_GOOD(&cmd[i]);
		p = guest_ptr(s->ch.g, cmd[i].gpa);
		disk_read(DISK, i * 64 * VMB_PAGE_SIZE, disk, 64 * VMB_PAGE_SIZE);
		EXPECT(!memcmp(disk, p, 64 * VMB_PAGE_SIZE));
		memset(p, 0, 64 * VMB_PAGE_SIZE);
		cmd_rw(&cmd[i], false, i * 512, 512, cmd[i].gpa, 512);
		stor_exec(s, &cmd[i]);
		EXPECT_GOOD(&cmd[i]);
		EXPECT(!memcmp(disk, p, 64 * VMB_PAGE_SIZE));
	}
}

/* A unit that is taken away while requests wait for room answers them first. */
TEST_LIMIT(remove_when_full, 120)
{
	struct stor *s = start(FULL SLOW);
	struct stor_cmd cmd[DEPTH];
	unsigned int i;

	submit_writes(s, cmd, 3);
	EXPECT_OK(config_rmdir(PARTITION "/scsi.0/lun.0"));
	stor_wait_all(s);
	for (i = 0; i < DEPTH; i++)
		EXPECT_GOOD(&cmd[i]);
	expect_written(3);
}

/* So does a controller; there is nobody to take the answers. */
TEST_LIMIT(withdraw_when_full, 120)
{
	struct stor *s = start(FULL SLOW);
	struct stor_cmd cmd[DEPTH];

	submit_writes(s, cmd, 4);
	EXPECT_OK(config_write(PARTITION "/scsi.0/enable", "0"));
	expect_written(4);
}

/* What was taken is written when the virtual machine dies meanwhile, too. */
TEST_LIMIT(death_when_full, 120)
{
	struct stor *s = start(FULL SLOW);
	struct stor_cmd cmd[DEPTH];

	submit_writes(s, cmd, 5);
	EXPECT_EQ(nr_postponed(), DEPTH - 2);
	EXPECT_OK(close(s->ch.g->fd));
	expect_written(5);
}

/* A reset answers when those that waited for room have been answered. */
TEST_LIMIT(reset_when_full, 120)
{
	struct vmb_stor_packet pkt = {
		.operation = cpu_to_le32(VMB_STOR_OP_RESET_LUN),
	};
	struct stor *s = start(FULL SLOW);
	struct stor_cmd cmd[DEPTH];
	unsigned int i;

	submit_writes(s, cmd, 6);
	EXPECT_EQ(stor_op(s, &pkt), VMB_STATUS_SUCCESS);
	for (i = 0; i < DEPTH; i++)
		EXPECT(cmd[i].done);
	stor_wait_all(s);
	stor_clear_ua(s, 0);
	expect_written(6);
}
