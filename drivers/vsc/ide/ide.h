/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Disks with two ways to them. vsc_ide has the registers, as a driver of libata,
 * and decides; vsc_ide_vmb brings the channel, as a driver of vmb_guest. They
 * are two modules, since the disk has to be there without VMBus, too.
 *
 * Locks, outermost first:
 *
 *	the device's lock		probe, remove, suspend and resume of a channel
 *	vsc_ide_disk.mutex		one move of a disk's path at a time; which sdev
 *					and which link it has. Sleeps for the host and
 *					for the disk
 *	vmb_guest's locks of a channel	in open and close
 *	ata_port.lock			libata's commands
 *	vsc_ide_disk.lock		path, slots; irqs off. vsc_ide_link_ops.put is
 *					called with it
 *	vmb_guest's lock of the ring	a leaf
 *
 * RCU: vsc_ide_link_ops.publish is called in a read section that began before
 * the link was read. vsc_ide_disk_unlink() waits for it.
 */
#ifndef VSC_IDE_H
#define VSC_IDE_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "cdb.h"
#include "path.h"
#include "wire.h"

struct ata_port;
struct attribute_group;
struct queue_limits;
struct Scsi_Host;
struct scatterlist;
struct scsi_cmnd;
struct scsi_device;
struct vsc_ide_disk;
struct vsc_ide_link;

#define VSC_IDE_CHANNELS	2
#define VSC_IDE_TARGETS		2

/* Time limits, ms */
#define VSC_IDE_EXEC_MS		10000U
#define VSC_IDE_DRAIN_MS	20000U
/* Blocks that are compared at a time, and how often they may change meanwhile */
#define VSC_IDE_CHECK_BYTES	4096U
#define VSC_IDE_CHECK_TRIES	16

/* The uppermost bit of a transaction id: none of a path's */
#define VSC_IDE_CONTROL_ID	BIT_ULL(63)

/**
 * struct vsc_ide_request - a command for the channel
 * @id: transaction id
 * @srb: the command
 * @sgl: its data
 * @nents: entries of @sgl
 */
struct vsc_ide_request {
	u64 id;
	struct vsc_ide_srb srb;
	struct scatterlist *sgl;
	unsigned int nents;
};

/**
 * struct vsc_ide_link_ops - what a channel can do
 * @open: open it and make it ready for commands. May sleep. Returns 0 or an
 *	errno
 * @close: close it. May sleep. On return nothing is called for it any more, and
 *	the host uses no memory of commands
 * @exec: carry out a command and wait for it: the outcome, or an errno. The data
 *	is at @buf, in one page. May sleep. @moved is set if the outcome is
 *	%VSC_IDE_GOOD
 * @put: send a command, unseen until @publish. Returns 0; -EAGAIN or -ENOTCONN
 *	if there is no room, or no channel any more; -EINVAL or -EMSGSIZE if it
 *	cannot be sent. Called under the disk's lock
 * @publish: show the host what was sent. Answers may come from it: as for
 *	vmb_guest_publish_poll(), without the disk's lock
 */
struct vsc_ide_link_ops {
	int (*open)(struct vsc_ide_link *link);
	void (*close)(struct vsc_ide_link *link);
	int (*exec)(struct vsc_ide_link *link, const struct vsc_ide_srb *srb, void *buf,
		    u32 *moved);
	int (*put)(struct vsc_ide_link *link, const struct vsc_ide_request *req);
	void (*publish)(struct vsc_ide_link *link);
};

/**
 * struct vsc_ide_link - a channel
 * @ops: what it can do
 * @addr: whose disk it is
 * @disk: that disk, from vsc_ide_disk_link() on
 * @max_transfer: bytes of the largest command; @ops->open sets it
 * @tried: it has been tried; nobody tries again but the administrator. The
 *	disk's mutex
 * @dead: the host answers no more
 */
