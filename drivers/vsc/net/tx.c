// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames to the host. Each takes a slot, which is a section of the send buffer:
 * it begins with what is said about the frame. A short frame is copied behind
 * that, and others behind it as long as the stack says that there are more; of a
 * long one the fragments are named by their pages.
 *
 * An honest host cannot have the ring to it full, as there are few enough slots.
 * If it is all the same, the slot is held until there is room, and the queue
 * stands.
 */
#define pr_fmt(fmt) "vsc_net: " fmt

#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <linux/topology.h>
#include <linux/udp.h>
#include <net/ip6_checksum.h>
#include <net/netdev_queues.h>

#include "net.h"
#include "trace.h"

static struct netdev_queue *queue_of(const struct vsc_net_chan *chan)
{
	return netdev_get_tx_queue(chan->nd->netdev, chan->index);
}

static u32 slots_free(const struct vsc_net_tx *tx)
{
	/* pairs with the release in slot_return(): the number is there */
	return smp_load_acquire(&tx->tail) - tx->head;
}

/* Nobody but the host can have it. True for one only. */
static bool slot_claim(struct vsc_net_slot *slot)
{
	return READ_ONCE(slot->busy) && xchg(&slot->busy, 0);
}

static void slot_return(struct vsc_net_tx *tx, u32 nr)
{
	tx->free[tx->tail & tx->mask] = nr;
	/* pairs with slots_free() */
	smp_store_release(&tx->tail, tx->tail + 1);
}

/**
 * vsc_net_tx_alloc() - a channel's share of the send buffer
 * @chan: the channel, open
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int vsc_net_tx_alloc(struct vsc_net_chan *chan)
{
	struct vsc_net_dev *nd = chan->nd;
	struct vsc_net_tx *tx = &chan->tx;
	u32 nr = min(nd->nr_sections / nd->nr_chans, VSC_NET_MAX_SLOTS);
	int node = cpu_to_node(READ_ONCE(chan->cpu));

	tx->slots = kvcalloc_node(nr, sizeof(*tx->slots), GFP_KERNEL, node);
	tx->free = kvcalloc_node(roundup_pow_of_two(nr), sizeof(*tx->free), GFP_KERNEL, node);
	if (!tx->slots || !tx->free) {
		vsc_net_tx_free(chan);
		return -ENOMEM;
	}
	tx->nr = nr;
	tx->mask = roundup_pow_of_two(nr) - 1;
	tx->first = chan->index * nr;
	tx->wake = max(nr / 4, 1U);
	return 0;
}

/**
 * vsc_net_tx_free() - undo vsc_net_tx_alloc()
 * @chan: the channel; nothing is sent, and the host has nothing
 */
void vsc_net_tx_free(struct vsc_net_chan *chan)
{
	struct vsc_net_tx *tx = &chan->tx;

	kvfree(tx->slots);
	kvfree(tx->free);
	tx->slots = NULL;
	tx->free = NULL;
	tx->nr = 0;
}

/**
 * vsc_net_tx_start() - frames can be sent
 * @chan: the channel, open; its share is there
 *
 * Context: process or bottom half.
 */
void vsc_net_tx_start(struct vsc_net_chan *chan)
{
	struct netdev_queue *nq = queue_of(chan);
	struct vsc_net_tx *tx = &chan->tx;
	u32 i;

	local_bh_disable();
	__netif_tx_lock(nq, smp_processor_id());
	for (i = 0; i < tx->nr; i++)
		tx->free[i] = i;
	tx->head = 0;
	tx->tail = tx->nr;
	tx->slot = -1;
	tx->held = false;
	tx->gpa.len = 0;
	netdev_tx_reset_queue(nq);
	/* who sees it sees all of the above */
	smp_store_release(&chan->live, true);
	__netif_tx_unlock(nq);
	local_bh_enable();
}

