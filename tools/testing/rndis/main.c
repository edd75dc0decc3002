// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "test.h"

int shim_fail_alloc;

const char *test_fail(const char *file, int line, const char *what)
{
	static char why[256];
	const char *base = strrchr(file, '/');

	snprintf(why, sizeof(why), "%s:%d: %s", base ? base + 1 : file, line, what);
	return why;
}

int main(void)
{
	static const struct test *const suites[] = {
		nvsp_tests, rndis_tests, oid_tests,
	};
	int passed = 0, failed = 0;
	const struct test *t;
	const char *why;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < ARRAY_SIZE(suites); i++)
		for (t = suites[i]; t->name; t++) {
			why = t->fn();
			if (why) {
				printf("not ok %s: %s\n", t->name, why);
				failed++;
			} else {
				printf("ok %s\n", t->name);
				passed++;
			}
		}
	printf("%d passed, %d failed\n", passed, failed);
	return failed || !passed;
}
