// SPDX-License-Identifier: GPL-2.0-only
/*
 * The adapter that is made up. Commands are answered by a work item, or by the
 * test, or by a poll; never by whoever starts them, and on any CPU.
 */
#include <linux/async.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>

#include "fake.h"
#include "port.h"

struct fake_answer {
	struct storport_completion c;
	u8 sense[18];
};

static void check_condition(struct fake_answer *a, u8 key, u8 asc, u8 ascq)
{
	a->c.srb_status = STORPORT_SRB_ERROR | STORPORT_SRB_AUTOSENSE_VALID;
	a->c.scsi_status = SAM_STAT_CHECK_CONDITION;
	a->sense[0] = 0x70;
	a->sense[2] = key;
	a->sense[7] = 10;
	a->sense[12] = asc;
	a->sense[13] = ascq;
	a->c.sense = a->sense;
	a->c.sense_length = sizeof(a->sense);
}

static u32 give(struct scsi_cmnd *cmd, const void *data, u32 len)
{
	return sg_copy_from_buffer(scsi_sglist(cmd), scsi_sg_count(cmd), data,
				   min(len, scsi_bufflen(cmd)));
}

static u32 do_inquiry(struct fake_lun *lun, struct scsi_cmnd *cmd,
		      struct fake_answer *a)
{
	u8 data[64] = {};
	u8 page = cmd->cmnd[2];

	if (!(cmd->cmnd[1] & 1)) {
		data[2] = 5;
		data[3] = 2;
		data[4] = 31;
		data[7] = 2;
		memcpy(data + 8, "Fake    Disk            1   ", 28);
		return give(cmd, data, 36);
	}
	data[1] = page;
	switch (page) {
	case 0:
		data[3] = 2;
		data[5] = 0x83;
		return give(cmd, data, 6);
	case 0x83:
		/* T10 vendor identification */
		data[3] = 12;
		data[4] = 2;
		data[5] = 1;
		data[7] = 8;
		memcpy(data + 8, "Fake   ", 7);
		data[15] = lun->identity;
		return give(cmd, data, 16);
	default:
		check_condition(a, ILLEGAL_REQUEST, 0x24, 0);
		return 0;
	}
}

static u32 do_report_luns(struct fake *fake, struct scsi_cmnd *cmd)
{
	u8 data[8 + 8 * FAKE_LUNS] = {};
	u32 i, n = 0;

	for (i = 0; i < FAKE_LUNS; i++)
		if (fake->luns[i].present)
			data[8 + 8 * n++ + 1] = i;
	put_unaligned_be32(8 * n, data);
	return give(cmd, data, 8 + 8 * n);
}

static u32 do_rw(struct fake_lun *lun, struct scsi_cmnd *cmd,
		 struct fake_answer *a, bool write)
{
	u32 lba, blocks, len;
	u8 *at;

	lba = get_unaligned_be32(cmd->cmnd + 2);
	blocks = get_unaligned_be16(cmd->cmnd + 7);
	if (lba + blocks > lun->blocks || lba + blocks > FAKE_BLOCKS) {
		check_condition(a, ILLEGAL_REQUEST, 0x21, 0);
		return 0;
	}
	at = lun->data + lba * FAKE_BLOCK;
	len = min(blocks * FAKE_BLOCK, scsi_bufflen(cmd));
	if (write)
		return sg_copy_to_buffer(scsi_sglist(cmd), scsi_sg_count(cmd), at, len);
	return give(cmd, at, len);
}

static bool is_rw(const struct scsi_cmnd *cmd)
{
	return cmd->cmnd[0] == READ_10 || cmd->cmnd[0] == WRITE_10;
}

/* Does what a command asks; under the lock, and while the port layer has it. */
static void execute(struct fake *fake, struct storport_srb *srb,
		    struct fake_answer *a)
{
	struct scsi_cmnd *cmd = srb->cmd;
	struct fake_lun *lun = srb->addr.lun < FAKE_LUNS ?
			       &fake->luns[srb->addr.lun] : NULL;
	u8 data[32] = {};

	*a = (struct fake_answer){ .c.srb_status = STORPORT_SRB_SUCCESS };

