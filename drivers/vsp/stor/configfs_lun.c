// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration of logical units, lun.<number> below a controller.
 */
#define pr_fmt(fmt) "vsp_stor: " fmt

#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "configfs.h"

static struct vsp_stor_lun *lun_of(struct config_item *item)
{
	return container_of(to_config_group(item), struct vsp_stor_lun, group);
}

/* Say what is wrong with what was written to an attribute. */
static void lun_warn(const struct vsp_stor_lun *lun, const char *attr,
		     const char *what)
{
	pr_warn("%s/lun.%u: %s: %s\n", lun->ctrl->name, lun->number, attr, what);
}

static int lun_busy(const struct vsp_stor_lun *lun, const char *attr)
{
	lun_warn(lun, attr, "cannot change while enabled: write 0 to enable first");
	return -EBUSY;
}

#define lun_change(_lun, _attr, _count, _change)			\
({									\
	struct vsp_stor_lun *_l = (_lun);				\
									\
	vsp_stor_conf_change(&_l->ctrl->conf_lock, _l->enabled,		\
			     lun_busy(_l, _attr), _count, _change);	\
})

/* What was written, without the end of the line. Returns NULL or a string. */
static char *lun_text(const char *page, size_t count)
{
	while (count && isspace(page[count - 1]))
		count--;
	return kmemdup_nul(page, count, GFP_KERNEL);
}

static int lun_parse_bool(const struct vsp_stor_lun *lun, const char *attr,
			  const char *page, bool *value)
{
	if (!kstrtobool(page, value))
		return 0;
	lun_warn(lun, attr, "give 0 or 1");
	return -EINVAL;
}

static ssize_t vsp_stor_lun_device_show(struct config_item *item, char *page)
{
	struct vsp_stor_lun *lun = lun_of(item);

	guard(mutex)(&lun->ctrl->conf_lock);
	return sysfs_emit(page, "%s\n", lun->path ?: "");
}

static ssize_t vsp_stor_lun_device_store(struct config_item *item,
					 const char *page, size_t count)
{
	struct vsp_stor_lun *lun = lun_of(item);
	ssize_t ret;
	char *path;

	path = lun_text(page, count);
	if (!path)
		return -ENOMEM;
	if (path[0] != '/' || strchr(path, '\n')) {
		lun_warn(lun, "device", "give the absolute path of a block device");
		kfree(path);
		return -EINVAL;
	}
	ret = lun_change(lun, "device", count, swap(lun->path, path));
	kfree(path);
	return ret;
}
CONFIGFS_ATTR(vsp_stor_lun_, device);

static ssize_t vsp_stor_lun_readonly_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", READ_ONCE(lun_of(item)->want_readonly));
}

static ssize_t vsp_stor_lun_readonly_store(struct config_item *item,
					   const char *page, size_t count)
{
	struct vsp_stor_lun *lun = lun_of(item);
	bool value;
	int ret;

	ret = lun_parse_bool(lun, "readonly", page, &value);
	if (ret)
		return ret;
	return lun_change(lun, "readonly", count, lun->want_readonly = value);
}
CONFIGFS_ATTR(vsp_stor_lun_, readonly);

static ssize_t vsp_stor_lun_shared_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", READ_ONCE(lun_of(item)->shared));
}

static ssize_t vsp_stor_lun_shared_store(struct config_item *item,
					 const char *page, size_t count)
{
	struct vsp_stor_lun *lun = lun_of(item);
	bool value;
	int ret;

	ret = lun_parse_bool(lun, "shared", page, &value);
	if (ret)
		return ret;
	return lun_change(lun, "shared", count, lun->shared = value);
}
CONFIGFS_ATTR(vsp_stor_lun_, shared);

static const char * const thin_names[] = {
	[VSP_STOR_THIN_AUTO]	= "auto",
	[VSP_STOR_THIN_OFF]	= "0",
	[VSP_STOR_THIN_ON]	= "1",
};

