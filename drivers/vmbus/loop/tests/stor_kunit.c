// SPDX-License-Identifier: GPL-2.0-only
/*
 * Disks, all the way: block layer, SCSI mid-layer, storport, vsc_stor, VMBus,
 * vsp_stor, and a null_blk device that keeps what is written to it.
 */
#include <linux/async.h>
#include <linux/bio.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

#include <vmb/guest.h>
#include <vmb/host.h>
#include <vmb/proto/stor.h>

#include "env.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

#define CTRL		ENV_DIR "/scsi.0"
#define NULLB		"/sys/kernel/config/nullb/"
#define DISK_MB		16
#define DISK_SECTORS	((u64)DISK_MB << (20 - SECTOR_SHIFT))
#define MUTE_DEVICE	"/sys/bus/vmb/devices/loop-00000077-0000-0000-0000-000000000000"
/* how long the slow disk takes for a command */
#define SLOW_MS		300
#define DEPTH		256

static struct vmb_loop *loop;
static char withdraw_ms[16];

static int attr(const char *dir, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return env_write(path, text);
}

/* Block devices of the host */

static int node_make(const char *name, dev_t devt)
{
	struct dentry *dentry;
	struct path path;
	int ret;

	dentry = kern_path_create(AT_FDCWD, name, &path, 0);
	/* of an earlier test */
	if (IS_ERR(dentry))
		return dentry == ERR_PTR(-EEXIST) ? 0 : PTR_ERR(dentry);
	ret = vfs_mknod(mnt_idmap(path.mnt), d_inode(path.dentry), dentry,
			S_IFBLK | 0600, devt);
	done_path_create(&path, dentry);
	return ret;
}

static int backing_devt(unsigned int nr, dev_t *devt)
{
	unsigned int major, minor;
	char path[64], text[32];
	int ret;

	snprintf(path, sizeof(path), "/sys/block/kunitloop%u/dev", nr);
	ret = file_read(path, text, sizeof(text));
	if (ret)
		return ret;
	if (sscanf(text, "%u:%u", &major, &minor) != 2)
		return -EINVAL;
	*devt = MKDEV(major, minor);
	return 0;
}

static int backing_make(unsigned int nr, bool slow)
{
	char dir[64], path[64], text[32];
	dev_t devt;
	int ret;

	snprintf(dir, sizeof(dir), NULLB "kunitloop%u", nr);
	ret = env_mkdir(dir);
	if (ret)
		return ret;
	snprintf(text, sizeof(text), "%u", DISK_MB);
	ret = attr(dir, "size", text) ?: attr(dir, "blocksize", "512") ?:
	      attr(dir, "memory_backed", "1") ?: attr(dir, "discard", "1") ?:
	      attr(dir, "cache_size", "1");
	if (!ret && slow) {
		snprintf(text, sizeof(text), "%lu", SLOW_MS * NSEC_PER_MSEC);
		ret = attr(dir, "irqmode", "2") ?: attr(dir, "completion_nsec", text);
	}
	ret = ret ?: attr(dir, "power", "1") ?: backing_devt(nr, &devt);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/run/kunitloop%u.%u.%u", nr, MAJOR(devt), MINOR(devt));
	ret = node_make(path, devt);
	if (ret)
		return ret;
	/* below the controller, and enabled when there is one */
	snprintf(dir, sizeof(dir), CTRL "/lun.%u", nr);
	return env_mkdir(dir) ?: attr(dir, "device", path);
}

static int backing_drop(unsigned int nr)
{
	char lun[64], dir[64];

	snprintf(lun, sizeof(lun), CTRL "/lun.%u", nr);
	snprintf(dir, sizeof(dir), NULLB "kunitloop%u", nr);
	return env_rmdir(lun) ?: env_rmdir(dir);
}

static int lun_enable(unsigned int nr, bool enable)
{
	char lun[64];

	snprintf(lun, sizeof(lun), CTRL "/lun.%u", nr);
	return attr(lun, "enable", enable ? "1" : "0");
}

/* Disks of the guest */

static struct scsi_device *guest_sdev(unsigned int lun)
{
	struct scsi_device *sdev = NULL;
	struct Scsi_Host *host;
	struct device *d;
	int i;

