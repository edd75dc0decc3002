// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offers, GPADLs, opening and closing, rescinds, and who polls a channel. The
 * devices are storage controllers without disks: each command to them is
 * answered at once.
 */
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "stor.h"
#include "tap.h"

static struct vmb_msg_offer offer;

/* a guest that has been offered one controller */
static struct guest *offered(u32 version)
{
	struct guest *g;

	config_partition(PARTITION);
	ctrl_create(PARTITION, "scsi.0");
	ctrl_enable(PARTITION, "scsi.0");
	g = guest_create(PARTITION);
	bus_connect(g, version);
	EXPECT_EQ(bus_offers(g, &offer, 1), 1);
	return g;
}

static u32 relid(void)
{
	return le32_to_cpu(offer.relid);
}

/* commands that go through show that the channel lives */
static void use(struct stor *s, int n)
{
	struct stor_cmd cmd;

	while (n--) {
		cmd_tur(&cmd, 5);
		stor_exec(s, &cmd);
		EXPECT_EQ(cmd.srb.srb_status & VMB_STOR_SRB_CODE_MASK,
			  VMB_STOR_SRB_INVALID_LUN);
	}
}

TEST(offer_contents)
{
	static const u8 class[16] = {
		0xd9, 0x63, 0x61, 0xba, 0xa1, 0x04, 0x29, 0x4d,
		0xb6, 0x05, 0x72, 0xe2, 0xff, 0xb1, 0xdc, 0x7f,
	};
	struct guest *g = offered(VMB_VERSION_5_3);

	EXPECT(!memcmp(&offer.class_id, class, 16));
	EXPECT_EQ(offer.sub_channel_index, 0);
	EXPECT_EQ(offer.monitor_allocated, 0);
	EXPECT_EQ(relid(), 1);
	EXPECT_EQ(le16_to_cpu(offer.dedicated_interrupt), 1);
	EXPECT_EQ(le32_to_cpu(offer.connection_id), 0x10001);
	guest_expect_silence(g);
}

TEST(many_offers)
{
	struct vmb_msg_offer *o = calloc(64, sizeof(*o));
	bool seen[65] = {};
	struct guest *g;
	char name[32];
	int i;

	config_partition(PARTITION);
	for (i = 0; i < 64; i++) {
		snprintf(name, sizeof(name), "scsi.%d", i);
		ctrl_create(PARTITION, name);
		ctrl_enable(PARTITION, name);
	}
	g = guest_create(PARTITION);
	bus_connect(g, VMB_VERSION_5_3);
	EXPECT_EQ(bus_offers(g, o, 64), 64);
	for (i = 0; i < 64; i++) {
		u32 id = le32_to_cpu(o[i].relid);

		EXPECT(id && id <= 64 && !seen[id]);
		seen[id] = true;
	}
}

TEST(use_in_every_version)
{
	struct stor *s = calloc(1, sizeof(*s));
	struct guest *g;
	unsigned int i;

	for (i = 0; i < bus_nr_versions; i++) {
		if (!i)
			g = offered(bus_versions[0]);
		else
			bus_connect(g, bus_versions[i]);
		if (i)
			EXPECT_EQ(bus_offers(g, &offer, 1), 1);
		stor_open(s, g, &offer, 9);
		stor_init(s, VMB_STOR_VERSION_6_2);
		use(s, 100);
		chan_free(&s->ch);
		bus_unload(g);
		g->ram_used -= 2 * 9 * VMB_PAGE_SIZE;
	}
}

/* Old guests: both directions by bits in a page and by one connection id. */
TEST(interrupt_page)
{
	struct guest *g = offered(VMB_VERSION_0_13);
	struct stor *s = calloc(1, sizeof(*s));
	struct stor_cmd cmd;
	u64 *recv, *sent;

	EXPECT_EQ(le16_to_cpu(offer.dedicated_interrupt), 0);
	stor_open(s, g, &offer, 9);
	stor_init(s, VMB_STOR_VERSION_2_0);
	recv = guest_ptr(g, g->int_page);
	sent = recv + VMB_PAGE_SIZE / 16;
	while (guest_wait_sint(&g->vp[0], 0))
		;
	memset(guest_ptr(g, g->vp[0].siefp), 0, VMB_PAGE_SIZE);
	recv[0] = 0;

	cmd_tur(&cmd, 5);
	EXPECT_EQ(stor_submit(s, &cmd, false), 0);
	EXPECT(guest_wait_sint(&g->vp[0], 0));
	EXPECT_EQ(sent[0], 0);
	EXPECT_EQ(recv[0], 1ULL << relid());
	/* flag 0 says: look at the page */
	EXPECT(guest_clear_flag(&g->vp[0], 0));
	EXPECT(!guest_test_flag(&g->vp[0], relid()));
	stor_wait(s, &cmd);

	/* a signal without a bit is about nobody */
	cmd_tur(&cmd, 5);
	EXPECT_EQ(stor_submit(s, &cmd, true), 0);
	guest_signal(g, 0);
	EXPECT(!guest_wait_sint(&g->vp[0], 0));
	/* the same by hypercall, for a VMM that has no eventfd for it */
	sent[0] = 1ULL << relid();
	EXPECT_EQ(guest_signal_hcall(g, VMB_CONN_EVENT), VMB_HV_SUCCESS);
	stor_wait(s, &cmd);
}

