# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: an IDE disk taken over: ata_piix leaves it, the IDE-class channel has it

L2_KERNEL=stock
PLAN=11
TIMEOUT=240

. "$SCENARIO_LIB/disks.sh"

# --- the KVM host

make_partition() {
	load_vmb
	nullb nullb0 48
	lun vm ide.0 0 /dev/nullb0 shared=1
	offer vm ide.0
}

# One disk, for QEMU's IDE model and for ours, as a boot disk would be.
start_guest() {
	l2_start main -p vm -c 2 -- \
		-drive file=/dev/nullb0,if=ide,format=raw,cache=none,aio=native
}

# IDE-class devices have no sub-channels.
one_channel() { channels_open vm ide.0 1; }

same_checksum() {
	local sum
	sum=$(checksum /dev/nullb0)
	l2_sync main "sum-$sum" 200
	l2_go main "sum-$sum"
}

steps() {
	run_test guest-is-up l2_sync main up 150 &&
		run_test one-channel one_channel &&
		l2_go main up &&
		run_test written step main written true &&
		run_test checksum-is-the-guests same_checksum
}

l1() {
	run_test partition make_partition || return
	run_test guest-starts start_guest || return
	steps || { give_up main vm; return; }
	run_test guest-ends l2_wait main
	run_test partition-goes remove_partition vm
}

# --- the guest

# Only one of the two ways to the disk, and not the emulated one.
one_disk() {
	load ata_piix
	drivers_load ide.0-lun.0
	dmesg | grep -F "ATA device ignore set" || { dmesg | grep -i ata | tail -3; return 1; }
	[ "$(find /sys/block -name 'sd*' | wc -l)" = 1 ]
	readlink -f /sys/block/sda | grep -i vmbus
}

write_and_verify() {
	fill /tmp/data 8 ide
	dd if=/tmp/data of="$(disk ide.0-lun.0)" bs=128k seek=32 oflag=direct
	dd if="$(disk ide.0-lun.0)" bs=128k skip=32 count=64 iflag=direct of=/tmp/read
	cmp /tmp/data /tmp/read
}

guest_checksum() {
	echo 3 >/proc/sys/vm/drop_caches
	sync_l1 "sum-$(checksum "$(disk ide.0-lun.0)")"
}

l2() {
	run_test one-disk one_disk || poweroff -f
	sync_l1 up
	run_test write-and-verify write_and_verify
	sync_l1 written
	run_test checksum guest_checksum
}
