// SPDX-License-Identifier: GPL-2.0-only
/* Images and their parents, and where the bytes of the disk are in them. */
#define pr_fmt(fmt) "vhd: " fmt

#include <linux/dcache.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../change.h"
#include "layer.h"

/* Bytes of bitmap that are looked at in one go */
#define FIND_BITS	VHD_BITS_BYTES

/*
 * The parent's path: its way from the child's folder is what counts, since drive
 * letters mean nothing here.
 */
static char *parent_path(const struct vhd_layer *child, struct vhd_error *err)
{
	const char *relative = child->img.parent.relative, *dir, *slash;
	char *buf, *path = NULL;

	if (!relative) {
		vhd_fail(err, -ENOENT, "the image has no relative path to its parent");
		return NULL;
	}
	buf = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!buf) {
		vhd_fail(err, -ENOMEM, "no memory for a path");
		return NULL;
	}
	dir = d_path(&child->backing.file->f_path, buf, PATH_MAX);
	slash = IS_ERR(dir) ? NULL : strrchr(dir, '/');
	if (!slash || dir[0] != '/') {
		vhd_fail(err, -ENOENT, "the image's own path is not to be had");
	} else {
		path = kasprintf(GFP_KERNEL, "%.*s/%s", (int)(slash - dir), dir, relative);
		if (path)
			strreplace(path + (slash - dir), '\\', '/');
		else
			vhd_fail(err, -ENOMEM, "no memory for a path");
	}
	kfree(buf);
	return path;
}

/**
 * vhd_layer_time() - when an image was written last
 * @layer: the image
 *
 * Return: seconds since 1970.
 */
s64 vhd_layer_time(const struct vhd_layer *layer)
{
	return inode_get_mtime_sec(file_inode(layer->backing.file));
}

/**
 * vhd_layer_is_parent() - does an image's way to its parent lead to this one?
 * @child: a differencing image
 * @parent: the other
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0; -EXDEV when it leads elsewhere; or why it leads nowhere.
 */
int vhd_layer_is_parent(const struct vhd_layer *child, const struct vhd_layer *parent,
			struct vhd_error *err)
{
	char *path = parent_path(child, err);
	struct path p;
	int ret;

	if (!path)
		return err->code;
	ret = kern_path(path, LOOKUP_FOLLOW, &p);
	if (ret) {
		vhd_fail(err, ret, "there is no %s: error %d", path, -ret);
	} else {
		if (d_inode(p.dentry) != file_inode(parent->backing.file))
			ret = vhd_fail(err, -EXDEV, "its parent is %s, and not %s", path,
				       parent->backing.path);
		path_put(&p);
	}
	kfree(path);
	return ret;
}

/**
 * vhd_layer_close() - let go of an image
 * @layer: nobody uses it any more
 *
 * Context: may sleep.
 */
void vhd_layer_close(struct vhd_layer *layer)
{
	vhd_bits_exit(&layer->bits);
	vhd_image_close(&layer->img);
	vhd_backing_close(&layer->backing);
	kfree(layer);
}

/**
 * vhd_layer_open() - open an image, without its parent
 * @path: absolute
 * @writable: to write it
 * @replay: if it is only read, and has a log to replay, have it done: a merge into it
 *	was cut off
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: the image, until vhd_layer_close(); or NULL.
 */
struct vhd_layer *vhd_layer_open(const char *path, bool writable, bool replay,
				 struct vhd_error *err)
{
	struct vhd_layer *layer;
	int ret;

	layer = kzalloc(sizeof(*layer), GFP_KERNEL);
	if (!layer) {
		vhd_fail(err, -ENOMEM, "no memory for an image");
		return NULL;
	}
	mutex_init(&layer->lock);
	spin_lock_init(&layer->wait_lock);
	INIT_LIST_HEAD(&layer->waiting);
	if (vhd_backing_open(&layer->backing, path, writable, err)) {
		kfree(layer);
		return NULL;
	}
	ret = vhd_image_open(&layer->img, &layer->backing.io, writable, err);
	if (ret == -EROFS && replay) {
		ret = vhd_backing_take(&layer->backing, err);
		if (!ret) {
			ret = vhd_image_open(&layer->img, &layer->backing.io, true, err);
			vhd_backing_settle(&layer->backing);
		}
	}
	if (ret) {
		vhd_backing_close(&layer->backing);
		kfree(layer);
		return NULL;
	}
	vhd_bits_init(&layer->bits, &layer->img);
	vhd_backing_direct(&layer->backing, layer->img.sector_size,
			   layer->img.format == VHD_FORMAT_VHD && layer->img.blocks);
	return layer;
}

/* Adds one image at the end of the chain. */
static int chain_add(struct vhd_layers *chain, const char *path, bool writable,
		     struct vhd_error *err)
{
	struct vhd_layer *layer, *child = chain->nr ? chain->layers[chain->nr - 1] : NULL;
	int ret;
	u32 i;

