// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections, offers, GPADLs and channels, as a well-behaved guest has them.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bus.h"
#include "config.h"
#include "tap.h"

const u32 bus_versions[] = {
	VMB_VERSION_0_13, VMB_VERSION_1_1, VMB_VERSION_2_4, VMB_VERSION_3_0,
	VMB_VERSION_4_0, VMB_VERSION_4_1, VMB_VERSION_5_0, VMB_VERSION_5_1,
	VMB_VERSION_5_2, VMB_VERSION_5_3,
};

const unsigned int bus_nr_versions = ARRAY_SIZE(bus_versions);

bool bus_contact(struct guest *g, u32 version)
{
	struct vmb_msg_initiate_contact m = {
		.hdr.type = cpu_to_le32(VMB_MSG_INITIATE_CONTACT),
		.version = cpu_to_le32(version),
		.target_vp = cpu_to_le32(g->msg_vp),
	};
	struct vmb_msg_version_response resp;
	bool multi = version >= VMB_VERSION_5_0;

	if (!g->int_page)
		g->int_page = guest_alloc(g, 1);
	if (multi)
		m.interrupt_page = cpu_to_le64(VMB_SINT);
	else
		m.interrupt_page = cpu_to_le64(g->int_page);
	g->msg_conn = VMB_CONN_MESSAGE;
	EXPECT_EQ(guest_post_raw(g, multi ? VMB_CONN_MESSAGE_MULTI : VMB_CONN_MESSAGE,
				 VMB_MSG_TYPE_CHANNEL, &m, sizeof(m)),
		  VMB_HV_SUCCESS);
	guest_wait(g, VMB_MSG_VERSION_RESPONSE, &resp, sizeof(resp));
	if (!resp.supported)
		return false;
	EXPECT_EQ(resp.supported, 1);
	EXPECT_EQ(resp.connection_state, 0);
	g->version = version;
	if (multi) {
		g->msg_conn = le32_to_cpu(resp.msg_conn_id);
		EXPECT_EQ(g->msg_conn, VMB_CONN_MESSAGE_MULTI);
	} else {
		EXPECT_EQ(resp.msg_conn_id, 0);
	}
	return true;
}

void bus_connect(struct guest *g, u32 version)
{
	EXPECT(bus_contact(g, version));
}

void bus_unload(struct guest *g)
{
	struct vmb_msg_header m = { .type = cpu_to_le32(VMB_MSG_UNLOAD) };

	EXPECT_EQ(guest_post(g, &m, sizeof(m)), VMB_HV_SUCCESS);
	guest_wait(g, VMB_MSG_UNLOAD_RESPONSE, &m, sizeof(m));
}

unsigned int bus_offers(struct guest *g, struct vmb_msg_offer *offer,
			unsigned int max)
{
	struct vmb_msg_header m = { .type = cpu_to_le32(VMB_MSG_REQUEST_OFFERS) };
	unsigned int n = 0;

	EXPECT_EQ(guest_post(g, &m, sizeof(m)), VMB_HV_SUCCESS);
	guest_wait(g, VMB_MSG_ALL_OFFERS_DELIVERED, &m, sizeof(m));
	while (n < max && guest_find(g, VMB_MSG_OFFER, &offer[n], sizeof(*offer)))
		n++;
	return n;
}

void bus_wait_offer(struct guest *g, struct vmb_msg_offer *offer)
{
	guest_wait(g, VMB_MSG_OFFER, offer, sizeof(*offer));
}

void bus_relid(struct guest *g, u32 type, u32 relid)
{
	struct vmb_msg_relid m = {
		.hdr.type = cpu_to_le32(type),
		.relid = cpu_to_le32(relid),
	};

	EXPECT_EQ(guest_post(g, &m, sizeof(m)), VMB_HV_SUCCESS);
}

/*
 * Send the next message of a GPADL: from page @from on, as many as fit. The
 * range's own head travels in the first one.
 */
