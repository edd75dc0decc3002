// SPDX-License-Identifier: GPL-2.0-only
/*
 * The platform that joins both ends.
 */
#define pr_fmt(fmt) "vmb_loop: " fmt

#include <kunit/visibility.h>
#include <linux/bottom_half.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <vmb/host_local.h>

#include "loop.h"

static struct vmb_loop *vmb_loop_of(struct vmb_guest_platform *pf)
{
	return container_of(pf, struct vmb_loop, pf);
}

static void vmb_loop_take(struct vmb_loop *loop)
{
	/* pairs with the release in vmb_loop_create() */
	struct vmb_guest_bus *guest = smp_load_acquire(&loop->guest);

	if (!guest)
		return;
	local_bh_disable();
	local_irq_disable();
	vmb_guest_bus_interrupt(guest);
	local_irq_enable();
	local_bh_enable();
}

static int vmb_loop_thread(void *data)
{
	struct vmb_loop_cpu *c = data;

	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		/* what is raised from here on is taken anew */
		if (xchg(&c->raised, false)) {
			__set_current_state(TASK_RUNNING);
			vmb_loop_take(c->loop);
			cond_resched();
			continue;
		}
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

/* The host raises the SINT of a VP. Any context. */
static void vmb_loop_interrupt(void *priv, u32 vp)
{
	struct vmb_loop *loop = priv;
	struct vmb_loop_cpu *c = &loop->cpu[vp];
	struct task_struct *task;

	/* after what the host wrote; pairs with the xchg() in the thread */
	if (xchg(&c->raised, true))
		return;
	rcu_read_lock();
	task = rcu_dereference(c->task);
	if (task)
		wake_up_process(task);
	rcu_read_unlock();
}

static const struct vmb_local_ops vmb_loop_local_ops = {
	.interrupt	= vmb_loop_interrupt,
};

static u16 vmb_loop_post_message(struct vmb_guest_platform *pf, u32 connection_id,
				 const void *payload, u32 len)
{
	return vmb_local_post(vmb_loop_of(pf)->host, connection_id, payload, len);
}

static u16 vmb_loop_signal_event(struct vmb_guest_platform *pf, u32 connection_id)
{
	return vmb_local_signal(vmb_loop_of(pf)->host, connection_id);
}

static int vmb_loop_enable(struct vmb_guest_platform *pf, unsigned int cpu,
			   const struct vmb_guest_synic *synic)
{
	struct vmb_loop *loop = vmb_loop_of(pf);
	struct vmb_loop_cpu *c = &loop->cpu[cpu];
	struct task_struct *task;
	int ret;

	ret = vmb_local_set_synic(loop->host, cpu, VMB_SYNIC_ENABLE,
				  __pa(synic->msg) | VMB_SYNIC_ENABLE,
				  __pa(synic->evt) | VMB_SYNIC_ENABLE);
	if (ret)
		return ret;
	task = kthread_create_on_cpu(vmb_loop_thread, c, cpu, "vmb_loop/%u");
	if (IS_ERR(task)) {
		vmb_local_set_synic(loop->host, cpu, 0, 0, 0);
		return PTR_ERR(task);
	}
	rcu_assign_pointer(c->task, task);
	/* it may have been raised before there was anybody to take it */
	wake_up_process(task);
	return 0;
}

static void vmb_loop_disable(struct vmb_guest_platform *pf, unsigned int cpu)
{
	struct vmb_loop *loop = vmb_loop_of(pf);
	struct vmb_loop_cpu *c = &loop->cpu[cpu];
	struct task_struct *task;

	vmb_local_set_synic(loop->host, cpu, 0, 0, 0);
	/* enabling and disabling a CPU never overlap */
	task = rcu_replace_pointer(c->task, NULL, true);
	synchronize_rcu_expedited();
	kthread_stop(task);
	WRITE_ONCE(c->raised, false);
}

static void vmb_loop_eom(struct vmb_guest_platform *pf)
{
	vmb_local_eom(vmb_loop_of(pf)->host, smp_processor_id());
}

static u32 vmb_loop_vp_index(struct vmb_guest_platform *pf, unsigned int cpu)
{
	return cpu;
}

static const struct vmb_guest_platform_ops vmb_loop_ops = {
	.post_message	= vmb_loop_post_message,
	.signal_event	= vmb_loop_signal_event,
	.enable		= vmb_loop_enable,
	.disable	= vmb_loop_disable,
	.eom		= vmb_loop_eom,
	.vp_index	= vmb_loop_vp_index,
};

/**
 * vmb_loop_create - make this kernel the guest of a partition
 * @partition: its name; stays until vmb_loop_destroy()
 * @max_version: highest VMBus version the guest asks for, 0 for the highest
 *	there is
 *
 * The guest's bus is not connected yet: vmb_guest_bus_connect() does that.
 *
 * Context: may sleep.
 * Return: it or an ERR_PTR(), as vmb_local_bind() and vmb_guest_bus_create().
 */
struct vmb_loop *vmb_loop_create(const char *partition, u32 max_version)
{
	struct vmb_guest_bus *guest;
	struct vmb_loop *loop;
	unsigned int cpu;
	int ret = -ENOMEM;

	loop = kzalloc(sizeof(*loop), GFP_KERNEL);
	if (!loop)
		return ERR_PTR(-ENOMEM);
	loop->cpu = kcalloc(nr_cpu_ids, sizeof(*loop->cpu), GFP_KERNEL);
	if (!loop->cpu)
		goto free_loop;
	loop->pf.name = "loop";
	loop->pf.prefix = "loop-";
	loop->pf.ops = &vmb_loop_ops;
	loop->pf.max_version = max_version;
	loop->host = vmb_local_bind(partition, &vmb_loop_local_ops, loop);
	if (IS_ERR(loop->host)) {
		ret = PTR_ERR(loop->host);
		goto free_cpu;
	}
	for_each_possible_cpu(cpu) {
		loop->cpu[cpu].loop = loop;
		loop->cpu[cpu].cpu = cpu;
		ret = vmb_local_vp_add(loop->host, cpu);
		if (ret)
			goto unbind;
	}
	guest = vmb_guest_bus_create(&loop->pf);
	if (IS_ERR(guest)) {
		ret = PTR_ERR(guest);
		goto unbind;
	}
	/* pairs with the acquire in vmb_loop_take() */
	smp_store_release(&loop->guest, guest);
	return loop;

unbind:
	vmb_local_unbind(loop->host);
free_cpu:
	kfree(loop->cpu);
free_loop:
	kfree(loop);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_IF_KUNIT(vmb_loop_create);

/**
 * vmb_loop_destroy - undo vmb_loop_create()
 * @loop: gone afterwards, its devices too
 *
 * Context: may sleep.
 */
void vmb_loop_destroy(struct vmb_loop *loop)
{
	vmb_guest_bus_destroy(loop->guest);
	vmb_local_unbind(loop->host);
	kfree(loop->cpu);
	kfree(loop);
}
EXPORT_SYMBOL_IF_KUNIT(vmb_loop_destroy);
