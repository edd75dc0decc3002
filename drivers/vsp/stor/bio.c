// SPDX-License-Identifier: GPL-2.0-only
/*
 * bios that are submitted without waiting, and once more by somebody who may
 * wait if the device would not have them.
 *
 * In a vCPU's thread, waiting for a tag of the device means that the guest
 * stands still, with all that it could do other than wait for this disk. So
 * there bios carry REQ_NOWAIT. One that ends with BLK_STS_AGAIN was not
 * started; it goes to the logical unit's backlog, whose work submits it once
 * more, without that flag. Until the backlog is empty, what comes from vCPUs
 * goes there at once: nothing overtakes what waits already, and no time is spent
 * on asking a device that has just said no.
 *
 * The block layer says no as well to a bio that it would have to split, and to
 * all of it, since it could not take it back when only the second half finds no
 * tag. So the backlog is the place for these too. A transfer of several bios
 * has each of them started once, wherever that is, and ends when all have.
 *
 * The second time the pages are submitted in a bio of their own, which has no
 * history: drivers that stack on others move the first one to another device,
 * advance it and change its flags before they find out that they cannot go on.
 */
#define pr_fmt(fmt) "vsp_stor: " fmt

#include <kunit/visibility.h>
#include <linux/bio.h>
#include <linux/blk-cgroup.h>
#include <linux/blkdev.h>
#include <linux/ioprio.h>
#include <linux/uio.h>

#include "bio.h"

/* bios that can be had when memory is short */
#define BIO_POOL	64

/**
 * struct vsp_stor_bio - a bio and what it takes to submit it once more
 * @backlog: where it goes if it could not be started; NULL the last time
 * @bdev: as submitted, here and to @opf, if there is a @backlog
 * @iter: as submitted
 * @opf: as submitted, but for REQ_NOWAIT
 * @again: submitted in the place of @bio, which keeps the pages
 * @bio: the bio; last, its vectors follow it
 */
struct vsp_stor_bio {
	struct vsp_stor_backlog *backlog;
	struct block_device *bdev;
	struct bvec_iter iter;
	blk_opf_t opf;
	struct bio again;
	struct bio bio;
};

static struct bio_set bio_set;
/* One work at most per logical unit; it waits as long as the device does. */
static struct workqueue_struct *backlog_wq;

static struct vsp_stor_bio *stor_bio(struct bio *bio)
{
	return container_of(bio, struct vsp_stor_bio, bio);
}

/**
 * vsp_stor_bio_init - set up memory for bios
 *
 * Return: 0 or -ENOMEM.
 */
int vsp_stor_bio_init(void)
{
	int ret;

	backlog_wq = alloc_workqueue("vsp_stor_backlog", WQ_UNBOUND,
				     WQ_UNBOUND_MAX_ACTIVE);
	if (!backlog_wq)
		return -ENOMEM;
	ret = bioset_init(&bio_set, BIO_POOL, offsetof(struct vsp_stor_bio, bio),
			  BIOSET_NEED_BVECS | BIOSET_PERCPU_CACHE);
	if (ret)
		destroy_workqueue(backlog_wq);
	return ret;
}

/**
 * vsp_stor_bio_exit - the opposite
 */
void vsp_stor_bio_exit(void)
{
	bioset_exit(&bio_set);
	destroy_workqueue(backlog_wq);
}

/* The second time has ended; tell those who wait for the first. Any context. */
static void again_end_io(struct bio *again)
{
	struct bio *bio = again->bi_private;

	bio->bi_status = again->bi_status;
	/* how far it got, and in whose sectors that is said */
	bio->bi_iter = again->bi_iter;
	bio_clear_flag(bio, BIO_REMAPPED);
	if (bio_flagged(again, BIO_REMAPPED))
		bio_set_flag(bio, BIO_REMAPPED);
	bio_uninit(again);
	bio->bi_end_io(bio);
}

static void bio_submit_again(struct bio *bio)
{
	struct vsp_stor_bio *sb = stor_bio(bio);
	struct bio *again = &sb->again;
	struct iov_iter iter;

	/* however it ends, this is the end */
	sb->backlog = NULL;
	bio_init(again, sb->bdev, NULL, 0, sb->opf & ~REQ_ALLOC_CACHE);
	/* not this thread's account, and not its priority */
	bio_clone_blkg_association(again, bio);
	again->bi_ioprio = bio->bi_ioprio;
	again->bi_private = bio;
	again->bi_end_io = again_end_io;
	if (sb->iter.bi_size) {
		iov_iter_bvec(&iter, op_is_write(sb->opf) ? ITER_SOURCE : ITER_DEST,
			      bio->bi_io_vec, bio->bi_vcnt, sb->iter.bi_size);
		/* refers to the table of vectors, and does not fail */
		bio_iov_iter_get_pages(again, &iter);
	}
	again->bi_iter.bi_sector = sb->iter.bi_sector;
	submit_bio(again);
}

