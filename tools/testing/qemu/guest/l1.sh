# SPDX-License-Identifier: GPL-2.0
#
# What only the KVM host's scenario function may call: our modules, and guests.

CONFIGFS=/sys/kernel/config
L2_RUN=/run/l2
# The last one spares a guest half a second and more in which it measures its clocks.
# shellcheck disable=SC2034 # for scenarios that write their own command line
L2_HYPERV=host,kvm=off,hv-relaxed,hv-vapic,hv-time,hv-vpindex,hv-synic,hv-stimer,hv-stimer-direct,hv-runtime,hv-frequencies

machine_setup() {
	mkdir -p $L2_RUN
	load virtio_pci virtio_console || fail l1-setup "a module is missing"
	[ -z "$L1_DISKS" ] || load virtio_blk || fail l1-setup "virtio_blk is missing"
	mounts_setup
	case $(grep -m 1 -o -w -E 'svm|vmx' /proc/cpuinfo) in
	svm) load kvm-amd ;;
	vmx) load kvm-intel ;;
	*) fail l1-setup "this processor has no virtualisation" ;;
	esac
	wait_for 10 vport files || fail l1-setup "no port for files"
}

mounts_setup() {
	load configfs || fail l1-setup "configfs is missing"
	mount -t configfs config $CONFIGFS
	# It is looked at when all is done. Kmemleak's own scans would come in between,
	# of ten seconds and more each.
	[ ! -w $KMEMLEAK ] || echo scan=off >$KMEMLEAK
}

machine_finish() {
	local dir
	for dir in "$L2_RUN"/*/; do
		[ -e "$dir/ended" ] || [ ! -e "$dir/pid" ] ||
			fail l1-end "guest $(basename "$dir") was left running"
	done
	unload_vmb >"$HARNESS/log.unload" 2>&1 || fail l1-unload "$(tail -n 1 "$HARNESS/log.unload")"
	kmemleak_check >"$HARNESS/log.kmemleak" || {
		cat "$HARNESS/log.kmemleak"
		fail l1-kmemleak "$(head -n 1 "$HARNESS/log.kmemleak")"
	}
	[ ! -e /proc/lockdep_stats ] || grep -q 'debug_locks: *1' /proc/lockdep_stats ||
		fail l1-lockdep "lockdep has switched itself off"
	kmsg_check_since start || fail l1-end "$(kmsg_splat)"
	dmesg >"$HARNESS/dmesg"
	send "$HARNESS/dmesg" l1-dmesg.log
}

# A kernel that is built with checkers would find nothing without them.
checkers_are_on() {
	[ -w /sys/kernel/debug/kmemleak ]
	grep -q 'debug_locks: *1' /proc/lockdep_stats
	[ -d /sys/kernel/debug/failslab ]
	grep -q kasan_init /proc/kallsyms
}

# vport NAME: the device of a virtio-serial port.
vport() {
	local dir
	for dir in /sys/class/virtio-ports/*/; do
		[ "$(cat "$dir/name" 2>/dev/null)" = "$1" ] || continue
		echo "/dev/$(basename "$dir")"
		return
	done
	return 1
}

# host_disk NAME: the device of one of L1_DISKS. Whatever is written to it, the
# image stays as it is.
host_disk() {
	local dir
	for dir in /sys/block/vd*/; do
		[ "$(cat "$dir/serial")" = "$1" ] || continue
		echo "/dev/$(basename "$dir")"
		return
	done
	echo "the host has no disk $1"
	return 1
}

# send FILE NAME: puts a file among the scenario's logs on the build machine.
send() {
	{
		echo "file $2 $(wc -c <"$1")"
		cat "$1"
	} >"$(vport files)"
}

# --- the modules under test

# load_ours MODULE...: modules under test, after what stock modules these need
load_ours() {
	local m
	# shellcheck disable=SC2013 # a module name is a word
	for m in $(cat /harness/modules/depends); do load "$m" || return; done
	for m in "$@"; do
		[ -e "/harness/modules/$m.ko" ] || { echo "$m was not built"; return 1; }
		insmod "/harness/modules/$m.ko" || { echo "insmod $m failed"; return 1; }
	done
}

