# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: Debian boots from its own IDE disk, with the drivers that it comes with

ROOT_DISK=inbox
PLAN=12
TIMEOUT=900

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/root.sh"

# --- the guest

# Its firmware is Hyper-V's: ata_piix leaves the disk to the other driver.
inbox_drivers() {
	driver
	[ "$(driver)" = storvsc_host ]
	if grep -E '^(vmb|vsc)_?' /proc/modules; then return 1; fi
}

tests_of_drivers() {
	run_test drivers inbox_drivers
	run_test reads-back reads_back
}
