// SPDX-License-Identifier: GPL-2.0-only
/*
 * Both ends of a NIC. What is received is compared byte by byte with what was sent.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <net/page_pool/types.h>

#include <vmb/guest.h>

#include "../../guest/guest.h"
#include "link.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

#define HOST_NAME	"kunitloop0"

struct vmb_loop *loop;
struct net_device *host, *guest;
struct taker at_host, at_guest;
static struct taker tags;
static char withdraw_ms[16];

u32 link_guest_shown(void)
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
	t->shown = link_guest_shown();
	t->pool = skb->pp_recycle ? virt_to_head_page(skb->head)->pp : NULL;
	buf = kmalloc(skb->len, GFP_ATOMIC);
	if (buf && skb->len > sizeof(wire) && !skb_copy_bits(skb, 0, buf, skb->len)) {
		memcpy(&wire, buf, sizeof(wire));
		seq = be32_to_cpu(wire);
		for (i = sizeof(wire); i < skb->len && buf[i] == link_pattern(seq, i); i++)
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

void taker_start(struct taker *t, struct net_device *dev, __be16 type, taker_func func)
{
	memset(t, 0, sizeof(*t));
	t->pt.type = type;
	t->pt.dev = dev;
	t->pt.func = func;
	dev_add_pack(&t->pt);
}

void taker_stop(struct taker *t)
{
	if (t->pt.func)
		dev_remove_pack(&t->pt);
	t->pt.func = NULL;
}

struct sk_buff *link_frame(struct net_device *from, const u8 *to, u32 seq, u32 len, u32 linear)
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
		p[i] = link_pattern(seq, i);
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
			p[i] = link_pattern(seq, done + i);
		skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, at, n, PAGE_SIZE);
	}
	skb->dev = from;
	skb->protocol = htons(LINK_PROTO);
	skb_reset_network_header(skb);
	if (dev_hard_header(skb, from, LINK_PROTO, to, from->dev_addr, skb->len) < 0) {
		kfree_skb(skb);
		return NULL;
	}
	skb_reset_mac_header(skb);
	return skb;
}

void link_up(struct kunit *test)
{
	host = dev_get_by_name(&init_net, HOST_NAME);
	KUNIT_ASSERT_NOT_NULL(test, host);
	KUNIT_ASSERT_TRUE(test, env_wait((guest = nic_get())));
	KUNIT_ASSERT_EQ(test, nic_up(host), 0);
	KUNIT_ASSERT_EQ(test, nic_up(guest), 0);
	KUNIT_ASSERT_TRUE(test, env_wait(nic_ready(guest) && nic_ready(host)));
	taker_start(&at_host, host, htons(LINK_PROTO), taker_frame);
	taker_start(&at_guest, guest, htons(LINK_PROTO), taker_frame);
}

void link_forget(void)
{
	taker_stop(&at_host);
	taker_stop(&at_guest);
	taker_stop(&tags);
	if (guest)
		dev_put(guest);
	if (host)
		dev_put(host);
	guest = NULL;
	host = NULL;
}

int link_init(struct kunit *test)
{
	int ret;

	loop = NULL;
	guest = NULL;
	host = NULL;
	ret = file_read(ENV_WITHDRAW_MS, withdraw_ms, sizeof(withdraw_ms));
	ret = ret ?: env_write(ENV_WITHDRAW_MS, "0");
	ret = ret ?: env_mkdir(ENV_DIR) ?: env_mkdir(LINK_NIC);
	ret = ret ?: env_write(LINK_NIC "/ifname", HOST_NAME) ?: env_write(LINK_NIC "/mtu", "9000");
	ret = ret ?: env_write(LINK_NIC "/enable", "1");
	if (ret)
		return ret;
	return env_loop(&loop);
}

void link_exit(struct kunit *test)
{
	link_forget();
	if (loop)
		vmb_loop_destroy(loop);
	KUNIT_EXPECT_FALSE(test, nic_there());
	KUNIT_EXPECT_EQ(test, env_rmdir(LINK_NIC), 0);
	KUNIT_EXPECT_EQ(test, env_rmdir(ENV_DIR), 0);
	KUNIT_EXPECT_EQ(test, env_write(ENV_WITHDRAW_MS, withdraw_ms), 0);
}

void link_expect(struct kunit *test, struct net_device *from, const u8 *to, struct taker *t,
		 u32 seq, u32 len, u32 linear)
{
	int before = atomic_read(&t->frames);
	struct sk_buff *skb = link_frame(from, to, seq, len, linear);

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

void link_mtu(struct kunit *test, struct net_device *dev, int mtu)
{
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_set_mtu(dev, mtu), 0);
	rtnl_unlock();
}

u64 link_counter(const char *name)
{
	return nic_counter(guest, name);
}

u32 link_flood(struct kunit *test, struct net_device *from, const u8 *to, u32 n, u32 len,
	       u32 linear)
{
	u32 i, refused = 0;

	for (i = 0; i < n; i++) {
		struct sk_buff *skb = link_frame(from, to, i, len, linear);

		KUNIT_ASSERT_NOT_NULL(test, skb);
		refused += dev_queue_xmit(skb) != NET_XMIT_SUCCESS;
		if (need_resched())
			cond_resched();
	}
	return refused;
}

/* Some is at hand, some with those who look at frames late. */
void link_expect_memory(struct kunit *test)
{
	KUNIT_ASSERT_NOT_NULL(test, at_guest.pool);
	KUNIT_EXPECT_LT(test, READ_ONCE(at_guest.pool->pages_state_hold_cnt), 600);
}

/* Sees frames before anybody looks at their tag. */
static int taker_tag(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt,
		     struct net_device *orig)
{
	struct taker *t = container_of(pt, struct taker, pt);

	if (skb->pkt_type != PACKET_OUTGOING && skb->protocol == htons(LINK_PROTO)) {
		t->tci = skb_vlan_tag_present(skb) ? skb_vlan_tag_get(skb) : 0;
		atomic_inc_return(&t->frames);
	}
	kfree_skb(skb);
	return NET_RX_SUCCESS;
}

void link_expect_tag(struct kunit *test, struct net_device *from, const u8 *to,
		     struct net_device *at, u16 tci)
{
	struct sk_buff *skb = link_frame(from, to, 7, 500, 500);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	taker_start(&tags, at, htons(ETH_P_ALL), taker_tag);
	if (tci)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), tci);
	KUNIT_EXPECT_EQ(test, dev_queue_xmit(skb), NET_XMIT_SUCCESS);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&tags.frames) == 1));
	KUNIT_EXPECT_EQ(test, tags.tci, tci);
	taker_stop(&tags);
}

void link_feature(struct kunit *test, netdev_features_t feature, bool on)
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
