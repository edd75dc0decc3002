/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmb_host internals.
 *
 * Objects: a partition is a configfs directory and outlives virtual machines.
 * Its devices are directories below it. While a VMM has it bound, a bus holds
 * all that belongs to that VMM: guest memory, VPs, the connection, channels,
 * GPADLs, connection ids. The bus ends with the file.
 *
 * Locks, outermost first (Documentation/locking.rst has the whole picture):
 *	vmb_partition.lock	everything on the control path
 *	vmb_chan.poll_lock	one poll at a time; the channel stays open
 *	vmb_bus.gpadl_lock	the table of GPADLs and who uses them
 *	vmb_bus.mem_srcu (read)	guest addresses stay valid
 *	vmb_bus.mem_lock	writers of the memory table
 *	vmb_bus.msg_lock	queue of messages to the guest
 *	vmb_chan.out_lock	producer end of the ring to the guest; hard irqs
 *	vmb_worker.lock		list of channels to poll; hard irqs
 */
#ifndef VMB_HOST_INTERNAL_H
#define VMB_HOST_INTERNAL_H

#include <linux/bitmap.h>
#include <linux/eventfd.h>
#include <linux/jump_label.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched/vhost_task.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/task_work.h>
#include <linux/timer.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <uapi/linux/vmb.h>
#include <vmb/gpadl.h>
#include <vmb/host.h>
#include <vmb/host_local.h>
#include <vmb/proto/bus.h>
#include <vmb/ring.h>

struct vmb_bus;
struct vmb_chan;

/* What a guest or its VMM can make the host allocate */
#define VMB_MAX_RELIDS		VMB_EVENT_FLAGS
#define VMB_MAX_VPS		1024U
#define VMB_MAX_MEM_REGIONS	4096U
#define VMB_MAX_GPADLS		8192U
#define VMB_MAX_GPADL_BYTES	(16U << 20)
#define VMB_MAX_MESSAGES	(2U * VMB_MAX_RELIDS + 256U)
/* above this the guest is told to try again later */
#define VMB_MESSAGES_HIGH	256U

/* relid 0 is no channel: its slot stands for the shared event connection */
#define VMB_CONN_ID_BASE	0x10000U

/* Guest memory that stays pinned: pin.c */

/* of huge pages that are kept as one: 2 MiB */
#define VMB_PIN_HUGE_ORDER	9

/**
 * struct vmb_pin - a range of guest memory that stays pinned
 * @pub: what VSPs see; one reference for the table, one for each I/O
 * @bus: its bus; a reference is held
 * @nr_pages: all of it
 * @order: pages of an entry of @pfn, as a power of 2
 * @skip: pages by which the range begins after the first entry does
 * @pfn: page frame number of the first page of each entry
 * @left: %VMB_PIN_USED, or %VMB_PIN_LEFT when it was either removed or used last
 * @work: unpins it
 */
struct vmb_pin {
	struct vmb_host_pin pub;
	struct vmb_bus *bus;
	unsigned long nr_pages;
	unsigned int order;
	unsigned int skip;
	unsigned long *pfn;
	atomic_t left;
	struct work_struct work;
};

struct vmb_pin *vmb_pin_create(struct vmb_bus *bus, u64 hva, u64 len);
void vmb_pin_compact(struct vmb_pin *pin, u64 hva);
void vmb_pin_drop_begin(struct vmb_pin *pin);
void vmb_pin_drop(struct vmb_pin *pin);
unsigned long vmb_pin_pfn(const struct vmb_pin *pin, u64 offset);

/* Guest memory: mem.c */

/**
 * struct vmb_mem_region - a range of guest memory
 * @gpa: guest physical address
 * @len: bytes
 * @hva: in the VMM
 * @flags: VMB_MEM_*
 * @pin: its pages, with %VMB_MEM_PINNED, once it is in the table
 */
