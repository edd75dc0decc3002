// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logs as a crash leaves them, made by the writer of logs. What they change is
 * PAGES pages of the block allocation table, which opening does not look at.
 */
#include <stdlib.h>
#include <unistd.h>
#include <asm/byteorder.h>

#include "crash.h"
#include "test.h"
#include "vhdx_log.h"

#define PAGES	8
#define PAGE	VHDX_LOG_SECTOR

static const guid_t log_id = GUID_INIT(0xabcd, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);

/* An image with a log, and what it has to be like after replay */
struct rig {
	struct file file;
	struct vhd_image img;
	struct vhdx_log log;
	u8 want[PAGES][PAGE];
	u8 before[PAGES][PAGE];
	u32 random;
};

static u32 rig_random(struct rig *rig, u32 below)
{
	rig->random = rig->random * 1664525 + 1013904223;
	return (rig->random >> 8) % below;
}

static u64 page_pos(const struct rig *rig, u32 page)
{
	return rig->img.vx.bat_pos + page * PAGE;
}

static const char *rig_start(struct rig *rig)
{
	struct vhd_error err;

	memset(rig, 0, sizeof(*rig));
	rig->random = 1;
	TRY(sample_make(5, &rig->file));
	CHECK_OK(vhd_image_open(&rig->img, &rig->file.io, true, &err));
	CHECK(!rig->img.vx.replayed);
	CHECK_OK(vhdx_log_start(&rig->log, &rig->img.vx.header, &log_id, &rig->file.io, &err));
	return NULL;
}

static void rig_stop(struct rig *rig)
{
	vhd_image_close(&rig->img);
	file_close(&rig->file);
}

/* An entry of a few writes, one of zeros perhaps. */
static const char *rig_append(struct rig *rig)
{
	struct vhdx_log_write writes[4];
	u32 count = 1 + rig_random(rig, 4), i, page, pages, n;
	u8 data[4][PAGE];
	struct vhd_error err;

	memcpy(rig->before, rig->want, sizeof(rig->want));
	for (i = 0; i < count; i++) {
		page = rig_random(rig, PAGES);
		writes[i] = (struct vhdx_log_write) { .pos = page_pos(rig, page) };
		if (rig_random(rig, 3) == 0) {
			pages = 1 + rig_random(rig, PAGES - page);
			writes[i].zero = pages * PAGE;
			memset(rig->want[page], 0, pages * PAGE);
			continue;
		}
		for (n = 0; n < PAGE; n++)
			data[i][n] = rig_random(rig, 256);
		writes[i].data = data[i];
		memcpy(rig->want[page], data[i], PAGE);
	}
	CHECK_OK(vhdx_log_append(&rig->log, writes, count, &rig->file.io, &err));
	return NULL;
}

/* What the log says is done to the file as well. */
static const char *rig_apply(struct rig *rig)
{
	struct vhd_error err;

	CHECK_OK(vhd_io_write(&rig->file.io, page_pos(rig, 0), rig->want, sizeof(rig->want),
			      "test", &err));
	vhdx_log_applied(&rig->log);
	return NULL;
}

/* Open it as after a crash; compare. */
static const char *rig_replay(struct rig *rig, u8 (*want)[PAGE])
{
	u8 have[PAGES][PAGE];
	struct vhd_image img;
	struct vhd_error err;

	CHECK_OK(vhd_image_open(&img, &rig->file.io, true, &err));
	CHECK(img.vx.replayed && guid_is_null(&img.vx.header.log));
	vhd_image_close(&img);
	CHECK_OK(vhd_io_read(&rig->file.io, page_pos(rig, 0), have, sizeof(have), "test", &err));
	CHECK(!memcmp(want, have, sizeof(have)));
	CHECK_OK(vhd_image_open(&img, &rig->file.io, false, &err));
	CHECK(!img.vx.replayed);
	vhd_image_close(&img);
	return NULL;
}

/* Logs that end at many places of the ring, with old entries everywhere */
static const char *log_replayed(void)
{
	struct file keep;
	struct rig rig;
	int i;

	TRY(rig_start(&rig));
	for (i = 0; i < 400; i++) {
		if (rig.log.used > rig.log.len - 5 * PAGE || rig_random(&rig, 12) == 0)
			TRY(rig_apply(&rig));
		TRY(rig_append(&rig));
		if (i % 5)
			continue;
		keep = rig.file;
		TRY(copy_file(&keep, &rig.file));
		TRY(rig_replay(&rig, rig.want));
		file_close(&rig.file);
		rig.file = keep;
		rig.file.io.file = &rig.file;
	}
	rig_stop(&rig);
	return NULL;
}

static const char *log_empty(void)
{
	struct rig rig;

	TRY(rig_start(&rig));
	TRY(rig_replay(&rig, rig.want));
	rig_stop(&rig);
	return NULL;
}

