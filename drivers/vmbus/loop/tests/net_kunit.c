// SPDX-License-Identifier: GPL-2.0-only
/*
 * NICs, all the way: a netdev of vsc_net, VMBus, vsp_net, and the netdev that is
 * the other end. What is received is compared byte by byte with what was sent.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/page_pool/types.h>
#include <net/tcp.h>
#include <net/xdp.h>

#include <vmb/guest.h>

#include "../../guest/guest.h"
#include "env.h"
#include "nic.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

#define NIC		ENV_DIR "/net.0"
#define HOST_NAME	"kunitloop0"
#define MTU		9000
/* of the local experimental kind */
#define FRAME_PROTO	ETH_P_802_EX1

static struct vmb_loop *loop;
static struct net_device *host, *guest;
static char withdraw_ms[16];

/**
 * struct taker - an end that frames come to
 * @pt: what the kernel calls
 * @frames: received
 * @wrong: of them are not as they were sent
 * @tci: of the last one, or 0
 * @gso: segments' size of the last one, or 0
 * @whole: they are of many segments: the checksum is good, and has not been made
 * @made: they are of many segments: the checksum has been made all the same
 * @len: of the last one, from behind its Ethernet header
 * @shown: how far the host saw the guest's ring by then
 * @pool: where the memory of the last one goes back to, or NULL
 */
struct taker {
	struct packet_type pt;
	atomic_t frames;
	atomic_t wrong;
	u32 tci;
	u32 gso;
	bool whole;
	bool made;
	u32 len;
	u32 shown;
	struct page_pool *pool;
};

static struct taker at_host, at_guest, ip_at_host, ip_at_guest, tags;

static u8 pattern(u32 seq, u32 i)
{
	return seq * 31 + (seq >> 8) + i + (i >> 8);
}

/* How far the host sees the ring to it. */
static u32 guest_shown(void)
{
	struct vmb_guest_device *dev = vmb_guest_device_of(guest->dev.parent);

	return le32_to_cpu(READ_ONCE(vmb_guest_chan_of(dev->primary)->out.hdr->write_index));
}

/* A sequence number, then what follows from it. */
static int taker_frame(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt,
		       struct net_device *orig)
{
	struct taker *t = container_of(pt, struct taker, pt);
	__be32 wire;
	u32 seq, i;
	u8 *buf;

	t->len = skb->len;
	t->shown = guest_shown();
	t->pool = skb->pp_recycle ? virt_to_head_page(skb->head)->pp : NULL;
	buf = kmalloc(skb->len, GFP_ATOMIC);
	if (buf && skb->len > sizeof(wire) && !skb_copy_bits(skb, 0, buf, skb->len)) {
		memcpy(&wire, buf, sizeof(wire));
		seq = be32_to_cpu(wire);
		for (i = sizeof(wire); i < skb->len && buf[i] == pattern(seq, i); i++)
			;
		if (i != skb->len)
			atomic_inc(&t->wrong);
	} else {
		atomic_inc(&t->wrong);
	}
	kfree(buf);
	kfree_skb(skb);
	/* last: who waits looks at the others then */
	atomic_inc_return(&t->frames);
	return NET_RX_SUCCESS;
}

static void taker_start(struct taker *t, struct net_device *dev, __be16 type,
			int (*func)(struct sk_buff *skb, struct net_device *dev,
				    struct packet_type *pt, struct net_device *orig))
{
	memset(t, 0, sizeof(*t));
	t->pt.type = type;
	t->pt.dev = dev;
	t->pt.func = func;
	dev_add_pack(&t->pt);
}

static void taker_stop(struct taker *t)
{
	if (t->pt.func)
		dev_remove_pack(&t->pt);
	t->pt.func = NULL;
}

/* A frame of @len bytes behind the Ethernet header, @linear of them not in pages. */
static struct sk_buff *frame(struct net_device *from, const u8 *to, u32 seq, u32 len, u32 linear)
{
	__be32 wire = cpu_to_be32(seq);
	struct sk_buff *skb;
	u32 i, done;
	u8 *p;

