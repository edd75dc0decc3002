// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection: versions, posting, answers, messages that make no sense, the
 * end of it.
 */
#include <linux/module.h>

#include "fake.h"

static int conn_test_init(struct kunit *test)
{
	test->priv = fake_create(test);
	return 0;
}

static void conn_test_exit(struct kunit *test)
{
	if (test->priv)
		fake_destroy(test->priv);
}

static void conn_highest(struct kunit *test)
{
	struct fake *f = test->priv;
	struct vmb_msg_initiate_contact *m = (void *)f->last[VMB_MSG_INITIATE_CONTACT];

	KUNIT_EXPECT_EQ(test, vmb_guest_bus_version(f->bus), 0);
	KUNIT_ASSERT_EQ(test, fake_connect(f), 0);
	KUNIT_EXPECT_EQ(test, vmb_guest_bus_version(f->bus), VMB_VERSION_5_3);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_INITIATE_CONTACT], 1);
	KUNIT_EXPECT_EQ(test, f->last_conn_of[VMB_MSG_INITIATE_CONTACT], VMB_CONN_MESSAGE_MULTI);
	/* the SINT, and VTL 0 */
	KUNIT_EXPECT_EQ(test, le64_to_cpu(m->interrupt_page), VMB_SINT);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m->target_vp),
			FAKE_VP(cpumask_first(cpu_online_mask)));
	KUNIT_EXPECT_NE(test, le64_to_cpu(m->monitor_page[0]), 0);
	KUNIT_EXPECT_NE(test, m->monitor_page[0], m->monitor_page[1]);
	/* the host names the connection for all that follows */
	KUNIT_EXPECT_EQ(test, f->last_conn_of[VMB_MSG_REQUEST_OFFERS], FAKE_MSG_CONN);
	KUNIT_EXPECT_EQ(test, fake_connect(f), -EISCONN);
	KUNIT_EXPECT_EQ(test, fake_bad(f), 0);
}

static const u32 versions[] = {
	VMB_VERSION_5_3, VMB_VERSION_5_2, VMB_VERSION_5_1, VMB_VERSION_5_0,
	VMB_VERSION_4_1, VMB_VERSION_4_0, VMB_VERSION_3_0, VMB_VERSION_2_4,
};

/* A host that answers each version that it does not know. */
static void conn_step_down(struct kunit *test)
{
	struct fake *f = test->priv;
	int i;

	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		f->max_version = versions[i];
		f->seen[VMB_MSG_INITIATE_CONTACT] = 0;
		KUNIT_ASSERT_EQ(test, fake_connect(f), 0);
		KUNIT_EXPECT_EQ(test, vmb_guest_bus_version(f->bus), versions[i]);
		KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_INITIATE_CONTACT], i + 1);
		KUNIT_EXPECT_EQ(test, f->last_conn_of[VMB_MSG_REQUEST_OFFERS],
				versions[i] >= VMB_VERSION_5_0 ? FAKE_MSG_CONN : VMB_CONN_MESSAGE);
		vmb_guest_bus_unload(f->bus);
		KUNIT_EXPECT_EQ(test, vmb_guest_bus_version(f->bus), 0);
		/* 2.4 has no end */
		KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_UNLOAD],
				versions[i] == VMB_VERSION_2_4 ? i : i + 1);
	}
}

/* A host that does not even know the connection id. */
static void conn_old_connection(struct kunit *test)
{
	struct fake *f = test->priv;
	struct vmb_msg_initiate_contact *m = (void *)f->last[VMB_MSG_INITIATE_CONTACT];

	f->old_conn = true;
	f->max_version = VMB_VERSION_4_1;
	KUNIT_ASSERT_EQ(test, fake_connect(f), 0);
	KUNIT_EXPECT_EQ(test, vmb_guest_bus_version(f->bus), VMB_VERSION_4_1);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_INITIATE_CONTACT], 1);
	KUNIT_EXPECT_EQ(test, f->last_conn_of[VMB_MSG_INITIATE_CONTACT], VMB_CONN_MESSAGE);
	/* a page, not a SINT */
	KUNIT_EXPECT_GE(test, le64_to_cpu(m->interrupt_page), VMB_PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(m->interrupt_page) % VMB_PAGE_SIZE, 0);
}

static void conn_none_served(struct kunit *test)
{
	struct fake *f = test->priv;

	f->max_version = VMB_VERSION_1_1;
	KUNIT_EXPECT_EQ(test, fake_connect(f), -ECONNREFUSED);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_INITIATE_CONTACT], ARRAY_SIZE(versions));
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_REQUEST_OFFERS], 0);
	/* nothing is lost: the next attempt may work */
	f->max_version = VMB_VERSION_5_3;
	KUNIT_EXPECT_EQ(test, fake_connect(f), 0);
}

