# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
#
# A Debian that boots from its own IDE disk, by its boot sector and boot loader.
# ROOT_DISK is the disk's name, tests_of_drivers what the guest runs to see who
# drives it.

L1_DISKS=$ROOT_DISK
L1_MANIFEST='bin /sbin/e2fsck
module ext4
module crc32c_generic'

# where the guest's root file system has it
WRITTEN=root/written
WRITTEN_MB=4

# --- the build machine

# The firmware loads a kernel and its initial RAM disk: seconds by DMA, minutes
# without.
prepare() {
	local bios
	bios=$("$VMB_TOP/tools/setup/firmware") || {
		say "Debian's own firmware, then, which takes its time"
		return 0
	}
	printf 'file %s /usr/share/seabios/bios-256k.bin\n' "$bios"
}

# --- the KVM host

# The block device that it boots from, and where its root is on it.
root_disk() { host_disk $ROOT_DISK; }
root_partition() { echo "$(root_disk)1"; }

# The controller and the disk that the firmware boots from are the same block
# device: QEMU's IDE model has it, too.
make_partition() {
	local dev
	dev=$(root_disk) || { echo "$dev"; return 1; }
	load_vmb
	lun root ide.0 0 "$dev" shared=1
	offer root ide.0
}

start_guest() {
	l2_start root -b -p root -m 512M -- \
		-drive "file=$(root_disk),if=ide,format=raw,cache=none,aio=native"
}

prompt_is_there() { wait_for 60 grep -q 'debian login:' "$L2_RUN/root/console"; }

# Not from what the guest has in its memory.
on_the_disk() {
	local dev
	dev=$(root_partition)
	/sbin/e2fsck -fn "$dev"
	mkdir -p /mnt
	mount -t ext4 -o ro "$dev" /mnt
	cmp /tmp/expected /mnt/$WRITTEN
	umount /mnt
}

steps() {
	run_test guest-is-up l2_sync root up 600 &&
		run_test login prompt_is_there &&
		run_test one-channel wait_for 20 channels_open root ide.0 1 &&
		l2_go root up &&
		run_test written step root "sum-$(checksum /tmp/expected)" true
}

# From its boot sector to its power-off.
boot_root() {
	load crc32c_generic ext4
	fill /tmp/expected $WRITTEN_MB root
	run_test partition make_partition || return
	run_test guest-starts start_guest || return
	steps || { give_up root root; return; }
	run_test guest-ends l2_wait root 200
	run_test partition-goes remove_partition root
	run_test on-the-disk on_the_disk
}

l1() { boot_root; }

# --- the guest, which is the whole of a Debian

ATTRS=/sys/block/sda/device

# Who has registered the disk's SCSI host.
driver() { cat "$(readlink -f $ATTRS/../..)"/scsi_host/host*/proc_name; }

root_is_on_sda1() {
	grep -q '^/dev/sda1 / ext4 rw' /proc/mounts || { grep ' / ' /proc/mounts; return 1; }
	[ "$(find /sys/block -name 'sd*' | wc -l)" = 1 ]
	# by the boot loader's command line, not the harness's
	grep -q 'BOOT_IMAGE=/vmlinuz' /proc/cmdline
}

reads_back() {
	fill /tmp/expected $WRITTEN_MB root
	cp /tmp/expected /$WRITTEN
	sync
	echo 3 >/proc/sys/vm/drop_caches
	cmp /tmp/expected /$WRITTEN
	# of the disk itself, too
	dd if=/dev/sda of=/dev/null bs=64k count=64 iflag=direct
}

l2() {
	sync_l1 up
	run_test root root_is_on_sda1
	tests_of_drivers
	sync_l1 "sum-$(checksum /$WRITTEN)"
}
