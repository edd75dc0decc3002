/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The port layer's own half of adapters, queues and logical units.
 *
 * Locks, outermost first:
 *
 *	the mid-layer's scan_mutex and device locks
 *	storport_port.control_lock	stop, restart, removal; taken without any
 *					lock of the mid-layer by adapter_remove,
 *					and by the error handler's thread
 *	storport_queue.start_lock	one start_io at a time on a queue; a leaf for
 *					the port layer, the miniport's own are
 *					inside
 *
 * Completion takes none of them: it claims a command by one atomic operation on
 * the slot of its tag.
 */
#ifndef STORPORT_PORT_H
#define STORPORT_PORT_H

#include <linux/atomic.h>
#include <linux/blk-mq.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <storport/storport.h>

/* struct storport_slot.id: the mid-layer gave the command up, the device not */
#define STORPORT_ID_ORPHAN	BIT_ULL(63)

/**
 * struct storport_slot - who uses a tag
 * @id: of the command in flight, maybe with %STORPORT_ID_ORPHAN; 0: none.
 *	Whoever changes it from an id to 0 owns what goes with it
 * @srb: the command; not valid for an orphan
 * @addr: where it went; for resets, which find orphans by it
 * @path: by what it went; for those who lose one
 * @uses: how often the tag was used; the owner of the tag changes it
 */
struct storport_slot {
	atomic64_t id;
	struct storport_srb *srb;
	struct storport_address addr;
	void *path;
	u32 uses;
};

/**
 * struct storport_queue - one hardware queue
 * @port: whose
 * @index: number; those with interrupts come first
 * @polled: no interrupts
 * @start_lock: around start_io, and what it uses
 * @pending: started and not committed
 * @started: commands given to the device; under @start_lock, like the next two
 * @commits: times it was told
 * @batch_max: most commands in one commit
 * @polls: calls of the miniport's poll; approximate
 * @slots: one for each tag
 */
struct storport_queue {
	struct storport_port *port;
	u16 index;
	bool polled;
	spinlock_t start_lock;	/* start_io */
	unsigned int pending;
	u64 started;
	u64 commits;
	u32 batch_max;
	u64 polls;
	struct storport_slot *slots;
} ____cacheline_aligned_in_smp;

/* Counters of an adapter that are 0 as long as all goes well */
enum storport_counter {
	STORPORT_CNT_UNKNOWN_ID,	/* an id that no queue or tag has */
	STORPORT_CNT_STALE_ID,		/* an id not in flight: a second completion */
	STORPORT_CNT_BAD_LENGTH,	/* more transferred than there was */
	STORPORT_CNT_BAD_SENSE,		/* more sense than fits, or none */
	STORPORT_CNT_BAD_STATUS,	/* a status that is not an outcome */
	STORPORT_CNT_LATE,		/* outcome of a command given up */
	STORPORT_CNT_ABANDONED,		/* tag used again, outcome outstanding */
	STORPORT_CNT_TIMEOUT,
	STORPORT_CNT_ABORT,
	STORPORT_CNT_RESET_LUN,
	STORPORT_CNT_RESET_TARGET,
	STORPORT_CNT_RESET_BUS,
	STORPORT_CNT_RESTART,
	STORPORT_CNT_RESET_FAILED,	/* any rung */
	STORPORT_CNT_SWEPT,		/* commands ended by stop or removal */
	STORPORT_CNT_RESCAN,
	STORPORT_CNT_LUN_RESCAN,
	STORPORT_CNT_LUN_REMOVED,
	STORPORT_CNT_NR,
};

/* struct storport_port.flags */
enum storport_port_flag {
	STORPORT_PORT_RUNNING,		/* added to the mid-layer */
	STORPORT_PORT_STOPPED,		/* between stop and restart */
	STORPORT_PORT_GONE,		/* no device any more */
	STORPORT_PORT_REMOVING,		/* no new rescans */
	STORPORT_PORT_BLOCKED,		/* link is down */
	STORPORT_PORT_ASLEEP,		/* from suspend to resume */
	STORPORT_PORT_SUSPENDED,	/* and the device is not there */
};

/* any of these: the device may not be there, and is not to be touched */
#define STORPORT_PORT_NO_DEVICE	(BIT(STORPORT_PORT_GONE) |	\
				 BIT(STORPORT_PORT_SUSPENDED) |	\
				 BIT(STORPORT_PORT_STOPPED))

/* struct storport_port.events and struct storport_lun.events: work to do */
enum storport_todo {
	STORPORT_TODO_SCAN,		/* what is there? */
	STORPORT_TODO_VERIFY,		/* are they, or is it, still there? */
	STORPORT_TODO_RESCAN,		/* capacity and parameters */
};

/**
 * struct storport_port - an adapter
 * @adapter: what the miniport sees
 * @host: the mid-layer's
 * @flags: &enum storport_port_flag
 * @control_lock: stop, restart and removal
 * @queues: all of them
 * @nr_queues: how many
 * @returned: waits of the reset ladder: a command came back, the device woke up
 * @events: &enum storport_todo for all logical units
 * @event_work: does what @events says
 * @run_work: runs the queues again
 * @counters: &enum storport_counter
 * @debugfs: directory
 */
struct storport_port {
	struct storport_adapter adapter;
	struct Scsi_Host *host;
	unsigned long flags;
	struct mutex control_lock;	/* stop, restart, removal */
	struct storport_queue *queues;
	unsigned int nr_queues;
	wait_queue_head_t returned;
	unsigned long events;
	struct work_struct event_work;
	struct delayed_work run_work;
	atomic64_t counters[STORPORT_CNT_NR];
	struct dentry *debugfs;
};

