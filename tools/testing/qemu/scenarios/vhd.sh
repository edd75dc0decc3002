# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2153,SC2154
# DESCRIPTION: disks in images, with two CPUs: what the kernel writes, other programs read

L1_CPUS=2
TIMEOUT=600

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/vhd.sh"
PLAN=12

# vhd-uml has all of them. Here is where requests, a worker and what is done to the disk
# meet on two CPUs; of the ways to write, the one with most of it: a dynamic VHDX on ext4.
l1() {
	begin_tests
	beside_tests vhdx
	run_test ext4-vhdx-dynamic written /tmp/ext4 vhdx-dynamic
	run_test ext4-vhdx-dynamic-child child /tmp/ext4 vhdx-dynamic
	end_tests
}
