// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory that stays pinned for as long as it is in the table
 * (VMB_MEM_PINNED), so that nothing is pinned for an I/O.
 *
 * All is pinned when the range is added, for long and for writing, and charged to
 * the VMM's locked memory. What an I/O takes is a reference to the whole range, a
 * percpu_ref: no cache line is written by two CPUs for it. The range's removal
 * gives up the first reference. The pages are unpinned, and marked dirty, when the
 * last I/O has ended: by who removes the range if it has ended by then, as it most
 * often has, else by a work.
 *
 * The VMM must not put other memory in the place of what is pinned: I/O would go
 * on with the old pages, which are the VMM's until then, and which its guest no
 * longer sees. No other partition takes harm.
 */
#include <kunit/visibility.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "host.h"

/* pages that are pinned between two looks at signals */
#define VMB_PIN_BATCH	(PAGE_SIZE / sizeof(struct page *))

/* who comes second, he who removes the range or the last I/O, unpins it */
#define VMB_PIN_USED	0
#define VMB_PIN_LEFT	1

/* Pages from where entry @i begins to where the next one does, or the range ends. */
static unsigned long vmb_pin_entry_pages(const struct vmb_pin *pin,
					 unsigned long i)
{
	unsigned long per = 1UL << pin->order;
	unsigned long first = i ? i * per - pin->skip : 0;

	return min((i + 1) * per - pin->skip, pin->nr_pages) - first;
}

/**
 * vmb_pin_compact - keep one entry for a huge page instead of one for each page
 * @pin: with an entry for each page; no other one knows it
 * @hva: where the range is in the VMM
 *
 * If the whole range is huge pages, but for its ends, or happens to lie as if it
 * was.
 *
 * Context: may sleep.
 */
void vmb_pin_compact(struct vmb_pin *pin, u64 hva)
{
	unsigned long per = 1UL << VMB_PIN_HUGE_ORDER, skip, i, nr;
	unsigned long *pfn;

	skip = (hva >> PAGE_SHIFT) & (per - 1);
	for (i = 1; i < pin->nr_pages; i++)
		if ((skip + i) & (per - 1) && pin->pfn[i] != pin->pfn[i - 1] + 1)
			return;

	nr = DIV_ROUND_UP(skip + pin->nr_pages, per);
	pfn = kvmalloc_array(nr, sizeof(*pfn), GFP_KERNEL_ACCOUNT);
	/* it works with many small ones as well */
	if (!pfn)
		return;
	/* the first one is as if there was something in front of it */
	pfn[0] = pin->pfn[0] - skip;
	for (i = 1; i < nr; i++)
		pfn[i] = pin->pfn[i * per - skip];
	kvfree(pin->pfn);
	pin->pfn = pfn;
	pin->skip = skip;
	pin->order = VMB_PIN_HUGE_ORDER;
}
EXPORT_SYMBOL_IF_KUNIT(vmb_pin_compact);

/* Unpin the first @nr pages. */
static void vmb_pin_unpin(struct vmb_pin *pin, unsigned long nr)
{
	unsigned long i, n, skip = pin->skip;

	for (i = 0; nr; i++) {
		n = min(nr, vmb_pin_entry_pages(pin, i));
		unpin_user_page_range_dirty_lock(pfn_to_page(pin->pfn[i] + skip),
						 n, true);
		skip = 0;
		nr -= n;
		cond_resched();
	}
}

/* Nobody uses it. Context: process; may sleep. */
static void vmb_pin_destroy(struct vmb_pin *pin)
{
	struct vmb_bus *bus = pin->bus;

	vmb_pin_unpin(pin, pin->nr_pages);
	account_locked_vm(bus->mm, pin->nr_pages, false);
	percpu_ref_exit(&pin->pub.ref);
	kvfree(pin->pfn);
	kfree(pin);
	if (atomic_dec_and_test(&bus->nr_pins))
		wake_up_all(&bus->pins_gone);
	vmb_bus_put(bus);
}

static void vmb_pin_work(struct work_struct *work)
{
	vmb_pin_destroy(container_of(work, struct vmb_pin, work));
}

/* The last reference was given up. Any context. */
static void vmb_pin_release(struct percpu_ref *ref)
{
	struct vmb_pin *pin = container_of(ref, struct vmb_pin, pub.ref);

	/* pairs with vmb_pin_drop() */
	if (atomic_xchg(&pin->left, VMB_PIN_LEFT) == VMB_PIN_LEFT)
		queue_work(system_unbound_wq, &pin->work);
}

