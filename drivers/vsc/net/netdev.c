// SPDX-License-Identifier: GPL-2.0-only
/*
 * The net_device: what the kernel asks of it, and what the host tells it.
 */
#define pr_fmt(fmt) "vsc_net: " fmt

#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "net.h"

static u32 wanted_filter(const struct net_device *netdev)
{
	u32 filter = VMB_NDIS_FILTER_DIRECTED | VMB_NDIS_FILTER_BROADCAST;

	if (netdev->flags & IFF_PROMISC)
		return VMB_NDIS_FILTER_PROMISCUOUS;
	/* a list of groups is not worth it: the host has few, and they change often */
	if (netdev->flags & IFF_ALLMULTI || !netdev_mc_empty(netdev))
		filter |= VMB_NDIS_FILTER_ALL_MULTICAST;
	return filter;
}

static void filter_work(struct work_struct *work)
{
	struct vsc_net_dev *nd = container_of(work, struct vsc_net_dev, filter_work);
	int ret = 0;

	rtnl_lock();
	if (netif_running(nd->netdev) && netif_device_present(nd->netdev))
		ret = vsc_net_control_filter(nd, wanted_filter(nd->netdev));
	rtnl_unlock();
	if (ret && ret != -ENODEV)
		netdev_warn(nd->netdev, "the host does not change its filter: error %d\n", ret);
}

/* Queues in use are those whose channels are there, in one go from the first. */
static unsigned int live_queues(const struct vsc_net_dev *nd)
{
	unsigned int n = 1;

	while (n < nd->nr_wanted && READ_ONCE(nd->chans[n].live))
		n++;
	return n;
}

/**
 * vsc_net_dev_queues() - have as many queues as there are channels for
 * @nd: the NIC
 *
 * The host is told of it.
 *
 * Context: process; RTNL; sleeps for answers.
 * Return: 0 or an errno.
 */
int vsc_net_dev_queues(struct vsc_net_dev *nd)
{
	unsigned int n = live_queues(nd), i;
	int ret;

	ASSERT_RTNL();
	ret = netif_set_real_num_queues(nd->netdev, n, n);
	if (ret)
		return ret;
	/* the work of an interrupt goes on where it came */
	for (i = 0; i < n && n > 1; i++)
		netif_set_xps_queue(nd->netdev, cpumask_of(READ_ONCE(nd->chans[i].cpu)), i);
	/* a channel that has gone is not to be named, whoever did */
	for (i = 0; i < nd->rss.table; i++)
		if (!netif_is_rxfh_configured(nd->netdev))
			nd->table[i] = ethtool_rxfh_indir_default(i, n);
		else
			nd->table[i] %= n;
	return nd->rss.table ? vsc_net_setup_rss(nd) : 0;
}

/* Sub-channels have come or gone. */
static void queue_work_fn(struct work_struct *work)
{
	struct vsc_net_dev *nd = container_of(work, struct vsc_net_dev, queue_work);
	int ret = 0;

	rtnl_lock();
	if (nd->registered && netif_device_present(nd->netdev))
		ret = vsc_net_dev_queues(nd);
	rtnl_unlock();
	if (ret && ret != -ENODEV)
		netdev_warn(nd->netdev, "frames are not spread over queues: error %d\n", ret);
}

/*
 * Of a netdev that is not known to the kernel any more, it must not be told: that
 * would be looked at after the netdev has gone.
 */
static void carrier_set(struct vsc_net_dev *nd, bool on)
{
	lockdep_assert_held(&nd->link_lock);
	/* unregistering waits for who has seen that it was registered */
	rcu_read_lock();
	if (READ_ONCE(nd->registered)) {
		if (on)
			netif_carrier_on(nd->netdev);
		else
			netif_carrier_off(nd->netdev);
	}
	rcu_read_unlock();
}

/**
 * vsc_net_dev_carrier() - there is a link, or is none
 * @nd: the NIC
 * @on: there is one
 *
 * Context: any but hard interrupts.
 */
void vsc_net_dev_carrier(struct vsc_net_dev *nd, bool on)
{
	spin_lock_bh(&nd->link_lock);
	nd->link_news++;
	carrier_set(nd, on);
	spin_unlock_bh(&nd->link_lock);
}

