/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's half of the network protocol, and the netdev at the host's end.
 */
#ifndef NET_H
#define NET_H

#include <vmb/proto/net.h>
#include <vmb/proto/rndis.h>

#include "bus.h"

#define NET_RECV_PAGES	256
#define NET_SEND_PAGES	32
#define NET_STASH	64
#define NET_STASH_BYTES	2048
#define NET_MAC		"\x02\x00\x00\x00\x00\x01"

/**
 * struct net - a NIC as its guest has it
 * @ch: the channel
 * @recv: GPA of the receive buffer
 * @recv_gpadl: of it
 * @send: GPA of the send buffer
 * @send_gpadl: of it
 * @section: bytes of a section of the receive buffer
 * @sections: how many
 * @next_id: of packets and requests
 * @indicated: the last status that was indicated
 * @indicated_at: how many messages there had been
 * @answered_at: how many there had been at the last answer to a QUERY
 * @nr_taken: messages from the host
 * @caps: that NDIS_CONFIG tells of
 * @hold: frames are not given back by net_recv()
 * @frame_id: of the packet with the last frame
 * @csum: what was said of the checksum of the last one that came in pieces
 * @stash: messages that came before the answer that was waited for
 * @stash_len: bytes of each
 * @stash_first: the oldest
 * @nr_stash: how many there were, ever
 * @tap: AF_PACKET socket on the netdev, or -1: see net_tap()
 * @ifindex: of the netdev
 * @table: by which channels to send, as told last
 * @nr_tables: how often that was
 */
struct net {
	struct chan ch;
	u64 recv;
	u32 recv_gpadl;
	u64 send;
	u32 send_gpadl;
	u32 section;
	u32 sections;
	u32 next_id;
	u32 indicated;
	u32 indicated_at;
	u32 answered_at;
	u32 nr_taken;
	u64 caps;
	bool hold;
	u64 frame_id;
	u32 csum;
	u8 stash[NET_STASH][NET_STASH_BYTES];
	u32 stash_len[NET_STASH];
	u32 stash_first;
	u32 nr_stash;
	int tap;
	int ifindex;
	u32 table[VMB_NVSP_TABLE_ENTRIES];
	u32 nr_tables;
};

/* a partition with NIC net.0, and its netdev up */
struct guest *net_guest(const char *attr, const char *value);
/* the channel, and nothing said on it */
struct net *net_open(struct guest *g);
/* NVSP @version, buffers */
void net_start(struct net *n, u32 version);
/* RNDIS, up to the packet filter */
void net_initialize(struct net *n);
/* all of it */
struct net *net_up(struct guest *g);
/* with @nr more VPs and sub-channels, all open */
struct net *net_up_multi(struct guest *g, struct net **sub, u32 nr);
struct net *net_sub(const struct net *n, const struct vmb_msg_offer *offer, u32 vp);
/* ask for sub-channels; the status, and how many there will be */
u32 net_subchannels(struct net *n, u32 operation, u32 *count);
/* one NVSP message and its answer, whose length is returned */
u32 net_ask(struct net *n, struct vmb_nvsp_msg *msg);
void net_tell(struct net *n, const struct vmb_nvsp_msg *msg, u32 len);
u32 net_init(struct net *n, u32 version);
u32 net_recv_buf(struct net *n, u32 gpadl);
/* an RNDIS message by a section of the send buffer; the status of the packet */
u32 net_rndis(struct net *n, u32 channel, const void *msg, u32 len);
/* the same by pages */
u32 net_rndis_pages(struct net *n, u32 channel, const void *msg, u32 len);
u32 net_rndis_raw(struct net *n, u32 channel, u32 section, u32 len);
/* the next message from the host, copied; its length */
u32 net_recv(struct net *n, void *buf, u32 size, int timeout_ms);
/* the next frame from the host, which comes in pieces: its length, and how many */
u32 net_recv_pieces(struct net *n, u8 *frame, u32 size, u32 *nr, int timeout_ms);
void net_give_back(struct net *n, u64 id);
u32 net_query(struct net *n, u32 oid, void *buf, u32 size, u32 *status);
u32 net_set(struct net *n, u32 oid, const void *buf, u32 len);
/* a message of nothing but its type and an id; the answer's status */
u32 net_simple(struct net *n, u32 type);
/* RSS with the key of @net_rss_key and @entries of @table; the answer's status */
u32 net_rss(struct net *n, const u32 *table, u32 entries, u32 flags);
/* coalescing on or off: %VMB_NDIS_OFFLOAD_RSC_ON and friends; the answer's status */
u32 net_rsc(struct net *n, u8 v4, u8 v6);
/* to be told of good checksums of TCP; the answer's status */
u32 net_tcp_rx(struct net *n);
/* a PACKET message around a frame; its length */
u32 net_packet(u8 *msg, const void *frame, u32 len);
/* frames by the netdev; the test is skipped where there is no such socket */
int net_tap(struct net *n);
void net_tap_send(struct net *n, const void *frame, u32 len);
int net_tap_recv(struct net *n, void *frame, u32 size, int timeout_ms);
/* a frame of @len bytes to @dest from @src that nobody answers */
void net_frame(u8 *frame, const char *dest, const char *src, u32 len, u8 seed);
/* an IPv4/TCP frame, the documentation's first example of a hash */
u32 net_tcp_frame(u8 *frame, const char *dest, const char *src);
#define NET_TCP_HASH	0x51ccc178U
/* the hash that a message from the host tells of; 0 for none */
u32 net_hash(const u8 *msg);
/* segments of TCP with @payload bytes as one frame, addresses as in net_frame() */
u32 net_segments(u8 *frame, const char *dest, const char *src, bool ipv6, u32 payload,
		 u8 seed);
/* to be segmented by @mss, by a socket of its own */
void net_segments_send(struct net *n, const u8 *frame, u32 len, u32 mss);
/* bytes in front of the payload */
u32 net_tcp_head(const u8 *frame);
bool net_tcp_good(const u8 *frame, u32 len);
/* what the netdev says that it does with such frames */
bool net_dev_tso(void);
void net_dev_up(bool up);
/*
 * Let a queue of the netdev have any number of bytes on the way, as long as it
 * has sections: from the next frame on that is given back. Whether the kernel
 * has such limits.
 */
bool net_unlimited(u32 queue);
long long net_counter(const char *key);
/* When it is @value, or after a while: a worker takes what comes of a guest with many frames. */
long long net_counter_soon(const char *key, long long value);
#define EXPECT_COUNTER(key, value)	EXPECT_EQ(net_counter_soon(key, value), value)

#endif /* NET_H */
