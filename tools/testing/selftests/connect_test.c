// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections: versions, who may talk on which connection id, resets, and the
 * message page.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bus.h"
#include "config.h"
#include "tap.h"

static struct guest *start(void)
{
	config_partition(PARTITION);
	return guest_create(PARTITION);
}

static struct guest *connected(u32 version)
{
	struct guest *g = start();

	bus_connect(g, version);
	return g;
}

TEST(every_version)
{
	struct guest *g = start();
	unsigned int i;
	char want[64], state[64];

	for (i = 0; i < bus_nr_versions; i++) {
		bus_connect(g, bus_versions[i]);
		EXPECT_EQ(bus_offers(g, NULL, 0), 0);
		snprintf(want, sizeof(want), "connected %u.%u\n", bus_versions[i] >> 16,
			 bus_versions[i] & 0xffff);
		EXPECT(config_read(PARTITION "/state", state, sizeof(state)) > 0);
		EXPECT(!strcmp(want, state));
		bus_unload(g);
		EXPECT(config_read(PARTITION "/state", state, sizeof(state)) > 0);
		EXPECT(!strcmp("bound\n", state));
	}
	guest_expect_silence(g);
}

TEST(unknown_versions)
{
	static const u32 versions[] = {
		0, 1, VMB_VERSION(0, 12), VMB_VERSION(0, 14), VMB_VERSION(1, 0),
		VMB_VERSION(2, 0), VMB_VERSION(3, 1), VMB_VERSION(4, 2),
		VMB_VERSION(5, 4), VMB_VERSION(6, 0), 0x7fffffff, 0x80000000, ~0U,
	};
	struct guest *g = start();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(versions); i++)
		EXPECT(!bus_contact(g, versions[i]));
	guest_expect_silence(g);
	bus_connect(g, VMB_VERSION_5_3);
}

/* What a guest does that begins with the newest version it knows. */
TEST(step_down)
{
	struct guest *g;
	unsigned int max, i;

	config_partition(PARTITION);
	for (max = 0; max < bus_nr_versions; max++) {
		EXPECT_OK(config_write(PARTITION "/max_version", "%u.%u",
				       bus_versions[max] >> 16, bus_versions[max] & 0xffff));
		g = guest_create(PARTITION);
		for (i = bus_nr_versions; i-- > max + 1;) {
			/* an older host has no multi-client connection id at all */
			if (bus_versions[i] >= VMB_VERSION_5_0 &&
			    bus_versions[max] < VMB_VERSION_5_0) {
				struct vmb_msg_initiate_contact m = {
					.hdr.type = cpu_to_le32(VMB_MSG_INITIATE_CONTACT),
					.version = cpu_to_le32(bus_versions[i]),
				};

				EXPECT_EQ(guest_post_raw(g, VMB_CONN_MESSAGE_MULTI,
							 VMB_MSG_TYPE_CHANNEL, &m, sizeof(m)),
					  VMB_HV_INVALID_CONNECTION_ID);
				guest_expect_silence(g);
			} else {
				EXPECT(!bus_contact(g, bus_versions[i]));
			}
		}
		bus_connect(g, bus_versions[max]);
		EXPECT_EQ(bus_offers(g, NULL, 0), 0);
		guest_destroy(g);
	}
}

TEST(connection_ids)
{
	static const u32 ids[] = { 0, 2, 3, 5, 0x10001, VMB_CONN_MASK, 0x1000001, ~0U };
	struct vmb_msg_initiate_contact m = {
		.hdr.type = cpu_to_le32(VMB_MSG_INITIATE_CONTACT),
		.version = cpu_to_le32(VMB_VERSION_4_0),
	};
	struct guest *g = start();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++)
		EXPECT_EQ(guest_post_raw(g, ids[i], VMB_MSG_TYPE_CHANNEL, &m, sizeof(m)),
			  VMB_HV_INVALID_CONNECTION_ID);
	guest_expect_silence(g);
}

