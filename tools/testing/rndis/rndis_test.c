// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#define LEN	256

/* A PACKET message of @LEN bytes, word by word; offsets as on the wire. */
struct words {
	__le32 word[LEN / 4];
};

static void fill(struct words *w, u32 data_offset, u32 data_len, u32 ppi_offset,
		 u32 ppi_len)
{
	memset(w, 0, sizeof(*w));
	w->word[0] = cpu_to_le32(VMB_RNDIS_PACKET);
	w->word[1] = cpu_to_le32(LEN);
	w->word[2] = cpu_to_le32(data_offset);
	w->word[3] = cpu_to_le32(data_len);
	w->word[7] = cpu_to_le32(ppi_offset);
	w->word[8] = cpu_to_le32(ppi_len);
}

static void ppi(struct words *w, u32 at, u32 size, u32 type, u32 offset, u32 value)
{
	w->word[at] = cpu_to_le32(size);
	w->word[at + 1] = cpu_to_le32(type);
	w->word[at + 2] = cpu_to_le32(offset);
	w->word[at + 3] = cpu_to_le32(value);
}

static int parse(struct vsp_net_frame *frame, const struct words *w, u32 len)
{
	u32 have = len < LEN ? len : LEN;
	void *p = exactly(w, have);
	int ret = vsp_net_packet_parse(frame, p, have, len);

	free(p);
	return ret;
}

static const char *rndis_packet(void)
{
	struct vsp_net_frame f;
	struct words w;

	fill(&w, 36, 60, 0, 0);
	CHECK(parse(&f, &w, LEN) == 0);
	CHECK(f.offset == 44 && f.len == 60 && !f.csum && !f.lso && !f.tagged);
	/* the frame may end where the message does, and that far behind our copy */
	fill(&w, 36, LEN - 44, 0, 0);
	CHECK(parse(&f, &w, LEN) == 0);
	fill(&w, 36, 9000 - 44, 0, 0);
	CHECK(parse(&f, &w, 9000) == 0);
	CHECK(parse(&f, &w, 8999) == -EBADMSG);
	/* and no further, nor start in the head, nor wrap */
	fill(&w, 36, LEN - 43, 0, 0);
	CHECK(parse(&f, &w, LEN) == -EBADMSG);
	fill(&w, 35, 60, 0, 0);
	CHECK(parse(&f, &w, LEN) == -EBADMSG);
	fill(&w, ~0U, 1, 0, 0);
	CHECK(parse(&f, &w, LEN) == -EBADMSG);
	fill(&w, 40, ~0U, 0, 0);
	CHECK(parse(&f, &w, LEN) == -EBADMSG);
	fill(&w, 36, 0, 0, 0);
	CHECK(parse(&f, &w, 43) == -EBADMSG);
	CHECK(parse(&f, &w, 44) == 0);
	return NULL;
}

static const char *rndis_ppi(void)
{
	struct vsp_net_frame f;
	struct words w;

	fill(&w, 36 + 64, 60, 36, 64);
	ppi(&w, 11, 16, VMB_PPI_8021Q, 12, 0x1235);
	ppi(&w, 15, 16, VMB_PPI_CHECKSUM, 12, 0x220005);
	ppi(&w, 19, 16, VMB_PPI_HASH, 12, 7);
	ppi(&w, 23, 16, VMB_PPI_LSO, 12, VMB_LSO_V2 | 54 << 20 | 1460);
	CHECK(parse(&f, &w, LEN) == 0);
	CHECK(f.tagged && f.tci == (5 << 13 | 0x123));
	CHECK(f.csum == 0x220005 && VMB_CSUM_TX_OFFSET(f.csum) == 34);
	CHECK(VMB_LSO_MSS(f.lso) == 1460 && VMB_LSO_TCP_OFFSET(f.lso) == 54);
	/* of another space of types: not ours */
	ppi(&w, 15, 16, VMB_PPI_CHECKSUM | VMB_PPI_INTERNAL, 12, 1);
	CHECK(parse(&f, &w, LEN) == 0 && !f.csum);
	return NULL;
}

static const char *rndis_ppi_bad(void)
{
	static const struct {
		u32 size, offset;
	} bad[] = {
		{ 0, 12 }, { 11, 12 }, { 17, 12 }, { ~0U, 12 }, { 16, 11 },
		{ 16, 0 }, { 16, 17 }, { 16, ~0U }, { 16, 13 }, { 12, 12 },
	};
	struct vsp_net_frame f;
	struct words w;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		fill(&w, 60, 60, 36, 16);
		ppi(&w, 11, bad[i].size, VMB_PPI_CHECKSUM, bad[i].offset, 1);
		CHECK(parse(&f, &w, LEN) == -EBADMSG);
	}
	/* the area: in the head, behind what is here, wrapping, half a one */
	fill(&w, 60, 60, 35, 16);
	CHECK(parse(&f, &w, LEN) == -EBADMSG);
	fill(&w, 60, 60, LEN - 8 - 15, 16);
	CHECK(parse(&f, &w, LEN) == -EBADMSG);
	fill(&w, 60, 60, ~0U, 16);
	CHECK(parse(&f, &w, LEN) == -EBADMSG);
	fill(&w, 60, 60, 36, ~0U);
	CHECK(parse(&f, &w, LEN) == -EBADMSG);
	fill(&w, 60, 60, 36, 20);
	ppi(&w, 11, 16, VMB_PPI_HASH, 12, 1);
	CHECK(parse(&f, &w, LEN) == -EBADMSG);
	/* a large send of the first version */
	fill(&w, 60, 60, 36, 16);
	ppi(&w, 11, 16, VMB_PPI_LSO, 12, 1460);
	CHECK(parse(&f, &w, LEN) == -EBADMSG);
	return NULL;
}

