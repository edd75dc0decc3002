// SPDX-License-Identifier: GPL-2.0-only
/*
 * NICs, all the way: links and plain frames; NICs that go and come.
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>

#include <vmb/guest.h>

#include "../../guest/guest.h"
#include "link.h"

static void net_link(struct kunit *test)
{
	char mac[32], text[32];

	link_up(test);
	KUNIT_ASSERT_EQ(test, file_read(LINK_NIC "/mac", mac, sizeof(mac)), 0);
	snprintf(text, sizeof(text), "%pM", guest->dev_addr);
	KUNIT_EXPECT_EQ(test, strncmp(mac, text, strlen(text)), 0);
	KUNIT_EXPECT_EQ(test, guest->mtu, 1500);
	KUNIT_EXPECT_EQ(test, guest->max_mtu, LINK_MTU);
	KUNIT_EXPECT_EQ(test, guest->min_mtu, 68);
	/* the link goes with the other end, and comes back */
	rtnl_lock();
	dev_close(host);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, env_wait(!netif_carrier_ok(guest)));
	KUNIT_EXPECT_EQ(test, nic_up(host), 0);
	KUNIT_EXPECT_TRUE(test, env_wait(nic_ready(guest) && nic_ready(host)));
	link_expect(test, guest, host->dev_addr, &at_host, 1, 100, 100);
	/* and the other way round */
	rtnl_lock();
	dev_close(guest);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, env_wait(!netif_carrier_ok(host)));
	KUNIT_EXPECT_EQ(test, nic_up(guest), 0);
	KUNIT_EXPECT_TRUE(test, env_wait(nic_ready(guest) && nic_ready(host)));
	link_expect(test, host, guest->dev_addr, &at_guest, 2, 100, 100);
}

static void net_frames(struct kunit *test)
{
	static const u32 lens[] = {
		46, 47, 60, 200, 201, 255, 256, 257, 1023, 1499, 1500,
		/* around a section of the send buffer, and what is longer than one */
		3000, 6000, 6050, 6068, 6069, 6070, 6071, 6072, 6073, 6080, 6100, 6144, 8999,
		LINK_MTU,
	};
	static const u32 linear[] = { 16, 128, 1500, 6000, LINK_MTU };
	u32 i, j, seq = 0;

	link_up(test);
	link_mtu(test, guest, LINK_MTU);
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		for (j = 0; j < ARRAY_SIZE(linear); j++) {
			link_expect(test, guest, host->dev_addr, &at_host, ++seq, lens[i],
				    linear[j]);
			link_expect(test, host, guest->dev_addr, &at_guest, ++seq, lens[i],
				    linear[j]);
		}
	/* groups, and everybody */
	link_expect(test, host, host->broadcast, &at_guest, ++seq, 100, 100);
	link_expect(test, guest, guest->broadcast, &at_host, ++seq, 100, 100);
}

static void net_flood(struct kunit *test)
{
	u32 n = 1000;

	link_up(test);
	link_mtu(test, guest, LINK_MTU);
	n -= link_flood(test, guest, host->dev_addr, n, 300, 300);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_host.frames) == n));
	KUNIT_EXPECT_EQ(test, atomic_read(&at_host.wrong), 0);
	KUNIT_EXPECT_EQ(test, link_counter("tx_packets"), n);
	KUNIT_EXPECT_EQ(test, link_counter("tx_copied"), n);
	KUNIT_EXPECT_EQ(test, link_counter("tx_dropped"), 0);

	atomic_set(&at_host.frames, 0);
	n = 200 - link_flood(test, guest, host->dev_addr, 200, 8000, 100);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_host.frames) == n));
	KUNIT_EXPECT_EQ(test, link_counter("tx_mapped"), n);

	n = 1500 - link_flood(test, host, guest->dev_addr, 1500, 1400, 1400);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&at_guest.frames) == n));
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.wrong), 0);
	KUNIT_EXPECT_EQ(test, link_counter("rx_packets"), n);
	KUNIT_EXPECT_EQ(test, link_counter("rx_malformed"), 0);
	KUNIT_EXPECT_EQ(test, link_counter("rx_bad_completions"), 0);
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
		struct sk_buff *skb = link_frame(guest, host->dev_addr, i, 100 + i, 1000);
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
	KUNIT_EXPECT_EQ(test, link_counter("tx_batched"), n - n / 8);
}

