// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logical units: their block device, their properties, and the references by
 * which requests hold them.
 *
 * Requests hold an epoch, a percpu_ref. To wait for those that have begun, the
 * logical unit gets a new epoch and the old one is killed; new requests go on
 * meanwhile. To disable the logical unit, it is not given a new one.
 */
#define pr_fmt(fmt) "vsp_stor: " fmt

#include <linux/log2.h>
#include <linux/slab.h>

#include "stor.h"

/* who claims devices that several logical units may use */
static char shared_holder;

/* most blocks of one UNMAP or WRITE SAME, in bytes */
#define MAX_UNMAP_BYTES	BIT_ULL(32)

static void epoch_release(struct percpu_ref *ref)
{
	complete(&container_of(ref, struct vsp_stor_epoch, ref)->drained);
}

static struct vsp_stor_epoch *epoch_alloc(void)
{
	struct vsp_stor_epoch *epoch;

	epoch = kzalloc(sizeof(*epoch), GFP_KERNEL);
	if (!epoch)
		return NULL;
	init_completion(&epoch->drained);
	if (percpu_ref_init(&epoch->ref, epoch_release, 0, GFP_KERNEL)) {
		kfree(epoch);
		return NULL;
	}
	return epoch;
}

/* Wait for the requests of an epoch that no new request finds, and free it. */
static void epoch_end(struct vsp_stor_epoch *epoch)
{
	WRITE_ONCE(epoch->aborted, true);
	percpu_ref_kill(&epoch->ref);
	wait_for_completion(&epoch->drained);
	percpu_ref_exit(&epoch->ref);
	kfree_rcu(epoch, rcu);
}

static struct vsp_stor_lun *lun_hold(struct vsp_stor_ctrl *ctrl, u8 number,
				     struct vsp_stor_epoch **epoch)
{
	struct vsp_stor_epoch *e;
	struct vsp_stor_lun *lun;

	if (number >= VSP_STOR_MAX_LUNS)
		return NULL;
	rcu_read_lock();
	do {
		lun = rcu_dereference(ctrl->luns[number]);
		e = lun ? rcu_dereference(lun->epoch) : NULL;
		if (!e) {
			lun = NULL;
			break;
		}
		/* fails if it was replaced just now: then there is a new one */
	} while (!percpu_ref_tryget_live_rcu(&e->ref));
	rcu_read_unlock();
	*epoch = e;
	return lun;
}

/**
 * vsp_stor_lun_get - find a logical unit and hold it
 * @ctrl: the controller
 * @number: of the logical unit
 * @epoch: set to what is to be given to vsp_stor_lun_put()
 *
 * Context: any.
 * Return: it, or NULL if it is not there.
 */
struct vsp_stor_lun *vsp_stor_lun_get(struct vsp_stor_ctrl *ctrl, u8 number,
				      struct vsp_stor_epoch **epoch)
{
	return READ_ONCE(ctrl->hidden) ? NULL : lun_hold(ctrl, number, epoch);
}

/**
 * vsp_stor_lun_put - let go of a logical unit
 * @epoch: what vsp_stor_lun_get() set
 *
 * Context: any, hard interrupts included.
 */
void vsp_stor_lun_put(struct vsp_stor_epoch *epoch)
{
	percpu_ref_put(&epoch->ref);
}

/**
 * vsp_stor_lun_flush - write out the device's cache, for no command
 * @ctrl: the controller
 * @number: of the logical unit; nothing happens if it is not there
 *
 * Context: process, may sleep.
 */
void vsp_stor_lun_flush(struct vsp_stor_ctrl *ctrl, u8 number)
{
	struct vsp_stor_epoch *epoch;
	struct vsp_stor_lun *lun;
	int ret;

	lun = lun_hold(ctrl, number, &epoch);
	if (!lun)
		return;
	this_cpu_inc(lun->stats->flushes);
	ret = blkdev_issue_flush(lun->bdev);
	if (ret)
		vsp_stor_warn(ctrl, "lun %u: cannot be flushed: error %d\n", number, ret);
	vsp_stor_lun_put(epoch);
}

/**
 * vsp_stor_lun_drain - wait for the requests that hold a logical unit now
 * @lun: the logical unit, referenced
 *
 * Those which run long are told to end early.
 *
 * Context: process, not within poll; may sleep.
 */
