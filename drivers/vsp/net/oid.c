// SPDX-License-Identifier: GPL-2.0-only
/*
 * What guests ask about a NIC and what they set, and the answers. Which OIDs:
 * those of Linux' hv_netvsc, FreeBSD's hn, iPXE's netvsc, and what NDIS wants of
 * every Ethernet NIC, which Windows asks.
 */
#include <linux/array_size.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "wire.h"

static const u32 supported[] = {
	VMB_OID_GEN_SUPPORTED_LIST, VMB_OID_GEN_HARDWARE_STATUS,
	VMB_OID_GEN_MEDIA_SUPPORTED, VMB_OID_GEN_MEDIA_IN_USE,
	VMB_OID_GEN_MAXIMUM_LOOKAHEAD, VMB_OID_GEN_MAXIMUM_FRAME_SIZE,
	VMB_OID_GEN_LINK_SPEED, VMB_OID_GEN_TRANSMIT_BUFFER_SPACE,
	VMB_OID_GEN_RECEIVE_BUFFER_SPACE, VMB_OID_GEN_TRANSMIT_BLOCK_SIZE,
	VMB_OID_GEN_RECEIVE_BLOCK_SIZE, VMB_OID_GEN_VENDOR_ID,
	VMB_OID_GEN_VENDOR_DESCRIPTION, VMB_OID_GEN_CURRENT_PACKET_FILTER,
	VMB_OID_GEN_CURRENT_LOOKAHEAD, VMB_OID_GEN_DRIVER_VERSION,
	VMB_OID_GEN_MAXIMUM_TOTAL_SIZE, VMB_OID_GEN_PROTOCOL_OPTIONS,
	VMB_OID_GEN_MAC_OPTIONS, VMB_OID_GEN_MEDIA_CONNECT_STATUS,
	VMB_OID_GEN_MAXIMUM_SEND_PACKETS, VMB_OID_GEN_VENDOR_DRIVER_VERSION,
	VMB_OID_GEN_NETWORK_LAYER_ADDRESSES, VMB_OID_GEN_PHYSICAL_MEDIUM,
	VMB_OID_GEN_RECEIVE_SCALE_CAPABILITIES,
	VMB_OID_GEN_RECEIVE_SCALE_PARAMETERS,
	VMB_OID_GEN_MAX_LINK_SPEED, VMB_OID_GEN_LINK_STATE,
	VMB_OID_GEN_RNDIS_CONFIG_PARAMETER, VMB_OID_GEN_XMIT_OK,
	VMB_OID_GEN_RCV_OK, VMB_OID_GEN_XMIT_ERROR, VMB_OID_GEN_RCV_ERROR,
	VMB_OID_GEN_RCV_NO_BUFFER, VMB_OID_GEN_FRIENDLY_NAME,
	VMB_OID_GEN_BYTES_RCV, VMB_OID_GEN_BYTES_XMIT,
	VMB_OID_802_3_PERMANENT_ADDRESS, VMB_OID_802_3_CURRENT_ADDRESS,
	VMB_OID_802_3_MULTICAST_LIST, VMB_OID_802_3_MAXIMUM_LIST_SIZE,
	VMB_OID_802_3_RCV_ERROR_ALIGNMENT, VMB_OID_802_3_XMIT_ONE_COLLISION,
	VMB_OID_802_3_XMIT_MORE_COLLISIONS, VMB_OID_TCP_OFFLOAD_CURRENT_CONFIG,
	VMB_OID_TCP_OFFLOAD_PARAMETERS, VMB_OID_TCP_OFFLOAD_CAPABILITIES,
	VMB_OID_OFFLOAD_ENCAPSULATION,
};

static int put(u8 *out, u32 size, const void *data, u32 len)
{
	if (len > size)
		return -EMSGSIZE;
	memcpy(out, data, len);
	return len;
}

static int put_u32(u8 *out, u32 size, u32 value)
{
	__le32 wire = cpu_to_le32(value);

	return put(out, size, &wire, sizeof(wire));
}

