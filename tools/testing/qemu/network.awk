# SPDX-License-Identifier: GPL-2.0
#
# median.awk, network.awk -v json=FILE: of the lines that scenarios/netbench.sh leaves,
# a table and a list of objects, one for each driver and workload. Values are medians
# over the rounds: Mb/s, or round trips per second. How many times another driver's they
# are is the median of what each round says: how busy the machine is changes. What is
# counted is of all rounds together, and per round trip, or per 1500 bytes, a full frame: offloads make packets
# of any size.
#
#   net DRIVER WORKLOAD ROUND VALUE
#   counts DRIVER WORKLOAD ROUND, then packets, bytes, exits to user mode, VM exits,
#	interrupts, threads woken, context switches, the time in 10 ms, and signals of
#	VMBus, before and after

function per(count, unit) { return unit ? count / unit : 0 }

function ratio(driver, to, what,    r, list) {
	for (r = 1; r <= rounds[driver " " what]; r++)
		if (at[to " " what, r])
			list = list " " at[driver " " what, r] / at[to " " what, r]
	return list == "" ? "-" : sprintf("%.2f", median(list))
}

# how many there were of what things are counted by
function units(key) { return key ~ /-rr$/ ? packets[key] / 2 : bytes[key] / 1500 }

{ key = $2 " " $3; if (!(key in seen)) { seen[key]; order[++keys] = key } }
!($3 in known) { known[$3]; workload[++workloads] = $3 }

$1 == "net" {
	values[key] = values[key] " " $5
	at[key, $4] = $5
	rounds[key]++
}

$1 == "counts" {
	packets[key] += $14 - $5
	bytes[key] += $15 - $6
	user[key] += $16 - $7
	exits[key] += $17 - $8
	interrupts[key] += $18 - $9
	woken[key] += $19 - $10
	switches[key] += $20 - $11
	signals[key] += $22 - $13
}

function show(key, driver, what,    u, med, unit, of_vhost) {
	u = units(key)
	med = median(values[key])
	unit = what ~ /-rr$/ ? "1/s" : "Mb/s"
	of_vhost = ratio(driver, "vhost-net", what)
	printf line, driver, sprintf("%.0f", med), sprintf("%.0f - %.0f", least(values[key]), most(values[key])),
		ratio(driver, "tulip", what), of_vhost,
		sprintf("%.4f", per(user[key], u)), sprintf("%.3f", per(exits[key], u)),
		sprintf("%.3f", per(signals[key], u)), sprintf("%.3f", per(interrupts[key], u)),
		sprintf("%.3f", per(woken[key], u)), sprintf("%.3f", per(switches[key], u))
	printf "%s  {\"driver\": \"%s\", \"workload\": \"%s\", \"vcpus\": 1, \"unit\": \"%s\", \"value\": %s, \"min\": %s, \"max\": %s, \"of_vhost\": %s, \"rounds\": %d, \"packets\": %d, \"bytes\": %.0f, \"user_exits\": %.5f, \"user_exits_per_packet\": %.5f, \"vm_exits\": %.5f, \"signals\": %.5f, \"interrupts\": %.5f, \"threads_woken\": %.5f, \"context_switches\": %.5f}",
		between, driver, what, unit, med, least(values[key]), most(values[key]), of_vhost == "-" ? "null" : of_vhost, rounds[key], packets[key], bytes[key],
		per(user[key], u), per(user[key], packets[key]), per(exits[key], u), per(signals[key], u),
		per(interrupts[key], u), per(woken[key], u), per(switches[key], u) >json
	between = ",\n"
}

END {
	line = "%-14s %7s %17s %8s %8s %8s %7s %7s %7s %7s %8s\n"
	printf "[\n" >json
	for (w = 1; w <= workloads; w++) {
		first = 1
		for (i = 1; i <= keys; i++) {
			split(order[i], k, " ")
			if (k[2] != workload[w])
				continue
			if (first)
				printf "\n%s; medians of %d rounds; the last six columns per %s\n\n" line, k[2], rounds[order[i]],
					(k[2] ~ /-rr$/ ? "round trip" : "1500 bytes"), "driver", (k[2] ~ /-rr$/ ? "1/s" : "Mb/s"),
					"from - to", "x tulip", "x vhost", "user x", "VM x", "signals", "irqs", "woken", "switches"
			first = 0
			show(order[i], k[1], k[2])
		}
	}
	printf "\n]\n" >json
}
