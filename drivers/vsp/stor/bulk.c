// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands that take long and move little data: UNMAP, WRITE SAME, VERIFY.
 * They are checked and their data is fetched in poll; the work is done on the
 * controller's workqueue, in pieces, so that they can be aborted in between.
 */
#define pr_fmt(fmt) "vsp_stor: " fmt

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>

#include "stor.h"

/* data of such commands that one controller's guest makes us hold */
#define BULK_MAX	(16U << 20)
/* after so many bytes they look whether they were aborted */
#define BULK_DISCARD	BIT_ULL(30)
#define BULK_ZERO	(64ULL << 20)
#define BULK_ORDER	5
#define BULK_BYTES	(PAGE_SIZE << BULK_ORDER)

static bool bulk_aborted(const struct vsp_stor_req *req)
{
	return READ_ONCE(req->epoch->aborted) || READ_ONCE(req->chan->closing);
}

/* Get memory for the data of a command. If it fails, the request has ended. */
static void *bulk_alloc(struct vsp_stor_req *req, u32 len)
{
	struct vsp_stor_ctrl *ctrl = req->chan->ctrl;

	if (atomic_add_return(len, &ctrl->bulk_bytes) <= BULK_MAX)
		req->buf = kvmalloc(len, GFP_KERNEL_ACCOUNT);
	if (!req->buf) {
		atomic_sub(len, &ctrl->bulk_bytes);
		vsp_stor_req_finish(req, VMB_STOR_SRB_BUSY,
				    SAM_STAT_TASK_SET_FULL, 0);
		return NULL;
	}
	req->buf_len = len;
	return req->buf;
}

static void bulk_free(struct vsp_stor_req *req)
{
	if (!req->buf)
		return;
	atomic_sub(req->buf_len, &req->chan->ctrl->bulk_bytes);
	kvfree(req->buf);
	req->buf = NULL;
}

/* Fetch the data of a command. If it fails, the request has ended. */
static int bulk_fetch(struct vsp_stor_req *req, u32 len)
{
	struct vsp_stor_ctrl *ctrl = req->chan->ctrl;
	void *buf;
	int ret;

	buf = bulk_alloc(req, len);
	if (!buf)
		return -ENOMEM;
	ret = vsp_stor_req_data_out(req, buf, len);
	if (ret) {
		atomic_sub(len, &ctrl->bulk_bytes);
		kvfree(buf);
	}
	return ret;
}

static void bulk_start(struct vsp_stor_req *req, work_func_t func)
{
	INIT_WORK(&req->work, func);
	queue_work(req->chan->ctrl->wq, &req->work);
}

static void bulk_end(struct vsp_stor_req *req, int err, sector_t sector)
{
	u32 moved = req->buf_len;

	bulk_free(req);
	if (err == -ECANCELED)
		vsp_stor_req_finish(req, VMB_STOR_SRB_ABORTED,
				    SAM_STAT_TASK_ABORTED, 0);
	else if (err)
		vsp_stor_req_blk_status(req, errno_to_blk_status(err), sector,
					req->cmd->flags & VSP_STOR_CMD_WRITES);
	else
		vsp_stor_req_good(req, moved);
}

static void unmap_work(struct work_struct *work)
{
	struct vsp_stor_req *req = container_of(work, struct vsp_stor_req, work);
	struct vsp_stor_lun *lun = req->lun;
	unsigned int shift = lun->block_shift - SECTOR_SHIFT;
	u32 nr = req->bytes, i;
	sector_t sector = 0, left, n;
	int ret = 0;

	for (i = 0; i < nr; i++) {
		const u8 *desc = req->buf + 8 + i * 16;

		sector = get_unaligned_be64(desc) << shift;
		left = (sector_t)get_unaligned_be32(desc + 8) << shift;
		for (; left; sector += n, left -= n) {
			n = min_t(sector_t, left, BULK_DISCARD >> SECTOR_SHIFT);
			ret = bulk_aborted(req) ? -ECANCELED :
				blkdev_issue_discard(lun->bdev, sector, n,
						     GFP_KERNEL);
			if (ret)
				goto end;
		}
	}
end:
	bulk_end(req, ret, sector);
}

/**
 * vsp_stor_exec_unmap - UNMAP
 * @req: the request; ends in here or later
 *
 * Context: within poll.
 */
