// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbctl nic add, remove and set: a directory of configfs, whose interface becomes a
 * port of a switch.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "record.h"
#include "switch.h"
#include "util.h"

enum {
	SWITCH, MAC, MTU, VLAN, TRUNK, NATIVE, SPOOFING, DRY_RUN, VERBOSE,
	/* of either verb one more */
	IFNAME, RESTART = IFNAME
};

#define NIC_OPTIONS							\
	[SWITCH] = { "switch", 's', "SWITCH", NULL, "where its interface becomes a port" }, \
	[MAC] = { "mac", 'm', "ADDRESS", NULL, "the guest's" },		\
	[MTU] = { "mtu", 0, "BYTES", NULL, "68 to 9216" },		\
	[VLAN] = { "vlan", 0, "ID", NULL, "an access port: the guest sees no tags" }, \
	[TRUNK] = { "trunk", 0, "LIST", NULL,				\
		    "VLANs that the guest tags itself, as in 10,20-29" }, \
	[NATIVE] = { "native", 0, "ID", NULL, "of a trunk: VLAN of what has no tag" }, \
	[SPOOFING] = { "spoofing", 0, "on|off", "on off",		\
		       "the guest may use other addresses than its own" }, \
	[DRY_RUN] = CHANGE_DRY_RUN_OPTION,				\
	[VERBOSE] = CHANGE_VERBOSE_OPTION

const struct command_option nic_add_options[] = {
	NIC_OPTIONS,
	[IFNAME] = { "ifname", 'i', "NAME", NULL, "of the interface, vmb0 and so on unless given" },
	{ }
};

const struct command_option nic_set_options[] = {
	NIC_OPTIONS,
	[RESTART] = { "restart", 0, NULL, NULL, "take it from the guest for a moment" },
	{ }
};

enum { REMOVE_DRY_RUN, REMOVE_VERBOSE };

const struct command_option nic_remove_options[] = {
	[REMOVE_DRY_RUN] = CHANGE_DRY_RUN_OPTION,
	[REMOVE_VERBOSE] = CHANGE_VERBOSE_OPTION,
	{ }
};

/* as drivers/vsp/net has them */
#define MIN_MTU	68
#define MAX_MTU	9216

static bool mac_fits(const char *text)
{
	unsigned int b[6], i, all = 0;
	int end = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4],
		   &b[5], &end) == 6 && strlen(text) == 17 && end == 17 && !(b[0] & 1)) {
		for (i = 0; i < 6; i++)
			all |= b[i];
		if (all)
			return true;
	}
	warnx("--mac is '%s': give an address such as 02:00:00:00:00:01, not that of a group",
	      text);
	return false;
}

static bool mtu_fits(const char *text)
{
	uint64_t n;

	if (record_u64(text, &n) && n >= MIN_MTU && n <= MAX_MTU)
		return true;
	warnx("--mtu is '%s': give a number from %d to %d", text, MIN_MTU, MAX_MTU);
	return false;
}

static bool parse_id(const struct args *args, int which, unsigned int *id)
{
	if (!args->value[which] || vlan_parse_id(args->value[which], id))
		return true;
	warnx("--%s is '%s': give a VLAN from %d to %d", nic_add_options[which].name,
	      args->value[which], VLAN_MIN, VLAN_MAX);
	return false;
}

/* What can be said about the options without a look at the host. */
static bool parse(const struct args *args, struct switch_vlans *vlans)
{
	const char *trunk = args->value[TRUNK];

	*vlans = (struct switch_vlans){ .given = args->value[VLAN] || trunk };
	if (args->value[VLAN] && (trunk || args->value[NATIVE])) {
		warnx("--vlan makes an access port, --trunk a trunk: give one of both");
		return false;
	}
	if (args->value[NATIVE] && !trunk) {
		warnx("--native is for trunks: give --trunk, too");
		return false;
	}
	if (!parse_id(args, VLAN, &vlans->native) || !parse_id(args, NATIVE, &vlans->native))
		return false;
	if (trunk && !vlan_parse_list(trunk, &vlans->tagged)) {
		warnx("--trunk is '%s': give VLANs from %d to %d, as in 10,20-29", trunk,
		      VLAN_MIN, VLAN_MAX);
		return false;
	}
	if (trunk && vlans->native && vlan_has(&vlans->tagged, vlans->native)) {
		warnx("VLAN %u cannot have a tag and none: leave it out of --trunk or --native",
		      vlans->native);
		return false;
	}
	return (!args->value[MAC] || mac_fits(args->value[MAC])) &&
	       (!args->value[MTU] || mtu_fits(args->value[MTU]));
}

