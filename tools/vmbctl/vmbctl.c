// SPDX-License-Identifier: GPL-2.0-only
/* vmbctl, the management command of a host. */
#include "command.h"

static const struct command commands[] = {
	{
		.name = "list",
		.summary = "List the partitions",
		.run = list_run,
	},
	{
		.name = "show",
		.summary = "Show a partition with its devices, disks and channels",
		.operands = "PARTITION",
		.kind = OPERAND_PARTITION,
		.min = 1,
		.max = 1,
		.run = show_run,
	},
	{
		.name = "top",
		.summary = "Show what partitions and channels do, again and again",
		.options = top_options,
		.details = "On a terminal the figures are drawn anew each time, and 'q' ends it.\n"
			   "Elsewhere each round is printed below the one before, with --json as\n"
			   "one line.",
		.run = top_run,
	},
	{ }
};

static const struct command root = {
	.name = "vmbctl",
	.summary = "Look at the virtual machines that vmb serves on this host",
	.sub = commands,
};

int main(int argc, char **argv)
{
	return command_main(&root, argc, argv);
}
