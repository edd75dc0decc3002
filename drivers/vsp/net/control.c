// SPDX-License-Identifier: GPL-2.0-only
/*
 * RNDIS control: what the guest asks and sets, and what it is told. What the
 * messages say is in oid.c. Answers lie in sections of the receive buffer, as
 * frames do; until there is one, and room in the ring, they wait here.
 */
#define pr_fmt(fmt) "vsp_net: " fmt

#include <linux/cleanup.h>
#include <linux/etherdevice.h>
#include <linux/slab.h>

#include "net.h"
#include "trace.h"

/* By the primary channel, as frames: but also of the sections that none get. */
static int answer_send(struct vsp_net_nic *nic, const struct vsp_net_answer *answer)
{
	struct vsp_net_queue *queue = &nic->queue[0];
	struct vsp_net_recv *recv;
	struct vsp_net_out out;
	struct vmb_channel *ch;
	bool taken;
	int ret;

	lockdep_assert_held(&nic->lock);
	recv = rcu_dereference(nic->recv);
	ch = rcu_dereference(queue->ch);
	if (!recv || !ch)
		return -ENOTCONN;
	spin_lock(&queue->lock);
	taken = vsp_net_recv_take(queue, recv, 0, 1, &out);
	spin_unlock(&queue->lock);
	if (!taken)
		return -EAGAIN;
	memcpy(recv->buf.addr + out.range[0].offset, answer->data, answer->len);
	out.range[0].len = answer->len;
	ret = vsp_net_recv_send(ch, &out, VMB_NVSP_CHANNEL_CONTROL, false);
	if (ret)
		vsp_net_recv_return(queue, recv, out.trans_id);
	return ret;
}

static void control_flush(struct vsp_net_nic *nic)
{
	struct vsp_net_answer *answer, *next;

	lockdep_assert_held(&nic->lock);
	guard(rcu)();
	list_for_each_entry_safe(answer, next, &nic->answers, list) {
		if (answer_send(nic, answer) == -EAGAIN)
			return;
		list_del(&answer->list);
		kfree(answer);
		nic->nr_answers--;
		nic->queue[0].stats.control_out++;
	}
}

/**
 * vsp_net_control_flush - send what waits, as far as there is room
 * @nic: the NIC
 *
 * Context: process or bottom half.
 */
void vsp_net_control_flush(struct vsp_net_nic *nic)
{
	if (list_empty_careful(&nic->answers))
		return;
	spin_lock_bh(&nic->lock);
	control_flush(nic);
	spin_unlock_bh(&nic->lock);
}

/**
 * vsp_net_control_purge - forget what waits
 * @nic: the NIC, which has no receive buffer
 *
 * Context: process.
 */
void vsp_net_control_purge(struct vsp_net_nic *nic)
{
	struct vsp_net_answer *answer, *next;

	spin_lock_bh(&nic->lock);
	list_for_each_entry_safe(answer, next, &nic->answers, list) {
		list_del(&answer->list);
		kfree(answer);
	}
	nic->nr_answers = 0;
	spin_unlock_bh(&nic->lock);
}

static struct vsp_net_answer *answer_alloc(u32 len)
{
	struct vsp_net_answer *answer;

	answer = kmalloc(struct_size(answer, data, len), GFP_KERNEL_ACCOUNT);
	if (answer)
		answer->len = len;
	return answer;
}

/* Takes @answer, unless it fails. */
static int answer_queue(struct vsp_net_nic *nic, struct vsp_net_answer *answer)
{
	lockdep_assert_held(&nic->lock);
	if (nic->nr_answers >= VSP_NET_MAX_ANSWERS)
		return -EBUSY;
	list_add_tail(&answer->list, &nic->answers);
	nic->nr_answers++;
	control_flush(nic);
	return 0;
}

static int control_queue(struct vsp_net_nic *nic, const void *data, u32 len)
{
	struct vsp_net_answer *answer = answer_alloc(len);
	int ret;

	if (!answer)
		return -ENOMEM;
	memcpy(answer->data, data, len);
	spin_lock_bh(&nic->lock);
	ret = answer_queue(nic, answer);
	spin_unlock_bh(&nic->lock);
	if (ret)
		kfree(answer);
	return ret;
}

