// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest may have done to a frame: the checksum and large send information
 * against headers that agree with it and such that do not.
 */
#include <kunit/test.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "net.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

#define MAX_LEN		(1500 + VSP_NET_LINK_HEAD)
#define L4		(ETH_HLEN + sizeof(struct iphdr))
#define L4_6		(ETH_HLEN + sizeof(struct ipv6hdr))

/* A TCP segment, the way a guest leaves it: no lengths, no checksums. */
static struct sk_buff *segment(struct kunit *test, bool ipv6, u32 payload)
{
	u32 l4 = ipv6 ? L4_6 : L4;
	struct sk_buff *skb = alloc_skb(l4 + sizeof(struct tcphdr) + payload, GFP_KERNEL);
	struct tcphdr *tcp;
	struct ethhdr *eth;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_zero(skb, l4 + sizeof(struct tcphdr) + payload);
	eth = (struct ethhdr *)skb->data;
	eth->h_proto = ipv6 ? htons(ETH_P_IPV6) : htons(ETH_P_IP);
	if (ipv6) {
		struct ipv6hdr *ip6 = (struct ipv6hdr *)(skb->data + ETH_HLEN);

		ip6->version = 6;
		ip6->nexthdr = IPPROTO_TCP;
	} else {
		struct iphdr *ip = (struct iphdr *)(skb->data + ETH_HLEN);

		ip->version = 4;
		ip->ihl = 5;
		ip->protocol = IPPROTO_TCP;
		ip->saddr = htonl(0x0a000001);
		ip->daddr = htonl(0x0a000002);
	}
	tcp = (struct tcphdr *)(skb->data + l4);
	tcp->doff = 5;
	return skb;
}

static u32 lso_info(u32 mss, u32 l4, bool ipv6)
{
	return mss | l4 << 20 | VMB_LSO_V2 | (ipv6 ? VMB_LSO_IPV6 : 0);
}

static void frame_lso4(struct kunit *test)
{
	struct sk_buff *skb = segment(test, false, 4000);
	struct vsp_net_frame frame = { .lso = lso_info(1460, L4, false) };
	struct iphdr *ip = (struct iphdr *)(skb->data + ETH_HLEN);
	struct tcphdr *tcp = (struct tcphdr *)(skb->data + L4);

	KUNIT_EXPECT_EQ(test, vsp_net_frame_offload(skb, &frame, MAX_LEN), 0);
	KUNIT_EXPECT_EQ(test, ntohs(ip->tot_len), 4040);
	KUNIT_EXPECT_EQ(test, ip_fast_csum(ip, 5), 0);
	KUNIT_EXPECT_EQ(test, (u16)tcp->check,
			(u16)~tcp_v4_check(4020, ip->saddr, ip->daddr, 0));
	KUNIT_EXPECT_TRUE(test, skb->ip_summed == CHECKSUM_PARTIAL);
	KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_size, 1460);
	KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_segs, 3);
	KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_type, SKB_GSO_TCPV4 | SKB_GSO_DODGY);
	kfree_skb(skb);
}

static void frame_lso6(struct kunit *test)
{
	struct sk_buff *skb = segment(test, true, 4000);
	struct vsp_net_frame frame = { .lso = lso_info(1440, L4_6, true) };

	KUNIT_EXPECT_EQ(test, vsp_net_frame_offload(skb, &frame, MAX_LEN), 0);
	KUNIT_EXPECT_EQ(test, ntohs(((struct ipv6hdr *)(skb->data + ETH_HLEN))->payload_len),
			4020);
	KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_type, SKB_GSO_TCPV6 | SKB_GSO_DODGY);
	kfree_skb(skb);
}

static void expect_refused(struct kunit *test, struct sk_buff *skb, u32 csum, u32 lso)
{
	struct vsp_net_frame frame = { .csum = csum, .lso = lso };

	KUNIT_EXPECT_LT(test, vsp_net_frame_offload(skb, &frame, MAX_LEN), 0);
	KUNIT_EXPECT_FALSE(test, skb_is_gso(skb));
	kfree_skb(skb);
}

