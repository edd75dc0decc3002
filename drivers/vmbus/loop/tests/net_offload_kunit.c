// SPDX-License-Identifier: GPL-2.0-only
/*
 * NICs, all the way: checksums and segments that are left to the other end (LSO, RSC),
 * programs of XDP, interrupts that are put off.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/tcp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/tcp.h>
#include <net/xdp.h>

#include "link.h"

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

/* XDP. No verifier sees these programs, so they know the kernel's own structures. */

static const struct bpf_insn xdp_pass[] = { BPF_MOV32_IMM(BPF_REG_0, XDP_PASS), BPF_EXIT_INSN() };
static const struct bpf_insn xdp_drop[] = { BPF_MOV32_IMM(BPF_REG_0, XDP_DROP), BPF_EXIT_INSN() };
static const struct bpf_insn xdp_bad[] = { BPF_MOV32_IMM(BPF_REG_0, 77), BPF_EXIT_INSN() };
/* nowhere: no helper has said where to */
static const struct bpf_insn xdp_lost[] = {
	BPF_MOV32_IMM(BPF_REG_0, XDP_REDIRECT), BPF_EXIT_INSN()
};

/* without the last four bytes */
static const struct bpf_insn xdp_cut[] = {
	BPF_LDX_MEM(BPF_DW, BPF_REG_2, BPF_REG_1, offsetof(struct xdp_buff, data_end)),
	BPF_ALU64_IMM(BPF_SUB, BPF_REG_2, 4),
	BPF_STX_MEM(BPF_DW, BPF_REG_1, BPF_REG_2, offsetof(struct xdp_buff, data_end)),
	BPF_MOV32_IMM(BPF_REG_0, XDP_PASS),
	BPF_EXIT_INSN(),
};

/* the header four bytes further to the front: its end becomes what the frame carries */
static const struct bpf_insn xdp_push[] = {
	BPF_LDX_MEM(BPF_DW, BPF_REG_2, BPF_REG_1, offsetof(struct xdp_buff, data)),
	BPF_LDX_MEM(BPF_W, BPF_REG_3, BPF_REG_2, 0),
	BPF_LDX_MEM(BPF_W, BPF_REG_4, BPF_REG_2, 4),
	BPF_LDX_MEM(BPF_W, BPF_REG_5, BPF_REG_2, 8),
	BPF_LDX_MEM(BPF_H, BPF_REG_6, BPF_REG_2, 12),
	BPF_ALU64_IMM(BPF_SUB, BPF_REG_2, 4),
	BPF_STX_MEM(BPF_W, BPF_REG_2, BPF_REG_3, 0),
	BPF_STX_MEM(BPF_W, BPF_REG_2, BPF_REG_4, 4),
	BPF_STX_MEM(BPF_W, BPF_REG_2, BPF_REG_5, 8),
	BPF_STX_MEM(BPF_H, BPF_REG_2, BPF_REG_6, 12),
	BPF_STX_MEM(BPF_DW, BPF_REG_1, BPF_REG_2, offsetof(struct xdp_buff, data)),
	BPF_STX_MEM(BPF_DW, BPF_REG_1, BPF_REG_2, offsetof(struct xdp_buff, data_meta)),
	BPF_MOV32_IMM(BPF_REG_0, XDP_PASS),
	BPF_EXIT_INSN(),
};

/* back to where it came from */
static const struct bpf_insn xdp_reflect[] = {
	BPF_LDX_MEM(BPF_DW, BPF_REG_2, BPF_REG_1, offsetof(struct xdp_buff, data)),
	BPF_LDX_MEM(BPF_W, BPF_REG_3, BPF_REG_2, 0),
	BPF_LDX_MEM(BPF_H, BPF_REG_4, BPF_REG_2, 4),
	BPF_LDX_MEM(BPF_W, BPF_REG_5, BPF_REG_2, 6),
	BPF_LDX_MEM(BPF_H, BPF_REG_6, BPF_REG_2, 10),
	BPF_STX_MEM(BPF_W, BPF_REG_2, BPF_REG_5, 0),
	BPF_STX_MEM(BPF_H, BPF_REG_2, BPF_REG_6, 4),
	BPF_STX_MEM(BPF_W, BPF_REG_2, BPF_REG_3, 6),
	BPF_STX_MEM(BPF_H, BPF_REG_2, BPF_REG_4, 10),
	BPF_MOV32_IMM(BPF_REG_0, XDP_TX),
	BPF_EXIT_INSN(),
};

