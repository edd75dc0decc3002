// SPDX-License-Identifier: GPL-2.0-only
/*
 * The channels of a NIC and NVSP on them. Documentation/protocol/net.rst describes
 * the exchange. The primary channel has all of it; sub-channels frames only.
 */
#define pr_fmt(fmt) "vsp_net: " fmt

#include <linux/mm.h>
#include <linux/slab.h>

#include "net.h"
#include "trace.h"

static const char * const state_names[] = {
	[VSP_NET_CLOSED]	= "closed",
	[VSP_NET_OPENED]	= "opened",
	[VSP_NET_VERSIONED]	= "versioned",
	[VSP_NET_READY]		= "ready",
};

static struct kmem_cache *reply_cache;

/**
 * vsp_net_state_name - the name of a state, for people
 * @state: of the handshake
 *
 * Return: a constant string.
 */
const char *vsp_net_state_name(enum vsp_net_state state)
{
	return state_names[state];
}

/**
 * vsp_net_reply_init - set up memory for answers
 *
 * Return: 0 or -ENOMEM.
 */
int vsp_net_reply_init(void)
{
	reply_cache = KMEM_CACHE(vsp_net_reply, SLAB_HWCACHE_ALIGN);
	return reply_cache ? 0 : -ENOMEM;
}

/**
 * vsp_net_reply_exit - the opposite
 */
void vsp_net_reply_exit(void)
{
	kmem_cache_destroy(reply_cache);
}

/* The answer is in the ring, or will never be. */
static void reply_done(struct vmb_completion *c)
{
	struct vsp_net_reply *reply = container_of(c, struct vsp_net_reply, completion);
	struct vsp_net_chan *chan = reply->chan;

	kmem_cache_free(reply_cache, reply);
	atomic_dec(&chan->outstanding);
}

/* Few enough to insist: see VSP_NET_MAX_OUTSTANDING. */
static struct vsp_net_reply *reply_alloc(struct vsp_net_chan *chan)
{
	struct vsp_net_reply *reply;

	reply = kmem_cache_zalloc(reply_cache, GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
	reply->chan = chan;
	reply->completion.done = reply_done;
	atomic_inc(&chan->outstanding);
	return reply;
}

static void reply_send(struct vsp_net_chan *chan, struct vsp_net_reply *reply, u32 len)
{
	reply->completion.data = &reply->msg;
	reply->completion.len = len;
	vmb_host_complete(chan->ch, &reply->completion);
}

/* The netdev and the guest are to know of the channels that are there now. */
static void chan_changed(struct vsp_net_chan *chan)
{
	struct vsp_net_nic *nic = chan->nic;

	vsp_net_dev_changed(nic);
	if (!chan->ch->index)
		return;
	WRITE_ONCE(nic->table_due, true);
	/* sub-channels come after the primary one and go before it */
	vmb_host_kick(nic->queue[0].chan->ch);
}

static void chan_free(struct vsp_net_chan *chan)
{
	kfree(chan->answer);
	kfree(chan->control);
	kvfree(chan->iov);
	kfree(chan);
}

static struct vsp_net_chan *chan_alloc(struct vsp_net_nic *nic, struct vmb_channel *ch)
{
	struct vsp_net_chan *chan;

