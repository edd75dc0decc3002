// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages of NVSP and RNDIS, the guest's half. Nothing in a message of the
 * host's need be aligned.
 */
#include <kunit/visibility.h>
#include <linux/align.h>
#include <linux/array_size.h>
#include <linux/errno.h>
#include <linux/hex.h>
#include <linux/minmax.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "wire.h"

#define HEAD	((u32)sizeof(struct vmb_rndis_head))
#define BODY(name)	sizeof_field(struct vmb_nvsp_msg, name)

/* newest first */
const u32 vsc_net_versions[] = {
	VMB_NVSP_VERSION_6_1, VMB_NVSP_VERSION_6, VMB_NVSP_VERSION_5,
	VMB_NVSP_VERSION_4, VMB_NVSP_VERSION_2, VMB_NVSP_VERSION_1,
};

const unsigned int vsc_net_nr_versions = ARRAY_SIZE(vsc_net_versions);

/* Bytes behind the type that a message from the host has to have. */
static u32 nvsp_body(u32 type)
{
	switch (type) {
	case VMB_NVSP_INIT_COMPLETE:
		return BODY(init_complete);
	case VMB_NVSP_RECV_BUF_COMPLETE:
		return BODY(recv_buf_complete);
	case VMB_NVSP_SEND_BUF_COMPLETE:
		return BODY(send_buf_complete);
	case VMB_NVSP_RNDIS:
		return BODY(rndis);
	case VMB_NVSP_RNDIS_COMPLETE:
		return BODY(status);
	case VMB_NVSP_SUBCHANNEL:
		return BODY(subchannel_complete);
	default:
		return 0;
	}
}

/**
 * vsc_net_nvsp_parse() - check a message from the host
 * @msg: filled; what the host did not send is zero
 * @data: the message
 * @len: bytes of it; more than there is in @msg is no error
 *
 * Return: 0, or -EBADMSG when it is shorter than its type says.
 */
int vsc_net_nvsp_parse(struct vmb_nvsp_msg *msg, const void *data, u32 len)
{
	memset(msg, 0, sizeof(*msg));
	if (len < sizeof(msg->type))
		return -EBADMSG;
	memcpy(msg, data, min_t(u32, len, sizeof(*msg)));
	if (len < sizeof(msg->type) + nvsp_body(le32_to_cpu(msg->type)))
		return -EBADMSG;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_nvsp_parse);

/**
 * vsc_net_sections_check() - does what the host says of the receive buffer fit?
 * @c: the answer, which says success
 * @bytes: of the buffer
 *
 * Return: 0 or -EPROTO.
 */
int vsc_net_sections_check(const struct vmb_nvsp_recv_buf_complete *c, u32 bytes)
{
	u32 size = le32_to_cpu(c->section.size), nr = le32_to_cpu(c->section.count);

	if (le32_to_cpu(c->num_sections) != 1 || c->section.offset || !nr ||
	    size < VSC_NET_MIN_MTU || (u64)size * nr > bytes)
		return -EPROTO;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_sections_check);

/**
 * vsc_net_packet_build() - what goes in front of a frame to the host
 * @buf: filled; at least %VSC_NET_PACKET_HEAD bytes
 * @out: what there is to say
 *
 * Return: bytes of it, behind which the frame is expected.
 */
u32 vsc_net_packet_build(void *buf, const struct vsc_net_out *out)
{
	u8 *p = buf + HEAD + sizeof(struct vmb_rndis_packet);

	if (out->tagged)
		p = vmb_ppi_build(p, VMB_PPI_8021Q, vmb_8021q_value(out->tci));
	if (out->lso)
		p = vmb_ppi_build(p, VMB_PPI_LSO, out->lso);
	else if (out->csum)
		p = vmb_ppi_build(p, VMB_PPI_CHECKSUM, out->csum);
	return vmb_rndis_packet_build(buf, p, out->len);
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_packet_build);

static void ppi_take(struct vsc_net_in *in, u32 type, u32 value)
{
	switch (type) {
	case VMB_PPI_CHECKSUM:
		in->csum = value;
		break;
	case VMB_PPI_8021Q:
		in->tagged = true;
		in->tci = vmb_8021q_tci(value);
		break;
	case VMB_PPI_HASH:
		in->hashed = true;
		in->hash = value;
		break;
	case VMB_PPI_ID:
		in->id = value;
		break;
	}
}

/**
 * vsc_net_packet_parse() - find the frame in a PACKET message
 * @in: filled
 * @msg: the first bytes of the message, in private memory
 * @have: how many; at least %VSC_NET_PACKET_PEEK, or all of the message
 * @len: bytes of the message, from vmb_rndis_head_parse()
 *
 * The per-packet information has to be within @have.
 *
 * Return: 0 or -EBADMSG.
 */