TEST(message_types)
{
	struct vmb_msg_header m = { .type = cpu_to_le32(VMB_MSG_UNLOAD) };
	static const u32 types[] = { 0, 2, 0x80000000, ~0U };
	struct guest *g = start();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		EXPECT_EQ(guest_post_raw(g, VMB_CONN_MESSAGE, types[i], &m, sizeof(m)),
			  VMB_HV_INVALID_PARAMETER);
	for (i = 0; i < sizeof(m); i++)
		EXPECT_EQ(guest_post_raw(g, VMB_CONN_MESSAGE, VMB_MSG_TYPE_CHANNEL, &m, i),
			  VMB_HV_INVALID_PARAMETER);
	guest_expect_silence(g);
}

/* Both SINT and VTL are part of the request from 5.0 on. */
TEST(foreign_sint_or_vtl)
{
	static const u64 words[] = { 0, 1, 3, 0xff, 0x102, 0x202, 0xff02 };
	struct guest *g = start();
	struct vmb_msg_version_response resp;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		struct vmb_msg_initiate_contact m = {
			.hdr.type = cpu_to_le32(VMB_MSG_INITIATE_CONTACT),
			.version = cpu_to_le32(VMB_VERSION_5_2),
			.interrupt_page = cpu_to_le64(words[i]),
		};

		EXPECT_EQ(guest_post_raw(g, VMB_CONN_MESSAGE_MULTI, VMB_MSG_TYPE_CHANNEL,
					 &m, sizeof(m)), VMB_HV_SUCCESS);
		guest_wait(g, VMB_MSG_VERSION_RESPONSE, &resp, sizeof(resp));
		EXPECT_EQ(resp.supported, 0);
	}
}

TEST(unknown_target_vp)
{
	static const u32 vps[] = { 1, 1023, 1024, 0x80000000, ~0U };
	struct vmb_msg_initiate_contact m = {
		.hdr.type = cpu_to_le32(VMB_MSG_INITIATE_CONTACT),
		.version = cpu_to_le32(VMB_VERSION_4_0),
	};
	struct guest *g = start();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vps); i++) {
		m.target_vp = cpu_to_le32(vps[i]);
		EXPECT_EQ(guest_post_raw(g, VMB_CONN_MESSAGE, VMB_MSG_TYPE_CHANNEL,
					 &m, sizeof(m)), VMB_HV_SUCCESS);
		/* nobody is there to be answered */
		guest_expect_silence(g);
	}
	bus_connect(g, VMB_VERSION_4_0);
}

static void take_version_response(struct guest_vp *vp, void *arg)
{
	struct vmb_msg_version_response resp;

	guest_wait(vp->guest, VMB_MSG_VERSION_RESPONSE, &resp, sizeof(resp));
	*(u32 *)arg = resp.supported;
}

/* The page of another VP is written by that VP's own thread. */
TEST(messages_to_another_vp)
{
	struct vmb_msg_initiate_contact m = {
		.hdr.type = cpu_to_le32(VMB_MSG_INITIATE_CONTACT),
		.version = cpu_to_le32(VMB_VERSION_4_0),
		.target_vp = cpu_to_le32(1),
	};
	struct guest *g = start();
	struct guest_vp *vp = guest_add_vp(g);
	u32 supported = 0;

	g->msg_vp = 1;
	guest_vp_start(vp, take_version_response, &supported);
	EXPECT_EQ(guest_post_raw(g, VMB_CONN_MESSAGE, VMB_MSG_TYPE_CHANNEL, &m, sizeof(m)),
		  VMB_HV_SUCCESS);
	guest_vp_wait(vp);
	EXPECT_EQ(supported, 1);
	EXPECT(!guest_slot(&g->vp[0])->message_type);
}

/* Firmware hands over, or a kernel to its successor: all begins anew. */
TEST(second_contact_resets)
{
	struct vmb_msg_header m = { .type = cpu_to_le32(VMB_MSG_REQUEST_OFFERS) };
	struct guest *g = connected(VMB_VERSION_5_3);
	int i;

	for (i = 0; i < 100; i++) {
		EXPECT_EQ(bus_offers(g, NULL, 0), 0);
		/* once is enough in one connection */
		EXPECT_EQ(guest_post(g, &m, sizeof(m)), VMB_HV_SUCCESS);
		guest_expect_silence(g);
		bus_connect(g, bus_versions[i % bus_nr_versions]);
	}
}

