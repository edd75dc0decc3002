# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: Debian boots from its own IDE disk, with the kernel's drivers and with ours

PLAN=25
# Long, and young: by name only, as yet.
CHECK=no
L1_DISKS='inbox fastpath'
L1_MANIFEST='bin /sbin/e2fsck
module ext4
module crc32c_generic'
TIMEOUT=2400

. "$SCENARIO_LIB/disks.sh"

# where the guest's root file system has it
WRITTEN=root/written
WRITTEN_MB=8

# --- the KVM host

# The controller and the disk that the firmware boots from are the same block
# device: QEMU's IDE model has it, too.
make_partition() {
	local dev
	dev=$(host_disk "$1") || { echo "$dev"; return 1; }
	[ -e /sys/module/vsp_stor ] || load_vmb
	lun "$1" ide.0 0 "$dev" shared=1
	offer "$1" ide.0
}

start_guest() {
	l2_start "$1" -b -p "$1" -m 512M -f "l2_$1" -- \
		-drive "file=$(host_disk "$1"),if=ide,format=raw,cache=none,aio=native"
}

prompt_is_there() { wait_for 60 grep -q 'debian login:' "$L2_RUN/$1/console"; }
one_channel() { wait_for 20 channels_open "$1" ide.0 1; }

# Not from what the guest has in its memory.
on_the_disk() {
	local dev
	dev=$(host_disk "$1")1
	/sbin/e2fsck -fn "$dev"
	mkdir -p /mnt
	mount -t ext4 -o ro "$dev" /mnt
	cmp /tmp/expected /mnt/$WRITTEN
	umount /mnt
}

steps() {
	run_test "$1-is-up" l2_sync "$1" up 800 &&
		run_test "$1-login" prompt_is_there "$1" &&
		run_test "$1-one-channel" one_channel "$1" &&
		l2_go "$1" up &&
		run_test "$1-written" step "$1" "sum-$(checksum /tmp/expected)" true
}

# From its boot sector to its power-off.
whole_life() {
	run_test "$1-partition" make_partition "$1" || return
	run_test "$1-starts" start_guest "$1" || return
	steps "$1" || { give_up "$1" "$1"; return 1; }
	run_test "$1-ends" l2_wait "$1" 200
	run_test "$1-partition-goes" remove_partition "$1"
	run_test "$1-on-the-disk" on_the_disk "$1"
}

l1() {
	load crc32c_generic ext4
	fill /tmp/expected $WRITTEN_MB root
	whole_life inbox
	whole_life fastpath
}

# --- the guest, which is the whole of a Debian

ATTRS=/sys/block/sda/device

number() { cat "$ATTRS/fastpath_$1"; }

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

tell_checksum() { sync_l1 "sum-$(checksum /$WRITTEN)"; }

# Its firmware is Hyper-V's: ata_piix leaves the disk to the other driver.
inbox_drivers() {
	driver
	[ "$(driver)" = hv_storvsc ]
	if grep -E '^(vmb|vsc)_?' /proc/modules; then return 1; fi
}

l2_inbox() {
	sync_l1 up
	run_test inbox-root root_is_on_sda1
	run_test inbox-drivers inbox_drivers
	run_test inbox-reads-back reads_back
	tell_checksum
}

by_vmbus() {
	wait_for 30 grep -qx vmbus $ATTRS/fastpath || { dmesg | grep -E 'sd |ata|vsc_ide|vmb' | tail -n 8; return 1; }
	driver
	[ "$(driver)" = vsc_ide ]
	if grep -E '^(ata_piix|hv_vmbus|hv_storvsc) ' /proc/modules; then return 1; fi
	[ "$(number cut_overs)" = 1 ]
	[ "$(number cut_backs)" = 0 ]
	[ "$(number strangers)" = 0 ]
}

# What comes before the channel is there is what finds and names the disk; what
# a system reads until its login is many times that.
login_by_vmbus() {
	note "at the login: registers=$(number registers) vmbus=$(number channel)" \
		"held=$(number held) reissues=$(number reissues)"
	[ "$(number channel)" -gt $(($(number registers) * 3)) ]
}

registers_stand_still() {
	local registers channel
	registers=$(number registers)
	channel=$(number channel)
	reads_back
	[ "$(number registers)" = "$registers" ]
	[ "$(number channel)" -gt $((channel + 64)) ]
}

l2_fastpath() {
	sync_l1 up
	run_test fastpath-root root_is_on_sda1
	run_test fastpath-by-vmbus by_vmbus
	run_test fastpath-login-by-vmbus login_by_vmbus
	run_test fastpath-registers-stand-still registers_stand_still
	tell_checksum
}