	for (i = 0; i < 32 && !sdev; i++) {
		host = scsi_host_lookup(i);
		if (!host)
			continue;
		for (d = &host->shost_gendev; d; d = d->parent)
			if (str_has_prefix(dev_name(d), "loop-"))
				sdev = scsi_device_lookup(host, 0, 0, lun);
		scsi_host_put(host);
	}
	return sdev;
}

static bool guest_has(unsigned int lun)
{
	struct scsi_device *sdev = guest_sdev(lun);

	if (sdev)
		scsi_device_put(sdev);
	return sdev;
}

static int is_disk(struct device *dev, void *unused)
{
	return dev->class && !strcmp(dev->class->name, "block");
}

static struct device *guest_disk(unsigned int lun)
{
	struct scsi_device *sdev = guest_sdev(lun);
	struct device *d;

	if (!sdev)
		return NULL;
	d = device_find_child(&sdev->sdev_gendev, NULL, is_disk);
	scsi_device_put(sdev);
	return d;
}

static struct file *guest_open(struct kunit *test, unsigned int lun)
{
	struct device *d = NULL;
	struct file *file;

	KUNIT_ASSERT_TRUE(test, env_wait((d = guest_disk(lun))));
	async_synchronize_full();
	file = bdev_file_open_by_dev(d->devt, BLK_OPEN_READ | BLK_OPEN_WRITE, NULL, NULL);
	put_device(d);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	return file;
}

/* Commands that took too long; -1 without the disk. */
static int guest_timeouts(unsigned int lun)
{
	struct scsi_device *sdev = guest_sdev(lun);
	int nr = sdev ? atomic_read(&sdev->iotmo_cnt) : -1;

	if (sdev)
		scsi_device_put(sdev);
	return nr;
}

/* Transfers */

struct io {
	struct bio bio;
	struct bio_vec vec[BIO_MAX_VECS];
	struct completion done;
	u32 pages;
};

static void io_end(struct bio *bio)
{
	complete(&container_of(bio, struct io, bio)->done);
}

static void io_free(struct io *io)
{
	u32 i;

	for (i = 0; i < io->pages; i++)
		__free_page(io->vec[i].bv_page);
	bio_uninit(&io->bio);
	kvfree(io);
}

static u64 io_word(sector_t sector, u32 seed, u32 i)
{
	return ((u64)seed << 48) ^ (sector << 16) ^ i;
}

static struct io *io_start(struct block_device *bdev, blk_opf_t opf, sector_t sector,
			   u32 pages, u32 seed)
{
	struct io *io = kvzalloc(sizeof(*io), GFP_KERNEL);
	u32 i, j;

	if (!io)
		return NULL;
	init_completion(&io->done);
	bio_init(&io->bio, bdev, io->vec, ARRAY_SIZE(io->vec), opf);
	io->bio.bi_iter.bi_sector = sector;
	io->bio.bi_end_io = io_end;
	for (i = 0; i < pages; i++) {
		struct page *page = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
		u64 *p = page_address(page);

		for (j = 0; j < PAGE_SIZE / sizeof(*p); j++)
			p[j] = op_is_write(opf) ? io_word(sector + i * PAGE_SECTORS, seed, j) : ~0;
		__bio_add_page(&io->bio, page, PAGE_SIZE, 0);
		io->pages++;
	}
	submit_bio(&io->bio);
	return io;
}

static blk_status_t io_wait(struct kunit *test, struct io *io)
{
	if (!wait_for_completion_timeout(&io->done, 60 * HZ)) {
		KUNIT_FAIL(test, "a transfer does not end");
		wait_for_completion(&io->done);
	}
	return io->bio.bi_status;
}

/* Words that are not what was written with this seed; 0 for zeroes. */
static u32 io_wrong(struct io *io, sector_t sector, u32 seed)
{
	u32 i, j, wrong = 0;

	for (i = 0; i < io->pages; i++) {
		u64 *p = page_address(io->vec[i].bv_page);

		for (j = 0; j < PAGE_SIZE / sizeof(*p); j++)
			wrong += p[j] != (seed ? io_word(sector + i * PAGE_SECTORS, seed, j) : 0);
		wrong += PageDirty(io->vec[i].bv_page) || page_count(io->vec[i].bv_page) != 1;
	}
	return wrong;
}

