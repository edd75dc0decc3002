# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every script on the build machine shares: messages, the cache, locks.
# Source it; it sets nothing but functions and paths.

VMB_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
VMB_CACHE=${VMB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vmb}
VMB_BUILD=${VMB_BUILD:-$VMB_TOP/build}

# Messages go to stderr: several scripts answer a path on stdout.
say() { printf '%s\n' "  $*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# hash_of FILE|STRING...: a short key over file contents and plain strings.
hash_of() {
	local arg
	for arg in "$@"; do
		if [ -f "$arg" ]; then cat "$arg"; else printf '%s\n' "$arg"; fi
	done | sha256sum | cut -c1-16
}

# locked NAME COMMAND...: one process at a time per cache entry. The lock file
# stays behind on purpose: removing it would race with the next taker.
locked() {
	local name=$1
	shift
	mkdir -p "$VMB_CACHE"
	(
		flock -n 9 || {
			say "waiting for another build of $name"
			flock 9
		}
		"$@"
	) 9>"$VMB_CACHE/.lock-$name"
}

# ccached COMMAND...: what it compiles is kept in the cache, if there is ccache, for
# whatever checkout: our programs name their sources as seen from where they are. Kernels
# and modules have ways of their own.
CCACHES=/usr/lib/ccache
ccached() {
	PATH=$CCACHES:$PATH CCACHE_DIR=$VMB_CACHE/ccache CCACHE_MAXSIZE=1G CCACHE_NOHASHDIR=1 "$@"
}

# close_files [KEPT]: in a subshell: what has been left open to it but KEPT. A lock, too, is
# somebody's for as long as any process has its file open.
close_files() {
	local fd
	for fd in /proc/"$BASHPID"/fd/*; do
		fd=${fd##*/}
		[ "$fd" -le 2 ] || [ "$fd" = "${1-}" ] || exec {fd}>&-
	done
}

# as_root COMMAND...: plain when already root, through sudo otherwise.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "need root for: $*"
	fi
}

# The newest installed 6.12 kernel build tree: what modules are built against.
default_kdir() {
	local d best=
	for d in /lib/modules/6.12*/build /usr/src/linux-headers-6.12*-amd64; do
		[ -e "$d/Module.symvers" ] || continue
		best=$(printf '%s\n%s\n' "$best" "$d" | sort -V | tail -n 1)
	done
	printf '%s\n' "$best"
}
