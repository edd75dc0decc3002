/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VHD1_H
#define VHD1_H

#include "image.h"
#include "vhd1_wire.h"

#define VHD1_MAX_SIZE		(2040 * VHD_GIB)
/* Blocks are powers of two; the format has no limits, these are ours. */
#define VHD1_MIN_BLOCK_SHIFT	16
#define VHD1_MAX_BLOCK_SHIFT	28

/**
 * struct vhd1_geometry - see "CHS Calculation"
 * @cylinders: at most 65535
 * @heads: 4 to 16
 * @sectors: of a track: 17, 31, 63 or 255
 */
struct vhd1_geometry {
	u16 cylinders;
	u8 heads;
	u8 sectors;
};

/* vhd1_footer.c */
u32 vhd1_checksum(const void *buf, size_t len, size_t at);
void vhd1_geometry(u64 size, struct vhd1_geometry *g);
int vhd1_footer_check(const struct vhd1_footer *footer, struct vhd_error *err);
int vhd1_footers_agree(const struct vhd1_footer *a, const struct vhd1_footer *b,
		       struct vhd_error *err);
void vhd1_footer_take(struct vhd_image *img, const struct vhd1_footer *footer);

/* vhd1_header.c */
int vhd1_header_take(struct vhd_image *img, const struct vhd1_header *header,
		     struct vhd_error *err);
int vhd1_locator_check(const struct vhd_image *img,
		       const struct vhd1_locator *locator, struct vhd_error *err);
u64 vhd1_locator_end(const struct vhd1_locator *locator);

/* vhd1_open.c */
int vhd1_open(struct vhd_image *img, struct vhd_io *io, bool writable,
	      struct vhd_error *err);

#endif /* VHD1_H */
