/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Wire format of VMBus control messages and of the SynIC pages that carry
 * them. Sizes and offsets are pinned below; the field rules are in
 * Documentation/protocol/vmbus.rst.
 */
#ifndef VMB_PROTO_BUS_H
#define VMB_PROTO_BUS_H

#include <linux/build_bug.h>
#include <linux/types.h>
#include <linux/uuid.h>

/* Hypercalls, their input word and their results */
#define VMB_HCALL_CODE_MASK		0xffffULL
#define VMB_HCALL_FAST			(1ULL << 16)
#define VMB_HCALL_POST_MESSAGE		0x5c
#define VMB_HCALL_SIGNAL_EVENT		0x5d

#define VMB_HV_SUCCESS			0x00
#define VMB_HV_INVALID_HYPERCALL_INPUT	0x03
#define VMB_HV_INVALID_ALIGNMENT	0x04
#define VMB_HV_INVALID_PARAMETER	0x05
#define VMB_HV_INSUFFICIENT_MEMORY	0x0b
#define VMB_HV_INVALID_PORT_ID		0x11
#define VMB_HV_INVALID_CONNECTION_ID	0x12
#define VMB_HV_INSUFFICIENT_BUFFERS	0x13

/* Connection ids */
#define VMB_CONN_MESSAGE		1U
#define VMB_CONN_EVENT			2U
#define VMB_CONN_MESSAGE_MULTI		4U
/* VMB_CONN_MASK - connection ids have 24 bits */
#define VMB_CONN_MASK			0xffffffU

/* SynIC */
#define VMB_SINT			2U
#define VMB_SINT_COUNT			16U
#define VMB_EVENT_FLAGS			2048U
#define VMB_SYNIC_ENABLE		0x1ULL
#define VMB_MSG_PAYLOAD_MAX		240U
#define VMB_MSG_TYPE_NONE		0U
#define VMB_MSG_TYPE_CHANNEL		1U
#define VMB_MSG_FLAG_PENDING		0x1U

/**
 * struct vmb_hv_post_message - input of HvPostMessage
 * @connection_id: %VMB_CONN_MESSAGE or %VMB_CONN_MESSAGE_MULTI
 * @reserved: zero
 * @message_type: %VMB_MSG_TYPE_CHANNEL
 * @payload_size: bytes used in @payload
 * @payload: the channel message
 */
struct vmb_hv_post_message {
	__le32 connection_id;
	__le32 reserved;
	__le32 message_type;
	__le32 payload_size;
	u8 payload[VMB_MSG_PAYLOAD_MAX];
};

/**
 * struct vmb_hv_message - one slot of the SIMP page
 * @message_type: %VMB_MSG_TYPE_NONE when the slot is free
 * @payload_size: bytes used in @payload
 * @flags: %VMB_MSG_FLAG_PENDING: the guest must write EOM when it has freed
 *	the slot
 * @reserved: zero
 * @sender: port or partition id, 0 from this host
 * @payload: the channel message
 */
struct vmb_hv_message {
	__le32 message_type;
	u8 payload_size;
	u8 flags;
	__le16 reserved;
	__le64 sender;
	u8 payload[VMB_MSG_PAYLOAD_MAX];
};

/* VMBus versions: major in the upper half */
#define VMB_VERSION(major, minor)	(((u32)(major) << 16) | (minor))
#define VMB_VERSION_0_13		VMB_VERSION(0, 13)
#define VMB_VERSION_1_1			VMB_VERSION(1, 1)
#define VMB_VERSION_2_4			VMB_VERSION(2, 4)
#define VMB_VERSION_3_0			VMB_VERSION(3, 0)
#define VMB_VERSION_4_0			VMB_VERSION(4, 0)
#define VMB_VERSION_4_1			VMB_VERSION(4, 1)
#define VMB_VERSION_5_0			VMB_VERSION(5, 0)
#define VMB_VERSION_5_1			VMB_VERSION(5, 1)
#define VMB_VERSION_5_2			VMB_VERSION(5, 2)
#define VMB_VERSION_5_3			VMB_VERSION(5, 3)