void vsp_stor_exec_unmap(struct vsp_stor_req *req)
{
	const u8 *cdb = vsp_stor_req_cdb(req);
	u32 len = get_unaligned_be16(cdb + 7);
	struct vsp_stor_props props;
	int ret;

	if (cdb[1] & 0x01) {
		vsp_stor_req_check(req, VSP_STOR_BAD_CDB(1));
		return;
	}
	if (len > VSP_STOR_SCRATCH) {
		vsp_stor_req_check(req, VSP_STOR_BAD_LIST_LEN);
		return;
	}
	if (!len) {
		vsp_stor_req_good(req, 0);
		return;
	}
	if (bulk_fetch(req, len))
		return;
	vsp_stor_lun_props(req->lun, &props);
	ret = vsp_stor_unmap_check(req->buf, len, props.blocks,
				   props.max_unmap_blocks);
	if (ret < 0) {
		bulk_free(req);
		vsp_stor_req_check(req, ret);
		return;
	}
	req->bytes = ret;
	bulk_start(req, unmap_work);
}

static struct page *bulk_pages(unsigned int *order)
{
	struct page *page;

	*order = BULK_ORDER;
	page = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, *order);
	if (page)
		return page;
	*order = 0;
	return alloc_page(GFP_KERNEL);
}

static int bulk_bio(struct vsp_stor_req *req, blk_opf_t opf, sector_t sector,
		    struct page *page, unsigned int len)
{
	struct bio_vec bvec;
	struct bio bio;
	int ret;

	bio_init(&bio, req->lun->bdev, &bvec, 1, opf);
	bio.bi_iter.bi_sector = sector;
	__bio_add_page(&bio, page, len, 0);
	ret = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return ret;
}

/* The same block, again and again. */
static int write_pattern(struct vsp_stor_req *req, sector_t *sector, u64 left)
{
	u32 block = req->buf_len, pos;
	unsigned int order, len;
	struct page *page;
	int ret = 0;

	page = bulk_pages(&order);
	if (!page)
		return -ENOMEM;
	for (pos = 0; pos < PAGE_SIZE << order; pos += block)
		memcpy(page_address(page) + pos, req->buf, block);
	while (left) {
		len = min_t(u64, left, PAGE_SIZE << order);
		ret = bulk_aborted(req) ? -ECANCELED :
			bulk_bio(req, REQ_OP_WRITE, *sector, page, len);
		if (ret)
			break;
		*sector += len >> SECTOR_SHIFT;
		left -= len;
	}
	__free_pages(page, order);
	return ret;
}

static void write_same_work(struct work_struct *work)
{
	struct vsp_stor_req *req = container_of(work, struct vsp_stor_req, work);
	const u8 *cdb = vsp_stor_req_cdb(req);
	struct vsp_stor_lun *lun = req->lun;
	struct vsp_stor_extent ext;
	sector_t sector, n, left;
	unsigned int flags;
	u64 bytes;
	int ret = 0;

	vsp_stor_cdb_extent(cdb, &ext);
	sector = req->sector;
	bytes = (u64)ext.blocks << lun->block_shift;
	if (req->buf && memchr_inv(req->buf, 0, req->buf_len)) {
		ret = write_pattern(req, &sector, bytes);
	} else {
		flags = cdb[1] & 0x08 ? 0 : BLKDEV_ZERO_NOUNMAP;
		left = bytes >> SECTOR_SHIFT;
		for (; left && !ret; sector += n, left -= n) {
			n = min_t(sector_t, left, BULK_ZERO >> SECTOR_SHIFT);
			ret = bulk_aborted(req) ? -ECANCELED :
				blkdev_issue_zeroout(lun->bdev, sector, n,
						     GFP_KERNEL, flags);
		}
	}
	/* a guest without a cache in mind takes this for written */
	if (!ret && READ_ONCE(lun->write_through))
		ret = blkdev_issue_flush(lun->bdev);
	bulk_end(req, ret, sector);
}

/**
 * vsp_stor_exec_write_same - WRITE SAME (10) and (16)
 * @req: the request; ends in here or later
 *
 * Context: within poll.
 */