/**
 * vsc_net_tx_stop() - nothing is sent any more, and the host has nothing
 * @chan: the channel; NAPI does not run, and the host has let go of its memory
 *
 * Frames that it had are lost.
 *
 * Context: process.
 */
void vsc_net_tx_stop(struct vsc_net_chan *chan)
{
	struct netdev_queue *nq = queue_of(chan);
	struct vsc_net_tx *tx = &chan->tx;
	u32 i;

	local_bh_disable();
	__netif_tx_lock(nq, smp_processor_id());
	WRITE_ONCE(chan->live, false);
	for (i = 0; i < tx->nr; i++) {
		if (slot_claim(&tx->slots[i]) || tx->slot == i) {
			chan->tx_stats.dropped += tx->slots[i].packets;
			kfree_skb_list(tx->slots[i].skb);
			tx->slots[i].skb = NULL;
			if (tx->slots[i].frame)
				xdp_return_frame(tx->slots[i].frame);
			tx->slots[i].frame = NULL;
		}
	}
	tx->slot = -1;
	tx->held = false;
	netdev_tx_reset_queue(nq);
	/* whatever is queued is to go another way, or to end here */
	netif_tx_wake_queue(nq);
	__netif_tx_unlock(nq);
	local_bh_enable();
}

/*
 * Put the slot that was filled into the ring. False when it has to wait there;
 * one that can never be sent is given up. NAPI shows the host what is in the ring
 * whenever it has something of its own there, so what is put has to have been
 * counted as sent: it may have been given back before this returns.
 */
static bool tx_put(struct vsc_net_chan *chan)
{
	struct vsc_net_dev *nd = chan->nd;
	struct vsc_net_tx *tx = &chan->tx;
	struct vsc_net_slot *slot = &tx->slots[tx->slot];
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(VMB_NVSP_RNDIS),
		.rndis.channel = cpu_to_le32(VMB_NVSP_CHANNEL_DATA),
		.rndis.section = cpu_to_le32(tx->first + tx->slot),
		.rndis.section_len = cpu_to_le32(tx->len),
	};
	struct vmb_guest_packet out = {
		.type = tx->gpa.len ? VMB_PKT_GPA_DIRECT : VMB_PKT_INBAND,
		.flags = VMB_PKT_COMPLETION_REQUESTED,
		.trans_id = (u64)slot->gen << 32 | tx->slot,
		.gpa = tx->gpa.len ? &tx->gpa : NULL,
		.body = { .iov_base = &msg, .iov_len = vmb_nvsp_bytes(nd->version) },
	};
	int ret;

	/* pairs with slot_claim(): from here on a completion may come */
	smp_store_release(&slot->busy, 1);
	ret = vmb_guest_put(chan->ch, &out);
	trace_vsc_net_send(nd->netdev, chan->index, &out, tx->len, slot->packets, ret);
	if (unlikely(ret)) {
		/* a completion for what it has not seen: it was given back there */
		if (!slot_claim(slot)) {
			tx->slot = -1;
			return true;
		}
		/* until there is room; otherwise the channel's end is its end */
		chan->tx_stats.full++;
		WRITE_ONCE(tx->held, true);
		netif_tx_stop_queue(queue_of(chan));
		return false;
	}
	tx->slot = -1;
	WRITE_ONCE(tx->held, false);
	return true;
}

/* A slot to be filled, or false. What was being filled has been put. */
static bool tx_take(struct vsc_net_tx *tx)
{
	struct vsc_net_slot *slot;

	if (!slots_free(tx))
		return false;
	tx->slot = tx->free[tx->head++ & tx->mask];
	slot = &tx->slots[tx->slot];
	slot->gen++;
	slot->skb = NULL;
	slot->frame = NULL;
	slot->packets = 0;
	slot->bytes = 0;
	tx->msg = 0;
	tx->len = 0;
	tx->packets = 0;
	tx->gpa.len = 0;
	return true;
}

