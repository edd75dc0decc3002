// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data of a channel: signals from the host, packets both ways.
 *
 * vmb_guest_chan.sched makes receivers exclusive without losing a signal. A
 * signal sets KICKED, and when neither KICKED nor RUNNING was set somebody is
 * told to receive. Who receives turns KICKED into RUNNING, and when he is done
 * he clears RUNNING only if KICKED was not set meanwhile; else he goes on.
 * CLOSED keeps everybody out.
 */
#define pr_fmt(fmt) "vmb_guest: " fmt

#include <linux/export.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include "guest.h"
#include "trace.h"

static void vmb_guest_chan_signal(struct vmb_guest_chan *ch, atomic64_t *why)
{
	struct vmb_guest_bus *bus = ch->bus;
	u16 status;

	atomic64_inc(&ch->stats.events);
	atomic64_inc(why);
	trace_vmb_guest_signal(ch);
	status = bus->pf->ops->signal_event(bus->pf, ch->connection_id);
	/* a host takes the connection id away before it says so, and so may we */
	if (status && status != VMB_HV_INVALID_CONNECTION_ID)
		vmb_guest_chan_warn(ch, "signal not taken: status %#x\n", status);
}

static void vmb_guest_chan_break(struct vmb_guest_chan *ch, const char *ring, int err)
{
	/* both ends may find out at once: only one tells the driver */
	if (xchg(&ch->broken, true))
		return;
	atomic64_inc(&ch->bus->nr_bad);
	vmb_guest_chan_warn(ch, "the host broke the ring %s it: error %d; dead until reopened\n",
			    ring, err);
	if (ch->ops->broken)
		ch->ops->broken(&ch->pub);
}

/* Become the one who receives. Takes KICKED along. */
static bool vmb_guest_chan_claim(struct vmb_guest_chan *ch)
{
	int old = atomic_read(&ch->sched);

	do {
		if (old & (VMB_GUEST_RUNNING | VMB_GUEST_CLOSED))
			return false;
		/* fully ordered: what was kicked for is seen. Pairs with a kick */
	} while (!atomic_try_cmpxchg(&ch->sched, &old, VMB_GUEST_RUNNING));
	return true;
}

/* Be done, unless there was a kick meanwhile: then true, and go on. */
static bool vmb_guest_chan_unclaim(struct vmb_guest_chan *ch)
{
	int old = VMB_GUEST_RUNNING;

	/* fully ordered: what is done is done before somebody else claims */
	while (!atomic_try_cmpxchg(&ch->sched, &old, old & VMB_GUEST_CLOSED)) {
		if (old & VMB_GUEST_CLOSED)
			continue;
		if (old & VMB_GUEST_KICKED) {
			atomic_andnot(VMB_GUEST_KICKED, &ch->sched);
			/* pairs with the kick, as in claim */
			smp_mb__after_atomic();
			return true;
		}
	}
	if (old & VMB_GUEST_CLOSED)
		wake_up_var(&ch->sched);
	return false;
}

/* Receive at most @budget packets. The caller has claimed the channel. */
static int vmb_guest_chan_receive(struct vmb_guest_chan *ch, int budget)
{
	struct vmb_packet pkt;
	int n = 0, ret = 0;

	if (READ_ONCE(ch->broken))
		return 0;
	while (n < budget) {
		ret = vmb_ring_get(&ch->in, ch->in_buf, ch->in_max, &pkt);
		if (ret)
			break;
		ch->ops->receive(&ch->pub, &pkt);
		n++;
		/* a batch may be more than the ring holds: the host fills it meanwhile */
		if (vmb_ring_unreleased(&ch->in) >= ch->in.size / VMB_RELEASE_PARTS &&
		    vmb_ring_release(&ch->in))
			vmb_guest_chan_signal(ch, &ch->stats.intr_in_full);
	}
	if (n) {
		if (ch->ops->batch_end)
			ch->ops->batch_end(&ch->pub);
		ch->stats.packets_in += n;
		trace_vmb_guest_receive(ch, n);
		if (vmb_ring_release(&ch->in))
			vmb_guest_chan_signal(ch, &ch->stats.intr_in_full);
	}
	if (ret && ret != -EAGAIN)
		vmb_guest_chan_break(ch, "from", ret);
	return n;
}

