# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# DESCRIPTION: what goes on beside something else, on the debug kernel with two CPUs

L1_KERNEL=debug
L1_CPUS=2
SUITES=yes
TIMEOUT=900

. "$SCENARIO_LIB/selftests.sh"
L1_MANIFEST="$L1_MANIFEST
module sd_mod
module sg"

# All that is here runs in User Mode Linux as well, with the same checkers: kunit and
# selftests-uml have every test. That has one CPU and is not preempted. So of each these:
# what several threads do at once, what is taken away while it is used, what interrupts or
# works of another CPU may come in between. What one thread does after the other, however
# hostile, is the same everywhere.

# Suites of KUnit: the module without its _kunit, the suite, tests
CHOSEN='vmb_ring vmb_ring ring_threads
vmb_loop vmb_loop_conn conn_storm conn_add_remove conn_eom_storm
vmb_loop vmb_loop_data data_both data_isr data_rescind data_unload
vmb_loop_stor vmb_loop_stor stor_depth stor_hotplug stor_withdraw stor_sleep
vmb_loop_net vmb_loop_net net_flood net_withdraw net_withdraw_quiet net_storm
vmb_loop_net vmb_loop_net_xdp net_xdp_tx
vmb_loop_net_fake vmb_loop_net_fake fake_mute
vmb_loop_net_fake vmb_loop_net_xdp_fake fake_xdp_held
vmb_guest vmb_guest_conn conn_crash_answered
vmb_guest vmb_guest_channel open_rescinded rescind_open move
vmb_guest vmb_guest_offer rescind_at_once rescind_in_probe sub_channel_again driver_comes_and_goes
vmb_guest vmb_guest_data receive_elsewhere full_old_host rescinded
storport_error storport_error error_late
storport_io storport_io io_batch
storport_rescan storport_rescan rescan_early rescan_surprise_busy rescan_surprise_scan rescan_sleep_drain
vhd_bits vhd_bits flush busy'

# Programs that play the guest, and which tests of theirs
selftest_programs() { printf '%s\n' channel connect hostile life net pin stor vp; }

selftest_names() {
	case $1 in
	channel) echo rescind kick_from_another_vp kick_from_another_process worker_is_tried ;;
	connect) echo signal_while_listening synic_while_vp_add_fails flood ;;
	life) echo killed_with_io file_closed_with_io reset_with_io unload_and_close_with_io \
		memory_removed_with_io lun_removed_with_io controller_taken_from_a_busy_guest \
		killed_at_random enabled_and_disabled_under_load ;;
	net) echo rescind_in_traffic close_in_traffic ;;
	pin) echo pinned_memory_removed_with_io pinned_memory_unmapped_with_io ;;
	stor) echo queue_depth_32_later sub_channels_io resets ;;
	vp) echo away_under_load replug_under_load replug_while_staging ;;
	esac
}

# --- the build machine

prepare() {
	selftests_prepare
	"$VMB_TOP/tools/testing/kunit/order" "$VMB_BUILD/modules/debug" |
		sed 's|.*/||' >"$dir/order"
	printf 'file %s /harness/order\n' "$dir/order"
}

# Each test and each suite's plan; those of l1; and the programs'.
plan() { echo $(($(echo "$CHOSEN" | awk '{ n += NF - 1 } END { print n }') + 2 + $(selftests_plan))); }

# --- the KVM host, without guests

KUNIT=/sys/module/kunit/parameters
RESULTS_OF=/sys/kernel/debug/kunit

insmod_one() {
	local arguments=
	# this machine is none of Hyper-V's
	[ "$1" != vmb_guest.ko ] || arguments=platform=none
	insmod "/harness/modules/$1" $arguments || { echo "$1 does not load"; return 1; }
}

# What the suites need; they load themselves.
load_others() {
	local ko
	mkdir -p /run
	# the suites count frames: none is to be sent that they did not ask for
	echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
	load sd_mod sg null_blk loop || return
	# shellcheck disable=SC2013 # a module name is a word
	for ko in $(cat /harness/modules/depends); do load "$ko" || return; done
	while read -r ko; do
		case $ko in *_kunit.ko) ;; *) insmod_one "$ko" || return ;; esac
	done </harness/order
}

unload_all() {
	local ko
	sed '1!G;h;$!d' /harness/order >/tmp/reversed
	while read -r ko; do
		case $ko in *_kunit.ko) ;; *) rmmod "${ko%.ko}" || { echo "$ko stays"; return 1; } ;; esac
	done </tmp/reversed
	echo 0 >/proc/sys/net/ipv6/conf/default/disable_ipv6
}

# suite MODULE SUITE TEST...: as one TAP. KUnit takes the name of one test, so the module is
# loaded for each. Tests are indented by four, parameters of theirs by more.
suite() {
	local module=$1_kunit suite=$2 name
	shift 2
	echo "1..$#"
	for name in "$@"; do
		printf %s "$suite.$name" >$KUNIT/filter_glob
		insmod_one "$module.ko" || return
		sed -n '/^    1\.\./d; s/^    \([^ ]\)/\1/p' "$RESULTS_OF/$suite/results"
		rmmod "$module" || return
	done
}

suites() {
	local module name tests
	run_test suites-load load_others || return
	# shellcheck disable=SC2086 # tests are words
	echo "$CHOSEN" | while read -r module name tests; do
		run_tap "$name" suite "$module" "$name" $tests
	done
	run_test suites-unload unload_all
}

l1() {
	suites
	# as long as is of use is in User Mode Linux
	export HOSTILE_SECONDS=4
	selftests
}
