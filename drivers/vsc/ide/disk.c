// SPDX-License-Identifier: GPL-2.0-only
/*
 * The devices that the controller can have. They are there all the time: what
 * comes and goes is the SCSI device on one side and the channel on the other, in
 * any order.
 */
#define pr_fmt(fmt) "vsc_ide: " fmt

#include <linux/libata.h>
#include <linux/module.h>
#include <linux/suspend.h>
#include <scsi/scsi_device.h>

#include "ide.h"

static struct vsc_ide_disk disks[VSC_IDE_CHANNELS * VSC_IDE_TARGETS];
static struct workqueue_struct *wq;
/* the machine is about to sleep: no disk is moved to its channel */
static bool asleep;

/**
 * vsc_ide_disk_of() - a device by its place
 * @channel: IDE channel
 * @target: device on it
 *
 * Return: it, or NULL.
 */
struct vsc_ide_disk *vsc_ide_disk_of(unsigned int channel, unsigned int target)
{
	if (channel >= VSC_IDE_CHANNELS || target >= VSC_IDE_TARGETS)
		return NULL;
	return &disks[channel * VSC_IDE_TARGETS + target];
}

/**
 * vsc_ide_disk_kick() - have the path looked at
 * @disk: the disk
 * @ms: in so many milliseconds
 *
 * Context: any.
 */
void vsc_ide_disk_kick(struct vsc_ide_disk *disk, unsigned int ms)
{
	mod_delayed_work(wq, &disk->work, msecs_to_jiffies(ms));
}

/**
 * vsc_ide_disk_lost() - the channel must not be used any more
 * @disk: the disk
 * @why: a constant, for the log
 *
 * Takes no lock, since &vsc_ide_link_ops.put may find out. Commands go on until
 * the work gets there.
 *
 * Context: any.
 */
void vsc_ide_disk_lost(struct vsc_ide_disk *disk, const char *why)
{
	if (test_and_set_bit(VSC_IDE_EVENT_LOST, &disk->events))
		return;
	WRITE_ONCE(disk->why, why);
	vsc_ide_disk_kick(disk, 0);
}
EXPORT_SYMBOL_GPL(vsc_ide_disk_lost);

/**
 * vsc_ide_disk_gone() - the host is about to take the disk away
 * @disk: the disk
 *
 * Context: any.
 */
void vsc_ide_disk_gone(struct vsc_ide_disk *disk)
{
	if (!test_and_set_bit(VSC_IDE_EVENT_GONE, &disk->events))
		vsc_ide_disk_kick(disk, 0);
}

/**
 * vsc_ide_disk_link() - there is a channel for a disk
 * @link: the channel; the disk opens it when it can
 *
 * Context: process.
 * Return: 0; -EBUSY if the disk has one; -ENODEV if there is no such disk; -EPERM
 * if the administrator has forbidden it.
 */
int vsc_ide_disk_link(struct vsc_ide_link *link)
{
	struct vsc_ide_disk *disk = vsc_ide_disk_of(link->addr.path, link->addr.target);

	if (!disk)
		return -ENODEV;
	if (!vsc_ide_host_fastpath())
		return -EPERM;
	guard(mutex)(&disk->mutex);
	if (disk->link)
		return -EBUSY;
	link->disk = disk;
	clear_bit(VSC_IDE_EVENT_LOST, &disk->events);
	clear_bit(VSC_IDE_EVENT_GONE, &disk->events);
	spin_lock_irq(&disk->lock);
	disk->link = link;
	spin_unlock_irq(&disk->lock);
	vsc_ide_disk_kick(disk, 0);
	return 0;
}
EXPORT_SYMBOL_GPL(vsc_ide_disk_link);

/**
 * vsc_ide_disk_dead() - the host will not answer any more
 * @link: the channel
 * @why: a constant, for the log
 *
 * Context: any.
 */
void vsc_ide_disk_dead(struct vsc_ide_link *link, const char *why)
{
	WRITE_ONCE(link->dead, true);
	vsc_ide_disk_lost(link->disk, why);
}
EXPORT_SYMBOL_GPL(vsc_ide_disk_dead);

/**
 * vsc_ide_disk_unlink() - a channel goes away
 * @link: the channel; not used any more when this returns
 *
 * Context: process; not from callbacks of the channel.
 */
