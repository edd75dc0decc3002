// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration of controllers, /sys/kernel/config/vmb/<partition>/scsi.<name>
 * and ide.<name>. What is below, lun.<number>, is in configfs_lun.c.
 *
 * What is wrong with a value is said in the log, in one line, with what to do.
 */
#define pr_fmt(fmt) "vsp_stor: " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "configfs.h"
#include "debugfs.h"

/* long commands of one controller that run at the same time */
#define BULK_ACTIVE	8

static struct vsp_stor_ctrl *ctrl_of(struct config_item *item)
{
	return container_of(to_config_group(item), struct vsp_stor_ctrl, dev.group);
}

#define ctrl_change(_ctrl, _attr, _count, _change)			\
({									\
	struct vsp_stor_ctrl *_c = (_ctrl);				\
									\
	vsp_stor_conf_change(&_c->conf_lock, _c->enabled,		\
			     vsp_stor_conf_busy(_c, _attr), _count, _change); \
})

/**
 * vsp_stor_derive_guid - an id that depends on nothing but names
 * @guid: set to a version 8 UUID
 * @name: of the controller
 * @lun: of the logical unit, or -1
 *
 * So that a guest finds the same devices after the configuration was made anew.
 */
void vsp_stor_derive_guid(guid_t *guid, const char *name, int lun)
{
	siphash_key_t key = { { 0x73746f72, lun } };

	put_unaligned_le64(siphash(name, strlen(name), &key), guid->b);
	key.key[0]++;
	put_unaligned_le64(siphash(name, strlen(name), &key), guid->b + 8);
	guid->b[7] = (guid->b[7] & 0x0f) | 0x80;
	guid->b[8] = (guid->b[8] & 0x3f) | 0x80;
}

static ssize_t vsp_stor_ctrl_instance_id_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%pUl\n", &ctrl_of(item)->dev.instance_id);
}

static ssize_t vsp_stor_ctrl_instance_id_store(struct config_item *item,
					       const char *page, size_t count)
{
	struct vsp_stor_ctrl *ctrl = ctrl_of(item);
	guid_t guid;

	if (count < UUID_STRING_LEN || guid_parse(page, &guid) ||
	    guid_is_null(&guid)) {
		pr_warn("%s: instance_id: give a UUID other than zero\n", ctrl->name);
		return -EINVAL;
	}
	return ctrl_change(ctrl, "instance_id", count, ctrl->dev.instance_id = guid);
}
CONFIGFS_ATTR(vsp_stor_ctrl_, instance_id);

static ssize_t vsp_stor_ctrl_max_channels_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", READ_ONCE(ctrl_of(item)->max_channels));
}

static ssize_t vsp_stor_ctrl_max_channels_store(struct config_item *item,
						const char *page, size_t count)
{
	struct vsp_stor_ctrl *ctrl = ctrl_of(item);
	u16 max;

	if (kstrtou16(page, 0, &max) || !max || max > VMB_HOST_MAX_CHANNELS) {
		pr_warn("%s: max_channels: give a number from 1 to %u\n",
			ctrl->name, VMB_HOST_MAX_CHANNELS);
		return -EINVAL;
	}
	return ctrl_change(ctrl, "max_channels", count, WRITE_ONCE(ctrl->max_channels, max));
}
CONFIGFS_ATTR(vsp_stor_ctrl_, max_channels);

static void ctrl_set_ide_target(struct vsp_stor_ctrl *ctrl, u8 target)
{
	struct vmb_stor_ide_offer offer = {
		.path_id = target >> 1,
		.target_id = target & 1,
		.flags = cpu_to_le32(VMB_STOR_OFFER_IDE),
	};

	ctrl->ide_target = target;
	ctrl->dev.instance_id = GUID_INIT(target >> 1, target & 1,
					  VMB_STOR_IDE_INSTANCE_DATA3,
					  0, 0, 0, 0, 0, 0, 0, 0);
	memcpy(ctrl->dev.user, &offer, sizeof(offer));
}

static ssize_t vsp_stor_ctrl_target_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", READ_ONCE(ctrl_of(item)->ide_target));
}

static ssize_t vsp_stor_ctrl_target_store(struct config_item *item,
					  const char *page, size_t count)
{
	struct vsp_stor_ctrl *ctrl = ctrl_of(item);
	u8 target;

	if (kstrtou8(page, 0, &target) || target > 3) {
		pr_warn("%s: target: give 0 or 1 for the disks of the first IDE channel, 2 or 3 for the second\n",
			ctrl->name);
		return -EINVAL;
	}
	return ctrl_change(ctrl, "target", count, ctrl_set_ide_target(ctrl, target));
}
CONFIGFS_ATTR(vsp_stor_ctrl_, target);

