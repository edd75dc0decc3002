# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: vmwp: resets, a CPU plugged in, out and in again, refusals, a VMM that is killed; vmbctl under load

L2_KERNEL=stock
PLAN=37
TIMEOUT=600

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
	l2_sync main unplug 120
	said main "VP 2: vCPU 2"
	said main "VP 2: SCONTROL 0x1"
}

unplug_cpu() {
	l2_go main unplug
	# the guest lets it go
	monitor device_del cpu2
	l2_sync main replug 120
	l2_go main replug
}

# QEMU keeps the vCPU, and gives it another thread.
replug_cpu() {
	monitor device_add host-x86_64-cpu,socket-id=0,core-id=2,thread-id=0,id=cpu2
	l2_sync main end 120
	said main "VP 2: vCPU 2, plugged in again"
	# nobody took it for a reset
	resets main 2
	l2_go main end
}

# says TEXT COMMAND...: it goes well, and this is in a line of what it prints.
says() {
	local text=$1
	shift
	"$@" >/run/said || { echo "status $?"; return 1; }
	grep -qE -e "$text" /run/said || { cat /run/said; return 1; }
}

# What the second of two rounds says of the partition and of a channel or both: I/O and
# signals, and times, since it is measured while the program runs.
vmbctl_top() {
	vmbctl top -d 2 -n 2 --json >/run/top
	[ "$(wc -l </run/top)" = 2 ]
	tail -n 1 /run/top | tr '{' '\n' | awk '
		function figure(key) {
			return match($0, "\"" key "\":[0-9.]+") ?
				substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3) + 0 : -1
		}
		/"name":"vm1"|"device":"scsi.0"/ {
			print figure("ios_per_s"), figure("bytes_per_s"), figure("signals_per_s"),
				figure("interrupts_per_s"), figure("latency_mean_ns"), figure("latency_p99_ns")
			if (figure("ios_per_s") > 0 && figure("bytes_per_s") > 4096 &&
			    figure("signals_per_s") > 0 && figure("interrupts_per_s") > 0 &&
			    figure("latency_mean_ns") > 1000 &&
			    figure("latency_p99_ns") >= figure("latency_mean_ns") / 4)
				good++
		}
		END { exit good < 2 }' >/run/figures || { cat /run/figures /run/top; return 1; }
	note "top, partition and channel: I/O, bytes, signals, interrupts per s, mean and 99% in ns:" \
		"$(cat /run/figures)"
}

# Nobody asks any more: nothing is measured.
nothing_measured() {
	local a b counters=/sys/kernel/debug/vsp_stor/vm1.scsi.0/counters
	a=$(grep -o 'latency_ns=.*' $counters)
	usleep 500000
	b=$(grep -o 'latency_ns=.*' $counters)
	[ "$a" = "$b" ] || { echo "$a, then $b"; return 1; }
}

# Every stage of an I/O, in order, and an interrupt behind it.
traced_io() {
	local tracing=/sys/kernel/tracing event
	for event in vmb_host/vmb_packet_in vmb_host/vmb_packet_out vmb_host/vmb_channel_interrupt \
		vsp_stor; do
		echo 1 >$tracing/events/$event/enable
	done
	usleep 1000000
	echo 0 >$tracing/events/enable
	cat $tracing/trace >/run/trace
	echo >$tracing/trace
	awk '
		BEGIN {
			n = split("vmb_packet_in vsp_stor_srb_submit vsp_stor_bio_submit vsp_stor_bio_end " \
				"vsp_stor_srb_complete vmb_packet_out", stage, " ")
		}
		match($0, / id=0x[0-9a-f]+ /) {
			id = substr($0, RSTART + 1, RLENGTH - 2)
			for (i = 1; i <= n; i++) {
				if (!index($0, " " stage[i] ": ")) continue
				if (i == 1) { at[id] = 1; lines[id] = $0 }
				else if (at[id] == i - 1) { at[id] = i; lines[id] = lines[id] "\n" $0 }
				else if (at[id] && (i == 3 || i == 4)) lines[id] = lines[id] "\n" $0
				else at[id] = 0
			}
			if (at[id] == n) last = id
			next
		}
		/ vmb_channel_interrupt: vm1 / && last != "" {
			print lines[last]; print; found = 1; exit
		}
		END { exit !found }' /run/trace >/run/one-io || { grep -v '^#' /run/trace | head -40; return 1; }
	send /run/one-io one-io.log
}

kill_under_load() {
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
	run_test unplug-cpu unplug_cpu
	run_test replug-cpu replug_cpu
	run_test guest-ends l2_wait main
	run_test nothing-odd nothing_odd
	send "$L2_RUN/main/qemu.log" vmwp-main.log

	run_test victim-starts start_guest victim -a "vmwp=victim"
	run_test victim-loads l2_sync victim load 120
	l2_go victim load
	run_test vmbctl-list says '^connected 5\.3 .* vm1$' vmbctl list
	run_test vmbctl-show says '^ +[0-9]+ +0 open .* scsi\.0$' vmbctl show vm1
	run_test vmbctl-top vmbctl_top
	run_test nothing-measured nothing_measured
	run_test traced-io traced_io
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

CPU2=/sys/devices/system/cpu/cpu2

# At first before hv_vmbus is there: it has nothing ready for a CPU that it has
# never seen.
cpu_comes() {
	wait_for 20 test -e $CPU2
	[ "$(cat $CPU2/online)" = 1 ] || echo 1 >$CPU2/online
}

# Its channel goes elsewhere first, or the guest's driver does not let it go.
cpu_goes() {
	local cpu
	for cpu in /sys/bus/vmbus/devices/*/channels/*/cpu; do
		[ "$(cat "$cpu")" != 2 ] || echo 0 >"$cpu"
	done
	echo 0 >$CPU2/online
	sync_l1 unplug
	wait_for 30 test ! -e $CPU2
}

# A channel's interrupts go to it again. The driver has a CPU's I/O done by a
# channel of another CPU, if there is one.
interrupts_on_cpu2() {
	local before mask
	set -- /sys/bus/vmbus/devices/*/channels/*
	echo 2 >"$1/cpu"
	[ "$(cat "$1/cpu")" = 2 ]
	before=$(awk '$1 == "HYP:" { print $4 }' /proc/interrupts)
	for mask in 1 2 4; do
		taskset $mask dd if=/dev/sda of=/dev/null bs=64k count=64 iflag=direct
	done
	grep HYP: /proc/interrupts
	[ "$(awk '$1 == "HYP:" { print $4 }' /proc/interrupts)" -gt $((before + 8)) ] || {
		echo "HYP on CPU 2: $before before; $(grep . /sys/bus/vmbus/devices/*/channels/*/cpu | tr '\n' ' ')"
		return 1
	}
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
	run_test cpu-goes cpu_goes
	sync_l1 replug
	run_test cpu-comes-again cpu_comes
	run_test interrupts-on-cpu2 interrupts_on_cpu2
	sync_l1 end
}
