# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# DESCRIPTION: the modules load and unload, twice, on Debian's own kernel

PLAN=4

l1() {
	run_test load load_vmb
	run_test unload unload_vmb
	run_test load-again load_vmb
	run_test unload-again unload_vmb
}
