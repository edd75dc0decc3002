/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes of what an image says, while nobody uses it. Each is there or not
 * whenever it stops: of a VHD by the write of one sector, of a VHDX by its log.
 */
#ifndef VHD_CHANGE_H
#define VHD_CHANGE_H

#include "alloc.h"

/**
 * struct vhd_linkage - how a child knows its parent
 * @id: as struct vhd_parent has it; here and below
 * @id2: of a VHDX
 * @timestamp: of a VHD; 0: the parent is being merged to, any will do
 */
struct vhd_linkage {
	guid_t id;
	guid_t id2;
	u32 timestamp;
};

int vhd_change_linkage(struct vhd_image *img, struct vhd_io *io,
		       const struct vhd_linkage *linkage, const guid_t ids[2],
		       struct vhd_error *err);
bool vhd_merge_begun(const struct vhd_image *child, const struct vhd_image *parent);
int vhd_merge_mark(struct vhd_image *child, struct vhd_io *io, const struct vhd_image *parent,
		   const guid_t ids[2], guid_t *next, struct vhd_error *err);
int vhd_merge_bury(struct vhd_image *child, struct vhd_io *io, const guid_t ids[2],
		   struct vhd_error *err);
int vhd_merge_alive(const struct vhd_image *img, struct vhd_error *err);
int vhd_resize(struct vhd_image *img, struct vhd_io *io, u64 size, bool shrink,
	       const guid_t ids[2], struct vhd_error *err);

/* vhd1_change.c, vhdx_change.c */
int vhd1_change_linkage(struct vhd_image *img, struct vhd_io *io,
			const struct vhd_linkage *linkage, struct vhd_error *err);
int vhd1_footer_move(struct vhd_image *img, struct vhd_io *io, u64 end,
		     struct vhd_error *err);
int vhd1_copy_write(struct vhd_image *img, struct vhd_io *io, struct vhd_error *err);
int vhd1_resize(struct vhd_image *img, struct vhd_io *io, u64 size, struct vhd_error *err);
int vhdx_change_linkage(struct vhd_image *img, struct vhd_io *io,
			const struct vhd_linkage *linkage, const guid_t ids[2],
			struct vhd_error *err);
int vhdx_resize(struct vhd_image *img, struct vhd_io *io, u64 size,
		const guid_t ids[2], struct vhd_error *err);

#endif /* VHD_CHANGE_H */
