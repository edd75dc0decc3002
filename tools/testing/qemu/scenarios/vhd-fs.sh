# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2153,SC2154
# DESCRIPTION: disks in images on xfs and btrfs: direct I/O where it is safe, and space that comes back

TIMEOUT=400

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/vhd.sh"
L1_MANIFEST="$L1_MANIFEST
bin /usr/sbin/mkfs.xfs
bin /usr/sbin/mkfs.btrfs
bin /usr/bin/chattr
module xfs
module btrfs"
PLAN=15

# make_fs TYPE SIZE
make_fs() {
	load "$1"
	mkdir -p "/tmp/$1"
	truncate -s "$2" "/tmp/tmpfs/$1.img"
	"/usr/sbin/mkfs.$1" -q "/tmp/tmpfs/$1.img"
	mount -t "$1" -o loop "/tmp/tmpfs/$1.img" "/tmp/$1"
}

# used FILE: KiB of the file system's that it has
used() { sync "$1" && du -k "$1" | cut -f 1; }

# space FOLDER: what a disk does not need any more its image gives back
space() {
	local image=$1/space.vhdx before after
	vmbctl vhd create --type dynamic --size ${DISK_MB}M "$image"
	attach "$image"
	dd if=/dev/urandom of="$DEV" bs=1M count=$DISK_MB conv=fsync 2>/dev/null
	before=$(used "$image")
	/usr/sbin/blkdiscard "$DEV"
	after=$(used "$image")
	echo "$before KiB, then $after"
	[ "$before" -ge $((DISK_MB << 10)) ]
	[ "$after" -lt $((DISK_MB << 8)) ]
	cmp -n $((DISK_MB << 20)) "$DEV" /dev/zero
	detach
	rm "$image"
}

# A disk with sectors as long as the file system's blocks is direct where there are no sums.
without_sums() {
	local image=/tmp/btrfs/plain/disk.vhdx
	mkdir /tmp/btrfs/plain
	chattr +C /tmp/btrfs/plain
	vmbctl vhd create --type dynamic --sector-size 4096 --size ${DISK_MB}M "$image"
	attach "$image"
	[ "$(cat $VHD/t/direct)" = 1 ]
	dd if=/dev/urandom of=/tmp/random bs=1M count=$DISK_MB 2>/dev/null
	dd if=/tmp/random of="$DEV" bs=1M oflag=direct 2>/dev/null
	echo 3 >/proc/sys/vm/drop_caches
	cmp -n $((DISK_MB << 20)) /tmp/random "$DEV"
	detach
	# qemu-img takes no such sectors
	vmbctl vhd check "$image"
	attach "$image" 1
	cmp -n $((DISK_MB << 20)) /tmp/random "$DEV"
	detach
	rm "$image" /tmp/random
}

l1() {
	local kind
	begin_tests
	run_test xfs make_fs xfs 320M
	run_test btrfs make_fs btrfs 256M
	for kind in vhd-fixed vhd-dynamic vhdx-dynamic; do
		run_test "xfs-$kind" written /tmp/xfs $kind
	done
	run_test xfs-vhdx-snapshot snapshot /tmp/xfs vhdx
	run_test xfs-space space /tmp/xfs
	# sums: nothing may change while it is written
	for kind in vhd-dynamic vhdx-dynamic; do
		run_test "btrfs-$kind" written /tmp/btrfs $kind 0
	done
	run_test btrfs-vhdx-snapshot snapshot /tmp/btrfs vhdx
	run_test btrfs-space space /tmp/btrfs
	run_test btrfs-without-sums without_sums
	umount /tmp/xfs
	umount /tmp/btrfs
	end_tests
}
