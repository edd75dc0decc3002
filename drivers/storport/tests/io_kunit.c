// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands through the mid-layer to disks that are made up: data, order,
 * batches, busy devices, poll queues, and a device that lies.
 */
#include <linux/blk-mq.h>
#include <linux/highmem.h>
#include <linux/module.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>
#include <scsi/scsi_tcq.h>

#include "../trace.h"
#include "fake.h"
#include "port.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

static int io_init(struct kunit *test)
{
	struct fake *fake = fake_alloc(test);

	fake_add(test, fake);
	fake_open(test, fake);
	return 0;
}

static void io_exit(struct kunit *test)
{
	if (test->priv)
		fake_free(test->priv);
}

static void io_scan(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct Scsi_Host *host = fake->adapter->host;

	KUNIT_EXPECT_TRUE(test, fake_sees(fake, 0));
	KUNIT_EXPECT_TRUE(test, fake_sees(fake, 1));
	KUNIT_EXPECT_FALSE(test, fake_sees(fake, 2));
	KUNIT_EXPECT_EQ(test, bdev_nr_sectors(fake->bdev), FAKE_BLOCKS);
	/* what the adapter's description has come to */
	KUNIT_EXPECT_EQ(test, host->can_queue, 16);
	KUNIT_EXPECT_EQ(test, fake->adapter->config.nr_queues,
			min(2U, nr_cpu_ids));
	KUNIT_EXPECT_EQ(test, host->tag_set.nr_hw_queues,
			fake->adapter->config.nr_queues);
	KUNIT_EXPECT_EQ(test, queue_virt_boundary(bdev_get_queue(fake->bdev)), 4095UL);
	/* however many queues there are */
	KUNIT_EXPECT_TRUE(test, host->tag_set.flags & BLK_MQ_F_NO_SCHED_BY_DEFAULT);
	KUNIT_EXPECT_GT(test, fake->builds, 0);
	KUNIT_EXPECT_EQ(test, fake->builds, fake->starts);
	KUNIT_EXPECT_GT(test, fake->commits, 0);
}

static void io_data(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *fb;
	int i;

	for (i = 0; i < 16; i++) {
		fb = fake_bio(test, fake, REQ_OP_WRITE, i * 8);
		memset(page_address(fb->page), 'a' + i, PAGE_SIZE);
		fake_bio_submit(fb);
		KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb), BLK_STS_OK);
	}
	for (i = 0; i < 16; i++) {
		fb = fake_bio(test, fake, REQ_OP_READ, i * 8);
		fake_bio_submit(fb);
		KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb), BLK_STS_OK);
		KUNIT_EXPECT_PTR_EQ(test, memchr_inv(page_address(fb->page), 'a' + i, PAGE_SIZE),
				    NULL);
	}
	KUNIT_EXPECT_EQ(test, fake->luns[0].data[0], 'a');
	KUNIT_EXPECT_EQ(test, fake->luns[0].data[15 * PAGE_SIZE], 'p');
	KUNIT_EXPECT_EQ(test, fake->luns[1].data[0], 0);
}

/* Many at a time, ended from the youngest to the oldest. */
static void io_order(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *fb[8];
	int i;

	fake->hold = -1;
	for (i = 0; i < 8; i++) {
		memset(fake->luns[0].data + i * 2 * PAGE_SIZE, '0' + i, PAGE_SIZE);
		fb[i] = fake_bio(test, fake, REQ_OP_READ, i * 16);
		fake_bio_submit(fb[i]);
	}
	FAKE_WAIT(test, fake_held(fake) == 8);
	for (i = 7; i >= 0; i--) {
		KUNIT_EXPECT_FALSE(test, completion_done(&fb[i]->done));
		KUNIT_EXPECT_EQ(test, fake_finish(fake, fake_held_id(fake, i)), 0);
		KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[i]), BLK_STS_OK);
		KUNIT_EXPECT_PTR_EQ(test,
				    memchr_inv(page_address(fb[i]->page), '0' + i, PAGE_SIZE),
				    NULL);
	}
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_STALE_ID), 0);
}

