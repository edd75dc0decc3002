// SPDX-License-Identifier: GPL-2.0-only
/*
 * What outcomes mean: all SRB statuses, with and without sense data, and all
 * that is refused.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "port.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

static const u8 read_cdb[16] = { READ_10, 0, 0, 0, 0, 0, 0, 0, 8 };
static const u8 inquiry_cdb[16] = { INQUIRY, 0, 0, 0, 36 };
static const u8 vpd_cdb[16] = { INQUIRY, 1, 0x83, 0, 252 };
static const u8 ata_cdb[16] = { ATA_16 };

static struct storport_outcome judge(const u8 *cdb, const struct storport_completion *c)
{
	struct storport_command cmd = {
		.cdb = cdb,
		.data_length = 4096,
		.max_sense = 20,
	};
	struct storport_outcome out;

	storport_status_judge(&cmd, c, &out);
	return out;
}

#define HOST(byte) ((u32)(byte) << 16)
#define VERIFY_IT STORPORT_OUTCOME_VERIFY

static void status_codes(struct kunit *test)
{
	static const struct {
		u8 srb_status;
		u32 result;
		unsigned long todo;
	} cases[] = {
		{ STORPORT_SRB_SUCCESS,			0 },
		{ STORPORT_SRB_ABORTED,			HOST(DID_SOFT_ERROR) },
		{ STORPORT_SRB_ABORT_FAILED,		HOST(DID_ERROR) },
		{ STORPORT_SRB_ERROR,			HOST(DID_ERROR) },
		{ STORPORT_SRB_BUSY,			SAM_STAT_BUSY },
		{ STORPORT_SRB_INVALID_REQUEST,		SAM_STAT_CHECK_CONDITION },
		{ STORPORT_SRB_INVALID_PATH_ID,		HOST(DID_BAD_TARGET), VERIFY_IT },
		{ STORPORT_SRB_NO_DEVICE,		HOST(DID_NO_CONNECT), VERIFY_IT },
		{ STORPORT_SRB_TIMEOUT,			HOST(DID_ERROR) },
		{ STORPORT_SRB_SELECTION_TIMEOUT,	HOST(DID_NO_CONNECT), VERIFY_IT },
		{ STORPORT_SRB_COMMAND_TIMEOUT,		HOST(DID_ERROR) },
		{ 0x0c,					HOST(DID_ERROR) },
		{ STORPORT_SRB_MESSAGE_REJECTED,	HOST(DID_ERROR) },
		{ STORPORT_SRB_BUS_RESET,		HOST(DID_RESET) },
		{ STORPORT_SRB_PARITY_ERROR,		HOST(DID_PARITY) },
		{ STORPORT_SRB_REQUEST_SENSE_FAILED,	HOST(DID_ERROR) },
		{ STORPORT_SRB_NO_HBA,			HOST(DID_NO_CONNECT), VERIFY_IT },
		{ STORPORT_SRB_DATA_OVERRUN,		0 },
		{ STORPORT_SRB_UNEXPECTED_BUS_FREE,	HOST(DID_ERROR) },
		{ STORPORT_SRB_PHASE_SEQUENCE_FAILURE,	HOST(DID_ERROR) },
		{ STORPORT_SRB_BAD_SRB_BLOCK_LENGTH,	HOST(DID_ERROR) },
		{ STORPORT_SRB_REQUEST_FLUSHED,		HOST(DID_REQUEUE) },
		{ STORPORT_SRB_INVALID_LUN,		HOST(DID_NO_CONNECT), VERIFY_IT },
		{ STORPORT_SRB_INVALID_TARGET_ID,	HOST(DID_BAD_TARGET), VERIFY_IT },
		{ STORPORT_SRB_BAD_FUNCTION,		SAM_STAT_CHECK_CONDITION },
		{ STORPORT_SRB_ERROR_RECOVERY,		SAM_STAT_BUSY },
		{ STORPORT_SRB_NOT_POWERED,		HOST(DID_NO_CONNECT), VERIFY_IT },
		{ STORPORT_SRB_LINK_DOWN,		HOST(DID_TRANSPORT_DISRUPTED) },
		{ STORPORT_SRB_INSUFFICIENT_RESOURCES,	SAM_STAT_BUSY },
		{ STORPORT_SRB_THROTTLED_REQUEST,	SAM_STAT_BUSY },
		{ STORPORT_SRB_INVALID_PARAMETER,	SAM_STAT_CHECK_CONDITION },
		{ STORPORT_SRB_INTERNAL_ERROR,		HOST(DID_ERROR) },
		{ 0x3f,					HOST(DID_ERROR) },
		/* this flag says nothing to us */
		{ STORPORT_SRB_SUCCESS | STORPORT_SRB_QUEUE_FROZEN, 0 },
		{ STORPORT_SRB_ERROR | STORPORT_SRB_QUEUE_FROZEN, HOST(DID_ERROR) },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct storport_completion c = {
			.srb_status = cases[i].srb_status,
			.transferred = 512,
		};
		struct storport_outcome out = judge(read_cdb, &c);

		KUNIT_EXPECT_EQ_MSG(test, out.result, cases[i].result,
				    "status %#x", cases[i].srb_status);
		KUNIT_EXPECT_EQ_MSG(test, out.todo, cases[i].todo,
				    "status %#x", cases[i].srb_status);
		KUNIT_EXPECT_EQ(test, out.refused, -1);
		/* bytes count only when the command did its work */
		KUNIT_EXPECT_EQ_MSG(test, out.transferred, out.result ? 0 : 512,
				    "status %#x", cases[i].srb_status);
	}
}