	linear = min(len, linear);
	skb = alloc_skb(LL_MAX_HEADER + linear, GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_reserve(skb, LL_MAX_HEADER);
	p = skb_put(skb, linear);
	for (i = 0; i < linear; i++)
		p[i] = pattern(seq, i);
	memcpy(p, &wire, sizeof(wire));
	for (done = linear; done < len; done += i) {
		u32 n = min_t(u32, len - done, 3000), at = seq % 900;
		struct page *page = alloc_page(GFP_KERNEL);

		if (!page) {
			kfree_skb(skb);
			return NULL;
		}
		p = page_address(page) + at;
		for (i = 0; i < n; i++)
			p[i] = pattern(seq, done + i);
		skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, at, n, PAGE_SIZE);
	}
	skb->dev = from;
	skb->protocol = htons(FRAME_PROTO);
	skb_reset_network_header(skb);
	if (dev_hard_header(skb, from, FRAME_PROTO, to, from->dev_addr, skb->len) < 0) {
		kfree_skb(skb);
		return NULL;
	}
	skb_reset_mac_header(skb);
	return skb;
}

/* Both ends */

/* Both ends are there, up, and have a carrier. */
static void link_up(struct kunit *test)
{
	host = dev_get_by_name(&init_net, HOST_NAME);
	KUNIT_ASSERT_NOT_NULL(test, host);
	KUNIT_ASSERT_TRUE(test, env_wait((guest = nic_get())));
	KUNIT_ASSERT_EQ(test, nic_up(host), 0);
	KUNIT_ASSERT_EQ(test, nic_up(guest), 0);
	KUNIT_ASSERT_TRUE(test, env_wait(nic_ready(guest) && nic_ready(host)));
	taker_start(&at_host, host, htons(FRAME_PROTO), taker_frame);
	taker_start(&at_guest, guest, htons(FRAME_PROTO), taker_frame);
}

static void link_forget(void)
{
	taker_stop(&at_host);
	taker_stop(&at_guest);
	taker_stop(&ip_at_host);
	taker_stop(&ip_at_guest);
	taker_stop(&tags);
	if (guest)
		dev_put(guest);
	if (host)
		dev_put(host);
	guest = NULL;
	host = NULL;
}

static int net_init(struct kunit *test)
{
	int ret;

	loop = NULL;
	guest = NULL;
	host = NULL;
	ret = file_read(ENV_WITHDRAW_MS, withdraw_ms, sizeof(withdraw_ms));
	ret = ret ?: env_write(ENV_WITHDRAW_MS, "0");
	ret = ret ?: env_mkdir(ENV_DIR) ?: env_mkdir(NIC);
	ret = ret ?: env_write(NIC "/ifname", HOST_NAME) ?: env_write(NIC "/mtu", "9000");
	ret = ret ?: env_write(NIC "/enable", "1");
	if (ret)
		return ret;
	loop = vmb_loop_create(ENV_PARTITION, 0);
	if (IS_ERR(loop)) {
		ret = PTR_ERR(loop);
		loop = NULL;
		return ret;
	}
	return vmb_guest_bus_connect(loop->guest);
}

static void net_exit(struct kunit *test)
{
	link_forget();
	if (loop)
		vmb_loop_destroy(loop);
	KUNIT_EXPECT_FALSE(test, nic_there());
	KUNIT_EXPECT_EQ(test, env_rmdir(NIC), 0);
	KUNIT_EXPECT_EQ(test, env_rmdir(ENV_DIR), 0);
	KUNIT_EXPECT_EQ(test, env_write(ENV_WITHDRAW_MS, withdraw_ms), 0);
}

/* Send one, and wait until it has come. */
static void expect_frame(struct kunit *test, struct net_device *from, const u8 *to,
			 struct taker *t, u32 seq, u32 len, u32 linear)
{
	int before = atomic_read(&t->frames);
	struct sk_buff *skb = frame(from, to, seq, len, linear);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_EQ(test, dev_queue_xmit(skb), NET_XMIT_SUCCESS);
	if (!env_wait(atomic_read(&t->frames) == before + 1)) {
		KUNIT_FAIL(test, "frame %u: %d have come", seq, atomic_read(&t->frames) - before);
		nic_show(test, host);
		nic_show(test, guest);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&t->wrong), 0);
	KUNIT_EXPECT_EQ(test, t->len, len);
}

static void mtu_set(struct kunit *test, struct net_device *dev, int mtu)
{
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_set_mtu(dev, mtu), 0);
	rtnl_unlock();
}

