// SPDX-License-Identifier: GPL-2.0-only
/*
 * A disk's path is moved, with the disk in use. When the mutex is free the path
 * is on the registers and the channel closed, or on the channel and it is open.
 *
 * Memory is taken without I/O: it may be this disk that would have to do it.
 */
#define pr_fmt(fmt) "vsc_ide: " fmt

#include <linux/blk-mq.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/libata.h>
#include <linux/sched/mm.h>
#include <scsi/scsi.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_proto.h>

#include "ide.h"
#include "trace.h"

/* between looking whether something has ended */
#define POLL_US		300
/* until the SCSI device is there */
#define RETRY_MS	200

static enum vsc_ide_state state_of(struct vsc_ide_disk *disk)
{
	return READ_ONCE(disk->path.state);
}

/* Have what was held come again, now rather than soon. */
static void run_queue(struct scsi_device *sdev)
{
	if (sdev->sdev_state == SDEV_RUNNING)
		blk_mq_run_hw_queues(sdev->request_queue, true);
}

static bool must_leave(struct vsc_ide_disk *disk)
{
	return test_bit(VSC_IDE_EVENT_LOST, &disk->events) ||
	       test_bit(VSC_IDE_EVENT_GONE, &disk->events) || READ_ONCE(disk->link->dead);
}

/* End the move if nothing is under way on the old path. */
static bool try_finish(struct vsc_ide_disk *disk)
{
	unsigned long flags;
	bool done;

	/* no command becomes libata's without this lock */
	spin_lock_irqsave(disk->port->lock, flags);
	spin_lock(&disk->lock);
	done = vsc_ide_path_finish(&disk->path, vsc_ide_host_busy(disk));
	spin_unlock(&disk->lock);
	spin_unlock_irqrestore(disk->port->lock, flags);
	return done;
}

static int drain_registers(struct vsc_ide_disk *disk)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(VSC_IDE_DRAIN_MS);

	spin_lock_irq(&disk->lock);
	vsc_ide_path_want_channel(&disk->path);
	spin_unlock_irq(&disk->lock);
	trace_vsc_ide_state(disk);
	while (!try_finish(disk)) {
		if (!must_leave(disk) && time_before(jiffies, deadline)) {
			fsleep(POLL_US);
			continue;
		}
		spin_lock_irq(&disk->lock);
		vsc_ide_path_want_registers(&disk->path);
		spin_unlock_irq(&disk->lock);
		trace_vsc_ide_state(disk);
		return must_leave(disk) ? -ENODEV : -ETIMEDOUT;
	}
	trace_vsc_ide_state(disk);
	return 0;
}

static int try_channel(struct vsc_ide_disk *disk, struct scsi_device *sdev)
{
	struct vsc_ide_link *link = disk->link;
	bool trim = false;
	int ret;

	link->tried = true;
	clear_bit(VSC_IDE_EVENT_LOST, &disk->events);
	clear_bit(VSC_IDE_EVENT_GONE, &disk->events);
	ret = link->ops->open(link);
	if (ret) {
		sdev_printk(KERN_WARNING, sdev, "no channel: error %d\n", ret);
		return ret;
	}
	/* says itself what is wrong */
	ret = vsc_ide_check(disk, sdev, &trim);
	if (ret)
		return ret;
	spin_lock_irq(&disk->lock);
	disk->trim = trim;
	disk->max_transfer = link->max_transfer;
	spin_unlock_irq(&disk->lock);
	ret = drain_registers(disk);
	if (ret) {
		link->ops->close(link);
		run_queue(sdev);
		sdev_printk(KERN_WARNING, sdev, "stays on the registers: error %d\n", ret);
		return ret;
	}
	scsi_change_queue_depth(sdev, VSC_IDE_DEPTH);
	run_queue(sdev);
	sdev_printk(KERN_INFO, sdev, "goes over VMBus now%s\n", trim ? ", TRIM too" : "");
	return 0;
}

/**
 * vsc_ide_move_to_channel() - try to have a disk go over VMBus
 * @disk: the disk
 *
 * Context: process; the disk's mutex.
 * Return: 0, also if it does already; -ENODEV if there is no channel; -EAGAIN if
 * the SCSI device is not ready or the machine is about to sleep; -EXDEV if the two
 * are not the same disk; an errno of the channel.
 */
int vsc_ide_move_to_channel(struct vsc_ide_disk *disk)
{
	struct scsi_device *sdev;
	unsigned int noio;
	int ret;

	lockdep_assert_held(&disk->mutex);
	if (state_of(disk) != VSC_IDE_REGISTERS)
		return 0;
	if (!disk->link || READ_ONCE(disk->link->dead))
		return -ENODEV;
	sdev = vsc_ide_disk_asleep() ? NULL : vsc_ide_disk_sdev_get(disk);
	if (!sdev)
		return -EAGAIN;
	noio = memalloc_noio_save();
	ret = try_channel(disk, sdev);
	memalloc_noio_restore(noio);
	scsi_device_put(sdev);
	return ret;
}

