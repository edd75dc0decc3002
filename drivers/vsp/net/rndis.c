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

/**
 * vsp_net_rndis_head() - read the head of a message
 * @head: in private memory
 * @avail: bytes that the guest says there are, from the head on
 * @type: set
 * @len: set to the bytes of the message
 *
 * Context: any.
 * Return: 0, or -EBADMSG when the message is not within them.
 */
int vsp_net_rndis_head(const void *head, u32 avail, u32 *type, u32 *len)
{
	struct vmb_rndis_head h;

	if (avail < VSP_NET_RNDIS_HEAD)
		return -EBADMSG;
	memcpy(&h, head, sizeof(h));
	*type = le32_to_cpu(h.type);
	*len = le32_to_cpu(h.len);
	if (*len < VSP_NET_RNDIS_HEAD || *len > avail)
		return -EBADMSG;
	return 0;
}

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

static int ppi_parse(struct vsp_net_frame *frame, const u8 *p, u32 len)
{
	struct vmb_rndis_ppi ppi;
	__le32 value;
	int ret;

	while (len) {
		u32 size, offset;

		if (len < sizeof(ppi))
			return -EBADMSG;
		memcpy(&ppi, p, sizeof(ppi));
		size = le32_to_cpu(ppi.size);
		offset = le32_to_cpu(ppi.offset);
		/* each brings us on */
		if (size < sizeof(ppi) || size > len || offset < sizeof(ppi) ||
		    offset > size)
			return -EBADMSG;
		if (size - offset >= sizeof(value)) {
			memcpy(&value, p + offset, sizeof(value));
			ret = ppi_take(frame, le32_to_cpu(ppi.type),
				       le32_to_cpu(value));
			if (ret)
				return ret;
		} else if (le32_to_cpu(ppi.type) <= VMB_PPI_8021Q) {
			return -EBADMSG;
		}
		p += size;
		len -= size;
	}
	return 0;
}

/**
 * vsp_net_packet_parse() - find the frame in a PACKET message
 * @frame: filled
 * @msg: the first bytes of the message, in private memory
 * @have: how many; at least %VSP_NET_PACKET_PEEK, or all of the message
 * @len: bytes of the message, from vsp_net_rndis_head()
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
	struct vmb_rndis_packet pkt;
	u32 offset, ppi_offset, ppi_len;

	memset(frame, 0, sizeof(*frame));
	if (have < VSP_NET_RNDIS_HEAD + sizeof(pkt) || len < have)
		return -EBADMSG;
	memcpy(&pkt, msg + VSP_NET_RNDIS_HEAD, sizeof(pkt));
	/* from here on without the head, as offsets count */
	len -= VSP_NET_RNDIS_HEAD;
	have -= VSP_NET_RNDIS_HEAD;

	offset = le32_to_cpu(pkt.data_offset);
	frame->len = le32_to_cpu(pkt.data_len);
	if (offset < sizeof(pkt) || offset > len || frame->len > len - offset)
		return -EBADMSG;
	frame->offset = VSP_NET_RNDIS_HEAD + offset;

	ppi_offset = le32_to_cpu(pkt.ppi_offset);
	ppi_len = le32_to_cpu(pkt.ppi_len);
	if (!ppi_len)
		return 0;
	if (ppi_offset < sizeof(pkt) || ppi_offset > have ||
	    ppi_len > have - ppi_offset)
		return -EBADMSG;
	return ppi_parse(frame, msg + VSP_NET_RNDIS_HEAD + ppi_offset, ppi_len);
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
	u8 *ppi = buf + VSP_NET_RNDIS_HEAD + sizeof(struct vmb_rndis_packet), *p = ppi;
	struct vmb_rndis_packet pkt = {};
	struct vmb_rndis_head head;
	u32 len;

	if (to->tagged)
		p = vmb_ppi_build(p, VMB_PPI_8021Q, vmb_8021q_value(to->tci));
	if (to->csum)
		p = vmb_ppi_build(p, VMB_PPI_CHECKSUM, to->csum);
	if (to->hashed)
		p = vmb_ppi_build(p, VMB_PPI_HASH, to->hash);
	if (to->id)
		p = vmb_ppi_build(p, VMB_PPI_ID, to->id);
	len = p - (u8 *)buf;
	pkt.data_offset = cpu_to_le32(len - VSP_NET_RNDIS_HEAD);
	pkt.data_len = cpu_to_le32(to->len);
	if (p > ppi) {
		pkt.ppi_offset = cpu_to_le32(sizeof(pkt));
		pkt.ppi_len = cpu_to_le32(p - ppi);
	}
	head.type = cpu_to_le32(VMB_RNDIS_PACKET);
	head.len = cpu_to_le32(len + to->len);
	memcpy(buf, &head, sizeof(head));
	memcpy(buf + VSP_NET_RNDIS_HEAD, &pkt, sizeof(pkt));
	return len;
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
	ret = vsp_net_rndis_head(msg, len, &req->type, &msg_len);
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
