/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A test is a function that returns, or ends its process by way of one of the
 * macros below. Each runs in a process of its own, under a time limit; what it
 * leaves behind is looked for afterwards and counts as a failure too.
 */
#ifndef TAP_H
#define TAP_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* exit status of a test that was skipped */
#define TAP_SKIPPED	4

struct tap_test {
	const char *name;
	void (*fn)(void);
	/* seconds; 0 for the default */
	unsigned int limit;
	struct tap_test *next;
};

void tap_register(struct tap_test *test);
void tap_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
void tap_skip(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
/* runs in the parent before the first test and after each; says what is wrong */
extern void (*tap_setup)(void);
extern const char *(*tap_after)(void);
/* of the test that runs; processes that it makes share it */
extern const char *tap_name;

#define TEST_LIMIT(id, seconds)						\
	static void id(void);						\
	static struct tap_test id##_test = { #id, id, seconds, NULL };	\
	__attribute__((constructor)) static void id##_register(void)	\
	{								\
		tap_register(&id##_test);				\
	}								\
	static void id(void)

#define TEST(id)	TEST_LIMIT(id, 0)

#define EXPECT(cond) do {						\
	if (!(cond))							\
		tap_fail(__FILE__, __LINE__, "not so: %s", #cond);	\
} while (0)

#define EXPECT_EQ(a, b) do {						\
	long long __a = (a), __b = (b);					\
									\
	if (__a != __b)							\
		tap_fail(__FILE__, __LINE__,				\
			 "%s is %lld (%#llx), not %s, %lld (%#llx)",	\
			 #a, __a, __a, #b, __b, __b);			\
} while (0)

/* a call like those of libc succeeds */
#define EXPECT_OK(call) ({						\
	long __ret = (call);						\
									\
	if (__ret < 0)							\
		tap_fail(__FILE__, __LINE__, "%s: %s", #call,		\
			 strerror(errno));				\
	__ret;								\
})

/* it fails in this very way */
#define EXPECT_ERRNO(call, err) do {					\
	long __ret;							\
									\
	errno = 0;							\
	__ret = (call);							\
	if (__ret != -1 || errno != (err))				\
		tap_fail(__FILE__, __LINE__,				\
			 "%s: returned %ld, %s; wanted %s", #call,	\
			 __ret, strerrorname_np(errno),			\
			 strerrorname_np(err));				\
} while (0)

#endif /* TAP_H */