static void expect_write(struct kunit *test, struct block_device *bdev, sector_t sector,
			 u32 pages, u32 seed)
{
	struct io *io = io_start(bdev, REQ_OP_WRITE, sector, pages, seed);

	KUNIT_ASSERT_NOT_NULL(test, io);
	KUNIT_EXPECT_EQ(test, io_wait(test, io), BLK_STS_OK);
	io_free(io);
}

static void expect_read(struct kunit *test, struct block_device *bdev, sector_t sector,
			u32 pages, u32 seed)
{
	struct io *io = io_start(bdev, REQ_OP_READ, sector, pages, 0);

	KUNIT_ASSERT_NOT_NULL(test, io);
	KUNIT_EXPECT_EQ(test, io_wait(test, io), BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, io_wrong(io, sector, seed), 0);
	io_free(io);
}

/* Both ends */

static int stor_init(struct kunit *test)
{
	int ret;

	loop = NULL;
	ret = file_read(ENV_WITHDRAW_MS, withdraw_ms, sizeof(withdraw_ms));
	ret = ret ?: env_write(ENV_WITHDRAW_MS, "0");
	ret = ret ?: env_mkdir(ENV_DIR) ?: env_mkdir(CTRL);
	ret = ret ?: backing_make(0, false) ?: backing_make(1, true);
	ret = ret ?: lun_enable(0, true) ?: attr(CTRL, "enable", "1");
	if (ret)
		return ret;
	return env_loop(&loop);
}

static void stor_exit(struct kunit *test)
{
	if (loop)
		vmb_loop_destroy(loop);
	KUNIT_EXPECT_FALSE(test, guest_has(0));
	KUNIT_EXPECT_EQ(test, backing_drop(0), 0);
	KUNIT_EXPECT_EQ(test, backing_drop(1), 0);
	KUNIT_EXPECT_EQ(test, env_rmdir(CTRL), 0);
	KUNIT_EXPECT_EQ(test, env_rmdir(ENV_DIR), 0);
	KUNIT_EXPECT_EQ(test, env_write(ENV_WITHDRAW_MS, withdraw_ms), 0);
}

static void stor_data(struct kunit *test)
{
	static const u32 pages[] = { 1, 2, 31, 32, 33, 100, 128, 256 };
	struct file *file = guest_open(test, 0);
	struct block_device *bdev = file_bdev(file);
	sector_t sector;
	int i;

	KUNIT_EXPECT_EQ(test, bdev_nr_sectors(bdev), DISK_SECTORS);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		sector = 3 * i + 1;
		expect_write(test, bdev, sector, pages[i], i + 1);
		expect_read(test, bdev, sector, pages[i], i + 1);
		/* the other end of the disk */
		sector = DISK_SECTORS - pages[i] * PAGE_SECTORS;
		expect_write(test, bdev, sector, pages[i], i + 100);
		expect_read(test, bdev, sector, pages[i], i + 100);
	}
	bdev_fput(file);
}

static void stor_depth(struct kunit *test)
{
	struct io **io = kvcalloc(DEPTH, sizeof(*io), GFP_KERNEL);
	struct file *file = guest_open(test, 0);
	struct block_device *bdev = file_bdev(file);
	struct blk_plug plug;
	int i, round, wrong;

	KUNIT_ASSERT_NOT_NULL(test, io);
	for (round = 1; round <= env_times(8); round++) {
		/* some in one batch, some one by one */
		if (round & 1)
			blk_start_plug(&plug);
		for (i = 0; i < DEPTH; i++)
			io[i] = io_start(bdev, REQ_OP_WRITE, i * 64, 1 + i % 8, round);
		if (round & 1)
			blk_finish_plug(&plug);
		for (i = 0; i < DEPTH; i++) {
			KUNIT_EXPECT_EQ(test, io_wait(test, io[i]), BLK_STS_OK);
			io_free(io[i]);
		}
		for (i = 0; i < DEPTH; i++)
			io[i] = io_start(bdev, REQ_OP_READ, i * 64, 1 + i % 8, 0);
		for (wrong = 0, i = 0; i < DEPTH; i++) {
			KUNIT_EXPECT_EQ(test, io_wait(test, io[i]), BLK_STS_OK);
			wrong += io_wrong(io[i], i * 64, round);
			io_free(io[i]);
		}
		KUNIT_EXPECT_EQ(test, wrong, 0);
	}
	bdev_fput(file);
	kvfree(io);
}

