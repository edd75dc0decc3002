/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What changes something on the host: commands of iproute2, and directories and
 * attributes of configfs. Each can be shown as a shell would have it.
 */
#ifndef VMBCTL_HOST_CHANGE_H
#define VMBCTL_HOST_CHANGE_H

#include <stdbool.h>

#include "command.h"

/* most words of a command */
#define CHANGE_MAX_WORDS	24

/* the last options of each verb that changes something */
#define CHANGE_DRY_RUN_OPTION \
	{ "dry-run", 0, NULL, NULL, "change nothing, print the commands" }
#define CHANGE_VERBOSE_OPTION \
	{ "verbose", 'v', NULL, NULL, "print the commands, too" }

/**
 * struct change - how to go about it
 * @dry: only print
 * @verbose: print, too
 * @failed: something has failed, so that nothing more is done
 */
struct change {
	bool dry;
	bool verbose;
	bool failed;
};

void change_run(struct change *c, const char *const *words);
void change_write(struct change *c, const char *dir, const char *name, const char *value);
void change_mkdir(struct change *c, const char *path);
void change_rmdir(struct change *c, const char *path);
char *change_later(const char *dir, const char *name);
char *change_output(const char *const *words);

/* change_do(c, "ip", "link", ...) */
#define change_do(_c, ...) \
	change_run(_c, (const char *const []){ __VA_ARGS__, NULL })

#endif /* VMBCTL_HOST_CHANGE_H */
