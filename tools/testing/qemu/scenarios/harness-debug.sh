# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: the debug kernel, checkers on, boots a guest and is itself clean

L1_KERNEL=debug
L2_KERNEL=stock
MODULES=no
PLAN=6
TIMEOUT=600

checkers_are_on() {
	[ -w /sys/kernel/debug/kmemleak ]
	grep -q 'debug_locks: *1' /proc/lockdep_stats
	[ -d /sys/kernel/debug/failslab ]
	grep -q kasan_init /proc/kallsyms
}

backings_load() {
	load null_blk scsi_debug brd loop dm-flakey vhost_scsi
	[ -b /dev/nullb0 ]
	[ -b /dev/ram0 ]
}

guest_runs() {
	l2_start guest
	l2_sync guest ready
	l2_go guest ready
}

l1() {
	run_test checkers-are-on checkers_are_on
	run_test backings-load backings_load
	run_test guest-runs guest_runs
	run_test guest-ends l2_wait guest 300
}

l2() {
	run_test guest-talks sync_l1 ready
	run_test guest-is-a-guest grep -qw hypervisor /proc/cpuinfo
}
