// SPDX-License-Identifier: GPL-2.0-only
/*
 * What programs see in /sys/bus/vmbus/devices: the files that the kernel's own
 * bus has, so that they need not know which of the two it is. See the kernel's
 * Documentation/ABI/stable/sysfs-bus-vmbus.
 */
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/topology.h>

#include "guest.h"

/* numbers that the kernel's own bus gives to classes, in the file "device" */
#define VMB_GUEST_TYPE_UNKNOWN	16

static const struct {
	guid_t class_id;
	u16 type;
} vmb_guest_types[] = {
	/* IDE */
	{ GUID_INIT(0x32412632, 0x86cb, 0x44a2,
		    0x9b, 0x5c, 0x50, 0xd1, 0x41, 0x73, 0x54, 0xf5), 0 },
	/* SCSI */
	{ GUID_INIT(0xba6163d9, 0x04a1, 0x4d29,
		    0xb6, 0x05, 0x72, 0xe2, 0xff, 0xb1, 0xdc, 0x7f), 1 },
	/* network */
	{ GUID_INIT(0xf8615163, 0xdf3e, 0x46c5,
		    0x91, 0x3f, 0xf2, 0xd2, 0xf9, 0x65, 0xed, 0x0e), 3 },
};

#define VMB_GUEST_VENDOR	0x1414

static struct vmb_guest_chan *vmb_guest_primary(struct device *dev)
{
	return vmb_guest_chan_of(vmb_guest_device_of(dev)->primary);
}

static ssize_t id_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", vmb_guest_primary(dev)->pub.relid);
}
static DEVICE_ATTR_RO(id);

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	/* 3: open; those between are not seen from here */
	return sysfs_emit(buf, "%d\n", READ_ONCE(vmb_guest_primary(dev)->state) ==
			  VMB_GUEST_CHAN_OPEN ? 3 : 0);
}
static DEVICE_ATTR_RO(state);

static ssize_t class_id_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "{%pUl}\n", &vmb_guest_device_of(dev)->class_id);
}
static DEVICE_ATTR_RO(class_id);

static ssize_t device_id_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "{%pUl}\n", &vmb_guest_device_of(dev)->instance_id);
}
static DEVICE_ATTR_RO(device_id);

static ssize_t modalias_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "vmbus:%*phN\n", UUID_SIZE,
			  &vmb_guest_device_of(dev)->class_id);
}
static DEVICE_ATTR_RO(modalias);

#ifdef CONFIG_NUMA
static ssize_t numa_node_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", cpu_to_node(READ_ONCE(vmb_guest_primary(dev)->pub.cpu)));
}
static DEVICE_ATTR_RO(numa_node);
#endif

static ssize_t channel_vp_mapping_show(struct device *dev, struct device_attribute *attr,
				       char *buf)
{
	struct vmb_guest_chan *ch = vmb_guest_primary(dev);
	struct vmb_guest_dev *vdev = vmb_guest_dev_of(dev);
	int len;

	len = sysfs_emit(buf, "%u:%u\n", ch->pub.relid, READ_ONCE(ch->pub.cpu));
	guard(mutex)(&vdev->pub.bus->lock);
	list_for_each_entry(ch, &vdev->subs, sub_node)
		len += sysfs_emit_at(buf, len, "%u:%u\n", ch->pub.relid,
				     READ_ONCE(ch->pub.cpu));
	return len;
}
static DEVICE_ATTR_RO(channel_vp_mapping);

static ssize_t vendor_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0x%x\n", VMB_GUEST_VENDOR);
}
static DEVICE_ATTR_RO(vendor);

static ssize_t device_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	u16 type = VMB_GUEST_TYPE_UNKNOWN;
	int i;

	for (i = 0; i < ARRAY_SIZE(vmb_guest_types); i++)
		if (guid_equal(&vmb_guest_types[i].class_id,
			       &vmb_guest_device_of(dev)->class_id))
			type = vmb_guest_types[i].type;
	return sysfs_emit(buf, "0x%x\n", type);
}
static DEVICE_ATTR_RO(device);

static ssize_t driver_override_show(struct device *dev, struct device_attribute *attr,
				    char *buf)
{
	struct vmb_guest_dev *vdev = vmb_guest_dev_of(dev);
	int len;

	spin_lock(&vdev->pub.bus->dev_lock);
	len = sysfs_emit(buf, "%s\n", vdev->driver_override ?: "(null)");
	spin_unlock(&vdev->pub.bus->dev_lock);
	return len;
}

static ssize_t driver_override_store(struct device *dev, struct device_attribute *attr,
				     const char *buf, size_t count)
{
	struct vmb_guest_dev *vdev = vmb_guest_dev_of(dev);
	char *name;

	if (count >= PAGE_SIZE - 1)
		return -EINVAL;
	name = kstrndup(buf, strcspn(buf, "\n"), GFP_KERNEL);
	if (!name)
		return -ENOMEM;
	if (!*name) {
		kfree(name);
		name = NULL;
	}
	scoped_guard(spinlock, &vdev->pub.bus->dev_lock)
		swap(name, *(char **)&vdev->driver_override);
	kfree(name);
	return count;
}
static DEVICE_ATTR_RW(driver_override);

