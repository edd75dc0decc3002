// SPDX-License-Identifier: GPL-2.0-only
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "change.h"
#include "merge.h"
#include "write.h"

/* Read and written at a time */
#define MERGE_CHUNK	0x100000U
/* Of a target without blocks, between two looks at whether to go on */
#define MERGE_WINDOW	(64ULL << 20)

/* Too much for a stack */
struct merge_work {
	struct vhd_write out;
	u8 buf[MERGE_CHUNK];
};

/* Give those blocks a place that will be written. */
static int merge_places(struct vhd_merge *m, struct vhd_write *out, u64 pos, u64 end,
			struct vhd_error *err)
{
	const struct vhd_image *target = &m->chain->link[m->target].img;
	u32 blocks[VHD_ALLOC_MAX], n = 0, block, at;
	struct vhd_run run;
	int ret;

	if (!target->blocks)
		return 0;
	while (pos < end) {
		ret = vhd_chain_run(m->chain, m->target, pos, &run, &at, err);
		if (ret)
			return ret;
		/* one is enough to know of a block */
		block = pos >> target->block_shift;
		if (run.where == VHD_WHERE_DATA) {
			blocks[n++] = block;
			pos = (u64)(block + 1) << target->block_shift;
		} else {
			pos = min(pos + run.len, (u64)(block + 1) << target->block_shift);
		}
	}
	return n ? vhd_write_places(out, blocks, n, err) : 0;
}

static int merge_copy(struct vhd_merge *m, struct merge_work *work, u64 pos, u64 end,
		      struct vhd_error *err)
{
	struct vhd_run run;
	u32 at;
	int ret;

	for (; pos < end; pos += run.len) {
		ret = vhd_chain_run(m->chain, m->target, pos, &run, &at, err);
		if (ret)
			return ret;
		run.len = min(run.len, end - pos);
		if (run.where == VHD_WHERE_PARENT)
			continue;
		if (run.where == VHD_WHERE_DATA) {
			run.len = min_t(u64, run.len, MERGE_CHUNK);
			ret = vhd_io_read(m->chain->link[at].io, run.data, work->buf, run.len,
					  "data", err);
		}
		if (!ret)
			ret = vhd_write(&work->out, pos,
					run.where == VHD_WHERE_DATA ? work->buf : NULL, run.len,
					err);
		if (ret)
			return ret;
		if (run.where == VHD_WHERE_DATA)
			m->copied += run.len;
	}
	return 0;
}

static int merge_all(struct vhd_merge *m, struct merge_work *work, struct vhd_error *err)
{
	const struct vhd_image *target = &m->chain->link[m->target].img;
	u64 window = target->blocks ? VHD_ALLOC_MAX * vhd_block_size(target) : MERGE_WINDOW;
	u64 size = m->chain->link[0].img.size, pos, end;
	int ret = 0;

	for (pos = 0; pos < size && !ret; pos = end) {
		end = min(pos + window, size);
		if (m->go_on && !m->go_on(m->arg, pos))
			return vhd_fail(err, -EINTR, "interrupted: merge again to go on");
		ret = merge_places(m, &work->out, pos, end, err);
		if (!ret)
			ret = merge_copy(m, work, pos, end, err);
	}
	return ret;
}

static int merge_check(const struct vhd_merge *m, struct vhd_error *err)
{
	const struct vhd_chain *chain = m->chain;
	const struct vhd_image *target;
	u32 i;

	if (!m->target || m->target >= chain->depth)
		return vhd_fail(err, -EINVAL, "there is no such image to merge to");
	target = &chain->link[m->target].img;
	for (i = 0; i < m->target; i++)
		if (chain->link[i].img.size < target->size)
			return vhd_fail(err, -EINVAL,
					"a child's disk of %llu bytes is smaller than its parent's of %llu: resize it first",
					chain->link[i].img.size, target->size);
	return 0;
}

/*
 * Those above the target take it for their parent whatever it will be. Of a VHDX only
 * its child would notice that it changes, and that it was told nobody: its id stays.
 */
static int merge_mark(struct vhd_merge *m, struct vhd_error *err)
{
	struct vhd_link *link;
	int ret = 0;
	u32 i;

	for (i = 0; i < m->target && !ret; i++) {
		link = &m->chain->link[i];
		if (link->img.format == VHD_FORMAT_VHDX && i + 1 < m->target)
			continue;
		vhd_map_forget(&link->map);
		ret = vhd_merge_mark(&link->img, link->io, &link[1].img, m->ids, &m->ids[5], err);
	}
	return ret;
}

/**
 * vhd_merge() - merge images into one below
 * @merge: how
 * @err: set on failure
 *
 * Afterwards the target has what the disk has, and the images above are of no
 * use. Should the disk be larger than the target, it grows.
 *
 * Context: may sleep, for long.
 * Return: 0; -EINTR when @merge->go_on() said so; or another negative errno:
 * then the chain is as good as before, and the merge can be done again.
 */
int vhd_merge(struct vhd_merge *merge, struct vhd_error *err)
{
	struct vhd_link *target = &merge->chain->link[merge->target];
	struct vhd_error second;
	struct merge_work *work;
	int ret;

	merge->copied = 0;
	ret = merge_check(merge, err);
	if (ret)
		return ret;
	ret = merge_mark(merge, err);
	if (ret)
		return ret;
	work = kvmalloc(sizeof(*work), GFP_KERNEL);
	if (!work)
		return vhd_fail(err, -ENOMEM, "no memory to merge");
	vhd_map_forget(&target->map);
	ret = vhd_resize(&target->img, target->io, max(target->img.size,
						       merge->chain->link[0].img.size),
			 false, merge->ids + 2, err);
	if (!ret) {
		/* the log's id, the file's, and what vhd_merge_mark() has promised */
		ret = vhd_write_start(&work->out, &target->img, target->io, merge->ids + 3, err);
		if (!ret) {
			ret = merge_all(merge, work, err);
			if (vhd_write_stop(&work->out, ret ? &second : err) && !ret)
				ret = err->code;
		}
	}
	kvfree(work);
	return ret;
}