/* A contact that is refused ends what was there before it all the same. */
TEST(refused_contact_disconnects)
{
	struct vmb_msg_header m = { .type = cpu_to_le32(VMB_MSG_REQUEST_OFFERS) };
	struct guest *g = connected(VMB_VERSION_4_0);

	EXPECT(!bus_contact(g, VMB_VERSION(9, 9)));
	EXPECT_EQ(guest_post(g, &m, sizeof(m)), VMB_HV_SUCCESS);
	guest_expect_silence(g);
}

TEST(unload_when_not_connected)
{
	struct guest *g = connected(VMB_VERSION_4_0);
	int i;

	for (i = 0; i < 3; i++)
		bus_unload(g);
	bus_connect(g, VMB_VERSION_2_4);
}

TEST(nothing_works_unconnected)
{
	u8 payload[VMB_MSG_PAYLOAD_MAX] = {};
	struct guest *g = start();
	u32 type;

	for (type = 0; type < 32; type++) {
		if (type == VMB_MSG_INITIATE_CONTACT || type == VMB_MSG_UNLOAD)
			continue;
		*(__le32 *)payload = cpu_to_le32(type);
		EXPECT_EQ(guest_post_raw(g, VMB_CONN_MESSAGE, VMB_MSG_TYPE_CHANNEL,
					 payload, sizeof(payload)), VMB_HV_SUCCESS);
		guest_expect_silence(g);
	}
	EXPECT_EQ(config_number("/sys/kernel/debug/vmb/" PARTITION "/state",
				"messages_refused: "), 30);
}

/* What a partition's state says about the shared event connection. */
TEST(interrupt_page_of_old_guests)
{
	struct guest *g = start();
	struct vmb_msg_initiate_contact m = {
		.hdr.type = cpu_to_le32(VMB_MSG_INITIATE_CONTACT),
		.interrupt_page = cpu_to_le64(GUEST_RAM + GUEST_RAM_SIZE),
	};
	struct vmb_msg_version_response resp;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		m.version = cpu_to_le32(bus_versions[i]);
		EXPECT_EQ(guest_post(g, &m, sizeof(m)), VMB_HV_SUCCESS);
		guest_wait(g, VMB_MSG_VERSION_RESPONSE, &resp, sizeof(resp));
		EXPECT_EQ(resp.supported, 0);
		EXPECT(!guest_has_signal(g, 0));

		bus_connect(g, bus_versions[i]);
		EXPECT(guest_has_signal(g, 0));
		/* any bits: none is a channel's */
		memset(guest_ptr(g, g->int_page), 0xff, VMB_PAGE_SIZE);
		guest_signal(g, 0);
		EXPECT_EQ(guest_signal_hcall(g, VMB_CONN_EVENT), VMB_HV_SUCCESS);
		EXPECT_EQ(*(u8 *)guest_ptr(g, g->int_page + VMB_PAGE_SIZE / 2), 0);
		EXPECT_EQ(*(u8 *)guest_ptr(g, g->int_page), 0xff);
		bus_unload(g);
		EXPECT(!guest_has_signal(g, 0));
		EXPECT_EQ(guest_signal_hcall(g, VMB_CONN_EVENT), VMB_HV_INVALID_CONNECTION_ID);
	}
	/* newer ones have none */
	bus_connect(g, VMB_VERSION_2_4);
	EXPECT(!guest_has_signal(g, 0));
}

TEST(sockets_are_refused)
{
	struct vmb_msg_tl_connect_request m = {
		.hdr.type = cpu_to_le32(VMB_MSG_TL_CONNECT_REQUEST),
		.endpoint_id = { { 1, 2, 3 } },
		.service_id = { { 4, 5, 6 } },
	};
	struct vmb_msg_tl_connect_result result;
	struct guest *g = connected(VMB_VERSION_5_3);

	EXPECT_EQ(guest_post(g, &m, sizeof(m)), VMB_HV_SUCCESS);
	guest_wait(g, VMB_MSG_TL_CONNECT_RESULT, &result, sizeof(result));
	EXPECT_EQ(le32_to_cpu(result.status), VMB_STATUS_CONNECTION_REFUSED);
	EXPECT(!memcmp(&result.endpoint_id, &m.endpoint_id, 16));
	EXPECT(!memcmp(&result.service_id, &m.service_id, 16));

	bus_connect(g, VMB_VERSION_3_0);
	EXPECT_EQ(guest_post(g, &m, sizeof(m)), VMB_HV_SUCCESS);
	guest_expect_silence(g);
}

