// SPDX-License-Identifier: GPL-2.0-only
/*
 * What changes the structures of the image that is written.
 *
 * Those who need a new block wait in a line. Who gets the lock gets blocks for
 * all that are in it, so that they share the flushes. Reads, and writes to blocks
 * that have a place, go on meanwhile.
 */
#define pr_fmt(fmt) "vhd: " fmt

#include <linux/fs.h>
#include <linux/falloc.h>

#include "disk.h"

/**
 * struct block_wait - somebody needs a block
 * @link: in the line
 * @block: which
 * @done: it is not in the line any more
 * @ret: then: 0, or why there is none
 */
struct block_wait {
	struct list_head link;
	u32 block;
	bool done;
	int ret;
};

static int change_failed(struct vhd_layer *layer, const struct vhd_error *err)
{
	pr_warn_ratelimited("%s: %s\n", layer->backing.path, err->text);
	return err->code;
}

static int change_start_locked(struct vhd_layer *layer, const guid_t *data_write)
{
	struct vhd_error err;
	guid_t ids[3];
	int ret = 0, i;

	lockdep_assert_held(&layer->lock);
	if (layer->started)
		return 0;
	/* a log that could not be done with is for the next one to open the image */
	if (layer->img.format == VHD_FORMAT_VHDX && !guid_is_null(&layer->img.vx.header.log))
		layer->broken = true;
	if (layer->broken)
		return -EIO;
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		guid_gen(&ids[i]);
	if (data_write)
		ids[2] = *data_write;
	if (layer->img.blocks)
		ret = vhd_alloc_start(&layer->alloc, &layer->img, &layer->backing.io, ids, &err);
	if (ret)
		return change_failed(layer, &err);
	/* Before it is seen. Pairs with smp_load_acquire() in rw.c. */
	smp_store_release(&layer->started, true);
	return 0;
}

/**
 * vhd_change_start() - the image will be written
 * @layer: it
 *
 * Has to be called before the first byte is, for its children's sake.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhd_change_start(struct vhd_layer *layer)
{
	guard(mutex)(&layer->lock);
	return change_start_locked(layer, NULL);
}

/**
 * vhd_change_start_as() - the image will be written, and its child knows of it
 * @layer: it; is not written yet
 * @data_write: of a VHDX, as the child was told by vhd_merge_mark()
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhd_change_start_as(struct vhd_layer *layer, const guid_t *data_write)
{
	guard(mutex)(&layer->lock);
	return change_start_locked(layer, data_write);
}

/**
 * vhd_change_stop() - the image will not be written any more
 * @layer: it; nobody writes to it
 *
 * Context: may sleep.
 * Return: 0 or a negative errno: then it is broken, and what was written before the
 * last flush is there.
 */
int vhd_change_stop(struct vhd_layer *layer)
{
	struct vhd_error err;
	int ret;

	if (!layer->started)
		return 0;
	ret = vhd_change_flush(layer);
	guard(mutex)(&layer->lock);
	layer->started = false;
	if (layer->img.blocks && vhd_alloc_stop(&layer->alloc, &err))
		ret = change_failed(layer, &err);
	/* the file says so only once, and a log that was kept must not be begun anew */
	if (ret)
		layer->broken = true;
	return ret;
}

/* Takes from the line who waits for one of as many blocks as can be had at once. */
static u32 waiters_take(struct vhd_layer *layer, u32 *blocks, struct list_head *taken)
{
	struct block_wait *w, *next;
	u32 nr = 0, i;

	spin_lock(&layer->wait_lock);
	list_for_each_entry_safe(w, next, &layer->waiting, link) {
		for (i = 0; i < nr; i++)
			if (blocks[i] == w->block)
				break;
		if (i == VHD_ALLOC_MAX)
			continue;
		if (i == nr)
			blocks[nr++] = w->block;
		list_move_tail(&w->link, taken);
	}
	spin_unlock(&layer->wait_lock);
	return nr;
}

