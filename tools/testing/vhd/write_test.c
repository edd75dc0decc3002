// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing to disks: what is written is read, whatever the image is; and when the
 * machine stops, a sector is what it was or what it was to be.
 */
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "crash.h"
#include "disk.h"
#include "write.h"

static const char *write_kind(enum vhd_format format, enum vhd_type base, u32 depth)
{
	struct vhd_io *io[DISK_DEPTH];
	struct disk d = { 0 };
	u32 random;

	for (random = 1; random < 4; random++) {
		d.size = 0;
		TRY(disk_make(&d, format, base, depth, random));
		disk_io(&d, io);
		TRY(chain_check(io, depth, d.want, d.size));
		/* once more, over what is there */
		TRY(disk_scribble(&d, io[0], 80, d.want));
		TRY(chain_check(io, depth, d.want, d.size));
		disk_free(&d);
	}
	return NULL;
}

static const char *write_vhd(void)
{
	TRY(write_kind(VHD_FORMAT_VHD, VHD_TYPE_FIXED, 1));
	TRY(write_kind(VHD_FORMAT_VHD, VHD_TYPE_DYNAMIC, 1));
	return write_kind(VHD_FORMAT_VHD, VHD_TYPE_DYNAMIC, 3);
}

static const char *write_vhdx(void)
{
	TRY(write_kind(VHD_FORMAT_VHDX, VHD_TYPE_FIXED, 1));
	TRY(write_kind(VHD_FORMAT_VHDX, VHD_TYPE_DYNAMIC, 1));
	return write_kind(VHD_FORMAT_VHDX, VHD_TYPE_DYNAMIC, 3);
}

/* Bitmaps of more than a page, and of many sectors */
static const char *write_large_blocks(void)
{
	static struct vhd_write w;
	struct vhd_link links[1];
	struct vhd_chain chain;
	struct vhd_image img;
	struct vhd_error err;
	struct vhd_io *io;
	struct vhd_run run;
	struct file file;
	guid_t ids[6];
	static u8 buf[96 << 10];
	const u64 at[] = { 0, 33 << 20, (70 << 20) - 8192 };
	u32 i, number;

	/* 256 MiB in sectors of 4096, and 32 MiB in sectors of 512 */
	for (i = 7; i < 9; i++) {
		TRY(sample_make(i, &file));
		io = &file.io;
		CHECK_OK(vhd_image_open(&img, io, true, &err));
		disk_session(ids);
		CHECK_OK(vhd_write_start(&w, &img, io, ids, &err));
		for (number = 0; number < ARRAY_SIZE(at); number++) {
			memset(buf, 0x50 + number, sizeof(buf));
			CHECK_OK(vhd_write(&w, at[number], buf, 8192, &err));
		}
		CHECK(vhd_write(&w, img.size - 4096, buf, 8192, &err) == -EINVAL);
		CHECK_OK(vhd_write_stop(&w, &err));
		vhd_image_close(&img);
		TRY(chain_open(&chain, links, &io, 1, false));
		for (number = 0; number < ARRAY_SIZE(at); number++) {
			CHECK_OK(vhd_chain_read(&chain, at[number], buf, 8192, &err));
			CHECK(buf[0] == 0x50 + number && !memcmp(buf, buf + 1, 8191));
			CHECK_OK(vhd_map_run(&links->map, at[number] + 8192, &run, &err));
			CHECK(run.where == VHD_WHERE_PARENT);
		}
		chain_close(&chain);
		file_close(&file);
	}
	return NULL;
}

/* Each sector is the old one or the new one, and the new one when it was flushed. */
static const char *look(struct crash *c, struct disk *d, const u8 *old, const u8 *want, int stop,
			int way)
{
	struct vhd_io *io[DISK_DEPTH];
	struct vhd_link links[DISK_DEPTH];
	struct vhd_check check = { 0 };
	struct vhd_chain chain;
	struct vhd_error err;
	struct file file;
	u8 *have = malloc(d->size);
	u64 i;

	TRY(crash_at(c, 0, stop, way, &file));
	io[0] = &file.io;
	for (i = 1; i < d->depth; i++)
		io[i] = &d->file[i].io;
	TRY(chain_open(&chain, links, io, d->depth, true));
	CHECK_OK(vhd_check(&check, &links[0].img, io[0], &err));
	CHECK(!check.errors);
	CHECK_OK(vhd_chain_read(&chain, 0, have, d->size, &err));
	for (i = 0; i < d->size; i += 512)
		CHECK(!memcmp(have + i, want + i, 512) ||
		      (stop < c->count && !memcmp(have + i, old + i, 512)));
	chain_close(&chain);
	file_close(&file);
	free(have);
	return NULL;
}

static const char *write_crash_kind(enum vhd_format format)
{
	struct disk d = { 0 };
	struct crash c;
	int stop, way;
	u8 *old;

	TRY(disk_make(&d, format, VHD_TYPE_DYNAMIC, 2, 5));
	crash_start(&c, 3);
	TRY(crash_file(&c, 0, &d.file[0]));
	old = malloc(d.size);
	memcpy(old, d.want, d.size);
	/* few enough that no sector is written twice with something else */
	TRY(disk_scribble(&d, &c.files[0].io, 2, d.want));
	for (stop = 0; stop <= c.count; stop++)
		for (way = 0; way < 6; way++)
			TRY(look(&c, &d, old, d.want, stop, way));
	free(old);
	crash_stop(&c);
	disk_free(&d);
	return NULL;
}

static const char *write_crash(void)
{
	TRY(write_crash_kind(VHD_FORMAT_VHD));
	return write_crash_kind(VHD_FORMAT_VHDX);
}

const struct test write_tests[] = {
	{ "write_vhd", write_vhd },
	{ "write_vhdx", write_vhdx },
	{ "write_large_blocks", write_large_blocks },
	{ "write_crash", write_crash },
	{ }
};
