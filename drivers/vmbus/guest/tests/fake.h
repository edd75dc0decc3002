/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A platform that plays the host: it answers messages as they are posted, and
 * has the other ends of the rings. What it shall do wrong it is told by its
 * fields. It interrupts the CPU that it was told to, which has been interrupted when
 * the call returns, bottom halves included. Works of the bus run on any CPU;
 * settle() waits for those.
 */
#ifndef VMB_GUEST_TESTS_FAKE_H
#define VMB_GUEST_TESTS_FAKE_H

#include <kunit/test.h>
#include <linux/list.h>
#include <vmb/gpadl.h>

#include "../guest.h"

#define FAKE_RELIDS	VMB_EVENT_FLAGS
#define FAKE_TYPES	32
#define FAKE_CONN(relid) (0x10000 + (relid))
/* what the host names for messages from 5.0 on */
#define FAKE_MSG_CONN	0x1234
/* its number of a CPU */
#define FAKE_VP(cpu)	(7 + (cpu))

struct fake_msg {
	struct list_head list;
	u32 len;
	u8 payload[VMB_MSG_PAYLOAD_MAX];
};

/* a channel, as the host sees it */
struct fake_chan {
	bool open;
	u32 vp;
	u32 gpadl;
	struct page **pages;
	void *in_map;
	void *out_map;
	/* from the guest, and to it */
	struct vmb_ring in;
	struct vmb_ring out;
	u8 user[VMB_OFFER_USER_BYTES];
	u32 signals;
	u8 buf[32768] __aligned(8);
};

/* a virtual processor; its CPU's, interrupts off */
struct fake_vp {
	struct vmb_guest_synic synic;
	bool in_irq;
	bool raised;
};

struct fake {
	struct kunit *test;
	struct vmb_guest_platform pf;
	struct vmb_guest_bus *bus;
	/* by CPU, all possible ones */
	struct fake_vp *vps;
	/* the CPU that messages go to, as the guest says when it connects */
	unsigned int msg_cpu;
	/* one message of the guest's at a time, as they come from several CPUs */
	struct mutex post_lock;
	/* to the guest, waiting for its slot */
	spinlock_t lock;
	struct list_head out;
	u32 eoms;
	struct work_struct irq_work;
	u32 enabled;

	/* what it does */
	u32 max_version;
	u32 msg_conn;
	bool old_conn;
	int enable_ret;
	bool hold;
	u32 mute;
	u32 fail_type;
	u32 fail_status;
	u32 open_rescinds;
	u16 post_status;
	u32 post_fails;
	void (*offers)(struct fake *f);
	/* before a signal returns */
	void (*signalled)(struct fake *f, u32 relid);

	/* what it saw */
	u32 seen[FAKE_TYPES];
	u32 order[64];
	u32 nr_order;
	u32 last_conn;
	u32 last_version;
	u8 last[FAKE_TYPES][VMB_MSG_PAYLOAD_MAX];
	u32 last_conn_of[FAKE_TYPES];
	struct vmb_gpadl gpadl[16];
	u32 nr_signals;
	bool stalled;
	struct fake_chan *chan[FAKE_RELIDS];
};

struct fake *fake_create(struct kunit *test);
void fake_destroy(struct fake *f);
int fake_connect(struct fake *f);
void settle_messages(struct fake *f);
void settle(struct fake *f);

void fake_send(struct fake *f, const void *msg, u32 len);
void fake_send_raw(struct fake *f, u32 type, const void *msg, u32 size_field);
struct vmb_msg_offer fake_offer_of(u32 relid, u8 device, u16 index);
void fake_offer(struct fake *f, u32 relid, u8 device, u16 index);
void fake_rescind(struct fake *f, u32 relid);
void fake_signal(struct fake *f, u32 relid);
struct vmb_guest_synic *fake_synic(struct fake *f, unsigned int cpu);
struct vmb_gpadl *fake_gpadl(struct fake *f, u32 handle);
struct fake_chan *fake_chan(struct fake *f, u32 relid);
int fake_put(struct fake *f, u32 relid, u16 type, u64 trans_id, const void *body,
	     u32 len, bool *signal);
int fake_get(struct fake *f, u32 relid, struct vmb_packet *pkt);
/* send, and signal if the rules say so */
void fake_packet(struct fake *f, u32 relid, u16 type, u64 trans_id, const void *body,
		 u32 len);
struct vmb_guest_dev *fake_device(struct fake *f, u8 device);
u64 fake_bad(struct fake *f);

/* what a test driver saw */
struct test_dev {
	struct vmb_guest_device *dev;
	struct vmb_guest_channel *sub[4];
	u32 nr_sub;
	u32 probes;
	u32 removes;
	u32 shutdowns;
	u32 suspends;
	u32 resumes;
	bool open_in_probe;
	/* probe waits for a packet or the end of the channel, once it is open */
	bool wait_in_probe;
	struct completion probing;
	struct completion answered;
	bool open_subs;
	int open_ret;
};

/* what a test channel saw */
struct test_chan {
	u32 packets;
	u32 batches;
	u32 rooms;
	u32 events;
	u32 moved;
	u32 brokens;
	u32 rescinds;
	u32 in_hardirq_off;
	unsigned int last_cpu;
	u64 next_id;
	u32 wrong;
	u64 last_id;
	u16 last_type;
	u32 last_len;
	u8 last[4096];
	/* called for each packet, if there is one */
	void (*each)(void);
};

extern struct test_dev test_dev;
extern struct test_chan test_chan;
extern const struct vmb_guest_ops test_ops;
extern struct vmb_guest_driver test_driver;
extern const struct vmb_guest_open_args test_args;

#define TEST_CLASS GUID_INIT(0x1e57c1a5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)

#endif /* VMB_GUEST_TESTS_FAKE_H */