	if (cmd->cmnd[0] == REPORT_LUNS) {
		a->c.transferred = do_report_luns(fake, cmd);
		return;
	}
	if (!lun || !lun->present) {
		a->c.srb_status = STORPORT_SRB_INVALID_LUN;
		return;
	}
	if (cmd->cmnd[0] == INQUIRY) {
		a->c.transferred = do_inquiry(lun, cmd, a);
		return;
	}
	if (lun->attention) {
		check_condition(a, UNIT_ATTENTION, lun->attention >> 8,
				lun->attention & 0xff);
		lun->attention = 0;
		return;
	}
	if (is_rw(cmd) && fake->inject) {
		if (fake->inject > 0)
			fake->inject--;
		a->c = fake->outcome;
		return;
	}

	switch (cmd->cmnd[0]) {
	case TEST_UNIT_READY:
	case SYNCHRONIZE_CACHE:
		break;
	case READ_CAPACITY:
		put_unaligned_be32(lun->blocks - 1, data);
		put_unaligned_be32(FAKE_BLOCK, data + 4);
		a->c.transferred = give(cmd, data, 8);
		break;
	case SERVICE_ACTION_IN_16:
		put_unaligned_be64(lun->blocks - 1, data);
		put_unaligned_be32(FAKE_BLOCK, data + 8);
		a->c.transferred = give(cmd, data, 32);
		break;
	case READ_10:
	case WRITE_10:
		a->c.transferred = do_rw(lun, cmd, a, cmd->cmnd[0] == WRITE_10);
		break;
	default:
		check_condition(a, ILLEGAL_REQUEST, 0x20, 0);
	}
}

static bool on_poll_queue(struct fake *fake, struct fake_cmd *fc)
{
	return storport_id_queue(fc->id) >= fake->adapter->config.nr_queues;
}

/* Answers one command; whoever calls has taken it off the list. */
static int answer(struct fake *fake, struct fake_cmd *fc)
{
	struct storport_port *port = storport_port_of(fake->adapter);
	struct fake_answer a = { .c.srb_status = STORPORT_SRB_SUCCESS };
	unsigned long flags;
	int ret;

	/* what was given up must not be touched */
	if (atomic64_read(&storport_slot_of(port, fc->id)->id) == fc->id) {
		spin_lock_irqsave(&fake->lock, flags);
		execute(fake, fc->srb, &a);
		spin_unlock_irqrestore(&fake->lock, flags);
	}
	ret = storport_complete(fake->adapter, fc->id, &a.c);
	kfree(fc);
	return ret;
}

static struct fake_cmd *take(struct fake *fake, bool poll)
{
	struct fake_cmd *fc, *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&fake->lock, flags);
	list_for_each_entry(fc, &fake->cmds, node) {
		if (!fc->committed || fc->held || on_poll_queue(fake, fc) != poll)
			continue;
		found = fc;
		break;
	}
	if (found)
		list_del(&found->node);
	spin_unlock_irqrestore(&fake->lock, flags);
	return found;
}

static void fake_work(struct work_struct *work)
{
	struct fake *fake = container_of(work, struct fake, work);
	struct fake_cmd *fc;

	while ((fc = take(fake, false)))
		answer(fake, fc);
}

/* The miniport */

static int fake_find(struct storport_adapter *adapter,
		     struct storport_config *config, void *context)
{
	struct fake *fake = context;

	*(struct fake **)adapter->priv = fake;
	fake->adapter = adapter;
	config->nr_queues = 2;
	config->nr_poll_queues = fake->poll_queues;
	config->queue_depth = fake->queue_depth;
	config->lun_depth = fake->queue_depth;
	config->max_luns = FAKE_LUNS;
	config->virt_boundary = 4095;
	config->max_sense = 18;
	config->reset_ms = fake->reset_ms;
	config->no_scan = fake->no_scan;
	return 0;
}

static struct fake *fake_of(struct storport_adapter *adapter)
{
	return *(struct fake **)adapter->priv;
}

static enum storport_start fake_build(struct storport_adapter *adapter,
				      struct storport_srb *srb)
{
	struct fake *fake = fake_of(adapter);
	unsigned long flags;

	*(u64 *)storport_srb_priv(srb) = srb->id;
	spin_lock_irqsave(&fake->lock, flags);
	srb->path = fake->path;
	fake->builds++;
	spin_unlock_irqrestore(&fake->lock, flags);
	return STORPORT_START_OK;
}

