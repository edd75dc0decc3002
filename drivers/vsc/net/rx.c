// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host sends: frames and messages, which lie in the receive buffer. The
 * host can write there at any time, so each is copied once, and only the copy is
 * looked at. A packet is given back as soon as that is done, and the host is told
 * of all of a batch at once, or, of a few, when there is something to be sent.
 */
#define pr_fmt(fmt) "vsc_net: " fmt

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/page_pool/helpers.h>
#include <net/xdp.h>

#include "net.h"
#include "trace.h"

#define RX_HEADROOM	(NET_SKB_PAD + NET_IP_ALIGN)

/**
 * vsc_net_rx_alloc() - memory for frames of a channel
 * @chan: the channel; NAPI does not run
 *
 * Context: process.
 * Return: 0 or an errno.
 */
int vsc_net_rx_alloc(struct vsc_net_chan *chan)
{
	struct page_pool_params params = {
		.pool_size = VSC_NET_POOL_PAGES,
		.nid = NUMA_NO_NODE,
		.napi = &chan->napi,
		.netdev = chan->nd->netdev,
		.queue_idx = chan->index,
	};
	struct page_pool *pool = page_pool_create(&params), *large;
	int ret;

	if (IS_ERR(pool))
		return PTR_ERR(pool);
	params.pool_size = VSC_NET_LARGE_PAGES;
	params.order = VSC_NET_LARGE_ORDER;
	large = page_pool_create(&params);
	if (IS_ERR(large)) {
		ret = PTR_ERR(large);
		goto destroy;
	}
	/* fragments are whole pages: so far a program can have the last one grow */
	ret = __xdp_rxq_info_reg(&chan->rxq, chan->nd->netdev, chan->index,
				 chan->napi.napi_id, PAGE_SIZE);
	if (ret)
		goto destroy_large;
	ret = xdp_rxq_info_reg_mem_model(&chan->rxq, MEM_TYPE_PAGE_POOL, pool);
	if (ret)
		goto unreg;
	chan->pool = pool;
	chan->large = large;
	return 0;

unreg:
	xdp_rxq_info_unreg(&chan->rxq);
destroy_large:
	page_pool_destroy(large);
destroy:
	page_pool_destroy(pool);
	return ret;
}

/**
 * vsc_net_rx_free() - undo vsc_net_rx_alloc()
 * @chan: the channel; NAPI does not run
 *
 * What sockets still have goes back to the pools, which live as long.
 *
 * Context: process.
 */
void vsc_net_rx_free(struct vsc_net_chan *chan)
{
	xdp_rxq_info_unreg(&chan->rxq);
	page_pool_destroy(chan->large);
	page_pool_destroy(chan->pool);
	chan->large = NULL;
	chan->pool = NULL;
}

/**
 * vsc_net_rx_hash_type() - what the host has hashed of a packet
 * @proto: what is behind the Ethernet header
 * @head: that
 * @len: bytes of it
 *
 * It does not say. Ports are only those of TCP.
 *
 * Context: any.
 * Return: it, if there is a hash.
 */
enum xdp_rss_hash_type vsc_net_rx_hash_type(__be16 proto, const void *head, u32 len)
{
	if (proto == htons(ETH_P_IP) && len >= sizeof(struct iphdr)) {
		const struct iphdr *ip = head;

		return ip->protocol == IPPROTO_TCP && !ip_is_fragment(ip) ?
		       XDP_RSS_TYPE_L4_IPV4_TCP : XDP_RSS_TYPE_L3_IPV4;
	}
	if (proto == htons(ETH_P_IPV6) && len >= sizeof(struct ipv6hdr)) {
		const struct ipv6hdr *ip = head;

		return ip->nexthdr == IPPROTO_TCP ?
		       XDP_RSS_TYPE_L4_IPV6_TCP : XDP_RSS_TYPE_L3_IPV6;
	}
	return XDP_RSS_TYPE_NONE;
}

