/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Wire format of the network protocol (NVSP): what the packets of a network
 * class channel carry. Frames and the control of the NIC are RNDIS messages, in
 * rndis.h. Facts as in Linux' hv_netvsc (drivers/net/hyperv/hyperv_net.h) and
 * OpenVMM's netvsp; the exchange is described in Documentation/protocol/net.rst.
 */
#ifndef VMB_PROTO_NET_H
#define VMB_PROTO_NET_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/uuid.h>

/* Class id of the offers */
#define VMB_NET_CLASS \
	GUID_INIT(0xf8615163, 0xdf3e, 0x46c5, \
		  0x91, 0x3f, 0xf2, 0xd2, 0xf9, 0x65, 0xed, 0x0e)

/* Protocol versions, as both ends name them */
#define VMB_NVSP_VERSION_1		0x00000002U
#define VMB_NVSP_VERSION_2		0x00030002U
#define VMB_NVSP_VERSION_4		0x00040000U
#define VMB_NVSP_VERSION_5		0x00050000U
#define VMB_NVSP_VERSION_6		0x00060000U
#define VMB_NVSP_VERSION_6_1		0x00060001U

/* struct vmb_nvsp_msg.type, those that guests send or are sent */
enum vmb_nvsp_type {
	VMB_NVSP_INIT				= 1,
	VMB_NVSP_INIT_COMPLETE			= 2,
	VMB_NVSP_NDIS_VERSION			= 100,
	VMB_NVSP_RECV_BUF			= 101,
	VMB_NVSP_RECV_BUF_COMPLETE		= 102,
	VMB_NVSP_REVOKE_RECV_BUF		= 103,
	VMB_NVSP_SEND_BUF			= 104,
	VMB_NVSP_SEND_BUF_COMPLETE		= 105,
	VMB_NVSP_REVOKE_SEND_BUF		= 106,
	VMB_NVSP_RNDIS				= 107,
	VMB_NVSP_RNDIS_COMPLETE			= 108,
	VMB_NVSP_NDIS_CONFIG			= 125,
	VMB_NVSP_VF_ASSOCIATION			= 128,
	VMB_NVSP_SWITCH_DATA_PATH		= 129,
	VMB_NVSP_OID_QUERY_EX			= 131,
	VMB_NVSP_OID_QUERY_EX_COMPLETE		= 132,
	VMB_NVSP_SUBCHANNEL			= 133,
	VMB_NVSP_INDIRECTION_TABLE		= 134,
	VMB_NVSP_PD_API				= 135,
	VMB_NVSP_PD_POST_BATCH			= 136,
};

/* the status of an answer */
enum vmb_nvsp_status {
	VMB_NVSP_STATUS_NONE			= 0,
	VMB_NVSP_STATUS_SUCCESS			= 1,
	VMB_NVSP_STATUS_FAIL			= 2,
	VMB_NVSP_STATUS_TOO_NEW			= 3,
	VMB_NVSP_STATUS_TOO_OLD			= 4,
	VMB_NVSP_STATUS_INVALID_RNDIS		= 5,
	VMB_NVSP_STATUS_BUSY			= 6,
	VMB_NVSP_STATUS_UNSUPPORTED		= 7,
};

/* Ids of the two buffers; the first is that of transfer-page packets, too */
#define VMB_NVSP_RECV_BUF_ID		0xcafeU
#define VMB_NVSP_SEND_BUF_ID		0U

/* struct vmb_nvsp_rndis.section: all of the message is in the packet's pages */
#define VMB_NVSP_NO_SECTION		0xffffffffU

/* struct vmb_nvsp_rndis.channel */
#define VMB_NVSP_CHANNEL_DATA		0U
#define VMB_NVSP_CHANNEL_CONTROL	1U

/* struct vmb_nvsp_ndis_config.capabilities */
#define VMB_NVSP_CAP_VMQ		0x01U
#define VMB_NVSP_CAP_CHIMNEY		0x02U
#define VMB_NVSP_CAP_SRIOV		0x04U
#define VMB_NVSP_CAP_8021Q		0x08U
#define VMB_NVSP_CAP_CORRELATION	0x10U
#define VMB_NVSP_CAP_TEAMING		0x20U
#define VMB_NVSP_CAP_VSUBNET		0x40U
#define VMB_NVSP_CAP_RSC		0x80U

