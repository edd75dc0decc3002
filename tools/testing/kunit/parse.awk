# SPDX-License-Identifier: GPL-2.0
#
# From what init shows of the suites to a line for each test. A suite that did
# not run all that it planned, or planned none, is a failed test of its own.
# Tests are indented by four; what is deeper is a parameter of one of them.

function name(s) { sub(/^[0-9]+ */, "", s); gsub(/[^A-Za-z0-9._:+-]/, "_", s); return s }
function close_suite() {
	if (module == "") return
	if (planned == "" || planned != ran || ran == 0)
		printf "not ok kunit/%s/%s # %d tests ran, %s are planned\n", module, suite, ran, planned == "" ? "none" : planned
	module = ""
}
/^@suite /        { close_suite(); module = $2; sub(/\.ko$/, "", module); suite = "?"; planned = ""; ran = 0; why = "" }
/^@failed /       { printf "not ok kunit/%s/load # insmod failed\n", $2 }
/^@leak unref/    { leaks++ }
/^@     # Subtest: /  { suite = $4 }
/^@     1\.\.[0-9]/   { planned = substr($2, 4) }
/^@ +# .*(EXPECTATION|ASSERTION) FAILED at/ { why = $0; sub(/^.* at /, "at ", why) }
/^@     (not )?ok [0-9]/ {
	ran++
	line = substr($0, 7)
	bad = line ~ /^not /
	sub(/^(not )?ok /, "", line)
	skip = index(line, "# SKIP")
	tail = skip ? " " substr(line, skip) : bad ? " # " (why == "" ? "see build/kunit/console.log" : why) : ""
	sub(/ *#.*/, "", line)
	printf "%sok kunit/%s/%s%s\n", bad ? "not " : "", suite, name(line), tail
	why = ""
}
/^@(done|loaded)/ { close_suite() }
END {
	close_suite()
	if (leaks) printf "not ok kunit/kmemleak # %d objects leaked, see build/kunit/console.log\n", leaks
}