/**
 * vsc_net_dev_link_ask() - ask the host whether there is a link
 * @nd: the NIC
 *
 * What the host tells unasked is seen by NAPI, perhaps before the answer is seen
 * here, though it was said after it; so it counts, and the answer does not. That is
 * right if it was said before the answer, too: the host will tell of what came then.
 *
 * Context: process; sleeps for the answer.
 * Return: 0 or an errno.
 */
int vsc_net_dev_link_ask(struct vsc_net_dev *nd)
{
	__le32 wire;
	u32 news;
	int ret;

	spin_lock_bh(&nd->link_lock);
	news = nd->link_news;
	spin_unlock_bh(&nd->link_lock);
	ret = vsc_net_control_query(nd, VMB_OID_GEN_MEDIA_CONNECT_STATUS, NULL, 0, &wire,
				    sizeof(wire));
	if (ret != sizeof(wire))
		return ret < 0 ? ret : -EPROTO;
	spin_lock_bh(&nd->link_lock);
	if (news == nd->link_news)
		carrier_set(nd, le32_to_cpu(wire) == VMB_RNDIS_CONNECTED);
	spin_unlock_bh(&nd->link_lock);
	return 0;
}

static void link_work(struct work_struct *work)
{
	struct vsc_net_dev *nd =
		container_of(to_delayed_work(work), struct vsc_net_dev, link_work);

	vsc_net_dev_link_ask(nd);
}

/**
 * vsc_net_dev_link() - the host tells something
 * @nd: the NIC
 * @msg: INDICATE_STATUS, in private memory
 * @len: bytes of it
 *
 * Context: NAPI.
 */
void vsc_net_dev_link(struct vsc_net_dev *nd, const void *msg, u32 len)
{
	u32 status, speed;

	if (vsc_net_indicate_parse(msg, len, &status, &speed))
		return;
	switch (status) {
	case VMB_RNDIS_MEDIA_CONNECT:
		vsc_net_dev_carrier(nd, true);
		break;
	case VMB_RNDIS_MEDIA_DISCONNECT:
		vsc_net_dev_carrier(nd, false);
		break;
	case VMB_RNDIS_LINK_SPEED_CHANGE:
		WRITE_ONCE(nd->speed, speed / 10000);
		break;
	case VMB_RNDIS_NETWORK_CHANGE:
		/* whoever asks for an address is to ask again */
		vsc_net_dev_carrier(nd, false);
		schedule_delayed_work(&nd->link_work, 2 * HZ);
		break;
	}
}

static int nic_open(struct net_device *netdev)
{
	struct vsc_net_dev *nd = vsc_net_of(netdev);
	int ret;

	/* pairs with rx_frame() */
	smp_store_release(&nd->up, true);
	ret = vsc_net_control_filter(nd, wanted_filter(netdev));
	if (ret) {
		WRITE_ONCE(nd->up, false);
		netdev_err(netdev, "the host does not begin to send: error %d\n", ret);
		return ret;
	}
	netif_tx_start_all_queues(netdev);
	return 0;
}

static int nic_stop(struct net_device *netdev)
{
	struct vsc_net_dev *nd = vsc_net_of(netdev);
	int ret;

	netif_tx_disable(netdev);
	ret = vsc_net_control_filter(nd, 0);
	/* what comes all the same ends here */
	WRITE_ONCE(nd->up, false);
	if (ret && ret != -ENODEV)
		netdev_warn(netdev, "the host may go on sending: error %d\n", ret);
	return 0;
}

static void nic_set_rx_mode(struct net_device *netdev)
{
	schedule_work(&vsc_net_of(netdev)->filter_work);
}

/* Only channels that are there: a queue may lose its own at any time. */
static u16 nic_select_queue(struct net_device *netdev, struct sk_buff *skb,
			    struct net_device *sb_dev)
{
	u16 nr = netdev_pick_tx(netdev, skb, sb_dev);

	return READ_ONCE(vsc_net_of(netdev)->chans[nr].live) ? nr : 0;
}

