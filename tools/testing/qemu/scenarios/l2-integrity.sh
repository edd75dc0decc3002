# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: 1 GiB written at random to two disks at once, queue depth 32, and verified

L1_MEM=4G
L1_CPUS=2
L2_KERNEL=stock
PLAN=10
TIMEOUT=420

. "$SCENARIO_LIB/disks.sh"
L2_MANIFEST=$FIO
DISK_MB=512

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

host_checksums() {
	local i sum
	for i in 0 1; do
		sum=$(checksum /dev/nullb$i)
		[ ${#sum} = 32 ]
		l2_sync main "sum-$sum" 200 || { echo "nullb$i is $sum; $(grep sum- $L2_RUN/main/lines)"; return 1; }
		l2_go main "sum-$sum"
	done
}

steps() {
	run_test guest-is-up l2_sync main up 150 &&
		l2_go main up &&
		run_test all-was-written step main written all_was_written &&
		run_test checksums-are-the-guests host_checksums
}

l1() {
	run_test partition make_partition || return
	run_test guest-starts l2_start main -p vm -c 2 -m 512M || return
	steps || { give_up main vm; return; }
	run_test guest-ends l2_wait main
	run_test partition-goes remove_partition vm
}

# --- the guest

# Every block once, in an order of its own, in pieces of 4 to 128 KiB; read
# back and compared when all is written. Each 4 KiB say where they belong, so
# that pages in the wrong order within a piece would be noticed.
verify() {
	fio --rw=randwrite --bsrange=4k-128k --bs_unaligned=0 --direct=1 \
		--ioengine=libaio --iodepth=32 --thread --verify=crc32c --verify_interval=4k --verify_pattern=%o \
		--verify_fatal=1 \
		--do_verify=1 --output-format=terse --terse-version=3 \
		--size=${DISK_MB}M \
		--name=a --filename="$(disk scsi.0-lun.0)" \
		--name=b --filename="$(disk scsi.1-lun.0)" >/tmp/fio 2>&1 || { tail -3 /tmp/fio; return 1; }
	# of each disk: error, KiB read, KiB written
	awk -F';' -v kb=$((DISK_MB * 1024)) '
		$1 == 3 && $5 == 0 && $6 >= kb && $47 >= kb { good++ }
		END { exit good != 2 }' /tmp/fio || { cut -d';' -f1-6,47 /tmp/fio; return 1; }
}

guest_checksums() {
	echo 3 >/proc/sys/vm/drop_caches
	for dev in scsi.0-lun.0 scsi.1-lun.0; do
		sync_l1 "sum-$(checksum "$(disk $dev)")"
	done
}

l2() {
	run_test drivers drivers_load scsi.0-lun.0 scsi.1-lun.0 || poweroff -f
	sync_l1 up
	run_test verify verify
	sync_l1 written
	run_test checksums guest_checksums
}
