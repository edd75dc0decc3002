// SPDX-License-Identifier: GPL-2.0-only
/*
 * VHD: footers, dynamic header, block allocation table, bitmaps.
 */
#include <stddef.h>

#include "fuzz_image.h"
#include "vhd1.h"

int shim_fail_alloc;

/* Footers and headers are read whole. */
static void correct(u64 pos, u8 *buf, size_t len)
{
	struct vhd1_footer *footer = (struct vhd1_footer *)buf;
	struct vhd1_header *header = (struct vhd1_header *)buf;

	(void)pos;
	if (len == sizeof(*footer) && !memcmp(buf, VHD1_FOOTER_COOKIE, 8))
		footer->checksum = cpu_to_be32(vhd1_checksum(buf, len,
					offsetof(struct vhd1_footer, checksum)));
	else if (len == sizeof(*header) && !memcmp(buf, VHD1_HEADER_COOKIE, 8))
		header->checksum = cpu_to_be32(vhd1_checksum(buf, len,
					offsetof(struct vhd1_header, checksum)));
}

static bool ours(const struct vhd_image *img)
{
	return img->format == VHD_FORMAT_VHD;
}

int fuzz_one(const u8 *in, size_t len)
{
	return fuzz_image(in, len, correct, ours);
}
