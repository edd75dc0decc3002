# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
#
# Our own modules in a guest that has the kernel of the host.

OURS=/harness/ours
OURS_MODULES='vmb vmb_guest storport vsc_wire vsc_stor'

# --- the KVM host

# What follows an archive is read as one with it. OURS_FILES go along.
guest_drivers() {
	local m
	mkdir -p /tmp/ours$OURS
	[ -z "${OURS_FILES:-}" ] || cp $OURS_FILES /tmp/ours$OURS || return
	for m in $OURS_MODULES; do cp "/harness/modules/$m.ko" /tmp/ours$OURS || return; done
	(cd /tmp/ours && find harness | cpio -o -H newc) >/tmp/ours.cpio
	rm -r /tmp/ours
	# the kernel wants the next archive at a multiple of four
	truncate -s "$((($(stat -c %s /l2/run.cpio) + 511) / 512 * 512))" /l2/run.cpio
	cat /tmp/ours.cpio >>/l2/run.cpio
}

# --- the guest

vsc_load() {
	local m
	load scsi_mod || return
	for m in $OURS_MODULES; do insmod "$OURS/$m.ko" || return; done
}

vsc_unload() {
	local m
	for m in vsc_stor vsc_wire storport vmb_guest vmb; do rmmod "$m" || return; done
}