	if (chain->nr == VHD_CHAIN_MAX)
		return vhd_fail(err, -ELOOP, "there are more than %u images in the chain",
				VHD_CHAIN_MAX);
	layer = vhd_layer_open(path, writable, child && chain->layers[0]->backing.writable, err);
	if (!layer)
		return err->code;
	ret = vhd_merge_alive(&layer->img, err);
	for (i = 0; i < chain->nr && !ret; i++)
		if (vhd_backing_same(&layer->backing, &chain->layers[i]->backing))
			ret = vhd_fail(err, -ELOOP, "the image is its own ancestor");
	if (!ret && child)
		ret = vhd_image_fits_parent(&child->img, &layer->img, vhd_layer_time(layer), err);
	if (ret)
		vhd_layer_close(layer);
	else
		chain->layers[chain->nr++] = layer;
	return ret;
}

static void chain_pop(struct vhd_layers *chain)
{
	vhd_layer_close(chain->layers[--chain->nr]);
}

/**
 * vhd_layers_open() - open an image and all it depends on
 * @chain: is filled in
 * @path: absolute, of the image
 * @writable: to write it; parents are only read
 * @err: set on failure
 *
 * One line in the log says which file it is about.
 *
 * Context: may sleep.
 * Return: 0, then vhd_layers_close() lets go of all; -ELOOP for a chain that is
 * longer than %VHD_CHAIN_MAX or bites its tail; -ESTALE for a parent that has been
 * written or replaced; or what opening a file or an image says.
 */
int vhd_layers_open(struct vhd_layers *chain, const char *path, bool writable,
		    struct vhd_error *err)
{
	const struct vhd_layer *last;
	char *parent;
	int ret;

	chain->nr = 0;
	chain->skips = kvcalloc(VHD_SKIPS, sizeof(*chain->skips), GFP_KERNEL);
	if (!chain->skips)
		return vhd_fail(err, -ENOMEM, "no memory for a disk");
	ret = chain_add(chain, path, writable, err);
	if (ret)
		pr_warn("%s: %s\n", path, err->text);
	while (!ret) {
		last = chain->layers[chain->nr - 1];
		if (last->img.type != VHD_TYPE_DIFF)
			return 0;
		parent = parent_path(last, err);
		ret = parent ? chain_add(chain, parent, false, err) : err->code;
		if (ret)
			pr_warn("%s: its parent %s: %s\n", last->backing.path, parent ?: "",
				err->text);
		kfree(parent);
	}
	vhd_layers_close(chain);
	return ret;
}

/**
 * vhd_layers_close() - let go of all images
 * @chain: nobody uses it any more
 *
 * Context: may sleep.
 */
void vhd_layers_close(struct vhd_layers *chain)
{
	while (chain->nr)
		chain_pop(chain);
	kvfree(chain->skips);
	chain->skips = NULL;
}

/**
 * vhd_layers_forget() - the images are others now
 * @chain: all images of the disk
 *
 * Context: nobody looks for anything meanwhile.
 */
void vhd_layers_forget(struct vhd_layers *chain)
{
	memset(chain->skips, 0, VHD_SKIPS * sizeof(*chain->skips));
}

static int layer_entry(struct vhd_layer *layer, u32 block, bool nowait, struct vhd_block *b)
{
	struct vhd_backing *backing = &layer->backing;
	struct vhd_error err;
	u8 entry[8];
	int ret;

	ret = vhd_backing_peek(backing, vhd_bat_entry_pos(&layer->img, block), entry,
			       vhd_bat_entry_bytes(&layer->img), nowait);
	if (ret)
		return ret;
	/* The entry before the size of the file. Pairs with backing_write(). */
	smp_rmb();
	ret = vhd_block_decode(&layer->img, block, entry, READ_ONCE(backing->io.size), b, &err);
	if (ret)
		pr_warn_ratelimited("%s: %s\n", backing->path, err.text);
	return ret;
}

static int vhdx_bitmap_place(struct vhd_layer *layer, u32 block, bool nowait, u64 *pos)
{
	struct vhd_backing *backing = &layer->backing;
	struct vhd_error err;
	u8 entry[8];
	int ret;

	ret = vhd_backing_peek(backing, vhdx_bitmap_entry_pos(&layer->img, block), entry,
			       sizeof(entry), nowait);
	if (ret)
		return ret;
	/* As above. */
	smp_rmb();
	ret = vhdx_bitmap_decode(&layer->img, block, entry, READ_ONCE(backing->io.size), pos, &err);
	if (!ret && !*pos)
		ret = vhd_fail(&err, -EUCLEAN, "block %u is partly present and has no bitmap",
			       block);
	if (ret)
		pr_warn_ratelimited("%s: %s\n", backing->path, err.text);
	return ret;
}