/* A SAM status that says more than the SRB status does goes up as it is. */
static void status_sam(struct kunit *test)
{
	static const u8 srb[] = { STORPORT_SRB_SUCCESS, STORPORT_SRB_ERROR,
				  STORPORT_SRB_BUSY, STORPORT_SRB_DATA_OVERRUN };
	static const u8 sam[] = { SAM_STAT_BUSY, SAM_STAT_TASK_SET_FULL,
				  SAM_STAT_RESERVATION_CONFLICT,
				  SAM_STAT_ACA_ACTIVE, SAM_STAT_TASK_ABORTED };
	int i, j;

	for (i = 0; i < ARRAY_SIZE(srb); i++)
		for (j = 0; j < ARRAY_SIZE(sam); j++) {
			struct storport_completion c = {
				.srb_status = srb[i], .scsi_status = sam[j],
			};

			KUNIT_EXPECT_EQ(test, judge(read_cdb, &c).result, sam[j]);
		}
}

static void fixed_sense(u8 *sense, u8 key, u8 asc, u8 ascq)
{
	memset(sense, 0, 18);
	sense[0] = 0x70;
	sense[2] = key;
	sense[7] = 10;
	sense[12] = asc;
	sense[13] = ascq;
}

static void status_sense(struct kunit *test)
{
	static const u8 codes[] = { STORPORT_SRB_ERROR, STORPORT_SRB_SUCCESS,
				    STORPORT_SRB_ABORTED, STORPORT_SRB_TIMEOUT,
				    STORPORT_SRB_INVALID_REQUEST,
				    STORPORT_SRB_DATA_OVERRUN };
	u8 sense[18];
	int i;

	fixed_sense(sense, MEDIUM_ERROR, 0x11, 0);
	for (i = 0; i < ARRAY_SIZE(codes); i++) {
		struct storport_completion c = {
			.srb_status = codes[i] | STORPORT_SRB_AUTOSENSE_VALID,
			.scsi_status = SAM_STAT_CHECK_CONDITION,
			.transferred = 4096,
			.sense = sense,
			.sense_length = sizeof(sense),
		};
		struct storport_outcome out = judge(read_cdb, &c);

		KUNIT_EXPECT_EQ(test, out.result, SAM_STAT_CHECK_CONDITION);
		KUNIT_EXPECT_EQ(test, out.sense_length, 18);
		KUNIT_EXPECT_EQ(test, out.transferred, 0);
		KUNIT_EXPECT_FALSE(test, out.illegal);

		/* the SAM status forgotten */
		c.scsi_status = 0;
		KUNIT_EXPECT_EQ(test, judge(read_cdb, &c).result,
				SAM_STAT_CHECK_CONDITION);
		/* sense data that is none */
		sense[0] = 0x12;
		out = judge(read_cdb, &c);
		KUNIT_EXPECT_EQ(test, out.sense_length, 0);
		sense[0] = 0x70;
		/* not said to be valid */
		c.srb_status = codes[i];
		KUNIT_EXPECT_EQ(test, judge(read_cdb, &c).sense_length, 0);
	}

	/* a command that succeeded after all */
	fixed_sense(sense, RECOVERED_ERROR, 0x18, 0);
	{
		struct storport_completion c = {
			.srb_status = STORPORT_SRB_ERROR | STORPORT_SRB_AUTOSENSE_VALID,
			.scsi_status = SAM_STAT_CHECK_CONDITION,
			.transferred = 4096,
			.sense = sense,
			.sense_length = sizeof(sense),
		};

		KUNIT_EXPECT_EQ(test, judge(read_cdb, &c).transferred, 4096);
	}
}

