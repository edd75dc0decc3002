// SPDX-License-Identifier: GPL-2.0-only
/* vmbctl switch list and show. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "json.h"
#include "network.h"
#include "text.h"
#include "util.h"

static bool is_port_of(const struct network_link *port, const struct network_link *sw)
{
	return port->port && port->master && !strcmp(port->master, sw->name);
}

static void json_port(struct json *j, const struct network_link *port)
{
	json_open(j, NULL, '{');
	json_string(j, "interface", port->name);
	json_string(j, "kind", port->nic ? "nic" : "uplink");
	json_string(j, "partition", port->nic ? port->nic->partition : NULL);
	json_string(j, "nic", port->nic ? port->nic->name : NULL);
	json_bool(j, "up", port->up);
	json_bool(j, "carrier", port->carrier);
	json_string(j, "state", port->state);
	json_u64(j, "mtu", port->mtu);
	network_json_vlans(j, port);
	json_close(j, '}');
}

static void json_switch(struct json *j, const struct network *net, const struct network_link *sw)
{
	int i;

	json_open(j, NULL, '{');
	json_string(j, "name", sw->name);
	json_string(j, "type", network_type(net, sw));
	json_bool(j, "host", network_has_host(sw));
	json_bool(j, "up", sw->up);
	json_u64(j, "mtu", sw->mtu);
	json_string(j, "mac", sw->mac);
	json_bool(j, "vlan_filtering", sw->filtering);
	network_json_vlans(j, sw);
	json_open(j, "addresses", '[');
	for (i = 0; i < sw->nr_addresses; i++)
		json_string(j, NULL, sw->address[i]);
	json_close(j, ']');
	json_open(j, "ports", '[');
	for (i = 0; i < net->nr_links; i++)
		if (is_port_of(&net->link[i], sw))
			json_port(j, &net->link[i]);
	json_close(j, ']');
	json_close(j, '}');
}

static void list_json(const struct network *net)
{
	struct json j = { .file = stdout };
	int i;

	json_open(&j, NULL, '{');
	json_open(&j, "switches", '[');
	for (i = 0; i < net->nr_links; i++)
		if (net->link[i].bridge)
			json_switch(&j, net, &net->link[i]);
	json_close(&j, ']');
	json_close(&j, '}');
}

/* Names of the uplinks, - for none; to be freed. */
static char *uplinks(const struct network *net, const struct network_link *sw)
{
	char *text = xstrdup(""), *old;
	int i;

	for (i = 0; i < net->nr_links; i++) {
		const struct network_link *port = &net->link[i];

		if (!is_port_of(port, sw) || port->nic)
			continue;
		old = text;
		text = xasprintf("%s%s%s", old, *old ? "," : "", port->name);
		free(old);
	}
	if (*text)
		return text;
	free(text);
	return xstrdup("-");
}

static int nics(const struct network *net, const struct network_link *sw)
{
	int i, n = 0;

	for (i = 0; i < net->nr_nics; i++)
		n += net->nic[i].link && is_port_of(net->nic[i].link, sw);
	return n;
}

static void list_text(const struct network *net)
{
	bool any = false;
	char *text;
	int i;

	for (i = 0; i < net->nr_links; i++) {
		const struct network_link *sw = &net->link[i];

		if (!sw->bridge)
			continue;
		if (!any)
			printf("%-15s %-8s %-4s %-5s %5s %5s %4s  %s\n", "SWITCH", "TYPE", "HOST",
			       "STATE", "VLANS", "MTU", "NICS", "UPLINKS");
		any = true;
		text = uplinks(net, sw);
		printf("%-15s %-8s %-4s %-5s %5s %5u %4d  %s\n", sw->name, network_type(net, sw),
		       network_has_host(sw) ? "yes" : "no", sw->up ? "up" : "down",
		       sw->filtering ? "yes" : "no", sw->mtu, nics(net, sw), text);
		free(text);
	}
	if (!any)
		puts("There is no switch. 'vmbctl switch create NAME' makes one.");
}

static void show_port(const struct network_link *port, bool filtering)
{
	char *vlans = network_vlan_text(port, filtering), *partition, *nic;

	printf("  %-15s %-10s %-7s %5u  %-16s ", port->name,
	       port->up ? port->state ?: "-" : "down", port->carrier ? "yes" : "no",
	       port->mtu, vlans);
	free(vlans);
	if (!port->nic) {
		puts("uplink");
		return;
	}
	partition = text_name(port->nic->partition);
	nic = text_name(port->nic->name);
	printf("%s %s %s%s\n", partition, nic, port->nic->mac,
	       port->nic->spoofing ? ", may spoof" : "");
	free(partition);
	free(nic);
}

static void show_text(const struct network *net, const struct network_link *sw)
{
	bool any = false;
	char *vlans;
	int i;

	printf("Switch %s: %s\n", sw->name, network_type(net, sw));
	printf("  state    %s, MTU %u\n", sw->up ? "up" : "down: nothing is forwarded", sw->mtu);
	printf("  VLANs    %s\n", sw->filtering ? "heeded" : "not heeded");
	if (network_has_host(sw)) {
		vlans = network_vlan_text(sw, sw->filtering);
		printf("  host     %s, VLANs %s\n", sw->mac ?: "-", vlans);
		free(vlans);
		for (i = 0; i < sw->nr_addresses; i++)
			printf("           %s\n", sw->address[i]);
	} else {
		puts("  host     has no port");
	}
	puts("\nPorts");
	for (i = 0; i < net->nr_links; i++) {
		if (!is_port_of(&net->link[i], sw))
			continue;
		if (!any)
			printf("  %-15s %-10s %-7s %5s  %-16s %s\n", "INTERFACE", "STATE",
			       "CARRIER", "MTU", "VLANS", "OF");
		any = true;
		show_port(&net->link[i], sw->filtering);
	}
	if (!any)
		puts("  none");
}

/**
 * switch_list_run - vmbctl switch list
 * @args: what was given
 *
 * Return: an exit code.
 */
int switch_list_run(const struct args *args)
{
	struct network net;
	int ret = network_read(&net);

	if (!ret && args->json)
		list_json(&net);
	else if (!ret)
		list_text(&net);
	network_free(&net);
	return ret;
}

/**
 * switch_show_run - vmbctl switch show
 * @args: what was given
 *
 * Return: an exit code.
 */
int switch_show_run(const struct args *args)
{
	struct json j = { .file = stdout };
	const struct network_link *sw;
	struct network net;
	int ret = network_read(&net);

	sw = ret ? NULL : network_find_switch(&net, args->operand[0]);
	if (sw && args->json)
		json_switch(&j, &net, sw);
	else if (sw)
		show_text(&net, sw);
	network_free(&net);
	return sw ? 0 : ret ?: EXIT_ABSENT;
}
