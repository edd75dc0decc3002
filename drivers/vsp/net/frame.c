// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames from the guest. Each is copied once, into an skb of our own, and what
 * the guest wants done to it is checked on the copy.
 */
#define pr_fmt(fmt) "vsp_net: " fmt

#include <kunit/visibility.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>

#include "net.h"
#include "trace.h"

/* what is copied in one piece; of longer frames that much, for the headers */
#define FRAME_LINEAR	2048U
#define FRAME_HEADERS	256U

/**
 * vsp_net_source_peek - copy what comes next, and leave it
 * @src: what the packet holds
 * @buf: filled
 * @len: bytes of it
 *
 * Context: within poll; may sleep.
 * Return: 0 or -EFAULT.
 */
int vsp_net_source_peek(const struct vsp_net_source *src, void *buf, u32 len)
{
	u32 n = min(len, src->section_len);
	struct iov_iter iter = src->iter;

	if (len > src->len)
		return -EFAULT;
	memcpy(buf, src->section, n);
	if (len > n && copy_from_iter(buf + n, len - n, &iter) != len - n)
		return -EFAULT;
	return 0;
}

/**
 * vsp_net_source_skip - go on
 * @src: what the packet holds
 * @len: by so many bytes
 *
 * Context: any.
 * Return: 0 or -EFAULT.
 */
int vsp_net_source_skip(struct vsp_net_source *src, u32 len)
{
	u32 n = min(len, src->section_len);

	if (len > src->len)
		return -EFAULT;
	src->section += n;
	src->section_len -= n;
	if (len > n)
		iov_iter_advance(&src->iter, len - n);
	src->len -= len;
	return 0;
}

static int source_to_skb(struct vsp_net_source *src, struct sk_buff *skb, u32 len)
{
	u32 n = min(len, src->section_len);

	if (n && skb_store_bits(skb, 0, src->section, n))
		return -EFAULT;
	src->section += n;
	src->section_len -= n;
	src->len -= len;
	if (len == n)
		return 0;
	return skb_copy_datagram_from_iter(skb, n, &src->iter, len - n);
}

static struct sk_buff *frame_alloc(struct net_device *dev, u32 len)
{
	struct sk_buff *skb;
	int err;

