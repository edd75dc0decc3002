// SPDX-License-Identifier: GPL-2.0-only
#include <linux/align.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <asm/byteorder.h>

#include "create.h"
#include "text.h"
#include "vhdx.h"

/* Where things are in a new file; the block allocation table is last. */
#define CREATE_LOG_POS	((u64)VHDX_MIB)
#define CREATE_META_POS	(2ULL * VHDX_MIB)
#define CREATE_BAT_POS	(3ULL * VHDX_MIB)
/* Metadata: the table, then the items, the parent locator last */
#define CREATE_META	(4 * VHDX_KIB64)

/* Fill in what follows from the parameters, as if it had been opened. */
static int create_layout(const struct vhd_create *p, struct vhd_image *img,
			 struct vhd_error *err)
{
	*img = (struct vhd_image) {
		.format = VHD_FORMAT_VHDX,
		.type = p->type,
		.size = p->size,
		.block_shift = ilog2(p->block_size),
		.sector_size = p->sector_size,
		.physical_size = p->physical_size,
		.vx = {
			.header = {
				.file_write = p->file_id,
				.data_write = p->id,
				.log_pos = CREATE_LOG_POS,
				.log_len = VHDX_MIB,
			},
			.bat_pos = CREATE_BAT_POS,
			.bat_len = ~0U,
			.meta_pos = CREATE_META_POS,
			.meta_len = VHDX_MIB,
			.page83 = p->disk_id,
			.keep_blocks = p->type == VHD_TYPE_FIXED,
		},
	};
	/* with a table of any length, to learn which it needs */
	if (vhdx_layout(img, err))
		return err->code;
	img->vx.bat_len = ALIGN(vhdx_bat_bytes(img), VHDX_MIB);
	return 0;
}

static u8 *create_item(u8 *buf, enum vhdx_item_id id, u32 *offset, u32 len, u32 flags)
{
	struct vhdx_meta_table *head = (struct vhdx_meta_table *)buf;
	struct vhdx_meta_entry *entry = (struct vhdx_meta_entry *)(head + 1);
	u32 i = le16_to_cpu(head->entries), at = *offset;

	entry[i].item = vhdx_item_ids[id];
	entry[i].offset = cpu_to_le32(at);
	entry[i].length = cpu_to_le32(len);
	entry[i].flags = cpu_to_le32(flags | VHDX_META_REQUIRED);
	head->entries = cpu_to_le16(i + 1);
	*offset += len;
	return buf + at;
}

static int create_metadata(const struct vhd_create *p, const struct vhd_image *img,
			   u8 *buf, struct vhd_io *io, struct vhd_error *err)
{
	u32 offset = VHDX_META_TABLE_BYTES, flags = 0;
	int len;
	u8 *at;

	memset(buf, 0, CREATE_META);
	memcpy(buf, VHDX_META_SIGNATURE, 8);
	if (p->type == VHD_TYPE_FIXED)
		flags = VHDX_FILE_KEEP_BLOCKS;
	else if (p->type == VHD_TYPE_DIFF)
		flags = VHDX_FILE_HAS_PARENT;
	at = create_item(buf, VHDX_FILE_PARAMETERS, &offset, 8, 0);
	put_unaligned_le32(p->block_size, at);
	put_unaligned_le32(flags, at + 4);
	put_unaligned_le64(p->size, create_item(buf, VHDX_DISK_SIZE, &offset, 8, VHDX_META_DISK));
	memcpy(create_item(buf, VHDX_PAGE83, &offset, 16, VHDX_META_DISK), &img->vx.page83, 16);
	put_unaligned_le32(p->sector_size,
			   create_item(buf, VHDX_LOGICAL_SECTOR, &offset, 4, VHDX_META_DISK));
	put_unaligned_le32(p->physical_size,
			   create_item(buf, VHDX_PHYSICAL_SECTOR, &offset, 4, VHDX_META_DISK));
	if (p->type == VHD_TYPE_DIFF) {
		len = vhdx_locator_encode(&p->parent, buf + offset, CREATE_META - offset, err);
		if (len < 0)
			return len;
		create_item(buf, VHDX_PARENT_LOCATOR, &offset, len, 0);
	}
	return vhd_io_write(io, img->vx.meta_pos, buf, CREATE_META, "metadata", err);
}

/* The table of a fixed image: one block behind the other. */
static int create_blocks(const struct vhd_image *img, u8 *buf, struct vhd_io *io,
			 struct vhd_error *err)
{
	u64 entries = vhdx_bat_index(img, img->blocks - 1) + 1, done, part, i;
	u64 chunk = (1ULL << img->vx.chunk_shift) + 1;
	u64 next = img->vx.bat_pos + img->vx.bat_len;
	int ret = 0;

	for (done = 0; done < entries && !ret; done += part) {
		part = min(entries - done, CREATE_META / 8ULL);
		for (i = 0; i < part; i++) {
			/* the last of a chunk is for a bitmap that there is not */
			if ((done + i + 1) % chunk == 0) {
				put_unaligned_le64(0, buf + i * 8);
				continue;
			}
			put_unaligned_le64(next | VHDX_BLOCK_PRESENT, buf + i * 8);
			next += vhd_block_size(img);
		}
		ret = vhd_io_write(io, img->vx.bat_pos + done * 8, buf, part * 8,
				   "block allocation table", err);
	}
	return ret ?: vhd_io_resize(io, next, err);
}

static int create_headers(struct vhd_image *img, u8 *buf, struct vhd_io *io,
			  struct vhd_error *err)
{
	struct vhdx_file_id *id = (struct vhdx_file_id *)buf;
	int copy, ret = 0;

	vhdx_region_encode(img, buf);
	for (copy = 0; copy < 2 && !ret; copy++)
		ret = vhd_io_write(io, VHDX_REGION_POS(copy), buf, VHDX_REGION_BYTES,
				   "region table", err);
	for (copy = 0; copy < 2 && !ret; copy++)
		ret = vhdx_header_write(&img->vx.header, io, err);
	if (ret)
		return ret;
	memset(id, 0, sizeof(*id));
	memcpy(id->signature, VHDX_FILE_SIGNATURE, sizeof(id->signature));
	vhd_text_to_utf16("vmb", id->creator, sizeof(id->creator), false, err);
	return vhd_io_write(io, 0, id, sizeof(*id), "file identifier", err);
}

/**
 * vhdx_create() - make a VHDX
 * @params: complete and checked
 * @io: an empty file
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhdx_create(const struct vhd_create *params, struct vhd_io *io,
		struct vhd_error *err)
{
	struct vhd_image *img;
	u8 *buf;
	int ret;

	img = kvmalloc(sizeof(*img) + CREATE_META, GFP_KERNEL);
	if (!img)
		return vhd_fail(err, -ENOMEM, "no memory for the headers");
	buf = (u8 *)(img + 1);
	ret = create_layout(params, img, err);
	if (!ret)
		ret = vhd_io_resize(io, img->vx.bat_pos + img->vx.bat_len, err);
	if (!ret)
		ret = create_metadata(params, img, buf, io, err);
	if (!ret && params->type == VHD_TYPE_FIXED)
		ret = create_blocks(img, buf, io, err);
	if (!ret)
		ret = create_headers(img, buf, io, err);
	kvfree(img);
	return ret;
}
