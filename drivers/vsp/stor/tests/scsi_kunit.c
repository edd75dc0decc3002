// SPDX-License-Identifier: GPL-2.0-only
/*
 * What goes into SCSI commands and their answers, without a device.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>

#include "scsi.h"

static const struct vsp_stor_id test_id = {
	.type = 3,
	.code_set = 1,
	.len = 8,
	.data = { 0x31, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08 },
};

static struct vsp_stor_props test_props(void)
{
	return (struct vsp_stor_props) {
		.blocks = 1000,
		.block_shift = 9,
		.phys_exp = 3,
		.lowest_aligned = 7,
		.max_blocks = 2048,
		.opt_blocks = 128,
		.gran_blocks = 8,
		.max_unmap_blocks = 8192,
		.unmap_gran = 16,
		.unmap_align = 4,
		.thin = true,
		.write_cache = true,
		.serial = "serial-1",
		.id = &test_id,
	};
}

struct extent_case {
	const char *name;
	u8 cdb[16];
	u64 lba;
	u32 blocks;
};

static const struct extent_case extent_cases[] = {
	{ "READ(6)", { READ_6, 0x01, 0x02, 0x03, 0x04 }, 0x10203, 4 },
	{ "READ(6) bits that were a LUN", { READ_6, 0xff, 0xff, 0xff, 1 },
	  0x1fffff, 1 },
	{ "READ(6) of 256", { READ_6, 0, 0, 0, 0 }, 0, 256 },
	{ "WRITE(10)", { WRITE_10, 0, 0xff, 0xfe, 0xfd, 0xfc, 0, 0x12, 0x34 },
	  0xfffefdfc, 0x1234 },
	{ "READ(10) of 0", { READ_10, 0, 0, 0, 0, 1, 0, 0, 0 }, 1, 0 },
	{ "SYNCHRONIZE CACHE(10)", { SYNCHRONIZE_CACHE, 0, 0, 0, 0, 2, 0, 0, 3 },
	  2, 3 },
	{ "WRITE SAME(10)", { WRITE_SAME, 0, 0, 0, 1, 0, 0, 0x10, 0 }, 256, 4096 },
	{ "READ(12)", { READ_12, 0, 0, 0, 0, 1, 0x80, 0, 0, 2 }, 1, 0x80000002 },
	{ "WRITE(16)", { WRITE_16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 },
	  0x0102030405060708, 0x090a0b0c },
	{ "VERIFY(16)", { VERIFY_16, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 6 }, 5, 6 },
};

KUNIT_ARRAY_PARAM_DESC(extent, extent_cases, name);

static void cdb_extent(struct kunit *test)
{
	const struct extent_case *c = test->param_value;
	struct vsp_stor_extent ext;

	vsp_stor_cdb_extent(c->cdb, &ext);
	KUNIT_EXPECT_EQ(test, ext.lba, c->lba);
	KUNIT_EXPECT_EQ(test, ext.blocks, c->blocks);
}

static int check(u64 lba, u32 blocks, u64 capacity, u32 max)
{
	struct vsp_stor_extent ext = { lba, blocks };

	return vsp_stor_extent_check(&ext, capacity, max);
}

static void extent_limits(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, check(0, 100, 100, 100), 0);
	KUNIT_EXPECT_EQ(test, check(99, 1, 100, 100), 0);
	KUNIT_EXPECT_EQ(test, check(100, 0, 100, 100), 0);
	KUNIT_EXPECT_EQ(test, check(101, 0, 100, 100), VSP_STOR_BAD_LBA);
	KUNIT_EXPECT_EQ(test, check(99, 2, 100, 100), VSP_STOR_BAD_LBA);
	/* a sum that wraps around */
	KUNIT_EXPECT_EQ(test, check(U64_MAX, 1, 100, 100), VSP_STOR_BAD_LBA);
	KUNIT_EXPECT_EQ(test, check(U64_MAX - 1, U32_MAX, U64_MAX, U32_MAX),
			VSP_STOR_BAD_LBA);
	KUNIT_EXPECT_EQ(test, check(0, 101, 1000, 100),
			VSP_STOR_SENSE(ILLEGAL_REQUEST, 0x24, 0));
}

