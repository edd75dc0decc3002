# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# DESCRIPTION: KUnit suites on the debug kernel, with two CPUs and preemption

L1_KERNEL=debug
L1_CPUS=2
SUITES=yes
TIMEOUT=900
L1_MANIFEST='module sd_mod
module sg'

# Those of pure code learn nothing from a second CPU, nor do tests that are marked slow: they wait
# for time to pass, or fill a table to its end.
CHOSEN='vmb_ring vmb_guest vmb_host_conn vmb_host_mem vmb_loop vmb_loop_stor vmb_loop_net
vmb_loop_net_fake vsc_handshake vsp_net_queue vsp_stor_bio storport_error storport_io
storport_rescan vhd_bits'

# --- the build machine

chosen_sources() {
	local name
	for name in $CHOSEN; do
		find "$VMB_TOP/drivers" -path '*/tests/Kbuild' -exec \
			awk -v m="${name}_kunit-y" '$1 == m {
				dir = FILENAME; sub(/Kbuild$/, "", dir)
				for (i = 3; i <= NF; i++) { sub(/\.o$/, ".c", $i); print dir $i } }' {} +
	done
}

prepare() {
	"$VMB_TOP/tools/testing/kunit/order" "$VMB_BUILD/modules/debug" |
		sed 's|.*/||' >"$dir/order"
	printf 'file %s /harness/order\n' "$dir/order"
}

# Each module, each suite's plan, each test; and those of l1.
plan() {
	local modules sources all
	# shellcheck disable=SC2086
	modules=$(echo $CHOSEN | wc -w)
	sources=$(chosen_sources)
	# shellcheck disable=SC2086
	all=$(cat $sources | grep -cE '(^static struct kunit_suite |KUNIT_CASE(_PARAM[A-Z_]*)?\()')
	echo $((2 + modules + all))
}

# --- the KVM host, without guests

SUITE_RESULTS=/sys/kernel/debug/kunit

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
		ko=${ko%.ko}
		! grep -q "^$ko " /proc/modules || rmmod "$ko" || { echo "$ko stays"; return 1; }
	done </tmp/reversed
}

# Tests are indented by four, parameters of theirs by more.
results() { sed -n 's/^    \([^ ]\)/\1/p' "$1/results"; }

l1() {
	local name suite seen=' '
	run_test modules-load load_others || return
	printf 'speed>slow' >/sys/module/kunit/parameters/filter
	for name in $CHOSEN; do
		run_test "$name" insmod_one "${name}_kunit.ko" || continue
		for suite in "$SUITE_RESULTS"/*/; do
			suite=${suite%/}
			case $seen in *" $suite "*) continue ;; esac
			seen="$seen$suite "
			run_tap "$(basename "$suite")" results "$suite"
		done
	done
	run_test modules-unload unload_all
}
