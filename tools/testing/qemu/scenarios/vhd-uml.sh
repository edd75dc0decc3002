# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2153,SC2154
# DESCRIPTION: disks in images, in User Mode Linux

L1_KERNEL=uml
TIMEOUT=600

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/vhd.sh"
