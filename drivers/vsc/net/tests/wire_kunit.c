// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest's NIC sends to the host, byte by byte, and what it believes of what
 * comes. Messages of the host's are in memory of just their length, so that KASAN
 * sees a read behind their end.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "wire.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

static void *exact(struct kunit *test, const void *bytes, u32 len)
{
	void *p = kunit_kmalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return memcpy(p, bytes, len);
}

static void put32(u8 *p, u32 value)
{
	__le32 wire = cpu_to_le32(value);

	memcpy(p, &wire, sizeof(wire));
}

static void wire_nvsp(struct kunit *test)
{
	static const struct {
		u32 type, body;
	} cases[] = {
		{ VMB_NVSP_INIT_COMPLETE, 12 }, { VMB_NVSP_RECV_BUF_COMPLETE, 24 },
		{ VMB_NVSP_SEND_BUF_COMPLETE, 8 }, { VMB_NVSP_RNDIS, 12 },
		{ VMB_NVSP_RNDIS_COMPLETE, 4 }, { VMB_NVSP_SUBCHANNEL, 8 },
	};
	u8 bytes[64] = {};
	struct vmb_nvsp_msg msg;
	u32 i, len;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		put32(bytes, cases[i].type);
		for (len = 0; len < sizeof(bytes); len++) {
			bool whole = len >= 4 + cases[i].body;
			const void *data = exact(test, bytes, len);

			KUNIT_EXPECT_EQ(test, vsc_net_nvsp_parse(&msg, data, len),
					whole ? 0 : -EBADMSG);
		}
	}
}

static void wire_sections(struct kunit *test)
{
	struct vmb_nvsp_recv_buf_complete good = {
		.num_sections = cpu_to_le32(1),
		.section.size = cpu_to_le32(1728),
		.section.count = cpu_to_le32(100),
	}, c = good;

	KUNIT_EXPECT_EQ(test, vsc_net_sections_check(&c, 172800), 0);
	KUNIT_EXPECT_EQ(test, vsc_net_sections_check(&c, 172799), -EPROTO);
	c.num_sections = cpu_to_le32(2);
	KUNIT_EXPECT_EQ(test, vsc_net_sections_check(&c, 172800), -EPROTO);
	c = good;
	c.section.offset = cpu_to_le32(8);
	KUNIT_EXPECT_EQ(test, vsc_net_sections_check(&c, 172800), -EPROTO);
	c = good;
	c.section.count = 0;
	KUNIT_EXPECT_EQ(test, vsc_net_sections_check(&c, 172800), -EPROTO);
	/* the product has to be looked at in 64 bits */
	c.section.size = cpu_to_le32(0x10000);
	c.section.count = cpu_to_le32(0x10001);
	KUNIT_EXPECT_EQ(test, vsc_net_sections_check(&c, 172800), -EPROTO);
}

