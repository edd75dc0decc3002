// SPDX-License-Identifier: GPL-2.0-only
/*
 * SCSI commands of a disk: to libata or over the channel, and back from there.
 *
 * A command on the channel never gets to the mid-layer's error handler: libata
 * has that, finds no command of its own, and would take it for one that has
 * succeeded. So its results are such that the mid-layer finishes the command or
 * sends it again, and its time limit ends in a new one, see
 * vsc_ide_host_timed_out().
 */
#define pr_fmt(fmt) "vsc_ide: " fmt

#include <linux/libata.h>
#include <scsi/scsi.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

#include "ide.h"
#include "trace.h"

static unsigned int tag_of(struct scsi_cmnd *cmd)
{
	return scsi_cmd_to_rq(cmd)->tag;
}

static u8 direction_of(const struct scsi_cmnd *cmd)
{
	switch (cmd->sc_data_direction) {
	case DMA_TO_DEVICE:
		return VMB_STOR_DATA_OUT;
	case DMA_FROM_DEVICE:
		return VMB_STOR_DATA_IN;
	default:
		return VMB_STOR_DATA_UNKNOWN;
	}
}

static bool direction_ok(const struct scsi_cmnd *cmd, enum vsc_ide_kind kind)
{
	switch (kind) {
	case VSC_IDE_READ:
		return cmd->sc_data_direction == DMA_FROM_DEVICE;
	case VSC_IDE_WRITE:
	case VSC_IDE_TRIM:
		return cmd->sc_data_direction == DMA_TO_DEVICE;
	default:
		return true;
	}
}

/* Under the disk's lock; the command has a slot. Returns what put() does. */
static int send(struct vsc_ide_disk *disk, struct scsi_cmnd *cmd, u64 id, bool fua)
{
	struct vsc_ide_link *link = disk->link;
	u8 cdb[VMB_STOR_CDB_BYTES];
	struct vsc_ide_request req = {
		.id = id,
		.srb = {
			.cdb = cdb,
			.cdb_length = cmd->cmd_len,
			.direction = direction_of(cmd),
			.bytes = scsi_bufflen(cmd),
			.timeout_s = scsi_cmd_to_rq(cmd)->timeout / HZ,
		},
		.sgl = scsi_sglist(cmd),
		.nents = scsi_sg_count(cmd),
	};

	lockdep_assert_held(&disk->lock);
	if (cmd->cmd_len > sizeof(cdb))
		return -EINVAL;
	memcpy(cdb, cmd->cmnd, cmd->cmd_len);
	if (fua)
		vsc_ide_cdb_set_fua(cdb);
	return link->ops->put(link, &req);
}

static enum vsc_ide_route route(struct vsc_ide_disk *disk, struct scsi_cmnd *cmd,
				struct vsc_ide_cdb *cdb)
{
	enum vsc_ide_route way;
	bool fits, fua = false;
	u64 id;
	int ret;

	lockdep_assert_held(&disk->lock);
	fits = vsc_ide_cdb_fits(cdb, scsi_bufflen(cmd), disk->block, disk->max_transfer,
				disk->trim) && direction_ok(cmd, cdb->kind);
	if (cdb->kind == VSC_IDE_WRITE && !vsc_ide_host_write_cache(disk)) {
		/* it was turned off in the registers, of which the host knows nothing */
		fits &= cdb->fua;
		fua = true;
	}
	way = vsc_ide_path_submit(&disk->path, cdb->kind, fits, tag_of(cmd), cmd, &id);
	if (way != VSC_IDE_BY_CHANNEL)
		return way;
	ret = send(disk, cmd, id, fua);
	if (!ret) {
		disk->unseen = true;
		return way;
	}
	vsc_ide_path_unsend(&disk->path, id);
	if (ret == -EAGAIN || ret == -ENOTCONN)
		return VSC_IDE_HOLD;
	/* memory that is no range of pages, for one */
	vsc_ide_path_enter(&disk->path);
	return VSC_IDE_BY_REGISTERS;
}

/* Counted in by vsc_ide_path_enter(). */
static int by_registers(struct vsc_ide_disk *disk, struct Scsi_Host *shost,
			struct scsi_cmnd *cmd)
{
	int ret = ata_scsi_queuecmd(shost, cmd);
	unsigned long flags;

	spin_lock_irqsave(&disk->lock, flags);
	vsc_ide_path_entered(&disk->path, !ret);
	spin_unlock_irqrestore(&disk->lock, flags);
	return ret;
}

/**
 * vsc_ide_io_queue() - a SCSI command has come
 * @shost: libata's host
 * @cmd: the command
 *
 * Context: an RCU read section, as all of queuecommand().
 * Return: as queuecommand().
 */
