/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An image's file, which nobody else writes while it is open here.
 */
#ifndef VHD_BACKING_H
#define VHD_BACKING_H

#include <linux/fs.h>
#include <linux/list.h>

#include "../io.h"

/**
 * struct vhd_backing - an open file
 * @file: it
 * @io: for the library
 * @link: among all that are open
 * @gfp: of the file's page cache before it was opened here
 * @path: as it was given, or as it was found; freed with the file
 * @writable: this is the one writer; a file that was opened for writing may have been
 *	settled
 * @unguarded: somebody else may have it open for writing: nothing keeps him from it
 * @direct: data is read and written directly; vhd_backing_direct() decides
 * @nowait: the file system can be asked not to wait
 * @in_memory: the file system has no device: neither reads, nor writes to pages that it
 *	has, wait for one
 * @by_sector: places of data and of structures share pages, so structures are
 *	written directly, too: a page that is written back must not have old data
 */
struct vhd_backing {
	struct file *file;
	struct vhd_io io;
	struct list_head link;
	gfp_t gfp;
	char *path;
	bool writable;
	bool unguarded;
	bool direct;
	bool nowait;
	bool in_memory;
	bool by_sector;
};

int vhd_backing_open(struct vhd_backing *b, const char *path, bool writable,
		     struct vhd_error *err);
void vhd_backing_close(struct vhd_backing *b);
bool vhd_backing_same(const struct vhd_backing *a, const struct vhd_backing *b);
void vhd_backing_direct(struct vhd_backing *b, u32 sector_size, bool mixed);
int vhd_backing_take(struct vhd_backing *b, struct vhd_error *err);
void vhd_backing_settle(struct vhd_backing *b);
int vhd_backing_rw(struct vhd_backing *b, int rw, u64 pos, u64 len, struct iov_iter *iter,
		   bool fua);
bool vhd_backing_in_memory(struct vhd_backing *b, u64 pos, u64 len);
int vhd_backing_peek(struct vhd_backing *b, u64 pos, void *buf, size_t len, bool nowait);

#endif /* VHD_BACKING_H */
