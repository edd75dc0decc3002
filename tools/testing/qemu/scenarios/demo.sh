# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: one unmodified guest, one kind of disk three times: emulated IDE, vhost-scsi, vmb

L2_KERNEL=stock
FIO='slim /usr/bin/fio libgfapi.so.0 libnbd.so.0 libibverbs.so.1 librdmacm.so.1 librados.so.2 librbd.so.1 libpmemblk.so.1 libpmem.so.1'
L2_MANIFEST="$FIO
bin /sbin/mke2fs
module ext4
module crc32c_generic"
# make check runs it by make demo's script
CHECK=no
L1_CPUS=2
ROUNDS=3
PLAN=35
TIMEOUT=400

NULLB=/sys/kernel/config/nullb
DRIVERS='ide-emulated vhost-scsi vmb+hv_storvsc'
DISK_MB=64

backing() {
	case $1 in
	ide-emulated) echo nullb0 ;;
	vhost-scsi) echo nullb1 ;;
	vmb+hv_storvsc) echo nullb2 ;;
	esac
}

# --- the KVM host

make_backings() {
	local i
	modprobe null_blk nr_devices=0
	for i in 0 1 2; do
		mkdir $NULLB/nullb$i
		echo $DISK_MB >$NULLB/nullb$i/size
		echo 1 >$NULLB/nullb$i/memory_backed
		echo 1 >$NULLB/nullb$i/power
		wait_for 5 test -b /dev/nullb$i
	done
}

VHOST_WWN=naa.60014050000000a1

make_vhost_scsi() {
	local target=$CONFIGFS/target core fabric
	load target_core_mod target_core_iblock vhost_scsi
	core=$target/core/iblock_0/disk
	fabric=$target/vhost/$VHOST_WWN/tpgt_1
	mkdir -p $core
	echo udev_path=/dev/nullb1 >$core/control
	echo 1 >$core/enable
	mkdir -p $fabric/lun/lun_0
	echo $VHOST_WWN >$fabric/nexus
	ln -s $core $fabric/lun/lun_0/disk
}

remove_vhost_scsi() {
	local target=$CONFIGFS/target
	rm $target/vhost/$VHOST_WWN/tpgt_1/lun/lun_0/disk
	rmdir $target/vhost/$VHOST_WWN/tpgt_1/lun/lun_0
	echo NULL >$target/vhost/$VHOST_WWN/tpgt_1/nexus
	rmdir $target/vhost/$VHOST_WWN/tpgt_1
	rmdir $target/vhost/$VHOST_WWN
	rmdir $target/core/iblock_0/disk
}

make_partition() {
	load_vmb
	mkdir $CONFIGFS/vmb/demo
	mkdir $CONFIGFS/vmb/demo/scsi.0
	mkdir $CONFIGFS/vmb/demo/scsi.0/lun.0
	echo /dev/nullb2 >$CONFIGFS/vmb/demo/scsi.0/lun.0/device
	echo 1 >$CONFIGFS/vmb/demo/scsi.0/lun.0/enable
	echo 1 >$CONFIGFS/vmb/demo/scsi.0/enable
}

remove_partition() {
	rmdir $CONFIGFS/vmb/demo/scsi.0/lun.0
	rmdir $CONFIGFS/vmb/demo/scsi.0
	rmdir $CONFIGFS/vmb/demo
}

start_guest() {
	VMWP_OPTS=--no-smbios
	l2_start demo -p demo -m 512M -- \
		-name demo,debug-threads=on \
		-drive file=/dev/nullb0,if=ide,format=raw,cache=none,aio=native \
		-device vhost-scsi-pci,wwpn=$VHOST_WWN
}

TRACING=/sys/kernel/tracing

count_events() {
	mount -t tracefs tracefs $TRACING 2>/dev/null || true
	echo 'hist:keys=common_pid' >$TRACING/events/kvm/kvm_userspace_exit/trigger
	echo 'hist:keys=common_pid' >$TRACING/events/kvm/kvm_exit/trigger
	echo 'hist:keys=comm' >$TRACING/events/sched/sched_waking/trigger
}

hits() { awk '$1 == "Hits:" { print $2 }' "$TRACING/events/$1/hist"; }

# Reads and writes done, exits to user mode, VM exits, threads woken apart from
# vCPUs that wake from their own halt; hundredths of a second.
snapshot() {
	local ios now
	ios=$(awk '{ print $1 + $5 }' "/sys/block/$1/stat")
	read -r now _ </proc/uptime
	echo "$ios $(hits kvm/kvm_userspace_exit) $(hits kvm/kvm_exit) $(awk '
		$2 == "comm:" && !/CPU [0-9]+\/KVM/ { sum += $NF }
		END { print sum + 0 }' $TRACING/events/sched/sched_waking/hist) ${now%.*}${now#*.}"
}

# What is woken without any I/O: the kernel's own threads, and the processes
# that count.
measure_idle() {
	local before
	l2_sync demo "run-ide-emulated-$1-1" 60
	usleep 500000
	before=$(snapshot nullb2)
	usleep 3000000
	note "idle $before $(snapshot nullb2)"
}

io_moves() { [ "$(awk '{ print $1 + $5 }' "/sys/block/$1/stat")" -gt "$2" ]; }

