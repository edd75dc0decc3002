/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * StorPort: what a miniport is written against.
 *
 * The port layer stands between the SCSI mid-layer and drivers of adapters
 * whose other end is not trusted. It owns the commands: a miniport knows a
 * command that it was given by its id, and hands in outcomes by id. Ids that
 * are not in flight are refused, and so are outcomes that cannot be.
 *
 * How to write a miniport: Documentation/driver-api/storport.rst.
 */
#ifndef STORPORT_H
#define STORPORT_H

#include <linux/blk-mq.h>
#include <linux/types.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

struct device;
struct module;
struct storport_adapter;

/* Most queues of one adapter, and commands in flight on one queue */
#define STORPORT_MAX_QUEUES	1024U
#define STORPORT_MAX_DEPTH	4096U
/* Most bytes of sense data that a miniport may hand in */
#define STORPORT_MAX_SENSE	SCSI_SENSE_BUFFERSIZE

/*
 * SRB status, as ntddstor.h and srb.h of the Windows driver kits have it: two
 * flags and a code.
 */
#define STORPORT_SRB_AUTOSENSE_VALID	0x80U
#define STORPORT_SRB_QUEUE_FROZEN	0x40U
#define STORPORT_SRB_CODE_MASK		0x3fU

enum storport_srb_status {
	STORPORT_SRB_PENDING			= 0x00,
	STORPORT_SRB_SUCCESS			= 0x01,
	STORPORT_SRB_ABORTED			= 0x02,
	STORPORT_SRB_ABORT_FAILED		= 0x03,
	STORPORT_SRB_ERROR			= 0x04,
	STORPORT_SRB_BUSY			= 0x05,
	STORPORT_SRB_INVALID_REQUEST		= 0x06,
	STORPORT_SRB_INVALID_PATH_ID		= 0x07,
	STORPORT_SRB_NO_DEVICE			= 0x08,
	STORPORT_SRB_TIMEOUT			= 0x09,
	STORPORT_SRB_SELECTION_TIMEOUT		= 0x0a,
	STORPORT_SRB_COMMAND_TIMEOUT		= 0x0b,
	STORPORT_SRB_MESSAGE_REJECTED		= 0x0d,
	STORPORT_SRB_BUS_RESET			= 0x0e,
	STORPORT_SRB_PARITY_ERROR		= 0x0f,
	STORPORT_SRB_REQUEST_SENSE_FAILED	= 0x10,
	STORPORT_SRB_NO_HBA			= 0x11,
	STORPORT_SRB_DATA_OVERRUN		= 0x12,
	STORPORT_SRB_UNEXPECTED_BUS_FREE	= 0x13,
	STORPORT_SRB_PHASE_SEQUENCE_FAILURE	= 0x14,
	STORPORT_SRB_BAD_SRB_BLOCK_LENGTH	= 0x15,
	STORPORT_SRB_REQUEST_FLUSHED		= 0x16,
	STORPORT_SRB_INVALID_LUN		= 0x20,
	STORPORT_SRB_INVALID_TARGET_ID		= 0x21,
	STORPORT_SRB_BAD_FUNCTION		= 0x22,
	STORPORT_SRB_ERROR_RECOVERY		= 0x23,
	STORPORT_SRB_NOT_POWERED		= 0x24,
	STORPORT_SRB_LINK_DOWN			= 0x25,
	STORPORT_SRB_INSUFFICIENT_RESOURCES	= 0x26,
	STORPORT_SRB_THROTTLED_REQUEST		= 0x27,
	STORPORT_SRB_INVALID_PARAMETER		= 0x28,
	STORPORT_SRB_INTERNAL_ERROR		= 0x30,
};

/**
 * struct storport_address - of a logical unit, a target or a bus
 * @channel: bus ("path" in StorPort)
 * @target: target on it; ignored for a bus
 * @lun: logical unit of it; ignored for a bus and a target
 */
struct storport_address {
	u32 channel;
	u32 target;
	u64 lun;
};

