# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2046,SC2086,SC2153,SC2154
# DESCRIPTION: what make bench runs: one guest with a NIC of each kind, side by side; a second one to talk to

L2_KERNEL=stock
. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/ours.sh"
. "$SCENARIO_LIB/count.sh"
OURS_MODULES='vmb vmb_guest vsc_net'

L1_MEM=3G
L1_MANIFEST='bin /usr/sbin/ip
bin /usr/bin/iperf3
module bridge
module tun
module vhost_net'
L2_MANIFEST='bin /usr/bin/iperf3
module hv_netvsc
module virtio_net
module e1000
module tulip'
# it measures
CHECK=no

# On one bus there is one driver: the kernel's and ours take turns.
THEIRS='tulip e1000 vhost-net vmb+hv_netvsc'
OURS_DRIVER=vmb+vsc_net
# With the host; and with the other guest, on a bridge, for some.
WORKLOADS='tcp-from-guest tcp-to-guest tcp-rr'
GUEST_WORKLOADS='guest-tcp guest-rr'

# --- the build machine

# What tools/testing/qemu/bench asks for, for both machines; BENCH_NICS and
# BENCH_TRAFFIC, some of the above, are for a look at those.
BENCH_ROUNDS=${BENCH_ROUNDS:-3}
BENCH_RUNTIME=${BENCH_RUNTIME:-3}
BENCH_NICS=${BENCH_NICS:-$THEIRS $OURS_DRIVER}
BENCH_TRAFFIC=${BENCH_TRAFFIC:-$WORKLOADS $GUEST_WORKLOADS}
L1_CPUS=${BENCH_CPUS:-1}
TIMEOUT=${BENCH_TIMEOUT:-3600}

prepare() {
	cat >"$dir/bench.conf" <<-END
		ROUNDS='$BENCH_ROUNDS'
		RUNTIME='$BENCH_RUNTIME'
		NICS='$BENCH_NICS'
		TRAFFIC='$BENCH_TRAFFIC'
	END
	printf 'file %s /harness/bench.conf\n' "$dir/bench.conf"
	gcc -O2 -Wall -Werror -static -o "$dir/rr" "$SCENARIO_LIB/rr.c" || return
	printf 'file %s /usr/bin/rr\n' "$dir/rr"
}

# A change of drivers is two tests in the host and in either guest.
plan() {
	local NICS=$BENCH_NICS TRAFFIC=$BENCH_TRAFFIC driver tests=0
	for driver in $(theirs) $(ours); do
		tests=$((tests + $(workloads_of $driver | wc -w)))
	done
	[ -z "$(ours)" ] || tests=$((tests + 2 * (2 + 2 * 2)))
	echo $((11 + BENCH_ROUNDS * tests))
}

# --- either of the two

# among LIST WORD...: those of the words that are in the list, too
among() {
	local list=" $1 " word
	shift
	for word in "$@"; do
		case $list in *" $word "*) echo $word ;; esac
	done
}

# Those that are to be measured.
theirs() { among "$NICS" $THEIRS; }
ours() { among "$NICS" $OURS_DRIVER; }

# workloads_of DRIVER
workloads_of() {
	case $1 in
	tulip | e1000) among "$TRAFFIC" $WORKLOADS ;;
	*) among "$TRAFFIC" $WORKLOADS $GUEST_WORKLOADS ;;
	esac
}

# wire DRIVER WORKLOAD: the network that it is measured on. Both drivers of one kind
# of NIC have the same.
wire() {
	local wire
	case $1 in
	vmb+*) wire=vmb ;;
	*) wire=$1 ;;
	esac
	case $2 in
	guest-*) echo $wire-guests ;;
	*) echo $wire ;;
	esac
}

WIRES='tulip e1000 vhost-net vmb'
GUEST_WIRES='vhost-net-guests vmb-guests'

