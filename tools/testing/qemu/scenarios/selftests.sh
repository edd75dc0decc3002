# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: a process plays the guest over /dev/vmb, no VM needed

TIMEOUT=300
SELFTESTS="uapi connect"

# On the build machine: programs, and how many lines they will have.
prepare() {
	make -s -C "$VMB_TOP/tools/testing/selftests" O="$VMB_BUILD/selftests" >&2
	for t in $SELFTESTS; do
		echo "file $VMB_BUILD/selftests/$t /selftests/$t"
	done
}

plan() {
	n=1
	for t in $SELFTESTS; do
		n=$((n + $("$VMB_BUILD/selftests/$t" -l | wc -l) + 1))
	done
	echo $n
}

l1() {
	run_test modules-load load_vmb || return
	for t in $SELFTESTS; do
		run_tap "$t" "/selftests/$t"
	done
}
