// SPDX-License-Identifier: GPL-2.0-only
/* vmbctl vhd attach, detach and list: the kernel's disks in images, by configfs. */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "json.h"
#include "text.h"
#include "util.h"
#include "vhd_attach.h"

/* $VMBCTL_VHD is for the tests. */
static const char *root(void)
{
	return getenv("VMBCTL_VHD") ?: "/sys/kernel/config/vhd";
}

enum { NAME, READ_ONLY };

const struct command_option vhd_attach_options[] = {
	[NAME] = { "name", 'n', "NAME", NULL,
		   "of the disk's directory in configfs; vmbctl-N unless given" },
	[READ_ONLY] = { "read-only", 'r', NULL, NULL,
			"nothing is written, and others may read it, too" },
	{ }
};

static int no_module(void)
{
	if (!access(root(), F_OK))
		return 0;
	warnx("%s is not there: load the module vhd, and mount configfs", root());
	return EXIT_FAILED;
}

/**
 * vhd_disk_get - an attribute of a disk
 * @name: of the disk
 * @what: of the attribute
 *
 * Return: its line, "" when there is none; to be freed.
 */
char *vhd_disk_get(const char *name, const char *what)
{
	char *dir = xasprintf("%s/%s", root(), name), *line = read_line(dir, what);

	free(dir);
	return line ?: xstrdup("");
}

/**
 * vhd_disk_line - a line of an attribute of a disk that has several
 * @name: of the disk
 * @what: of the attribute
 * @line: its number, from 0 on
 *
 * Return: it, "" when there is none; to be freed.
 */
char *vhd_disk_line(const char *name, const char *what, unsigned int line)
{
	char *path = xasprintf("%s/%s/%s", root(), name, what), *text = read_file(path);
	char *at = text, *found;

	while (at && line--) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	found = xstrdup(at ?: "");
	found[strcspn(found, "\n")] = '\0';
	free(text);
	free(path);
	return found;
}

/**
 * vhd_disk_number - an attribute of a disk that is a number
 * @name: of the disk
 * @what: of the attribute
 *
 * Return: it, or 0 when there is none.
 */
uint64_t vhd_disk_number(const char *name, const char *what)
{
	char *text = vhd_disk_get(name, what);
	uint64_t n = strtoull(text, NULL, 10);

	free(text);
	return n;
}

/**
 * vhd_disk_set - change an attribute of a disk, or do what it stands for
 * @name: of the disk
 * @what: of the attribute
 * @value: for it
 *
 * Return: 0 or an errno.
 */
int vhd_disk_set(const char *name, const char *what, const char *value)
{
	char *path = xasprintf("%s/%s/%s", root(), name, what);
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		ret = errno;
	if (fd >= 0)
		close(fd);
	free(path);
	return ret;
}

/* A directory that was not there. */
static char *make_directory(const char *name)
{
	char *dir, *made;
	int n;

	for (n = 0;; n++) {
		made = name ? xstrdup(name) : xasprintf("vmbctl-%d", n);
		dir = xasprintf("%s/%s", root(), made);
		if (!mkdir(dir, 0755)) {
			free(dir);
			return made;
		}
		if (name || errno != EEXIST) {
			warn("%s", dir);
			free(dir);
			free(made);
			return NULL;
		}
		free(dir);
		free(made);
	}
}

static void remove_directory(const char *name)
{
	char *dir = xasprintf("%s/%s", root(), name);

	rmdir(dir);
	free(dir);
}

/* What the errors of 'enabled' mean, beside their names. */
static const char *advice(int error)
{
	switch (error) {
	case ETXTBSY:
		return "end the program that has it, or one of its parents, open for writing";
	case EBUSY:
		return "another disk uses it, or a parent of it: 'vmbctl vhd list' shows them";
	case EROFS:
		return "its log has to be replayed: attach it once without --read-only";
	case ESTALE:
		return "its parent was written or replaced: it needs the one it was made from";
	case ELOOP:
		return "its chain of parents is too long, or goes in a circle";
	default:
		return "the kernel's log says more: 'dmesg | grep vhd'";
	}
}

/**
 * vhd_attach_run - vmbctl vhd attach
 * @args: what was given
 *
 * Return: an exit code.
 */
int vhd_attach_run(const struct args *args)
{
	char *path, *name, *device;
	int ret;

	if (no_module())
		return EXIT_FAILED;
	path = realpath(args->operand[0], NULL);
	if (!path) {
		warn("%s", args->operand[0]);
		return errno == ENOENT ? EXIT_ABSENT : EXIT_FAILED;
	}
	name = make_directory(args->value[NAME]);
	if (!name) {
		free(path);
		return EXIT_FAILED;
	}
	ret = vhd_disk_set(name, "path", path);
	if (!ret && args->value[READ_ONLY])
		ret = vhd_disk_set(name, "read_only", "1");
	if (!ret)
		ret = vhd_disk_set(name, "enabled", "1");
	if (ret) {
		warnx("%s: %s: %s", path, strerror(ret), advice(ret));
		remove_directory(name);
	} else {
		struct json j = { .file = stdout };

		device = vhd_disk_get(name, "device");
		if (args->json) {
			json_open(&j, NULL, '{');
			json_string(&j, "name", name);
			json_string(&j, "device", device);
			json_close(&j, '}');
		} else {
			printf("/dev/%s\n", device);
		}
		free(device);
	}
	free(name);
	free(path);
	return ret ? EXIT_FAILED : EXIT_SUCCESS;
}

