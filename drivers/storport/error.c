// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time limits and the reset ladder: abort, logical unit, target, bus, adapter.
 *
 * A rung succeeds when the device has given back every command that it is
 * about. Until then memory of those commands may still be written to, so they
 * must not end. If no rung succeeds the mid-layer takes the logical unit
 * offline.
 */
#define pr_fmt(fmt) "storport: " fmt

#include <linux/jiffies.h>
#include <scsi/scsi_eh.h>

#include "port.h"
#include "trace.h"

/* How much of an address counts */
enum scope {
	SCOPE_LUN,
	SCOPE_TARGET,
	SCOPE_BUS,
};

/**
 * storport_error_timed_out() - a command has run into its time limit
 * @cmd: the command
 *
 * Context: process, of the block layer.
 * Return: %SCSI_EH_NOT_HANDLED if the mid-layer has it now; else it is about to
 * end, or to begin, and is given more time.
 */
enum scsi_timeout_action storport_error_timed_out(struct scsi_cmnd *cmd)
{
	struct storport_port *port = shost_priv(cmd->device->host);
	struct storport_srb *srb = scsi_cmd_priv(cmd);

	if (!storport_srb_orphan(port, srb)) {
		/*
		 * Handed in, but not ended for the time of another limit:
		 * somebody above lost it, as fault injection does.
		 */
		if (READ_ONCE(srb->done) && srb->expired++)
			return SCSI_EH_NOT_HANDLED;
		return SCSI_EH_RESET_TIMER;
	}
	atomic64_inc(&storport_lun_of(cmd->device)->timeouts);
	storport_count(port, STORPORT_CNT_TIMEOUT);
	trace_storport_srb_timeout(srb, cmd->cmnd[0]);
	return SCSI_EH_NOT_HANDLED;
}

static bool in_scope(const struct storport_address *a,
		     const struct storport_address *b, enum scope scope)
{
	return a->channel == b->channel &&
	       (scope == SCOPE_BUS || a->target == b->target) &&
	       (scope != SCOPE_LUN || a->lun == b->lun);
}

static bool all_returned(struct storport_port *port,
			 const struct storport_address *addr, enum scope scope)
{
	unsigned int q, tag;

	for (q = 0; q < port->nr_queues; q++) {
		for (tag = 0; tag < port->adapter.config.queue_depth; tag++) {
			struct storport_slot *slot = &port->queues[q].slots[tag];

			/* pairs with storport_srb_queue(): the address is valid */
			if (atomic64_read_acquire(&slot->id) &&
			    in_scope(&slot->addr, addr, scope))
				return false;
		}
	}
	return true;
}

static bool slot_returned(struct storport_port *port, u64 id)
{
	struct storport_slot *slot = storport_slot_of(port, id);

	return !slot ||
	       (atomic64_read(&slot->id) & ~STORPORT_ID_ORPHAN) != id;
}

/* Whose return is waited for: one command's, or all of an address */
struct awaited {
	struct storport_port *port;
	u64 id;
	const struct storport_address *addr;
	enum scope scope;
};

static bool returned(const struct awaited *a)
{
	return a->id ? slot_returned(a->port, a->id) :
		       all_returned(a->port, a->addr, a->scope);
}

/*
 * Only commands that were given up wake a waiter, to spare the others the
 * trouble: hence the slices.
 */
static bool wait_returned(const struct awaited *a, unsigned long deadline)
{
	while (!returned(a)) {
		if (storport_port_gone(a->port) || time_after_eq(jiffies, deadline))
			return false;
		wait_event_timeout(a->port->returned,
				   returned(a) || storport_port_gone(a->port),
				   HZ / 50 + 1);
	}
	return true;
}

static int rung_result(struct storport_port *port, struct scsi_cmnd *cmd,
		       const char *rung, const struct storport_address *addr,
		       bool ok)
{
	int ret = ok ? SUCCESS : storport_port_gone(port) ? FAST_IO_FAIL : FAILED;

	trace_storport_reset(port->host->host_no, rung, addr, ret);
	if (ret == FAILED) {
		storport_count(port, STORPORT_CNT_RESET_FAILED);
		sdev_printk(KERN_WARNING, cmd->device, "%s failed\n", rung);
	}
	return ret;
}

static struct storport_address address_of(struct scsi_cmnd *cmd)
{
	return (struct storport_address){
		.channel = cmd->device->channel,
		.target = cmd->device->id,
		.lun = cmd->device->lun,
	};
}

/*
 * No rung can work while the device sleeps. Returns false if there is no device
 * any more.
 */
static bool awake(struct storport_port *port)
{
	wait_event(port->returned, !test_bit(STORPORT_PORT_ASLEEP, &port->flags) ||
		   storport_port_gone(port));
	return !storport_port_gone(port);
}

/**
 * storport_error_abort() - abort one command
 * @cmd: the command; the mid-layer has it
 *
 * Context: process; sleeps for struct storport_config.reset_ms at most.
 * Return: %SUCCESS if the device has given it back, %FAILED if not,
 * %FAST_IO_FAIL if there is no device any more.
 */