static u8 *tx_section(const struct vsc_net_chan *chan)
{
	const struct vsc_net_tx *tx = &chan->tx;

	return chan->nd->send.addr + (tx->first + tx->slot) * chan->nd->section;
}

/*
 * Is there room behind the frames of this slot for another message? Not behind
 * one whose pages are named: they are taken as what follows the section.
 */
static bool tx_fits(const struct vsc_net_chan *chan, u32 bytes)
{
	const struct vsc_net_init *init = &chan->nd->init;
	const struct vsc_net_tx *tx = &chan->tx;
	u32 end = ALIGN(tx->len, init->align) + bytes;

	return !tx->gpa.len && tx->packets < init->max_packets &&
	       end <= chan->nd->section && end <= init->max_transfer;
}

/* The message before this one ends where this one begins. */
static void tx_pad(struct vsc_net_chan *chan)
{
	struct vsc_net_tx *tx = &chan->tx;
	u32 at = ALIGN(tx->len, chan->nd->init.align), pad = at - tx->len;
	u8 *section = tx_section(chan);
	__le32 len;

	if (!tx->packets || !pad)
		return;
	memset(section + tx->len, 0, pad);
	len = cpu_to_le32(tx->msg_len + pad);
	memcpy(section + tx->msg + offsetof(struct vmb_rndis_head, len), &len, sizeof(len));
	tx->len = at;
}

/* What the host is to do with a frame, which is changed accordingly. */
static int tx_offload(struct vsc_net_chan *chan, struct sk_buff *skb, struct vsc_net_out *out)
{
	bool ipv6 = vlan_get_protocol(skb) == htons(ETH_P_IPV6);

	if (skb_vlan_tag_present(skb)) {
		out->tagged = true;
		out->tci = skb_vlan_tag_get(skb);
	}
	if (skb_is_gso(skb)) {
		if (skb_cow_head(skb, 0))
			return -ENOMEM;
		out->lso = VMB_LSO_V2 | VSC_NET_LSO_OFFSET(skb_transport_offset(skb)) |
			   VMB_LSO_MSS(skb_shinfo(skb)->gso_size);
		if (ipv6) {
			out->lso |= VMB_LSO_IPV6;
			tcp_v6_gso_csum_prep(skb);
		} else {
			ip_hdr(skb)->tot_len = 0;
			ip_hdr(skb)->check = 0;
			tcp_hdr(skb)->check = ~csum_tcpudp_magic(ip_hdr(skb)->saddr,
								 ip_hdr(skb)->daddr, 0,
								 IPPROTO_TCP, 0);
		}
	} else if (skb->ip_summed == CHECKSUM_PARTIAL) {
		const struct vsc_net_offload *off = &chan->nd->offload;
		bool tcp = skb->csum_offset == offsetof(struct tcphdr, check);
		bool udp = skb->csum_offset == offsetof(struct udphdr, check);

		if ((tcp && (ipv6 ? off->tcp6 : off->tcp4)) ||
		    (udp && (ipv6 ? off->udp6 : off->udp4))) {
			out->csum = (ipv6 ? VMB_CSUM_TX_IPV6 : VMB_CSUM_TX_IPV4) |
				    (tcp ? VMB_CSUM_TX_TCP : VMB_CSUM_TX_UDP) |
				    VSC_NET_TX_OFFSET(skb_checksum_start_offset(skb));
		} else if (skb_checksum_help(skb)) {
			return -ENOMEM;
		}
	}
	return 0;
}

static bool tx_add_range(struct vsc_net_chan *chan, struct page *page, u32 offset, u32 len)
{
	const struct vmb_guest_device *dev = chan->nd->dev;
	u32 pages, i;
	__le64 *pfn;

	page = nth_page(page, offset >> PAGE_SHIFT);
	offset = offset_in_page(offset);
	pfn = vmb_guest_gpa_add(&chan->tx.gpa, offset, len);
	if (!pfn)
		return false;
	pages = DIV_ROUND_UP(offset + len, PAGE_SIZE);
	for (i = 0; i < pages; i++)
		pfn[i] = cpu_to_le64(vmb_guest_pfn(dev, nth_page(page, i)));
	return true;
}

