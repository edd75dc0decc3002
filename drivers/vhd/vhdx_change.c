// SPDX-License-Identifier: GPL-2.0-only
#include <linux/align.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "change.h"
#include "vhdx.h"

/* Of the table at a time */
#define CHANGE_CHUNK	65536U

/* Too much for a stack */
struct change_work {
	struct vhd_alloc alloc;
	struct vhd_image new;
	/* the metadata table and a locator, or pieces of tables */
	u8 buf[VHDX_META_TABLE_BYTES + VHDX_LOCATOR_BYTES];
};

static_assert(VHDX_META_TABLE_BYTES + VHDX_LOCATOR_BYTES >= CHANGE_CHUNK);

/* What the disk has stays as it is, and so does the id that says so. */
static int change_start(struct vhd_alloc *alloc, struct vhd_image *img, struct vhd_io *io,
			const guid_t ids[2], struct vhd_error *err)
{
	const guid_t all[3] = { ids[0], ids[1], img->vx.header.data_write };

	return vhd_alloc_start(alloc, img, io, all, err);
}

/* @ret is how it went; what is wrong first is what counts. */
static int change_stop(struct vhd_alloc *alloc, int ret, struct vhd_error *err)
{
	struct vhd_error second;

	if (vhd_alloc_stop(alloc, ret ? &second : err) && !ret)
		ret = err->code;
	return ret;
}

/* Have bytes written with the next commit. */
static int change_bytes(struct vhd_alloc *alloc, u64 pos, const void *buf, u64 len,
			struct vhd_error *err)
{
	const u8 *from = buf;
	u64 part;
	u8 *to;
	int ret;

	for (; len; len -= part, pos += part, from += part) {
		ret = vhdx_alloc_page(alloc, pos, &to, err);
		if (ret)
			return ret;
		part = min(len, VHD_MAP_PAGE - pos % VHD_MAP_PAGE);
		memcpy(to, from, part);
	}
	return 0;
}

/* @table has room for 64 KiB. */
static int meta_read(struct vhd_alloc *alloc, void *table, struct vhdx_item *items,
		     struct vhd_error *err)
{
	const struct vhdx_image *vx = &alloc->img->vx;
	int ret;

	ret = vhd_io_read(alloc->io, vx->meta_pos, table, VHDX_META_TABLE_BYTES, "metadata table",
			  err);
	return ret ?: vhdx_metadata_find(table, vx->meta_len, items, err);
}

static int linkage_write(struct vhd_alloc *alloc, const struct vhd_parent *parent, u8 *buf,
			 struct vhd_error *err)
{
	const struct vhdx_image *vx = &alloc->img->vx;
	u8 *locator = buf + VHDX_META_TABLE_BYTES;
	struct vhdx_item items[VHDX_ITEMS];
	u32 offset, entry;
	int ret, len;

	ret = meta_read(alloc, buf, items, err);
	if (ret)
		return ret;
	len = vhdx_locator_encode(parent, locator, VHDX_LOCATOR_BYTES, err);
	if (len < 0)
		return len;
	ret = vhdx_metadata_place(buf, vx->meta_len, VHDX_PARENT_LOCATOR, len, &offset, &entry,
				  err);
	if (!ret)
		ret = change_bytes(alloc, vx->meta_pos + entry, buf + entry,
				   sizeof(struct vhdx_meta_entry), err);
	if (!ret)
		ret = change_bytes(alloc, vx->meta_pos + offset, locator, len, err);
	return ret ?: vhdx_alloc_commit(alloc, err);
}

/**
 * vhdx_change_linkage() - see vhd_change_linkage()
 * @img: a differencing VHDX
 * @io: its file
 * @linkage: of the parent
 * @ids: two random ids
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhdx_change_linkage(struct vhd_image *img, struct vhd_io *io,
			const struct vhd_linkage *linkage, const guid_t ids[2],
			struct vhd_error *err)
{
	struct vhd_parent parent = img->parent;
	struct change_work *work;
	int ret;

	parent.id = linkage->id;
	parent.id2 = linkage->id2;
	work = kvmalloc(sizeof(*work), GFP_KERNEL);
	if (!work)
		return vhd_fail(err, -ENOMEM, "no memory for the metadata");
	ret = change_start(&work->alloc, img, io, ids, err);
	if (!ret)
		ret = change_stop(&work->alloc,
				  linkage_write(&work->alloc, &parent, work->buf, err), err);
	kvfree(work);
	return ret;
}

/*
 * Entries of the table from that of the first new block on. Nothing uses them
 * before the disk has its new size, so they need no log.
 */
