// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets through a ring whose two ends are in one thread.
 */
#include <stdlib.h>

#include "test.h"

static u64 buf[U16_MAX];

static struct kvec vec(const void *p, size_t len)
{
	return (struct kvec){ (void *)p, len };
}

static const char *ring_init_size(void)
{
	static const u32 bad[] = {
		0, 8, VMB_PAGE_SIZE - 8, VMB_PAGE_SIZE + 8,
		VMB_RING_MAX_DATA + VMB_PAGE_SIZE, U32_MAX,
		U32_MAX - VMB_PAGE_SIZE + 1,
	};
	struct vmb_ring_hdr hdr = { 0 };
	struct vmb_ring ring;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK(vmb_ring_init_producer(&ring, &hdr, buf, bad[i]) == -EINVAL);
		CHECK(vmb_ring_init_consumer(&ring, &hdr, buf, bad[i]) == -EINVAL);
	}
	CHECK(!vmb_ring_init_producer(&ring, &hdr, buf, VMB_RING_MIN_DATA));
	CHECK(!vmb_ring_init_consumer(&ring, &hdr, buf, VMB_RING_MAX_DATA));
	return NULL;
}

static const char *ring_init_indices(void)
{
	static const u32 bad[] = {
		1, 4, 4095, 4096, 4100, 8192, 0x80000000, U32_MAX,
	};
	struct vmb_ring_hdr hdr;
	struct vmb_ring ring;
	size_t i;

	for (i = 0; i < 2 * ARRAY_SIZE(bad); i++) {
		memset(&hdr, 0, sizeof(hdr));
		if (i % 2)
			hdr.write_index = cpu_to_le32(bad[i / 2]);
		else
			hdr.read_index = cpu_to_le32(bad[i / 2]);
		CHECK(vmb_ring_init_producer(&ring, &hdr, buf, 4096) == -EINVAL);
		CHECK(vmb_ring_init_consumer(&ring, &hdr, buf, 4096) == -EINVAL);
		CHECK(!hdr.feature_bits);
	}
	return NULL;
}

static const char *ring_init_header(void)
{
	struct vmb_ring_hdr hdr = { 0 };
	struct vmb_ring ring;

	hdr.feature_bits = cpu_to_le32(0x80);
	hdr.pending_send_sz = cpu_to_le32(77);
	hdr.interrupt_mask = cpu_to_le32(1);
	CHECK(!vmb_ring_init_producer(&ring, &hdr, buf, 4096));
	CHECK(hdr.feature_bits == cpu_to_le32(0x81));
	CHECK(!hdr.pending_send_sz);
	CHECK(hdr.interrupt_mask);

	hdr.pending_send_sz = cpu_to_le32(77);
	CHECK(!vmb_ring_init_consumer(&ring, &hdr, buf, 4096));
	CHECK(!hdr.interrupt_mask);
	CHECK(hdr.pending_send_sz == cpu_to_le32(77));
	return NULL;
}

/* An end that starts on a ring with packets in it finds them. */
static const char *ring_init_resumes(void)
{
	struct kvec body = vec("12345678", 8);
	struct vmb_packet pkt;
	struct rig rig;

	rig_map(&rig, 4096);
	rig_start(&rig, 4080);
	CHECK(!vmb_ring_put(&rig.p, VMB_PKT_INBAND, 0, 1, NULL, &body));
	vmb_ring_publish(&rig.p);
	CHECK(!vmb_ring_init_consumer(&rig.c, rig.hdr, rig.data, 4096));
	CHECK(!vmb_ring_init_producer(&rig.p, rig.hdr, rig.data, 4096));
	CHECK(vmb_ring_space(&rig.p) == 4096 - 32 - 8);
	CHECK(!vmb_ring_put(&rig.p, VMB_PKT_INBAND, 0, 2, NULL, &body));
	vmb_ring_publish(&rig.p);
	CHECK(!vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt) && pkt.trans_id == 1);
	CHECK(!vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt) && pkt.trans_id == 2);
	CHECK(vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt) == -EAGAIN);
	rig_unmap(&rig);
	return NULL;
}

