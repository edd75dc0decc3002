// SPDX-License-Identifier: GPL-2.0-only
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "text.h"
#include "vhd1.h"

/*
 * The last footer decides, because what is at the beginning of a fixed VHD is
 * the guest's: it may look like the copy of a footer, with a parent of the
 * guest's choice. A dynamic VHD whose last footer is damaged, or was
 * overwritten by a block before a crash, is opened by the copy.
 */
static int vhd1_find_footer(struct vhd_image *img, struct vhd_io *io,
			    struct vhd1_footer *last, struct vhd1_footer *first,
			    struct vhd_error *err)
{
	struct vhd_error second = { };
	int ret;

	if (io->size < sizeof(*last))
		return vhd_fail(err, -EMEDIUMTYPE, "the file is neither a VHD nor a VHDX");
	img->v1.data_end = io->size - sizeof(*last);
	ret = vhd_io_read(io, img->v1.data_end, last, sizeof(*last), "footer", err);
	if (ret)
		return ret;
	ret = vhd1_footer_check(last, err);
	if (ret == -EMEDIUMTYPE && !memcmp((u8 *)last + 1, VHD1_FOOTER_COOKIE, 8)) {
		memmove(last, (u8 *)last + 1, sizeof(*last) - 1);
		last->reserved[sizeof(last->reserved) - 1] = 0;
		img->v1.data_end++;
		img->v1.footer_short = true;
		ret = vhd1_footer_check(last, err);
	}
	if (!ret && last->type == cpu_to_be32(VHD1_TYPE_FIXED)) {
		vhd1_footer_take(img, last);
		return 0;
	}
	if (ret && ret != -EMEDIUMTYPE && ret != -EUCLEAN)
		return ret;

	if (vhd_io_read(io, 0, first, sizeof(*first), "copy of the footer", &second))
		return vhd_fail(err, second.code, "%s", second.text);
	if (vhd1_footer_check(first, &second) || first->type == cpu_to_be32(VHD1_TYPE_FIXED)) {
		/* the last one alone is as good */
		img->v1.copy_lost = !ret;
		if (!ret)
			vhd1_footer_take(img, last);
		else if (ret == -EMEDIUMTYPE && second.code && second.code != -EMEDIUMTYPE)
			*err = second;
		return ret ? err->code : 0;
	}
	if (!ret) {
		ret = vhd1_footers_agree(last, first, err);
		if (!ret)
			vhd1_footer_take(img, last);
		return ret;
	}
	img->v1.footer_lost = true;
	img->v1.footer_short = false;
	img->v1.data_end = io->size;
	vhd1_footer_take(img, first);
	return 0;
}

static int vhd1_read_locators(struct vhd_image *img, struct vhd_io *io,
			      const struct vhd1_header *header, struct vhd_error *err)
{
	const struct vhd1_locator *locator;
	int i, ret;
	char **text;
	u32 len;
	u8 *buf;

	for (i = 0; i < VHD1_LOCATORS; i++) {
		locator = &header->locators[i];
		img->v1.locators_end = max(img->v1.locators_end, vhd1_locator_end(locator));
		ret = vhd1_locator_check(img, locator, err);
		if (ret < 0)
			return ret;
		text = locator->platform == cpu_to_be32(VHD1_PLATFORM_W2RU) ?
			&img->parent.relative : &img->parent.absolute;
		/* the first of a kind counts */
		if (!ret || *text)
			continue;
		len = be32_to_cpu(locator->length);
		buf = kvmalloc(len, GFP_KERNEL);
		if (!buf)
			return vhd_fail(err, -ENOMEM, "no memory for a path");
		ret = vhd_io_read(io, be64_to_cpu(locator->offset), buf, len,
				  "parent's path", err);
		if (!ret) {
			*text = vhd_text_from_utf16(buf, len, false, err);
			ret = *text ? 0 : err->code;
		}
		kvfree(buf);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * vhd1_open() - read and check the structures of a VHD
 * @img: zeroed; is filled in
 * @io: the file
 * @writable: it is to be written
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or a negative errno; the caller closes @img either way.
 */
int vhd1_open(struct vhd_image *img, struct vhd_io *io, bool writable,
	      struct vhd_error *err)
{
	struct vhd1_footer *footers;
	struct vhd1_header *header;
	int ret;

	footers = kvmalloc(2 * sizeof(*footers), GFP_KERNEL);
	if (!footers)
		return vhd_fail(err, -ENOMEM, "no memory for the footers");
	ret = vhd1_find_footer(img, io, footers, footers + 1, err);
	kvfree(footers);
	if (ret)
		return ret;
	if (writable && img->v1.footer_short)
		return vhd_fail(err, -EROFS,
				"a VHD with a footer of 511 bytes can only be read");
	if (img->type == VHD_TYPE_FIXED) {
		if (img->size > img->v1.data_end)
			return vhd_fail(err, -EUCLEAN,
					"a disk of %llu bytes is in a file with room for %llu",
					img->size, img->v1.data_end);
		return 0;
	}

	header = kvmalloc(sizeof(*header), GFP_KERNEL);
	if (!header)
		return vhd_fail(err, -ENOMEM, "no memory for the dynamic header");
	if (!vhd_inside(img->v1.header_pos, sizeof(*header), img->v1.data_end))
		ret = vhd_fail(err, -EUCLEAN,
			       "the dynamic header at byte %llu is not inside the file",
			       img->v1.header_pos);
	if (!ret)
		ret = vhd_io_read(io, img->v1.header_pos, header, sizeof(*header),
				  "dynamic header", err);
	if (!ret)
		ret = vhd1_header_take(img, header, err);
	if (!ret && img->type == VHD_TYPE_DIFF)
		ret = vhd1_read_locators(img, io, header, err);
	kvfree(header);
	return ret;
}