/* The numbers are those that Linux's own driver sends. */
static void wire_frame_out(struct kunit *test)
{
	static const u8 lso[] = {
		0x01, 0, 0, 0,  0x4c + 0x64, 0, 0, 0,
		0x44, 0, 0, 0,  0x64, 0, 0, 0,  0, 0, 0, 0,  0, 0, 0, 0,  0, 0, 0, 0,
		0x24, 0, 0, 0,  0x20, 0, 0, 0,  0, 0, 0, 0,  0, 0, 0, 0,
		/* priority 5, id 0x123 */
		16, 0, 0, 0,  6, 0, 0, 0,  12, 0, 0, 0,  0x35, 0x12, 0, 0,
		/* version 2, IPv4, TCP at 34, 1448 bytes a segment */
		16, 0, 0, 0,  2, 0, 0, 0,  12, 0, 0, 0,  0xa8, 0x05, 0x20, 0x42,
	};
	static const u8 csum[] = {
		0x01, 0, 0, 0,  0x3c + 0x40, 0, 0, 0,
		0x34, 0, 0, 0,  0x40, 0, 0, 0,  0, 0, 0, 0,  0, 0, 0, 0,  0, 0, 0, 0,
		0x24, 0, 0, 0,  0x10, 0, 0, 0,  0, 0, 0, 0,  0, 0, 0, 0,
		/* IPv4, TCP, at 34 */
		16, 0, 0, 0,  0, 0, 0, 0,  12, 0, 0, 0,  0x05, 0, 0x22, 0,
	};
	struct vsc_net_out out = {
		.len = 100,
		.tagged = true,
		.tci = 5 << 13 | 0x123,
		.lso = VMB_LSO_V2 | VSC_NET_LSO_OFFSET(34) | 1448,
		/* the one says the other */
		.csum = VMB_CSUM_TX_IPV4,
	};
	u8 buf[VSC_NET_PACKET_HEAD];

	KUNIT_EXPECT_EQ(test, vsc_net_packet_build(buf, &out), sizeof(lso));
	KUNIT_EXPECT_MEMEQ(test, buf, lso, sizeof(lso));
	out = (struct vsc_net_out){
		.len = 64,
		.csum = VMB_CSUM_TX_IPV4 | VMB_CSUM_TX_TCP | VSC_NET_TX_OFFSET(34),
	};
	KUNIT_EXPECT_EQ(test, vsc_net_packet_build(buf, &out), sizeof(csum));
	KUNIT_EXPECT_MEMEQ(test, buf, csum, sizeof(csum));
	out.csum = 0;
	KUNIT_EXPECT_EQ(test, vsc_net_packet_build(buf, &out), 44);
}

/* A PACKET message with all that it may have, and 60 bytes of frame. */
#define MESSAGE_HEAD	(8 + 36 + 3 * 16)
#define MESSAGE		(MESSAGE_HEAD + 60)

static void message(u8 *p)
{
	static const u32 ppi[3][2] = {
		{ VMB_PPI_8021Q, 0x1235 }, { VMB_PPI_CHECKSUM, VMB_CSUM_RX_TCP_GOOD },
		{ VMB_PPI_HASH, 0xdeadbeef },
	};
	u32 i;

	memset(p, 0, MESSAGE);
	put32(p, VMB_RNDIS_PACKET);
	put32(p + 4, MESSAGE);
	put32(p + 8, MESSAGE_HEAD - 8);
	put32(p + 12, 60);
	put32(p + 28, 36);
	put32(p + 32, 48);
	for (i = 0; i < 3; i++) {
		put32(p + 44 + 16 * i, 16);
		put32(p + 48 + 16 * i, ppi[i][0]);
		put32(p + 52 + 16 * i, 12);
		put32(p + 56 + 16 * i, ppi[i][1]);
	}
}

static int parse(struct kunit *test, struct vsc_net_in *in, const u8 *bytes, u32 len)
{
	const u8 *msg = exact(test, bytes, len);
	u32 type, msg_len;

	return vmb_rndis_head_parse(msg, len, &type, &msg_len) ?:
	       vsc_net_packet_parse(in, msg, msg_len, msg_len);
}

static void wire_frame_in(struct kunit *test)
{
	struct vsc_net_in in;
	u8 bytes[MESSAGE];
	u32 i;

	message(bytes);
	KUNIT_ASSERT_EQ(test, parse(test, &in, bytes, MESSAGE), 0);
	KUNIT_EXPECT_EQ(test, in.offset, MESSAGE_HEAD);
	KUNIT_EXPECT_EQ(test, in.len, 60);
	KUNIT_EXPECT_EQ(test, in.id, 0);
	KUNIT_EXPECT_TRUE(test, in.tagged);
	KUNIT_EXPECT_EQ(test, in.tci, 5 << 13 | 0x123);
	KUNIT_EXPECT_EQ(test, in.csum, VMB_CSUM_RX_TCP_GOOD);
	KUNIT_EXPECT_TRUE(test, in.hashed);
	KUNIT_EXPECT_EQ(test, in.hash, 0xdeadbeef);

	/* a piece of one */
	put32(bytes + 48 + 32, VMB_PPI_ID);
	KUNIT_ASSERT_EQ(test, parse(test, &in, bytes, MESSAGE), 0);
	KUNIT_EXPECT_EQ(test, in.id, 0xdeadbeef);
	KUNIT_EXPECT_FALSE(test, in.hashed);

	/* cut off anywhere */
	for (i = 0; i < MESSAGE; i++)
		KUNIT_EXPECT_EQ(test, parse(test, &in, bytes, i), -EBADMSG);
}

