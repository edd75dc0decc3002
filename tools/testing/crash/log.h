/* SPDX-License-Identifier: GPL-2.0-only */
/* The log of dm-log-writes, as in the kernel's drivers/md/dm-log-writes.c. */
#ifndef CRASH_LOG_H
#define CRASH_LOG_H

#include <stdbool.h>
#include <stdint.h>

#define LOG_SECTOR	512U

#define LOG_FLUSH	(1 << 0)
#define LOG_FUA		(1 << 1)
#define LOG_DISCARD	(1 << 2)
#define LOG_MARK	(1 << 3)
#define LOG_METADATA	(1 << 4)

/* Behind one of these, everything up to it is on the disk. */
#define LOG_POINT	(LOG_FLUSH | LOG_FUA | LOG_MARK)

/**
 * struct log_entry - something that happened
 * @pos: byte on the disk
 * @len: bytes
 * @flags: LOG_*
 * @data: in the log's file, @len of it; no data of a discard
 * @mark: the number that a mark has
 */
struct log_entry {
	uint64_t pos;
	uint64_t len;
	uint64_t flags;
	uint64_t data;
	uint32_t mark;
};

/**
 * struct log - all that happened
 * @fd: the log's file
 * @entries: in order
 * @nr: of them
 */
struct log {
	int fd;
	struct log_entry *entries;
	uint64_t nr;
};

void log_open(struct log *log, const char *path);
void log_close(struct log *log);

#endif /* CRASH_LOG_H */
