// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests. One whose bytes are in one place of one file is handed to that
 * file's direct I/O with the pages that it came with, by whoever submits it, if
 * that can be done without waiting. The rest is for a worker: what is not in
 * memory of the tables, blocks that have no place, bytes in several places.
 *
 * A worker tries once more to do it in one go, and then by parts.
 */
#define pr_fmt(fmt) "vhd: " fmt

#include <linux/blkdev.h>
#include <linux/bvec.h>
#include <linux/llist.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/uio.h>

#include "disk.h"
#include "trace.h"

static struct request *rq_of(struct vhd_request *r)
{
	return blk_mq_rq_from_pdu(r);
}

/* What becomes of a request, once. Any context. */
static void request_end(struct vhd_request *r, long ret)
{
	struct request *rq = rq_of(r);

	r->ret = ret;
	/* in whatever way it ended, something may have been written */
	if (op_is_write(req_op(rq)) && req_op(rq) != REQ_OP_FLUSH && r->disk->noting)
		vhd_merge_note(r->disk->noting, (u64)blk_rq_pos(rq) << SECTOR_SHIFT,
			       blk_rq_bytes(rq));
	trace_vhd_end(rq, ret);
	if (ret < 0)
		vhd_count(r->disk->counts, VHD_COUNT_ERRORS);
	/* whoever wants zeros writes some then */
	if (ret == -EOPNOTSUPP)
		rq->rq_flags |= RQF_QUIET;
	if (likely(!blk_should_fake_timeout(rq->q)))
		blk_mq_complete_request(rq);
}

/**
 * vhd_complete_rq() - a request has ended, on the processor it came from
 * @rq: its &struct vhd_request says how
 */
void vhd_complete_rq(struct request *rq)
{
	struct vhd_request *r = blk_mq_rq_to_pdu(rq);

	blk_mq_end_request(rq, r->ret < 0 ? errno_to_blk_status(r->ret) : BLK_STS_OK);
}

static void request_slow(struct vhd_request *r)
{
	r->slow = true;
	queue_work(r->disk->wq, &r->work);
}

/* Where the pages of a request are. */
static int request_iter(struct vhd_request *r, int rw, struct iov_iter *iter)
{
	struct request *rq = rq_of(r);
	struct req_iterator each;
	struct bio_vec *vecs, v;
	unsigned int offset = 0;
	int nr = 0;

	rq_for_each_bvec(v, rq, each)
		nr++;
	if (rq->bio == rq->biotail) {
		/* a bio may begin in the middle of its first vector */
		vecs = __bvec_iter_bvec(rq->bio->bi_io_vec, rq->bio->bi_iter);
		offset = rq->bio->bi_iter.bi_bvec_done;
	} else {
		vecs = kmalloc_array(nr, sizeof(*vecs), GFP_NOIO);
		if (!vecs)
			return -ENOMEM;
		r->vecs = vecs;
		nr = 0;
		rq_for_each_bvec(v, rq, each)
			vecs[nr++] = v;
	}
	iov_iter_bvec(iter, rw, vecs, nr, blk_rq_bytes(rq));
	iter->iov_offset = offset;
	return 0;
}

static void request_iter_done(struct vhd_request *r)
{
	kfree(r->vecs);
	r->vecs = NULL;
}

/* Bits of sectors that have been written, or have not. Any context. */
static void request_bits(struct vhd_request *r, bool written)
{
	struct vhd_layer *top = vhd_disk_top(r->disk);
	struct request *rq = rq_of(r);
	u32 size = top->img.sector_size;

	if (!r->chunk)
		return;
	if (written)
		vhd_bits_set(&top->bits, r->chunk, ((u64)blk_rq_pos(rq) << SECTOR_SHIFT) / size,
			     blk_rq_bytes(rq) / size);
	else
		vhd_bits_put(&top->bits, r->chunk);
	r->chunk = NULL;
}

/* It may not wait and would have to, has a limit on its memory, or was killed. */
static bool submitters_fault(long ret)
{
	return ret == -EAGAIN || ret == -ENOMEM || ret == -EINTR;
}

/* The file has done it. Any context, unless it has left something for a task to do. */
static void direct_end(struct vhd_request *r)
{
	struct request *rq = rq_of(r);
	bool whole;

	if (r->iocb.dio_complete)
		r->ret = r->iocb.dio_complete(r->iocb.private);
	request_iter_done(r);
	if (op_is_write(req_op(rq)))
		kiocb_end_write(&r->iocb);
	whole = r->ret == blk_rq_bytes(rq);
	request_bits(r, whole);
	/* of one that ended early the rest says why */
	if (r->early && submitters_fault(r->ret))
		queue_work(r->disk->wq, &r->work);
	else if (whole || (r->ret < 0 && r->ret != -EAGAIN))
		request_end(r, r->ret);
	else
		request_slow(r);
}

