// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP: programs that see frames before the stack does. A frame has to be in one
 * page then, and in one section when it is sent.
 */
#define pr_fmt(fmt) "vsc_net: " fmt

#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <net/page_pool/helpers.h>
#include <net/xdp.h>

#include "net.h"

/**
 * vsc_net_xdp_max_mtu() - the largest MTU that a program can be used with
 * @nd: the NIC
 *
 * Context: any.
 * Return: bytes.
 */
u32 vsc_net_xdp_max_mtu(const struct vsc_net_dev *nd)
{
	u32 out = min(nd->section, nd->init.max_transfer) - (u32)VSC_NET_PACKET_HEAD;

	return min_t(u32, out, VSC_NET_PAGE_ROOM - XDP_PACKET_HEADROOM) - VSC_NET_LINK_HEAD;
}

/**
 * vsc_net_xdp_run() - let a program decide on a frame
 * @chan: the channel it came by
 * @prog: the program
 * @xdp: the frame, in memory of the channel's; changed by the program
 *
 * Context: NAPI.
 * Return: true if the stack is to have it; else it is gone.
 */
bool vsc_net_xdp_run(struct vsc_net_chan *chan, struct bpf_prog *prog, struct xdp_buff *xdp)
{
	struct net_device *netdev = chan->nd->netdev;
	struct netdev_queue *nq = netdev_get_tx_queue(netdev, chan->index);
	u32 act = bpf_prog_run_xdp(prog, xdp);
	bool sent;

	switch (act) {
	case XDP_PASS:
		chan->rx_stats.xdp_pass++;
		return true;
	case XDP_TX:
		__netif_tx_lock(nq, smp_processor_id());
		sent = vsc_net_tx_xdp(chan, xdp->data, xdp->data_end - xdp->data);
		__netif_tx_unlock(nq);
		if (!sent)
			goto failed;
		chan->xdp_sent = true;
		chan->rx_stats.xdp_tx++;
		break;
	case XDP_REDIRECT:
		if (xdp_do_redirect(netdev, xdp, prog))
			goto failed;
		chan->xdp_redirected = true;
		chan->rx_stats.xdp_redirect++;
		return false;
	case XDP_DROP:
		chan->rx_stats.xdp_drop++;
		break;
	default:
		bpf_warn_invalid_xdp_action(netdev, prog, act);
		fallthrough;
	case XDP_ABORTED:
failed:
		trace_xdp_exception(netdev, prog, act);
		chan->rx_stats.xdp_aborted++;
	}
	page_pool_put_full_page(chan->pool, virt_to_head_page(xdp->data_hard_start), true);
	return false;
}

/**
 * vsc_net_xdp_flush() - send what programs have sent in this batch
 * @chan: the channel
 *
 * Context: NAPI.
 */
void vsc_net_xdp_flush(struct vsc_net_chan *chan)
{
	struct netdev_queue *nq = netdev_get_tx_queue(chan->nd->netdev, chan->index);

	if (chan->xdp_sent) {
		__netif_tx_lock(nq, smp_processor_id());
		vsc_net_tx_xdp_flush(chan);
		__netif_tx_unlock(nq);
	}
	if (chan->xdp_redirected)
		xdp_do_flush();
	chan->xdp_sent = false;
	chan->xdp_redirected = false;
}

/**
 * vsc_net_xdp_xmit() - send frames of other NICs, which programs sent here
 * @netdev: the NIC
 * @n: how many
 * @frames: they
 * @flags: %XDP_XMIT_FLUSH or 0
 *
 * They are copied, by the queue of this CPU if it has one.
 *
 * Context: NAPI of another NIC.
 * Return: how many were taken; the others are the caller's. Or an errno.
 */
int vsc_net_xdp_xmit(struct net_device *netdev, int n, struct xdp_frame **frames, u32 flags)
{
	struct vsc_net_dev *nd = vsc_net_of(netdev);
	unsigned int cpu = smp_processor_id(), nr = cpu % netdev->real_num_tx_queues;
	struct vsc_net_chan *chan = &nd->chans[READ_ONCE(nd->chans[nr].live) ? nr : 0];
	struct netdev_queue *nq = netdev_get_tx_queue(netdev, chan->index);
	int i;

	if (unlikely(flags & ~XDP_XMIT_FLAGS_MASK))
		return -EINVAL;
	if (unlikely(!netif_running(netdev) || !netif_carrier_ok(netdev)))
		return -ENETDOWN;
	__netif_tx_lock(nq, cpu);
	for (i = 0; i < n; i++) {
		if (!vsc_net_tx_xdp(chan, frames[i]->data, frames[i]->len))
			break;
		xdp_return_frame(frames[i]);
	}
	if (flags & XDP_XMIT_FLUSH)
		vsc_net_tx_xdp_flush(chan);
	__netif_tx_unlock(nq);
	return i;
}

static int xdp_setup(struct vsc_net_dev *nd, struct bpf_prog *prog,
		     struct netlink_ext_ack *extack)
{
	struct bpf_prog *old = rtnl_dereference(nd->xdp_prog);
	u32 max = vsc_net_xdp_max_mtu(nd);

	if (prog && nd->netdev->mtu > max) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "XDP takes an MTU of %u at most, and it is %u",
				       max, nd->netdev->mtu);
		return -EOPNOTSUPP;
	}
	/* frames are copied as they come, so there is no memory of the wrong layout */
	rcu_assign_pointer(nd->xdp_prog, prog);
	if (old)
		bpf_prog_put(old);
	/* whether frames may come in pieces; of a netdev that goes the host need not know */
	if (nd->registered)
		netdev_update_features(nd->netdev);
	return 0;
}

/**
 * vsc_net_xdp_bpf() - use a program, or none
 * @netdev: the NIC
 * @bpf: what is asked for
 *
 * Context: RTNL.
 * Return: 0 or an errno.
 */
int vsc_net_xdp_bpf(struct net_device *netdev, struct netdev_bpf *bpf)
{
	ASSERT_RTNL();
	switch (bpf->command) {
	case XDP_SETUP_PROG:
		return xdp_setup(vsc_net_of(netdev), bpf->prog, bpf->extack);
	default:
		return -EINVAL;
	}
}