static const char *ring_pkt_size(void)
{
	CHECK(vmb_ring_pkt_size(0, 0) == 24);
	CHECK(vmb_ring_pkt_size(0, 1) == 32);
	CHECK(vmb_ring_pkt_size(0, 8) == 32);
	CHECK(vmb_ring_pkt_size(8, 9) == 48);
	CHECK(vmb_ring_pkt_size(U32_MAX, U32_MAX) == U32_MAX);
	CHECK(vmb_ring_pkt_size(0, U32_MAX) == U32_MAX);
	CHECK(vmb_ring_pkt_size(0, U32_MAX - 31) == U32_MAX - 7);
	CHECK(vmb_ring_pkt_size(0, U32_MAX - 30) == U32_MAX);
	return NULL;
}

/* The bytes on the wire, written out. */
static const char *ring_wire(void)
{
	static const u8 want[] = {
		0x0b, 0, 3, 0, 4, 0, 1, 0, 8, 7, 6, 5, 4, 3, 2, 1,
		'h', 'e', 'a', 'd', 'h', 'e', 'a', 'd',
		'b', 'o', 'd', 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0xf0, 0x0f, 0, 0,
	};
	struct kvec head = vec("headhead", 8), body = vec("bod", 3);
	struct rig rig;

	rig_map(&rig, 4096);
	rig_start(&rig, 0xff0);
	memset(rig.data, 0xff, 4096);
	CHECK(!vmb_ring_put(&rig.p, 0xb, 1, 0x0102030405060708ULL, &head, &body));
	CHECK(rig.hdr->write_index == cpu_to_le32(0xff0));
	vmb_ring_publish(&rig.p);
	CHECK(rig.hdr->write_index == cpu_to_le32(0x18));
	CHECK(!memcmp(rig.data + 0xff0, want, sizeof(want)));
	CHECK(rig.data[0x17] == 0 && rig.data[0x18] == 0xff);
	CHECK(rig.data[0xfef] == 0xff);
	rig_unmap(&rig);
	return NULL;
}

static const char *ring_put_errors(void)
{
	static const u32 bad[] = { 1, 4, 4095, 4096, U32_MAX };
	struct kvec head = vec(buf, 12), body = vec(buf, 8);
	struct rig rig, big;
	u32 i;

	rig_map(&rig, 4096);
	CHECK(vmb_ring_put(&rig.p, 6, 0, 0, &head, NULL) == -EINVAL);
	body.iov_len = 4096 - 8 - 24 + 1;
	CHECK(vmb_ring_put(&rig.p, 6, 0, 0, NULL, &body) == -EMSGSIZE);
	body.iov_len = (size_t)1 << 40;
	CHECK(vmb_ring_put(&rig.p, 6, 0, 0, NULL, &body) == -EMSGSIZE);
	head.iov_len = (size_t)1 << 40;
	CHECK(vmb_ring_put(&rig.p, 6, 0, 0, &head, NULL) == -EMSGSIZE);

	/* the largest one fits, and then nothing else */
	body.iov_len = 4096 - 8 - 24;
	CHECK(!vmb_ring_put(&rig.p, 6, 0, 0, NULL, &body));
	CHECK(vmb_ring_put(&rig.p, 6, 0, 0, NULL, NULL) == -EAGAIN);
	CHECK(!vmb_ring_space(&rig.p));
	vmb_ring_publish(&rig.p);
	CHECK(!vmb_ring_drained(&rig.p));

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		rig.hdr->read_index = cpu_to_le32(bad[i]);
		CHECK(vmb_ring_put(&rig.p, 6, 0, 0, NULL, NULL) == -EPROTO);
		CHECK(!vmb_ring_space(&rig.p));
		CHECK(!vmb_ring_drained(&rig.p));
	}
	rig_unmap(&rig);

	/* what 16 bits can say, in a ring that has more space */
	rig_map(&big, 1U << 20);
	body.iov_len = U16_MAX * 8 - 16;
	CHECK(!vmb_ring_put(&big.p, 6, 0, 0, NULL, &body));
	body.iov_len++;
	CHECK(vmb_ring_put(&big.p, 6, 0, 0, NULL, &body) == -EMSGSIZE);
	rig_unmap(&big);
	return NULL;
}

