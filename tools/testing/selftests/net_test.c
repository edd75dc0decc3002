// SPDX-License-Identifier: GPL-2.0-only
/*
 * The network VSP, with a guest that keeps to the protocol and one that does not.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"
#include "net.h"
#include "tap.h"

#define HOST_MAC	"\xfe\x00\x00\x00\x00\x01"
#define OTHER_MAC	"\x02\x00\x00\x00\x00\x77"
#define BROADCAST	"\xff\xff\xff\xff\xff\xff"

TEST(versions)
{
	static const u32 versions[] = {
		VMB_NVSP_VERSION_1, VMB_NVSP_VERSION_2, VMB_NVSP_VERSION_4,
		VMB_NVSP_VERSION_5, VMB_NVSP_VERSION_6, VMB_NVSP_VERSION_6_1,
	};
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = net_open(g);
	unsigned int i;

	EXPECT_EQ(net_init(n, 0x70000), VMB_NVSP_STATUS_TOO_NEW);
	EXPECT_EQ(net_init(n, 3), VMB_NVSP_STATUS_UNSUPPORTED);
	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		if (i) {
			chan_close(&n->ch);
			chan_reopen(&n->ch);
		}
		net_start(n, versions[i]);
	}
	guest_destroy(g);
}

TEST(oids)
{
	struct guest *g = net_guest("mtu", "9000");
	struct net *n = net_up(g);
	u8 buf[512];
	u32 status, value;

	EXPECT_EQ(net_query(n, VMB_OID_802_3_PERMANENT_ADDRESS, buf, 512, &status), 6);
	EXPECT(!memcmp(buf, NET_MAC, 6));
	EXPECT_EQ(net_query(n, VMB_OID_GEN_MAXIMUM_FRAME_SIZE, &value, 4, &status), 4);
	EXPECT_EQ(value, 9000);
	EXPECT_EQ(net_query(n, VMB_OID_GEN_MEDIA_CONNECT_STATUS, &value, 4, &status), 4);
	EXPECT_EQ(value, VMB_RNDIS_CONNECTED);
	EXPECT_EQ(net_query(n, VMB_OID_GEN_LINK_SPEED, &value, 4, &status), 4);
	EXPECT_EQ(value, 100000000);
	EXPECT_EQ(net_query(n, VMB_OID_TCP_OFFLOAD_CAPABILITIES, buf, 512, &status), 156);
	EXPECT_EQ(buf[0], VMB_NDIS_OBJECT_OFFLOAD);
	EXPECT_EQ(net_query(n, 0x12345678, buf, 512, &status), 0);
	EXPECT_EQ(status, VMB_RNDIS_STATUS_NOT_SUPPORTED);
	guest_destroy(g);
}

TEST(frames)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = net_up(g);
	u8 frame[1514], msg[2048], got[4096];
	struct vmb_rndis_packet pkt;
	u32 len, i;

	for (i = 0; i < 2000; i++) {
		u32 size = 60 + i * 37 % 1455;

		net_frame(frame, HOST_MAC, NET_MAC, size, i);
		len = net_packet(msg, frame, size);
		EXPECT_EQ((i & 1 ? net_rndis : net_rndis_pages)(n, VMB_NVSP_CHANNEL_DATA,
								msg, len),
			  VMB_NVSP_STATUS_SUCCESS);
		EXPECT_EQ(net_tap_recv(n, got, sizeof(got), GUEST_PATIENCE), size);
		EXPECT(!memcmp(got, frame, size));

		net_frame(frame, NET_MAC, HOST_MAC, size, i + 1);
		net_tap_send(n, frame, size);
		len = net_recv(n, got, sizeof(got), GUEST_PATIENCE);
		EXPECT(len > 44);
		memcpy(&pkt, got + 8, sizeof(pkt));
		EXPECT_EQ(le32_to_cpu(pkt.data_len), size);
		EXPECT(!memcmp(got + 8 + le32_to_cpu(pkt.data_offset), frame, size));
	}
	EXPECT_EQ(net_counter("frames_in"), 2000);
	EXPECT_EQ(net_counter("frames_out"), 2000);
	EXPECT_EQ(net_counter("free"), n->sections);
	EXPECT_EQ(net_counter("malformed"), 0);
	guest_destroy(g);
}

/* Several messages in one packet, aligned as was agreed on. */
TEST(batch)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = net_up(g);
	u8 frame[128], msg[4096], got[256];
	u32 at = 0, i, len;
	__le32 word;

	for (i = 0; i < 8; i++) {
		net_frame(frame, HOST_MAC, NET_MAC, 61, i);
		len = net_packet(msg + at, frame, 61);
		memset(msg + at + len, 0, 8);
		len = (len + 7) / 8 * 8;
		word = cpu_to_le32(len);
		memcpy(msg + at + 4, &word, 4);
		at += len;
	}
	EXPECT_EQ(net_rndis(n, VMB_NVSP_CHANNEL_DATA, msg, at), VMB_NVSP_STATUS_SUCCESS);
	for (i = 0; i < 8; i++) {
		net_frame(frame, HOST_MAC, NET_MAC, 61, i);
		EXPECT_EQ(net_tap_recv(n, got, sizeof(got), GUEST_PATIENCE), 61);
		EXPECT(!memcmp(got, frame, 61));
	}
	/* one more than that */
	memcpy(msg + at, msg, at / 8);
	EXPECT_EQ(net_rndis(n, VMB_NVSP_CHANNEL_DATA, msg, at + at / 8),
		  VMB_NVSP_STATUS_INVALID_RNDIS);
	guest_destroy(g);
}

