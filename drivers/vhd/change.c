// SPDX-License-Identifier: GPL-2.0-only
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "change.h"
#include "vhd1.h"
#include "vhdx.h"

/* Looked through at a time */
#define CHANGE_CHUNK	65536U

/* What the image says now. Whoever uses it meanwhile has it as it was, should that fail. */
static int change_reopen(struct vhd_image *img, struct vhd_io *io, struct vhd_error *err)
{
	struct vhd_image *new = kvmalloc(sizeof(*new), GFP_KERNEL);
	int ret;

	if (!new)
		return vhd_fail(err, -ENOMEM, "no memory for an image");
	ret = vhd_image_open(new, io, true, err);
	if (!ret) {
		vhd_image_close(img);
		*img = *new;
	}
	kvfree(new);
	return ret;
}

/**
 * vhd_change_linkage() - a child gets to know its parent anew
 * @img: a differencing image, opened for writing; is opened again
 * @io: its file
 * @linkage: of the parent
 * @ids: two random ids, for a VHDX
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0; -EINVAL when it has no parent; or another negative errno: then
 * @img is what it was or what it was to become.
 */
int vhd_change_linkage(struct vhd_image *img, struct vhd_io *io,
		       const struct vhd_linkage *linkage, const guid_t ids[2],
		       struct vhd_error *err)
{
	int ret;

	if (img->type != VHD_TYPE_DIFF)
		return vhd_fail(err, -EINVAL, "the image is not a differencing one");
	if (img->format == VHD_FORMAT_VHDX)
		ret = vhdx_change_linkage(img, io, linkage, ids, err);
	else
		ret = vhd1_change_linkage(img, io, linkage, err);
	if (ret)
		return ret;
	return change_reopen(img, io, err);
}

/**
 * vhd_merge_begun() - may the parent have something of the child already?
 * @child: a differencing image
 * @parent: fits it
 *
 * Then nobody may go back to the parent alone, before the merge is finished.
 *
 * Return: whether a merge into the parent was begun and not finished.
 */
bool vhd_merge_begun(const struct vhd_image *child, const struct vhd_image *parent)
{
	if (child->format == VHD_FORMAT_VHD)
		return !child->parent.timestamp;
	return !guid_is_null(&child->parent.id2) &&
	       guid_equal(&child->parent.id2, &parent->id) &&
	       !guid_equal(&child->parent.id2, &child->parent.id);
}

/* The parent of what was merged: no image has this id. */
static const guid_t merged_parent = GUID_INIT(0x5d0c6ac4, 0x3b6e, 0x4f0e, 0x9a, 0x3c, 0x62, 0x1f,
					      0x8e, 0x4b, 0x70, 0xd9);

/**
 * vhd_merge_bury() - a child is no disk any more: what is below has all of it
 * @child: a differencing image, opened for writing; is opened again
 * @io: its file
 * @ids: two random ids, for a VHDX
 * @err: set on failure
 *
 * It is on stable storage afterwards, so it cannot be taken for the disk once that
 * has been written without it.
 *
 * Context: may sleep.
 * Return: 0 or what vhd_change_linkage() says.
 */
int vhd_merge_bury(struct vhd_image *child, struct vhd_io *io, const guid_t ids[2],
		   struct vhd_error *err)
{
	const struct vhd_linkage linkage = { .id = merged_parent, .timestamp = 1 };
	int ret;

	ret = vhd_change_linkage(child, io, &linkage, ids, err);
	return ret ?: vhd_io_flush(io, err);
}

/**
 * vhd_merge_alive() - may an image be used?
 * @img: any image
 * @err: set on failure
 *
 * Return: 0; -ESTALE when it was merged: vhd_merge_bury() was called.
 */
int vhd_merge_alive(const struct vhd_image *img, struct vhd_error *err)
{
	if (img->type != VHD_TYPE_DIFF || !guid_equal(&img->parent.id, &merged_parent))
		return 0;
	return vhd_fail(err, -ESTALE,
			"the image was merged, and is of no use: remove it, and what was merged with it");
}

/**
 * vhd_merge_mark() - a child learns what its parent will be
 * @child: a differencing image, opened for writing; is opened again
 * @io: its file
 * @parent: fits it, and will be changed
 * @ids: two random ids, for a VHDX
 * @next: a third one: the parent's next data write id; gets the one that was
 *	promised when the merge was begun before
 * @err: set on failure
 *
 * It is on stable storage afterwards, so the parent may be changed.
 *
 * Context: may sleep.
 * Return: 0 or what vhd_change_linkage() says.
 */
