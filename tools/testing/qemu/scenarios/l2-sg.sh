# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: what sg3-utils say of the disks in a guest is what the host knows of them

L2_KERNEL=stock
PLAN=46
TIMEOUT=240

. "$SCENARIO_LIB/disks.sh"
L2_MANIFEST='bin /usr/bin/sg_luns
bin /usr/bin/sg_turs
bin /usr/bin/sg_requests
bin /usr/bin/sg_opcodes
bin /usr/bin/sg_modes
bin /usr/bin/sg_sync
bin /usr/bin/sg_verify
bin /usr/bin/sg_unmap
bin /usr/bin/sg_write_same
bin /usr/bin/sg_persist
bin /usr/bin/sg_start
bin /usr/bin/sg_reset'

# Which disk is which: 512 byte sectors, thin, write cache; 4 KiB sectors;
# 512 byte sectors on 4 KiB ones, thin, write cache; read-only. The fifth keeps
# reservations itself.
DISKS='0 1 2 3'
PR_DISK=4
L1_MANIFEST='module tcm_loop'

# --- the KVM host

debug_disk() { ls /sys/bus/pseudo/drivers/scsi_debug/adapter0/host*/target*/*/block; }

# A SCSI disk of the host's own, as a SAN would have it.
TARGET=/sys/kernel/config/target
WWN=naa.60014050000000b1

make_san() {
	local core=$TARGET/core/iblock_0/pr tpg=$TARGET/loopback/$WWN/tpgt_1
	nullb nullb4 16
	# registrations are kept over a loss of power: sd asks for that
	mkdir -p /var/target/pr
	load target_core_mod target_core_iblock tcm_loop sd_mod
	mkdir -p $core
	echo udev_path=/dev/nullb4 >$core/control
	echo 1 >$core/enable
	mkdir -p $tpg/lun/lun_0
	echo $WWN >$tpg/nexus
	ln -s $core $tpg/lun/lun_0/disk
	wait_for 20 san_disk
}

san_disk() {
	local vendor
	vendor=$(grep -l LIO-ORG /sys/class/block/sd*/device/vendor) || return
	vendor=${vendor#/sys/class/block/}
	echo "${vendor%%/*}"
}

