// SPDX-License-Identifier: GPL-2.0-only
/*
 * vsc_net under a host that is made up: an old one, one that answers nonsense or
 * nothing, one that sends what makes no sense, one that takes nothing.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include <vmb/host.h>
#include <vmb/proto/net.h>
#include <vmb/proto/rndis.h>

#include "env.h"
#include "nic.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

#define NIC		ENV_DIR "/netfake.0"
#define DEVICE		"/sys/bus/vmb/devices/loop-00000078-0000-0000-0000-000000000000"
#define SECTION		2048U
#define SEND_SECTION	6144U
/* of packets with answers, whose coming back nobody waits for */
#define CONTROL_ID	BIT_ULL(32)
#define HEAD		sizeof(struct vmb_rndis_head)
#define FRAME_PROTO	ETH_P_802_EX1

/**
 * struct fake_nic - the host
 * @dev: the core's half
 * @ch: the open channel, or NULL
 * @recv: the receive buffer
 * @version: highest that it speaks
 * @mute: it does not answer this type of NVSP message; 0: all
 * @mute_set: it does not answer RNDIS SET
 * @late: before it lets itself be halted it tells of its link
 * @news: its link comes as soon as it has answered that there is none
 * @short_answer: its completions are cut off after the type
 * @sections: of the receive buffer, as it says
 * @send_section: bytes of a section of the send buffer, as it says
 * @mac: of the guest
 * @stall: it takes nothing
 * @hold: it does not give frames back
 * @opens: channels opened
 * @asked: type of the last NVSP message
 * @negotiated: version
 * @frames: from the guest
 * @frame_id: transaction id of the last one
 * @returned: packets of its own that were given back
 * @returned_id: transaction id of the last one
 * @returned_status: and what the guest says of it
 * @next: section that is written next
 */
static struct fake_nic {
	struct vmb_host_device *dev;
	struct vmb_channel *ch;
	struct vmb_host_buffer recv;
	u32 version;
	u32 mute;
	bool mute_set;
	bool late;
	bool news;
	bool short_answer;
	u32 sections;
	u32 send_section;
	u8 mac[ETH_ALEN];
	bool stall;
	bool hold;
	atomic_t opens;
	u32 asked;
	u32 negotiated;
	atomic_t frames;
	u64 frame_id;
	atomic_t returned;
	u64 returned_id;
	u32 returned_status;
	u32 next;
} fake;

static struct vmb_loop *loop;

struct reply {
	struct vmb_completion c;
	struct vmb_nvsp_msg msg;
};

static void reply_done(struct vmb_completion *c)
{
	kfree(container_of(c, struct reply, c));
}

static void reply(struct vmb_channel *ch, u64 id, const struct vmb_nvsp_msg *msg, u32 len)
{
	struct reply *r = kzalloc(sizeof(*r), GFP_KERNEL | __GFP_NOFAIL);

	r->msg = *msg;
	r->c.trans_id = id;
	r->c.data = &r->msg;
	r->c.len = len;
	r->c.done = reply_done;
	vmb_host_complete(ch, &r->c);
}

/* A transfer-page packet, with whatever is in the buffer there. */
static int send_xfer(u64 id, u32 offset, u32 len, u16 pageset, u32 type)
{
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(type),
		.rndis.section = cpu_to_le32(VMB_NVSP_NO_SECTION),
	};
	struct vmb_host_range range = { .offset = offset, .len = len };
	struct vmb_host_xfer xfer = {
		.trans_id = id,
		.pageset_id = pageset,
		.nr_ranges = 1,
		.range = &range,
		.data = &msg,
		.data_len = VMB_NVSP_BYTES,
	};

	return vmb_host_send_xfer(fake.ch, &xfer, false);
}

