# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: a NIC by vsc_net: what l2-net does; signals, XDP; taken away in use and given back

L2_KERNEL=stock
PLAN=24
TIMEOUT=480

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/ours.sh"
. "$SCENARIO_LIB/nic.sh"

OURS_MODULES='vmb vmb_guest vsc_net'
OURS_FILES=/harness/xdp

# --- the build machine

# shellcheck disable=SC2154 # dir is the runner's
prepare() {
	gcc -O2 -Wall -Werror -static -o "$dir/xdp" "$SCENARIO_LIB/xdp.c"
	printf 'file %s /harness/xdp\n' "$dir/xdp"
}

# --- the KVM host

# The guest sends all the time, and would never be idle: the host does not wait for that, as
# our driver needs no answers that are under way. It comes back as another netdev of the
# host, which needs its address anew.
take_away() {
	echo 0 >/sys/module/vmb_host/parameters/withdraw_ms
	echo 0 >$NIC/enable
	[ ! -e /sys/class/net/vm0 ]
	echo 1 >$NIC/enable
	ip addr add $HOST/24 dev vm0
	ip link set vm0 up
}

kicks() { state vm kicks net.0 | awk '{ sum += $1 } END { print sum }'; }

# An answer tells the host that the question was read, too: one signal for both, if it
# goes by the same channel, as it does where no CPU has two of them.
few_signals() {
	local before
	[ "$(state vm vp net.0 | sort -u | wc -l)" = 2 ]
	before=$(kicks)
	ping -A -c 40 -W 10 $GUEST
	note "40 pings: $(($(kicks) - before)) signals from the guest"
	[ $(($(kicks) - before)) -lt 60 ]
}

steps() {
	steps_to xdp &&
		run_test few-signals step main signals few_signals &&
		step main busy true &&
		run_test nic-goes-in-use take_away &&
		run_test ping-guest-again step main back ping_guest
}

# --- the guest

nic_load() {
	local m
	for m in $OURS_MODULES; do insmod "$OURS/$m.ko"; done
	nic_up
}

# ends STATUS COMMAND...
ends() {
	local wanted=$1 status=0
	shift
	"$@" || status=$?
	[ $status = "$wanted" ]
}

# sends_back KIND SIZE: those frames are more from here, and no answer
sends_back() {
	local before
	before=$(cat /sys/class/net/eth0/statistics/tx_packets)
	ends 1 $OURS/xdp eth0 "$1" ping -c 2 -W 1 -s "$2" $HOST
	[ $(($(cat /sys/class/net/eth0/statistics/tx_packets) - before)) -ge 4 ]
}

# Which every answer meets. The MTU is that of large frames first.
programs() {
	ends 5 $OURS/xdp eth0 pass true
	$OURS/xdp eth0 pass.frags ping -c 2 -W 10 -s 8900 $HOST
	ends 1 $OURS/xdp eth0 drop.frags ping -c 2 -W 1 -s 8900 $HOST
	sends_back tx.frags 8900
	sends_back redirect.frags 8900
	ping -c 2 -W 10 -s 8900 $HOST
	ip link set eth0 mtu 1500
	$OURS/xdp eth0 pass ping -c 2 -W 10 $HOST
	ends 1 $OURS/xdp eth0 drop ping -c 2 -W 1 $HOST
	sends_back tx 56
	sends_back redirect 56
	ping -c 2 -W 10 $HOST
}

back_again() {
	wait_for 120 another
	nic_up
}

another() {
	[ -e /sys/class/net/eth0 ] && [ "$(cat /sys/class/net/eth0/ifindex)" != "$before" ]
}

nic_unload() {
	local m
	for m in vsc_net vmb_guest vmb; do rmmod $m; done
}

l2() {
	run_test drivers nic_load || poweroff -f
	exchanges
	sync_l1 xdp
	run_test xdp-programs programs
	sync_l1 signals
	# whoever sends has to find out by himself
	before=$(cat /sys/class/net/eth0/ifindex)
	while sleep 1; do ping -A -W 1 -s 1400 -c 100 $HOST; done >/dev/null 2>&1 &
	sync_l1 busy
	run_test nic-back back_again
	sync_l1 back
	run_test drivers-go nic_unload
}
