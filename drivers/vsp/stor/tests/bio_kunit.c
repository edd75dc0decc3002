// SPDX-License-Identifier: GPL-2.0-only
/*
 * bios on a disk with a single tag, that holds each request until the test ends
 * it. A test that waits where it should not does not come back.
 */
#include <kunit/test.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/module.h>
#include <linux/wait.h>

#include "bio.h"

#define DISK_SECTORS	4096
#define DISK_LOG	16
#define DISK_MAX_BYTES	SZ_8K
#define PATIENCE	(10 * HZ)

struct started {
	sector_t sector;
	unsigned int bytes;
	blk_opf_t opf;
};

/* one request at a time, so what was started is a list in time */
struct disk {
	struct blk_mq_tag_set set;
	struct gendisk *disk;
	struct vsp_stor_backlog backlog;
	spinlock_t lock;		/* all below */
	wait_queue_head_t wait;
	struct request *rq;
	unsigned int nr_started;
	struct started log[DISK_LOG];
};

/* what a bio of a test came to */
struct outcome {
	struct disk *disk;
	unsigned int ends;
	blk_status_t status;
	sector_t sector;
	struct page *page;
};

static blk_status_t disk_queue_rq(struct blk_mq_hw_ctx *hctx,
				  const struct blk_mq_queue_data *bd)
{
	struct disk *d = hctx->queue->queuedata;
	struct request *rq = bd->rq;
	struct started *s;

	blk_mq_start_request(rq);
	spin_lock_irq(&d->lock);
	s = &d->log[d->nr_started % DISK_LOG];
	s->sector = blk_rq_pos(rq);
	s->bytes = blk_rq_bytes(rq);
	s->opf = rq->cmd_flags;
	d->rq = rq;
	d->nr_started++;
	spin_unlock_irq(&d->lock);
	wake_up(&d->wait);
	return BLK_STS_OK;
}

static const struct blk_mq_ops disk_ops = {
	.queue_rq = disk_queue_rq,
};

static int disk_init(struct kunit *test)
{
	struct queue_limits lim = {
		.features = BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA,
		.max_hw_sectors = DISK_MAX_BYTES >> SECTOR_SHIFT,
	};
	struct disk *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	int ret;

	if (!d)
		return -ENOMEM;
	d->set.ops = &disk_ops;
	d->set.nr_hw_queues = 1;
	d->set.queue_depth = 1;
	d->set.numa_node = NUMA_NO_NODE;
	d->set.flags = BLK_MQ_F_SHOULD_MERGE | BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	ret = blk_mq_alloc_tag_set(&d->set);
	if (ret)
		return ret;
	d->disk = blk_mq_alloc_disk(&d->set, &lim, d);
	if (IS_ERR(d->disk)) {
		blk_mq_free_tag_set(&d->set);
		return PTR_ERR(d->disk);
	}
	set_capacity(d->disk, DISK_SECTORS);
	spin_lock_init(&d->lock);
	init_waitqueue_head(&d->wait);
	vsp_stor_backlog_init(&d->backlog);
	test->priv = d;
	return 0;
}

static void disk_exit(struct kunit *test)
{
	struct disk *d = test->priv;

	if (!d)
		return;
	vsp_stor_backlog_flush(&d->backlog);
	put_disk(d->disk);
	blk_mq_free_tag_set(&d->set);
}

/* Wait until @n requests have been started in all. */
static void disk_wait(struct kunit *test, unsigned int n)
{
	struct disk *d = test->priv;

	wait_event_timeout(d->wait, READ_ONCE(d->nr_started) >= n, PATIENCE);
	KUNIT_EXPECT_EQ(test, READ_ONCE(d->nr_started), n);
}

/* End the request that was started last; what is read is the sector's number. */
static void disk_end(struct kunit *test, blk_status_t status)
{
	struct disk *d = test->priv;
	struct req_iterator iter;
	struct request *rq;
	struct bio_vec bv;
	sector_t sector;

	spin_lock_irq(&d->lock);
	rq = d->rq;
	d->rq = NULL;
	spin_unlock_irq(&d->lock);
	KUNIT_ASSERT_NOT_NULL(test, rq);
	if (req_op(rq) == REQ_OP_READ && !status) {
		sector = blk_rq_pos(rq);
		rq_for_each_segment(bv, rq, iter) {
			*(u64 *)(page_address(bv.bv_page) + bv.bv_offset) = sector;
			sector += bv.bv_len >> SECTOR_SHIFT;
		}
	}
	blk_mq_end_request(rq, status);
}

