// SPDX-License-Identifier: GPL-2.0-only
/*
 * The metadata table and its items. It has no checksum: what it says is
 * believed only where it fits the rest of the file.
 */
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <asm/byteorder.h>

#include "text.h"
#include "vhdx.h"

const guid_t vhdx_item_ids[VHDX_ITEMS] = {
	[VHDX_FILE_PARAMETERS]	= VHDX_ITEM_FILE_PARAMETERS,
	[VHDX_DISK_SIZE]	= VHDX_ITEM_DISK_SIZE,
	[VHDX_PAGE83]		= VHDX_ITEM_PAGE83,
	[VHDX_LOGICAL_SECTOR]	= VHDX_ITEM_LOGICAL_SECTOR,
	[VHDX_PHYSICAL_SECTOR]	= VHDX_ITEM_PHYSICAL_SECTOR,
	[VHDX_PARENT_LOCATOR]	= VHDX_ITEM_PARENT_LOCATOR,
};

static const char * const item_names[VHDX_ITEMS] = {
	[VHDX_FILE_PARAMETERS]	= "file parameters",
	[VHDX_DISK_SIZE]	= "disk size",
	[VHDX_PAGE83]		= "disk id",
	[VHDX_LOGICAL_SECTOR]	= "logical sector size",
	[VHDX_PHYSICAL_SECTOR]	= "physical sector size",
	[VHDX_PARENT_LOCATOR]	= "parent locator",
};

/* 0: of any length */
static const u32 item_lens[VHDX_ITEMS] = { 8, 8, 16, 4, 4, 0 };

static const struct vhdx_meta_entry *entry_at(const void *table, u32 i)
{
	return (const struct vhdx_meta_entry *)((const struct vhdx_meta_table *)table + 1) + i;
}

static int entry_check(const void *table, u32 i, u32 region_len, struct vhd_error *err)
{
	const struct vhdx_meta_entry *entry = entry_at(table, i), *other;
	u32 offset = le32_to_cpu(entry->offset);
	u32 len = le32_to_cpu(entry->length);
	bool bad;
	u32 j;

	if (len)
		bad = len > VHDX_MIB || offset < VHDX_META_TABLE_BYTES ||
		      !vhd_inside(offset, len, region_len);
	else
		bad = offset;
	if (bad)
		return vhd_fail(err, -EUCLEAN,
				"metadata item %u, %u bytes at %u, is not inside its region",
				i, len, offset);
	for (j = 0; j < i; j++) {
		other = entry_at(table, j);
		if (guid_equal(&entry->item, &other->item) &&
		    !((le32_to_cpu(entry->flags) ^ le32_to_cpu(other->flags)) & VHDX_META_USER))
			return vhd_fail(err, -EUCLEAN,
					"metadata items %u and %u have the same id", j, i);
		if (vhd_overlap(offset, len, le32_to_cpu(other->offset),
				le32_to_cpu(other->length)))
			return vhd_fail(err, -EUCLEAN, "metadata items %u and %u overlap", j, i);
	}
	return 0;
}

/* Which item of ours an entry is for; VHDX_ITEMS: none. */
static u32 entry_item(const struct vhdx_meta_entry *entry)
{
	u32 id;

	if (le32_to_cpu(entry->flags) & VHDX_META_USER)
		return VHDX_ITEMS;
	for (id = 0; id < VHDX_ITEMS; id++)
		if (guid_equal(&entry->item, &vhdx_item_ids[id]))
			break;
	return id;
}

/**
 * vhdx_metadata_find() - check the metadata table and find the items in it
 * @table: its 64 KiB
 * @region_len: bytes in the metadata region
 * @items: %VHDX_ITEMS of them, is filled in
 * @err: set on failure
 *
 * Return: 0, -EUCLEAN or -EOPNOTSUPP.
 */
int vhdx_metadata_find(const void *table, u32 region_len,
		       struct vhdx_item *items, struct vhd_error *err)
{
	const struct vhdx_meta_table *head = table;
	const struct vhdx_meta_entry *entry;
	char text[VHD_GUID_TEXT];
	u32 count, i, id;
	int ret;