/* What is built is found again, by the same rules. */
static const char *rndis_build(void)
{
	u32 i;

	for (i = 0; i < 8; i++) {
		struct vsp_net_to_guest to = {
			.len = 100,
			.hashed = i & 4,
			.hash = 0x12345678,
			.tagged = i & 1,
			.tci = 0xe123,
			.csum = i & 2 ? VMB_CSUM_RX_TCP_GOOD : 0,
		};
		u8 buf[LEN] = {};
		struct vsp_net_frame f;
		u32 type, len, head = vsp_net_packet_build(buf, &to);

		CHECK(head <= VSP_NET_PACKET_HEAD);
		CHECK(vmb_rndis_head_parse(buf, head + 100, &type, &len) == 0);
		CHECK(type == VMB_RNDIS_PACKET && len == head + 100);
		CHECK(vsp_net_packet_parse(&f, buf, len, len) == 0);
		CHECK(f.offset == head && f.len == 100);
		CHECK(f.tagged == to.tagged && f.csum == to.csum);
		CHECK(!f.tagged || f.tci == 0xe123);
		/* the hash is the last one; it is not taken from guests */
		if (to.hashed) {
			__le32 tail[4];

			memcpy(tail, buf + head - sizeof(tail), sizeof(tail));
			CHECK(le32_to_cpu(tail[0]) == 16 && le32_to_cpu(tail[2]) == 12);
			CHECK(le32_to_cpu(tail[1]) == VMB_PPI_HASH);
			CHECK(le32_to_cpu(tail[3]) == 0x12345678);
		}
	}
	return NULL;
}

/* A piece of a frame, as a guest finds that: of another space of types, behind the rest. */
static const char *rndis_piece(void)
{
	u32 i;

	for (i = 0; i < 8; i++) {
		struct vsp_net_to_guest to = {
			.len = 100,
			.hashed = i & 4,
			.hash = 0x12345678,
			.tagged = i & 1,
			.tci = 0xe123,
			.csum = i & 2 ? VMB_CSUM_RX_TCP_GOOD : 0,
			.id = VMB_ID_VERSION | VMB_ID_PIECE | VMB_ID_FIRST | 0xabcd0000,
		};
		u8 *buf = malloc(VSP_NET_PIECE_HEAD), msg[VSP_NET_PIECE_HEAD + 100] = {};
		u32 type, len, head = vsp_net_packet_build(buf, &to);
		struct vsp_net_frame f;
		u8 id[4] = { 1, 3, 0xcd, 0xab };
		__le32 tail[3];

		CHECK((head == VSP_NET_PIECE_HEAD) == (i == 7));
		memcpy(msg, buf, head);
		free(buf);
		memcpy(tail, msg + head - 16, sizeof(tail));
		CHECK(le32_to_cpu(tail[0]) == 16 && le32_to_cpu(tail[2]) == 12);
		CHECK(le32_to_cpu(tail[1]) == 0x80000001);
		CHECK(!memcmp(msg + head - 4, id, 4));
		CHECK(vmb_rndis_head_parse(msg, head + 100, &type, &len) == 0);
		CHECK(len == head + 100);
		/* it is none of the others; a guest that sent it said nothing to us */
		CHECK(vsp_net_packet_parse(&f, msg, len, len) == 0);
		CHECK(f.offset == head && f.len == 100 && !f.lso);
		CHECK(f.tagged == to.tagged && f.csum == to.csum);
	}
	return NULL;
}

static const char *rndis_head(void)
{
	struct vmb_rndis_head h = { cpu_to_le32(5), cpu_to_le32(8) };
	u32 type, len;

	CHECK(vmb_rndis_head_parse(&h, 7, &type, &len) == -EBADMSG);
	CHECK(vmb_rndis_head_parse(&h, 8, &type, &len) == 0 && type == 5 && len == 8);
	h.len = cpu_to_le32(9);
	CHECK(vmb_rndis_head_parse(&h, 8, &type, &len) == -EBADMSG);
	h.len = cpu_to_le32(7);
	CHECK(vmb_rndis_head_parse(&h, 100, &type, &len) == -EBADMSG);
	h.len = cpu_to_le32(~0U);
	CHECK(vmb_rndis_head_parse(&h, 100, &type, &len) == -EBADMSG);
	return NULL;
}

const struct test rndis_tests[] = {
	{ "rndis-head", rndis_head },
	{ "rndis-packet", rndis_packet },
	{ "rndis-ppi", rndis_ppi },
	{ "rndis-ppi-bad", rndis_ppi_bad },
	{ "rndis-build", rndis_build },
	{ "rndis-piece", rndis_piece },
	{}
};
