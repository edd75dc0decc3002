// SPDX-License-Identifier: GPL-2.0-only
/*
 * The network VSP, with a guest that keeps to the protocol and one that does not.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
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
	u32 len, i, times = config_times(2000);

	for (i = 0; i < times; i++) {
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
	EXPECT_EQ(net_counter("frames_in"), times);
	EXPECT_EQ(net_counter("frames_out"), times);
	EXPECT_COUNTER("free", n->sections);
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

static struct net *rsc_open(struct guest *g, u32 version, u64 caps)
{
	struct net *n = net_open(g);

	/* it is about packets of the host's stack */
	net_tap(n);
	n->caps = caps;
	net_start(n, version);
	net_initialize(n);
	net_unlimited(0);
	return n;
}

/* The netdev learns what the guest wants in its own time. */
static void rsc_set(struct net *n, u8 v4, u8 v6, bool tso)
{
	u32 i;

	EXPECT_EQ(net_rsc(n, v4, v6), 0);
	for (i = 0; net_dev_tso() != tso && i < GUEST_PATIENCE / 10; i++)
		usleep(10000);
	EXPECT_EQ(net_dev_tso(), tso);
}

/* All that a frame is made of but its checksums, lengths, and numbers. */
static void rsc_expect_whole(struct net *n, bool ipv6, u32 payload, u8 seed)
{
	static u8 frame[65536], got[65536];
	u32 len = net_segments(frame, NET_MAC, HOST_MAC, ipv6, payload, seed);
	u32 nr, check = net_tcp_head(frame) - 4;

	EXPECT_EQ(net_recv_pieces(n, got, sizeof(got), &nr, GUEST_PATIENCE), len);
	/* 8 + 36 + 4 * 16 bytes in front of each piece */
	EXPECT_EQ(nr, (len + n->section - 109) / (n->section - 108));
	EXPECT(net_tcp_good(got, len));
	memcpy(got + check, frame + check, 2);
	EXPECT(!memcmp(got, frame, len));
}

static void rsc_expect_cut(struct net *n, bool ipv6, u32 payload, u32 mss, u8 seed)
{
	static u8 frame[65536];
	u32 len = net_segments(frame, NET_MAC, HOST_MAC, ipv6, payload, seed), at, head, size;
	u8 got[4096], *segment;
	struct vmb_rndis_packet pkt;

	head = net_tcp_head(frame);
	for (at = head; at < len; at += size) {
		EXPECT(net_recv(n, got, sizeof(got), GUEST_PATIENCE));
		memcpy(&pkt, got + 8, sizeof(pkt));
		segment = got + 8 + le32_to_cpu(pkt.data_offset);
		EXPECT_EQ(le32_to_cpu(pkt.ppi_len), 0);
		size = le32_to_cpu(pkt.data_len) - head;
		EXPECT_EQ(size, len - at < mss ? len - at : mss);
		EXPECT(net_tcp_good(segment, head + size));
		EXPECT(!memcmp(segment + head, frame + at, size));
	}
}

static void rsc_send(struct net *n, bool ipv6, u32 payload, u32 mss, u8 seed)
{
	static u8 frame[65536];

	net_segments_send(n, frame, net_segments(frame, NET_MAC, HOST_MAC, ipv6, payload, seed),
			  mss);
}

