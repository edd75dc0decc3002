/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VHD_CHECK_H
#define VHD_CHECK_H

#include "image.h"

/**
 * struct vhd_check - every block of an image is looked at
 * @report: called for each thing that is wrong; may be NULL
 * @arg: for @report
 * @errors: how many there were
 * @present: blocks that are in the file, some of their sectors at least
 * @bitmaps: blocks of sector bitmap, of a VHDX
 * @end: first byte in the file behind all that is used; of a VHD the footer's
 *	place
 */
struct vhd_check {
	void (*report)(void *arg, const struct vhd_error *err);
	void *arg;
	u64 errors;
	u64 present;
	u64 bitmaps;
	u64 end;
};

int vhd_check(struct vhd_check *check, const struct vhd_image *img,
	      struct vhd_io *io, struct vhd_error *err);

#endif /* VHD_CHECK_H */
