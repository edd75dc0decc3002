// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>
#include <linux/string.h>

#include "vhdx.h"
#include "vhdx_log.h"

static int vhdx_read_headers(struct vhd_image *img, struct vhd_io *io, u8 *buf,
			     struct vhd_error *err)
{
	struct vhdx_header *header = &img->vx.header;
	u8 *second = buf + VHDX_HEADER_BYTES;
	int ret;

	ret = vhd_io_read(io, VHDX_HEADER_POS(0), buf, VHDX_HEADER_BYTES, "first header", err);
	if (!ret)
		ret = vhd_io_read(io, VHDX_HEADER_POS(1), second, VHDX_HEADER_BYTES,
				  "second header", err);
	if (!ret)
		ret = vhdx_header_choose(buf, second, header, err);
	if (ret)
		return ret;
	if (!vhd_inside(header->log_pos, header->log_len, io->size))
		return vhd_fail(err, -EUCLEAN, "the log, %u bytes at %llu, is not inside the file",
				header->log_len, header->log_pos);
	img->id = header->data_write;
	return 0;
}

static int vhdx_replay(struct vhd_image *img, struct vhd_io *io, bool writable,
		       struct vhd_error *err)
{
	if (guid_is_null(&img->vx.header.log))
		return 0;
	if (img->vx.header.log_len > VHDX_MAX_LOG)
		return vhd_fail(err, -EFBIG, "the log has %u bytes to replay, more than 256 MiB",
				img->vx.header.log_len);
	if (!writable)
		return vhd_fail(err, -EROFS,
				"the VHDX was not closed: its log has to be replayed, open it for writing once");
	img->vx.replayed = true;
	return vhdx_log_replay(&img->vx.header, io, err);
}

/**
 * vhdx_region_read() - read and check the region table, or its copy
 * @img: gets where the regions are
 * @io: the file
 * @buf: gets the 64 KiB of the one that is good
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhdx_region_read(struct vhd_image *img, struct vhd_io *io, void *buf,
		     struct vhd_error *err)
{
	struct vhd_error second;
	int ret;

	ret = vhd_io_read(io, VHDX_REGION_POS(0), buf, VHDX_REGION_BYTES, "region table", err);
	if (ret)
		return ret;
	ret = vhdx_region_take(img, buf, io->size, err);
	if (ret != -EUCLEAN)
		return ret;
	/* What is wrong with the first one is what the user has to know. */
	if (!vhd_io_read(io, VHDX_REGION_POS(1), buf, VHDX_REGION_BYTES, "region table", &second))
		ret = vhdx_region_take(img, buf, io->size, &second) ? err->code : 0;
	return ret;
}

static int vhdx_read_item(struct vhd_image *img, struct vhd_io *io, enum vhdx_item_id id,
			  const struct vhdx_item *item, struct vhd_error *err)
{
	void *buf = kvmalloc(item->len, GFP_KERNEL);
	int ret;

	if (!buf)
		return vhd_fail(err, -ENOMEM, "no memory for %u bytes of metadata", item->len);
	ret = vhd_io_read(io, img->vx.meta_pos + item->offset, buf, item->len, "metadata", err);
	if (!ret)
		ret = vhdx_metadata_take(img, id, buf, item->len, err);
	kvfree(buf);
	return ret;
}

static int vhdx_read_metadata(struct vhd_image *img, struct vhd_io *io, u8 *buf,
			      struct vhd_error *err)
{
	struct vhdx_item items[VHDX_ITEMS];
	int id, ret;

	ret = vhd_io_read(io, img->vx.meta_pos, buf, VHDX_META_TABLE_BYTES,
			  "metadata table", err);
	if (!ret)
		ret = vhdx_metadata_find(buf, img->vx.meta_len, items, err);
	for (id = 0; id < VHDX_PARENT_LOCATOR && !ret; id++)
		ret = vhdx_read_item(img, io, id, &items[id], err);
	if (ret || img->type != VHD_TYPE_DIFF)
		return ret;
	if (!items[VHDX_PARENT_LOCATOR].len)
		return vhd_fail(err, -EUCLEAN, "a differencing VHDX has no parent locator");
	return vhdx_read_item(img, io, VHDX_PARENT_LOCATOR, &items[VHDX_PARENT_LOCATOR], err);
}

/**
 * vhdx_open() - read and check the structures of a VHDX
 * @img: zeroed; is filled in
 * @io: the file; begins with %VHDX_FILE_SIGNATURE
 * @writable: it is to be written; replays the log
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or a negative errno; the caller closes @img either way.
 */
int vhdx_open(struct vhd_image *img, struct vhd_io *io, bool writable,
	      struct vhd_error *err)
{
	u8 *buf;
	int ret;

	if (io->size > VHDX_MAX_FILE)
		return vhd_fail(err, -EFBIG, "a VHDX of %llu bytes is more than 128 TiB", io->size);
	img->format = VHD_FORMAT_VHDX;
	buf = kvmalloc(VHDX_KIB64, GFP_KERNEL);
	if (!buf)
		return vhd_fail(err, -ENOMEM, "no memory for the headers");
	ret = vhdx_read_headers(img, io, buf, err);
	if (!ret)
		ret = vhdx_replay(img, io, writable, err);
	if (!ret)
		ret = vhdx_region_read(img, io, buf, err);
	if (!ret)
		ret = vhdx_read_metadata(img, io, buf, err);
	if (!ret)
		ret = vhdx_layout(img, err);
	kvfree(buf);
	return ret;
}
