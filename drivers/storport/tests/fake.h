/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A miniport of an adapter that is made up: disks in memory, that answer when
 * the test wants them to.
 */
#ifndef STORPORT_FAKE_H
#define STORPORT_FAKE_H

#include <kunit/test.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <storport/storport.h>

#define FAKE_LUNS	4
#define FAKE_BLOCKS	2048U
#define FAKE_BLOCK	512U
#define FAKE_BYTES	(FAKE_BLOCKS * FAKE_BLOCK)

/* A command that the device has. It outlives the SRB, as a real device's does. */
struct fake_cmd {
	struct list_head node;
	u64 id;
	struct storport_srb *srb;
	struct storport_address addr;
	bool committed;
	bool held;
};

struct fake_lun {
	bool present;
	u32 blocks;
	char identity;
	/* unit attention that waits, 0: none */
	u16 attention;
	u8 *data;
};

/* Which rung of the ladder works, and whether it brings commands back */
struct fake_rung {
	int result;
	bool silent;
	int calls;
};

/*
 * The adapter and its settings. Tests change settings without the lock while
 * nothing else looks.
 */
struct fake {
	struct storport_adapter *adapter;
	struct device *parent;
	/* disk of LUN 0 */
	struct file *bdev_file;
	struct block_device *bdev;
	spinlock_t lock;	/* all below */
	struct fake_lun luns[FAKE_LUNS];
	/* oldest first */
	struct list_head cmds;
	/* so many commands that read or write are not answered; -1: all */
	int hold;
	/* so many that read or write end with the outcome; -1: all */
	int inject;
	struct storport_completion outcome;
	/* so many calls of start_io for such answer that; -1: all */
	int busy;
	enum storport_start busy_with;
	struct fake_rung abort;
	struct fake_rung reset_lun;
	struct fake_rung reset_target;
	struct fake_rung reset_bus;
	/* calls of adapter_control, by what for; and its answer */
	int controls[STORPORT_RESUME + 1];
	int restart_result;
	bool removed;
	/* what commands go by, and the one that does not work */
	void *path;
	void *dead_path;
	int builds, starts, commits, commits_locked, polls, freed;
	/* what find_adapter says */
	u32 queue_depth;
	u32 poll_queues;
	u32 reset_ms;
	bool no_scan;
	/* answers commands */
	struct work_struct work;
};

struct fake *fake_alloc(struct kunit *test);
void fake_add(struct kunit *test, struct fake *fake);
void fake_open(struct kunit *test, struct fake *fake);
void fake_remove(struct fake *fake);
void fake_free(struct fake *fake);

unsigned int fake_held(struct fake *fake);
u64 fake_held_id(struct fake *fake, unsigned int nr);
int fake_finish(struct fake *fake, u64 id);
void fake_release(struct fake *fake);
u64 fake_counter(struct fake *fake, unsigned int counter);
struct scsi_device *fake_sdev(struct fake *fake, u64 lun);
bool fake_sees(struct fake *fake, u64 lun);

/* A read or write under way */
struct fake_bio {
	struct bio bio;
	struct bio_vec vec;
	struct page *page;
	struct completion done;
	blk_status_t status;
};

struct fake_bio *fake_bio(struct kunit *test, struct fake *fake, blk_opf_t opf,
			  sector_t sector);
void fake_bio_submit(struct fake_bio *fb);
blk_status_t fake_bio_wait(struct kunit *test, struct fake_bio *fb);

int fake_read(struct scsi_device *sdev, u32 lba, void *buf, unsigned int limit);

/* Waits for something to come true, for at most 10 seconds. */
#define FAKE_WAIT(test, condition)						\
do {										\
	unsigned long __end = jiffies + 10 * HZ;				\
	bool __ok;								\
	while (!(__ok = (condition)) && time_before(jiffies, __end))		\
		msleep(20);							\
	KUNIT_EXPECT_TRUE_MSG(test, __ok, "%s", #condition);			\
} while (0)

#endif /* STORPORT_FAKE_H */
