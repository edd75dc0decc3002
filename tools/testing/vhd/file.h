/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * struct vhd_io on a file of the host.
 */
#ifndef FILE_H
#define FILE_H

#include "io.h"

/**
 * struct file - a file and how it fails
 * @io: for the library
 * @fd: the file
 * @fail_in: changes until one fails, and all after it; negative: never
 * @torn: of the change that fails the first half is done
 * @changes: that were asked for
 */
struct file {
	struct vhd_io io;
	int fd;
	int fail_in;
	bool torn;
	int changes;
};

int file_open(struct file *file, const char *path, int flags);
int file_memory(struct file *file);
void file_close(struct file *file);

#endif /* FILE_H */