/* The queue of this CPU. */
static unsigned int queue_here(struct fake *fake)
{
	struct blk_mq_tag_set *set = &fake->adapter->host->tag_set;

	return set->map[HCTX_TYPE_DEFAULT].mq_map[raw_smp_processor_id()];
}

/* The device is told once of what comes together. */
static void io_batch(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct storport_port *port = storport_port_of(fake->adapter);
	struct storport_queue *queue;
	struct fake_bio *fb[8];
	struct blk_plug plug;
	int i, starts, commits;

	for (i = 0; i < 8; i++)
		fb[i] = fake_bio(test, fake, REQ_OP_WRITE, i * 16);
	starts = fake->starts;
	commits = fake->commits;
	/* all of one CPU's queue */
	migrate_disable();
	queue = &port->queues[queue_here(fake)];
	blk_start_plug(&plug);
	for (i = 0; i < 8; i++)
		fake_bio_submit(fb[i]);
	blk_finish_plug(&plug);
	migrate_enable();
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[i]), BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, fake->starts - starts, 8);
	KUNIT_EXPECT_EQ(test, fake->commits - commits, 1);
	KUNIT_EXPECT_EQ(test, queue->batch_max, 8);
	/* and may take its time */
	KUNIT_EXPECT_EQ(test, fake->commits_locked, 0);
}

static struct storport_completion good = {
	.srb_status = STORPORT_SRB_SUCCESS,
	.transferred = PAGE_SIZE,
};

/* A second outcome of the same command, then of its tag's next user. */
static void io_twice(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *a = fake_bio(test, fake, REQ_OP_READ, 0), *b;
	u64 id, next = 0;
	int i;

	/* tags belong to a queue, and so to a CPU */
	migrate_disable();
	fake->hold = -1;
	fake_bio_submit(a);
	FAKE_WAIT(test, fake_held(fake) == 1);
	id = fake_held_id(fake, 0);
	KUNIT_EXPECT_EQ(test, fake_finish(fake, id), 0);
	KUNIT_EXPECT_EQ(test, storport_complete(fake->adapter, id, &good), -ENOENT);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_STALE_ID), 1);
	KUNIT_EXPECT_EQ(test, fake_bio_wait(test, a), BLK_STS_OK);

	/* until the tag comes round */
	for (i = 0; i < 64; i++) {
		b = fake_bio(test, fake, REQ_OP_READ, 0);
		fake_bio_submit(b);
		FAKE_WAIT(test, fake_held(fake) == 1);
		next = fake_held_id(fake, 0);
		if (lower_32_bits(next) == lower_32_bits(id))
			break;
		fake_finish(fake, next);
		fake_bio_wait(test, b);
	}
	migrate_enable();
	KUNIT_ASSERT_EQ(test, lower_32_bits(next), lower_32_bits(id));
	KUNIT_EXPECT_NE(test, next, id);
	KUNIT_EXPECT_EQ(test, storport_complete(fake->adapter, id, &good), -ENOENT);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_STALE_ID), 2);
	KUNIT_EXPECT_FALSE(test, completion_done(&b->done));
	KUNIT_EXPECT_EQ(test, fake_finish(fake, next), 0);
	KUNIT_EXPECT_EQ(test, fake_bio_wait(test, b), BLK_STS_OK);
}

/* Ids that were never given out. */
static void io_foreign(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *fb = fake_bio(test, fake, REQ_OP_READ, 0);
	struct storport_adapter *adapter = fake->adapter;
	u64 id, bad[6];
	int i;

	fake->hold = -1;
	fake_bio_submit(fb);
	FAKE_WAIT(test, fake_held(fake) == 1);
	id = fake_held_id(fake, 0);

	bad[0] = 0;
	bad[1] = 17;				/* tag past the queue's depth */
	bad[2] = (64 << 16) + 1;		/* no such queue */
	bad[3] = U64_MAX;
	bad[4] = id | BIT_ULL(63);
	bad[5] = U32_MAX;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ(test, storport_complete(adapter, bad[i], &good), -ENOENT);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_UNKNOWN_ID), 6);

	/* another use of the same tag, and a tag that is not in use */
	KUNIT_EXPECT_EQ(test, storport_complete(adapter, id + BIT_ULL(32), &good), -ENOENT);
	KUNIT_EXPECT_EQ(test, storport_complete(adapter, lower_32_bits(id), &good), -ENOENT);
	KUNIT_EXPECT_EQ(test, storport_complete(adapter, id ^ 3, &good), -ENOENT);
	KUNIT_EXPECT_FALSE(test, completion_done(&fb->done));
	fake_release(fake);
	KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb), BLK_STS_OK);
}

