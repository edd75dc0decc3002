// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a SCSI command does, and which the channel may carry.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>

#include "cdb.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

struct cdb_param {
	const char *name;
	u8 cdb[16];
	unsigned int len;
	enum vsc_ide_kind kind;
	u32 blocks;
	bool fua;
};

static const struct cdb_param params[] = {
	{ "read6", { READ_6, 0, 0, 1, 8 }, 6, VSC_IDE_READ, 8, false },
	{ "read6-256", { READ_6, 0, 0, 1, 0 }, 6, VSC_IDE_READ, 256, false },
	{ "write6", { WRITE_6, 0x1f, 0xff, 0xff, 1 }, 6, VSC_IDE_WRITE, 1, false },
	{ "read10", { READ_10, 0, 0, 0, 0, 9, 0, 1, 2 }, 10, VSC_IDE_READ, 258, true },
	{ "read10-fua", { READ_10, 0x08, 0, 0, 0, 9, 0, 0, 1 }, 10, VSC_IDE_READ, 1, true },
	{ "read10-none", { READ_10 }, 10, VSC_IDE_OTHER },
	{ "read10-protect", { READ_10, 0x20, [8] = 1 }, 10, VSC_IDE_OTHER },
	{ "read10-short", { READ_10, [8] = 1 }, 9, VSC_IDE_OTHER },
	{ "write10", { WRITE_10, [7] = 0xff, [8] = 0xff }, 10, VSC_IDE_WRITE, 65535, true },
	{ "write10-fua", { WRITE_10, 0x08, [8] = 1 }, 10, VSC_IDE_WRITE, 1, true },
	{ "read16", { READ_16, [10] = 1, [13] = 2 }, 16, VSC_IDE_READ, 0x01000002, true },
	{ "read16-short", { READ_16, [13] = 2 }, 15, VSC_IDE_OTHER },
	{ "write16", { WRITE_16, [13] = 2 }, 16, VSC_IDE_WRITE, 2, true },
	{ "write16-protect", { WRITE_16, 0x60, [13] = 2 }, 16, VSC_IDE_OTHER },
	{ "flush10", { SYNCHRONIZE_CACHE }, 10, VSC_IDE_FLUSH },
	{ "flush16", { SYNCHRONIZE_CACHE_16 }, 16, VSC_IDE_FLUSH },
	{ "trim", { WRITE_SAME_16, 0x08, [13] = 8 }, 16, VSC_IDE_TRIM },
	{ "write-same", { WRITE_SAME_16, 0, [13] = 8 }, 16, VSC_IDE_OTHER },
	{ "trim-anchor", { WRITE_SAME_16, 0x18, [13] = 8 }, 16, VSC_IDE_OTHER },
	/* not what libata translates */
	{ "read12", { READ_12, [9] = 8 }, 12, VSC_IDE_OTHER },
	{ "unmap", { UNMAP, [8] = 24 }, 10, VSC_IDE_OTHER },
	{ "verify", { VERIFY, [8] = 8 }, 10, VSC_IDE_OTHER },
	{ "inquiry", { INQUIRY, 0, 0, 0, 36 }, 6, VSC_IDE_OTHER },
	{ "ata12", { 0xa1 }, 12, VSC_IDE_OTHER },
	{ "ata16", { 0x85 }, 16, VSC_IDE_OTHER },
	{ "start-stop", { START_STOP }, 6, VSC_IDE_OTHER },
	{ "nothing", { READ_6, 0, 0, 0, 1 }, 0, VSC_IDE_OTHER },
};

static void param_name(const struct cdb_param *p, char *desc)
{
	strscpy(desc, p->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(cdb, params, param_name);

static void cdb_parse(struct kunit *test)
{
	const struct cdb_param *p = test->param_value;
	struct vsc_ide_cdb cdb;

	memset(&cdb, 0xff, sizeof(cdb));
	vsc_ide_cdb_parse(&cdb, p->cdb, p->len);
	KUNIT_EXPECT_EQ(test, cdb.kind, p->kind);
	KUNIT_EXPECT_EQ(test, cdb.blocks, p->blocks);
	KUNIT_EXPECT_EQ(test, cdb.fua, p->fua);
}

static void cdb_fits(struct kunit *test)
{
	struct vsc_ide_cdb cdb = { .kind = VSC_IDE_READ, .blocks = 8 };

	KUNIT_EXPECT_TRUE(test, vsc_ide_cdb_fits(&cdb, 4096, 512, 4096, false));
	KUNIT_EXPECT_FALSE(test, vsc_ide_cdb_fits(&cdb, 4096, 512, 4095, false));
	KUNIT_EXPECT_FALSE(test, vsc_ide_cdb_fits(&cdb, 4095, 512, 8192, false));
	KUNIT_EXPECT_FALSE(test, vsc_ide_cdb_fits(&cdb, 4608, 512, 8192, false));
	KUNIT_EXPECT_TRUE(test, vsc_ide_cdb_fits(&cdb, 32768, 4096, 65536, false));
	KUNIT_EXPECT_FALSE(test, vsc_ide_cdb_fits(&cdb, 0, 512, 8192, false));
	/* what would be right modulo 2^32 */
	cdb.kind = VSC_IDE_WRITE;
	cdb.blocks = 0x00800008;
	KUNIT_EXPECT_FALSE(test, vsc_ide_cdb_fits(&cdb, 4096, 512, U32_MAX, false));

	cdb = (struct vsc_ide_cdb){ .kind = VSC_IDE_FLUSH };
	KUNIT_EXPECT_TRUE(test, vsc_ide_cdb_fits(&cdb, 0, 512, 4096, false));
	KUNIT_EXPECT_FALSE(test, vsc_ide_cdb_fits(&cdb, 512, 512, 4096, false));

	cdb.kind = VSC_IDE_TRIM;
	KUNIT_EXPECT_FALSE(test, vsc_ide_cdb_fits(&cdb, 512, 512, 4096, false));
	KUNIT_EXPECT_TRUE(test, vsc_ide_cdb_fits(&cdb, 512, 512, 4096, true));
	KUNIT_EXPECT_FALSE(test, vsc_ide_cdb_fits(&cdb, 0, 512, 4096, true));

	cdb.kind = VSC_IDE_OTHER;
	KUNIT_EXPECT_FALSE(test, vsc_ide_cdb_fits(&cdb, 0, 512, 4096, true));
}

static void cdb_write(struct kunit *test)
{
	struct vsc_ide_cdb out;
	u8 cdb[16];

	vsc_ide_cdb_read(cdb, 0x123456789aULL, 8);
	vsc_ide_cdb_parse(&out, cdb, sizeof(cdb));
	KUNIT_EXPECT_EQ(test, out.kind, VSC_IDE_READ);
	KUNIT_EXPECT_EQ(test, out.blocks, 8);
	KUNIT_EXPECT_EQ(test, get_unaligned_be64(cdb + 2), 0x123456789aULL);
	KUNIT_EXPECT_EQ(test, cdb[1], 0);
	vsc_ide_cdb_set_fua(cdb);
	KUNIT_EXPECT_EQ(test, cdb[1], 0x08);
}

static struct kunit_case cdb_cases[] = {
	KUNIT_CASE_PARAM(cdb_parse, cdb_gen_params),
	KUNIT_CASE(cdb_fits),
	KUNIT_CASE(cdb_write),
	{}
};

static struct kunit_suite cdb_suite = {
	.name = "vsc_ide_cdb",
	.test_cases = cdb_cases,
};

kunit_test_suite(cdb_suite);

MODULE_DESCRIPTION("KUnit tests of what SCSI commands do");
MODULE_LICENSE("GPL");