static void ask_socket(struct guest *g, u8 tag, u16 status)
{
	struct vmb_msg_tl_connect_request m = {
		.hdr.type = cpu_to_le32(VMB_MSG_TL_CONNECT_REQUEST),
		.endpoint_id = { { tag } },
	};

	EXPECT_EQ(guest_post(g, &m, sizeof(m)), status);
}

static u8 socket_tag(struct guest_msg *msg)
{
	const struct vmb_msg_tl_connect_result *m = (void *)msg->payload;

	EXPECT_EQ(msg->type, VMB_MSG_TL_CONNECT_RESULT);
	EXPECT_EQ(msg->len, sizeof(*m));
	return m->endpoint_id.b[0];
}

/* The slot is busy: the flag is set, and the EOM brings the next, in order. */
TEST(busy_slot)
{
	struct guest *g = connected(VMB_VERSION_5_3);
	struct vmb_hv_message *slot = guest_slot(&g->vp[0]);
	struct guest_msg msg;
	int i;

	ask_socket(g, 0, VMB_HV_SUCCESS);
	EXPECT_EQ(slot->message_type, VMB_MSG_TYPE_CHANNEL);
	EXPECT_EQ(slot->flags, 0);
	for (i = 1; i < 100; i++) {
		ask_socket(g, i, VMB_HV_SUCCESS);
		EXPECT_EQ(slot->flags, VMB_MSG_FLAG_PENDING);
	}
	for (i = 0; i < 100; i++) {
		EXPECT(guest_take(g, &msg, 0));
		EXPECT_EQ(socket_tag(&msg), i);
	}
	guest_expect_silence(g);
}

/* A message of KVM's timers in the slot is not ours to overwrite. */
TEST(foreign_message_in_slot)
{
	struct guest *g = connected(VMB_VERSION_5_3);
	struct vmb_hv_message *slot = guest_slot(&g->vp[0]);
	struct guest_msg msg;
	u64 one = 1;

	slot->message_type = cpu_to_le32(0x80000010);
	memset(slot->payload, 0x5a, sizeof(slot->payload));
	ask_socket(g, 1, VMB_HV_SUCCESS);
	EXPECT_EQ(slot->message_type, 0x80000010);
	EXPECT_EQ(slot->payload[0], 0x5a);
	EXPECT_EQ(slot->flags, VMB_MSG_FLAG_PENDING);
	/* an EOM while it is busy changes nothing */
	EXPECT_OK(write(g->vp[0].eom, &one, sizeof(one)));
	EXPECT_EQ(slot->message_type, 0x80000010);
	EXPECT(guest_free_slot(&g->vp[0]));
	EXPECT(guest_take(g, &msg, 0));
	EXPECT_EQ(socket_tag(&msg), 1);
}

TEST(sint_for_each_message)
{
	struct guest *g = connected(VMB_VERSION_5_3);
	struct guest_msg msg;
	int i;

	guest_wait_sint(&g->vp[0], 0);
	for (i = 0; i < 10; i++) {
		ask_socket(g, i, VMB_HV_SUCCESS);
		EXPECT(guest_wait_sint(&g->vp[0], 0));
		EXPECT(!guest_wait_sint(&g->vp[0], 0));
		EXPECT(guest_take(g, &msg, 0));
	}
}

/* EOMs that nobody waits for, as every interrupt makes one. */
TEST(stray_eom)
{
	struct guest *g = connected(VMB_VERSION_5_3);
	u64 one = 1, count;
	int i;

	for (i = 0; i < 1000; i++)
		EXPECT_OK(write(g->vp[0].eom, &one, sizeof(one)));
	/* each is consumed */
	EXPECT_ERRNO(read(g->vp[0].eom, &count, sizeof(count)), EAGAIN);
	guest_expect_silence(g);
}

/* A guest that takes no answers is told to come again, and loses nothing. */
TEST(flood)
{
	struct guest *g = connected(VMB_VERSION_5_3);
	struct guest_msg msg;
	unsigned int i, taken;

	/* one lies in the slot, 256 wait */
	for (i = 0; i < 257; i++)
		ask_socket(g, i, VMB_HV_SUCCESS);
	for (i = 0; i < 1000; i++)
		ask_socket(g, 0, VMB_HV_INSUFFICIENT_BUFFERS);
	EXPECT_EQ(config_number("/sys/kernel/debug/vmb/" PARTITION "/state",
				"messages_waiting: "), 256);
	for (taken = 0; guest_take(g, &msg, 0); taken++)
		EXPECT_EQ(socket_tag(&msg), (u8)taken);
	EXPECT_EQ(taken, 257);
	ask_socket(g, 7, VMB_HV_SUCCESS);
	EXPECT(guest_take(g, &msg, 0));
	EXPECT_EQ(socket_tag(&msg), 7);
}

