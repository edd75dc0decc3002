// SPDX-License-Identifier: GPL-2.0-only
/*
 * The miniport.
 */
#define pr_fmt(fmt) "vsc_stor: " fmt

#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <scsi/scsi_devinfo.h>

#include "stor.h"

static void free_queues(struct vsc_stor_dev *sd)
{
	unsigned int i;

	for (i = 0; i < sd->nr_queues; i++)
		kvfree(sd->queues[i].pages);
	kfree(sd->queues);
	sd->queues = NULL;
	sd->nr_queues = 0;
}

static int alloc_queues(struct vsc_stor_dev *sd, unsigned int nr)
{
	unsigned int pages = sd->props.max_transfer / VMB_PAGE_SIZE + 1, i;

	sd->pages_bytes = VMB_GUEST_GPA_BYTES(1, pages);
	sd->queues = kcalloc(nr, sizeof(*sd->queues), GFP_KERNEL);
	if (!sd->queues)
		return -ENOMEM;
	sd->nr_queues = nr;
	for (i = 0; i < nr; i++) {
		sd->queues[i].pages = kvmalloc(sd->pages_bytes, GFP_KERNEL);
		if (!sd->queues[i].pages) {
			free_queues(sd);
			return -ENOMEM;
		}
	}
	return 0;
}

static int adapter_find(struct storport_adapter *adapter,
			struct storport_config *config, void *context)
{
	struct vsc_stor_dev *sd = context;
	unsigned int subs;
	int ret;

	*(struct vsc_stor_dev **)adapter->priv = sd;
	sd->adapter = adapter;
	ret = vsc_stor_channel_open(&sd->primary, VMB_GUEST_ISR, VMB_GUEST_CPU_ANY);
	if (ret)
		return ret;
	ret = vsc_stor_control_handshake(sd);
	if (ret)
		goto close;

	/* a queue for each CPU, after those that are polled */
	subs = min(sd->props.max_sub_channels, 2 * num_online_cpus());
	config->nr_poll_queues = min3(config->nr_poll_queues, subs, num_online_cpus());
	config->nr_queues = min(1 + subs - config->nr_poll_queues, num_online_cpus());
	subs = config->nr_queues + config->nr_poll_queues - 1;
	ret = alloc_queues(sd, subs + 1);
	if (ret)
		goto close;

	config->queue_depth = VSC_STOR_QUEUE_DEPTH;
	config->lun_depth = VSC_STOR_QUEUE_DEPTH;
	config->max_luns = VSC_STOR_MAX_LUNS;
	config->max_cdb = VMB_STOR_CDB_BYTES;
	config->max_sectors = sd->props.max_transfer >> SECTOR_SHIFT;
	config->max_segments = sd->props.max_transfer / VMB_PAGE_SIZE + 1;
	config->virt_boundary = VMB_PAGE_SIZE - 1;
	config->max_sense = sd->wire.sense_bytes;
	config->reset_ms = VSC_STOR_RESET_MS;
	/* the disks claim SPC-2 and have what came later */
	config->lun_flags = BLIST_REPORTLUN2 | BLIST_TRY_VPD_PAGES;
	config->no_write_same = sd->wire.version < VMB_STOR_VERSION_6_2;
	dev_info(&sd->dev->dev, "version %u.%u, %u queues and %u to poll, %u KiB a command\n",
		 sd->wire.version >> 8, sd->wire.version & 0xff, config->nr_queues,
		 config->nr_poll_queues, sd->props.max_transfer >> 10);

	/* they are offered after this; without them all queues share a channel */
	if (subs)
		vsc_stor_control_sub_channels(sd, subs);
	return 0;

close:
	vsc_stor_control_close(sd);
	vsc_stor_channel_close_all(sd);
	cancel_delayed_work_sync(&sd->dead_work);
	return ret;
}

static int adapter_reset_lun(struct storport_adapter *adapter,
			     const struct storport_address *addr, unsigned int limit_ms)
{
	return vsc_stor_control_reset(vsc_stor_of(adapter), VMB_STOR_OP_RESET_LUN, addr,
				      limit_ms);
}

