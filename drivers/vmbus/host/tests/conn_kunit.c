// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection's and the channels' states, without memory: messages go in by
 * vmb_conn_post(), and what is queued for the guest is looked at in place. What
 * needs a guest's memory is in tools/testing/selftests.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "../host.h"

#define VP	3

struct conn_test {
	struct vmb_partition partition;
	struct vmb_bus *bus;
	struct vmb_vp vp;
	struct vmb_vp_thread thread;
	/* stands for a VMM's; nobody looks into it */
	struct mm_struct *mm;
	struct vmb_host_device dev[2];
	struct vmb_hdev hdev[2];
	u8 taken[VMB_MSG_PAYLOAD_MAX];
};

static int conn_test_open(struct vmb_channel *ch, const u8 *user)
{
	return 0;
}

static void conn_test_close(struct vmb_channel *ch)
{
}

static int conn_test_poll(struct vmb_channel *ch, int budget)
{
	return 0;
}

static const struct vmb_host_driver conn_test_driver = {
	.name		= "kunit",
	.owner		= THIS_MODULE,
	.class_id	= GUID_INIT(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
	.open		= conn_test_open,
	.close		= conn_test_close,
	.poll		= conn_test_poll,
};

static void conn_test_sub_work(struct work_struct *work)
{
}

static const struct config_item_type conn_test_type = {
	.ct_owner	= THIS_MODULE,
};

static int conn_test_init(struct kunit *test)
{
	struct conn_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	int i;

	if (!t)
		return -ENOMEM;
	test->priv = t;
	t->mm = kunit_kzalloc(test, sizeof(*t->mm), GFP_KERNEL);
	if (!t->mm)
		return -ENOMEM;
	/* one that is never given back */
	atomic_set(&t->mm->mm_count, 1);
	init_rwsem(&t->mm->mmap_lock);
	config_group_init_type_name(&t->partition.group, "p", &conn_test_type);
	mutex_init(&t->partition.lock);
	INIT_LIST_HEAD(&t->partition.devices);
	t->partition.max_version = VMB_VERSION_5_3;
	for (i = 0; i < ARRAY_SIZE(t->dev); i++) {
		config_group_init_type_name(&t->dev[i].group, i ? "kunit.1" : "kunit.0",
					    &conn_test_type);
		t->dev[i].driver = &conn_test_driver;
		t->dev[i].partition = &t->partition;
		t->dev[i].priv = &t->hdev[i];
		t->dev[i].instance_id.b[0] = i + 1;
		t->hdev[i].dev = &t->dev[i];
		t->hdev[i].offered = true;
		INIT_WORK(&t->hdev[i].sub_work, conn_test_sub_work);
		list_add_tail(&t->hdev[i].list, &t->partition.devices);
	}

	t->bus = vmb_bus_create(&t->partition, t->mm);
	if (IS_ERR(t->bus))
		return PTR_ERR(t->bus);
	t->partition.bus = t->bus;
	t->vp.bus = t->bus;
	t->vp.index = VP;
	/* as if its thread were about to write a message: the queue stays as it is */
	t->thread.vp = &t->vp;
	t->thread.task = current;
	kref_init(&t->thread.ref);
	t->thread.stage_flags = BIT(VMB_VP_STAGING);
	RCU_INIT_POINTER(t->vp.thread, &t->thread);
	return xa_insert(&t->bus->vps, VP, &t->vp, GFP_KERNEL);
}

static void conn_test_exit(struct kunit *test)
{
	struct conn_test *t = test->priv;

	if (!t || IS_ERR_OR_NULL(t->bus))
		return;
	/* it is ours, not the bus's */
	xa_erase(&t->bus->vps, VP);
	mutex_lock(&t->partition.lock);
	vmb_bus_destroy(t->bus);
	mutex_unlock(&t->partition.lock);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->mm->mm_count), 1);
}

static u16 post_on(struct kunit *test, u32 connection_id, const void *msg, u32 len)
{
	struct conn_test *t = test->priv;
	u8 payload[VMB_MSG_PAYLOAD_MAX] = {};

	memcpy(payload, msg, len);
	guard(mutex)(&t->partition.lock);
	return vmb_conn_post(t->bus, connection_id, VMB_MSG_TYPE_CHANNEL, payload, len);
}

