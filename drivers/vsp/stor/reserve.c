// SPDX-License-Identifier: GPL-2.0-only
/*
 * PERSISTENT RESERVE IN and OUT. The block device keeps the reservations if it
 * can (pr_ops); otherwise they are kept in memory, and are shared by all
 * logical units on the device, in whatever partition.
 */
#define pr_fmt(fmt) "vsp_stor: " fmt

#include <linux/blkdev.h>
#include <linux/kref.h>
#include <linux/pr.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>

#include "stor.h"

/**
 * struct vsp_stor_pr_shared - reservations in memory, of one block device
 * @node: in shared_list
 * @ref: one for each logical unit on it, and for each drain that goes on
 * @dev: which device
 * @pr: the reservations
 */
struct vsp_stor_pr_shared {
	struct list_head node;
	struct kref ref;
	dev_t dev;
	struct vsp_stor_pr pr;
};

/* protects shared_list and the last reference to what is on it */
static DEFINE_MUTEX(shared_lock);
static LIST_HEAD(shared_list);

/* keys that a device is asked for at most */
#define MAX_KEYS	((VSP_STOR_SCRATCH - 8) / 8)

static void shared_release(struct kref *ref)
{
	struct vsp_stor_pr_shared *shared = container_of(ref, typeof(*shared), ref);

	list_del(&shared->node);
	mutex_unlock(&shared_lock);
	kfree(shared);
}

/**
 * vsp_stor_reserve_put - give up a reference to reservations in memory
 * @shared: the reservations
 *
 * Context: may sleep.
 */
void vsp_stor_reserve_put(struct vsp_stor_pr_shared *shared)
{
	kref_put_mutex(&shared->ref, shared_release, &shared_lock);
}

static struct vsp_stor_pr_shared *shared_get(dev_t dev)
{
	struct vsp_stor_pr_shared *shared;

	mutex_lock(&shared_lock);
	list_for_each_entry(shared, &shared_list, node) {
		if (shared->dev == dev) {
			kref_get(&shared->ref);
			goto unlock;
		}
	}
	shared = kzalloc(sizeof(*shared), GFP_KERNEL);
	if (shared) {
		kref_init(&shared->ref);
		shared->dev = dev;
		vsp_stor_pr_init(&shared->pr);
		list_add(&shared->node, &shared_list);
	}
unlock:
	mutex_unlock(&shared_lock);
	return shared;
}

static const struct pr_ops *bdev_pr_ops(struct block_device *bdev)
{
	return bdev->bd_disk->fops->pr_ops;
}

/* A driver may have the operations for devices that do not. Ask the device. */
static bool backing_keeps_pr(struct block_device *bdev)
{
	const struct pr_ops *ops = bdev_pr_ops(bdev);
	struct pr_keys keys = {};
	int ret;

	/* reservations are of whole devices */
	if (!ops || !ops->pr_read_keys || !ops->pr_register ||
	    bdev_is_partition(bdev))
		return false;
	ret = ops->pr_read_keys(bdev, &keys);
	return ret != -EOPNOTSUPP && ret != -EINVAL && ret != PR_STS_IOERR;
}

/**
 * vsp_stor_reserve_attach - find out who keeps a logical unit's reservations
 * @lun: the logical unit, with its device open
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int vsp_stor_reserve_attach(struct vsp_stor_lun *lun)
{
	static const siphash_key_t key = { { 0x766d62, 0x7072 } };

	lun->pr_shared = NULL;
	lun->pr_mode = VSP_STOR_PR_BACKING;
	if (backing_keeps_pr(lun->bdev))
		return 0;

	lun->pr_shared = shared_get(lun->bdev->bd_dev);
	if (!lun->pr_shared)
		return -ENOMEM;
	lun->pr_mode = VSP_STOR_PR_MEMORY;
	lun->pr.ua = &lun->ua;
	/* a locally assigned NAA name of the path */
	lun->pr.address = siphash(lun->ctrl->name, strlen(lun->ctrl->name), &key);
	lun->pr.address = (lun->pr.address & ~(0xfULL << 60)) | (0x3ULL << 60);
	vsp_stor_pr_attach(&lun->pr_shared->pr, &lun->pr);
	return 0;
}

/**
 * vsp_stor_reserve_detach - a logical unit gives up its registration
 * @lun: the logical unit, without requests
 *
 * Context: may sleep.
 */
void vsp_stor_reserve_detach(struct vsp_stor_lun *lun)
{
	if (!lun->pr_shared)
		return;
	vsp_stor_pr_detach(&lun->pr);
	vsp_stor_reserve_put(lun->pr_shared);
	lun->pr_shared = NULL;
}

