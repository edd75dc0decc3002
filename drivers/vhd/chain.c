// SPDX-License-Identifier: GPL-2.0-only
#include <linux/minmax.h>
#include <linux/string.h>

#include "chain.h"

/**
 * vhd_chain_run() - which image of a chain has bytes of the disk
 * @chain: images
 * @end: look in so many of them, from the child on
 * @pos: a byte of the disk
 * @run: is filled in; as vhd_map_run() has it. %VHD_WHERE_PARENT: none of them
 *	says anything of it. Where a parent is smaller than its child, it is
 *	zeros.
 * @at: gets the number of the image that @run is of
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or what vhd_map_run() says.
 */
int vhd_chain_run(struct vhd_chain *chain, u32 end, u64 pos, struct vhd_run *run,
		  u32 *at, struct vhd_error *err)
{
	u64 len = ~0ULL;
	int ret;
	u32 i;

	for (i = 0; i < end; i++) {
		if (i && pos >= chain->link[i].img.size) {
			run->where = VHD_WHERE_ZERO;
			run->len = len;
			break;
		}
		ret = vhd_map_run(&chain->link[i].map, pos, run, err);
		if (ret)
			return ret;
		run->len = min(run->len, len);
		len = run->len;
		if (run->where != VHD_WHERE_PARENT)
			break;
	}
	*at = min(i, end - 1);
	return 0;
}

/**
 * vhd_chain_read() - read part of the disk
 * @chain: all of its images
 * @pos: a byte of the disk
 * @buf: gets @len bytes
 * @len: how many, none behind the disk's end
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vhd_chain_read(struct vhd_chain *chain, u64 pos, void *buf, u64 len,
		   struct vhd_error *err)
{
	struct vhd_run run;
	u8 *to = buf;
	u32 at;
	int ret;

	while (len) {
		ret = vhd_chain_run(chain, chain->depth, pos, &run, &at, err);
		if (ret)
			return ret;
		run.len = min(run.len, len);
		if (run.where == VHD_WHERE_DATA)
			ret = vhd_io_read(chain->link[at].io, run.data, to, run.len, "data", err);
		else
			memset(to, 0, run.len);
		if (ret)
			return ret;
		pos += run.len;
		to += run.len;
		len -= run.len;
	}
	return 0;
}