	memset(items, 0, VHDX_ITEMS * sizeof(*items));
	if (memcmp(head->signature, VHDX_META_SIGNATURE, sizeof(head->signature)))
		return vhd_fail(err, -EUCLEAN, "the metadata table has no signature");
	count = le16_to_cpu(head->entries);
	if (count > VHDX_MAX_ENTRIES)
		return vhd_fail(err, -EUCLEAN, "the metadata table claims %u entries", count);
	for (i = 0; i < count; i++) {
		ret = entry_check(table, i, region_len, err);
		if (ret)
			return ret;
		entry = entry_at(table, i);
		id = entry_item(entry);
		if (id < VHDX_ITEMS) {
			items[id].offset = le32_to_cpu(entry->offset);
			items[id].len = le32_to_cpu(entry->length);
		} else if (le32_to_cpu(entry->flags) & VHDX_META_REQUIRED) {
			vhd_guid_format(&entry->item, text);
			return vhd_fail(err, -EOPNOTSUPP,
					"the VHDX needs the unknown metadata item %s", text);
		}
	}
	for (id = 0; id < VHDX_ITEMS; id++) {
		if (!item_lens[id])
			continue;
		if (!items[id].len)
			return vhd_fail(err, -EUCLEAN, "the metadata has no %s", item_names[id]);
		if (items[id].len != item_lens[id])
			return vhd_fail(err, -EUCLEAN, "the %s has %u bytes, not %u",
					item_names[id], items[id].len, item_lens[id]);
	}
	return 0;
}

/**
 * vhdx_metadata_place() - an item gets another length
 * @table: its 64 KiB, checked by vhdx_metadata_find(); is changed
 * @region_len: bytes in the metadata region
 * @id: an item that there is
 * @len: bytes that it is to have
 * @offset: gets where it is in the region: where it was, or behind all others
 * @entry_offset: gets where in the table its entry is
 * @err: set on failure
 *
 * Return: 0; -ENOSPC when the region has no room for it.
 */
int vhdx_metadata_place(void *table, u32 region_len, enum vhdx_item_id id, u32 len,
			u32 *offset, u32 *entry_offset, struct vhd_error *err)
{
	u32 count = le16_to_cpu(((struct vhdx_meta_table *)table)->entries), i;
	struct vhdx_meta_entry *entry = NULL;
	u64 end = VHDX_META_TABLE_BYTES;

	for (i = 0; i < count; i++) {
		if (entry_item(entry_at(table, i)) == id)
			entry = (struct vhdx_meta_entry *)entry_at(table, i);
		end = max(end, (u64)le32_to_cpu(entry_at(table, i)->offset) +
			       le32_to_cpu(entry_at(table, i)->length));
	}
	if (!entry)
		return vhd_fail(err, -EINVAL, "the metadata has no %s", item_names[id]);
	if (len > le32_to_cpu(entry->length)) {
		if (len > VHDX_MIB || !vhd_inside(end, len, region_len))
			return vhd_fail(err, -ENOSPC,
					"the metadata has no room for the %s of %u bytes",
					item_names[id], len);
		entry->offset = cpu_to_le32(end);
	}
	entry->length = cpu_to_le32(len);
	*offset = le32_to_cpu(entry->offset);
	*entry_offset = (u8 *)entry - (u8 *)table;
	return 0;
}

static int sector_size(const void *buf, u32 *size, const char *name, struct vhd_error *err)
{
	*size = get_unaligned_le32(buf);
	if (*size != 512 && *size != 4096)
		return vhd_fail(err, -EUCLEAN, "the %s is %u, not 512 or 4096", name, *size);
	return 0;
}

/**
 * vhdx_metadata_take() - check an item and note what it says
 * @img: is filled in
 * @id: which item
 * @buf: the item
 * @len: bytes of it, as vhdx_metadata_find() says
 * @err: set on failure
 *
 * Return: 0, -EUCLEAN, -EFBIG, -EOPNOTSUPP or -ENOMEM.
 */