/**
 * struct vmb_nvsp_init - the guest begins
 * @min_version: least that it speaks
 * @max_version: highest that it speaks; Linux names one version in both
 */
struct vmb_nvsp_init {
	__le32 min_version;
	__le32 max_version;
} __packed;

/**
 * struct vmb_nvsp_init_complete - the answer
 * @version: that both speak
 * @max_mdl_chain: most parts of a packet, for guests that ask themselves
 * @status: &enum vmb_nvsp_status
 */
struct vmb_nvsp_init_complete {
	__le32 version;
	__le32 max_mdl_chain;
	__le32 status;
} __packed;

/**
 * struct vmb_nvsp_ndis_version - which NDIS the guest has
 * @major: 6
 * @minor: 1, or 30 from NVSP 5
 */
struct vmb_nvsp_ndis_version {
	__le32 major;
	__le32 minor;
} __packed;

/**
 * struct vmb_nvsp_ndis_config - from NVSP 2
 * @mtu: most bytes of a frame, with its Ethernet header
 * @reserved: zero
 * @capabilities: %VMB_NVSP_CAP_8021Q and friends
 */
struct vmb_nvsp_ndis_config {
	__le32 mtu;
	__le32 reserved;
	__le64 capabilities;
} __packed;

/**
 * struct vmb_nvsp_buf - the guest gives a buffer
 * @gpadl: what it is made of
 * @id: %VMB_NVSP_RECV_BUF_ID or %VMB_NVSP_SEND_BUF_ID
 */
struct vmb_nvsp_buf {
	__le32 gpadl;
	__le16 id;
} __packed;

/**
 * struct vmb_nvsp_section - how the receive buffer is divided
 * @offset: of the first section
 * @size: bytes of each
 * @count: how many
 * @end: behind the last one
 */
struct vmb_nvsp_section {
	__le32 offset;
	__le32 size;
	__le32 count;
	__le32 end;
} __packed;

/**
 * struct vmb_nvsp_recv_buf_complete - the answer to %VMB_NVSP_RECV_BUF
 * @status: &enum vmb_nvsp_status
 * @num_sections: of @section; 1
 * @section: the host's choice
 */
struct vmb_nvsp_recv_buf_complete {
	__le32 status;
	__le32 num_sections;
	struct vmb_nvsp_section section;
} __packed;

/**
 * struct vmb_nvsp_send_buf_complete - the answer to %VMB_NVSP_SEND_BUF
 * @status: &enum vmb_nvsp_status
 * @section_size: the host's choice; the guest divides the buffer by it
 */
struct vmb_nvsp_send_buf_complete {
	__le32 status;
	__le32 section_size;
} __packed;

/**
 * struct vmb_nvsp_revoke - the guest takes a buffer back; there is no answer
 * @id: as in &struct vmb_nvsp_buf
 */
struct vmb_nvsp_revoke {
	__le16 id;
} __packed;

/**
 * struct vmb_nvsp_rndis - an RNDIS message, or several
 * @channel: %VMB_NVSP_CHANNEL_DATA or %VMB_NVSP_CHANNEL_CONTROL
 * @section: of the send buffer, or %VMB_NVSP_NO_SECTION
 * @section_len: bytes in it; what the packet's pages hold follows
 */
struct vmb_nvsp_rndis {
	__le32 channel;
	__le32 section;
	__le32 section_len;
} __packed;

/**
 * struct vmb_nvsp_status_msg - an answer that says how it went and no more
 * @status: &enum vmb_nvsp_status
 */
struct vmb_nvsp_status_msg {
	__le32 status;
} __packed;

/**
 * struct vmb_nvsp_subchannel - the guest asks for sub-channels, from NVSP 5
 * @operation: %VMB_NVSP_SUBCHANNEL_ALLOCATE
 * @count: how many
 */
struct vmb_nvsp_subchannel {
	__le32 operation;
	__le32 count;
} __packed;

/**
 * struct vmb_nvsp_subchannel_complete - the answer
 * @status: &enum vmb_nvsp_status
 * @count: how many will be offered
 */
struct vmb_nvsp_subchannel_complete {
	__le32 status;
	__le32 count;
} __packed;

#define VMB_NVSP_SUBCHANNEL_ALLOCATE	1U

/* Linux takes a table of this many entries and no other */
#define VMB_NVSP_TABLE_ENTRIES		16U

