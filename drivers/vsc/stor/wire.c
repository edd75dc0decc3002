// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the storage protocol says to a SCSI controller, see
 * Documentation/protocol/storage.rst.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>

#include "wire.h"

/**
 * vsc_stor_wire_outcome() - read the answer to EXECUTE_SRB
 * @wire: version
 * @data: payload of the packet, in private memory
 * @len: bytes of it
 * @c: set; refers to @data
 *
 * Looks only at what the protocol says; whether the outcome is one that the
 * command can have is for the port layer to say.
 *
 * Context: any.
 * Return: 0, or -EPROTO if it is no such answer: @c is then one that the port
 * layer refuses.
 */
int vsc_stor_wire_outcome(const struct vsc_wire *wire, const void *data, u32 len,
			  struct storport_completion *c)
{
	const struct vmb_stor_packet *pkt = data;

	*c = (struct storport_completion){ .srb_status = STORPORT_SRB_PENDING };
	if (len < wire->packet_bytes ||
	    le32_to_cpu(pkt->operation) != VMB_STOR_OP_COMPLETE_IO)
		return -EPROTO;
	c->srb_status = pkt->srb.srb_status;
	c->scsi_status = pkt->srb.scsi_status;
	c->transferred = le32_to_cpu(pkt->srb.data_transfer_length);
	c->sense = pkt->srb.sense;
	c->sense_length = pkt->srb.sense_length;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_stor_wire_outcome);

/**
 * vsc_stor_wire_notice() - read what the host says unasked
 * @data: payload of the packet, in private memory
 * @len: bytes of it
 *
 * Context: any.
 * Return: %VMB_STOR_OP_ENUMERATE_BUS or %VMB_STOR_OP_REMOVE_DEVICE, or -EPROTO.
 */
int vsc_stor_wire_notice(const void *data, u32 len)
{
	u32 op;

	if (len < sizeof(__le32))
		return -EPROTO;
	op = le32_to_cpu(*(const __le32 *)data);
	if (op != VMB_STOR_OP_ENUMERATE_BUS && op != VMB_STOR_OP_REMOVE_DEVICE)
		return -EPROTO;
	return op;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_stor_wire_notice);