	if (len <= FRAME_LINEAR) {
		skb = __netdev_alloc_skb_ip_align(dev, len, GFP_KERNEL);
		if (skb)
			__skb_put(skb, len);
		return skb;
	}
	skb = alloc_skb_with_frags(NET_SKB_PAD + NET_IP_ALIGN + FRAME_HEADERS,
				   len - FRAME_HEADERS, PAGE_ALLOC_COSTLY_ORDER,
				   &err, GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_reserve(skb, NET_SKB_PAD + NET_IP_ALIGN);
	__skb_put(skb, FRAME_HEADERS);
	skb->data_len = len - FRAME_HEADERS;
	skb->len += skb->data_len;
	return skb;
}

/*
 * Where the transport header is, by what the frame says, which has to be what
 * the guest says. The network header is pulled.
 */
static int frame_transport(struct sk_buff *skb, bool ipv6, u8 proto, u32 hint,
			   u32 *network)
{
	u32 l3 = ETH_HLEN, l4;
	__be16 type;

	if (!pskb_may_pull(skb, ETH_HLEN))
		return -EBADMSG;
	type = ((struct ethhdr *)skb->data)->h_proto;
	if (eth_type_vlan(type)) {
		if (!pskb_may_pull(skb, VLAN_ETH_HLEN))
			return -EBADMSG;
		type = ((struct vlan_ethhdr *)skb->data)->h_vlan_encapsulated_proto;
		l3 = VLAN_ETH_HLEN;
	}
	if (type != (ipv6 ? htons(ETH_P_IPV6) : htons(ETH_P_IP)))
		return -EBADMSG;
	*network = l3;
	if (ipv6) {
		struct ipv6hdr *ip6;
		__be16 frag = 0;
		u8 next;
		int at;

		if (!pskb_may_pull(skb, l3 + sizeof(*ip6)))
			return -EBADMSG;
		ip6 = (struct ipv6hdr *)(skb->data + l3);
		next = ip6->nexthdr;
		at = ipv6_skip_exthdr(skb, l3 + sizeof(*ip6), &next, &frag);
		if (ip6->version != 6 || at < 0 || frag || next != proto)
			return -EBADMSG;
		l4 = at;
	} else {
		struct iphdr *ip;

		if (!pskb_may_pull(skb, l3 + sizeof(*ip)))
			return -EBADMSG;
		ip = (struct iphdr *)(skb->data + l3);
		if (ip->version != 4 || ip->ihl < 5 || ip->protocol != proto ||
		    ip_is_fragment(ip))
			return -EBADMSG;
		l4 = l3 + ip->ihl * 4;
		if (!pskb_may_pull(skb, l4))
			return -EBADMSG;
	}
	/* some guests leave it to us */
	if (hint && hint != l4)
		return -EBADMSG;
	return l4;
}

static int frame_csum(struct sk_buff *skb, u32 csum)
{
	bool ipv6 = csum & VMB_CSUM_TX_IPV6, tcp = csum & VMB_CSUM_TX_TCP;
	u32 network;
	int l4;

	if (!(csum & (VMB_CSUM_TX_TCP | VMB_CSUM_TX_UDP)))
		return 0;
	if (!(csum & VMB_CSUM_TX_TCP) == !(csum & VMB_CSUM_TX_UDP) ||
	    !(csum & VMB_CSUM_TX_IPV4) == !(csum & VMB_CSUM_TX_IPV6))
		return -EBADMSG;
	l4 = frame_transport(skb, ipv6, tcp ? IPPROTO_TCP : IPPROTO_UDP,
			     VMB_CSUM_TX_OFFSET(csum), &network);
	if (l4 < 0)
		return l4;
	if (!pskb_may_pull(skb, l4 + (tcp ? sizeof(struct tcphdr) :
				      sizeof(struct udphdr))) ||
	    !skb_partial_csum_set(skb, l4, tcp ? offsetof(struct tcphdr, check) :
				  offsetof(struct udphdr, check)))
		return -EBADMSG;
	return 0;
}

/*
 * Guests leave the lengths and the IPv4 checksum of a large send for us to fill
 * in, and the length out of the pseudo header.
 */
static int frame_lso(struct sk_buff *skb, u32 lso, u32 max_len)
{
	bool ipv6 = lso & VMB_LSO_IPV6;
	u32 mss = VMB_LSO_MSS(lso), network, head;
	struct tcphdr *tcp;
	int l4;

	l4 = frame_transport(skb, ipv6, IPPROTO_TCP, VMB_LSO_TCP_OFFSET(lso), &network);
	if (l4 < 0)
		return l4;
	if (!pskb_may_pull(skb, l4 + sizeof(*tcp)))
		return -EBADMSG;
	tcp = (struct tcphdr *)(skb->data + l4);
	head = l4 + tcp->doff * 4;
	if (tcp->doff < 5 || !pskb_may_pull(skb, head) || mss < VSP_NET_MIN_MSS ||
	    head + mss > max_len || skb->len - network > U16_MAX)
		return -EBADMSG;
	tcp = (struct tcphdr *)(skb->data + l4);
	if (ipv6) {
		struct ipv6hdr *ip6 = (struct ipv6hdr *)(skb->data + network);

		ip6->payload_len = htons(skb->len - network - sizeof(*ip6));
		tcp->check = ~csum_ipv6_magic(&ip6->saddr, &ip6->daddr,
					      skb->len - l4, IPPROTO_TCP, 0);
	} else {
		struct iphdr *ip = (struct iphdr *)(skb->data + network);

		ip->tot_len = htons(skb->len - network);
		ip_send_check(ip);
		tcp->check = ~csum_tcpudp_magic(ip->saddr, ip->daddr, skb->len - l4,
						IPPROTO_TCP, 0);
	}
	if (!skb_partial_csum_set(skb, l4, offsetof(struct tcphdr, check)))
		return -EBADMSG;
	if (skb->len - head > mss) {
		struct skb_shared_info *shinfo = skb_shinfo(skb);

		shinfo->gso_size = mss;
		shinfo->gso_segs = DIV_ROUND_UP(skb->len - head, mss);
		/* whoever segments it looks at the headers again */
		shinfo->gso_type = SKB_GSO_DODGY |
				   (ipv6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4);
	}
	return 0;
}

/**
 * vsp_net_frame_offload - mark an skb for what the guest left undone
 * @skb: a frame, from its Ethernet header on
 * @frame: what the guest says of it
 * @max_len: bytes of a frame that is sent as it is, tag included
 *
 * Context: any.
 * Return: 0, or -EBADMSG when what it says is not so.
 */
int vsp_net_frame_offload(struct sk_buff *skb, const struct vsp_net_frame *frame,
			  u32 max_len)
{
	int ret = 0;

	if (frame->lso)
		ret = frame_lso(skb, frame->lso, max_len);
	else if (skb->len > max_len)
		ret = -EMSGSIZE;
	else if (frame->csum)
		ret = frame_csum(skb, frame->csum);
	if (!ret && frame->tagged)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), frame->tci);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_net_frame_offload);

static bool frame_source_good(struct vsp_net_nic *nic, const struct sk_buff *skb)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	bool good;

	rcu_read_lock();
	good = nic->spoofing ||
	       ether_addr_equal(eth->h_source, rcu_dereference(nic->set)->mac);
	rcu_read_unlock();
	return good;
}

