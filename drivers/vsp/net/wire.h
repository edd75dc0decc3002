/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is in the messages of a NIC, read and built without a NIC: NVSP, RNDIS,
 * OIDs. Everything that is read is a private copy of what the guest wrote.
 * Compiled in userspace too (tools/testing/rndis).
 */
#ifndef VSP_NET_WIRE_H
#define VSP_NET_WIRE_H

#include <linux/types.h>
#include <vmb/proto/net.h>
#include <vmb/proto/rndis.h>

#define VSP_NET_ADDR		6U
/* most bytes of an IP packet in a frame, and what a NIC has if nobody says */
#define VSP_NET_MAX_MTU		9216U
#define VSP_NET_MIN_MTU		68U
#define VSP_NET_DEFAULT_MTU	1500U
/* Ethernet header and a VLAN tag */
#define VSP_NET_LINK_HEAD	18U
/* bytes of a large send: an IP packet and its Ethernet header */
#define VSP_NET_MAX_LSO		62780U
/* the longest RNDIS message but PACKET that is read, or built */
#define VSP_NET_MAX_CONTROL	2048U
/* of a PACKET message, so much is read to find the per-packet information */
#define VSP_NET_PACKET_PEEK	256U
/* what is in front of a frame to the guest, at most */
#define VSP_NET_PACKET_HEAD						\
	(sizeof(struct vmb_rndis_head) + sizeof(struct vmb_rndis_packet) + \
	 3 * VMB_PPI_BYTES)
/* the same for a piece of a frame, which one piece more of information is about */
#define VSP_NET_PIECE_HEAD	(VSP_NET_PACKET_HEAD + VMB_PPI_BYTES)
/* bytes of the longest frame that goes in pieces: as long as those from a guest */
#define VSP_NET_MAX_RSC		(VSP_NET_MAX_LSO + VSP_NET_LINK_HEAD)
/* pieces of it in the smallest sections there are */
#define VSP_NET_MAX_PIECES						\
	((VSP_NET_MAX_RSC + VSP_NET_MAX_CONTROL - VSP_NET_PIECE_HEAD - 1) / \
	 (VSP_NET_MAX_CONTROL - VSP_NET_PIECE_HEAD))
#define VSP_NET_MULTICAST_MAX	64U
#define VSP_NET_NAME_MAX	64U
/* channels of a NIC, the primary one included */
#define VSP_NET_MAX_QUEUES	16U
/* sections of the receive buffer for each, at least */
#define VSP_NET_QUEUE_SECTIONS	16U
/* with more than so many of the least size, they are longer, up to this */
#define VSP_NET_MANY_SECTIONS	1024U
#define VSP_NET_LONG_SECTION	16384U
#define VSP_NET_RSS_ENTRIES	128U
/* bytes that are hashed, at most: IPv6 addresses and ports */
#define VSP_NET_RSS_INPUT	36U
/* the head of a message */
#define VSP_NET_RNDIS_HEAD	((u32)sizeof(struct vmb_rndis_head))
/* PACKET messages in one NVSP packet, and how they are aligned, log2 */
#define VSP_NET_MAX_PACKETS	8U
#define VSP_NET_ALIGN_SHIFT	3U

/* NVSP: nvsp.c */

int vsp_net_nvsp_parse(struct vmb_nvsp_msg *msg, const void *data, u32 len);
u32 vsp_net_nvsp_choose(u32 min, u32 max);
u32 vsp_net_section_size(u32 mtu, u32 bytes);
void vsp_net_nvsp_table(struct vmb_nvsp_table_msg *msg, const u8 *channels, u32 nr);

/**
 * vsp_net_pieces() - how many sections a frame needs that goes in pieces
 * @size: bytes of a section
 * @len: bytes of the frame
 *
 * Each is a message of its own, and as long as it may be, but for the last one.
 *
 * Context: any.
 * Return: pieces, at most %VSP_NET_MAX_PIECES if @len is at most %VSP_NET_MAX_RSC.
 */
static inline u32 vsp_net_pieces(u32 size, u32 len)
{
	u32 room = size - (u32)VSP_NET_PIECE_HEAD;

	return len / room + !!(len % room);
}

/* RNDIS: rndis.c */

/**
 * struct vsp_net_frame - a frame from the guest, and what is to be done to it
 * @offset: of the frame, from the start of the message
 * @len: bytes of it
 * @csum: the checksum information, or 0
 * @lso: the large send information, or 0
 * @tagged: @tci is there
 * @tci: 802.1Q tag
 */
struct vsp_net_frame {
	u32 offset;
	u32 len;
	u32 csum;
	u32 lso;
	bool tagged;
	u16 tci;
};

/**
 * struct vsp_net_to_guest - what the guest is told of a frame, or a piece of one
 * @len: bytes of it
 * @csum: %VMB_CSUM_RX_TCP_GOOD and its like, or 0
 * @tagged: @tci is there
 * @tci: 802.1Q tag
 * @hashed: @hash is there
 * @hash: by which the channel was chosen
 * @id: %VMB_ID_PIECE and its like of a piece, or 0
 */
struct vsp_net_to_guest {
	u32 len;
	u32 csum;
	bool tagged;
	u16 tci;
	bool hashed;
	u32 hash;
	u32 id;
};

