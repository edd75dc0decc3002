// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packet parsing, on buffers of exactly the packet's size so that the address
 * sanitizer sees each byte read too many.
 */
#include <stdlib.h>

#include "test.h"

#define RANGE(len, offset)	((u64)(offset) << 32 | (u32)(len))
#define COUNT(n)		((u64)(n) << 32)

/* A packet of these words; the buffer is freed by the next call. */
static int parse(struct vmb_packet *pkt, u16 type, u16 offset8, u16 len8,
		 const u64 *words, u32 nr_words)
{
	static u64 *buf;
	struct vmb_pkt_desc *desc;

	free(buf);
	buf = malloc(16 + nr_words * 8);
	desc = (void *)buf;
	desc->type = cpu_to_le16(type);
	desc->offset8 = cpu_to_le16(offset8);
	desc->len8 = cpu_to_le16(len8);
	desc->flags = cpu_to_le16(1);
	desc->trans_id = cpu_to_le64(0x1122334455667788ULL);
	memcpy(buf + 2, words, nr_words * 8);
	return vmb_packet_parse(pkt, buf, 16 + nr_words * 8);
}

static const char *packet_plain(void)
{
	static const u16 types[] = { 0, 6, 0xa, 0xb, 0xc, 0xffff };
	static const u64 words[3] = { 1, 2, 3 };
	struct vmb_gpa_range range;
	struct vmb_packet pkt;
	u32 pos, offset, len;
	size_t i;
	u16 at;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		for (at = 2; at <= 5; at++) {
			CHECK(!parse(&pkt, types[i], at, 5, words, 3));
			CHECK(pkt.type == types[i] && pkt.flags == 1);
			CHECK(pkt.trans_id == 0x1122334455667788ULL);
			CHECK(pkt.len == (5 - at) * 8U);
			CHECK(!memcmp(pkt.data, words + (at - 2), pkt.len));
			CHECK(!pkt.ranges && !pkt.nr_ranges && !pkt.ranges_len);
			pos = 0;
			CHECK(vmb_packet_gpa_range(&pkt, &pos, &range) == -ENOENT);
			CHECK(vmb_packet_xfer_range(&pkt, 0, &offset, &len) == -ENOENT);
		}
	}
	return NULL;
}

static const char *packet_frame(void)
{
	static const u64 words[3] = { 0 };
	struct vmb_packet pkt;
	u64 none = 0;

	CHECK(parse(&pkt, 6, 1, 5, words, 3) == -EBADMSG);
	CHECK(parse(&pkt, 6, 0, 5, words, 3) == -EBADMSG);
	CHECK(parse(&pkt, 6, 6, 5, words, 3) == -EBADMSG);
	CHECK(parse(&pkt, 6, 0xffff, 5, words, 3) == -EBADMSG);
	CHECK(parse(&pkt, 6, 2, 4, words, 3) == -EBADMSG);
	CHECK(parse(&pkt, 6, 2, 6, words, 3) == -EBADMSG);
	CHECK(parse(&pkt, 6, 2, 0, words, 3) == -EBADMSG);
	CHECK(parse(&pkt, 6, 2, 0xffff, words, 3) == -EBADMSG);
	CHECK(vmb_packet_parse(&pkt, &none, 0) == -EBADMSG);
	CHECK(vmb_packet_parse(&pkt, &none, 8) == -EBADMSG);
	return NULL;
}

