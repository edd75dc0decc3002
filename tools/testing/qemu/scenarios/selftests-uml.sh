# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: processes that play the guest over /dev/vmb, in User Mode Linux

L1_KERNEL=uml
TIMEOUT=300

. "$SCENARIO_LIB/selftests.sh"
