/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A NIC all the way: a netdev of vsc_net, VMBus, vsp_net, and the netdev that is the
 * other end; and frames between the two, of which each says what it has to hold.
 */
#ifndef VMB_LOOP_TESTS_LINK_H
#define VMB_LOOP_TESTS_LINK_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/types.h>

#include "env.h"
#include "nic.h"

#define LINK_NIC	ENV_DIR "/net.0"
#define LINK_MTU	9000
/* of the local experimental kind */
#define LINK_PROTO	ETH_P_802_EX1

struct page_pool;

/**
 * struct taker - an end that frames come to
 * @pt: what the kernel calls
 * @frames: received
 * @wrong: of them are not as they were sent
 * @tci: of the last one, or 0
 * @gso: segments' size of the last one, or 0
 * @frags: fragments of the last one
 * @whole: they are of many segments: the checksum is good, and has not been made
 * @made: they are of many segments: the checksum has been made all the same
 * @len: of the last one, from behind its Ethernet header
 * @shown: how far the host saw the guest's ring by then
 * @pool: where the memory of the last one goes back to, or NULL
 */
struct taker {
	struct packet_type pt;
	atomic_t frames;
	atomic_t wrong;
	u32 tci;
	u32 gso;
	u32 frags;
	bool whole;
	bool made;
	u32 len;
	u32 shown;
	struct page_pool *pool;
};

typedef int (*taker_func)(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt,
			  struct net_device *orig);

extern struct vmb_loop *loop;
/* both ends, and what comes to them of LINK_PROTO; from link_up() to link_forget() */
extern struct net_device *host, *guest;
extern struct taker at_host, at_guest;

/* env of a suite: a partition with a NIC, and its guest, connected */
int link_init(struct kunit *test);
void link_exit(struct kunit *test);
/* both ends are there, up, and have a carrier */
void link_up(struct kunit *test);
void link_forget(void);

/* @func has what comes to @dev; it ends the frame and counts it in @t, last of all */
void taker_start(struct taker *t, struct net_device *dev, __be16 type, taker_func func);
/* nothing, if it was not started */
void taker_stop(struct taker *t);

/* what is at a place of a frame behind its sequence number */
static inline u8 link_pattern(u32 seq, u32 i)
{
	return seq * 31 + (seq >> 8) + i + (i >> 8);
}

/* a frame of @len bytes behind the Ethernet header, @linear of them not in pages */
struct sk_buff *link_frame(struct net_device *from, const u8 *to, u32 seq, u32 len, u32 linear);
/* send one, and wait until it has come as it was sent */
void link_expect(struct kunit *test, struct net_device *from, const u8 *to, struct taker *t,
		 u32 seq, u32 len, u32 linear);
/* many at once: returns how many the queue refused; no other is lost, wherever it waits */
u32 link_flood(struct kunit *test, struct net_device *from, const u8 *to, u32 n, u32 len,
	       u32 linear);
/* the memory of what has come to the guest was given back */
void link_expect_memory(struct kunit *test);
/* one with this tag to @to comes to @at, and with it, if it is not 0 */
void link_expect_tag(struct kunit *test, struct net_device *from, const u8 *to,
		     struct net_device *at, u16 tci);
/* as ethtool -K in the guest does */
void link_feature(struct kunit *test, netdev_features_t feature, bool on);
void link_mtu(struct kunit *test, struct net_device *dev, int mtu);
/* one of the guest's netdev */
u64 link_counter(const char *name);
/* how far the host sees the ring to it */
u32 link_guest_shown(void);

#endif /* VMB_LOOP_TESTS_LINK_H */