int storport_error_abort(struct scsi_cmnd *cmd)
{
	struct storport_port *port = shost_priv(cmd->device->host);
	const struct storport_miniport *mp = port->adapter.miniport;
	struct storport_address addr = address_of(cmd);
	struct storport_srb *srb = scsi_cmd_priv(cmd);
	unsigned int limit = port->adapter.config.reset_ms;
	u64 id = READ_ONCE(srb->id);
	unsigned long deadline;
	bool ok = false;

	if (!awake(port))
		return FAST_IO_FAIL;
	deadline = jiffies + msecs_to_jiffies(limit);
	storport_count(port, STORPORT_CNT_ABORT);
	/* a command of the error handler itself did not pass a time limit */
	storport_srb_orphan(port, srb);
	if (slot_returned(port, id))
		ok = true;
	else if (!mp->abort)
		return FAILED;
	else if (!mp->abort(&port->adapter, srb, limit))
		ok = wait_returned(&(struct awaited){ .port = port, .id = id },
				   deadline);
	return rung_result(port, cmd, "abort", &addr, ok);
}

static int reset(struct scsi_cmnd *cmd, enum scope scope, const char *rung,
		 enum storport_counter counter,
		 int (*op)(struct storport_adapter *adapter,
			   const struct storport_address *addr, unsigned int limit_ms))
{
	struct storport_port *port = shost_priv(cmd->device->host);
	struct storport_address addr = address_of(cmd);
	unsigned int limit = port->adapter.config.reset_ms;
	struct awaited awaited = { .port = port, .addr = &addr, .scope = scope };
	unsigned long deadline;
	bool ok;

	if (!awake(port))
		return FAST_IO_FAIL;
	deadline = jiffies + msecs_to_jiffies(limit);
	if (!op)
		return FAILED;
	storport_count(port, counter);
	ok = !op(&port->adapter, &addr, limit) &&
	     wait_returned(&awaited, deadline);
	return rung_result(port, cmd, rung, &addr, ok);
}

/**
 * storport_error_reset_lun() - reset a logical unit
 * @cmd: one of its commands
 *
 * Context: as storport_error_abort().
 * Return: likewise, for all commands of the logical unit.
 */
int storport_error_reset_lun(struct scsi_cmnd *cmd)
{
	struct storport_port *port = shost_priv(cmd->device->host);

	return reset(cmd, SCOPE_LUN, "reset of the logical unit",
		     STORPORT_CNT_RESET_LUN, port->adapter.miniport->reset_lun);
}

/**
 * storport_error_reset_target() - reset a target
 * @cmd: one of its commands
 *
 * Context: as storport_error_abort().
 * Return: likewise, for all commands of the target.
 */
int storport_error_reset_target(struct scsi_cmnd *cmd)
{
	struct storport_port *port = shost_priv(cmd->device->host);

	return reset(cmd, SCOPE_TARGET, "reset of the target",
		     STORPORT_CNT_RESET_TARGET, port->adapter.miniport->reset_target);
}

/**
 * storport_error_reset_bus() - reset a bus
 * @cmd: one of its commands
 *
 * Context: as storport_error_abort().
 * Return: likewise, for all commands of the bus.
 */
int storport_error_reset_bus(struct scsi_cmnd *cmd)
{
	struct storport_port *port = shost_priv(cmd->device->host);

	return reset(cmd, SCOPE_BUS, "reset of the bus", STORPORT_CNT_RESET_BUS,
		     port->adapter.miniport->reset_bus);
}

/**
 * storport_error_restart() - stop and restart an adapter
 * @cmd: one of its commands
 *
 * Context: process; sleeps for as long as the miniport's adapter_control does.
 * Return: %SUCCESS, %FAILED, or %FAST_IO_FAIL if there is no device any more,
 * which is so as well if it does not start again.
 */
int storport_error_restart(struct scsi_cmnd *cmd)
{
	struct storport_port *port = shost_priv(cmd->device->host);
	const struct storport_miniport *mp = port->adapter.miniport;
	struct storport_address addr = address_of(cmd);
	int ret;

	if (!awake(port))
		return FAST_IO_FAIL;
	if (!mp->adapter_control)
		return FAILED;
	storport_count(port, STORPORT_CNT_RESTART);

	mutex_lock(&port->control_lock);
	set_bit(STORPORT_PORT_STOPPED, &port->flags);
	storport_queues_barrier(port);
	ret = mp->adapter_control(&port->adapter, STORPORT_STOP);
	if (!ret) {
		storport_srb_sweep(port, DID_RESET);
		ret = mp->adapter_control(&port->adapter, STORPORT_RESTART);
		if (ret && !test_and_set_bit(STORPORT_PORT_GONE, &port->flags))
			shost_printk(KERN_ERR, port->host,
				     "does not start again: error %d\n", ret);
	}
	clear_bit(STORPORT_PORT_STOPPED, &port->flags);
	mutex_unlock(&port->control_lock);
	return rung_result(port, cmd, "restart of the adapter", &addr, !ret);
}
