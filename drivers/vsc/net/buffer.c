// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two buffers that are shared with the host.
 */
#define pr_fmt(fmt) "vsc_net: " fmt

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "net.h"

static void free_pages_of(struct vsc_net_buf *buf)
{
	unsigned int i;

	vunmap(buf->addr);
	for (i = 0; i < buf->nr_pages && buf->pages[i]; i++)
		__free_page(buf->pages[i]);
	kvfree(buf->pages);
	memset(buf, 0, sizeof(*buf));
}

/**
 * vsc_net_buf_alloc() - memory for a buffer
 * @buf: filled
 * @bytes: of it, a multiple of the page size
 *
 * The host is shown nothing that was there before.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int vsc_net_buf_alloc(struct vsc_net_buf *buf, u32 bytes)
{
	unsigned int i;

	buf->nr_pages = bytes >> PAGE_SHIFT;
	buf->pages = kvcalloc(buf->nr_pages, sizeof(*buf->pages), GFP_KERNEL);
	if (!buf->pages) {
		buf->nr_pages = 0;
		return -ENOMEM;
	}
	for (i = 0; i < buf->nr_pages; i++) {
		buf->pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!buf->pages[i])
			goto free;
	}
	buf->addr = vmap(buf->pages, buf->nr_pages, VM_MAP, PAGE_KERNEL);
	if (buf->addr)
		return 0;
free:
	free_pages_of(buf);
	return -ENOMEM;
}

/**
 * vsc_net_buf_share() - give the host a handle for it
 * @nd: the NIC
 * @buf: the buffer; if the host may have it for good, it is given up
 *
 * Context: may sleep; the primary channel is there.
 * Return: 0 or what vmb_guest_gpadl_create() says.
 */
int vsc_net_buf_share(struct vsc_net_dev *nd, struct vsc_net_buf *buf)
{
	int ret = vmb_guest_gpadl_create(nd->dev->primary, buf->pages, buf->nr_pages,
					 &buf->gpadl);

	if (ret == -ETIMEDOUT) {
		dev_err(&nd->dev->dev, "%u pages are lost: the host may have them\n",
			buf->nr_pages);
		buf->nr_pages = 0;
	}
	return ret;
}

/**
 * vsc_net_buf_free() - take it back from the host, and free it
 * @nd: the NIC
 * @buf: the buffer, or none
 *
 * Context: may sleep; nobody uses it any more.
 */
void vsc_net_buf_free(struct vsc_net_dev *nd, struct vsc_net_buf *buf)
{
	if (vmb_guest_gpadl_teardown(nd->dev->primary, &buf->gpadl)) {
		dev_err(&nd->dev->dev, "%u pages are lost: the host has not given them back\n",
			buf->nr_pages);
		buf->nr_pages = 0;
	}
	free_pages_of(buf);
}
