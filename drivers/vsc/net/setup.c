// SPDX-License-Identifier: GPL-2.0-only
/*
 * From an open channel to a NIC: versions, buffers, what it can do.
 * Documentation/protocol/net.rst describes the exchange.
 */
#define pr_fmt(fmt) "vsc_net: " fmt

#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "net.h"

static int failed(struct vsc_net_dev *nd, const char *what, int ret)
{
	dev_err(&nd->dev->dev, "%s: error %d\n", what, ret);
	return ret;
}

static int negotiate(struct vsc_net_dev *nd)
{
	struct vmb_nvsp_msg msg;
	unsigned int i;
	int ret;

	for (i = 0; i < vsc_net_nr_versions; i++) {
		nd->version = vsc_net_versions[i];
		msg = (struct vmb_nvsp_msg){
			.type = cpu_to_le32(VMB_NVSP_INIT),
			.init.min_version = cpu_to_le32(nd->version),
			.init.max_version = cpu_to_le32(nd->version),
		};
		ret = vsc_net_control_nvsp(nd, &msg, VMB_NVSP_INIT_COMPLETE);
		if (ret || le32_to_cpu(msg.init_complete.status) == VMB_NVSP_STATUS_SUCCESS)
			return ret;
	}
	return -EPROTONOSUPPORT;
}

/*
 * The MTU can change while the NIC is in use, so the host is told of the largest
 * one once and for all.
 */
static int tell_ndis(struct vsc_net_dev *nd)
{
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(VMB_NVSP_NDIS_CONFIG),
		.ndis_config.mtu = cpu_to_le32(VSC_NET_MAX_MTU + VSC_NET_ETH_HEAD),
		.ndis_config.capabilities = cpu_to_le64(VMB_NVSP_CAP_8021Q),
	};
	int ret = 0;

	/* which makes it tell of a new speed of the link */
	if (nd->version >= VMB_NVSP_VERSION_5)
		msg.ndis_config.capabilities |= cpu_to_le64(VMB_NVSP_CAP_TEAMING);
	if (nd->version >= VMB_NVSP_VERSION_6_1)
		msg.ndis_config.capabilities |= cpu_to_le64(VMB_NVSP_CAP_RSC);
	if (nd->version >= VMB_NVSP_VERSION_2)
		ret = vsc_net_control_tell(nd, &msg);
	if (ret)
		return ret;
	msg = (struct vmb_nvsp_msg){
		.type = cpu_to_le32(VMB_NVSP_NDIS_VERSION),
		.ndis_version.major = cpu_to_le32(6),
		.ndis_version.minor = cpu_to_le32(nd->version >= VMB_NVSP_VERSION_5 ? 30 : 1),
	};
	return vsc_net_control_tell(nd, &msg);
}

static int give_buf(struct vsc_net_dev *nd, struct vsc_net_buf *buf, u32 bytes,
		    struct vmb_nvsp_msg *msg, u32 type, u16 id)
{
	int ret;

	ret = vsc_net_buf_alloc(buf, bytes);
	if (!ret)
		ret = vsc_net_buf_share(nd, buf);
	if (ret)
		return ret;
	*msg = (struct vmb_nvsp_msg){
		.type = cpu_to_le32(type),
		.buf.gpadl = cpu_to_le32(buf->gpadl.handle),
		.buf.id = cpu_to_le16(id),
	};
	return vsc_net_control_nvsp(nd, msg, type + 1);
}

static int give_recv(struct vsc_net_dev *nd)
{
	struct vmb_nvsp_msg msg;
	int ret;

	ret = give_buf(nd, &nd->recv, VSC_NET_RECV_BYTES, &msg, VMB_NVSP_RECV_BUF,
		       VMB_NVSP_RECV_BUF_ID);
	if (ret)
		return ret;
	if (le32_to_cpu(msg.recv_buf_complete.status) != VMB_NVSP_STATUS_SUCCESS)
		return -EIO;
	ret = vsc_net_sections_check(&msg.recv_buf_complete, VSC_NET_RECV_BYTES);
	if (ret)
		return ret;
	/* pairs with rx_message(), which reads there from now on */
	smp_store_release(&nd->recv_bytes, VSC_NET_RECV_BYTES);
	return 0;
}