/* Name the pages of what is linear, and of fragments, if there are any. */
static bool tx_map(struct vsc_net_chan *chan, const void *data, u32 len,
		   const struct skb_shared_info *info)
{
	struct vsc_net_tx *tx = &chan->tx;
	int i;

	vmb_guest_gpa_init(&tx->gpa, tx->pages, sizeof(tx->pages));
	if (len && !tx_add_range(chan, virt_to_page(data), offset_in_page(data), len))
		return false;
	for (i = 0; info && i < info->nr_frags; i++) {
		const skb_frag_t *frag = &info->frags[i];

		if (!tx_add_range(chan, skb_frag_page(frag), skb_frag_off(frag),
				  skb_frag_size(frag)))
			return false;
	}
	return true;
}

/* Show the host what there is. */
static void tx_kick(struct vsc_net_chan *chan)
{
	if (chan->tx.slot >= 0 && !chan->tx.held)
		tx_put(chan);
	vmb_guest_publish(chan->ch);
}

enum tx_result { TX_SENT, TX_BUSY, TX_DROP };

/* Room for a message in the section, behind others if it fits. NULL: not now. */
static u8 *tx_room(struct vsc_net_chan *chan, u32 bytes)
{
	struct vsc_net_tx *tx = &chan->tx;

	if (tx->slot >= 0 && !tx_fits(chan, bytes) && !tx_put(chan))
		return NULL;
	if (tx->slot < 0) {
		if (!tx_take(tx))
			return NULL;
	} else {
		tx_pad(chan);
		chan->tx_stats.batched++;
	}
	tx->msg = tx->len;
	tx->msg_len = bytes;
	tx->len += bytes;
	tx->packets++;
	tx->slots[tx->slot].packets++;
	return tx_section(chan) + tx->msg;
}

/* All of the frame into the section. */
static enum tx_result tx_copy(struct vsc_net_chan *chan, struct sk_buff *skb,
			      const u8 *head, u32 head_len)
{
	u32 len = skb->len;
	struct vsc_net_slot *slot;
	u8 *to;

	to = tx_room(chan, head_len + len);
	if (!to)
		return TX_BUSY;
	memcpy(to, head, head_len);
	/* cannot fail: it is as long as it says */
	skb_copy_bits(skb, 0, to + head_len, len);
	slot = &chan->tx.slots[chan->tx.slot];
	slot->bytes += len;
	/*
	 * It stays, so that its socket knows what is under way: one that always
	 * has room sends each segment by itself.
	 */
	skb->next = slot->skb;
	slot->skb = skb;
	chan->tx_stats.copied++;
	return TX_SENT;
}

/* A slot for a frame whose pages are named, which has it for itself. False: not now. */
static bool tx_alone(struct vsc_net_chan *chan)
{
	struct vsc_net_tx *tx = &chan->tx;

	return (tx->slot < 0 || tx_put(chan)) && tx_take(tx);
}

/* Back with it: nobody else takes any meanwhile. */
static void tx_untake(struct vsc_net_tx *tx)
{
	tx->head--;
	tx->slot = -1;
	tx->gpa.len = 0;
}

/* What is in front of the pages into the section. */
static void tx_front(struct vsc_net_chan *chan, const u8 *head, u32 head_len,
		     const void *data, u32 len)
{
	u8 *to = tx_section(chan);

	memcpy(to, head, head_len);
	memcpy(to + head_len, data, len);
	chan->tx.len = head_len + len;
	chan->tx.packets = 1;
	chan->tx.slots[chan->tx.slot].packets = 1;
	chan->tx_stats.mapped++;
}