static void sense_codes(struct kunit *test)
{
	u8 s[VSP_STOR_SENSE_LEN];

	vsp_stor_sense_build(s, 0, false, 0);
	KUNIT_EXPECT_EQ(test, s[0], 0x70);
	KUNIT_EXPECT_EQ(test, s[2], NO_SENSE);
	KUNIT_EXPECT_EQ(test, s[7], 10);

	vsp_stor_sense_build(s, VSP_STOR_NO_SPACE, false, 0);
	KUNIT_EXPECT_EQ(test, s[2], DATA_PROTECT);
	KUNIT_EXPECT_EQ(test, s[12], 0x27);
	KUNIT_EXPECT_EQ(test, s[13], 0x07);
	KUNIT_EXPECT_EQ(test, s[15], 0);

	vsp_stor_sense_build(s, VSP_STOR_BAD_CDB(2), false, 0);
	KUNIT_EXPECT_EQ(test, s[2], ILLEGAL_REQUEST);
	KUNIT_EXPECT_EQ(test, s[12], 0x24);
	KUNIT_EXPECT_EQ(test, s[15], 0xc0);
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(s + 16), 2);

	vsp_stor_sense_build(s, VSP_STOR_BAD_PARAM(255), false, 0);
	KUNIT_EXPECT_EQ(test, s[2], ILLEGAL_REQUEST);
	KUNIT_EXPECT_EQ(test, s[12], 0x26);
	KUNIT_EXPECT_EQ(test, s[15], 0x80);
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(s + 16), 255);

	vsp_stor_sense_build(s, VSP_STOR_READ_ERROR, true, 0x12345678);
	KUNIT_EXPECT_EQ(test, s[0], 0xf0);
	KUNIT_EXPECT_EQ(test, s[2], MEDIUM_ERROR);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(s + 3), 0x12345678);

	/* an address that does not fit is left out */
	vsp_stor_sense_build(s, VSP_STOR_READ_ERROR, true, BIT_ULL(32));
	KUNIT_EXPECT_EQ(test, s[0], 0x70);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(s + 3), 0);
}

static void unit_attentions(struct kunit *test)
{
	u8 s[VSP_STOR_SENSE_LEN];
	int ua;

	for (ua = 0; ua < VSP_STOR_UA_COUNT; ua++) {
		KUNIT_EXPECT_LT(test, vsp_stor_ua_sense(ua), 0);
		vsp_stor_sense_build(s, vsp_stor_ua_sense(ua), false, 0);
		KUNIT_EXPECT_EQ(test, s[2], UNIT_ATTENTION);
		KUNIT_EXPECT_NE(test, s[12], 0);
	}
	vsp_stor_sense_build(s, vsp_stor_ua_sense(VSP_STOR_UA_CAPACITY), false, 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(s + 12), 0x2a09);
	vsp_stor_sense_build(s, vsp_stor_ua_sense(VSP_STOR_UA_LUNS), false, 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(s + 12), 0x3f0e);
}

static void capacity(struct kunit *test)
{
	struct vsp_stor_props p = test_props();
	u8 b[32];

	KUNIT_EXPECT_EQ(test, vsp_stor_read_capacity10(&p, b), 8);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b), 999);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b + 4), 512);
	KUNIT_EXPECT_EQ(test, vsp_stor_read_capacity16(&p, b), 32);
	KUNIT_EXPECT_EQ(test, get_unaligned_be64(b), 999);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b + 8), 512);
	KUNIT_EXPECT_EQ(test, b[12], 0);
	KUNIT_EXPECT_EQ(test, b[13], 3);
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(b + 14), 0x8007);

	p.blocks = BIT_ULL(32);
	p.block_shift = 12;
	p.thin = false;
	vsp_stor_read_capacity10(&p, b);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b), U32_MAX);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b + 4), 4096);
	p.blocks++;
	vsp_stor_read_capacity10(&p, b);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b), U32_MAX);
	vsp_stor_read_capacity16(&p, b);
	KUNIT_EXPECT_EQ(test, get_unaligned_be64(b), BIT_ULL(32));
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(b + 14), 0x0007);
}

static void luns(struct kunit *test)
{
	u8 *b = kunit_kzalloc(test, 8 + 64 * 8, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_EXPECT_EQ(test, vsp_stor_report_luns(0, b), 8);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b), 0);
	KUNIT_EXPECT_EQ(test, vsp_stor_report_luns(BIT_ULL(0) | BIT_ULL(63), b), 24);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b), 16);
	KUNIT_EXPECT_EQ(test, get_unaligned_be64(b + 8), 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_be64(b + 16), 63ULL << 48);
	KUNIT_EXPECT_EQ(test, vsp_stor_report_luns(~0ULL, b), 8 + 64 * 8);
}