/**
 * vhd_ended_work() - do what files have left for a task to do
 * @work: of a &struct vhd_ended
 *
 * It waits for no I/O.
 */
void vhd_ended_work(struct work_struct *work)
{
	struct vhd_ended *ended = container_of(work, struct vhd_ended, work);
	unsigned int flags = vhd_io_begin();
	struct vhd_request *r, *next;
	struct llist_node *all;

	all = llist_reverse_order(llist_del_all(&ended->requests));
	llist_for_each_entry_safe(r, next, all, ended)
		direct_end(r);
	vhd_io_end(flags);
}

/*
 * Two have to be done with a request that was submitted: the file, and who
 * submitted it, since file systems look at the vectors until they return. A file
 * system may leave something for a task to do then: for the submitter, if that one comes
 * last, or else for a worker, which does it for all that have come meanwhile. Any context,
 * unless @may_sleep.
 */
static void direct_put(struct vhd_request *r, bool may_sleep)
{
	struct vhd_ended *ended;

	if (!atomic_dec_and_test(&r->users))
		return;
	if (!r->iocb.dio_complete || may_sleep) {
		direct_end(r);
		return;
	}
	vhd_count(r->disk->counts, VHD_COUNT_LATE);
	/* whichever processor's: none needs to be this one's */
	ended = raw_cpu_ptr(r->disk->ended);
	if (llist_add(&r->ended, &ended->requests))
		queue_work(vhd_ended_wq, &ended->work);
}

static void direct_complete(struct kiocb *iocb, long ret)
{
	struct vhd_request *r = container_of(iocb, struct vhd_request, iocb);

	r->ret = ret;
	direct_put(r, false);
}

/* The submitter is done with all that it holds. */
static void batch_put(struct vhd_batch *batch, bool may_sleep)
{
	struct vhd_request *r, *next;

	r = batch->held;
	batch->held = NULL;
	for (; r; r = next) {
		next = r->next;
		direct_put(r, may_sleep);
	}
}

/* What the submitter goes to sleep for may be what it holds. */
static void batch_sleeps(struct blk_plug_cb *cb, bool from_schedule)
{
	struct vhd_batch *batch = container_of(cb, struct vhd_batch, sleeps);

	/* it has been taken off the plug's list */
	INIT_LIST_HEAD(&cb->list);
	if (from_schedule)
		batch_put(batch, false);
}

static void batch_hold(struct vhd_batch *batch, struct vhd_request *r)
{
	r->next = batch->held;
	batch->held = r;
	if (list_empty(&batch->sleeps.list))
		list_add(&batch->sleeps.list, &batch->plug.cb_list);
}

/*
 * What file systems make of a batch goes to their devices together, and before the
 * submitter is done with any of it: what a quick device has written by then needs no worker.
 *
 * It has a plug of its own. The task's is being emptied, which is why we are called: what was put
 * into it would go to the devices when this has returned.
 */
static void batch_begin(struct vhd_batch *batch)
{
	batch->held = NULL;
	batch->sleeps.callback = batch_sleeps;
	INIT_LIST_HEAD(&batch->sleeps.list);
	batch->outer = current->plug;
	/* blk_plug_invalidate_ts(): by this flag the scheduler expects a plug */
	if (batch->outer)
		batch->outer->cur_ktime = 0;
	current->flags &= ~PF_BLOCK_TS;
	current->plug = NULL;
	blk_start_plug(&batch->plug);
}

static void batch_end(struct vhd_batch *batch)
{
	blk_finish_plug(&batch->plug);
	current->plug = batch->outer;
	batch_put(batch, true);
}

/* May somebody freeze the file system? The iocb is set up. */
static bool direct_start_write(struct kiocb *iocb, bool nowait)
{
	struct super_block *sb = file_inode(iocb->ki_filp)->i_sb;

	if (!nowait) {
		kiocb_start_write(iocb);
		return true;
	}
	if (!sb_start_write_trylock(sb))
		return false;
	/* it is released by another context */
	__sb_writers_release(sb, SB_FREEZE_WRITE);
	return true;
}

/*
 * All of a request at one place of a file. Returns 0: the request is not the
 * caller's any more; -EAGAIN: nothing has happened.
 */