/*
 * What was written over the channel is to be safe before the registers are used:
 * a VMM that has seen no write there may do nothing when it is told to flush.
 */
static void flush_channel(struct vsc_ide_disk *disk)
{
	u8 cdb[10] = { SYNCHRONIZE_CACHE };
	struct vsc_ide_srb srb = {
		.cdb = cdb,
		.cdb_length = sizeof(cdb),
		.direction = VMB_STOR_DATA_UNKNOWN,
		.timeout_s = VSC_IDE_EXEC_MS / MSEC_PER_SEC,
	};
	u32 moved;
	int ret;

	ret = disk->link->ops->exec(disk->link, &srb, NULL, &moved);
	if (ret)
		sdev_printk(KERN_NOTICE, disk->sdev,
			    "no flush before the channel is closed: %d\n", ret);
}

static bool drain_channel(struct vsc_ide_disk *disk)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(VSC_IDE_DRAIN_MS);
	bool drained;

	for (;;) {
		spin_lock_irq(&disk->lock);
		drained = vsc_ide_path_drained(&disk->path, false);
		spin_unlock_irq(&disk->lock);
		if (drained || time_after(jiffies, deadline) || READ_ONCE(disk->link->dead) ||
		    test_bit(VSC_IDE_EVENT_LOST, &disk->events))
			return drained;
		fsleep(POLL_US);
	}
}

static void take_back(struct vsc_ide_disk *disk)
{
	struct scsi_cmnd *cmds[VSC_IDE_DEPTH], *cmd;
	unsigned int nr = 0, i;

	spin_lock_irq(&disk->lock);
	while ((cmd = vsc_ide_path_take_back(&disk->path)))
		cmds[nr++] = cmd;
	disk->unseen = false;
	vsc_ide_path_finish(&disk->path, false);
	spin_unlock_irq(&disk->lock);
	trace_vsc_ide_state(disk);

	/* the mid-layer sends them again, without counting it */
	for (i = 0; i < nr; i++) {
		trace_vsc_ide_reissue(disk, cmds[i]->cmnd[0]);
		cmds[i]->result = DID_REQUEUE << 16;
		scsi_done(cmds[i]);
	}
	if (nr)
		sdev_printk(KERN_NOTICE, disk->sdev, "%u commands are sent again\n", nr);
}

/**
 * vsc_ide_move_to_registers() - have a disk go by the registers, and close the
 *	channel
 * @disk: the disk
 * @orderly: the host answers: let it end what it has. Otherwise that is sent
 *	again, when the channel is closed and the host has nothing to do with its
 *	memory any more
 *
 * Context: process; the disk's mutex.
 */
void vsc_ide_move_to_registers(struct vsc_ide_disk *disk, bool orderly)
{
	unsigned int noio;
	bool leave;

	lockdep_assert_held(&disk->mutex);
	spin_lock_irq(&disk->lock);
	leave = orderly ? vsc_ide_path_want_registers(&disk->path) :
			  vsc_ide_path_lost(&disk->path);
	spin_unlock_irq(&disk->lock);
	if (!leave)
		return;
	trace_vsc_ide_state(disk);

	noio = memalloc_noio_save();
	if (orderly && drain_channel(disk)) {
		flush_channel(disk);
	} else if (orderly) {
		spin_lock_irq(&disk->lock);
		vsc_ide_path_lost(&disk->path);
		spin_unlock_irq(&disk->lock);
		trace_vsc_ide_state(disk);
	}
	disk->link->ops->close(disk->link);
	scsi_change_queue_depth(disk->sdev, 1);
	take_back(disk);
	memalloc_noio_restore(noio);
	sdev_printk(KERN_INFO, disk->sdev, "goes by the registers now\n");
	run_queue(disk->sdev);
}

/**
 * vsc_ide_move_work() - something has happened to a disk or its channel
 * @work: struct vsc_ide_disk.work
 */
void vsc_ide_move_work(struct work_struct *work)
{
	struct vsc_ide_disk *disk = container_of(to_delayed_work(work), struct vsc_ide_disk,
						 work);

	guard(mutex)(&disk->mutex);
	if (test_and_clear_bit(VSC_IDE_EVENT_LOST, &disk->events)) {
		if (state_of(disk) != VSC_IDE_REGISTERS)
			sdev_printk(KERN_WARNING, disk->sdev, "leaves the channel: %s\n",
				    READ_ONCE(disk->why));
		vsc_ide_move_to_registers(disk, false);
	}
	if (test_and_clear_bit(VSC_IDE_EVENT_GONE, &disk->events))
		vsc_ide_move_to_registers(disk, true);

	if (!disk->sdev || !disk->link || disk->link->tried || disk->registers_only)
		return;
	if (vsc_ide_move_to_channel(disk) == -EAGAIN)
		vsc_ide_disk_kick(disk, RETRY_MS);
}