static void unmap_desc(u8 *list, int i, u64 lba, u32 blocks)
{
	put_unaligned_be64(lba, list + 8 + i * 16);
	put_unaligned_be32(blocks, list + 16 + i * 16);
	put_unaligned_be16(8 + i * 16 + 14, list);
	put_unaligned_be16((i + 1) * 16, list + 2);
}

static void unmap_list(struct kunit *test)
{
	u8 list[8 + 2 * 16] = {};

	KUNIT_EXPECT_EQ(test, vsp_stor_unmap_check(list, 0, 100, 100), 0);
	KUNIT_EXPECT_EQ(test, vsp_stor_unmap_check(list, 7, 100, 100),
			VSP_STOR_BAD_LIST_LEN);
	unmap_desc(list, 0, 10, 5);
	unmap_desc(list, 1, 99, 1);
	KUNIT_EXPECT_EQ(test, vsp_stor_unmap_check(list, sizeof(list), 100, 100), 2);
	/* more descriptors than there is list */
	KUNIT_EXPECT_EQ(test, vsp_stor_unmap_check(list, 24, 100, 100),
			VSP_STOR_BAD_PARAM(2));
	/* more blocks than one command may have */
	KUNIT_EXPECT_EQ(test, vsp_stor_unmap_check(list, sizeof(list), 100, 5),
			VSP_STOR_BAD_PARAM(8));
	unmap_desc(list, 1, 99, 2);
	KUNIT_EXPECT_EQ(test, vsp_stor_unmap_check(list, sizeof(list), 100, 100),
			VSP_STOR_BAD_LBA);
	unmap_desc(list, 1, U64_MAX, 2);
	KUNIT_EXPECT_EQ(test, vsp_stor_unmap_check(list, sizeof(list), 100, 100),
			VSP_STOR_BAD_LBA);
}

static void inquiry_standard(struct kunit *test)
{
	struct vsp_stor_props p = test_props();
	u8 b[96];
	int len;

	len = vsp_stor_inquiry(&p, b);
	KUNIT_EXPECT_EQ(test, b[0], TYPE_DISK);
	KUNIT_EXPECT_EQ(test, b[1], 0);
	KUNIT_EXPECT_EQ(test, b[3] & 0xf, 2);
	KUNIT_EXPECT_EQ(test, b[4] + 5, len);
	/* Linux guests go by this to use WRITE SAME */
	KUNIT_EXPECT_MEMEQ(test, b + 8, "Msft    Virtual Disk    1.0 ", 28);

	len = vsp_stor_inquiry_absent(b);
	KUNIT_EXPECT_EQ(test, b[0], 0x7f);
	KUNIT_EXPECT_EQ(test, b[4] + 5, len);
}

static void vpd_list(struct kunit *test)
{
	static const u8 pages[] = { 0x00, 0x80, 0x83, 0xb0, 0xb1, 0xb2 };
	struct vsp_stor_props p = test_props();
	u8 b[256];
	int i, len;

	len = vsp_stor_vpd(&p, 0x00, b);
	KUNIT_ASSERT_EQ(test, len, 4 + ARRAY_SIZE(pages));
	KUNIT_EXPECT_MEMEQ(test, b + 4, pages, sizeof(pages));
	/* each that is listed is there, and says how long it is */
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		len = vsp_stor_vpd(&p, pages[i], b);
		KUNIT_EXPECT_GT(test, len, 4);
		KUNIT_EXPECT_EQ(test, b[0], TYPE_DISK);
		KUNIT_EXPECT_EQ(test, b[1], pages[i]);
		KUNIT_EXPECT_EQ(test, get_unaligned_be16(b + 2), len - 4);
	}
	KUNIT_EXPECT_EQ(test, vsp_stor_vpd(&p, 0x81, b), VSP_STOR_BAD_CDB(2));
}

