# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
#
# Disks on the host, their partitions, and how a guest finds them: by serial
# number, which is the last part of the LUN's path, in words: scsi.0-lun.1.

NULLB=/sys/kernel/config/nullb
VMB=/sys/kernel/config/vmb
# fio without the network file systems that it is linked with.
FIO='slim /usr/bin/fio libgfapi.so.0 libnbd.so.0 libibverbs.so.1 librdmacm.so.1 librados.so.2 librbd.so.1 libpmemblk.so.1 libpmem.so.1'

# --- the KVM host

# nullb NAME MB [ATTRIBUTE=VALUE...]: a disk in memory, /dev/NAME.
nullb() {
	local dir=$NULLB/$1 word
	[ -d $NULLB ] || modprobe null_blk nr_devices=0 || return
	mkdir "$dir" || return
	echo "$2" >"$dir/size"
	echo 1 >"$dir/memory_backed"
	word=$1
	shift 2
	set_attributes "$dir" "$@" || return
	echo 1 >"$dir/power" || return
	wait_for 5 test -b "/dev/$word"
}

set_attributes() {
	local dir=$1 word
	shift
	for word in "$@"; do
		echo "${word#*=}" >"$dir/${word%%=*}" ||
			{ echo "$dir: ${word%%=*} does not take ${word#*=}"; return 1; }
	done
}

# lun PARTITION CONTROLLER NUMBER DEVICE [ATTRIBUTE=VALUE...]
lun() {
	local dir=$VMB/$1/$2/lun.$3
	mkdir -p "$VMB/$1/$2"
	mkdir "$dir" || { echo "cannot make $dir"; return 1; }
	echo "$4" >"$dir/device" || { echo "$dir: device refused"; return 1; }
	echo "$2-lun.$3" >"$dir/serial"
	shift 4
	set_attributes "$dir" "$@" || return
	echo 1 >"$dir/enable" || { echo "$dir cannot be enabled"; return 1; }
}

# offer PARTITION CONTROLLER...: shows controllers to the guest
offer() {
	local partition=$1 name
	shift
	for name in "$@"; do
		echo 1 >"$VMB/$partition/$name/enable" ||
			{ echo "$partition/$name cannot be enabled"; return 1; }
	done
}

remove_controller() {
	rmdir "$VMB/$1/$2"/lun.* || { echo "a LUN of $1/$2 stays"; return 1; }
	rmdir "$VMB/$1/$2" || { echo "$1/$2 stays"; return 1; }
}

remove_partition() {
	local dir
	for dir in "$VMB/$1"/*.*/; do
		[ ! -d "$dir" ] || remove_controller "$1" "$(basename "$dir")" || return
	done
	rmdir "$VMB/$1" || { echo "$1 stays"; return 1; }
}

# What the guest's drivers need beside what is in its image.
guest_drivers() { :; }

# state PARTITION COLUMN CONTROLLER: of each channel of a controller
state() {
	awk -v column="$2" -v device="$3" '
		$1 == "channel" { for (i = 1; i <= NF; i++) if ($i == column) at = i; next }
		at && $2 == device { print $at }' "/sys/kernel/debug/vmb/$1/state"
}

# channels_open PARTITION CONTROLLER NUMBER
channels_open() { [ "$(state "$1" state "$2" | grep -cx open)" = "$3" ]; }

# step GUEST WORD COMMAND...: what the host does between two words of a guest.
step() {
	local guest=$1 word=$2
	shift 2
	l2_sync "$guest" "$word" 300 || return
	"$@" || return
	l2_go "$guest" "$word"
}

# Whoever fails cannot go on: take the guest down and what it had with it.
give_up() {
	cat "/sys/kernel/debug/vmb/$2/state"
	l2_kill "$1"
	sed "s/^/$1: /" "$L2_RUN/$1/qemu.log"
	remove_partition "$2"
}

checksum() { md5sum "$1" | cut -d' ' -f1; }

# --- the guest

# disk SERIAL: its device
disk() {
	local page
	for page in /sys/block/sd*/device/vpd_pg80; do
		[ "$(tail -c +5 "$page" 2>/dev/null)" = "$1" ] || continue
		page=${page#/sys/block/}
		echo "/dev/${page%%/*}"
		return
	done
	return 1
}

no_disk() { ! disk "$1"; }

vsc_load() { load hv_vmbus hv_storvsc; }

# drivers_load SERIAL...: and wait for these disks
drivers_load() {
	local serial
	vsc_load && load sd_mod || return
	for serial in "$@"; do
		wait_for 60 disk "$serial" || { dmesg | grep -iE 'scsi|vmbus|storvsc' | tail; return 1; }
	done
}

# fill FILE MB SEED: something that is different everywhere, and repeatable
fill() {
	awk -v mb="$2" -v seed="$3" 'BEGIN {
		line = sprintf("%s", seed)
		while (length(line) < 52) line = line "."
		for (i = 0; i < mb * 16384; i++) printf "%s %10d\n", line, i }' >"$1"
}