TEST(event_flags)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	struct stor *s = calloc(1, sizeof(*s));
	struct stor_cmd cmd;
	u8 *flags = guest_ptr(g, g->vp[0].siefp);
	unsigned int i, set = 0;

	stor_open(s, g, &offer, 9);
	stor_init(s, VMB_STOR_VERSION_6_2);
	while (guest_wait_sint(&g->vp[0], 0))
		;
	memset(flags, 0, VMB_PAGE_SIZE);
	cmd_tur(&cmd, 5);
	EXPECT_EQ(stor_submit(s, &cmd, false), 0);
	EXPECT(guest_wait_sint(&g->vp[0], 0));
	/* this one and no other bit of the page */
	for (i = 0; i < VMB_PAGE_SIZE; i++)
		set += __builtin_popcount(flags[i]);
	EXPECT_EQ(set, 1);
	EXPECT(guest_clear_flag(&g->vp[0], relid()));
	stor_wait(s, &cmd);

	/* no interrupt for a guest that polls */
	vmb_ring_mask(&s->ch.in);
	cmd_tur(&cmd, 5);
	EXPECT_EQ(stor_submit(s, &cmd, false), 0);
	EXPECT(!guest_wait_sint(&g->vp[0], 0));
	EXPECT(!guest_test_flag(&g->vp[0], relid()));
	EXPECT(vmb_ring_unmask(&s->ch.in));
	stor_wait(s, &cmd);
	/* and none without a page for flags */
	EXPECT_OK(vmb_synic(g->fd, 0, 1, g->vp[0].simp | 1, 0));
	cmd_tur(&cmd, 5);
	EXPECT_EQ(stor_submit(s, &cmd, false), 0);
	EXPECT(!guest_wait_sint(&g->vp[0], 0));
	EXPECT(!guest_test_flag(&g->vp[0], relid()));
	stor_wait(s, &cmd);
}

TEST_LIMIT(reopen_1000_times, 300)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	struct stor *s = calloc(1, sizeof(*s));
	int i, times = config_is_debug() ? 100 : 1000;

	stor_open(s, g, &offer, 3);
	for (i = 0; i < times; i++) {
		s->packet_len = VMB_STOR_PACKET_BYTES_V1;
		stor_init(s, VMB_STOR_VERSION_6_2);
		use(s, 1);
		chan_close(&s->ch);
		if (i % 2) {
			EXPECT(bus_gpadl_teardown(g, relid(), s->ch.gpadl));
			EXPECT_EQ(bus_gpadl_create(g, relid(), s->ch.gpadl, s->ch.gpa, 6),
				  VMB_STATUS_SUCCESS);
		}
		chan_reopen(&s->ch);
	}
	guest_expect_silence(g);
}

/* A signal for a closed channel is about nothing, now and later. */
TEST(signal_while_closed)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	struct stor *s = calloc(1, sizeof(*s));
	int i;

	stor_open(s, g, &offer, 3);
	for (i = 0; i < 10; i++) {
		s->packet_len = VMB_STOR_PACKET_BYTES_V1;
		stor_init(s, VMB_STOR_VERSION_6_2);
		chan_close(&s->ch);
		guest_signal(g, relid());
		guest_signal(g, relid());
		chan_reopen(&s->ch);
	}
	s->packet_len = VMB_STOR_PACKET_BYTES_V1;
	stor_init(s, VMB_STOR_VERSION_6_2);
	use(s, 10);
}

/* What lies in the ring when the channel is opened needs no signal. */
TEST(packets_before_open)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	struct stor *s = calloc(1, sizeof(*s));
	struct vmb_stor_packet pkt = {
		.operation = cpu_to_le32(VMB_STOR_OP_BEGIN_INIT),
		.flags = cpu_to_le32(VMB_STOR_REQUEST_COMPLETION),
	};
	struct vmb_packet in;

	stor_open(s, g, &offer, 3);
	chan_close(&s->ch);
	EXPECT(!vmb_ring_init_producer(&s->ch.out, s->ch.out.hdr, s->ch.out.data, s->ch.out.size));
	EXPECT_EQ(chan_send(&s->ch, VMB_PKT_INBAND, VMB_PKT_COMPLETION_REQUESTED, 42, NULL, 0,
			    &pkt, VMB_STOR_PACKET_BYTES_V1, true), 0);
	EXPECT_EQ(bus_open(g, relid(), s->ch.gpadl, 3, 0), VMB_STATUS_SUCCESS);
	EXPECT(chan_recv(&s->ch, &in, GUEST_PATIENCE));
	EXPECT_EQ(in.trans_id, 42);
}

TEST(gpadl_sizes)
{
	static const unsigned int pages[] = { 1, 25, 26, 27, 53, 54, 55, 82, 83, 1000, 8190 };
	struct guest *g = offered(VMB_VERSION_5_3);
	u64 gpa = guest_alloc(g, 8190);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		EXPECT_EQ(bus_gpadl_create(g, relid(), 7, gpa, pages[i]), VMB_STATUS_SUCCESS);
		EXPECT(bus_gpadl_teardown(g, relid(), 7));
	}
	guest_expect_silence(g);
}

TEST(gpadls_interleaved)
{
	unsigned int from[5] = {}, sent, i, left = 5, done = 0;
	struct guest *g = offered(VMB_VERSION_5_3);
	struct vmb_msg_gpadl_created created;
	u64 gpa = guest_alloc(g, 300);

	while (left) {
		for (i = 0; i < 5; i++) {
			unsigned int pages = 300 - 50 * i;

			if (from[i] == pages)
				continue;
			bus_gpadl_send(g, relid(), 10 + i, gpa, pages, from[i], &sent);
			from[i] += sent;
			left -= from[i] == pages;
		}
	}
	while (guest_find(g, VMB_MSG_GPADL_CREATED, &created, sizeof(created))) {
		EXPECT_EQ(created.status, 0);
		done |= 1 << (le32_to_cpu(created.gpadl) - 10);
	}
	EXPECT_EQ(done, 31);
	for (i = 0; i < 5; i++)
		EXPECT(bus_gpadl_teardown(g, relid(), 10 + i));
}

