// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/vsp_stor/<partition>.<device>: what a controller, its channels
 * and its logical units are at, as state for people, and as counters for
 * programs: Documentation/ABI/debugfs-vmb says what they may rely on.
 */
#include <linux/debugfs.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "debugfs.h"
#include "stor.h"

static struct dentry *root;

static void sum_lun(const struct vsp_stor_lun *lun, struct vsp_stor_stats *sum)
{
	int cpu;

	*sum = (struct vsp_stor_stats){};
	for_each_possible_cpu(cpu) {
		const struct vsp_stor_stats *s = per_cpu_ptr(lun->stats, cpu);

		sum->commands += s->commands;
		sum->reads += s->reads;
		sum->writes += s->writes;
		sum->read_bytes += s->read_bytes;
		sum->write_bytes += s->write_bytes;
		sum->flushes += s->flushes;
		sum->errors += s->errors;
		sum->bounced += s->bounced;
	}
}

static void show_lun(struct seq_file *m, struct vsp_stor_lun *lun)
{
	struct vsp_stor_stats sum;
	struct vsp_stor_props props;

	sum_lun(lun, &sum);
	vsp_stor_lun_props(lun, &props);
	seq_printf(m, "lun %u: device %pg blocks %llu block_size %u readonly %d thin %d write_cache %d reservations %s attentions %#lx\n",
		   lun->number, lun->bdev, props.blocks, 1U << props.block_shift,
		   props.readonly, props.thin, props.write_cache,
		   lun->pr_mode == VSP_STOR_PR_BACKING ? "device" : "memory",
		   READ_ONCE(lun->ua));
	seq_printf(m, "lun %u: commands %llu reads %llu read_bytes %llu writes %llu write_bytes %llu flushes %llu errors %llu bounced %llu postponed %llu\n",
		   lun->number, sum.commands, sum.reads, sum.read_bytes,
		   sum.writes, sum.write_bytes, sum.flushes, sum.errors,
		   sum.bounced, READ_ONCE(lun->backlog.total));
}