/* Lengths that cannot be: the command fails, and is tried again. */
static void io_liar(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *fb;
	u8 sense[20] = { 0x70 };

	fake->outcome = (struct storport_completion){
		.srb_status = STORPORT_SRB_SUCCESS,
		.transferred = PAGE_SIZE + 1,
	};
	fake->inject = 1;
	fb = fake_bio(test, fake, REQ_OP_READ, 0);
	fake_bio_submit(fb);
	KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb), BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_BAD_LENGTH), 1);

	fake->outcome = (struct storport_completion){
		.srb_status = STORPORT_SRB_ERROR | STORPORT_SRB_AUTOSENSE_VALID,
		.scsi_status = SAM_STAT_CHECK_CONDITION,
		.sense = sense,
		.sense_length = 19,
	};
	fake->inject = -1;
	fb = fake_bio(test, fake, REQ_OP_READ, 0);
	fake_bio_submit(fb);
	KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb), BLK_STS_IOERR);
	KUNIT_EXPECT_GT(test, fake_counter(fake, STORPORT_CNT_BAD_SENSE), 1);

	/* says that all is well and moves nothing: no endless loop */
	fake->outcome = (struct storport_completion){
		.srb_status = STORPORT_SRB_SUCCESS,
	};
	fb = fake_bio(test, fake, REQ_OP_READ, 0);
	fake_bio_submit(fb);
	KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb), BLK_STS_IOERR);
	fake->inject = 0;
}

static void io_sense(struct kunit *test)
{
	static const u8 sense[18] = { 0x70, 0, MEDIUM_ERROR, 0, 0, 0, 0, 10,
				      0, 0, 0, 0, 0x11, 0x04 };
	struct fake *fake = test->priv;
	struct scsi_sense_hdr hdr;
	struct scsi_exec_args args = { .sshdr = &hdr };
	u8 cdb[16] = { READ_10, 0, 0, 0, 0, 0, 0, 0, 1 };
	struct scsi_device *sdev = fake_sdev(fake, 0);
	u8 *buf = kunit_kzalloc(test, FAKE_BLOCK, GFP_KERNEL);
	int resid = 0, ret;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	fake->outcome = (struct storport_completion){
		.srb_status = STORPORT_SRB_ERROR | STORPORT_SRB_AUTOSENSE_VALID,
		.scsi_status = SAM_STAT_CHECK_CONDITION,
		.sense = sense,
		.sense_length = sizeof(sense),
	};
	fake->inject = 1;
	ret = scsi_execute_cmd(sdev, cdb, REQ_OP_DRV_IN, buf, FAKE_BLOCK, HZ, 0, &args);
	KUNIT_EXPECT_TRUE(test, scsi_status_is_check_condition(ret));
	KUNIT_EXPECT_EQ(test, hdr.sense_key, MEDIUM_ERROR);
	KUNIT_EXPECT_EQ(test, hdr.asc, 0x11);
	KUNIT_EXPECT_EQ(test, hdr.ascq, 0x04);

	/* what cannot be sent at all, as the device says */
	fake->outcome = (struct storport_completion){
		.srb_status = STORPORT_SRB_INVALID_REQUEST,
	};
	fake->inject = 1;
	ret = scsi_execute_cmd(sdev, cdb, REQ_OP_DRV_IN, buf, FAKE_BLOCK, HZ, 0, &args);
	KUNIT_EXPECT_TRUE(test, scsi_status_is_check_condition(ret));
	KUNIT_EXPECT_EQ(test, hdr.sense_key, ILLEGAL_REQUEST);

	/* and as the miniport says */
	fake->busy_with = STORPORT_START_INVALID;
	fake->busy = 1;
	ret = scsi_execute_cmd(sdev, cdb, REQ_OP_DRV_IN, buf, FAKE_BLOCK, HZ, 0, &args);
	KUNIT_EXPECT_TRUE(test, scsi_status_is_check_condition(ret));
	KUNIT_EXPECT_EQ(test, hdr.sense_key, ILLEGAL_REQUEST);
	fake->busy_with = STORPORT_START_GONE;
	fake->busy = 1;
	ret = fake_read(sdev, 0, buf, HZ);
	KUNIT_EXPECT_EQ(test, host_byte(ret), DID_NO_CONNECT);

	/* an underrun of a command that can do with it */
	args.resid = &resid;
	fake->outcome = (struct storport_completion){
		.srb_status = STORPORT_SRB_DATA_OVERRUN,
		.transferred = 100,
	};
	fake->inject = 1;
	ret = scsi_execute_cmd(sdev, cdb, REQ_OP_DRV_IN, buf, FAKE_BLOCK, HZ, 0, &args);
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_EQ(test, resid, FAKE_BLOCK - 100);
	scsi_device_put(sdev);
}