int vhdx_metadata_take(struct vhd_image *img, enum vhdx_item_id id,
		       const void *buf, u32 len, struct vhd_error *err)
{
	u32 value, flags;

	switch (id) {
	case VHDX_FILE_PARAMETERS:
		value = get_unaligned_le32(buf);
		flags = get_unaligned_le32((const u8 *)buf + 4);
		if (!is_power_of_2(value) || value < 1U << VHDX_MIN_BLOCK_SHIFT ||
		    value > 1U << VHDX_MAX_BLOCK_SHIFT)
			return vhd_fail(err, -EUCLEAN,
					"blocks of %u bytes are not a power of two from 1 to 256 MiB",
					value);
		if (flags & ~(VHDX_FILE_KEEP_BLOCKS | VHDX_FILE_HAS_PARENT))
			return vhd_fail(err, -EOPNOTSUPP,
					"the file parameters have unknown flags 0x%x", flags);
		img->block_shift = ilog2(value);
		img->vx.keep_blocks = flags & VHDX_FILE_KEEP_BLOCKS;
		if (flags & VHDX_FILE_HAS_PARENT)
			img->type = VHD_TYPE_DIFF;
		else if (flags & VHDX_FILE_KEEP_BLOCKS)
			img->type = VHD_TYPE_FIXED;
		else
			img->type = VHD_TYPE_DYNAMIC;
		return 0;
	case VHDX_DISK_SIZE:
		img->size = get_unaligned_le64(buf);
		if (!img->size)
			return vhd_fail(err, -EUCLEAN, "the disk has no bytes");
		if (img->size > VHDX_MAX_SIZE)
			return vhd_fail(err, -EFBIG, "a disk of %llu bytes is more than 64 TiB",
					img->size);
		return 0;
	case VHDX_PAGE83:
		memcpy(&img->vx.page83, buf, sizeof(guid_t));
		return 0;
	case VHDX_LOGICAL_SECTOR:
		return sector_size(buf, &img->sector_size, item_names[id], err);
	case VHDX_PHYSICAL_SECTOR:
		return sector_size(buf, &img->physical_size, item_names[id], err);
	case VHDX_PARENT_LOCATOR:
		return vhdx_locator_take(&img->parent, buf, len, err);
	case VHDX_ITEMS:
		break;
	}
	return vhd_fail(err, -EINVAL, "there is no such item");
}

/**
 * vhdx_bat_bytes() - how long a block allocation table has to be
 * @img: has its size and that of its blocks
 *
 * Return: bytes of the entries.
 */
u64 vhdx_bat_bytes(const struct vhd_image *img)
{
	u32 last = img->blocks - 1;

	return 8 * (1 + (img->type == VHD_TYPE_DIFF ? vhdx_bitmap_index(img, last) :
						      vhdx_bat_index(img, last)));
}

/**
 * vhdx_layout() - what follows from the metadata items together
 * @img: has all of them
 * @err: set on failure
 *
 * Return: 0 or -EUCLEAN.
 */
int vhdx_layout(struct vhd_image *img, struct vhd_error *err)
{
	if (img->size % img->sector_size)
		return vhd_fail(err, -EUCLEAN, "a disk of %llu bytes is not whole sectors of %u",
				img->size, img->sector_size);
	/* at most 64 TiB in blocks of 1 MiB: 2^26 */
	img->blocks = (img->size + vhd_block_size(img) - 1) >> img->block_shift;
	img->vx.chunk_shift = ilog2(VHDX_CHUNK_SECTORS * img->sector_size) - img->block_shift;
	if (vhdx_bat_bytes(img) > img->vx.bat_len)
		return vhd_fail(err, -EUCLEAN,
				"the block allocation table has %u bytes, the disk needs %llu",
				img->vx.bat_len, vhdx_bat_bytes(img));
	return 0;
}
