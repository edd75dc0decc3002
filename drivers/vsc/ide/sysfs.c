// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of a disk's SCSI device: fastpath says which way it goes, and takes
 * the way that it is to go. The others count.
 */
#include <linux/device.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <scsi/scsi_device.h>

#include "ide.h"

static struct vsc_ide_disk *disk_of(struct device *dev)
{
	return to_scsi_device(dev)->hostdata;
}

static ssize_t fastpath_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vsc_ide_disk *disk = disk_of(dev);

	return sysfs_emit(buf, "%s\n", vsc_ide_path_state_name(READ_ONCE(disk->path.state)));
}

/*
 * "registers" holds until something else is written, "vmbus" until the host does
 * not answer. Both wait until it is done.
 */
static ssize_t fastpath_store(struct device *dev, struct device_attribute *attr,
			      const char *buf, size_t count)
{
	struct vsc_ide_disk *disk = disk_of(dev);
	bool channel = sysfs_streq(buf, "vmbus");
	int ret = 0;

	if (!channel && !sysfs_streq(buf, "registers"))
		return -EINVAL;
	if (mutex_lock_interruptible(&disk->mutex))
		return -EINTR;
	disk->registers_only = !channel;
	if (channel)
		ret = vsc_ide_move_to_channel(disk);
	else
		vsc_ide_move_to_registers(disk, true);
	mutex_unlock(&disk->mutex);
	return ret ?: count;
}
static DEVICE_ATTR_RW(fastpath);

#define VSC_IDE_COUNT(_name)							\
static ssize_t fastpath_##_name##_show(struct device *dev,			\
				       struct device_attribute *attr, char *buf) \
{										\
	struct vsc_ide_disk *disk = disk_of(dev);				\
										\
	return sysfs_emit(buf, "%llu\n", READ_ONCE(disk->path.counts._name));	\
}										\
static DEVICE_ATTR_RO(fastpath_##_name)

VSC_IDE_COUNT(registers);
VSC_IDE_COUNT(channel);
VSC_IDE_COUNT(held);
VSC_IDE_COUNT(cut_overs);
VSC_IDE_COUNT(cut_backs);
VSC_IDE_COUNT(reissues);
VSC_IDE_COUNT(strangers);

static struct attribute *attrs[] = {
	&dev_attr_fastpath.attr,
	&dev_attr_fastpath_registers.attr,
	&dev_attr_fastpath_channel.attr,
	&dev_attr_fastpath_held.attr,
	&dev_attr_fastpath_cut_overs.attr,
	&dev_attr_fastpath_cut_backs.attr,
	&dev_attr_fastpath_reissues.attr,
	&dev_attr_fastpath_strangers.attr,
	NULL
};

/* Nothing but a disk has two paths. */
static umode_t attr_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	return disk_of(kobj_to_dev(kobj)) ? attr->mode : 0;
}

const struct attribute_group vsc_ide_sysfs_group = {
	.attrs		= attrs,
	.is_visible	= attr_visible,
};
