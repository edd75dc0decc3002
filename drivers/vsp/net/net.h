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
 *	vsp_net_nic.lock		sections of the receive buffer, answers,
 *					filters; bottom halves are off; the core's
 *					lock of the ring to the guest is inside
 *
 * A receive buffer is found by RCU: who gives it up waits for transmitters.
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
#include <linux/spinlock.h>
#include <linux/uio.h>
#include <vmb/host.h>

#include "wire.h"

/* answers to packets that wait for room in the ring */
#define VSP_NET_MAX_OUTSTANDING	2048
/* parts of guest memory that one packet names */
#define VSP_NET_MAX_IOV		128
/* sections of the receive buffer that are used, and some that no frame gets */
#define VSP_NET_MAX_SECTIONS	16384U
#define VSP_NET_RESERVE		4U
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
 * struct vsp_net_recv - a receive buffer
 * @ch: the channel that packets go by
 * @buf: the mapping
 * @section: bytes of a section
 * @nr: sections
 * @nr_free: of them; this and the rest under &vsp_net_nic.lock
 * @free: their numbers
 * @use: for each section twice the times that it was given, plus one while the
 *	guest has it: what a completion has to name
 */
struct vsp_net_recv {
	struct vmb_channel *ch;
	struct vmb_host_buffer buf;
	u32 section;
	u32 nr;
	u32 nr_free;
	u32 *free;
	u32 *use;
};

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
 * struct vsp_net_stats - what a NIC has done
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
	u64 control_out;
	u64 filtered;
	u64 too_long;
	u64 stops;
	u64 full;
	u64 bad_completions;
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
 * @lock: protects the following, except for reading @recv
 * @chan: the open channel
 * @recv: where frames to the guest go; RCU
 * @answers: control messages that wait
 * @nr_answers: how many
 * @filter: %VMB_NDIS_FILTER_DIRECTED and its like; 0: no frames
 * @current_mac: the address that the guest has
 * @nr_multicast: addresses in @multicast
 * @multicast: groups that the guest is in
 * @rx_tcp: the guest is told that checksums of TCP are good
 * @rx_udp: likewise of UDP
 * @stats: counters; those of one direction have one writer, by @lock or by the
 *	poll
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
	spinlock_t lock;		/* recv, answers, filters */
	struct vsp_net_chan *chan;
	struct vsp_net_recv __rcu *recv;
	struct list_head answers;
	u32 nr_answers;
	u32 filter;
	u8 current_mac[ETH_ALEN];
	u32 nr_multicast;
	u8 multicast[VSP_NET_MULTICAST_MAX][ETH_ALEN];
	bool rx_tcp;
	bool rx_udp;
	struct vsp_net_stats stats;
	struct dentry *debugfs;
};

/**
 * struct vsp_net_chan - an open channel; but for @outstanding owned by the poll
 * @ch: the core's half
 * @nic: the NIC
 * @state: of the handshake
 * @version: of NVSP
 * @mtu: most bytes of a frame, as the guest said, or 0; for people
 * @ready: INITIALIZE has been answered
 * @send: the send buffer; its address is NULL when there is none
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
	enum vsp_net_state state;
	u32 version;
	u32 mtu;
	bool ready;
	struct vmb_host_buffer send;
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
bool vsp_net_recv_take(struct vsp_net_recv *recv, u32 *section);
void vsp_net_recv_untake(struct vsp_net_recv *recv, u32 section);
int vsp_net_recv_send(struct vsp_net_nic *nic, struct vsp_net_recv *recv,
		      u32 section, u32 len, u32 channel, bool more);
void vsp_net_recv_complete(struct vsp_net_chan *chan, u64 trans_id);
int vsp_net_send_attach(struct vsp_net_chan *chan, u32 gpadl);
void vsp_net_send_detach(struct vsp_net_chan *chan);

/* control.c */
u32 vsp_net_control_take(struct vsp_net_chan *chan, struct vsp_net_source *src);
void vsp_net_control_flush(struct vsp_net_nic *nic);
void vsp_net_control_purge(struct vsp_net_nic *nic);
void vsp_net_control_link(struct vsp_net_nic *nic, bool up);
void vsp_net_control_reset(struct vsp_net_nic *nic);

/* frame.c */
int vsp_net_source_peek(const struct vsp_net_source *src, void *buf, u32 len);
int vsp_net_source_skip(struct vsp_net_source *src, u32 len);
u32 vsp_net_frames_take(struct vsp_net_chan *chan, struct vsp_net_source *src);
void vsp_net_frames_deliver(struct vsp_net_chan *chan);
int vsp_net_frame_offload(struct sk_buff *skb, const struct vsp_net_frame *frame,
			  u32 max_len);

/* netdev.c */
int vsp_net_dev_create(struct vsp_net_nic *nic);
void vsp_net_dev_destroy(struct vsp_net_nic *nic);
void vsp_net_dev_carrier(struct vsp_net_nic *nic);

#endif /* VSP_NET_H */
