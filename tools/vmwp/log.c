// SPDX-License-Identifier: GPL-2.0-only
/* Messages to people. One write each, since many threads write. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "relay.h"

/* what a guest can provoke, in so many seconds */
#define VMWP_LOG_BURST		10
#define VMWP_LOG_INTERVAL	60

static atomic_long vmwp_log_since;
static atomic_uint vmwp_log_count;

static void vmwp_log(const char *kind, const char *fmt, va_list ap)
{
	char line[1024];
	int saved = errno;
	size_t len;
	int n;

	n = snprintf(line, sizeof(line), "vmwp: partition %s: %s",
		     vmwp.partition, kind);
	len = n;
	n = vsnprintf(line + len, sizeof(line) - len - 1, fmt, ap);
	if (n > 0)
		len += n;
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	/* nobody to tell when stderr is gone */
	if (write(STDERR_FILENO, line, len) < 0)
		len = 0;
	errno = saved;
}

/**
 * vmwp_err - say what went wrong
 * @fmt: no newline
 */
void vmwp_err(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vmwp_log("", fmt, ap);
	va_end(ap);
}

/**
 * vmwp_err_guest - say what went wrong, when a guest can make it so
 * @fmt: no newline
 */
void vmwp_err_guest(const char *fmt, ...)
{
	struct timespec now;
	unsigned int nr;
	va_list ap;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (now.tv_sec - atomic_load(&vmwp_log_since) >= VMWP_LOG_INTERVAL) {
		atomic_store(&vmwp_log_since, now.tv_sec);
		atomic_store(&vmwp_log_count, 0);
	}
	nr = atomic_fetch_add(&vmwp_log_count, 1);
	if (nr >= VMWP_LOG_BURST) {
		if (nr == VMWP_LOG_BURST)
			vmwp_err("more of this is not shown for a while");
		return;
	}
	va_start(ap, fmt);
	vmwp_log("", fmt, ap);
	va_end(ap);
}

/**
 * vmwp_die - say what went wrong and end the VMM
 * @fmt: no newline
 */
void vmwp_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vmwp_log("", fmt, ap);
	va_end(ap);
	exit(EXIT_FAILURE);
}

/**
 * vmwp_log_trace - say what is relayed; use vmwp_trace()
 * @fmt: no newline
 */
void vmwp_log_trace(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vmwp_log("trace: ", fmt, ap);
	va_end(ap);
}