static int vmb_pin_pages(struct vmb_pin *pin, u64 hva)
{
	unsigned long done = 0, i;
	struct page **page;
	int ret = 0, n;

	page = kmalloc_array(VMB_PIN_BATCH, sizeof(*page), GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	while (done < pin->nr_pages) {
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		n = pin_user_pages_fast(hva + (done << PAGE_SHIFT),
					min(pin->nr_pages - done, VMB_PIN_BATCH),
					FOLL_WRITE | FOLL_LONGTERM, page);
		if (n <= 0) {
			ret = n ?: -EFAULT;
			break;
		}
		for (i = 0; i < n; i++)
			pin->pfn[done + i] = page_to_pfn(page[i]);
		done += n;
		cond_resched();
	}
	kfree(page);
	if (ret)
		vmb_pin_unpin(pin, done);
	return ret;
}

/**
 * vmb_pin_create - pin a range of the VMM's memory
 * @bus: the bus
 * @hva: where it is, page aligned
 * @len: bytes, page aligned
 *
 * Context: a thread of the VMM; may sleep.
 * Return: it or an ERR_PTR() with -ENOMEM, also when the VMM may not lock so
 * much, -EFAULT when a page cannot be pinned for long, -EINTR when the thread is
 * killed. Nothing is pinned then.
 */
struct vmb_pin *vmb_pin_create(struct vmb_bus *bus, u64 hva, u64 len)
{
	struct vmb_pin *pin;
	int ret;

	pin = kzalloc(sizeof(*pin), GFP_KERNEL_ACCOUNT);
	if (!pin)
		return ERR_PTR(-ENOMEM);
	pin->bus = bus;
	pin->nr_pages = len >> PAGE_SHIFT;
	INIT_WORK(&pin->work, vmb_pin_work);

	/* what cannot be is not to cost memory for the entries; nor is the rest */
	ret = -ENOMEM;
	if (pin->nr_pages > totalram_pages())
		goto free_pin;
	ret = account_locked_vm(bus->mm, pin->nr_pages, true);
	if (ret)
		goto free_pin;
	ret = -ENOMEM;
	pin->pfn = kvmalloc_array(pin->nr_pages, sizeof(*pin->pfn),
				  GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!pin->pfn)
		goto unaccount;
	/* one that has no use for it says that it is dying when it is atomic */
	ret = percpu_ref_init(&pin->pub.ref, vmb_pin_release,
			      PERCPU_REF_ALLOW_REINIT, GFP_KERNEL_ACCOUNT);
	if (ret)
		goto free_pfn;
	ret = vmb_pin_pages(pin, hva);
	if (ret)
		goto exit_ref;
	vmb_pin_compact(pin, hva);
	atomic_inc(&bus->nr_pins);
	kref_get(&bus->ref);
	return pin;

exit_ref:
	percpu_ref_exit(&pin->pub.ref);
free_pfn:
	kvfree(pin->pfn);
unaccount:
	account_locked_vm(bus->mm, pin->nr_pages, false);
free_pin:
	kfree(pin);
	return ERR_PTR(ret);
}

/**
 * vmb_pin_drop_begin - the range was or is being removed: begin with what takes long
 * @pin: nobody takes another reference
 *
 * To be called for several before vmb_pin_drop() for each: they wait for a grace
 * period together.
 *
 * Context: may sleep.
 */
void vmb_pin_drop_begin(struct vmb_pin *pin)
{
	percpu_ref_switch_to_atomic(&pin->pub.ref, NULL);
}

/**
 * vmb_pin_drop - the range was removed
 * @pin: nobody takes another reference; not to be used after this
 *
 * It is unpinned on return unless I/O is under way, for which this does not wait.
 *
 * Context: may sleep.
 */
void vmb_pin_drop(struct vmb_pin *pin)
{
	/* so that the last reference is seen to be the last at once */
	percpu_ref_switch_to_atomic_sync(&pin->pub.ref);
	percpu_ref_kill(&pin->pub.ref);
	/* pairs with vmb_pin_release() */
	if (atomic_xchg(&pin->left, VMB_PIN_LEFT) == VMB_PIN_LEFT)
		vmb_pin_destroy(pin);
}

/**
 * vmb_pin_pfn - find a page of a range
 * @pin: the range
 * @offset: from its start, in bytes
 *
 * Context: any.
 * Return: its page frame number.
 */
unsigned long vmb_pin_pfn(const struct vmb_pin *pin, u64 offset)
{
	unsigned long n = (offset >> PAGE_SHIFT) + pin->skip;

	return pin->pfn[n >> pin->order] + (n & ((1UL << pin->order) - 1));
}
EXPORT_SYMBOL_IF_KUNIT(vmb_pin_pfn);