static void wire_frame_bad(struct kunit *test)
{
	static const struct {
		u32 at, value;
	} cases[] = {
		{ 4, 7 }, { 4, MESSAGE + 1 }, { 4, U32_MAX }, { 4, MESSAGE - 1 },
		/* the frame */
		{ 8, 35 }, { 8, MESSAGE - 7 }, { 8, U32_MAX }, { 12, 61 }, { 12, U32_MAX },
		/* the per-packet information */
		{ 28, 35 }, { 28, MESSAGE }, { 28, U32_MAX }, { 32, MESSAGE }, { 32, U32_MAX },
		{ 32, 47 }, { 32, 44 },
		/* one of them */
		{ 44, 0 }, { 44, 11 }, { 44, 49 }, { 44, U32_MAX }, { 52, 11 }, { 52, 17 },
		{ 52, U32_MAX }, { 60, 33 }, { 76, 17 },
	};
	struct vsc_net_in in;
	u8 bytes[MESSAGE];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		message(bytes);
		put32(bytes + cases[i].at, cases[i].value);
		KUNIT_EXPECT_EQ_MSG(test, parse(test, &in, bytes, MESSAGE), -EBADMSG,
				    "case %u", i);
	}
}

/* Whatever there is: no read outside of it, and what is found is inside of it. */
static void wire_random(struct kunit *test)
{
	struct rnd_state rnd;
	u32 i, n, good = 0;

	prandom_seed_state(&rnd, 4711);
	for (i = 0; i < 5000; i++) {
		/* half of them whole */
		u32 len = i & 1 ? MESSAGE : prandom_u32_state(&rnd) % (MESSAGE + 1);
		u32 type = 0, msg_len, status, speed;
		struct vsc_net_offload off;
		struct vsc_net_rss_caps caps;
		struct vsc_net_init init;
		struct vsc_net_in in;
		const void *info;
		u8 bytes[MESSAGE], *msg;

		message(bytes);
		for (n = prandom_u32_state(&rnd) % 4; n; n--)
			bytes[prandom_u32_state(&rnd) % MESSAGE] = prandom_u32_state(&rnd);
		msg = kmemdup(bytes, len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, msg);
		if (!vmb_rndis_head_parse(msg, len, &type, &msg_len)) {
			KUNIT_EXPECT_LE(test, msg_len, len);
			if (!vsc_net_packet_parse(&in, msg, msg_len, msg_len)) {
				good++;
				KUNIT_EXPECT_LE(test, (u64)in.offset + in.len, msg_len);
			}
		}
		if (!vsc_net_query_parse(msg, len, &info, &n)) {
			KUNIT_EXPECT_LE(test, (u64)(info - (void *)msg) + n, len);
			vsc_net_offload_parse(&off, info, n);
			vsc_net_rss_parse(&caps, info, n);
		}
		vsc_net_answer_id(msg, len, &n);
		vsc_net_answer_status(msg, len, type, &status);
		vsc_net_initialize_parse(&init, msg, len);
		vsc_net_indicate_parse(msg, len, &status, &speed);
		kfree(msg);
	}
	/* the rest was not all refused for one reason */
	KUNIT_EXPECT_GT(test, good, 100);
}

