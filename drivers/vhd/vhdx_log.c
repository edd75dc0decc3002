// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replay. The log is read a sector at a time: it may be large, and what an
 * entry says of its own length is not believed before its checksum is right.
 *
 * An entry that is not valid is where the log ends, not an error: the crash
 * came while it was written. That no entry is valid is an error, because a
 * header names a log only when it has one.
 */
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/crc32.h>
#include <asm/byteorder.h>

#include "vhdx_log.h"

#define LOG_HEADER	((u32)sizeof(struct vhdx_log_header))
#define LOG_DESC	((u32)sizeof(struct vhdx_log_desc))

struct log_reader {
	const struct vhdx_header *header;
	struct vhd_io *io;
	struct vhd_error *err;
	/* a sector with descriptors, and one with data */
	u8 *front;
	u8 *data;
	/* sectors that may still be read: see vhdx_log_find() */
	u64 budget;
};

struct log_entry {
	u32 at;
	u32 len;
	u32 tail;
	u32 descriptors;
	u64 sequence;
	u64 flushed_size;
	u64 last_size;
};

/**
 * vhdx_log_front_bytes() - what is in front of an entry's data sectors
 * @descriptors: how many it has
 *
 * Return: bytes of its header and descriptors, whole sectors.
 */
u32 vhdx_log_front_bytes(u32 descriptors)
{
	return (LOG_HEADER + descriptors * LOG_DESC + VHDX_LOG_SECTOR - 1) /
		VHDX_LOG_SECTOR * VHDX_LOG_SECTOR;
}

static int log_reader_init(struct log_reader *r, const struct vhdx_header *header,
			   struct vhd_io *io, struct vhd_error *err)
{
	r->header = header;
	r->io = io;
	r->err = err;
	r->budget = 4 * (u64)(header->log_len / VHDX_LOG_SECTOR) + 256;
	r->front = kvmalloc(2 * VHDX_LOG_SECTOR, GFP_KERNEL);
	if (!r->front)
		return vhd_fail(err, -ENOMEM, "no memory to read the log");
	r->data = r->front + VHDX_LOG_SECTOR;
	return 0;
}

static int log_read(struct log_reader *r, u32 at, void *buf)
{
	if (!r->budget)
		return vhd_fail(r->err, -EUCLEAN,
				"the log's entries overlap so that it would be read without end");
	r->budget--;
	return vhd_io_read(r->io, r->header->log_pos + at % r->header->log_len, buf,
			   VHDX_LOG_SECTOR, "log", r->err);
}

/* Do an entry's fields make sense? @r->front has its first sector. */
static bool log_header_ok(const struct log_reader *r, struct log_entry *e)
{
	const struct vhdx_log_header *h = (const void *)r->front;

	if (h->signature != cpu_to_le32(VHDX_LOG_SIGNATURE) ||
	    !guid_equal(&h->log, &r->header->log))
		return false;
	e->len = le32_to_cpu(h->length);
	e->tail = le32_to_cpu(h->tail);
	e->descriptors = le32_to_cpu(h->descriptors);
	e->sequence = le64_to_cpu(h->sequence);
	e->flushed_size = le64_to_cpu(h->flushed_size);
	e->last_size = le64_to_cpu(h->last_size);
	return e->len && e->len % VHDX_LOG_SECTOR == 0 && e->len < r->header->log_len &&
	       e->tail % VHDX_LOG_SECTOR == 0 && e->tail < r->header->log_len &&
	       e->sequence && e->last_size <= VHDX_MAX_FILE &&
	       e->descriptors <= (e->len - LOG_HEADER) / LOG_DESC &&
	       vhdx_log_front_bytes(e->descriptors) <= e->len;
}

/* May this be done to the file? Counts data sectors. */
static bool log_desc_ok(const struct log_reader *r, const struct log_entry *e,
			const struct vhdx_log_desc *d, u32 *data)
{
	u64 pos = le64_to_cpu(d->offset), len = VHDX_LOG_SECTOR;

	if (d->signature == cpu_to_le32(VHDX_ZERO_SIGNATURE))
		len = le64_to_cpu(d->leading);
	else if (d->signature == cpu_to_le32(VHDX_DESC_SIGNATURE))
		++*data;
	else
		return false;
	return le64_to_cpu(d->sequence) == e->sequence &&
	       pos % VHDX_LOG_SECTOR == 0 && len % VHDX_LOG_SECTOR == 0 &&
	       /* the headers are never logged */
	       pos >= VHDX_REGION_POS(0) && vhd_inside(pos, len, e->last_size) &&
	       !vhd_overlap(pos, len, r->header->log_pos, r->header->log_len);
}

