// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data path: READ, WRITE and flushes of the write cache, as bios on the
 * guest's own pages. Nothing is copied unless the device cannot take the pages
 * as they lie.
 */
#define pr_fmt(fmt) "vsp_stor: " fmt

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/task_io_accounting_ops.h>
#include <linux/uio.h>
#include <scsi/scsi_proto.h>

#include "stor.h"
#include "trace.h"

/* what is copied at once, if it must be: 64 KiB */
#define BOUNCE_ORDER	4

static void trace_bio_submit(const struct vsp_stor_req *req, struct bio *bio)
{
	if (trace_vsp_stor_bio_submit_enabled())
		trace_vsp_stor_bio_submit(req->chan->ctrl->name,
					  req->chan->ch->relid,
					  req->completion.trans_id, bio);
}

static void trace_bio_end(const struct vsp_stor_req *req, const struct bio *bio)
{
	if (trace_vsp_stor_bio_end_enabled())
		trace_vsp_stor_bio_end(req->chan->ctrl->name,
				       req->chan->ch->relid,
				       req->completion.trans_id,
				       blk_status_to_errno(bio->bi_status));
}

/* All parts of a transfer have ended. Any context. */
static void rw_finish(struct vsp_stor_req *req)
{
	if (req->pin)
		vmb_host_pin_put(req->pin);
	if (unlikely(req->status)) {
		vsp_stor_req_blk_status(req, req->status, req->bad_sector,
					req->cmd->flags & VSP_STOR_CMD_WRITES);
		return;
	}
	vsp_stor_req_finish(req, req->short_data ? VMB_STOR_SRB_DATA_OVERRUN :
			    VMB_STOR_SRB_SUCCESS, SAM_STAT_GOOD, req->bytes);
}

static void rw_put(struct vsp_stor_req *req)
{
	if (atomic_dec_and_test(&req->bios))
		rw_finish(req);
}

static void rw_fail(struct vsp_stor_req *req, blk_status_t status, sector_t sector)
{
	/* the first error is told; its sector is read after all have ended */
	if (cmpxchg(&req->status, BLK_STS_OK, status) == BLK_STS_OK)
		req->bad_sector = sector;
}

/* How far a bio got that failed, as far as the drivers below tell. */
static sector_t rw_bad_sector(const struct vsp_stor_req *req, struct bio *bio)
{
	sector_t sector = bio->bi_iter.bi_sector;

	/* of a partition, made one of the whole device on the way */
	if (bio_flagged(bio, BIO_REMAPPED))
		sector -= req->lun->bdev->bd_start_sect;
	if (sector < req->sector ||
	    sector - req->sector >= req->bytes >> SECTOR_SHIFT)
		sector = req->sector;
	return sector;
}

static void rw_end_io(struct bio *bio)
{
	struct vsp_stor_req *req = bio->bi_private;

	trace_bio_end(req, bio);
	if (vsp_stor_bio_postponed(bio))
		return;
	if (unlikely(bio->bi_status))
		rw_fail(req, bio->bi_status, rw_bad_sector(req, bio));
	/*
	 * Pages that this bio has not pinned are this kernel's, or are marked
	 * dirty when they are no longer pinned: not ours to do.
	 */
	if (bio_op(bio) == REQ_OP_READ && bio_flagged(bio, BIO_PAGE_PINNED)) {
		bio_check_pages_dirty(bio);
	} else {
		bio_release_pages(bio, false);
		bio_put(bio);
	}
	rw_put(req);
}

static void rw_submit(struct vsp_stor_req *req, struct iov_iter *iter,
		      blk_opf_t opf)
{
	struct vsp_stor_lun *lun = req->lun;
	bool nowait = req->chan->ch->vcpu;
	sector_t sector = req->sector;
	bool last;

	/* one for us, until there are no more bios to make */
	atomic_set(&req->bios, 1);
	do {
		struct bio *bio;

		bio = vsp_stor_bio_alloc(lun->bdev,
					 bio_iov_vecs_to_alloc(iter, BIO_MAX_VECS),
					 opf);
		bio->bi_iter.bi_sector = sector;
		bio->bi_private = req;
		bio->bi_end_io = rw_end_io;
		if (unlikely(bio_iov_iter_get_pages(bio, iter))) {
			/* the memory is the guest's, but the VMM took it away */
			rw_fail(req, BLK_STS_IOERR, sector);
			bio_put(bio);
			rw_put(req);
			return;
		}
		if (op_is_write(opf))
			task_io_account_write(bio->bi_iter.bi_size);
		else if (bio_flagged(bio, BIO_PAGE_PINNED))
			bio_set_pages_dirty(bio);
		sector += bio_sectors(bio);

		/* the last bio takes over our reference */
		last = !iov_iter_count(iter);
		if (!last)
			atomic_inc(&req->bios);
		trace_bio_submit(req, bio);
		vsp_stor_bio_submit(bio, &lun->backlog, nowait);
	} while (!last);
}