static u32 gpadl_raw(struct guest *g, u32 channel, u32 handle, u16 buflen, u16 count,
		     const void *ranges, u32 len)
{
	u8 buf[VMB_MSG_PAYLOAD_MAX] = {};
	struct vmb_msg_gpadl_header *m = (void *)buf;
	struct vmb_msg_gpadl_created created;

	m->hdr.type = cpu_to_le32(VMB_MSG_GPADL_HEADER);
	m->relid = cpu_to_le32(channel);
	m->gpadl = cpu_to_le32(handle);
	m->range_buflen = cpu_to_le16(buflen);
	m->range_count = cpu_to_le16(count);
	memcpy(m->ranges, ranges, len);
	EXPECT_EQ(guest_post(g, buf, sizeof(*m) + len), VMB_HV_SUCCESS);
	guest_wait(g, VMB_MSG_GPADL_CREATED, &created, sizeof(created));
	EXPECT_EQ(le32_to_cpu(created.gpadl), handle);
	EXPECT_EQ(le32_to_cpu(created.relid), channel);
	return le32_to_cpu(created.status);
}

TEST(bad_gpadls)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	u64 gpa = guest_alloc(g, 4);
	u64 one[2] = { VMB_PAGE_SIZE, gpa >> VMB_PAGE_SHIFT };
	u64 empty[2] = { 0, gpa >> VMB_PAGE_SHIFT };
	u64 offset[2] = { VMB_PAGE_SIZE | (u64)VMB_PAGE_SIZE << 32, 1 };
	u64 huge[2] = { 0xffffffff, 1 };
	const u32 bad = VMB_STATUS_INVALID_PARAMETER;

	EXPECT_EQ(gpadl_raw(g, relid(), 5, 16, 0, one, 16), bad);
	EXPECT_EQ(gpadl_raw(g, relid(), 5, 0, 1, one, 16), bad);
	EXPECT_EQ(gpadl_raw(g, relid(), 5, 8, 1, one, 16), bad);
	EXPECT_EQ(gpadl_raw(g, relid(), 5, 15, 1, one, 16), bad);
	EXPECT_EQ(gpadl_raw(g, relid(), 5, 16, 2, one, 16), bad);
	EXPECT_EQ(gpadl_raw(g, relid(), 5, 16, 0xffff, one, 16), bad);
	EXPECT_EQ(gpadl_raw(g, relid(), 5, 16, 1, empty, 16), bad);
	EXPECT_EQ(gpadl_raw(g, relid(), 5, 16, 1, offset, 16), bad);
	EXPECT_EQ(gpadl_raw(g, relid(), 5, 16, 1, huge, 16), bad);
	EXPECT_EQ(gpadl_raw(g, relid(), 0, 16, 1, one, 16), bad);
	EXPECT_EQ(gpadl_raw(g, relid(), 5, 16, 1, one, 16), VMB_STATUS_SUCCESS);
	/* taken; a channel that is none */
	EXPECT_EQ(gpadl_raw(g, relid(), 5, 16, 1, one, 16), bad);
	EXPECT_EQ(gpadl_raw(g, relid() + 1, 6, 16, 1, one, 16), bad);
	EXPECT_EQ(gpadl_raw(g, 0, 6, 16, 1, one, 16), bad);
	EXPECT_EQ(gpadl_raw(g, ~0U, 6, 16, 1, one, 16), bad);
	EXPECT_EQ(config_number("/sys/kernel/debug/vmb/" PARTITION "/state", "gpadls: "), 1);
}

TEST(bad_gpadl_bodies)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	u64 gpa = guest_alloc(g, 100);
	struct vmb_msg_gpadl_created created;
	struct {
		struct vmb_msg_gpadl_body m;
		u64 pfn[2];
	} __packed body = {
		.m.hdr.type = cpu_to_le32(VMB_MSG_GPADL_BODY),
		.m.gpadl = cpu_to_le32(9),
	};
	unsigned int sent;

	/* of none that is being made */
	EXPECT_EQ(guest_post(g, &body, sizeof(body)), VMB_HV_SUCCESS);
	guest_expect_silence(g);
	/* without a single word */
	bus_gpadl_send(g, relid(), 9, gpa, 100, 0, &sent);
	EXPECT_EQ(guest_post(g, &body, sizeof(body.m)), VMB_HV_SUCCESS);
	guest_wait(g, VMB_MSG_GPADL_CREATED, &created, sizeof(created));
	EXPECT_EQ(le32_to_cpu(created.status), VMB_STATUS_INVALID_PARAMETER);
	/* it is gone */
	EXPECT_EQ(guest_post(g, &body, sizeof(body)), VMB_HV_SUCCESS);
	guest_expect_silence(g);
	/* of one that is complete */
	EXPECT_EQ(bus_gpadl_create(g, relid(), 9, gpa, 100), VMB_STATUS_SUCCESS);
	EXPECT_EQ(guest_post(g, &body, sizeof(body)), VMB_HV_SUCCESS);
	guest_expect_silence(g);
}

/* Lists that are begun and never ended use what is allowed, and no more. */
TEST_LIMIT(unfinished_gpadls, 120)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	u8 buf[VMB_MSG_PAYLOAD_MAX] = {};
	struct vmb_msg_gpadl_header *m = (void *)buf;
	struct vmb_msg_gpadl_created created;
	u32 i, refused = 0;

	m->hdr.type = cpu_to_le32(VMB_MSG_GPADL_HEADER);
	m->relid = offer.relid;
	m->range_buflen = cpu_to_le16(0xfff8);
	m->range_count = cpu_to_le16(1);
	for (i = 1; i < 400; i++) {
		m->gpadl = cpu_to_le32(i);
		EXPECT_EQ(guest_post(g, buf, sizeof(buf)), VMB_HV_SUCCESS);
		if (guest_find(g, VMB_MSG_GPADL_CREATED, &created, sizeof(created))) {
			EXPECT_EQ(le32_to_cpu(created.status), VMB_STATUS_NO_MEMORY);
			refused++;
		}
	}
	/* 16 MiB of lists */
	EXPECT_EQ(refused, 399 - 256);
	EXPECT(bus_gpadl_teardown(g, relid(), 1));
	bus_connect(g, VMB_VERSION_5_3);
	EXPECT_EQ(config_number("/sys/kernel/debug/vmb/" PARTITION "/state", "gpadl_bytes: "), 0);
}

