// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages to the guest.
 *
 * The slot of a VP's message page is shared with KVM's synthetic timers, which
 * write it in the thread that runs the VP and take it for granted that nobody
 * else does. So we write it in that thread too, by task_work: it runs before
 * the guest is entered again. A VP that is halted is woken by its SINT first.
 *
 * When the slot is busy we set its pending flag, and the guest's write to the
 * EOM register (by the resampler of the VP's irqfd) brings us here again.
 */
#define pr_fmt(fmt) "vmb_host: " fmt

#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "host.h"
#include "trace.h"

/**
 * vmb_message_send - queue a channel message to the guest
 * @bus: the bus
 * @msg: copied
 * @len: at most %VMB_MSG_PAYLOAD_MAX
 *
 * It goes to the VP named by the last INITIATE_CONTACT.
 *
 * Context: may sleep; partition's lock.
 * Return: 0, -ENOMEM, -ENOSPC when the guest does not take its messages.
 */
int vmb_message_send(struct vmb_bus *bus, const void *msg, u32 len)
{
	struct vmb_message *m;
	struct vmb_vp *vp = bus->msg_vp;

	lockdep_assert_held(&bus->partition->lock);
	if (bus->nr_msgs >= VMB_MAX_MESSAGES) {
		vmb_bus_warn(bus, "guest does not take its messages: one of type %u dropped\n",
			     le32_to_cpu(((struct vmb_msg_header *)msg)->type));
		return -ENOSPC;
	}
	m = kzalloc(sizeof(*m), GFP_KERNEL_ACCOUNT);
	if (!m)
		return -ENOMEM;
	m->len = len;
	memcpy(m->payload, msg, len);
	trace_vmb_message_out(bus, msg, len);

	spin_lock(&bus->msg_lock);
	list_add_tail(&m->list, &bus->msgs);
	WRITE_ONCE(bus->nr_msgs, bus->nr_msgs + 1);
	spin_unlock(&bus->msg_lock);

	if (!vp)
		return 0;
	vmb_message_stage(vp);
	/* a halted VP runs its task_work on its way out of the halt */
	if (!vmb_vp_is_current(vp))
		vmb_vp_interrupt(vp);
	return 0;
}

/**
 * vmb_message_stage - have the VP's thread write the next message
 * @vp: the VP
 *
 * Context: any.
 */
void vmb_message_stage(struct vmb_vp *vp)
{
	struct vmb_vp_thread *thread;

	/* pairs with synchronize_rcu_expedited() in vmb_vp_take_over() */
	rcu_read_lock();
	thread = rcu_dereference(vp->thread);
	if (!thread)
		goto unlock;
	/* before the flag, at which the thread of a local VP looks by itself */
	kref_get(&vp->bus->ref);
	kref_get(&thread->ref);
	if (test_and_set_bit(VMB_VP_STAGING, &thread->stage_flags))
		goto put;
	if (vmb_bus_is_local(vp->bus)) {
		wake_up_process(thread->task);
		goto unlock;
	}
	if (!task_work_add(thread->task, &thread->stage_work, TWA_RESUME))
		goto unlock;
	/* the thread is exiting: nobody reads messages until another takes the VP over */
	clear_bit(VMB_VP_STAGING, &thread->stage_flags);
put:
	/*
	 * These are not the last references: the VP has one for a grace period
	 * more, and the file, which outlives every caller, has one of the bus.
	 */
	vmb_vp_thread_put(thread);
	vmb_bus_put(vp->bus);
unlock:
	rcu_read_unlock();
}

/*
 * Returns 0 when the message was written, -EAGAIN when the slot is busy and
 * the guest will tell when it is free, -EFAULT.
 */
static int vmb_message_write(struct vmb_vp *vp, const struct vmb_message *m,
			     bool more)
{
	struct vmb_hv_message hv = {
		.message_type = cpu_to_le32(VMB_MSG_TYPE_CHANNEL),
		.payload_size = m->len,
		.flags = more ? VMB_MSG_FLAG_PENDING : 0,
	};
	struct vmb_hv_message __user *slot;
	u64 hva, avail;
	__le32 type;

	hva = vmb_mem_hva(vp->bus, (vp->simp & PAGE_MASK) +
			  VMB_SINT * sizeof(hv), &avail, true);
	if (!hva)
		return -EFAULT;
	slot = u64_to_user_ptr(hva);

	if (get_user(type, &slot->message_type))
		return -EFAULT;
	if (type) {
		u8 flags;

		if (get_user(flags, &slot->flags) ||
		    put_user(flags | VMB_MSG_FLAG_PENDING, &slot->flags))
			return -EFAULT;
		/*
		 * Flag first, then the second look. Pairs with the guest's
		 * barrier between freeing the slot and reading the flag: one
		 * of us sees the other.
		 */
		smp_mb();
		if (get_user(type, &slot->message_type))
			return -EFAULT;
		if (type)
			return -EAGAIN;
	}

	memcpy(hv.payload, m->payload, m->len);
	type = hv.message_type;
	hv.message_type = 0;
	if (copy_to_user(slot, &hv, sizeof(hv)))
		return -EFAULT;
	/* payload before type; pairs with the guest's read of type, then payload */
	smp_wmb();
	if (put_user(type, &slot->message_type))
		return -EFAULT;
	return 0;
}

static void vmb_message_stage_vp(struct vmb_vp *vp)
{
	struct vmb_bus *bus = vp->bus;
	struct vmb_message *m;
	unsigned int gen;
	int idx, ret;
	bool more;

	if (!(vp->scontrol & VMB_SYNIC_ENABLE) || !(vp->simp & VMB_SYNIC_ENABLE))
		return;

	spin_lock(&bus->msg_lock);
	m = NULL;
	if (READ_ONCE(bus->msg_vp) == vp)
		m = list_first_entry_or_null(&bus->msgs, struct vmb_message, list);
	if (m) {
		list_del(&m->list);
		WRITE_ONCE(bus->nr_msgs, bus->nr_msgs - 1);
	}
	more = !list_empty(&bus->msgs);
	gen = bus->msg_gen;
	spin_unlock(&bus->msg_lock);
	if (!m)
		return;

	idx = srcu_read_lock(&bus->mem_srcu);
	if (vmb_bus_is_local(bus))
		ret = vmb_local_message_write(vp, m, more);
	else
		ret = vmb_message_write(vp, m, more);
	srcu_read_unlock(&bus->mem_srcu, idx);

	if (ret == -EAGAIN) {
		spin_lock(&bus->msg_lock);
		if (gen == bus->msg_gen) {
			list_add(&m->list, &bus->msgs);
			WRITE_ONCE(bus->nr_msgs, bus->nr_msgs + 1);
			m = NULL;
		}
		spin_unlock(&bus->msg_lock);
		/* purged meanwhile: the connection it belongs to is gone */
		kfree(m);
		return;
	}
	if (ret)
		vmb_bus_warn(bus, "VP %u: message page at %#llx is not guest memory: message dropped\n",
			     vp->index, vp->simp);
	kfree(m);
	if (!ret)
		vmb_vp_interrupt(vp);
}

/**
 * vmb_message_stage_work - write the next message, in the VP's thread
 * @work: &vmb_vp_thread.stage_work
 */
void vmb_message_stage_work(struct callback_head *work)
{
	struct vmb_vp_thread *thread =
		container_of(work, struct vmb_vp_thread, stage_work);
	struct vmb_vp *vp = thread->vp;
	struct vmb_bus *bus = vp->bus;

	/* what is asked for from here on needs another run */
	clear_bit(VMB_VP_STAGING, &thread->stage_flags);
	/* flag before the look at the queue; pairs with the queue's lock */
	smp_mb__after_atomic();

	/*
	 * An exiting thread has no address space to write to, and the VP may
	 * be another thread's by now.
	 */
	if (current->mm == bus->mm && !READ_ONCE(bus->dead))
		vmb_message_stage_vp(vp);
	/* the bus last: it keeps the module */
	vmb_vp_thread_put(thread);
	vmb_bus_put(bus);
}

/**
 * vmb_message_purge - drop all queued messages
 * @bus: the bus
 *
 * Context: partition's lock.
 */
void vmb_message_purge(struct vmb_bus *bus)
{
	struct vmb_message *m, *next;
	LIST_HEAD(list);

	spin_lock(&bus->msg_lock);
	list_splice_init(&bus->msgs, &list);
	bus->msg_gen++;
	WRITE_ONCE(bus->nr_msgs, 0);
	spin_unlock(&bus->msg_lock);
	list_for_each_entry_safe(m, next, &list, list)
		kfree(m);
}
