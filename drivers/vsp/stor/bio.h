/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bios that are submitted without waiting, and once more by somebody who may
 * wait if the device would not have them.
 */
#ifndef VSP_STOR_BIO_H
#define VSP_STOR_BIO_H

#include <linux/bio.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

/**
 * struct vsp_stor_backlog - bios that a logical unit's device would not take
 *	without waiting
 * @lock: protects the other fields
 * @bios: in the order in which they came
 * @busy: @work is to submit some, or is at it; new ones go behind them
 * @total: bios that were put here, ever
 * @work: submits them
 */
struct vsp_stor_backlog {
	spinlock_t lock;		/* all below */
	struct bio_list bios;
	bool busy;
	u64 total;
	struct work_struct work;
};

int vsp_stor_bio_init(void);
void vsp_stor_bio_exit(void);
void vsp_stor_backlog_init(struct vsp_stor_backlog *backlog);
void vsp_stor_backlog_flush(struct vsp_stor_backlog *backlog);
struct bio *vsp_stor_bio_alloc(struct block_device *bdev, unsigned short nr_vecs,
			       blk_opf_t opf);
void vsp_stor_bio_submit(struct bio *bio, struct vsp_stor_backlog *backlog,
			 bool nowait);
bool vsp_stor_bio_postponed(struct bio *bio);

#endif /* VSP_STOR_BIO_H */