remove_san() {
	local core=$TARGET/core/iblock_0/pr tpg=$TARGET/loopback/$WWN/tpgt_1
	rm $tpg/lun/lun_0/disk
	rmdir $tpg/lun/lun_0 $tpg ${tpg%/*} $core
}

# What the guest has reserved, by the word of the target.
san_is_reserved() {
	grep -qi 'write exclusive' $TARGET/core/iblock_0/pr/pr/res_pr_type
	grep -q 0x0000000000000abc $TARGET/core/iblock_0/pr/pr/res_pr_registered_i_pts
}

make_partition() {
	load_vmb
	make_san
	nullb nullb0 32 discard=1 cache_size=1
	nullb nullb1 24 blocksize=4096
	modprobe scsi_debug dev_size_mb=16 physblk_exp=3 lbpu=1 lbpws=1 delay=0
	load sd_mod
	wait_for 20 debug_disk
	nullb nullb3 16
	lun vm scsi.0 0 /dev/nullb0
	lun vm scsi.0 1 /dev/nullb1
	lun vm scsi.0 2 "/dev/$(debug_disk)" id=naa.6001122334455667788990aabbccddee
	lun vm scsi.0 3 /dev/nullb3 readonly=1
	lun vm scsi.0 $PR_DISK "/dev/$(san_disk)"
	offer vm scsi.0
}

# The block layer's word for it, not ours: what the guest is to find.
expect() {
	local lun name queue
	for lun in $DISKS $PR_DISK; do
		name=$(basename "$(cat "$VMB/vm/scsi.0/lun.$lun/device")")
		queue=/sys/block/$name/queue
		printf 'disk%s=%s:%s:%s:%s:%s:%s:%s:%s ' "$lun" \
			"$(cat "/sys/block/$name/size")" \
			"$(cat "$queue/logical_block_size")" \
			"$(cat "$queue/physical_block_size")" \
			"$(cat "$queue/discard_max_bytes")" \
			"$(cat "$queue/discard_granularity")" \
			"$(tr -d ' ' <"$queue/write_cache")" \
			"$(cat "$queue/rotational")" \
			"$(cat "$VMB/vm/scsi.0/lun.$lun/id")"
	done
}

start_guest() {
	expect
	l2_start main -p vm -c 2 -a "$(expect)"
}

# These disks are not all alike, or the test would prove little.
disks_differ() {
	expect
	[ "$(cat /sys/block/nullb1/queue/logical_block_size)" = 4096 ]
	[ "$(cat "/sys/block/$(debug_disk)/queue/physical_block_size")" = 4096 ]
	[ "$(cat "/sys/block/$(debug_disk)/queue/logical_block_size")" = 512 ]
	[ "$(cat /sys/block/nullb0/queue/discard_max_bytes)" != 0 ]
	[ "$(cat /sys/block/nullb1/queue/discard_max_bytes)" = 0 ]
	[ "$(cat /sys/block/nullb0/queue/write_cache)" = "write back" ]
	[ "$(cat /sys/block/nullb1/queue/write_cache)" = "write through" ]
}

l1() {
	run_test partition make_partition || return
	run_test disks-differ disks_differ
	run_test guest-starts start_guest || return
	run_test reserved-on-the-san step main reserved san_is_reserved || { give_up main vm; return; }
	run_test guest-ends l2_wait main 300 || give_up main vm
	[ ! -d $VMB/vm ] || run_test partition-goes remove_partition vm
	run_test san-goes remove_san
	rmmod scsi_debug
}

# --- the guest

# expected LUN: sets what the host said
expected() {
	local words
	words=$(tr ' ' '\n' </proc/cmdline | sed -n "s/^disk$1=//p" | tr ':' ' ')
	# shellcheck disable=SC2086
	set -- "$1" $words
	dev=$(disk "scsi.0-lun.$1")
	# the node that lets a read-only disk be asked, too
	sg=/dev/$(ls "/sys/block/${dev#/dev/}/device/scsi_generic")
	sectors=$2 block=$3 phys=$4 discard=$5 gran=$6 cache=$7 rotational=$8 id=$9
	readonly=0 thin=0
	[ "$1" != 3 ] || readonly=1
	[ "$discard" = 0 ] || thin=1
	blocks=$((sectors * 512 / block))
}

# be FILE OFFSET LENGTH: a big-endian number
be() {
	hexdump -v -s "$2" -n "$3" -e '1/1 "%u "' "$1" |
		awk '{ for (i = 1; i <= NF; i++) v = v * 256 + $i; printf "%d", v }'
}

# bits FILE OFFSET MASK
bits() { echo $(($(be "$1" "$2" 1) & $3)); }

# A command with a "!" before it passes set -e either way.
refuses() { if "$@"; then echo "not refused: $*"; return 1; fi; }

differ() { refuses cmp -s "$1" "$2"; }

# same WHAT SEEN EXPECTED
same() { [ "$2" = "$3" ] || { echo "$1 is '$2', not '$3'"; return 1; }; }

vpd() { sg_vpd -p "$1" -r "$sg" >"/tmp/vpd.$1"; }

t_inquiry() {
	sg_inq "$sg" >/tmp/inq
	grep -q 'Vendor identification: Msft' /tmp/inq
	grep -q 'Product identification: Virtual Disk' /tmp/inq
	grep -q 'Peripheral device type: disk' /tmp/inq
	vpd 0x00
	same pages "$(hexdump -v -s 4 -e '1/1 "%02x "' /tmp/vpd.0x00)" "00 80 83 b0 b1 b2 "
	vpd 0x80
	same serial "$(tail -c +5 /tmp/vpd.0x80)" "scsi.0-lun.$lun"
	# the first designator is the configured one: binary, NAA, of the unit
	vpd 0x83
	same designator "$(hexdump -v -s 4 -n 2 -e '1/1 "%02x"' /tmp/vpd.0x83)" 0103
	same name "naa.$(hexdump -v -s 8 -n "$(be /tmp/vpd.0x83 7 1)" -e '1/1 "%02x"' /tmp/vpd.0x83)" "$id"
}

t_capacity() {
	sg_readcap --16 --raw "$sg" >/tmp/cap
	same "last block" "$(be /tmp/cap 0 8)" $((blocks - 1))
	same "block size" "$(be /tmp/cap 8 4)" "$block"
	same "physical block size" $((block << $(bits /tmp/cap 13 15))) "$phys"
	same thin "$(bits /tmp/cap 14 128)" $((thin * 128))
	sg_readcap --raw "$sg" >/tmp/cap
	same "last block of (10)" "$(be /tmp/cap 0 4)" $((blocks - 1))
	same "block size of (10)" "$(be /tmp/cap 4 4)" "$block"
}

t_limits() {
	vpd 0xb0
	[ "$(be /tmp/vpd.0xb0 8 4)" -gt 0 ]
	if [ $thin = 1 ]; then
		[ "$(be /tmp/vpd.0xb0 20 4)" -gt 0 ]
		[ "$(be /tmp/vpd.0xb0 24 4)" -gt 0 ]
		same granularity $(($(be /tmp/vpd.0xb0 28 4) * block)) "$gran"
	else
		same "unmap blocks" "$(be /tmp/vpd.0xb0 20 4)" 0
		same "unmap descriptors" "$(be /tmp/vpd.0xb0 24 4)" 0
	fi
	vpd 0xb1
	same "does not rotate" "$(be /tmp/vpd.0xb1 4 2)" $((1 - rotational))
	vpd 0xb2
	same "LBPU, LBPWS, LBPWS10" "$(bits /tmp/vpd.0xb2 5 224)" $((thin * 224))
}

t_mode() {
	local at
	sg_modes -p 8 -r "$sg" >/tmp/mode
	at=$((8 + $(be /tmp/mode 6 2)))
	same "write protection" "$(bits /tmp/mode 3 128)" $((readonly * 128))
	same page "$(bits /tmp/mode $at 63)" 8
	case $cache in
	writeback) same WCE "$(bits /tmp/mode $((at + 2)) 4)" 4 ;;
	*) same WCE "$(bits /tmp/mode $((at + 2)) 4)" 0 ;;
	esac
	# and what the guest's own driver made of it
	same "guest's cache" "$(tr -d ' ' <"/sys/block/${dev#/dev/}/queue/write_cache")" "$cache"
	same "guest's lock" "$(cat "/sys/block/${dev#/dev/}/ro")" $readonly
}

t_queries() {
	sg_turs -n 4 "$sg"
	sg_requests "$sg"
	sg_sync "$sg"
	sg_start --start "$sg"
	sg_start --stop "$sg"
	sg_turs "$sg"
	sg_verify -l 0 -c 8 "$sg"
	# no such block
	refuses sg_verify -l $blocks -c 1 "$sg"
	sg_luns -r "$sg" >/tmp/luns
	same "bytes of LUNs" "$(be /tmp/luns 0 4)" 40
}

t_opcodes() {
	sg_opcodes -n "$sg" >/tmp/opcodes
	for name in 'Read(16)' 'Write(10)' 'Synchronize cache(16)' 'Report luns' 'Persistent reserve out'; do
		grep -qiF "$name" /tmp/opcodes || { echo "no $name"; return 1; }
	done
	if [ $thin = 1 ]; then
		grep -qi unmap /tmp/opcodes
	else
		refuses grep -i unmap /tmp/opcodes
	fi
}

read_blocks() { dd if="$dev" bs="$block" skip="$1" count="$2" iflag=direct of=/tmp/read; }

# A block goes to sixteen places; what is unmapped reads as zeros.
t_write_same() {
	fill /tmp/fill 1 same
	head -c "$block" /tmp/fill >/tmp/block
	if [ $readonly = 1 ]; then
		refuses sg_write_same -S -l 32 -n 16 --in=/tmp/block "$sg"
		refuses dd if=/tmp/block of="$dev" bs="$block" oflag=direct
		return
	fi
	dd if=/tmp/fill of="$dev" bs="$block" count=64 oflag=direct
	sg_write_same -S -l 32 -n 16 --in=/tmp/block "$sg"
	read_blocks 32 16
	for i in $(seq 0 15); do
		dd if=/tmp/read bs="$block" skip="$i" count=1 | cmp - /tmp/block
	done
	# neither the one before nor the one behind
	read_blocks 31 1
	differ /tmp/read /tmp/block
	read_blocks 48 1
	differ /tmp/read /tmp/block
}

t_unmap() {
	if [ $thin = 0 ]; then
		refuses sg_unmap -l 8 -n 8 -f "$sg"
		return
	fi
	head -c "$block" /dev/zero >/tmp/zero
	sg_unmap -l 8 -n 8 -f "$sg"
	read_blocks 8 8
	head -c $((8 * block)) /dev/zero | cmp - /tmp/read
	read_blocks 7 1
	differ /tmp/zero /tmp/read
	read_blocks 16 1
	differ /tmp/zero /tmp/read
}

keys() { sg_persist -n -i -k "$sg" | grep -c '^ *0x'; }

t_persist() {
	sg_persist -n -o -G -S 0xabc "$sg"
	sg_persist -n -i -k "$sg" | grep -q 0xabc
	sg_persist -n -o -R -K 0xabc -T 1 "$sg"
	sg_persist -n -i -r "$sg" | grep -qi 'write exclusive'
	[ "$lun" != $PR_DISK ] || sync_l1 reserved
	read_blocks 0 8
	sg_persist -n -o -L -K 0xabc -T 1 "$sg"
	sg_persist -n -i -r "$sg" >/tmp/reservation
	refuses grep -qi 'write exclusive' /tmp/reservation
	# A key that nobody has: RESERVATION CONFLICT, by the program's status
	status=0
	sg_persist -n -o -R -K 0xdef -T 1 "$sg" || status=$?
	same conflict $status 24
	sg_persist -n -i -r "$sg" >/tmp/reservation
	refuses grep -qi 'write exclusive' /tmp/reservation
	sg_persist -n -o -G -K 0xabc -S 0 "$sg"
	same keys "$(keys)" 0
}

# storvsc resets a whole host only, with a bus reset; every disk says so once.
reset() {
	local lun
	expected 0
	sg_reset -N -H "$sg"
	for lun in $DISKS; do
		expected "$lun"
		refuses sg_turs "$sg"
		sg_turs "$sg"
		read_blocks 0 8
	done
}

# query NAME LUN: a test, with what is known of that disk
query() {
	lun=$2
	expected "$lun"
	"t_$1"
}

drivers() {
	drivers_load scsi.0-lun.0 scsi.0-lun.1 scsi.0-lun.2 scsi.0-lun.3 scsi.0-lun.$PR_DISK
	load sg
}

l2() {
	local what lun
	run_test drivers drivers || poweroff -f
	for lun in $DISKS; do
		for what in inquiry capacity limits mode queries opcodes write_same unmap persist; do
			run_test "$what-$lun" query $what "$lun"
		done
	done
	run_test persist-$PR_DISK query persist $PR_DISK
	run_test reset reset
}
