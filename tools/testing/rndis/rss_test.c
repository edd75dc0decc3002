// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

/* The key and the sums that the documentation of NDIS gives to verify by. */
static const u8 key[VMB_NDIS_RSS_KEY_BYTES] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static const char *rss_hash(void)
{
	static const struct {
		u8 data[12];
		u32 ip, tcp;
	} v4[] = {
		{ { 66, 9, 149, 187, 161, 142, 100, 80, 2794 >> 8, 2794 & 255,
		    1766 >> 8, 1766 & 255 }, 0x323e8fc2, 0x51ccc178 },
		{ { 199, 92, 111, 2, 65, 69, 140, 83, 14230 >> 8, 14230 & 255,
		    4739 >> 8, 4739 & 255 }, 0xd718262a, 0xc626b0ea },
		{ { 24, 19, 198, 95, 12, 22, 207, 184, 12898 >> 8, 12898 & 255,
		    38024 >> 8, 38024 & 255 }, 0xd2d0a5de, 0x5c2b394a },
	};
	static const u8 v6[36] = {
		0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 7,
		0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x00, 0x03, 0, 0, 0, 0, 0, 0, 0, 1,
		2794 >> 8, 2794 & 255, 1766 >> 8, 1766 & 255,
	};
	struct vsp_net_toeplitz *t = malloc(sizeof(*t));
	u32 i;

	vsp_net_toeplitz_init(t, key);
	for (i = 0; i < ARRAY_SIZE(v4); i++) {
		CHECK(vsp_net_toeplitz_hash(t, v4[i].data, 8) == v4[i].ip);
		CHECK(vsp_net_toeplitz_hash(t, v4[i].data, 12) == v4[i].tcp);
	}
	CHECK(vsp_net_toeplitz_hash(t, v6, 32) == 0x2cc18cd5);
	CHECK(vsp_net_toeplitz_hash(t, v6, 36) == 0x40207d3d);
	free(t);
	return NULL;
}

struct params {
	struct vmb_ndis_rss_params par;
	__le32 table[VSP_NET_RSS_ENTRIES + 1];
	u8 key[VMB_NDIS_RSS_KEY_BYTES];
};

static void fill(struct params *p, u32 entries, u32 queues)
{
	u32 i;

	memset(p, 0, sizeof(*p));
	p->par.header.type = VMB_NDIS_OBJECT_RSS_PARAMETERS;
	p->par.header.revision = 2;
	p->par.header.size = cpu_to_le16(sizeof(p->par));
	p->par.hash = cpu_to_le32(VMB_NDIS_HASH_TOEPLITZ | VMB_NDIS_HASH_IPV4 |
				  VMB_NDIS_HASH_TCP_IPV4);
	p->par.table_size = cpu_to_le16(4 * entries);
	p->par.table_offset = cpu_to_le32(offsetof(struct params, table));
	p->par.key_size = cpu_to_le16(VMB_NDIS_RSS_KEY_BYTES);
	p->par.key_offset = cpu_to_le32(offsetof(struct params, key));
	for (i = 0; i < entries; i++)
		p->table[i] = cpu_to_le32(i % queues);
	memcpy(p->key, key, sizeof(key));
}

static int parse(struct vsp_net_rss *rss, const struct params *p, u32 len)
{
	void *exact = exactly(p, len);
	int ret = vsp_net_rss_parse(rss, 4, exact, len);

	free(exact);
	return ret;
}

static const char *rss_good(void)
{
	struct vsp_net_rss rss = {};
	struct params p;
	u32 nr;

	for (nr = 1; nr <= VSP_NET_RSS_ENTRIES; nr *= 2) {
		fill(&p, nr, 4);
		CHECK(parse(&rss, &p, sizeof(p)) == 0);
		CHECK(rss.on && rss.set && rss.nr == nr && rss.table[nr - 1] == (nr - 1) % 4);
		CHECK(rss.types == (VMB_NDIS_HASH_IPV4 | VMB_NDIS_HASH_TCP_IPV4));
		CHECK(!memcmp(rss.key, key, sizeof(key)));
	}
	/* off by flag, and by function; the rest stays for when it is on again */
	p.par.flags = cpu_to_le16(VMB_NDIS_RSS_DISABLE);
	CHECK(parse(&rss, &p, sizeof(p.par)) == 0 && !rss.on && rss.nr == 128);
	p.par.flags = cpu_to_le16(VMB_NDIS_RSS_TABLE_UNCHANGED | VMB_NDIS_RSS_KEY_UNCHANGED |
				  VMB_NDIS_RSS_HASH_UNCHANGED);
	CHECK(parse(&rss, &p, sizeof(p.par)) == 0 && rss.on && rss.nr == 128);
	p.par.flags = 0;
	p.par.hash = 0;
	CHECK(parse(&rss, &p, sizeof(p.par)) == 0 && !rss.on);
	return NULL;
}

/* Each of these is refused, and nothing of it taken. */
static const char *rss_bad(void)
{
	struct vsp_net_rss rss = {}, before;
	struct params p;
	u32 i;

#define BAD(change)	do {						\
	fill(&p, 128, 4);						\
	change;								\
	before = rss;							\
	CHECK(parse(&rss, &p, sizeof(p)) == -EINVAL);			\
	CHECK(!memcmp(&before, &rss, sizeof(rss)));			\
} while (0)
	/* to stay as it never was */
	BAD(p.par.flags = cpu_to_le16(VMB_NDIS_RSS_TABLE_UNCHANGED));
	fill(&p, 128, 4);
	CHECK(parse(&rss, &p, sizeof(p)) == 0);
	for (i = 0; i < sizeof(p.par); i++)
		CHECK(parse(&rss, &p, i) == -EMSGSIZE);
	BAD(p.par.header.type = VMB_NDIS_OBJECT_DEFAULT);
	/* a channel that cannot be */
	BAD(p.table[0] = cpu_to_le32(4));
	BAD(p.table[127] = cpu_to_le32(~0U));
	/* sizes */
	BAD(p.par.table_size = 0);
	BAD(p.par.table_size = cpu_to_le16(511));
	BAD(p.par.table_size = cpu_to_le16(96 * 4));
	BAD(p.par.table_size = cpu_to_le16(129 * 4));
	BAD(p.par.table_size = cpu_to_le16(256 * 4));
	BAD(p.par.table_size = cpu_to_le16(0xffff));
	BAD(p.par.key_size = cpu_to_le16(39));
	BAD(p.par.key_size = 0);
	BAD(p.par.key_size = cpu_to_le16(0xffff));
	/* places: in the head, over the end, wrapping */
	BAD(p.par.table_offset = cpu_to_le32(27));
	BAD(p.par.table_offset = cpu_to_le32(sizeof(p) - 511));
	BAD(p.par.table_offset = cpu_to_le32(~0U));
	BAD(p.par.key_offset = 0);
	BAD(p.par.key_offset = cpu_to_le32(sizeof(p) - 39));
	BAD(p.par.key_offset = cpu_to_le32(~0U - 20));
	/* another function, types that nobody knows, none */
	BAD(p.par.hash = cpu_to_le32(VMB_NDIS_HASH_IPV4 | 2));
	BAD(p.par.hash = cpu_to_le32(VMB_NDIS_HASH_TOEPLITZ | 0x4000));
	BAD(p.par.hash = cpu_to_le32(VMB_NDIS_HASH_TOEPLITZ));
#undef BAD
	return NULL;
}

const struct test rss_tests[] = {
	{ "rss-hash", rss_hash },
	{ "rss-good", rss_good },
	{ "rss-bad", rss_bad },
	{}
};
