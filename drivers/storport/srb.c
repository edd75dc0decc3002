// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of an SRB: given to the miniport, handed in by id, or taken back.
 *
 * Who owns a command in flight is decided by the id in the slot of its tag:
 * whoever changes it to 0 has the command, whoever marks it an orphan gives it
 * to the mid-layer, and the device keeps but the id.
 */
#define pr_fmt(fmt) "storport: " fmt

#include <linux/ktime.h>
/* scsi_dbg.h needs it where SCSI_CONSTANTS is off */
#include <scsi/scsi_proto.h>
#include <scsi/scsi_dbg.h>
#include <scsi/scsi_eh.h>
#include <scsi/scsi_tcq.h>

#include "port.h"
#include "trace.h"

/* Answer to INQUIRY where there is no logical unit, SPC-4 6.6.2: qualifier 3. */
static const u8 absent_inquiry[36] = { 0x7f, 0, 5, 2, 31 };

/**
 * storport_srb_init() - prepare the private area of a new command
 * @host: the mid-layer's host
 * @cmd: the command
 *
 * There being such a function keeps the mid-layer from clearing the area for
 * every use.
 *
 * Context: may sleep.
 * Return: 0.
 */
int storport_srb_init(struct Scsi_Host *host, struct scsi_cmnd *cmd)
{
	struct storport_srb *srb = scsi_cmd_priv(cmd);

	memset(srb, 0, host->hostt->cmd_size);
	srb->cmd = cmd;
	srb->adapter = &((struct storport_port *)shost_priv(host))->adapter;
	return 0;
}

static int turn_away(struct scsi_cmnd *cmd, enum storport_start why)
{
	struct storport_lun *lun = storport_lun_of(cmd->device);

	switch (why) {
	case STORPORT_START_LUN_BUSY:
		this_cpu_inc(lun->stats->busy);
		return SCSI_MLQUEUE_DEVICE_BUSY;
	case STORPORT_START_INVALID:
		scsi_build_sense(cmd, 0, ILLEGAL_REQUEST, 0x24, 0);
		scsi_done(cmd);
		return 0;
	case STORPORT_START_GONE:
		cmd->result = DID_NO_CONNECT << 16;
		scsi_done(cmd);
		return 0;
	default:
		this_cpu_inc(lun->stats->busy);
		return SCSI_MLQUEUE_HOST_BUSY;
	}
}

/*
 * From here on the id is known. A tag is only given out again when its command
 * has ended; if the device has not handed it in by then, all resets failed, and
 * from now on its old id is refused.
 */
static void slot_take(struct storport_port *port, struct storport_slot *slot,
		      struct storport_srb *srb, u32 unique)
{
	u64 old = atomic64_read(&slot->id);

	/* a late outcome may be coming in */
	if (unlikely(old) && atomic64_xchg(&slot->id, 0))
		storport_count(port, STORPORT_CNT_ABANDONED);
	slot->uses = (slot->uses + 1) & 0x7fffffff;
	slot->srb = srb;
	slot->addr = srb->addr;
	/* pairs with storport_error_timed_out() */
	WRITE_ONCE(srb->id, (u64)slot->uses << 32 | (unique + 1));
}

/**
 * storport_srb_queue() - a command from the mid-layer
 * @host: the mid-layer's host
 * @cmd: the command
 *
 * Context: process, or the error handler's thread.
 * Return: 0, or why it has to be tried again later.
 */
