/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Wire format of Remote NDIS messages as VMBus carries them, and of the NDIS
 * structures inside. Facts as in [MS-RNDIS] and Linux' include/linux/rndis.h and
 * drivers/net/hyperv/hyperv_net.h. Offsets in a message count from behind its
 * head, &struct vmb_rndis_head.
 */
#ifndef VMB_PROTO_RNDIS_H
#define VMB_PROTO_RNDIS_H

#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/byteorder.h>

/* struct vmb_rndis_head.type; an answer has the request's with the highest bit */
#define VMB_RNDIS_PACKET		0x00000001U
#define VMB_RNDIS_INITIALIZE		0x00000002U
#define VMB_RNDIS_HALT			0x00000003U
#define VMB_RNDIS_QUERY			0x00000004U
#define VMB_RNDIS_SET			0x00000005U
#define VMB_RNDIS_RESET			0x00000006U
#define VMB_RNDIS_INDICATE_STATUS	0x00000007U
#define VMB_RNDIS_KEEPALIVE		0x00000008U
#define VMB_RNDIS_COMPLETE		0x80000000U

/* the status of an answer */
#define VMB_RNDIS_STATUS_SUCCESS	0x00000000U
#define VMB_RNDIS_STATUS_FAILURE	0xc0000001U
#define VMB_RNDIS_STATUS_RESOURCES	0xc000009aU
#define VMB_RNDIS_STATUS_NOT_SUPPORTED	0xc00000bbU
#define VMB_RNDIS_STATUS_BAD_VERSION	0xc0010004U
#define VMB_RNDIS_STATUS_MULTICAST_FULL	0xc0010009U
#define VMB_RNDIS_STATUS_NOT_READY	0xc0010011U
#define VMB_RNDIS_STATUS_INVALID_LENGTH	0xc0010014U
#define VMB_RNDIS_STATUS_INVALID_DATA	0xc0010015U

/* what an INDICATE_STATUS tells */
#define VMB_RNDIS_MEDIA_CONNECT		0x4001000bU
#define VMB_RNDIS_MEDIA_DISCONNECT	0x4001000cU
#define VMB_RNDIS_LINK_SPEED_CHANGE	0x40010013U
/* the switch became another one */
#define VMB_RNDIS_NETWORK_CHANGE	0x40010018U

#define VMB_RNDIS_MAJOR			1U
#define VMB_RNDIS_MINOR			0U
#define VMB_RNDIS_CONNECTIONLESS	1U
#define VMB_RNDIS_MEDIUM_802_3		0U
#define VMB_RNDIS_CONNECTED		0U
#define VMB_RNDIS_DISCONNECTED		1U

/* OID_GEN_CURRENT_PACKET_FILTER */
#define VMB_NDIS_FILTER_DIRECTED	0x0001U
#define VMB_NDIS_FILTER_MULTICAST	0x0002U
#define VMB_NDIS_FILTER_ALL_MULTICAST	0x0004U
#define VMB_NDIS_FILTER_BROADCAST	0x0008U
#define VMB_NDIS_FILTER_PROMISCUOUS	0x0020U

/* OID_GEN_MAC_OPTIONS */
#define VMB_NDIS_MAC_COPY_LOOKAHEAD	0x0001U
#define VMB_NDIS_MAC_NOT_PENDING	0x0004U
#define VMB_NDIS_MAC_NO_LOOPBACK	0x0008U
#define VMB_NDIS_MAC_8021P		0x0040U
#define VMB_NDIS_MAC_8021Q		0x0200U

