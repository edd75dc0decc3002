// SPDX-License-Identifier: GPL-2.0-only
/*
 * A disk that goes bad and is well again: device-mapper between it and the
 * logical unit. The unit beside it must not notice.
 */
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "stor.h"
#include "tap.h"

#define DISK		"vmbt0"
#define OTHER		"vmbt1"
#define DISK_OPTS	"memory_backed=1 size=32"
#define SECTORS		65536ULL
#define DEPTH		16

struct dm {
	int control;
	const char *name;
	char disk[16];
};

struct target {
	u64 start;
	u64 len;
	const char *type;
	const char *params;
};

static const struct target good_table[] = {
	{ 0, SECTORS, "linear", "/dev/" DISK " 0" },
};

/* no second of it is good */
static const struct target flaky_table[] = {
	{ 0, SECTORS, "flakey", "/dev/" DISK " 0 0 36000 2 error_reads error_writes" },
};

static const struct target flaky_writes_table[] = {
	{ 0, SECTORS, "flakey", "/dev/" DISK " 0 0 36000 1 error_writes" },
};

/* eight sectors of it are */
#define HOLE		1024
static const struct target holed_table[] = {
	{ 0, HOLE, "linear", "/dev/" DISK " 0" },
	{ HOLE, 8, "error", "" },
	{ HOLE + 8, SECTORS - HOLE - 8, "linear", "/dev/" DISK " 1032" },
};

static u64 dm_call(struct dm *dm, unsigned long cmd, u32 flags,
		   const struct target *targets, unsigned int nr)
{
	static u64 room[512];
	u8 *buf = (u8 *)room;
	struct dm_ioctl *io = (void *)buf;
	u32 pos = sizeof(*io);
	unsigned int i;

	memset(room, 0, sizeof(room));
	io->version[0] = DM_VERSION_MAJOR;
	io->data_size = sizeof(room);
	io->data_start = pos;
	io->flags = flags;
	io->target_count = nr;
	snprintf(io->name, sizeof(io->name), "%s", dm->name);
	for (i = 0; i < nr; i++) {
		struct dm_target_spec *spec = (void *)buf + pos;

		spec->sector_start = targets[i].start;
		spec->length = targets[i].len;
		snprintf(spec->target_type, sizeof(spec->target_type), "%s",
			 targets[i].type);
		/* the parameters with their end, and to a multiple of 8 */
		spec->next = sizeof(*spec) + sprintf((char *)(spec + 1), "%s",
						     targets[i].params);
		spec->next = (spec->next + 8) & ~7U;
		pos += spec->next;
	}
	if (ioctl(dm->control, cmd, io))
		tap_fail(__FILE__, __LINE__, "ioctl %#lx of %s: %s", cmd, dm->name,
			 strerror(errno));
	return io->dev;
}

/* From now on the device is this; what is under way ends first. */
static void dm_become(struct dm *dm, const struct target *targets, unsigned int nr)
{
	dm_call(dm, DM_TABLE_LOAD, 0, targets, nr);
	dm_call(dm, DM_DEV_SUSPEND, 0, NULL, 0);
}

/* A device that is what the disk is. It goes when nobody has it open any more. */
static void dm_create(struct dm *dm, const char *name)
{
	u64 dev;

	dm->control = open("/dev/" DM_DIR "/" DM_CONTROL_NODE, O_RDWR | O_CLOEXEC);
	if (dm->control < 0)
		tap_skip("dm-mod is not loaded");
	dm->name = name;
	dev = dm_call(dm, DM_DEV_CREATE, 0, NULL, 0);
	snprintf(dm->disk, sizeof(dm->disk), "dm-%u",
		 (u32)((dev & 0xff) | (dev >> 12 & 0xfff00)));
	dm_become(dm, good_table, ARRAY_SIZE(good_table));
}

/* LUN 0 is on the device that goes bad, LUN 1 is beside it. */
static struct stor *start(struct dm *dm, const char *name)
{
	struct stor *s;

	disk_create(DISK, DISK_OPTS);
	disk_create(OTHER, DISK_OPTS);
	dm_create(dm, name);
	config_partition(PARTITION);
	ctrl_create(PARTITION, "scsi.0");
	lun_create(PARTITION, "scsi.0", 0, dm->disk);
	lun_create(PARTITION, "scsi.0", 1, OTHER);
	/* the test may end anywhere; it is open now */
	dm_call(dm, DM_DEV_REMOVE, DM_DEFERRED_REMOVE, NULL, 0);
	ctrl_enable(PARTITION, "scsi.0");
	{
		struct guest *g = guest_create(PARTITION);

		bus_connect(g, VMB_VERSION_5_3);
		s = stor_start(g);
	}
	stor_clear_ua(s, 0);
	stor_clear_ua(s, 1);
	return s;
}

/*
 * DEPTH commands for each of the two units, in turns, all under way together.
 * What was written is @tag; so is what is to be read. LUN 0 answers with @sense.
 */
