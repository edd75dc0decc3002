# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: processes that play the guest over /dev/vmb, on the debug kernel with two CPUs

L1_KERNEL=debug
L1_CPUS=2
TIMEOUT=900

. "$SCENARIO_LIB/selftests.sh"

# What goes on while something else is taken away, and what several threads do at once:
# where another CPU may come in between. selftests-uml has all of them.
selftest_programs() { printf '%s\n' channel connect hostile life net pin stor switch vp; }

selftest_names() {
	case $1 in
	channel) echo rescind kick_from_another_vp kick_from_another_process worker_is_tried answers_not_taken ;;
	connect) echo signal_while_listening synic_while_vp_add_fails flood ;;
	net) echo revoked sub_channel_closed rescind_in_traffic close_in_traffic ;;
	stor) echo queue_depth_32_later sub_channels_io hot_add_and_remove resets corrupt_rings ;;
	switch) echo hostile_neighbour ;;
	esac
}