void bus_gpadl_send(struct guest *g, u32 relid, u32 handle, u64 gpa,
		    unsigned int pages, unsigned int from, unsigned int *sent)
{
	u64 buf[VMB_MSG_PAYLOAD_MAX / 8] = {};
	struct vmb_msg_gpadl_header *head = (void *)buf;
	struct vmb_msg_gpadl_body *body = (void *)buf;
	struct vmb_wire_gpa_range range = {
		.byte_count = cpu_to_le32(pages << VMB_PAGE_SHIFT),
	};
	unsigned int n, i, max = from ? 28 : 26;
	u8 *at;

	n = pages - from < max ? pages - from : max;
	if (!from) {
		head->hdr.type = cpu_to_le32(VMB_MSG_GPADL_HEADER);
		head->relid = cpu_to_le32(relid);
		head->gpadl = cpu_to_le32(handle);
		head->range_buflen = cpu_to_le16(sizeof(range) + 8 * pages);
		head->range_count = cpu_to_le16(1);
		memcpy(head->ranges, &range, sizeof(range));
		at = head->ranges + sizeof(range);
	} else {
		body->hdr.type = cpu_to_le32(VMB_MSG_GPADL_BODY);
		body->number = cpu_to_le32((from - 26) / 28 + 1);
		body->gpadl = cpu_to_le32(handle);
		at = body->ranges;
	}
	for (i = 0; i < n; i++) {
		__le64 pfn = cpu_to_le64((gpa >> VMB_PAGE_SHIFT) + from + i);

		memcpy(at + 8 * i, &pfn, 8);
	}
	EXPECT_EQ(guest_post(g, buf, at + 8 * n - (u8 *)buf), VMB_HV_SUCCESS);
	*sent = n;
}

u32 bus_gpadl_create(struct guest *g, u32 relid, u32 handle, u64 gpa,
		     unsigned int pages)
{
	struct vmb_msg_gpadl_created created;
	unsigned int from, sent;

	for (from = 0; from < pages; from += sent)
		bus_gpadl_send(g, relid, handle, gpa, pages, from, &sent);
	guest_wait(g, VMB_MSG_GPADL_CREATED, &created, sizeof(created));
	EXPECT_EQ(le32_to_cpu(created.relid), relid);
	EXPECT_EQ(le32_to_cpu(created.gpadl), handle);
	return le32_to_cpu(created.status);
}

/* False when it was not confirmed. */
bool bus_gpadl_teardown(struct guest *g, u32 relid, u32 handle)
{
	struct vmb_msg_gpadl_teardown m = {
		.hdr.type = cpu_to_le32(VMB_MSG_GPADL_TEARDOWN),
		.relid = cpu_to_le32(relid),
		.gpadl = cpu_to_le32(handle),
	};
	struct vmb_msg_gpadl_torndown torndown;

	EXPECT_EQ(guest_post(g, &m, sizeof(m)), VMB_HV_SUCCESS);
	if (!guest_find(g, VMB_MSG_GPADL_TORNDOWN, &torndown, sizeof(torndown)))
		return false;
	EXPECT_EQ(le32_to_cpu(torndown.gpadl), handle);
	return true;
}

u32 bus_open(struct guest *g, u32 relid, u32 gpadl, u32 downstream, u32 vp)
{
	static u32 open_id;
	struct vmb_msg_open m = {
		.hdr.type = cpu_to_le32(VMB_MSG_OPEN),
		.relid = cpu_to_le32(relid),
		.open_id = cpu_to_le32(++open_id),
		.ring_gpadl = cpu_to_le32(gpadl),
		.target_vp = cpu_to_le32(vp),
		.downstream_page = cpu_to_le32(downstream),
	};
	struct vmb_msg_open_result result;

	EXPECT_EQ(guest_post(g, &m, sizeof(m)), VMB_HV_SUCCESS);
	guest_wait(g, VMB_MSG_OPEN_RESULT, &result, sizeof(result));
	EXPECT_EQ(le32_to_cpu(result.relid), relid);
	EXPECT_EQ(le32_to_cpu(result.open_id), open_id);
	return le32_to_cpu(result.status);
}

