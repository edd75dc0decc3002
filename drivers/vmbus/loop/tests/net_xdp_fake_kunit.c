// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs of XDP in vsc_net under a host that is made up: what it says of frames, what
 * makes no sense, memory that is not there or does not come back.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/umh.h>
#include <net/page_pool/types.h>

#include "netfake.h"
#include "nic.h"
#include "prog.h"

#define FAULTS		"/sys/kernel/debug/fail_page_alloc/"
#define FRAME_PROTO	ETH_P_802_EX1
#define NR		100U
/* the longest frame that the guest takes */
#define LONGEST		(9216U + VLAN_ETH_HLEN)

/**
 * struct at_guest - where frames come to
 * @pt: what the kernel calls
 * @frames: received
 * @wrong: of them are not as they were sent
 * @len: of the last one, from behind its Ethernet header
 * @keep: not to be ended
 * @kept: those
 */
static struct at_guest {
	struct packet_type pt;
	atomic_t frames;
	atomic_t wrong;
	u32 len;
	bool keep;
	struct sk_buff_head kept;
} at_guest;

static struct net_device *dev;
static u64 last_id;

static u8 pattern(u32 i)
{
	return i * 7 + (i >> 8);
}

static int taker(struct sk_buff *skb, struct net_device *in, struct packet_type *pt,
		 struct net_device *orig)
{
	u8 byte = 0;
	u32 i;

	for (i = 0; i < skb->len; i++)
		if (skb_copy_bits(skb, i, &byte, 1) || byte != pattern(i))
			break;
	if (i < skb->len)
		atomic_inc(&at_guest.wrong);
	at_guest.len = skb->len;
	if (at_guest.keep)
		skb_queue_tail(&at_guest.kept, skb);
	else
		kfree_skb(skb);
	atomic_inc_return(&at_guest.frames);
	return NET_RX_SUCCESS;
}

/* A message with a frame of so many bytes behind its Ethernet header, from a section on. */
static u32 frame_put(u32 nr, u16 proto, u32 len, bool hashed, u32 hash)
{
	u8 *p = fake_section(nr), *end = p + HEAD + sizeof(struct vmb_rndis_packet), *data;
	struct ethhdr eth = { .h_proto = htons(proto) };
	u32 i, head;

	eth_broadcast_addr(eth.h_dest);
	memset(p, 0, 256);
	if (hashed)
		end = vmb_ppi_build(end, VMB_PPI_HASH, hash);
	head = vmb_rndis_packet_build(p, end, ETH_HLEN + len);
	memcpy(end, &eth, ETH_HLEN);
	data = end + ETH_HLEN;
	for (i = 0; i < len; i++)
		data[i] = pattern(i);
	return head + ETH_HLEN + len;
}

/* From that section on; it comes back with this status. */
static void frame_send(struct kunit *test, u32 nr, u32 len, u32 status)
{
	KUNIT_EXPECT_EQ(test, fake_send(++last_id, nr * SECTION, len, VMB_NVSP_RECV_BUF_ID,
					VMB_NVSP_RNDIS), 0);
	fake_returned(test, last_id, status);
}

/* What a program saw of a frame, and what it says. */
static struct {
	u64 verdict;
	int ret;
	u32 hash;
	enum xdp_rss_hash_type type;
	int tag;
	u32 len;
	u32 nr_frags;
	bool scribble;
} saw;

static u64 look(u64 ctx, u64 a, u64 b, u64 c, u64 d)
{
	const struct xdp_metadata_ops *ops = dev->xdp_metadata_ops;
	struct xdp_buff *xdp = (void *)ctx;
	__be16 proto;
	u16 tci;

	saw.ret = ops->xmo_rx_hash((void *)ctx, &saw.hash, &saw.type);
	saw.tag = ops->xmo_rx_vlan_tag((void *)ctx, &proto, &tci);
	saw.len = xdp_get_buff_len(xdp);
	saw.nr_frags = xdp_buff_has_frags(xdp) ? xdp_get_shared_info_from_buff(xdp)->nr_frags : 0;
	/* the host is as fast as can be */
	if (saw.scribble)
		memset(fake_section(NR), 0xff, 16 * SECTION);
	return saw.verdict;
}

static struct bpf_prog *begin(struct kunit *test)
{
	struct bpf_prog *prog;

	dev = guest_start(test);
	memset(&at_guest, 0, sizeof(at_guest));
	memset(&saw, 0, sizeof(saw));
	skb_queue_head_init(&at_guest.kept);
	at_guest.pt.type = htons(FRAME_PROTO);
	at_guest.pt.dev = dev;
	at_guest.pt.func = taker;
	dev_add_pack(&at_guest.pt);
	prog = prog_call(test, look, true);
	KUNIT_EXPECT_EQ(test, prog_set(dev, prog, NULL), 0);
	return prog;
}

