// SPDX-License-Identifier: GPL-2.0-only
#include <linux/minmax.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "text.h"
#include "vhdx.h"

static const guid_t region_bat = VHDX_REGION_BAT;
static const guid_t region_meta = VHDX_REGION_META;

static const struct vhdx_region *region_at(const void *table, u32 i)
{
	return (const struct vhdx_region *)((const struct vhdx_region_table *)table + 1) + i;
}

/* Is a region on whole MiB, inside the file, and apart from those before? */
static int region_check(const struct vhd_image *img, const void *table, u32 i,
			u64 file_size, struct vhd_error *err)
{
	const struct vhdx_region *region = region_at(table, i), *other;
	u64 pos = le64_to_cpu(region->offset);
	u32 len = le32_to_cpu(region->length);
	u32 j;

	if (pos < VHDX_MIB || pos % VHDX_MIB || !len || len % VHDX_MIB ||
	    !vhd_inside(pos, len, file_size))
		return vhd_fail(err, -EUCLEAN,
				"region %u, %u bytes at %llu, is not on whole MiB inside the file",
				i, len, pos);
	if (vhd_overlap(pos, len, img->vx.header.log_pos, img->vx.header.log_len))
		return vhd_fail(err, -EUCLEAN, "region %u at byte %llu overlaps the log", i, pos);
	for (j = 0; j < i; j++) {
		other = region_at(table, j);
		if (vhd_overlap(pos, len, le64_to_cpu(other->offset), le32_to_cpu(other->length)))
			return vhd_fail(err, -EUCLEAN, "regions %u and %u overlap at byte %llu",
					j, i, pos);
		if (guid_equal(&region->id, &other->id))
			return vhd_fail(err, -EUCLEAN, "regions %u and %u have the same id", j, i);
	}
	return 0;
}

/**
 * vhdx_region_take() - check a region table and note where its regions are
 * @img: has the current header
 * @table: its 64 KiB
 * @file_size: bytes
 * @err: set on failure
 *
 * Return: 0, -EUCLEAN or -EOPNOTSUPP.
 */
int vhdx_region_take(struct vhd_image *img, const void *table, u64 file_size,
		     struct vhd_error *err)
{
	const struct vhdx_region_table *head = table;
	const struct vhdx_region *region;
	char text[VHD_GUID_TEXT];
	u32 count, i;
	int ret;

	if (head->signature != cpu_to_le32(VHDX_REGION_SIGNATURE))
		return vhd_fail(err, -EUCLEAN, "the region table has no signature");
	if (le32_to_cpu(head->checksum) != vhdx_checksum(table, VHDX_REGION_BYTES))
		return vhd_fail(err, -EUCLEAN, "the region table has a wrong checksum");
	count = le32_to_cpu(head->entries);
	if (count > VHDX_MAX_ENTRIES)
		return vhd_fail(err, -EUCLEAN, "the region table claims %u entries", count);
	img->vx.bat_len = 0;
	img->vx.meta_len = 0;
	img->vx.regions_end = 0;
	for (i = 0; i < count; i++) {
		region = region_at(table, i);
		ret = region_check(img, table, i, file_size, err);
		if (ret)
			return ret;
		img->vx.regions_end = max(img->vx.regions_end, le64_to_cpu(region->offset) +
					  le32_to_cpu(region->length));
		if (guid_equal(&region->id, &region_bat)) {
			img->vx.bat_pos = le64_to_cpu(region->offset);
			img->vx.bat_len = le32_to_cpu(region->length);
		} else if (guid_equal(&region->id, &region_meta)) {
			img->vx.meta_pos = le64_to_cpu(region->offset);
			img->vx.meta_len = le32_to_cpu(region->length);
		} else if (le32_to_cpu(region->flags) & VHDX_REGION_REQUIRED) {
			vhd_guid_format(&region->id, text);
			return vhd_fail(err, -EOPNOTSUPP,
					"the VHDX needs the unknown region %s", text);
		}
	}
	if (!img->vx.bat_len || !img->vx.meta_len)
		return vhd_fail(err, -EUCLEAN, "the region table has no %s",
				img->vx.bat_len ? "metadata" : "block allocation table");
	return 0;
}

/**
 * vhdx_region_encode() - a region table as it is in a file
 * @img: where the regions are
 * @table: gets 64 KiB
 */
void vhdx_region_encode(const struct vhd_image *img, void *table)
{
	struct vhdx_region_table *head = table;
	struct vhdx_region *region = (struct vhdx_region *)(head + 1);

	memset(table, 0, VHDX_REGION_BYTES);
	head->signature = cpu_to_le32(VHDX_REGION_SIGNATURE);
	head->entries = cpu_to_le32(2);
	region[0].id = region_bat;
	region[0].offset = cpu_to_le64(img->vx.bat_pos);
	region[0].length = cpu_to_le32(img->vx.bat_len);
	region[0].flags = cpu_to_le32(VHDX_REGION_REQUIRED);
	region[1].id = region_meta;
	region[1].offset = cpu_to_le64(img->vx.meta_pos);
	region[1].length = cpu_to_le32(img->vx.meta_len);
	region[1].flags = cpu_to_le32(VHDX_REGION_REQUIRED);
	head->checksum = cpu_to_le32(vhdx_checksum(table, VHDX_REGION_BYTES));
}

/**
 * vhdx_region_move() - the block allocation table is somewhere else
 * @table: 64 KiB of a table that vhdx_region_take() has taken
 * @pos: byte in the file
 * @len: bytes
 */
void vhdx_region_move(void *table, u64 pos, u32 len)
{
	struct vhdx_region_table *head = table;
	struct vhdx_region *region = (struct vhdx_region *)(head + 1);

	while (!guid_equal(&region->id, &region_bat))
		region++;
	region->offset = cpu_to_le64(pos);
	region->length = cpu_to_le32(len);
	head->checksum = cpu_to_le32(vhdx_checksum(table, VHDX_REGION_BYTES));
}
