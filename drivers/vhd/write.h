/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing to the disk of an image, one write after the other: for who has time.
 */
#ifndef VHD_WRITE_H
#define VHD_WRITE_H

#include "alloc.h"

/* Ranges of sectors whose bits are set together */
#define VHD_WRITE_BITS	64U

/**
 * struct vhd_write - an image whose disk is written
 * @img: the image
 * @io: its file
 * @map: of the image, for the places of blocks
 * @alloc: of the image, if it has blocks
 * @bits: of what was written, to be set in bitmaps
 * @nr_bits: how many
 */
struct vhd_write {
	struct vhd_image *img;
	struct vhd_io *io;
	struct vhd_map map;
	struct vhd_alloc alloc;
	struct vhd_bits bits[VHD_WRITE_BITS];
	u32 nr_bits;
};

int vhd_write_start(struct vhd_write *w, struct vhd_image *img, struct vhd_io *io,
		    const guid_t ids[3], struct vhd_error *err);
int vhd_write_places(struct vhd_write *w, const u32 *blocks, u32 count,
		     struct vhd_error *err);
int vhd_write(struct vhd_write *w, u64 pos, const void *buf, u64 len,
	      struct vhd_error *err);
int vhd_write_stop(struct vhd_write *w, struct vhd_error *err);

#endif /* VHD_WRITE_H */