static int table_fill(const struct vhd_image *img, struct vhd_io *io, u64 table, u64 from,
		      u64 to, u64 *place, u8 *buf, struct vhd_error *err)
{
	u64 chunk = (1ULL << img->vx.chunk_shift) + 1, kept = vhdx_bat_bytes(img) / 8;
	u64 part, i, entry;
	int ret = 0;

	for (; from < to && !ret; from += part) {
		part = min(to - from, (u64)CHANGE_CHUNK / 8);
		ret = vhd_io_read(io, table + from * 8, buf, part * 8, "block allocation table",
				  err);
		for (i = 0; i < part && !ret; i++) {
			entry = 0;
			if ((from + i + 1) % chunk == 0) {
				/* the bitmap of a chunk that there is */
				if (img->type == VHD_TYPE_DIFF && from + i < kept)
					continue;
			} else if (*place) {
				entry = *place | VHDX_BLOCK_PRESENT;
				*place += vhd_block_size(img);
			}
			put_unaligned_le64(entry, buf + i * 8);
		}
		if (!ret)
			ret = vhd_io_write(io, table + from * 8, buf, part * 8,
					   "block allocation table", err);
	}
	return ret;
}

/* A longer table at the file's end, and both region tables that say so. */
static int table_move(struct vhd_alloc *alloc, u64 *table, u32 len, u8 *buf,
		      struct vhd_error *err)
{
	struct vhd_image *img = alloc->img;
	struct vhd_io *io = alloc->io;
	u64 done, part, used = vhdx_bat_bytes(img);
	struct vhd_image scratch = *img;
	int copy, ret;

	*table = ALIGN(io->size, (u64)VHDX_MIB);
	ret = vhd_io_resize(io, *table + len, err);
	for (done = 0; done < used && !ret; done += part) {
		part = min(used - done, (u64)CHANGE_CHUNK);
		ret = vhd_io_read(io, img->vx.bat_pos + done, buf, part, "block allocation table",
				  err);
		if (!ret)
			ret = vhd_io_write(io, *table + done, buf, part, "block allocation table",
					   err);
	}
	if (!ret)
		ret = vhdx_region_read(&scratch, io, buf, err);
	if (ret)
		return ret;
	vhdx_region_move(buf, *table, len);
	for (copy = 0; copy < 2 && !ret; copy++)
		ret = change_bytes(alloc, VHDX_REGION_POS(copy), buf, VHDX_REGION_BYTES, err);
	return ret;
}

static int resize_write(struct vhd_alloc *alloc, const struct vhd_image *new, u8 *buf,
			struct vhd_error *err)
{
	const struct vhd_image *img = alloc->img;
	u64 table = img->vx.bat_pos, need = vhdx_bat_bytes(new), place = 0;
	struct vhdx_item items[VHDX_ITEMS];
	struct vhd_io *io = alloc->io;
	__le64 size;
	int ret = 0;

	if (need > img->vx.bat_len)
		ret = table_move(alloc, &table, ALIGN(need, VHDX_MIB), buf, err);
	/* all of a fixed disk has its place */
	if (!ret && img->type == VHD_TYPE_FIXED && new->blocks > img->blocks) {
		place = ALIGN(io->size, (u64)VHDX_MIB);
		ret = vhd_io_resize(io, place + ((u64)(new->blocks - img->blocks) <<
						 img->block_shift), err);
	}
	if (!ret && new->blocks > img->blocks)
		ret = table_fill(img, io, table, vhdx_bat_index(img, img->blocks), need / 8, &place,
				 buf, err);
	if (!ret)
		ret = meta_read(alloc, buf, items, err);
	if (ret)
		return ret;
	put_unaligned_le64(new->size, &size);
	ret = change_bytes(alloc, img->vx.meta_pos + items[VHDX_DISK_SIZE].offset, &size,
			   sizeof(size), err);
	if (!ret)
		ret = vhdx_alloc_commit(alloc, err);
	if (ret || new->blocks >= img->blocks)
		return ret;
	/* they have only zeros; should it stop here, they are found by nobody */
	ret = vhd_io_flush(io, err);
	return ret ?: table_fill(img, io, table, vhdx_bat_index(img, new->blocks),
				 vhdx_bat_bytes(img) / 8, &place, buf, err);
}

/**
 * vhdx_resize() - see vhd_resize()
 * @img: a VHDX
 * @io: its file
 * @size: of the disk
 * @ids: two random ids
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhdx_resize(struct vhd_image *img, struct vhd_io *io, u64 size,
		const guid_t ids[2], struct vhd_error *err)
{
	struct change_work *work = kvmalloc(sizeof(*work), GFP_KERNEL);
	int ret;

	if (!work)
		return vhd_fail(err, -ENOMEM, "no memory for the block allocation table");
	work->new = *img;
	work->new.size = size;
	work->new.blocks = (size + vhd_block_size(img) - 1) >> img->block_shift;
	ret = change_start(&work->alloc, img, io, ids, err);
	if (!ret)
		ret = change_stop(&work->alloc,
				  resize_write(&work->alloc, &work->new, work->buf, err), err);
	kvfree(work);
	return ret;
}
