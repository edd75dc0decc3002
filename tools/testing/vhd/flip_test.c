// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every bit of every structure, turned over: the image is refused, or it is
 * the same. What has no checksum may become another image, but one that lies
 * inside its file.
 */
#include "check.h"
#include "test.h"
#include "vhd1.h"
#include "vhdx.h"

struct range {
	u64 pos;
	u64 len;
	bool checksum;
};

static bool same_parent(const struct vhd_parent *a, const struct vhd_parent *b)
{
	return guid_equal(&a->id, &b->id) && a->timestamp == b->timestamp &&
	       (!a->relative || !strcmp(a->relative, b->relative)) &&
	       (!a->absolute || !strcmp(a->absolute, b->absolute));
}

static bool same_image(const struct vhd_image *a, const struct vhd_image *b)
{
	if (a->format != b->format || a->type != b->type || a->size != b->size ||
	    a->blocks != b->blocks || a->block_shift != b->block_shift ||
	    a->sector_size != b->sector_size || !guid_equal(&a->id, &b->id) ||
	    !same_parent(&a->parent, &b->parent))
		return false;
	if (a->format == VHD_FORMAT_VHDX)
		return a->vx.bat_pos == b->vx.bat_pos && a->vx.meta_pos == b->vx.meta_pos;
	return a->v1.bat_pos == b->v1.bat_pos && a->v1.bitmap_bytes == b->v1.bitmap_bytes;
}

/* Does every run lie inside the file, and do all of them make up the disk? */
static const char *inside(const struct vhd_image *img, struct file *file)
{
	struct vhd_error err;
	struct vhd_map map;
	struct vhd_run run;
	u64 pos = 0, runs = 0;

	CHECK_OK(vhd_map_init(&map, img, &file->io, &err));
	while (pos < img->size && runs++ < 2000) {
		if (vhd_map_run(&map, pos, &run, &err)) {
			CHECK(err.code == -EUCLEAN);
			pos = (pos | (vhd_block_size(img) - 1)) + 1;
			continue;
		}
		CHECK(run.pos == pos && run.len && run.len <= img->size - pos);
		CHECK(run.where != VHD_WHERE_BITMAP);
		CHECK(run.where != VHD_WHERE_DATA ||
		      vhd_inside(run.data, run.len, file->io.size));
		pos += run.len;
	}
	vhd_map_exit(&map);
	return NULL;
}

static const char *flip_range(const struct range *range, const struct vhd_image *want,
			      struct file *file)
{
	struct vhd_image img;
	struct vhd_error err;
	u64 pos;
	int bit;
	u8 byte;

	for (pos = range->pos; pos < range->pos + range->len; pos++) {
		CHECK(!file->io.read(file, pos, &byte, 1));
		for (bit = 0; bit < 8; bit++) {
			byte ^= 1 << bit;
			CHECK(!file->io.write(file, pos, &byte, 1));
			byte ^= 1 << bit;
			if (vhd_image_open(&img, &file->io, false, &err)) {
				CHECK(err.code < 0 && err.text[0]);
				continue;
			}
			CHECK(!range->checksum || same_image(want, &img));
			TRY(inside(&img, file));
			vhd_image_close(&img);
		}
		CHECK(!file->io.write(file, pos, &byte, 1));
	}
	CHECK_OK(vhd_image_open(&img, &file->io, false, &err));
	CHECK(same_image(want, &img));
	vhd_image_close(&img);
	return NULL;
}

static const char *flip_sample(size_t i)
{
	const struct range vhdx[] = {
		{ 0, 64, true },
		{ VHDX_HEADER_POS(0), 128, true },
		{ VHDX_HEADER_POS(0) + 4088, 8, true },
		{ VHDX_HEADER_POS(1), 128, true },
		{ VHDX_REGION_POS(0), 128, true },
		{ VHDX_REGION_POS(0) + VHDX_REGION_BYTES - 8, 8, true },
		{ VHDX_REGION_POS(1), 128, true },
		/* metadata: table, items, then the block allocation table */
		{ 2 * VHDX_MIB, 256, false },
		{ 2 * VHDX_MIB + VHDX_META_TABLE_BYTES, 320, false },
		{ 3 * VHDX_MIB, 32, false },
		{ }
	};
	struct range vhd[] = {
		{ 0, 512, true },
		{ 512, 1024, true },
		{ 1536, 512, false },
		{ 2048, 64, false },
		{ 0, 512, true },
		{ }
	};
	const struct range *range = vhdx;
	struct vhd_image want;
	struct vhd_error err;
	struct file file;

	TRY(sample_make(i, &file));
	CHECK_OK(vhd_image_open(&want, &file.io, false, &err));
	if (want.format == VHD_FORMAT_VHD) {
		range = vhd;
		vhd[4].pos = file.io.size - 512;
		if (want.type == VHD_TYPE_FIXED)
			range = vhd + 4;
	}
	for (; range->len; range++)
		TRY(flip_range(range, &want, &file));
	vhd_image_close(&want);
	file_close(&file);
	return NULL;
}

static const char *flip_vhd(void)
{
	size_t i;

	for (i = 0; i < nr_samples; i++)
		if (samples[i].format == VHD_FORMAT_VHD)
			TRY(flip_sample(i));
	return NULL;
}

static const char *flip_vhdx(void)
{
	size_t i;

	for (i = 0; i < nr_samples; i++)
		if (samples[i].format == VHD_FORMAT_VHDX)
			TRY(flip_sample(i));
	return NULL;
}

const struct test flip_tests[] = {
	{ "flip_vhd", flip_vhd },
	{ "flip_vhdx", flip_vhdx },
	{ }
};
