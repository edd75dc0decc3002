// SPDX-License-Identifier: GPL-2.0-only
/*
 * The controller: Intel's PIIX IDE function, as virtual machines have it. All of
 * the registers' side is libata's own.
 */
#define pr_fmt(fmt) "vsc_ide: " fmt

#include <linux/libata.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

#include <asm/cpufeature.h>

#include "ide.h"

static bool fastpath = true;
module_param(fastpath, bool, 0444);
MODULE_PARM_DESC(fastpath, "Let disks go over VMBus where the host offers it (default: Y)");

/* where the function says that a channel is enabled */
static const struct pci_bits enable_bits[] = {
	{ 0x41, 1, 0x80, 0x80 },
	{ 0x43, 1, 0x80, 0x80 },
};

static enum scsi_timeout_action (*registers_timed_out)(struct scsi_cmnd *cmd);

static struct ata_device *device_of(struct vsc_ide_disk *disk)
{
	return &disk->port->link.device[disk->sdev->id];
}

/**
 * vsc_ide_host_busy() - does libata have a command of a disk?
 * @disk: the disk
 *
 * Those that libata has put off, and those that its error handler has, count.
 *
 * Context: the port's lock.
 * Return: whether.
 */
bool vsc_ide_host_busy(struct vsc_ide_disk *disk)
{
	struct ata_device *dev = device_of(disk);
	struct ata_queued_cmd *qc;
	unsigned int tag;

	lockdep_assert_held(disk->port->lock);
	ata_qc_for_each_raw(disk->port, qc, tag)
		if (qc->dev == dev && ata_tag_valid(qc->tag))
			return true;
	return false;
}

/**
 * vsc_ide_host_write_cache() - is a disk's write cache on, by its registers?
 * @disk: the disk
 *
 * Context: any; the disk has a SCSI device.
 * Return: whether.
 */
bool vsc_ide_host_write_cache(struct vsc_ide_disk *disk)
{
	return ata_id_wcache_enabled(device_of(disk)->id);
}

/**
 * vsc_ide_host_blocks() - how large is a disk, by its registers?
 * @disk: the disk
 *
 * Context: any; the disk has a SCSI device.
 * Return: its blocks.
 */
u64 vsc_ide_host_blocks(struct vsc_ide_disk *disk)
{
	return device_of(disk)->n_sectors;
}

static int host_device_configure(struct scsi_device *sdev, struct queue_limits *lim)
{
	struct ata_port *ap = ata_shost_to_port(sdev->host);
	int ret = ata_scsi_device_configure(sdev, lim);
	struct vsc_ide_disk *disk;
	struct ata_device *dev;

	if (ret || !fastpath || sdev->channel || sdev->lun)
		return ret;
	disk = vsc_ide_disk_of(ap->port_no, sdev->id);
	if (!disk)
		return 0;
	dev = &ap->link.device[sdev->id];
	if (dev->class != ATA_DEV_ATA)
		return 0;
	/* before it becomes a block device: behind it is another kernel, which has them */
	sdev->host->tag_set.flags |= BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	/* what a command on the channel can be: see vsc_wire_pages() */
	lim->virt_boundary_mask = VMB_PAGE_SIZE - 1;
	lim->max_hw_sectors = min(lim->max_hw_sectors, VSC_WIRE_MAX_TRANSFER >> SECTOR_SHIFT);
	vsc_ide_disk_attach(disk, ap, sdev, ata_id_logical_sector_size(dev->id));
	return 0;
}

static void host_slave_destroy(struct scsi_device *sdev)
{
	if (sdev->hostdata)
		vsc_ide_disk_detach(sdev->hostdata, sdev);
	ata_scsi_slave_destroy(sdev);
}

static void host_commit_rqs(struct Scsi_Host *shost, u16 hwq)
{
	struct ata_port *ap = ata_shost_to_port(shost);
	struct vsc_ide_disk *disk;
	unsigned int i;

	for (i = 0; i < VSC_IDE_TARGETS; i++) {
		disk = vsc_ide_disk_of(ap->port_no, i);
		if (disk && READ_ONCE(disk->port) == ap)
			vsc_ide_io_commit(disk);
	}
}

/*
 * The host takes too long for a command: close the channel, and send it again
 * when that is done. Until then it has more time, since it must not get to
 * libata's error handler.
 */
static enum scsi_timeout_action host_timed_out(struct scsi_cmnd *cmd)
{
	struct vsc_ide_disk *disk = cmd->device->hostdata;

