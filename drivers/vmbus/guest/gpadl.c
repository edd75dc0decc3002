// SPDX-License-Identifier: GPL-2.0-only
/*
 * GPADLs: memory that the host is given a handle for.
 */
#define pr_fmt(fmt) "vmb_guest: " fmt

#include <linux/export.h>

#include "guest.h"

/* page frame numbers in a header message with one range, and in a body */
#define VMB_GUEST_PFNS_HEADER						\
	((VMB_MSG_PAYLOAD_MAX - sizeof(struct vmb_msg_gpadl_header) -	\
	  sizeof(struct vmb_wire_gpa_range)) / sizeof(__le64))
#define VMB_GUEST_PFNS_BODY						\
	((VMB_MSG_PAYLOAD_MAX - sizeof(struct vmb_msg_gpadl_body)) / sizeof(__le64))

/**
 * vmb_guest_bus_pfn - the host's number of a page
 * @bus: the bus
 * @page: the page
 *
 * Context: any.
 * Return: its page frame number in guest memory.
 */
u64 vmb_guest_bus_pfn(const struct vmb_guest_bus *bus, struct page *page)
{
	struct vmb_guest_platform *pf = bus->pf;

	return pf->ops->pfn ? pf->ops->pfn(pf, page) : page_to_pfn(page);
}

/**
 * vmb_guest_pfn - the host's number of a page
 * @dev: a device that the page is to be used with
 * @page: the page
 *
 * Context: any.
 * Return: its page frame number in guest memory.
 */
u64 vmb_guest_pfn(const struct vmb_guest_device *dev, struct page *page)
{
	return vmb_guest_bus_pfn(dev->bus, page);
}
EXPORT_SYMBOL_GPL(vmb_guest_pfn);

static void vmb_guest_gpadl_fill(struct vmb_guest_bus *bus, __le64 *pfn,
				 struct page **pages, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		pfn[i] = cpu_to_le64(vmb_guest_bus_pfn(bus, pages[i]));
}

static int vmb_guest_gpadl_post(struct vmb_guest_chan *ch, struct page **pages,
				unsigned int nr, u32 handle)
{
	union {
		struct vmb_msg_gpadl_header header;
		struct vmb_msg_gpadl_body body;
		u8 bytes[VMB_MSG_PAYLOAD_MAX];
	} msg = {};
	struct vmb_wire_gpa_range *range = (void *)msg.header.ranges;
	unsigned int n = min_t(unsigned int, nr, VMB_GUEST_PFNS_HEADER);
	unsigned int done, number = 0;
	int ret;

	msg.header.hdr = vmb_guest_header(VMB_MSG_GPADL_HEADER);
	msg.header.relid = cpu_to_le32(ch->pub.relid);
	msg.header.gpadl = cpu_to_le32(handle);
	msg.header.range_buflen = cpu_to_le16(sizeof(*range) + nr * sizeof(__le64));
	msg.header.range_count = cpu_to_le16(1);
	range->byte_count = cpu_to_le32(nr << VMB_PAGE_SHIFT);
	vmb_guest_gpadl_fill(ch->bus, range->pfn, pages, n);
	ret = vmb_guest_post(ch->bus, &msg, sizeof(msg.header) + sizeof(*range) +
			     n * sizeof(__le64));

	for (done = n; !ret && done < nr; done += n) {
		n = min_t(unsigned int, nr - done, VMB_GUEST_PFNS_BODY);
		msg.body.hdr = vmb_guest_header(VMB_MSG_GPADL_BODY);
		msg.body.number = cpu_to_le32(++number);
		msg.body.gpadl = cpu_to_le32(handle);
		vmb_guest_gpadl_fill(ch->bus, (__le64 *)msg.body.ranges, pages + done, n);
		ret = vmb_guest_post(ch->bus, &msg, sizeof(msg.body) + n * sizeof(__le64));
	}
	return ret;
}

