// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mapping of a ring. It is apart from the algorithms so that those compile
 * in userspace as they are.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <vmb/ring.h>

/**
 * vmb_ring_map() - map the pages of a ring
 * @pages: the header page and then those of the data; they stay the caller's,
 *	who keeps them as long as they are mapped
 * @nr: how many; at least two
 *
 * The header is mapped once and the data behind it twice in a row, so that a
 * packet that wraps is contiguous. vunmap() undoes it.
 *
 * Context: may sleep.
 * Return: the address of the header, the data is %VMB_PAGE_SIZE behind it; NULL
 * when there is no memory.
 * See Documentation/protocol/ring.rst, "Header".
 */
void *vmb_ring_map(struct page **pages, unsigned int nr)
{
	struct page **twice;
	void *addr;

	twice = kvmalloc_array(2 * nr - 1, sizeof(*twice), GFP_KERNEL);
	if (!twice)
		return NULL;
	memcpy(twice, pages, nr * sizeof(*twice));
	memcpy(twice + nr, pages + 1, (nr - 1) * sizeof(*twice));
	addr = vmap(twice, 2 * nr - 1, VM_MAP, PAGE_KERNEL);
	kvfree(twice);
	return addr;
}
EXPORT_SYMBOL_GPL(vmb_ring_map);