/* Cut the spot down to sectors that are alike. */
static int layer_sectors(struct vhd_layer *layer, u64 pos, bool nowait, struct vhd_spot *spot)
{
	const struct vhd_image *img = &layer->img;
	u64 sector = pos / img->sector_size;
	u32 per_block = vhd_block_size(img) / img->sector_size;
	u32 first = sector % 8, count, bytes, i;
	u8 bits[FIND_BITS], fresh[FIND_BITS];
	bool set;
	int ret;

	/* of one chunk, and no more than there is room for */
	count = min_t(u64, spot->len / img->sector_size,
		      layer->bits.sectors - sector % layer->bits.sectors);
	bytes = DIV_ROUND_UP(first + count, 8);
	vhd_bits_peek(&layer->bits, sector - first, fresh, bytes);
	ret = vhd_backing_peek(&layer->backing, spot->bitmap + sector % per_block / 8, bits, bytes,
			       nowait);
	if (ret)
		return ret;
	for (i = 0; i < bytes; i++)
		bits[i] |= fresh[i];
	count = vhd_bitmap_run(img, bits, first, first + count, &set);
	spot->where = set ? VHD_WHERE_DATA : VHD_WHERE_PARENT;
	spot->len = (u64)count * img->sector_size;
	return 0;
}

/**
 * vhd_layer_find() - where bytes are, as far as one image knows
 * @layer: the image
 * @pos: byte of the disk, whole sectors, inside the image
 * @len: bytes, whole sectors
 * @nowait: only if that is in memory
 * @spot: is filled in; @len or less of it
 *
 * Context: may sleep, but does not wait for a device if @nowait.
 * Return: 0, -EAGAIN if @nowait, -EUCLEAN, or what the file says.
 */
int vhd_layer_find(struct vhd_layer *layer, u64 pos, u64 len, bool nowait,
		   struct vhd_spot *spot)
{
	const struct vhd_image *img = &layer->img;
	struct vhd_block b;
	u64 offset;
	u32 block;
	int ret;

	*spot = (struct vhd_spot) {
		.len = min(len, img->size - pos),
		.layer = layer,
	};
	if (!img->blocks) {
		spot->where = VHD_WHERE_DATA;
		spot->placed = true;
		spot->data = pos;
		return 0;
	}
	block = pos >> img->block_shift;
	offset = pos & (vhd_block_size(img) - 1);
	spot->len = min(spot->len, vhd_block_size(img) - offset);
	ret = layer_entry(layer, block, nowait, &b);
	if (ret)
		return ret;
	spot->where = b.where;
	if (b.where != VHD_WHERE_DATA && b.where != VHD_WHERE_BITMAP)
		return 0;
	spot->placed = true;
	spot->data = b.data + offset;
	if (b.where == VHD_WHERE_DATA)
		return 0;
	spot->bitmap = b.bitmap;
	if (img->format == VHD_FORMAT_VHDX)
		ret = vhdx_bitmap_place(layer, block, nowait, &spot->bitmap);
	return ret ?: layer_sectors(layer, pos, nowait, spot);
}

/**
 * vhd_layers_find() - where bytes are
 * @chain: all images of the disk
 * @pos: byte of the disk, whole sectors
 * @len: bytes, whole sectors
 * @nowait: only if that is in memory
 * @spot: is filled in; zeros or data
 *
 * What has been found once is found again without asking the parents between. A merge
 * writes to the first parent meanwhile, but only what layer 0 has, which is asked first.
 *
 * Context: may sleep, but does not wait for a device if @nowait.
 * Return: as vhd_layer_find().
 */
int vhd_layers_find(struct vhd_layers *chain, u64 pos, u64 len, bool nowait,
		    struct vhd_spot *spot)
{
	u32 shift = chain->nr > 2 ? chain->layers[1]->img.block_shift : 0;
	u64 block = pos >> shift, end = (block + 1) << shift;
	u64 *skip = &chain->skips[block % VHD_SKIPS], seen;
	u32 known = 0, absent = 0, i;
	struct vhd_layer *layer;
	int ret;

	seen = READ_ONCE(*skip);
	if (shift && seen >> 8 == block)
		known = seen & 0xff;
	for (i = 0; i < chain->nr; i++) {
		if (i == 1 && known) {
			absent = known;
			i += known;
			len = min(len, end - pos);
		}
		layer = chain->layers[i];
		/* a parent may be smaller than its child */
		if (pos >= layer->img.size)
			break;
		ret = vhd_layer_find(layer, pos, len, nowait, spot);
		if (ret)
			return ret;
		if (spot->where != VHD_WHERE_PARENT)
			goto found;
		len = spot->len;
		/* nothing of the whole block, whatever the size of its own is */
		if (i == absent + 1 && !spot->placed && layer->img.block_shift >= shift &&
		    layer->img.size >= end)
			absent++;
	}
	*spot = (struct vhd_spot) { .len = len, .where = VHD_WHERE_ZERO };
found:
	if (shift && absent > known)
		WRITE_ONCE(*skip, block << 8 | absent);
	return 0;
}
