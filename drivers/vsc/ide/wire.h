/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets of the storage protocol that only an IDE disk has, or has in a way of
 * its own. Pure functions.
 */
#ifndef VSC_IDE_WIRE_H
#define VSC_IDE_WIRE_H

#include <linux/types.h>

#include "../wire.h"

/* Pages that the largest command may touch, and bytes of a list of them */
#define VSC_IDE_MAX_PAGES	(VSC_WIRE_MAX_TRANSFER / VMB_PAGE_SIZE + 1)
#define VSC_IDE_GPA_BYTES	VMB_GUEST_GPA_BYTES(1, VSC_IDE_MAX_PAGES)

/**
 * struct vsc_ide_address - where the disk is on the channel
 * @path: IDE channel
 * @target: device on it
 */
struct vsc_ide_address {
	u8 path;
	u8 target;
};

/**
 * enum vsc_ide_outcome - what became of a command
 * @VSC_IDE_GOOD: it went well
 * @VSC_IDE_BUSY: it was not begun; to be sent again
 * @VSC_IDE_CONFLICT: a reservation is in the way
 * @VSC_IDE_FAILED: it went wrong, or the host will not do it
 * @VSC_IDE_GONE: the disk is not there any more
 * @VSC_IDE_BROKEN: the answer makes no sense
 */
enum vsc_ide_outcome {
	VSC_IDE_GOOD,
	VSC_IDE_BUSY,
	VSC_IDE_CONFLICT,
	VSC_IDE_FAILED,
	VSC_IDE_GONE,
	VSC_IDE_BROKEN,
};

/**
 * struct vsc_ide_srb - a SCSI command
 * @cdb: CDB
 * @cdb_length: bytes of it, at most %VMB_STOR_CDB_BYTES
 * @direction: %VMB_STOR_DATA_IN and friends
 * @bytes: of data
 * @timeout_s: time limit, seconds
 */
struct vsc_ide_srb {
	const u8 *cdb;
	u8 cdb_length;
	u8 direction;
	u32 bytes;
	u32 timeout_s;
};

bool vsc_ide_wire_offer(const u8 *user, const guid_t *instance,
			struct vsc_ide_address *addr);
int vsc_ide_wire_srb(struct vmb_stor_packet *pkt, const struct vsc_wire *wire,
		     const struct vsc_ide_address *addr, const struct vsc_ide_srb *srb);
enum vsc_ide_outcome vsc_ide_wire_outcome(const struct vsc_wire *wire, const void *data,
					  u32 len, u32 *moved);

#endif /* VSC_IDE_WIRE_H */
