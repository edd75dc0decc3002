// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is there? One work item for each adapter looks for logical units that
 * came, went or changed, whenever the device says so: by the miniport, by a unit
 * attention, or by an outcome that only a vanished logical unit has.
 */
#define pr_fmt(fmt) "storport: " fmt

#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>

#include "port.h"

#define TODO_ALL	(BIT(STORPORT_TODO_SCAN) | BIT(STORPORT_TODO_VERIFY) | \
			 BIT(STORPORT_TODO_RESCAN))

#define INQUIRY_BYTES	36
#define VPD_BYTES	252
#define CHECK_TIMEOUT	(10 * HZ)

static bool may_run(struct storport_port *port)
{
	unsigned long flags = READ_ONCE(port->flags);

	return flags & BIT(STORPORT_PORT_RUNNING) &&
	       !(flags & (BIT(STORPORT_PORT_REMOVING) | BIT(STORPORT_PORT_GONE)));
}

static void kick(struct storport_port *port)
{
	if (may_run(port))
		queue_work(storport_wq, &port->event_work);
}

static void add_todo(unsigned long *events, unsigned long todo)
{
	unsigned long old = READ_ONCE(*events);

	while (!try_cmpxchg(events, &old, old | todo))
		;
}

/* Is it the one that we know? Page 83h: an identity that was changed since. */
static bool same_identity(struct scsi_device *sdev, u8 *buf)
{
	struct scsi_vpd *vpd;
	bool same = true;
	int len;

	if (scsi_get_vpd_page(sdev, 0x83, buf, VPD_BYTES))
		return true;
	len = min(get_unaligned_be16(buf + 2) + 4, VPD_BYTES);
	rcu_read_lock();
	vpd = rcu_dereference(sdev->vpd_pg83);
	if (vpd)
		same = vpd->len >= len && !memcmp(vpd->data + 4, buf + 4, len - 4);
	rcu_read_unlock();
	return same;
}

/*
 * Only a clear answer is a no: what is busy, or has been taken offline after
 * errors, stays.
 */
static bool lun_present(struct scsi_device *sdev)
{
	static const u8 cdb[16] = { INQUIRY, 0, 0, 0, INQUIRY_BYTES };
	bool present = true;
	int ret;
	u8 *buf;

	if (!scsi_device_online(sdev))
		return true;
	buf = kzalloc(VPD_BYTES, GFP_KERNEL);
	if (!buf)
		return true;
	ret = scsi_execute_cmd(sdev, cdb, REQ_OP_DRV_IN, buf, INQUIRY_BYTES,
			       CHECK_TIMEOUT, 3, NULL);
	if (ret > 0)
		present = host_byte(ret) != DID_NO_CONNECT &&
			  host_byte(ret) != DID_BAD_TARGET;
	else if (!ret)
		present = buf[0] >> 5 != 3 && (buf[0] & 0x1f) == sdev->type &&
			  same_identity(sdev, buf);
	kfree(buf);
	return present;
}

static unsigned long take_lun_todo(struct scsi_device *sdev)
{
	struct storport_lun *lun;
	unsigned long todo = 0;
	unsigned long flags;

	spin_lock_irqsave(sdev->host->host_lock, flags);
	lun = storport_lun_of(sdev);
	if (lun)
		todo = xchg(&lun->events, 0);
	spin_unlock_irqrestore(sdev->host->host_lock, flags);
	return todo;
}

static void event_work(struct work_struct *work)
{
	struct storport_port *port =
		container_of(work, struct storport_port, event_work);
	const struct storport_config *config = &port->adapter.config;
	unsigned long events = xchg(&port->events, 0), todo;
	struct scsi_device *sdev;
	u32 channel, target;

	shost_for_each_device(sdev, port->host) {
		if (!may_run(port)) {
			scsi_device_put(sdev);
			return;
		}
		todo = events | take_lun_todo(sdev);
		if (todo & BIT(STORPORT_TODO_VERIFY) && !lun_present(sdev)) {
			/* a removal at the same time makes anything look absent */
			if (!may_run(port))
				continue;
			sdev_printk(KERN_NOTICE, sdev, "is gone\n");
			storport_count(port, STORPORT_CNT_LUN_REMOVED);
			scsi_remove_device(sdev);
			/* another may have taken its place */
			events |= BIT(STORPORT_TODO_SCAN);
			continue;
		}
		if (todo & BIT(STORPORT_TODO_RESCAN)) {
			storport_count(port, STORPORT_CNT_LUN_RESCAN);
			scsi_rescan_device(sdev);
		}
	}
	if (!(events & BIT(STORPORT_TODO_SCAN)))
		return;
	storport_count(port, STORPORT_CNT_RESCAN);
	for (channel = 0; channel <= config->max_channel; channel++)
		for (target = 0; target < config->max_targets && may_run(port); target++)
			scsi_scan_target(&port->host->shost_gendev, channel, target,
					 SCAN_WILD_CARD, SCSI_SCAN_RESCAN);
}

