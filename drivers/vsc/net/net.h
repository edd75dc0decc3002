/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The synthetic NIC: a net_device over vmb_guest.
 *
 * Locks, outermost first:
 *
 *	the device's lock		probe, remove, sub-channels, sleep
 *	RTNL				configuration
 *	vmb_guest's of a channel	held around a rescind
 *	vsc_net_dev.lost_lock		a sub-channel is being given up
 *	vsc_net_dev.control_lock	one request at a time; sleeps for an answer
 *	the netdev's of a queue		vsc_net_tx; bottom halves are off
 *	vsc_net_dev.answer_lock		who waits for which answer; irqs off, a leaf
 *
 * What is received belongs to the NAPI context of its channel. A slot of a
 * channel's is given away under the lock of the queue and given back by NAPI.
 */
#ifndef VSC_NET_H
#define VSC_NET_H

#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/if_ether.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/workqueue.h>
#include <net/page_pool/types.h>
#include <net/xdp.h>
#include <vmb/guest.h>

#include "wire.h"

/* Rings of a channel; that to the host has room for all slots and completions */
#define VSC_NET_OUT_BYTES	SZ_256K
#define VSC_NET_IN_BYTES	SZ_256K
/* the largest packet of the host's: a NIC may send several frames in one */
#define VSC_NET_MAX_PACKET	4096U
/* The two buffers */
#define VSC_NET_RECV_BYTES	SZ_16M
#define VSC_NET_SEND_BYTES	SZ_1M
#define VSC_NET_SEND_MAX_BYTES	SZ_8M
/* with fewer sections a NIC does not work */
#define VSC_NET_MIN_SECTIONS	8U
#define VSC_NET_MAX_SLOTS	1024U
#define VSC_NET_MAX_CHANS	64U
/* Packets taken in one poll */
#define VSC_NET_POLL_BUDGET	64
/* Sections that are given back without a signal of their own */
#define VSC_NET_LAZY_SECTIONS	8U
/* How long they wait at most: a timer that goes off wakes a guest that has nothing to do */
#define VSC_NET_LAZY_MS		20U
/* Time limit of a request, ms */
#define VSC_NET_REQUEST_MS	10000U
/* parts of a frame that lie in pages: fragments, and what is in front of them */
#define VSC_NET_MAX_RANGES	(MAX_SKB_FRAGS + 1)
/* pages of them: 64 KiB, and an end for each */
#define VSC_NET_MAX_PAGES	(16 + 2 * VSC_NET_MAX_RANGES)
#define VSC_NET_MAX_COALESCE_US	10000U
/* pages that wait for frames, beside those that NAPI has at hand */
#define VSC_NET_POOL_PAGES	256U
/* likewise longer ones, for what has been merged: as long as are at hand without much ado */
#define VSC_NET_LARGE_ORDER	PAGE_ALLOC_COSTLY_ORDER
#define VSC_NET_LARGE_PAGES	32U
/* and what of it is in one piece */
#define VSC_NET_LARGE_PART	SZ_16K
/* what a page holds, headroom included, with what an skb needs at its end */
#define VSC_NET_PAGE_ROOM	SKB_WITH_OVERHEAD(PAGE_SIZE)

/* Ids of packets that are not frames: those of slots leave this bit alone */
#define VSC_NET_CONTROL_ID	BIT_ULL(63)

/**
 * struct vsc_net_buf - memory that is shared with the host
 * @addr: the pages, one after the other; NULL: none
 * @pages: they
 * @nr_pages: how many
 * @gpadl: the host's handle
 */
struct vsc_net_buf {
	u8 *addr;
	struct page **pages;
	unsigned int nr_pages;
	struct vmb_guest_gpadl gpadl;
};

