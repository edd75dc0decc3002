// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames in pieces: what may go so, and what a guest finds that puts them together.
 */
#include <kunit/test.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/checksum.h>

#include "net.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

#define L4		((u32)(ETH_HLEN + sizeof(struct iphdr)))
#define ROOM		(VSP_NET_MAX_CONTROL - (u32)VSP_NET_PIECE_HEAD)
/* from the start of a message */
#define DATA_OFFSET(m)	(8 + le32_to_cpu((m).data_offset))

struct fixture {
	struct vsp_net_nic nic;
	struct vsp_net_queue queue;
	struct vsp_net_settings set;
	struct vsp_net_recv *recv;
	u8 *sections;
	u8 *whole;
};

static int rsc_test_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	test->priv = f;
	f->sections = kunit_kzalloc(test, VSP_NET_MAX_PIECES * VSP_NET_MAX_CONTROL, GFP_KERNEL);
	f->whole = kunit_kzalloc(test, VSP_NET_MAX_RSC, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->sections);
	KUNIT_ASSERT_NOT_NULL(test, f->whole);
	f->recv = vsp_net_recv_alloc(VSP_NET_MAX_PIECES);
	KUNIT_ASSERT_NOT_NULL(test, f->recv);
	f->recv->size = VSP_NET_MAX_CONTROL;
	f->recv->buf.addr = f->sections;
	f->queue.reserve = VSP_NET_RESERVE;
	f->queue.wake = VSP_NET_RESERVE + 64;
	return 0;
}

static void rsc_test_exit(struct kunit *test)
{
	struct fixture *f = test->priv;

	if (f)
		kvfree(f->recv);
}

/* Segments of TCP as one frame, most of it in pages; the checksum is to be made. */
static struct sk_buff *segments(struct kunit *test, u32 len)
{
	struct sk_buff *skb;
	u8 *byte;
	u32 i;
	int err;

	skb = alloc_skb_with_frags(256, len - 256, PAGE_ALLOC_COSTLY_ORDER, &err, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put(skb, 256);
	skb->data_len = len - 256;
	skb->len = len;
	byte = kunit_kmalloc(test, len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, byte);
	for (i = 0; i < len; i++)
		byte[i] = i * 7 + i / 256;
	KUNIT_ASSERT_EQ(test, skb_store_bits(skb, 0, byte, len), 0);
	kunit_kfree(test, byte);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + L4;
	skb->csum_offset = offsetof(struct tcphdr, check);
	skb_shinfo(skb)->gso_size = 1460;
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4;
	return skb;
}

/* What the per-packet information of a message says, 0 if it is not there. */
static u32 ppi_of(struct kunit *test, const u8 *msg, u32 type)
{
	struct vmb_rndis_packet pkt;
	struct vmb_rndis_ppi ppi;
	__le32 value;
	u32 at, end;

	memcpy(&pkt, msg + sizeof(struct vmb_rndis_head), sizeof(pkt));
	at = sizeof(struct vmb_rndis_head) + le32_to_cpu(pkt.ppi_offset);
	end = at + le32_to_cpu(pkt.ppi_len);
	for (; at < end; at += le32_to_cpu(ppi.size)) {
		memcpy(&ppi, msg + at, sizeof(ppi));
		KUNIT_ASSERT_EQ(test, le32_to_cpu(ppi.size), VMB_PPI_BYTES);
		if (le32_to_cpu(ppi.type) != type)
			continue;
		memcpy(&value, msg + at + le32_to_cpu(ppi.offset), sizeof(value));
		return le32_to_cpu(value);
	}
	return 0;
}

/* Put the pieces together as a guest does. Returns the bytes. */
static u32 merge(struct kunit *test, const struct vsp_net_out *out, u32 csum)
{
	struct fixture *f = test->priv;
	u32 i, at = 0;

	for (i = 0; i < out->nr; i++) {
		const u8 *msg = f->sections + out->range[i].offset;
		u32 flags = VMB_ID_VERSION | VMB_ID_PIECE | (i ? 0 : VMB_ID_FIRST) |
			    (i + 1 == out->nr ? VMB_ID_LAST : 0);
		struct vmb_rndis_packet pkt;
		struct vmb_rndis_head head;

		KUNIT_ASSERT_LE(test, out->range[i].len, f->recv->size);
		memcpy(&head, msg, sizeof(head));
		memcpy(&pkt, msg + sizeof(head), sizeof(pkt));
		KUNIT_EXPECT_EQ(test, le32_to_cpu(head.type), VMB_RNDIS_PACKET);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(head.len), out->range[i].len);
		KUNIT_ASSERT_EQ(test, DATA_OFFSET(pkt) + le32_to_cpu(pkt.data_len),
				out->range[i].len);
		KUNIT_EXPECT_EQ(test, ppi_of(test, msg, VMB_PPI_ID) & 0xffff, flags);
		KUNIT_EXPECT_EQ(test, VMB_ID_NUMBER(ppi_of(test, msg, VMB_PPI_ID)), 0x1234);
		/* what is said of the frame is said once */
		KUNIT_EXPECT_EQ(test, ppi_of(test, msg, VMB_PPI_CHECKSUM),
				i ? 0 : csum);
		KUNIT_EXPECT_EQ(test, ppi_of(test, msg, VMB_PPI_HASH), i ? 0 : 0x55aa);
		KUNIT_ASSERT_LE(test, at + le32_to_cpu(pkt.data_len), VSP_NET_MAX_RSC);
		memcpy(f->whole + at, msg + DATA_OFFSET(pkt), le32_to_cpu(pkt.data_len));
		at += le32_to_cpu(pkt.data_len);
	}
	return at;
}