static enum storport_start fake_start(struct storport_adapter *adapter,
				      struct storport_srb *srb)
{
	struct fake *fake = fake_of(adapter);
	enum storport_start ret = STORPORT_START_OK;
	unsigned long flags;
	struct fake_cmd *fc;

	if (WARN_ON(*(u64 *)storport_srb_priv(srb) != srb->id))
		return STORPORT_START_INVALID;
	fc = kzalloc(sizeof(*fc), GFP_ATOMIC);
	if (!fc)
		return STORPORT_START_LUN_BUSY;

	spin_lock_irqsave(&fake->lock, flags);
	WARN_ON(fake->removed);
	if (fake->dead_path && srb->path == fake->dead_path) {
		ret = STORPORT_START_LUN_BUSY;
		goto unlock;
	}
	if (fake->busy && is_rw(srb->cmd)) {
		if (fake->busy > 0)
			fake->busy--;
		ret = fake->busy_with;
		goto unlock;
	}
	fake->starts++;
	fc->id = srb->id;
	fc->srb = srb;
	fc->addr = srb->addr;
	if (is_rw(srb->cmd) && fake->hold) {
		if (fake->hold > 0)
			fake->hold--;
		fc->held = true;
	}
	list_add_tail(&fc->node, &fake->cmds);
	fc = NULL;
unlock:
	spin_unlock_irqrestore(&fake->lock, flags);
	kfree(fc);
	return ret;
}

static void fake_commit(struct storport_adapter *adapter, unsigned int queue)
{
	struct fake *fake = fake_of(adapter);
	struct fake_cmd *fc;

	if (irqs_disabled() ||
	    (IS_ENABLED(CONFIG_LOCKDEP) &&
	     lockdep_is_held(&storport_port_of(adapter)->queues[queue].start_lock)))
		fake->commits_locked++;
	spin_lock_irq(&fake->lock);
	fake->commits++;
	list_for_each_entry(fc, &fake->cmds, node)
		if (storport_id_queue(fc->id) == queue)
			fc->committed = true;
	spin_unlock_irq(&fake->lock);
	queue_work(system_unbound_wq, &fake->work);
}

static int fake_poll(struct storport_adapter *adapter, unsigned int queue)
{
	struct fake *fake = fake_of(adapter);
	struct fake_cmd *fc;
	int n = 0;

	fake->polls++;
	while ((fc = take(fake, true))) {
		answer(fake, fc);
		n++;
	}
	return n;
}

/* What the commands that a reset is about end with, if it brings them back. */
static int run_rung(struct fake *fake, struct fake_rung *rung,
		    const struct storport_address *addr, u64 id)
{
	static const struct storport_completion aborted = {
		.srb_status = STORPORT_SRB_ABORTED,
	};
	struct fake_cmd *fc, *next;
	LIST_HEAD(list);
	int ret;

	spin_lock_irq(&fake->lock);
	rung->calls++;
	ret = rung->result;
	if (!ret && !rung->silent)
		list_for_each_entry_safe(fc, next, &fake->cmds, node)
			if (id ? fc->id == id : !addr || fc->addr.lun == addr->lun)
				list_move_tail(&fc->node, &list);
	spin_unlock_irq(&fake->lock);
	list_for_each_entry_safe(fc, next, &list, node) {
		storport_complete(fake->adapter, fc->id, &aborted);
		kfree(fc);
	}
	return ret;
}

static int fake_abort(struct storport_adapter *adapter, struct storport_srb *srb,
		      unsigned int limit_ms)
{
	struct fake *fake = fake_of(adapter);

	return run_rung(fake, &fake->abort, NULL, srb->id);
}

static int fake_reset_lun(struct storport_adapter *adapter,
			  const struct storport_address *addr, unsigned int limit_ms)
{
	struct fake *fake = fake_of(adapter);

	return run_rung(fake, &fake->reset_lun, addr, 0);
}

static int fake_reset_target(struct storport_adapter *adapter,
			     const struct storport_address *addr, unsigned int limit_ms)
{
	struct fake *fake = fake_of(adapter);

	return run_rung(fake, &fake->reset_target, NULL, 0);
}

static int fake_reset_bus(struct storport_adapter *adapter,
			  const struct storport_address *addr, unsigned int limit_ms)
{
	struct fake *fake = fake_of(adapter);

	return run_rung(fake, &fake->reset_bus, NULL, 0);
}

