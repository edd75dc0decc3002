// SPDX-License-Identifier: GPL-2.0-only
/*
 * Other images under a disk that is in use. What takes long is done before; then
 * the disk has no requests while the chain is changed, and they go on with the new
 * one.
 */
#define pr_fmt(fmt) "vhd: " fmt

#include <linux/sched/signal.h>

#include "../change.h"
#include "disk.h"

static int online_failed(const char *path, const struct vhd_error *err)
{
	pr_warn("%s: %s\n", path, err->text);
	return err->code;
}

/* Has nothing been written to it? */
static int child_empty(struct vhd_layer *child, struct vhd_error *err)
{
	struct vhd_block b;
	struct vhd_map map;
	u32 block;
	int ret;

	ret = vhd_map_init(&map, &child->img, &child->backing.io, err);
	for (block = 0; !ret && block < child->img.blocks; block++) {
		ret = vhd_map_block(&map, block, &b, err);
		if (!ret && b.where != VHD_WHERE_PARENT)
			ret = vhd_fail(err, -ENOTEMPTY,
				       "block %u is not the parent's: a new child has none", block);
		if (!ret && fatal_signal_pending(current))
			ret = vhd_fail(err, -EINTR, "interrupted");
		cond_resched();
	}
	vhd_map_exit(&map);
	return ret;
}

/* All but the id, which is known only when the parent is not written any more. */
static int child_fits(struct vhd_layer *child, const struct vhd_layer *top, struct vhd_error *err)
{
	const struct vhd_image *img = &child->img;

	if (img->type != VHD_TYPE_DIFF)
		return vhd_fail(err, -EINVAL, "it is a %s image, and no child",
				vhd_type_name(img->type));
	if (img->format != top->img.format || img->sector_size != top->img.sector_size ||
	    img->size != top->img.size)
		return vhd_fail(err, -EINVAL,
				"a %s of %llu bytes in sectors of %u: the disk is a %s of %llu in %u",
				vhd_format_name(img->format), img->size, img->sector_size,
				vhd_format_name(top->img.format), top->img.size,
				top->img.sector_size);
	return vhd_layer_is_parent(child, top, err) ?: child_empty(child, err);
}

/* The disk is frozen. */
static int child_swap(struct vhd_disk *disk, struct vhd_layer *child, struct vhd_error *err)
{
	struct vhd_layers *chain = &disk->chain;
	struct vhd_layer *top = vhd_disk_top(disk);
	struct vhd_linkage linkage = { };
	guid_t ids[2];
	int ret;

	lockdep_assert_held(&disk->chain_lock);
	if (chain->nr == VHD_CHAIN_MAX)
		return vhd_fail(err, -ELOOP, "there are %u images already: merge some", chain->nr);
	/* from here on it is complete, and stays as it is */
	ret = vhd_change_stop(top);
	if (ret)
		return vhd_fail(err, ret, "%s cannot be completed: error %d", top->backing.path,
				-ret);
	guid_gen(&ids[0]);
	guid_gen(&ids[1]);
	linkage.id = top->img.id;
	linkage.timestamp = vhd_layer_time(top) - VHD_EPOCH;
	ret = vhd_change_linkage(&child->img, &child->backing.io, &linkage, ids, err);
	if (ret)
		return ret;
	vhd_backing_settle(&top->backing);
	memmove(chain->layers + 1, chain->layers, chain->nr * sizeof(chain->layers[0]));
	chain->layers[0] = child;
	chain->nr++;
	vhd_layers_forget(chain);
	return 0;
}

/**
 * vhd_online_snapshot() - from now on a child of the image is written
 * @disk: that is written, and may be in use
 * @path: of the child, absolute: a new and empty differencing image, whose way to its
 *	parent leads to the disk's image. It is told the parent's id.
 *
 * Should it stop at any time, the disk is what the child is, if the child was told
 * the id, and what the parent is in any case: the first write to the child is later.
 *
 * Context: may sleep.
 * Return: 0; -EROFS when the disk is only read; -EINVAL, -EXDEV or -ENOTEMPTY for
 * what is no such child; or another negative errno. Then the disk is what it was, and
 * the log says why.
 */
int vhd_online_snapshot(struct vhd_disk *disk, const char *path)
{
	struct vhd_frozen frozen;
	struct vhd_layer *child;
	struct vhd_error err;
	int ret;

	if (!vhd_disk_top(disk)->backing.writable)
		return -EROFS;
	if (vhd_merging(disk))
		return -EBUSY;
	child = vhd_layer_open(path, true, false, &err);
	if (!child)
		return online_failed(path, &err);
	ret = child_fits(child, vhd_disk_top(disk), &err);
	if (!ret) {
		vhd_disk_freeze(disk, &frozen);
		ret = child_swap(disk, child, &err);
		vhd_disk_thaw(disk, &frozen);
	}
	if (ret) {
		vhd_layer_close(child);
		return online_failed(path, &err);
	}
	pr_info("%s: %s is written from now on\n", disk->gendisk->disk_name, path);
	return 0;
}

/**
 * vhd_online_resize() - the disk gets larger
 * @disk: that is written, and may be in use
 * @size: in bytes; the new ones are zeros
 *
 * Context: may sleep.
 * Return: 0; -EROFS when the disk is only read; -EBUSY while it is merged; -EPERM when
 * it would get smaller; -EINVAL or -EFBIG when there is no such size; or another
 * negative errno, when the image has the old size or the new one.
 */
int vhd_online_resize(struct vhd_disk *disk, u64 size)
{
	struct vhd_layer *top = vhd_disk_top(disk);
	struct vhd_frozen frozen;
	struct vhd_error err;
	guid_t ids[2];
	int ret;

	if (!top->backing.writable)
		return -EROFS;
	if (vhd_merging(disk))
		return -EBUSY;
	guid_gen(&ids[0]);
	guid_gen(&ids[1]);
	vhd_disk_freeze(disk, &frozen);
	/* its log cannot be in use meanwhile */
	ret = vhd_change_stop(top);
	if (ret)
		vhd_fail(&err, ret, "what was written may be lost: attach it again");
	else
		ret = vhd_resize(&top->img, &top->backing.io, size, false, ids, &err);
	vhd_disk_thaw(disk, &frozen);
	if (ret)
		return online_failed(top->backing.path, &err);
	set_capacity_and_notify(disk->gendisk, size >> SECTOR_SHIFT);
	return 0;
}
