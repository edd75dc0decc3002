// SPDX-License-Identifier: GPL-2.0-only
/* The block device. */
#define pr_fmt(fmt) "vhd: " fmt

#include <linux/blkdev.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "disk.h"

#define QUEUE_DEPTH	128
#define QUEUES_MAX	8U
/* Of a request: what fits into the vectors of a few bios */
#define REQUEST_BYTES	SZ_1M

static DEFINE_IDA(numbers);

/*
 * For struct vhd_ended. What workers of a disk may have to wait for is done by it, so it is
 * not theirs. It waits for no I/O itself: one is enough for all disks.
 */
struct workqueue_struct *vhd_ended_wq;

static int disk_open(struct gendisk *gendisk, blk_mode_t mode)
{
	struct vhd_disk *disk = gendisk->private_data;

	return disk->closing ? -ENXIO : 0;
}

static const struct block_device_operations disk_fops = {
	.owner	= THIS_MODULE,
	.open	= disk_open,
};

static const struct blk_mq_ops disk_queue_ops = {
	.queue_rq	= vhd_queue_rq,
	.queue_rqs	= vhd_queue_rqs,
	.complete	= vhd_complete_rq,
};

/* What depends on the image that is written. */
static void limits_of_top(struct vhd_disk *disk, struct queue_limits *lim)
{
	const struct vhd_layer *top = vhd_disk_top(disk);
	const struct vhd_image *img = &top->img;

	/* Elsewhere a flush is more than what was written: tables and bitmaps. */
	lim->features &= ~BLK_FEAT_FUA;
	if (!img->blocks && top->backing.direct)
		lim->features |= BLK_FEAT_FUA;
	/* A request has bytes of one block only, and of one chunk of bits. */
	lim->chunk_sectors = 0;
	if (img->type == VHD_TYPE_DIFF)
		lim->chunk_sectors = top->bits.sectors * (img->sector_size >> SECTOR_SHIFT);
	else if (img->blocks)
		lim->chunk_sectors = vhd_block_size(img) >> SECTOR_SHIFT;
}

static void disk_limits(struct vhd_disk *disk, struct queue_limits *lim)
{
	const struct vhd_layer *top = disk->chain.layers[0];
	const struct vhd_image *img = &top->img;

	*lim = (struct queue_limits) {
		.logical_block_size = img->sector_size,
		.physical_block_size = img->physical_size,
		.max_hw_sectors = REQUEST_BYTES >> SECTOR_SHIFT,
		.max_segments = BIO_MAX_VECS,
		.max_segment_size = REQUEST_BYTES,
		.features = BLK_FEAT_WRITE_CACHE,
	};
	limits_of_top(disk, lim);
	if (!top->backing.writable || !top->backing.file->f_op->fallocate)
		return;
	lim->discard_granularity = max(img->physical_size, PAGE_SIZE);
	lim->max_hw_discard_sectors = UINT_MAX >> SECTOR_SHIFT;
	lim->max_write_zeroes_sectors = UINT_MAX >> SECTOR_SHIFT;
}

static int disk_add(struct vhd_disk *disk)
{
	struct queue_limits lim;
	int ret;

	disk->tags = (struct blk_mq_tag_set) {
		.ops = &disk_queue_ops,
		.nr_hw_queues = min(num_online_cpus(), QUEUES_MAX),
		.queue_depth = QUEUE_DEPTH,
		.numa_node = NUMA_NO_NODE,
		.cmd_size = sizeof(struct vhd_request),
		.flags = BLK_MQ_F_BLOCKING | BLK_MQ_F_SHOULD_MERGE | BLK_MQ_F_STACKING |
			 BLK_MQ_F_NO_SCHED_BY_DEFAULT,
	};
	ret = blk_mq_alloc_tag_set(&disk->tags);
	if (ret)
		return ret;
	disk_limits(disk, &lim);
	disk->gendisk = blk_mq_alloc_disk(&disk->tags, &lim, disk);
	if (IS_ERR(disk->gendisk)) {
		ret = PTR_ERR(disk->gendisk);
		goto free_tags;
	}
	disk->gendisk->fops = &disk_fops;
	disk->gendisk->private_data = disk;
	snprintf(disk->gendisk->disk_name, DISK_NAME_LEN, "vhd%d", disk->number);
	set_capacity(disk->gendisk, vhd_disk_top(disk)->img.size >> SECTOR_SHIFT);
	set_disk_ro(disk->gendisk, !vhd_disk_top(disk)->backing.writable);
	ret = add_disk(disk->gendisk);
	if (ret)
		goto put_disk;
	return 0;

put_disk:
	put_disk(disk->gendisk);
free_tags:
	blk_mq_free_tag_set(&disk->tags);
	return ret;
}

static struct vhd_ended __percpu *ended_alloc(void)
{
	struct vhd_ended __percpu *ended = alloc_percpu(struct vhd_ended);
	int cpu;

	for_each_possible_cpu(cpu) {
		if (!ended)
			break;
		init_llist_head(&per_cpu_ptr(ended, cpu)->requests);
		INIT_WORK(&per_cpu_ptr(ended, cpu)->work, vhd_ended_work);
	}
	return ended;
}

/**
 * vhd_disk_open() - make a block device of an image
 * @path: absolute, of the image
 * @writable: and not only readable
 * @ret: set on failure, when the log says why
 *
 * Context: may sleep.
 * Return: the disk, until vhd_disk_close(); or NULL.
 */