static void ctrl_size_work(struct work_struct *work)
{
	struct vsp_stor_ctrl *ctrl = container_of(to_delayed_work(work),
						  struct vsp_stor_ctrl, size_work);
	struct vsp_stor_lun *lun;
	int i;

	rcu_read_lock();
	for (i = 0; i < VSP_STOR_MAX_LUNS; i++) {
		lun = rcu_dereference(ctrl->luns[i]);
		if (lun)
			vsp_stor_lun_check_size(lun);
	}
	rcu_read_unlock();
	vsp_stor_ctrl_retry_rescan(ctrl);
	queue_delayed_work(system_power_efficient_wq, &ctrl->size_work,
			   VSP_STOR_SIZE_INTERVAL);
}

static int ctrl_enable(struct vsp_stor_ctrl *ctrl)
{
	int ret;

	lockdep_assert_held(&ctrl->conf_lock);
	WRITE_ONCE(ctrl->hidden, false);
	ret = vmb_host_device_offer(&ctrl->dev);
	if (ret) {
		pr_err("%s: enable: %s\n", ctrl->name, ret == -EEXIST ?
		       "another device has the same instance_id or target: change it" :
		       "out of memory or of channels: disable what is not needed");
		return ret;
	}
	ctrl->enabled = true;
	queue_delayed_work(system_power_efficient_wq, &ctrl->size_work,
			   VSP_STOR_SIZE_INTERVAL);
	return 0;
}

static void ctrl_disable(struct vsp_stor_ctrl *ctrl)
{
	lockdep_assert_held(&ctrl->conf_lock);
	if (!ctrl->enabled)
		return;
	ctrl->enabled = false;
	vsp_stor_ctrl_hide(ctrl);
	vmb_host_device_withdraw(&ctrl->dev);
	cancel_delayed_work_sync(&ctrl->size_work);
}

static ssize_t vsp_stor_ctrl_enable_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", READ_ONCE(ctrl_of(item)->enabled));
}

static ssize_t vsp_stor_ctrl_enable_store(struct config_item *item,
					  const char *page, size_t count)
{
	struct vsp_stor_ctrl *ctrl = ctrl_of(item);
	bool enable;
	int ret = 0;

	if (kstrtobool(page, &enable)) {
		pr_warn("%s: enable: give 0 or 1\n", ctrl->name);
		return -EINVAL;
	}
	guard(mutex)(&ctrl->conf_lock);
	if (!enable)
		ctrl_disable(ctrl);
	else if (!ctrl->enabled)
		ret = ctrl_enable(ctrl);
	return ret ?: count;
}
CONFIGFS_ATTR(vsp_stor_ctrl_, enable);

static ssize_t vsp_stor_ctrl_state_show(struct config_item *item, char *page)
{
	struct vsp_stor_ctrl *ctrl = ctrl_of(item);
	u16 version = READ_ONCE(ctrl->version);

	if (!READ_ONCE(ctrl->enabled))
		return sysfs_emit(page, "disabled\n");
	if (READ_ONCE(ctrl->state) != VSP_STOR_READY)
		return sysfs_emit(page, "%s\n",
				  vsp_stor_state_name(READ_ONCE(ctrl->state)));
	return sysfs_emit(page, "ready %u.%u\n", version >> 8, version & 0xff);
}
CONFIGFS_ATTR_RO(vsp_stor_ctrl_, state);

static struct configfs_attribute *scsi_attrs[] = {
	&vsp_stor_ctrl_attr_instance_id,
	&vsp_stor_ctrl_attr_max_channels,
	&vsp_stor_ctrl_attr_enable,
	&vsp_stor_ctrl_attr_state,
	NULL,
};

static struct configfs_attribute *ide_attrs[] = {
	&vsp_stor_ctrl_attr_target,
	&vsp_stor_ctrl_attr_enable,
	&vsp_stor_ctrl_attr_state,
	NULL,
};

static struct config_group *ctrl_make_lun(struct config_group *group,
					  const char *name)
{
	struct vsp_stor_ctrl *ctrl = ctrl_of(&group->cg_item);
	unsigned int max = ctrl->ide ? 1 : VSP_STOR_MAX_LUNS;
	u8 number;

	/* no leading zeros, so that a number has one name */
	if (strncmp(name, "lun.", 4) || kstrtou8(name + 4, 10, &number) ||
	    number >= max || (name[4] == '0' && name[5]) || name[4] == '+') {
		pr_warn("%s: %s: a logical unit's name is lun.0%s\n", ctrl->name,
			name, ctrl->ide ? "" : " to lun.63");
		return ERR_PTR(-EINVAL);
	}
	return vsp_stor_lun_make(ctrl, number, name);
}

static void ctrl_drop_lun(struct config_group *group, struct config_item *item)
{
	vsp_stor_lun_drop(item);
}

static struct configfs_group_operations ctrl_group_ops = {
	.make_group	= ctrl_make_lun,
	.drop_item	= ctrl_drop_lun,
};