/* One frame: 0 when it was taken or dropped, negative when it makes no sense. */
static int frame_take(struct vsp_net_chan *chan, struct vsp_net_source *src,
		      const struct vsp_net_frame *frame)
{
	struct vsp_net_nic *nic = chan->nic;
	struct net_device *dev = nic->netdev;
	struct sk_buff *skb;
	int ret;

	if (frame->len < ETH_HLEN ||
	    frame->len > (frame->lso ? VSP_NET_MAX_LSO + VSP_NET_LINK_HEAD :
			  nic->mtu + VSP_NET_LINK_HEAD))
		return -EMSGSIZE;
	if (!netif_running(dev)) {
		chan->queue->stats.down_in++;
		return 0;
	}
	skb = frame_alloc(dev, frame->len);
	if (!skb) {
		chan->queue->stats.nomem_in++;
		dev_core_stats_rx_dropped_inc(dev);
		return 0;
	}
	ret = source_to_skb(src, skb, frame->len);
	if (ret)
		goto free;
	if (!frame_source_good(nic, skb)) {
		chan->queue->stats.spoofed++;
		vsp_net_chan_warn(chan, "dropped a frame from %pM: allow it by mac_spoofing\n",
				  ((struct ethhdr *)skb->data)->h_source);
		goto free;
	}
	ret = vsp_net_frame_offload(skb, frame, nic->mtu + VSP_NET_LINK_HEAD);
	if (ret)
		goto free;
	chan->queue->stats.frames_in++;
	chan->queue->stats.bytes_in += frame->len;
	if (frame->lso)
		chan->queue->stats.lso_in++;
	else if (frame->csum)
		chan->queue->stats.csum_in++;
	trace_vsp_net_frame_in(nic->name, frame);
	skb->protocol = eth_type_trans(skb, dev);
	/* for RPS, which each queue has settings of */
	skb_record_rx_queue(skb, chan->queue->index);
	list_add_tail(&skb->list, &chan->frames);
	return 0;

free:
	kfree_skb(skb);
	return ret;
}

/**
 * vsp_net_frames_take - PACKET messages from the guest
 * @chan: the channel
 * @src: where they are
 *
 * Frames in front of one that makes no sense have been taken.
 *
 * Context: within poll.
 * Return: &enum vmb_nvsp_status.
 */
u32 vsp_net_frames_take(struct vsp_net_chan *chan, struct vsp_net_source *src)
{
	struct vsp_net_frame frame;
	u32 type, len, have, n;
	int ret = -EBADMSG;

	if (!READ_ONCE(chan->nic->ready))
		goto bad;
	for (n = 0; src->len && n < VSP_NET_MAX_PACKETS; n++) {
		struct vsp_net_source at = *src;

		have = min(src->len, VSP_NET_PACKET_PEEK);
		ret = vsp_net_source_peek(src, chan->control, have) ?:
		      vmb_rndis_head_parse(chan->control, src->len, &type, &len);
		if (ret)
			goto bad;
		ret = -EBADMSG;
		if (type != VMB_RNDIS_PACKET)
			goto bad;
		ret = vsp_net_packet_parse(&frame, chan->control, min(have, len), len) ?:
		      vsp_net_source_skip(&at, frame.offset) ?:
		      frame_take(chan, &at, &frame) ?:
		      vsp_net_source_skip(src, len);
		if (ret)
			goto bad;
	}
	if (!src->len)
		return VMB_NVSP_STATUS_SUCCESS;
	ret = -E2BIG;
bad:
	chan->queue->stats.malformed++;
	vsp_net_chan_warn(chan, "malformed frame: error %d\n", ret);
	return VMB_NVSP_STATUS_INVALID_RNDIS;
}

/**
 * vsp_net_frames_deliver - hand the frames that were taken to the host
 * @chan: the channel
 *
 * Context: within poll. The host's network stack works in here, in this very
 * thread: the NAPI is ours for the while and not scheduled, which could leave the
 * frames to another thread.
 */
void vsp_net_frames_deliver(struct vsp_net_chan *chan)
{
	struct net_device *dev = chan->nic->netdev;
	struct napi_struct *napi = &chan->queue->napi;
	struct sk_buff *skb, *next;
	int n = 0;
	bool ours;

	if (list_empty(&chan->frames))
		return;
	local_bh_disable();
	/* not while the netdev goes down, or GRO's timer runs (gro_flush_timeout) */
	ours = napi_schedule_prep(napi);
	list_for_each_entry_safe(skb, next, &chan->frames, list) {
		skb_list_del_init(skb);
		dev_sw_netstats_rx_add(dev, skb->len + ETH_HLEN);
		if (likely(ours))
			napi_gro_receive(napi, skb);
		else
			netif_receive_skb(skb);
		n++;
	}
	if (likely(ours))
		napi_complete_done(napi, n);
	local_bh_enable();
}
