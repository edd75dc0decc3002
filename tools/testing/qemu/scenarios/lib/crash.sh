# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2153,SC2154
#
# What a crash leaves of a disk in an image: ext4 on dm-log-writes, which keeps
# every write to it and every flush. Afterwards the states that the disk may have
# had are made of that, one after the other: the file system's journal is
# replayed, the image is checked and repaired, and its sectors are compared with
# what they may have.
#
# A state is what was there at a flush, FUA write or mark. Every other one has, as
# well, some sectors of what was written behind it and not flushed, in any order,
# as a cache would lose them.

L1_MANIFEST="$L1_MANIFEST
bin /usr/sbin/dmsetup
module dm-log-writes"
DISK_MB=16
BATCHES=${CRASH_BATCHES:-6}
# of each image, spread over the whole run; all that there are if it is 0
STATES=${CRASH_STATES:-24}
# FORMAT-TYPE each
KINDS='vhd-dynamic vhdx-dynamic vhd-child vhdx-child'
SEED=20

prepare() {
	ccached make -s -C "$VMB_TOP/tools/testing/crash" O="$VMB_BUILD/crash" >&2
	printf 'file %s /usr/bin/crash_load\n' "$VMB_BUILD/crash/crash_load"
	printf 'file %s /usr/bin/crash_state\n' "$VMB_BUILD/crash/crash_state"
	printf 'BATCHES=%s\nSTATES=%s\n' "$BATCHES" "$STATES" >"$dir/crash.conf"
	printf 'file %s /harness/crash.conf\n' "$dir/crash.conf"
}

# --- the KVM host

BASE=/tmp/crash/base
LIVE=/tmp/crash/live
LOG=/tmp/crash/log
STATE=/tmp/crash/state
MNT=/tmp/crash/mnt

crash_setup() {
	load crc32c_generic ext4 loop dm-log-writes
	mkdir -p $MNT
	mount -t tmpfs -o size=1200m tmpfs /tmp/crash
	mkdir -p $MNT
}

# image KIND: its name
image() { echo "$MNT/disk.${1%-*}"; }

# The file system as it is before the load, with an empty image in it.
make_base() {
	local create="vmbctl vhd create --block-size 1M"
	rm -f $BASE
	truncate -s 80M $BASE
	mkfs.ext4 -q -b 4096 -J size=4 $BASE
	mount -t ext4 -o loop $BASE $MNT
	case $1 in
	*-child)
		$create --size ${DISK_MB}M "$MNT/parent.${1%-*}"
		attach "$MNT/parent.${1%-*}"
		crash_load fill "$DEV" $SEED
		detach
		vmbctl vhd create --parent "$MNT/parent.${1%-*}" "$(image "$1")"
		;;
	*) $create --size ${DISK_MB}M "$(image "$1")" ;;
	esac
	umount $MNT
}

# The load, and all that the disk below is told to do.
record() {
	local below log parent
	parent=$(parent_of "$1")
	cp $BASE $LIVE
	rm -f $LOG
	truncate -s 300M $LOG
	below=$(losetup -f) && losetup "$below" $LIVE
	log=$(losetup -f) && losetup "$log" $LOG
	dmsetup create crash --noudevsync --table "0 $((80 << 11)) log-writes $below $log"
	mount -t ext4 /dev/dm-0 $MNT
	attach "$(image "$1")"
	crash_load run "$DEV" $SEED "$BATCHES" crash
	crash_load check "$DEV" $SEED "$BATCHES" $parent
	detach
	umount $MNT
	dmsetup remove --noudevsync crash
	losetup -d "$below"
	losetup -d "$log"
	rm $LIVE
}

parent_of() { case $1 in *-child) echo parent ;; esac; }

# one_state KIND POINT MARK WRITES NUMBER
one_state() {
	local image seed='' parent
	image=$(image "$1")
	parent=$(parent_of "$1")
	[ $(($5 % 2)) = 0 ] || [ "$4" = 0 ] || seed=$5
	crash_state make $LOG $BASE $STATE "$2" $seed
	mount -t ext4 -o loop $STATE $MNT
	# either of the two replays the image's log
	if [ $(($5 % 4)) -lt 2 ]; then
		vmbctl vhd check --repair "$image"
	fi
	attach "$image"
	crash_load check "$DEV" $SEED "$3" $parent
	detach
	vmbctl vhd check --repair "$image"
	vmbctl vhd check "$image"
	umount $MNT
}

# What of it is tried.
chosen() {
	crash_state points $LOG >/tmp/points
	awk -v all="$(wc -l </tmp/points)" -v most="$STATES" '
		!most || all <= most || int(NR * most / all) != int((NR - 1) * most / all)' /tmp/points
}

crash() {
	local point mark writes n=0
	make_base "$1"
	record "$1"
	chosen >/tmp/chosen
	while read -r point mark writes; do
		n=$((n + 1))
		one_state "$1" "$point" "$mark" "$writes" $n >/tmp/state 2>&1 || {
			cat /tmp/state
			echo "$1: behind entry $point, mark $mark, of the $writes writes after it some if $n is odd:" \
				"$(tail -n 1 /tmp/state)"
			return 1
		}
	done </tmp/chosen
	note "$1: $n states of $(wc -l </tmp/points)"
	# the last one has all
	[ "$(tail -n 1 /tmp/points | cut -d' ' -f2)" = "$BATCHES" ]
}

# What a failure leaves is not the next one's.
tidy() {
	local loop
	[ ! -d $VHD/t ] || rmdir $VHD/t
	umount $MNT
	dmsetup remove --noudevsync crash
	for loop in /sys/block/loop*/loop; do
		[ ! -d "$loop" ] || losetup -d "/dev/$(basename "$(dirname "$loop")")"
	done
}

l1() {
	local kind
	. /harness/crash.conf
	run_test module-load load_ours vhd
	run_test setup crash_setup
	for kind in $KINDS; do
		run_test "$kind" crash "$kind" || tidy
	done
	umount /tmp/crash
	run_test module-unload rmmod vhd
}