/**
 * struct storport_srb - a SCSI request block: one command given to a miniport
 * @id: what the miniport hands in the outcome with; never 0 and never with bit
 *	63 set. The lower half is the unique tag of the block layer plus 1, the
 *	upper half counts the uses of that tag. Set before build_io
 * @adapter: whose
 * @cmd: the command. The miniport reads it (CDB, scatter list) and writes
 *	nothing in it
 * @addr: logical unit
 * @data_length: bytes of data to be moved
 * @timeout_ms: time limit of the command
 * @queue: the queue it goes to
 * @path: by what it goes there, for storport_path_lost(). NULL before build_io,
 *	which may set it
 *
 * The rest is the port layer's. It lives in the private area of the SCSI
 * command, and is followed by what struct storport_miniport.srb_size asks for.
 *
 * The miniport owns an SRB from build_io until it returned something else than
 * to go on, or until storport_complete() was called with its id, or until it
 * returned from reset, abort or stop having seen to it that the device has
 * forgotten the command. After that the memory belongs to another command.
 */
struct storport_srb {
	u64 id;
	struct storport_adapter *adapter;
	struct scsi_cmnd *cmd;
	struct storport_address addr;
	u32 data_length;
	u32 timeout_ms;
	u16 queue;
	void *path;
	/* private: */
	u8 expired;
	bool done;
	u64 start_ns;
};

/**
 * struct storport_completion - the outcome of a command, as the device tells it
 * @srb_status: &enum storport_srb_status and the two flags
 * @scsi_status: SAM status
 * @transferred: bytes of data that were moved
 * @sense: sense data, if %STORPORT_SRB_AUTOSENSE_VALID; copied
 * @sense_length: bytes of it
 *
 * The port layer does not believe it: see storport_complete().
 */
struct storport_completion {
	u8 srb_status;
	u8 scsi_status;
	u32 transferred;
	const void *sense;
	u32 sense_length;
};

/**
 * enum storport_start - what became of a command in build_io and start_io
 * @STORPORT_START_OK: go on (build_io); it is the device's now (start_io)
 * @STORPORT_START_LUN_BUSY: not now; the mid-layer tries again when a command
 *	of the logical unit has ended, or in a while
 * @STORPORT_START_ADAPTER_BUSY: not now, and nothing else for this adapter;
 *	tried again when any command has ended, after storport_ready(), or in a
 *	while
 * @STORPORT_START_INVALID: it cannot be sent at all: ends with ILLEGAL REQUEST
 * @STORPORT_START_GONE: there is no device any more: ends with DID_NO_CONNECT
 */
enum storport_start {
	STORPORT_START_OK,
	STORPORT_START_LUN_BUSY,
	STORPORT_START_ADAPTER_BUSY,
	STORPORT_START_INVALID,
	STORPORT_START_GONE,
};

/**
 * enum storport_control - what adapter_control is asked to do
 * @STORPORT_STOP: make the device forget all commands, and take no outcome any
 *	more; no command comes until %STORPORT_RESTART
 * @STORPORT_RESTART: start again after a stop
 * @STORPORT_REMOVED: the device is gone without having been asked to; let go
 *	of it without talking to it. An outcome that comes all the same ends
 *	nothing
 * @STORPORT_SUSPEND: the machine is about to sleep: as %STORPORT_STOP, for a
 *	device that will have to be brought up again
 * @STORPORT_RESUME: bring it up again. It has the queues that it had; what else
 *	it can do must be no less than what find_adapter said
 */
enum storport_control {
	STORPORT_STOP,
	STORPORT_RESTART,
	STORPORT_REMOVED,
	STORPORT_SUSPEND,
	STORPORT_RESUME,
};

/**
 * enum storport_event - what a miniport tells the port layer
 * @STORPORT_EVENT_BUS_CHANGE: logical units came, went, or changed
 * @STORPORT_EVENT_LUN_CHANGE: one logical unit changed: capacity or parameters
 * @STORPORT_EVENT_LUN_GONE: one logical unit may be gone
 * @STORPORT_EVENT_LINK_DOWN: nothing gets through for the time being
 * @STORPORT_EVENT_LINK_UP: it does again; what is there is looked at anew
 */