/* One that names parts of so many bytes of sections that follow each other. */
static int send_sections(u64 id, u32 nr, u32 n, u32 len)
{
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(VMB_NVSP_RNDIS),
		.rndis.section = cpu_to_le32(VMB_NVSP_NO_SECTION),
	};
	struct vmb_host_range range[VMB_HOST_MAX_RANGES];
	struct vmb_host_xfer xfer = {
		.trans_id = id,
		.pageset_id = VMB_NVSP_RECV_BUF_ID,
		.nr_ranges = n,
		.range = range,
		.data = &msg,
		.data_len = VMB_NVSP_BYTES,
	};
	u32 i;

	for (i = 0; i < n; i++)
		range[i] = (struct vmb_host_range){ .offset = (nr + i) * SECTION, .len = len };
	return vmb_host_send_xfer(fake.ch, &xfer, false);
}

static u8 *section(u32 nr)
{
	return (u8 *)fake.recv.addr + nr * SECTION;
}

static void send_message(const void *msg, u32 len)
{
	u32 nr = fake.next++ % 16;

	memcpy(section(nr), msg, len);
	send_xfer(CONTROL_ID | nr, nr * SECTION, len, VMB_NVSP_RECV_BUF_ID, VMB_NVSP_RNDIS);
}

static u32 answer_query(u32 oid, u8 *info)
{
	struct vmb_ndis_offload off = {
		.header.type = VMB_NDIS_OBJECT_OFFLOAD,
		.header.revision = 1,
		.header.size = cpu_to_le16(VMB_NDIS_OFFLOAD_BYTES_6_0),
	};
	__le32 value = 0;

	switch (oid) {
	case VMB_OID_802_3_PERMANENT_ADDRESS:
		memcpy(info, fake.mac, ETH_ALEN);
		return ETH_ALEN;
	case VMB_OID_TCP_OFFLOAD_CAPABILITIES:
		memcpy(info, &off, VMB_NDIS_OFFLOAD_BYTES_6_0);
		return VMB_NDIS_OFFLOAD_BYTES_6_0;
	case VMB_OID_GEN_MAXIMUM_FRAME_SIZE:
		value = cpu_to_le32(1500);
		break;
	case VMB_OID_GEN_LINK_SPEED:
		value = cpu_to_le32(100000000);
		break;
	case VMB_OID_GEN_MEDIA_CONNECT_STATUS:
		value = cpu_to_le32(fake.news ? VMB_RNDIS_DISCONNECTED : VMB_RNDIS_CONNECTED);
		break;
	default:
		return 0;
	}
	memcpy(info, &value, sizeof(value));
	return sizeof(value);
}

static void send_indication(u32 status)
{
	struct {
		struct vmb_rndis_head head;
		struct vmb_rndis_indicate_status ind;
	} msg = {
		.head.type = cpu_to_le32(VMB_RNDIS_INDICATE_STATUS),
		.head.len = cpu_to_le32(sizeof(msg)),
		.ind.status = cpu_to_le32(status),
	};

	send_message(&msg, sizeof(msg));
}

/* The answer to a request, which is known to be well-formed. */
static void control(const u8 *msg)
{
	struct {
		struct vmb_rndis_head head;
		union {
			struct vmb_rndis_initialize_complete init;
			struct vmb_rndis_query_complete query;
			struct vmb_rndis_status_complete status;
		};
		u8 info[256];
	} answer = {};
	const struct vmb_rndis_head *head = (const void *)msg;
	const struct vmb_rndis_request *req = (const void *)(msg + HEAD);
	u32 type = le32_to_cpu(head->type), len = sizeof(answer.status);

	answer.head.type = head->type | cpu_to_le32(VMB_RNDIS_COMPLETE);
	answer.status.request_id = req->request_id;
	switch (type) {
	case VMB_RNDIS_INITIALIZE:
		len = sizeof(answer.init);
		answer.init.max_packets = cpu_to_le32(8);
		answer.init.max_transfer = cpu_to_le32(0x4000);
		answer.init.align_shift = cpu_to_le32(3);
		break;
	case VMB_RNDIS_QUERY:
		len = answer_query(le32_to_cpu(req->oid), (u8 *)(&answer.query + 1));
		answer.query.len = cpu_to_le32(len);
		answer.query.offset = cpu_to_le32(sizeof(answer.query));
		if (!len)
			answer.query.status = cpu_to_le32(VMB_RNDIS_STATUS_NOT_SUPPORTED);
		len += sizeof(answer.query);
		break;
	case VMB_RNDIS_SET:
		if (fake.mute_set)
			return;
		break;
	case VMB_RNDIS_HALT:
		if (fake.late) {
			send_indication(VMB_RNDIS_NETWORK_CHANGE);
			send_indication(VMB_RNDIS_MEDIA_CONNECT);
			send_indication(VMB_RNDIS_MEDIA_DISCONNECT);
		}
		return;
	default:
		return;
	}
	answer.head.len = cpu_to_le32(HEAD + len);
	send_message(&answer, HEAD + len);
	if (fake.news && req->oid == cpu_to_le32(VMB_OID_GEN_MEDIA_CONNECT_STATUS))
		send_indication(VMB_RNDIS_MEDIA_CONNECT);
}