/* Two runs that do not meet: the later one counts, wherever it is. */
static const char *log_two_runs(void)
{
	struct rig rig;
	int later, i;

	for (later = 0; later < 2; later++) {
		TRY(rig_start(&rig));
		rig.log.tail = later ? 4 * PAGE : rig.log.len / 2;
		rig.log.used = 0;
		for (i = 0; i < 3; i++)
			TRY(rig_append(&rig));
		rig.log.tail = later ? rig.log.len / 2 : 4 * PAGE;
		rig.log.used = 0;
		rig.log.sequence += 100;
		memset(rig.want, 0, sizeof(rig.want));
		for (i = 0; i < 3; i++)
			TRY(rig_append(&rig));
		TRY(rig_replay(&rig, rig.want));
		rig_stop(&rig);
	}
	return NULL;
}

static const char *log_full(void)
{
	struct vhdx_log_write write = { 0 };
	struct vhd_error err;
	struct rig rig;
	u8 data[PAGE];
	int ret;

	TRY(rig_start(&rig));
	write.pos = page_pos(&rig, 1);
	write.data = data;
	do {
		memset(data, rig.log.sequence, sizeof(data));
		ret = vhdx_log_append(&rig.log, &write, 1, &rig.file.io, &err);
		if (!ret)
			memcpy(rig.want[1], data, PAGE);
	} while (!ret);
	CHECK(ret == -ENOSPC && rig.log.used > rig.log.len - 3 * PAGE);
	TRY(rig_replay(&rig, rig.want));
	rig_stop(&rig);
	return NULL;
}

/* The last entry is damaged in any sector: everything before it counts. */
static const char *log_torn(void)
{
	struct vhd_error err;
	struct file keep;
	struct rig rig;
	u32 at, end, i;
	u64 pos;
	u8 byte;

	TRY(rig_start(&rig));
	for (i = 0; i < 150; i++) {
		if (rig.log.used > rig.log.len / 2)
			TRY(rig_apply(&rig));
		at = rig.log.used;
		TRY(rig_append(&rig));
		end = rig.log.used;
		if (i % 10)
			continue;
		for (; at < end; at += PAGE) {
			keep = rig.file;
			TRY(copy_file(&keep, &rig.file));
			pos = rig.log.tail + at + rig_random(&rig, PAGE);
			pos = rig.log.pos + pos % rig.log.len;
			CHECK(!rig.file.io.read(&rig.file, pos, &byte, 1));
			byte ^= 1 << rig_random(&rig, 8);
			CHECK_OK(vhd_io_write(&rig.file.io, pos, &byte, 1, "test", &err));
			TRY(rig_replay(&rig, rig.before));
			file_close(&rig.file);
			rig.file = keep;
			rig.file.io.file = &rig.file;
		}
	}
	rig_stop(&rig);
	return NULL;
}

/* Replay is interrupted after any change, and begins again. */
static const char *log_interrupted(void)
{
	u8 have[PAGES][PAGE];
	struct vhd_image img;
	struct vhd_error err;
	struct file keep;
	struct rig rig;
	int n, ret;

	TRY(rig_start(&rig));
	for (n = 0; n < 12; n++)
		TRY(rig_append(&rig));
	for (n = 1, ret = -1; ret; n++) {
		keep = rig.file;
		TRY(copy_file(&keep, &rig.file));
		rig.file.fail_in = (n + 1) / 2;
		rig.file.torn = n % 2;
		ret = vhd_image_open(&img, &rig.file.io, true, &err);
		if (ret) {
			CHECK(ret == -EIO);
			rig.file.fail_in = -1;
			rig.file.io.size = lseek(rig.file.fd, 0, SEEK_END);
			CHECK_OK(vhd_image_open(&img, &rig.file.io, true, &err));
		}
		vhd_image_close(&img);
		CHECK_OK(vhd_io_read(&rig.file.io, page_pos(&rig, 0), have, sizeof(have), "test",
				     &err));
		CHECK(!memcmp(rig.want, have, sizeof(have)));
		file_close(&rig.file);
		rig.file = keep;
		rig.file.io.file = &rig.file;
	}
	CHECK(n > 30);
	rig_stop(&rig);
	return NULL;
}

