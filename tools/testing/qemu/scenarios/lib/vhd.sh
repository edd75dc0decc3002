# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2153,SC2154
#
# /dev/vhdN: what the kernel writes into images of every kind, on tmpfs and on
# ext4, is compared with what vmbctl and qemu-img find in them.

VHD=/sys/kernel/config/vhd
TRACING=/sys/kernel/tracing
L1_MANIFEST="$FIO
bin /usr/bin/qemu-img
bin /usr/sbin/mkfs.ext4
bin /usr/sbin/blkdiscard
bin /usr/sbin/fsfreeze
file /etc/mke2fs.conf /etc/mke2fs.conf
module ext4
module loop
module crc32c_generic"
DISK_MB=24
# FORMAT-TYPE each
KINDS='vhd-fixed vhd-dynamic vhdx-fixed vhdx-dynamic'
PLAN=40
[ "$L1_KERNEL" = stock ] || PLAN=41

prepare() {
	gcc -O2 -Wall -Werror -static -o "$dir/same" "$SCENARIO_LIB/same.c"
	printf 'file %s /usr/bin/same\n' "$dir/same"
}

# busybox' takes each byte by itself, others 4 KiB. Where a scenario, or a guest of it, has
# none of ours, that will do.
cmp() { if [ -x /usr/bin/same ]; then same "$@"; else command cmp "$@"; fi; }
sums() { same -s "$@"; }

folders() {
	load crc32c_generic ext4 loop
	mkdir -p /tmp/tmpfs /tmp/ext4
	mount -t tmpfs -o size=600m tmpfs /tmp/tmpfs
	truncate -s 400M /tmp/tmpfs/ext4.img
	mkfs.ext4 -q -b 4096 /tmp/tmpfs/ext4.img
	mount -t ext4 -o loop /tmp/tmpfs/ext4.img /tmp/ext4
	dd if=/dev/urandom of=/tmp/random bs=64k count=1 2>/dev/null
}

# attach IMAGE [read_only]: sets DEV
attach() {
	mkdir $VHD/t
	echo "$1" >$VHD/t/path
	echo "${2:-0}" >$VHD/t/read_only
	echo 1 >$VHD/t/enabled || { rmdir $VHD/t; return 1; }
	DEV=/dev/$(cat $VHD/t/device)
	[ -b "$DEV" ]
}

detach() {
	echo 0 >$VHD/t/enabled
	rmdir $VHD/t
}

refused() {
	! attach "$@" || { echo "$1 was not refused"; return 1; }
}

# fill_disk DEVICE SEED: part of the disk gets random data, in pieces of many sizes,
# and every 32nd is followed by a flush; read back and compared.
fill_disk() {
	fio --name=fill --filename="$1" --rw=randwrite --bsrange=512-96k --bs_unaligned=0 \
		--blockalign=512 --direct=1 --ioengine=libaio --iodepth=16 --thread --fsync=32 \
		--size=${DISK_MB}M --io_size=12M --randseed="$2" --allrandrepeat=1 \
		--verify=crc32c --verify_fatal=1 --do_verify=1 --minimal >/tmp/fio 2>&1 ||
		{ tail -n 3 /tmp/fio; return 1; }
}

qemu_format() { case $1 in *.vhdx) echo vhdx ;; *) echo vpc ;; esac; }

# What vmbctl and qemu-img say of an image that has a copy of its disk.
sound() {
	vmbctl vhd check "$1"
	[ "$(qemu_format "$1")" != vhdx ] || qemu-img check -q -f vhdx "$1"
}

same_for_qemu() { qemu-img compare -q -f raw -F "$(qemu_format "$1")" "$2" "$1"; }

# written FOLDER KIND [DIRECT]: 0 where data goes by the page cache
written() {
	local image=$1/$2.${2%-*} copy=/tmp/tmpfs/copy
	vmbctl vhd create --type "${2#*-}" --size ${DISK_MB}M "$image"
	attach "$image"
	[ "$(cat $VHD/t/size)" = $((DISK_MB << 20)) ]
	[ "$(cat $VHD/t/format)-$(cat $VHD/t/type)" = "$2" ]
	[ "$(cat $VHD/t/direct)" = "${3:-1}" ]
	cmp -n $((DISK_MB << 20)) "$DEV" /dev/zero
	fill_disk "$DEV" 7
	/usr/sbin/blkdiscard -o $((5 << 20)) -l $((3 << 20)) "$DEV"
	echo 3 >/proc/sys/vm/drop_caches
	dd if="$DEV" of=$copy bs=1M 2>/dev/null
	cmp -n $((3 << 20)) $copy /dev/zero $((5 << 20)) 0
	detach
	sound "$image"
	same_for_qemu "$image" $copy
	attach "$image" 1
	cmp $copy "$DEV"
	detach
	rm $copy
}

