# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Completion of vmbctl for bash. vmbctl itself knows what may come.

_vmbctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} line
	COMPREPLY=()
	while IFS= read -r line; do
		if [ "$line" = :file ]; then
			compopt -o filenames 2>/dev/null
			while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$cur")
		else
			# names of partitions may have blanks
			COMPREPLY+=("$(printf '%q' "$line")")
		fi
	done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _vmbctl vmbctl