static u32 take_rndis(struct vmb_channel *ch, const struct vmb_packet *pkt,
		      const struct vmb_nvsp_msg *msg)
{
	struct iov_iter iter;
	struct iovec iov[4];
	u8 buf[512] = {};

	if (msg->rndis.channel == cpu_to_le32(VMB_NVSP_CHANNEL_DATA)) {
		fake.frame_id = pkt->trans_id;
		atomic_inc(&fake.frames);
		return fake.hold ? 0 : VMB_NVSP_STATUS_SUCCESS;
	}
	if (vmb_host_iter(ch, pkt, iov, ARRAY_SIZE(iov), false, &iter) > 0 &&
	    copy_from_iter(buf, min(iov_iter_count(&iter), sizeof(buf)), &iter))
		control(buf);
	return VMB_NVSP_STATUS_SUCCESS;
}

static void take(struct vmb_channel *ch, const struct vmb_packet *pkt)
{
	struct vmb_nvsp_msg msg = {}, answer = {};
	u32 type;

	memcpy(&msg, pkt->data, min_t(u32, pkt->len, sizeof(msg)));
	if (pkt->type == VMB_PKT_COMPLETION) {
		if (pkt->trans_id & CONTROL_ID)
			return;
		fake.returned_status = le32_to_cpu(msg.status.status);
		/* pairs with expect_returned() */
		smp_store_release(&fake.returned_id, pkt->trans_id);
		atomic_inc(&fake.returned);
		return;
	}
	type = le32_to_cpu(msg.type);
	WRITE_ONCE(fake.asked, type);
	if (type == fake.mute)
		return;
	answer.type = cpu_to_le32(type + 1);
	switch (type) {
	case VMB_NVSP_INIT:
		answer.init_complete.status = cpu_to_le32(VMB_NVSP_STATUS_UNSUPPORTED);
		if (le32_to_cpu(msg.init.min_version) <= fake.version) {
			fake.negotiated = le32_to_cpu(msg.init.min_version);
			answer.init_complete.status = cpu_to_le32(VMB_NVSP_STATUS_SUCCESS);
		}
		break;
	case VMB_NVSP_RECV_BUF:
		if (vmb_host_buffer_map(ch, le32_to_cpu(msg.buf.gpadl), &fake.recv))
			return;
		answer.recv_buf_complete.status = cpu_to_le32(VMB_NVSP_STATUS_SUCCESS);
		answer.recv_buf_complete.num_sections = cpu_to_le32(1);
		answer.recv_buf_complete.section.size = cpu_to_le32(SECTION);
		answer.recv_buf_complete.section.count =
			cpu_to_le32(fake.sections ?: fake.recv.len / SECTION);
		break;
	case VMB_NVSP_SEND_BUF:
		answer.send_buf_complete.status = cpu_to_le32(VMB_NVSP_STATUS_SUCCESS);
		answer.send_buf_complete.section_size = cpu_to_le32(fake.send_section);
		break;
	case VMB_NVSP_REVOKE_RECV_BUF:
		if (fake.recv.addr)
			vmb_host_buffer_unmap(ch, &fake.recv);
		return;
	case VMB_NVSP_RNDIS:
		answer.status.status = cpu_to_le32(take_rndis(ch, pkt, &msg));
		if (!answer.status.status)
			return;
		break;
	default:
		return;
	}
	if (pkt->flags & VMB_PKT_COMPLETION_REQUESTED)
		reply(ch, pkt->trans_id, &answer, fake.short_answer ? 8 : sizeof(answer));
}

