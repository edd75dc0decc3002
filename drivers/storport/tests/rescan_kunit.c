// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logical units come, go and change, and the adapter goes while it is in use.
 */
#include <linux/module.h>
#include <scsi/scsi_proto.h>

#include "fake.h"
#include "port.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

static int rescan_init(struct kunit *test)
{
	struct fake *fake = fake_alloc(test);

	fake_add(test, fake);
	fake_open(test, fake);
	return 0;
}

static void rescan_exit(struct kunit *test)
{
	if (test->priv)
		fake_free(test->priv);
}

static void rescan_come_and_go(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake->luns[2].present = true;
	fake->luns[3].present = true;
	storport_notify(fake->adapter, STORPORT_EVENT_BUS_CHANGE, NULL);
	FAKE_WAIT(test, fake_sees(fake, 2) && fake_sees(fake, 3));
	fake->luns[1].present = false;
	fake->luns[3].present = false;
	storport_notify(fake->adapter, STORPORT_EVENT_BUS_CHANGE, NULL);
	FAKE_WAIT(test, !fake_sees(fake, 1) && !fake_sees(fake, 3));
	KUNIT_EXPECT_TRUE(test, fake_sees(fake, 0));
	KUNIT_EXPECT_TRUE(test, fake_sees(fake, 2));
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_LUN_REMOVED), 2);
	/* one that went comes back */
	fake->luns[1].present = true;
	storport_notify(fake->adapter, STORPORT_EVENT_BUS_CHANGE, NULL);
	FAKE_WAIT(test, fake_sees(fake, 1));
}

/* Nothing at number 0: the others are found all the same. */
static void rescan_hole(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake_free(fake);
	fake = fake_alloc(test);
	fake->luns[0].present = false;
	fake->luns[3].present = true;
	fake_add(test, fake);
	KUNIT_EXPECT_FALSE(test, fake_sees(fake, 0));
	KUNIT_EXPECT_TRUE(test, fake_sees(fake, 1));
	KUNIT_EXPECT_TRUE(test, fake_sees(fake, 3));
}

static void rescan_capacity(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *fb = fake_bio(test, fake, REQ_OP_READ, 0);
	static const struct storport_address lun0 = {};

	KUNIT_EXPECT_EQ(test, bdev_nr_sectors(fake->bdev), FAKE_BLOCKS);
	/* CAPACITY DATA HAS CHANGED meets a command, which succeeds */
	fake->luns[0].blocks = FAKE_BLOCKS / 2;
	fake->luns[0].attention = 0x2a09;
	fake_bio_submit(fb);
	KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb), BLK_STS_OK);
	FAKE_WAIT(test, bdev_nr_sectors(fake->bdev) == FAKE_BLOCKS / 2);

	/* the miniport knows */
	fake->luns[0].blocks = FAKE_BLOCKS;
	storport_notify(fake->adapter, STORPORT_EVENT_LUN_CHANGE, &lun0);
	FAKE_WAIT(test, bdev_nr_sectors(fake->bdev) == FAKE_BLOCKS);
	fake->luns[0].blocks = FAKE_BLOCKS / 4;
	storport_notify(fake->adapter, STORPORT_EVENT_BUS_CHANGE, NULL);
	FAKE_WAIT(test, bdev_nr_sectors(fake->bdev) == FAKE_BLOCKS / 4);
}

/* REPORTED LUNS DATA HAS CHANGED */
static void rescan_reported(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *fb = fake_bio(test, fake, REQ_OP_READ, 0);

	fake->luns[1].present = false;
	fake->luns[2].present = true;
	fake->luns[0].attention = 0x3f0e;
	fake_bio_submit(fb);
	KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb), BLK_STS_OK);
	FAKE_WAIT(test, fake_sees(fake, 2) && !fake_sees(fake, 1));
}