# child FOLDER KIND: reads what its parent has, until it is written
child() {
	local parent=$1/$2.${2%-*} image=$1/child.${2%-*} copy=/tmp/tmpfs/copy sum at to
	rm -f "$image"
	vmbctl vhd create --parent "$parent" "$image"
	sum=$(sums "$parent")
	attach "$parent" 1
	dd if="$DEV" of=$copy bs=1M 2>/dev/null
	detach
	attach "$image"
	[ "$(wc -l <$VHD/t/chain)" = 2 ]
	cmp $copy "$DEV"
	# the same here and there: many sectors that are apart, and some in a row
	dd if=/dev/urandom of=/tmp/random bs=1M count=1 2>/dev/null
	for at in 1 70 4093 8190 20001 30000; do
		for to in "$DEV" $copy; do
			dd if=/tmp/random of="$to" bs=512 seek=$at count=9 conv=notrunc,fsync 2>/dev/null
			dd if=/tmp/random of="$to" bs=64k seek=$((at / 100 + 2)) count=2 conv=notrunc 2>/dev/null
		done
	done
	# zeros hide what the parent has
	/usr/sbin/blkdiscard -z -o $((9 << 20)) -l $((1 << 20)) "$DEV"
	dd if=/dev/zero of=$copy bs=1M seek=9 count=1 conv=notrunc 2>/dev/null
	cmp $copy "$DEV"
	detach
	vmbctl vhd check "$image"
	[ "$sum" = "$(sums "$parent")" ]
	attach "$image" 1
	cmp $copy "$DEV"
	detach
	# under load, and read back by a verifying fio
	attach "$image"
	fill_disk "$DEV" 9
	dd if="$DEV" of=$copy bs=1M 2>/dev/null
	detach
	vmbctl vhd check "$image"
	attach "$image" 1
	cmp $copy "$DEV"
	detach
	[ "$sum" = "$(sums "$parent")" ]
	rm $copy
}

# foreign FOLDER FORMAT: as qemu-img makes it, where data is not aligned
foreign() {
	local image=$1/foreign.$2 copy=/tmp/tmpfs/copy
	dd if=/dev/urandom of=/tmp/random bs=1M count=2 2>/dev/null
	truncate -s ${DISK_MB}M $copy
	dd if=/tmp/random of=$copy bs=1M seek=3 conv=notrunc 2>/dev/null
	qemu-img convert -f raw -O "$(qemu_format "$image")" \
		-o "subformat=dynamic$([ "$2" = vhdx ] || echo ,force_size=on)" $copy "$image"
	attach "$image"
	cmp $copy "$DEV"
	fill_disk "$DEV" 3
	dd if="$DEV" of=$copy bs=1M 2>/dev/null
	detach
	sound "$image"
	same_for_qemu "$image" $copy
	rm "$image" $copy
}

# load DEVICE: fill again and again, until there is /tmp/enough. The last line says
# how often.
load_disk() {
	local n=0
	until [ -e /tmp/enough ]; do
		n=$((n + 1))
		fill_disk "$1" $((100 + n)) || return
	done
	echo $n >/tmp/rounds
}

# begin_load, end_load: a verifying fio, as long as something is done to the disk
begin_load() {
	rm -f /tmp/enough /tmp/rounds
	load_disk "$DEV" >/tmp/load 2>&1 &
	LOAD=$!
}

end_load() {
	touch /tmp/enough
	wait "$LOAD" || { cat /tmp/load; return 1; }
	[ "$(cat /tmp/rounds)" -gt 0 ]
}

