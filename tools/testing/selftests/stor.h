/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's half of the storage protocol, and the disks behind it.
 */
#ifndef STOR_H
#define STOR_H

#include <vmb/proto/stor.h>

#include "bus.h"

#define STOR_PENDING	4096
#define STOR_MAX_DATA	0x100000U

/**
 * struct stor_cmd - a command and its outcome
 * @lun: logical unit
 * @cdb: the command
 * @cdb_len: bytes of it
 * @write: data goes to the disk
 * @gpa: where the data is
 * @len: bytes of it, 0 for none
 * @pfns: instead of the pages behind @gpa, whose offset still counts
 * @claim: says another length than the memory has
 * @done: the answer has come
 * @status: NTSTATUS
 * @srb: as answered
 * @id: transaction id
 */
struct stor_cmd {
	u8 lun;
	u8 cdb[16];
	u8 cdb_len;
	bool write;
	u64 gpa;
	u32 len;
	const __le64 *pfns;
	u32 claim;
	bool done;
	u32 status;
	struct vmb_stor_srb srb;
	u64 id;
};

struct stor {
	struct chan ch;
	u16 version;
	u32 packet_len;
	u32 next_id;
	unsigned int nr_pending;
	unsigned int nr_enumerate;
	struct vmb_stor_properties properties;
	struct stor_cmd *pending[STOR_PENDING];
};

/* Disks: null_blk, by configfs; @opts is "attribute=value ..." */
void disk_create(const char *name, const char *opts);
void disk_read(const char *name, u64 offset, void *buf, u32 len);
void disk_write(const char *name, u64 offset, const void *buf, u32 len);

/* data that depends on @tag alone */
void fill(u8 *p, u32 len, u32 tag);

/* Configuration below a partition */
void ctrl_create(const char *partition, const char *dev);
void ctrl_enable(const char *partition, const char *dev);
void lun_create(const char *partition, const char *dev, unsigned int lun,
		const char *disk);
int lun_set(const char *partition, const char *dev, unsigned int lun,
	    const char *attr, const char *value);
/* a partition with controller scsi.0, whose LUN 0 is the disk, if there is one */
struct guest *stor_guest_in(const char *partition, const char *disk);
struct guest *stor_guest(const char *disk);

/* The protocol */
void stor_open(struct stor *s, struct guest *g, const struct vmb_msg_offer *offer,
	       unsigned int pages);
u32 stor_op(struct stor *s, struct vmb_stor_packet *pkt);
void stor_init(struct stor *s, u16 version);
struct stor *stor_start(struct guest *g);
int stor_submit(struct stor *s, struct stor_cmd *cmd, bool quiet);
void stor_wait(struct stor *s, struct stor_cmd *cmd);
void stor_wait_all(struct stor *s);
bool stor_reap(struct stor *s, int timeout_ms);
void stor_exec(struct stor *s, struct stor_cmd *cmd);
/* until the unit has no more to say on its own account */
void stor_clear_ua(struct stor *s, u8 lun);
void stor_sub_channel(struct stor *sub, const struct stor *s,
		      const struct vmb_msg_offer *offer, unsigned int vp);

/* Commands */
void cmd_tur(struct stor_cmd *cmd, u8 lun);
void cmd_rw(struct stor_cmd *cmd, bool write, u64 lba, u32 blocks, u64 gpa,
	    u32 block_size);
bool cmd_ok(const struct stor_cmd *cmd);
/* key << 16 | asc << 8 | ascq of a CHECK CONDITION, or 0 */
u32 cmd_sense(const struct stor_cmd *cmd);
void stor_expect(const char *file, int line, const struct stor_cmd *cmd, u32 sense);

#define EXPECT_GOOD(cmd)	stor_expect(__FILE__, __LINE__, cmd, 0)
#define EXPECT_SENSE(cmd, s)	stor_expect(__FILE__, __LINE__, cmd, s)

#define SENSE_POWER_ON		0x062900
#define SENSE_RESET		0x062903
#define SENSE_BAD_OPCODE	0x052000
#define SENSE_BAD_LBA		0x052100
#define SENSE_BAD_FIELD		0x052400
#define SENSE_WRITE_PROTECT	0x072700
#define SENSE_READ_ERROR	0x031100
#define SENSE_WRITE_ERROR	0x030c00
#define SENSE_TARGET_FAILURE	0x044400

#endif /* STOR_H */
