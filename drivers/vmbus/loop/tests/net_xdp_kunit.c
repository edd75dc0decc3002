// SPDX-License-Identifier: GPL-2.0-only
/*
 * NICs, all the way: programs of XDP, and frames of one page and of several.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <net/page_pool/types.h>

#include "link.h"
#include "prog.h"

/* what a page holds of a frame, from behind its Ethernet header */
#define PAGE_LEN	(SKB_WITH_OVERHEAD(PAGE_SIZE) - XDP_PACKET_HEADROOM - ETH_HLEN)
/* pages that wait for frames in the pool, which has some more at hand */
#define VSC_POOL_PAGES	256
/* the largest MTU of which a page holds any frame, tag included */
#define PAGE_MTU	(PAGE_LEN - VLAN_HLEN)

/* up to a page, and up to each of its fragments */
static const u32 lens[] = {
	60, 700, 1500, PAGE_LEN, PAGE_LEN + 1, 5000, PAGE_LEN + PAGE_SIZE,
	PAGE_LEN + PAGE_SIZE + 1, LINK_MTU,
};

/* without the last four bytes */
static u64 cut(u64 ctx, u64 a, u64 b, u64 c, u64 d)
{
	struct xdp_buff *xdp = (void *)ctx;

	xdp->data_end -= 4;
	return XDP_PASS;
}

/* the header four bytes further to the front: its end becomes what the frame carries */
static u64 push(u64 ctx, u64 a, u64 b, u64 c, u64 d)
{
	struct xdp_buff *xdp = (void *)ctx;

	memmove(xdp->data - 4, xdp->data, ETH_HLEN);
	xdp->data -= 4;
	xdp->data_meta -= 4;
	return XDP_PASS;
}

/* back to where it came from */
static u64 reflect(u64 ctx, u64 a, u64 b, u64 c, u64 d)
{
	struct ethhdr *eth = ((struct xdp_buff *)ctx)->data;
	u8 dest[ETH_ALEN];

	ether_addr_copy(dest, eth->h_dest);
	ether_addr_copy(eth->h_dest, eth->h_source);
	ether_addr_copy(eth->h_source, dest);
	return XDP_TX;
}

/* the same by way of a NIC, as if another one had received it */
static struct bpf_prog *redirect(struct kunit *test, struct net_device *to)
{
	const struct bpf_insn insns[] = {
		BPF_MOV64_IMM(BPF_REG_0, XDP_DROP),
		BPF_LDX_MEM(BPF_W, BPF_REG_2, BPF_REG_1, offsetof(struct xdp_md, data)),
		BPF_LDX_MEM(BPF_W, BPF_REG_3, BPF_REG_1, offsetof(struct xdp_md, data_end)),
		BPF_MOV64_REG(BPF_REG_4, BPF_REG_2),
		BPF_ALU64_IMM(BPF_ADD, BPF_REG_4, ETH_HLEN),
		BPF_JMP_REG(BPF_JGT, BPF_REG_4, BPF_REG_3, 15),
		/* an address is aligned to two bytes for sure */
		BPF_LDX_MEM(BPF_H, BPF_REG_3, BPF_REG_2, 0),
		BPF_LDX_MEM(BPF_H, BPF_REG_4, BPF_REG_2, 2),
		BPF_LDX_MEM(BPF_H, BPF_REG_5, BPF_REG_2, 4),
		BPF_LDX_MEM(BPF_H, BPF_REG_6, BPF_REG_2, 6),
		BPF_LDX_MEM(BPF_H, BPF_REG_7, BPF_REG_2, 8),
		BPF_LDX_MEM(BPF_H, BPF_REG_8, BPF_REG_2, 10),
		BPF_STX_MEM(BPF_H, BPF_REG_2, BPF_REG_6, 0),
		BPF_STX_MEM(BPF_H, BPF_REG_2, BPF_REG_7, 2),
		BPF_STX_MEM(BPF_H, BPF_REG_2, BPF_REG_8, 4),
		BPF_STX_MEM(BPF_H, BPF_REG_2, BPF_REG_3, 6),
		BPF_STX_MEM(BPF_H, BPF_REG_2, BPF_REG_4, 8),
		BPF_STX_MEM(BPF_H, BPF_REG_2, BPF_REG_5, 10),
		BPF_MOV64_IMM(BPF_REG_1, to->ifindex),
		BPF_MOV64_IMM(BPF_REG_2, 0),
		BPF_RAW_INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect),
		BPF_EXIT_INSN(),
	};

	return prog_load(test, insns, ARRAY_SIZE(insns));
}

