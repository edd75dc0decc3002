// SPDX-License-Identifier: GPL-2.0-only
/*
 * Merging: the disk is the same before, after, and wherever it stops.
 */
#include <stdlib.h>
#include <unistd.h>

#include "change.h"
#include "check.h"
#include "crash.h"
#include "disk.h"
#include "merge.h"

static const char *merge_io(struct vhd_io **io, u32 depth, u32 target,
			    bool (*go_on)(void *, u64), void *arg, int want)
{
	struct vhd_merge merge = { .target = target, .go_on = go_on, .arg = arg };
	struct vhd_link links[DISK_DEPTH];
	struct vhd_chain chain;
	struct vhd_error err;

	disk_session(merge.ids);
	TRY(chain_open(&chain, links, io, depth, true));
	merge.chain = &chain;
	if (vhd_merge(&merge, &err) != want)
		return test_fail_error(__FILE__, __LINE__, "merge", &err);
	chain_close(&chain);
	return NULL;
}

/* What is left without the images that were merged */
static const char *below(struct vhd_io **io, u32 depth, u32 target, const u8 *want, u64 size)
{
	return chain_check(io + target, depth - target, want, size);
}

static const char *merge_kind(enum vhd_format format, enum vhd_type base, u32 depth, u32 target)
{
	struct vhd_io *io[DISK_DEPTH];
	struct disk d = { 0 };
	u32 random;

	for (random = 1; random < 4; random++) {
		d.size = 0;
		TRY(disk_make(&d, format, base, depth, random));
		disk_io(&d, io);
		TRY(merge_io(io, depth, target, NULL, NULL, 0));
		TRY(chain_check(io, depth, d.want, d.size));
		TRY(below(io, depth, target, d.want, d.size));
		disk_free(&d);
	}
	return NULL;
}

static const char *merge_vhd(void)
{
	TRY(merge_kind(VHD_FORMAT_VHD, VHD_TYPE_FIXED, 2, 1));
	TRY(merge_kind(VHD_FORMAT_VHD, VHD_TYPE_DYNAMIC, 2, 1));
	TRY(merge_kind(VHD_FORMAT_VHD, VHD_TYPE_DYNAMIC, 3, 1));
	return merge_kind(VHD_FORMAT_VHD, VHD_TYPE_DYNAMIC, 3, 2);
}

static const char *merge_vhdx(void)
{
	TRY(merge_kind(VHD_FORMAT_VHDX, VHD_TYPE_FIXED, 2, 1));
	TRY(merge_kind(VHD_FORMAT_VHDX, VHD_TYPE_DYNAMIC, 2, 1));
	TRY(merge_kind(VHD_FORMAT_VHDX, VHD_TYPE_DYNAMIC, 3, 1));
	return merge_kind(VHD_FORMAT_VHDX, VHD_TYPE_DYNAMIC, 3, 2);
}

static bool stop_after(void *arg, u64 done)
{
	int *looks = arg;

	(void)done;
	return --*looks >= 0;
}

static const char *begun(struct vhd_io *child, struct vhd_io *parent, bool want)
{
	struct vhd_image c, p;
	struct vhd_error err;

	CHECK_OK(vhd_image_open(&c, child, false, &err));
	CHECK_OK(vhd_image_open(&p, parent, false, &err));
	CHECK(vhd_merge_begun(&c, &p) == want);
	vhd_image_close(&c);
	vhd_image_close(&p);
	return NULL;
}

/*
 * It is interrupted, says so, and goes on. The one in between was written: the one above
 * it would notice if it is a VHD, and knows.
 */
static const char *merge_interrupted(void)
{
	static const enum vhd_format formats[] = { VHD_FORMAT_VHD, VHD_FORMAT_VHDX };
	struct vhd_io *io[DISK_DEPTH];
	struct disk d = { 0 };
	int looks;
	u32 f, i;

	for (f = 0; f < 2; f++) {
		d.size = formats[f] == VHD_FORMAT_VHD ? 5 << 20 : 70 << 20;
		TRY(disk_make(&d, formats[f], VHD_TYPE_DYNAMIC, 3, 9));
		disk_io(&d, io);
		for (i = 0; i < 3; i++) {
			looks = i;
			TRY(merge_io(io, 3, 2, stop_after, &looks, -EINTR));
			TRY(chain_check(io, 3, d.want, d.size));
			TRY(begun(io[1], io[2], true));
			TRY(begun(io[0], io[1], formats[f] == VHD_FORMAT_VHD));
		}
		TRY(merge_io(io, 3, 2, NULL, NULL, 0));
		TRY(below(io, 3, 2, d.want, d.size));
		disk_free(&d);
	}
	return NULL;
}

static const char *bury(struct vhd_io *io)
{
	struct vhd_image img;
	struct vhd_error err;
	guid_t ids[6];

	disk_session(ids);
	CHECK_OK(vhd_image_open(&img, io, true, &err));
	CHECK_OK(vhd_merge_alive(&img, &err));
	CHECK_OK(vhd_merge_bury(&img, io, ids, &err));
	CHECK(vhd_merge_alive(&img, &err) == -ESTALE);
	vhd_image_close(&img);
	return NULL;
}