static void backlog_work(struct work_struct *work)
{
	struct vsp_stor_backlog *backlog = container_of(work, struct vsp_stor_backlog,
							work);
	struct bio_list bios;
	struct blk_plug plug;
	struct bio *bio;

	for (;;) {
		spin_lock_irq(&backlog->lock);
		bios = backlog->bios;
		bio_list_init(&backlog->bios);
		if (bio_list_empty(&bios))
			WRITE_ONCE(backlog->busy, false);
		spin_unlock_irq(&backlog->lock);
		if (bio_list_empty(&bios))
			return;

		blk_start_plug(&plug);
		while ((bio = bio_list_pop(&bios))) {
			bio_submit_again(bio);
			cond_resched();
		}
		blk_finish_plug(&plug);
	}
}

/**
 * vsp_stor_backlog_init - begin with nothing
 * @backlog: of a logical unit
 */
void vsp_stor_backlog_init(struct vsp_stor_backlog *backlog)
{
	spin_lock_init(&backlog->lock);
	bio_list_init(&backlog->bios);
	backlog->busy = false;
	backlog->total = 0;
	INIT_WORK(&backlog->work, backlog_work);
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_backlog_init);

/**
 * vsp_stor_backlog_flush - wait until nobody uses a backlog any more
 * @backlog: all of its bios have ended
 *
 * Context: may sleep.
 */
void vsp_stor_backlog_flush(struct vsp_stor_backlog *backlog)
{
	flush_work(&backlog->work);
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_backlog_flush);

static void backlog_add(struct vsp_stor_backlog *backlog, struct bio *bio)
{
	unsigned long flags;
	bool idle;

	spin_lock_irqsave(&backlog->lock, flags);
	bio_list_add(&backlog->bios, bio);
	idle = !backlog->busy;
	WRITE_ONCE(backlog->busy, true);
	WRITE_ONCE(backlog->total, backlog->total + 1);
	spin_unlock_irqrestore(&backlog->lock, flags);
	if (idle)
		queue_work(backlog_wq, &backlog->work);
}

/**
 * vsp_stor_bio_alloc - get a bio
 * @bdev: the device
 * @nr_vecs: room for so many vectors
 * @opf: operation and flags
 *
 * Context: may sleep.
 * Return: it.
 */
struct bio *vsp_stor_bio_alloc(struct block_device *bdev, unsigned short nr_vecs,
			       blk_opf_t opf)
{
	struct bio *bio;

	bio = bio_alloc_bioset(bdev, nr_vecs, opf | REQ_ALLOC_CACHE, GFP_KERNEL,
			       &bio_set);
	stor_bio(bio)->backlog = NULL;
	return bio;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_bio_alloc);

/**
 * vsp_stor_bio_submit - submit a bio
 * @bio: from vsp_stor_bio_alloc(); its bi_end_io has to begin with
 *	vsp_stor_bio_postponed()
 * @backlog: where it may go
 * @nowait: this thread is not to wait for the device
 *
 * Where the device cannot do without waiting, this waits in spite of @nowait.
 *
 * Context: may sleep.
 */
void vsp_stor_bio_submit(struct bio *bio, struct vsp_stor_backlog *backlog,
			 bool nowait)
{
	struct vsp_stor_bio *sb = stor_bio(bio);

	if (nowait && bdev_nowait(bio->bi_bdev)) {
		sb->backlog = backlog;
		sb->bdev = bio->bi_bdev;
		sb->iter = bio->bi_iter;
		sb->opf = bio->bi_opf;
		if (unlikely(READ_ONCE(backlog->busy))) {
			bio->bi_ioprio = get_current_ioprio();
			backlog_add(backlog, bio);
			return;
		}
		bio->bi_opf |= REQ_NOWAIT;
	}
	submit_bio(bio);
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_bio_submit);

/**
 * vsp_stor_bio_postponed - has a bio ended only to be submitted once more?
 * @bio: the bio, in its bi_end_io
 *
 * Context: any, hard interrupts and the submission itself included.
 * Return: true if so: it is somebody else's, and will end once more.
 */
bool vsp_stor_bio_postponed(struct bio *bio)
{
	struct vsp_stor_backlog *backlog = stor_bio(bio)->backlog;

	if (likely(!bio->bi_status) || !backlog)
		return false;
	/* the latter when the device lost the ability after it was asked for it */
	if (bio->bi_status != BLK_STS_AGAIN && bio->bi_status != BLK_STS_NOTSUPP)
		return false;
	backlog_add(backlog, bio);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_bio_postponed);
