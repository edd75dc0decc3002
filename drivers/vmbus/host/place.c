// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a channel is polled: in the thread of the vCPU that signals, or in the
 * worker beside it.
 *
 * The vCPU's thread is there already, wakes nobody and has the guest's data in
 * its cache: best for a guest that waits for each answer. But a guest that has
 * many requests under way makes an exit for each, and waits while the host
 * works. With a worker that keeps the guest's signals masked, both work at the
 * same time, and requests and answers come in batches.
 *
 * Nothing the host sees of the ring tells the two guests apart, since in the
 * vCPU's thread each request is answered before the next one comes. So it is
 * tried: for a few packets now and then the worker takes the channel, and keeps
 * it if a packet takes less time that way, measured from one to the next.
 *
 * Where both want the same CPU, the worker cannot work at the same time, but it can
 * still save the guest its exits: it leaves the ring alone for a while, signals
 * masked, and takes what has gathered.
 */
#include <kunit/visibility.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>

#include "host.h"

/* after a pause of this length nothing that was measured counts any more */
#define VMB_PLACE_PAUSE_NS	(100 * NSEC_PER_MSEC)
/* packets in the vCPU's thread between two trials; doubles with each failure */
#define VMB_PLACE_MIN		128
#define VMB_PLACE_MAX		(64 << 10)
/* packets of a trial, and of what it is compared with if that is too old */
#define VMB_PLACE_TRIAL		32
#define VMB_PLACE_COMPARE	64
/* packets in the worker until it has to have proved itself again, so often */
#define VMB_PLACE_STAY		256
#define VMB_PLACE_STAYS		16
/* of a window's packets, the part the worker may have waited for in vain */
#define VMB_PLACE_MISSES	8
/* longest wait of the worker for the next packet */
#define VMB_PLACE_SPIN_MIN_NS	(5 * NSEC_PER_USEC)
#define VMB_PLACE_SPIN_MAX_NS	NSEC_PER_MSEC
/* how long it leaves the ring alone where the guest needs the same CPU */
#define VMB_PLACE_NAP_MIN_NS	(20 * NSEC_PER_USEC)
#define VMB_PLACE_NAP_MAX_NS	(4 * NSEC_PER_MSEC)

static void vmb_place_begin(struct vmb_place *p, bool worker, u32 window, u64 now)
{
	WRITE_ONCE(p->worker, worker);
	p->window = window;
	p->packets = 0;
	p->misses = 0;
	p->start = now;
}

/**
 * vmb_place_init - begin in the vCPU's thread
 * @p: of a channel
 * @now: in ns
 */
void vmb_place_init(struct vmb_place *p, u64 now)
{
	p->interval = VMB_PLACE_MIN;
	p->last = now;
	p->vcpu_ns = 0;
	p->worker_ns = 0;
	vmb_place_begin(p, false, p->interval, now);
}
EXPORT_SYMBOL_IF_KUNIT(vmb_place_init);

/* The worker is no better: back, for longer than the last time. */
static void vmb_place_back(struct vmb_place *p, u64 now)
{
	p->interval = min(p->interval * 2, VMB_PLACE_MAX);
	vmb_place_begin(p, false, p->interval, now);
}

/* The end of a window in the worker, which took @limit ns in the vCPU's thread */
static void vmb_place_judge(struct vmb_place *p, u64 limit, u64 now)
{
	p->worker_ns = div_u64(now - p->start, p->packets);
	if (now - p->start >= limit - limit / 8) {
		vmb_place_back(p, now);
		return;
	}
	if (p->window == VMB_PLACE_TRIAL) {
		p->interval = VMB_PLACE_MIN;
		p->stays = VMB_PLACE_STAYS;
	}
	if (p->stays--)
		vmb_place_begin(p, true, VMB_PLACE_STAY, now);
	else
		vmb_place_begin(p, false, VMB_PLACE_COMPARE, now);
}

/**
 * vmb_place_packets - account for packets that were taken, maybe change places
 * @p: of a channel
 * @n: how many, not 0
 * @now: in ns
 *
 * Context: any; the caller serialises calls for one channel.
 */
void vmb_place_packets(struct vmb_place *p, u32 n, u64 now)
{
	u64 limit;

	if (now - p->last > VMB_PLACE_PAUSE_NS) {
		vmb_place_init(p, now);
		return;
	}
	p->last = now;
	p->packets += n;
	if (!p->worker) {
		if (likely(p->packets < p->window))
			return;
		p->vcpu_ns = div_u64(now - p->start, p->packets);
		vmb_place_begin(p, true, VMB_PLACE_TRIAL, now);
		return;
	}
	/* no need to wait for the end of a window that has failed already */
	limit = max(p->packets, p->window) * p->vcpu_ns;
	if (p->packets >= p->window || now - p->start >= limit)
		vmb_place_judge(p, limit, now);
}
EXPORT_SYMBOL_IF_KUNIT(vmb_place_packets);

/**
 * vmb_place_missed - the worker has waited for a packet as long as it may
 * @p: of a channel, which the worker polls
 * @n: how much that counts; 1, or %VMB_PLACE_NAP_COST if the guest had to wait, too
 * @now: in ns
 *
 * It sleeps now, and the next packet has to wake it: what polling in the vCPU's
 * thread is there to avoid. A guest of which that is the rule waits for its
 * answers, and no trial of it need go on to its end.
 *
 * Context: any; the caller serialises calls for one channel.
 */
void vmb_place_missed(struct vmb_place *p, u32 n, u64 now)
{
	if (!p->worker)
		return;
	p->misses += n;
	if (p->misses >= p->window / VMB_PLACE_MISSES)
		vmb_place_back(p, now);
}
EXPORT_SYMBOL_IF_KUNIT(vmb_place_missed);

/**
 * vmb_place_spin_ns - how long the worker waits for the next packet
 * @p: of a channel
 *
 * About as long as the guest takes to make one. Who waits longer would be better
 * off in the vCPU's thread, and goes back there.
 *
 * Return: the time in ns.
 */
u64 vmb_place_spin_ns(const struct vmb_place *p)
{
	return clamp(2 * p->vcpu_ns, VMB_PLACE_SPIN_MIN_NS, VMB_PLACE_SPIN_MAX_NS);
}
EXPORT_SYMBOL_IF_KUNIT(vmb_place_spin_ns);

/**
 * vmb_place_nap_ns - how long the worker leaves the ring alone
 * @p: of a channel
 *
 * As long as a few packets took with an exit for each. The guest makes more of them
 * meanwhile if it does not wait for their answers.
 *
 * Return: the time in ns.
 */
u64 vmb_place_nap_ns(const struct vmb_place *p)
{
	return clamp(4 * p->vcpu_ns, VMB_PLACE_NAP_MIN_NS, VMB_PLACE_NAP_MAX_NS);
}
EXPORT_SYMBOL_IF_KUNIT(vmb_place_nap_ns);
