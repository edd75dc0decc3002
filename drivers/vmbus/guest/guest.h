/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmb_guest internals.
 *
 * Objects: a platform has one bus. A bus is a connection to a host, and what
 * came over it: channels, by relid, and the devices that the primary ones stand
 * for. A channel exists from its offer until its id is released or the bus goes;
 * over a sleep of the machine a primary one lives on without an id.
 *
 * Locks, outermost first (Documentation/locking.rst has the whole picture):
 *	device_lock()		a driver's probe, remove, sub_channel
 *	vmb_guest_chan.lock	open, close, move; held while the host answers
 *	vmb_guest_bus.lock	connection state, CPUs, lists of sub-channels
 *	vmb_guest_bus.dev_lock	list of devices, driver_override
 *	vmb_guest_chan.out_lock	producer end of the ring to the host; hard irqs
 *	vmb_guest_bus.msg_lock	who waits for which message; hard irqs
 */
#ifndef VMB_GUEST_INTERNAL_H
#define VMB_GUEST_INTERNAL_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/suspend.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <vmb/guest.h>
#include <vmb/guest_platform.h>

struct dentry;
struct seq_file;

/* What the host can make us keep */
#define VMB_GUEST_MAX_RELIDS	VMB_EVENT_FLAGS
#define VMB_GUEST_QUEUE		64U

#define VMB_GUEST_TIMEOUT_MS	10000U
/* a host may write back what it has cached before it answers UNLOAD */
#define VMB_GUEST_UNLOAD_FACTOR	6U

static_assert(PAGE_SIZE == VMB_PAGE_SIZE);
static_assert(VMB_SINT_COUNT * sizeof(struct vmb_hv_message) == VMB_PAGE_SIZE);

/* Messages from the host: message.c */

/**
 * struct vmb_guest_message - private copy of a message
 * @len: bytes used in @payload
 * @payload: the channel message; zeroes follow
 */
struct vmb_guest_message {
	u32 len;
	u8 payload[VMB_MSG_PAYLOAD_MAX] __aligned(8);
};

/**
 * struct vmb_guest_wait - somebody waits for an answer
 * @list: place in &vmb_guest_bus.waits
 * @type: of the answer
 * @relid: channel that it is about, or 0
 * @id: GPADL handle or open id in it, or 0
 * @done: it has come, or never will
 * @err: 0 or what &vmb_guest_wait_end returns
 * @msg: the answer
 */
struct vmb_guest_wait {
	struct list_head list;
	u32 type;
	u32 relid;
	u32 id;
	struct completion done;
	int err;
	struct vmb_guest_message msg;
};

void vmb_guest_wait_begin(struct vmb_guest_bus *bus, struct vmb_guest_wait *w,
			  u32 type, u32 relid, u32 id);
int vmb_guest_wait_end(struct vmb_guest_bus *bus, struct vmb_guest_wait *w,
		       unsigned int factor);
void vmb_guest_wait_cancel(struct vmb_guest_bus *bus, struct vmb_guest_wait *w);
void vmb_guest_wait_fail(struct vmb_guest_bus *bus, u32 relid, int err);
void vmb_guest_message_take(struct vmb_guest_bus *bus, struct vmb_hv_message *slot);
bool vmb_guest_message_poll(struct vmb_guest_bus *bus, struct vmb_hv_message *slot,
			    u32 type);
void vmb_guest_message_work(struct work_struct *work);
const char *vmb_guest_message_name(u32 type);

/* The connection: conn.c */

enum vmb_guest_state {
	VMB_GUEST_DISCONNECTED,
	VMB_GUEST_CONNECTED,
	VMB_GUEST_CRASHED,
};

int vmb_guest_post(struct vmb_guest_bus *bus, const void *msg, u32 len);
int vmb_guest_conn_negotiate(struct vmb_guest_bus *bus);
int vmb_guest_conn_request_offers(struct vmb_guest_bus *bus);
void vmb_guest_conn_unload(struct vmb_guest_bus *bus);

