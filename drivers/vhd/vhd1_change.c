// SPDX-License-Identifier: GPL-2.0-only
#include <linux/align.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "change.h"
#include "vhd1.h"

/* Of the table at a time */
#define CHANGE_CHUNK	65536U

/*
 * What changes in a dynamic header is all in its first sector, which is written
 * whole or not at all.
 */
static_assert(offsetof(struct vhd1_header, parent_timestamp) + 4 <= VHD_SECTOR);

static int header_read(const struct vhd_image *img, struct vhd_io *io,
		       struct vhd1_header **header, struct vhd_error *err)
{
	int ret;

	*header = kvmalloc(sizeof(**header), GFP_KERNEL);
	if (!*header)
		return vhd_fail(err, -ENOMEM, "no memory for the dynamic header");
	ret = vhd_io_read(io, img->v1.header_pos, *header, sizeof(**header), "dynamic header", err);
	if (ret)
		kvfree(*header);
	return ret;
}

static int header_write(const struct vhd_image *img, struct vhd_io *io,
			struct vhd1_header *header, struct vhd_error *err)
{
	int ret;

	header->checksum = cpu_to_be32(vhd1_checksum(header, sizeof(*header),
						     offsetof(struct vhd1_header, checksum)));
	/* what it leads to is there before */
	ret = vhd_io_flush(io, err);
	if (!ret)
		ret = vhd_io_write(io, img->v1.header_pos, header, VHD_SECTOR, "dynamic header",
				   err);
	return ret ?: vhd_io_flush(io, err);
}

/**
 * vhd1_change_linkage() - see vhd_change_linkage()
 * @img: a differencing VHD
 * @io: its file
 * @linkage: of the parent
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhd1_change_linkage(struct vhd_image *img, struct vhd_io *io,
			const struct vhd_linkage *linkage, struct vhd_error *err)
{
	struct vhd1_header *header;
	int ret;

	ret = header_read(img, io, &header, err);
	if (ret)
		return ret;
	memcpy(header->parent_uuid, &linkage->id, sizeof(header->parent_uuid));
	header->parent_timestamp = cpu_to_be32(linkage->timestamp);
	ret = header_write(img, io, header, err);
	kvfree(header);
	return ret;
}

/**
 * vhd1_footer_move() - the footer is there again, and what is behind it is gone
 * @img: a VHD
 * @io: its file
 * @end: first byte behind all that is used, whole sectors
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or a negative errno: then the footer is where it was, or there.
 */
int vhd1_footer_move(struct vhd_image *img, struct vhd_io *io, u64 end, struct vhd_error *err)
{
	struct vhd1_image *v1 = &img->v1;
	int ret;

	ret = vhd_io_write(io, end, v1->footer, sizeof(v1->footer), "footer", err);
	if (!ret)
		ret = vhd_io_flush(io, err);
	if (ret)
		return ret;
	v1->data_end = end;
	v1->footer_lost = false;
	if (end + sizeof(v1->footer) == io->size)
		return 0;
	ret = vhd_io_resize(io, end + sizeof(v1->footer), err);
	return ret ?: vhd_io_flush(io, err);
}

/**
 * vhd1_copy_write() - write the copy of the footer again
 * @img: a VHD that is not fixed
 * @io: its file
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhd1_copy_write(struct vhd_image *img, struct vhd_io *io, struct vhd_error *err)
{
	int ret;

	ret = vhd_io_write(io, 0, img->v1.footer, sizeof(img->v1.footer), "copy of the footer",
			   err);
	if (!ret)
		ret = vhd_io_flush(io, err);
	if (!ret)
		img->v1.copy_lost = false;
	return ret;
}

/* The footer with another size of the disk */
static void footer_resize(struct vhd_image *img, u64 size)
{
	struct vhd1_footer *footer = (struct vhd1_footer *)img->v1.footer;
	struct vhd1_geometry g;

	vhd1_geometry(size, &g);
	footer->current_size = cpu_to_be64(size);
	footer->cylinders = cpu_to_be16(g.cylinders);
	footer->heads = g.heads;
	footer->sectors = g.sectors;
	footer->checksum = cpu_to_be32(vhd1_checksum(footer, sizeof(*footer),
						     offsetof(struct vhd1_footer, checksum)));
}

/*
 * There is only one footer, and it is the file's end. A file that gets longer
 * has it with its new end or not at all, as file systems do.
 */
static int resize_fixed(struct vhd_image *img, struct vhd_io *io, u64 size,
			struct vhd_error *err)
{
	struct vhd1_image *v1 = &img->v1;
	u64 old = img->size, was = v1->data_end, end = was;
	int ret = 0;

	footer_resize(img, size);
	/* In the file there may be something behind the disk. */
	if (size > old && was > old)
		ret = vhd_io_zero(io, old, was - old, err);
	if (!ret && size > was)
		end = max(size, was + VHD_SECTOR);
	if (!ret)
		ret = vhd_io_flush(io, err);
	if (!ret)
		ret = vhd_io_write(io, end, v1->footer, sizeof(v1->footer), "footer", err);
	if (!ret)
		ret = vhd_io_flush(io, err);
	if (ret)
		return ret;
	v1->data_end = end;
	if (end > was)
		/* a part of the disk, from now on */
		ret = vhd_io_zero(io, was, VHD_SECTOR, err);
	else if (end > size)
		ret = vhd1_footer_move(img, io, size, err);
	return ret ?: vhd_io_flush(io, err);
}

