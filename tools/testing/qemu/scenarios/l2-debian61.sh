# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: Debian's 6.1 kernel as a guest, unmodified: two channels, a disk, verified

L2_KERNEL=6.1
PLAN=11
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
	lun vm scsi.0 0 /dev/nullb0
	lun vm scsi.0 1 /dev/nullb1
	offer vm scsi.0
}

two_channels() {
	[ "$(cat $VMB/vm/state)" = "connected 5.3" ]
	channels_open vm scsi.0 2
}

same_checksum() {
	l2_sync main "sum-$(checksum /dev/nullb0)" 200
	l2_go main "sum-$(checksum /dev/nullb0)"
}

steps() {
	run_test guest-is-up l2_sync main up 150 &&
		run_test two-channels two_channels &&
		l2_go main up &&
		run_test written step main written true &&
		run_test checksum-is-the-guests same_checksum
}

l1() {
	run_test partition make_partition || return
	run_test guest-starts l2_start main -k 6.1 -p vm -c 2 -m 512M || return
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

guest_checksum() {
	echo 3 >/proc/sys/vm/drop_caches
	sync_l1 "sum-$(checksum "$(disk scsi.0-lun.0)")"
}

l2() {
	run_test drivers drivers_load scsi.0-lun.0 scsi.0-lun.1 || poweroff -f
	# by name: what ext4 asks for in vain are aliases
	load crc32c_generic ext4
	sync_l1 up
	run_test write-and-verify write_and_verify
	sync_l1 written
	run_test checksum guest_checksum
}