static void forget_all(struct fake *fake)
{
	struct fake_cmd *fc, *next;
	LIST_HEAD(list);

	spin_lock_irq(&fake->lock);
	list_splice_init(&fake->cmds, &list);
	spin_unlock_irq(&fake->lock);
	list_for_each_entry_safe(fc, next, &list, node)
		kfree(fc);
}

static int fake_control(struct storport_adapter *adapter,
			enum storport_control control)
{
	struct fake *fake = fake_of(adapter);
	int ret;

	spin_lock_irq(&fake->lock);
	fake->controls[control]++;
	fake->removed = control == STORPORT_REMOVED;
	ret = fake->restart_result;
	spin_unlock_irq(&fake->lock);
	if (ret && control != STORPORT_REMOVED)
		return ret;
	if (control != STORPORT_RESTART && control != STORPORT_RESUME) {
		/* a command that is being answered is answered before this */
		forget_all(fake);
		flush_work(&fake->work);
	}
	return 0;
}

static void fake_free_adapter(struct storport_adapter *adapter)
{
	struct fake *fake = fake_of(adapter);

	fake->freed++;
	flush_work(&fake->work);
	forget_all(fake);
}

static struct storport_miniport fake_miniport = {
	.name			= "storport_fake",
	.owner			= THIS_MODULE,
	.adapter_size		= sizeof(struct fake *),
	.srb_size		= sizeof(u64),
	.find_adapter		= fake_find,
	.build_io		= fake_build,
	.start_io		= fake_start,
	.commit			= fake_commit,
	.poll			= fake_poll,
	.abort			= fake_abort,
	.reset_lun		= fake_reset_lun,
	.reset_target		= fake_reset_target,
	.reset_bus		= fake_reset_bus,
	.adapter_control	= fake_control,
	.free_adapter		= fake_free_adapter,
};

/* What tests use */

/* Two disks of 1 MiB, LUN 0 and 1, that always answer; not added yet. */
struct fake *fake_alloc(struct kunit *test)
{
	struct fake *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, fake);
	spin_lock_init(&fake->lock);
	INIT_LIST_HEAD(&fake->cmds);
	INIT_WORK(&fake->work, fake_work);
	for (i = 0; i < FAKE_LUNS; i++) {
		fake->luns[i].present = i < 2;
		fake->luns[i].blocks = FAKE_BLOCKS;
		fake->luns[i].identity = 'A' + i;
		fake->luns[i].data = kvzalloc(FAKE_BYTES, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, fake->luns[i].data);
	}
	fake->queue_depth = 16;
	fake->reset_ms = 300;
	test->priv = fake;
	return fake;
}

void fake_add(struct kunit *test, struct fake *fake)
{
	struct storport_adapter *adapter;

	KUNIT_ASSERT_EQ(test, 0, storport_miniport_init(&fake_miniport));
	fake->parent = root_device_register("storport_fake");
	KUNIT_ASSERT_FALSE(test, IS_ERR(fake->parent));
	adapter = storport_adapter_add(&fake_miniport, fake->parent, fake);
	KUNIT_ASSERT_FALSE(test, IS_ERR(adapter));
	fake->adapter = adapter;
	async_synchronize_full();
}

static int is_disk(struct device *dev, void *data)
{
	return dev->class && !strcmp(dev->class->name, "block");
}

void fake_open(struct kunit *test, struct fake *fake)
{
	struct scsi_device *sdev = fake_sdev(fake, 0);
	struct device *disk;

	KUNIT_ASSERT_NOT_NULL(test, sdev);
	disk = device_find_child(&sdev->sdev_gendev, NULL, is_disk);
	scsi_device_put(sdev);
	KUNIT_ASSERT_NOT_NULL(test, disk);
	fake->bdev_file = bdev_file_open_by_dev(disk->devt,
						BLK_OPEN_READ | BLK_OPEN_WRITE,
						NULL, NULL);
	put_device(disk);
	KUNIT_ASSERT_FALSE(test, IS_ERR(fake->bdev_file));
	fake->bdev = file_bdev(fake->bdev_file);
}

void fake_remove(struct fake *fake)
{
	if (fake->adapter)
		storport_adapter_remove(fake->adapter);
	fake->adapter = NULL;
}

