/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interface between vmb_host and virtualization service providers (VSPs).
 *
 * A VSP is a module that registers one &struct vmb_host_driver per kind of
 * device it serves. An administrator makes a device with
 *
 *	mkdir /sys/kernel/config/vmb/<partition>/<driver>.<name>
 *
 * which calls &vmb_host_driver.make; the VSP embeds &struct vmb_host_device in
 * its own structure and, when the device is ready, offers it to the guest with
 * vmb_host_device_offer(). The guest opens the device's primary channel, and
 * any sub-channels the VSP agreed to with vmb_host_device_subchannels().
 *
 * For an open channel the core calls &vmb_host_driver.poll in process context
 * with the virtual machine's address space whenever the guest has signalled:
 * in the very vCPU thread that signalled, as long as that keeps to its budget,
 * else in the channel's worker thread. Calls for one channel never overlap.
 * A poll takes packets with vmb_host_next() and may sleep, but delays the vCPU
 * while it does: &vmb_channel.vcpu tells whether there is one to delay.
 *
 * Every packet that asks for a completion is answered with vmb_host_complete(),
 * from any context, hard interrupts included. When the ring to the guest is
 * full, the core keeps completions and sends them as space appears.
 *
 * A service whose packets lie in a buffer that guest and host share maps the
 * buffer with vmb_host_buffer_map() and names parts of it with
 * vmb_host_send_xfer(), which any context can call, several times for one
 * interrupt. When that finds no room it is told of it by &vmb_host_driver.room.
 *
 * Before &vmb_host_driver.close returns, each packet that was taken must have
 * been completed, and each buffer unmapped. The core discards completions of a
 * channel that is closing.
 */
#ifndef VMB_HOST_H
#define VMB_HOST_H

#include <linux/configfs.h>
#include <linux/list.h>
#include <linux/percpu-refcount.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <linux/uuid.h>
#include <vmb/proto/bus.h>
#include <vmb/ring.h>

struct module;
struct vmb_host_driver;
struct vmb_partition;

/* most channels one device can have, the primary one included */
#define VMB_HOST_MAX_CHANNELS	64

/* largest packet a channel takes from the guest, descriptor included */
#define VMB_HOST_MAX_PACKET	(32U << 10)

/* in a file of counters: what would end a value, and the escape itself */
#define VMB_HOST_COUNTERS_ESCAPE	" \t\n\\"

/**
 * struct vmb_host_device - a device a partition's guest can be offered
 * @group: its directory in configfs; the VSP initialises it with its own
 *	item type before &vmb_host_driver.make returns; its release frees the
 *	structure
 * @driver: set by the core before &vmb_host_driver.make is called for it
 * @partition: set by the core, valid while the directory exists
 * @instance_id: which device; the VSP may change it while not offered
 * @offer_flags: %VMB_OFFER_ENUMERATE_DEVICE_INTERFACE and friends
 * @user: offer data that the device class defines; its first 4 bytes are the
 *	pipe mode where @offer_flags say so
 * @priv: the core's
 */
struct vmb_host_device {
	struct config_group group;
	const struct vmb_host_driver *driver;
	struct vmb_partition *partition;
	guid_t instance_id;
	u16 offer_flags;
	u8 user[VMB_OFFER_USER_BYTES];
	void *priv;
};

/**
 * struct vmb_channel - an open channel, as a VSP sees it
 * @dev: the device
 * @index: 0 for the primary channel, else the sub-channel index
 * @relid: its number in messages, in the log and in traces
 * @version: the negotiated VMBus version, VMB_VERSION()
 * @node: memory that its packets need belongs there: that of the CPU of the VP
 *	that took its interrupts when it was opened
 * @drv: for the VSP; NULL when &vmb_host_driver.open is called
 * @vcpu: within &vmb_host_driver.poll: the thread is a vCPU's, and its guest
 *	stands still until the poll returns
 * @patient: the VSP's, who may change it at any time: nobody waits for what the guest
 *	sends, so it is left to the worker, and more of it gathers until that runs
 *
 * The core embeds this in a structure of its own. The VSP may use it from
 * &vmb_host_driver.open until &vmb_host_driver.close returns.
 */
struct vmb_channel {
	struct vmb_host_device *dev;
	u16 index;
	u32 relid;
	u32 version;
	int node;
	void *drv;
	bool vcpu;
	bool patient;
};

/**
 * struct vmb_completion - an answer on its way to the guest
 * @list: the core's
 * @trans_id: of the packet that is answered
 * @data: payload; must stay until @done is called
 * @len: bytes of payload, at most %VMB_HOST_MAX_COMPLETION
 * @done: called once, when the answer is in the ring or was discarded since the
 *	channel closes; in the context of vmb_host_complete() or of a later poll,
 *	maybe with interrupts off and a spinlock held: must not sleep and must
 *	not call back into the core. May free the structure.
 */
struct vmb_completion {
	struct list_head list;
	u64 trans_id;
	const void *data;
	u32 len;
	void (*done)(struct vmb_completion *c);
};

#define VMB_HOST_MAX_COMPLETION	256U

/**
 * struct vmb_host_pin - guest memory that is pinned whether there is I/O or not
 * @ref: each I/O has one
 */
struct vmb_host_pin {
	struct percpu_ref ref;
};

/**
 * struct vmb_host_buffer - memory that the guest shares for as long as a channel
 *	is open
 * @addr: the mapping; what is in it changes under its reader
 * @len: bytes
 * @pages: the core's, as is all below
 * @nr_pages: how many
 * @gpadl: the guest's description
 */