static void frame_lso_bad(struct kunit *test)
{
	struct sk_buff *skb;

	/* sizes of segments that are none, or longer than the link takes */
	expect_refused(test, segment(test, false, 4000), 0, lso_info(0, L4, false));
	expect_refused(test, segment(test, false, 4000), 0, lso_info(1, L4, false));
	expect_refused(test, segment(test, false, 4000), 0, lso_info(1500, L4, false));
	/* headers elsewhere, of another family, cut off */
	expect_refused(test, segment(test, false, 4000), 0, lso_info(1000, L4 + 4, false));
	expect_refused(test, segment(test, false, 4000), 0, lso_info(1000, L4, true));
	expect_refused(test, segment(test, true, 4000), 0, lso_info(1000, L4_6, false));
	skb = segment(test, false, 4000);
	skb_trim(skb, L4 + 10);
	expect_refused(test, skb, 0, lso_info(1000, L4, false));
	skb = segment(test, false, 4000);
	((struct tcphdr *)(skb->data + L4))->doff = 4;
	expect_refused(test, skb, 0, lso_info(1000, L4, false));
	skb = segment(test, false, 4000);
	((struct iphdr *)(skb->data + ETH_HLEN))->frag_off = htons(1);
	expect_refused(test, skb, 0, lso_info(1000, L4, false));
	skb = segment(test, false, 66000);
	expect_refused(test, skb, 0, lso_info(1000, L4, false));
}

static void frame_csum(struct kunit *test)
{
	struct vsp_net_frame frame = {
		.csum = VMB_CSUM_TX_IPV4 | VMB_CSUM_TX_TCP | L4 << 16,
	};
	struct sk_buff *skb = segment(test, false, 100);

	KUNIT_EXPECT_EQ(test, vsp_net_frame_offload(skb, &frame, MAX_LEN), 0);
	KUNIT_EXPECT_TRUE(test, skb->ip_summed == CHECKSUM_PARTIAL);
	KUNIT_EXPECT_EQ(test, skb_checksum_start_offset(skb), (int)L4);
	KUNIT_EXPECT_EQ(test, skb->csum_offset, offsetof(struct tcphdr, check));
	kfree_skb(skb);
}

static void frame_csum_bad(struct kunit *test)
{
	u32 tcp4 = VMB_CSUM_TX_IPV4 | VMB_CSUM_TX_TCP;
	struct sk_buff *skb;

	expect_refused(test, segment(test, false, 1600), tcp4, 0);
	expect_refused(test, segment(test, false, 100), tcp4 | VMB_CSUM_TX_UDP, 0);
	expect_refused(test, segment(test, false, 100), tcp4 | VMB_CSUM_TX_IPV6, 0);
	expect_refused(test, segment(test, false, 100), VMB_CSUM_TX_TCP, 0);
	expect_refused(test, segment(test, false, 100), VMB_CSUM_TX_IPV4 | VMB_CSUM_TX_UDP, 0);
	expect_refused(test, segment(test, false, 100), tcp4 | 1000 << 16, 0);
	expect_refused(test, segment(test, true, 100), tcp4, 0);
	skb = segment(test, false, 100);
	((struct iphdr *)(skb->data + ETH_HLEN))->ihl = 15;
	skb_trim(skb, ETH_HLEN + 30);
	expect_refused(test, skb, tcp4, 0);
}

static void frame_tag(struct kunit *test)
{
	struct vsp_net_frame frame = { .tagged = true, .tci = 0xa123 };
	struct sk_buff *skb = segment(test, false, 100);

	KUNIT_EXPECT_EQ(test, vsp_net_frame_offload(skb, &frame, MAX_LEN), 0);
	KUNIT_EXPECT_EQ(test, skb_vlan_tag_get(skb), 0xa123);
	kfree_skb(skb);
}

static struct kunit_case frame_cases[] = {
	KUNIT_CASE(frame_lso4),
	KUNIT_CASE(frame_lso6),
	KUNIT_CASE(frame_lso_bad),
	KUNIT_CASE(frame_csum),
	KUNIT_CASE(frame_csum_bad),
	KUNIT_CASE(frame_tag),
	{}
};

static struct kunit_suite frame_suite = {
	.name = "vsp_net_frame",
	.test_cases = frame_cases,
};

kunit_test_suite(frame_suite);

MODULE_DESCRIPTION("KUnit: what guests want done to frames");
MODULE_LICENSE("GPL");
