// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/vsp_net/<partition>.<device>/state: what a NIC is at, and its
 * counters.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "debugfs.h"
#include "net.h"

static struct dentry *root;

static void show_channel(struct seq_file *m, const struct vsp_net_queue *queue)
{
	const struct vsp_net_chan *chan = queue->chan;
	const struct vsp_net_stats *s = &queue->stats;
	const void *mem[4];

	lockdep_assert_held(&queue->nic->lock);
	if (!chan)
		return;
	mem[0] = chan;
	mem[1] = chan->iov;
	mem[2] = chan->control;
	mem[3] = chan->answer;
	seq_printf(m, "channel %u: state %s guest_frame %u outstanding %d have %u in %llu out %llu node %d\n",
		   queue->index, vsp_net_state_name(READ_ONCE(chan->state)),
		   READ_ONCE(chan->mtu), atomic_read(&chan->outstanding),
		   READ_ONCE(queue->nr_free), s->frames_in, s->frames_out,
		   vmb_host_memory_node(mem, ARRAY_SIZE(mem)));
}

static void show_settings(struct seq_file *m, const struct vsp_net_settings *set)
{
	u32 i;

	seq_printf(m, "settings: address %pM filter %#x groups %u rx_tcp %d rx_udp %d rsc4 %d rsc6 %d\n",
		   set->mac, set->filter, set->nr_multicast, set->rx_tcp, set->rx_udp,
		   set->rsc4, set->rsc6);
	if (!set->rss.on)
		return;
	seq_printf(m, "rss: types %#x table", set->rss.types);
	for (i = 0; i < set->rss.nr; i++)
		seq_printf(m, " %u", set->rss.table[i]);
	seq_putc(m, '\n');
}

static void show_recv(struct seq_file *m, const struct vsp_net_nic *nic,
		      const struct vsp_net_recv *recv)
{
	u32 free = 0, i;

	for (i = 0; i < VSP_NET_MAX_QUEUES; i++)
		free += READ_ONCE(nic->queue[i].nr_free);
	seq_printf(m, "receive buffer: bytes %u section %u sections %u free %u\n",
		   recv->buf.len, recv->size, recv->nr, free);
}

static int state_show(struct seq_file *m, void *unused)
{
	struct vsp_net_nic *nic = m->private;
	const struct vsp_net_recv *recv;
	u32 i;

#define SUM(member) vsp_net_stats_sum(nic, offsetof(struct vsp_net_stats, member))
	rcu_read_lock();
	spin_lock_bh(&nic->lock);
	seq_printf(m, "nic: mtu %u version %#x rsc %d answers %u\n", nic->mtu,
		   READ_ONCE(nic->version), READ_ONCE(nic->rsc), nic->nr_answers);
	for (i = 0; i < VSP_NET_MAX_QUEUES; i++)
		show_channel(m, &nic->queue[i]);
	spin_unlock_bh(&nic->lock);
	show_settings(m, rcu_dereference(nic->set));
	recv = rcu_dereference(nic->recv);
	if (recv)
		show_recv(m, nic, recv);
	rcu_read_unlock();
	seq_printf(m, "from the guest: frames_in %llu bytes_in %llu lso_in %llu csum_in %llu control_in %llu malformed %llu spoofed %llu down_in %llu nomem_in %llu bad_completions %llu\n",
		   SUM(frames_in), SUM(bytes_in), SUM(lso_in), SUM(csum_in),
		   SUM(control_in), SUM(malformed), SUM(spoofed), SUM(down_in),
		   SUM(nomem_in), SUM(bad_completions));
	seq_printf(m, "to the guest: frames_out %llu bytes_out %llu rsc_out %llu control_out %llu filtered %llu too_long %llu stops %llu full %llu\n",
		   SUM(frames_out), SUM(bytes_out), SUM(rsc_out), SUM(control_out),
		   SUM(filtered), SUM(too_long), SUM(stops), SUM(full));
#undef SUM
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(state);

/**
 * vsp_net_debugfs_add - show a NIC
 * @nic: the NIC
 */
void vsp_net_debugfs_add(struct vsp_net_nic *nic)
{
	char name[sizeof(nic->name)];

	strscpy(name, nic->name);
	strreplace(name, '/', '.');
	nic->debugfs = debugfs_create_dir(name, root);
	debugfs_create_file("state", 0400, nic->debugfs, nic, &state_fops);
}

/**
 * vsp_net_debugfs_remove - show it no more
 * @nic: the NIC
 */
void vsp_net_debugfs_remove(struct vsp_net_nic *nic)
{
	debugfs_remove(nic->debugfs);
}

/**
 * vsp_net_debugfs_init - make the directory
 */
void vsp_net_debugfs_init(void)
{
	root = debugfs_create_dir("vsp_net", NULL);
}

/**
 * vsp_net_debugfs_exit - remove it
 */
void vsp_net_debugfs_exit(void)
{
	debugfs_remove(root);
}
