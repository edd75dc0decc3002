/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device that is made up: a service in the host that checks what it is sent
 * and echoes it, and a driver in the guest that checks what comes back.
 */
#ifndef VMB_LOOP_TESTS_DEVICE_H
#define VMB_LOOP_TESTS_DEVICE_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <vmb/guest.h>
#include <vmb/host.h>

#include "env.h"

#define DEV_MAX		8
/* of one device, the primary one included */
#define DEV_CHANNELS	4
/* bytes of a packet's body; the pattern depends on its transaction id */
#define DEV_BODY	64

/**
 * struct host_side - how the service behaves, and what it saw
 * @dev: the devices, by number; not all are there
 * @stall: it takes nothing
 * @hold: it takes packets and does not answer
 * @pause: packets after which it waits for @go, within a poll; 0: never
 * @paused: it has got there
 * @go: lets it go on
 * @subs: how many sub-channels it agrees to when the primary channel opens
 * @opens: channels opened
 * @closes: channels closed
 * @packets: taken
 * @wrong: of them were not what they should be
 * @iters: packets with guest memory
 */
struct host_side {
	struct vmb_host_device *dev[DEV_MAX];
	bool stall;
	bool hold;
	int pause;
	struct completion paused;
	struct completion go;
	u16 subs;
	atomic_t opens;
	atomic_t closes;
	atomic_t packets;
	atomic_t wrong;
	atomic_t iters;
};

/**
 * struct guest_chan - a channel of the driver
 * @ch: NULL while not open
 * @sent: packets put into the ring
 * @answers: received
 * @inband: packets received that are no answers
 * @wrong: of both were not what they should be
 * @brokens: the host broke a ring
 * @rescinds: the host took it away
 * @room: there is room again
 */
struct guest_chan {
	struct vmb_guest_channel *ch;
	u64 sent;
	atomic_t answers;
	atomic_t inband;
	atomic_t wrong;
	atomic_t brokens;
	atomic_t rescinds;
	struct completion room;
};

/**
 * struct guest_side - how the driver behaves, and what it saw
 * @chan: channels by device and index
 * @mode: where packets are received
 * @ring: bytes of each ring
 * @block_remove: remove waits for @go
 * @go: lets remove go on
 * @probes: devices that came
 * @removes: devices that went
 */
struct guest_side {
	struct guest_chan chan[DEV_MAX][DEV_CHANNELS];
	enum vmb_guest_mode mode;
	u32 ring;
	bool block_remove;
	struct completion go;
	atomic_t probes;
	atomic_t removes;
};

extern struct host_side hs;
extern struct guest_side gs;

/* env of a suite: a partition and its guest, not connected */
int dev_init(struct kunit *test);
void dev_exit(struct kunit *test);
/* after the partition's max_version, if that is to change */
struct vmb_loop *dev_start(struct kunit *test, u32 max_version);
void dev_stop(struct kunit *test);
/* made, and offered */
void dev_add(struct kunit *test, unsigned int nr);
void dev_connect(struct kunit *test);

int chan_open(struct vmb_guest_channel *ch);
bool chan_opened(struct guest_chan *c);
void chan_close(struct guest_chan *c);
/* one packet, without waiting; with @page, its memory goes along */
int chan_try(struct guest_chan *c, struct page *page, u32 len);
/* @n packets, waiting for room; returns how many were sent */
u64 chan_send(struct guest_chan *c, u64 n);
bool chan_answered(struct guest_chan *c);
int host_send(unsigned int nr, u64 seq);
void host_kick_all(void);

#endif /* VMB_LOOP_TESTS_DEVICE_H */
