/* SPDX-License-Identifier: GPL-2.0-only */
/* An image and its parents, and children of an image. */
#ifndef VMBCTL_VHD_CHAIN_H
#define VMBCTL_VHD_CHAIN_H

#include "chain.h"
#include "create.h"
#include "vhd_file.h"

/**
 * struct vhd_images - the images of a chain, open
 * @chain: for the library
 * @link: of it
 * @file: of each
 * @path: of each
 */
struct vhd_images {
	struct vhd_chain chain;
	struct vhd_link link[VHD_CHAIN_MAX];
	struct vhd_file file[VHD_CHAIN_MAX];
	char *path[VHD_CHAIN_MAX];
};

struct vhd_images *vhd_images_open(const char *path, bool replay);
int vhd_images_write(struct vhd_images *images, u32 i);
int vhd_childless(const char *image, const char *above);
int vhd_images_childless(const struct vhd_images *images, u32 i);
void vhd_images_close(struct vhd_images *images);
int vhd_child_paths(struct vhd_create *p, const char *parent, const char *path);
int vhd_child_params(struct vhd_create *p, const struct vhd_images *parent, const char *path);
void vhd_child_free(struct vhd_create *p);

#endif /* VMBCTL_VHD_CHAIN_H */
