/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands as tables: a noun has verbs below it, a verb has options and operands.
 * Parsing, help and completion all go by the same tables.
 */
#ifndef VMBCTL_COMMAND_H
#define VMBCTL_COMMAND_H

#include <stdbool.h>

/* exit codes; vmbctl.1 has them */
#define EXIT_FAILED	1
#define EXIT_USAGE	2
#define EXIT_ABSENT	3
#define EXIT_DAMAGED	4

#define COMMAND_MAX_OPTIONS	16

/**
 * struct command_option - an option of a verb, beside those that all have
 * @name: without dashes; NULL ends the table
 * @letter: for the short form, or 0
 * @arg: name of its argument, or NULL
 * @values: arguments it may have, apart by blanks, or NULL for any
 * @help: what it does
 */
struct command_option {
	const char *name;
	char letter;
	const char *arg;
	const char *values;
	const char *help;
};

/**
 * struct args - what a verb was given
 * @json: print JSON
 * @value: by index in the verb's table of options: NULL if the option was not
 *	given, else its argument, or "" if it has none
 * @operand: the rest, NULL-terminated
 * @nr: how many
 */
struct args {
	bool json;
	const char *value[COMMAND_MAX_OPTIONS];
	char **operand;
	int nr;
};

enum command_operand {
	OPERAND_NONE,
	OPERAND_PARTITION,
	OPERAND_FILE,
	OPERAND_SWITCH,
	/* a partition, and a NIC of it */
	OPERAND_NIC,
};

/**
 * struct command - a noun or a verb
 * @name: NULL ends the table
 * @summary: one line, no full stop
 * @sub: of a noun: what is below it
 * @operands: of a verb: as shown in its usage, or NULL
 * @kind: what the operands are
 * @min: how many there are at least
 * @max: and at most
 * @options: of a verb, or NULL
 * @details: more help, or NULL
 * @run: does it; returns an exit code
 */
struct command {
	const char *name;
	const char *summary;
	const struct command *sub;
	const char *operands;
	enum command_operand kind;
	int min;
	int max;
	const struct command_option *options;
	const char *details;
	int (*run)(const struct args *args);
};

int command_main(const struct command *root, int argc, char **argv);

/* the verbs */
int list_run(const struct args *args);
int show_run(const struct args *args);
extern const struct command_option top_options[];
int top_run(const struct args *args);
extern const struct command_option vhd_create_options[];
int vhd_create_run(const struct args *args);
int vhd_info_run(const struct args *args);
extern const struct command_option vhd_check_options[];
int vhd_check_run(const struct args *args);
int vhd_map_print_run(const struct args *args);
int vhd_snapshot_run(const struct args *args);
extern const struct command_option vhd_merge_options[];
int vhd_merge_run(const struct args *args);
int vhd_revert_run(const struct args *args);
extern const struct command_option vhd_resize_options[];
int vhd_resize_run(const struct args *args);
extern const struct command_option vhd_attach_options[];
int vhd_attach_run(const struct args *args);
int vhd_detach_run(const struct args *args);
int vhd_list_run(const struct args *args);

extern const struct command_option switch_create_options[];
int switch_create_run(const struct args *args);
extern const struct command_option switch_delete_options[];
int switch_delete_run(const struct args *args);
int switch_list_run(const struct args *args);
int switch_show_run(const struct args *args);
extern const struct command_option nic_add_options[];
int nic_add_run(const struct args *args);
extern const struct command_option nic_remove_options[];
int nic_remove_run(const struct args *args);
extern const struct command_option nic_set_options[];
int nic_set_run(const struct args *args);
int nic_print(const char *partition, const char *name);
int nic_list_run(const struct args *args);

#endif /* VMBCTL_COMMAND_H */