/**
 * vsp_net_control_link - tell the guest whether it has a link
 * @nic: the NIC
 *
 * It is looked at under the lock, so whatever was told last is so. A guest that has
 * not come to INITIALIZE will ask.
 *
 * Context: process.
 */
void vsp_net_control_link(struct vsp_net_nic *nic)
{
	struct vsp_net_answer *answer;
	int ret;

	if (!rcu_access_pointer(nic->recv))
		return;
	answer = answer_alloc(VSP_NET_MAX_CONTROL);
	if (!answer) {
		vsp_net_warn(nic, "no memory to tell the guest of its link\n");
		return;
	}
	spin_lock_bh(&nic->lock);
	answer->len = vsp_net_indicate_build(answer->data, netif_running(nic->netdev) ?
					     VMB_RNDIS_MEDIA_CONNECT :
					     VMB_RNDIS_MEDIA_DISCONNECT);
	ret = answer_queue(nic, answer);
	spin_unlock_bh(&nic->lock);
	if (ret) {
		kfree(answer);
		vsp_net_warn(nic, "the guest is not told of its link: it takes no answers\n");
	}
}

static void settings_publish(struct vsp_net_nic *nic, struct vsp_net_settings *new)
{
	struct vsp_net_settings *old = vsp_net_settings(nic);
	bool changed = old->rsc4 != new->rsc4 || old->rsc6 != new->rsc6;

	rcu_assign_pointer(nic->set, new);
	if (changed)
		vsp_net_dev_changed(nic);
	if (old != &nic->initial)
		kfree_rcu(old, rcu);
	vsp_net_dev_carrier(nic);
}

/**
 * vsp_net_control_reset - forget what the guest has set
 * @nic: the NIC
 *
 * Context: the poll of the primary channel, or while there is none.
 */
void vsp_net_control_reset(struct vsp_net_nic *nic)
{
	settings_publish(nic, &nic->initial);
}

/**
 * vsp_net_control_table - tell the guest by which channels to send, if it is due
 * @chan: the primary channel
 *
 * Without room in the ring it stays due: what makes room polls again.
 *
 * Context: within poll.
 */
void vsp_net_control_table(struct vsp_net_chan *chan)
{
	struct vsp_net_nic *nic = chan->nic;
	struct vmb_nvsp_table_msg msg;
	u8 open[VSP_NET_MAX_QUEUES];
	u32 nr = 0, i;

	if (likely(!READ_ONCE(nic->table_due)))
		return;
	/* whoever opens one meanwhile says so again */
	smp_store_mb(nic->table_due, false);
	for (i = 0; i < VSP_NET_MAX_QUEUES; i++)
		if (rcu_access_pointer(nic->queue[i].ch))
			open[nr++] = i;
	if (!nr || nic->version < VMB_NVSP_VERSION_5)
		return;
	vsp_net_nvsp_table(&msg, open, nr);
	if (vmb_host_send(chan->ch, 0, &msg, sizeof(msg)) == -EAGAIN)
		WRITE_ONCE(nic->table_due, true);
}

static void control_props(struct vsp_net_chan *chan, struct vsp_net_props *p)
{
	struct vsp_net_nic *nic = chan->nic;
	const struct vsp_net_settings *set = vsp_net_settings(nic);
	const struct vmb_host_buffer *send;
	const struct vsp_net_recv *recv;

#define SUM(member) vsp_net_stats_sum(nic, offsetof(struct vsp_net_stats, member))
	memset(p, 0, sizeof(*p));
	strscpy(p->name, vmb_host_device_name(&nic->dev));
	ether_addr_copy(p->mac, nic->mac);
	ether_addr_copy(p->current_mac, set->mac);
	p->mtu = nic->mtu;
	p->speed = nic->speed;
	p->connected = netif_running(nic->netdev);
	p->ready = nic->ready;
	p->mac_change = nic->spoofing;
	p->filter = set->filter;
	p->queues = min_t(u32, vmb_host_device_vps(&nic->dev), VSP_NET_MAX_QUEUES);
	p->rsc = nic->rsc;
	p->rss = set->rss;
	/* only this poll gives them up */
	send = rcu_dereference_protected(nic->send, true);
	p->send_bytes = send ? send->len : 0;
	recv = rcu_dereference_protected(nic->recv, true);
	p->recv_bytes = recv ? recv->buf.len : 0;
	p->tx_frames = SUM(frames_in);
	p->tx_bytes = SUM(bytes_in);
	p->tx_errors = SUM(malformed) + SUM(spoofed);
	p->rx_frames = SUM(frames_out);
	p->rx_bytes = SUM(bytes_out);
	p->rx_no_buffer = SUM(too_long);
#undef SUM
}

