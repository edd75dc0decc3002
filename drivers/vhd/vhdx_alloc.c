// SPDX-License-Identifier: GPL-2.0-only
#include <linux/align.h>
#include <linux/array_size.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "alloc.h"
#include "vhdx.h"

/**
 * vhdx_alloc_start() - see vhd_alloc_start()
 * @alloc: of a VHDX
 * @ids: three random ids
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhdx_alloc_start(struct vhd_alloc *alloc, const guid_t ids[3], struct vhd_error *err)
{
	struct vhdx_header *header = &alloc->img->vx.header;
	int ret;

	/* an id of zeros says that there is no log */
	if (guid_is_null(&ids[0]))
		return vhd_fail(err, -EINVAL, "the log cannot have this id");
	header->file_write = ids[1];
	header->data_write = ids[2];
	ret = vhdx_log_start(&alloc->log, header, &ids[0], alloc->io, err);
	if (!ret)
		alloc->img->id = header->data_write;
	return ret;
}

/**
 * vhdx_alloc_stop() - see vhd_alloc_stop()
 * @alloc: of a VHDX; everything that was written is flushed
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhdx_alloc_stop(struct vhd_alloc *alloc, struct vhd_error *err)
{
	if (alloc->broken)
		return vhd_fail(err, -EIO, "an earlier error: the VHDX keeps its log");
	return vhdx_log_stop(&alloc->img->vx.header, alloc->io, err);
}

/**
 * vhdx_alloc_page() - part of a page that vhdx_alloc_commit() will write
 * @alloc: of a VHDX
 * @pos: byte in the file, in what describes the image
 * @byte: gets it, up to the end of its page, to be changed
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0; -ENOSPC when there are too many pages; or what the file says.
 */
int vhdx_alloc_page(struct vhd_alloc *alloc, u64 pos, u8 **byte, struct vhd_error *err)
{
	u64 start = pos / VHD_MAP_PAGE * VHD_MAP_PAGE;
	u8 *page;
	u32 i;
	int ret;

	for (i = 0; i < alloc->nr_writes; i++)
		if (alloc->writes[i].pos == start)
			break;
	if (i == ARRAY_SIZE(alloc->writes))
		return vhd_fail(err, -ENOSPC, "one entry of the log cannot have more than %u pages",
				i);
	page = alloc->pages + (size_t)i * VHD_MAP_PAGE;
	if (i == alloc->nr_writes) {
		ret = vhd_io_read(alloc->io, start, page, VHD_MAP_PAGE, "block allocation table",
				  err);
		if (ret)
			return ret;
		alloc->writes[i] = (struct vhdx_log_write) { .pos = start, .data = page };
		alloc->nr_writes++;
	}
	*byte = page + pos % VHD_MAP_PAGE;
	return 0;
}

/**
 * vhdx_alloc_commit() - change the pages that vhdx_alloc_page() has given, all or
 *	none of them
 * @alloc: of a VHDX
 * @err: set on failure
 *
 * All that was written before is on stable storage before they are, and they
 * are so after the next flush.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno: then the pages are as they were, or @alloc is
 * broken.
 */
int vhdx_alloc_commit(struct vhd_alloc *alloc, struct vhd_error *err)
{
	int ret;
	u32 i;

	/* This also has the pages of earlier calls in the file. */
	ret = vhd_io_flush(alloc->io, err);
	if (ret) {
		/* what was not written may be taken for written from now on */
		alloc->broken = true;
		return ret;
	}
	vhdx_log_applied(&alloc->log);
	ret = vhdx_log_append(&alloc->log, alloc->writes, alloc->nr_writes, alloc->io, err);
	if (ret)
		return ret;
	ret = vhd_io_flush(alloc->io, err);
	for (i = 0; i < alloc->nr_writes && !ret; i++)
		ret = vhd_io_write(alloc->io, alloc->writes[i].pos, alloc->writes[i].data,
				   VHD_MAP_PAGE, "block allocation table", err);
	if (ret)
		alloc->broken = true;
	alloc->nr_writes = 0;
	return ret;
}