static void post(struct kunit *test, const void *msg, u32 len)
{
	KUNIT_ASSERT_EQ(test, post_on(test, VMB_CONN_MESSAGE, msg, len), VMB_HV_SUCCESS);
}

static void post_type(struct kunit *test, u32 type)
{
	struct vmb_msg_header m = { .type = cpu_to_le32(type) };

	post(test, &m, sizeof(m));
}

static void post_relid(struct kunit *test, u32 type, u32 relid)
{
	struct vmb_msg_relid m = {
		.hdr.type = cpu_to_le32(type),
		.relid = cpu_to_le32(relid),
	};

	post(test, &m, sizeof(m));
}

/* The next message to the guest, which is of this type; NULL where none is due. */
static void *next(struct kunit *test, u32 type, u32 len)
{
	struct conn_test *t = test->priv;
	struct vmb_message *m;

	m = list_first_entry_or_null(&t->bus->msgs, struct vmb_message, list);
	KUNIT_ASSERT_NOT_NULL(test, m);
	list_del(&m->list);
	t->bus->nr_msgs--;
	memcpy(t->taken, m->payload, sizeof(t->taken));
	KUNIT_EXPECT_EQ(test, m->len, len);
	kfree(m);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(t->taken), type);
	return t->taken;
}

static void expect_silence(struct kunit *test)
{
	struct conn_test *t = test->priv;

	KUNIT_EXPECT_TRUE(test, list_empty(&t->bus->msgs));
	KUNIT_EXPECT_EQ(test, t->bus->nr_msgs, 0);
}

static bool contact(struct kunit *test, u32 version)
{
	struct vmb_msg_initiate_contact m = {
		.hdr.type = cpu_to_le32(VMB_MSG_INITIATE_CONTACT),
		.version = cpu_to_le32(version),
		.target_vp = cpu_to_le32(VP),
		.interrupt_page = cpu_to_le64(version >= VMB_VERSION_5_0 ? VMB_SINT : 0),
	};
	struct vmb_msg_version_response *resp;

	post(test, &m, sizeof(m));
	resp = next(test, VMB_MSG_VERSION_RESPONSE, sizeof(*resp));
	return resp->supported;
}

static u32 offer(struct kunit *test, u8 instance)
{
	struct vmb_msg_offer *m = next(test, VMB_MSG_OFFER, sizeof(*m));

	KUNIT_EXPECT_EQ(test, m->instance_id.b[0], instance);
	KUNIT_EXPECT_TRUE(test, guid_equal(&m->class_id, &conn_test_driver.class_id));
	return le32_to_cpu(m->relid);
}

static void connect_with_offers(struct kunit *test, u32 version)
{
	KUNIT_ASSERT_TRUE(test, contact(test, version));
	post_type(test, VMB_MSG_REQUEST_OFFERS);
	KUNIT_EXPECT_EQ(test, offer(test, 1), 1);
	KUNIT_EXPECT_EQ(test, offer(test, 2), 2);
	next(test, VMB_MSG_ALL_OFFERS_DELIVERED, sizeof(struct vmb_msg_header));
	expect_silence(test);
}

static void conn_versions(struct kunit *test)
{
	static const u32 good[] = {
		VMB_VERSION_2_4, VMB_VERSION_3_0, VMB_VERSION_4_0, VMB_VERSION_4_1,
		VMB_VERSION_5_0, VMB_VERSION_5_1, VMB_VERSION_5_2, VMB_VERSION_5_3,
	};
	struct conn_test *t = test->priv;
	int i, max;

	for (max = 0; max < ARRAY_SIZE(good); max++) {
		t->partition.max_version = good[max];
		for (i = 0; i < ARRAY_SIZE(good); i++) {
			KUNIT_EXPECT_EQ(test, contact(test, good[i]), i <= max);
			KUNIT_EXPECT_EQ(test, t->bus->state == VMB_CONN_CONNECTED, i <= max);
			KUNIT_EXPECT_FALSE(test, contact(test, good[i] + 7));
			KUNIT_EXPECT_EQ(test, t->bus->state, VMB_CONN_DISCONNECTED);
		}
	}
}

