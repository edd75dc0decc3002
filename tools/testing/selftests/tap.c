// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a test ends early.
 */
#include <stdarg.h>
#include <unistd.h>

#include "tap.h"

void (*tap_setup)(void);
const char *(*tap_after)(void);
const char *tap_name;

void tap_fail(const char *file, int line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printf("# %s:%d: %s\n", file, line, text);
	fflush(stdout);
	_exit(1);
}

void tap_skip(const char *fmt, ...)
{
	va_list ap;

	printf("# skipped: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(TAP_SKIPPED);
}
