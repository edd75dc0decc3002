// SPDX-License-Identifier: GPL-2.0-only
#include <linux/align.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "alloc.h"
#include "change.h"
#include "vhd1.h"

/* Data begins here, so that it can be written directly. */
#define VHD1_DATA_ALIGN	4096U

/*
 * Where a block goes whose predecessor ends at @end. The footer that is there
 * ends up under the bitmap, which has a sector at least, or in front of it.
 */
static u64 vhd1_alloc_place(const struct vhd_image *img, u64 end)
{
	return ALIGN(end + img->v1.bitmap_bytes, (u64)VHD1_DATA_ALIGN) - img->v1.bitmap_bytes;
}

/**
 * vhd1_alloc_start() - see vhd_alloc_start()
 * @alloc: of a VHD
 * @err: set on failure
 *
 * A footer that was lost is written again.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhd1_alloc_start(struct vhd_alloc *alloc, struct vhd_error *err)
{
	/* behind all there is: where it was, there may be a block by now */
	if (!alloc->img->v1.footer_lost)
		return 0;
	return vhd1_footer_move(alloc->img, alloc->io, ALIGN(alloc->io->size, VHD_SECTOR), err);
}

/* The data of a block is zeros: it is behind what was the file's end. */
static int vhd1_alloc_bitmap(struct vhd_alloc *alloc, u64 pos, struct vhd_error *err)
{
	const struct vhd_image *img = alloc->img;
	u32 done, part;
	int ret = 0;

	/* of a differencing image all sectors are the parent's so far */
	memset(alloc->pages, img->type == VHD_TYPE_DIFF ? 0 : 0xff, VHD_MAP_PAGE);
	for (done = 0; done < img->v1.bitmap_bytes && !ret; done += part) {
		part = img->v1.bitmap_bytes - done;
		part = part < VHD_MAP_PAGE ? part : VHD_MAP_PAGE;
		ret = vhd_io_write(alloc->io, pos + done, alloc->pages, part, "sector bitmap", err);
	}
	return ret;
}

/**
 * vhd1_alloc_blocks() - see vhd_alloc_blocks()
 * @alloc: of a VHD
 * @blocks: that have no place
 * @count: of them
 * @places: gets where they are
 * @err: set on failure
 *
 * Context: may sleep; one call at a time.
 * Return: 0 or a negative errno.
 */
int vhd1_alloc_blocks(struct vhd_alloc *alloc, const u32 *blocks, u32 count,
		      struct vhd_block *places, struct vhd_error *err)
{
	struct vhd_image *img = alloc->img;
	struct vhd1_image *v1 = &img->v1;
	u64 len = v1->bitmap_bytes + vhd_block_size(img);
	u64 end = v1->data_end;
	u8 entry[4];
	int ret;
	u32 i;

	for (i = 0; i < count; i++) {
		ret = vhd_io_read(alloc->io, vhd_bat_entry_pos(img, blocks[i]), entry,
				  sizeof(entry), "block allocation table", err);
		if (ret)
			return ret;
		if (get_unaligned_be32(entry) != VHD1_BAT_UNUSED)
			return vhd_fail(err, -EEXIST, "block %u has a place", blocks[i]);
		places[i].where = img->type == VHD_TYPE_DIFF ? VHD_WHERE_BITMAP : VHD_WHERE_DATA;
		places[i].bitmap = vhd1_alloc_place(img, end);
		places[i].data = places[i].bitmap + v1->bitmap_bytes;
		end = places[i].bitmap + len;
	}
	if (end / VHD_SECTOR >= VHD1_BAT_UNUSED)
		return vhd_fail(err, -EFBIG, "the VHD has no room for more blocks");

	ret = vhd_io_write(alloc->io, end, v1->footer, sizeof(v1->footer), "footer", err);
	if (ret)
		return ret;
	/* What fails from here on leaves room that nothing uses. */
	v1->data_end = end;
	for (i = 0; i < count && !ret; i++)
		ret = vhd1_alloc_bitmap(alloc, places[i].bitmap, err);
	if (!ret)
		ret = vhd_io_flush(alloc->io, err);
	for (i = 0; i < count && !ret; i++) {
		put_unaligned_be32(places[i].bitmap / VHD_SECTOR, entry);
		ret = vhd_io_write(alloc->io, vhd_bat_entry_pos(img, blocks[i]), entry,
				   sizeof(entry), "block allocation table", err);
	}
	return ret;
}

/**
 * vhd1_alloc_bits() - see vhd_alloc_bits()
 * @alloc: of a VHD
 * @bits: which
 * @count: of them
 * @err: set on failure
 *
 * Context: may sleep; one call at a time.
 * Return: 0 or a negative errno.
 */
int vhd1_alloc_bits(struct vhd_alloc *alloc, const struct vhd_bits *bits, u32 count,
		    struct vhd_error *err)
{
	u32 i, bit, end, part;
	u8 *sector = alloc->pages;
	u64 pos;
	bool set;
	int ret;

	ret = vhd_io_flush(alloc->io, err);
	for (i = 0; i < count; i++) {
		for (bit = bits[i].from; bit < bits[i].to && !ret; bit = end) {
			/* a sector of the bitmap at a time: it is written whole */
			end = min(bits[i].to, ALIGN(bit + 1, 8 * VHD_SECTOR));
			part = bit % (8 * VHD_SECTOR);
			pos = bits[i].bitmap + (bit - part) / 8;
			ret = vhd_io_read(alloc->io, pos, sector, VHD_SECTOR, "sector bitmap", err);
			/* as most are from the beginning when there is no parent */
			if (ret || (vhd_bitmap_run(alloc->img, sector, part, part + end - bit,
						   &set) == end - bit && set))
				continue;
			vhd_bitmap_set(alloc->img, sector, part, part + end - bit);
			ret = vhd_io_write(alloc->io, pos, sector, VHD_SECTOR, "sector bitmap",
					   err);
		}
	}
	return ret;
}
