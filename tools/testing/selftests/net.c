// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's half of the network protocol, and the netdev at the host's end.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"
#include "net.h"
#include "tap.h"

#define NIC		PARTITION "/net.0"
#define IFNAME		"vmbtest0"
#define QDISC		"/proc/sys/net/core/default_qdisc"
/* not one that any stack listens to */
#define ETHERTYPE	0x88b5

void net_dev_up(bool up)
{
	int fd = EXPECT_OK(socket(AF_INET, SOCK_DGRAM, 0));
	struct ifreq req = { .ifr_name = IFNAME, .ifr_flags = up ? IFF_UP : 0 };

	EXPECT_OK(ioctl(fd, SIOCSIFFLAGS, &req));
	close(fd);
}

bool net_unlimited(u32 queue)
{
	char path[128];

	snprintf(path, sizeof(path),
		 "/sys/class/net/" IFNAME "/queues/tx-%u/byte_queue_limits/limit_min", queue);
	if (access(path, F_OK))
		return false;
	EXPECT_OK(config_write(path, "100000000"));
	return true;
}

struct guest *net_guest(const char *attr, const char *value)
{
	struct guest *g;
	char path[64];

	if (!config_has_module("vsp_net"))
		tap_skip("vsp_net is not loaded");
	/* one that drops nothing that has to wait; a kernel without has no other */
	if (!access(QDISC, F_OK))
		EXPECT_OK(config_write(QDISC, "pfifo_fast"));
	config_partition(PARTITION);
	EXPECT_OK(config_mkdir(NIC));
	EXPECT_OK(config_write(NIC "/ifname", IFNAME));
	EXPECT_OK(config_write(NIC "/mac", "02:00:00:00:00:01"));
	if (attr) {
		snprintf(path, sizeof(path), NIC "/%s", attr);
		EXPECT_OK(config_write(path, "%s", value));
	}
	EXPECT_OK(config_write(NIC "/enable", "1"));
	/* nothing of its own accord; a kernel without has no such file */
	config_write("/proc/sys/net/ipv6/conf/" IFNAME "/disable_ipv6", "1");
	net_dev_up(true);
	g = guest_create(PARTITION);
	bus_connect(g, VMB_VERSION_5_3);
	return g;
}

struct net *net_open(struct guest *g)
{
	struct net *n = calloc(1, sizeof(*n));
	struct vmb_msg_offer offer;
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE),
	};

	EXPECT(n);
	EXPECT_EQ(bus_offers(g, &offer, 1), 1);
	chan_open(&n->ch, g, &offer, 17, 0);
	n->ifindex = if_nametoindex(IFNAME);
	EXPECT(n->ifindex);
	n->tap = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETHERTYPE));
	if (n->tap < 0 && errno == EAFNOSUPPORT)
		return n;
	EXPECT_OK(n->tap);
	addr.sll_ifindex = n->ifindex;
	EXPECT_OK(bind(n->tap, (struct sockaddr *)&addr, sizeof(addr)));
	return n;
}

void net_give_back(struct net *n, u64 id)
{
	struct {
		__le32 type;
		__le32 status;
	} done = {
		cpu_to_le32(VMB_NVSP_RNDIS_COMPLETE),
		cpu_to_le32(VMB_NVSP_STATUS_SUCCESS),
	};

	EXPECT_EQ(chan_send(&n->ch, VMB_PKT_COMPLETION, 0, id, NULL, 0, &done,
			    sizeof(done), false), 0);
}

