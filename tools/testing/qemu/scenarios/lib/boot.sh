# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
#
# What a guest with two vCPUs and two controllers finds, whoever wrote its
# drivers.

# --- the KVM host

make_partition() {
	load_vmb
	# later than the signal returns, or a driver that looks then needs no interrupt
	nullb nullb0 64 irqmode=2 completion_nsec=100000
	nullb nullb1 32 irqmode=2 completion_nsec=100000
	nullb nullb2 48
	nullb nullb3 40
	truncate -s 16M /tmp/growing
	load loop
	losetup /dev/loop0 /tmp/growing
	lun vm scsi.0 0 /dev/nullb0
	lun vm scsi.0 1 /dev/loop0
	lun vm scsi.1 0 /dev/nullb1
	offer vm scsi.0 scsi.1
}

two_channels_each() {
	channels_open vm scsi.0 2
	channels_open vm scsi.1 2
	[ "$(state vm vp scsi.0 | sort | tr '\n' ' ')" = "0 1 " ]
}

both_channels_busy() {
	[ "$(state vm packets scsi.0 | awk '$1 > 100' | wc -l)" = 2 ]
	[ "$(state vm interrupts scsi.0 | awk '$1 > 10' | wc -l)" = 2 ]
	[ "$(state vm broken scsi.0 | tr '\n' ' ')" = "0 0 " ]
}

grow() {
	truncate -s 24M /tmp/growing
	losetup -c /dev/loop0
}

# The guest reads its disk all the time, and gets errors from here on. What
# follows at once is held back until it has let go.
take_away() {
	# the emulated machine is slow
	echo 40000 >/sys/module/vmb_host/parameters/withdraw_ms
	echo 0 >$VMB/vm/scsi.1/enable
	echo 1 >$VMB/vm/scsi.1/enable
}

again() {
	wait_for 20 channels_open vm scsi.1 2
	echo 0 >$VMB/vm/scsi.1/enable
	remove_controller vm scsi.1
	lun vm scsi.1 0 /dev/nullb3
	offer vm scsi.1
}

steps() {
	run_test guest-is-up l2_sync main up 150 &&
		run_test two-channels-each two_channels_each &&
		l2_go main up &&
		run_test both-channels-busy step main busy both_channels_busy &&
		run_test add-lun step main add lun vm scsi.0 5 /dev/nullb2 &&
		run_test remove-lun step main remove rmdir $VMB/vm/scsi.0/lun.5 &&
		run_test grow-lun step main grow grow &&
		run_test remove-controller step main rescind take_away &&
		run_test add-controller step main again again &&
		run_test two-channels-again step main end channels_open vm scsi.1 2
}

l1() {
	run_test partition make_partition || return
	guest_drivers
	run_test guest-starts l2_start main -p vm -c 2 || return
	steps || { give_up main vm; return; }
	run_test guest-ends l2_wait main
	run_test partition-goes remove_partition vm
	losetup -d /dev/loop0
}

# --- the guest

channels() {
	find /sys/bus/vmbus/devices/*/channels/ -mindepth 1 -maxdepth 1
}

nr_channels() { [ "$(channels | wc -l)" = "$1" ]; }

# How many channels of each device there are, and on which CPUs.
sub_channels() {
	local dir
	wait_for 10 nr_channels 4
	for dir in /sys/bus/vmbus/devices/*/channels; do
		[ "$(cat "$dir"/*/cpu | sort | tr '\n' ' ')" = "0 1 " ]
	done
}

io_on_each_cpu() {
	local cpu dev
	dev=$(disk scsi.0-lun.0)
	fill /tmp/data 8 io
	for cpu in 1 2; do
		taskset $cpu dd if=/tmp/data of="$dev" bs=32k oflag=direct
		taskset $cpu dd if="$dev" bs=32k count=256 iflag=direct of=/tmp/read
		cmp /tmp/data /tmp/read
		# drivers that give each CPU its channel use no other
		taskset $cpu dd if="$(disk scsi.1-lun.0)" bs=32k count=16 iflag=direct of=/dev/null
	done
}

# The line counts the hypervisor's interrupts on each CPU.
interrupts_on_each_cpu() {
	awk '$1 == "HYP:" { seen = 1; exit !($2 > 50 && $3 > 50) } END { if (!seen) exit 1 }' \
		/proc/interrupts || { grep HYP: /proc/interrupts; return 1; }
	[ "$(cat /sys/bus/vmbus/devices/*/channels/*/interrupts | awk '$1 > 0' | wc -l)" = 4 ]
}

# Four at a time, until the disk is gone.
readers_start() {
	local i
	ls -di "$(readlink -f "/sys/block/$(basename "$1")")" >/tmp/taken
	for i in 1 2 3 4; do
		while dd if="$1" of=/dev/null bs=64k iflag=direct; do :; done 2>/dev/null &
		echo $! >>/tmp/readers
	done
	usleep 500000
	[ "$(readers | wc -l)" = 4 ]
}

readers() {
	local pid
	while read -r pid; do
		[ ! -d "/proc/$pid" ] || grep -q '^State:.Z' "/proc/$pid/status" || echo "$pid"
	done </tmp/readers
}

readers_ended() { [ -z "$(readers)" ]; }
# The next one may have the same name, but not the same inode.
old_disk_gone() { [ "$(ls -di "$(awk '{ print $2 }' /tmp/taken)" 2>/dev/null)" != "$(cat /tmp/taken)" ]; }

sectors() { cat "/sys/block/$(basename "$(disk "$1")")/size"; }
is_size() { [ "$(sectors "$1")" = $(($2 * 2048)) ]; }

# comes SERIAL MB: with no rescan, and it can be read and written
comes() {
	local dev
	wait_for 20 is_size "$1" "$2"
	dev=$(disk "$1")
	dd if=/tmp/data of="$dev" bs=64k oflag=direct
	dd if="$dev" bs=64k count=128 iflag=direct of=/tmp/read
	cmp /tmp/data /tmp/read
}

grown() {
	wait_for 20 is_size scsi.0-lun.1 24
	dd if="$(disk scsi.0-lun.1)" of=/dev/null bs=1M iflag=direct skip=20 count=4
}

l2() {
	run_test drivers drivers_load scsi.0-lun.0 scsi.0-lun.1 scsi.1-lun.0 || poweroff -f
	sync_l1 up
	run_test sub-channels sub_channels
	run_test io-on-each-cpu io_on_each_cpu
	run_test interrupts-on-each-cpu interrupts_on_each_cpu
	sync_l1 busy
	sync_l1 add
	run_test lun-comes comes scsi.0-lun.5 48
	sync_l1 remove
	run_test lun-goes wait_for 20 no_disk scsi.0-lun.5
	sync_l1 grow
	run_test lun-grows grown
	run_test readers-start readers_start "$(disk scsi.1-lun.0)"
	sync_l1 rescind
	run_test readers-end wait_for 30 readers_ended
	run_test its-disk-goes wait_for 30 old_disk_gone
	run_test controller-is-back comes scsi.1-lun.0 32
	sync_l1 again
	run_test controller-comes comes scsi.1-lun.0 40
	sync_l1 end
}