int storport_srb_queue(struct Scsi_Host *host, struct scsi_cmnd *cmd)
{
	struct storport_port *port = shost_priv(host);
	const struct storport_miniport *mp = port->adapter.miniport;
	struct storport_lun *lun = storport_lun_of(cmd->device);
	struct request *rq = scsi_cmd_to_rq(cmd);
	u32 unique = blk_mq_unique_tag(rq);
	struct storport_queue *queue =
		&port->queues[blk_mq_unique_tag_to_hwq(unique)];
	struct storport_slot *slot =
		&queue->slots[blk_mq_unique_tag_to_tag(unique)];
	struct storport_srb *srb = scsi_cmd_priv(cmd);
	bool last = cmd->flags & SCMD_LAST, tell;
	enum storport_start ret;
	u64 id;

	if (unlikely(storport_port_gone(port)))
		return turn_away(cmd, STORPORT_START_GONE);

	srb->addr.channel = cmd->device->channel;
	srb->addr.target = cmd->device->id;
	srb->addr.lun = cmd->device->lun;
	srb->data_length = scsi_bufflen(cmd);
	srb->timeout_ms = jiffies_to_msecs(rq->timeout);
	srb->queue = queue->index;
	srb->path = NULL;
	srb->expired = 0;
	srb->done = false;
	srb->start_ns = trace_storport_srb_complete_enabled() ? ktime_get_ns() : 0;
	slot_take(port, slot, srb, unique);
	id = srb->id;

	trace_storport_srb_build(srb, cmd->cmnd[0]);
	if (mp->build_io) {
		ret = mp->build_io(&port->adapter, srb);
		if (ret != STORPORT_START_OK)
			return turn_away(cmd, ret);
	}

	storport_lun_begin(lun);
	rcu_read_lock();
	spin_lock(&queue->start_lock);
	if (unlikely(READ_ONCE(port->flags) & (BIT(STORPORT_PORT_GONE) |
					       BIT(STORPORT_PORT_STOPPED) |
					       BIT(STORPORT_PORT_ASLEEP) |
					       BIT(STORPORT_PORT_BLOCKED)))) {
		ret = storport_port_gone(port) ? STORPORT_START_GONE :
						 STORPORT_START_ADAPTER_BUSY;
		goto unlock;
	}
	trace_storport_srb_start(srb, cmd->cmnd[0]);
	slot->path = srb->path;
	/* whoever finds the id also finds the command */
	atomic64_set_release(&slot->id, id);
	ret = mp->start_io(&port->adapter, srb);
	if (likely(ret == STORPORT_START_OK)) {
		/* the command may have ended by now */
		queue->started++;
		queue->pending++;
	} else if (atomic64_cmpxchg(&slot->id, id, 0) != id) {
		/*
		 * Somebody guessed the id and has ended it, or its time limit
		 * has passed: it is the error handler's.
		 */
		atomic64_cmpxchg(&slot->id, id | STORPORT_ID_ORPHAN, 0);
		ret = STORPORT_START_OK;
	}
unlock:
	/* room comes back only when the device sees what is there already */
	tell = (last || ret != STORPORT_START_OK) && storport_queue_pending(queue);
	spin_unlock(&queue->start_lock);
	/*
	 * Not under it, and interrupts are on: a device may work for a while before
	 * this returns, and have an interrupt ready when it does.
	 */
	if (tell)
		mp->commit(&port->adapter, queue->index);
	rcu_read_unlock();

	if (likely(ret == STORPORT_START_OK))
		return 0;
	storport_lun_end(lun);
	return turn_away(cmd, ret);
}

/* Ends a command whose slot the caller has cleared. */
static void srb_end(struct storport_port *port, struct storport_srb *srb,
		    const struct storport_completion *c,
		    const struct storport_outcome *out)
{
	struct scsi_cmnd *cmd = srb->cmd;
	struct storport_lun *lun = storport_lun_of(cmd->device);
	bool write = cmd->sc_data_direction == DMA_TO_DEVICE;

	cmd->result = out->result;
	scsi_set_resid(cmd, srb->data_length - out->transferred);
	if (out->sense_length)
		memcpy(cmd->sense_buffer, c->sense, out->sense_length);
	if (out->illegal)
		scsi_build_sense(cmd, 0, ILLEGAL_REQUEST, 0x24, 0);
	if (out->absent)
		scsi_set_resid(cmd, srb->data_length -
			       sg_copy_from_buffer(scsi_sglist(cmd), scsi_sg_count(cmd),
						   absent_inquiry, sizeof(absent_inquiry)));

	this_cpu_inc(lun->stats->requests);
	if (write)
		this_cpu_add(lun->stats->write_bytes, out->transferred);
	else
		this_cpu_add(lun->stats->read_bytes, out->transferred);
	if (cmd->result == SAM_STAT_BUSY || cmd->result == SAM_STAT_TASK_SET_FULL)
		this_cpu_inc(lun->stats->busy);
	else if (cmd->result)
		this_cpu_inc(lun->stats->errors);
	if (out->todo)
		storport_rescan_lun(port, lun, out->todo);

	trace_storport_srb_complete(srb, cmd->cmnd[0], c ? c->srb_status : 0,
				    cmd->result, out->transferred,
				    srb->start_ns ? ktime_get_ns() - srb->start_ns : 0);
	storport_lun_end(lun);
	WRITE_ONCE(srb->done, true);
	scsi_done(cmd);
}

/* What is left when the device hands in a command that was given up. */
static void orphan_end(struct storport_port *port)
{
	storport_count(port, STORPORT_CNT_LATE);
	wake_up_all(&port->returned);
}

/**
 * storport_complete() - hand in the outcome of a command
 * @adapter: the adapter
 * @id: struct storport_srb.id, as the device returned it; any value
 * @c: the outcome, as the device tells it, in memory that it cannot change
 *
 * The device is not trusted. An id that is not in flight is refused and counted:
 * one that never was, one that was handed in already, also if the tag has been
 * used again since. So is an outcome that cannot be, see
 * storport_status_judge(); the command then fails with DID_ERROR. An outcome
 * that comes after the time limit ends nothing but the device's hold on the
 * command.
 *
 * Context: any but from build_io and start_io; hard interrupts included,
 * many at once on the same adapter.
 * Return: 0 if the command was in flight, -ENOENT if not, -EPROTO if it was and
 * the outcome was refused.
 */