static int adapter_reset_bus(struct storport_adapter *adapter,
			     const struct storport_address *addr, unsigned int limit_ms)
{
	return vsc_stor_control_reset(vsc_stor_of(adapter), VMB_STOR_OP_RESET_BUS, addr,
				      limit_ms);
}

/*
 * The same handshake as at first. What commands were made for must still be
 * possible; versions, and how many sub-channels there are, may differ.
 */
static int adapter_resume(struct vsc_stor_dev *sd)
{
	u32 max_transfer = sd->props.max_transfer;
	unsigned int subs;
	int ret;

	ret = vsc_stor_channel_wake(sd);
	if (ret)
		return ret;
	ret = vsc_stor_control_handshake(sd);
	if (!ret && sd->props.max_transfer < max_transfer) {
		dev_err(&sd->dev->dev, "takes %u KiB a command after a sleep, and took %u\n",
			sd->props.max_transfer >> 10, max_transfer >> 10);
		ret = -EPROTO;
	}
	if (ret) {
		vsc_stor_channel_sleep(sd);
		return ret;
	}
	sd->props.max_transfer = max_transfer;
	sd->adapter->config.max_sense = sd->wire.sense_bytes;
	subs = min(sd->props.max_sub_channels, sd->nr_queues - 1);
	if (subs)
		vsc_stor_control_sub_channels(sd, subs);
	return 0;
}

/*
 * There is no stopping: the host does not give commands back without closing the
 * channel, and there is no coming back from that without a new handshake, as
 * after a sleep. Otherwise channels are closed by whoever knows that they may be.
 */
static int adapter_control(struct storport_adapter *adapter,
			   enum storport_control control)
{
	struct vsc_stor_dev *sd = vsc_stor_of(adapter);

	switch (control) {
	case STORPORT_REMOVED:
		vsc_stor_control_close(sd);
		return 0;
	case STORPORT_SUSPEND:
		vsc_stor_channel_sleep(sd);
		return 0;
	case STORPORT_RESUME:
		return adapter_resume(sd);
	default:
		return -EOPNOTSUPP;
	}
}

static int adapter_configure_lun(struct storport_adapter *adapter,
				 struct scsi_device *sdev, struct queue_limits *lim)
{
	struct vsc_stor_dev *sd = vsc_stor_of(adapter);

	/* Hyper-V knows no MAINTENANCE IN */
	sdev->no_report_opcodes = 1;
	sdev->no_write_same = sd->wire.version < VMB_STOR_VERSION_6_2;
	return 0;
}

static void adapter_free(struct storport_adapter *adapter)
{
	struct vsc_stor_dev *sd = vsc_stor_of(adapter);

	vsc_stor_control_close(sd);
	vsc_stor_channel_close_all(sd);
	cancel_delayed_work_sync(&sd->dead_work);
	free_queues(sd);
}

static struct storport_miniport miniport = {
	.name			= "vsc_stor",
	.owner			= THIS_MODULE,
	.adapter_size		= sizeof(struct vsc_stor_dev *),
	.srb_size		= sizeof(struct vsc_stor_req),
	.find_adapter		= adapter_find,
	.build_io		= vsc_stor_io_build,
	.start_io		= vsc_stor_io_start,
	.commit			= vsc_stor_io_commit,
	.poll			= vsc_stor_io_poll,
	.reset_lun		= adapter_reset_lun,
	.reset_bus		= adapter_reset_bus,
	.adapter_control	= adapter_control,
	.configure_lun		= adapter_configure_lun,
	.free_adapter		= adapter_free,
};

/**
 * vsc_stor_adapter_init() - make the miniport known
 *
 * Return: 0 or an errno.
 */
int vsc_stor_adapter_init(void)
{
	return storport_miniport_init(&miniport);
}

/**
 * vsc_stor_adapter_add() - give a controller to storport
 * @sd: the controller
 *
 * Context: process; may sleep.
 * Return: what storport_adapter_add() does.
 */
struct storport_adapter *vsc_stor_adapter_add(struct vsc_stor_dev *sd)
{
	return storport_adapter_add(&miniport, &sd->dev->dev, sd);
}
