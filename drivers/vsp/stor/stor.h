/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The storage VSP: controllers, logical units, channels, requests.
 *
 * Locks, outermost first:
 *
 *	vsp_stor_ctrl.conf_lock		configuration; taken in configfs calls,
 *					and held while the core is asked to
 *					offer or withdraw: hence never taken in
 *					.open, .close or .poll
 *	vsp_stor_lun.epoch_lock		which epoch is the current one; a leaf
 *	the core's partition lock	held around .open and .close of a channel
 *	the core's poll lock		held around .poll
 *	vsp_stor_ctrl.chan_lock		which channels there are; the core's
 *					lock of the ring to the guest is inside
 *	vsp_stor_ctrl.drain_lock	requests that wait for a drain; a leaf
 *	vsp_stor_pr.lock		reservations of one device; a leaf
 *	shared_lock (reserve.c)		which devices have such; a leaf inside
 *					conf_lock
 *	vsp_stor_backlog.lock		bios that are submitted once more; a leaf,
 *					with interrupts off
 *
 * What waits for requests to end, waits with no lock that a request needs to
 * end: .close, a logical unit being disabled (conf_lock), a drain (none).
 *
 * The data path takes none of them, except vsp_stor_pr.lock while a reservation
 * kept in memory is in force, and vsp_stor_backlog.lock while the device has no
 * room. It finds a logical unit by RCU and holds it by
 * its epoch, a percpu_ref.
 */
#ifndef VSP_STOR_H
#define VSP_STOR_H

#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/configfs.h>
#include <linux/mutex.h>
#include <linux/percpu-refcount.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>
#include <vmb/host.h>
#include <vmb/proto/stor.h>

#include "bio.h"
#include "latency.h"
#include "scsi.h"

#define VSP_STOR_MAX_LUNS	64U
/* packets of one channel that are not answered yet */
#define VSP_STOR_MAX_OUTSTANDING 2048
/* ranges of a transfer that share no page with their neighbours */
#define VSP_STOR_MAX_IOV	(VSP_STOR_MAX_TRANSFER / VMB_PAGE_SIZE + 2)
/* how often sizes of block devices are looked at while the guest is idle */
#define VSP_STOR_SIZE_INTERVAL	(2 * HZ)

enum vsp_stor_state {
	VSP_STOR_CLOSED,
	VSP_STOR_OPENED,
	VSP_STOR_BEGUN,
	VSP_STOR_VERSIONED,
	VSP_STOR_DESCRIBED,
	VSP_STOR_READY,
};

struct vsp_stor_chan;

/**
 * struct vsp_stor_ctrl - a controller: a SCSI class device, or one IDE disk's
 * @dev: the core's half; its group is the directory
 * @name: partition and device, for messages
 * @ide: of the IDE class
 * @conf_lock: protects the configuration: the fields up to @luns, and those of
 *	the logical units
 * @enabled: offered to the guest
 * @hidden: it is being taken away: there are no logical units for new commands
 * @ide_target: 0 to 3: IDE channel and device
 * @max_channels: most channels, the primary one included
 * @luns: logical units that are enabled; changed under @conf_lock, read by RCU
 * @chan_lock: protects @channels, @primary, @rescan
 * @channels: open channels
 * @primary: the primary one among them
 * @rescan: an ENUMERATE_BUS is to be sent
 * @state: of the handshake; changed by the primary channel only
 * @version: negotiated, VMB_STOR_VERSION()
 * @drain_lock: protects @drains
 * @drains: requests that are answered when earlier ones have ended
 * @drain_work: works on @drains
 * @wq: runs commands that take long
 * @bulk_bytes: data held for them
 * @size_work: looks for changed sizes
 * @debugfs: its directory
 */
