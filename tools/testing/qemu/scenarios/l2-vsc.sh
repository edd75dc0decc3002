# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: the same as l2-boot with our own drivers in the guest

L2_KERNEL=stock
PLAN=25
TIMEOUT=300

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/ours.sh"
. "$SCENARIO_LIB/boot.sh"
