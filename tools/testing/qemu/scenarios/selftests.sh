# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: processes that play the guest over /dev/vmb, no VM needed

L1_CPUS=2
L1_NODES=2
TIMEOUT=480

. "$SCENARIO_LIB/selftests.sh"
