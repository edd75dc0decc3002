// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>
#include <linux/string.h>

#include "alloc.h"

/* Room for the pages of the entries of blocks, and of their bitmaps */
#define ALLOC_PAGES	(2 * VHD_ALLOC_MAX)

/**
 * vhd_alloc_start() - from now on the image is written
 * @alloc: is filled in
 * @img: opened for writing; not fixed in one piece; stays open
 * @io: its file
 * @ids: three random ids, for a VHDX
 * @err: set on failure
 *
 * Has to be called before the first byte of the disk is written: children of
 * a VHDX notice by it that their parent changed.
 *
 * Context: may sleep.
 * Return: 0, then vhd_alloc_stop() frees what @alloc has; -EINVAL when the
 * image has no blocks; or another negative errno.
 */
int vhd_alloc_start(struct vhd_alloc *alloc, struct vhd_image *img, struct vhd_io *io,
		    const guid_t ids[3], struct vhd_error *err)
{
	int ret;

	memset(alloc, 0, sizeof(*alloc));
	alloc->img = img;
	alloc->io = io;
	if (!img->blocks)
		return vhd_fail(err, -EINVAL, "a fixed VHD has no blocks");
	alloc->pages = kvmalloc_array(ALLOC_PAGES, VHD_MAP_PAGE, GFP_KERNEL);
	if (!alloc->pages)
		return vhd_fail(err, -ENOMEM, "no memory for the block allocation table");
	ret = img->format == VHD_FORMAT_VHDX ? vhdx_alloc_start(alloc, ids, err) :
					       vhd1_alloc_start(alloc, err);
	if (ret)
		kvfree(alloc->pages);
	return ret;
}

/**
 * vhd_alloc_blocks() - give blocks a place in the file
 * @alloc: of an image
 * @blocks: that have none, no two alike
 * @count: of them, at most %VHD_ALLOC_MAX
 * @places: gets where they are
 * @err: set on failure
 *
 * The blocks are zeros; those of a differencing image belong to the parent
 * sector by sector, until bits are set in their bitmaps.
 *
 * Context: may sleep; one call at a time.
 * Return: 0; -EEXIST when one has a place; -EFBIG when the file would be too
 * long; -ENOSPC or what else the file says: then the image is valid, and the
 * blocks have no place, or one that is only found when it is opened again.
 */
int vhd_alloc_blocks(struct vhd_alloc *alloc, const u32 *blocks, u32 count,
		     struct vhd_block *places, struct vhd_error *err)
{
	u32 i;

	if (!count || count > VHD_ALLOC_MAX)
		return vhd_fail(err, -EINVAL, "%u blocks cannot be had at once", count);
	for (i = 0; i < count; i++)
		if (blocks[i] >= alloc->img->blocks)
			return vhd_fail(err, -EINVAL, "there is no block %u", blocks[i]);
	if (alloc->img->format == VHD_FORMAT_VHDX)
		return vhdx_alloc_blocks(alloc, blocks, count, places, err);
	return vhd1_alloc_blocks(alloc, blocks, count, places, err);
}

/**
 * vhd_alloc_bits() - sectors belong to the image, and no longer to its parent
 * @alloc: of an image
 * @bits: of blocks that have a place and a bitmap
 * @count: of them
 * @err: set on failure
 *
 * What was written to the sectors is flushed before. The bits are there after
 * the next flush.
 *
 * Context: may sleep; one call at a time.
 * Return: 0 or a negative errno; some of the bits may be set then.
 */
int vhd_alloc_bits(struct vhd_alloc *alloc, const struct vhd_bits *bits, u32 count,
		   struct vhd_error *err)
{
	if (alloc->img->format == VHD_FORMAT_VHDX)
		return vhdx_alloc_bits(alloc, bits, count, err);
	return vhd1_alloc_bits(alloc, bits, count, err);
}

/**
 * vhd_alloc_stop() - the image is not written any more
 * @alloc: of an image
 * @err: set on failure
 *
 * Flushes. On failure a VHDX keeps its log, which the next one to open it
 * replays.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno; @alloc is gone either way.
 */
int vhd_alloc_stop(struct vhd_alloc *alloc, struct vhd_error *err)
{
	int ret = vhd_io_flush(alloc->io, err);

	if (!ret && alloc->img->format == VHD_FORMAT_VHDX)
		ret = vhdx_alloc_stop(alloc, err);
	kvfree(alloc->pages);
	return ret;
}
