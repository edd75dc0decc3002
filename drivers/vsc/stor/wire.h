/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets of the storage protocol that only a SCSI controller reads, or reads in
 * a way of its own. Pure functions.
 */
#ifndef VSC_STOR_WIRE_H
#define VSC_STOR_WIRE_H

#include <linux/types.h>
#include <storport/storport.h>

#include "../wire.h"

int vsc_stor_wire_outcome(const struct vsc_wire *wire, const void *data, u32 len,
			  struct storport_completion *c);
int vsc_stor_wire_notice(const void *data, u32 len);

#endif /* VSC_STOR_WIRE_H */