struct vmb_mem_region {
	u64 gpa;
	u64 len;
	u64 hva;
	u32 flags;
	struct vmb_pin *pin;
};

/* immutable; replaced as a whole under vmb_bus.mem_lock */
struct vmb_mem_table {
	unsigned int nr;
	struct vmb_mem_region region[] __counted_by(nr);
};

int vmb_mem_init(struct vmb_bus *bus);
void vmb_mem_destroy(struct vmb_bus *bus);
int vmb_mem_add(struct vmb_bus *bus, const struct vmb_mem_region *region);
int vmb_mem_remove(struct vmb_bus *bus, u64 gpa, u64 len);
void vmb_mem_purge(struct vmb_bus *bus);
const struct vmb_mem_region *vmb_mem_find(struct vmb_bus *bus, u64 gpa, bool write);
u64 vmb_mem_hva(struct vmb_bus *bus, u64 gpa, u64 *avail, bool write);
int vmb_mem_read(struct vmb_bus *bus, u64 gpa, void *buf, u32 len);
struct page *vmb_mem_pin_page(struct vmb_bus *bus, u64 gpa);
int vmb_mem_pin_pfns(struct vmb_bus *bus, struct page **page,
		     const __le64 *pfns, unsigned int nr);
void vmb_mem_unpin(struct vmb_bus *bus, struct page **page, unsigned int nr);

/* Virtual processors and their SynIC: vp.c */

/**
 * struct vmb_evt_page - a VP's event flags page while it is enabled
 * @page: pinned
 * @flags: the VMBus SINT's 2,048 flags in it
 */
struct vmb_evt_page {
	struct page *page;
	unsigned long *flags;
};

/**
 * struct vmb_worker - a thread of the VMM's process that polls channels
 * @task: the thread; not used by a bus of this kernel: that of the VP polls
 * @lock: protects @list and @dead
 * @list: &vmb_chan.work_node of channels to poll; each holds a reference
 * @dead: the thread was killed, with its process
 */
struct vmb_worker {
	struct vhost_task *task;
	/* @list, @dead */
	spinlock_t lock;
	struct list_head list;
	bool dead;
};

/**
 * struct vmb_vp_thread - a thread that runs a VP, and how that VP is reached
 * @ref: one for &vmb_vp.thread, one while @stage_work is queued
 * @vp: what it runs; there is another thread for it after a takeover
 * @task: the thread, which alone may write the VP's message page
 * @sint: raises the VMBus SINT; NULL on a bus of this kernel
 * @eom: tells that the guest freed its message slot
 * @eom_wait: our place in @eom's wait queue
 * @stage_work: queued to @task to write a message
 * @stage_flags: %VMB_VP_STAGING: @stage_work is queued
 */
struct vmb_vp_thread {
	struct kref ref;
	struct vmb_vp *vp;
	struct task_struct *task;
	struct eventfd_ctx *sint;
	struct eventfd_ctx *eom;
	wait_queue_entry_t eom_wait;
	struct callback_head stage_work;
	unsigned long stage_flags;
};

#define VMB_VP_STAGING		0

/**
 * struct vmb_vp - a virtual processor
 * @bus: its bus
 * @index: as the guest sees it
 * @thread: RCU for readers, partition's lock for writers; only NULL while the
 *	VP is being added
 * @scontrol: as told by the VMM; written by the VP's thread, or when that is
 *	exiting, under the partition's lock
 * @simp: likewise
 * @siefp: likewise
 * @evt: RCU; NULL while the event flags page is disabled
 * @worker: polls the channels whose interrupts this VP takes, whichever thread
 *	runs it
 * @nr_sint: interrupts raised
 */
struct vmb_vp {
	struct vmb_bus *bus;
	u32 index;
	struct vmb_vp_thread __rcu *thread;
	u64 scontrol;
	u64 simp;
	u64 siefp;
	struct vmb_evt_page __rcu *evt;
	struct vmb_worker worker;
	atomic64_t nr_sint;
};

