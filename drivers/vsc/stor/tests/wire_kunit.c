// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is believed of what comes from the host.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "wire.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

static struct vsc_wire wire_of(u16 version)
{
	struct vsc_wire wire;

	vsc_wire_init(&wire, version);
	return wire;
}

static struct vmb_stor_packet good_answer(void)
{
	return (struct vmb_stor_packet){
		.operation = cpu_to_le32(VMB_STOR_OP_COMPLETE_IO),
		.srb.srb_status = VMB_STOR_SRB_ERROR | VMB_STOR_SRB_AUTOSENSE_VALID,
		.srb.scsi_status = SAM_STAT_CHECK_CONDITION,
		.srb.sense_length = 18,
		.srb.data_transfer_length = cpu_to_le32(512),
		.srb.sense = { 0x70 },
	};
}

static void wire_outcome(struct kunit *test)
{
	struct vsc_wire wire = wire_of(VMB_STOR_VERSION_6_2);
	struct vsc_wire old = wire_of(VMB_STOR_VERSION_2_0);
	struct vmb_stor_packet pkt = good_answer();
	struct storport_completion c;
	u32 len;
	u32 op;

	KUNIT_EXPECT_EQ(test, vsc_stor_wire_outcome(&wire, &pkt, 64, &c), 0);
	KUNIT_EXPECT_EQ(test, c.srb_status, 0x84);
	KUNIT_EXPECT_EQ(test, c.scsi_status, SAM_STAT_CHECK_CONDITION);
	KUNIT_EXPECT_EQ(test, c.transferred, 512);
	KUNIT_EXPECT_EQ(test, c.sense_length, 18);
	KUNIT_EXPECT_PTR_EQ(test, c.sense, (const void *)pkt.srb.sense);
	KUNIT_EXPECT_EQ(test, vsc_stor_wire_outcome(&wire, &pkt, 72, &c), 0);

	for (len = 0; len < 64; len++) {
		KUNIT_EXPECT_EQ(test, vsc_stor_wire_outcome(&wire, &pkt, len, &c), -EPROTO);
		/* fails the command, whatever it is */
		KUNIT_EXPECT_EQ(test, c.srb_status, STORPORT_SRB_PENDING);
		KUNIT_EXPECT_EQ(test, vsc_stor_wire_outcome(&old, &pkt, len, &c),
				len < 48 ? -EPROTO : 0);
	}
	for (op = 0; op < 20; op++) {
		pkt.operation = cpu_to_le32(op);
		KUNIT_EXPECT_EQ(test, vsc_stor_wire_outcome(&wire, &pkt, 64, &c),
				op == VMB_STOR_OP_COMPLETE_IO ? 0 : -EPROTO);
	}
	/* lengths go on as they are: the port layer refuses them */
	pkt = good_answer();
	pkt.srb.sense_length = 255;
	pkt.srb.data_transfer_length = cpu_to_le32(U32_MAX);
	KUNIT_EXPECT_EQ(test, vsc_stor_wire_outcome(&wire, &pkt, 64, &c), 0);
	KUNIT_EXPECT_EQ(test, c.sense_length, 255);
	KUNIT_EXPECT_EQ(test, c.transferred, U32_MAX);
}

static void wire_notice(struct kunit *test)
{
	__le32 op;
	u32 i;

	for (i = 0; i < 20; i++) {
		bool known = i == VMB_STOR_OP_ENUMERATE_BUS ||
			     i == VMB_STOR_OP_REMOVE_DEVICE;

		op = cpu_to_le32(i);
		KUNIT_EXPECT_EQ(test, vsc_stor_wire_notice(&op, 4),
				known ? (int)i : -EPROTO);
		KUNIT_EXPECT_EQ(test, vsc_stor_wire_notice(&op, 3), -EPROTO);
	}
	KUNIT_EXPECT_EQ(test, vsc_stor_wire_notice(NULL, 0), -EPROTO);
}

/* Whatever comes: nothing outside of the packet is looked at (KASAN). */
static void wire_noise(struct kunit *test)
{
	struct vsc_wire wire = wire_of(VMB_STOR_VERSION_6_2);
	struct storport_completion c;
	u32 i, len;
	u8 *buf;

	for (i = 0; i < 2000; i++) {
		len = get_random_u32_below(81);
		buf = kmalloc(max(len, 1U), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, buf);
		get_random_bytes(buf, len);
		if (len && i & 1) {
			memset(buf, 0, min(len, 4U));
			buf[0] = get_random_u32_below(15);
		}
		if (!vsc_stor_wire_outcome(&wire, buf, len, &c)) {
			KUNIT_EXPECT_GE(test, len, 64);
			KUNIT_EXPECT_PTR_EQ(test, c.sense, (const void *)(buf + 28));
		}
		vsc_stor_wire_notice(buf, len);
		kfree(buf);
	}
}

static struct kunit_case wire_cases[] = {
	KUNIT_CASE(wire_outcome),
	KUNIT_CASE(wire_notice),
	KUNIT_CASE(wire_noise),
	{}
};

static struct kunit_suite wire_suite = {
	.name = "vsc_stor_wire",
	.test_cases = wire_cases,
};

kunit_test_suite(wire_suite);

MODULE_DESCRIPTION("KUnit: packets of the synthetic SCSI controller");
MODULE_LICENSE("GPL");
