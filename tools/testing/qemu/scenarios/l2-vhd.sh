# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2153,SC2154
# DESCRIPTION: a guest's disks are a dynamic VHDX and a child of another: written at random and verified

L1_MEM=3G
L2_KERNEL=stock
TIMEOUT=420

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/vhd.sh"
L2_MANIFEST=$FIO
L1_MANIFEST="$FIO"
DISK_MB=64
PLAN=12

# Each 4 KiB say where they belong.
VERIFY="--size=${DISK_MB}M --verify=xxhash --verify_interval=4k --verify_pattern=%o --verify_fatal=1
--direct=1 --ioengine=libaio --thread --output-format=terse --terse-version=3"

# good_jobs FILE: both without an error, and all of it read
good_jobs() {
	awk -F';' -v kb=$((DISK_MB * 1024)) '
		$1 == 3 && $5 == 0 && $6 >= kb { good++ }
		END { exit good != 2 }' "$1" || { tail -n 3 "$1"; return 1; }
}

# --- the KVM host

# disk_in NUMBER IMAGE
disk_in() {
	mkdir "$VHD/$1"
	echo "$2" >"$VHD/$1/path"
	echo 1 >"$VHD/$1/enabled"
}

dev_of() { echo "/dev/$(cat "$VHD/$1/device")"; }

make_disks() {
	load_ours vhd
	vmbctl vhd create --size ${DISK_MB}M /tmp/a.vhdx
	vmbctl vhd create --size ${DISK_MB}M /tmp/parent.vhdx
	vmbctl vhd create --parent /tmp/parent.vhdx /tmp/b.vhdx
	disk_in 0 /tmp/a.vhdx
	disk_in 1 /tmp/b.vhdx
}

make_partition() {
	load_vmb
	lun vm scsi.0 0 "$(dev_of 0)"
	lun vm scsi.1 0 "$(dev_of 1)"
	offer vm scsi.0 scsi.1
}

# What is on the disks says so itself, whoever asks.
disks_hold_it() {
	fio --rw=read --bs=128k --iodepth=4 $VERIFY --name=a --filename="$(dev_of 0)" \
		--name=b --filename="$(dev_of 1)" >/tmp/fio 2>&1 || { tail -n 3 /tmp/fio; return 1; }
	good_jobs /tmp/fio
}

# counter DISK NAME
counter() { awk -v name="$2" '$1 == name { print $2 }' "$VHD/$1/counters"; }

disks_go() {
	local i
	for i in 0 1; do
		cat $VHD/$i/counters
		[ "$(counter $i direct)" -gt 0 ]
		# for new blocks at least
		[ "$(counter $i worker)" -gt 0 ]
		[ "$(counter $i errors)" = 0 ]
		echo 0 >$VHD/$i/enabled
		rmdir $VHD/$i
	done
	vmbctl vhd check /tmp/a.vhdx
	vmbctl vhd check /tmp/b.vhdx
	rmmod vhd
}

steps() {
	run_test guest-is-up l2_sync main up 150 &&
		l2_go main up &&
		run_test written step main written true
}

l1() {
	run_test disks make_disks || return
	run_test partition make_partition || return
	run_test guest-starts l2_start main -p vm -c 2 -m 512M || return
	steps || { give_up main vm; return; }
	run_test guest-ends l2_wait main
	run_test disks-hold-it disks_hold_it
	run_test partition-goes remove_partition vm
	run_test disks-go disks_go
}

# --- the guest

# Every block once, in pieces of 4 to 128 KiB; read back when all is written.
verify() {
	fio --rw=randwrite --bsrange=4k-128k --bs_unaligned=0 --iodepth=32 --fsync=64 --do_verify=1 \
		$VERIFY --name=a --filename="$(disk scsi.0-lun.0)" \
		--name=b --filename="$(disk scsi.1-lun.0)" >/tmp/fio 2>&1 || { tail -n 3 /tmp/fio; return 1; }
	good_jobs /tmp/fio
}

again() {
	echo 3 >/proc/sys/vm/drop_caches
	verify
}

l2() {
	run_test drivers drivers_load scsi.0-lun.0 scsi.1-lun.0 || poweroff -f
	sync_l1 up
	run_test verify verify
	# what has a place by now
	run_test again again
	sync_l1 written
}
