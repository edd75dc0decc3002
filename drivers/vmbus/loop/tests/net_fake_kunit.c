// SPDX-License-Identifier: GPL-2.0-only
/*
 * vsc_net under a host that is made up: an old one, one that answers nonsense or
 * nothing, one that sends what makes no sense, one that takes nothing.
 */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "netfake.h"
#include "nic.h"

#define FRAME_PROTO	ETH_P_802_EX1

static struct sk_buff *frame(struct net_device *dev, u32 len)
{
	struct sk_buff *skb = alloc_skb(LL_MAX_HEADER + len, GFP_KERNEL);

	if (!skb)
		return NULL;
	skb_reserve(skb, LL_MAX_HEADER);
	skb_put_zero(skb, len);
	skb->dev = dev;
	skb->protocol = htons(FRAME_PROTO);
	skb_reset_network_header(skb);
	dev_hard_header(skb, dev, FRAME_PROTO, dev->broadcast, dev->dev_addr, skb->len);
	skb_reset_mac_header(skb);
	return skb;
}

static int guest_send(struct net_device *dev, u32 len)
{
	struct sk_buff *skb = frame(dev, len);

	return skb ? dev_queue_xmit(skb) : -ENOMEM;
}

/* As the stack does it that has others behind it. */
static int guest_send_more(struct net_device *dev, u32 len)
{
	struct netdev_queue *nq = netdev_get_tx_queue(dev, 0);
	struct sk_buff *skb = frame(dev, len);
	int ret;

	if (!skb)
		return -ENOMEM;
	local_bh_disable();
	__netif_tx_lock(nq, smp_processor_id());
	ret = netdev_start_xmit(skb, dev, nq, true);
	__netif_tx_unlock(nq);
	local_bh_enable();
	return ret;
}

static void fake_versions(struct kunit *test)
{
	static const u32 versions[] = {
		VMB_NVSP_VERSION_1, VMB_NVSP_VERSION_2, VMB_NVSP_VERSION_4,
		VMB_NVSP_VERSION_5, VMB_NVSP_VERSION_6, VMB_NVSP_VERSION_6_1,
	};
	struct net_device *dev;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		int before = atomic_read(&fake.frames);

		fake.version = versions[i];
		dev = guest_start(test);
		KUNIT_EXPECT_EQ(test, fake.negotiated, versions[i]);
		KUNIT_EXPECT_EQ(test, guest_send(dev, 100), NET_XMIT_SUCCESS);
		KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&fake.frames) == before + 1));
		/* what it does not do, the stack does */
		KUNIT_EXPECT_FALSE(test, dev->features & (NETIF_F_IP_CSUM | NETIF_F_TSO));
		guest_stop(test, dev);
	}
}

/* The driver lets go of such a host, soon and of all. */
static void expect_refused(struct kunit *test)
{
	int before = atomic_read(&fake.opens);

	KUNIT_ASSERT_EQ(test, vmb_host_device_offer(fake.dev), 0);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&fake.opens) == before + 1));
	KUNIT_EXPECT_TRUE(test, env_wait(!READ_ONCE(fake.ch)));
	guest_stop(test, NULL);
}

static void fake_nonsense(struct kunit *test)
{
	fake.version = 1;
	expect_refused(test);
	fake.version = VMB_NVSP_VERSION_6_1;
	fake.short_answer = true;
	expect_refused(test);
	fake.short_answer = false;
	/* more than there is */
	fake.sections = (16 << 20) / SECTION + 1;
	expect_refused(test);
	fake.sections = U32_MAX;
	expect_refused(test);
	fake.sections = 0;
	fake.send_section = 0;
	expect_refused(test);
	fake.send_section = 100;
	expect_refused(test);
	fake.send_section = U32_MAX;
	expect_refused(test);
	fake.send_section = SEND_SECTION;
	fake.mac[0] = 1;
	expect_refused(test);
	fake.mac[0] = 2;
	guest_stop(test, guest_start(test));
}