/* The headers into the section, the rest by its pages. */
static enum tx_result tx_pages(struct vsc_net_chan *chan, struct sk_buff *skb,
			       const u8 *head, u32 head_len)
{
	u32 linear = skb_headlen(skb);
	struct vsc_net_tx *tx = &chan->tx;

	if (!tx_alone(chan))
		return TX_BUSY;
	if (linear > chan->nd->section - head_len)
		linear = 0;
	if (!tx_map(chan, skb->data + linear, skb_headlen(skb) - linear, skb_shinfo(skb))) {
		chan->tx_stats.linearized++;
		linear = 0;
		if (skb_linearize(skb) || !tx_map(chan, skb->data, skb->len, NULL)) {
			tx_untake(tx);
			return TX_DROP;
		}
	}
	tx_front(chan, head, head_len, skb->data, linear);
	tx->slots[tx->slot].bytes = skb->len;
	tx->slots[tx->slot].skb = skb;
	return TX_SENT;
}

/**
 * vsc_net_tx_xmit() - send a frame
 * @skb: the frame
 * @netdev: the NIC
 *
 * Context: the queue's lock; bottom halves are off.
 * Return: %NETDEV_TX_OK, or %NETDEV_TX_BUSY when it has to wait.
 */
netdev_tx_t vsc_net_tx_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	struct vsc_net_dev *nd = vsc_net_of(netdev);
	struct vsc_net_chan *chan = &nd->chans[skb_get_queue_mapping(skb)];
	struct netdev_queue *nq = queue_of(chan);
	struct vsc_net_tx *tx = &chan->tx;
	bool more = netdev_xmit_more();
	struct vsc_net_out out = {};
	u8 head[VSC_NET_PACKET_HEAD];
	enum tx_result result;
	u32 head_len, len;
	bool copy;

	/* pairs with the release in vsc_net_tx_start() */
	if (unlikely(!smp_load_acquire(&chan->live))) {
		dev_kfree_skb_any(skb);
		chan->tx_stats.dropped++;
		return NETDEV_TX_OK;
	}
	if (unlikely(tx->held)) {
		netif_tx_stop_queue(nq);
		return NETDEV_TX_BUSY;
	}
	if (unlikely(tx_offload(chan, skb, &out)))
		goto drop;
	len = skb->len;
	out.len = len;
	head_len = vsc_net_packet_build(head, &out);
	copy = head_len + len <= min(nd->section, nd->init.max_transfer) && !out.lso;
	skb_tx_timestamp(skb);
	result = copy ? tx_copy(chan, skb, head, head_len) : tx_pages(chan, skb, head, head_len);
	if (unlikely(result == TX_DROP))
		goto drop;
	if (unlikely(result == TX_BUSY)) {
		netif_tx_stop_queue(nq);
		tx_kick(chan);
		/* NAPI may have given some back just before it was stopped */
		smp_mb();
		if (!tx->held && slots_free(tx))
			netif_tx_start_queue(nq);
		return NETDEV_TX_BUSY;
	}
	chan->tx_stats.packets++;
	chan->tx_stats.bytes += len;
	chan->tx_stats.lso += !!out.lso;
	chan->tx_stats.csum += !!out.csum;
	if (!netif_txq_maybe_stop(nq, slots_free(tx), 1, tx->wake))
		chan->tx_stats.stops++;
	if (__netdev_tx_sent_queue(nq, len, more && !netif_xmit_stopped(nq)))
		tx_kick(chan);
	return NETDEV_TX_OK;

drop:
	chan->tx_stats.dropped++;
	dev_kfree_skb_any(skb);
	if (!more)
		tx_kick(chan);
	return NETDEV_TX_OK;
}

