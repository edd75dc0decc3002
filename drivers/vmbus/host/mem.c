// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory: the table that maps guest physical addresses to the VMM's
 * address space, mirrored from the hypervisor's memory slots.
 *
 * The data path translates without a lock under mem_srcu. A removal returns
 * only after every reader that may have seen the old table has pinned what it
 * translated or has given up, so the VMM can reuse the addresses.
 */
#include <kunit/visibility.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "host.h"

int vmb_mem_init(struct vmb_bus *bus)
{
	mutex_init(&bus->mem_lock);
	init_waitqueue_head(&bus->pins_gone);
	return init_srcu_struct(&bus->mem_srcu);
}

void vmb_mem_destroy(struct vmb_bus *bus)
{
	kvfree(rcu_dereference_protected(bus->mem, true));
	cleanup_srcu_struct(&bus->mem_srcu);
}

/* index of the first region that ends after @gpa */
static unsigned int vmb_mem_search(const struct vmb_mem_table *table, u64 gpa)
{
	unsigned int lo = 0, hi = table ? table->nr : 0;

	while (lo < hi) {
		unsigned int mid = lo + (hi - lo) / 2;
		const struct vmb_mem_region *r = &table->region[mid];

		if (r->gpa + r->len <= gpa)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void vmb_mem_replace(struct vmb_bus *bus, struct vmb_mem_table *old,
			    struct vmb_mem_table *new)
{
	lockdep_assert_held(&bus->mem_lock);
	rcu_assign_pointer(bus->mem, new);
	synchronize_srcu_expedited(&bus->mem_srcu);
	kvfree(old);
}

static int vmb_mem_insert(struct vmb_bus *bus, const struct vmb_mem_region *region,
			  struct vmb_pin *pin)
{
	struct vmb_mem_table *old, *new;
	unsigned int nr, at;

	guard(mutex)(&bus->mem_lock);
	old = rcu_dereference_protected(bus->mem, lockdep_is_held(&bus->mem_lock));
	nr = old ? old->nr : 0;
	at = vmb_mem_search(old, region->gpa);
	if (at < nr && old->region[at].gpa < region->gpa + region->len)
		return -EEXIST;
	if (nr >= VMB_MAX_MEM_REGIONS)
		return -ENOSPC;

	new = kvmalloc(struct_size(new, region, nr + 1), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	new->nr = nr + 1;
	if (old) {
		memcpy(new->region, old->region, at * sizeof(*region));
		memcpy(new->region + at + 1, old->region + at,
		       (nr - at) * sizeof(*region));
	}
	new->region[at] = *region;
	new->region[at].pin = pin;
	vmb_mem_replace(bus, old, new);
	return 0;
}

/**
 * vmb_mem_add - add a range of guest memory
 * @bus: the bus
 * @region: page aligned, checked by the caller not to wrap
 *
 * Context: may sleep; with %VMB_MEM_PINNED a thread of the VMM.
 * Return: 0, -EEXIST when it overlaps another, -ENOSPC, -ENOMEM, and what
 * vmb_pin_create() says.
 */
int vmb_mem_add(struct vmb_bus *bus, const struct vmb_mem_region *region)
{
	struct vmb_pin *pin = NULL;
	int ret;

	/* takes long, and may wait for the VMM to provide pages: without the lock */
	if (region->flags & VMB_MEM_PINNED) {
		pin = vmb_pin_create(bus, region->hva, region->len);
		if (IS_ERR(pin))
			return PTR_ERR(pin);
	}
	ret = vmb_mem_insert(bus, region, pin);
	if (ret && pin)
		vmb_pin_drop(pin);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(vmb_mem_add);

/**
 * vmb_mem_remove - remove a range of guest memory
 * @bus: the bus
 * @gpa: its start, as it was added
 * @len: its length, as it was added
 *
 * Context: may sleep; waits for polls that run, not for their I/O.
 * Return: 0, -ENOENT when there is no such range, -ENOMEM.
 */
int vmb_mem_remove(struct vmb_bus *bus, u64 gpa, u64 len)
{
	struct vmb_mem_table *old, *new = NULL;
	struct vmb_pin *pin;
	unsigned int at;

	mutex_lock(&bus->mem_lock);
	old = rcu_dereference_protected(bus->mem, lockdep_is_held(&bus->mem_lock));
	at = vmb_mem_search(old, gpa);
	if (!old || at >= old->nr || old->region[at].gpa != gpa ||
	    old->region[at].len != len) {
		mutex_unlock(&bus->mem_lock);
		return -ENOENT;
	}

	if (old->nr > 1) {
		new = kvmalloc(struct_size(new, region, old->nr - 1),
			       GFP_KERNEL_ACCOUNT);
		if (!new) {
			mutex_unlock(&bus->mem_lock);
			return -ENOMEM;
		}
		new->nr = old->nr - 1;
		memcpy(new->region, old->region, at * sizeof(*old->region));
		memcpy(new->region + at, old->region + at + 1,
		       (new->nr - at) * sizeof(*old->region));
	}
	pin = old->region[at].pin;
	vmb_mem_replace(bus, old, new);
	mutex_unlock(&bus->mem_lock);
	/* whoever could take a reference has it, or never will */
	if (pin)
		vmb_pin_drop(pin);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vmb_mem_remove);

/**
 * vmb_mem_purge - the VMM goes away: forget all of its memory
 * @bus: the bus, without an open channel
 *
 * On return nothing of it is pinned by the table any more.
 *
 * Context: may sleep.
 */
void vmb_mem_purge(struct vmb_bus *bus)
{
	struct vmb_mem_table *old;
	unsigned int i;

	scoped_guard(mutex, &bus->mem_lock) {
		old = rcu_replace_pointer(bus->mem, NULL,
					  lockdep_is_held(&bus->mem_lock));
		synchronize_srcu_expedited(&bus->mem_srcu);
	}
	for (i = 0; old && i < old->nr; i++)
		if (old->region[i].pin)
			vmb_pin_drop_begin(old->region[i].pin);
	for (i = 0; old && i < old->nr; i++)
		if (old->region[i].pin)
			vmb_pin_drop(old->region[i].pin);
	kvfree(old);
	/* the I/O has ended: at most works that are about to unpin are left */
	wait_event(bus->pins_gone, !atomic_read(&bus->nr_pins));
}

/**
 * vmb_mem_find - find the range that a guest physical address lies in
 * @bus: the bus
 * @gpa: the address
 * @write: the memory is to be written
 *
 * Context: within a read section of &vmb_bus.mem_srcu; the answer is good
 * until its end.
 * Return: it or NULL.
 */
const struct vmb_mem_region *vmb_mem_find(struct vmb_bus *bus, u64 gpa, bool write)
{
	const struct vmb_mem_table *table;
	const struct vmb_mem_region *r;
	unsigned int at;

	table = srcu_dereference(bus->mem, &bus->mem_srcu);
	at = vmb_mem_search(table, gpa);
	if (!table || at >= table->nr)
		return NULL;
	r = &table->region[at];
	if (gpa < r->gpa || (write && (r->flags & VMB_MEM_READONLY)))
		return NULL;
	return r;
}

/**
 * vmb_mem_hva - translate a guest physical address
 * @bus: the bus
 * @gpa: the address
 * @avail: how many bytes follow in the same range
 * @write: the memory is to be written
 *
 * Context: within a read section of &vmb_bus.mem_srcu; the answer is good
 * until its end.
 * Return: the address in the VMM, or 0 when there is no such memory.
 */
u64 vmb_mem_hva(struct vmb_bus *bus, u64 gpa, u64 *avail, bool write)
{
	const struct vmb_mem_region *r = vmb_mem_find(bus, gpa, write);

	if (!r)
		return 0;
	*avail = r->gpa + r->len - gpa;
	return r->hva + (gpa - r->gpa);
}
EXPORT_SYMBOL_IF_KUNIT(vmb_mem_hva);

/**
 * vmb_mem_read - copy from guest memory
 * @bus: the bus
 * @gpa: where from; the bytes must not cross a page
 * @buf: where to
 * @len: bytes
 *
 * Context: a thread of the VMM; may sleep.
 * Return: 0 or -EFAULT.
 */
int vmb_mem_read(struct vmb_bus *bus, u64 gpa, void *buf, u32 len)
{
	int ret = -EFAULT;
	u64 hva, avail;
	int idx;

	if (offset_in_page(gpa) + len > PAGE_SIZE)
		return -EFAULT;

	idx = srcu_read_lock(&bus->mem_srcu);
	hva = vmb_mem_hva(bus, gpa, &avail, false);
	if (hva && !copy_from_user(buf, u64_to_user_ptr(hva), len))
		ret = 0;
	srcu_read_unlock(&bus->mem_srcu, idx);
	return ret;
}

static struct page *vmb_mem_pin_one(struct vmb_bus *bus, u64 gpa)
{
	struct page *page;
	u64 hva, avail;
	int ret;

	hva = vmb_mem_hva(bus, gpa, &avail, true);
	if (!hva)
		return ERR_PTR(-EFAULT);
	if (!bus->mm)
		return vmb_local_pin_page(hva);
	ret = pin_user_pages_fast(hva, 1, FOLL_WRITE | FOLL_LONGTERM, &page);
	if (ret != 1)
		return ERR_PTR(ret < 0 ? ret : -EFAULT);
	return page;
}

static void vmb_mem_put(struct vmb_bus *bus, struct page **page,
			unsigned int nr, bool dirty)
{
	unsigned int i;

	if (bus->mm) {
		unpin_user_pages_dirty_lock(page, nr, dirty);
		return;
	}
	for (i = 0; i < nr; i++)
		put_page(page[i]);
}

/**
 * vmb_mem_pin_pfns - pin pages of guest memory for long, for writing
 * @bus: the bus
 * @page: filled
 * @pfns: guest page frame numbers; private memory
 * @nr: how many
 *
 * The pages are charged to the VMM's locked memory.
 *
 * Context: a thread of the VMM; may sleep.
 * Return: 0, -EFAULT when one is not guest memory, -ENOMEM when the VMM may
 * not lock so much. All or nothing.
 */
int vmb_mem_pin_pfns(struct vmb_bus *bus, struct page **page,
		     const __le64 *pfns, unsigned int nr)
{
	unsigned int i;
	int idx, ret;

	ret = account_locked_vm(bus->mm, nr, true);
	if (ret)
		return ret;

	idx = srcu_read_lock(&bus->mem_srcu);
	for (i = 0; i < nr; i++) {
		u64 pfn = le64_to_cpu(pfns[i]);

		if (pfn >> (64 - VMB_PAGE_SHIFT))
			page[i] = ERR_PTR(-EFAULT);
		else
			page[i] = vmb_mem_pin_one(bus, pfn << VMB_PAGE_SHIFT);
		if (IS_ERR(page[i]))
			break;
	}
	srcu_read_unlock(&bus->mem_srcu, idx);
	if (i == nr)
		return 0;

	ret = PTR_ERR(page[i]);
	vmb_mem_put(bus, page, i, false);
	account_locked_vm(bus->mm, nr, false);
	return ret;
}

/**
 * vmb_mem_unpin - undo vmb_mem_pin_pfns()
 * @bus: the bus
 * @page: the pages; they are marked dirty
 * @nr: how many
 *
 * Context: any process; may sleep.
 */
void vmb_mem_unpin(struct vmb_bus *bus, struct page **page, unsigned int nr)
{
	vmb_mem_put(bus, page, nr, true);
	account_locked_vm(bus->mm, nr, false);
}

/**
 * vmb_mem_pin_page - pin one page of guest memory for long, for writing
 * @bus: the bus
 * @gpa: an address in it
 *
 * Undone with vmb_mem_unpin().
 *
 * Context: a thread of the VMM; may sleep.
 * Return: the page or an ERR_PTR() as vmb_mem_pin_pfns().
 */
struct page *vmb_mem_pin_page(struct vmb_bus *bus, u64 gpa)
{
	__le64 pfn = cpu_to_le64(gpa >> VMB_PAGE_SHIFT);
	struct page *page;
	int ret;

	ret = vmb_mem_pin_pfns(bus, &page, &pfn, 1);
	return ret ? ERR_PTR(ret) : page;
}