static void fill_and_merge(struct kunit *test, u32 len, u32 csum)
{
	const struct vsp_net_to_guest info = {
		.csum = csum, .hashed = true, .hash = 0x55aa, .tagged = true, .tci = 5,
	};
	u32 i, check = L4 + offsetof(struct tcphdr, check);
	struct vsp_net_out out = { .trans_id = 0x1234 };
	struct sk_buff *skb = segments(test, len);
	struct fixture *f = test->priv;
	u8 *want;

	out.nr = vsp_net_pieces(f->recv->size, len);
	KUNIT_ASSERT_LE(test, out.nr, VSP_NET_MAX_PIECES);
	/* not in the order of the buffer */
	for (i = 0; i < out.nr; i++)
		out.range[i].offset = (VSP_NET_MAX_PIECES - 1 - i) * f->recv->size;
	KUNIT_EXPECT_TRUE(test, vsp_net_rsc_fits(&f->queue, f->recv->size, skb));
	vsp_net_rsc_fill(f->recv, &out, &info, skb);
	KUNIT_EXPECT_EQ(test, merge(test, &out, csum), len);

	/* as one copy would have it */
	want = kunit_kmalloc(test, len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, want);
	if (csum & VMB_CSUM_RX_TCP_INVALID)
		skb_copy_bits(skb, 0, want, len);
	else
		skb_copy_and_csum_dev(skb, want);
	KUNIT_EXPECT_MEMEQ(test, f->whole, want, len);
	memset(f->whole + check, 0, 2);
	KUNIT_EXPECT_FALSE(test, !memcmp(f->whole, want, len));
	kfree_skb(skb);
}

static void rsc_pieces(struct kunit *test)
{
	/* around the ends of pieces, and of odd lengths, which the checksum minds */
	static const u32 len[] = {
		300, 301, ROOM - 1, ROOM, ROOM + 1, 2 * ROOM, 2 * ROOM + 1, 9001,
		9002, 40001, VSP_NET_MAX_RSC - 1, VSP_NET_MAX_RSC,
	};
	struct fixture *f = test->priv;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(len); i++) {
		fill_and_merge(test, len[i], VMB_CSUM_RX_TCP_GOOD);
		/* the guest does without it */
		fill_and_merge(test, len[i], VMB_CSUM_RX_TCP_GOOD | VMB_CSUM_RX_TCP_INVALID);
	}
	/* an odd number of bytes in each piece */
	f->recv->size--;
	fill_and_merge(test, 40001, VMB_CSUM_RX_TCP_GOOD);
	/* nobody tells the guest, who looks at it */
	fill_and_merge(test, 40001, 0);
}

static void expect_fits(struct kunit *test, const struct sk_buff *skb, bool fits)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, vsp_net_rsc_fits(&f->queue, f->recv->size, skb), fits);
}

static void rsc_fits(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct sk_buff *skb = segments(test, VSP_NET_MAX_RSC + 1);

	expect_fits(test, skb, false);
	kfree_skb(skb);
	skb = segments(test, VSP_NET_MAX_RSC);
	expect_fits(test, skb, true);
	/* a queue that goes on with fewer sections would wait for ever */
	f->queue.wake = vsp_net_pieces(f->recv->size, skb->len) + VSP_NET_RESERVE;
	expect_fits(test, skb, true);
	f->queue.wake--;
	expect_fits(test, skb, false);
	f->queue.reserve = 0;
	expect_fits(test, skb, true);
	/* what is not TCP, or has its checksum, or that somewhere else */
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
	expect_fits(test, skb, false);
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV6 | SKB_GSO_DODGY;
	expect_fits(test, skb, true);
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	expect_fits(test, skb, false);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_offset = 6;
	expect_fits(test, skb, false);
	skb->csum_offset = offsetof(struct tcphdr, check);
	skb->csum_start = skb_headroom(skb) + ROOM - sizeof(struct tcphdr);
	expect_fits(test, skb, true);
	skb->csum_start++;
	expect_fits(test, skb, false);
	kfree_skb(skb);
}

static void rsc_wanted(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 i;

	for (i = 0; i < 8; i++) {
		f->nic.rsc = i & 1;
		f->set.rsc4 = i & 2;
		f->set.rsc6 = i & 4;
		KUNIT_EXPECT_EQ(test, vsp_net_rsc_wanted(&f->nic, &f->set, SKB_GSO_TCPV4),
				(i & 3) == 3);
		KUNIT_EXPECT_EQ(test, vsp_net_rsc_wanted(&f->nic, &f->set, SKB_GSO_TCPV6),
				(i & 5) == 5);
		KUNIT_EXPECT_FALSE(test, vsp_net_rsc_wanted(&f->nic, &f->set,
							    SKB_GSO_UDP_L4));
	}
}

static struct kunit_case rsc_cases[] = {
	KUNIT_CASE(rsc_pieces),
	KUNIT_CASE(rsc_fits),
	KUNIT_CASE(rsc_wanted),
	{}
};

static struct kunit_suite rsc_suite = {
	.name = "vsp_net_rsc",
	.init = rsc_test_init,
	.exit = rsc_test_exit,
	.test_cases = rsc_cases,
};

kunit_test_suite(rsc_suite);

MODULE_DESCRIPTION("KUnit: frames to the guest in pieces");
MODULE_LICENSE("GPL");
