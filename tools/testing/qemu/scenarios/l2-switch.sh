# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: two guests on a private switch: each other, not the host; VLANs; beside a hostile guest

L1_MEM=3G
L1_MANIFEST='bin /usr/sbin/ip
bin /usr/sbin/bridge
module bridge'
L2_KERNEL=stock
L2_MANIFEST='module hv_netvsc
bin /usr/bin/iperf3'
PLAN=34
TIMEOUT=360

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/count.sh"

SW=vms
RED=10.8.0.1 RED6=fd08::1
BLUE=10.8.0.2 BLUE6=fd08::2
HOST=10.8.0.254 HOST6=fd08::fe
MB=1

# --- the build machine

# Who plays the hostile guest.
prepare() {
	make -s -C "$VMB_TOP/tools/testing/selftests" O="$VMB_BUILD/selftests" >&2
	printf 'file %s /selftests/switch\n' "$VMB_BUILD/selftests/switch"
}

# --- the KVM host

# The hostile one's is what its program sends from: not all that it says is refused.
mac_of() {
	case $1 in
	bad) echo 02:00:00:00:01:01 ;;
	red) echo 02:00:00:00:01:11 ;;
	blue) echo 02:00:00:00:01:12 ;;
	esac
}

# The host has addresses as if it were to take part.
make_switch() {
	load_vmb
	load bridge
	vmbctl switch create $SW --type private
	ip addr add $HOST/24 dev $SW
	echo 0 >/proc/sys/net/ipv6/conf/$SW/accept_dad
	ip -6 addr add $HOST6/64 dev $SW
	for color in red blue bad; do
		mkdir $VMB/$color
		vmbctl nic add $color net.0 --switch $SW --ifname $color --vlan 10 --mac "$(mac_of $color)"
	done
	vmbctl switch show $SW
	vmbctl switch list --json | grep -q '"name":"vms","type":"private","host":false'
	count_events
}

start_both() {
	l2_start red -p red -a color=red -- -name red,debug-threads=on
	l2_start blue -p blue -a color=blue -- -name blue,debug-threads=on
}

# both WORD COMMAND...: both guests are there, then both go on.
both() {
	local word=$1
	shift
	l2_sync red "$word" 150
	l2_sync blue "$word" 150
	"$@"
	l2_go red "$word"
	l2_go blue "$word"
}

# All at once: an answer that does not come takes its time.
unreachable() {
	local address
	rm -f /tmp/answers
	for address in "$@"; do
		{ ! ping -c 2 -w 4 -W 2 "$address" || echo "$address answers" >>/tmp/answers; } &
	done
	wait
	[ ! -e /tmp/answers ] || { cat /tmp/answers; return 1; }
}

# From the host, too, whose bridge has an address of the same network.
host_is_out() {
	[ "$(cat /sys/class/net/red/carrier /sys/class/net/blue/carrier | tr -d '\n')" = 11 ]
	unreachable $RED $BLUE $RED6
	vmbctl nic list
}

frames_of() { cat "/sys/class/net/$1/statistics/rx_packets"; }
frames_come() { [ "$(frames_of "$1")" -gt "$2" ]; }

# While data goes from the one to the other, packets and their acknowledgements need
# nobody's user mode. Threads woken are noted only: on a slow machine few packets go by
# while those who count are woken.
stays_in_kernel() {
	local before frames exits woken
	before=$(frames_of red)
	l2_sync red stream 60
	l2_go red stream
	wait_for 30 frames_come red $((before + 200))
	# shellcheck disable=SC2046
	set -- $(frames_of red) $(frames_of blue) $(events)
	usleep 2000000
	# shellcheck disable=SC2046
	set -- "$@" $(frames_of red) $(frames_of blue) $(events)
	frames=$((${10} - $1 + ${11} - $2)) exits=$((${12} - $3)) woken=$((${15} - $6))
	note "$frames frames between guests: $exits exits to user mode, $woken threads woken, $((${16} - $7)) context switches"
	[ "$frames" -gt 100 ] || { echo "only $frames frames"; return 1; }
	[ $((exits * 10000)) -lt "$frames" ] || { echo "$exits exits for $frames frames"; return 1; }
}

move_blue() { vmbctl nic set blue net.0 --vlan "$1"; }

counter() { tr ' ' '\n' <"/sys/kernel/debug/vsp_net/$1.net.0/state" | grep -A 1 -x "$2" | tail -n 1; }
refused_more() { [ "$(counter bad malformed)" -gt "$1" ]; }

flood() {
	VMB_SHARED=1 FLOOD_PARTITION=bad FLOOD_SECONDS=500 /selftests/switch flood >/tmp/flood 2>&1 &
	echo $! >/tmp/flood.pid
	wait_for 30 refused_more 100
}

# It went on all the while, and still does. Its end is that of a VMM that is killed.
flood_ends() {
	local before
	before=$(counter bad malformed)
	wait_for 10 refused_more "$before"
	note "the hostile guest had $(counter bad malformed) packets refused, $(counter bad spoofed) frames were spoofed"
	[ "$(counter bad spoofed)" -gt 0 ]
	kill -9 "$(cat /tmp/flood.pid)"
	wait_for 20 grep -qx free $VMB/bad/state
}

