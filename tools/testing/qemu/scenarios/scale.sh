# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# DESCRIPTION: what an I/O costs by how many partitions, LUNs and channels there are

L1_CPUS=1
L1_ICOUNT=yes
TIMEOUT=1200
# it measures
CHECK=no

# --- the build machine

# What tools/testing/qemu/scale asks for; SCALE_RUNS, options of scale_bench, one run
# a line, is for a look at something else.
SCALE_COUNTS=${SCALE_COUNTS:-1 8 64}
SCALE_DEPTHS=${SCALE_DEPTHS:-1}
SCALE_ROUNDS=${SCALE_ROUNDS:-3}
SCALE_IOS=${SCALE_IOS:-4096}

runs() {
	local count depth kind
	if [ -n "${SCALE_RUNS:-}" ]; then
		printf '%s\n' "$SCALE_RUNS"
		return
	fi
	for depth in $SCALE_DEPTHS; do
		for count in $SCALE_COUNTS; do
			for kind in p l c; do
				[ "$count$kind" = 1p ] || [ "$count" != 1 ] || continue
				echo "-d $depth -$kind $count -r $SCALE_ROUNDS -n $SCALE_IOS"
			done
		done
	done
	echo "-m -p 64"
}

# A test for each.
plan() { echo $((2 + $(runs | wc -l))); }

prepare() {
	make -s -C "$VMB_TOP/tools/testing/selftests" O="$VMB_BUILD/selftests" >&2
	printf 'file %s /scale_bench\n' "$VMB_BUILD/selftests/scale_bench"
	if [ "$accel" = tcg ]; then runs | sed 's/$/ -I/'; else runs; fi >"$dir/scale.runs"
	printf 'file %s /harness/scale.runs\n' "$dir/scale.runs"
}

# --- the KVM host, whose guests are processes

scale() {
	local line
	/scale_bench "$@" >/tmp/scale || { cat /tmp/scale; return 1; }
	while read -r line; do note "scale $line"; done </tmp/scale
}

l1() {
	local run
	run_test modules-load load_vmb
	run_test null_blk modprobe null_blk nr_devices=0
	while read -r run; do
		# shellcheck disable=SC2086 # options are words
		run_test "$(echo $run | tr -d ' ')" scale $run
	done </harness/scale.runs
}