static int give_send(struct vsc_net_dev *nd)
{
	u32 bytes = clamp(nd->nr_chans * (VSC_NET_SEND_BYTES / 2), VSC_NET_SEND_BYTES,
			  VSC_NET_SEND_MAX_BYTES);
	struct vmb_nvsp_msg msg;
	int ret;

	ret = give_buf(nd, &nd->send, bytes, &msg, VMB_NVSP_SEND_BUF, VMB_NVSP_SEND_BUF_ID);
	if (ret)
		return ret;
	if (le32_to_cpu(msg.send_buf_complete.status) != VMB_NVSP_STATUS_SUCCESS)
		return -EIO;
	nd->section = le32_to_cpu(msg.send_buf_complete.section_size);
	/* the headers of any frame go into one */
	if (nd->section < 1024 || nd->section > bytes / VSC_NET_MIN_SECTIONS)
		return -EPROTO;
	nd->nr_sections = bytes / nd->section;
	return 0;
}

static int ask_u32(struct vsc_net_dev *nd, u32 oid, u32 *value)
{
	__le32 wire;
	int ret;

	ret = vsc_net_control_query(nd, oid, NULL, 0, &wire, sizeof(wire));
	if (ret == sizeof(wire))
		*value = le32_to_cpu(wire);
	return ret < 0 ? ret : ret == sizeof(wire) ? 0 : -EPROTO;
}

static int ask_offload(struct vsc_net_dev *nd)
{
	struct vmb_ndis_offload buf;
	u32 len;
	int ret;

	len = vsc_net_offload_ask(&buf, nd->version);
	ret = vsc_net_control_query(nd, VMB_OID_TCP_OFFLOAD_CAPABILITIES, &buf, len, &buf,
				    sizeof(buf));
	if (ret >= 0)
		ret = vsc_net_offload_parse(&nd->offload, &buf, ret);
	/* it was not told that we can */
	if (nd->version < VMB_NVSP_VERSION_6_1) {
		nd->offload.rsc4 = false;
		nd->offload.rsc6 = false;
	}
	return ret;
}

static int ask_rss(struct vsc_net_dev *nd)
{
	struct vmb_ndis_rss_caps buf;
	int ret = -EOPNOTSUPP;
	u32 len;

	if (nd->version >= VMB_NVSP_VERSION_5) {
		len = vsc_net_rss_ask(&buf);
		ret = vsc_net_control_query(nd, VMB_OID_GEN_RECEIVE_SCALE_CAPABILITIES, &buf,
					    len, &buf, sizeof(buf));
	}
	if (ret >= 0)
		ret = vsc_net_rss_parse(&nd->rss, &buf, ret);
	/* without it there is one channel */
	if (ret || !nd->rss.queues)
		nd->rss = (struct vsc_net_rss_caps){ .queues = 1 };
	nd->rss.queues = min(nd->rss.queues, nd->nr_chans);
	return ret == -ENODEV || ret == -ETIMEDOUT ? ret : 0;
}

static int ask_properties(struct vsc_net_dev *nd)
{
	u8 params[VSC_NET_OFFLOAD_PARAMS];
	u32 value;
	int ret;

	ret = vsc_net_control_query(nd, VMB_OID_802_3_PERMANENT_ADDRESS, NULL, 0, nd->mac,
				    sizeof(nd->mac));
	if (ret >= 0 && (ret != sizeof(nd->mac) || !is_valid_ether_addr(nd->mac)))
		ret = -EPROTO;
	if (ret < 0)
		return failed(nd, "the host says no address", ret);

	ret = ask_u32(nd, VMB_OID_GEN_MAXIMUM_FRAME_SIZE, &value);
	if (ret)
		return failed(nd, "the host says no MTU", ret);
	if (value < VSC_NET_MIN_MTU)
		return failed(nd, "the host's MTU is too small", -EPROTO);
	nd->max_mtu = min(value, nd->version >= VMB_NVSP_VERSION_2 ? VSC_NET_MAX_MTU :
			  (u32)ETH_DATA_LEN);
	nd->max_frame = VSC_NET_MAX_MTU + VSC_NET_LINK_HEAD;

	ret = ask_u32(nd, VMB_OID_GEN_LINK_SPEED, &value);
	if (ret == -ENODEV || ret == -ETIMEDOUT)
		return failed(nd, "the host does not answer", ret);
	/* units of 100 bits per second */
	nd->speed = ret ? 0 : value / 10000;

	ret = ask_offload(nd);
	if (ret && ret != -EOPNOTSUPP)
		return failed(nd, "what the host does with frames is not known", ret);
	ret = vsc_net_control_set(nd, VMB_OID_TCP_OFFLOAD_PARAMETERS, params,
				  vsc_net_offload_build(params, &nd->offload, true, true));
	if (ret) {
		if (ret == -ENODEV || ret == -ETIMEDOUT)
			return failed(nd, "the host does not answer", ret);
		/* then it does nothing with them */
		nd->offload = (struct vsc_net_offload){};
	}
	ret = ask_rss(nd);
	return ret ? failed(nd, "the host does not answer", ret) : 0;
}