TEST(filter_and_spoofing)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = net_up(g);
	u8 frame[64], msg[128], got[4096];
	__le32 filter = cpu_to_le32(VMB_NDIS_FILTER_PROMISCUOUS);

	/* to others, with or without asking for it */
	net_frame(frame, OTHER_MAC, HOST_MAC, 64, 1);
	net_tap_send(n, frame, 64);
	EXPECT_EQ(net_recv(n, got, sizeof(got), 200), 0);
	EXPECT_EQ(net_set(n, VMB_OID_GEN_CURRENT_PACKET_FILTER, &filter, 4), 0);
	net_tap_send(n, frame, 64);
	EXPECT_EQ(net_recv(n, got, sizeof(got), 200), 0);
	net_frame(frame, BROADCAST, HOST_MAC, 64, 1);
	net_tap_send(n, frame, 64);
	EXPECT(net_recv(n, got, sizeof(got), GUEST_PATIENCE));
	/* from others */
	net_frame(frame, HOST_MAC, OTHER_MAC, 64, 1);
	EXPECT_EQ(net_rndis(n, VMB_NVSP_CHANNEL_DATA, msg, net_packet(msg, frame, 64)),
		  VMB_NVSP_STATUS_SUCCESS);
	EXPECT_EQ(net_tap_recv(n, got, sizeof(got), 200), 0);
	EXPECT_EQ(net_counter("spoofed"), 1);
	EXPECT_EQ(net_set(n, VMB_OID_802_3_CURRENT_ADDRESS, OTHER_MAC, 6),
		  VMB_RNDIS_STATUS_FAILURE);
	guest_destroy(g);
}

TEST(spoofing_allowed)
{
	struct guest *g = net_guest("mac_spoofing", "1");
	struct net *n = net_up(g);
	__le32 filter = cpu_to_le32(VMB_NDIS_FILTER_PROMISCUOUS);
	u8 frame[64], msg[128], got[4096];

	net_frame(frame, HOST_MAC, OTHER_MAC, 64, 1);
	EXPECT_EQ(net_rndis(n, VMB_NVSP_CHANNEL_DATA, msg, net_packet(msg, frame, 64)),
		  VMB_NVSP_STATUS_SUCCESS);
	EXPECT_EQ(net_tap_recv(n, got, sizeof(got), GUEST_PATIENCE), 64);
	EXPECT_EQ(net_set(n, VMB_OID_GEN_CURRENT_PACKET_FILTER, &filter, 4), 0);
	net_frame(frame, OTHER_MAC, HOST_MAC, 64, 1);
	net_tap_send(n, frame, 64);
	EXPECT(net_recv(n, got, sizeof(got), GUEST_PATIENCE));
	guest_destroy(g);
}