/**
 * struct vmb_nvsp_table_msg - %VMB_NVSP_INDIRECTION_TABLE: by which channels the
 *	guest sends; from NVSP 5, in-band, longer than other messages, no answer
 * @type: %VMB_NVSP_INDIRECTION_TABLE
 * @count: %VMB_NVSP_TABLE_ENTRIES
 * @offset: of @entry, from the start of the message
 * @entry: indices of channels
 */
struct vmb_nvsp_table_msg {
	__le32 type;
	__le32 count;
	__le32 offset;
	__le32 entry[VMB_NVSP_TABLE_ENTRIES];
} __packed;

/**
 * struct vmb_nvsp_pd_api - Packet Direct, from NVSP 6: request and answer
 * @operation: the guest's
 * @status: of the answer; &enum vmb_nvsp_status
 * @body: of each operation; all zero says "no such thing here"
 */
struct vmb_nvsp_pd_api {
	__le32 operation;
	__le32 status;
	u8 body[28];
} __packed;

/**
 * struct vmb_nvsp_msg - any message
 * @type: &enum vmb_nvsp_type
 * @init: %VMB_NVSP_INIT
 * @init_complete: %VMB_NVSP_INIT_COMPLETE
 * @ndis_version: %VMB_NVSP_NDIS_VERSION
 * @ndis_config: %VMB_NVSP_NDIS_CONFIG
 * @buf: %VMB_NVSP_RECV_BUF, %VMB_NVSP_SEND_BUF
 * @recv_buf_complete: %VMB_NVSP_RECV_BUF_COMPLETE
 * @send_buf_complete: %VMB_NVSP_SEND_BUF_COMPLETE
 * @revoke: %VMB_NVSP_REVOKE_RECV_BUF, %VMB_NVSP_REVOKE_SEND_BUF
 * @rndis: %VMB_NVSP_RNDIS
 * @status: %VMB_NVSP_RNDIS_COMPLETE
 * @subchannel: %VMB_NVSP_SUBCHANNEL, from the guest
 * @subchannel_complete: %VMB_NVSP_SUBCHANNEL, to it
 * @pd_api: %VMB_NVSP_PD_API
 */
struct vmb_nvsp_msg {
	__le32 type;
	union {
		struct vmb_nvsp_init init;
		struct vmb_nvsp_init_complete init_complete;
		struct vmb_nvsp_ndis_version ndis_version;
		struct vmb_nvsp_ndis_config ndis_config;
		struct vmb_nvsp_buf buf;
		struct vmb_nvsp_recv_buf_complete recv_buf_complete;
		struct vmb_nvsp_send_buf_complete send_buf_complete;
		struct vmb_nvsp_revoke revoke;
		struct vmb_nvsp_rndis rndis;
		struct vmb_nvsp_status_msg status;
		struct vmb_nvsp_subchannel subchannel;
		struct vmb_nvsp_subchannel_complete subchannel_complete;
		struct vmb_nvsp_pd_api pd_api;
	} __packed;
} __packed;

/* How long messages are, padding included: before 6.1 and from 6.1 on */
#define VMB_NVSP_BYTES_V1	28U
#define VMB_NVSP_BYTES		40U

/**
 * vmb_nvsp_bytes() - how long messages are
 * @version: negotiated, or 0
 *
 * Context: any.
 * Return: bytes, padding included.
 */
static inline u32 vmb_nvsp_bytes(u32 version)
{
	return version >= VMB_NVSP_VERSION_6_1 ? VMB_NVSP_BYTES : VMB_NVSP_BYTES_V1;
}

static_assert(sizeof(struct vmb_nvsp_msg) == VMB_NVSP_BYTES);
static_assert(4 + sizeof(struct vmb_nvsp_recv_buf_complete) == VMB_NVSP_BYTES_V1);
static_assert(sizeof(struct vmb_nvsp_init) == 8);
static_assert(sizeof(struct vmb_nvsp_init_complete) == 12);
static_assert(sizeof(struct vmb_nvsp_ndis_config) == 16);
static_assert(sizeof(struct vmb_nvsp_buf) == 6);
static_assert(sizeof(struct vmb_nvsp_section) == 16);
static_assert(sizeof(struct vmb_nvsp_rndis) == 12);
static_assert(sizeof(struct vmb_nvsp_subchannel) == 8);
static_assert(sizeof(struct vmb_nvsp_table_msg) == 76);

#endif /* VMB_PROTO_NET_H */