/**
 * vsc_net_setup() - from an open primary channel to a NIC
 * @nd: the NIC; what it can do is set. It sends and receives frames, the latter
 *	as soon as it is up and the host is asked to
 *
 * What fails is logged.
 *
 * Context: process; sleeps for answers; the device's lock.
 * Return: 0 or an errno; what was done is for vsc_net_setup_undo().
 */
int vsc_net_setup(struct vsc_net_dev *nd)
{
	int ret;

	ret = negotiate(nd);
	if (ret)
		return failed(nd, "no version of the protocol", ret);
	ret = tell_ndis(nd);
	if (ret)
		return failed(nd, "nothing can be sent", ret);
	ret = give_recv(nd);
	if (ret)
		return failed(nd, "the host takes no receive buffer", ret);
	ret = give_send(nd);
	if (ret)
		return failed(nd, "the host takes no send buffer", ret);
	ret = vsc_net_control_initialize(nd);
	if (ret)
		return failed(nd, "INITIALIZE", ret);
	/* room for a frame's headers, that is */
	if (nd->init.max_transfer < 1024)
		return failed(nd, "the host takes no frames", -EPROTO);
	ret = ask_properties(nd);
	if (ret)
		return ret;
	return vsc_net_chan_start(&nd->chans[0]);
}

static void revoke(struct vsc_net_dev *nd, u32 type, u16 id)
{
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(type),
		.revoke.id = cpu_to_le16(id),
	};

	vsc_net_control_tell(nd, &msg);
}

/**
 * vsc_net_setup_undo() - from a NIC, or half of one, to closed channels
 * @nd: the NIC; its netdev is not used any more
 *
 * Context: process; the device's lock.
 */
void vsc_net_setup_undo(struct vsc_net_dev *nd)
{
	unsigned int i;

	if (nd->recv_bytes)
		vsc_net_control_halt(nd);
	if (nd->recv.gpadl.handle)
		revoke(nd, VMB_NVSP_REVOKE_RECV_BUF, VMB_NVSP_RECV_BUF_ID);
	if (nd->send.gpadl.handle)
		revoke(nd, VMB_NVSP_REVOKE_SEND_BUF, VMB_NVSP_SEND_BUF_ID);
	vsc_net_control_close(nd);
	vsc_net_chan_close_all(nd);
	for (i = 0; i < nd->nr_chans; i++)
		vsc_net_tx_free(&nd->chans[i]);
	nd->recv_bytes = 0;
	vsc_net_buf_free(nd, &nd->recv);
	vsc_net_buf_free(nd, &nd->send);
}

/**
 * vsc_net_setup_subs() - ask for sub-channels
 * @nd: the NIC
 *
 * They come after this; without them all goes by the primary one.
 *
 * Context: process; sleeps for the answer; the device's lock.
 */
void vsc_net_setup_subs(struct vsc_net_dev *nd)
{
	struct vmb_nvsp_msg msg = {
		.type = cpu_to_le32(VMB_NVSP_SUBCHANNEL),
		.subchannel.operation = cpu_to_le32(1),
		.subchannel.count = cpu_to_le32(nd->rss.queues - 1),
	};
	int ret;

	if (nd->rss.queues < 2)
		return;
	ret = vsc_net_control_nvsp(nd, &msg, VMB_NVSP_SUBCHANNEL);
	if (!ret && le32_to_cpu(msg.subchannel_complete.status) != VMB_NVSP_STATUS_SUCCESS)
		ret = -EIO;
	if (ret)
		dev_warn(&nd->dev->dev, "no sub-channels: error %d\n", ret);
}

/**
 * vsc_net_setup_rss() - have the host spread frames over channels
 * @nd: the NIC; its table says how
 *
 * Context: process; RTNL; sleeps for the answer.
 * Return: 0 or an errno.
 */
int vsc_net_setup_rss(struct vsc_net_dev *nd)
{
	u32 len;
	u8 *buf;
	int ret;

	ASSERT_RTNL();
	buf = kmalloc(VSC_NET_RSS_PARAMS, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	/* real hosts want it off before it changes */
	len = vsc_net_rss_build(buf, nd->table, nd->rss.table, nd->key, false);
	ret = vsc_net_control_set(nd, VMB_OID_GEN_RECEIVE_SCALE_PARAMETERS, buf, len);
	len = vsc_net_rss_build(buf, nd->table, nd->rss.table, nd->key, true);
	if (ret != -ENODEV && ret != -ETIMEDOUT)
		ret = vsc_net_control_set(nd, VMB_OID_GEN_RECEIVE_SCALE_PARAMETERS, buf, len);
	kfree(buf);
	return ret;
}
