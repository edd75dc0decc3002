// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bus: a partition in the hands of a VMM, from bind to the file's release.
 */
#include <kunit/visibility.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "host.h"

static atomic_t vmb_nr_buses = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(vmb_buses_gone);

/**
 * vmb_bus_create - make a bus for a partition
 * @partition: pinned by the caller for the life of the bus
 * @mm: the VMM's address space; NULL for a guest in this kernel
 *
 * Context: may sleep.
 * Return: it or an ERR_PTR() with -ENOMEM.
 */
struct vmb_bus *vmb_bus_create(struct vmb_partition *partition,
			       struct mm_struct *mm)
{
	struct vmb_bus *bus;
	int ret;

	bus = kzalloc(sizeof(*bus), GFP_KERNEL_ACCOUNT);
	if (!bus)
		return ERR_PTR(-ENOMEM);
	ret = vmb_mem_init(bus);
	if (ret) {
		kfree(bus);
		return ERR_PTR(ret);
	}
	kref_init(&bus->ref);
	bus->partition = partition;
	xa_init(&bus->vps);
	spin_lock_init(&bus->msg_lock);
	INIT_LIST_HEAD(&bus->msgs);
	xa_init_flags(&bus->chans, XA_FLAGS_ALLOC1);
	mutex_init(&bus->gpadl_lock);
	xa_init(&bus->gpadls);
	INIT_WORK(&bus->gpadl_work, vmb_gpadl_work);
	spin_lock_init(&bus->sig_lock);
	xa_init(&bus->signals);
	init_waitqueue_head(&bus->record_wait);
	if (mm)
		mmgrab(mm);
	bus->mm = mm;
	atomic_inc(&vmb_nr_buses);
	return bus;
}
EXPORT_SYMBOL_IF_KUNIT(vmb_bus_create);

static void vmb_bus_free(struct kref *ref)
{
	struct vmb_bus *bus = container_of(ref, struct vmb_bus, ref);
	struct vmb_vp *vp;
	unsigned long index;

	xa_for_each(&bus->vps, index, vp)
		vmb_vp_free(vp);
	xa_destroy(&bus->vps);
	xa_destroy(&bus->chans);
	xa_destroy(&bus->gpadls);
	vmb_mem_destroy(bus);
	if (bus->mm)
		mmdrop(bus->mm);
	kfree(bus);
	if (atomic_dec_and_test(&vmb_nr_buses))
		wake_up_all(&vmb_buses_gone);
}

/**
 * vmb_bus_put - give up a reference
 * @bus: the bus
 *
 * Context: any, if it is not the last one; else may sleep.
 */
void vmb_bus_put(struct vmb_bus *bus)
{
	kref_put(&bus->ref, vmb_bus_free);
}

/**
 * vmb_bus_destroy - the VMM goes away
 * @bus: the bus; the caller's reference is given up
 *
 * Closes all channels, waits for their I/O, unpins all pages. What is left
 * after it is memory that queued task_works refer to.
 *
 * Context: any process; may sleep; partition's lock.
 */
void vmb_bus_destroy(struct vmb_bus *bus)
{
	struct vmb_vp *vp;
	unsigned long index;

	lockdep_assert_held(&bus->partition->lock);
	WRITE_ONCE(bus->dead, true);
	vmb_signal_destroy(bus);
	vmb_conn_reset(bus);
	xa_for_each(&bus->vps, index, vp)
		vmb_vp_destroy(vp);
	vmb_mem_purge(bus);
	vmb_bus_put(bus);
}
EXPORT_SYMBOL_IF_KUNIT(vmb_bus_destroy);

/**
 * vmb_bus_wait_all_gone - the module goes away
 *
 * The files are closed, but task_works of threads that have not yet left the
 * kernel may still hold a bus, and run our code.
 *
 * Context: may sleep.
 */
void vmb_bus_wait_all_gone(void)
{
	wait_event(vmb_buses_gone, !atomic_read(&vmb_nr_buses));
	/* the last one to put a bus has left our code when it has scheduled */
	synchronize_rcu_tasks();
	/* channels are freed after a grace period */
	rcu_barrier();
}
