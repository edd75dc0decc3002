// SPDX-License-Identifier: GPL-2.0-only
/* vmbctl, the management command of a host. */
#include "command.h"

static const struct command vhd_commands[] = {
	{
		.name = "create",
		.summary = "Make a disk image",
		.operands = "FILE",
		.kind = OPERAND_FILE,
		.min = 1,
		.max = 1,
		.options = vhd_create_options,
		.run = vhd_create_run,
	},
	{
		.name = "info",
		.summary = "Show what an image says of itself, and whether its parent fits",
		.operands = "FILE",
		.kind = OPERAND_FILE,
		.min = 1,
		.max = 1,
		.run = vhd_info_run,
	},
	{
		.name = "check",
		.summary = "Look for damage in an image",
		.operands = "FILE",
		.kind = OPERAND_FILE,
		.min = 1,
		.max = 1,
		.options = vhd_check_options,
		.details = "Ends with status 4 if there is any.",
		.run = vhd_check_run,
	},
	{
		.name = "map",
		.summary = "Show where in the file the bytes of the disk are",
		.operands = "FILE",
		.kind = OPERAND_FILE,
		.min = 1,
		.max = 1,
		.run = vhd_map_print_run,
	},
	{ }
};

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
	{
		.name = "vhd",
		.summary = "Make and look at disk images, VHD and VHDX",
		.sub = vhd_commands,
	},
	{ }
};

static const struct command root = {
	.name = "vmbctl",
	.summary = "Look at the virtual machines that vmb serves on this host, and at disk images",
	.sub = commands,
};

int main(int argc, char **argv)
{
	return command_main(&root, argc, argv);
}
