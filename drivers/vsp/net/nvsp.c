// SPDX-License-Identifier: GPL-2.0-only
/*
 * NVSP: what each message has to have, versions, how buffers are divided.
 */
#include <linux/align.h>
#include <linux/array_size.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "wire.h"

/* newest first */
static const u32 versions[] = {
	VMB_NVSP_VERSION_6_1, VMB_NVSP_VERSION_6, VMB_NVSP_VERSION_5,
	VMB_NVSP_VERSION_4, VMB_NVSP_VERSION_2, VMB_NVSP_VERSION_1,
};

#define BODY(name)	sizeof_field(struct vmb_nvsp_msg, name)

/* Bytes behind the type that a message from the guest has to have. */
static u32 nvsp_body(u32 type)
{
	switch (type) {
	case VMB_NVSP_INIT:
		return BODY(init);
	case VMB_NVSP_NDIS_VERSION:
		return BODY(ndis_version);
	case VMB_NVSP_NDIS_CONFIG:
		return BODY(ndis_config);
	case VMB_NVSP_RECV_BUF:
	case VMB_NVSP_SEND_BUF:
		return BODY(buf);
	case VMB_NVSP_REVOKE_RECV_BUF:
	case VMB_NVSP_REVOKE_SEND_BUF:
		return BODY(revoke);
	case VMB_NVSP_RNDIS:
		return BODY(rndis);
	case VMB_NVSP_RNDIS_COMPLETE:
		return BODY(status);
	case VMB_NVSP_SUBCHANNEL:
		return BODY(subchannel);
	case VMB_NVSP_PD_API:
		/* the operation */
		return 4;
	default:
		return 0;
	}
}

/**
 * vsp_net_nvsp_parse() - check a message from the guest
 * @msg: filled; what the guest did not send is zero
 * @data: the message, in private memory
 * @len: bytes of it; more than there is in @msg is no error
 *
 * Context: any.
 * Return: 0, or -EBADMSG when it is shorter than its type says.
 */
int vsp_net_nvsp_parse(struct vmb_nvsp_msg *msg, const void *data, u32 len)
{
	memset(msg, 0, sizeof(*msg));
	if (len < sizeof(msg->type))
		return -EBADMSG;
	memcpy(msg, data, min_t(u32, len, sizeof(*msg)));
	if (len < sizeof(msg->type) + nvsp_body(le32_to_cpu(msg->type)))
		return -EBADMSG;
	return 0;
}

/**
 * vsp_net_nvsp_choose() - the newest version that both speak
 * @min: least that the guest speaks
 * @max: highest that the guest speaks
 *
 * Context: any.
 * Return: it, or 0.
 */
u32 vsp_net_nvsp_choose(u32 min, u32 max)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(versions); i++)
		if (versions[i] >= min && versions[i] <= max)
			return versions[i];
	return 0;
}

/**
 * vsp_net_section_size() - how the receive buffer is divided
 * @mtu: most bytes of an IP packet
 * @bytes: of the buffer
 *
 * A frame and what is in front of it have to be in one section: Linux takes
 * nothing else. And a control message fits in any. Where there are many all the
 * same, they are longer: a frame that goes in pieces has fewer of them, each of
 * which costs both ends a message.
 *
 * Context: any.
 * Return: bytes of a section.
 */
u32 vsp_net_section_size(u32 mtu, u32 bytes)
{
	u32 least = ALIGN(mtu + VSP_NET_LINK_HEAD + (u32)VSP_NET_PACKET_HEAD, 64U);
	u32 len = min(bytes / VSP_NET_MANY_SECTIONS, VSP_NET_LONG_SECTION) & ~63U;

	return max(max(least, len), VSP_NET_MAX_CONTROL);
}

/**
 * vsp_net_nvsp_table() - tell the guest by which channels to send
 * @msg: filled
 * @channels: indices of those that are open
 * @nr: how many, at least 1
 *
 * Context: any.
 */
void vsp_net_nvsp_table(struct vmb_nvsp_table_msg *msg, const u8 *channels, u32 nr)
{
	u32 i;

	msg->type = cpu_to_le32(VMB_NVSP_INDIRECTION_TABLE);
	msg->count = cpu_to_le32(VMB_NVSP_TABLE_ENTRIES);
	msg->offset = cpu_to_le32(offsetof(struct vmb_nvsp_table_msg, entry));
	for (i = 0; i < VMB_NVSP_TABLE_ENTRIES; i++)
		msg->entry[i] = cpu_to_le32(channels[i % nr]);
}
