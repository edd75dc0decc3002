// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which channel a frame to the guest goes by: a hash of its addresses and ports
 * with the guest's key, and the guest's table.
 */
#include <kunit/visibility.h>
#include <linux/if_ether.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/ip.h>

#include "net.h"

static u32 input_add(u8 *input, u32 len, const void *data, u32 n)
{
	memcpy(input + len, data, n);
	return len + n;
}

static u32 input_ports(u8 *input, u32 len, const struct sk_buff *skb, u32 at)
{
	__be16 buf[2];
	const void *ports = skb_header_pointer(skb, at, sizeof(buf), buf);

	return ports ? input_add(input, len, ports, sizeof(buf)) : len;
}

/**
 * vsp_net_steer_hash - the hash of a frame
 * @set: what the guest has set
 * @skb: the frame, from its Ethernet header on
 * @hash: set to it
 *
 * Context: any.
 * Return: false when the guest does not want frames of this kind hashed.
 */
bool vsp_net_steer_hash(const struct vsp_net_settings *set, const struct sk_buff *skb,
			u32 *hash)
{
	const struct vlan_ethhdr *eth;
	u32 types = set->rss.types, at = ETH_HLEN, len = 0;
	u8 input[VSP_NET_RSS_INPUT];
	struct vlan_ethhdr eth_buf;
	struct ipv6hdr ip6_buf;
	struct iphdr ip_buf;
	__be16 type;

	/* nothing that is hashed is shorter */
	eth = skb_header_pointer(skb, 0, sizeof(eth_buf), &eth_buf);
	if (!eth)
		return false;
	type = eth->h_vlan_proto;
	if (eth_type_vlan(type)) {
		type = eth->h_vlan_encapsulated_proto;
		at = VLAN_ETH_HLEN;
	}
	if (type == htons(ETH_P_IP)) {
		const struct iphdr *ip = skb_header_pointer(skb, at, sizeof(ip_buf), &ip_buf);

		if (!ip || !(types & (VMB_NDIS_HASH_IPV4 | VMB_NDIS_HASH_TCP_IPV4)))
			return false;
		len = input_add(input, len, &ip->saddr, 8);
		/* of fragments only the first has ports */
		if (types & VMB_NDIS_HASH_TCP_IPV4 && ip->protocol == IPPROTO_TCP &&
		    !ip_is_fragment(ip))
			len = input_ports(input, len, skb, at + ip->ihl * 4);
		if (len == 8 && !(types & VMB_NDIS_HASH_IPV4))
			return false;
	} else if (type == htons(ETH_P_IPV6)) {
		const struct ipv6hdr *ip6 = skb_header_pointer(skb, at, sizeof(ip6_buf),
							       &ip6_buf);
		u32 ip_types = VMB_NDIS_HASH_IPV6 | VMB_NDIS_HASH_IPV6_EX;
		u32 tcp_types = VMB_NDIS_HASH_TCP_IPV6 | VMB_NDIS_HASH_TCP_IPV6_EX;

		if (!ip6 || !(types & (ip_types | tcp_types)))
			return false;
		len = input_add(input, len, &ip6->saddr, 32);
		if (types & tcp_types && ip6->nexthdr == IPPROTO_TCP)
			len = input_ports(input, len, skb, at + sizeof(*ip6));
		if (len == 32 && !(types & ip_types))
			return false;
	} else {
		return false;
	}
	*hash = vsp_net_toeplitz_hash(&set->toeplitz, input, len);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_net_steer_hash);
/* compiled in userspace, too, where it stands */
EXPORT_SYMBOL_IF_KUNIT(vsp_net_toeplitz_init);
