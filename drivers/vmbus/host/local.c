// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buses whose guest is in this kernel. They have no address space, &vmb_bus.mm
 * is NULL, and that is how they are told apart where it matters; what is on the
 * way of packets of real guests is behind vmb_local_key besides, and costs them
 * nothing.
 *
 * A VP has one kernel thread: it writes messages, as the thread does that runs
 * a VP, and polls channels, as the worker behind it does.
 */
#define pr_fmt(fmt) "vmb_host: " fmt

#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "host.h"

DEFINE_STATIC_KEY_FALSE(vmb_local_key);

/* It is never another one. */
static struct vmb_vp_thread *vmb_local_thread_of(struct vmb_vp *vp)
{
	return rcu_dereference_protected(vp->thread, true);
}

static int vmb_local_thread(void *data)
{
	struct vmb_vp *vp = data;
	struct vmb_vp_thread *thread = vmb_local_thread_of(vp);

	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (test_bit(VMB_VP_STAGING, &thread->stage_flags)) {
			__set_current_state(TASK_RUNNING);
			vmb_message_stage_work(&thread->stage_work);
			continue;
		}
		/* polls one channel, running, if there is one */
		if (!vmb_worker_run(&vp->worker) && !kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

/**
 * vmb_local_vp_wake - have the thread of a VP look for what there is to do
 * @vp: the VP
 *
 * Context: any.
 */
void vmb_local_vp_wake(struct vmb_vp *vp)
{
	wake_up_process(vmb_local_thread_of(vp)->task);
}

/**
 * vmb_local_vp_stop - stop the thread of a VP
 * @vp: the VP, which is not asked for messages any more
 *
 * Context: may sleep; partition's lock; no channel is open.
 */
void vmb_local_vp_stop(struct vmb_vp *vp)
{
	struct vmb_vp_thread *thread = vmb_local_thread_of(vp);

	kthread_stop(thread->task);
	/* the references of a stage work that did not run; the caller has others */
	if (test_and_clear_bit(VMB_VP_STAGING, &thread->stage_flags)) {
		vmb_vp_thread_put(thread);
		vmb_bus_put(vp->bus);
	}
}

/**
 * vmb_local_message_write - write a message for a guest in this kernel
 * @vp: the VP
 * @m: the message
 * @more: others follow
 *
 * The same as for a guest in a VMM's address space, with the same barriers.
 *
 * Context: the VP's thread, within a read section of &vmb_bus.mem_srcu.
 * Return: 0; -EAGAIN when the slot is busy and the guest will tell when it is
 * free, or when it has just disabled the page; -EFAULT.
 */
int vmb_local_message_write(struct vmb_vp *vp, const struct vmb_message *m,
			    bool more)
{
	struct vmb_hv_message hv = {
		.payload_size = m->len,
		.flags = more ? VMB_MSG_FLAG_PENDING : 0,
	};
	u64 simp = READ_ONCE(vp->simp), hva, avail;
	struct vmb_hv_message *slot;

	/* pairs with the grace period in vmb_local_set_synic() */
	if (!(simp & VMB_SYNIC_ENABLE))
		return -EAGAIN;
	hva = vmb_mem_hva(vp->bus, (simp & PAGE_MASK) + VMB_SINT * sizeof(hv),
			  &avail, true);
	if (!hva)
		return -EFAULT;
	slot = (void *)(unsigned long)hva;

	if (READ_ONCE(slot->message_type)) {
		WRITE_ONCE(slot->flags, READ_ONCE(slot->flags) | VMB_MSG_FLAG_PENDING);
		/* flag, then the second look; pairs with the guest's at EOM */
		smp_mb();
		if (READ_ONCE(slot->message_type))
			return -EAGAIN;
	}
	memcpy(hv.payload, m->payload, m->len);
	*slot = hv;
	/* payload before type; pairs with the guest's read of type, then payload */
	smp_wmb();
	WRITE_ONCE(slot->message_type, cpu_to_le32(VMB_MSG_TYPE_CHANNEL));
	return 0;
}

/**
 * vmb_local_pin_page - take a reference to a page of this kernel
 * @hva: its address in the direct map
 *
 * Return: the page or an ERR_PTR() with -EFAULT.
 */
struct page *vmb_local_pin_page(u64 hva)
{
	void *addr = (void *)(unsigned long)hva;
	struct page *page;

	if (!virt_addr_valid(addr))
		return ERR_PTR(-EFAULT);
	page = virt_to_page(addr);
	return try_get_page(page) ? page : ERR_PTR(-EFAULT);
}

/**
 * vmb_local_bind - take a partition exclusively, for a guest in this kernel
 * @partition: its name
 * @ops: must stay until vmb_local_unbind() returns
 * @priv: given to @ops
 *
 * Context: may sleep.
 * Return: a bus without VPs, or an ERR_PTR() as for VMB_BIND.
 */
struct vmb_bus *vmb_local_bind(const char *partition,
			       const struct vmb_local_ops *ops, void *priv)
{
	/* all that the direct map can name, whether there is memory or not */
	const struct vmb_mem_region region = {
		.len = PAGE_ALIGN(__pa((unsigned long)high_memory - 1)),
		.hva = (unsigned long)__va(0),
	};
	struct vmb_bus *bus;
	int ret;

	static_branch_inc(&vmb_local_key);
	ret = vmb_partition_bind(partition, NULL, &bus);
	if (ret)
		goto dec;
	/* nobody looks before there is a VP */
	bus->local = ops;
	bus->local_priv = priv;
	ret = vmb_mem_add(bus, &region);
	if (ret)
		goto unbind;
	return bus;

unbind:
	vmb_partition_unbind(bus);
dec:
	static_branch_dec(&vmb_local_key);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(vmb_local_bind);

/**
 * vmb_local_unbind - undo vmb_local_bind()
 * @bus: gone afterwards; nobody calls another function with it any more
 *
 * Closes all channels and waits for their I/O, whatever the guest thinks.
 *
 * Context: may sleep.
 */
void vmb_local_unbind(struct vmb_bus *bus)
{
	vmb_partition_unbind(bus);
	static_branch_dec(&vmb_local_key);
}
EXPORT_SYMBOL_GPL(vmb_local_unbind);

/**
 * vmb_local_vp_add - add a virtual processor and start its thread
 * @bus: the bus
 * @vp: its index, as the guest sees it
 *
 * Context: may sleep.
 * Return: 0, -ENOSPC, -EEXIST, -ENOMEM.
 */
int vmb_local_vp_add(struct vmb_bus *bus, u32 vp)
{
	struct vmb_vp_thread *thread;
	struct task_struct *task;
	struct vmb_vp *new;
	int ret;

	if (vp >= VMB_MAX_VPS)
		return -ENOSPC;
	new = kzalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	new->bus = bus;
	new->index = vp;
	vmb_worker_init(&new->worker);
	task = kthread_create(vmb_local_thread, new, "vmb_local/%u", vp);
	if (IS_ERR(task)) {
		ret = PTR_ERR(task);
		goto free;
	}
	thread = vmb_vp_thread_create(new, task);
	if (!thread) {
		ret = -ENOMEM;
		goto stop;
	}
	RCU_INIT_POINTER(new->thread, thread);

	guard(mutex)(&bus->partition->lock);
	ret = xa_insert(&bus->vps, vp, new, GFP_KERNEL);
	if (ret)
		goto put_thread;
	atomic_inc(&bus->nr_vps);
	wake_up_process(task);
	return 0;

put_thread:
	/* a thread that never ran ends without a look at anything */
	vmb_vp_thread_put(thread);
stop:
	kthread_stop(task);
free:
	kfree(new);
	return ret == -EBUSY ? -EEXIST : ret;
}
EXPORT_SYMBOL_GPL(vmb_local_vp_add);

/**
 * vmb_local_set_synic - the guest set up, or disabled, the SynIC of a VP
 * @bus: the bus
 * @vp: the VP
 * @scontrol: HV_X64_MSR_SCONTROL
 * @simp: HV_X64_MSR_SIMP
 * @siefp: HV_X64_MSR_SIEFP
 *
 * On return nothing is written to the pages that were there before.
 *
 * Context: may sleep.
 * Return: 0, -ENOENT, -EFAULT, -ENOMEM.
 */
int vmb_local_set_synic(struct vmb_bus *bus, u32 vp, u64 scontrol, u64 simp,
			u64 siefp)
{
	struct vmb_vp *v;
	int ret;

	guard(mutex)(&bus->partition->lock);
	v = vmb_bus_vp(bus, vp);
	if (!v)
		return -ENOENT;
	ret = vmb_vp_set_synic(v, scontrol, simp, siefp);
	/* not by the VP's thread: it may be writing to the old page */
	synchronize_srcu_expedited(&bus->mem_srcu);
	return ret;
}
EXPORT_SYMBOL_GPL(vmb_local_set_synic);

/**
 * vmb_local_post - the guest posted a message
 * @bus: the bus
 * @connection_id: as the guest gave it
 * @payload: copied
 * @len: bytes of it, at most %VMB_MSG_PAYLOAD_MAX
 *
 * Context: may sleep. Closes and opens channels.
 * Return: the HV_STATUS the guest gets.
 */
u16 vmb_local_post(struct vmb_bus *bus, u32 connection_id, const void *payload,
		   u32 len)
{
	u8 copy[VMB_MSG_PAYLOAD_MAX] __aligned(8) = {};

	if (len > sizeof(copy))
		return VMB_HV_INVALID_PARAMETER;
	memcpy(copy, payload, len);
	guard(mutex)(&bus->partition->lock);
	return vmb_conn_post(bus, connection_id, VMB_MSG_TYPE_CHANNEL, copy, len);
}
EXPORT_SYMBOL_GPL(vmb_local_post);

/**
 * vmb_local_signal - the guest signalled a connection id
 * @bus: the bus
 * @connection_id: as the guest gave it
 *
 * Context: any, hard interrupts included.
 * Return: the HV_STATUS the guest gets.
 */
u16 vmb_local_signal(struct vmb_bus *bus, u32 connection_id)
{
	return vmb_signal_raise(bus, connection_id) ?
	       VMB_HV_INVALID_CONNECTION_ID : VMB_HV_SUCCESS;
}
EXPORT_SYMBOL_GPL(vmb_local_signal);

/**
 * vmb_local_eom - the guest freed its message slot
 * @bus: the bus
 * @vp: of which VP
 *
 * Context: any, hard interrupts included.
 */
void vmb_local_eom(struct vmb_bus *bus, u32 vp)
{
	struct vmb_vp *v = vmb_bus_vp(bus, vp);

	if (v && READ_ONCE(bus->nr_msgs))
		vmb_message_stage(v);
}
EXPORT_SYMBOL_GPL(vmb_local_eom);