static const char *packet_gpa_one(void)
{
	/* length, offset, pages; the length of each touches exactly those */
	static const u32 cases[][3] = {
		{ 1, 0, 1 }, { 4096, 0, 1 }, { 4097, 0, 2 }, { 1, 4095, 1 },
		{ 2, 4095, 2 }, { 4096, 1, 2 }, { 8192, 0, 2 }, { 4095, 1, 1 },
		{ 65536, 512, 17 },
	};
	struct vmb_gpa_range range;
	u64 words[32] = { COUNT(1) };
	struct vmb_packet pkt;
	u32 pos, n, extra;
	size_t i;

	for (i = 0; i < 17; i++)
		words[2 + i] = 1000 + i;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		words[1] = RANGE(cases[i][0], cases[i][1]);
		n = 2 + cases[i][2];
		/* with and without words that belong to no range, and a payload */
		for (extra = 0; extra < 3; extra++) {
			CHECK(!parse(&pkt, 9, 2 + n + extra, 3 + n + extra,
				     words, n + extra + 1));
			CHECK(pkt.nr_ranges == 1 && pkt.len == 8);
			CHECK(pkt.ranges_len == (n - 1) * 8);
			pos = 0;
			CHECK(!vmb_packet_gpa_range(&pkt, &pos, &range));
			CHECK(range.len == cases[i][0]);
			CHECK(range.offset == cases[i][1]);
			CHECK(range.nr_pfns == cases[i][2]);
			CHECK(range.pfns[0] == cpu_to_le64(1000));
			CHECK(vmb_packet_gpa_range(&pkt, &pos, &range) == -ENOENT);
			CHECK(vmb_packet_gpa_range(&pkt, &pos, &range) == -ENOENT);
		}
		/* one PFN too few in front of the payload */
		CHECK(parse(&pkt, 9, 1 + n, 2 + n, words, n) == -EBADMSG);
	}
	return NULL;
}

static const char *packet_gpa_many(void)
{
	static const u64 words[] = {
		COUNT(3), RANGE(100, 4000), 1, 2, RANGE(4096, 0), 3,
		RANGE(1, 4095), 4, 0x7061796c,
	};
	static const u32 pages[] = { 2, 1, 1 };
	struct vmb_gpa_range range;
	struct vmb_packet pkt;
	u32 pos = 0, pfn = 1, i, n;

	CHECK(!parse(&pkt, 9, 10, 11, words, 9));
	CHECK(pkt.nr_ranges == 3 && pkt.ranges_len == 7 * 8 && pkt.len == 8);
	for (i = 0; i < 3; i++) {
		CHECK(!vmb_packet_gpa_range(&pkt, &pos, &range));
		CHECK(range.nr_pfns == pages[i]);
		for (n = 0; n < range.nr_pfns; n++)
			CHECK(range.pfns[n] == cpu_to_le64(pfn++));
	}
	CHECK(vmb_packet_gpa_range(&pkt, &pos, &range) == -ENOENT);

	/* positions that are not the function's own */
	pos = U32_MAX;
	CHECK(vmb_packet_gpa_range(&pkt, &pos, &range) == -EBADMSG);
	pos = 7 * 8 - 4;
	CHECK(vmb_packet_gpa_range(&pkt, &pos, &range) == -EBADMSG);
	return NULL;
}

static const char *packet_gpa_none(void)
{
	u64 words[] = { COUNT(0), 5 };
	struct vmb_gpa_range range;
	struct vmb_packet pkt;
	u32 pos = 0;

	CHECK(!parse(&pkt, 9, 3, 4, words, 2));
	CHECK(!pkt.nr_ranges && !pkt.ranges_len && pkt.len == 8);
	CHECK(vmb_packet_gpa_range(&pkt, &pos, &range) == -ENOENT);
	return NULL;
}

static const char *packet_gpa_malformed(void)
{
	static const u64 bad[][5] = {
		{ COUNT(1), RANGE(0, 0), 1 },		/* no bytes */
		{ COUNT(1), RANGE(1, 4096), 1, 2 },	/* behind its page */
		{ COUNT(1), RANGE(1, U32_MAX), 1, 2 },
		{ COUNT(1), RANGE(U32_MAX, 0), 1, 2 },
		{ COUNT(1), RANGE(U32_MAX, 4095), 1 },	/* wraps in 32 bits */
		{ COUNT(1), RANGE(U32_MAX - 4094, 4095), 1 },
		{ COUNT(1), RANGE(0x80000000, 0), 1 },
		{ COUNT(2), RANGE(1, 0), 1, RANGE(8193, 0), 1 },
		{ COUNT(3), RANGE(1, 0), 1, RANGE(1, 0), 1 },
		{ COUNT(U32_MAX), RANGE(1, 0), 1, RANGE(1, 0), 1 },
		{ COUNT(2), RANGE(1, 0), 1, RANGE(0, 0), 1 },
	};
	struct vmb_packet pkt;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(parse(&pkt, 9, 7, 7, bad[i], 5) == -EBADMSG);
	/* no room for the count itself */
	CHECK(parse(&pkt, 9, 2, 7, bad[0], 5) == -EBADMSG);
	CHECK(parse(&pkt, 9, 2, 2, bad[0], 0) == -EBADMSG);
	return NULL;
}

