# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
#
# The same kind of disk several times in one guest, by the names of drivers, and
# what is counted on the host while one of them is read or written. A workload is
# PATTERN-BLOCKSIZE-qdDEPTH: randread-4k-qd32. DEPTH may be followed by xBATCH: so many
# are asked for by one system call, when so many have ended.

. "$SCENARIO_LIB/count.sh"
. "$SCENARIO_LIB/fio.sh"

NULLB=/sys/kernel/config/nullb
VHOST_WWN=naa.60014050000000a1

# --- the KVM host

# What can be behind a driver. backing_KIND NUMBER makes a disk of DISK_MB, whose I/Os
# the kernel counts, and says its name below /dev.
BEHIND=/run/behind

# All blocks have been written to: the first time takes a page, and who comes first,
# or has a disk of his own, would write most of them.
backing_null_blk() {
	nullb "nullb$1" $DISK_MB || return
	dd if=/dev/zero of="/dev/nullb$1" bs=1M count=$DISK_MB oflag=direct 2>/dev/null &&
		echo "nullb$1"
}

# a file in memory
backing_loop() {
	local dev
	load loop || return
	truncate -s ${DISK_MB}M "/tmp/behind$1" || return
	dev=$(losetup -f) && losetup "$dev" "/tmp/behind$1" || return
	basename "$dev"
}

# a dynamic VHDX in memory, whose blocks have all been written to
backing_vhdx() {
	local disk=$CONFIGFS/vhd/behind$1 image=/tmp/behind$1.vhdx
	[ -d $CONFIGFS/vhd ] || load_ours vhd || return
	vmbctl vhd create --type dynamic --size ${DISK_MB}M "$image" >&2 && mkdir "$disk" || return
	echo "$image" >"$disk/path" && echo 1 >"$disk/enabled" || return
	dd if=/dev/urandom of="/dev/$(cat "$disk/device")" bs=1M count=$DISK_MB conv=fsync 2>/dev/null &&
		cat "$disk/device"
}

# The disk behind a driver: each has one of its own, of the same kind.
backing() {
	case $1 in
	ide-emulated | vmb+vsc_ide) cat $BEHIND/0 ;;
	vhost-scsi) cat $BEHIND/1 ;;
	vmb+hv_storvsc | vmb+vsc_stor) cat $BEHIND/2 ;;
	virtio-blk) cat $BEHIND/3 ;;
	virtio-scsi) cat $BEHIND/4 ;;
	host-direct) cat $BEHIND/5 ;;
	esac
}

# make_backings LAST [KIND]: those numbered from 0
make_backings() {
	local i
	mkdir -p $BEHIND
	for i in $(seq 0 "$1"); do "backing_${2:-null_blk}" "$i" >"$BEHIND/$i" || return; done
}

make_vhost_scsi() {
	local target=$CONFIGFS/target core fabric
	load target_core_mod target_core_iblock vhost_scsi
	core=$target/core/iblock_0/disk
	fabric=$target/vhost/$VHOST_WWN/tpgt_1
	mkdir -p $core
	echo "udev_path=/dev/$(backing vhost-scsi)" >$core/control
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

# Reads and writes done; then events.
# shellcheck disable=SC2016 # fields, of awk
snapshot() { events 'FILENAME ~ /block/ { own[1] = $1 + $5 }' "/sys/block/$1/stat"; }

# measure_idle GUEST NEXT: what happens without any I/O: the kernel's own threads,
# and the processes that count. The guest waits for the measurement NEXT.
measure_idle() {
	local before
	l2_sync "$1" "run-$2" 120
	usleep 500000
	before=$(snapshot "$(cat $BEHIND/2)")
	usleep 3000000
	note "idle $before $(snapshot "$(cat $BEHIND/2)")"
}

ios_of() { awk '{ print $1 + $5 }' "/sys/block/$1/stat"; }
io_moves() { [ "$(ios_of "$1")" -gt "$2" ]; }

# count DRIVER WORKLOAD ROUND IOS: between two points of a steady run, which
# begins when the backing has done so many; for half of its time
count() {
	local disk before after
	disk=$(backing "$1")
	wait_for 60 io_moves "$disk" $(($4 + 16))
	usleep 500000
	before=$(snapshot "$disk")
	usleep $((RUNTIME * 500000))
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
	local rest=${3#*-} depth=${3##*-qd} batch=1
	case $depth in *x*) batch=${depth#*x} ;; esac
	fio --name=bench --filename="$1" --rw="${3%%-*}" --bs="${rest%%-*}" --direct=1 \
		--ioengine=libaio --iodepth="${depth%x*}" --iodepth_batch="$batch" \
		--iodepth_batch_complete_min="$batch" --thread --time_based --runtime="$RUNTIME" \
		--norandommap --randrepeat=0 --lat_percentiles=1 --clat_percentiles=0 \
		--percentile_list=50:99 \
		--output-format=terse --terse-version=3 >/tmp/bench
	fio_note "$2" "$3" "$4" /tmp/bench
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
