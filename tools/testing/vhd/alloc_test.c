// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks are allocated and written, and the machine stops: at every change of
 * the file, with what was not flushed there, missing or torn in many ways.
 * Whatever is left has to be a valid image that has what was flushed.
 */
#include <unistd.h>

#include "alloc.h"
#include "check.h"
#include "crash.h"
#include "repair.h"
#include "test.h"

#define BLOCKS		12
#define MARK		4096

/* A file that notes what is done to it, and what the disk then has to have */
struct rig {
	struct crash crash;
	struct vhd_io *io;
	struct vhd_image img;
	struct vhd_alloc alloc;
	/* per block: change with which it was written, and was flushed; 0: not */
	int written[BLOCKS];
	int flushed[BLOCKS];
};

static const guid_t ids[3] = {
	GUID_INIT(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
	GUID_INIT(2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2),
	GUID_INIT(3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3),
};

/* What a block is written with, at both of its ends */
static void mark(u8 *buf, u32 block)
{
	memset(buf, 0x40 + block, MARK);
}

static const char *rig_start(struct rig *rig, size_t sample, u32 random)
{
	struct vhd_error err;
	struct file file;

	memset(rig, 0, sizeof(*rig));
	TRY(sample_make(sample, &file));
	crash_start(&rig->crash, random);
	TRY(crash_file(&rig->crash, 0, &file));
	file_close(&file);
	rig->io = &rig->crash.files[0].io;
	CHECK_OK(vhd_image_open(&rig->img, rig->io, true, &err));
	return NULL;
}

static void rig_stop(struct rig *rig)
{
	vhd_image_close(&rig->img);
	crash_stop(&rig->crash);
}

static void rig_flushed(struct rig *rig)
{
	u32 i;

	for (i = 0; i < BLOCKS; i++)
		if (rig->written[i] && !rig->flushed[i])
			rig->flushed[i] = rig->crash.count;
}

/* Allocate all blocks, a few at a time, and write to both ends of each. */
static const char *rig_work(struct rig *rig)
{
	u32 order[BLOCKS], done, count, i, j;
	struct vhd_block places[BLOCKS];
	struct vhd_error err;
	u8 buf[MARK];

	for (i = 0; i < BLOCKS; i++) {
		j = crash_random(&rig->crash, i + 1);
		order[i] = order[j];
		order[j] = i;
	}
	CHECK_OK(vhd_alloc_start(&rig->alloc, &rig->img, rig->io, ids, &err));
	for (done = 0; done < BLOCKS; done += count) {
		count = 1 + crash_random(&rig->crash, 4);
		if (count > BLOCKS - done)
			count = BLOCKS - done;
		CHECK_OK(vhd_alloc_blocks(&rig->alloc, order + done, count, places, &err));
		for (i = 0; i < count; i++) {
			CHECK(places[i].data % 4096 == 0);
			/* nothing is written to a block that is the parent's yet */
			if (rig->img.type == VHD_TYPE_DIFF) {
				CHECK(places[i].where == VHD_WHERE_BITMAP);
				continue;
			}
			CHECK(places[i].where == VHD_WHERE_DATA);
			mark(buf, order[done + i]);
			CHECK_OK(vhd_io_write(rig->io, places[i].data, buf, MARK, "test", &err));
			CHECK_OK(vhd_io_write(rig->io, places[i].data +
					      vhd_block_size(&rig->img) - MARK, buf, MARK, "test",
					      &err));
			rig->written[order[done + i]] = rig->crash.count;
		}
		CHECK(vhd_alloc_blocks(&rig->alloc, order + done, 1, places, &err) == -EEXIST);
		if (crash_random(&rig->crash, 2)) {
			CHECK_OK(vhd_io_flush(rig->io, &err));
			rig_flushed(rig);
		}
	}
	CHECK_OK(vhd_alloc_stop(&rig->alloc, &err));
	rig_flushed(rig);
	return NULL;
}

/* Both ends of a block: what was written, or zeros when it may be missing */
static const char *look_block(struct rig *rig, struct file *file, struct vhd_map *map, u32 block,
			      int stop)
{
	u64 size = vhd_block_size(map->img), pos = block * size;
	bool needed = rig->flushed[block] && rig->flushed[block] <= stop;
	static const u8 zeros[MARK];
	u8 want[MARK], have[MARK];
	struct vhd_error err;
	struct vhd_run run;
	u32 end, i;

	mark(want, block);
	for (end = 0; end < 2; end++) {
		CHECK_OK(vhd_map_run(map, pos + end * (size - MARK), &run, &err));
		if (map->img->type == VHD_TYPE_DIFF) {
			CHECK(run.where == VHD_WHERE_PARENT);
			continue;
		}
		if (run.where == VHD_WHERE_ZERO) {
			CHECK(!needed);
			continue;
		}
		CHECK(run.where == VHD_WHERE_DATA && run.len >= MARK);
		CHECK_OK(vhd_io_read(&file->io, run.data, have, MARK, "test", &err));
		for (i = 0; i < MARK; i += 512)
			CHECK(!memcmp(have + i, want, 512) ||
			      (!needed && !memcmp(have + i, zeros, 512)));
		/* nothing from elsewhere in between */
		CHECK_OK(vhd_io_read(&file->io, run.data + (end ? -MARK : MARK), have, MARK,
				     "test", &err));
		CHECK(!memcmp(have, zeros, MARK));
	}
	return NULL;
}

/* What is left is the same to who only reads, unless a log has to be replayed. */
static const char *look(struct rig *rig, struct file *file, int stop, bool writable)
{
	struct vhd_check check = { 0 };
	struct vhd_image img;
	struct vhd_error err;
	struct vhd_map map;
	u32 block;
	int ret;

	ret = vhd_image_open(&img, &file->io, writable, &err);
	if (ret == -EROFS && !writable && rig->img.format == VHD_FORMAT_VHDX)
		return NULL;
	CHECK_OK(ret);
	CHECK_OK(vhd_check(&check, &img, &file->io, &err));
	CHECK(!check.errors);
	CHECK_OK(vhd_map_init(&map, &img, &file->io, &err));
	for (block = 0; block < BLOCKS; block++)
		TRY(look_block(rig, file, &map, block, stop));
	vhd_map_exit(&map);
	vhd_image_close(&img);
	return NULL;
}

/* Of a VHD the footer may be lost: is it there again where others look for it? */
static const char *repair_footer(struct file *file, u32 *lost)
{
	struct vhd_check check = { 0 };
	struct vhd_image img;
	struct vhd_error err;
	u8 footer[512];
	u32 flaws;

	CHECK_OK(vhd_image_open(&img, &file->io, true, &err));
	CHECK_OK(vhd_check(&check, &img, &file->io, &err));
	CHECK_OK(vhd_repair_find(&img, &file->io, &check, &flaws, &err));
	if (flaws & VHD_FLAW_FOOTER) {
		++*lost;
		CHECK_OK(vhd_repair(&img, &file->io, &check, flaws & VHD_FLAW_FOOTER, &err));
		CHECK_OK(vhd_io_read(&file->io, file->io.size - sizeof(footer), footer,
				     sizeof(footer), "test", &err));
		CHECK(!memcmp(footer, img.v1.footer, sizeof(footer)));
	}
	vhd_image_close(&img);
	CHECK_OK(vhd_image_open(&img, &file->io, false, &err));
	CHECK(img.format != VHD_FORMAT_VHD || !img.v1.footer_lost);
	vhd_image_close(&img);
	return NULL;
}

static const char *crash_sample(size_t sample)
{
	static struct rig rig;
	struct file file;
	int stop, way;
	u32 lost = 0;

	TRY(rig_start(&rig, sample, 7 + sample));
	TRY(rig_work(&rig));
	for (stop = 0; stop <= rig.crash.count; stop++) {
		for (way = 0; way < CRASH_WAYS; way++) {
			TRY(crash_at(&rig.crash, 0, stop, way, &file));
			TRY(look(&rig, &file, stop, false));
			TRY(look(&rig, &file, stop, true));
			TRY(repair_footer(&file, &lost));
			TRY(look(&rig, &file, stop, true));
			file_close(&file);
		}
	}
	CHECK((rig.img.format == VHD_FORMAT_VHD) == !!lost);
	rig_stop(&rig);
	return NULL;
}

static const char *alloc_crash_vhd(void)
{
	return crash_sample(2);
}

static const char *alloc_crash_vhdx(void)
{
	return crash_sample(5);
}

/* Of a VHDX a block and its bitmap are in different pages of the table. */
static const char *alloc_crash_diff(void)
{
	TRY(crash_sample(3));
	return crash_sample(7);
}

/* Any change may fail: there is an error, and the image stays valid. */
static const char *alloc_fails(void)
{
	static const size_t which[] = { 1, 2, 3, 5, 7 };
	u32 blocks[] = { 3, 0, 9 };
	struct vhd_block places[3];
	struct vhd_check check = { 0 };
	struct vhd_alloc alloc;
	struct vhd_image img;
	struct vhd_error err;
	struct file file;
	size_t i;
	int n, ret;

	for (i = 0; i < ARRAY_SIZE(which); i++) {
		for (n = 1, ret = -EIO; ret; n++) {
			TRY(sample_make(which[i], &file));
			CHECK_OK(vhd_image_open(&img, &file.io, true, &err));
			file.fail_in = n;
			ret = vhd_alloc_start(&alloc, &img, &file.io, ids, &err);
			if (!ret) {
				ret = vhd_alloc_blocks(&alloc, blocks, 3, places, &err);
				/* as it would be with the file in order again */
				if (ret)
					file.fail_in = -1;
				if (vhd_alloc_stop(&alloc, &err) && !ret)
					ret = -EIO;
			}
			CHECK(!ret || ret == -EIO);
			CHECK(err.text[0]);
			vhd_image_close(&img);
			file.fail_in = -1;
			file.io.size = lseek(file.fd, 0, SEEK_END);
			CHECK_OK(vhd_image_open(&img, &file.io, true, &err));
			CHECK_OK(vhd_check(&check, &img, &file.io, &err));
			if (check.errors)
				return test_fail_error(__FILE__, __LINE__, "check", &err);
			CHECK(ret || check.present == 3);
			vhd_image_close(&img);
			file_close(&file);
		}
		CHECK(n > 5);
	}
	return NULL;
}

/* The sectors of a new block are the parent's. */
static const char *alloc_diff(void)
{
	static const size_t which[] = { 3, 7, 8 };
	struct vhd_check check = { 0 };
	struct vhd_block place;
	struct vhd_alloc alloc;
	struct vhd_image img;
	struct vhd_error err;
	struct vhd_map map;
	struct vhd_run run;
	struct file file;
	u32 block = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(which); i++) {
		TRY(sample_make(which[i], &file));
		CHECK_OK(vhd_image_open(&img, &file.io, true, &err));
		CHECK_OK(vhd_alloc_start(&alloc, &img, &file.io, ids, &err));
		CHECK_OK(vhd_alloc_blocks(&alloc, &block, 1, &place, &err));
		CHECK(place.where == VHD_WHERE_BITMAP);
		CHECK_OK(vhd_alloc_stop(&alloc, &err));
		CHECK_OK(vhd_map_init(&map, &img, &file.io, &err));
		CHECK_OK(vhd_map_run(&map, 0, &run, &err));
		CHECK(run.where == VHD_WHERE_PARENT);
		vhd_map_exit(&map);
		CHECK_OK(vhd_check(&check, &img, &file.io, &err));
		CHECK(!check.errors && check.present == 1);
		CHECK(check.bitmaps == (img.format == VHD_FORMAT_VHDX));
		vhd_image_close(&img);
		file_close(&file);
	}
	return NULL;
}

const struct test alloc_tests[] = {
	{ "alloc_crash_vhd", alloc_crash_vhd },
	{ "alloc_crash_vhdx", alloc_crash_vhdx },
	{ "alloc_crash_diff", alloc_crash_diff },
	{ "alloc_fails", alloc_fails },
	{ "alloc_diff", alloc_diff },
	{ }
};
