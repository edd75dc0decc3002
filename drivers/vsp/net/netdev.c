// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's end of a NIC, a netdev with a queue for each channel. What it
 * transmits, the guest receives: a frame is copied into a section of the guest's
 * receive buffer, or into several if it is to be segmented and the guest wants it
 * whole (rsc.c). A queue stands still while there is no section, no room in the
 * ring, or too much on the way (BQL), so nothing is lost on the way. The link is
 * up for the guest while the netdev is up, and for the host while the guest wants
 * frames.
 */
#define pr_fmt(fmt) "vsp_net: " fmt

#include <linux/cleanup.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/unaligned.h>
#include <net/checksum.h>

#include "net.h"
#include "trace.h"

struct vsp_net_port {
	struct vsp_net_nic *nic;
};

/**
 * vsp_net_dev_nic - the NIC that a netdev is the end of
 * @dev: the netdev
 *
 * Return: it.
 */
struct vsp_net_nic *vsp_net_dev_nic(struct net_device *dev)
{
	return ((struct vsp_net_port *)netdev_priv(dev))->nic;
}

/**
 * vsp_net_dev_carrier - the guest began or ceased to want frames
 * @nic: the NIC
 *
 * Context: the poll of the primary channel, or while there is none.
 */
void vsp_net_dev_carrier(struct vsp_net_nic *nic)
{
	struct net_device *dev = nic->netdev;

	if (rcu_access_pointer(nic->recv) && vsp_net_settings(nic)->filter) {
		netif_carrier_on(dev);
		netif_tx_wake_all_queues(dev);
	} else {
		netif_carrier_off(dev);
	}
}

static bool nic_wants(const struct vsp_net_nic *nic,
		      const struct vsp_net_settings *set, const struct sk_buff *skb)
{
	const u8 *dest = ((const struct ethhdr *)skb->data)->h_dest;
	u32 filter = set->filter, i;

	/* only who may be anybody may see what is for others */
	if (filter & VMB_NDIS_FILTER_PROMISCUOUS && nic->spoofing)
		return true;
	if (is_broadcast_ether_addr(dest))
		return filter & (VMB_NDIS_FILTER_BROADCAST | VMB_NDIS_FILTER_PROMISCUOUS);
	if (is_multicast_ether_addr(dest)) {
		if (filter & (VMB_NDIS_FILTER_ALL_MULTICAST | VMB_NDIS_FILTER_PROMISCUOUS))
			return true;
		if (filter & VMB_NDIS_FILTER_MULTICAST)
			for (i = 0; i < set->nr_multicast; i++)
				if (ether_addr_equal(set->multicast[i], dest))
					return true;
		return false;
	}
	return filter & (VMB_NDIS_FILTER_DIRECTED | VMB_NDIS_FILTER_PROMISCUOUS) &&
	       ether_addr_equal(set->mac, dest);
}

/*
 * What is good since it is made here, the guest need not look at. Of segments as one
 * frame it need not even be made, while the guest wants these: none leaves it as it is.
 */
static u32 good_csum(const struct vsp_net_nic *nic, const struct vsp_net_settings *set,
		     const struct sk_buff *skb)
{
	bool whole = skb_is_gso(skb) &&
		     vsp_net_rsc_wanted(nic, set, skb_shinfo(skb)->gso_type);

	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return 0;
	if (skb->csum_offset == offsetof(struct tcphdr, check)) {
		if (!set->rx_tcp)
			return 0;
		return VMB_CSUM_RX_TCP_GOOD |
		       (whole ? VMB_CSUM_RX_TCP_INVALID : 0);
	}
	if (skb->csum_offset == offsetof(struct udphdr, check))
		return set->rx_udp ? VMB_CSUM_RX_UDP_GOOD : 0;
	return 0;
}

static struct vsp_net_to_guest frame_info(const struct vsp_net_nic *nic,
					  const struct vsp_net_settings *set,
					  const struct sk_buff *skb)
{
	struct vsp_net_to_guest info = {
		.len = skb->len,
		.csum = good_csum(nic, set, skb),
		.tagged = skb_vlan_tag_present(skb),
		.tci = skb_vlan_tag_get(skb),
	};

	info.hashed = set->rss.on && vsp_net_steer_hash(set, skb, &info.hash);
	return info;
}