/* With two references: one is the driver's, if it takes it. */
static struct bpf_prog *xdp_program(struct kunit *test, const struct bpf_insn *insns, u32 len)
{
	struct bpf_prog *prog = bpf_prog_alloc(bpf_prog_size(len), 0);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, prog);
	prog->len = len;
	prog->type = BPF_PROG_TYPE_XDP;
	memcpy(prog->insnsi, insns, len * sizeof(*insns));
	prog = bpf_prog_select_runtime(prog, &ret);
	KUNIT_ASSERT_EQ(test, ret, 0);
	atomic64_set(&prog->aux->refcnt, 2);
	return prog;
}

static int xdp_set(struct bpf_prog *prog, struct netlink_ext_ack *extack)
{
	struct netdev_bpf bpf = {
		.command = XDP_SETUP_PROG,
		.prog = prog,
		.extack = extack,
	};
	int ret;

	rtnl_lock();
	ret = guest->netdev_ops->ndo_bpf(guest, &bpf);
	rtnl_unlock();
	return ret;
}

/* It is not used any more, and who used it has given it up. */
static void xdp_unset(struct kunit *test, struct bpf_prog *prog)
{
	KUNIT_EXPECT_EQ(test, xdp_set(NULL, NULL), 0);
	/* without the system call nobody counts */
	if (IS_ENABLED(CONFIG_BPF_SYSCALL))
		KUNIT_EXPECT_EQ(test, atomic64_read(&prog->aux->refcnt), 1);
	/* whoever still runs it */
	synchronize_net();
	bpf_prog_free(prog);
}

/* Send the guest some frames, and wait until it says that so many were treated so. */
static void xdp_count(struct kunit *test, const char *name, u32 n)
{
	u64 before = link_counter(name);

	KUNIT_EXPECT_EQ(test, link_flood(test, host, guest->dev_addr, n, 500, 500), 0);
	KUNIT_EXPECT_TRUE(test, env_wait(link_counter(name) == before + n));
}

#define TSO	(NETIF_F_TSO | NETIF_F_TSO6)

/* As ethtool -K in the guest does. */
static void feature_set(struct kunit *test, netdev_features_t feature, bool on)
{
	rtnl_lock();
	if (on)
		guest->wanted_features |= feature;
	else
		guest->wanted_features &= ~feature;
	netdev_update_features(guest);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, !!(guest->features & feature), on);
}