/* A message in the receive buffer, if that is what the packet tells of. */
static u32 take(struct net *n, const struct vmb_packet *in, void *buf, u32 size)
{
	struct vmb_rndis_indicate_status status;
	struct vmb_rndis_head head;
	struct vmb_nvsp_table_msg table;
	u32 offset, len, i;
	const u8 *at;

	if (in->type == VMB_PKT_INBAND) {
		EXPECT(in->len >= sizeof(table));
		memcpy(&table, in->data, sizeof(table));
		EXPECT_EQ(le32_to_cpu(table.type), VMB_NVSP_INDIRECTION_TABLE);
		EXPECT_EQ(le32_to_cpu(table.count), VMB_NVSP_TABLE_ENTRIES);
		EXPECT_EQ(le32_to_cpu(table.offset), 12);
		for (i = 0; i < VMB_NVSP_TABLE_ENTRIES; i++)
			n->table[i] = le32_to_cpu(table.entry[i]);
		n->nr_tables++;
		return 0;
	}
	EXPECT_EQ(in->type, VMB_PKT_XFER_PAGES);
	EXPECT_EQ(in->pageset_id, VMB_NVSP_RECV_BUF_ID);
	EXPECT_EQ(vmb_packet_xfer_range(in, 0, &offset, &len), 0);
	EXPECT(offset % n->section == 0 && offset / n->section < n->sections);
	EXPECT(len <= n->section && len <= size && len >= sizeof(head));
	at = (u8 *)guest_ptr(n->ch.g, n->recv) + offset;
	memcpy(buf, at, len);
	n->frame_id = in->trans_id;
	if (!n->hold)
		net_give_back(n, in->trans_id);
	memcpy(&head, buf, sizeof(head));
	EXPECT_EQ(le32_to_cpu(head.len), len);
	n->nr_taken++;
	if (le32_to_cpu(head.type) == (VMB_RNDIS_QUERY | VMB_RNDIS_COMPLETE))
		n->answered_at = n->nr_taken;
	if (le32_to_cpu(head.type) != VMB_RNDIS_INDICATE_STATUS)
		return len;
	n->indicated_at = n->nr_taken;
	memcpy(&status, (u8 *)buf + sizeof(head), sizeof(status));
	n->indicated = le32_to_cpu(status.status);
	return 0;
}

u32 net_recv(struct net *n, void *buf, u32 size, int timeout_ms)
{
	struct vmb_packet in;
	u32 len;

	if (n->stash_first != n->nr_stash) {
		u32 i = n->stash_first++ % NET_STASH;

		EXPECT(n->stash_len[i] <= size);
		memcpy(buf, n->stash[i], n->stash_len[i]);
		return n->stash_len[i];
	}
	do {
		if (!chan_recv(&n->ch, &in, timeout_ms))
			return 0;
		len = take(n, &in, buf, size);
	} while (!len);
	return len;
}

/* What the per-packet information of a message says; 0 if it is not there. */
static u32 ppi_value(const u8 *msg, u32 type)
{
	struct vmb_rndis_packet pkt;
	struct vmb_rndis_ppi ppi;
	u32 at, end, value;

	memcpy(&pkt, msg + 8, sizeof(pkt));
	at = le32_to_cpu(pkt.ppi_offset) + 8;
	end = at + le32_to_cpu(pkt.ppi_len);
	for (; at < end; at += le32_to_cpu(ppi.size)) {
		memcpy(&ppi, msg + at, sizeof(ppi));
		EXPECT(le32_to_cpu(ppi.size) >= 16 && le32_to_cpu(ppi.size) <= end - at);
		if (le32_to_cpu(ppi.type) != type)
			continue;
		memcpy(&value, msg + at + le32_to_cpu(ppi.offset), 4);
		return value;
	}
	return 0;
}

u32 net_recv_pieces(struct net *n, u8 *frame, u32 size, u32 *nr, int timeout_ms)
{
	u32 offset, len, i, id, want, at = 0;
	const struct vmb_rndis_packet *pkt;
	struct vmb_packet in;
	const u8 *msg;

	EXPECT_EQ(n->stash_first, n->nr_stash);
	if (!chan_recv(&n->ch, &in, timeout_ms))
		return 0;
	EXPECT_EQ(in.type, VMB_PKT_XFER_PAGES);
	EXPECT_EQ(in.pageset_id, VMB_NVSP_RECV_BUF_ID);
	*nr = in.nr_ranges;
	for (i = 0; i < in.nr_ranges; i++) {
		EXPECT_EQ(vmb_packet_xfer_range(&in, i, &offset, &len), 0);
		EXPECT(offset % n->section == 0 && offset / n->section < n->sections);
		EXPECT(len <= n->section && len > 8 + sizeof(*pkt));
		msg = (u8 *)guest_ptr(n->ch.g, n->recv) + offset;
		pkt = (const void *)(msg + 8);
		id = ppi_value(msg, VMB_PPI_ID);
		if (!i)
			n->csum = ppi_value(msg, VMB_PPI_CHECKSUM);
		want = VMB_ID_VERSION | VMB_ID_PIECE | (i ? 0 : VMB_ID_FIRST) |
		       (i + 1 < in.nr_ranges ? 0 : VMB_ID_LAST);
		EXPECT_EQ(id & 0xffff, want);
		EXPECT_EQ(8 + le32_to_cpu(pkt->data_offset) + le32_to_cpu(pkt->data_len), len);
		EXPECT(le32_to_cpu(pkt->data_len) <= size - at);
		memcpy(frame + at, msg + 8 + le32_to_cpu(pkt->data_offset),
		       le32_to_cpu(pkt->data_len));
		at += le32_to_cpu(pkt->data_len);
	}
	n->frame_id = in.trans_id;
	if (!n->hold)
		net_give_back(n, in.trans_id);
	return at;
}