static void vpd_ids(struct kunit *test)
{
	struct vsp_stor_props p = test_props();
	char text[61] = "t10.";
	struct vsp_stor_id id;
	u8 b[256];
	int len;

	len = vsp_stor_vpd(&p, 0x80, b);
	KUNIT_EXPECT_EQ(test, len, 4 + 8);
	KUNIT_EXPECT_MEMEQ(test, b + 4, "serial-1", 8);

	len = vsp_stor_vpd(&p, 0x83, b);
	KUNIT_EXPECT_EQ(test, len, 4 + 12 + 20);
	KUNIT_EXPECT_EQ(test, b[4], 1);
	KUNIT_EXPECT_EQ(test, b[5], 3);
	KUNIT_EXPECT_EQ(test, b[7], 8);
	KUNIT_EXPECT_MEMEQ(test, b + 8, test_id.data, 8);
	KUNIT_EXPECT_EQ(test, b[16], 2);
	KUNIT_EXPECT_EQ(test, b[17], 1);
	KUNIT_EXPECT_EQ(test, b[19], 16);
	KUNIT_EXPECT_MEMEQ(test, b + 20, "Msft    serial-1", 16);

	/* the longest there can be */
	memset(text + 4, 'x', 56);
	KUNIT_ASSERT_EQ(test, vsp_stor_id_parse(&id, text), 0);
	p.id = &id;
	p.serial = "36-characters-of-serial-number-12345";
	len = vsp_stor_vpd(&p, 0x83, b);
	KUNIT_EXPECT_EQ(test, len, 4 + 4 + id.len);
	KUNIT_EXPECT_EQ(test, vsp_stor_vpd(&p, 0x80, b), 4 + 36);
}

static void vpd_limits(struct kunit *test)
{
	struct vsp_stor_props p = test_props();
	u8 b[256];

	KUNIT_EXPECT_EQ(test, vsp_stor_vpd(&p, 0xb0, b), 64);
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(b + 6), 8);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b + 8), 2048);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b + 12), 128);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b + 20), 8192);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b + 24), VSP_STOR_UNMAP_DESCS);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b + 28), 16);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b + 32), 0x80000004);
	KUNIT_EXPECT_EQ(test, get_unaligned_be64(b + 36), 8192);

	/* a best size beyond the largest one is not a best size */
	p.opt_blocks = 4096;
	p.gran_blocks = 0x20000;
	p.thin = false;
	vsp_stor_vpd(&p, 0xb0, b);
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(b + 6), U16_MAX);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b + 12), 2048);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b + 20), 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b + 32), 0);

	KUNIT_EXPECT_EQ(test, vsp_stor_vpd(&p, 0xb2, b), 8);
	KUNIT_EXPECT_EQ(test, b[5], 0);
	KUNIT_EXPECT_EQ(test, b[6], 0);
	p.thin = true;
	vsp_stor_vpd(&p, 0xb2, b);
	KUNIT_EXPECT_EQ(test, b[5], 0xe0);
	KUNIT_EXPECT_EQ(test, b[6], 2);

	KUNIT_EXPECT_EQ(test, vsp_stor_vpd(&p, 0xb1, b), 64);
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(b + 4), 1);
	p.rotational = true;
	vsp_stor_vpd(&p, 0xb1, b);
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(b + 4), 0);
}

static void id_text(struct kunit *test)
{
	static const char * const good[] = {
		"naa.5000c500a1b2c3d4", "naa.3102030405060708",
		"naa.600224800102030405060708090a0b0c", "eui.0123456789abcdef",
		"eui.0123456789abcdef01234567", "eui.0123456789abcdef0123456789abcdef",
		"t10.any text",
	};
	static const char * const bad[] = {
		"", "t10.", "naa.", "naa.5000c500a1b2c3d", "naa.5000c500a1b2c3dg",
		"naa.50", "naa.6000c500a1b2c3d4", "naa.9000c500a1b2c3d4",
		"eui.0123456789abcdef01", "t10.tab\there", "t10.high\xff",
		"57 characters of text, which is one more than there can beXY",
		"eui.0123456789abcdef0123456789abcdef01",
	};
	char text[160];
	struct vsp_stor_id id;
	int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		KUNIT_EXPECT_EQ_MSG(test, vsp_stor_id_parse(&id, good[i]), 0,
				    "%s", good[i]);
		vsp_stor_id_format(&id, text, sizeof(text));
		KUNIT_EXPECT_STREQ(test, text, good[i]);
	}
	KUNIT_EXPECT_EQ(test, vsp_stor_id_parse(&id, "plain"), 0);
	vsp_stor_id_format(&id, text, sizeof(text));
	KUNIT_EXPECT_STREQ(test, text, "t10.plain");
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, vsp_stor_id_parse(&id, bad[i]), -EINVAL,
				    "%s", bad[i]);
	/* more digits than there is room for */
	snprintf(text, sizeof(text), "naa.6%0135d", 0);
	KUNIT_EXPECT_EQ(test, vsp_stor_id_parse(&id, text), -EINVAL);
}

