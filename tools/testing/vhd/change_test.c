// SPDX-License-Identifier: GPL-2.0-only
/*
 * Disks of another size, and parents of another id: there or not, wherever it
 * stops, and nothing else changes.
 */
#include <stdlib.h>
#include <unistd.h>

#include "change.h"
#include "check.h"
#include "crash.h"
#include "disk.h"
#include "vhdx.h"
#include "write.h"

static const char *resize(struct vhd_io *io, u64 size, bool shrink, int want)
{
	struct vhd_image img;
	struct vhd_error err;
	guid_t ids[6];

	disk_session(ids);
	CHECK_OK(vhd_image_open(&img, io, true, &err));
	if (vhd_resize(&img, io, size, shrink, ids, &err) != want)
		return test_fail_error(__FILE__, __LINE__, "resize", &err);
	CHECK(want || img.size == size);
	vhd_image_close(&img);
	return NULL;
}

static u8 *grown(const struct disk *d, u64 size)
{
	u8 *want = calloc(1, size);

	memcpy(want, d->want, size < d->size ? size : d->size);
	return want;
}

/* The same until the next call: getting memory is most of what it takes. */
static const u8 *grown_for_now(const struct disk *d, u64 size)
{
	u64 len = size < d->size ? size : d->size;
	static u64 want_size;
	static u8 *want;

	if (want_size < size) {
		free(want);
		want = malloc(size);
		want_size = size;
	}
	memcpy(want, d->want, len);
	memset(want + len, 0, size - len);
	return want;
}

struct kind {
	enum vhd_format format;
	enum vhd_type type;
	u32 depth;
};

static const struct kind kinds[] = {
	{ VHD_FORMAT_VHD, VHD_TYPE_FIXED, 1 },
	{ VHD_FORMAT_VHD, VHD_TYPE_DYNAMIC, 1 },
	{ VHD_FORMAT_VHD, VHD_TYPE_DYNAMIC, 2 },
	{ VHD_FORMAT_VHDX, VHD_TYPE_FIXED, 1 },
	{ VHD_FORMAT_VHDX, VHD_TYPE_DYNAMIC, 1 },
	{ VHD_FORMAT_VHDX, VHD_TYPE_DYNAMIC, 2 },
};

/* A little, one block, and as many as need another table */
static const u64 steps[] = { 4096, 128 << 10, 9 << 20 };

static const char *resize_grow(void)
{
	struct vhd_io *io[DISK_DEPTH];
	struct disk d = { 0 };
	size_t k, s;
	u64 size;
	u8 *want;

	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		d.size = 0;
		TRY(disk_make(&d, kinds[k].format, kinds[k].type, kinds[k].depth, 11));
		disk_io(&d, io);
		for (s = 0; s < ARRAY_SIZE(steps); s++) {
			size = d.size + steps[s];
			want = grown(&d, size);
			TRY(resize(io[0], size, false, 0));
			TRY(chain_check(io, d.depth, want, size));
			/* it is used, too, both the old and the new part */
			TRY(disk_scribble(&d, io[0], 9, want));
			TRY(chain_check(io, d.depth, want, size));
			free(d.want);
			d.want = want;
			d.size = size;
		}
		TRY(resize(io[0], d.size - 4096, false, -EPERM));
		TRY(resize(io[0], d.size + 7, false, -EINVAL));
		TRY(resize(io[0], 0, true, -EINVAL));
		TRY(resize(io[0], 65 * VHD_TIB, false, -EFBIG));
		TRY(resize(io[0], d.size, false, 0));
		disk_free(&d);
	}
	return NULL;
}