/* A guest that wants segments whole gets them so, of the family that it said. */
TEST(rsc)
{
	static const u32 payload[] = { 1461, 1886, 1887, 9000, 30001, 62705 };
	bool has_ipv6 = !access("/proc/sys/net/ipv6", F_OK);
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = rsc_open(g, VMB_NVSP_VERSION_6_1, VMB_NVSP_CAP_RSC);
	u32 i, status, family, nr = ARRAY_SIZE(payload);
	u8 caps[156];

	EXPECT_EQ(net_query(n, VMB_OID_TCP_OFFLOAD_CAPABILITIES, caps, 156, &status), 156);
	EXPECT(caps[144] == 1 && caps[145] == 1);
	/* before it said so */
	EXPECT(!net_dev_tso());
	rsc_send(n, false, 9000, 1460, 1);
	rsc_expect_cut(n, false, 9000, 1460, 1);
	for (family = 0; family < (has_ipv6 ? 2 : 1); family++) {
		rsc_set(n, family ? VMB_NDIS_OFFLOAD_RSC_OFF : VMB_NDIS_OFFLOAD_RSC_ON,
			family ? VMB_NDIS_OFFLOAD_RSC_ON : VMB_NDIS_OFFLOAD_RSC_OFF, true);
		for (i = 0; i < nr; i++) {
			rsc_send(n, family, payload[i], 1400, i);
			rsc_expect_whole(n, family, payload[i], i);
		}
		EXPECT_EQ(net_counter("rsc_out"), nr * (family + 1));
		/* one more than what goes so */
		rsc_send(n, family, 64000, 1400, 9);
		rsc_expect_cut(n, family, 64000, 1400, 9);
		if (has_ipv6) {
			rsc_send(n, !family, 9000, 1400, 3);
			rsc_expect_cut(n, !family, 9000, 1400, 3);
		}
		/* nothing is said: nothing changes */
		rsc_set(n, 0, 0, true);
		rsc_set(n, VMB_NDIS_OFFLOAD_RSC_OFF, VMB_NDIS_OFFLOAD_RSC_OFF, false);
		rsc_send(n, family, 9000, 1400, 4);
		rsc_expect_cut(n, family, 9000, 1400, 4);
	}
	rsc_set(n, VMB_NDIS_OFFLOAD_RSC_ON, VMB_NDIS_OFFLOAD_RSC_ON, true);
	EXPECT_EQ(net_simple(n, VMB_RNDIS_RESET), 0);
	for (i = 0; net_dev_tso() && i < GUEST_PATIENCE / 10; i++)
		usleep(10000);
	EXPECT(!net_dev_tso());
	EXPECT_EQ(net_counter("too_long"), 0);
	EXPECT_COUNTER("free", n->sections);
	guest_destroy(g);
}

/* A guest that wants to hear of good checksums is told that there is none in such a frame. */
TEST(rsc_no_checksum)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = rsc_open(g, VMB_NVSP_VERSION_6_1, VMB_NVSP_CAP_RSC);
	static u8 frame[65536], got[65536];
	u32 len = net_segments(frame, NET_MAC, HOST_MAC, false, 30001, 1);
	u32 nr, check = net_tcp_head(frame) - 4;

	rsc_set(n, VMB_NDIS_OFFLOAD_RSC_ON, VMB_NDIS_OFFLOAD_RSC_OFF, true);
	rsc_send(n, false, 30001, 1400, 1);
	rsc_expect_whole(n, false, 30001, 1);
	EXPECT_EQ(n->csum, 0);
	EXPECT_EQ(net_tcp_rx(n), 0);
	rsc_send(n, false, 30001, 1400, 1);
	EXPECT_EQ(net_recv_pieces(n, got, sizeof(got), &nr, GUEST_PATIENCE), len);
	EXPECT_EQ(n->csum, VMB_CSUM_RX_TCP_GOOD | VMB_CSUM_RX_TCP_INVALID);
	memcpy(got + check, frame + check, 2);
	EXPECT(!memcmp(got, frame, len));
	guest_destroy(g);
}

/* Who did not say that it can, or not in a version that knows of it. */
TEST(rsc_not_offered)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = rsc_open(g, VMB_NVSP_VERSION_6, VMB_NVSP_CAP_RSC);
	u32 round, status;
	u8 caps[156];

	for (round = 0; round < 2; round++) {
		EXPECT_EQ(net_query(n, VMB_OID_TCP_OFFLOAD_CAPABILITIES, caps, 156, &status), 156);
		EXPECT(!caps[144] && !caps[145]);
		EXPECT_EQ(net_rsc(n, VMB_NDIS_OFFLOAD_RSC_ON, VMB_NDIS_OFFLOAD_RSC_ON), 0);
		usleep(200000);
		EXPECT(!net_dev_tso());
		rsc_send(n, false, 30000, 1460, round);
		rsc_expect_cut(n, false, 30000, 1460, round);
		EXPECT_EQ(net_counter("rsc_out"), 0);
		if (round)
			break;
		chan_close(&n->ch);
		EXPECT(bus_gpadl_teardown(g, n->ch.relid, n->recv_gpadl));
		EXPECT(bus_gpadl_teardown(g, n->ch.relid, n->send_gpadl));
		chan_reopen(&n->ch);
		n->caps = ~(u64)VMB_NVSP_CAP_RSC;
		net_start(n, VMB_NVSP_VERSION_6_1);
		net_initialize(n);
	}
	guest_destroy(g);
}

