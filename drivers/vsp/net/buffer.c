// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two buffers that a guest shares. Of the receive buffer, which frames to
 * the guest lie in, the host says what is free; of the send buffer the guest.
 */
#define pr_fmt(fmt) "vsp_net: " fmt

#include <kunit/visibility.h>
#include <linux/cleanup.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "net.h"
#include "trace.h"

/* Put it in front of the queue's free ones. */
static void section_push(struct vsp_net_queue *queue, struct vsp_net_recv *recv,
			 u32 section)
{
	lockdep_assert_held(&queue->lock);
	recv->section[section].next = queue->free;
	queue->free = section;
	queue->nr_free++;
}

/*
 * Frames went to the guest, or came back. While it has several, they come back when it
 * suits.
 */
static void queue_away(struct vsp_net_queue *queue, u32 away)
{
	struct vmb_channel *ch = rcu_dereference_bh(queue->ch);
	bool patient = away > VSP_NET_PATIENT;

	lockdep_assert_held(&queue->lock);
	queue->away = away;
	if (ch && ch->patient != patient)
		WRITE_ONCE(ch->patient, patient);
}

/* Go on, but not for each: a queue that goes on has something to do. */
static void queue_wake(struct vsp_net_queue *queue)
{
	struct netdev_queue *txq;

	lockdep_assert_held(&queue->lock);
	if (!queue->nic->netdev)
		return;
	txq = netdev_get_tx_queue(queue->nic->netdev, queue->index);
	if (netif_tx_queue_stopped(txq) && queue->nr_free >= queue->wake)
		netif_tx_wake_queue(txq);
}

/* What was on the way is not any more. Nobody transmits by this queue. */
static void queue_reset(struct vsp_net_queue *queue)
{
	struct netdev_queue *txq;

	if (!queue->nic->netdev)
		return;
	txq = netdev_get_tx_queue(queue->nic->netdev, queue->index);
	__netif_tx_lock_bh(txq);
	spin_lock(&queue->lock);
	queue_away(queue, 0);
	spin_unlock(&queue->lock);
	netdev_tx_reset_queue(txq);
	__netif_tx_unlock_bh(txq);
}

/**
 * vsp_net_recv_alloc - make what is known of a receive buffer
 * @nr: its sections
 *
 * Context: may sleep.
 * Return: it, to be freed by kvfree(), all sections belonging to nobody; or NULL.
 */
struct vsp_net_recv *vsp_net_recv_alloc(u32 nr)
{
	struct vsp_net_recv *recv;

	recv = kvzalloc(struct_size(recv, section, nr), GFP_KERNEL_ACCOUNT);
	if (recv)
		recv->nr = nr;
	return recv;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_net_recv_alloc);

/* Take all free ones of a queue; returns the list. */
static u32 queue_empty(struct vsp_net_queue *queue)
{
	u32 list;

	spin_lock_bh(&queue->lock);
	list = queue->free;
	queue->free = VSP_NET_NO_SECTION;
	queue->nr_free = 0;
	spin_unlock_bh(&queue->lock);
	return list;
}

/*
 * Put it where it belongs by now. Looked at under the lock that
 * vsp_net_recv_share() takes behind its choice: it is either found by that, or
 * put where that wants it.
 */
static void section_home(struct vsp_net_nic *nic, struct vsp_net_recv *recv, u32 section)
{
	u8 home = READ_ONCE(recv->section[section].home), now;

	for (;; home = now) {
		struct vsp_net_queue *queue = &nic->queue[home];

		spin_lock_bh(&queue->lock);
		now = READ_ONCE(recv->section[section].home);
		if (now == home) {
			section_push(queue, recv, section);
			queue_wake(queue);
		}
		spin_unlock_bh(&queue->lock);
		if (now == home)
			return;
	}
}

/* The same for a list of them. */
static void sections_home(struct vsp_net_nic *nic, struct vsp_net_recv *recv, u32 list)
{
	u32 next;

	for (; list != VSP_NET_NO_SECTION; list = next) {
		next = recv->section[list].next;
		section_home(nic, recv, list);
	}
}

/* What the guest was told of by a channel that it closed, it has no more. */
static void queue_reclaim(struct vsp_net_queue *queue, struct vsp_net_recv *recv)
{
	struct vsp_net_section *section;
	u32 i;

	for (i = 0; i < recv->nr; i++) {
		section = &recv->section[i];
		if (!(READ_ONCE(section->use) & VSP_NET_USE_GUEST) ||
		    VSP_NET_USE_CHANNEL(READ_ONCE(section->use)) != queue->index)
			continue;
		WRITE_ONCE(section->use, section->use & ~VSP_NET_USE_GUEST);
		sections_home(queue->nic, recv, i);
	}
}

