# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
#
# What a guest finds whose boot disk vsc_ide has taken over VMBus.

number() { cat "$ATTRS/fastpath_$1"; }

by_vmbus() {
	wait_for 30 grep -qx vmbus $ATTRS/fastpath || { dmesg | grep -E 'sd |ata|vsc_ide|vmb' | tail -n 8; return 1; }
	driver
	[ "$(driver)" = vsc_ide ]
	if grep -E '^(ata_piix|hv_vmbus|hv_storvsc) ' /proc/modules; then return 1; fi
	[ "$(number cut_overs)" = 1 ]
	[ "$(number cut_backs)" = 0 ]
	[ "$(number strangers)" = 0 ]
}

# What comes before the channel is there is what finds and names the disk; what
# a system reads until its login is many times that.
login_by_vmbus() {
	note "at the login: registers=$(number registers) vmbus=$(number channel)" \
		"held=$(number held) reissues=$(number reissues)"
	[ "$(number channel)" -gt $(($(number registers) * 3)) ]
}

registers_stand_still() {
	local registers channel
	registers=$(number registers)
	channel=$(number channel)
	reads_back
	[ "$(number registers)" = "$registers" ]
	[ "$(number channel)" -gt $((channel + 64)) ]
}

tests_of_drivers() {
	run_test by-vmbus by_vmbus
	run_test login-by-vmbus login_by_vmbus
	run_test registers-stand-still registers_stand_still
}