load_vmb() { load_ours vmb vmb_host vsp_stor vsp_net; }

unload_vmb() {
	local m
	for m in vsp_net vsp_stor vmb_host vmb; do
		grep -q "^$m " /proc/modules || continue
		rmmod $m || { echo "rmmod $m failed"; return 1; }
	done
}

# l2_start NAME [-k stock|6.1] [-c CPUS] [-m MEM] [-f FUNCTION] [-a APPEND]
#	[-p PARTITION] [-r] [-b] [QEMU-ARGUMENT...]
# Starts a guest that runs FUNCTION (l2) of the scenario, with -p under
# vmwp --partition PARTITION; -r lets it reboot; -b has the firmware boot it from
# the first of the disks that it is given, which mkdisk has made; -k and -a are
# for the others. Does not wait.
l2_start() {
	local name=$1 kernel=stock cpus=1 mem=384M fn=l2 append='' partition='' reboot=-no-reboot own=''
	local opt OPTIND=1 OPTARG dir port
	shift
	while getopts k:c:m:f:a:p:rb opt; do
		case $opt in
		k) kernel=$OPTARG ;;
		c) cpus=$OPTARG ;;
		m) mem=$OPTARG ;;
		f) fn=$OPTARG ;;
		a) append=$OPTARG ;;
		p) partition=$OPTARG ;;
		r) reboot= ;;
		b) own=1 ;;
		*) echo "l2_start: bad option"; return 1 ;;
		esac
	done
	shift $((OPTIND - 1))

	[ -n "$own" ] || [ -e "/l2/$kernel/vmlinuz" ] || { echo "no guest kernel $kernel in the image"; return 1; }
	dir=$L2_RUN/$name
	port=$(($(find $L2_RUN -name pid | wc -l) % 4 + 1))
	[ ! -e "$dir/pid" ] || { echo "guest $name was already started"; return 1; }
	mkdir -p "$dir"
	mkfifo "$dir/results.in" "$dir/results.out" "$dir/console.fifo"
	tee "$dir/console" <"$dir/console.fifo" >"$(vport "l2.$port")" &
	l2_reader "$name" "$dir" &

	if [ -n "$own" ]; then
		harness_for_disk "$dir" "$fn" || return
		set -- -fw_cfg "name=opt/vmb/harness,file=$dir/harness" \
			-fw_cfg "name=opt/vmb/environment,file=$dir/environment" "$@"
	else
		cat "/l2/$kernel/base.cpio" /l2/run.cpio >"$dir/initrd"
		set -- -kernel "/l2/$kernel/vmlinuz" -initrd "$dir/initrd" \
			-append "console=ttyS0 printk.time=1 loglevel=5 panic=-1 oops=panic panic_on_warn=1 mitigations=off \
watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120 \
harness.role=l2 harness.nonce=$HARNESS_NONCE harness.fn=$fn harness.slow=$HARNESS_SLOW $append" "$@"
	fi
	# shellcheck disable=SC2086
	set -- qemu-system-x86_64 -machine pc,accel=kvm -cpu $L2_HYPERV -smp "$cpus" -m "$mem" \
		-display none -nodefaults $reboot \
		-chardev "file,id=console,path=$dir/console.fifo" -serial chardev:console \
		-chardev "pipe,id=results,path=$dir/results" -serial chardev:results \
		-monitor "unix:$dir/monitor,server=on,wait=off" "$@"
	# shellcheck disable=SC2086 # a scenario's options for vmwp
	[ -z "$partition" ] || set -- vmwp --partition "$partition" ${VMWP_OPTS-} -- "$@"
	echo "$@" >"$dir/command"
	(
		# A killed VMM has a status too; run_test's set -e is not for it.
		set +e
		"$@" >"$dir/qemu.log" 2>&1 &
		echo $! >"$dir/pid"
		wait $!
		echo $? >"$dir/status"
		rm -f "$dir/initrd"
		# Behind all that the guest has said.
		echo qemu-ended >"$dir/results.out"
	) &
	wait_for 10 test -e "$dir/pid"
}