static u32 reply(struct net *n, u64 id, struct vmb_nvsp_msg *msg)
{
	struct vmb_packet in;
	u32 i;

	for (;;) {
		if (!chan_recv(&n->ch, &in, GUEST_PATIENCE))
			tap_fail(__FILE__, __LINE__, "%#llx was not answered",
				 (unsigned long long)id);
		if (in.type == VMB_PKT_COMPLETION)
			break;
		/* frames and indications may come at any time, answers before this one */
		i = n->nr_stash % NET_STASH;
		n->stash_len[i] = take(n, &in, n->stash[i], NET_STASH_BYTES);
		if (n->stash_len[i])
			n->nr_stash++;
		EXPECT(n->nr_stash - n->stash_first < NET_STASH);
	}
	EXPECT_EQ(in.trans_id, id);
	memset(msg, 0, sizeof(*msg));
	memcpy(msg, in.data, in.len < sizeof(*msg) ? in.len : sizeof(*msg));
	return in.len;
}

u32 net_ask(struct net *n, struct vmb_nvsp_msg *msg)
{
	u64 id = 0x1234567800000000ULL | ++n->next_id;

	EXPECT_EQ(chan_send(&n->ch, VMB_PKT_INBAND, VMB_PKT_COMPLETION_REQUESTED, id,
			    NULL, 0, msg, sizeof(*msg), false), 0);
	return reply(n, id, msg);
}

void net_tell(struct net *n, const struct vmb_nvsp_msg *msg, u32 len)
{
	EXPECT_EQ(chan_send(&n->ch, VMB_PKT_INBAND, 0, ++n->next_id, NULL, 0, msg, len,
			    false), 0);
}

u32 net_init(struct net *n, u32 version)
{
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(VMB_NVSP_INIT),
		.init.min_version = cpu_to_le32(version),
		.init.max_version = cpu_to_le32(version),
	};

	net_ask(n, &msg);
	EXPECT_EQ(le32_to_cpu(msg.type), VMB_NVSP_INIT_COMPLETE);
	return le32_to_cpu(msg.init_complete.status);
}

u32 net_recv_buf(struct net *n, u32 gpadl)
{
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(VMB_NVSP_RECV_BUF),
		.buf.gpadl = cpu_to_le32(gpadl),
		.buf.id = cpu_to_le16(VMB_NVSP_RECV_BUF_ID),
	};

	net_ask(n, &msg);
	EXPECT_EQ(le32_to_cpu(msg.type), VMB_NVSP_RECV_BUF_COMPLETE);
	n->section = le32_to_cpu(msg.recv_buf_complete.section.size);
	n->sections = le32_to_cpu(msg.recv_buf_complete.section.count);
	return le32_to_cpu(msg.recv_buf_complete.status);
}