int vsc_ide_io_queue(struct Scsi_Host *shost, struct scsi_cmnd *cmd)
{
	struct vsc_ide_disk *disk = cmd->device->hostdata;
	struct vsc_ide_link *link = NULL;
	enum vsc_ide_route way;
	struct vsc_ide_cdb cdb;
	unsigned long flags;
	bool last;

	if (!disk)
		return ata_scsi_queuecmd(shost, cmd);
	last = cmd->flags & SCMD_LAST;
	vsc_ide_cdb_parse(&cdb, cmd->cmnd, cmd->cmd_len);

	rcu_read_lock();
	spin_lock_irqsave(&disk->lock, flags);
	way = route(disk, cmd, &cdb);
	if (last && disk->unseen) {
		link = disk->link;
		disk->unseen = false;
	}
	spin_unlock_irqrestore(&disk->lock, flags);
	/* not under the lock: the host may work for a while before this returns */
	if (link)
		link->ops->publish(link);
	rcu_read_unlock();

	trace_vsc_ide_route(disk, way, cdb.kind, cdb.blocks);
	switch (way) {
	case VSC_IDE_BY_CHANNEL:
		return 0;
	case VSC_IDE_BY_REGISTERS:
		return by_registers(disk, shost, cmd);
	default:
		/*
		 * Unlike DEVICE_BUSY, after which whoever holds it would have to
		 * say when to go on, this is tried again in a few milliseconds.
		 */
		return SCSI_MLQUEUE_TARGET_BUSY;
	}
}

/**
 * vsc_ide_io_commit() - no more commands for the time being
 * @disk: the disk
 *
 * Context: process or softirq, interrupts on; commands may end meanwhile.
 */
void vsc_ide_io_commit(struct vsc_ide_disk *disk)
{
	struct vsc_ide_link *link = NULL;
	unsigned long flags;

	rcu_read_lock();
	spin_lock_irqsave(&disk->lock, flags);
	if (disk->unseen) {
		link = disk->link;
		disk->unseen = false;
	}
	spin_unlock_irqrestore(&disk->lock, flags);
	if (link)
		link->ops->publish(link);
	rcu_read_unlock();
}

/**
 * vsc_ide_io_on_channel() - does the host have a command?
 * @disk: the disk
 * @cmd: the command
 *
 * Context: any.
 * Return: whether.
 */
bool vsc_ide_io_on_channel(struct vsc_ide_disk *disk, struct scsi_cmnd *cmd)
{
	unsigned long flags;
	bool has;

	spin_lock_irqsave(&disk->lock, flags);
	has = vsc_ide_path_has(&disk->path, tag_of(cmd), cmd);
	spin_unlock_irqrestore(&disk->lock, flags);
	return has;
}

/* All of a read or write, or the host has not done what it says. */
static enum vsc_ide_outcome check_moved(const struct vsc_ide_slot *slot,
					enum vsc_ide_outcome outcome, u32 moved)
{
	struct scsi_cmnd *cmd = slot->cookie;

	if (outcome != VSC_IDE_GOOD)
		return outcome;
	switch (slot->kind) {
	case VSC_IDE_READ:
	case VSC_IDE_WRITE:
		return moved == scsi_bufflen(cmd) ? outcome : VSC_IDE_BROKEN;
	default:
		return moved <= scsi_bufflen(cmd) ? outcome : VSC_IDE_BROKEN;
	}
}

/* What the channel could not do, the registers do. Counted in. */
static void reissue(struct vsc_ide_disk *disk, struct scsi_cmnd *cmd)
{
	trace_vsc_ide_reissue(disk, cmd->cmnd[0]);
	if (!by_registers(disk, cmd->device->host, cmd))
		return;
	/* they have no time for it now */
	cmd->result = DID_REQUEUE << 16;
	scsi_done(cmd);
}

/**
 * vsc_ide_io_answer() - the host has answered a command
 * @link: the channel
 * @id: its transaction id, as the host says
 * @outcome: what became of it
 * @moved: bytes that the host says it has moved
 *
 * Context: any, hard interrupts included.
 */
void vsc_ide_io_answer(struct vsc_ide_link *link, u64 id, enum vsc_ide_outcome outcome,
		       u32 moved)
{
	struct vsc_ide_disk *disk = link->disk;
	const struct vsc_ide_slot *slot;
	struct scsi_cmnd *cmd = NULL;
	unsigned long flags;

	spin_lock_irqsave(&disk->lock, flags);
	slot = vsc_ide_path_find(&disk->path, id);
	if (slot)
		outcome = check_moved(slot, outcome, moved);
	/* what is broken stays in flight, until the channel is closed */
	if (!slot || outcome != VSC_IDE_BROKEN)
		cmd = vsc_ide_path_answer(&disk->path, id, outcome != VSC_IDE_FAILED &&
					  outcome != VSC_IDE_GONE);
	spin_unlock_irqrestore(&disk->lock, flags);
	trace_vsc_ide_answer(disk, id, outcome, moved);

	if (!cmd) {
		vsc_ide_disk_lost(disk, slot ? "an answer makes no sense" :
				  "an answer to nothing");
		return;
	}
	switch (outcome) {
	case VSC_IDE_GOOD:
		scsi_set_resid(cmd, 0);
		cmd->result = SAM_STAT_GOOD;
		break;
	case VSC_IDE_CONFLICT:
		cmd->result = SAM_STAT_RESERVATION_CONFLICT;
		break;
	case VSC_IDE_BUSY:
		cmd->result = SAM_STAT_BUSY;
		break;
	case VSC_IDE_GONE:
		vsc_ide_disk_gone(disk);
		fallthrough;
	default:
		return reissue(disk, cmd);
	}
	scsi_done(cmd);
}
EXPORT_SYMBOL_GPL(vsc_ide_io_answer);