static void test_end_io(struct bio *bio)
{
	struct outcome *o = bio->bi_private;

	if (vsp_stor_bio_postponed(bio))
		return;
	o->status = bio->bi_status;
	o->sector = bio->bi_iter.bi_sector;
	o->ends++;
	bio_put(bio);
	wake_up(&o->disk->wait);
}

static void submit(struct kunit *test, struct outcome *o, blk_opf_t opf,
		   sector_t sector, unsigned int pages)
{
	unsigned int i, order = order_base_2(pages);
	struct disk *d = test->priv;
	struct bio *bio;

	memset(o, 0, sizeof(*o));
	o->disk = d;
	bio = vsp_stor_bio_alloc(d->disk->part0, pages, opf);
	if (pages) {
		o->page = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
		KUNIT_ASSERT_NOT_NULL(test, o->page);
	}
	for (i = 0; i < pages; i++)
		__bio_add_page(bio, o->page + i, PAGE_SIZE, 0);
	bio->bi_iter.bi_sector = sector;
	bio->bi_private = o;
	bio->bi_end_io = test_end_io;
	vsp_stor_bio_submit(bio, &d->backlog, true);
}

static void expect_end(struct kunit *test, struct outcome *o, blk_status_t status)
{
	wait_event_timeout(o->disk->wait, READ_ONCE(o->ends), PATIENCE);
	KUNIT_EXPECT_EQ(test, o->ends, 1);
	KUNIT_EXPECT_EQ(test, (__force int)o->status, (__force int)status);
}

static void outcome_free(struct outcome *o, unsigned int pages)
{
	__free_pages(o->page, order_base_2(pages));
}

/* There is room: nobody else is asked, and what was started does not wait. */
static void bio_room(struct kunit *test)
{
	struct disk *d = test->priv;
	struct outcome o;

	submit(test, &o, REQ_OP_READ, 64, 1);
	KUNIT_EXPECT_EQ(test, d->nr_started, 1);
	KUNIT_EXPECT_TRUE(test, d->log[0].opf & REQ_NOWAIT);
	disk_end(test, BLK_STS_OK);
	expect_end(test, &o, BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, d->backlog.total, 0);
	KUNIT_EXPECT_EQ(test, *(u64 *)page_address(o.page), 64);
	outcome_free(&o, 1);
}

/* There is none: the submission comes back, and all go in their order. */
static void bio_no_room(struct kunit *test)
{
	struct disk *d = test->priv;
	struct outcome o[5];
	int i;

	for (i = 0; i < ARRAY_SIZE(o); i++)
		submit(test, &o[i], REQ_OP_READ, 128 * (i + 1), 1);
	KUNIT_EXPECT_EQ(test, d->backlog.total, ARRAY_SIZE(o) - 1);
	for (i = 0; i < ARRAY_SIZE(o); i++) {
		disk_wait(test, i + 1);
		KUNIT_EXPECT_EQ(test, d->log[i].sector, 128 * (i + 1));
		KUNIT_EXPECT_EQ(test, d->log[i].bytes, PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, !!(d->log[i].opf & REQ_NOWAIT), !i);
		KUNIT_EXPECT_EQ(test, o[i].ends, 0);
		disk_end(test, BLK_STS_OK);
		expect_end(test, &o[i], BLK_STS_OK);
		KUNIT_EXPECT_EQ(test, *(u64 *)page_address(o[i].page), 128 * (i + 1));
		outcome_free(&o[i], 1);
	}
	/* the backlog is empty again, and so out of the way */
	vsp_stor_backlog_flush(&d->backlog);
	submit(test, &o[0], REQ_OP_READ, 0, 1);
	KUNIT_EXPECT_EQ(test, d->nr_started, ARRAY_SIZE(o) + 1);
	disk_end(test, BLK_STS_OK);
	expect_end(test, &o[0], BLK_STS_OK);
	outcome_free(&o[0], 1);
	KUNIT_EXPECT_EQ(test, d->backlog.total, ARRAY_SIZE(o) - 1);
}

