// SPDX-License-Identifier: GPL-2.0-only
/*
 * GPADLs in the kernel. The long tests are in tools/testing/ring.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <vmb/gpadl.h>

#define HANDLE		0xe1e10
#define HEADER_WORDS	27
#define BODY_WORDS	28

struct gpadl_test {
	u8 msg[VMB_MSG_PAYLOAD_MAX];
};

static int gpadl_test_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct gpadl_test), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static int gpadl_begin(struct kunit *test, struct vmb_gpadl *gpadl, u16 count,
		       u16 buflen, const __le64 *words, u32 nr)
{
	struct gpadl_test *t = test->priv;
	struct vmb_msg_gpadl_header *msg = (void *)t->msg;

	msg->relid = cpu_to_le32(1);
	msg->gpadl = cpu_to_le32(HANDLE);
	msg->range_count = cpu_to_le16(count);
	msg->range_buflen = cpu_to_le16(buflen);
	memcpy(msg->ranges, words, nr * 8);
	return vmb_gpadl_begin(gpadl, msg, sizeof(*msg) + nr * 8);
}

static int gpadl_add(struct kunit *test, struct vmb_gpadl *gpadl,
		     const __le64 *words, u32 nr)
{
	struct gpadl_test *t = test->priv;
	struct vmb_msg_gpadl_body *msg = (void *)t->msg;

	msg->gpadl = cpu_to_le32(HANDLE);
	memcpy(msg->ranges, words, nr * 8);
	return vmb_gpadl_add(gpadl, msg, sizeof(*msg) + nr * 8);
}

static __le64 gpadl_range_word(u32 len, u32 offset)
{
	return cpu_to_le64((u64)offset << 32 | len);
}

/* From one page to the most that the length field can say. */
static void gpadl_sizes(struct kunit *test)
{
	static const u32 sizes[] = { 1, 25, 26, 27, 54, 55, 129, 4097, 8190 };
	struct vmb_gpa_range range;
	struct vmb_gpadl gpadl;
	u32 i, at, n, total, pos;
	__le64 *words;
	int ret;

	words = kunit_kcalloc(test, 8191, sizeof(*words), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, words);
	for (i = 0; i < 8191; i++)
		words[i] = cpu_to_le64(i);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		total = sizes[i] + 1;
		words[0] = gpadl_range_word(sizes[i] * VMB_PAGE_SIZE, 0);
		at = min(total, HEADER_WORDS);
		ret = gpadl_begin(test, &gpadl, 1, total * 8, words, at);
		while (at < total) {
			KUNIT_ASSERT_EQ(test, ret, 0);
			n = min(total - at, BODY_WORDS);
			ret = gpadl_add(test, &gpadl, words + at, n);
			at += n;
		}
		KUNIT_ASSERT_EQ(test, ret, 1);
		KUNIT_EXPECT_EQ(test, gpadl.nr_pages, sizes[i]);
		pos = 0;
		KUNIT_ASSERT_EQ(test, vmb_gpadl_range(&gpadl, &pos, &range), 0);
		KUNIT_EXPECT_EQ(test, le64_to_cpu(range.pfns[sizes[i] - 1]), (u64)sizes[i]);
		KUNIT_EXPECT_EQ(test, vmb_gpadl_range(&gpadl, &pos, &range), -ENOENT);
		vmb_gpadl_free(&gpadl);
	}
}

static void gpadl_ranges(struct kunit *test)
{
	const __le64 words[] = {
		gpadl_range_word(4096, 1), cpu_to_le64(1), cpu_to_le64(2),
		gpadl_range_word(1, 4095), cpu_to_le64(3),
	};
	struct vmb_gpa_range range;
	struct vmb_gpadl gpadl;
	u32 pos = 0;

	KUNIT_ASSERT_EQ(test, gpadl_begin(test, &gpadl, 2, 40, words, 2), 0);
	KUNIT_EXPECT_EQ(test, vmb_gpadl_range(&gpadl, &pos, &range), -EBADMSG);
	KUNIT_ASSERT_EQ(test, gpadl_add(test, &gpadl, words + 2, 3), 1);
	KUNIT_EXPECT_EQ(test, gpadl.nr_pages, 3U);
	KUNIT_ASSERT_EQ(test, vmb_gpadl_range(&gpadl, &pos, &range), 0);
	KUNIT_EXPECT_EQ(test, range.nr_pfns, 2U);
	KUNIT_ASSERT_EQ(test, vmb_gpadl_range(&gpadl, &pos, &range), 0);
	KUNIT_EXPECT_EQ(test, range.offset, 4095U);
	KUNIT_EXPECT_EQ(test, vmb_gpadl_range(&gpadl, &pos, &range), -ENOENT);
	vmb_gpadl_free(&gpadl);
}

static void gpadl_malformed(struct kunit *test)
{
	const __le64 words[] = {
		gpadl_range_word(1, 0), cpu_to_le64(1),
		gpadl_range_word(0, 0), cpu_to_le64(1),
		gpadl_range_word(1, 4096), cpu_to_le64(1),
		gpadl_range_word(U32_MAX, 4095), cpu_to_le64(1),
	};
	struct vmb_gpadl gpadl;

	KUNIT_EXPECT_EQ(test, gpadl_begin(test, &gpadl, 0, 16, words, 2), -EBADMSG);
	KUNIT_EXPECT_EQ(test, gpadl_begin(test, &gpadl, 1, 0, words, 2), -EBADMSG);
	KUNIT_EXPECT_EQ(test, gpadl_begin(test, &gpadl, 1, 17, words, 2), -EBADMSG);
	KUNIT_EXPECT_EQ(test, gpadl_begin(test, &gpadl, 2, 24, words, 3), -EBADMSG);
	KUNIT_EXPECT_EQ(test, gpadl_begin(test, &gpadl, 1, 24, words, 3), -EBADMSG);
	KUNIT_EXPECT_EQ(test, gpadl_begin(test, &gpadl, 1, 16, words + 2, 2), -EBADMSG);
	KUNIT_EXPECT_EQ(test, gpadl_begin(test, &gpadl, 1, 16, words + 4, 2), -EBADMSG);
	KUNIT_EXPECT_EQ(test, gpadl_begin(test, &gpadl, 1, 16, words + 6, 2), -EBADMSG);
	KUNIT_EXPECT_NULL(test, gpadl.buf);

	KUNIT_ASSERT_EQ(test, gpadl_begin(test, &gpadl, 1, 16, words, 1), 0);
	KUNIT_EXPECT_EQ(test, gpadl_add(test, &gpadl, words, 0), -EBADMSG);
	KUNIT_EXPECT_EQ(test, gpadl_add(test, &gpadl, words + 1, 1), 1);
	KUNIT_EXPECT_EQ(test, gpadl_add(test, &gpadl, words + 1, 1), -EBADMSG);
	vmb_gpadl_free(&gpadl);
	vmb_gpadl_free(&gpadl);
}

static struct kunit_case gpadl_cases[] = {
	KUNIT_CASE(gpadl_sizes),
	KUNIT_CASE(gpadl_ranges),
	KUNIT_CASE(gpadl_malformed),
	{}
};

static struct kunit_suite gpadl_suite = {
	.name = "vmb_gpadl",
	.init = gpadl_test_init,
	.test_cases = gpadl_cases,
};

kunit_test_suite(gpadl_suite);

MODULE_DESCRIPTION("KUnit: VMBus GPADLs");
MODULE_LICENSE("GPL");