/* There is no memory, so the page that old guests need cannot be had. */
static void conn_old_version_without_page(struct kunit *test)
{
	struct conn_test *t = test->priv;
	struct vmb_record rec;

	KUNIT_EXPECT_FALSE(test, contact(test, VMB_VERSION_0_13));
	KUNIT_EXPECT_FALSE(test, contact(test, VMB_VERSION_1_1));
	KUNIT_EXPECT_FALSE(test, vmb_signal_next_record(t->bus, &rec));
}

static void conn_multi_client_id(struct kunit *test)
{
	struct conn_test *t = test->priv;
	struct vmb_msg_header m = { .type = cpu_to_le32(VMB_MSG_UNLOAD) };

	KUNIT_EXPECT_EQ(test, post_on(test, VMB_CONN_MESSAGE_MULTI, &m, sizeof(m)),
			VMB_HV_SUCCESS);
	KUNIT_EXPECT_EQ(test, post_on(test, VMB_CONN_EVENT, &m, sizeof(m)),
			VMB_HV_INVALID_CONNECTION_ID);
	t->partition.max_version = VMB_VERSION_4_1;
	KUNIT_EXPECT_EQ(test, post_on(test, VMB_CONN_MESSAGE_MULTI, &m, sizeof(m)),
			VMB_HV_INVALID_CONNECTION_ID);
}

/* Everything but two messages is dropped and counted before there is a connection. */
static void conn_unconnected(struct kunit *test)
{
	struct conn_test *t = test->priv;
	u8 msg[VMB_MSG_PAYLOAD_MAX] = {};
	u32 type, bad = 0;

	for (type = 0; type < 30; type++) {
		if (type == VMB_MSG_INITIATE_CONTACT || type == VMB_MSG_UNLOAD)
			continue;
		put_unaligned_le32(type, msg);
		post(test, msg, sizeof(msg));
		bad++;
		expect_silence(test);
		KUNIT_EXPECT_EQ(test, t->bus->nr_bad, bad);
	}
	post_type(test, VMB_MSG_UNLOAD);
	KUNIT_EXPECT_EQ(test, t->bus->nr_bad, bad);
}

static void conn_offers(struct kunit *test)
{
	struct conn_test *t = test->priv;

	connect_with_offers(test, VMB_VERSION_4_0);
	KUNIT_EXPECT_NOT_NULL(test, t->hdev[0].chan[0]);
	/* once */
	post_type(test, VMB_MSG_REQUEST_OFFERS);
	expect_silence(test);
	/* the same again after any of the three ways to begin anew */
	connect_with_offers(test, VMB_VERSION_5_3);
	post_type(test, VMB_MSG_UNLOAD);
	next(test, VMB_MSG_UNLOAD_RESPONSE, sizeof(struct vmb_msg_header));
	KUNIT_EXPECT_NULL(test, t->hdev[0].chan[0]);
	KUNIT_EXPECT_TRUE(test, xa_empty(&t->bus->chans));
	connect_with_offers(test, VMB_VERSION_2_4);
}

/* What was queued for a connection that has ended is not delivered in the next. */
static void conn_second_contact_drops_messages(struct kunit *test)
{
	struct conn_test *t = test->priv;

	KUNIT_ASSERT_TRUE(test, contact(test, VMB_VERSION_4_0));
	post_type(test, VMB_MSG_REQUEST_OFFERS);
	KUNIT_EXPECT_EQ(test, t->bus->nr_msgs, 3);
	KUNIT_EXPECT_TRUE(test, contact(test, VMB_VERSION_5_3));
	expect_silence(test);
}

static enum vmb_chan_state chan_state(struct kunit *test, u32 relid)
{
	struct conn_test *t = test->priv;
	struct vmb_chan *ch = xa_load(&t->bus->chans, relid);

	KUNIT_ASSERT_NOT_NULL(test, ch);
	return ch->state;
}