static const char *packet_xfer(void)
{
	u64 words[] = {
		COUNT(2) | 0x0001beef, RANGE(100, 4000),
		RANGE(U32_MAX, U32_MAX), 5,
	};
	struct vmb_gpa_range range;
	struct vmb_packet pkt;
	u32 offset, len, pos = 0;

	CHECK(!parse(&pkt, 7, 5, 6, words, 4));
	CHECK(pkt.nr_ranges == 2 && pkt.pageset_id == 0xbeef && pkt.len == 8);
	CHECK(!vmb_packet_xfer_range(&pkt, 0, &offset, &len));
	CHECK(offset == 4000 && len == 100);
	CHECK(!vmb_packet_xfer_range(&pkt, 1, &offset, &len));
	CHECK(offset == U32_MAX && len == U32_MAX);
	CHECK(vmb_packet_xfer_range(&pkt, 2, &offset, &len) == -ENOENT);
	CHECK(vmb_packet_xfer_range(&pkt, U32_MAX, &offset, &len) == -ENOENT);
	CHECK(vmb_packet_gpa_range(&pkt, &pos, &range) == -ENOENT);

	/* ranges stay in front of the payload */
	CHECK(parse(&pkt, 7, 4, 6, words, 4) == -EBADMSG);
	CHECK(parse(&pkt, 7, 2, 6, words, 4) == -EBADMSG);
	words[0] = COUNT(0x20000001);
	CHECK(parse(&pkt, 7, 5, 6, words, 4) == -EBADMSG);
	words[0] = COUNT(U32_MAX);
	CHECK(parse(&pkt, 7, 6, 6, words, 4) == -EBADMSG);
	words[0] = COUNT(0);
	CHECK(!parse(&pkt, 7, 3, 6, words, 4));
	CHECK(vmb_packet_xfer_range(&pkt, 0, &offset, &len) == -ENOENT);
	return NULL;
}

/* Nothing crashes and every range accepted lies inside the packet. */
static const char *packet_random(void)
{
	u32 seed = 12345, round, pos, i, n;
	struct vmb_gpa_range range;
	struct vmb_packet pkt;
	u64 words[24];
	u32 good = 0;

	for (round = 0; round < 200000; round++) {
		n = test_random(&seed) % ARRAY_SIZE(words);
		for (i = 0; i < n; i++)
			words[i] = test_random(&seed) % 4 ?
				RANGE(test_random(&seed) % 9000,
				      test_random(&seed) % 4200) :
				COUNT(test_random(&seed) % 5);
		if (parse(&pkt, test_random(&seed) % 2 ? 9 : 7,
			  2 + test_random(&seed) % (n + 1), 2 + n, words, n))
			continue;
		good++;
		pos = 0;
		for (i = 0; i < pkt.nr_ranges && pkt.type == 9; i++) {
			CHECK(!vmb_packet_gpa_range(&pkt, &pos, &range));
			CHECK((u8 *)(range.pfns + range.nr_pfns) <= (u8 *)pkt.data);
			CHECK(range.len && range.offset < VMB_PAGE_SIZE);
		}
		if (pkt.type == 9)
			CHECK(vmb_packet_gpa_range(&pkt, &pos, &range) == -ENOENT);
	}
	CHECK(good > 1000);
	return NULL;
}

const struct test packet_tests[] = {
	{ "packet_plain", packet_plain },
	{ "packet_frame", packet_frame },
	{ "packet_gpa_one", packet_gpa_one },
	{ "packet_gpa_many", packet_gpa_many },
	{ "packet_gpa_none", packet_gpa_none },
	{ "packet_gpa_malformed", packet_gpa_malformed },
	{ "packet_xfer", packet_xfer },
	{ "packet_random", packet_random },
	{ 0 }
};