static void both(struct stor *s, bool write, u32 tag, u32 sense)
{
	static u64 gpa;
	struct stor_cmd cmd[2 * DEPTH];
	u8 want[VMB_PAGE_SIZE], *p;
	unsigned int i;

	if (!gpa)
		gpa = guest_alloc(s->ch.g, 2 * DEPTH);
	for (i = 0; i < 2 * DEPTH; i++) {
		u64 buf = gpa + i * VMB_PAGE_SIZE;

		p = guest_ptr(s->ch.g, buf);
		if (write)
			fill(p, VMB_PAGE_SIZE, tag + i);
		else
			memset(p, 0xee, VMB_PAGE_SIZE);
		cmd_rw(&cmd[i], write, 8 * i, 8, buf, 512);
		cmd[i].lun = i % 2;
		EXPECT_EQ(stor_submit(s, &cmd[i], i % 4), 0);
	}
	chan_signal(&s->ch);
	stor_wait_all(s);
	for (i = 0; i < 2 * DEPTH; i++) {
		u32 wanted = i % 2 ? 0 : sense;

		p = guest_ptr(s->ch.g, cmd[i].gpa);
		EXPECT_SENSE(&cmd[i], wanted);
		if (wanted) {
			EXPECT_EQ(cmd[i].srb.srb_status, VMB_STOR_SRB_ERROR |
				  VMB_STOR_SRB_AUTOSENSE_VALID);
			EXPECT_EQ(le32_to_cpu(cmd[i].srb.data_transfer_length), 0);
			/* the block at fault */
			EXPECT(cmd[i].srb.sense[0] & 0x80);
			EXPECT_EQ(be32toh(*(__be32 *)(cmd[i].srb.sense + 3)), 8 * i);
		} else if (!write) {
			fill(want, sizeof(want), tag + i);
			EXPECT(!memcmp(p, want, sizeof(want)));
		}
	}
}

/* All of it fails, then none; what was there before is there still. */
TEST_LIMIT(flaky_disk, 120)
{
	struct stor *s;
	struct dm dm;
	unsigned int i;

	s = start(&dm, "vmbt-flaky");
	for (i = 0; i < 3; i++) {
		both(s, true, 1000 * i, 0);
		both(s, false, 1000 * i, 0);
		dm_become(&dm, flaky_table, ARRAY_SIZE(flaky_table));
		both(s, false, 1000 * i, SENSE_TARGET_FAILURE);
		/* the unit beside it is written what it has already */
		both(s, true, 1000 * i, SENSE_TARGET_FAILURE);
		dm_become(&dm, good_table, ARRAY_SIZE(good_table));
		both(s, false, 1000 * i, 0);
	}
}

/* Writes fail, reads do not. */
TEST_LIMIT(flaky_writes, 120)
{
	struct stor_cmd cmd;
	struct stor *s;
	struct dm dm;

	s = start(&dm, "vmbt-writes");
	both(s, true, 1, 0);
	dm_become(&dm, flaky_writes_table, ARRAY_SIZE(flaky_writes_table));
	both(s, true, 1, SENSE_TARGET_FAILURE);
	both(s, false, 1, 0);
	cmd_tur(&cmd, 0);
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
	dm_become(&dm, good_table, ARRAY_SIZE(good_table));
	both(s, true, 2, 0);
	both(s, false, 2, 0);
}

/* A hole in the disk: what touches it fails as a whole, and nothing else. */
TEST_LIMIT(hole_in_the_disk, 120)
{
	static const struct {
		u32 lba, blocks;
		bool bad;
	} at[] = {
		{ HOLE - 8, 8, false }, { HOLE, 1, true }, { HOLE + 7, 1, true },
		{ HOLE + 8, 8, false }, { HOLE - 64, 128, true }, { HOLE - 1, 2, true },
		{ HOLE + 7, 64, true },
	};
	struct stor_cmd cmd;
	struct stor *s;
	struct dm dm;
	unsigned int i;
	u64 gpa;

	s = start(&dm, "vmbt-hole");
	gpa = guest_alloc(s->ch.g, 16);
	dm_become(&dm, holed_table, ARRAY_SIZE(holed_table));
	for (i = 0; i < 2 * ARRAY_SIZE(at); i++) {
		cmd_rw(&cmd, i % 2, at[i / 2].lba, at[i / 2].blocks, gpa, 512);
		stor_exec(s, &cmd);
		EXPECT_SENSE(&cmd, at[i / 2].bad ? SENSE_TARGET_FAILURE : 0);
		cmd.lun = 1;
		stor_exec(s, &cmd);
		EXPECT_GOOD(&cmd);
	}
	dm_become(&dm, good_table, ARRAY_SIZE(good_table));
	both(s, true, 3, 0);
	both(s, false, 3, 0);
}

/* Requests for the device wait while its table is changed; none is lost. */
TEST_LIMIT(suspended_disk, 120)
{
	struct stor_cmd cmd[DEPTH], other;
	struct stor *s;
	struct dm dm;
	unsigned int i;
	u64 gpa;

	s = start(&dm, "vmbt-suspend");
	gpa = guest_alloc(s->ch.g, DEPTH + 1);
	dm_call(&dm, DM_DEV_SUSPEND, DM_SUSPEND_FLAG, NULL, 0);
	for (i = 0; i < DEPTH; i++) {
		fill(guest_ptr(s->ch.g, gpa + i * VMB_PAGE_SIZE), VMB_PAGE_SIZE, i);
		cmd_rw(&cmd[i], true, 8 * i, 8, gpa + i * VMB_PAGE_SIZE, 512);
		EXPECT_EQ(stor_submit(s, &cmd[i], false), 0);
	}
	cmd_rw(&other, false, 0, 8, gpa + DEPTH * VMB_PAGE_SIZE, 512);
	other.lun = 1;
	stor_exec(s, &other);
	EXPECT_GOOD(&other);
	for (i = 0; i < DEPTH; i++)
		EXPECT(!cmd[i].done);
	dm_call(&dm, DM_DEV_SUSPEND, 0, NULL, 0);
	stor_wait_all(s);
	for (i = 0; i < DEPTH; i++) {
		u8 disk[VMB_PAGE_SIZE];

		EXPECT_GOOD(&cmd[i]);
		disk_read(DISK, i * sizeof(disk), disk, sizeof(disk));
		EXPECT(!memcmp(disk, guest_ptr(s->ch.g, cmd[i].gpa), sizeof(disk)));
	}
}
