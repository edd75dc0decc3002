# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: disks in images: what is left of them by a crash at any flush

TIMEOUT=600

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/vhd.sh"
. "$SCENARIO_LIB/crash.sh"
PLAN=7