struct vsc_ide_link {
	const struct vsc_ide_link_ops *ops;
	struct vsc_ide_address addr;
	struct vsc_ide_disk *disk;
	u32 max_transfer;
	bool tried;
	bool dead;
};

/* struct vsc_ide_disk.events */
#define VSC_IDE_EVENT_LOST	0	/* the channel must not be used any more */
#define VSC_IDE_EVENT_GONE	1	/* the host takes the disk away */

/**
 * struct vsc_ide_disk - a device that the controller can have
 * @mutex: protects the next four
 * @sdev: SCSI device, if there is a disk
 * @port: libata's
 * @link: channel, if one is offered; to be read with @lock as well
 * @registers_only: the administrator wants no other path
 * @lock: protects the next six
 * @path: which way commands take
 * @unseen: the host has not been shown all that was sent
 * @trim: the other end has TRIM
 * @block: bytes of a block
 * @max_transfer: bytes of the largest command that goes by the channel
 * @why: of the last loss, for the log
 * @events: VSC_IDE_EVENT_LOST and friends
 * @work: moves the path
 * @name: for the log, before there is a SCSI device
 */
struct vsc_ide_disk {
	struct mutex mutex;		/* sdev to registers_only */
	struct scsi_device *sdev;
	struct ata_port *port;
	struct vsc_ide_link *link;
	bool registers_only;
	spinlock_t lock;		/* path to why */
	struct vsc_ide_path path;
	bool unseen;
	bool trim;
	u32 block;
	u32 max_transfer;
	const char *why;
	unsigned long events;
	struct delayed_work work;
	char name[8];
};

/* disk.c: for channels */
int vsc_ide_disk_link(struct vsc_ide_link *link);
void vsc_ide_disk_unlink(struct vsc_ide_link *link);
void vsc_ide_disk_dead(struct vsc_ide_link *link, const char *why);

/* disk.c */
int vsc_ide_disk_init(void);
void vsc_ide_disk_exit(void);
void vsc_ide_disk_attach(struct vsc_ide_disk *disk, struct ata_port *port,
			 struct scsi_device *sdev, u32 block);
void vsc_ide_disk_detach(struct vsc_ide_disk *disk, struct scsi_device *sdev);
struct vsc_ide_disk *vsc_ide_disk_of(unsigned int channel, unsigned int target);
void vsc_ide_disk_kick(struct vsc_ide_disk *disk, unsigned int ms);
void vsc_ide_disk_lost(struct vsc_ide_disk *disk, const char *why);
void vsc_ide_disk_gone(struct vsc_ide_disk *disk);
struct scsi_device *vsc_ide_disk_sdev_get(struct vsc_ide_disk *disk);
bool vsc_ide_disk_asleep(void);

/* move.c */
void vsc_ide_move_work(struct work_struct *work);
int vsc_ide_move_to_channel(struct vsc_ide_disk *disk);
void vsc_ide_move_to_registers(struct vsc_ide_disk *disk, bool orderly);

/* check.c */
int vsc_ide_check(struct vsc_ide_disk *disk, struct scsi_device *sdev, bool *trim);

/* io.c: for channels */
void vsc_ide_io_answer(struct vsc_ide_link *link, u64 id, enum vsc_ide_outcome outcome,
		       u32 moved);

/* io.c */
int vsc_ide_io_queue(struct Scsi_Host *shost, struct scsi_cmnd *cmd);
void vsc_ide_io_commit(struct vsc_ide_disk *disk);
bool vsc_ide_io_on_channel(struct vsc_ide_disk *disk, struct scsi_cmnd *cmd);

/* host.c */
bool vsc_ide_host_busy(struct vsc_ide_disk *disk);
bool vsc_ide_host_write_cache(struct vsc_ide_disk *disk);
u64 vsc_ide_host_blocks(struct vsc_ide_disk *disk);
bool vsc_ide_host_fastpath(void);

/* sysfs.c */
extern const struct attribute_group vsc_ide_sysfs_group;

#endif /* VSC_IDE_H */