/* Flushes and forced writes are that the second time as well. */
static void bio_flags(struct kunit *test)
{
	struct disk *d = test->priv;
	struct outcome o[3];

	submit(test, &o[0], REQ_OP_READ, 0, 1);
	submit(test, &o[1], REQ_OP_WRITE | REQ_SYNC | REQ_IDLE | REQ_FUA, 8, 1);
	submit(test, &o[2], REQ_OP_WRITE | REQ_PREFLUSH, 0, 0);
	disk_end(test, BLK_STS_OK);
	expect_end(test, &o[0], BLK_STS_OK);

	disk_wait(test, 2);
	KUNIT_EXPECT_EQ(test, d->log[1].sector, 8);
	KUNIT_EXPECT_EQ(test, (__force u32)(d->log[1].opf & REQ_OP_MASK),
			(__force u32)REQ_OP_WRITE);
	KUNIT_EXPECT_TRUE(test, d->log[1].opf & REQ_FUA);
	KUNIT_EXPECT_TRUE(test, d->log[1].opf & REQ_SYNC);
	KUNIT_EXPECT_FALSE(test, d->log[1].opf & REQ_NOWAIT);
	disk_end(test, BLK_STS_OK);
	expect_end(test, &o[1], BLK_STS_OK);

	disk_wait(test, 3);
	KUNIT_EXPECT_EQ(test, (__force u32)(d->log[2].opf & REQ_OP_MASK),
			(__force u32)REQ_OP_FLUSH);
	KUNIT_EXPECT_EQ(test, o[2].ends, 0);
	disk_end(test, BLK_STS_OK);
	expect_end(test, &o[2], BLK_STS_OK);
	outcome_free(&o[0], 1);
	outcome_free(&o[1], 1);
}

/* What goes wrong the second time is told, and where. */
static void bio_error(struct kunit *test)
{
	struct outcome o[3];

	submit(test, &o[0], REQ_OP_READ, 0, 1);
	submit(test, &o[1], REQ_OP_READ, 80, 1);
	submit(test, &o[2], REQ_OP_WRITE | REQ_PREFLUSH, 0, 0);
	disk_end(test, BLK_STS_IOERR);
	expect_end(test, &o[0], BLK_STS_IOERR);
	disk_wait(test, 2);
	disk_end(test, BLK_STS_MEDIUM);
	expect_end(test, &o[1], BLK_STS_MEDIUM);
	KUNIT_EXPECT_EQ(test, o[1].sector, 80);
	disk_wait(test, 3);
	disk_end(test, BLK_STS_NOSPC);
	expect_end(test, &o[2], BLK_STS_NOSPC);
	outcome_free(&o[0], 1);
	outcome_free(&o[1], 1);
}

/*
 * A bio that is too large for the disk is not split where one may not wait,
 * though there is room: the parts are started elsewhere, each of them once.
 */
static void bio_large(struct kunit *test)
{
	const unsigned int pages = 2 * DISK_MAX_BYTES / PAGE_SIZE;
	struct disk *d = test->priv;
	struct outcome o;
	int i;

	submit(test, &o, REQ_OP_READ, 256, pages);
	KUNIT_EXPECT_EQ(test, d->backlog.total, 1);
	for (i = 0; i < 2; i++) {
		disk_wait(test, i + 1);
		KUNIT_EXPECT_EQ(test, d->log[i].sector,
				256 + i * (DISK_MAX_BYTES >> SECTOR_SHIFT));
		KUNIT_EXPECT_EQ(test, d->log[i].bytes, DISK_MAX_BYTES);
		KUNIT_EXPECT_EQ(test, o.ends, 0);
		disk_end(test, BLK_STS_OK);
	}
	expect_end(test, &o, BLK_STS_OK);
	vsp_stor_backlog_flush(&d->backlog);
	KUNIT_EXPECT_EQ(test, d->nr_started, 2);
	for (i = 0; i < pages; i++)
		KUNIT_EXPECT_EQ(test, *(u64 *)page_address(o.page + i),
				256 + i * (PAGE_SIZE >> SECTOR_SHIFT));
	outcome_free(&o, pages);
}

static struct kunit_case bio_cases[] = {
	KUNIT_CASE(bio_room),
	KUNIT_CASE(bio_no_room),
	KUNIT_CASE(bio_flags),
	KUNIT_CASE(bio_error),
	KUNIT_CASE(bio_large),
	{}
};

static struct kunit_suite bio_suite = {
	.name = "vsp_stor_bio",
	.init = disk_init,
	.exit = disk_exit,
	.test_cases = bio_cases,
};

kunit_test_suite(bio_suite);

MODULE_DESCRIPTION("KUnit: bios that a disk has no room for");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
