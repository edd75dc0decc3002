/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of VLANs, as people and bridge(8) write them: 10,20-29. */
#ifndef VMBCTL_VLAN_H
#define VMBCTL_VLAN_H

#include <stdbool.h>
#include <stdint.h>

#define VLAN_MIN	1
#define VLAN_MAX	4094

/**
 * struct vlan_set - some VLANs
 * @word: a bit for each
 */
struct vlan_set {
	uint64_t word[64];
};

static inline bool vlan_has(const struct vlan_set *set, unsigned int id)
{
	return set->word[id / 64] >> id % 64 & 1;
}

void vlan_add(struct vlan_set *set, unsigned int first, unsigned int last);
bool vlan_next(const struct vlan_set *set, unsigned int *first, unsigned int *last);
bool vlan_parse_id(const char *text, unsigned int *id);
bool vlan_parse_list(const char *text, struct vlan_set *set);
char *vlan_text(const struct vlan_set *set);

#endif /* VMBCTL_VLAN_H */
