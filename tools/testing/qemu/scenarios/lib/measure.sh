# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
#
# The same kind of disk several times in one guest, by the names of drivers, and
# what is counted on the host while one of them is read or written. A workload is
# PATTERN-BLOCKSIZE-qdDEPTH: randread-4k-qd32.

NULLB=/sys/kernel/config/nullb
TRACING=/sys/kernel/tracing
VHOST_WWN=naa.60014050000000a1

# --- the KVM host

# The device behind a driver: each has one of its own, of the same kind.
backing() {
	case $1 in
	ide-emulated | vmb+vsc_ide) echo nullb0 ;;
	vhost-scsi) echo nullb1 ;;
	vmb+hv_storvsc | vmb+vsc_stor) echo nullb2 ;;
	virtio-blk) echo nullb3 ;;
	virtio-scsi) echo nullb4 ;;
	host-direct) echo nullb5 ;;
	esac
}

make_backings() {
	local i
	for i in $(seq 0 "$1"); do nullb "nullb$i" $DISK_MB || return; done
}

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

count_events() {
	mount -t tracefs tracefs $TRACING 2>/dev/null || true
	echo 'hist:keys=common_pid' >$TRACING/events/kvm/kvm_userspace_exit/trigger
	echo 'hist:keys=common_pid' >$TRACING/events/kvm/kvm_exit/trigger
	echo 'hist:keys=common_pid' >$TRACING/events/kvm/kvm_inj_virq/trigger
	echo 'hist:keys=comm' >$TRACING/events/sched/sched_waking/trigger
}

hits() { awk '$1 == "Hits:" { print $2 }' "$TRACING/events/$1/hist"; }

# Reads and writes done, exits to user mode, VM exits, interrupts injected,
# threads woken apart from vCPUs that wake from their own halt, context switches;
# hundredths of a second.
snapshot() {
	local ios now
	ios=$(awk '{ print $1 + $5 }' "/sys/block/$1/stat")
	read -r now _ </proc/uptime
	echo "$ios $(hits kvm/kvm_userspace_exit) $(hits kvm/kvm_exit) $(hits kvm/kvm_inj_virq) $(awk '
		$2 == "comm:" && !/CPU [0-9]+\/KVM/ { sum += $NF }
		END { print sum + 0 }' $TRACING/events/sched/sched_waking/hist) $(awk '
		$1 == "ctxt" { print $2 }' /proc/stat) ${now%.*}${now#*.}"
}

# measure_idle GUEST NEXT: what happens without any I/O: the kernel's own threads,
# and the processes that count. The guest waits for the measurement NEXT.
measure_idle() {
	local before
	l2_sync "$1" "run-$2" 120
	usleep 500000
	before=$(snapshot nullb2)
	usleep 3000000
	note "idle $before $(snapshot nullb2)"
}

ios_of() { awk '{ print $1 + $5 }' "/sys/block/$1/stat"; }
io_moves() { [ "$(ios_of "$1")" -gt "$2" ]; }

# count DRIVER WORKLOAD ROUND IOS: between two points of a steady run, which
# begins when the backing has done so many
count() {
	local disk before after
	disk=$(backing "$1")
	wait_for 60 io_moves "$disk" $(($4 + 16))
	usleep 500000
	before=$(snapshot "$disk")
	usleep 1500000
	after=$(snapshot "$disk")
	note "counts $1 $2 $3 $before $after"
}

# measure GUEST DRIVER WORKLOAD ROUND
measure() {
	local ios
	ios=$(ios_of "$(backing "$2")")
	l2_sync "$1" "run-$2-$3-$4" 120
	l2_go "$1" "run-$2-$3-$4"
	count "$2" "$3" "$4" "$ios"
	l2_sync "$1" "ran-$2-$3-$4" 120
	l2_go "$1" "ran-$2-$3-$4"
}

# --- either of the two

# fio_run DEVICE DRIVER WORKLOAD ROUND
fio_run() {
	local rest=${3#*-}
	fio --name=bench --filename="$1" --rw="${3%%-*}" --bs="${rest%%-*}" --direct=1 \
		--ioengine=libaio --iodepth="${3##*-qd}" --thread --time_based --runtime="$RUNTIME" \
		--norandommap --randrepeat=0 --lat_percentiles=1 --clat_percentiles=0 \
		--percentile_list=50:99 \
		--output-format=terse --terse-version=3 >/tmp/bench
	# of the one direction that was used
	note "fio $2 $3 $4 $(awk -F';' -v write="$(case $3 in *write*) echo 1 ;; *) echo 0 ;; esac)" '{
		if ($5 != 0) exit 1
		first = write ? 59 : 18
		for (i = first; i < first + 20; i++) {
			split($i, p, "=")
			if (p[1] == "50.000000%") p50 = p[2]
			if (p[1] == "99.000000%") p99 = p[2]
		}
		print (write ? $49 : $8), p50, p99 }' /tmp/bench)"
}

# --- the guest

# disk_of DRIVER: found by what it hangs on, and by who made it
disk_of() {
	local dev path want vendor=
	case $1 in
	virtio-blk) [ ! -b /dev/vda ] || echo /dev/vda; return ;;
	ide-emulated | vmb+vsc_ide) want=/ATA ;;
	vhost-scsi) want=/VIRTIO vendor=LIO-ORG ;;
	virtio-scsi) want=/VIRTIO vendor=QEMU ;;
	vmb+*) want=/VMBUS ;;
	esac
	for dev in /sys/block/sd*; do
		path=$(readlink -f "$dev" | tr '[:lower:]' '[:upper:]')
		case $path in
		*"$want"*) ;;
		*) continue ;;
		esac
		[ -z "$vendor" ] || grep -q "^$vendor" "$dev/device/vendor" || continue
		echo "/dev/$(basename "$dev")"
		return
	done
	return 1
}

# bench DRIVER WORKLOAD ROUND
bench() {
	sync_l1 "run-$1-$2-$3"
	fio_run "$(disk_of "$1")" "$1" "$2" "$3"
	sync_l1 "ran-$1-$2-$3"
}
