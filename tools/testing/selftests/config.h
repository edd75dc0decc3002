/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an administrator does: directories and attributes of configfs, and what
 * can be read of a bus in debugfs. Functions that set something up end the test
 * when they fail; the others answer 0 or -1 with errno.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <linux/types.h>

#define CONFIG_ROOT	"/sys/kernel/config/vmb"
#define PARTITION	"t"
/* whether workers take busy channels over; 0 unless a test sets it */
#define ADAPTIVE	"/sys/module/vmb_host/parameters/adaptive"
#define SCHEDSTATS	"/proc/sys/kernel/sched_schedstats"
/* how long a guest may take to let go of a device; 0 unless a test sets it */
#define WITHDRAW_MS	"/sys/module/vmb_host/parameters/withdraw_ms"

int config_mkdir(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int config_rmdir(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* @path is below CONFIG_ROOT unless it starts with a slash */
int config_write(const char *path, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int config_read(const char *path, char *buf, unsigned int size);
void config_partition(const char *name);

/* one number out of a file, behind @key */
long long config_number(const char *path, const char *key);
/* a counter of a channel, by its column in debugfs; -1 when there is none */
long long config_counter(const char *partition, u32 relid, const char *column);
bool config_has_module(const char *name);
/* the kernel has its checkers on, and is ten times slower for it */
bool config_is_debug(void);
/*
 * How often to do what the stock kernel does @times: a fifth of it when the checkers
 * are on, who do not need as many to find what they look for.
 */
unsigned int config_times(unsigned int times);

#endif /* CONFIG_H */