/* Turned away by the miniport, and by the device, more than once. */
static void io_busy(struct kunit *test)
{
	static const enum storport_start kinds[] = {
		STORPORT_START_LUN_BUSY, STORPORT_START_ADAPTER_BUSY,
	};
	static const u8 statuses[] = { SAM_STAT_BUSY, SAM_STAT_TASK_SET_FULL };
	struct fake *fake = test->priv;
	struct scsi_device *sdev = fake_sdev(fake, 0);
	struct storport_stats before, sum;
	struct fake_bio *fb[4];
	int i, j;

	storport_lun_sum(storport_lun_of(sdev), &before);
	for (i = 0; i < 2; i++) {
		fake->busy_with = kinds[i];
		fake->busy = 5;
		for (j = 0; j < 4; j++) {
			fb[j] = fake_bio(test, fake, REQ_OP_WRITE, j * 16);
			fake_bio_submit(fb[j]);
		}
		for (j = 0; j < 4; j++)
			KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[j]), BLK_STS_OK);
		KUNIT_EXPECT_EQ(test, fake->busy, 0);
	}
	storport_lun_sum(storport_lun_of(sdev), &sum);
	KUNIT_EXPECT_EQ(test, sum.busy, 10);

	for (i = 0; i < 2; i++) {
		fake->outcome = (struct storport_completion){
			.srb_status = STORPORT_SRB_BUSY,
			.scsi_status = statuses[i],
		};
		fake->inject = 3;
		fb[0] = fake_bio(test, fake, REQ_OP_READ, 0);
		fake_bio_submit(fb[0]);
		KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[0]), BLK_STS_OK);
		KUNIT_EXPECT_EQ(test, fake->inject, 0);
	}
	storport_lun_sum(storport_lun_of(sdev), &sum);
	KUNIT_EXPECT_EQ(test, sum.busy, 16);
	KUNIT_EXPECT_EQ(test, sum.errors, before.errors);
	scsi_device_put(sdev);
}

/* Busy until the miniport says that it is not. */
static void io_ready(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *fb[2];
	int i;

	for (i = 0; i < 2; i++) {
		fake->busy_with = i ? STORPORT_START_LUN_BUSY :
				      STORPORT_START_ADAPTER_BUSY;
		fake->busy = -1;
		fb[0] = fake_bio(test, fake, REQ_OP_READ, 0);
		fb[1] = fake_bio(test, fake, REQ_OP_READ, 16);
		fake_bio_submit(fb[0]);
		fake_bio_submit(fb[1]);
		msleep(50);
		KUNIT_EXPECT_FALSE(test, completion_done(&fb[0]->done));
		fake->busy = 0;
		storport_ready(fake->adapter);
		KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[0]), BLK_STS_OK);
		KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[1]), BLK_STS_OK);
	}
}