static void mode_sense6(struct kunit *test)
{
	struct vsp_stor_props p = test_props();
	u8 cdb[16] = { MODE_SENSE, 0, 0x3f }, b[64];
	int len;

	len = vsp_stor_mode_sense(&p, cdb, b);
	KUNIT_EXPECT_EQ(test, len, 4 + 8 + 20 + 12);
	KUNIT_EXPECT_EQ(test, b[0], len - 1);
	KUNIT_EXPECT_EQ(test, b[2], 0x10);
	KUNIT_EXPECT_EQ(test, b[3], 8);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b + 4), 1000);
	KUNIT_EXPECT_EQ(test, get_unaligned_be24(b + 9), 512);
	KUNIT_EXPECT_EQ(test, b[12], 0x08);
	KUNIT_EXPECT_EQ(test, b[14], 0x04);
	KUNIT_EXPECT_EQ(test, b[32], 0x0a);

	/* no block descriptor; what can be changed */
	cdb[1] = 0x08;
	cdb[2] = 0x48;
	len = vsp_stor_mode_sense(&p, cdb, b);
	KUNIT_EXPECT_EQ(test, len, 4 + 20);
	KUNIT_EXPECT_EQ(test, b[3], 0);
	KUNIT_EXPECT_EQ(test, b[6], 0x04);
	p.write_cache_fixed = true;
	vsp_stor_mode_sense(&p, cdb, b);
	KUNIT_EXPECT_EQ(test, b[6], 0);

	p.readonly = true;
	p.write_cache = false;
	cdb[2] = 0x08;
	vsp_stor_mode_sense(&p, cdb, b);
	KUNIT_EXPECT_EQ(test, b[2], 0x90);
	KUNIT_EXPECT_EQ(test, b[6], 0);

	cdb[2] = 0xc8;
	KUNIT_EXPECT_EQ(test, vsp_stor_mode_sense(&p, cdb, b), VSP_STOR_NO_SAVING);
	cdb[2] = 0x1c;
	KUNIT_EXPECT_EQ(test, vsp_stor_mode_sense(&p, cdb, b), VSP_STOR_BAD_CDB(2));
	cdb[2] = 0x08;
	cdb[3] = 0x01;
	KUNIT_EXPECT_EQ(test, vsp_stor_mode_sense(&p, cdb, b), VSP_STOR_BAD_CDB(3));
}

static void mode_sense10(struct kunit *test)
{
	struct vsp_stor_props p = test_props();
	u8 cdb[16] = { MODE_SENSE_10, 0x10, 0x0a }, b[64];
	int len;

	p.blocks = BIT_ULL(40);
	len = vsp_stor_mode_sense(&p, cdb, b);
	KUNIT_EXPECT_EQ(test, len, 8 + 16 + 12);
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(b), len - 2);
	KUNIT_EXPECT_EQ(test, b[4], 1);
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(b + 6), 16);
	KUNIT_EXPECT_EQ(test, get_unaligned_be64(b + 8), BIT_ULL(40));
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b + 20), 512);
	cdb[1] = 0;
	len = vsp_stor_mode_sense(&p, cdb, b);
	KUNIT_EXPECT_EQ(test, len, 8 + 8 + 12);
	KUNIT_EXPECT_EQ(test, b[4], 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b + 8), U32_MAX);
}