/* What the host's netdev may hand over whole follows from what the guest wants. */
static void lro_set(struct kunit *test, bool on)
{
	feature_set(test, NETIF_F_LRO, on);
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
	}
	/* who wants to look at checksums finds them made */
	feature_set(test, NETIF_F_RXCSUM, false);
	ip_at_guest.made = true;
	KUNIT_EXPECT_EQ(test, lro_send(test, 3000, 1448, 1), 1);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&ip_at_guest.frames) == i + 1));
	feature_set(test, NETIF_F_RXCSUM, true);
	KUNIT_EXPECT_EQ(test, atomic_read(&ip_at_guest.wrong), 0);
	KUNIT_EXPECT_EQ(test, link_counter("rx_lro"), ARRAY_SIZE(sizes) + 1);
	taker_stop(&ip_at_guest);

	lro_set(test, false);
	KUNIT_EXPECT_EQ(test, lro_send(test, 40000, 1448, 28), 28);
	lro_set(test, true);
	KUNIT_EXPECT_EQ(test, lro_send(test, 40000, 1448, 1), 1);

	/* a program is to see all there is of a frame */
	prog = xdp_program(test, xdp_drop, ARRAY_SIZE(xdp_drop));
	KUNIT_EXPECT_EQ(test, xdp_set(prog, NULL), 0);
	KUNIT_EXPECT_FALSE(test, guest->features & NETIF_F_LRO);
	KUNIT_EXPECT_TRUE(test, env_wait(!(host->features & TSO)));
	KUNIT_EXPECT_EQ(test, lro_send(test, 40000, 1448, 28), 28);
	KUNIT_EXPECT_EQ(test, link_counter("rx_xdp_drop"), 28);
	xdp_unset(test, prog);
	KUNIT_EXPECT_TRUE(test, guest->features & NETIF_F_LRO);
	KUNIT_EXPECT_EQ(test, link_counter("rx_malformed"), 0);
}

static void net_xdp(struct kunit *test)
{
	static const u32 lens[] = { 60, 700, 1500, 3400 };
	struct netlink_ext_ack extack = {};
	struct bpf_prog *prog;
	int got;
	u32 i;

	link_up(test);
	KUNIT_EXPECT_TRUE(test, guest->xdp_features & NETDEV_XDP_ACT_BASIC);
	prog = xdp_program(test, xdp_pass, ARRAY_SIZE(xdp_pass));
	/* a frame has to be in one page */
	link_mtu(test, guest, LINK_MTU);
	KUNIT_EXPECT_EQ(test, xdp_set(prog, &extack), -EOPNOTSUPP);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	link_mtu(test, guest, 3400);
	KUNIT_EXPECT_EQ(test, xdp_set(prog, NULL), 0);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_set_mtu(guest, 3600), -EOPNOTSUPP);
	rtnl_unlock();
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		link_expect(test, host, guest->dev_addr, &at_guest, i, lens[i], lens[i]);
	KUNIT_EXPECT_EQ(test, link_counter("rx_xdp_pass"), ARRAY_SIZE(lens));
	/* and none gets by */
	link_flood(test, host, guest->dev_addr, 3, 8000, 8000);
	KUNIT_EXPECT_TRUE(test, env_wait(link_counter("rx_xdp_long") == 3));
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.frames), ARRAY_SIZE(lens));
	xdp_unset(test, prog);

	got = atomic_read(&at_guest.frames);
	prog = xdp_program(test, xdp_drop, ARRAY_SIZE(xdp_drop));
	KUNIT_EXPECT_EQ(test, xdp_set(prog, NULL), 0);
	xdp_count(test, "rx_xdp_drop", 700);
	xdp_unset(test, prog);
	prog = xdp_program(test, xdp_bad, ARRAY_SIZE(xdp_bad));
	KUNIT_EXPECT_EQ(test, xdp_set(prog, NULL), 0);
	xdp_count(test, "rx_xdp_aborted", 1);
	xdp_unset(test, prog);
	prog = xdp_program(test, xdp_lost, ARRAY_SIZE(xdp_lost));
	KUNIT_EXPECT_EQ(test, xdp_set(prog, NULL), 0);
	xdp_count(test, "rx_xdp_aborted", 700);
	xdp_unset(test, prog);
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.frames), got);

	/* what a program changes, the stack sees */
	prog = xdp_program(test, xdp_cut, ARRAY_SIZE(xdp_cut));
	KUNIT_EXPECT_EQ(test, xdp_set(prog, NULL), 0);
	xdp_count(test, "rx_xdp_pass", 1);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_guest.frames) == got + 1));
	KUNIT_EXPECT_EQ(test, at_guest.len, 496);
	xdp_unset(test, prog);
	prog = xdp_program(test, xdp_push, ARRAY_SIZE(xdp_push));
	KUNIT_EXPECT_EQ(test, xdp_set(prog, NULL), 0);
	xdp_count(test, "rx_xdp_pass", 1);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_guest.frames) == got + 2));
	KUNIT_EXPECT_EQ(test, at_guest.len, 504);
	/* which does not begin as it was sent */
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.wrong), 1);
	xdp_unset(test, prog);

	/* and memory was given back all the time */
	link_expect_memory(test);
}