/* The head is made aside, as the guest can read and write where it goes. */
static void fill_section(const struct vsp_net_recv *recv, struct vsp_net_out *out,
			 const struct vsp_net_to_guest *info, const struct sk_buff *skb)
{
	u8 *to = recv->buf.addr + out->range[0].offset;
	u8 head[VSP_NET_PACKET_HEAD];
	u32 len;

	len = vsp_net_packet_build(head, info);
	memcpy(to, head, len);
	/* makes the checksum, too, if there is one to make */
	skb_copy_and_csum_dev(skb, to + len);
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    skb->csum_offset == offsetof(struct udphdr, check)) {
		u8 *sum = to + len + skb_checksum_start_offset(skb) + skb->csum_offset;

		/* of UDP, 0 says that there is none */
		if (!get_unaligned((__sum16 *)sum))
			put_unaligned(CSUM_MANGLED_0, (__sum16 *)sum);
	}
	out->range[0].len = len + skb->len;
}

/*
 * The guest's table, where it has set one; what it does not want hashed goes by
 * the primary channel. While a table is off, what the host's administrator says (XPS),
 * or a hash. The first one says that the guest is ready to receive by its sub-channels:
 * one that is open need not be heard yet, as Linux enables its NAPI afterwards.
 */
static u16 dev_select_queue(struct net_device *dev, struct sk_buff *skb,
			    struct net_device *sb_dev)
{
	struct vsp_net_nic *nic = vsp_net_dev_nic(dev);
	const struct vsp_net_settings *set;
	u32 hash;
	u16 i = 0;

	rcu_read_lock();
	set = rcu_dereference(nic->set);
	if (set->rss.on && vsp_net_steer_hash(set, skb, &hash))
		i = set->rss.table[hash & (set->rss.nr - 1)];
	else if (!set->rss.on && set->rss.set)
		i = netdev_pick_tx(dev, skb, sb_dev);
	/* not every channel need be open */
	if (i >= dev->real_num_tx_queues || !rcu_access_pointer(nic->queue[i].ch))
		i = 0;
	rcu_read_unlock();
	return i;
}

/*
 * Take sections for a frame, and account for that it is on the way: before the
 * guest could give them back. Returns false when there are not enough.
 */
static bool queue_take(struct vsp_net_queue *queue, struct vsp_net_recv *recv,
		       struct netdev_queue *txq, u32 bytes, u32 nr,
		       struct vsp_net_out *out, bool *more)
{
	bool taken;

	spin_lock(&queue->lock);
	taken = queue->nr_free >= queue->reserve + nr &&
		vsp_net_recv_take(queue, recv, bytes, nr, out);
	if (taken)
		*more = !__netdev_tx_sent_queue(txq, bytes, *more);
	if (!taken || queue->nr_free <= queue->reserve) {
		queue->stats.stops++;
		netif_tx_stop_queue(txq);
		*more = false;
	}
	spin_unlock(&queue->lock);
	return taken;
}

static netdev_tx_t dev_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct vsp_net_nic *nic = vsp_net_dev_nic(dev);
	u16 index = skb_get_queue_mapping(skb);
	struct netdev_queue *txq = netdev_get_tx_queue(dev, index);
	struct vsp_net_queue *queue = &nic->queue[index];
	const struct vsp_net_settings *set;
	bool more = netdev_xmit_more();
	struct vsp_net_to_guest info;
	struct vsp_net_recv *recv;
	struct vsp_net_out out;
	struct vmb_channel *ch;
	u32 bytes = skb->len;
	bool rsc, fits;
	int ret;

	rcu_read_lock();
	ch = rcu_dereference(queue->ch);
	recv = rcu_dereference(nic->recv);
	set = rcu_dereference(nic->set);
	if (unlikely(!ch || !recv || !nic_wants(nic, set, skb))) {
		queue->stats.filtered++;
		goto drop;
	}
	/*
	 * What was handed over before the guest said that it wants no more of it
	 * is not lost: it can take it.
	 */
	rsc = skb_is_gso(skb);
	fits = rsc ? READ_ONCE(nic->rsc) && vsp_net_rsc_fits(queue, recv->size, skb) :
	       bytes + VSP_NET_PACKET_HEAD <= recv->size;
	if (unlikely(!fits)) {
		queue->stats.too_long++;
		goto drop;
	}
	if (!queue_take(queue, recv, txq, bytes, rsc ? vsp_net_pieces(recv->size, bytes) : 1,
			&out, &more))
		goto busy;

	info = frame_info(nic, set, skb);
	if (rsc)
		vsp_net_rsc_fill(recv, &out, &info, skb);
	else
		fill_section(recv, &out, &info, skb);
	trace_vsp_net_frame_out(nic->name, index, lower_32_bits(out.trans_id), bytes);
	ret = vsp_net_recv_send(ch, &out, VMB_NVSP_CHANNEL_DATA, more);
	if (unlikely(ret == -EAGAIN)) {
		/*
		 * Whoever makes room wakes the queue; that may have been before
		 * it was stopped, so look again behind that.
		 */
		netif_tx_stop_queue(txq);
		ret = vsp_net_recv_send(ch, &out, VMB_NVSP_CHANNEL_DATA, false);
		if (!ret)
			netif_tx_wake_queue(txq);
	}
	if (unlikely(ret)) {
		vsp_net_recv_return(queue, recv, out.trans_id);
		queue->stats.full++;
		if (ret == -EAGAIN)
			goto busy;
		goto drop;
	}
	queue->stats.frames_out++;
	queue->stats.bytes_out += bytes;
	queue->stats.rsc_out += rsc;
	rcu_read_unlock();
	dev_sw_netstats_tx_add(dev, 1, bytes);
	dev_consume_skb_any(skb);
	return NETDEV_TX_OK;