static const char *log_grows_file(void)
{
	struct vhdx_log_write write = { .zero = PAGE };
	struct vhd_image img;
	struct vhd_error err;
	struct rig rig;
	u64 size;

	TRY(rig_start(&rig));
	size = rig.file.io.size;
	/* an entry from when the file was longer, whose end was never flushed */
	rig.file.io.size = size + 4 * VHDX_MIB;
	write.pos = size + VHDX_MIB;
	CHECK_OK(vhdx_log_append(&rig.log, &write, 1, &rig.file.io, &err));
	rig.file.io.size = size;
	/* the writer says that this length had been flushed */
	CHECK(vhd_image_open(&img, &rig.file.io, true, &err) == -EUCLEAN);
	CHECK(strstr(err.text, "cut off"));
	CHECK(!ftruncate(rig.file.fd, size + 4 * VHDX_MIB));
	rig.file.io.size = size + 4 * VHDX_MIB;
	CHECK_OK(vhd_image_open(&img, &rig.file.io, true, &err));
	vhd_image_close(&img);
	rig_stop(&rig);
	return NULL;
}

/* What a log must not do */
static const char *log_refused(void)
{
	const struct vhdx_log_write bad[] = {
		{ .pos = 0, .zero = PAGE },
		{ .pos = VHDX_HEADER_POS(0), .zero = PAGE },
		{ .pos = VHDX_HEADER_POS(1), .zero = PAGE },
		{ .pos = VHDX_MIB, .zero = PAGE },
		{ .pos = VHDX_MIB - PAGE, .zero = 2 * PAGE },
		{ .pos = 2 * VHDX_MIB - PAGE, .zero = 2 * PAGE },
		{ .pos = VHDX_REGION_POS(0) + 512, .zero = PAGE },
		{ .pos = VHDX_REGION_POS(0), .zero = 512 },
		{ .pos = VHDX_REGION_POS(0), .zero = ~0ULL / PAGE * PAGE },
		{ .pos = ~0ULL / PAGE * PAGE, .zero = PAGE },
		{ .pos = 1ULL << 46, .zero = PAGE },
		{ .pos = 3 * VHDX_MIB, .zero = 1ULL << 46 },
	};
	struct vhd_image img;
	struct vhd_error err;
	struct rig rig;
	size_t i;
	int changes;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		TRY(rig_start(&rig));
		/* no earlier entry that would do */
		vhdx_log_applied(&rig.log);
		CHECK_OK(vhd_io_zero(&rig.file.io, rig.log.pos, rig.log.len, &err));
		CHECK_OK(vhdx_log_append(&rig.log, &bad[i], 1, &rig.file.io, &err));
		changes = rig.file.changes;
		CHECK(vhd_image_open(&img, &rig.file.io, true, &err) == -EUCLEAN);
		CHECK(strstr(err.text, "no valid entry"));
		CHECK(rig.file.changes == changes);
		rig_stop(&rig);
	}
	TRY(rig_start(&rig));
	CHECK(vhd_image_open(&img, &rig.file.io, false, &err) == -EROFS);
	rig_stop(&rig);
	return NULL;
}

/* Every sector begins an entry as long as the log, and none has an end. */
static const char *log_endless(void)
{
	struct vhdx_log_header head = {
		.signature = cpu_to_le32(VHDX_LOG_SIGNATURE),
		.log = log_id,
		.sequence = cpu_to_le64(1),
		.last_size = cpu_to_le64(8 * VHDX_MIB),
		.flushed_size = cpu_to_le64(4 * VHDX_MIB),
	};
	struct vhdx_log_desc *desc;
	struct vhd_image img;
	struct vhd_error err;
	struct rig rig;
	u8 page[PAGE];
	u32 at, i;

	TRY(rig_start(&rig));
	/* as many descriptors as fill all but a sector of the log */
	head.length = cpu_to_le32(rig.log.len - PAGE);
	head.descriptors = cpu_to_le32((rig.log.len - PAGE - sizeof(head)) / sizeof(*desc));
	for (at = 0; at < rig.log.len; at += PAGE) {
		for (i = 0; i < PAGE; i += sizeof(*desc)) {
			desc = (struct vhdx_log_desc *)(page + i);
			*desc = (struct vhdx_log_desc) {
				.signature = cpu_to_le32(VHDX_ZERO_SIGNATURE),
				.offset = cpu_to_le64(3 * VHDX_MIB),
				.sequence = cpu_to_le64(1),
			};
		}
		memcpy(page, &head, sizeof(head));
		CHECK_OK(vhd_io_write(&rig.file.io, rig.log.pos + at, page, PAGE, "test", &err));
	}
	CHECK(vhd_image_open(&img, &rig.file.io, true, &err) == -EUCLEAN);
	rig_stop(&rig);
	return NULL;
}

const struct test log_tests[] = {
	{ "log_empty", log_empty },
	{ "log_replayed", log_replayed },
	{ "log_two_runs", log_two_runs },
	{ "log_full", log_full },
	{ "log_torn", log_torn },
	{ "log_interrupted", log_interrupted },
	{ "log_grows_file", log_grows_file },
	{ "log_refused", log_refused },
	{ "log_endless", log_endless },
	{ }
};
