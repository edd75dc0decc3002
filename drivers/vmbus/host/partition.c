// SPDX-License-Identifier: GPL-2.0-only
/*
 * Partitions: /sys/kernel/config/vmb/<partition>/.
 */
#define pr_fmt(fmt) "vmb_host: " fmt

#include <linux/configfs.h>
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "host.h"

static DEFINE_MUTEX(vmb_partitions_lock);
static LIST_HEAD(vmb_partitions);

static struct vmb_partition *vmb_partition_of(struct config_item *item)
{
	return container_of(to_config_group(item), struct vmb_partition, group);
}

static ssize_t vmb_partition_uid_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n",
			  from_kuid(&init_user_ns, vmb_partition_of(item)->uid));
}

static ssize_t vmb_partition_uid_store(struct config_item *item,
				       const char *page, size_t count)
{
	u32 id;
	kuid_t uid;
	int ret;

	ret = kstrtou32(page, 10, &id);
	if (ret)
		return ret;
	uid = make_kuid(&init_user_ns, id);
	if (!uid_valid(uid))
		return -EINVAL;
	WRITE_ONCE(vmb_partition_of(item)->uid, uid);
	return count;
}
CONFIGFS_ATTR(vmb_partition_, uid);

static ssize_t vmb_partition_gid_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n",
			  from_kgid(&init_user_ns, vmb_partition_of(item)->gid));
}

static ssize_t vmb_partition_gid_store(struct config_item *item,
				       const char *page, size_t count)
{
	u32 id;
	kgid_t gid;
	int ret;

	ret = kstrtou32(page, 10, &id);
	if (ret)
		return ret;
	gid = make_kgid(&init_user_ns, id);
	if (!gid_valid(gid))
		return -EINVAL;
	WRITE_ONCE(vmb_partition_of(item)->gid, gid);
	return count;
}
CONFIGFS_ATTR(vmb_partition_, gid);

static ssize_t vmb_partition_max_version_show(struct config_item *item, char *page)
{
	u32 version = READ_ONCE(vmb_partition_of(item)->max_version);

	return sysfs_emit(page, "%u.%u\n", version >> 16, version & 0xffff);
}

static ssize_t vmb_partition_max_version_store(struct config_item *item,
					       const char *page, size_t count)
{
	struct vmb_partition *p = vmb_partition_of(item);
	unsigned int major, minor;
	int end = 0;

	if (sscanf(page, "%u.%u%n", &major, &minor, &end) != 2 ||
	    !sysfs_streq(page + end, "") || major > 5 || minor > 99) {
		pr_warn("%s: max_version: give major.minor, at most 5.3\n",
			vmb_partition_name(p));
		return -EINVAL;
	}
	guard(mutex)(&p->lock);
	if (p->bus) {
		pr_warn("%s: max_version: the partition is in use\n",
			vmb_partition_name(p));
		return -EBUSY;
	}
	p->max_version = min(VMB_VERSION(major, minor), VMB_VERSION_5_3);
	return count;
}
CONFIGFS_ATTR(vmb_partition_, max_version);

static ssize_t vmb_partition_state_show(struct config_item *item, char *page)
{
	struct vmb_partition *p = vmb_partition_of(item);
	u32 version;

	guard(mutex)(&p->lock);
	if (!p->bus)
		return sysfs_emit(page, "free\n");
	if (p->bus->state != VMB_CONN_CONNECTED)
		return sysfs_emit(page, "bound\n");
	version = p->bus->version;
	return sysfs_emit(page, "connected %u.%u\n", version >> 16,
			  version & 0xffff);
}
CONFIGFS_ATTR_RO(vmb_partition_, state);

static struct configfs_attribute *vmb_partition_attrs[] = {
	&vmb_partition_attr_uid,
	&vmb_partition_attr_gid,
	&vmb_partition_attr_max_version,
	&vmb_partition_attr_state,
	NULL,
};

static struct config_group *vmb_partition_make_device(struct config_group *group,
						      const char *name)
{
	return vmb_device_make(vmb_partition_of(&group->cg_item), name);
}

static void vmb_partition_drop_device(struct config_group *group,
				      struct config_item *item)
{
	struct vmb_host_device *dev;

	dev = container_of(to_config_group(item), struct vmb_host_device, group);
	/* gives up the reference that the device was made with */
	vmb_device_drop(vmb_partition_of(&group->cg_item), dev);
}

static struct configfs_group_operations vmb_partition_group_ops = {
	.make_group	= vmb_partition_make_device,
	.drop_item	= vmb_partition_drop_device,
};

static void vmb_partition_release(struct config_item *item)
{
	struct vmb_partition *p = vmb_partition_of(item);

	mutex_destroy(&p->lock);
	kfree(p);
}

static struct configfs_item_operations vmb_partition_item_ops = {
	.release	= vmb_partition_release,
};

