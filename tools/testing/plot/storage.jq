# SPDX-License-Identifier: GPL-2.0
include "gnuplot";

def storage:
	map({panel: "\(.backing), \(.vcpus) vCPU\(if .vcpus > 1 then "s" else "" end)", series: .driver,
		x: .workload, y: .iops, low: .iops_min, high: .iops_max}) |
	if any(.[]; .y == null) then error("an object without iops") else . end |
	bars("I/Os per second");
