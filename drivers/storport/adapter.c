// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adapters: from find_adapter to a host of the mid-layer, and back.
 */
#define pr_fmt(fmt) "storport: " fmt

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "debugfs.h"
#include "port.h"

/**
 * storport_miniport_init() - make a miniport known
 * @mp: the miniport
 *
 * To be called once, before the first storport_adapter_add() with it. There is
 * nothing to undo.
 *
 * Context: process.
 * Return: 0, or -EINVAL when something that is needed is not there.
 */
int storport_miniport_init(struct storport_miniport *mp)
{
	struct scsi_host_template *t = &mp->template;

	if (!mp->name || !mp->find_adapter || !mp->start_io || !mp->free_adapter)
		return -EINVAL;

	*t = (struct scsi_host_template){
		.module			= mp->owner,
		.name			= mp->name,
		.proc_name		= mp->name,
		.cmd_size		= sizeof(struct storport_srb) + mp->srb_size,
		.init_cmd_priv		= storport_srb_init,
		.queuecommand		= storport_srb_queue,
		.commit_rqs		= storport_queue_commit_rqs,
		.map_queues		= storport_queues_map,
		.mq_poll		= mp->poll ? storport_queue_poll : NULL,
		.eh_timed_out		= storport_error_timed_out,
		.eh_abort_handler	= storport_error_abort,
		.eh_device_reset_handler = storport_error_reset_lun,
		.eh_target_reset_handler = storport_error_reset_target,
		.eh_bus_reset_handler	= storport_error_reset_bus,
		.eh_host_reset_handler	= storport_error_restart,
		.slave_alloc		= storport_lun_alloc,
		.device_configure	= storport_lun_configure,
		.slave_destroy		= storport_lun_free,
		.change_queue_depth	= scsi_change_queue_depth,
		.track_queue_depth	= 1,
		.skip_settle_delay	= 1,
		.this_id		= -1,
		.sdev_groups		= storport_lun_groups,
	};
	return 0;
}
EXPORT_SYMBOL_GPL(storport_miniport_init);

static const struct storport_config default_config = {
	.nr_queues	= 1,
	.queue_depth	= 64,
	.lun_depth	= 64,
	.max_targets	= 1,
	.max_luns	= 8,
	.max_cdb	= 16,
	.max_sectors	= SCSI_DEFAULT_MAX_SECTORS,
	.max_segments	= SG_ALL,
	.dma_alignment	= 3,
	.max_sense	= STORPORT_MAX_SENSE,
	.reset_ms	= 10000,
};

static int check_config(struct storport_port *port)
{
	struct storport_config *config = &port->adapter.config;

	if (!config->nr_queues || !config->queue_depth ||
	    config->queue_depth > STORPORT_MAX_DEPTH || !config->lun_depth ||
	    !config->max_targets || !config->max_luns || !config->max_sectors ||
	    !config->max_segments || config->max_cdb < 6 || config->max_cdb > 260 ||
	    config->max_sense > STORPORT_MAX_SENSE || !config->reset_ms ||
	    (config->virt_boundary && config->max_segment_size) ||
	    (config->nr_poll_queues && !port->adapter.miniport->poll))
		return -EINVAL;

	config->nr_queues = min3(config->nr_queues, nr_cpu_ids, STORPORT_MAX_QUEUES);
	config->nr_poll_queues = min3(config->nr_poll_queues, nr_cpu_ids,
				      STORPORT_MAX_QUEUES);
	return 0;
}

static void configure_host(struct storport_port *port)
{
	const struct storport_config *config = &port->adapter.config;
	struct Scsi_Host *host = port->host;

	host->nr_hw_queues = port->nr_queues;
	host->nr_maps = config->nr_poll_queues ? HCTX_MAX_TYPES : 1;
	host->can_queue = config->queue_depth;
	host->cmd_per_lun = min_t(u32, config->lun_depth, SHRT_MAX);
	host->max_channel = config->max_channel;
	host->max_id = config->max_targets;
	host->max_lun = config->max_luns;
	host->max_cmd_len = config->max_cdb;
	host->max_sectors = config->max_sectors;
	host->sg_tablesize = min_t(u32, config->max_segments, SG_MAX_SEGMENTS);
	host->dma_alignment = config->dma_alignment;
	host->virt_boundary_mask = config->virt_boundary;
	if (config->virt_boundary)
		host->max_segment_size = UINT_MAX;
	else if (config->max_segment_size)
		host->max_segment_size = config->max_segment_size;
	host->no_write_same = config->no_write_same;
}