/* What is sensed can be selected again, and the write cache can be changed. */
static void mode_select(struct kunit *test)
{
	struct vsp_stor_props p = test_props();
	u8 sense[16] = { MODE_SENSE, 0, 0x3f }, cdb[16] = { MODE_SELECT, 0x10 };
	bool wce = true;
	u8 b[64];
	int len;

	len = vsp_stor_mode_sense(&p, sense, b);
	KUNIT_EXPECT_EQ(test, vsp_stor_mode_select(&p, cdb, b, len, &wce), 0);
	KUNIT_EXPECT_TRUE(test, wce);
	b[14] = 0;
	KUNIT_EXPECT_EQ(test, vsp_stor_mode_select(&p, cdb, b, len, &wce), 0);
	KUNIT_EXPECT_FALSE(test, wce);
	KUNIT_EXPECT_EQ(test, vsp_stor_mode_select(&p, cdb, b, 0, &wce), 0);

	/* cut short anywhere, it is refused and nothing behind is looked at */
	for (len--; len > 0; len--) {
		/* the end of the header, of the descriptor, of a page */
		if (len == 4 + 8 + 20 || len == 4 + 8)
			continue;
		KUNIT_EXPECT_EQ_MSG(test,
				    vsp_stor_mode_select(&p, cdb, b, len, &wce),
				    VSP_STOR_BAD_LIST_LEN, "%d bytes", len);
	}

	len = vsp_stor_mode_sense(&p, sense, b);
	p.write_cache_fixed = true;
	b[14] = 0;
	KUNIT_EXPECT_EQ(test, vsp_stor_mode_select(&p, cdb, b, len, &wce),
			VSP_STOR_BAD_PARAM(14));
	b[14] = 0x04;
	b[13]++;
	KUNIT_EXPECT_EQ(test, vsp_stor_mode_select(&p, cdb, b, len, &wce),
			VSP_STOR_BAD_PARAM(13));
	b[12] = 0x48;
	KUNIT_EXPECT_EQ(test, vsp_stor_mode_select(&p, cdb, b, len, &wce),
			VSP_STOR_BAD_PARAM(12));
	b[10] = 0x10;
	KUNIT_EXPECT_EQ(test, vsp_stor_mode_select(&p, cdb, b, len, &wce),
			VSP_STOR_BAD_PARAM(9));
	cdb[1] = 0x11;
	KUNIT_EXPECT_EQ(test, vsp_stor_mode_select(&p, cdb, b, len, &wce),
			VSP_STOR_BAD_CDB(1));
	cdb[1] = 0;
	KUNIT_EXPECT_EQ(test, vsp_stor_mode_select(&p, cdb, b, len, &wce),
			VSP_STOR_BAD_CDB(1));
}

/* The table itself: what the lookup and the reports rely on. */
static void table(struct kunit *test)
{
	static const u8 lengths[8] = { 6, 10, 10, 0, 16, 12, 0, 0 };
	unsigned int i, j;

	for (i = 0; i < vsp_stor_nr_cmds; i++) {
		const struct vsp_stor_cmd *cmd = &vsp_stor_cmds[i];

		KUNIT_EXPECT_EQ_MSG(test, cmd->len, lengths[cmd->opcode >> 5],
				    "opcode %#x", cmd->opcode);
		KUNIT_EXPECT_NOT_NULL(test, cmd->exec);
		KUNIT_EXPECT_EQ(test, cmd->usage[cmd->len - 2], 0x04);
		for (j = cmd->len - 1; j < sizeof(cmd->usage); j++)
			KUNIT_EXPECT_EQ(test, cmd->usage[j], 0);
		KUNIT_EXPECT_FALSE(test, (cmd->flags & VSP_STOR_CMD_IN) &&
				   (cmd->flags & VSP_STOR_CMD_OUT));
		/* sorted within what shares an opcode, without a double */
		if (i && cmd->opcode == cmd[-1].opcode)
			KUNIT_EXPECT_GT(test, cmd->sa, cmd[-1].sa);
		else if (i)
			KUNIT_EXPECT_GT(test, cmd->opcode, cmd[-1].opcode);
	}
}

static int opcodes(u8 options, u8 opcode, u16 sa, bool thin, u8 *b, u32 size)
{
	u8 cdb[16] = { MAINTENANCE_IN, 0x0c, options, opcode };

	put_unaligned_be16(sa, cdb + 4);
	return vsp_stor_report_opcodes(vsp_stor_cmds, vsp_stor_nr_cmds, thin, cdb,
				       b, size);
}

