// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is sent to the host, and what is believed of what comes from it.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <scsi/scsi_proto.h>

#include "wire.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

static const struct vsc_ide_address master = { 0, 0 };

static void wire_offer(struct kunit *test)
{
	struct vmb_stor_ide_offer offer = {};
	const u8 *user = (void *)&offer;
	struct vsc_ide_address addr;
	guid_t id;

	/* only the instance id */
	id = GUID_INIT(1, 1, 0x8899, 0, 0, 0, 0, 0, 0, 0, 0);
	KUNIT_EXPECT_TRUE(test, vsc_ide_wire_offer(user, &id, &addr));
	KUNIT_EXPECT_EQ(test, addr.path, 1);
	KUNIT_EXPECT_EQ(test, addr.target, 1);
	id = GUID_INIT(2, 0, 0x8899, 0, 0, 0, 0, 0, 0, 0, 0);
	KUNIT_EXPECT_FALSE(test, vsc_ide_wire_offer(user, &id, &addr));
	id = GUID_INIT(0, 2, 0x8899, 0, 0, 0, 0, 0, 0, 0, 0);
	KUNIT_EXPECT_FALSE(test, vsc_ide_wire_offer(user, &id, &addr));
	id = GUID_INIT(0, 0, 0x8898, 0, 0, 0, 0, 0, 0, 0, 0);
	KUNIT_EXPECT_FALSE(test, vsc_ide_wire_offer(user, &id, &addr));

	/* only the data */
	offer.flags = cpu_to_le32(VMB_STOR_OFFER_IDE);
	offer.target_id = 1;
	KUNIT_EXPECT_TRUE(test, vsc_ide_wire_offer(user, &id, &addr));
	KUNIT_EXPECT_EQ(test, addr.path, 0);
	KUNIT_EXPECT_EQ(test, addr.target, 1);
	offer.path_id = 2;
	KUNIT_EXPECT_FALSE(test, vsc_ide_wire_offer(user, &id, &addr));
	offer.path_id = 0;
	offer.target_id = 2;
	KUNIT_EXPECT_FALSE(test, vsc_ide_wire_offer(user, &id, &addr));

	/* both: the same, or nothing */
	offer.path_id = 1;
	offer.target_id = 0;
	id = GUID_INIT(1, 0, 0x8899, 0, 0, 0, 0, 0, 0, 0, 0);
	KUNIT_EXPECT_TRUE(test, vsc_ide_wire_offer(user, &id, &addr));
	KUNIT_EXPECT_EQ(test, addr.path, 1);
	id = GUID_INIT(0, 0, 0x8899, 0, 0, 0, 0, 0, 0, 0, 0);
	KUNIT_EXPECT_FALSE(test, vsc_ide_wire_offer(user, &id, &addr));
}

static void wire_srb(struct kunit *test)
{
	const u8 cdb[16] = { WRITE_16, 1, 2, 3, [15] = 15 };
	struct vsc_ide_address addr = { .path = 1, .target = 1 };
	struct vsc_ide_srb srb = {
		.cdb = cdb, .cdb_length = 16, .direction = VMB_STOR_DATA_OUT,
		.bytes = 4096, .timeout_s = 30,
	};
	struct vmb_stor_packet pkt;
	struct vsc_wire wire;

	vsc_wire_init(&wire, VMB_STOR_VERSION_6_2);
	memset(&pkt, 0xff, sizeof(pkt));
	KUNIT_ASSERT_EQ(test, vsc_ide_wire_srb(&pkt, &wire, &addr, &srb), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(pkt.operation), VMB_STOR_OP_EXECUTE_SRB);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(pkt.flags), VMB_STOR_REQUEST_COMPLETION);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(pkt.status), 0);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(pkt.srb.length), 52);
	KUNIT_EXPECT_EQ(test, pkt.srb.path_id, 1);
	KUNIT_EXPECT_EQ(test, pkt.srb.target_id, 1);
	KUNIT_EXPECT_EQ(test, pkt.srb.lun, 0);
	KUNIT_EXPECT_EQ(test, pkt.srb.sense_length, 20);
	KUNIT_EXPECT_EQ(test, pkt.srb.data_in, VMB_STOR_DATA_OUT);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(pkt.srb.data_transfer_length), 4096);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(pkt.srb.srb_flags), 0x88);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(pkt.srb.timeout), 30);
	KUNIT_EXPECT_MEMEQ(test, pkt.srb.cdb, cdb, 16);

	srb.direction = VMB_STOR_DATA_IN;
	srb.cdb_length = 10;
	KUNIT_ASSERT_EQ(test, vsc_ide_wire_srb(&pkt, &wire, &addr, &srb), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(pkt.srb.srb_flags), 0x48);
	KUNIT_EXPECT_EQ(test, pkt.srb.cdb[15], 0);

	vsc_wire_init(&wire, VMB_STOR_VERSION_2_0);
	KUNIT_ASSERT_EQ(test, vsc_ide_wire_srb(&pkt, &wire, &addr, &srb), 0);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(pkt.srb.length), 36);
	KUNIT_EXPECT_EQ(test, pkt.srb.sense_length, 18);

	srb.cdb_length = 17;
	KUNIT_EXPECT_EQ(test, vsc_ide_wire_srb(&pkt, &wire, &addr, &srb), -EINVAL);
	srb.cdb_length = 0;
	KUNIT_EXPECT_EQ(test, vsc_ide_wire_srb(&pkt, &wire, &addr, &srb), -EINVAL);
	srb.cdb_length = 16;
	srb.bytes = VSC_WIRE_MAX_TRANSFER + 1;
	KUNIT_EXPECT_EQ(test, vsc_ide_wire_srb(&pkt, &wire, &addr, &srb), -EINVAL);
}

