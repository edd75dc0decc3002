// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time limits, each rung of the ladder, and outcomes that come too late.
 */
#include <linux/blk-mq.h>
#include <linux/module.h>
#include <scsi/scsi_proto.h>

#include "fake.h"
#include "port.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

#define LIMIT	(HZ / 10)

static void setup(struct kunit *test, struct fake *fake)
{
	fake_add(test, fake);
	fake_open(test, fake);
	blk_queue_rq_timeout(bdev_get_queue(fake->bdev), LIMIT);
}

static int error_init(struct kunit *test)
{
	setup(test, fake_alloc(test));
	return 0;
}

static void error_exit(struct kunit *test)
{
	if (test->priv)
		fake_free(test->priv);
}

/* One read that is not answered, and comes back by a rung: then it succeeds. */
static void expect_recovery(struct kunit *test, struct fake *fake)
{
	struct fake_bio *fb = fake_bio(test, fake, REQ_OP_READ, 0);
	struct scsi_device *sdev = fake_sdev(fake, 0);

	fake->luns[0].data[0] = 'x';
	fake->hold = 1;
	fake_bio_submit(fb);
	KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb), BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, *(u8 *)page_address(fb->page), 'x');
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_TIMEOUT), 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&storport_lun_of(sdev)->timeouts), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&storport_lun_of(sdev)->in_flight), 0);
	KUNIT_EXPECT_EQ(test, sdev->sdev_state, SDEV_RUNNING);
	scsi_device_put(sdev);
}

static void error_abort(struct kunit *test)
{
	struct fake *fake = test->priv;

	expect_recovery(test, fake);
	KUNIT_EXPECT_EQ(test, fake->abort.calls, 1);
	KUNIT_EXPECT_EQ(test, fake->reset_lun.calls, 0);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_LATE), 1);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_RESET_FAILED), 0);
}

static void error_lun(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake->abort.result = -EIO;
	expect_recovery(test, fake);
	KUNIT_EXPECT_EQ(test, fake->abort.calls, 1);
	KUNIT_EXPECT_EQ(test, fake->reset_lun.calls, 1);
	KUNIT_EXPECT_EQ(test, fake->reset_target.calls, 0);
}

static void error_target(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake->abort.result = -EIO;
	fake->reset_lun.result = -EIO;
	expect_recovery(test, fake);
	KUNIT_EXPECT_EQ(test, fake->reset_target.calls, 1);
	KUNIT_EXPECT_EQ(test, fake->reset_bus.calls, 0);
}

/* A rung that claims success and brings nothing back has failed as well. */
static void error_bus(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake->abort.result = -EIO;
	fake->reset_lun.silent = true;
	fake->reset_target.result = -EIO;
	expect_recovery(test, fake);
	KUNIT_EXPECT_EQ(test, fake->reset_lun.calls, 1);
	KUNIT_EXPECT_EQ(test, fake->reset_bus.calls, 1);
	KUNIT_EXPECT_EQ(test, fake->controls[STORPORT_STOP], 0);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_RESET_FAILED), 3);
}

static void break_rungs(struct fake *fake)
{
	fake->abort.result = -EIO;
	fake->reset_lun.result = -EIO;
	fake->reset_target.result = -EIO;
	fake->reset_bus.result = -EIO;
}

static void error_restart(struct kunit *test)
{
	struct fake *fake = test->priv;

	break_rungs(fake);
	expect_recovery(test, fake);
	KUNIT_EXPECT_EQ(test, fake->controls[STORPORT_STOP], 1);
	KUNIT_EXPECT_EQ(test, fake->controls[STORPORT_RESTART], 1);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_SWEPT), 1);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_LATE), 0);
}

/* Several commands of two logical units: none is lost. */
static void error_many(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *fb[8];
	int i;

	fake->abort.result = -EIO;
	fake->reset_lun.result = -EIO;
	fake->hold = 8;
	for (i = 0; i < 8; i++) {
		fb[i] = fake_bio(test, fake, REQ_OP_WRITE, i * 16);
		memset(page_address(fb[i]->page), 'A' + i, PAGE_SIZE);
		fake_bio_submit(fb[i]);
	}
	for (i = 0; i < 8; i++) {
		KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[i]), BLK_STS_OK);
		KUNIT_EXPECT_EQ(test, fake->luns[0].data[i * 2 * PAGE_SIZE], 'A' + i);
	}
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_TIMEOUT), 8);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_ABANDONED), 0);
}

/*
 * Nothing helps: the logical unit goes offline, and what comes from the device
 * later ends nothing. The other one goes on.
 */