/* Every start and every length of a packet in a small ring. */
static const char *ring_wrap(void)
{
	static u8 out[4096];
	struct vmb_packet pkt;
	struct kvec body;
	struct rig rig;
	u32 at, len, i;

	for (i = 0; i < sizeof(out); i++)
		out[i] = i * 7 + i / 256;
	rig_map(&rig, 4096);
	for (at = 0; at < 4096; at += 8) {
		for (len = at % 13; len <= 4096 - 32; len += 97) {
			rig_start(&rig, at);
			body = vec(out, len);
			CHECK(!vmb_ring_put(&rig.p, 6, 0, at, NULL, &body));
			CHECK(vmb_ring_publish(&rig.p));
			CHECK(!vmb_ring_drained(&rig.p));
			CHECK(!vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt));
			CHECK(pkt.trans_id == at && pkt.type == 6 && !pkt.flags);
			CHECK(pkt.len == ALIGN(len, 8));
			CHECK(!memcmp(pkt.data, out, len));
			CHECK(vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt) == -EAGAIN);
			CHECK(!vmb_ring_release(&rig.c));
			CHECK(vmb_ring_drained(&rig.p));
			CHECK(vmb_ring_space(&rig.p) == 4096 - 8);
		}
	}
	rig_unmap(&rig);
	return NULL;
}

static const char *ring_types(void)
{
	static const struct {
		u16 type;
		u32 head_len;
		u64 head[4];
		u32 nr_ranges;
	} cases[] = {
		{ VMB_PKT_INBAND, 0, { 0 }, 0 },
		{ VMB_PKT_COMPLETION, 0, { 0 }, 0 },
		{ VMB_PKT_CANCEL, 0, { 0 }, 0 },
		{ VMB_PKT_GPA_DIRECT, 24, { 1ULL << 32, 100, 55 }, 1 },
		{ VMB_PKT_GPA_DIRECT, 8, { 0 }, 0 },
		{ VMB_PKT_XFER_PAGES, 16, { 1ULL << 32 | 0x20001, 64 }, 1 },
		{ 0x30, 0, { 0 }, 0 },
	};
	struct kvec head, body = vec("payload", 8);
	struct vmb_packet pkt;
	struct rig rig;
	size_t i;

	rig_map(&rig, 4096);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		head = vec(cases[i].head, cases[i].head_len);
		CHECK(!vmb_ring_put(&rig.p, cases[i].type, i % 2, i, &head, &body));
	}
	vmb_ring_publish(&rig.p);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK(!vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt));
		CHECK(pkt.type == cases[i].type && pkt.flags == i % 2);
		CHECK(pkt.trans_id == i && pkt.len == 8);
		CHECK(!memcmp(pkt.data, "payload", 8));
		CHECK(pkt.nr_ranges == cases[i].nr_ranges);
	}
	CHECK(!vmb_ring_readable(&rig.c));
	rig_unmap(&rig);
	return NULL;
}

/* Reads and writes in batches: the peer's index is read only when needed. */
static const char *ring_batch(void)
{
	struct vmb_packet pkt;
	struct rig rig;
	u32 i;

	rig_map(&rig, 4096);
	for (i = 0; i < 4; i++)
		CHECK(!vmb_ring_put(&rig.p, 6, 0, i, NULL, NULL));
	CHECK(!vmb_ring_readable(&rig.c));
	CHECK(vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt) == -EAGAIN);
	CHECK(vmb_ring_publish(&rig.p));
	CHECK(!vmb_ring_publish(&rig.p));
	CHECK(vmb_ring_readable(&rig.c));
	CHECK(!vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt));

	/* nonsense that comes after the index was read is not seen yet */
	rig.hdr->write_index = cpu_to_le32(5);
	for (i = 1; i < 4; i++)
		CHECK(!vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt));
	CHECK(vmb_ring_readable(&rig.c));
	CHECK(vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt) == -EBADMSG);

	/* got is not released */
	CHECK(!rig.hdr->read_index);
	vmb_ring_release(&rig.c);
	CHECK(rig.hdr->read_index == cpu_to_le32(4 * 24));

	/* what the peer writes over our index changes nothing */
	rig.hdr->read_index = cpu_to_le32(0xffffffff);
	rig.hdr->write_index = cpu_to_le32(4 * 24);
	CHECK(vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt) == -EAGAIN);
	rig_unmap(&rig);
	return NULL;
}

