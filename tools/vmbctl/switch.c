// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbctl switch create and delete, and what makes an interface a port. A switch is
 * a Linux bridge, and all there is to know about it is in the kernel.
 */
#include <err.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "switch.h"
#include "util.h"

enum { TYPE, UPLINK, ADDRESS, FILTERING, DRY_RUN, VERBOSE };

const struct command_option switch_create_options[] = {
	[TYPE] = { "type", 't', "TYPE", "external internal private",
		   "what it connects, internal unless given" },
	[UPLINK] = { "uplink", 'u', "DEV", NULL, "of an external one: to the network" },
	[ADDRESS] = { "address", 'a', "ADDRESS,...", NULL,
		      "the host's, with prefix lengths" },
	[FILTERING] = { "vlan-filtering", 0, NULL, NULL, "ports may have VLANs" },
	[DRY_RUN] = CHANGE_DRY_RUN_OPTION,
	[VERBOSE] = CHANGE_VERBOSE_OPTION,
	{ }
};

enum { DELETE_DRY_RUN, DELETE_VERBOSE };

const struct command_option switch_delete_options[] = {
	[DELETE_DRY_RUN] = CHANGE_DRY_RUN_OPTION,
	[DELETE_VERBOSE] = CHANGE_VERBOSE_OPTION,
	{ }
};

/*
 * Groups that no bridge forwards but on demand, all but that of PAUSE, which none
 * does: otherwise they go to whoever is on the host's end of the port.
 */
#define FORWARD_ALL	"0xfffd"
/* what an uplink is to be in, beside 1 */
#define OTHER_VLANS	"2-4094"

/**
 * switch_set_vlans - give a port its VLANs, and no others
 * @c: how
 * @port: name of its interface
 * @vlans: them
 */
void switch_set_vlans(struct change *c, const char *port, const struct switch_vlans *vlans)
{
	unsigned int first, last = 0;
	char id[24];

	change_do(c, "bridge", "vlan", "del", "dev", port, "vid", "1-4094");
	while (vlan_next(&vlans->tagged, &first, &last)) {
		if (first == last)
			snprintf(id, sizeof(id), "%u", first);
		else
			snprintf(id, sizeof(id), "%u-%u", first, last);
		change_do(c, "bridge", "vlan", "add", "dev", port, "vid", id);
	}
	if (vlans->native) {
		snprintf(id, sizeof(id), "%u", vlans->native);
		change_do(c, "bridge", "vlan", "add", "dev", port, "vid", id, "pvid", "untagged");
	}
}

/**
 * switch_join - make the host's end of a NIC a port, and bring it up
 * @c: how
 * @sw: the switch
 * @private: the host is not to hear anything
 * @port: name of the interface
 * @vlans: of it
 */
void switch_join(struct change *c, const struct network_link *sw, bool private,
		 const char *port, const struct switch_vlans *vlans)
{
	/* a port has no use for an address, and would announce one to the guest */
	change_do(c, "ip", "link", "set", "dev", port, "addrgenmode", "none");
	change_do(c, "ip", "link", "set", "dev", port, "master", sw->name);
	if (private)
		change_do(c, "ip", "link", "set", "dev", port, "type", "bridge_slave",
			  "group_fwd_mask", FORWARD_ALL);
	if (vlans->given)
		switch_set_vlans(c, port, vlans);
	change_do(c, "ip", "link", "set", "dev", port, "up");
}

static bool options_fit(const struct args *args, const char *type)
{
	bool external = !strcmp(type, "external");

	if (external && !args->value[UPLINK]) {
		warnx("an external switch goes to a network: give --uplink");
		return false;
	}
	if (!external && args->value[UPLINK]) {
		warnx("--uplink is for external switches: give --type external, too");
		return false;
	}
	if (!strcmp(type, "private") && args->value[ADDRESS]) {
		warnx("the host has no port on a private switch");
		fprintf(stderr, "Leave --address out, or give --type internal.\n");
		return false;
	}
	return true;
}

/* What becomes a port has no addresses any more that anybody could reach. */
static int uplink_fits(const struct network *net, const char *name)
{
	const struct network_link *link = network_find_link(net, name);

	if (!link) {
		warnx("there is no interface '%s': 'ip link' shows those there are", name);
		return EXIT_ABSENT;
	}
	if (link->bridge || link->nic) {
		warnx("%s is %s, which is no uplink", name, link->bridge ? "a switch" :
		      "the host's end of a NIC");
		return EXIT_USAGE;
	}
	if (link->master) {
		warnx("%s is part of %s: 'ip link set dev %s nomaster' takes it out", name,
		      link->master, name);
		return EXIT_FAILED;
	}
	if (link->nr_addresses) {
		warnx("%s has the address %s, where nobody would reach the host any more", name,
		      link->address[0]);
		fprintf(stderr, "'ip address del %s dev %s', and give --address to the switch.\n",
			link->address[0], name);
		return EXIT_FAILED;
	}
	return 0;
}

