// SPDX-License-Identifier: GPL-2.0-only
/*
 * The handshake, see Documentation/protocol/storage.rst.
 */
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/export.h>

#include "handshake.h"

static int ask(struct vsc_handshake *hs, struct vmb_stor_packet *pkt, enum vmb_stor_op op)
{
	pkt->operation = cpu_to_le32(op);
	pkt->flags = cpu_to_le32(VMB_STOR_REQUEST_COMPLETION);
	return hs->ask(hs, pkt);
}

/**
 * vsc_handshake_step() - a request that has to succeed
 * @hs: the driver's half; its version has been set
 * @pkt: what the operation takes; replaced by the answer
 * @op: operation
 *
 * What fails is logged.
 *
 * Context: as &vsc_handshake.ask.
 * Return: 0; -EIO if the host refuses; what &vsc_handshake.ask says.
 */
int vsc_handshake_step(struct vsc_handshake *hs, struct vmb_stor_packet *pkt,
		       enum vmb_stor_op op)
{
	int ret = ask(hs, pkt, op);
	u32 status = ret ? 0 : le32_to_cpu(pkt->status);

	if (status)
		ret = -EIO;
	if (ret)
		dev_printk(hs->level, hs->dev,
			   "handshake: operation %u failed: error %d, status %#x\n",
			   op, ret, status);
	return ret;
}
EXPORT_SYMBOL_GPL(vsc_handshake_step);

static int negotiate(struct vsc_handshake *hs)
{
	struct vmb_stor_packet pkt;
	unsigned int i;
	int ret;

	for (i = 0; i < vsc_wire_nr_versions; i++) {
		vsc_wire_init(hs->wire, vsc_wire_versions[i]);
		pkt = (struct vmb_stor_packet){
			.version.major_minor = cpu_to_le16(vsc_wire_versions[i]),
		};
		ret = ask(hs, &pkt, VMB_STOR_OP_QUERY_PROTOCOL_VERSION);
		if (ret || !pkt.status)
			return ret;
	}
	return -EPROTONOSUPPORT;
}

/**
 * vsc_handshake() - from an open channel to one that takes commands
 * @hs: the driver's half
 * @props: set
 *
 * What fails is logged.
 *
 * Context: as &vsc_handshake.ask.
 * Return: 0; -EPROTONOSUPPORT if the host speaks no version of ours; -EPROTO if
 * its properties make no sense; what vsc_handshake_step() says.
 */
int vsc_handshake(struct vsc_handshake *hs, struct vsc_wire_properties *props)
{
	struct vmb_stor_packet pkt = {};
	int ret;

	vsc_wire_init(hs->wire, vsc_wire_versions[0]);
	ret = vsc_handshake_step(hs, &pkt, VMB_STOR_OP_BEGIN_INIT);
	if (ret)
		return ret;
	ret = negotiate(hs);
	if (ret) {
		dev_printk(hs->level, hs->dev, "no version of the protocol: error %d\n", ret);
		return ret;
	}
	pkt = (struct vmb_stor_packet){};
	ret = vsc_handshake_step(hs, &pkt, VMB_STOR_OP_QUERY_PROPERTIES);
	if (!ret)
		ret = vsc_wire_properties(&pkt, props);
	if (ret)
		return ret;
	pkt = (struct vmb_stor_packet){};
	return vsc_handshake_step(hs, &pkt, VMB_STOR_OP_END_INIT);
}
EXPORT_SYMBOL_GPL(vsc_handshake);
