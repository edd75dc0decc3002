# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: an IDE disk goes over VMBus and back, with a file system mounted and written to

L2_KERNEL=stock
PLAN=33
TIMEOUT=900

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/ours.sh"
OURS_MODULES='vmb vmb_guest vsc_wire vsc_ide vsc_ide_vmb'
L2_MANIFEST="$FIO
bin /sbin/mke2fs
module ext4
module crc32c_generic"

DISK=/dev/sda
ATTRS=/sys/block/sda/device
ROUNDS=3
ROUNDS_LIST='1 2 3'
BY_HAND=95

# --- the KVM host

make_partition() {
	load_vmb
	nullb nullb0 32
	lun vm ide.0 0 /dev/nullb0 shared=1
	offer vm ide.0
}

# One disk, for QEMU's IDE model and for ours, as a boot disk would be.
start_guest() {
	l2_start main -p vm -c 2 -m 512M -- \
		-drive file=/dev/nullb0,if=ide,format=raw,cache=none,aio=native
}

one_channel() { wait_for 20 channels_open vm ide.0 1; }
no_channel() { wait_for 20 channels_open vm ide.0 0; }

# Takes the disk away in the middle of what the guest does.
take() { echo 0 >$VMB/vm/ide.0/enable; }

rounds() {
	local i
	for i in $ROUNDS_LIST; do
		run_test "take-$i" step main "take-$i" take || return
		run_test "give-$i" step main "give-$i" offer vm ide.0 || return
	done
}

same_checksum() {
	local sum
	sum=$(checksum /dev/nullb0)
	l2_sync main "sum-$sum" 200
	l2_go main "sum-$sum"
}

steps() {
	run_test guest-is-up l2_sync main up 150 &&
		l2_go main up &&
		run_test no-channel-yet step main mounted no_channel &&
		run_test one-channel step main over one_channel &&
		rounds &&
		run_test load-has-ended step main loaded one_channel &&
		run_test checksum-by-vmbus same_checksum &&
		run_test checksum-by-registers same_checksum
}

l1() {
	run_test partition make_partition || return
	run_test modules-for-guest guest_drivers || return
	run_test guest-starts start_guest || return
	steps || { give_up main vm; return; }
	run_test guest-ends l2_wait main
	run_test partition-goes remove_partition vm
}

# --- the guest

goes_by() { grep -qx "$1" $ATTRS/fastpath; }
wait_until() { wait_for 30 goes_by "$1" || { dmesg | grep -E 'sd |ata|vsc_ide' | tail -n 5; return 1; }; }
number() { cat "$ATTRS/fastpath_$1"; }

by_registers() {
	local word
	load libata sd_mod
	insmod $OURS/vsc_ide.ko
	wait_for 60 test -b $DISK || { dmesg | grep -i ata | tail; return 1; }
	goes_by registers
	[ ! -e /sys/bus/pci/drivers/ata_piix ]
	grep -F '[none]' "/sys/block/$(basename $DISK)/queue/scheduler"
	# QEMU does not say what it is
	[ "$(cat "/sys/block/$(basename $DISK)/queue/rotational")" = 0 ]
	[ "$(cat "/sys/block/$(basename $DISK)/queue/add_random")" = 0 ]
	dd if=$DISK of=/dev/null bs=64k count=16 iflag=direct
	[ "$(number registers)" -gt 16 ]
	# there is nothing to go over
	for word in vmbus elsewhere; do
		if echo $word >$ATTRS/fastpath; then echo "$word was taken"; return 1; fi
	done
}

mounts() {
	load crc32c_generic ext4
	/sbin/mke2fs -q -t ext4 $DISK
	mkdir -p /mnt
	mount -t ext4 $DISK /mnt
}

# Written, flushed, read back and compared, again and again until told to stop.
load_runs() {
	fio --rw=randwrite --bsrange=4k-16k --bs_unaligned=0 --direct=1 --fsync=32 \
		--ioengine=libaio --iodepth=8 --thread --verify=crc32c --verify_interval=4k \
		--verify_fatal=1 --do_verify=1 --size=1M --randseed="$1" \
		--name=load --filename=/mnt/load >/tmp/fio 2>&1
}

