/* SPDX-License-Identifier: GPL-2.0-only */
/* Image files, for the library in drivers/vhd. */
#ifndef VMBCTL_VHD_FILE_H
#define VMBCTL_VHD_FILE_H

#include "create.h"
#include "image.h"

/**
 * struct vhd_file - an image's file
 * @io: for the library
 * @path: as given
 * @fd: open
 */
struct vhd_file {
	struct vhd_io io;
	const char *path;
	int fd;
};

int vhd_file_open(struct vhd_file *file, const char *path, int flags);
int vhd_file_alone(struct vhd_file *file);
int vhd_file_image(struct vhd_file *file, struct vhd_image *img, const char *path);
int vhd_file_failed(const struct vhd_file *file, const struct vhd_error *err);
int vhd_file_create(const struct vhd_create *params, const char *path,
		    int (*more)(struct vhd_file *file, void *arg), void *arg);
guid_t vhd_random_id(void);
char *vhd_file_parent_path(const char *child, const struct vhd_image *img);

#endif /* VMBCTL_VHD_FILE_H */
