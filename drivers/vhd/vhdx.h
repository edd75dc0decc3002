/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VHDX_H
#define VHDX_H

#include "image.h"
#include "vhdx_wire.h"

#define VHDX_MAX_SIZE		(64 * VHD_TIB)
/* Of the file: what the largest disk needs, and as much again. */
#define VHDX_MAX_FILE		(128 * VHD_TIB)
#define VHDX_MIN_BLOCK_SHIFT	20
#define VHDX_MAX_BLOCK_SHIFT	28
/* The format knows no limit; a longer log only costs time. */
#define VHDX_MAX_LOG		(256 * VHDX_MIB)

/* A parent locator: three paths, and what goes with them */
#define VHDX_LOCATOR_BYTES	(3 * VHDX_KIB64 + 4096U)

/**
 * struct vhdx_item - where a metadata item is
 * @offset: byte in the metadata region
 * @len: bytes; 0: there is no such item
 */
struct vhdx_item {
	u32 offset;
	u32 len;
};

/* The items that we know; the first five are in every VHDX. */
enum vhdx_item_id {
	VHDX_FILE_PARAMETERS,
	VHDX_DISK_SIZE,
	VHDX_PAGE83,
	VHDX_LOGICAL_SECTOR,
	VHDX_PHYSICAL_SECTOR,
	VHDX_PARENT_LOCATOR,
	VHDX_ITEMS
};

/* vhdx_header.c */
u32 vhdx_checksum(const void *buf, size_t len);
int vhdx_header_check(const void *buf, unsigned int slot,
		      struct vhdx_header *header, struct vhd_error *err);
int vhdx_header_choose(const void *first, const void *second,
		       struct vhdx_header *header, struct vhd_error *err);
void vhdx_header_encode(const struct vhdx_header *header, void *buf);
int vhdx_header_write(struct vhdx_header *header, struct vhd_io *io,
		      struct vhd_error *err);

/* vhdx_region.c */
int vhdx_region_take(struct vhd_image *img, const void *table, u64 file_size,
		     struct vhd_error *err);
void vhdx_region_encode(const struct vhd_image *img, void *table);
void vhdx_region_move(void *table, u64 pos, u32 len);

/* vhdx_metadata.c */
extern const guid_t vhdx_item_ids[VHDX_ITEMS];
int vhdx_metadata_find(const void *table, u32 region_len,
		       struct vhdx_item *items, struct vhd_error *err);
int vhdx_metadata_place(void *table, u32 region_len, enum vhdx_item_id id, u32 len,
			u32 *offset, u32 *entry_offset, struct vhd_error *err);
int vhdx_metadata_take(struct vhd_image *img, enum vhdx_item_id id,
		       const void *buf, u32 len, struct vhd_error *err);
int vhdx_layout(struct vhd_image *img, struct vhd_error *err);
u64 vhdx_bat_bytes(const struct vhd_image *img);

/* vhdx_locator.c */
int vhdx_locator_take(struct vhd_parent *parent, const void *buf, u32 len,
		      struct vhd_error *err);
int vhdx_locator_encode(const struct vhd_parent *parent, void *buf, u32 size,
			struct vhd_error *err);

/* vhdx_open.c */
int vhdx_region_read(struct vhd_image *img, struct vhd_io *io, void *buf,
		     struct vhd_error *err);
int vhdx_open(struct vhd_image *img, struct vhd_io *io, bool writable,
	      struct vhd_error *err);

/* Entries of the block allocation table */
static inline u64 vhdx_bat_index(const struct vhd_image *img, u32 block)
{
	return block + (u64)(block >> img->vx.chunk_shift);
}

/* The entry of the sector bitmap of a block's chunk */
static inline u64 vhdx_bitmap_index(const struct vhd_image *img, u32 block)
{
	u64 chunk = block >> img->vx.chunk_shift;

	return (chunk + 1) * ((1ULL << img->vx.chunk_shift) + 1) - 1;
}

#endif /* VHDX_H */
