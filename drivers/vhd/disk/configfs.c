// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/config/vhd/NAME: a disk. Give it a path, then write 1 to enabled.
 */
#define pr_fmt(fmt) "vhd: " fmt

#include <linux/configfs.h>
#include <linux/ctype.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "disk.h"

/**
 * struct vhd_conf - a directory
 * @group: of configfs
 * @lock: protects the rest
 * @path: of the image, or NULL
 * @read_only: it is not to be written
 * @disk: if enabled
 */
struct vhd_conf {
	struct config_group group;
	struct mutex lock; /* the rest */
	char *path;
	bool read_only;
	struct vhd_disk *disk;
};

static struct vhd_conf *conf_of(struct config_item *item)
{
	return container_of(to_config_group(item), struct vhd_conf, group);
}

static const char *conf_name(struct vhd_conf *conf)
{
	return config_item_name(&conf->group.cg_item);
}

static void conf_warn(struct vhd_conf *conf, const char *attr, const char *what)
{
	pr_warn("%s: %s: %s\n", conf_name(conf), attr, what);
}

/* May something be changed? */
static int conf_idle(struct vhd_conf *conf, const char *attr)
{
	lockdep_assert_held(&conf->lock);
	if (!conf->disk)
		return 0;
	conf_warn(conf, attr, "cannot change while enabled: write 0 to enabled first");
	return -EBUSY;
}

static int conf_bool(struct vhd_conf *conf, const char *attr, const char *page, bool *value)
{
	if (!kstrtobool(page, value))
		return 0;
	conf_warn(conf, attr, "give 0 or 1");
	return -EINVAL;
}

static ssize_t vhd_path_show(struct config_item *item, char *page)
{
	struct vhd_conf *conf = conf_of(item);

	guard(mutex)(&conf->lock);
	if (!conf->disk)
		return sysfs_emit(page, "%s\n", conf->path ?: "");
	/* it may have become another */
	guard(mutex)(&conf->disk->chain_lock);
	return sysfs_emit(page, "%s\n", vhd_disk_top(conf->disk)->backing.path);
}

/* A path that was written; NULL when it is none. */
static char *conf_path(struct vhd_conf *conf, const char *attr, const char *page, size_t len)
{
	char *path;

	while (len && page[len - 1] == '\n')
		len--;
	if (!len || page[0] != '/' || memchr(page, '\n', len)) {
		conf_warn(conf, attr, "give the absolute path of an image");
		return ERR_PTR(-EINVAL);
	}
	path = kmemdup_nul(page, len, GFP_KERNEL);
	return path ?: ERR_PTR(-ENOMEM);
}

static ssize_t vhd_path_store(struct config_item *item, const char *page, size_t count)
{
	struct vhd_conf *conf = conf_of(item);
	char *path = conf_path(conf, "path", page, count);
	int ret;

	if (IS_ERR(path))
		return PTR_ERR(path);
	mutex_lock(&conf->lock);
	ret = conf_idle(conf, "path");
	if (!ret)
		swap(conf->path, path);
	mutex_unlock(&conf->lock);
	kfree(path);
	return ret ?: count;
}
CONFIGFS_ATTR(vhd_, path);

static ssize_t vhd_read_only_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", READ_ONCE(conf_of(item)->read_only));
}

static ssize_t vhd_read_only_store(struct config_item *item, const char *page, size_t count)
{
	struct vhd_conf *conf = conf_of(item);
	bool value;
	int ret;

	ret = conf_bool(conf, "read_only", page, &value);
	if (ret)
		return ret;
	guard(mutex)(&conf->lock);
	ret = conf_idle(conf, "read_only");
	if (!ret)
		conf->read_only = value;
	return ret ?: count;
}
CONFIGFS_ATTR(vhd_, read_only);

static ssize_t vhd_enabled_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", !!READ_ONCE(conf_of(item)->disk));
}

static int conf_enable(struct vhd_conf *conf)
{
	int ret = 0;

	lockdep_assert_held(&conf->lock);
	if (!conf->path) {
		conf_warn(conf, "enabled", "give a path first");
		return -EINVAL;
	}
	conf->disk = vhd_disk_open(conf->path, !conf->read_only, &ret);
	return ret;
}

static int conf_disable(struct vhd_conf *conf)
{
	char *path;
	int ret;

	lockdep_assert_held(&conf->lock);
	/* what is to be enabled again is what it is now */
	path = kstrdup(vhd_disk_top(conf->disk)->backing.path, GFP_KERNEL);
	if (!path)
		return -ENOMEM;
	ret = vhd_disk_close(conf->disk, false);
	if (ret == -EBUSY) {
		conf_warn(conf, "enabled",
			  "somebody has the disk open; remove the directory to take it away");
	} else {
		conf->disk = NULL;
		swap(conf->path, path);
	}
	kfree(path);
	return ret;
}