load_begins() {
	(
		set +e
		i=0
		until [ -e /tmp/stop ]; do
			i=$((i + 1))
			load_runs $i || { tail -n 3 /tmp/fio >/tmp/load-failed; break; }
			echo $i >/tmp/passes
		done
		: >/tmp/stopped
	) </dev/null >/dev/null 2>&1 &
	wait_for 60 test -s /tmp/passes
}

# More of it has been done since.
load_goes_on() {
	local passes
	passes=$(cat /tmp/passes)
	wait_for 120 eval "[ \"\$(cat /tmp/passes)\" -gt $((passes + 1)) ]"
	[ ! -e /tmp/load-failed ] || { cat /tmp/load-failed; return 1; }
}

cuts_over() {
	insmod $OURS/vmb.ko
	insmod $OURS/vmb_guest.ko
	insmod $OURS/vsc_wire.ko
	insmod $OURS/vsc_ide_vmb.ko
	wait_until vmbus
	load_goes_on
	[ "$(number cut_overs)" = 1 ]
	[ "$(number channel)" -gt 100 ]
	[ "$(cat $ATTRS/queue_depth)" = 32 ]
}

cuts_back() {
	wait_until registers
	load_goes_on
	[ "$(number cut_backs)" = "$1" ]
	[ "$(cat $ATTRS/queue_depth)" = 1 ]
}

cuts_over_again() {
	wait_until vmbus
	load_goes_on
	[ "$(number cut_overs)" = "$1" ]
}

# What the administrator says holds until he says something else.
by_hand() {
	local i=0
	while [ $i -lt $BY_HAND ]; do
		i=$((i + 1))
		echo registers >$ATTRS/fastpath
		goes_by registers
		usleep $((i % 5 * 10000))
		echo vmbus >$ATTRS/fastpath
		goes_by vmbus
		usleep $((i % 7 * 10000))
	done
	load_goes_on
}

# The channel's driver goes, and comes, and the disk stays.
driver_goes() {
	rmmod vsc_ide_vmb
	goes_by registers
	load_goes_on
	insmod $OURS/vsc_ide_vmb.ko
	wait_until vmbus
	load_goes_on
}

load_ends() {
	: >/tmp/stop
	wait_for 120 test -e /tmp/stopped
	[ ! -e /tmp/load-failed ] || { cat /tmp/load-failed; return 1; }
	[ "$(number strangers)" = 0 ]
	note "passes=$(cat /tmp/passes) registers=$(number registers) vmbus=$(number channel)" \
		"held=$(number held) reissues=$(number reissues) cut_overs=$(number cut_overs)"
	# once at first, in each round, by hand, and with its driver
	[ "$(number cut_overs)" = $((1 + ROUNDS + BY_HAND + 1)) ]
	umount /mnt
}

guest_checksum() {
	echo 3 >/proc/sys/vm/drop_caches
	sync_l1 "sum-$(checksum $DISK)"
}

checksum_by_registers() {
	echo registers >$ATTRS/fastpath
	guest_checksum
}

unloads() {
	rmmod vsc_ide_vmb
	rmmod vmb_guest
	rmmod vsc_ide
	[ ! -e $DISK ]
}

l2() {
	local i
	sync_l1 up
	run_test by-registers by_registers || poweroff -f
	run_test mounts mounts || poweroff -f
	run_test load-begins load_begins || poweroff -f
	sync_l1 mounted
	run_test cuts-over cuts_over || poweroff -f
	sync_l1 over
	for i in $ROUNDS_LIST; do
		sync_l1 "take-$i"
		run_test "cuts-back-$i" cuts_back "$i"
		sync_l1 "give-$i"
		run_test "cuts-over-$i" cuts_over_again $((i + 1))
	done
	run_test by-hand by_hand
	run_test driver-goes driver_goes
	run_test load-ends load_ends
	sync_l1 loaded
	run_test checksum guest_checksum
	run_test checksum-registers checksum_by_registers
	run_test unloads unloads
}
