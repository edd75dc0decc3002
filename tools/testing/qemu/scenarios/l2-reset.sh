# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: one QEMU, four boots: reboot, hard reset, kexec; the driver reloaded

L2_KERNEL=stock
PLAN=22
TIMEOUT=420

. "$SCENARIO_LIB/disks.sh"

# How each boot ends. After the last one the guest is switched off.
ends_by() {
	case $1 in
	1) echo reboot ;;
	2) echo hard-reset ;;
	3) echo kexec ;;
	4) echo power-off ;;
	esac
}

# --- the build machine

# shellcheck disable=SC2154 # dir is the runner's
prepare() {
	gcc -O2 -Wall -Werror -static -o "$dir/kexec" "$SCENARIO_LIB/kexec.c"
	printf 'file %s /harness/kexec\n' "$dir/kexec"
}

# --- the KVM host

# The second disk carries what kexec needs: a kernel, its initramfs, a program.
make_partition() {
	load_vmb
	nullb nullb0 64
	nullb nullb1 192
	mkdir /tmp/next
	cp /l2/stock/vmlinuz /tmp/next/kernel
	cat /l2/stock/base.cpio /l2/run.cpio >/tmp/next/initrd
	cp /harness/kexec /tmp/next/kexec
	tar -c -f /dev/nullb1 -C /tmp/next kernel initrd kexec
	rm -r /tmp/next
	lun vm scsi.0 0 /dev/nullb0
	lun vm scsi.0 1 /dev/nullb1 readonly=1
	offer vm scsi.0
}

still_the_same_qemu() {
	kill -0 "$(l2_pid main)"
	[ "$(cat $VMB/vm/state)" = "connected 5.3" ]
	channels_open vm scsi.0 2
	# only what this connection has made
	[ "$(state vm state scsi.0 | wc -l)" = 2 ]
	[ "$(awk '$1 == "gpadls:" { print $2 }' /sys/kernel/debug/vmb/vm/state)" = 2 ]
}

boots() {
	local boot
	for boot in 1 2 3 4; do
		run_test "boot-$boot" l2_sync main "boot-$boot" 150 || return
		run_test "state-$boot" still_the_same_qemu
		l2_go main "boot-$boot"
		run_test "leaves-by-$(ends_by $boot)-$boot" l2_sync main "leaves-$boot" 120 || return
		l2_go main "leaves-$boot"
	done
}

l1() {
	run_test partition make_partition || return
	run_test guest-starts l2_start main -p vm -c 2 -m 768M -r || return
	boots || { give_up main vm; return; }
	run_test guest-ends l2_wait main
	run_test partition-goes remove_partition vm
}

# --- the guest

read_back() { dd if="$(disk scsi.0-lun.0)" bs=64k count=32 iflag=direct of=/tmp/read; }

# What the last boot wrote is there; what this one writes, as well.
disk_works() {
	if [ "$L2_BOOT" != 1 ]; then
		fill /tmp/data 2 "boot$((L2_BOOT - 1))"
		read_back
		cmp /tmp/data /tmp/read
	fi
	fill /tmp/data 2 "boot$L2_BOOT"
	dd if=/tmp/data of="$(disk scsi.0-lun.0)" bs=64k oflag=direct
	read_back
	cmp /tmp/data /tmp/read
}

# The channels are closed and opened, and the sub-channels offered, anew.
reload() {
	local i
	for i in 1 2; do
		rmmod hv_storvsc
		no_disk scsi.0-lun.0
		drivers_load scsi.0-lun.0 scsi.0-lun.1
		read_back
		cmp /tmp/data /tmp/read
	done
	# The bus below it stays: hv_vmbus of 6.12, when it is unloaded, now and then
	# takes a timer's message after it has given up the timer, and jumps to NULL.
}

# Reads go on while the machine goes down.
keep_busy() {
	while :; do dd if="$(disk scsi.0-lun.0)" of=/dev/null bs=1M iflag=direct 2>/dev/null; done &
}

next_kernel() {
	mkdir -p /next
	tar -x -f "$(disk scsi.0-lun.1)" -C /next
	[ -s /next/kernel ]
}

l2() {
	run_test "disk-$L2_BOOT" disk_after_boot || poweroff -f
	[ "$L2_BOOT" != 2 ] || run_test driver-reload reload
	[ "$L2_BOOT" != 3 ] || run_test next-kernel next_kernel
	sync_l1 "boot-$L2_BOOT"
	sync_l1 "leaves-$L2_BOOT"
	case $(ends_by "$L2_BOOT") in
	reboot) keep_busy; reboot -f ;;
	hard-reset) keep_busy; echo b >/proc/sysrq-trigger ;;
	kexec) /next/kexec /next/kernel /next/initrd "$(cat /proc/cmdline)" ;;
	power-off) return ;;
	esac
	# It takes a moment; nothing may follow.
	sleep 100
	fail "leaves-$L2_BOOT" "the guest is still there"
}

disk_after_boot() {
	drivers_load scsi.0-lun.0 scsi.0-lun.1
	disk_works
}