static void conn_limit(struct kunit *test)
{
	struct fake *f = test->priv;

	f->pf.max_version = VMB_VERSION_4_0;
	KUNIT_ASSERT_EQ(test, fake_connect(f), 0);
	KUNIT_EXPECT_EQ(test, vmb_guest_bus_version(f->bus), VMB_VERSION_4_0);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_INITIATE_CONTACT], 1);
}

static void conn_silence(struct kunit *test)
{
	struct fake *f = test->priv;

	f->mute = BIT(VMB_MSG_INITIATE_CONTACT);
	KUNIT_EXPECT_EQ(test, fake_connect(f), -ETIMEDOUT);
	/* it is not asked again and again */
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_INITIATE_CONTACT], 1);
	/* a bus that gets no last word of the offers is a bus */
	f->mute = BIT(VMB_MSG_REQUEST_OFFERS);
	KUNIT_EXPECT_EQ(test, fake_connect(f), 0);
	KUNIT_EXPECT_EQ(test, vmb_guest_bus_version(f->bus), VMB_VERSION_5_3);
}

static void conn_busy(struct kunit *test)
{
	struct fake *f = test->priv;

	f->post_fails = 3;
	f->post_status = VMB_HV_INSUFFICIENT_BUFFERS;
	KUNIT_ASSERT_EQ(test, fake_connect(f), 0);
	KUNIT_EXPECT_EQ(test, vmb_guest_bus_version(f->bus), VMB_VERSION_5_3);
	vmb_guest_bus_unload(f->bus);

	/* for ever is too long */
	f->post_fails = U32_MAX;
	KUNIT_EXPECT_EQ(test, fake_connect(f), -ETIMEDOUT);
	/* what no waiting makes better */
	f->post_fails = 1;
	f->post_status = VMB_HV_INVALID_PARAMETER;
	KUNIT_EXPECT_EQ(test, fake_connect(f), -EIO);
	f->post_fails = 0;
	KUNIT_EXPECT_EQ(test, fake_connect(f), 0);
}

static void conn_bad_connection_id(struct kunit *test)
{
	struct fake *f = test->priv;

	f->msg_conn = VMB_CONN_MASK + 1;
	KUNIT_ASSERT_EQ(test, fake_connect(f), 0);
	KUNIT_EXPECT_EQ(test, vmb_guest_bus_version(f->bus), VMB_VERSION_4_1);
	KUNIT_EXPECT_EQ(test, fake_bad(f), 4);
	vmb_guest_bus_unload(f->bus);
	f->msg_conn = 0;
	KUNIT_ASSERT_EQ(test, fake_connect(f), 0);
	KUNIT_EXPECT_EQ(test, vmb_guest_bus_version(f->bus), VMB_VERSION_4_1);
}

static void conn_unload_unanswered(struct kunit *test)
{
	struct fake *f = test->priv;

	f->pf.timeout_ms = 20;
	KUNIT_ASSERT_EQ(test, fake_connect(f), 0);
	f->mute = BIT(VMB_MSG_UNLOAD);
	vmb_guest_bus_unload(f->bus);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_UNLOAD], 1);
	KUNIT_EXPECT_EQ(test, vmb_guest_bus_version(f->bus), 0);
	/* once is enough */
	vmb_guest_bus_unload(f->bus);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_UNLOAD], 1);
}

static void conn_crash(struct kunit *test)
{
	struct fake *f = test->priv;
	struct vmb_hv_message *slot = fake_synic(f, f->msg_cpu)->msg + VMB_SINT;
	struct vmb_msg_header hdr = { .type = cpu_to_le32(VMB_MSG_UNLOAD_RESPONSE) };

	KUNIT_ASSERT_EQ(test, fake_connect(f), 0);
	/* the answer lies there, and nobody is interrupted for it */
	f->mute = BIT(VMB_MSG_UNLOAD);
	slot->payload_size = sizeof(hdr);
	memcpy(slot->payload, &hdr, sizeof(hdr));
	slot->message_type = cpu_to_le32(VMB_MSG_TYPE_CHANNEL);
	local_irq_disable();
	vmb_guest_bus_crash(f->bus);
	local_irq_enable();
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_UNLOAD], 1);
	KUNIT_EXPECT_EQ(test, slot->message_type, 0);
	KUNIT_EXPECT_EQ(test, vmb_guest_bus_version(f->bus), 0);
	/* a second panic, and all that would follow, says nothing */
	vmb_guest_bus_crash(f->bus);
	vmb_guest_bus_unload(f->bus);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_UNLOAD], 1);
}