static const char *ring_get_short_buffer(void)
{
	struct kvec body = vec("0123456789abcdef", 16);
	struct vmb_packet pkt;
	struct rig rig;
	u8 *small = malloc(32);
	u32 len;

	rig_map(&rig, 4096);
	CHECK(small && !vmb_ring_put(&rig.p, 6, 0, 3, NULL, &body));
	vmb_ring_publish(&rig.p);
	for (len = 0; len < 32; len++)
		CHECK(vmb_ring_get(&rig.c, small, len, &pkt) == -EMSGSIZE);
	CHECK(!vmb_ring_get(&rig.c, small, 32, &pkt));
	CHECK(pkt.trans_id == 3 && !memcmp(pkt.data, "0123456789abcdef", 16));
	free(small);
	rig_unmap(&rig);
	return NULL;
}

/* Descriptors and indices that no honest producer writes. */
static const char *ring_get_malformed(void)
{
	static const struct {
		u16 offset8, len8;
		u32 write_index;
		int ret;
	} cases[] = {
		{ 2, 2, 24, 0 },
		{ 2, 2, 32, 0 },
		{ 3, 3, 32, 0 },
		{ 0, 2, 24, -EBADMSG },
		{ 1, 2, 24, -EBADMSG },
		{ 3, 2, 24, -EBADMSG },
		{ 0xffff, 2, 24, -EBADMSG },
		{ 2, 0, 24, -EBADMSG },
		{ 2, 1, 24, -EBADMSG },
		{ 0, 0, 24, -EBADMSG },
		{ 2, 3, 24, -EBADMSG },
		{ 2, 0xffff, 4088, -EBADMSG },
		{ 2, 511, 4088, -EBADMSG },
		{ 2, 510, 4088, 0 },
		{ 2, 2, 8, -EBADMSG },
		{ 2, 2, 16, -EBADMSG },
		{ 2, 2, 25, -EBADMSG },
		{ 2, 2, 4, -EBADMSG },
		{ 2, 2, 4096, -EBADMSG },
		{ 2, 2, 4097, -EBADMSG },
		{ 2, 2, 0x80000000, -EBADMSG },
		{ 2, 2, 0xfffffff8, -EBADMSG },
		{ 2, 2, 0, -EAGAIN },
	};
	struct vmb_pkt_desc *desc;
	struct vmb_packet pkt;
	struct rig rig;
	size_t i;
	u32 at;

	rig_map(&rig, 4096);
	for (at = 0; at < 4096; at += 2040) {
		for (i = 0; i < ARRAY_SIZE(cases); i++) {
			u32 to = cases[i].write_index;

			rig_start(&rig, at);
			memset(rig.data, 0, 4096);
			desc = (void *)(rig.data + at);
			desc->type = cpu_to_le16(VMB_PKT_INBAND);
			desc->offset8 = cpu_to_le16(cases[i].offset8);
			desc->len8 = cpu_to_le16(cases[i].len8);
			if (to < 4096)
				to = (at + to) % 4096;
			rig.hdr->write_index = cpu_to_le32(to);
			CHECK(vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt) == cases[i].ret);
			if (!cases[i].ret)
				continue;
			/* it stays so, and nothing moves */
			CHECK(vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt) == cases[i].ret);
			CHECK(!vmb_ring_release(&rig.c));
			CHECK(rig.hdr->read_index == cpu_to_le32(at));
		}
	}
	rig_unmap(&rig);
	return NULL;
}

const struct test ring_tests[] = {
	{ "ring_init_size", ring_init_size },
	{ "ring_init_indices", ring_init_indices },
	{ "ring_init_header", ring_init_header },
	{ "ring_init_resumes", ring_init_resumes },
	{ "ring_pkt_size", ring_pkt_size },
	{ "ring_wire", ring_wire },
	{ "ring_put_errors", ring_put_errors },
	{ "ring_wrap", ring_wrap },
	{ "ring_types", ring_types },
	{ "ring_batch", ring_batch },
	{ "ring_get_short_buffer", ring_get_short_buffer },
	{ "ring_get_malformed", ring_get_malformed },
	{ 0 }
};