void vsp_stor_exec_write_same(struct vsp_stor_req *req)
{
	const u8 *cdb = vsp_stor_req_cdb(req);
	bool ndob = cdb[0] == WRITE_SAME_16 && (cdb[1] & 0x01);
	struct vsp_stor_lun *lun = req->lun;
	struct vsp_stor_extent ext;
	struct vsp_stor_props props;
	int ret;

	/* protection, anchors, and data that depends on the address: none */
	if (cdb[1] & 0xf6 || ((cdb[1] & 0x08) && !lun->thin)) {
		vsp_stor_req_check(req, VSP_STOR_BAD_CDB(1));
		return;
	}
	vsp_stor_lun_props(lun, &props);
	vsp_stor_cdb_extent(cdb, &ext);
	if (!ext.blocks)
		ret = VSP_STOR_BAD_CDB(cdb[0] == WRITE_SAME_16 ? 10 : 7);
	else
		ret = vsp_stor_extent_check(&ext, props.blocks,
					    props.max_unmap_blocks);
	if (ret) {
		vsp_stor_req_check(req, ret);
		return;
	}
	if (!ndob && bulk_fetch(req, 1U << lun->block_shift))
		return;
	req->sector = ext.lba << (lun->block_shift - SECTOR_SHIFT);
	bulk_start(req, write_same_work);
}

/* Where two pieces of memory differ first. Returns @len if they do not. */
static u32 first_difference(const u8 *a, const u8 *b, u32 len)
{
	u32 i;

	if (!memcmp(a, b, len))
		return len;
	for (i = 0; a[i] == b[i]; i++)
		;
	return i;
}

static void verify_work(struct work_struct *work)
{
	struct vsp_stor_req *req = container_of(work, struct vsp_stor_req, work);
	struct vsp_stor_lun *lun = req->lun;
	sector_t sector = req->sector;
	struct vsp_stor_extent ext;
	u64 left, pos = 0, bad;
	unsigned int order;
	struct page *page;
	u32 len, step, i;
	int ret = 0;

	vsp_stor_cdb_extent(vsp_stor_req_cdb(req), &ext);
	left = (u64)ext.blocks << lun->block_shift;
	page = bulk_pages(&order);
	if (!page) {
		bulk_end(req, -ENOMEM, sector);
		return;
	}
	while (left) {
		len = min_t(u64, left, PAGE_SIZE << order);
		ret = bulk_aborted(req) ? -ECANCELED :
			bulk_bio(req, REQ_OP_READ, sector, page, len);
		if (ret)
			break;
		/* one block of data is for all blocks, more are for one each */
		step = min(len, req->buf_len);
		for (i = 0; step && i < len; i += step) {
			const u8 *want = req->buf;

			if (req->buf_len != 1U << lun->block_shift)
				want += pos;
			bad = first_difference(page_address(page) + i, want, step);
			if (bad < step)
				goto miscompare;
		}
		sector += len >> SECTOR_SHIFT;
		pos += len;
		left -= len;
	}
	__free_pages(page, order);
	bulk_end(req, ret, sector);
	return;

miscompare:
	__free_pages(page, order);
	bulk_free(req);
	vsp_stor_req_check_info(req, VSP_STOR_MISCOMPARE, pos + i + bad);
}

/**
 * vsp_stor_exec_verify - VERIFY (10), (12), (16)
 * @req: the request; ends in here or later
 *
 * The blocks are read, whether or not there is data to compare them with.
 *
 * Context: within poll.
 */
void vsp_stor_exec_verify(struct vsp_stor_req *req)
{
	const u8 *cdb = vsp_stor_req_cdb(req);
	struct vsp_stor_lun *lun = req->lun;
	u8 bytchk = (cdb[1] >> 1) & 0x03;
	struct vsp_stor_extent ext;
	int ret;

	if (cdb[1] & 0xe0 || bytchk == 2) {
		vsp_stor_req_check(req, VSP_STOR_BAD_CDB(1));
		return;
	}
	vsp_stor_cdb_extent(cdb, &ext);
	ret = vsp_stor_extent_check(&ext, vsp_stor_lun_blocks(lun),
				    bytchk == 1 ?
				    VSP_STOR_MAX_TRANSFER >> lun->block_shift :
				    U32_MAX);
	if (ret) {
		vsp_stor_req_check(req, ret);
		return;
	}
	if (!ext.blocks) {
		vsp_stor_req_good(req, 0);
		return;
	}
	if (bytchk && bulk_fetch(req, (bytchk == 1 ? ext.blocks : 1) <<
				 lun->block_shift))
		return;
	req->sector = ext.lba << (lun->block_shift - SECTOR_SHIFT);
	bulk_start(req, verify_work);
}
