// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests, one at a time, on the primary channel, each with a time limit: those
 * of NVSP, which a completion answers, and those of RNDIS, which a message in the
 * receive buffer does.
 */
#define pr_fmt(fmt) "vsc_net: " fmt

#include <linux/jiffies.h>
#include <linux/mm.h>

#include "net.h"

/**
 * vsc_net_control_init() - set up a new NIC's half
 * @nd: the NIC
 */
void vsc_net_control_init(struct vsc_net_dev *nd)
{
	mutex_init(&nd->control_lock);
	spin_lock_init(&nd->answer_lock);
	init_completion(&nd->answered);
}

/*
 * Send @out, and wait: for its completion, or for the answer to @rndis_id. Both
 * are there in nd->nvsp, or nd->answer, until the next request.
 */
static int ask(struct vsc_net_dev *nd, struct vmb_guest_packet *out, u32 rndis_id)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(VSC_NET_REQUEST_MS);
	int ret;

	lockdep_assert_held(&nd->control_lock);
	spin_lock_irq(&nd->answer_lock);
	out->flags = VMB_PKT_COMPLETION_REQUESTED;
	out->trans_id = VSC_NET_CONTROL_ID | ++nd->request_id;
	ret = nd->closed ? -ENODEV : 0;
	nd->result = -ETIMEDOUT;
	nd->nvsp_id = ret ? 0 : out->trans_id;
	nd->rndis_id = ret ? 0 : rndis_id;
	reinit_completion(&nd->answered);
	spin_unlock_irq(&nd->answer_lock);
	if (ret)
		return ret;

	/* the ring may be full of frames, which the host is taking */
	while ((ret = vmb_guest_send(nd->dev->primary, out)) == -EAGAIN &&
	       time_before(jiffies, deadline))
		if (wait_for_completion_timeout(&nd->answered, HZ / 50 + 1))
			break;
	if (!ret)
		wait_for_completion_timeout(&nd->answered, max_t(long, deadline - jiffies, 1));

	spin_lock_irq(&nd->answer_lock);
	nd->nvsp_id = 0;
	nd->rndis_id = 0;
	if (!ret || nd->closed)
		ret = nd->result;
	spin_unlock_irq(&nd->answer_lock);
	return ret == -EAGAIN ? -ETIMEDOUT : ret;
}

/**
 * vsc_net_control_completion() - is a packet the answer that is waited for?
 * @nd: the NIC
 * @pkt: a completion
 *
 * Context: any.
 * Return: true if it is of a request, be it waited for or not.
 */
bool vsc_net_control_completion(struct vsc_net_dev *nd, const struct vmb_packet *pkt)
{
	unsigned long flags;

	if (!(pkt->trans_id & VSC_NET_CONTROL_ID))
		return false;
	spin_lock_irqsave(&nd->answer_lock, flags);
	if (nd->nvsp_id && pkt->trans_id == nd->nvsp_id) {
		int ret = vsc_net_nvsp_parse(&nd->nvsp, pkt->data, pkt->len);

		nd->nvsp_id = 0;
		/* that of an RNDIS request says only that it was read, or not */
		if (ret || !nd->rndis_id ||
		    le32_to_cpu(nd->nvsp.status.status) != VMB_NVSP_STATUS_SUCCESS) {
			nd->result = ret ? -EPROTO : nd->rndis_id ? -EIO : 0;
			nd->rndis_id = 0;
			complete(&nd->answered);
		}
	}
	spin_unlock_irqrestore(&nd->answer_lock, flags);
	return true;
}

/**
 * vsc_net_control_answer() - is a message the answer that is waited for?
 * @nd: the NIC
 * @msg: an RNDIS message, in private memory
 * @len: bytes of it, at most %VSC_NET_MAX_CONTROL
 *
 * Context: any.
 * Return: true if it was; else it came too late, or nobody asked.
 */
bool vsc_net_control_answer(struct vsc_net_dev *nd, const void *msg, u32 len)
{
	unsigned long flags;
	bool taken = false;
	u32 id;

	if (vsc_net_answer_id(msg, len, &id))
		return false;
	spin_lock_irqsave(&nd->answer_lock, flags);
	if (nd->rndis_id && id == nd->rndis_id) {
		memcpy(nd->answer, msg, len);
		nd->answer_len = len;
		nd->result = 0;
		nd->nvsp_id = 0;
		nd->rndis_id = 0;
		complete(&nd->answered);
		taken = true;
	}
	spin_unlock_irqrestore(&nd->answer_lock, flags);
	return taken;
}

