// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration of NICs, /sys/kernel/config/vmb/<partition>/net.<name>.
 *
 * What is wrong with a value is said in the log, in one line, with what to do.
 */
#define pr_fmt(fmt) "vsp_net: " fmt

#include <linux/cleanup.h>
#include <linux/etherdevice.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/string_helpers.h>
#include <linux/unaligned.h>

#include "debugfs.h"
#include "net.h"

#define DEFAULT_SPEED	10000U
#define MAX_SPEED	400000U

static struct vsp_net_nic *nic_of(struct config_item *item)
{
	return container_of(to_config_group(item), struct vsp_net_nic, dev.group);
}

static int nic_busy(const struct vsp_net_nic *nic, const char *attr)
{
	pr_warn("%s: %s: cannot change while enabled: write 0 to enable first\n",
		nic->name, attr);
	return -EBUSY;
}

/* The end of a store: change it under the lock, or refuse while enabled. */
#define nic_change(_nic, _attr, _count, _change)			\
({									\
	struct vsp_net_nic *_n = (_nic);				\
	ssize_t _ret = (_count);					\
									\
	guard(mutex)(&_n->conf_lock);					\
	if (_n->enabled) {						\
		_ret = nic_busy(_n, _attr);				\
	} else {							\
		_change;						\
	}								\
	_ret;								\
})

/* An id, and an address, that depend on nothing but names. */
static u64 derive(const char *name, u64 what)
{
	siphash_key_t key = { { 0x6e6574, what } };

	return siphash(name, strlen(name), &key);
}

static void derive_guid(guid_t *guid, const char *name)
{
	put_unaligned_le64(derive(name, 0), guid->b);
	put_unaligned_le64(derive(name, 1), guid->b + 8);
	guid->b[7] = (guid->b[7] & 0x0f) | 0x80;
	guid->b[8] = (guid->b[8] & 0x3f) | 0x80;
}

static void derive_mac(u8 *mac, const char *name)
{
	put_unaligned_le32(derive(name, 2), mac + 2);
	/* locally administered */
	mac[0] = 0x02;
	mac[1] = 0x76;
}

static ssize_t vsp_net_nic_instance_id_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%pUl\n", &nic_of(item)->dev.instance_id);
}

static ssize_t vsp_net_nic_instance_id_store(struct config_item *item,
					     const char *page, size_t count)
{
	struct vsp_net_nic *nic = nic_of(item);
	guid_t guid;

	if (count < UUID_STRING_LEN || guid_parse(page, &guid) || guid_is_null(&guid)) {
		pr_warn("%s: instance_id: give a UUID other than zero\n", nic->name);
		return -EINVAL;
	}
	return nic_change(nic, "instance_id", count, nic->dev.instance_id = guid);
}
CONFIGFS_ATTR(vsp_net_nic_, instance_id);

static ssize_t vsp_net_nic_mac_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%pM\n", nic_of(item)->mac);
}

static ssize_t vsp_net_nic_mac_store(struct config_item *item, const char *page,
				     size_t count)
{
	struct vsp_net_nic *nic = nic_of(item);
	u8 mac[ETH_ALEN];

	if (!mac_pton(page, mac) || !is_valid_ether_addr(mac)) {
		pr_warn("%s: mac: give an address such as 02:00:00:00:00:01, not that of a group\n",
			nic->name);
		return -EINVAL;
	}
	return nic_change(nic, "mac", count, ether_addr_copy(nic->mac, mac));
}
CONFIGFS_ATTR(vsp_net_nic_, mac);

static ssize_t nic_store_u32(struct vsp_net_nic *nic, const char *attr, u32 *field,
			     u32 min, u32 max, const char *page, size_t count)
{
	u32 value;

	if (kstrtou32(page, 0, &value) || value < min || value > max) {
		pr_warn("%s: %s: give a number from %u to %u\n", nic->name, attr,
			min, max);
		return -EINVAL;
	}
	return nic_change(nic, attr, count, WRITE_ONCE(*field, value));
}

static ssize_t vsp_net_nic_mtu_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", READ_ONCE(nic_of(item)->mtu));
}

static ssize_t vsp_net_nic_mtu_store(struct config_item *item, const char *page,
				     size_t count)
{
	struct vsp_net_nic *nic = nic_of(item);

	return nic_store_u32(nic, "mtu", &nic->mtu, VSP_NET_MIN_MTU, VSP_NET_MAX_MTU,
			     page, count);
}
CONFIGFS_ATTR(vsp_net_nic_, mtu);

static ssize_t vsp_net_nic_speed_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", READ_ONCE(nic_of(item)->speed));
}

