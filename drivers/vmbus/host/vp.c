// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual processors: the SynIC state that KVM leaves to its user, the thread
 * that runs the VP, and the worker behind it.
 */
#define pr_fmt(fmt) "vmb_host: " fmt

#include <linux/cpumask.h>
#include <linux/file.h>
#include <linux/highmem.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "host.h"
#include "trace.h"

struct vmb_listen {
	poll_table pt;
	wait_queue_entry_t *wait;
	bool queued;
};

static void vmb_listen_queue(struct file *file, wait_queue_head_t *wqh,
			     poll_table *pt)
{
	struct vmb_listen *listen = container_of(pt, struct vmb_listen, pt);

	add_wait_queue(wqh, listen->wait);
	listen->queued = true;
}

/**
 * vmb_eventfd_listen - have a function called when an eventfd is signalled
 * @fd: the eventfd
 * @ctx: set to it before @func can be called
 * @wait: initialised here; must stay until vmb_eventfd_unlisten()
 * @func: called with the eventfd's lock held and interrupts off
 *
 * Context: may sleep.
 * Return: 0, -EBADF or -EINVAL.
 */
int vmb_eventfd_listen(int fd, struct eventfd_ctx **ctx,
		       wait_queue_entry_t *wait, wait_queue_func_t func)
{
	struct vmb_listen listen = { .wait = wait };
	struct file *file;
	int ret = 0;

	file = eventfd_fget(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	*ctx = eventfd_ctx_fileget(file);
	if (IS_ERR(*ctx)) {
		ret = PTR_ERR(*ctx);
		goto put_file;
	}

	init_waitqueue_func_entry(wait, func);
	init_poll_funcptr(&listen.pt, vmb_listen_queue);
	vfs_poll(file, &listen.pt);
	if (WARN_ON_ONCE(!listen.queued)) {
		eventfd_ctx_put(*ctx);
		ret = -EINVAL;
	}
put_file:
	fput(file);
	return ret;
}

/**
 * vmb_eventfd_unlisten - undo vmb_eventfd_listen()
 * @ctx: the eventfd
 * @wait: given to vmb_eventfd_listen()
 *
 * Context: may sleep. The function neither runs nor will run on return.
 */
void vmb_eventfd_unlisten(struct eventfd_ctx *ctx, wait_queue_entry_t *wait)
{
	u64 cnt;

	eventfd_ctx_remove_wait_queue(ctx, wait, &cnt);
	eventfd_ctx_put(ctx);
}

/* The worker: a thread in the VMM's process, so it is charged to the VMM */

/**
 * vmb_worker_init - initialise a worker without a thread
 * @worker: the worker
 */
void vmb_worker_init(struct vmb_worker *worker)
{
	spin_lock_init(&worker->lock);
	INIT_LIST_HEAD(&worker->list);
}

/**
 * vmb_worker_run - poll the next channel
 * @worker: the worker
 *
 * Context: its thread; sets its state to running if there is a channel.
 * Return: whether there was one.
 */
bool vmb_worker_run(struct vmb_worker *worker)
{
	struct vmb_chan *ch;

	spin_lock_irq(&worker->lock);
	ch = list_first_entry_or_null(&worker->list, struct vmb_chan, work_node);
	if (ch)
		list_del_init(&ch->work_node);
	spin_unlock_irq(&worker->lock);
	if (!ch)
		return false;

	__set_current_state(TASK_RUNNING);
	vmb_chan_run(ch, true);
	vmb_chan_put(ch);
	cond_resched();
	return true;
}

static bool vmb_worker_fn(void *data)
{
	return vmb_worker_run(data);
}

static void vmb_worker_killed(void *data)
{
	struct vmb_worker *worker = data;
	struct vmb_chan *ch, *next;
	LIST_HEAD(list);

	spin_lock_irq(&worker->lock);
	worker->dead = true;
	list_splice_init(&worker->list, &list);
	spin_unlock_irq(&worker->lock);

	/* the whole process dies: nobody is left to read an answer */
	list_for_each_entry_safe(ch, next, &list, work_node) {
		list_del_init(&ch->work_node);
		vmb_chan_put(ch);
	}
}

/**
 * vmb_worker_queue - have a channel polled by a worker
 * @worker: the worker
 * @ch: the channel; on success the caller's reference goes to the worker
 *
 * Context: any; the caller makes sure that the worker is not being stopped.
 * Return: false when the worker was killed.
 */
bool vmb_worker_queue(struct vmb_worker *worker, struct vmb_chan *ch)
{
	unsigned long flags;
	bool dead;

	spin_lock_irqsave(&worker->lock, flags);
	dead = worker->dead;
	if (!dead)
		list_add_tail(&ch->work_node, &worker->list);
	spin_unlock_irqrestore(&worker->lock, flags);
	if (dead)
		return false;
	/* a bus of this kernel has no thread for it alone */
	if (static_branch_unlikely(&vmb_local_key) && !worker->task)
		vmb_local_vp_wake(container_of(worker, struct vmb_vp, worker));
	else
		vhost_task_wake(worker->task);
	return true;
}

static int vmb_worker_start(struct vmb_worker *worker, u32 index)
{
	char name[TASK_COMM_LEN];

	vmb_worker_init(worker);
	snprintf(name, sizeof(name), "vmb-%d.%u", current->tgid, index);
	worker->task = vhost_task_create(vmb_worker_fn, vmb_worker_killed,
					 worker, name);
	if (IS_ERR(worker->task))
		return PTR_ERR(worker->task);
	vhost_task_start(worker->task);
	return 0;
}

/* called with the eventfd's lock held and interrupts off, by the vCPU's EOM */
static int vmb_vp_eom(wait_queue_entry_t *wait, unsigned int mode, int sync,
		      void *key)
{
	struct vmb_vp_thread *thread =
		container_of(wait, struct vmb_vp_thread, eom_wait);
	struct vmb_vp *vp = thread->vp;
	u64 cnt;

	if (!(key_to_poll(key) & EPOLLIN))
		return 0;
	eventfd_ctx_do_read(thread->eom, &cnt);
	/*
	 * Every interrupt's EOI comes here too. A message queued just after
	 * this look stages itself: see vmb_message_send().
	 */
	if (READ_ONCE(vp->bus->nr_msgs))
		vmb_message_stage(vp);
	return 0;
}

/**
 * vmb_vp_thread_create - make the object for a thread that runs a VP
 * @vp: the VP
 * @task: the thread; a reference to it is taken
 *
 * Context: may sleep.
 * Return: it, without eventfds; NULL when there is no memory.
 */
struct vmb_vp_thread *vmb_vp_thread_create(struct vmb_vp *vp,
					   struct task_struct *task)
{
	struct vmb_vp_thread *thread;

	thread = kzalloc(sizeof(*thread), GFP_KERNEL_ACCOUNT);
	if (!thread)
		return NULL;
	kref_init(&thread->ref);
	thread->vp = vp;
	thread->task = get_task_struct(task);
	init_task_work(&thread->stage_work, vmb_message_stage_work);
	return thread;
}

static void vmb_vp_thread_free(struct kref *ref)
{
	struct vmb_vp_thread *thread =
		container_of(ref, struct vmb_vp_thread, ref);

	if (thread->sint)
		eventfd_ctx_put(thread->sint);
	put_task_struct(thread->task);
	kfree(thread);
}

/**
 * vmb_vp_thread_put - give up a reference
 * @thread: it; nobody listens to its EOM any more when the last one goes
 *
 * Context: any but hard interrupts.
 */
void vmb_vp_thread_put(struct vmb_vp_thread *thread)
{
	kref_put(&thread->ref, vmb_vp_thread_free);
}

/* The calling thread is to run a VP; undone by vmb_vp_thread_end(). */
static struct vmb_vp_thread *vmb_vp_thread_start(struct vmb_vp *vp, int sint_fd,
						 int eom_fd)
{
	struct vmb_vp_thread *thread = vmb_vp_thread_create(vp, current);
	struct eventfd_ctx *sint;
	int ret;

	if (!thread)
		return ERR_PTR(-ENOMEM);
	sint = eventfd_ctx_fdget(sint_fd);
	if (IS_ERR(sint)) {
		ret = PTR_ERR(sint);
		goto put_thread;
	}
	thread->sint = sint;
	ret = vmb_eventfd_listen(eom_fd, &thread->eom, &thread->eom_wait,
				 vmb_vp_eom);
	if (ret)
		goto put_thread;
	return thread;

put_thread:
	vmb_vp_thread_put(thread);
	return ERR_PTR(ret);
}

static void vmb_vp_thread_end(struct vmb_vp_thread *thread)
{
	vmb_eventfd_unlisten(thread->eom, &thread->eom_wait);
	vmb_vp_thread_put(thread);
}

/* The partition's lock keeps it. */
static struct vmb_vp_thread *vmb_vp_thread_of(struct vmb_vp *vp)
{
	return rcu_dereference_protected(vp->thread,
					 lockdep_is_held(&vp->bus->partition->lock));
}

/**
 * vmb_vp_is_current - does the calling thread run a VP?
 * @vp: the VP
 *
 * Context: partition's lock.
 */
bool vmb_vp_is_current(struct vmb_vp *vp)
{
	return vmb_vp_thread_of(vp)->task == current;
}

/**
 * vmb_vp_node - the node where a VP runs
 * @vp: the VP
 *
 * Where its thread runs, or ran last. A thread that sleeps, as a halted vCPU's
 * does, is only moved when it wakes up, so of one that may not run there any more
 * it is where it may.
 *
 * Context: partition's lock.
 */
int vmb_vp_node(struct vmb_vp *vp)
{
	struct task_struct *task = vmb_vp_thread_of(vp)->task;
	unsigned int cpu = task_cpu(task), allowed;

	/* the mask may change meanwhile: then this is as good as the one before */
	if (!cpumask_test_cpu(cpu, task->cpus_ptr)) {
		allowed = cpumask_any_and(task->cpus_ptr, cpu_online_mask);
		if (allowed < nr_cpu_ids)
			cpu = allowed;
	}
	return cpu_to_node(cpu);
}

/*
 * The vCPU was unplugged, which ended its thread, and is plugged in again.
 *
 * A thread with PF_EXITING has returned from all task_works but those that
 * exit_task_work() runs, without an address space: it does not write messages
 * any more. Those that wait stay in the queue, as for a VP whose SynIC is off,
 * and the first VMB_SYNIC of the new thread stages them. What is still queued to
 * the old thread has a flag and a reference of its own, so it neither keeps the
 * new thread from being asked nor finds its object gone.
 *
 * Channels stay with the VP, and so does the worker, which is a thread of the
 * process and not of the one that added the VP.
 */
static int vmb_vp_take_over(struct vmb_vp *vp, int sint_fd, int eom_fd)
{
	struct vmb_vp_thread *old = vmb_vp_thread_of(vp), *new;

	if (!(READ_ONCE(old->task->flags) & PF_EXITING))
		return -EEXIST;
	new = vmb_vp_thread_start(vp, sint_fd, eom_fd);
	if (IS_ERR(new))
		return PTR_ERR(new);
	/* it comes out of its reset */
	vmb_vp_clear_synic(vp);
	rcu_assign_pointer(vp->thread, new);
	/* nobody queues to the old thread or signals its eventfd from here on */
	synchronize_rcu_expedited();
	vmb_vp_thread_end(old);
	trace_vmb_vp_takeover(vp);
	return 0;
}

/**
 * vmb_vp_add - add a virtual processor, or take one over from a thread that is
 *	exiting or gone
 * @bus: the bus
 * @index: as the guest sees it
 * @sint_fd: raises its VMBus SINT
 * @eom_fd: tells that the guest wrote EOM
 *
 * A VP that is taken over is as after a reset: its SynIC is disabled.
 *
 * Context: the thread that runs the VP; may sleep; partition's lock.
 * Return: 0 or a negative errno, and nothing has changed; -EEXIST when the VP has
 * a thread that lives; -ERESTARTNOINTR when a signal came first.
 */
int vmb_vp_add(struct vmb_bus *bus, u32 index, int sint_fd, int eom_fd)
{
	struct vmb_vp_thread *thread;
	struct vmb_vp *vp;
	int ret;

	lockdep_assert_held(&bus->partition->lock);
	if (index >= VMB_MAX_VPS)
		return -ENOSPC;
	vp = xa_load(&bus->vps, index);
	if (vp)
		return vmb_vp_take_over(vp, sint_fd, eom_fd);

	vp = kzalloc(sizeof(*vp), GFP_KERNEL_ACCOUNT);
	if (!vp)
		return -ENOMEM;
	vp->bus = bus;
	vp->index = index;

	/* an EOM that comes before there is vp->thread is of no interest */
	thread = vmb_vp_thread_start(vp, sint_fd, eom_fd);
	if (IS_ERR(thread)) {
		ret = PTR_ERR(thread);
		goto free_vp;
	}
	ret = vmb_worker_start(&vp->worker, index);
	if (ret)
		goto end_thread;
	ret = xa_insert(&bus->vps, index, vp, GFP_KERNEL_ACCOUNT);
	if (ret)
		goto stop_worker;
	rcu_assign_pointer(vp->thread, thread);
	atomic_inc(&bus->nr_vps);
	return 0;

stop_worker:
	vhost_task_stop(vp->worker.task);
end_thread:
	vmb_vp_thread_end(thread);
free_vp:
	kfree(vp);
	return ret;
}

static void vmb_vp_set_evt(struct vmb_vp *vp, struct vmb_evt_page *evt)
{
	struct vmb_evt_page *old;

	old = rcu_replace_pointer(vp->evt, evt,
				  lockdep_is_held(&vp->bus->partition->lock));
	if (!old)
		return;
	/* nobody sets a flag in the old page from here on */
	synchronize_rcu_expedited();
	vmb_mem_unpin(vp->bus, &old->page, 1);
	kfree(old);
}

/**
 * vmb_vp_set_synic - take over the state of a VP's SynIC
 * @vp: the VP
 * @scontrol: HV_X64_MSR_SCONTROL
 * @simp: HV_X64_MSR_SIMP
 * @siefp: HV_X64_MSR_SIEFP
 *
 * Context: the VP's thread; may sleep; partition's lock.
 * Return: 0, -EFAULT when the event flags page is not guest memory, -ENOMEM.
 */
int vmb_vp_set_synic(struct vmb_vp *vp, u64 scontrol, u64 simp, u64 siefp)
{
	struct vmb_evt_page *evt;
	int ret;

	lockdep_assert_held(&vp->bus->partition->lock);
	if (siefp != vp->siefp) {
		vmb_vp_set_evt(vp, NULL);
		vp->siefp = 0;
	}
	if (siefp != vp->siefp && (siefp & VMB_SYNIC_ENABLE)) {
		evt = kzalloc(sizeof(*evt), GFP_KERNEL_ACCOUNT);
		if (!evt)
			return -ENOMEM;
		evt->page = vmb_mem_pin_page(vp->bus, siefp & PAGE_MASK);
		if (IS_ERR(evt->page)) {
			ret = PTR_ERR(evt->page);
			kfree(evt);
			return ret;
		}
		evt->flags = page_address(evt->page) +
			     VMB_SINT * (VMB_EVENT_FLAGS / BITS_PER_BYTE);
		vmb_vp_set_evt(vp, evt);
	}
	vp->siefp = siefp;
	vp->scontrol = scontrol;
	vp->simp = simp;

	if (READ_ONCE(vp->bus->nr_msgs))
		vmb_message_stage(vp);
	return 0;
}

/**
 * vmb_vp_clear_synic - the machine was reset or goes away
 * @vp: the VP
 *
 * Context: may sleep; partition's lock.
 */
void vmb_vp_clear_synic(struct vmb_vp *vp)
{
	lockdep_assert_held(&vp->bus->partition->lock);
	vmb_vp_set_evt(vp, NULL);
	vp->siefp = 0;
	vp->simp = 0;
	vp->scontrol = 0;
}

/**
 * vmb_vp_destroy - the VMM goes away
 * @vp: the VP; the memory stays until the bus's last reference is put, since
 *	a stage work may still be queued
 *
 * Context: may sleep; partition's lock; no channel is open.
 */
void vmb_vp_destroy(struct vmb_vp *vp)
{
	if (vmb_bus_is_local(vp->bus)) {
		vmb_local_vp_stop(vp);
	} else {
		struct vmb_vp_thread *thread = vmb_vp_thread_of(vp);

		vmb_eventfd_unlisten(thread->eom, &thread->eom_wait);
		vhost_task_stop(vp->worker.task);
	}
	/* it may have left closed channels in its list */
	vmb_worker_killed(&vp->worker);
	vmb_vp_clear_synic(vp);
}

/**
 * vmb_vp_free - free a VP that was destroyed
 * @vp: the VP; nobody knows of it any more
 *
 * Context: may sleep.
 */
void vmb_vp_free(struct vmb_vp *vp)
{
	vmb_vp_thread_put(rcu_dereference_protected(vp->thread, true));
	kfree(vp);
}

/**
 * vmb_vp_set_flag - set an event flag and raise the SINT
 * @vp: the VP
 * @flag: below %VMB_EVENT_FLAGS
 *
 * Does nothing while the guest has no event flags page.
 *
 * Context: any, hard interrupts included.
 */
void vmb_vp_set_flag(struct vmb_vp *vp, u32 flag)
{
	struct vmb_evt_page *evt;

	rcu_read_lock();
	evt = rcu_dereference(vp->evt);
	if (evt) {
		/*
		 * Orders the ring's index before the flag; pairs with the
		 * guest's atomic clear of the flag before it reads the ring.
		 */
		smp_mb__before_atomic();
		set_bit(flag, evt->flags);
		atomic64_inc(&vp->nr_sint);
		vmb_vp_interrupt(vp);
	}
	rcu_read_unlock();
}