/* A VLAN tag in a frame is said apart from it, as the stack does. */
static void xdp_untag(struct xdp_frame *frame, struct vsc_net_out *out)
{
	const struct vlan_ethhdr *eth = frame->data;

	if (frame->len < VLAN_ETH_HLEN || eth->h_vlan_proto != htons(ETH_P_8021Q))
		return;
	out->tagged = true;
	out->tci = ntohs(eth->h_vlan_TCI);
	memmove(frame->data + VLAN_HLEN, frame->data, 2 * ETH_ALEN);
	frame->data += VLAN_HLEN;
	frame->len -= VLAN_HLEN;
	frame->headroom += VLAN_HLEN;
}

/* All of a program's frame into the section, and its memory back. */
static bool xdp_copy(struct vsc_net_chan *chan, struct xdp_frame *frame, const u8 *head,
		     u32 head_len, u32 len)
{
	const struct skb_shared_info *info = xdp_get_shared_info_from_frame(frame);
	u8 *to = tx_room(chan, head_len + len);
	int i;

	if (!to)
		return false;
	memcpy(to, head, head_len);
	memcpy(to + head_len, frame->data, frame->len);
	to += head_len + frame->len;
	for (i = 0; xdp_frame_has_frags(frame) && i < info->nr_frags; i++) {
		memcpy(to, skb_frag_address(&info->frags[i]), skb_frag_size(&info->frags[i]));
		to += skb_frag_size(&info->frags[i]);
	}
	xdp_return_frame(frame);
	return true;
}

/* Its head into the section, if that has room, the rest by its pages. */
static bool xdp_pages(struct vsc_net_chan *chan, struct xdp_frame *frame, const u8 *head,
		      u32 head_len)
{
	u32 linear = frame->len > chan->nd->section - head_len ? 0 : frame->len;
	const struct skb_shared_info *info = NULL;

	if (!tx_alone(chan))
		return false;
	if (xdp_frame_has_frags(frame))
		info = xdp_get_shared_info_from_frame(frame);
	if (!tx_map(chan, frame->data + linear, frame->len - linear, info)) {
		tx_untake(&chan->tx);
		return false;
	}
	tx_front(chan, head, head_len, frame->data, linear);
	chan->tx.slots[chan->tx.slot].frame = frame;
	return true;
}

/**
 * vsc_net_tx_xdp() - send a frame of a program's
 * @chan: by which channel
 * @frame: the frame; ours if it is sent, else the caller's, to be given up
 *
 * It is copied if it is short enough; of another one the host has the pages. The
 * queue's limit does not count it. It is sent by vsc_net_tx_xdp_flush().
 *
 * Context: the queue's lock; bottom halves are off.
 * Return: false if there is no room.
 */
bool vsc_net_tx_xdp(struct vsc_net_chan *chan, struct xdp_frame *frame)
{
	struct vsc_net_dev *nd = chan->nd;
	struct vsc_net_out out = {};
	u8 head[VSC_NET_PACKET_HEAD];
	bool sent = false;
	u32 head_len;

	lockdep_assert_held(&queue_of(chan)->_xmit_lock);
	xdp_untag(frame, &out);
	out.len = xdp_get_frame_len(frame);
	head_len = vsc_net_packet_build(head, &out);
	/* pairs with the release in vsc_net_tx_start() */
	if (smp_load_acquire(&chan->live) && !chan->tx.held &&
	    out.len <= nd->max_mtu + VSC_NET_LINK_HEAD) {
		if (head_len + out.len <= min(nd->section, nd->init.max_transfer))
			sent = xdp_copy(chan, frame, head, head_len, out.len);
		else
			sent = xdp_pages(chan, frame, head, head_len);
	}
	if (!sent) {
		chan->tx_stats.xdp_dropped++;
		return false;
	}
	chan->tx_stats.xdp++;
	chan->tx_stats.packets++;
	chan->tx_stats.bytes += out.len;
	return true;
}

/**
 * vsc_net_tx_xdp_flush() - show the host the frames of programs
 * @chan: the channel
 *
 * Context: the queue's lock; bottom halves are off.
 */