enum vmb_oid {
	VMB_OID_GEN_SUPPORTED_LIST		= 0x00010101,
	VMB_OID_GEN_HARDWARE_STATUS		= 0x00010102,
	VMB_OID_GEN_MEDIA_SUPPORTED		= 0x00010103,
	VMB_OID_GEN_MEDIA_IN_USE		= 0x00010104,
	VMB_OID_GEN_MAXIMUM_LOOKAHEAD		= 0x00010105,
	VMB_OID_GEN_MAXIMUM_FRAME_SIZE		= 0x00010106,
	VMB_OID_GEN_LINK_SPEED			= 0x00010107,
	VMB_OID_GEN_TRANSMIT_BUFFER_SPACE	= 0x00010108,
	VMB_OID_GEN_RECEIVE_BUFFER_SPACE	= 0x00010109,
	VMB_OID_GEN_TRANSMIT_BLOCK_SIZE		= 0x0001010a,
	VMB_OID_GEN_RECEIVE_BLOCK_SIZE		= 0x0001010b,
	VMB_OID_GEN_VENDOR_ID			= 0x0001010c,
	VMB_OID_GEN_VENDOR_DESCRIPTION		= 0x0001010d,
	VMB_OID_GEN_CURRENT_PACKET_FILTER	= 0x0001010e,
	VMB_OID_GEN_CURRENT_LOOKAHEAD		= 0x0001010f,
	VMB_OID_GEN_DRIVER_VERSION		= 0x00010110,
	VMB_OID_GEN_MAXIMUM_TOTAL_SIZE		= 0x00010111,
	VMB_OID_GEN_PROTOCOL_OPTIONS		= 0x00010112,
	VMB_OID_GEN_MAC_OPTIONS			= 0x00010113,
	VMB_OID_GEN_MEDIA_CONNECT_STATUS	= 0x00010114,
	VMB_OID_GEN_MAXIMUM_SEND_PACKETS	= 0x00010115,
	VMB_OID_GEN_VENDOR_DRIVER_VERSION	= 0x00010116,
	VMB_OID_GEN_NETWORK_LAYER_ADDRESSES	= 0x00010118,
	VMB_OID_GEN_PHYSICAL_MEDIUM		= 0x00010202,
	VMB_OID_GEN_RECEIVE_SCALE_CAPABILITIES	= 0x00010203,
	VMB_OID_GEN_RECEIVE_SCALE_PARAMETERS	= 0x00010204,
	VMB_OID_GEN_MAX_LINK_SPEED		= 0x00010206,
	VMB_OID_GEN_LINK_STATE			= 0x00010207,
	VMB_OID_GEN_RNDIS_CONFIG_PARAMETER	= 0x0001021b,
	VMB_OID_GEN_XMIT_OK			= 0x00020101,
	VMB_OID_GEN_RCV_OK			= 0x00020102,
	VMB_OID_GEN_XMIT_ERROR			= 0x00020103,
	VMB_OID_GEN_RCV_ERROR			= 0x00020104,
	VMB_OID_GEN_RCV_NO_BUFFER		= 0x00020105,
	VMB_OID_GEN_FRIENDLY_NAME		= 0x00020216,
	VMB_OID_GEN_BYTES_RCV			= 0x00020219,
	VMB_OID_GEN_BYTES_XMIT			= 0x0002021a,
	VMB_OID_802_3_PERMANENT_ADDRESS		= 0x01010101,
	VMB_OID_802_3_CURRENT_ADDRESS		= 0x01010102,
	VMB_OID_802_3_MULTICAST_LIST		= 0x01010103,
	VMB_OID_802_3_MAXIMUM_LIST_SIZE		= 0x01010104,
	VMB_OID_OFFLOAD_ENCAPSULATION		= 0x0101010a,
	VMB_OID_802_3_RCV_ERROR_ALIGNMENT	= 0x01020101,
	VMB_OID_802_3_XMIT_ONE_COLLISION	= 0x01020102,
	VMB_OID_802_3_XMIT_MORE_COLLISIONS	= 0x01020103,
};

/* NDIS task offload: too large for an enumerator */
#define VMB_OID_TCP_OFFLOAD_CURRENT_CONFIG	0xfc01020bU
#define VMB_OID_TCP_OFFLOAD_PARAMETERS		0xfc01020cU
#define VMB_OID_TCP_OFFLOAD_CAPABILITIES	0xfc01020dU

/**
 * struct vmb_rndis_head - in front of every message
 * @type: %VMB_RNDIS_PACKET and friends
 * @len: bytes of the message, this included
 */
struct vmb_rndis_head {
	__le32 type;
	__le32 len;
};

/**
 * struct vmb_rndis_packet - a frame
 * @data_offset: of the frame
 * @data_len: bytes of it
 * @oob_offset: 0
 * @oob_len: 0
 * @oob_count: 0
 * @ppi_offset: of the per-packet information, or 0
 * @ppi_len: bytes of it
 * @vc_handle: 0
 * @reserved: 0
 */
