// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/vmb/<partition>: the state of a bus, for people, and its
 * counters, for programs: Documentation/ABI/debugfs-vmb says what they may rely
 * on.
 */
#include <linux/debugfs.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/seq_file.h>
#include <linux/vmalloc.h>

#include "host.h"

static struct dentry *vmb_debugfs_root;

/**
 * vmb_host_memory_node - where memory is, for people
 * @mem: allocated; NULL does not count
 * @nr: how many
 *
 * Context: any.
 * Return: the node that all of it is on; NUMA_NO_NODE if there is no such node.
 */
int vmb_host_memory_node(const void * const *mem, unsigned int nr)
{
	int all = NUMA_NO_NODE, node;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!mem[i])
			continue;
		node = page_to_nid(is_vmalloc_addr(mem[i]) ? vmalloc_to_page(mem[i]) :
							     virt_to_page(mem[i]));
		if (all != NUMA_NO_NODE && all != node)
			return NUMA_NO_NODE;
		all = node;
	}
	return all;
}
EXPORT_SYMBOL_GPL(vmb_host_memory_node);

static void vmb_debugfs_vps(struct seq_file *s, struct vmb_bus *bus)
{
	struct vmb_vp *vp;
	unsigned long index;

	seq_puts(s, "vp\tscontrol\tsimp\tsiefp\tinterrupts\n");
	xa_for_each(&bus->vps, index, vp)
		seq_printf(s, "%u\t%#llx\t%#llx\t%#llx\t%lld\n", vp->index,
			   vp->scontrol, vp->simp, vp->siefp,
			   atomic64_read(&vp->nr_sint));
}

static const char * const vmb_chan_states[] = {
	[VMB_CHAN_OFFERED] = "offered",
	[VMB_CHAN_OPEN] = "open",
	[VMB_CHAN_RESCINDED] = "rescinded",
};

static void vmb_debugfs_channels(struct seq_file *s, struct vmb_bus *bus)
{
	struct vmb_chan *ch;
	unsigned long relid;

	seq_puts(s, "channel\tdevice\tindex\tstate\tvp\tkicks\tpolls_vcpu\tpolls_worker\tpackets\tcompletions\tinterrupts\tring_full\tnaps\tbroken\tplace\tnode\n");
	xa_for_each(&bus->chans, relid, ch) {
		const struct vmb_chan_in_stats *in = &ch->in_stats;
		const struct vmb_chan_out_stats *out = &ch->out_stats;
		const void *mem[] = { ch, ch->in_buf };

		seq_printf(s, "%u\t%s\t%u\t%s\t", ch->pub.relid,
			   ch->pub.dev ? vmb_host_device_name(ch->pub.dev) : "-",
			   ch->pub.index, vmb_chan_states[ch->state]);
		seq_printf(s, "%d\t%lld\t%llu\t%llu\t%llu\t",
			   ch->vp ? (int)ch->vp->index : -1,
			   atomic64_read(&in->kicks),
			   READ_ONCE(in->polls_vcpu),
			   READ_ONCE(in->polls_worker),
			   READ_ONCE(in->packets));
		seq_printf(s, "%llu\t%lld\t%llu\t%llu\t%d\t%s\t%d\n",
			   READ_ONCE(out->completions),
			   atomic64_read(&out->interrupts),
			   READ_ONCE(out->ring_full),
			   READ_ONCE(in->naps),
			   READ_ONCE(ch->broken),
			   READ_ONCE(ch->place.worker) ? "worker" : "vcpu",
			   vmb_host_memory_node(mem, ARRAY_SIZE(mem)));
	}
}

static int vmb_debugfs_state_show(struct seq_file *s, void *unused)
{
	struct vmb_partition *p = s->private;
	struct vmb_bus *bus;

	guard(mutex)(&p->lock);
	bus = p->bus;
	if (!bus) {
		seq_puts(s, "state: free\n");
		return 0;
	}
	seq_printf(s, "state: %s\n", bus->state == VMB_CONN_CONNECTED ?
		   "connected" : "disconnected");
	seq_printf(s, "version: %u.%u\n", bus->version >> 16,
		   bus->version & 0xffff);
	seq_printf(s, "messages_waiting: %u\n", bus->nr_msgs);
	seq_printf(s, "messages_refused: %llu\n", bus->nr_bad);
	seq_printf(s, "gpadls: %u\n", bus->nr_gpadls);
	seq_printf(s, "gpadl_bytes: %u\n", bus->gpadl_bytes);
	vmb_debugfs_vps(s, bus);
	vmb_debugfs_channels(s, bus);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vmb_debugfs_state);

