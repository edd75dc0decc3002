# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: our own drivers: verified writes while CPUs come and go, sleep, polled queues

L2_KERNEL=stock
PLAN=15
TIMEOUT=500

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/ours.sh"
L2_MANIFEST=$FIO
DISK_MB=32

# --- the KVM host

make_partition() {
	load_vmb
	nullb nullb0 $DISK_MB
	nullb nullb1 $DISK_MB
	lun vm scsi.0 0 /dev/nullb0
	lun vm scsi.0 1 /dev/nullb1
	offer vm scsi.0
}

host_checksums() {
	local i sum
	for i in 0 1; do
		sum=$(checksum /dev/nullb$i)
		l2_sync main "sum-$sum" 200 || { echo "nullb$i is $sum; $(grep sum- $L2_RUN/main/lines)"; return 1; }
		l2_go main "sum-$sum"
	done
}

l1() {
	run_test partition make_partition || return
	guest_drivers
	run_test guest-starts l2_start main -p vm -c 2 -m 512M || return
	run_test guest-is-up l2_sync main up 150 || { give_up main vm; return; }
	l2_go main up
	run_test all-is-written l2_sync main written 300 || { give_up main vm; return; }
	l2_go main written
	run_test checksums-are-the-guests host_checksums || { give_up main vm; return; }
	run_test guest-ends l2_wait main 300 || { give_up main vm; return; }
	run_test partition-goes remove_partition vm
}

# --- the guest

# Every block once in an order of its own, 32 at a time, then read and compared.
verify() {
	fio --rw=randwrite --bsrange=4k-128k --bs_unaligned=0 --direct=1 --thread \
		--iodepth=32 --verify=xxhash --verify_interval=4k --verify_pattern=%o \
		--verify_fatal=1 --do_verify=1 --output-format=terse --terse-version=3 \
		--size=${DISK_MB}M "$@" \
		--name=a --filename="$(disk scsi.0-lun.0)" \
		--name=b --filename="$(disk scsi.0-lun.1)" >/tmp/fio 2>&1 || { tail -3 /tmp/fio; return 1; }
	awk -F';' -v kb=$((DISK_MB * 1024)) '
		$1 == 3 && $5 == 0 && $6 >= kb && $47 >= kb { good++ }
		END { exit good != 2 }' /tmp/fio || { cut -d';' -f1-6,47 /tmp/fio; return 1; }
}

CPU1=/sys/devices/system/cpu/cpu1/online

# The channel of the CPU that goes has to be moved with commands under way.
cpus_come_and_go() {
	while [ ! -e /tmp/verified ]; do
		echo 0 >$CPU1 || return
		usleep 300000
		echo 1 >$CPU1 || return
		usleep 300000
		echo moved >>/tmp/moves
	done
}

# verify_beside MOVER MIN: MOVER runs until all is verified and it has said MIN times that
# it has moved something.
verify_beside() {
	local status=0 mover
	rm -f /tmp/verified
	: >/tmp/moves
	"$1" &
	mover=$!
	while :; do
		verify --ioengine=libaio || { status=$?; break; }
		[ "$(wc -l </tmp/moves)" -lt "$2" ] || break
		kill -0 $mover || break
	done
	: >/tmp/verified
	wait $mover
	[ "$(wc -l </tmp/moves)" -ge "$2" ]
	[ "$(cat $CPU1)" = 1 ]
	return $status
}

# All of a suspend to memory and the way back but for the firmware's part.
sleep_and_wake() {
	echo core >/sys/power/pm_test || return
	echo 1 >/sys/module/suspend/parameters/pm_test_delay || return
	while [ ! -e /tmp/verified ]; do
		echo mem >/sys/power/state || return
		echo slept >>/tmp/moves
		usleep 3000000
	done
}

guest_checksums() {
	echo 3 >/proc/sys/vm/drop_caches
	for lun in 0 1; do
		sync_l1 "sum-$(checksum "$(disk scsi.0-lun.$lun)")"
	done
}

events() { cat /sys/bus/vmbus/devices/*/channels/*/events | awk '{ sum += $1 } END { print sum }'; }
interrupts() { cat /sys/bus/vmbus/devices/*/channels/*/interrupts | awk '{ sum += $1 } END { print sum }'; }

# With many commands under way the host is signalled for a few of them only.
few_signals() {
	local ev in ios
	ev=$(events) in=$(interrupts)
	fio --name=a --filename="$(disk scsi.0-lun.0)" --rw=randread --bs=4k --direct=1 --thread \
		--ioengine=libaio --iodepth=32 --iodepth_batch_submit=8 --iodepth_batch_complete_min=8 \
		--number_ios=4000 --size=${DISK_MB}M --norandommap --output-format=terse >/tmp/fio
	ev=$(($(events) - ev)) in=$(($(interrupts) - in))
	report "note vsc-signals $ev signals and $in interrupts for 4000 reads"
	[ $ev -lt 2000 ]
}

# The same disks by queues that nobody interrupts.
polled() {
	local before
	vsc_unload
	insmod $OURS/vmb.ko
	insmod $OURS/vmb_guest.ko
	insmod $OURS/storport.ko poll_queues=1
	insmod $OURS/vsc_wire.ko
	insmod $OURS/vsc_stor.ko
	wait_for 60 disk scsi.0-lun.0
	wait_for 60 disk scsi.0-lun.1
	[ "$(cat "/sys/block/$(basename "$(disk scsi.0-lun.0)")/queue/io_poll")" = 1 ]
	verify --ioengine=io_uring --hipri
}

unload() {
	vsc_unload
	no_disk scsi.0-lun.0
	[ ! -e /sys/bus/vmbus ]
	vsc_load
	wait_for 60 disk scsi.0-lun.0
	wait_for 60 disk scsi.0-lun.1
}

l2() {
	run_test drivers drivers_load scsi.0-lun.0 scsi.0-lun.1 || poweroff -f
	sync_l1 up
	run_test verify verify --ioengine=libaio
	run_test verify-while-cpus-go verify_beside cpus_come_and_go 4
	run_test verify-while-asleep verify_beside sleep_and_wake 3
	run_test few-signals few_signals
	run_test polled polled
	run_test unload-and-load unload
	sync_l1 written
	run_test checksums guest_checksums
}