static void net_link(struct kunit *test)
{
	char mac[32], text[32];

	link_up(test);
	KUNIT_ASSERT_EQ(test, file_read(NIC "/mac", mac, sizeof(mac)), 0);
	snprintf(text, sizeof(text), "%pM", guest->dev_addr);
	KUNIT_EXPECT_EQ(test, strncmp(mac, text, strlen(text)), 0);
	KUNIT_EXPECT_EQ(test, guest->mtu, 1500);
	KUNIT_EXPECT_EQ(test, guest->max_mtu, MTU);
	KUNIT_EXPECT_EQ(test, guest->min_mtu, 68);
	/* the link goes with the other end, and comes back */
	rtnl_lock();
	dev_close(host);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, env_wait(!netif_carrier_ok(guest)));
	KUNIT_EXPECT_EQ(test, nic_up(host), 0);
	KUNIT_EXPECT_TRUE(test, env_wait(nic_ready(guest) && nic_ready(host)));
	expect_frame(test, guest, host->dev_addr, &at_host, 1, 100, 100);
	/* and the other way round */
	rtnl_lock();
	dev_close(guest);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, env_wait(!netif_carrier_ok(host)));
	KUNIT_EXPECT_EQ(test, nic_up(guest), 0);
	KUNIT_EXPECT_TRUE(test, env_wait(nic_ready(guest) && nic_ready(host)));
	expect_frame(test, host, guest->dev_addr, &at_guest, 2, 100, 100);
}

static void net_frames(struct kunit *test)
{
	static const u32 lens[] = {
		46, 47, 60, 200, 201, 255, 256, 257, 1023, 1499, 1500,
		/* around a section of the send buffer, and what is longer than one */
		3000, 6000, 6050, 6068, 6069, 6070, 6071, 6072, 6073, 6080, 6100, 6144, 8999, MTU,
	};
	static const u32 linear[] = { 16, 128, 1500, 6000, MTU };
	u32 i, j, seq = 0;

	link_up(test);
	mtu_set(test, guest, MTU);
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		for (j = 0; j < ARRAY_SIZE(linear); j++) {
			expect_frame(test, guest, host->dev_addr, &at_host, ++seq, lens[i],
				     linear[j]);
			expect_frame(test, host, guest->dev_addr, &at_guest, ++seq, lens[i],
				     linear[j]);
		}
	/* groups, and everybody */
	expect_frame(test, host, host->broadcast, &at_guest, ++seq, 100, 100);
	expect_frame(test, guest, guest->broadcast, &at_host, ++seq, 100, 100);
}

static u64 counter(const char *name)
{
	return nic_counter(guest, name);
}

/* Many at once: none is lost, wherever it has to wait. */
static u32 flood(struct kunit *test, struct net_device *from, const u8 *to, u32 n, u32 len,
		 u32 linear)
{
	u32 i, refused = 0;

	for (i = 0; i < n; i++) {
		struct sk_buff *skb = frame(from, to, i, len, linear);

		KUNIT_ASSERT_NOT_NULL(test, skb);
		refused += dev_queue_xmit(skb) != NET_XMIT_SUCCESS;
		if (need_resched())
			cond_resched();
	}
	return refused;
}

static void net_flood(struct kunit *test)
{
	u32 n = 1000;

	link_up(test);
	mtu_set(test, guest, MTU);
	n -= flood(test, guest, host->dev_addr, n, 300, 300);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_host.frames) == n));
	KUNIT_EXPECT_EQ(test, atomic_read(&at_host.wrong), 0);
	KUNIT_EXPECT_EQ(test, counter("tx_packets"), n);
	KUNIT_EXPECT_EQ(test, counter("tx_copied"), n);
	KUNIT_EXPECT_EQ(test, counter("tx_dropped"), 0);

	atomic_set(&at_host.frames, 0);
	n = 200 - flood(test, guest, host->dev_addr, 200, 8000, 100);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_host.frames) == n));
	KUNIT_EXPECT_EQ(test, counter("tx_mapped"), n);

	n = 1500 - flood(test, host, guest->dev_addr, 1500, 1400, 1400);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_guest.frames) == n));
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.wrong), 0);
	KUNIT_EXPECT_EQ(test, counter("rx_packets"), n);
	KUNIT_EXPECT_EQ(test, counter("rx_malformed"), 0);
	KUNIT_EXPECT_EQ(test, counter("rx_bad_completions"), 0);
	KUNIT_EXPECT_GT(test, n, 900);
}

