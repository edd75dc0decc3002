// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ethtool shows and sets.
 */
#define pr_fmt(fmt) "vsc_net: " fmt

#include <linux/ethtool.h>
#include <linux/rtnetlink.h>

#include "net.h"

static void tool_drvinfo(struct net_device *netdev, struct ethtool_drvinfo *info)
{
	const struct vsc_net_dev *nd = vsc_net_of(netdev);

	strscpy(info->driver, "vsc_net");
	strscpy(info->bus_info, dev_name(&nd->dev->dev));
	/* 1 and 2 are told in another way than those after them */
	if (nd->version >= VMB_NVSP_VERSION_4)
		snprintf(info->fw_version, sizeof(info->fw_version), "NVSP %u.%u",
			 nd->version >> 16, nd->version & 0xffff);
	else
		snprintf(info->fw_version, sizeof(info->fw_version), "NVSP %u",
			 nd->version == VMB_NVSP_VERSION_2 ? 2 : 1);
}

static int tool_link_ksettings(struct net_device *netdev, struct ethtool_link_ksettings *ks)
{
	u32 speed = READ_ONCE(vsc_net_of(netdev)->speed);

	ethtool_link_ksettings_zero_link_mode(ks, supported);
	ethtool_link_ksettings_zero_link_mode(ks, advertising);
	ks->base.speed = speed ?: SPEED_UNKNOWN;
	ks->base.duplex = DUPLEX_FULL;
	ks->base.port = PORT_OTHER;
	ks->base.autoneg = AUTONEG_DISABLE;
	return 0;
}

struct tool_stat {
	char name[ETH_GSTRING_LEN];
	u32 offset;
};

#define TX(member) { "tx_" #member, offsetof(struct vsc_net_chan, tx_stats.member) }
#define RX(member) { "rx_" #member, offsetof(struct vsc_net_chan, rx_stats.member) }

/* of all channels together, and of each */
static const struct tool_stat stats[] = {
	TX(packets), TX(bytes), TX(copied), TX(mapped), TX(batched), TX(lso), TX(csum),
	TX(linearized), TX(dropped), TX(stops), TX(full), TX(xdp), TX(xdp_dropped),
	RX(packets), RX(bytes), RX(lro), RX(csum_good), RX(polls), RX(nomem), RX(down),
	RX(malformed), RX(bad_completions), RX(tx_errors), RX(full),
	RX(xdp_pass), RX(xdp_drop), RX(xdp_tx), RX(xdp_redirect), RX(xdp_aborted),
	RX(xdp_long),
};

static_assert(ARRAY_SIZE(stats) * sizeof(u64) ==
	      sizeof(struct vsc_net_tx_stats) + sizeof(struct vsc_net_rx_stats));

static u64 stat_of(const struct vsc_net_chan *chan, unsigned int i)
{
	return READ_ONCE(*(const u64 *)((const void *)chan + stats[i].offset));
}

