// SPDX-License-Identifier: GPL-2.0-only
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "vhdx_log.h"

static void log_encode_data(u8 *sector, struct vhdx_log_desc *desc,
			    const u8 *data, u64 sequence)
{
	struct vhdx_log_data *d = (struct vhdx_log_data *)sector;

	memcpy(&desc->leading, data, 8);
	memcpy(desc->trailing, data + VHDX_LOG_SECTOR - 4, 4);
	d->signature = cpu_to_le32(VHDX_DATA_SIGNATURE);
	d->sequence_high = cpu_to_le32(sequence >> 32);
	memcpy(d->data, data + 8, sizeof(d->data));
	d->sequence_low = cpu_to_le32(sequence);
}

/* An entry of @len bytes in @buf, all but the place where it goes. */
static void log_encode(u8 *buf, u32 len, const struct vhdx_log *log, u64 file_size,
		       const struct vhdx_log_write *writes, u32 count)
{
	struct vhdx_log_header *head = (struct vhdx_log_header *)buf;
	struct vhdx_log_desc *desc = (struct vhdx_log_desc *)(head + 1);
	u8 *sector = buf + vhdx_log_front_bytes(count);
	u32 i;

	memset(buf, 0, len);
	head->signature = cpu_to_le32(VHDX_LOG_SIGNATURE);
	head->length = cpu_to_le32(len);
	head->tail = cpu_to_le32(log->tail);
	head->sequence = cpu_to_le64(log->sequence + 1);
	head->descriptors = cpu_to_le32(count);
	head->log = log->id;
	head->flushed_size = cpu_to_le64(file_size);
	head->last_size = cpu_to_le64(file_size);
	for (i = 0; i < count; i++, desc++) {
		desc->offset = cpu_to_le64(writes[i].pos);
		desc->sequence = head->sequence;
		if (writes[i].data) {
			desc->signature = cpu_to_le32(VHDX_DESC_SIGNATURE);
			log_encode_data(sector, desc, writes[i].data, log->sequence + 1);
			sector += VHDX_LOG_SECTOR;
		} else {
			desc->signature = cpu_to_le32(VHDX_ZERO_SIGNATURE);
			desc->leading = cpu_to_le64(writes[i].zero);
		}
	}
	head->checksum = cpu_to_le32(vhdx_checksum(buf, len));
}

/**
 * vhdx_log_append() - write an entry
 * @log: where to
 * @writes: what the entry does when it is replayed
 * @count: of them
 * @io: the file; as long as it is now, it is on stable storage
 * @err: set on failure
 *
 * What is written is not flushed. One sector of the log always stays free: a
 * full one would look like an empty one.
 *
 * Context: may sleep; one call at a time.
 * Return: 0; -ENOSPC when the log has no room, and vhdx_log_applied() can make
 * it; or another negative errno: the log is as before.
 */
int vhdx_log_append(struct vhdx_log *log, const struct vhdx_log_write *writes,
		    u32 count, struct vhd_io *io, struct vhd_error *err)
{
	u32 len = vhdx_log_front_bytes(count), kept, at, part, i;
	u8 *buf;
	int ret;

	for (i = 0; i < count; i++)
		len += writes[i].data ? VHDX_LOG_SECTOR : 0;
	/* Should this one not become whole, there has to be one before it. */
	kept = log->used ?: log->last;
	if (len + VHDX_LOG_SECTOR > log->len - kept)
		return vhd_fail(err, -ENOSPC, "the log has no room for %u bytes", len);
	buf = kvmalloc(len, GFP_KERNEL);
	if (!buf)
		return vhd_fail(err, -ENOMEM, "no memory for a log entry");
	log_encode(buf, len, log, io->size, writes, count);
	at = (log->tail + log->used) % log->len;
	part = min(len, log->len - at);
	ret = vhd_io_write(io, log->pos + at, buf, part, "log", err);
	if (!ret && part < len)
		ret = vhd_io_write(io, log->pos, buf + part, len - part, "log", err);
	kvfree(buf);
	if (ret)
		return ret;
	log->used += len;
	log->last = len;
	log->sequence++;
	return 0;
}

/**
 * vhdx_log_applied() - everything in the log has been done and flushed
 * @log: becomes empty
 *
 * Takes effect on the file with the next entry.
 */
void vhdx_log_applied(struct vhdx_log *log)
{
	log->tail = (log->tail + log->used) % log->len;
	log->used = 0;
}

/**
 * vhdx_log_start() - begin to use the log
 * @log: is filled in
 * @header: the current one, without a log; gets this one
 * @id: a new random id
 * @io: the file
 * @err: set on failure
 *
 * The log has an entry that does nothing before the header names it: a log
 * without one is damage.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhdx_log_start(struct vhdx_log *log, struct vhdx_header *header,
		   const guid_t *id, struct vhd_io *io, struct vhd_error *err)
{
	int ret;

	*log = (struct vhdx_log) {
		.pos = header->log_pos,
		.len = header->log_len,
		.id = *id,
	};
	ret = vhdx_log_append(log, NULL, 0, io, err);
	if (ret)
		return ret;
	header->log = *id;
	return vhdx_header_write(header, io, err);
}

/**
 * vhdx_log_stop() - there is nothing to replay any more
 * @header: the current one; loses its log
 * @io: the file; what the log has is done and flushed
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhdx_log_stop(struct vhdx_header *header, struct vhd_io *io, struct vhd_error *err)
{
	int ret;

	header->log = guid_null;
	/*
	 * Twice: should this header be damaged one day, the other one must not
	 * have the old log replayed over what came later.
	 */
	ret = vhdx_header_write(header, io, err);
	return ret ?: vhdx_header_write(header, io, err);
}