void net_start(struct net *n, u32 version)
{
	struct guest *g = n->ch.g;
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(VMB_NVSP_NDIS_CONFIG),
		.ndis_config.mtu = cpu_to_le32(1514),
		.ndis_config.capabilities = cpu_to_le64(n->caps),
	};

	EXPECT_EQ(net_init(n, version), VMB_NVSP_STATUS_SUCCESS);
	if (version > VMB_NVSP_VERSION_1)
		net_tell(n, &msg, VMB_NVSP_BYTES_V1);
	msg = (struct vmb_nvsp_msg){
		.type = cpu_to_le32(VMB_NVSP_NDIS_VERSION),
		.ndis_version.major = cpu_to_le32(6),
		.ndis_version.minor = cpu_to_le32(30),
	};
	net_tell(n, &msg, VMB_NVSP_BYTES_V1);

	n->recv = guest_alloc(g, NET_RECV_PAGES);
	n->recv_gpadl = g->next_gpadl++;
	EXPECT_EQ(bus_gpadl_create(g, n->ch.relid, n->recv_gpadl, n->recv,
				   NET_RECV_PAGES), VMB_STATUS_SUCCESS);
	EXPECT_EQ(net_recv_buf(n, n->recv_gpadl), VMB_NVSP_STATUS_SUCCESS);
	EXPECT(n->section >= 1514 && n->sections * n->section <=
	       NET_RECV_PAGES * VMB_PAGE_SIZE);

	n->send = guest_alloc(g, NET_SEND_PAGES);
	n->send_gpadl = g->next_gpadl++;
	EXPECT_EQ(bus_gpadl_create(g, n->ch.relid, n->send_gpadl, n->send,
				   NET_SEND_PAGES), VMB_STATUS_SUCCESS);
	msg = (struct vmb_nvsp_msg){
		.type = cpu_to_le32(VMB_NVSP_SEND_BUF),
		.buf.gpadl = cpu_to_le32(n->send_gpadl),
		.buf.id = cpu_to_le16(VMB_NVSP_SEND_BUF_ID),
	};
	net_ask(n, &msg);
	EXPECT_EQ(le32_to_cpu(msg.type), VMB_NVSP_SEND_BUF_COMPLETE);
	EXPECT_EQ(le32_to_cpu(msg.send_buf_complete.status), VMB_NVSP_STATUS_SUCCESS);
	EXPECT_EQ(le32_to_cpu(msg.send_buf_complete.section_size), 6144);
}

u32 net_rndis_raw(struct net *n, u32 channel, u32 section, u32 len)
{
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(VMB_NVSP_RNDIS),
		.rndis.channel = cpu_to_le32(channel),
		.rndis.section = cpu_to_le32(section),
		.rndis.section_len = cpu_to_le32(len),
	};

	net_ask(n, &msg);
	EXPECT_EQ(le32_to_cpu(msg.type), VMB_NVSP_RNDIS_COMPLETE);
	return le32_to_cpu(msg.status.status);
}

u32 net_rndis(struct net *n, u32 channel, const void *data, u32 len)
{
	memcpy(guest_ptr(n->ch.g, n->send), data, len);
	return net_rndis_raw(n, channel, 0, len);
}

u32 net_rndis_pages(struct net *n, u32 channel, const void *data, u32 len)
{
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(VMB_NVSP_RNDIS),
		.rndis.channel = cpu_to_le32(channel),
		.rndis.section = cpu_to_le32(VMB_NVSP_NO_SECTION),
	};
	u64 id = ++n->next_id, head[2 + 20];
	u32 pages = (len + VMB_PAGE_SIZE - 1) / VMB_PAGE_SIZE, i;
	__le32 *word = (__le32 *)head;

	EXPECT(pages <= 20);
	memcpy(guest_ptr(n->ch.g, n->send), data, len);
	word[0] = 0;
	word[1] = cpu_to_le32(1);
	word[2] = cpu_to_le32(len);
	word[3] = 0;
	for (i = 0; i < pages; i++)
		head[2 + i] = cpu_to_le64(n->send / VMB_PAGE_SIZE + i);
	EXPECT_EQ(chan_send(&n->ch, VMB_PKT_GPA_DIRECT, VMB_PKT_COMPLETION_REQUESTED, id,
			    head, 8 * (2 + pages), &msg, sizeof(msg), false), 0);
	reply(n, id, &msg);
	return le32_to_cpu(msg.status.status);
}