/**
 * vmb_guest_gpadl_create - give the host a handle for memory
 * @ch: the channel it belongs to, open or not
 * @pages: the pages, in the order in which the host is to see them
 * @nr: how many, at most %VMB_GUEST_GPADL_MAX_PAGES
 * @gpadl: set to the handle
 *
 * The host may read and write the pages from now on, until
 * vmb_guest_gpadl_teardown() or the end of the channel's offer.
 *
 * Context: may sleep.
 * Return: 0; -EINVAL; -ENODEV when the channel was rescinded; -ESHUTDOWN without
 * a connection; -EIO when the host refuses; -ETIMEDOUT: the host may have the
 * pages all the same, for good, so they must not be freed.
 */
int vmb_guest_gpadl_create(struct vmb_guest_channel *ch, struct page **pages,
			   unsigned int nr, struct vmb_guest_gpadl *gpadl)
{
	struct vmb_guest_chan *chan = vmb_guest_chan_of(ch);
	struct vmb_guest_bus *bus = chan->bus;
	const struct vmb_msg_gpadl_created *answer;
	struct vmb_guest_wait w;
	u32 handle;
	int ret;

	gpadl->handle = 0;
	if (!nr || nr > VMB_GUEST_GPADL_MAX_PAGES)
		return -EINVAL;
	do {
		handle = atomic_inc_return(&bus->next_gpadl);
	} while (!handle);

	vmb_guest_wait_begin(bus, &w, VMB_MSG_GPADL_CREATED, ch->relid, handle);
	/* a rescind from here on finds the waiter */
	ret = vmb_guest_chan_rescinded(chan) ? -ENODEV :
	      vmb_guest_gpadl_post(chan, pages, nr, handle);
	if (ret) {
		vmb_guest_wait_cancel(bus, &w);
		return ret;
	}
	ret = vmb_guest_wait_end(bus, &w, 1);
	if (ret == -ETIMEDOUT) {
		struct vmb_guest_gpadl unsure = { handle };

		/* whatever has become of it, it shall be none */
		return vmb_guest_gpadl_teardown(ch, &unsure) ?: -EIO;
	}
	if (ret)
		return ret;
	answer = (void *)w.msg.payload;
	if (answer->status) {
		vmb_guest_chan_warn(chan, "GPADL of %u pages refused: status %#x\n", nr,
				    le32_to_cpu(answer->status));
		return -EIO;
	}
	gpadl->handle = handle;
	return 0;
}
EXPORT_SYMBOL_GPL(vmb_guest_gpadl_create);

/**
 * vmb_guest_gpadl_teardown - take memory back from the host
 * @ch: the channel it belongs to
 * @gpadl: from vmb_guest_gpadl_create(); its handle is 0 afterwards
 *
 * Nothing is asked of a host that has rescinded the channel or to which there is
 * no connection: it has given the memory back.
 *
 * Context: may sleep.
 * Return: 0; -ETIMEDOUT when the host does not say that it has done with the
 * pages: they must not be freed.
 */
int vmb_guest_gpadl_teardown(struct vmb_guest_channel *ch,
			     struct vmb_guest_gpadl *gpadl)
{
	struct vmb_guest_chan *chan = vmb_guest_chan_of(ch);
	struct vmb_guest_bus *bus = chan->bus;
	struct vmb_msg_gpadl_teardown msg = {
		.hdr = vmb_guest_header(VMB_MSG_GPADL_TEARDOWN),
		.relid = cpu_to_le32(ch->relid),
		.gpadl = cpu_to_le32(gpadl->handle),
	};
	struct vmb_guest_wait w;
	int ret;

	if (!gpadl->handle)
		return 0;
	vmb_guest_wait_begin(bus, &w, VMB_MSG_GPADL_TORNDOWN, ch->relid, gpadl->handle);
	gpadl->handle = 0;
	ret = vmb_guest_chan_rescinded(chan) ? -ENODEV :
	      vmb_guest_post(bus, &msg, sizeof(msg));
	if (ret)
		vmb_guest_wait_cancel(bus, &w);
	else
		ret = vmb_guest_wait_end(bus, &w, 1);
	return ret == -ENODEV || ret == -ESHUTDOWN || !ret ? 0 : -ETIMEDOUT;
}
EXPORT_SYMBOL_GPL(vmb_guest_gpadl_teardown);