int vmb_vp_add(struct vmb_bus *bus, u32 index, int sint_fd, int eom_fd);
int vmb_vp_set_synic(struct vmb_vp *vp, u64 scontrol, u64 simp, u64 siefp);
void vmb_vp_clear_synic(struct vmb_vp *vp);
void vmb_vp_destroy(struct vmb_vp *vp);
void vmb_vp_free(struct vmb_vp *vp);
bool vmb_vp_is_current(struct vmb_vp *vp);
int vmb_vp_node(struct vmb_vp *vp);
struct vmb_vp_thread *vmb_vp_thread_create(struct vmb_vp *vp,
					   struct task_struct *task);
void vmb_vp_thread_put(struct vmb_vp_thread *thread);
void vmb_vp_set_flag(struct vmb_vp *vp, u32 flag);
void vmb_worker_init(struct vmb_worker *worker);
bool vmb_worker_run(struct vmb_worker *worker);
bool vmb_worker_queue(struct vmb_worker *worker, struct vmb_chan *ch);
int vmb_eventfd_listen(int fd, struct eventfd_ctx **ctx,
		       wait_queue_entry_t *wait, wait_queue_func_t func);
void vmb_eventfd_unlisten(struct eventfd_ctx *ctx, wait_queue_entry_t *wait);

/* Messages to the guest: message.c */

struct vmb_message {
	struct list_head list;
	u32 len;
	u8 payload[VMB_MSG_PAYLOAD_MAX];
};

int vmb_message_send(struct vmb_bus *bus, const void *msg, u32 len);
void vmb_message_stage(struct vmb_vp *vp);
void vmb_message_stage_work(struct callback_head *work);
void vmb_message_purge(struct vmb_bus *bus);

/* Connection ids, their eventfds and the records about them: signal.c */

/**
 * struct vmb_signal - how the guest signals one connection id
 * @bus: its bus
 * @relid: the channel, or 0 for the shared event connection
 * @ctx: the VMM's eventfd, or NULL
 * @wait: our place in its wait queue
 */
struct vmb_signal {
	struct vmb_bus *bus;
	u32 relid;
	struct eventfd_ctx *ctx;
	wait_queue_entry_t wait;
};

void vmb_signal_want(struct vmb_bus *bus, u32 relid, bool want);
int vmb_signal_set_fd(struct vmb_bus *bus, u32 connection_id, int fd);
int vmb_signal_raise(struct vmb_bus *bus, u32 connection_id);
bool vmb_signal_next_record(struct vmb_bus *bus, struct vmb_record *rec);
void vmb_signal_return_record(struct vmb_bus *bus, const struct vmb_record *rec);
bool vmb_signal_has_record(struct vmb_bus *bus);
void vmb_signal_destroy(struct vmb_bus *bus);
u32 vmb_signal_connection_id(u32 relid);

/* GPADLs: gpadl.c */

/**
 * struct vmb_host_gpadl - a guest's GPADL
 * @decoded: the list
 * @users: open channels whose rings lie in it
 * @buffers: mappings by vmb_host_buffer_map()
 * @teardown: the guest wants it back, and is told when @buffers is 0
 */
struct vmb_host_gpadl {
	struct vmb_gpadl decoded;
	unsigned int users;
	unsigned int buffers;
	bool teardown;
};

u32 vmb_gpadl_on_header(struct vmb_bus *bus, const void *msg, u32 len,
			bool *complete);
u32 vmb_gpadl_on_body(struct vmb_bus *bus, const void *msg, u32 len,
		      u32 *relid, bool *complete);
int vmb_gpadl_teardown(struct vmb_bus *bus, u32 relid, u32 handle);
struct vmb_host_gpadl *vmb_gpadl_find(struct vmb_bus *bus, u32 handle);
int vmb_gpadl_pin(struct vmb_bus *bus, struct vmb_host_gpadl *gpadl,
		  struct page ***pages, unsigned int *nr);