static inline struct storport_port *storport_port_of(struct storport_adapter *adapter)
{
	return container_of(adapter, struct storport_port, adapter);
}

static inline void storport_count(struct storport_port *port,
				  enum storport_counter counter)
{
	atomic64_inc(&port->counters[counter]);
}

static inline bool storport_port_gone(struct storport_port *port)
{
	return test_bit(STORPORT_PORT_GONE, &port->flags);
}

/**
 * struct storport_stats - counters of a logical unit, per CPU
 * @requests: commands that ended
 * @read_bytes: moved
 * @write_bytes: moved
 * @errors: commands that ended other than well
 * @busy: times a command was turned away, here or by the device
 */
struct storport_stats {
	u64 requests;
	u64 read_bytes;
	u64 write_bytes;
	u64 errors;
	u64 busy;
};

/**
 * struct storport_lun - a logical unit
 * @sdev: the mid-layer's
 * @events: &enum storport_todo for it
 * @in_flight: commands
 * @max_in_flight: most of them at a time
 * @timeouts: commands that ran into their time limit
 * @stats: the rest
 */
struct storport_lun {
	struct scsi_device *sdev;
	unsigned long events;
	atomic_t in_flight;
	int max_in_flight;
	atomic64_t timeouts;
	struct storport_stats __percpu *stats;
};

static inline struct storport_lun *storport_lun_of(struct scsi_device *sdev)
{
	return sdev->hostdata;
}

/* status.c: what an outcome means */

/* struct storport_outcome.todo */
#define STORPORT_OUTCOME_SCAN		BIT(STORPORT_TODO_SCAN)
#define STORPORT_OUTCOME_VERIFY		BIT(STORPORT_TODO_VERIFY)
#define STORPORT_OUTCOME_RESCAN		BIT(STORPORT_TODO_RESCAN)

/**
 * struct storport_command - what of a command its outcome is judged by
 * @cdb: CDB, at least 6 bytes
 * @data_length: bytes to be moved
 * @underflow: bytes that have to be moved at least
 * @max_sense: bytes of sense data that may come
 */
struct storport_command {
	const u8 *cdb;
	u32 data_length;
	u32 underflow;
	u32 max_sense;
};

/**
 * struct storport_outcome - what the mid-layer is told
 * @result: host byte and SAM status
 * @transferred: bytes
 * @sense_length: bytes of sense data to be copied
 * @illegal: ILLEGAL REQUEST is to be made up
 * @absent: the answer to INQUIRY of no logical unit is to be made up
 * @todo: STORPORT_OUTCOME_*
 * @refused: the counter of why the outcome was not believed, or -1
 */
struct storport_outcome {
	u32 result;
	u32 transferred;
	u32 sense_length;
	bool illegal;
	bool absent;
	unsigned long todo;
	int refused;
};

void storport_status_judge(const struct storport_command *cmd,
			   const struct storport_completion *c,
			   struct storport_outcome *out);

/* srb.c */
int storport_srb_init(struct Scsi_Host *host, struct scsi_cmnd *cmd);
int storport_srb_queue(struct Scsi_Host *host, struct scsi_cmnd *cmd);
bool storport_srb_orphan(struct storport_port *port, struct storport_srb *srb);
void storport_srb_sweep(struct storport_port *port, u8 host_byte);

/* queue.c */
int storport_queues_alloc(struct storport_port *port);
void storport_queues_free(struct storport_port *port);
void storport_queues_map(struct Scsi_Host *host);
void storport_queues_barrier(struct storport_port *port);
bool storport_queues_idle(struct storport_port *port);
bool storport_queue_pending(struct storport_queue *queue);
void storport_queue_commit_rqs(struct Scsi_Host *host, u16 hwq);
int storport_queue_poll(struct Scsi_Host *host, unsigned int hwq);
struct storport_slot *storport_slot_of(struct storport_port *port, u64 id);
void storport_queue_run_work(struct work_struct *work);

/* error.c */
enum scsi_timeout_action storport_error_timed_out(struct scsi_cmnd *cmd);
int storport_error_abort(struct scsi_cmnd *cmd);
int storport_error_reset_lun(struct scsi_cmnd *cmd);
int storport_error_reset_target(struct scsi_cmnd *cmd);
int storport_error_reset_bus(struct scsi_cmnd *cmd);
int storport_error_restart(struct scsi_cmnd *cmd);

/* lun.c */
extern const struct attribute_group *storport_lun_groups[];
int storport_lun_alloc(struct scsi_device *sdev);
int storport_lun_configure(struct scsi_device *sdev, struct queue_limits *lim);
void storport_lun_free(struct scsi_device *sdev);
void storport_lun_sum(struct storport_lun *lun, struct storport_stats *sum);
void storport_lun_begin(struct storport_lun *lun);
void storport_lun_end(struct storport_lun *lun);

/* rescan.c */
void storport_rescan_init(struct storport_port *port);
void storport_rescan_start(struct storport_port *port);
void storport_rescan_stop(struct storport_port *port);
void storport_rescan_lun(struct storport_port *port, struct storport_lun *lun,
			 unsigned long todo);

/* main.c */
extern struct workqueue_struct *storport_wq;
unsigned int storport_poll_queues(void);

#endif /* STORPORT_PORT_H */