TEST(gpadl_teardown)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	struct stor *s = calloc(1, sizeof(*s));

	/* one that is not known has been torn down already */
	EXPECT(bus_gpadl_teardown(g, relid(), 0x77));
	stor_open(s, g, &offer, 3);
	/* in use */
	EXPECT(!bus_gpadl_teardown(g, relid(), s->ch.gpadl));
	stor_init(s, VMB_STOR_VERSION_6_2);
	use(s, 10);
	chan_close(&s->ch);
	EXPECT(bus_gpadl_teardown(g, relid(), s->ch.gpadl));
	EXPECT_EQ(bus_open(g, relid(), s->ch.gpadl, 3, 0), VMB_STATUS_INVALID_PARAMETER);
}

TEST(bad_opens)
{
	static const u32 downstream[] = { 0, 1, 5, 6, 7, 0x80000000, ~0U };
	struct guest *g = offered(VMB_VERSION_5_3);
	u64 gpa = guest_alloc(g, 6);
	u64 two[4] = { VMB_PAGE_SIZE * 2, gpa >> VMB_PAGE_SHIFT, (gpa >> VMB_PAGE_SHIFT) + 1 };
	u64 odd[5] = { VMB_PAGE_SIZE * 4 - 8 };
	u64 shifted[6] = { VMB_PAGE_SIZE * 4 | 8ULL << 32 };
	u64 outside[5] = { VMB_PAGE_SIZE * 4 };
	u64 wraps[5] = { VMB_PAGE_SIZE * 4 };
	const u32 bad = VMB_STATUS_INVALID_PARAMETER;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		shifted[1 + i] = (gpa >> VMB_PAGE_SHIFT) + i;
		if (i == 4)
			break;
		odd[1 + i] = shifted[1 + i];
		outside[1 + i] = (GUEST_RAM + GUEST_RAM_SIZE) / VMB_PAGE_SIZE - 3 + i;
		wraps[1 + i] = (gpa >> VMB_PAGE_SHIFT) + i + (i == 3 ? 1ULL << 52 : 0);
	}
	EXPECT_EQ(bus_gpadl_create(g, relid(), 1, gpa, 6), VMB_STATUS_SUCCESS);
	for (i = 0; i < ARRAY_SIZE(downstream); i++)
		EXPECT_EQ(bus_open(g, relid(), 1, downstream[i], 0), bad);
	/* a GPADL that is none, VPs that are none, channels that are none */
	EXPECT_EQ(bus_open(g, relid(), 2, 3, 0), bad);
	EXPECT_EQ(bus_open(g, relid(), 1, 3, 1), bad);
	EXPECT_EQ(bus_open(g, relid(), 1, 3, ~0U), bad);
	EXPECT_EQ(bus_open(g, relid() + 1, 1, 3, 0), bad);
	EXPECT_EQ(bus_open(g, 0, 1, 3, 0), bad);
	/* lists that are no rings */
	EXPECT_EQ(gpadl_raw(g, relid(), 10, 24, 1, two, 24), VMB_STATUS_SUCCESS);
	EXPECT_EQ(bus_open(g, relid(), 10, 1, 0), bad);
	EXPECT_EQ(gpadl_raw(g, relid(), 11, 40, 1, odd, 40), VMB_STATUS_SUCCESS);
	EXPECT_EQ(bus_open(g, relid(), 11, 2, 0), bad);
	EXPECT_EQ(gpadl_raw(g, relid(), 12, 48, 1, shifted, 48), VMB_STATUS_SUCCESS);
	EXPECT_EQ(bus_open(g, relid(), 12, 2, 0), bad);
	EXPECT_EQ(gpadl_raw(g, relid(), 13, 40, 1, outside, 40), VMB_STATUS_SUCCESS);
	EXPECT_EQ(bus_open(g, relid(), 13, 2, 0), bad);
	EXPECT_EQ(gpadl_raw(g, relid(), 14, 40, 1, wraps, 40), VMB_STATUS_SUCCESS);
	EXPECT_EQ(bus_open(g, relid(), 14, 2, 0), bad);
	/* after all this, one that is good */
	EXPECT_EQ(bus_open(g, relid(), 1, 3, 0), VMB_STATUS_SUCCESS);
	EXPECT_EQ(bus_open(g, relid(), 1, 3, 0), VMB_STATUS_UNSUCCESSFUL);
}

TEST(gpadl_of_two_ranges_is_no_ring)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	u64 pfn = guest_alloc(g, 6) >> VMB_PAGE_SHIFT;
	u64 list[8] = { 3 * VMB_PAGE_SIZE, pfn, pfn + 1, pfn + 2,
			3 * VMB_PAGE_SIZE, pfn + 3, pfn + 4, pfn + 5 };

	EXPECT_EQ(gpadl_raw(g, relid(), 1, 64, 2, list, 64), VMB_STATUS_SUCCESS);
	EXPECT_EQ(bus_open(g, relid(), 1, 3, 0), VMB_STATUS_INVALID_PARAMETER);
	EXPECT(bus_gpadl_teardown(g, relid(), 1));
}