/**
 * vsp_stor_reserve_drain - wait for the commands of those who were preempted
 * @shared: the reservations
 *
 * Context: process, not within poll; may sleep.
 */
void vsp_stor_reserve_drain(struct vsp_stor_pr_shared *shared)
{
	struct vsp_stor_pr *pr = &shared->pr;
	struct vsp_stor_pr_nexus *n;
	struct vsp_stor_lun *lun;

	do {
		lun = NULL;
		spin_lock(&pr->lock);
		list_for_each_entry(n, &pr->nexuses, node) {
			if (!n->drain)
				continue;
			n->drain = false;
			lun = container_of(n, struct vsp_stor_lun, pr);
			config_item_get(&lun->group.cg_item);
			break;
		}
		spin_unlock(&pr->lock);
		if (lun) {
			vsp_stor_lun_drain(lun);
			config_item_put(&lun->group.cg_item);
		}
	} while (lun);
}

/* What a pr_ops call returned: a negative errno, 0, or a &enum pr_status. */
static void pr_end(struct vsp_stor_req *req, int ret, u32 moved)
{
	switch (ret) {
	case 0:
		vsp_stor_req_good(req, moved);
		break;
	case PR_STS_RESERVATION_CONFLICT:
		vsp_stor_req_conflict(req);
		break;
	case -EOPNOTSUPP:
	case -EINVAL:
		vsp_stor_req_check(req, VSP_STOR_BAD_CDB(1));
		break;
	case PR_STS_RETRY_PATH_FAILURE:
	case PR_STS_PATH_FAST_FAILED:
	case PR_STS_PATH_FAILED:
		vsp_stor_req_check(req, VSP_STOR_LUN_FAILURE);
		break;
	default:
		vsp_stor_req_check(req, VSP_STOR_TARGET_FAILURE);
		break;
	}
}

static const struct {
	u8 scsi;
	enum pr_type type;
} pr_types[] = {
	{ 1, PR_WRITE_EXCLUSIVE },
	{ 3, PR_EXCLUSIVE_ACCESS },
	{ 5, PR_WRITE_EXCLUSIVE_REG_ONLY },
	{ 6, PR_EXCLUSIVE_ACCESS_REG_ONLY },
	{ 7, PR_WRITE_EXCLUSIVE_ALL_REGS },
	{ 8, PR_EXCLUSIVE_ACCESS_ALL_REGS },
};

/* Returns 0, which is no type, for what has none. */
static enum pr_type type_to_block(u8 scsi)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(pr_types); i++)
		if (pr_types[i].scsi == scsi)
			return pr_types[i].type;
	return 0;
}

static u8 type_to_scsi(enum pr_type type)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(pr_types); i++)
		if (pr_types[i].type == type)
			return pr_types[i].scsi;
	return 0;
}

static int backing_read_keys(struct block_device *bdev, u8 *buf, u32 *len)
{
	struct pr_keys *keys;
	u32 i, nr;
	int ret;

	keys = kzalloc(struct_size(keys, keys, MAX_KEYS), GFP_KERNEL);
	if (!keys)
		return -ENOMEM;
	keys->num_keys = MAX_KEYS;
	ret = bdev_pr_ops(bdev)->pr_read_keys(bdev, keys);
	if (!ret) {
		nr = min_t(u32, keys->num_keys, MAX_KEYS);
		put_unaligned_be32(keys->generation, buf);
		put_unaligned_be32(keys->num_keys * 8, buf + 4);
		for (i = 0; i < nr; i++)
			put_unaligned_be64(keys->keys[i], buf + 8 + i * 8);
		*len = 8 + nr * 8;
	}
	kfree(keys);
	return ret;
}

static int backing_read_reservation(struct block_device *bdev, u8 *buf, u32 *len)
{
	struct pr_held_reservation held = {};
	int ret;

	if (!bdev_pr_ops(bdev)->pr_read_reservation)
		return -EOPNOTSUPP;
	ret = bdev_pr_ops(bdev)->pr_read_reservation(bdev, &held);
	if (ret)
		return ret;
	memset(buf, 0, 24);
	put_unaligned_be32(held.generation, buf);
	*len = 8;
	if (type_to_scsi(held.type)) {
		put_unaligned_be32(16, buf + 4);
		put_unaligned_be64(held.key, buf + 8);
		buf[21] = type_to_scsi(held.type);
		*len = 24;
	}
	return 0;
}

static int backing_pr_in(struct vsp_stor_req *req, u8 *buf, u32 *len)
{
	struct block_device *bdev = req->lun->bdev;

	switch (vsp_stor_req_cdb(req)[1] & 0x1f) {
	case VSP_STOR_PR_READ_KEYS:
		return backing_read_keys(bdev, buf, len);
	case VSP_STOR_PR_READ_RESERVATION:
		return backing_read_reservation(bdev, buf, len);
	case VSP_STOR_PR_REPORT_CAPABILITIES:
		*len = vsp_stor_pr_capabilities(buf);
		return 0;
	default:
		/* the block layer does not tell who registered */
		return -EOPNOTSUPP;
	}
}

