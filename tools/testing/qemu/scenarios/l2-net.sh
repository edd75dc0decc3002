# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: a NIC by the guest's own hv_netvsc: two channels, ping, data both ways, large frames

L2_KERNEL=stock
L2_MANIFEST='module hv_netvsc'
PLAN=18
TIMEOUT=360

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/nic.sh"

# --- the KVM host

steps() { steps_to end; }

# --- the guest

nic_load() {
	load hv_vmbus hv_netvsc
	nic_up
}

l2() {
	run_test drivers nic_load || poweroff -f
	exchanges
	sync_l1 end
}
