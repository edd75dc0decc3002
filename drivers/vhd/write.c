// SPDX-License-Identifier: GPL-2.0-only
#include <linux/minmax.h>
#include <linux/string.h>

#include "write.h"

/**
 * vhd_write_start() - from now on the disk of an image is written
 * @w: is filled in
 * @img: opened for writing; stays open
 * @io: its file
 * @ids: three random ids, for a VHDX; the third becomes its data write id
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0, then vhd_write_stop() frees what @w has; or a negative errno.
 */
int vhd_write_start(struct vhd_write *w, struct vhd_image *img, struct vhd_io *io,
		    const guid_t ids[3], struct vhd_error *err)
{
	int ret;

	w->img = img;
	w->io = io;
	w->nr_bits = 0;
	ret = vhd_map_init(&w->map, img, io, err);
	if (ret || !img->blocks)
		return ret;
	ret = vhd_alloc_start(&w->alloc, img, io, ids, err);
	if (ret)
		vhd_map_exit(&w->map);
	return ret;
}

static int write_bits(struct vhd_write *w, struct vhd_error *err)
{
	u32 count = w->nr_bits;

	w->nr_bits = 0;
	return count ? vhd_alloc_bits(&w->alloc, w->bits, count, err) : 0;
}

/**
 * vhd_write_places() - blocks are going to be written
 * @w: of an image with blocks
 * @blocks: no two alike
 * @count: of them, at most %VHD_ALLOC_MAX
 * @err: set on failure
 *
 * Those that have no place get one. To do so for many at once is faster than
 * what vhd_write() does when it comes to one.
 *
 * Context: may sleep.
 * Return: 0 or what vhd_alloc_blocks() says.
 */
int vhd_write_places(struct vhd_write *w, const u32 *blocks, u32 count,
		     struct vhd_error *err)
{
	struct vhd_block places[VHD_ALLOC_MAX], b;
	u32 without[VHD_ALLOC_MAX], n = 0, i;
	int ret;

	for (i = 0; i < count; i++) {
		ret = vhd_map_block(&w->map, blocks[i], &b, err);
		if (ret)
			return ret;
		if (b.where < VHD_WHERE_DATA)
			without[n++] = blocks[i];
	}
	if (!n)
		return 0;
	vhd_map_forget(&w->map);
	return vhd_alloc_blocks(&w->alloc, without, n, places, err);
}

/* Note that sectors of a block are written; others may have to go first. */
static int write_note(struct vhd_write *w, u64 bitmap, u64 offset, u64 len,
		      struct vhd_error *err)
{
	u32 from = offset / w->img->sector_size, to = from + len / w->img->sector_size;
	struct vhd_bits *last = w->bits + w->nr_bits - 1;
	int ret;

	if (w->nr_bits && last->bitmap == bitmap && last->to == from) {
		last->to = to;
		return 0;
	}
	ret = w->nr_bits == VHD_WRITE_BITS ? write_bits(w, err) : 0;
	if (!ret)
		w->bits[w->nr_bits++] = (struct vhd_bits) { bitmap, from, to };
	return ret;
}

/**
 * vhd_write() - write to the disk
 * @w: of an image
 * @pos: byte of the disk; here and below, whole sectors
 * @buf: has @len bytes; NULL for zeros
 * @len: how many, none behind the disk's end
 * @err: set on failure
 *
 * It is there after vhd_write_stop(), and not before.
 *
 * Context: may sleep; one call at a time.
 * Return: 0 or a negative errno; some of it may be written then.
 */
int vhd_write(struct vhd_write *w, u64 pos, const void *buf, u64 len,
	      struct vhd_error *err)
{
	const struct vhd_image *img = w->img;
	const u8 *from = buf;
	struct vhd_block b;
	u64 offset, part;
	u32 block;
	int ret;

	if (!vhd_inside(pos, len, img->size))
		return vhd_fail(err, -EINVAL, "%llu bytes at %llu are behind the disk's end", len,
				pos);
	if (!img->blocks)
		return buf ? vhd_io_write(w->io, pos, buf, len, "data", err) :
			     vhd_io_zero(w->io, pos, len, err);
	for (; len; len -= part, pos += part, from = buf ? from + part : NULL) {
		block = pos >> img->block_shift;
		offset = pos & (vhd_block_size(img) - 1);
		part = min(vhd_block_size(img) - offset, len);
		ret = vhd_map_block(&w->map, block, &b, err);
		if (!ret && !buf && b.where == VHD_WHERE_ZERO)
			continue;
		if (!ret && b.where < VHD_WHERE_DATA) {
			ret = vhd_write_places(w, &block, 1, err);
			if (!ret)
				ret = vhd_map_block(&w->map, block, &b, err);
		}
		if (!ret)
			ret = buf ? vhd_io_write(w->io, b.data + offset, from, part, "data", err) :
				    vhd_io_zero(w->io, b.data + offset, part, err);
		if (!ret && b.bitmap)
			ret = write_note(w, b.bitmap, offset, part, err);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * vhd_write_stop() - the disk is not written any more
 * @w: of an image
 * @err: set on failure
 *
 * Flushes.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno; @w is gone either way.
 */
int vhd_write_stop(struct vhd_write *w, struct vhd_error *err)
{
	struct vhd_error second;
	int ret;

	vhd_map_exit(&w->map);
	if (!w->img->blocks)
		return vhd_io_flush(w->io, err);
	ret = write_bits(w, err);
	/* what was wrong first is what counts */
	if (vhd_alloc_stop(&w->alloc, ret ? &second : err) && !ret)
		ret = err->code;
	return ret;
}
