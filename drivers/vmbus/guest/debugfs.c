// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/vmb_guest/<bus>/state: the state of a bus, for people.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "guest.h"

static struct dentry *vmb_guest_debugfs_root;

static void vmb_guest_debugfs_cpus(struct seq_file *s, struct vmb_guest_bus *bus)
{
	unsigned int cpu;

	seq_puts(s, "cpu\tvp\tinterrupts\tmessages\n");
	for_each_cpu(cpu, bus->cpus) {
		const struct vmb_guest_percpu *c = per_cpu_ptr(bus->cpu, cpu);

		seq_printf(s, "%u\t%u\t%llu\t%llu\n", cpu,
			   bus->pf->ops->vp_index(bus->pf, cpu),
			   READ_ONCE(c->interrupts), READ_ONCE(c->messages));
	}
}

static void vmb_guest_debugfs_channels(struct seq_file *s, struct vmb_guest_bus *bus)
{
	struct vmb_guest_chan *ch;
	unsigned long relid;

	seq_puts(s, "channel\tdevice\tindex\tstate\tcpu\tinterrupts\tevents\tpackets_in\tpackets_out\tintr_in_full\tintr_out_empty\tout_full_first\tout_full_total\twants\tbroken\tnode\n");
	rcu_read_lock();
	xa_for_each(&bus->chans, relid, ch) {
		const struct vmb_guest_stats *st = &ch->stats;

		seq_printf(s, "%lu\t%pUl\t%u\t%s\t%u\t", relid,
			   &ch->pub.dev->instance_id, ch->pub.index,
			   vmb_guest_chan_rescinded(ch) ? "rescinded" :
			   READ_ONCE(ch->state) == VMB_GUEST_CHAN_OPEN ? "open" : "offered",
			   READ_ONCE(ch->pub.cpu));
		seq_printf(s, "%lld\t%lld\t%llu\t%llu\t%lld\t%lld\t",
			   atomic64_read(&st->interrupts), atomic64_read(&st->events),
			   READ_ONCE(st->packets_in), READ_ONCE(st->packets_out),
			   atomic64_read(&st->intr_in_full),
			   atomic64_read(&st->intr_out_empty));
		seq_printf(s, "%llu\t%llu\t%u\t%d\t%d\n", READ_ONCE(st->out_full_first),
			   READ_ONCE(st->out_full_total), READ_ONCE(ch->out_want),
			   READ_ONCE(ch->broken), READ_ONCE(ch->node));
	}
	rcu_read_unlock();
}

static int vmb_guest_debugfs_state_show(struct seq_file *s, void *unused)
{
	static const char * const states[] = {
		[VMB_GUEST_DISCONNECTED] = "disconnected",
		[VMB_GUEST_CONNECTED] = "connected",
		[VMB_GUEST_CRASHED] = "crashed",
	};
	struct vmb_guest_bus *bus = s->private;

	guard(mutex)(&bus->lock);
	seq_printf(s, "state: %s\n", states[READ_ONCE(bus->state)]);
	seq_printf(s, "version: %u.%u\n", bus->version >> 16, bus->version & 0xffff);
	seq_printf(s, "message_connection: %u\n", bus->msg_conn_id);
	seq_printf(s, "message_cpu: %u\n", bus->msg_cpu);
	seq_printf(s, "messages_queued: %u\n", READ_ONCE(bus->queue_len));
	seq_printf(s, "messages_refused: %lld\n", atomic64_read(&bus->nr_bad));
	vmb_guest_debugfs_cpus(s, bus);
	vmb_guest_debugfs_channels(s, bus);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vmb_guest_debugfs_state);

/**
 * vmb_guest_debugfs_add - make a bus's directory
 * @bus: the bus
 */
void vmb_guest_debugfs_add(struct vmb_guest_bus *bus)
{
	bus->debugfs = debugfs_create_dir(bus->pf->name, vmb_guest_debugfs_root);
	debugfs_create_file("state", 0400, bus->debugfs, bus, &vmb_guest_debugfs_state_fops);
}

/**
 * vmb_guest_debugfs_remove - undo vmb_guest_debugfs_add()
 * @bus: the bus
 */
void vmb_guest_debugfs_remove(struct vmb_guest_bus *bus)
{
	debugfs_remove_recursive(bus->debugfs);
}

/**
 * vmb_guest_debugfs_init - make the root of all buses' directories
 */
void __init vmb_guest_debugfs_init(void)
{
	vmb_guest_debugfs_root = debugfs_create_dir("vmb_guest", NULL);
}

/**
 * vmb_guest_debugfs_exit - undo vmb_guest_debugfs_init()
 */
void vmb_guest_debugfs_exit(void)
{
	debugfs_remove_recursive(vmb_guest_debugfs_root);
}