/* Calls @fn for each disk until it returns other than 0. */
static int each_disk(int (*fn)(const char *name, void *arg), void *arg)
{
	DIR *dir = opendir(root());
	struct dirent *entry;
	int ret = 0;

	if (!dir) {
		warn("%s", root());
		return EXIT_FAILED;
	}
	while (!ret && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			ret = fn(entry->d_name, arg);
	closedir(dir);
	return ret;
}

struct wanted {
	const char *text;
	char *real;
	char *name;
};

/* Does @path lead there, too? */
static bool is_file(const char *real, const char *path)
{
	char *other = real ? realpath(path, NULL) : NULL;
	bool same = other && !strcmp(real, other);

	free(other);
	return same;
}

/* Is it the one that was asked for: by name, device or image? */
static int match(const char *name, void *arg)
{
	struct wanted *w = arg;
	char *device = vhd_disk_get(name, "device"), *path = vhd_disk_get(name, "path");
	const char *text = w->text;

	if (!strncmp(text, "/dev/", 5))
		text += 5;
	if (!strcmp(w->text, name) || (*device && !strcmp(text, device)) || is_file(w->real, path))
		w->name = xstrdup(name);
	free(device);
	free(path);
	return w->name ? 1 : 0;
}

/* Not a disk that only reads it: then the image is as good as in no use. */
static int match_written(const char *name, void *arg)
{
	struct wanted *w = arg;
	char *path = vhd_disk_get(name, "path"), *device = vhd_disk_get(name, "device");
	char *read_only = vhd_disk_get(name, "read_only");

	if (*device && is_file(w->real, path) && strcmp(read_only, "1"))
		w->name = xstrdup(name);
	free(path);
	free(device);
	free(read_only);
	return w->name ? 1 : 0;
}

/**
 * vhd_disk_written - which disk writes to an image?
 * @image: path of it
 *
 * Return: the disk's name, to be freed, or NULL.
 */
char *vhd_disk_written(const char *image)
{
	struct wanted w = { .real = realpath(image, NULL) };

	if (w.real && !access(root(), F_OK))
		each_disk(match_written, &w);
	free(w.real);
	return w.name;
}

/**
 * vhd_detach_run - vmbctl vhd detach
 * @args: what was given
 *
 * Return: an exit code.
 */
int vhd_detach_run(const struct args *args)
{
	struct wanted w = { .text = args->operand[0] };
	int ret = 0, tries;
	char *dir;

	if (no_module())
		return EXIT_FAILED;
	w.real = realpath(w.text, NULL);
	each_disk(match, &w);
	free(w.real);
	if (!w.name) {
		warnx("there is no disk %s: 'vmbctl vhd list' shows them", w.text);
		return EXIT_ABSENT;
	}
	/* udev looks at new disks for a moment */
	for (tries = 0; tries < 20; tries++) {
		ret = vhd_disk_set(w.name, "enabled", "0");
		if (ret != EBUSY)
			break;
		usleep(100000);
	}
	if (ret) {
		warnx("%s: %s: %s", w.text, strerror(ret), ret == EBUSY ?
		      "somebody has it open: unmount it, or end the machine that uses it" :
		      "what was written last may be lost; 'dmesg | grep vhd' says more");
		if (ret == EBUSY) {
			free(w.name);
			return EXIT_FAILED;
		}
	}
	dir = xasprintf("%s/%s", root(), w.name);
	if (rmdir(dir)) {
		warn("%s", dir);
		ret = EXIT_FAILED;
	}
	free(dir);
	free(w.name);
	return ret ? EXIT_FAILED : EXIT_SUCCESS;
}

static int print_disk(const char *name, void *arg)
{
	struct json *j = arg;
	char *device = vhd_disk_get(name, "device"), *path = vhd_disk_get(name, "path");
	char *read_only = vhd_disk_get(name, "read_only"), *size = vhd_disk_get(name, "size");
	char *format = vhd_disk_get(name, "format"), *type = vhd_disk_get(name, "type");
	char n[TEXT_MAX], *shown;

	if (j->file) {
		json_open(j, NULL, '{');
		json_string(j, "name", name);
		json_string(j, "device", *device ? device : NULL);
		json_string(j, "path", path);
		json_bool(j, "read_only", !strcmp(read_only, "1"));
		json_u64(j, "size", strtoull(size, NULL, 10));
		json_string(j, "format", *format ? format : NULL);
		json_string(j, "type", *type ? type : NULL);
		json_close(j, '}');
	} else {
		shown = text_name(path);
		printf("%-12s %-12s %-9s %-4s %-12s %-2s %s\n", name, *device ? device : "-",
		       text_bytes(n, strtod(size, NULL)), *format ? format : "-",
		       *type ? type : "-", strcmp(read_only, "1") ? "rw" : "ro", shown);
		free(shown);
	}
	free(device);
	free(path);
	free(read_only);
	free(size);
	free(format);
	free(type);
	return 0;
}

/**
 * vhd_list_run - vmbctl vhd list
 * @args: what was given
 *
 * Return: an exit code.
 */
int vhd_list_run(const struct args *args)
{
	struct json j = { .file = args->json ? stdout : NULL };
	int ret;

	if (no_module())
		return EXIT_FAILED;
	if (args->json)
		json_open(&j, NULL, '[');
	ret = each_disk(print_disk, &j);
	if (args->json)
		json_close(&j, ']');
	return ret;
}
