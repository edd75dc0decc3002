// SPDX-License-Identifier: GPL-2.0-only
/*
 * Layer 0 goes to its parent while the disk is written.
 *
 * Writes go to the child all the time, and it hides whatever the parent gets. So the
 * disk is the same to who opens it by the child, at any time, until the parent has
 * everything and the child is told that it is none any more. What is written to what
 * was copied is noted when the write ends, and copied again. The last of it is copied
 * while the disk has no requests; then the parent is what is written.
 *
 * A copy may have part of a write that is on its way, since the end of that write
 * comes later and notes it.
 */
#define pr_fmt(fmt) "vhd: " fmt

#include <linux/bitmap.h>
#include <linux/bvec.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/uio.h>

#include "../change.h"
#include "disk.h"

/* Copied at a time */
#define COPY_BYTES	SZ_1M
#define COPY_PAGES	(COPY_BYTES / PAGE_SIZE)
/* What is noted as a whole, at least, and how many there are at most */
#define PIECE_SHIFT_MIN	16
#define PIECES_MAX	BIT(23)
/*
 * With so much left the disk is frozen. A pass that leaves more doubles it, since a disk
 * may be written as fast as it is copied.
 */
#define LEFT_BYTES	SZ_8M

enum merge_state {
	MERGE_RUNNING,
	MERGE_DONE,
	MERGE_STOPPED,
	MERGE_FAILED,
};

/**
 * struct vhd_merge_disk - a merge
 * @disk: whose
 * @work: does it
 * @child: layer 0 at the beginning
 * @parent: layer 1
 * @state: of it; not running: nothing uses the rest
 * @stop: it shall end
 * @size: of the disk
 * @shift: a piece has 1 << @shift bytes
 * @nr: of pieces
 * @dirty: those that the parent may not have
 * @vecs: pages to copy with
 */
struct vhd_merge_disk {
	struct vhd_disk *disk;
	struct work_struct work;
	struct vhd_layer *child;
	struct vhd_layer *parent;
	enum merge_state state;
	bool stop;
	u64 size;
	u32 shift;
	unsigned long nr;
	unsigned long *dirty;
	struct bio_vec vecs[COPY_PAGES];
};

/**
 * vhd_merge_note() - part of the disk was written
 * @m: the merge
 * @pos: byte of the disk
 * @len: how many
 *
 * Context: any.
 */
void vhd_merge_note(struct vhd_merge_disk *m, u64 pos, u64 len)
{
	unsigned long piece;

	if (!len)
		return;
	/* What was written before the note. Pairs with merge_pass(). */
	smp_mb();
	for (piece = pos >> m->shift; piece <= (pos + len - 1) >> m->shift; piece++)
		if (!test_bit(piece, m->dirty))
			set_bit(piece, m->dirty);
}

static void copy_iter(struct vhd_merge_disk *m, int rw, u64 len, struct iov_iter *iter)
{
	iov_iter_bvec(iter, rw, m->vecs, COPY_PAGES, len);
}

/* The child has zeros there. */
static int copy_zeros(struct vhd_merge_disk *m, u64 pos, u64 len)
{
	struct iov_iter iter;
	u64 part;
	u32 i;
	int ret;

	ret = vhd_change_zero(m->parent, pos, len, true);
	if (ret != -EOPNOTSUPP)
		return ret;
	for (i = 0; i < COPY_PAGES; i++)
		clear_highpage(m->vecs[i].bv_page);
	for (ret = 0; len && !ret; pos += part, len -= part) {
		part = min(len, COPY_BYTES);
		copy_iter(m, ITER_SOURCE, part, &iter);
		ret = vhd_write_parts(m->parent, pos, part, &iter, false);
	}
	return ret;
}

static int copy_range(struct vhd_merge_disk *m, u64 pos, u64 end)
{
	struct iov_iter iter;
	struct vhd_spot spot;
	int ret = 0;

	for (; pos < end && !ret; pos += spot.len) {
		ret = vhd_layer_find(m->child, pos, min(end - pos, COPY_BYTES), false, &spot);
		if (ret || spot.where == VHD_WHERE_PARENT)
			continue;
		if (spot.where == VHD_WHERE_ZERO) {
			ret = copy_zeros(m, pos, spot.len);
			continue;
		}
		copy_iter(m, ITER_DEST, spot.len, &iter);
		ret = vhd_backing_rw(&m->child->backing, ITER_DEST, spot.data, spot.len, &iter,
				     false);
		copy_iter(m, ITER_SOURCE, spot.len, &iter);
		if (!ret)
			ret = vhd_write_parts(m->parent, pos, spot.len, &iter, false);
	}
	return ret;
}

