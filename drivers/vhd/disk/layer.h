/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The images that make a disk: layer 0 is what is written, each differencing
 * one has its parent behind it.
 */
#ifndef VHD_LAYER_H
#define VHD_LAYER_H

#include <linux/mutex.h>
#include <linux/spinlock.h>

#include "../alloc.h"
#include "../chain.h"
#include "backing.h"
#include "bits.h"

/**
 * struct vhd_layer - an image of a disk
 * @backing: its file
 * @img: what is in it
 * @bits: set by writes and not in the file yet; only of one that is written
 * @lock: one at a time changes the structures; outside of what the file takes, and
 *	of @wait_lock
 * @started: it is being written: @alloc is in use; set under @lock
 * @broken: what was written may be lost: nothing more is written; set under @lock
 * @alloc: new blocks; under @lock
 * @wait_lock: protects @waiting
 * @waiting: who needs a new block
 */
struct vhd_layer {
	struct vhd_backing backing;
	struct vhd_image img;
	struct vhd_disk_bits bits;
	struct mutex lock; /* structures */
	bool started;
	bool broken;
	struct vhd_alloc alloc;
	spinlock_t wait_lock; /* waiting */
	struct list_head waiting;
};

/* Blocks of which it is known how many parents have nothing of them: 32 KiB a disk */
#define VHD_SKIPS	4096U

/**
 * struct vhd_layers - all images of a disk
 * @nr: how many
 * @layers: them
 * @skips: %VHD_SKIPS of blocks as the first parent has them, each at its number modulo
 *	that: the number in the upper 56 bits, and in the lower 8 how many parents, from
 *	the first one on, have nothing of all of it. Parents do not change, so that is true
 *	until vhd_layers_forget(). No lock: each is read and written at once
 */
struct vhd_layers {
	u32 nr;
	struct vhd_layer *layers[VHD_CHAIN_MAX];
	u64 *skips;
};

/**
 * struct vhd_spot - where some bytes of the disk are
 * @len: how many are in one place
 * @where: all but %VHD_WHERE_BITMAP
 * @placed: the bytes have a place in this layer's file, even if the parent's count
 * @data: byte in the file, if @placed
 * @bitmap: byte in the file of their block's sector bitmap, or 0
 * @layer: whose file
 */
struct vhd_spot {
	u64 len;
	enum vhd_where where;
	bool placed;
	u64 data;
	u64 bitmap;
	struct vhd_layer *layer;
};

int vhd_layers_open(struct vhd_layers *chain, const char *path, bool writable,
		    struct vhd_error *err);
struct vhd_layer *vhd_layer_open(const char *path, bool writable, bool replay,
				 struct vhd_error *err);
void vhd_layer_close(struct vhd_layer *layer);
int vhd_layer_is_parent(const struct vhd_layer *child, const struct vhd_layer *parent,
			struct vhd_error *err);
s64 vhd_layer_time(const struct vhd_layer *layer);
void vhd_layers_close(struct vhd_layers *chain);
int vhd_layer_find(struct vhd_layer *layer, u64 pos, u64 len, bool nowait,
		   struct vhd_spot *spot);
int vhd_layers_find(struct vhd_layers *chain, u64 pos, u64 len, bool nowait,
		    struct vhd_spot *spot);
void vhd_layers_forget(struct vhd_layers *chain);

#endif /* VHD_LAYER_H */