/* The switch that is asked for, if it can do what is asked for. */
static int find_switch(const struct network *net, const char *name,
		       const struct switch_vlans *vlans, const struct network_link **sw)
{
	*sw = name ? network_find_switch(net, name) : NULL;
	if (name && !*sw)
		return EXIT_ABSENT;
	if (!vlans->given)
		return 0;
	if (!*sw) {
		warnx("VLANs are the switch's matter: give --switch");
		return EXIT_USAGE;
	}
	if ((*sw)->filtering)
		return 0;
	warnx("%s does not heed VLANs: 'ip link set dev %s type bridge vlan_filtering 1' makes it",
	      name, name);
	return EXIT_FAILED;
}

/* Attributes that can be changed only while the NIC is disabled. */
static void write_attributes(struct change *c, const char *dir, const struct args *args)
{
	if (args->value[MAC])
		change_write(c, dir, "mac", args->value[MAC]);
	if (args->value[MTU])
		change_write(c, dir, "mtu", args->value[MTU]);
	if (args->value[SPOOFING])
		change_write(c, dir, "mac_spoofing",
			     strcmp(args->value[SPOOFING], "on") ? "0" : "1");
}

static char *later_or_now(const struct change *c, const char *dir)
{
	char *name = c->dry ? NULL : read_line(dir, "ifname");

	return name ?: change_later(dir, "ifname");
}

/* What somebody without a switch does with the interface is up to them. */
static void join(struct change *c, const struct network_link *sw, const char *ifname,
		 const struct switch_vlans *vlans)
{
	if (sw)
		switch_join(c, sw, !network_has_host(sw), ifname, vlans);
}

static void add(struct change *c, const struct args *args, const char *dir,
		const struct network_link *sw, const struct switch_vlans *vlans)
{
	struct change undo = *c;
	char *ifname;

	change_mkdir(c, dir);
	if (c->failed)
		return;
	write_attributes(c, dir, args);
	if (args->value[IFNAME])
		change_write(c, dir, "ifname", args->value[IFNAME]);
	change_write(c, dir, "enable", "1");
	if (!c->failed) {
		ifname = later_or_now(c, dir);
		join(c, sw, ifname, vlans);
		free(ifname);
	}
	if (c->failed)
		change_rmdir(&undo, dir);
}

static bool is_new(const struct network *net, const char *partition, const char *name)
{
	int i;

	for (i = 0; i < net->nr_nics; i++)
		if (!strcmp(net->nic[i].partition, partition) && !strcmp(net->nic[i].name, name))
			return false;
	return true;
}

/**
 * nic_add_run - vmbctl nic add
 * @args: what was given
 *
 * Return: an exit code.
 */
int nic_add_run(const struct args *args)
{
	struct change c = { .dry = args->value[DRY_RUN], .verbose = args->value[VERBOSE] };
	const char *partition = args->operand[0], *name = args->operand[1];
	char *config = host_config_dir(), *dir = xasprintf("%s/%s", config, partition);
	char *nic_dir = xasprintf("%s/%s", dir, name);
	const struct network_link *sw = NULL;
	struct switch_vlans vlans;
	struct network net = {};
	int ret = 0;

	if (!parse(args, &vlans)) {
		ret = EXIT_USAGE;
	} else if (strncmp(name, "net.", 4) || !name[4] || strchr(name, '/')) {
		warnx("'%s' is no name of a NIC: give one such as net.0", name);
		ret = EXIT_USAGE;
	} else if (access(dir, F_OK)) {
		warnx("there is no partition '%s': 'mkdir %s' makes one", partition, dir);
		ret = EXIT_ABSENT;
	}
	if (!ret)
		ret = network_read(&net);
	if (!ret && !is_new(&net, partition, name)) {
		warnx("partition '%s' has a NIC '%s': 'vmbctl nic set' changes it", partition,
		      name);
		ret = EXIT_FAILED;
	}
	if (!ret)
		ret = find_switch(&net, args->value[SWITCH], &vlans, &sw);
	if (!ret) {
		add(&c, args, nic_dir, sw, &vlans);
		ret = c.failed ? EXIT_FAILED : 0;
	}
	network_free(&net);
	free(nic_dir);
	free(dir);
	free(config);
	if (ret || c.dry || !args->json)
		return ret;
	return nic_print(partition, name);
}

/**
 * nic_remove_run - vmbctl nic remove
 * @args: what was given
 *
 * Return: an exit code.
 */
int nic_remove_run(const struct args *args)
{
	struct change c = {
		.dry = args->value[REMOVE_DRY_RUN],
		.verbose = args->value[REMOVE_VERBOSE],
	};
	const struct network_nic *nic;
	struct network net;
	int ret = network_read(&net);

	nic = ret ? NULL : network_find_nic(&net, args->operand[0], args->operand[1]);
	if (!ret && !nic)
		ret = EXIT_ABSENT;
	if (!ret) {
		/* its interface goes with it */
		change_rmdir(&c, nic->dir);
		ret = c.failed ? EXIT_FAILED : 0;
	}
	network_free(&net);
	return ret;
}