static void stor_flush_unmap(struct kunit *test)
{
	struct file *file = guest_open(test, 0);
	struct block_device *bdev = file_bdev(file);

	KUNIT_EXPECT_TRUE(test, bdev_write_cache(bdev));
	KUNIT_EXPECT_GT(test, bdev_max_discard_sectors(bdev), 0);
	expect_write(test, bdev, 0, 64, 7);
	KUNIT_EXPECT_EQ(test, blkdev_issue_flush(bdev), 0);
	expect_read(test, bdev, 0, 64, 7);
	KUNIT_EXPECT_EQ(test, blkdev_issue_discard(bdev, 16 * PAGE_SECTORS, 16 * PAGE_SECTORS,
						   GFP_KERNEL), 0);
	expect_read(test, bdev, 0, 16, 7);
	expect_read(test, bdev, 16 * PAGE_SECTORS, 16, 0);
	KUNIT_EXPECT_EQ(test, blkdev_issue_zeroout(bdev, 40 * PAGE_SECTORS, 8 * PAGE_SECTORS,
						   GFP_KERNEL, 0), 0);
	expect_read(test, bdev, 40 * PAGE_SECTORS, 8, 0);
	expect_write(test, bdev, 16 * PAGE_SECTORS, 16, 8);
	expect_read(test, bdev, 16 * PAGE_SECTORS, 16, 8);
	bdev_fput(file);
}

/* Logical units come and go, while another one is used. */
static void stor_hotplug(struct kunit *test)
{
	struct file *file = guest_open(test, 0);
	struct block_device *bdev = file_bdev(file);
	int i;

	KUNIT_EXPECT_FALSE(test, guest_has(1));
	for (i = 1; i <= 3; i++) {
		struct device *d = NULL;

		KUNIT_ASSERT_EQ(test, lun_enable(1, true), 0);
		expect_write(test, bdev, 0, 16, i);
		KUNIT_EXPECT_TRUE(test, env_wait((d = guest_disk(1))));
		put_device(d);
		async_synchronize_full();
		KUNIT_ASSERT_EQ(test, lun_enable(1, false), 0);
		expect_read(test, bdev, 0, 16, i);
		KUNIT_EXPECT_TRUE(test, env_wait(!guest_has(1)));
	}
	bdev_fput(file);
}

static struct file *backing_open(struct kunit *test)
{
	struct file *file;
	dev_t devt;