/* Sections run out in the middle of what is sent: it waits, and nothing is lost. */
TEST(rsc_back_pressure)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = rsc_open(g, VMB_NVSP_VERSION_6_1, VMB_NVSP_CAP_RSC);
	static u8 got[65536];
	u32 i, nr, held = 0;
	u64 id[100];

	rsc_set(n, VMB_NDIS_OFFLOAD_RSC_ON, VMB_NDIS_OFFLOAD_RSC_ON, true);
	/* the queue's limit is that of its next completion on */
	rsc_send(n, false, 60000, 1460, 0);
	rsc_expect_whole(n, false, 60000, 0);
	n->hold = true;
	for (i = 0; i < 100; i++)
		rsc_send(n, false, 60000, 1460, i);
	while (held < 100 && net_recv_pieces(n, got, sizeof(got), &nr, 500))
		id[held++] = n->frame_id;
	/* as many as there is room for, and of none a part */
	EXPECT_EQ(held, (n->sections - 4) / nr);
	EXPECT_COUNTER("free", n->sections - held * nr);
	EXPECT(net_counter("stops") > 0);
	/* those behind the first one are not there to be given back */
	net_give_back(n, id[0] + 1);
	net_give_back(n, (id[0] & ~0xffffffffULL) | 0xffffffff);
	EXPECT_COUNTER("bad_completions", 2);
	n->hold = false;
	for (i = 0; i < held; i++)
		net_give_back(n, id[i]);
	for (i = held; i < 100; i++)
		rsc_expect_whole(n, false, 60000, i);
	EXPECT_EQ(net_counter("rsc_out"), 101);
	EXPECT_COUNTER("free", n->sections);
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

	net_unlimited(0);
	net_frame(frame, NET_MAC, HOST_MAC, 64, 0);
	net_tap_send(n, frame, 64);
	EXPECT(net_recv(n, buf, sizeof(buf), GUEST_PATIENCE));
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
	EXPECT_COUNTER("free", n->sections);
	guest_destroy(g);
}

/* What is on the way is limited, too: the queue waits, and nothing is lost. */
TEST(byte_queue_limits)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = net_up(g);
	u8 frame[64], buf[4096];
	u64 held[100];
	u32 i, got = 0;

	net_tap(n);
	if (access("/sys/class/net/vmbtest0/queues/tx-0/byte_queue_limits", F_OK))
		tap_skip("the kernel has no byte queue limits");
	n->hold = true;
	for (i = 0; i < 100; i++) {
		net_frame(frame, NET_MAC, HOST_MAC, 64, i);
		net_tap_send(n, frame, 64);
	}
	while (net_recv(n, buf, sizeof(buf), 300))
		held[got++] = n->frame_id;
	EXPECT(got > 0 && got < 100);
	EXPECT_EQ(net_counter("stops"), 0);
	n->hold = false;
	for (i = 0; i < got; i++)
		net_give_back(n, held[i]);
	for (; got < 100; got++) {
		EXPECT(net_recv(n, buf, sizeof(buf), GUEST_PATIENCE));
		net_frame(frame, NET_MAC, HOST_MAC, 64, got);
		EXPECT(!memcmp(buf + 44, frame, 64));
	}
	EXPECT_COUNTER("free", n->sections);
	/* from then on so few bytes stop nothing */
	n->hold = true;
	for (i = 0; i < 100; i++) {
		net_frame(frame, NET_MAC, HOST_MAC, 64, i);
		net_tap_send(n, frame, 64);
	}
	for (got = 0; got < 100; got++)
		EXPECT(net_recv(n, buf, sizeof(buf), GUEST_PATIENCE));
	guest_destroy(g);
}

