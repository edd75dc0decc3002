// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"

#define LOG_MAGIC	0x6a736677736872ULL
#define LOG_VERSION	1
#define LOG_MOST	(1U << 20)

struct wire_super {
	uint64_t magic;
	uint64_t version;
	uint64_t nr_entries;
	uint32_t sector_size;
};

struct wire_entry {
	uint64_t sector;
	uint64_t nr_sectors;
	uint64_t flags;
	uint64_t data_len;
	char data[32];
};

static void read_at(const struct log *log, void *buf, size_t len, uint64_t pos)
{
	if (pread(log->fd, buf, len, pos) != (ssize_t)len)
		err(1, "the log ends at byte %llu", (unsigned long long)pos);
}

/* Returns where the next one is. */
static uint64_t read_entry(const struct log *log, uint64_t pos, struct log_entry *e)
{
	struct wire_entry wire;

	read_at(log, &wire, sizeof(wire), pos);
	*e = (struct log_entry) {
		.pos = le64toh(wire.sector) * LOG_SECTOR,
		.len = le64toh(wire.nr_sectors) * LOG_SECTOR,
		.flags = le64toh(wire.flags),
		.data = pos + LOG_SECTOR,
	};
	if (e->flags & LOG_MARK) {
		wire.data[sizeof(wire.data) - 1] = 0;
		e->mark = strtoul(wire.data, NULL, 10);
	}
	pos += LOG_SECTOR;
	return e->flags & LOG_DISCARD ? pos : pos + e->len;
}

/**
 * log_open - what happened
 * @log: is filled in
 * @path: of the log's device, or of a file that has what it had
 *
 * Does not return on failure.
 */
void log_open(struct log *log, const char *path)
{
	struct wire_super super;
	uint64_t pos = LOG_SECTOR, i;

	log->fd = open(path, O_RDONLY);
	if (log->fd < 0)
		err(1, "%s", path);
	read_at(log, &super, sizeof(super), 0);
	log->nr = le64toh(super.nr_entries);
	if (le64toh(super.magic) != LOG_MAGIC || le64toh(super.version) != LOG_VERSION ||
	    le32toh(super.sector_size) != LOG_SECTOR || log->nr > LOG_MOST)
		errx(1, "%s: not a log with sectors of %u bytes", path, LOG_SECTOR);
	log->entries = calloc(log->nr + 1, sizeof(*log->entries));
	if (!log->entries)
		errx(1, "no memory");
	for (i = 0; i < log->nr; i++)
		pos = read_entry(log, pos, &log->entries[i]);
}

/**
 * log_close - let go of it
 * @log: it
 */
void log_close(struct log *log)
{
	free(log->entries);
	close(log->fd);
}
