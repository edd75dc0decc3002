// SPDX-License-Identifier: GPL-2.0-only
/*
 * What drivers of disks send to the host, byte by byte, and what they believe of
 * what comes.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "wire.h"

static struct vsc_wire wire_of(u16 version)
{
	struct vsc_wire wire;

	vsc_wire_init(&wire, version);
	return wire;
}

static void wire_versions(struct kunit *test)
{
	static const struct {
		u16 version;
		u32 packet, sense;
	} cases[] = {
		{ VMB_STOR_VERSION_2_0, 48, 18 },
		{ VMB_STOR_VERSION_4_2, 48, 18 },
		{ VMB_STOR_VERSION_5_1, 64, 20 },
		{ VMB_STOR_VERSION_6_0, 64, 20 },
		{ VMB_STOR_VERSION_6_2, 64, 20 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vsc_wire wire = wire_of(cases[i].version);

		KUNIT_EXPECT_EQ(test, wire.packet_bytes, cases[i].packet);
		KUNIT_EXPECT_EQ(test, wire.sense_bytes, cases[i].sense);
	}
	/* the newest first, each older than the one before */
	KUNIT_EXPECT_EQ(test, vsc_wire_versions[0], VMB_STOR_VERSION_6_2);
	KUNIT_EXPECT_EQ(test, vsc_wire_nr_versions, ARRAY_SIZE(cases));
	for (i = 1; i < vsc_wire_nr_versions; i++)
		KUNIT_EXPECT_LT(test, vsc_wire_versions[i], vsc_wire_versions[i - 1]);
}

/* The numbers are those that Linux's own driver sends. */
static void wire_read(struct kunit *test)
{
	static const u8 bytes[VMB_STOR_PACKET_BYTES] = {
		0x03, 0, 0, 0,  0x01, 0, 0, 0,  0, 0, 0, 0,	/* EXECUTE_SRB */
		0x34, 0,  0, 0,  0, 1, 2, 3,  10, 20, 1, 0,
		0x00, 0x10, 0x00, 0x00,
		0x28, 0, 0x12, 0x34, 0x56, 0x78, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0,
		0, 0,  0xff, 0x20,  0x4a, 0x01, 0, 0,  60, 0, 0, 0,  0, 0, 0, 0,
	};
	static const u8 cdb[10] = { READ_10, 0, 0x12, 0x34, 0x56, 0x78, 0, 0, 8 };
	struct vsc_wire wire = wire_of(VMB_STOR_VERSION_6_2);
	struct vsc_wire_command cmd = {
		.cdb = cdb, .cdb_length = 10, .path = 1, .target = 2, .lun = 3,
		.direction = VMB_STOR_DATA_IN, .data_length = 4096, .timeout_s = 60,
		.tagged = true,
	};
	struct vmb_stor_packet pkt;

	memset(&pkt, 0xee, sizeof(pkt));
	KUNIT_ASSERT_EQ(test, 0, vsc_wire_srb(&pkt, &wire, &cmd));
	KUNIT_EXPECT_MEMEQ(test, (const u8 *)&pkt, bytes, sizeof(bytes));
}

static void wire_others(struct kunit *test)
{
	static const u8 cdb[17] = { TEST_UNIT_READY };
	struct vsc_wire wire = wire_of(VMB_STOR_VERSION_4_2);
	struct vsc_wire_command cmd = {
		.cdb = cdb, .cdb_length = 6, .direction = VMB_STOR_DATA_UNKNOWN,
	};
	struct vmb_stor_packet pkt;

	KUNIT_ASSERT_EQ(test, 0, vsc_wire_srb(&pkt, &wire, &cmd));
	KUNIT_EXPECT_EQ(test, le16_to_cpu(pkt.srb.length), 36);
	KUNIT_EXPECT_EQ(test, pkt.srb.sense_length, 18);
	KUNIT_EXPECT_EQ(test, pkt.srb.data_in, VMB_STOR_DATA_UNKNOWN);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(pkt.srb.srb_flags), 0x8);
	KUNIT_EXPECT_EQ(test, pkt.srb.queue_tag, 0);

	cmd.direction = VMB_STOR_DATA_OUT;
	cmd.cdb_length = 16;
	KUNIT_ASSERT_EQ(test, 0, vsc_wire_srb(&pkt, &wire, &cmd));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(pkt.srb.srb_flags), 0x88);
	cmd.cdb_length = 17;
	KUNIT_EXPECT_EQ(test, -EINVAL, vsc_wire_srb(&pkt, &wire, &cmd));
}

#define NR_PAGES	8