static void io_link(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *fb = fake_bio(test, fake, REQ_OP_READ, 0);

	storport_notify(fake->adapter, STORPORT_EVENT_LINK_DOWN, NULL);
	fake_bio_submit(fb);
	msleep(50);
	KUNIT_EXPECT_FALSE(test, completion_done(&fb->done));
	storport_notify(fake->adapter, STORPORT_EVENT_LINK_UP, NULL);
	KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb), BLK_STS_OK);
}

static void io_depth(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct scsi_device *sdev = fake_sdev(fake, 0);
	struct storport_lun *lun = storport_lun_of(sdev);
	/* all that one of two logical units gets of 16 tags */
	struct fake_bio *fb[8];
	int i;

	KUNIT_EXPECT_EQ(test, sdev->queue_depth, 16);
	KUNIT_EXPECT_EQ(test, sdev->host->hostt->change_queue_depth(sdev, 4), 4);
	fake->hold = -1;
	for (i = 0; i < 8; i++) {
		fb[i] = fake_bio(test, fake, REQ_OP_READ, i * 16);
		fake_bio_submit(fb[i]);
	}
	FAKE_WAIT(test, fake_held(fake) == 4);
	msleep(30);
	KUNIT_EXPECT_EQ(test, fake_held(fake), 4);
	KUNIT_EXPECT_EQ(test, atomic_read(&lun->in_flight), 4);
	fake_release(fake);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[i]), BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, atomic_read(&lun->in_flight), 0);
	/* more than one queue holds is not to be had, however many there are */
	KUNIT_EXPECT_EQ(test, sdev->host->hostt->change_queue_depth(sdev, 100000), 16);
	scsi_device_put(sdev);
}

static void io_stats(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct scsi_device *sdev = fake_sdev(fake, 0);
	struct storport_lun *lun = storport_lun_of(sdev);
	struct storport_stats before, after;
	struct fake_bio *fb[6];
	int i;

	storport_lun_sum(lun, &before);
	fake->hold = -1;
	for (i = 0; i < 6; i++) {
		fb[i] = fake_bio(test, fake, i & 1 ? REQ_OP_WRITE : REQ_OP_READ, i * 16);
		fake_bio_submit(fb[i]);
	}
	FAKE_WAIT(test, fake_held(fake) == 6);
	KUNIT_EXPECT_GE(test, lun->max_in_flight, 6);
	fake_release(fake);
	for (i = 0; i < 6; i++)
		fake_bio_wait(test, fb[i]);
	storport_lun_sum(lun, &after);
	KUNIT_EXPECT_EQ(test, after.requests - before.requests, 6);
	KUNIT_EXPECT_EQ(test, after.read_bytes - before.read_bytes, 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, after.write_bytes - before.write_bytes, 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, after.errors, before.errors);
	KUNIT_EXPECT_EQ(test, atomic64_read(&lun->timeouts), 0);

	fake->outcome = (struct storport_completion){ .srb_status = STORPORT_SRB_ERROR };
	fake->inject = -1;
	fb[0] = fake_bio(test, fake, REQ_OP_READ, 0);
	fake_bio_submit(fb[0]);
	KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[0]), BLK_STS_IOERR);
	fake->inject = 0;
	storport_lun_sum(lun, &after);
	KUNIT_EXPECT_GT(test, after.errors, before.errors);
	scsi_device_put(sdev);
}

struct seen {
	int builds, starts, ends;
	u64 id, latency;
};

static void see_build(void *data, struct storport_srb *srb, u8 opcode)
{
	struct seen *seen = data;

	if (opcode != READ_10)
		return;
	seen->builds++;
	seen->id = srb->id;
}

static void see_start(void *data, struct storport_srb *srb, u8 opcode)
{
	struct seen *seen = data;

	if (srb->id == seen->id)
		seen->starts++;
}

static void see_complete(void *data, struct storport_srb *srb, u8 opcode,
			 u8 srb_status, u32 result, u32 transferred, u64 latency)
{
	struct seen *seen = data;

	if (srb->id != seen->id || srb_status != STORPORT_SRB_SUCCESS || result ||
	    transferred != PAGE_SIZE)
		return;
	seen->ends++;
	seen->latency = latency;
}

