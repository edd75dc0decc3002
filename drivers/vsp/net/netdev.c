// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's end of a NIC, a netdev. What it transmits, the guest receives: a
 * frame is copied into a section of the guest's receive buffer. Its queue stands
 * still while there is no section or no room in the ring, so nothing is lost on
 * the way. The link is up for the guest while the netdev is up, and for the host
 * while the guest wants frames.
 */
#define pr_fmt(fmt) "vsp_net: " fmt

#include <linux/etherdevice.h>
#include <linux/ethtool.h>
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

static struct vsp_net_nic *nic_of(struct net_device *dev)
{
	return ((struct vsp_net_port *)netdev_priv(dev))->nic;
}

/**
 * vsp_net_dev_carrier - the guest began or ceased to want frames
 * @nic: the NIC
 *
 * Context: process.
 */
void vsp_net_dev_carrier(struct vsp_net_nic *nic)
{
	struct net_device *dev = nic->netdev;

	spin_lock_bh(&nic->lock);
	if (rcu_access_pointer(nic->recv) && nic->filter) {
		netif_carrier_on(dev);
		netif_wake_queue(dev);
	} else {
		netif_carrier_off(dev);
	}
	spin_unlock_bh(&nic->lock);
}

static bool nic_wants(const struct vsp_net_nic *nic, const struct sk_buff *skb)
{
	const u8 *dest = ((const struct ethhdr *)skb->data)->h_dest;
	u32 filter = nic->filter, i;

	lockdep_assert_held(&nic->lock);
	/* only who may be anybody may see what is for others */
	if (filter & VMB_NDIS_FILTER_PROMISCUOUS && nic->spoofing)
		return true;
	if (is_broadcast_ether_addr(dest))
		return filter & (VMB_NDIS_FILTER_BROADCAST | VMB_NDIS_FILTER_PROMISCUOUS);
	if (is_multicast_ether_addr(dest)) {
		if (filter & (VMB_NDIS_FILTER_ALL_MULTICAST | VMB_NDIS_FILTER_PROMISCUOUS))
			return true;
		if (filter & VMB_NDIS_FILTER_MULTICAST)
			for (i = 0; i < nic->nr_multicast; i++)
				if (ether_addr_equal(nic->multicast[i], dest))
					return true;
		return false;
	}
	return filter & (VMB_NDIS_FILTER_DIRECTED | VMB_NDIS_FILTER_PROMISCUOUS) &&
	       ether_addr_equal(nic->current_mac, dest);
}

/* What is good since it is made here, the guest need not look at. */
static u32 good_csum(const struct vsp_net_nic *nic, const struct sk_buff *skb)
{
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return 0;
	if (skb->csum_offset == offsetof(struct tcphdr, check))
		return nic->rx_tcp ? VMB_CSUM_RX_TCP_GOOD : 0;
	if (skb->csum_offset == offsetof(struct udphdr, check))
		return nic->rx_udp ? VMB_CSUM_RX_UDP_GOOD : 0;
	return 0;
}

/* The head is made aside, as the guest can read and write where it goes. */
static u32 fill_section(struct vsp_net_recv *recv, u32 section, u32 csum,
			const struct sk_buff *skb)
{
	u8 *to = recv->buf.addr + section * recv->section;
	u8 head[VSP_NET_PACKET_HEAD];
	struct vsp_net_to_guest info = {
		.len = skb->len,
		.csum = csum,
		.tagged = skb_vlan_tag_present(skb),
		.tci = skb_vlan_tag_get(skb),
	};
	u32 len = vsp_net_packet_build(head, &info);

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
	return len + skb->len;
}