struct vmb_rndis_packet {
	__le32 data_offset;
	__le32 data_len;
	__le32 oob_offset;
	__le32 oob_len;
	__le32 oob_count;
	__le32 ppi_offset;
	__le32 ppi_len;
	__le32 vc_handle;
	__le32 reserved;
};

/**
 * struct vmb_rndis_ppi - one piece of per-packet information
 * @size: bytes of it, this included
 * @type: &enum vmb_ppi_type, below %VMB_PPI_INTERNAL
 * @offset: of what it says, from the start of this
 */
struct vmb_rndis_ppi {
	__le32 size;
	__le32 type;
	__le32 offset;
};

/* in struct vmb_rndis_ppi.type: of another space of types */
#define VMB_PPI_INTERNAL		0x80000000U

enum vmb_ppi_type {
	VMB_PPI_CHECKSUM			= 0,
	VMB_PPI_LSO				= 2,
	VMB_PPI_8021Q				= 6,
	VMB_PPI_HASH				= 8,
};

/* internal: that this is a piece of a packet */
#define VMB_PPI_ID			(VMB_PPI_INTERNAL | 1U)
/* in %VMB_PPI_ID */
#define VMB_ID_VERSION			0x00000001U
#define VMB_ID_PIECE			0x00000100U
#define VMB_ID_FIRST			0x00000200U
#define VMB_ID_LAST			0x00000400U
#define VMB_ID_NUMBER(v)		((v) >> 16 & 0xffffU)

/* %VMB_PPI_CHECKSUM from the guest: what is to be done */
#define VMB_CSUM_TX_IPV4		0x01U
#define VMB_CSUM_TX_IPV6		0x02U
#define VMB_CSUM_TX_TCP			0x04U
#define VMB_CSUM_TX_UDP			0x08U
#define VMB_CSUM_TX_IP_HEADER		0x10U
#define VMB_CSUM_TX_OFFSET(v)		((v) >> 16 & 0x3ffU)
/* %VMB_PPI_CHECKSUM to the guest: what was found */
#define VMB_CSUM_RX_TCP_GOOD		0x08U
#define VMB_CSUM_RX_UDP_GOOD		0x10U
/* with %VMB_CSUM_RX_TCP_GOOD, of coalesced segments: that in the header is not of the whole */
#define VMB_CSUM_RX_TCP_INVALID		0x80U

/* %VMB_PPI_LSO, from the guest only */
#define VMB_LSO_MSS(v)			((v) & 0xfffffU)
#define VMB_LSO_TCP_OFFSET(v)		((v) >> 20 & 0x3ffU)
#define VMB_LSO_V2			0x40000000U
#define VMB_LSO_IPV6			0x80000000U

/* %VMB_PPI_8021Q: priority, canonical format, id */
#define VMB_8021Q_PRIO(v)		((v) & 0x7U)
#define VMB_8021Q_CFI(v)		((v) >> 3 & 0x1U)
#define VMB_8021Q_ID(v)			((v) >> 4 & 0xfffU)

/**
 * vmb_8021q_tci() - what is in the tag of a frame
 * @value: of %VMB_PPI_8021Q
 *
 * Context: any.
 * Return: priority, canonical format and id, as IEEE 802.1Q has them.
 */
static inline u16 vmb_8021q_tci(u32 value)
{
	return VMB_8021Q_PRIO(value) << 13 | VMB_8021Q_CFI(value) << 12 | VMB_8021Q_ID(value);
}

/**
 * vmb_8021q_value() - the opposite
 * @tci: of a frame's tag
 *
 * Context: any.
 * Return: for %VMB_PPI_8021Q.
 */
static inline u32 vmb_8021q_value(u16 tci)
{
	return tci >> 13 | (tci >> 12 & 1) << 3 | (tci & 0xfff) << 4;
}

/* one piece of per-packet information that says a word */
#define VMB_PPI_BYTES		((unsigned int)sizeof(struct vmb_rndis_ppi) + 4U)

/**
 * vmb_ppi_build() - write such a piece
 * @p: where to, %VMB_PPI_BYTES; need not be aligned
 * @type: &enum vmb_ppi_type
 * @value: the word
 *
 * Context: any.
 * Return: what is behind it.
 */