/* A port as it was, for an interface that is made anew. */
static struct switch_vlans vlans_of(const struct network_link *port)
{
	struct switch_vlans vlans = {
		.given = true,
		.native = port->native,
		.tagged = port->tagged,
	};
	unsigned int first, last = 0;

	/* only the native one is without a tag, where this program had a say */
	while (vlan_next(&port->untagged, &first, &last))
		vlan_add(&vlans.tagged, first, last);
	if (port->native)
		vlans.tagged.word[port->native / 64] &= ~(1ULL << port->native % 64);
	return vlans;
}

static bool may_restart(const struct network_nic *nic, bool allowed)
{
	if (nic->bound && !allowed) {
		warnx("mac, mtu and spoofing change while the guest does not see the NIC");
		fprintf(stderr, "Give --restart to take it away for a moment.\n");
		return false;
	}
	if (!nic->link) {
		warnx("interface %s is in another network namespace, and would not get back",
		      nic->ifname);
		fprintf(stderr, "'echo 0 > %s/enable', and do this again.\n", nic->dir);
		return false;
	}
	if (nic->link->nr_addresses || (nic->link->master && !nic->link->port)) {
		warnx("interface %s has %s, which would be lost: take that away first", nic->ifname,
		      nic->link->nr_addresses ? "addresses" : "a master that is no bridge");
		return false;
	}
	return true;
}

/* Whatever happens on the way, the guest gets its NIC back. */
static void restart(struct change *c, const struct args *args, const struct network_nic *nic,
		    const struct network_link *sw, const struct switch_vlans *vlans)
{
	struct change back = *c;

	change_write(c, nic->dir, "enable", "0");
	if (c->failed)
		return;
	write_attributes(c, nic->dir, args);
	/* it may have been a pattern, or have been renamed */
	change_write(&back, nic->dir, "ifname", nic->ifname);
	change_write(&back, nic->dir, "enable", "1");
	if (sw)
		join(&back, sw, nic->ifname, vlans);
	else if (nic->link->up)
		change_do(&back, "ip", "link", "set", "dev", nic->ifname, "up");
	c->failed |= back.failed;
}

static int set(struct change *c, const struct args *args, const struct network *net,
	       const struct network_nic *nic, struct switch_vlans *vlans)
{
	bool attributes = args->value[MAC] || args->value[MTU] || args->value[SPOOFING];
	const char *at = nic->link && nic->link->port ? nic->link->master : NULL;
	const struct network_link *sw;
	int ret;

	ret = find_switch(net, args->value[SWITCH] ?: at, vlans, &sw);
	if (ret)
		return ret;
	if ((args->value[SWITCH] || vlans->given) && !nic->link) {
		warnx(nic->enabled ? "interface %s is in another network namespace" :
		      "the NIC is disabled, so there is no interface %s: 'echo 1 > %s/enable' first",
		      nic->ifname, nic->dir);
		return EXIT_FAILED;
	}
	if (attributes && nic->enabled) {
		if (!may_restart(nic, args->value[RESTART]))
			return EXIT_FAILED;
		if (!vlans->given && sw && sw->filtering && at && !strcmp(at, sw->name))
			*vlans = vlans_of(nic->link);
		restart(c, args, nic, sw, vlans);
		return 0;
	}
	write_attributes(c, nic->dir, args);
	if (args->value[SWITCH])
		join(c, sw, nic->ifname, vlans);
	else if (vlans->given)
		switch_set_vlans(c, nic->ifname, vlans);
	return 0;
}

/**
 * nic_set_run - vmbctl nic set
 * @args: what was given
 *
 * Return: an exit code.
 */
int nic_set_run(const struct args *args)
{
	struct change c = { .dry = args->value[DRY_RUN], .verbose = args->value[VERBOSE] };
	const char *partition = args->operand[0], *name = args->operand[1];
	const struct network_nic *nic;
	struct switch_vlans vlans;
	struct network net;
	bool any = false;
	int ret, i;

	for (i = SWITCH; i <= SPOOFING; i++)
		any |= !!args->value[i];
	if (!any) {
		warnx("what is to change? 'vmbctl nic set --help' shows what can");
		return EXIT_USAGE;
	}
	if (!parse(args, &vlans))
		return EXIT_USAGE;
	ret = network_read(&net);
	nic = ret ? NULL : network_find_nic(&net, partition, name);
	if (!ret && !nic)
		ret = EXIT_ABSENT;
	if (!ret)
		ret = set(&c, args, &net, nic, &vlans);
	if (!ret && c.failed)
		ret = EXIT_FAILED;
	network_free(&net);
	if (ret || c.dry || !args->json)
		return ret;
	return nic_print(partition, name);
}
