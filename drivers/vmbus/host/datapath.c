// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data path of a channel: kicks, polls, completions.
 *
 * A kick is the guest's HvSignalEvent, in the vCPU's thread with interrupts
 * off. It queues a task_work, which KVM runs in the same thread before it
 * enters the guest again: the VSP is polled with the VMM's address space and
 * without waking anybody. What exceeds the budget, and kicks from elsewhere,
 * go to the worker behind the VP that takes the channel's interrupts; so do all
 * kicks of a channel that is better off there (place.c), or whose driver is patient:
 * until the worker gets a CPU, again and again, the guest need not signal. Where that is
 * the guest's, it is left to the guest.
 *
 * vmb_chan.sched makes polls exclusive without losing a kick: a kick sets
 * KICKED, and whoever turns it on while RUNNING is off queues a poll. A poll
 * turns KICKED into RUNNING, and goes on while a kick has come meanwhile.
 */
#define pr_fmt(fmt) "vmb_host: " fmt

#include <linux/bvec.h>
#include <linux/hrtimer.h>
#include <linux/io.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "host.h"
#include "trace.h"

/* packets a vCPU's thread takes before the worker goes on */
#define VMB_BUDGET_VCPU		64
/* packets between two looks at the scheduler, in the worker */
#define VMB_BUDGET_WORKER	256
/*
 * How often the worker leaves the CPU to the guest before it waits for a signal. Each
 * time it gives up a time slice, and a guest that had the CPU for a whole tick is not given
 * it again before the worker has given up as much: 14 times, where a tick is 10 ms.
 */
#define VMB_YIELDS		32

static bool adaptive = true;
module_param(adaptive, bool, 0644);
MODULE_PARM_DESC(adaptive,
		 "let workers poll busy channels when that is faster; otherwise only what exceeds a vCPU's budget");

static void vmb_chan_interrupt(struct vmb_chan *ch)
{
	struct vmb_evt_page *page;
	struct vmb_vp *vp;

	atomic64_inc(&ch->out_stats.interrupts);
	trace_vmb_channel_interrupt(ch);

	/* pairs with synchronize_rcu_expedited() in vmb_chan_modify() */
	rcu_read_lock();
	vp = READ_ONCE(ch->vp);
	if (ch->dedicated) {
		vmb_vp_set_flag(vp, ch->pub.relid);
	} else {
		page = rcu_dereference(ch->bus->int_page);
		if (page) {
			/* ring before bit; pairs as in vmb_vp_set_flag() */
			smp_mb__before_atomic();
			set_bit(ch->pub.relid, page->flags);
			vmb_vp_set_flag(vp, 0);
		}
	}
	rcu_read_unlock();
}

/* Hand the channel, and the caller's reference to it, to somebody who polls. */
static void vmb_chan_queue(struct vmb_chan *ch, bool worker)
{
	if (!worker && in_task() && current->mm == ch->bus->mm &&
	    !(current->flags & (PF_KTHREAD | PF_USER_WORKER)) &&
	    !task_work_add(current, &ch->task_work, TWA_RESUME | TWAF_NO_ALLOC))
		return;
	if (!vmb_worker_queue(&READ_ONCE(ch->vp)->worker, ch))
		vmb_chan_put(ch);
}

/*
 * Whether the caller is to have the channel polled, as nobody does or will. Context
 * as that of vmb_chan_kick().
 */
static bool vmb_chan_claim(struct vmb_chan *ch)
{
	int old = atomic_read(&ch->sched);

	/*
	 * Fully ordered, so that the poll which sees KICKED sees what the guest
	 * wrote before it signalled. Pairs with atomic_xchg() in vmb_chan_run().
	 */
	do {
		if (unlikely(old & VMB_CHAN_CLOSED)) {
			/*
			 * A second look behind what the guest wrote. Pairs with
			 * the kick in vmb_chan_start_data(): either we see the
			 * channel open, or its first poll sees the packets.
			 */
			smp_mb();
			old = atomic_read(&ch->sched);
			/* KICKED would say that a poll is queued */
			if (old & VMB_CHAN_CLOSED)
				return false;
		}
	} while (!atomic_try_cmpxchg(&ch->sched, &old, old | VMB_CHAN_KICKED));
	return !old;
}

/**
 * vmb_chan_kick - there may be something in the ring from the guest
 * @ch: the channel
 *
 * Context: any, hard interrupts included; within an RCU read section, or the
 * channel cannot be closed meanwhile.
 */