/**
 * vsc_net_control_close() - nobody will answer any more
 * @nd: the NIC
 *
 * Context: any.
 */
void vsc_net_control_close(struct vsc_net_dev *nd)
{
	unsigned long flags;

	spin_lock_irqsave(&nd->answer_lock, flags);
	if (!nd->closed) {
		nd->closed = true;
		nd->result = -ENODEV;
		nd->nvsp_id = 0;
		nd->rndis_id = 0;
		complete_all(&nd->answered);
	}
	spin_unlock_irqrestore(&nd->answer_lock, flags);
}

/**
 * vsc_net_control_open() - somebody may answer again
 * @nd: the NIC; no channel is open
 *
 * Context: process.
 */
void vsc_net_control_open(struct vsc_net_dev *nd)
{
	mutex_lock(&nd->control_lock);
	spin_lock_irq(&nd->answer_lock);
	nd->closed = false;
	nd->filter = 0;
	spin_unlock_irq(&nd->answer_lock);
	mutex_unlock(&nd->control_lock);
}

/**
 * vsc_net_control_nvsp() - ask the host
 * @nd: the NIC
 * @msg: what; replaced by the answer
 * @answer: &enum vmb_nvsp_type of the answer
 *
 * Context: process; sleeps for the answer.
 * Return: 0; -EPROTO for what is no answer; -ETIMEDOUT; -ENODEV.
 */
int vsc_net_control_nvsp(struct vsc_net_dev *nd, struct vmb_nvsp_msg *msg, u32 answer)
{
	struct vmb_guest_packet out = {
		.type = VMB_PKT_INBAND,
		.body = { .iov_base = msg, .iov_len = vmb_nvsp_bytes(nd->version) },
	};
	int ret;

	guard(mutex)(&nd->control_lock);
	ret = ask(nd, &out, 0);
	if (ret)
		return ret;
	*msg = nd->nvsp;
	return le32_to_cpu(msg->type) == answer ? 0 : -EPROTO;
}

/**
 * vsc_net_control_tell() - tell the host what it does not answer
 * @nd: the NIC
 * @msg: what
 *
 * Context: process.
 * Return: 0 or what vmb_guest_send() says.
 */
int vsc_net_control_tell(struct vsc_net_dev *nd, const struct vmb_nvsp_msg *msg)
{
	struct vmb_guest_packet out = {
		.type = VMB_PKT_INBAND,
		.trans_id = VSC_NET_CONTROL_ID,
		.body = {
			.iov_base = (void *)msg,
			.iov_len = vmb_nvsp_bytes(nd->version),
		},
	};

	return vmb_guest_send(nd->dev->primary, &out);
}

/* The message in nd->request, of an RNDIS type. */
static int rndis(struct vsc_net_dev *nd, u32 type, u32 len, u32 id)
{
	struct page *page = virt_to_page(nd->request);
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(VMB_NVSP_RNDIS),
		.rndis.channel = cpu_to_le32(VMB_NVSP_CHANNEL_CONTROL),
		.rndis.section = cpu_to_le32(VMB_NVSP_NO_SECTION),
	};
	u64 list[VMB_GUEST_GPA_BYTES(1, 1) / 8];
	struct vmb_guest_gpa gpa;
	struct vmb_guest_packet out = {
		.type = VMB_PKT_GPA_DIRECT,
		.gpa = &gpa,
		.body = { .iov_base = &msg, .iov_len = vmb_nvsp_bytes(nd->version) },
	};
	__le64 *pfn;
	u32 status;
	int ret;

	vmb_guest_gpa_init(&gpa, list, sizeof(list));
	pfn = vmb_guest_gpa_add(&gpa, 0, len);
	*pfn = cpu_to_le64(vmb_guest_pfn(nd->dev, page));
	ret = ask(nd, &out, id);
	if (ret || type == VMB_RNDIS_HALT)
		return ret;
	ret = vsc_net_answer_status(nd->answer, nd->answer_len, type, &status);
	if (ret)
		return -EPROTO;
	switch (status) {
	case VMB_RNDIS_STATUS_SUCCESS:
		return 0;
	case VMB_RNDIS_STATUS_NOT_SUPPORTED:
		return -EOPNOTSUPP;
	default:
		dev_dbg(&nd->dev->dev, "request of type %u: status %#x\n", type, status);
		return -EIO;
	}
}

