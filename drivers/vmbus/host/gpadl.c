// SPDX-License-Identifier: GPL-2.0-only
/*
 * The GPADLs of a connection: what arrived, for which channel, and who uses it.
 * All of it is bounded, charged to the VMM, and under the partition's lock.
 * A GPADL pins nothing by itself: its pages are pinned while a channel whose
 * rings lie in it is open.
 */
#define pr_fmt(fmt) "vmb_host: " fmt

#include <linux/mm.h>
#include <linux/slab.h>

#include "host.h"

static void vmb_gpadl_drop(struct vmb_bus *bus, struct vmb_host_gpadl *gpadl)
{
	xa_erase(&bus->gpadls, gpadl->decoded.handle);
	bus->nr_gpadls--;
	bus->gpadl_bytes -= gpadl->decoded.buf_len;
	vmb_gpadl_free(&gpadl->decoded);
	kfree(gpadl);
}

static u32 vmb_gpadl_status(int err)
{
	return err == -ENOMEM ? VMB_STATUS_NO_MEMORY : VMB_STATUS_INVALID_PARAMETER;
}

/**
 * vmb_gpadl_on_header - the first part of a GPADL arrived
 * @bus: the bus
 * @msg: private copy of the message
 * @len: its length, at least that of the structure
 * @complete: set when there is nothing more to come: answer with the status
 *
 * Context: may sleep; partition's lock.
 * Return: VMB_STATUS_*.
 */
u32 vmb_gpadl_on_header(struct vmb_bus *bus, const void *msg, u32 len,
			bool *complete)
{
	const struct vmb_msg_gpadl_header *m = msg;
	struct vmb_host_gpadl *gpadl;
	int ret;

	lockdep_assert_held(&bus->partition->lock);
	*complete = true;
	if (bus->nr_gpadls >= VMB_MAX_GPADLS ||
	    bus->gpadl_bytes + le16_to_cpu(m->range_buflen) > VMB_MAX_GPADL_BYTES)
		return VMB_STATUS_NO_MEMORY;
	if (xa_load(&bus->gpadls, le32_to_cpu(m->gpadl)))
		return VMB_STATUS_INVALID_PARAMETER;

	gpadl = kzalloc(sizeof(*gpadl), GFP_KERNEL_ACCOUNT);
	if (!gpadl)
		return VMB_STATUS_NO_MEMORY;
	ret = vmb_gpadl_begin(&gpadl->decoded, m, len);
	if (ret < 0) {
		kfree(gpadl);
		return vmb_gpadl_status(ret);
	}
	*complete = ret;
	ret = xa_insert(&bus->gpadls, gpadl->decoded.handle, gpadl,
			GFP_KERNEL_ACCOUNT);
	if (ret) {
		*complete = true;
		vmb_gpadl_free(&gpadl->decoded);
		kfree(gpadl);
		return vmb_gpadl_status(ret);
	}
	bus->nr_gpadls++;
	bus->gpadl_bytes += gpadl->decoded.buf_len;
	return VMB_STATUS_SUCCESS;
}

/**
 * vmb_gpadl_on_body - a further part of a GPADL arrived
 * @bus: the bus
 * @msg: private copy of the message
 * @len: its length, at least that of the structure
 * @relid: set to the channel it belongs to
 * @complete: set when there is nothing more to come: answer with the status
 *
 * Context: may sleep; partition's lock.
 * Return: VMB_STATUS_*; a failure without @complete is no answer's matter.
 */
u32 vmb_gpadl_on_body(struct vmb_bus *bus, const void *msg, u32 len,
		      u32 *relid, bool *complete)
{
	const struct vmb_msg_gpadl_body *m = msg;
	struct vmb_host_gpadl *gpadl;
	int ret;

	lockdep_assert_held(&bus->partition->lock);
	*complete = false;
	gpadl = xa_load(&bus->gpadls, le32_to_cpu(m->gpadl));
	if (!gpadl || vmb_gpadl_complete(&gpadl->decoded))
		return VMB_STATUS_INVALID_PARAMETER;

	*relid = gpadl->decoded.relid;
	ret = vmb_gpadl_add(&gpadl->decoded, m, len);
	if (ret < 0) {
		*complete = true;
		vmb_gpadl_drop(bus, gpadl);
		return vmb_gpadl_status(ret);
	}
	*complete = ret;
	return VMB_STATUS_SUCCESS;
}

/**
 * vmb_gpadl_find - look up a complete GPADL
 * @bus: the bus
 * @handle: the guest's name for it
 *
 * Context: partition's lock.
 * Return: it or NULL.
 */
struct vmb_host_gpadl *vmb_gpadl_find(struct vmb_bus *bus, u32 handle)
{
	struct vmb_host_gpadl *gpadl = xa_load(&bus->gpadls, handle);

	return gpadl && vmb_gpadl_complete(&gpadl->decoded) ? gpadl : NULL;
}

/**
 * vmb_gpadl_teardown - the guest takes a GPADL back
 * @bus: the bus
 * @relid: the channel the guest names
 * @handle: the GPADL
 *
 * Context: partition's lock.
 * Return: 0, -ENOENT, -EBUSY while an open channel's rings lie in it.
 */
int vmb_gpadl_teardown(struct vmb_bus *bus, u32 relid, u32 handle)
{
	struct vmb_host_gpadl *gpadl = xa_load(&bus->gpadls, handle);

	lockdep_assert_held(&bus->partition->lock);
	if (!gpadl || gpadl->decoded.relid != relid)
		return -ENOENT;
	if (gpadl->users)
		return -EBUSY;
	vmb_gpadl_drop(bus, gpadl);
	return 0;
}

/**
 * vmb_gpadl_pin - pin all pages of a GPADL
 * @bus: the bus
 * @gpadl: a complete GPADL with one range of whole pages
 * @pages: set to an array of the pages; the caller frees it with kvfree()
 *	after vmb_mem_unpin()
 * @nr: set to their number
 *
 * Context: a thread of the VMM; may sleep; partition's lock.
 * Return: 0, -EINVAL when it is not such a GPADL, -EFAULT, -ENOMEM.
 */
int vmb_gpadl_pin(struct vmb_bus *bus, struct vmb_host_gpadl *gpadl,
		  struct page ***pages, unsigned int *nr)
{
	struct vmb_gpa_range range;
	struct page **page;
	u32 pos = 0;
	int ret;

	ret = vmb_gpadl_range(&gpadl->decoded, &pos, &range);
	if (ret || gpadl->decoded.nr_ranges != 1 || range.offset ||
	    range.len != range.nr_pfns << VMB_PAGE_SHIFT)
		return -EINVAL;

	page = kvmalloc_array(range.nr_pfns, sizeof(*page), GFP_KERNEL_ACCOUNT);
	if (!page)
		return -ENOMEM;
	ret = vmb_mem_pin_pfns(bus, page, range.pfns, range.nr_pfns);
	if (ret) {
		kvfree(page);
		return ret;
	}
	*pages = page;
	*nr = range.nr_pfns;
	return 0;
}

/**
 * vmb_gpadl_purge - forget the GPADLs of a channel, or all
 * @bus: the bus
 * @relid: the channel, 0 for all
 *
 * Context: partition's lock; the channels are closed.
 */
void vmb_gpadl_purge(struct vmb_bus *bus, u32 relid)
{
	struct vmb_host_gpadl *gpadl;
	unsigned long handle;

	xa_for_each(&bus->gpadls, handle, gpadl)
		if (!relid || gpadl->decoded.relid == relid)
			vmb_gpadl_drop(bus, gpadl);
}
