/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The network VSP: NICs, their channels, their ends on the host.
 *
 * Locks, outermost first:
 *
 *	vsp_net_nic.conf_lock		configuration; taken in configfs calls,
 *					and held while the core is asked to
 *					offer or withdraw and while the netdev
 *					is registered: hence never taken in
 *					.open, .close, .poll, nor by the netdev
 *	the core's partition lock	held around .open and .close of a channel
 *	the core's poll lock		held around .poll
 *	vsp_net_nic.share_lock		how the receive buffer is shared among
 *					channels; taken in .open, .close and the
 *					poll of the primary channel
 *	the lock of a netdev's queue	the core of the network's
 *	vsp_net_nic.lock		answers; bottom halves are off
 *	vsp_net_queue.lock		sections of the receive buffer that a channel
 *					has; bottom halves are off; of two queues
 *					never both at once
 *
 * Receive buffer, settings, and the channel of a queue are found by RCU: who
 * gives one up waits for transmitters. The send buffer is found by SRCU, as a
 * poll may sleep while it copies. What the guest sets, the poll of the primary
 * channel replaces, or its close: there is one writer.
 */
#ifndef VSP_NET_H
#define VSP_NET_H

#include <linux/configfs.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/uio.h>
#include <linux/workqueue.h>
#include <vmb/host.h>

#include "wire.h"

/* answers to packets that wait for room in the ring */
#define VSP_NET_MAX_OUTSTANDING	2048
/* parts of guest memory that one packet names */
#define VSP_NET_MAX_IOV		128
/* sections of the receive buffer that are used, and some that no frame gets */
#define VSP_NET_MAX_SECTIONS	16384U
#define VSP_NET_RESERVE		4U
/*
 * Bytes on the way to the guest that never stop a queue (BQL), so that the guest finds
 * several frames at a time; and with how many nobody waits for it to give one back
 */
#define VSP_NET_MIN_LIMIT	SZ_1M
#define VSP_NET_PATIENT		SZ_64K
/* control messages to the guest that wait for a section or for room */
#define VSP_NET_MAX_ANSWERS	32U
/* bytes of a section of the send buffer */
#define VSP_NET_SEND_SECTION	6144U
/* least payload of the segments of a large send */
#define VSP_NET_MIN_MSS		36U

enum vsp_net_state {
	VSP_NET_CLOSED,
	VSP_NET_OPENED,
	VSP_NET_VERSIONED,
	VSP_NET_READY,
};

/**
 * struct vsp_net_section - a section of the receive buffer
 * @next: in the list of those that are free, or of those of one packet
 * @use: who has it and for which time, what a completion has to name: see
 *	%VSP_NET_USE_GUEST. Of those of one packet, the first one's counts
 * @bytes: likewise, of the frame in them; 0 of an answer
 * @home: index of the queue that it returns to
 */
struct vsp_net_section {
	u32 next;
	u32 use;
	u32 bytes;
	u8 home;
};

/* struct vsp_net_section.use: the guest has it, by which channel, how often */
#define VSP_NET_USE_GUEST	0x01U
#define VSP_NET_USE_CHANNEL(u)	((u) >> 1 & 0x7fU)
#define VSP_NET_USE_COUNT	0x100U

/* the end of a list of sections */
#define VSP_NET_NO_SECTION	(~0U)

/**
 * struct vsp_net_recv - a receive buffer
 * @buf: the mapping
 * @size: bytes of a section
 * @nr: sections
 * @section: each
 */
struct vsp_net_recv {
	struct vmb_host_buffer buf;
	u32 size;
	u32 nr;
	struct vsp_net_section section[] __counted_by(nr);
};

/**
 * struct vsp_net_out - a packet to the guest that is being made
 * @trans_id: what a completion has to name
 * @nr: sections that were taken for it
 * @range: what is in each of them
 */
struct vsp_net_out {
	u64 trans_id;
	u32 nr;
	struct vmb_host_range range[VSP_NET_MAX_PIECES];
};

static_assert(VSP_NET_MAX_PIECES <= VMB_HOST_MAX_RANGES);

/**
 * struct vsp_net_answer - a control message to the guest that waits
 * @list: in &vsp_net_nic.answers
 * @len: bytes of it
 * @data: the message
 */
