// SPDX-License-Identifier: GPL-2.0-only
#include <linux/minmax.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "vhd1.h"

/**
 * vhd1_checksum() - of a footer or a dynamic header
 * @buf: the structure
 * @len: bytes of it
 * @at: where its own checksum is, which does not count
 *
 * Return: the complement of the sum of the bytes.
 */
u32 vhd1_checksum(const void *buf, size_t len, size_t at)
{
	const u8 *p = buf;
	u32 sum = 0;
	size_t i;

	for (i = 0; i < len; i++)
		if (i < at || i >= at + 4)
			sum += p[i];
	return ~sum;
}

/**
 * vhd1_geometry() - the cylinders, heads and sectors of a disk
 * @size: of the disk, in bytes
 * @g: is filled in; it describes at most 65535 * 16 * 255 sectors
 */
void vhd1_geometry(u64 size, struct vhd1_geometry *g)
{
	u64 total = min(size / VHD_SECTOR, 65535ULL * 16 * 255);
	u32 tracks;

	if (total >= 65535ULL * 16 * 63) {
		g->sectors = 255;
		g->heads = 16;
		g->cylinders = total / 255 / 16;
		return;
	}
	g->sectors = 17;
	tracks = total / 17;
	g->heads = max((tracks + 1023) / 1024, 4U);
	if (tracks >= g->heads * 1024U || (tracks + 1023) / 1024 > 16) {
		g->sectors = 31;
		g->heads = 16;
		tracks = total / 31;
	}
	if (tracks >= g->heads * 1024U) {
		g->sectors = 63;
		g->heads = 16;
		tracks = total / 63;
	}
	g->cylinders = tracks / g->heads;
}

/**
 * vhd1_footer_check() - is this a footer, and one of a disk we can serve?
 * @footer: a copy of it
 * @err: set on failure
 *
 * Return: 0; -EMEDIUMTYPE when it has no cookie; -EUCLEAN, -EFBIG or
 * -EOPNOTSUPP.
 */
int vhd1_footer_check(const struct vhd1_footer *footer, struct vhd_error *err)
{
	u64 size = be64_to_cpu(footer->current_size);
	u64 offset = be64_to_cpu(footer->data_offset);
	u32 type = be32_to_cpu(footer->type);

	if (memcmp(footer->cookie, VHD1_FOOTER_COOKIE, sizeof(footer->cookie)))
		return vhd_fail(err, -EMEDIUMTYPE, "the file is neither a VHD nor a VHDX");
	if (be32_to_cpu(footer->checksum) !=
	    vhd1_checksum(footer, sizeof(*footer), offsetof(struct vhd1_footer, checksum)))
		return vhd_fail(err, -EUCLEAN, "the footer's checksum is wrong");
	if (be32_to_cpu(footer->version) >> 16 != VHD1_VERSION >> 16)
		return vhd_fail(err, -EOPNOTSUPP, "the VHD has format version %u, not 1",
				be32_to_cpu(footer->version) >> 16);
	if (type < VHD1_TYPE_FIXED || type > VHD1_TYPE_DIFF)
		return vhd_fail(err, -EOPNOTSUPP,
				"the VHD has type %u: not fixed, dynamic or differencing", type);
	if (!size || size % VHD_SECTOR)
		return vhd_fail(err, -EUCLEAN, "a disk of %llu bytes is not whole sectors", size);
	if (size > VHD1_MAX_SIZE)
		return vhd_fail(err, -EFBIG, "a disk of %llu bytes is more than 2040 GiB", size);
	if (type != VHD1_TYPE_FIXED && (offset < sizeof(*footer) || offset % VHD_SECTOR))
		return vhd_fail(err, -EUCLEAN, "the dynamic header cannot be at byte %llu", offset);
	return 0;
}

/**
 * vhd1_footers_agree() - do both copies describe the same disk?
 * @a: one, checked
 * @b: the other, checked
 * @err: set on failure
 *
 * Return: 0 or -EUCLEAN: then nobody can tell which one is right.
 */
int vhd1_footers_agree(const struct vhd1_footer *a, const struct vhd1_footer *b,
		       struct vhd_error *err)
{
	const char *what = NULL;

	if (a->type != b->type)
		what = "type";
	else if (a->current_size != b->current_size)
		what = "size";
	else if (memcmp(a->uuid, b->uuid, sizeof(a->uuid)))
		what = "id";
	else if (a->data_offset != b->data_offset)
		what = "dynamic header";
	return what ? vhd_fail(err, -EUCLEAN, "the two footers disagree about the %s", what) : 0;
}

/**
 * vhd1_footer_take() - what a checked footer says
 * @img: is filled in
 * @footer: checked
 */
void vhd1_footer_take(struct vhd_image *img, const struct vhd1_footer *footer)
{
	img->format = VHD_FORMAT_VHD;
	img->type = be32_to_cpu(footer->type) - VHD1_TYPE_FIXED;
	img->size = be64_to_cpu(footer->current_size);
	img->sector_size = VHD_SECTOR;
	img->physical_size = VHD_SECTOR;
	memcpy(&img->id, footer->uuid, sizeof(footer->uuid));
	img->v1.header_pos = be64_to_cpu(footer->data_offset);
	img->v1.timestamp = be32_to_cpu(footer->timestamp);
	img->v1.cylinders = be16_to_cpu(footer->cylinders);
	img->v1.heads = footer->heads;
	img->v1.sectors = footer->sectors;
	memcpy(img->v1.footer, footer, sizeof(*footer));
}