/* Zeros may go, data may not. */
static const char *resize_shrink(void)
{
	struct vhd_io *io[DISK_DEPTH];
	struct disk d = { 0 };
	u64 old, end;
	size_t k;

	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		d.size = 0;
		TRY(disk_make(&d, kinds[k].format, kinds[k].type, kinds[k].depth, 12));
		disk_io(&d, io);
		old = d.size;
		if (d.depth > 1) {
			TRY(resize(io[0], old - 512 * 8, true, -EINVAL));
			disk_free(&d);
			continue;
		}
		for (end = old; end && !d.want[end - 1]; end--)
			;
		end = (end + 511) / 512 * 512;
		CHECK(end > 512 && end < old + 1);
		TRY(resize(io[0], end - 512, true, -ENOTEMPTY));
		TRY(chain_check(io, 1, d.want, old));
		TRY(resize(io[0], old + (6 << 20), false, 0));
		TRY(resize(io[0], end, false, end == old + (6 << 20) ? 0 : -EPERM));
		TRY(resize(io[0], end, true, 0));
		TRY(chain_check(io, 1, d.want, end));
		/* what went does not come back */
		TRY(resize(io[0], old, false, 0));
		TRY(chain_check(io, 1, d.want, old));
		TRY(disk_scribble(&d, io[0], 20, d.want));
		TRY(chain_check(io, 1, d.want, old));
		disk_free(&d);
	}
	return NULL;
}

static const char *crash_look(struct crash *c, struct vhd_io **io, const struct disk *d, u64 from,
			      u64 to, int stop, int way)
{
	struct vhd_image img;
	struct vhd_error err;
	struct file file;
	const u8 *want;
	u64 size;

	TRY(crash_at(c, 0, stop, way, &file));
	io[0] = &file.io;
	CHECK_OK(vhd_image_open(&img, io[0], true, &err));
	size = img.size;
	vhd_image_close(&img);
	CHECK(size == to || (size == from && stop < c->count));
	want = grown_for_now(d, size);
	/* where the footer was is not part of the old disk: see resize_fixed() */
	if (c->whole && to > from && size == to && stop < c->count) {
		CHECK_OK(vhd_image_open(&img, io[0], true, &err));
		CHECK_OK(vhd_io_zero(io[0], from, 512, &err));
		vhd_image_close(&img);
	}
	TRY(chain_check(io, d->depth, want, size));
	/* and again, to the end */
	if (way % 2) {
		TRY(resize(io[0], to, true, 0));
		want = grown_for_now(d, to);
		TRY(chain_check(io, d->depth, want, to));
	}
	file_close(&file);
	return NULL;
}

static const char *crash_step(const struct kind *kind, long long step)
{
	struct vhd_io *io[DISK_DEPTH];
	struct disk d = { 0 };
	struct crash c;
	int stop, way;
	u64 from, to;

	TRY(disk_make(&d, kind->format, kind->type, kind->depth, 13));
	disk_io(&d, io);
	/* there has to be something to lose that is zeros */
	if (step < 0)
		TRY(resize(io[0], d.size - step, true, 0));
	from = step < 0 ? d.size - step : d.size;
	to = from + step;
	crash_start(&c, 17);
	c.whole = kind->format == VHD_FORMAT_VHD && kind->type == VHD_TYPE_FIXED;
	TRY(crash_file(&c, 0, &d.file[0]));
	TRY(resize(&c.files[0].io, to, true, 0));
	CHECK(c.count > 2);
	for (stop = 0; stop <= c.count; stop++)
		for (way = 0; way < 3; way++)
			TRY(crash_look(&c, io, &d, from, to, stop, way));
	crash_stop(&c);
	disk_free(&d);
	return NULL;
}

static const char *resize_crash(void)
{
	size_t k;

	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		TRY(crash_step(&kinds[k], 4096));
		/* a VHD of 64 KiB blocks needs a longer table */
		TRY(crash_step(&kinds[k], kinds[k].format == VHD_FORMAT_VHD ? 9 << 20 : 2 << 20));
		if (kinds[k].depth == 1)
			TRY(crash_step(&kinds[k], -(2 << 20)));
	}
	return NULL;
}

/*
 * A VHDX whose table has a MiB for 131072 entries, so that it has to move. With
 * blocks of 1 MiB that is a disk of 128 GiB or a little less.
 */