static inline struct vmb_msg_header vmb_guest_header(u32 type)
{
	return (struct vmb_msg_header){ .type = cpu_to_le32(type) };
}

/**
 * struct vmb_guest_percpu - a CPU of a bus
 * @synic: its pages
 * @interrupts: taken
 * @messages: taken
 */
struct vmb_guest_percpu {
	struct vmb_guest_synic synic;
	u64 interrupts;
	u64 messages;
};

/**
 * struct vmb_guest_bus - a connection to a host
 * @pf: the platform; outlives the bus
 * @cpuhp: place among the instances of the hotplug state
 * @started: it has that place, and the SynIC of its CPUs is enabled
 * @cpu: struct vmb_guest_percpu for each possible CPU
 * @lock: protects what is listed up to @next_cpu
 * @state: &enum vmb_guest_state; read without the lock as well
 * @version: negotiated
 * @msg_conn_id: for messages to the host
 * @msg_cpu: takes messages from the host; stays online while connected
 * @cpus: whose SynIC is enabled
 * @next_cpu: the last that %VMB_GUEST_CPU_ANY meant
 * @int_page: shared interrupt page, named below version 5.0; not used
 * @monitor: monitor pages, named to the host; not used
 * @next_gpadl: the last handle given to a GPADL
 * @next_open: the last open id
 * @chans: struct vmb_guest_chan by relid; RCU for readers
 * @dev_lock: protects @devices and &vmb_guest_dev.driver_override
 * @devices: struct vmb_guest_dev
 * @msg_lock: protects @waits, @queue, @queue_head, @queue_len, @stalled
 * @waits: struct vmb_guest_wait
 * @queue: messages for @msg_work
 * @queue_head: the oldest
 * @queue_len: how many
 * @stalled: one more has been left in its slot
 * @msg_work: handles @queue on @msg_cpu
 * @msg_wq: for @msg_work, which must not wait for the works of channels
 * @tell_wq: for &vmb_guest_chan.tell, which has to go on without memory
 * @chan_wq: for &vmb_guest_chan.work
 * @wake_work: takes away what has not come back from a sleep
 * @nr_offers: that made a channel; the work of messages only
 * @left: waits for a channel or device to be gone, as its successor is there
 * @offers_done: the host has made all its offers
 * @ignore: offers and rescinds are not looked at any more
 * @unloaded: the host has answered an UNLOAD that nobody waited for in order
 * @nr_bad: messages refused
 * @debugfs: its directory
 */
struct vmb_guest_bus {
	struct vmb_guest_platform *pf;
	struct hlist_node cpuhp;
	bool started;
	struct vmb_guest_percpu __percpu *cpu;

	/* connection state, CPUs, lists of sub-channels */
	struct mutex lock;
	enum vmb_guest_state state;
	u32 version;
	u32 msg_conn_id;
	unsigned int msg_cpu;
	cpumask_var_t cpus;
	unsigned int next_cpu;
	void *int_page;
	void *monitor[2];

	atomic_t next_gpadl;
	atomic_t next_open;
	struct xarray chans;
	/* @devices, &vmb_guest_dev.driver_override */
	spinlock_t dev_lock;
	struct list_head devices;

	/* @waits, @queue, @queue_head, @queue_len, @stalled */
	spinlock_t msg_lock;
	struct list_head waits;
	struct vmb_guest_message queue[VMB_GUEST_QUEUE];
	unsigned int queue_head;
	unsigned int queue_len;
	bool stalled;
	struct work_struct msg_work;
	struct workqueue_struct *msg_wq;
	struct workqueue_struct *tell_wq;
	struct workqueue_struct *chan_wq;
	struct work_struct wake_work;
	u64 nr_offers;
	wait_queue_head_t left;
	struct completion offers_done;
	bool ignore;
	bool unloaded;
	atomic64_t nr_bad;
	struct dentry *debugfs;
};