static void wire_answers(struct kunit *test)
{
	u8 init[52] = {}, query[32] = {}, *msg;
	struct vsc_net_init caps;
	u32 id, status, n, i;
	const void *info;

	put32(init, VMB_RNDIS_INITIALIZE | VMB_RNDIS_COMPLETE);
	put32(init + 4, sizeof(init));
	put32(init + 8, 77);
	put32(init + 32, 8);
	put32(init + 36, 0x4000);
	put32(init + 40, 3);
	KUNIT_EXPECT_EQ(test, vsc_net_answer_id(init, sizeof(init), &id), 0);
	KUNIT_EXPECT_EQ(test, id, 77);
	KUNIT_EXPECT_EQ(test, vsc_net_answer_status(init, sizeof(init), VMB_RNDIS_INITIALIZE,
						    &status), 0);
	KUNIT_EXPECT_EQ(test, status, VMB_RNDIS_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, vsc_net_answer_status(init, sizeof(init), VMB_RNDIS_SET, &status),
			-EBADMSG);
	KUNIT_EXPECT_EQ(test, vsc_net_initialize_parse(&caps, init, sizeof(init)), 0);
	KUNIT_EXPECT_EQ(test, caps.max_packets, 8);
	KUNIT_EXPECT_EQ(test, caps.max_transfer, 0x4000);
	KUNIT_EXPECT_EQ(test, caps.align, 8);
	put32(init + 40, 9);
	KUNIT_EXPECT_EQ(test, vsc_net_initialize_parse(&caps, init, sizeof(init)), -EBADMSG);
	put32(init, VMB_RNDIS_INDICATE_STATUS);
	KUNIT_EXPECT_EQ(test, vsc_net_answer_id(init, sizeof(init), &id), -ENOMSG);

	put32(query, VMB_RNDIS_QUERY | VMB_RNDIS_COMPLETE);
	put32(query + 4, sizeof(query));
	put32(query + 16, 8);
	put32(query + 20, 16);
	for (i = 0; i <= sizeof(query); i++) {
		msg = exact(test, query, i);
		KUNIT_EXPECT_EQ(test, vsc_net_query_parse(msg, i, &info, &n),
				i < sizeof(query) ? -EBADMSG : 0);
	}
	KUNIT_EXPECT_PTR_EQ(test, info, (const void *)msg + 24);
	KUNIT_EXPECT_EQ(test, n, 8);
	put32(query + 16, U32_MAX);
	KUNIT_EXPECT_EQ(test, vsc_net_query_parse(query, sizeof(query), &info, &n), -EBADMSG);
	put32(query + 16, 8);
	put32(query + 20, U32_MAX - 3);
	KUNIT_EXPECT_EQ(test, vsc_net_query_parse(query, sizeof(query), &info, &n), -EBADMSG);
}

static void wire_speed(struct kunit *test)
{
	u8 msg[24] = {};
	u32 status, speed;

	put32(msg, VMB_RNDIS_INDICATE_STATUS);
	put32(msg + 4, sizeof(msg));
	put32(msg + 8, VMB_RNDIS_LINK_SPEED_CHANGE);
	put32(msg + 12, 4);
	put32(msg + 16, 12);
	put32(msg + 20, 100000000);
	KUNIT_EXPECT_EQ(test, vsc_net_indicate_parse(msg, sizeof(msg), &status, &speed), 0);
	KUNIT_EXPECT_EQ(test, status, VMB_RNDIS_LINK_SPEED_CHANGE);
	KUNIT_EXPECT_EQ(test, speed, 100000000);
	put32(msg + 16, 13);
	KUNIT_EXPECT_EQ(test, vsc_net_indicate_parse(msg, sizeof(msg), &status, &speed), -EBADMSG);
	put32(msg + 16, U32_MAX);
	KUNIT_EXPECT_EQ(test, vsc_net_indicate_parse(msg, sizeof(msg), &status, &speed), -EBADMSG);
	put32(msg + 8, VMB_RNDIS_MEDIA_CONNECT);
	KUNIT_EXPECT_EQ(test, vsc_net_indicate_parse(msg, sizeof(msg), &status, &speed), 0);
	KUNIT_EXPECT_EQ(test, speed, 0);
}