/* The guest keeps all sections: the queue waits, and nothing is lost. */
TEST(back_pressure)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = net_up(g);
	u32 i, got = 0, total = n->sections + 100;
	u8 frame[64], buf[4096];
	u64 *held = calloc(total, sizeof(*held));

	n->hold = true;
	for (i = 0; i < total; i++) {
		net_frame(frame, NET_MAC, HOST_MAC, 64, i);
		net_tap_send(n, frame, 64);
		while (got <= i && got < n->sections - 4 &&
		       net_recv(n, buf, sizeof(buf), GUEST_PATIENCE))
			held[got++] = n->frame_id;
	}
	EXPECT_EQ(got, n->sections - 4);
	EXPECT_EQ(net_recv(n, buf, sizeof(buf), 300), 0);
	EXPECT_EQ(net_counter("stops"), 1);
	n->hold = false;
	for (i = 0; i < got; i++)
		net_give_back(n, held[i]);
	for (; got < total; got++) {
		EXPECT(net_recv(n, buf, sizeof(buf), GUEST_PATIENCE));
		net_frame(frame, NET_MAC, HOST_MAC, 64, got);
		EXPECT(!memcmp(buf + 44, frame, 64));
	}
	EXPECT_EQ(net_counter("free"), n->sections);
	guest_destroy(g);
}

TEST(double_completion)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = net_up(g);
	u8 frame[64], buf[4096];
	u32 i;

	net_frame(frame, NET_MAC, HOST_MAC, 64, 0);
	net_tap_send(n, frame, 64);
	EXPECT(net_recv(n, buf, sizeof(buf), GUEST_PATIENCE));
	/* again, one it never had, no section at all */
	net_give_back(n, n->frame_id);
	net_give_back(n, n->frame_id + 1);
	net_give_back(n, ~0ULL);
	for (i = 0; i < 2 * n->sections; i++)
		net_give_back(n, i);
	EXPECT_EQ(net_counter("bad_completions"), 3 + 2 * n->sections);
	EXPECT_EQ(net_counter("free"), n->sections);
	net_tap_send(n, frame, 64);
	EXPECT(net_recv(n, buf, sizeof(buf), GUEST_PATIENCE));
	guest_destroy(g);
}

TEST(malformed)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = net_up(g);
	u8 frame[64], msg[512];
	struct vmb_nvsp_msg m = {};
	u32 len, i, seed = 1;

	net_frame(frame, HOST_MAC, NET_MAC, 64, 0);
	/* sections that are not there, or are not so long */
	for (i = 21; i < 30; i++)
		EXPECT_EQ(net_rndis_raw(n, 0, i, 100), VMB_NVSP_STATUS_INVALID_RNDIS);
	EXPECT_EQ(net_rndis_raw(n, 0, 0, 6145), VMB_NVSP_STATUS_INVALID_RNDIS);
	EXPECT_EQ(net_rndis_raw(n, 0, 0xfffffffe, 100), VMB_NVSP_STATUS_INVALID_RNDIS);
	EXPECT_EQ(net_rndis_raw(n, 1, VMB_NVSP_NO_SECTION, 0), VMB_NVSP_STATUS_INVALID_RNDIS);
	/* frames with each word of the message something else */
	len = net_packet(msg, frame, 64);
	for (i = 0; i < 2000; i++) {
		u32 word = i % 11, status;

		len = net_packet(msg, frame, 64);
		seed = seed * 1664525 + 1013904223;
		memset(msg + 4 * word, 0, 4);
		*(u32 *)(msg + 4 * word) = seed >> (seed % 29);
		status = net_rndis(n, i / 11 & 1, msg, len);
		EXPECT(status == VMB_NVSP_STATUS_SUCCESS ||
		       status == VMB_NVSP_STATUS_INVALID_RNDIS);
		n->stash_first = n->nr_stash;
	}
	/* NVSP of all types, and too short */
	for (i = 0; i < 300; i++) {
		/* those are good, with the padding that each packet has */
		if (i == VMB_NVSP_REVOKE_RECV_BUF || i == VMB_NVSP_REVOKE_SEND_BUF)
			continue;
		m = (struct vmb_nvsp_msg){ .type = cpu_to_le32(i) };
		net_tell(n, &m, 4);
		if (i != VMB_NVSP_RNDIS)
			net_ask(n, &m);
	}
	/* it was told to halt, by chance */
	net_initialize(n);
	len = net_packet(msg, frame, 64);
	EXPECT_EQ(net_rndis(n, 0, msg, len), VMB_NVSP_STATUS_SUCCESS);
	EXPECT(net_counter("malformed") > 0);
	guest_destroy(g);
}

