// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is what is at the other end of the channel the disk that the registers have?
 */
#define pr_fmt(fmt) "vsc_ide: " fmt

#include <linux/gfp.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_proto.h>

#include "ide.h"

/* unit attentions that may be in the way */
#define MAX_ATTENTIONS	8
/* so often the same difference is one */
#define DIFFERENCES	3
#define VPD_PROVISIONING	0xb2
#define LBPWS			0x40

/**
 * struct check - what it takes
 * @disk: the disk
 * @sdev: its SCSI device
 * @channel: a page, read over the channel
 * @before: read by the registers, before that
 * @after: and after it
 */
struct check {
	struct vsc_ide_disk *disk;
	struct scsi_device *sdev;
	u8 *channel;
	u8 *before;
	u8 *after;
};

/* Returns 0, a positive enum vsc_ide_outcome or an errno. */
static int exec(struct check *c, const u8 *cdb, u8 cdb_len, u32 bytes, u32 *moved)
{
	struct vsc_ide_srb srb = {
		.cdb = cdb,
		.cdb_length = cdb_len,
		.direction = bytes ? VMB_STOR_DATA_IN : VMB_STOR_DATA_UNKNOWN,
		.bytes = bytes,
		.timeout_s = VSC_IDE_EXEC_MS / MSEC_PER_SEC,
	};
	struct vsc_ide_link *link = c->disk->link;
	int ret;

	memset(c->channel, 0, PAGE_SIZE);
	ret = link->ops->exec(link, &srb, c->channel, moved);
	if (!ret && *moved > bytes)
		ret = -EPROTO;
	return ret;
}

/* The host has something to say to whoever opens a channel. */
static int check_ready(struct check *c)
{
	u8 cdb[6] = { TEST_UNIT_READY };
	unsigned int i;
	u32 moved;
	int ret;

	for (i = 0; i < MAX_ATTENTIONS; i++) {
		ret = exec(c, cdb, sizeof(cdb), 0, &moved);
		if (ret <= 0)
			return ret;
	}
	return -EIO;
}

static int check_size(struct check *c)
{
	u8 cdb[16] = { SERVICE_ACTION_IN_16, SAI_READ_CAPACITY_16 };
	u64 blocks = vsc_ide_host_blocks(c->disk), last;
	u32 moved, block;
	int ret;

	put_unaligned_be32(32, cdb + 10);
	ret = exec(c, cdb, sizeof(cdb), 32, &moved);
	if (ret)
		return ret < 0 ? ret : -EIO;
	if (moved < 12)
		return -EPROTO;
	last = get_unaligned_be64(c->channel);
	block = get_unaligned_be32(c->channel + 8);
	if (last + 1 == blocks && block == c->disk->block)
		return 0;
	sdev_printk(KERN_WARNING, c->sdev,
		    "stays on the registers: %llu blocks of %u, and %llu of %u over VMBus\n",
		    blocks, c->disk->block, last + 1, block);
	return -EXDEV;
}

/* libata has discards sent as WRITE SAME with UNMAP. */
static bool check_trim(struct check *c)
{
	u8 cdb[6] = { INQUIRY, 1, VPD_PROVISIONING, 0, 64 };
	u32 moved;

	if (exec(c, cdb, sizeof(cdb), 64, &moved) || moved < 6)
		return false;
	return c->channel[1] == VPD_PROVISIONING && (c->channel[5] & LBPWS);
}

static int read_registers(struct check *c, const u8 *cdb, u8 *buf)
{
	int ret = scsi_execute_cmd(c->sdev, cdb, REQ_OP_DRV_IN, buf, VSC_IDE_CHECK_BYTES,
				   msecs_to_jiffies(VSC_IDE_EXEC_MS), 3, NULL);

	return ret > 0 ? -EIO : ret;
}

/* Others may write there meanwhile: only what stays is a difference. */
static int check_blocks(struct check *c, u64 lba)
{
	unsigned int i, differences = 0;
	u8 cdb[16];
	u32 moved;
	int ret;

	vsc_ide_cdb_read(cdb, lba, VSC_IDE_CHECK_BYTES / c->disk->block);
	for (i = 0; i < VSC_IDE_CHECK_TRIES && differences < DIFFERENCES; i++) {
		ret = read_registers(c, cdb, c->before);
		if (ret)
			return ret;
		ret = exec(c, cdb, sizeof(cdb), VSC_IDE_CHECK_BYTES, &moved);
		if (ret)
			return ret < 0 ? ret : -EIO;
		if (moved != VSC_IDE_CHECK_BYTES)
			return -EPROTO;
		ret = read_registers(c, cdb, c->after);
		if (ret)
			return ret;
		if (!memcmp(c->channel, c->before, VSC_IDE_CHECK_BYTES) ||
		    !memcmp(c->channel, c->after, VSC_IDE_CHECK_BYTES))
			return 0;
		differences += !memcmp(c->before, c->after, VSC_IDE_CHECK_BYTES);
	}
	sdev_printk(KERN_WARNING, c->sdev,
		    "stays on the registers: another disk over VMBus, see block %llu\n", lba);
	return -EXDEV;
}

static int check_disk(struct check *c, bool *trim)
{
	u64 blocks = vsc_ide_host_blocks(c->disk);
	u32 chunk = VSC_IDE_CHECK_BYTES / c->disk->block, i;
	/* what tells disks apart is most often at the ends */
	u64 lbas[] = { 0, chunk, 2048, blocks / 2, blocks - chunk };
	int ret;

	ret = check_ready(c);
	if (!ret)
		ret = check_size(c);
	for (i = 0; !ret && i < ARRAY_SIZE(lbas); i++)
		if (lbas[i] + chunk <= blocks)
			ret = check_blocks(c, lbas[i]);
	if (!ret)
		*trim = check_trim(c);
	return ret;
}

/**
 * vsc_ide_check() - is it the same disk on both paths?
 * @disk: the disk, on the registers, its channel open
 * @sdev: its SCSI device
 * @trim: set if the other end has TRIM
 *
 * Two empty disks of one size cannot be told apart. If it fails the channel is
 * closed.
 *
 * Context: process; the disk's mutex.
 * Return: 0; -EXDEV if not; an errno if it cannot be told. It has been logged.
 */
int vsc_ide_check(struct vsc_ide_disk *disk, struct scsi_device *sdev, bool *trim)
{
	struct check c = { .disk = disk, .sdev = sdev };
	int ret = -ENOMEM;

	if (!disk->block || disk->block > VSC_IDE_CHECK_BYTES)
		return -EXDEV;
	c.channel = (u8 *)__get_free_page(GFP_KERNEL);
	c.before = (u8 *)__get_free_page(GFP_KERNEL);
	c.after = (u8 *)__get_free_page(GFP_KERNEL);
	if (c.channel && c.before && c.after)
		ret = check_disk(&c, trim);
	if (ret && ret != -EXDEV)
		sdev_printk(KERN_WARNING, sdev, "stays on the registers: no check: error %d\n",
			    ret);
	/* the host may have something to write there yet */
	if (ret)
		disk->link->ops->close(disk->link);
	free_page((unsigned long)c.after);
	free_page((unsigned long)c.before);
	free_page((unsigned long)c.channel);
	return ret;
}
