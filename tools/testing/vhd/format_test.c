// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is made is what is opened, whatever fails on the way.
 */
#include <stdlib.h>
#include <unistd.h>
#include <asm/byteorder.h>
#include <linux/crc32.h>
#include <shim.h>

#include "check.h"
#include "test.h"
#include "vhd1.h"
#include "vhdx.h"

static const char *same_text(const char *a, const char *b)
{
	CHECK(!a == !b);
	CHECK(!a || !strcmp(a, b));
	return NULL;
}

static const char *checksums(void)
{
	struct vhdx_header_wire *header;
	u8 buf[VHDX_HEADER_BYTES] = "\1\2\3\4\5\6\7\10\11";

	CHECK(~__crc32c_le(~0U, (const u8 *)"123456789", 9) == 0xe3069283);
	/* the checksum itself does not count */
	CHECK(vhd1_checksum(buf, 9, 4) == ~(1U + 2 + 3 + 4 + 9));
	header = (struct vhdx_header_wire *)buf;
	header->checksum = 0;
	CHECK(vhdx_checksum(buf, sizeof(buf)) == ~__crc32c_le(~0U, buf, sizeof(buf)));
	header->checksum = cpu_to_le32(77);
	CHECK(vhdx_checksum(buf, sizeof(buf)) != ~__crc32c_le(~0U, buf, sizeof(buf)));
	return NULL;
}

/* As Windows and QEMU have them */
static const char *geometry(void)
{
	static const struct {
		u64 sectors;
		struct vhd1_geometry g;
	} cases[] = {
		{ 1,		{ 0, 4, 17 } },
		{ 6144,		{ 90, 4, 17 } },	/* 3 MiB */
		{ 81920,	{ 963, 5, 17 } },	/* 40 MiB */
		{ 2097152,	{ 2080, 16, 63 } },	/* 1 GiB */
		{ 266338304,	{ 65278, 16, 255 } },	/* 127 GiB */
		{ 4278190080,	{ 65535, 16, 255 } },	/* 2040 GiB */
	};
	struct vhd1_geometry g;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vhd1_geometry(cases[i].sectors * VHD_SECTOR, &g);
		CHECK(g.cylinders == cases[i].g.cylinders);
		CHECK(g.heads == cases[i].g.heads);
		CHECK(g.sectors == cases[i].g.sectors);
	}
	return NULL;
}

static const char *created(void)
{
	const struct vhd_create *p;
	struct vhd_check check = { 0 };
	struct vhd_image img;
	struct vhd_error err;
	struct file file;
	size_t i;

	for (i = 0; i < nr_samples; i++) {
		p = &samples[i];
		TRY(sample_make(i, &file));
		CHECK_OK(vhd_image_open(&img, &file.io, true, &err));
		CHECK(img.format == p->format && img.type == p->type && img.size == p->size);
		CHECK(img.sector_size == (p->sector_size ?: 512));
		if (img.blocks)
			CHECK(vhd_block_size(&img) == (p->block_size ?: VHD_DEFAULT_BLOCK));
		CHECK(guid_equal(&img.id, &p->id));
		if (img.type == VHD_TYPE_DIFF) {
			CHECK(guid_equal(&img.parent.id, &p->parent.id));
			TRY(same_text(img.parent.relative, p->parent.relative));
			TRY(same_text(img.parent.absolute, p->parent.absolute));
			if (p->format == VHD_FORMAT_VHD) {
				TRY(same_text(img.parent.name, p->parent.name));
				CHECK(img.parent.timestamp == p->parent.timestamp);
			}
		}
		CHECK_OK(vhd_check(&check, &img, &file.io, &err));
		CHECK(!check.errors);
		CHECK(check.present == (p->type == VHD_TYPE_FIXED ? img.blocks : 0));
		vhd_image_close(&img);
		file_close(&file);
	}
	return NULL;
}