static ssize_t vsp_net_nic_speed_store(struct config_item *item, const char *page,
				       size_t count)
{
	struct vsp_net_nic *nic = nic_of(item);

	return nic_store_u32(nic, "speed", &nic->speed, 1, MAX_SPEED, page, count);
}
CONFIGFS_ATTR(vsp_net_nic_, speed);

static ssize_t vsp_net_nic_mac_spoofing_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", READ_ONCE(nic_of(item)->spoofing));
}

static ssize_t vsp_net_nic_mac_spoofing_store(struct config_item *item,
					      const char *page, size_t count)
{
	struct vsp_net_nic *nic = nic_of(item);
	bool allow;

	if (kstrtobool(page, &allow)) {
		pr_warn("%s: mac_spoofing: give 0 or 1\n", nic->name);
		return -EINVAL;
	}
	return nic_change(nic, "mac_spoofing", count, WRITE_ONCE(nic->spoofing, allow));
}
CONFIGFS_ATTR(vsp_net_nic_, mac_spoofing);

static ssize_t vsp_net_nic_ifname_show(struct config_item *item, char *page)
{
	struct vsp_net_nic *nic = nic_of(item);

	guard(mutex)(&nic->conf_lock);
	if (!nic->netdev)
		return sysfs_emit(page, "%s\n", nic->ifname);
	/* as somebody may have renamed it */
	guard(rtnl)();
	return sysfs_emit(page, "%s\n", nic->netdev->name);
}

static ssize_t vsp_net_nic_ifname_store(struct config_item *item, const char *page,
					size_t count)
{
	struct vsp_net_nic *nic = nic_of(item);
	char buf[IFNAMSIZ + 1], *name, *percent;

	strscpy(buf, page, sizeof(buf));
	name = strim(buf);
	percent = strchr(name, '%');
	/* one %d at most, as the kernel replaces */
	if (count > IFNAMSIZ + 1 || strlen(name) >= IFNAMSIZ || !dev_valid_name(name) ||
	    (percent && (percent[1] != 'd' || strchr(percent + 1, '%')))) {
		pr_warn("%s: ifname: give a name of an interface such as vm1net0 or vmb%%d\n",
			nic->name);
		return -EINVAL;
	}
	return nic_change(nic, "ifname", count, strscpy(nic->ifname, name));
}
CONFIGFS_ATTR(vsp_net_nic_, ifname);

static int nic_enable(struct vsp_net_nic *nic)
{
	int ret;

	lockdep_assert_held(&nic->conf_lock);
	ether_addr_copy(nic->initial.mac, nic->mac);
	ret = vsp_net_dev_create(nic);
	if (ret) {
		pr_err("%s: enable: no netdev %s: %s\n", nic->name, nic->ifname,
		       ret == -EEXIST ? "there is one: change ifname" : "out of memory");
		return ret;
	}
	ret = vmb_host_device_offer(&nic->dev);
	if (ret) {
		pr_err("%s: enable: %s\n", nic->name, ret == -EEXIST ?
		       "another device has the same instance_id: change it" :
		       "out of memory or of channels: disable what is not needed");
		vsp_net_dev_destroy(nic);
		return ret;
	}
	nic->enabled = true;
	return 0;
}

static void nic_disable(struct vsp_net_nic *nic)
{
	lockdep_assert_held(&nic->conf_lock);
	if (!nic->enabled)
		return;
	vmb_host_device_withdraw(&nic->dev);
	nic->enabled = false;
	vsp_net_dev_destroy(nic);
}

static ssize_t vsp_net_nic_enable_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", READ_ONCE(nic_of(item)->enabled));
}

static ssize_t vsp_net_nic_enable_store(struct config_item *item, const char *page,
					size_t count)
{
	struct vsp_net_nic *nic = nic_of(item);
	bool enable;
	int ret = 0;

	if (kstrtobool(page, &enable)) {
		pr_warn("%s: enable: give 0 or 1\n", nic->name);
		return -EINVAL;
	}
	guard(mutex)(&nic->conf_lock);
	if (!enable)
		nic_disable(nic);
	else if (!nic->enabled)
		ret = nic_enable(nic);
	return ret ?: count;
}
CONFIGFS_ATTR(vsp_net_nic_, enable);