# net_of WIRE: the host is 1 in it, or the other guest
net_of() {
	case $1 in
	tulip) echo 10.7.1 ;;
	e1000) echo 10.7.2 ;;
	vhost-net) echo 10.7.3 ;;
	vmb) echo 10.7.4 ;;
	vhost-net-guests) echo 10.7.5 ;;
	vmb-guests) echo 10.7.6 ;;
	esac
}

# mac_of GUEST WIRE
mac_of() {
	local net guest=2
	net=$(net_of "$2")
	[ "$1" = bench ] || guest=1
	echo "02:00:00:00:0$guest:0${net##*.}"
}

# A measurement is too short for what cubic does when the delay rises, as it does all
# the time where processors are emulated: it ends slow start (HyStart), after two frames
# or two thousand, and the rest of the time goes at that pace.
tcp_settings() { echo reno >/proc/sys/net/ipv4/tcp_congestion_control; }

# --- the KVM host

# end_of GUEST WIRE: the host's end
end_of() { echo "$1-$(net_of "$2")" | tr -d .; }

# bridge_of WIRE
bridge_of() { end_of br "$1"; }

make_nic() {
	local dir=$VMB/$1/$2
	mkdir -p "$dir"
	end_of "$1" "$3" >"$dir/ifname"
	mac_of "$1" "$3" >"$dir/mac"
	echo 1 >"$dir/enable"
}

# A bridge for the two guests, which has no address.
make_networks() {
	local wire guest
	load_vmb
	load bridge tun vhost_net
	make_nic bench net.0 vmb
	make_nic bench net.1 vmb-guests
	make_nic peer net.0 vmb-guests
	for wire in tulip e1000 vhost-net vhost-net-guests; do
		/usr/sbin/ip tuntap add dev "$(end_of bench $wire)" mode tap
	done
	/usr/sbin/ip tuntap add dev "$(end_of peer vhost-net-guests)" mode tap
	for wire in $WIRES; do
		ip addr add "$(net_of $wire).1/24" dev "$(end_of bench $wire)"
		ip link set "$(end_of bench $wire)" up
	done
	for wire in $GUEST_WIRES; do
		/usr/sbin/ip link add "$(bridge_of $wire)" type bridge
		for guest in bench peer; do
			/usr/sbin/ip link set "$(end_of $guest $wire)" master "$(bridge_of $wire)"
			ip link set "$(end_of $guest $wire)" up
		done
		ip link set "$(bridge_of $wire)" up
	done
	guest_drivers
	tcp_settings
	iperf3 -s -D
	rr 7000 &
}

# As ours.sh adds modules.
more_for_guest() {
	mkdir -p /tmp/more/usr/bin /tmp/more/harness
	cp /usr/bin/rr /tmp/more/usr/bin
	cp /harness/bench.conf /tmp/more/harness
	(cd /tmp/more && find . | cpio -o -H newc) >/tmp/more.cpio
	truncate -s "$((($(stat -c %s /l2/run.cpio) + 511) / 512 * 512))" /l2/run.cpio
	cat /tmp/more.cpio >>/l2/run.cpio
}

# tap GUEST WIRE MODEL [vhost]
tap() {
	echo "-netdev tap,id=$2,ifname=$(end_of $1 $2),script=no,downscript=no${4:+,vhost=on} -device $3,netdev=$2,romfile=,mac=$(mac_of $1 $2)"
}

# start_guest NAME QEMU-ARGUMENT...: without Hyper-V's timers, which hv_vmbus takes
# along when it goes; all drivers have the APIC's instead.
start_guest() {
	local name=$1
	shift
	VMWP_OPTS=--no-smbios
	l2_start $name -p $name -m 512M -a "bench.guest=$name" -- \
		-cpu host,hv-stimer=off -name "$name,debug-threads=on" "$@"
}