/* The largest of each, in files that are almost all holes */
static const char *limits(void)
{
	static const struct {
		struct vhd_create p;
		int ret;
	} cases[] = {
		{ { .format = VHD_FORMAT_VHD, .type = VHD_TYPE_FIXED, .size = 2040 * VHD_GIB } },
		{ { .format = VHD_FORMAT_VHD, .type = VHD_TYPE_DYNAMIC, .size = 2040 * VHD_GIB } },
		{ { .format = VHD_FORMAT_VHD, .type = VHD_TYPE_DYNAMIC,
		    .size = 2040 * VHD_GIB + 512 }, -EFBIG },
		{ { .format = VHD_FORMAT_VHD, .type = VHD_TYPE_DYNAMIC,
		    .size = VHD_GIB, .sector_size = 4096 }, -EINVAL },
		{ { .format = VHD_FORMAT_VHDX, .type = VHD_TYPE_DYNAMIC, .size = 64 * VHD_TIB } },
		{ { .format = VHD_FORMAT_VHDX, .type = VHD_TYPE_DYNAMIC, .size = 64 * VHD_TIB,
		    .block_size = 1 << 20, .sector_size = 4096 } },
		{ { .format = VHD_FORMAT_VHDX, .type = VHD_TYPE_FIXED, .size = 64 * VHD_TIB,
		    .block_size = 256 << 20 } },
		{ { .format = VHD_FORMAT_VHDX, .type = VHD_TYPE_DYNAMIC,
		    .size = 64 * VHD_TIB + 512 }, -EFBIG },
		{ { .format = VHD_FORMAT_VHDX, .type = VHD_TYPE_DYNAMIC,
		    .size = VHD_GIB + 512, .sector_size = 4096 }, -EINVAL },
		{ { .format = VHD_FORMAT_VHDX, .type = VHD_TYPE_DYNAMIC,
		    .size = VHD_GIB, .block_size = 3 << 20 }, -EINVAL },
		{ { .format = VHD_FORMAT_VHDX, .type = VHD_TYPE_DYNAMIC,
		    .size = VHD_GIB, .block_size = 512 << 20 }, -EINVAL },
		{ { .format = VHD_FORMAT_VHDX, .type = VHD_TYPE_DYNAMIC,
		    .size = VHD_GIB, .block_size = 512 << 10 }, -EINVAL },
		{ { .format = VHD_FORMAT_VHDX, .type = VHD_TYPE_DYNAMIC,
		    .size = VHD_GIB, .sector_size = 1024 }, -EINVAL },
		{ { .format = VHD_FORMAT_VHDX, .type = VHD_TYPE_DYNAMIC, .size = 0 }, -EINVAL },
		{ { .format = VHD_FORMAT_VHDX, .type = VHD_TYPE_DIFF, .size = VHD_GIB }, -EINVAL },
		{ { .format = VHD_FORMAT_VHD, .type = VHD_TYPE_DYNAMIC, .size = 512 } },
		{ { .format = VHD_FORMAT_VHDX, .type = VHD_TYPE_DYNAMIC, .size = 512 } },
	};
	struct vhd_create p;
	struct vhd_image img;
	struct vhd_error err;
	struct vhd_map map;
	struct vhd_run run;
	struct file file;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		p = cases[i].p;
		p.id = samples[0].id;
		CHECK(!file_memory(&file));
		if (cases[i].ret) {
			CHECK(vhd_create(&p, &file.io, &err) == cases[i].ret);
			CHECK(err.code == cases[i].ret && err.text[0]);
			CHECK(!file.changes);
			file_close(&file);
			continue;
		}
		CHECK_OK(vhd_create(&p, &file.io, &err));
		CHECK_OK(vhd_image_open(&img, &file.io, false, &err));
		CHECK(img.size == p.size);
		CHECK_OK(vhd_map_init(&map, &img, &file.io, &err));
		CHECK_OK(vhd_map_run(&map, img.size - 512, &run, &err));
		CHECK(run.len == 512);
		CHECK(run.where == (p.type == VHD_TYPE_FIXED ? VHD_WHERE_DATA : VHD_WHERE_ZERO));
		CHECK(vhd_map_run(&map, img.size, &run, &err) == -EINVAL);
		vhd_map_exit(&map);
		vhd_image_close(&img);
		file_close(&file);
	}
	return NULL;
}

