// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netdev of a guest that is this kernel.
 */
#include <kunit/test.h>
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

/* What ethtool -S shows: returns how many. Free both. */
static int nic_counters(struct net_device *dev, u8 **names, u64 **values)
{
	const struct ethtool_ops *ops = dev->ethtool_ops;
	int nr = ops->get_sset_count(dev, ETH_SS_STATS);

	*names = kvcalloc(nr, ETH_GSTRING_LEN, GFP_KERNEL);
	*values = kvcalloc(nr, sizeof(**values), GFP_KERNEL);
	if (!*names || !*values)
		return 0;
	ops->get_strings(dev, ETH_SS_STATS, *names);
	ops->get_ethtool_stats(dev, NULL, *values);
	return nr;
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
	u64 *values, value = U64_MAX;
	u8 *names;
	int i, nr;

	nr = nic_counters(dev, &names, &values);
	for (i = 0; i < nr && value == U64_MAX; i++)
		if (!strcmp(names + i * ETH_GSTRING_LEN, name))
			value = values[i];
	kvfree(names);
	kvfree(values);
	return value;
}

/**
 * nic_show() - log all of what ethtool -S shows, but for zeroes
 * @test: that has failed
 * @dev: the netdev
 */
void nic_show(struct kunit *test, struct net_device *dev)
{
	struct rtnl_link_stats64 all;
	u64 *values;
	u8 *names;
	int i, nr;

	nr = nic_counters(dev, &names, &values);
	for (i = 0; i < nr; i++)
		if (values[i])
			kunit_info(test, "%s: %.*s %llu", dev->name, ETH_GSTRING_LEN,
				   names + i * ETH_GSTRING_LEN, values[i]);
	kunit_info(test, "%s: dropped %llu", dev->name, dev_get_stats(dev, &all)->tx_dropped);
	kvfree(names);
	kvfree(values);
}