/* Counters are 8 bytes; who asks for 4 gets the low half. */
static int put_u64(u8 *out, u32 size, u64 value)
{
	__le64 wire = cpu_to_le64(value);

	return put(out, size, &wire, sizeof(wire));
}

static int put_list(u8 *out, u32 size)
{
	u32 i;

	if (sizeof(supported) > size)
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(supported); i++)
		put_u32(out + 4 * i, 4, supported[i]);
	return sizeof(supported);
}

/* UTF-16, with a zero behind it. Names in configfs are ASCII or not shown. */
static int put_name(u8 *out, u32 size, const char *name)
{
	u32 i, n = 0;

	for (i = 0; i < VSP_NET_NAME_MAX - 1 && name[i]; i++) {
		if (n + 4 > size)
			return -EMSGSIZE;
		out[n++] = name[i] & 0x80 ? '?' : name[i];
		out[n++] = 0;
	}
	out[n++] = 0;
	out[n++] = 0;
	return n;
}

static int put_link_state(u8 *out, u32 size, const struct vsp_net_props *props)
{
	u64 speed = (u64)props->speed * 1000000;
	struct vmb_ndis_link_state state = {
		.header.type = VMB_NDIS_OBJECT_DEFAULT,
		.header.revision = 1,
		.header.size = cpu_to_le16(sizeof(state)),
		.connect = cpu_to_le32(props->connected ? 1 : 2),
		.duplex = cpu_to_le32(2),
		.tx_speed = cpu_to_le64(speed),
		.rx_speed = cpu_to_le64(speed),
		.pause = cpu_to_le32(1),
	};

	return put(out, size, &state, sizeof(state));
}

static int put_rss(u8 *out, u32 size, const struct vsp_net_props *props)
{
	struct vmb_ndis_rss_caps caps = {
		.header.type = VMB_NDIS_OBJECT_RSS_CAPABILITIES,
		.header.revision = 2,
		.header.size = cpu_to_le16(sizeof(caps)),
		.flags = cpu_to_le32(VMB_NDIS_RSS_CAP_TOEPLITZ |
				     VMB_NDIS_RSS_CAP_TCP_IPV4 |
				     VMB_NDIS_RSS_CAP_TCP_IPV6),
		.interrupts = cpu_to_le32(1),
		.queues = cpu_to_le32(props->queues),
		.entries = cpu_to_le16(VSP_NET_RSS_ENTRIES),
	};

	return put(out, size, &caps, sizeof(caps));
}

/*
 * The structure grew; which one the guest knows is in the header that it sends.
 */
static int put_offload(u8 *out, u32 size, const struct vsp_net_props *props,
		       const u8 *in, u32 in_len)
{
	u32 csum = VMB_NDIS_CSUM_TCP | VMB_NDIS_CSUM_TCP_OPTIONS |
		   VMB_NDIS_CSUM_UDP | VMB_NDIS_CSUM_IP_OPTIONS;
	__le32 encap = cpu_to_le32(VMB_NDIS_ENCAP_802_3 |
				   VMB_NDIS_ENCAP_802_3PQ_OOB);
	struct vmb_ndis_offload off = {
		.ip4_tx_encap = encap,
		.ip4_tx_csum = cpu_to_le32(csum),
		.ip4_rx_encap = encap,
		.ip4_rx_csum = cpu_to_le32(csum),
		.ip6_tx_encap = encap,
		.ip6_tx_csum = cpu_to_le32(csum),
		.ip6_rx_encap = encap,
		.ip6_rx_csum = cpu_to_le32(csum),
		.lso4_encap = encap,
		.lso4_max = cpu_to_le32(VSP_NET_MAX_LSO),
		.lso4_min_segments = cpu_to_le32(2),
		.lso6_encap = encap,
		.lso6_max = cpu_to_le32(VSP_NET_MAX_LSO),
		.lso6_min_segments = cpu_to_le32(2),
		.lso6_options = cpu_to_le32(VMB_NDIS_LSO6_EXTENSIONS |
					    VMB_NDIS_LSO6_TCP_OPTIONS),
		.rsc4 = props->rsc,
		.rsc6 = props->rsc,
	};
	struct vmb_ndis_object want;
	u32 len = VMB_NDIS_OFFLOAD_BYTES_6_30;
	u8 revision = 3;

	if (in_len >= sizeof(want)) {
		memcpy(&want, in, sizeof(want));
		if (want.revision && want.revision < 3) {
			revision = want.revision;
			len = revision == 1 ? VMB_NDIS_OFFLOAD_BYTES_6_0 :
			      VMB_NDIS_OFFLOAD_BYTES_6_1;
		}
	}
	off.header.type = VMB_NDIS_OBJECT_OFFLOAD;
	off.header.revision = revision;
	off.header.size = cpu_to_le16(len);
	return put(out, size, &off, len);
}