# measure DRIVER QD ROUND: counts between two points of a steady run.
measure() {
	local disk before after
	disk=$(backing "$1")
	before=$(awk '{ print $1 + $5 }' "/sys/block/$disk/stat")
	l2_sync demo "run-$1-$2-$3" 60
	l2_go demo "run-$1-$2-$3"
	wait_for 60 io_moves "$disk" $((before + 16))
	usleep 500000
	before=$(snapshot "$disk")
	usleep 1500000
	after=$(snapshot "$disk")
	note "counts $1 $2 $3 $before $after"
	l2_sync demo "ran-$1-$2-$3" 60
	l2_go demo "ran-$1-$2-$3"
}

host_checksum() {
	local sum
	l2_sync demo checksum 180
	l2_go demo checksum
	sum=$(sha256sum /dev/nullb2 | cut -d' ' -f1)
	l2_sync demo "checksum-$sum" 120
	l2_go demo "checksum-$sum"
}

no_exit_to_user_mode() {
	grep '^note counts vmb+hv_storvsc' "$HARNESS/notes" | awk '
		{ ios += $11 - $6; exits += $12 - $7 }
		END { printf "%d exits to user mode in %d I/Os\n", exits, ios
		      exit !(ios > 300 && exits * 1000 < ios) }'
}

no_thread_woken() {
	grep -E '^note (idle|counts vmb\+hv_storvsc 1) ' "$HARNESS/notes" | awk '
		$2 == "idle" { idle += $12 - $7; while_idle += $11 - $6; next }
		{ ios += $11 - $6; woken += $14 - $9; time += $15 - $10 }
		END { others = while_idle / idle * time
		      printf "%d threads woken in %d I/Os, %d of them without I/O\n", woken, ios, others
		      exit !(ios > 300 && idle > 0 && (woken - others) * 10 < ios) }'
}

l1() {
	local qd round driver
	run_test backings make_backings || return
	run_test vhost-scsi make_vhost_scsi || return
	run_test partition make_partition || return
	run_test events count_events
	run_test guest-starts start_guest || return
	run_test guest-is-up l2_sync demo up 120 || return
	l2_go demo up
	run_test checksum host_checksum || return
	for qd in 1 32; do
		run_test "measure-idle-$qd" measure_idle $qd || return
		for round in $(seq $ROUNDS); do
			for driver in $DRIVERS; do
				run_test "measure-$driver-$qd-$round" measure "$driver" "$qd" "$round" || return
			done
		done
	done
	run_test user-exits-per-io no_exit_to_user_mode
	run_test threads-woken-per-io no_thread_woken
	run_test guest-ends l2_wait demo
	run_test partition-goes remove_partition
	run_test vhost-scsi-goes remove_vhost_scsi
}

# For make demo KEEP=1: everything loaded, the guest running.
scenario_keep() {
	make_backings && make_vhost_scsi && make_partition && start_guest
	echo "The guest 'demo' runs; its console is in $L2_RUN/demo/console."
	echo "See $CONFIGFS/vmb and /sys/kernel/debug/vmb/demo/state. Ctrl-D ends."
}

# --- the guest

# disk DRIVER: found by the bus it hangs on
disk() {
	local dev path want
	case $1 in
	ide-emulated) want=/ata ;;
	vhost-scsi) want=/virtio ;;
	vmb+hv_storvsc) want=/VMBUS ;;
	esac
	for dev in /sys/block/sd*; do
		path=$(readlink -f "$dev" | tr '[:lower:]' '[:upper:]')
		case $path in
		*"$(echo $want | tr '[:lower:]' '[:upper:]')"*) echo "/dev/$(basename "$dev")"; return ;;
		esac
	done
	return 1
}

drivers_load() {
	local driver
	load hv_vmbus hv_storvsc ata_piix virtio_pci virtio_scsi sd_mod crc32c_generic ext4
	for driver in $DRIVERS; do
		wait_for 20 disk "$driver"
	done
}

write_and_verify() {
	local dev
	dev=$(disk vmb+hv_storvsc)
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
	sum=$(sha256sum "$(disk vmb+hv_storvsc)" | cut -d' ' -f1)
	sync_l1 "checksum-$sum"
}

bench() {
	sync_l1 "run-$1-$2-$3"
	fio --name=bench --filename="$(disk "$1")" --rw=randread --bs=4k --direct=1 \
		--ioengine=libaio --iodepth="$2" --thread --time_based --runtime=3 \
		--norandommap --randrepeat=0 --lat_percentiles=1 --clat_percentiles=0 \
		--percentile_list=50:99 \
		--output-format=terse --terse-version=3 >/tmp/bench
	sync_l1 "ran-$1-$2-$3"
	note "fio $1 $2 $3 $(awk -F';' '{
		if ($5 != 0) exit 1
		for (i = 18; i <= 37; i++) {
			split($i, p, "=")
			if (p[1] == "50.000000%") p50 = p[2]
			if (p[1] == "99.000000%") p99 = p[2]
		}
		print $8, p50, p99 }' /tmp/bench)"
}

l2() {
	local qd round driver
	run_test drivers drivers_load || poweroff -f
	sync_l1 up
	run_test write-and-verify write_and_verify
	run_test checksum-is-hosts guest_checksum
	for qd in 1 32; do
		for round in $(seq $ROUNDS); do
			for driver in $DRIVERS; do
				bench "$driver" "$qd" "$round" || fail "bench-$driver-$qd-$round"
			done
		done
	done
}