/* Copies what is dirty when it is come to. */
static int merge_pass(struct vhd_merge_disk *m)
{
	unsigned long piece = 0, first, most = max(COPY_BYTES >> m->shift, 1);
	int ret = 0;

	while (!ret && (first = find_next_bit(m->dirty, m->nr, piece)) < m->nr) {
		if (READ_ONCE(m->stop))
			return -EINTR;
		/* The note before what was written. Pairs with vhd_merge_note(). */
		for (piece = first; piece < m->nr && piece - first < most; piece++)
			if (!test_and_clear_bit(piece, m->dirty))
				break;
		ret = copy_range(m, (u64)first << m->shift,
				 min((u64)piece << m->shift, m->size));
		cond_resched();
	}
	return ret;
}

/* Until so little is left that the rest can be copied while the disk waits. */
static int merge_passes(struct vhd_merge_disk *m)
{
	u64 few = LEFT_BYTES;
	int ret;

	do {
		ret = merge_pass(m);
		few *= 2;
	} while (!ret && (u64)bitmap_weight(m->dirty, m->nr) << m->shift > few);
	return ret;
}

/* Nothing that is written to the parent from now on may be hidden by the child. */
static int child_bury(struct vhd_layer *child, struct vhd_error *err)
{
	guid_t ids[2];
	int ret;

	ret = vhd_change_stop(child);
	if (ret)
		return vhd_fail(err, ret, "it cannot be completed: error %d", -ret);
	guid_gen(&ids[0]);
	guid_gen(&ids[1]);
	return vhd_merge_bury(&child->img, &child->backing.io, ids, err);
}

/* The parent stays a parent. The disk is frozen. */
static void parent_settle(struct vhd_merge_disk *m)
{
	int ret;

	lockdep_assert_held(&m->disk->chain_lock);
	m->disk->noting = NULL;
	ret = vhd_change_stop(m->parent);
	if (ret)
		pr_warn("%s: a merge into it was cut off, and cannot be completed before it is attached again: error %d\n",
			m->parent->backing.path, -ret);
	vhd_backing_settle(&m->parent->backing);
}

/* @ret is how the copy went. */
static int merge_end(struct vhd_merge_disk *m, int ret)
{
	struct vhd_layers *chain = &m->disk->chain;
	struct vhd_frozen frozen;
	struct vhd_error err;

	vhd_disk_freeze(m->disk, &frozen);
	if (!ret)
		ret = merge_pass(m);
	if (!ret)
		ret = vhd_change_flush(m->parent);
	if (ret) {
		parent_settle(m);
	} else {
		m->disk->noting = NULL;
		chain->nr--;
		memmove(chain->layers, chain->layers + 1, chain->nr * sizeof(chain->layers[0]));
		vhd_layers_forget(chain);
		/* then it is known by its old data if it is attached again */
		if (child_bury(m->child, &err))
			pr_warn("%s: remove it: it was merged, and cannot be marked: %s\n",
				m->child->backing.path, err.text);
	}
	vhd_disk_thaw(m->disk, &frozen);
	if (!ret) {
		pr_info("%s: %s was merged into %s, which is written from now on\n",
			m->disk->gendisk->disk_name, m->child->backing.path,
			m->parent->backing.path);
		vhd_layer_close(m->child);
	} else if (ret != -EINTR) {
		pr_warn("%s: %s was not merged into %s: error %d\n",
			m->disk->gendisk->disk_name, m->child->backing.path,
			m->parent->backing.path, -ret);
	}
	return ret;
}

static void merge_work(struct work_struct *work)
{
	struct vhd_merge_disk *m = container_of(work, struct vhd_merge_disk, work);
	unsigned int noio = memalloc_noio_save();
	enum merge_state state = MERGE_DONE;
	int ret;

	ret = merge_end(m, merge_passes(m));
	if (ret)
		state = ret == -EINTR ? MERGE_STOPPED : MERGE_FAILED;
	memalloc_noio_restore(noio);
	/* Everything before it. Pairs with merge_state(). */
	smp_store_release(&m->state, state);
}

static enum merge_state merge_state(const struct vhd_merge_disk *m)
{
	/* Pairs with merge_work(). */
	return smp_load_acquire(&m->state);
}

static void merge_put(struct vhd_merge_disk *m)
{
	u32 i;

	for (i = 0; i < COPY_PAGES; i++)
		if (m->vecs[i].bv_page)
			__free_page(m->vecs[i].bv_page);
	kvfree(m->dirty);
	kvfree(m);
}

static struct vhd_merge_disk *merge_new(struct vhd_disk *disk)
{
	struct vhd_merge_disk *m = kvzalloc(sizeof(*m), GFP_KERNEL);
	struct page *page;
	u32 i;

	if (!m)
		return NULL;
	INIT_WORK(&m->work, merge_work);
	m->disk = disk;
	m->child = disk->chain.layers[0];
	m->parent = disk->chain.layers[1];
	m->size = m->child->img.size;
	m->shift = PIECE_SHIFT_MIN;
	while (m->size >> m->shift > PIECES_MAX)
		m->shift++;
	m->nr = DIV_ROUND_UP_ULL(m->size, 1ULL << m->shift);
	m->dirty = kvcalloc(BITS_TO_LONGS(m->nr), sizeof(long), GFP_KERNEL);
	for (i = 0; m->dirty && i < COPY_PAGES; i++) {
		page = alloc_page(GFP_KERNEL);
		if (!page)
			break;
		bvec_set_page(&m->vecs[i], page, PAGE_SIZE, 0);
	}
	if (i < COPY_PAGES) {
		merge_put(m);
		return NULL;
	}
	bitmap_set(m->dirty, 0, m->nr);
	return m;
}

