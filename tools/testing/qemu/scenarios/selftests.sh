# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: processes that play the guest over /dev/vmb, no VM needed

L1_CPUS=2
L1_NODES=2
TIMEOUT=480

. "$SCENARIO_LIB/selftests.sh"

# selftests-uml has every test, with all checkers, but for those that would count what
# checkers keep. Here is what may be otherwise on Debian's kernel, on a real MMU, with two
# CPUs and two nodes, and what the scenario debug has slowly: not errors of disks, or that
# there is no memory, a count that is reached, nor what programs do to a switch.
selftest_programs() {
	printf '%s\n' channel connect full life net numa pin scale stor switch uapi vp
}

# all_but PROGRAM TEST: the programs are elsewhere in the machine
all_but() {
	local program=/selftests/$1
	[ -x "$program" ] || program=$VMB_BUILD/selftests/$1
	"$program" -l | grep -vx "$2"
}

selftest_names() {
	case $1 in
	channel) all_but channel ids_never_released ;;
	full) echo vcpu_does_not_wait withdraw_when_full ;;
	life) echo killed_with_io exits_with_io execs_with_io killed_while_another_has_the_file \
		ring_memory_removed controller_removed_with_io controller_taken_from_a_deaf_guest \
		modules_in_use vp_thread_exits locked_memory locked_memory_limit killed_at_random ;;
	switch) echo hostile_neighbour ;;
	uapi) all_but uapi memory_ranges_are_limited ;;
	esac
}
