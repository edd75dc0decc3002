# SPDX-License-Identifier: GPL-2.0
include "gnuplot";

def ring:
	.ring | map({panel: "between two CPUs, \(if .batch == 1 then "one packet" else "\(.batch) packets" end) a publish",
		series: .ring, x: (if .bytes == 0 then "no data" else "\(.bytes) bytes" end),
		y: .ns_per_packet, low: .ns_least, high: .ns_most}) |
	if any(.[]; .y == null) then error("an object without ns_per_packet") else . end |
	bars("ns per packet");