start_guests() {
	start_guest bench $(tap bench tulip tulip) $(tap bench e1000 e1000) \
		$(tap bench vhost-net virtio-net-pci vhost) \
		$(tap bench vhost-net-guests virtio-net-pci vhost)
	start_guest peer $(tap peer vhost-net-guests virtio-net-pci vhost)
}

# both WORD: both guests are there, then both go on
both() {
	l2_sync bench "$1" 240
	l2_sync peer "$1" 240
	l2_go bench "$1"
	l2_go peer "$1"
}

# snapshot DEVICE: packets and bytes in both directions, then events
# shellcheck disable=SC2016 # fields, of awk
snapshot() {
	local stats=/sys/class/net/$1/statistics
	events '
		FILENAME ~ /_packets$/ { own[1] += $1 }
		FILENAME ~ /_bytes$/ { own[2] += $1 }' $stats/[rt]x_packets $stats/[rt]x_bytes
}

# packets_move DEVICE NUMBER: so many have left and come
packets_move() {
	local rx tx
	read -r rx <"/sys/class/net/$1/statistics/rx_packets"
	read -r tx <"/sys/class/net/$1/statistics/tx_packets"
	[ $((rx + tx)) -gt "$2" ]
}

# measure DRIVER WORKLOAD ROUND: figures are the guest's, counts are between two
# points of a steady run
measure() {
	local end before after
	end=$(end_of bench "$(wire $1 $2)")
	l2_sync bench "run-$1-$2-$3" 120
	before=$(snapshot "$end")
	l2_go bench "run-$1-$2-$3"
	wait_for 60 packets_move "$end" $((${before%% *} + 30))
	usleep 300000
	before=$(snapshot "$end")
	usleep 1200000
	after=$(snapshot "$end")
	note "counts $1 $2 $3 $before $after"
	l2_sync bench "ran-$1-$2-$3" 120
	l2_go bench "ran-$1-$2-$3"
}

one_driver() {
	local workload
	for workload in $(workloads_of $1); do
		run_test "$1-$workload-$2" measure $1 $workload $2 || return
	done
}

rounds() {
	local round driver
	for round in $(seq $ROUNDS); do
		for driver in $(theirs); do one_driver $driver $round || return; done
		[ -n "$(ours)" ] || continue
		run_test "to-ours-$round" both "ours-$round" || return
		run_test "are-ours-$round" both "are-ours-$round" || return
		one_driver $OURS_DRIVER $round || return
		run_test "to-theirs-$round" both "theirs-$round" || return
		run_test "are-theirs-$round" both "are-theirs-$round" || return
	done
}

networks_go() {
	local wire
	for wire in $GUEST_WIRES; do /usr/sbin/ip link del "$(bridge_of $wire)"; done
	rmdir $VMB/bench/net.0 $VMB/bench/net.1 $VMB/peer/net.0 $VMB/bench $VMB/peer
}

l1() {
	. /harness/bench.conf
	run_test networks make_networks || return
	run_test more-for-guest more_for_guest || return
	count_events
	run_test guests-start start_guests || return
	{ run_test guests-are-up both up && rounds; } || { l2_kill bench; l2_kill peer; networks_go; return; }
	run_test bench-ends l2_wait bench
	run_test peer-ends l2_wait peer
	run_test networks-go networks_go
}

# --- the guests

GUEST=$(grep -o 'bench.guest=[a-z]*' /proc/cmdline 2>/dev/null | cut -d= -f2)

wires() {
	case $GUEST in
	bench) echo $WIRES $GUEST_WIRES ;;
	peer) echo $GUEST_WIRES ;;
	esac
}

# nic_of WIRE: its interface. QEMU stores the tulip's address with the bytes of each
# word swapped, so that one is known by its driver.
nic_of() {
	local dev mac
	mac=$(mac_of $GUEST $1)
	for dev in /sys/class/net/*; do
		if [ $1 = tulip ]; then
			[ "$(basename "$(readlink "$dev/device/driver")")" = tulip ] || continue
		else
			[ "$(cat "$dev/address")" = "$mac" ] || continue
		fi
		basename "$dev"
		return
	done
	return 1
}

nics_found() { grep . /sys/class/net/*/address; }

