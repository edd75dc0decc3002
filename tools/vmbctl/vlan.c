// SPDX-License-Identifier: GPL-2.0-only
/* Sets of VLANs, as people and bridge(8) write them: 10,20-29. */
#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "vlan.h"

/**
 * vlan_add - add a range
 * @set: to add to
 * @first: from %VLAN_MIN
 * @last: up to %VLAN_MAX, and not less than @first
 */
void vlan_add(struct vlan_set *set, unsigned int first, unsigned int last)
{
	for (; first <= last; first++)
		set->word[first / 64] |= 1ULL << first % 64;
}

/**
 * vlan_next - the next range
 * @set: to look at
 * @first: set to its first
 * @last: where the last look ended, 0 for the first; set to its last
 *
 * Return: false when there is none.
 */
bool vlan_next(const struct vlan_set *set, unsigned int *first, unsigned int *last)
{
	unsigned int id = *last + 1;

	while (id <= VLAN_MAX && !vlan_has(set, id))
		id++;
	if (id > VLAN_MAX)
		return false;
	*first = id;
	while (id < VLAN_MAX && vlan_has(set, id + 1))
		id++;
	*last = id;
	return true;
}

static bool take_id(const char **text, unsigned int *id)
{
	unsigned int n = 0;
	const char *p = *text;

	while (*p >= '0' && *p <= '9' && n <= VLAN_MAX)
		n = n * 10 + *p++ - '0';
	if (p == *text || n < VLAN_MIN || n > VLAN_MAX)
		return false;
	*text = p;
	*id = n;
	return true;
}

/**
 * vlan_parse_id - one VLAN
 * @text: all of it is the number
 * @id: set if it is one
 */
bool vlan_parse_id(const char *text, unsigned int *id)
{
	unsigned int n;

	if (!take_id(&text, &n) || *text)
		return false;
	*id = n;
	return true;
}

/**
 * vlan_parse_list - VLANs and ranges of them
 * @text: with commas between them
 * @set: set if it is a list
 */
bool vlan_parse_list(const char *text, struct vlan_set *set)
{
	struct vlan_set found = {};
	unsigned int first, last;

	for (;;) {
		if (!take_id(&text, &first))
			return false;
		last = first;
		if (*text == '-') {
			text++;
			if (!take_id(&text, &last) || last < first)
				return false;
		}
		vlan_add(&found, first, last);
		if (!*text)
			break;
		if (*text++ != ',')
			return false;
	}
	*set = found;
	return true;
}

/**
 * vlan_text - what vlan_parse_list() takes
 * @set: to write
 *
 * Return: to be freed; empty when the set is.
 */
char *vlan_text(const struct vlan_set *set)
{
	unsigned int first, last = 0;
	char *text = xstrdup(""), *old;

	while (vlan_next(set, &first, &last)) {
		old = text;
		if (first == last)
			text = xasprintf("%s%s%u", old, *old ? "," : "", first);
		else
			text = xasprintf("%s%s%u-%u", old, *old ? "," : "", first, last);
		free(old);
	}
	return text;
}