int storport_complete(struct storport_adapter *adapter, u64 id,
		      const struct storport_completion *c)
{
	struct storport_port *port = storport_port_of(adapter);
	struct storport_slot *slot = storport_slot_of(port, id);
	struct storport_outcome out;
	struct storport_command cmd;
	struct storport_srb *srb;
	u64 old;

	if (unlikely(!slot)) {
		storport_count(port, STORPORT_CNT_UNKNOWN_ID);
		return -ENOENT;
	}
	old = atomic64_cmpxchg(&slot->id, id, 0);
	if (unlikely(old != id)) {
		if (old == (id | STORPORT_ID_ORPHAN) &&
		    atomic64_cmpxchg(&slot->id, old, 0) == old) {
			orphan_end(port);
			return 0;
		}
		storport_count(port, STORPORT_CNT_STALE_ID);
		return -ENOENT;
	}

	srb = slot->srb;
	cmd = (struct storport_command){
		.cdb = srb->cmd->cmnd,
		.data_length = srb->data_length,
		.underflow = srb->cmd->underflow,
		.max_sense = adapter->config.max_sense,
	};
	storport_status_judge(&cmd, c, &out);
	if (unlikely(out.refused >= 0))
		storport_count(port, out.refused);
	srb_end(port, srb, c, &out);
	return out.refused >= 0 ? -EPROTO : 0;
}
EXPORT_SYMBOL_GPL(storport_complete);

/**
 * storport_srb_orphan() - the mid-layer gives a command up
 * @port: the adapter
 * @srb: the command
 *
 * Context: any.
 * Return: true if it was in flight: the mid-layer has it now, and its outcome
 * will end nothing; false if it has been handed in or never was in flight.
 */
bool storport_srb_orphan(struct storport_port *port, struct storport_srb *srb)
{
	u64 id = READ_ONCE(srb->id);
	struct storport_slot *slot = storport_slot_of(port, id);

	if (!slot || atomic64_cmpxchg(&slot->id, id, id | STORPORT_ID_ORPHAN) != id)
		return false;
	storport_lun_end(storport_lun_of(srb->cmd->device));
	return true;
}

/* Ends all commands in flight, or those that went by a path. */
static void sweep(struct storport_port *port, u8 host_byte, void *path)
{
	struct storport_outcome out = { .result = host_byte << 16, .refused = -1 };
	/* pairs with storport_queues_alloc(): find_adapter may be still at it */
	struct storport_queue *queues = smp_load_acquire(&port->queues);
	unsigned int q, tag;

	for (q = 0; queues && q < port->nr_queues; q++) {
		for (tag = 0; tag < port->adapter.config.queue_depth; tag++) {
			struct storport_slot *slot = &queues[q].slots[tag];
			/* pairs with storport_srb_queue(): the path is valid */
			u64 id = atomic64_read_acquire(&slot->id);

			if (!id || (path && READ_ONCE(slot->path) != path) ||
			    atomic64_cmpxchg(&slot->id, id, 0) != id)
				continue;
			storport_count(port, STORPORT_CNT_SWEPT);
			if (!(id & STORPORT_ID_ORPHAN))
				srb_end(port, slot->srb, NULL, &out);
		}
	}
	wake_up_all(&port->returned);
}

/**
 * storport_srb_sweep() - end all commands in flight
 * @port: the adapter, whose device has forgotten them all
 * @host_byte: DID_* to end them with
 *
 * No command can start meanwhile.
 *
 * Context: process.
 */
void storport_srb_sweep(struct storport_port *port, u8 host_byte)
{
	sweep(port, host_byte, NULL);
}

/**
 * storport_path_lost() - one way to the device is no more
 * @adapter: the adapter
 * @path: struct storport_srb.path of the commands that went that way; not NULL
 *
 * The device has forgotten them. They are tried again. The miniport sees to it
 * beforehand that start_io turns away what still has that path: with
 * %STORPORT_START_LUN_BUSY, upon which build_io can choose another.
 *
 * Context: process.
 */
void storport_path_lost(struct storport_adapter *adapter, void *path)
{
	struct storport_port *port = storport_port_of(adapter);

	if (WARN_ON_ONCE(!path))
		return;
	storport_queues_barrier(port);
	sweep(port, DID_REQUEUE, path);
	/* else the mid-layer waits for the other commands of the logical unit */
	if (test_bit(STORPORT_PORT_RUNNING, &port->flags))
		mod_delayed_work(system_highpri_wq, &port->run_work, HZ / 50 + 1);
}
EXPORT_SYMBOL_GPL(storport_path_lost);