# nics_up WIRE...
nics_up() {
	local wire
	for wire in "$@"; do
		wait_for 60 nic_of $wire || { nics_found; echo "no NIC for $wire"; return 1; }
		ip addr add "$(net_of $wire).$([ $GUEST = bench ] && echo 2 || echo 1)/24" dev "$(nic_of $wire)"
		ip link set "$(nic_of $wire)" up
	done
}

vmb_wires() { wires | tr ' ' '\n' | grep ^vmb; }

nics_load() {
	load hv_vmbus hv_netvsc virtio_pci virtio_net e1000 tulip
	nics_up $(wires)
}

# answers WIRE...: whoever is at the other end; then the NIC is down again
answers() {
	local wire
	[ $GUEST = bench ] || return 0
	for wire in "$@"; do
		wait_for 60 ping -c 1 -w 2 "$(net_of "$wire").1"
		ip link set "$(nic_of $wire)" down
	done
}

to_ours() {
	local m
	for m in hv_netvsc hv_vmbus; do rmmod $m; done
	for m in $OURS_MODULES; do insmod "$OURS/$m.ko"; done
	nics_up $(vmb_wires)
}

to_theirs() {
	local m
	for m in vsc_net vmb_guest vmb; do rmmod $m; done
	load hv_vmbus hv_netvsc
	nics_up $(vmb_wires)
}

mbps() {
	iperf3 -c "$1" -t "$RUNTIME" -f m ${2-} >/tmp/iperf || cat /tmp/iperf >&2
	awk '/receiver$/ { for (i = 1; i < NF; i++) if ($(i + 1) == "Mbits/sec") v = $i } END { print v }' /tmp/iperf
}

# bench DRIVER WORKLOAD ROUND
bench() {
	local other
	other=$(net_of "$(wire $1 $2)").1
	sync_l1 "run-$1-$2-$3"
	case $2 in
	tcp-from-guest | guest-tcp) note "net $1 $2 $3 $(mbps $other)" ;;
	tcp-to-guest) note "net $1 $2 $3 $(mbps $other -R)" ;;
	*-rr) note "net $1 $2 $3 $(rr $other 7000 $RUNTIME)" ;;
	esac
	sync_l1 "ran-$1-$2-$3"
}

# Only the NIC that is measured is up: e1000 reads its counters all the time, and
# each read is an exit to user mode.
bench_driver() {
	local workload nic
	[ $GUEST = bench ] || return 0
	for workload in $(workloads_of $1); do
		nic=$(nic_of "$(wire $1 $workload)")
		ip link set "$nic" up
		wait_for 60 ping -c 1 -w 2 "$(net_of "$(wire $1 $workload)").1"
		bench $1 $workload $2
		ip link set "$nic" down
	done
}

l2() {
	local round driver
	. /harness/bench.conf
	tcp_settings
	run_test "$GUEST-nics" nics_load || poweroff -f
	if [ $GUEST = peer ]; then
		iperf3 -s -D
		rr 7000 &
	fi
	sync_l1 up
	run_test "$GUEST-answers" answers $(wires)
	for round in $(seq $ROUNDS); do
		for driver in $(theirs); do bench_driver $driver $round; done
		[ -n "$(ours)" ] || continue
		sync_l1 "ours-$round"
		run_test "$GUEST-ours-$round" to_ours || poweroff -f
		sync_l1 "are-ours-$round"
		run_test "$GUEST-answers-ours-$round" answers $(vmb_wires)
		bench_driver $OURS_DRIVER $round
		sync_l1 "theirs-$round"
		run_test "$GUEST-theirs-$round" to_theirs || poweroff -f
		sync_l1 "are-theirs-$round"
		run_test "$GUEST-answers-theirs-$round" answers $(vmb_wires)
	done
}