nothing_wrong() {
	local color name
	for color in red blue; do
		cat "/sys/kernel/debug/vsp_net/$color.net.0/state"
		for name in malformed spoofed nomem_in too_long bad_completions; do
			[ "$(counter $color $name)" = 0 ] || { echo "$color: $name"; return 1; }
		done
	done
}

all_goes() {
	local color
	for color in red blue bad; do
		vmbctl nic remove $color net.0
		rmdir $VMB/$color
	done
	vmbctl switch delete $SW
	[ ! -e /sys/class/net/$SW ]
}

steps() {
	run_test both-are-up both up host_is_out &&
		run_test they-talk both talked true &&
		run_test stays-in-kernel stays_in_kernel &&
		run_test other-vlan step red apart move_blue 20 &&
		run_test same-vlan step red together move_blue 10 &&
		run_test flood step red flooded flood &&
		run_test flood-harmed-nobody both end flood_ends
}

give_up_all() {
	local color
	for color in red blue; do
		cat "/sys/kernel/debug/vsp_net/$color.net.0/state"
		l2_kill $color
	done
	cat /tmp/flood
	kill -9 "$(cat /tmp/flood.pid)"
	all_goes
}

l1() {
	run_test switch make_switch || return
	run_test guests-start start_both || return
	steps || { give_up_all; return; }
	run_test red-ends l2_wait red
	run_test blue-ends l2_wait blue
	run_test nothing-wrong nothing_wrong
	run_test all-goes all_goes
}

# --- the guests

COLOR=$(grep -o 'color=[a-z]*' /proc/cmdline 2>/dev/null | cut -d= -f2)

nic_load() {
	load hv_vmbus hv_netvsc
	wait_for 60 test -e /sys/class/net/eth0
	echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad
	case $COLOR in
	red) ip addr add $RED/24 dev eth0; ip -6 addr add $RED6/64 dev eth0 ;;
	blue) ip addr add $BLUE/24 dev eth0; ip -6 addr add $BLUE6/64 dev eth0 ;;
	esac
	ip link set eth0 up
	wait_for 20 grep -qx 1 /sys/class/net/eth0/carrier
	fill /tmp/data $MB same
	head -c 262144 /tmp/data >/tmp/part
}

# What blue has for red: the sum of what it gets, its own data, and somebody to
# measure with.
serve() {
	nc -ll -p 7000 -e md5sum &
	nc -ll -p 7001 -e cat /tmp/data &
	nc -ll -p 7002 -e cat /tmp/part &
	iperf3 -s -D
}

# measure NAME ARGUMENT...: something came through, and how much
measure() {
	local name=$1
	shift
	timeout $((40 * HARNESS_SLOW)) iperf3 -c "$@" -f m >/tmp/iperf || { cat /tmp/iperf; return 1; }
	cat /tmp/iperf
	grep -E 'receiver$' /tmp/iperf | tail -n 1 >/tmp/receiver
	note "$name: $(tr -s ' ' </tmp/receiver | cut -d' ' -f4-)"
	awk '{ for (i = 1; i < NF; i++) if ($(i + 1) == "Mbits/sec") { ok = $i > 0 } } END { exit !ok }' /tmp/receiver
}

# exchanged FILE PORT: one way and then the other, since nc does not read while it cannot
# write
exchanged() {
	timeout $((60 * HARNESS_SLOW)) nc $BLUE 7000 <"$1" >/tmp/sum
	[ "$(cut -d' ' -f1 /tmp/sum)" = "$(checksum "$1")" ] || { cat /tmp/sum; return 1; }
	timeout $((60 * HARNESS_SLOW)) nc $BLUE "$2" </dev/null >/tmp/back
	cmp "$1" /tmp/back
}

red_talks() {
	run_test ping ping -A -c 3 -w 20 $BLUE
	run_test ping6 ping -A -c 3 -w 20 $BLUE6
	run_test no-host unreachable $HOST $HOST6
	run_test data exchanged /tmp/data 7001
	run_test tcp measure tcp $BLUE -t 1
	run_test tcp-back measure tcp-back $BLUE -t 1 -R
	run_test tcp6 measure tcp6 $BLUE6 -t 1
	run_test tcp6-back measure tcp6-back $BLUE6 -t 1 -R
	run_test udp measure udp $BLUE -u -b 4M -t 1
	run_test udp-back measure udp-back $BLUE -u -b 4M -t 1 -R
	run_test udp6 measure udp6 $BLUE6 -u -b 4M -t 1
	run_test udp6-back measure udp6-back $BLUE6 -u -b 4M -t 1 -R
}

l2() {
	run_test "$COLOR-nic" nic_load || poweroff -f
	[ "$COLOR" = red ] || serve
	sync_l1 up
	if [ "$COLOR" = red ]; then
		red_talks
		sync_l1 talked
		sync_l1 stream
		run_test stream measure stream $BLUE -t 6
		sync_l1 apart
		run_test apart unreachable $BLUE $BLUE6
		sync_l1 together
		run_test together ping -A -c 3 -w 20 $BLUE
		sync_l1 flooded
		# the machine is busy with the flood: all of the data would take minutes
		run_test data-beside-flood exchanged /tmp/part 7002
		run_test tcp-beside-flood measure tcp-beside-flood $BLUE -t 1
		run_test no-host-still unreachable $HOST $HOST6
	else
		run_test no-host-for-blue unreachable $HOST $HOST6
		sync_l1 talked
	fi
	sync_l1 end
}