# snapshot FOLDER FORMAT: three children, one on top of the other, under load
snapshot() {
	local n copy=/tmp/tmpfs/copy
	vmbctl vhd create --size ${DISK_MB}M "$1/s0.$2"
	attach "$1/s0.$2"
	begin_load
	for n in 1 2 3; do
		sleep 1
		vmbctl vhd snapshot "$1/s$((n - 1)).$2" "$1/s$n.$2" >/tmp/said
		grep -q "writes to it from now on" /tmp/said
		[ "$(cat $VHD/t/path)" = "$1/s$n.$2" ]
		[ "$(wc -l <$VHD/t/chain)" = $((n + 1)) ]
		# the parent is complete, and stays as it is
		vmbctl vhd check "$1/s$((n - 1)).$2"
		sums "$1/s$((n - 1)).$2" >>/tmp/sums
	done
	end_load
	fill_disk "$DEV" 1
	dd if="$DEV" of=$copy bs=1M 2>/dev/null
	detach
	vmbctl vhd check "$1/s3.$2"
	[ "$(sums "$1"/s[0-2]."$2")" = "$(cat /tmp/sums)" ]
	attach "$1/s3.$2" 1
	[ "$(wc -l <$VHD/t/chain)" = 4 ]
	cmp $copy "$DEV"
	detach
	rm -f $copy /tmp/sums "$1"/s[0-3]."$2"
}

# A child of the image that is attached, with something in it
grow_child() {
	vmbctl vhd snapshot "$1" "$2" >/dev/null
	fill_disk "$DEV" "$3"
}

# merge_wait WORD: until the merge is over
merge_wait() {
	while [ "$(cat $VHD/t/merge)" = running ]; do sleep 0.1; done
	[ "$(cat $VHD/t/merge)" = "$1" ] || { cat $VHD/t/merge; dmesg | tail -n 3; return 1; }
}

# merge FOLDER FORMAT TYPE: twice under load, down to an image without a parent
merge() {
	local n copy=/tmp/tmpfs/copy
	vmbctl vhd create --type "$3" --size ${DISK_MB}M "$1/m0.$2"
	attach "$1/m0.$2"
	fill_disk "$DEV" 1
	grow_child "$1/m0.$2" "$1/m1.$2" 2
	grow_child "$1/m1.$2" "$1/m2.$2" 3
	begin_load
	for n in 2 1; do
		vmbctl vhd merge "$1/m$n.$2" >/tmp/said || { cat /tmp/said; dmesg | tail -n 3; return 1; }
		grep -q "writes to from now on, and removed" /tmp/said
		[ ! -e "$1/m$n.$2" ]
		[ "$(wc -l <$VHD/t/chain)" = $n ]
		[ "$(cat $VHD/t/merge)" = "done" ]
		[ "$(cat $VHD/t/merge_completed)" = "$((DISK_MB << 20)) / $((DISK_MB << 20))" ]
	done
	end_load
	fill_disk "$DEV" 4
	/usr/sbin/blkdiscard -o $((5 << 20)) -l $((3 << 20)) "$DEV"
	dd if="$DEV" of=$copy bs=1M 2>/dev/null
	detach
	sound "$1/m0.$2"
	same_for_qemu "$1/m0.$2" $copy
	rm -f $copy "$1/m0.$2"
}