void vmb_chan_kick(struct vmb_chan *ch)
{
	if (!vmb_chan_claim(ch))
		return;
	atomic64_inc(&ch->in_stats.kicks);
	kref_get(&ch->ref);
	vmb_chan_queue(ch, READ_ONCE(ch->place.worker) || READ_ONCE(ch->pub.patient));
}

static void vmb_chan_break(struct vmb_chan *ch, const char *ring, int err)
{
	if (!READ_ONCE(ch->broken))
		vmb_chan_warn(ch, "guest broke the ring %s it: error %d; the channel stands still until it is closed\n",
			      ring, err);
	WRITE_ONCE(ch->broken, true);
}

/*
 * Ask the guest to signal when there are @len bytes of room, after all that was
 * put has been published. True when the room came just now, and no signal will.
 */
static bool vmb_chan_wait_room(struct vmb_chan *ch, u32 len)
{
	lockdep_assert_held(&ch->out_lock);
	if (vmb_ring_wait_space(&ch->out, len))
		return true;
	if (!vmb_ring_flow_control(&ch->in))
		mod_timer(&ch->retry, jiffies + 1);
	return false;
}

/*
 * Whether a poll has to look for what waits for room. It does so each time, and is
 * not to read what completions write each time.
 */
static void vmb_chan_update_kept(struct vmb_chan *ch)
{
	bool kept = !list_empty(&ch->out_wait) || ch->out_want;

	lockdep_assert_held(&ch->out_lock);
	if (ch->out_kept != kept)
		WRITE_ONCE(ch->out_kept, kept);
}

/*
 * Send kept completions as far as there is room; @done gets those to call done
 * on. @room is set when there is some for what waits behind them. Returns
 * whether the guest has to be interrupted.
 */
static bool vmb_chan_flush_wait(struct vmb_chan *ch, struct list_head *done,
				bool *room)
{
	struct vmb_completion *c, *next;
	bool interrupt = false;
	int ret;

	lockdep_assert_held(&ch->out_lock);
	list_for_each_entry_safe(c, next, &ch->out_wait, list) {
		struct kvec body = { (void *)c->data, c->len };

retry:
		ret = vmb_ring_put(&ch->out, VMB_PKT_COMPLETION, 0, c->trans_id,
				   NULL, &body);
		if (ret == -EAGAIN) {
			/* the guest counts the room from what it was shown */
			interrupt |= vmb_ring_publish(&ch->out);
			if (vmb_chan_wait_room(ch, vmb_ring_pkt_size(0, c->len)))
				goto retry;
			break;
		}
		if (ret)
			vmb_chan_break(ch, "to", ret);
		else
			trace_vmb_packet_out(ch, VMB_PKT_COMPLETION, c->trans_id,
					     c->len);
		list_move_tail(&c->list, done);
	}
	interrupt |= vmb_ring_publish(&ch->out);
	if (!list_empty(&ch->out_wait))
		goto kept;
	if (ch->out_want && vmb_chan_wait_room(ch, ch->out_want)) {
		ch->out_want = 0;
		*room = true;
	}
	if (!ch->out_want)
		vmb_ring_end_wait(&ch->out);
kept:
	vmb_chan_update_kept(ch);
	return interrupt;
}

static void vmb_chan_done_all(struct list_head *done)
{
	struct vmb_completion *c, *next;

	list_for_each_entry_safe(c, next, done, list) {
		list_del_init(&c->list);
		c->done(c);
	}
}

static void vmb_chan_flush(struct vmb_chan *ch)
{
	bool interrupt = false, room = false;
	LIST_HEAD(done);

	if (!READ_ONCE(ch->out_kept))
		return;
	spin_lock_irq(&ch->out_lock);
	if (ch->out_open)
		interrupt = vmb_chan_flush_wait(ch, &done, &room);
	spin_unlock_irq(&ch->out_lock);
	if (interrupt)
		vmb_chan_interrupt(ch);
	vmb_chan_done_all(&done);
	if (room)
		ch->pub.dev->driver->room(&ch->pub);
}

/* A guest that knows no pending_send_sz does not tell when it made room. */
static void vmb_chan_retry(struct timer_list *timer)
{
	struct vmb_chan *ch = from_timer(ch, timer, retry);

	vmb_chan_kick(ch);
}

static int vmb_chan_poll(struct vmb_chan *ch, int budget, bool worker)
{
	int n, idx;

	lockdep_assert_held(&ch->poll_lock);
	vmb_chan_flush(ch);
	if (ch->broken)
		return 0;

	/* what the driver translates stays valid until it has pinned it */
	idx = srcu_read_lock(&ch->bus->mem_srcu);
	/* beside what completions read */
	if (ch->pub.vcpu == worker)
		ch->pub.vcpu = !worker;
	n = ch->pub.dev->driver->poll(&ch->pub, budget);
	srcu_read_unlock(&ch->bus->mem_srcu, idx);

	WRITE_ONCE(ch->in_stats.packets, ch->in_stats.packets + n);
	trace_vmb_channel_poll(ch, n);
	if (n && vmb_ring_release(&ch->in))
		vmb_chan_interrupt(ch);
	return n;
}