/* An error without sense data must not start error handling. */
static void status_no_sense(struct kunit *test)
{
	struct storport_completion c = {
		.srb_status = STORPORT_SRB_ERROR,
		.scsi_status = SAM_STAT_CHECK_CONDITION,
	};

	KUNIT_EXPECT_EQ(test, judge(read_cdb, &c).result,
			HOST(DID_ERROR) | SAM_STAT_CHECK_CONDITION);
	KUNIT_EXPECT_EQ(test, judge(ata_cdb, &c).result,
			HOST(DID_PASSTHROUGH) | SAM_STAT_CHECK_CONDITION);
	c.srb_status = STORPORT_SRB_SUCCESS;
	KUNIT_EXPECT_EQ(test, judge(read_cdb, &c).result,
			HOST(DID_ERROR) | SAM_STAT_CHECK_CONDITION);
	c.srb_status = STORPORT_SRB_INVALID_REQUEST;
	KUNIT_EXPECT_TRUE(test, judge(read_cdb, &c).illegal);
}

static void status_attentions(struct kunit *test)
{
	static const struct {
		u8 key, asc, ascq;
		unsigned long todo;
	} cases[] = {
		{ UNIT_ATTENTION, 0x2a, 0x09, STORPORT_OUTCOME_RESCAN },
		{ UNIT_ATTENTION, 0x2a, 0x01, STORPORT_OUTCOME_RESCAN },
		{ UNIT_ATTENTION, 0x2a, 0x03, 0 },
		{ UNIT_ATTENTION, 0x3f, 0x0e, STORPORT_OUTCOME_SCAN },
		{ UNIT_ATTENTION, 0x3f, 0x03,
		  STORPORT_OUTCOME_VERIFY | STORPORT_OUTCOME_RESCAN },
		{ UNIT_ATTENTION, 0x29, 0x00, 0 },
		{ ILLEGAL_REQUEST, 0x25, 0x00, STORPORT_OUTCOME_VERIFY },
		{ ILLEGAL_REQUEST, 0x20, 0x00, 0 },
		{ NOT_READY, 0x3f, 0x0e, 0 },
	};
	u8 sense[18];
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct storport_completion c = {
			.srb_status = STORPORT_SRB_ERROR | STORPORT_SRB_AUTOSENSE_VALID,
			.scsi_status = SAM_STAT_CHECK_CONDITION,
			.sense = sense,
			.sense_length = sizeof(sense),
		};

		fixed_sense(sense, cases[i].key, cases[i].asc, cases[i].ascq);
		KUNIT_EXPECT_EQ_MSG(test, judge(read_cdb, &c).todo, cases[i].todo,
				    "%x/%x", cases[i].asc, cases[i].ascq);
	}
}

static void status_absent(struct kunit *test)
{
	struct storport_completion c = { .srb_status = STORPORT_SRB_INVALID_LUN };
	struct storport_outcome out = judge(inquiry_cdb, &c);

	/* the target is there, and is asked for its logical units */
	KUNIT_EXPECT_TRUE(test, out.absent);
	KUNIT_EXPECT_EQ(test, out.result, 0);
	KUNIT_EXPECT_EQ(test, out.todo, 0);
	out = judge(vpd_cdb, &c);
	KUNIT_EXPECT_FALSE(test, out.absent);
	KUNIT_EXPECT_EQ(test, out.result, HOST(DID_NO_CONNECT));
	KUNIT_EXPECT_EQ(test, out.todo, STORPORT_OUTCOME_VERIFY);
	c.srb_status = STORPORT_SRB_NO_DEVICE;
	out = judge(inquiry_cdb, &c);
	KUNIT_EXPECT_FALSE(test, out.absent);
	KUNIT_EXPECT_EQ(test, out.result, HOST(DID_NO_CONNECT));
	KUNIT_EXPECT_EQ(test, out.todo, 0);
}