/* As the stack hands over what it has more of: several frames in a packet. */
static void net_batch(struct kunit *test)
{
	struct netdev_queue *nq;
	const u32 n = 64;
	u32 i;

	link_up(test);
	nq = netdev_get_tx_queue(guest, 0);
	for (i = 0; i < n; i++) {
		struct sk_buff *skb = frame(guest, host->dev_addr, i, 100 + i, 1000);
		netdev_tx_t ret;

		KUNIT_ASSERT_NOT_NULL(test, skb);
		skb_set_queue_mapping(skb, 0);
		local_bh_disable();
		HARD_TX_LOCK(guest, nq, smp_processor_id());
		ret = netdev_start_xmit(skb, guest, nq, i < n - 1);
		HARD_TX_UNLOCK(guest, nq);
		local_bh_enable();
		KUNIT_ASSERT_EQ(test, ret, NETDEV_TX_OK);
	}
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_host.frames) == n));
	KUNIT_EXPECT_EQ(test, atomic_read(&at_host.wrong), 0);
	KUNIT_EXPECT_EQ(test, counter("tx_batched"), n - n / 8);
}

/* Some is at hand, some with those who look at frames late. */
static void expect_memory(struct kunit *test)
{
	KUNIT_ASSERT_NOT_NULL(test, at_guest.pool);
	KUNIT_EXPECT_LT(test, READ_ONCE(at_guest.pool->pages_state_hold_cnt), 600);
}

/* Memory of frames is used again, whatever their lengths. */
static void net_pool(struct kunit *test)
{
	static const u32 lens[] = { 60, 500, 1500, 3000, 3800, 4096, 8000, MTU };
	u32 i, n = 0;

	link_up(test);
	mtu_set(test, guest, MTU);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		atomic_set(&at_guest.frames, 0);
		n += 400 - flood(test, host, guest->dev_addr, 400, lens[i], lens[i]);
		KUNIT_EXPECT_TRUE(test, env_wait(counter("rx_packets") == n));
		KUNIT_ASSERT_NOT_NULL(test, at_guest.pool);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.wrong), 0);
	KUNIT_EXPECT_EQ(test, counter("rx_nomem"), 0);
	KUNIT_EXPECT_GT(test, n, 2000);
	expect_memory(test);
}

/* The same, once whatever either end has had to say has been said. */
static u32 guest_shown_at_last(void)
{
	u32 seen = guest_shown(), same = 0, now, i;

	for (i = 0; i < 500 && same < 10; i++) {
		msleep(20);
		now = guest_shown();
		same = now == seen ? same + 1 : 0;
		seen = now;
	}
	return seen;
}

/*
 * That a frame was received is not shown to the host, which takes a signal, before
 * the stack has had the frame: what it sends at once goes along.
 */
static void net_shown(struct kunit *test)
{
	u32 before, i;

	link_up(test);
	for (i = 0; i < 10; i++) {
		before = guest_shown_at_last();
		expect_frame(test, host, guest->dev_addr, &at_guest, i, 100, 100);
		KUNIT_EXPECT_EQ(test, at_guest.shown, before);
		KUNIT_EXPECT_TRUE(test, env_wait(guest_shown() != before));
	}
}

/* Sees frames before anybody looks at their tag. */
static int taker_tag(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt,
		     struct net_device *orig)
{
	struct taker *t = container_of(pt, struct taker, pt);

	if (skb->pkt_type != PACKET_OUTGOING && skb->protocol == htons(FRAME_PROTO)) {
		t->tci = skb_vlan_tag_present(skb) ? skb_vlan_tag_get(skb) : 0;
		atomic_inc_return(&t->frames);
	}
	kfree_skb(skb);
	return NET_RX_SUCCESS;
}

static void expect_tag(struct kunit *test, struct net_device *from, struct net_device *to,
		       u16 tci)
{
	struct sk_buff *skb = frame(from, to->dev_addr, 7, 500, 500);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	taker_start(&tags, to, htons(ETH_P_ALL), taker_tag);
	if (tci)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), tci);
	KUNIT_EXPECT_EQ(test, dev_queue_xmit(skb), NET_XMIT_SUCCESS);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&tags.frames) == 1));
	KUNIT_EXPECT_EQ(test, tags.tci, tci);
	taker_stop(&tags);
}

