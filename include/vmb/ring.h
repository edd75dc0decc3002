/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMBus ring buffers: one algorithm for both ends of both directions.
 *
 * A ring has one producer and one consumer. Either end describes it with a
 * private struct and never trusts what it reads from the shared header: the
 * peer's index is read once, checked and copied; the own index is kept in
 * private memory and only ever written to the shared header. Callers serialise
 * each end; the functions take no lock and may run in any context.
 *
 * The same files are compiled in userspace (tools/testing/ring).
 */
#ifndef VMB_RING_H
#define VMB_RING_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <asm/byteorder.h>
#include <vmb/proto/ring.h>

struct page;

/* smallest data area, and the largest one end accepts from the other */
#define VMB_RING_MIN_DATA	VMB_PAGE_SIZE
#define VMB_RING_MAX_DATA	(16U << 20)

/**
 * struct vmb_ring - one end of one ring
 * @hdr: the shared header page
 * @data: the shared data area, mapped twice in a row, so that a packet that
 *	wraps is contiguous
 * @size: bytes of the data area, a multiple of %VMB_PAGE_SIZE
 * @index: this end's own index (the truth; the shared copy is write-only)
 * @published: @index as the peer last saw it
 * @peer: the peer's index as last read and checked
 */
struct vmb_ring {
	struct vmb_ring_hdr *hdr;
	u8 *data;
	u32 size;
	u32 index;
	u32 published;
	u32 peer;
};

/**
 * struct vmb_packet - a received packet, all of it in private memory
 * @type: &enum vmb_pkt_type
 * @flags: of the descriptor
 * @trans_id: of the descriptor
 * @data: payload, inside the buffer given to vmb_ring_get()
 * @len: bytes of payload; a multiple of 8
 * @ranges: first range, inside the same buffer, or NULL
 * @ranges_len: bytes of ranges
 * @nr_ranges: ranges, checked to be complete and within @ranges_len
 * @pageset_id: of a transfer-page packet
 */
struct vmb_packet {
	u16 type;
	u16 flags;
	u64 trans_id;
	const void *data;
	u32 len;
	const void *ranges;
	u32 ranges_len;
	u32 nr_ranges;
	u16 pageset_id;
};

/**
 * struct vmb_gpa_range - one decoded range of guest memory
 * @len: bytes
 * @offset: into the first page, below %VMB_PAGE_SIZE
 * @nr_pfns: pages the range touches
 * @pfns: their page frame numbers
 */
struct vmb_gpa_range {
	u32 len;
	u32 offset;
	u32 nr_pfns;
	const __le64 *pfns;
};

/* who takes many packets at once gives room back for each such part of the ring */
#define VMB_RELEASE_PARTS	4

int vmb_ring_init_producer(struct vmb_ring *ring, void *hdr, void *data, u32 size);
int vmb_ring_init_consumer(struct vmb_ring *ring, void *hdr, void *data, u32 size);
/* in the kernel only */
void *vmb_ring_map(struct page **pages, unsigned int nr);

/* Producer */
int vmb_ring_put(struct vmb_ring *ring, u16 type, u16 flags, u64 trans_id,
		 const struct kvec *head, const struct kvec *body);
bool vmb_ring_publish(struct vmb_ring *ring);
u32 vmb_ring_space(struct vmb_ring *ring);
bool vmb_ring_drained(struct vmb_ring *ring);
bool vmb_ring_wait_space(struct vmb_ring *ring, u32 len);
void vmb_ring_end_wait(struct vmb_ring *ring);
u32 vmb_ring_pkt_size(u32 head_len, u32 body_len);

/* Consumer */
int vmb_ring_get(struct vmb_ring *ring, void *buf, u32 buf_len,
		 struct vmb_packet *pkt);
bool vmb_ring_release(struct vmb_ring *ring);
u32 vmb_ring_unreleased(const struct vmb_ring *ring);
bool vmb_ring_readable(struct vmb_ring *ring);
void vmb_ring_mask(struct vmb_ring *ring);
bool vmb_ring_unmask(struct vmb_ring *ring);

/* Packet contents */
int vmb_packet_parse(struct vmb_packet *pkt, const void *buf, u32 len);
int vmb_packet_gpa_range(const struct vmb_packet *pkt, u32 *pos,
			 struct vmb_gpa_range *range);
int vmb_packet_xfer_range(const struct vmb_packet *pkt, u32 index,
			  u32 *offset, u32 *len);

/**
 * vmb_ring_flow_control() - does the producer know pending_send_sz?
 * @ring: the consumer's end
 *
 * It then also signals, as the consumer of the opposite ring, when it has made
 * the room that was asked for there. One that does not has to be polled.
 *
 * Context: any.
 * Return: what the producer's feature bits say now.
 */
static inline bool vmb_ring_flow_control(const struct vmb_ring *ring)
{
	return le32_to_cpu(READ_ONCE(ring->hdr->feature_bits)) &
	       VMB_RING_FEAT_PENDING_SEND_SZ;
}

#endif /* VMB_RING_H */
