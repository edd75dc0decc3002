// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host of a NIC that is made up, and the guest that has it.
 */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "netfake.h"
#include "nic.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

#define NIC		ENV_DIR "/netfake.0"
#define DEVICE		"/sys/bus/vmb/devices/loop-00000078-0000-0000-0000-000000000000"
/* of packets with answers, whose coming back nobody waits for */
#define CONTROL_ID	BIT_ULL(32)

struct fake_nic fake;
static struct vmb_loop *loop;

struct reply {
	struct vmb_completion c;
	struct vmb_nvsp_msg msg;
};

static void reply_done(struct vmb_completion *c)
{
	kfree(container_of(c, struct reply, c));
}

void fake_reply(struct vmb_channel *ch, u64 id, const struct vmb_nvsp_msg *msg, u32 len)
{
	struct reply *r = kzalloc(sizeof(*r), GFP_KERNEL | __GFP_NOFAIL);

	r->msg = *msg;
	r->c.trans_id = id;
	r->c.data = &r->msg;
	r->c.len = len;
	r->c.done = reply_done;
	vmb_host_complete(ch, &r->c);
}

int fake_send(u64 id, u32 offset, u32 len, u16 pageset, u32 type)
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

int fake_send_ranges(u64 id, const struct vmb_host_range *range, u32 n)
{
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(VMB_NVSP_RNDIS),
		.rndis.section = cpu_to_le32(VMB_NVSP_NO_SECTION),
	};
	struct vmb_host_xfer xfer = {
		.trans_id = id,
		.pageset_id = VMB_NVSP_RECV_BUF_ID,
		.nr_ranges = n,
		.range = range,
		.data = &msg,
		.data_len = VMB_NVSP_BYTES,
	};

	return vmb_host_send_xfer(fake.ch, &xfer, false);
}

int fake_send_sections(u64 id, u32 nr, u32 n, u32 len)
{
	struct vmb_host_range range[VMB_HOST_MAX_RANGES];
	u32 i;

	for (i = 0; i < n; i++)
		range[i] = (struct vmb_host_range){ .offset = (nr + i) * SECTION, .len = len };
	return fake_send_ranges(id, range, n);
}

u8 *fake_section(u32 nr)
{
	return (u8 *)fake.recv.addr + nr * SECTION;
}

static void send_message(const void *msg, u32 len)
{
	u32 nr = fake.next++ % 16;

	memcpy(fake_section(nr), msg, len);
	fake_send(CONTROL_ID | nr, nr * SECTION, len, VMB_NVSP_RECV_BUF_ID, VMB_NVSP_RNDIS);
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
		/* pairs with fake_returned() */
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
		fake_reply(ch, pkt->trans_id, &answer, fake.short_answer ? 8 : sizeof(answer));
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

struct net_device *guest_start(struct kunit *test)
{
	struct net_device *dev = NULL;

	KUNIT_ASSERT_EQ(test, vmb_host_device_offer(fake.dev), 0);
	KUNIT_ASSERT_TRUE(test, env_wait((dev = nic_get())));
	KUNIT_EXPECT_EQ(test, nic_up(dev), 0);
	KUNIT_EXPECT_TRUE(test, env_wait(nic_ready(dev)));
	return dev;
}

void guest_stop(struct kunit *test, struct net_device *dev)
{
	if (dev)
		dev_put(dev);
	vmb_host_device_withdraw(fake.dev);
	KUNIT_EXPECT_TRUE(test, env_wait(!env_there(DEVICE) && !nic_there()));
}

int fake_init(struct kunit *test)
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
	return env_loop(&loop);
}

void fake_exit(struct kunit *test)
{
	if (loop)
		vmb_loop_destroy(loop);
	KUNIT_EXPECT_EQ(test, env_rmdir(NIC), 0);
	KUNIT_EXPECT_EQ(test, env_rmdir(ENV_DIR), 0);
	vmb_host_driver_unregister(&fake_driver);
}

void fake_returned(struct kunit *test, u64 id, u32 status)
{
	/* pairs with take(): the status is there */
	KUNIT_EXPECT_TRUE(test, env_wait(smp_load_acquire(&fake.returned_id) == id));
	KUNIT_EXPECT_EQ(test, fake.returned_status, status);
}

void fake_piece(u32 nr, u32 id, u32 len)
{
	u8 *p = fake_section(nr), *end;

	memset(p, 0xff, PIECE_HEAD + len);
	memset(p, 0, PIECE_HEAD);
	end = vmb_ppi_build(p + HEAD + sizeof(struct vmb_rndis_packet), VMB_PPI_ID, id);
	vmb_rndis_packet_build(p, end, len);
}
