/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interface between vmb_guest and the drivers of synthetic devices (VSCs).
 *
 * A driver registers one &struct vmb_guest_driver with the class ids that it
 * serves. When the host offers such a device, &vmb_guest_driver.probe is called
 * with it. The device has one primary channel, which probe opens with
 * vmb_guest_open(); what the driver has the host offer besides, as part of its
 * own protocol, comes to &vmb_guest_driver.sub_channel.
 *
 * Sending: a packet is put into the ring with vmb_guest_put(), and everything
 * put so far is shown to the host, and the host signalled if the rules of the
 * ring say so, with vmb_guest_publish(). vmb_guest_send() is both. When there is
 * no room they return -EAGAIN, and &vmb_guest_ops.room is called when there is.
 * Data is not copied: a GPA-direct packet names pages by their frame numbers,
 * see &struct vmb_guest_gpa. Who publishes several times in a short while has one
 * signal for all of it between vmb_guest_hold() and vmb_guest_unhold().
 *
 * Receiving: packets are copied to private memory, checked, and handed to
 * &vmb_guest_ops.receive one by one, in a batch that ends with
 * &vmb_guest_ops.batch_end. While a batch is taken the host does not signal.
 * Where that happens is chosen when the channel is opened, see &enum
 * vmb_guest_mode. Batches of one channel never overlap. Who publishes with
 * vmb_guest_publish_poll() may find that his packets have been answered when it
 * returns, without an interrupt.
 *
 * The host is not trusted. A length, an offset or a range inside of a packet
 * has been checked against that packet. What it means has not: whether a
 * transaction id is one that the driver gave out, and whether a payload is as
 * long as the driver's structure, is for the driver to check.
 */
#ifndef VMB_GUEST_H
#define VMB_GUEST_H

#include <linux/device.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <linux/uuid.h>
#include <vmb/proto/bus.h>
#include <vmb/proto/ring.h>
#include <vmb/ring.h>

struct vmb_guest_bus;
struct vmb_guest_channel;
struct vmb_guest_device;

/* any CPU: the bus chooses one, each time another */
#define VMB_GUEST_CPU_ANY	(-1)

/* pages of the largest GPADL: what its message's 16-bit length can say */
#define VMB_GUEST_GPADL_MAX_PAGES	8190U

/**
 * struct vmb_guest_device - a device that the host offers
 * @dev: the driver may use its drvdata; its parent is the platform's device
 * @bus: its bus
 * @primary: its primary channel; valid from probe until remove returns
 * @class_id: what kind of device
 * @instance_id: which device; the same after a reconnect
 * @version: the bus's negotiated version, VMB_VERSION()
 * @offer_flags: %VMB_OFFER_ENUMERATE_DEVICE_INTERFACE and friends
 * @mmio_megabytes: MMIO space the device wants, MiB, as the host says
 * @user: data of the offer, which the class defines; unchecked
 *
 * All but @dev is the core's, and read only for drivers.
 */
struct vmb_guest_device {
	struct device dev;
	struct vmb_guest_bus *bus;
	struct vmb_guest_channel *primary;
	guid_t class_id;
	guid_t instance_id;
	u32 version;
	u16 offer_flags;
	u16 mmio_megabytes;
	u8 user[VMB_OFFER_USER_BYTES];
};

static inline struct vmb_guest_device *vmb_guest_device_of(struct device *dev)
{
	return container_of(dev, struct vmb_guest_device, dev);
}

/**
 * struct vmb_guest_channel - a channel, as a driver sees it
 * @dev: the device
 * @index: 0 for the primary channel, else the sub-channel index
 * @relid: the channel's id, for messages to people
 * @cpu: takes its interrupts; changes only before &vmb_guest_ops.moved
 * @drv: for the driver, who sets it before vmb_guest_open()
 *
 * A primary channel is valid as long as its device is bound to the driver, a
 * sub-channel from &vmb_guest_driver.sub_channel until &vmb_guest_ops.rescind
 * of it, or remove, returns; an open one until vmb_guest_close() returns.
 */
struct vmb_guest_channel {
	struct vmb_guest_device *dev;
	u16 index;
	u32 relid;
	unsigned int cpu;
	void *drv;
};

/**
 * struct vmb_guest_ops - what is called for an open channel
 * @receive: one packet. It and all its pointers are private memory and valid
 *	until this returns. Context: as the channel's &enum vmb_guest_mode says.
 * @batch_end: after the last packet of a batch, for what is worth doing once.
 *	The host gets the space of its packets back after that, but that of each
 *	quarter of the ring earlier. Optional. Same context.
 * @room: there is room for the packet that did not fit. Called once for each
 *	time that vmb_guest_put() or vmb_guest_send() returned -EAGAIN, or once
 *	for several; maybe before they have returned. Must not sleep; interrupts
 *	may be off. May send. Optional.
 * @event: the host has signalled a channel of mode %VMB_GUEST_POLLED that was
 *	armed. Hard interrupt. Optional, and not called in other modes.
 * @moved: interrupts have gone from the CPU @old to &vmb_guest_channel.cpu.
 *	Process context, with locks of the core held: must not open, close or
 *	move a channel. Optional.
 * @broken: the host broke a ring. Nothing is received or sent any more until
 *	the channel is closed and opened again. Called once, must not sleep;
 *	interrupts may be off. Optional.
 * @rescind: the host takes the channel away and answers nothing any more. End
 *	everything that waits for it, so that nobody waits in vain. Called once,
 *	after vmb_guest_open() succeeded, in process context, at once: while probe,
 *	which has to fail then, or any other callback may be running, with the lock
 *	of the channel's life held: must not open or close this channel. For a
 *	primary channel remove follows, where it is closed; a sub-channel is closed
 *	by the core when this returns. Optional.
 */
