// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/visibility.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "map.h"

/**
 * vhd_map_init() - get ready to ask where bytes are
 * @map: is filled in
 * @img: the image; stays open as long as @map is used
 * @io: its file
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int vhd_map_init(struct vhd_map *map, const struct vhd_image *img,
		 struct vhd_io *io, struct vhd_error *err)
{
	map->img = img;
	map->io = io;
	vhd_map_forget(map);
	map->bat = kvmalloc(2 * VHD_MAP_PAGE, GFP_KERNEL);
	if (!map->bat)
		return vhd_fail(err, -ENOMEM, "no memory for the block allocation table");
	map->bits = map->bat + VHD_MAP_PAGE;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vhd_map_init);

/**
 * vhd_map_exit() - free what vhd_map_init() has allocated
 * @map: the map
 */
void vhd_map_exit(struct vhd_map *map)
{
	kvfree(map->bat);
	map->bat = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(vhd_map_exit);

/* Have the page of the file that @pos is in. */
static int map_page(struct vhd_map *map, u64 pos, u8 *page, u64 *page_pos,
		    const char *what, struct vhd_error *err)
{
	u64 start = pos / VHD_MAP_PAGE * VHD_MAP_PAGE;
	int ret;

	if (*page_pos == start)
		return 0;
	*page_pos = ~0ULL;
	if (start >= map->io->size)
		return vhd_fail(err, -EUCLEAN, "the %s at byte %llu is behind the file's end",
				what, pos);
	ret = vhd_io_read(map->io, start, page, min(map->io->size - start, (u64)VHD_MAP_PAGE),
			  what, err);
	if (!ret)
		*page_pos = start;
	return ret;
}

/* Entries are aligned to their size, so none lies across pages. */
static int map_entry(struct vhd_map *map, u64 pos, const void **entry,
		     struct vhd_error *err)
{
	int ret = map_page(map, pos, map->bat, &map->bat_pos, "block allocation table", err);

	*entry = map->bat + pos % VHD_MAP_PAGE;
	return ret;
}

/**
 * vhd_map_block() - where a block is
 * @map: of an image with blocks
 * @block: below the image's blocks
 * @b: is filled in; @b->bitmap of a partly present block of a VHDX, too
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0, -EUCLEAN, or what the file says.
 */
int vhd_map_block(struct vhd_map *map, u32 block, struct vhd_block *b, struct vhd_error *err)
{
	const struct vhd_image *img = map->img;
	const void *entry;
	int ret;

	ret = map_entry(map, vhd_bat_entry_pos(img, block), &entry, err);
	if (!ret)
		ret = vhd_block_decode(img, block, entry, map->io->size, b, err);
	if (ret || b->where != VHD_WHERE_BITMAP || img->format != VHD_FORMAT_VHDX)
		return ret;
	ret = map_entry(map, vhdx_bitmap_entry_pos(img, block), &entry, err);
	if (!ret)
		ret = vhdx_bitmap_decode(img, block, entry, map->io->size, &b->bitmap, err);
	if (!ret && !b->bitmap)
		ret = vhd_fail(err, -EUCLEAN, "block %u is partly present and has no bitmap",
			       block);
	return ret;
}

/**
 * vhd_map_forget() - the tables in the file have changed
 * @map: of an image
 */
void vhd_map_forget(struct vhd_map *map)
{
	map->bat_pos = ~0ULL;
	map->bits_pos = ~0ULL;
}

/* Cut a run in a partly present block down to sectors that are alike. */
static int map_sectors(struct vhd_map *map, const struct vhd_block *b, struct vhd_run *run,
		       struct vhd_error *err)
{
	const struct vhd_image *img = map->img;
	u32 first = (run->pos & (vhd_block_size(img) - 1)) / img->sector_size;
	u32 offset = run->pos % img->sector_size;
	u64 byte = b->bitmap + first / 8, end;
	u32 count, from;
	bool set;
	int ret;

	ret = map_page(map, byte, map->bits, &map->bits_pos, "sector bitmap", err);
	if (ret)
		return ret;
	count = (run->len + offset + img->sector_size - 1) / img->sector_size;
	from = byte % VHD_MAP_PAGE * 8 + first % 8;
	end = min((u64)from + count, VHD_MAP_PAGE * 8ULL);
	count = vhd_bitmap_run(img, map->bits, from, end, &set);
	run->where = set ? VHD_WHERE_DATA : VHD_WHERE_PARENT;
	run->len = min(run->len, (u64)count * img->sector_size - offset);
	return 0;
}

/**
 * vhd_map_run() - where the bytes of a disk are
 * @map: of an image
 * @pos: a byte of the disk
 * @run: is filled in; ends with the block or earlier, and two runs in a row
 *	may be of one kind
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0, -EUCLEAN, -EINVAL when @pos is behind the disk's end, or what the
 * file says.
 */
int vhd_map_run(struct vhd_map *map, u64 pos, struct vhd_run *run,
		struct vhd_error *err)
{
	const struct vhd_image *img = map->img;
	u64 offset, rest = img->size - pos;
	struct vhd_block b;
	u32 block;
	int ret;

	if (pos >= img->size)
		return vhd_fail(err, -EINVAL, "byte %llu is behind the disk's end at %llu", pos,
				img->size);
	run->pos = pos;
	if (!img->blocks) {
		run->len = rest;
		run->where = VHD_WHERE_DATA;
		run->data = pos;
		return 0;
	}
	block = pos >> img->block_shift;
	offset = pos & (vhd_block_size(img) - 1);
	run->len = min(vhd_block_size(img) - offset, rest);
	ret = vhd_map_block(map, block, &b, err);
	if (ret)
		return ret;
	run->where = b.where;
	run->data = b.data + offset;
	return b.where == VHD_WHERE_BITMAP ? map_sectors(map, &b, run, err) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(vhd_map_run);