void vmb_gpadl_purge(struct vmb_bus *bus, u32 relid);
void vmb_gpadl_work(struct work_struct *work);

/* Channels: channel.c, and their rings: datapath.c */

enum vmb_chan_state {
	VMB_CHAN_OFFERED,
	VMB_CHAN_OPEN,
	VMB_CHAN_RESCINDED,
};

/* vmb_chan.sched */
#define VMB_CHAN_KICKED		0x1
#define VMB_CHAN_RUNNING	0x2
#define VMB_CHAN_CLOSED		0x4

/**
 * struct vmb_chan_in_stats - what a channel has taken since it was offered
 * @kicks: signals that queued a poll
 * @polls_vcpu: polls in a vCPU's thread; this and those below change under
 *	&vmb_chan.poll_lock
 * @polls_worker: polls in a worker
 * @naps: how often the worker left the ring alone for a while, signals masked
 * @packets: packets taken from the guest
 */
struct vmb_chan_in_stats {
	atomic64_t kicks;
	u64 polls_vcpu;
	u64 polls_worker;
	u64 naps;
	u64 packets;
};

/**
 * struct vmb_chan_out_stats - what a channel has given since it was offered
 * @interrupts: interrupts raised
 * @completions: packets answered; this and those below change under
 *	&vmb_chan.out_lock
 * @ring_full: completions that had to wait for room
 */
struct vmb_chan_out_stats {
	atomic64_t interrupts;
	u64 completions;
	u64 ring_full;
};

/**
 * struct vmb_place - where a channel is polled: place.c
 * @worker: in the worker, not in the vCPU's thread; read without a lock
 * @window: packets after which that is thought over
 * @packets: of them so far
 * @misses: how often the worker has waited in vain meanwhile
 * @stays: windows before the vCPU's thread is measured again
 * @start: when the first one came
 * @last: when the last one came
 * @interval: packets in the vCPU's thread from one trial of the worker to the
 *	next
 * @vcpu_ns: from packet to packet in the vCPU's thread, when last measured
 * @worker_ns: the same in the worker
 */
struct vmb_place {
	bool worker;
	u32 window;
	u32 packets;
	u32 misses;
	u32 stays;
	u64 start;
	u64 last;
	u32 interval;
	u64 vcpu_ns;
	u64 worker_ns;
};

void vmb_place_init(struct vmb_place *p, u64 now);
void vmb_place_packets(struct vmb_place *p, u32 n, u64 now);
void vmb_place_missed(struct vmb_place *p, u32 n, u64 now);
u64 vmb_place_spin_ns(const struct vmb_place *p);
u64 vmb_place_nap_ns(const struct vmb_place *p);

/* packets that a nap has to bring, and what it counts if it does not: all of a trial */
#define VMB_PLACE_NAP_WORTH	2
#define VMB_PLACE_NAP_COST	4

