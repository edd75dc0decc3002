# SPDX-License-Identifier: GPL-2.0
#
# What only the scenario function of a host in User Mode Linux may call. It has no guests.

. /harness/l1.sh

# A serial line, as there is no virtio.
FILES=/dev/ttyS2

machine_setup() {
	stty -F $FILES raw -echo -echoe -echok
	mounts_setup
}

vport() { [ "$1" = files ] && echo $FILES; }