/**
 * vsp_net_oid_query() - the answer to a QUERY
 * @props: of the NIC
 * @oid: what is asked
 * @in: what the guest sent along, in private memory
 * @in_len: bytes of it
 * @out: filled
 * @size: bytes there
 *
 * Context: any.
 * Return: bytes of the answer, -EOPNOTSUPP for what is not known, -EMSGSIZE.
 */
int vsp_net_oid_query(const struct vsp_net_props *props, u32 oid, const u8 *in,
		      u32 in_len, u8 *out, u32 size)
{
	static const char vendor[] = "vmb";

	switch (oid) {
	case VMB_OID_GEN_SUPPORTED_LIST:
		return put_list(out, size);
	case VMB_OID_GEN_HARDWARE_STATUS:
	case VMB_OID_GEN_PHYSICAL_MEDIUM:
	case VMB_OID_802_3_RCV_ERROR_ALIGNMENT:
	case VMB_OID_802_3_XMIT_ONE_COLLISION:
	case VMB_OID_802_3_XMIT_MORE_COLLISIONS:
		return put_u32(out, size, 0);
	case VMB_OID_GEN_MEDIA_SUPPORTED:
	case VMB_OID_GEN_MEDIA_IN_USE:
		return put_u32(out, size, VMB_RNDIS_MEDIUM_802_3);
	case VMB_OID_GEN_MAXIMUM_LOOKAHEAD:
	case VMB_OID_GEN_CURRENT_LOOKAHEAD:
	case VMB_OID_GEN_MAXIMUM_FRAME_SIZE:
		return put_u32(out, size, props->mtu);
	case VMB_OID_GEN_MAXIMUM_TOTAL_SIZE:
	case VMB_OID_GEN_TRANSMIT_BLOCK_SIZE:
	case VMB_OID_GEN_RECEIVE_BLOCK_SIZE:
		return put_u32(out, size, props->mtu + 14);
	case VMB_OID_GEN_LINK_SPEED:
		/* units of 100 bits per second */
		return put_u32(out, size, min(props->speed, 400000U) * 10000U);
	case VMB_OID_GEN_MAX_LINK_SPEED:
		if (size < 16)
			return -EMSGSIZE;
		put_u64(out, 8, (u64)props->speed * 1000000);
		put_u64(out + 8, 8, (u64)props->speed * 1000000);
		return 16;
	case VMB_OID_GEN_LINK_STATE:
		return put_link_state(out, size, props);
	case VMB_OID_GEN_TRANSMIT_BUFFER_SPACE:
		return put_u32(out, size, props->send_bytes);
	case VMB_OID_GEN_RECEIVE_BUFFER_SPACE:
		return put_u32(out, size, props->recv_bytes);
	case VMB_OID_GEN_VENDOR_ID:
		return put_u32(out, size, 0xffffff);
	case VMB_OID_GEN_VENDOR_DESCRIPTION:
		return put(out, size, vendor, sizeof(vendor));
	case VMB_OID_GEN_VENDOR_DRIVER_VERSION:
		return put_u32(out, size, 0x10000);
	case VMB_OID_GEN_DRIVER_VERSION:
		return put(out, size, "\x1e\x06", 2);
	case VMB_OID_GEN_CURRENT_PACKET_FILTER:
		return put_u32(out, size, props->filter);
	case VMB_OID_GEN_MAC_OPTIONS:
		return put_u32(out, size, VMB_NDIS_MAC_COPY_LOOKAHEAD |
			       VMB_NDIS_MAC_NOT_PENDING | VMB_NDIS_MAC_NO_LOOPBACK |
			       VMB_NDIS_MAC_8021P | VMB_NDIS_MAC_8021Q);
	case VMB_OID_GEN_MEDIA_CONNECT_STATUS:
		return put_u32(out, size, props->connected ? VMB_RNDIS_CONNECTED :
			       VMB_RNDIS_DISCONNECTED);
	case VMB_OID_GEN_MAXIMUM_SEND_PACKETS:
		return put_u32(out, size, VSP_NET_MAX_PACKETS);
	case VMB_OID_GEN_FRIENDLY_NAME:
		return put_name(out, size, props->name);
	case VMB_OID_GEN_XMIT_OK:
		return put_u64(out, size, props->tx_frames);
	case VMB_OID_GEN_RCV_OK:
		return put_u64(out, size, props->rx_frames);
	case VMB_OID_GEN_XMIT_ERROR:
		return put_u64(out, size, props->tx_errors);
	case VMB_OID_GEN_RCV_ERROR:
		return put_u64(out, size, 0);
	case VMB_OID_GEN_RCV_NO_BUFFER:
		return put_u64(out, size, props->rx_no_buffer);
	case VMB_OID_GEN_BYTES_RCV:
		return put_u64(out, size, props->rx_bytes);
	case VMB_OID_GEN_BYTES_XMIT:
		return put_u64(out, size, props->tx_bytes);
	case VMB_OID_802_3_PERMANENT_ADDRESS:
		return put(out, size, props->mac, VSP_NET_ADDR);
	case VMB_OID_802_3_CURRENT_ADDRESS:
		return put(out, size, props->current_mac, VSP_NET_ADDR);
	case VMB_OID_802_3_MULTICAST_LIST:
		return 0;
	case VMB_OID_802_3_MAXIMUM_LIST_SIZE:
		return put_u32(out, size, VSP_NET_MULTICAST_MAX);
	case VMB_OID_TCP_OFFLOAD_CAPABILITIES:
	case VMB_OID_TCP_OFFLOAD_CURRENT_CONFIG:
		return put_offload(out, size, props, in, in_len);
	case VMB_OID_GEN_RECEIVE_SCALE_CAPABILITIES:
		return put_rss(out, size, props);
	default:
		return -EOPNOTSUPP;
	}
}

