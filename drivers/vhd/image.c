// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/visibility.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "image.h"
#include "text.h"
#include "vhd1.h"
#include "vhdx.h"

/* Seconds that two looks at the time of a file may be apart: FAT has even ones only. */
#define IMAGE_TIME_SLACK	2U

/**
 * vhd_image_open() - find out what a file holds, and check it
 * @img: is filled in
 * @io: the file
 * @writable: it is to be written: the log of a VHDX is replayed
 * @err: set on failure
 *
 * Of the blocks only the room for their table is checked: vhd_block_decode()
 * checks each when it is used, vhd_check() all of them.
 *
 * Context: may sleep.
 * Return: 0, then vhd_image_close() frees what @img has; or a negative errno.
 */
int vhd_image_open(struct vhd_image *img, struct vhd_io *io, bool writable,
		   struct vhd_error *err)
{
	char cookie[8] = "";
	int ret = 0;

	memset(img, 0, sizeof(*img));
	err->code = 0;
	if (io->size >= sizeof(cookie))
		ret = vhd_io_read(io, 0, cookie, sizeof(cookie), "first bytes", err);
	if (ret)
		return ret;
	if (!memcmp(cookie, VHDX_FILE_SIGNATURE, sizeof(cookie)))
		ret = vhdx_open(img, io, writable, err);
	else
		ret = vhd1_open(img, io, writable, err);
	if (ret)
		vhd_image_close(img);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(vhd_image_open);

/**
 * vhd_image_close() - free what vhd_image_open() has allocated
 * @img: the image; may be closed again
 *
 * Context: may sleep.
 */
void vhd_image_close(struct vhd_image *img)
{
	kvfree(img->parent.name);
	kvfree(img->parent.relative);
	kvfree(img->parent.absolute);
	kvfree(img->parent.volume);
	memset(&img->parent, 0, sizeof(img->parent));
}
EXPORT_SYMBOL_IF_KUNIT(vhd_image_close);

/* A VHD has one id for ever; that it was written, only the time says. */
static int image_fits_time(const struct vhd_image *child, s64 written, struct vhd_error *err)
{
	u32 have = written - VHD_EPOCH, want = child->parent.timestamp;
	bool after = (s32)(have - want) > 0;
	u32 apart = after ? have - want : want - have;

	/* while it is merged to, it has no time */
	if (!want || apart <= IMAGE_TIME_SLACK)
		return 0;
	return vhd_fail(err, -ESTALE, "the parent was written %u s %s the child was made from it",
			apart, after ? "after" : "before");
}

/**
 * vhd_image_fits_parent() - is this the parent that a child was made from?
 * @child: a differencing image
 * @parent: what was found by its path
 * @written: when its file was written last, in seconds since 1970
 * @err: set on failure
 *
 * Return: 0; -ESTALE when it is another image, or has been written since;
 * -EINVAL when the two cannot be child and parent.
 */
int vhd_image_fits_parent(const struct vhd_image *child,
			  const struct vhd_image *parent, s64 written, struct vhd_error *err)
{
	char want[VHD_GUID_TEXT], have[VHD_GUID_TEXT];

	if (child->type != VHD_TYPE_DIFF)
		return vhd_fail(err, -EINVAL, "the image is not a differencing one");
	if (child->format != parent->format)
		return vhd_fail(err, -EINVAL, "the child is a %s and the parent a %s",
				vhd_format_name(child->format), vhd_format_name(parent->format));
	if (child->sector_size != parent->sector_size)
		return vhd_fail(err, -EINVAL,
				"the child has sectors of %u bytes and the parent of %u",
				child->sector_size, parent->sector_size);
	if (guid_equal(&child->parent.id, &parent->id) ||
	    (!guid_is_null(&child->parent.id2) &&
	     guid_equal(&child->parent.id2, &parent->id)))
		return child->format == VHD_FORMAT_VHD ? image_fits_time(child, written, err) : 0;
	vhd_guid_format(&child->parent.id, want);
	vhd_guid_format(&parent->id, have);
	return vhd_fail(err, -ESTALE, "the parent is %s and not %s: %s", have, want,
			parent->format == VHD_FORMAT_VHD ? "another image" :
			"another image, or written since");
}

/**
 * vhd_format_name() - as people say it
 * @format: VHD or VHDX
 *
 * Return: its name.
 */
const char *vhd_format_name(enum vhd_format format)
{
	return format == VHD_FORMAT_VHDX ? "VHDX" : "VHD";
}

/**
 * vhd_type_name() - as people say it
 * @type: of an image
 *
 * Return: its name.
 */
const char *vhd_type_name(enum vhd_type type)
{
	switch (type) {
	case VHD_TYPE_FIXED:
		return "fixed";
	case VHD_TYPE_DYNAMIC:
		return "dynamic";
	case VHD_TYPE_DIFF:
		return "differencing";
	}
	return "unknown";
}