/* so many bytes more or less; dropped if that cannot be */
static struct bpf_prog *tail(struct kunit *test, int more)
{
	const struct bpf_insn insns[] = {
		BPF_MOV64_IMM(BPF_REG_2, more),
		BPF_RAW_INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_xdp_adjust_tail),
		BPF_JMP_IMM(BPF_JNE, BPF_REG_0, 0, 2),
		BPF_MOV64_IMM(BPF_REG_0, XDP_PASS),
		BPF_EXIT_INSN(),
		BPF_MOV64_IMM(BPF_REG_0, XDP_DROP),
		BPF_EXIT_INSN(),
	};

	return prog_load(test, insns, ARRAY_SIZE(insns));
}

/* Send the guest some frames, and wait until it says that so many were treated so. */
static void count_of(struct kunit *test, const char *name, u32 n, u32 len)
{
	u64 before = link_counter(name);
	u32 refused = link_flood(test, host, guest->dev_addr, n, len, len);

	KUNIT_EXPECT_EQ(test, refused, 0);
	KUNIT_EXPECT_TRUE(test, env_wait(link_counter(name) == before + n));
}

static void count(struct kunit *test, const char *name, u32 n)
{
	count_of(test, name, n, 500);
}

/* With a program of this kind. */
static void count_with(struct kunit *test, struct bpf_prog *prog, const char *name, u32 n,
		       u32 len)
{
	KUNIT_EXPECT_EQ(test, prog_set(guest, prog, NULL), 0);
	count_of(test, name, n, len);
	prog_unset(test, guest, prog);
}

static void net_xdp(struct kunit *test)
{
	struct bpf_prog *prog;
	int got;
	u32 i;

	link_up(test);
	KUNIT_EXPECT_TRUE(test, guest->xdp_features & NETDEV_XDP_ACT_BASIC);
	prog = prog_return(test, XDP_PASS, false);
	KUNIT_EXPECT_EQ(test, prog_set(guest, prog, NULL), 0);
	for (i = 0; lens[i] <= PAGE_LEN; i++)
		link_expect(test, host, guest->dev_addr, &at_guest, i, lens[i], lens[i]);
	KUNIT_EXPECT_EQ(test, link_counter("rx_xdp_pass"), i);
	/* and none gets by */
	link_flood(test, host, guest->dev_addr, 3, 8000, 8000);
	KUNIT_EXPECT_TRUE(test, env_wait(link_counter("rx_xdp_long") == 3));
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.frames), i);
	prog_unset(test, guest, prog);

	got = atomic_read(&at_guest.frames);
	count_with(test, prog_return(test, XDP_DROP, false), "rx_xdp_drop", 700, 500);
	count_with(test, prog_return(test, 77, false), "rx_xdp_aborted", 1, 500);
	/* nowhere: no helper has said where to */
	count_with(test, prog_return(test, XDP_REDIRECT, false), "rx_xdp_aborted", 700, 500);
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.frames), got);

	/* what a program changes, the stack sees */
	count_with(test, prog_call(test, cut, false), "rx_xdp_pass", 1, 500);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_guest.frames) == got + 1));
	KUNIT_EXPECT_EQ(test, at_guest.len, 496);
	count_with(test, prog_call(test, push, false), "rx_xdp_pass", 1, 500);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_guest.frames) == got + 2));
	KUNIT_EXPECT_EQ(test, at_guest.len, 504);
	/* which does not begin as it was sent */
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.wrong), 1);

	/* and memory was given back all the time */
	link_expect_memory(test);
}

