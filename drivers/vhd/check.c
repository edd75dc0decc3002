// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/visibility.h>
#include <linux/align.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/unaligned.h>

#include "check.h"
#include "map.h"
#include "vhd1.h"
#include "vhdx.h"

/* Places are whole sectors, so that a bit is free to say: of a bitmap. */
#define PLACE_BITMAP	1ULL

/* What is being looked at */
struct checker {
	struct vhd_check *check;
	const struct vhd_image *img;
	struct vhd_io *io;
	struct vhd_error *err;
	u8 *page;
	u64 page_pos;
	u64 *places;
	u64 nr_places;
	u64 room;
};

static void check_bad(struct checker *c)
{
	c->check->errors++;
	if (c->check->report)
		c->check->report(c->check->arg, c->err);
}

static int check_entry(struct checker *c, u64 pos, const void **entry)
{
	u64 start = pos / VHD_MAP_PAGE * VHD_MAP_PAGE, len = c->io->size - start;
	int ret = 0;

	if (c->page_pos != start)
		ret = vhd_io_read(c->io, start, c->page, len < VHD_MAP_PAGE ? len : VHD_MAP_PAGE,
				  "block allocation table", c->err);
	c->page_pos = ret ? ~0ULL : start;
	*entry = c->page + pos % VHD_MAP_PAGE;
	return ret;
}

/* The first time it is counted how many there are, the second time noted. */
static void check_place(struct checker *c, u64 place)
{
	if (c->nr_places < c->room)
		c->places[c->nr_places] = place;
	c->nr_places++;
}

static int check_bitmap(struct checker *c, u32 block, bool *has_bitmap)
{
	const void *entry;
	u64 pos;
	int ret;

	ret = check_entry(c, vhdx_bitmap_entry_pos(c->img, block), &entry);
	if (ret)
		return ret;
	*has_bitmap = false;
	if (vhdx_bitmap_decode(c->img, block, entry, c->io->size, &pos, c->err)) {
		if (!c->room)
			check_bad(c);
	} else if (pos) {
		*has_bitmap = true;
		check_place(c, pos | PLACE_BITMAP);
	}
	return 0;
}

/* A block that is not used any more may have kept its place. */
static void check_kept(struct checker *c, const void *entry)
{
	u64 pos;

	/* an entry of a VHD is shorter, and has no such state */
	if (c->img->format == VHD_FORMAT_VHD)
		return;
	pos = get_unaligned_le64(entry) & VHDX_BAT_OFFSET;
	if (pos < c->io->size)
		c->check->end = max(c->check->end, pos + vhd_block_size(c->img));
}

static int check_blocks(struct checker *c)
{
	const struct vhd_image *img = c->img;
	bool diff = img->format == VHD_FORMAT_VHDX && img->type == VHD_TYPE_DIFF;
	bool has_bitmap = false;
	struct vhd_block b;
	const void *entry;
	u32 block;
	int ret;

	c->nr_places = 0;
	for (block = 0; block < img->blocks; block++) {
		/* the first of a chunk: its bitmap is for all of them */
		if (diff && !(block & ((1U << img->vx.chunk_shift) - 1))) {
			ret = check_bitmap(c, block, &has_bitmap);
			if (ret)
				return ret;
		}
		ret = check_entry(c, vhd_bat_entry_pos(img, block), &entry);
		if (ret)
			return ret;
		ret = vhd_block_decode(img, block, entry, c->io->size, &b, c->err);
		if (!ret && diff && b.where == VHD_WHERE_BITMAP && !has_bitmap)
			ret = vhd_fail(c->err, -EUCLEAN,
				       "block %u is partly present and has no bitmap", block);
		if (ret) {
			if (!c->room)
				check_bad(c);
		} else if (b.where >= VHD_WHERE_DATA) {
			check_place(c, b.bitmap ?: b.data);
		} else {
			check_kept(c, entry);
		}
	}
	return 0;
}

static int place_cmp(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* Does anything share a byte with what comes next in the file? */
static void check_overlaps(struct checker *c)
{
	u64 len = vhd_block_size(c->img), here, next, size, i;

	if (c->img->format == VHD_FORMAT_VHD)
		len += c->img->v1.bitmap_bytes;
	sort(c->places, c->nr_places, sizeof(*c->places), place_cmp, NULL);
	for (i = 0; i < c->nr_places; i++) {
		here = c->places[i] & ~PLACE_BITMAP;
		if (c->places[i] & PLACE_BITMAP)
			c->check->bitmaps++;
		else
			c->check->present++;
		size = c->places[i] & PLACE_BITMAP ? VHDX_MIB : len;
		c->check->end = max(c->check->end, here + size);
		if (i + 1 == c->nr_places)
			break;
		next = c->places[i + 1] & ~PLACE_BITMAP;
		if (next - here < size) {
			vhd_fail(c->err, -EUCLEAN,
				 "what is at byte %llu overlaps what is at byte %llu", here, next);
			check_bad(c);
		}
	}
}

/* Where what describes the image ends */
static u64 check_front(const struct vhd_image *img)
{
	const struct vhdx_image *vx = &img->vx;
	const struct vhd1_image *v1 = &img->v1;
	u64 end;

	if (img->format == VHD_FORMAT_VHDX)
		return max(vx->regions_end, vx->header.log_pos + vx->header.log_len);
	if (!img->blocks)
		return img->size;
	end = max(v1->header_pos + sizeof(struct vhd1_header),
		  v1->bat_pos + max(v1->bat_entries, img->blocks) * 4ULL);
	return ALIGN(max(end, v1->locators_end), VHD_SECTOR);
}

/**
 * vhd_check() - look at every block of an image
 * @check: how to report; gets the counts
 * @img: the image
 * @io: its file, which nobody writes meanwhile
 * @err: set on failure, and whatever was wrong last
 *
 * Needs 8 bytes of memory for each block that is in the file.
 *
 * Context: may sleep.
 * Return: 0 when everything was looked at, see @check->errors; or a negative
 * errno.
 */
int vhd_check(struct vhd_check *check, const struct vhd_image *img,
	      struct vhd_io *io, struct vhd_error *err)
{
	struct checker c = {
		.check = check, .img = img, .io = io, .err = err, .page_pos = ~0ULL,
	};
	int ret;

	check->errors = 0;
	check->present = 0;
	check->bitmaps = 0;
	check->end = check_front(img);
	if (!img->blocks)
		return 0;
	c.page = kvmalloc(VHD_MAP_PAGE, GFP_KERNEL);
	if (!c.page)
		return vhd_fail(err, -ENOMEM, "no memory for the block allocation table");
	ret = check_blocks(&c);
	if (!ret && c.nr_places) {
		c.room = c.nr_places;
		c.places = kvmalloc_array(c.room, sizeof(*c.places), GFP_KERNEL);
		ret = c.places ? check_blocks(&c) :
			vhd_fail(err, -ENOMEM, "no memory for %llu blocks", c.room);
		if (!ret && c.nr_places != c.room)
			ret = vhd_fail(err, -EBUSY, "the image changes while it is checked");
		if (!ret)
			check_overlaps(&c);
		kvfree(c.places);
	}
	kvfree(c.page);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(vhd_check);
