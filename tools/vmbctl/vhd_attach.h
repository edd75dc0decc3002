/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's disks in images. */
#ifndef VMBCTL_VHD_ATTACH_H
#define VMBCTL_VHD_ATTACH_H

#include <stdint.h>

char *vhd_disk_written(const char *image);
char *vhd_disk_get(const char *name, const char *what);
char *vhd_disk_line(const char *name, const char *what, unsigned int line);
uint64_t vhd_disk_number(const char *name, const char *what);
int vhd_disk_set(const char *name, const char *what, const char *value);

#endif /* VMBCTL_VHD_ATTACH_H */