/*
 * The pages stay pinned whether we do anything with them or not, and are so few
 * pieces that one bio has room for them.
 */
static void rw_submit_pinned(struct vsp_stor_req *req, struct iov_iter *iter,
			     blk_opf_t opf)
{
	struct vsp_stor_lun *lun = req->lun;
	struct bio *bio;

	bio = vsp_stor_bio_alloc(lun->bdev, iter->nr_segs, opf);
	bio->bi_iter.bi_sector = req->sector;
	bio->bi_private = req;
	bio->bi_end_io = rw_end_io;
	memcpy(bio->bi_io_vec, iter->bvec, iter->nr_segs * sizeof(*iter->bvec));
	bio->bi_vcnt = iter->nr_segs;
	/* may be less than what the pieces have: the packet named more than is moved */
	bio->bi_iter.bi_size = req->bytes;
	if (op_is_write(opf))
		task_io_account_write(req->bytes);
	atomic_set(&req->bios, 1);
	trace_bio_submit(req, bio);
	vsp_stor_bio_submit(bio, &lun->backlog, req->chan->ch->vcpu);
}

/*
 * The device wants other memory than the guest's. Rare, so it is done in small
 * pieces, one after the other.
 */
static void rw_bounce(struct vsp_stor_req *req, struct iov_iter *iter,
		      blk_opf_t opf)
{
	unsigned int order = BOUNCE_ORDER;
	sector_t sector = req->sector;
	struct bio_vec bvec;
	struct page *page;
	struct bio bio;

	this_cpu_inc(req->lun->stats->bounced);
	page = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, order);
	if (!page) {
		order = 0;
		page = alloc_page(GFP_KERNEL);
	}
	if (!page) {
		req->status = BLK_STS_RESOURCE;
		rw_finish(req);
		return;
	}

	while (iov_iter_count(iter)) {
		size_t len = min_t(size_t, iov_iter_count(iter), PAGE_SIZE << order);

		if (op_is_write(opf) &&
		    copy_from_iter(page_address(page), len, iter) != len) {
			rw_fail(req, BLK_STS_IOERR, sector);
			break;
		}
		bio_init(&bio, req->lun->bdev, &bvec, 1, opf);
		bio.bi_iter.bi_sector = sector;
		__bio_add_page(&bio, page, len, 0);
		trace_bio_submit(req, &bio);
		submit_bio_wait(&bio);
		trace_bio_end(req, &bio);
		if (bio.bi_status)
			rw_fail(req, bio.bi_status, sector);
		bio_uninit(&bio);
		if (req->status)
			break;
		if (!op_is_write(opf) &&
		    copy_to_iter(page_address(page), len, iter) != len) {
			rw_fail(req, BLK_STS_IOERR, sector);
			break;
		}
		sector += len >> SECTOR_SHIFT;
	}
	__free_pages(page, order);
	rw_finish(req);
}