static int direct_submit(struct vhd_request *r, struct vhd_backing *b, u64 pos, bool nowait)
{
	struct request *rq = rq_of(r);
	bool write = op_is_write(req_op(rq));
	struct kiocb *iocb = &r->iocb;
	struct iov_iter iter;
	long ret;

	if (request_iter(r, write ? ITER_SOURCE : ITER_DEST, &iter))
		return -EAGAIN;
	*iocb = (struct kiocb) {
		.ki_filp = b->file,
		.ki_pos = pos,
		.ki_complete = direct_complete,
		.ki_flags = IOCB_DIRECT,
		.ki_ioprio = req_get_ioprio(rq),
	};
	if (nowait && b->nowait)
		iocb->ki_flags |= IOCB_NOWAIT;
	if (write) {
		iocb->ki_flags |= IOCB_WRITE | IOCB_DIO_CALLER_COMP;
		if (rq->cmd_flags & REQ_FUA)
			iocb->ki_flags |= IOCB_DSYNC;
		if (!direct_start_write(iocb, nowait)) {
			request_iter_done(r);
			return -EAGAIN;
		}
	}
	r->early = nowait;
	vhd_count(r->disk->counts, VHD_COUNT_DIRECT);
	trace_vhd_direct(rq, pos, nowait);
	atomic_set(&r->users, 2);
	if (write)
		ret = b->file->f_op->write_iter(iocb, &iter);
	else
		ret = b->file->f_op->read_iter(iocb, &iter);
	if (ret == -EIOCBQUEUED && r->batch) {
		batch_hold(r->batch, r);
		return 0;
	}
	if (ret != -EIOCBQUEUED)
		direct_complete(iocb, ret);
	direct_put(r, true);
	return 0;
}

static void zero_request(struct request *rq)
{
	struct bio *bio;

	__rq_for_each_bio(bio, rq)
		zero_fill_bio(bio);
}

static int read_whole(struct vhd_request *r, bool nowait)
{
	struct request *rq = rq_of(r);
	struct vhd_backing *b;
	struct vhd_spot spot;
	int ret;

	ret = vhd_layers_find(&r->disk->chain, (u64)blk_rq_pos(rq) << SECTOR_SHIFT,
			      blk_rq_bytes(rq), nowait, &spot);
	if (ret)
		return ret;
	if (spot.len < blk_rq_bytes(rq))
		return -EAGAIN;
	if (spot.where == VHD_WHERE_ZERO) {
		vhd_count(r->disk->counts, VHD_COUNT_ZEROS);
		trace_vhd_zeros(rq);
		zero_request(rq);
		request_end(r, blk_rq_bytes(rq));
		return 0;
	}
	b = &spot.layer->backing;
	if (!b->direct || (nowait && !b->nowait && !b->in_memory))
		return -EAGAIN;
	return direct_submit(r, b, spot.data, nowait);
}

static int write_whole(struct vhd_request *r, bool nowait)
{
	struct vhd_layer *top = vhd_disk_top(r->disk);
	struct request *rq = rq_of(r);
	u64 pos = (u64)blk_rq_pos(rq) << SECTOR_SHIFT;
	u64 len = blk_rq_bytes(rq);
	struct vhd_bits_chunk *chunk;
	struct vhd_spot spot;
	int ret;

	if (!top->backing.direct)
		return -EAGAIN;
	/* Pairs with change_start_locked(). */
	if (!smp_load_acquire(&top->started))
		return -EAGAIN;
	ret = vhd_layer_find(top, pos, len, nowait, &spot);
	if (ret)
		return ret;
	if (!spot.placed)
		return -EAGAIN;
	/* new pages would be charged to who submits */
	if (nowait && !top->backing.nowait &&
	    !vhd_backing_in_memory(&top->backing, spot.data, len))
		return -EAGAIN;
	if (spot.where != VHD_WHERE_DATA || spot.len < len) {
		if (!spot.bitmap)
			return -EAGAIN;
		/* the place is one, whatever the bits say of it; all of it is set then */
		chunk = vhd_bits_get(&top->bits, pos / top->img.sector_size, nowait);
		if (IS_ERR(chunk))
			return -EAGAIN;
		r->chunk = chunk;
	}
	ret = direct_submit(r, &top->backing, spot.data, nowait);
	if (ret)
		request_bits(r, false);
	return ret;
}

static int read_parts(struct vhd_request *r, u64 pos, u64 len, struct iov_iter *iter)
{
	struct vhd_spot spot;
	int ret = 0;

	for (; len && !ret; pos += spot.len, len -= spot.len) {
		ret = vhd_layers_find(&r->disk->chain, pos, len, false, &spot);
		if (ret)
			break;
		if (spot.where == VHD_WHERE_ZERO) {
			if (iov_iter_zero(spot.len, iter) != spot.len)
				ret = -EIO;
		} else {
			ret = vhd_backing_rw(&spot.layer->backing, ITER_DEST, spot.data, spot.len,
					     iter, false);
		}
	}
	return ret;
}

