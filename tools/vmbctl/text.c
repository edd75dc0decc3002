// SPDX-License-Identifier: GPL-2.0-only
/* Numbers and names, for people: at most 9 characters, 3 digits that count. */
#include <stdio.h>
#include <string.h>

#include "text.h"
#include "util.h"

static const char *scaled(char *buf, double value, double step, const char *const *unit)
{
	/* what would be rounded up to the next unit is of that */
	while (unit[1] && value >= step - 0.5) {
		value /= step;
		unit++;
	}
	snprintf(buf, TEXT_MAX, value < 9.995 ? "%.2f%s" : value < 99.95 ? "%.1f%s" : "%.0f%s",
		 value, *unit);
	return buf;
}

/**
 * text_bytes - an amount of data
 * @buf: of %TEXT_MAX bytes, returned
 * @bytes: it
 */
const char *text_bytes(char *buf, double bytes)
{
	static const char *const units[] = {
		" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB", NULL
	};

	if (bytes < 1023.5) {
		snprintf(buf, TEXT_MAX, "%.0f B", bytes);
		return buf;
	}
	return scaled(buf, bytes, 1024, units);
}

/**
 * text_count - a number of things
 * @buf: of %TEXT_MAX bytes, returned
 * @count: it
 */
const char *text_count(char *buf, double count)
{
	static const char *const units[] = { "", "k", "M", "G", "T", "P", NULL };

	if (count < 99999.5) {
		snprintf(buf, TEXT_MAX, "%.0f", count);
		return buf;
	}
	return scaled(buf, count, 1000, units);
}

/**
 * text_time - a time
 * @buf: of %TEXT_MAX bytes, returned
 * @ns: in ns, or less than 0 if there is none
 */
const char *text_time(char *buf, double ns)
{
	static const char *const units[] = { " ns", " us", " ms", " s", NULL };

	if (ns < 0) {
		snprintf(buf, TEXT_MAX, "-");
		return buf;
	}
	return scaled(buf, ns, 1000, units);
}

/**
 * text_name - a name that does nothing to a terminal
 * @name: whoever makes a directory may have put anything in it
 *
 * Return: a copy with control characters as ?, to be freed.
 */
char *text_name(const char *name)
{
	char *copy = xstrdup(name), *p;

	for (p = copy; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return copy;
}
