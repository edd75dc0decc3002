// SPDX-License-Identifier: GPL-2.0-only
/* vmbctl list: a line for each partition. */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "host.h"
#include "json.h"
#include "text.h"

static int disks(const struct host_partition *p)
{
	int i, n = 0;

	for (i = 0; i < p->nr_devices; i++)
		n += p->device[i].nr_luns;
	return n;
}

static void print_json(const struct host *host)
{
	struct json j = { .file = stdout };
	int i;

	json_open(&j, NULL, '{');
	json_open(&j, "partitions", '[');
	for (i = 0; i < host->nr; i++) {
		const struct host_partition *p = &host->partition[i];

		json_open(&j, NULL, '{');
		json_string(&j, "name", p->name);
		json_string(&j, "state", p->state);
		json_string(&j, "version", p->version);
		json_u64(&j, "uid", p->uid);
		json_u64(&j, "gid", p->gid);
		json_u64(&j, "devices", p->nr_devices);
		json_u64(&j, "luns", disks(p));
		if (p->counted)
			json_u64(&j, "channels", p->nr_channels);
		else
			json_null(&j, "channels");
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
}

static void print_text(const struct host *host)
{
	int i;

	if (!host->nr) {
		puts("There is no partition. 'mkdir /sys/kernel/config/vmb/NAME' makes one.");
		return;
	}
	printf("%-9s %-7s %5s %5s %8s %5s  %s\n", "STATE", "VERSION", "UID", "DEVS",
	       "CHANNELS", "LUNS", "PARTITION");
	for (i = 0; i < host->nr; i++) {
		const struct host_partition *p = &host->partition[i];
		char channels[TEXT_MAX] = "-", *name = text_name(p->name);

		if (p->counted)
			snprintf(channels, sizeof(channels), "%d", p->nr_channels);
		printf("%-9s %-7s %5llu %5d %8s %5d  %s\n", p->state, p->version ?: "-",
		       (unsigned long long)p->uid, p->nr_devices, channels, disks(p), name);
		free(name);
	}
}

/**
 * list_run - vmbctl list
 * @args: what was given
 *
 * Return: an exit code.
 */
int list_run(const struct args *args)
{
	struct host host;
	int ret = host_read(&host, NULL);

	if (ret)
		return ret;
	if (args->json) {
		print_json(&host);
	} else {
		print_text(&host);
		host_warn_uncounted(&host);
	}
	host_free(&host);
	return EXIT_SUCCESS;
}