/*
 * Show the host what was put. True when it is to be signalled, now or for what it was
 * shown before: then it has been shown that, and not all of it taken since.
 */
static bool vmb_guest_chan_show(struct vmb_guest_chan *ch)
{
	bool signal = vmb_ring_publish(&ch->out);

	lockdep_assert_held(&ch->out_lock);
	if (ch->out_owed && !signal)
		signal = !vmb_ring_drained(&ch->out);
	ch->out_owed = false;
	return signal;
}

/* Tell somebody who waits for room that there is, or go on waiting. */
static void vmb_guest_chan_room(struct vmb_guest_chan *ch)
{
	bool signal = false, room = false;
	unsigned long flags;

	/* set before the host is asked to signal; see vmb_guest_chan_full() */
	if (!READ_ONCE(ch->out_want))
		return;
	spin_lock_irqsave(&ch->out_lock, flags);
	if (ch->out_open && ch->out_want) {
		/* the host counts the room from what it was shown */
		signal = vmb_guest_chan_show(ch);
		if (vmb_ring_wait_space(&ch->out, ch->out_want)) {
			vmb_ring_end_wait(&ch->out);
			WRITE_ONCE(ch->out_want, 0);
			room = true;
		} else if (!vmb_ring_flow_control(&ch->in)) {
			mod_timer(&ch->retry, jiffies + 1);
		}
	}
	spin_unlock_irqrestore(&ch->out_lock, flags);
	if (signal)
		vmb_guest_chan_signal(ch, &ch->stats.intr_out_empty);
	if (room && ch->ops->room)
		ch->ops->room(&ch->pub);
}

/*
 * Receive until there is nothing, or a bottom half is to go on. The caller has
 * claimed the channel. The host does not signal meanwhile.
 */
static int vmb_guest_chan_run(struct vmb_guest_chan *ch, int budget)
{
	int n, taken = 0;

	vmb_ring_mask(&ch->in);
	do {
		for (;;) {
			n = vmb_guest_chan_receive(ch, budget - taken);
			taken += n;
			if (taken >= budget)
				goto exceeded;
			if (n)
				continue;
			if (READ_ONCE(ch->broken) || !vmb_ring_unmask(&ch->in))
				break;
			vmb_ring_mask(&ch->in);
		}
	} while (vmb_guest_chan_unclaim(ch));
	return taken;

exceeded:
	/* KICKED says that somebody will receive, so that a kick queues nothing */
	atomic_or(VMB_GUEST_KICKED, &ch->sched);
	/* pairs with synchronize_rcu_expedited() in stop_data: queued until then */
	rcu_read_lock();
	if (!(atomic_fetch_andnot(VMB_GUEST_RUNNING, &ch->sched) & VMB_GUEST_CLOSED))
		queue_work(system_bh_wq, &ch->bh);
	else
		wake_up_var(&ch->sched);
	rcu_read_unlock();
	return taken;
}

static void vmb_guest_chan_bh(struct work_struct *work)
{
	struct vmb_guest_chan *ch = container_of(work, struct vmb_guest_chan, bh);

	if (atomic_read(&ch->sched) & VMB_GUEST_CLOSED)
		return;
	vmb_guest_chan_room(ch);
	if (ch->mode != VMB_GUEST_POLLED && vmb_guest_chan_claim(ch))
		vmb_guest_chan_run(ch, VMB_GUEST_BUDGET_BH);
}

static void vmb_guest_chan_retry(struct timer_list *timer)
{
	struct vmb_guest_chan *ch = from_timer(ch, timer, retry);

	vmb_guest_chan_room(ch);
}

/**
 * vmb_guest_chan_interrupt - the host has signalled a channel
 * @ch: the channel, open or not
 *
 * Context: hard interrupt, in an RCU read section.
 */
