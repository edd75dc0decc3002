// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks are allocated and written, and the machine stops: at every change of
 * the file, with what was not flushed there, missing or torn in many ways.
 * Whatever is left has to be a valid image that has what was flushed.
 */
#include <stdlib.h>
#include <unistd.h>

#include "alloc.h"
#include "check.h"
#include "test.h"

#define CHANGES		600
#define BLOCKS		12
#define MARK		4096

/* Ways of what was not flushed to end, at each change */
#define WAYS		12

enum change_kind { CHANGE_WRITE, CHANGE_ZERO, CHANGE_SIZE, CHANGE_FLUSH };

struct change {
	enum change_kind kind;
	u64 pos;
	u64 len;
	u8 *data;
};

/* A file that notes what is done to it, and what the disk then has to have */
struct rig {
	struct file file;
	struct file before;
	struct vhd_io io;
	struct change changes[CHANGES];
	int count;
	struct vhd_image img;
	struct vhd_alloc alloc;
	u32 random;
	/* per block: change with which it was written, and was flushed; 0: not */
	int written[BLOCKS];
	int flushed[BLOCKS];
};

static const guid_t ids[3] = {
	GUID_INIT(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
	GUID_INIT(2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2),
	GUID_INIT(3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3),
};

static u32 rig_random(struct rig *rig, u32 below)
{
	rig->random = rig->random * 1664525 + 1013904223;
	return (rig->random >> 8) % below;
}

static void rig_note(struct rig *rig, enum change_kind kind, u64 pos, const void *data, u64 len)
{
	struct change *c = &rig->changes[rig->count++];

	if (rig->count == CHANGES)
		abort();
	*c = (struct change) { .kind = kind, .pos = pos, .len = len };
	if (data) {
		c->data = malloc(len);
		memcpy(c->data, data, len);
	}
}

static int rig_read(void *arg, u64 pos, void *buf, size_t len)
{
	struct rig *rig = arg;

	return rig->file.io.read(&rig->file, pos, buf, len);
}

static int rig_write(void *arg, u64 pos, const void *buf, size_t len)
{
	struct rig *rig = arg;

	rig_note(rig, CHANGE_WRITE, pos, buf, len);
	return rig->file.io.write(&rig->file, pos, buf, len);
}

static int rig_zero(void *arg, u64 pos, u64 len)
{
	struct rig *rig = arg;

	rig_note(rig, CHANGE_ZERO, pos, NULL, len);
	return rig->file.io.zero(&rig->file, pos, len);
}

static int rig_resize(void *arg, u64 size)
{
	struct rig *rig = arg;

	rig_note(rig, CHANGE_SIZE, 0, NULL, size);
	return rig->file.io.resize(&rig->file, size);
}

static int rig_flush(void *arg)
{
	rig_note(arg, CHANGE_FLUSH, 0, NULL, 0);
	return 0;
}

static const char *copy_file(const struct file *from, struct file *to)
{
	size_t len = from->io.size;
	u8 *buf = malloc(len);
	struct vhd_error err;

	CHECK(!file_memory(to));
	CHECK(!from->io.read((void *)from, 0, buf, len));
	CHECK_OK(vhd_io_write(&to->io, 0, buf, len, "test", &err));
	free(buf);
	return NULL;
}

/* What a block is written with, at both of its ends */
static void mark(u8 *buf, u32 block)
{
	memset(buf, 0x40 + block, MARK);
}

static const char *rig_start(struct rig *rig, size_t sample, u32 random)
{
	struct vhd_error err;

	memset(rig, 0, sizeof(*rig));
	rig->random = random;
	TRY(sample_make(sample, &rig->before));
	TRY(copy_file(&rig->before, &rig->file));
	rig->io = (struct vhd_io) {
		.read = rig_read,
		.write = rig_write,
		.zero = rig_zero,
		.resize = rig_resize,
		.flush = rig_flush,
		.file = rig,
		.size = rig->file.io.size,
	};
	CHECK_OK(vhd_image_open(&rig->img, &rig->io, true, &err));
	return NULL;
}

static void rig_stop(struct rig *rig)
{
	vhd_image_close(&rig->img);
	while (rig->count)
		free(rig->changes[--rig->count].data);
	file_close(&rig->file);
	file_close(&rig->before);
}

static void rig_flushed(struct rig *rig)
{
	u32 i;

	for (i = 0; i < BLOCKS; i++)
		if (rig->written[i] && !rig->flushed[i])
			rig->flushed[i] = rig->count;
}

/* Allocate all blocks, a few at a time, and write to both ends of each. */
static const char *rig_work(struct rig *rig)
{
	u32 order[BLOCKS], done, count, i, j;
	struct vhd_block places[BLOCKS];
	struct vhd_error err;
	u8 buf[MARK];

	for (i = 0; i < BLOCKS; i++) {
		j = rig_random(rig, i + 1);
		order[i] = order[j];
		order[j] = i;
	}
	CHECK_OK(vhd_alloc_start(&rig->alloc, &rig->img, &rig->io, ids, &err));
	for (done = 0; done < BLOCKS; done += count) {
		count = 1 + rig_random(rig, 4);
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
			CHECK_OK(vhd_io_write(&rig->io, places[i].data, buf, MARK, "test", &err));
			CHECK_OK(vhd_io_write(&rig->io, places[i].data +
					      vhd_block_size(&rig->img) - MARK, buf, MARK, "test",
					      &err));
			rig->written[order[done + i]] = rig->count;
		}
		CHECK(vhd_alloc_blocks(&rig->alloc, order + done, 1, places, &err) == -EEXIST);
		if (rig_random(rig, 2)) {
			CHECK_OK(vhd_io_flush(&rig->io, &err));
			rig_flushed(rig);
		}
	}
	CHECK_OK(vhd_alloc_stop(&rig->alloc, &err));
	rig_flushed(rig);
	return NULL;
}