int vsc_net_packet_parse(struct vsc_net_in *in, const void *msg, u32 have, u32 len)
{
	struct vmb_rndis_place place;
	u32 type, value;
	int ret;

	memset(in, 0, sizeof(*in));
	ret = vmb_rndis_packet_find(&place, msg, have, len);
	if (ret)
		return ret;
	in->offset = place.offset;
	in->len = place.len;
	while (place.ppi_len) {
		ret = vmb_ppi_next(&place.ppi, &place.ppi_len, &type, &value);
		if (ret < 0)
			return ret;
		/* those of a kind that is not asked for may be shorter */
		if (ret >= sizeof(value))
			ppi_take(in, type, value);
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_packet_parse);

static u32 finish(void *buf, u32 type, u32 len)
{
	struct vmb_rndis_head head = {
		.type = cpu_to_le32(type),
		.len = cpu_to_le32(HEAD + len),
	};

	memcpy(buf, &head, sizeof(head));
	return HEAD + len;
}

/**
 * vsc_net_request_build() - a QUERY or a SET
 * @buf: filled; room for the head, the request and @len bytes
 * @type: %VMB_RNDIS_QUERY or %VMB_RNDIS_SET
 * @id: for the answer
 * @oid: which
 * @info: goes along
 * @len: bytes of it
 *
 * Return: bytes of the message.
 */
u32 vsc_net_request_build(void *buf, u32 type, u32 id, u32 oid, const void *info, u32 len)
{
	struct vmb_rndis_request req = {
		.request_id = cpu_to_le32(id),
		.oid = cpu_to_le32(oid),
		.len = cpu_to_le32(len),
		.offset = cpu_to_le32(sizeof(req)),
	};

	memcpy(buf + HEAD, &req, sizeof(req));
	if (len)
		memcpy(buf + HEAD + sizeof(req), info, len);
	return finish(buf, type, sizeof(req) + len);
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_request_build);

/**
 * vsc_net_initialize_build() - INITIALIZE
 * @buf: filled
 * @id: for the answer
 *
 * Return: bytes of the message.
 */
u32 vsc_net_initialize_build(void *buf, u32 id)
{
	struct vmb_rndis_initialize init = {
		.request_id = cpu_to_le32(id),
		.major = cpu_to_le32(VMB_RNDIS_MAJOR),
		.minor = cpu_to_le32(VMB_RNDIS_MINOR),
		.max_transfer = cpu_to_le32(0x4000),
	};

	memcpy(buf + HEAD, &init, sizeof(init));
	return finish(buf, VMB_RNDIS_INITIALIZE, sizeof(init));
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_initialize_build);

/**
 * vsc_net_halt_build() - HALT, which has no answer
 * @buf: filled
 * @id: of the request
 *
 * Return: bytes of the message.
 */
u32 vsc_net_halt_build(void *buf, u32 id)
{
	__le32 wire = cpu_to_le32(id);

	memcpy(buf + HEAD, &wire, sizeof(wire));
	return finish(buf, VMB_RNDIS_HALT, sizeof(wire));
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_halt_build);

/**
 * vsc_net_answer_id() - which request is it the answer to?
 * @msg: the message
 * @len: bytes of it
 * @id: set
 *
 * Return: 0, -EBADMSG, or -ENOMSG for what is no answer.
 */
int vsc_net_answer_id(const void *msg, u32 len, u32 *id)
{
	u32 type, msg_len;
	__le32 wire;

	if (vmb_rndis_head_parse(msg, len, &type, &msg_len))
		return -EBADMSG;
	if (!(type & VMB_RNDIS_COMPLETE))
		return -ENOMSG;
	if (msg_len < HEAD + sizeof(wire))
		return -EBADMSG;
	memcpy(&wire, msg + HEAD, sizeof(wire));
	*id = le32_to_cpu(wire);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_answer_id);

/**
 * vsc_net_answer_status() - what does an answer say?
 * @msg: the message
 * @len: bytes of it
 * @type: of the request
 * @status: set to %VMB_RNDIS_STATUS_SUCCESS or its like
 *
 * Return: 0, or -EBADMSG for what is no answer to that.
 */
int vsc_net_answer_status(const void *msg, u32 len, u32 type, u32 *status)
{
	struct vmb_rndis_status_complete c;
	u32 is, msg_len;

	if (vmb_rndis_head_parse(msg, len, &is, &msg_len) ||
	    is != (type | VMB_RNDIS_COMPLETE) || msg_len < HEAD + sizeof(c))
		return -EBADMSG;
	memcpy(&c, msg + HEAD, sizeof(c));
	*status = le32_to_cpu(c.status);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_answer_status);

/**
 * vsc_net_initialize_parse() - what the host can take
 * @init: filled
 * @msg: the answer to INITIALIZE, which says success
 * @len: bytes of it
 *
 * Return: 0 or -EBADMSG.
 */
int vsc_net_initialize_parse(struct vsc_net_init *init, const void *msg, u32 len)
{
	struct vmb_rndis_initialize_complete c;
	u32 type, msg_len, shift;

	if (vmb_rndis_head_parse(msg, len, &type, &msg_len) || msg_len < HEAD + sizeof(c))
		return -EBADMSG;
	memcpy(&c, msg + HEAD, sizeof(c));
	shift = le32_to_cpu(c.align_shift);
	init->max_packets = le32_to_cpu(c.max_packets);
	init->max_transfer = le32_to_cpu(c.max_transfer);
	if (!init->max_packets || shift > VSC_NET_MAX_ALIGN_SHIFT)
		return -EBADMSG;
	init->align = 1U << shift;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_initialize_parse);

/**
 * vsc_net_query_parse() - the information in the answer to a QUERY
 * @msg: the answer, which says success
 * @len: bytes of it
 * @info: set; inside @msg
 * @info_len: set to the bytes of it
 *
 * Return: 0 or -EBADMSG.
 */
int vsc_net_query_parse(const void *msg, u32 len, const void **info, u32 *info_len)
{
	struct vmb_rndis_query_complete c;
	u32 type, offset;

	if (vmb_rndis_head_parse(msg, len, &type, &len) || len < HEAD + sizeof(c))
		return -EBADMSG;
	len -= HEAD;
	memcpy(&c, msg + HEAD, sizeof(c));
	*info_len = le32_to_cpu(c.len);
	offset = le32_to_cpu(c.offset);
	if (!*info_len)
		offset = sizeof(c);
	if (offset < sizeof(c) || offset > len || *info_len > len - offset)
		return -EBADMSG;
	*info = msg + HEAD + offset;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_query_parse);

/**
 * vsc_net_indicate_parse() - what the host tells unasked
 * @msg: an INDICATE_STATUS
 * @len: bytes of it
 * @status: set to %VMB_RNDIS_MEDIA_CONNECT or its like
 * @speed: set to the speed that comes along with %VMB_RNDIS_LINK_SPEED_CHANGE, in
 *	units of 100 bits per second, else 0
 *
 * Return: 0 or -EBADMSG.
 */
int vsc_net_indicate_parse(const void *msg, u32 len, u32 *status, u32 *speed)
{
	struct vmb_rndis_indicate_status ind;
	u32 type, offset, msg_len;
	__le32 wire;

	*speed = 0;
	if (vmb_rndis_head_parse(msg, len, &type, &msg_len) || msg_len < HEAD + sizeof(ind))
		return -EBADMSG;
	memcpy(&ind, msg + HEAD, sizeof(ind));
	*status = le32_to_cpu(ind.status);
	if (*status != VMB_RNDIS_LINK_SPEED_CHANGE)
		return 0;
	/* some hosts do not count it as part of the message */
	offset = le32_to_cpu(ind.offset);
	len -= HEAD;
	if (le32_to_cpu(ind.len) < sizeof(wire) || offset < sizeof(ind) || offset > len ||
	    len - offset < sizeof(wire))
		return -EBADMSG;
	memcpy(&wire, msg + HEAD + offset, sizeof(wire));
	*speed = le32_to_cpu(wire);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_indicate_parse);

/**
 * vsc_net_offload_ask() - what goes along with the question for offloads
 * @buf: filled; at least the bytes of a &struct vmb_ndis_offload
 * @version: of NVSP, which says what NDIS the guest has
 *
 * Return: bytes of it.
 */
u32 vsc_net_offload_ask(void *buf, u32 version)
{
	struct vmb_ndis_offload ask = { .header.type = VMB_NDIS_OBJECT_OFFLOAD };
	u32 len;

	if (version >= VMB_NVSP_VERSION_5) {
		ask.header.revision = 3;
		len = VMB_NDIS_OFFLOAD_BYTES_6_30;
	} else if (version >= VMB_NVSP_VERSION_4) {
		ask.header.revision = 2;
		len = VMB_NDIS_OFFLOAD_BYTES_6_1;
	} else {
		ask.header.revision = 1;
		len = VMB_NDIS_OFFLOAD_BYTES_6_0;
	}
	ask.header.size = cpu_to_le16(len);
	memcpy(buf, &ask, len);
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_offload_ask);

static bool has(__le32 value, u32 bits)
{
	return (le32_to_cpu(value) & bits) == bits;
}

/**
 * vsc_net_offload_parse() - what the host does with frames
 * @off: filled
 * @info: the answer
 * @len: bytes of it
 *
 * Return: 0 or -EBADMSG.
 */
int vsc_net_offload_parse(struct vsc_net_offload *off, const void *info, u32 len)
{
	const u32 tcp = VMB_NDIS_CSUM_TCP | VMB_NDIS_CSUM_TCP_OPTIONS;
	struct vmb_ndis_offload c = {};

	memset(off, 0, sizeof(*off));
	if (len < VMB_NDIS_OFFLOAD_BYTES_6_0)
		return -EBADMSG;
	memcpy(&c, info, min_t(u32, len, sizeof(c)));
	if (c.header.type != VMB_NDIS_OBJECT_OFFLOAD ||
	    le16_to_cpu(c.header.size) < VMB_NDIS_OFFLOAD_BYTES_6_0 ||
	    le16_to_cpu(c.header.size) > len)
		return -EBADMSG;
	off->tcp4 = has(c.ip4_tx_csum, tcp);
	off->udp4 = off->tcp4 && has(c.ip4_tx_csum, VMB_NDIS_CSUM_UDP);
	off->tcp6 = has(c.ip6_tx_csum, tcp);
	off->udp6 = off->tcp6 && has(c.ip6_tx_csum, VMB_NDIS_CSUM_UDP);
	if (off->tcp4 && has(c.lso4_encap, VMB_NDIS_ENCAP_802_3))
		off->lso4 = le32_to_cpu(c.lso4_max);
	if (off->tcp6 && has(c.lso6_encap, VMB_NDIS_ENCAP_802_3) &&
	    has(c.lso6_options, VMB_NDIS_LSO6_EXTENSIONS | VMB_NDIS_LSO6_TCP_OPTIONS))
		off->lso6 = le32_to_cpu(c.lso6_max);
	if (le16_to_cpu(c.header.size) >= VMB_NDIS_OFFLOAD_BYTES_6_1 +
					  sizeof(c.rsc4) + sizeof(c.rsc6)) {
		off->rsc4 = c.rsc4;
		off->rsc6 = c.rsc6;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_offload_parse);

static u8 csum_wish(bool there, bool rx)
{
	if (!there)
		return 0;
	return rx ? VMB_NDIS_OFFLOAD_BOTH : VMB_NDIS_OFFLOAD_TX;
}

static u8 rsc_wish(bool there, bool rsc)
{
	if (!there)
		return 0;
	return rsc ? VMB_NDIS_OFFLOAD_RSC_ON : VMB_NDIS_OFFLOAD_RSC_OFF;
}

/**
 * vsc_net_offload_build() - what the host shall do
 * @buf: filled; at least %VSC_NET_OFFLOAD_PARAMS bytes
 * @off: what it can
 * @rx: it shall check checksums, too
 * @rsc: segments shall come as one frame
 *
 * Return: bytes of it.
 */
u32 vsc_net_offload_build(void *buf, const struct vsc_net_offload *off, bool rx, bool rsc)
{
	u32 len = off->rsc4 || off->rsc6 ? VSC_NET_OFFLOAD_PARAMS : VSC_NET_OFFLOAD_PARAMS_MIN;
	/* what came with revisions 2 and 3 is not to change, but for this */
	struct vmb_ndis_offload_params3 par = {
		.par.header.type = VMB_NDIS_OBJECT_DEFAULT,
		.par.header.revision = 3,
		.par.header.size = cpu_to_le16(len),
		.par.ip4_csum = VMB_NDIS_OFFLOAD_NONE,
		.par.tcp4_csum = csum_wish(off->tcp4, rx),
		.par.udp4_csum = csum_wish(off->udp4, rx),
		.par.tcp6_csum = csum_wish(off->tcp6, rx),
		.par.udp6_csum = csum_wish(off->udp6, rx),
		/* of this one 1 is no, and 2 is yes */
		.par.lso2_ip4 = off->lso4 ? 2 : 0,
		.par.lso2_ip6 = off->lso6 ? 2 : 0,
		.rsc4 = rsc_wish(off->rsc4, rsc),
		.rsc6 = rsc_wish(off->rsc6, rsc),
	};

	memcpy(buf, &par, len);
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_offload_build);

static u8 *utf16(u8 *p, const char *text)
{
	for (; *text; text++) {
		*p++ = *text;
		*p++ = 0;
	}
	return p;
}

/**
 * vsc_net_mac_build() - the parameter that sets the address
 * @buf: filled; at least %VSC_NET_MAC_PARAM bytes
 * @addr: the address
 *
 * Return: bytes of it.
 */
u32 vsc_net_mac_build(void *buf, const u8 *addr)
{
	struct vmb_rndis_config_parameter par = {
		.name_offset = cpu_to_le32(sizeof(par)),
		.type = cpu_to_le32(VMB_RNDIS_CONFIG_STRING),
	};
	u8 *name = buf + sizeof(par), *value, *end;
	char digits[2 * VSC_NET_ADDR + 1];

	*bin2hex(digits, addr, VSC_NET_ADDR) = '\0';
	value = utf16(name, "NetworkAddress");
	end = utf16(value, digits);
	par.name_len = cpu_to_le32(value - name);
	par.value_offset = cpu_to_le32(value - (u8 *)buf);
	par.value_len = cpu_to_le32(end - value);
	memcpy(buf, &par, sizeof(par));
	return end - (u8 *)buf;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_mac_build);

/**
 * vsc_net_rss_ask() - what goes along with the question how frames are spread
 * @buf: filled; at least the bytes of a &struct vmb_ndis_rss_caps
 *
 * Return: bytes of it.
 */
u32 vsc_net_rss_ask(void *buf)
{
	struct vmb_ndis_rss_caps ask = {
		.header.type = VMB_NDIS_OBJECT_RSS_CAPABILITIES,
		.header.revision = 2,
		.header.size = cpu_to_le16(sizeof(ask)),
	};

	memcpy(buf, &ask, sizeof(ask));
	return sizeof(ask);
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_rss_ask);

/**
 * vsc_net_rss_parse() - how the host spreads frames
 * @caps: filled; a host that says nothing of its table has one of 128
 * @info: the answer
 * @len: bytes of it
 *
 * Return: 0 or -EBADMSG.
 */
int vsc_net_rss_parse(struct vsc_net_rss_caps *caps, const void *info, u32 len)
{
	struct vmb_ndis_rss_caps c = {};

	if (len < offsetof(struct vmb_ndis_rss_caps, entries))
		return -EBADMSG;
	memcpy(&c, info, min_t(u32, len, sizeof(c)));
	caps->queues = le32_to_cpu(c.queues);
	caps->table = le16_to_cpu(c.entries);
	if (!caps->table || caps->table > VSC_NET_RSS_MAX_TABLE)
		caps->table = 128;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_rss_parse);

/**
 * vsc_net_rss_build() - how the host is to spread frames
 * @buf: filled; at least %VSC_NET_RSS_PARAMS bytes
 * @table: channels by the hash
 * @nr: entries of it, at most %VSC_NET_RSS_MAX_TABLE
 * @key: of the Toeplitz hash, %VSC_NET_RSS_KEY bytes
 * @enable: or not at all
 *
 * Return: bytes of it.
 */
u32 vsc_net_rss_build(void *buf, const u16 *table, u32 nr, const u8 *key, bool enable)
{
	struct vmb_ndis_rss_params2 par = {
		.par.header.type = VMB_NDIS_OBJECT_RSS_PARAMETERS,
		.par.header.revision = 2,
		.par.header.size = cpu_to_le16(sizeof(par)),
		.par.flags = cpu_to_le16(enable ? 0 : VMB_NDIS_RSS_DISABLE),
		.par.hash = cpu_to_le32(VMB_NDIS_HASH_TOEPLITZ | VMB_NDIS_HASH_IPV4 |
					VMB_NDIS_HASH_TCP_IPV4 | VMB_NDIS_HASH_IPV6 |
					VMB_NDIS_HASH_TCP_IPV6),
		.par.table_size = cpu_to_le16(nr * sizeof(__le32)),
		.par.table_offset = cpu_to_le32(sizeof(par)),
		.par.key_size = cpu_to_le16(VSC_NET_RSS_KEY),
		.par.key_offset = cpu_to_le32(sizeof(par) + nr * sizeof(__le32)),
	};
	u8 *p = buf + sizeof(par);
	u32 i;

	memcpy(buf, &par, sizeof(par));
	for (i = 0; i < nr; i++) {
		__le32 wire = cpu_to_le32(table[i]);

		memcpy(p, &wire, sizeof(wire));
		p += sizeof(wire);
	}
	memcpy(p, key, VSC_NET_RSS_KEY);
	return p + VSC_NET_RSS_KEY - (u8 *)buf;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_net_rss_build);