/* What one looks up in a ring; the rings are there while the channel is open. */
enum vmb_guest_ring_field {
	VMB_GUEST_RING_MASK,
	VMB_GUEST_RING_READ_INDEX,
	VMB_GUEST_RING_WRITE_INDEX,
	VMB_GUEST_RING_READ_AVAIL,
	VMB_GUEST_RING_WRITE_AVAIL,
};

/* The host's half of what is read here may be anything: it is only shown. */
static u32 vmb_guest_ring_read(const struct vmb_ring *ring, enum vmb_guest_ring_field field)
{
	u32 write = le32_to_cpu(READ_ONCE(ring->hdr->write_index));
	u32 read = le32_to_cpu(READ_ONCE(ring->hdr->read_index));
	u32 used = write >= read ? write - read : write + ring->size - read;

	switch (field) {
	case VMB_GUEST_RING_MASK:
		return le32_to_cpu(READ_ONCE(ring->hdr->interrupt_mask));
	case VMB_GUEST_RING_READ_INDEX:
		return read;
	case VMB_GUEST_RING_WRITE_INDEX:
		return write;
	case VMB_GUEST_RING_READ_AVAIL:
		return used;
	case VMB_GUEST_RING_WRITE_AVAIL:
		return ring->size - used;
	}
	return 0;
}

static ssize_t vmb_guest_ring_show(struct vmb_guest_chan *ch, bool out,
				   enum vmb_guest_ring_field field, char *buf)
{
	guard(mutex)(&ch->lock);
	if (ch->state != VMB_GUEST_CHAN_OPEN)
		return -EINVAL;
	return sysfs_emit(buf, "%u\n", vmb_guest_ring_read(out ? &ch->out : &ch->in, field));
}

#define VMB_GUEST_DEV_RING(_name, _out, _field)					\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr,	\
			    char *buf)						\
{										\
	return vmb_guest_ring_show(vmb_guest_primary(dev), _out, _field, buf);	\
}										\
static DEVICE_ATTR_RO(_name)

VMB_GUEST_DEV_RING(out_intr_mask, true, VMB_GUEST_RING_MASK);
VMB_GUEST_DEV_RING(out_read_index, true, VMB_GUEST_RING_READ_INDEX);
VMB_GUEST_DEV_RING(out_write_index, true, VMB_GUEST_RING_WRITE_INDEX);
VMB_GUEST_DEV_RING(out_read_bytes_avail, true, VMB_GUEST_RING_READ_AVAIL);
VMB_GUEST_DEV_RING(out_write_bytes_avail, true, VMB_GUEST_RING_WRITE_AVAIL);
VMB_GUEST_DEV_RING(in_intr_mask, false, VMB_GUEST_RING_MASK);
VMB_GUEST_DEV_RING(in_read_index, false, VMB_GUEST_RING_READ_INDEX);
VMB_GUEST_DEV_RING(in_write_index, false, VMB_GUEST_RING_WRITE_INDEX);
VMB_GUEST_DEV_RING(in_read_bytes_avail, false, VMB_GUEST_RING_READ_AVAIL);
VMB_GUEST_DEV_RING(in_write_bytes_avail, false, VMB_GUEST_RING_WRITE_AVAIL);

static struct attribute *vmb_guest_dev_attrs[] = {
	&dev_attr_id.attr,
	&dev_attr_state.attr,
	&dev_attr_class_id.attr,
	&dev_attr_device_id.attr,
	&dev_attr_modalias.attr,
#ifdef CONFIG_NUMA
	&dev_attr_numa_node.attr,
#endif
	&dev_attr_channel_vp_mapping.attr,
	&dev_attr_vendor.attr,
	&dev_attr_device.attr,
	&dev_attr_driver_override.attr,
	&dev_attr_out_intr_mask.attr,
	&dev_attr_out_read_index.attr,
	&dev_attr_out_write_index.attr,
	&dev_attr_out_read_bytes_avail.attr,
	&dev_attr_out_write_bytes_avail.attr,
	&dev_attr_in_intr_mask.attr,
	&dev_attr_in_read_index.attr,
	&dev_attr_in_write_index.attr,
	&dev_attr_in_read_bytes_avail.attr,
	&dev_attr_in_write_bytes_avail.attr,
	NULL,
};

static const struct attribute_group vmb_guest_dev_group = {
	.attrs = vmb_guest_dev_attrs,
};

const struct attribute_group *vmb_guest_dev_groups[] = {
	&vmb_guest_dev_group,
	NULL,
};

/* Channels */

struct vmb_guest_chan_attribute {
	struct attribute attr;
	ssize_t (*show)(struct vmb_guest_chan *ch, char *buf);
	ssize_t (*store)(struct vmb_guest_chan *ch, const char *buf, size_t count);
};