/* Do a change to a file, or the part of it that made it. */
static const char *redo(struct file *file, const struct change *c, u64 len)
{
	struct vhd_error err;

	switch (c->kind) {
	case CHANGE_WRITE:
		CHECK_OK(vhd_io_write(&file->io, c->pos, c->data, len, "test", &err));
		break;
	case CHANGE_ZERO:
		CHECK_OK(vhd_io_zero(&file->io, c->pos, len, &err));
		break;
	case CHANGE_SIZE:
		CHECK_OK(vhd_io_resize(&file->io, c->len, &err));
		break;
	case CHANGE_FLUSH:
		break;
	}
	return NULL;
}

/* The file as it is when the machine stops after @stop changes */
static const char *crash(struct rig *rig, int stop, int way, struct file *file)
{
	int i, flushed = 0;
	struct vhd_error err;
	u64 len, end;

	TRY(copy_file(&rig->before, file));
	for (i = 0; i < stop; i++)
		if (rig->changes[i].kind == CHANGE_FLUSH)
			flushed = i + 1;
	for (i = 0; i < stop; i++) {
		len = rig->changes[i].len;
		if (i >= flushed && way == 1)
			break;
		if (i >= flushed && way > 1) {
			if (rig_random(rig, 2))
				continue;
			/* sectors are written whole, and a file may get longer before */
			if (rig->changes[i].kind == CHANGE_WRITE && rig_random(rig, 2)) {
				end = rig->changes[i].pos + len;
				len = rig_random(rig, len / 512 + 1) * 512;
				if (end > file->io.size && rig_random(rig, 2))
					CHECK_OK(vhd_io_resize(&file->io, end, &err));
				if (!len)
					continue;
			}
		}
		TRY(redo(file, &rig->changes[i], len));
	}
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

static const char *look(struct rig *rig, struct file *file, int stop)
{
	struct vhd_check check = { 0 };
	struct vhd_image img;
	struct vhd_error err;
	struct vhd_map map;
	u32 block;

	CHECK_OK(vhd_image_open(&img, &file->io, true, &err));
	CHECK_OK(vhd_check(&check, &img, &file->io, &err));
	CHECK(!check.errors);
	CHECK_OK(vhd_map_init(&map, &img, &file->io, &err));
	for (block = 0; block < BLOCKS; block++)
		TRY(look_block(rig, file, &map, block, stop));
	vhd_map_exit(&map);
	vhd_image_close(&img);
	return NULL;
}

static const char *crash_sample(size_t sample)
{
	static struct rig rig;
	struct file file;
	int stop, way;

	TRY(rig_start(&rig, sample, 7 + sample));
	TRY(rig_work(&rig));
	for (stop = 0; stop <= rig.count; stop++) {
		for (way = 0; way < WAYS; way++) {
			TRY(crash(&rig, stop, way, &file));
			TRY(look(&rig, &file, stop));
			file_close(&file);
		}
	}
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