static void net_vlan(struct kunit *test)
{
	link_up(test);
	expect_tag(test, guest, host, 0xb123);
	expect_tag(test, host, guest, 0x7456);
	expect_tag(test, guest, host, 0);
	expect_tag(test, host, guest, 0);
}

/* TCP, the way the stack leaves it to a NIC. */
static struct sk_buff *segment(struct kunit *test, struct net_device *from,
			       struct net_device *to, u32 payload, u32 mss)
{
	u32 head = sizeof(struct iphdr) + sizeof(struct tcphdr);
	struct sk_buff *skb = frame(from, to->dev_addr, 5, head + payload, 200);
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
	if (!t->gso && !t->made) {
		__wsum sum = csum_partial(buf + sizeof(*ip), skb->len - sizeof(*ip), 0);

		/* what is in the field is the sum over the pseudo header */
		*(__sum16 *)(buf + sizeof(*ip) + offsetof(struct tcphdr, check)) = csum_fold(sum);
	}
	if (!t->gso && tcp_v4_check(skb->len - sizeof(*ip), ip->saddr, ip->daddr,
				    csum_partial(buf + sizeof(*ip), skb->len - sizeof(*ip), 0)))
		goto wrong;
	for (i = head; i < skb->len; i++)
		if (buf[i] != pattern(5, i))
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
	KUNIT_EXPECT_EQ(test, counter("tx_lso"), 1);
	KUNIT_EXPECT_EQ(test, counter("tx_csum"), 1);
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
	u64 before = counter(name);

	KUNIT_EXPECT_EQ(test, flood(test, host, guest->dev_addr, n, 500, 500), 0);
	KUNIT_EXPECT_TRUE(test, env_wait(counter(name) == before + n));
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
	u64 before = counter("rx_packets");
	struct sk_buff *skb = segment(test, host, guest, payload, mss);

	KUNIT_EXPECT_EQ(test, dev_queue_xmit(skb), NET_XMIT_SUCCESS);
	env_wait(counter("rx_packets") >= before + frames);
	return counter("rx_packets") - before;
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
		KUNIT_EXPECT_NOT_NULL(test, ip_at_guest.pool);
	}
	/* who wants to look at checksums finds them made */
	feature_set(test, NETIF_F_RXCSUM, false);
	ip_at_guest.made = true;
	KUNIT_EXPECT_EQ(test, lro_send(test, 3000, 1448, 1), 1);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&ip_at_guest.frames) == i + 1));
	feature_set(test, NETIF_F_RXCSUM, true);
	KUNIT_EXPECT_EQ(test, atomic_read(&ip_at_guest.wrong), 0);
	KUNIT_EXPECT_EQ(test, counter("rx_lro"), ARRAY_SIZE(sizes) + 1);
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
	KUNIT_EXPECT_EQ(test, counter("rx_xdp_drop"), 28);
	xdp_unset(test, prog);
	KUNIT_EXPECT_TRUE(test, guest->features & NETIF_F_LRO);
	KUNIT_EXPECT_EQ(test, counter("rx_malformed"), 0);
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
	mtu_set(test, guest, MTU);
	KUNIT_EXPECT_EQ(test, xdp_set(prog, &extack), -EOPNOTSUPP);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	mtu_set(test, guest, 3400);
	KUNIT_EXPECT_EQ(test, xdp_set(prog, NULL), 0);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_set_mtu(guest, 3600), -EOPNOTSUPP);
	rtnl_unlock();
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		expect_frame(test, host, guest->dev_addr, &at_guest, i, lens[i], lens[i]);
	KUNIT_EXPECT_EQ(test, counter("rx_xdp_pass"), ARRAY_SIZE(lens));
	/* and none gets by */
	flood(test, host, guest->dev_addr, 3, 8000, 8000);
	KUNIT_EXPECT_TRUE(test, env_wait(counter("rx_xdp_long") == 3));
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
	expect_memory(test);
}