static void end(struct kunit *test, struct bpf_prog *prog)
{
	prog_unset(test, dev, prog);
	dev_remove_pack(&at_guest.pt);
	skb_queue_purge(&at_guest.kept);
	guest_stop(test, dev);
}

/* A program is told the hash, and of what it is as far as can be known. */
static void fake_xdp_hash(struct kunit *test)
{
	static const struct {
		u16 proto;
		u32 at[2], value[2], len;
		enum xdp_rss_hash_type type;
	} cases[] = {
		{ ETH_P_IP, { 9, 6 }, { IPPROTO_TCP, 0 }, 60, XDP_RSS_TYPE_L4_IPV4_TCP },
		{ ETH_P_IP, { 9, 6 }, { IPPROTO_TCP, 0 }, 9000, XDP_RSS_TYPE_L4_IPV4_TCP },
		{ ETH_P_IP, { 9, 6 }, { IPPROTO_UDP, 0 }, 60, XDP_RSS_TYPE_L3_IPV4 },
		/* with more fragments behind it */
		{ ETH_P_IP, { 9, 6 }, { IPPROTO_TCP, 0x20 }, 60, XDP_RSS_TYPE_L3_IPV4 },
		/* too short for its header */
		{ ETH_P_IP, { 9, 6 }, { IPPROTO_TCP, 0 }, 19, XDP_RSS_TYPE_NONE },
		{ ETH_P_IPV6, { 6, 0 }, { IPPROTO_TCP, 0x60 }, 60, XDP_RSS_TYPE_L4_IPV6_TCP },
		{ ETH_P_IPV6, { 6, 0 }, { IPPROTO_UDP, 0x60 }, 60, XDP_RSS_TYPE_L3_IPV6 },
		{ ETH_P_ARP, { 0, 0 }, { 0, 0 }, 60, XDP_RSS_TYPE_NONE },
		/* with a tag in it, and too short for what it says */
		{ ETH_P_8021Q, { 2, 3 }, { 8, 0 }, 60, XDP_RSS_TYPE_L3_IPV4 },
		{ ETH_P_8021Q, { 2, 3 }, { 8, 0 }, 4, XDP_RSS_TYPE_NONE },
		{ ETH_P_8021Q, { 0, 0 }, { 0, 0 }, 0, XDP_RSS_TYPE_NONE },
	};
	struct bpf_prog *prog = begin(test);
	u32 i, k, head, len;
	u8 *p;

	saw.verdict = XDP_DROP;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		len = frame_put(NR, cases[i].proto, cases[i].len, true, 0xabcd0000 + i);
		head = len - cases[i].len;
		p = fake_section(NR) + head;
		memset(p, 0, min(cases[i].len, 40U));
		for (k = 0; k < 2 && cases[i].len; k++)
			p[cases[i].at[k]] = cases[i].value[k];
		frame_send(test, NR, len, VMB_NVSP_STATUS_SUCCESS);
		KUNIT_EXPECT_EQ_MSG(test, saw.ret, 0, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, saw.hash, 0xabcd0000 + i, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, saw.type, cases[i].type, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, saw.tag, -ENODATA, "case %u", i);
	}
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_xdp_drop"), i);

	/* none is said, or nobody wants it */
	len = frame_put(NR, ETH_P_IP, 60, false, 0);
	frame_send(test, NR, len, VMB_NVSP_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, saw.ret, -ENODATA);
	rtnl_lock();
	dev->wanted_features &= ~NETIF_F_RXHASH;
	netdev_update_features(dev);
	rtnl_unlock();
	saw.ret = 0;
	len = frame_put(NR, ETH_P_IP, 60, true, 1);
	frame_send(test, NR, len, VMB_NVSP_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, saw.ret, -ENODATA);
	end(test, prog);
}

