/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMWP_CMDLINE_H
#define VMWP_CMDLINE_H

#include <stdbool.h>

/**
 * struct cmdline - a command line in the making
 * @argv: NULL-terminated
 * @argc: number of arguments
 */
struct cmdline {
	char **argv;
	int argc;
};

void cmdline_init(struct cmdline *cmd, int argc, char **argv);
void cmdline_insert(struct cmdline *cmd, int at, const char *arg);
int cmdline_find(const struct cmdline *cmd, const char *option);
bool cmdline_cpu_mentions(const char *cpu, const char *flag);
char *cmdline_amend_cpu(const char *cpu, const char *const *flags);
const char *cmdline_accel_problem(const struct cmdline *cmd, bool *named);

#endif /* VMWP_CMDLINE_H */