/* The CPU that the answer comes to still takes interrupts. */
static void conn_crash_answered(struct kunit *test)
{
	struct fake *f = test->priv;

	KUNIT_ASSERT_EQ(test, fake_connect(f), 0);
	vmb_guest_bus_crash(f->bus);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_UNLOAD], 1);
	KUNIT_EXPECT_EQ(test, fake_bad(f), 0);
}

static void conn_bad_messages(struct kunit *test)
{
	u8 payload[VMB_MSG_PAYLOAD_MAX] = {};
	__le32 *type = (void *)payload;
	struct fake *f = test->priv;
	u64 bad = 0;
	u32 i;

	KUNIT_ASSERT_EQ(test, fake_connect(f), 0);
	/* not for us: timers share the slot */
	fake_send_raw(f, 0x80000010, NULL, 24);
	fake_send_raw(f, 2, NULL, 16);
	KUNIT_EXPECT_EQ(test, fake_bad(f), 0);

	/* sizes that cannot be */
	for (i = 0; i < 8; i++, bad++)
		fake_send_raw(f, VMB_MSG_TYPE_CHANNEL, payload, i);
	for (i = 241; i < 256; i++, bad++)
		fake_send_raw(f, VMB_MSG_TYPE_CHANNEL, payload, i);
	KUNIT_EXPECT_EQ(test, fake_bad(f), bad);

	/* types: unknown, the guest's own, and too short to be what they say */
	for (i = 0; i < 64; i++) {
		*type = cpu_to_le32(i);
		if (i == VMB_MSG_ALL_OFFERS_DELIVERED)
			continue;
		fake_send_raw(f, VMB_MSG_TYPE_CHANNEL, payload, 8);
		bad++;
	}
	*type = cpu_to_le32(U32_MAX);
	fake_send_raw(f, VMB_MSG_TYPE_CHANNEL, payload, 240);
	bad++;
	KUNIT_EXPECT_EQ(test, fake_bad(f), bad);

	/* answers that nobody waits for */
	for (i = 0; i < 32; i++) {
		if (i == VMB_MSG_ALL_OFFERS_DELIVERED)
			continue;
		*type = cpu_to_le32(i);
		memset(payload + 8, 0xff, sizeof(payload) - 8);
		fake_send_raw(f, VMB_MSG_TYPE_CHANNEL, payload, 240);
		bad++;
	}
	settle(f);
	KUNIT_EXPECT_EQ(test, fake_bad(f), bad);

	/* and it works as before */
	fake_offer(f, 1, 1, 0);
	settle(f);
	KUNIT_EXPECT_NOT_NULL(test, fake_device(f, 1));
}

static void conn_eom(struct kunit *test)
{
	struct fake *f = test->priv;
	u32 i, eoms;

	KUNIT_ASSERT_EQ(test, fake_connect(f), 0);
	eoms = f->eoms;
	fake_offer(f, 1, 1, 0);
	/* nothing waits behind it */
	KUNIT_EXPECT_EQ(test, f->eoms, eoms);
	f->hold = true;
	for (i = 2; i <= 5; i++)
		fake_offer(f, i, i, 0);
	f->hold = false;
	fake_offer(f, 6, 6, 0);
	KUNIT_EXPECT_EQ(test, f->eoms, eoms + 4);
	settle(f);
	for (i = 1; i <= 6; i++)
		KUNIT_EXPECT_NOT_NULL(test, fake_device(f, i));
	KUNIT_EXPECT_TRUE(test, list_empty(&f->out));
}

static struct kunit_case conn_cases[] = {
	KUNIT_CASE(conn_highest),
	KUNIT_CASE(conn_step_down),
	KUNIT_CASE(conn_old_connection),
	KUNIT_CASE(conn_none_served),
	KUNIT_CASE(conn_limit),
	KUNIT_CASE(conn_silence),
	KUNIT_CASE(conn_busy),
	KUNIT_CASE(conn_bad_connection_id),
	KUNIT_CASE(conn_unload_unanswered),
	KUNIT_CASE(conn_crash),
	KUNIT_CASE(conn_crash_answered),
	KUNIT_CASE(conn_bad_messages),
	KUNIT_CASE(conn_eom),
	{ }
};

static struct kunit_suite conn_suite = {
	.name = "vmb_guest_conn",
	.init = conn_test_init,
	.exit = conn_test_exit,
	.test_cases = conn_cases,
};

kunit_test_suite(conn_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests of the guest end of VMBus");
MODULE_LICENSE("GPL");
