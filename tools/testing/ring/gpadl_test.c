// SPDX-License-Identifier: GPL-2.0-only
/*
 * GPADL messages, in buffers of exactly their size.
 */
#include <stdlib.h>

#include "test.h"

#define HANDLE	0xe1e10
#define RANGE(len, offset)	((u64)(offset) << 32 | (u32)(len))

/* A header message with these words of the list behind it, and @pad bytes. */
static int begin(struct vmb_gpadl *gpadl, u16 count, u16 buflen,
		 const u64 *words, u32 nr_words, u32 pad)
{
	u32 len = sizeof(struct vmb_msg_gpadl_header) + nr_words * 8 + pad;
	struct vmb_msg_gpadl_header *msg = calloc(1, len);
	int ret;

	msg->hdr.type = cpu_to_le32(VMB_MSG_GPADL_HEADER);
	msg->relid = cpu_to_le32(7);
	msg->gpadl = cpu_to_le32(HANDLE);
	msg->range_count = cpu_to_le16(count);
	msg->range_buflen = cpu_to_le16(buflen);
	memcpy(msg->ranges, words, nr_words * 8);
	ret = vmb_gpadl_begin(gpadl, msg, len);
	free(msg);
	return ret;
}

static int add(struct vmb_gpadl *gpadl, u32 handle, const u64 *words,
	       u32 nr_words, u32 pad)
{
	u32 len = sizeof(struct vmb_msg_gpadl_body) + nr_words * 8 + pad;
	struct vmb_msg_gpadl_body *msg = calloc(1, len);
	int ret;

	msg->hdr.type = cpu_to_le32(VMB_MSG_GPADL_BODY);
	msg->gpadl = cpu_to_le32(handle);
	memcpy(msg->ranges, words, nr_words * 8);
	ret = vmb_gpadl_add(gpadl, msg, len);
	free(msg);
	return ret;
}

static bool all_zero(const struct vmb_gpadl *gpadl)
{
	static const struct vmb_gpadl zero;

	return !memcmp(gpadl, &zero, sizeof(zero));
}

static const char *gpadl_one_message(void)
{
	static const u64 words[] = { RANGE(8192, 0), 10, 11, 0xdead };
	struct vmb_gpa_range range;
	struct vmb_gpadl gpadl;
	u32 pos = 0;

	CHECK(begin(&gpadl, 1, 24, words, 3, 0) == 1);
	CHECK(gpadl.handle == HANDLE && gpadl.relid == 7);
	CHECK(gpadl.nr_ranges == 1 && gpadl.nr_pages == 2);
	CHECK(vmb_gpadl_complete(&gpadl));
	CHECK(!vmb_gpadl_range(&gpadl, &pos, &range));
	CHECK(range.len == 8192 && !range.offset && range.nr_pfns == 2);
	CHECK(range.pfns[1] == cpu_to_le64(11));
	CHECK(vmb_gpadl_range(&gpadl, &pos, &range) == -ENOENT);
	/* complete is complete */
	CHECK(add(&gpadl, HANDLE, words, 1, 0) == -EBADMSG);
	vmb_gpadl_free(&gpadl);
	CHECK(all_zero(&gpadl));
	vmb_gpadl_free(&gpadl);

	/* padding of the message is not part of the list */
	CHECK(begin(&gpadl, 1, 24, words, 4, 4) == 1);
	CHECK(gpadl.nr_pages == 2);
	vmb_gpadl_free(&gpadl);
	return NULL;
}

