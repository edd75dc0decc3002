// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entries of block allocation tables and bits of sector bitmaps. They have no
 * checksums: each is checked when it is used.
 */
#include <kunit/visibility.h>
#include <linux/unaligned.h>

#include "map.h"
#include "vhd1.h"
#include "vhdx.h"

/**
 * vhd_bat_entry_pos() - where a block's entry is
 * @img: an image with blocks
 * @block: below @img->blocks
 *
 * Return: byte in the file of the entry; it is inside the file.
 */
u64 vhd_bat_entry_pos(const struct vhd_image *img, u32 block)
{
	if (img->format == VHD_FORMAT_VHDX)
		return img->vx.bat_pos + vhdx_bat_index(img, block) * 8;
	return img->v1.bat_pos + block * 4ULL;
}
EXPORT_SYMBOL_IF_KUNIT(vhd_bat_entry_pos);

/**
 * vhdx_bitmap_entry_pos() - where the entry of a block's sector bitmap is
 * @img: a differencing VHDX
 * @block: below @img->blocks
 *
 * Return: byte in the file of the entry; it is inside the file.
 */
u64 vhdx_bitmap_entry_pos(const struct vhd_image *img, u32 block)
{
	return img->vx.bat_pos + vhdx_bitmap_index(img, block) * 8;
}

static int vhd1_block_decode(const struct vhd_image *img, u32 block, u32 entry,
			     struct vhd_block *b, struct vhd_error *err)
{
	const struct vhd1_image *v1 = &img->v1;
	u64 pos = (u64)entry * VHD_SECTOR;
	u64 len = v1->bitmap_bytes + vhd_block_size(img);

	if (entry == VHD1_BAT_UNUSED) {
		b->where = img->type == VHD_TYPE_DIFF ? VHD_WHERE_PARENT : VHD_WHERE_ZERO;
		return 0;
	}
	if (!vhd_inside(pos, len, v1->data_end))
		return vhd_fail(err, -EUCLEAN,
				"block %u, %llu bytes at %llu, is not inside the file",
				block, len, pos);
	if (pos < sizeof(struct vhd1_footer) ||
	    vhd_overlap(pos, len, v1->header_pos, sizeof(struct vhd1_header)) ||
	    vhd_overlap(pos, len, v1->bat_pos, img->blocks * 4ULL))
		return vhd_fail(err, -EUCLEAN, "block %u at byte %llu overlaps the headers",
				block, pos);
	/*
	 * Writers of dynamic images differ in what they set in the bitmap; the
	 * sectors are zeros until they are written, whatever it says.
	 */
	b->where = img->type == VHD_TYPE_DIFF ? VHD_WHERE_BITMAP : VHD_WHERE_DATA;
	b->bitmap = pos;
	b->data = pos + v1->bitmap_bytes;
	return 0;
}

/* Is a place for a block, or for a bitmap, apart from everything else? */
static int vhdx_place_check(const struct vhd_image *img, const char *what, u32 block,
			    u64 pos, u64 len, u64 file_size, struct vhd_error *err)
{
	const struct vhdx_image *vx = &img->vx;

	if (!vhd_inside(pos, len, file_size))
		return vhd_fail(err, -EUCLEAN,
				"the %s of block %u, %llu bytes at %llu, is not inside the file",
				what, block, len, pos);
	if (pos < VHDX_MIB ||
	    vhd_overlap(pos, len, vx->header.log_pos, vx->header.log_len) ||
	    vhd_overlap(pos, len, vx->bat_pos, vx->bat_len) ||
	    vhd_overlap(pos, len, vx->meta_pos, vx->meta_len))
		return vhd_fail(err, -EUCLEAN,
				"the %s of block %u at byte %llu overlaps the headers",
				what, block, pos);
	return 0;
}

static int vhdx_block_decode(const struct vhd_image *img, u32 block, u64 entry,
			     u64 file_size, struct vhd_block *b, struct vhd_error *err)
{
	u64 pos = entry & VHDX_BAT_OFFSET;

	if (entry & VHDX_BAT_RESERVED)
		return vhd_fail(err, -EUCLEAN, "the entry of block %u has reserved bits: 0x%llx",
				block, entry);
	switch (entry & VHDX_BAT_STATE) {
	case VHDX_BLOCK_NOT_PRESENT:
		b->where = img->type == VHD_TYPE_DIFF ? VHD_WHERE_PARENT : VHD_WHERE_ZERO;
		return 0;
	case VHDX_BLOCK_UNDEFINED:
	case VHDX_BLOCK_ZERO:
	case VHDX_BLOCK_UNMAPPED:
		/* where an offset is kept, something else may be there by now */
		b->where = VHD_WHERE_ZERO;
		return 0;
	case VHDX_BLOCK_PRESENT:
		b->where = VHD_WHERE_DATA;
		break;
	case VHDX_BLOCK_PARTIAL:
		if (img->type == VHD_TYPE_DIFF) {
			b->where = VHD_WHERE_BITMAP;
			break;
		}
		return vhd_fail(err, -EUCLEAN, "block %u is partly present, and there is no parent",
				block);
	default:
		return vhd_fail(err, -EUCLEAN, "block %u has the unknown state %llu", block,
				entry & VHDX_BAT_STATE);
	}
	b->data = pos;
	return vhdx_place_check(img, "data", block, pos, vhd_block_size(img), file_size, err);
}