/* Whichever write fails, the file is no image or the whole one. */
static const char *create_fails(void)
{
	struct vhd_image img;
	struct vhd_error err;
	struct file file;
	int n, changes, torn;
	size_t i;

	for (i = 0; i < nr_samples; i++) {
		TRY(sample_make(i, &file));
		changes = file.changes;
		file_close(&file);
		for (n = 1; n <= changes * 2; n++) {
			torn = n > changes;
			CHECK(!file_memory(&file));
			file.fail_in = torn ? n - changes : n;
			file.torn = torn;
			CHECK(vhd_create(&samples[i], &file.io, &err) == -EIO);
			file.fail_in = -1;
			file.io.size = lseek(file.fd, 0, SEEK_END);
			if (!vhd_image_open(&img, &file.io, false, &err)) {
				/*
				 * The second of two footers; what is cut off
				 * the first one, or the creator, is zeros.
				 */
				CHECK(n == changes || n == 2 * changes ||
				      (n == 2 * changes - 1 && img.format == VHD_FORMAT_VHD));
				CHECK(img.size == samples[i].size);
				vhd_image_close(&img);
			} else {
				CHECK(err.code == -EMEDIUMTYPE || err.code == -EUCLEAN);
			}
			file_close(&file);
		}
	}
	return NULL;
}

static const char *no_memory(void)
{
	struct vhd_image img;
	struct vhd_error err;
	struct file file;
	size_t i;

	for (i = 0; i < nr_samples; i++) {
		TRY(sample_make(i, &file));
		shim_fail_alloc = 1;
		CHECK(vhd_image_open(&img, &file.io, false, &err) == -ENOMEM);
		CHECK(vhd_create(&samples[i], &file.io, &err) == -EEXIST);
		file.io.size = 0;
		CHECK(vhd_create(&samples[i], &file.io, &err) == -ENOMEM);
		shim_fail_alloc = 0;
		file_close(&file);
	}
	return NULL;
}

/* Cut anywhere it is refused, or still has all that was opened. */
static const char *truncated(void)
{
	static const u64 cuts[] = {
		0, 1, 7, 8, 511, 512, 513, 1023, 1536, 2047, 4096, 65535, 65536, 69632,
		131072, 135168, 196608, 262144, 327680, 1 << 20, 2 << 20, 2162688,
		(3 << 20) - 1, 3 << 20, (4 << 20) - 1,
	};
	struct vhd_image img;
	struct vhd_error err;
	struct file file;
	size_t i, j;

	for (i = 0; i < nr_samples; i++) {
		TRY(sample_make(i, &file));
		for (j = ARRAY_SIZE(cuts); j-- > 0;) {
			if (cuts[j] >= file.io.size)
				continue;
			CHECK(!ftruncate(file.fd, cuts[j]));
			file.io.size = cuts[j];
			if (!vhd_image_open(&img, &file.io, false, &err)) {
				/* by its first footer */
				CHECK(img.format == VHD_FORMAT_VHD && img.v1.footer_lost);
				CHECK(img.v1.bat_pos + img.blocks * 4 <= cuts[j]);
				vhd_image_close(&img);
			} else {
				CHECK(err.code == -EMEDIUMTYPE || err.code == -EUCLEAN);
				CHECK(err.text[0]);
			}
		}
		file_close(&file);
	}
	return NULL;
}

/*
 * The guest of a fixed VHD writes what looks like a differencing one to the
 * beginning of its disk: it must not become one.
 */
static const char *guest_footer(void)
{
	struct vhd_image img;
	struct vhd_error err;
	struct file file, evil;
	u8 buf[4096] = { 0 };

	TRY(sample_make(3, &evil));
	CHECK(samples[3].type == VHD_TYPE_DIFF);
	CHECK_OK(vhd_io_read(&evil.io, 0, buf, 3072, "test", &err));
	TRY(sample_make(0, &file));
	CHECK_OK(vhd_io_write(&file.io, 0, buf, sizeof(buf), "test", &err));
	CHECK_OK(vhd_image_open(&img, &file.io, true, &err));
	CHECK(img.type == VHD_TYPE_FIXED && !img.parent.relative);
	vhd_image_close(&img);
	file_close(&evil);
	file_close(&file);
	return NULL;
}