static void opcodes_all(struct kunit *test)
{
	u8 *b = kunit_kzalloc(test, VSP_STOR_SCRATCH, GFP_KERNEL);
	int len;

	KUNIT_ASSERT_NOT_NULL(test, b);
	len = opcodes(0, 0, 0, true, b, VSP_STOR_SCRATCH);
	KUNIT_EXPECT_EQ(test, len, 4 + 8 * vsp_stor_nr_cmds);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b), len - 4);
	/* one less without thin provisioning, and with timeouts */
	len = opcodes(0x80, 0, 0, false, b, VSP_STOR_SCRATCH);
	KUNIT_EXPECT_EQ(test, len, 4 + 20 * (vsp_stor_nr_cmds - 1));
	KUNIT_EXPECT_EQ(test, b[4 + 5], 0x02);
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(b + 4 + 8), 10);
	/* whole descriptors, as many as fit */
	KUNIT_EXPECT_EQ(test, opcodes(0, 0, 0, true, b, 32), 4 + 3 * 8);
}

static void opcodes_one(struct kunit *test)
{
	u8 b[32];

	KUNIT_EXPECT_EQ(test, opcodes(1, READ_10, 0, true, b, sizeof(b)), 14);
	KUNIT_EXPECT_EQ(test, b[1], 0x03);
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(b + 2), 10);
	KUNIT_EXPECT_EQ(test, b[4], READ_10);
	KUNIT_EXPECT_EQ(test, b[6], 0xff);
	KUNIT_EXPECT_EQ(test, opcodes(0x81, READ_16, 0, true, b, sizeof(b)), 32);
	KUNIT_EXPECT_EQ(test, b[1], 0x83);

	KUNIT_EXPECT_EQ(test, opcodes(2, SERVICE_ACTION_IN_16,
				      SAI_READ_CAPACITY_16, true, b, sizeof(b)), 20);
	KUNIT_EXPECT_EQ(test, b[1], 0x03);
	KUNIT_EXPECT_EQ(test, opcodes(2, SERVICE_ACTION_IN_16, SAI_GET_LBA_STATUS,
				      true, b, sizeof(b)), 4);
	KUNIT_EXPECT_EQ(test, b[1], 0x01);

	/* there, but asked for in the wrong way */
	KUNIT_EXPECT_EQ(test, opcodes(1, SERVICE_ACTION_IN_16, 0, true, b, sizeof(b)),
			VSP_STOR_BAD_CDB(4));
	KUNIT_EXPECT_EQ(test, opcodes(2, READ_10, 0, true, b, sizeof(b)),
			VSP_STOR_BAD_CDB(4));
	KUNIT_EXPECT_EQ(test, opcodes(4, READ_10, 0, true, b, sizeof(b)),
			VSP_STOR_BAD_CDB(2));
	/* either way */
	KUNIT_EXPECT_EQ(test, opcodes(3, READ_10, 0, true, b, sizeof(b)), 14);
	KUNIT_EXPECT_EQ(test, opcodes(3, SERVICE_ACTION_IN_16,
				      SAI_READ_CAPACITY_16, true, b, sizeof(b)), 20);

	KUNIT_EXPECT_EQ(test, opcodes(1, FORMAT_UNIT, 0, true, b, sizeof(b)), 4);
	KUNIT_EXPECT_EQ(test, b[1], 0x01);
	KUNIT_EXPECT_EQ(test, opcodes(1, UNMAP, 0, true, b, sizeof(b)), 14);
	KUNIT_EXPECT_EQ(test, opcodes(1, UNMAP, 0, false, b, sizeof(b)), 4);
}

static struct kunit_case scsi_cases[] = {
	KUNIT_CASE_PARAM(cdb_extent, extent_gen_params),
	KUNIT_CASE(extent_limits),
	KUNIT_CASE(sense_codes),
	KUNIT_CASE(unit_attentions),
	KUNIT_CASE(capacity),
	KUNIT_CASE(luns),
	KUNIT_CASE(unmap_list),
	KUNIT_CASE(inquiry_standard),
	KUNIT_CASE(vpd_list),
	KUNIT_CASE(vpd_ids),
	KUNIT_CASE(vpd_limits),
	KUNIT_CASE(id_text),
	KUNIT_CASE(mode_sense6),
	KUNIT_CASE(mode_sense10),
	KUNIT_CASE(mode_select),
	KUNIT_CASE(table),
	KUNIT_CASE(opcodes_all),
	KUNIT_CASE(opcodes_one),
	{}
};

static struct kunit_suite scsi_suite = {
	.name = "vsp_stor_scsi",
	.test_cases = scsi_cases,
};

kunit_test_suite(scsi_suite);

MODULE_DESCRIPTION("KUnit: SCSI commands and answers of the storage VSP");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