/* Without knowing of fragments a program is for frames of one page, and says so. */
static void net_xdp_mtu(struct kunit *test)
{
	struct netlink_ext_ack extack = {};
	struct bpf_prog *page, *frags;

	link_up(test);
	page = prog_return(test, XDP_DROP, false);
	frags = prog_return(test, XDP_DROP, true);
	link_mtu(test, guest, LINK_MTU);
	KUNIT_EXPECT_EQ(test, prog_set(guest, page, &extack), -EOPNOTSUPP);
	KUNIT_ASSERT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(extack._msg, "xdp.frags"));
	link_mtu(test, guest, PAGE_MTU + 1);
	KUNIT_EXPECT_EQ(test, prog_set(guest, page, NULL), -EOPNOTSUPP);
	link_mtu(test, guest, PAGE_MTU);
	KUNIT_EXPECT_EQ(test, prog_set(guest, page, NULL), 0);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_set_mtu(guest, PAGE_MTU + 1), -EOPNOTSUPP);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, guest->mtu, PAGE_MTU);
	KUNIT_EXPECT_EQ(test, prog_set(guest, frags, NULL), 0);
	link_mtu(test, guest, LINK_MTU);
	/* the one that is there stays */
	KUNIT_EXPECT_EQ(test, prog_set(guest, page, NULL), -EOPNOTSUPP);
	count_of(test, "rx_xdp_drop", 3, LINK_MTU);
	prog_unset(test, guest, frags);
	prog_free(test, page);
}

static void net_xdp_frags(struct kunit *test)
{
	const u32 flags = NETDEV_XDP_ACT_RX_SG | NETDEV_XDP_ACT_NDO_XMIT_SG;
	struct bpf_prog *prog;
	int got;
	u32 i;

	link_up(test);
	link_mtu(test, guest, LINK_MTU);
	KUNIT_EXPECT_EQ(test, guest->xdp_features & flags, flags);
	prog = prog_return(test, XDP_PASS, true);
	KUNIT_EXPECT_EQ(test, prog_set(guest, prog, NULL), 0);
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		link_expect(test, host, guest->dev_addr, &at_guest, i, lens[i], lens[i]);
	KUNIT_EXPECT_EQ(test, link_counter("rx_xdp_pass"), ARRAY_SIZE(lens));
	KUNIT_EXPECT_EQ(test, link_counter("rx_xdp_long"), 0);
	count_of(test, "rx_xdp_pass", 400, LINK_MTU);
	prog_unset(test, guest, prog);

	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_guest.frames) == 400 + i));
	got = atomic_read(&at_guest.frames);
	count_with(test, prog_return(test, XDP_DROP, true), "rx_xdp_drop", 400, LINK_MTU);
	count_with(test, prog_return(test, XDP_REDIRECT, true), "rx_xdp_aborted", 400, LINK_MTU);
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.frames), got);
	count_with(test, prog_call(test, push, true), "rx_xdp_pass", 1, LINK_MTU);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_guest.frames) == got + 1));
	KUNIT_EXPECT_EQ(test, at_guest.len, LINK_MTU + 4);
	link_expect_memory(test);
}

/* Frames that end elsewhere; @to is 0 if they cannot. */
static void net_xdp_tail(struct kunit *test)
{
	const u32 first = PAGE_LEN, page = PAGE_SIZE;
	const struct {
		u32 len, to;
	} cases[] = {
		{ 5000, 4999 }, { 5000, first + 1 }, { 5000, first }, { 5000, first - 1 },
		{ 5000, 10 }, { 5000, 0 }, { 9000, 8000 }, { 9000, first + page },
		{ 9000, first + page - 1 }, { 9000, first }, { 9000, 60 }, { 5000, 5001 },
		{ 5000, first + page }, { 9000, first + 2 * page },
		/* behind its last page */
		{ first + page, 0 }, { first + 1, 0 },
		/* of one page */
		{ 500, 490 }, { first, first - 100 }, { first, 0 },
	};
	u64 passed = 0, dropped = 0;
	struct bpf_prog *prog;
	u32 i, n;

	link_up(test);
	link_mtu(test, guest, LINK_MTU);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u32 len = cases[i].len, to = cases[i].to;
		int got = atomic_read(&at_guest.frames), wrong = atomic_read(&at_guest.wrong);

		/* no shorter than a header, no longer than the page */
		prog = tail(test, to ? to - len : len == 5000 ? -len - 1 : page);
		KUNIT_EXPECT_EQ(test, prog_set(guest, prog, NULL), 0);
		/* so often that what is lost is missing */
		n = to && to < len ? 40 : 1;
		KUNIT_EXPECT_EQ(test, link_flood(test, host, guest->dev_addr, n, len, len), 0);
		if (to)
			passed += n;
		else
			dropped += n;
		KUNIT_EXPECT_TRUE(test, env_wait(link_counter("rx_xdp_pass") == passed &&
						 link_counter("rx_xdp_drop") == dropped));
		prog_unset(test, guest, prog);
		if (!to)
			continue;
		KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_guest.frames) == got + n));
		KUNIT_EXPECT_EQ_MSG(test, at_guest.len, to, "case %u", i);
		/* with zeroes behind what was sent */
		KUNIT_EXPECT_EQ_MSG(test, atomic_read(&at_guest.wrong) - wrong, to > len,
				    "case %u", i);
	}
	link_expect_memory(test);
}

