// SPDX-License-Identifier: GPL-2.0-only
#include <linux/align.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "create.h"
#include "text.h"
#include "vhd1.h"

#define CREATE_CHUNK	65536U

static void create_footer(const struct vhd_create *p, struct vhd1_footer *f)
{
	struct vhd1_geometry g;

	vhd1_geometry(p->size, &g);
	memset(f, 0, sizeof(*f));
	memcpy(f->cookie, VHD1_FOOTER_COOKIE, sizeof(f->cookie));
	f->features = cpu_to_be32(VHD1_FEATURE_RESERVED);
	f->version = cpu_to_be32(VHD1_VERSION);
	f->data_offset = cpu_to_be64(p->type == VHD_TYPE_FIXED ? VHD1_NO_OFFSET : sizeof(*f));
	f->timestamp = cpu_to_be32(p->timestamp);
	/*
	 * Readers take the geometry for the size, which cuts the disk's end
	 * off, unless they know that the creator writes the size.
	 */
	memcpy(f->creator_app, "win ", sizeof(f->creator_app));
	f->creator_version = cpu_to_be32(0x000a0000);
	memcpy(f->creator_os, "Wi2k", sizeof(f->creator_os));
	f->original_size = cpu_to_be64(p->size);
	f->current_size = f->original_size;
	f->cylinders = cpu_to_be16(g.cylinders);
	f->heads = g.heads;
	f->sectors = g.sectors;
	f->type = cpu_to_be32(VHD1_TYPE_FIXED + p->type);
	memcpy(f->uuid, &p->id, sizeof(f->uuid));
	f->checksum = cpu_to_be32(vhd1_checksum(f, sizeof(*f),
						offsetof(struct vhd1_footer, checksum)));
}

/* Write a parent's path at *@pos, which moves on, and say so in @locator. */
static int create_locator(const char *path, u32 platform, struct vhd1_locator *locator,
			  u64 *pos, struct vhd_io *io, struct vhd_error *err)
{
	u8 *buf;
	int ret;
	u32 len;

	if (!path)
		return 0;
	buf = kvmalloc(VHD_PATH_BYTES, GFP_KERNEL);
	if (!buf)
		return vhd_fail(err, -ENOMEM, "no memory for a path");
	memset(buf, 0, VHD_PATH_BYTES);
	ret = vhd_text_to_utf16(path, buf, VHD_PATH_BYTES, false, err);
	if (ret >= 0) {
		len = ret;
		locator->platform = cpu_to_be32(platform);
		locator->space = cpu_to_be32(ALIGN(len, VHD_SECTOR));
		locator->length = cpu_to_be32(len);
		locator->offset = cpu_to_be64(*pos);
		ret = vhd_io_write(io, *pos, buf, ALIGN(len, VHD_SECTOR), "parent's path", err);
		*pos += ALIGN(len, VHD_SECTOR);
	}
	kvfree(buf);
	return ret;
}

static int create_parent(const struct vhd_create *p, struct vhd1_header *h, u64 *pos,
			 struct vhd_io *io, struct vhd_error *err)
{
	int ret = 0;

	memcpy(h->parent_uuid, &p->parent.id, sizeof(h->parent_uuid));
	h->parent_timestamp = cpu_to_be32(p->parent.timestamp);
	if (p->parent.name)
		ret = vhd_text_to_utf16(p->parent.name, h->parent_name,
					sizeof(h->parent_name), true, err);
	if (ret >= 0)
		ret = create_locator(p->parent.relative, VHD1_PLATFORM_W2RU, &h->locators[0],
				     pos, io, err);
	if (ret >= 0)
		ret = create_locator(p->parent.absolute, VHD1_PLATFORM_W2KU, &h->locators[1],
				     pos, io, err);
	return ret < 0 ? ret : 0;
}

static int create_table(u64 pos, u64 len, struct vhd_io *io, struct vhd_error *err)
{
	u64 done, part;
	int ret = 0;
	u8 *buf;

	buf = kvmalloc(CREATE_CHUNK, GFP_KERNEL);
	if (!buf)
		return vhd_fail(err, -ENOMEM, "no memory for the block allocation table");
	memset(buf, 0xff, CREATE_CHUNK);
	for (done = 0; done < len && !ret; done += part) {
		part = len - done < CREATE_CHUNK ? len - done : CREATE_CHUNK;
		ret = vhd_io_write(io, pos + done, buf, part, "block allocation table", err);
	}
	kvfree(buf);
	return ret;
}

/* All but the footers; @end gets where the last one goes. */
static int create_tables(const struct vhd_create *p, struct vhd1_header *h, u64 *end,
			 struct vhd_io *io, struct vhd_error *err)
{
	u64 pos = sizeof(struct vhd1_footer) + sizeof(*h);
	u32 entries = (p->size + p->block_size - 1) / p->block_size;
	u64 len = ALIGN(entries * 4ULL, VHD_SECTOR);
	int ret;

	memset(h, 0, sizeof(*h));
	memcpy(h->cookie, VHD1_HEADER_COOKIE, sizeof(h->cookie));
	h->data_offset = cpu_to_be64(VHD1_NO_OFFSET);
	h->table_offset = cpu_to_be64(pos);
	h->version = cpu_to_be32(VHD1_VERSION);
	h->max_entries = cpu_to_be32(entries);
	h->block_size = cpu_to_be32(p->block_size);
	ret = create_table(pos, len, io, err);
	pos += len;
	if (!ret && p->type == VHD_TYPE_DIFF)
		ret = create_parent(p, h, &pos, io, err);
	if (ret)
		return ret;
	h->checksum = cpu_to_be32(vhd1_checksum(h, sizeof(*h),
						offsetof(struct vhd1_header, checksum)));
	*end = pos;
	return vhd_io_write(io, sizeof(struct vhd1_footer), h, sizeof(*h), "dynamic header", err);
}

/**
 * vhd1_create() - make a VHD
 * @params: complete and checked
 * @io: an empty file
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhd1_create(const struct vhd_create *params, struct vhd_io *io,
		struct vhd_error *err)
{
	struct vhd1_header *header;
	struct vhd1_footer *footer;
	u64 end = params->size;
	int ret = 0;

	header = kvmalloc(sizeof(*header) + sizeof(*footer), GFP_KERNEL);
	if (!header)
		return vhd_fail(err, -ENOMEM, "no memory for the headers");
	footer = (struct vhd1_footer *)(header + 1);
	create_footer(params, footer);
	if (params->type == VHD_TYPE_FIXED)
		ret = vhd_io_resize(io, params->size, err);
	else
		ret = create_tables(params, header, &end, io, err);
	if (!ret)
		ret = vhd_io_flush(io, err);
	if (!ret && params->type != VHD_TYPE_FIXED)
		ret = vhd_io_write(io, 0, footer, sizeof(*footer), "copy of the footer", err);
	if (!ret)
		ret = vhd_io_write(io, end, footer, sizeof(*footer), "footer", err);
	kvfree(header);
	return ret;
}