/* The descriptor of number @i, from @r->front, which is read when it has to. */
static int log_desc(struct log_reader *r, const struct log_entry *e, u32 i,
		    const struct vhdx_log_desc **desc)
{
	u32 at = LOG_HEADER + i * LOG_DESC;
	int ret;

	if (at % VHDX_LOG_SECTOR == 0) {
		ret = log_read(r, e->at + at, r->front);
		if (ret)
			return ret;
	}
	*desc = (const void *)(r->front + at % VHDX_LOG_SECTOR);
	return 0;
}

/*
 * Read an entry and check all of it. Returns 1 for a valid one, 0 for none, or
 * a negative errno.
 */
static int log_entry_read(struct log_reader *r, u32 at, struct log_entry *e)
{
	const struct vhdx_log_data *data = (const void *)r->data;
	const struct vhdx_log_desc *desc;
	u32 i, sectors = 0, want, crc, front;
	int ret;

	e->at = at % r->header->log_len;
	ret = log_read(r, e->at, r->front);
	if (ret)
		return ret;
	if (!log_header_ok(r, e))
		return 0;
	want = le32_to_cpu(((const struct vhdx_log_header *)r->front)->checksum);
	crc = ~vhdx_checksum(r->front, VHDX_LOG_SECTOR);
	for (i = 0; i < e->descriptors; i++) {
		ret = log_desc(r, e, i, &desc);
		if (ret)
			return ret;
		if ((const u8 *)desc == r->front)
			crc = __crc32c_le(crc, r->front, VHDX_LOG_SECTOR);
		if (!log_desc_ok(r, e, desc, &sectors))
			return 0;
	}
	front = vhdx_log_front_bytes(e->descriptors);
	if (sectors != (e->len - front) / VHDX_LOG_SECTOR)
		return 0;
	for (i = 0; i < sectors; i++) {
		ret = log_read(r, e->at + front + i * VHDX_LOG_SECTOR, r->data);
		if (ret)
			return ret;
		if (data->signature != cpu_to_le32(VHDX_DATA_SIGNATURE) ||
		    ((u64)le32_to_cpu(data->sequence_high) << 32 |
		     le32_to_cpu(data->sequence_low)) != e->sequence)
			return 0;
		crc = __crc32c_le(crc, r->data, VHDX_LOG_SECTOR);
	}
	return ~crc == want;
}

/*
 * The longest run of entries from @start on. @bytes is set to what may be
 * skipped: entries never begin inside one another. Returns as
 * log_entry_read().
 */
static int log_run_read(struct log_reader *r, u32 start, struct vhdx_log_run *run,
			u32 *bytes)
{
	struct log_entry e, last = { };
	u32 used = 0, before;
	int ret;

	while (used < r->header->log_len) {
		ret = log_entry_read(r, start + used, &e);
		if (ret < 0)
			return ret;
		if (!ret || (used && e.sequence != last.sequence + 1) ||
		    e.len > r->header->log_len - used)
			break;
		last = e;
		used += e.len;
	}
	*bytes = used;
	if (!used)
		return 0;
	/* The last entry says where to begin: has that been seen? */
	before = (last.tail + r->header->log_len - start) % r->header->log_len;
	if (before >= used)
		return 0;
	run->tail = last.tail;
	run->bytes = used - before;
	run->sequence = last.sequence;
	run->flushed_size = last.flushed_size;
	return 1;
}

/**
 * vhdx_log_find() - what has to be replayed
 * @header: the current one, with a log
 * @io: the file; the log is inside it
 * @run: is filled in
 * @err: set on failure
 *
 * Every sector is read once when one looks for entries; an entry that turns
 * out invalid at its end makes its sectors be read again. Entries of a writer
 * overlap only those of an earlier round, so the log is read a few times at
 * most; one made to overlap itself everywhere is refused.
 *
 * Context: may sleep.
 * Return: 0, -EUCLEAN when no entry is valid, or another negative errno.
 * See [MS-VHDX] 2.3.2.
 */
