/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What goes into commands and answers, without a device: the pure half of the
 * SCSI target. Functions that fail return a VSP_STOR_SENSE() code, which is
 * negative; functions that build data return its length.
 */
#ifndef VSP_STOR_SCSI_H
#define VSP_STOR_SCSI_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct vsp_stor_req;

/* most bytes one command moves; announced to the guest */
#define VSP_STOR_MAX_TRANSFER	0x100000U
/* largest parameter list taken, and largest answer built */
#define VSP_STOR_SCRATCH	4096U
/* most descriptors of one UNMAP, and most blocks of one UNMAP or WRITE SAME */
#define VSP_STOR_UNMAP_DESCS	255U
#define VSP_STOR_SERIAL_MAX	36U
#define VSP_STOR_ID_MAX		64U

/* A sense code: key, additional sense code and qualifier in one negative int */
#define VSP_STOR_SENSE(key, asc, ascq) \
	(-(int)(((key) << 16) | ((asc) << 8) | (ascq)))
/* the same, with a pointer to the byte of the CDB or parameter list at fault */
#define VSP_STOR_SENSE_FIELD	BIT(28)
#define VSP_STOR_SENSE_IN_CDB	BIT(29)
#define VSP_STOR_BAD_CDB(byte) \
	(-(int)((0x5 << 16) | 0x2400 | ((byte) << 20) | \
		VSP_STOR_SENSE_FIELD | VSP_STOR_SENSE_IN_CDB))
#define VSP_STOR_BAD_PARAM(byte) \
	(-(int)((0x5 << 16) | 0x2600 | ((byte) << 20) | VSP_STOR_SENSE_FIELD))

#define VSP_STOR_BAD_OPCODE	VSP_STOR_SENSE(0x5, 0x20, 0x00)
#define VSP_STOR_BAD_LBA	VSP_STOR_SENSE(0x5, 0x21, 0x00)
#define VSP_STOR_BAD_LUN	VSP_STOR_SENSE(0x5, 0x25, 0x00)
#define VSP_STOR_BAD_LIST_LEN	VSP_STOR_SENSE(0x5, 0x1a, 0x00)
#define VSP_STOR_NO_SAVING	VSP_STOR_SENSE(0x5, 0x39, 0x00)
#define VSP_STOR_BAD_RELEASE	VSP_STOR_SENSE(0x5, 0x26, 0x04)
#define VSP_STOR_NO_PR_SPACE	VSP_STOR_SENSE(0x5, 0x55, 0x04)
#define VSP_STOR_WRITE_PROTECT	VSP_STOR_SENSE(0x7, 0x27, 0x00)
#define VSP_STOR_NO_SPACE	VSP_STOR_SENSE(0x7, 0x27, 0x07)
#define VSP_STOR_READ_ERROR	VSP_STOR_SENSE(0x3, 0x11, 0x00)
#define VSP_STOR_WRITE_ERROR	VSP_STOR_SENSE(0x3, 0x0c, 0x00)
#define VSP_STOR_PROT_ERROR	VSP_STOR_SENSE(0xb, 0x10, 0x00)
#define VSP_STOR_TARGET_FAILURE	VSP_STOR_SENSE(0x4, 0x44, 0x00)
#define VSP_STOR_LUN_FAILURE	VSP_STOR_SENSE(0x4, 0x08, 0x00)
#define VSP_STOR_LUN_TIMEOUT	VSP_STOR_SENSE(0x4, 0x08, 0x01)
#define VSP_STOR_NOT_READY	VSP_STOR_SENSE(0x2, 0x04, 0x00)
#define VSP_STOR_ABORTED	VSP_STOR_SENSE(0xb, 0x00, 0x00)
#define VSP_STOR_MISCOMPARE	VSP_STOR_SENSE(0xe, 0x1d, 0x00)

#define VSP_STOR_SENSE_LEN	18U

/* Unit attentions, by importance: the lowest set bit is reported first */
enum vsp_stor_ua {
	VSP_STOR_UA_POWER_ON,
	VSP_STOR_UA_RESET,
	VSP_STOR_UA_INQUIRY,
	VSP_STOR_UA_CAPACITY,
	VSP_STOR_UA_LUNS,
	VSP_STOR_UA_PR_PREEMPTED,
	VSP_STOR_UA_PR_RELEASED,
	VSP_STOR_UA_PR_REG_PREEMPTED,
	VSP_STOR_UA_COUNT,
};