/* What a program sends, with what the stack sends. */
static void net_xdp_tx(struct kunit *test)
{
	struct bpf_prog *prog;
	u32 n = 600, sent;

	link_up(test);
	prog = prog_call(test, reflect, false);
	KUNIT_EXPECT_EQ(test, prog_set(guest, prog, NULL), 0);
	link_expect(test, host, guest->dev_addr, &at_host, 1, 60, 60);
	link_expect(test, host, guest->dev_addr, &at_host, 2, 1500, 60);
	KUNIT_EXPECT_EQ(test, link_counter("rx_xdp_tx"), 2);
	KUNIT_EXPECT_EQ(test, link_counter("tx_xdp"), 2);
	n -= link_flood(test, host, guest->dev_addr, n, 300, 300);
	sent = 300 - link_flood(test, guest, host->dev_addr, 300, 400, 400);
	/* those that there was no room for are the program's loss, not the stack's */
	KUNIT_EXPECT_TRUE(test, env_wait(link_counter("rx_xdp_tx") +
					 link_counter("rx_xdp_aborted") == n + 2));
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_host.frames) ==
					 link_counter("rx_xdp_tx") + sent));
	KUNIT_EXPECT_EQ(test, link_counter("tx_xdp"), link_counter("rx_xdp_tx"));
	KUNIT_EXPECT_EQ(test, link_counter("tx_xdp_dropped"), link_counter("rx_xdp_aborted"));
	KUNIT_EXPECT_EQ(test, link_counter("tx_packets"), link_counter("tx_xdp") + sent);
	KUNIT_EXPECT_EQ(test, atomic_read(&at_host.wrong), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.frames), 0);
	prog_unset(test, guest, prog);
	link_expect(test, host, guest->dev_addr, &at_guest, 3, 700, 60);
	link_expect(test, guest, host->dev_addr, &at_host, 4, 700, 60);
	link_expect_memory(test);
}

/* All lengths come back, and are counted so. */
static void expect_back(struct kunit *test, struct bpf_prog *prog, const char *name)
{
	u64 sent = link_counter("tx_xdp");
	u32 i;

	KUNIT_EXPECT_EQ(test, prog_set(guest, prog, NULL), 0);
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		link_expect(test, host, guest->dev_addr, &at_host, i, lens[i], 60);
	KUNIT_EXPECT_EQ(test, link_counter(name), ARRAY_SIZE(lens));
	KUNIT_EXPECT_EQ(test, link_counter("tx_xdp") - sent, ARRAY_SIZE(lens));
	KUNIT_EXPECT_GE(test, link_counter("tx_mapped"), 1);
}