static inline u8 *vmb_ppi_build(u8 *p, u32 type, u32 value)
{
	struct vmb_rndis_ppi ppi = {
		.size = cpu_to_le32(VMB_PPI_BYTES),
		.type = cpu_to_le32(type),
		.offset = cpu_to_le32(sizeof(ppi)),
	};
	__le32 wire = cpu_to_le32(value);

	memcpy(p, &ppi, sizeof(ppi));
	memcpy(p + sizeof(ppi), &wire, sizeof(wire));
	return p + VMB_PPI_BYTES;
}

/**
 * vmb_ppi_next() - read such a piece, or a longer one
 * @p: where it is, in private memory; moved behind it
 * @left: bytes there; those behind it afterwards
 * @type: set
 * @value: set to the first word of what it says
 *
 * Context: any.
 * Return: bytes of what it says, without @value if there are less than 4 of them; or
 * -EBADMSG.
 */
static inline int vmb_ppi_next(const u8 **p, u32 *left, u32 *type, u32 *value)
{
	struct vmb_rndis_ppi ppi;
	u32 size, offset;
	__le32 wire;

	if (*left < sizeof(ppi))
		return -EBADMSG;
	memcpy(&ppi, *p, sizeof(ppi));
	size = le32_to_cpu(ppi.size);
	offset = le32_to_cpu(ppi.offset);
	/* each brings us on */
	if (size < sizeof(ppi) || size > *left || offset < sizeof(ppi) || offset > size)
		return -EBADMSG;
	*type = le32_to_cpu(ppi.type);
	if (size - offset >= sizeof(wire)) {
		memcpy(&wire, *p + offset, sizeof(wire));
		*value = le32_to_cpu(wire);
	}
	*p += size;
	*left -= size;
	return size - offset;
}

/**
 * vmb_rndis_head_parse() - read the head of a message
 * @msg: the message, at least its head or @avail bytes of it, in private memory
 * @avail: bytes that the sender says there are, from the head on
 * @type: set
 * @len: set to the bytes of the message
 *
 * Context: any.
 * Return: 0, or -EBADMSG when the message is not within them.
 */
static inline int vmb_rndis_head_parse(const void *msg, u32 avail, u32 *type, u32 *len)
{
	struct vmb_rndis_head h;

	if (avail < sizeof(h))
		return -EBADMSG;
	memcpy(&h, msg, sizeof(h));
	*type = le32_to_cpu(h.type);
	*len = le32_to_cpu(h.len);
	if (*len < sizeof(h) || *len > avail)
		return -EBADMSG;
	return 0;
}

/**
 * struct vmb_rndis_place - where things are in a PACKET message
 * @offset: of the frame, from the start of the message
 * @len: bytes of it
 * @ppi: per-packet information
 * @ppi_len: bytes of it
 */
struct vmb_rndis_place {
	u32 offset;
	u32 len;
	const u8 *ppi;
	u32 ppi_len;
};

/**
 * vmb_rndis_packet_find() - find the frame in a PACKET message
 * @place: filled
 * @msg: the first bytes of the message, in private memory
 * @have: how many; the per-packet information has to be within them
 * @len: bytes of the message, from vmb_rndis_head_parse()
 *
 * Context: any.
 * Return: 0 or -EBADMSG.
 */
static inline int vmb_rndis_packet_find(struct vmb_rndis_place *place, const void *msg,
					u32 have, u32 len)
{
	const u32 head = sizeof(struct vmb_rndis_head);
	struct vmb_rndis_packet pkt;
	u32 offset;

	if (have < head + sizeof(pkt) || len < have)
		return -EBADMSG;
	memcpy(&pkt, msg + head, sizeof(pkt));
	/* from here on without the head, as offsets count */
	len -= head;
	have -= head;

	offset = le32_to_cpu(pkt.data_offset);
	place->len = le32_to_cpu(pkt.data_len);
	if (offset < sizeof(pkt) || offset > len || place->len > len - offset)
		return -EBADMSG;
	place->offset = head + offset;

	place->ppi = NULL;
	place->ppi_len = le32_to_cpu(pkt.ppi_len);
	if (!place->ppi_len)
		return 0;
	offset = le32_to_cpu(pkt.ppi_offset);
	if (offset < sizeof(pkt) || offset > have || place->ppi_len > have - offset)
		return -EBADMSG;
	place->ppi = msg + head + offset;
	return 0;
}