/* The indices are what the guest left there: nonsense is refused. */
TEST(open_with_bad_indices)
{
	static const u32 bad[] = { 4, 8192, 8200, ~0U, 0xfffffff8 };
	struct guest *g = offered(VMB_VERSION_5_3);
	u64 gpa = guest_alloc(g, 6);
	struct vmb_ring_hdr *hdr[2] = {
		guest_ptr(g, gpa), guest_ptr(g, gpa + 3 * VMB_PAGE_SIZE),
	};
	unsigned int i, j;

	EXPECT_EQ(bus_gpadl_create(g, relid(), 1, gpa, 6), VMB_STATUS_SUCCESS);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		for (j = 0; j < 4; j++) {
			memset(hdr[0], 0, VMB_PAGE_SIZE);
			memset(hdr[1], 0, VMB_PAGE_SIZE);
			if (j & 1)
				hdr[j / 2]->write_index = cpu_to_le32(bad[i]);
			else
				hdr[j / 2]->read_index = cpu_to_le32(bad[i]);
			EXPECT_EQ(bus_open(g, relid(), 1, 3, 0), VMB_STATUS_INVALID_PARAMETER);
		}
}

TEST(close_what_is_not_open)
{
	struct guest *g = offered(VMB_VERSION_5_3);

	bus_relid(g, VMB_MSG_CLOSE, relid());
	bus_relid(g, VMB_MSG_CLOSE, relid() + 1);
	bus_relid(g, VMB_MSG_CLOSE, 0);
	bus_relid(g, VMB_MSG_RELID_RELEASED, relid());
	bus_relid(g, VMB_MSG_RELID_RELEASED, ~0U);
	guest_expect_silence(g);
	EXPECT_EQ(config_number("/sys/kernel/debug/vmb/" PARTITION "/state",
				"messages_refused: "), 4);
}

static u32 modify(struct guest *g, u32 channel, u32 vp)
{
	struct vmb_msg_modify_channel m = {
		.hdr.type = cpu_to_le32(VMB_MSG_MODIFY_CHANNEL),
		.relid = cpu_to_le32(channel),
		.target_vp = cpu_to_le32(vp),
	};
	struct vmb_msg_modify_channel_response resp;

	EXPECT_EQ(guest_post(g, &m, sizeof(m)), VMB_HV_SUCCESS);
	if (g->version < VMB_VERSION_5_3)
		return 0;
	guest_wait(g, VMB_MSG_MODIFY_CHANNEL_RESPONSE, &resp, sizeof(resp));
	EXPECT_EQ(le32_to_cpu(resp.relid), channel);
	return le32_to_cpu(resp.status);
}

/* The interrupt moves, and none goes to the old VP once that is confirmed. */
TEST(modify_channel)
{
	static const u32 versions[] = { VMB_VERSION_4_1, VMB_VERSION_5_3 };
	struct stor *s = calloc(1, sizeof(*s));
	struct guest *g = offered(versions[0]);
	struct guest_vp *vp1 = guest_add_vp(g);
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		if (i) {
			bus_connect(g, versions[i]);
			EXPECT_EQ(bus_offers(g, &offer, 1), 1);
		}
		stor_open(s, g, &offer, 3);
		stor_init(s, VMB_STOR_VERSION_6_2);
		for (j = 0; j < 20; j++) {
			struct guest_vp *to = j % 2 ? &g->vp[0] : vp1;
			struct guest_vp *from = j % 2 ? vp1 : &g->vp[0];

			EXPECT_EQ(modify(g, relid(), to->index), VMB_STATUS_SUCCESS);
			s->ch.vp = to;
			while (guest_wait_sint(&g->vp[0], 0) || guest_wait_sint(vp1, 0))
				;
			use(s, 5);
			EXPECT(!guest_test_flag(from, relid()));
			EXPECT(!guest_wait_sint(from, 0));
		}
		if (versions[i] == VMB_VERSION_5_3) {
			EXPECT_EQ(modify(g, relid(), 2), VMB_STATUS_INVALID_PARAMETER);
			EXPECT_EQ(modify(g, relid() + 1, 0), VMB_STATUS_INVALID_PARAMETER);
			chan_close(&s->ch);
			EXPECT_EQ(modify(g, relid(), 0), VMB_STATUS_INVALID_PARAMETER);
		}
		guest_expect_silence(g);
	}
}

TEST(short_and_unknown_messages)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	u8 payload[VMB_MSG_PAYLOAD_MAX] = {};
	u32 type, len;

	for (type = 0; type < 40; type++) {
		u32 min = type == VMB_MSG_OPEN ? 148 : type == VMB_MSG_GPADL_HEADER ? 20 :
			  type == VMB_MSG_GPADL_BODY || type == VMB_MSG_GPADL_TEARDOWN ||
			  type == VMB_MSG_MODIFY_CHANNEL ? 16 :
			  type == VMB_MSG_CLOSE || type == VMB_MSG_RELID_RELEASED ? 12 :
			  type == VMB_MSG_TL_CONNECT_REQUEST ||
			  type == VMB_MSG_INITIATE_CONTACT ? 40 : 0;

		/* those that only go one way, or do not exist, at any length */
		if (!min && type != VMB_MSG_REQUEST_OFFERS && type != VMB_MSG_UNLOAD)
			min = sizeof(payload) + 1;
		*(__le32 *)payload = cpu_to_le32(type);
		for (len = 8; len < min; len += len + 1 == min ? 1 : 4)
			EXPECT_EQ(guest_post(g, payload, len), VMB_HV_SUCCESS);
		guest_expect_silence(g);
	}
	*(__le32 *)payload = cpu_to_le32(~0U);
	EXPECT_EQ(guest_post(g, payload, sizeof(payload)), VMB_HV_SUCCESS);
	guest_expect_silence(g);
}

