/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is in the messages of a NIC, as a guest builds and reads them: NVSP,
 * RNDIS, OIDs. Pure functions; what is read is a private copy of what the host
 * wrote.
 */
#ifndef VSC_NET_WIRE_H
#define VSC_NET_WIRE_H

#include <linux/types.h>
#include <vmb/proto/net.h>
#include <vmb/proto/rndis.h>

#define VSC_NET_ADDR		6U
/* most bytes of an IP packet that are asked for */
#define VSC_NET_MAX_MTU		9216U
#define VSC_NET_MIN_MTU		68U
/* Ethernet header; and with a VLAN tag */
#define VSC_NET_ETH_HEAD	14U
#define VSC_NET_LINK_HEAD	18U
/* the longest RNDIS message but PACKET that is read, or built */
#define VSC_NET_MAX_CONTROL	2048U
/* of a PACKET message, so much is read to find the per-packet information */
#define VSC_NET_PACKET_PEEK	256U
/* what is in front of a frame to the host, at most */
#define VSC_NET_PACKET_HEAD						\
	(sizeof(struct vmb_rndis_head) + sizeof(struct vmb_rndis_packet) + \
	 3 * VMB_PPI_BYTES)
/* PACKET messages of one NVSP packet begin at multiples of this at the most */
#define VSC_NET_MAX_ALIGN_SHIFT	8U
#define VSC_NET_RSS_KEY		40U
#define VSC_NET_RSS_MAX_TABLE	256U
/* the longest information of a SET that changes */
#define VSC_NET_RSS_PARAMS	(40U + 4U * VSC_NET_RSS_MAX_TABLE + VSC_NET_RSS_KEY)
/* with what says whether frames are to come in pieces; and without it */
#define VSC_NET_OFFLOAD_PARAMS	((u32)sizeof(struct vmb_ndis_offload_params3))
#define VSC_NET_OFFLOAD_PARAMS_MIN	22U
/* bytes of a frame that came in pieces: what IP can say, and what is in front of it */
#define VSC_NET_MAX_WHOLE	(65535U + VSC_NET_LINK_HEAD)
#define VSC_NET_MAC_PARAM	(20U + 2U * 14U + 4U * VSC_NET_ADDR)

/* What goes in front of a checksum */
#define VSC_NET_TX_OFFSET(v)	((u32)(v) << 16)
/* of an LSO: where the TCP header is */
#define VSC_NET_LSO_OFFSET(v)	((u32)(v) << 20)

/**
 * struct vsc_net_out - a frame to the host
 * @len: bytes of it
 * @csum: the checksum information, or 0
 * @lso: the large send information, or 0
 * @tagged: @tci is there
 * @tci: 802.1Q tag
 */
struct vsc_net_out {
	u32 len;
	u32 csum;
	u32 lso;
	bool tagged;
	u16 tci;
};

/**
 * struct vsc_net_in - a frame from the host
 * @offset: of the frame, from the start of the message
 * @len: bytes of it
 * @csum: the checksum information, or 0
 * @hash: of the flow
 * @hashed: @hash is there
 * @id: %VMB_ID_PIECE and its like of a piece, or 0
 * @tagged: @tci is there
 * @tci: 802.1Q tag
 */
struct vsc_net_in {
	u32 offset;
	u32 len;
	u32 csum;
	u32 hash;
	u32 id;
	bool hashed;
	bool tagged;
	u16 tci;
};

/**
 * struct vsc_net_init - what the host can take
 * @max_packets: PACKET messages in one NVSP packet
 * @max_transfer: bytes of all of them
 * @align: of those behind the first
 */
struct vsc_net_init {
	u32 max_packets;
	u32 max_transfer;
	u32 align;
};

/**
 * struct vsc_net_offload - what the host does with frames
 * @tcp4: makes checksums of TCP over IPv4
 * @udp4: of UDP over IPv4
 * @tcp6: of TCP over IPv6
 * @udp6: of UDP over IPv6
 * @lso4: bytes of a large send over IPv4, or 0
 * @lso6: over IPv6, or 0
 * @rsc4: has segments of TCP over IPv4 come as one frame, which may be in pieces
 * @rsc6: over IPv6
 */
struct vsc_net_offload {
	bool tcp4;
	bool udp4;
	bool tcp6;
	bool udp6;
	u32 lso4;
	u32 lso6;
	bool rsc4;
	bool rsc6;
};

/**
 * struct vsc_net_rss_caps - how the host spreads frames over channels
 * @queues: channels, the primary one included
 * @table: entries of the indirection table
 */
struct vsc_net_rss_caps {
	u32 queues;
	u32 table;
};

extern const u32 vsc_net_versions[];
extern const unsigned int vsc_net_nr_versions;

/* NVSP */
int vsc_net_nvsp_parse(struct vmb_nvsp_msg *msg, const void *data, u32 len);
int vsc_net_sections_check(const struct vmb_nvsp_recv_buf_complete *c, u32 bytes);

/* Frames */
u32 vsc_net_packet_build(void *buf, const struct vsc_net_out *out);
int vsc_net_packet_parse(struct vsc_net_in *in, const void *msg, u32 have, u32 len);

/* Control messages */
u32 vsc_net_request_build(void *buf, u32 type, u32 id, u32 oid, const void *info,
			  u32 len);
u32 vsc_net_initialize_build(void *buf, u32 id);
u32 vsc_net_halt_build(void *buf, u32 id);
int vsc_net_answer_id(const void *msg, u32 len, u32 *id);
int vsc_net_answer_status(const void *msg, u32 len, u32 type, u32 *status);
int vsc_net_initialize_parse(struct vsc_net_init *init, const void *msg, u32 len);
int vsc_net_query_parse(const void *msg, u32 len, const void **info, u32 *info_len);
int vsc_net_indicate_parse(const void *msg, u32 len, u32 *status, u32 *speed);

/* Information of OIDs */
u32 vsc_net_offload_ask(void *buf, u32 version);
int vsc_net_offload_parse(struct vsc_net_offload *off, const void *info, u32 len);
u32 vsc_net_offload_build(void *buf, const struct vsc_net_offload *off, bool rx, bool rsc);
u32 vsc_net_mac_build(void *buf, const u8 *addr);
u32 vsc_net_rss_ask(void *buf);
int vsc_net_rss_parse(struct vsc_net_rss_caps *caps, const void *info, u32 len);
u32 vsc_net_rss_build(void *buf, const u16 *table, u32 nr, const u8 *key, bool enable);

#endif /* VSC_NET_WIRE_H */
