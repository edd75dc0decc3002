// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets of the storage protocol, see Documentation/protocol/storage.rst.
 */
#include <kunit/visibility.h>
#include <linux/array_size.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>

#include "wire.h"

static_assert(PAGE_SIZE == VMB_PAGE_SIZE);

/* in the order in which the host is asked for them */
const u16 vsc_ide_versions[] = {
	VMB_STOR_VERSION_6_2,
	VMB_STOR_VERSION_6_0,
	VMB_STOR_VERSION_5_1,
	VMB_STOR_VERSION_4_2,
	VMB_STOR_VERSION_2_0,
};
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_versions);

const unsigned int vsc_ide_nr_versions = ARRAY_SIZE(vsc_ide_versions);
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_nr_versions);

/**
 * vsc_ide_wire_init() - speak a version of the protocol
 * @wire: set
 * @version: VMB_STOR_VERSION()
 *
 * Context: any.
 */
void vsc_ide_wire_init(struct vsc_ide_wire *wire, u16 version)
{
	bool v1 = version < VMB_STOR_VERSION_5_1;

	wire->version = version;
	wire->packet_bytes = v1 ? VMB_STOR_PACKET_BYTES_V1 : VMB_STOR_PACKET_BYTES;
	wire->sense_bytes = v1 ? VMB_STOR_SENSE_BYTES_V1 : VMB_STOR_SENSE_BYTES;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_wire_init);

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
int vsc_ide_wire_srb(struct vmb_stor_packet *pkt, const struct vsc_ide_wire *wire,
		     const struct vsc_ide_address *addr, const struct vsc_ide_srb *srb)
{
	u32 flags = VSC_IDE_SRB_DISABLE_SYNCH_TRANSFER;
	struct vmb_stor_srb *out = &pkt->srb;

	if (!srb->cdb_length || srb->cdb_length > VMB_STOR_CDB_BYTES ||
	    srb->bytes > VSC_IDE_MAX_TRANSFER)
		return -EINVAL;
	memset(pkt, 0, sizeof(*pkt));
	pkt->operation = cpu_to_le32(VMB_STOR_OP_EXECUTE_SRB);
	pkt->flags = cpu_to_le32(VMB_STOR_REQUEST_COMPLETION);
	out->length = cpu_to_le16(wire->packet_bytes - VMB_STOR_PACKET_HEAD);
	out->path_id = addr->path;
	out->target_id = addr->target;
	out->cdb_length = srb->cdb_length;
	out->sense_length = wire->sense_bytes;
	out->data_in = srb->direction;
	out->data_transfer_length = cpu_to_le32(srb->bytes);
	memcpy(out->cdb, srb->cdb, srb->cdb_length);
	if (srb->direction == VMB_STOR_DATA_IN)
		flags |= VSC_IDE_SRB_DATA_IN;
	else if (srb->direction == VMB_STOR_DATA_OUT)
		flags |= VSC_IDE_SRB_DATA_OUT;
	out->srb_flags = cpu_to_le32(flags);
	out->timeout = cpu_to_le32(srb->timeout_s);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_wire_srb);

/**
 * vsc_ide_wire_pages() - write a scatter list as one range of pages
 * @gpa: an empty list of pages, set
 * @sgl: scatter list
 * @nents: entries of it
 * @len: bytes of data, not 0
 * @pfn: vmb_guest_pfn()
 * @dev: for it
 *
 * One range can say it only if the list has no holes: every segment but the
 * first begins, and every one but the last ends, at a page.
 *
 * Context: any.
 * Return: 0; -EMSGSIZE if @gpa is too small; -EINVAL if there are holes, or less
 * memory than @len.
 */
int vsc_ide_wire_pages(struct vmb_guest_gpa *gpa, struct scatterlist *sgl,
		       unsigned int nents, u32 len,
		       u64 (*pfn)(const struct vmb_guest_device *dev, struct page *page),
		       const struct vmb_guest_device *dev)
{
	struct scatterlist *sg;
	unsigned int i;
	u32 left = len;
	__le64 *pfns;

	pfns = vmb_guest_gpa_add(gpa, offset_in_page(sgl->offset), len);
	if (!pfns)
		return -EMSGSIZE;
	for_each_sg(sgl, sg, nents, i) {
		struct page *page = nth_page(sg_page(sg), sg->offset >> PAGE_SHIFT);
		u32 at = offset_in_page(sg->offset), bytes = min(sg->length, left);
		u32 pages = PAGE_ALIGN(at + bytes) >> PAGE_SHIFT;

		if ((i && at) || (bytes < left && offset_in_page(at + bytes)))
			return -EINVAL;
		for (; pages; pages--, page = nth_page(page, 1))
			*pfns++ = cpu_to_le64(pfn(dev, page));
		left -= bytes;
		if (!left)
			return 0;
	}
	return -EINVAL;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_wire_pages);

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
enum vsc_ide_outcome vsc_ide_wire_outcome(const struct vsc_ide_wire *wire, const void *data,
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

/**
 * vsc_ide_wire_answer() - read the answer to anything else
 * @data: payload of the packet, in private memory
 * @len: bytes of it
 * @answer: set; what the host left out is zero
 *
 * Context: any.
 * Return: 0, or -EPROTO if it is no answer.
 */
int vsc_ide_wire_answer(const void *data, u32 len, struct vmb_stor_packet *answer)
{
	memset(answer, 0, sizeof(*answer));
	if (len < VMB_STOR_PACKET_BYTES_V1)
		return -EPROTO;
	memcpy(answer, data, min_t(u32, len, sizeof(*answer)));
	return le32_to_cpu(answer->operation) == VMB_STOR_OP_COMPLETE_IO ? 0 : -EPROTO;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_wire_answer);

/**
 * vsc_ide_wire_properties() - read the answer to QUERY_PROPERTIES
 * @answer: the answer
 * @max_transfer: set to the bytes of the largest command: whole pages, at most
 *	%VSC_IDE_MAX_TRANSFER
 *
 * Context: any.
 * Return: 0, or -EPROTO if not even a page can be transferred.
 */
int vsc_ide_wire_properties(const struct vmb_stor_packet *answer, u32 *max_transfer)
{
	u32 max = le32_to_cpu(answer->properties.max_transfer_bytes);

	*max_transfer = min(round_down(max, VMB_PAGE_SIZE), VSC_IDE_MAX_TRANSFER);
	return *max_transfer ? 0 : -EPROTO;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_wire_properties);

MODULE_DESCRIPTION("Channels of IDE disks, for vsc_ide");
MODULE_LICENSE("GPL");
