// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets of the storage protocol, see Documentation/protocol/storage.rst.
 */
#include <linux/array_size.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/string.h>

#include "wire.h"

static_assert(PAGE_SIZE == VMB_PAGE_SIZE);

/* in the order in which the host is asked for them */
const u16 vsc_wire_versions[] = {
	VMB_STOR_VERSION_6_2,
	VMB_STOR_VERSION_6_0,
	VMB_STOR_VERSION_5_1,
	VMB_STOR_VERSION_4_2,
	VMB_STOR_VERSION_2_0,
};
EXPORT_SYMBOL_GPL(vsc_wire_versions);

const unsigned int vsc_wire_nr_versions = ARRAY_SIZE(vsc_wire_versions);
EXPORT_SYMBOL_GPL(vsc_wire_nr_versions);

/**
 * vsc_wire_init() - speak a version of the protocol
 * @wire: set
 * @version: VMB_STOR_VERSION()
 *
 * Context: any.
 */
void vsc_wire_init(struct vsc_wire *wire, u16 version)
{
	bool v1 = version < VMB_STOR_VERSION_5_1;

	wire->version = version;
	wire->packet_bytes = v1 ? VMB_STOR_PACKET_BYTES_V1 : VMB_STOR_PACKET_BYTES;
	wire->sense_bytes = v1 ? VMB_STOR_SENSE_BYTES_V1 : VMB_STOR_SENSE_BYTES;
}
EXPORT_SYMBOL_GPL(vsc_wire_init);

/**
 * vsc_wire_srb() - write EXECUTE_SRB
 * @pkt: set
 * @wire: version
 * @cmd: the command
 *
 * Context: any.
 * Return: 0, or -EINVAL for what the protocol has no room for.
 */
int vsc_wire_srb(struct vmb_stor_packet *pkt, const struct vsc_wire *wire,
		 const struct vsc_wire_command *cmd)
{
	u32 flags = VSC_WIRE_SRB_DISABLE_SYNCH_TRANSFER;
	struct vmb_stor_srb *srb = &pkt->srb;

	if (cmd->cdb_length > VMB_STOR_CDB_BYTES)
		return -EINVAL;
	memset(pkt, 0, sizeof(*pkt));
	pkt->operation = cpu_to_le32(VMB_STOR_OP_EXECUTE_SRB);
	pkt->flags = cpu_to_le32(VMB_STOR_REQUEST_COMPLETION);
	srb->length = cpu_to_le16(wire->packet_bytes - VMB_STOR_PACKET_HEAD);
	srb->path_id = cmd->path;
	srb->target_id = cmd->target;
	srb->lun = cmd->lun;
	srb->cdb_length = cmd->cdb_length;
	srb->sense_length = wire->sense_bytes;
	srb->data_in = cmd->direction;
	srb->data_transfer_length = cpu_to_le32(cmd->data_length);
	memcpy(srb->cdb, cmd->cdb, cmd->cdb_length);

	if (cmd->direction == VMB_STOR_DATA_IN)
		flags |= VSC_WIRE_SRB_DATA_IN;
	else if (cmd->direction == VMB_STOR_DATA_OUT)
		flags |= VSC_WIRE_SRB_DATA_OUT;
	if (cmd->tagged) {
		flags |= VSC_WIRE_SRB_QUEUE_ACTION_ENABLE | VSC_WIRE_SRB_NO_QUEUE_FREEZE;
		srb->queue_tag = VSC_WIRE_UNTAGGED;
		srb->queue_action = VSC_WIRE_SIMPLE_TAG;
	}
	srb->srb_flags = cpu_to_le32(flags);
	srb->timeout = cpu_to_le32(cmd->timeout_s);
	return 0;
}
EXPORT_SYMBOL_GPL(vsc_wire_srb);

/**
 * vsc_wire_pages() - write a scatter list as one range of pages
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
int vsc_wire_pages(struct vmb_guest_gpa *gpa, struct scatterlist *sgl,
		   unsigned int nents, u32 len,
		   u64 (*pfn)(const struct vmb_guest_device *dev, struct page *page),
		   const struct vmb_guest_device *dev)
{
	u32 offset = offset_in_page(sgl->offset), left = len;
	struct scatterlist *sg;
	unsigned int i;
	__le64 *pfns;

	pfns = vmb_guest_gpa_add(gpa, offset, len);
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
EXPORT_SYMBOL_GPL(vsc_wire_pages);

/**
 * vsc_wire_answer() - read the answer to anything but EXECUTE_SRB
 * @data: payload of the packet, in private memory
 * @len: bytes of it
 * @answer: set; what the host left out is zero
 *
 * Context: any.
 * Return: 0, or -EPROTO if it is no answer.
 */
int vsc_wire_answer(const void *data, u32 len, struct vmb_stor_packet *answer)
{
	memset(answer, 0, sizeof(*answer));
	if (len < VMB_STOR_PACKET_BYTES_V1)
		return -EPROTO;
	memcpy(answer, data, min_t(u32, len, sizeof(*answer)));
	return le32_to_cpu(answer->operation) == VMB_STOR_OP_COMPLETE_IO ? 0 : -EPROTO;
}
EXPORT_SYMBOL_GPL(vsc_wire_answer);

/**
 * vsc_wire_properties() - read the answer to QUERY_PROPERTIES
 * @answer: the answer
 * @props: set
 *
 * Context: any.
 * Return: 0, or -EPROTO if not even a page can be transferred.
 */
int vsc_wire_properties(const struct vmb_stor_packet *answer,
			struct vsc_wire_properties *props)
{
	const struct vmb_stor_properties *p = &answer->properties;

	props->max_sub_channels = 0;
	if (le32_to_cpu(p->flags) & VMB_STOR_PROP_MULTI_CHANNEL)
		props->max_sub_channels = le16_to_cpu(p->max_sub_channels);
	props->max_transfer = min(round_down(le32_to_cpu(p->max_transfer_bytes),
					     VMB_PAGE_SIZE), VSC_WIRE_MAX_TRANSFER);
	return props->max_transfer ? 0 : -EPROTO;
}
EXPORT_SYMBOL_GPL(vsc_wire_properties);

MODULE_DESCRIPTION("Storage protocol of Hyper-V and vmb, a guest's half");
MODULE_LICENSE("GPL");