/* Account for what was taken. */
static void vmb_chan_place(struct vmb_chan *ch, int n)
{
	bool before = ch->place.worker;

	lockdep_assert_held(&ch->poll_lock);
	/* it says nothing of either place */
	if (READ_ONCE(ch->pub.patient))
		return;
	if (READ_ONCE(adaptive))
		vmb_place_packets(&ch->place, n, ktime_get_ns());
	else if (unlikely(before))
		vmb_place_init(&ch->place, ktime_get_ns());
	if (unlikely(before != ch->place.worker))
		trace_vmb_channel_place(ch);
}

/*
 * In the worker, with signals masked and the ring empty: wait a moment for the
 * guest, unless it waits for this very CPU. Returns whether there is something.
 */
static bool vmb_chan_spin(struct vmb_chan *ch)
{
	struct vmb_worker *worker = &READ_ONCE(ch->vp)->worker;
	u64 now, end;

	lockdep_assert_held(&ch->poll_lock);
	if (!ch->place.worker || READ_ONCE(ch->pub.patient))
		return false;
	if (num_online_cpus() == 1)
		return vmb_ring_readable(&ch->in);
	now = ktime_get_ns();
	end = now + vmb_place_spin_ns(&ch->place);
	do {
		if (vmb_ring_readable(&ch->in))
			return true;
		if (need_resched() || !list_empty_careful(&worker->list))
			return false;
		cpu_relax();
		now = ktime_get_ns();
	} while (now < end);
	vmb_place_missed(&ch->place, 1, now);
	if (!ch->place.worker)
		trace_vmb_channel_place(ch);
	return false;
}

/*
 * The thread of the VP, if it shares this CPU: on it, or waiting for it. To be given back
 * by put_task_struct().
 */
static struct task_struct *vmb_chan_beside(struct vmb_chan *ch)
{
	struct task_struct *task;

	/* a bus of this kernel has no thread that runs a VP */
	if (vmb_bus_is_local(ch->bus))
		return NULL;
	/* pairs with synchronize_rcu_expedited() in vmb_vp_take_over() */
	rcu_read_lock();
	task = rcu_dereference(READ_ONCE(ch->vp)->thread)->task;
	if (task_cpu(task) == raw_smp_processor_id())
		get_task_struct(task);
	else
		task = NULL;
	rcu_read_unlock();
	return task;
}

/*
 * In the worker, with signals masked and the ring empty, where nobody waits for what the
 * guest sends, or the worker does better: if the guest waits for this very CPU let it have
 * it, and look again. It need not signal what it writes meanwhile, since the scheduler runs
 * this thread, as any that is runnable, when the guest halts or has had its share. Returns
 * whether there is something.
 */
static bool vmb_chan_yield(struct vmb_chan *ch)
{
	struct vmb_worker *worker = &READ_ONCE(ch->vp)->worker;
	struct task_struct *task;
	bool found = false;
	int i, yielded;

	lockdep_assert_held(&ch->poll_lock);
	for (i = 0; !found && i < VMB_YIELDS; i++) {
		if (!READ_ONCE(ch->pub.patient) && !ch->place.worker)
			break;
		/* there is something else to do */
		if (atomic_read(&ch->sched) != VMB_CHAN_RUNNING ||
		    !list_empty_careful(&worker->list))
			break;
		/* one that waits for another CPU is not to take that from whoever has it */
		task = vmb_chan_beside(ch);
		if (!task)
			break;
		yielded = yield_to(task, false);
		put_task_struct(task);
		if (yielded <= 0)
			break;
		found = vmb_ring_readable(&ch->in);
	}
	if (i)
		WRITE_ONCE(ch->in_stats.naps, ch->in_stats.naps + 1);
	return found;
}

/*
 * The same where others than the guest want this CPU: look again a while later, signals
 * masked until then. @napped says that this is what the poll began with, and @asked how
 * much it found that wants an answer. Returns whether somebody will look.
 */
