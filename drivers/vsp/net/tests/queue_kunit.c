// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sections of the receive buffer, whoever gives them back, and by which channel
 * frames go.
 */
#include <kunit/test.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/ip.h>

#include "net.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

#define SECTIONS	64U

struct fixture {
	struct vsp_net_nic nic;
	struct vsp_net_queue queue[VSP_NET_MAX_QUEUES];
	struct vmb_channel ch[VSP_NET_MAX_QUEUES];
	struct vsp_net_recv *recv;
	struct vsp_net_settings set;
};

static void share(struct fixture *f)
{
	mutex_lock(&f->nic.share_lock);
	vsp_net_recv_share(&f->nic, f->recv);
	mutex_unlock(&f->nic.share_lock);
}

static int queue_test_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, f);
	test->priv = f;
	f->recv = vsp_net_recv_alloc(SECTIONS);
	KUNIT_ASSERT_NOT_NULL(test, f->recv);
	f->nic.queue = f->queue;
	mutex_init(&f->nic.share_lock);
	for (i = 0; i < VSP_NET_MAX_QUEUES; i++) {
		f->queue[i].nic = &f->nic;
		f->queue[i].index = i;
		f->queue[i].free = VSP_NET_NO_SECTION;
		spin_lock_init(&f->queue[i].lock);
	}
	/* all with the primary channel */
	for (i = 0; i < SECTIONS; i++) {
		f->recv->section[i].next = f->queue[0].free;
		f->queue[0].free = i;
	}
	f->queue[0].nr_free = SECTIONS;
	RCU_INIT_POINTER(f->queue[0].ch, &f->ch[0]);
	share(f);
	return 0;
}

static void queue_test_exit(struct kunit *test)
{
	struct fixture *f = test->priv;

	if (f)
		kvfree(f->recv);
}

static bool take_all(struct fixture *f, u32 queue, u32 nr, struct vsp_net_out *out)
{
	bool taken;

	spin_lock_bh(&f->queue[queue].lock);
	taken = vsp_net_recv_take(&f->queue[queue], f->recv, 100, nr, out);
	spin_unlock_bh(&f->queue[queue].lock);
	return taken;
}

/* Sections of a queue, for one packet; its transaction id. */
static u64 take_some(struct kunit *test, u32 queue, u32 nr)
{
	struct vsp_net_out out = {};

	KUNIT_ASSERT_TRUE(test, take_all(test->priv, queue, nr, &out));
	KUNIT_EXPECT_EQ(test, out.nr, nr);
	return out.trans_id;
}

static u64 take(struct kunit *test, u32 queue)
{
	return take_some(test, queue, 1);
}

static bool give_back(struct fixture *f, u32 queue, u64 id)
{
	return vsp_net_recv_return(&f->queue[queue], f->recv, id);
}

/* Every section is in exactly one list, and the counts are right. */
static void expect_whole(struct kunit *test)
{
	struct fixture *f = test->priv;
	DECLARE_BITMAP(seen, SECTIONS);
	u32 i, at, nr, all = 0;

	bitmap_zero(seen, SECTIONS);
	for (i = 0; i < VSP_NET_MAX_QUEUES; i++) {
		nr = 0;
		for (at = f->queue[i].free; at != VSP_NET_NO_SECTION;
		     at = f->recv->section[at].next) {
			KUNIT_ASSERT_LT(test, at, SECTIONS);
			KUNIT_ASSERT_FALSE(test, test_and_set_bit(at, seen));
			nr++;
		}
		KUNIT_EXPECT_EQ(test, nr, f->queue[i].nr_free);
		all += nr;
	}
	KUNIT_EXPECT_EQ(test, all, SECTIONS);
}

static void queue_take_and_return(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vsp_net_out out;
	u64 id[SECTIONS];
	u32 i;

	for (i = 0; i < SECTIONS; i++)
		id[i] = take(test, 0);
	KUNIT_EXPECT_FALSE(test, take_all(f, 0, 1, &out));
	for (i = 0; i < SECTIONS; i++)
		KUNIT_EXPECT_TRUE(test, give_back(f, 0, id[i]));
	for (i = 0; i < SECTIONS; i++)
		KUNIT_EXPECT_FALSE(test, give_back(f, 0, id[i]));
	expect_whole(test);
}

/*
 * A guest that guesses gives back what it has not been told of, and then the ring
 * is full: the transmitter must not give it back once more.
 */
