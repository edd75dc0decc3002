// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first byte says what the rest is: an NVSP message, a PACKET, or a control
 * message. What is accepted has to lie inside it, and answers in their place.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "wire.h"

int shim_fail_alloc;

static void packet(const u8 *msg, u32 len)
{
	u32 have = len < VSP_NET_PACKET_PEEK ? len : VSP_NET_PACKET_PEEK;
	struct vsp_net_frame frame;
	u8 *peek = malloc(have ?: 1);
	u32 type, msg_len;

	memcpy(peek, msg, have);
	if (!vmb_rndis_head_parse(peek, len, &type, &msg_len) &&
	    !vsp_net_packet_parse(&frame, peek, have < msg_len ? have : msg_len, msg_len) &&
	    (frame.offset > msg_len || frame.len > msg_len - frame.offset ||
	     frame.offset < 44))
		abort();
	free(peek);
}

static void control(const u8 *msg, u32 len, u8 flags)
{
	struct vsp_net_props props = {
		.name = "net.0",
		.mtu = 1500,
		.speed = 10000,
		.ready = !(flags & 4),
		.mac_change = flags & 8,
		.queues = 1 + (flags >> 4),
	};
	u8 *answer = malloc(VSP_NET_MAX_CONTROL);
	struct vsp_net_change change;
	int ret = vsp_net_control(&change, &props, msg, len, answer);
	u32 type, answer_len, i;

	if (ret > (int)VSP_NET_MAX_CONTROL)
		abort();
	if (ret > 0 && (vmb_rndis_head_parse(answer, ret, &type, &answer_len) ||
			answer_len != ret || !(type & VMB_RNDIS_COMPLETE)))
		abort();
	if (change.action == VSP_NET_SET_MULTICAST && change.nr > VSP_NET_MULTICAST_MAX)
		abort();
	if (change.action == VSP_NET_SET_MAC && !props.mac_change &&
	    memcmp(change.addr[0], props.mac, VSP_NET_ADDR))
		abort();
	if (change.action == VSP_NET_SET_RSS && change.rss.on) {
		if (!change.rss.nr || change.rss.nr > VSP_NET_RSS_ENTRIES)
			abort();
		for (i = 0; i < change.rss.nr; i++)
			if (change.rss.table[i] >= props.queues)
				abort();
	}
	free(answer);
}

int fuzz_one(const u8 *in, size_t len)
{
	struct vmb_nvsp_msg nvsp;
	u8 *msg;

	if (!len)
		return 0;
	msg = malloc(len);
	memcpy(msg, in + 1, len - 1);
	switch (in[0] & 3) {
	case 0:
		vsp_net_nvsp_parse(&nvsp, msg, len - 1);
		break;
	case 1:
		packet(msg, len - 1);
		break;
	default:
		control(msg, len - 1, in[0]);
		break;
	}
	free(msg);
	return 0;
}
