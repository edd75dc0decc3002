// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

/*
 * Per test. A signal that gets lost, or a structure that leads in circles, shows
 * as a test that never ends; a machine may be busy.
 */
#define TEST_SECONDS	300

/* of the shim: the next allocations fail */
int shim_fail_alloc;

static const char *running;

const char *test_fail(const char *file, int line, const char *what)
{
	static char why[512];
	const char *base = strrchr(file, '/');

	snprintf(why, sizeof(why), "%s:%d: %s", base ? base + 1 : file, line, what);
	return why;
}

static void timed_out(int sig)
{
	static char line[256];
	int len = snprintf(line, sizeof(line), "not ok %s # no end in %d s\n",
			   running, TEST_SECONDS);

	(void)sig;
	if (write(STDOUT_FILENO, line, len) < 0)
		_exit(3);
	_exit(1);
}

int test_main(const struct test *const *suites, size_t nr, int argc, char **argv)
{
	int passed = 0, failed = 0;
	const struct test *t;
	const char *why;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, timed_out);
	for (i = 0; i < nr; i++) {
		for (t = suites[i]; t->name; t++) {
			if (argc > 1 && strcmp(argv[1], t->name))
				continue;
			running = t->name;
			alarm(TEST_SECONDS);
			why = t->fn();
			alarm(0);
			if (why) {
				printf("not ok %s # %s\n", t->name, why);
				failed++;
			} else {
				printf("ok %s\n", t->name);
				passed++;
			}
		}
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed || !passed;
}