static ssize_t vhd_enabled_store(struct config_item *item, const char *page, size_t count)
{
	struct vhd_conf *conf = conf_of(item);
	bool enable;
	int ret;

	ret = conf_bool(conf, "enabled", page, &enable);
	if (ret)
		return ret;
	guard(mutex)(&conf->lock);
	if (enable != !!conf->disk)
		ret = enable ? conf_enable(conf) : conf_disable(conf);
	return ret ?: count;
}
CONFIGFS_ATTR(vhd_, enabled);

/* An attribute that says something of a disk, and nothing when there is none. */
#define CONF_SHOW(_name, _format, ...)					\
static ssize_t vhd_##_name##_show(struct config_item *item, char *page)	\
{									\
	struct vhd_conf *conf = conf_of(item);				\
	const struct vhd_layer *top;					\
									\
	guard(mutex)(&conf->lock);					\
	if (!conf->disk)						\
		return sysfs_emit(page, "\n");				\
	guard(mutex)(&conf->disk->chain_lock);				\
	top = vhd_disk_top(conf->disk);					\
	return sysfs_emit(page, _format "\n", __VA_ARGS__);		\
}

CONF_SHOW(size, "%llu", top->img.size)
CONF_SHOW(logical_block_size, "%u", top->img.sector_size)
CONFIGFS_ATTR_RO(vhd_, logical_block_size);
CONF_SHOW(block_size, "%llu", top->img.blocks ? vhd_block_size(&top->img) : 0)
CONFIGFS_ATTR_RO(vhd_, block_size);
CONF_SHOW(physical_block_size, "%u", top->img.physical_size)
CONFIGFS_ATTR_RO(vhd_, physical_block_size);
CONF_SHOW(format, "%s", top->img.format == VHD_FORMAT_VHDX ? "vhdx" : "vhd")
CONFIGFS_ATTR_RO(vhd_, format);
CONF_SHOW(type, "%s", vhd_type_name(top->img.type))
CONFIGFS_ATTR_RO(vhd_, type);
CONF_SHOW(direct, "%d", top->backing.direct)
CONFIGFS_ATTR_RO(vhd_, direct);

static ssize_t vhd_device_show(struct config_item *item, char *page)
{
	struct vhd_conf *conf = conf_of(item);

	guard(mutex)(&conf->lock);
	return sysfs_emit(page, "%s\n", conf->disk ? conf->disk->gendisk->disk_name : "");
}
CONFIGFS_ATTR_RO(vhd_, device);

static ssize_t vhd_chain_show(struct config_item *item, char *page)
{
	struct vhd_conf *conf = conf_of(item);
	int len = 0;
	u32 i;

	guard(mutex)(&conf->lock);
	if (!conf->disk)
		return 0;
	guard(mutex)(&conf->disk->chain_lock);
	/* as far as a page goes */
	for (i = 0; i < conf->disk->chain.nr; i++)
		len += sysfs_emit_at(page, len, "%s\n", conf->disk->chain.layers[i]->backing.path);
	return len;
}
CONFIGFS_ATTR_RO(vhd_, chain);

/* What is done to a disk. */
static int conf_is_enabled(struct vhd_conf *conf, const char *attr)
{
	lockdep_assert_held(&conf->lock);
	if (conf->disk)
		return 0;
	conf_warn(conf, attr, "there is no disk: write 1 to enabled first");
	return -ENODEV;
}

static ssize_t vhd_size_store(struct config_item *item, const char *page, size_t count)
{
	struct vhd_conf *conf = conf_of(item);
	u64 size;
	int ret;

	ret = kstrtou64(page, 10, &size);
	if (ret) {
		conf_warn(conf, "size", "give bytes");
		return ret;
	}
	guard(mutex)(&conf->lock);
	ret = conf_is_enabled(conf, "size");
	if (!ret)
		ret = vhd_online_resize(conf->disk, size);
	return ret ?: count;
}
CONFIGFS_ATTR(vhd_, size);

static ssize_t vhd_snapshot_store(struct config_item *item, const char *page, size_t count)
{
	struct vhd_conf *conf = conf_of(item);
	char *path = conf_path(conf, "snapshot", page, count);
	int ret;

	if (IS_ERR(path))
		return PTR_ERR(path);
	mutex_lock(&conf->lock);
	ret = conf_is_enabled(conf, "snapshot");
	if (!ret)
		ret = vhd_online_snapshot(conf->disk, path);
	mutex_unlock(&conf->lock);
	kfree(path);
	return ret ?: count;
}
CONFIGFS_ATTR_WO(vhd_, snapshot);

static ssize_t vhd_merge_show(struct config_item *item, char *page)
{
	struct vhd_conf *conf = conf_of(item);
	u64 done, total;

	guard(mutex)(&conf->lock);
	return sysfs_emit(page, "%s\n",
			  conf->disk ? vhd_merge_state(conf->disk, &done, &total) : "");
}