static const char *parents(void)
{
	struct vhd_image child = {
		.format = VHD_FORMAT_VHDX, .type = VHD_TYPE_DIFF, .sector_size = 512,
		.parent.id = samples[0].id,
	};
	struct vhd_image parent = {
		.format = VHD_FORMAT_VHDX, .sector_size = 512, .id = samples[0].id,
	};
	struct vhd_error err;

	CHECK_OK(vhd_image_fits_parent(&child, &parent, 0, &err));
	parent.id = samples[0].file_id;
	CHECK(vhd_image_fits_parent(&child, &parent, 0, &err) == -ESTALE);
	child.parent.id2 = parent.id;
	CHECK_OK(vhd_image_fits_parent(&child, &parent, 0, &err));
	parent.sector_size = 4096;
	CHECK(vhd_image_fits_parent(&child, &parent, 0, &err) == -EINVAL);
	parent.sector_size = 512;
	parent.format = VHD_FORMAT_VHD;
	CHECK(vhd_image_fits_parent(&child, &parent, 0, &err) == -EINVAL);
	parent.format = VHD_FORMAT_VHDX;
	child.type = VHD_TYPE_DYNAMIC;
	CHECK(vhd_image_fits_parent(&child, &parent, 0, &err) == -EINVAL);
	return NULL;
}

/* Of a VHD the time counts, too, unless it is merged to. */
static const char *parent_times(void)
{
	static const u32 made[] = { 1, 5, 700000000, 0xffffffff };
	struct vhd_image child = {
		.format = VHD_FORMAT_VHD, .type = VHD_TYPE_DIFF, .sector_size = 512,
		.parent.id = samples[0].id,
	};
	struct vhd_image parent = {
		.format = VHD_FORMAT_VHD, .sector_size = 512, .id = samples[0].id,
	};
	struct vhd_error err;
	size_t i;
	s64 at;
	int by;

	CHECK_OK(vhd_image_fits_parent(&child, &parent, 0, &err));
	CHECK_OK(vhd_image_fits_parent(&child, &parent, VHD_EPOCH + 700000000, &err));
	for (i = 0; i < ARRAY_SIZE(made); i++) {
		child.parent.timestamp = made[i];
		at = VHD_EPOCH + made[i];
		for (by = -2; by <= 2; by++)
			CHECK_OK(vhd_image_fits_parent(&child, &parent, at + by, &err));
		CHECK(vhd_image_fits_parent(&child, &parent, at + 3, &err) == -ESTALE);
		CHECK(strstr(err.text, "written 3 s after the child"));
		CHECK(vhd_image_fits_parent(&child, &parent, at - 3, &err) == -ESTALE);
		CHECK(strstr(err.text, "written 3 s before the child"));
	}
	/* it may be a copy, but not of another image */
	parent.id = samples[0].file_id;
	CHECK(vhd_image_fits_parent(&child, &parent, at, &err) == -ESTALE);
	CHECK(strstr(err.text, "another image"));
	/* of a VHDX the id says all */
	child.format = VHD_FORMAT_VHDX;
	parent.format = VHD_FORMAT_VHDX;
	child.parent.id = parent.id;
	CHECK_OK(vhd_image_fits_parent(&child, &parent, 0, &err));
	return NULL;
}

const struct test format_tests[] = {
	{ "checksums", checksums },
	{ "geometry", geometry },
	{ "created", created },
	{ "limits", limits },
	{ "create_fails", create_fails },
	{ "no_memory", no_memory },
	{ "truncated", truncated },
	{ "guest_footer", guest_footer },
	{ "parents", parents },
	{ "parent_times", parent_times },
	{ }
};
