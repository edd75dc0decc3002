# SPDX-License-Identifier: GPL-2.0
#
# The kernel's log, checked between marks that the harness writes into it.
# The host applies splats.regex, the same list, to the consoles.

# One expression instead of a list: busybox would try each on every line.
KMSG_SPLAT=$(awk '{ all = all (NR > 1 ? "|" : "") $0 } END { print all }' /harness/splats.regex)

kmsg_mark() { echo "<6>harness-mark: $1" >/dev/kmsg; }

# kmsg_check_since MARK: fails when the kernel complained after the last such mark, or
# ever, where it has been overwritten. The lines are kept. By two processes: each takes a
# tenth of a second in an emulated machine with all checkers on, and every test asks.
kmsg_check_since() {
	dmesg >"$HARNESS/kmsg"
	awk -v mark="harness-mark: $1" -v splat="$KMSG_SPLAT" '
		index($0, mark) { n = 0 }
		{ line[n++] = $0 }
		END {
			for (i = 0; i < n; i++)
				if (line[i] ~ splat) { print line[i]; bad = 1 }
			exit bad
		}' "$HARNESS/kmsg" >"$HARNESS/kmsg.splat"
}

kmsg_splat() { echo "kernel log: $(head -n 1 "$HARNESS/kmsg.splat")"; }

KMEMLEAK=/sys/kernel/debug/kmemleak

# Two scans: an object is reported when it was unreferenced in both and is
# older than five seconds, so give the youngest that time.
kmemleak_check() {
	[ -w $KMEMLEAK ] || return 0
	echo scan >$KMEMLEAK
	sleep 6
	echo scan >$KMEMLEAK
	cat $KMEMLEAK >"$HARNESS/kmemleak"
	[ ! -s "$HARNESS/kmemleak" ] && return
	cat "$HARNESS/kmemleak"
	return 1
}
