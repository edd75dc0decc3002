# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: Debian's 6.1 kernel as a guest, unmodified: two channels, a disk, verified; an IDE disk taken over

L2_KERNEL=6.1
PLAN=14
TIMEOUT=240

. "$SCENARIO_LIB/disks.sh"
L2_MANIFEST="$FIO
bin /sbin/mke2fs
module crc32c_generic
module ext4"

# --- the KVM host

make_partition() {
	load_vmb
	nullb nullb0 64
	nullb nullb1 32
	nullb nullb2 48
	lun vm scsi.0 0 /dev/nullb0
	lun vm scsi.0 1 /dev/nullb1
	lun vm ide.0 0 /dev/nullb2 shared=1
	offer vm scsi.0 ide.0
}

# One disk, for QEMU's IDE model and for ours, as a boot disk would be.
start_guest() {
	l2_start main -k 6.1 -p vm -c 2 -m 512M -- \
		-drive file=/dev/nullb2,if=ide,format=raw,cache=none,aio=native
}

two_channels() {
	[ "$(cat $VMB/vm/state)" = "connected 5.3" ]
	channels_open vm scsi.0 2
}

# IDE-class devices have no sub-channels.
one_for_ide() { channels_open vm ide.0 1; }

same_checksums() {
	local dev sum
	for dev in nullb0 nullb2; do
		sum=$(checksum /dev/$dev)
		l2_sync main "sum-$sum" 200
		l2_go main "sum-$sum"
	done
}

steps() {
	run_test guest-is-up l2_sync main up 150 &&
		run_test two-channels two_channels &&
		run_test one-channel-for-ide one_for_ide &&
		l2_go main up &&
		run_test written step main written true &&
		run_test checksums-are-the-guests same_checksums
}

l1() {
	run_test partition make_partition || return
	run_test guest-starts start_guest || return
	steps || { give_up main vm; return; }
	run_test guest-ends l2_wait main
	run_test partition-goes remove_partition vm
}

# --- the guest

write_and_verify() {
	local dev
	dev=$(disk scsi.0-lun.0)
	case $(uname -r) in 6.1.*) ;; *) uname -r; return 1 ;; esac
	# not busybox's
	/sbin/mke2fs -q -t ext4 "$dev"
	mkdir -p /mnt
	mount -t ext4 "$dev" /mnt
	fio --name=verify --directory=/mnt --size=32M --rw=randwrite --bsrange=4k-64k --direct=1 \
		--ioengine=libaio --iodepth=32 --thread --verify=crc32c --verify_fatal=1 \
		--do_verify=1 --output-format=terse --terse-version=3 >/tmp/fio
	awk -F';' '$1 == 3 && $5 == 0 && $6 >= 32 * 1024 { good++ } END { exit good != 1 }' /tmp/fio
	umount /mnt
	sync
}

# There are two ways to it. The emulated one is left alone.
ide_disk_is_taken_over() {
	dmesg | grep -F "ATA device ignore set" || { dmesg | grep -i ata | tail -3; return 1; }
	[ "$(find /sys/block -name 'sd*' | wc -l)" = 3 ]
	readlink -f "/sys/block/$(basename "$(disk ide.0-lun.0)")" | grep -i vmbus
}

ide_write_and_verify() {
	fill /tmp/data 8 ide
	dd if=/tmp/data of="$(disk ide.0-lun.0)" bs=128k seek=32 oflag=direct
	dd if="$(disk ide.0-lun.0)" bs=128k skip=32 count=64 iflag=direct of=/tmp/read
	cmp /tmp/data /tmp/read
}

guest_checksums() {
	echo 3 >/proc/sys/vm/drop_caches
	sync_l1 "sum-$(checksum "$(disk scsi.0-lun.0)")"
	sync_l1 "sum-$(checksum "$(disk ide.0-lun.0)")"
}

l2() {
	load ata_piix
	run_test drivers drivers_load scsi.0-lun.0 scsi.0-lun.1 ide.0-lun.0 || poweroff -f
	run_test ide-disk-is-taken-over ide_disk_is_taken_over
	# by name: what ext4 asks for in vain are aliases
	load crc32c_generic ext4
	sync_l1 up
	run_test write-and-verify write_and_verify
	run_test ide-write-and-verify ide_write_and_verify
	sync_l1 written
	run_test checksums guest_checksums
}