void vsp_stor_lun_drain(struct vsp_stor_lun *lun)
{
	struct vsp_stor_epoch *old, *new;

	new = epoch_alloc();
	mutex_lock(&lun->epoch_lock);
	old = rcu_dereference_protected(lun->epoch,
					lockdep_is_held(&lun->epoch_lock));
	if (!old) {
		/* it was disabled, and that waited */
		mutex_unlock(&lun->epoch_lock);
		if (new) {
			percpu_ref_exit(&new->ref);
			kfree(new);
		}
		return;
	}
	if (!new) {
		/* old requests cannot be told from new ones */
		pr_warn_ratelimited("%s: LUN %u: no memory to wait for its commands; they go on\n",
				    lun->ctrl->name, lun->number);
		mutex_unlock(&lun->epoch_lock);
		return;
	}
	rcu_assign_pointer(lun->epoch, new);
	mutex_unlock(&lun->epoch_lock);
	epoch_end(old);
}

/**
 * vsp_stor_lun_check_size - notice that the block device changed its size
 * @lun: the logical unit, enabled
 *
 * Context: any but hard interrupts.
 */
void vsp_stor_lun_check_size(struct vsp_stor_lun *lun)
{
	u64 sectors = bdev_nr_sectors(lun->bdev);
	u64 old = READ_ONCE(lun->sectors);

	if (likely(sectors == old) || cmpxchg64(&lun->sectors, old, sectors) != old)
		return;
	pr_info("%s: LUN %u: size changed from %llu to %llu sectors\n",
		lun->ctrl->name, lun->number, old, sectors);
	set_bit(VSP_STOR_UA_CAPACITY, &lun->ua);
	vsp_stor_ctrl_rescan(lun->ctrl);
}

/**
 * vsp_stor_lun_props - what a logical unit tells about itself
 * @lun: the logical unit, enabled
 * @p: filled; points into @lun
 *
 * Context: any.
 */
void vsp_stor_lun_props(struct vsp_stor_lun *lun, struct vsp_stor_props *p)
{
	struct block_device *bdev = lun->bdev;
	unsigned int block = 1U << lun->block_shift;
	unsigned int phys = max(bdev_physical_block_size(bdev), block);
	int misaligned = bdev_alignment_offset(bdev);
	bool cache = bdev_write_cache(bdev);
	int gran;

	memset(p, 0, sizeof(*p));
	p->blocks = vsp_stor_lun_blocks(lun);
	p->block_shift = lun->block_shift;
	p->phys_exp = ilog2(phys / block);
	if (misaligned > 0)
		p->lowest_aligned = misaligned >> lun->block_shift;
	p->max_blocks = VSP_STOR_MAX_TRANSFER >> lun->block_shift;
	p->opt_blocks = max(bdev_io_opt(bdev), 0) >> lun->block_shift;
	if (bdev_io_min(bdev) > block)
		p->gran_blocks = bdev_io_min(bdev) >> lun->block_shift;
	p->max_unmap_blocks = min_t(u64, MAX_UNMAP_BYTES >> lun->block_shift,
				    U32_MAX);
	gran = bdev_discard_granularity(bdev) >> lun->block_shift;
	if (lun->thin && gran > 0) {
		p->unmap_gran = gran;
		p->unmap_align = bdev_discard_alignment(bdev) >> lun->block_shift;
	}
	p->readonly = lun->readonly || bdev_read_only(bdev);
	p->thin = lun->thin;
	p->write_cache = cache && !READ_ONCE(lun->write_through);
	p->write_cache_fixed = !cache || p->readonly;
	p->rotational = !bdev_nonrot(bdev);
	p->serial = lun->serial;
	p->id = &lun->id;
}

/**
 * vsp_stor_lun_mask - which logical units there are
 * @ctrl: the controller
 *
 * Return: a bit for each.
 */
u64 vsp_stor_lun_mask(struct vsp_stor_ctrl *ctrl)
{
	u64 mask = 0;
	int i;

	if (READ_ONCE(ctrl->hidden))
		return 0;
	for (i = 0; i < VSP_STOR_MAX_LUNS; i++)
		if (rcu_access_pointer(ctrl->luns[i]))
			mask |= BIT_ULL(i);
	return mask;
}