static int tool_sset_count(struct net_device *netdev, int set)
{
	if (set != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return (1 + vsc_net_of(netdev)->nr_chans) * ARRAY_SIZE(stats);
}

static void tool_strings(struct net_device *netdev, u32 set, u8 *data)
{
	const struct vsc_net_dev *nd = vsc_net_of(netdev);
	unsigned int c, i;

	if (set != ETH_SS_STATS)
		return;
	for (i = 0; i < ARRAY_SIZE(stats); i++)
		ethtool_puts(&data, stats[i].name);
	for (c = 0; c < nd->nr_chans; c++)
		for (i = 0; i < ARRAY_SIZE(stats); i++)
			ethtool_sprintf(&data, "queue_%u_%s", c, stats[i].name);
}

static void tool_stats(struct net_device *netdev, struct ethtool_stats *unused, u64 *data)
{
	const struct vsc_net_dev *nd = vsc_net_of(netdev);
	unsigned int c, i;

	for (i = 0; i < ARRAY_SIZE(stats); i++) {
		data[i] = 0;
		for (c = 0; c < nd->nr_chans; c++) {
			u64 value = stat_of(&nd->chans[c], i);

			data[i] += value;
			data[(1 + c) * ARRAY_SIZE(stats) + i] = value;
		}
	}
}

static void tool_get_channels(struct net_device *netdev, struct ethtool_channels *ch)
{
	ch->max_combined = vsc_net_of(netdev)->rss.queues;
	ch->combined_count = netdev->real_num_tx_queues;
}

/* Those that are not used stay open, and come to hand when they are wanted again. */
static int tool_set_channels(struct net_device *netdev, struct ethtool_channels *ch)
{
	struct vsc_net_dev *nd = vsc_net_of(netdev);
	unsigned int i, n = ch->combined_count;

	if (!n || n > nd->rss.queues || ch->rx_count || ch->tx_count || ch->other_count)
		return -EINVAL;
	for (i = 0; i < n; i++)
		if (!READ_ONCE(nd->chans[i].live))
			return -ENODEV;
	nd->nr_wanted = n;
	return vsc_net_dev_queues(nd);
}

static int tool_rxnfc(struct net_device *netdev, struct ethtool_rxnfc *info, u32 *rules)
{
	switch (info->cmd) {
	case ETHTOOL_GRXRINGS:
		info->data = netdev->real_num_rx_queues;
		return 0;
	case ETHTOOL_GRXFH:
		switch (info->flow_type) {
		case TCP_V4_FLOW:
		case TCP_V6_FLOW:
			info->data = RXH_IP_SRC | RXH_IP_DST | RXH_L4_B_0_1 | RXH_L4_B_2_3;
			return 0;
		case UDP_V4_FLOW:
		case UDP_V6_FLOW:
		case IPV4_FLOW:
		case IPV6_FLOW:
			info->data = RXH_IP_SRC | RXH_IP_DST;
			return 0;
		}
		info->data = 0;
		return 0;
	}
	return -EOPNOTSUPP;
}

static u32 tool_rxfh_indir_size(struct net_device *netdev)
{
	return vsc_net_of(netdev)->rss.table;
}

static u32 tool_rxfh_key_size(struct net_device *netdev)
{
	return vsc_net_of(netdev)->rss.table ? VSC_NET_RSS_KEY : 0;
}

static int tool_get_rxfh(struct net_device *netdev, struct ethtool_rxfh_param *rxfh)
{
	const struct vsc_net_dev *nd = vsc_net_of(netdev);
	u32 i;

	rxfh->hfunc = ETH_RSS_HASH_TOP;
	for (i = 0; rxfh->indir && i < nd->rss.table; i++)
		rxfh->indir[i] = nd->table[i];
	if (rxfh->key)
		memcpy(rxfh->key, nd->key, VSC_NET_RSS_KEY);
	return 0;
}

static int tool_set_rxfh(struct net_device *netdev, struct ethtool_rxfh_param *rxfh,
			 struct netlink_ext_ack *extack)
{
	struct vsc_net_dev *nd = vsc_net_of(netdev);
	u16 table[VSC_NET_RSS_MAX_TABLE];
	u8 key[VSC_NET_RSS_KEY];
	u32 i;
	int ret;

	if (!nd->rss.table ||
	    (rxfh->hfunc != ETH_RSS_HASH_NO_CHANGE && rxfh->hfunc != ETH_RSS_HASH_TOP))
		return -EOPNOTSUPP;
	for (i = 0; rxfh->indir && i < nd->rss.table; i++)
		if (rxfh->indir[i] >= netdev->real_num_rx_queues)
			return -EINVAL;
	memcpy(table, nd->table, sizeof(table));
	memcpy(key, nd->key, sizeof(key));
	for (i = 0; rxfh->indir && i < nd->rss.table; i++)
		nd->table[i] = rxfh->indir[i];
	if (rxfh->key)
		memcpy(nd->key, rxfh->key, VSC_NET_RSS_KEY);
	ret = vsc_net_setup_rss(nd);
	if (ret) {
		memcpy(nd->table, table, sizeof(table));
		memcpy(nd->key, key, sizeof(key));
	}
	return ret;
}

static int tool_get_coalesce(struct net_device *netdev, struct ethtool_coalesce *c,
			     struct kernel_ethtool_coalesce *kernel,
			     struct netlink_ext_ack *extack)
{
	c->rx_coalesce_usecs = vsc_net_of(netdev)->coalesce_us;
	return 0;
}

static int tool_set_coalesce(struct net_device *netdev, struct ethtool_coalesce *c,
			     struct kernel_ethtool_coalesce *kernel,
			     struct netlink_ext_ack *extack)
{
	if (c->rx_coalesce_usecs > VSC_NET_MAX_COALESCE_US) {
		NL_SET_ERR_MSG_FMT(extack, "rx-usecs is at most %u", VSC_NET_MAX_COALESCE_US);
		return -EINVAL;
	}
	WRITE_ONCE(vsc_net_of(netdev)->coalesce_us, c->rx_coalesce_usecs);
	return 0;
}

const struct ethtool_ops vsc_net_ethtool_ops = {
	.supported_coalesce_params = ETHTOOL_COALESCE_RX_USECS,
	.get_drvinfo		= tool_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_link_ksettings	= tool_link_ksettings,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_sset_count		= tool_sset_count,
	.get_strings		= tool_strings,
	.get_ethtool_stats	= tool_stats,
	.get_channels		= tool_get_channels,
	.set_channels		= tool_set_channels,
	.get_rxnfc		= tool_rxnfc,
	.get_rxfh_indir_size	= tool_rxfh_indir_size,
	.get_rxfh_key_size	= tool_rxfh_key_size,
	.get_rxfh		= tool_get_rxfh,
	.set_rxfh		= tool_set_rxfh,
	.get_coalesce		= tool_get_coalesce,
	.set_coalesce		= tool_set_coalesce,
};