/* Every number of pages, split over full messages as inbox guests do. */
static const char *gpadl_split(void)
{
	static u64 words[8192];
	struct vmb_gpa_range range;
	struct vmb_gpadl gpadl;
	u32 pages, total, at, n, i, pos, pad;
	int ret;

	for (pages = 1; pages <= 8190; pages += pages < 100 ? 1 : 809) {
		for (pad = 0; pad <= 4; pad += 4) {
			total = pages + 1;
			words[0] = RANGE(pages * 4096, 0);
			for (i = 1; i < total; i++)
				words[i] = 0x100000 + i;
			at = total < 27 ? total : 27;
			ret = begin(&gpadl, 1, total * 8, words, at, pad);
			CHECK(ret == (at == total));
			while (at < total) {
				CHECK(!vmb_gpadl_complete(&gpadl));
				pos = 0;
				CHECK(vmb_gpadl_range(&gpadl, &pos, &range) == -EBADMSG);
				n = total - at < 28 ? total - at : 28;
				ret = add(&gpadl, HANDLE, words + at, n, pad);
				at += n;
				CHECK(ret == (at == total));
			}
			CHECK(gpadl.nr_pages == pages);
			CHECK(!memcmp(gpadl.buf, words, total * 8));
			vmb_gpadl_free(&gpadl);
		}
	}
	return NULL;
}

static const char *gpadl_ranges(void)
{
	static const u64 words[] = {
		RANGE(4096, 0), 1, RANGE(2, 4095), 2, 3, RANGE(5, 9), 4,
	};
	static const u32 pages[] = { 1, 2, 1 };
	struct vmb_gpa_range range;
	struct vmb_gpadl gpadl;
	u32 pos = 0, pfn = 1, i, n, split;

	for (split = 0; split < 7; split++) {
		CHECK(begin(&gpadl, 3, 56, words, split, 0) == 0);
		CHECK(add(&gpadl, HANDLE, words + split, 7 - split, 0) == 1);
		CHECK(gpadl.nr_pages == 4);
		pos = 0;
		pfn = 1;
		for (i = 0; i < 3; i++) {
			CHECK(!vmb_gpadl_range(&gpadl, &pos, &range));
			CHECK(range.nr_pfns == pages[i]);
			for (n = 0; n < pages[i]; n++)
				CHECK(range.pfns[n] == cpu_to_le64(pfn++));
		}
		CHECK(vmb_gpadl_range(&gpadl, &pos, &range) == -ENOENT);
		vmb_gpadl_free(&gpadl);
	}
	return NULL;
}

static const char *gpadl_interleaved(void)
{
	static const u64 words[2][4] = {
		{ RANGE(3 * 4096, 0), 1, 2, 3 }, { RANGE(1 * 4096, 1), 4, 5 },
	};
	struct vmb_gpadl a, b;

	CHECK(!begin(&a, 1, 32, words[0], 1, 0));
	CHECK(!begin(&b, 1, 24, words[1], 0, 0));
	CHECK(!add(&a, HANDLE, words[0] + 1, 1, 0));
	CHECK(!add(&b, HANDLE, words[1], 2, 0));
	CHECK(!add(&a, HANDLE, words[0] + 2, 1, 0));
	CHECK(add(&b, HANDLE, words[1] + 2, 1, 0) == 1);
	CHECK(add(&a, HANDLE, words[0] + 3, 1, 0) == 1);
	CHECK(a.nr_pages == 3 && b.nr_pages == 2);
	vmb_gpadl_free(&a);
	vmb_gpadl_free(&b);
	return NULL;
}

static const char *gpadl_malformed_header(void)
{
	static const u64 words[] = { RANGE(1, 0), 1, RANGE(1, 0), 1 };
	struct vmb_msg_gpadl_header msg = { .hdr.type = cpu_to_le32(8) };
	struct vmb_gpadl gpadl;
	u32 len;

	msg.relid = cpu_to_le32(1);
	msg.gpadl = cpu_to_le32(1);
	msg.range_count = cpu_to_le16(1);
	msg.range_buflen = cpu_to_le16(16);
	for (len = 0; len < sizeof(msg); len++)
		CHECK(vmb_gpadl_begin(&gpadl, &msg, len) == -EBADMSG);
	CHECK(!vmb_gpadl_begin(&gpadl, &msg, len));
	vmb_gpadl_free(&gpadl);
	msg.relid = 0;
	CHECK(vmb_gpadl_begin(&gpadl, &msg, len) == -EBADMSG);
	msg.relid = cpu_to_le32(1);
	msg.gpadl = 0;
	CHECK(vmb_gpadl_begin(&gpadl, &msg, len) == -EBADMSG);
	CHECK(all_zero(&gpadl));

	CHECK(begin(&gpadl, 0, 16, words, 2, 0) == -EBADMSG);
	CHECK(begin(&gpadl, 1, 0, words, 2, 0) == -EBADMSG);
	CHECK(begin(&gpadl, 1, 8, words, 2, 0) == -EBADMSG);
	CHECK(begin(&gpadl, 1, 17, words, 2, 0) == -EBADMSG);
	CHECK(begin(&gpadl, 1, 20, words, 2, 0) == -EBADMSG);
	CHECK(begin(&gpadl, 2, 24, words, 3, 0) == -EBADMSG);
	CHECK(begin(&gpadl, 0xffff, 0xfff8, words, 4, 0) == -EBADMSG);
	/* longer than its ranges, shorter than them, more than announced */
	CHECK(begin(&gpadl, 1, 24, words, 3, 0) == -EBADMSG);
	CHECK(begin(&gpadl, 1, 32, words, 4, 0) == -EBADMSG);
	CHECK(all_zero(&gpadl));
	return NULL;
}