/* The device goes while its channel is open, and comes back when it was let go. */
TEST(rescind)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	struct stor *s = calloc(1, sizeof(*s));
	struct vmb_msg_relid m;
	struct vmb_msg_offer again;
	int i;

	for (i = 0; i < 20; i++) {
		stor_open(s, g, &offer, 3);
		stor_init(s, VMB_STOR_VERSION_6_2);
		use(s, 1);
		EXPECT_OK(config_write(PARTITION "/scsi.0/enable", "0"));
		guest_wait(g, VMB_MSG_RESCIND, &m, sizeof(m));
		EXPECT_EQ(le32_to_cpu(m.relid), relid());
		EXPECT(!guest_has_signal(g, relid()));
		/* nothing can be done with it any more */
		EXPECT_EQ(bus_open(g, relid(), s->ch.gpadl, 3, 0), VMB_STATUS_UNSUCCESSFUL);
		EXPECT_EQ(bus_gpadl_create(g, relid(), 0x9999, s->ch.gpa, 3),
			  VMB_STATUS_INVALID_PARAMETER);
		EXPECT_EQ(guest_signal_hcall(g, le32_to_cpu(offer.connection_id)),
			  VMB_HV_INVALID_CONNECTION_ID);
		bus_relid(g, VMB_MSG_CLOSE, relid());
		/* guests cannot have a device twice */
		ctrl_enable(PARTITION, "scsi.0");
		guest_expect_silence(g);
		EXPECT(bus_gpadl_teardown(g, relid(), s->ch.gpadl));
		bus_relid(g, VMB_MSG_RELID_RELEASED, relid());
		bus_wait_offer(g, &again);
		EXPECT(!memcmp(&again.instance_id, &offer.instance_id, 16));
		EXPECT_EQ(again.relid, offer.relid);
		guest_expect_silence(g);
	}
}

/* A directory goes, with the channel open, while another process looks on. */
TEST(rmdir_of_a_device)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	struct stor *s = calloc(1, sizeof(*s));
	struct vmb_msg_relid m;
	int status;
	pid_t pid;

	stor_open(s, g, &offer, 3);
	stor_init(s, VMB_STOR_VERSION_6_2);
	use(s, 1);
	/* from another process: the message has to find its way to our thread */
	pid = EXPECT_OK(fork());
	if (!pid)
		_exit(config_rmdir(PARTITION "/scsi.0") ? 1 : 0);
	guest_wait(g, VMB_MSG_RESCIND, &m, sizeof(m));
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
	bus_relid(g, VMB_MSG_RELID_RELEASED, relid());
	guest_expect_silence(g);
	/* a name that was free for a moment */
	ctrl_create(PARTITION, "scsi.0");
	ctrl_enable(PARTITION, "scsi.0");
	bus_wait_offer(g, &offer);
	stor_open(s, g, &offer, 3);
	stor_init(s, VMB_STOR_VERSION_6_2);
	use(s, 1);
}

/* Ids that are never released run out; nothing else does. */
TEST_LIMIT(ids_never_released, 300)
{
	struct guest *g;
	int i, n = 0;

	g = offered(VMB_VERSION_5_3);
	for (i = 0; i < 2100; i++) {
		EXPECT_OK(config_write(PARTITION "/scsi.0/enable", "0"));
		/* one that the guest does not know would be held back */
		EXPECT_OK(config_write(PARTITION "/scsi.0/instance_id",
				       "11111111-0000-0000-0000-%012d", i));
		if (config_write(PARTITION "/scsi.0/enable", "1")) {
			EXPECT_EQ(errno, ENOSPC);
			break;
		}
		guest_drain(g);
		n++;
	}
	EXPECT_EQ(n, 2046);
	/* a new connection has them all */
	bus_connect(g, VMB_VERSION_5_3);
	EXPECT_EQ(bus_offers(g, &offer, 1), 0);
	ctrl_enable(PARTITION, "scsi.0");
	bus_wait_offer(g, &offer);
	EXPECT_EQ(relid(), 1);
}

static void sub_channels(struct stor *s, u16 n, u32 status)
{
	struct vmb_stor_packet pkt = {
		.operation = cpu_to_le32(VMB_STOR_OP_CREATE_SUB_CHANNELS),
		.sub_channels = cpu_to_le16(n),
	};

	EXPECT_EQ(stor_op(s, &pkt), status);
}

/* What unloading a storage driver and loading it again comes to. */
TEST(sub_channels_again)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	struct vmb_msg_offer sub[3];
	struct stor s = {}, t[3];
	struct vmb_msg_relid m;
	int round, i;

	while (g->nr_vps < 4)
		guest_add_vp(g);
	stor_open(&s, g, &offer, 3);
	for (round = 0; round < 5; round++) {
		s.packet_len = VMB_STOR_PACKET_BYTES_V1;
		stor_init(&s, VMB_STOR_VERSION_6_2);
		EXPECT(le16_to_cpu(s.properties.max_sub_channels) >= 3);
		sub_channels(&s, 3, VMB_STATUS_SUCCESS);
		for (i = 0; i < 3; i++) {
			bus_wait_offer(g, &sub[i]);
			EXPECT_EQ(le16_to_cpu(sub[i].sub_channel_index), i + 1);
			EXPECT(!memcmp(&sub[i].instance_id, &offer.instance_id, 16));
			stor_sub_channel(&t[i], &s, &sub[i], i + 1);
			use(&t[i], 3);
		}
		for (i = 0; i < 3; i++)
			chan_free(&t[i].ch);
		chan_close(&s.ch);
		for (i = 0; i < 3; i++) {
			guest_wait(g, VMB_MSG_RESCIND, &m, sizeof(m));
			bus_relid(g, VMB_MSG_RELID_RELEASED, le32_to_cpu(m.relid));
		}
		chan_reopen(&s.ch);
	}
	EXPECT_EQ(config_counter(PARTITION, 2, "index"), -1);
}

