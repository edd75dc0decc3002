/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_BUG_H
#define SHIM_LINUX_BUG_H

#include <stdio.h>
#include <stdlib.h>

/* A caller's mistake: in a test, the end of the test. */
#define WARN_ON_ONCE(cond) ({						\
	int __warn = !!(cond);						\
									\
	if (__warn) {							\
		fprintf(stderr, "%s:%d: warning: %s\n", __FILE__,	\
			__LINE__, #cond);				\
		abort();						\
	}								\
	__warn;								\
})

#endif /* SHIM_LINUX_BUG_H */