/* A command finds out that its logical unit is no more. */
static void rescan_vanished(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct scsi_device *sdev = fake_sdev(fake, 1);
	u8 *buf = kunit_kzalloc(test, FAKE_BLOCK, GFP_KERNEL);
	static const struct storport_address lun0 = {};

	KUNIT_ASSERT_NOT_NULL(test, buf);
	fake->luns[1].present = false;
	KUNIT_EXPECT_EQ(test, host_byte(fake_read(sdev, 0, buf, HZ)), DID_NO_CONNECT);
	scsi_device_put(sdev);
	FAKE_WAIT(test, !fake_sees(fake, 1));
	/* the miniport is wrong about this one */
	storport_notify(fake->adapter, STORPORT_EVENT_LUN_GONE, &lun0);
	msleep(50);
	KUNIT_EXPECT_TRUE(test, fake_sees(fake, 0));
}

/* Another disk behind the same number must not pass for the old one. */
static void rescan_replaced(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct scsi_device *old = fake_sdev(fake, 1), *new = NULL;
	unsigned long end = jiffies + 10 * HZ;

	fake->luns[1].identity = 'Z';
	storport_notify(fake->adapter, STORPORT_EVENT_BUS_CHANGE, NULL);
	while (time_before(jiffies, end)) {
		new = fake_sdev(fake, 1);
		if (new && new != old)
			break;
		if (new)
			scsi_device_put(new);
		new = NULL;
		msleep(20);
	}
	KUNIT_EXPECT_NOT_NULL(test, new);
	KUNIT_EXPECT_EQ(test, old->sdev_state, SDEV_DEL);
	if (new)
		scsi_device_put(new);
	scsi_device_put(old);
}

/* Notifications from find_adapter on, before there is a host. */
static void rescan_early(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake_free(fake);
	fake = fake_alloc(test);
	fake->no_scan = true;
	fake_add(test, fake);
	KUNIT_EXPECT_FALSE(test, fake_sees(fake, 0));
	storport_notify(fake->adapter, STORPORT_EVENT_BUS_CHANGE, NULL);
	FAKE_WAIT(test, fake_sees(fake, 0) && fake_sees(fake, 1));
}

/* The device goes, with commands in it. */
static void rescan_surprise(struct kunit *test)
{
	struct fake *fake = test->priv;
	static const struct storport_completion c = {
		.srb_status = STORPORT_SRB_SUCCESS,
	};
	struct fake_bio *fb[8];
	u64 id;
	int i;

	fake->hold = -1;
	for (i = 0; i < 8; i++) {
		fb[i] = fake_bio(test, fake, i & 1 ? REQ_OP_WRITE : REQ_OP_READ, i * 16);
		fake_bio_submit(fb[i]);
	}
	FAKE_WAIT(test, fake_held(fake) == 8);
	id = fake_held_id(fake, 3);
	storport_adapter_gone(fake->adapter);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[i]), BLK_STS_IOERR);
	KUNIT_EXPECT_EQ(test, fake->controls[STORPORT_REMOVED], 1);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_SWEPT), 8);
	KUNIT_EXPECT_EQ(test, storport_complete(fake->adapter, id, &c), -ENOENT);
	/* what comes finds nobody, at once */
	fb[0] = fake_bio(test, fake, REQ_OP_READ, 0);
	fake_bio_submit(fb[0]);
	KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[0]), BLK_STS_IOERR);
	storport_adapter_gone(fake->adapter);
	KUNIT_EXPECT_EQ(test, fake->controls[STORPORT_REMOVED], 1);
	fake_remove(fake);
	KUNIT_EXPECT_EQ(test, fake->controls[STORPORT_STOP], 0);
	KUNIT_EXPECT_EQ(test, fake->freed, 1);
}

/* Commands that were turned away when the device goes. */
static void rescan_surprise_busy(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *fb = fake_bio(test, fake, REQ_OP_READ, 0);

	fake->busy_with = STORPORT_START_ADAPTER_BUSY;
	fake->busy = -1;
	fake_bio_submit(fb);
	msleep(20);
	KUNIT_EXPECT_FALSE(test, completion_done(&fb->done));
	storport_adapter_gone(fake->adapter);
	KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb), BLK_STS_IOERR);
}