static ssize_t vsp_stor_lun_thin_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%s\n",
			  thin_names[READ_ONCE(lun_of(item)->want_thin)]);
}

static ssize_t vsp_stor_lun_thin_store(struct config_item *item,
				       const char *page, size_t count)
{
	struct vsp_stor_lun *lun = lun_of(item);
	int thin = sysfs_match_string(thin_names, page);

	if (thin < 0) {
		lun_warn(lun, "thin", "give auto, 0 or 1");
		return -EINVAL;
	}
	return lun_change(lun, "thin", count, lun->want_thin = thin);
}
CONFIGFS_ATTR(vsp_stor_lun_, thin);

static ssize_t vsp_stor_lun_serial_show(struct config_item *item, char *page)
{
	struct vsp_stor_lun *lun = lun_of(item);

	guard(mutex)(&lun->ctrl->conf_lock);
	return sysfs_emit(page, "%s\n", lun->serial);
}

static bool printable(const char *text)
{
	for (; *text; text++)
		if (!isascii(*text) || !isprint(*text))
			return false;
	return true;
}

static ssize_t vsp_stor_lun_serial_store(struct config_item *item,
					 const char *page, size_t count)
{
	struct vsp_stor_lun *lun = lun_of(item);
	char *serial;
	ssize_t ret;

	serial = lun_text(page, count);
	if (!serial)
		return -ENOMEM;
	if (!serial[0] || strlen(serial) > VSP_STOR_SERIAL_MAX || !printable(serial)) {
		lun_warn(lun, "serial", "give 1 to 36 printable ASCII characters");
		kfree(serial);
		return -EINVAL;
	}
	ret = lun_change(lun, "serial", count, strscpy(lun->serial, serial));
	kfree(serial);
	return ret;
}
CONFIGFS_ATTR(vsp_stor_lun_, serial);

static ssize_t vsp_stor_lun_id_show(struct config_item *item, char *page)
{
	struct vsp_stor_lun *lun = lun_of(item);
	int len;

	guard(mutex)(&lun->ctrl->conf_lock);
	len = vsp_stor_id_format(&lun->id, page, PAGE_SIZE - 1);
	page[len++] = '\n';
	return len;
}

static ssize_t vsp_stor_lun_id_store(struct config_item *item,
				     const char *page, size_t count)
{
	struct vsp_stor_lun *lun = lun_of(item);
	struct vsp_stor_id id;
	char *text;
	int ret;

	text = lun_text(page, count);

	if (!text)
		return -ENOMEM;
	ret = vsp_stor_id_parse(&id, text);
	kfree(text);
	if (ret) {
		lun_warn(lun, "id",
			 "give naa. and 16 or 32 hexadecimal digits, eui. and 16, 24 or 32, or up to 56 printable ASCII characters");
		return -EINVAL;
	}
	return lun_change(lun, "id", count, lun->id = id);
}
CONFIGFS_ATTR(vsp_stor_lun_, id);

static ssize_t vsp_stor_lun_enable_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", READ_ONCE(lun_of(item)->enabled));
}

static ssize_t vsp_stor_lun_enable_store(struct config_item *item,
					 const char *page, size_t count)
{
	struct vsp_stor_lun *lun = lun_of(item);
	bool enable;
	int ret;

	ret = lun_parse_bool(lun, "enable", page, &enable);
	if (ret)
		return ret;
	guard(mutex)(&lun->ctrl->conf_lock);
	if (!enable)
		vsp_stor_lun_disable(lun);
	else if (!lun->enabled)
		ret = vsp_stor_lun_enable(lun);
	return ret ?: count;
}
CONFIGFS_ATTR(vsp_stor_lun_, enable);

