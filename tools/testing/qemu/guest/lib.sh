# SPDX-License-Identifier: GPL-2.0
#
# What a scenario may call in either machine. Results are lines on a serial
# port of their own, apart from the console:
#
#   start NONCE | ok NAME | fail NAME: REASON | skip NAME: REASON | note TEXT
#   sync WORD   | done NONCE COUNT

HARNESS=/run/harness
RESULTS=/dev/ttyS1

results_open() {
	mkdir -p $HARNESS
	: >"$HARNESS/executed"
	stty -F "$RESULTS" raw -echo -echoe -echok
	exec 3<>"$RESULTS"
	report "start $HARNESS_NONCE"
}

report() { printf '%s\n' "$*" >&3; }

# The count is kept in a file: tests run in subshells and in the background.
executed() {
	local now
	read -r now _ </proc/uptime
	echo "$1" >>"$HARNESS/executed"
	report "$1"
	echo "harness: $now $1"
}

one_line() { tr '\n\t' '  ' | cut -c1-400; }

ok() { executed "ok $1"; }
fail() { executed "fail $1: $(printf '%s' "${2:-failed}" | one_line)"; }
skip() { executed "skip $1: $(printf '%s' "${2:-skipped}" | one_line)"; }
note() {
	report "note $(printf '%s' "$*" | one_line)"
	echo "note $*" >>"$HARNESS/notes"
}

# run_test NAME COMMAND...: a test is a command or a function. It runs under
# set -e in a subshell; status 4 means skipped, as in kselftests; the last
# line of its output is the reason. The kernel's log is checked after it.
run_test() {
	local name=$1 log="$HARNESS/log.$1" status reason
	shift
	kmsg_mark "$name"
	# Behind "run_test ... || return" set -e would do nothing, in a subshell
	# neither. What runs in the background does not know who asked.
	(
		set -e
		"$@"
	) </dev/null >"$log" 2>&1 &
	wait $!
	status=$?
	reason=$(tail -n 1 "$log")
	if ! kmsg_check_since "$name"; then
		fail "$name" "$(kmsg_splat)"
	elif [ $status = 0 ]; then
		ok "$name"
	elif [ $status = 4 ]; then
		skip "$name" "$reason"
	else
		fail "$name" "status $status: $reason"
	fi
	[ $status = 0 ] || sed "s/^/$name: /" "$log"
	return $status
}

# run_tap PREFIX COMMAND...: every line of a TAP program becomes a test. The
# plan and the exit status count as one more, PREFIX.plan, since a program
# that dies half-way would otherwise look like a shorter one.
run_tap() {
	local prefix=$1 log="$HARNESS/log.$1" status plan='' seen=0 failed=0 line name='' why='' end
	shift
	kmsg_mark "$prefix"
	"$@" </dev/null >"$log" 2>&1
	status=$?
	read -r end _ </proc/uptime
	# Names by one process for all of them: each takes a tenth of a second in an
	# emulated machine with all checkers on. With how long they took, for the log.
	sed -E -n '/^(not )?ok /{
		h
		s/^(not )?ok [0-9]+ *(- )?//; s/ *#.*//; s/[[:space:]]+/_/g; s/^/name /
		G
		p
	}
	/^(# |[0-9]+\.\.)/p' "$log" >"$log.tests"
	while read -r line; do
		case $line in
		"# "*) why=${line#"# "} ; continue ;;
		[0-9]*..[0-9]*) plan=${line#*..} plan=${plan%% *} ; continue ;;
		"name "*) name=${line#name } ; continue ;;
		esac
		seen=$((seen + 1))
		case $line in
		*"# SKIP"*) skip "$prefix.$name" "${line#*# SKIP}" ;;
		ok*) ok "$prefix.$name" ;;
		*) fail "$prefix.$name" "${why:-see $prefix in the console log}"; failed=1 ;;
		esac
		why=''
	done <"$log.tests"
	echo "$prefix: ended at $end s"
	sed -n 's/^ok .* - \(.*\) # \([0-9]* ms\)$/\2 \1/p' "$log"
	if [ $failed != 0 ] || [ $status != 0 ]; then sed "s/^/$prefix: /" "$log"; fi
	if ! kmsg_check_since "$prefix"; then
		fail "$prefix.plan" "$(kmsg_splat)"
	elif [ "$plan" != "$seen" ]; then
		fail "$prefix.plan" "$seen tests ran, the plan says ${plan:-nothing}"
	elif [ $status != 0 ] && [ $failed = 0 ]; then
		fail "$prefix.plan" "exit status $status although no test failed"
	else
		ok "$prefix.plan"
	fi
}

# wait_for SECONDS COMMAND...: until the command succeeds; a state, never a
# guess at how long something takes.
wait_for() {
	local end now pause=50000
	end=$(($(uptime_s) + $1 * HARNESS_SLOW))
	shift
	until "$@" >/dev/null 2>&1; do
		# The less often the longer it takes, and without a process: in a guest's
		# guest one costs tens of milliseconds of what is waited for.
		read -r now _ </proc/uptime
		[ "${now%%.*}" -lt $end ] || { echo "timed out: $*"; return 1; }
		usleep $pause
		[ $pause -ge 800000 ] || pause=$((pause * 2))
	done
}

uptime_s() { cut -d. -f1 /proc/uptime; }

# Loads modules of the stock kernel by name.
load() {
	local m
	for m in "$@"; do
		modprobe "$m" || { echo "cannot load $m"; return 1; }
	done
}

# Nothing may be executed after this; the count excludes no line.
results_close() {
	sync
	report "done $HARNESS_NONCE $(wc -l <"$HARNESS/executed")"
	# What was written must leave the port before the power goes.
	stty -F "$RESULTS" >/dev/null
	usleep 200000
}