struct vsp_net_answer {
	struct list_head list;
	u32 len;
	u8 data[] __counted_by(len);
};

/**
 * struct vsp_net_stats - what a queue has done
 * @frames_in: from the guest
 * @bytes_in: likewise
 * @lso_in: large sends among them
 * @csum_in: with a checksum to be made
 * @control_in: control messages from the guest
 * @malformed: packets from the guest that made no sense
 * @spoofed: frames with an address that is not the guest's
 * @down_in: frames while the netdev was down
 * @nomem_in: frames without memory for them
 * @frames_out: to the guest
 * @bytes_out: likewise
 * @rsc_out: segments that went as one frame, such frames
 * @control_out: control messages to the guest
 * @filtered: frames the guest does not want
 * @too_long: frames that do not fit a section
 * @stops: of the queue, for want of sections
 * @full: of the queue, for want of room in the ring
 * @bad_completions: of sections that the guest does not have
 */
struct vsp_net_stats {
	u64 frames_in;
	u64 bytes_in;
	u64 lso_in;
	u64 csum_in;
	u64 control_in;
	u64 malformed;
	u64 spoofed;
	u64 down_in;
	u64 nomem_in;
	u64 frames_out;
	u64 bytes_out;
	u64 rsc_out;
	u64 control_out;
	u64 filtered;
	u64 too_long;
	u64 stops;
	u64 full;
	u64 bad_completions;
};

/**
 * struct vsp_net_queue - a channel as the netdev has it: a queue each way
 * @lock: protects @free, @nr_free, @away and what the sections in it say
 * @nic: the NIC
 * @index: of the channel and of the netdev's queue
 * @ch: the channel, when it is open; RCU
 * @free: the first free section
 * @nr_free: how many there are
 * @reserve: of them, no frame gets so many
 * @away: bytes of frames that the guest has by this channel
 * @wake: with so many the netdev's queue goes on; a frame in pieces needs no more
 * @napi: merges frames from the guest (GRO); the poll of the channel borrows it
 * @stats: counters; those of one direction have one writer, by the lock of the
 *	netdev's queue or by the poll
 * @chan: the channel, for people; under &vsp_net_nic.lock
 */
struct vsp_net_queue {
	spinlock_t lock;		/* free sections */
	struct vsp_net_nic *nic;
	u16 index;
	struct vmb_channel __rcu *ch;
	u32 free;
	u32 nr_free;
	u32 reserve;
	u32 away;
	u32 wake;
	struct napi_struct napi;
	struct vsp_net_stats stats;
	struct vsp_net_chan *chan;
} ____cacheline_aligned_in_smp;

/**
 * struct vsp_net_settings - what the guest has set; replaced as a whole
 * @rcu: frees it
 * @filter: %VMB_NDIS_FILTER_DIRECTED and its like; 0: no frames
 * @mac: the address that the guest has
 * @nr_multicast: addresses in @multicast
 * @multicast: groups that the guest is in
 * @rx_tcp: the guest is told that checksums of TCP are good
 * @rx_udp: likewise of UDP
 * @rsc4: the guest wants segments of TCP over IPv4 as one frame
 * @rsc6: likewise, IPv6
 * @rss: how frames are spread
 * @toeplitz: the key in it
 */
struct vsp_net_settings {
	struct rcu_head rcu;
	u32 filter;
	u8 mac[ETH_ALEN];
	u32 nr_multicast;
	u8 multicast[VSP_NET_MULTICAST_MAX][ETH_ALEN];
	bool rx_tcp;
	bool rx_udp;
	bool rsc4;
	bool rsc6;
	struct vsp_net_rss rss;
	struct vsp_net_toeplitz toeplitz;
};