static const char *gpadl_malformed_ranges(void)
{
	static const u64 bad[][4] = {
		{ RANGE(0, 0), 1 },
		{ RANGE(1, 4096), 1 },
		{ RANGE(4097, 0), 1 },
		{ RANGE(U32_MAX, 0), 1 },
		{ RANGE(U32_MAX, 4095), 1 },
		{ RANGE(1, U32_MAX), 1 },
	};
	struct vmb_gpadl gpadl;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK(begin(&gpadl, 1, 16, bad[i], 2, 0) == -EBADMSG);
		CHECK(all_zero(&gpadl));
		/* found at the end only: the caller frees */
		CHECK(!begin(&gpadl, 1, 16, bad[i], 1, 0));
		CHECK(add(&gpadl, HANDLE, bad[i] + 1, 1, 0) == -EBADMSG);
		CHECK(!gpadl.nr_pages);
		vmb_gpadl_free(&gpadl);
	}
	return NULL;
}

static const char *gpadl_malformed_body(void)
{
	static const u64 words[] = { RANGE(4096, 0), 1 };
	struct vmb_msg_gpadl_body msg = { .gpadl = cpu_to_le32(HANDLE) };
	struct vmb_gpadl gpadl = { 0 };
	u32 len;

	CHECK(add(&gpadl, 0, words, 2, 0) == -EBADMSG);
	CHECK(!begin(&gpadl, 1, 16, words, 1, 0));
	for (len = 0; len <= sizeof(msg); len++)
		CHECK(vmb_gpadl_add(&gpadl, &msg, len) == -EBADMSG);
	CHECK(add(&gpadl, HANDLE, words, 0, 7) == -EBADMSG);
	CHECK(add(&gpadl, HANDLE + 1, words + 1, 1, 0) == -EBADMSG);
	CHECK(gpadl.have == 8);
	CHECK(add(&gpadl, HANDLE, words + 1, 1, 0) == 1);
	vmb_gpadl_free(&gpadl);
	return NULL;
}

static const char *gpadl_no_memory(void)
{
	static const u64 words[] = { RANGE(4096, 0), 1 };
	struct vmb_gpadl gpadl;
	int ret;

	shim_fail_alloc = 1;
	ret = begin(&gpadl, 1, 16, words, 2, 0);
	shim_fail_alloc = 0;
	CHECK(ret == -ENOMEM);
	CHECK(all_zero(&gpadl));
	return NULL;
}

const struct test gpadl_tests[] = {
	{ "gpadl_one_message", gpadl_one_message },
	{ "gpadl_split", gpadl_split },
	{ "gpadl_ranges", gpadl_ranges },
	{ "gpadl_interleaved", gpadl_interleaved },
	{ "gpadl_malformed_header", gpadl_malformed_header },
	{ "gpadl_malformed_ranges", gpadl_malformed_ranges },
	{ "gpadl_malformed_body", gpadl_malformed_body },
	{ "gpadl_no_memory", gpadl_no_memory },
	{ 0 }
};