static ssize_t vsp_stor_lun_size_show(struct config_item *item, char *page)
{
	struct vsp_stor_lun *lun = lun_of(item);

	guard(mutex)(&lun->ctrl->conf_lock);
	return sysfs_emit(page, "%llu\n", lun->enabled ?
			  vsp_stor_lun_blocks(lun) << lun->block_shift : 0);
}
CONFIGFS_ATTR_RO(vsp_stor_lun_, size);

static ssize_t vsp_stor_lun_block_size_show(struct config_item *item, char *page)
{
	struct vsp_stor_lun *lun = lun_of(item);

	guard(mutex)(&lun->ctrl->conf_lock);
	return sysfs_emit(page, "%u\n", lun->enabled ? 1U << lun->block_shift : 0);
}
CONFIGFS_ATTR_RO(vsp_stor_lun_, block_size);

static ssize_t vsp_stor_lun_state_show(struct config_item *item, char *page)
{
	struct vsp_stor_lun *lun = lun_of(item);
	struct vsp_stor_props props;

	guard(mutex)(&lun->ctrl->conf_lock);
	if (!lun->enabled)
		return sysfs_emit(page, "disabled\n");
	vsp_stor_lun_props(lun, &props);
	return sysfs_emit(page, "enabled %pg%s%s%s reservations=%s\n", lun->bdev,
			  props.readonly ? " readonly" : "",
			  props.thin ? " thin" : "",
			  props.write_cache ? " write_cache" : "",
			  lun->pr_mode == VSP_STOR_PR_BACKING ? "device" : "memory");
}
CONFIGFS_ATTR_RO(vsp_stor_lun_, state);

static struct configfs_attribute *lun_attrs[] = {
	&vsp_stor_lun_attr_device,
	&vsp_stor_lun_attr_readonly,
	&vsp_stor_lun_attr_shared,
	&vsp_stor_lun_attr_thin,
	&vsp_stor_lun_attr_serial,
	&vsp_stor_lun_attr_id,
	&vsp_stor_lun_attr_enable,
	&vsp_stor_lun_attr_size,
	&vsp_stor_lun_attr_block_size,
	&vsp_stor_lun_attr_state,
	NULL,
};

static void lun_release(struct config_item *item)
{
	vsp_stor_lun_free(lun_of(item));
}

static struct configfs_item_operations lun_item_ops = {
	.release	= lun_release,
};

static const struct config_item_type lun_type = {
	.ct_owner	= THIS_MODULE,
	.ct_item_ops	= &lun_item_ops,
	.ct_attrs	= lun_attrs,
};

/**
 * vsp_stor_lun_make - somebody makes a directory lun.<number>
 * @ctrl: the controller
 * @number: of the logical unit
 * @name: of the directory
 *
 * Return: its group or an ERR_PTR().
 */
struct config_group *vsp_stor_lun_make(struct vsp_stor_ctrl *ctrl, u8 number,
				       const char *name)
{
	struct vsp_stor_lun *lun;
	guid_t guid;

	lun = vsp_stor_lun_alloc(ctrl, number);
	if (!lun)
		return ERR_PTR(-ENOMEM);
	vsp_stor_derive_guid(&guid, ctrl->name, number);
	snprintf(lun->serial, sizeof(lun->serial), "%16phN", guid.b);
	/* a locally assigned name */
	lun->id.type = 3;
	lun->id.code_set = 1;
	lun->id.len = 8;
	memcpy(lun->id.data, guid.b + 8, 8);
	lun->id.data[0] = 0x30 | (lun->id.data[0] & 0x0f);
	config_group_init_type_name(&lun->group, name, &lun_type);
	return &lun->group;
}

/**
 * vsp_stor_lun_drop - its directory goes; if it is enabled, so does the disk
 * @item: of the logical unit
 */
void vsp_stor_lun_drop(struct config_item *item)
{
	struct vsp_stor_lun *lun = lun_of(item);

	mutex_lock(&lun->ctrl->conf_lock);
	vsp_stor_lun_disable(lun);
	mutex_unlock(&lun->ctrl->conf_lock);
	config_item_put(item);
}