/**
 * struct vsp_net_nic - a NIC
 * @dev: the core's half; its group is the directory
 * @name: partition and device, for messages
 * @conf_lock: protects the configuration: the fields up to @spoofing
 * @enabled: offered to the guest; the others change only while it is not
 * @ifname: of the netdev, may have a %d
 * @mac: the guest's address
 * @mtu: most bytes of an IP packet
 * @speed: of the link, Mb/s
 * @spoofing: the guest may use other addresses and see other frames
 * @netdev: the host's end; while @enabled
 * @queue: for each channel that there can be
 * @changed_work: tells the netdev how many there are, and what the guest wants
 * @share_lock: protects how @recv is shared among the channels that are open
 * @recv: where frames to the guest go; RCU
 * @send_srcu: protects readers of @send
 * @send: where frames from the guest may lie; SRCU
 * @set: what the guest has set; RCU
 * @initial: what it is until then
 * @ready: INITIALIZE has been answered
 * @version: of NVSP
 * @rsc: the guest can put frames together
 * @table_due: the guest is to be told by which channels to send
 * @lock: protects @answers and @nr_answers
 * @answers: control messages that wait
 * @nr_answers: how many
 * @debugfs: its directory
 */
struct vsp_net_nic {
	struct vmb_host_device dev;
	char name[80];
	struct mutex conf_lock;		/* configuration */
	bool enabled;
	char ifname[IFNAMSIZ];
	u8 mac[ETH_ALEN];
	u32 mtu;
	u32 speed;
	bool spoofing;
	struct net_device *netdev;
	struct vsp_net_queue *queue;
	struct delayed_work changed_work;
	struct mutex share_lock;	/* shares of the receive buffer */
	struct vsp_net_recv __rcu *recv;
	struct srcu_struct send_srcu;
	struct vmb_host_buffer __rcu *send;
	struct vsp_net_settings __rcu *set;
	struct vsp_net_settings initial;
	bool ready;
	u32 version;
	bool rsc;
	bool table_due;
	spinlock_t lock;		/* answers */
	struct list_head answers;
	u32 nr_answers;
	struct dentry *debugfs;
};

/**
 * struct vsp_net_chan - an open channel; but for @outstanding owned by the poll
 * @ch: the core's half
 * @nic: the NIC
 * @queue: the netdev's
 * @state: of the handshake; ready from the start on a sub-channel
 * @sends: frames may go by it
 * @mtu: most bytes of a frame, as the guest said, or 0; for people
 * @outstanding: answers whose memory is in use
 * @spare: what the next packet is answered with
 * @pkt: the packet that is being taken
 * @iov: for the memory it names
 * @change: what a control message wants
 * @control: %VSP_NET_MAX_CONTROL bytes of a control message
 * @answer: likewise of an answer
 * @frames: to be handed to the netdev
 */
struct vsp_net_chan {
	struct vmb_channel *ch;
	struct vsp_net_nic *nic;
	struct vsp_net_queue *queue;
	enum vsp_net_state state;
	bool sends;
	u32 mtu;
	atomic_t outstanding;
	struct vsp_net_reply *spare;
	struct vmb_packet pkt;
	struct iovec *iov;
	struct vsp_net_change change;
	u8 *control;
	u8 *answer;
	struct list_head frames;
};

/**
 * struct vsp_net_reply - an answer to an NVSP packet
 * @completion: the core's half
 * @chan: where it goes
 * @msg: what it says
 */
struct vsp_net_reply {
	struct vmb_completion completion;
	struct vsp_net_chan *chan;
	struct vmb_nvsp_msg msg;
};

/**
 * struct vsp_net_source - what a packet from the guest holds: a part of the send
 *	buffer, then pages
 * @section: what is left of the first, in memory that the guest can change
 * @section_len: bytes of it
 * @iter: what is left of the second
 * @len: bytes left of both
 */
struct vsp_net_source {
	const u8 *section;
	u32 section_len;
	struct iov_iter iter;
	u32 len;
};

/* A guest did something odd, or something failed; not to flood the log. */
#define vsp_net_warn(nic, fmt, ...) \
	pr_warn_ratelimited("%s: " fmt, (nic)->name, ##__VA_ARGS__)
#define vsp_net_chan_warn(chan, fmt, ...) ({				\
	const struct vsp_net_chan *__chan = (chan);			\
									\
	pr_warn_ratelimited("%s: channel %u: " fmt, __chan->nic->name,	\
			    __chan->ch->index, ##__VA_ARGS__);		\
})

/* The settings, for the poll of the primary channel and what excludes it. */
static inline struct vsp_net_settings *vsp_net_settings(struct vsp_net_nic *nic)
{
	return rcu_dereference_protected(nic->set, true);
}

static inline struct vsp_net_nic *vsp_net_nic_of(struct vmb_host_device *dev)
{
	return container_of(dev, struct vsp_net_nic, dev);
}