static int nic_change_mtu(struct net_device *netdev, int mtu)
{
	struct vsc_net_dev *nd = vsc_net_of(netdev);

	/* which nobody but the log can be told here */
	if (!vsc_net_xdp_mtu_ok(rtnl_dereference(nd->xdp_prog), mtu, NULL)) {
		netdev_warn(netdev, "an MTU of %d takes an XDP program with frags\n", mtu);
		return -EOPNOTSUPP;
	}
	/* the host has been told of the largest one, and buffers are as long as frames */
	WRITE_ONCE(netdev->mtu, mtu);
	return 0;
}

static int set_address(struct vsc_net_dev *nd, const u8 *addr)
{
	u8 param[VSC_NET_MAC_PARAM];

	return vsc_net_control_set(nd, VMB_OID_GEN_RNDIS_CONFIG_PARAMETER, param,
				   vsc_net_mac_build(param, addr));
}

static int nic_set_mac_address(struct net_device *netdev, void *p)
{
	struct sockaddr *addr = p;
	int ret;

	ret = eth_prepare_mac_addr_change(netdev, p);
	if (ret)
		return ret;
	if (ether_addr_equal(addr->sa_data, netdev->dev_addr))
		return 0;
	ret = set_address(vsc_net_of(netdev), addr->sa_data);
	if (ret) {
		netdev_warn(netdev, "the host does not let it be %pM: error %d\n",
			    addr->sa_data, ret);
		return ret == -EIO ? -EPERM : ret;
	}
	eth_commit_mac_addr_change(netdev, p);
	return 0;
}

static int set_features(struct vsc_net_dev *nd, netdev_features_t features)
{
	u8 params[VSC_NET_OFFLOAD_PARAMS];
	u32 len = vsc_net_offload_build(params, &nd->offload, features & NETIF_F_RXCSUM,
					features & NETIF_F_LRO);

	return vsc_net_control_set(nd, VMB_OID_TCP_OFFLOAD_PARAMETERS, params, len);
}

/*
 * A program sees frames as they were sent, not what was merged of them. Nor does a tag go
 * back into that.
 */
static netdev_features_t nic_fix_features(struct net_device *netdev, netdev_features_t features)
{
	if (rtnl_dereference(vsc_net_of(netdev)->xdp_prog) ||
	    !(features & NETIF_F_HW_VLAN_CTAG_RX))
		features &= ~NETIF_F_LRO;
	return features;
}

static int nic_set_features(struct net_device *netdev, netdev_features_t features)
{
	if (!((netdev->features ^ features) & (NETIF_F_RXCSUM | NETIF_F_LRO)))
		return 0;
	return set_features(vsc_net_of(netdev), features);
}

static netdev_features_t nic_features_check(struct sk_buff *skb, struct net_device *netdev,
					    netdev_features_t features)
{
	const struct vsc_net_offload *off = &vsc_net_of(netdev)->offload;
	u32 max = off->lso4;

	if (!skb_is_gso(skb))
		return features;
	if (skb_shinfo(skb)->gso_type & SKB_GSO_TCPV6)
		max = off->lso6;
	/* where the TCP header is has to be said in ten bits */
	if (skb->len > max || skb_transport_offset(skb) > 1023)
		return features & ~NETIF_F_GSO_MASK;
	return features;
}

static void nic_get_stats64(struct net_device *netdev, struct rtnl_link_stats64 *s)
{
	const struct vsc_net_dev *nd = vsc_net_of(netdev);
	unsigned int i;

	for (i = 0; i < nd->nr_chans; i++) {
		const struct vsc_net_tx_stats *tx = &nd->chans[i].tx_stats;
		const struct vsc_net_rx_stats *rx = &nd->chans[i].rx_stats;

		s->tx_packets += READ_ONCE(tx->packets);
		s->tx_bytes += READ_ONCE(tx->bytes);
		s->tx_dropped += READ_ONCE(tx->dropped);
		s->tx_errors += READ_ONCE(rx->tx_errors);
		s->rx_packets += READ_ONCE(rx->packets);
		s->rx_bytes += READ_ONCE(rx->bytes);
		s->rx_dropped += READ_ONCE(rx->nomem) + READ_ONCE(rx->xdp_long);
		s->rx_frame_errors += READ_ONCE(rx->malformed);
	}
	s->rx_errors = s->rx_frame_errors;
}

