// SPDX-License-Identifier: GPL-2.0-only
/* The command line: finding the verb, its options, help and completion. */
#define _GNU_SOURCE
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "host.h"
#include "network.h"
#include "util.h"

/* longest line of nouns and a verb */
#define PATH_MAX_TEXT	128

/* what getopt answers; above any letter, and above the verb's own */
enum { OPT_OWN = 256, OPT_JSON = OPT_OWN + COMMAND_MAX_OPTIONS, OPT_HELP, OPT_VERSION };

static const struct command_option common_options[] = {
	{ "json", 0, NULL, NULL, "print JSON" },
	{ "help", 0, NULL, NULL, "print this and exit" },
	{ "version", 0, NULL, NULL, "print the version and exit" },
	{ }
};

static const struct command *find(const struct command *sub, const char *name)
{
	for (; sub->name; sub++)
		if (!strcmp(sub->name, name))
			return sub;
	return NULL;
}

static void help_options(const struct command_option *opt)
{
	char left[64];

	for (; opt && opt->name; opt++) {
		snprintf(left, sizeof(left), "%c%c%c --%s%s%s", opt->letter ? '-' : ' ',
			 opt->letter ?: ' ', opt->letter ? ',' : ' ', opt->name,
			 opt->arg ? " " : "", opt->arg ?: "");
		printf("  %-26s %s\n", left, opt->help);
	}
}

static void print_help(const struct command *cmd, const char *path)
{
	const struct command *sub;

	if (cmd->sub)
		printf("Usage: %s [OPTION]... COMMAND ...\n", path);
	else
		printf("Usage: %s [OPTION]...%s%s\n", path,
		       cmd->operands ? " " : "", cmd->operands ?: "");
	printf("%s.\n", cmd->summary);
	if (cmd->sub) {
		puts("\nCommands:");
		for (sub = cmd->sub; sub->name; sub++)
			printf("  %-26s %s\n", sub->name, sub->summary);
	}
	puts("\nOptions:");
	help_options(cmd->options);
	help_options(common_options);
	if (cmd->details)
		printf("\n%s\n", cmd->details);
	if (cmd->sub)
		printf("\n'%s COMMAND --help' says more about a command.\n", path);
}

static int usage(const char *path)
{
	fprintf(stderr, "Try '%s --help'.\n", path);
	return EXIT_USAGE;
}

static bool in_list(const char *list, const char *word)
{
	size_t len = strlen(word), n;

	while (*list) {
		n = strcspn(list, " ");
		if (n == len && !strncmp(list, word, n))
			return true;
		list += n;
		list += strspn(list, " ");
	}
	return false;
}

/* Tables for getopt_long() from ours. */
static void make_getopt(const struct command *cmd, char *letters, struct option *longopts)
{
	const struct command_option *opt;
	int i, n = 0;

	/* the words behind a noun are not its own */
	if (cmd->sub)
		*letters++ = '+';
	for (opt = cmd->options, i = 0; opt && opt->name; opt++, i++) {
		longopts[n++] = (struct option){ opt->name, opt->arg ? required_argument :
						 no_argument, NULL, OPT_OWN + i };
		if (!opt->letter)
			continue;
		*letters++ = opt->letter;
		if (opt->arg)
			*letters++ = ':';
	}
	for (opt = common_options, i = 0; opt->name; opt++, i++)
		longopts[n++] = (struct option){ opt->name, no_argument, NULL, OPT_JSON + i };
	longopts[n] = (struct option){};
	*letters = '\0';
}

static int own_option(const struct command *cmd, int c)
{
	int i;

	if (c >= OPT_OWN)
		return c - OPT_OWN;
	for (i = 0; cmd->options[i].letter != c; i++)
		;
	return i;
}

/* Returns false when there is nothing left to do but to exit with *status. */
static bool parse(const struct command *cmd, const char *path, struct args *args,
		  int argc, char **argv, int *status)
{
	struct option longopts[COMMAND_MAX_OPTIONS + 4];
	char letters[2 * COMMAND_MAX_OPTIONS + 2];
	const struct command_option *opt;
	int c, i;

	make_getopt(cmd, letters, longopts);
	optind = 0;
	while ((c = getopt_long(argc, argv, letters, longopts, NULL)) != -1) {
		*status = EXIT_SUCCESS;
		switch (c) {
		case OPT_JSON:
			args->json = true;
			break;
		case OPT_HELP:
			print_help(cmd, path);
			return false;
		case OPT_VERSION:
			puts("vmbctl " VERSION);
			return false;
		case '?':
			*status = usage(path);
			return false;
		default:
			i = own_option(cmd, c);
			opt = &cmd->options[i];
			args->value[i] = optarg ?: "";
			if (!opt->values || in_list(opt->values, optarg))
				break;
			warnx("--%s is '%s': give one of: %s", opt->name, optarg, opt->values);
			*status = EXIT_USAGE;
			return false;
		}
	}
	return true;
}