static void queue_returned_early(struct kunit *test)
{
	struct fixture *f = test->priv;
	u64 id = take(test, 0);

	KUNIT_EXPECT_TRUE(test, give_back(f, 0, id));
	KUNIT_EXPECT_FALSE(test, give_back(f, 0, id));
	expect_whole(test);
	/* nor that of who has it now */
	KUNIT_EXPECT_NE(test, take(test, 0), id);
	KUNIT_EXPECT_FALSE(test, give_back(f, 0, id));
}

/* Several for one packet: by the first one's id all of them return, by no other. */
static void queue_several(struct kunit *test)
{
	struct fixture *f = test->priv;
	DECLARE_BITMAP(seen, SECTIONS);
	struct vsp_net_out out[3];
	u32 i, at, section;

	f->recv->size = VSP_NET_MAX_CONTROL;
	bitmap_zero(seen, SECTIONS);
	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_TRUE(test, take_all(f, 0, 20, &out[i]));
		KUNIT_EXPECT_EQ(test, f->queue[0].nr_free, SECTIONS - 20 * (i + 1));
		for (at = 0; at < 20; at++) {
			section = out[i].range[at].offset / f->recv->size;
			KUNIT_ASSERT_LT(test, section, SECTIONS);
			KUNIT_EXPECT_FALSE(test, test_and_set_bit(section, seen));
		}
		KUNIT_EXPECT_EQ(test, lower_32_bits(out[i].trans_id),
				out[i].range[0].offset / f->recv->size);
	}
	/* not so many, and none is taken */
	KUNIT_EXPECT_FALSE(test, take_all(f, 0, 5, &out[0]));
	KUNIT_EXPECT_EQ(test, f->queue[0].nr_free, 4);
	for (at = 1; at < 20; at++) {
		section = out[1].range[at].offset / f->recv->size;
		KUNIT_EXPECT_FALSE(test, give_back(f, 0, (out[1].trans_id >> 32 << 32) | section));
	}
	KUNIT_EXPECT_TRUE(test, give_back(f, 0, out[1].trans_id));
	KUNIT_EXPECT_FALSE(test, give_back(f, 0, out[1].trans_id));
	KUNIT_EXPECT_EQ(test, f->queue[0].nr_free, 24);
	KUNIT_EXPECT_TRUE(test, give_back(f, 0, out[0].trans_id));
	KUNIT_EXPECT_TRUE(test, give_back(f, 0, out[2].trans_id));
	expect_whole(test);
}

/* A guest that has many bytes is waited for by nobody. */
static void queue_patient(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vmb_channel *ch = &f->ch[0];
	struct vsp_net_queue *queue = &f->queue[0];
	u64 id[3];
	u32 i;

	for (i = 0; i < 3; i++) {
		struct vsp_net_out out;

		bool taken;

		KUNIT_EXPECT_FALSE(test, ch->patient);
		/* an answer is of no frame */
		spin_lock_bh(&queue->lock);
		taken = vsp_net_recv_take(queue, f->recv, i ? VSP_NET_PATIENT / 2 + 1 : 0, 1,
					  &out);
		spin_unlock_bh(&queue->lock);
		KUNIT_ASSERT_TRUE(test, taken);
		id[i] = out.trans_id;
	}
	KUNIT_EXPECT_TRUE(test, ch->patient);
	KUNIT_EXPECT_TRUE(test, give_back(f, 0, id[0]));
	KUNIT_EXPECT_TRUE(test, ch->patient);
	KUNIT_EXPECT_TRUE(test, give_back(f, 0, id[1]));
	KUNIT_EXPECT_FALSE(test, ch->patient);
	KUNIT_EXPECT_FALSE(test, give_back(f, 0, id[1]));
	KUNIT_EXPECT_TRUE(test, give_back(f, 0, id[2]));
	KUNIT_EXPECT_EQ(test, queue->away, 0);
}