struct vhd_disk *vhd_disk_open(const char *path, bool writable, int *ret)
{
	struct vhd_disk *disk;
	struct vhd_error err;

	disk = kzalloc(sizeof(*disk), GFP_KERNEL);
	if (!disk) {
		*ret = -ENOMEM;
		return NULL;
	}
	disk->counts = alloc_percpu(struct vhd_counts);
	if (!disk->counts) {
		*ret = -ENOMEM;
		goto free_disk;
	}
	disk->ended = ended_alloc();
	if (!disk->ended) {
		*ret = -ENOMEM;
		goto free_counts;
	}
	mutex_init(&disk->chain_lock);
	*ret = vhd_layers_open(&disk->chain, path, writable, &err);
	if (*ret)
		goto free_ended;
	disk->number = ida_alloc(&numbers, GFP_KERNEL);
	if (disk->number < 0) {
		*ret = disk->number;
		goto close_chain;
	}
	disk->wq = alloc_workqueue("vhd%d", WQ_MEM_RECLAIM | WQ_UNBOUND, 0, disk->number);
	if (!disk->wq) {
		*ret = -ENOMEM;
		goto free_number;
	}
	*ret = disk_add(disk);
	if (*ret) {
		pr_warn("%s: no block device: error %d\n", path, -*ret);
		goto free_wq;
	}
	return disk;

free_wq:
	destroy_workqueue(disk->wq);
free_number:
	ida_free(&numbers, disk->number);
close_chain:
	vhd_layers_close(&disk->chain);
free_ended:
	free_percpu(disk->ended);
free_counts:
	free_percpu(disk->counts);
free_disk:
	kfree(disk);
	return NULL;
}

/**
 * vhd_disk_close() - take a block device away
 * @disk: gone afterwards, unless -EBUSY
 * @force: even if somebody has it open: they get errors
 *
 * What they have written is in the image then.
 *
 * Context: may sleep.
 * Return: 0; -EBUSY when it is open; another negative errno when the last of
 * what was written may be lost.
 */
int vhd_disk_close(struct vhd_disk *disk, bool force)
{
	struct gendisk *gendisk = disk->gendisk;
	int ret;

	mutex_lock(&gendisk->open_mutex);
	if (!force && disk_openers(gendisk)) {
		mutex_unlock(&gendisk->open_mutex);
		return -EBUSY;
	}
	disk->closing = true;
	mutex_unlock(&gendisk->open_mutex);

	vhd_merge_stop(disk);
	/* writes what is in the page cache, and waits for requests */
	del_gendisk(gendisk);
	drain_workqueue(disk->wq);
	flush_workqueue(vhd_ended_wq);
	ret = vhd_change_stop(vhd_disk_top(disk));
	if (ret)
		pr_warn("%s: %s: what was written last may be lost: error %d\n",
			gendisk->disk_name, vhd_disk_top(disk)->backing.path, -ret);
	put_disk(gendisk);
	vhd_merge_free(disk);
	blk_mq_free_tag_set(&disk->tags);
	destroy_workqueue(disk->wq);
	ida_free(&numbers, disk->number);
	vhd_layers_close(&disk->chain);
	free_percpu(disk->ended);
	free_percpu(disk->counts);
	kfree(disk);
	return ret;
}

/**
 * vhd_disk_freeze() - nobody uses the images of a disk, until vhd_disk_thaw()
 * @disk: the disk; whose requests wait meanwhile
 * @f: for vhd_disk_thaw()
 *
 * Meanwhile this task must not wait for pages of this disk to be written: neither
 * for memory, nor because there are many dirty ones.
 *
 * Context: may sleep; for as long as requests take.
 */
void vhd_disk_freeze(struct vhd_disk *disk, struct vhd_frozen *f)
{
	struct request_queue *q = disk->gendisk->queue;

	mutex_lock(&disk->chain_lock);
	f->lim = queue_limits_start_update(q);
	f->flags = vhd_io_begin();
	blk_mq_freeze_queue(q);
}

/**
 * vhd_disk_thaw() - requests go on
 * @disk: the disk
 * @f: of vhd_disk_freeze()
 *
 * Context: may sleep.
 */
void vhd_disk_thaw(struct vhd_disk *disk, struct vhd_frozen *f)
{
	struct request_queue *q = disk->gendisk->queue;

	limits_of_top(disk, &f->lim);
	WARN_ON(queue_limits_commit_update(q, &f->lim));
	blk_mq_unfreeze_queue(q);
	vhd_io_end(f->flags);
	mutex_unlock(&disk->chain_lock);
}

/**
 * vhd_disk_init() - block devices can be made
 *
 * Return: 0 or a negative errno.
 */
int vhd_disk_init(void)
{
	int ret;

	vhd_ended_wq = alloc_workqueue("vhd_ended", WQ_MEM_RECLAIM, 0);
	if (!vhd_ended_wq)
		return -ENOMEM;
	ret = vhd_configfs_init();
	if (ret)
		destroy_workqueue(vhd_ended_wq);
	return ret;
}

/**
 * vhd_disk_exit() - there are no block devices any more
 */
void vhd_disk_exit(void)
{
	vhd_configfs_exit();
	destroy_workqueue(vhd_ended_wq);
	ida_destroy(&numbers);
}
