// SPDX-License-Identifier: GPL-2.0-only
/* Numbers that people write. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text_parse.h"

/**
 * text_parse_size - a number of bytes
 * @text: digits, and K, M, G or T for powers of 1024
 * @bytes: set if it is one
 */
bool text_parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	unsigned long long n;
	const char *unit;
	unsigned int shift = 0;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno)
		return false;
	if (*end) {
		unit = strchr(units, *end & ~0x20);
		if (!unit || !*unit || end[1])
			return false;
		shift = 10 * (unit - units + 1);
	}
	if (n << shift >> shift != n)
		return false;
	*bytes = n << shift;
	return true;
}
