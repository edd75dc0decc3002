/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * New blocks, in an order that leaves a valid image whenever it stops.
 *
 * VHD: the footer where the file will end; the blocks' bitmaps; flush; entries of
 * the table.
 *
 * VHDX: the file gets longer; flush; pages of the table to the log; flush; pages
 * of the table.
 *
 * The flushes keep an entry from being there before what it leads to. What is
 * written to a block afterwards is there after the next flush, as is the block;
 * before, the block may be missing, or be zeros.
 *
 * Bits of sector bitmaps: what the sectors have; flush; bits, of a VHDX by the
 * log.
 */
#ifndef VHD_ALLOC_H
#define VHD_ALLOC_H

#include "map.h"
#include "vhdx_log.h"

/* Blocks at a time; they share the flushes. */
#define VHD_ALLOC_MAX	32U

/**
 * struct vhd_alloc - an image that is being written
 * @img: the image
 * @io: its file
 * @log: of a VHDX
 * @pages: for pages of the block allocation table, of a VHDX
 * @writes: where they go
 * @nr_writes: how many there are
 * @broken: the log has what could not be written: nothing but replay helps
 */
struct vhd_alloc {
	struct vhd_image *img;
	struct vhd_io *io;
	struct vhdx_log log;
	u8 *pages;
	struct vhdx_log_write writes[2 * VHD_ALLOC_MAX];
	u32 nr_writes;
	bool broken;
};

/**
 * struct vhd_bits - sectors of a block that become the image's own
 * @bitmap: byte in the file of the block's bitmap
 * @from: the first sector of the block
 * @to: the sector behind the last
 */
struct vhd_bits {
	u64 bitmap;
	u32 from;
	u32 to;
};

int vhd_alloc_start(struct vhd_alloc *alloc, struct vhd_image *img, struct vhd_io *io,
		    const guid_t ids[3], struct vhd_error *err);
int vhd_alloc_blocks(struct vhd_alloc *alloc, const u32 *blocks, u32 count,
		     struct vhd_block *places, struct vhd_error *err);
int vhd_alloc_bits(struct vhd_alloc *alloc, const struct vhd_bits *bits, u32 count,
		   struct vhd_error *err);
int vhd_alloc_stop(struct vhd_alloc *alloc, struct vhd_error *err);

/* vhd1_alloc.c, vhdx_alloc.c */
int vhd1_alloc_start(struct vhd_alloc *alloc, struct vhd_error *err);
int vhd1_alloc_blocks(struct vhd_alloc *alloc, const u32 *blocks, u32 count,
		      struct vhd_block *places, struct vhd_error *err);
int vhd1_alloc_bits(struct vhd_alloc *alloc, const struct vhd_bits *bits, u32 count,
		    struct vhd_error *err);
int vhdx_alloc_start(struct vhd_alloc *alloc, const guid_t ids[3], struct vhd_error *err);
int vhdx_alloc_blocks(struct vhd_alloc *alloc, const u32 *blocks, u32 count,
		      struct vhd_block *places, struct vhd_error *err);
int vhdx_alloc_bits(struct vhd_alloc *alloc, const struct vhd_bits *bits, u32 count,
		    struct vhd_error *err);
int vhdx_alloc_page(struct vhd_alloc *alloc, u64 pos, u8 **byte, struct vhd_error *err);
int vhdx_alloc_commit(struct vhd_alloc *alloc, struct vhd_error *err);
int vhdx_alloc_stop(struct vhd_alloc *alloc, struct vhd_error *err);

#endif /* VHD_ALLOC_H */