static ssize_t vhd_merge_store(struct config_item *item, const char *page, size_t count)
{
	struct vhd_conf *conf = conf_of(item);
	bool start;
	int ret;

	ret = conf_bool(conf, "merge", page, &start);
	if (ret)
		return ret;
	guard(mutex)(&conf->lock);
	ret = conf_is_enabled(conf, "merge");
	if (!ret && start)
		ret = vhd_merge_start(conf->disk);
	else if (!ret)
		vhd_merge_stop(conf->disk);
	return ret ?: count;
}
CONFIGFS_ATTR(vhd_, merge);

static ssize_t vhd_merge_completed_show(struct config_item *item, char *page)
{
	struct vhd_conf *conf = conf_of(item);
	u64 done, total;

	guard(mutex)(&conf->lock);
	if (!conf->disk)
		return sysfs_emit(page, "\n");
	vhd_merge_state(conf->disk, &done, &total);
	return sysfs_emit(page, "%llu / %llu\n", done, total);
}
CONFIGFS_ATTR_RO(vhd_, merge_completed);

static const char *const count_names[VHD_COUNTS] = {
	[VHD_COUNT_ZEROS] = "zeros",
	[VHD_COUNT_DIRECT] = "direct",
	[VHD_COUNT_WORKER] = "worker",
	[VHD_COUNT_LATE] = "late",
	[VHD_COUNT_PARTS] = "parts",
	[VHD_COUNT_FLUSHES] = "flushes",
	[VHD_COUNT_PUNCHES] = "punches",
	[VHD_COUNT_ERRORS] = "errors",
};

static ssize_t vhd_counters_show(struct config_item *item, char *page)
{
	struct vhd_conf *conf = conf_of(item);
	int len = 0, i;

	guard(mutex)(&conf->lock);
	for (i = 0; conf->disk && i < VHD_COUNTS; i++)
		len += sysfs_emit_at(page, len, "%s %llu\n", count_names[i],
				     vhd_count_sum(conf->disk->counts, i));
	return len;
}
CONFIGFS_ATTR_RO(vhd_, counters);

static struct configfs_attribute *conf_attrs[] = {
	&vhd_attr_path,
	&vhd_attr_read_only,
	&vhd_attr_enabled,
	&vhd_attr_device,
	&vhd_attr_size,
	&vhd_attr_logical_block_size,
	&vhd_attr_physical_block_size,
	&vhd_attr_block_size,
	&vhd_attr_format,
	&vhd_attr_type,
	&vhd_attr_direct,
	&vhd_attr_chain,
	&vhd_attr_snapshot,
	&vhd_attr_merge,
	&vhd_attr_merge_completed,
	&vhd_attr_counters,
	NULL,
};

static void conf_release(struct config_item *item)
{
	struct vhd_conf *conf = conf_of(item);

	kfree(conf->path);
	kfree(conf);
}

static struct configfs_item_operations conf_item_ops = {
	.release	= conf_release,
};

static const struct config_item_type conf_type = {
	.ct_owner	= THIS_MODULE,
	.ct_item_ops	= &conf_item_ops,
	.ct_attrs	= conf_attrs,
};

static struct config_group *conf_make(struct config_group *root, const char *name)
{
	struct vhd_conf *conf;

	conf = kzalloc(sizeof(*conf), GFP_KERNEL);
	if (!conf)
		return ERR_PTR(-ENOMEM);
	mutex_init(&conf->lock);
	config_group_init_type_name(&conf->group, name, &conf_type);
	return &conf->group;
}

/* The directory goes, and so does the disk, whoever has it open. */
static void conf_drop(struct config_group *root, struct config_item *item)
{
	struct vhd_conf *conf = conf_of(item);

	mutex_lock(&conf->lock);
	if (conf->disk)
		vhd_disk_close(conf->disk, true);
	conf->disk = NULL;
	mutex_unlock(&conf->lock);
	config_item_put(item);
}

static struct configfs_group_operations root_ops = {
	.make_group	= conf_make,
	.drop_item	= conf_drop,
};

static const struct config_item_type root_type = {
	.ct_owner	= THIS_MODULE,
	.ct_group_ops	= &root_ops,
};

static struct configfs_subsystem subsystem = {
	.su_group = {
		.cg_item = {
			.ci_namebuf = "vhd",
			.ci_type = &root_type,
		},
	},
};

/**
 * vhd_configfs_init() - let administrators make disks
 *
 * Return: 0 or a negative errno.
 */
int vhd_configfs_init(void)
{
	config_group_init(&subsystem.su_group);
	mutex_init(&subsystem.su_mutex);
	return configfs_register_subsystem(&subsystem);
}

/**
 * vhd_configfs_exit() - and do not let them any more
 *
 * There are no disks: each has the module.
 */
void vhd_configfs_exit(void)
{
	configfs_unregister_subsystem(&subsystem);
}
