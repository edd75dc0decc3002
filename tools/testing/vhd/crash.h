/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that note what is done to them, and what is left of them when the machine
 * stops: what was flushed, and of the rest some, some of it torn.
 */
#ifndef CRASH_H
#define CRASH_H

#include "test.h"

#define CRASH_CHANGES	1500
#define CRASH_FILES	3

/* Ways of what was not flushed to end, at each change */
#define CRASH_WAYS	12

/* All of it is there; in way 1 nothing is, in those from 2 on some */
#define CRASH_WAY_ALL	0

struct crash;

struct crash_file {
	struct crash *crash;
	struct file file;
	struct file before;
	struct vhd_io io;
};

struct crash {
	struct crash_file files[CRASH_FILES];
	struct crash_change *changes;
	int count;
	u32 random;
	/* a file gets longer only with what is written there */
	bool whole;
};

u32 crash_random(struct crash *c, u32 below);
void crash_start(struct crash *c, u32 random);
const char *crash_file(struct crash *c, int i, const struct file *before);
void crash_stop(struct crash *c);
const char *crash_at(struct crash *c, int i, int stop, int way, struct file *file);
const char *copy_file(const struct file *from, struct file *to);

#endif /* CRASH_H */