static void conn_rescind_and_release(struct kunit *test)
{
	struct conn_test *t = test->priv;
	struct vmb_msg_relid *m;

	connect_with_offers(test, VMB_VERSION_5_3);
	/* not rescinded: the guest has nothing to release */
	post_relid(test, VMB_MSG_RELID_RELEASED, 1);
	KUNIT_EXPECT_NOT_NULL(test, xa_load(&t->bus->chans, 1));

	vmb_host_device_withdraw(&t->dev[0]);
	m = next(test, VMB_MSG_RESCIND, sizeof(*m));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m->relid), 1);
	/* the guest knows the device until it has released it: not offered twice */
	KUNIT_EXPECT_EQ(test, vmb_host_device_offer(&t->dev[0]), 0);
	KUNIT_EXPECT_EQ(test, vmb_host_device_offer(&t->dev[0]), 0);
	expect_silence(test);
	KUNIT_EXPECT_EQ(test, chan_state(test, 1), VMB_CHAN_RESCINDED);
	post_relid(test, VMB_MSG_RELID_RELEASED, 1);
	KUNIT_EXPECT_EQ(test, offer(test, 1), 1);
	KUNIT_EXPECT_EQ(test, chan_state(test, 1), VMB_CHAN_OFFERED);
	/* not rescinded again */
	post_relid(test, VMB_MSG_RELID_RELEASED, 1);
	expect_silence(test);
}

/* Withdrawn once more before the guest released the first one: no offer. */
static void conn_held_back_and_withdrawn(struct kunit *test)
{
	struct conn_test *t = test->priv;

	connect_with_offers(test, VMB_VERSION_5_3);
	vmb_host_device_withdraw(&t->dev[0]);
	next(test, VMB_MSG_RESCIND, sizeof(struct vmb_msg_relid));
	KUNIT_EXPECT_EQ(test, vmb_host_device_offer(&t->dev[0]), 0);
	vmb_host_device_withdraw(&t->dev[0]);
	post_relid(test, VMB_MSG_RELID_RELEASED, 1);
	expect_silence(test);
	KUNIT_EXPECT_NULL(test, xa_load(&t->bus->chans, 1));
	KUNIT_EXPECT_EQ(test, vmb_host_device_offer(&t->dev[0]), 0);
	KUNIT_EXPECT_EQ(test, offer(test, 1), 1);
}

/* It is the instance id that counts, not which device had it. */
static void conn_held_back_by_another(struct kunit *test)
{
	struct conn_test *t = test->priv;

	connect_with_offers(test, VMB_VERSION_5_3);
	vmb_host_device_withdraw(&t->dev[0]);
	next(test, VMB_MSG_RESCIND, sizeof(struct vmb_msg_relid));
	vmb_host_device_withdraw(&t->dev[1]);
	next(test, VMB_MSG_RESCIND, sizeof(struct vmb_msg_relid));
	swap(t->dev[0].instance_id, t->dev[1].instance_id);
	KUNIT_EXPECT_EQ(test, vmb_host_device_offer(&t->dev[1]), 0);
	post_relid(test, VMB_MSG_RELID_RELEASED, 2);
	expect_silence(test);
	post_relid(test, VMB_MSG_RELID_RELEASED, 1);
	KUNIT_EXPECT_EQ(test, offer(test, 1), 1);
	/* who connects anew has released all */
	vmb_host_device_withdraw(&t->dev[1]);
	next(test, VMB_MSG_RESCIND, sizeof(struct vmb_msg_relid));
	KUNIT_EXPECT_EQ(test, vmb_host_device_offer(&t->dev[1]), 0);
	expect_silence(test);
	KUNIT_EXPECT_TRUE(test, contact(test, VMB_VERSION_5_3));
	post_type(test, VMB_MSG_REQUEST_OFFERS);
	KUNIT_EXPECT_EQ(test, offer(test, 1), 1);
}

