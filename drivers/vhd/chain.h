/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A differencing image and what is below it: child first, the last one has no
 * parent.
 */
#ifndef VHD_CHAIN_H
#define VHD_CHAIN_H

#include "map.h"

/* Images in a chain, the one at its end included */
#define VHD_CHAIN_MAX	64U

/**
 * struct vhd_link - an image of a chain
 * @io: its file
 * @img: is open
 * @map: of @img
 */
struct vhd_link {
	struct vhd_io *io;
	struct vhd_image img;
	struct vhd_map map;
};

/**
 * struct vhd_chain - images, each the parent of the one before
 * @link: of them, @depth
 * @depth: at most %VHD_CHAIN_MAX
 */
struct vhd_chain {
	struct vhd_link *link;
	u32 depth;
};

int vhd_chain_run(struct vhd_chain *chain, u32 end, u64 pos, struct vhd_run *run,
		  u32 *at, struct vhd_error *err);
int vhd_chain_read(struct vhd_chain *chain, u64 pos, void *buf, u64 len,
		   struct vhd_error *err);

#endif /* VHD_CHAIN_H */
