// SPDX-License-Identifier: GPL-2.0-only
/*
 * crash_state points LOG: a line for each state that a crash may leave: POINT
 * MARK WRITES. POINT is the entry of the log behind which it was, a flush, FUA or a
 * mark; MARK is the last mark before; WRITES came before the next one, so that any
 * of their sectors may be on the disk.
 *
 * crash_state make LOG BASE DISK POINT [SEED]: DISK becomes what BASE was, with
 * what happened up to POINT; and, with a SEED, some of the sectors of WRITES.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/falloc.h>

#include "log.h"

#define PIECE	(1U << 20)

static char buf[PIECE];

static void copy(int from, uint64_t at, int to, uint64_t pos, uint64_t len)
{
	size_t part;

	for (; len; at += part, pos += part, len -= part) {
		part = len < PIECE ? len : PIECE;
		if (pread(from, buf, part, at) != (ssize_t)part ||
		    pwrite(to, buf, part, pos) != (ssize_t)part)
			err(1, "%zu bytes", part);
	}
}

/* Holes stay holes: most of a disk is. */
static int copy_base(const char *base, const char *path)
{
	int from = open(base, O_RDONLY), to = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	off_t start, end = 0;
	struct stat stat;

	if (from < 0 || to < 0 || fstat(from, &stat) || ftruncate(to, stat.st_size))
		err(1, "%s as %s", base, path);
	while ((start = lseek(from, end, SEEK_DATA)) >= 0) {
		end = lseek(from, start, SEEK_HOLE);
		if (end < 0)
			err(1, "%s", base);
		copy(from, start, to, start, end - start);
	}
	if (errno != ENXIO)
		err(1, "%s", base);
	close(from);
	return to;
}

static void apply(const struct log *log, const struct log_entry *e, int disk)
{
	if (!(e->flags & LOG_DISCARD) && !(e->flags & LOG_MARK))
		copy(log->fd, e->data, disk, e->pos, e->len);
	else if (e->flags & LOG_DISCARD &&
		 fallocate(disk, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, e->pos, e->len))
		err(1, "discard");
}

/* All of it, nothing, or some sectors. */
static void apply_some(const struct log *log, const struct log_entry *e, int disk)
{
	long luck = random() % 4;
	uint64_t done;

	if (luck < 2) {
		if (luck)
			apply(log, e, disk);
		return;
	}
	for (done = 0; done < e->len && !(e->flags & LOG_DISCARD); done += LOG_SECTOR)
		if (random() % 2)
			copy(log->fd, e->data + done, disk, e->pos + done, LOG_SECTOR);
}

static void make(const struct log *log, int disk, uint64_t point, const char *seed)
{
	uint64_t i;

	if (point >= log->nr)
		errx(1, "the log has %llu entries", (unsigned long long)log->nr);
	for (i = 0; i <= point; i++)
		apply(log, &log->entries[i], disk);
	if (!seed)
		return;
	srandom(strtoul(seed, NULL, 0));
	for (; i < log->nr && !(log->entries[i].flags & LOG_POINT); i++)
		apply_some(log, &log->entries[i], disk);
}

static void points(const struct log *log)
{
	uint64_t i, writes;
	uint32_t mark = 0;

	for (i = 0; i < log->nr; i++) {
		if (!(log->entries[i].flags & LOG_POINT))
			continue;
		/* dm-log-writes has a last word of its own, which has no number */
		if (log->entries[i].flags & LOG_MARK && log->entries[i].mark)
			mark = log->entries[i].mark;
		for (writes = 0; i + 1 + writes < log->nr; writes++)
			if (log->entries[i + 1 + writes].flags & LOG_POINT)
				break;
		printf("%llu %u %llu\n", (unsigned long long)i, mark, (unsigned long long)writes);
	}
}

int main(int argc, char **argv)
{
	struct log log;
	int disk;

	if (argc == 3 && !strcmp(argv[1], "points")) {
		log_open(&log, argv[2]);
		points(&log);
	} else if ((argc == 6 || argc == 7) && !strcmp(argv[1], "make")) {
		log_open(&log, argv[2]);
		disk = copy_base(argv[3], argv[4]);
		make(&log, disk, strtoull(argv[5], NULL, 0), argv[6]);
		close(disk);
	} else {
		errx(2, "usage: crash_state points LOG | make LOG BASE DISK POINT [SEED]");
	}
	log_close(&log);
	return 0;
}
