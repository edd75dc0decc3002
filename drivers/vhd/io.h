/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How this folder reaches the file of an image: the kernel's file, a
 * program's, or a test's memory.
 */
#ifndef VHD_IO_H
#define VHD_IO_H

#include <linux/types.h>

#include "error.h"

/**
 * struct vhd_io - a file
 * @read: all @len bytes at @pos, or a negative errno
 * @write: likewise; beyond the end it grows the file
 * @zero: @len bytes at @pos become zeros; may leave a hole
 * @resize: the file has @size bytes afterwards, new ones zero
 * @flush: what was written before is on stable storage
 * @file: for the functions
 * @size: of the file in bytes; vhd_io_write() and vhd_io_resize() keep it true
 *
 * All may sleep. Read-only files have NULL for all but @read.
 */
struct vhd_io {
	int (*read)(void *file, u64 pos, void *buf, size_t len);
	int (*write)(void *file, u64 pos, const void *buf, size_t len);
	int (*zero)(void *file, u64 pos, u64 len);
	int (*resize)(void *file, u64 size);
	int (*flush)(void *file);
	void *file;
	u64 size;
};

int vhd_io_read(struct vhd_io *io, u64 pos, void *buf, size_t len,
		const char *what, struct vhd_error *err);
int vhd_io_write(struct vhd_io *io, u64 pos, const void *buf, size_t len,
		 const char *what, struct vhd_error *err);
int vhd_io_zero(struct vhd_io *io, u64 pos, u64 len, struct vhd_error *err);
int vhd_io_resize(struct vhd_io *io, u64 size, struct vhd_error *err);
int vhd_io_flush(struct vhd_io *io, struct vhd_error *err);

/* Do @len bytes at @pos lie in a file of @size bytes? */
static inline bool vhd_inside(u64 pos, u64 len, u64 size)
{
	return pos <= size && len <= size - pos;
}

/* Do two ranges, neither of which wraps, share a byte? */
static inline bool vhd_overlap(u64 a, u64 a_len, u64 b, u64 b_len)
{
	return a < b + b_len && b < a + a_len;
}

#endif /* VHD_IO_H */