struct pages_test {
	struct page *pages;
	struct scatterlist sg[NR_PAGES];
	u64 buf[VMB_GUEST_GPA_BYTES(1, NR_PAGES) / 8];
	struct vmb_guest_gpa gpa;
};

static u64 pfn(const struct vmb_guest_device *dev, struct page *page)
{
	return page_to_pfn(page) + (unsigned long)dev;
}

static int write_list(struct pages_test *t, unsigned int nents, u32 len)
{
	vmb_guest_gpa_init(&t->gpa, t->buf, sizeof(t->buf));
	return vsc_wire_pages(&t->gpa, t->sg, nents, len, pfn, (void *)1000);
}

static int pages_init(struct kunit *test)
{
	struct pages_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->pages = alloc_pages(GFP_KERNEL, get_order(NR_PAGES * PAGE_SIZE));
	if (!t->pages)
		return -ENOMEM;
	sg_init_table(t->sg, NR_PAGES);
	test->priv = t;
	return 0;
}

static void pages_exit(struct kunit *test)
{
	struct pages_test *t = test->priv;

	if (t)
		__free_pages(t->pages, get_order(NR_PAGES * PAGE_SIZE));
}

static void expect_range(struct kunit *test, u32 offset, u32 len, const int *page,
			 unsigned int nr)
{
	struct pages_test *t = test->priv;
	const __le32 *head = t->gpa.buf;
	const struct vmb_wire_gpa_range *range = t->gpa.buf + 8;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, t->gpa.len, VMB_GUEST_GPA_BYTES(1, nr));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(head[1]), 1);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(range->byte_count), len);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(range->byte_offset), offset);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, le64_to_cpu(range->pfn[i]),
				page_to_pfn(nth_page(t->pages, page[i])) + 1000);
}

static void wire_pages(struct kunit *test)
{
	struct pages_test *t = test->priv;

	/* part of a page */
	sg_set_page(&t->sg[0], t->pages, 512, 1024);
	KUNIT_EXPECT_EQ(test, write_list(t, 1, 512), 0);
	expect_range(test, 1024, 512, (int[]){ 0 }, 1);

	/* a segment of several pages that begins and ends inside of one */
	sg_set_page(&t->sg[0], t->pages, 2 * PAGE_SIZE, 100);
	KUNIT_EXPECT_EQ(test, write_list(t, 1, 2 * PAGE_SIZE), 0);
	expect_range(test, 100, 2 * PAGE_SIZE, (int[]){ 0, 1, 2 }, 3);

	/* an offset of more than a page */
	sg_set_page(&t->sg[0], t->pages, PAGE_SIZE, 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, write_list(t, 1, PAGE_SIZE), 0);
	expect_range(test, 0, PAGE_SIZE, (int[]){ 3 }, 1);

	/* pages in any order; the first from its middle, the last to its middle */
	sg_set_page(&t->sg[0], nth_page(t->pages, 5), 1024, PAGE_SIZE - 1024);
	sg_set_page(&t->sg[1], nth_page(t->pages, 2), 2 * PAGE_SIZE, 0);
	sg_set_page(&t->sg[2], nth_page(t->pages, 0), 512, 0);
	KUNIT_EXPECT_EQ(test, write_list(t, 3, 2 * PAGE_SIZE + 1536), 0);
	expect_range(test, PAGE_SIZE - 1024, 2 * PAGE_SIZE + 1536,
		     (int[]){ 5, 2, 3, 0 }, 4);

	/* more memory than data */
	KUNIT_EXPECT_EQ(test, write_list(t, 3, 1024 + PAGE_SIZE), 0);
	expect_range(test, PAGE_SIZE - 1024, 1024 + PAGE_SIZE, (int[]){ 5, 2 }, 2);
}

static void wire_pages_bad(struct kunit *test)
{
	struct pages_test *t = test->priv;

	/* holes: before the second segment, after the first */
	sg_set_page(&t->sg[0], t->pages, PAGE_SIZE, 0);
	sg_set_page(&t->sg[1], nth_page(t->pages, 1), 512, 512);
	KUNIT_EXPECT_EQ(test, write_list(t, 2, PAGE_SIZE + 512), -EINVAL);
	sg_set_page(&t->sg[0], t->pages, 512, 0);
	sg_set_page(&t->sg[1], nth_page(t->pages, 1), 512, 0);
	KUNIT_EXPECT_EQ(test, write_list(t, 2, 1024), -EINVAL);
	/* less memory than data */
	sg_set_page(&t->sg[0], t->pages, PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, write_list(t, 1, PAGE_SIZE + 1), -EINVAL);
	/* none, and more pages than there is room for */
	KUNIT_EXPECT_EQ(test, write_list(t, 1, 0), -EMSGSIZE);
	sg_set_page(&t->sg[0], t->pages, NR_PAGES * PAGE_SIZE, 1);
	KUNIT_EXPECT_EQ(test, write_list(t, 1, NR_PAGES * PAGE_SIZE), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, write_list(t, 1, U32_MAX), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, write_list(t, 1, NR_PAGES * PAGE_SIZE - 1), 0);
}

