/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Channels of IDE disks: a driver of vmb_guest.
 */
#ifndef VSC_IDE_VMB_H
#define VSC_IDE_VMB_H

#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <vmb/guest.h>

#include "ide.h"

/* Rings of a channel, and the largest packet of the host's. What %VSC_IDE_DEPTH
 * commands of the largest size take fits.
 */
#define VSC_IDE_OUT_BYTES	(128U << 10)
#define VSC_IDE_IN_BYTES	(16U << 10)
#define VSC_IDE_MAX_PACKET	512U
/* Time limit of a step of the handshake, ms */
#define VSC_IDE_HANDSHAKE_MS	10000U

/**
 * struct vsc_ide_chan - a channel
 * @link: what the disk sees of it
 * @dev: vmb_guest's
 * @wire: version of the protocol
 * @pkt: EXECUTE_SRB, and
 * @pages: its pages, while it is sent; under the disk's lock
 * @control_lock: one request at a time besides the disk's commands
 * @control_pages: pages of it
 * @answer_lock: protects the next five
 * @control_id: transaction that is waited for; 0: none
 * @control_seq: to tell them apart
 * @answer: to it
 * @answer_len: bytes of it
 * @closed: nobody will answer any more
 * @answered: there is an answer, or will never be
 */
struct vsc_ide_chan {
	struct vsc_ide_link link;
	struct vmb_guest_device *dev;
	struct vsc_wire wire;
	struct vmb_stor_packet pkt;
	u64 pages[VSC_IDE_GPA_BYTES / 8];
	struct mutex control_lock;	/* one request at a time */
	u64 control_pages[VMB_GUEST_GPA_BYTES(1, 1) / 8];
	spinlock_t answer_lock;		/* control_id to closed */
	u64 control_id;
	u64 control_seq;
	struct vmb_stor_packet answer;
	u32 answer_len;
	bool closed;
	struct completion answered;
};

static inline struct vsc_ide_chan *vsc_ide_chan_of(struct vsc_ide_link *link)
{
	return container_of(link, struct vsc_ide_chan, link);
}

/* control.c */
void vsc_ide_control_init(struct vsc_ide_chan *chan);
void vsc_ide_control_open(struct vsc_ide_chan *chan);
void vsc_ide_control_close(struct vsc_ide_chan *chan);
bool vsc_ide_control_answer(struct vsc_ide_chan *chan, const struct vmb_packet *pkt);
int vsc_ide_control_handshake(struct vsc_ide_chan *chan);
int vsc_ide_control_exec(struct vsc_ide_chan *chan, const struct vsc_ide_srb *srb, void *buf,
			 u32 *moved);

#endif /* VSC_IDE_VMB_H */
