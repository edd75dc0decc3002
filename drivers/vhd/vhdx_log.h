/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The log of a VHDX: a ring of entries, each a set of 4 KiB writes and of
 * ranges to zero that are done all or not at all.
 */
#ifndef VHDX_LOG_H
#define VHDX_LOG_H

#include "vhdx.h"

/**
 * struct vhdx_log_run - the entries to replay
 * @tail: byte in the log of the first
 * @bytes: of all of them
 * @sequence: number of the last
 * @flushed_size: what the file has to have
 */
struct vhdx_log_run {
	u32 tail;
	u32 bytes;
	u64 sequence;
	u64 flushed_size;
};

/**
 * struct vhdx_log - a log that is being written
 * @pos: in the file
 * @len: bytes
 * @id: of the entries
 * @tail: byte in the log of the oldest entry that is still needed
 * @used: bytes from there on
 * @last: bytes of the last entry
 * @sequence: number of the last entry
 */
struct vhdx_log {
	u64 pos;
	u32 len;
	guid_t id;
	u32 tail;
	u32 used;
	u32 last;
	u64 sequence;
};

/**
 * struct vhdx_log_write - what an entry does
 * @pos: byte in the file, whole 4 KiB, inside it and outside the log
 * @data: 4 KiB, or NULL
 * @zero: without @data: bytes to zero, whole 4 KiB
 */
struct vhdx_log_write {
	u64 pos;
	const void *data;
	u64 zero;
};

/* vhdx_log.c */
u32 vhdx_log_front_bytes(u32 descriptors);
int vhdx_log_find(const struct vhdx_header *header, struct vhd_io *io,
		  struct vhdx_log_run *run, struct vhd_error *err);
int vhdx_log_replay(struct vhdx_header *header, struct vhd_io *io,
		    struct vhd_error *err);

/* vhdx_log_write.c */
int vhdx_log_start(struct vhdx_log *log, struct vhdx_header *header,
		   const guid_t *id, struct vhd_io *io, struct vhd_error *err);
int vhdx_log_append(struct vhdx_log *log, const struct vhdx_log_write *writes,
		    u32 count, struct vhd_io *io, struct vhd_error *err);
void vhdx_log_applied(struct vhdx_log *log);
int vhdx_log_stop(struct vhdx_header *header, struct vhd_io *io, struct vhd_error *err);

#endif /* VHDX_LOG_H */