static void error_offline(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *fb = fake_bio(test, fake, REQ_OP_READ, 0);
	struct scsi_device *sdev = fake_sdev(fake, 0), *other = fake_sdev(fake, 1);
	u8 *buf = kunit_kzalloc(test, FAKE_BLOCK, GFP_KERNEL);
	u64 id;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	break_rungs(fake);
	fake->restart_result = -EOPNOTSUPP;
	fake->hold = 1;
	fake_bio_submit(fb);
	FAKE_WAIT(test, fake_held(fake) == 1);
	id = fake_held_id(fake, 0);
	KUNIT_EXPECT_NE(test, fake_bio_wait(test, fb), BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, sdev->sdev_state, SDEV_OFFLINE);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_RESET_FAILED), 5);
	KUNIT_EXPECT_EQ(test, fake_read(other, 0, buf, HZ), 0);

	KUNIT_EXPECT_EQ(test, fake_finish(fake, id), 0);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_LATE), 1);
	fake->restart_result = 0;
	scsi_device_put(other);
	scsi_device_put(sdev);
}

/* The tag of a command that never came back is used again, its id is not. */
static void error_abandoned(struct kunit *test)
{
	static const struct storport_completion c = {
		.srb_status = STORPORT_SRB_SUCCESS,
	};
	struct fake *fake = test->priv;
	struct fake_bio *fb = fake_bio(test, fake, REQ_OP_READ, 0);
	struct scsi_device *other = fake_sdev(fake, 1);
	u8 *buf = kunit_kzalloc(test, FAKE_BLOCK, GFP_KERNEL);
	u64 id;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	break_rungs(fake);
	fake->restart_result = -EOPNOTSUPP;
	fake->hold = 1;
	fake_bio_submit(fb);
	FAKE_WAIT(test, fake_held(fake) == 1);
	id = fake_held_id(fake, 0);
	KUNIT_EXPECT_NE(test, fake_bio_wait(test, fb), BLK_STS_OK);
	for (i = 0; i < 64; i++)
		KUNIT_EXPECT_EQ(test, fake_read(other, 0, buf, HZ), 0);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_ABANDONED), 1);
	KUNIT_EXPECT_EQ(test, storport_complete(fake->adapter, id, &c), -ENOENT);
	fake->restart_result = 0;
	scsi_device_put(other);
}

/* The outcome comes between the time limit and the abort. */
static void error_late(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *fb = fake_bio(test, fake, REQ_OP_READ, 0);
	u64 id;

	/* no abort; the reset of the logical unit waits for the device */
	fake->abort.result = -EIO;
	fake->reset_lun.silent = true;
	fake->hold = 1;
	fake_bio_submit(fb);
	FAKE_WAIT(test, fake_held(fake) == 1);
	id = fake_held_id(fake, 0);
	FAKE_WAIT(test, READ_ONCE(fake->reset_lun.calls) == 1);
	KUNIT_EXPECT_EQ(test, fake_finish(fake, id), 0);
	KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb), BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_LATE), 1);
	KUNIT_EXPECT_EQ(test, fake->reset_target.calls, 0);
}

/* A command of a program: it is told of the time limit, not tried again. */
static void error_passthrough(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct scsi_device *sdev = fake_sdev(fake, 0);
	u8 *buf = kunit_kzalloc(test, FAKE_BLOCK, GFP_KERNEL);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	fake->hold = 1;
	ret = fake_read(sdev, 0, buf, LIMIT);
	KUNIT_EXPECT_EQ(test, host_byte(ret), DID_TIME_OUT);
	KUNIT_EXPECT_EQ(test, fake->abort.calls, 1);
	KUNIT_EXPECT_EQ(test, fake_read(sdev, 0, buf, HZ), 0);
	scsi_device_put(sdev);
}

/* The adapter does not come back from a restart: nothing hangs. */
static void error_dead(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *fb = fake_bio(test, fake, REQ_OP_READ, 0);

	break_rungs(fake);
	/* or the command is tried again, and is through before the adapter has gone */
	fake->restart_result = -EIO;
	fake->hold = 1;
	fake_bio_submit(fb);
	FAKE_WAIT(test, READ_ONCE(fake->reset_bus.calls) == 1 ||
		  completion_done(&fb->done));
	storport_adapter_gone(fake->adapter);
	KUNIT_EXPECT_NE(test, fake_bio_wait(test, fb), BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, fake->controls[STORPORT_REMOVED], 1);
}

static struct kunit_case error_cases[] = {
	KUNIT_CASE(error_abort),
	KUNIT_CASE(error_lun),
	KUNIT_CASE(error_target),
	KUNIT_CASE(error_bus),
	KUNIT_CASE(error_restart),
	KUNIT_CASE(error_many),
	KUNIT_CASE(error_offline),
	KUNIT_CASE(error_abandoned),
	KUNIT_CASE(error_late),
	KUNIT_CASE(error_passthrough),
	KUNIT_CASE(error_dead),
	{}
};

static struct kunit_suite error_suite = {
	.name = "storport_error",
	.init = error_init,
	.exit = error_exit,
	.test_cases = error_cases,
};

kunit_test_suite(error_suite);

MODULE_DESCRIPTION("KUnit: time limits and resets of the port layer");
MODULE_LICENSE("GPL");