static void conn_same_instance_twice(struct kunit *test)
{
	struct conn_test *t = test->priv;

	connect_with_offers(test, VMB_VERSION_5_3);
	vmb_host_device_withdraw(&t->dev[1]);
	next(test, VMB_MSG_RESCIND, sizeof(struct vmb_msg_relid));
	t->dev[1].instance_id = t->dev[0].instance_id;
	KUNIT_EXPECT_EQ(test, vmb_host_device_offer(&t->dev[1]), -EEXIST);
	expect_silence(test);
}

static u32 open_status(struct kunit *test, u32 relid, u32 gpadl, u32 vp)
{
	struct vmb_msg_open m = {
		.hdr.type = cpu_to_le32(VMB_MSG_OPEN),
		.relid = cpu_to_le32(relid),
		.open_id = cpu_to_le32(77),
		.ring_gpadl = cpu_to_le32(gpadl),
		.target_vp = cpu_to_le32(vp),
		.downstream_page = cpu_to_le32(2),
	};
	struct vmb_msg_open_result *r;

	post(test, &m, sizeof(m));
	r = next(test, VMB_MSG_OPEN_RESULT, sizeof(*r));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(r->open_id), 77);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(r->relid), relid);
	return le32_to_cpu(r->status);
}

static u32 gpadl_status(struct kunit *test, u32 relid, u32 handle)
{
	struct {
		struct vmb_msg_gpadl_header m;
		__le32 len, offset;
		__le64 pfn[4];
	} __packed msg = {
		.m.hdr.type = cpu_to_le32(VMB_MSG_GPADL_HEADER),
		.m.relid = cpu_to_le32(relid),
		.m.gpadl = cpu_to_le32(handle),
		.m.range_buflen = cpu_to_le16(40),
		.m.range_count = cpu_to_le16(1),
		.len = cpu_to_le32(4 * VMB_PAGE_SIZE),
	};
	struct vmb_msg_gpadl_created *r;

	post(test, &msg, sizeof(msg));
	r = next(test, VMB_MSG_GPADL_CREATED, sizeof(*r));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(r->gpadl), handle);
	return le32_to_cpu(r->status);
}

static void conn_open_refused(struct kunit *test)
{
	struct conn_test *t = test->priv;
	struct vmb_record rec;

	connect_with_offers(test, VMB_VERSION_5_3);
	KUNIT_EXPECT_NE(test, open_status(test, 9, 5, VP), 0);
	KUNIT_EXPECT_NE(test, open_status(test, 1, 5, VP), 0);
	KUNIT_EXPECT_EQ(test, gpadl_status(test, 1, 5), 0);
	KUNIT_EXPECT_NE(test, open_status(test, 1, 5, VP + 1), 0);
	/* another channel's rings; and rings in memory that is not there */
	KUNIT_EXPECT_NE(test, open_status(test, 2, 5, VP), 0);
	KUNIT_EXPECT_NE(test, open_status(test, 1, 5, VP), 0);
	KUNIT_EXPECT_EQ(test, t->hdev[0].chan[0]->state, VMB_CHAN_OFFERED);
	/* no eventfd was ever wanted, and the memory was given back */
	KUNIT_EXPECT_FALSE(test, vmb_signal_next_record(t->bus, &rec));
	KUNIT_EXPECT_EQ(test, t->mm->locked_vm, 0);

	vmb_host_device_withdraw(&t->dev[0]);
	next(test, VMB_MSG_RESCIND, sizeof(struct vmb_msg_relid));
	KUNIT_EXPECT_EQ(test, open_status(test, 1, 5, VP), VMB_STATUS_UNSUCCESSFUL);
	KUNIT_EXPECT_NE(test, gpadl_status(test, 1, 6), 0);
}