/* What a program sends, with what the stack sends. */
static void net_xdp_tx(struct kunit *test)
{
	struct bpf_prog *prog;
	u32 n = 600, sent;

	link_up(test);
	prog = xdp_program(test, xdp_reflect, ARRAY_SIZE(xdp_reflect));
	KUNIT_EXPECT_EQ(test, xdp_set(prog, NULL), 0);
	expect_frame(test, host, guest->dev_addr, &at_host, 1, 60, 60);
	expect_frame(test, host, guest->dev_addr, &at_host, 2, 1500, 60);
	KUNIT_EXPECT_EQ(test, counter("rx_xdp_tx"), 2);
	KUNIT_EXPECT_EQ(test, counter("tx_xdp"), 2);
	n -= flood(test, host, guest->dev_addr, n, 300, 300);
	sent = 300 - flood(test, guest, host->dev_addr, 300, 400, 400);
	/* those that there was no room for are the program's loss, not the stack's */
	KUNIT_EXPECT_TRUE(test, env_wait(counter("rx_xdp_tx") + counter("rx_xdp_aborted") ==
					 n + 2));
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_host.frames) ==
					 counter("rx_xdp_tx") + sent));
	KUNIT_EXPECT_EQ(test, counter("tx_xdp"), counter("rx_xdp_tx"));
	KUNIT_EXPECT_EQ(test, counter("tx_xdp_dropped"), counter("rx_xdp_aborted"));
	KUNIT_EXPECT_EQ(test, counter("tx_packets"), counter("tx_xdp") + sent);
	KUNIT_EXPECT_EQ(test, atomic_read(&at_host.wrong), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.frames), 0);
	xdp_unset(test, prog);
	expect_frame(test, host, guest->dev_addr, &at_guest, 3, 700, 60);
	expect_frame(test, guest, host->dev_addr, &at_host, 4, 700, 60);
	expect_memory(test);
}

/* Of another NIC's, so to say: a page each. */
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
	eth->h_proto = htons(FRAME_PROTO);
	p = xdp.data + ETH_HLEN;
	for (i = 0; i < len; i++)
		p[i] = pattern(seq, i);
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
	KUNIT_EXPECT_EQ(test, counter("tx_xdp"), ARRAY_SIZE(frames));
	/* in few packets, as the stack's are */
	KUNIT_EXPECT_GE(test, counter("tx_batched"), 10);

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

static void net_address(struct kunit *test)
{
	struct sockaddr addr = { .sa_family = ARPHRD_ETHER };

	/* not allowed by the host */
	link_up(test);
	memcpy(addr.sa_data, guest->dev_addr, ETH_ALEN);
	addr.sa_data[5] ^= 1;
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_set_mac_address(guest, &addr, NULL), -EPERM);
	rtnl_unlock();
	expect_frame(test, guest, host->dev_addr, &at_host, 1, 100, 100);
	link_forget();

	KUNIT_ASSERT_EQ(test, env_write(NIC "/enable", "0"), 0);
	KUNIT_EXPECT_TRUE(test, env_wait(!nic_there()));
	KUNIT_ASSERT_EQ(test, env_write(NIC "/mac_spoofing", "1"), 0);
	KUNIT_ASSERT_EQ(test, env_write(NIC "/enable", "1"), 0);
	link_up(test);
	memcpy(addr.sa_data, guest->dev_addr, ETH_ALEN);
	addr.sa_data[5] ^= 1;
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_set_mac_address(guest, &addr, NULL), 0);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, ether_addr_equal(guest->dev_addr, addr.sa_data));
	expect_frame(test, host, guest->dev_addr, &at_guest, 2, 100, 100);
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
		expect_frame(test, host, guest->dev_addr, &at_guest, i, 100, 100);
}

/* The NIC goes while both ends are busy, and comes back. */
static void net_withdraw(struct kunit *test)
{
	int round;

	for (round = 0; round < 5; round++) {
		link_up(test);
		flood(test, guest, host->dev_addr, 300, 300, 300);
		flood(test, guest, host->dev_addr, 50, 1400, 16);
		flood(test, host, guest->dev_addr, 300, 1400, 1400);
		link_forget();
		KUNIT_ASSERT_EQ(test, env_write(NIC "/enable", "0"), 0);
		KUNIT_EXPECT_TRUE(test, env_wait(!nic_there()));
		KUNIT_ASSERT_EQ(test, env_write(NIC "/enable", "1"), 0);
	}
	link_up(test);
	expect_frame(test, guest, host->dev_addr, &at_host, 1, 1000, 100);
	expect_frame(test, host, guest->dev_addr, &at_guest, 2, 1000, 100);
}