static const struct net_device_ops nic_ops = {
	.ndo_open		= nic_open,
	.ndo_stop		= nic_stop,
	.ndo_start_xmit		= vsc_net_tx_xmit,
	.ndo_select_queue	= nic_select_queue,
	.ndo_features_check	= nic_features_check,
	.ndo_set_rx_mode	= nic_set_rx_mode,
	.ndo_fix_features	= nic_fix_features,
	.ndo_set_features	= nic_set_features,
	.ndo_set_mac_address	= nic_set_mac_address,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_change_mtu		= nic_change_mtu,
	.ndo_get_stats64	= nic_get_stats64,
	.ndo_bpf		= vsc_net_xdp_bpf,
	.ndo_xdp_xmit		= vsc_net_xdp_xmit,
};

static enum hrtimer_restart chan_timer(struct hrtimer *timer)
{
	struct vsc_net_chan *chan = container_of(timer, struct vsc_net_chan, timer);

	napi_schedule(&chan->napi);
	return HRTIMER_NORESTART;
}

static void nic_free(struct net_device *netdev)
{
	struct vsc_net_dev *nd = vsc_net_of(netdev);

	free_page((unsigned long)nd->request);
	kvfree(nd->chans);
}

/**
 * vsc_net_dev_alloc() - make a NIC; nothing is known of it yet
 * @dev: vmb_guest's
 *
 * Context: process.
 * Return: it, for vsc_net_dev_free(), or NULL.
 */
struct vsc_net_dev *vsc_net_dev_alloc(struct vmb_guest_device *dev)
{
	unsigned int nr = min(num_online_cpus(), VSC_NET_MAX_CHANS), i;
	struct net_device *netdev;
	struct vsc_net_dev *nd;

	netdev = alloc_etherdev_mqs(sizeof(*nd), nr, nr);
	if (!netdev)
		return NULL;
	nd = vsc_net_of(netdev);
	nd->netdev = netdev;
	nd->dev = dev;
	nd->request = (void *)get_zeroed_page(GFP_KERNEL);
	nd->chans = kvcalloc(nr, sizeof(*nd->chans), GFP_KERNEL);
	if (!nd->request || !nd->chans) {
		nic_free(netdev);
		free_netdev(netdev);
		return NULL;
	}
	nd->nr_chans = nr;
	mutex_init(&nd->lost_lock);
	spin_lock_init(&nd->link_lock);
	vsc_net_control_init(nd);
	INIT_WORK(&nd->filter_work, filter_work);
	INIT_WORK(&nd->queue_work, queue_work_fn);
	INIT_DELAYED_WORK(&nd->link_work, link_work);
	SET_NETDEV_DEV(netdev, &dev->dev);
	netdev->netdev_ops = &nic_ops;
	netdev->ethtool_ops = &vsc_net_ethtool_ops;
	netdev->priv_flags |= IFF_LIVE_ADDR_CHANGE;
	netif_carrier_off(netdev);
	for (i = 0; i < nr; i++) {
		struct vsc_net_chan *chan = &nd->chans[i];

		chan->nd = nd;
		chan->index = i;
		chan->tx.slot = -1;
		hrtimer_init(&chan->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED);
		chan->timer.function = chan_timer;
		timer_setup(&chan->lazy, vsc_net_rx_lazy, 0);
		netif_napi_add(netdev, &chan->napi, vsc_net_rx_poll);
	}
	return nd;
}

/**
 * vsc_net_dev_free() - undo vsc_net_dev_alloc()
 * @nd: the NIC; its channels are closed
 *
 * Context: process.
 */
void vsc_net_dev_free(struct vsc_net_dev *nd)
{
	unsigned int i;

	/* an open channel may queue any of them to the last */
	cancel_work_sync(&nd->filter_work);
	cancel_work_sync(&nd->queue_work);
	cancel_delayed_work_sync(&nd->link_work);
	for (i = 0; i < nd->nr_chans; i++)
		netif_napi_del(&nd->chans[i].napi);
	nic_free(nd->netdev);
	free_netdev(nd->netdev);
}

