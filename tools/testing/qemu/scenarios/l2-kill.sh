# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: a VMM killed under load, on the debug kernel: nothing is left behind

L1_KERNEL=debug
L2_KERNEL=stock
PLAN=9
TIMEOUT=600

. "$SCENARIO_LIB/disks.sh"
L2_MANIFEST=$FIO

# --- the KVM host

pins() { awk '$1 ~ /^nr_foll_pin_/ { sum += ($1 ~ /acquired/ ? 1 : -1) * $2 } END { print sum }' /proc/vmstat; }
pinned_ever() { awk '$1 == "nr_foll_pin_acquired" { print $2 }' /proc/vmstat; }
no_pins() { [ "$(pins)" = 0 ]; }

# Small, since kmemleak looks at every page of theirs; at the end, as ever.
make_disks() {
	nullb nullb0 32
	nullb nullb1 32
}

make_partition() {
	load_vmb
	lun vm scsi.0 0 /dev/nullb0
	lun vm scsi.1 0 /dev/nullb1
	offer vm scsi.0 scsi.1
}

inflight() { awk '{ sum += $9 } END { print sum }' /sys/block/nullb[01]/stat; }
ios() { awk '{ sum += $1 + $5 } END { print sum }' /sys/block/nullb[01]/stat; }
has_done() { [ "$(ios)" -gt "$1" ]; }

# The guest is in the middle of it.
kill_under_load() {
	l2_sync "$1" load 120
	l2_go "$1" load
	wait_for 60 has_done $(($(ios) + 150))
	[ "$(pinned_ever)" -gt 150 ]
	kill -9 "$(l2_pid "$1")"
	wait_for 30 test -e "$L2_RUN/$1/ended"
	[ "$(cat "$L2_RUN/$1/status")" = 137 ]
}

partition_is_free() { [ "$(cat $VMB/vm/state)" = free ]; }

# What was there when the VMM went is not asked of the disks for ever.
disks_are_idle() { [ "$(inflight)" = 0 ]; }

l1() {
	run_test disks make_disks || return
	run_test partition make_partition || return
	run_test guest-starts l2_start victim -p vm || return
	run_test kill-under-load kill_under_load victim || { give_up victim vm; return; }
	run_test partition-is-free wait_for 30 partition_is_free
	run_test disks-are-idle wait_for 30 disks_are_idle
	run_test no-page-is-pinned wait_for 10 no_pins
	run_test partition-goes remove_partition vm
	run_test modules-go unload_vmb
}

# --- the guest

load_of() {
	fio --name="$1" --filename="$(disk "$1")" --rw=randrw --bsrange=4k-64k --direct=1 \
		--ioengine=libaio --iodepth=32 --thread --norandommap "$2" --output-format=terse
}

l2() {
	drivers_load scsi.0-lun.0 scsi.1-lun.0 || { fail drivers; poweroff -f; }
	load_of scsi.0-lun.0 --size=100% --loops=1000 &
	load_of scsi.1-lun.0 --size=100% --loops=1000 &
	sleep 1
	sync_l1 load
	sleep 1000
}
