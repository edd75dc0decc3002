/* SPDX-License-Identifier: GPL-2.0-only */
/* Virtual switches, which are bridges, and their ports. */
#ifndef VMBCTL_SWITCH_H
#define VMBCTL_SWITCH_H

#include "host_change.h"
#include "network.h"

/**
 * struct switch_vlans - the VLANs that a port is to have
 * @given: it is to have these, and else those that it gets by itself
 * @native: of what has no tag, or 0
 * @tagged: others
 */
struct switch_vlans {
	bool given;
	unsigned int native;
	struct vlan_set tagged;
};

void switch_join(struct change *c, const struct network_link *sw, bool private,
		 const char *port, const struct switch_vlans *vlans);
void switch_set_vlans(struct change *c, const char *port, const struct switch_vlans *vlans);

#endif /* VMBCTL_SWITCH_H */