struct vsp_stor_ctrl {
	struct vmb_host_device dev;
	char name[80];
	bool ide;
	struct mutex conf_lock;		/* configuration */
	bool enabled;
	bool hidden;
	u8 ide_target;
	u16 max_channels;
	struct vsp_stor_lun __rcu *luns[VSP_STOR_MAX_LUNS];
	spinlock_t chan_lock;		/* channels, primary, rescan */
	struct list_head channels;
	struct vsp_stor_chan *primary;
	bool rescan;
	enum vsp_stor_state state;
	u16 version;
	spinlock_t drain_lock;		/* drains */
	struct list_head drains;
	struct work_struct drain_work;
	struct workqueue_struct *wq;
	atomic_t bulk_bytes;
	struct delayed_work size_work;
	struct dentry *debugfs;
};

/**
 * struct vsp_stor_stats - counters of a logical unit, per CPU
 * @reads: commands that read
 * @writes: commands that write
 * @read_bytes: moved
 * @write_bytes: moved
 * @flushes: of the write cache
 * @commands: all commands, those above included
 * @errors: commands that ended other than well
 * @bounced: transfers that were copied, since the device cannot reach the
 *	guest's memory as it lies
 */
struct vsp_stor_stats {
	u64 reads;
	u64 writes;
	u64 read_bytes;
	u64 write_bytes;
	u64 flushes;
	u64 commands;
	u64 errors;
	u64 bounced;
};

/**
 * struct vsp_stor_epoch - the requests of a logical unit from one drain to the
 *	next
 * @ref: one for each request
 * @drained: when all have ended
 * @aborted: those which can are to end early
 * @rcu: to free it
 */
struct vsp_stor_epoch {
	struct percpu_ref ref;
	struct completion drained;
	bool aborted;
	struct rcu_head rcu;
};

enum vsp_stor_thin {
	VSP_STOR_THIN_AUTO,
	VSP_STOR_THIN_OFF,
	VSP_STOR_THIN_ON,
};

/* who keeps a logical unit's reservations */
enum vsp_stor_pr_mode {
	VSP_STOR_PR_MEMORY,
	VSP_STOR_PR_BACKING,
};

/**
 * struct vsp_stor_lun - a logical unit
 * @group: its directory
 * @ctrl: the controller
 * @number: 0 to 63
 * @enabled: the guest sees it; here and to @id under &vsp_stor_ctrl.conf_lock;
 *	all but @enabled change only while it is not enabled
 * @path: of the block device
 * @want_readonly: as configured
 * @shared: other logical units may use the same block device
 * @want_thin: as configured
 * @serial: as reported
 * @id: as reported
 * @bdev_file: while enabled; here and to @pr_shared constant meanwhile
 * @bdev: of @bdev_file
 * @block_shift: log2 of the logical block size
 * @readonly: cannot be written
 * @thin: UNMAP and its kin are served
 * @pr_mode: who keeps reservations
 * @pr: this path to @pr_shared, with %VSP_STOR_PR_MEMORY
 * @pr_shared: reservations of the device
 * @sectors: size of the device, as last seen
 * @write_through: the guest turned the write cache off
 * @ua: pending unit attentions, by &enum vsp_stor_ua
 * @epoch_lock: serialises changes of @epoch
 * @epoch: what new requests hold; NULL while not enabled
 * @backlog: bios that the device would not take without waiting
 * @stats: counters
 * @rcu: to free it
 */
struct vsp_stor_lun {
	struct config_group group;
	struct vsp_stor_ctrl *ctrl;
	u8 number;
	bool enabled;
	char *path;
	bool want_readonly;
	bool shared;
	enum vsp_stor_thin want_thin;
	char serial[VSP_STOR_SERIAL_MAX + 1];
	struct vsp_stor_id id;
	struct file *bdev_file;
	struct block_device *bdev;
	u8 block_shift;
	bool readonly;
	bool thin;
	enum vsp_stor_pr_mode pr_mode;
	struct vsp_stor_pr_nexus pr;
	struct vsp_stor_pr_shared *pr_shared;
	u64 sectors;
	bool write_through;
	unsigned long ua;
	struct mutex epoch_lock;	/* changes of epoch */
	struct vsp_stor_epoch __rcu *epoch;
	struct vsp_stor_backlog backlog;
	struct vsp_stor_stats __percpu *stats;
	struct rcu_head rcu;
};