/* The header once, the data twice in a row. */
static void *map_ring(struct guest *g, u64 gpa, unsigned int pages)
{
	size_t page = VMB_PAGE_SIZE, once = pages * page;
	off_t at = gpa - GUEST_RAM;
	u8 *base;

	base = mmap(NULL, 2 * once - page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	EXPECT(base != MAP_FAILED);
	EXPECT(mmap(base, once, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		    g->memfd, at) == base);
	EXPECT(mmap(base + once, once - page, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED, g->memfd, at + page) == base + once);
	return base;
}

static void start_rings(struct chan *ch)
{
	u32 size = (ch->pages - 1) << VMB_PAGE_SHIFT;

	memset(ch->out_map, 0, VMB_PAGE_SIZE);
	memset(ch->in_map, 0, VMB_PAGE_SIZE);
	EXPECT(!vmb_ring_init_producer(&ch->out, ch->out_map,
				       ch->out_map + VMB_PAGE_SIZE, size));
	EXPECT(!vmb_ring_init_consumer(&ch->in, ch->in_map,
				       ch->in_map + VMB_PAGE_SIZE, size));
}

void chan_reopen(struct chan *ch)
{
	start_rings(ch);
	EXPECT_EQ(bus_open(ch->g, ch->relid, ch->gpadl, ch->pages, ch->vp->index),
		  VMB_STATUS_SUCCESS);
}

void chan_open(struct chan *ch, struct guest *g, const struct vmb_msg_offer *offer,
	       unsigned int pages, unsigned int vp)
{
	memset(ch, 0, sizeof(*ch));
	ch->g = g;
	ch->offer = *offer;
	ch->relid = le32_to_cpu(offer->relid);
	ch->vp = &g->vp[vp];
	ch->pages = pages;
	ch->gpa = guest_alloc(g, 2 * pages);
	ch->out_map = map_ring(g, ch->gpa, pages);
	ch->in_map = map_ring(g, ch->gpa + ((u64)pages << VMB_PAGE_SHIFT), pages);
	ch->gpadl = g->next_gpadl++;
	EXPECT_EQ(bus_gpadl_create(g, ch->relid, ch->gpadl, ch->gpa, 2 * pages),
		  VMB_STATUS_SUCCESS);
	chan_reopen(ch);
}

void chan_close(struct chan *ch)
{
	bus_relid(ch->g, VMB_MSG_CLOSE, ch->relid);
}

void chan_free(struct chan *ch)
{
	size_t once = ch->pages * VMB_PAGE_SIZE;

	chan_close(ch);
	EXPECT(bus_gpadl_teardown(ch->g, ch->relid, ch->gpadl));
	munmap(ch->out_map, 2 * once - VMB_PAGE_SIZE);
	munmap(ch->in_map, 2 * once - VMB_PAGE_SIZE);
}

/* The thread that calls is the vCPU that signals. */
void chan_signal(struct chan *ch)
{
	struct guest *g = ch->g;
	u64 *sent;

	if (g->version >= VMB_VERSION_1_1) {
		guest_signal(g, ch->relid);
		return;
	}
	sent = (u64 *)(guest_ptr(g, g->int_page) + VMB_PAGE_SIZE / 2) + ch->relid / 64;
	__atomic_fetch_or(sent, 1ULL << ch->relid % 64, __ATOMIC_SEQ_CST);
	guest_signal(g, 0);
}

int chan_send(struct chan *ch, u16 type, u16 flags, u64 id, const void *head,
	      u32 head_len, const void *body, u32 body_len, bool quiet)
{
	struct kvec h = { (void *)head, head_len }, b = { (void *)body, body_len };
	int ret;

	ret = vmb_ring_put(&ch->out, type, flags, id, head ? &h : NULL,
			   body ? &b : NULL);
	if (ret)
		return ret;
	if (vmb_ring_publish(&ch->out) && !quiet)
		chan_signal(ch);
	return 0;
}

/* The next packet, if there is one. */
bool chan_poll(struct chan *ch, struct vmb_packet *pkt)
{
	int ret = vmb_ring_get(&ch->in, ch->buf, sizeof(ch->buf), pkt);

	if (ret == -EAGAIN)
		return false;
	EXPECT_EQ(ret, 0);
	if (vmb_ring_release(&ch->in))
		chan_signal(ch);
	return true;
}

bool chan_recv(struct chan *ch, struct vmb_packet *pkt, int timeout_ms)
{
	u64 end = guest_now_ms() + timeout_ms;

	for (;;) {
		guest_clear_flag(ch->vp, ch->relid);
		if (chan_poll(ch, pkt))
			return true;
		if (guest_now_ms() >= end)
			return false;
		guest_wait_sint(ch->vp, end - guest_now_ms());
	}
}

long long chan_counter(struct chan *ch, const char *column)
{
	return config_counter(PARTITION, ch->relid, column);
}
