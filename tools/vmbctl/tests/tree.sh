# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # tmp is who reads this sets
# A folder that looks like /sys to vmbctl, and a counter of tests.

passed=0
failed=0

# check NAME COMMAND...
check() {
	name=$1
	shift
	if "$@" >"$tmp/said" 2>&1; then
		echo "ok $name"
		passed=$((passed + 1))
	else
		sed 's/^/# /' "$tmp/said"
		echo "not ok $name"
		failed=$((failed + 1))
	fi
}

finish() {
	echo "$passed passed, $failed failed"
	[ $failed = 0 ]
}

put() {
	mkdir -p "$(dirname "$1")"
	cat >"$1"
}

attrs() {
	dir=$1
	shift
	mkdir -p "$dir"
	for attr in "$@"; do printf '%s\n' "${attr#*=}" >"$dir/${attr%%=*}"; done
}

lun_attrs() {
	attrs "$1" "device=$2" "enable=$3" "size=$4" block_size=512 "state=$5"
}

# A histogram with N commands of 2 to 4 us.
histogram() {
	printf '0,0,0,0,0,0,0,0,0,0,0,%d' "$1"
	for _ in 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35; do
		printf ',0'
	done
}

# counters KICKS PACKETS BYTES: of the first partition, which has two channels;
# sub-channel 1 does nothing.
counters() {
	put "$sys/kernel/debug/vmb/vm1/counters" <<-END
		partition name=vm1 state=connected version=5.3 messages_waiting=0 messages_refused=0 gpadls=2 gpadl_bytes=800
		vp index=0 interrupts=12
		news of=a kind that is not known
		channel relid=7 index=0 state=open device=scsi.0 vp=0 place=worker broken=0 kicks=$1 polls_vcpu=3 polls_worker=4 packets=$2 completions=$2 interrupts=$1 ring_full=0 more=1 naps=17
		channel relid=8 index=1 state=open device=scsi.0 vp=1 place=vcpu broken=1 kicks=5 polls_vcpu=5 polls_worker=0 packets=5 completions=5 interrupts=5 ring_full=0
		channel relid=9 index=0 state=rescinded place=vcpu broken=0 kicks=0 polls_vcpu=0 polls_worker=0 packets=0 completions=0 interrupts=0 ring_full=0
	END
	put "$sys/kernel/debug/vsp_stor/vm1.scsi.0/counters" <<-END
		controller partition=vm1 device=scsi.0 state=ready
		channel relid=7 index=0 taken=$2 in_flight=4 malformed=0 throttles=0 bytes=$3 latency_ns=$(($2 * 3000)) latency_log2=$(histogram "$2")
		channel relid=8 index=1 taken=5 in_flight=0 malformed=0 throttles=0 bytes=20480 latency_ns=0 latency_log2=$(histogram 0)
		lun number=0 commands=$2 reads=$2 read_bytes=$3 writes=2 write_bytes=1024 flushes=1 errors=3 bounced=0 postponed=0
	END
}

# Three partitions: one at work, one with odd names, one that is free.
make_tree() {
	sys=$tmp/sys
	VMBCTL_SYS=$sys
	export VMBCTL_SYS
	config=$sys/kernel/config/vmb

	attrs "$config/vm1" uid=1000 gid=100 max_version=5.3 "state=connected 5.3"
	attrs "$config/vm1/scsi.0" enable=1 max_channels=64 "state=ready 6.2" \
		instance_id=6ab7ecd0-4b1a-8d3f-9f6c-33e4b3a3f2a1
	lun_attrs "$config/vm1/scsi.0/lun.10" "" 0 0 disabled
	lun_attrs "$config/vm1/scsi.0/lun.0" /dev/vg0/vm1 1 1073741824 \
		"enabled dm-0 thin write_cache reservations=memory"
	attrs "$config/vm1/ide.boot" target=0 enable=0 state=disabled
	counters 1000 2000 4096000

	odd='a b"\c'
	attrs "$config/$odd" uid=0 gid=0 max_version=5.3 state=bound
	attrs "$config/$odd/scsi.x y" enable=1 state=closed
	put "$sys/kernel/debug/vmb/$odd/counters" <<-'END'
		partition name=a\040b"\134c state=bound
		channel relid=1 index=0 state=offered device=scsi.x\040y place=vcpu broken=0 kicks=0 polls_vcpu=0 polls_worker=0 packets=0 completions=0 interrupts=0 ring_full=0
	END

	attrs "$config/vm2" uid=0 gid=0 max_version=2.4 state=free
	put "$sys/kernel/debug/vmb/vm2/counters" <<-'END'
		partition name=vm2 state=free
	END
}