/* The disk is frozen: the child's log cannot be in use while its linkage changes. */
static int merge_begin(struct vhd_merge_disk *m, struct vhd_error *err)
{
	struct vhd_image *to = &m->parent->img;
	guid_t ids[5];
	int ret, i;

	lockdep_assert_held(&m->disk->chain_lock);
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		guid_gen(&ids[i]);
	ret = vhd_backing_take(&m->parent->backing, err);
	if (ret)
		return ret;
	ret = vhd_change_stop(m->child);
	if (ret)
		vhd_fail(err, ret, "what was written may be lost: attach it again");
	if (!ret)
		ret = vhd_merge_mark(&m->child->img, &m->child->backing.io, to, ids, &ids[2], err);
	if (!ret && m->size > to->size)
		ret = vhd_resize(to, &m->parent->backing.io, m->size, false, ids + 3, err);
	if (!ret) {
		ret = vhd_change_start_as(m->parent, &ids[2]);
		if (ret)
			vhd_fail(err, ret, "its parent cannot be written: error %d", -ret);
	}
	if (ret)
		parent_settle(m);
	else
		m->disk->noting = m;
	return ret;
}

/**
 * vhd_merge_start() - begin to merge layer 0 into its parent
 * @disk: that is written; one caller at a time
 *
 * Context: may sleep.
 * Return: 0, then vhd_merge_state() says how it goes; -EBUSY when it is being done, or
 * another disk uses the parent; -EROFS when the disk is only read; -EINVAL when it has
 * no parent, or a larger one; or another negative errno.
 */
int vhd_merge_start(struct vhd_disk *disk)
{
	struct vhd_merge_disk *m;
	struct vhd_frozen frozen;
	struct vhd_error err;
	int ret;

	if (vhd_merging(disk))
		return -EBUSY;
	if (!vhd_disk_top(disk)->backing.writable)
		return -EROFS;
	if (disk->chain.nr < 2 || disk->chain.layers[1]->img.size > vhd_disk_top(disk)->img.size) {
		pr_warn("%s: there is no parent, or a larger one: nothing can be merged\n",
			vhd_disk_top(disk)->backing.path);
		return -EINVAL;
	}
	vhd_merge_free(disk);
	m = merge_new(disk);
	if (!m)
		return -ENOMEM;
	vhd_disk_freeze(disk, &frozen);
	ret = merge_begin(m, &err);
	vhd_disk_thaw(disk, &frozen);
	if (ret) {
		pr_warn("%s: it cannot be merged into %s: %s\n", m->child->backing.path,
			m->parent->backing.path, err.text);
		merge_put(m);
		return ret;
	}
	disk->merge = m;
	queue_work(system_unbound_wq, &m->work);
	return 0;
}

/**
 * vhd_merging() - is a merge being done?
 * @disk: one caller at a time
 *
 * Return: true if so.
 */
bool vhd_merging(struct vhd_disk *disk)
{
	return disk->merge && merge_state(disk->merge) == MERGE_RUNNING;
}

/**
 * vhd_merge_stop() - end a merge, unless it has just ended
 * @disk: one caller at a time
 *
 * The chain is what it was, and the merge may be begun again.
 *
 * Context: may sleep.
 */
void vhd_merge_stop(struct vhd_disk *disk)
{
	if (!disk->merge)
		return;
	WRITE_ONCE(disk->merge->stop, true);
	flush_work(&disk->merge->work);
}

/**
 * vhd_merge_free() - forget the last merge
 * @disk: none is being done
 */
void vhd_merge_free(struct vhd_disk *disk)
{
	if (!disk->merge)
		return;
	/* its last instructions */
	flush_work(&disk->merge->work);
	merge_put(disk->merge);
	disk->merge = NULL;
}

/**
 * vhd_merge_state() - how does it go?
 * @disk: one caller at a time
 * @done: gets bytes of the disk that need not be copied any more; may get less
 * @total: gets all of them; 0 when there was no merge
 *
 * Return: a word.
 */
const char *vhd_merge_state(struct vhd_disk *disk, u64 *done, u64 *total)
{
	static const char * const words[] = {
		[MERGE_RUNNING]	= "running",
		[MERGE_DONE]	= "done",
		[MERGE_STOPPED]	= "stopped",
		[MERGE_FAILED]	= "failed",
	};
	struct vhd_merge_disk *m = disk->merge;

	*done = 0;
	*total = m ? m->size : 0;
	if (!m)
		return "idle";
	*done = min((u64)(m->nr - bitmap_weight(m->dirty, m->nr)) << m->shift, m->size);
	return words[merge_state(m)];
}