static netdev_tx_t dev_xmit(struct sk_buff *skb, struct net_device *dev)
{
	bool more = netdev_xmit_more() && !netif_queue_stopped(dev);
	struct vsp_net_nic *nic = nic_of(dev);
	u32 section, csum, len, bytes = skb->len;
	struct vsp_net_recv *recv;
	int ret;

	rcu_read_lock();
	spin_lock(&nic->lock);
	recv = rcu_dereference(nic->recv);
	if (unlikely(!recv || !nic_wants(nic, skb))) {
		nic->stats.filtered++;
		goto drop;
	}
	if (unlikely(bytes + VSP_NET_PACKET_HEAD > recv->section)) {
		nic->stats.too_long++;
		goto drop;
	}
	if (recv->nr_free <= VSP_NET_RESERVE || !vsp_net_recv_take(recv, &section)) {
		netif_stop_queue(dev);
		goto busy;
	}
	if (recv->nr_free <= VSP_NET_RESERVE) {
		nic->stats.stops++;
		netif_stop_queue(dev);
		more = false;
	}
	csum = good_csum(nic, skb);
	spin_unlock(&nic->lock);

	len = fill_section(recv, section, csum, skb);
	trace_vsp_net_frame_out(nic->name, section, bytes, csum);
	ret = vsp_net_recv_send(nic, recv, section, len, VMB_NVSP_CHANNEL_DATA, more);
	if (unlikely(ret == -EAGAIN)) {
		/*
		 * Whoever makes room wakes the queue; that may have been before
		 * it was stopped, so look again behind that.
		 */
		netif_stop_queue(dev);
		ret = vsp_net_recv_send(nic, recv, section, len,
					VMB_NVSP_CHANNEL_DATA, false);
		if (!ret)
			netif_wake_queue(dev);
	}
	spin_lock(&nic->lock);
	if (unlikely(ret)) {
		vsp_net_recv_untake(recv, section);
		nic->stats.full++;
		if (ret == -EAGAIN)
			goto busy;
		goto drop;
	}
	nic->stats.frames_out++;
	nic->stats.bytes_out += bytes;
	spin_unlock(&nic->lock);
	rcu_read_unlock();
	dev_sw_netstats_tx_add(dev, 1, bytes);
	dev_consume_skb_any(skb);
	return NETDEV_TX_OK;

busy:
	spin_unlock(&nic->lock);
	/* what came before it must not wait for it */
	if (recv)
		vmb_host_publish(recv->ch);
	rcu_read_unlock();
	return NETDEV_TX_BUSY;

drop:
	spin_unlock(&nic->lock);
	if (recv && !more)
		vmb_host_publish(recv->ch);
	rcu_read_unlock();
	dev_core_stats_tx_dropped_inc(dev);
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static int dev_open_port(struct net_device *dev)
{
	netif_start_queue(dev);
	vsp_net_control_link(nic_of(dev), true);
	return 0;
}

static int dev_stop_port(struct net_device *dev)
{
	netif_stop_queue(dev);
	vsp_net_control_link(nic_of(dev), false);
	return 0;
}

static const struct net_device_ops dev_ops = {
	.ndo_open		= dev_open_port,
	.ndo_stop		= dev_stop_port,
	.ndo_start_xmit		= dev_xmit,
	.ndo_set_mac_address	= eth_mac_addr,
	.ndo_validate_addr	= eth_validate_addr,
};

static void dev_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "vsp_net");
	strscpy(info->bus_info, nic_of(dev)->name);
}

static int dev_get_ksettings(struct net_device *dev, struct ethtool_link_ksettings *ks)
{
	ethtool_link_ksettings_zero_link_mode(ks, supported);
	ethtool_link_ksettings_zero_link_mode(ks, advertising);
	ks->base.speed = nic_of(dev)->speed;
	ks->base.duplex = DUPLEX_FULL;
	ks->base.port = PORT_OTHER;
	ks->base.autoneg = AUTONEG_DISABLE;
	return 0;
}

static const struct {
	char name[ETH_GSTRING_LEN];
	u32 offset;
} dev_stats[] = {
#define STAT(member)	{ #member, offsetof(struct vsp_net_stats, member) }
	STAT(frames_in), STAT(bytes_in), STAT(lso_in), STAT(csum_in),
	STAT(control_in), STAT(malformed), STAT(spoofed), STAT(down_in),
	STAT(nomem_in), STAT(frames_out), STAT(bytes_out), STAT(control_out),
	STAT(filtered), STAT(too_long), STAT(stops), STAT(full),
	STAT(bad_completions),
#undef STAT
};

static_assert(sizeof(struct vsp_net_stats) == ARRAY_SIZE(dev_stats) * sizeof(u64));

static int dev_get_sset_count(struct net_device *dev, int set)
{
	return set == ETH_SS_STATS ? ARRAY_SIZE(dev_stats) : -EOPNOTSUPP;
}

static void dev_get_strings(struct net_device *dev, u32 set, u8 *data)
{
	unsigned int i;

	for (i = 0; set == ETH_SS_STATS && i < ARRAY_SIZE(dev_stats); i++)
		ethtool_puts(&data, dev_stats[i].name);
}

static void dev_get_ethtool_stats(struct net_device *dev, struct ethtool_stats *stats, u64 *data)
{
	const void *from = &nic_of(dev)->stats;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dev_stats); i++)
		data[i] = READ_ONCE(*(const u64 *)(from + dev_stats[i].offset));
}

static const struct ethtool_ops dev_ethtool_ops = {
	.get_drvinfo		= dev_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_link_ksettings	= dev_get_ksettings,
	.get_sset_count		= dev_get_sset_count,
	.get_strings		= dev_get_strings,
	.get_ethtool_stats	= dev_get_ethtool_stats,
};

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
	int ret;

	lockdep_assert_held(&nic->conf_lock);
	dev = alloc_netdev(sizeof(struct vsp_net_port), nic->ifname,
			   strchr(nic->ifname, '%') ? NET_NAME_ENUM : NET_NAME_USER,
			   ether_setup);
	if (!dev)
		return -ENOMEM;
	((struct vsp_net_port *)netdev_priv(dev))->nic = nic;
	dev->netdev_ops = &dev_ops;
	dev->ethtool_ops = &dev_ethtool_ops;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->hw_features = NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HW_CSUM |
			   NETIF_F_HW_VLAN_CTAG_TX;
	dev->features = dev->hw_features | NETIF_F_HIGHDMA | NETIF_F_RXCSUM |
			NETIF_F_HW_VLAN_CTAG_RX;
	dev->vlan_features = NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HW_CSUM;
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
 * vsp_net_dev_destroy - undo vsp_net_dev_create()
 * @nic: a NIC whose channel is closed and will not be opened
 *
 * Context: may sleep.
 */
void vsp_net_dev_destroy(struct vsp_net_nic *nic)
{
	struct net_device *dev = nic->netdev;

	unregister_netdev(dev);
	nic->netdev = NULL;
	free_netdev(dev);
}