static void status_length(struct kunit *test)
{
	static const u8 codes[] = { STORPORT_SRB_SUCCESS, STORPORT_SRB_DATA_OVERRUN,
				    STORPORT_SRB_ERROR, STORPORT_SRB_BUSY };
	struct storport_command cmd = {
		.cdb = read_cdb, .data_length = 4096, .underflow = 4096,
	};
	struct storport_outcome out;
	int i;

	for (i = 0; i < ARRAY_SIZE(codes); i++) {
		struct storport_completion c = {
			.srb_status = codes[i], .transferred = 4097,
		};

		out = judge(read_cdb, &c);
		KUNIT_EXPECT_EQ(test, out.refused, STORPORT_CNT_BAD_LENGTH);
		KUNIT_EXPECT_EQ(test, out.result, HOST(DID_ERROR));
		KUNIT_EXPECT_EQ(test, out.transferred, 0);
		c.transferred = U32_MAX;
		KUNIT_EXPECT_EQ(test, judge(read_cdb, &c).refused,
				STORPORT_CNT_BAD_LENGTH);
	}

	/* less than the command can do with */
	for (i = 0; i < 2; i++) {
		struct storport_completion c = {
			.srb_status = codes[i], .transferred = 4095,
		};

		storport_status_judge(&cmd, &c, &out);
		KUNIT_EXPECT_EQ(test, out.result, HOST(DID_ERROR));
		c.transferred = 4096;
		storport_status_judge(&cmd, &c, &out);
		KUNIT_EXPECT_EQ(test, out.result, 0);
		KUNIT_EXPECT_EQ(test, out.transferred, 4096);
	}
}

static void status_refused(struct kunit *test)
{
	u8 sense[256] = { 0x70 };
	struct storport_completion c = {
		.srb_status = STORPORT_SRB_ERROR | STORPORT_SRB_AUTOSENSE_VALID,
		.scsi_status = SAM_STAT_CHECK_CONDITION,
		.sense = sense,
		.sense_length = 21,
	};
	struct storport_command cmd = {
		.cdb = read_cdb, .max_sense = 255,
	};
	struct storport_outcome out = judge(read_cdb, &c);
	static const u8 sam[] = { 0x00, 0x02, 0x04, 0x08, 0x10, 0x14, 0x18, 0x22,
				  0x28, 0x30, 0x40 };
	int status;

	KUNIT_EXPECT_EQ(test, out.refused, STORPORT_CNT_BAD_SENSE);
	KUNIT_EXPECT_EQ(test, out.sense_length, 0);
	c.sense_length = 20;
	KUNIT_EXPECT_EQ(test, judge(read_cdb, &c).refused, -1);
	/* never more than the mid-layer has room for */
	c.sense_length = SCSI_SENSE_BUFFERSIZE + 1;
	storport_status_judge(&cmd, &c, &out);
	KUNIT_EXPECT_EQ(test, out.refused, STORPORT_CNT_BAD_SENSE);
	c.sense_length = 18;
	c.sense = NULL;
	KUNIT_EXPECT_EQ(test, judge(read_cdb, &c).refused, STORPORT_CNT_BAD_SENSE);

	c = (struct storport_completion){ .srb_status = STORPORT_SRB_PENDING };
	KUNIT_EXPECT_EQ(test, judge(read_cdb, &c).refused, STORPORT_CNT_BAD_STATUS);

	/* SAM statuses that there are not */
	for (status = 0; status < 256; status++) {
		bool known = memchr(sam, status, sizeof(sam));

		c = (struct storport_completion){
			.srb_status = STORPORT_SRB_SUCCESS, .scsi_status = status,
		};
		KUNIT_EXPECT_EQ_MSG(test, judge(read_cdb, &c).refused,
				    known ? -1 : STORPORT_CNT_BAD_STATUS,
				    "status %#x", status);
	}
}

static struct kunit_case status_cases[] = {
	KUNIT_CASE(status_codes),
	KUNIT_CASE(status_sam),
	KUNIT_CASE(status_sense),
	KUNIT_CASE(status_no_sense),
	KUNIT_CASE(status_attentions),
	KUNIT_CASE(status_absent),
	KUNIT_CASE(status_length),
	KUNIT_CASE(status_refused),
	{}
};

static struct kunit_suite status_suite = {
	.name = "storport_status",
	.test_cases = status_cases,
};

kunit_test_suite(status_suite);

MODULE_DESCRIPTION("KUnit: what outcomes of commands mean");
MODULE_LICENSE("GPL");
