/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The synthetic SCSI controller: a miniport of storport over vmb_guest.
 *
 * Locks, outermost first:
 *
 *	the device's lock		probe, remove, sub-channels, closing
 *	vmb_guest's of a channel	held around a rescind
 *	vsc_stor_dev.lost_lock		a sub-channel is being given up
 *	vsc_stor_dev.control_lock	one request at a time besides SCSI commands;
 *					sleeps for an answer
 *	storport's lock of a queue	vsc_stor_queue
 *	vsc_stor_dev.answer_lock	who waits for which answer; irqs off, a leaf
 */
#ifndef VSC_STOR_H
#define VSC_STOR_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <storport/storport.h>
#include <vmb/guest.h>

#include "wire.h"

/* Rings of a channel, and the largest packet of the host's */
#define VSC_STOR_OUT_BYTES	(256U << 10)
#define VSC_STOR_IN_BYTES	(64U << 10)
#define VSC_STOR_MAX_PACKET	512U
/* Commands in flight on one queue; their answers fit in the ring */
#define VSC_STOR_QUEUE_DEPTH	256U
#define VSC_STOR_MAX_LUNS	64U
/* Packets taken in one poll */
#define VSC_STOR_POLL_BUDGET	64
/* Time limits, ms */
#define VSC_STOR_HANDSHAKE_MS	30000U
#define VSC_STOR_RESET_MS	20000U
/* Pages that an SRB has room for; more are written under the queue's lock */
#define VSC_STOR_INLINE_PAGES	32U

/* Ids of requests that are not SRBs: those of storport leave this bit alone */
#define VSC_STOR_CONTROL_ID	BIT_ULL(63)

/**
 * struct vsc_stor_chan - a channel
 * @sd: whose
 * @ch: vmb_guest's; valid until @dead was set and nobody looks any more
 * @queue: of storport, which it serves
 * @dead: nothing must be sent any more, until the host offers it again
 * @node: in struct vsc_stor_dev.chans
 */
struct vsc_stor_chan {
	struct vsc_stor_dev *sd;
	struct vmb_guest_channel *ch;
	unsigned int queue;
	bool dead;
	struct list_head node;
};

/**
 * struct vsc_stor_queue - a queue of storport
 * @chan: its sub-channel; NULL: it uses the primary one. Read without a lock
 * @unseen: channel with packets that the host has not been shown; set under
 *	storport's lock of the queue, and cleared without
 * @pages: room for the pages of the largest command; under that lock
 */
struct vsc_stor_queue {
	struct vsc_stor_chan *chan;
	struct vsc_stor_chan *unseen;
	void *pages;
};

/**
 * struct vsc_stor_dev - a controller
 * @dev: vmb_guest's
 * @adapter: storport's; valid from before the primary channel opens
 * @wire: version of the protocol
 * @props: what the controller can do
 * @primary: primary channel
 * @chans: sub-channels that were opened, at most one for a queue; the device's lock
 * @queues: of storport
 * @nr_queues: how many
 * @pages_bytes: bytes of struct vsc_stor_queue.pages
 * @lost_lock: held while a sub-channel is being given up
 * @control_lock: one request at a time
 * @answer_lock: protects the next five
 * @control_id: transaction that is waited for; 0: none
 * @control_seq: to tell them apart
 * @answer: to it
 * @result: of waiting for it: 0 or an errno
 * @closed: nobody will answer any more
 * @answered: there is an answer, or will never be
 * @asleep: between suspend and resume; the device's lock
 * @dead_work: tells storport that a ring was broken
 * @bad_packets: packets that were not understood
 * @notices: told by the host unasked
 */
struct vsc_stor_dev {
	struct vmb_guest_device *dev;
	struct storport_adapter *adapter;
	struct vsc_wire wire;
	struct vsc_wire_properties props;
	struct vsc_stor_chan primary;
	struct list_head chans;
	struct vsc_stor_queue *queues;
	unsigned int nr_queues;
	u32 pages_bytes;
	struct mutex lost_lock;		/* a sub-channel is being given up */
	struct mutex control_lock;	/* one request at a time */
	spinlock_t answer_lock;		/* control_id to closed */
	u64 control_id;
	u64 control_seq;
	struct vmb_stor_packet answer;
	int result;
	bool closed;
	struct completion answered;
	bool asleep;
	struct delayed_work dead_work;
	atomic64_t bad_packets;
	atomic64_t notices;
};

/**
 * struct vsc_stor_req - the private part of an SRB
 * @pkt: EXECUTE_SRB
 * @pages_len: bytes of @pages in use; 0: no data, or too many pages for it
 * @pages: list of pages
 */
struct vsc_stor_req {
	struct vmb_stor_packet pkt;
	u32 pages_len;
	u64 pages[VMB_GUEST_GPA_BYTES(1, VSC_STOR_INLINE_PAGES) / 8];
};

static inline struct vsc_stor_dev *vsc_stor_of(struct storport_adapter *adapter)
{
	return *(struct vsc_stor_dev **)adapter->priv;
}

/* adapter.c */
int vsc_stor_adapter_init(void);
struct storport_adapter *vsc_stor_adapter_add(struct vsc_stor_dev *sd);

/* channel.c */
int vsc_stor_channel_open(struct vsc_stor_chan *chan, enum vmb_guest_mode mode, int cpu);
void vsc_stor_channel_close_all(struct vsc_stor_dev *sd);
void vsc_stor_channel_sleep(struct vsc_stor_dev *sd);
int vsc_stor_channel_wake(struct vsc_stor_dev *sd);
void vsc_stor_channel_place(struct vsc_stor_dev *sd);
void vsc_stor_channel_sub(struct vmb_guest_channel *ch);
void vsc_stor_channel_dead_work(struct work_struct *work);

/* control.c */
void vsc_stor_control_init(struct vsc_stor_dev *sd);
int vsc_stor_control_handshake(struct vsc_stor_dev *sd);
int vsc_stor_control_sub_channels(struct vsc_stor_dev *sd, unsigned int nr);
int vsc_stor_control_reset(struct vsc_stor_dev *sd, enum vmb_stor_op op,
			   const struct storport_address *addr, unsigned int limit_ms);
bool vsc_stor_control_answer(struct vsc_stor_dev *sd, const struct vmb_packet *pkt);
void vsc_stor_control_open(struct vsc_stor_dev *sd);
void vsc_stor_control_close(struct vsc_stor_dev *sd);

/* io.c */
enum storport_start vsc_stor_io_build(struct storport_adapter *adapter,
				      struct storport_srb *srb);
enum storport_start vsc_stor_io_start(struct storport_adapter *adapter,
				      struct storport_srb *srb);
void vsc_stor_io_commit(struct storport_adapter *adapter, unsigned int queue);
int vsc_stor_io_poll(struct storport_adapter *adapter, unsigned int queue);
void vsc_stor_io_receive(struct vmb_guest_channel *ch, const struct vmb_packet *pkt);

#endif /* VSC_STOR_H */
