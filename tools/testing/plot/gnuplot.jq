# SPDX-License-Identifier: GPL-2.0
#
# Scripts for gnuplot. A point is {panel, series, x, y, low, high}; panels go below each
# other, and what they show keeps the order in which it first comes.

def in_order(f): reduce (.[] | f) as $x ([]; if index([$x]) then . else . + [$x] end);
def quoted: "\"" + (tostring | gsub("[\"\\\\]"; "")) + "\"";
def number: if . == null then "NaN" else tostring end;

def head($panels):
	if length == 0 then error("nothing to plot") else . end |
	"set terminal svg size 1000,\($panels * 340) dynamic font \"sans,12\" background \"white\"",
	"set multiplot layout \($panels),1",
	"set key outside right top noenhanced", "set grid ytics", "set yrange [0:*]";

# bars with what they spread over, beside each other in groups
def bars($axis):
	in_order(.panel) as $panels | in_order(.series) as $all | head($panels | length),
	"set style data histogram", "set style histogram errorbars gap 2 lw 1",
	"set style fill solid 0.8", "set xtics noenhanced", "set ylabel \($axis | quoted)",
	(range($panels | length) as $n | $panels[$n] as $panel |
		map(select(.panel == $panel)) | in_order(.series) as $series |
		"$p\($n) << EOD",
		(in_order(.x)[] as $x | [($x | quoted), ($series[] as $s |
			map(select(.x == $x and .series == $s)) | first | (.y, .low, .high) | number)] | join(" ")),
		"EOD",
		"set title \($panel | quoted) noenhanced",
		# one round that went wrong must not hide the others
		"set yrange [0:\([.[] | select(.panel == $panel).y] | max * 1.5)]",
		"plot " + ([range($series | length) as $s | "$p\($n) using \(3 * $s + 2):\(3 * $s + 3):\(3 * $s + 4):xtic(1) title \($series[$s] | quoted) linecolor \($all | index([$series[$s]]) + 1)"] | join(", ")));

# lines over a number that doubles
def lines($xlabel; $axis):
	in_order(.panel) as $panels | in_order(.series) as $all | head($panels | length),
	"set logscale x 2", "set xlabel \($xlabel | quoted)", "set ylabel \($axis | quoted)",
	(range($panels | length) as $n | $panels[$n] as $panel |
		map(select(.panel == $panel)) | in_order(.series) as $series |
		(range($series | length) as $s | "$p\($n)_\($s) << EOD",
			(map(select(.series == $series[$s])) | sort_by(.x)[] | map_values(number) | "\(.x) \(.y) \(.low) \(.high)"), "EOD"),
		"set title \($panel | quoted) noenhanced",
		"plot " + ([range($series | length) as $s | "$p\($n)_\($s) using 1:2:3:4 with yerrorlines title \($series[$s] | quoted) linecolor \($all | index([$series[$s]]) + 1)"] | join(", ")));