/**
 * struct vsp_net_request - an RNDIS message but PACKET
 * @type: %VMB_RNDIS_QUERY and its like
 * @id: for the answer; 0 of a RESET
 * @oid: of QUERY and SET
 * @major: of INITIALIZE
 * @info: inside the message
 * @info_len: bytes of it
 */
struct vsp_net_request {
	u32 type;
	u32 id;
	u32 oid;
	u32 major;
	const u8 *info;
	u32 info_len;
};

int vsp_net_packet_parse(struct vsp_net_frame *frame, const void *msg, u32 have,
			 u32 len);
u32 vsp_net_packet_build(void *buf, const struct vsp_net_to_guest *to);
int vsp_net_request_parse(struct vsp_net_request *req, const void *msg, u32 len);
u32 vsp_net_indicate_build(void *buf, u32 status);

/* Receive side scaling: rss.c */

/**
 * struct vsp_net_rss - how frames to the guest are spread
 * @on: they are; else the rest is what was there last
 * @set: the rest has been set
 * @types: %VMB_NDIS_HASH_TCP_IPV4 and its like
 * @nr: entries in @table, a power of 2
 * @table: channels
 * @key: of the hash
 */
struct vsp_net_rss {
	bool on;
	bool set;
	u32 types;
	u32 nr;
	u8 table[VSP_NET_RSS_ENTRIES];
	u8 key[VMB_NDIS_RSS_KEY_BYTES];
};

/**
 * struct vsp_net_toeplitz - a key, made ready
 * @part: for each half of each byte of the input, what it adds to the hash
 */
struct vsp_net_toeplitz {
	u32 part[72][16];
};

void vsp_net_toeplitz_init(struct vsp_net_toeplitz *t, const u8 *key);
u32 vsp_net_toeplitz_hash(const struct vsp_net_toeplitz *t, const u8 *data, u32 len);
int vsp_net_rss_parse(struct vsp_net_rss *rss, u32 queues, const u8 *in, u32 len);

/* OIDs and the answers to control messages: oid.c */

/**
 * struct vsp_net_props - what a guest can ask about its NIC
 * @name: of the NIC
 * @mac: permanent address
 * @current_mac: the address it has
 * @mtu: most bytes of an IP packet
 * @speed: of the link, Mb/s
 * @connected: the link is up
 * @ready: INITIALIZE has been answered
 * @mac_change: the guest may choose another address
 * @filter: %VMB_NDIS_FILTER_DIRECTED and its like
 * @send_bytes: of the send buffer
 * @recv_bytes: of the receive buffer
 * @queues: channels that it can have
 * @rsc: it takes frames in pieces
 * @rss: what is set now
 * @tx_frames: from the guest
 * @rx_frames: to the guest
 * @tx_bytes: likewise
 * @rx_bytes: likewise
 * @tx_errors: frames from the guest that were refused
 * @rx_no_buffer: frames to the guest for which it had no room
 */
struct vsp_net_props {
	char name[VSP_NET_NAME_MAX];
	u8 mac[VSP_NET_ADDR];
	u8 current_mac[VSP_NET_ADDR];
	u32 mtu;
	u32 speed;
	bool connected;
	bool ready;
	bool mac_change;
	u32 filter;
	u32 send_bytes;
	u32 recv_bytes;
	u32 queues;
	bool rsc;
	struct vsp_net_rss rss;
	u64 tx_frames;
	u64 rx_frames;
	u64 tx_bytes;
	u64 rx_bytes;
	u64 tx_errors;
	u64 rx_no_buffer;
};

enum vsp_net_action {
	VSP_NET_NOTHING,
	VSP_NET_INITIALIZE,
	VSP_NET_HALT,
	VSP_NET_RESET,
	VSP_NET_SET_FILTER,
	VSP_NET_SET_MULTICAST,
	VSP_NET_SET_MAC,
	VSP_NET_SET_OFFLOAD,
	VSP_NET_SET_RSS,
};

/**
 * struct vsp_net_change - what a control message changes
 * @action: which of the following is there
 * @filter: %VSP_NET_SET_FILTER
 * @nr: addresses in @addr
 * @addr: %VSP_NET_SET_MULTICAST, and the first one %VSP_NET_SET_MAC
 * @rx_tcp: %VSP_NET_SET_OFFLOAD: the guest wants to know of good checksums of
 *	TCP: 0 for no change, 1 no, 2 yes
 * @rx_udp: likewise
 * @rsc4: likewise: it wants segments of TCP over IPv4 as one frame
 * @rsc6: likewise, IPv6
 * @rss: %VSP_NET_SET_RSS
 */
struct vsp_net_change {
	enum vsp_net_action action;
	u32 filter;
	u32 nr;
	u8 addr[VSP_NET_MULTICAST_MAX][VSP_NET_ADDR];
	u8 rx_tcp;
	u8 rx_udp;
	u8 rsc4;
	u8 rsc6;
	struct vsp_net_rss rss;
};

int vsp_net_oid_query(const struct vsp_net_props *props, u32 oid, const u8 *in,
		      u32 in_len, u8 *out, u32 size);
int vsp_net_oid_set(struct vsp_net_change *change,
		    const struct vsp_net_props *props, u32 oid, const u8 *in,
		    u32 len);
int vsp_net_control(struct vsp_net_change *change,
		    const struct vsp_net_props *props, const void *msg, u32 len,
		    u8 *answer);

#endif /* VSP_NET_WIRE_H */
