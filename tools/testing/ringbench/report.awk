# SPDX-License-Identifier: GPL-2.0
#
# Medians and spread over the rounds, of lines
#   ring NAME BYTES BATCH QUICKEST MEDIAN MEAN	ns per packet
#   loop DEVICE DEPTH IOPS
# as a table and as JSON, in the order in which each was first measured.

# sorted(KEY): leaves the values of a key in v[], in order
function sorted(key,    i, j, t) {
	for (i = 1; i <= nr[key]; i++)
		v[i] = value[key, i]
	for (i = 1; i <= nr[key]; i++)
		for (j = i + 1; j <= nr[key]; j++)
			if (v[j] + 0 < v[i] + 0) { t = v[i]; v[i] = v[j]; v[j] = t }
}
function median(key,    n) {
	sorted(key)
	n = nr[key]
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
function add(key, x) {
	if (!(key in nr))
		nr[key] = 0
	value[key, ++nr[key]] = x
}

{
	key = $1 == "ring" ? $1 " " $2 " " $3 " " $4 : $1 " " $2 " " $3
	if (!(key in nr)) order[++keys] = key
	if ($1 == "ring") {
		add(key, $5)
		add(key " median", $6)
		add(key " mean", $7)
	} else {
		add(key, $4)
	}
}

END {
	printf "\nRings between two CPUs: ns per packet, of %d rounds\n\n", nr[order[1]]
	line = "%-16s %6s %6s %10s %10s %10s %14s\n"
	printf line, "ring", "bytes", "batch", "median", "least", "most", "messages/s"
	printf "{\n  \"quick\": %s,\n  \"ring\": [\n", quick == "" ? "false" : "true" >json
	for (i = 1; i <= keys; i++) {
		split(order[i], k, " ")
		if (k[1] != "ring")
			break
		m = median(order[i]); least = v[1]; most = v[nr[order[i]]]
		last = i == keys || order[i + 1] !~ /^ring /
		printf line, k[2], k[3] ? k[3] : "-", k[4], sprintf("%.1f", m), sprintf("%.1f", least), sprintf("%.1f", most), sprintf("%.0f", 1e9 / m)
		printf "    {\"ring\": \"%s\", \"bytes\": %d, \"batch\": %d, \"rounds\": %d, \"ns_per_packet\": %.2f, \"ns_least\": %.2f, \"ns_most\": %.2f, \"ns_median_chunk\": %.2f, \"ns_mean\": %.2f, \"messages_per_second\": %.0f}%s\n", k[2], k[3], k[4], nr[order[i]], m, least, most, median(order[i] " median"), median(order[i] " mean"), 1e9 / m, last ? "" : "," >json
	}
	printf "  ],\n  \"loop\": [\n" >json
	printf "\nDisks in one kernel: 4 KiB random reads per second\n\n"
	line = "%-16s %6s %10s %10s %10s\n"
	printf line, "disk", "depth", "median", "least", "most"
	for (; i <= keys; i++) {
		split(order[i], k, " ")
		m = median(order[i])
		name = k[2] == "sda" ? "vmb_loop" : "null_blk"
		printf line, name, k[3], sprintf("%.0f", m), sprintf("%.0f", v[1]), sprintf("%.0f", v[nr[order[i]]])
		printf "    {\"disk\": \"%s\", \"depth\": %d, \"rounds\": %d, \"iops\": %.0f, \"iops_least\": %.0f, \"iops_most\": %.0f}%s\n", name, k[3], nr[order[i]], m, v[1], v[nr[order[i]]], i < keys ? "," : "" >json
	}
	printf "  ]\n}\n" >json
}