/**
 * struct vsp_stor_chan_stats - counters of a channel, per CPU
 * @bytes: moved by commands that have ended
 * @latency: of commands that have ended, while somebody measures
 */
struct vsp_stor_chan_stats {
	u64 bytes;
	struct vsp_stor_latency latency;
};

/**
 * struct vsp_stor_chan - an open channel
 * @ch: the core's half; valid until all packets are answered
 * @ctrl: the controller
 * @node: in &vsp_stor_ctrl.channels
 * @closing: commands that take long are to end early
 * @throttled: packets are left in the ring until fewer requests' memory is in use
 * @spare: the request that the next packet becomes; owned by the poll
 * @pkt: the packet that is being taken; owned by the poll
 * @iov: for the memory it names, if that has to be pinned; owned by the poll
 * @bvec: if that is pinned; owned by the poll
 * @scratch: %VSP_STOR_SCRATCH bytes for parameters; owned by the poll
 * @made: requests for which there was memory, ever; owned by the poll
 * @mem_seen: @mem, not too long ago; owned by the poll
 * @started: packets that are or were to be answered, ever; owned by the poll
 * @taken: packets, ever
 * @malformed: packets among them that made no sense
 * @throttles: how often @throttled was set
 * @stats: counters; until close has waited for @drained
 * @mem: %VSP_STOR_CHAN_BIAS less the requests whose memory was given back; since
 *	close those whose memory is in use: the last one frees the channel
 * @answers: %VSP_STOR_CHAN_BIAS less the packets that were answered; since close
 *	those that are not
 * @drained: when @answers is 0
 *
 * Polls count what begins and completions what ends, each in cache lines of its
 * own. Only close brings the two together.
 */
struct vsp_stor_chan {
	struct vmb_channel *ch;
	struct vsp_stor_ctrl *ctrl;
	struct list_head node;
	bool closing;
	bool throttled;
	struct iovec *iov;
	struct bio_vec *bvec;
	u8 *scratch;
	struct vsp_stor_chan_stats __percpu *stats;

	struct vsp_stor_req *spare ____cacheline_aligned_in_smp;
	struct vmb_packet pkt;
	u64 made;
	u64 mem_seen;
	u64 started;
	u64 taken;
	u64 malformed;
	u64 throttles;

	atomic64_t mem ____cacheline_aligned_in_smp;
	atomic64_t answers;
	struct completion drained;
};

#define VSP_STOR_CHAN_BIAS	BIT_ULL(62)

/* Requests whose memory is in use: not answered, or the answer waits for room. */
static inline u64 vsp_stor_chan_outstanding(const struct vsp_stor_chan *chan)
{
	u64 mem = atomic64_read(&chan->mem);

	/* what was given back had been made; pairs with vsp_stor_req_free() */
	smp_rmb();
	return READ_ONCE(chan->made) - (VSP_STOR_CHAN_BIAS - mem);
}

/* Packets that are not answered yet. */
static inline u64 vsp_stor_chan_inflight(const struct vsp_stor_chan *chan)
{
	u64 answers = atomic64_read(&chan->answers);

	/* what was answered had been started; pairs with vsp_stor_req_answer() */
	smp_rmb();
	return READ_ONCE(chan->started) - (VSP_STOR_CHAN_BIAS - answers);
}