static void queue_bad_ids(struct kunit *test)
{
	struct fixture *f = test->priv;
	u64 id;

	RCU_INIT_POINTER(f->queue[1].ch, &f->ch[1]);
	share(f);
	id = take(test, 0);
	/* by another channel, whatever it says; no section; another use */
	KUNIT_EXPECT_FALSE(test, give_back(f, 1, id));
	KUNIT_EXPECT_FALSE(test, give_back(f, 1, id | 2ULL << 32));
	KUNIT_EXPECT_FALSE(test, give_back(f, 0, id + SECTIONS));
	KUNIT_EXPECT_FALSE(test, give_back(f, 0, id | 0xffffffffU));
	KUNIT_EXPECT_FALSE(test, give_back(f, 0, id & ~(1ULL << 32)));
	KUNIT_EXPECT_FALSE(test, give_back(f, 0, id + ((u64)VSP_NET_USE_COUNT << 32)));
	KUNIT_EXPECT_FALSE(test, give_back(f, 0, 0));
	KUNIT_EXPECT_FALSE(test, give_back(f, 0, ~0ULL));
	KUNIT_EXPECT_TRUE(test, give_back(f, 0, id));
	expect_whole(test);
}

/* Channels come: each gets its share, of what is free and of what comes back. */
static void queue_shared(struct kunit *test)
{
	struct fixture *f = test->priv;
	u64 id[SECTIONS / 2];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(id); i++)
		id[i] = take(test, 0);
	for (i = 1; i < 4; i++)
		RCU_INIT_POINTER(f->queue[i].ch, &f->ch[i]);
	share(f);
	for (i = 0; i < ARRAY_SIZE(id); i++)
		KUNIT_EXPECT_TRUE(test, give_back(f, 0, id[i]));
	expect_whole(test);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, f->queue[i].nr_free, SECTIONS / 4);
}

/* One goes with sections at the guest: the others have them. */
static void queue_closed(struct kunit *test)
{
	struct fixture *f = test->priv;
	u64 mine, its;
	u32 i;

	for (i = 1; i < 4; i++)
		RCU_INIT_POINTER(f->queue[i].ch, &f->ch[i]);
	share(f);
	its = take(test, 2);
	take(test, 2);
	mine = take(test, 1);
	RCU_INIT_POINTER(f->queue[2].ch, NULL);
	share(f);
	KUNIT_EXPECT_EQ(test, f->queue[2].nr_free, 0);
	KUNIT_EXPECT_FALSE(test, give_back(f, 2, its));
	KUNIT_EXPECT_TRUE(test, give_back(f, 1, mine));
	expect_whole(test);
}

/* Of one packet each goes to where it belongs, by a completion or with the channel. */
static void queue_several_shared(struct kunit *test)
{
	struct fixture *f = test->priv;
	u64 id = take_some(test, 0, 32), lost;
	u32 i;

	for (i = 1; i < 4; i++)
		RCU_INIT_POINTER(f->queue[i].ch, &f->ch[i]);
	share(f);
	KUNIT_EXPECT_TRUE(test, give_back(f, 0, id));
	expect_whole(test);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, f->queue[i].nr_free, SECTIONS / 4);
	lost = take_some(test, 2, 9);
	take_some(test, 2, 3);
	RCU_INIT_POINTER(f->queue[2].ch, NULL);
	share(f);
	KUNIT_EXPECT_FALSE(test, give_back(f, 2, lost));
	expect_whole(test);
}

static struct sk_buff *frame(struct kunit *test, bool ipv6, u8 proto)
{
	/* the first of the documentation's examples */
	static const u8 v4[12] = { 66, 9, 149, 187, 161, 142, 100, 80, 0x0a, 0xea, 0x06, 0xe6 };
	static const u8 v6[36] = {
		0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 7,
		0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x00, 0x03, 0, 0, 0, 0, 0, 0, 0, 1,
		0x0a, 0xea, 0x06, 0xe6,
	};
	u32 l3 = ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	struct sk_buff *skb = alloc_skb(ETH_HLEN + l3 + 20, GFP_KERNEL);
	u8 *at;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	at = skb_put_zero(skb, ETH_HLEN + l3 + 20);
	((struct ethhdr *)at)->h_proto = ipv6 ? htons(ETH_P_IPV6) : htons(ETH_P_IP);
	at += ETH_HLEN;
	if (ipv6) {
		((struct ipv6hdr *)at)->version = 6;
		((struct ipv6hdr *)at)->nexthdr = proto;
		memcpy(&((struct ipv6hdr *)at)->saddr, v6, 32);
		memcpy(at + l3, v6 + 32, 4);
	} else {
		((struct iphdr *)at)->version = 4;
		((struct iphdr *)at)->ihl = 5;
		((struct iphdr *)at)->protocol = proto;
		memcpy(&((struct iphdr *)at)->saddr, v4, 8);
		memcpy(at + l3, v4 + 8, 4);
	}
	return skb;
}