enum vmb_msg_type {
	VMB_MSG_OFFER			= 1,
	VMB_MSG_RESCIND			= 2,
	VMB_MSG_REQUEST_OFFERS		= 3,
	VMB_MSG_ALL_OFFERS_DELIVERED	= 4,
	VMB_MSG_OPEN			= 5,
	VMB_MSG_OPEN_RESULT		= 6,
	VMB_MSG_CLOSE			= 7,
	VMB_MSG_GPADL_HEADER		= 8,
	VMB_MSG_GPADL_BODY		= 9,
	VMB_MSG_GPADL_CREATED		= 10,
	VMB_MSG_GPADL_TEARDOWN		= 11,
	VMB_MSG_GPADL_TORNDOWN		= 12,
	VMB_MSG_RELID_RELEASED		= 13,
	VMB_MSG_INITIATE_CONTACT	= 14,
	VMB_MSG_VERSION_RESPONSE	= 15,
	VMB_MSG_UNLOAD			= 16,
	VMB_MSG_UNLOAD_RESPONSE		= 17,
	VMB_MSG_TL_CONNECT_REQUEST	= 21,
	VMB_MSG_MODIFY_CHANNEL		= 22,
	VMB_MSG_TL_CONNECT_RESULT	= 23,
	VMB_MSG_MODIFY_CHANNEL_RESPONSE	= 24,
};

/**
 * struct vmb_msg_header - the first 8 bytes of every channel message
 * @type: &enum vmb_msg_type
 * @padding: zero
 */
struct vmb_msg_header {
	__le32 type;
	__le32 padding;
};

/* struct vmb_msg_offer.flags */
#define VMB_OFFER_ENUMERATE_DEVICE_INTERFACE	0x1U
#define VMB_OFFER_NAMED_PIPE_MODE		0x10U

#define VMB_OFFER_USER_BYTES			120U

/**
 * struct vmb_msg_offer - a channel the guest may open
 * @hdr: type %VMB_MSG_OFFER
 * @class_id: what kind of device
 * @instance_id: which device
 * @reserved1: zero
 * @flags: %VMB_OFFER_ENUMERATE_DEVICE_INTERFACE and friends
 * @mmio_megabytes: MMIO space the device wants, MiB
 * @user: device defined
 * @sub_channel_index: 0 for a primary channel
 * @reserved2: zero
 * @relid: the channel's id, from 1
 * @monitor_id: not used, 0
 * @monitor_allocated: 0: no monitor page is served
 * @dedicated_interrupt: bit 0: the channel has its own connection id (from
 *	version 1.1)
 * @connection_id: for HvSignalEvent (from version 1.1)
 */
struct vmb_msg_offer {
	struct vmb_msg_header hdr;
	guid_t class_id;
	guid_t instance_id;
	__le64 reserved1[2];
	__le16 flags;
	__le16 mmio_megabytes;
	u8 user[VMB_OFFER_USER_BYTES];
	__le16 sub_channel_index;
	__le16 reserved2;
	__le32 relid;
	u8 monitor_id;
	u8 monitor_allocated;
	__le16 dedicated_interrupt;
	__le32 connection_id;
} __packed;

/**
 * struct vmb_msg_relid - RESCIND, CLOSE and RELID_RELEASED
 * @hdr: type
 * @relid: the channel
 */
struct vmb_msg_relid {
	struct vmb_msg_header hdr;
	__le32 relid;
} __packed;

/**
 * struct vmb_msg_open - the guest opens a channel
 * @hdr: type %VMB_MSG_OPEN
 * @relid: the channel
 * @open_id: returned in the result
 * @ring_gpadl: the memory of both rings
 * @target_vp: VP that takes the channel's interrupt (from version 2.4)
 * @downstream_page: page of @ring_gpadl where the host-to-guest ring starts
 * @user: device defined
 */