static void wire_offload(struct kunit *test)
{
	struct vmb_ndis_offload c = {
		.header.type = VMB_NDIS_OBJECT_OFFLOAD,
		.header.size = cpu_to_le16(VMB_NDIS_OFFLOAD_BYTES_6_0),
		.ip4_tx_csum = cpu_to_le32(VMB_NDIS_CSUM_TCP | VMB_NDIS_CSUM_TCP_OPTIONS),
		/* without options it is of no use */
		.ip6_tx_csum = cpu_to_le32(VMB_NDIS_CSUM_TCP),
		.lso4_encap = cpu_to_le32(VMB_NDIS_ENCAP_802_3),
		.lso4_max = cpu_to_le32(60000),
		.lso6_encap = cpu_to_le32(VMB_NDIS_ENCAP_802_3),
		.lso6_max = cpu_to_le32(60000),
	};
	u8 buf[sizeof(struct vmb_ndis_offload)];
	struct vmb_ndis_offload_params par;
	struct vsc_net_offload off;

	KUNIT_EXPECT_EQ(test, vsc_net_offload_ask(buf, VMB_NVSP_VERSION_1), 112);
	KUNIT_EXPECT_EQ(test, vsc_net_offload_ask(buf, VMB_NVSP_VERSION_4), 144);
	KUNIT_EXPECT_EQ(test, vsc_net_offload_ask(buf, VMB_NVSP_VERSION_6_1), 156);
	KUNIT_ASSERT_EQ(test, vsc_net_offload_parse(&off, &c, VMB_NDIS_OFFLOAD_BYTES_6_0), 0);
	KUNIT_EXPECT_TRUE(test, off.tcp4);
	KUNIT_EXPECT_FALSE(test, off.udp4);
	KUNIT_EXPECT_FALSE(test, off.tcp6);
	KUNIT_EXPECT_EQ(test, off.lso4, 60000);
	KUNIT_EXPECT_EQ(test, off.lso6, 0);
	KUNIT_EXPECT_EQ(test, vsc_net_offload_parse(&off, &c, VMB_NDIS_OFFLOAD_BYTES_6_0 - 1),
			-EBADMSG);
	c.header.size = cpu_to_le16(VMB_NDIS_OFFLOAD_BYTES_6_0 + 1);
	KUNIT_EXPECT_EQ(test, vsc_net_offload_parse(&off, &c, VMB_NDIS_OFFLOAD_BYTES_6_0),
			-EBADMSG);

	c.rsc4 = 1;
	c.header.size = cpu_to_le16(VMB_NDIS_OFFLOAD_BYTES_6_1);
	KUNIT_ASSERT_EQ(test, vsc_net_offload_parse(&off, &c, sizeof(c)), 0);
	KUNIT_EXPECT_FALSE(test, off.rsc4);
	c.header.size = cpu_to_le16(VMB_NDIS_OFFLOAD_BYTES_6_30);
	KUNIT_ASSERT_EQ(test, vsc_net_offload_parse(&off, &c, sizeof(c)), 0);
	KUNIT_EXPECT_TRUE(test, off.rsc4);
	KUNIT_EXPECT_FALSE(test, off.rsc6);
	KUNIT_EXPECT_EQ(test, vsc_net_offload_build(buf, &off, true, true), 26);
	KUNIT_EXPECT_EQ(test, buf[22], VMB_NDIS_OFFLOAD_RSC_ON);
	KUNIT_EXPECT_EQ(test, buf[23], 0);
	vsc_net_offload_build(buf, &off, true, false);
	KUNIT_EXPECT_EQ(test, buf[22], VMB_NDIS_OFFLOAD_RSC_OFF);

	off = (struct vsc_net_offload){ .tcp4 = true, .lso4 = 60000 };
	KUNIT_EXPECT_EQ(test, vsc_net_offload_build(buf, &off, true, true),
			VSC_NET_OFFLOAD_PARAMS_MIN);
	memcpy(&par, buf, sizeof(par));
	KUNIT_EXPECT_EQ(test, par.tcp4_csum, VMB_NDIS_OFFLOAD_BOTH);
	KUNIT_EXPECT_EQ(test, par.udp4_csum, 0);
	KUNIT_EXPECT_EQ(test, par.lso2_ip4, 2);
	KUNIT_EXPECT_EQ(test, par.lso2_ip6, 0);
	vsc_net_offload_build(buf, &off, false, true);
	memcpy(&par, buf, sizeof(par));
	KUNIT_EXPECT_EQ(test, par.tcp4_csum, VMB_NDIS_OFFLOAD_TX);
}