/**
 * vsp_net_recv_share - share the sections among the channels that are open
 * @nic: the NIC
 * @recv: its receive buffer
 *
 * To be called when a channel has been opened, or closed and nobody transmits by
 * it any more. What is under way to or at the guest returns to its new home in
 * its time.
 *
 * Context: may sleep; &vsp_net_nic.share_lock.
 */
void vsp_net_recv_share(struct vsp_net_nic *nic, struct vsp_net_recv *recv)
{
	u32 open[VSP_NET_MAX_QUEUES], nr = 0, i, share;

	lockdep_assert_held(&nic->share_lock);
	for (i = 0; i < VSP_NET_MAX_QUEUES; i++)
		if (rcu_access_pointer(nic->queue[i].ch))
			open[nr++] = i;
	if (!nr)
		return;
	share = recv->nr / nr;
	for (i = 0; i < recv->nr; i++)
		WRITE_ONCE(recv->section[i].home, open[i % nr]);
	for (i = 0; i < VSP_NET_MAX_QUEUES; i++) {
		struct vsp_net_queue *queue = &nic->queue[i];

		WRITE_ONCE(queue->reserve, i ? 0 : VSP_NET_RESERVE);
		WRITE_ONCE(queue->wake, min(share / 2, VSP_NET_RESERVE + 64));
		sections_home(nic, recv, queue_empty(queue));
		if (!rcu_access_pointer(queue->ch))
			queue_reclaim(queue, recv);
	}
}
EXPORT_SYMBOL_IF_KUNIT(vsp_net_recv_share);

static int recv_attach(struct vsp_net_chan *chan, struct vmb_host_buffer *buf)
{
	struct vsp_net_nic *nic = chan->nic;
	u32 size = vsp_net_section_size(nic->mtu, buf->len), open = 0, nr, i;
	struct vsp_net_recv *recv;

	lockdep_assert_held(&nic->share_lock);
	for (i = 0; i < VSP_NET_MAX_QUEUES; i++)
		open += !!rcu_access_pointer(nic->queue[i].ch);
	nr = min(buf->len / size, VSP_NET_MAX_SECTIONS);
	if (nr < open * VSP_NET_QUEUE_SECTIONS)
		return -EINVAL;
	recv = vsp_net_recv_alloc(nr);
	if (!recv)
		return -ENOMEM;
	recv->buf = *buf;
	recv->size = size;
	/* nobody looks at a queue's sections without a receive buffer */
	for (i = 0; i < VSP_NET_MAX_QUEUES; i++) {
		nic->queue[i].free = VSP_NET_NO_SECTION;
		nic->queue[i].nr_free = 0;
	}
	/* the first ones are given first */
	spin_lock_bh(&nic->queue[0].lock);
	for (i = nr; i; i--)
		section_push(&nic->queue[0], recv, i - 1);
	spin_unlock_bh(&nic->queue[0].lock);
	vsp_net_recv_share(nic, recv);
	rcu_assign_pointer(nic->recv, recv);
	return 0;
}

/**
 * vsp_net_recv_attach - the guest gives a receive buffer
 * @chan: the primary channel
 * @gpadl: what it is made of
 *
 * Context: within poll.
 * Return: 0 or a negative errno.
 */
int vsp_net_recv_attach(struct vsp_net_chan *chan, u32 gpadl)
{
	struct vsp_net_nic *nic = chan->nic;
	struct vmb_host_buffer buf;
	int ret;

	if (rcu_access_pointer(nic->recv))
		return -EBUSY;
	ret = vmb_host_buffer_map(chan->ch, gpadl, &buf);
	if (ret)
		return ret;
	mutex_lock(&nic->share_lock);
	ret = recv_attach(chan, &buf);
	mutex_unlock(&nic->share_lock);
	if (ret)
		vmb_host_buffer_unmap(chan->ch, &buf);
	return ret;
}

/**
 * vsp_net_recv_detach - the receive buffer is the guest's again
 * @chan: the primary channel
 *
 * Waits for who is about to write to it. Does nothing when there is none.
 *
 * Context: within poll or close; may sleep.
 */
