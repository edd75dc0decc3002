// SPDX-License-Identifier: GPL-2.0-only
/*
 * RNDIS messages: where things are in those of the guest, and how those to it
 * are built. Offsets in a message need not be aligned.
 */
#include <linux/errno.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "wire.h"

static int ppi_take(struct vsp_net_frame *frame, u32 type, u32 value)
{
	switch (type) {
	case VMB_PPI_CHECKSUM:
		frame->csum = value;
		break;
	case VMB_PPI_LSO:
		/* of the first version there is none on offer */
		if (!(value & VMB_LSO_V2))
			return -EBADMSG;
		frame->lso = value;
		break;
	case VMB_PPI_8021Q:
		frame->tagged = true;
		frame->tci = vmb_8021q_tci(value);
		break;
	default:
		/* such as the hash, which would be the guest's word for it */
		break;
	}
	return 0;
}

/**
 * vsp_net_packet_parse() - find the frame in a PACKET message
 * @frame: filled
 * @msg: the first bytes of the message, in private memory
 * @have: how many; at least %VSP_NET_PACKET_PEEK, or all of the message
 * @len: bytes of the message, from vmb_rndis_head_parse()
 *
 * The per-packet information has to be within @have. What it says is not
 * compared with the frame.
 *
 * Context: any.
 * Return: 0 or -EBADMSG.
 */
int vsp_net_packet_parse(struct vsp_net_frame *frame, const void *msg, u32 have,
			 u32 len)
{
	struct vmb_rndis_place place;
	u32 type, value;
	int ret;

	memset(frame, 0, sizeof(*frame));
	ret = vmb_rndis_packet_find(&place, msg, have, len);
	if (ret)
		return ret;
	frame->offset = place.offset;
	frame->len = place.len;
	while (place.ppi_len) {
		ret = vmb_ppi_next(&place.ppi, &place.ppi_len, &type, &value);
		if (ret < 0)
			return ret;
		if (ret >= sizeof(value))
			ret = ppi_take(frame, type, value);
		else
			ret = type <= VMB_PPI_8021Q ? -EBADMSG : 0;
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * vsp_net_packet_build() - what goes in front of a frame to the guest
 * @buf: filled; at least %VSP_NET_PACKET_HEAD bytes, or %VSP_NET_PIECE_HEAD
 * @to: what there is to say
 *
 * Context: any.
 * Return: bytes of it, behind which the frame is expected.
 */
u32 vsp_net_packet_build(void *buf, const struct vsp_net_to_guest *to)
{
	u8 *p = buf + VSP_NET_RNDIS_HEAD + sizeof(struct vmb_rndis_packet);

	if (to->tagged)
		p = vmb_ppi_build(p, VMB_PPI_8021Q, vmb_8021q_value(to->tci));
	if (to->csum)
		p = vmb_ppi_build(p, VMB_PPI_CHECKSUM, to->csum);
	if (to->hashed)
		p = vmb_ppi_build(p, VMB_PPI_HASH, to->hash);
	if (to->id)
		p = vmb_ppi_build(p, VMB_PPI_ID, to->id);
	return vmb_rndis_packet_build(buf, p, to->len);
}

static int request_info(struct vsp_net_request *req, const u8 *body, u32 len)
{
	struct vmb_rndis_request wire;
	u32 offset;

	if (len < sizeof(wire))
		return -EBADMSG;
	memcpy(&wire, body, sizeof(wire));
	req->oid = le32_to_cpu(wire.oid);
	req->info_len = le32_to_cpu(wire.len);
	if (!req->info_len)
		return 0;
	offset = le32_to_cpu(wire.offset);
	if (offset < sizeof(wire) || offset > len || req->info_len > len - offset)
		return -EBADMSG;
	req->info = body + offset;
	return 0;
}

/**
 * vsp_net_request_parse() - read a message other than PACKET
 * @req: filled; points into @msg
 * @msg: the message, in private memory
 * @len: bytes of it
 *
 * Context: any.
 * Return: 0, -EBADMSG, or -EOPNOTSUPP for a type that is not known.
 */
int vsp_net_request_parse(struct vsp_net_request *req, const void *msg, u32 len)
{
	const u8 *body = msg + VSP_NET_RNDIS_HEAD;
	struct vmb_rndis_initialize init;
	u32 msg_len;
	__le32 id;
	int ret;

	memset(req, 0, sizeof(*req));
	ret = vmb_rndis_head_parse(msg, len, &req->type, &msg_len);
	if (ret)
		return ret;
	len = msg_len - VSP_NET_RNDIS_HEAD;
	/* all begin with a word that is the request's id, but for that of RESET */
	if (len < sizeof(id))
		return -EBADMSG;
	memcpy(&id, body, sizeof(id));
	req->id = le32_to_cpu(id);

	switch (req->type) {
	case VMB_RNDIS_INITIALIZE:
		if (len < sizeof(init))
			return -EBADMSG;
		memcpy(&init, body, sizeof(init));
		req->major = le32_to_cpu(init.major);
		return 0;
	case VMB_RNDIS_QUERY:
	case VMB_RNDIS_SET:
		return request_info(req, body, len);
	case VMB_RNDIS_RESET:
		req->id = 0;
		return 0;
	case VMB_RNDIS_HALT:
	case VMB_RNDIS_KEEPALIVE:
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/**
 * vsp_net_indicate_build() - an INDICATE_STATUS without more about it
 * @buf: filled; at least %VSP_NET_MAX_CONTROL bytes
 * @status: %VMB_RNDIS_MEDIA_CONNECT and its like
 *
 * Context: any.
 * Return: bytes of it.
 */
u32 vsp_net_indicate_build(void *buf, u32 status)
{
	struct {
		struct vmb_rndis_head head;
		struct vmb_rndis_indicate_status body;
	} wire = {
		.head.type = cpu_to_le32(VMB_RNDIS_INDICATE_STATUS),
		.head.len = cpu_to_le32(sizeof(wire)),
		.body.status = cpu_to_le32(status),
	};

	memcpy(buf, &wire, sizeof(wire));
	return sizeof(wire);
}
