# SPDX-License-Identifier: GPL-2.0
#
# median.awk, figures.awk -v json=FILE: of the lines that lib/measure.sh
# leaves, a table and a list of objects, one for each driver and workload in the
# order they were first measured in. IOPS and latencies are medians over the
# rounds; what is counted is of all rounds together.
#
#   fio DRIVER WORKLOAD ROUND IOPS P50 P99
#   counts DRIVER WORKLOAD ROUND, then I/Os, exits to user mode, VM exits,
#	interrupts, threads woken, context switches, the time in 10 ms, and VMBus
#	signals to the host, before and after
#   idle, then the same
#   vcpus NUMBER: of the guest that the lines from here on are about
#   backing NAME: of the disks that they are about; null_blk at first

# per_io COUNT KEY: what happens anyway is nobody's
function per_io(count, anyway, key,    n) {
	n = count - (idle_time ? anyway / idle_time * time[key] : 0)
	return n > 0 && ios[key] ? n / ios[key] : 0
}

function per_io_json(name, value) { return sprintf(", \"%s\": %.5f", name, value) }

BEGIN { vcpus = 1; backing = "null_blk" }

$1 == "vcpus" { vcpus = $2; next }
$1 == "backing" { backing = $2; next }

$1 == "idle" {
	idle_woken += $14 - $6
	idle_switches += $15 - $7
	idle_time += $16 - $8
	next
}

{ key = $2 " " $3 " " vcpus " " backing; if (!(key in seen)) { seen[key]; order[++keys] = key } }

$1 == "fio" {
	iops[key] = iops[key] " " $5
	p50[key] = p50[key] " " $6
	p99[key] = p99[key] " " $7
	rounds[key]++
}

$1 == "counts" {
	ios[key] += $13 - $5
	user[key] += $14 - $6
	exits[key] += $15 - $7
	interrupts[key] += $16 - $8
	woken[key] += $17 - $9
	switches[key] += $18 - $10
	time[key] += $19 - $11
	signals[key] += $20 - $12
}

END {
	line = "%-15s %8s %17s %8s %8s %7s %7s %7s %7s %7s %8s\n"
	printf "[\n" >json
	for (i = 1; i <= keys; i++) {
		key = order[i]
		split(key, k, " ")
		if (k[2] " " k[3] " " k[4] != last) {
			last = k[2] " " k[3] " " k[4]
			printf "\n%s, %s, %d vCPU%s; medians of %d rounds; the last six columns per I/O\n\n",
				k[2], k[4], k[3], (k[3] > 1 ? "s" : ""), rounds[key]
			printf line, "driver", "IOPS", "from - to", "p50 us", "p99 us", "user x", "VM x", "signals", "irqs", "woken", "switches"
		}
		med[key] = median(iops[key])
		u = per_io(user[key], 0, key)
		x = per_io(exits[key], 0, key)
		g = per_io(signals[key], 0, key)
		q = per_io(interrupts[key], 0, key)
		w = per_io(woken[key], idle_woken, key)
		s = per_io(switches[key], idle_switches, key)
		printf line, k[1], sprintf("%.0f", med[key]), sprintf("%d - %d", least(iops[key]), most(iops[key])),
			median(p50[key]), median(p99[key]),
			sprintf("%.4f", u), sprintf("%.2f", x), sprintf("%.3f", g), sprintf("%.2f", q), sprintf("%.3f", w), sprintf("%.3f", s)
		printf "  {\"driver\": \"%s\", \"backing\": \"%s\", \"workload\": \"%s\", \"vcpus\": %d, \"iops\": %.0f, \"iops_min\": %d, \"iops_max\": %d, \"rounds\": %d, \"p50_us\": %s, \"p99_us\": %s%s}%s\n",
			k[1], k[4], k[2], k[3], med[key], least(iops[key]), most(iops[key]), rounds[key],
			median(p50[key]), median(p99[key]),
			per_io_json("user_exits", u) per_io_json("vm_exits", x) per_io_json("signals", g) per_io_json("interrupts", q) \
			per_io_json("threads_woken", w) per_io_json("context_switches", s),
			(i < keys ? "," : "") >json
		if (k[1] ~ /^v/ && k[1] !~ /^vmb/ && med[key] > med[best[last]]) best[last] = key
	}
	printf "]\n" >json
	printf "\n"
	for (i = 1; i <= keys; i++) {
		key = order[i]
		split(key, k, " ")
		at = k[2] " " k[3] " " k[4]
		ide = med["ide-emulated " at]
		if (k[1] !~ /^vmb/ || !ide || !med[best[at]])
			continue
		split(best[at], peer, " ")
		printf "%s, %s: %s is %.1f times emulated IDE, %.2f times %s\n", k[2], k[4], k[1],
			med[key] / ide, med[key] / med[best[at]], peer[1]
	}
}