static const struct config_item_type vmb_partition_type = {
	.ct_owner	= THIS_MODULE,
	.ct_item_ops	= &vmb_partition_item_ops,
	.ct_group_ops	= &vmb_partition_group_ops,
	.ct_attrs	= vmb_partition_attrs,
};

static struct config_group *vmb_partition_make(struct config_group *group,
					       const char *name)
{
	struct vmb_partition *p;

	if (strlen(name) >= VMB_NAME_MAX) {
		pr_warn("%s: a partition's name has at most %u characters\n",
			name, VMB_NAME_MAX - 1);
		return ERR_PTR(-ENAMETOOLONG);
	}
	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return ERR_PTR(-ENOMEM);
	config_group_init_type_name(&p->group, name, &vmb_partition_type);
	mutex_init(&p->lock);
	INIT_LIST_HEAD(&p->devices);
	p->uid = GLOBAL_ROOT_UID;
	p->gid = GLOBAL_ROOT_GID;
	p->max_version = VMB_VERSION_5_3;
	vmb_debugfs_add(p);
	mutex_lock(&vmb_partitions_lock);
	list_add_tail(&p->list, &vmb_partitions);
	mutex_unlock(&vmb_partitions_lock);
	return &p->group;
}

static void vmb_partition_drop(struct config_group *group,
			       struct config_item *item)
{
	struct vmb_partition *p = vmb_partition_of(item);

	/* a VMM that has it keeps it, without devices, until it lets go */
	mutex_lock(&vmb_partitions_lock);
	list_del(&p->list);
	mutex_unlock(&vmb_partitions_lock);
	vmb_debugfs_remove(p);
	config_item_put(item);
}

static struct configfs_group_operations vmb_root_group_ops = {
	.make_group	= vmb_partition_make,
	.drop_item	= vmb_partition_drop,
};

static const struct config_item_type vmb_root_type = {
	.ct_owner	= THIS_MODULE,
	.ct_group_ops	= &vmb_root_group_ops,
};

static struct configfs_subsystem vmb_root = {
	.su_group = {
		.cg_item = {
			.ci_namebuf	= "vmb",
			.ci_type	= &vmb_root_type,
		},
	},
};

static bool vmb_partition_may_bind(const struct vmb_partition *p)
{
	return uid_eq(current_euid(), READ_ONCE(p->uid)) ||
	       in_egroup_p(READ_ONCE(p->gid)) || capable(CAP_SYS_ADMIN);
}

/**
 * vmb_partition_bind - take a partition exclusively
 * @name: its name
 * @mm: the VMM's address space; NULL for a guest in this kernel
 * @bus: set to a new bus
 *
 * Context: a thread of the VMM; may sleep.
 * Return: 0, -ENOENT, -EACCES, -EBUSY, -ENOMEM.
 */
int vmb_partition_bind(const char *name, struct mm_struct *mm,
		       struct vmb_bus **bus)
{
	struct vmb_partition *p = NULL, *it;
	int ret;

	mutex_lock(&vmb_partitions_lock);
	list_for_each_entry(it, &vmb_partitions, list) {
		if (strcmp(vmb_partition_name(it), name))
			continue;
		p = it;
		config_item_get(&p->group.cg_item);
		break;
	}
	mutex_unlock(&vmb_partitions_lock);
	if (!p)
		return -ENOENT;

	mutex_lock(&p->lock);
	ret = -EACCES;
	if (!vmb_partition_may_bind(p))
		goto unlock;
	ret = -EBUSY;
	if (p->bus)
		goto unlock;
	*bus = vmb_bus_create(p, mm);
	ret = PTR_ERR_OR_ZERO(*bus);
	if (ret)
		goto unlock;
	p->bus = *bus;
	mutex_unlock(&p->lock);
	return 0;

unlock:
	mutex_unlock(&p->lock);
	config_item_put(&p->group.cg_item);
	return ret;
}

/**
 * vmb_partition_unbind - undo vmb_partition_bind()
 * @bus: destroyed
 *
 * Context: any process; may sleep.
 */
void vmb_partition_unbind(struct vmb_bus *bus)
{
	struct vmb_partition *p = bus->partition;

	kref_get(&bus->ref);
	mutex_lock(&p->lock);
	vmb_bus_destroy(bus);
	p->bus = NULL;
	mutex_unlock(&p->lock);
	/* it takes the lock; nothing queues it any more */
	cancel_work_sync(&bus->gpadl_work);
	vmb_bus_put(bus);
	config_item_put(&p->group.cg_item);
}

/**
 * vmb_partition_init - register with configfs
 *
 * Return: 0 or a negative errno.
 */
int vmb_partition_init(void)
{
	config_group_init(&vmb_root.su_group);
	mutex_init(&vmb_root.su_mutex);
	return configfs_register_subsystem(&vmb_root);
}

/**
 * vmb_partition_exit - undo vmb_partition_init()
 */
void vmb_partition_exit(void)
{
	configfs_unregister_subsystem(&vmb_root);
}