static const char *is_alive(struct vhd_io *io, bool *alive)
{
	struct vhd_image img;
	struct vhd_error err;

	CHECK_OK(vhd_image_open(&img, io, true, &err));
	*alive = !vhd_merge_alive(&img, &err);
	vhd_image_close(&img);
	return NULL;
}

/*
 * The machine stops: the chain has the same disk, and a second merge finishes; or the
 * child was told that it is none any more, and the target has all of it.
 */
static const char *crash_kind(enum vhd_format format, enum vhd_type base, u32 depth, u32 target)
{
	struct vhd_io *io[DISK_DEPTH];
	struct disk d = { 0 };
	struct file left[DISK_DEPTH];
	struct crash c;
	int stop, way;
	bool alive;
	u32 i;

	TRY(disk_make(&d, format, base, depth, 4));
	crash_start(&c, 8);
	disk_io(&d, io);
	for (i = 0; i <= target; i++) {
		TRY(crash_file(&c, i, &d.file[i]));
		io[i] = &c.files[i].io;
	}
	TRY(merge_io(io, depth, target, NULL, NULL, 0));
	TRY(bury(io[0]));
	CHECK(c.count > 8);
	for (stop = 0; stop <= c.count; stop++) {
		for (way = 0; way < 4; way++) {
			for (i = 0; i <= target; i++) {
				TRY(crash_at(&c, i, stop, way, &left[i]));
				io[i] = &left[i].io;
			}
			TRY(is_alive(io[0], &alive));
			if (alive)
				TRY(chain_check(io, depth, d.want, d.size));
			else
				TRY(below(io, depth, target, d.want, d.size));
			CHECK(!alive || stop < c.count);
			/* each second is enough, and half the time */
			if (way % 2 && alive) {
				TRY(merge_io(io, depth, target, NULL, NULL, 0));
				TRY(chain_check(io, depth, d.want, d.size));
				TRY(below(io, depth, target, d.want, d.size));
			}
			for (i = 0; i <= target; i++)
				file_close(&left[i]);
		}
	}
	crash_stop(&c);
	disk_free(&d);
	return NULL;
}

static const char *merge_crash_vhd(void)
{
	TRY(crash_kind(VHD_FORMAT_VHD, VHD_TYPE_FIXED, 2, 1));
	TRY(crash_kind(VHD_FORMAT_VHD, VHD_TYPE_DYNAMIC, 3, 1));
	return crash_kind(VHD_FORMAT_VHD, VHD_TYPE_DYNAMIC, 3, 2);
}

static const char *merge_crash_vhdx(void)
{
	TRY(crash_kind(VHD_FORMAT_VHDX, VHD_TYPE_FIXED, 2, 1));
	TRY(crash_kind(VHD_FORMAT_VHDX, VHD_TYPE_DYNAMIC, 3, 1));
	return crash_kind(VHD_FORMAT_VHDX, VHD_TYPE_DYNAMIC, 3, 2);
}

/* Any change may fail. */
static const char *merge_fails(void)
{
	static const enum vhd_format formats[] = { VHD_FORMAT_VHD, VHD_FORMAT_VHDX };
	struct vhd_merge merge = { .target = 1 };
	struct vhd_link links[DISK_DEPTH];
	struct vhd_io *io[DISK_DEPTH];
	struct file files[2];
	struct vhd_chain chain;
	struct disk d = { 0 };
	struct vhd_error err;
	int n, ret, which;
	u32 f, i;

	for (f = 0; f < 2; f++) {
		d.size = 0;
		TRY(disk_make(&d, formats[f], VHD_TYPE_DYNAMIC, 2, 6));
		for (which = 0; which < 2; which++) {
			for (n = 1, ret = -EIO; ret; n++) {
				for (i = 0; i < 2; i++) {
					TRY(copy_file(&d.file[i], &files[i]));
					io[i] = &files[i].io;
				}
				TRY(chain_open(&chain, links, io, 2, true));
				merge.chain = &chain;
				disk_session(merge.ids);
				files[which].fail_in = n;
				files[which].torn = n % 2;
				ret = vhd_merge(&merge, &err);
				CHECK(!ret || (ret == -EIO && err.text[0]));
				chain_close(&chain);
				files[which].fail_in = -1;
				for (i = 0; i < 2; i++)
					files[i].io.size = lseek(files[i].fd, 0, SEEK_END);
				TRY(chain_check(io, 2, d.want, d.size));
				TRY(merge_io(io, 2, 1, NULL, NULL, 0));
				TRY(below(io, 2, 1, d.want, d.size));
				for (i = 0; i < 2; i++)
					file_close(&files[i]);
			}
			CHECK(n > (which ? 5 : 1));
		}
		disk_free(&d);
	}
	return NULL;
}

const struct test merge_tests[] = {
	{ "merge_vhd", merge_vhd },
	{ "merge_vhdx", merge_vhdx },
	{ "merge_interrupted", merge_interrupted },
	{ "merge_crash_vhd", merge_crash_vhd },
	{ "merge_crash_vhdx", merge_crash_vhdx },
	{ "merge_fails", merge_fails },
	{ }
};