static void wire_mac(struct kunit *test)
{
	static const u8 addr[] = { 0x00, 0x15, 0x5d, 0xab, 0xcd, 0xef };
	static const char text[] = "NetworkAddress00155dabcdef";
	struct vmb_rndis_config_parameter par;
	u8 buf[VSC_NET_MAC_PARAM];
	u32 i;

	KUNIT_EXPECT_EQ(test, vsc_net_mac_build(buf, addr), VSC_NET_MAC_PARAM);
	memcpy(&par, buf, sizeof(par));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(par.name_offset), sizeof(par));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(par.name_len), 28);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(par.value_offset), sizeof(par) + 28);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(par.value_len), 24);
	for (i = 0; i < sizeof(text) - 1; i++) {
		KUNIT_EXPECT_EQ(test, buf[sizeof(par) + 2 * i], text[i]);
		KUNIT_EXPECT_EQ(test, buf[sizeof(par) + 2 * i + 1], 0);
	}
}

static void wire_rss(struct kunit *test)
{
	struct vmb_ndis_rss_caps c = { .queues = cpu_to_le32(4), .entries = cpu_to_le16(64) };
	u8 *buf = kunit_kmalloc(test, VSC_NET_RSS_PARAMS, GFP_KERNEL);
	struct vmb_ndis_rss_params2 par;
	struct vsc_net_rss_caps caps;
	u16 table[VSC_NET_RSS_MAX_TABLE];
	u8 key[VSC_NET_RSS_KEY];
	__le32 last;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, vsc_net_rss_parse(&caps, &c, sizeof(c)), 0);
	KUNIT_EXPECT_EQ(test, caps.queues, 4);
	KUNIT_EXPECT_EQ(test, caps.table, 64);
	KUNIT_EXPECT_EQ(test, vsc_net_rss_parse(&caps, &c, 16), 0);
	KUNIT_EXPECT_EQ(test, caps.table, 128);
	KUNIT_EXPECT_EQ(test, vsc_net_rss_parse(&caps, &c, 15), -EBADMSG);
	c.entries = cpu_to_le16(257);
	KUNIT_EXPECT_EQ(test, vsc_net_rss_parse(&caps, &c, sizeof(c)), 0);
	KUNIT_EXPECT_EQ(test, caps.table, 128);

	for (i = 0; i < ARRAY_SIZE(table); i++)
		table[i] = i;
	memset(key, 0x5a, sizeof(key));
	KUNIT_EXPECT_EQ(test, vsc_net_rss_build(buf, table, 256, key, true), VSC_NET_RSS_PARAMS);
	memcpy(&par, buf, sizeof(par));
	KUNIT_EXPECT_EQ(test, le16_to_cpu(par.par.flags), 0);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(par.par.table_size), 1024);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(par.par.key_offset), 40 + 1024);
	memcpy(&last, buf + 40 + 255 * 4, sizeof(last));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(last), 255);
	KUNIT_EXPECT_MEMEQ(test, buf + 40 + 1024, key, sizeof(key));
	vsc_net_rss_build(buf, table, 256, key, false);
	memcpy(&par, buf, sizeof(par));
	KUNIT_EXPECT_EQ(test, le16_to_cpu(par.par.flags), VMB_NDIS_RSS_DISABLE);
}

static struct kunit_case wire_cases[] = {
	KUNIT_CASE(wire_nvsp),
	KUNIT_CASE(wire_sections),
	KUNIT_CASE(wire_frame_out),
	KUNIT_CASE(wire_frame_in),
	KUNIT_CASE(wire_frame_bad),
	KUNIT_CASE(wire_random),
	KUNIT_CASE(wire_answers),
	KUNIT_CASE(wire_speed),
	KUNIT_CASE(wire_offload),
	KUNIT_CASE(wire_mac),
	KUNIT_CASE(wire_rss),
	{}
};

static struct kunit_suite wire_suite = {
	.name = "vsc_net_wire",
	.test_cases = wire_cases,
};

kunit_test_suite(wire_suite);

MODULE_DESCRIPTION("KUnit tests of a guest's NIC and its messages");
MODULE_LICENSE("GPL");