void vmb_guest_chan_interrupt(struct vmb_guest_chan *ch)
{
	int old;

	atomic64_inc(&ch->stats.interrupts);
	trace_vmb_guest_interrupt(ch);
	old = atomic_read(&ch->sched);
	if (old & VMB_GUEST_CLOSED)
		return;
	/* pairs with the release in vmb_guest_chan_start_data() */
	smp_rmb();
	if (ch->mode == VMB_GUEST_POLLED) {
		vmb_guest_chan_room(ch);
		if (ch->ops->event && !READ_ONCE(ch->broken)) {
			vmb_ring_mask(&ch->in);
			ch->ops->event(&ch->pub);
		}
		return;
	}

	/* fully ordered; pairs with claim and unclaim */
	old = atomic_fetch_or(VMB_GUEST_KICKED, &ch->sched);
	if (old & (VMB_GUEST_KICKED | VMB_GUEST_CLOSED))
		return;
	if (old & VMB_GUEST_RUNNING) {
		/* he who receives looks for packets, but not for room */
		if (READ_ONCE(ch->out_want))
			queue_work(system_bh_wq, &ch->bh);
		return;
	}
	if (ch->mode == VMB_GUEST_ISR) {
		vmb_guest_chan_room(ch);
		if (vmb_guest_chan_claim(ch))
			vmb_guest_chan_run(ch, VMB_GUEST_BUDGET_ISR);
		return;
	}
	/* until the bottom half runs one signal is enough */
	vmb_ring_mask(&ch->in);
	queue_work(system_bh_wq, &ch->bh);
}

/**
 * vmb_guest_chan_kick - look at a channel as if the host had signalled it
 * @ch: the channel
 *
 * Context: any; the channel cannot be closed meanwhile.
 */
void vmb_guest_chan_kick(struct vmb_guest_chan *ch)
{
	if (atomic_read(&ch->sched) & VMB_GUEST_CLOSED)
		return;
	queue_work(system_bh_wq, &ch->bh);
}

/**
 * vmb_guest_chan_init_data - initialise the data half of a new channel
 * @ch: the channel
 */
void vmb_guest_chan_init_data(struct vmb_guest_chan *ch)
{
	atomic_set(&ch->sched, VMB_GUEST_CLOSED);
	INIT_WORK(&ch->bh, vmb_guest_chan_bh);
	spin_lock_init(&ch->out_lock);
	timer_setup(&ch->retry, vmb_guest_chan_retry, 0);
}

/**
 * vmb_guest_chan_start_data - the rings are there
 * @ch: the channel; the host has not been asked to open it yet
 *
 * Context: may sleep; channel's lock.
 */
void vmb_guest_chan_start_data(struct vmb_guest_chan *ch)
{
	lockdep_assert_held(&ch->lock);
	WRITE_ONCE(ch->broken, false);
	ch->poll_skip = 0;
	ch->poll_misses = 0;
	if (ch->mode == VMB_GUEST_POLLED)
		vmb_ring_mask(&ch->in);
	spin_lock_irq(&ch->out_lock);
	ch->out_want = 0;
	ch->out_held = false;
	ch->out_pressing = false;
	ch->out_owed = false;
	ch->out_open = true;
	spin_unlock_irq(&ch->out_lock);
	/* whoever sees it open sees all that was set up before */
	atomic_set_release(&ch->sched, 0);
}

/**
 * vmb_guest_chan_stop_data - have nobody touch the rings any more
 * @ch: the channel
 *
 * Context: may sleep; channel's lock. On return no callback runs.
 */
void vmb_guest_chan_stop_data(struct vmb_guest_chan *ch)
{
	lockdep_assert_held(&ch->lock);
	atomic_or(VMB_GUEST_CLOSED, &ch->sched);
	spin_lock_irq(&ch->out_lock);
	ch->out_open = false;
	WRITE_ONCE(ch->out_want, 0);
	spin_unlock_irq(&ch->out_lock);
	/* nobody claims it any more; who has will soon be done */
	wait_var_event(&ch->sched, !(atomic_read(&ch->sched) & VMB_GUEST_RUNNING));
	/* who still saw the channel open has queued what he had to queue */
	synchronize_rcu_expedited();
	timer_delete_sync(&ch->retry);
	cancel_work_sync(&ch->bh);
}

