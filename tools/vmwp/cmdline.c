// SPDX-License-Identifier: GPL-2.0-only
/* QEMU's command line: looking things up and adding to it. */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmdline.h"

/**
 * cmdline_init - copy a command line
 * @cmd: to initialise
 * @argc: number of arguments
 * @argv: arguments
 */
void cmdline_init(struct cmdline *cmd, int argc, char **argv)
{
	cmd->argc = argc;
	cmd->argv = calloc(argc + 1, sizeof(*argv));
	if (!cmd->argv)
		err(EXIT_FAILURE, NULL);
	memcpy(cmd->argv, argv, argc * sizeof(*argv));
}

/**
 * cmdline_insert - add an argument
 * @cmd: command line
 * @at: where; what is there and behind moves up
 * @arg: argument, kept
 */
void cmdline_insert(struct cmdline *cmd, int at, const char *arg)
{
	char **argv = reallocarray(cmd->argv, cmd->argc + 2, sizeof(*argv));

	if (!argv)
		err(EXIT_FAILURE, NULL);
	memmove(&argv[at + 1], &argv[at], (cmd->argc - at) * sizeof(*argv));
	argv[at] = (char *)arg;
	argv[++cmd->argc] = NULL;
	cmd->argv = argv;
}

/* QEMU takes one dash or two */
static bool is_option(const char *arg, const char *option)
{
	if (*arg++ != '-')
		return false;
	if (*arg == '-')
		arg++;
	return !strcmp(arg, option);
}

/**
 * cmdline_find - find an option that has a value
 * @cmd: command line
 * @option: without a dash
 *
 * Return: the value's place, the last one's if there are several, or 0.
 */
int cmdline_find(const struct cmdline *cmd, const char *option)
{
	int i, found = 0;

	for (i = 1; i < cmd->argc - 1; i++)
		if (is_option(cmd->argv[i], option))
			found = ++i;
	return found;
}

/* A property name as QEMU compares them: x_y is x-y; +x and -x are old forms. */
static bool same_property(const char *name, size_t len, const char *flag)
{
	size_t i, flag_len = strcspn(flag, "=");

	if (len && (*name == '+' || *name == '-')) {
		name++;
		len--;
	}
	if (len != flag_len)
		return false;
	for (i = 0; i < len; i++)
		if ((name[i] == '_' ? '-' : name[i]) != flag[i])
			return false;
	return true;
}

/**
 * cmdline_cpu_mentions - is a flag of a CPU said to be on or off?
 * @cpu: value of -cpu
 * @flag: its name
 */
bool cmdline_cpu_mentions(const char *cpu, const char *flag)
{
	const char *p = strchr(cpu, ',');

	while (p) {
		p++;
		if (same_property(p, strcspn(p, ",="), flag))
			return true;
		p = strchr(p, ',');
	}
	return false;
}

/**
 * cmdline_amend_cpu - add flags to a CPU
 * @cpu: value of -cpu
 * @flags: to add unless @cpu mentions them, on or off; NULL-terminated
 *
 * Return: the new value.
 */
char *cmdline_amend_cpu(const char *cpu, const char *const *flags)
{
	char *old, *new = strdup(cpu);

	if (!new)
		err(EXIT_FAILURE, NULL);
	/* it asks for a list */
	if (!strcmp(cpu, "help") || !strcmp(cpu, "?"))
		return new;
	for (; *flags; flags++) {
		if (cmdline_cpu_mentions(cpu, *flags))
			continue;
		old = new;
		if (asprintf(&new, "%s,%s", old, *flags) < 0)
			err(EXIT_FAILURE, NULL);
		free(old);
	}
	return new;
}

/**
 * cmdline_accel_problem - does QEMU use KVM?
 * @cmd: command line
 * @named: output: an accelerator is named
 *
 * Return: the argument that names another accelerator only, or NULL.
 */
const char *cmdline_accel_problem(const struct cmdline *cmd, bool *named)
{
	const char *problem = NULL, *value;
	bool kvm = false;
	int i;

	for (i = 1; i < cmd->argc; i++) {
		if (is_option(cmd->argv[i], "enable-kvm")) {
			kvm = true;
			continue;
		}
		if (i + 1 == cmd->argc)
			break;
		if (is_option(cmd->argv[i], "accel")) {
			value = cmd->argv[++i];
		} else if (is_option(cmd->argv[i], "machine") ||
			   is_option(cmd->argv[i], "M")) {
			value = strstr(cmd->argv[++i], "accel=");
			if (!value)
				continue;
			value += strlen("accel=");
		} else {
			continue;
		}
		/* kvm:tcg and the like are fine as long as KVM works */
		if (strstr(value, "kvm") || strstr(value, "help"))
			kvm = true;
		else
			problem = cmd->argv[i];
	}
	*named = kvm || problem;
	return kvm ? NULL : problem;
}