/* The sections of @nr frames come back: whether it is the worker that takes them. */
static bool given_back_to_worker(struct net *n, const u64 *id, u32 nr)
{
	long long free = net_counter("free"), vcpu, worker, end;
	u32 i;

	/* a poll that is about to end would be neither's */
	usleep(100000);
	vcpu = chan_counter(&n->ch, "polls_vcpu");
	worker = chan_counter(&n->ch, "polls_worker");
	for (i = 0; i < nr; i++)
		net_give_back(n, id[i]);
	for (end = time(NULL) + GUEST_PATIENCE / 1000; net_counter("free") < free + nr;) {
		EXPECT(time(NULL) < end);
		usleep(1000);
	}
	vcpu = chan_counter(&n->ch, "polls_vcpu") - vcpu;
	worker = chan_counter(&n->ch, "polls_worker") - worker;
	EXPECT(vcpu || worker);
	return worker && !vcpu;
}

/* A frame that comes back at once, then so many that do not: their ids. */
static void hold_frames(struct net *n, u64 *held, u32 nr)
{
	u8 frame[1514], buf[4096];
	u32 i;

	net_frame(frame, NET_MAC, HOST_MAC, sizeof(frame), 0);
	net_tap_send(n, frame, sizeof(frame));
	EXPECT(net_recv(n, buf, sizeof(buf), GUEST_PATIENCE));
	n->hold = true;
	for (i = 0; i < nr; i++) {
		net_tap_send(n, frame, sizeof(frame));
		EXPECT(net_recv(n, buf, sizeof(buf), GUEST_PATIENCE));
		held[i] = n->frame_id;
	}
}

/* While the guest has many frames they come back when it suits: the worker takes them. */
TEST(patient)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = net_up(g);
	u64 held[100];

	hold_frames(n, held, ARRAY_SIZE(held));
	EXPECT(given_back_to_worker(n, held, 1));
	EXPECT(given_back_to_worker(n, held + 1, 1));
	/* until it has few */
	given_back_to_worker(n, held + 2, 80);
	EXPECT(!given_back_to_worker(n, held + 82, 1));
	EXPECT(!given_back_to_worker(n, held + 83, 17));
	EXPECT_COUNTER("free", n->sections);
	guest_destroy(g);
}

/*
 * The worker, on a guest's only CPU, leaves that to the guest with signals masked. What the
 * guest gives back then is taken, although it never sleeps, and most of it was not signalled.
 */
TEST(patient_on_one_cpu)
{
	struct guest *g;
	struct net *n;
	long long kicks, naps;
	u64 held[100], end;
	cpu_set_t cpu;
	u32 i;

	/* the worker is made by this thread, and may run where that may */
	CPU_ZERO(&cpu);
	CPU_SET(sched_getcpu(), &cpu);
	EXPECT_OK(sched_setaffinity(0, sizeof(cpu), &cpu));
	g = net_guest(NULL, NULL);
	n = net_up(g);
	hold_frames(n, held, ARRAY_SIZE(held));
	kicks = chan_counter(&n->ch, "kicks");
	naps = chan_counter(&n->ch, "naps");
	/* more than 64 KiB are left */
	for (i = 0; i < 40; i++) {
		net_give_back(n, held[i]);
		for (end = guest_now_ms() + GUEST_PATIENCE; !vmb_ring_drained(&n->ch.out);)
			EXPECT(guest_now_ms() < end);
	}
	EXPECT(chan_counter(&n->ch, "naps") > naps);
	EXPECT(chan_counter(&n->ch, "kicks") - kicks < 40 / 2);
	/* and when it sleeps, and when it has few */
	for (; i < ARRAY_SIZE(held); i++) {
		net_give_back(n, held[i]);
		if (i % 8)
			usleep(1000);
	}
	EXPECT_COUNTER("free", n->sections);
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
	EXPECT_COUNTER("bad_completions", 3 + 2 * n->sections);
	EXPECT_COUNTER("free", n->sections);
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

/* KEEPALIVE, RESET and HALT: what is forgotten, and what goes on. */
TEST(keepalive_reset_halt)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = net_up(g);
	__le32 filter = cpu_to_le32(VMB_NDIS_FILTER_DIRECTED);
	u8 frame[64], msg[128], got[4096];
	u32 status;

	EXPECT_EQ(net_simple(n, VMB_RNDIS_KEEPALIVE), 0);
	EXPECT_EQ(net_simple(n, VMB_RNDIS_RESET), 0);
	/* nothing passed on until a filter is set again; QUERY as before */
	net_query(n, VMB_OID_GEN_CURRENT_PACKET_FILTER, got, 64, &status);
	EXPECT(!status && !memcmp(got, "\0\0\0\0", 4));
	EXPECT_EQ(net_set(n, VMB_OID_GEN_CURRENT_PACKET_FILTER, &filter, 4), 0);
	net_frame(frame, HOST_MAC, NET_MAC, 64, 1);
	EXPECT_EQ(net_rndis(n, 0, msg, net_packet(msg, frame, 64)), VMB_NVSP_STATUS_SUCCESS);

	net_simple(n, VMB_RNDIS_HALT);
	EXPECT_EQ(net_rndis(n, 0, msg, net_packet(msg, frame, 64)),
		  VMB_NVSP_STATUS_INVALID_RNDIS);
	EXPECT_EQ(net_query(n, VMB_OID_GEN_LINK_SPEED, got, 64, &status), 0);
	EXPECT_EQ(status, VMB_RNDIS_STATUS_NOT_READY);
	EXPECT_EQ(net_simple(n, VMB_RNDIS_KEEPALIVE), 0);
	net_initialize(n);
	EXPECT_EQ(net_rndis(n, 0, msg, net_packet(msg, frame, 64)), VMB_NVSP_STATUS_SUCCESS);
	EXPECT_EQ(net_counter("frames_in"), 2);
	guest_destroy(g);
}