int vhd_merge_mark(struct vhd_image *child, struct vhd_io *io, const struct vhd_image *parent,
		   const guid_t ids[2], guid_t *next, struct vhd_error *err)
{
	struct vhd_linkage linkage = { .id = child->parent.id };
	int ret;

	if (vhd_merge_begun(child, parent)) {
		*next = child->parent.id2;
		return 0;
	}
	linkage.id2 = *next;
	ret = vhd_change_linkage(child, io, &linkage, ids, err);
	return ret ?: vhd_io_flush(io, err);
}

static int resize_check(const struct vhd_image *img, u64 size, bool shrink,
			struct vhd_error *err)
{
	u64 max = img->format == VHD_FORMAT_VHDX ? VHDX_MAX_SIZE : VHD1_MAX_SIZE;

	if (!size || size % img->sector_size)
		return vhd_fail(err, -EINVAL, "a disk of %llu bytes is not whole sectors of %u",
				size, img->sector_size);
	if (size > max)
		return vhd_fail(err, -EFBIG, "a %s has at most %llu bytes, not %llu",
				vhd_format_name(img->format), max, size);
	if (size >= img->size)
		return 0;
	if (!shrink)
		return vhd_fail(err, -EPERM, "the disk has %llu bytes, more than %llu", img->size,
				size);
	if (img->type == VHD_TYPE_DIFF)
		return vhd_fail(err, -EINVAL,
				"a differencing image cannot shrink: what its parent has would be lost");
	return 0;
}

/* Does the disk have only zeros from @pos on? */
static int resize_zeros(const struct vhd_image *img, struct vhd_io *io, u64 pos,
			struct vhd_error *err)
{
	u8 *buf = kvmalloc(CHANGE_CHUNK, GFP_KERNEL);
	struct vhd_map map;
	struct vhd_run run;
	u64 part;
	int ret;

	if (!buf)
		return vhd_fail(err, -ENOMEM, "no memory to look for data");
	ret = vhd_map_init(&map, img, io, err);
	for (; !ret && pos < img->size; pos += part) {
		ret = vhd_map_run(&map, pos, &run, err);
		if (ret)
			break;
		part = run.len;
		if (run.where != VHD_WHERE_DATA)
			continue;
		part = min_t(u64, part, CHANGE_CHUNK);
		ret = vhd_io_read(io, run.data, buf, part, "data", err);
		if (!ret && memchr_inv(buf, 0, part))
			ret = vhd_fail(err, -ENOTEMPTY,
				       "there is data behind byte %llu, which would be lost", pos);
	}
	vhd_map_exit(&map);
	kvfree(buf);
	return ret;
}

/* What the last block has behind the disk's end becomes part of the disk. */
static int resize_zero_tail(const struct vhd_image *img, struct vhd_io *io,
			    struct vhd_error *err)
{
	u64 tail = img->size & (vhd_block_size(img) - 1);
	struct vhd_block b;
	struct vhd_map map;
	int ret;

	if (!img->blocks || !tail)
		return 0;
	ret = vhd_map_init(&map, img, io, err);
	if (ret)
		return ret;
	ret = vhd_map_block(&map, img->blocks - 1, &b, err);
	if (!ret && b.where >= VHD_WHERE_DATA)
		ret = vhd_io_zero(io, b.data + tail, vhd_block_size(img) - tail, err);
	vhd_map_exit(&map);
	return ret;
}

/**
 * vhd_resize() - the disk gets another size
 * @img: opened for writing; is opened again
 * @io: its file
 * @size: of the disk in bytes
 * @shrink: it may become smaller, if there are only zeros in what goes
 * @ids: two random ids, for a VHDX
 * @err: set on failure
 *
 * New bytes are zeros.
 *
 * Context: may sleep.
 * Return: 0; -EINVAL or -EFBIG when there is no such size; -EPERM when it is
 * smaller and not to be; -ENOTEMPTY when data would be lost; or another negative
 * errno: then the disk has the old size or the new one.
 */
int vhd_resize(struct vhd_image *img, struct vhd_io *io, u64 size, bool shrink,
	       const guid_t ids[2], struct vhd_error *err)
{
	int ret;

	ret = resize_check(img, size, shrink, err);
	if (ret || size == img->size)
		return ret;
	if (size < img->size)
		ret = resize_zeros(img, io, size, err);
	else
		ret = resize_zero_tail(img, io, err);
	if (!ret)
		ret = img->format == VHD_FORMAT_VHDX ? vhdx_resize(img, io, size, ids, err) :
						       vhd1_resize(img, io, size, err);
	if (ret)
		return ret;
	return change_reopen(img, io, err);
}