static void wire_answer(struct kunit *test)
{
	struct vmb_stor_packet pkt = { .operation = cpu_to_le32(VMB_STOR_OP_COMPLETE_IO) };
	struct vmb_stor_packet answer;
	u8 big[80] = {};
	u32 len;

	memset(pkt.body, 0xee, sizeof(pkt.body));
	for (len = 0; len <= 64; len++)
		KUNIT_EXPECT_EQ(test, vsc_wire_answer(&pkt, len, &answer),
				len < 48 ? -EPROTO : 0);
	KUNIT_EXPECT_MEMEQ(test, (u8 *)&answer, (u8 *)&pkt, sizeof(pkt));
	memcpy(big, &pkt, sizeof(pkt));
	KUNIT_EXPECT_EQ(test, vsc_wire_answer(big, sizeof(big), &answer), 0);
	/* nothing of an earlier answer is left */
	memset(&answer, 0xff, sizeof(answer));
	KUNIT_EXPECT_EQ(test, vsc_wire_answer(&pkt, 48, &answer), 0);
	KUNIT_EXPECT_EQ(test, answer.srb.queue_sort_key, 0);
	pkt.operation = cpu_to_le32(VMB_STOR_OP_ENUMERATE_BUS);
	KUNIT_EXPECT_EQ(test, vsc_wire_answer(&pkt, 64, &answer), -EPROTO);
}

static void wire_properties(struct kunit *test)
{
	static const struct {
		u32 flags, subs, bytes;
		int ret;
		u32 want_subs, want_bytes;
	} cases[] = {
		{ 1, 7, 1 << 20, 0, 7, 1 << 20 },
		{ 0, 7, 1 << 20, 0, 0, 1 << 20 },
		{ 1, 0, 0x2345, 0, 0, 0x2000 },
		{ 1, 65535, U32_MAX, 0, 65535, VSC_WIRE_MAX_TRANSFER },
		{ 1, 1, 4096, 0, 1, 4096 },
		{ 1, 1, 4095, -EPROTO },
		{ 1, 1, 0, -EPROTO },
	};
	struct vsc_wire_properties props;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vmb_stor_packet pkt = {
			.properties.flags = cpu_to_le32(cases[i].flags),
			.properties.max_sub_channels = cpu_to_le16(cases[i].subs),
			.properties.max_transfer_bytes = cpu_to_le32(cases[i].bytes),
		};

		KUNIT_EXPECT_EQ(test, vsc_wire_properties(&pkt, &props), cases[i].ret);
		if (cases[i].ret)
			continue;
		KUNIT_EXPECT_EQ(test, props.max_sub_channels, cases[i].want_subs);
		KUNIT_EXPECT_EQ(test, props.max_transfer, cases[i].want_bytes);
	}
}

/* Whatever comes: nothing outside of the packet is looked at (KASAN). */
static void wire_noise(struct kunit *test)
{
	struct vsc_wire_properties props;
	struct vmb_stor_packet answer;
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
		if (!vsc_wire_answer(buf, len, &answer) &&
		    !vsc_wire_properties(&answer, &props))
			KUNIT_EXPECT_LE(test, props.max_transfer, VSC_WIRE_MAX_TRANSFER);
		kfree(buf);
	}
}

static struct kunit_case wire_cases[] = {
	KUNIT_CASE(wire_versions),
	KUNIT_CASE(wire_read),
	KUNIT_CASE(wire_others),
	KUNIT_CASE(wire_pages),
	KUNIT_CASE(wire_pages_bad),
	KUNIT_CASE(wire_answer),
	KUNIT_CASE(wire_properties),
	KUNIT_CASE(wire_noise),
	{}
};

static struct kunit_suite wire_suite = {
	.name = "vsc_wire",
	.init = pages_init,
	.exit = pages_exit,
	.test_cases = wire_cases,
};

kunit_test_suite(wire_suite);

MODULE_DESCRIPTION("KUnit: packets of the storage protocol in a guest");
MODULE_LICENSE("GPL");