/* The netdev goes down and up: the guest is told, and told the same if it asks. */
TEST(link_state)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = net_up(g);
	u32 i, value, status;

	for (i = 0; i < 10; i++) {
		net_dev_up(i & 1);
		EXPECT_EQ(net_query(n, VMB_OID_GEN_MEDIA_CONNECT_STATUS, &value, 4, &status), 4);
		EXPECT_EQ(value, i & 1 ? VMB_RNDIS_CONNECTED : VMB_RNDIS_DISCONNECTED);
		EXPECT_EQ(n->indicated, i & 1 ? VMB_RNDIS_MEDIA_CONNECT :
			  VMB_RNDIS_MEDIA_DISCONNECT);
	}
	guest_destroy(g);
}

static void *link_down(void *unused)
{
	net_dev_up(false);
	return NULL;
}

static void *link_up(void *unused)
{
	net_dev_up(true);
	return NULL;
}

/* It does while the guest asks: what the guest hears last is so. */
TEST(link_changes)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = net_up(g);
	u32 i, j, value, status, times = config_times(200);
	u8 got[4096];

	for (i = 0; i < times; i++) {
		bool up = i & 1;
		pthread_t thread;

		EXPECT(!pthread_create(&thread, NULL, up ? link_up : link_down, NULL));
		for (j = 0; j < 1 + i % 4; j++)
			EXPECT_EQ(net_query(n, VMB_OID_GEN_MEDIA_CONNECT_STATUS, &value, 4,
					    &status), 4);
		EXPECT(!pthread_join(thread, NULL));
		EXPECT_EQ(net_recv(n, got, sizeof(got), 5), 0);
		if (n->answered_at > n->indicated_at)
			EXPECT_EQ(value, up ? VMB_RNDIS_CONNECTED : VMB_RNDIS_DISCONNECTED);
		else
			EXPECT_EQ(n->indicated, up ? VMB_RNDIS_MEDIA_CONNECT :
				  VMB_RNDIS_MEDIA_DISCONNECT);
	}
	guest_destroy(g);
}

