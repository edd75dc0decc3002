/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's half of the control protocol, and its end of a channel's rings.
 */
#ifndef BUS_H
#define BUS_H

#include <vmb/gpadl.h>

#include "guest.h"

extern const u32 bus_versions[];
extern const unsigned int bus_nr_versions;

/* INITIATE_CONTACT; answers whether the version is served */
bool bus_contact(struct guest *g, u32 version);
void bus_connect(struct guest *g, u32 version);
void bus_unload(struct guest *g);
/* REQUEST_OFFERS; the offers that came, at most @max of them */
unsigned int bus_offers(struct guest *g, struct vmb_msg_offer *offer,
			unsigned int max);
void bus_wait_offer(struct guest *g, struct vmb_msg_offer *offer);
void bus_relid(struct guest *g, u32 type, u32 relid);

/* A GPADL of contiguous pages; returns the status of the answer */
u32 bus_gpadl_create(struct guest *g, u32 relid, u32 handle, u64 gpa,
		     unsigned int pages);
void bus_gpadl_send(struct guest *g, u32 relid, u32 handle, u64 gpa,
		    unsigned int pages, unsigned int from, unsigned int *sent);
bool bus_gpadl_teardown(struct guest *g, u32 relid, u32 handle);
u32 bus_open(struct guest *g, u32 relid, u32 gpadl, u32 downstream, u32 vp);

/**
 * struct chan - an open channel
 * @g: the guest
 * @offer: as offered
 * @relid: its id
 * @vp: takes its interrupts
 * @gpadl: of both rings
 * @gpa: where they are
 * @pages: of each ring, header included
 * @out: to the host
 * @in: from the host
 * @out_map: mapping of @out
 * @in_map: mapping of @in
 * @buf: the packet that was received last
 */
struct chan {
	struct guest *g;
	struct vmb_msg_offer offer;
	u32 relid;
	struct guest_vp *vp;
	u32 gpadl;
	u64 gpa;
	unsigned int pages;
	struct vmb_ring out;
	struct vmb_ring in;
	void *out_map;
	void *in_map;
	u64 buf[4096];
};

/* @pages of each ring, header included */
void chan_open(struct chan *ch, struct guest *g, const struct vmb_msg_offer *offer,
	       unsigned int pages, unsigned int vp);
/* the same rings again, emptied */
void chan_reopen(struct chan *ch);
void chan_close(struct chan *ch);
/* CLOSE and the GPADL's teardown; the memory is mapped no more */
void chan_free(struct chan *ch);
/* put and publish; signals when the ring asks for it, unless @quiet */
int chan_send(struct chan *ch, u16 type, u16 flags, u64 id, const void *head,
	      u32 head_len, const void *body, u32 body_len, bool quiet);
void chan_signal(struct chan *ch);
bool chan_poll(struct chan *ch, struct vmb_packet *pkt);
bool chan_recv(struct chan *ch, struct vmb_packet *pkt, int timeout_ms);
long long chan_counter(struct chan *ch, const char *column);

#endif /* BUS_H */