static void settings_change(struct vsp_net_settings *set, const struct vsp_net_change *c)
{
	switch (c->action) {
	case VSP_NET_SET_FILTER:
		set->filter = c->filter;
		break;
	case VSP_NET_SET_MULTICAST:
		memcpy(set->multicast, c->addr, sizeof(set->multicast));
		set->nr_multicast = c->nr;
		break;
	case VSP_NET_SET_MAC:
		ether_addr_copy(set->mac, c->addr[0]);
		break;
	case VSP_NET_SET_OFFLOAD:
		if (c->rx_tcp)
			set->rx_tcp = c->rx_tcp == 2;
		if (c->rx_udp)
			set->rx_udp = c->rx_udp == 2;
		if (c->rsc4)
			set->rsc4 = c->rsc4 == VMB_NDIS_OFFLOAD_RSC_ON;
		if (c->rsc6)
			set->rsc6 = c->rsc6 == VMB_NDIS_OFFLOAD_RSC_ON;
		break;
	case VSP_NET_SET_RSS:
		set->rss = c->rss;
		vsp_net_toeplitz_init(&set->toeplitz, c->rss.key);
		break;
	default:
		break;
	}
}

static int control_apply(struct vsp_net_nic *nic, const struct vsp_net_change *c)
{
	struct vsp_net_settings *new;

	switch (c->action) {
	case VSP_NET_NOTHING:
		return 0;
	case VSP_NET_INITIALIZE:
		WRITE_ONCE(nic->ready, true);
		return 0;
	case VSP_NET_HALT:
		WRITE_ONCE(nic->ready, false);
		fallthrough;
	case VSP_NET_RESET:
		vsp_net_control_reset(nic);
		return 0;
	default:
		new = kmemdup(vsp_net_settings(nic), sizeof(*new), GFP_KERNEL_ACCOUNT);
		if (!new)
			return -ENOMEM;
		settings_change(new, c);
		settings_publish(nic, new);
		return 0;
	}
}

/**
 * vsp_net_control_take - a control message from the guest
 * @chan: the channel
 * @src: where it is
 *
 * Context: within poll.
 * Return: &enum vmb_nvsp_status.
 */
u32 vsp_net_control_take(struct vsp_net_chan *chan, struct vsp_net_source *src)
{
	struct vsp_net_nic *nic = chan->nic;
	u32 len = min(src->len, VSP_NET_MAX_CONTROL);
	struct vsp_net_props props;
	int ret;

	/* before it changes anything that could not be answered */
	if (READ_ONCE(nic->nr_answers) >= VSP_NET_MAX_ANSWERS) {
		vsp_net_chan_warn(chan, "guest takes no answers: control message refused\n");
		return VMB_NVSP_STATUS_BUSY;
	}
	if (vsp_net_source_peek(src, chan->control, len))
		return VMB_NVSP_STATUS_INVALID_RNDIS;
	chan->queue->stats.control_in++;
	control_props(chan, &props);
	ret = vsp_net_control(&chan->change, &props, chan->control, len, chan->answer);
	trace_vsp_net_control(nic->name, chan->control, len, ret);
	if (ret < 0) {
		chan->queue->stats.malformed++;
		vsp_net_chan_warn(chan, "malformed control message of %u bytes: error %d\n",
				  src->len, ret);
		return VMB_NVSP_STATUS_INVALID_RNDIS;
	}
	if (control_apply(nic, &chan->change) ||
	    (ret && control_queue(nic, chan->answer, ret))) {
		vsp_net_chan_warn(chan, "no memory for an answer\n");
		return VMB_NVSP_STATUS_FAIL;
	}
	/* the answer may say what is not so any more, behind what did say so */
	if (props.connected != netif_running(nic->netdev))
		vsp_net_control_link(nic);
	return VMB_NVSP_STATUS_SUCCESS;
}