/* Groups that the guest is in, and those it is not in. */
TEST(multicast)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = net_up(g);
	static const char groups[12] = "\x01\x00\x5e\x00\x00\x01\x33\x33\x00\x00\x00\x01";
	__le32 filter = cpu_to_le32(VMB_NDIS_FILTER_DIRECTED | VMB_NDIS_FILTER_MULTICAST);
	u8 frame[64], got[4096];

	EXPECT_EQ(net_set(n, VMB_OID_GEN_CURRENT_PACKET_FILTER, &filter, 4), 0);
	EXPECT_EQ(net_set(n, VMB_OID_802_3_MULTICAST_LIST, groups, 12), 0);
	net_frame(frame, groups + 6, HOST_MAC, 64, 1);
	net_tap_send(n, frame, 64);
	EXPECT(net_recv(n, got, sizeof(got), GUEST_PATIENCE));
	net_frame(frame, "\x01\x00\x5e\x00\x00\x02", HOST_MAC, 64, 1);
	net_tap_send(n, frame, 64);
	EXPECT_EQ(net_recv(n, got, sizeof(got), 200), 0);
	EXPECT_EQ(net_set(n, VMB_OID_802_3_MULTICAST_LIST, NULL, 0), 0);
	net_frame(frame, groups, HOST_MAC, 64, 1);
	net_tap_send(n, frame, 64);
	EXPECT_EQ(net_recv(n, got, sizeof(got), 200), 0);
	filter = cpu_to_le32(VMB_NDIS_FILTER_ALL_MULTICAST);
	EXPECT_EQ(net_set(n, VMB_OID_GEN_CURRENT_PACKET_FILTER, &filter, 4), 0);
	net_tap_send(n, frame, 64);
	EXPECT(net_recv(n, got, sizeof(got), GUEST_PATIENCE));
	guest_destroy(g);
}

TEST(sub_channels)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *sub[3], *n = net_up_multi(g, sub, 3);
	u8 frame[64], msg[128], got[4096];
	struct vmb_nvsp_msg m = {
		.type = cpu_to_le32(VMB_NVSP_INIT),
		.init.min_version = cpu_to_le32(VMB_NVSP_VERSION_6_1),
		.init.max_version = cpu_to_le32(VMB_NVSP_VERSION_6_1),
	};
	u32 i, count = 1;

	/* the answer to this comes behind the table */
	EXPECT_EQ(net_simple(n, VMB_RNDIS_KEEPALIVE), 0);
	EXPECT(n->nr_tables > 0);
	for (i = 0; i < VMB_NVSP_TABLE_ENTRIES; i++)
		EXPECT_EQ(n->table[i], i % 4);
	EXPECT_EQ(net_subchannels(n, VMB_NVSP_SUBCHANNEL_ALLOCATE, &count),
		  VMB_NVSP_STATUS_FAIL);
	for (i = 0; i < 3; i++) {
		net_frame(frame, HOST_MAC, NET_MAC, 64, i);
		EXPECT_EQ(net_rndis(sub[i], 0, msg, net_packet(msg, frame, 64)),
			  VMB_NVSP_STATUS_SUCCESS);
		EXPECT_EQ(net_tap_recv(n, got, sizeof(got), GUEST_PATIENCE), 64);
		EXPECT(!memcmp(got, frame, 64));
		/* what is for the primary channel only */
		EXPECT_EQ(net_rndis(sub[i], VMB_NVSP_CHANNEL_CONTROL, msg, 12),
			  VMB_NVSP_STATUS_INVALID_RNDIS);
		net_ask(sub[i], &m);
		EXPECT_EQ(m.type, 0);
		m.type = cpu_to_le32(VMB_NVSP_INIT);
	}
	EXPECT_EQ(net_counter("malformed"), 6);
	EXPECT_COUNTER("free", n->sections);
	guest_destroy(g);
}

/* Open need not mean ready: what comes before the first table is for the primary channel. */
TEST(sub_channels_without_a_table)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *sub[3], *n = net_up_multi(g, sub, 3);
	static const u32 table[4] = { 0, 1, 2, 3 };
	u32 i, k, len, by[4] = {};
	u8 frame[64], got[4096];

	for (k = 0; k < 2; k++) {
		for (i = 0; i < 32; i++) {
			len = net_tcp_frame(frame, NET_MAC, HOST_MAC);
			/* the port it comes from */
			frame[35] = i;
			net_tap_send(n, frame, len);
			if (!k)
				EXPECT(net_recv(n, got, sizeof(got), GUEST_PATIENCE));
		}
		if (!k) {
			EXPECT_EQ(net_rss(n, table, 4, 0), 0);
			EXPECT_EQ(net_rss(n, table, 4, VMB_NDIS_RSS_DISABLE), 0);
		}
	}
	/* later the host spreads them, or the first half says nothing */
	for (i = 0; i < 4; i++)
		while (net_recv(i ? sub[i - 1] : n, got, sizeof(got), 300))
			by[i]++;
	EXPECT_EQ(by[0] + by[1] + by[2] + by[3], 32);
	EXPECT(by[0] < 32);
	guest_destroy(g);
}

