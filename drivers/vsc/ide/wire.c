// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the storage protocol says to an IDE disk, see
 * Documentation/protocol/storage.rst.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>

#include "wire.h"

/**
 * vsc_ide_wire_offer() - which disk an offer is about
 * @user: data of the offer, &struct vmb_stor_ide_offer
 * @instance: instance id of the offer
 * @addr: set
 *
 * The offer says it twice. Where it says two things it is not believed, and
 * where it has no data the instance id does.
 *
 * Context: any.
 * Return: true if @addr is one of the four that an IDE controller has.
 */
bool vsc_ide_wire_offer(const u8 *user, const guid_t *instance,
			struct vsc_ide_address *addr)
{
	const struct vmb_stor_ide_offer *offer = (const void *)user;
	u32 path = get_unaligned_le32(instance->b);
	u16 target = get_unaligned_le16(instance->b + 4);
	u16 data3 = get_unaligned_le16(instance->b + 6);
	bool by_id = data3 == VMB_STOR_IDE_INSTANCE_DATA3 && path < 2 && target < 2;

	if (le32_to_cpu(offer->flags) & VMB_STOR_OFFER_IDE) {
		if (offer->path_id > 1 || offer->target_id > 1)
			return false;
		if (by_id && (path != offer->path_id || target != offer->target_id))
			return false;
		addr->path = offer->path_id;
		addr->target = offer->target_id;
		return true;
	}
	if (!by_id)
		return false;
	addr->path = path;
	addr->target = target;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_wire_offer);

/**
 * vsc_ide_wire_srb() - write EXECUTE_SRB
 * @pkt: set
 * @wire: version
 * @addr: the disk
 * @srb: the command
 *
 * Context: any.
 * Return: 0, or -EINVAL for what the protocol has no room for.
 */
int vsc_ide_wire_srb(struct vmb_stor_packet *pkt, const struct vsc_wire *wire,
		     const struct vsc_ide_address *addr, const struct vsc_ide_srb *srb)
{
	struct vsc_wire_command cmd = {
		.cdb = srb->cdb,
		.cdb_length = srb->cdb_length,
		.path = addr->path,
		.target = addr->target,
		.direction = srb->direction,
		.data_length = srb->bytes,
		.timeout_s = srb->timeout_s,
	};

	if (!srb->cdb_length || srb->bytes > VSC_WIRE_MAX_TRANSFER)
		return -EINVAL;
	return vsc_wire_srb(pkt, wire, &cmd);
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_wire_srb);

/**
 * vsc_ide_wire_outcome() - read the answer to EXECUTE_SRB
 * @wire: version
 * @data: payload of the packet, in private memory
 * @len: bytes of it
 * @moved: set to the bytes that the host says it has moved; the caller knows how
 *	many there can be
 *
 * Sense data is checked and not passed on: what the channel fails to do the
 * registers do again, and they say why not.
 *
 * Context: any.
 * Return: what became of the command.
 */
enum vsc_ide_outcome vsc_ide_wire_outcome(const struct vsc_wire *wire, const void *data,
					  u32 len, u32 *moved)
{
	const struct vmb_stor_packet *pkt = data;
	const struct vmb_stor_srb *srb = &pkt->srb;

	*moved = 0;
	if (len < wire->packet_bytes ||
	    le32_to_cpu(pkt->operation) != VMB_STOR_OP_COMPLETE_IO)
		return VSC_IDE_BROKEN;
	if ((srb->srb_status & VMB_STOR_SRB_AUTOSENSE_VALID) &&
	    srb->sense_length > wire->sense_bytes)
		return VSC_IDE_BROKEN;

	switch (srb->srb_status & VMB_STOR_SRB_CODE_MASK) {
	case 0:
		/* still under way, and yet answered */
		return VSC_IDE_BROKEN;
	case VMB_STOR_SRB_SUCCESS:
		if (srb->scsi_status != SAM_STAT_GOOD)
			return VSC_IDE_BROKEN;
		*moved = le32_to_cpu(srb->data_transfer_length);
		return VSC_IDE_GOOD;
	case VMB_STOR_SRB_INVALID_LUN:
		return VSC_IDE_GONE;
	case VMB_STOR_SRB_BUSY:
		return VSC_IDE_BUSY;
	}
	switch (srb->scsi_status) {
	case SAM_STAT_BUSY:
	case SAM_STAT_TASK_SET_FULL:
		return VSC_IDE_BUSY;
	case SAM_STAT_RESERVATION_CONFLICT:
		return VSC_IDE_CONFLICT;
	}
	return VSC_IDE_FAILED;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_wire_outcome);

MODULE_DESCRIPTION("Channels of IDE disks, for vsc_ide");
MODULE_LICENSE("GPL");
