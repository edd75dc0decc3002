/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Unit tests in userspace. A test is a function that returns NULL, or why it
 * failed. Each prints one line, "ok NAME" or "not ok NAME # reason".
 */
#ifndef UNIT_H
#define UNIT_H

#include <stddef.h>

struct test {
	const char *name;
	const char *(*fn)(void);
};

const char *test_fail(const char *file, int line, const char *what);

#define CHECK(cond) do {						\
	if (!(cond))							\
		return test_fail(__FILE__, __LINE__, #cond);		\
} while (0)

/* for functions that return a reason, too */
#define TRY(expr) do {							\
	const char *__why = (expr);					\
									\
	if (__why)							\
		return __why;						\
} while (0)

/*
 * What main() returns: all tests of all suites, each ended by one without a name;
 * or those of one name, given on the command line.
 */
int test_main(const struct test *const *suites, size_t nr, int argc, char **argv);

#endif /* UNIT_H */