/* The same with fragments: those of long frames are sent by their pages. */
static void net_xdp_tx_frags(struct kunit *test)
{
	u32 n, sent, out, tx, back;
	struct bpf_prog *prog;
	u64 lost;

	link_up(test);
	link_mtu(test, guest, LINK_MTU);
	prog = prog_call(test, reflect, true);
	expect_back(test, prog, "rx_xdp_tx");

	/* as many as there is room for, with what the stack sends */
	back = atomic_read(&at_host.frames);
	tx = link_counter("rx_xdp_tx");
	n = 600 - link_flood(test, host, guest->dev_addr, 600, LINK_MTU, 60);
	sent = 300 - link_flood(test, guest, host->dev_addr, 300, 7000, 60);
	KUNIT_EXPECT_TRUE(test, env_wait(link_counter("rx_xdp_tx") +
					 link_counter("rx_xdp_aborted") == tx + n));
	lost = link_counter("rx_xdp_aborted");
	KUNIT_EXPECT_EQ(test, link_counter("tx_xdp_dropped"), lost);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_host.frames) == back + n - lost + sent));
	KUNIT_EXPECT_EQ(test, atomic_read(&at_host.wrong), 0);
	prog_unset(test, guest, prog);
	link_expect(test, host, guest->dev_addr, &at_guest, 3, LINK_MTU, 60);
	/* while the host had many, others took their places: those are given up then */
	KUNIT_ASSERT_NOT_NULL(test, at_guest.pool);
	out = at_guest.pool->pages_state_hold_cnt -
	      atomic_read(&at_guest.pool->pages_state_release_cnt);
	KUNIT_EXPECT_LE(test, out, VSC_POOL_PAGES + PP_ALLOC_CACHE_SIZE + 8);
}

/* By a redirection to the NIC itself; and one keeps its tag. */
static void net_xdp_redirect(struct kunit *test)
{
	struct bpf_prog *prog;

	link_up(test);
	link_mtu(test, guest, LINK_MTU);
	prog = redirect(test, guest);
	expect_back(test, prog, "rx_xdp_redirect");
	link_expect_tag(test, host, guest->dev_addr, host, 0x3123);
	link_expect_tag(test, host, guest->dev_addr, host, 0);
	prog_unset(test, guest, prog);
	KUNIT_EXPECT_EQ(test, link_counter("rx_xdp_redirect"), ARRAY_SIZE(lens) + 2);
}

/* Pages of frames of another NIC, so to say: each is also ours, to see who has it. */
static struct page *pages[128];
static u32 nr_pages;

static u8 *page_make(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_LT(test, nr_pages, ARRAY_SIZE(pages));
	get_page(page);
	pages[nr_pages++] = page;
	return page_address(page);
}

static u32 pages_ours(void)
{
	u32 i, n = 0;

	for (i = 0; i < nr_pages; i++)
		n += page_count(pages[i]) == 1;
	return n;
}

/* All are only ours in the end. */
static void pages_back(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, env_wait(pages_ours() == nr_pages));
	while (nr_pages)
		put_page(pages[--nr_pages]);
}

/* Long ones have fragments; some have a tag in them. */
static struct xdp_frame *frame_make(struct kunit *test, u32 seq, u32 len, u16 tci)
{
	struct xdp_rxq_info rxq = { .mem.type = MEM_TYPE_PAGE_ORDER0 };
	u32 head = tci ? VLAN_ETH_HLEN : ETH_HLEN, part, done, i;
	__be32 wire = cpu_to_be32(seq);
	struct skb_shared_info *info;
	struct vlan_ethhdr *eth;
	struct xdp_buff xdp;
	u8 *p;

	part = min_t(u32, len, 3000);
	xdp_init_buff(&xdp, PAGE_SIZE, &rxq);
	xdp_prepare_buff(&xdp, page_make(test), XDP_PACKET_HEADROOM, head + part, false);
	eth = xdp.data;
	ether_addr_copy(eth->h_dest, host->dev_addr);
	ether_addr_copy(eth->h_source, guest->dev_addr);
	eth->h_vlan_proto = htons(ETH_P_8021Q);
	eth->h_vlan_TCI = htons(tci);
	*(__be16 *)(xdp.data + head - sizeof(__be16)) = htons(LINK_PROTO);
	p = xdp.data + head;
	for (i = 0; i < part; i++)
		p[i] = link_pattern(seq, i);
	memcpy(p, &wire, sizeof(wire));
	info = xdp_get_shared_info_from_buff(&xdp);
	info->nr_frags = 0;
	info->xdp_frags_size = len - part;
	for (done = part; done < len; done += part) {
		part = min_t(u32, len - done, 4000);
		p = page_make(test);
		for (i = 0; i < part; i++)
			p[seq % 90 + i] = link_pattern(seq, done + i);
		skb_frag_fill_page_desc(&info->frags[info->nr_frags++], virt_to_page(p), seq % 90,
					part);
		xdp_buff_set_frags_flag(&xdp);
	}
	return xdp_convert_buff_to_frame(&xdp);
}