static bool is_tcp(const struct sk_buff *skb)
{
	return vsc_net_rx_hash_type(skb->protocol, skb->data, skb_headlen(skb)) & XDP_RSS_L4_TCP;
}

static void rx_marks(struct vsc_net_chan *chan, struct sk_buff *skb, const struct vsc_net_in *in)
{
	netdev_features_t features = chan->nd->netdev->features;

	/* what is invalid nobody can look at, whoever wants to */
	if (in->csum & (VMB_CSUM_RX_TCP_GOOD | VMB_CSUM_RX_UDP_GOOD) &&
	    (features & NETIF_F_RXCSUM || in->csum & VMB_CSUM_RX_TCP_INVALID)) {
		skb->ip_summed = CHECKSUM_UNNECESSARY;
		chan->rx_stats.csum_good++;
	}
	if (in->hashed && features & NETIF_F_RXHASH)
		skb_set_hash(skb, in->hash, is_tcp(skb) ? PKT_HASH_TYPE_L4 : PKT_HASH_TYPE_L3);
	if (in->tagged)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), in->tci);
	skb_record_rx_queue(skb, chan->index);
}

/* What is in memory of the pool's becomes an skb's; or it goes back there. */
static struct sk_buff *rx_build(struct xdp_buff *xdp)
{
	const struct skb_shared_info *info = xdp_get_shared_info_from_buff(xdp);
	bool frags = xdp_buff_has_frags(xdp);
	/* which is cleared when it becomes the skb's */
	u32 nr = frags ? info->nr_frags : 0, len = frags ? info->xdp_frags_size : 0;
	struct sk_buff *skb = napi_build_skb(xdp->data_hard_start, xdp->frame_sz);

	if (!skb) {
		xdp_return_buff(xdp);
		return NULL;
	}
	skb_mark_for_recycle(skb);
	skb_reserve(skb, xdp->data - xdp->data_hard_start);
	__skb_put(skb, xdp->data_end - xdp->data);
	if (xdp->data_meta < xdp->data)
		skb_metadata_set(skb, xdp->data - xdp->data_meta);
	if (nr)
		xdp_update_skb_shared_info(skb, nr, len, nr * PAGE_SIZE,
					   xdp_buff_is_frag_pfmemalloc(xdp));
	return skb;
}

/* What of a frame is behind its first page, into others, each of which is its alone. */
static bool rx_frags(struct vsc_net_chan *chan, struct xdp_buff *xdp, const u8 *from, u32 len)
{
	struct skb_shared_info *info = xdp_get_shared_info_from_buff(xdp);
	u32 part;

	info->nr_frags = 0;
	info->xdp_frags_size = 0;
	for (; len; from += part, len -= part) {
		u32 size = PAGE_SIZE, offset;
		struct page *page = page_pool_dev_alloc(chan->pool, &offset, &size);

		if (!page)
			return false;
		part = min_t(u32, len, PAGE_SIZE);
		memcpy(page_address(page) + offset, from, part);
		xdp_buff_set_frags_flag(xdp);
		if (page_is_pfmemalloc(page))
			xdp_buff_set_frag_pfmemalloc(xdp);
		skb_frag_fill_page_desc(&info->frags[info->nr_frags++], page, offset, part);
		info->xdp_frags_size += part;
	}
	return true;
}