static int write_part(struct vhd_layer *layer, u64 pos, const struct vhd_spot *spot,
		      struct iov_iter *iter, bool fua)
{
	u32 size = layer->img.sector_size;
	struct vhd_bits_chunk *chunk = NULL;
	int ret;

	if (spot->where == VHD_WHERE_PARENT) {
		chunk = vhd_change_bits(layer, pos / size);
		if (IS_ERR(chunk))
			return PTR_ERR(chunk);
	}
	ret = vhd_backing_rw(&layer->backing, ITER_SOURCE, spot->data, spot->len, iter, fua);
	if (chunk && ret)
		vhd_bits_put(&layer->bits, chunk);
	else if (chunk)
		vhd_bits_set(&layer->bits, chunk, pos / size, spot->len / size);
	return ret;
}

/**
 * vhd_write_parts() - write to the disk of an image, and wait for each part
 * @layer: the image; vhd_change_start() was called
 * @pos: byte of the disk, whole sectors
 * @len: bytes, whole sectors
 * @iter: has them, and goes on behind them
 * @fua: each part is to be on stable storage
 *
 * Context: may sleep.
 * Return: 0 or a negative errno; some of it may be written then.
 */
int vhd_write_parts(struct vhd_layer *layer, u64 pos, u64 len, struct iov_iter *iter, bool fua)
{
	struct vhd_spot spot;
	int ret = 0;

	for (; len && !ret; pos += spot.len, len -= spot.len) {
		ret = vhd_layer_find(layer, pos, len, false, &spot);
		if (ret)
			break;
		if (spot.placed) {
			ret = write_part(layer, pos, &spot, iter, fua);
		} else {
			ret = vhd_change_alloc(layer, pos >> layer->img.block_shift);
			trace_vhd_block(layer->backing.path, pos >> layer->img.block_shift, ret);
			spot.len = 0;
		}
	}
	return ret;
}

/* By parts, each of which is waited for. */
static int request_parts(struct vhd_request *r)
{
	struct vhd_layer *top = vhd_disk_top(r->disk);
	struct request *rq = rq_of(r);
	u64 pos = (u64)blk_rq_pos(rq) << SECTOR_SHIFT;
	bool write = op_is_write(req_op(rq));
	struct iov_iter iter;
	int ret;

	vhd_count(r->disk->counts, VHD_COUNT_PARTS);
	trace_vhd_parts(rq);
	ret = request_iter(r, write ? ITER_SOURCE : ITER_DEST, &iter);
	if (ret)
		return ret;
	if (write)
		ret = vhd_change_start(top) ?:
			vhd_write_parts(top, pos, blk_rq_bytes(rq), &iter,
					rq->cmd_flags & REQ_FUA);
	else
		ret = read_parts(r, pos, blk_rq_bytes(rq), &iter);
	request_iter_done(r);
	return ret;
}

/*
 * Returns 0: the request is not the caller's any more; -EALREADY: it is done;
 * -EAGAIN: nothing has happened, and it has to wait or to go by parts; or why it
 * failed.
 */
static int request_rw(struct vhd_request *r, bool nowait)
{
	if (r->slow)
		return request_parts(r) ?: -EALREADY;
	return op_is_write(req_op(rq_of(r))) ? write_whole(r, nowait) : read_whole(r, nowait);
}

static int request_other(struct vhd_request *r)
{
	struct vhd_layer *top = vhd_disk_top(r->disk);
	struct request *rq = rq_of(r);
	u64 pos = (u64)blk_rq_pos(rq) << SECTOR_SHIFT;
	int ret;

	vhd_count(r->disk->counts, req_op(rq) == REQ_OP_FLUSH ? VHD_COUNT_FLUSHES :
								VHD_COUNT_PUNCHES);
	if (req_op(rq) == REQ_OP_FLUSH)
		return vhd_change_flush(top);
	ret = vhd_change_start(top);
	if (ret)
		return ret;
	if (req_op(rq) == REQ_OP_DISCARD)
		return vhd_change_discard(top, pos, blk_rq_bytes(rq));
	return vhd_change_zero(top, pos, blk_rq_bytes(rq), !(rq->cmd_flags & REQ_NOUNMAP));
}