static bool name_fits(const char *name)
{
	size_t len = strlen(name);

	/* as the kernel has it */
	if (len && len < IFNAMSIZ && strcmp(name, ".") && strcmp(name, "..") &&
	    len == strcspn(name, "/: \t\n%"))
		return true;
	warnx("'%s' is no name of an interface: give up to %d characters without / : %% and blanks",
	      name, IFNAMSIZ - 1);
	return false;
}

/*
 * A bridge has the least of its ports' addresses unless it is given one, and that
 * changes as NICs come and go. Of an external one it is the uplink's for good.
 */
static void random_mac(char *text, size_t size)
{
	unsigned char b[4];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		err(EXIT_FAILED, "no random numbers");
	snprintf(text, size, "02:76:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3]);
}

static void add_addresses(struct change *c, const char *name, const char *list)
{
	char *copy = xstrdup(list), *p = copy, *word;

	while ((word = strsep(&p, ",")))
		change_do(c, "ip", "address", "add", word, "dev", name);
	free(copy);
}

static void create(struct change *c, const struct args *args, const char *type,
		   const struct network *net)
{
	const char *name = args->operand[0], *uplink = args->value[UPLINK];
	bool private = !strcmp(type, "private");
	bool filtering = private || args->value[FILTERING];
	struct change undo = *c;
	char mac[18];

	if (uplink)
		snprintf(mac, sizeof(mac), "%s", network_find_link(net, uplink)->mac ?: "");
	else
		random_mac(mac, sizeof(mac));
	change_do(c, "ip", "link", "add", "name", name, "address", mac, "type", "bridge",
		  filtering ? "vlan_filtering" : NULL, "1");
	if (c->failed)
		return;
	if (private) {
		/* in no VLAN, the bridge takes nothing from the host and gives it nothing */
		change_do(c, "bridge", "vlan", "del", "dev", name, "vid", "1-4094", "self");
		change_do(c, "ip", "link", "set", "dev", name, "addrgenmode", "none");
	}
	if (uplink) {
		change_do(c, "ip", "link", "set", "dev", uplink, "master", name);
		if (filtering)
			change_do(c, "bridge", "vlan", "add", "dev", uplink, "vid", OTHER_VLANS);
		change_do(c, "ip", "link", "set", "dev", uplink, "up");
	}
	if (args->value[ADDRESS])
		add_addresses(c, name, args->value[ADDRESS]);
	change_do(c, "ip", "link", "set", "dev", name, "up");
	if (c->failed)
		change_do(&undo, "ip", "link", "delete", "dev", name, "type", "bridge");
}

/**
 * switch_create_run - vmbctl switch create
 * @args: what was given
 *
 * Return: an exit code.
 */
int switch_create_run(const struct args *args)
{
	struct change c = { .dry = args->value[DRY_RUN], .verbose = args->value[VERBOSE] };
	const char *name = args->operand[0], *type = args->value[TYPE] ?: "internal";
	struct network net;
	int ret;

	if (!options_fit(args, type) || !name_fits(name))
		return EXIT_USAGE;
	ret = network_read(&net);
	if (!ret && network_find_link(&net, name)) {
		warnx("there is an interface '%s': 'ip link show dev %s' says what it is", name,
		      name);
		ret = EXIT_FAILED;
	}
	if (!ret && args->value[UPLINK])
		ret = uplink_fits(&net, args->value[UPLINK]);
	if (!ret) {
		create(&c, args, type, &net);
		ret = c.failed ? EXIT_FAILED : 0;
	}
	network_free(&net);
	if (ret || c.dry || !args->json)
		return ret;
	return switch_show_run(args);
}

/**
 * switch_delete_run - vmbctl switch delete
 * @args: what was given
 *
 * Return: an exit code.
 */
int switch_delete_run(const struct args *args)
{
	struct change c = {
		.dry = args->value[DELETE_DRY_RUN],
		.verbose = args->value[DELETE_VERBOSE],
	};
	const char *name = args->operand[0];
	struct network net;
	int ret, i;

	ret = network_read(&net);
	if (!ret && !network_find_switch(&net, name))
		ret = EXIT_ABSENT;
	for (i = 0; !ret && i < net.nr_nics; i++) {
		const struct network_nic *nic = &net.nic[i];

		if (!nic->link || !nic->link->master || strcmp(nic->link->master, name))
			continue;
		warnx("%s of partition '%s' is on it", nic->name, nic->partition);
		fprintf(stderr, "'vmbctl nic remove' or 'vmbctl nic set --switch' first.\n");
		ret = EXIT_FAILED;
	}
	if (!ret) {
		change_do(&c, "ip", "link", "delete", "dev", name, "type", "bridge");
		ret = c.failed ? EXIT_FAILED : 0;
	}
	network_free(&net);
	return ret;
}
