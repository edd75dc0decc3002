// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual switches as vmbctl makes them, with real bridges, and processes that play
 * the guests on them. Each test that says that nothing comes through has another in
 * which it does.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "net.h"
#include "tap.h"

#define SWITCH		"vmbsw"
/* the kind of frame that net_frame() makes */
#define ETHERTYPE	0x88b5
#define OTHER_MAC	"\x02\x00\x00\x00\x00\x77"
#define BROADCAST	"\xff\xff\xff\xff\xff\xff"
/* a group that bridges keep to themselves */
#define LINK_GROUP	"\x01\x80\xc2\x00\x00\x0e"
#define HEAD		14
#define TAG		4
/* nothing comes in so long */
#define SILENCE_MS	300
/* seconds: each change to a switch is several programs, which take their time */
#define LIMIT		180

static __attribute__((format(printf, 1, 2))) int sh(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	fflush(stdout);
	return system(command);
}

/* Whatever a test before this one left. */
static void make_switch(const char *options)
{
	if (!config_has_module("vsp_net"))
		tap_skip("vsp_net is not loaded");
	if (sh("command -v vmbctl && command -v bridge") || sh("modprobe -q bridge"))
		tap_skip("no vmbctl, no iproute2, or no bridges in the kernel");
	sh("ip link delete dev " SWITCH " 2>/dev/null");
	EXPECT_EQ(sh("vmbctl switch create " SWITCH " %s", options), 0);
}

/* Guest @i's address; that of its interface has another first byte. */
static const char *mac_of(unsigned int i)
{
	static char mac[8][6];

	memcpy(mac[i], "\x02\x00\x00\x00\x01\x00", 6);
	mac[i][5] = i;
	return mac[i];
}

/* The offer that came to the guest becomes a NIC that works. */
static struct net *start(struct guest *g, const struct vmb_msg_offer *offer)
{
	struct net *n = calloc(1, sizeof(*n));

	EXPECT(n);
	n->tap = -1;
	chan_open(&n->ch, g, offer, 17, 0);
	net_start(n, VMB_NVSP_VERSION_6_1);
	net_initialize(n);
	return n;
}

static void wait_forwarding(const char *ifname)
{
	u64 end = guest_now_ms() + GUEST_PATIENCE;
	char path[80], state[8];

	snprintf(path, sizeof(path), "/sys/class/net/%s/brport/state", ifname);
	while (config_read(path, state, sizeof(state)) < 0 || state[0] != '3') {
		EXPECT(guest_now_ms() < end);
		usleep(10000);
	}
}

/* Partition p<i> with a guest, which has NIC net.0 with interface vmbp<i>. */
static struct net *plug(unsigned int i, const char *options)
{
	struct vmb_msg_offer offer;
	char name[16], ifname[16];
	struct guest *g;
	struct net *n;

	snprintf(name, sizeof(name), "p%u", i);
	snprintf(ifname, sizeof(ifname), "vmbp%u", i);
	config_partition(name);
	EXPECT_EQ(sh("vmbctl nic add %s net.0 --switch " SWITCH
		     " --ifname %s --mac 02:00:00:00:01:%02x %s", name, ifname, i, options), 0);
	g = guest_create(name);
	bus_connect(g, VMB_VERSION_5_3);
	EXPECT_EQ(bus_offers(g, &offer, 1), 1);
	n = start(g, &offer);
	wait_forwarding(ifname);
	return n;
}

/* The VMMs go, and then what they had. */
static void unplug(struct net *n, unsigned int i)
{
	guest_destroy(n->ch.g);
	EXPECT_EQ(sh("vmbctl nic remove p%u net.0", i), 0);
}

static void remove_switch(void)
{
	EXPECT_EQ(sh("vmbctl switch delete " SWITCH), 0);
	EXPECT_EQ(if_nametoindex(SWITCH), 0);
}

/* A frame of @len bytes without its tag; @tag is a VLAN, or 0 for none. */
static u32 make_frame(u8 *frame, const char *dest, const char *src, u32 len, u8 seed, u32 tag)
{
	net_frame(frame, dest, src, len, seed);
	if (!tag)
		return len;
	memmove(frame + 12 + TAG, frame + 12, len - 12);
	frame[12] = 0x81;
	frame[13] = 0x00;
	frame[14] = tag >> 8;
	frame[15] = tag & 0xff;
	return len + TAG;
}