/* A channel goes with sections at the guest: no other gives them back for it. */
TEST(sub_channel_closed)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *sub[3], *n = net_up_multi(g, sub, 3);
	static const u32 table[] = { 3, 3, 3, 3, 3, 3, 3, 3 };
	u8 frame[64], got[4096];
	u32 i, len = net_tcp_frame(frame, NET_MAC, HOST_MAC);
	struct net *last = sub[2];

	EXPECT_EQ(net_rss(n, table, 8, 0), 0);
	net_unlimited(3);
	net_tap_send(n, frame, len);
	EXPECT(net_recv(last, got, sizeof(got), GUEST_PATIENCE));
	last->hold = true;
	for (i = 0; i < 5; i++) {
		net_tap_send(n, frame, len);
		EXPECT(net_recv(last, got, sizeof(got), GUEST_PATIENCE));
	}
	EXPECT_COUNTER("free", n->sections - 5);
	/* by another channel */
	net_give_back(n, last->frame_id);
	net_give_back(sub[0], last->frame_id);
	EXPECT_COUNTER("bad_completions", 2);
	EXPECT_COUNTER("free", n->sections - 5);
	chan_free(&last->ch);
	net_tap_send(n, frame, len);
	EXPECT(net_recv(n, got, sizeof(got), GUEST_PATIENCE));
	EXPECT_EQ(net_hash(got), NET_TCP_HASH);
	EXPECT_COUNTER("free", n->sections);
	EXPECT_EQ(net_simple(n, VMB_RNDIS_KEEPALIVE), 0);
	for (i = 0; i < VMB_NVSP_TABLE_ENTRIES; i++)
		EXPECT_EQ(n->table[i], i % 3);
	guest_destroy(g);
}

TEST(sub_channels_refused)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *n = net_open(g);
	u32 count = 1;

	net_start(n, VMB_NVSP_VERSION_4);
	EXPECT_EQ(net_subchannels(n, VMB_NVSP_SUBCHANNEL_ALLOCATE, &count),
		  VMB_NVSP_STATUS_FAIL);
	chan_close(&n->ch);
	EXPECT(bus_gpadl_teardown(g, n->ch.relid, n->recv_gpadl));
	EXPECT(bus_gpadl_teardown(g, n->ch.relid, n->send_gpadl));
	chan_reopen(&n->ch);
	/* before there is a buffer to share */
	EXPECT_EQ(net_init(n, VMB_NVSP_VERSION_5), VMB_NVSP_STATUS_SUCCESS);
	count = 1;
	EXPECT_EQ(net_subchannels(n, VMB_NVSP_SUBCHANNEL_ALLOCATE, &count),
		  VMB_NVSP_STATUS_FAIL);
	net_start(n, VMB_NVSP_VERSION_5);
	count = 1;
	EXPECT_EQ(net_subchannels(n, 2, &count), VMB_NVSP_STATUS_FAIL);
	/* as many as there are VPs behind the first */
	count = ~0U;
	EXPECT_EQ(net_subchannels(n, VMB_NVSP_SUBCHANNEL_ALLOCATE, &count),
		  VMB_NVSP_STATUS_SUCCESS);
	EXPECT_EQ(count, 0);
	guest_add_vp(g);
	count = ~0U;
	EXPECT_EQ(net_subchannels(n, VMB_NVSP_SUBCHANNEL_ALLOCATE, &count),
		  VMB_NVSP_STATUS_SUCCESS);
	EXPECT_EQ(count, 1);
	guest_destroy(g);
}