# merge_cut FORMAT: in the middle of a merge the file system is copied, as a power cut
# would leave it, and the merge is stopped. Both can go on: the disk, and what is in the
# copy.
merge_cut() {
	local copy=/tmp/tmpfs/copy top=/tmp/ext4/m1.$1
	vmbctl vhd create --size ${DISK_MB}M "/tmp/ext4/m0.$1"
	attach "/tmp/ext4/m0.$1"
	fill_some "$DEV"
	vmbctl vhd snapshot "/tmp/ext4/m0.$1" "$top"
	dd if=/dev/urandom of="$DEV" bs=1M seek=3 count=20 conv=fsync 2>/dev/null
	dd if="$DEV" of=$copy bs=1M 2>/dev/null
	# what other tests had there need not be copied
	fstrim /tmp/ext4
	echo 1 >$VHD/t/merge
	/usr/sbin/fsfreeze -f /tmp/ext4
	# whatever fails
	trap '/usr/sbin/fsfreeze -u /tmp/ext4' EXIT
	# nobody writes to it, so it stays so
	[ "$(cat $VHD/t/merge)" = running ] || { echo "it was too fast"; return 1; }
	note "$1: a merge is cut off at $(cat $VHD/t/merge_completed)"
	qemu-img convert -f raw -O raw /tmp/tmpfs/ext4.img /tmp/tmpfs/cut.img
	! echo 1 >$VHD/t/merge || { echo "two at a time"; return 1; }
	! echo "$top" >$VHD/t/snapshot || { echo "a snapshot meanwhile"; return 1; }
	echo 0 >$VHD/t/merge &
	sleep 0.2
	trap - EXIT
	/usr/sbin/fsfreeze -u /tmp/ext4
	wait $!
	merge_wait stopped
	[ "$(wc -l <$VHD/t/chain)" = 2 ]
	cmp $copy "$DEV"
	dd if=/tmp/random of="$DEV" bs=64k count=1 seek=99 conv=fsync 2>/dev/null
	dd if="$DEV" of=$copy.2 bs=1M 2>/dev/null
	vmbctl vhd merge "$top"
	cmp $copy.2 "$DEV"
	detach
	sound "/tmp/ext4/m0.$1"
	same_for_qemu "/tmp/ext4/m0.$1" $copy.2
	rm $copy.2 "/tmp/ext4/m0.$1"

	mkdir -p /tmp/cut
	mount -t ext4 -o loop /tmp/tmpfs/cut.img /tmp/cut
	attach "/tmp/cut/m1.$1"
	cmp $copy "$DEV"
	vmbctl vhd merge --keep "/tmp/cut/m1.$1"
	cmp $copy "$DEV"
	detach
	sound "/tmp/cut/m0.$1"
	same_for_qemu "/tmp/cut/m0.$1" $copy
	# what was merged is no child any more
	refused "/tmp/cut/m1.$1"
	dmesg | tail -n 5 | grep -q 'was merged, and is of no use'
	umount /tmp/cut
	rm $copy /tmp/tmpfs/cut.img
}

# A disk that goes away ends its merge; it can be had again with the same chain.
merge_detached() {
	local copy=/tmp/tmpfs/copy
	vmbctl vhd create --size ${DISK_MB}M /tmp/ext4/m0.vhdx
	attach /tmp/ext4/m0.vhdx
	vmbctl vhd snapshot /tmp/ext4/m0.vhdx /tmp/ext4/m1.vhdx
	dd if=/dev/urandom of="$DEV" bs=1M count=20 conv=fsync 2>/dev/null
	dd if="$DEV" of=$copy bs=1M 2>/dev/null
	echo 1 >$VHD/t/merge
	detach
	vmbctl vhd check /tmp/ext4/m0.vhdx
	attach /tmp/ext4/m1.vhdx || attach /tmp/ext4/m0.vhdx
	cmp $copy "$DEV"
	detach
	rm $copy /tmp/ext4/m[01].vhdx
}

