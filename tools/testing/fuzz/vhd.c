// SPDX-License-Identifier: GPL-2.0-only
/*
 * VHD: footers, dynamic header, block allocation table, bitmaps.
 */
#include <stddef.h>

#include "fuzz_image.h"
#include "vhd1.h"

int shim_fail_alloc;

/* Make a checksum right that is @at bytes into a structure. */
static void correct_at(u8 *buf, size_t len, size_t at)
{
	__be32 sum = cpu_to_be32(vhd1_checksum(buf, len, at));

	memcpy(buf + at, &sum, sizeof(sum));
}

/* Footers and headers are read whole. */
static void correct(u64 pos, u8 *buf, size_t len)
{
	(void)pos;
	if (len == sizeof(struct vhd1_footer) && !memcmp(buf, VHD1_FOOTER_COOKIE, 8))
		correct_at(buf, len, offsetof(struct vhd1_footer, checksum));
	else if (len == sizeof(struct vhd1_header) && !memcmp(buf, VHD1_HEADER_COOKIE, 8))
		correct_at(buf, len, offsetof(struct vhd1_header, checksum));
}

static bool ours(const struct vhd_image *img)
{
	return img->format == VHD_FORMAT_VHD;
}

int fuzz_one(const u8 *in, size_t len)
{
	return fuzz_image(in, len, correct, ours);
}