/* Leaves those blocks that have no place yet. */
static int blocks_new(struct vhd_layer *layer, u32 *blocks, u32 *nr)
{
	struct vhd_spot spot;
	u32 i, left = 0;
	int ret;

	for (i = 0; i < *nr; i++) {
		ret = vhd_layer_find(layer, (u64)blocks[i] << layer->img.block_shift,
				     layer->img.sector_size, false, &spot);
		if (ret)
			return ret;
		if (!spot.placed)
			blocks[left++] = blocks[i];
	}
	*nr = left;
	return 0;
}

static void change_alloc_waiting(struct vhd_layer *layer)
{
	struct vhd_block places[VHD_ALLOC_MAX];
	u32 blocks[VHD_ALLOC_MAX], nr;
	struct block_wait *w, *next;
	struct vhd_error err;
	LIST_HEAD(taken);
	int ret;

	lockdep_assert_held(&layer->lock);
	nr = waiters_take(layer, blocks, &taken);
	ret = change_start_locked(layer, NULL);
	if (!ret)
		ret = blocks_new(layer, blocks, &nr);
	if (!ret && nr && vhd_alloc_blocks(&layer->alloc, blocks, nr, places, &err))
		ret = change_failed(layer, &err);
	list_for_each_entry_safe(w, next, &taken, link) {
		w->ret = ret;
		w->done = true;
	}
}

/**
 * vhd_change_alloc() - give a block a place
 * @layer: it belongs to
 * @block: may have a place
 *
 * Context: may sleep.
 * Return: 0; -ENOSPC or another negative errno: then the image is valid.
 */
int vhd_change_alloc(struct vhd_layer *layer, u32 block)
{
	struct block_wait w = { .block = block };

	spin_lock(&layer->wait_lock);
	list_add_tail(&w.link, &layer->waiting);
	spin_unlock(&layer->wait_lock);
	guard(mutex)(&layer->lock);
	/* whoever had the lock before may have done it; it is done under the lock */
	while (!w.done)
		change_alloc_waiting(layer);
	return w.ret;
}

/* Adds ripe bits to what is in the file. */
static int bits_write(struct vhd_layer *layer, const struct vhd_bits_chunk *chunk,
		      unsigned long index)
{
	u64 sector = (u64)index * layer->bits.sectors;
	u32 per_block = vhd_block_size(&layer->img) / layer->img.sector_size;
	u32 bytes = layer->bits.sectors / 8, i;
	struct vhd_error err = { };
	u8 buf[VHD_BITS_BYTES];
	struct vhd_spot spot;
	int ret;

	if (!memchr_inv(chunk->ripe, 0, VHD_BITS_BYTES))
		return 0;
	ret = vhd_layer_find(layer, sector * layer->img.sector_size, layer->img.sector_size, false,
			     &spot);
	if (ret)
		return ret;
	if (!spot.bitmap)
		return -EUCLEAN;
	spot.bitmap += sector % per_block / 8;
	ret = vhd_backing_peek(&layer->backing, spot.bitmap, buf, bytes, false);
	if (ret)
		return ret;
	for (i = 0; i < bytes; i++)
		buf[i] |= chunk->ripe[i];
	return vhd_io_write(&layer->backing.io, spot.bitmap, buf, bytes, "sector bitmap", &err);
}

static int change_flush_bits(struct vhd_layer *layer)
{
	struct file *file = layer->backing.file;
	struct vhd_bits_chunk *chunk;
	unsigned long index;
	int ret;

	lockdep_assert_held(&layer->lock);
	vhd_bits_ripen(&layer->bits);
	/* the data before its bits */
	ret = vfs_fsync(file, 0);
	for (index = 0; !ret && (chunk = vhd_bits_next(&layer->bits, &index)); index++)
		ret = bits_write(layer, chunk, index);
	if (!ret)
		ret = vfs_fsync(file, 0);
	if (ret) {
		vhd_bits_unripen(&layer->bits);
		return ret;
	}
	for (index = 0; vhd_bits_next(&layer->bits, &index); index++)
		vhd_bits_done(&layer->bits, index);
	return 0;
}

/**
 * vhd_change_flush() - what was written before stays, whatever happens
 * @layer: to the image
 *
 * Context: may sleep.
 * Return: 0 or what the file says.
 */