	chan = kzalloc_node(sizeof(*chan), GFP_KERNEL_ACCOUNT, ch->node);
	if (!chan)
		return NULL;
	chan->iov = kvmalloc_node(array_size(VSP_NET_MAX_IOV, sizeof(*chan->iov)),
				  GFP_KERNEL_ACCOUNT, ch->node);
	chan->control = kmalloc_node(VSP_NET_MAX_CONTROL, GFP_KERNEL_ACCOUNT, ch->node);
	chan->answer = kmalloc_node(VSP_NET_MAX_CONTROL, GFP_KERNEL_ACCOUNT, ch->node);
	if (!chan->iov || !chan->control || !chan->answer) {
		chan_free(chan);
		return NULL;
	}
	chan->ch = ch;
	chan->nic = nic;
	chan->queue = &nic->queue[ch->index];
	chan->state = ch->index ? VSP_NET_READY : VSP_NET_OPENED;
	INIT_LIST_HEAD(&chan->frames);
	return chan;
}

/**
 * vsp_net_chan_open - the guest opens a channel
 * @ch: the core's half
 * @user: what the guest sent along; nothing of interest
 *
 * Context: the core's partition lock; may sleep.
 * Return: 0 or a negative errno.
 */
int vsp_net_chan_open(struct vmb_channel *ch, const u8 *user)
{
	struct vsp_net_nic *nic = vsp_net_nic_of(ch->dev);
	struct vsp_net_chan *chan;

	if (ch->index >= VSP_NET_MAX_QUEUES || (ch->index && !nic->queue[0].chan))
		return -ENOTCONN;
	chan = chan_alloc(nic, ch);
	if (!chan)
		return -ENOMEM;
	if (!ch->index) {
		vsp_net_control_reset(nic);
		nic->table_due = false;
	}
	ch->drv = chan;
	/* whoever shows it has the lock */
	spin_lock_bh(&nic->lock);
	chan->queue->chan = chan;
	spin_unlock_bh(&nic->lock);
	return 0;
}

/**
 * vsp_net_chan_close - a channel goes away
 * @ch: the core's half
 *
 * The core polls it no more, and has discarded the answers that waited. Waits
 * for who transmits.
 *
 * Context: the core's partition lock; may sleep.
 */
void vsp_net_chan_close(struct vmb_channel *ch)
{
	struct vsp_net_chan *chan = ch->drv;
	struct vsp_net_nic *nic = chan->nic;

	vsp_net_recv_close(chan->queue);
	if (!ch->index) {
		vsp_net_recv_detach(chan);
		vsp_net_send_detach(chan);
		WRITE_ONCE(nic->ready, false);
		nic->version = 0;
		WRITE_ONCE(nic->rsc, false);
		vsp_net_control_reset(nic);
	}
	chan_changed(chan);
	spin_lock_bh(&nic->lock);
	chan->queue->chan = NULL;
	spin_unlock_bh(&nic->lock);
	if (chan->spare)
		reply_done(&chan->spare->completion);
	WARN_ON_ONCE(atomic_read(&chan->outstanding));
	ch->drv = NULL;
	chan_free(chan);
}

/**
 * vsp_net_chan_busy - are there packets that were taken and not answered?
 * @ch: the core's half
 *
 * Context: process, no poll runs.
 */
bool vsp_net_chan_busy(struct vmb_channel *ch)
{
	struct vsp_net_chan *chan = ch->drv;

	return !ch->index && !list_empty_careful(&chan->nic->answers);
}

/**
 * vsp_net_chan_room - there is room in the ring again
 * @ch: the core's half
 *
 * Answers that wait are sent by the poll in which this is called.
 *
 * Context: within poll.
 */
void vsp_net_chan_room(struct vmb_channel *ch)
{
	struct vsp_net_chan *chan = ch->drv;

	/* the queue runs at the end of this, not in some thread */
	local_bh_disable();
	netif_tx_wake_queue(netdev_get_tx_queue(chan->nic->netdev, ch->index));
	local_bh_enable();
}

static u32 op_init(struct vsp_net_chan *chan, struct vmb_nvsp_msg *msg)
{
	u32 min = le32_to_cpu(msg->init.min_version);
	u32 max = le32_to_cpu(msg->init.max_version);
	u32 version = vsp_net_nvsp_choose(min, max);
	u32 status = VMB_NVSP_STATUS_SUCCESS;

	if (!version)
		status = min > VMB_NVSP_VERSION_6_1 ? VMB_NVSP_STATUS_TOO_NEW :
			 VMB_NVSP_STATUS_UNSUPPORTED;
	memset(msg, 0, sizeof(*msg));
	msg->type = cpu_to_le32(VMB_NVSP_INIT_COMPLETE);
	msg->init_complete.version = cpu_to_le32(version);
	msg->init_complete.max_mdl_chain = cpu_to_le32(34);
	msg->init_complete.status = cpu_to_le32(status);
	if (version) {
		WRITE_ONCE(chan->nic->version, version);
		WRITE_ONCE(chan->nic->rsc, false);
		WRITE_ONCE(chan->state, VSP_NET_VERSIONED);
	}
	return VMB_NVSP_BYTES_V1;
}

/* What the guest can. */
static u32 op_config(struct vsp_net_chan *chan, const struct vmb_nvsp_msg *msg)
{
	struct vsp_net_nic *nic = chan->nic;
	bool rsc = nic->version >= VMB_NVSP_VERSION_6_1 &&
		   le64_to_cpu(msg->ndis_config.capabilities) & VMB_NVSP_CAP_RSC;

	WRITE_ONCE(chan->mtu, le32_to_cpu(msg->ndis_config.mtu));
	if (rsc == nic->rsc)
		return 0;
	WRITE_ONCE(nic->rsc, rsc);
	vsp_net_dev_changed(nic);
	return 0;
}

static u32 op_recv_buf(struct vsp_net_chan *chan, struct vmb_nvsp_msg *msg)
{
	u32 gpadl = le32_to_cpu(msg->buf.gpadl);
	struct vsp_net_nic *nic = chan->nic;
	const struct vsp_net_recv *recv;
	int ret = -EINVAL;

	if (le16_to_cpu(msg->buf.id) == VMB_NVSP_RECV_BUF_ID)
		ret = vsp_net_recv_attach(chan, gpadl);
	memset(msg, 0, sizeof(*msg));
	msg->type = cpu_to_le32(VMB_NVSP_RECV_BUF_COMPLETE);
	if (ret) {
		vsp_net_chan_warn(chan, "receive buffer in GPADL %#x refused: error %d%s\n",
				  gpadl, ret, ret == -ENOMEM ?
				  ": give the VMM more locked memory" : "");
		msg->recv_buf_complete.status = cpu_to_le32(VMB_NVSP_STATUS_FAIL);
		return vmb_nvsp_bytes(READ_ONCE(chan->nic->version));
	}
	/* only the poll gives it up */
	recv = rcu_dereference_protected(nic->recv, true);
	msg->recv_buf_complete.status = cpu_to_le32(VMB_NVSP_STATUS_SUCCESS);
	msg->recv_buf_complete.num_sections = cpu_to_le32(1);
	msg->recv_buf_complete.section.size = cpu_to_le32(recv->size);
	msg->recv_buf_complete.section.count = cpu_to_le32(recv->nr);
	msg->recv_buf_complete.section.end = cpu_to_le32(recv->nr * recv->size);
	WRITE_ONCE(chan->state, VSP_NET_READY);
	return vmb_nvsp_bytes(READ_ONCE(chan->nic->version));
}

static u32 op_send_buf(struct vsp_net_chan *chan, struct vmb_nvsp_msg *msg)
{
	u32 gpadl = le32_to_cpu(msg->buf.gpadl);
	int ret = -EINVAL;

	if (le16_to_cpu(msg->buf.id) == VMB_NVSP_SEND_BUF_ID)
		ret = vsp_net_send_attach(chan, gpadl);
	if (ret)
		vsp_net_chan_warn(chan, "send buffer in GPADL %#x refused: error %d%s\n",
				  gpadl, ret, ret == -ENOMEM ?
				  ": give the VMM more locked memory" : "");
	memset(msg, 0, sizeof(*msg));
	msg->type = cpu_to_le32(VMB_NVSP_SEND_BUF_COMPLETE);
	msg->send_buf_complete.status = cpu_to_le32(ret ? VMB_NVSP_STATUS_FAIL :
						    VMB_NVSP_STATUS_SUCCESS);
	if (!ret)
		msg->send_buf_complete.section_size = cpu_to_le32(VSP_NET_SEND_SECTION);
	return vmb_nvsp_bytes(READ_ONCE(chan->nic->version));
}

/* What the packet holds: a section of the send buffer, then pages. */
static int chan_source(struct vsp_net_chan *chan, const struct vmb_nvsp_rndis *rndis,
		       struct vsp_net_source *src)
{
	u32 section = le32_to_cpu(rndis->section);
	u32 len = le32_to_cpu(rndis->section_len);
	const struct vmb_host_buffer *send;
	ssize_t ret;