/* configfs.c */
struct vmb_host_device *vsp_net_nic_make(struct vmb_partition *partition,
					 const char *name);
void vsp_net_nic_drop(struct vmb_host_device *dev);

/* channel.c */
int vsp_net_reply_init(void);
void vsp_net_reply_exit(void);
int vsp_net_chan_open(struct vmb_channel *ch, const u8 *user);
void vsp_net_chan_close(struct vmb_channel *ch);
bool vsp_net_chan_busy(struct vmb_channel *ch);
int vsp_net_chan_poll(struct vmb_channel *ch, int budget);
void vsp_net_chan_room(struct vmb_channel *ch);
const char *vsp_net_state_name(enum vsp_net_state state);

/* buffer.c */
int vsp_net_recv_attach(struct vsp_net_chan *chan, u32 gpadl);
void vsp_net_recv_detach(struct vsp_net_chan *chan);
void vsp_net_recv_open(struct vsp_net_queue *queue, struct vmb_channel *ch);
void vsp_net_recv_close(struct vsp_net_queue *queue);
struct vsp_net_recv *vsp_net_recv_alloc(u32 nr);
void vsp_net_recv_share(struct vsp_net_nic *nic, struct vsp_net_recv *recv);
bool vsp_net_recv_take(struct vsp_net_queue *queue, struct vsp_net_recv *recv,
		       u32 bytes, u32 nr, struct vsp_net_out *out);
bool vsp_net_recv_return(struct vsp_net_queue *queue, struct vsp_net_recv *recv,
			 u64 trans_id);
int vsp_net_recv_send(struct vmb_channel *ch, const struct vsp_net_out *out,
		      u32 channel, bool more);
void vsp_net_recv_complete(struct vsp_net_chan *chan, u64 trans_id);
int vsp_net_send_attach(struct vsp_net_chan *chan, u32 gpadl);
void vsp_net_send_detach(struct vsp_net_chan *chan);

/* control.c */
u32 vsp_net_control_take(struct vsp_net_chan *chan, struct vsp_net_source *src);
void vsp_net_control_flush(struct vsp_net_nic *nic);
void vsp_net_control_purge(struct vsp_net_nic *nic);
void vsp_net_control_link(struct vsp_net_nic *nic);
void vsp_net_control_reset(struct vsp_net_nic *nic);
void vsp_net_control_table(struct vsp_net_chan *chan);

/* frame.c */
int vsp_net_source_peek(const struct vsp_net_source *src, void *buf, u32 len);
int vsp_net_source_skip(struct vsp_net_source *src, u32 len);
u32 vsp_net_frames_take(struct vsp_net_chan *chan, struct vsp_net_source *src);
void vsp_net_frames_deliver(struct vsp_net_chan *chan);
int vsp_net_frame_offload(struct sk_buff *skb, const struct vsp_net_frame *frame,
			  u32 max_len);

/* steer.c */
bool vsp_net_steer_hash(const struct vsp_net_settings *set, const struct sk_buff *skb,
			u32 *hash);

/* rsc.c */
bool vsp_net_rsc_wanted(const struct vsp_net_nic *nic,
			const struct vsp_net_settings *set, unsigned int gso_type);
bool vsp_net_rsc_fits(const struct vsp_net_queue *queue, u32 size,
		      const struct sk_buff *skb);
void vsp_net_rsc_fill(const struct vsp_net_recv *recv, struct vsp_net_out *out,
		      const struct vsp_net_to_guest *info, const struct sk_buff *skb);

/* ethtool.c */
extern const struct ethtool_ops vsp_net_ethtool_ops;
u64 vsp_net_stats_sum(const struct vsp_net_nic *nic, size_t offset);

/* netdev.c */
struct vsp_net_nic *vsp_net_dev_nic(struct net_device *dev);
int vsp_net_dev_create(struct vsp_net_nic *nic);
void vsp_net_dev_leave(struct vmb_host_device *dev);
void vsp_net_dev_destroy(struct vsp_net_nic *nic);
void vsp_net_dev_carrier(struct vsp_net_nic *nic);
void vsp_net_dev_changed(struct vsp_net_nic *nic);

#endif /* VSP_NET_H */