busy:
	/* what came before it must not wait for it */
	vmb_host_publish(ch);
	rcu_read_unlock();
	return NETDEV_TX_BUSY;

drop:
	if (ch && !netdev_xmit_more())
		vmb_host_publish(ch);
	rcu_read_unlock();
	dev_core_stats_tx_dropped_inc(dev);
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static int dev_open_port(struct net_device *dev)
{
	struct vsp_net_nic *nic = vsp_net_dev_nic(dev);
	u32 i;

	for (i = 0; i < VSP_NET_MAX_QUEUES; i++)
		napi_enable(&nic->queue[i].napi);
	netif_tx_start_all_queues(dev);
	vsp_net_control_link(nic);
	return 0;
}

static int dev_stop_port(struct net_device *dev)
{
	struct vsp_net_nic *nic = vsp_net_dev_nic(dev);
	u32 i;

	netif_tx_stop_all_queues(dev);
	vsp_net_control_link(nic);
	for (i = 0; i < VSP_NET_MAX_QUEUES; i++)
		napi_disable(&nic->queue[i].napi);
	return 0;
}

/* What the netdev says that it can is what the guest wants. */
static netdev_features_t dev_fix_features(struct net_device *dev,
					  netdev_features_t features)
{
	struct vsp_net_nic *nic = vsp_net_dev_nic(dev);
	const struct vsp_net_settings *set;

	rcu_read_lock();
	set = rcu_dereference(nic->set);
	if (!vsp_net_rsc_wanted(nic, set, SKB_GSO_TCPV4))
		features &= ~NETIF_F_TSO;
	if (!vsp_net_rsc_wanted(nic, set, SKB_GSO_TCPV6))
		features &= ~NETIF_F_TSO6;
	rcu_read_unlock();
	return features;
}

/* The stack cuts up what cannot go whole, and what the guest wants no more. */
static netdev_features_t dev_features_check(struct sk_buff *skb, struct net_device *dev,
					    netdev_features_t features)
{
	struct vsp_net_nic *nic = vsp_net_dev_nic(dev);
	u16 index = skb_get_queue_mapping(skb);
	const struct vsp_net_recv *recv;

	features = vlan_features_check(skb, features);
	if (!skb_is_gso(skb))
		return features;
	rcu_read_lock();
	recv = rcu_dereference(nic->recv);
	/* asked of another device's frame, the queue may be any */
	if (!recv || index >= VSP_NET_MAX_QUEUES ||
	    !vsp_net_rsc_wanted(nic, rcu_dereference(nic->set), skb_shinfo(skb)->gso_type) ||
	    !vsp_net_rsc_fits(&nic->queue[index], recv->size, skb))
		features &= ~NETIF_F_GSO_MASK;
	rcu_read_unlock();
	return features;
}

static const struct net_device_ops dev_ops = {
	.ndo_open		= dev_open_port,
	.ndo_stop		= dev_stop_port,
	.ndo_start_xmit		= dev_xmit,
	.ndo_select_queue	= dev_select_queue,
	.ndo_fix_features	= dev_fix_features,
	.ndo_features_check	= dev_features_check,
	.ndo_set_mac_address	= eth_mac_addr,
	.ndo_validate_addr	= eth_validate_addr,
};

/* GRO's timer: there are no frames but those that it held back. */
static int dev_napi_poll(struct napi_struct *napi, int budget)
{
	napi_complete_done(napi, 0);
	return 0;
}

/*
 * As many queues as channels up to the last one that is open, and what the guest
 * wants whole. Not where these come and go: in there a guest in this kernel may have
 * the RTNL.
 */
