# SPDX-License-Identifier: GPL-2.0
#
# What only the guest's scenario function may call.

machine_setup() {
	local answer
	# The host answers which boot of this guest this is, from 1 on.
	report hello
	# shellcheck disable=SC3045 # busybox has it
	read -r -t 30 answer <&3 || answer=''
	L2_BOOT=${answer#boot }
	[ "$answer" != "$L2_BOOT" ] || { fail l2-hello "the host answered '$answer'"; poweroff -f; }
	export L2_BOOT
}

machine_finish() {
	kmsg_check_since start || fail l2-end "$(kmsg_splat)"
	# The console is slow: it shows warnings only, and all of it after a failure.
	grep -q ^fail "$HARNESS/executed" && dmesg
	return 0
}

# sync_l1 WORD: tells the host's scenario and waits for it to say go.
sync_l1() {
	local answer
	report "sync $1"
	while read -r answer <&3; do
		[ "$answer" = "go $1" ] && return
	done
	return 1
}