/**
 * vmb_rndis_packet_build() - write what is in front of the per-packet information
 * @buf: the message, with that information behind both heads
 * @end: the end of that, behind which the frame is expected
 * @frame_len: bytes of the frame
 *
 * Context: any.
 * Return: bytes up to @end.
 */
static inline u32 vmb_rndis_packet_build(void *buf, const u8 *end, u32 frame_len)
{
	u32 len = end - (u8 *)buf;
	struct {
		struct vmb_rndis_head head;
		struct vmb_rndis_packet pkt;
	} wire = {
		.head.type = cpu_to_le32(VMB_RNDIS_PACKET),
		.head.len = cpu_to_le32(len + frame_len),
		.pkt.data_offset = cpu_to_le32(len - sizeof(wire.head)),
		.pkt.data_len = cpu_to_le32(frame_len),
	};

	if (len > sizeof(wire)) {
		wire.pkt.ppi_offset = cpu_to_le32(sizeof(wire.pkt));
		wire.pkt.ppi_len = cpu_to_le32(len - sizeof(wire));
	}
	memcpy(buf, &wire, sizeof(wire));
	return len;
}

/**
 * struct vmb_rndis_initialize - the guest begins
 * @request_id: for the answer
 * @major: 1
 * @minor: 0
 * @max_transfer: bytes the guest takes in a message
 */
struct vmb_rndis_initialize {
	__le32 request_id;
	__le32 major;
	__le32 minor;
	__le32 max_transfer;
};

/**
 * struct vmb_rndis_initialize_complete - the answer
 * @request_id: of the request
 * @status: %VMB_RNDIS_STATUS_SUCCESS and friends
 * @major: 1
 * @minor: 0
 * @flags: %VMB_RNDIS_CONNECTIONLESS
 * @medium: %VMB_RNDIS_MEDIUM_802_3
 * @max_packets: PACKET messages in one NVSP packet
 * @max_transfer: bytes of all of them
 * @align_shift: log2 of how PACKET messages behind the first are aligned
 * @af_offset: 0
 * @af_size: 0
 */
struct vmb_rndis_initialize_complete {
	__le32 request_id;
	__le32 status;
	__le32 major;
	__le32 minor;
	__le32 flags;
	__le32 medium;
	__le32 max_packets;
	__le32 max_transfer;
	__le32 align_shift;
	__le32 af_offset;
	__le32 af_size;
};

/**
 * struct vmb_rndis_request - QUERY and SET; KEEPALIVE and HALT end after
 *	@request_id
 * @request_id: for the answer
 * @oid: &enum vmb_oid
 * @len: bytes of information
 * @offset: of it
 * @vc_handle: 0
 */
struct vmb_rndis_request {
	__le32 request_id;
	__le32 oid;
	__le32 len;
	__le32 offset;
	__le32 vc_handle;
};

/**
 * struct vmb_rndis_query_complete - the answer to QUERY
 * @request_id: of the request
 * @status: %VMB_RNDIS_STATUS_SUCCESS and friends
 * @len: bytes of information
 * @offset: of it
 */
struct vmb_rndis_query_complete {
	__le32 request_id;
	__le32 status;
	__le32 len;
	__le32 offset;
};

/**
 * struct vmb_rndis_status_complete - the answer to SET and KEEPALIVE
 * @request_id: of the request
 * @status: %VMB_RNDIS_STATUS_SUCCESS and friends
 */
struct vmb_rndis_status_complete {
	__le32 request_id;
	__le32 status;
};

/**
 * struct vmb_rndis_reset_complete - the answer to RESET
 * @status: %VMB_RNDIS_STATUS_SUCCESS and friends
 * @addressing_reset: the guest has to set filter and addresses again
 */
struct vmb_rndis_reset_complete {
	__le32 status;
	__le32 addressing_reset;
};

/**
 * struct vmb_rndis_indicate_status - the host tells something
 * @status: %VMB_RNDIS_MEDIA_CONNECT and friends
 * @len: bytes of more about it
 * @offset: of that
 */
struct vmb_rndis_indicate_status {
	__le32 status;
	__le32 len;
	__le32 offset;
};

