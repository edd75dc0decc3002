# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: two guests at once, one of a user without privileges: each has its own disk

L1_MEM=3G
L1_MANIFEST='bin /usr/bin/setpriv'
L2_KERNEL=stock
PLAN=17
TIMEOUT=300

. "$SCENARIO_LIB/disks.sh"
L2_MANIFEST=$FIO
ID=1000

# --- the KVM host

make_partitions() {
	load_vmb
	nullb nullb0 48
	nullb nullb1 48
	lun red scsi.0 0 /dev/nullb0
	lun blue scsi.0 0 /dev/nullb1
	offer red scsi.0
	offer blue scsi.0
	echo $ID >$VMB/blue/uid
	echo $ID >$VMB/blue/gid
	# what a distribution does with a group and a rule for udev
	chown 0:$ID /dev/vmb /dev/kvm
	chmod 660 /dev/vmb /dev/kvm
}

as_user() {
	exec /usr/bin/setpriv --reuid=$ID --regid=$ID --clear-groups --inh-caps=-all --bounding-set=-all "$@"
}

# What l2_start runs: the blue one and all behind it as a user, with no
# capability and no more locked memory than anybody has.
vmwp() {
	case "$*" in
	*color=blue*) as_user /usr/bin/vmwp "$@" ;;
	*) exec /usr/bin/vmwp "$@" ;;
	esac
}

# The disks of others are not for that user.
not_the_others() {
	if (as_user /usr/bin/vmwp --partition red -- qemu-system-x86_64 -display none -nodefaults -m 32M) \
		>/tmp/refused 2>&1 </dev/null; then
		echo "it runs"
		return 1
	fi
	cat /tmp/refused
	grep -qF 'not ours' /tmp/refused
	[ "$(cat $VMB/red/state)" = free ]
}

# The user has to reach what connects QEMU with the harness.
start_both() {
	umask 0
	l2_start red -p red -a color=red
	l2_start blue -p blue -a color=blue
}

ids_of() { awk '$1 == "Uid:" || $1 == "CapEff:" { printf "%s ", $2 }' "/proc/$(l2_pid "$1")/status"; }

each_is_who_it_should_be() {
	[ "$(ids_of blue)" = "$ID 0000000000000000 " ] || { ids_of blue; return 1; }
	[ "$(ids_of red | cut -d' ' -f1)" = 0 ]
	channels_open red scsi.0 1
	channels_open blue scsi.0 1
}

# Each wrote its own colour on its own disk, and only there.
colours() {
	local color
	for color in red blue; do
		fill /tmp/$color 4 $color
	done
	dd if=/dev/nullb0 bs=1M count=4 | cmp - /tmp/red
	dd if=/dev/nullb1 bs=1M count=4 | cmp - /tmp/blue
}

# step2 WORD COMMAND...: both guests are there, then both go on.
step2() {
	local word=$1
	shift
	l2_sync red "$word" 200
	l2_sync blue "$word" 200
	"$@"
	l2_go red "$word"
	l2_go blue "$word"
}

steps() {
	run_test both-are-up step2 up each_is_who_it_should_be &&
		run_test colours step2 written colours
}

give_up_both() {
	give_up red red
	give_up blue blue
}

l1() {
	run_test partitions make_partitions || return
	run_test not-the-others not_the_others
	run_test guests-start start_both || return
	steps || { give_up_both; return; }
	run_test red-ends l2_wait red
	run_test blue-ends l2_wait blue
	run_test red-goes remove_partition red
	run_test blue-goes remove_partition blue
}

# --- the guests

colour() { grep -o 'color=[a-z]*' /proc/cmdline | cut -d= -f2; }

# Both at the same time, behind the part with the colour.
verify() {
	fio --name=verify --filename="$(disk scsi.0-lun.0)" --offset=8M --size=32M \
		--rw=randwrite --bsrange=4k-64k --direct=1 --ioengine=libaio --iodepth=32 --thread \
		--verify=crc32c --verify_fatal=1 --do_verify=1 --output-format=terse \
		--terse-version=3 >/tmp/fio
	awk -F';' '$1 == 3 && $5 == 0 && $6 >= 32 * 1024 { good++ } END { exit good != 1 }' /tmp/fio
}

# After fio: nobody else wrote here meanwhile.
write_colour() {
	fill /tmp/mine 4 "$(colour)"
	dd if=/tmp/mine of="$(disk scsi.0-lun.0)" bs=64k oflag=direct
}

still_there() {
	dd if="$(disk scsi.0-lun.0)" bs=64k count=64 iflag=direct of=/tmp/read
	cmp /tmp/read /tmp/mine
}

l2() {
	local color
	color=$(colour)
	run_test "$color-drivers" drivers_load scsi.0-lun.0 || poweroff -f
	sync_l1 up
	run_test "$color-writes" write_colour
	run_test "$color-verify" verify
	run_test "$color-still-there" still_there
	sync_l1 written
}