struct vmb_guest_ops {
	void (*receive)(struct vmb_guest_channel *ch,
			const struct vmb_packet *pkt);
	void (*batch_end)(struct vmb_guest_channel *ch);
	void (*room)(struct vmb_guest_channel *ch);
	void (*event)(struct vmb_guest_channel *ch);
	void (*moved)(struct vmb_guest_channel *ch, unsigned int old);
	void (*broken)(struct vmb_guest_channel *ch);
	void (*rescind)(struct vmb_guest_channel *ch);
};

/**
 * enum vmb_guest_mode - where a channel's packets are received
 * @VMB_GUEST_BH: in a bottom half (softirq) of the CPU that took the interrupt
 * @VMB_GUEST_ISR: in the hard interrupt itself, as far as a budget of 64
 *	packets goes, then in a bottom half. For receivers that are short.
 * @VMB_GUEST_POLLED: where the driver calls vmb_guest_poll(). The host does not
 *	signal unless the driver has called vmb_guest_arm().
 */
enum vmb_guest_mode {
	VMB_GUEST_BH,
	VMB_GUEST_ISR,
	VMB_GUEST_POLLED,
};

/**
 * struct vmb_guest_open_args - how to open a channel
 * @ops: what to call; must stay until the channel is closed
 * @mode: where packets are received
 * @out_size: bytes of data of the ring to the host, without its header: a
 *	multiple of %VMB_PAGE_SIZE in %VMB_RING_MIN_DATA to %VMB_RING_MAX_DATA
 * @in_size: likewise of the ring from the host
 * @max_packet: bytes of the largest packet that is taken from the host,
 *	descriptor included; a longer one breaks the channel
 * @cpu: takes the interrupts, or %VMB_GUEST_CPU_ANY; when it is not there the
 *	bus takes another
 * @user: data for the service, which the class defines, or NULL
 * @user_len: bytes of @user, at most %VMB_OFFER_USER_BYTES; zeroes follow
 */
struct vmb_guest_open_args {
	const struct vmb_guest_ops *ops;
	enum vmb_guest_mode mode;
	u32 out_size;
	u32 in_size;
	u32 max_packet;
	int cpu;
	const void *user;
	u32 user_len;
};

/**
 * struct vmb_guest_driver - a driver of devices of some classes
 * @name: of the driver, as in /sys/bus/vmbus/drivers
 * @id_table: classes, ended by one of zeroes; give it to
 *	MODULE_DEVICE_TABLE(vmbus, ...) as well
 * @probe: a device has come. May sleep, may open the primary channel and wait
 *	for answers. @id is the entry that matched, one of zeroes when the
 *	administrator forced this driver on the device. Returns 0 or a negative
 *	errno.
 * @remove: the device goes, or the driver. Close all channels. May sleep.
 * @sub_channel: the host has offered a sub-channel. Called after probe has
 *	returned, in process context with the device's lock held, so probe must not
 *	wait for it. Open it here, or forget it: one that is not open may go at any
 *	time. Optional.
 * @shutdown: the machine goes down or another kernel is about to be started:
 *	stop sending. May sleep. Optional.
 * @suspend: the machine is about to sleep: end all I/O and close all channels.
 *	Sub-channels are gone when this returns. May sleep; no device interrupts
 *	but those of the bus. Without it the machine does not sleep.
 * @resume: the device is back, with its primary channel to be opened again.
 * @driver: the core's
 */
struct vmb_guest_driver {
	const char *name;
	const struct hv_vmbus_device_id *id_table;
	int (*probe)(struct vmb_guest_device *dev,
		     const struct hv_vmbus_device_id *id);
	void (*remove)(struct vmb_guest_device *dev);
	void (*sub_channel)(struct vmb_guest_channel *ch);
	void (*shutdown)(struct vmb_guest_device *dev);
	int (*suspend)(struct vmb_guest_device *dev);
	int (*resume)(struct vmb_guest_device *dev);
	struct device_driver driver;
};

int __vmb_guest_driver_register(struct vmb_guest_driver *drv,
				struct module *owner, const char *mod_name);
void vmb_guest_driver_unregister(struct vmb_guest_driver *drv);