/* A frame, in memory of the host's. 0, or -EBADMSG for what makes no sense. */
static int rx_frame(struct vsc_net_chan *chan, const u8 *frame, struct vsc_net_in *in)
{
	u32 headroom = RX_HEADROOM, linear, size;
	struct vsc_net_dev *nd = chan->nd;
	struct vsc_net_xdp_buff ctx = { .in = in };
	struct xdp_buff *xdp = &ctx.xdp;
	struct bpf_prog *prog;
	struct sk_buff *skb;
	void *va;

	/* pairs with the release in netdev.c: what the NIC is like is known */
	if (!smp_load_acquire(&nd->up)) {
		chan->rx_stats.down++;
		return 0;
	}
	if (in->len < ETH_HLEN || in->len > nd->max_frame)
		return -EBADMSG;
	prog = rcu_dereference_bh(nd->xdp_prog);
	if (unlikely(prog))
		headroom = XDP_PACKET_HEADROOM;
	linear = min_t(u32, in->len, VSC_NET_PAGE_ROOM - headroom);
	if (unlikely(prog && linear < in->len && !prog->aux->xdp_has_frags)) {
		/* nobody is to get by the program */
		chan->rx_stats.xdp_long++;
		return 0;
	}
	size = SKB_HEAD_ALIGN(headroom + linear);
	va = page_pool_dev_alloc_va(chan->pool, &size);
	if (!va)
		goto nomem;
	memcpy(va + headroom, frame, linear);
	xdp_init_buff(xdp, size, &chan->rxq);
	xdp_prepare_buff(xdp, va, headroom, linear, true);
	if (linear < in->len && !rx_frags(chan, xdp, frame + linear, in->len - linear)) {
		xdp_return_buff(xdp);
		goto nomem;
	}
	chan->rx_stats.packets++;
	chan->rx_stats.bytes += in->len;
	if (in->tagged && unlikely(!(nd->netdev->features & NETIF_F_HW_VLAN_CTAG_RX)))
		vsc_net_xdp_tag(&ctx);
	if (unlikely(prog) && !vsc_net_xdp_run(chan, prog, &ctx))
		return 0;
	skb = rx_build(xdp);
	if (!skb)
		goto nomem;
	skb->protocol = eth_type_trans(skb, nd->netdev);
	rx_marks(chan, skb, in);
	napi_gro_receive(&chan->napi, skb);
	return 0;

nomem:
	chan->rx_stats.nomem++;
	return 0;
}

/*
 * A frame that comes in pieces, which are all in one packet, in their order. There is
 * no skb while nobody wants it. Its last fragment has @room for more.
 */
struct rx_whole {
	struct sk_buff *skb;
	u32 number;
	u32 len;
	u32 room;
	bool begun;
};

static struct sk_buff *whole_alloc(struct vsc_net_chan *chan)
{
	struct vsc_net_dev *nd = chan->nd;
	struct sk_buff *skb = NULL;
	u32 size = PAGE_SIZE;
	struct xdp_buff xdp;
	void *va;

	/* pairs with the release in netdev.c: what the NIC is like is known */
	if (!smp_load_acquire(&nd->up)) {
		chan->rx_stats.down++;
		return NULL;
	}
	if (unlikely(rcu_access_pointer(nd->xdp_prog))) {
		/* nobody is to get by the program */
		chan->rx_stats.xdp_long++;
		return NULL;
	}
	va = page_pool_dev_alloc_va(chan->pool, &size);
	if (va) {
		xdp_init_buff(&xdp, size, &chan->rxq);
		xdp_prepare_buff(&xdp, va, RX_HEADROOM, 0, true);
		skb = rx_build(&xdp);
	}
	if (!skb)
		chan->rx_stats.nomem++;
	return skb;
}

/*
 * Memory for a fragment: as much as holds what there is of the frame by now, since all who
 * look at a frame have less work with fewer of them. Where no such page is to be had, a short one.
 */
static struct page *whole_page(struct vsc_net_chan *chan, u32 len, u32 *offset, u32 *size)
{
	struct page *page;

	*size = clamp_t(u32, roundup_pow_of_two(len), PAGE_SIZE, VSC_NET_LARGE_PART);
	page = page_pool_dev_alloc(chan->large, offset, size);
	if (likely(page))
		return page;
	*size = PAGE_SIZE;
	return page_pool_dev_alloc(chan->pool, offset, size);
}

/*
 * Bytes behind those that are there: into what is left of the last fragment, then into
 * others, of which there are few enough since each of them is a page at least.
 */
