# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2153,SC2154
# DESCRIPTION: what make bench runs: one kind of disk by every driver, side by side in one guest

L2_KERNEL=stock
. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/ours.sh"
. "$SCENARIO_LIB/measure.sh"
OURS_MODULES='vmb vmb_guest storport vsc_wire vsc_stor vsc_ide vsc_ide_vmb'
L1_MANIFEST=$FIO
L2_MANIFEST=$FIO
L1_MEM=3G
# it measures
CHECK=no
DISK_MB=64

# On one bus there is one driver: the kernel's and ours take turns.
THEIRS='ide-emulated virtio-blk virtio-scsi vhost-scsi vmb+hv_storvsc'
OURS_DRIVERS='vmb+vsc_stor vmb+vsc_ide'

# chosen DRIVER...: those of them that are to be measured; DRIVERS, or all
chosen() {
	local driver
	for driver in "$@"; do
		case " ${DRIVERS:-$driver} " in *" $driver "*) echo "$driver" ;; esac
	done
}

# --- the build machine

# What tools/testing/qemu/bench asks for, for both machines.
BENCH_VCPUS=${BENCH_VCPUS:-1}
BENCH_BACKING=${BENCH_BACKING:-null_blk}
BENCH_ROUNDS=${BENCH_ROUNDS:-3}
BENCH_RUNTIME=${BENCH_RUNTIME:-3}
BENCH_WORKLOADS=${BENCH_WORKLOADS:-randread-4k-qd1 randread-4k-qd32}
BENCH_DRIVERS=${BENCH_DRIVERS:-}
BENCH_ADAPTIVE=${BENCH_ADAPTIVE:-Y}
L1_CPUS=${BENCH_CPUS:-1}
TIMEOUT=${BENCH_TIMEOUT:-3600}

prepare() {
	cat >"$dir/bench.conf" <<-END
		VCPUS='$BENCH_VCPUS'
		BACKING='$BENCH_BACKING'
		ROUNDS='$BENCH_ROUNDS'
		RUNTIME='$BENCH_RUNTIME'
		WORKLOADS='$BENCH_WORKLOADS'
		DRIVERS='$BENCH_DRIVERS'
		ADAPTIVE='$BENCH_ADAPTIVE'
	END
	printf 'file %s /harness/bench.conf\n' "$dir/bench.conf"
}

