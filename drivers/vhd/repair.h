/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can be repaired without a guess: what there are two of, and one is good;
 * and space behind all that is used.
 */
#ifndef VHD_REPAIR_H
#define VHD_REPAIR_H

#include "check.h"

/**
 * enum vhd_flaw - what can be repaired; bits of a mask
 * @VHD_FLAW_FOOTER: a VHD's last footer is lost, its copy is good
 * @VHD_FLAW_COPY: the copy is lost, the last footer is good
 * @VHD_FLAW_HEADER: one header of a VHDX is damaged
 * @VHD_FLAW_REGIONS: one region table of a VHDX is damaged
 * @VHD_FLAW_TAIL: the file has space at its end that nothing uses; no damage
 */
enum vhd_flaw {
	VHD_FLAW_FOOTER		= 1,
	VHD_FLAW_COPY		= 2,
	VHD_FLAW_HEADER		= 4,
	VHD_FLAW_REGIONS	= 8,
	VHD_FLAW_TAIL		= 16,
};

#define VHD_FLAWS	5

int vhd_repair_find(const struct vhd_image *img, struct vhd_io *io,
		    const struct vhd_check *check, u32 *flaws, struct vhd_error *err);
int vhd_repair(struct vhd_image *img, struct vhd_io *io, const struct vhd_check *check,
	       u32 flaws, struct vhd_error *err);

#endif /* VHD_REPAIR_H */
