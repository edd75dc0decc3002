# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2153,SC2154
# DESCRIPTION: what make bench-vhd runs: disks in images beside a loop device and qemu-nbd

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/vhd.sh"
. "$SCENARIO_LIB/fio.sh"
L1_MANIFEST="$L1_MANIFEST
bin /usr/bin/qemu-nbd
bin /sbin/losetup
module nbd"
L1_MEM=3G
# it measures
CHECK=no
DISK_MB=32

# --- the build machine

# What tools/testing/qemu/bench-vhd asks for. With one CPU an emulated host counts
# instructions: each takes 1 ns, however busy the machine is.
BENCH_ROUNDS=${BENCH_ROUNDS:-3}
BENCH_IOS=${BENCH_IOS:-8000}
BENCH_FOLDERS=${BENCH_FOLDERS:-tmpfs ext4}
BENCH_WORKLOADS=${BENCH_WORKLOADS:-randread-4k-qd1 randwrite-4k-qd1 randread-4k-qd32 randwrite-4k-qd32}
BENCH_DEPTHS=${BENCH_DEPTHS:-1 8 64}
L1_CPUS=${BENCH_CPUS:-1}
[ "$L1_CPUS" != 1 ] || L1_ICOUNT=yes
TIMEOUT=${BENCH_TIMEOUT:-3600}

prepare() {
	cat >"$dir/bench.conf" <<-END
		ROUNDS='$BENCH_ROUNDS'
		IOS='$BENCH_IOS'
		FOLDERS='$BENCH_FOLDERS'
		WORKLOADS='$BENCH_WORKLOADS'
		DEPTHS='$BENCH_DEPTHS'
	END
	printf 'file %s /harness/bench.conf\n' "$dir/bench.conf"
}

count_words() { echo $#; }

# shellcheck disable=SC2086
plan() {
	local folders
	folders=$(count_words $BENCH_FOLDERS)
	echo $((4 + folders * (4 + $(count_words $BENCH_WORKLOADS))))
}

# --- the KVM host

DRIVERS='loop vhd-fixed vhd-dynamic vhdx-dynamic nbd-vhdx-dynamic'
NBD_FLAGS='--cache=none --aio=native --discard=unmap'

fresh() { rm -rf "$1"; mkdir "$1"; }

# attach_as NAME IMAGE [read_only]
attach_as() {
	mkdir "$VHD/$1"
	echo "$2" >"$VHD/$1/path"
	echo "${3:-0}" >"$VHD/$1/read_only"
	echo 1 >"$VHD/$1/enabled"
}

# loop_on FILE: direct I/O, or it is another figure
loop_on() {
	local dev
	dev=$(/sbin/losetup --direct-io=on -f --show "$1")
	[ "$(cat "/sys/block/$(basename "$dev")/loop/dio")" = 1 ] || { echo "no direct I/O for $1"; return 1; }
	echo "$dev" >"$1.loop"
}

# create DRIVER FILE: an empty disk
create() {
	case $1 in
	loop) truncate -s ${DISK_MB}M "$2" ;;
	*) vmbctl vhd create --type "${1##*-}" --size ${DISK_MB}M "$2" ;;
	esac
}

file_of() { case $2 in loop) echo "$1/raw" ;; nbd-*) echo "$1/$2.${2#nbd-}" | sed 's/-dynamic$//' ;; *) echo "$1/$2.${2%-*}" ;; esac; }

# connect DRIVER FILE: sets DEV
connect() {
	case $1 in
	loop) loop_on "$2" && DEV=$(cat "$2.loop") ;;
	nbd-*)
		DEV=/dev/nbd$(pidof qemu-nbd | wc -w)
		qemu-nbd -c "$DEV" -f "$(qemu_format "$2")" $NBD_FLAGS "$2"
		wait_for 10 grep -qx $((DISK_MB << 11)) "/sys/block/$(basename "$DEV")/size"
		;;
	*) attach_as "$1" "$2" && DEV=/dev/$(cat "$VHD/$1/device") ;;
	esac
}

disconnect() {
	case $1 in
	loop) /sbin/losetup -d "$2" ;;
	nbd-*) qemu-nbd -d "$2" ;;
	*) echo 0 >"$VHD/$1/enabled"; rmdir "$VHD/$1" ;;
	esac
}

# ext4_on_nullb FOLDER DEVICE ATTRIBUTE=VALUE...
ext4_on_nullb() {
	local folder=$1 dev=$2
	shift 2
	nullb "$dev" 512 "$@"
	mkfs.ext4 -q -b 4096 "/dev/$dev"
	mount -t ext4 "/dev/$dev" "/tmp/$folder"
}

folder() {
	mkdir -p "/tmp/$1"
	case $1 in
	tmpfs) mount -t tmpfs -o size=1g tmpfs /tmp/tmpfs ;;
	ext4) ext4_on_nullb ext4 nullb0 ;;
	# on a device that answers 10 us later, by an interrupt
	ext4-late) ext4_on_nullb ext4-late nullb1 irqmode=2 completion_nsec=10000 ;;
	esac
	fresh "/tmp/$1/disks"
	fresh "/run/$1"
}

# Each block has a place afterwards.
make_disks() {
	local driver file
	for driver in $DRIVERS; do
		file=$(file_of "/tmp/$1/disks" "$driver")
		create "${driver#nbd-}" "$file"
		connect "$driver" "$file"
		fio_do "$DEV" write-256k-qd4 --size=${DISK_MB}M
		echo "$DEV" >"/run/$1/$driver"
	done
}