static bool whole_append(struct vsc_net_chan *chan, struct rx_whole *whole, const u8 *from,
			 u32 len)
{
	struct sk_buff *skb = whole->skb;
	struct skb_shared_info *info = skb_shinfo(skb);
	/* there is none behind a frame that goes on in pages */
	u32 part = min_t(u32, len, skb_tailroom(skb)), offset, size;
	struct page *page;
	skb_frag_t *frag;

	if (part)
		skb_put_data(skb, from, part);
	for (from += part, len -= part; len; from += part, len -= part) {
		part = min(len, whole->room);
		if (part) {
			frag = &info->frags[info->nr_frags - 1];
			memcpy(skb_frag_address(frag) + skb_frag_size(frag), from, part);
			skb_frag_size_add(frag, part);
			skb->len += part;
			skb->data_len += part;
			whole->room -= part;
			continue;
		}
		page = whole_page(chan, len, &offset, &size);
		if (!page)
			return false;
		part = min(len, size);
		memcpy(page_address(page) + offset, from, part);
		skb_add_rx_frag(skb, info->nr_frags, page, offset, part, size);
		whole->room = size - part;
	}
	return true;
}

/*
 * Segments that the host, or who sends to it, has put together: as long as they may be,
 * since it does not say how long they were. TCP estimates by it what frames take of a
 * socket's memory; by frames of all lengths it would promise more than there is.
 */
static void whole_segments(const struct vsc_net_dev *nd, struct sk_buff *skb)
{
	u32 mtu = READ_ONCE(nd->netdev->mtu), head = sizeof(struct tcphdr);

	if (skb->len <= mtu || !is_tcp(skb))
		return;
	head += skb->protocol == htons(ETH_P_IP) ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	skb_shinfo(skb)->gso_size = mtu - head;
	skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(skb->len - head, mtu - head);
}

/* 0, or -EBADMSG for what makes no sense. */
static int rx_piece(struct vsc_net_chan *chan, struct rx_whole *whole, const u8 *piece,
		    const struct vsc_net_in *in)
{
	bool first = in->id & VMB_ID_FIRST;

	if (first == whole->begun ||
	    (first ? in->len < ETH_HLEN : VMB_ID_NUMBER(in->id) != whole->number))
		return -EBADMSG;
	if (first)
		*whole = (struct rx_whole){
			.skb = whole_alloc(chan),
			.number = VMB_ID_NUMBER(in->id),
			.begun = true,
		};
	if (in->len > VSC_NET_MAX_WHOLE - whole->len)
		return -EBADMSG;
	whole->len += in->len;
	if (whole->skb && unlikely(!whole_append(chan, whole, piece, in->len))) {
		kfree_skb(whole->skb);
		whole->skb = NULL;
		chan->rx_stats.nomem++;
	}
	if (first && whole->skb) {
		whole->skb->protocol = eth_type_trans(whole->skb, chan->nd->netdev);
		rx_marks(chan, whole->skb, in);
	}
	if (!(in->id & VMB_ID_LAST))
		return 0;
	if (whole->skb) {
		chan->rx_stats.packets++;
		chan->rx_stats.bytes += whole->len;
		chan->rx_stats.lro++;
		whole_segments(chan->nd, whole->skb);
		napi_gro_receive(&chan->napi, whole->skb);
	}
	*whole = (struct rx_whole){};
	return 0;
}

static int rx_control(struct vsc_net_chan *chan, const u8 *from, u32 len, u32 type)
{
	struct vsc_net_dev *nd = chan->nd;
	u32 is, msg_len;

	if (len > sizeof(chan->control))
		return -EBADMSG;
	memcpy(chan->control, from, len);
	/* what was looked at before may have changed since */
	if (vmb_rndis_head_parse(chan->control, len, &is, &msg_len) || is != type)
		return -EBADMSG;
	if (type == VMB_RNDIS_INDICATE_STATUS)
		vsc_net_dev_link(nd, chan->control, len);
	else if (type & VMB_RNDIS_COMPLETE)
		vsc_net_control_answer(nd, chan->control, len);
	else
		return -EBADMSG;
	return 0;
}

