# SPDX-License-Identifier: GPL-2.0
#
# The kernel's log, checked between marks that the harness writes into it.
# The host applies splats.regex, the same list, to the consoles.

# One expression instead of a list: busybox would try each on every line.
KMSG_SPLAT=$(awk '{ all = all (NR > 1 ? "|" : "") $0 } END { print all }' /harness/splats.regex)

kmsg_mark() { echo "<6>harness-mark: $1" >/dev/kmsg; }

# kmsg_check_since MARK: fails when the kernel complained after the mark, or
# ever, where the mark has been overwritten. The lines are kept.
kmsg_check_since() {
	dmesg >"$HARNESS/kmsg"
	if grep -qF "harness-mark: $1" "$HARNESS/kmsg"; then
		# From the last such mark on.
		awk -v mark="harness-mark: $1" '
			{ line[NR] = $0 }
			index($0, mark) { from = NR }
			END { for (i = from; i <= NR; i++) print line[i] }' \
			"$HARNESS/kmsg" >"$HARNESS/kmsg.since"
	else
		cp "$HARNESS/kmsg" "$HARNESS/kmsg.since"
	fi
	! grep -E "$KMSG_SPLAT" "$HARNESS/kmsg.since" >"$HARNESS/kmsg.splat"
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
