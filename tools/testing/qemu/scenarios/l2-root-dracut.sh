# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: Debian boots from its own IDE disk with our fastpath, by dracut

ROOT_DISK=dracut
PLAN=13
TIMEOUT=900

. "$SCENARIO_LIB/disks.sh"
. "$SCENARIO_LIB/root.sh"
. "$SCENARIO_LIB/fastpath.sh"