/**
 * struct vsc_net_slot - a section of the send buffer, and what the host has of it
 * @skb: frames, by their next pointers, until the slot is given back: one whose
 *	pages the host has, or all that were copied
 * @frame: of an XDP program, whose pages the host has until then; there is no @skb
 * @bytes: of the frames that a queue's limit counts
 * @packets: how many of them
 * @gen: times that it was given, so that late completions are told apart
 * @busy: the host has it
 */
struct vsc_net_slot {
	struct sk_buff *skb;
	struct xdp_frame *frame;
	u32 bytes;
	u16 packets;
	u16 gen;
	int busy;
};

/**
 * struct vsc_net_tx - frames to the host; the queue's lock, but for @tail and
 *	what it protects
 * @slots: by number
 * @nr: how many; 0: nothing can be sent
 * @first: section of the first one
 * @wake: slots that have to be free for a queue that was stopped to go on
 * @free: numbers of free slots, a ring
 * @mask: of indices in @free
 * @head: the next one to take
 * @tail: where NAPI gives back
 * @slot: that is being filled, or -1
 * @held: the ring had no room for @slot; only that can be sent next
 * @msg: offset in the section of the last message
 * @msg_len: bytes of that message
 * @len: bytes in the section
 * @packets: in it
 * @gpa: what is in pages; its length is 0 when there is nothing
 * @pages: for that
 */
struct vsc_net_tx {
	struct vsc_net_slot *slots;
	u32 nr;
	u32 first;
	u32 wake;
	u16 *free;
	u32 mask;
	u32 head;
	u32 tail;
	int slot;
	bool held;
	u32 msg;
	u32 msg_len;
	u32 len;
	u32 packets;
	struct vmb_guest_gpa gpa;
	u64 pages[VMB_GUEST_GPA_BYTES(VSC_NET_MAX_RANGES, VSC_NET_MAX_PAGES) / 8];
};

/**
 * struct vsc_net_tx_stats - of a channel; the queue's lock
 * @packets: frames to the host
 * @bytes: of them
 * @copied: into a section
 * @mapped: with pages
 * @batched: that were not the first of a packet
 * @lso: large sends
 * @csum: with a checksum to be made
 * @linearized: too many parts
 * @dropped: for whatever reason
 * @stops: of the queue, for want of slots
 * @full: of the ring
 * @xdp: of @packets, from XDP programs
 * @xdp_dropped: frames of theirs that there was no room for
 */
struct vsc_net_tx_stats {
	u64 packets;
	u64 bytes;
	u64 copied;
	u64 mapped;
	u64 batched;
	u64 lso;
	u64 csum;
	u64 linearized;
	u64 dropped;
	u64 stops;
	u64 full;
	u64 xdp;
	u64 xdp_dropped;
};

/**
 * struct vsc_net_rx_stats - of a channel; NAPI
 * @packets: frames from the host
 * @bytes: of them
 * @lro: of @packets, that came in pieces
 * @csum_good: that need no look at the checksum
 * @polls: of NAPI
 * @nomem: frames without memory for them
 * @down: frames while the netdev was down
 * @malformed: packets, messages or frames that made no sense
 * @bad_completions: of slots that the host does not have
 * @tx_errors: frames that the host refused
 * @full: completions that waited for room in the ring
 * @xdp_pass: frames that a program left to the stack
 * @xdp_drop: that it dropped
 * @xdp_tx: that it sent back
 * @xdp_redirect: that it sent elsewhere
 * @xdp_aborted: that it failed on, or that could not be sent
 * @xdp_long: that did not come to a program: in pieces, or of pages that it has no
 *	use for
 */
struct vsc_net_rx_stats {
	u64 packets;
	u64 bytes;
	u64 lro;
	u64 csum_good;
	u64 polls;
	u64 nomem;
	u64 down;
	u64 malformed;
	u64 bad_completions;
	u64 tx_errors;
	u64 full;
	u64 xdp_pass;
	u64 xdp_drop;
	u64 xdp_tx;
	u64 xdp_redirect;
	u64 xdp_aborted;
	u64 xdp_long;
};

