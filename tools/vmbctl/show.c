// SPDX-License-Identifier: GPL-2.0-only
/* vmbctl show: all there is to say about a partition. */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "host.h"
#include "json.h"
#include "text.h"

static void json_lun(struct json *j, const struct host_lun *lun)
{
	json_open(j, NULL, '{');
	json_u64(j, "lun", lun->number);
	json_string(j, "path", lun->path);
	json_bool(j, "enabled", lun->enabled);
	json_string(j, "state", lun->state);
	json_u64(j, "size", lun->size);
	json_u64(j, "block_size", lun->block_size);
	if (lun->counted) {
		json_open(j, "counters", '{');
		json_u64(j, "commands", lun->commands);
		json_u64(j, "reads", lun->reads);
		json_u64(j, "read_bytes", lun->read_bytes);
		json_u64(j, "writes", lun->writes);
		json_u64(j, "write_bytes", lun->write_bytes);
		json_u64(j, "flushes", lun->flushes);
		json_u64(j, "errors", lun->errors);
		json_close(j, '}');
	} else {
		json_null(j, "counters");
	}
	json_close(j, '}');
}

static void json_device(struct json *j, const struct host_device *dev)
{
	int i;

	json_open(j, NULL, '{');
	json_string(j, "name", dev->name);
	json_bool(j, "enabled", dev->enabled);
	json_string(j, "state", dev->state);
	json_string(j, "instance_id", dev->instance);
	json_open(j, "luns", '[');
	for (i = 0; i < dev->nr_luns; i++)
		json_lun(j, &dev->lun[i]);
	json_close(j, ']');
	json_close(j, '}');
}

static void json_channel(struct json *j, const struct host_channel *ch)
{
	json_open(j, NULL, '{');
	json_u64(j, "relid", ch->relid);
	json_string(j, "device", ch->device);
	json_u64(j, "index", ch->index);
	json_string(j, "state", ch->state);
	if (ch->vp >= 0)
		json_u64(j, "vp", ch->vp);
	else
		json_null(j, "vp");
	json_string(j, "place", ch->place);
	json_bool(j, "broken", ch->broken);
	json_u64(j, "kicks", ch->kicks);
	json_u64(j, "polls_vcpu", ch->polls_vcpu);
	json_u64(j, "polls_worker", ch->polls_worker);
	json_u64(j, "packets", ch->packets);
	json_u64(j, "completions", ch->completions);
	json_u64(j, "interrupts", ch->interrupts);
	json_u64(j, "ring_full", ch->ring_full);
	json_u64(j, "naps", ch->naps);
	if (ch->stored) {
		json_u64(j, "in_flight", ch->in_flight);
		json_u64(j, "bytes", ch->bytes);
	} else {
		json_null(j, "in_flight");
		json_null(j, "bytes");
	}
	json_close(j, '}');
}

static void print_json(const struct host_partition *p)
{
	struct json j = { .file = stdout };
	int i;

	json_open(&j, NULL, '{');
	json_string(&j, "name", p->name);
	json_string(&j, "state", p->state);
	json_string(&j, "version", p->version);
	json_string(&j, "max_version", p->max_version);
	json_u64(&j, "uid", p->uid);
	json_u64(&j, "gid", p->gid);
	json_open(&j, "devices", '[');
	for (i = 0; i < p->nr_devices; i++)
		json_device(&j, &p->device[i]);
	json_close(&j, ']');
	if (p->counted) {
		json_open(&j, "channels", '[');
		for (i = 0; i < p->nr_channels; i++)
			json_channel(&j, &p->channel[i]);
		json_close(&j, ']');
	} else {
		json_null(&j, "channels");
	}
	json_close(&j, '}');
}

static void print_lun(const struct host_lun *lun)
{
	char size[TEXT_MAX], *path = text_name(lun->path), *state = text_name(lun->state);

	printf("  lun.%-3u %9s in %llu-byte blocks, %s: %s\n", lun->number,
	       text_bytes(size, lun->size), (unsigned long long)lun->block_size,
	       *path ? path : "no device", state);
	if (lun->counted) {
		char n[5][TEXT_MAX];

		printf("          %s reads of %s, %s writes of %s, %llu flushes, %llu errors\n",
		       text_count(n[0], lun->reads), text_bytes(n[1], lun->read_bytes),
		       text_count(n[2], lun->writes), text_bytes(n[3], lun->write_bytes),
		       (unsigned long long)lun->flushes, (unsigned long long)lun->errors);
	}
	free(path);
	free(state);
}

static void print_channels(const struct host_partition *p)
{
	char vp[TEXT_MAX], n[3][TEXT_MAX], *name;
	int i;

	printf("\nChannels\n");
	if (!p->nr_channels) {
		puts("  none: no guest has asked for them");
		return;
	}
	printf("  %5s %5s %-9s %4s %-6s %8s %8s %10s %6s  %s\n", "RELID", "INDEX", "STATE",
	       "VP", "PLACE", "PACKETS", "SIGNALS", "INTERRUPTS", "FULL", "DEVICE");
	for (i = 0; i < p->nr_channels; i++) {
		const struct host_channel *ch = &p->channel[i];

		snprintf(vp, sizeof(vp), ch->vp < 0 ? "-" : "%d", ch->vp);
		name = text_name(ch->device ?: "(gone)");
		printf("  %5llu %5llu %-9s %4s %-6s %8s %8s %10s %6llu  %s%s\n",
		       (unsigned long long)ch->relid, (unsigned long long)ch->index,
		       ch->state ?: "-", vp, ch->place ?: "-", text_count(n[0], ch->packets),
		       text_count(n[1], ch->kicks), text_count(n[2], ch->interrupts),
		       (unsigned long long)ch->ring_full, name,
		       ch->broken ? "  BROKEN by the guest: see the kernel's log" : "");
		free(name);
	}
}

static void print_text(const struct host_partition *p)
{
	char *name = text_name(p->name), *state;
	int i, k;

	printf("Partition %s\n", name);
	free(name);
	printf("  state    %s%s%s\n", p->state, p->version ? ", VMBus " : "", p->version ?: "");
	printf("  limit    VMBus %s\n", p->max_version);
	printf("  owner    uid %llu, gid %llu\n", (unsigned long long)p->uid,
	       (unsigned long long)p->gid);
	for (i = 0; i < p->nr_devices; i++) {
		const struct host_device *dev = &p->device[i];

		name = text_name(dev->name);
		state = text_name(dev->state);
		printf("\nDevice %s: %s\n", name, state);
		free(name);
		free(state);
		if (dev->instance)
			printf("  id      %s\n", dev->instance);
		for (k = 0; k < dev->nr_luns; k++)
			print_lun(&dev->lun[k]);
	}
	if (p->counted)
		print_channels(p);
}

/**
 * show_run - vmbctl show
 * @args: what was given
 *
 * Return: an exit code.
 */
int show_run(const struct args *args)
{
	struct host host;
	int ret = host_read(&host, args->operand[0]);

	if (ret) {
		host_free(&host);
		return ret;
	}
	if (args->json) {
		print_json(&host.partition[0]);
	} else {
		print_text(&host.partition[0]);
		host_warn_uncounted(&host);
	}
	host_free(&host);
	return EXIT_SUCCESS;
}