static void dev_changed_work(struct work_struct *work)
{
	struct vsp_net_nic *nic = container_of(to_delayed_work(work), struct vsp_net_nic,
					       changed_work);
	u32 nr = 1, i;

	guard(rtnl)();
	for (i = 1; i < VSP_NET_MAX_QUEUES; i++)
		if (rcu_access_pointer(nic->queue[i].ch))
			nr = i + 1;
	if (netif_set_real_num_queues(nic->netdev, nr, nr))
		vsp_net_warn(nic, "no memory for %u queues\n", nr);
	netdev_update_features(nic->netdev);
}

/**
 * vsp_net_dev_changed - channels came or went, or the guest wants something else
 * @nic: the NIC
 *
 * The netdev learns of it soon, but not as often as a guest may change its mind: all
 * of the host is told, under the RTNL.
 *
 * Context: any, until the NIC's channels are closed.
 */
void vsp_net_dev_changed(struct vsp_net_nic *nic)
{
	schedule_delayed_work(&nic->changed_work, HZ / 10);
}

/* Next to the guest's, and never the same. */
static void dev_address(struct net_device *dev, const u8 *guest)
{
	u8 addr[ETH_ALEN];

	ether_addr_copy(addr, guest);
	addr[0] = guest[0] == 0xfe ? 0xfa : 0xfe;
	eth_hw_addr_set(dev, addr);
}

/**
 * vsp_net_dev_create - make the host's end
 * @nic: a NIC that is about to be enabled
 *
 * Context: may sleep; &vsp_net_nic.conf_lock.
 * Return: 0 or a negative errno, -EEXIST when there is one of that name.
 */
int vsp_net_dev_create(struct vsp_net_nic *nic)
{
	struct net_device *dev;
	u32 i;
	int ret;

	lockdep_assert_held(&nic->conf_lock);
	dev = alloc_netdev_mqs(sizeof(struct vsp_net_port), nic->ifname,
			       strchr(nic->ifname, '%') ? NET_NAME_ENUM : NET_NAME_USER,
			       ether_setup, VSP_NET_MAX_QUEUES, VSP_NET_MAX_QUEUES);
	if (!dev)
		return -ENOMEM;
	ret = netif_set_real_num_queues(dev, 1, 1);
	if (ret) {
		free_netdev(dev);
		return ret;
	}
	INIT_DELAYED_WORK(&nic->changed_work, dev_changed_work);
	/* they go with the netdev */
	for (i = 0; i < VSP_NET_MAX_QUEUES; i++)
		netif_napi_add(dev, &nic->queue[i].napi, dev_napi_poll);
	/* a guest may be in no hurry to give little back */
	for (i = 0; i < VSP_NET_MAX_QUEUES; i++)
		netdev_queue_set_dql_min_limit(netdev_get_tx_queue(dev, i),
					       VSP_NET_MIN_LIMIT);
	((struct vsp_net_port *)netdev_priv(dev))->nic = nic;
	dev->netdev_ops = &dev_ops;
	dev->ethtool_ops = &vsp_net_ethtool_ops;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->hw_features = NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HW_CSUM |
			   NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_TSO | NETIF_F_TSO6;
	dev->features = dev->hw_features | NETIF_F_HIGHDMA | NETIF_F_RXCSUM |
			NETIF_F_HW_VLAN_CTAG_RX;
	dev->vlan_features = NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HW_CSUM |
			     NETIF_F_TSO | NETIF_F_TSO6;
	/* whose frames are shorter than that */
	netif_set_tso_max_size(dev, VSP_NET_MAX_RSC + 1);
	dev->mtu = nic->mtu;
	dev->min_mtu = VSP_NET_MIN_MTU;
	dev->max_mtu = nic->mtu;
	dev_address(dev, nic->mac);
	netif_carrier_off(dev);
	nic->netdev = dev;
	ret = register_netdev(dev);
	if (ret) {
		nic->netdev = NULL;
		free_netdev(dev);
	}
	return ret;
}

/**
 * vsp_net_dev_leave - the NIC is about to be taken from the guest
 * @dev: the device, which is offered, and so has its netdev
 *
 * Who has no link has nothing to send, and is idle soon, with all frames answered.
 *
 * Context: may sleep; takes the RTNL.
 */
void vsp_net_dev_leave(struct vmb_host_device *dev)
{
	guard(rtnl)();
	dev_close(vsp_net_nic_of(dev)->netdev);
}

/**
 * vsp_net_dev_destroy - undo vsp_net_dev_create()
 * @nic: a NIC whose channel is closed and will not be opened
 *
 * Context: may sleep.
 */
void vsp_net_dev_destroy(struct vsp_net_nic *nic)
{
	struct net_device *dev = nic->netdev;

	cancel_delayed_work_sync(&nic->changed_work);
	unregister_netdev(dev);
	nic->netdev = NULL;
	free_netdev(dev);
}