static bool is_station(const u8 *addr)
{
	static const u8 zero[VSP_NET_ADDR];

	return !(addr[0] & 1) && memcmp(addr, zero, VSP_NET_ADDR);
}

static int set_mac(struct vsp_net_change *change, const struct vsp_net_props *props,
		   const u8 *addr)
{
	if (!is_station(addr))
		return -EINVAL;
	/* what it has anyway, it may have */
	if (!props->mac_change && memcmp(addr, props->mac, VSP_NET_ADDR))
		return -EPERM;
	change->action = VSP_NET_SET_MAC;
	memcpy(change->addr[0], addr, VSP_NET_ADDR);
	return 0;
}

static int utf16_is(const u8 *p, u32 len, const char *name)
{
	u32 i;

	for (i = 0; name[i]; i++)
		if (2 * i + 2 > len || p[2 * i] != name[i] || p[2 * i + 1])
			return 0;
	return 2 * i == len;
}

static int hex_digit(const u8 *p)
{
	if (p[1])
		return -1;
	if (p[0] >= '0' && p[0] <= '9')
		return p[0] - '0';
	if ((p[0] | 0x20) >= 'a' && (p[0] | 0x20) <= 'f')
		return (p[0] | 0x20) - 'a' + 10;
	return -1;
}

/* The one parameter there is: NetworkAddress, twelve digits. */
static int set_parameter(struct vsp_net_change *change,
			 const struct vsp_net_props *props, const u8 *in, u32 len)
{
	struct vmb_rndis_config_parameter par;
	u32 name, name_len, value, value_len, i;
	u8 addr[VSP_NET_ADDR];

	if (len < sizeof(par))
		return -EMSGSIZE;
	memcpy(&par, in, sizeof(par));
	name = le32_to_cpu(par.name_offset);
	name_len = le32_to_cpu(par.name_len);
	value = le32_to_cpu(par.value_offset);
	value_len = le32_to_cpu(par.value_len);
	if (name > len || name_len > len - name || value > len ||
	    value_len > len - value)
		return -EINVAL;
	if (!utf16_is(in + name, name_len, "NetworkAddress"))
		return -EOPNOTSUPP;
	if (le32_to_cpu(par.type) != VMB_RNDIS_CONFIG_STRING ||
	    value_len != 4 * VSP_NET_ADDR)
		return -EINVAL;
	for (i = 0; i < VSP_NET_ADDR; i++) {
		int high = hex_digit(in + value + 4 * i);
		int low = hex_digit(in + value + 4 * i + 2);

		if (high < 0 || low < 0)
			return -EINVAL;
		addr[i] = high << 4 | low;
	}
	return set_mac(change, props, addr);
}

