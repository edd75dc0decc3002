# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
#
# A guest with two vCPUs and a NIC of two channels, whoever wrote its driver, and
# data both ways between it and the host.

HOST=10.9.0.1
GUEST=10.9.0.2
MB=2
NIC=$VMB/vm/net.0

# --- the KVM host

make_partition() {
	load_vmb
	mkdir $VMB/vm $NIC
	echo vm0 >$NIC/ifname
	echo 9000 >$NIC/mtu
	echo 1 >$NIC/enable
	ip addr add $HOST/24 dev vm0
	ip link set vm0 mtu 1500 up
	dd if=/dev/urandom of=/tmp/data bs=1M count=$MB
	# of ours, if it is to have any
	! command -v guest_drivers >/dev/null || guest_drivers
}

# NETDEV, as many queues each way
two_queues() {
	[ "$(find "/sys/class/net/$1/queues/" -name 'rx-*' | wc -l)" = 2 ] &&
		[ "$(find "/sys/class/net/$1/queues/" -name 'tx-*' | wc -l)" = 2 ]
}

# The guest has set its table and its key.
rss_on() {
	wait_for 20 two_queues vm0
	wait_for 20 grep -q '^rss: types .* 0 1 0 1' /sys/kernel/debug/vsp_net/vm.net.0/state
}

counter() { tr ' ' '\n' <"/sys/kernel/debug/vsp_net/vm.net.0/state" | grep -A 1 -x "$1" | tail -n 1; }

# One connection to fetch the data, one to bring it back. nc goes when the other
# end has no more to say, so that is never at the end of its own input.
serve() {
	[ -e /tmp/quiet ] || mkfifo /tmp/quiet
	serve_data
	nc -l -p 7001 <>/tmp/quiet >/tmp/back &
}

serve_data() { nc -l -p 7000 </tmp/data >/dev/null & }

ping_guest() {
	ping -c 5 -W 10 $GUEST
	grep -q ready $NIC/state
	[ "$(cat /sys/class/net/vm0/carrier)" = 1 ]
}

# What the guest has received and checked, it has sent back.
took_all() {
	wait_for 60 has_all
	cmp /tmp/data /tmp/back
	rm /tmp/back
}

has_all() { [ "$(wc -c </tmp/back)" = "$(wc -c </tmp/data)" ]; }

# The guest's driver leaves segments and checksums to us.
offloads_used() {
	[ "$(counter lso_in)" -gt 0 ]
	[ "$(counter csum_in)" -gt 0 ]
}

large_frames() {
	local before
	ip link set vm0 mtu 9000
	before=$(counter frames_in)
	ping -c 5 -W 10 -s 8900 $GUEST
	# not in parts of 1500
	[ $(($(counter frames_in) - before)) -lt 15 ]
}

nothing_wrong() {
	local name
	cat /sys/kernel/debug/vsp_net/vm.net.0/state
	for name in malformed spoofed nomem_in too_long bad_completions; do
		[ "$(counter $name)" = 0 ]
	done
	[ "$(state vm broken net.0 | tr '\n' ' ')" = "0 0 " ]
}

remove_nic() {
	rmdir $NIC
	rmdir $VMB/vm
	[ ! -e /sys/class/net/vm0 ]
}

give_up_nic() {
	cat "/sys/kernel/debug/vmb/vm/state" /sys/kernel/debug/vsp_net/vm.net.0/state
	l2_kill main
	remove_nic
}

# What both do up to the end of the second exchange, which NEXT follows.
# steps_to NEXT
steps_to() {
	run_test guest-is-up l2_sync main up 150 &&
		run_test two-channels rss_on &&
		run_test ping-guest ping_guest &&
		serve &&
		l2_go main up &&
		run_test data-from-guest step main exchanged took_all &&
		run_test offloads-used offloads_used &&
		run_test large-frames step main large large_frames &&
		l2_sync main again 60 &&
		serve &&
		l2_go main again &&
		run_test large-data-from-guest step main "$1" took_all &&
		run_test nothing-wrong nothing_wrong
}

l1() {
	run_test partition make_partition || return
	run_test guest-starts l2_start main -p vm -c 2 -a "sum=$(sha256sum /tmp/data | cut -d' ' -f1)" || return
	steps || { give_up_nic; return; }
	run_test guest-ends l2_wait main
	run_test nic-goes remove_nic
}

# --- the guest

nic_up() {
	wait_for 60 test -e /sys/class/net/eth0
	ip addr add $GUEST/24 dev eth0
	ip link set eth0 up
	wait_for 20 grep -qx 1 /sys/class/net/eth0/carrier
}

fetch() {
	[ -e /tmp/quiet ] || mkfifo /tmp/quiet
	timeout $((60 * HARNESS_SLOW)) nc $HOST 7000 <>/tmp/quiet >/tmp/got
}

got_all() { [ "$(sha256sum /tmp/got | cut -d' ' -f1)" = "$(grep -o 'sum=[0-9a-f]*' /proc/cmdline | cut -d= -f2)" ]; }

# exchange: as the host's serve wants it; with how long each took
exchange() {
	local start middle end
	start=$(hundredths)
	fetch
	middle=$(hundredths)
	got_all
	end=$(hundredths)
	timeout $((60 * HARNESS_SLOW)) nc $HOST 7001 </tmp/got
	note "$MB MiB: to the guest in $((middle - start)), from it in $(($(hundredths) - end)) hundredths of a second"
}

hundredths() { cut -d' ' -f1 /proc/uptime | tr -d .; }

large() {
	ip link set eth0 mtu 9000
	wait_for 20 grep -qx 1 /sys/class/net/eth0/carrier
	ping -c 2 -W 10 $HOST
}

exchanges() {
	run_test two-channels-here wait_for 20 two_queues eth0
	sync_l1 up
	run_test ping-host ping -c 5 -W 10 $HOST
	run_test data-both-ways exchange
	sync_l1 exchanged
	run_test large-frames-on large
	sync_l1 large
	sync_l1 again
	run_test large-data-both-ways exchange
}