	KUNIT_ASSERT_EQ(test, backing_devt(0, &devt), 0);
	file = bdev_file_open_by_dev(devt, BLK_OPEN_READ, NULL, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	return file;
}

static void stor_resize(struct kunit *test)
{
	struct file *file = guest_open(test, 0), *backing = backing_open(test);
	struct block_device *bdev = file_bdev(file);

	set_capacity_and_notify(file_bdev(backing)->bd_disk, DISK_SECTORS / 2);
	KUNIT_EXPECT_TRUE(test, env_wait(bdev_nr_sectors(bdev) == DISK_SECTORS / 2));
	set_capacity_and_notify(file_bdev(backing)->bd_disk, DISK_SECTORS);
	KUNIT_EXPECT_TRUE(test, env_wait(bdev_nr_sectors(bdev) == DISK_SECTORS));
	bdev_fput(backing);
	expect_write(test, bdev, DISK_SECTORS - PAGE_SECTORS, 1, 9);
	expect_read(test, bdev, DISK_SECTORS - PAGE_SECTORS, 1, 9);
	bdev_fput(file);
}

/* A command takes too long: the unit is reset, and the command ends well. */
static void stor_reset(struct kunit *test)
{
	struct file *file = guest_open(test, 0), *backing = backing_open(test);
	struct request_queue *held = bdev_get_queue(file_bdev(backing));
	struct block_device *bdev = file_bdev(file);
	struct io *io;

	blk_queue_rq_timeout(bdev_get_queue(bdev), HZ / 20);
	blk_mq_quiesce_queue(held);
	io = io_start(bdev, REQ_OP_WRITE, 0, 2, 5);
	KUNIT_EXPECT_TRUE(test, env_wait(guest_timeouts(0) == 1));
	/* in time for what is sent again */
	blk_queue_rq_timeout(bdev_get_queue(bdev), 30 * HZ);
	/* the host answers the reset when the command has ended */
	msleep(100);
	KUNIT_EXPECT_FALSE(test, completion_done(&io->done));
	blk_mq_unquiesce_queue(held);
	KUNIT_EXPECT_EQ(test, io_wait(test, io), BLK_STS_OK);
	io_free(io);
	KUNIT_EXPECT_EQ(test, guest_timeouts(0), 1);
	expect_read(test, bdev, 0, 2, 5);
	bdev_fput(backing);
	bdev_fput(file);
}

/* The controller goes while its disks are busy, and comes back. */
static void stor_withdraw(struct kunit *test)
{
	struct io *io[32];
	struct file *file;
	int i, round, ended;

	for (round = 1; round <= 3; round++) {
		KUNIT_ASSERT_EQ(test, lun_enable(1, true), 0);
		file = guest_open(test, 1);
		for (i = 0; i < ARRAY_SIZE(io); i++)
			io[i] = io_start(file_bdev(file), REQ_OP_WRITE, i * 64, 1 + i % 4, round);
		KUNIT_ASSERT_EQ(test, attr(CTRL, "enable", "0"), 0);
		for (ended = 0, i = 0; i < ARRAY_SIZE(io); i++) {
			/* in time, or never; but they end */
			blk_status_t status = io_wait(test, io[i]);

			ended += status == BLK_STS_OK || status == BLK_STS_IOERR;
			io_free(io[i]);
		}
		KUNIT_EXPECT_EQ(test, ended, ARRAY_SIZE(io));
		bdev_fput(file);
		KUNIT_EXPECT_TRUE(test, env_wait(!guest_has(0) && !guest_has(1)));

		KUNIT_ASSERT_EQ(test, lun_enable(1, false), 0);
		KUNIT_ASSERT_EQ(test, attr(CTRL, "enable", "1"), 0);
		file = guest_open(test, 0);
		expect_write(test, file_bdev(file), 0, 8, round);
		expect_read(test, file_bdev(file), 0, 8, round);
		bdev_fput(file);
	}
}

/* The guest goes and comes; its data is there. */
static void stor_reload(struct kunit *test)
{
	struct file *file = guest_open(test, 0);
	int i;

	expect_write(test, file_bdev(file), 0, 32, 3);
	bdev_fput(file);
	for (i = 0; i < 5; i++) {
		vmb_loop_destroy(loop);
		KUNIT_EXPECT_FALSE(test, guest_has(0));
		loop = vmb_loop_create(ENV_PARTITION, i & 1 ? VMB_VERSION_2_4 : 0);
		if (IS_ERR(loop)) {
			loop = NULL;
			KUNIT_FAIL_AND_ABORT(test, "no loop");
		}
		KUNIT_ASSERT_EQ(test, vmb_guest_bus_connect(loop->guest), 0);
		file = guest_open(test, 0);
		expect_read(test, file_bdev(file), 0, 32, 3);
		bdev_fput(file);
	}
}

/* What the kernel does with the controller and the bus when it sleeps, and wakes. */
static struct device *controller_get(void)
{
	struct scsi_device *sdev = guest_sdev(0);
	struct device *d, *found = NULL;

	if (!sdev)
		return NULL;
	for (d = &sdev->sdev_gendev; d && !found; d = d->parent)
		if (str_has_prefix(dev_name(d), "loop-"))
			found = get_device(d);
	scsi_device_put(sdev);
	return found;
}

/* the bus has no callbacks in a kernel that cannot sleep, but the driver has */
static struct vmb_guest_driver *driver_of(struct device *d)
{
	return container_of(d->driver, struct vmb_guest_driver, driver);
}

static struct device *machine_sleeps(struct kunit *test)
{
	struct device *d = controller_get();