/**
 * vhd_block_decode() - what an entry of the block allocation table says
 * @img: an image with blocks
 * @block: below @img->blocks
 * @entry: vhd_bat_entry_bytes() of them, as in the file
 * @file_size: bytes in the file of a VHDX; a VHD has @img->v1.data_end
 * @b: is filled in
 * @err: set on failure
 *
 * Context: any.
 * Return: 0, or -EUCLEAN when the block is not inside the file or overlaps
 * what describes the image.
 */
int vhd_block_decode(const struct vhd_image *img, u32 block, const void *entry,
		     u64 file_size, struct vhd_block *b, struct vhd_error *err)
{
	*b = (struct vhd_block) { };
	if (img->format == VHD_FORMAT_VHDX)
		return vhdx_block_decode(img, block, get_unaligned_le64(entry), file_size, b, err);
	return vhd1_block_decode(img, block, get_unaligned_be32(entry), b, err);
}

/**
 * vhdx_bitmap_decode() - where the bitmap of a partly present block is
 * @img: a differencing VHDX
 * @block: below @img->blocks
 * @entry: 8 bytes from vhdx_bitmap_entry_pos()
 * @file_size: bytes
 * @pos: gets the byte in the file where the block's part of the bitmap begins;
 *	0 when there is none
 * @err: set on failure
 *
 * Context: any.
 * Return: 0 or -EUCLEAN.
 */
int vhdx_bitmap_decode(const struct vhd_image *img, u32 block, const void *entry,
		       u64 file_size, u64 *pos, struct vhd_error *err)
{
	u64 value = get_unaligned_le64(entry), state = value & VHDX_BAT_STATE;
	u32 in_chunk = block & ((1U << img->vx.chunk_shift) - 1);
	int ret;

	*pos = 0;
	if (value & VHDX_BAT_RESERVED)
		return vhd_fail(err, -EUCLEAN, "the bitmap of block %u has reserved bits: 0x%llx",
				block, value);
	if (state == VHDX_BLOCK_NOT_PRESENT)
		return 0;
	if (state != VHDX_BLOCK_PRESENT)
		return vhd_fail(err, -EUCLEAN, "the bitmap of block %u has the unknown state %llu",
				block, state);
	value &= VHDX_BAT_OFFSET;
	ret = vhdx_place_check(img, "bitmap", block, value, VHDX_MIB, file_size, err);
	if (!ret)
		*pos = value + in_chunk * (VHDX_MIB >> img->vx.chunk_shift);
	return ret;
}

/* A VHD's begin at the top of a byte, a VHDX's at the bottom. */
static u8 bitmap_mask(const struct vhd_image *img, u32 i)
{
	return img->format == VHD_FORMAT_VHD ? 0x80 >> i % 8 : 1 << i % 8;
}

static bool bitmap_bit(const struct vhd_image *img, const u8 *bits, u32 i)
{
	return bits[i / 8] & bitmap_mask(img, i);
}

/**
 * vhd_bitmap_run() - how many bits are alike
 * @img: whose bitmap it is
 * @bits: part of the bitmap
 * @from: first bit
 * @to: bit behind the last, above @from
 * @set: what they are: set is in the file, clear is in the parent
 *
 * Context: any.
 * Return: bits from @from on that are like it, at least 1.
 */
u32 vhd_bitmap_run(const struct vhd_image *img, const u8 *bits, u32 from, u32 to,
		   bool *set)
{
	u32 i = from + 1;
	u8 same;

	*set = bitmap_bit(img, bits, from);
	same = *set ? 0xff : 0;
	while (i < to) {
		if (i % 8 == 0 && to - i >= 8 && bits[i / 8] == same) {
			i += 8;
			continue;
		}
		if (bitmap_bit(img, bits, i) != *set)
			break;
		i++;
	}
	return i - from;
}

/**
 * vhd_bitmap_set() - sectors are in the file from now on
 * @img: whose bitmap it is
 * @bits: part of the bitmap
 * @from: first bit
 * @to: bit behind the last
 *
 * Context: any.
 */
void vhd_bitmap_set(const struct vhd_image *img, u8 *bits, u32 from, u32 to)
{
	u32 i;

	for (i = from; i < to; i++) {
		/* whole bytes at once */
		for (; i % 8 == 0 && to - i >= 8; i += 8)
			bits[i / 8] = 0xff;
		if (i < to)
			bits[i / 8] |= bitmap_mask(img, i);
	}
}