static void guest_sends(struct net *n, const char *dest, const char *src, u32 len, u8 seed,
			u32 tag)
{
	u8 frame[9100], msg[9200];

	len = make_frame(frame, dest, src, len, seed, tag);
	EXPECT_EQ(net_rndis_pages(n, VMB_NVSP_CHANNEL_DATA, msg, net_packet(msg, frame, len)),
		  VMB_NVSP_STATUS_SUCCESS);
}

/* The VLAN that a message from the host tells of, 0 for none. */
static u32 tag_of(const u8 *msg, u32 len)
{
	struct vmb_rndis_packet pkt;
	struct vmb_rndis_ppi ppi;
	u32 at, end;
	__le32 value;

	memcpy(&pkt, msg + 8, sizeof(pkt));
	at = 8 + le32_to_cpu(pkt.ppi_offset);
	end = at + le32_to_cpu(pkt.ppi_len);
	if (!pkt.ppi_len)
		return 0;
	EXPECT(end <= len);
	for (; at < end; at += le32_to_cpu(ppi.size)) {
		memcpy(&ppi, msg + at, sizeof(ppi));
		EXPECT(le32_to_cpu(ppi.size) >= sizeof(ppi) + 4);
		if (le32_to_cpu(ppi.type) != VMB_PPI_8021Q)
			continue;
		memcpy(&value, msg + at + le32_to_cpu(ppi.offset), 4);
		return VMB_8021Q_ID(le32_to_cpu(value));
	}
	return 0;
}

static void guest_gets(struct net *n, const char *dest, const char *src, u32 len, u8 seed,
		       u32 tag)
{
	struct vmb_rndis_packet pkt;
	u8 frame[9100], msg[9400];
	u32 got;

	make_frame(frame, dest, src, len, seed, 0);
	got = net_recv(n, msg, sizeof(msg), GUEST_PATIENCE);
	EXPECT(got >= 8 + sizeof(pkt));
	memcpy(&pkt, msg + 8, sizeof(pkt));
	EXPECT_EQ(le32_to_cpu(pkt.data_len), len);
	EXPECT(8 + le32_to_cpu(pkt.data_offset) + len <= got);
	EXPECT(!memcmp(msg + 8 + le32_to_cpu(pkt.data_offset), frame, len));
	EXPECT_EQ(tag_of(msg, got), tag);
}

static void guest_gets_nothing(struct net *n)
{
	u8 msg[9400];

	EXPECT_EQ(net_recv(n, msg, sizeof(msg), SILENCE_MS), 0);
}

/* What the host's stack gets, and not what a capture sees. */
static int host_socket(const char *ifname)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE),
		.sll_ifindex = if_nametoindex(ifname),
	};
	int fd = EXPECT_OK(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETHERTYPE)));

	EXPECT(addr.sll_ifindex);
	EXPECT_OK(bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	return fd;
}

static bool host_hears(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	u8 frame[2048];

	while (poll(&p, 1, timeout_ms) > 0) {
		EXPECT_OK(recvfrom(fd, frame, sizeof(frame), 0, (struct sockaddr *)&from, &len));
		if (from.sll_pkttype != PACKET_OUTGOING)
			return true;
	}
	return false;
}

static void host_says(int fd, const char *dest)
{
	u8 frame[64];

	make_frame(frame, dest, "\x02\x00\x00\x00\x00\x99", 64, 9, 0);
	/* a bridge that takes nothing says nothing about it either */
	EXPECT_EQ(send(fd, frame, 64, 0), 64);
}

static void switch_mac(char *mac)
{
	char text[32], *p = text;
	int i;

	EXPECT_EQ(config_read("/sys/class/net/" SWITCH "/address", text, sizeof(text)), 18);
	for (i = 0; i < 6; i++, p++)
		mac[i] = strtoul(p, &p, 16);
}