/* The device goes in the middle of a scan, which hangs on a command. */
static void rescan_surprise_scan(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake->luns[2].present = true;
	storport_notify(fake->adapter, STORPORT_EVENT_BUS_CHANGE, NULL);
	storport_adapter_gone(fake->adapter);
	fake_remove(fake);
	KUNIT_EXPECT_EQ(test, fake->freed, 1);
}

/* One of two ways to the device is lost: what went by it is sent again. */
static void rescan_path(struct kunit *test)
{
	struct fake *fake = test->priv;
	int paths[2];
	struct fake_bio *fb[6];
	u64 stay[2];
	int i;

	fake->hold = -1;
	for (i = 0; i < 6; i++) {
		fake->path = &paths[i < 2];
		fb[i] = fake_bio(test, fake, REQ_OP_READ, i * 16);
		fake_bio_submit(fb[i]);
	}
	FAKE_WAIT(test, fake_held(fake) == 6);
	stay[0] = fake_held_id(fake, 2);
	stay[1] = fake_held_id(fake, 5);
	fake->hold = 0;
	fake->path = &paths[0];
	fake->dead_path = &paths[1];
	storport_path_lost(fake->adapter, &paths[1]);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[i]), BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_SWEPT), 2);
	for (i = 2; i < 6; i++)
		KUNIT_EXPECT_FALSE(test, completion_done(&fb[i]->done));
	KUNIT_EXPECT_EQ(test, fake_finish(fake, stay[0]), 0);
	KUNIT_EXPECT_EQ(test, fake_finish(fake, stay[1]), 0);
	fake_release(fake);
	for (i = 2; i < 6; i++)
		KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[i]), BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_SWEPT), 2);
	KUNIT_EXPECT_EQ(test, storport_queue_cpu(fake->adapter, 0), 0);
	KUNIT_EXPECT_EQ(test, storport_queue_cpu(fake->adapter, 77), -1);
}

static void sleep_with(struct kunit *test, struct fake *fake, struct fake_bio **fb, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		fb[i] = fake_bio(test, fake, i & 1 ? REQ_OP_WRITE : REQ_OP_READ, i * 16);
		fake_bio_submit(fb[i]);
	}
	FAKE_WAIT(test, fake_held(fake) == nr);
}

/* The machine sleeps while the device has commands that it does not end. */
static void rescan_sleep(struct kunit *test)
{
	struct fake_bio *fb[6], *late;
	struct fake *fake = test->priv;
	int i;

	fake->hold = -1;
	sleep_with(test, fake, fb, 6);
	fake->adapter->config.reset_ms = 300;
	KUNIT_EXPECT_EQ(test, storport_adapter_suspend(fake->adapter), 0);
	KUNIT_EXPECT_EQ(test, fake->controls[STORPORT_SUSPEND], 1);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_SWEPT), 6);
	fake->hold = 0;
	late = fake_bio(test, fake, REQ_OP_READ, 512);
	fake_bio_submit(late);
	msleep(100);
	/* nothing has ended, and nothing has been given to the device */
	for (i = 0; i < 6; i++)
		KUNIT_EXPECT_FALSE(test, completion_done(&fb[i]->done));
	KUNIT_EXPECT_FALSE(test, completion_done(&late->done));
	KUNIT_EXPECT_EQ(test, fake_held(fake), 0);

	KUNIT_EXPECT_EQ(test, storport_adapter_resume(fake->adapter), 0);
	KUNIT_EXPECT_EQ(test, fake->controls[STORPORT_RESUME], 1);
	for (i = 0; i < 6; i++)
		KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[i]), BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, fake_bio_wait(test, late), BLK_STS_OK);
	/* there may be other logical units now */
	FAKE_WAIT(test, fake_counter(fake, STORPORT_CNT_RESCAN) == 1);
	KUNIT_EXPECT_EQ(test, storport_adapter_resume(fake->adapter), 0);
	KUNIT_EXPECT_EQ(test, fake->controls[STORPORT_RESUME], 1);
}