static void exec_rw(struct vsp_stor_req *req, bool write)
{
	const u8 *cdb = vsp_stor_req_cdb(req);
	struct vsp_stor_lun *lun = req->lun;
	bool six = req->cmd->len == 6;
	struct vsp_stor_extent ext;
	struct iov_iter iter;
	blk_opf_t opf;
	int ret;

	/* no protection information */
	if (unlikely(!six && (cdb[1] & 0xe0))) {
		vsp_stor_req_check(req, VSP_STOR_BAD_CDB(1));
		return;
	}
	vsp_stor_cdb_extent(cdb, &ext);
	ret = vsp_stor_extent_check(&ext, vsp_stor_lun_blocks(lun),
				    VSP_STOR_MAX_TRANSFER >> lun->block_shift);
	if (unlikely(ret)) {
		vsp_stor_req_check(req, ret);
		return;
	}

	req->bytes = ext.blocks << lun->block_shift;
	if (unlikely(req->bytes > req->data_len)) {
		/* less memory than blocks: read what fits, write nothing */
		req->short_data = true;
		req->bytes = write ? 0 :
			round_down(req->data_len, 1U << lun->block_shift);
	}
	if (unlikely(!req->bytes)) {
		rw_finish(req);
		return;
	}
	if (vsp_stor_req_map_pinned(req, !write, &iter, req->bytes) &&
	    vsp_stor_req_map(req, !write, &iter, req->bytes))
		return;

	req->sector = ext.lba << (lun->block_shift - SECTOR_SHIFT);
	if (write) {
		opf = REQ_OP_WRITE | REQ_SYNC | REQ_IDLE;
		if ((!six && (cdb[1] & 0x08)) || READ_ONCE(lun->write_through))
			opf |= REQ_FUA;
		this_cpu_inc(lun->stats->writes);
		this_cpu_add(lun->stats->write_bytes, req->bytes);
	} else {
		opf = REQ_OP_READ;
		this_cpu_inc(lun->stats->reads);
		this_cpu_add(lun->stats->read_bytes, req->bytes);
	}
	if (unlikely(!bdev_iter_is_aligned(lun->bdev, &iter)))
		rw_bounce(req, &iter, opf);
	else if (req->pin)
		rw_submit_pinned(req, &iter, opf);
	else
		rw_submit(req, &iter, opf);
}

/**
 * vsp_stor_exec_read - READ (6), (10), (12), (16)
 * @req: the request; ends in here or later
 *
 * Context: within poll.
 */
void vsp_stor_exec_read(struct vsp_stor_req *req)
{
	exec_rw(req, false);
}

/**
 * vsp_stor_exec_write - WRITE (6), (10), (12), (16)
 * @req: the request; ends in here or later
 *
 * Context: within poll.
 */
void vsp_stor_exec_write(struct vsp_stor_req *req)
{
	exec_rw(req, true);
}

static void flush_end_io(struct bio *bio)
{
	struct vsp_stor_req *req = bio->bi_private;
	blk_status_t status = bio->bi_status;

	trace_bio_end(req, bio);
	if (vsp_stor_bio_postponed(bio))
		return;
	bio_put(bio);
	if (unlikely(status))
		vsp_stor_req_blk_status(req, status, 0, true);
	else
		vsp_stor_req_good(req, 0);
}

/**
 * vsp_stor_exec_flush - write out the device's cache, then end the command
 * @req: the request; ends in here or later
 *
 * Context: within poll.
 */
void vsp_stor_exec_flush(struct vsp_stor_req *req)
{
	struct vsp_stor_lun *lun = req->lun;
	struct bio *bio;

	this_cpu_inc(lun->stats->flushes);
	if (!bdev_write_cache(lun->bdev)) {
		vsp_stor_req_good(req, 0);
		return;
	}
	/* what it has to write out has been answered: none of it is postponed */
	bio = vsp_stor_bio_alloc(lun->bdev, 0, REQ_OP_WRITE | REQ_PREFLUSH);
	bio->bi_private = req;
	bio->bi_end_io = flush_end_io;
	trace_bio_submit(req, bio);
	vsp_stor_bio_submit(bio, &lun->backlog, req->chan->ch->vcpu);
}

/**
 * vsp_stor_exec_sync_cache - SYNCHRONIZE CACHE (10) and (16)
 * @req: the request; ends in here or later
 *
 * All of the cache is written, whatever blocks are named, and the command ends
 * after that, IMMED or not.
 *
 * Context: within poll.
 */
void vsp_stor_exec_sync_cache(struct vsp_stor_req *req)
{
	struct vsp_stor_extent ext;
	int ret;

	vsp_stor_cdb_extent(vsp_stor_req_cdb(req), &ext);
	ret = vsp_stor_extent_check(&ext, vsp_stor_lun_blocks(req->lun), U32_MAX);
	if (ret)
		vsp_stor_req_check(req, ret);
	else
		vsp_stor_exec_flush(req);
}