/* Bytes from the table's beginning to what comes next in the file */
static int table_room(const struct vhd_image *img, struct vhd_io *io,
		      const struct vhd1_header *header, u64 *room, struct vhd_error *err)
{
	const struct vhd1_image *v1 = &img->v1;
	u64 next = v1->data_end, pos;
	struct vhd_block b;
	struct vhd_map map;
	u32 i;
	int ret;

	if (v1->header_pos > v1->bat_pos)
		next = min(next, v1->header_pos);
	for (i = 0; i < VHD1_LOCATORS; i++) {
		pos = be64_to_cpu(header->locators[i].offset);
		if (header->locators[i].platform && pos > v1->bat_pos)
			next = min(next, pos);
	}
	ret = vhd_map_init(&map, img, io, err);
	for (i = 0; i < img->blocks && !ret; i++) {
		ret = vhd_map_block(&map, i, &b, err);
		if (!ret && b.bitmap > v1->bat_pos)
			next = min(next, b.bitmap);
	}
	vhd_map_exit(&map);
	*room = next - v1->bat_pos;
	return ret;
}

/* Blocks from @first on have no place, to the end of the table's @len bytes. */
static int table_unused(struct vhd_io *io, u64 pos, u32 first, u64 len, u8 *buf,
			struct vhd_error *err)
{
	u64 done, part;
	int ret = 0;

	memset(buf, 0xff, CHANGE_CHUNK);
	for (done = first * 4ULL; done < len && !ret; done += part) {
		part = min(len - done, (u64)CHANGE_CHUNK);
		ret = vhd_io_write(io, pos + done, buf, part, "block allocation table", err);
	}
	return ret;
}

/*
 * The table goes to the file's end, with a footer behind it. The one from
 * before stays in front of it until the header knows the new table; it is a
 * sector that nothing uses afterwards.
 */
static int table_move(struct vhd_image *img, struct vhd_io *io, u64 len, u8 *buf,
		      struct vhd_error *err)
{
	struct vhd1_image *v1 = &img->v1;
	u64 pos = ALIGN(io->size, VHD_SECTOR), used = img->blocks * 4ULL, done, part;
	int ret;

	/* should the file get longer first, the copy is all there is */
	ret = v1->copy_lost ? vhd1_copy_write(img, io, err) : 0;
	if (!ret)
		ret = vhd_io_write(io, pos + len, v1->footer, sizeof(v1->footer), "footer", err);
	for (done = 0; done < used && !ret; done += part) {
		part = min(used - done, (u64)CHANGE_CHUNK);
		ret = vhd_io_read(io, v1->bat_pos + done, buf, part, "block allocation table", err);
		if (!ret)
			ret = vhd_io_write(io, pos + done, buf, part, "block allocation table",
					   err);
	}
	if (ret)
		return ret;
	v1->bat_pos = pos;
	v1->data_end = pos + len;
	return 0;
}

/* Have a table for @blocks blocks. */
static int table_grow(struct vhd_image *img, struct vhd_io *io, u32 blocks, u8 *buf,
		      struct vhd_error *err)
{
	u64 len = ALIGN(blocks * 4ULL, VHD_SECTOR), room = 0;
	struct vhd1_header *header;
	int ret;

	ret = header_read(img, io, &header, err);
	if (ret)
		return ret;
	ret = table_room(img, io, header, &room, err);
	if (!ret && len > room)
		ret = table_move(img, io, len, buf, err);
	if (!ret)
		ret = table_unused(io, img->v1.bat_pos, img->blocks, len, buf, err);
	if (!ret) {
		header->table_offset = cpu_to_be64(img->v1.bat_pos);
		header->max_entries = cpu_to_be32(blocks);
		ret = header_write(img, io, header, err);
	}
	kvfree(header);
	return ret;
}

/*
 * Both footers have to agree, and they cannot be written at once. While the last
 * one changes, there is no copy.
 */
static int resize_footers(struct vhd_image *img, struct vhd_io *io, u64 size, u8 *buf,
			  struct vhd_error *err)
{
	struct vhd1_image *v1 = &img->v1;
	int ret;

	memset(buf, 0, VHD_SECTOR);
	ret = vhd_io_write(io, 0, buf, VHD_SECTOR, "copy of the footer", err);
	if (!ret)
		ret = vhd_io_flush(io, err);
	if (ret)
		return ret;
	footer_resize(img, size);
	ret = vhd_io_write(io, v1->data_end, v1->footer, sizeof(v1->footer), "footer", err);
	if (!ret)
		ret = vhd_io_flush(io, err);
	return ret ?: vhd1_copy_write(img, io, err);
}

/**
 * vhd1_resize() - see vhd_resize()
 * @img: a VHD
 * @io: its file
 * @size: of the disk
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhd1_resize(struct vhd_image *img, struct vhd_io *io, u64 size, struct vhd_error *err)
{
	u32 blocks, old = img->blocks;
	u8 *buf;
	int ret = 0;

	if (!img->blocks)
		return resize_fixed(img, io, size, err);
	blocks = (size + vhd_block_size(img) - 1) >> img->block_shift;
	buf = kvmalloc(CHANGE_CHUNK, GFP_KERNEL);
	if (!buf)
		return vhd_fail(err, -ENOMEM, "no memory for the block allocation table");
	if (img->v1.footer_lost)
		ret = vhd1_footer_move(img, io, ALIGN(io->size, VHD_SECTOR), err);
	if (!ret && blocks > old)
		ret = table_grow(img, io, blocks, buf, err);
	if (!ret)
		ret = resize_footers(img, io, size, buf, err);
	/* they have only zeros; should it stop here, they are found by nobody */
	if (!ret && blocks < old)
		ret = table_unused(io, img->v1.bat_pos, blocks, old * 4ULL, buf, err);
	kvfree(buf);
	return ret ?: vhd_io_flush(io, err);
}
