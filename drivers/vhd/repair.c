// SPDX-License-Identifier: GPL-2.0-only
#include <linux/align.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "change.h"
#include "repair.h"
#include "vhdx.h"

/*
 * Which of the two region tables is damaged: 0, 1, or 2 for none. Both are
 * written at once by the log, so they never differ in what they say.
 */
static int regions_damaged(const struct vhd_image *img, struct vhd_io *io, u8 *buf,
			   int *copy, struct vhd_error *err)
{
	struct vhd_image scratch = *img;
	struct vhd_error why;
	int ret;

	for (*copy = 0; *copy < 2; ++*copy) {
		ret = vhd_io_read(io, VHDX_REGION_POS(*copy), buf, VHDX_REGION_BYTES,
				  "region table", err);
		if (ret)
			return ret;
		if (vhdx_region_take(&scratch, buf, io->size, &why) == -EUCLEAN)
			break;
	}
	return 0;
}

/* The end of what is used, as it would be after a repair */
static u64 repair_end(const struct vhd_image *img, const struct vhd_check *check)
{
	return ALIGN(check->end, img->format == VHD_FORMAT_VHDX ? (u64)VHDX_MIB : VHD_SECTOR);
}

/**
 * vhd_repair_find() - what could be repaired
 * @img: the image
 * @io: its file
 * @check: vhd_check() has looked at all of it
 * @flaws: gets a mask of enum vhd_flaw
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhd_repair_find(const struct vhd_image *img, struct vhd_io *io,
		    const struct vhd_check *check, u32 *flaws, struct vhd_error *err)
{
	u64 end = repair_end(img, check);
	int copy, ret;
	u8 *buf;

	*flaws = 0;
	if (img->format == VHD_FORMAT_VHD) {
		if (img->v1.footer_lost)
			*flaws |= VHD_FLAW_FOOTER;
		if (img->v1.copy_lost)
			*flaws |= VHD_FLAW_COPY;
		/* a footer of 511 bytes stays where it is */
		if (end < img->v1.data_end && !img->v1.footer_lost && !img->v1.footer_short)
			*flaws |= VHD_FLAW_TAIL;
		return 0;
	}
	if (img->vx.header.other_lost)
		*flaws |= VHD_FLAW_HEADER;
	if (end < io->size)
		*flaws |= VHD_FLAW_TAIL;
	buf = kvmalloc(VHDX_REGION_BYTES, GFP_KERNEL);
	if (!buf)
		return vhd_fail(err, -ENOMEM, "no memory for a region table");
	ret = regions_damaged(img, io, buf, &copy, err);
	kvfree(buf);
	if (!ret && copy < 2)
		*flaws |= VHD_FLAW_REGIONS;
	return ret;
}

static int repair_regions(const struct vhd_image *img, struct vhd_io *io, struct vhd_error *err)
{
	struct vhd_image scratch = *img;
	int copy, ret;
	u8 *buf;

	buf = kvmalloc(VHDX_REGION_BYTES, GFP_KERNEL);
	if (!buf)
		return vhd_fail(err, -ENOMEM, "no memory for a region table");
	ret = regions_damaged(img, io, buf, &copy, err);
	if (!ret && copy < 2)
		ret = vhdx_region_read(&scratch, io, buf, err);
	if (!ret && copy < 2)
		ret = vhd_io_write(io, VHDX_REGION_POS(copy), buf, VHDX_REGION_BYTES,
				   "region table", err);
	kvfree(buf);
	return ret ?: vhd_io_flush(io, err);
}

static int repair_tail(struct vhd_image *img, struct vhd_io *io, const struct vhd_check *check,
		       struct vhd_error *err)
{
	u64 end = repair_end(img, check);
	int ret;

	if (img->format == VHD_FORMAT_VHD)
		return vhd1_footer_move(img, io, end, err);
	ret = vhd_io_resize(io, end, err);
	return ret ?: vhd_io_flush(io, err);
}

/**
 * vhd_repair() - repair an image
 * @img: opened for writing
 * @io: its file
 * @check: vhd_check() has looked at all of it, and found no error
 * @flaws: those of vhd_repair_find() that are to go
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0; -EUCLEAN when there are errors; or another negative errno: then
 * the image is as it was, or partly repaired.
 */
int vhd_repair(struct vhd_image *img, struct vhd_io *io, const struct vhd_check *check,
	       u32 flaws, struct vhd_error *err)
{
	int ret = 0;

	if (check->errors)
		return vhd_fail(err, -EUCLEAN, "the image has errors that cannot be repaired");
	/* behind all there is: where it was, there may be a block by now */
	if (flaws & VHD_FLAW_FOOTER)
		ret = vhd1_footer_move(img, io, ALIGN(io->size, VHD_SECTOR), err);
	if (!ret && flaws & VHD_FLAW_COPY)
		ret = vhd1_copy_write(img, io, err);
	/* the damaged one is that which does not count, and the next to be written */
	if (!ret && flaws & VHD_FLAW_HEADER)
		ret = vhdx_header_write(&img->vx.header, io, err);
	if (!ret && flaws & VHD_FLAW_REGIONS)
		ret = repair_regions(img, io, err);
	if (!ret && flaws & VHD_FLAW_TAIL)
		ret = repair_tail(img, io, check, err);
	return ret;
}