/**
 * struct vsc_net_done - a packet of the host's that has been taken
 * @trans_id: its
 * @status: &enum vmb_nvsp_status
 */
struct vsc_net_done {
	u64 trans_id;
	u32 status;
};

/**
 * struct vsc_net_xdp_buff - a frame that a program sees
 * @xdp: what it can know
 * @in: what the host says of it; @tagged as long as the tag is not in the frame
 */
struct vsc_net_xdp_buff {
	struct xdp_buff xdp;
	struct vsc_net_in *in;
};

/**
 * struct vsc_net_chan - a channel and its two queues
 * @nd: whose
 * @ch: vmb_guest's; valid while @opened
 * @index: of the channel, and of both queues
 * @cpu: takes its interrupts
 * @opened: NAPI runs; the device's lock, and @lost_lock
 * @live: frames can be sent; written under the queue's lock
 * @napi: receives
 * @timer: has NAPI look again, in place of an interrupt
 * @pool: memory for frames; while @opened
 * @large: longer pages, for those that have been merged; while @opened
 * @rxq: what XDP knows of it
 * @xdp_sent: a program has sent frames in this poll; NAPI
 * @xdp_redirected: elsewhere
 * @done: packets to be given back; NAPI
 * @nr_done: how many
 * @nr_lazy: sections given back, of which the host may not have been told; NAPI
 * @lazy: tells it in the end
 * @tx_packets: that the host has taken in this poll
 * @tx_bytes: of them
 * @tx: frames to the host
 * @tx_stats: counters
 * @rx_stats: counters
 * @peek: the head of a message; NAPI
 * @control: a message that is no frame; NAPI
 */
struct vsc_net_chan {
	struct vsc_net_dev *nd;
	struct vmb_guest_channel *ch;
	unsigned int index;
	unsigned int cpu;
	bool opened;
	bool live;
	struct napi_struct napi;
	struct hrtimer timer;
	struct page_pool *pool;
	struct page_pool *large;
	struct xdp_rxq_info rxq;
	bool xdp_sent;
	bool xdp_redirected;
	struct vsc_net_done done[VSC_NET_POLL_BUDGET];
	unsigned int nr_done;
	u32 nr_lazy;
	struct timer_list lazy;
	u32 tx_packets;
	u32 tx_bytes;
	struct vsc_net_tx tx;
	struct vsc_net_tx_stats tx_stats;
	struct vsc_net_rx_stats rx_stats;
	u8 peek[VSC_NET_PACKET_PEEK];
	u8 control[VSC_NET_MAX_CONTROL];
};

/**
 * struct vsc_net_dev - a NIC
 * @dev: vmb_guest's
 * @netdev: the kernel's
 * @registered: it is; written under RTNL
 * @up: frames are received
 * @xdp_prog: sees frames before the stack; RTNL
 * @version: of NVSP
 * @recv: where frames of the host lie
 * @recv_bytes: of it; 0: there is none yet
 * @send: where frames to the host lie
 * @section: bytes of a section of it
 * @nr_sections: how many
 * @init: what the host can take
 * @offload: what it does
 * @rss: how it spreads frames; its queues are those that are used at most
 * @mac: permanent address
 * @max_mtu: most bytes of an IP packet
 * @max_frame: most bytes of a frame from the host
 * @speed: of the link, Mb/s; 0: the host does not say
 * @filter: what the host was asked to send; control_lock
 * @chans: channels
 * @nr_chans: how many there may be
 * @nr_wanted: how many are to be used; RTNL
 * @table: channels by the hash; RTNL
 * @key: of the hash; RTNL
 * @coalesce_us: how long NAPI waits before it looks again
 * @lost_lock: held while a sub-channel is being given up
 * @control_lock: one request at a time; the next two
 * @request: a page for it
 * @request_id: of the last one
 * @answer_lock: protects the following, up to @answered
 * @nvsp_id: packet whose completion is waited for; 0: none
 * @rndis_id: request whose answer is waited for; 0: none
 * @nvsp: the completion
 * @answer: the answer
 * @answer_len: bytes of it
 * @result: of waiting: 0 or an errno
 * @closed: nobody will answer any more
 * @answered: there is an answer, or will never be
 * @link_lock: protects the carrier, and @link_news
 * @link_news: how often the host, or the channel, told of the link unasked
 * @filter_work: tells the host what is to be received
 * @queue_work: uses the sub-channels that there are
 * @link_work: asks whether there is a link
 */
