# SPDX-License-Identifier: GPL-2.0
#
# Medians over the rounds, one object and one table line for each driver and
# queue depth, in the order they were first measured in.

function median(list,    n, v, i, j, t) {
	n = split(list, v, " ")
	for (i = 1; i <= n; i++)
		for (j = i + 1; j <= n; j++)
			if (v[j] + 0 < v[i] + 0) { t = v[i]; v[i] = v[j]; v[j] = t }
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}

$1 == "idle" { idle_woken += $10 - $5; idle_time += $11 - $6; next }

{ key = $2 " " $3; if (!(key in seen)) { seen[key]; order[++keys] = key } }

$1 == "fio" {
	iops[key] = iops[key] " " $5
	p50[key] = p50[key] " " $6
	p99[key] = p99[key] " " $7
	rounds[key]++
}

$1 == "counts" {
	ios[key] += $10 - $5
	user[key] += $11 - $6
	exits[key] += $12 - $7
	woken[key] += $13 - $8
	time[key] += $14 - $9
}

END {
	line = "%-16s %4s %8s %8s %8s %11s %9s %13s\n"
	printf "\n4 KiB random reads, null_blk; medians of %d rounds; the last three columns per I/O\n\n", rounds[order[1]]
	printf line, "driver", "QD", "IOPS", "p50 us", "p99 us", "user exits", "VM exits", "threads woken"
	printf "[\n" >json
	for (i = 1; i <= keys; i++) {
		key = order[i]
		split(key, k, " ")
		n = ios[key] ? ios[key] : 1
		# what is woken anyway is nobody's
		woken[key] -= idle_woken / idle_time * time[key]
		if (woken[key] < 0)
			woken[key] = 0
		printf line, k[1], k[2], sprintf("%.0f", median(iops[key])), median(p50[key]), median(p99[key]),
			sprintf("%.4f", user[key] / n), sprintf("%.2f", exits[key] / n), sprintf("%.3f", woken[key] / n)
		printf "  {\"driver\": \"%s\", \"backing\": \"null_blk\", \"workload\": \"randread-4k-qd%s\", \"iops\": %.0f, \"rounds\": %d, \"p50_us\": %s, \"p99_us\": %s, \"user_exits\": %.5f, \"vm_exits\": %.3f, \"threads_woken\": %.4f}%s\n",
			k[1], k[2], median(iops[key]), rounds[key], median(p50[key]), median(p99[key]),
			user[key] / n, exits[key] / n, woken[key] / n, i < keys ? "," : "" >json
		med[key] = median(iops[key])
	}
	printf "]\n" >json
	for (i = 1; i <= 2; i++) {
		qd = i == 1 ? 1 : 32
		printf "%sQD%d: vmb is %.1f times emulated IDE, %.2f times vhost-scsi\n", i == 1 ? "\n" : "", qd,
			med["vmb+hv_storvsc " qd] / med["ide-emulated " qd], med["vmb+hv_storvsc " qd] / med["vhost-scsi " qd]
	}
}
