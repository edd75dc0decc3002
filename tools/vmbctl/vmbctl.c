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
	{
		.name = "snapshot",
		.summary = "Make an empty child of an image",
		.operands = "IMAGE CHILD",
		.kind = OPERAND_FILE,
		.min = 2,
		.max = 2,
		.details = "From now on the child is to be used, and the image left as it is.\n"
			   "If it is attached, the kernel writes to the child from then on.",
		.run = vhd_snapshot_run,
	},
	{
		.name = "merge",
		.summary = "Merge what an image holds into its parent, and remove it",
		.operands = "CHILD",
		.kind = OPERAND_FILE,
		.min = 1,
		.max = 1,
		.options = vhd_merge_options,
		.details = "May be interrupted at any time: the same command goes on. If it is\n"
			   "attached, the kernel does it, and writes to the parent from then on.",
		.run = vhd_merge_run,
	},
	{
		.name = "revert",
		.summary = "Throw away what a child holds",
		.operands = "CHILD",
		.kind = OPERAND_FILE,
		.min = 1,
		.max = 1,
		.run = vhd_revert_run,
	},
	{
		.name = "resize",
		.summary = "Give the disk another size",
		.operands = "IMAGE SIZE",
		.kind = OPERAND_FILE,
		.min = 2,
		.max = 2,
		.options = vhd_resize_options,
		.run = vhd_resize_run,
	},
	{
		.name = "attach",
		.summary = "Make a block device of an image",
		.operands = "FILE",
		.kind = OPERAND_FILE,
		.min = 1,
		.max = 1,
		.options = vhd_attach_options,
		.details = "Prints the device.",
		.run = vhd_attach_run,
	},
	{
		.name = "detach",
		.summary = "Take away a block device, by its name, its device or its image",
		.operands = "DISK",
		.kind = OPERAND_FILE,
		.min = 1,
		.max = 1,
		.run = vhd_detach_run,
	},
	{
		.name = "list",
		.summary = "List the block devices that are made of images",
		.run = vhd_list_run,
	},
	{ }
};

static const struct command switch_commands[] = {
	{
		.name = "create",
		.summary = "Make a switch",
		.operands = "NAME",
		.min = 1,
		.max = 1,
		.options = switch_create_options,
		.details = "external   NICs, the host, and a network by --uplink\n"
			   "internal   NICs and the host\n"
			   "private    NICs only: the host neither hears them nor is heard",
		.run = switch_create_run,
	},
	{
		.name = "delete",
		.summary = "Delete a switch that no NIC is on",
		.operands = "SWITCH",
		.kind = OPERAND_SWITCH,
		.min = 1,
		.max = 1,
		.options = switch_delete_options,
		.run = switch_delete_run,
	},
	{
		.name = "list",
		.summary = "List the switches, which are the bridges of the host",
		.run = switch_list_run,
	},
	{
		.name = "show",
		.summary = "Show a switch with its ports",
		.operands = "SWITCH",
		.kind = OPERAND_SWITCH,
		.min = 1,
		.max = 1,
		.run = switch_show_run,
	},
	{ }
};

static const struct command nic_commands[] = {
	{
		.name = "add",
		.summary = "Give a partition a NIC",
		.operands = "PARTITION NIC",
		.kind = OPERAND_NIC,
		.min = 2,
		.max = 2,
		.options = nic_add_options,
		.details = "NIC is a name such as net.0. A guest that runs sees it at once.",
		.run = nic_add_run,
	},
	{
		.name = "remove",
		.summary = "Take a NIC away",
		.operands = "PARTITION NIC",
		.kind = OPERAND_NIC,
		.min = 2,
		.max = 2,
		.options = nic_remove_options,
		.run = nic_remove_run,
	},
	{
		.name = "set",
		.summary = "Change a NIC, or where it is connected",
		.operands = "PARTITION NIC",
		.kind = OPERAND_NIC,
		.min = 2,
		.max = 2,
		.options = nic_set_options,
		.details = "Switch and VLANs change at once, the others while the guest does not\n"
			   "see the NIC: --restart takes it away and gives it back.",
		.run = nic_set_run,
	},
	{
		.name = "list",
		.summary = "List the NICs, of one partition or of all",
		.operands = "[PARTITION]",
		.kind = OPERAND_PARTITION,
		.max = 1,
		.run = nic_list_run,
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
	{
		.name = "switch",
		.summary = "Make and look at virtual switches",
		.sub = switch_commands,
	},
	{
		.name = "nic",
		.summary = "Make, connect and look at NICs",
		.sub = nic_commands,
	},
	{ }
};

static const struct command root = {
	.name = "vmbctl",
	.summary = "Look at the virtual machines that vmb serves, their disk images and networks",
	.sub = commands,
};

int main(int argc, char **argv)
{
	return command_main(&root, argc, argv);
}
