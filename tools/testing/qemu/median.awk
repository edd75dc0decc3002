# SPDX-License-Identifier: GPL-2.0
#
# What awk does not have, of a list of numbers in a string.

function sorted(list, v,    n, i, j, t) {
	n = split(list, v, " ")
	for (i = 1; i <= n; i++)
		for (j = i + 1; j <= n; j++)
			if (v[j] + 0 < v[i] + 0) { t = v[i]; v[i] = v[j]; v[j] = t }
	return n
}

function median(list,    n, v) {
	n = sorted(list, v)
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}

function least(list,    v) { sorted(list, v); return v[1] }
function most(list,    v) { return v[sorted(list, v)] }
