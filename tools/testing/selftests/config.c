// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an administrator does, and what must not be left when a test has ended.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "tap.h"

#define PATH_SIZE	512

static void full_path(char *out, const char *path)
{
	if (path[0] == '/')
		snprintf(out, PATH_SIZE, "%s", path);
	else
		snprintf(out, PATH_SIZE, CONFIG_ROOT "/%s", path);
}

int config_mkdir(const char *fmt, ...)
{
	char path[PATH_SIZE / 2], full[PATH_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	full_path(full, path);
	return mkdir(full, 0755);
}

int config_rmdir(const char *fmt, ...)
{
	char path[PATH_SIZE / 2], full[PATH_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	full_path(full, path);
	return rmdir(full);
}

int config_write(const char *path, const char *fmt, ...)
{
	char full[PATH_SIZE], value[PATH_SIZE];
	int fd, len, ret, err;
	va_list ap;

	va_start(ap, fmt);
	len = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	full_path(full, path);
	fd = open(full, O_WRONLY | O_TRUNC);
	if (fd < 0)
		return -1;
	ret = write(fd, value, len) == len ? 0 : -1;
	err = errno;
	close(fd);
	errno = err;
	return ret;
}

int config_read(const char *path, char *buf, unsigned int size)
{
	char full[PATH_SIZE];
	int fd, n, len = 0;

	full_path(full, path);
	fd = open(full, O_RDONLY);
	if (fd < 0)
		return -1;
	while (len < (int)size - 1) {
		n = read(fd, buf + len, size - 1 - len);
		if (n <= 0)
			break;
		len += n;
	}
	close(fd);
	buf[len] = 0;
	return len;
}

void config_partition(const char *name)
{
	EXPECT_OK(config_write(WITHDRAW_MS, "0"));
	EXPECT_OK(config_write(ADAPTIVE, "0"));
	EXPECT_OK(config_mkdir("%s", name));
}

long long config_number(const char *path, const char *key)
{
	char *buf = malloc(65536), *at;
	long long value = -1;

	EXPECT_OK(config_read(path, buf, 65536));
	at = strstr(buf, key);
	if (at)
		value = strtoll(at + strlen(key), NULL, 0);
	free(buf);
	return value;
}

long long config_counter(const char *partition, u32 relid, const char *column)
{
	char path[PATH_SIZE], *buf = malloc(1 << 20), *line, *word, *save;
	long long value = -1;
	int col = -1, i;

	snprintf(path, sizeof(path), "/sys/kernel/debug/vmb/%s/state", partition);
	EXPECT_OK(config_read(path, buf, 1 << 20));
	line = strstr(buf, "channel\t");
	while (line && *line) {
		char *end = strchrnul(line, '\n');
		char *next = *end ? end + 1 : end;

		*end = 0;
		word = strtok_r(line, "\t", &save);
		if (word && col >= 0 && strtoul(word, NULL, 10) != relid)
			word = NULL;
		for (i = 0; word; i++, word = strtok_r(NULL, "\t", &save)) {
			if (col < 0 && !strcmp(word, column)) {
				col = i;
				break;
			}
			if (col >= 0 && i == col)
				value = strtoll(word, NULL, 10);
		}
		if (col < 0 || value >= 0)
			break;
		line = next;
	}
	free(buf);
	return value;
}

bool config_has_module(const char *name)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	return !access(path, F_OK);
}

bool config_is_debug(void)
{
	return !access("/sys/kernel/debug/kmemleak", F_OK);
}

unsigned int config_times(unsigned int times)
{
	return config_is_debug() ? times / 5 : times;
}

/* Directories go from the inside out; default groups go with their parents. */
static void remove_below(const char *path, int depth)
{
	char child[PATH_SIZE];
	struct dirent *d;
	DIR *dir = opendir(path);

	if (!dir)
		return;
	while ((d = readdir(dir))) {
		if (d->d_type != DT_DIR || d->d_name[0] == '.')
			continue;
		if (snprintf(child, sizeof(child), "%s/%s", path, d->d_name) >=
		    (int)sizeof(child))
			continue;
		remove_below(child, depth + 1);
		rmdir(child);
	}
	closedir(dir);
}

static const char *check_left(void)
{
	static char text[512];
	long long acquired, released;
	struct dirent *d;
	DIR *dir;

	remove_below(CONFIG_ROOT, 0);
	/* backings that were made for the test */
	remove_below("/sys/kernel/config/nullb", 0);
	dir = opendir(CONFIG_ROOT);
	if (!dir)
		return "no configfs";
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.') {
			snprintf(text, sizeof(text), "partition %s", d->d_name);
			closedir(dir);
			return text;
		}
	closedir(dir);

	/* folds in what each CPU has counted */
	config_write("/proc/sys/vm/stat_refresh", "1");
	acquired = config_number("/proc/vmstat", "nr_foll_pin_acquired ");
	released = config_number("/proc/vmstat", "nr_foll_pin_released ");
	if (acquired != released) {
		snprintf(text, sizeof(text), "%lld pinned pages", acquired - released);
		return text;
	}
	return NULL;
}

static void check_setup(void)
{
	const char *left;

	if (access(CONFIG_ROOT, F_OK)) {
		printf("Bail out! vmb_host is not loaded\n");
		exit(1);
	}
	left = check_left();
	if (left) {
		printf("Bail out! before the first test: %s\n", left);
		exit(1);
	}
}

__attribute__((constructor)) static void config_init(void)
{
	/* a scenario that has partitions of its own looks after all itself */
	if (getenv("VMB_SHARED"))
		return;
	tap_setup = check_setup;
	tap_after = check_left;
}