/* Tell the guest, in the ways it may listen to, that the list has changed. */
static void lun_notify(struct vsp_stor_lun *changed)
{
	struct vsp_stor_ctrl *ctrl = changed->ctrl;
	struct vsp_stor_lun *lun;
	int i;

	rcu_read_lock();
	for (i = 0; i < VSP_STOR_MAX_LUNS; i++) {
		lun = rcu_dereference(ctrl->luns[i]);
		if (lun && lun != changed)
			set_bit(VSP_STOR_UA_LUNS, &lun->ua);
	}
	rcu_read_unlock();
	vsp_stor_ctrl_rescan(ctrl);
}

/* Say why a logical unit cannot be enabled. */
static __printf(2, 3) void lun_err(const struct vsp_stor_lun *lun,
				   const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	pr_err("%s/lun.%u: enable: %pV", lun->ctrl->name, lun->number, &vaf);
	va_end(args);
}

static int lun_open(struct vsp_stor_lun *lun)
{
	blk_mode_t mode = BLK_OPEN_READ | (lun->want_readonly ? 0 : BLK_OPEN_WRITE);
	void *holder = lun->shared ? (void *)&shared_holder : lun;
	struct file *file;
	int ret;

	file = bdev_file_open_by_path(lun->path, mode, holder, NULL);
	if (!IS_ERR(file)) {
		lun->bdev_file = file;
		lun->bdev = file_bdev(file);
		return 0;
	}

	ret = PTR_ERR(file);
	switch (ret) {
	case -EBUSY:
		lun_err(lun, "%s is in use: unmount it, or disable the other logical unit on it, or set shared to 1 in both\n",
			lun->path);
		break;
	case -ENOTBLK:
		lun_err(lun, "%s is not a block device: for a file, make one of it with losetup\n",
			lun->path);
		break;
	case -EROFS:
	case -EACCES:
	case -EPERM:
		lun_err(lun, "%s cannot be opened for writing: set readonly to 1\n",
			lun->path);
		break;
	default:
		lun_err(lun, "%s cannot be opened: error %d\n", lun->path, ret);
		break;
	}
	return ret;
}

static int lun_inspect(struct vsp_stor_lun *lun)
{
	unsigned int block = bdev_logical_block_size(lun->bdev);
	bool discard = bdev_max_discard_sectors(lun->bdev);

	if (bdev_is_zoned(lun->bdev)) {
		lun_err(lun, "%s is zoned, which is not supported\n", lun->path);
		return -EOPNOTSUPP;
	}
	if (block < SECTOR_SIZE || block > VSP_STOR_SCRATCH) {
		lun_err(lun, "%s has blocks of %u bytes; 512 to %u are supported\n",
			lun->path, block, VSP_STOR_SCRATCH);
		return -EOPNOTSUPP;
	}
	lun->block_shift = ilog2(block);
	lun->sectors = bdev_nr_sectors(lun->bdev);
	if (!vsp_stor_lun_blocks(lun)) {
		lun_err(lun, "%s is empty: is there a medium in it?\n", lun->path);
		return -ENOSPC;
	}
	if (lun->want_thin == VSP_STOR_THIN_ON && !discard) {
		lun_err(lun, "%s cannot discard: set thin to auto or 0\n", lun->path);
		return -EOPNOTSUPP;
	}
	lun->readonly = lun->want_readonly;
	lun->thin = lun->want_thin != VSP_STOR_THIN_OFF && discard &&
		    !lun->readonly;
	lun->write_through = false;
	return 0;
}

/**
 * vsp_stor_lun_enable - open the block device and show it to the guest
 * @lun: the logical unit, not enabled
 *
 * Says in the log why it fails.
 *
 * Context: may sleep; &vsp_stor_ctrl.conf_lock.
 * Return: 0 or a negative errno.
 */