/* One message. 0, or -EBADMSG for what makes no sense. */
static int rx_message(struct vsc_net_chan *chan, struct rx_whole *whole, u64 id, u32 offset,
		      u32 len)
{
	u32 have = min_t(u32, len, sizeof(chan->peek)), type, msg_len;
	struct vsc_net_dev *nd = chan->nd;
	/* pairs with the release in setup.c: the buffer is there */
	u32 bytes = smp_load_acquire(&nd->recv_bytes);
	const u8 *from = nd->recv.addr + offset;
	struct vsc_net_in in;

	if (offset > bytes || len > bytes - offset)
		return -EBADMSG;
	memcpy(chan->peek, from, have);
	if (vmb_rndis_head_parse(chan->peek, len, &type, &msg_len))
		return -EBADMSG;
	if (type != VMB_RNDIS_PACKET)
		return rx_control(chan, from, len, type);
	if (vsc_net_packet_parse(&in, chan->peek, min(have, msg_len), msg_len))
		return -EBADMSG;
	trace_vsc_net_receive(nd->netdev, chan->index, id, &in);
	if (in.id & VMB_ID_PIECE)
		return rx_piece(chan, whole, from + in.offset, &in);
	return rx_frame(chan, from + in.offset, &in);
}

static void rx_xfer(struct vsc_net_chan *chan, const struct vmb_packet *pkt)
{
	u32 status = VMB_NVSP_STATUS_SUCCESS, offset, len, i;
	struct rx_whole whole = {};
	struct vmb_nvsp_msg msg;

	if (pkt->pageset_id != VMB_NVSP_RECV_BUF_ID ||
	    vsc_net_nvsp_parse(&msg, pkt->data, pkt->len) ||
	    le32_to_cpu(msg.type) != VMB_NVSP_RNDIS)
		goto bad;
	for (i = 0; i < pkt->nr_ranges; i++) {
		if (vmb_packet_xfer_range(pkt, i, &offset, &len) ||
		    rx_message(chan, &whole, pkt->trans_id, offset, len))
			goto bad;
	}
	if (whole.begun)
		goto bad;
done:
	/* cannot be exceeded: a poll takes no more */
	chan->done[chan->nr_done++] = (struct vsc_net_done){ pkt->trans_id, status };
	chan->nr_lazy += pkt->nr_ranges;
	return;

bad:
	kfree_skb(whole.skb);
	chan->rx_stats.malformed++;
	vsc_net_warn(chan, "the host sent %#llx, which makes no sense\n", pkt->trans_id);
	status = VMB_NVSP_STATUS_FAIL;
	goto done;
}

/**
 * vsc_net_rx_packet() - a packet of the host's
 * @ch: the channel it came by
 * @pkt: the packet
 *
 * Context: NAPI.
 */
void vsc_net_rx_packet(struct vmb_guest_channel *ch, const struct vmb_packet *pkt)
{
	struct vsc_net_chan *chan = ch->drv;
	struct vmb_nvsp_msg msg;

	switch (pkt->type) {
	case VMB_PKT_COMPLETION:
		if (!vsc_net_control_completion(chan->nd, pkt))
			vsc_net_tx_complete(chan, pkt);
		return;
	case VMB_PKT_XFER_PAGES:
		rx_xfer(chan, pkt);
		return;
	case VMB_PKT_INBAND:
		/*
		 * Which channel to send by: XPS knows better. And of a second data
		 * path, which was not asked for.
		 */
		if (!vsc_net_nvsp_parse(&msg, pkt->data, pkt->len) &&
		    (le32_to_cpu(msg.type) == VMB_NVSP_INDIRECTION_TABLE ||
		     le32_to_cpu(msg.type) == VMB_NVSP_VF_ASSOCIATION))
			return;
	}
	chan->rx_stats.malformed++;
	vsc_net_warn(chan, "the host sent a packet of type %u, %u bytes\n", pkt->type, pkt->len);
}

/*
 * Give packets back, which the host is to be told. False when some have to wait for
 * room.
 */