/* The guest's table and key choose the channel, and it is told the hash. */
TEST(rss)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *sub[3], *n = net_up_multi(g, sub, 3);
	u8 frame[64], got[4096];
	u32 table[64] = {}, len, q, status;

	EXPECT_EQ(net_query(n, VMB_OID_GEN_RECEIVE_SCALE_CAPABILITIES, got, 64, &status), 18);
	EXPECT_EQ(got[12], 4);
	for (q = 0; q < 4; q++) {
		struct net *to = q ? sub[q - 1] : n;

		table[NET_TCP_HASH % 64] = q;
		EXPECT_EQ(net_rss(n, table, 64, VMB_NDIS_RSS_DISABLE), 0);
		EXPECT_EQ(net_rss(n, table, 64, 0), 0);
		len = net_tcp_frame(frame, NET_MAC, HOST_MAC);
		net_tap_send(n, frame, len);
		EXPECT(net_recv(to, got, sizeof(got), GUEST_PATIENCE));
		EXPECT_EQ(net_hash(got), NET_TCP_HASH);
		/* what is not IP, by the primary channel, without a hash */
		net_frame(frame, NET_MAC, HOST_MAC, 64, q);
		net_tap_send(n, frame, 64);
		EXPECT(net_recv(n, got, sizeof(got), GUEST_PATIENCE));
		EXPECT_EQ(net_hash(got), 0);
	}
	/* what cannot be changes nothing */
	table[5] = 4;
	EXPECT_EQ(net_rss(n, table, 64, 0), VMB_RNDIS_STATUS_INVALID_DATA);
	table[5] = ~0U;
	EXPECT_EQ(net_rss(n, table, 64, 0), VMB_RNDIS_STATUS_INVALID_DATA);
	table[5] = 0;
	EXPECT_EQ(net_rss(n, table, 48, 0), VMB_RNDIS_STATUS_INVALID_DATA);
	EXPECT_EQ(net_rss(n, table, 0, 0), VMB_RNDIS_STATUS_INVALID_DATA);
	len = net_tcp_frame(frame, NET_MAC, HOST_MAC);
	net_tap_send(n, frame, len);
	EXPECT(net_recv(sub[2], got, sizeof(got), GUEST_PATIENCE));
	EXPECT_COUNTER("free", n->sections);
	guest_destroy(g);
}

static void flood(int tap, const u8 *frame, u32 len)
{
	u8 buf[64];
	u32 i;

	memcpy(buf, frame, len);
	/* it may be down, full, or gone */
	for (i = 0;; i++) {
		buf[34] = i >> 8;
		buf[35] = i;
		if (send(tap, buf, len, 0) < 0)
			usleep(1000);
	}
}

/* The NIC goes with frames on all channels, held and staged, and comes back. */
TEST_LIMIT(rescind_in_traffic, 180)
{
	struct guest *g = net_guest(NULL, NULL);
	struct net *sub[3], *n = net_up_multi(g, sub, 3);
	struct vmb_msg_relid gone;
	struct vmb_msg_offer offer;
	u32 table[64], i, round;
	u8 frame[64], got[4096];
	pid_t pid;
	int tap;

	for (i = 0; i < 64; i++)
		table[i] = i % 4;
	for (i = 0; i < 4; i++)
		net_unlimited(i);
	EXPECT_EQ(net_rss(n, table, 64, 0), 0);
	tap = net_tap(n);
	net_tcp_frame(frame, NET_MAC, HOST_MAC);
	pid = fork();
	EXPECT(pid >= 0);
	if (!pid)
		flood(tap, frame, 60);
	for (round = config_times(200); round; round--)
		for (i = 0; i < 4; i++) {
			struct net *from = i ? sub[i - 1] : n;

			from->hold = round % 8 == 7;
			net_recv(from, got, sizeof(got), 50);
		}
	/* flows go everywhere, and one sub-channel goes first */
	for (i = 0; i < 3; i++)
		EXPECT(chan_counter(&sub[i]->ch, "packets") > 10);
	chan_close(&sub[1]->ch);
	EXPECT_OK(config_write(PARTITION "/net.0/enable", "0"));
	for (i = 0; i < 4; i++) {
		guest_wait(g, VMB_MSG_RESCIND, &gone, sizeof(gone));
		bus_relid(g, VMB_MSG_RELID_RELEASED, le32_to_cpu(gone.relid));
	}
	EXPECT_OK(config_write(PARTITION "/net.0/enable", "1"));
	bus_wait_offer(g, &offer);
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