# harness_for_disk FOLDER FUNCTION: what disk/harness unpacks in the guest, which
# other guests have in their initial RAM disk and on their command line.
harness_for_disk() {
	tar -C /harness -czf "$1/harness" main lib.sh kmsg.sh l2.sh defaults.sh splats.regex \
		scenario.sh lib || return
	cat >"$1/environment" <<-END
		HARNESS_ROLE=l2
		HARNESS_NONCE=$HARNESS_NONCE
		HARNESS_FN=$2
		HARNESS_KEEP=
		HARNESS_SLOW=$HARNESS_SLOW
	END
}

# Passes the guest's results on, and answers it.
l2_reader() {
	local dir=$2 line boots=0 count=0
	# Open both ways, or the end of a writer would look like the end.
	exec 4<>"$dir/results.out" 5<>"$dir/results.in"
	while read -r line <&4; do
		echo "$line" >>"$dir/lines"
		case $line in
		"start $HARNESS_NONCE") count=0 ;;
		hello)
			boots=$((boots + 1))
			echo "boot $boots" >&5
			;;
		"ok "* | "fail "* | "skip "*)
			count=$((count + 1))
			executed "$line"
			;;
		"note "*) report "$line" ;;
		"sync "*) ;;
		"done $HARNESS_NONCE $count") echo "$boots" >>"$dir/done" ;;
		qemu-ended) break ;;
		*) fail "guest-$1" "unexpected line: $line" ;;
		esac
	done
	: >"$dir/ended"
}

l2_pid() { cat "$L2_RUN/$1/pid"; }

# l2_ended NAME: leaves QEMU's own messages in the log, says why it is bad.
l2_ended() {
	local dir=$L2_RUN/$1 status
	status=$(cat "$dir/status")
	[ ! -s "$dir/qemu.log" ] || sed "s/^/$1: /" "$dir/qemu.log"
	if grep -E "$KMSG_SPLAT" "$dir/console" >"$dir/splat"; then
		echo "guest $1: $(head -n 1 "$dir/splat")"
	elif [ ! -e "$dir/done" ]; then
		echo "guest $1 ended, status $status, without its last word; $(tail -n 1 "$dir/qemu.log")"
	elif [ "$status" != 0 ]; then
		echo "QEMU of guest $1 ended with status $status; $(tail -n 1 "$dir/qemu.log")"
	else
		return 0
	fi
	return 1
}

# l2_wait NAME [SECONDS]: until the guest has powered itself off. Use as a
# test: run_test guest-ends l2_wait main
l2_wait() {
	if ! wait_for "${2:-120}" test -e "$L2_RUN/$1/ended"; then
		l2_kill "$1"
		echo "guest $1 did not end within ${2:-120} s; last: $(tail -n 1 "$L2_RUN/$1/console")"
		return 1
	fi
	l2_ended "$1"
}

# l2_kill NAME: what a crash of the VMM looks like.
l2_kill() {
	kill -9 "$(l2_pid "$1")" && wait_for 30 test -e "$L2_RUN/$1/ended"
}

# l2_sync NAME WORD [SECONDS]: until the guest has called sync_l1 WORD.
l2_sync() {
	wait_for "${3:-120}" l2_said_or_ended "$1" "sync $2"
	grep -qx -e "sync $2" "$L2_RUN/$1/lines" || {
		# Why it is dead says more than what it did not say.
		[ ! -e "$L2_RUN/$1/ended" ] || l2_ended "$1" || return 1
		echo "guest $1 never said '$2'; last: $(tail -n 1 "$L2_RUN/$1/console")"
		return 1
	}
}

l2_said_or_ended() {
	grep -qx -e "$2" "$L2_RUN/$1/lines" || [ -e "$L2_RUN/$1/ended" ]
}

# l2_go NAME WORD: lets it go on.
l2_go() { echo "go $2" >"$L2_RUN/$1/results.in"; }