/**
 * struct vmb_rndis_config_parameter - OID_GEN_RNDIS_CONFIG_PARAMETER: a name
 *	and a value, both strings of UTF-16; offsets count from here
 * @name_offset: of the name
 * @name_len: bytes of it
 * @type: %VMB_RNDIS_CONFIG_STRING
 * @value_offset: of the value
 * @value_len: bytes of it
 */
struct vmb_rndis_config_parameter {
	__le32 name_offset;
	__le32 name_len;
	__le32 type;
	__le32 value_offset;
	__le32 value_len;
};

#define VMB_RNDIS_CONFIG_STRING		2U

/**
 * struct vmb_ndis_object - in front of NDIS 6 structures
 * @type: %VMB_NDIS_OBJECT_OFFLOAD and friends
 * @revision: of the structure
 * @size: bytes of it
 */
struct vmb_ndis_object {
	u8 type;
	u8 revision;
	__le16 size;
};

#define VMB_NDIS_OBJECT_DEFAULT		0x80U
#define VMB_NDIS_OBJECT_RSS_CAPABILITIES	0x88U
#define VMB_NDIS_OBJECT_RSS_PARAMETERS	0x89U
#define VMB_NDIS_OBJECT_OFFLOAD		0xa7U

/* struct vmb_ndis_offload, encapsulations */
#define VMB_NDIS_ENCAP_802_3		0x0002U
#define VMB_NDIS_ENCAP_802_3PQ		0x0004U
#define VMB_NDIS_ENCAP_802_3PQ_OOB	0x0008U
/* checksums: options or extension headers may be there */
#define VMB_NDIS_CSUM_IP_OPTIONS	0x0001U
#define VMB_NDIS_CSUM_TCP_OPTIONS	0x0004U
#define VMB_NDIS_CSUM_TCP		0x0010U
#define VMB_NDIS_CSUM_UDP		0x0040U
/* large sends of IPv6 */
#define VMB_NDIS_LSO6_EXTENSIONS	0x0001U
#define VMB_NDIS_LSO6_TCP_OPTIONS	0x0004U

/**
 * struct vmb_ndis_offload - what task offloads there are
 * @header: %VMB_NDIS_OBJECT_OFFLOAD
 * @ip4_tx_encap: with which encapsulations; here to @ip6_rx_csum: checksums
 * @ip4_tx_csum: which
 * @ip4_rx_encap: likewise, of frames to the guest
 * @ip4_rx_csum: likewise
 * @ip6_tx_encap: likewise, IPv6
 * @ip6_tx_csum: likewise
 * @ip6_rx_encap: likewise
 * @ip6_rx_csum: likewise
 * @lso1: large sends, version 1: none
 * @ipsec1: none
 * @lso4_encap: large sends, version 2
 * @lso4_max: bytes
 * @lso4_min_segments: fewest segments
 * @lso6_encap: likewise, IPv6
 * @lso6_max: likewise
 * @lso6_min_segments: likewise
 * @lso6_options: which headers may be there
 * @flags: 0
 * @ipsec2: none; from NDIS 6.1
 * @rsc4: coalescing; from NDIS 6.30
 * @rsc6: likewise
 * @reserved: padding
 * @encap_flags: tunnels: none
 * @encap_max_header: likewise
 */
struct vmb_ndis_offload {
	struct vmb_ndis_object header;
	__le32 ip4_tx_encap;
	__le32 ip4_tx_csum;
	__le32 ip4_rx_encap;
	__le32 ip4_rx_csum;
	__le32 ip6_tx_encap;
	__le32 ip6_tx_csum;
	__le32 ip6_rx_encap;
	__le32 ip6_rx_csum;
	__le32 lso1[4];
	__le32 ipsec1[7];
	__le32 lso4_encap;
	__le32 lso4_max;
	__le32 lso4_min_segments;
	__le32 lso6_encap;
	__le32 lso6_max;
	__le32 lso6_min_segments;
	__le32 lso6_options;
	__le32 flags;
	u8 ipsec2[32];
	u8 rsc4;
	u8 rsc6;
	u8 reserved[2];
	__le32 encap_flags;
	__le32 encap_max_header;
};

