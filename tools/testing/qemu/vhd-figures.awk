# SPDX-License-Identifier: GPL-2.0
#
# median.awk, vhd-figures.awk -v json=FILE: of the lines that scenarios/vhd-bench.sh leaves, a
# table and a list of objects, one for each driver, workload and backing in the
# order they were first measured in. IOPS and latencies are medians over the rounds.
#
#   backing NAME: of the lines from here on
#   fio DRIVER WORKLOAD ROUND IOPS P50 P99
#   counts DRIVER WORKLOAD IOS, then context switches and threads woken before and
#	after; a run of one I/O comes before that of many
#   open SIZE START END: s

function per_io(value) { return value == "" ? "-" : sprintf("%.3f", value) }
function json_of(value) { return value == "" ? "null" : sprintf("%.4f", value) }

$1 == "backing" { backing = $2; next }
$1 == "open" { opened = sprintf("An image of %s was open in %.2f s.\n", $2, $4 - $3); next }

{ key = $2 " " $3 " " backing; at = $3 " " backing }

$1 == "fio" {
	if (!(key in iops)) order[++keys] = key
	iops[key] = iops[key] " " $5
	p50[key] = p50[key] " " $6
	p99[key] = p99[key] " " $7
	rounds[key]++
}

$1 == "counts" {
	if ($4 > 1) {
		switches[key] = ($7 - $5 - own_switches) / ($4 - 1)
		woken[key] = ($8 - $6 - own_woken) / ($4 - 1)
	}
	own_switches = $7 - $5
	own_woken = $8 - $6
}

END {
	line = "%-17s %8s %17s %8s %8s %9s %6s %6s\n"
	printf "[\n" >json
	for (i = 1; i <= keys; i++) {
		key = order[i]
		split(key, k, " ")
		at = k[2] " " k[3]
		if (k[1] ~ /^chain/) at = "of chains, " at
		med = median(iops[key])
		if (at != last) {
			# what the others are compared with comes first
			base = med
			last = at
			printf "\n%s; medians of %d rounds; the last two columns per I/O\n\n", at, rounds[key]
			printf line, "driver", "IOPS", "from - to", "p50 us", "p99 us", "of " k[1], "switch", "woken"
		}
		printf line, k[1], sprintf("%.0f", med), sprintf("%d - %d", least(iops[key]), most(iops[key])),
			median(p50[key]), median(p99[key]), sprintf("%.3f", med / base),
			per_io(switches[key]), per_io(woken[key])
		printf "  {\"driver\": \"%s\", \"backing\": \"%s\", \"workload\": \"%s\", \"iops\": %.0f, \"iops_min\": %d, \"iops_max\": %d, \"rounds\": %d, \"p50_us\": %s, \"p99_us\": %s, \"of_first\": %.4f, \"context_switches\": %s, \"threads_woken\": %s}%s\n",
			k[1], k[3], k[2], med, least(iops[key]), most(iops[key]), rounds[key],
			median(p50[key]), median(p99[key]), med / base, json_of(switches[key]),
			json_of(woken[key]), (i < keys ? "," : "") >json
	}
	printf "]\n" >json
	printf "\n%s", opened
}