/* The primary goes first: its sub-channels go with it. */
TEST(primary_closed_before_sub_channels)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	struct vmb_msg_offer sub;
	struct stor s = {}, t = {};
	struct vmb_msg_relid m;

	guest_add_vp(g);
	stor_open(&s, g, &offer, 3);
	stor_init(&s, VMB_STOR_VERSION_6_2);
	sub_channels(&s, 1, VMB_STATUS_SUCCESS);
	bus_wait_offer(g, &sub);
	stor_open(&t, g, &sub, 3);
	chan_close(&s.ch);
	guest_wait(g, VMB_MSG_RESCIND, &m, sizeof(m));
	EXPECT_EQ(m.relid, sub.relid);
	bus_relid(g, VMB_MSG_RELID_RELEASED, t.ch.relid);
	chan_reopen(&s.ch);
	s.packet_len = VMB_STOR_PACKET_BYTES_V1;
	stor_init(&s, VMB_STOR_VERSION_6_2);
	use(&s, 3);
}

/* A signal is served in the thread that makes it, up to a budget. */
TEST(kick_runs_in_the_same_thread)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	struct stor *s = calloc(1, sizeof(*s));
	struct stor_cmd cmd[200];
	long long vcpu, worker;
	int i;

	stor_open(s, g, &offer, 17);
	stor_init(s, VMB_STOR_VERSION_6_2);
	vcpu = chan_counter(&s->ch, "polls_vcpu");
	worker = chan_counter(&s->ch, "polls_worker");
	for (i = 0; i < 100; i++) {
		cmd_tur(&cmd[0], 5);
		EXPECT_EQ(stor_submit(s, &cmd[0], false), 0);
		/* the answer is there before the thread does anything else */
		EXPECT(stor_reap(s, 0));
		EXPECT(cmd[0].done);
	}
	EXPECT_EQ(chan_counter(&s->ch, "polls_vcpu"), vcpu + 100);
	EXPECT_EQ(chan_counter(&s->ch, "polls_worker"), worker);

	/* less than the budget, at once */
	for (i = 0; i < 60; i++) {
		cmd_tur(&cmd[i], 5);
		EXPECT_EQ(stor_submit(s, &cmd[i], true), 0);
	}
	chan_signal(&s->ch);
	for (i = 0; i < 60; i++)
		EXPECT(stor_reap(s, 0));
	EXPECT_EQ(chan_counter(&s->ch, "polls_vcpu"), vcpu + 101);
	EXPECT_EQ(chan_counter(&s->ch, "polls_worker"), worker);

	/* more than it: the worker takes the rest */
	for (i = 0; i < 200; i++) {
		cmd_tur(&cmd[i], 5);
		EXPECT_EQ(stor_submit(s, &cmd[i], true), 0);
	}
	chan_signal(&s->ch);
	stor_wait_all(s);
	EXPECT_EQ(chan_counter(&s->ch, "polls_vcpu"), vcpu + 102);
	EXPECT(chan_counter(&s->ch, "polls_worker") > worker);
}

/* The worker takes a channel now and then to see how it does; nothing is lost. */
TEST(worker_is_tried)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	static struct stor_cmd cmd[32];
	struct stor s = {};
	long long vcpu, worker;
	int i, round, tries;

	stor_open(&s, g, &offer, 3);
	stor_init(&s, VMB_STOR_VERSION_6_2);
	EXPECT_OK(config_write(ADAPTIVE, "1"));
	for (round = 0; round < 100; round++) {
		for (i = 0; i < 32; i++) {
			cmd_tur(&cmd[i], 5);
			/* the room comes back a quarter of the ring at a time */
			for (tries = 0; stor_submit(&s, &cmd[i], false); tries++) {
				EXPECT(tries < 10000);
				stor_reap(&s, 1);
			}
		}
		stor_wait_all(&s);
		for (i = 0; i < 32; i++)
			EXPECT(cmd[i].done);
	}
	vcpu = chan_counter(&s.ch, "polls_vcpu");
	worker = chan_counter(&s.ch, "polls_worker");
	EXPECT(vcpu > 128);
	EXPECT(worker > 0 || sysconf(_SC_NPROCESSORS_ONLN) == 1);
	/* at once, from whichever place it is in */
	EXPECT_OK(config_write(ADAPTIVE, "0"));
	use(&s, 3);
	worker = chan_counter(&s.ch, "polls_worker");
	use(&s, 200);
	EXPECT_EQ(chan_counter(&s.ch, "polls_worker"), worker);
}

/*
 * On the guest's only CPU the worker leaves that to the guest, signals masked, when it has
 * taken all: a guest that never sleeps is answered all the same.
 */
TEST(worker_on_one_cpu)
{
	struct guest *g;
	static struct stor_cmd cmd;
	long long naps = 0, worker;
	struct stor s = {};
	cpu_set_t cpu;
	u64 end;

	/* the worker is made by this thread, and may run where that may */
	CPU_ZERO(&cpu);
	CPU_SET(sched_getcpu(), &cpu);
	EXPECT_OK(sched_setaffinity(0, sizeof(cpu), &cpu));
	g = offered(VMB_VERSION_5_3);
	stor_open(&s, g, &offer, 3);
	stor_init(&s, VMB_STOR_VERSION_6_2);
	EXPECT_OK(config_write(ADAPTIVE, "1"));
	worker = chan_counter(&s.ch, "polls_worker");
	end = guest_now_ms() + GUEST_PATIENCE;
	/* each trial leaves the CPU to us at least once */
	while (!naps && guest_now_ms() < end) {
		cmd_tur(&cmd, 5);
		EXPECT_EQ(stor_submit(&s, &cmd, false), 0);
		while (!cmd.done) {
			EXPECT(guest_now_ms() < end);
			stor_reap(&s, 0);
		}
		naps = chan_counter(&s.ch, "naps");
	}
	EXPECT(naps > 0);
	EXPECT(chan_counter(&s.ch, "polls_worker") > worker);
	EXPECT_OK(config_write(ADAPTIVE, "0"));
	use(&s, 200);
}