/**
 * struct vmb_chan - a channel the guest was offered
 * @pub: what the VSP sees; its id is the index in the bus's table
 * @rcu: frees it after readers of the table
 * @bus: its bus
 * @instance_id: of its device, which may be gone before the guest releases the
 *	id
 * @state: &enum vmb_chan_state; partition's lock
 * @vp: takes its interrupts
 * @dedicated: the event flag is the relid itself, not the shared page
 * @out_kept: something may be in @out_wait or @out_want; changes under @out_lock
 * @sched: VMB_CHAN_KICKED and friends
 * @task_work: polls in the vCPU's thread
 * @work_node: place in a worker's list
 * @ref: one for the bus's table, one for each queued poll
 * @poll_lock: one poll at a time
 * @in: consumer end of the ring from the guest; under @poll_lock
 * @in_buf: private copy of the packet being handled; under @poll_lock
 * @place: where it is polled; under @poll_lock
 * @napping: nobody is to look before @nap; under @poll_lock, as is the next
 * @asked: packets taken, but for completions: who sends these waits for no answer
 * @nap: when the worker looks again, without a signal
 * @open: polls may touch the ring; under @poll_lock
 * @in_stats: counters
 * @broken: the guest broke a ring: it is not touched until reopened
 * @out_lock: protects @out, @out_wait, @out_open
 * @out: producer end of the ring to the guest
 * @out_wait: completions that found no room
 * @out_open: completions may touch the ring
 * @out_stats: counters
 * @out_want: bytes that &vmb_host_driver.room waits for, or 0
 * @retry: for guests that do not tell when they have made room
 * @gpadl: holds both rings while open
 * @pages: its pages, pinned
 * @nr_pages: how many
 * @in_map: mapping of the ring from the guest
 * @out_map: mapping of the ring to the guest
 *
 * In three parts, so that nothing that is written for each I/O is in a cache line
 * with what another CPU needs for it: what hardly changes, what belongs to polls and
 * who causes them, what belongs to completions.
 */
struct vmb_chan {
	struct vmb_channel pub;
	struct rcu_head rcu;
	struct vmb_bus *bus;
	guid_t instance_id;
	enum vmb_chan_state state;
	struct vmb_vp *vp;
	bool dedicated;
	bool out_kept;
	bool broken;
	struct vmb_host_gpadl *gpadl;
	struct page **pages;
	unsigned int nr_pages;
	void *in_map;
	void *out_map;

	atomic_t sched ____cacheline_aligned_in_smp;
	struct kref ref;
	struct callback_head task_work;
	struct list_head work_node;
	/* one poll at a time */
	struct mutex poll_lock;
	struct vmb_ring in;
	void *in_buf;
	struct vmb_place place;
	struct vmb_chan_in_stats in_stats;
	struct hrtimer nap;
	bool napping;
	u32 asked;
	bool open;

	/* producer end of the ring to the guest */
	spinlock_t out_lock ____cacheline_aligned_in_smp;
	struct vmb_ring out;
	struct list_head out_wait;
	bool out_open;
	u32 out_want;
	struct vmb_chan_out_stats out_stats;
	struct timer_list retry;
};

static inline struct vmb_chan *vmb_chan_of(struct vmb_channel *pub)
{
	return container_of(pub, struct vmb_chan, pub);
}

struct vmb_chan *vmb_chan_create(struct vmb_bus *bus, struct vmb_host_device *dev,
				 u16 index);
u32 vmb_chan_open(struct vmb_chan *ch, const struct vmb_msg_open *msg);
void vmb_chan_close(struct vmb_chan *ch);
int vmb_chan_modify(struct vmb_chan *ch, u32 target_vp);
void vmb_chan_forget(struct vmb_chan *ch);
void vmb_chan_put(struct vmb_chan *ch);

void vmb_chan_init_data(struct vmb_chan *ch);
void vmb_chan_start_data(struct vmb_chan *ch);
void vmb_chan_stop_data(struct vmb_chan *ch);
bool vmb_chan_idle(struct vmb_chan *ch);
void vmb_chan_kick(struct vmb_chan *ch);
void vmb_chan_run(struct vmb_chan *ch, bool worker);

/* The connection: conn.c */

enum vmb_conn_state {
	VMB_CONN_DISCONNECTED,
	VMB_CONN_CONNECTED,
};

u16 vmb_conn_post(struct vmb_bus *bus, u32 connection_id, u32 type,
		  const void *payload, u32 len);
void vmb_conn_reset(struct vmb_bus *bus);
int vmb_conn_offer(struct vmb_bus *bus, struct vmb_host_device *dev, u16 index);
void vmb_conn_rescind(struct vmb_chan *ch);
void vmb_conn_gpadl_torndown(struct vmb_bus *bus, u32 handle);