static u32 request(struct net *n, u32 type, u32 oid, const void *in, u32 in_len,
		   u8 *out, u32 size)
{
	struct {
		struct vmb_rndis_head head;
		struct vmb_rndis_request req;
		u8 info[512];
	} msg = {
		.head.type = cpu_to_le32(type),
		.head.len = cpu_to_le32(28 + in_len),
		.req.request_id = cpu_to_le32(++n->next_id),
		.req.oid = cpu_to_le32(oid),
		.req.len = cpu_to_le32(in_len),
		.req.offset = cpu_to_le32(20),
	};
	struct vmb_rndis_head head;
	u32 len, id;

	if (in_len)
		memcpy(msg.info, in, in_len);
	EXPECT_EQ(net_rndis(n, VMB_NVSP_CHANNEL_CONTROL, &msg, 28 + in_len),
		  VMB_NVSP_STATUS_SUCCESS);
	len = net_recv(n, out, size, GUEST_PATIENCE);
	EXPECT(len >= 16);
	memcpy(&head, out, sizeof(head));
	EXPECT_EQ(le32_to_cpu(head.type), type | VMB_RNDIS_COMPLETE);
	memcpy(&id, out + 8, 4);
	EXPECT_EQ(id, n->next_id - 1);
	return len;
}

u32 net_query(struct net *n, u32 oid, void *buf, u32 size, u32 *status)
{
	struct vmb_rndis_query_complete c;
	u8 out[16384];
	u32 len = request(n, VMB_RNDIS_QUERY, oid, NULL, 0, out, sizeof(out));

	EXPECT(len >= 8 + sizeof(c));
	memcpy(&c, out + 8, sizeof(c));
	*status = le32_to_cpu(c.status);
	EXPECT_EQ(le32_to_cpu(c.len) + 8 + sizeof(c), len);
	EXPECT(le32_to_cpu(c.len) <= size);
	memcpy(buf, out + 8 + le32_to_cpu(c.offset), le32_to_cpu(c.len));
	return le32_to_cpu(c.len);
}

u32 net_set(struct net *n, u32 oid, const void *buf, u32 len)
{
	u8 out[16384];
	u32 status;

	request(n, VMB_RNDIS_SET, oid, buf, len, out, sizeof(out));
	memcpy(&status, out + 12, 4);
	return status;
}

struct net *net_up(struct guest *g)
{
	struct net *n = net_open(g);

	net_start(n, VMB_NVSP_VERSION_6_1);
	net_initialize(n);
	return n;
}

void net_initialize(struct net *n)
{
	struct {
		struct vmb_rndis_head head;
		struct vmb_rndis_initialize init;
	} msg = {
		.head.type = cpu_to_le32(VMB_RNDIS_INITIALIZE),
		.head.len = cpu_to_le32(sizeof(msg)),
		.init.request_id = cpu_to_le32(7),
		.init.major = cpu_to_le32(1),
		.init.max_transfer = cpu_to_le32(0x4000),
	};
	struct vmb_rndis_initialize_complete c;
	__le32 filter = cpu_to_le32(VMB_NDIS_FILTER_DIRECTED | VMB_NDIS_FILTER_BROADCAST);
	u8 out[16384];

	/* of what was before */
	n->stash_first = n->nr_stash;
	EXPECT_EQ(net_rndis(n, VMB_NVSP_CHANNEL_CONTROL, &msg, sizeof(msg)),
		  VMB_NVSP_STATUS_SUCCESS);
	EXPECT_EQ(net_recv(n, out, sizeof(out), GUEST_PATIENCE), 8 + sizeof(c));
	memcpy(&c, out + 8, sizeof(c));
	EXPECT_EQ(le32_to_cpu(c.request_id), 7);
	EXPECT_EQ(le32_to_cpu(c.status), VMB_RNDIS_STATUS_SUCCESS);
	EXPECT_EQ(net_set(n, VMB_OID_GEN_CURRENT_PACKET_FILTER, &filter, 4), 0);
	/* the stack learns of the carrier in its own time */
	usleep(100000);
}

u32 net_simple(struct net *n, u32 type)
{
	struct {
		struct vmb_rndis_head head;
		__le32 id;
	} msg = {
		.head.type = cpu_to_le32(type),
		.head.len = cpu_to_le32(sizeof(msg)),
		.id = cpu_to_le32(++n->next_id),
	};
	u32 id = n->next_id, status;
	u8 out[4096];

	EXPECT_EQ(net_rndis(n, VMB_NVSP_CHANNEL_CONTROL, &msg, sizeof(msg)),
		  VMB_NVSP_STATUS_SUCCESS);
	if (type == VMB_RNDIS_HALT)
		return 0;
	EXPECT_EQ(net_recv(n, out, sizeof(out), GUEST_PATIENCE), 16);
	memcpy(&status, out, 4);
	EXPECT_EQ(status, type | VMB_RNDIS_COMPLETE);
	/* the answer to RESET has no id */
	if (type == VMB_RNDIS_RESET) {
		memcpy(&status, out + 8, 4);
		return status;
	}
	memcpy(&status, out + 8, 4);
	EXPECT_EQ(status, id);
	memcpy(&status, out + 12, 4);
	return status;
}