static int frames_xmit(struct xdp_frame **frames, u32 n, u32 flags)
{
	int ret;

	local_bh_disable();
	ret = guest->netdev_ops->ndo_xdp_xmit(guest, n, frames, flags);
	local_bh_enable();
	return ret;
}

static void net_xdp_xmit(struct kunit *test)
{
	struct xdp_frame *frames[16];
	int i, n = ARRAY_SIZE(frames), got;
	u64 bytes;

	nr_pages = 0;
	link_up(test);
	for (i = 0; i < n; i++)
		frames[i] = frame_make(test, i, 60 + i * 70, 0);
	KUNIT_EXPECT_EQ(test, frames_xmit(frames, n, BIT(7)), -EINVAL);
	KUNIT_ASSERT_EQ(test, frames_xmit(frames, n, XDP_XMIT_FLUSH), n);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_host.frames) == n));
	KUNIT_EXPECT_EQ(test, atomic_read(&at_host.wrong), 0);
	KUNIT_EXPECT_EQ(test, link_counter("tx_xdp"), n);
	/* in few packets, as the stack's are */
	KUNIT_EXPECT_GE(test, link_counter("tx_batched"), 10);
	pages_back(test);

	/* with fragments, short enough to be copied and not */
	for (i = 0; i < n; i++)
		frames[i] = frame_make(test, i, 2990 + i * 400, 0);
	KUNIT_ASSERT_EQ(test, frames_xmit(frames, n, XDP_XMIT_FLUSH), n);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_host.frames) == 2 * n));
	KUNIT_EXPECT_EQ(test, atomic_read(&at_host.wrong), 0);
	KUNIT_EXPECT_EQ(test, at_host.len, 8990);
	KUNIT_EXPECT_GE(test, link_counter("tx_mapped"), 1);
	pages_back(test);

	/* the host is told of a tag in a frame apart from that */
	bytes = link_counter("tx_bytes");
	got = atomic_read(&at_host.frames);
	frames[0] = frame_make(test, 1, 500, 0x3123);
	frames[1] = frame_make(test, 2, 8500, 0x3123);
	KUNIT_ASSERT_EQ(test, frames_xmit(frames, 2, XDP_XMIT_FLUSH), 2);
	pages_back(test);
	KUNIT_EXPECT_EQ(test, link_counter("tx_bytes") - bytes, 2 * ETH_HLEN + 9000);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_host.frames) == got + 2));
	KUNIT_EXPECT_EQ(test, atomic_read(&at_host.wrong), 0);

	/* too long for the link, behind one that is not */
	frames[0] = frame_make(test, 3, 9000, 0);
	frames[1] = frame_make(test, 4, 9005, 0);
	KUNIT_ASSERT_EQ(test, frames_xmit(frames, 2, XDP_XMIT_FLUSH), 1);
	xdp_return_frame(frames[1]);
	pages_back(test);

	rtnl_lock();
	dev_close(guest);
	rtnl_unlock();
	frames[0] = frame_make(test, 0, 5000, 0);
	KUNIT_EXPECT_EQ(test, frames_xmit(frames, 1, XDP_XMIT_FLUSH), -ENETDOWN);
	xdp_return_frame(frames[0]);
	pages_back(test);
}

/* What a program saw of a tag. */
static struct {
	u64 verdict;
	int ret;
	__be16 proto;
	u16 tci;
	bool inside;
} saw;