int vsp_stor_lun_enable(struct vsp_stor_lun *lun)
{
	struct vsp_stor_ctrl *ctrl = lun->ctrl;
	struct vsp_stor_epoch *epoch;
	int ret;

	lockdep_assert_held(&ctrl->conf_lock);
	if (!lun->path) {
		lun_err(lun, "no block device: write its path to device first\n");
		return -EINVAL;
	}
	ret = lun_open(lun);
	if (ret)
		return ret;
	ret = lun_inspect(lun);
	if (ret)
		goto close;
	epoch = epoch_alloc();
	if (!epoch) {
		ret = -ENOMEM;
		goto close;
	}
	ret = vsp_stor_reserve_attach(lun);
	if (ret)
		goto free_epoch;

	lun->ua = BIT(VSP_STOR_UA_POWER_ON);
	/* a guest that is there may have seen another disk in this place */
	if (READ_ONCE(ctrl->state) == VSP_STOR_READY)
		lun->ua |= BIT(VSP_STOR_UA_INQUIRY);
	rcu_assign_pointer(lun->epoch, epoch);
	rcu_assign_pointer(ctrl->luns[lun->number], lun);
	lun->enabled = true;
	lun_notify(lun);
	return 0;

free_epoch:
	percpu_ref_exit(&epoch->ref);
	kfree(epoch);
close:
	bdev_fput(lun->bdev_file);
	lun->bdev_file = NULL;
	lun->bdev = NULL;
	return ret;
}

/**
 * vsp_stor_lun_disable - take a logical unit away from the guest
 * @lun: the logical unit
 *
 * New commands find it gone; those that have begun are waited for.
 *
 * Context: may sleep; &vsp_stor_ctrl.conf_lock.
 */
void vsp_stor_lun_disable(struct vsp_stor_lun *lun)
{
	struct vsp_stor_ctrl *ctrl = lun->ctrl;
	struct vsp_stor_epoch *epoch;

	lockdep_assert_held(&ctrl->conf_lock);
	if (!lun->enabled)
		return;
	lun->enabled = false;
	RCU_INIT_POINTER(ctrl->luns[lun->number], NULL);
	lun_notify(lun);

	mutex_lock(&lun->epoch_lock);
	epoch = rcu_replace_pointer(lun->epoch, NULL,
				    lockdep_is_held(&lun->epoch_lock));
	mutex_unlock(&lun->epoch_lock);
	epoch_end(epoch);

	/* all bios have ended, but their work may not have noticed */
	vsp_stor_backlog_flush(&lun->backlog);
	vsp_stor_reserve_detach(lun);
	/* a look at the properties or the size, under RCU, may go on yet */
	synchronize_rcu();
	bdev_fput(lun->bdev_file);
	lun->bdev_file = NULL;
	lun->bdev = NULL;
}

/**
 * vsp_stor_ctrl_hide - new commands find no logical unit any more
 * @ctrl: the controller, which is about to be taken away
 *
 * The guest is told to look, so that it lets go of its disks while their
 * commands can still be answered. Those that have begun are waited for.
 *
 * Context: may sleep; &vsp_stor_ctrl.conf_lock.
 */
void vsp_stor_ctrl_hide(struct vsp_stor_ctrl *ctrl)
{
	struct vsp_stor_lun *lun;
	int i;

	lockdep_assert_held(&ctrl->conf_lock);
	WRITE_ONCE(ctrl->hidden, true);
	/* who found a logical unit before that holds its epoch by now */
	synchronize_rcu();
	vsp_stor_ctrl_rescan(ctrl);
	for (i = 0; i < VSP_STOR_MAX_LUNS; i++) {
		lun = rcu_dereference_protected(ctrl->luns[i],
						lockdep_is_held(&ctrl->conf_lock));
		if (lun)
			vsp_stor_lun_drain(lun);
	}
}

/**
 * vsp_stor_lun_alloc - make a logical unit with no block device yet
 * @ctrl: the controller
 * @number: 0 to 63
 *
 * Return: it, or NULL.
 */
struct vsp_stor_lun *vsp_stor_lun_alloc(struct vsp_stor_ctrl *ctrl, u8 number)
{
	struct vsp_stor_lun *lun;

	lun = kzalloc(sizeof(*lun), GFP_KERNEL);
	if (!lun)
		return NULL;
	lun->stats = alloc_percpu(struct vsp_stor_stats);
	if (!lun->stats) {
		kfree(lun);
		return NULL;
	}
	lun->ctrl = ctrl;
	lun->number = number;
	mutex_init(&lun->epoch_lock);
	vsp_stor_backlog_init(&lun->backlog);
	return lun;
}

/**
 * vsp_stor_lun_free - free a logical unit that is not enabled
 * @lun: the logical unit
 */
void vsp_stor_lun_free(struct vsp_stor_lun *lun)
{
	mutex_destroy(&lun->epoch_lock);
	free_percpu(lun->stats);
	kfree(lun->path);
	kfree_rcu(lun, rcu);
}