struct outcome_param {
	const char *name;
	u8 srb_status;
	u8 scsi_status;
	u8 sense_length;
	enum vsc_ide_outcome outcome;
};

#define SENSE	VMB_STOR_SRB_AUTOSENSE_VALID

static const struct outcome_param outcomes[] = {
	{ "good", VMB_STOR_SRB_SUCCESS, SAM_STAT_GOOD, 0, VSC_IDE_GOOD },
	{ "good-frozen", VMB_STOR_SRB_SUCCESS | VMB_STOR_SRB_QUEUE_FROZEN, SAM_STAT_GOOD, 0,
	  VSC_IDE_GOOD },
	/* a length without data is no length */
	{ "good-length", VMB_STOR_SRB_SUCCESS, SAM_STAT_GOOD, 255, VSC_IDE_GOOD },
	{ "good-but", VMB_STOR_SRB_SUCCESS, SAM_STAT_CHECK_CONDITION, 0, VSC_IDE_BROKEN },
	{ "pending", 0, SAM_STAT_GOOD, 0, VSC_IDE_BROKEN },
	{ "pending-sense", SENSE, SAM_STAT_CHECK_CONDITION, 18, VSC_IDE_BROKEN },
	{ "check", VMB_STOR_SRB_ERROR | SENSE, SAM_STAT_CHECK_CONDITION, 18, VSC_IDE_FAILED },
	{ "check-most", VMB_STOR_SRB_ERROR | SENSE, SAM_STAT_CHECK_CONDITION, 20,
	  VSC_IDE_FAILED },
	{ "check-more", VMB_STOR_SRB_ERROR | SENSE, SAM_STAT_CHECK_CONDITION, 21,
	  VSC_IDE_BROKEN },
	{ "check-bare", VMB_STOR_SRB_ERROR, SAM_STAT_CHECK_CONDITION, 0, VSC_IDE_FAILED },
	{ "conflict", VMB_STOR_SRB_ERROR | SENSE, SAM_STAT_RESERVATION_CONFLICT, 0,
	  VSC_IDE_CONFLICT },
	{ "busy", VMB_STOR_SRB_BUSY, SAM_STAT_TASK_SET_FULL, 0, VSC_IDE_BUSY },
	{ "busy-status", VMB_STOR_SRB_ERROR, SAM_STAT_BUSY, 0, VSC_IDE_BUSY },
	{ "no-lun", VMB_STOR_SRB_INVALID_LUN, SAM_STAT_GOOD, 0, VSC_IDE_GONE },
	{ "overrun", VMB_STOR_SRB_DATA_OVERRUN, SAM_STAT_GOOD, 0, VSC_IDE_FAILED },
	{ "aborted", VMB_STOR_SRB_ABORTED, SAM_STAT_GOOD, 0, VSC_IDE_FAILED },
	{ "invalid", VMB_STOR_SRB_INVALID_REQUEST, SAM_STAT_GOOD, 0, VSC_IDE_FAILED },
	{ "error-good", VMB_STOR_SRB_ERROR, SAM_STAT_GOOD, 0, VSC_IDE_FAILED },
	{ "unknown", 0x3e, 0x77, 0, VSC_IDE_FAILED },
};

