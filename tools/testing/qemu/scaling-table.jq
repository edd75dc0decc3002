# SPDX-License-Identifier: GPL-2.0
#
# The list of scaling.jq as a table.

def pad($n): tostring | " " * ([$n - length, 0] | max) + .;
def fixed($n): if . == null then "-" else . * pow(10; $n) | round | tostring |
	if $n == 0 then . else ("0" * ([$n + 1 - length, 0] | max) + .) | .[:-$n] + "." + .[-$n:] end end;
def row($cells): [range($cells | length)] | map(. as $i | $cells[$i] | pad([11, 6, 6, 9, 8, 19, 8, 9][$i])) | join("  ");

"\nWhat an I/O costs, processes playing the guests; medians of \(.io[0].rounds) rounds, per I/O\n",
row(["series", "count", "depth", "ns", "insns", "from - to", "woken", "switches"]),
(.io[] | row([.series, .count, .depth, (.ns | fixed(0)), (.instructions | fixed(0)),
	(if .instructions then "\(.instructions_min | fixed(0)) - \(.instructions_max | fixed(0))" else "-" end),
	(.threads_woken | fixed(4)), (.context_switches | fixed(4))])),
"\nMemory of the kernel, on average of \(.memory.partitions): idle partition \(.memory.partition_bytes) bytes, idle channel \(.memory.channel_bytes) bytes"
