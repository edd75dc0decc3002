# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: 1 GiB written at random to two disks at once, queue depth 32, and verified

L1_MEM=4G
L2_KERNEL=stock
PLAN=9
TIMEOUT=420

. "$SCENARIO_LIB/disks.sh"
L2_MANIFEST=$FIO
L1_MANIFEST=$FIO
DISK_MB=512

# --- either of the two

# Each 4 KiB say where they belong, so that pages in the wrong order within a piece would
# be noticed. An emulated processor takes CRC-32C, of which it has an instruction, bit by bit.
VERIFY="--size=${DISK_MB}M --verify=xxhash --verify_interval=4k --verify_pattern=%o --verify_fatal=1
--output-format=terse --terse-version=3"

# Both of them without an error, and all of it read.
good_jobs() {
	awk -F';' -v kb=$((DISK_MB * 1024)) '
		$1 == 3 && $5 == 0 && $6 >= kb { good++ }
		END { exit good != 2 }'
}

# --- the KVM host

make_partition() {
	load_vmb
	nullb nullb0 $DISK_MB
	nullb nullb1 $DISK_MB
	lun vm scsi.0 0 /dev/nullb0
	lun vm scsi.1 0 /dev/nullb1
	offer vm scsi.0 scsi.1
}

# All of it went over the ring, none of it over QEMU's shoulder.
all_was_written() {
	local i
	for i in 0 1; do
		[ "$(awk '{ print $7 }' /sys/block/nullb$i/stat)" -ge $((DISK_MB * 2048)) ]
		[ "$(awk '{ print $3 }' /sys/block/nullb$i/stat)" -ge $((DISK_MB * 2048)) ]
		[ "$(state vm broken scsi.$i | sort -u)" = 0 ]
	done
}

# The guest may read what it has not yet written, or its own memory. What is on
# the disks says so itself, whoever asks.
disks_hold_it() {
	fio --rw=read --bs=128k --direct=1 --ioengine=libaio --iodepth=4 --thread $VERIFY \
		--name=a --filename=/dev/nullb0 --name=b --filename=/dev/nullb1 >/tmp/fio 2>&1 ||
		{ tail -n 3 /tmp/fio; return 1; }
	good_jobs </tmp/fio || { cut -d';' -f1-6 /tmp/fio; return 1; }
}

steps() {
	run_test guest-is-up l2_sync main up 150 &&
		l2_go main up &&
		run_test all-was-written step main written all_was_written
}

l1() {
	run_test partition make_partition || return
	run_test guest-starts l2_start main -p vm -c 2 -m 512M || return
	steps || { give_up main vm; return; }
	run_test guest-ends l2_wait main
	run_test disks-hold-it disks_hold_it
	run_test partition-goes remove_partition vm
}

# --- the guest

# Every block once, in an order of its own, in pieces of 4 to 128 KiB; read
# back and compared when all is written.
verify() {
	fio --rw=randwrite --bsrange=4k-128k --bs_unaligned=0 --direct=1 \
		--ioengine=libaio --iodepth=32 --thread --do_verify=1 $VERIFY \
		--name=a --filename="$(disk scsi.0-lun.0)" \
		--name=b --filename="$(disk scsi.1-lun.0)" >/tmp/fio 2>&1 || { tail -3 /tmp/fio; return 1; }
	good_jobs </tmp/fio || { cut -d';' -f1-6,47 /tmp/fio; return 1; }
	# of each disk as many KiB written
	awk -F';' -v kb=$((DISK_MB * 1024)) '$47 < kb { exit 1 }' /tmp/fio
}

l2() {
	run_test drivers drivers_load scsi.0-lun.0 scsi.1-lun.0 || poweroff -f
	sync_l1 up
	run_test verify verify
	sync_l1 written
}
