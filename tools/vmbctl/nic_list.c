// SPDX-License-Identifier: GPL-2.0-only
/* vmbctl nic list. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "host.h"
#include "json.h"
#include "network.h"
#include "text.h"
#include "util.h"

static const struct network_link *switch_of(const struct network *net,
					    const struct network_nic *nic)
{
	if (!nic->link || !nic->link->port || !nic->link->master)
		return NULL;
	return network_find_link(net, nic->link->master);
}

static void json_nic(struct json *j, const struct network *net, const struct network_nic *nic)
{
	const struct network_link *sw = switch_of(net, nic);

	json_open(j, NULL, '{');
	json_string(j, "partition", nic->partition);
	json_string(j, "name", nic->name);
	json_bool(j, "enabled", nic->enabled);
	json_string(j, "state", nic->state);
	json_string(j, "mac", nic->mac);
	json_u64(j, "mtu", nic->mtu);
	json_bool(j, "spoofing", nic->spoofing);
	json_string(j, "interface", nic->enabled ? nic->ifname : NULL);
	/* the interface is in this network namespace */
	json_bool(j, "here", nic->link);
	json_string(j, "switch", sw ? sw->name : NULL);
	if (sw && sw->filtering)
		network_json_vlans(j, nic->link);
	else
		json_null(j, "vlans");
	json_close(j, '}');
}

static void list_json(const struct network *net, const char *only)
{
	struct json j = { .file = stdout };
	int i;

	json_open(&j, NULL, '{');
	json_open(&j, "nics", '[');
	for (i = 0; i < net->nr_nics; i++)
		if (!only || !strcmp(only, net->nic[i].partition))
			json_nic(&j, net, &net->nic[i]);
	json_close(&j, ']');
	json_close(&j, '}');
}

static void print_nic(const struct network *net, const struct network_nic *nic)
{
	const struct network_link *sw = switch_of(net, nic);
	char *vlans = sw ? network_vlan_text(nic->link, sw->filtering) : xstrdup("-");
	char *partition = text_name(nic->partition), *name = text_name(nic->name);
	const char *at = sw ? sw->name : "-";

	if (nic->enabled && !nic->link)
		at = "(elsewhere)";
	printf("%-15s %-15s %-10s %-17s %5llu %-5s %-12s %s %s\n", nic->enabled ? nic->ifname : "-",
	       at, vlans, nic->mac, (unsigned long long)nic->mtu, nic->spoofing ? "yes" : "no",
	       nic->state, partition, name);
	free(partition);
	free(name);
	free(vlans);
}

static void list_text(const struct network *net, const char *only)
{
	bool any = false;
	int i;

	for (i = 0; i < net->nr_nics; i++) {
		if (only && strcmp(only, net->nic[i].partition))
			continue;
		if (!any)
			printf("%-15s %-15s %-10s %-17s %5s %-5s %-12s %s\n", "INTERFACE",
			       "SWITCH", "VLANS", "MAC", "MTU", "SPOOF", "STATE", "NIC");
		any = true;
		print_nic(net, &net->nic[i]);
	}
	if (!any)
		puts("There is no NIC. 'vmbctl nic add PARTITION net.0 -s SWITCH' makes one.");
}

/**
 * nic_print - one NIC as JSON
 * @partition: name of its partition
 * @name: of it there
 *
 * Return: an exit code.
 */
int nic_print(const char *partition, const char *name)
{
	struct json j = { .file = stdout };
	const struct network_nic *nic;
	struct network net;
	int ret = network_read(&net);

	nic = ret ? NULL : network_find_nic(&net, partition, name);
	if (nic)
		json_nic(&j, &net, nic);
	network_free(&net);
	return nic ? 0 : ret ?: EXIT_ABSENT;
}

/**
 * nic_list_run - vmbctl nic list
 * @args: what was given
 *
 * Return: an exit code.
 */
int nic_list_run(const struct args *args)
{
	const char *only = args->nr ? args->operand[0] : NULL;
	char *config = host_config_dir();
	char *dir = xasprintf("%s/%s", config, only ?: "");
	struct network net = {};
	int ret = 0;

	if (access(config, F_OK)) {
		warnx("%s is not there: 'modprobe vsp_net' loads the host's modules", config);
		ret = EXIT_ABSENT;
	} else if (access(dir, F_OK)) {
		warnx("there is no partition '%s': 'vmbctl list' shows those there are", only);
		ret = EXIT_ABSENT;
	}
	if (!ret)
		ret = network_read(&net);
	if (!ret && args->json)
		list_json(&net, only);
	else if (!ret)
		list_text(&net, only);
	network_free(&net);
	free(dir);
	free(config);
	return ret;
}