void vsp_net_recv_detach(struct vsp_net_chan *chan)
{
	struct vsp_net_nic *nic = chan->nic;
	struct vsp_net_recv *recv;
	u32 i;

	mutex_lock(&nic->share_lock);
	recv = rcu_replace_pointer(nic->recv, NULL, lockdep_is_held(&nic->share_lock));
	mutex_unlock(&nic->share_lock);
	if (!recv)
		return;
	vsp_net_dev_carrier(nic);
	vsp_net_control_purge(nic);
	synchronize_rcu_expedited();
	for (i = 0; i < VSP_NET_MAX_QUEUES; i++)
		queue_reset(&nic->queue[i]);
	vmb_host_buffer_unmap(chan->ch, &recv->buf);
	kvfree(recv);
}

/**
 * vsp_net_recv_open - a channel is there to send by
 * @queue: its queue
 * @ch: the channel
 *
 * Context: within poll.
 */
void vsp_net_recv_open(struct vsp_net_queue *queue, struct vmb_channel *ch)
{
	struct vsp_net_nic *nic = queue->nic;
	struct vsp_net_recv *recv;

	guard(mutex)(&nic->share_lock);
	rcu_assign_pointer(queue->ch, ch);
	recv = rcu_dereference_protected(nic->recv, lockdep_is_held(&nic->share_lock));
	if (recv)
		vsp_net_recv_share(nic, recv);
}

/**
 * vsp_net_recv_close - nothing is sent by a channel any more
 * @queue: its queue
 *
 * Waits for who transmits.
 *
 * Context: the core's partition lock; may sleep.
 */
void vsp_net_recv_close(struct vsp_net_queue *queue)
{
	struct vsp_net_nic *nic = queue->nic;
	struct vsp_net_recv *recv;

	guard(mutex)(&nic->share_lock);
	rcu_assign_pointer(queue->ch, NULL);
	synchronize_rcu_expedited();
	recv = rcu_dereference_protected(nic->recv, lockdep_is_held(&nic->share_lock));
	if (recv)
		vsp_net_recv_share(nic, recv);
	queue_reset(queue);
}

/**
 * vsp_net_recv_take - take free sections for one packet
 * @queue: whose
 * @recv: the receive buffer
 * @bytes: of the frame that they are for; 0 for an answer
 * @nr: how many, at least 1
 * @out: filled, but for the lengths
 *
 * A completion names the first one, and gives all of them back.
 *
 * Context: &vsp_net_queue.lock.
 * Return: false when there are not so many.
 */
bool vsp_net_recv_take(struct vsp_net_queue *queue, struct vsp_net_recv *recv,
		       u32 bytes, u32 nr, struct vsp_net_out *out)
{
	u32 first = queue->free, section = first, i;
	struct vsp_net_section *s;

	lockdep_assert_held(&queue->lock);
	if (queue->nr_free < nr)
		return false;
	for (i = 0; i < nr; i++) {
		section = queue->free;
		out->range[i].offset = section * recv->size;
		queue->free = recv->section[section].next;
	}
	recv->section[section].next = VSP_NET_NO_SECTION;
	queue->nr_free -= nr;
	s = &recv->section[first];
	s->bytes = bytes;
	queue_away(queue, queue->away + bytes);
	WRITE_ONCE(s->use, ((s->use & ~(VSP_NET_USE_COUNT - 1)) + VSP_NET_USE_COUNT) |
		   queue->index << 1 | VSP_NET_USE_GUEST);
	out->nr = nr;
	out->trans_id = (u64)s->use << 32 | first;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_net_recv_take);

/**
 * vsp_net_recv_return - the sections of a packet are free again
 * @queue: of the channel that they were taken for
 * @recv: the receive buffer
 * @trans_id: what vsp_net_recv_take() said, or the guest
 *
 * A guest can guess what it will be told, and give sections back that are still
 * being filled. So whoever took them can find that they have been returned, and
 * must not look for them in the list.
 *
 * Context: an RCU read section; any but hard interrupts.
 * Return: false when the guest does not have them by this channel.
 */