u32 net_subchannels(struct net *n, u32 operation, u32 *count)
{
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(VMB_NVSP_SUBCHANNEL),
		.subchannel.operation = cpu_to_le32(operation),
		.subchannel.count = cpu_to_le32(*count),
	};

	net_ask(n, &msg);
	EXPECT_EQ(le32_to_cpu(msg.type), VMB_NVSP_SUBCHANNEL);
	*count = le32_to_cpu(msg.subchannel_complete.count);
	return le32_to_cpu(msg.subchannel_complete.status);
}

/* It shares the buffers of @n. */
struct net *net_sub(const struct net *n, const struct vmb_msg_offer *offer, u32 vp)
{
	struct net *sub = calloc(1, sizeof(*sub));

	EXPECT(sub);
	chan_open(&sub->ch, n->ch.g, offer, 17, vp);
	sub->recv = n->recv;
	sub->send = n->send;
	sub->section = n->section;
	sub->sections = n->sections;
	sub->tap = n->tap;
	sub->ifindex = n->ifindex;
	return sub;
}

struct net *net_up_multi(struct guest *g, struct net **sub, u32 nr)
{
	char path[80];
	struct vmb_msg_offer offer;
	u32 i, count = nr;
	struct net *n;

	while (g->nr_vps < 1 + nr)
		guest_add_vp(g);
	n = net_up(g);
	EXPECT_EQ(net_subchannels(n, VMB_NVSP_SUBCHANNEL_ALLOCATE, &count),
		  VMB_NVSP_STATUS_SUCCESS);
	EXPECT_EQ(count, nr);
	for (i = 0; i < nr; i++) {
		bus_wait_offer(g, &offer);
		EXPECT_EQ(le16_to_cpu(offer.sub_channel_index), i + 1);
		sub[i] = net_sub(n, &offer, i + 1);
	}
	/* the netdev gets its queues in its own time */
	snprintf(path, sizeof(path), "/sys/class/net/" IFNAME "/queues/tx-%u", nr);
	for (i = 0; access(path, F_OK) && i < GUEST_PATIENCE / 10; i++)
		usleep(10000);
	EXPECT(!access(path, F_OK));
	return n;
}

static const u8 net_rss_key[VMB_NDIS_RSS_KEY_BYTES] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/* As Linux sends it: 40 bytes, the table, the key; no more than request() takes. */
u32 net_rss(struct net *n, const u32 *table, u32 entries, u32 flags)
{
	u8 buf[40 + 4 * 64 + VMB_NDIS_RSS_KEY_BYTES] = {};
	struct vmb_ndis_rss_params par = {
		.header.type = VMB_NDIS_OBJECT_RSS_PARAMETERS,
		.header.revision = 2,
		.header.size = cpu_to_le16(40),
		.flags = cpu_to_le16(flags),
		.hash = cpu_to_le32(VMB_NDIS_HASH_TOEPLITZ | VMB_NDIS_HASH_IPV4 |
				    VMB_NDIS_HASH_TCP_IPV4 | VMB_NDIS_HASH_IPV6 |
				    VMB_NDIS_HASH_TCP_IPV6),
		.table_size = cpu_to_le16(4 * entries),
		.table_offset = cpu_to_le32(40),
		.key_size = cpu_to_le16(VMB_NDIS_RSS_KEY_BYTES),
		.key_offset = cpu_to_le32(40 + 4 * entries),
	};

	EXPECT(entries <= 64);
	memcpy(buf, &par, sizeof(par));
	memcpy(buf + 40, table, 4 * entries);
	memcpy(buf + 40 + 4 * entries, net_rss_key, sizeof(net_rss_key));
	return net_set(n, VMB_OID_GEN_RECEIVE_SCALE_PARAMETERS, buf,
		       40 + 4 * entries + sizeof(net_rss_key));
}

