# SPDX-License-Identifier: GPL-2.0
#
# Of the lines of scale_bench, a list of medians over the rounds, each with what
# there is more than one of, and how many; and the memory of what is idle. The run
# with one of each begins every series.

def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def series:
	if .partitions > 1 then ["partitions"] elif .luns > 1 then ["luns"] elif .channels > 1 then ["channels"]
	else ["partitions", "luns", "channels"] end;
def spread(f): map(f) | if any(. == null) then null else {median: median, min: min, max: max} end;

map(select(has("ns"))) as $rounds |
{
	io: [
		$rounds | group_by([.depth, .partitions, .luns, .channels])[] |
		. as $r | .[0] as $first | ($first | series)[] as $s |
		($r | spread(.instructions)) as $i | ($r | spread(.ns)) as $ns |
		{series: $s, count: $first[$s], depth: $first.depth, bytes: $first.bytes, rounds: length,
		 ns: $ns.median, ns_min: $ns.min, ns_max: $ns.max,
		 instructions: $i.median, instructions_min: $i.min, instructions_max: $i.max,
		 context_switches: ($r | map(.switches) | median),
		 threads_woken: ($r | map([.wakeups - .sleeps, 0] | max) | median),
		 guest_sleeps: ($r | map(.sleeps) | median)}
	] | sort_by([(.series | {partitions: 0, luns: 1, channels: 2}[.]), .depth, .count]),
	memory: (map(select(has("partition_bytes"))) | first)
} | if (.io | length) == 0 or .memory == null then error("a run is missing") else . end
