# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
#
# What is counted on the host while a guest is at work.

TRACING=/sys/kernel/tracing

count_events() {
	mount -t tracefs tracefs $TRACING 2>/dev/null || true
	echo 'hist:keys=common_pid' >$TRACING/events/kvm/kvm_userspace_exit/trigger
	echo 'hist:keys=common_pid' >$TRACING/events/kvm/kvm_exit/trigger
	echo 'hist:keys=common_pid' >$TRACING/events/kvm/kvm_inj_virq/trigger
	echo 'hist:keys=comm' >$TRACING/events/sched/sched_waking/trigger
	# HvCallSignalEvent
	echo 'hist:keys=common_pid if code == 0x5d' >$TRACING/events/kvm/kvm_hv_hypercall/trigger
}

# events [RULES FILE...]: exits to user mode, VM exits, interrupts injected, threads woken
# apart from vCPUs that wake from their own halt, context switches; hundredths of a second;
# VMBus signals. Before these what RULES, of awk, put in own[1] and so on for files of the
# caller's. All by one process, as in an emulated host each takes time that the guest's I/O
# is to have.
events() {
	local kvm=$TRACING/events/kvm rules=${1-}
	[ $# = 0 ] || shift
	awk "$rules"'
		FILENAME ~ /userspace_exit/ && $1 == "Hits:" { user = $2 }
		FILENAME ~ /kvm_exit/ && $1 == "Hits:" { exits = $2 }
		FILENAME ~ /inj_virq/ && $1 == "Hits:" { irqs = $2 }
		FILENAME ~ /hypercall/ && $1 == "Hits:" { signals = $2 }
		FILENAME ~ /waking/ && $2 == "comm:" && !/CPU [0-9]+\/KVM/ { woken += $NF }
		FILENAME == "/proc/stat" && $1 == "ctxt" { switches = $2 }
		FILENAME == "/proc/uptime" { now = int($1 * 100 + 0.5) }
		END {
			for (i = 1; i in own; i++) printf "%.0f ", own[i]
			print user + 0, exits + 0, irqs + 0, woken + 0, switches + 0, now, signals + 0
		}' "$@" $kvm/kvm_userspace_exit/hist $kvm/kvm_exit/hist $kvm/kvm_inj_virq/hist \
		$kvm/kvm_hv_hypercall/hist $TRACING/events/sched/sched_waking/hist /proc/stat /proc/uptime
}
