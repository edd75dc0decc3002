// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netdev of a guest that is this kernel.
 */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "nic.h"

/**
 * nic_get() - the guest's netdev
 *
 * Return: it, for dev_put(), or NULL.
 */
struct net_device *nic_get(void)
{
	struct net_device *dev, *found = NULL;

	rtnl_lock();
	for_each_netdev(&init_net, dev)
		if (dev->dev.parent && str_has_prefix(dev_name(dev->dev.parent), "loop-"))
			found = dev;
	if (found)
		dev_hold(found);
	rtnl_unlock();
	return found;
}

/**
 * nic_there() - has the guest a netdev?
 *
 * Return: true if it has.
 */
bool nic_there(void)
{
	struct net_device *dev = nic_get();

	if (dev)
		dev_put(dev);
	return dev;
}

/**
 * nic_up() - open a netdev
 * @dev: of either end
 *
 * Return: 0 or an errno.
 */
int nic_up(struct net_device *dev)
{
	int ret;

	rtnl_lock();
	ret = dev_open(dev, NULL);
	rtnl_unlock();
	return ret;
}

/**
 * nic_counter() - one of what ethtool -S shows
 * @dev: the netdev
 * @name: of the counter
 *
 * Return: its value; %U64_MAX if there is none of that name.
 */
u64 nic_counter(struct net_device *dev, const char *name)
{
	const struct ethtool_ops *ops = dev->ethtool_ops;
	int nr = ops->get_sset_count(dev, ETH_SS_STATS), i;
	u8 *names = kvcalloc(nr, ETH_GSTRING_LEN, GFP_KERNEL);
	u64 *values = kvcalloc(nr, sizeof(*values), GFP_KERNEL), value = U64_MAX;

	if (names && values) {
		ops->get_strings(dev, ETH_SS_STATS, names);
		ops->get_ethtool_stats(dev, NULL, values);
		for (i = 0; i < nr && value == U64_MAX; i++)
			if (!strcmp(names + i * ETH_GSTRING_LEN, name))
				value = values[i];
	}
	kvfree(names);
	kvfree(values);
	return value;
}