void fake_free(struct fake *fake)
{
	int i;

	fake_release(fake);
	if (!IS_ERR_OR_NULL(fake->bdev_file))
		bdev_fput(fake->bdev_file);
	fake_remove(fake);
	if (!IS_ERR_OR_NULL(fake->parent))
		root_device_unregister(fake->parent);
	for (i = 0; i < FAKE_LUNS; i++)
		kvfree(fake->luns[i].data);
}

unsigned int fake_held(struct fake *fake)
{
	struct fake_cmd *fc;
	unsigned int n = 0;

	spin_lock_irq(&fake->lock);
	list_for_each_entry(fc, &fake->cmds, node)
		n += fc->held && fc->committed;
	spin_unlock_irq(&fake->lock);
	return n;
}

u64 fake_held_id(struct fake *fake, unsigned int nr)
{
	struct fake_cmd *fc;
	u64 id = 0;

	spin_lock_irq(&fake->lock);
	list_for_each_entry(fc, &fake->cmds, node)
		if (fc->held && !nr--) {
			id = fc->id;
			break;
		}
	spin_unlock_irq(&fake->lock);
	return id;
}

int fake_finish(struct fake *fake, u64 id)
{
	struct fake_cmd *fc, *found = NULL;

	spin_lock_irq(&fake->lock);
	list_for_each_entry(fc, &fake->cmds, node)
		if (fc->id == id) {
			list_del(&fc->node);
			found = fc;
			break;
		}
	spin_unlock_irq(&fake->lock);
	return found ? answer(fake, found) : -ESRCH;
}

/* Answers all that is held, and what comes. */
void fake_release(struct fake *fake)
{
	struct fake_cmd *fc;

	spin_lock_irq(&fake->lock);
	fake->hold = 0;
	list_for_each_entry(fc, &fake->cmds, node)
		fc->held = false;
	spin_unlock_irq(&fake->lock);
	if (fake->adapter)
		queue_work(system_unbound_wq, &fake->work);
}

u64 fake_counter(struct fake *fake, unsigned int counter)
{
	return atomic64_read(&storport_port_of(fake->adapter)->counters[counter]);
}

struct scsi_device *fake_sdev(struct fake *fake, u64 lun)
{
	return scsi_device_lookup(fake->adapter->host, 0, 0, lun);
}

bool fake_sees(struct fake *fake, u64 lun)
{
	struct scsi_device *sdev = fake_sdev(fake, lun);
	bool running;

	if (!sdev)
		return false;
	/* not while a scan is at it */
	running = sdev->sdev_state == SDEV_RUNNING;
	scsi_device_put(sdev);
	return running;
}

static void fake_bio_end(struct bio *bio)
{
	struct fake_bio *fb = container_of(bio, struct fake_bio, bio);

	fb->status = bio->bi_status;
	complete(&fb->done);
}

KUNIT_DEFINE_ACTION_WRAPPER(free_bio_page, __free_page, struct page *);

/* One page at a sector; freed with the test. */
struct fake_bio *fake_bio(struct kunit *test, struct fake *fake, blk_opf_t opf,
			  sector_t sector)
{
	struct fake_bio *fb = kunit_kzalloc(test, sizeof(*fb), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fb);
	fb->page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, fb->page);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_bio_page, fb->page));
	init_completion(&fb->done);
	bio_init(&fb->bio, fake->bdev, &fb->vec, 1, opf);
	fb->bio.bi_iter.bi_sector = sector;
	fb->bio.bi_end_io = fake_bio_end;
	__bio_add_page(&fb->bio, fb->page, PAGE_SIZE, 0);
	return fb;
}

void fake_bio_submit(struct fake_bio *fb)
{
	submit_bio(&fb->bio);
}

blk_status_t fake_bio_wait(struct kunit *test, struct fake_bio *fb)
{
	unsigned long left = wait_for_completion_timeout(&fb->done, 20 * HZ);

	/* its memory must not go */
	if (!left) {
		KUNIT_FAIL(test, "an I/O does not end");
		wait_for_completion(&fb->done);
	}
	return fb->status;
}

/* Reads one block. Returns what scsi_execute_cmd() does. */
int fake_read(struct scsi_device *sdev, u32 lba, void *buf, unsigned int limit)
{
	u8 cdb[16] = { READ_10, 0, 0, 0, 0, 0, 0, 0, 1 };

	put_unaligned_be32(lba, cdb + 2);
	return scsi_execute_cmd(sdev, cdb, REQ_OP_DRV_IN, buf, FAKE_BLOCK, limit,
				0, NULL);
}