/**
 * storport_rescan_init() - prepare an adapter
 * @port: the adapter
 */
void storport_rescan_init(struct storport_port *port)
{
	INIT_WORK(&port->event_work, event_work);
	INIT_DELAYED_WORK(&port->run_work, storport_queue_run_work);
}

/**
 * storport_rescan_start() - the mid-layer knows the adapter
 * @port: the adapter
 *
 * What was notified until now is looked at now.
 */
void storport_rescan_start(struct storport_port *port)
{
	set_bit(STORPORT_PORT_RUNNING, &port->flags);
	/* pairs with the full barrier of try_cmpxchg() in add_todo() */
	smp_mb__after_atomic();
	if (READ_ONCE(port->events))
		kick(port);
}

/**
 * storport_rescan_stop() - no rescans any more
 * @port: the adapter
 *
 * Context: process; waits for commands of a rescan.
 */
void storport_rescan_stop(struct storport_port *port)
{
	set_bit(STORPORT_PORT_REMOVING, &port->flags);
	cancel_work_sync(&port->event_work);
}

/**
 * storport_rescan_lun() - something is to be done about a logical unit
 * @port: the adapter
 * @lun: the logical unit, which the caller sees to that it stays
 * @todo: bits of &enum storport_todo; that of a scan is for all
 *
 * Context: any.
 */
void storport_rescan_lun(struct storport_port *port, struct storport_lun *lun,
			 unsigned long todo)
{
	add_todo(&lun->events, todo & ~BIT(STORPORT_TODO_SCAN));
	/* that the list changed says as well that somebody may be gone */
	if (todo & BIT(STORPORT_TODO_SCAN))
		add_todo(&port->events, BIT(STORPORT_TODO_SCAN) |
					BIT(STORPORT_TODO_VERIFY));
	kick(port);
}

static void lun_event(struct storport_port *port,
		      const struct storport_address *addr, unsigned long todo)
{
	struct Scsi_Host *host = port->host;
	struct scsi_device *sdev;
	struct storport_lun *lun;
	unsigned long flags;

	spin_lock_irqsave(host->host_lock, flags);
	sdev = __scsi_device_lookup(host, addr->channel, addr->target, addr->lun);
	lun = sdev ? storport_lun_of(sdev) : NULL;
	if (lun)
		add_todo(&lun->events, todo);
	else
		add_todo(&port->events, BIT(STORPORT_TODO_SCAN));
	spin_unlock_irqrestore(host->host_lock, flags);
	kick(port);
}

/**
 * storport_notify() - something has happened
 * @adapter: the adapter
 * @event: what
 * @addr: where, if it is about one logical unit; else NULL
 *
 * A work item looks what it is: logical units that came appear, those that went
 * disappear, and new capacities are seen. Several events at a time cost one
 * look. May be called from the beginning of find_adapter on.
 *
 * Context: any.
 */
void storport_notify(struct storport_adapter *adapter, enum storport_event event,
		     const struct storport_address *addr)
{
	struct storport_port *port = storport_port_of(adapter);

	switch (event) {
	case STORPORT_EVENT_LUN_CHANGE:
		return lun_event(port, addr, BIT(STORPORT_TODO_RESCAN));
	case STORPORT_EVENT_LUN_GONE:
		return lun_event(port, addr, BIT(STORPORT_TODO_VERIFY));
	case STORPORT_EVENT_LINK_DOWN:
		set_bit(STORPORT_PORT_BLOCKED, &port->flags);
		return;
	case STORPORT_EVENT_LINK_UP:
		clear_bit(STORPORT_PORT_BLOCKED, &port->flags);
		storport_ready(adapter);
		break;
	case STORPORT_EVENT_BUS_CHANGE:
		break;
	}
	add_todo(&port->events, TODO_ALL);
	kick(port);
}
EXPORT_SYMBOL_GPL(storport_notify);
