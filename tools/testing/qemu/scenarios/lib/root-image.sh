# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2153,SC2154
#
# What root.sh boots, with an image of ROOT_FORMAT under the disk: one block device
# for the firmware, QEMU's IDE and our channel.

L1_MANIFEST="$L1_MANIFEST
bin /usr/bin/qemu-img"
L1_MEM=3G

root_disk() { echo "$DEV"; }
root_partition() { echo "${DEV}p1"; }

# As qemu-img makes it of what the other scenarios boot from.
make_image() {
	qemu-img convert -f raw -O "$(qemu_format "$IMAGE")" "$(host_disk $ROOT_DISK)" "$IMAGE"
	attach "$IMAGE"
	[ -b "$(root_partition)" ]
}

image_goes() {
	cat $VHD/t/counters
	[ "$(awk '$1 == "direct" { print $2 }' $VHD/t/counters)" -gt 1000 ]
	[ "$(awk '$1 == "errors" { print $2 }' $VHD/t/counters)" = 0 ]
	detach
	sound "$IMAGE"
}

l1() {
	IMAGE=/tmp/root.$ROOT_FORMAT
	run_test module-load load_ours vhd
	run_test image make_image || return
	# a test is a process of its own
	DEV=/dev/$(cat $VHD/t/device)
	boot_root
	run_test image-goes image_goes
	run_test module-unload rmmod vhd
}