/**
 * struct vsp_stor_req - a packet from the guest, until it is answered
 * @completion: the core's half
 * @chan: where it came from
 * @lun: whom it is for; NULL if not for a logical unit
 * @epoch: what holds @lun
 * @cmd: which command it is
 * @opcode: first byte of the CDB
 * @wire_len: bytes of the packet, and of the answer
 * @wire: private copy of the packet; becomes the answer
 * @data_len: bytes of guest memory it may use
 * @start: when it was taken, if anybody traces or measures; else 0
 * @sector: of the device, where it starts
 * @bytes: it moves
 * @short_data: the guest gave less memory than the command moves
 * @pin: keeps the guest memory pinned, if the bios do not
 * @bios: parts that have not ended, plus one while more are made
 * @status: the first error of them
 * @bad_sector: where that was
 * @work: runs it, if it takes long
 * @buf: for @work
 * @buf_len: bytes in @buf
 * @drain_node: in &vsp_stor_ctrl.drains
 * @drain_mask: logical units that are drained before it is answered
 * @drain_pr: reservations whose preempted paths are drained, too
 */
struct vsp_stor_req {
	struct vmb_completion completion;
	struct vsp_stor_chan *chan;
	struct vsp_stor_lun *lun;
	struct vsp_stor_epoch *epoch;
	const struct vsp_stor_cmd *cmd;
	u8 opcode;
	u8 wire_len;
	struct vmb_stor_packet wire;
	u32 data_len;
	u64 start;
	sector_t sector;
	u32 bytes;
	bool short_data;
	struct vmb_host_pin *pin;
	atomic_t bios;
	blk_status_t status;
	sector_t bad_sector;
	struct work_struct work;
	void *buf;
	u32 buf_len;
	struct list_head drain_node;
	u64 drain_mask;
	struct vsp_stor_pr_shared *drain_pr;
};

/* A guest did something odd, or something failed; not to flood the log. */
#define vsp_stor_warn(ctrl, fmt, ...) \
	pr_warn_ratelimited("%s: " fmt, (ctrl)->name, ##__VA_ARGS__)
#define vsp_stor_chan_warn(chan, fmt, ...) ({				\
	const struct vsp_stor_chan *__chan = (chan);			\
									\
	pr_warn_ratelimited("%s: channel %u: " fmt, __chan->ctrl->name,	\
			    __chan->ch->index, ##__VA_ARGS__);		\
})

static inline struct vsp_stor_ctrl *vsp_stor_ctrl_of(struct vmb_host_device *dev)
{
	return container_of(dev, struct vsp_stor_ctrl, dev);
}

static inline const u8 *vsp_stor_req_cdb(const struct vsp_stor_req *req)
{
	return req->wire.srb.cdb;
}

static inline u64 vsp_stor_lun_blocks(const struct vsp_stor_lun *lun)
{
	return READ_ONCE(lun->sectors) >> (lun->block_shift - SECTOR_SHIFT);
}

/* main.c */
extern struct workqueue_struct *vsp_stor_drain_wq;

/* configfs.c */
struct vmb_host_device *vsp_stor_ctrl_make_scsi(struct vmb_partition *partition,
						const char *name);
struct vmb_host_device *vsp_stor_ctrl_make_ide(struct vmb_partition *partition,
					       const char *name);
void vsp_stor_ctrl_drop(struct vmb_host_device *dev);

/* lun.c */
struct vsp_stor_lun *vsp_stor_lun_alloc(struct vsp_stor_ctrl *ctrl, u8 number);
void vsp_stor_lun_free(struct vsp_stor_lun *lun);
int vsp_stor_lun_enable(struct vsp_stor_lun *lun);
void vsp_stor_lun_disable(struct vsp_stor_lun *lun);
struct vsp_stor_lun *vsp_stor_lun_get(struct vsp_stor_ctrl *ctrl, u8 number,
				      struct vsp_stor_epoch **epoch);