void vsc_ide_disk_unlink(struct vsc_ide_link *link)
{
	struct vsc_ide_disk *disk = link->disk;

	mutex_lock(&disk->mutex);
	/* asleep, and gone meanwhile */
	if (disk->link == link) {
		vsc_ide_move_to_registers(disk, !READ_ONCE(link->dead));
		spin_lock_irq(&disk->lock);
		disk->link = NULL;
		disk->unseen = false;
		spin_unlock_irq(&disk->lock);
	}
	mutex_unlock(&disk->mutex);
	/* who has taken it to publish with */
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(vsc_ide_disk_unlink);

/**
 * vsc_ide_disk_attach() - a SCSI device has come
 * @disk: the disk
 * @port: libata's
 * @sdev: the device
 * @block: bytes of a block
 *
 * Context: process.
 */
void vsc_ide_disk_attach(struct vsc_ide_disk *disk, struct ata_port *port,
			 struct scsi_device *sdev, u32 block)
{
	guard(mutex)(&disk->mutex);
	if (disk->sdev)
		return;
	disk->port = port;
	disk->sdev = sdev;
	disk->block = block;
	disk->registers_only = false;
	if (disk->link)
		disk->link->tried = false;
	vsc_ide_path_init(&disk->path);
	sdev->hostdata = disk;
	vsc_ide_disk_kick(disk, 0);
}

/**
 * vsc_ide_disk_detach() - a SCSI device goes; no command of it is under way
 * @disk: the disk
 * @sdev: the device
 *
 * Context: process.
 */
void vsc_ide_disk_detach(struct vsc_ide_disk *disk, struct scsi_device *sdev)
{
	guard(mutex)(&disk->mutex);
	if (disk->sdev != sdev)
		return;
	vsc_ide_move_to_registers(disk, false);
	disk->sdev = NULL;
	sdev->hostdata = NULL;
}

/**
 * vsc_ide_disk_sdev_get() - hold a disk's SCSI device
 * @disk: the disk
 *
 * Context: process; the disk's mutex.
 * Return: it, to be given back with scsi_device_put(), or NULL if there is none
 * or it is not ready.
 */
struct scsi_device *vsc_ide_disk_sdev_get(struct vsc_ide_disk *disk)
{
	struct scsi_device *sdev = disk->sdev;

	lockdep_assert_held(&disk->mutex);
	if (!sdev || sdev->sdev_state != SDEV_RUNNING || scsi_device_get(sdev))
		return NULL;
	return sdev;
}

/**
 * vsc_ide_disk_asleep() - is the machine on its way into a sleep, or out of it?
 *
 * Context: any; with the disk's mutex the answer stays true for a move.
 * Return: whether.
 */
bool vsc_ide_disk_asleep(void)
{
	return READ_ONCE(asleep);
}

/*
 * A move to the channel reads the disk by its registers, which waits as long as the
 * SCSI device is suspended, with the mutex that suspend of the channel takes. So
 * none begins from here on; the work tries again until one may.
 */
static int disk_pm(struct notifier_block *nb, unsigned long action, void *data)
{
	struct vsc_ide_disk *disk;

	switch (action) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		WRITE_ONCE(asleep, true);
		/* one that has begun ends */
		for (disk = disks; disk < disks + ARRAY_SIZE(disks); disk++) {
			mutex_lock(&disk->mutex);
			mutex_unlock(&disk->mutex);
		}
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		WRITE_ONCE(asleep, false);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block disk_pm_nb = {
	.notifier_call = disk_pm,
};

/**
 * vsc_ide_disk_init() - set up all
 *
 * Return: 0 or an errno.
 */
int vsc_ide_disk_init(void)
{
	struct vsc_ide_disk *disk;
	unsigned int i;
	int ret;

	/* the disk may be needed to make memory free */
	wq = alloc_workqueue("vsc_ide", WQ_MEM_RECLAIM | WQ_HIGHPRI | WQ_UNBOUND, 0);
	if (!wq)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(disks); i++) {
		disk = &disks[i];
		mutex_init(&disk->mutex);
		spin_lock_init(&disk->lock);
		vsc_ide_path_init(&disk->path);
		INIT_DELAYED_WORK(&disk->work, vsc_ide_move_work);
		snprintf(disk->name, sizeof(disk->name), "%u:%u", i / VSC_IDE_TARGETS,
			 i % VSC_IDE_TARGETS);
	}
	ret = register_pm_notifier(&disk_pm_nb);
	if (ret)
		destroy_workqueue(wq);
	return ret;
}

/**
 * vsc_ide_disk_exit() - nobody has a channel or a SCSI device any more
 */
void vsc_ide_disk_exit(void)
{
	struct vsc_ide_disk *disk;

	unregister_pm_notifier(&disk_pm_nb);
	for (disk = disks; disk < disks + ARRAY_SIZE(disks); disk++)
		cancel_delayed_work_sync(&disk->work);
	destroy_workqueue(wq);
}
