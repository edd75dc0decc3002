/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the bytes of a disk are. vhd_block_decode() is for who keeps the block
 * allocation table in memory; struct vhd_map reads it as it goes.
 */
#ifndef VHD_MAP_H
#define VHD_MAP_H

#include "image.h"

enum vhd_where {
	VHD_WHERE_ZERO,		/* nowhere: zeros */
	VHD_WHERE_PARENT,	/* in the parent */
	VHD_WHERE_DATA,		/* in the file */
	VHD_WHERE_BITMAP,	/* a bitmap says sector by sector: file or parent */
};

/**
 * struct vhd_block - a block
 * @where: its bytes are
 * @data: if in the file or by bitmap: byte in the file of the block's first
 * @bitmap: byte in the file of the block's bitmap: of a VHD that has the block; of
 *	a VHDX only by vhd_map_block(), and if by bitmap
 */
struct vhd_block {
	enum vhd_where where;
	u64 data;
	u64 bitmap;
};

/**
 * struct vhd_run - bytes of a disk that are in one place
 * @pos: the first of them
 * @len: how many
 * @where: all but %VHD_WHERE_BITMAP
 * @data: if in the file: byte there of the first
 */
struct vhd_run {
	u64 pos;
	u64 len;
	enum vhd_where where;
	u64 data;
};

/**
 * struct vhd_map - to ask for one run after the other
 * @img: the image
 * @io: its file
 * @bat: a page of the file with part of the block allocation table
 * @bits: a page with part of a bitmap
 * @bat_pos: where @bat is from; ~0 at first; here and below
 * @bits_pos: where @bits is from
 */
struct vhd_map {
	const struct vhd_image *img;
	struct vhd_io *io;
	u8 *bat;
	u8 *bits;
	u64 bat_pos;
	u64 bits_pos;
};

#define VHD_MAP_PAGE	4096U

/* block.c */
u64 vhd_bat_entry_pos(const struct vhd_image *img, u32 block);
u64 vhdx_bitmap_entry_pos(const struct vhd_image *img, u32 block);
int vhd_block_decode(const struct vhd_image *img, u32 block, const void *entry,
		     u64 file_size, struct vhd_block *b, struct vhd_error *err);
int vhdx_bitmap_decode(const struct vhd_image *img, u32 block, const void *entry,
		       u64 file_size, u64 *pos, struct vhd_error *err);
u32 vhd_bitmap_run(const struct vhd_image *img, const u8 *bits, u32 from, u32 to,
		   bool *set);
void vhd_bitmap_set(const struct vhd_image *img, u8 *bits, u32 from, u32 to);

/* map.c */
int vhd_map_init(struct vhd_map *map, const struct vhd_image *img,
		 struct vhd_io *io, struct vhd_error *err);
void vhd_map_exit(struct vhd_map *map);
void vhd_map_forget(struct vhd_map *map);
int vhd_map_block(struct vhd_map *map, u32 block, struct vhd_block *b,
		  struct vhd_error *err);
int vhd_map_run(struct vhd_map *map, u64 pos, struct vhd_run *run,
		struct vhd_error *err);

/* Bytes of an entry of the block allocation table */
static inline u32 vhd_bat_entry_bytes(const struct vhd_image *img)
{
	return img->format == VHD_FORMAT_VHDX ? 8 : 4;
}

#endif /* VHD_MAP_H */
