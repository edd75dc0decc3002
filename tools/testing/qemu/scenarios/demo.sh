# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: one unmodified guest, one kind of disk three times: emulated IDE, vhost-scsi, vmb

L2_KERNEL=stock
. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/measure.sh"
L2_MANIFEST="$FIO
bin /sbin/mke2fs
module ext4
module crc32c_generic"
# make check runs it by make demo's script
CHECK=no
ROUNDS=3
RUNTIME=2
PLAN=35
TIMEOUT=400

DRIVERS='ide-emulated vhost-scsi vmb+hv_storvsc'
WORKLOADS='randread-4k-qd1 randread-4k-qd32'
DISK_MB=64

# --- the KVM host

make_partition() {
	load_vmb
	lun demo scsi.0 0 /dev/nullb2
	offer demo scsi.0
}

start_guest() {
	VMWP_OPTS=--no-smbios
	l2_start demo -p demo -m 512M -- \
		-name demo,debug-threads=on \
		-drive file=/dev/nullb0,if=ide,format=raw,cache=none,aio=native \
		-device vhost-scsi-pci,wwpn=$VHOST_WWN
}

host_checksum() {
	local sum
	l2_sync demo checksum 180
	l2_go demo checksum
	sum=$(sha256sum /dev/nullb2 | cut -d' ' -f1)
	l2_sync demo "checksum-$sum" 120
	l2_go demo "checksum-$sum"
}

# in fields: the name of the line and three of what it is about, then eight
# before and as many after
no_exit_to_user_mode() {
	grep '^note counts vmb+hv_storvsc' "$HARNESS/notes" | awk '
		{ ios += $14 - $6; exits += $15 - $7 }
		END { printf "%d exits to user mode in %d I/Os\n", exits, ios
		      exit !(ios > 300 && exits * 1000 < ios) }'
}

no_thread_woken() {
	grep -E '^note (idle|counts vmb\+hv_storvsc randread-4k-qd1) ' "$HARNESS/notes" | awk '
		$2 == "idle" { idle += $17 - $9; while_idle += $15 - $7; next }
		{ ios += $14 - $6; woken += $18 - $10; time += $20 - $12 }
		END { others = while_idle / idle * time
		      printf "%d threads woken in %d I/Os, %d of them without I/O\n", woken, ios, others
		      exit !(ios > 300 && idle > 0 && (woken - others) * 10 < ios) }'
}

l1() {
	local workload round driver
	run_test backings make_backings 2 || return
	run_test vhost-scsi make_vhost_scsi || return
	run_test partition make_partition || return
	run_test events count_events
	run_test guest-starts start_guest || return
	run_test guest-is-up l2_sync demo up 120 || return
	l2_go demo up
	run_test checksum host_checksum || return
	for workload in $WORKLOADS; do
		run_test "idle-before-$workload" measure_idle demo "ide-emulated-$workload-1" || return
		for round in $(seq $ROUNDS); do
			for driver in $DRIVERS; do
				run_test "$driver-$workload-$round" measure demo "$driver" "$workload" "$round" || return
			done
		done
	done
	run_test user-exits-per-io no_exit_to_user_mode
	run_test threads-woken-per-io no_thread_woken
	run_test guest-ends l2_wait demo
	run_test partition-goes remove_partition demo
	run_test vhost-scsi-goes remove_vhost_scsi
}

# For make demo KEEP=1: everything loaded, the guest running.
scenario_keep() {
	make_backings 2 && make_vhost_scsi && make_partition && start_guest
	echo "The guest 'demo' runs; its console is in $L2_RUN/demo/console."
	echo "See $CONFIGFS/vmb and /sys/kernel/debug/vmb/demo/state. Ctrl-D ends."
}

# --- the guest

drivers_load() {
	local driver
	load hv_vmbus hv_storvsc ata_piix virtio_pci virtio_scsi sd_mod crc32c_generic ext4
	for driver in $DRIVERS; do
		wait_for 20 disk_of "$driver"
	done
}

write_and_verify() {
	local dev
	dev=$(disk_of vmb+hv_storvsc)
	# not busybox's
	/sbin/mke2fs -q -t ext4 "$dev"
	mkdir -p /mnt
	mount -t ext4 "$dev" /mnt
	fio --name=verify --directory=/mnt --size=32M --rw=randwrite --bs=4k --direct=1 \
		--ioengine=libaio --iodepth=32 --thread --verify=crc32c --verify_fatal=1 \
		--do_verify=1 --output-format=terse >/tmp/verify
	# error, KiB read back
	awk -F';' '{ exit !($5 == 0 && $6 >= 32 * 1024) }' /tmp/verify
	umount /mnt
	sync
}

guest_checksum() {
	local sum
	sync_l1 checksum
	echo 3 >/proc/sys/vm/drop_caches
	sum=$(sha256sum "$(disk_of vmb+hv_storvsc)" | cut -d' ' -f1)
	sync_l1 "checksum-$sum"
}

l2() {
	local workload round driver
	run_test drivers drivers_load || poweroff -f
	sync_l1 up
	run_test write-and-verify write_and_verify
	run_test checksum-is-hosts guest_checksum
	for workload in $WORKLOADS; do
		for round in $(seq $ROUNDS); do
			for driver in $DRIVERS; do
				bench "$driver" "$workload" "$round" || fail "bench-$driver-$workload-$round"
			done
		done
	done
}
