/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Block devices whose bytes are in images.
 *
 *   configfs    what an administrator sees
 *   disk        block devices
 *   rw          reads and writes
 *   change      what changes the structures of an image: new blocks, flushes,
 *               discards
 *   merge       layer 0 to layer 1, while it is written
 *   online      other images under a disk that is in use
 *   layer       an image and its parents, and where bytes are
 *   bits        sector bitmaps on their way to the file
 *   backing     files
 */
#ifndef VHD_DISK_H
#define VHD_DISK_H

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "count.h"
#include "layer.h"

struct vhd_merge_disk;

/**
 * struct vhd_ended - writes that files leave to be ended by a task
 * @requests: their &struct vhd_request
 * @work: ends them
 */
struct vhd_ended {
	struct llist_head requests;
	struct work_struct work;
};

/**
 * struct vhd_batch - requests that one task submits together
 * @plug: of what files make of them
 * @outer: the task's own
 * @sleeps: is called when the task goes to sleep
 * @held: those that files have, and the submitter has not let go of
 */
struct vhd_batch {
	struct blk_plug plug;
	struct blk_plug *outer;
	struct blk_plug_cb sleeps;
	struct vhd_request *held;
};

/**
 * struct vhd_disk - a block device
 * @chain_lock: held while @chain changes, and by who looks at it without a request
 * @chain: its images; changes while the queue is frozen
 * @gendisk: the device
 * @tags: of its requests
 * @wq: for what has to wait; a request that is submitted does not
 * @ended: for &vhd_ended_wq
 * @number: of the device
 * @counts: of its requests
 * @closing: nobody may open it any more; under the device's open_mutex
 * @merge: the last one, or NULL; for one caller at a time
 * @noting: the merge that is told what is written, or NULL; changes while the queue is
 *	frozen
 */
struct vhd_disk {
	struct mutex chain_lock; /* chain */
	struct vhd_layers chain;
	struct gendisk *gendisk;
	struct blk_mq_tag_set tags;
	struct workqueue_struct *wq;
	struct vhd_ended __percpu *ended;
	int number;
	struct vhd_counts __percpu *counts;
	bool closing;
	struct vhd_merge_disk *merge;
	struct vhd_merge_disk *noting;
};

/**
 * struct vhd_request - what a request has of ours
 * @work: does it where waiting is allowed
 * @iocb: to read or to write all of it in one go
 * @disk: whose it is
 * @batch: while it is submitted together with others, or NULL
 * @next: in &vhd_batch.held
 * @ended: in &vhd_ended.requests
 * @vecs: where its pages are, if they are in more than one bio
 * @chunk: bits that are set when it has been written, or NULL
 * @users: the submitter, and who is told of the end
 * @ret: bytes, or a negative errno
 * @early: who submits it does it; a worker can, if that one cannot
 * @slow: go by parts from now on
 */
struct vhd_request {
	struct work_struct work;
	struct kiocb iocb;
	struct vhd_disk *disk;
	struct vhd_batch *batch;
	struct vhd_request *next;
	struct llist_node ended;
	struct bio_vec *vecs;
	struct vhd_bits_chunk *chunk;
	atomic_t users;
	long ret;
	bool early;
	bool slow;
};

/**
 * struct vhd_frozen - between vhd_disk_freeze() and vhd_disk_thaw()
 * @lim: of the queue, as they will be
 * @flags: for vhd_io_end()
 */
struct vhd_frozen {
	struct queue_limits lim;
	unsigned int flags;
};

/* disk.c */
extern struct workqueue_struct *vhd_ended_wq;
struct vhd_disk *vhd_disk_open(const char *path, bool writable, int *ret);
int vhd_disk_close(struct vhd_disk *disk, bool force);
void vhd_disk_freeze(struct vhd_disk *disk, struct vhd_frozen *f);
void vhd_disk_thaw(struct vhd_disk *disk, struct vhd_frozen *f);
int vhd_disk_init(void);
void vhd_disk_exit(void);

/* rw.c */
blk_status_t vhd_queue_rq(struct blk_mq_hw_ctx *hctx, const struct blk_mq_queue_data *bd);
/* In earlier kernels 6.12 the head of a list is all there is of it, and the rest are macros. */
#ifdef rq_list_pop
void vhd_queue_rqs(struct request **list);
#else
void vhd_queue_rqs(struct rq_list *list);
#endif
void vhd_complete_rq(struct request *rq);
void vhd_ended_work(struct work_struct *work);
int vhd_write_parts(struct vhd_layer *layer, u64 pos, u64 len, struct iov_iter *iter, bool fua);

/* online.c */
int vhd_online_resize(struct vhd_disk *disk, u64 size);
int vhd_online_snapshot(struct vhd_disk *disk, const char *path);

/* change.c */
int vhd_change_start(struct vhd_layer *layer);
int vhd_change_start_as(struct vhd_layer *layer, const guid_t *data_write);
int vhd_change_stop(struct vhd_layer *layer);
int vhd_change_alloc(struct vhd_layer *layer, u32 block);
int vhd_change_flush(struct vhd_layer *layer);
int vhd_change_discard(struct vhd_layer *layer, u64 pos, u64 len);
int vhd_change_zero(struct vhd_layer *layer, u64 pos, u64 len, bool unmap);
struct vhd_bits_chunk *vhd_change_bits(struct vhd_layer *layer, u64 sector);

/* merge.c */
int vhd_merge_start(struct vhd_disk *disk);
void vhd_merge_stop(struct vhd_disk *disk);
void vhd_merge_free(struct vhd_disk *disk);
const char *vhd_merge_state(struct vhd_disk *disk, u64 *done, u64 *total);
void vhd_merge_note(struct vhd_merge_disk *m, u64 pos, u64 len);
bool vhd_merging(struct vhd_disk *disk);

/* configfs.c */
int vhd_configfs_init(void);
void vhd_configfs_exit(void);

/**
 * vhd_io_begin() - this task does what the disk's dirty pages wait for
 *
 * It may wait neither for memory that is to be had by writing them, nor until there
 * are fewer of them, when it dirties pages of a file: only those of the file's own
 * device hold it up, as drivers/block/loop.c has it.
 *
 * Return: for vhd_io_end().
 */
static inline unsigned int vhd_io_begin(void)
{
	unsigned int flags = current->flags;

	current->flags |= PF_LOCAL_THROTTLE | PF_MEMALLOC_NOIO;
	return flags;
}

/**
 * vhd_io_end() - it does so no more
 * @flags: of vhd_io_begin()
 */
static inline void vhd_io_end(unsigned int flags)
{
	current_restore_flags(flags, PF_LOCAL_THROTTLE | PF_MEMALLOC_NOIO);
}

static inline struct vhd_layer *vhd_disk_top(struct vhd_disk *disk)
{
	return disk->chain.layers[0];
}

#endif /* VHD_DISK_H */
