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

hits() { awk '$1 == "Hits:" { print $2 }' "$TRACING/events/$1/hist"; }

# Exits to user mode, VM exits, interrupts injected, threads woken apart from vCPUs
# that wake from their own halt, context switches; hundredths of a second; VMBus signals.
events() {
	local now
	read -r now _ </proc/uptime
	echo "$(hits kvm/kvm_userspace_exit) $(hits kvm/kvm_exit) $(hits kvm/kvm_inj_virq) $(awk '
		$2 == "comm:" && !/CPU [0-9]+\/KVM/ { sum += $NF }
		END { print sum + 0 }' $TRACING/events/sched/sched_waking/hist) $(awk '
		$1 == "ctxt" { print $2 }' /proc/stat) ${now%.*}${now#*.} $(hits kvm/kvm_hv_hypercall)"
}