# resize FORMAT TYPE: larger, under load
resize() {
	local image=/tmp/ext4/r.$1 copy=/tmp/tmpfs/copy larger=$((DISK_MB + 17))
	vmbctl vhd create --type "$2" --size ${DISK_MB}M "$image"
	attach "$image"
	begin_load
	sleep 1
	vmbctl vhd resize "$image" ${larger}M >/tmp/said
	grep -q "and so has /dev/" /tmp/said
	end_load
	[ "$(cat "/sys/block/${DEV#/dev/}/size")" = $((larger << 11)) ]
	cmp -n $((17 << 20)) "$DEV" /dev/zero $((DISK_MB << 20)) 0
	dd if=/tmp/random of="$DEV" bs=64k count=1 seek=$((larger * 16 - 1)) conv=fsync 2>/dev/null
	! echo $(((larger - 1) << 20)) >$VHD/t/size || { echo "it got smaller"; return 1; }
	dd if="$DEV" of=$copy bs=1M 2>/dev/null
	detach
	sound "$image"
	same_for_qemu "$image" $copy
	rm $copy "$image"
}

# What is no new child is refused, and the disk goes on.
snapshot_refused() {
	local file
	cd /tmp/tmpfs || return
	for file in top other; do vmbctl vhd create --size 8M $file.vhdx; done
	vmbctl vhd create --size 16M large.vhdx
	for file in top other large; do vmbctl vhd snapshot $file.vhdx of-$file.vhdx; done
	vmbctl vhd create --parent top.vhdx full.vhdx
	attach /tmp/tmpfs/full.vhdx
	dd if=/dev/urandom of="$DEV" bs=4k count=1 conv=fsync 2>/dev/null
	detach
	attach /tmp/tmpfs/top.vhdx
	# not there; no child; of another; of another size; not empty; written by somebody
	exec 4<>of-top.vhdx
	for file in none other of-other of-large full of-top; do
		! echo "/tmp/tmpfs/$file.vhdx" >$VHD/t/snapshot || { echo "$file was taken"; return 1; }
	done
	exec 4>&-
	! echo of-top.vhdx >$VHD/t/snapshot || { echo "a relative path was taken"; return 1; }
	[ "$(cat $VHD/t/chain)" = /tmp/tmpfs/top.vhdx ]
	fill_some "$DEV"
	echo /tmp/tmpfs/of-top.vhdx >$VHD/t/snapshot
	[ "$(wc -l <$VHD/t/chain)" = 2 ]
	fill_some "$DEV"
	detach
	attach /tmp/tmpfs/of-top.vhdx 1
	! echo /tmp/tmpfs/full.vhdx >$VHD/t/snapshot || { echo "a disk that is only read took it"; return 1; }
	detach
	rm -- *top.vhdx *other.vhdx *large.vhdx full.vhdx
}

# One that is smaller than DISK_MB
fill_some() {
	dd if=/tmp/random of="$1" bs=64k count=1 seek=7 conv=fsync 2>/dev/null
	dd if="$1" bs=64k count=1 skip=7 iflag=direct 2>/dev/null | cmp - /tmp/random
}

alone() {
	vmbctl vhd create --size 8M /tmp/tmpfs/a.vhdx
	exec 4<>/tmp/tmpfs/a.vhdx
	refused /tmp/tmpfs/a.vhdx
	exec 4>&-
	attach /tmp/tmpfs/a.vhdx
	! (exec 4<>/tmp/tmpfs/a.vhdx) || { echo "it could be opened for writing"; return 1; }
	mkdir $VHD/u
	echo /tmp/tmpfs/a.vhdx >$VHD/u/path
	echo 1 >$VHD/u/read_only
	! echo 1 >$VHD/u/enabled || { echo "attached twice"; return 1; }
	rmdir $VHD/u
	detach
	# and as if nothing had been
	(exec 4<>/tmp/tmpfs/a.vhdx)
	refused /dev/loop0
	refused /tmp/tmpfs
	refused /tmp/tmpfs/none.vhdx
	refused /harness/lib.sh
}

stale() {
	vmbctl vhd create --size 8M /tmp/tmpfs/p.vhdx
	vmbctl vhd create --parent /tmp/tmpfs/p.vhdx /tmp/tmpfs/q.vhdx
	attach /tmp/tmpfs/q.vhdx 1
	detach
	attach /tmp/tmpfs/p.vhdx
	dd if=/dev/urandom of="$DEV" bs=4k count=1 conv=fsync 2>/dev/null
	detach
	refused /tmp/tmpfs/q.vhdx
	dmesg | tail -n 5 | grep -q 'written since'
}

busy() {
	attach /tmp/tmpfs/a.vhdx
	exec 4<"$DEV"
	! echo 0 >$VHD/t/enabled || { echo "it went away while open"; return 1; }
	[ -b "$DEV" ]
	exec 4<&-
	dd if=/dev/urandom of=/tmp/random bs=64k count=1 2>/dev/null
	# taken away while open and dirty: what was written is there
	exec 4<>"$DEV"
	dd if=/tmp/random bs=64k >&4 2>/dev/null
	rmdir $VHD/t
	[ ! -b "$DEV" ]
	exec 4<&-
	vmbctl vhd check /tmp/tmpfs/a.vhdx
	attach /tmp/tmpfs/a.vhdx 1
	cmp -n 65536 /tmp/random "$DEV"
	detach
}

# A full file system: the writer is told, the image stays sound, and goes on.
full() {
	mkdir -p /tmp/full
	mount -t tmpfs -o size=12m tmpfs /tmp/full
	vmbctl vhd create --size 64M /tmp/full/a.vhdx
	attach /tmp/full/a.vhdx
	! dd if=/dev/urandom of="$DEV" bs=1M count=40 oflag=direct 2>/tmp/dd ||
		{ echo "40 MiB went into 12"; return 1; }
	grep -qi 'no space' /tmp/dd || { cat /tmp/dd; return 1; }
	mount -o remount,size=100m /tmp/full
	dd if=/tmp/random of="$DEV" bs=64k count=1 seek=800 conv=fsync 2>/dev/null
	detach
	vmbctl vhd check /tmp/full/a.vhdx
	umount /tmp/full
}

# The largest image: quickly open, and little memory for it.
large() {
	local before after
	vmbctl vhd create --size 64T /tmp/tmpfs/large.vhdx
	echo 3 >/proc/sys/vm/drop_caches
	before=$(awk '/^(Slab|VmallocUsed|KernelStack|PageTables):/ { n += $2 } END { print n }' /proc/meminfo)
	attach /tmp/tmpfs/large.vhdx
	after=$(awk '/^(Slab|VmallocUsed|KernelStack|PageTables):/ { n += $2 } END { print n }' /proc/meminfo)
	[ "$(cat $VHD/t/size)" = $((64 << 40)) ]
	note "64 TiB open: $((after - before)) KiB more of memory that is not page cache"
	[ $((after - before)) -lt 16384 ]
	dd if=/tmp/random of="$DEV" bs=64k count=1 seek=$((63 << 24)) conv=fsync 2>/dev/null
	detach
	vmbctl vhd info /tmp/tmpfs/large.vhdx
	rm /tmp/tmpfs/large.vhdx
}

# Bits of sector bitmaps that are in memory, of parts of the disk: each takes an object.
bits_objects() { awk '/^kmalloc.*-2k / { n += $2 } END { print n + 0 }' /proc/slabinfo; }

# Bits of sector bitmaps wait for a flush. Nobody flushes here, and yet there may not be
# more than 1024 of them in memory, of 2048 that are wanted.
many_bits() {
	local before after
	vmbctl vhd create --size 128M --block-size 64K /tmp/tmpfs/p.vhd
	vmbctl vhd create --parent /tmp/tmpfs/p.vhd --block-size 64K /tmp/tmpfs/q.vhd
	attach /tmp/tmpfs/q.vhd
	before=$(bits_objects)
	fio --name=many --filename="$DEV" --rw=write:60k --bs=4k --size=128M --number_ios=2048 \
		--direct=1 --ioengine=libaio --iodepth=32 --thread --verify=crc32c --verify_fatal=1 \
		--do_verify=1 --minimal >/tmp/fio 2>&1 || { tail -n 3 /tmp/fio; return 1; }
	after=$(bits_objects)
	note "bits of 2048 parts: $((after - before)) objects more"
	# some there are, or this is not what is measured
	[ $((after - before)) -gt 256 ]
	# KASAN keeps what was freed for a while, and it is counted
	[ -w /sys/kernel/debug/kmemleak ] || [ $((after - before)) -lt 1280 ]
	detach
	vmbctl vhd check /tmp/tmpfs/q.vhd
	rm /tmp/tmpfs/[pq].vhd
}

# A file system in an image in a file system of the same kind.
nested() {
	vmbctl vhd create --size 64M /tmp/ext4/fs.vhdx
	attach /tmp/ext4/fs.vhdx
	mkfs.ext4 -q "$DEV"
	mkdir -p /tmp/inner
	mount -t ext4 "$DEV" /tmp/inner
	fio --name=in --directory=/tmp/inner --size=8M --rw=randwrite --bs=4k --fsync=16 --thread \
		--verify=crc32c --do_verify=1 --minimal >/tmp/fio 2>&1 || { tail -n 3 /tmp/fio; return 1; }
	cp -r /harness /tmp/inner/
	umount /tmp/inner
	detach
	vmbctl vhd check /tmp/ext4/fs.vhdx
	rm /tmp/ext4/fs.vhdx
}

# ext4_on DISK MB ATTRIBUTE=VALUE...: in /tmp/DISK, a null_blk
ext4_on() {
	nullb "$@"
	mkfs.ext4 -q -b 4096 -J size=4 "/dev/$1"
	mkdir -p "/tmp/$1"
	mount -t ext4 "/dev/$1" "/tmp/$1"
}

ext4_gone() {
	umount "/tmp/$1"
	echo 0 >"$NULLB/$1/power"
	rmdir "$NULLB/$1"
}

counter() { awk -v name="$1" '$1 == name { print $2 }' $VHD/t/counters; }

# What a device has written before its file system returns, who submits it ends. What it writes
# later is for a worker. With FUA it is the same.
write_ends() {
	local when late sync
	for when in at-once later; do
		case $when in
		at-once) ext4_on ends 100 irqmode=0 ;;
		later) ext4_on ends 100 irqmode=2 completion_nsec=1000000 ;;
		esac
		vmbctl vhd create --type fixed --size ${DISK_MB}M /tmp/ends/a.vhd
		attach /tmp/ends/a.vhd
		fill_disk "$DEV" 5
		dd if=/dev/zero of="$DEV" bs=1M count=1 oflag=direct 2>/dev/null
		for sync in 0 1; do
			late=$(counter late)
			fio --name=ends --filename="$DEV" --rw=write --bs=4k --size=1M --direct=1 \
				--sync=$sync --thread --verify=crc32c --verify_fatal=1 --do_verify=1 \
				--minimal >/tmp/fio 2>&1 || { tail -n 3 /tmp/fio; return 1; }
			late=$(($(counter late) - late))
			note "of 256 writes (sync=$sync) to a device that answers $when a worker ends $late"
			case $when in
			at-once) [ $late = 0 ] ;;
			later) [ $late -gt 128 ] ;;
			esac
		done
		detach
		vmbctl vhd check /tmp/ends/a.vhd
		ext4_gone ends
	done
}

