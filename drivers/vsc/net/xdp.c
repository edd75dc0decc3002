// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP: programs that see frames before the stack does. What a page does not hold of
 * a frame is in fragments, which a program has to know of.
 */
#define pr_fmt(fmt) "vsc_net: " fmt

#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <net/page_pool/helpers.h>
#include <net/xdp.h>

#include "net.h"

/* the largest MTU of which a page holds all frames */
#define XDP_PAGE_MTU \
	((unsigned int)(VSC_NET_PAGE_ROOM - XDP_PACKET_HEADROOM - VSC_NET_LINK_HEAD))

/**
 * vsc_net_xdp_mtu_ok() - may the MTU be so large with a program?
 * @prog: the program, or NULL
 * @mtu: bytes
 * @extack: is told if not
 *
 * Context: any.
 * Return: true if so.
 */
bool vsc_net_xdp_mtu_ok(const struct bpf_prog *prog, int mtu, struct netlink_ext_ack *extack)
{
	if (!prog || prog->aux->xdp_has_frags || mtu <= XDP_PAGE_MTU)
		return true;
	NL_SET_ERR_MSG_FMT_MOD(extack, "an MTU above %u takes a program with frags (xdp.frags)",
			       XDP_PAGE_MTU);
	return false;
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
	struct xdp_frame *frame;
	bool sent;

	switch (act) {
	case XDP_PASS:
		chan->rx_stats.xdp_pass++;
		return true;
	case XDP_TX:
		frame = xdp_convert_buff_to_frame(xdp);
		if (unlikely(!frame))
			goto failed;
		__netif_tx_lock(nq, smp_processor_id());
		sent = vsc_net_tx_xdp(chan, frame);
		__netif_tx_unlock(nq);
		if (!sent)
			goto failed;
		chan->xdp_sent = true;
		chan->rx_stats.xdp_tx++;
		return false;
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
	xdp_return_buff(xdp);
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
 * They go by the queue of this CPU if it has one.
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
		if (!vsc_net_tx_xdp(chan, frames[i]))
			break;
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

	if (!vsc_net_xdp_mtu_ok(prog, nd->netdev->mtu, extack))
		return -EOPNOTSUPP;
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
