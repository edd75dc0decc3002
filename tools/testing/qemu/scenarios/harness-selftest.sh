# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: the harness itself: a host, a guest in it, results from both

L2_KERNEL=stock
MODULES=no
PLAN=6
# The probe for nested virtualisation runs this one, and is not patient.
TIMEOUT=${PROBE_TIMEOUT:-300}

kvm_is_there() { [ -c /dev/kvm ]; }


guest_waits_for_us() {
	l2_sync guest ready
	l2_go guest ready
}

l1() {
	run_test kvm-is-there kvm_is_there
	run_test guest-starts l2_start guest
	run_test guest-waits-for-us guest_waits_for_us
	run_test guest-ends l2_wait guest
}

l2() {
	run_test guest-talks sync_l1 ready
	run_test guest-is-a-guest grep -qw hypervisor /proc/cpuinfo
}
