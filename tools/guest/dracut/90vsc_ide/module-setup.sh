#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# dracut: what vsc-ide-load loads, and what modprobe is to know.

# shellcheck disable=SC2154 # moddir is dracut's

check() {
	return 0
}

depends() {
	return 0
}

installkernel() {
	# "=" would take a folder: these are names; those that are not there are left out
	hostonly='' instmods vsc_ide vsc_ide_vmb vsc_net ata_piix sd_mod
}

install() {
	inst_simple /etc/modprobe.d/vsc_ide.conf
	inst_hook pre-udev 10 "$moddir/vsc-ide-load"
}