# times_held DEVICE: how often somebody was held up who had made pages of it dirty
times_held() { grep -c "balance_dirty_pages: bdi $(cat "/sys/block/$1/dev"): " $TRACING/trace || true; }

# Enough pages are dirty for those who make more of them to be held up. A worker may be,
# by the pages of its own file's device; the others' may be those that wait for it.
throttled() {
	local hog held
	# with sectors that are too large for direct I/O the page cache is written
	ext4_on own 100 blocksize=4096
	nullb hog 256 irqmode=2 completion_nsec=20000000 hw_queue_depth=1 max_sectors=128
	echo 50 >"/sys/class/bdi/$(cat /sys/block/own/dev)/min_ratio"
	vmbctl vhd create --type fixed --size 8M /tmp/own/a.vhd
	dd if=/dev/zero of=/tmp/own/b bs=64k count=32 2>/dev/null
	attach /tmp/own/a.vhd
	[ "$(cat $VHD/t/direct)" = 0 ]
	sync
	echo $((4 << 20)) >/proc/sys/vm/dirty_background_bytes
	echo $((8 << 20)) >/proc/sys/vm/dirty_bytes
	trap 'echo 20 >/proc/sys/vm/dirty_ratio; echo 10 >/proc/sys/vm/dirty_background_ratio' EXIT
	dd if=/dev/zero of=/dev/hog bs=64k count=4096 2>/dev/null &
	hog=$!
	echo >$TRACING/trace
	echo 1 >$TRACING/events/writeback/balance_dirty_pages/enable
	wait_for 60 hog_held
	echo >$TRACING/trace
	dd if=/dev/zero of=/tmp/own/b bs=64k count=32 conv=notrunc,fsync 2>/dev/null
	held=$(times_held own)
	echo >$TRACING/trace
	dd if=/dev/urandom of="$DEV" bs=64k count=32 oflag=direct 2>/dev/null
	note "2 MiB to a file: held up $held times; to a disk in a file: $(times_held own) times"
	cp $TRACING/trace /tmp/trace
	echo 0 >$TRACING/events/writeback/balance_dirty_pages/enable
	# or nothing was asked of the worker
	[ "$held" -gt 0 ]
	kill $hog
	[ "$(times_held own)" = 0 ] || { echo "pages of another device held it up"; return 1; }
	detach
	ext4_gone own
	wait $hog || true
	echo 0 >$NULLB/hog/power
	rmdir $NULLB/hog
}