struct vmb_msg_open {
	struct vmb_msg_header hdr;
	__le32 relid;
	__le32 open_id;
	__le32 ring_gpadl;
	__le32 target_vp;
	__le32 downstream_page;
	u8 user[VMB_OFFER_USER_BYTES];
} __packed;

/**
 * struct vmb_msg_open_result - answer to OPEN
 * @hdr: type %VMB_MSG_OPEN_RESULT
 * @relid: the channel
 * @open_id: of the request
 * @status: 0 or an NTSTATUS
 */
struct vmb_msg_open_result {
	struct vmb_msg_header hdr;
	__le32 relid;
	__le32 open_id;
	__le32 status;
} __packed;

/**
 * struct vmb_msg_gpadl_header - the guest describes memory, first part
 * @hdr: type %VMB_MSG_GPADL_HEADER
 * @relid: the channel it belongs to
 * @gpadl: the guest's handle
 * @range_buflen: bytes of the whole range list, over all messages
 * @range_count: ranges in the list
 * @ranges: the first part of the list of &struct vmb_wire_gpa_range
 */
struct vmb_msg_gpadl_header {
	struct vmb_msg_header hdr;
	__le32 relid;
	__le32 gpadl;
	__le16 range_buflen;
	__le16 range_count;
	u8 ranges[];
} __packed;

/**
 * struct vmb_msg_gpadl_body - the next part of a range list
 * @hdr: type %VMB_MSG_GPADL_BODY
 * @number: of this message; informative
 * @gpadl: the guest's handle
 * @ranges: goes on where the last message ended
 */
struct vmb_msg_gpadl_body {
	struct vmb_msg_header hdr;
	__le32 number;
	__le32 gpadl;
	u8 ranges[];
} __packed;

/**
 * struct vmb_msg_gpadl_created - answer to the last part of a GPADL
 * @hdr: type %VMB_MSG_GPADL_CREATED
 * @relid: the channel
 * @gpadl: the guest's handle
 * @status: 0 or an NTSTATUS
 */
struct vmb_msg_gpadl_created {
	struct vmb_msg_header hdr;
	__le32 relid;
	__le32 gpadl;
	__le32 status;
} __packed;

/**
 * struct vmb_msg_gpadl_teardown - the guest takes memory back
 * @hdr: type %VMB_MSG_GPADL_TEARDOWN
 * @relid: the channel
 * @gpadl: the guest's handle
 */
struct vmb_msg_gpadl_teardown {
	struct vmb_msg_header hdr;
	__le32 relid;
	__le32 gpadl;
} __packed;

/**
 * struct vmb_msg_gpadl_torndown - answer to teardown
 * @hdr: type %VMB_MSG_GPADL_TORNDOWN
 * @gpadl: the guest's handle
 */
struct vmb_msg_gpadl_torndown {
	struct vmb_msg_header hdr;
	__le32 gpadl;
} __packed;

/**
 * struct vmb_msg_initiate_contact - the guest asks for a version
 * @hdr: type %VMB_MSG_INITIATE_CONTACT
 * @version: VMB_VERSION()
 * @target_vp: VP that takes the host's messages
 * @interrupt_page: GPA of the shared interrupt page below version 5.0; from
 *	5.0 on byte 0 is the message SINT and byte 1 the VTL
 * @monitor_page: GPAs of the monitor pages, parent to child and back
 */
struct vmb_msg_initiate_contact {
	struct vmb_msg_header hdr;
	__le32 version;
	__le32 target_vp;
	__le64 interrupt_page;
	__le64 monitor_page[2];
} __packed;

