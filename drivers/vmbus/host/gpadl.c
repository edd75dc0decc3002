// SPDX-License-Identifier: GPL-2.0-only
/*
 * The GPADLs of a connection: what arrived, for which channel, and who uses it.
 * All of it is bounded, charged to the VMM, and under the partition's lock.
 * A GPADL pins nothing by itself: its pages are pinned while a channel whose
 * rings lie in it is open, or while a service has it mapped.
 *
 * Services map and unmap in a poll, which does not have the partition's lock:
 * vmb_bus.gpadl_lock keeps the table, and who uses what is in it, together.
 */
#define pr_fmt(fmt) "vmb_host: " fmt

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "host.h"

static void vmb_gpadl_drop(struct vmb_bus *bus, struct vmb_host_gpadl *gpadl)
{
	lockdep_assert_held(&bus->gpadl_lock);
	WARN_ON_ONCE(gpadl->users || gpadl->buffers);
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
	guard(mutex)(&bus->gpadl_lock);
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
	guard(mutex)(&bus->gpadl_lock);
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
 * Context: partition's lock or &vmb_bus.gpadl_lock.
 * Return: it or NULL.
 */
struct vmb_host_gpadl *vmb_gpadl_find(struct vmb_bus *bus, u32 handle)
{
	struct vmb_host_gpadl *gpadl = xa_load(&bus->gpadls, handle);

	return gpadl && vmb_gpadl_complete(&gpadl->decoded) && !gpadl->teardown ?
	       gpadl : NULL;
}

/**
 * vmb_gpadl_teardown - the guest takes a GPADL back
 * @bus: the bus
 * @relid: the channel the guest names
 * @handle: the GPADL
 *
 * Context: may sleep; partition's lock.
 * Return: 0, -ENOENT, -EBUSY while an open channel's rings lie in it,
 * -EINPROGRESS while a service has it mapped: the guest has asked the service to
 * let go of it, in a packet that need not have been taken yet, and is told when
 * that has happened.
 */
int vmb_gpadl_teardown(struct vmb_bus *bus, u32 relid, u32 handle)
{
	struct vmb_host_gpadl *gpadl;

	lockdep_assert_held(&bus->partition->lock);
	guard(mutex)(&bus->gpadl_lock);
	gpadl = xa_load(&bus->gpadls, handle);
	if (!gpadl || gpadl->decoded.relid != relid)
		return -ENOENT;
	if (gpadl->users || gpadl->teardown)
		return -EBUSY;
	if (gpadl->buffers) {
		gpadl->teardown = true;
		return -EINPROGRESS;
	}
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
 * Context: a thread of the VMM; may sleep; the GPADL does not go meanwhile.
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

	guard(mutex)(&bus->gpadl_lock);
	xa_for_each(&bus->gpadls, handle, gpadl)
		if (!relid || gpadl->decoded.relid == relid)
			vmb_gpadl_drop(bus, gpadl);
}

/**
 * vmb_gpadl_work - confirm teardowns that have waited for a service
 * @work: of a bus
 */
void vmb_gpadl_work(struct work_struct *work)
{
	struct vmb_bus *bus = container_of(work, struct vmb_bus, gpadl_work);
	struct vmb_host_gpadl *gpadl;
	unsigned long handle;

	guard(mutex)(&bus->partition->lock);
	guard(mutex)(&bus->gpadl_lock);
	xa_for_each(&bus->gpadls, handle, gpadl) {
		if (!gpadl->teardown || gpadl->buffers)
			continue;
		vmb_gpadl_drop(bus, gpadl);
		vmb_conn_gpadl_torndown(bus, handle);
	}
}

static void vmb_gpadl_buffer_put(struct vmb_bus *bus, struct vmb_host_gpadl *gpadl)
{
	guard(mutex)(&bus->gpadl_lock);
	if (!--gpadl->buffers && gpadl->teardown)
		schedule_work(&bus->gpadl_work);
}

/**
 * vmb_host_buffer_map - map memory that the guest shares
 * @ch: the channel, to which the GPADL belongs
 * @handle: the guest's name for it
 * @buf: filled
 *
 * Its pages are pinned, and charged to the VMM's locked memory, until
 * vmb_host_buffer_unmap(). If the guest wants the GPADL back before that, it
 * waits.
 *
 * Context: &vmb_host_driver.poll; may sleep.
 * Return: 0; -ENOENT when the channel has no such GPADL; -EINVAL when it is not
 * one range of whole pages; -EFAULT when it is not guest memory; -ENOMEM when
 * there is no memory, or the VMM may not lock so much.
 */
int vmb_host_buffer_map(struct vmb_channel *ch, u32 handle,
			struct vmb_host_buffer *buf)
{
	struct vmb_chan *chan = vmb_chan_of(ch);
	struct vmb_bus *bus = chan->bus;
	struct vmb_host_gpadl *gpadl;
	int ret;

	scoped_guard(mutex, &bus->gpadl_lock) {
		gpadl = vmb_gpadl_find(bus, handle);
		if (!gpadl || gpadl->decoded.relid != chan->pub.relid)
			return -ENOENT;
		gpadl->buffers++;
	}
	/* it stays from here on, and what is decoded does not change */
	ret = vmb_gpadl_pin(bus, gpadl, &buf->pages, &buf->nr_pages);
	if (ret)
		goto put;
	buf->addr = vmap(buf->pages, buf->nr_pages, VM_MAP, PAGE_KERNEL);
	if (!buf->addr) {
		ret = -ENOMEM;
		goto unpin;
	}
	buf->len = buf->nr_pages << VMB_PAGE_SHIFT;
	buf->gpadl = gpadl;
	return 0;

unpin:
	vmb_mem_unpin(bus, buf->pages, buf->nr_pages);
	kvfree(buf->pages);
put:
	vmb_gpadl_buffer_put(bus, gpadl);
	return ret;
}
EXPORT_SYMBOL_GPL(vmb_host_buffer_map);

/**
 * vmb_host_buffer_unmap - undo vmb_host_buffer_map()
 * @ch: the channel
 * @buf: nobody uses the mapping any more
 *
 * Context: &vmb_host_driver.poll or &vmb_host_driver.close; may sleep.
 */
void vmb_host_buffer_unmap(struct vmb_channel *ch, struct vmb_host_buffer *buf)
{
	struct vmb_bus *bus = vmb_chan_of(ch)->bus;

	vunmap(buf->addr);
	vmb_mem_unpin(bus, buf->pages, buf->nr_pages);
	kvfree(buf->pages);
	vmb_gpadl_buffer_put(bus, buf->gpadl);
	memset(buf, 0, sizeof(*buf));
}
EXPORT_SYMBOL_GPL(vmb_host_buffer_unmap);
