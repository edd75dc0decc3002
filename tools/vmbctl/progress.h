/* SPDX-License-Identifier: GPL-2.0-only */
/* A bar on a terminal for what takes long. */
#ifndef VMBCTL_PROGRESS_H
#define VMBCTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct progress - how far something is
 * @what: it is
 * @total: of it
 * @shown: in percent, the last time; -1 if never
 * @on: standard error is a terminal
 */
struct progress {
	const char *what;
	uint64_t total;
	int shown;
	bool on;
};

void progress_start(struct progress *p, const char *what, uint64_t total);
void progress_show(struct progress *p, uint64_t done);
void progress_end(struct progress *p);

#endif /* VMBCTL_PROGRESS_H */