# fio_do DEVICE WORKLOAD OPTION...
fio_do() {
	local dev=$1 workload=$2 rest=${2#*-}
	shift 2
	fio --name=bench --filename="$dev" --rw="${workload%%-*}" --bs="${rest%%-*}" --direct=1 \
		--ioengine=libaio --iodepth="${workload##*-qd}" --thread --norandommap --randrepeat=1 \
		--lat_percentiles=1 --clat_percentiles=0 --percentile_list=50:99 \
		--output-format=terse --terse-version=3 "$@" >/tmp/bench 2>&1 || { tail -n 3 /tmp/bench; return 1; }
}

# timed FOLDER DRIVER WORKLOAD ROUND
timed() {
	fio_do "$(cat "/run/$1/$2")" "$3" --size=${DISK_MB}M --io_size=1g --number_ios="$IOS"
	fio_note "$2" "$3" "$4" /tmp/bench
}

# events: context switches, and threads that something woke
events() {
	awk '$1 == "ctxt" { printf "%s ", $2 }' /proc/stat
	awk '$1 == "Hits:" { print $2 }' $TRACING/events/sched/sched_waking/hist
}

# counted FOLDER DRIVER WORKLOAD IOS: what of that is fio's own, one I/O says
counted() {
	local before
	before=$(events)
	fio_do "$(cat "/run/$1/$2")" "$3" --size=${DISK_MB}M --io_size=1g --number_ios="$4"
	note "counts $2 $3 $4 $before $(events)"
}

workload() {
	local round driver
	for round in $(seq "$ROUNDS"); do
		for driver in $DRIVERS; do timed "$1" "$driver" "$2" "$round"; done
	done
	# it costs something itself: not while time is taken
	echo 'hist:keys=comm' >$TRACING/events/sched/sched_waking/trigger
	for driver in $DRIVERS; do
		counted "$1" "$driver" "$2" 1
		counted "$1" "$driver" "$2" 1001
	done
	echo '!hist:keys=comm' >$TRACING/events/sched/sched_waking/trigger
}

disks_go() {
	local driver
	for driver in $DRIVERS; do disconnect "$driver" "$(cat "/run/$1/$driver")"; done
	rm -r "/tmp/$1/disks"
}

# Into files that have nothing yet, from the first byte to the last.
first_write() {
	local round driver file
	for round in $(seq "$ROUNDS"); do
		fresh "/tmp/$1/first"
		for driver in loop vhd-dynamic vhdx-dynamic nbd-vhdx-dynamic; do
			file=$(file_of "/tmp/$1/first" $driver)
			create "${driver#nbd-}" "$file"
			connect "$driver" "$file"
			fio_do "$DEV" write-64k-qd4 --size=${DISK_MB}M
			fio_note $driver firstwrite-64k-qd4 "$round" /tmp/bench
			disconnect "$driver" "$DEV"
		done
	done
	rm -r "/tmp/$1/first"
}

# All that is read is in the first image of the chain; its maps are in memory.
chains() {
	local dir=/tmp/$1/chain i depth round
	fresh "$dir"
	vmbctl vhd create --size ${DISK_MB}M "$dir/1.vhdx"
	attach_as c "$dir/1.vhdx"
	fio_do "/dev/$(cat $VHD/c/device)" write-256k-qd4 --size=${DISK_MB}M
	echo 0 >$VHD/c/enabled
	rmdir $VHD/c
	for i in $(seq 2 "${DEPTHS##* }"); do
		vmbctl vhd create --parent "$dir/$((i - 1)).vhdx" "$dir/$i.vhdx"
	done
	for depth in $DEPTHS; do
		attach_as "c$depth" "$dir/$depth.vhdx" 1
		echo "/dev/$(cat "$VHD/c$depth/device")" >"/run/$1/chain-$depth"
		timed "$1" "chain-$depth" randread-4k-qd1 warm >/dev/null 3>/dev/null
	done
	for round in $(seq "$ROUNDS"); do
		for depth in $DEPTHS; do timed "$1" "chain-$depth" randread-4k-qd1 "$round"; done
	done
	for depth in $DEPTHS; do
		echo 0 >"$VHD/c$depth/enabled"
		rmdir "$VHD/c$depth"
	done
	rm -r "$dir"
}

modules() {
	load crc32c_generic ext4 loop
	modprobe nbd nbds_max=4
	# for qemu-nbd's socket
	mkdir -p /var/lock
}

# The largest image there is.
largest() {
	local start end
	vmbctl vhd create --size 64T /tmp/largest.vhdx
	echo 3 >/proc/sys/vm/drop_caches
	read -r start _ </proc/uptime
	attach_as t /tmp/largest.vhdx
	read -r end _ </proc/uptime
	note "open 64T $start $end"
	echo 0 >$VHD/t/enabled
	rmdir $VHD/t
}

l1() {
	local f w
	. /harness/bench.conf
	run_test module-load load_ours vhd
	run_test modules modules || return
	run_test largest largest
	for f in $FOLDERS; do
		note "backing $f"
		run_test "$f" folder "$f" || return
		run_test "$f-disks" make_disks "$f" || return
		for w in $WORKLOADS; do run_test "$f-$w" workload "$f" "$w"; done
		disks_go "$f"
		run_test "$f-first-write" first_write "$f"
		run_test "$f-chains" chains "$f"
		umount "/tmp/$f"
	done
	run_test module-unload rmmod vhd
}