static const char *resize_moves_table(void)
{
	const u64 small = 124 * VHD_GIB, large = 300 * VHD_GIB;
	const enum vhd_type types[] = { VHD_TYPE_DYNAMIC, VHD_TYPE_DIFF };
	struct vhd_check check = { 0 };
	static struct vhd_write w;
	struct vhd_link link;
	struct vhd_chain chain;
	struct vhd_create p;
	struct vhd_error err;
	struct file file, left;
	struct vhd_image img;
	struct vhd_io *io;
	struct crash c;
	guid_t ids[6];
	u8 buf[4096], have[4096];
	int stop, way;
	u32 t;

	for (t = 0; t < 2; t++) {
		p = samples[types[t] == VHD_TYPE_DIFF ? 7 : 5];
		p.size = small;
		p.block_size = 1 << 20;
		CHECK(!file_memory(&file));
		CHECK_OK(vhd_create(&p, &file.io, &err));
		CHECK_OK(vhd_image_open(&img, &file.io, true, &err));
		CHECK(img.vx.bat_len == VHDX_MIB);
		disk_session(ids);
		CHECK_OK(vhd_write_start(&w, &img, &file.io, ids, &err));
		memset(buf, 0x77, sizeof(buf));
		CHECK_OK(vhd_write(&w, 123 * VHD_GIB, buf, sizeof(buf), &err));
		CHECK_OK(vhd_write_stop(&w, &err));
		vhd_image_close(&img);
		crash_start(&c, 5);
		TRY(crash_file(&c, 0, &file));
		TRY(resize(&c.files[0].io, large, false, 0));
		for (stop = 0; stop <= c.count; stop++) {
			for (way = 0; way < 3; way++) {
				TRY(crash_at(&c, 0, stop, way, &left));
				io = &left.io;
				TRY(chain_open(&chain, &link, &io, 1, true));
				CHECK(link.img.size == large ||
				      (link.img.size == small && stop < c.count));
				CHECK(link.img.size == small || link.img.vx.bat_len > VHDX_MIB);
				/* it looks at 300000 blocks */
				if (!way) {
					CHECK_OK(vhd_check(&check, &link.img, io, &err));
					CHECK(!check.errors && check.present == 1);
				}
				CHECK_OK(vhd_chain_read(&chain, 123 * VHD_GIB, have, sizeof(have),
							&err));
				CHECK(!memcmp(have, buf, sizeof(buf)));
				chain_close(&chain);
				file_close(&left);
			}
		}
		crash_stop(&c);
		file_close(&file);
	}
	return NULL;
}

/* The second id, then one only; a VHD has a time stamp. */
static const char *linkage(void)
{
	const guid_t one = GUID_INIT(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
	const guid_t two = GUID_INIT(2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
	struct vhd_linkage l = { .id = one, .id2 = two, .timestamp = 12345 };
	static const size_t which[] = { 3, 7, 8 };
	struct vhd_check check = { 0 };
	struct vhd_image img;
	struct vhd_error err;
	struct file file;
	guid_t ids[6], id;
	size_t i;
	u32 n;

	for (i = 0; i < ARRAY_SIZE(which); i++) {
		TRY(sample_make(which[i], &file));
		CHECK_OK(vhd_image_open(&img, &file.io, true, &err));
		id = img.id;
		for (n = 0; n < 6; n++) {
			l.id2 = n % 2 ? guid_null : two;
			disk_session(ids);
			CHECK_OK(vhd_change_linkage(&img, &file.io, &l, ids, &err));
			CHECK(guid_equal(&img.parent.id, &one) && guid_equal(&img.id, &id));
			CHECK(img.format == VHD_FORMAT_VHD ? img.parent.timestamp == 12345 :
			      guid_equal(&img.parent.id2, &l.id2));
			CHECK(!strcmp(img.parent.relative, samples[which[i]].parent.relative));
			CHECK(!strcmp(img.parent.absolute, samples[which[i]].parent.absolute));
			CHECK_OK(vhd_check(&check, &img, &file.io, &err));
			CHECK(!check.errors);
		}
		vhd_image_close(&img);
		file_close(&file);
	}
	TRY(sample_make(1, &file));
	CHECK_OK(vhd_image_open(&img, &file.io, true, &err));
	CHECK(vhd_change_linkage(&img, &file.io, &l, ids, &err) == -EINVAL);
	vhd_image_close(&img);
	file_close(&file);
	return NULL;
}

const struct test change_tests[] = {
	{ "resize_grow", resize_grow },
	{ "resize_shrink", resize_shrink },
	{ "resize_crash", resize_crash },
	{ "resize_moves_table", resize_moves_table },
	{ "linkage", linkage },
	{ }
};