/**
 * struct vsp_stor_id - how a logical unit is named in VPD page 83
 * @type: designator type: 1 T10 vendor id, 2 EUI-64, 3 NAA
 * @code_set: 1 binary, 2 ASCII
 * @len: bytes used in @data
 * @data: the designator
 */
struct vsp_stor_id {
	u8 type;
	u8 code_set;
	u8 len;
	u8 data[VSP_STOR_ID_MAX];
};

/**
 * struct vsp_stor_props - what a logical unit tells about itself
 * @blocks: capacity in logical blocks
 * @block_shift: log2 of the logical block size
 * @phys_exp: log2 of logical blocks per physical block
 * @lowest_aligned: first logical block at the start of a physical one
 * @max_blocks: most blocks of one transfer
 * @opt_blocks: best size of a transfer, 0 if unknown
 * @gran_blocks: transfers are best multiples of this, 0 if unknown
 * @max_unmap_blocks: most blocks of one UNMAP or WRITE SAME
 * @unmap_gran: in blocks, 0 if unknown
 * @unmap_align: first block of a granule
 * @readonly: cannot be written
 * @thin: UNMAP and its kin are served
 * @write_cache: writes may be lost on power failure until synchronized
 * @write_cache_fixed: @write_cache cannot be changed
 * @rotational: seeks take time
 * @serial: serial number, printable
 * @id: designator
 */
struct vsp_stor_props {
	u64 blocks;
	u8 block_shift;
	u8 phys_exp;
	u16 lowest_aligned;
	u32 max_blocks;
	u32 opt_blocks;
	u32 gran_blocks;
	u32 max_unmap_blocks;
	u32 unmap_gran;
	u32 unmap_align;
	bool readonly;
	bool thin;
	bool write_cache;
	bool write_cache_fixed;
	bool rotational;
	const char *serial;
	const struct vsp_stor_id *id;
};

/* struct vsp_stor_cmd.flags */
#define VSP_STOR_CMD_IN		BIT(0)	/* moves data to the guest */
#define VSP_STOR_CMD_OUT	BIT(1)	/* moves data from the guest */
#define VSP_STOR_CMD_WRITES	BIT(2)	/* refused by a read-only unit */
#define VSP_STOR_CMD_NO_UA	BIT(3)	/* goes before unit attentions */
#define VSP_STOR_CMD_PR_READ	BIT(4)	/* reads, in the terms of reservations */
#define VSP_STOR_CMD_PR_WRITE	BIT(5)	/* writes, in the terms of reservations */
#define VSP_STOR_CMD_SA		BIT(6)	/* byte 1 holds a service action */
#define VSP_STOR_CMD_THIN	BIT(7)	/* only of a thin unit */

/**
 * struct vsp_stor_cmd - a command that is served
 * @opcode: first byte of the CDB
 * @sa: service action, with %VSP_STOR_CMD_SA
 * @len: bytes of the CDB
 * @flags: VSP_STOR_CMD_*
 * @usage: which bits of the CDB are looked at, from byte 1 on
 * @exec: does it; in vmb_host_driver.poll; ends in exactly one completion
 */
struct vsp_stor_cmd {
	u8 opcode;
	u8 sa;
	u8 len;
	u8 flags;
	u8 usage[15];
	void (*exec)(struct vsp_stor_req *req);
};

/**
 * struct vsp_stor_extent - the blocks a command names
 * @lba: first block
 * @blocks: how many
 */
struct vsp_stor_extent {
	u64 lba;
	u32 blocks;
};

/* scsi.c */
extern const struct vsp_stor_cmd vsp_stor_cmds[];
extern const unsigned int vsp_stor_nr_cmds;

/* cdb.c */
void vsp_stor_cdb_extent(const u8 *cdb, struct vsp_stor_extent *ext);
int vsp_stor_extent_check(const struct vsp_stor_extent *ext, u64 capacity,
			  u32 max_blocks);