/* What waits is freed with the file; kmemleak is watching. */
TEST(flood_then_exit)
{
	struct guest *g = connected(VMB_VERSION_5_3);
	unsigned int i;

	for (i = 0; i < 300; i++)
		ask_socket(g, i, i < 257 ? VMB_HV_SUCCESS : VMB_HV_INSUFFICIENT_BUFFERS);
}

/* Messages of a connection do not outlive it. */
TEST(reset_drops_messages)
{
	struct guest *g = connected(VMB_VERSION_5_3);
	struct guest_msg msg;
	unsigned int i;

	for (i = 0; i < 100; i++)
		ask_socket(g, i, VMB_HV_SUCCESS);
	EXPECT_OK(vmb_reset(g->fd));
	/* the one in the slot was the guest's already */
	EXPECT(guest_take(g, &msg, 0));
	EXPECT_EQ(socket_tag(&msg), 0);
	guest_expect_silence(g);
	/* a reset machine has no SynIC */
	guest_synic_on(&g->vp[0]);
	guest_expect_silence(g);
	bus_connect(g, VMB_VERSION_5_3);
}

/* Nothing is written, and nothing lost, while the SynIC is off. */
TEST(synic_off_and_on)
{
	static const u64 off[][2] = {
		{ 0, VMB_SYNIC_ENABLE }, { VMB_SYNIC_ENABLE, 0 },
	};
	struct guest *g = connected(VMB_VERSION_5_3);
	struct guest_vp *vp = &g->vp[0];
	struct guest_msg msg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(off); i++) {
		EXPECT_OK(vmb_synic(g->fd, 0, off[i][0], vp->simp | off[i][1],
				    vp->siefp | VMB_SYNIC_ENABLE));
		ask_socket(g, 10 + i, VMB_HV_SUCCESS);
		ask_socket(g, 20 + i, VMB_HV_SUCCESS);
		EXPECT(!guest_take(g, &msg, 0));
		guest_synic_on(vp);
		EXPECT(guest_take(g, &msg, 0));
		EXPECT_EQ(socket_tag(&msg), 10 + i);
		EXPECT(guest_take(g, &msg, 0));
		EXPECT_EQ(socket_tag(&msg), 20 + i);
	}
}

/* The page moves; the next message lies where the guest says. */
TEST(message_page_moves)
{
	struct guest *g = connected(VMB_VERSION_5_3);
	struct guest_vp *vp = &g->vp[0];
	struct guest_msg msg;
	int i;

	for (i = 0; i < 10; i++) {
		vp->simp = guest_alloc(g, 1);
		vp->siefp = guest_alloc(g, 1);
		guest_synic_on(vp);
		ask_socket(g, i, VMB_HV_SUCCESS);
		EXPECT(guest_take(g, &msg, 0));
		EXPECT_EQ(socket_tag(&msg), i);
	}
}

/* A message page outside guest memory costs the guest its messages, no more. */
TEST(message_page_is_not_memory)
{
	struct guest *g = connected(VMB_VERSION_5_3);
	struct guest_vp *vp = &g->vp[0];
	struct guest_msg msg;
	u64 simp;

	for (simp = 0; simp <= 1; simp++) {
		EXPECT_OK(vmb_synic(g->fd, 0, 1, simp ? ~0ULL : VMB_SYNIC_ENABLE, 0));
		ask_socket(g, 1, VMB_HV_SUCCESS);
	}
	guest_synic_on(vp);
	guest_drain(g);
	ask_socket(g, 2, VMB_HV_SUCCESS);
	EXPECT(guest_take(g, &msg, 0));
	EXPECT_EQ(socket_tag(&msg), 2);
}