/**
 * struct vmb_bus - a partition in the hands of a VMM
 * @partition: pinned
 * @ref: one for the file, one for each queued stage work
 * @mm: address space of the VMM; grabbed, not held. NULL when the guest is in
 *	this kernel: local.c
 * @local: that guest; NULL for others
 * @local_priv: for @local
 * @dead: the file is closed
 * @nr_vps: VPs added
 * @vps: struct vmb_vp by index
 * @mem_lock: serialises writers of @mem
 * @mem_srcu: readers of @mem; a writer waits for them
 * @mem: guest memory
 * @nr_pins: ranges of it that stay pinned, removed ones that I/O uses included
 * @pins_gone: waits for @nr_pins to become 0
 * @state: connection state; this and the rest under the partition's lock
 * @version: negotiated version
 * @offers_requested: the guest has asked for offers
 * @msg_vp: takes messages to the guest
 * @msg_lock: protects @msgs, @nr_msgs and @msg_gen
 * @msgs: messages to the guest
 * @nr_msgs: how many
 * @msg_gen: counts purges of @msgs
 * @int_page: shared interrupt page of guests before version 2.4
 * @chans: channels by relid; RCU for readers, partition's lock for writers
 * @gpadl_lock: protects @gpadls, all in it, and the two below, against polls;
 *	whoever changes them but for who uses a GPADL has the partition's lock too
 * @gpadls: struct vmb_host_gpadl by handle
 * @nr_gpadls: how many
 * @gpadl_bytes: memory of all range lists
 * @gpadl_work: confirms teardowns that had to wait
 * @sig_lock: protects @sig_want, @sig_told
 * @sig_want: relids that need an eventfd
 * @sig_told: relids the VMM was told to make one for
 * @signals: struct vmb_signal by relid
 * @record_wait: readers of records
 * @nr_bad: messages refused
 */
struct vmb_bus {
	struct vmb_partition *partition;
	struct kref ref;
	struct mm_struct *mm;
	const struct vmb_local_ops *local;
	void *local_priv;
	bool dead;

	atomic_t nr_vps;
	struct xarray vps;

	/* writers of @mem */
	struct mutex mem_lock;
	struct srcu_struct mem_srcu;
	struct vmb_mem_table __rcu *mem;
	atomic_t nr_pins;
	wait_queue_head_t pins_gone;

	enum vmb_conn_state state;
	u32 version;
	bool offers_requested;
	struct vmb_vp *msg_vp;
	/* @msgs, @nr_msgs, @msg_gen */
	spinlock_t msg_lock;
	struct list_head msgs;
	unsigned int nr_msgs;
	unsigned int msg_gen;
	struct vmb_evt_page __rcu *int_page;

	struct xarray chans;
	/* @gpadls, @nr_gpadls, @gpadl_bytes */
	struct mutex gpadl_lock;
	struct xarray gpadls;
	unsigned int nr_gpadls;
	u32 gpadl_bytes;
	struct work_struct gpadl_work;

	/* @sig_want, @sig_told */
	spinlock_t sig_lock;
	DECLARE_BITMAP(sig_want, VMB_MAX_RELIDS);
	DECLARE_BITMAP(sig_told, VMB_MAX_RELIDS);
	struct xarray signals;
	wait_queue_head_t record_wait;

	u64 nr_bad;
};

struct vmb_bus *vmb_bus_create(struct vmb_partition *partition,
			       struct mm_struct *mm);
void vmb_bus_destroy(struct vmb_bus *bus);
void vmb_bus_put(struct vmb_bus *bus);
void vmb_bus_wait_all_gone(void);

static inline struct vmb_vp *vmb_bus_vp(struct vmb_bus *bus, u32 index)
{
	return index < VMB_MAX_VPS ? xa_load(&bus->vps, index) : NULL;
}

/* Guests in this kernel: local.c */

DECLARE_STATIC_KEY_FALSE(vmb_local_key);

