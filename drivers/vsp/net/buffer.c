// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two buffers that a guest shares. Of the receive buffer, which frames to
 * the guest lie in, the host says what is free; of the send buffer the guest.
 */
#define pr_fmt(fmt) "vsp_net: " fmt

#include <linux/mm.h>
#include <linux/slab.h>

#include "net.h"
#include "trace.h"

static void recv_free(struct vsp_net_recv *recv)
{
	kvfree(recv->use);
	kvfree(recv->free);
	kfree(recv);
}

/**
 * vsp_net_recv_attach - the guest gives a receive buffer
 * @chan: the channel
 * @gpadl: what it is made of
 *
 * Context: within poll.
 * Return: 0 or a negative errno.
 */
int vsp_net_recv_attach(struct vsp_net_chan *chan, u32 gpadl)
{
	struct vsp_net_nic *nic = chan->nic;
	struct vsp_net_recv *recv;
	int ret = -ENOMEM;
	u32 i;

	if (rcu_access_pointer(nic->recv))
		return -EBUSY;
	recv = kzalloc(sizeof(*recv), GFP_KERNEL_ACCOUNT);
	if (!recv)
		return -ENOMEM;
	recv->ch = chan->ch;
	ret = vmb_host_buffer_map(chan->ch, gpadl, &recv->buf);
	if (ret)
		goto free;
	recv->section = vsp_net_section_size(nic->mtu);
	recv->nr = min(recv->buf.len / recv->section, VSP_NET_MAX_SECTIONS);
	ret = -EINVAL;
	if (recv->nr <= 2 * VSP_NET_RESERVE)
		goto unmap;
	ret = -ENOMEM;
	recv->free = kvmalloc_array(recv->nr, sizeof(*recv->free), GFP_KERNEL_ACCOUNT);
	recv->use = kvcalloc(recv->nr, sizeof(*recv->use), GFP_KERNEL_ACCOUNT);
	if (!recv->free || !recv->use)
		goto unmap;
	/* the first ones are given first */
	for (i = 0; i < recv->nr; i++)
		recv->free[i] = recv->nr - 1 - i;
	recv->nr_free = recv->nr;

	spin_lock_bh(&nic->lock);
	rcu_assign_pointer(nic->recv, recv);
	spin_unlock_bh(&nic->lock);
	return 0;

unmap:
	vmb_host_buffer_unmap(chan->ch, &recv->buf);
free:
	recv_free(recv);
	return ret;
}

/**
 * vsp_net_recv_detach - the receive buffer is the guest's again
 * @chan: the channel
 *
 * Waits for who is about to write to it. Does nothing when there is none.
 *
 * Context: within poll or close; may sleep.
 */
void vsp_net_recv_detach(struct vsp_net_chan *chan)
{
	struct vsp_net_nic *nic = chan->nic;
	struct vsp_net_recv *recv;

	spin_lock_bh(&nic->lock);
	recv = rcu_replace_pointer(nic->recv, NULL, lockdep_is_held(&nic->lock));
	spin_unlock_bh(&nic->lock);
	if (!recv)
		return;
	vsp_net_dev_carrier(nic);
	vsp_net_control_purge(nic);
	synchronize_rcu_expedited();
	vmb_host_buffer_unmap(chan->ch, &recv->buf);
	recv_free(recv);
}

/**
 * vsp_net_recv_take - take a free section
 * @recv: the receive buffer
 * @section: set to its number
 *
 * Context: &vsp_net_nic.lock.
 * Return: false when there is none.
 */
bool vsp_net_recv_take(struct vsp_net_recv *recv, u32 *section)
{
	if (!recv->nr_free)
		return false;
	*section = recv->free[--recv->nr_free];
	recv->use[*section]++;
	return true;
}

/**
 * vsp_net_recv_untake - give a section back that the guest has not been told of
 * @recv: the receive buffer
 * @section: its number
 *
 * Context: &vsp_net_nic.lock.
 */