struct vsc_net_dev {
	struct vmb_guest_device *dev;
	struct net_device *netdev;
	bool registered;
	bool up;
	struct bpf_prog __rcu *xdp_prog;
	u32 version;
	struct vsc_net_buf recv;
	u32 recv_bytes;
	struct vsc_net_buf send;
	u32 section;
	u32 nr_sections;
	struct vsc_net_init init;
	struct vsc_net_offload offload;
	struct vsc_net_rss_caps rss;
	u8 mac[ETH_ALEN];
	u32 max_mtu;
	u32 max_frame;
	u32 speed;
	u32 filter;
	struct vsc_net_chan *chans;
	unsigned int nr_chans;
	unsigned int nr_wanted;
	u16 table[VSC_NET_RSS_MAX_TABLE];
	u8 key[VSC_NET_RSS_KEY];
	u32 coalesce_us;
	struct mutex lost_lock;		/* a sub-channel is being given up */
	struct mutex control_lock;	/* one request at a time */
	void *request;
	u32 request_id;
	spinlock_t answer_lock;		/* nvsp_id to closed */
	u64 nvsp_id;
	u32 rndis_id;
	struct vmb_nvsp_msg nvsp;
	u8 answer[VSC_NET_MAX_CONTROL];
	u32 answer_len;
	int result;
	bool closed;
	struct completion answered;
	spinlock_t link_lock;		/* the carrier, link_news */
	u32 link_news;
	struct work_struct filter_work;
	struct work_struct queue_work;
	struct delayed_work link_work;
};

static inline struct vsc_net_dev *vsc_net_of(const struct net_device *netdev)
{
	return netdev_priv(netdev);
}

/* The host did something odd; not to flood the log. */
#define vsc_net_warn(chan, fmt, ...) ({					\
	const struct vsc_net_chan *__chan = (chan);			\
									\
	dev_warn_ratelimited(&__chan->nd->dev->dev, "channel %u: " fmt,	\
			     __chan->index, ##__VA_ARGS__);		\
})

/* buffer.c */
int vsc_net_buf_alloc(struct vsc_net_buf *buf, u32 bytes);
int vsc_net_buf_share(struct vsc_net_dev *nd, struct vsc_net_buf *buf);
void vsc_net_buf_free(struct vsc_net_dev *nd, struct vsc_net_buf *buf);

/* channel.c */
int vsc_net_chan_open(struct vsc_net_chan *chan, struct vmb_guest_channel *ch);
int vsc_net_chan_start(struct vsc_net_chan *chan);
void vsc_net_chan_close_all(struct vsc_net_dev *nd);
void vsc_net_chan_sub(struct vmb_guest_channel *ch);

/* control.c */
void vsc_net_control_init(struct vsc_net_dev *nd);
int vsc_net_control_nvsp(struct vsc_net_dev *nd, struct vmb_nvsp_msg *msg, u32 answer);
int vsc_net_control_tell(struct vsc_net_dev *nd, const struct vmb_nvsp_msg *msg);
int vsc_net_control_initialize(struct vsc_net_dev *nd);
void vsc_net_control_halt(struct vsc_net_dev *nd);
int vsc_net_control_query(struct vsc_net_dev *nd, u32 oid, const void *ask_info, u32 ask_len,
			  void *info, u32 size);