u32 net_tcp_frame(u8 *frame, const char *dest, const char *src)
{
	static const u8 ip[] = {
		0x45, 0, 0, 46, 0, 0, 0, 0, 64, 6, 0, 0, 66, 9, 149, 187, 161, 142, 100, 80,
		2794 >> 8, 2794 & 255, 1766 >> 8, 1766 & 255,
	};

	memset(frame, 0, 60);
	memcpy(frame, dest, 6);
	memcpy(frame + 6, src, 6);
	frame[12] = 8;
	memcpy(frame + 14, ip, sizeof(ip));
	return 60;
}

u32 net_hash(const u8 *msg)
{
	return ppi_value(msg, VMB_PPI_HASH);
}

/* As Linux sends it. */
u32 net_rsc(struct net *n, u8 v4, u8 v6)
{
	u8 buf[28] = {};
	struct vmb_ndis_offload_params3 par = {
		.par.header.type = VMB_NDIS_OBJECT_DEFAULT,
		.par.header.revision = 3,
		.par.header.size = cpu_to_le16(sizeof(buf)),
		.rsc4 = v4,
		.rsc6 = v6,
	};

	memcpy(buf, &par, sizeof(par));
	return net_set(n, VMB_OID_TCP_OFFLOAD_PARAMETERS, buf, sizeof(buf));
}

u32 net_tcp_rx(struct net *n)
{
	u8 buf[28] = {};
	struct vmb_ndis_offload_params3 par = {
		.par.header.type = VMB_NDIS_OBJECT_DEFAULT,
		.par.header.revision = 3,
		.par.header.size = cpu_to_le16(sizeof(buf)),
		.par.tcp4_csum = VMB_NDIS_OFFLOAD_RX,
		.par.tcp6_csum = VMB_NDIS_OFFLOAD_RX,
	};

	memcpy(buf, &par, sizeof(par));
	return net_set(n, VMB_OID_TCP_OFFLOAD_PARAMETERS, buf, sizeof(buf));
}

static u32 sum_add(u32 sum, const u8 *data, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? data[i] : data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* The sum of addresses, protocol and length. */
static u32 pseudo_sum(const u8 *frame, u32 len)
{
	bool ipv6 = frame[12] == 0x86;
	u32 sum = 6 + len - (net_tcp_head(frame) - 20);

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ipv6 ? sum_add(sum, frame + 14 + 8, 32) : sum_add(sum, frame + 14 + 12, 8);
}

u32 net_tcp_head(const u8 *frame)
{
	return 14 + (frame[12] == 0x86 ? 40 : 20) + 20;
}

bool net_tcp_good(const u8 *frame, u32 len)
{
	u32 l4 = net_tcp_head(frame) - 20;

	return sum_add(pseudo_sum(frame, len), frame + l4, len - l4) == 0xffff;
}

u32 net_segments(u8 *frame, const char *dest, const char *src, bool ipv6, u32 payload,
		 u8 seed)
{
	static const u8 ip4[20] = {
		0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 77, 0, 1, 10, 77, 0, 2,
	};
	static const u8 ip6[40] = {
		0x60, 0, 0, 0, 0, 0, 6, 64, [8] = 0xfd, [23] = 1, [24] = 0xfd, [39] = 2,
	};
	static const u8 tcp[20] = { 0x12, 0x34, 0x43, 0x21, [12] = 0x50, 0x10, 0xff, 0xff };
	u32 head = 14 + (ipv6 ? 40 : 20) + 20, len = head + payload, ip_len, sum, i;

	memcpy(frame, dest, 6);
	memcpy(frame + 6, src, 6);
	frame[12] = ipv6 ? 0x86 : 8;
	frame[13] = ipv6 ? 0xdd : 0;
	if (ipv6) {
		memcpy(frame + 14, ip6, sizeof(ip6));
		ip_len = len - 14 - 40;
		frame[18] = ip_len >> 8;
		frame[19] = ip_len;
	} else {
		memcpy(frame + 14, ip4, sizeof(ip4));
		ip_len = len - 14;
		frame[16] = ip_len >> 8;
		frame[17] = ip_len;
		sum = ~sum_add(0, frame + 14, 20);
		frame[24] = sum >> 8;
		frame[25] = sum;
	}
	memcpy(frame + head - 20, tcp, sizeof(tcp));
	sum = pseudo_sum(frame, len);
	frame[head - 4] = sum >> 8;
	frame[head - 3] = sum;
	for (i = head; i < len; i++)
		frame[i] = i * 7 + i / 256 + seed;
	return len;
}

void net_segments_send(struct net *n, const u8 *frame, u32 len, u32 mss)
{
	bool ipv6 = frame[12] == 0x86;
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ipv6 ? 0x86dd : 0x800),
		.sll_ifindex = n->ifindex,
	};
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4,
		.hdr_len = net_tcp_head(frame),
		.gso_size = mss,
		.csum_start = net_tcp_head(frame) - 20,
		.csum_offset = 16,
	};
	struct iovec iov[] = { { &hdr, sizeof(hdr) }, { (void *)frame, len } };
	struct msghdr msg = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = iov,
		.msg_iovlen = 2,
	};
	static int fd = -1;
	int on = 1, room = 64 << 20;

	net_tap(n);
	if (fd < 0) {
		fd = EXPECT_OK(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
		EXPECT_OK(setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)));
		EXPECT_OK(setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)));
	}
	EXPECT_EQ(sendmsg(fd, &msg, 0), sizeof(hdr) + len);
}