int vhdx_log_find(const struct vhdx_header *header, struct vhd_io *io,
		  struct vhdx_log_run *run, struct vhd_error *err)
{
	struct vhdx_log_run candidate;
	struct log_reader r;
	u32 at = 0, bytes;
	bool found = false;
	int ret;

	ret = log_reader_init(&r, header, io, err);
	if (ret)
		return ret;
	while (at < header->log_len) {
		ret = log_run_read(&r, at, &candidate, &bytes);
		if (ret < 0)
			break;
		if (ret && (!found || candidate.sequence > run->sequence)) {
			*run = candidate;
			found = true;
		}
		at += bytes ?: VHDX_LOG_SECTOR;
	}
	kvfree(r.front);
	if (ret < 0)
		return ret;
	return found ? 0 : vhd_fail(err, -EUCLEAN, "the log has no valid entry");
}

/* Do what an entry says. It is checked again: it is read again. */
static int log_entry_apply(struct log_reader *r, const struct log_entry *e)
{
	u32 data_at = e->at + vhdx_log_front_bytes(e->descriptors);
	const struct vhdx_log_desc *desc;
	u32 i, sectors = 0, before;
	int ret;

	if (r->io->size < e->last_size) {
		ret = vhd_io_resize(r->io, e->last_size, r->err);
		if (ret)
			return ret;
	}
	ret = log_read(r, e->at, r->front);
	for (i = 0; i < e->descriptors && !ret; i++) {
		ret = log_desc(r, e, i, &desc);
		if (ret)
			break;
		before = sectors;
		if (!log_desc_ok(r, e, desc, &sectors))
			return vhd_fail(r->err, -EUCLEAN, "the log changed while it was replayed");
		if (sectors == before) {
			if (desc->leading)
				ret = vhd_io_zero(r->io, le64_to_cpu(desc->offset),
						  le64_to_cpu(desc->leading), r->err);
			continue;
		}
		ret = log_read(r, data_at + before * VHDX_LOG_SECTOR, r->data);
		if (ret)
			break;
		memcpy(r->data, &desc->leading, 8);
		memcpy(r->data + VHDX_LOG_SECTOR - 4, desc->trailing, 4);
		ret = vhd_io_write(r->io, le64_to_cpu(desc->offset), r->data,
				   VHDX_LOG_SECTOR, "logged update", r->err);
	}
	return ret;
}

static int log_run_apply(const struct vhdx_header *header, struct vhd_io *io,
			 const struct vhdx_log_run *run, struct vhd_error *err)
{
	struct log_reader r;
	struct log_entry e;
	u32 done = 0;
	int ret;

	ret = log_reader_init(&r, header, io, err);
	if (ret)
		return ret;
	while (done < run->bytes) {
		ret = log_entry_read(&r, run->tail + done, &e);
		if (ret >= 0 && (!ret || e.len > run->bytes - done))
			ret = vhd_fail(err, -EUCLEAN,
				       "the log begins at byte %u, where it has no valid entry",
				       run->tail);
		if (ret < 0)
			break;
		ret = log_entry_apply(&r, &e);
		if (ret)
			break;
		done += e.len;
	}
	kvfree(r.front);
	return ret;
}

/**
 * vhdx_log_replay() - finish what a crash has interrupted
 * @header: the current one, with a log; gets none
 * @io: the file; the log is inside it
 * @err: set on failure
 *
 * May be interrupted and done again.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhdx_log_replay(struct vhdx_header *header, struct vhd_io *io,
		    struct vhd_error *err)
{
	struct vhdx_log_run run;
	int ret;

	ret = vhdx_log_find(header, io, &run, err);
	if (ret)
		return ret;
	if (run.flushed_size > io->size)
		return vhd_fail(err, -EUCLEAN,
				"the file has %llu bytes and its log says it had %llu: it was cut off",
				io->size, run.flushed_size);
	ret = log_run_apply(header, io, &run, err);
	return ret ?: vhdx_log_stop(header, io, err);
}
