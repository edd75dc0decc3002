// SPDX-License-Identifier: GPL-2.0-only
/*
 * NAME [-l] [TEST...]: all tests, or those whose names are given.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define LIMIT	60

static struct tap_test *tests, **last = &tests;

void tap_register(struct tap_test *test)
{
	*last = test;
	last = &test->next;
}

static bool wanted(const struct tap_test *test, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], test->name))
			return true;
	return argc < 2;
}

static void run(const struct tap_test *test, int number)
{
	struct timespec from, to;
	const char *left;
	int status;
	pid_t pid;

	fflush(stdout);
	tap_name = test->name;
	clock_gettime(CLOCK_MONOTONIC, &from);
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(test->limit ?: LIMIT);
		test->fn();
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("# fork");
		exit(1);
	}
	if (WIFSIGNALED(status))
		printf("# %s\n", WTERMSIG(status) == SIGALRM ? "the time was up" :
		       strsignal(WTERMSIG(status)));
	/* whatever happened, the next test starts from nothing */
	kill(-pid, SIGKILL);
	while (wait(NULL) > 0)
		;
	left = tap_after ? tap_after() : NULL;
	if (left)
		printf("# left behind: %s\n", left);
	clock_gettime(CLOCK_MONOTONIC, &to);

	if (!left && WIFEXITED(status) && WEXITSTATUS(status) == TAP_SKIPPED)
		printf("ok %d - %s # SKIP see above\n", number, test->name);
	else if (left || status)
		printf("not ok %d - %s\n", number, test->name);
	else
		printf("ok %d - %s # %lld ms\n", number, test->name,
		       (to.tv_sec - from.tv_sec) * 1000LL +
		       (to.tv_nsec - from.tv_nsec) / 1000000);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const struct tap_test *test;
	int n = 0;

	if (argc > 1 && !strcmp(argv[1], "-l")) {
		for (test = tests; test; test = test->next)
			puts(test->name);
		return 0;
	}
	for (test = tests; test; test = test->next)
		n += wanted(test, argc, argv);
	if (!n) {
		fprintf(stderr, "no such test\n");
		return 2;
	}
	printf("1..%d\n", n);
	/* what a test leaves running becomes ours */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (tap_setup)
		tap_setup();
	n = 0;
	for (test = tests; test; test = test->next)
		if (wanted(test, argc, argv))
			run(test, ++n);
	return 0;
}
