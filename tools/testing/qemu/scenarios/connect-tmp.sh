# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: tmp
L2_KERNEL=stock
PLAN=6
TIMEOUT=120

loadm() {
	for m in $(cat /harness/modules/depends); do load "$m"; done
	insmod /harness/modules/vmb.ko
	insmod /harness/modules/vmb_host.ko
	mkdir $CONFIGFS/vmb/demo
}
l1() {
	run_test load loadm
	echo 'hist:keys=common_pid' >/dev/null
	mount -t tracefs t /sys/kernel/tracing 2>/dev/null
	echo 1 >/sys/kernel/tracing/events/vmb_host/enable
	VMWP_OPTS="--no-smbios --verbose"
	run_test guest-starts l2_start demo -p demo -m 512M -a "debug ignore_loglevel"
	run_test guest-up l2_sync demo up 60
	cat /sys/kernel/debug/vmb/demo/state
	cat /sys/kernel/tracing/trace | grep -v '^#' | tail -40
	l2_go demo up
	run_test ends l2_wait demo
	cat $L2_RUN/demo/qemu.log
	run_test gone rmdir $CONFIGFS/vmb/demo
}
l2() {
	run_test drivers load hv_vmbus
	dmesg | grep -i -E "vmbus|hyper"
	ls /sys/bus/vmbus/devices
	sync_l1 up
}
