# SPDX-License-Identifier: GPL-2.0
include "gnuplot";

def scaling:
	(if all(.io[]; .instructions) then "instructions" else "ns" end) as $what |
	.io | map({panel: (if .depth == 1 then "one I/O at a time" else "bursts of \(.depth) I/Os" end),
		series: .series, x: .count, y: .[$what], low: .["\($what)_min"], high: .["\($what)_max"]}) |
	if any(.[]; .y == null) then error("an object without \($what)") else . end |
	lines("how many"; "\($what) per I/O");