/* Both guests reach each other, and the host only when it is to be there. */
static void two_guests(const char *options, bool with_host)
{
	int patience = with_host ? GUEST_PATIENCE : SILENCE_MS, own, port;
	char sw[6];
	struct net *a, *b;
	u8 msg[4096];

	make_switch(options);
	a = plug(1, "");
	b = plug(2, "");
	switch_mac(sw);
	own = host_socket(SWITCH);
	port = host_socket("vmbp1");

	guest_sends(a, mac_of(2), mac_of(1), 64, 1, 0);
	guest_gets(b, mac_of(2), mac_of(1), 64, 1, 0);
	guest_sends(b, mac_of(1), mac_of(2), 1514, 2, 0);
	guest_gets(a, mac_of(1), mac_of(2), 1514, 2, 0);
	EXPECT(!host_hears(own, SILENCE_MS));

	guest_sends(a, BROADCAST, mac_of(1), 64, 3, 0);
	guest_gets(b, BROADCAST, mac_of(1), 64, 3, 0);
	EXPECT_EQ(host_hears(own, patience), with_host);
	guest_sends(a, sw, mac_of(1), 64, 4, 0);
	EXPECT_EQ(host_hears(own, patience), with_host);
	EXPECT(!host_hears(port, 0));
	/* this one would go around the bridge */
	guest_sends(a, LINK_GROUP, mac_of(1), 64, 5, 0);
	EXPECT_EQ(host_hears(port, patience), with_host);
	/* a tag is no way in */
	guest_sends(a, sw, mac_of(1), 64, 6, 1);
	guest_sends(a, sw, mac_of(1), 64, 7, 7);
	if (!with_host)
		EXPECT(!host_hears(own, patience));

	host_says(own, BROADCAST);
	EXPECT_EQ(net_recv(a, msg, sizeof(msg), patience) != 0, with_host);
	EXPECT_EQ(net_recv(b, msg, sizeof(msg), patience) != 0, with_host);
	host_says(own, mac_of(1));
	EXPECT_EQ(net_recv(a, msg, sizeof(msg), patience) != 0, with_host);

	close(own);
	close(port);
	unplug(a, 1);
	unplug(b, 2);
	remove_switch();
}

TEST_LIMIT(private_isolates_the_host, LIMIT)
{
	two_guests("--type private", false);
}

TEST_LIMIT(internal_has_the_host, LIMIT)
{
	two_guests("--type internal", true);
}

/* It is in VLAN 1, as are ports of which nothing else is said. */
TEST_LIMIT(internal_with_vlans_has_the_host, LIMIT)
{
	two_guests("--type internal --vlan-filtering", true);
}

TEST_LIMIT(vlan_access, LIMIT)
{
	struct net *a, *b;

	make_switch("--type private");
	a = plug(1, "--vlan 10");
	b = plug(2, "--vlan 20");
	guest_sends(a, mac_of(2), mac_of(1), 64, 1, 0);
	guest_gets_nothing(b);
	guest_sends(a, BROADCAST, mac_of(1), 64, 2, 0);
	guest_gets_nothing(b);
	/* a guest on an access port has no other VLAN to choose */
	guest_sends(a, BROADCAST, mac_of(1), 64, 3, 20);
	guest_gets_nothing(b);
	/* live */
	EXPECT_EQ(sh("vmbctl nic set p2 net.0 --vlan 10"), 0);
	guest_sends(a, mac_of(2), mac_of(1), 64, 4, 0);
	guest_gets(b, mac_of(2), mac_of(1), 64, 4, 0);
	guest_sends(b, mac_of(1), mac_of(2), 64, 5, 0);
	guest_gets(a, mac_of(1), mac_of(2), 64, 5, 0);
	unplug(a, 1);
	unplug(b, 2);
	remove_switch();
}

TEST_LIMIT(vlan_trunk, LIMIT)
{
	struct net *a, *b;

	make_switch("--type private");
	a = plug(1, "--vlan 10");
	b = plug(2, "--trunk 10,20 --native 30");
	guest_sends(a, mac_of(2), mac_of(1), 64, 1, 0);
	guest_gets(b, mac_of(2), mac_of(1), 64, 1, 10);
	guest_sends(b, mac_of(1), mac_of(2), 64, 2, 10);
	guest_gets(a, mac_of(1), mac_of(2), 64, 2, 0);
	guest_sends(b, mac_of(1), mac_of(2), 64, 3, 20);
	guest_gets_nothing(a);
	guest_sends(b, mac_of(1), mac_of(2), 64, 4, 0);
	guest_gets_nothing(a);
	/* 40 is not on the trunk */
	EXPECT_EQ(sh("vmbctl nic set p1 net.0 --vlan 40"), 0);
	guest_sends(b, mac_of(1), mac_of(2), 64, 5, 40);
	guest_gets_nothing(a);
	/* native: no tag in either direction */
	EXPECT_EQ(sh("vmbctl nic set p1 net.0 --vlan 30"), 0);
	guest_sends(b, mac_of(1), mac_of(2), 64, 6, 0);
	guest_gets(a, mac_of(1), mac_of(2), 64, 6, 0);
	guest_sends(a, mac_of(2), mac_of(1), 64, 7, 0);
	guest_gets(b, mac_of(2), mac_of(1), 64, 7, 0);
	unplug(a, 1);
	unplug(b, 2);
	remove_switch();
}

