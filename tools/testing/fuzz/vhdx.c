// SPDX-License-Identifier: GPL-2.0-only
/*
 * VHDX: headers, log, region and metadata tables, parent locator, block
 * allocation table, bitmaps.
 */
#include "fuzz_image.h"
#include "vhdx.h"

int shim_fail_alloc;

/* Headers and region tables are read whole; entries of the log are not. */
static void correct(u64 pos, u8 *buf, size_t len)
{
	struct vhdx_header_wire *header = (struct vhdx_header_wire *)buf;
	struct vhdx_region_table *table = (struct vhdx_region_table *)buf;

	if (len == VHDX_HEADER_BYTES &&
	    (pos == VHDX_HEADER_POS(0) || pos == VHDX_HEADER_POS(1)) &&
	    header->signature == cpu_to_le32(VHDX_HEADER_SIGNATURE))
		header->checksum = cpu_to_le32(vhdx_checksum(buf, len));
	else if (len == VHDX_REGION_BYTES &&
		 table->signature == cpu_to_le32(VHDX_REGION_SIGNATURE))
		table->checksum = cpu_to_le32(vhdx_checksum(buf, len));
	else if (len == VHDX_LOG_SECTOR && header->signature == cpu_to_le32(VHDX_LOG_SIGNATURE))
		/* right for entries of one sector: those that only zero */
		header->checksum = cpu_to_le32(vhdx_checksum(buf, len));
}

static bool ours(const struct vhd_image *img)
{
	return img->format == VHD_FORMAT_VHDX;
}

int fuzz_one(const u8 *in, size_t len)
{
	return fuzz_image(in, len, correct, ours);
}
