// SPDX-License-Identifier: GPL-2.0-only
/* A bar on a terminal for what takes long. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"

#define PROGRESS_WIDTH	40

/**
 * progress_start - begin
 * @p: set
 * @what: is done, for people
 * @total: how much there is of it
 */
void progress_start(struct progress *p, const char *what, uint64_t total)
{
	*p = (struct progress){
		.what = what,
		.total = total,
		.shown = -1,
		.on = isatty(STDERR_FILENO),
	};
}

/**
 * progress_show - draw the bar, if there is anything new to see
 * @p: what
 * @done: how much of the total
 */
void progress_show(struct progress *p, uint64_t done)
{
	char bar[PROGRESS_WIDTH + 1];
	int percent = p->total ? (double)done / p->total * 100 : 100;

	if (!p->on || percent == p->shown)
		return;
	p->shown = percent;
	memset(bar, '-', PROGRESS_WIDTH);
	memset(bar, '#', percent * PROGRESS_WIDTH / 100);
	bar[PROGRESS_WIDTH] = '\0';
	fprintf(stderr, "\r%s [%s] %3d %%", p->what, bar, percent);
}

/**
 * progress_end - the bar goes
 * @p: what
 */
void progress_end(struct progress *p)
{
	if (p->on && p->shown >= 0)
		fputs("\r\033[K", stderr);
}