static void ctrl_release(struct config_item *item)
{
	struct vsp_stor_ctrl *ctrl = ctrl_of(item);

	cancel_work_sync(&ctrl->drain_work);
	destroy_workqueue(ctrl->wq);
	mutex_destroy(&ctrl->conf_lock);
	kfree(ctrl);
}

static struct configfs_item_operations ctrl_item_ops = {
	.release	= ctrl_release,
};

static const struct config_item_type scsi_type = {
	.ct_owner	= THIS_MODULE,
	.ct_item_ops	= &ctrl_item_ops,
	.ct_group_ops	= &ctrl_group_ops,
	.ct_attrs	= scsi_attrs,
};

static const struct config_item_type ide_type = {
	.ct_owner	= THIS_MODULE,
	.ct_item_ops	= &ctrl_item_ops,
	.ct_group_ops	= &ctrl_group_ops,
	.ct_attrs	= ide_attrs,
};

static struct vsp_stor_ctrl *ctrl_alloc(struct vmb_partition *partition,
					const char *class, const char *name,
					const struct config_item_type *type)
{
	struct vsp_stor_ctrl *ctrl;
	const char *dir;

	ctrl = kzalloc(sizeof(*ctrl), GFP_KERNEL);
	if (!ctrl)
		return ERR_PTR(-ENOMEM);
	if (snprintf(ctrl->name, sizeof(ctrl->name), "%s/%s.%s",
		     vmb_host_partition_name(partition), class, name) >=
	    sizeof(ctrl->name)) {
		pr_warn("%s...: the name is too long\n", ctrl->name);
		kfree(ctrl);
		return ERR_PTR(-ENAMETOOLONG);
	}
	ctrl->wq = alloc_workqueue("vsp_stor/%s", WQ_UNBOUND, BULK_ACTIVE,
				   ctrl->name);
	if (!ctrl->wq) {
		kfree(ctrl);
		return ERR_PTR(-ENOMEM);
	}
	mutex_init(&ctrl->conf_lock);
	spin_lock_init(&ctrl->chan_lock);
	INIT_LIST_HEAD(&ctrl->channels);
	spin_lock_init(&ctrl->drain_lock);
	INIT_LIST_HEAD(&ctrl->drains);
	INIT_WORK(&ctrl->drain_work, vsp_stor_drain_work);
	INIT_DEFERRABLE_WORK(&ctrl->size_work, ctrl_size_work);
	ctrl->dev.offer_flags = VMB_OFFER_ENUMERATE_DEVICE_INTERFACE;
	dir = strchr(ctrl->name, '/') + 1;
	config_group_init_type_name(&ctrl->dev.group, dir, type);
	vsp_stor_debugfs_add(ctrl);
	return ctrl;
}

/**
 * vsp_stor_ctrl_make_scsi - somebody makes a directory scsi.<name>
 * @partition: in which partition
 * @name: what is behind the dot
 *
 * Return: the device or an ERR_PTR().
 */
struct vmb_host_device *vsp_stor_ctrl_make_scsi(struct vmb_partition *partition,
						const char *name)
{
	struct vsp_stor_ctrl *ctrl;

	ctrl = ctrl_alloc(partition, "scsi", name, &scsi_type);
	if (IS_ERR(ctrl))
		return ERR_CAST(ctrl);
	ctrl->max_channels = VMB_HOST_MAX_CHANNELS;
	vsp_stor_derive_guid(&ctrl->dev.instance_id, ctrl->name, -1);
	return &ctrl->dev;
}

/**
 * vsp_stor_ctrl_make_ide - somebody makes a directory ide.<name>
 * @partition: in which partition
 * @name: what is behind the dot
 *
 * Return: the device or an ERR_PTR().
 */
struct vmb_host_device *vsp_stor_ctrl_make_ide(struct vmb_partition *partition,
					       const char *name)
{
	struct vsp_stor_ctrl *ctrl;

	ctrl = ctrl_alloc(partition, "ide", name, &ide_type);
	if (IS_ERR(ctrl))
		return ERR_CAST(ctrl);
	ctrl->ide = true;
	ctrl->max_channels = 1;
	ctrl_set_ide_target(ctrl, 0);
	return &ctrl->dev;
}

/**
 * vsp_stor_ctrl_drop - the directory goes; its logical units have gone
 * @dev: the device, withdrawn by the core
 */
void vsp_stor_ctrl_drop(struct vmb_host_device *dev)
{
	struct vsp_stor_ctrl *ctrl = vsp_stor_ctrl_of(dev);

	mutex_lock(&ctrl->conf_lock);
	ctrl->enabled = false;
	mutex_unlock(&ctrl->conf_lock);
	cancel_delayed_work_sync(&ctrl->size_work);
	vsp_stor_debugfs_remove(ctrl);
	config_item_put(&dev->group.cg_item);
}
