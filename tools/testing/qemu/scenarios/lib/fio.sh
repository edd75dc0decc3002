# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What fio says, in either machine.

# fio_note DRIVER WORKLOAD ROUND FILE: IOPS and latencies of the one direction that was
# used, from fio's terse output, version 3
fio_note() {
	note "fio $1 $2 $3 $(awk -F';' -v write="$(case $2 in *write*) echo 1 ;; *) echo 0 ;; esac)" '
		$1 == 3 {
			if ($5 != 0) exit 1
			first = write ? 59 : 18
			for (i = first; i < first + 20; i++) {
				split($i, p, "=")
				if (p[1] == "50.000000%") p50 = p[2]
				if (p[1] == "99.000000%") p99 = p[2]
			}
			print (write ? $49 : $8), p50, p99
		}' "$4")"
}