#define VMB_GUEST_CHAN_ATTR(_name, _mode, _show, _store)			\
	static struct vmb_guest_chan_attribute chan_attr_##_name =		\
		__ATTR(_name, _mode, _show, _store)

#define VMB_GUEST_CHAN_RING(_name, _out, _field)				\
static ssize_t chan_##_name##_show(struct vmb_guest_chan *ch, char *buf)	\
{										\
	return vmb_guest_ring_show(ch, _out, _field, buf);			\
}										\
VMB_GUEST_CHAN_ATTR(_name, 0444, chan_##_name##_show, NULL)

#define VMB_GUEST_CHAN_COUNT(_name, _value)					\
static ssize_t chan_##_name##_show(struct vmb_guest_chan *ch, char *buf)	\
{										\
	return sysfs_emit(buf, "%llu\n", (u64)(_value));			\
}										\
VMB_GUEST_CHAN_ATTR(_name, 0444, chan_##_name##_show, NULL)

VMB_GUEST_CHAN_RING(out_mask, true, VMB_GUEST_RING_MASK);
VMB_GUEST_CHAN_RING(in_mask, false, VMB_GUEST_RING_MASK);
VMB_GUEST_CHAN_RING(read_avail, false, VMB_GUEST_RING_READ_AVAIL);
VMB_GUEST_CHAN_RING(write_avail, true, VMB_GUEST_RING_WRITE_AVAIL);
VMB_GUEST_CHAN_COUNT(interrupts, atomic64_read(&ch->stats.interrupts));
VMB_GUEST_CHAN_COUNT(events, atomic64_read(&ch->stats.events));
VMB_GUEST_CHAN_COUNT(intr_in_full, atomic64_read(&ch->stats.intr_in_full));
VMB_GUEST_CHAN_COUNT(intr_out_empty, atomic64_read(&ch->stats.intr_out_empty));
VMB_GUEST_CHAN_COUNT(out_full_first, READ_ONCE(ch->stats.out_full_first));
VMB_GUEST_CHAN_COUNT(out_full_total, READ_ONCE(ch->stats.out_full_total));
VMB_GUEST_CHAN_COUNT(subchannel_id, ch->pub.index);

static ssize_t chan_cpu_show(struct vmb_guest_chan *ch, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(ch->pub.cpu));
}

static ssize_t chan_cpu_store(struct vmb_guest_chan *ch, const char *buf, size_t count)
{
	unsigned int cpu;
	int ret;

	ret = kstrtouint(buf, 0, &cpu);
	if (!ret)
		ret = vmb_guest_set_cpu(&ch->pub, cpu);
	return ret ?: count;
}
VMB_GUEST_CHAN_ATTR(cpu, 0644, chan_cpu_show, chan_cpu_store);

static struct attribute *vmb_guest_chan_attrs[] = {
	&chan_attr_out_mask.attr,
	&chan_attr_in_mask.attr,
	&chan_attr_read_avail.attr,
	&chan_attr_write_avail.attr,
	&chan_attr_cpu.attr,
	&chan_attr_interrupts.attr,
	&chan_attr_events.attr,
	&chan_attr_intr_in_full.attr,
	&chan_attr_intr_out_empty.attr,
	&chan_attr_out_full_first.attr,
	&chan_attr_out_full_total.attr,
	&chan_attr_subchannel_id.attr,
	NULL,
};
ATTRIBUTE_GROUPS(vmb_guest_chan);

static ssize_t vmb_guest_chan_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	struct vmb_guest_chan_attribute *a =
		container_of(attr, struct vmb_guest_chan_attribute, attr);

	return a->show(container_of(kobj, struct vmb_guest_chan, kobj), buf);
}

static ssize_t vmb_guest_chan_store(struct kobject *kobj, struct attribute *attr,
				    const char *buf, size_t count)
{
	struct vmb_guest_chan_attribute *a =
		container_of(attr, struct vmb_guest_chan_attribute, attr);

	if (!a->store)
		return -EIO;
	return a->store(container_of(kobj, struct vmb_guest_chan, kobj), buf, count);
}

static const struct sysfs_ops vmb_guest_chan_sysfs_ops = {
	.show = vmb_guest_chan_show,
	.store = vmb_guest_chan_store,
};

static void vmb_guest_chan_release(struct kobject *kobj)
{
	struct vmb_guest_chan *ch = container_of(kobj, struct vmb_guest_chan, kobj);

	if (ch->pub.dev)
		put_device(&ch->pub.dev->dev);
	/* interrupts look it up in a read section */
	kfree_rcu(ch, rcu);
}

const struct kobj_type vmb_guest_chan_ktype = {
	.release	= vmb_guest_chan_release,
	.sysfs_ops	= &vmb_guest_chan_sysfs_ops,
	.default_groups	= vmb_guest_chan_groups,
};