/* No room for @need bytes. True when there is, after all. */
static bool vmb_guest_chan_full(struct vmb_guest_chan *ch, u32 need, bool *signal,
				bool *others)
{
	lockdep_assert_held(&ch->out_lock);
	ch->stats.out_full_total++;
	if (!ch->out_want)
		ch->stats.out_full_first++;
	*signal |= vmb_guest_chan_show(ch);
	/* before the host is asked to signal, whose interrupt looks at it */
	WRITE_ONCE(ch->out_want, max(ch->out_want, need));
	if (!vmb_ring_wait_space(&ch->out, ch->out_want)) {
		if (!vmb_ring_flow_control(&ch->in))
			mod_timer(&ch->retry, jiffies + 1);
		return false;
	}
	/* the room came just now, and the host may not signal it */
	*others |= ch->out_want > need;
	vmb_ring_end_wait(&ch->out);
	WRITE_ONCE(ch->out_want, 0);
	return true;
}

static int vmb_guest_chan_put_locked(struct vmb_guest_chan *ch,
				     const struct vmb_guest_packet *pkt, bool *signal,
				     bool *others)
{
	struct kvec head = {};
	bool retried = false;
	int ret;

	lockdep_assert_held(&ch->out_lock);
	if (!ch->out_open || READ_ONCE(ch->broken))
		return -ENOTCONN;
	if (pkt->gpa) {
		head.iov_base = pkt->gpa->buf;
		head.iov_len = pkt->gpa->len;
	}
	for (;;) {
		ret = vmb_ring_put(&ch->out, pkt->type, pkt->flags, pkt->trans_id,
				   &head, &pkt->body);
		if (ret != -EAGAIN || retried)
			break;
		retried = vmb_guest_chan_full(ch, vmb_ring_pkt_size(head.iov_len,
								    pkt->body.iov_len),
					      signal, others);
		if (!retried)
			break;
	}
	if (!ret)
		ch->stats.packets_out++;
	return ret;
}

/* The same for a caller who wants it signalled, which vmb_guest_hold() puts off. */
static bool vmb_guest_chan_press(struct vmb_guest_chan *ch)
{
	bool signal = vmb_guest_chan_show(ch);

	if (!ch->out_held)
		return signal;
	ch->out_pressing = true;
	ch->out_owed = signal;
	return false;
}

static int vmb_guest_chan_send(struct vmb_guest_chan *ch,
			       const struct vmb_guest_packet *pkt, bool publish)
{
	bool signal = false, others = false;
	unsigned long flags;
	int ret;

	if (pkt->type == VMB_PKT_GPA_DIRECT ? !pkt->gpa : !!pkt->gpa)
		return -EINVAL;
	spin_lock_irqsave(&ch->out_lock, flags);
	ret = vmb_guest_chan_put_locked(ch, pkt, &signal, &others);
	if (!ret && publish)
		signal |= vmb_guest_chan_press(ch);
	/* under the lock, so that the channel cannot be closed meanwhile */
	if (others)
		vmb_guest_chan_kick(ch);
	if (ret == -EPROTO)
		vmb_guest_chan_break(ch, "to", ret);
	spin_unlock_irqrestore(&ch->out_lock, flags);
	/* not under it: the host may work for a while before it returns */
	if (signal)
		vmb_guest_chan_signal(ch, &ch->stats.intr_out_empty);
	return ret;
}

/**
 * vmb_guest_put() - put a packet into the ring to the host
 * @ch: the channel, open
 * @pkt: the packet; not needed any more when this returns
 *
 * The host does not see it before vmb_guest_publish(), or until the ring is
 * full. Packets of several callers go out in the order in which they got here.
 *
 * Context: any, hard interrupts included.
 * Return: 0; -EAGAIN when there is no room: &vmb_guest_ops.room will be called
 * when there is; -ENOTCONN when the channel is closed or broken; -EMSGSIZE when
 * the packet never fits; -EINVAL when it makes no sense; -EPROTO when the host
 * has broken the ring.
 */