#define vmb_guest_driver_register(drv) \
	__vmb_guest_driver_register(drv, THIS_MODULE, KBUILD_MODNAME)

#define module_vmb_guest_driver(drv) \
	module_driver(drv, vmb_guest_driver_register, vmb_guest_driver_unregister)

/* Channels: channel.c */
int vmb_guest_open(struct vmb_guest_channel *ch,
		   const struct vmb_guest_open_args *args);
void vmb_guest_close(struct vmb_guest_channel *ch);
int vmb_guest_set_cpu(struct vmb_guest_channel *ch, unsigned int cpu);

/**
 * struct vmb_guest_gpadl - memory that the host knows by a handle
 * @handle: for packets that refer to it; 0 when there is none
 */
struct vmb_guest_gpadl {
	u32 handle;
};

/* Shared memory: gpadl.c */
int vmb_guest_gpadl_create(struct vmb_guest_channel *ch, struct page **pages,
			   unsigned int nr, struct vmb_guest_gpadl *gpadl);
int vmb_guest_gpadl_teardown(struct vmb_guest_channel *ch,
			     struct vmb_guest_gpadl *gpadl);
u64 vmb_guest_pfn(const struct vmb_guest_device *dev, struct page *page);

/**
 * struct vmb_guest_gpa - the pages that a GPA-direct packet names
 * @buf: the list in wire format, in the driver's memory
 * @size: bytes of @buf
 * @len: bytes used
 *
 * Set up by vmb_guest_gpa_init(), filled by vmb_guest_gpa_add(). It is copied
 * into the ring as it is, so a driver can keep it from one request to the next.
 */
struct vmb_guest_gpa {
	void *buf;
	u32 size;
	u32 len;
};

/* VMB_GUEST_GPA_BYTES - size of a list of that many ranges and pages in all */
#define VMB_GUEST_GPA_BYTES(ranges, pages) (8 + 8 * (ranges) + 8 * (pages))

/**
 * vmb_guest_gpa_init() - begin a list of pages
 * @gpa: set up
 * @buf: memory for it, aligned to 8 bytes
 * @size: bytes of @buf, VMB_GUEST_GPA_BYTES() of what it is to hold
 *
 * Context: any.
 */
static inline void vmb_guest_gpa_init(struct vmb_guest_gpa *gpa, void *buf,
				      u32 size)
{
	memset(buf, 0, 8);
	gpa->buf = buf;
	gpa->size = size;
	gpa->len = 8;
}

/**
 * vmb_guest_gpa_add() - add a range to a list of pages
 * @gpa: the list
 * @offset: bytes into the first page, below %VMB_PAGE_SIZE
 * @len: bytes of the range, not 0
 *
 * Context: any.
 * Return: where to put the range's page frame numbers, which are those of
 * vmb_guest_pfn() in little endian, one for each page that it touches; NULL
 * when @offset or @len is no good or the list is full.
 */
static inline __le64 *vmb_guest_gpa_add(struct vmb_guest_gpa *gpa, u32 offset,
					u32 len)
{
	u64 pages = ((u64)offset + len + VMB_PAGE_SIZE - 1) >> VMB_PAGE_SHIFT;
	struct vmb_wire_gpa_range *range = gpa->buf + gpa->len;
	u64 bytes = sizeof(*range) + pages * sizeof(__le64);

	if (!len || offset >= VMB_PAGE_SIZE || bytes > gpa->size - gpa->len)
		return NULL;
	range->byte_count = cpu_to_le32(len);
	range->byte_offset = cpu_to_le32(offset);
	le32_add_cpu((__le32 *)gpa->buf + 1, 1);
	gpa->len += bytes;
	return range->pfn;
}

/**
 * struct vmb_guest_packet - a packet to the host
 * @type: %VMB_PKT_INBAND, %VMB_PKT_GPA_DIRECT or %VMB_PKT_COMPLETION
 * @flags: %VMB_PKT_COMPLETION_REQUESTED or 0
 * @trans_id: returned in the completion
 * @gpa: pages, for %VMB_PKT_GPA_DIRECT only, else NULL
 * @body: payload; copied
 */
struct vmb_guest_packet {
	u16 type;
	u16 flags;
	u64 trans_id;
	const struct vmb_guest_gpa *gpa;
	struct kvec body;
};

/* Data: datapath.c */
int vmb_guest_put(struct vmb_guest_channel *ch,
		  const struct vmb_guest_packet *pkt);
void vmb_guest_publish(struct vmb_guest_channel *ch);
bool vmb_guest_hold(struct vmb_guest_channel *ch);
void vmb_guest_unhold(struct vmb_guest_channel *ch, bool lazy);
void vmb_guest_publish_poll(struct vmb_guest_channel *ch);
int vmb_guest_send(struct vmb_guest_channel *ch,
		   const struct vmb_guest_packet *pkt);
int vmb_guest_poll(struct vmb_guest_channel *ch, int budget);
bool vmb_guest_arm(struct vmb_guest_channel *ch);

#endif /* VMB_GUEST_H */