int vhd_change_flush(struct vhd_layer *layer)
{
	if (READ_ONCE(layer->broken))
		return -EIO;
	if (!vhd_bits_any(&layer->bits))
		return vfs_fsync(layer->backing.file, 0);
	guard(mutex)(&layer->lock);
	return change_flush_bits(layer);
}

/* Some bits go to the file, unless somebody has just seen to it. */
static int bits_make_room(struct vhd_layer *layer)
{
	guard(mutex)(&layer->lock);
	if (READ_ONCE(layer->bits.nr) < VHD_BITS_MAX)
		return 0;
	return layer->broken ? -EIO : change_flush_bits(layer);
}

/**
 * vhd_change_bits() - have room for bits that a write will set
 * @layer: they are of
 * @sector: of the disk
 *
 * Whoever wants more of them than may be in memory waits until those that are have been
 * written.
 *
 * Context: may sleep.
 * Return: as vhd_bits_get(), but for -EBUSY; or why they cannot be written.
 */
struct vhd_bits_chunk *vhd_change_bits(struct vhd_layer *layer, u64 sector)
{
	struct vhd_bits_chunk *chunk;
	int ret;

	/* those that are set meanwhile, or that writes wait for, stay */
	while ((chunk = vhd_bits_get(&layer->bits, sector, false)) == ERR_PTR(-EBUSY)) {
		ret = bits_make_room(layer);
		if (ret)
			return ERR_PTR(ret);
		cond_resched();
	}
	return chunk;
}

static int punch(struct vhd_layer *layer, u64 pos, u64 len, bool unmap)
{
	int mode = unmap ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE;

	return vfs_fallocate(layer->backing.file, mode | FALLOC_FL_KEEP_SIZE, pos, len);
}

/**
 * vhd_change_discard() - the bytes are not needed any more
 * @layer: the image
 * @pos: of the first
 * @len: how many
 *
 * What has a place in the image becomes zeros, and its file system gets the space
 * back; the block keeps its place. What is only in a parent stays.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhd_change_discard(struct vhd_layer *layer, u64 pos, u64 len)
{
	struct vhd_spot spot;
	int ret = 0;

	for (; len && !ret; pos += spot.len, len -= spot.len) {
		ret = vhd_layer_find(layer, pos, len, false, &spot);
		if (!ret && spot.where == VHD_WHERE_DATA)
			ret = punch(layer, spot.data, spot.len, true);
	}
	return ret;
}

/* Bytes that a parent has; they are in one chunk of bits. */
static int zero_over_parent(struct vhd_layer *layer, u64 pos, const struct vhd_spot *spot,
			    bool unmap)
{
	u64 sector = pos / layer->img.sector_size;
	struct vhd_bits_chunk *chunk;
	int ret;

	/* what was never written may be anything but zeros after a crash */
	ret = punch(layer, spot->data, spot->len, unmap);
	if (ret)
		return ret;
	chunk = vhd_change_bits(layer, sector);
	if (IS_ERR(chunk))
		return PTR_ERR(chunk);
	vhd_bits_set(&layer->bits, chunk, sector, spot->len / layer->img.sector_size);
	return 0;
}

/**
 * vhd_change_zero() - the bytes become zeros
 * @layer: the image
 * @pos: of the first
 * @len: how many
 * @unmap: and their space may be given back
 *
 * Context: may sleep.
 * Return: 0, -EOPNOTSUPP when the file system cannot do it, or another negative
 * errno.
 */
int vhd_change_zero(struct vhd_layer *layer, u64 pos, u64 len, bool unmap)
{
	struct vhd_spot spot;
	int ret;

	for (; len; pos += spot.len, len -= spot.len) {
		ret = vhd_layer_find(layer, pos, len, false, &spot);
		if (!ret && spot.where == VHD_WHERE_PARENT && !spot.placed) {
			ret = vhd_change_alloc(layer, pos >> layer->img.block_shift);
			spot.len = 0;
		} else if (!ret && spot.where == VHD_WHERE_PARENT) {
			ret = zero_over_parent(layer, pos, &spot, unmap);
		} else if (!ret && spot.where == VHD_WHERE_DATA) {
			ret = punch(layer, spot.data, spot.len, unmap);
		}
		if (ret)
			return ret;
	}
	return 0;
}