	memset(src, 0, sizeof(*src));
	if (section != VMB_NVSP_NO_SECTION) {
		/* the primary channel's poll is what gives it up */
		send = srcu_dereference_check(chan->nic->send, &chan->nic->send_srcu,
					      !chan->ch->index);
		if (!send || section >= send->len / VSP_NET_SEND_SECTION ||
		    len > VSP_NET_SEND_SECTION)
			return -EINVAL;
		src->section = send->addr + section * VSP_NET_SEND_SECTION;
		src->section_len = len;
		src->len = len;
	}
	if (chan->pkt.type != VMB_PKT_GPA_DIRECT || !chan->pkt.nr_ranges)
		return 0;
	ret = vmb_host_iter(chan->ch, &chan->pkt, chan->iov, VSP_NET_MAX_IOV,
			    false, &src->iter);
	if (ret < 0)
		return ret;
	if (ret > VSP_NET_MAX_PACKETS * (VSP_NET_MAX_LSO + SZ_1K))
		return -EMSGSIZE;
	src->len += ret;
	return 0;
}

static u32 op_rndis(struct vsp_net_chan *chan, struct vmb_nvsp_msg *msg)
{
	u32 channel = le32_to_cpu(msg->rndis.channel);
	struct vsp_net_source src;
	u32 status;
	int ret;

	ret = chan_source(chan, &msg->rndis, &src);
	if (ret) {
		chan->queue->stats.malformed++;
		vsp_net_chan_warn(chan, "guest named bad memory: section %#x, %u bytes: error %d\n",
				  le32_to_cpu(msg->rndis.section),
				  le32_to_cpu(msg->rndis.section_len), ret);
		status = VMB_NVSP_STATUS_INVALID_RNDIS;
	} else if (channel == VMB_NVSP_CHANNEL_CONTROL && chan->ch->index) {
		chan->queue->stats.malformed++;
		vsp_net_chan_warn(chan, "control message on a sub-channel\n");
		status = VMB_NVSP_STATUS_INVALID_RNDIS;
	} else if (channel == VMB_NVSP_CHANNEL_CONTROL) {
		status = vsp_net_control_take(chan, &src);
	} else {
		status = vsp_net_frames_take(chan, &src);
	}
	memset(msg, 0, sizeof(*msg));
	msg->type = cpu_to_le32(VMB_NVSP_RNDIS_COMPLETE);
	msg->status.status = cpu_to_le32(status);
	return vmb_nvsp_bytes(READ_ONCE(chan->nic->version));
}

static int chan_subchannels(struct vsp_net_chan *chan, u32 operation, u32 *count)
{
	struct vsp_net_nic *nic = chan->nic;
	const struct vsp_net_recv *recv = rcu_dereference_protected(nic->recv, true);
	u32 max = min_t(u32, vmb_host_device_vps(&nic->dev), VSP_NET_MAX_QUEUES);

	if (operation != VMB_NVSP_SUBCHANNEL_ALLOCATE)
		return -EOPNOTSUPP;
	if (nic->version < VMB_NVSP_VERSION_5 || !recv)
		return -EPROTO;
	/* each wants its share of the receive buffer */
	max = clamp(recv->nr / VSP_NET_QUEUE_SECTIONS, 1U, max);
	*count = min(*count, max - 1);
	return *count ? vmb_host_device_subchannels(&nic->dev, *count) : 0;
}

/* The answer says how many there will be, which may be fewer. */
static u32 op_subchannel(struct vsp_net_chan *chan, struct vmb_nvsp_msg *msg)
{
	u32 operation = le32_to_cpu(msg->subchannel.operation);
	u32 wanted = le32_to_cpu(msg->subchannel.count), count = wanted;
	int ret = chan_subchannels(chan, operation, &count);

	if (ret)
		vsp_net_chan_warn(chan, "request %u for %u sub-channels refused: error %d\n",
				  operation, wanted, ret);
	memset(msg, 0, sizeof(*msg));
	msg->type = cpu_to_le32(VMB_NVSP_SUBCHANNEL);
	msg->subchannel_complete.status = cpu_to_le32(ret ? VMB_NVSP_STATUS_FAIL :
						      VMB_NVSP_STATUS_SUCCESS);
	msg->subchannel_complete.count = cpu_to_le32(ret ? 0 : count);
	return vmb_nvsp_bytes(READ_ONCE(chan->nic->version));
}

/* Nothing of this kind: no other data path. */
static u32 op_refuse(struct vsp_net_chan *chan, struct vmb_nvsp_msg *msg, u32 type)
{
	__le32 fail = cpu_to_le32(VMB_NVSP_STATUS_FAIL);
	__le32 operation = msg->pd_api.operation;

	memset(msg, 0, sizeof(*msg));
	msg->type = cpu_to_le32(type);
	switch (type) {
	case VMB_NVSP_SWITCH_DATA_PATH:
		/* the answer is that there is one */
		return 0;
	case VMB_NVSP_PD_API:
		msg->pd_api.operation = operation;
		msg->pd_api.status = fail;
		break;
	case VMB_NVSP_OID_QUERY_EX:
		msg->type = cpu_to_le32(VMB_NVSP_OID_QUERY_EX_COMPLETE);
		msg->status.status = fail;
		break;
	}
	return vmb_nvsp_bytes(READ_ONCE(chan->nic->version));
}

/*
 * Act on a message. It becomes its answer, whose length is returned; negative
 * for a message that nobody knows, or out of place.
 */
static int chan_message(struct vsp_net_chan *chan, struct vmb_nvsp_msg *msg)
{
	u32 type = le32_to_cpu(msg->type);

	if (chan->ch->index)
		return type == VMB_NVSP_RNDIS ? op_rndis(chan, msg) : -EPROTO;
	if (type == VMB_NVSP_INIT) {
		if (chan->state != VSP_NET_OPENED && chan->state != VSP_NET_VERSIONED)
			return -EPROTO;
		return op_init(chan, msg);
	}
	if (chan->state < VSP_NET_VERSIONED)
		return -EPROTO;
	switch (type) {
	case VMB_NVSP_NDIS_VERSION:
		return 0;
	case VMB_NVSP_NDIS_CONFIG:
		return op_config(chan, msg);
	case VMB_NVSP_RECV_BUF:
		return op_recv_buf(chan, msg);
	case VMB_NVSP_SEND_BUF:
		return op_send_buf(chan, msg);
	case VMB_NVSP_REVOKE_RECV_BUF:
		vsp_net_recv_detach(chan);
		return 0;
	case VMB_NVSP_REVOKE_SEND_BUF:
		vsp_net_send_detach(chan);
		return 0;
	case VMB_NVSP_RNDIS:
		return op_rndis(chan, msg);
	case VMB_NVSP_SUBCHANNEL:
		return op_subchannel(chan, msg);
	case VMB_NVSP_SWITCH_DATA_PATH:
	case VMB_NVSP_PD_API:
	case VMB_NVSP_OID_QUERY_EX:
		return op_refuse(chan, msg, type);
	default:
		return -EOPNOTSUPP;
	}
}

static void chan_take(struct vsp_net_chan *chan)
{
	const struct vmb_packet *pkt = &chan->pkt;
	struct vsp_net_reply *reply = chan->spare;
	u32 type;
	int ret;

	if (pkt->type == VMB_PKT_COMPLETION) {
		vsp_net_recv_complete(chan, pkt->trans_id);
		return;
	}
	if (pkt->type != VMB_PKT_INBAND && pkt->type != VMB_PKT_GPA_DIRECT) {
		ret = -EOPNOTSUPP;
		goto bad;
	}
	ret = vsp_net_nvsp_parse(&reply->msg, pkt->data, pkt->len);
	if (ret)
		goto bad;
	type = le32_to_cpu(reply->msg.type);
	trace_vsp_net_message(chan->nic->name, pkt->trans_id, type);
	ret = chan_message(chan, &reply->msg);
	if (ret < 0)
		goto bad;
answer:
	if (!(pkt->flags & VMB_PKT_COMPLETION_REQUESTED))
		return;
	chan->spare = NULL;
	reply->completion.trans_id = pkt->trans_id;
	reply_send(chan, reply, ret);
	return;

bad:
	chan->queue->stats.malformed++;
	vsp_net_chan_warn(chan, "refused packet of type %u, %u bytes, while %s: error %d\n",
			  pkt->type, pkt->len, vsp_net_state_name(chan->state), ret);
	/* whoever waits, does not wait for ever; there is no status for this */
	ret = 0;
	goto answer;
}

static bool chan_may_take(struct vsp_net_chan *chan)
{
	return atomic_read(&chan->outstanding) < VSP_NET_MAX_OUTSTANDING;
}

static int chan_take_all(struct vsp_net_chan *chan, int budget)
{
	int n = 0;

	while (n < budget && chan_may_take(chan)) {
		/* memory first: a packet that was taken must be answered */
		if (!chan->spare)
			chan->spare = reply_alloc(chan);
		if (vmb_host_next(chan->ch, &chan->pkt))
			break;
		n++;
		chan_take(chan);
	}
	return n;
}

/**
 * vsp_net_chan_poll - take packets and do what they ask for
 * @ch: the core's half
 * @budget: most packets to take
 *
 * When too many answers wait for room in the ring, what comes is left in the
 * other one. A signal for room polls again.
 *
 * Context: a thread with the VMM's address space; may sleep.
 * Return: packets taken.
 */
int vsp_net_chan_poll(struct vmb_channel *ch, int budget)
{
	struct vsp_net_chan *chan = ch->drv;
	struct vsp_net_nic *nic = chan->nic;
	int n, idx;

	/* there is a first poll, and before it what is sent gets no further than the core */
	if (unlikely(!chan->sends)) {
		chan->sends = true;
		vsp_net_recv_open(chan->queue, ch);
		chan_changed(chan);
	}
	if (ch->index) {
		/* of the send buffer */
		idx = srcu_read_lock(&nic->send_srcu);
		n = chan_take_all(chan, budget);
		srcu_read_unlock(&nic->send_srcu, idx);
	} else {
		vsp_net_control_table(chan);
		vsp_net_control_flush(nic);
		n = chan_take_all(chan, budget);
		vsp_net_control_flush(nic);
	}
	vsp_net_frames_deliver(chan);
	return n;
}