hog_held() { [ "$(times_held hog)" -gt 0 ]; }

# write_at SECTORS...: 4 KiB at each, of their own; as DEV has it, so has /tmp/tmpfs/flat
write_at() {
	local at
	for at in "$@"; do
		dd if=/dev/urandom of=/tmp/4k bs=4k count=1 2>/dev/null
		dd if=/tmp/4k of="$DEV" bs=512 seek="$at" conv=fsync 2>/dev/null
		dd if=/tmp/4k of=/tmp/tmpfs/flat bs=512 seek="$at" conv=notrunc 2>/dev/null
	done
}

# as_flat: what was found the first time, and what is remembered of it
as_flat() {
	local bs
	for bs in 64k 1M; do
		dd if="$DEV" of=/tmp/tmpfs/read bs=$bs iflag=direct 2>/dev/null
		cmp /tmp/tmpfs/flat /tmp/tmpfs/read
	done
}

# deep FORMAT SIZE...: a chain of images with blocks of these sizes, each of which has
# something in a place of its own, and in one that all have, and in the middle of blocks
# of others. Reads remember which parents have nothing; they have to forget it when there is a
# snapshot, and when the last image has been merged.
deep() {
	local format=$1 dir=/tmp/tmpfs n=0 size mb=16
	shift
	rm -f $dir/flat
	truncate -s ${mb}M $dir/flat
	for size in "$@"; do
		if [ $n = 0 ]; then
			vmbctl vhd create --size ${mb}M --block-size "$size" "$dir/d0.$format"
		else
			vmbctl vhd create --parent "$dir/d$((n - 1)).$format" --block-size "$size" \
				"$dir/d$n.$format"
		fi
		attach "$dir/d$n.$format"
		as_flat
		write_at $((n * 5000 + 8)) 30000 $((2048 * 13 + 512 * n))
		as_flat
		detach
		n=$((n + 1))
	done
	attach "$dir/d$((n - 1)).$format"
	as_flat
	vmbctl vhd snapshot "$dir/d$((n - 1)).$format" "$dir/d$n.$format" >/dev/null
	as_flat
	write_at 16 30008 31000
	as_flat
	vmbctl vhd merge "$dir/d$n.$format" >/dev/null
	as_flat
	write_at 24 30016 32000
	vmbctl vhd merge "$dir/d$((n - 1)).$format" >/dev/null
	as_flat
	[ "$(wc -l <$VHD/t/chain)" = $((n - 1)) ]
	detach
	vmbctl vhd check "$dir/d$((n - 2)).$format"
	attach "$dir/d$((n - 2)).$format" 1
	as_flat
	detach
	rm -f $dir/d*."$format" $dir/flat $dir/read
}