/* It is taken away while the driver waits for an answer, which has a time limit. */
static void fake_mute(struct kunit *test)
{
	static const u32 types[] = {
		VMB_NVSP_INIT, VMB_NVSP_RECV_BUF, VMB_NVSP_SEND_BUF, VMB_NVSP_RNDIS,
	};
	unsigned long begin;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		fake.mute = types[i];
		fake.asked = 0;
		KUNIT_ASSERT_EQ(test, vmb_host_device_offer(fake.dev), 0);
		KUNIT_EXPECT_TRUE(test, env_wait(READ_ONCE(fake.asked) == types[i]));
		msleep(20);
		begin = jiffies;
		guest_stop(test, NULL);
		KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - begin), 5000);
	}
}

/* A request that is not answered ends, and what comes after it is answered. */
static void fake_timeout(struct kunit *test)
{
	struct net_device *dev = guest_start(test);

	rtnl_lock();
	dev_close(dev);
	rtnl_unlock();
	fake.mute_set = true;
	KUNIT_EXPECT_EQ(test, nic_up(dev), -ETIMEDOUT);
	fake.mute_set = false;
	KUNIT_EXPECT_EQ(test, nic_up(dev), 0);
	guest_stop(test, dev);
}

/* A frame of 60 bytes for the guest, in a section; what is in front of it is 44. */
static void frame_put(u32 nr)
{
	struct {
		struct vmb_rndis_head head;
		struct vmb_rndis_packet pkt;
	} msg = {
		.head.type = cpu_to_le32(VMB_RNDIS_PACKET),
		.head.len = cpu_to_le32(sizeof(msg) + 60),
		.pkt.data_offset = cpu_to_le32(sizeof(msg.pkt)),
		.pkt.data_len = cpu_to_le32(60),
	};
	u8 *p = fake_section(nr);

	memset(p, 0, SECTION);
	memcpy(p, &msg, sizeof(msg));
	memset(p + sizeof(msg), 0xff, ETH_ALEN);
	p[sizeof(msg) + 12] = FRAME_PROTO >> 8;
	p[sizeof(msg) + 13] = FRAME_PROTO & 0xff;
}

static void fake_malformed(struct kunit *test)
{
	/* word of the message that is changed, and to what */
	static const struct {
		u32 at, value;
	} words[] = {
		{ 0, 0 }, { 0, VMB_RNDIS_QUERY }, { 4, 0 }, { 4, 105 },
		{ 4, U32_MAX }, { 8, 0 }, { 8, 97 }, { 8, U32_MAX }, { 12, 61 }, { 12, 13 },
		{ 12, U32_MAX }, { 32, 100 },
	};
	u32 nr = 100, len = 104, bytes, i, bad = 0;
	struct net_device *dev = guest_start(test);
	u64 id = 1, got;

	bytes = fake.recv.len;
	got = nic_counter(dev, "rx_packets");
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		__le32 wire = cpu_to_le32(words[i].value);

		frame_put(nr);
		memcpy(fake_section(nr) + words[i].at, &wire, sizeof(wire));
		KUNIT_EXPECT_EQ(test, fake_send(++id, nr * SECTION, len, VMB_NVSP_RECV_BUF_ID,
						VMB_NVSP_RNDIS), 0);
		fake_returned(test, id, VMB_NVSP_STATUS_FAIL);
		KUNIT_EXPECT_EQ_MSG(test, nic_counter(dev, "rx_malformed"), ++bad, "word %u", i);
	}
	frame_put(nr);
	/* outside of the buffer, another buffer, another message */
	fake_send(++id, bytes, len, VMB_NVSP_RECV_BUF_ID, VMB_NVSP_RNDIS);
	fake_returned(test, id, VMB_NVSP_STATUS_FAIL);
	fake_send(++id, bytes - len + 1, len, VMB_NVSP_RECV_BUF_ID, VMB_NVSP_RNDIS);
	fake_returned(test, id, VMB_NVSP_STATUS_FAIL);
	fake_send(++id, U32_MAX - 8, len, VMB_NVSP_RECV_BUF_ID, VMB_NVSP_RNDIS);
	fake_returned(test, id, VMB_NVSP_STATUS_FAIL);
	fake_send(++id, nr * SECTION, U32_MAX, VMB_NVSP_RECV_BUF_ID, VMB_NVSP_RNDIS);
	fake_returned(test, id, VMB_NVSP_STATUS_FAIL);
	fake_send(++id, nr * SECTION, 0, VMB_NVSP_RECV_BUF_ID, VMB_NVSP_RNDIS);
	fake_returned(test, id, VMB_NVSP_STATUS_FAIL);
	fake_send(++id, nr * SECTION, len, VMB_NVSP_RECV_BUF_ID + 1, VMB_NVSP_RNDIS);
	fake_returned(test, id, VMB_NVSP_STATUS_FAIL);
	fake_send(++id, nr * SECTION, len, VMB_NVSP_RECV_BUF_ID, VMB_NVSP_INIT);
	fake_returned(test, id, VMB_NVSP_STATUS_FAIL);
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_malformed"), bad + 7);
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_packets"), got);

	/* and a good one */
	fake_send(++id, nr * SECTION, len, VMB_NVSP_RECV_BUF_ID, VMB_NVSP_RNDIS);
	fake_returned(test, id, VMB_NVSP_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_packets"), got + 1);
	guest_stop(test, dev);
}

