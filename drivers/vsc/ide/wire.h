/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets of the storage protocol: written for the host, and read from it. Pure
 * functions.
 */
#ifndef VSC_IDE_WIRE_H
#define VSC_IDE_WIRE_H

#include <linux/types.h>
#include <vmb/guest.h>
#include <vmb/proto/stor.h>

struct scatterlist;

/* Most data of one command; the server has the same limit */
#define VSC_IDE_MAX_TRANSFER	0x100000U
/* Pages that so much may touch, and bytes of a list of them */
#define VSC_IDE_MAX_PAGES	(VSC_IDE_MAX_TRANSFER / VMB_PAGE_SIZE + 1)
#define VSC_IDE_GPA_BYTES	VMB_GUEST_GPA_BYTES(1, VSC_IDE_MAX_PAGES)

/* struct vmb_stor_srb.srb_flags */
#define VSC_IDE_SRB_DISABLE_SYNCH_TRANSFER	0x00000008U
#define VSC_IDE_SRB_DATA_IN			0x00000040U
#define VSC_IDE_SRB_DATA_OUT			0x00000080U

/**
 * struct vsc_ide_wire - what the version of the protocol decides
 * @version: VMB_STOR_VERSION()
 * @packet_bytes: of every packet, both ways
 * @sense_bytes: of sense data, at most
 */
struct vsc_ide_wire {
	u16 version;
	u32 packet_bytes;
	u32 sense_bytes;
};

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

extern const u16 vsc_ide_versions[];
extern const unsigned int vsc_ide_nr_versions;

void vsc_ide_wire_init(struct vsc_ide_wire *wire, u16 version);
bool vsc_ide_wire_offer(const u8 *user, const guid_t *instance,
			struct vsc_ide_address *addr);
int vsc_ide_wire_srb(struct vmb_stor_packet *pkt, const struct vsc_ide_wire *wire,
		     const struct vsc_ide_address *addr, const struct vsc_ide_srb *srb);
int vsc_ide_wire_pages(struct vmb_guest_gpa *gpa, struct scatterlist *sgl,
		       unsigned int nents, u32 len,
		       u64 (*pfn)(const struct vmb_guest_device *dev, struct page *page),
		       const struct vmb_guest_device *dev);
enum vsc_ide_outcome vsc_ide_wire_outcome(const struct vsc_ide_wire *wire, const void *data,
					  u32 len, u32 *moved);
int vsc_ide_wire_answer(const void *data, u32 len, struct vmb_stor_packet *answer);
int vsc_ide_wire_properties(const struct vmb_stor_packet *answer, u32 *max_transfer);

#endif /* VSC_IDE_WIRE_H */