static void request_work(struct work_struct *work)
{
	struct vhd_request *r = container_of(work, struct vhd_request, work);
	struct request *rq = rq_of(r);
	unsigned int flags = vhd_io_begin();
	int ret;

	r->batch = NULL;
	vhd_count(r->disk->counts, VHD_COUNT_WORKER);
	trace_vhd_worker(rq);
	if (req_op(rq) != REQ_OP_READ && req_op(rq) != REQ_OP_WRITE) {
		request_end(r, request_other(r));
	} else {
		ret = request_rw(r, false);
		if (ret == -EAGAIN) {
			r->slow = true;
			ret = request_rw(r, false);
		}
		if (ret == -EALREADY)
			request_end(r, blk_rq_bytes(rq));
		else if (ret)
			request_end(r, ret);
	}
	vhd_io_end(flags);
}

/*
 * File systems may be entered by who submits a request, unless it is in one
 * already and that one would mind: inside a transaction, when it was called to
 * free memory, or with little of its stack left.
 */
static bool may_enter(bool write)
{
	/* a limit on the size of files is not one on disks */
	if (write && rlimit(RLIMIT_FSIZE) != RLIM_INFINITY)
		return false;
	return !current->journal_info && !(current->flags & PF_MEMALLOC) &&
	       current_stack_pointer - (unsigned long)end_of_stack(current) > THREAD_SIZE / 2;
}

/* Returns 0 if the request is in good hands, -EAGAIN if it has to wait. */
static int request_now(struct vhd_request *r)
{
	if (!may_enter(op_is_write(req_op(rq_of(r)))))
		return -EAGAIN;
	return request_rw(r, true);
}

/**
 * struct files_entered - what a task has set aside
 * @list: bios that wait until it returns
 * @noio: of its flags
 */
struct files_entered {
	struct bio_list *list;
	unsigned int noio;
};

/* Before file systems are entered by a task that is about something else. */
static void files_enter(struct files_entered *e)
{
	e->noio = memalloc_noio_save();
	/*
	 * Not all file systems keep the promise not to wait. What is waited for
	 * must not be put on the list of what is submitted when this returns.
	 */
	e->list = current->bio_list;
	current->bio_list = NULL;
}

static void files_leave(const struct files_entered *e)
{
	current->bio_list = e->list;
	memalloc_noio_restore(e->noio);
}

static void request_start(struct request *rq, struct vhd_batch *batch)
{
	struct vhd_request *r = blk_mq_rq_to_pdu(rq);
	int ret = -EAGAIN;

	blk_mq_start_request(rq);
	INIT_WORK(&r->work, request_work);
	r->disk = rq->q->disk->private_data;
	r->batch = batch;
	r->vecs = NULL;
	r->chunk = NULL;
	r->slow = false;
	/* that the device is read-only is only a hint to who writes to it */
	if (op_is_write(req_op(rq)) && req_op(rq) != REQ_OP_FLUSH &&
	    !vhd_disk_top(r->disk)->backing.writable)
		ret = -EROFS;
	else if (req_op(rq) == REQ_OP_READ || req_op(rq) == REQ_OP_WRITE)
		ret = request_now(r);
	if (ret == -EAGAIN)
		queue_work(r->disk->wq, &r->work);
	else if (ret)
		request_end(r, ret);
}

/**
 * vhd_queue_rq() - take a request
 * @hctx: of the disk
 * @bd: the request
 *
 * Context: may sleep.
 * Return: BLK_STS_OK; how it ends is said later.
 */
blk_status_t vhd_queue_rq(struct blk_mq_hw_ctx *hctx, const struct blk_mq_queue_data *bd)
{
	struct files_entered e;

	files_enter(&e);
	request_start(bd->rq, NULL);
	files_leave(&e);
	return BLK_STS_OK;
}

/* Requests of one disk that came together, and follow each other by rq_next. */
static void requests_start(struct request *rq)
{
	struct files_entered e;
	struct vhd_batch batch;
	struct request *next;

	files_enter(&e);
	batch_begin(&batch);
	for (; rq; rq = next) {
		next = rq->rq_next;
		request_start(rq, &batch);
	}
	batch_end(&batch);
	files_leave(&e);
}

/**
 * vhd_queue_rqs() - take requests
 * @list: of one disk; is emptied
 *
 * Context: may sleep.
 */
#ifdef rq_list_pop
void vhd_queue_rqs(struct request **list)
{
	struct request *first = *list;

	*list = NULL;
	requests_start(first);
}
#else
void vhd_queue_rqs(struct rq_list *list)
{
	struct request *first = rq_list_peek(list);

	rq_list_init(list);
	requests_start(first);
}
#endif
