// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs: their SynIC pages, interrupts, and what happens when they come and go.
 */
#define pr_fmt(fmt) "vmb_guest: " fmt

#include <kunit/visibility.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/topology.h>

#include "guest.h"
#include "trace.h"

static enum cpuhp_state vmb_guest_cpuhp;

/* Take the event flags of this CPU, and tell the channels that they name. */
static void vmb_guest_cpu_events(struct vmb_guest_bus *bus, unsigned long *page)
{
	unsigned long *flags = page + VMB_SINT * BITS_TO_LONGS(VMB_EVENT_FLAGS);
	struct vmb_guest_chan *ch;
	unsigned int i, bit;

	for (i = 0; i < BITS_TO_LONGS(VMB_EVENT_FLAGS); i++) {
		unsigned long word;

		if (!READ_ONCE(flags[i]))
			continue;
		/*
		 * A full barrier: the flag is clear before the ring is looked
		 * at. Pairs with the host, which writes the ring, then sets the
		 * flag.
		 */
		word = xchg(&flags[i], 0);
		for_each_set_bit(bit, &word, BITS_PER_LONG) {
			/* pairs with synchronize_rcu_expedited() in stop_data */
			rcu_read_lock();
			ch = xa_load(&bus->chans, i * BITS_PER_LONG + bit);
			/* flag 0 and strangers: whoever left them there is gone */
			if (ch)
				vmb_guest_chan_interrupt(ch);
			rcu_read_unlock();
		}
	}
}

/**
 * vmb_guest_bus_interrupt - the host has raised the interrupt of this CPU
 * @bus: the bus
 *
 * Context: the interrupt, on its CPU, interrupts off.
 */
void vmb_guest_bus_interrupt(struct vmb_guest_bus *bus)
{
	struct vmb_guest_percpu *cpu = this_cpu_ptr(bus->cpu);

	lockdep_assert_irqs_disabled();
	cpu->interrupts++;
	vmb_guest_cpu_events(bus, cpu->synic.evt);
	vmb_guest_message_take(bus, cpu->synic.msg + VMB_SINT);
}
EXPORT_SYMBOL_GPL(vmb_guest_bus_interrupt);

static int vmb_guest_cpu_online(unsigned int cpu, struct hlist_node *node)
{
	struct vmb_guest_bus *bus = hlist_entry(node, struct vmb_guest_bus, cpuhp);
	struct vmb_guest_percpu *c = per_cpu_ptr(bus->cpu, cpu);
	int ret;

	memset(c->synic.msg, 0, VMB_PAGE_SIZE);
	memset(c->synic.evt, 0, VMB_PAGE_SIZE);
	ret = bus->pf->ops->enable(bus->pf, cpu, &c->synic);
	if (ret) {
		pr_err("%s: CPU %u takes no interrupts: error %d\n", bus->pf->name, cpu, ret);
		return ret;
	}
	mutex_lock(&bus->lock);
	cpumask_set_cpu(cpu, bus->cpus);
	mutex_unlock(&bus->lock);
	return 0;
}

/**
 * vmb_guest_cpu_offline - have other CPUs take what one does
 * @bus: the bus
 * @cpu: it goes, and gets nothing new any more
 *
 * First nothing new comes to it, then what is there is moved; opens under way
 * hold their channel's lock, and are seen when that is taken.
 *
 * Context: may sleep.
 * Return: 0; -EBUSY when it takes the host's messages; what moving a channel
 * returns.
 */
