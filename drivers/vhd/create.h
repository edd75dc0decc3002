/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VHD_CREATE_H
#define VHD_CREATE_H

#include "image.h"

#define VHD_DEFAULT_BLOCK	(2U << 20)

/**
 * struct vhd_create - what a new image is to be
 * @format: of the file
 * @type: of the image
 * @size: of the disk, in bytes, whole sectors
 * @block_size: 0: 2 MiB
 * @sector_size: logical; 0: 512; a VHD has no other
 * @physical_size: 0: 4096, or 512 for a VHD
 * @id: a random id; for a VHD the only one
 * @file_id: a second one
 * @disk_id: a third one
 * @timestamp: of a VHD: now, in seconds since 2000
 * @parent: of a differencing image: id, and at least a relative or an absolute
 *	path; for a VHD also a name and a time stamp
 */
struct vhd_create {
	enum vhd_format format;
	enum vhd_type type;
	u64 size;
	u32 block_size;
	u32 sector_size;
	u32 physical_size;
	guid_t id;
	guid_t file_id;
	guid_t disk_id;
	u32 timestamp;
	struct vhd_parent parent;
};

int vhd_create(const struct vhd_create *params, struct vhd_io *io,
	       struct vhd_error *err);

/* vhd1_create.c, vhdx_create.c */
int vhd1_create(const struct vhd_create *params, struct vhd_io *io,
		struct vhd_error *err);
int vhdx_create(const struct vhd_create *params, struct vhd_io *io,
		struct vhd_error *err);

#endif /* VHD_CREATE_H */
