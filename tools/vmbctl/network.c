// SPDX-License-Identifier: GPL-2.0-only
/* Reading the host's network. */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_change.h"
#include "command.h"
#include "host.h"
#include "network.h"
#include "record.h"
#include "util.h"

/* What a program of iproute2 prints as JSON, which is nothing for an empty list. */
static struct json_object *read_json(const char *const *words)
{
	char *text = change_output(words);
	struct json_object *list;

	if (!text)
		return NULL;
	if (text[strspn(text, "\n ")])
		list = json_tokener_parse(text);
	else
		list = json_object_new_array();
	if (!json_object_is_type(list, json_type_array)) {
		warnx("'%s' did not print a list in JSON: is it that of iproute2?", words[0]);
		json_object_put(list);
		list = NULL;
	}
	free(text);
	return list;
}

/* What is not there, or not what it should be, is an empty list, 0 or no text. */

static struct json_object *get(const struct json_object *object, const char *key)
{
	return json_object_object_get(object, key);
}

static size_t length(const struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

static const char *get_text(struct json_object *object, const char *key)
{
	struct json_object *value = get(object, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static int64_t get_number(const struct json_object *object, const char *key)
{
	struct json_object *value = get(object, key);

	return json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : 0;
}

static char *copy_of(struct json_object *object, const char *key)
{
	const char *text = get_text(object, key);

	return text ? xstrdup(text) : NULL;
}

static bool is_text(struct json_object *object, const char *key, const char *text)
{
	const char *value = get_text(object, key);

	return value && !strcmp(value, text);
}

static bool has_word(const struct json_object *list, const char *word)
{
	struct json_object *item;
	size_t i;

	for (i = 0; i < length(list); i++) {
		item = json_object_array_get_idx(list, i);
		if (json_object_is_type(item, json_type_string) &&
		    !strcmp(json_object_get_string(item), word))
			return true;
	}
	return false;
}

static void read_addresses(struct network_link *link, const struct json_object *list)
{
	const char *local;
	struct json_object *item;
	size_t i;

	for (i = 0; i < length(list); i++) {
		item = json_object_array_get_idx(list, i);
		local = get_text(item, "local");
		if (!local || is_text(item, "scope", "link"))
			continue;
		*array_add(link->address, link->nr_addresses) =
			xasprintf("%s/%lld", local, (long long)get_number(item, "prefixlen"));
	}
}

static int read_links(struct network *net)
{
	static const char *const words[] = { "ip", "-details", "-json", "address", "show", NULL };
	struct json_object *list = read_json(words);
	struct json_object *item, *info, *flags;
	struct network_link *link;
	size_t i;

	if (!list)
		return EXIT_FAILED;
	for (i = 0; i < length(list); i++) {
		item = json_object_array_get_idx(list, i);
		/* iproute2 leaves empty objects for what it filters */
		if (!get_text(item, "ifname"))
			continue;
		link = array_add(net->link, net->nr_links);
		flags = get(item, "flags");
		info = get(item, "linkinfo");
		link->name = copy_of(item, "ifname");
		link->mac = copy_of(item, "address");
		link->mtu = get_number(item, "mtu");
		link->up = has_word(flags, "UP");
		link->carrier = has_word(flags, "LOWER_UP");
		link->master = copy_of(item, "master");
		link->bridge = is_text(info, "info_kind", "bridge");
		link->filtering = link->bridge &&
				  get_number(get(info, "info_data"), "vlan_filtering");
		link->port = is_text(info, "info_slave_kind", "bridge");
		if (link->port)
			link->state = copy_of(get(info, "info_slave_data"), "state");
		read_addresses(link, get(item, "addr_info"));
	}
	json_object_put(list);
	return 0;
}

static void read_vlan(struct network_link *link, const struct json_object *item)
{
	int64_t first = get_number(item, "vlan"), last = get_number(item, "vlanEnd") ?: first;
	const struct json_object *flags = get(item, "flags");

	if (first < VLAN_MIN || last < first || last > VLAN_MAX)
		return;
	vlan_add(has_word(flags, "Egress Untagged") ? &link->untagged : &link->tagged,
		 first, last);
	if (has_word(flags, "PVID"))
		link->native = first;
}

static int read_vlans(struct network *net)
{
	static const char *const words[] = { "bridge", "-json", "vlan", "show", NULL };
	struct json_object *list = read_json(words);
	struct network_link *link;
	struct json_object *item, *vlans;
	const char *name;
	size_t i, k;

	if (!list)
		return EXIT_FAILED;
	for (i = 0; i < length(list); i++) {
		item = json_object_array_get_idx(list, i);
		name = get_text(item, "ifname");
		link = name ? network_find_link(net, name) : NULL;
		vlans = get(item, "vlans");
		for (k = 0; link && k < length(vlans); k++)
			read_vlan(link, json_object_array_get_idx(vlans, k));
	}
	json_object_put(list);
	return 0;
}

/*
 * The host's end has the guest's address but for the first byte. There may be
 * another interface of that name here, and the right one elsewhere.
 */
static bool is_end_of(const struct network_link *link, const struct network_nic *nic)
{
	return link->mac && strlen(nic->mac) > 2 && !strcmp(link->mac + 2, nic->mac + 2);
}

static bool is_one(const char *dir, const char *name)
{
	char *line = read_line(dir, name);
	bool one = line && !strcmp(line, "1");

	free(line);
	return one;
}

static char *line_or_empty(const char *dir, const char *name)
{
	return read_line(dir, name) ?: xstrdup("");
}

static void read_nic(struct network *net, const struct host_partition *p, const char *name)
{
	struct network_nic *nic = array_add(net->nic, net->nr_nics);
	char *config = host_config_dir(), *mtu;

	nic->partition = xstrdup(p->name);
	nic->name = xstrdup(name);
	nic->dir = xasprintf("%s/%s/%s", config, p->name, name);
	nic->bound = strcmp(p->state, "free");
	nic->enabled = is_one(nic->dir, "enable");
	nic->state = line_or_empty(nic->dir, "state");
	nic->ifname = line_or_empty(nic->dir, "ifname");
	nic->mac = line_or_empty(nic->dir, "mac");
	nic->spoofing = is_one(nic->dir, "mac_spoofing");
	mtu = line_or_empty(nic->dir, "mtu");
	if (!record_u64(mtu, &nic->mtu))
		nic->mtu = 0;
	free(mtu);
	free(config);
}

/* Without the modules there are no NICs, and still there are bridges. */
static int read_nics(struct network *net)
{
	char *config = host_config_dir();
	bool there = !access(config, F_OK);
	struct host host;
	int ret, i, k;

	free(config);
	if (!there)
		return 0;
	ret = host_read(&host, NULL);
	for (i = 0; !ret && i < host.nr; i++)
		for (k = 0; k < host.partition[i].nr_devices; k++)
			if (!strncmp(host.partition[i].device[k].name, "net.", 4))
				read_nic(net, &host.partition[i], host.partition[i].device[k].name);
	host_free(&host);
	return ret;
}

/**
 * network_read - read all there is
 * @net: filled; to be freed even if this fails
 *
 * Return: 0 or an exit code, when it has been said what is wrong.
 */
int network_read(struct network *net)
{
	struct network_link *link;
	int ret, i;

	*net = (struct network){};
	ret = read_links(net);
	if (!ret)
		ret = read_vlans(net);
	if (!ret)
		ret = read_nics(net);
	/* no array grows any more */
	for (i = 0; i < net->nr_nics; i++) {
		link = net->nic[i].enabled ? network_find_link(net, net->nic[i].ifname) : NULL;
		if (!link || !is_end_of(link, &net->nic[i]))
			continue;
		net->nic[i].link = link;
		link->nic = &net->nic[i];
	}
	return ret;
}

/**
 * network_free - free what network_read() has read
 * @net: it
 */
void network_free(struct network *net)
{
	int i, k;

	for (i = 0; i < net->nr_links; i++) {
		struct network_link *link = &net->link[i];

		for (k = 0; k < link->nr_addresses; k++)
			free(link->address[k]);
		free(link->address);
		free(link->name);
		free(link->mac);
		free(link->master);
		free(link->state);
	}
	for (i = 0; i < net->nr_nics; i++) {
		struct network_nic *nic = &net->nic[i];

		free(nic->partition);
		free(nic->name);
		free(nic->dir);
		free(nic->state);
		free(nic->ifname);
		free(nic->mac);
	}
	free(net->link);
	free(net->nic);
	*net = (struct network){};
}

/**
 * network_find_link - an interface by its name
 * @net: as read
 * @name: of it
 *
 * Return: it or NULL.
 */
struct network_link *network_find_link(const struct network *net, const char *name)
{
	int i;

	for (i = 0; i < net->nr_links; i++)
		if (!strcmp(net->link[i].name, name))
			return &net->link[i];
	return NULL;
}

/**
 * network_find_switch - a bridge by its name
 * @net: as read
 * @name: of it
 *
 * Return: it or NULL, when it has been said that there is none.
 */
struct network_link *network_find_switch(const struct network *net, const char *name)
{
	struct network_link *link = network_find_link(net, name);

	if (link && link->bridge)
		return link;
	if (link)
		warnx("%s is no switch: 'vmbctl switch list' shows those there are", name);
	else
		warnx("there is no switch '%s': 'vmbctl switch list' shows those there are", name);
	return NULL;
}

/**
 * network_find_nic - a NIC by its names
 * @net: as read
 * @partition: name of its partition
 * @name: of it there
 *
 * Return: it or NULL, when it has been said that there is none.
 */
struct network_nic *network_find_nic(const struct network *net, const char *partition,
				     const char *name)
{
	int i;

	for (i = 0; i < net->nr_nics; i++)
		if (!strcmp(net->nic[i].partition, partition) && !strcmp(net->nic[i].name, name))
			return &net->nic[i];
	warnx("partition '%s' has no NIC '%s': 'vmbctl nic list' shows those there are",
	      partition, name);
	return NULL;
}

static bool is_empty(const struct vlan_set *set)
{
	unsigned int first, last = 0;

	return !vlan_next(set, &first, &last);
}

/**
 * network_has_host - whether the host has a port of its own
 * @sw: a switch
 *
 * A bridge that heeds VLANs takes from its own interface, and gives to it, only what
 * is in a VLAN that the bridge itself is in.
 */
bool network_has_host(const struct network_link *sw)
{
	return !sw->filtering || !is_empty(&sw->tagged) || !is_empty(&sw->untagged);
}

/**
 * network_type - what a switch is, by what it connects
 * @net: as read
 * @sw: a switch
 *
 * Return: external, internal or private.
 */
const char *network_type(const struct network *net, const struct network_link *sw)
{
	int i;

	for (i = 0; i < net->nr_links; i++) {
		const struct network_link *port = &net->link[i];

		if (port->port && !port->nic && port->master && !strcmp(port->master, sw->name))
			return "external";
	}
	return network_has_host(sw) ? "internal" : "private";
}

/* For completion, which may not take long: no program is run. */
static void each_link(void (*each)(const char *name, const char *arg), const char *arg,
		      const char *below)
{
	char *dir = host_net_dir(), *path;
	struct dirent **list;
	int n, i;

	n = scandir(dir, &list, NULL, versionsort);
	for (i = 0; i < n; i++) {
		path = xasprintf("%s/%s/%s", dir, list[i]->d_name, below);
		if (list[i]->d_name[0] != '.' && !access(path, F_OK))
			each(list[i]->d_name, arg);
		free(path);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	free(dir);
}

/**
 * network_each_switch - say the names of all bridges
 * @each: called with each
 * @arg: its second argument
 */
void network_each_switch(void (*each)(const char *name, const char *arg), const char *arg)
{
	each_link(each, arg, "bridge");
}

/**
 * network_each_link - say the names of all interfaces
 * @each: called with each
 * @arg: its second argument
 */
void network_each_link(void (*each)(const char *name, const char *arg), const char *arg)
{
	each_link(each, arg, "ifindex");
}