static inline bool vmb_guest_bus_connected(const struct vmb_guest_bus *bus)
{
	return READ_ONCE(bus->state) == VMB_GUEST_CONNECTED;
}

/* Until the works of channels have done what they were told to do. */
static inline void vmb_guest_chan_flush(struct vmb_guest_bus *bus)
{
	flush_workqueue(bus->tell_wq);
	flush_workqueue(bus->chan_wq);
}

/* CPUs: cpu.c */
int vmb_guest_cpu_init(void);
void vmb_guest_cpu_exit(void);
int vmb_guest_cpu_alloc(struct vmb_guest_bus *bus);
void vmb_guest_cpu_free(struct vmb_guest_bus *bus);
int vmb_guest_cpu_start(struct vmb_guest_bus *bus);
void vmb_guest_cpu_stop(struct vmb_guest_bus *bus);
unsigned int vmb_guest_cpu_choose(struct vmb_guest_bus *bus, int wanted);
int vmb_guest_cpu_offline(struct vmb_guest_bus *bus, unsigned int cpu);

/* Channels: channel.c, and their data: datapath.c */

enum vmb_guest_chan_state {
	VMB_GUEST_CHAN_OFFERED,
	VMB_GUEST_CHAN_OPEN,
};

/* vmb_guest_chan.sched */
#define VMB_GUEST_KICKED	0x1
#define VMB_GUEST_RUNNING	0x2
#define VMB_GUEST_CLOSED	0x4

/* packets taken in a hard interrupt, and at once in a bottom half */
#define VMB_GUEST_BUDGET_ISR	64
#define VMB_GUEST_BUDGET_BH	256
/* signals after which nobody looks for answers, when there were none before: 2^n - 1 */
#define VMB_GUEST_POLL_SKIP_MAX	63

/**
 * struct vmb_guest_stats - what a channel has done since it was offered
 * @interrupts: signals taken from the host
 * @events: signals sent to it
 * @intr_in_full: of these, for room that it waited for
 * @intr_out_empty: of these, for packets
 * @packets_in: packets received; by the holder of RUNNING
 * @packets_out: packets put; under the out_lock, as what follows
 * @out_full_first: packets that found the ring full while nobody waited
 * @out_full_total: packets that found it full
 */
struct vmb_guest_stats {
	atomic64_t interrupts;
	atomic64_t events;
	atomic64_t intr_in_full;
	atomic64_t intr_out_empty;
	u64 packets_in;
	u64 packets_out;
	u64 out_full_first;
	u64 out_full_total;
};

/**
 * struct vmb_guest_chan - a channel that the host has offered
 * @pub: what the driver sees
 * @kobj: its directory in sysfs, and its reference count
 * @rcu: frees it after interrupts that have found it
 * @bus: its bus
 * @work: makes the device known, tells the driver of it, takes it away again; has
 *	a reference while queued, as has @tell
 * @tell: tells the driver that it was rescinded
 * @sub_node: place in &vmb_guest_dev.subs; bus's lock
 * @connection_id: for HvSignalEvent
 * @serial: number of its offer
 * @added: @work has made it known
 * @gone: @work has taken it away
 * @rescinded: the host has taken it back; set once, before @work and @tell run
 * @lock: protects what follows, up to @mode
 * @state: &enum vmb_guest_chan_state
 * @told: the driver knows that it was rescinded
 * @pages: of both rings, header pages included
 * @nr_pages: how many
 * @node: that all of them are on, or NUMA_NO_NODE; for people
 * @gpadl: what the host knows them by
 * @out_map: mapping of the ring to the host
 * @in_map: mapping of the ring from the host
 * @ops: the driver's; valid while the data path runs
 * @mode: likewise
 * @sched: VMB_GUEST_KICKED and friends; who sets RUNNING owns what follows
 * @in: consumer end of the ring from the host
 * @in_buf: private copy of the packet being received
 * @in_max: bytes of @in_buf
 * @broken: the host broke a ring; cleared by open
 * @poll_skip: signals not to poll after; this and the next without a lock
 * @poll_misses: what @poll_skip was last time
 * @bh: receives
 * @out_lock: protects @out and what follows, up to @out_owed
 * @out: producer end of the ring to the host
 * @out_open: packets can be put
 * @out_want: bytes of room that somebody waits for, 0 for nobody
 * @out_held: signals for packets are put off
 * @out_pressing: somebody has published since
 * @out_owed: the host has been shown packets, and not signalled
 * @retry: for hosts that do not tell when they have made room
 * @stats: counters
 */