/**
 * storport_adapter_add() - a device has come
 * @mp: its driver, after storport_miniport_init()
 * @dev: the device
 * @context: handed to find_adapter
 *
 * Brings the device up by find_adapter, makes it a host of the mid-layer and
 * scans it, unless its description says not to. The adapter is to be given back
 * with storport_adapter_remove().
 *
 * Context: process. May sleep for as long as commands of a scan take.
 * Return: the adapter, or an ERR_PTR(): what find_adapter returned, -EINVAL for
 * a description that cannot be, -ENOMEM, or what the mid-layer says.
 */
struct storport_adapter *
storport_adapter_add(const struct storport_miniport *mp, struct device *dev,
		     void *context)
{
	struct storport_adapter *adapter;
	struct storport_port *port;
	struct Scsi_Host *host;
	int ret;

	host = scsi_host_alloc(&mp->template, sizeof(*port) + mp->adapter_size);
	if (!host)
		return ERR_PTR(-ENOMEM);
	port = shost_priv(host);
	port->host = host;
	mutex_init(&port->control_lock);
	init_waitqueue_head(&port->returned);
	storport_rescan_init(port);

	adapter = &port->adapter;
	adapter->miniport = mp;
	adapter->host = host;
	adapter->dev = dev;
	adapter->priv = port + 1;
	adapter->config = default_config;
	if (mp->poll)
		adapter->config.nr_poll_queues = storport_poll_queues();

	ret = mp->find_adapter(adapter, &adapter->config, context);
	if (ret)
		goto put_host;
	ret = check_config(port);
	if (ret)
		goto free_adapter;
	ret = storport_queues_alloc(port);
	if (ret)
		goto free_adapter;
	configure_host(port);
	ret = scsi_add_host(host, dev);
	if (ret)
		goto stop;
	/* with one queue, too: the device is another kernel's, which has schedulers */
	host->tag_set.flags |= BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	storport_debugfs_add(port);
	storport_rescan_start(port);
	if (!adapter->config.no_scan)
		scsi_scan_host(host);
	return adapter;

stop:
	if (mp->adapter_control)
		mp->adapter_control(adapter, STORPORT_STOP);
free_adapter:
	mp->free_adapter(adapter);
	storport_rescan_stop(port);
	storport_queues_free(port);
put_host:
	scsi_host_put(host);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(storport_adapter_add);

/**
 * storport_adapter_gone() - a device is gone
 * @adapter: the adapter
 *
 * All commands in flight, and all that come, end with DID_NO_CONNECT; the reset
 * ladder ends. The miniport is told by %STORPORT_REMOVED first. What remains to
 * be done is storport_adapter_remove().
 *
 * Context: process, with no lock that adapter_control takes. May be called more
 * than once.
 */
void storport_adapter_gone(struct storport_adapter *adapter)
{
	struct storport_port *port = storport_port_of(adapter);

	if (test_and_set_bit(STORPORT_PORT_GONE, &port->flags))
		return;
	/* before anything else: those who hold the lock may be waiting */
	wake_up_all(&port->returned);
	mutex_lock(&port->control_lock);
	storport_queues_barrier(port);
	if (adapter->miniport->adapter_control)
		adapter->miniport->adapter_control(adapter, STORPORT_REMOVED);
	storport_srb_sweep(port, DID_NO_CONNECT);
	mutex_unlock(&port->control_lock);
	/* commands that were turned away find the end now */
	if (test_bit(STORPORT_PORT_RUNNING, &port->flags))
		mod_delayed_work(system_highpri_wq, &port->run_work, 0);
}
EXPORT_SYMBOL_GPL(storport_adapter_gone);

/* Commands that were turned away, and resets that waited, go on. */
static void wake_up_adapter(struct storport_port *port)
{
	clear_bit(STORPORT_PORT_SUSPENDED, &port->flags);
	clear_bit(STORPORT_PORT_ASLEEP, &port->flags);
	/* pairs with the barrier of the wait in error.c, awake() */
	smp_mb__after_atomic();
	wake_up_all(&port->returned);
	storport_ready(&port->adapter);
}

/**
 * storport_adapter_suspend() - the machine is about to sleep
 * @adapter: the adapter
 *
 * No command starts any more; those that come are tried again after
 * storport_adapter_resume(). What the device has it may end, for at most
 * &storport_config.reset_ms; then it is asked by %STORPORT_SUSPEND to forget the
 * rest, which is sent again as well. Rungs of the reset ladder that begin
 * meanwhile wait for the device to wake up.
 *
 * Context: process, with no lock that adapter_control takes.
 * Return: 0, also if the device is gone; what adapter_control says: then
 * everything goes on.
 */
int storport_adapter_suspend(struct storport_adapter *adapter)
{
	const struct storport_miniport *mp = adapter->miniport;
	struct storport_port *port = storport_port_of(adapter);
	unsigned long deadline = jiffies + msecs_to_jiffies(adapter->config.reset_ms);
	int ret = -EOPNOTSUPP;

	set_bit(STORPORT_PORT_ASLEEP, &port->flags);
	storport_queues_barrier(port);
	/* a batch that has begun is still shown to the device, and may end */
	while (!storport_queues_idle(port) && !storport_port_gone(port) &&
	       time_before(jiffies, deadline))
		fsleep(500);

	/* after a restart that is under way; others wait until the device is awake */
	mutex_lock(&port->control_lock);
	set_bit(STORPORT_PORT_SUSPENDED, &port->flags);
	mutex_unlock(&port->control_lock);
	storport_queues_barrier(port);
	/* without the lock: the device may be found gone while it is talked to */
	if (storport_port_gone(port))
		ret = 0;
	else if (mp->adapter_control)
		ret = mp->adapter_control(adapter, STORPORT_SUSPEND);
	if (!ret)
		storport_srb_sweep(port, DID_REQUEUE);
	else
		wake_up_adapter(port);
	return ret;
}
EXPORT_SYMBOL_GPL(storport_adapter_suspend);

/**
 * storport_adapter_resume() - undo storport_adapter_suspend()
 * @adapter: the adapter, suspended or not
 *
 * A device that does not start again is gone, see storport_adapter_gone(). What
 * its logical units are now is looked at.
 *
 * Context: as storport_adapter_suspend().
 * Return: 0, or what adapter_control said to %STORPORT_RESUME.
 */
int storport_adapter_resume(struct storport_adapter *adapter)
{
	struct storport_port *port = storport_port_of(adapter);
	int ret = 0;

	if (!test_bit(STORPORT_PORT_ASLEEP, &port->flags))
		return 0;
	if (!storport_port_gone(port))
		ret = adapter->miniport->adapter_control(adapter, STORPORT_RESUME);
	if (ret) {
		if (!storport_port_gone(port))
			shost_printk(KERN_ERR, port->host,
				     "does not wake up: error %d\n", ret);
		storport_adapter_gone(adapter);
	}
	wake_up_adapter(port);
	if (!ret)
		storport_notify(adapter, STORPORT_EVENT_BUS_CHANGE, NULL);
	return ret;
}
EXPORT_SYMBOL_GPL(storport_adapter_resume);

/**
 * storport_adapter_remove() - give an adapter back
 * @adapter: the adapter; must not be used after this
 *
 * If the device is still there, caches of its logical units are flushed and it
 * is stopped; else call storport_adapter_gone() first. Waits for the commands in
 * flight, which the time limits and the reset ladder bound.
 *
 * Context: process; may sleep. Outcomes may come in until free_adapter has
 * returned, notifications too.
 */
void storport_adapter_remove(struct storport_adapter *adapter)
{
	const struct storport_miniport *mp = adapter->miniport;
	struct storport_port *port = storport_port_of(adapter);

	storport_rescan_stop(port);
	scsi_remove_host(port->host);
	if (!test_and_set_bit(STORPORT_PORT_GONE, &port->flags)) {
		storport_queues_barrier(port);
		if (mp->adapter_control)
			mp->adapter_control(adapter, STORPORT_STOP);
		/* orphans whose outcome never came */
		storport_srb_sweep(port, DID_NO_CONNECT);
	}
	mp->free_adapter(adapter);
	cancel_work_sync(&port->event_work);
	cancel_delayed_work_sync(&port->run_work);
	storport_debugfs_remove(port);
	storport_queues_free(port);
	scsi_host_put(port->host);
}
EXPORT_SYMBOL_GPL(storport_adapter_remove);
