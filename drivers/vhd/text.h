/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * UTF-16 and ids as images have them in text.
 */
#ifndef VHD_TEXT_H
#define VHD_TEXT_H

#include <linux/types.h>
#include <linux/uuid.h>

#include "error.h"

/* Bytes of UTF-16 that a path in an image may have */
#define VHD_PATH_BYTES	65536U

/* "{8-4-4-4-12}" and its end */
#define VHD_GUID_TEXT	39U

char *vhd_text_from_utf16(const void *buf, size_t len, bool big,
			  struct vhd_error *err);
int vhd_text_to_utf16(const char *text, void *buf, size_t size, bool big,
		      struct vhd_error *err);
void vhd_guid_format(const guid_t *guid, char *text);
bool vhd_guid_parse(const char *text, guid_t *guid);

#endif /* VHD_TEXT_H */