static int fake_open(struct vmb_channel *ch, const u8 *user)
{
	fake.ch = ch;
	atomic_inc(&fake.opens);
	return 0;
}

static void fake_close(struct vmb_channel *ch)
{
	if (fake.recv.addr)
		vmb_host_buffer_unmap(ch, &fake.recv);
	fake.ch = NULL;
}

static int fake_poll(struct vmb_channel *ch, int budget)
{
	struct vmb_packet pkt;
	int n;

	for (n = 0; n < budget && !READ_ONCE(fake.stall) && !vmb_host_next(ch, &pkt); n++)
		take(ch, &pkt);
	return n;
}

/* Whoever wants to send tries again. */
static void fake_room(struct vmb_channel *ch)
{
}

static void fake_release(struct config_item *item)
{
	kfree(container_of(to_config_group(item), struct vmb_host_device, group));
}

static struct configfs_item_operations fake_item_ops = {
	.release = fake_release,
};

static const struct config_item_type fake_type = {
	.ct_owner	= THIS_MODULE,
	.ct_item_ops	= &fake_item_ops,
};

static struct vmb_host_device *fake_make(struct vmb_partition *partition, const char *name)
{
	struct vmb_host_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return ERR_PTR(-ENOMEM);
	dev->instance_id.b[0] = 0x78;
	dev->offer_flags = VMB_OFFER_ENUMERATE_DEVICE_INTERFACE;
	config_group_init_type_name(&dev->group, name, &fake_type);
	fake.dev = dev;
	return dev;
}

static void fake_drop(struct vmb_host_device *dev)
{
	config_item_put(&dev->group.cg_item);
}

static const struct vmb_host_driver fake_driver = {
	.name		= "netfake",
	.owner		= THIS_MODULE,
	.class_id	= VMB_NET_CLASS,
	.make		= fake_make,
	.drop		= fake_drop,
	.open		= fake_open,
	.close		= fake_close,
	.poll		= fake_poll,
	.room		= fake_room,
};

/* The guest */

static bool offered(void)
{
	struct path path;

	if (kern_path(DEVICE, 0, &path))
		return false;
	path_put(&path);
	return true;
}

static struct net_device *guest_start(struct kunit *test)
{
	struct net_device *dev = NULL;

	KUNIT_ASSERT_EQ(test, vmb_host_device_offer(fake.dev), 0);
	KUNIT_ASSERT_TRUE(test, env_wait((dev = nic_get())));
	KUNIT_EXPECT_EQ(test, nic_up(dev), 0);
	KUNIT_EXPECT_TRUE(test, env_wait(nic_ready(dev)));
	return dev;
}

static void guest_stop(struct kunit *test, struct net_device *dev)
{
	if (dev)
		dev_put(dev);
	vmb_host_device_withdraw(fake.dev);
	KUNIT_EXPECT_TRUE(test, env_wait(!offered() && !nic_there()));
}

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