int vmb_guest_put(struct vmb_guest_channel *ch, const struct vmb_guest_packet *pkt)
{
	return vmb_guest_chan_send(vmb_guest_chan_of(ch), pkt, false);
}
EXPORT_SYMBOL_GPL(vmb_guest_put);

static bool vmb_guest_chan_publish(struct vmb_guest_chan *ch)
{
	unsigned long flags;
	bool signal = false;

	spin_lock_irqsave(&ch->out_lock, flags);
	if (ch->out_open && !READ_ONCE(ch->broken))
		signal = vmb_guest_chan_press(ch);
	spin_unlock_irqrestore(&ch->out_lock, flags);
	return signal;
}

/**
 * vmb_guest_publish() - show the host all packets put so far
 * @ch: the channel
 *
 * Signals the host if it may be asleep.
 *
 * Context: any, hard interrupts included.
 */
void vmb_guest_publish(struct vmb_guest_channel *ch)
{
	struct vmb_guest_chan *chan = vmb_guest_chan_of(ch);

	if (vmb_guest_chan_publish(chan))
		vmb_guest_chan_signal(chan, &chan->stats.intr_out_empty);
}
EXPORT_SYMBOL_GPL(vmb_guest_publish);

/**
 * vmb_guest_hold() - put off signals to the host
 * @ch: the channel, open
 *
 * Until vmb_guest_unhold(), the host is shown packets when they are published, but
 * not signalled, except when somebody waits for room. For who publishes several times
 * in a short while. It is not counted: if two do this, the first one to end it does so
 * for both.
 *
 * Context: any, hard interrupts included.
 * Return: true if the host is still to be signalled for what was published before.
 */
bool vmb_guest_hold(struct vmb_guest_channel *ch)
{
	struct vmb_guest_chan *chan = vmb_guest_chan_of(ch);
	unsigned long flags;
	bool owed;

	spin_lock_irqsave(&chan->out_lock, flags);
	chan->out_held = true;
	owed = chan->out_owed;
	spin_unlock_irqrestore(&chan->out_lock, flags);
	return owed;
}
EXPORT_SYMBOL_GPL(vmb_guest_hold);

/**
 * vmb_guest_unhold() - publish, and signal the host if that was put off
 * @ch: the channel
 * @lazy: if nobody has published since vmb_guest_hold(), leave the signal to who
 *	does so next; the caller sees to it that somebody does before long
 *
 * Context: any, hard interrupts included.
 */
void vmb_guest_unhold(struct vmb_guest_channel *ch, bool lazy)
{
	struct vmb_guest_chan *chan = vmb_guest_chan_of(ch);
	unsigned long flags;
	bool signal = false;

	spin_lock_irqsave(&chan->out_lock, flags);
	chan->out_held = false;
	if (chan->out_open && !READ_ONCE(chan->broken))
		signal = vmb_guest_chan_show(chan);
	if (lazy && !chan->out_pressing) {
		chan->out_owed = signal;
		signal = false;
	}
	chan->out_pressing = false;
	spin_unlock_irqrestore(&chan->out_lock, flags);
	if (signal)
		vmb_guest_chan_signal(chan, &chan->stats.intr_out_empty);
}
EXPORT_SYMBOL_GPL(vmb_guest_unhold);

/**
 * vmb_guest_publish_poll() - publish, and receive what comes of it at once
 * @ch: the channel
 *
 * A host may do what it is signalled for before the signal returns. Its answers
 * are there then, and need no interrupt, so there is none: signals are masked
 * meanwhile and packets received here, as vmb_guest_poll() does it. If nothing is
 * found this is tried less and less often, down to one signal in
 * %VMB_GUEST_POLL_SKIP_MAX + 1.
 *
 * Context: process or softirq, interrupts on, without locks that the driver's
 * receive takes; not from callbacks of the same channel.
 */