static int set_multicast(struct vsp_net_change *change, const u8 *in, u32 len)
{
	u32 i;

	if (len % VSP_NET_ADDR)
		return -EMSGSIZE;
	if (len / VSP_NET_ADDR > VSP_NET_MULTICAST_MAX)
		return -ENOSPC;
	for (i = 0; i < len / VSP_NET_ADDR; i++)
		if (!(in[i * VSP_NET_ADDR] & 1))
			return -EINVAL;
	change->action = VSP_NET_SET_MULTICAST;
	change->nr = len / VSP_NET_ADDR;
	if (len)
		memcpy(change->addr, in, len);
	return 0;
}

/* Of the two families the guest has to want both to be told of either. */
static u8 offload_rx(u8 v4, u8 v6)
{
	if (!v4 && !v6)
		return 0;
	return (v4 == VMB_NDIS_OFFLOAD_RX || v4 == VMB_NDIS_OFFLOAD_BOTH) &&
	       (v6 == VMB_NDIS_OFFLOAD_RX || v6 == VMB_NDIS_OFFLOAD_BOTH) ? 2 : 1;
}

/* A later revision may have it. It is a permission: none has to make use of it. */
static int offload_rsc(struct vsp_net_change *change,
		       const struct vmb_ndis_offload_params *par, const u8 *in)
{
	u8 rsc4, rsc6;

	change->rsc4 = 0;
	change->rsc6 = 0;
	if (par->header.revision < 3 ||
	    le16_to_cpu(par->header.size) <= offsetof(struct vmb_ndis_offload_params3, rsc6))
		return 0;
	rsc4 = in[offsetof(struct vmb_ndis_offload_params3, rsc4)];
	rsc6 = in[offsetof(struct vmb_ndis_offload_params3, rsc6)];
	if (rsc4 > VMB_NDIS_OFFLOAD_RSC_ON || rsc6 > VMB_NDIS_OFFLOAD_RSC_ON)
		return -EINVAL;
	change->rsc4 = rsc4;
	change->rsc6 = rsc6;
	return 0;
}

static int set_offload(struct vsp_net_change *change, const u8 *in, u32 len)
{
	struct vmb_ndis_offload_params par;
	const u8 *value;

	if (len < sizeof(par))
		return -EMSGSIZE;
	memcpy(&par, in, sizeof(par));
	if (par.header.type != VMB_NDIS_OBJECT_DEFAULT || !par.header.revision ||
	    le16_to_cpu(par.header.size) < sizeof(par) ||
	    le16_to_cpu(par.header.size) > len)
		return -EINVAL;
	for (value = &par.ip4_csum; value <= &par.connection_ip6; value++)
		if (*value > VMB_NDIS_OFFLOAD_BOTH)
			return -EINVAL;
	if (offload_rsc(change, &par, in))
		return -EINVAL;
	change->action = VSP_NET_SET_OFFLOAD;
	change->rx_tcp = offload_rx(par.tcp4_csum, par.tcp6_csum);
	change->rx_udp = offload_rx(par.udp4_csum, par.udp6_csum);
	return 0;
}