count_words() { echo $#; }

# shellcheck disable=SC2046,SC2086
plan() {
	local workloads vcpus drivers DRIVERS=$BENCH_DRIVERS
	workloads=$(count_words $BENCH_WORKLOADS)
	vcpus=$(count_words $BENCH_VCPUS)
	# and the disk itself
	drivers=$(count_words $(chosen $THEIRS $OURS_DRIVERS host-direct))
	# each change of drivers is a test in either machine
	echo $((6 + vcpus * (4 + workloads * (1 + BENCH_ROUNDS * (drivers + 4)))))
}

# --- the KVM host

make_partition() {
	load_vmb
	echo "$ADAPTIVE" >/sys/module/vmb_host/parameters/adaptive
	lun bench scsi.0 0 "/dev/$(backing vmb+vsc_stor)"
	lun bench ide.0 0 "/dev/$(backing vmb+vsc_ide)" shared=1
	offer bench scsi.0
}

# Without Hyper-V's timers: the kernel's hv_vmbus takes them with it when it goes,
# and the guest would sleep for ever. All drivers have the APIC's instead.
start_guest() {
	VMWP_OPTS=--no-smbios
	l2_start "bench$1" -p bench -m 512M -c "$1" \
		-a "bench.prefix=$1 bench.rounds=$ROUNDS bench.runtime=$RUNTIME bench.workloads=$(echo $WORKLOADS | tr ' ' ,) bench.drivers=$(echo $DRIVERS | tr ' ' ,)" -- \
		-cpu host,hv-stimer=off -name "bench$1,debug-threads=on" \
		-drive file="/dev/$(backing ide-emulated)",if=ide,format=raw,cache=none,aio=native \
		-device vhost-scsi-pci,wwpn=$VHOST_WWN \
		-object iothread,id=io \
		-drive file="/dev/$(backing virtio-blk)",if=none,id=blk,format=raw,cache=none,aio=native \
		-device virtio-blk-pci,drive=blk,iothread=io \
		-device virtio-scsi-pci,iothread=io,id=vscsi \
		-drive file="/dev/$(backing virtio-scsi)",if=none,id=scsi,format=raw,cache=none,aio=native \
		-device scsi-hd,drive=scsi,bus=vscsi.0
}

ide_goes() { echo 0 >$VMB/bench/ide.0/enable; }

# The ceiling: no guest at all.
host_direct() {
	local disk ios
	disk=$(backing host-direct)
	ios=$(ios_of "$disk")
	fio_run "/dev/$disk" host-direct "$1" "$2" &
	count host-direct "$1" "$2" "$ios"
	wait $!
}

# one_workload VCPUS WORKLOAD
one_workload() {
	local round driver guest=bench$1
	run_test "$1-idle-before-$2" measure_idle $guest "begin-$2" || return
	l2_go $guest "run-begin-$2"
	for round in $(seq $ROUNDS); do
		for driver in $(chosen $THEIRS); do
			run_test "$1-$driver-$2-$round" measure $guest "$driver" "$2" "$round" || return
		done
		run_test "$1-to-ours-$2-$round" step $guest "ours-$2-$round" offer bench ide.0 || return
		for driver in $(chosen $OURS_DRIVERS); do
			run_test "$1-$driver-$2-$round" measure $guest "$driver" "$2" "$round" || return
		done
		run_test "$1-to-theirs-$2-$round" step $guest "theirs-$2-$round" ide_goes || return
		for driver in $(chosen host-direct); do
			run_test "$1-$driver-$2-$round" host_direct "$2" "$round" || return
		done
	done
}

one_guest() {
	local workload
	note "vcpus $1"
	run_test "$1-starts" start_guest "$1" || return
	run_test "$1-is-up" l2_sync "bench$1" up 150 || return
	l2_go "bench$1" up
	for workload in $WORKLOADS; do
		one_workload "$1" "$workload" || return
	done
	run_test "$1-ends" l2_wait "bench$1"
}

l1() {
	local vcpus
	. /harness/bench.conf
	run_test backings make_backings 5 "$BACKING" || return
	run_test vhost-scsi make_vhost_scsi || return
	run_test partition make_partition || return
	run_test modules-for-guest guest_drivers || return
	count_events
	for vcpus in $VCPUS; do
		one_guest "$vcpus" || { give_up "bench$vcpus" bench; return; }
	done
	run_test partition-goes remove_partition bench
	run_test vhost-scsi-goes remove_vhost_scsi
}

# --- the guest

setting() { tr ' ' '\n' </proc/cmdline | sed -n "s/^bench\.$1=//p" | tr ',' ' '; }

has_disks() {
	local driver
	for driver in "$@"; do wait_for 60 disk_of "$driver" || return; done
}

theirs() {
	load hv_vmbus hv_storvsc ata_piix
	has_disks $THEIRS
}

to_ours() {
	local m
	for m in hv_storvsc ata_piix hv_vmbus; do rmmod $m || return; done
	vsc_load
	has_disks $OURS_DRIVERS
	wait_for 30 grep -qx vmbus "/sys/block/$(basename "$(disk_of vmb+vsc_ide)")/device/fastpath"
}

to_theirs() {
	local m
	for m in vsc_ide_vmb vsc_ide vsc_stor vsc_wire storport vmb_guest vmb; do rmmod $m || return; done
	theirs
}

l2() {
	local prefix workload round driver
	prefix=$(setting prefix)
	RUNTIME=$(setting runtime)
	DRIVERS=$(setting drivers)
	load virtio_pci virtio_blk virtio_scsi sd_mod libata
	run_test "$prefix-drivers" theirs || poweroff -f
	sync_l1 up
	for workload in $(setting workloads); do
		sync_l1 "run-begin-$workload"
		for round in $(seq "$(setting rounds)"); do
			for driver in $(chosen $THEIRS); do bench "$driver" "$workload" "$round"; done
			sync_l1 "ours-$workload-$round"
			run_test "$prefix-ours-$workload-$round" to_ours || poweroff -f
			for driver in $(chosen $OURS_DRIVERS); do bench "$driver" "$workload" "$round"; done
			sync_l1 "theirs-$workload-$round"
			run_test "$prefix-theirs-$workload-$round" to_theirs || poweroff -f
		done
	done
}
