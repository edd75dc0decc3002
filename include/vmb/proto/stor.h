/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Wire format of the storage protocol (VSTOR): what a guest's SCSI or IDE
 * class channel carries. The exchange is described in
 * Documentation/protocol/storage.rst.
 */
#ifndef VMB_PROTO_STOR_H
#define VMB_PROTO_STOR_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/uuid.h>

/* Class ids of the offers */
#define VMB_STOR_SCSI_CLASS \
	GUID_INIT(0xba6163d9, 0x04a1, 0x4d29, \
		  0xb6, 0x05, 0x72, 0xe2, 0xff, 0xb1, 0xdc, 0x7f)
#define VMB_STOR_IDE_CLASS \
	GUID_INIT(0x32412632, 0x86cb, 0x44a2, \
		  0x9b, 0x5c, 0x50, 0xd1, 0x41, 0x73, 0x54, 0xf5)

/*
 * The instance id of an IDE class offer: the first 32-bit field is the IDE
 * channel, the second field, 16 bits, the device on it, the third is this.
 */
#define VMB_STOR_IDE_INSTANCE_DATA3	0x8899

/* Protocol versions: major in the upper byte */
#define VMB_STOR_VERSION(major, minor)	(((major) << 8) | (minor))
#define VMB_STOR_VERSION_2_0		VMB_STOR_VERSION(2, 0)
#define VMB_STOR_VERSION_4_2		VMB_STOR_VERSION(4, 2)
#define VMB_STOR_VERSION_5_1		VMB_STOR_VERSION(5, 1)
#define VMB_STOR_VERSION_6_0		VMB_STOR_VERSION(6, 0)
#define VMB_STOR_VERSION_6_2		VMB_STOR_VERSION(6, 2)

/* struct vmb_stor_packet.operation */
enum vmb_stor_op {
	VMB_STOR_OP_COMPLETE_IO			= 1,
	VMB_STOR_OP_REMOVE_DEVICE		= 2,
	VMB_STOR_OP_EXECUTE_SRB			= 3,
	VMB_STOR_OP_RESET_LUN			= 4,
	VMB_STOR_OP_RESET_ADAPTER		= 5,
	VMB_STOR_OP_RESET_BUS			= 6,
	VMB_STOR_OP_BEGIN_INIT			= 7,
	VMB_STOR_OP_END_INIT			= 8,
	VMB_STOR_OP_QUERY_PROTOCOL_VERSION	= 9,
	VMB_STOR_OP_QUERY_PROPERTIES		= 10,
	VMB_STOR_OP_ENUMERATE_BUS		= 11,
	VMB_STOR_OP_FCHBA_DATA			= 12,
	VMB_STOR_OP_CREATE_SUB_CHANNELS		= 13,
};

/* struct vmb_stor_packet.flags: the sender wants an answer */
#define VMB_STOR_REQUEST_COMPLETION	0x1U

/* struct vmb_stor_packet.status: NTSTATUS values beside those in bus.h */
#define VMB_STOR_STATUS_BUFFER_OVERFLOW		0x80000005U
#define VMB_STOR_STATUS_INVALID_REQUEST		0xc0000010U
#define VMB_STOR_STATUS_REVISION_MISMATCH	0xc0000059U
#define VMB_STOR_STATUS_IO_TIMEOUT		0xc00000b5U
#define VMB_STOR_STATUS_NO_SUCH_DEVICE		0xc00000c0U
#define VMB_STOR_STATUS_CANCELLED		0xc0000120U
#define VMB_STOR_STATUS_INVALID_DEVICE_STATE	0xc0000184U
#define VMB_STOR_STATUS_IO_DEVICE_ERROR		0xc0000185U

#define VMB_STOR_CDB_BYTES		16U
/* Bytes of sense data that fit: before version 5.1, and from 5.1 on */
#define VMB_STOR_SENSE_BYTES_V1		18U
#define VMB_STOR_SENSE_BYTES		20U

/* struct vmb_stor_srb.data_in */
#define VMB_STOR_DATA_OUT		0U
#define VMB_STOR_DATA_IN		1U
#define VMB_STOR_DATA_UNKNOWN		2U

/* struct vmb_stor_srb.srb_status: two flags and a code */
#define VMB_STOR_SRB_AUTOSENSE_VALID	0x80U
#define VMB_STOR_SRB_QUEUE_FROZEN	0x40U
#define VMB_STOR_SRB_CODE_MASK		0x3fU
#define VMB_STOR_SRB_SUCCESS		0x01U
#define VMB_STOR_SRB_ABORTED		0x02U
#define VMB_STOR_SRB_ERROR		0x04U
#define VMB_STOR_SRB_BUSY		0x05U
#define VMB_STOR_SRB_INVALID_REQUEST	0x06U
#define VMB_STOR_SRB_TIMEOUT		0x09U
#define VMB_STOR_SRB_BUS_RESET		0x0eU
#define VMB_STOR_SRB_DATA_OVERRUN	0x12U
#define VMB_STOR_SRB_INVALID_LUN	0x20U
#define VMB_STOR_SRB_INTERNAL_ERROR	0x30U

/* struct vmb_stor_srb.srb_flags, those that matter to the host */
#define VMB_STOR_SRB_FLAG_NO_AUTOSENSE	0x00000020U