int vsc_net_control_set(struct vsc_net_dev *nd, u32 oid, const void *info, u32 len);
int vsc_net_control_filter(struct vsc_net_dev *nd, u32 filter);
bool vsc_net_control_completion(struct vsc_net_dev *nd, const struct vmb_packet *pkt);
bool vsc_net_control_answer(struct vsc_net_dev *nd, const void *msg, u32 len);
void vsc_net_control_open(struct vsc_net_dev *nd);
void vsc_net_control_close(struct vsc_net_dev *nd);

/* setup.c */
int vsc_net_setup(struct vsc_net_dev *nd);
void vsc_net_setup_undo(struct vsc_net_dev *nd);
void vsc_net_setup_subs(struct vsc_net_dev *nd);
int vsc_net_setup_rss(struct vsc_net_dev *nd);

/* tx.c */
int vsc_net_tx_alloc(struct vsc_net_chan *chan);
void vsc_net_tx_free(struct vsc_net_chan *chan);
void vsc_net_tx_start(struct vsc_net_chan *chan);
void vsc_net_tx_stop(struct vsc_net_chan *chan);
netdev_tx_t vsc_net_tx_xmit(struct sk_buff *skb, struct net_device *netdev);
void vsc_net_tx_complete(struct vsc_net_chan *chan, const struct vmb_packet *pkt);
void vsc_net_tx_completed(struct vsc_net_chan *chan);
void vsc_net_tx_retry(struct vsc_net_chan *chan);
bool vsc_net_tx_xdp(struct vsc_net_chan *chan, struct xdp_frame *frame);
void vsc_net_tx_xdp_flush(struct vsc_net_chan *chan);

/* rx.c */
enum xdp_rss_hash_type vsc_net_rx_hash_type(__be16 proto, const void *head, u32 len);
int vsc_net_rx_alloc(struct vsc_net_chan *chan);
void vsc_net_rx_free(struct vsc_net_chan *chan);
void vsc_net_rx_packet(struct vmb_guest_channel *ch, const struct vmb_packet *pkt);
void vsc_net_rx_batch_end(struct vmb_guest_channel *ch);
void vsc_net_rx_lazy(struct timer_list *timer);
int vsc_net_rx_poll(struct napi_struct *napi, int budget);

/* xdp.c */
extern const struct xdp_metadata_ops vsc_net_xdp_metadata_ops;
bool vsc_net_xdp_mtu_ok(const struct bpf_prog *prog, int mtu, struct netlink_ext_ack *extack);
bool vsc_net_xdp_tag(struct vsc_net_xdp_buff *ctx);
bool vsc_net_xdp_run(struct vsc_net_chan *chan, struct bpf_prog *prog,
		     struct vsc_net_xdp_buff *ctx);
void vsc_net_xdp_flush(struct vsc_net_chan *chan);
int vsc_net_xdp_xmit(struct net_device *netdev, int n, struct xdp_frame **frames, u32 flags);
int vsc_net_xdp_bpf(struct net_device *netdev, struct netdev_bpf *bpf);

/* netdev.c */
struct vsc_net_dev *vsc_net_dev_alloc(struct vmb_guest_device *dev);
void vsc_net_dev_free(struct vsc_net_dev *nd);
int vsc_net_dev_register(struct vsc_net_dev *nd);
void vsc_net_dev_unregister(struct vsc_net_dev *nd);
int vsc_net_dev_queues(struct vsc_net_dev *nd);
int vsc_net_dev_again(struct vsc_net_dev *nd);
void vsc_net_dev_carrier(struct vsc_net_dev *nd, bool on);
void vsc_net_dev_link(struct vsc_net_dev *nd, const void *msg, u32 len);
int vsc_net_dev_link_ask(struct vsc_net_dev *nd);

/* ethtool.c */
extern const struct ethtool_ops vsc_net_ethtool_ops;

#endif /* VSC_NET_H */
