// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/vsp_stor/<partition>.<device>/state: what a controller, its
 * channels and its logical units are at, and their counters.
 */
#include <linux/debugfs.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "debugfs.h"
#include "stor.h"

static struct dentry *root;

static void show_lun(struct seq_file *m, struct vsp_stor_lun *lun)
{
	struct vsp_stor_stats sum = {};
	struct vsp_stor_props props;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct vsp_stor_stats *s = per_cpu_ptr(lun->stats, cpu);

		sum.commands += s->commands;
		sum.reads += s->reads;
		sum.writes += s->writes;
		sum.read_bytes += s->read_bytes;
		sum.write_bytes += s->write_bytes;
		sum.flushes += s->flushes;
		sum.errors += s->errors;
		sum.bounced += s->bounced;
	}
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
	list_for_each_entry(chan, &ctrl->channels, node)
		seq_printf(m, "channel %u: taken %llu in_flight %d requests %d malformed %llu throttles %llu\n",
			   chan->ch->index, READ_ONCE(chan->taken),
			   atomic_read(&chan->inflight) - 1,
			   atomic_read(&chan->outstanding),
			   READ_ONCE(chan->malformed), READ_ONCE(chan->throttles));
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
 * vsp_stor_debugfs_init - make the directory of all controllers
 */
void vsp_stor_debugfs_init(void)
{
	root = debugfs_create_dir("vsp_stor", NULL);
}

/**
 * vsp_stor_debugfs_exit - the opposite
 */
void vsp_stor_debugfs_exit(void)
{
	debugfs_remove_recursive(root);
}
