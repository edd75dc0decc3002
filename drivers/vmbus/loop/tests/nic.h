/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites of NICs share: the guest's netdev, found and looked at.
 */
#ifndef VMB_LOOP_TESTS_NIC_H
#define VMB_LOOP_TESTS_NIC_H

#include <linux/netdevice.h>
#include <linux/types.h>
#include <net/sch_generic.h>

struct kunit;

struct net_device *nic_get(void);
bool nic_there(void);
int nic_up(struct net_device *dev);
u64 nic_counter(struct net_device *dev, const char *name);
void nic_show(struct kunit *test, struct net_device *dev);

/* It has a carrier, and what is sent is not dropped any more. */
static inline bool nic_ready(const struct net_device *dev)
{
	return netif_carrier_ok(dev) && !qdisc_tx_is_noop(dev);
}

#endif /* VMB_LOOP_TESTS_NIC_H */
