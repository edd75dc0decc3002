// SPDX-License-Identifier: GPL-2.0-only
/*
 * RNDIS control: what the guest asks and sets, and what it is told. What the
 * messages say is in oid.c. Answers lie in sections of the receive buffer, as
 * frames do; until there is one, and room in the ring, they wait here.
 */
#define pr_fmt(fmt) "vsp_net: " fmt

#include <linux/etherdevice.h>
#include <linux/slab.h>

#include "net.h"
#include "trace.h"

static int answer_send(struct vsp_net_nic *nic, const struct vsp_net_answer *answer)
{
	struct vsp_net_recv *recv;
	u32 section;
	int ret;

	lockdep_assert_held(&nic->lock);
	recv = rcu_dereference_protected(nic->recv, lockdep_is_held(&nic->lock));
	if (!recv)
		return -ENOTCONN;
	if (!vsp_net_recv_take(recv, &section))
		return -EAGAIN;
	memcpy(recv->buf.addr + section * recv->section, answer->data, answer->len);
	ret = vsp_net_recv_send(nic, recv, section, answer->len,
				VMB_NVSP_CHANNEL_CONTROL, false);
	if (ret)
		vsp_net_recv_untake(recv, section);
	return ret;
}

static void control_flush(struct vsp_net_nic *nic)
{
	struct vsp_net_answer *answer, *next;

	lockdep_assert_held(&nic->lock);
	list_for_each_entry_safe(answer, next, &nic->answers, list) {
		if (answer_send(nic, answer) == -EAGAIN)
			return;
		list_del(&answer->list);
		kfree(answer);
		nic->nr_answers--;
		nic->stats.control_out++;
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

static int control_queue(struct vsp_net_nic *nic, const void *data, u32 len)
{
	struct vsp_net_answer *answer;
	int ret = -EBUSY;

	answer = kmalloc(struct_size(answer, data, len), GFP_KERNEL_ACCOUNT);
	if (!answer)
		return -ENOMEM;
	answer->len = len;
	memcpy(answer->data, data, len);
	spin_lock_bh(&nic->lock);
	if (nic->nr_answers < VSP_NET_MAX_ANSWERS) {
		list_add_tail(&answer->list, &nic->answers);
		nic->nr_answers++;
		control_flush(nic);
		ret = 0;
	}
	spin_unlock_bh(&nic->lock);
	if (ret)
		kfree(answer);
	return ret;
}

/**
 * vsp_net_control_link - tell the guest that its link came or went
 * @nic: the NIC
 * @up: which
 *
 * A guest that has not come to INITIALIZE will ask.
 *
 * Context: process.
 */
void vsp_net_control_link(struct vsp_net_nic *nic, bool up)
{
	u8 msg[32];
	u32 len;

	if (!rcu_access_pointer(nic->recv))
		return;
	len = vsp_net_indicate_build(msg, up ? VMB_RNDIS_MEDIA_CONNECT :
				     VMB_RNDIS_MEDIA_DISCONNECT);
	if (control_queue(nic, msg, len))
		vsp_net_warn(nic, "the guest is not told that its link is %s: it takes no answers\n",
			     up ? "up" : "down");
}

/**
 * vsp_net_control_reset - forget what the guest has set
 * @nic: the NIC
 *
 * Context: process.
 */
void vsp_net_control_reset(struct vsp_net_nic *nic)
{
	spin_lock_bh(&nic->lock);
	WRITE_ONCE(nic->filter, 0);
	ether_addr_copy(nic->current_mac, nic->mac);
	nic->nr_multicast = 0;
	nic->rx_tcp = false;
	nic->rx_udp = false;
	spin_unlock_bh(&nic->lock);
	vsp_net_dev_carrier(nic);
}

static void control_props(struct vsp_net_chan *chan, struct vsp_net_props *p)
{
	struct vsp_net_nic *nic = chan->nic;
	const struct vsp_net_stats *s = &nic->stats;
	const struct vsp_net_recv *recv;

	memset(p, 0, sizeof(*p));
	strscpy(p->name, vmb_host_device_name(&nic->dev));
	ether_addr_copy(p->mac, nic->mac);
	p->mtu = nic->mtu;
	p->speed = nic->speed;
	p->connected = netif_running(nic->netdev);
	p->ready = chan->ready;
	p->mac_change = nic->spoofing;
	p->send_bytes = chan->send.len;
	p->tx_frames = s->frames_in;
	p->tx_bytes = s->bytes_in;
	p->tx_errors = s->malformed + s->spoofed;
	spin_lock_bh(&nic->lock);
	ether_addr_copy(p->current_mac, nic->current_mac);
	p->filter = nic->filter;
	recv = rcu_dereference_protected(nic->recv, lockdep_is_held(&nic->lock));
	p->recv_bytes = recv ? recv->buf.len : 0;
	p->rx_frames = s->frames_out;
	p->rx_bytes = s->bytes_out;
	p->rx_no_buffer = s->too_long;
	spin_unlock_bh(&nic->lock);
}

static void control_apply(struct vsp_net_chan *chan, const struct vsp_net_change *c)
{
	struct vsp_net_nic *nic = chan->nic;

	switch (c->action) {
	case VSP_NET_INITIALIZE:
		chan->ready = true;
		break;
	case VSP_NET_HALT:
		chan->ready = false;
		fallthrough;
	case VSP_NET_RESET:
		vsp_net_control_reset(nic);
		break;
	case VSP_NET_SET_FILTER:
		spin_lock_bh(&nic->lock);
		WRITE_ONCE(nic->filter, c->filter);
		spin_unlock_bh(&nic->lock);
		vsp_net_dev_carrier(nic);
		break;
	case VSP_NET_SET_MULTICAST:
		spin_lock_bh(&nic->lock);
		memcpy(nic->multicast, c->addr, sizeof(nic->multicast));
		nic->nr_multicast = c->nr;
		spin_unlock_bh(&nic->lock);
		break;
	case VSP_NET_SET_MAC:
		spin_lock_bh(&nic->lock);
		ether_addr_copy(nic->current_mac, c->addr[0]);
		spin_unlock_bh(&nic->lock);
		break;
	case VSP_NET_SET_OFFLOAD:
		spin_lock_bh(&nic->lock);
		if (c->rx_tcp)
			nic->rx_tcp = c->rx_tcp == 2;
		if (c->rx_udp)
			nic->rx_udp = c->rx_udp == 2;
		spin_unlock_bh(&nic->lock);
		break;
	case VSP_NET_NOTHING:
		break;
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
	nic->stats.control_in++;
	control_props(chan, &props);
	ret = vsp_net_control(&chan->change, &props, chan->control, len, chan->answer);
	trace_vsp_net_control(nic->name, chan->control, len, ret);
	if (ret < 0) {
		nic->stats.malformed++;
		vsp_net_chan_warn(chan, "malformed control message of %u bytes: error %d\n",
				  src->len, ret);
		return VMB_NVSP_STATUS_INVALID_RNDIS;
	}
	control_apply(chan, &chan->change);
	if (ret && control_queue(nic, chan->answer, ret)) {
		vsp_net_chan_warn(chan, "no memory for an answer\n");
		return VMB_NVSP_STATUS_FAIL;
	}
	return VMB_NVSP_STATUS_SUCCESS;
}
