# SPDX-License-Identifier: GPL-2.0
include "gnuplot";

def network:
	map({panel: {"Mb/s": "Mb/s", "1/s": "round trips per second"}[.unit], series: .driver,
		x: .workload, y: .value, low: .min, high: .max}) |
	if any(.[]; .y == null or .panel == null) then error("an object without value or unit") else . end |
	bars("median of the rounds");