enum storport_event {
	STORPORT_EVENT_BUS_CHANGE,
	STORPORT_EVENT_LUN_CHANGE,
	STORPORT_EVENT_LUN_GONE,
	STORPORT_EVENT_LINK_DOWN,
	STORPORT_EVENT_LINK_UP,
};

/**
 * struct storport_config - an adapter, as find_adapter describes it
 * @nr_queues: queues with completion interrupts; at least 1. The port layer
 *	uses no more than there are CPUs, of the poll queues neither
 * @nr_poll_queues: queues without; preset with the module parameter
 *	poll_queues, and to be set to what the device has. Needs &poll
 * @queue_depth: commands in flight on one queue; 1 to %STORPORT_MAX_DEPTH
 * @lun_depth: commands in flight for one logical unit, to begin with
 * @max_channel: highest bus number
 * @max_targets: targets of a bus
 * @max_luns: logical units of a target
 * @max_cdb: bytes of the longest CDB; at most 260
 * @max_sectors: most data of a command in units of 512 bytes
 * @max_segments: most segments of a scatter list
 * @max_segment_size: most bytes of a segment; 0: any
 * @dma_alignment: mask of address bits that must be 0 in user memory
 * @virt_boundary: mask: all segments but the first begin, and all but the last
 *	end, at addresses where these bits are 0; 0: no such rule
 * @max_sense: most bytes of sense data the device can hand in
 * @reset_ms: most time for one reset, including the return of the commands
 * @lun_flags: BLIST_* for all logical units
 * @no_write_same: WRITE SAME is not to be used
 * @no_scan: the miniport calls storport_notify() when there is something
 *
 * It is preset with values that suit most devices.
 */
struct storport_config {
	u32 nr_queues;
	u32 nr_poll_queues;
	u32 queue_depth;
	u32 lun_depth;
	u32 max_channel;
	u32 max_targets;
	u64 max_luns;
	u32 max_cdb;
	u32 max_sectors;
	u32 max_segments;
	u32 max_segment_size;
	u32 dma_alignment;
	unsigned long virt_boundary;
	u32 max_sense;
	u32 reset_ms;
	blist_flags_t lun_flags;
	bool no_write_same;
	bool no_scan;
};

/**
 * struct storport_adapter - the public half of an adapter
 * @miniport: whose
 * @host: the mid-layer's host; may be read
 * @dev: the device it belongs to
 * @config: as find_adapter left it and the port layer adjusted it
 * @priv: adapter_size bytes, zeroed, the miniport's own
 */
struct storport_adapter {
	const struct storport_miniport *miniport;
	struct Scsi_Host *host;
	struct device *dev;
	struct storport_config config;
	void *priv;
};

/**
 * struct storport_miniport - a driver of adapters
 * @name: shows in /sys/class/scsi_host/hostN/proc_name
 * @owner: THIS_MODULE; pinned while a logical unit is in use
 * @adapter_size: bytes of struct storport_adapter.priv
 * @srb_size: bytes of storport_srb_priv()
 * @find_adapter: bring the device up and describe it. Outcomes and
 *	notifications may come from here on. May sleep. Return: 0, or an errno
 *	with which storport_adapter_add() fails
 * @build_io: prepare a command: fill storport_srb_priv(). Called without a lock,
 *	on several CPUs at once. Must not sleep; optional
 * @start_io: give it to the device, without telling it yet if there is commit.
 *	Called with the lock of the queue held, so one at a time on a queue.
 *	Must not call storport_complete()
 * @commit: tell the device of everything that start_io left on a queue. Called
 *	once for a batch, without a lock, so maybe while another batch is
 *	started or told of, in an RCU read section. Optional
 * @poll: look for outcomes on a queue; called for poll queues only, from
 *	process or interrupt-like context, maybe on several CPUs at once.
 *	Return: how many were handed in
 * @abort: make the device forget one command. As for the resets: may sleep, for
 *	at most the given time. Return: 0 when the device has forgotten it or
 *	handed in its outcome, or will within that time; or an errno, upon which
 *	the next rung of the ladder is tried. Optional, like all resets
 * @reset_lun: the same for all commands of a logical unit
 * @reset_target: of a target
 * @reset_bus: of a bus
 * @adapter_control: see &enum storport_control; may sleep. Return: 0 or an
 *	errno; -EOPNOTSUPP if the adapter cannot do it. Optional
 * @configure_lun: last touches to a new logical unit, in process context; see
 *	device_configure of the mid-layer. Return: 0 or an errno; optional
 * @free_adapter: the opposite of find_adapter: nothing is called any more
 *
 * To be given to storport_miniport_init(), and not changed from then on.
 */