static void steer_init(struct fixture *f, u32 types)
{
	static const u8 key[VMB_NDIS_RSS_KEY_BYTES] = {
		0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
		0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
		0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
		0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
	};

	f->set.rss.types = types;
	vsp_net_toeplitz_init(&f->set.toeplitz, key);
}

static void expect_hash(struct kunit *test, struct sk_buff *skb, bool hashed, u32 hash)
{
	struct fixture *f = test->priv;
	u32 got = 0;

	KUNIT_EXPECT_EQ(test, vsp_net_steer_hash(&f->set, skb, &got), hashed);
	KUNIT_EXPECT_EQ(test, got, hash);
	kfree_skb(skb);
}

static void steer_types(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct sk_buff *skb;

	steer_init(f, VMB_NDIS_HASH_IPV4 | VMB_NDIS_HASH_TCP_IPV4 | VMB_NDIS_HASH_IPV6 |
		   VMB_NDIS_HASH_TCP_IPV6);
	expect_hash(test, frame(test, false, IPPROTO_TCP), true, 0x51ccc178);
	expect_hash(test, frame(test, false, IPPROTO_UDP), true, 0x323e8fc2);
	expect_hash(test, frame(test, true, IPPROTO_TCP), true, 0x40207d3d);
	expect_hash(test, frame(test, true, IPPROTO_UDP), true, 0x2cc18cd5);
	/* fragments have no ports; nor what ends before them */
	skb = frame(test, false, IPPROTO_TCP);
	((struct iphdr *)(skb->data + ETH_HLEN))->frag_off = htons(IP_MF);
	expect_hash(test, skb, true, 0x323e8fc2);
	skb = frame(test, false, IPPROTO_TCP);
	skb_trim(skb, ETH_HLEN + 20 + 3);
	expect_hash(test, skb, true, 0x323e8fc2);
	/* what is none of these, and what is cut off */
	skb = frame(test, false, IPPROTO_TCP);
	((struct ethhdr *)skb->data)->h_proto = htons(ETH_P_ARP);
	expect_hash(test, skb, false, 0);
	skb = frame(test, false, IPPROTO_TCP);
	skb_trim(skb, ETH_HLEN + 19);
	expect_hash(test, skb, false, 0);
	skb = frame(test, false, IPPROTO_TCP);
	skb_trim(skb, 10);
	expect_hash(test, skb, false, 0);
	steer_init(f, VMB_NDIS_HASH_TCP_IPV4);
	expect_hash(test, frame(test, false, IPPROTO_TCP), true, 0x51ccc178);
	expect_hash(test, frame(test, false, IPPROTO_UDP), false, 0);
	expect_hash(test, frame(test, true, IPPROTO_TCP), false, 0);
}

static void steer_tagged(struct kunit *test)
{
	struct sk_buff *skb = frame(test, false, IPPROTO_TCP);
	u8 *at;

	steer_init(test->priv, VMB_NDIS_HASH_TCP_IPV4);
	KUNIT_ASSERT_EQ(test, pskb_expand_head(skb, VLAN_HLEN, 0, GFP_KERNEL), 0);
	at = skb_push(skb, VLAN_HLEN);
	memmove(at, at + VLAN_HLEN, 2 * ETH_ALEN);
	((struct vlan_ethhdr *)at)->h_vlan_proto = htons(ETH_P_8021Q);
	((struct vlan_ethhdr *)at)->h_vlan_TCI = htons(7);
	expect_hash(test, skb, true, 0x51ccc178);
}

static struct kunit_case queue_cases[] = {
	KUNIT_CASE(queue_take_and_return),
	KUNIT_CASE(queue_returned_early),
	KUNIT_CASE(queue_several),
	KUNIT_CASE(queue_patient),
	KUNIT_CASE(queue_bad_ids),
	KUNIT_CASE(queue_shared),
	KUNIT_CASE(queue_closed),
	KUNIT_CASE(queue_several_shared),
	KUNIT_CASE(steer_types),
	KUNIT_CASE(steer_tagged),
	{}
};

static struct kunit_suite queue_suite = {
	.name = "vsp_net_queue",
	.init = queue_test_init,
	.exit = queue_test_exit,
	.test_cases = queue_cases,
};

kunit_test_suite(queue_suite);

MODULE_DESCRIPTION("KUnit: sections of the receive buffer, and the choice of channels");
MODULE_LICENSE("GPL");
