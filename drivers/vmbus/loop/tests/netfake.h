/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host of a NIC, made up: it is old, mute, or sends what makes no sense, as the
 * suite wants it.
 */
#ifndef VMB_LOOP_TESTS_NETFAKE_H
#define VMB_LOOP_TESTS_NETFAKE_H

#include <linux/if_ether.h>
#include <linux/netdevice.h>
#include <linux/types.h>
#include <vmb/host.h>
#include <vmb/proto/net.h>
#include <vmb/proto/rndis.h>

#include "env.h"

#define SECTION		2048U
#define SEND_SECTION	6144U
#define HEAD		sizeof(struct vmb_rndis_head)
#define PIECE_HEAD	(HEAD + sizeof(struct vmb_rndis_packet) + VMB_PPI_BYTES)
#define PIECE(nr, bits)	(VMB_ID_VERSION | VMB_ID_PIECE | (bits) | (nr) << 16)

/**
 * struct fake_nic - the host
 * @dev: the core's half
 * @ch: the open channel, or NULL
 * @recv: the receive buffer
 * @version: highest that it speaks
 * @mute: it does not answer this type of NVSP message; 0: all
 * @mute_set: it does not answer RNDIS SET
 * @late: before it lets itself be halted it tells of its link
 * @news: its link comes as soon as it has answered that there is none
 * @short_answer: its completions are cut off after the type
 * @sections: of the receive buffer, as it says
 * @send_section: bytes of a section of the send buffer, as it says
 * @mac: of the guest
 * @stall: it takes nothing
 * @hold: it does not give frames back
 * @opens: channels opened
 * @asked: type of the last NVSP message
 * @negotiated: version
 * @frames: from the guest
 * @frame_id: transaction id of the last one
 * @returned: packets of its own that were given back
 * @returned_id: transaction id of the last one
 * @returned_status: and what the guest says of it
 * @next: section that is written next
 */
struct fake_nic {
	struct vmb_host_device *dev;
	struct vmb_channel *ch;
	struct vmb_host_buffer recv;
	u32 version;
	u32 mute;
	bool mute_set;
	bool late;
	bool news;
	bool short_answer;
	u32 sections;
	u32 send_section;
	u8 mac[ETH_ALEN];
	bool stall;
	bool hold;
	atomic_t opens;
	u32 asked;
	u32 negotiated;
	atomic_t frames;
	u64 frame_id;
	atomic_t returned;
	u64 returned_id;
	u32 returned_status;
	u32 next;
};

extern struct fake_nic fake;

/* env of a suite: a partition with such a NIC; its guest does not know of it yet */
int fake_init(struct kunit *test);
void fake_exit(struct kunit *test);
/* the guest has it, until it is taken away; without a netdev there is nothing to put */
struct net_device *guest_start(struct kunit *test);
void guest_stop(struct kunit *test, struct net_device *dev);

/* a section of the receive buffer */
u8 *fake_section(u32 nr);
/* a piece of so many bytes of a frame, into a section */
void fake_piece(u32 nr, u32 id, u32 len);
/* a transfer-page packet, with whatever is in the buffer there */
int fake_send(u64 id, u32 offset, u32 len, u16 pageset, u32 type);
/* one that names these parts */
int fake_send_ranges(u64 id, const struct vmb_host_range *range, u32 n);
/* one that names parts of so many bytes of sections that follow each other */
int fake_send_sections(u64 id, u32 nr, u32 n, u32 len);
/* it comes back, and the guest says this of it */
void fake_returned(struct kunit *test, u64 id, u32 status);
/* a completion */
void fake_reply(struct vmb_channel *ch, u64 id, const struct vmb_nvsp_msg *msg, u32 len);

#endif /* VMB_LOOP_TESTS_NETFAKE_H */