/* bytes of it in NDIS 6.0, 6.1, 6.30; revisions 1, 2, 3 */
#define VMB_NDIS_OFFLOAD_BYTES_6_0	offsetof(struct vmb_ndis_offload, ipsec2)
#define VMB_NDIS_OFFLOAD_BYTES_6_1	offsetof(struct vmb_ndis_offload, rsc4)
#define VMB_NDIS_OFFLOAD_BYTES_6_30	sizeof(struct vmb_ndis_offload)

/**
 * struct vmb_ndis_offload_params - which of them the guest wants, revision 1;
 *	later ones are longer
 * @header: %VMB_NDIS_OBJECT_DEFAULT
 * @ip4_csum: each of these: 0 for no change, %VMB_NDIS_OFFLOAD_NONE and friends
 * @tcp4_csum: checksum of TCP
 * @udp4_csum: checksum of UDP
 * @tcp6_csum: checksum of TCP, IPv6
 * @udp6_csum: checksum of UDP, IPv6
 * @lso1: large sends, version 1
 * @ipsec1: not there
 * @lso2_ip4: large sends
 * @lso2_ip6: large sends, IPv6
 * @connection_ip4: not there
 * @connection_ip6: not there
 */
struct vmb_ndis_offload_params {
	struct vmb_ndis_object header;
	u8 ip4_csum;
	u8 tcp4_csum;
	u8 udp4_csum;
	u8 tcp6_csum;
	u8 udp6_csum;
	u8 lso1;
	u8 ipsec1;
	u8 lso2_ip4;
	u8 lso2_ip6;
	u8 connection_ip4;
	u8 connection_ip6;
} __packed;

/**
 * struct vmb_ndis_offload_params3 - the same, revision 3
 * @par: as in revision 1
 * @reserved: padding
 * @flags: 0
 * @ipsec2: not there
 * @ipsec2_ip4: not there
 * @rsc4: coalescing: 0 for no change, %VMB_NDIS_OFFLOAD_RSC_OFF or
 *	%VMB_NDIS_OFFLOAD_RSC_ON
 * @rsc6: likewise, IPv6
 * @encap: not there
 * @encap_types: not there
 */
struct vmb_ndis_offload_params3 {
	struct vmb_ndis_offload_params par;
	u8 reserved;
	__le32 flags;
	u8 ipsec2;
	u8 ipsec2_ip4;
	u8 rsc4;
	u8 rsc6;
	u8 encap;
	u8 encap_types;
} __packed;

#define VMB_NDIS_OFFLOAD_RSC_OFF	1U
#define VMB_NDIS_OFFLOAD_RSC_ON		2U

#define VMB_NDIS_OFFLOAD_NONE		1U
#define VMB_NDIS_OFFLOAD_TX		2U
#define VMB_NDIS_OFFLOAD_RX		3U
#define VMB_NDIS_OFFLOAD_BOTH		4U

/**
 * struct vmb_ndis_link_state - OID_GEN_LINK_STATE
 * @header: %VMB_NDIS_OBJECT_DEFAULT
 * @connect: 1 connected, 2 not
 * @duplex: 2: full
 * @reserved: padding
 * @tx_speed: bits per second
 * @rx_speed: likewise
 * @pause: 1: none
 * @auto_negotiation: 0
 */
struct vmb_ndis_link_state {
	struct vmb_ndis_object header;
	__le32 connect;
	__le32 duplex;
	__le32 reserved;
	__le64 tx_speed;
	__le64 rx_speed;
	__le32 pause;
	__le32 auto_negotiation;
};

/* struct vmb_ndis_rss_caps.flags */
#define VMB_NDIS_RSS_CAP_TOEPLITZ	0x00000001U
#define VMB_NDIS_RSS_CAP_TCP_IPV4	0x00000100U
#define VMB_NDIS_RSS_CAP_TCP_IPV6	0x00000200U

/**
 * struct vmb_ndis_rss_caps - OID_GEN_RECEIVE_SCALE_CAPABILITIES
 * @header: %VMB_NDIS_OBJECT_RSS_CAPABILITIES, revision 2
 * @flags: %VMB_NDIS_RSS_CAP_TOEPLITZ and friends
 * @interrupts: of this many kinds
 * @queues: that frames can be spread over
 * @entries: most in an indirection table; never 0: that confuses DPDK
 */
