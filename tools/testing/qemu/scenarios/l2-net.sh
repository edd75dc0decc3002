# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: a NIC by the guest's own hv_netvsc: two channels, ping, data both ways, large frames, segments as one

L2_KERNEL=stock
L2_MANIFEST='module hv_netvsc'
PLAN=20
TIMEOUT=360

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/nic.sh"

# --- the KVM host

# Segments of what the guest has fetched, it was sent as one frame.
segments_whole() {
	note "$(counter rsc_out) frames in pieces of $(counter frames_out)"
	[ "$(counter rsc_out)" -gt 0 ]
	nothing_wrong
}

steps() {
	steps_to whole &&
		l2_sync main served 60 &&
		serve_data &&
		l2_go main served &&
		run_test segments-whole step main end segments_whole
}

# --- the guest

nic_load() {
	load hv_vmbus hv_netvsc
	nic_up
}

received() { cat "/sys/class/net/eth0/statistics/rx_$1"; }

# What comes from the host is, on the average, longer than a frame can be.
fetch_whole() {
	local packets bytes
	packets=$(received packets)
	bytes=$(received bytes)
	fetch
	got_all
	packets=$(($(received packets) - packets))
	bytes=$(($(received bytes) - bytes))
	note "$bytes bytes in $packets packets"
	[ $((bytes / packets)) -gt $(($(cat /sys/class/net/eth0/mtu) + 14)) ]
}

l2() {
	run_test drivers nic_load || poweroff -f
	exchanges
	sync_l1 whole
	sync_l1 served
	run_test segments-whole-here fetch_whole
	sync_l1 end
}