/* What the device ends before it is stopped is not sent again. */
static void rescan_sleep_drain(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *fb[8];
	int i;

	fake->hold = -1;
	sleep_with(test, fake, fb, 8);
	fake_release(fake);
	KUNIT_EXPECT_EQ(test, storport_adapter_suspend(fake->adapter), 0);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[i]), BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, fake_counter(fake, STORPORT_CNT_SWEPT), 0);
	KUNIT_EXPECT_EQ(test, storport_adapter_resume(fake->adapter), 0);
}

/* The device refuses to be stopped; and one that does not wake up is gone. */
static void rescan_sleep_fails(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *fb[4];
	int i;

	fake->restart_result = -EIO;
	KUNIT_EXPECT_EQ(test, storport_adapter_suspend(fake->adapter), -EIO);
	fake->restart_result = 0;
	fb[0] = fake_bio(test, fake, REQ_OP_READ, 0);
	fake_bio_submit(fb[0]);
	KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[0]), BLK_STS_OK);

	fake->hold = -1;
	sleep_with(test, fake, fb, 4);
	fake->adapter->config.reset_ms = 100;
	KUNIT_EXPECT_EQ(test, storport_adapter_suspend(fake->adapter), 0);
	fake->restart_result = -EIO;
	KUNIT_EXPECT_EQ(test, storport_adapter_resume(fake->adapter), -EIO);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[i]), BLK_STS_IOERR);
	KUNIT_EXPECT_EQ(test, fake->controls[STORPORT_REMOVED], 1);
}

struct remover {
	struct work_struct work;
	struct fake *fake;
	struct completion done;
};

static void remove_work(struct work_struct *work)
{
	struct remover *r = container_of(work, struct remover, work);

	fake_remove(r->fake);
	complete(&r->done);
}

/* Removal as it should be: commands end well, then the device is stopped. */
static void rescan_orderly(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_bio *fb[4];
	struct remover r = { .fake = fake };
	int i;

	fake->hold = -1;
	for (i = 0; i < 4; i++) {
		fb[i] = fake_bio(test, fake, REQ_OP_WRITE, i * 16);
		fake_bio_submit(fb[i]);
	}
	FAKE_WAIT(test, fake_held(fake) == 4);
	init_completion(&r.done);
	INIT_WORK_ONSTACK(&r.work, remove_work);
	queue_work(system_unbound_wq, &r.work);
	msleep(50);
	KUNIT_EXPECT_EQ(test, fake->controls[STORPORT_STOP], 0);
	fake_release(fake);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, fake_bio_wait(test, fb[i]), BLK_STS_OK);
	KUNIT_EXPECT_GT(test, wait_for_completion_timeout(&r.done, 20 * HZ), 0);
	KUNIT_EXPECT_EQ(test, fake->controls[STORPORT_STOP], 1);
	KUNIT_EXPECT_EQ(test, fake->freed, 1);
	flush_work(&r.work);
	destroy_work_on_stack(&r.work);
}

static struct kunit_case rescan_cases[] = {
	KUNIT_CASE(rescan_come_and_go),
	KUNIT_CASE(rescan_hole),
	KUNIT_CASE(rescan_capacity),
	KUNIT_CASE(rescan_reported),
	KUNIT_CASE(rescan_vanished),
	KUNIT_CASE(rescan_replaced),
	KUNIT_CASE(rescan_early),
	KUNIT_CASE(rescan_surprise),
	KUNIT_CASE(rescan_surprise_busy),
	KUNIT_CASE(rescan_surprise_scan),
	KUNIT_CASE(rescan_path),
	KUNIT_CASE(rescan_sleep),
	KUNIT_CASE(rescan_sleep_drain),
	KUNIT_CASE(rescan_sleep_fails),
	KUNIT_CASE(rescan_orderly),
	{}
};

static struct kunit_suite rescan_suite = {
	.name = "storport_rescan",
	.init = rescan_init,
	.exit = rescan_exit,
	.test_cases = rescan_cases,
};

kunit_test_suite(rescan_suite);

MODULE_DESCRIPTION("KUnit: rescans and removal of adapters");
MODULE_LICENSE("GPL");