void vsp_stor_lun_flush(struct vsp_stor_ctrl *ctrl, u8 number);
void vsp_stor_lun_put(struct vsp_stor_epoch *epoch);
void vsp_stor_lun_drain(struct vsp_stor_lun *lun);
void vsp_stor_lun_check_size(struct vsp_stor_lun *lun);
void vsp_stor_lun_props(struct vsp_stor_lun *lun, struct vsp_stor_props *p);
void vsp_stor_ctrl_hide(struct vsp_stor_ctrl *ctrl);
u64 vsp_stor_lun_mask(struct vsp_stor_ctrl *ctrl);

/* channel.c */
int vsp_stor_chan_open(struct vmb_channel *ch, const u8 *user);
void vsp_stor_chan_close(struct vmb_channel *ch);
bool vsp_stor_chan_busy(struct vmb_channel *ch);
int vsp_stor_chan_poll(struct vmb_channel *ch, int budget);
void vsp_stor_ctrl_rescan(struct vsp_stor_ctrl *ctrl);
void vsp_stor_ctrl_retry_rescan(struct vsp_stor_ctrl *ctrl);
const char *vsp_stor_state_name(enum vsp_stor_state state);

/* request.c */
int vsp_stor_req_init(void);
void vsp_stor_req_exit(void);
struct vsp_stor_req *vsp_stor_req_alloc(struct vsp_stor_chan *chan);
void vsp_stor_req_free(struct vsp_stor_req *req);
void vsp_stor_req_answer(struct vsp_stor_req *req, u32 status);
void vsp_stor_req_finish(struct vsp_stor_req *req, u8 srb_status, u8 scsi_status,
			 u32 moved);
void vsp_stor_req_good(struct vsp_stor_req *req, u32 moved);
void vsp_stor_req_check(struct vsp_stor_req *req, int code);
void vsp_stor_req_check_info(struct vsp_stor_req *req, int code, u64 info);
void vsp_stor_req_conflict(struct vsp_stor_req *req);
void vsp_stor_req_blk_status(struct vsp_stor_req *req, blk_status_t status,
			     sector_t bad_sector, bool write);
int vsp_stor_req_copy_in(struct vsp_stor_req *req, const void *buf, u32 len);
void vsp_stor_req_data_in(struct vsp_stor_req *req, const void *buf, int len,
			  u32 alloc_len);
int vsp_stor_req_data_out(struct vsp_stor_req *req, void *buf, u32 len);
int vsp_stor_req_map(struct vsp_stor_req *req, bool to_guest,
		     struct iov_iter *iter, u32 len);
int vsp_stor_req_map_pinned(struct vsp_stor_req *req, bool to_guest,
			    struct iov_iter *iter, u32 len);
void vsp_stor_req_drain(struct vsp_stor_req *req);
void vsp_stor_drain_work(struct work_struct *work);

/* scsi.c */
void vsp_stor_scsi_init(void);
void vsp_stor_scsi_exec(struct vsp_stor_req *req);
void vsp_stor_scsi_absent(struct vsp_stor_req *req);

/* io.c */
void vsp_stor_exec_read(struct vsp_stor_req *req);
void vsp_stor_exec_write(struct vsp_stor_req *req);
void vsp_stor_exec_flush(struct vsp_stor_req *req);
void vsp_stor_exec_sync_cache(struct vsp_stor_req *req);

/* bulk.c */
void vsp_stor_exec_unmap(struct vsp_stor_req *req);
void vsp_stor_exec_write_same(struct vsp_stor_req *req);
void vsp_stor_exec_verify(struct vsp_stor_req *req);

/* reserve.c */
int vsp_stor_reserve_attach(struct vsp_stor_lun *lun);
void vsp_stor_reserve_detach(struct vsp_stor_lun *lun);
void vsp_stor_reserve_drain(struct vsp_stor_pr_shared *shared);
void vsp_stor_reserve_put(struct vsp_stor_pr_shared *shared);
void vsp_stor_exec_pr_in(struct vsp_stor_req *req);
void vsp_stor_exec_pr_out(struct vsp_stor_req *req);

#endif /* VSP_STOR_H */