bool net_dev_tso(void)
{
	int fd = EXPECT_OK(socket(AF_INET, SOCK_DGRAM, 0));
	struct ethtool_value value = { .cmd = ETHTOOL_GTSO };
	struct ifreq req = { .ifr_name = IFNAME, .ifr_data = (void *)&value };

	EXPECT_OK(ioctl(fd, SIOCETHTOOL, &req));
	close(fd);
	return value.data;
}

u32 net_packet(u8 *msg, const void *frame, u32 len)
{
	struct vmb_rndis_head head = {
		.type = cpu_to_le32(VMB_RNDIS_PACKET),
		.len = cpu_to_le32(44 + len),
	};
	struct vmb_rndis_packet pkt = {
		.data_offset = cpu_to_le32(36),
		.data_len = cpu_to_le32(len),
	};

	memcpy(msg, &head, sizeof(head));
	memcpy(msg + 8, &pkt, sizeof(pkt));
	memcpy(msg + 44, frame, len);
	return 44 + len;
}

int net_tap(struct net *n)
{
	if (n->tap < 0)
		tap_skip("the kernel has no packet sockets");
	return n->tap;
}

void net_tap_send(struct net *n, const void *frame, u32 len)
{
	/* of the frame's own protocol: the stack hashes no other one's ports */
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_ifindex = n->ifindex,
	};

	EXPECT(len >= ETH_HLEN);
	memcpy(&to.sll_protocol, (const u8 *)frame + 2 * ETH_ALEN, sizeof(to.sll_protocol));
	EXPECT_EQ(sendto(net_tap(n), frame, len, 0, (struct sockaddr *)&to, sizeof(to)), len);
}

int net_tap_recv(struct net *n, void *frame, u32 size, int timeout_ms)
{
	struct pollfd fd = { .fd = net_tap(n), .events = POLLIN };
	struct sockaddr_ll from;
	socklen_t from_len = sizeof(from);
	int len;

	for (;;) {
		if (poll(&fd, 1, timeout_ms) < 1)
			return 0;
		len = EXPECT_OK(recvfrom(n->tap, frame, size, 0,
					 (struct sockaddr *)&from, &from_len));
		/* a socket sees what it sends, too */
		if (from.sll_pkttype != PACKET_OUTGOING)
			return len;
	}
}

void net_frame(u8 *frame, const char *dest, const char *src, u32 len, u8 seed)
{
	u32 i;

	memcpy(frame, dest, 6);
	memcpy(frame + 6, src, 6);
	frame[12] = ETHERTYPE >> 8;
	frame[13] = ETHERTYPE & 0xff;
	for (i = 14; i < len; i++)
		frame[i] = i * 7 + seed;
}

long long net_counter(const char *key)
{
	char word[64];

	snprintf(word, sizeof(word), " %s ", key);
	return config_number("/sys/kernel/debug/vsp_net/" PARTITION ".net.0/state", word);
}

long long net_counter_soon(const char *key, long long value)
{
	long long is;
	int i;

	for (i = 0; (is = net_counter(key)) != value && i < GUEST_PATIENCE; i++)
		usleep(1000);
	return is;
}
