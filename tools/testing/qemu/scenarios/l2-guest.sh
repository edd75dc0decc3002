# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: our own guest bus in guests of ours and of QEMU: connects, sees, reloads, refuses

L2_KERNEL=stock
PLAN=25
TIMEOUT=300

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/ours.sh"
OURS_MODULES='vmb vmb_guest'

BUS=/sys/bus/vmbus
STATE=/sys/kernel/debug/vmb_guest/vmbus/state
SCSI=ba6163d9-04a1-4d29-b605-72e2ffb1dc7f

# --- the KVM host

make_partition() {
	load_vmb
	nullb nullb0 64
	nullb nullb1 64
	lun vm scsi.0 0 /dev/nullb0
	lun vm scsi.1 0 /dev/nullb1
	offer vm scsi.0
}

is_connected() { [ "$(cat $VMB/vm/state)" = "connected $1" ]; }
is_unloaded() { wait_for 10 grep -qx bound $VMB/vm/state; }

# Each load connects anew, and each unload leaves nothing.
steps() {
	run_test guest-is-up l2_sync main up 150 &&
		l2_go main up &&
		run_test host-sees-5.3 step main loaded is_connected 5.3 &&
		run_test offer-second step main second offer vm scsi.1 &&
		run_test take-second step main take remove_controller vm scsi.1 &&
		run_test host-sees-unload step main unloaded is_unloaded &&
		run_test host-sees-4.1 step main old is_connected 4.1 &&
		run_test host-sees-inbox step main end is_connected 5.3
}

l1() {
	run_test partition make_partition || return
	run_test modules-for-guest guest_drivers || return
	run_test guest-starts l2_start main -p vm -c 2 || return
	steps || { give_up main vm; return; }
	run_test guest-ends l2_wait main
	run_test partition-goes remove_partition vm
	run_test bridge-starts l2_start bridge -c 2 -f l2_bridge -- -device vmbus-bridge
	run_test bridge-ends l2_wait bridge 150
}

# --- the guest

guest_load() {
	insmod $OURS/vmb_guest.ko "$@"
}

# refused WORD: vmb_guest does not load, and says why in the log
refused() {
	! guest_load || { rmmod vmb_guest; echo "it loads"; return 1; }
	dmesg | grep -q "vmb_guest: .*$1" || { dmesg | tail -n 5; return 1; }
}

connects() {
	insmod $OURS/vmb.ko
	guest_load
	grep -qx 'state: connected' $STATE
	grep -qx 'version: 5.3' $STATE
	# both CPUs take interrupts
	[ "$(awk '$1 == "cpu" { on = 1; next } $1 == "channel" { on = 0 } on { n++ } END { print n }' $STATE)" = 2 ]
}

controllers() { grep -lix "{$SCSI}" $BUS/devices/*/class_id 2>/dev/null | wc -l; }
has_controllers() { [ "$(controllers)" = "$1" ]; }

sees_controller() {
	local dev
	wait_for 10 has_controllers 1
	dev=$(dirname "$(grep -lix "{$SCSI}" $BUS/devices/*/class_id)")
	[ "$(cat "$dev/modalias")" = vmbus:d96361baa104294db60572e2ffb1dc7f ]
	grep -qx "MODALIAS=$(cat "$dev/modalias")" "$dev/uevent"
	[ "$(cat "$dev/vendor") $(cat "$dev/device") $(cat "$dev/state")" = "0x1414 0x1 0" ]
	[ -d "$dev/channels/$(cat "$dev/id")" ]
	[ "{$(basename "$dev")}" = "$(cat "$dev/device_id")" ]
}

# CPU 0 takes the messages, CPU 1 nothing that cannot be moved.
cpu_goes_and_comes() {
	local cpu=/sys/devices/system/cpu/cpu1/online
	echo 0 >$cpu
	[ "$(cat $cpu)" = 0 ]
	grep -qx 'state: connected' $STATE
	echo 1 >$cpu
	[ "$(awk '$1 == "cpu" { on = 1; next } $1 == "channel" { on = 0 } on { n++ } END { print n }' $STATE)" = 2 ]
}

unloads() {
	rmmod vmb_guest
	[ ! -e $BUS ]
	[ ! -e /sys/kernel/debug/vmb_guest ]
}

reloads() {
	local i
	for i in 1 2 3; do
		guest_load
		has_controllers 1
		rmmod vmb_guest
	done
	guest_load max_version=4.1
	grep -qx 'version: 4.1' $STATE
	has_controllers 1
}

inbox_after_ours() {
	rmmod vmb_guest
	load hv_vmbus
	has_controllers 1
}

l2() {
	sync_l1 up
	run_test connects connects || poweroff -f
	sync_l1 loaded
	run_test sees-controller sees_controller
	sync_l1 second
	run_test controller-comes wait_for 10 has_controllers 2
	sync_l1 take
	run_test controller-goes wait_for 10 has_controllers 1
	run_test cpu-goes-and-comes cpu_goes_and_comes
	run_test unloads unloads
	sync_l1 unloaded
	run_test reloads reloads
	sync_l1 old
	run_test inbox-after-ours inbox_after_ours
	run_test refused-beside-inbox refused "hv_vmbus has the bus"
	sync_l1 end
}

# The bus that QEMU has of its own, with nothing on it.

bridge_connects() {
	insmod $OURS/vmb.ko
	guest_load
	grep -qx 'state: connected' $STATE
	note "bridge $(grep '^version: ' $STATE)"
	has_controllers 0
}

bridge_again() {
	rmmod vmb_guest
	guest_load max_version=2.4
	grep -qx 'version: 2.4' $STATE
	rmmod vmb_guest
}

l2_bridge() {
	run_test bridge-connects bridge_connects || poweroff -f
	run_test bridge-again bridge_again
}
