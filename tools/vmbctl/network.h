/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's network, as ip(8), bridge(8) and configfs say: interfaces, the
 * bridges among them, and the NICs of partitions. Nothing else is known.
 */
#ifndef VMBCTL_NETWORK_H
#define VMBCTL_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "vlan.h"

struct json;
struct network_nic;

/**
 * struct network_link - an interface of this network namespace
 * @name: of it
 * @mac: its address, or NULL
 * @mtu: in bytes
 * @up: it is
 * @carrier: there is somebody at the other end
 * @master: name of what it is part of, or NULL
 * @bridge: it is one
 * @filtering: of a bridge: it heeds VLANs
 * @port: it is a port of a bridge
 * @state: of a port: forwarding and the like
 * @address: with prefix lengths; those that work on this link only are left out
 * @nr_addresses: how many
 * @native: VLAN of what has no tag when it comes in, or 0
 * @tagged: VLANs it is in, but for those in @untagged
 * @untagged: VLANs whose tag is taken off when it goes out
 * @nic: it is the host's end of this NIC, or NULL
 */
struct network_link {
	char *name;
	char *mac;
	unsigned int mtu;
	bool up;
	bool carrier;
	char *master;
	bool bridge;
	bool filtering;
	bool port;
	char *state;
	char **address;
	int nr_addresses;
	unsigned int native;
	struct vlan_set tagged;
	struct vlan_set untagged;
	const struct network_nic *nic;
};

/**
 * struct network_nic - a NIC of a partition
 * @partition: its name
 * @name: of its directory
 * @dir: the directory
 * @bound: a VMM has the partition
 * @enabled: offered to the guest
 * @state: as configfs has it
 * @ifname: of the host's end
 * @mac: the guest's address
 * @mtu: in bytes
 * @spoofing: the guest may use other addresses
 * @link: the host's end, or NULL when that is not in this network namespace
 */
struct network_nic {
	char *partition;
	char *name;
	char *dir;
	bool bound;
	bool enabled;
	char *state;
	char *ifname;
	char *mac;
	uint64_t mtu;
	bool spoofing;
	struct network_link *link;
};

/**
 * struct network - all of it
 * @link: in the kernel's order
 * @nr_links: how many
 * @nic: by partition and name
 * @nr_nics: how many
 */
struct network {
	struct network_link *link;
	int nr_links;
	struct network_nic *nic;
	int nr_nics;
};

int network_read(struct network *net);
void network_free(struct network *net);
struct network_link *network_find_link(const struct network *net, const char *name);
struct network_link *network_find_switch(const struct network *net, const char *name);
struct network_nic *network_find_nic(const struct network *net, const char *partition,
				     const char *name);
bool network_has_host(const struct network_link *sw);
const char *network_type(const struct network *net, const struct network_link *sw);
void network_json_vlans(struct json *j, const struct network_link *port);
char *network_vlan_text(const struct network_link *port, bool filtering);
void network_each_switch(void (*each)(const char *name, const char *arg), const char *arg);
void network_each_link(void (*each)(const char *name, const char *arg), const char *arg);

#endif /* VMBCTL_NETWORK_H */