static bool vmb_chan_nap(struct vmb_chan *ch, bool napped, u32 asked)
{
	struct task_struct *task;

	lockdep_assert_held(&ch->poll_lock);
	if (!ch->place.worker || READ_ONCE(ch->pub.patient) ||
	    (num_online_cpus() > 1 && !need_resched()))
		return false;
	/* it has had its turn, and has halted or does something else */
	task = vmb_chan_beside(ch);
	if (task) {
		put_task_struct(task);
		return false;
	}
	if (napped && asked < VMB_PLACE_NAP_WORTH) {
		vmb_place_missed(&ch->place, VMB_PLACE_NAP_COST, ktime_get_ns());
		if (!ch->place.worker)
			trace_vmb_channel_place(ch);
		return false;
	}
	ch->napping = true;
	WRITE_ONCE(ch->in_stats.naps, ch->in_stats.naps + 1);
	hrtimer_start(&ch->nap, ns_to_ktime(vmb_place_nap_ns(&ch->place)), HRTIMER_MODE_REL);
	return true;
}

static enum hrtimer_restart vmb_chan_nap_end(struct hrtimer *timer)
{
	struct vmb_chan *ch = container_of(timer, struct vmb_chan, nap);

	if (vmb_chan_claim(ch)) {
		kref_get(&ch->ref);
		vmb_chan_queue(ch, true);
	}
	return HRTIMER_NORESTART;
}

/**
 * vmb_chan_run - poll a channel that was kicked
 * @ch: the channel; the caller holds a reference
 * @worker: in a worker, not in a vCPU's thread
 *
 * Context: a thread of the VMM; may sleep.
 */
void vmb_chan_run(struct vmb_chan *ch, bool worker)
{
	int budget = worker ? VMB_BUDGET_WORKER : VMB_BUDGET_VCPU;
	bool again, napped;
	int n, taken = 0;
	u32 asked;
	u64 *polls;

	mutex_lock(&ch->poll_lock);
	napped = ch->napping;
	ch->napping = false;
	asked = ch->asked;
	polls = worker ? &ch->in_stats.polls_worker : &ch->in_stats.polls_vcpu;
	WRITE_ONCE(*polls, *polls + 1);
	if (!ch->open) {
		/* under the lock: an open that follows queues its own poll */
		atomic_andnot(VMB_CHAN_KICKED, &ch->sched);
		goto unlock;
	}
	/* a thread on its way out has no address space to take data from */
	if (current->mm != ch->bus->mm)
		goto exceeded;

	vmb_ring_mask(&ch->in);
	do {
		/* kicks from here on count anew; pairs with vmb_chan_kick() */
		atomic_xchg(&ch->sched, VMB_CHAN_RUNNING);
		again = false;
		for (;;) {
			u32 before = ch->asked;

			n = vmb_chan_poll(ch, budget - taken, worker);
			taken += n;
			if (ch->asked != before)
				vmb_chan_place(ch, ch->asked - before);
			if (taken >= budget)
				goto exceeded;
			if (n) {
				again = false;
				continue;
			}
			/*
			 * Nothing taken twice although there is something: the
			 * driver has no room, and kicks when it has. Signals
			 * stay masked until then.
			 */
			if (ch->broken || again)
				break;
			again = true;
			if (worker && (vmb_chan_spin(ch) || vmb_chan_yield(ch)))
				continue;
			if (worker && vmb_chan_nap(ch, napped, ch->asked - asked))
				break;
			if (!vmb_ring_unmask(&ch->in))
				break;
			vmb_ring_mask(&ch->in);
		}
		/* a kick meanwhile was told that somebody is at it: we are */
	} while (atomic_cmpxchg(&ch->sched, VMB_CHAN_RUNNING, 0) !=
		 VMB_CHAN_RUNNING);
unlock:
	mutex_unlock(&ch->poll_lock);
	return;

exceeded:
	atomic_set(&ch->sched, VMB_CHAN_KICKED);
	kref_get(&ch->ref);
	vmb_chan_queue(ch, true);
	mutex_unlock(&ch->poll_lock);
}

static void vmb_chan_task_work(struct callback_head *work)
{
	struct vmb_chan *ch = container_of(work, struct vmb_chan, task_work);

	vmb_chan_run(ch, false);
	vmb_chan_put(ch);
}

/**
 * vmb_chan_init_data - initialise the data half of a new channel
 * @ch: the channel
 */