struct vmb_ndis_rss_caps {
	struct vmb_ndis_object header;
	__le32 flags;
	__le32 interrupts;
	__le32 queues;
	__le16 entries;
} __packed;

/* struct vmb_ndis_rss_params.flags */
#define VMB_NDIS_RSS_HASH_UNCHANGED	0x0002U
#define VMB_NDIS_RSS_TABLE_UNCHANGED	0x0004U
#define VMB_NDIS_RSS_KEY_UNCHANGED	0x0008U
#define VMB_NDIS_RSS_DISABLE		0x0010U

/* struct vmb_ndis_rss_params.hash: function, and of what */
#define VMB_NDIS_HASH_FUNCTION		0x000000ffU
#define VMB_NDIS_HASH_TOEPLITZ		0x00000001U
#define VMB_NDIS_HASH_IPV4		0x00000100U
#define VMB_NDIS_HASH_TCP_IPV4		0x00000200U
#define VMB_NDIS_HASH_IPV6		0x00000400U
#define VMB_NDIS_HASH_IPV6_EX		0x00000800U
#define VMB_NDIS_HASH_TCP_IPV6		0x00001000U
#define VMB_NDIS_HASH_TCP_IPV6_EX	0x00002000U

/* bytes of a Toeplitz key: as many as IPv6 addresses and ports need */
#define VMB_NDIS_RSS_KEY_BYTES		40U

/**
 * struct vmb_ndis_rss_params - OID_GEN_RECEIVE_SCALE_PARAMETERS, revision 1;
 *	later ones are longer. Offsets count from here
 * @header: %VMB_NDIS_OBJECT_RSS_PARAMETERS
 * @flags: %VMB_NDIS_RSS_DISABLE and friends
 * @base_cpu: not used
 * @hash: %VMB_NDIS_HASH_TOEPLITZ and friends
 * @table_size: bytes of the table, whose entries have 4
 * @reserved1: padding
 * @table_offset: of it
 * @key_size: bytes of the key
 * @reserved2: padding
 * @key_offset: of it
 */
struct vmb_ndis_rss_params {
	struct vmb_ndis_object header;
	__le16 flags;
	__le16 base_cpu;
	__le32 hash;
	__le16 table_size;
	__le16 reserved1;
	__le32 table_offset;
	__le16 key_size;
	__le16 reserved2;
	__le32 key_offset;
};

/**
 * struct vmb_ndis_rss_params2 - the same, revision 2
 * @par: as in revision 1
 * @masks_offset: of what CPUs it may be; not used
 * @nr_masks: of them
 * @mask_size: bytes of each
 */
struct vmb_ndis_rss_params2 {
	struct vmb_ndis_rss_params par;
	__le32 masks_offset;
	__le32 nr_masks;
	__le32 mask_size;
};

static_assert(sizeof(struct vmb_rndis_head) == 8);
static_assert(sizeof(struct vmb_rndis_packet) == 36);
static_assert(sizeof(struct vmb_rndis_ppi) == 12);
static_assert(sizeof(struct vmb_rndis_initialize) == 16);
static_assert(sizeof(struct vmb_rndis_initialize_complete) == 44);
static_assert(sizeof(struct vmb_rndis_request) == 20);
static_assert(sizeof(struct vmb_rndis_query_complete) == 16);
static_assert(sizeof(struct vmb_rndis_indicate_status) == 12);
static_assert(sizeof(struct vmb_rndis_config_parameter) == 20);
static_assert(VMB_NDIS_OFFLOAD_BYTES_6_0 == 112);
static_assert(VMB_NDIS_OFFLOAD_BYTES_6_1 == 144);
static_assert(VMB_NDIS_OFFLOAD_BYTES_6_30 == 156);
static_assert(sizeof(struct vmb_ndis_offload_params) == 15);
static_assert(offsetof(struct vmb_ndis_offload_params3, rsc4) == 22);
static_assert(sizeof(struct vmb_ndis_link_state) == 40);
static_assert(sizeof(struct vmb_ndis_rss_caps) == 18);
static_assert(sizeof(struct vmb_ndis_rss_params) == 28);
static_assert(sizeof(struct vmb_ndis_rss_params2) == 40);

#endif /* VMB_PROTO_RNDIS_H */
