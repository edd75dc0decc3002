/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a SCSI command does to a disk. Pure functions.
 */
#ifndef VSC_IDE_CDB_H
#define VSC_IDE_CDB_H

#include <linux/types.h>

#include "path.h"

/**
 * struct vsc_ide_cdb - a command, understood
 * @kind: what it does
 * @blocks: it reads or writes, for %VSC_IDE_READ and %VSC_IDE_WRITE
 * @fua: FUA can be set in it, see vsc_ide_cdb_set_fua()
 */
struct vsc_ide_cdb {
	enum vsc_ide_kind kind;
	u32 blocks;
	bool fua;
};

void vsc_ide_cdb_parse(struct vsc_ide_cdb *out, const u8 *cdb, unsigned int len);
bool vsc_ide_cdb_fits(const struct vsc_ide_cdb *cdb, u32 bytes, u32 block, u32 max_bytes,
		      bool trim);
void vsc_ide_cdb_set_fua(u8 *cdb);
void vsc_ide_cdb_read(u8 *cdb, u64 lba, u32 blocks);

#endif /* VSC_IDE_CDB_H */
