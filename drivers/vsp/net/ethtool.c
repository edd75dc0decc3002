// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ethtool shows of a NIC's end on the host.
 */
#include <linux/ethtool.h>

#include "net.h"

static void dev_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "vsp_net");
	strscpy(info->bus_info, vsp_net_dev_nic(dev)->name);
}

static int dev_get_ksettings(struct net_device *dev, struct ethtool_link_ksettings *ks)
{
	ethtool_link_ksettings_zero_link_mode(ks, supported);
	ethtool_link_ksettings_zero_link_mode(ks, advertising);
	ks->base.speed = vsp_net_dev_nic(dev)->speed;
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
	STAT(nomem_in), STAT(frames_out), STAT(bytes_out), STAT(rsc_out),
	STAT(control_out), STAT(filtered), STAT(too_long), STAT(stops), STAT(full),
	STAT(bad_completions),
#undef STAT
};

static_assert(sizeof(struct vsp_net_stats) == ARRAY_SIZE(dev_stats) * sizeof(u64));

/* all of them, then those of each queue */
static int dev_get_sset_count(struct net_device *dev, int set)
{
	return set == ETH_SS_STATS ? (1 + dev->real_num_tx_queues) * ARRAY_SIZE(dev_stats) :
	       -EOPNOTSUPP;
}

static void dev_get_strings(struct net_device *dev, u32 set, u8 *data)
{
	unsigned int i, queue;

	if (set != ETH_SS_STATS)
		return;
	for (i = 0; i < ARRAY_SIZE(dev_stats); i++)
		ethtool_puts(&data, dev_stats[i].name);
	for (queue = 0; queue < dev->real_num_tx_queues; queue++)
		for (i = 0; i < ARRAY_SIZE(dev_stats); i++)
			ethtool_sprintf(&data, "queue%u_%s", queue, dev_stats[i].name);
}

static u64 stat_of(const struct vsp_net_queue *queue, size_t offset)
{
	return READ_ONCE(*(const u64 *)((const void *)&queue->stats + offset));
}

/**
 * vsp_net_stats_sum - a counter of all queues
 * @nic: the NIC
 * @offset: of it in &struct vsp_net_stats
 *
 * Context: any.
 * Return: the sum.
 */
u64 vsp_net_stats_sum(const struct vsp_net_nic *nic, size_t offset)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < VSP_NET_MAX_QUEUES; i++)
		sum += stat_of(&nic->queue[i], offset);
	return sum;
}

static void dev_get_ethtool_stats(struct net_device *dev, struct ethtool_stats *stats,
				  u64 *data)
{
	const struct vsp_net_nic *nic = vsp_net_dev_nic(dev);
	unsigned int i, queue;

	for (i = 0; i < ARRAY_SIZE(dev_stats); i++)
		*data++ = vsp_net_stats_sum(nic, dev_stats[i].offset);
	for (queue = 0; queue < dev->real_num_tx_queues; queue++)
		for (i = 0; i < ARRAY_SIZE(dev_stats); i++)
			*data++ = stat_of(&nic->queue[queue], dev_stats[i].offset);
}

/* How many is the guest's choice. */
static void dev_get_channels(struct net_device *dev, struct ethtool_channels *channels)
{
	channels->max_combined = VSP_NET_MAX_QUEUES;
	channels->combined_count = dev->real_num_tx_queues;
}

const struct ethtool_ops vsp_net_ethtool_ops = {
	.get_drvinfo		= dev_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_link_ksettings	= dev_get_ksettings,
	.get_channels		= dev_get_channels,
	.get_sset_count		= dev_get_sset_count,
	.get_strings		= dev_get_strings,
	.get_ethtool_stats	= dev_get_ethtool_stats,
};