struct storport_miniport {
	const char *name;
	struct module *owner;
	size_t adapter_size;
	size_t srb_size;

	int (*find_adapter)(struct storport_adapter *adapter,
			    struct storport_config *config, void *context);
	enum storport_start (*build_io)(struct storport_adapter *adapter,
					struct storport_srb *srb);
	enum storport_start (*start_io)(struct storport_adapter *adapter,
					struct storport_srb *srb);
	void (*commit)(struct storport_adapter *adapter, unsigned int queue);
	int (*poll)(struct storport_adapter *adapter, unsigned int queue);
	int (*abort)(struct storport_adapter *adapter,
		     struct storport_srb *srb, unsigned int limit_ms);
	int (*reset_lun)(struct storport_adapter *adapter,
			 const struct storport_address *addr, unsigned int limit_ms);
	int (*reset_target)(struct storport_adapter *adapter,
			    const struct storport_address *addr, unsigned int limit_ms);
	int (*reset_bus)(struct storport_adapter *adapter,
			 const struct storport_address *addr, unsigned int limit_ms);
	int (*adapter_control)(struct storport_adapter *adapter,
			       enum storport_control control);
	int (*configure_lun)(struct storport_adapter *adapter,
			     struct scsi_device *sdev, struct queue_limits *lim);
	void (*free_adapter)(struct storport_adapter *adapter);
	/* private: */
	struct scsi_host_template template;
};

/**
 * storport_srb_priv() - the miniport's part of an SRB
 * @srb: the SRB
 *
 * It is as the last user of the memory left it: zero at first.
 *
 * Context: any.
 * Return: struct storport_miniport.srb_size bytes, aligned for a u64.
 */
static inline void *storport_srb_priv(struct storport_srb *srb)
{
	return srb + 1;
}

/**
 * storport_id_queue() - the queue of a command, from its id
 * @id: of a command; any value
 *
 * Context: any.
 * Return: the queue that the id names; not checked to exist.
 */
static inline unsigned int storport_id_queue(u64 id)
{
	return (lower_32_bits(id) - 1) >> BLK_MQ_UNIQUE_TAG_BITS;
}

/* adapter.c */
int storport_miniport_init(struct storport_miniport *miniport);
struct storport_adapter *
storport_adapter_add(const struct storport_miniport *miniport,
		     struct device *dev, void *context);
void storport_adapter_remove(struct storport_adapter *adapter);
void storport_adapter_gone(struct storport_adapter *adapter);
int storport_adapter_suspend(struct storport_adapter *adapter);
int storport_adapter_resume(struct storport_adapter *adapter);

/* srb.c */
int storport_complete(struct storport_adapter *adapter, u64 id,
		      const struct storport_completion *completion);
void storport_path_lost(struct storport_adapter *adapter, void *path);

/* queue.c */
void storport_ready(struct storport_adapter *adapter);
int storport_queue_cpu(struct storport_adapter *adapter, unsigned int queue);

/* rescan.c */
void storport_notify(struct storport_adapter *adapter, enum storport_event event,
		     const struct storport_address *addr);

#endif /* STORPORT_H */
