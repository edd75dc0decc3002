# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: two vCPUs, sub-channels, disks and controllers that come, grow and go

L2_KERNEL=stock
PLAN=25
TIMEOUT=300
# KVM's timers and VMBus share the slot for messages, here only.
L2_HYPERV=${L2_HYPERV-},hv-stimer-direct=off

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/boot.sh"
