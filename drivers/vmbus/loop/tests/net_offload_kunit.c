// SPDX-License-Identifier: GPL-2.0-only
/*
 * NICs, all the way: checksums and segments that are left to the other end (LSO, RSC),
 * interrupts that are put off.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/tcp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "link.h"
#include "prog.h"

static struct taker ip_at_host, ip_at_guest;

/* TCP, the way the stack leaves it to a LINK_NIC. */
static struct sk_buff *segment(struct kunit *test, struct net_device *from,
			       struct net_device *to, u32 payload, u32 mss)
{
	u32 head = sizeof(struct iphdr) + sizeof(struct tcphdr);
	struct sk_buff *skb = link_frame(from, to->dev_addr, 5, head + payload, 200);
	struct tcphdr *tcp;
	struct iphdr *ip;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	eth_hdr(skb)->h_proto = htons(ETH_P_IP);
	skb->protocol = htons(ETH_P_IP);
	ip = ip_hdr(skb);
	memset(ip, 0, head);
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 1;
	ip->protocol = IPPROTO_TCP;
	ip->saddr = htonl(0x0a000001);
	ip->daddr = htonl(0x0a000002);
	ip->tot_len = htons(head + payload);
	ip_send_check(ip);
	skb_set_transport_header(skb, ETH_HLEN + sizeof(*ip));
	tcp = tcp_hdr(skb);
	tcp->doff = 5;
	tcp->check = ~tcp_v4_check(sizeof(*tcp) + payload, ip->saddr, ip->daddr, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
	if (mss) {
		skb_shinfo(skb)->gso_size = mss;
		skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4;
		skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(payload, mss);
	}
	return skb;
}

/* Headers as they have to be, and the checksum is good once it is made. */
static int taker_ip(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt,
		    struct net_device *orig)
{
	struct taker *t = container_of(pt, struct taker, pt);
	u32 head = sizeof(struct iphdr) + sizeof(struct tcphdr), i;
	const struct iphdr *ip;
	u8 *buf;

	t->len = skb->len;
	t->gso = skb_shinfo(skb)->gso_size;
	t->frags = skb_shinfo(skb)->nr_frags;
	t->pool = skb->pp_recycle ? virt_to_head_page(skb->head)->pp : NULL;
	buf = kmalloc(skb->len, GFP_ATOMIC);
	if (!buf || skb_copy_bits(skb, 0, buf, skb->len))
		goto wrong;
	ip = (const struct iphdr *)buf;
	if (ip_fast_csum(buf, ip->ihl) || ntohs(ip->tot_len) != skb->len ||
	    /* GRO may have looked at it */
	    (t->made ? skb->ip_summed == CHECKSUM_PARTIAL :
	     skb->ip_summed != (t->whole ? CHECKSUM_UNNECESSARY : CHECKSUM_PARTIAL)))
		goto wrong;
	/* as who sends it on would */
	if ((!t->gso || t->whole) && !t->made) {
		__wsum sum = csum_partial(buf + sizeof(*ip), skb->len - sizeof(*ip), 0);

		/* what is in the field is the sum over the pseudo header */
		*(__sum16 *)(buf + sizeof(*ip) + offsetof(struct tcphdr, check)) = csum_fold(sum);
	}
	if ((!t->gso || t->whole) &&
	    tcp_v4_check(skb->len - sizeof(*ip), ip->saddr, ip->daddr,
			 csum_partial(buf + sizeof(*ip), skb->len - sizeof(*ip), 0)))
		goto wrong;
	for (i = head; i < skb->len; i++)
		if (buf[i] != link_pattern(5, i))
			goto wrong;
	goto done;

wrong:
	atomic_inc(&t->wrong);
done:
	kfree(buf);
	kfree_skb(skb);
	atomic_inc_return(&t->frames);
	return NET_RX_SUCCESS;
}

static void net_offload(struct kunit *test)
{
	struct sk_buff *skb;

	link_up(test);
	taker_start(&ip_at_host, host, htons(ETH_P_IP), taker_ip);
	KUNIT_EXPECT_TRUE(test, guest->features & NETIF_F_IP_CSUM);
	KUNIT_EXPECT_TRUE(test, guest->features & NETIF_F_IPV6_CSUM);
	KUNIT_EXPECT_TRUE(test, guest->features & NETIF_F_TSO);
	KUNIT_EXPECT_TRUE(test, guest->features & NETIF_F_TSO6);

	skb = segment(test, guest, host, 1000, 0);
	KUNIT_EXPECT_EQ(test, dev_queue_xmit(skb), NET_XMIT_SUCCESS);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&ip_at_host.frames) == 1));
	KUNIT_EXPECT_EQ(test, ip_at_host.gso, 0);
	KUNIT_EXPECT_EQ(test, ip_at_host.len, 1040);

	skb = segment(test, guest, host, 40000, 1448);
	KUNIT_EXPECT_EQ(test, dev_queue_xmit(skb), NET_XMIT_SUCCESS);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&ip_at_host.frames) == 2));
	KUNIT_EXPECT_EQ(test, ip_at_host.gso, 1448);
	KUNIT_EXPECT_EQ(test, ip_at_host.len, 40040);
	KUNIT_EXPECT_EQ(test, atomic_read(&ip_at_host.wrong), 0);
	KUNIT_EXPECT_EQ(test, link_counter("tx_lso"), 1);
	KUNIT_EXPECT_EQ(test, link_counter("tx_csum"), 1);
}