/* Long frames; lengths that are too much, or change; frames and pieces that overlap. */
static void fake_xdp_lengths(struct kunit *test)
{
	static const u32 lens[] = { 4, 3000, 4000, 8000, LONGEST - ETH_HLEN };
	struct bpf_prog *prog = begin(test);
	struct vmb_host_range range[3];
	u32 i, len, bytes;
	__le32 wire;

	saw.verdict = XDP_PASS;
	saw.scribble = true;
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		len = frame_put(NR, FRAME_PROTO, lens[i], false, 0);
		frame_send(test, NR, len, VMB_NVSP_STATUS_SUCCESS);
		KUNIT_EXPECT_EQ(test, saw.len, ETH_HLEN + lens[i]);
		KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.frames), i + 1);
		KUNIT_EXPECT_EQ(test, at_guest.len, lens[i]);
	}
	KUNIT_EXPECT_GE(test, saw.nr_frags, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.wrong), 0);
	saw.scribble = false;

	/* no program, and nobody else, sees any of these */
	saw.len = 0;
	len = frame_put(NR, FRAME_PROTO, LONGEST - ETH_HLEN + 1, false, 0);
	frame_send(test, NR, len, VMB_NVSP_STATUS_FAIL);
	len = frame_put(NR, FRAME_PROTO, 9000, false, 0);
	frame_send(test, NR, len - 1, VMB_NVSP_STATUS_FAIL);
	/* longer than its message by one */
	wire = cpu_to_le32(ETH_HLEN + 9001);
	memcpy(fake_section(NR) + 12, &wire, sizeof(wire));
	frame_send(test, NR, len, VMB_NVSP_STATUS_FAIL);
	/* out of the buffer */
	bytes = fake.recv.len;
	KUNIT_EXPECT_EQ(test, fake_send(++last_id, bytes - len + 1, len, VMB_NVSP_RECV_BUF_ID,
					VMB_NVSP_RNDIS), 0);
	fake_returned(test, last_id, VMB_NVSP_STATUS_FAIL);
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_malformed"), 4);
	KUNIT_EXPECT_EQ(test, saw.len, 0);

	/* three times the same, and one frame in the other: each is what it says */
	len = frame_put(NR, FRAME_PROTO, 9000, false, 0);
	for (i = 0; i < 3; i++)
		range[i] = (struct vmb_host_range){ .offset = NR * SECTION, .len = len };
	KUNIT_EXPECT_EQ(test, fake_send_ranges(++last_id, range, 3), 0);
	fake_returned(test, last_id, VMB_NVSP_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.frames), ARRAY_SIZE(lens) + 3);
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.wrong), 0);
	range[1].offset += 3 * SECTION;
	range[1].len = frame_put(NR + 3, FRAME_PROTO, 700, false, 0);
	KUNIT_EXPECT_EQ(test, fake_send_ranges(++last_id, range, 2), 0);
	fake_returned(test, last_id, VMB_NVSP_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.frames), ARRAY_SIZE(lens) + 5);
	/* of the first one a part has become the other */
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.wrong), 1);
	KUNIT_EXPECT_EQ(test, at_guest.len, 700);

	/* merged of several: not for a program, and nobody is to get by it */
	saw.len = 0;
	fake_piece(NR, PIECE(1, VMB_ID_FIRST), 1000);
	fake_piece(NR + 1, PIECE(1, VMB_ID_LAST), 1000);
	KUNIT_EXPECT_EQ(test, fake_send_sections(++last_id, NR, 2, PIECE_HEAD + 1000), 0);
	fake_returned(test, last_id, VMB_NVSP_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_xdp_long"), 1);
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_lro"), 0);
	KUNIT_EXPECT_EQ(test, saw.len, 0);
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_malformed"), 4);
	end(test, prog);
}

/* Whoever cannot wait for a page gets none. Such files can be written by programs only. */
static void faults(struct kunit *test, bool on)
{
	static const char script[] =
		"cd $3; echo 0 >verbose; echo $0 >min-order; echo $1 >times; echo $2 >probability";
	char *argv[9] = {
		"/bin/sh", "-e", "-c", (char *)script,
		on ? "0" : "1", on ? "-1" : "1", on ? "100" : "0", FAULTS,
	};
	char *envp[2] = { "PATH=/bin" };

	KUNIT_ASSERT_EQ(test, call_usermodehelper(argv[0], argv, envp, UMH_WAIT_PROC), 0);
}

static u32 pages_out(const struct page_pool *pool)
{
	return pool->pages_state_hold_cnt - atomic_read(&pool->pages_state_release_cnt);
}

/* Frames of so many bytes, ten at once at most. Returns how many came. */
static u32 frames_send(struct kunit *test, u32 len, u32 n)
{
	u32 bytes = frame_put(NR, FRAME_PROTO, len, false, 0), i, part;
	int before = atomic_read(&at_guest.frames);
	struct vmb_host_range range[10];

	for (i = 0; i < ARRAY_SIZE(range); i++)
		range[i] = (struct vmb_host_range){ .offset = NR * SECTION, .len = bytes };
	for (; n; n -= part) {
		part = min(n, ARRAY_SIZE(range));
		KUNIT_EXPECT_EQ(test, fake_send_ranges(++last_id, range, part), 0);
		fake_returned(test, last_id, VMB_NVSP_STATUS_SUCCESS);
	}
	return atomic_read(&at_guest.frames) - before;
}

