# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: vmwp: resets, a CPU plugged in, refusals, a VMM that is killed

L2_KERNEL=stock
PLAN=26
TIMEOUT=400

VMB=/sys/kernel/config/vmb
MON=/run/monitor

# --- the KVM host

make_partition() {
	load_vmb
	modprobe null_blk nr_devices=1 memory_backed=1 gb=1
	wait_for 5 test -b /dev/nullb0
	mkdir $VMB/vm1 $VMB/vm1/scsi.0 $VMB/vm1/scsi.0/lun.0
	echo /dev/nullb0 >$VMB/vm1/scsi.0/lun.0/device
	echo 1 >$VMB/vm1/scsi.0/lun.0/enable
	echo 1 >$VMB/vm1/scsi.0/enable
}

remove_partition() {
	rmdir $VMB/vm1/scsi.0/lun.0 $VMB/vm1/scsi.0 $VMB/vm1
}

# ends_with TEXT COMMAND...: a VMM that ends before its guest runs.
ends_with() {
	local text=$1
	shift
	"$@" -display none -nodefaults -m 32M >/run/refused 2>&1 </dev/null &&
		{ echo "it runs"; return 1; }
	grep -qF "$text" /run/refused || { cat /run/refused; return 1; }
}

monitor() { printf '%s\n' "$*" >$MON.in; }

start_guest() {
	local name=$1
	shift
	rm -f $MON.in $MON.out
	mkfifo $MON.in $MON.out
	cat $MON.out >/run/monitor.log &
	VMWP_TRACE=1 l2_start "$name" -p vm1 -c 2,maxcpus=3 -m 512M -r "$@" -- \
		-chardev pipe,id=mon,path=$MON -mon chardev=mon,mode=readline
}

said() { grep -qF -e "$2" "$L2_RUN/$1/qemu.log"; }

# How often the relay has seen the machine reset.
resets() { [ "$(grep -c 'machine reset' "$L2_RUN/$1/qemu.log")" = "$2" ]; }

reset_by_monitor() {
	l2_sync main "boot-2" 120
	l2_go main boot-2
	usleep 500000
	monitor system_reset
	l2_sync main "boot-3" 120
	resets main 2
}

plug_cpu() {
	monitor device_add host-x86_64-cpu,socket-id=0,core-id=2,thread-id=0,id=cpu2
	l2_go main boot-3
	l2_sync main end 120
	said main "VP 2: vCPU 2"
	said main "VP 2: SCONTROL 0x1"
	l2_go main end
}

kill_under_load() {
	l2_sync victim load 120
	l2_go victim load
	usleep 500000
	l2_kill victim
}

# What the killed one had is free, and one that ends by itself frees it again.
bound_again() {
	local i
	for i in 1 2; do
		echo quit | VMWP_TRACE=1 vmwp --partition vm1 qemu-system-x86_64 -S -m 32M \
			-display none -nodefaults -monitor stdio >/run/again 2>&1
		grep -qx 'vmwp: partition vm1: trace: bound' /run/again ||
			{ cat /run/again; return 1; }
	done
}

l1() {
	run_test no-module ends_with "modprobe vmb_host" vmwp --partition vm1 qemu-system-x86_64
	run_test partition make_partition
	run_test no-such-partition ends_with "mkdir" vmwp --partition vm2 qemu-system-x86_64
	run_test split-irqchip ends_with kernel-irqchip=on vmwp --partition vm1 \
		qemu-system-x86_64 -machine q35,kernel-irqchip=split
	run_test no-synic ends_with hv-synic vmwp --partition vm1 --no-cpu-flags \
		qemu-system-x86_64 -cpu host

	run_test guest-starts start_guest main -a "vmwp=main"
	run_test guest-is-up l2_sync main boot-1 120
	run_test partition-busy ends_with "another virtual machine" vmwp --partition vm1 \
		qemu-system-x86_64
	l2_go main boot-1
	run_test reset-by-monitor reset_by_monitor
	run_test plug-cpu plug_cpu
	run_test guest-ends l2_wait main
	run_test nothing-odd nothing_odd
	send "$L2_RUN/main/qemu.log" vmwp-main.log

	run_test victim-starts start_guest victim -a "vmwp=victim"
	run_test kill-under-load kill_under_load
	run_test bound-again bound_again
	run_test partition-goes remove_partition
}

# Every line of the relay's is a trace.
nothing_odd() {
	! grep '^vmwp:' "$L2_RUN/main/qemu.log" | grep -v -F -e ': trace: '
}

# --- the guest

drivers() {
	load hv_vmbus hv_storvsc sd_mod
	wait_for 30 test -b /dev/sda
}

reads() { dd if=/dev/sda of=/dev/null bs=64k count=64 iflag=direct; }

# Before hv_vmbus is there: it has nothing ready for a CPU that comes later.
cpu_comes() {
	wait_for 20 test -e /sys/devices/system/cpu/cpu2
	[ "$(cat /sys/devices/system/cpu/cpu2/online)" = 1 ] ||
		echo 1 >/sys/devices/system/cpu/cpu2/online
}

reads_on_cpu2() { taskset 4 dd if=/dev/sda of=/dev/null bs=64k count=64 iflag=direct; }

load_for_ever() {
	while :; do dd if=/dev/sda of=/dev/null bs=1M iflag=direct 2>/dev/null; done
}

l2() {
	if [ "$L2_BOOT" = 3 ]; then
		sync_l1 boot-3
		run_test cpu-comes cpu_comes
	fi
	run_test "drivers-$L2_BOOT" drivers
	run_test "reads-$L2_BOOT" reads
	case $(cat /proc/cmdline) in
	*vmwp=victim*)
		load_for_ever &
		sync_l1 load
		sleep 1000
		;;
	esac
	case $L2_BOOT in
	1)
		sync_l1 boot-1
		reboot -f
		;;
	2)
		load_for_ever &
		sync_l1 boot-2
		sleep 1000
		;;
	esac
	run_test reads-on-cpu2 reads_on_cpu2
	sync_l1 end
}