#define TSO	(NETIF_F_TSO | NETIF_F_TSO6)

/* What the host's netdev may hand over whole follows from what the guest wants. */
static void lro_set(struct kunit *test, bool on)
{
	link_feature(test, NETIF_F_LRO, on);
	KUNIT_EXPECT_TRUE(test, env_wait((host->features & TSO) == (on ? TSO : 0)));
}

/* To the guest. Returns by how many frames it came. */
static u64 lro_send(struct kunit *test, u32 payload, u32 mss, u32 frames)
{
	u64 before = link_counter("rx_packets");
	struct sk_buff *skb = segment(test, host, guest, payload, mss);

	KUNIT_EXPECT_EQ(test, dev_queue_xmit(skb), NET_XMIT_SUCCESS);
	env_wait(link_counter("rx_packets") >= before + frames);
	return link_counter("rx_packets") - before;
}

static void net_lro(struct kunit *test)
{
	static const u32 sizes[] = { 1449, 3000, 4000, 7777, 40000, 50000 };
	struct bpf_prog *prog;
	u32 i;

	link_up(test);
	KUNIT_EXPECT_TRUE(test, guest->features & NETIF_F_LRO);
	KUNIT_EXPECT_TRUE(test, env_wait((host->features & TSO) == TSO));
	taker_start(&ip_at_guest, guest, htons(ETH_P_IP), taker_ip);
	ip_at_guest.whole = true;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_EXPECT_EQ(test, lro_send(test, sizes[i], 1448, 1), 1);
		KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&ip_at_guest.frames) == i + 1));
		KUNIT_EXPECT_EQ(test, ip_at_guest.len, 40 + sizes[i]);
		KUNIT_EXPECT_EQ(test, ip_at_guest.gso, sizes[i] > 1460 ? 1460 : 0);
		KUNIT_EXPECT_NOT_NULL(test, ip_at_guest.pool);
		/* the first page has the headers and what goes with them there */
		KUNIT_EXPECT_LE(test, ip_at_guest.frags, DIV_ROUND_UP(sizes[i], SZ_16K));
	}
	/* who wants to look at checksums finds them made */
	link_feature(test, NETIF_F_RXCSUM, false);
	ip_at_guest.made = true;
	KUNIT_EXPECT_EQ(test, lro_send(test, 3000, 1448, 1), 1);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&ip_at_guest.frames) == i + 1));
	link_feature(test, NETIF_F_RXCSUM, true);
	KUNIT_EXPECT_EQ(test, atomic_read(&ip_at_guest.wrong), 0);
	KUNIT_EXPECT_EQ(test, link_counter("rx_lro"), ARRAY_SIZE(sizes) + 1);
	taker_stop(&ip_at_guest);

	lro_set(test, false);
	KUNIT_EXPECT_EQ(test, lro_send(test, 40000, 1448, 28), 28);
	lro_set(test, true);
	KUNIT_EXPECT_EQ(test, lro_send(test, 40000, 1448, 1), 1);

	/* a program is to see all there is of a frame */
	prog = prog_return(test, XDP_DROP, true);
	KUNIT_EXPECT_EQ(test, prog_set(guest, prog, NULL), 0);
	KUNIT_EXPECT_FALSE(test, guest->features & NETIF_F_LRO);
	KUNIT_EXPECT_TRUE(test, env_wait(!(host->features & TSO)));
	KUNIT_EXPECT_EQ(test, lro_send(test, 40000, 1448, 28), 28);
	KUNIT_EXPECT_EQ(test, link_counter("rx_xdp_drop"), 28);
	prog_unset(test, guest, prog);
	KUNIT_EXPECT_TRUE(test, guest->features & NETIF_F_LRO);
	KUNIT_EXPECT_EQ(test, link_counter("rx_malformed"), 0);
}

static void net_coalesce(struct kunit *test)
{
	struct ethtool_coalesce c = { .rx_coalesce_usecs = 500 };
	u32 i;

	link_up(test);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, guest->ethtool_ops->set_coalesce(guest, &c, NULL, NULL), 0);
	c.rx_coalesce_usecs = 0;
	KUNIT_EXPECT_EQ(test, guest->ethtool_ops->get_coalesce(guest, &c, NULL, NULL), 0);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, c.rx_coalesce_usecs, 500);
	for (i = 0; i < 50; i++)
		link_expect(test, host, guest->dev_addr, &at_guest, i, 100, 100);
}

static void offload_exit(struct kunit *test)
{
	taker_stop(&ip_at_host);
	taker_stop(&ip_at_guest);
	link_exit(test);
}

static struct kunit_case offload_cases[] = {
	KUNIT_CASE(net_offload),
	KUNIT_CASE(net_lro),
	KUNIT_CASE(net_coalesce),
	{}
};

static struct kunit_suite offload_suite = {
	.name = "vmb_loop_net_offload",
	.init = link_init,
	.exit = offload_exit,
	.test_cases = offload_cases,
};

kunit_test_suite(offload_suite);