void vmb_guest_publish_poll(struct vmb_guest_channel *ch)
{
	struct vmb_guest_chan *chan = vmb_guest_chan_of(ch);
	u8 skip;

	if (!vmb_guest_chan_publish(chan))
		return;
	/* of several CPUs that are here at once one may skip too few, or too many */
	skip = READ_ONCE(chan->poll_skip);
	if (skip)
		WRITE_ONCE(chan->poll_skip, skip - 1);
	/*
	 * Who has claimed the channel keeps all others from receiving, and so is not
	 * to be preempted; and what a driver has to do after a packet in a softirq is
	 * done when this returns, and not by ksoftirqd.
	 */
	local_bh_disable();
	if (skip || chan->mode == VMB_GUEST_POLLED || !vmb_guest_chan_claim(chan)) {
		vmb_guest_chan_signal(chan, &chan->stats.intr_out_empty);
	} else {
		vmb_ring_mask(&chan->in);
		vmb_guest_chan_signal(chan, &chan->stats.intr_out_empty);
		if (vmb_guest_chan_run(chan, VMB_GUEST_BUDGET_ISR)) {
			WRITE_ONCE(chan->poll_misses, 0);
		} else {
			skip = min(READ_ONCE(chan->poll_misses) * 2 + 1, VMB_GUEST_POLL_SKIP_MAX);
			WRITE_ONCE(chan->poll_misses, skip);
			WRITE_ONCE(chan->poll_skip, skip);
		}
	}
	local_bh_enable();
}
EXPORT_SYMBOL_GPL(vmb_guest_publish_poll);

/**
 * vmb_guest_send() - put a packet, and publish
 * @ch: the channel, open
 * @pkt: the packet; not needed any more when this returns
 *
 * Context: any, hard interrupts included.
 * Return: as vmb_guest_put().
 */
int vmb_guest_send(struct vmb_guest_channel *ch, const struct vmb_guest_packet *pkt)
{
	return vmb_guest_chan_send(vmb_guest_chan_of(ch), pkt, true);
}
EXPORT_SYMBOL_GPL(vmb_guest_send);

/**
 * vmb_guest_poll() - receive packets now
 * @ch: the channel, open, of any mode
 * @budget: how many at most
 *
 * Calls &vmb_guest_ops.receive in the caller's context. Receives nothing while
 * somebody else does.
 *
 * Context: any that the driver's receive can bear; not from callbacks of the
 * same channel.
 * Return: packets received; less than @budget means that there are no more, or
 * somebody else is receiving them.
 */
int vmb_guest_poll(struct vmb_guest_channel *ch, int budget)
{
	struct vmb_guest_chan *chan = vmb_guest_chan_of(ch);
	int n;

	if (!vmb_guest_chan_claim(chan))
		return 0;
	vmb_guest_chan_room(chan);
	/*
	 * An interrupt may have masked signals, and its bottom half found us
	 * here: then it is for us to allow them again.
	 */
	if (chan->mode != VMB_GUEST_POLLED)
		return vmb_guest_chan_run(chan, budget);
	n = vmb_guest_chan_receive(chan, budget);
	while (vmb_guest_chan_unclaim(chan))
		;
	return n;
}
EXPORT_SYMBOL_GPL(vmb_guest_poll);

/**
 * vmb_guest_arm() - have the host signal the next packet
 * @ch: the channel, open, of mode %VMB_GUEST_POLLED
 *
 * &vmb_guest_ops.event is called then, with signals off again.
 *
 * Context: any.
 * Return: true when there is a packet already, or somebody is receiving: signals
 * stay off, and one has to poll again.
 */
bool vmb_guest_arm(struct vmb_guest_channel *ch)
{
	struct vmb_guest_chan *chan = vmb_guest_chan_of(ch);
	bool more = false;

	if (!vmb_guest_chan_claim(chan))
		return !(atomic_read(&chan->sched) & VMB_GUEST_CLOSED);
	if (!READ_ONCE(chan->broken)) {
		more = vmb_ring_unmask(&chan->in);
		if (more)
			vmb_ring_mask(&chan->in);
	}
	while (vmb_guest_chan_unclaim(chan))
		;
	return more;
}
EXPORT_SYMBOL_GPL(vmb_guest_arm);