/* Memory of frames is used again, whatever their lengths. */
static void net_pool(struct kunit *test)
{
	static const u32 lens[] = { 60, 500, 1500, 3000, 3800, 4096, 8000, LINK_MTU };
	u32 i, n = 0;

	link_up(test);
	link_mtu(test, guest, LINK_MTU);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		atomic_set(&at_guest.frames, 0);
		n += 400 - link_flood(test, host, guest->dev_addr, 400, lens[i], lens[i]);
		KUNIT_EXPECT_TRUE(test, env_wait(link_counter("rx_packets") == n));
		KUNIT_ASSERT_NOT_NULL(test, at_guest.pool);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&at_guest.wrong), 0);
	KUNIT_EXPECT_EQ(test, link_counter("rx_nomem"), 0);
	KUNIT_EXPECT_GT(test, n, 2000);
	link_expect_memory(test);
}

/* The same, once whatever either end has had to say has been said. */
static u32 guest_shown_at_last(void)
{
	u32 seen = link_guest_shown(), same = 0, now, i;

	for (i = 0; i < 500 && same < 10; i++) {
		msleep(20);
		now = link_guest_shown();
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
		link_expect(test, host, guest->dev_addr, &at_guest, i, 100, 100);
		KUNIT_EXPECT_EQ(test, at_guest.shown, before);
		KUNIT_EXPECT_TRUE(test, env_wait(link_guest_shown() != before));
	}
}

static void net_vlan(struct kunit *test)
{
	link_up(test);
	link_expect_tag(test, guest, host->dev_addr, host, 0xb123);
	link_expect_tag(test, host, guest->dev_addr, guest, 0x7456);
	link_expect_tag(test, guest, host->dev_addr, host, 0);
	link_expect_tag(test, host, guest->dev_addr, guest, 0);
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
	link_expect(test, guest, host->dev_addr, &at_host, 1, 100, 100);
	link_forget();

	KUNIT_ASSERT_EQ(test, env_write(LINK_NIC "/enable", "0"), 0);
	KUNIT_EXPECT_TRUE(test, env_wait(!nic_there()));
	KUNIT_ASSERT_EQ(test, env_write(LINK_NIC "/mac_spoofing", "1"), 0);
	KUNIT_ASSERT_EQ(test, env_write(LINK_NIC "/enable", "1"), 0);
	link_up(test);
	memcpy(addr.sa_data, guest->dev_addr, ETH_ALEN);
	addr.sa_data[5] ^= 1;
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_set_mac_address(guest, &addr, NULL), 0);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, ether_addr_equal(guest->dev_addr, addr.sa_data));
	link_expect(test, host, guest->dev_addr, &at_guest, 2, 100, 100);
}

/* The LINK_NIC goes while both ends are busy, and comes back. */
static void net_withdraw(struct kunit *test)
{
	int round;

	for (round = 0; round < env_times(8); round++) {
		link_up(test);
		link_flood(test, guest, host->dev_addr, 300, 300, 300);
		link_flood(test, guest, host->dev_addr, 50, 1400, 16);
		link_flood(test, host, guest->dev_addr, 300, 1400, 1400);
		link_forget();
		KUNIT_ASSERT_EQ(test, env_write(LINK_NIC "/enable", "0"), 0);
		KUNIT_EXPECT_TRUE(test, env_wait(!nic_there()));
		KUNIT_ASSERT_EQ(test, env_write(LINK_NIC "/enable", "1"), 0);
	}
	link_up(test);
	link_expect(test, guest, host->dev_addr, &at_host, 1, 1000, 100);
	link_expect(test, host, guest->dev_addr, &at_guest, 2, 1000, 100);
}

