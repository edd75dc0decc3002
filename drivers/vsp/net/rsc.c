// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive segment coalescing: segments of TCP that the stack hands over as one
 * frame go to the guest as one frame. It is longer than a section of the receive
 * buffer; so it goes in pieces, each a message of its own in a section of its own,
 * all told of by one packet.
 */
#include <kunit/visibility.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/unaligned.h>
#include <net/checksum.h>

#include "net.h"

/**
 * vsp_net_rsc_wanted - does the guest want such frames whole?
 * @nic: the NIC
 * @set: what the guest has set
 * @gso_type: what they are
 *
 * Context: any.
 * Return: whether it does, and can take them.
 */
bool vsp_net_rsc_wanted(const struct vsp_net_nic *nic,
			const struct vsp_net_settings *set, unsigned int gso_type)
{
	if (!READ_ONCE(nic->rsc))
		return false;
	if (gso_type & SKB_GSO_TCPV4)
		return set->rsc4;
	return gso_type & SKB_GSO_TCPV6 && set->rsc6;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_net_rsc_wanted);

/**
 * vsp_net_rsc_fits - can a frame go in pieces?
 * @queue: by this queue
 * @size: bytes of a section
 * @skb: the frame, which is to be segmented
 *
 * One that waits for sections gets them all at once. So there must not be more of
 * them than the queue has when it goes on.
 *
 * Context: any.
 * Return: whether it can.
 */
bool vsp_net_rsc_fits(const struct vsp_net_queue *queue, u32 size,
		      const struct sk_buff *skb)
{
	u32 room = size - (u32)VSP_NET_PIECE_HEAD, head;

	if (!(skb_shinfo(skb)->gso_type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)) ||
	    skb->ip_summed != CHECKSUM_PARTIAL ||
	    skb->csum_offset != offsetof(struct tcphdr, check))
		return false;
	/* the checksum is in the first piece */
	head = skb_checksum_start_offset(skb) + sizeof(struct tcphdr);
	return head <= room && head <= skb->len && skb->len <= VSP_NET_MAX_RSC &&
	       vsp_net_pieces(size, skb->len) + READ_ONCE(queue->reserve) <=
	       READ_ONCE(queue->wake);
}
EXPORT_SYMBOL_IF_KUNIT(vsp_net_rsc_fits);

/**
 * vsp_net_rsc_fill - copy a frame in pieces, and make its checksum, unless @info says
 *	that it is not made
 * @recv: the receive buffer
 * @out: a packet of vsp_net_pieces() sections; their lengths are set
 * @info: what there is to say of the frame, once
 * @skb: the frame; vsp_net_rsc_fits()
 *
 * Context: an RCU read section.
 */
void vsp_net_rsc_fill(const struct vsp_net_recv *recv, struct vsp_net_out *out,
		      const struct vsp_net_to_guest *info, const struct sk_buff *skb)
{
	u32 room = recv->size - (u32)VSP_NET_PIECE_HEAD, at = 0, len, i;
	u32 start = skb_checksum_start_offset(skb);
	bool made = !(info->csum & VMB_CSUM_RX_TCP_INVALID);
	__sum16 *check = NULL;
	__wsum csum = 0;

	for (i = 0; i < out->nr; i++, at += len) {
		u8 *to = recv->buf.addr + out->range[i].offset;
		struct vsp_net_to_guest piece = {};
		/* made aside, as the guest can read and write where it goes */
		u8 head[VSP_NET_PIECE_HEAD];
		u32 head_len;

		if (!i)
			piece = *info;
		len = min(room, skb->len - at);
		piece.len = len;
		piece.id = VMB_ID_VERSION | VMB_ID_PIECE | (i ? 0 : VMB_ID_FIRST) |
			   (i + 1 < out->nr ? 0 : VMB_ID_LAST) |
			   lower_16_bits(out->trans_id) << 16;
		head_len = vsp_net_packet_build(head, &piece);
		memcpy(to, head, head_len);
		to += head_len;
		out->range[i].len = head_len + len;
		/* none of these can fail: that much is there */
		if (!made) {
			skb_copy_bits(skb, at, to, len);
		} else if (!i) {
			skb_copy_bits(skb, 0, to, start);
			check = (__sum16 *)(to + start + skb->csum_offset);
			csum = skb_copy_and_csum_bits(skb, start, to + start, len - start);
		} else {
			csum = csum_block_add(csum, skb_copy_and_csum_bits(skb, at, to, len),
					      at - start);
		}
	}
	if (made)
		put_unaligned(csum_fold(csum), check);
}
EXPORT_SYMBOL_IF_KUNIT(vsp_net_rsc_fill);
