// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading configfs and debugfs. Anything may go away while it is read: what is
 * gone is left out, and is no error.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "host.h"
#include "record.h"
#include "util.h"

/* /sys, or what stands for it in tests */
static const char *sys(void)
{
	return getenv("VMBCTL_SYS") ?: "/sys";
}

/**
 * host_config_dir - where partitions are
 *
 * Return: to be freed.
 */
char *host_config_dir(void)
{
	return xasprintf("%s/kernel/config/vmb", sys());
}

/**
 * host_net_dir - where interfaces are
 *
 * Return: to be freed.
 */
char *host_net_dir(void)
{
	return xasprintf("%s/class/net", sys());
}

static int is_dir(const struct dirent *e)
{
	return e->d_type == DT_DIR && strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
}

/* By name, lun.9 before lun.10. Returns how many; -1 and errno. */
static int scan(const char *dir, struct dirent ***list)
{
	return scandir(dir, list, is_dir, versionsort);
}

static char *line_or(const char *dir, const char *name, const char *other)
{
	return read_line(dir, name) ?: xstrdup(other);
}

static uint64_t number(const char *dir, const char *name)
{
	char *line = read_line(dir, name);
	uint64_t n = 0;

	if (line && !record_u64(line, &n))
		n = 0;
	free(line);
	return n;
}

static void read_lun(struct host_device *dev, const char *dir, const char *name)
{
	struct host_lun *lun;
	uint64_t n;
	char *path;

	if (strncmp(name, "lun.", 4) || !record_u64(name + 4, &n))
		return;
	path = xasprintf("%s/%s", dir, name);
	lun = array_add(dev->lun, dev->nr_luns);
	lun->number = n;
	lun->path = line_or(path, "device", "");
	lun->state = line_or(path, "state", "gone");
	lun->enabled = number(path, "enable");
	lun->size = number(path, "size");
	lun->block_size = number(path, "block_size");
	free(path);
}

