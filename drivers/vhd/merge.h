/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Merging what differencing images hold into an image below them, while nobody
 * uses the chain.
 *
 * All that is written to the target, those above it hide. So the disk is the
 * same at any time to who looks from the top, and a merge that was interrupted,
 * or ended by a crash, goes on when it is done again. What must not happen is
 * that the images above take the target for another one, because it has
 * changed: before it does, the one above is told what it will be. A VHDX gets
 * its next data write id as a second parent's id, a VHD gets no time stamp. To be
 * told changes the time of a VHD, too: so all above are told, from the top down.
 */
#ifndef VHD_MERGE_H
#define VHD_MERGE_H

#include "chain.h"

/**
 * struct vhd_merge - a merge
 * @chain: the images, child first; the target, and those in front of it, are opened
 *	for writing
 * @target: number of the image that gets what is in front of it, from 1 on
 * @ids: six random ids
 * @go_on: may it? Called again and again, with bytes of the disk that are done;
 *	NULL: always
 * @arg: for @go_on
 * @copied: bytes that were written to the target
 */
struct vhd_merge {
	struct vhd_chain *chain;
	u32 target;
	guid_t ids[6];
	bool (*go_on)(void *arg, u64 done);
	void *arg;
	u64 copied;
};

int vhd_merge(struct vhd_merge *merge, struct vhd_error *err);

#endif /* VHD_MERGE_H */