struct vmb_guest_chan {
	struct vmb_guest_channel pub;
	struct kobject kobj;
	struct rcu_head rcu;
	struct vmb_guest_bus *bus;
	struct work_struct work;
	struct work_struct tell;
	struct list_head sub_node;
	u32 connection_id;
	u64 serial;
	bool added;
	bool gone;
	bool rescinded;

	/* open, close, move */
	struct mutex lock;
	enum vmb_guest_chan_state state;
	bool told;
	struct page **pages;
	unsigned int nr_pages;
	int node;
	struct vmb_guest_gpadl gpadl;
	void *out_map;
	void *in_map;
	const struct vmb_guest_ops *ops;
	enum vmb_guest_mode mode;

	atomic_t sched ____cacheline_aligned_in_smp;
	struct vmb_ring in;
	void *in_buf;
	u32 in_max;
	bool broken;
	u8 poll_skip;
	u8 poll_misses;
	struct work_struct bh;

	/* producer end of the ring to the host */
	spinlock_t out_lock ____cacheline_aligned_in_smp;
	struct vmb_ring out;
	bool out_open;
	u32 out_want;
	bool out_held;
	bool out_pressing;
	bool out_owed;
	struct timer_list retry;

	struct vmb_guest_stats stats;
};

static inline struct vmb_guest_chan *vmb_guest_chan_of(struct vmb_guest_channel *pub)
{
	return container_of(pub, struct vmb_guest_chan, pub);
}

/* Interrupts get no more than this: no lock, and an id that is out of date. */
static inline bool vmb_guest_chan_rescinded(const struct vmb_guest_chan *ch)
{
	return READ_ONCE(ch->rescinded);
}

struct vmb_guest_chan *vmb_guest_chan_alloc(struct vmb_guest_bus *bus,
					    const struct vmb_msg_offer *offer);
void vmb_guest_chan_put(struct vmb_guest_chan *ch);
void vmb_guest_chan_close(struct vmb_guest_chan *ch);
int vmb_guest_chan_move(struct vmb_guest_chan *ch, unsigned int cpu);

void vmb_guest_chan_init_data(struct vmb_guest_chan *ch);
void vmb_guest_chan_start_data(struct vmb_guest_chan *ch);
void vmb_guest_chan_stop_data(struct vmb_guest_chan *ch);
void vmb_guest_chan_interrupt(struct vmb_guest_chan *ch);
void vmb_guest_chan_kick(struct vmb_guest_chan *ch);

/* Offers and rescinds: offer.c */
void vmb_guest_offer_handle(struct vmb_guest_bus *bus, const struct vmb_msg_offer *m);
void vmb_guest_rescind_handle(struct vmb_guest_bus *bus, u32 relid);
void vmb_guest_chan_work(struct work_struct *work);
void vmb_guest_chan_tell_work(struct work_struct *work);
void vmb_guest_offer_purge(struct vmb_guest_bus *bus);
void vmb_guest_offer_sleep(struct vmb_guest_bus *bus);
void vmb_guest_offer_wake(struct vmb_guest_bus *bus);
void vmb_guest_offer_wake_work(struct work_struct *work);

/* Shared memory: gpadl.c */
u64 vmb_guest_bus_pfn(const struct vmb_guest_bus *bus, struct page *page);