static void read_device(struct host_partition *p, const char *dir, const char *name)
{
	struct host_device *dev = array_add(p->device, p->nr_devices);
	char *path = xasprintf("%s/%s", dir, name);
	struct dirent **list;
	int n, i;

	dev->name = xstrdup(name);
	dev->state = line_or(path, "state", "gone");
	dev->enabled = number(path, "enable");
	dev->instance = read_line(path, "instance_id");
	n = scan(path, &list);
	for (i = 0; i < n; i++) {
		read_lun(dev, path, list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	free(path);
}

static void set_text(char **text, const char *value)
{
	free(*text);
	*text = xstrdup(value);
}

/* Where to put the number that a key names, or NULL. */
struct slot {
	const char *key;
	uint64_t *number;
};

static void set_number(const struct slot *slot, const char *key, const char *value)
{
	for (; slot->key; slot++)
		if (!strcmp(slot->key, key)) {
			record_u64(value, slot->number);
			return;
		}
}

static void read_channel(struct host_partition *p, char *pairs)
{
	struct host_channel *ch = array_add(p->channel, p->nr_channels);
	uint64_t vp = UINT64_MAX, broken = 0;
	const struct slot slots[] = {
		{ "relid", &ch->relid }, { "index", &ch->index }, { "vp", &vp },
		{ "broken", &broken }, { "kicks", &ch->kicks },
		{ "polls_vcpu", &ch->polls_vcpu }, { "polls_worker", &ch->polls_worker },
		{ "packets", &ch->packets }, { "completions", &ch->completions },
		{ "interrupts", &ch->interrupts }, { "ring_full", &ch->ring_full },
		{ "naps", &ch->naps }, { }
	};
	char *key, *value;

	while (record_pair(&pairs, &key, &value)) {
		if (!strcmp(key, "device"))
			set_text(&ch->device, value);
		else if (!strcmp(key, "state"))
			set_text(&ch->state, value);
		else if (!strcmp(key, "place"))
			set_text(&ch->place, value);
		else
			set_number(slots, key, value);
	}
	ch->vp = vp > INT32_MAX ? -1 : (int)vp;
	ch->broken = broken;
}

static void read_partition_counters(struct host *host, struct host_partition *p)
{
	char *path = xasprintf("%s/kernel/debug/vmb/%s/counters", sys(), p->name);
	char *text = read_file(path), *left = text, *kind, *pairs;

	if (!text)
		host->uncounted = errno;
	free(path);
	if (!text)
		return;
	p->counted = true;
	while (record_next(&left, &kind, &pairs))
		if (!strcmp(kind, "channel"))
			read_channel(p, pairs);
	free(text);
}

static void read_histogram(struct host_channel *ch, char *list)
{
	char *word;

	ch->nr_buckets = 0;
	while ((word = strsep(&list, ",")) && ch->nr_buckets < HOST_MAX_BUCKETS)
		if (!record_u64(word, &ch->latency[ch->nr_buckets++]))
			return;
}

static void read_stor_channel(struct host_partition *p, const char *device, char *pairs)
{
	struct host_channel found = {}, *ch;
	char *key, *value;
	const struct slot slots[] = {
		{ "relid", &found.relid }, { "in_flight", &found.in_flight },
		{ "bytes", &found.bytes }, { "latency_ns", &found.latency_ns }, { }
	};
	int i;

	while (record_pair(&pairs, &key, &value)) {
		if (!strcmp(key, "latency_log2"))
			read_histogram(&found, value);
		else
			set_number(slots, key, value);
	}
	for (i = 0; i < p->nr_channels; i++) {
		ch = &p->channel[i];
		if (ch->relid != found.relid || !ch->device || strcmp(ch->device, device))
			continue;
		ch->stored = true;
		ch->in_flight = found.in_flight;
		ch->bytes = found.bytes;
		ch->latency_ns = found.latency_ns;
		memcpy(ch->latency, found.latency, sizeof(ch->latency));
		ch->nr_buckets = found.nr_buckets;
	}
}

static void read_stor_lun(struct host_device *dev, char *pairs)
{
	uint64_t n = UINT64_MAX;
	struct host_lun found = {}, *lun;
	const struct slot slots[] = {
		{ "number", &n }, { "commands", &found.commands },
		{ "reads", &found.reads }, { "read_bytes", &found.read_bytes },
		{ "writes", &found.writes }, { "write_bytes", &found.write_bytes },
		{ "flushes", &found.flushes }, { "errors", &found.errors }, { }
	};
	char *key, *value;
	int i;

	while (record_pair(&pairs, &key, &value))
		set_number(slots, key, value);
	for (i = 0; i < dev->nr_luns; i++) {
		lun = &dev->lun[i];
		if (lun->number != n)
			continue;
		lun->counted = true;
		lun->commands = found.commands;
		lun->reads = found.reads;
		lun->read_bytes = found.read_bytes;
		lun->writes = found.writes;
		lun->write_bytes = found.write_bytes;
		lun->flushes = found.flushes;
		lun->errors = found.errors;
	}
}

/* Two pairs of names may make one name of a directory: the text says whose it is. */
static bool is_of(const struct host_partition *p, const struct host_device *dev, char *pairs)
{
	bool partition = false, device = false;
	char *key, *value;

	while (record_pair(&pairs, &key, &value)) {
		if (!strcmp(key, "partition"))
			partition = !strcmp(value, p->name);
		else if (!strcmp(key, "device"))
			device = !strcmp(value, dev->name);
	}
	return partition && device;
}

static void read_device_counters(struct host_partition *p, struct host_device *dev)
{
	char *path = xasprintf("%s/kernel/debug/vsp_stor/%s.%s/counters", sys(), p->name,
			       dev->name);
	char *text = read_file(path), *left = text, *kind, *pairs;
	bool ours = false;

	free(path);
	while (text && record_next(&left, &kind, &pairs)) {
		if (!strcmp(kind, "controller"))
			ours = is_of(p, dev, pairs);
		else if (ours && !strcmp(kind, "channel"))
			read_stor_channel(p, dev->name, pairs);
		else if (ours && !strcmp(kind, "lun"))
			read_stor_lun(dev, pairs);
	}
	free(text);
}

static void read_partition(struct host *host, const char *dir, const char *name)
{
	struct host_partition *p = array_add(host->partition, host->nr);
	char *path = xasprintf("%s/%s", dir, name), *blank;
	struct dirent **list;
	int n, i;

	p->name = xstrdup(name);
	p->state = line_or(path, "state", "gone");
	blank = strchr(p->state, ' ');
	if (blank) {
		*blank = '\0';
		p->version = xstrdup(blank + 1);
	}
	p->max_version = line_or(path, "max_version", "");
	p->uid = number(path, "uid");
	p->gid = number(path, "gid");
	n = scan(path, &list);
	for (i = 0; i < n; i++) {
		read_device(p, path, list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	free(path);

	read_partition_counters(host, p);
	for (i = 0; p->counted && i < p->nr_devices; i++)
		read_device_counters(p, &p->device[i]);
}

static int scan_config(const char *dir, struct dirent ***list)
{
	int n = scan(dir, list);

	if (n >= 0)
		return n;
	if (errno != ENOENT)
		err(EXIT_FAILED, "%s", dir);
	warnx("%s is not there", dir);
	fprintf(stderr, "'modprobe vsp_stor' loads the host's modules.\n");
	fprintf(stderr, "'mount -t configfs none %s/kernel/config' mounts what it is in.\n",
		sys());
	return -1;
}

/**
 * host_read - read all there is
 * @host: filled; to be freed even if this fails
 * @only: name of the partition of interest, or NULL for all
 *
 * Return: 0 or an exit code, when it has been said what is wrong.
 */
int host_read(struct host *host, const char *only)
{
	char *dir = host_config_dir();
	struct dirent **list;
	int n, i;

	*host = (struct host){};
	n = scan_config(dir, &list);
	for (i = 0; i < n; i++) {
		if (!only || !strcmp(only, list[i]->d_name))
			read_partition(host, dir, list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	free(dir);
	/* what is readable for one is so for all: the others went away just now */
	for (i = 0; i < host->nr; i++)
		if (host->partition[i].counted)
			host->uncounted = 0;
	if (n >= 0 && only && !host->nr)
		warnx("there is no partition '%s': 'vmbctl list' shows those there are", only);
	return n < 0 || (only && !host->nr) ? EXIT_ABSENT : 0;
}

static void free_device(struct host_device *dev)
{
	int i;

	for (i = 0; i < dev->nr_luns; i++) {
		free(dev->lun[i].path);
		free(dev->lun[i].state);
	}
	free(dev->lun);
	free(dev->name);
	free(dev->state);
	free(dev->instance);
}

/**
 * host_free - free what host_read() has read
 * @host: it
 */
void host_free(struct host *host)
{
	struct host_partition *p;
	int i, k;

	for (i = 0; i < host->nr; i++) {
		p = &host->partition[i];
		for (k = 0; k < p->nr_devices; k++)
			free_device(&p->device[k]);
		for (k = 0; k < p->nr_channels; k++) {
			free(p->channel[k].device);
			free(p->channel[k].state);
			free(p->channel[k].place);
		}
		free(p->device);
		free(p->channel);
		free(p->name);
		free(p->state);
		free(p->version);
		free(p->max_version);
	}
	free(host->partition);
	*host = (struct host){};
}

/**
 * host_each_name - say the names of all partitions
 * @each: called with each
 * @arg: its second argument
 */
void host_each_name(void (*each)(const char *name, const char *arg), const char *arg)
{
	char *dir = host_config_dir();
	struct dirent **list;
	int n, i;

	n = scan(dir, &list);
	for (i = 0; i < n; i++) {
		each(list[i]->d_name, arg);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	free(dir);
}

/**
 * host_each_device - say the names of devices of a partition
 * @partition: its name
 * @begin: of their names
 * @each: called with each
 * @arg: its second argument
 */
void host_each_device(const char *partition, const char *begin,
		      void (*each)(const char *name, const char *arg), const char *arg)
{
	char *config = host_config_dir(), *dir = xasprintf("%s/%s", config, partition);
	struct dirent **list;
	int n, i;

	n = scan(dir, &list);
	for (i = 0; i < n; i++) {
		if (!strncmp(list[i]->d_name, begin, strlen(begin)))
			each(list[i]->d_name, arg);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	free(dir);
	free(config);
}

/**
 * host_warn_uncounted - say why there are no counters, if there are none
 * @host: as read
 */
void host_warn_uncounted(const struct host *host)
{
	if (host->uncounted == EACCES || host->uncounted == EPERM)
		warnx("channels and counters are for the superuser: run this as root to see them");
	else if (host->uncounted == ENOENT)
		warnx("no channels and counters without 'mount -t debugfs none %s/kernel/debug'",
		      sys());
	else if (host->uncounted)
		warnx("channels and counters cannot be read: %s", strerror(host->uncounted));
}

/**
 * host_measure_latency - have latencies measured while the program runs
 *
 * Return: a file descriptor, to be kept open, or -1 if they cannot be.
 */
int host_measure_latency(void)
{
	char *path = xasprintf("%s/kernel/debug/vsp_stor/measure_latency", sys());
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	free(path);
	return fd;
}