/* Pieces that make no frame. */
static void fake_pieces(struct kunit *test)
{
	static const struct {
		u32 id[3], len, n, status;
	} cases[] = {
		{ { PIECE(1, VMB_ID_FIRST | VMB_ID_LAST) }, 60, 1, VMB_NVSP_STATUS_SUCCESS },
		{ { PIECE(1, VMB_ID_FIRST), PIECE(1, 0), PIECE(1, VMB_ID_LAST) }, 60, 3,
		  VMB_NVSP_STATUS_SUCCESS },
		/* no address in the first one, no end, no start, two starts */
		{ { PIECE(1, VMB_ID_FIRST | VMB_ID_LAST) }, 13, 1, VMB_NVSP_STATUS_FAIL },
		{ { PIECE(1, VMB_ID_FIRST) }, 60, 1, VMB_NVSP_STATUS_FAIL },
		{ { PIECE(1, VMB_ID_FIRST), PIECE(1, 0) }, 60, 2, VMB_NVSP_STATUS_FAIL },
		{ { PIECE(1, VMB_ID_LAST) }, 60, 1, VMB_NVSP_STATUS_FAIL },
		{ { PIECE(1, VMB_ID_FIRST), PIECE(1, VMB_ID_FIRST | VMB_ID_LAST) }, 60, 2,
		  VMB_NVSP_STATUS_FAIL },
		/* another frame's */
		{ { PIECE(1, VMB_ID_FIRST), PIECE(2, VMB_ID_LAST) }, 60, 2, VMB_NVSP_STATUS_FAIL },
	};
	struct net_device *dev = guest_start(test);
	u64 got = nic_counter(dev, "rx_lro"), id = 1;
	u32 nr = 100, len = SECTION - PIECE_HEAD, bad = 0, i, j;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (j = 0; j < cases[i].n; j++)
			fake_piece(nr + j, cases[i].id[j], cases[i].len);
		KUNIT_EXPECT_EQ(test, fake_send_sections(++id, nr, cases[i].n,
							 PIECE_HEAD + cases[i].len), 0);
		fake_returned(test, id, cases[i].status);
		bad += cases[i].status == VMB_NVSP_STATUS_FAIL;
		KUNIT_EXPECT_EQ_MSG(test, nic_counter(dev, "rx_malformed"), bad, "case %u", i);
	}
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_lro"), got + i - bad);

	/* longer than any frame; and one section less is not */
	for (j = 0; j < 33; j++)
		fake_piece(nr + j, PIECE(7, !j ? VMB_ID_FIRST : j < 32 ? 0 : VMB_ID_LAST), len);
	KUNIT_EXPECT_EQ(test, fake_send_sections(++id, nr, 33, SECTION), 0);
	fake_returned(test, id, VMB_NVSP_STATUS_FAIL);
	fake_piece(nr + 31, PIECE(7, VMB_ID_LAST), len);
	KUNIT_EXPECT_EQ(test, fake_send_sections(++id, nr, 32, SECTION), 0);
	fake_returned(test, id, VMB_NVSP_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_lro"), got + i - bad + 1);
	guest_stop(test, dev);
}