int vmb_guest_cpu_offline(struct vmb_guest_bus *bus, unsigned int cpu)
{
	struct vmb_guest_chan *ch;
	unsigned long relid = 0;
	int ret = 0;

	mutex_lock(&bus->lock);
	if (!vmb_guest_bus_connected(bus)) {
		cpumask_clear_cpu(cpu, bus->cpus);
		mutex_unlock(&bus->lock);
		return 0;
	}
	if (cpu == bus->msg_cpu) {
		pr_err("%s: CPU %u stays online: it takes the host's messages, which cannot be moved\n",
		       bus->pf->name, cpu);
		mutex_unlock(&bus->lock);
		return -EBUSY;
	}
	cpumask_clear_cpu(cpu, bus->cpus);
	mutex_unlock(&bus->lock);

	for (;;) {
		rcu_read_lock();
		ch = xa_find(&bus->chans, &relid, VMB_GUEST_MAX_RELIDS, XA_PRESENT);
		if (ch && !kobject_get_unless_zero(&ch->kobj)) {
			rcu_read_unlock();
			relid++;
			continue;
		}
		rcu_read_unlock();
		if (!ch)
			break;
		mutex_lock(&ch->lock);
		if (ch->state == VMB_GUEST_CHAN_OPEN && ch->pub.cpu == cpu &&
		    !vmb_guest_chan_rescinded(ch))
			ret = vmb_guest_chan_move(ch, vmb_guest_cpu_choose(bus,
									   VMB_GUEST_CPU_ANY));
		mutex_unlock(&ch->lock);
		if (ret)
			pr_err("%s: CPU %u stays online: channel %u cannot be moved, error %d\n",
			       bus->pf->name, cpu, ch->pub.relid, ret);
		vmb_guest_chan_put(ch);
		if (ret)
			break;
		relid++;
	}
	if (ret) {
		mutex_lock(&bus->lock);
		cpumask_set_cpu(cpu, bus->cpus);
		mutex_unlock(&bus->lock);
	}
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(vmb_guest_cpu_offline);

static int vmb_guest_cpu_teardown(unsigned int cpu, struct hlist_node *node)
{
	struct vmb_guest_bus *bus = hlist_entry(node, struct vmb_guest_bus, cpuhp);
	struct vmb_guest_percpu *c = per_cpu_ptr(bus->cpu, cpu);
	int ret;

	ret = vmb_guest_cpu_offline(bus, cpu);
	if (ret)
		return ret;
	bus->pf->ops->disable(bus->pf, cpu);
	/* what the host set before it knew: the channels are told here */
	local_irq_disable();
	vmb_guest_cpu_events(bus, c->synic.evt);
	local_irq_enable();
	return 0;
}

/**
 * vmb_guest_cpu_choose - who takes the interrupts of a channel
 * @bus: the bus
 * @wanted: a CPU, or %VMB_GUEST_CPU_ANY
 *
 * Context: may sleep; takes the bus's lock.
 * Return: @wanted if it can, else one that can.
 */
unsigned int vmb_guest_cpu_choose(struct vmb_guest_bus *bus, int wanted)
{
	guard(mutex)(&bus->lock);
	if (wanted >= 0 && wanted < nr_cpu_ids && cpumask_test_cpu(wanted, bus->cpus))
		return wanted;
	bus->next_cpu = cpumask_next(bus->next_cpu, bus->cpus);
	if (bus->next_cpu >= nr_cpu_ids)
		bus->next_cpu = cpumask_first(bus->cpus);
	/* the CPU that takes messages is always there while connected */
	if (bus->next_cpu >= nr_cpu_ids)
		bus->next_cpu = bus->msg_cpu;
	return bus->next_cpu;
}

/**
 * vmb_guest_cpu_start - enable the SynIC of all CPUs that are and will be there
 * @bus: the bus
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vmb_guest_cpu_start(struct vmb_guest_bus *bus)
{
	int ret = cpuhp_state_add_instance(vmb_guest_cpuhp, &bus->cpuhp);

	bus->started = !ret;
	return ret;
}

/**
 * vmb_guest_cpu_stop - undo vmb_guest_cpu_start()
 * @bus: the bus, not connected
 *
 * Context: may sleep. On return no interrupt of the bus is taken any more.
 */
void vmb_guest_cpu_stop(struct vmb_guest_bus *bus)
{
	/* a machine that woke up may not have got it back */
	if (bus->started)
		cpuhp_state_remove_instance(vmb_guest_cpuhp, &bus->cpuhp);
	bus->started = false;
}

static void *vmb_guest_cpu_page(unsigned int cpu)
{
	struct page *page = alloc_pages_node(cpu_to_node(cpu), GFP_KERNEL | __GFP_ZERO, 0);

	return page ? page_address(page) : NULL;
}

/**
 * vmb_guest_cpu_alloc - memory for all possible CPUs
 * @bus: the bus
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM; vmb_guest_cpu_free() is due in both cases.
 */
int vmb_guest_cpu_alloc(struct vmb_guest_bus *bus)
{
	unsigned int cpu;

	if (!zalloc_cpumask_var(&bus->cpus, GFP_KERNEL))
		return -ENOMEM;
	bus->cpu = alloc_percpu(struct vmb_guest_percpu);
	if (!bus->cpu)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct vmb_guest_percpu *c = per_cpu_ptr(bus->cpu, cpu);

		c->synic.msg = vmb_guest_cpu_page(cpu);
		c->synic.evt = vmb_guest_cpu_page(cpu);
		if (!c->synic.msg || !c->synic.evt)
			return -ENOMEM;
	}
	return 0;
}

/**
 * vmb_guest_cpu_free - undo vmb_guest_cpu_alloc(), or what it got
 * @bus: the bus
 */
void vmb_guest_cpu_free(struct vmb_guest_bus *bus)
{
	unsigned int cpu;

	if (bus->cpu) {
		for_each_possible_cpu(cpu) {
			struct vmb_guest_percpu *c = per_cpu_ptr(bus->cpu, cpu);

			free_page((unsigned long)c->synic.msg);
			free_page((unsigned long)c->synic.evt);
		}
	}
	free_percpu(bus->cpu);
	free_cpumask_var(bus->cpus);
}

/**
 * vmb_guest_cpu_init - get a state of CPU hotplug
 *
 * Return: 0 or a negative errno.
 */
int __init vmb_guest_cpu_init(void)
{
	int ret;

	ret = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN, "vmb_guest:online",
				      vmb_guest_cpu_online, vmb_guest_cpu_teardown);
	if (ret < 0)
		return ret;
	vmb_guest_cpuhp = ret;
	return 0;
}

/**
 * vmb_guest_cpu_exit - undo vmb_guest_cpu_init()
 */
void vmb_guest_cpu_exit(void)
{
	cpuhp_remove_multi_state(vmb_guest_cpuhp);
}