TEST_LIMIT(spoofing, LIMIT)
{
	struct net *a, *b, *c;

	make_switch("--type private");
	a = plug(1, "");
	b = plug(2, "");
	c = plug(3, "--spoofing on");
	guest_sends(a, mac_of(2), OTHER_MAC, 64, 1, 0);
	guest_gets_nothing(b);
	/* nor in the name of the other */
	guest_sends(a, mac_of(2), mac_of(3), 64, 2, 0);
	guest_gets_nothing(b);
	guest_sends(c, mac_of(2), OTHER_MAC, 64, 3, 0);
	guest_gets(b, mac_of(2), OTHER_MAC, 64, 3, 0);
	/* not behind a guest's back */
	EXPECT(sh("vmbctl nic set p1 net.0 --spoofing on"));
	guest_sends(a, mac_of(2), mac_of(1), 64, 4, 0);
	guest_gets(b, mac_of(2), mac_of(1), 64, 4, 0);
	unplug(a, 1);
	unplug(b, 2);
	unplug(c, 3);
	remove_switch();
}

TEST_LIMIT(mtu_9000, LIMIT)
{
	struct net *a, *b, *c;

	make_switch("--type private");
	a = plug(1, "--mtu 9000");
	b = plug(2, "--mtu 9000");
	c = plug(3, "");
	guest_sends(a, mac_of(2), mac_of(1), 9014, 1, 0);
	guest_gets(b, mac_of(2), mac_of(1), 9014, 1, 0);
	guest_sends(b, mac_of(1), mac_of(2), 9014, 2, 0);
	guest_gets(a, mac_of(1), mac_of(2), 9014, 2, 0);
	/* who has less gets no more */
	guest_sends(a, mac_of(3), mac_of(1), 9014, 3, 0);
	guest_gets_nothing(c);
	guest_sends(a, mac_of(3), mac_of(1), 1514, 4, 0);
	guest_gets(c, mac_of(3), mac_of(1), 1514, 4, 0);
	unplug(a, 1);
	unplug(b, 2);
	unplug(c, 3);
	remove_switch();
}

/* net.1 of guest 2 comes and goes, with traffic to it, while net.0 has all of its own. */
TEST_LIMIT(hot_add_and_remove, LIMIT)
{
	unsigned int round, i, rounds = config_is_debug() ? 3 : 8;
	struct vmb_msg_offer offer;
	struct vmb_msg_relid m;
	struct net *a, *b, *c;
	u32 sent = 0;
	int status;
	pid_t pid;

	make_switch("--type private");
	a = plug(1, "");
	b = plug(2, "");
	for (round = 0; round < rounds; round++) {
		EXPECT_EQ(sh("vmbctl nic add p2 net.1 --switch " SWITCH
			     " --ifname vmbp3 --mac 02:00:00:00:01:03"), 0);
		bus_wait_offer(b->ch.g, &offer);
		c = start(b->ch.g, &offer);
		wait_forwarding("vmbp3");
		for (i = 0; i < 20; i++, sent++) {
			guest_sends(a, mac_of(3), mac_of(1), 64 + 10 * i, i, 0);
			guest_gets(c, mac_of(3), mac_of(1), 64 + 10 * i, i, 0);
			guest_sends(c, mac_of(1), mac_of(3), 64 + 10 * i, i, 0);
			guest_gets(a, mac_of(1), mac_of(3), 64 + 10 * i, i, 0);
			guest_sends(a, mac_of(2), mac_of(1), 64 + 10 * i, i, 0);
			guest_gets(b, mac_of(2), mac_of(1), 64 + 10 * i, i, 0);
		}
		fflush(stdout);
		pid = EXPECT_OK(fork());
		if (!pid)
			_exit(sh("vmbctl nic remove p2 net.1") ? 1 : 0);
		/* nobody takes what is for net.1; what has no port goes to all */
		do {
			guest_sends(a, mac_of(3), mac_of(1), 1514, sent, 0);
			guest_sends(a, mac_of(2), mac_of(1), 1514, sent, 0);
			guest_gets(b, mac_of(2), mac_of(1), 1514, sent++, 0);
		} while (!EXPECT_OK(waitpid(pid, &status, WNOHANG)));
		EXPECT_EQ(status, 0);
		EXPECT_EQ(if_nametoindex("vmbp3"), 0);
		guest_wait(b->ch.g, VMB_MSG_RESCIND, &m, sizeof(m));
		EXPECT_EQ(le32_to_cpu(m.relid), c->ch.relid);
		bus_relid(b->ch.g, VMB_MSG_RELID_RELEASED, c->ch.relid);
		free(c);
	}
	printf("# %u frames\n", sent);
	unplug(a, 1);
	unplug(b, 2);
	remove_switch();
}