/* The driver goes and comes. */
static void net_storm(struct kunit *test)
{
	struct device *d;
	int i;

	link_up(test);
	d = get_device(guest->dev.parent);
	link_forget();
	for (i = 0; i < 8; i++) {
		device_release_driver(d);
		KUNIT_EXPECT_FALSE(test, nic_there());
		KUNIT_ASSERT_EQ(test, device_attach(d), 1);
		link_up(test);
		expect_frame(test, guest, host->dev_addr, &at_host, i, 1000, 100);
		expect_frame(test, host, guest->dev_addr, &at_guest, i, 1000, 100);
		flood(test, host, guest->dev_addr, 100, 100, 100);
		link_forget();
	}
	put_device(d);
}

/* The guest goes and comes, with an older bus, too. */
static void net_reload(struct kunit *test)
{
	int i;

	for (i = 0; i < 4; i++) {
		link_up(test);
		expect_frame(test, guest, host->dev_addr, &at_host, i, 1000, 100);
		expect_frame(test, host, guest->dev_addr, &at_guest, i, 1000, 100);
		link_forget();
		vmb_loop_destroy(loop);
		KUNIT_EXPECT_FALSE(test, nic_there());
		loop = vmb_loop_create(ENV_PARTITION, i & 1 ? VMB_VERSION_2_4 : 0);
		if (IS_ERR(loop)) {
			loop = NULL;
			KUNIT_FAIL_AND_ABORT(test, "no loop");
		}
		KUNIT_ASSERT_EQ(test, vmb_guest_bus_connect(loop->guest), 0);
	}
}

/* the bus has no callbacks in a kernel that cannot sleep, but the driver has */
static struct vmb_guest_driver *driver_of(struct device *d)
{
	return container_of(d->driver, struct vmb_guest_driver, driver);
}

/* The machine sleeps and wakes, with frames under way. */
static void net_sleep(struct kunit *test)
{
	struct device *d;
	int round;

	link_up(test);
	d = guest->dev.parent;
	for (round = 0; round < 3; round++) {
		flood(test, guest, host->dev_addr, 100, 300, 300);
		flood(test, host, guest->dev_addr, 100, 300, 300);
		device_lock(d);
		KUNIT_EXPECT_EQ(test, driver_of(d)->suspend(vmb_guest_device_of(d)), 0);
		device_unlock(d);
		KUNIT_ASSERT_EQ(test, vmb_guest_bus_suspend(loop->guest), 0);
		vmb_guest_bus_synic_off(loop->guest);
		KUNIT_EXPECT_FALSE(test, netif_carrier_ok(guest));
		KUNIT_ASSERT_EQ(test, vmb_guest_bus_synic_on(loop->guest), 0);
		KUNIT_ASSERT_EQ(test, vmb_guest_bus_resume(loop->guest), 0);
		device_lock(d);
		KUNIT_EXPECT_EQ(test, driver_of(d)->resume(vmb_guest_device_of(d)), 0);
		device_unlock(d);
		KUNIT_EXPECT_TRUE(test, env_wait(nic_ready(guest) && nic_ready(host)));
		/* those of before the sleep are through, or lost */
		msleep(50);
		expect_frame(test, guest, host->dev_addr, &at_host, round, 1000, 100);
		expect_frame(test, host, guest->dev_addr, &at_guest, round, 1000, 100);
	}
}

static struct kunit_case net_cases[] = {
	KUNIT_CASE(net_link),
	KUNIT_CASE(net_frames),
	KUNIT_CASE(net_flood),
	KUNIT_CASE(net_batch),
	KUNIT_CASE(net_shown),
	KUNIT_CASE(net_pool),
	KUNIT_CASE(net_vlan),
	KUNIT_CASE(net_offload),
	KUNIT_CASE(net_lro),
	KUNIT_CASE(net_xdp),
	KUNIT_CASE(net_xdp_tx),
	KUNIT_CASE(net_xdp_xmit),
	KUNIT_CASE(net_address),
	KUNIT_CASE(net_coalesce),
	KUNIT_CASE(net_withdraw),
	KUNIT_CASE(net_storm),
	KUNIT_CASE(net_sleep),
	KUNIT_CASE(net_reload),
	{}
};

static struct kunit_suite net_suite = {
	.name = "vmb_loop_net",
	.init = net_init,
	.exit = net_exit,
	.test_cases = net_cases,
};

kunit_test_suite(net_suite);

MODULE_DESCRIPTION("KUnit tests of NICs through both ends of VMBus");
MODULE_LICENSE("GPL");
/* no symbol says that the NICs need them */
MODULE_SOFTDEP("pre: vsp_net vsc_net");
