// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pins the layout of every structure of the storage protocol, field by field:
 * what the static asserts in the header leave out. The numbers are what guests
 * use, written down independently of the header.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/string.h>
#include <vmb/proto/stor.h>

#define AT(type, member, offset) \
	KUNIT_EXPECT_EQ(test, offsetof(struct type, member), (size_t)(offset))
#define SIZE(type, size) \
	KUNIT_EXPECT_EQ(test, sizeof(struct type), (size_t)(size))

static void wire_srb(struct kunit *test)
{
	AT(vmb_stor_srb, length, 0);
	AT(vmb_stor_srb, srb_status, 2);
	AT(vmb_stor_srb, scsi_status, 3);
	AT(vmb_stor_srb, port_number, 4);
	AT(vmb_stor_srb, path_id, 5);
	AT(vmb_stor_srb, target_id, 6);
	AT(vmb_stor_srb, lun, 7);
	AT(vmb_stor_srb, cdb_length, 8);
	AT(vmb_stor_srb, sense_length, 9);
	AT(vmb_stor_srb, data_in, 10);
	AT(vmb_stor_srb, reserved, 11);
	AT(vmb_stor_srb, data_transfer_length, 12);
	AT(vmb_stor_srb, cdb, 16);
	AT(vmb_stor_srb, sense, 16);
	AT(vmb_stor_srb, bytes, 16);
	AT(vmb_stor_srb, reserve, 36);
	AT(vmb_stor_srb, queue_tag, 38);
	AT(vmb_stor_srb, queue_action, 39);
	AT(vmb_stor_srb, srb_flags, 40);
	AT(vmb_stor_srb, timeout, 44);
	AT(vmb_stor_srb, queue_sort_key, 48);
	SIZE(vmb_stor_srb, 52);
}

static void wire_packet(struct kunit *test)
{
	AT(vmb_stor_packet, operation, 0);
	AT(vmb_stor_packet, flags, 4);
	AT(vmb_stor_packet, status, 8);
	AT(vmb_stor_packet, srb, 12);
	AT(vmb_stor_packet, properties, 12);
	AT(vmb_stor_packet, version, 12);
	AT(vmb_stor_packet, sub_channels, 12);
	SIZE(vmb_stor_packet, 64);
}

static void wire_properties(struct kunit *test)
{
	AT(vmb_stor_properties, max_sub_channels, 4);
	AT(vmb_stor_properties, flags, 8);
	AT(vmb_stor_properties, max_transfer_bytes, 12);
	SIZE(vmb_stor_properties, 24);
	AT(vmb_stor_version, major_minor, 0);
	AT(vmb_stor_version, revision, 2);
	SIZE(vmb_stor_version, 4);
}

static void wire_ide_offer(struct kunit *test)
{
	AT(vmb_stor_ide_offer, path_id, 2);
	AT(vmb_stor_ide_offer, target_id, 3);
	AT(vmb_stor_ide_offer, flags, 8);
	SIZE(vmb_stor_ide_offer, 24);
}

/* The extension of version 5.1 is the last 16 bytes; all else is shared. */
static void wire_version_sizes(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, VMB_STOR_PACKET_BYTES, 64);
	KUNIT_EXPECT_EQ(test, VMB_STOR_PACKET_BYTES_V1, 48);
	KUNIT_EXPECT_EQ(test, VMB_STOR_PACKET_HEAD +
			offsetofend(struct vmb_stor_srb, bytes), 48);
	KUNIT_EXPECT_LE(test, VMB_STOR_PACKET_HEAD +
			sizeof(struct vmb_stor_properties),
			VMB_STOR_PACKET_BYTES_V1);
	KUNIT_EXPECT_EQ(test, VMB_STOR_PACKET_BYTES % 8, 0);
	KUNIT_EXPECT_EQ(test, VMB_STOR_PACKET_BYTES_V1 % 8, 0);
	KUNIT_EXPECT_EQ(test, VMB_STOR_VERSION_2_0, 0x0200);
	KUNIT_EXPECT_EQ(test, VMB_STOR_VERSION_4_2, 0x0402);
	KUNIT_EXPECT_EQ(test, VMB_STOR_VERSION_5_1, 0x0501);
	KUNIT_EXPECT_EQ(test, VMB_STOR_VERSION_6_0, 0x0600);
	KUNIT_EXPECT_EQ(test, VMB_STOR_VERSION_6_2, 0x0602);
}

