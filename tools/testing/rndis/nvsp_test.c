// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

static int parse(struct vmb_nvsp_msg *msg, u32 type, u32 len)
{
	u8 buf[64] = {};
	__le32 wire = cpu_to_le32(type);
	void *p;
	int ret;

	memset(buf, 0xff, sizeof(buf));
	memcpy(buf, &wire, 4);
	p = exactly(buf, len);
	ret = vsp_net_nvsp_parse(msg, p, len);
	free(p);
	return ret;
}

/* Each type one byte short, and just long enough, with zeroes behind. */
static const char *nvsp_lengths(void)
{
	static const struct {
		u32 type, len;
	} types[] = {
		{ VMB_NVSP_INIT, 12 }, { VMB_NVSP_NDIS_VERSION, 12 },
		{ VMB_NVSP_NDIS_CONFIG, 20 }, { VMB_NVSP_RECV_BUF, 10 },
		{ VMB_NVSP_SEND_BUF, 10 }, { VMB_NVSP_REVOKE_RECV_BUF, 6 },
		{ VMB_NVSP_REVOKE_SEND_BUF, 6 }, { VMB_NVSP_RNDIS, 16 },
		{ VMB_NVSP_RNDIS_COMPLETE, 8 }, { VMB_NVSP_SUBCHANNEL, 12 },
		{ VMB_NVSP_PD_API, 8 }, { VMB_NVSP_SWITCH_DATA_PATH, 4 },
	};
	struct vmb_nvsp_msg msg;
	u8 bytes[sizeof(msg)];
	u32 i, j;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		CHECK(parse(&msg, types[i].type, types[i].len - 1) == -EBADMSG);
		CHECK(parse(&msg, types[i].type, types[i].len) == 0);
		memcpy(bytes, &msg, sizeof(bytes));
		for (j = types[i].len; j < sizeof(bytes); j++)
			CHECK(bytes[j] == 0);
		CHECK(parse(&msg, types[i].type, 64) == 0);
	}
	for (i = 0; i < 4; i++)
		CHECK(parse(&msg, VMB_NVSP_INIT, i) == -EBADMSG);
	return NULL;
}

static const char *nvsp_versions(void)
{
	CHECK(vsp_net_nvsp_choose(2, 2) == VMB_NVSP_VERSION_1);
	CHECK(vsp_net_nvsp_choose(0x30002, 0x30002) == VMB_NVSP_VERSION_2);
	CHECK(vsp_net_nvsp_choose(0x40000, 0x40000) == VMB_NVSP_VERSION_4);
	CHECK(vsp_net_nvsp_choose(0x50000, 0x50000) == VMB_NVSP_VERSION_5);
	CHECK(vsp_net_nvsp_choose(0x60000, 0x60000) == VMB_NVSP_VERSION_6);
	CHECK(vsp_net_nvsp_choose(0x60001, 0x60001) == VMB_NVSP_VERSION_6_1);
	CHECK(vsp_net_nvsp_choose(0, ~0U) == VMB_NVSP_VERSION_6_1);
	CHECK(vsp_net_nvsp_choose(2, 0x4ffff) == VMB_NVSP_VERSION_4);
	CHECK(vsp_net_nvsp_choose(3, 0x30001) == 0);
	CHECK(vsp_net_nvsp_choose(0x60002, ~0U) == 0);
	CHECK(vsp_net_nvsp_choose(5, 4) == 0);
	CHECK(vmb_nvsp_bytes(0) == 28);
	CHECK(vmb_nvsp_bytes(VMB_NVSP_VERSION_6) == 28);
	CHECK(vmb_nvsp_bytes(VMB_NVSP_VERSION_6_1) == 40);
	return NULL;
}

/* The longest frame with all that can be in front of it, and any answer. */
static const char *nvsp_sections(void)
{
	static const u32 bytes[] = { 0, 1 << 20, 3 << 20, 16 << 20, ~0U };
	u32 mtu, size, i;

	for (mtu = VSP_NET_MIN_MTU; mtu <= VSP_NET_MAX_MTU; mtu++) {
		for (i = 0; i < ARRAY_SIZE(bytes); i++) {
			size = vsp_net_section_size(mtu, bytes[i]);
			CHECK(size >= mtu + VSP_NET_LINK_HEAD + VSP_NET_PACKET_HEAD);
			CHECK(size >= VSP_NET_MAX_CONTROL);
			CHECK(size % 8 == 0);
			/* longer than need be only if there are many */
			CHECK(size == vsp_net_section_size(mtu, 0) ||
			      bytes[i] / size >= VSP_NET_MANY_SECTIONS);
		}
	}
	CHECK(vsp_net_section_size(1500, 1 << 20) == 2048);
	CHECK(vsp_net_section_size(1500, 3 << 20) == 3072);
	CHECK(vsp_net_section_size(1500, 8 << 20) == 8192);
	CHECK(vsp_net_section_size(1500, 16 << 20) == 16384);
	CHECK(vsp_net_section_size(1500, 64 << 20) == 16384);
	return NULL;
}

/* Every byte has its place, and no more sections are taken than that needs. */
static const char *nvsp_pieces(void)
{
	static const u32 mtus[] = { VSP_NET_MIN_MTU, 1500, 1938, 9000, VSP_NET_MAX_MTU };
	u32 i, len;

	for (i = 0; i < ARRAY_SIZE(mtus); i++) {
		u32 size = vsp_net_section_size(mtus[i], 0), room = size - VSP_NET_PIECE_HEAD;

		for (len = 1; len <= VSP_NET_MAX_RSC; len++) {
			u32 nr = vsp_net_pieces(size, len);

			CHECK(nr <= VSP_NET_MAX_PIECES);
			CHECK(nr * room >= len && (nr - 1) * room < len);
		}
	}
	CHECK(vsp_net_pieces(vsp_net_section_size(1500, 0), VSP_NET_MAX_RSC) ==
	      VSP_NET_MAX_PIECES);
	return NULL;
}

/* As Linux wants it: 16 entries, where the message says. */
static const char *nvsp_table(void)
{
	static const u8 channels[] = { 0, 2, 5 };
	struct vmb_nvsp_table_msg msg;
	u32 i;

	vsp_net_nvsp_table(&msg, channels, ARRAY_SIZE(channels));
	CHECK(le32_to_cpu(msg.type) == 134 && le32_to_cpu(msg.count) == 16);
	CHECK(le32_to_cpu(msg.offset) + 64 == sizeof(msg));
	for (i = 0; i < 16; i++)
		CHECK(le32_to_cpu(msg.entry[i]) == channels[i % 3]);
	return NULL;
}

const struct test nvsp_tests[] = {
	{ "nvsp-lengths", nvsp_lengths },
	{ "nvsp-versions", nvsp_versions },
	{ "nvsp-sections", nvsp_sections },
	{ "nvsp-pieces", nvsp_pieces },
	{ "nvsp-table", nvsp_table },
	{}
};
