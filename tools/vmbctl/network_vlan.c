// SPDX-License-Identifier: GPL-2.0-only
/* Printing the VLANs of a port. */
#include <stdlib.h>

#include "json.h"
#include "network.h"
#include "util.h"

static void json_set(struct json *j, const char *key, const struct vlan_set *set,
		     unsigned int except)
{
	struct vlan_set rest = *set;
	unsigned int first, last = 0;

	rest.word[except / 64] &= ~(1ULL << except % 64);
	json_open(j, key, '[');
	while (vlan_next(&rest, &first, &last)) {
		json_open(j, NULL, '{');
		json_u64(j, "first", first);
		json_u64(j, "last", last);
		json_close(j, '}');
	}
	json_close(j, ']');
}

/**
 * network_json_vlans - the VLANs of a port
 * @j: to write to
 * @port: it, or the bridge itself
 */
void network_json_vlans(struct json *j, const struct network_link *port)
{
	bool native = port->native && vlan_has(&port->untagged, port->native);

	json_open(j, "vlans", '{');
	if (port->native)
		json_u64(j, "native", port->native);
	else
		json_null(j, "native");
	json_set(j, "tagged", &port->tagged, 0);
	json_set(j, "untagged", &port->untagged, native ? port->native : 0);
	json_close(j, '}');
}

/**
 * network_vlan_text - the VLANs of a port, for people
 * @port: it
 * @filtering: the bridge heeds them
 *
 * Return: to be freed: "10" for an access port, "20-29 native 10" for a trunk, "all"
 * where nobody looks at them, "none".
 */
char *network_vlan_text(const struct network_link *port, bool filtering)
{
	struct vlan_set others = port->untagged;
	char *tagged, *untagged, *text;

	if (!filtering)
		return xstrdup("all");
	if (port->native)
		others.word[port->native / 64] &= ~(1ULL << port->native % 64);
	tagged = vlan_text(&port->tagged);
	untagged = vlan_text(&others);
	if (port->native && !*tagged && !*untagged)
		text = xasprintf("%u", port->native);
	else if (port->native)
		text = xasprintf("%s%s%s%s%snative %u", tagged, *tagged ? " " : "",
				 *untagged ? "untagged " : "", untagged, *untagged ? " " : "",
				 port->native);
	else
		text = xasprintf("%s%s%s", *tagged || *untagged ? tagged : "none",
				 *untagged ? " untagged " : "", untagged);
	free(tagged);
	free(untagged);
	return text;
}