static inline u64 vmb_guest_bus_gpa(const struct vmb_guest_bus *bus, void *addr)
{
	return vmb_guest_bus_pfn(bus, virt_to_page(addr)) << VMB_PAGE_SHIFT;
}

/* Devices and drivers: device.c */

/**
 * struct vmb_guest_dev - the core's half of a device
 * @pub: the driver's half
 * @list: place in &vmb_guest_bus.devices
 * @channels: the directory of its channels
 * @subs: &vmb_guest_chan.sub_node; bus's lock
 * @ready: it has been added, or never will be
 * @driver_override: the only driver that may have it, or NULL; bus's dev_lock
 * @rcu: frees it after readers that have found one of its channels
 */
struct vmb_guest_dev {
	struct vmb_guest_device pub;
	struct list_head list;
	struct kset *channels;
	struct list_head subs;
	struct completion ready;
	const char *driver_override;
	struct rcu_head rcu;
};

static inline struct vmb_guest_dev *vmb_guest_dev_of(struct device *dev)
{
	return container_of(vmb_guest_device_of(dev), struct vmb_guest_dev, pub);
}

static inline struct vmb_guest_dev *vmb_guest_chan_dev(struct vmb_guest_chan *ch)
{
	return container_of(ch->pub.dev, struct vmb_guest_dev, pub);
}

static inline struct vmb_guest_driver *vmb_guest_driver_of(const struct device_driver *drv)
{
	return container_of(drv, struct vmb_guest_driver, driver);
}

int vmb_guest_device_init(const char *bus_name);
void vmb_guest_device_exit(void);
struct vmb_guest_dev *vmb_guest_dev_alloc(struct vmb_guest_bus *bus,
					  const struct vmb_msg_offer *offer);

/* sysfs.c */
extern const struct attribute_group *vmb_guest_dev_groups[];
extern const struct kobj_type vmb_guest_chan_ktype;

/* debugfs.c */
void vmb_guest_debugfs_init(void);
void vmb_guest_debugfs_exit(void);
void vmb_guest_debugfs_add(struct vmb_guest_bus *bus);
void vmb_guest_debugfs_remove(struct vmb_guest_bus *bus);

/* The real machine: x86.c, where there is one */
#ifdef VMB_GUEST_X86
#define VMB_GUEST_PLATFORM	"auto"
int vmb_guest_x86_init(u32 max_version);
void vmb_guest_x86_exit(void);
int vmb_guest_x86_check(void);
#else
#define VMB_GUEST_PLATFORM	"none"
static inline int vmb_guest_x86_init(u32 max_version)
{
	return 0;
}

static inline void vmb_guest_x86_exit(void)
{
}

static inline int vmb_guest_x86_check(void)
{
	pr_err("built for a kernel that does not know Hyper-V\n");
	return -ENODEV;
}
#endif

/* In suspend to idle the host stays as it is, and so does the bus. */
static inline bool vmb_guest_pm_idle(void)
{
	return pm_suspend_target_state == PM_SUSPEND_TO_IDLE;
}

#define vmb_guest_warn(bus, fmt, ...)					\
	pr_warn_ratelimited("%s: " fmt, (bus)->pf->name, ##__VA_ARGS__)
/* What the host got wrong: one line, and a count. */
#define vmb_guest_bad(bus, fmt, ...)					\
do {									\
	struct vmb_guest_bus *_bus = (bus);				\
									\
	atomic64_inc(&_bus->nr_bad);					\
	vmb_guest_warn(_bus, fmt, ##__VA_ARGS__);			\
} while (0)
#define vmb_guest_chan_warn(ch, fmt, ...)				\
do {									\
	const struct vmb_guest_chan *_ch = (ch);			\
									\
	vmb_guest_warn(_ch->bus, "channel %u: " fmt, _ch->pub.relid,	\
		       ##__VA_ARGS__);					\
} while (0)

#endif /* VMB_GUEST_INTERNAL_H */