static int run(const struct command *cmd, const char *path, struct args *args,
	       int argc, char **argv)
{
	const struct command *sub;
	char name[PATH_MAX_TEXT], *own = argv[0];
	int status;
	bool go_on;

	/* getopt's complaints begin with it */
	argv[0] = (char *)"vmbctl";
	go_on = parse(cmd, path, args, argc, argv, &status);
	argv[0] = own;
	if (!go_on)
		return status;
	argc -= optind;
	argv += optind;

	if (cmd->sub) {
		if (!argc) {
			warnx("no command is given");
			return usage(path);
		}
		sub = find(cmd->sub, argv[0]);
		if (!sub) {
			warnx("there is no command '%s'", argv[0]);
			return usage(path);
		}
		snprintf(name, sizeof(name), "%s %s", path, sub->name);
		return run(sub, name, args, argc, argv);
	}
	if (argc < cmd->min) {
		warnx("%s is missing", cmd->operands);
		return usage(path);
	}
	if (argc > cmd->max) {
		warnx("'%s' is too much", argv[cmd->max]);
		return usage(path);
	}
	args->operand = argv;
	args->nr = argc;
	return cmd->run(args);
}

/* Completion: vmbctl.bash asks for it by a name that no command has. */

static void offer(const char *word, const char *prefix)
{
	if (!strncmp(word, prefix, strlen(prefix)))
		puts(word);
}

static void offer_list(const char *list, const char *prefix)
{
	char *copy = xstrdup(list), *p = copy, *word;

	while ((word = strsep(&p, " ")))
		offer(word, prefix);
	free(copy);
}

static void offer_options(const struct command_option *opt, const char *prefix)
{
	char *word;

	for (; opt && opt->name; opt++) {
		word = xasprintf("--%s", opt->name);
		offer(word, prefix);
		free(word);
	}
}

static const struct command_option *find_option(const struct command *cmd, const char *word)
{
	const struct command_option *opt;

	for (opt = cmd->options; opt && opt->name; opt++) {
		if (!strncmp(word, "--", 2) && !strcmp(word + 2, opt->name))
			return opt;
		if (opt->letter && word[0] == '-' && word[1] == opt->letter && !word[2])
			return opt;
	}
	return NULL;
}

/* @first is the operand that comes first, if the second is wanted. */
static void offer_operands(const struct command *cmd, int seen, const char *first,
			   const char *prefix)
{
	const struct command *sub;

	if (cmd->sub) {
		for (sub = cmd->sub; sub->name; sub++)
			offer(sub->name, prefix);
	} else if (seen < cmd->max) {
		if (cmd->kind == OPERAND_PARTITION)
			host_each_name(offer, prefix);
		else if (cmd->kind == OPERAND_FILE)
			puts(":file");
		else if (cmd->kind == OPERAND_SWITCH)
			network_each_switch(offer, prefix);
		else if (cmd->kind == OPERAND_NIC && !seen)
			host_each_name(offer, prefix);
		else if (cmd->kind == OPERAND_NIC)
			host_each_device(first, "net.", offer, prefix);
	}
}

static void offer_argument(const struct command_option *opt, const char *prefix)
{
	if (opt->values)
		offer_list(opt->values, prefix);
	else if (!strcmp(opt->arg, "FILE"))
		puts(":file");
	else if (!strcmp(opt->arg, "SWITCH"))
		network_each_switch(offer, prefix);
	else if (!strcmp(opt->arg, "DEV"))
		network_each_link(offer, prefix);
}

/* What may stand for the last word; ":file" for names of files. */
static int complete(const struct command *cmd, int argc, char **argv)
{
	const struct command_option *opt = NULL;
	const struct command *sub;
	const char *first = NULL;
	int i, seen = 0;

	if (!argc)
		return EXIT_SUCCESS;
	for (i = 0; i < argc - 1; i++) {
		if (opt) {
			opt = NULL;
			continue;
		}
		if (argv[i][0] == '-') {
			opt = find_option(cmd, argv[i]);
			if (opt && !opt->arg)
				opt = NULL;
			continue;
		}
		sub = cmd->sub ? find(cmd->sub, argv[i]) : NULL;
		if (cmd->sub && !sub)
			return EXIT_SUCCESS;
		if (sub)
			cmd = sub;
		else if (!seen++)
			first = argv[i];
	}
	if (opt) {
		offer_argument(opt, argv[i]);
	} else if (argv[i][0] == '-') {
		offer_options(cmd->options, argv[i]);
		offer_options(common_options, argv[i]);
	} else {
		offer_operands(cmd, seen, first, argv[i]);
	}
	return EXIT_SUCCESS;
}

/**
 * command_main - find the verb and do it
 * @root: the program
 * @argc: as main() has it
 * @argv: likewise
 *
 * Return: an exit code.
 */
int command_main(const struct command *root, int argc, char **argv)
{
	struct args args = {};
	int status;

	if (argc > 1 && !strcmp(argv[1], "__complete"))
		return complete(root, argc - 2, argv + 2);
	status = run(root, root->name, &args, argc, argv);
	if (fflush(stdout) || ferror(stdout)) {
		warn("cannot write the output");
		return EXIT_FAILED;
	}
	return status;
}