static bool rx_give_back(struct vsc_net_chan *chan)
{
	struct {
		__le32 type;
		struct vmb_nvsp_status_msg status;
	} msg = { .type = cpu_to_le32(VMB_NVSP_RNDIS_COMPLETE) };
	struct vmb_guest_packet out = {
		.type = VMB_PKT_COMPLETION,
		.body = { .iov_base = &msg, .iov_len = sizeof(msg) },
	};
	unsigned int i;
	int ret = 0;

	if (!chan->nr_done)
		return true;
	for (i = 0; i < chan->nr_done; i++) {
		out.trans_id = chan->done[i].trans_id;
		msg.status.status = cpu_to_le32(chan->done[i].status);
		ret = vmb_guest_put(chan->ch, &out);
		if (ret)
			break;
	}
	if (likely(!ret)) {
		chan->nr_done = 0;
		return true;
	}
	chan->rx_stats.full++;
	chan->nr_done -= i;
	memmove(chan->done, chan->done + i, chan->nr_done * sizeof(chan->done[0]));
	return false;
}

/**
 * vsc_net_rx_lazy() - packets have waited long enough to be given back
 * @timer: of a channel
 *
 * Context: timer.
 */
void vsc_net_rx_lazy(struct timer_list *timer)
{
	struct vsc_net_chan *chan = from_timer(chan, timer, lazy);

	vmb_guest_publish(chan->ch);
}

/**
 * vsc_net_rx_batch_end() - all of a batch has been taken
 * @ch: the channel
 *
 * Context: NAPI.
 */
void vsc_net_rx_batch_end(struct vmb_guest_channel *ch)
{
	struct vsc_net_chan *chan = ch->drv;

	rx_give_back(chan);
	vsc_net_tx_completed(chan);
	vsc_net_xdp_flush(chan);
}

/**
 * vsc_net_rx_poll() - take what the host has sent
 * @napi: of a channel
 * @budget: packets at most
 *
 * While packets that were taken cannot be given back, none is taken: they come
 * to an end as the host has no more sections.
 *
 * Signals to the host, the most expensive thing there is, are put off: what the stack
 * sends at once, as it does acknowledgements and what they make room for, has one in
 * common with what is given back. If nothing was sent, a few sections wait for what
 * will be, such as an answer, or for a timer.
 *
 * Context: NAPI.
 * Return: how many, or @budget when there is more.
 */
int vsc_net_rx_poll(struct napi_struct *napi, int budget)
{
	struct vsc_net_chan *chan = container_of(napi, struct vsc_net_chan, napi);
	u32 wait_us = READ_ONCE(chan->nd->coalesce_us);
	bool lazy, wait, done;
	int n = 0;

	chan->rx_stats.polls++;
	vsc_net_tx_retry(chan);
	/* there is room when vmb_guest says so, which runs this again */
	if (!rx_give_back(chan)) {
		vmb_guest_publish(chan->ch);
		napi_complete_done(napi, 0);
		return 0;
	}
	if (!vmb_guest_hold(chan->ch))
		chan->nr_lazy = 0;
	if (budget)
		n = vmb_guest_poll(chan->ch, min(budget, VSC_NET_POLL_BUDGET));
	/*
	 * What is the channel's is not ours any more, once NAPI is through. Whoever waits
	 * for the end of NAPI cancels timers then, and none is to start after that.
	 */
	lazy = chan->nr_lazy <= VSC_NET_LAZY_SECTIONS;
	if (lazy && chan->nr_lazy && !timer_pending(&chan->lazy))
		mod_timer(&chan->lazy, jiffies + msecs_to_jiffies(VSC_NET_LAZY_MS));
	wait = n && n < budget && wait_us;
	if (wait)
		hrtimer_start(&chan->timer, ns_to_ktime(wait_us * NSEC_PER_USEC),
			      HRTIMER_MODE_REL_PINNED);
	done = n < budget && napi_complete_done(napi, n);
	vmb_guest_unhold(chan->ch, lazy);
	if (done && !wait && !chan->nr_done && vmb_guest_arm(chan->ch))
		napi_schedule(napi);
	return n;
}