void vsp_stor_sense_build(u8 *sense, int code, bool has_info, u64 info);
int vsp_stor_ua_sense(enum vsp_stor_ua ua);
int vsp_stor_read_capacity10(const struct vsp_stor_props *p, u8 *buf);
int vsp_stor_read_capacity16(const struct vsp_stor_props *p, u8 *buf);
int vsp_stor_report_luns(u64 mask, u8 *buf);
int vsp_stor_unmap_check(const u8 *list, u32 len, u64 capacity, u32 max_blocks);

/* inquiry.c */
int vsp_stor_inquiry(const struct vsp_stor_props *p, u8 *buf);
int vsp_stor_inquiry_absent(u8 *buf);
int vsp_stor_vpd(const struct vsp_stor_props *p, u8 page, u8 *buf);
int vsp_stor_id_parse(struct vsp_stor_id *id, const char *text);
int vsp_stor_id_format(const struct vsp_stor_id *id, char *text, size_t size);

/* mode.c */
int vsp_stor_mode_sense(const struct vsp_stor_props *p, const u8 *cdb, u8 *buf);
int vsp_stor_mode_select(const struct vsp_stor_props *p, const u8 *cdb,
			 const u8 *list, u32 len, bool *write_cache);

/* opcodes.c */
int vsp_stor_report_opcodes(const struct vsp_stor_cmd *table, unsigned int nr,
			    bool thin, const u8 *cdb, u8 *buf, u32 size);

/* pr.c */

/**
 * struct vsp_stor_pr - persistent reservations of a device, kept in memory
 * @lock: protects all below, and the nexuses; innermost
 * @nexuses: all paths to the device, &struct vsp_stor_pr_nexus
 * @generation: counts changes of registrations
 * @holder: who made the reservation; NULL when all registrants hold it
 * @type: of the reservation, 0 when there is none; also read without @lock, to
 *	pass by quickly
 */
struct vsp_stor_pr {
	spinlock_t lock;		/* all below, and the nexuses */
	struct list_head nexuses;
	u32 generation;
	struct vsp_stor_pr_nexus *holder;
	u8 type;
};

/**
 * struct vsp_stor_pr_nexus - one path to a device, a possible registrant
 * @node: in &vsp_stor_pr.nexuses
 * @pr: the device's reservations
 * @key: its key, if @registered
 * @registered: has a key
 * @drain: was preempted; the preemptor waits for its commands to end
 * @address: names it in READ FULL STATUS
 * @ua: where its unit attentions are set, by &enum vsp_stor_ua
 */
struct vsp_stor_pr_nexus {
	struct list_head node;
	struct vsp_stor_pr *pr;
	u64 key;
	bool registered;
	bool drain;
	u64 address;
	unsigned long *ua;
};

/* service actions */
#define VSP_STOR_PR_READ_KEYS		0
#define VSP_STOR_PR_READ_RESERVATION	1
#define VSP_STOR_PR_REPORT_CAPABILITIES	2
#define VSP_STOR_PR_READ_FULL_STATUS	3
#define VSP_STOR_PR_REGISTER		0
#define VSP_STOR_PR_RESERVE		1
#define VSP_STOR_PR_RELEASE		2
#define VSP_STOR_PR_CLEAR		3
#define VSP_STOR_PR_PREEMPT		4
#define VSP_STOR_PR_PREEMPT_ABORT	5
#define VSP_STOR_PR_REGISTER_IGNORE	6

/* what vsp_stor_pr_out() returns for RESERVATION CONFLICT */
#define VSP_STOR_PR_CONFLICT		1

#define VSP_STOR_PR_OUT_BYTES		24U

void vsp_stor_pr_init(struct vsp_stor_pr *pr);
void vsp_stor_pr_attach(struct vsp_stor_pr *pr, struct vsp_stor_pr_nexus *nexus);
void vsp_stor_pr_detach(struct vsp_stor_pr_nexus *nexus);
bool vsp_stor_pr_allows(struct vsp_stor_pr_nexus *nexus, u8 cmd_flags);
int vsp_stor_pr_check_out(const u8 *cdb, const u8 *list, u32 len);
int vsp_stor_pr_out(struct vsp_stor_pr_nexus *nexus, const u8 *cdb,
		    const u8 *list, u32 len);
int vsp_stor_pr_in(struct vsp_stor_pr_nexus *nexus, const u8 *cdb, u8 *buf,
		   u32 size);
int vsp_stor_pr_capabilities(u8 *buf);

#endif /* VSP_STOR_SCSI_H */