static void io_trace(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *fb = fake_bio(test, fake, REQ_OP_READ, 0);
	struct seen seen = {};

	KUNIT_ASSERT_EQ(test, 0, register_trace_storport_srb_build(see_build, &seen));
	KUNIT_ASSERT_EQ(test, 0, register_trace_storport_srb_start(see_start, &seen));
	KUNIT_ASSERT_EQ(test, 0, register_trace_storport_srb_complete(see_complete, &seen));
	fake_bio_submit(fb);
	KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb), BLK_STS_OK);
	unregister_trace_storport_srb_complete(see_complete, &seen);
	unregister_trace_storport_srb_start(see_start, &seen);
	unregister_trace_storport_srb_build(see_build, &seen);
	tracepoint_synchronize_unregister();
	KUNIT_EXPECT_EQ(test, seen.builds, 1);
	KUNIT_EXPECT_EQ(test, seen.starts, 1);
	KUNIT_EXPECT_EQ(test, seen.ends, 1);
	KUNIT_EXPECT_GT(test, seen.latency, 0);
}

/* Outcomes come only when somebody looks, and then without interrupts. */
static void io_poll(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *fb[4];
	int i, held;

	fake_free(fake);
	fake = fake_alloc(test);
	fake->poll_queues = 2;
	fake_add(test, fake);
	fake_open(test, fake);

	KUNIT_EXPECT_EQ(test, fake->adapter->config.nr_poll_queues, min(2U, nr_cpu_ids));
	KUNIT_EXPECT_EQ(test, fake->adapter->host->tag_set.map[HCTX_TYPE_POLL].queue_offset,
			fake->adapter->config.nr_queues);
	for (i = 0; i < 4; i++) {
		memset(fake->luns[0].data + i * 2 * PAGE_SIZE, 'k' + i, PAGE_SIZE);
		fb[i] = fake_bio(test, fake, REQ_OP_READ | REQ_POLLED, i * 16);
		fake_bio_submit(fb[i]);
	}
	msleep(30);
	for (i = 0, held = 0; i < 4; i++)
		held += !completion_done(&fb[i]->done);
	KUNIT_EXPECT_EQ(test, held, 4);
	KUNIT_EXPECT_EQ(test, fake->polls, 0);
	for (i = 0; i < 4; i++) {
		unsigned long end = jiffies + 5 * HZ;

		while (!completion_done(&fb[i]->done) && time_before(jiffies, end)) {
			bio_poll(&fb[i]->bio, NULL, 0);
			cond_resched();
		}
		KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[i]), BLK_STS_OK);
		KUNIT_EXPECT_PTR_EQ(test,
				    memchr_inv(page_address(fb[i]->page), 'k' + i, PAGE_SIZE),
				    NULL);
	}
	KUNIT_EXPECT_GT(test, fake->polls, 0);
	/* the others go on as ever */
	fb[0] = fake_bio(test, fake, REQ_OP_READ, 0);
	fake_bio_submit(fb[0]);
	KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[0]), BLK_STS_OK);
}

static struct kunit_case io_cases[] = {
	KUNIT_CASE(io_scan),
	KUNIT_CASE(io_data),
	KUNIT_CASE(io_order),
	KUNIT_CASE(io_batch),
	KUNIT_CASE(io_twice),
	KUNIT_CASE(io_foreign),
	KUNIT_CASE(io_liar),
	KUNIT_CASE(io_sense),
	KUNIT_CASE(io_busy),
	KUNIT_CASE(io_ready),
	KUNIT_CASE(io_link),
	KUNIT_CASE(io_depth),
	KUNIT_CASE(io_stats),
	KUNIT_CASE(io_trace),
	KUNIT_CASE(io_poll),
	{}
};

static struct kunit_suite io_suite = {
	.name = "storport_io",
	.init = io_init,
	.exit = io_exit,
	.test_cases = io_cases,
};

kunit_test_suite(io_suite);

MODULE_DESCRIPTION("KUnit: commands through the port layer");
MODULE_LICENSE("GPL");