static void kick_fn(struct guest_vp *vp, void *arg)
{
	struct stor *s = arg;
	struct stor_cmd cmd;

	cmd_tur(&cmd, 5);
	EXPECT_EQ(stor_submit(s, &cmd, false), 0);
	EXPECT(stor_reap(s, 0));
}

/* Any thread of the VMM will do, not only the one of the channel's VP. */
TEST(kick_from_another_vp)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	struct stor *s = calloc(1, sizeof(*s));
	struct guest_vp *vp = guest_add_vp(g);
	long long vcpu, worker;
	int i;

	stor_open(s, g, &offer, 17);
	stor_init(s, VMB_STOR_VERSION_6_2);
	vcpu = chan_counter(&s->ch, "polls_vcpu");
	worker = chan_counter(&s->ch, "polls_worker");
	for (i = 0; i < 50; i++)
		guest_vp_run(vp, kick_fn, s);
	EXPECT_EQ(chan_counter(&s->ch, "polls_vcpu"), vcpu + 50);
	EXPECT_EQ(chan_counter(&s->ch, "polls_worker"), worker);
}

/* Somebody else's signal has no memory to offer: the worker serves it. */
TEST(kick_from_another_process)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	struct stor *s = calloc(1, sizeof(*s));
	long long vcpu, worker;
	struct stor_cmd cmd;
	int status, i;
	pid_t pid;

	stor_open(s, g, &offer, 17);
	stor_init(s, VMB_STOR_VERSION_6_2);
	vcpu = chan_counter(&s->ch, "polls_vcpu");
	worker = chan_counter(&s->ch, "polls_worker");
	for (i = 0; i < 10; i++) {
		cmd_tur(&cmd, 5);
		EXPECT_EQ(stor_submit(s, &cmd, true), 0);
		pid = EXPECT_OK(fork());
		if (!pid) {
			guest_signal(g, relid());
			_exit(0);
		}
		EXPECT_EQ(waitpid(pid, &status, 0), pid);
		EXPECT_EQ(status, 0);
		stor_wait(s, &cmd);
	}
	EXPECT_EQ(chan_counter(&s->ch, "polls_vcpu"), vcpu);
	EXPECT_EQ(chan_counter(&s->ch, "polls_worker"), worker + 10);
}

/* By hypercall, when the VMM has not made the eventfd yet. */
TEST(kick_by_hypercall)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	struct stor *s = calloc(1, sizeof(*s));
	struct stor_cmd cmd;
	long long vcpu;

	stor_open(s, g, &offer, 17);
	stor_init(s, VMB_STOR_VERSION_6_2);
	vcpu = chan_counter(&s->ch, "polls_vcpu");
	cmd_tur(&cmd, 5);
	EXPECT_EQ(stor_submit(s, &cmd, true), 0);
	EXPECT_EQ(guest_signal_hcall(g, le32_to_cpu(offer.connection_id)), VMB_HV_SUCCESS);
	EXPECT(stor_reap(s, 0));
	EXPECT_EQ(chan_counter(&s->ch, "polls_vcpu"), vcpu + 1);
}

/*
 * A guest that asks and asks and takes no answer: the driver stops taking
 * packets, this thread still comes back from its system calls, and when the
 * answers are read at last none is missing.
 */
TEST_LIMIT(answers_not_taken, 120)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	struct stor *s = calloc(1, sizeof(*s));
	struct stor_cmd *cmd = calloc(STOR_PENDING, sizeof(*cmd));
	unsigned int n, i;

	stor_open(s, g, &offer, 9);
	stor_init(s, VMB_STOR_VERSION_6_2);
	for (n = 0; n < STOR_PENDING - 1; n++) {
		u64 end = guest_now_ms() + 2000;
		int ret;

		cmd_tur(&cmd[n], 5);
		/* what has been given to the worker may need a moment */
		while ((ret = stor_submit(s, &cmd[n], false)) == -EAGAIN &&
		       guest_now_ms() < end)
			poll(NULL, 0, 10);
		if (ret == -EAGAIN)
			break;
		EXPECT_EQ(ret, 0);
	}
	/* both rings are full and the driver has all it can hold */
	EXPECT(n > 2048);
	EXPECT(n < STOR_PENDING - 1);
	guest_signal(g, relid());
	stor_wait_all(s);
	for (i = 0; i < n; i++)
		EXPECT(cmd[i].done);
	EXPECT(chan_counter(&s->ch, "ring_full") > 0);
	use(s, 10);
}

/* The same, and the guest goes away instead. */
TEST_LIMIT(answers_never_taken, 120)
{
	struct guest *g = offered(VMB_VERSION_5_3);
	struct stor *s = calloc(1, sizeof(*s));
	struct stor_cmd *cmd = calloc(STOR_PENDING, sizeof(*cmd));
	unsigned int n;

	stor_open(s, g, &offer, 3);
	stor_init(s, VMB_STOR_VERSION_6_2);
	for (n = 0; n < 1000; n++) {
		cmd_tur(&cmd[n], 5);
		if (stor_submit(s, &cmd[n], false))
			break;
	}
	EXPECT(n > 20);
}
