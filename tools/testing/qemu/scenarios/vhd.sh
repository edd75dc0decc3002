# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2153,SC2154
# DESCRIPTION: disks in images, with two CPUs: what the kernel writes, other programs read

L1_CPUS=2
TIMEOUT=600

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/vhd.sh"
PLAN=18

# vhd-uml has all of them.
l1() {
	begin_tests
	beside_tests
	write_tests vhd-dynamic vhdx-dynamic
	end_tests
}