/* Ids of RNDIS requests are never 0, and not those of the last ones. */
static u32 next_id(struct vsc_net_dev *nd)
{
	lockdep_assert_held(&nd->control_lock);
	return (nd->request_id + 1) ?: 1;
}

/**
 * vsc_net_control_initialize() - RNDIS INITIALIZE
 * @nd: the NIC; &vsc_net_dev.init is set
 *
 * Context: process; sleeps for the answer.
 * Return: 0 or an errno.
 */
int vsc_net_control_initialize(struct vsc_net_dev *nd)
{
	int ret;
	u32 id;

	guard(mutex)(&nd->control_lock);
	id = next_id(nd);
	ret = rndis(nd, VMB_RNDIS_INITIALIZE, vsc_net_initialize_build(nd->request, id), id);
	if (!ret && vsc_net_initialize_parse(&nd->init, nd->answer, nd->answer_len))
		ret = -EPROTO;
	return ret;
}

/**
 * vsc_net_control_halt() - RNDIS HALT: no frames any more
 * @nd: the NIC
 *
 * Context: process; sleeps until the host has read it.
 */
void vsc_net_control_halt(struct vsc_net_dev *nd)
{
	guard(mutex)(&nd->control_lock);
	rndis(nd, VMB_RNDIS_HALT, vsc_net_halt_build(nd->request, next_id(nd)), 0);
}

/**
 * vsc_net_control_query() - RNDIS QUERY
 * @nd: the NIC
 * @oid: which
 * @ask_info: goes along
 * @ask_len: bytes of it
 * @info: what the host says, as far as there is room
 * @size: bytes there
 *
 * Context: process; sleeps for the answer.
 * Return: bytes of @info; -EOPNOTSUPP for what the host does not know; -EIO,
 * -EPROTO, -ETIMEDOUT, -ENODEV.
 */
int vsc_net_control_query(struct vsc_net_dev *nd, u32 oid, const void *ask_info, u32 ask_len,
			  void *info, u32 size)
{
	const void *from;
	u32 len, id;
	int ret;

	guard(mutex)(&nd->control_lock);
	id = next_id(nd);
	len = vsc_net_request_build(nd->request, VMB_RNDIS_QUERY, id, oid, ask_info, ask_len);
	ret = rndis(nd, VMB_RNDIS_QUERY, len, id);
	if (ret)
		return ret;
	if (vsc_net_query_parse(nd->answer, nd->answer_len, &from, &len))
		return -EPROTO;
	len = min(len, size);
	memcpy(info, from, len);
	return len;
}

/**
 * vsc_net_control_set() - RNDIS SET
 * @nd: the NIC
 * @oid: which
 * @info: to what
 * @len: bytes of it
 *
 * Context: process; sleeps for the answer.
 * Return: 0 or an errno, as vsc_net_control_query().
 */
int vsc_net_control_set(struct vsc_net_dev *nd, u32 oid, const void *info, u32 len)
{
	u32 id;

	guard(mutex)(&nd->control_lock);
	id = next_id(nd);
	len = vsc_net_request_build(nd->request, VMB_RNDIS_SET, id, oid, info, len);
	return rndis(nd, VMB_RNDIS_SET, len, id);
}

/**
 * vsc_net_control_filter() - which frames the host is to send
 * @nd: the NIC
 * @filter: %VMB_NDIS_FILTER_DIRECTED and its like; 0: none
 *
 * Context: process; sleeps for the answer.
 * Return: 0 or an errno.
 */
int vsc_net_control_filter(struct vsc_net_dev *nd, u32 filter)
{
	__le32 wire = cpu_to_le32(filter);
	u32 len, id;
	int ret;

	guard(mutex)(&nd->control_lock);
	if (nd->filter == filter)
		return 0;
	id = next_id(nd);
	len = vsc_net_request_build(nd->request, VMB_RNDIS_SET, id,
				    VMB_OID_GEN_CURRENT_PACKET_FILTER, &wire, sizeof(wire));
	ret = rndis(nd, VMB_RNDIS_SET, len, id);
	if (!ret)
		nd->filter = filter;
	return ret;
}