/* One guest's frames make no sense; those of the others come through as they are. */
TEST_LIMIT(hostile_neighbour, LIMIT)
{
	struct net *a, *b, *c;
	u32 i, k, len, status, seed = 1, refused = 0;
	u8 frame[64], msg[512];

	make_switch("--type private");
	a = plug(1, "");
	b = plug(2, "");
	c = plug(3, "");
	for (i = 0; i < (config_is_debug() ? 300 : 2000); i++) {
		make_frame(frame, mac_of(2), mac_of(3), 64, 0xee, 0);
		len = net_packet(msg, frame, 64);
		seed = seed * 1664525 + 1013904223;
		/* any word of the message, or its source */
		k = seed >> 8 & 0xffffff;
		if (i % 12 == 11)
			memcpy(msg + 44 + 6, mac_of(1), 6);
		else
			memcpy(msg + 4 * (i % 12), &k, 4);
		status = net_rndis(c, i / 12 & 1, msg, len);
		EXPECT(status == VMB_NVSP_STATUS_SUCCESS ||
		       status == VMB_NVSP_STATUS_INVALID_RNDIS);
		refused += status == VMB_NVSP_STATUS_INVALID_RNDIS;
		c->stash_first = c->nr_stash;
		len = 64 + i % 1451;
		guest_sends(a, mac_of(2), mac_of(1), len, i, 0);
		do {
			/* what happened to be a good frame came first */
			struct vmb_rndis_packet pkt;
			u8 got[4096], *data;

			EXPECT(net_recv(b, got, sizeof(got), GUEST_PATIENCE));
			memcpy(&pkt, got + 8, sizeof(pkt));
			data = got + 8 + le32_to_cpu(pkt.data_offset);
			if (!memcmp(data + 6, mac_of(3), 6))
				continue;
			EXPECT_EQ(le32_to_cpu(pkt.data_len), len);
			EXPECT(!memcmp(data + 6, mac_of(1), 6));
			for (k = HEAD; k < len; k++)
				EXPECT_EQ(data[k], (u8)(k * 7 + i));
			break;
		} while (1);
	}
	EXPECT(refused > 0);
	unplug(a, 1);
	unplug(b, 2);
	unplug(c, 3);
	remove_switch();
}

/*
 * All kinds of packets as fast as they go. A scenario with other guests names the
 * partition of this one, FLOOD_PARTITION, whose only device is a NIC, and how long it
 * takes, FLOOD_SECONDS.
 */
TEST_LIMIT(flood, 600)
{
	const char *partition = getenv("FLOOD_PARTITION"), *seconds = getenv("FLOOD_SECONDS");
	u32 i, k, len, seed = 1, refused = 0;
	struct vmb_msg_offer offer;
	u8 frame[1514], msg[2048];
	struct guest *g;
	struct net *n;
	u64 end;

	if (partition) {
		g = guest_create(partition);
		bus_connect(g, VMB_VERSION_5_3);
		EXPECT_EQ(bus_offers(g, &offer, 1), 1);
		n = start(g, &offer);
	} else {
		make_switch("--type private");
		n = plug(1, "");
	}
	end = guest_now_ms() + (seconds ? atoi(seconds) : 1) * 1000ULL;
	for (i = 0; guest_now_ms() < end; i++) {
		seed = seed * 1664525 + 1013904223;
		k = seed >> 8 & 0xffff;
		make_frame(frame, BROADCAST, mac_of(1), 64 + k % 1451, i, 0);
		len = net_packet(msg, frame, 64 + k % 1451);
		k = seed >> seed % 29;
		/* a word of the head, the length of all, a source that is another's, or well */
		if (i % 4 == 0)
			memcpy(msg + 4 * (i / 4 % 11), &k, 4);
		else if (i % 4 == 1)
			len = k % 6144;
		else if (i % 4 == 2)
			memcpy(msg + 44 + 6, &k, 4);
		refused += net_rndis_raw(n, i / 4 & 1, 0, 0) != VMB_NVSP_STATUS_SUCCESS;
		refused += net_rndis(n, i % 16 == 15, msg, len < sizeof(msg) ? len : sizeof(msg)) !=
			   VMB_NVSP_STATUS_SUCCESS;
		n->stash_first = n->nr_stash;
	}
	printf("# %u packets, %u refused\n", 2 * i, refused);
	EXPECT(refused > i / 2);
	if (partition) {
		guest_destroy(g);
		return;
	}
	unplug(n, 1);
	remove_switch();
}