/* Sends from the guest's netdev, if there is one, ever again. */
static struct sender {
	struct delayed_work work;
	u8 to[ETH_ALEN];
	atomic_t sent;
} sender;

static void sender_work(struct work_struct *work)
{
	struct net_device *dev = nic_get();
	struct sk_buff *skb;

	if (dev) {
		skb = link_frame(dev, sender.to, 1, 100, 100);
		if (skb && dev_queue_xmit(skb) == NET_XMIT_SUCCESS)
			atomic_inc(&sender.sent);
		dev_put(dev);
	}
	schedule_delayed_work(&sender.work, msecs_to_jiffies(10));
}

/*
 * A guest that sends all the time loses its link first, and then sends no more: it is not
 * waited for as long as may be, and nothing of it is lost when the NIC goes.
 */
static void net_withdraw_quiet(struct kunit *test)
{
	const u32 limit = 20000;
	unsigned long begin;

	link_up(test);
	ether_addr_copy(sender.to, host->dev_addr);
	link_forget();
	atomic_set(&sender.sent, 0);
	INIT_DELAYED_WORK(&sender.work, sender_work);
	schedule_delayed_work(&sender.work, 0);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&sender.sent) > 20));
	KUNIT_EXPECT_EQ(test, env_write(ENV_WITHDRAW_MS, "20000"), 0);
	begin = jiffies;
	KUNIT_EXPECT_EQ(test, env_write(LINK_NIC "/enable", "0"), 0);
	/* it has been quiet for a tenth of that */
	KUNIT_EXPECT_GE(test, jiffies_to_msecs(jiffies - begin), limit / 10);
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - begin), limit / 2);
	cancel_delayed_work_sync(&sender.work);
	KUNIT_EXPECT_TRUE(test, env_wait(!nic_there()));
}

/* The driver goes and comes. */
static void net_storm(struct kunit *test)
{
	struct device *d;
	int i;

	link_up(test);
	d = get_device(guest->dev.parent);
	link_forget();
	for (i = 0; i < env_times(12); i++) {
		device_release_driver(d);
		KUNIT_EXPECT_FALSE(test, nic_there());
		KUNIT_ASSERT_EQ(test, device_attach(d), 1);
		link_up(test);
		link_expect(test, guest, host->dev_addr, &at_host, i, 1000, 100);
		link_expect(test, host, guest->dev_addr, &at_guest, i, 1000, 100);
		link_flood(test, host, guest->dev_addr, 100, 100, 100);
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
		link_expect(test, guest, host->dev_addr, &at_host, i, 1000, 100);
		link_expect(test, host, guest->dev_addr, &at_guest, i, 1000, 100);
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
		link_flood(test, guest, host->dev_addr, 100, 300, 300);
		link_flood(test, host, guest->dev_addr, 100, 300, 300);
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
		link_expect(test, guest, host->dev_addr, &at_host, round, 1000, 100);
		link_expect(test, host, guest->dev_addr, &at_guest, round, 1000, 100);
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
	KUNIT_CASE(net_address),
	KUNIT_CASE(net_withdraw),
	KUNIT_CASE(net_withdraw_quiet),
	KUNIT_CASE(net_storm),
	KUNIT_CASE(net_sleep),
	KUNIT_CASE(net_reload),
	{}
};

static struct kunit_suite net_suite = {
	.name = "vmb_loop_net",
	.init = link_init,
	.exit = link_exit,
	.test_cases = net_cases,
};

kunit_test_suite(net_suite);

MODULE_DESCRIPTION("KUnit tests of NICs through both ends of VMBus");
MODULE_LICENSE("GPL");
/* no symbol says that the NICs need them */
MODULE_SOFTDEP("pre: vsp_net vsc_net");
