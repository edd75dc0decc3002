// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands taken apart, and the short answers: extents, sense data, capacity,
 * the list of logical units. Follows SPC-4 and SBC-3.
 */
#include <kunit/visibility.h>
#include <linux/bitops.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>

#include "scsi.h"

/* The upper three bits of an opcode tell the form of the CDB. */
#define CDB_GROUP(opcode)	((opcode) >> 5)

/**
 * vsp_stor_cdb_extent - the blocks that a CDB names
 * @cdb: of a command that names blocks: READ, WRITE, VERIFY, WRITE SAME,
 *	SYNCHRONIZE CACHE
 * @ext: filled
 *
 * Only the 6-byte form gives a length of 0 a meaning of its own.
 */
void vsp_stor_cdb_extent(const u8 *cdb, struct vsp_stor_extent *ext)
{
	switch (CDB_GROUP(cdb[0])) {
	case 0:
		ext->lba = get_unaligned_be24(cdb + 1) & 0x1fffff;
		ext->blocks = cdb[4] ?: 256;
		break;
	case 4:
		ext->lba = get_unaligned_be64(cdb + 2);
		ext->blocks = get_unaligned_be32(cdb + 10);
		break;
	case 5:
		ext->lba = get_unaligned_be32(cdb + 2);
		ext->blocks = get_unaligned_be32(cdb + 6);
		break;
	default:
		ext->lba = get_unaligned_be32(cdb + 2);
		ext->blocks = get_unaligned_be16(cdb + 7);
		break;
	}
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_cdb_extent);

/**
 * vsp_stor_extent_check - are these blocks there, and not too many
 * @ext: the blocks
 * @capacity: of the logical unit, in blocks
 * @max_blocks: most that the command may name
 *
 * Return: 0 or a sense code.
 */
int vsp_stor_extent_check(const struct vsp_stor_extent *ext, u64 capacity,
			  u32 max_blocks)
{
	/* in this order nothing overflows */
	if (ext->lba > capacity || ext->blocks > capacity - ext->lba)
		return VSP_STOR_BAD_LBA;
	if (ext->blocks > max_blocks)
		return VSP_STOR_SENSE(ILLEGAL_REQUEST, 0x24, 0x00);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_extent_check);

/**
 * vsp_stor_sense_build - write sense data in fixed format
 * @sense: %VSP_STOR_SENSE_LEN bytes
 * @code: a sense code, or 0 for NO SENSE
 * @has_info: @info is valid
 * @info: a logical block address; left out if it does not fit
 */
void vsp_stor_sense_build(u8 *sense, int code, bool has_info, u64 info)
{
	unsigned int bits = -code;

	memset(sense, 0, VSP_STOR_SENSE_LEN);
	sense[0] = 0x70;
	sense[2] = (bits >> 16) & 0xf;
	sense[7] = VSP_STOR_SENSE_LEN - 8;
	sense[12] = bits >> 8;
	sense[13] = bits;
	if (has_info && info <= U32_MAX) {
		sense[0] |= 0x80;
		put_unaligned_be32(info, sense + 3);
	}
	if (bits & VSP_STOR_SENSE_FIELD) {
		sense[15] = 0x80 | (bits & VSP_STOR_SENSE_IN_CDB ? 0x40 : 0);
		put_unaligned_be16((bits >> 20) & 0xff, sense + 16);
	}
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_sense_build);

/**
 * vsp_stor_ua_sense - what a unit attention reports
 * @ua: which
 *
 * Return: a sense code.
 */
int vsp_stor_ua_sense(enum vsp_stor_ua ua)
{
	static const u16 code[VSP_STOR_UA_COUNT] = {
		[VSP_STOR_UA_POWER_ON]		= 0x2900,
		[VSP_STOR_UA_RESET]		= 0x2903,
		[VSP_STOR_UA_INQUIRY]		= 0x3f03,
		[VSP_STOR_UA_CAPACITY]		= 0x2a09,
		[VSP_STOR_UA_LUNS]		= 0x3f0e,
		[VSP_STOR_UA_PR_PREEMPTED]	= 0x2a03,
		[VSP_STOR_UA_PR_RELEASED]	= 0x2a04,
		[VSP_STOR_UA_PR_REG_PREEMPTED]	= 0x2a05,
	};

	return VSP_STOR_SENSE(UNIT_ATTENTION, 0, code[ua]);
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_ua_sense);

/**
 * vsp_stor_read_capacity10 - data of READ CAPACITY (10)
 * @p: the logical unit
 * @buf: at least 8 bytes
 *
 * Return: length.
 */
int vsp_stor_read_capacity10(const struct vsp_stor_props *p, u8 *buf)
{
	/* all ones sends the guest to READ CAPACITY (16) */
	put_unaligned_be32(min_t(u64, p->blocks - 1, U32_MAX), buf);
	put_unaligned_be32(1U << p->block_shift, buf + 4);
	return 8;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_read_capacity10);

/**
 * vsp_stor_read_capacity16 - data of READ CAPACITY (16)
 * @p: the logical unit
 * @buf: at least 32 bytes
 *
 * Return: length.
 */
int vsp_stor_read_capacity16(const struct vsp_stor_props *p, u8 *buf)
{
	memset(buf, 0, 32);
	put_unaligned_be64(p->blocks - 1, buf);
	put_unaligned_be32(1U << p->block_shift, buf + 8);
	buf[13] = p->phys_exp;
	put_unaligned_be16(p->lowest_aligned & 0x3fff, buf + 14);
	if (p->thin)
		buf[14] |= 0x80;
	return 32;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_read_capacity16);

/**
 * vsp_stor_report_luns - data of REPORT LUNS
 * @mask: a bit for each logical unit
 * @buf: at least 8 bytes, and 8 for each
 *
 * Return: length.
 */
int vsp_stor_report_luns(u64 mask, u8 *buf)
{
	unsigned int lun, len = 8;

	for (lun = 0; lun < 64; lun++) {
		if (!(mask & BIT_ULL(lun)))
			continue;
		put_unaligned_be64((u64)lun << 48, buf + len);
		len += 8;
	}
	put_unaligned_be32(len - 8, buf);
	put_unaligned_be32(0, buf + 4);
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_report_luns);

/**
 * vsp_stor_unmap_check - validate the parameter list of UNMAP
 * @list: the list
 * @len: bytes of it
 * @capacity: of the logical unit, in blocks
 * @max_blocks: most that one command may name in all
 *
 * Return: how many descriptors there are, or a sense code.
 */
int vsp_stor_unmap_check(const u8 *list, u32 len, u64 capacity, u32 max_blocks)
{
	struct vsp_stor_extent ext;
	u32 nr, i, bytes;
	u64 total = 0;

	if (!len)
		return 0;
	if (len < 8)
		return VSP_STOR_BAD_LIST_LEN;
	bytes = get_unaligned_be16(list + 2);
	if (get_unaligned_be16(list) < 6 || bytes > len - 8)
		return VSP_STOR_BAD_PARAM(2);

	nr = bytes / 16;
	if (nr > VSP_STOR_UNMAP_DESCS)
		return VSP_STOR_BAD_PARAM(2);
	for (i = 0; i < nr; i++) {
		const u8 *desc = list + 8 + i * 16;

		ext.lba = get_unaligned_be64(desc);
		ext.blocks = get_unaligned_be32(desc + 8);
		if (vsp_stor_extent_check(&ext, capacity, U32_MAX))
			return VSP_STOR_BAD_LBA;
		total += ext.blocks;
	}
	return total > max_blocks ? VSP_STOR_BAD_PARAM(8) : nr;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_unmap_check);
