# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
#
# The programs of tools/testing/selftests, which play the guest over /dev/vmb.
# How many tests there are, the programs themselves tell the build machine.

MODULES=yes
L1_MANIFEST='bin /usr/sbin/ip
bin /usr/sbin/bridge
module bridge'

prepare() {
	local program
	make -s -C "$VMB_TOP/tools/testing/selftests" O="$VMB_BUILD/selftests" >&2
	for program in $(selftest_programs); do
		printf 'file %s /selftests/%s\n' "$VMB_BUILD/selftests/$program" "$program"
	done
}

selftest_programs() {
	local source
	for source in "$VMB_TOP"/tools/testing/selftests/*_test.c; do
		basename "$source" _test.c
	done
}

# Each test, PROGRAM.plan for each program, and those of l1.
plan() {
	local program all=4
	[ "$L1_KERNEL" != debug ] || all=5
	for program in $(selftest_programs); do
		all=$((all + 1 + $("$VMB_BUILD/selftests/$program" -l | wc -l)))
	done
	echo $all
}

# The debug kernel without its checkers would find nothing.
checkers_are_on() {
	[ -w /sys/kernel/debug/kmemleak ]
	grep -q 'debug_locks: *1' /proc/lockdep_stats
	[ -d /sys/kernel/debug/failslab ]
	grep -q kasan_init /proc/kallsyms
}

l1() {
	local program
	[ "$L1_KERNEL" != debug ] || run_test checkers-are-on checkers_are_on
	run_test modules-load load_vmb
	run_test backings-load load null_blk scsi_debug brd loop dm-flakey
	for program in /selftests/*; do
		run_tap "$(basename "$program")" "$program"
	done
	run_test modules-unload unload_vmb
	run_test modules-load-again load_vmb
}