static int fake_init(struct kunit *test)
{
	int ret;

	memset(&fake, 0, sizeof(fake));
	fake.version = VMB_NVSP_VERSION_6_1;
	fake.send_section = SEND_SECTION;
	memcpy(fake.mac, (u8[]){ 2, 0, 0, 0, 0, 1 }, ETH_ALEN);
	loop = NULL;
	ret = vmb_host_driver_register(&fake_driver);
	if (ret)
		return ret;
	ret = env_mkdir(ENV_DIR) ?: env_mkdir(NIC);
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

static void fake_exit(struct kunit *test)
{
	if (loop)
		vmb_loop_destroy(loop);
	KUNIT_EXPECT_EQ(test, env_rmdir(NIC), 0);
	KUNIT_EXPECT_EQ(test, env_rmdir(ENV_DIR), 0);
	vmb_host_driver_unregister(&fake_driver);
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
	fake.sections = (8 << 20) / SECTION + 1;
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
	u8 *p = section(nr);

	memset(p, 0, SECTION);
	memcpy(p, &msg, sizeof(msg));
	memset(p + sizeof(msg), 0xff, ETH_ALEN);
	p[sizeof(msg) + 12] = FRAME_PROTO >> 8;
	p[sizeof(msg) + 13] = FRAME_PROTO & 0xff;
}

static void expect_returned(struct kunit *test, u64 id, u32 status)
{
	/* pairs with take(): the status is there */
	KUNIT_EXPECT_TRUE(test, env_wait(smp_load_acquire(&fake.returned_id) == id));
	KUNIT_EXPECT_EQ(test, fake.returned_status, status);
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
		memcpy(section(nr) + words[i].at, &wire, sizeof(wire));
		KUNIT_EXPECT_EQ(test, send_xfer(++id, nr * SECTION, len, VMB_NVSP_RECV_BUF_ID,
						VMB_NVSP_RNDIS), 0);
		expect_returned(test, id, VMB_NVSP_STATUS_FAIL);
		KUNIT_EXPECT_EQ_MSG(test, nic_counter(dev, "rx_malformed"), ++bad, "word %u", i);
	}
	frame_put(nr);
	/* outside of the buffer, another buffer, another message */
	send_xfer(++id, bytes, len, VMB_NVSP_RECV_BUF_ID, VMB_NVSP_RNDIS);
	expect_returned(test, id, VMB_NVSP_STATUS_FAIL);
	send_xfer(++id, bytes - len + 1, len, VMB_NVSP_RECV_BUF_ID, VMB_NVSP_RNDIS);
	expect_returned(test, id, VMB_NVSP_STATUS_FAIL);
	send_xfer(++id, U32_MAX - 8, len, VMB_NVSP_RECV_BUF_ID, VMB_NVSP_RNDIS);
	expect_returned(test, id, VMB_NVSP_STATUS_FAIL);
	send_xfer(++id, nr * SECTION, U32_MAX, VMB_NVSP_RECV_BUF_ID, VMB_NVSP_RNDIS);
	expect_returned(test, id, VMB_NVSP_STATUS_FAIL);
	send_xfer(++id, nr * SECTION, 0, VMB_NVSP_RECV_BUF_ID, VMB_NVSP_RNDIS);
	expect_returned(test, id, VMB_NVSP_STATUS_FAIL);
	send_xfer(++id, nr * SECTION, len, VMB_NVSP_RECV_BUF_ID + 1, VMB_NVSP_RNDIS);
	expect_returned(test, id, VMB_NVSP_STATUS_FAIL);
	send_xfer(++id, nr * SECTION, len, VMB_NVSP_RECV_BUF_ID, VMB_NVSP_INIT);
	expect_returned(test, id, VMB_NVSP_STATUS_FAIL);
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_malformed"), bad + 7);
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_packets"), got);

	/* and a good one */
	send_xfer(++id, nr * SECTION, len, VMB_NVSP_RECV_BUF_ID, VMB_NVSP_RNDIS);
	expect_returned(test, id, VMB_NVSP_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_packets"), got + 1);
	guest_stop(test, dev);
}

#define PIECE_HEAD	(HEAD + sizeof(struct vmb_rndis_packet) + VMB_PPI_BYTES)
#define PIECE(nr, bits)	(VMB_ID_VERSION | VMB_ID_PIECE | (bits) | (nr) << 16)

/* A piece of so many bytes of a frame, in a section. */
static void piece_put(u32 nr, u32 id, u32 len)
{
	u8 *p = section(nr), *end;

	memset(p, 0xff, PIECE_HEAD + len);
	memset(p, 0, PIECE_HEAD);
	end = vmb_ppi_build(p + HEAD + sizeof(struct vmb_rndis_packet), VMB_PPI_ID, id);
	vmb_rndis_packet_build(p, end, len);
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
			piece_put(nr + j, cases[i].id[j], cases[i].len);
		KUNIT_EXPECT_EQ(test, send_sections(++id, nr, cases[i].n,
						    PIECE_HEAD + cases[i].len), 0);
		expect_returned(test, id, cases[i].status);
		bad += cases[i].status == VMB_NVSP_STATUS_FAIL;
		KUNIT_EXPECT_EQ_MSG(test, nic_counter(dev, "rx_malformed"), bad, "case %u", i);
	}
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_lro"), got + i - bad);

	/* longer than any frame; and one section less is not */
	for (j = 0; j < 33; j++)
		piece_put(nr + j, PIECE(7, !j ? VMB_ID_FIRST : j < 32 ? 0 : VMB_ID_LAST), len);
	KUNIT_EXPECT_EQ(test, send_sections(++id, nr, 33, SECTION), 0);
	expect_returned(test, id, VMB_NVSP_STATUS_FAIL);
	piece_put(nr + 31, PIECE(7, VMB_ID_LAST), len);
	KUNIT_EXPECT_EQ(test, send_sections(++id, nr, 32, SECTION), 0);
	expect_returned(test, id, VMB_NVSP_STATUS_SUCCESS);
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
	reply(fake.ch, 0, &msg, sizeof(msg));
	reply(fake.ch, 5, &msg, sizeof(msg));
	reply(fake.ch, 1ULL << 32 | 3, &msg, sizeof(msg));
	reply(fake.ch, 170, &msg, sizeof(msg));
	reply(fake.ch, U64_MAX >> 1, &msg, sizeof(msg));
	KUNIT_EXPECT_TRUE(test, env_wait(nic_counter(dev, "rx_bad_completions") == 5));

	fake.hold = true;
	KUNIT_EXPECT_EQ(test, guest_send(dev, 100), NET_XMIT_SUCCESS);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&fake.frames) == frames + 1));
	id = fake.frame_id;
	/* one of another use of the same slot, then it, then again */
	reply(fake.ch, id + (1ULL << 32), &msg, sizeof(msg));
	KUNIT_EXPECT_TRUE(test, env_wait(nic_counter(dev, "rx_bad_completions") == 6));
	reply(fake.ch, id, &msg, sizeof(msg));
	reply(fake.ch, id, &msg, sizeof(msg));
	KUNIT_EXPECT_TRUE(test, env_wait(nic_counter(dev, "rx_bad_completions") == 7));
	KUNIT_EXPECT_EQ(test, nic_counter(dev, "rx_tx_errors"), 0);

	/* it was refused, it says */
	KUNIT_EXPECT_EQ(test, guest_send(dev, 100), NET_XMIT_SUCCESS);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&fake.frames) == frames + 2));
	msg.status.status = cpu_to_le32(VMB_NVSP_STATUS_INVALID_RNDIS);
	reply(fake.ch, fake.frame_id, &msg, sizeof(msg));
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
	send_xfer(1, 100 * SECTION, 104, VMB_NVSP_RECV_BUF_ID, VMB_NVSP_RNDIS);
	expect_returned(test, 1, VMB_NVSP_STATUS_SUCCESS);
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
	memcpy(section(100), &head, sizeof(head));
	memcpy(section(100) + HEAD, &ind, sizeof(ind));
	WRITE_ONCE(fake.stall, true);
	for (tries = 0; tries < 20; ) {
		ret = send_xfer(++sent, 100 * SECTION, HEAD + sizeof(ind),
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