static void vmb_counters_channel(struct seq_file *s, struct vmb_chan *ch)
{
	const struct vmb_chan_in_stats *in = &ch->in_stats;
	const struct vmb_chan_out_stats *out = &ch->out_stats;

	seq_printf(s, "channel relid=%u index=%u state=%s", ch->pub.relid,
		   ch->pub.index, vmb_chan_states[ch->state]);
	if (ch->pub.dev) {
		seq_puts(s, " device=");
		seq_escape(s, vmb_host_device_name(ch->pub.dev), VMB_HOST_COUNTERS_ESCAPE);
	}
	if (ch->vp)
		seq_printf(s, " vp=%u", ch->vp->index);
	seq_printf(s, " place=%s broken=%d",
		   READ_ONCE(ch->place.worker) ? "worker" : "vcpu",
		   READ_ONCE(ch->broken));
	seq_printf(s, " kicks=%lld polls_vcpu=%llu polls_worker=%llu packets=%llu",
		   atomic64_read(&in->kicks), READ_ONCE(in->polls_vcpu),
		   READ_ONCE(in->polls_worker), READ_ONCE(in->packets));
	seq_printf(s, " completions=%llu interrupts=%lld ring_full=%llu naps=%llu\n",
		   READ_ONCE(out->completions),
		   atomic64_read(&out->interrupts), READ_ONCE(out->ring_full),
		   READ_ONCE(in->naps));
}

static int vmb_debugfs_counters_show(struct seq_file *s, void *unused)
{
	struct vmb_partition *p = s->private;
	struct vmb_chan *ch;
	struct vmb_bus *bus;
	struct vmb_vp *vp;
	unsigned long i;

	guard(mutex)(&p->lock);
	bus = p->bus;
	seq_puts(s, "partition name=");
	seq_escape(s, vmb_partition_name(p), VMB_HOST_COUNTERS_ESCAPE);
	if (!bus) {
		seq_puts(s, " state=free\n");
		return 0;
	}
	if (bus->state == VMB_CONN_CONNECTED)
		seq_printf(s, " state=connected version=%u.%u",
			   bus->version >> 16, bus->version & 0xffff);
	else
		seq_puts(s, " state=bound");
	seq_printf(s, " messages_waiting=%u messages_refused=%llu gpadls=%u gpadl_bytes=%u\n",
		   bus->nr_msgs, bus->nr_bad, bus->nr_gpadls, bus->gpadl_bytes);
	xa_for_each(&bus->vps, i, vp)
		seq_printf(s, "vp index=%u interrupts=%lld\n", vp->index,
			   atomic64_read(&vp->nr_sint));
	xa_for_each(&bus->chans, i, ch)
		vmb_counters_channel(s, ch);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vmb_debugfs_counters);

/**
 * vmb_debugfs_add - make a partition's directory
 * @p: the partition
 */
void vmb_debugfs_add(struct vmb_partition *p)
{
	p->debugfs = debugfs_create_dir(vmb_partition_name(p), vmb_debugfs_root);
	debugfs_create_file("state", 0400, p->debugfs, p, &vmb_debugfs_state_fops);
	debugfs_create_file("counters", 0400, p->debugfs, p,
			    &vmb_debugfs_counters_fops);
}

/**
 * vmb_debugfs_remove - undo vmb_debugfs_add()
 * @p: the partition
 */
void vmb_debugfs_remove(struct vmb_partition *p)
{
	debugfs_remove_recursive(p->debugfs);
}

/**
 * vmb_debugfs_init - make the root of all partitions' directories
 */
void vmb_debugfs_init(void)
{
	vmb_debugfs_root = debugfs_create_dir("vmb", NULL);
}

/**
 * vmb_debugfs_exit - undo vmb_debugfs_init()
 */
void vmb_debugfs_exit(void)
{
	debugfs_remove_recursive(vmb_debugfs_root);
}
