# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2153,SC2154
# DESCRIPTION: disks in images, on the debug kernel

L1_KERNEL=debug
L1_CPUS=2
TIMEOUT=5400
# what vhd does, and more slowly than everything else: by name
CHECK=no

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/vhd.sh"