void vsc_net_tx_xdp_flush(struct vsc_net_chan *chan)
{
	/* pairs with the release in vsc_net_tx_start() */
	if (smp_load_acquire(&chan->live))
		tx_kick(chan);
}

/* Its frames have been sent. NAPI. */
static void slot_consume(struct vsc_net_slot *slot)
{
	struct sk_buff *skb = slot->skb, *next;

	slot->skb = NULL;
	if (slot->frame)
		xdp_return_frame(slot->frame);
	slot->frame = NULL;
	for (; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		napi_consume_skb(skb, 1);
	}
}

/**
 * vsc_net_tx_complete() - the host has read what is in a slot
 * @chan: the channel that its completion came by
 * @pkt: the completion
 *
 * Context: NAPI.
 */
void vsc_net_tx_complete(struct vsc_net_chan *chan, const struct vmb_packet *pkt)
{
	u32 nr = pkt->trans_id, gen = pkt->trans_id >> 32;
	struct vsc_net_tx *tx = &chan->tx;
	struct vsc_net_slot *slot;
	struct vmb_nvsp_msg msg;

	/* pairs with the release in vsc_net_tx_start() */
	if (!smp_load_acquire(&chan->live) || nr >= tx->nr)
		goto bad;
	slot = &tx->slots[nr];
	/* pairs with the release in tx_put(): what it was filled with is there */
	if (!smp_load_acquire(&slot->busy) || READ_ONCE(slot->gen) != gen || !slot_claim(slot))
		goto bad;
	if (unlikely(vsc_net_nvsp_parse(&msg, pkt->data, pkt->len) ||
		     le32_to_cpu(msg.type) != VMB_NVSP_RNDIS_COMPLETE ||
		     le32_to_cpu(msg.status.status) != VMB_NVSP_STATUS_SUCCESS)) {
		chan->rx_stats.tx_errors += slot->packets;
		vsc_net_warn(chan, "the host refused %u frames: status %u\n", slot->packets,
			     le32_to_cpu(msg.status.status));
	}
	chan->tx_packets += slot->packets;
	chan->tx_bytes += slot->bytes;
	slot_consume(slot);
	slot_return(tx, nr);
	return;

bad:
	chan->rx_stats.bad_completions++;
	vsc_net_warn(chan, "the host gave back %#llx, which it does not have\n", pkt->trans_id);
}

/**
 * vsc_net_tx_completed() - all completions of a batch have been taken
 * @chan: the channel
 *
 * Context: NAPI.
 */
void vsc_net_tx_completed(struct vsc_net_chan *chan)
{
	struct netdev_queue *nq = queue_of(chan);

	if (!chan->tx_packets)
		return;
	if (!chan->tx_bytes)
		/*
		 * Who stops the queue sees the slots that were given back, or is seen
		 * here: pairs with the barriers in vsc_net_tx_xmit(). The limit has one
		 * of its own, but not when it counts none of the frames.
		 */
		smp_mb();
	__netif_txq_completed_wake(nq, chan->tx_packets, chan->tx_bytes,
				   slots_free(&chan->tx), chan->tx.wake,
				   READ_ONCE(chan->tx.held));
	chan->tx_packets = 0;
	chan->tx_bytes = 0;
}

/**
 * vsc_net_tx_retry() - there may be room for the slot that is held
 * @chan: the channel
 *
 * Context: NAPI.
 */
void vsc_net_tx_retry(struct vsc_net_chan *chan)
{
	struct netdev_queue *nq = queue_of(chan);
	struct vsc_net_tx *tx = &chan->tx;

	if (likely(!READ_ONCE(tx->held)))
		return;
	__netif_tx_lock(nq, smp_processor_id());
	if (tx->held && chan->live && tx_put(chan)) {
		vmb_guest_publish(chan->ch);
		if (slots_free(tx))
			netif_tx_wake_queue(nq);
	}
	__netif_tx_unlock(nq);
}