static ssize_t vsp_net_nic_state_show(struct config_item *item, char *page)
{
	struct vsp_net_nic *nic = nic_of(item);
	enum vsp_net_state state = VSP_NET_CLOSED;
	u32 version = 0;

	if (!READ_ONCE(nic->enabled))
		return sysfs_emit(page, "disabled\n");
	spin_lock_bh(&nic->lock);
	if (nic->queue[0].chan) {
		state = READ_ONCE(nic->queue[0].chan->state);
		version = READ_ONCE(nic->version);
	}
	spin_unlock_bh(&nic->lock);
	if (state != VSP_NET_READY)
		return sysfs_emit(page, "%s\n", vsp_net_state_name(state));
	return sysfs_emit(page, "ready %#x\n", version);
}
CONFIGFS_ATTR_RO(vsp_net_nic_, state);

static struct configfs_attribute *nic_attrs[] = {
	&vsp_net_nic_attr_instance_id,
	&vsp_net_nic_attr_mac,
	&vsp_net_nic_attr_mtu,
	&vsp_net_nic_attr_speed,
	&vsp_net_nic_attr_mac_spoofing,
	&vsp_net_nic_attr_ifname,
	&vsp_net_nic_attr_enable,
	&vsp_net_nic_attr_state,
	NULL,
};

static void nic_free(struct vsp_net_nic *nic)
{
	cleanup_srcu_struct(&nic->send_srcu);
	mutex_destroy(&nic->share_lock);
	mutex_destroy(&nic->conf_lock);
	kvfree(nic->queue);
	kfree(nic);
}

static struct vsp_net_nic *nic_alloc(void)
{
	struct vsp_net_nic *nic;
	u32 i;

	nic = kzalloc(sizeof(*nic), GFP_KERNEL);
	if (!nic)
		return NULL;
	nic->queue = kvcalloc(VSP_NET_MAX_QUEUES, sizeof(*nic->queue), GFP_KERNEL);
	if (!nic->queue || init_srcu_struct(&nic->send_srcu)) {
		kvfree(nic->queue);
		kfree(nic);
		return NULL;
	}
	for (i = 0; i < VSP_NET_MAX_QUEUES; i++) {
		nic->queue[i].nic = nic;
		nic->queue[i].index = i;
		nic->queue[i].free = VSP_NET_NO_SECTION;
		spin_lock_init(&nic->queue[i].lock);
	}
	mutex_init(&nic->conf_lock);
	mutex_init(&nic->share_lock);
	spin_lock_init(&nic->lock);
	INIT_LIST_HEAD(&nic->answers);
	RCU_INIT_POINTER(nic->set, &nic->initial);
	return nic;
}

static void nic_release(struct config_item *item)
{
	struct vsp_net_nic *nic = nic_of(item);

	nic_free(nic);
}

static struct configfs_item_operations nic_item_ops = {
	.release	= nic_release,
};

static const struct config_item_type nic_type = {
	.ct_owner	= THIS_MODULE,
	.ct_item_ops	= &nic_item_ops,
	.ct_attrs	= nic_attrs,
};

/**
 * vsp_net_nic_make - somebody makes a directory net.<name>
 * @partition: in which partition
 * @name: what is behind the dot
 *
 * Return: the device or an ERR_PTR().
 */
struct vmb_host_device *vsp_net_nic_make(struct vmb_partition *partition,
					 const char *name)
{
	struct vsp_net_nic *nic;

	nic = nic_alloc();
	if (!nic)
		return ERR_PTR(-ENOMEM);
	if (snprintf(nic->name, sizeof(nic->name), "%s/net.%s",
		     vmb_host_partition_name(partition), name) >= sizeof(nic->name)) {
		pr_warn("%s...: the name is too long\n", nic->name);
		nic_free(nic);
		return ERR_PTR(-ENAMETOOLONG);
	}
	strscpy(nic->ifname, "vmb%d");
	nic->mtu = VSP_NET_DEFAULT_MTU;
	nic->speed = DEFAULT_SPEED;
	derive_mac(nic->mac, nic->name);
	derive_guid(&nic->dev.instance_id, nic->name);
	nic->dev.offer_flags = VMB_OFFER_ENUMERATE_DEVICE_INTERFACE;
	config_group_init_type_name(&nic->dev.group, strchr(nic->name, '/') + 1,
				    &nic_type);
	vsp_net_debugfs_add(nic);
	return &nic->dev;
}

/**
 * vsp_net_nic_drop - the directory goes
 * @dev: the device, withdrawn by the core
 */
void vsp_net_nic_drop(struct vmb_host_device *dev)
{
	struct vsp_net_nic *nic = vsp_net_nic_of(dev);

	vsp_net_debugfs_remove(nic);
	mutex_lock(&nic->conf_lock);
	nic_disable(nic);
	mutex_unlock(&nic->conf_lock);
	config_item_put(&dev->group.cg_item);
}
