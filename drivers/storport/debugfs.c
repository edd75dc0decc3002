// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/storport/hostN/state: what an adapter and its queues are at,
 * and counters of what should not have happened.
 */
#include <linux/debugfs.h>
#include <linux/mm.h>
#include <linux/seq_file.h>

#include "debugfs.h"
#include "port.h"

static struct dentry *root;

static const char * const counter_names[STORPORT_CNT_NR] = {
	[STORPORT_CNT_UNKNOWN_ID]	= "unknown_id",
	[STORPORT_CNT_STALE_ID]		= "stale_id",
	[STORPORT_CNT_BAD_LENGTH]	= "bad_length",
	[STORPORT_CNT_BAD_SENSE]	= "bad_sense",
	[STORPORT_CNT_BAD_STATUS]	= "bad_status",
	[STORPORT_CNT_LATE]		= "late",
	[STORPORT_CNT_ABANDONED]	= "abandoned",
	[STORPORT_CNT_TIMEOUT]		= "timeouts",
	[STORPORT_CNT_ABORT]		= "aborts",
	[STORPORT_CNT_RESET_LUN]	= "lun_resets",
	[STORPORT_CNT_RESET_TARGET]	= "target_resets",
	[STORPORT_CNT_RESET_BUS]	= "bus_resets",
	[STORPORT_CNT_RESTART]		= "restarts",
	[STORPORT_CNT_RESET_FAILED]	= "failed_resets",
	[STORPORT_CNT_SWEPT]		= "swept",
	[STORPORT_CNT_RESCAN]		= "scans",
	[STORPORT_CNT_LUN_RESCAN]	= "lun_rescans",
	[STORPORT_CNT_LUN_REMOVED]	= "lun_removals",
};

static int node_of(const void *mem)
{
	return page_to_nid(is_vmalloc_addr(mem) ? vmalloc_to_page(mem) : virt_to_page(mem));
}

static int state_show(struct seq_file *m, void *unused)
{
	struct storport_port *port = m->private;
	const struct storport_config *config = &port->adapter.config;
	unsigned long flags = READ_ONCE(port->flags);
	unsigned int i, tag;

	seq_printf(m, "adapter: miniport %s%s%s%s%s queue_depth %u max_sectors %u max_segments %u\n",
		   port->adapter.miniport->name,
		   flags & BIT(STORPORT_PORT_STOPPED) ? " stopped" : "",
		   flags & BIT(STORPORT_PORT_GONE) ? " gone" : "",
		   flags & BIT(STORPORT_PORT_REMOVING) ? " removing" : "",
		   flags & BIT(STORPORT_PORT_BLOCKED) ? " blocked" : "",
		   config->queue_depth, config->max_sectors, config->max_segments);
	for (i = 0; i < STORPORT_CNT_NR; i++)
		seq_printf(m, "%s %llu\n", counter_names[i],
			   (u64)atomic64_read(&port->counters[i]));
	for (i = 0; i < port->nr_queues; i++) {
		struct storport_queue *queue = &port->queues[i];
		unsigned int in_flight = 0, orphans = 0;

		for (tag = 0; tag < config->queue_depth; tag++) {
			u64 id = atomic64_read(&queue->slots[tag].id);

			if (id & STORPORT_ID_ORPHAN)
				orphans++;
			else if (id)
				in_flight++;
		}
		seq_printf(m, "queue %u: %s started %llu commits %llu batch_max %u polls %llu in_flight %u orphans %u node %d\n",
			   i, queue->polled ? "poll" : "interrupt",
			   READ_ONCE(queue->started), READ_ONCE(queue->commits),
			   READ_ONCE(queue->batch_max), READ_ONCE(queue->polls),
			   in_flight, orphans, node_of(queue->slots));
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(state);

/**
 * storport_debugfs_add() - show an adapter
 * @port: the adapter
 */
void storport_debugfs_add(struct storport_port *port)
{
	char name[16];

	snprintf(name, sizeof(name), "host%u", port->host->host_no);
	port->debugfs = debugfs_create_dir(name, root);
	debugfs_create_file("state", 0400, port->debugfs, port, &state_fops);
}

/**
 * storport_debugfs_remove() - show it no more
 * @port: the adapter
 */
void storport_debugfs_remove(struct storport_port *port)
{
	debugfs_remove_recursive(port->debugfs);
}

/**
 * storport_debugfs_init() - make the directory of all adapters
 */
void storport_debugfs_init(void)
{
	root = debugfs_create_dir("storport", NULL);
}

/**
 * storport_debugfs_exit() - the opposite
 */
void storport_debugfs_exit(void)
{
	debugfs_remove_recursive(root);
}
