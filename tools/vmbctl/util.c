// SPDX-License-Identifier: GPL-2.0-only
/* Memory that is there or ends the program, and small files. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "util.h"

/**
 * xrealloc - reallocarray() that does not fail
 * @p: old memory or NULL
 * @n: elements
 * @size: of each
 */
void *xrealloc(void *p, size_t n, size_t size)
{
	p = reallocarray(p, n, size);
	if (!p)
		err(EXIT_FAILED, NULL);
	return p;
}

/**
 * xstrdup - strdup() that does not fail
 * @text: to copy
 */
char *xstrdup(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		err(EXIT_FAILED, NULL);
	return copy;
}

/**
 * xasprintf - asprintf() that does not fail
 * @fmt: as printf() has it
 *
 * Return: the text, to be freed.
 */
char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *text;
	int ret;

	va_start(ap, fmt);
	ret = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (ret < 0)
		err(EXIT_FAILED, NULL);
	return text;
}

/**
 * read_file - a whole file, as files of sysfs are: without a size
 * @path: of the file
 *
 * Return: its text, to be freed, or NULL with errno.
 */
char *read_file(const char *path)
{
	size_t len = 0, size = 0;
	char *text = NULL;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	do {
		if (size - len < 4096) {
			size = size * 2 + 8192;
			text = xrealloc(text, size, 1);
		}
		n = read(fd, text + len, size - len - 1);
		if (n > 0)
			len += n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0) {
		int saved = errno;

		free(text);
		text = NULL;
		errno = saved;
	} else {
		text[len] = '\0';
	}
	close(fd);
	return text;
}

/**
 * read_line - the only line of a file
 * @dir: its directory
 * @name: its name there
 *
 * Return: the line without its end, to be freed, or NULL with errno.
 */
char *read_line(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	char *text = read_file(path);
	int saved = errno;

	free(path);
	if (text)
		text[strcspn(text, "\n")] = '\0';
	errno = saved;
	return text;
}
