# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: processes that play the guest over /dev/vmb, on the debug kernel

L1_KERNEL=debug
L1_CPUS=2
TIMEOUT=1200

. "$SCENARIO_LIB/selftests.sh"
