// SPDX-License-Identifier: GPL-2.0-only
/* Reading counters: lines of a word and pairs key=value. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

/**
 * record_next - take a line
 * @text: what is left; changed, and moved behind the line
 * @kind: set to the first word
 * @pairs: set to the rest, for record_pair()
 *
 * Return: false at the end.
 */
bool record_next(char **text, char **kind, char **pairs)
{
	char *line;

	do {
		if (!*text)
			return false;
		line = strsep(text, "\n");
	} while (!*line);
	*kind = strsep(&line, " ");
	*pairs = line;
	return true;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* In place: it only gets shorter. */
static void unescape(char *p)
{
	char *to = p;

	while (*p) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && is_octal(p[2]) &&
		    is_octal(p[3])) {
			*to++ = (p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0');
			p += 4;
		} else {
			*to++ = *p++;
		}
	}
	*to = '\0';
}

/**
 * record_pair - take a pair
 * @pairs: what is left; changed, and moved behind the pair
 * @key: set
 * @value: set, without escapes
 *
 * What is no pair is left out.
 *
 * Return: false at the end.
 */
bool record_pair(char **pairs, char **key, char **value)
{
	char *pair;

	while (*pairs) {
		pair = strsep(pairs, " ");
		*value = strchr(pair, '=');
		if (!*value)
			continue;
		*(*value)++ = '\0';
		*key = pair;
		unescape(*value);
		return true;
	}
	return false;
}

/**
 * record_u64 - the number that a value is
 * @value: all of it is the number
 * @number: set if it is one
 */
bool record_u64(const char *value, uint64_t *number)
{
	unsigned long long n;
	char *end;

	if (*value < '0' || *value > '9')
		return false;
	errno = 0;
	n = strtoull(value, &end, 10);
	if (errno || *end)
		return false;
	*number = n;
	return true;
}