	KUNIT_ASSERT_NOT_NULL(test, d);
	device_lock(d);
	KUNIT_EXPECT_EQ(test, driver_of(d)->suspend(vmb_guest_device_of(d)), 0);
	device_unlock(d);
	KUNIT_ASSERT_EQ(test, vmb_guest_bus_suspend(loop->guest), 0);
	vmb_guest_bus_synic_off(loop->guest);
	return d;
}

static void machine_wakes(struct kunit *test, struct device *d, bool back)
{
	KUNIT_ASSERT_EQ(test, vmb_guest_bus_synic_on(loop->guest), 0);
	KUNIT_ASSERT_EQ(test, vmb_guest_bus_resume(loop->guest), 0);
	if (back) {
		device_lock(d);
		KUNIT_EXPECT_EQ(test, driver_of(d)->resume(vmb_guest_device_of(d)), 0);
		device_unlock(d);
	}
	put_device(d);
}

/* The machine sleeps with commands under way: none is lost, and none fails. */
static void stor_sleep(struct kunit *test)
{
	struct io *io[32], *late;
	struct file *file[2];
	struct device *d;
	int i, round;

	KUNIT_ASSERT_EQ(test, lun_enable(1, true), 0);
	file[0] = guest_open(test, 0);
	file[1] = guest_open(test, 1);
	for (round = 1; round <= 3; round++) {
		/* half of them takes the host a while */
		for (i = 0; i < ARRAY_SIZE(io); i++)
			io[i] = io_start(file_bdev(file[i & 1]), REQ_OP_WRITE, i * 64,
					 1 + i % 4, round);
		d = machine_sleeps(test);
		for (i = 0; i < ARRAY_SIZE(io); i++)
			KUNIT_EXPECT_TRUE(test, completion_done(&io[i]->done));
		late = io_start(file_bdev(file[0]), REQ_OP_READ, 0, 1, 0);
		msleep(50);
		KUNIT_EXPECT_FALSE(test, completion_done(&late->done));
		machine_wakes(test, d, true);
		KUNIT_EXPECT_EQ(test, io_wait(test, late), BLK_STS_OK);
		KUNIT_EXPECT_EQ(test, io_wrong(late, 0, round), 0);
		io_free(late);
		for (i = 0; i < ARRAY_SIZE(io); i++) {
			KUNIT_EXPECT_EQ(test, io_wait(test, io[i]), BLK_STS_OK);
			io_free(io[i]);
			io[i] = io_start(file_bdev(file[i & 1]), REQ_OP_READ, i * 64, 1 + i % 4, 0);
			KUNIT_ASSERT_NOT_NULL(test, io[i]);
		}
		for (i = 0; i < ARRAY_SIZE(io); i++) {
			KUNIT_EXPECT_EQ(test, io_wait(test, io[i]), BLK_STS_OK);
			KUNIT_EXPECT_EQ(test, io_wrong(io[i], i * 64, round), 0);
			io_free(io[i]);
		}
	}
	bdev_fput(file[1]);
	bdev_fput(file[0]);
	KUNIT_ASSERT_EQ(test, lun_enable(1, false), 0);
	KUNIT_EXPECT_TRUE(test, env_wait(!guest_has(1)));
}

/* The controller goes while the machine sleeps: what waits for it ends. */
static void stor_sleep_gone(struct kunit *test)
{
	struct file *file = guest_open(test, 0);
	struct device *d;
	struct io *io;

	d = machine_sleeps(test);
	io = io_start(file_bdev(file), REQ_OP_READ, 0, 1, 0);
	KUNIT_ASSERT_EQ(test, attr(CTRL, "enable", "0"), 0);
	get_device(d);
	machine_wakes(test, d, false);
	KUNIT_EXPECT_NE(test, io_wait(test, io), BLK_STS_OK);
	io_free(io);
	bdev_fput(file);
	KUNIT_EXPECT_TRUE(test, env_wait(!guest_has(0)));
	/* one of the same name is refused until it is gone; the list is last */
	KUNIT_EXPECT_TRUE(test, env_wait(!device_is_registered(d)));
	put_device(d);
	msleep(200);
	KUNIT_ASSERT_EQ(test, attr(CTRL, "enable", "1"), 0);
	file = guest_open(test, 0);
	expect_write(test, file_bdev(file), 0, 8, 1);
	bdev_fput(file);
}

/* A controller that answers nothing */

static struct vmb_host_device *mute_dev;
static atomic_t mute_opens, mute_closes;

static int mute_open(struct vmb_channel *ch, const u8 *user)
{
	atomic_inc(&mute_opens);
	return 0;
}

static void mute_close(struct vmb_channel *ch)
{
	atomic_inc(&mute_closes);
}

static int mute_poll(struct vmb_channel *ch, int budget)
{
	return 0;
}

static void mute_release(struct config_item *item)
{
	kfree(container_of(to_config_group(item), struct vmb_host_device, group));
}

static struct configfs_item_operations mute_item_ops = {
	.release = mute_release,
};

static const struct config_item_type mute_type = {
	.ct_owner	= THIS_MODULE,
	.ct_item_ops	= &mute_item_ops,
};

static struct vmb_host_device *mute_make(struct vmb_partition *partition, const char *name)
{
	mute_dev = kzalloc(sizeof(*mute_dev), GFP_KERNEL);
	if (!mute_dev)
		return ERR_PTR(-ENOMEM);
	mute_dev->instance_id.b[0] = 0x77;
	mute_dev->offer_flags = VMB_OFFER_ENUMERATE_DEVICE_INTERFACE;
	config_group_init_type_name(&mute_dev->group, name, &mute_type);
	return mute_dev;
}

static void mute_drop(struct vmb_host_device *dev)
{
	config_item_put(&dev->group.cg_item);
}

static const struct vmb_host_driver mute_driver = {
	.name		= "mute",
	.owner		= THIS_MODULE,
	.class_id	= VMB_STOR_SCSI_CLASS,
	.make		= mute_make,
	.drop		= mute_drop,
	.open		= mute_open,
	.close		= mute_close,
	.poll		= mute_poll,
};

/*
 * The host takes a controller away while the driver waits for the first answer
 * in its probe, which has a time limit of half a minute.
 */
static void stor_rescind_in_probe(struct kunit *test)
{
	unsigned long begin;

	atomic_set(&mute_opens, 0);
	atomic_set(&mute_closes, 0);
	KUNIT_ASSERT_EQ(test, vmb_host_driver_register(&mute_driver), 0);
	KUNIT_ASSERT_EQ(test, env_mkdir(ENV_DIR "/mute.0"), 0);
	KUNIT_ASSERT_EQ(test, vmb_host_device_offer(mute_dev), 0);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&mute_opens) == 1));
	/* the handshake has begun */
	msleep(100);
	KUNIT_EXPECT_TRUE(test, env_there(MUTE_DEVICE));
	begin = jiffies;
	vmb_host_device_withdraw(mute_dev);
	KUNIT_EXPECT_TRUE(test, env_wait(!env_there(MUTE_DEVICE)));
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - begin), 1000);
	KUNIT_EXPECT_EQ(test, env_rmdir(ENV_DIR "/mute.0"), 0);
	vmb_host_driver_unregister(&mute_driver);
	KUNIT_EXPECT_EQ(test, atomic_read(&mute_closes), 1);
}

static struct kunit_case stor_cases[] = {
	KUNIT_CASE(stor_data),
	KUNIT_CASE(stor_depth),
	KUNIT_CASE(stor_flush_unmap),
	KUNIT_CASE(stor_hotplug),
	KUNIT_CASE(stor_resize),
	KUNIT_CASE(stor_reset),
	KUNIT_CASE(stor_withdraw),
	KUNIT_CASE(stor_sleep),
	KUNIT_CASE(stor_sleep_gone),
	KUNIT_CASE(stor_rescind_in_probe),
	KUNIT_CASE(stor_reload),
	{}
};

static struct kunit_suite stor_suite = {
	.name = "vmb_loop_stor",
	.init = stor_init,
	.exit = stor_exit,
	.test_cases = stor_cases,
};

kunit_test_suite(stor_suite);

MODULE_DESCRIPTION("KUnit tests of disks through both ends of VMBus");
MODULE_LICENSE("GPL");
/* no symbol says that the disks need them */
MODULE_SOFTDEP("pre: vsp_stor vsc_stor");