# What one does alone.
alone_tests() {
	run_test alone alone
	run_test stale stale
	run_test busy busy
	run_test full full
	run_test large large
	run_test many-bits many_bits
	run_test nested nested
	run_test throttled throttled
	run_test snapshot-refused snapshot_refused
	run_test merge-detached merge_detached
	run_test vhd-deep deep vhd 2M 1M 512K 4M 2M
	run_test vhdx-deep deep vhdx 2M 1M 8M 1M 4M 2M
}

# beside_tests KIND...: what goes on beside something else, where another CPU may come in
# between; merges of these kinds are cut off.
beside_tests() {
	local kind
	run_test vhd-snapshot snapshot /tmp/ext4 vhd
	run_test vhdx-snapshot snapshot /tmp/tmpfs vhdx
	run_test vhd-merge merge /tmp/tmpfs vhd fixed
	run_test vhdx-merge merge /tmp/ext4 vhdx dynamic
	run_test vhd-resize resize vhd fixed
	run_test vhdx-resize resize vhdx dynamic
	for kind in "$@"; do
		run_test "$kind-merge-cut" merge_cut "$kind"
	done
}

# write_tests KIND...: many requests at once, on either file system. What a parent is makes no
# difference to how its child is written.
write_tests() {
	local fs kind
	for fs in tmpfs ext4; do
		for kind in "$@"; do
			run_test "$fs-$kind" written /tmp/$fs "$kind"
			case $fs-$kind in
			tmpfs-*-fixed | ext4-*-dynamic)
				run_test "$fs-$kind-child" child /tmp/$fs "$kind"
				;;
			esac
			rm -f /tmp/$fs/child.* "/tmp/$fs/$kind".*
		done
	done
}

# Images of other programs' making.
foreign_tests() {
	local fs format
	for fs in tmpfs ext4; do
		for format in vhd vhdx; do
			run_test "$fs-foreign-$format" foreign /tmp/$fs $format
		done
	done
}

begin_tests() {
	[ "$L1_KERNEL" = stock ] || run_test checkers-are-on checkers_are_on
	run_test module-load load_ours vhd
	run_test folders folders
}

end_tests() {
	local dir
	umount /tmp/ext4
	umount /tmp/tmpfs
	for dir in "$VHD"/*/; do
		[ ! -d "$dir" ] || rmdir "$dir"
	done
	run_test module-unload rmmod vhd
}

l1() {
	begin_tests
	alone_tests
	run_test write-ends write_ends
	beside_tests vhd vhdx
	write_tests $KINDS
	foreign_tests
	end_tests
}