/* Frames that the guest has not sent, or has had back. */
static void fake_completions(struct kunit *test)
{
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(VMB_NVSP_RNDIS_COMPLETE),
		.status.status = cpu_to_le32(VMB_NVSP_STATUS_SUCCESS),
	};
	struct net_device *dev = guest_start(test);
	int frames = atomic_read(&fake.frames);
	u64 id;

	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_bad_completions"), 0);
	fake_reply(fake.ch, 0, &msg, sizeof(msg));
	fake_reply(fake.ch, 5, &msg, sizeof(msg));
	fake_reply(fake.ch, 1ULL << 32 | 3, &msg, sizeof(msg));
	fake_reply(fake.ch, 170, &msg, sizeof(msg));
	fake_reply(fake.ch, U64_MAX >> 1, &msg, sizeof(msg));
	KUNIT_EXPECT_TRUE(test, env_wait(nic_counter(dev, "rx_bad_completions") == 5));

	fake.hold = true;
	KUNIT_EXPECT_EQ(test, guest_send(dev, 100), NET_XMIT_SUCCESS);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&fake.frames) == frames + 1));
	id = fake.frame_id;
	/* one of another use of the same slot, then it, then again */
	fake_reply(fake.ch, id + (1ULL << 32), &msg, sizeof(msg));
	KUNIT_EXPECT_TRUE(test, env_wait(nic_counter(dev, "rx_bad_completions") == 6));
	fake_reply(fake.ch, id, &msg, sizeof(msg));
	fake_reply(fake.ch, id, &msg, sizeof(msg));
	KUNIT_EXPECT_TRUE(test, env_wait(nic_counter(dev, "rx_bad_completions") == 7));
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_tx_errors"), 0);

	/* it was refused, it says */
	KUNIT_EXPECT_EQ(test, guest_send(dev, 100), NET_XMIT_SUCCESS);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&fake.frames) == frames + 2));
	msg.status.status = cpu_to_le32(VMB_NVSP_STATUS_INVALID_RNDIS);
	fake_reply(fake.ch, fake.frame_id, &msg, sizeof(msg));
	KUNIT_EXPECT_TRUE(test, env_wait(nic_counter(dev, "rx_tx_errors") == 1));
	/* frames go, as before */
	fake.hold = false;
	KUNIT_EXPECT_EQ(test, guest_send(dev, 100), NET_XMIT_SUCCESS);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&fake.frames) == frames + 3));
	guest_stop(test, dev);
}

/*
 * What is in the ring is shown to the host whenever anything is, by whoever: so
 * a frame is not put there until all is done that a completion undoes.
 */
static void fake_more(struct kunit *test)
{
	struct net_device *dev;
	int frames;

	/* the frames are too long for a section: their pages are named */
	fake.send_section = 1024;
	dev = guest_start(test);
	frames = atomic_read(&fake.frames);
	KUNIT_EXPECT_EQ(test, guest_send_more(dev, 1200), NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "tx_mapped"), 1);
	/* the guest has something else to say */
	frame_put(100);
	fake_send(1, 100 * SECTION, 104, VMB_NVSP_RECV_BUF_ID, VMB_NVSP_RNDIS);
	fake_returned(test, 1, VMB_NVSP_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake.frames), frames);
	/* another one has to wait for nothing, and nothing goes behind the first */
	KUNIT_EXPECT_EQ(test, guest_send_more(dev, 1200), NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, guest_send_more(dev, 100), NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, guest_send(dev, 100), NET_XMIT_SUCCESS);
	/* three packets: the last has two frames */
	KUNIT_EXPECT_TRUE(test, env_wait(nic_counter(dev, "tx_batched") == 1));
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&fake.frames) == frames + 3));
	guest_stop(test, dev);
}