bool vsp_net_recv_return(struct vsp_net_queue *queue, struct vsp_net_recv *recv,
			 u64 trans_id)
{
	u32 section = trans_id, use = trans_id >> 32;
	u32 away = VSP_NET_NO_SECTION, next;
	struct vsp_net_nic *nic = queue->nic;
	struct vsp_net_section *s;

	if (section >= recv->nr || !(use & VSP_NET_USE_GUEST) ||
	    VSP_NET_USE_CHANNEL(use) != queue->index)
		return false;
	s = &recv->section[section];
	spin_lock_bh(&queue->lock);
	/* with our number in it, it changes only under our lock */
	if (READ_ONCE(s->use) != use) {
		spin_unlock_bh(&queue->lock);
		return false;
	}
	WRITE_ONCE(s->use, use & ~VSP_NET_USE_GUEST);
	queue_away(queue, queue->away - s->bytes);
	if (s->bytes && nic->netdev)
		netdev_tx_completed_queue(netdev_get_tx_queue(nic->netdev, queue->index),
					  1, s->bytes);
	for (; section != VSP_NET_NO_SECTION; section = next) {
		s = &recv->section[section];
		next = s->next;
		if (READ_ONCE(s->home) == queue->index) {
			section_push(queue, recv, section);
		} else {
			s->next = away;
			away = section;
		}
	}
	queue_wake(queue);
	spin_unlock_bh(&queue->lock);
	sections_home(nic, recv, away);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_net_recv_return);

/**
 * vsp_net_recv_send - tell the guest of what is in sections
 * @ch: the channel
 * @out: sections that were taken and filled, and their lengths
 * @channel: %VMB_NVSP_CHANNEL_DATA or %VMB_NVSP_CHANNEL_CONTROL
 * @more: others follow at once
 *
 * Context: any but hard interrupts, within an RCU read section.
 * Return: 0 or what vmb_host_send_xfer() says; then the sections are still the
 * caller's.
 */
int vsp_net_recv_send(struct vmb_channel *ch, const struct vsp_net_out *out,
		      u32 channel, bool more)
{
	/* the shortest message there is: it does not depend on the version */
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(VMB_NVSP_RNDIS),
		.rndis.channel = cpu_to_le32(channel),
		.rndis.section = cpu_to_le32(VMB_NVSP_NO_SECTION),
	};
	struct vmb_host_xfer xfer = {
		.trans_id = out->trans_id,
		.pageset_id = VMB_NVSP_RECV_BUF_ID,
		.nr_ranges = out->nr,
		.range = out->range,
		.data = &msg,
		.data_len = VMB_NVSP_BYTES,
	};

	return vmb_host_send_xfer(ch, &xfer, more);
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
	struct vsp_net_recv *recv;
	bool good = false;

	rcu_read_lock();
	recv = rcu_dereference(chan->nic->recv);
	if (recv)
		good = vsp_net_recv_return(chan->queue, recv, trans_id);
	rcu_read_unlock();
	trace_vsp_net_recv_complete(chan->nic->name, trans_id, good);
	if (likely(good))
		return;
	chan->queue->stats.bad_completions++;
	if (recv)
		vsp_net_chan_warn(chan, "guest gave back %#llx, which it does not have\n",
				  trans_id);
}

/**
 * vsp_net_send_attach - the guest gives a send buffer
 * @chan: the primary channel
 * @gpadl: what it is made of
 *
 * Context: within poll.
 * Return: 0 or a negative errno.
 */
int vsp_net_send_attach(struct vsp_net_chan *chan, u32 gpadl)
{
	struct vsp_net_nic *nic = chan->nic;
	struct vmb_host_buffer *send;
	int ret;

	if (rcu_access_pointer(nic->send))
		return -EBUSY;
	send = kzalloc(sizeof(*send), GFP_KERNEL_ACCOUNT);
	if (!send)
		return -ENOMEM;
	ret = vmb_host_buffer_map(chan->ch, gpadl, send);
	if (ret)
		goto free;
	if (send->len < VSP_NET_SEND_SECTION) {
		ret = -EINVAL;
		goto unmap;
	}
	rcu_assign_pointer(nic->send, send);
	return 0;

unmap:
	vmb_host_buffer_unmap(chan->ch, send);
free:
	kfree(send);
	return ret;
}

/**
 * vsp_net_send_detach - the send buffer is the guest's again
 * @chan: the primary channel
 *
 * Waits for polls of sub-channels that copy from it. Does nothing when there is
 * none.
 *
 * Context: within poll or close; may sleep.
 */
void vsp_net_send_detach(struct vsp_net_chan *chan)
{
	struct vsp_net_nic *nic = chan->nic;
	struct vmb_host_buffer *send;

	/* one poll of the primary channel at a time, and none when it closes */
	send = rcu_replace_pointer(nic->send, NULL, true);
	if (!send)
		return;
	synchronize_srcu_expedited(&nic->send_srcu);
	vmb_host_buffer_unmap(chan->ch, send);
	kfree(send);
}
