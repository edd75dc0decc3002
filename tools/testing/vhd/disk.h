/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small images with something in them, and chains of them beside what their disk
 * has to have.
 */
#ifndef DISK_H
#define DISK_H

#include "chain.h"
#include "test.h"

#define DISK_DEPTH	3

/* The images of a chain in memory, child first */
struct disk {
	struct file file[DISK_DEPTH];
	u32 depth;
	u64 size;
	u8 *want;
	/* what it has without the child, and so on */
	u8 *below[DISK_DEPTH];
	u32 random;
};

void disk_session(guid_t ids[6]);

const char *disk_make(struct disk *d, enum vhd_format format, enum vhd_type base, u32 depth,
		      u32 random);
const char *disk_scribble(struct disk *d, struct vhd_io *io, u32 writes, u8 *want);
void disk_free(struct disk *d);
void disk_io(struct disk *d, struct vhd_io **io);

/* A chain of images in @io, opened for writing or not */
const char *chain_open(struct vhd_chain *chain, struct vhd_link *links, struct vhd_io **io,
		       u32 depth, bool writable);
void chain_close(struct vhd_chain *chain);
const char *chain_same(struct vhd_chain *chain, const u8 *want, u64 size);
/* Is each image well, and is the disk this one? */
const char *chain_check(struct vhd_io **io, u32 depth, const u8 *want, u64 size);

#endif /* DISK_H */