/**
 * vsp_stor_exec_pr_in - PERSISTENT RESERVE IN
 * @req: the request; ends in here
 *
 * Context: within poll.
 */
void vsp_stor_exec_pr_in(struct vsp_stor_req *req)
{
	const u8 *cdb = vsp_stor_req_cdb(req);
	u8 *buf = req->chan->scratch;
	u32 backing_len;
	int len, ret;

	if (req->lun->pr_mode == VSP_STOR_PR_BACKING) {
		ret = backing_pr_in(req, buf, &backing_len);
		if (ret) {
			pr_end(req, ret, 0);
			return;
		}
		len = backing_len;
	} else {
		len = vsp_stor_pr_in(&req->lun->pr, cdb, buf, VSP_STOR_SCRATCH);
	}
	vsp_stor_req_data_in(req, buf, len, get_unaligned_be16(cdb + 7));
}

static int backing_pr_out(struct block_device *bdev, const u8 *cdb, const u8 *list)
{
	const struct pr_ops *ops = bdev_pr_ops(bdev);
	enum pr_type type = type_to_block(cdb[2] & 0x0f);
	u64 key = get_unaligned_be64(list);
	u64 sark = get_unaligned_be64(list + 8);
	u8 sa = cdb[1] & 0x1f;

	switch (sa) {
	case VSP_STOR_PR_REGISTER:
		return ops->pr_register(bdev, key, sark, 0);
	case VSP_STOR_PR_REGISTER_IGNORE:
		return ops->pr_register(bdev, 0, sark, PR_FL_IGNORE_KEY);
	case VSP_STOR_PR_RESERVE:
		if (!ops->pr_reserve)
			return -EOPNOTSUPP;
		return ops->pr_reserve(bdev, key, type, 0);
	case VSP_STOR_PR_RELEASE:
		if (!ops->pr_release)
			return -EOPNOTSUPP;
		return ops->pr_release(bdev, key, type);
	case VSP_STOR_PR_CLEAR:
		if (!ops->pr_clear)
			return -EOPNOTSUPP;
		return ops->pr_clear(bdev, key);
	default:
		if (!ops->pr_preempt)
			return -EOPNOTSUPP;
		return ops->pr_preempt(bdev, key, sark, type,
				       sa == VSP_STOR_PR_PREEMPT_ABORT);
	}
}

static void memory_pr_out(struct vsp_stor_req *req, const u8 *list, u32 len)
{
	const u8 *cdb = vsp_stor_req_cdb(req);
	struct vsp_stor_lun *lun = req->lun;
	int ret;

	ret = vsp_stor_pr_out(&lun->pr, cdb, list, len);
	if (ret == VSP_STOR_PR_CONFLICT) {
		vsp_stor_req_conflict(req);
		return;
	}
	if (ret) {
		vsp_stor_req_check(req, ret);
		return;
	}
	if ((cdb[1] & 0x1f) != VSP_STOR_PR_PREEMPT_ABORT) {
		vsp_stor_req_good(req, len);
		return;
	}
	/*
	 * The preempted may be preempting, too: whoever waits must not be
	 * waited for.
	 */
	req->drain_pr = lun->pr_shared;
	kref_get(&req->drain_pr->ref);
	req->lun = NULL;
	vsp_stor_lun_put(req->epoch);
	req->epoch = NULL;
	vsp_stor_req_drain(req);
}

/**
 * vsp_stor_exec_pr_out - PERSISTENT RESERVE OUT
 * @req: the request; ends in here or later
 *
 * Context: within poll.
 */
void vsp_stor_exec_pr_out(struct vsp_stor_req *req)
{
	const u8 *cdb = vsp_stor_req_cdb(req);
	u32 len = get_unaligned_be32(cdb + 5);
	struct vsp_stor_lun *lun = req->lun;
	u8 *list = req->chan->scratch;
	int ret;

	if (len != VSP_STOR_PR_OUT_BYTES) {
		vsp_stor_req_check(req, VSP_STOR_BAD_LIST_LEN);
		return;
	}
	if (vsp_stor_req_data_out(req, list, len))
		return;
	if (lun->pr_mode == VSP_STOR_PR_MEMORY) {
		memory_pr_out(req, list, len);
		return;
	}
	ret = vsp_stor_pr_check_out(cdb, list, len);
	if (ret)
		vsp_stor_req_check(req, ret);
	else
		pr_end(req, backing_pr_out(lun->bdev, cdb, list), len);
}