/* Put a block, and its chunk's bitmap if there is none, at *@end. */
static int table_add(struct vhd_alloc *alloc, u32 block, struct vhd_block *place,
		     u64 *end, struct vhd_error *err)
{
	const struct vhd_image *img = alloc->img;
	u32 state = VHDX_BLOCK_PRESENT;
	struct vhd_block now;
	u8 *entry;
	u64 pos;
	int ret;

	ret = vhdx_alloc_page(alloc, vhd_bat_entry_pos(img, block), &entry, err);
	if (!ret)
		ret = vhd_block_decode(img, block, entry, alloc->io->size, &now, err);
	if (ret)
		return ret;
	if (now.where >= VHD_WHERE_DATA)
		return vhd_fail(err, -EEXIST, "block %u has a place", block);
	place->where = VHD_WHERE_DATA;
	/* A block that is zeros hides the parent; it stays so as a whole. */
	if (now.where == VHD_WHERE_PARENT) {
		state = VHDX_BLOCK_PARTIAL;
		place->where = VHD_WHERE_BITMAP;
	}
	place->bitmap = 0;
	place->data = *end;
	put_unaligned_le64(*end | state, entry);
	*end += vhd_block_size(img);
	if (state != VHDX_BLOCK_PARTIAL)
		return 0;

	ret = vhdx_alloc_page(alloc, vhdx_bitmap_entry_pos(img, block), &entry, err);
	/* one that this call has added is behind the file's end */
	if (!ret)
		ret = vhdx_bitmap_decode(img, block, entry, *end, &pos, err);
	if (ret || pos)
		return ret;
	put_unaligned_le64(*end | VHDX_BLOCK_PRESENT, entry);
	*end += VHDX_MIB;
	return 0;
}

/**
 * vhdx_alloc_blocks() - see vhd_alloc_blocks()
 * @alloc: of a VHDX
 * @blocks: that have no place
 * @count: of them
 * @places: gets where they are
 * @err: set on failure
 *
 * Context: may sleep; one call at a time.
 * Return: 0 or a negative errno.
 */
int vhdx_alloc_blocks(struct vhd_alloc *alloc, const u32 *blocks, u32 count,
		      struct vhd_block *places, struct vhd_error *err)
{
	u64 end = ALIGN(alloc->io->size, (u64)VHDX_MIB);
	int ret;
	u32 i;

	if (alloc->broken)
		return vhd_fail(err, -EIO, "an earlier error: open the VHDX again");
	alloc->nr_writes = 0;
	for (i = 0; i < count; i++) {
		ret = table_add(alloc, blocks[i], &places[i], &end, err);
		if (ret)
			return ret;
	}
	if (end > VHDX_MAX_FILE)
		return vhd_fail(err, -EFBIG, "the VHDX has no room for more blocks");
	ret = vhd_io_resize(alloc->io, end, err);
	return ret ?: vhdx_alloc_commit(alloc, err);
}

/**
 * vhdx_alloc_bits() - see vhd_alloc_bits()
 * @alloc: of a VHDX
 * @bits: which
 * @count: of them
 * @err: set on failure
 *
 * Context: may sleep; one call at a time.
 * Return: 0 or a negative errno.
 */
int vhdx_alloc_bits(struct vhd_alloc *alloc, const struct vhd_bits *bits, u32 count,
		    struct vhd_error *err)
{
	u32 i, bit, end;
	u8 *byte;
	int ret;

	if (alloc->broken)
		return vhd_fail(err, -EIO, "an earlier error: open the VHDX again");
	alloc->nr_writes = 0;
	for (i = 0; i < count; i++) {
		for (bit = bits[i].from; bit < bits[i].to; bit = end) {
			/* a part at a time that is all in one page */
			end = min(bits[i].to, ALIGN(bit + 1, 8 * VHD_SECTOR));
			ret = alloc->nr_writes == ARRAY_SIZE(alloc->writes) ?
				vhdx_alloc_commit(alloc, err) : 0;
			if (!ret)
				ret = vhdx_alloc_page(alloc, bits[i].bitmap + bit / 8, &byte, err);
			if (ret)
				return ret;
			vhd_bitmap_set(alloc->img, byte, bit % 8, bit % 8 + end - bit);
		}
	}
	return vhdx_alloc_commit(alloc, err);
}
