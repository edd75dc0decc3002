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

static void show_channel(struct seq_file *m, const struct vsp_net_nic *nic)
{
	const struct vsp_net_chan *chan = nic->chan;

	if (chan)
		seq_printf(m, "channel %u: state %s version %#x guest_frame %u send_bytes %u outstanding %d\n",
			   chan->ch->index, vsp_net_state_name(READ_ONCE(chan->state)),
			   READ_ONCE(chan->version), READ_ONCE(chan->mtu),
			   READ_ONCE(chan->send.len), atomic_read(&chan->outstanding));
}

static int state_show(struct seq_file *m, void *unused)
{
	struct vsp_net_nic *nic = m->private;
	const struct vsp_net_stats *s = &nic->stats;
	const struct vsp_net_recv *recv;

	spin_lock_bh(&nic->lock);
	seq_printf(m, "nic: mtu %u address %pM filter %#x groups %u rx_tcp %d rx_udp %d answers %u\n",
		   nic->mtu, nic->current_mac, nic->filter, nic->nr_multicast,
		   nic->rx_tcp, nic->rx_udp, nic->nr_answers);
	show_channel(m, nic);
	recv = rcu_dereference_protected(nic->recv, lockdep_is_held(&nic->lock));
	if (recv)
		seq_printf(m, "receive buffer: bytes %u section %u sections %u free %u\n",
			   recv->buf.len, recv->section, recv->nr, recv->nr_free);
	seq_printf(m, "from the guest: frames_in %llu bytes_in %llu lso_in %llu csum_in %llu control_in %llu malformed %llu spoofed %llu down_in %llu nomem_in %llu bad_completions %llu\n",
		   s->frames_in, s->bytes_in, s->lso_in, s->csum_in, s->control_in,
		   s->malformed, s->spoofed, s->down_in, s->nomem_in,
		   s->bad_completions);
	seq_printf(m, "to the guest: frames_out %llu bytes_out %llu control_out %llu filtered %llu too_long %llu stops %llu full %llu\n",
		   s->frames_out, s->bytes_out, s->control_out, s->filtered,
		   s->too_long, s->stops, s->full);
	spin_unlock_bh(&nic->lock);
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