/* A host that takes nothing for a while: what the guest has for it waits. */
static void fake_full(struct kunit *test)
{
	struct vmb_rndis_indicate_status ind = {
		.status = cpu_to_le32(VMB_RNDIS_MEDIA_CONNECT),
	};
	struct vmb_rndis_head head = {
		.type = cpu_to_le32(VMB_RNDIS_INDICATE_STATUS),
		.len = cpu_to_le32(HEAD + sizeof(ind)),
	};
	struct net_device *dev = guest_start(test);
	int frames = atomic_read(&fake.frames), returned, tries, ret;
	u32 sent = 0, i;

	/* settled: whatever it had to say has been said */
	msleep(50);
	returned = atomic_read(&fake.returned);
	memcpy(fake_section(100), &head, sizeof(head));
	memcpy(fake_section(100) + HEAD, &ind, sizeof(ind));
	WRITE_ONCE(fake.stall, true);
	for (tries = 0; tries < 20; ) {
		ret = fake_send(++sent, 100 * SECTION, HEAD + sizeof(ind),
				VMB_NVSP_RECV_BUF_ID, VMB_NVSP_RNDIS);
		if (!ret) {
			tries = 0;
			continue;
		}
		/* the guest has to take some, or the ring is full for good */
		sent--;
		tries++;
		msleep(20);
	}
	KUNIT_EXPECT_GT(test, sent, 8000);
	KUNIT_EXPECT_GT(test, nic_counter(dev, "rx_full"), 0);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, guest_send(dev, 100), NET_XMIT_SUCCESS);
	KUNIT_EXPECT_GT(test, nic_counter(dev, "tx_full"), 0);

	WRITE_ONCE(fake.stall, false);
	vmb_host_kick(fake.ch);
	/* a busy machine takes more than one wait for so many */
	for (i = 0; i < 6 && atomic_read(&fake.returned) - returned != sent; i++)
		env_wait(atomic_read(&fake.returned) - returned == sent);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake.returned) - returned, sent);
	KUNIT_EXPECT_TRUE(test, env_wait(nic_counter(dev, "tx_packets") == 20));
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "tx_dropped"), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&fake.frames), frames);
	guest_stop(test, dev);
}

/* Frames that the host never gave back, when it goes. */
static void fake_held(struct kunit *test)
{
	struct net_device *dev = guest_start(test);
	u32 i;

	fake.hold = true;
	for (i = 0; i < 400; i++)
		guest_send(dev, i & 1 ? 100 : 1500);
	KUNIT_EXPECT_TRUE(test, env_wait(nic_counter(dev, "tx_stops") > 0));
	guest_stop(test, dev);
}

/* The link comes behind the answer that there is none. */
static void fake_news(struct kunit *test)
{
	fake.news = true;
	guest_stop(test, guest_start(test));
}

/* It is let go of while the host tells of its link: the netdev has gone by then. */
static void fake_late(struct kunit *test)
{
	struct net_device *dev = guest_start(test);
	struct device *parent = get_device(dev->dev.parent);

	fake.late = true;
	dev_put(dev);
	device_release_driver(parent);
	KUNIT_EXPECT_FALSE(test, nic_there());
	/* if something is still to be done for it, that is done now */
	msleep(2500);
	put_device(parent);
	guest_stop(test, NULL);
}

static struct kunit_case fake_cases[] = {
	KUNIT_CASE(fake_versions),
	KUNIT_CASE(fake_nonsense),
	KUNIT_CASE(fake_mute),
	KUNIT_CASE_SLOW(fake_timeout),
	KUNIT_CASE(fake_malformed),
	KUNIT_CASE(fake_pieces),
	KUNIT_CASE(fake_completions),
	KUNIT_CASE(fake_more),
	KUNIT_CASE(fake_full),
	KUNIT_CASE(fake_held),
	KUNIT_CASE(fake_news),
	KUNIT_CASE_SLOW(fake_late),
	{}
};

static struct kunit_suite fake_suite = {
	.name = "vmb_loop_net_fake",
	.init = fake_init,
	.exit = fake_exit,
	.test_cases = fake_cases,
};

kunit_test_suite(fake_suite);

MODULE_DESCRIPTION("KUnit tests of a guest's NIC under a host that is made up");
MODULE_LICENSE("GPL");
/* no symbol says that the host's NICs are to be known, and the driver there */
MODULE_SOFTDEP("pre: vsc_net");