/**
 * vsc_net_dev_register() - make a NIC known to the kernel
 * @nd: the NIC, after vsc_net_setup()
 *
 * Context: process.
 * Return: 0 or an errno.
 */
int vsc_net_dev_register(struct vsc_net_dev *nd)
{
	const struct vsc_net_offload *off = &nd->offload;
	struct net_device *netdev = nd->netdev;
	int ret;

	netdev->hw_features = NETIF_F_SG | NETIF_F_RXCSUM | NETIF_F_RXHASH;
	if (off->tcp4)
		netdev->hw_features |= NETIF_F_IP_CSUM;
	if (off->tcp6)
		netdev->hw_features |= NETIF_F_IPV6_CSUM;
	if (off->lso4)
		netdev->hw_features |= NETIF_F_TSO;
	if (off->lso6)
		netdev->hw_features |= NETIF_F_TSO6;
	if (off->rsc4 || off->rsc6)
		netdev->hw_features |= NETIF_F_LRO;
	netdev->vlan_features = netdev->hw_features & ~(NETIF_F_RXHASH | NETIF_F_LRO);
	/* the host says them apart from frames; they are put back if they are not wanted so */
	netdev->hw_features |= NETIF_F_HW_VLAN_CTAG_RX;
	netdev->features = netdev->hw_features | NETIF_F_HIGHDMA | NETIF_F_HW_VLAN_CTAG_TX;
	if (off->lso4 || off->lso6)
		netif_set_tso_max_size(netdev, min_not_zero(off->lso4, off->lso6));
	netdev->xdp_metadata_ops = &vsc_net_xdp_metadata_ops;
	/* whatever the program and the MTU are */
	xdp_set_features_flag(netdev, NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT |
				      NETDEV_XDP_ACT_RX_SG | NETDEV_XDP_ACT_NDO_XMIT |
				      NETDEV_XDP_ACT_NDO_XMIT_SG);
	netdev->min_mtu = VSC_NET_MIN_MTU;
	netdev->max_mtu = nd->max_mtu;
	netdev->mtu = min_t(u32, ETH_DATA_LEN, nd->max_mtu);
	eth_hw_addr_set(netdev, nd->mac);
	nd->nr_wanted = nd->rss.queues;
	netdev_rss_key_fill(nd->key, sizeof(nd->key));
	ret = netif_set_real_num_queues(netdev, 1, 1);
	if (ret)
		return ret;
	ret = register_netdev(netdev);
	if (ret)
		return ret;
	WRITE_ONCE(nd->registered, true);
	return 0;
}

/**
 * vsc_net_dev_unregister() - undo vsc_net_dev_register()
 * @nd: the NIC
 *
 * Context: process.
 */
void vsc_net_dev_unregister(struct vsc_net_dev *nd)
{
	rtnl_lock();
	/* pairs with carrier_set(): this waits for a grace period */
	WRITE_ONCE(nd->registered, false);
	unregister_netdevice(nd->netdev);
	rtnl_unlock();
}

/**
 * vsc_net_dev_again() - the host is another one, or has forgotten
 * @nd: the NIC, set up again
 *
 * Context: process.
 * Return: 0 or an errno.
 */
int vsc_net_dev_again(struct vsc_net_dev *nd)
{
	bool rsc = nd->offload.rsc4 || nd->offload.rsc6;
	struct net_device *netdev = nd->netdev;
	int ret = 0;

	if (!ether_addr_equal(netdev->dev_addr, nd->mac))
		ret = set_address(nd, netdev->dev_addr);
	if (!ret && (!(netdev->features & NETIF_F_RXCSUM) ||
		     (rsc && !(netdev->features & NETIF_F_LRO))))
		ret = set_features(nd, netdev->features);
	if (!ret && netif_running(netdev))
		ret = vsc_net_control_filter(nd, wanted_filter(netdev));
	if (!ret)
		ret = vsc_net_dev_link_ask(nd);
	return ret;
}
