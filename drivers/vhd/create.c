// SPDX-License-Identifier: GPL-2.0-only
#include <linux/log2.h>

#include "create.h"
#include "vhd1.h"
#include "vhdx.h"

static int create_check(const struct vhd_create *p, struct vhd_error *err)
{
	bool vhdx = p->format == VHD_FORMAT_VHDX;
	u64 max = vhdx ? VHDX_MAX_SIZE : VHD1_MAX_SIZE;
	u32 min_block = 1U << (vhdx ? VHDX_MIN_BLOCK_SHIFT : VHD1_MIN_BLOCK_SHIFT);

	if (p->sector_size != 512 && (p->sector_size != 4096 || !vhdx))
		return vhd_fail(err, -EINVAL, "a %s cannot have sectors of %u bytes",
				vhd_format_name(p->format), p->sector_size);
	if (p->physical_size != 512 && p->physical_size != 4096)
		return vhd_fail(err, -EINVAL, "physical sectors have 512 or 4096 bytes, not %u",
				p->physical_size);
	if (!p->size || p->size % p->sector_size)
		return vhd_fail(err, -EINVAL, "a disk of %llu bytes is not whole sectors of %u",
				p->size, p->sector_size);
	if (p->size > max)
		return vhd_fail(err, -EFBIG, "a %s has at most %llu bytes, not %llu",
				vhd_format_name(p->format), max, p->size);
	if (!is_power_of_2(p->block_size) || p->block_size < min_block ||
	    p->block_size > 1U << VHDX_MAX_BLOCK_SHIFT)
		return vhd_fail(err, -EINVAL, "blocks of a %s are a power of two from %u to %u, not %u",
				vhd_format_name(p->format), min_block,
				1U << VHDX_MAX_BLOCK_SHIFT, p->block_size);
	if (p->type == VHD_TYPE_DIFF && !p->parent.relative && !p->parent.absolute)
		return vhd_fail(err, -EINVAL, "a differencing image needs the path of its parent");
	if (p->type == VHD_TYPE_DIFF && guid_is_null(&p->parent.id))
		return vhd_fail(err, -EINVAL, "a differencing image needs the id of its parent");
	return 0;
}

/**
 * vhd_create() - make an image
 * @params: what it is to be
 * @io: an empty file
 * @err: set on failure
 *
 * What makes the file an image is written last and after a flush: a file that
 * is not finished is not taken for one.
 *
 * Context: may sleep.
 * Return: 0; -EINVAL or -EFBIG when there is no such image; or what the file
 * says: then it has to be deleted.
 */
int vhd_create(const struct vhd_create *params, struct vhd_io *io,
	       struct vhd_error *err)
{
	struct vhd_create p = *params;
	bool vhdx = p.format == VHD_FORMAT_VHDX;
	int ret;

	p.block_size = p.block_size ?: VHD_DEFAULT_BLOCK;
	p.sector_size = p.sector_size ?: VHD_SECTOR;
	p.physical_size = p.physical_size ?: vhdx ? 4096 : VHD_SECTOR;
	err->code = 0;
	ret = create_check(&p, err);
	if (!ret && io->size)
		ret = vhd_fail(err, -EEXIST, "the file is not empty");
	if (!ret)
		ret = vhdx ? vhdx_create(&p, io, err) : vhd1_create(&p, io, err);
	return ret ?: vhd_io_flush(io, err);
}