/* Records are there when the hypercall returns, and poll says so. */
TEST(records)
{
	struct vmb_msg_initiate_contact m = {
		.hdr.type = cpu_to_le32(VMB_MSG_INITIATE_CONTACT),
		.version = cpu_to_le32(VMB_VERSION_1_1),
	};
	struct guest *g = start();
	struct pollfd pfd = { .fd = g->fd, .events = POLLIN };
	struct vmb_hv_post_message *in = guest_ptr(g, g->post_gpa);
	void *nowhere = mmap(NULL, VMB_PAGE_SIZE, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vmb_record rec[2];
	u64 result;
	int i;

	m.interrupt_page = cpu_to_le64(guest_alloc(g, 1));
	*in = (struct vmb_hv_post_message) {
		.connection_id = cpu_to_le32(VMB_CONN_MESSAGE),
		.message_type = cpu_to_le32(VMB_MSG_TYPE_CHANNEL),
		.payload_size = cpu_to_le32(sizeof(m)),
	};
	memcpy(in->payload, &m, sizeof(m));
	for (i = 0; i < 2; i++) {
		EXPECT_OK(vmb_hcall(g->fd, 0, VMB_HCALL_POST_MESSAGE, g->post_gpa, &result));
		EXPECT_EQ(result, VMB_HV_SUCCESS);
		EXPECT_EQ(poll(&pfd, 1, 0), 1);
		EXPECT_EQ(pfd.revents, POLLIN);
	}
	/* a record that cannot be handed over is kept */
	EXPECT_ERRNO(read(g->fd, nowhere, sizeof(rec)), EFAULT);
	EXPECT_EQ(read(g->fd, rec, sizeof(rec)), sizeof(rec[0]));
	EXPECT_EQ(rec[0].type, VMB_RECORD_ASSIGN);
	EXPECT_EQ(rec[0].connection_id, VMB_CONN_EVENT);
	EXPECT_EQ(poll(&pfd, 1, 0), 0);
	/* wanted and dropped between two looks is no news */
	EXPECT_OK(vmb_reset(g->fd));
	guest_synic_on(&g->vp[0]);
	EXPECT_OK(vmb_hcall(g->fd, 0, VMB_HCALL_POST_MESSAGE, g->post_gpa, &result));
	EXPECT_EQ(poll(&pfd, 1, 0), 0);
	EXPECT_OK(vmb_reset(g->fd));
	EXPECT_EQ(poll(&pfd, 1, 0), 1);
	EXPECT_EQ(read(g->fd, rec, sizeof(rec)), sizeof(rec[0]));
	EXPECT_EQ(rec[0].type, VMB_RECORD_DROP);
}

static void *write_forever(void *arg)
{
	u64 one = 1;

	for (;;)
		EXPECT_OK(write(*(int *)arg, &one, sizeof(one)));
	return NULL;
}

/* An eventfd may be signalled the moment it is listened to, or before. */
TEST_LIMIT(signal_while_listening, 120)
{
	struct guest *g = connected(VMB_VERSION_0_13);
	int event = g->signal[0], i;
	pthread_t thread;

	EXPECT(!pthread_create(&thread, NULL, write_forever, &event));
	for (i = 0; i < 3000; i++) {
		EXPECT_OK(vmb_signal_fd(g->fd, VMB_CONN_EVENT, -1));
		EXPECT_ERRNO(vmb_signal_fd(g->fd, VMB_CONN_EVENT, -1), ENOENT);
		EXPECT_OK(vmb_signal_fd(g->fd, VMB_CONN_EVENT, event));
		EXPECT_ERRNO(vmb_signal_fd(g->fd, VMB_CONN_EVENT, event), EEXIST);
	}
}

static void *vp_add_fails_forever(void *arg)
{
	struct guest *g = arg;

	for (;;)
		EXPECT_ERRNO(vmb_vp_add(g->fd, 7, g->vp[0].sint, g->memfd), EINVAL);
	return NULL;
}

/* A VP that could not be added is not to be found by anybody. */
TEST_LIMIT(synic_while_vp_add_fails, 120)
{
	struct guest *g = start();
	pthread_t thread;
	u64 end;

	EXPECT(!pthread_create(&thread, NULL, vp_add_fails_forever, g));
	for (end = guest_now_ms() + 3000; guest_now_ms() < end;)
		EXPECT_EQ(vmb_synic(g->fd, 7, 0, 0, 0), -1);
}