/**
 * struct vmb_msg_version_response - answer to INITIATE_CONTACT
 * @hdr: type %VMB_MSG_VERSION_RESPONSE
 * @supported: 1 when the version is served
 * @connection_state: 0, success
 * @padding: zero
 * @msg_conn_id: connection id for further messages (from version 5.0)
 */
struct vmb_msg_version_response {
	struct vmb_msg_header hdr;
	u8 supported;
	u8 connection_state;
	__le16 padding;
	__le32 msg_conn_id;
} __packed;

/**
 * struct vmb_msg_modify_channel - move a channel's interrupt
 * @hdr: type %VMB_MSG_MODIFY_CHANNEL
 * @relid: the channel
 * @target_vp: the new VP
 */
struct vmb_msg_modify_channel {
	struct vmb_msg_header hdr;
	__le32 relid;
	__le32 target_vp;
} __packed;

/**
 * struct vmb_msg_modify_channel_response - answer to it (from version 5.3)
 * @hdr: type %VMB_MSG_MODIFY_CHANNEL_RESPONSE
 * @relid: the channel
 * @status: 0 or an NTSTATUS
 */
struct vmb_msg_modify_channel_response {
	struct vmb_msg_header hdr;
	__le32 relid;
	__le32 status;
} __packed;

/**
 * struct vmb_msg_tl_connect_request - the guest opens a Hyper-V socket
 * @hdr: type %VMB_MSG_TL_CONNECT_REQUEST
 * @endpoint_id: the guest's port
 * @service_id: the host's service
 */
struct vmb_msg_tl_connect_request {
	struct vmb_msg_header hdr;
	guid_t endpoint_id;
	guid_t service_id;
} __packed;

/**
 * struct vmb_msg_tl_connect_result - refusal of a Hyper-V socket
 * @hdr: type %VMB_MSG_TL_CONNECT_RESULT
 * @endpoint_id: of the request
 * @service_id: of the request
 * @status: an NTSTATUS
 */
struct vmb_msg_tl_connect_result {
	struct vmb_msg_header hdr;
	guid_t endpoint_id;
	guid_t service_id;
	__le32 status;
} __packed;

/* NTSTATUS values on this wire */
#define VMB_STATUS_SUCCESS		0x00000000U
#define VMB_STATUS_UNSUCCESSFUL		0xc0000001U
#define VMB_STATUS_INVALID_PARAMETER	0xc000000dU
#define VMB_STATUS_NO_MEMORY		0xc0000017U
#define VMB_STATUS_DEVICE_BUSY		0x80000011U
#define VMB_STATUS_CONNECTION_REFUSED	0xc0000236U

static_assert(sizeof(struct vmb_hv_post_message) == 256);
static_assert(sizeof(struct vmb_hv_message) == 256);
static_assert(sizeof(struct vmb_msg_header) == 8);
static_assert(sizeof(struct vmb_msg_offer) == 196);
static_assert(sizeof(struct vmb_msg_relid) == 12);
static_assert(sizeof(struct vmb_msg_open) == 148);
static_assert(sizeof(struct vmb_msg_open_result) == 20);
static_assert(sizeof(struct vmb_msg_gpadl_header) == 20);
static_assert(sizeof(struct vmb_msg_gpadl_body) == 16);
static_assert(sizeof(struct vmb_msg_gpadl_created) == 20);
static_assert(sizeof(struct vmb_msg_gpadl_teardown) == 16);
static_assert(sizeof(struct vmb_msg_gpadl_torndown) == 12);
static_assert(sizeof(struct vmb_msg_initiate_contact) == 40);
static_assert(sizeof(struct vmb_msg_version_response) == 16);
static_assert(sizeof(struct vmb_msg_modify_channel) == 16);
static_assert(sizeof(struct vmb_msg_modify_channel_response) == 16);
static_assert(sizeof(struct vmb_msg_tl_connect_request) == 40);
static_assert(sizeof(struct vmb_msg_tl_connect_result) == 44);

#endif /* VMB_PROTO_BUS_H */