struct vmb_host_buffer {
	void *addr;
	u32 len;
	struct page **pages;
	unsigned int nr_pages;
	void *gpadl;
};

/* parts of a buffer that a packet names */
#define VMB_HOST_MAX_RANGES	40

/**
 * struct vmb_host_range - a part of a buffer
 * @offset: of the part, from the start of the buffer
 * @len: bytes of the part
 */
struct vmb_host_range {
	u32 offset;
	u32 len;
};

/**
 * struct vmb_host_xfer - a packet that names parts of a buffer
 * @trans_id: the guest's completion brings it back
 * @pageset_id: which buffer, as the device class numbers them
 * @nr_ranges: in @range, 1 to %VMB_HOST_MAX_RANGES
 * @range: the parts; copied
 * @data: payload; copied
 * @data_len: bytes of it, at most %VMB_HOST_MAX_COMPLETION
 */
struct vmb_host_xfer {
	u64 trans_id;
	u16 pageset_id;
	u32 nr_ranges;
	const struct vmb_host_range *range;
	const void *data;
	u32 data_len;
};

/**
 * struct vmb_host_driver - a kind of device
 * @name: the part before the dot in configfs; letters and digits
 * @owner: pinned while a device exists
 * @class_id: offered to the guest
 * @make: a directory is being made: allocate and initialise a device. @name is
 *	the part after the dot. May sleep. Returns it or an ERR_PTR().
 * @drop: the directory is being removed: the core has withdrawn the offer and
 *	closed all channels; release the reference that @make gave. May sleep.
 * @open: the guest opens a channel. Process context of the VMM, may sleep.
 *	@user is what the guest sent along, %VMB_OFFER_USER_BYTES. Returns 0 or a
 *	negative errno, which refuses the open.
 * @close: the channel goes away, by the guest's wish or otherwise. Wait until
 *	all packets taken are completed. May sleep; any process context.
 * @busy: optional: are there packets that were taken and not answered? Process
 *	context, no poll runs.
 * @leave: optional: an offered device is about to be taken away: tell the guest, as
 *	far as the protocol can, not to begin anything any more. May sleep; none of
 *	the core's locks is held.
 * @poll: take and start at most @budget packets. Process context with the
 *	VMM's address space. Returns how many were taken: @budget means there may
 *	be more.
 * @room: needed by who calls vmb_host_send_xfer(), by nobody else: there may be
 *	room for the packet for which that found none. Any context, interrupts may be off; must
 *	not sleep and must not call back into the core.
 */
struct vmb_host_driver {
	const char *name;
	struct module *owner;
	guid_t class_id;
	struct vmb_host_device *(*make)(struct vmb_partition *partition,
					const char *name);
	void (*drop)(struct vmb_host_device *dev);
	int (*open)(struct vmb_channel *ch, const u8 *user);
	void (*close)(struct vmb_channel *ch);
	bool (*busy)(struct vmb_channel *ch);
	void (*leave)(struct vmb_host_device *dev);
	int (*poll)(struct vmb_channel *ch, int budget);
	void (*room)(struct vmb_channel *ch);
};

int vmb_host_driver_register(const struct vmb_host_driver *drv);
void vmb_host_driver_unregister(const struct vmb_host_driver *drv);

int vmb_host_device_offer(struct vmb_host_device *dev);
void vmb_host_device_withdraw(struct vmb_host_device *dev);
int vmb_host_device_subchannels(struct vmb_host_device *dev, u16 count);
u16 vmb_host_device_vps(struct vmb_host_device *dev);
const char *vmb_host_device_name(const struct vmb_host_device *dev);
const char *vmb_host_partition_name(const struct vmb_partition *partition);
int vmb_host_memory_node(const void * const *mem, unsigned int nr);

int vmb_host_next(struct vmb_channel *ch, struct vmb_packet *pkt);
ssize_t vmb_host_iter(struct vmb_channel *ch, const struct vmb_packet *pkt,
		      struct iovec *iov, unsigned int max, bool write,
		      struct iov_iter *iter);
ssize_t vmb_host_iter_pinned(struct vmb_channel *ch, const struct vmb_packet *pkt,
			     struct bio_vec *bvec, unsigned int max, bool write,
			     struct iov_iter *iter, struct vmb_host_pin **pin);
void vmb_host_complete(struct vmb_channel *ch, struct vmb_completion *c);
int vmb_host_send(struct vmb_channel *ch, u64 trans_id, const void *data,
		  u32 len);
int vmb_host_send_xfer(struct vmb_channel *ch, const struct vmb_host_xfer *xfer,
		       bool more);
void vmb_host_publish(struct vmb_channel *ch);
void vmb_host_kick(struct vmb_channel *ch);
int vmb_host_buffer_map(struct vmb_channel *ch, u32 handle,
			struct vmb_host_buffer *buf);
void vmb_host_buffer_unmap(struct vmb_channel *ch, struct vmb_host_buffer *buf);

/**
 * vmb_host_pin_put - I/O in pinned memory has ended
 * @pin: from vmb_host_iter_pinned()
 *
 * Context: any, hard interrupts included.
 */
static inline void vmb_host_pin_put(struct vmb_host_pin *pin)
{
	percpu_ref_put(&pin->ref);
}

#endif /* VMB_HOST_H */