/* A buffer is taken back: before the packet that says so, behind it, without. */
TEST(revoked)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = net_up(g);
	struct vmb_msg_gpadl_torndown torndown;
	struct vmb_msg_gpadl_teardown m = {
		.hdr.type = cpu_to_le32(VMB_MSG_GPADL_TEARDOWN),
		.relid = cpu_to_le32(n->ch.relid),
		.gpadl = cpu_to_le32(n->recv_gpadl),
	};
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(VMB_NVSP_REVOKE_RECV_BUF),
		.revoke.id = cpu_to_le16(VMB_NVSP_RECV_BUF_ID),
	};
	u8 frame[64];

	net_frame(frame, NET_MAC, HOST_MAC, 64, 0);
	EXPECT_EQ(guest_post(g, &m, sizeof(m)), VMB_HV_SUCCESS);
	EXPECT(!guest_find(g, VMB_MSG_GPADL_TORNDOWN, &torndown, sizeof(torndown)));
	net_tap_send(n, frame, 64);
	net_tell(n, &msg, VMB_NVSP_BYTES);
	guest_wait(g, VMB_MSG_GPADL_TORNDOWN, &torndown, sizeof(torndown));
	EXPECT_EQ(le32_to_cpu(torndown.gpadl), n->recv_gpadl);
	/* it is gone for all purposes */
	EXPECT_EQ(net_recv_buf(n, n->recv_gpadl), VMB_NVSP_STATUS_FAIL);
	net_tell(n, &msg, VMB_NVSP_BYTES);

	msg.type = cpu_to_le32(VMB_NVSP_REVOKE_SEND_BUF);
	net_tell(n, &msg, VMB_NVSP_BYTES);
	EXPECT(bus_gpadl_teardown(g, n->ch.relid, n->send_gpadl));
	EXPECT_EQ(net_rndis_raw(n, 0, 0, 100), VMB_NVSP_STATUS_INVALID_RNDIS);
	guest_destroy(g);
}

/* The ring's own GPADL, one of another size, none, and one that is taken. */
TEST(bad_buffers)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = net_open(g);
	u64 gpa = guest_alloc(g, 4);

	EXPECT_EQ(net_init(n, VMB_NVSP_VERSION_5), VMB_NVSP_STATUS_SUCCESS);
	EXPECT_EQ(net_recv_buf(n, 0xdead), VMB_NVSP_STATUS_FAIL);
	EXPECT_EQ(bus_gpadl_create(g, n->ch.relid, 0x777, gpa, 2), VMB_STATUS_SUCCESS);
	EXPECT_EQ(net_recv_buf(n, 0x777), VMB_NVSP_STATUS_FAIL);
	EXPECT(bus_gpadl_teardown(g, n->ch.relid, 0x777));
	EXPECT_EQ(bus_gpadl_create(g, n->ch.relid, 0x778, 0x40000000, 64), VMB_STATUS_SUCCESS);
	EXPECT_EQ(net_recv_buf(n, 0x778), VMB_NVSP_STATUS_FAIL);
	EXPECT(bus_gpadl_teardown(g, n->ch.relid, 0x778));
	guest_destroy(g);
}

/* The channel, the NIC and the VMM go while frames are on their way. */
TEST(close_in_traffic)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = net_up(g);
	u8 frame[1514];
	u32 i, round;
	pid_t pid;
	int tap;

	net_frame(frame, NET_MAC, HOST_MAC, 1514, 0);
	tap = net_tap(n);
	pid = fork();
	EXPECT(pid >= 0);
	if (!pid)
		/* it may be down, or full */
		for (;;)
			if (send(tap, frame, sizeof(frame), 0) < 0)
				usleep(1000);
	for (round = 0; round < 10; round++) {
		struct vmb_packet in;

		for (i = 0; i < 50 && chan_recv(&n->ch, &in, 50); i++)
			if (in.type == VMB_PKT_XFER_PAGES)
				net_give_back(n, in.trans_id);
		chan_close(&n->ch);
		EXPECT(bus_gpadl_teardown(g, n->ch.relid, n->recv_gpadl));
		EXPECT(bus_gpadl_teardown(g, n->ch.relid, n->send_gpadl));
		g->ram_used -= (u64)(NET_RECV_PAGES + NET_SEND_PAGES) << VMB_PAGE_SHIFT;
		chan_reopen(&n->ch);
		net_start(n, VMB_NVSP_VERSION_6_1);
	}
	EXPECT_OK(config_write(PARTITION "/net.0/enable", "0"));
	guest_destroy(g);
}
