/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that is there or ends the program, and small files. */
#ifndef VMBCTL_UTIL_H
#define VMBCTL_UTIL_H

#include <stddef.h>
#include <string.h>

void *xrealloc(void *p, size_t n, size_t size);
char *xstrdup(const char *text);
char *xasprintf(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));
char *read_file(const char *path);
char *read_line(const char *dir, const char *name);

/* One more at the end of an array, zeroed; evaluates to its address. */
#define array_add(_array, _nr)						\
({									\
	(_array) = xrealloc(_array, (_nr) + 1, sizeof(*(_array)));	\
	memset(&(_array)[_nr], 0, sizeof(*(_array)));			\
	&(_array)[(_nr)++];						\
})

#endif /* VMBCTL_UTIL_H */
