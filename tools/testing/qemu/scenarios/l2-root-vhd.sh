# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: Debian boots from its own IDE disk with our fastpath, by initramfs-tools; the disk is in a VHD

ROOT_DISK=fastpath
ROOT_FORMAT=vhd
TIMEOUT=1200

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/vhd.sh"
. "$SCENARIO_LIB/root.sh"
. "$SCENARIO_LIB/fastpath.sh"
. "$SCENARIO_LIB/root-image.sh"
PLAN=17