/**
 * struct vmb_stor_srb - a SCSI command and its outcome
 * @length: of this structure, as its sender knows it
 * @srb_status: %VMB_STOR_SRB_SUCCESS and friends; the host sets it
 * @scsi_status: SAM status; the host sets it
 * @port_number: the guest's
 * @path_id: bus; 0
 * @target_id: target
 * @lun: logical unit
 * @cdb_length: bytes used in @cdb
 * @sense_length: how many bytes of sense the guest takes; in the answer, how
 *	many there are
 * @data_in: %VMB_STOR_DATA_OUT and friends
 * @reserved: zero
 * @data_transfer_length: bytes of guest memory; in the answer, bytes moved
 * @cdb: the command
 * @sense: in the answer, if %VMB_STOR_SRB_AUTOSENSE_VALID
 * @bytes: pads the union
 * @reserve: zero; here and below: from version 5.1
 * @queue_tag: the guest's
 * @queue_action: kind of task
 * @srb_flags: %VMB_STOR_SRB_FLAG_NO_AUTOSENSE
 * @timeout: seconds
 * @queue_sort_key: the guest's
 */
struct vmb_stor_srb {
	__le16 length;
	u8 srb_status;
	u8 scsi_status;
	u8 port_number;
	u8 path_id;
	u8 target_id;
	u8 lun;
	u8 cdb_length;
	u8 sense_length;
	u8 data_in;
	u8 reserved;
	__le32 data_transfer_length;
	union {
		u8 cdb[VMB_STOR_CDB_BYTES];
		u8 sense[VMB_STOR_SENSE_BYTES];
		u8 bytes[20];
	};
	__le16 reserve;
	u8 queue_tag;
	u8 queue_action;
	__le32 srb_flags;
	__le32 timeout;
	__le32 queue_sort_key;
} __packed;

/* struct vmb_stor_properties.flags */
#define VMB_STOR_PROP_MULTI_CHANNEL	0x1U

/**
 * struct vmb_stor_properties - answer to QUERY_PROPERTIES
 * @reserved: zero
 * @max_sub_channels: how many the guest may ask for, the primary not included
 * @reserved1: zero
 * @flags: %VMB_STOR_PROP_MULTI_CHANNEL
 * @max_transfer_bytes: most data of one command
 * @reserved2: zero
 */
struct vmb_stor_properties {
	__le32 reserved;
	__le16 max_sub_channels;
	__le16 reserved1;
	__le32 flags;
	__le32 max_transfer_bytes;
	__le64 reserved2;
} __packed;

/**
 * struct vmb_stor_version - body of QUERY_PROTOCOL_VERSION
 * @major_minor: VMB_STOR_VERSION()
 * @revision: informative
 */
struct vmb_stor_version {
	__le16 major_minor;
	__le16 revision;
} __packed;

/**
 * struct vmb_stor_packet - payload of every packet
 * @operation: &enum vmb_stor_op
 * @flags: %VMB_STOR_REQUEST_COMPLETION
 * @status: of an answer, 0 or an NTSTATUS
 * @srb: of EXECUTE_SRB, and the address of the RESET operations
 * @properties: of QUERY_PROPERTIES
 * @version: of QUERY_PROTOCOL_VERSION
 * @sub_channels: of CREATE_SUB_CHANNELS, how many
 * @body: pads the union
 */
struct vmb_stor_packet {
	__le32 operation;
	__le32 flags;
	__le32 status;
	union {
		struct vmb_stor_srb srb;
		struct vmb_stor_properties properties;
		struct vmb_stor_version version;
		__le16 sub_channels;
		u8 body[52];
	};
} __packed;

/* Bytes of a packet: its head, all of it before version 5.1, and from 5.1 on */
#define VMB_STOR_PACKET_HEAD		12U
#define VMB_STOR_PACKET_BYTES_V1	48U
#define VMB_STOR_PACKET_BYTES		64U

/* struct vmb_stor_ide_offer.flags */
#define VMB_STOR_OFFER_IDE		0x2U

/**
 * struct vmb_stor_ide_offer - user data of an IDE class offer
 * @reserved: zero
 * @path_id: IDE channel, 0 or 1
 * @target_id: device on it, 0 or 1
 * @reserved1: zero
 * @flags: %VMB_STOR_OFFER_IDE
 * @reserved2: zero
 */
struct vmb_stor_ide_offer {
	__le16 reserved;
	u8 path_id;
	u8 target_id;
	__le32 reserved1;
	__le32 flags;
	__le32 reserved2[3];
};

static_assert(offsetof(struct vmb_stor_srb, data_transfer_length) == 12);
static_assert(offsetof(struct vmb_stor_srb, cdb) == 16);
static_assert(offsetof(struct vmb_stor_srb, reserve) == 36);
static_assert(offsetof(struct vmb_stor_srb, srb_flags) == 40);
static_assert(sizeof(struct vmb_stor_srb) == 52);
static_assert(offsetof(struct vmb_stor_properties, max_sub_channels) == 4);
static_assert(offsetof(struct vmb_stor_properties, max_transfer_bytes) == 12);
static_assert(sizeof(struct vmb_stor_properties) == 24);
static_assert(sizeof(struct vmb_stor_version) == 4);
static_assert(offsetof(struct vmb_stor_packet, srb) == VMB_STOR_PACKET_HEAD);
static_assert(sizeof(struct vmb_stor_packet) == VMB_STOR_PACKET_BYTES);
static_assert(VMB_STOR_PACKET_HEAD + offsetof(struct vmb_stor_srb, reserve) ==
	      VMB_STOR_PACKET_BYTES_V1);
static_assert(sizeof(struct vmb_stor_ide_offer) == 24);

#endif /* VMB_PROTO_STOR_H */
