// SPDX-License-Identifier: GPL-2.0-only
#include <linux/align.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "text.h"
#include "vhd1.h"

/**
 * vhd1_header_take() - check a dynamic header and note what it says
 * @img: has what the footer says, and where the last footer is
 * @header: a copy of the dynamic header, which lies inside the file
 * @err: set on failure
 *
 * Return: 0, -EUCLEAN, -EOPNOTSUPP or -ENOMEM.
 */
int vhd1_header_take(struct vhd_image *img, const struct vhd1_header *header,
		     struct vhd_error *err)
{
	u64 table = be64_to_cpu(header->table_offset);
	u32 entries = be32_to_cpu(header->max_entries);
	u32 block = be32_to_cpu(header->block_size);
	u64 blocks, table_len;

	if (memcmp(header->cookie, VHD1_HEADER_COOKIE, sizeof(header->cookie)))
		return vhd_fail(err, -EUCLEAN, "there is no dynamic header at byte %llu",
				img->v1.header_pos);
	if (be32_to_cpu(header->checksum) !=
	    vhd1_checksum(header, sizeof(*header), offsetof(struct vhd1_header, checksum)))
		return vhd_fail(err, -EUCLEAN, "the dynamic header's checksum is wrong");
	if (be32_to_cpu(header->version) >> 16 != VHD1_VERSION >> 16)
		return vhd_fail(err, -EOPNOTSUPP, "the dynamic header has version %u, not 1",
				be32_to_cpu(header->version) >> 16);
	if (!is_power_of_2(block) || block < 1U << VHD1_MIN_BLOCK_SHIFT ||
	    block > 1U << VHD1_MAX_BLOCK_SHIFT)
		return vhd_fail(err, -EOPNOTSUPP,
				"blocks of %u bytes are not a power of two from 64 KiB to 256 MiB",
				block);
	blocks = (img->size + block - 1) / block;
	if (blocks > entries)
		return vhd_fail(err, -EUCLEAN,
				"a disk of %llu blocks has a block allocation table for %u",
				blocks, entries);
	/* Only what the disk needs: the rest may be anything. */
	table_len = ALIGN(blocks * 4, VHD_SECTOR);
	if (table % VHD_SECTOR || !vhd_inside(table, table_len, img->v1.data_end))
		return vhd_fail(err, -EUCLEAN,
				"the block allocation table, %llu bytes at %llu, is not inside the file",
				table_len, table);
	if (vhd_overlap(table, table_len, 0, sizeof(struct vhd1_footer)) ||
	    vhd_overlap(table, table_len, img->v1.header_pos, sizeof(*header)))
		return vhd_fail(err, -EUCLEAN,
				"the block allocation table at byte %llu overlaps a header", table);

	img->blocks = blocks;
	img->block_shift = ilog2(block);
	img->v1.bat_pos = table;
	img->v1.bat_entries = entries;
	img->v1.bitmap_bytes = ALIGN(block / VHD_SECTOR / 8, VHD_SECTOR);
	if (img->type != VHD_TYPE_DIFF)
		return 0;
	memcpy(&img->parent.id, header->parent_uuid, sizeof(header->parent_uuid));
	img->parent.timestamp = be32_to_cpu(header->parent_timestamp);
	img->parent.name = vhd_text_from_utf16(header->parent_name,
					       sizeof(header->parent_name), true, err);
	return img->parent.name ? 0 : err->code;
}

/**
 * vhd1_locator_check() - may a parent's path be read?
 * @img: has what the dynamic header says
 * @locator: of the dynamic header
 * @err: set on failure
 *
 * Return: 1 to read it; 0 when there is nothing to read, or nothing for us;
 * -EUCLEAN.
 */
int vhd1_locator_check(const struct vhd_image *img,
		       const struct vhd1_locator *locator, struct vhd_error *err)
{
	u32 platform = be32_to_cpu(locator->platform);
	u32 len = be32_to_cpu(locator->length);
	u64 pos = be64_to_cpu(locator->offset);

	if (platform != VHD1_PLATFORM_W2RU && platform != VHD1_PLATFORM_W2KU)
		return 0;
	if (!len)
		return 0;
	if (len > VHD_PATH_BYTES || pos < sizeof(struct vhd1_footer) ||
	    !vhd_inside(pos, len, img->v1.data_end))
		return vhd_fail(err, -EUCLEAN,
				"a parent's path, %u bytes at %llu, is not inside the file",
				len, pos);
	return 1;
}

/**
 * vhd1_locator_end() - what is taken by a parent's path at the most
 * @locator: of the dynamic header
 *
 * Return: byte in the file behind it; 0 when there is nothing.
 */
u64 vhd1_locator_end(const struct vhd1_locator *locator)
{
	u64 space = be32_to_cpu(locator->space), pos = be64_to_cpu(locator->offset);

	if (!locator->platform || pos >> 62)
		return 0;
	/* sectors, unless that is more than a path can have */
	if (space * VHD_SECTOR <= VHD_PATH_BYTES)
		space *= VHD_SECTOR;
	return pos + max_t(u64, space, be32_to_cpu(locator->length));
}
