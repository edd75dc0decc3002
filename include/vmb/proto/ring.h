/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Wire format of a VMBus ring buffer and of the packets in it.
 *
 * One ring is one page of header followed by a whole number of pages of data.
 * Every packet starts on an 8-byte boundary, is a multiple of 8 bytes long and
 * is followed by one 8-byte trailer.
 */
#ifndef VMB_PROTO_RING_H
#define VMB_PROTO_RING_H

#include <linux/build_bug.h>
#include <linux/types.h>

/* VMB_PAGE_SIZE - the bus counts in 4 KiB pages on every machine */
#define VMB_PAGE_SHIFT		12
#define VMB_PAGE_SIZE		(1U << VMB_PAGE_SHIFT)

/**
 * struct vmb_ring_hdr - the shared page in front of a ring's data
 * @write_index: byte offset of the producer in the data area; owned by the
 *	producer
 * @read_index: byte offset of the consumer in the data area; owned by the
 *	consumer
 * @interrupt_mask: non-zero while the consumer wants no signal; owned by the
 *	consumer
 * @pending_send_sz: bytes a blocked producer waits for, 0 when it does not
 *	wait; owned by the producer
 * @reserved1: zero
 * @feature_bits: %VMB_RING_FEAT_PENDING_SEND_SZ; owned by the producer
 * @reserved2: pads the header to one page
 */
struct vmb_ring_hdr {
	__le32 write_index;
	__le32 read_index;
	__le32 interrupt_mask;
	__le32 pending_send_sz;
	__le32 reserved1[12];
	__le32 feature_bits;
	u8 reserved2[VMB_PAGE_SIZE - 68];
};

#define VMB_RING_FEAT_PENDING_SEND_SZ	0x1U

/* struct vmb_pkt_desc.type */
enum vmb_pkt_type {
	VMB_PKT_INBAND		= 0x6,
	VMB_PKT_XFER_PAGES	= 0x7,
	VMB_PKT_GPA_DIRECT	= 0x9,
	VMB_PKT_CANCEL		= 0xa,
	VMB_PKT_COMPLETION	= 0xb,
};

/* struct vmb_pkt_desc.flags */
#define VMB_PKT_COMPLETION_REQUESTED	0x1U

/**
 * struct vmb_pkt_desc - the first 16 bytes of every packet
 * @type: &enum vmb_pkt_type
 * @offset8: where the payload starts, from the start of this, in 8-byte units
 * @len8: length of the packet without its trailer, in 8-byte units
 * @flags: %VMB_PKT_COMPLETION_REQUESTED
 * @trans_id: the sender's cookie, returned in the completion
 */
struct vmb_pkt_desc {
	__le16 type;
	__le16 offset8;
	__le16 len8;
	__le16 flags;
	__le64 trans_id;
};

/**
 * struct vmb_pkt_gpa_direct - head of a packet that names guest pages
 * @desc: type %VMB_PKT_GPA_DIRECT
 * @reserved: zero
 * @range_count: how many &struct vmb_wire_gpa_range follow
 */
struct vmb_pkt_gpa_direct {
	struct vmb_pkt_desc desc;
	__le32 reserved;
	__le32 range_count;
};

/**
 * struct vmb_wire_gpa_range - one range of guest memory, followed by its PFNs
 * @byte_count: length in bytes
 * @byte_offset: offset into the first page, below %VMB_PAGE_SIZE
 * @pfn: as many as the range touches
 */
struct vmb_wire_gpa_range {
	__le32 byte_count;
	__le32 byte_offset;
	__le64 pfn[];
};

/**
 * struct vmb_pkt_xfer_pages - head of a packet that names parts of a
 *	pre-established buffer
 * @desc: type %VMB_PKT_XFER_PAGES
 * @pageset_id: the buffer
 * @sender_owns_set: non-zero: the receiver must return it by a completion
 * @reserved: zero
 * @range_count: how many &struct vmb_wire_xfer_range follow
 */
struct vmb_pkt_xfer_pages {
	struct vmb_pkt_desc desc;
	__le16 pageset_id;
	u8 sender_owns_set;
	u8 reserved;
	__le32 range_count;
};

/**
 * struct vmb_wire_xfer_range - part of a transfer buffer
 * @byte_count: length in bytes
 * @byte_offset: offset from the start of the buffer
 */
struct vmb_wire_xfer_range {
	__le32 byte_count;
	__le32 byte_offset;
};

/* VMB_PKT_TRAILER - bytes after each packet: its start, shifted up by 32 */
#define VMB_PKT_TRAILER		8U

static_assert(sizeof(struct vmb_ring_hdr) == VMB_PAGE_SIZE);
static_assert(sizeof(struct vmb_pkt_desc) == 16);
static_assert(sizeof(struct vmb_pkt_gpa_direct) == 24);
static_assert(sizeof(struct vmb_wire_gpa_range) == 8);
static_assert(sizeof(struct vmb_pkt_xfer_pages) == 24);
static_assert(sizeof(struct vmb_wire_xfer_range) == 8);

#endif /* VMB_PROTO_RING_H */