static int state_show(struct seq_file *m, void *unused)
{
	struct vsp_stor_ctrl *ctrl = m->private;
	u16 version = READ_ONCE(ctrl->version);
	struct vsp_stor_chan *chan;
	struct vsp_stor_lun *lun;
	int i;

	seq_printf(m, "controller: class %s state %s version %u.%u max_channels %u bulk_bytes %d\n",
		   ctrl->ide ? "ide" : "scsi",
		   vsp_stor_state_name(READ_ONCE(ctrl->state)), version >> 8,
		   version & 0xff, READ_ONCE(ctrl->max_channels),
		   atomic_read(&ctrl->bulk_bytes));

	spin_lock(&ctrl->chan_lock);
	list_for_each_entry(chan, &ctrl->channels, node) {
		const void *mem[] = { chan, chan->iov, chan->bvec, chan->scratch };

		seq_printf(m, "channel %u: taken %llu in_flight %llu requests %llu malformed %llu throttles %llu node %d\n",
			   chan->ch->index, READ_ONCE(chan->taken),
			   vsp_stor_chan_inflight(chan),
			   vsp_stor_chan_outstanding(chan),
			   READ_ONCE(chan->malformed), READ_ONCE(chan->throttles),
			   vmb_host_memory_node(mem, ARRAY_SIZE(mem)));
	}
	spin_unlock(&ctrl->chan_lock);

	rcu_read_lock();
	for (i = 0; i < VSP_STOR_MAX_LUNS; i++) {
		lun = rcu_dereference(ctrl->luns[i]);
		if (lun)
			show_lun(m, lun);
	}
	rcu_read_unlock();
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(state);

static void count_chan(struct seq_file *m, struct vsp_stor_chan *chan)
{
	struct vsp_stor_latency latency;
	u64 bytes = 0;
	int cpu, i;

	for_each_possible_cpu(cpu)
		bytes += per_cpu_ptr(chan->stats, cpu)->bytes;
	vsp_stor_latency_sum(&latency, &chan->stats->latency);
	seq_printf(m, "channel relid=%u index=%u taken=%llu in_flight=%llu malformed=%llu throttles=%llu bytes=%llu latency_ns=%llu latency_log2=",
		   chan->ch->relid, chan->ch->index, READ_ONCE(chan->taken),
		   vsp_stor_chan_inflight(chan), READ_ONCE(chan->malformed),
		   READ_ONCE(chan->throttles), bytes, latency.ns);
	for (i = 0; i < VSP_STOR_LATENCY_BUCKETS; i++)
		seq_printf(m, "%s%llu", i ? "," : "", latency.bucket[i]);
	seq_putc(m, '\n');
}

static void count_lun(struct seq_file *m, struct vsp_stor_lun *lun)
{
	struct vsp_stor_stats sum;

	sum_lun(lun, &sum);
	seq_printf(m, "lun number=%u commands=%llu reads=%llu read_bytes=%llu writes=%llu write_bytes=%llu flushes=%llu errors=%llu bounced=%llu postponed=%llu\n",
		   lun->number, sum.commands, sum.reads, sum.read_bytes,
		   sum.writes, sum.write_bytes, sum.flushes, sum.errors,
		   sum.bounced, READ_ONCE(lun->backlog.total));
}

static int counters_show(struct seq_file *m, void *unused)
{
	struct vsp_stor_ctrl *ctrl = m->private;
	const char *device = strchr(ctrl->name, '/') + 1;
	struct vsp_stor_chan *chan;
	struct vsp_stor_lun *lun;
	char partition[sizeof(ctrl->name)];
	int i;

	strscpy(partition, ctrl->name, device - ctrl->name);
	seq_puts(m, "controller partition=");
	seq_escape(m, partition, VMB_HOST_COUNTERS_ESCAPE);
	seq_puts(m, " device=");
	seq_escape(m, device, VMB_HOST_COUNTERS_ESCAPE);
	seq_printf(m, " state=%s\n", vsp_stor_state_name(READ_ONCE(ctrl->state)));

	spin_lock(&ctrl->chan_lock);
	list_for_each_entry(chan, &ctrl->channels, node)
		count_chan(m, chan);
	spin_unlock(&ctrl->chan_lock);

	rcu_read_lock();
	for (i = 0; i < VSP_STOR_MAX_LUNS; i++) {
		lun = rcu_dereference(ctrl->luns[i]);
		if (lun)
			count_lun(m, lun);
	}
	rcu_read_unlock();
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counters);

/* Who has it open wants to know: a program that dies does not forget to close. */
static int measure_open(struct inode *inode, struct file *file)
{
	static_branch_inc(&vsp_stor_latency_key);
	return nonseekable_open(inode, file);
}

static int measure_release(struct inode *inode, struct file *file)
{
	static_branch_dec(&vsp_stor_latency_key);
	return 0;
}

static const struct file_operations measure_fops = {
	.owner		= THIS_MODULE,
	.open		= measure_open,
	.release	= measure_release,
};

/**
 * vsp_stor_debugfs_add - show a controller
 * @ctrl: the controller
 */
void vsp_stor_debugfs_add(struct vsp_stor_ctrl *ctrl)
{
	char name[sizeof(ctrl->name)];

	strscpy(name, ctrl->name);
	strreplace(name, '/', '.');
	ctrl->debugfs = debugfs_create_dir(name, root);
	debugfs_create_file("state", 0400, ctrl->debugfs, ctrl, &state_fops);
	debugfs_create_file("counters", 0400, ctrl->debugfs, ctrl,
			    &counters_fops);
}

/**
 * vsp_stor_debugfs_remove - show it no more
 * @ctrl: the controller
 */
void vsp_stor_debugfs_remove(struct vsp_stor_ctrl *ctrl)
{
	debugfs_remove_recursive(ctrl->debugfs);
}

/**
 * vsp_stor_debugfs_init - make the directory of all controllers, and the file that
 * switches the measurement of latencies on
 */
void vsp_stor_debugfs_init(void)
{
	root = debugfs_create_dir("vsp_stor", NULL);
	debugfs_create_file("measure_latency", 0400, root, NULL, &measure_fops);
}

/**
 * vsp_stor_debugfs_exit - the opposite
 */
void vsp_stor_debugfs_exit(void)
{
	debugfs_remove_recursive(root);
}
