// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is inside a packet. Everything here works on a private copy that the
 * peer cannot change any more.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/types.h>
#include <asm/byteorder.h>
#include <vmb/proto/ring.h>
#include <vmb/ring.h>

#include "range.h"

/*
 * Walk the ranges once, so that whoever iterates later only meets good ones.
 * The area may be longer than its ranges (inbox guests send a descriptor of
 * fixed size for small requests); what follows the last one is not ours.
 */
static int vmb_packet_parse_gpa(struct vmb_packet *pkt, const void *buf,
				u32 head_len)
{
	const struct vmb_pkt_gpa_direct *head = buf;
	struct vmb_gpa_range range;
	u32 count, i, pos = 0;
	int ret;

	if (head_len < sizeof(*head))
		return -EBADMSG;

	count = le32_to_cpu(head->range_count);
	/* bounds the walk by the bytes that are there, not by the count */
	for (i = 0; i < count; i++) {
		ret = vmb_range_next(head + 1, head_len - sizeof(*head), &pos,
				     &range);
		if (ret)
			return -EBADMSG;
	}

	pkt->ranges = head + 1;
	pkt->ranges_len = pos;
	pkt->nr_ranges = count;
	return 0;
}

static int vmb_packet_parse_xfer(struct vmb_packet *pkt, const void *buf,
				 u32 head_len)
{
	const struct vmb_pkt_xfer_pages *head = buf;
	u32 count;

	if (head_len < sizeof(*head))
		return -EBADMSG;

	count = le32_to_cpu(head->range_count);
	if (count > (head_len - sizeof(*head)) / sizeof(struct vmb_wire_xfer_range))
		return -EBADMSG;

	pkt->ranges = head + 1;
	pkt->ranges_len = count * sizeof(struct vmb_wire_xfer_range);
	pkt->nr_ranges = count;
	pkt->pageset_id = le16_to_cpu(head->pageset_id);
	return 0;
}

/**
 * vmb_packet_parse() - check a packet and find its parts
 * @pkt: filled in; its pointers point into @buf
 * @buf: the packet from its descriptor on, without trailer, in private memory
 *	and aligned to 8 bytes; has to live as long as @pkt is used
 * @len: bytes in @buf; must be the length that the descriptor says
 *
 * Every range of a GPA-direct packet is checked here: its length is not zero,
 * it starts inside its first page and all its PFNs are in front of the
 * payload. A packet with no range is well formed. The PFNs themselves and what
 * a transfer range says are for the owner of that memory to judge. Types that
 * this version does not know are passed on with their payload and no range:
 * the receiver refuses them.
 *
 * Context: any; takes no lock, does not sleep.
 * Return: 0, or -EBADMSG. The packet has to be dropped then, as a whole.
 * See Documentation/protocol/ring.rst, "Packets".
 */
int vmb_packet_parse(struct vmb_packet *pkt, const void *buf, u32 len)
{
	const struct vmb_pkt_desc *desc = buf;
	u32 head_len;
	int ret = 0;

	if (len < sizeof(*desc) || len != le16_to_cpu(desc->len8) * 8U)
		return -EBADMSG;
	head_len = le16_to_cpu(desc->offset8) * 8U;
	if (head_len < sizeof(*desc) || head_len > len)
		return -EBADMSG;

	*pkt = (struct vmb_packet) {
		.type = le16_to_cpu(desc->type),
		.flags = le16_to_cpu(desc->flags),
		.trans_id = le64_to_cpu(desc->trans_id),
		.data = buf + head_len,
		.len = len - head_len,
	};

	if (pkt->type == VMB_PKT_GPA_DIRECT)
		ret = vmb_packet_parse_gpa(pkt, buf, head_len);
	else if (pkt->type == VMB_PKT_XFER_PAGES)
		ret = vmb_packet_parse_xfer(pkt, buf, head_len);
	return ret;
}
EXPORT_SYMBOL_GPL(vmb_packet_parse);

/**
 * vmb_packet_gpa_range() - next range of a GPA-direct packet
 * @pkt: from vmb_ring_get() or vmb_packet_parse()
 * @pos: where to go on; 0 to start, then left alone by the caller
 * @range: filled in; @range->pfns points into the packet's buffer
 *
 * Context: any; takes no lock, does not sleep.
 * Return: 0, -ENOENT behind the last range or when the packet is of another
 * type, -EBADMSG when @pos is not one of this function's.
 * See Documentation/protocol/ring.rst, "GPA-direct packets".
 */
int vmb_packet_gpa_range(const struct vmb_packet *pkt, u32 *pos,
			 struct vmb_gpa_range *range)
{
	if (pkt->type != VMB_PKT_GPA_DIRECT)
		return -ENOENT;
	return vmb_range_next(pkt->ranges, pkt->ranges_len, pos, range);
}
EXPORT_SYMBOL_GPL(vmb_packet_gpa_range);

/**
 * vmb_packet_xfer_range() - one range of a transfer-page packet
 * @pkt: from vmb_ring_get() or vmb_packet_parse()
 * @index: which range, from 0
 * @offset: set to the bytes from the start of the buffer @pkt->pageset_id
 * @len: set to the bytes of the range
 *
 * The range is the peer's word: the caller checks it against the buffer, whose
 * size is not known here.
 *
 * Context: any; takes no lock, does not sleep.
 * Return: 0, or -ENOENT when the packet has no such range or is of another
 * type.
 * See Documentation/protocol/ring.rst, "Transfer-page packets".
 */
int vmb_packet_xfer_range(const struct vmb_packet *pkt, u32 index,
			  u32 *offset, u32 *len)
{
	const struct vmb_wire_xfer_range *wire = pkt->ranges;

	if (pkt->type != VMB_PKT_XFER_PAGES || index >= pkt->nr_ranges)
		return -ENOENT;
	*offset = le32_to_cpu(wire[index].byte_offset);
	*len = le32_to_cpu(wire[index].byte_count);
	return 0;
}
EXPORT_SYMBOL_GPL(vmb_packet_xfer_range);