/* Is the bus's guest in this kernel? Costs nothing while there is no such bus. */
static inline bool vmb_bus_is_local(const struct vmb_bus *bus)
{
	return static_branch_unlikely(&vmb_local_key) && !bus->mm;
}

void vmb_local_vp_wake(struct vmb_vp *vp);
void vmb_local_vp_stop(struct vmb_vp *vp);
int vmb_local_message_write(struct vmb_vp *vp, const struct vmb_message *m,
			    bool more);
struct page *vmb_local_pin_page(u64 hva);

/* Raise a VP's VMBus SINT. Any context. */
static inline void vmb_vp_interrupt(struct vmb_vp *vp)
{
	if (vmb_bus_is_local(vp->bus)) {
		vp->bus->local->interrupt(vp->bus->local_priv, vp->index);
		return;
	}
	/* pairs with synchronize_rcu_expedited() in vmb_vp_take_over() */
	rcu_read_lock();
	eventfd_signal(rcu_dereference(vp->thread)->sint);
	rcu_read_unlock();
}

/* Partitions and devices: partition.c, device.c */

/**
 * struct vmb_hdev - the core's half of a device
 * @dev: the VSP's half
 * @list: place in &vmb_partition.devices
 * @offered: the VSP wants the guest to see it
 * @nr_sub: sub-channels agreed on in this connection
 * @sub_work: offers them
 * @chan: channels by index while a guest knows of them; partition's lock
 */
struct vmb_hdev {
	struct vmb_host_device *dev;
	struct list_head list;
	bool offered;
	u16 nr_sub;
	struct work_struct sub_work;
	struct vmb_chan *chan[VMB_HOST_MAX_CHANNELS];
};

/**
 * struct vmb_partition - a virtual machine's place in configfs
 * @group: the directory
 * @list: place in the list of partitions
 * @lock: the control path of the partition and of its bus
 * @uid: who may bind it
 * @gid: likewise
 * @max_version: highest VMBus version served
 * @devices: struct vmb_hdev
 * @bus: NULL while no VMM has it
 * @debugfs: its directory
 */
struct vmb_partition {
	struct config_group group;
	struct list_head list;
	/* the control path */
	struct mutex lock;
	kuid_t uid;
	kgid_t gid;
	u32 max_version;
	struct list_head devices;
	struct vmb_bus *bus;
	struct dentry *debugfs;
};

static inline const char *vmb_partition_name(const struct vmb_partition *p)
{
	return config_item_name((struct config_item *)&p->group.cg_item);
}

int vmb_partition_init(void);
void vmb_partition_exit(void);
int vmb_partition_bind(const char *name, struct mm_struct *mm,
		       struct vmb_bus **bus);
void vmb_partition_unbind(struct vmb_bus *bus);
struct config_group *vmb_device_make(struct vmb_partition *p, const char *name);
void vmb_device_drop(struct vmb_partition *p, struct vmb_host_device *dev);
void vmb_device_rescind(struct vmb_host_device *dev, u16 first);

/* /dev/vmb: file.c */
int vmb_file_init(void);
void vmb_file_exit(void);

/* debugfs.c */
void vmb_debugfs_init(void);
void vmb_debugfs_exit(void);
void vmb_debugfs_add(struct vmb_partition *p);
void vmb_debugfs_remove(struct vmb_partition *p);

#define vmb_bus_warn(bus, fmt, ...)					\
	pr_warn_ratelimited("%s: " fmt,					\
			    vmb_partition_name((bus)->partition), ##__VA_ARGS__)
#define vmb_chan_warn(ch, fmt, ...)					\
do {									\
	const struct vmb_chan *_ch = (ch);				\
									\
	vmb_bus_warn(_ch->bus, "channel %u: " fmt, _ch->pub.relid,	\
		     ##__VA_ARGS__);					\
} while (0)

#endif /* VMB_HOST_INTERNAL_H */