static int set_rss(struct vsp_net_change *change, const struct vsp_net_props *props,
		   const u8 *in, u32 len)
{
	int ret;

	change->rss = props->rss;
	ret = vsp_net_rss_parse(&change->rss, props->queues, in, len);
	if (!ret)
		change->action = VSP_NET_SET_RSS;
	return ret;
}

/**
 * vsp_net_oid_set() - what a SET wants
 * @change: filled; %VSP_NET_NOTHING if it is to be taken and does nothing
 * @props: of the NIC
 * @oid: what is set
 * @in: to what, in private memory
 * @len: bytes of it
 *
 * Context: any.
 * Return: 0; -EOPNOTSUPP for what is not known; -EMSGSIZE, -EINVAL, -ENOSPC for
 * what cannot be; -EPERM for what this NIC may not.
 */
int vsp_net_oid_set(struct vsp_net_change *change,
		    const struct vsp_net_props *props, u32 oid, const u8 *in,
		    u32 len)
{
	__le32 value;

	change->action = VSP_NET_NOTHING;
	switch (oid) {
	case VMB_OID_GEN_CURRENT_PACKET_FILTER:
		if (len < sizeof(value))
			return -EMSGSIZE;
		memcpy(&value, in, sizeof(value));
		change->action = VSP_NET_SET_FILTER;
		change->filter = le32_to_cpu(value);
		return 0;
	case VMB_OID_802_3_MULTICAST_LIST:
		return set_multicast(change, in, len);
	case VMB_OID_802_3_CURRENT_ADDRESS:
		if (len < VSP_NET_ADDR)
			return -EMSGSIZE;
		return set_mac(change, props, in);
	case VMB_OID_GEN_RNDIS_CONFIG_PARAMETER:
		return set_parameter(change, props, in, len);
	case VMB_OID_TCP_OFFLOAD_PARAMETERS:
		return set_offload(change, in, len);
	case VMB_OID_GEN_RECEIVE_SCALE_PARAMETERS:
		return set_rss(change, props, in, len);
	case VMB_OID_GEN_CURRENT_LOOKAHEAD:
	case VMB_OID_GEN_PROTOCOL_OPTIONS:
	case VMB_OID_GEN_NETWORK_LAYER_ADDRESSES:
	case VMB_OID_OFFLOAD_ENCAPSULATION:
		/* hints to hardware; whatever they say is right here */
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static u32 status_of(int ret)
{
	switch (ret) {
	case 0:
		return VMB_RNDIS_STATUS_SUCCESS;
	case -EOPNOTSUPP:
		return VMB_RNDIS_STATUS_NOT_SUPPORTED;
	case -EMSGSIZE:
		return VMB_RNDIS_STATUS_INVALID_LENGTH;
	case -EINVAL:
		return VMB_RNDIS_STATUS_INVALID_DATA;
	case -ENOSPC:
		return VMB_RNDIS_STATUS_MULTICAST_FULL;
	case -EAGAIN:
		return VMB_RNDIS_STATUS_NOT_READY;
	default:
		return VMB_RNDIS_STATUS_FAILURE;
	}
}

static int answer_head(u8 *answer, u32 type, u32 len)
{
	struct vmb_rndis_head head = {
		.type = cpu_to_le32(type | VMB_RNDIS_COMPLETE),
		.len = cpu_to_le32(VSP_NET_RNDIS_HEAD + len),
	};

	memcpy(answer, &head, sizeof(head));
	return VSP_NET_RNDIS_HEAD + len;
}

static int answer_initialize(struct vsp_net_change *change,
			     const struct vsp_net_request *req, u8 *answer)
{
	bool good = req->major == VMB_RNDIS_MAJOR;
	struct vmb_rndis_initialize_complete c = {
		.request_id = cpu_to_le32(req->id),
		.status = cpu_to_le32(good ? VMB_RNDIS_STATUS_SUCCESS :
				      VMB_RNDIS_STATUS_BAD_VERSION),
		.major = cpu_to_le32(VMB_RNDIS_MAJOR),
		.minor = cpu_to_le32(VMB_RNDIS_MINOR),
		.flags = cpu_to_le32(VMB_RNDIS_CONNECTIONLESS),
		.medium = cpu_to_le32(VMB_RNDIS_MEDIUM_802_3),
		.max_packets = cpu_to_le32(VSP_NET_MAX_PACKETS),
		.max_transfer = cpu_to_le32(0x4000),
		.align_shift = cpu_to_le32(VSP_NET_ALIGN_SHIFT),
	};

	if (good)
		change->action = VSP_NET_INITIALIZE;
	memcpy(answer + VSP_NET_RNDIS_HEAD, &c, sizeof(c));
	return answer_head(answer, req->type, sizeof(c));
}

static int answer_query(const struct vsp_net_props *props,
			const struct vsp_net_request *req, u8 *answer)
{
	struct vmb_rndis_query_complete c = {
		.request_id = cpu_to_le32(req->id),
		.offset = cpu_to_le32(sizeof(c)),
	};
	int ret = -EAGAIN;

	if (props->ready)
		ret = vsp_net_oid_query(props, req->oid, req->info, req->info_len,
					answer + VSP_NET_RNDIS_HEAD + sizeof(c),
					VSP_NET_MAX_CONTROL - VSP_NET_RNDIS_HEAD - sizeof(c));
	c.status = cpu_to_le32(status_of(min(ret, 0)));
	if (ret > 0)
		c.len = cpu_to_le32(ret);
	else
		ret = 0;
	memcpy(answer + VSP_NET_RNDIS_HEAD, &c, sizeof(c));
	return answer_head(answer, req->type, sizeof(c) + ret);
}

static int answer_status(const struct vsp_net_request *req, u32 status, u8 *answer)
{
	struct vmb_rndis_status_complete c = {
		.request_id = cpu_to_le32(req->id),
		.status = cpu_to_le32(status),
	};

	memcpy(answer + VSP_NET_RNDIS_HEAD, &c, sizeof(c));
	return answer_head(answer, req->type, sizeof(c));
}

static int answer_reset(struct vsp_net_change *change,
			const struct vsp_net_request *req, u8 *answer)
{
	struct vmb_rndis_reset_complete c = {
		.status = cpu_to_le32(VMB_RNDIS_STATUS_SUCCESS),
		.addressing_reset = cpu_to_le32(1),
	};

	change->action = VSP_NET_RESET;
	memcpy(answer + VSP_NET_RNDIS_HEAD, &c, sizeof(c));
	return answer_head(answer, req->type, sizeof(c));
}

/**
 * vsp_net_control() - a control message and its answer
 * @change: filled: what is to be done before the answer is sent
 * @props: of the NIC
 * @msg: the message, in private memory
 * @len: bytes of it
 * @answer: filled; %VSP_NET_MAX_CONTROL bytes
 *
 * Context: any.
 * Return: bytes of the answer, 0 for none; -EBADMSG, or -EOPNOTSUPP when the
 * type is not known.
 */
int vsp_net_control(struct vsp_net_change *change,
		    const struct vsp_net_props *props, const void *msg, u32 len,
		    u8 *answer)
{
	struct vsp_net_request req;
	int ret;

	change->action = VSP_NET_NOTHING;
	ret = vsp_net_request_parse(&req, msg, len);
	if (ret)
		return ret;
	switch (req.type) {
	case VMB_RNDIS_INITIALIZE:
		return answer_initialize(change, &req, answer);
	case VMB_RNDIS_QUERY:
		return answer_query(props, &req, answer);
	case VMB_RNDIS_SET:
		ret = -EAGAIN;
		if (props->ready)
			ret = vsp_net_oid_set(change, props, req.oid, req.info,
					      req.info_len);
		return answer_status(&req, status_of(ret), answer);
	case VMB_RNDIS_RESET:
		return answer_reset(change, &req, answer);
	case VMB_RNDIS_KEEPALIVE:
		return answer_status(&req, VMB_RNDIS_STATUS_SUCCESS, answer);
	default:
		change->action = VSP_NET_HALT;
		return 0;
	}
}