/* What a program sends, with what the stack sends. */
static void net_xdp_tx(struct kunit *test)
{
	struct bpf_prog *prog;
	u32 n = 600, sent;

	link_up(test);
	prog = xdp_program(test, xdp_reflect, ARRAY_SIZE(xdp_reflect));
	KUNIT_EXPECT_EQ(test, xdp_set(prog, NULL), 0);
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
	xdp_unset(test, prog);
	link_expect(test, host, guest->dev_addr, &at_guest, 3, 700, 60);
	link_expect(test, guest, host->dev_addr, &at_host, 4, 700, 60);
	link_expect_memory(test);
}

/* Of another LINK_NIC's, so to say: a page each. */
static struct xdp_frame *xdp_frame_make(struct kunit *test, struct xdp_rxq_info *rxq, u32 seq,
					u32 len)
{
	struct page *page = alloc_page(GFP_KERNEL);
	__be32 wire = cpu_to_be32(seq);
	struct xdp_buff xdp;
	struct ethhdr *eth;
	u8 *p;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	xdp_init_buff(&xdp, PAGE_SIZE, rxq);
	xdp_prepare_buff(&xdp, page_address(page), XDP_PACKET_HEADROOM, ETH_HLEN + len, false);
	eth = xdp.data;
	ether_addr_copy(eth->h_dest, host->dev_addr);
	ether_addr_copy(eth->h_source, guest->dev_addr);
	eth->h_proto = htons(LINK_PROTO);
	p = xdp.data + ETH_HLEN;
	for (i = 0; i < len; i++)
		p[i] = link_pattern(seq, i);
	memcpy(p, &wire, sizeof(wire));
	return xdp_convert_buff_to_frame(&xdp);
}

static void net_xdp_xmit(struct kunit *test)
{
	struct xdp_rxq_info rxq = { .mem.type = MEM_TYPE_PAGE_ORDER0 };
	struct xdp_frame *frames[16];
	int i, ret;

	link_up(test);
	for (i = 0; i < ARRAY_SIZE(frames); i++)
		frames[i] = xdp_frame_make(test, &rxq, i, 60 + i * 70);
	local_bh_disable();
	ret = guest->netdev_ops->ndo_xdp_xmit(guest, ARRAY_SIZE(frames), frames, BIT(7));
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, ret, -EINVAL);
	local_bh_disable();
	ret = guest->netdev_ops->ndo_xdp_xmit(guest, ARRAY_SIZE(frames), frames,
					      XDP_XMIT_FLUSH);
	local_bh_enable();
	KUNIT_ASSERT_EQ(test, ret, ARRAY_SIZE(frames));
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_host.frames) == ret));
	KUNIT_EXPECT_EQ(test, atomic_read(&at_host.wrong), 0);
	KUNIT_EXPECT_EQ(test, link_counter("tx_xdp"), ARRAY_SIZE(frames));
	/* in few packets, as the stack's are */
	KUNIT_EXPECT_GE(test, link_counter("tx_batched"), 10);

	rtnl_lock();
	dev_close(guest);
	rtnl_unlock();
	frames[0] = xdp_frame_make(test, &rxq, 0, 60);
	local_bh_disable();
	ret = guest->netdev_ops->ndo_xdp_xmit(guest, 1, frames, XDP_XMIT_FLUSH);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, ret, -ENETDOWN);
	xdp_return_frame(frames[0]);
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
	KUNIT_CASE(net_xdp),
	KUNIT_CASE(net_xdp_tx),
	KUNIT_CASE(net_xdp_xmit),
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