void vsp_net_recv_untake(struct vsp_net_recv *recv, u32 section)
{
	recv->use[section]++;
	recv->free[recv->nr_free++] = section;
}

/**
 * vsp_net_recv_send - tell the guest of what is in a section
 * @nic: the NIC
 * @recv: its receive buffer
 * @section: a section that was taken and filled
 * @len: bytes in it
 * @channel: %VMB_NVSP_CHANNEL_DATA or %VMB_NVSP_CHANNEL_CONTROL
 * @more: others follow at once
 *
 * Context: any but hard interrupts, within an RCU read section or with
 * &vsp_net_nic.lock held.
 * Return: 0 or what vmb_host_send_xfer() says; then the section is still the
 * caller's.
 */
int vsp_net_recv_send(struct vsp_net_nic *nic, struct vsp_net_recv *recv,
		      u32 section, u32 len, u32 channel, bool more)
{
	/* the shortest message there is: it does not depend on the version */
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(VMB_NVSP_RNDIS),
		.rndis.channel = cpu_to_le32(channel),
		.rndis.section = cpu_to_le32(VMB_NVSP_NO_SECTION),
	};
	struct vmb_host_xfer xfer = {
		.trans_id = (u64)recv->use[section] << 32 | section,
		.pageset_id = VMB_NVSP_RECV_BUF_ID,
		.offset = section * recv->section,
		.len = len,
		.data = &msg,
		.data_len = VMB_NVSP_BYTES,
	};

	return vmb_host_send_xfer(recv->ch, &xfer, more);
}

/**
 * vsp_net_recv_complete - the guest gives a section back
 * @chan: the channel
 * @trans_id: of the packet that told the guest of it
 *
 * Context: within poll.
 */
void vsp_net_recv_complete(struct vsp_net_chan *chan, u64 trans_id)
{
	struct vsp_net_nic *nic = chan->nic;
	u32 section = trans_id, use = trans_id >> 32;
	struct vsp_net_recv *recv;
	bool good = false;

	spin_lock_bh(&nic->lock);
	recv = rcu_dereference_protected(nic->recv, lockdep_is_held(&nic->lock));
	/* an even count: nobody has it */
	if (recv && section < recv->nr && recv->use[section] == use && use & 1) {
		good = true;
		vsp_net_recv_untake(recv, section);
		/* not for each: a queue that goes on has something to do */
		if (netif_queue_stopped(nic->netdev) &&
		    recv->nr_free >= min(recv->nr / 2, VSP_NET_RESERVE + 64))
			netif_wake_queue(nic->netdev);
	} else {
		nic->stats.bad_completions++;
	}
	spin_unlock_bh(&nic->lock);
	trace_vsp_net_recv_complete(nic->name, trans_id, good);
	if (unlikely(!good) && recv)
		vsp_net_chan_warn(chan, "guest gave back %#llx, which it does not have\n",
				  trans_id);
}

/**
 * vsp_net_send_attach - the guest gives a send buffer
 * @chan: the channel
 * @gpadl: what it is made of
 *
 * Context: within poll.
 * Return: 0 or a negative errno.
 */
int vsp_net_send_attach(struct vsp_net_chan *chan, u32 gpadl)
{
	int ret;

	if (chan->send.addr)
		return -EBUSY;
	ret = vmb_host_buffer_map(chan->ch, gpadl, &chan->send);
	if (ret || chan->send.len >= VSP_NET_SEND_SECTION)
		return ret;
	vmb_host_buffer_unmap(chan->ch, &chan->send);
	return -EINVAL;
}

/**
 * vsp_net_send_detach - the send buffer is the guest's again
 * @chan: the channel
 *
 * Does nothing when there is none.
 *
 * Context: within poll or close; may sleep.
 */
void vsp_net_send_detach(struct vsp_net_chan *chan)
{
	if (chan->send.addr)
		vmb_host_buffer_unmap(chan->ch, &chan->send);
}
