/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bits of sector bitmaps that writes have set and that are not in the file yet.
 * A bit that reaches the disk before its sector's data does would hide the
 * parent's data behind whatever was there, so bits wait for a flush.
 */
#ifndef VHD_BITS_H
#define VHD_BITS_H

#include <linux/xarray.h>

#include "../image.h"

/* Sectors of a chunk; a request never has sectors of two. */
#define VHD_BITS_SECTORS	4096U
#define VHD_BITS_BYTES		(VHD_BITS_SECTORS / 8)
/* Chunks of a disk in memory: one for each request that there may be. 2 MiB */
#define VHD_BITS_MAX		1024U

/**
 * struct vhd_bits_chunk - bits of some sectors in a row, ordered as in the file
 * @busy: writes that will set bits, and a flush
 * @fresh: set, whose data may not have been flushed
 * @ripe: set, whose data has been or is being flushed
 */
struct vhd_bits_chunk {
	u32 busy;
	u8 fresh[VHD_BITS_BYTES];
	u8 ripe[VHD_BITS_BYTES];
};

/**
 * struct vhd_disk_bits - of a differencing image
 * @chunks: by number; its lock, taken with interrupts off, protects all of it
 * @nr: how many there are, at most %VHD_BITS_MAX
 * @sectors: of a chunk, at most %VHD_BITS_SECTORS, and no more than of a block
 * @top_first: the first sector's bit is the highest of its byte
 */
struct vhd_disk_bits {
	struct xarray chunks;
	unsigned int nr;
	u32 sectors;
	bool top_first;
};

void vhd_bits_init(struct vhd_disk_bits *bits, const struct vhd_image *img);
void vhd_bits_exit(struct vhd_disk_bits *bits);
struct vhd_bits_chunk *vhd_bits_get(struct vhd_disk_bits *bits, u64 sector, bool nowait);
void vhd_bits_set(struct vhd_disk_bits *bits, struct vhd_bits_chunk *chunk, u64 sector, u32 count);
void vhd_bits_put(struct vhd_disk_bits *bits, struct vhd_bits_chunk *chunk);
void vhd_bits_peek(struct vhd_disk_bits *bits, u64 sector, u8 *buf, u32 bytes);
void vhd_bits_ripen(struct vhd_disk_bits *bits);
void vhd_bits_unripen(struct vhd_disk_bits *bits);
struct vhd_bits_chunk *vhd_bits_next(struct vhd_disk_bits *bits, unsigned long *index);
void vhd_bits_done(struct vhd_disk_bits *bits, unsigned long index);

static inline bool vhd_bits_any(const struct vhd_disk_bits *bits)
{
	return !xa_empty(&bits->chunks);
}

#endif /* VHD_BITS_H */