/* A packet as a guest writes it, byte by byte. */
static void wire_example(struct kunit *test)
{
	static const u8 bytes[VMB_STOR_PACKET_BYTES] = {
		0x03, 0, 0, 0,  0x01, 0, 0, 0,  0, 0, 0, 0,	/* EXECUTE_SRB */
		0x34, 0,  0, 0,  0, 1, 2, 3,  10, 20, 1, 0,
		0x00, 0x10, 0x00, 0x00,
		0x28, 0, 0x12, 0x34, 0x56, 0x78, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0,
		0, 0,  0xff, 0x20,  0x48, 0x01, 0, 0,  60, 0, 0, 0,  0, 0, 0, 0,
	};
	struct vmb_stor_packet pkt;

	memcpy(&pkt, bytes, sizeof(pkt));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(pkt.operation), VMB_STOR_OP_EXECUTE_SRB);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(pkt.flags), VMB_STOR_REQUEST_COMPLETION);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(pkt.srb.length), sizeof(pkt.srb));
	KUNIT_EXPECT_EQ(test, pkt.srb.path_id, 1);
	KUNIT_EXPECT_EQ(test, pkt.srb.target_id, 2);
	KUNIT_EXPECT_EQ(test, pkt.srb.lun, 3);
	KUNIT_EXPECT_EQ(test, pkt.srb.cdb_length, 10);
	KUNIT_EXPECT_EQ(test, pkt.srb.data_in, VMB_STOR_DATA_IN);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(pkt.srb.data_transfer_length), 4096);
	KUNIT_EXPECT_EQ(test, pkt.srb.cdb[0], 0x28);
	KUNIT_EXPECT_EQ(test, pkt.srb.queue_tag, 0xff);
	KUNIT_EXPECT_EQ(test, pkt.srb.queue_action, 0x20);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(pkt.srb.srb_flags), 0x148);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(pkt.srb.timeout), 60);
}

/* How the ids are written down elsewhere. */
static void wire_classes(struct kunit *test)
{
	static const guid_t scsi = VMB_STOR_SCSI_CLASS;
	static const guid_t ide = VMB_STOR_IDE_CLASS;
	guid_t guid;

	KUNIT_EXPECT_EQ(test, 0, guid_parse("ba6163d9-04a1-4d29-b605-72e2ffb1dc7f",
					    &guid));
	KUNIT_EXPECT_TRUE(test, guid_equal(&guid, &scsi));
	KUNIT_EXPECT_EQ(test, 0, guid_parse("32412632-86cb-44a2-9b5c-50d1417354f5",
					    &guid));
	KUNIT_EXPECT_TRUE(test, guid_equal(&guid, &ide));
}

static struct kunit_case wire_cases[] = {
	KUNIT_CASE(wire_srb),
	KUNIT_CASE(wire_packet),
	KUNIT_CASE(wire_properties),
	KUNIT_CASE(wire_ide_offer),
	KUNIT_CASE(wire_version_sizes),
	KUNIT_CASE(wire_example),
	KUNIT_CASE(wire_classes),
	{}
};

static struct kunit_suite wire_suite = {
	.name = "vsp_stor_wire",
	.test_cases = wire_cases,
};

kunit_test_suite(wire_suite);

MODULE_DESCRIPTION("KUnit: wire format of the storage protocol");
MODULE_LICENSE("GPL");
