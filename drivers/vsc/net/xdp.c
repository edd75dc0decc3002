// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP: programs that see frames before the stack does. What a page does not hold of
 * a frame is in fragments, which a program has to know of.
 */
#define pr_fmt(fmt) "vsc_net: " fmt

#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>
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

/* A program knows the first part only. */
static_assert(!offsetof(struct vsc_net_xdp_buff, xdp));

static int rx_hash(const struct xdp_md *md, u32 *hash, enum xdp_rss_hash_type *type)
{
	const struct vsc_net_xdp_buff *ctx = (const void *)md;
	const struct xdp_buff *xdp = &ctx->xdp;
	const struct vlan_ethhdr *eth = xdp->data;
	u32 len = xdp->data_end - xdp->data, head = ETH_HLEN;
	__be16 proto = eth->h_vlan_proto;

	if (!ctx->in->hashed || !(xdp->rxq->dev->features & NETIF_F_RXHASH))
		return -ENODATA;
	if (proto == htons(ETH_P_8021Q) && len >= VLAN_ETH_HLEN) {
		proto = eth->h_vlan_encapsulated_proto;
		head = VLAN_ETH_HLEN;
	}
	*hash = ctx->in->hash;
	/* of the frame as it is by now: the program may have changed it */
	*type = vsc_net_rx_hash_type(proto, xdp->data + head, len - head);
	return 0;
}

static int rx_vlan_tag(const struct xdp_md *md, __be16 *proto, u16 *tci)
{
	const struct vsc_net_in *in = ((const struct vsc_net_xdp_buff *)md)->in;

	if (!in->tagged)
		return -ENODATA;
	*proto = htons(ETH_P_8021Q);
	*tci = in->tci;
	return 0;
}

const struct xdp_metadata_ops vsc_net_xdp_metadata_ops = {
	.xmo_rx_hash		= rx_hash,
	.xmo_rx_vlan_tag	= rx_vlan_tag,
};

/**
 * vsc_net_xdp_tag() - put the VLAN tag that the host has taken out of a frame back
 * @ctx: the frame
 *
 * With it goes what a program has put in front of the frame.
 *
 * Context: NAPI.
 * Return: true, or false if there is no room for it.
 */
bool vsc_net_xdp_tag(struct vsc_net_xdp_buff *ctx)
{
	struct xdp_buff *xdp = &ctx->xdp;
	struct vlan_ethhdr *eth;

	if (xdp->data_meta - xdp->data_hard_start < sizeof(struct xdp_frame) + VLAN_HLEN)
		return false;
	memmove(xdp->data_meta - VLAN_HLEN, xdp->data_meta,
		xdp->data - xdp->data_meta + 2 * ETH_ALEN);
	xdp->data_meta -= VLAN_HLEN;
	xdp->data -= VLAN_HLEN;
	eth = xdp->data;
	eth->h_vlan_proto = htons(ETH_P_8021Q);
	eth->h_vlan_TCI = htons(ctx->in->tci);
	ctx->in->tagged = false;
	return true;
}

/**
 * vsc_net_xdp_run() - let a program decide on a frame
 * @chan: the channel it came by
 * @prog: the program
 * @ctx: the frame, in memory of the channel's; changed by the program
 *
 * A frame leaves with the VLAN tag that it came with, though the program does not see
 * that in it.
 *
 * Context: NAPI.
 * Return: true if the stack is to have it; else it is gone.
 */
bool vsc_net_xdp_run(struct vsc_net_chan *chan, struct bpf_prog *prog,
		     struct vsc_net_xdp_buff *ctx)
{
	struct net_device *netdev = chan->nd->netdev;
	struct netdev_queue *nq = netdev_get_tx_queue(netdev, chan->index);
	struct xdp_buff *xdp = &ctx->xdp;
	u32 act = bpf_prog_run_xdp(prog, xdp);
	struct xdp_frame *frame;
	bool sent;

	if ((act == XDP_TX || act == XDP_REDIRECT) && ctx->in->tagged && !vsc_net_xdp_tag(ctx))
		goto failed;
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
