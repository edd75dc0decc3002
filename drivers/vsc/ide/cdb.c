// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a SCSI command does to a disk. Those that libata would translate into a
 * read, a write, a flush or a TRIM can go by the channel as they are.
 */
#include <kunit/visibility.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>

#include "cdb.h"

#define BIT_FUA		0x08
#define BIT_UNMAP	0x08
#define BIT_ANCHOR	0x10
/* RDPROTECT or WRPROTECT, of disks that we have not */
#define BITS_PROTECT	0xe0

static void read_write(struct vsc_ide_cdb *out, enum vsc_ide_kind kind, u8 flags,
		       u32 blocks, bool fua)
{
	/* of no blocks there is nothing to be gained */
	if ((flags & BITS_PROTECT) || !blocks)
		return;
	out->kind = kind;
	out->blocks = blocks;
	out->fua = fua;
}

/**
 * vsc_ide_cdb_parse() - understand a command
 * @out: set
 * @cdb: CDB
 * @len: bytes of it
 *
 * What is not understood is %VSC_IDE_OTHER.
 *
 * Context: any.
 */
void vsc_ide_cdb_parse(struct vsc_ide_cdb *out, const u8 *cdb, unsigned int len)
{
	*out = (struct vsc_ide_cdb){ .kind = VSC_IDE_OTHER };
	if (len < 6)
		return;
	switch (cdb[0]) {
	case READ_6:
		return read_write(out, VSC_IDE_READ, 0, cdb[4] ?: 256, false);
	case WRITE_6:
		return read_write(out, VSC_IDE_WRITE, 0, cdb[4] ?: 256, false);
	}
	if (len < 10)
		return;
	switch (cdb[0]) {
	case READ_10:
		return read_write(out, VSC_IDE_READ, cdb[1],
				  get_unaligned_be16(cdb + 7), true);
	case WRITE_10:
		return read_write(out, VSC_IDE_WRITE, cdb[1],
				  get_unaligned_be16(cdb + 7), true);
	case SYNCHRONIZE_CACHE:
		out->kind = VSC_IDE_FLUSH;
		return;
	}
	if (len < 16)
		return;
	switch (cdb[0]) {
	case READ_16:
		return read_write(out, VSC_IDE_READ, cdb[1],
				  get_unaligned_be32(cdb + 10), true);
	case WRITE_16:
		return read_write(out, VSC_IDE_WRITE, cdb[1],
				  get_unaligned_be32(cdb + 10), true);
	case SYNCHRONIZE_CACHE_16:
		out->kind = VSC_IDE_FLUSH;
		return;
	case WRITE_SAME_16:
		/* this is how libata has TRIM asked for */
		if ((cdb[1] & (BITS_PROTECT | BIT_ANCHOR | BIT_UNMAP)) == BIT_UNMAP)
			out->kind = VSC_IDE_TRIM;
		return;
	}
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_cdb_parse);

/**
 * vsc_ide_cdb_fits() - can the channel carry a command?
 * @cdb: the command
 * @bytes: of its data
 * @block: bytes of a block
 * @max_bytes: of the channel's largest command
 * @trim: the other end has TRIM
 *
 * The data has to be as long as the CDB says: libata and the host may differ in
 * what they make of anything else.
 *
 * Context: any.
 * Return: whether.
 */
bool vsc_ide_cdb_fits(const struct vsc_ide_cdb *cdb, u32 bytes, u32 block, u32 max_bytes,
		      bool trim)
{
	switch (cdb->kind) {
	case VSC_IDE_READ:
	case VSC_IDE_WRITE:
		return bytes && bytes <= max_bytes && bytes == (u64)cdb->blocks * block;
	case VSC_IDE_FLUSH:
		return !bytes;
	case VSC_IDE_TRIM:
		return trim && bytes == block;
	default:
		return false;
	}
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_cdb_fits);

/**
 * vsc_ide_cdb_set_fua() - have a read or write go past the write cache
 * @cdb: CDB, for which &vsc_ide_cdb.fua is set
 *
 * Context: any.
 */
void vsc_ide_cdb_set_fua(u8 *cdb)
{
	cdb[1] |= BIT_FUA;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_cdb_set_fua);

/**
 * vsc_ide_cdb_read() - write READ (16)
 * @cdb: 16 bytes, set
 * @lba: first block
 * @blocks: how many
 *
 * Context: any.
 */
void vsc_ide_cdb_read(u8 *cdb, u64 lba, u32 blocks)
{
	memset(cdb, 0, 16);
	cdb[0] = READ_16;
	put_unaligned_be64(lba, cdb + 2);
	put_unaligned_be32(blocks, cdb + 10);
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_cdb_read);