static u64 look(u64 ctx, u64 a, u64 b, u64 c, u64 d)
{
	struct xdp_buff *xdp = (void *)ctx;
	const struct ethhdr *eth = xdp->data;

	saw.ret = guest->xdp_metadata_ops->xmo_rx_vlan_tag((void *)ctx, &saw.proto, &saw.tci);
	saw.inside = eth->h_proto == htons(ETH_P_8021Q);
	/* which stays in front of the frame */
	xdp->data_meta -= 8;
	memset(xdp->data_meta, 0x5a, 8);
	return saw.verdict == XDP_TX ? reflect(ctx, a, b, c, d) : saw.verdict;
}

/* A frame keeps its tag wherever it goes, in front of it or in it. */
static void net_xdp_vlan(struct kunit *test)
{
	const u16 tci = 0xb123;
	struct bpf_prog *prog;
	int k;

	link_up(test);
	for (k = 0; k < 2; k++) {
		prog = prog_call(test, look, true);
		KUNIT_EXPECT_EQ(test, prog_set(guest, prog, NULL), 0);
		saw.verdict = XDP_PASS;
		link_expect_tag(test, host, guest->dev_addr, guest, tci);
		KUNIT_EXPECT_EQ(test, saw.inside, k);
		KUNIT_EXPECT_EQ(test, saw.ret, k ? -ENODATA : 0);
		if (!k) {
			KUNIT_EXPECT_EQ(test, saw.proto, htons(ETH_P_8021Q));
			KUNIT_EXPECT_EQ(test, saw.tci, tci);
		}
		saw.verdict = XDP_TX;
		link_expect_tag(test, host, guest->dev_addr, host, tci);
		KUNIT_EXPECT_EQ(test, saw.ret, k ? -ENODATA : 0);
		link_expect_tag(test, host, guest->dev_addr, host, 0);
		KUNIT_EXPECT_EQ(test, saw.ret, -ENODATA);
		prog_unset(test, guest, prog);

		/* and without a program */
		link_feature(test, NETIF_F_HW_VLAN_CTAG_RX, k);
		link_expect_tag(test, host, guest->dev_addr, guest, tci);
		KUNIT_EXPECT_EQ(test, !!(guest->features & NETIF_F_LRO), k);
	}
}

/* No room for a tag in front of a frame: it does not go without it. */
static u64 crowd(u64 ctx, u64 a, u64 b, u64 c, u64 d)
{
	struct xdp_buff *xdp = (void *)ctx;
	void *to = xdp->data_hard_start + sizeof(struct xdp_frame);

	reflect(ctx, a, b, c, d);
	memmove(to, xdp->data, ETH_HLEN);
	xdp->data = to;
	xdp->data_meta = to;
	return XDP_TX;
}

static void net_xdp_crowd(struct kunit *test)
{
	struct bpf_prog *prog;
	struct sk_buff *skb;

	link_up(test);
	prog = prog_call(test, crowd, true);
	KUNIT_EXPECT_EQ(test, prog_set(guest, prog, NULL), 0);
	skb = link_frame(host, guest->dev_addr, 7, 500, 500);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), 5);
	KUNIT_EXPECT_EQ(test, dev_queue_xmit(skb), NET_XMIT_SUCCESS);
	KUNIT_EXPECT_TRUE(test, env_wait(link_counter("rx_xdp_aborted") == 1));
	KUNIT_EXPECT_EQ(test, link_counter("tx_xdp"), 0);
	/* one without it does */
	count(test, "rx_xdp_tx", 1);
	prog_unset(test, guest, prog);
}

static struct kunit_case xdp_cases[] = {
	KUNIT_CASE(net_xdp),
	KUNIT_CASE(net_xdp_mtu),
	KUNIT_CASE(net_xdp_frags),
	KUNIT_CASE(net_xdp_tail),
	KUNIT_CASE(net_xdp_tx),
	KUNIT_CASE(net_xdp_tx_frags),
	KUNIT_CASE(net_xdp_redirect),
	KUNIT_CASE(net_xdp_xmit),
	KUNIT_CASE(net_xdp_vlan),
	KUNIT_CASE(net_xdp_crowd),
	{}
};

static struct kunit_suite xdp_suite = {
	.name = "vmb_loop_net_xdp",
	.init = link_init,
	.exit = link_exit,
	.test_cases = xdp_cases,
};

kunit_test_suite(xdp_suite);
