/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets of the storage protocol, as far as drivers of disks have them in
 * common: written for the host, and read from it. Pure functions.
 */
#ifndef VSC_WIRE_H
#define VSC_WIRE_H

#include <linux/types.h>
#include <vmb/guest.h>
#include <vmb/proto/stor.h>

struct scatterlist;

/* Most data of one command that is made use of; a packet's length has 16 bits */
#define VSC_WIRE_MAX_TRANSFER	0x100000U

/* struct vmb_stor_srb.srb_flags */
#define VSC_WIRE_SRB_QUEUE_ACTION_ENABLE	0x00000002U
#define VSC_WIRE_SRB_DISABLE_SYNCH_TRANSFER	0x00000008U
#define VSC_WIRE_SRB_DATA_IN			0x00000040U
#define VSC_WIRE_SRB_DATA_OUT			0x00000080U
#define VSC_WIRE_SRB_NO_QUEUE_FREEZE		0x00000100U
/* struct vmb_stor_srb.queue_tag and queue_action */
#define VSC_WIRE_UNTAGGED			0xffU
#define VSC_WIRE_SIMPLE_TAG			0x20U

/**
 * struct vsc_wire - what the version of the protocol decides
 * @version: VMB_STOR_VERSION()
 * @packet_bytes: of every packet, both ways
 * @sense_bytes: of sense data, at most
 */
struct vsc_wire {
	u16 version;
	u32 packet_bytes;
	u32 sense_bytes;
};

/**
 * struct vsc_wire_command - a SCSI command
 * @cdb: CDB
 * @cdb_length: bytes of it, at most %VMB_STOR_CDB_BYTES
 * @path: address, this and the next two
 * @target: see there
 * @lun: see there
 * @direction: %VMB_STOR_DATA_IN and friends
 * @data_length: bytes
 * @timeout_s: time limit, seconds
 * @tagged: the logical unit takes several at a time
 */
struct vsc_wire_command {
	const u8 *cdb;
	u8 cdb_length;
	u8 path;
	u8 target;
	u8 lun;
	u8 direction;
	u32 data_length;
	u32 timeout_s;
	bool tagged;
};

/**
 * struct vsc_wire_properties - of a controller
 * @max_sub_channels: channels besides the primary one; 0 if it has but that
 * @max_transfer: bytes of data of a command: whole pages, at most
 *	%VSC_WIRE_MAX_TRANSFER
 */
struct vsc_wire_properties {
	u32 max_sub_channels;
	u32 max_transfer;
};

extern const u16 vsc_wire_versions[];
extern const unsigned int vsc_wire_nr_versions;

void vsc_wire_init(struct vsc_wire *wire, u16 version);
int vsc_wire_srb(struct vmb_stor_packet *pkt, const struct vsc_wire *wire,
		 const struct vsc_wire_command *cmd);
int vsc_wire_pages(struct vmb_guest_gpa *gpa, struct scatterlist *sgl,
		   unsigned int nents, u32 len,
		   u64 (*pfn)(const struct vmb_guest_device *dev, struct page *page),
		   const struct vmb_guest_device *dev);
int vsc_wire_answer(const void *data, u32 len, struct vmb_stor_packet *answer);
int vsc_wire_properties(const struct vmb_stor_packet *answer,
			struct vsc_wire_properties *props);

#endif /* VSC_WIRE_H */
