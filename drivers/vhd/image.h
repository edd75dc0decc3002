/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A disk image of either format, once its structures have been checked.
 *
 *   error text io        what everything here uses
 *   vhd1_*               VHD: vhd1_wire.h has its format
 *   vhdx_*               VHDX: vhdx_wire.h has its format
 *   image                either, by what the file holds
 *   create               new images
 *   map                  where the disk's bytes are
 *   check                what opening does not look at: every block
 *   chain                an image and its parents
 *   alloc write          new blocks; the disk's bytes
 *   change               what an image says of its disk and its parent
 *   merge                an image into its parent
 *   repair               what there are two of, and one is good
 *
 * Nothing in a file is trusted: what is here has been checked to lie inside
 * the file and apart from each other.
 */
#ifndef VHD_IMAGE_H
#define VHD_IMAGE_H

#include <linux/types.h>
#include <linux/uuid.h>

#include "error.h"
#include "io.h"

#define VHD_KIB		1024ULL
#define VHD_MIB		(1024 * VHD_KIB)
#define VHD_GIB		(1024 * VHD_MIB)
#define VHD_TIB		(1024 * VHD_GIB)

#define VHD_SECTOR	512U

/* Seconds from 1970 to 2000, when the time of VHDs begins */
#define VHD_EPOCH	946684800LL

enum vhd_format {
	VHD_FORMAT_VHD,
	VHD_FORMAT_VHDX,
};

enum vhd_type {
	VHD_TYPE_FIXED,
	VHD_TYPE_DYNAMIC,
	VHD_TYPE_DIFF,
};

/**
 * struct vhd_parent - what a differencing image says of its parent
 * @id: VHD: the parent's id; VHDX: its data write id when the child was made
 * @id2: VHDX: another id that will do; zero when there is none
 * @timestamp: VHD: when the parent changed last, in seconds since 2000
 * @name: VHD: name of the parent, or NULL
 * @relative: path from the child's folder, or NULL; here and below in UTF-8
 * @absolute: path with a drive letter, or NULL
 * @volume: path with a volume id, or NULL
 */
struct vhd_parent {
	guid_t id;
	guid_t id2;
	u32 timestamp;
	char *name;
	char *relative;
	char *absolute;
	char *volume;
};

/**
 * struct vhd1_image - what only a VHD has
 * @header_pos: of the dynamic header
 * @bat_pos: of the block allocation table
 * @bat_entries: that the table has room for
 * @bitmap_bytes: in front of a block's data, whole sectors
 * @data_end: first byte behind the last block's place: the footer's
 * @footer_lost: the last footer is damaged or missing; the first one was used
 * @copy_lost: the copy of the footer is damaged; not of a fixed VHD
 * @locators_end: first byte behind the parent's paths; 0 when there are none
 * @footer_short: the footer has 511 bytes, as before Virtual PC 2004
 * @timestamp: seconds since 2000
 * @cylinders: geometry, here and below
 * @heads: at most 255
 * @sectors: of a track, at most 255
 * @footer: the footer as it is in the file
 */
struct vhd1_image {
	u64 header_pos;
	u64 bat_pos;
	u32 bat_entries;
	u32 bitmap_bytes;
	u64 data_end;
	bool footer_lost;
	bool copy_lost;
	bool footer_short;
	u64 locators_end;
	u32 timestamp;
	u16 cylinders;
	u8 heads;
	u8 sectors;
	u8 footer[512];
};

/**
 * struct vhdx_header - one of a VHDX's two headers
 * @sequence: the higher one counts
 * @file_write: changes when anything is written
 * @data_write: changes when the disk is written
 * @log: id of the log's entries, zero when there are none to replay
 * @log_pos: in the file
 * @log_len: bytes
 * @slot: 0 or 1, which of the two it is
 * @other_lost: the other one is damaged
 */
struct vhdx_header {
	u64 sequence;
	guid_t file_write;
	guid_t data_write;
	guid_t log;
	u64 log_pos;
	u32 log_len;
	unsigned int slot;
	bool other_lost;
};

/**
 * struct vhdx_image - what only a VHDX has
 * @header: the current one
 * @bat_pos: of the block allocation table
 * @bat_len: of its region, in bytes
 * @meta_pos: of the metadata
 * @meta_len: of its region, in bytes
 * @regions_end: first byte behind the last region, known or not
 * @chunk_shift: a chunk is 1 << chunk_shift blocks: those of one bitmap
 * @page83: id of the disk
 * @keep_blocks: blocks once allocated stay so
 * @replayed: opening replayed the log
 */
struct vhdx_image {
	struct vhdx_header header;
	u64 bat_pos;
	u32 bat_len;
	u64 meta_pos;
	u32 meta_len;
	u64 regions_end;
	u32 chunk_shift;
	guid_t page83;
	bool keep_blocks;
	bool replayed;
};

/**
 * struct vhd_image - a disk image that is open
 * @format: of the file
 * @type: of the image
 * @size: of the disk, in bytes
 * @blocks: of the disk; 0 when all of it is in one piece: a fixed VHD
 * @block_shift: a block is 1 << block_shift bytes
 * @sector_size: logical, of the disk, and what a bit in a bitmap is for
 * @physical_size: of a physical sector
 * @id: VHD: its id; VHDX: its data write id. What a child remembers.
 * @parent: of a differencing image
 * @v1: if VHD
 * @vx: if VHDX
 */
struct vhd_image {
	enum vhd_format format;
	enum vhd_type type;
	u64 size;
	u32 blocks;
	u32 block_shift;
	u32 sector_size;
	u32 physical_size;
	guid_t id;
	struct vhd_parent parent;
	union {
		struct vhd1_image v1;
		struct vhdx_image vx;
	};
};

int vhd_image_open(struct vhd_image *img, struct vhd_io *io, bool writable,
		   struct vhd_error *err);
void vhd_image_close(struct vhd_image *img);
int vhd_image_fits_parent(const struct vhd_image *child,
			  const struct vhd_image *parent, s64 written, struct vhd_error *err);
const char *vhd_format_name(enum vhd_format format);
const char *vhd_type_name(enum vhd_type type);

static inline u64 vhd_block_size(const struct vhd_image *img)
{
	return 1ULL << img->block_shift;
}

#endif /* VHD_IMAGE_H */