/* There is no memory for a frame, or for the end of it. */
static void fake_xdp_nomem(struct kunit *test)
{
	struct bpf_prog *prog = begin(test);
	struct page_pool *pool;
	struct sk_buff *skb;
	u32 two, one, i;

	saw.verdict = XDP_PASS;
	at_guest.keep = true;
	/* the pool takes many pages at once */
	KUNIT_EXPECT_EQ(test, frames_send(test, 5000, 1), 1);
	skb = skb_peek(&at_guest.kept);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	pool = virt_to_head_page(skb->head)->pp;
	faults(test, true);
	/* of two pages, and of one, until there is none left */
	two = frames_send(test, 5000, 100);
	one = frames_send(test, 3000, 20);
	KUNIT_EXPECT_GE(test, two, 10);
	KUNIT_EXPECT_LE(test, one, 1);
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_nomem"), 120 - two - one);
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_xdp_pass"), 1 + two + one);
	KUNIT_EXPECT_EQ(test, pages_out(pool), 2 + 2 * two + one);
	for (i = 0; i < 5; i++) {
		/* NAPI has its head at hand: another is memory that may not be there */
		local_bh_disable();
		napi_consume_skb(skb_dequeue(&at_guest.kept), 1);
		local_bh_enable();
		/* two pages are not enough for one, and are there for the next */
		KUNIT_EXPECT_EQ(test, frames_send(test, 9000, 1), 0);
		KUNIT_EXPECT_EQ(test, frames_send(test, 5000, 1), 1);
	}
	faults(test, false);
	skb_queue_purge(&at_guest.kept);
	at_guest.keep = false;

	KUNIT_EXPECT_EQ(test, frames_send(test, 9000, 100), 100);
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.wrong), 0);
	end(test, prog);
}

/* Of another NIC, so to say: in two pages, which are ours as well. */
static struct xdp_frame *frame_make(struct kunit *test, struct page **pages)
{
	struct xdp_rxq_info rxq = { .mem.type = MEM_TYPE_PAGE_ORDER0 };
	struct skb_shared_info *info;
	struct xdp_buff xdp;
	u32 i;

	for (i = 0; i < 2; i++) {
		pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, pages[i]);
		get_page(pages[i]);
	}
	xdp_init_buff(&xdp, PAGE_SIZE, &rxq);
	xdp_prepare_buff(&xdp, page_address(pages[0]), XDP_PACKET_HEADROOM, 200, false);
	info = xdp_get_shared_info_from_buff(&xdp);
	info->nr_frags = 1;
	info->xdp_frags_size = 1000;
	skb_frag_fill_page_desc(&info->frags[0], pages[1], 0, 1000);
	xdp_buff_set_frags_flag(&xdp);
	return xdp_convert_buff_to_frame(&xdp);
}

/* Pages are the host's until it gives them back, refuses them, or goes. */
static void fake_xdp_held(struct kunit *test)
{
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(VMB_NVSP_RNDIS_COMPLETE),
		.status.status = cpu_to_le32(VMB_NVSP_STATUS_INVALID_RNDIS),
	};
	struct page *pages[3][2];
	struct xdp_frame *frame;
	u32 i, k;
	int n;

	/* the frames are too long for a section */
	fake.send_section = 1024;
	dev = guest_start(test);
	fake.hold = true;
	n = atomic_read(&fake.frames);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		frame = frame_make(test, pages[i]);
		local_bh_disable();
		KUNIT_EXPECT_EQ(test, dev->netdev_ops->ndo_xdp_xmit(dev, 1, &frame,
								    XDP_XMIT_FLUSH), 1);
		local_bh_enable();
	}
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "tx_mapped"), i);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&fake.frames) == n + i));
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		KUNIT_EXPECT_EQ(test, page_count(pages[i][0]) + page_count(pages[i][1]), 4);
	/* the last one */
	fake_reply(fake.ch, fake.frame_id, &msg, sizeof(msg));
	KUNIT_EXPECT_TRUE(test, env_wait(nic_counter(dev, "rx_tx_errors") == 1));
	KUNIT_EXPECT_TRUE(test, env_wait(page_count(pages[2][0]) + page_count(pages[2][1]) == 2));
	KUNIT_EXPECT_EQ(test, page_count(pages[1][0]) + page_count(pages[1][1]), 4);
	guest_stop(test, dev);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		for (k = 0; k < 2; k++) {
			KUNIT_EXPECT_TRUE(test, env_wait(page_count(pages[i][k]) == 1));
			put_page(pages[i][k]);
		}
	}
}

static struct kunit_case xdp_cases[] = {
	KUNIT_CASE(fake_xdp_hash),
	KUNIT_CASE(fake_xdp_lengths),
	KUNIT_CASE(fake_xdp_nomem),
	KUNIT_CASE(fake_xdp_held),
	{}
};

static struct kunit_suite xdp_suite = {
	.name = "vmb_loop_net_xdp_fake",
	.init = fake_init,
	.exit = fake_exit,
	.test_cases = xdp_cases,
};

kunit_test_suite(xdp_suite);