# What stands for ip and bridge: they write down what they are asked, fail where a
# line of $tmp/fail is part of it, and know how to show two things.
make_network() {
	path=$PATH
	mkdir "$tmp/bin"
	cat >"$tmp/bin/ip" <<-END
		#!/bin/sh
		echo "\${0##*/} \$*" >>"$tmp/asked"
		if [ -e "$tmp/fail" ]; then
			case "\$*" in *"\$(cat "$tmp/fail")"*) echo "no such luck" >&2; exit 2 ;; esac
		fi
		case "\$*" in
		"-details -json address show") cat "$tmp/links.json" ;;
		"-json vlan show") cat "$tmp/vlans.json" ;;
		esac
	END
	chmod +x "$tmp/bin/ip"
	cp "$tmp/bin/ip" "$tmp/bin/bridge"
	PATH=$tmp/bin:$PATH

	# a private switch with two NICs, an internal one with one, an external one
	jq -n '
		def link($name; $mac): {ifname: $name, flags: ["BROADCAST", "UP", "LOWER_UP"],
			mtu: 1500, address: $mac, addr_info: []};
		def bridge($vlans): {linkinfo: {info_kind: "bridge", info_data: {vlan_filtering: $vlans}}};
		def port($of): {master: $of, linkinfo: {info_slave_kind: "bridge",
			info_slave_data: {state: "forwarding"}}};
		[link("lo"; "00:00:00:00:00:00"), {},
		link("eth1"; "52:54:00:00:00:01"),
		link("eth2"; "52:54:00:00:00:02") + {addr_info: [{family: "inet",
			local: "192.0.2.7", prefixlen: 24, scope: "global"}]},
		link("lan"; "02:76:11:22:33:44") + bridge(0) + {addr_info: [
			{family: "inet", local: "10.0.0.1", prefixlen: 24, scope: "global"},
			{family: "inet6", local: "fe80::1", prefixlen: 64, scope: "link"}]},
		link("wan"; "52:54:00:00:00:00") + bridge(1),
		link("eth0"; "52:54:00:00:00:00") + port("wan"),
		link("vms"; "02:76:11:22:33:55") + bridge(1),
		link("vm1net0"; "fe:76:00:00:00:01") + port("vms"),
		(link("vmb0"; "fe:76:00:00:00:02") + port("vms") + {flags: ["UP"], mtu: 9000} |
			.linkinfo.info_slave_data.state = "disabled"),
		# of somebody else, with the name that one in another namespace has, too
		link("vmb1"; "52:54:00:00:00:09"),
		link("vm1net1"; "fe:76:00:00:00:05") + port("lan")]' >"$tmp/links.json"
	# as iproute2 6.1 has it
	jq -n '
		def untagged: ["PVID", "Egress Untagged"];
		[{ifname: "wan", vlans: [{vlan: 1, flags: untagged}]},
		{ifname: "eth0", vlans: ([{vlan: 1, flags: untagged}] + [range(2; 4095) | {vlan: .}])},
		{ifname: "vm1net0", vlans: [{vlan: 10, flags: untagged}]},
		{ifname: "vmb0", vlans: [{vlan: 5, flags: untagged}, {vlan: 20, vlanEnd: 22}, {vlan: 30}]}]
		' >"$tmp/vlans.json"

	nic_attrs vm1/net.0 01 1 1500 0 vm1net0 "ready 0x60001"
	nic_attrs vm1/net.1 05 1 1500 0 vm1net1 closed
	nic_attrs "$odd/net.x" 02 1 9000 1 vmb0 closed
	nic_attrs vm2/net.0 03 1 1500 0 vmb1 closed
	nic_attrs vm2/net.1 04 0 1500 0 vmb%d disabled
}

nic_attrs() {
	attrs "$config/$1" "mac=02:76:00:00:00:$2" "enable=$3" "mtu=$4" "mac_spoofing=$5" \
		"ifname=$6" "state=$7" speed=10000
}