void vmb_chan_init_data(struct vmb_chan *ch)
{
	atomic_set(&ch->sched, VMB_CHAN_CLOSED);
	init_task_work(&ch->task_work, vmb_chan_task_work);
	INIT_LIST_HEAD(&ch->work_node);
	mutex_init(&ch->poll_lock);
	spin_lock_init(&ch->out_lock);
	INIT_LIST_HEAD(&ch->out_wait);
	timer_setup(&ch->retry, vmb_chan_retry, 0);
	hrtimer_init(&ch->nap, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	ch->nap.function = vmb_chan_nap_end;
}

/**
 * vmb_chan_start_data - the rings are mapped and the driver is ready
 * @ch: the channel
 *
 * Context: may sleep; partition's lock.
 */
void vmb_chan_start_data(struct vmb_chan *ch)
{
	spin_lock_irq(&ch->out_lock);
	ch->out_open = true;
	ch->out_want = 0;
	vmb_chan_update_kept(ch);
	spin_unlock_irq(&ch->out_lock);

	mutex_lock(&ch->poll_lock);
	ch->open = true;
	ch->broken = false;
	vmb_place_init(&ch->place, ktime_get_ns());
	WRITE_ONCE(ch->pub.patient, false);
	atomic_andnot(VMB_CHAN_CLOSED, &ch->sched);
	mutex_unlock(&ch->poll_lock);
	/* a guest may fill the ring before it opens the channel */
	vmb_chan_kick(ch);
}

/**
 * vmb_chan_stop_data - stop polls, drop completions, wait for the driver
 * @ch: the channel
 *
 * Context: any process; may sleep; partition's lock.
 */
void vmb_chan_stop_data(struct vmb_chan *ch)
{
	LIST_HEAD(done);

	mutex_lock(&ch->poll_lock);
	ch->open = false;
	/* KICKED stays when a poll is still queued somewhere */
	atomic_or(VMB_CHAN_CLOSED, &ch->sched);
	mutex_unlock(&ch->poll_lock);

	spin_lock_irq(&ch->out_lock);
	ch->out_open = false;
	list_splice_init(&ch->out_wait, &done);
	spin_unlock_irq(&ch->out_lock);
	timer_delete_sync(&ch->retry);
	hrtimer_cancel(&ch->nap);
	vmb_chan_done_all(&done);

	ch->pub.dev->driver->close(&ch->pub);
	/* kicks that came before CLOSED have reached their worker by now */
	synchronize_rcu_expedited();
}

/**
 * vmb_chan_idle - has everything that was sent on a channel been taken?
 * @ch: an open channel
 *
 * Context: may sleep; partition's lock.
 * Return: true when both rings are empty and the driver has answered all that
 * it took, or when the guest broke a ring and nothing moves any more.
 */
bool vmb_chan_idle(struct vmb_chan *ch)
{
	const struct vmb_host_driver *drv = ch->pub.dev->driver;
	bool idle;

	lockdep_assert_held(&ch->bus->partition->lock);
	if (READ_ONCE(ch->broken))
		return true;
	mutex_lock(&ch->poll_lock);
	idle = !vmb_ring_readable(&ch->in) && !(drv->busy && drv->busy(&ch->pub));
	mutex_unlock(&ch->poll_lock);

	spin_lock_irq(&ch->out_lock);
	idle = idle && list_empty(&ch->out_wait) &&
	       vmb_ring_drained(&ch->out);
	spin_unlock_irq(&ch->out_lock);
	return idle;
}

/**
 * vmb_host_kick - have a channel polled again
 * @ch: an open channel
 *
 * For a driver that left packets in the ring because it had no room for them.
 *
 * Context: any, hard interrupts included, before &vmb_host_driver.close
 * returns.
 */
void vmb_host_kick(struct vmb_channel *ch)
{
	vmb_chan_kick(vmb_chan_of(ch));
}
EXPORT_SYMBOL_GPL(vmb_host_kick);

/**
 * vmb_host_next - take the next packet from the guest
 * @ch: the channel
 * @pkt: filled; points to private memory, valid until the next call
 *
 * The guest gets the room back when a quarter of the ring has been taken, and when
 * the poll ends.
 *
 * Context: within &vmb_host_driver.poll.
 * Return: 0; -EAGAIN when there is none; -EBADMSG when the guest broke the
 * ring: the channel is not polled again, the driver just returns.
 */
int vmb_host_next(struct vmb_channel *ch, struct vmb_packet *pkt)
{
	struct vmb_chan *chan = vmb_chan_of(ch);
	int ret;

	ret = vmb_ring_get(&chan->in, chan->in_buf, VMB_HOST_MAX_PACKET, pkt);
	if (ret && ret != -EAGAIN) {
		vmb_chan_break(chan, "from", ret);
		ret = -EBADMSG;
	}
	if (!ret) {
		/* who completes something waits for no answer */
		chan->asked += pkt->type != VMB_PKT_COMPLETION;
		trace_vmb_packet_in(chan, pkt->type, pkt->trans_id, pkt->len);
	}
	/* a poll may take more than the ring holds: the guest fills it meanwhile */
	if (!ret && vmb_ring_unreleased(&chan->in) >= chan->in.size / VMB_RELEASE_PARTS &&
	    vmb_ring_release(&chan->in))
		vmb_chan_interrupt(chan);
	return ret;
}
EXPORT_SYMBOL_GPL(vmb_host_next);

/**
 * vmb_host_iter - make an iterator of the guest memory that a packet names
 * @ch: the channel
 * @pkt: a GPA-direct packet
 * @iov: filled; pages that are neighbours become one entry
 * @max: entries in @iov
 * @write: the memory is to be written
 * @iter: set to all of it; refers to @iov
 *
 * The memory is the VMM's, so the iterator is one of user memory, or the
 * kernel's where vmb_loop is the guest: of that no page may be marked dirty.
 *
 * Context: within &vmb_host_driver.poll. The addresses are good until that
 * call ends, so pin or copy at once.
 * Return: bytes in all; -EFAULT when it names what is not guest memory;
 * -EBADMSG when a range is malformed; -E2BIG when @max is too small.
 */
ssize_t vmb_host_iter(struct vmb_channel *ch, const struct vmb_packet *pkt,
		      struct iovec *iov, unsigned int max, bool write,
		      struct iov_iter *iter)
{
	struct vmb_bus *bus = vmb_chan_of(ch)->bus;
	const struct vmb_mem_region *r = NULL;
	struct vmb_gpa_range range;
	unsigned int n = 0, i;
	ssize_t total = 0;
	u32 pos = 0;
	int ret;

	for (;;) {
		u32 left, offset;

		ret = vmb_packet_gpa_range(pkt, &pos, &range);
		if (ret == -ENOENT)
			break;
		if (ret)
			return ret;

		left = range.len;
		offset = range.offset;
		for (i = 0; i < range.nr_pfns; i++) {
			u64 pfn = le64_to_cpu(range.pfns[i]);
			u32 len = min(left, VMB_PAGE_SIZE - offset);
			u64 gpa = pfn << VMB_PAGE_SHIFT;
			u64 hva;

			if (pfn >> (64 - VMB_PAGE_SHIFT))
				return -EFAULT;
			/* regions are made of whole pages, and most often it is the same */
			if (!r || gpa < r->gpa || gpa - r->gpa >= r->len)
				r = vmb_mem_find(bus, gpa, write);
			if (!r)
				return -EFAULT;
			hva = r->hva + (gpa - r->gpa) + offset;
			if (n && iov[n - 1].iov_base + iov[n - 1].iov_len ==
				 u64_to_user_ptr(hva)) {
				iov[n - 1].iov_len += len;
			} else {
				if (n == max)
					return -E2BIG;
				iov[n].iov_base = u64_to_user_ptr(hva);
				iov[n].iov_len = len;
				n++;
			}
			left -= len;
			offset = 0;
		}
		total += range.len;
	}
	/* the two have the same layout */
	if (vmb_bus_is_local(bus))
		iov_iter_kvec(iter, write ? ITER_DEST : ITER_SOURCE,
			      (struct kvec *)iov, n, total);
	else
		iov_iter_init(iter, write ? ITER_DEST : ITER_SOURCE, iov, n,
			      total);
	return total;
}
EXPORT_SYMBOL_GPL(vmb_host_iter);

/**
 * vmb_host_iter_pinned - make an iterator of the guest memory that a packet names,
 *	if it stays pinned
 * @ch: the channel
 * @pkt: a GPA-direct packet
 * @bvec: filled; pages that are neighbours become one entry
 * @max: entries in @bvec
 * @write: the memory is to be written
 * @iter: set to all of it; refers to @bvec
 * @pin: set to what keeps it pinned
 *
 * On success the pages are good until vmb_host_pin_put(@pin), without being pinned
 * or marked dirty for this. If it fails for any reason, vmb_host_iter() tells what
 * is wrong or works.
 *
 * Context: within &vmb_host_driver.poll.
 * Return: bytes in all; -ENOENT when not all of it is in one range that stays
 * pinned; -EBADMSG when a range is malformed; -E2BIG when @max is too small.
 */
ssize_t vmb_host_iter_pinned(struct vmb_channel *ch, const struct vmb_packet *pkt,
			     struct bio_vec *bvec, unsigned int max, bool write,
			     struct iov_iter *iter, struct vmb_host_pin **pin)
{
	struct vmb_bus *bus = vmb_chan_of(ch)->bus;
	const struct vmb_mem_region *r = NULL;
	struct vmb_gpa_range range;
	phys_addr_t next = 0;
	unsigned int n = 0, i;
	ssize_t total = 0;
	u32 pos = 0;
	int ret;

	if (!atomic_read(&bus->nr_pins))
		return -ENOENT;
	for (;;) {
		u32 left, offset;

		ret = vmb_packet_gpa_range(pkt, &pos, &range);
		if (ret == -ENOENT)
			break;
		if (ret)
			return ret;

		left = range.len;
		offset = range.offset;
		for (i = 0; i < range.nr_pfns; i++) {
			u64 pfn = le64_to_cpu(range.pfns[i]);
			u64 gpa = pfn << VMB_PAGE_SHIFT;
			u32 len = min(left, VMB_PAGE_SIZE - offset);
			struct page *page;

			if (!r) {
				r = vmb_mem_find(bus, gpa, write);
				if (!r || !r->pin)
					return -ENOENT;
			}
			if (pfn >> (64 - VMB_PAGE_SHIFT) || gpa < r->gpa ||
			    gpa - r->gpa >= r->len)
				return -ENOENT;
			page = pfn_to_page(vmb_pin_pfn(r->pin, gpa - r->gpa));
			if (n && page_to_phys(page) + offset == next) {
				bvec[n - 1].bv_len += len;
			} else {
				if (n == max)
					return -E2BIG;
				bvec_set_page(&bvec[n++], page, len, offset);
			}
			next = page_to_phys(page) + offset + len;
			left -= len;
			offset = 0;
		}
		total += range.len;
	}
	if (!r)
		return -ENOENT;
	/* its removal waits for this poll, so there is one to add to */
	percpu_ref_get(&r->pin->pub.ref);
	*pin = &r->pin->pub;
	iov_iter_bvec(iter, write ? ITER_DEST : ITER_SOURCE, bvec, n, total);
	return total;
}
EXPORT_SYMBOL_GPL(vmb_host_iter_pinned);

/**
 * vmb_host_complete - answer a packet
 * @ch: the channel
 * @c: the answer; belongs to the core until &vmb_completion.done
 *
 * Context: any, hard interrupts included, until &vmb_host_driver.close
 * returns.
 */
void vmb_host_complete(struct vmb_channel *ch, struct vmb_completion *c)
{
	struct vmb_chan *chan = vmb_chan_of(ch);
	bool interrupt = false, room = false;
	unsigned long flags;
	LIST_HEAD(done);

	spin_lock_irqsave(&chan->out_lock, flags);
	if (chan->out_open && !READ_ONCE(chan->broken)) {
		struct vmb_chan_out_stats *st = &chan->out_stats;

		WRITE_ONCE(st->completions, st->completions + 1);
		if (!list_empty(&chan->out_wait))
			WRITE_ONCE(st->ring_full, st->ring_full + 1);
		list_add_tail(&c->list, &chan->out_wait);
		interrupt = vmb_chan_flush_wait(chan, &done, &room);
	} else {
		list_add_tail(&c->list, &done);
	}
	spin_unlock_irqrestore(&chan->out_lock, flags);
	if (interrupt)
		vmb_chan_interrupt(chan);
	vmb_chan_done_all(&done);
	if (unlikely(room))
		ch->dev->driver->room(ch);
}
EXPORT_SYMBOL_GPL(vmb_host_complete);

/**
 * vmb_host_send - send the guest a packet that asks for no completion
 * @ch: the channel
 * @trans_id: of the packet
 * @data: payload, copied
 * @len: bytes of it, at most %VMB_HOST_MAX_COMPLETION
 *
 * Context: any, hard interrupts included, until &vmb_host_driver.close
 * returns.
 * Return: 0; -EAGAIN when the ring is full; -ENOTCONN when the channel closes
 * or is broken; -EMSGSIZE.
 */
int vmb_host_send(struct vmb_channel *ch, u64 trans_id, const void *data,
		  u32 len)
{
	struct kvec body = { (void *)data, len };
	struct vmb_chan *chan = vmb_chan_of(ch);
	bool interrupt = false;
	unsigned long flags;
	int ret = -ENOTCONN;

	if (len > VMB_HOST_MAX_COMPLETION)
		return -EMSGSIZE;
	spin_lock_irqsave(&chan->out_lock, flags);
	if (chan->out_open && !READ_ONCE(chan->broken)) {
		ret = -EAGAIN;
		if (list_empty(&chan->out_wait))
			ret = vmb_ring_put(&chan->out, VMB_PKT_INBAND, 0,
					   trans_id, NULL, &body);
		if (!ret) {
			trace_vmb_packet_out(chan, VMB_PKT_INBAND, trans_id, len);
			interrupt = vmb_ring_publish(&chan->out);
		}
	}
	spin_unlock_irqrestore(&chan->out_lock, flags);
	if (interrupt)
		vmb_chan_interrupt(chan);
	return ret;
}
EXPORT_SYMBOL_GPL(vmb_host_send);

/**
 * vmb_host_send_xfer - send the guest a packet that names parts of a buffer
 * @ch: the channel
 * @xfer: the packet
 * @more: others follow at once: the guest is not told before one does without, or
 *	vmb_host_publish() is called
 *
 * The guest gives the parts back by one completion, which the driver takes by
 * vmb_host_next() as any packet.
 *
 * Context: any, hard interrupts included, until &vmb_host_driver.close
 * returns.
 * Return: 0; -EAGAIN when the ring is full: &vmb_host_driver.room is called when
 * it may have room, maybe before this returns; -ENOTCONN when the channel closes
 * or is broken; -EMSGSIZE.
 */
int vmb_host_send_xfer(struct vmb_channel *ch, const struct vmb_host_xfer *xfer,
		       bool more)
{
	struct {
		__le16 pageset_id;
		u8 sender_owns_set;
		u8 reserved;
		__le32 range_count;
		struct vmb_wire_xfer_range range[VMB_HOST_MAX_RANGES];
	} wire;
	struct kvec head = { &wire, offsetof(typeof(wire), range) };
	struct kvec body = { (void *)xfer->data, xfer->data_len };
	struct vmb_chan *chan = vmb_chan_of(ch);
	bool interrupt = false;
	unsigned long flags;
	int ret = -ENOTCONN;
	u32 i;

	static_assert(sizeof(struct vmb_pkt_desc) + offsetof(typeof(wire), range) ==
		      sizeof(struct vmb_pkt_xfer_pages));
	if (xfer->data_len > VMB_HOST_MAX_COMPLETION || !xfer->nr_ranges ||
	    xfer->nr_ranges > VMB_HOST_MAX_RANGES)
		return -EMSGSIZE;
	wire.pageset_id = cpu_to_le16(xfer->pageset_id);
	wire.sender_owns_set = 1;
	wire.reserved = 0;
	wire.range_count = cpu_to_le32(xfer->nr_ranges);
	for (i = 0; i < xfer->nr_ranges; i++) {
		wire.range[i].byte_count = cpu_to_le32(xfer->range[i].len);
		wire.range[i].byte_offset = cpu_to_le32(xfer->range[i].offset);
	}
	head.iov_len += xfer->nr_ranges * sizeof(wire.range[0]);
	spin_lock_irqsave(&chan->out_lock, flags);
	if (!chan->out_open || READ_ONCE(chan->broken))
		goto unlock;
retry:
	/* not ahead of completions that wait */
	ret = -EAGAIN;
	if (list_empty(&chan->out_wait))
		ret = vmb_ring_put(&chan->out, VMB_PKT_XFER_PAGES,
				   VMB_PKT_COMPLETION_REQUESTED, xfer->trans_id,
				   &head, &body);
	if (ret == -EAGAIN) {
		u32 want = vmb_ring_pkt_size(head.iov_len, xfer->data_len);

		interrupt |= vmb_ring_publish(&chan->out);
		if (list_empty(&chan->out_wait) && vmb_chan_wait_room(chan, want))
			goto retry;
		chan->out_want = want;
		vmb_chan_update_kept(chan);
	} else if (ret) {
		vmb_chan_break(chan, "to", ret);
		ret = -ENOTCONN;
	} else if (!more) {
		interrupt |= vmb_ring_publish(&chan->out);
	}
unlock:
	spin_unlock_irqrestore(&chan->out_lock, flags);
	if (interrupt)
		vmb_chan_interrupt(chan);
	return ret;
}
EXPORT_SYMBOL_GPL(vmb_host_send_xfer);

/**
 * vmb_host_publish - tell the guest of packets that were sent with more to follow
 * @ch: the channel
 *
 * Context: any, hard interrupts included, until &vmb_host_driver.close
 * returns.
 */
void vmb_host_publish(struct vmb_channel *ch)
{
	struct vmb_chan *chan = vmb_chan_of(ch);
	bool interrupt = false;
	unsigned long flags;

	spin_lock_irqsave(&chan->out_lock, flags);
	if (chan->out_open && !READ_ONCE(chan->broken))
		interrupt = vmb_ring_publish(&chan->out);
	spin_unlock_irqrestore(&chan->out_lock, flags);
	if (interrupt)
		vmb_chan_interrupt(chan);
}
EXPORT_SYMBOL_GPL(vmb_host_publish);