static void outcome_name(const struct outcome_param *p, char *desc)
{
	strscpy(desc, p->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(outcome, outcomes, outcome_name);

static void wire_outcome(struct kunit *test)
{
	const struct outcome_param *p = test->param_value;
	struct vmb_stor_packet pkt = {
		.operation = cpu_to_le32(VMB_STOR_OP_COMPLETE_IO),
		.srb = {
			.srb_status = p->srb_status,
			.scsi_status = p->scsi_status,
			.sense_length = p->sense_length,
			.data_transfer_length = cpu_to_le32(4096),
		},
	};
	struct vsc_wire wire;
	u32 moved = 7;

	vsc_wire_init(&wire, VMB_STOR_VERSION_6_2);
	KUNIT_EXPECT_EQ(test, vsc_ide_wire_outcome(&wire, &pkt, sizeof(pkt), &moved), p->outcome);
	KUNIT_EXPECT_EQ(test, moved, p->outcome == VSC_IDE_GOOD ? 4096 : 0);
	/* longer does no harm */
	KUNIT_EXPECT_EQ(test, vsc_ide_wire_outcome(&wire, &pkt, 500, &moved), p->outcome);
	/* shorter, and nothing was said */
	KUNIT_EXPECT_EQ(test, vsc_ide_wire_outcome(&wire, &pkt, sizeof(pkt) - 1, &moved),
			VSC_IDE_BROKEN);
	KUNIT_EXPECT_EQ(test, vsc_ide_wire_outcome(&wire, &pkt, 0, &moved), VSC_IDE_BROKEN);
	KUNIT_EXPECT_EQ(test, moved, 0);
	pkt.operation = cpu_to_le32(VMB_STOR_OP_EXECUTE_SRB);
	KUNIT_EXPECT_EQ(test, vsc_ide_wire_outcome(&wire, &pkt, sizeof(pkt), &moved),
			VSC_IDE_BROKEN);
}

static void wire_outcome_old(struct kunit *test)
{
	struct vmb_stor_packet pkt = {
		.operation = cpu_to_le32(VMB_STOR_OP_COMPLETE_IO),
		.srb = {
			.srb_status = VMB_STOR_SRB_ERROR | VMB_STOR_SRB_AUTOSENSE_VALID,
			.scsi_status = SAM_STAT_CHECK_CONDITION,
			.sense_length = 18,
		},
	};
	struct vsc_wire wire;
	u32 moved;

	vsc_wire_init(&wire, VMB_STOR_VERSION_4_2);
	KUNIT_EXPECT_EQ(test, vsc_ide_wire_outcome(&wire, &pkt, 48, &moved), VSC_IDE_FAILED);
	KUNIT_EXPECT_EQ(test, vsc_ide_wire_outcome(&wire, &pkt, 47, &moved), VSC_IDE_BROKEN);
	pkt.srb.sense_length = 19;
	KUNIT_EXPECT_EQ(test, vsc_ide_wire_outcome(&wire, &pkt, 48, &moved), VSC_IDE_BROKEN);
}

/* The rings have room for all that can be under way. */
static void wire_sizes(struct kunit *test)
{
	struct vsc_ide_srb srb = { .cdb = (u8[]){ TEST_UNIT_READY, 0, 0, 0, 0, 0 },
				   .cdb_length = 6, .direction = VMB_STOR_DATA_UNKNOWN };
	struct vmb_stor_packet pkt;
	struct vsc_wire wire;

	vsc_wire_init(&wire, VMB_STOR_VERSION_6_2);
	KUNIT_EXPECT_EQ(test, vsc_ide_wire_srb(&pkt, &wire, &master, &srb), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(pkt.srb.srb_flags), 0x08);
	KUNIT_EXPECT_EQ(test, VSC_IDE_MAX_PAGES, 257);
	KUNIT_EXPECT_LE(test, 32 * (16 + VSC_IDE_GPA_BYTES + sizeof(pkt) + 8), 128 << 10);
}

static struct kunit_case wire_cases[] = {
	KUNIT_CASE(wire_offer),
	KUNIT_CASE(wire_srb),
	KUNIT_CASE_PARAM(wire_outcome, outcome_gen_params),
	KUNIT_CASE(wire_outcome_old),
	KUNIT_CASE(wire_sizes),
	{}
};

static struct kunit_suite wire_suite = {
	.name = "vsc_ide_wire",
	.test_cases = wire_cases,
};

kunit_test_suite(wire_suite);

MODULE_DESCRIPTION("KUnit tests of packets of IDE channels");
MODULE_LICENSE("GPL");