static void conn_gpadls(struct kunit *test)
{
	struct conn_test *t = test->priv;
	struct vmb_msg_gpadl_teardown m = {
		.hdr.type = cpu_to_le32(VMB_MSG_GPADL_TEARDOWN),
		.relid = cpu_to_le32(1),
		.gpadl = cpu_to_le32(5),
	};

	connect_with_offers(test, VMB_VERSION_5_3);
	KUNIT_EXPECT_EQ(test, gpadl_status(test, 1, 5), 0);
	KUNIT_EXPECT_NE(test, gpadl_status(test, 1, 5), 0);
	KUNIT_EXPECT_EQ(test, gpadl_status(test, 2, 6), 0);
	KUNIT_EXPECT_EQ(test, t->bus->nr_gpadls, 2);
	post(test, &m, sizeof(m));
	next(test, VMB_MSG_GPADL_TORNDOWN, sizeof(struct vmb_msg_gpadl_torndown));
	KUNIT_EXPECT_EQ(test, t->bus->nr_gpadls, 1);
	/* not one that is used */
	vmb_host_device_withdraw(&t->dev[1]);
	next(test, VMB_MSG_RESCIND, sizeof(struct vmb_msg_relid));
	KUNIT_EXPECT_EQ(test, t->bus->nr_gpadls, 1);
	post_relid(test, VMB_MSG_RELID_RELEASED, 2);
	KUNIT_EXPECT_EQ(test, t->bus->nr_gpadls, 0);
	KUNIT_EXPECT_EQ(test, t->bus->gpadl_bytes, 0);
}

/* Answers that are not taken: the guest is told to wait, not the host to hoard. */
static void conn_flood(struct kunit *test)
{
	struct vmb_msg_tl_connect_request m = {
		.hdr.type = cpu_to_le32(VMB_MSG_TL_CONNECT_REQUEST),
	};
	struct conn_test *t = test->priv;
	int i;

	KUNIT_ASSERT_TRUE(test, contact(test, VMB_VERSION_5_3));
	for (i = 0; i < VMB_MESSAGES_HIGH; i++)
		post(test, &m, sizeof(m));
	KUNIT_EXPECT_EQ(test, post_on(test, VMB_CONN_MESSAGE, &m, sizeof(m)),
			VMB_HV_INSUFFICIENT_BUFFERS);
	KUNIT_EXPECT_EQ(test, t->bus->nr_msgs, VMB_MESSAGES_HIGH);
	next(test, VMB_MSG_TL_CONNECT_RESULT, sizeof(struct vmb_msg_tl_connect_result));
	post(test, &m, sizeof(m));
}

static void conn_modify(struct kunit *test)
{
	struct vmb_msg_modify_channel m = {
		.hdr.type = cpu_to_le32(VMB_MSG_MODIFY_CHANNEL),
		.relid = cpu_to_le32(1),
		.target_vp = cpu_to_le32(VP),
	};
	struct vmb_msg_modify_channel_response *r;

	/* from 5.3 on there is an answer, here that the channel is not open */
	connect_with_offers(test, VMB_VERSION_5_2);
	post(test, &m, sizeof(m));
	expect_silence(test);
	connect_with_offers(test, VMB_VERSION_5_3);
	post(test, &m, sizeof(m));
	r = next(test, VMB_MSG_MODIFY_CHANNEL_RESPONSE, sizeof(*r));
	KUNIT_EXPECT_NE(test, le32_to_cpu(r->status), 0);
	expect_silence(test);
}

static struct kunit_case conn_cases[] = {
	KUNIT_CASE(conn_versions),
	KUNIT_CASE(conn_old_version_without_page),
	KUNIT_CASE(conn_multi_client_id),
	KUNIT_CASE(conn_unconnected),
	KUNIT_CASE(conn_offers),
	KUNIT_CASE(conn_second_contact_drops_messages),
	KUNIT_CASE(conn_rescind_and_release),
	KUNIT_CASE(conn_held_back_and_withdrawn),
	KUNIT_CASE(conn_held_back_by_another),
	KUNIT_CASE(conn_same_instance_twice),
	KUNIT_CASE(conn_open_refused),
	KUNIT_CASE(conn_gpadls),
	KUNIT_CASE(conn_flood),
	KUNIT_CASE(conn_modify),
	{}
};

static struct kunit_suite conn_suite = {
	.name		= "vmb_host_conn",
	.init		= conn_test_init,
	.exit		= conn_test_exit,
	.test_cases	= conn_cases,
};

kunit_test_suite(conn_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit suite of the connection's states");
MODULE_LICENSE("GPL");