	if (disk && vsc_ide_io_on_channel(disk, cmd)) {
		vsc_ide_disk_lost(disk, "a command has taken too long");
		return SCSI_EH_RESET_TIMER;
	}
	return registers_timed_out ? registers_timed_out(cmd) : SCSI_EH_NOT_HANDLED;
}

static int host_prereset(struct ata_link *link, unsigned long deadline)
{
	struct ata_port *ap = link->ap;

	if (!pci_test_config_bits(to_pci_dev(ap->host->dev), &enable_bits[ap->port_no]))
		return -ENOENT;
	return ata_sff_prereset(link, deadline);
}

/*
 * A disk that does not say whether it turns, and QEMU's does not unless told to, is
 * taken for one that does: the times at which it answers go into the kernel's random
 * numbers, and the kernel takes care not to have it seek. Whether anything turns
 * behind an emulated disk only the other kernel knows.
 */
static unsigned int host_read_id(struct ata_device *dev, struct ata_taskfile *tf, __le16 *id)
{
	/* the registers are in it afterwards */
	bool disk = tf->command == ATA_CMD_ID_ATA;
	unsigned int err_mask = ata_do_dev_read_id(dev, tf, id);

	if (!err_mask && fastpath && disk && !id[ATA_ID_ROT_SPEED])
		id[ATA_ID_ROT_SPEED] = cpu_to_le16(1);
	return err_mask;
}

/*
 * There is nothing to be timed. Two devices share the registers, and unlike in
 * other drivers more than one command may come: qc_defer has libata issue one.
 */
static struct ata_port_operations port_ops = {
	.inherits	= &ata_bmdma32_port_ops,
	.qc_defer	= ata_std_qc_defer,
	.cable_detect	= ata_cable_40wire,
	.prereset	= host_prereset,
	.read_id	= host_read_id,
};

static struct scsi_host_template host_template = {
	ATA_BMDMA_SHT(KBUILD_MODNAME),
};

/* the last one ends them */
static const struct attribute_group *sdev_groups[3];

static int host_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	const struct ata_port_info info = {
		.flags		= ATA_FLAG_SLAVE_POSS,
		.pio_mask	= ATA_PIO4,
		.mwdma_mask	= ATA_MWDMA2,
		.udma_mask	= id->driver_data,
		.port_ops	= &port_ops,
	};
	const struct ata_port_info *ppi[] = { &info, NULL };
	struct ata_host *host;
	int ret;

	/* a real one has timings and faults, which ata_piix knows */
	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR))
		return -ENODEV;
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	ret = ata_pci_bmdma_prepare_host(pdev, ppi, &host);
	if (ret)
		return ret;
	host->flags |= ATA_HOST_PARALLEL_SCAN;
	pci_set_master(pdev);
	return ata_pci_sff_activate_host(host, ata_bmdma_interrupt, &host_template);
}

static const struct pci_device_id host_ids[] = {
	{ PCI_VDEVICE(INTEL, 0x7010), 0 },		/* PIIX3 */
	{ PCI_VDEVICE(INTEL, 0x7111), ATA_UDMA2 },	/* PIIX4 */
	{}
};
MODULE_DEVICE_TABLE(pci, host_ids);

static struct pci_driver host_driver = {
	.name		= KBUILD_MODNAME,
	.id_table	= host_ids,
	.probe		= host_probe,
	.remove		= ata_pci_remove_one,
#ifdef CONFIG_PM_SLEEP
	.suspend	= ata_pci_device_suspend,
	.resume		= ata_pci_device_resume,
#endif
};

/**
 * vsc_ide_host_fastpath() - may disks go over VMBus?
 *
 * Return: whether.
 */
bool vsc_ide_host_fastpath(void)
{
	return fastpath;
}

static int __init host_init(void)
{
	int ret = vsc_ide_disk_init();

	if (ret)
		return ret;
	registers_timed_out = host_template.eh_timed_out;
	sdev_groups[0] = ata_common_sdev_groups[0];
	sdev_groups[1] = &vsc_ide_sysfs_group;
	host_template.queuecommand = vsc_ide_io_queue;
	host_template.commit_rqs = host_commit_rqs;
	host_template.eh_timed_out = host_timed_out;
	host_template.device_configure = host_device_configure;
	host_template.slave_destroy = host_slave_destroy;
	host_template.sdev_groups = sdev_groups;
	host_template.can_queue = VSC_IDE_DEPTH;
	ret = pci_register_driver(&host_driver);
	if (ret)
		vsc_ide_disk_exit();
	return ret;
}

static void __exit host_exit(void)
{
	pci_unregister_driver(&host_driver);
	vsc_ide_disk_exit();
}

module_init(host_init);
module_exit(host_exit);
