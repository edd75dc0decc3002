# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
#
# The programs of tools/testing/selftests, which play the guest over /dev/vmb.
# How many tests there are, the programs themselves tell the build machine.

MODULES=yes
L1_MANIFEST='bin /usr/sbin/ip
bin /usr/sbin/bridge
module bridge'

prepare() { selftests_prepare; }

selftests_prepare() {
	local program
	ccached make -s -C "$VMB_TOP/tools/testing/selftests" O="$VMB_BUILD/selftests" >&2
	for program in $(selftest_programs); do
		printf 'file %s /selftests/%s\n' "$VMB_BUILD/selftests/$program" "$program"
	done
}

selftest_programs() {
	local source
	for source in "$VMB_TOP"/tools/testing/selftests/*_test.c; do
		basename "$source" _test.c
	done
}

# selftest_names PROGRAM: which of its tests; all, if it says none.
selftest_names() { :; }

# The names of those that run, one in each line.
selftest_list() {
	local names
	names=$(selftest_names "$1")
	if [ -n "$names" ]; then printf '%s\n' $names; else "$VMB_BUILD/selftests/$1" -l; fi
}

plan() { selftests_plan; }

# Each test, PROGRAM.plan for each program, and those of l1.
selftests_plan() {
	local program all=4
	[ "$L1_KERNEL" = stock ] || all=$((all + 1))
	[ "$L1_NODES" = 1 ] || all=$((all + 2))
	for program in $(selftest_programs); do
		all=$((all + 1 + $(selftest_list "$program" | wc -l)))
	done
	echo $all
}

# Without them, tests that need several are skipped.
nodes_are_there() {
	set -- /sys/devices/system/node/node[0-9]*
	[ $# = "$L1_NODES" ]
}

# The sub-channel that the guest's end has open: its CPU, and the node of its rings.
sub_channel() {
	awk -F '\t' '$1 == "channel" { for (i = 1; i <= NF; i++) col[$i] = i }
		col["node"] && $col["index"] == 1 && $col["state"] == "open" { print $col["cpu"], $col["node"] }' \
		/sys/kernel/debug/vmb_guest/*/state
}
have_sub_channel() { [ -n "$(sub_channel)" ]; }

# vmb_loop: this machine is the guest as well. The channel of CPU 1 has its rings, and the
# slots of its queue, on that one's node, although they are allocated on CPU 0.
guest_on_nodes() {
	local partition=/sys/kernel/config/vmb/loop mask=/sys/devices/virtual/workqueue/cpumask
	local cpu node slots ko all
	read -r all <$mask
	echo 1 >$mask
	mkdir $partition $partition/scsi.0 $partition/scsi.0/lun.0
	echo /dev/nullb0 >$partition/scsi.0/lun.0/device
	echo 1 >$partition/scsi.0/lun.0/enable
	echo 1 >$partition/scsi.0/enable
	insmod /harness/modules/vmb_guest.ko platform=none
	for ko in storport vsc_wire vsc_stor; do insmod /harness/modules/$ko.ko; done
	insmod /harness/modules/vmb_loop.ko partition=loop
	wait_for 30 have_sub_channel
	sub_channel >/tmp/sub_channel
	read -r cpu node </tmp/sub_channel
	slots=$(sed -n 's/^queue 1:.* node //p' /sys/kernel/debug/storport/host*/state)
	for ko in vmb_loop vsc_stor vsc_wire storport vmb_guest; do rmmod $ko; done
	echo "$all" >$mask
	rmdir $partition/scsi.0/lun.0 $partition/scsi.0 $partition
	echo "CPU $cpu, rings on node $node, its queue's slots on node $slots"
	[ "$cpu" = 1 ] && [ -e "/sys/devices/system/node/node$node/cpu$cpu" ] && [ "$slots" = "$node" ]
}

l1() { selftests; }

selftests() {
	local program name
	[ "$L1_NODES" = 1 ] || run_test nodes-are-there nodes_are_there
	[ "$L1_KERNEL" = stock ] || run_test checkers-are-on checkers_are_on
	run_test modules-load load_vmb
	run_test backings-load load null_blk scsi_debug brd loop dm-flakey
	for program in /selftests/*; do
		name=$(basename "$program")
		# shellcheck disable=SC2046 # words are wanted
		run_tap "$name" "$program" $(selftest_names "$name")
	done
	[ "$L1_NODES" = 1 ] || run_test guest-on-nodes guest_on_nodes
	run_test modules-unload unload_vmb
	run_test modules-load-again load_vmb
}
