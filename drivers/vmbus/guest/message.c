// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages from the host: out of the slot in the SIMP page, to those who wait
 * for them or to the work that handles offers.
 *
 * Answers go to whoever waits right in the interrupt. Offers and rescinds have
 * to be handled in their order and need memory, so they are queued for a work.
 * That work takes no lock which anybody holds while he waits for an answer.
 * Therefore it always makes progress, and when its queue is full the next
 * message can stay in its slot until there is room: none is lost.
 */
#define pr_fmt(fmt) "vmb_guest: " fmt

#include <linux/jiffies.h>
#include <linux/string.h>

#include "guest.h"
#include "trace.h"

/**
 * vmb_guest_message_name - name of a message
 * @type: of the message
 *
 * Return: for people.
 */
const char *vmb_guest_message_name(u32 type)
{
	switch (type) {
	case VMB_MSG_OPEN_RESULT:
		return "OPEN_RESULT";
	case VMB_MSG_GPADL_CREATED:
		return "GPADL_CREATED";
	case VMB_MSG_GPADL_TORNDOWN:
		return "GPADL_TORNDOWN";
	case VMB_MSG_VERSION_RESPONSE:
		return "VERSION_RESPONSE";
	case VMB_MSG_UNLOAD_RESPONSE:
		return "UNLOAD_RESPONSE";
	case VMB_MSG_MODIFY_CHANNEL_RESPONSE:
		return "MODIFY_CHANNEL_RESPONSE";
	default:
		return "message";
	}
}

/**
 * vmb_guest_wait_begin - say which answer one is going to wait for
 * @bus: the bus
 * @w: belongs to the caller until vmb_guest_wait_end() or _cancel()
 * @type: of the answer
 * @relid: channel that it is about, or 0
 * @id: GPADL handle or open id in it, or 0
 *
 * Before the question is posted, since the answer may come at once.
 *
 * Context: process.
 */
void vmb_guest_wait_begin(struct vmb_guest_bus *bus, struct vmb_guest_wait *w,
			  u32 type, u32 relid, u32 id)
{
	w->type = type;
	w->relid = relid;
	w->id = id;
	w->err = 0;
	init_completion(&w->done);
	spin_lock_irq(&bus->msg_lock);
	list_add_tail(&w->list, &bus->waits);
	spin_unlock_irq(&bus->msg_lock);
}

/**
 * vmb_guest_wait_cancel - wait no more
 * @bus: the bus
 * @w: from vmb_guest_wait_begin()
 *
 * Context: process.
 */
void vmb_guest_wait_cancel(struct vmb_guest_bus *bus, struct vmb_guest_wait *w)
{
	spin_lock_irq(&bus->msg_lock);
	list_del_init(&w->list);
	spin_unlock_irq(&bus->msg_lock);
}

/**
 * vmb_guest_wait_end - wait for the answer
 * @bus: the bus
 * @w: from vmb_guest_wait_begin()
 * @factor: how many times the usual time it may take
 *
 * Context: may sleep; not killable, but with a time limit.
 * Return: 0 and the answer in @w->msg; -ETIMEDOUT; -ENODEV when the channel was
 * rescinded meanwhile; -ESHUTDOWN when the connection ended.
 */
int vmb_guest_wait_end(struct vmb_guest_bus *bus, struct vmb_guest_wait *w,
		       unsigned int factor)
{
	unsigned int ms = bus->pf->timeout_ms ?: VMB_GUEST_TIMEOUT_MS;
	bool in_time;

	ms *= factor;
	in_time = wait_for_completion_timeout(&w->done, msecs_to_jiffies(ms));
	vmb_guest_wait_cancel(bus, w);
	/* it may have come between the two */
	if (in_time || completion_done(&w->done))
		return w->err;
	if (w->relid)
		vmb_guest_warn(bus, "channel %u: the host has not sent %s within %u ms\n",
			       w->relid, vmb_guest_message_name(w->type), ms);
	else
		vmb_guest_warn(bus, "the host has not sent %s within %u ms\n",
			       vmb_guest_message_name(w->type), ms);
	return -ETIMEDOUT;
}

/**
 * vmb_guest_wait_fail - what is waited for will not come
 * @bus: the bus
 * @relid: of this channel; 0 for all
 * @err: what they are told
 *
 * Context: any.
 */
void vmb_guest_wait_fail(struct vmb_guest_bus *bus, u32 relid, int err)
{
	struct vmb_guest_wait *w, *next;
	unsigned long flags;

	spin_lock_irqsave(&bus->msg_lock, flags);
	list_for_each_entry_safe(w, next, &bus->waits, list) {
		if (relid && w->relid != relid)
			continue;
		list_del_init(&w->list);
		w->err = err;
		complete(&w->done);
	}
	spin_unlock_irqrestore(&bus->msg_lock, flags);
}

static bool vmb_guest_message_answer(struct vmb_guest_bus *bus,
				     const struct vmb_guest_message *msg,
				     u32 type, u32 relid, u32 id)
{
	struct vmb_guest_wait *w;
	unsigned long flags;
	bool found = false;

	spin_lock_irqsave(&bus->msg_lock, flags);
	list_for_each_entry(w, &bus->waits, list) {
		if (w->type != type || (relid && w->relid != relid) || w->id != id)
			continue;
		list_del_init(&w->list);
		w->msg = *msg;
		complete(&w->done);
		found = true;
		break;
	}
	spin_unlock_irqrestore(&bus->msg_lock, flags);
	return found;
}

/* How long a message has to be at least; 0 for those a host does not send. */
static u32 vmb_guest_message_min(u32 type)
{
	switch (type) {
	case VMB_MSG_OFFER:
		return sizeof(struct vmb_msg_offer);
	case VMB_MSG_RESCIND:
		return sizeof(struct vmb_msg_relid);
	case VMB_MSG_ALL_OFFERS_DELIVERED:
	case VMB_MSG_UNLOAD_RESPONSE:
		return sizeof(struct vmb_msg_header);
	case VMB_MSG_OPEN_RESULT:
		return sizeof(struct vmb_msg_open_result);
	case VMB_MSG_GPADL_CREATED:
		return sizeof(struct vmb_msg_gpadl_created);
	case VMB_MSG_GPADL_TORNDOWN:
		return sizeof(struct vmb_msg_gpadl_torndown);
	case VMB_MSG_VERSION_RESPONSE:
		/* the connection id came with 5.0 */
		return offsetof(struct vmb_msg_version_response, msg_conn_id);
	case VMB_MSG_TL_CONNECT_RESULT:
		return sizeof(struct vmb_msg_tl_connect_result);
	case VMB_MSG_MODIFY_CHANNEL_RESPONSE:
		return sizeof(struct vmb_msg_modify_channel_response);
	default:
		return 0;
	}
}

static void vmb_guest_message_dispatch(struct vmb_guest_bus *bus,
				       const struct vmb_guest_message *msg, u32 type)
{
	const struct vmb_msg_modify_channel_response *modify = (void *)msg->payload;
	const struct vmb_msg_gpadl_torndown *torndown = (void *)msg->payload;
	const struct vmb_msg_gpadl_created *created = (void *)msg->payload;
	const struct vmb_msg_open_result *open = (void *)msg->payload;
	u32 relid = 0, id = 0;

	switch (type) {
	case VMB_MSG_OPEN_RESULT:
		relid = le32_to_cpu(open->relid);
		id = le32_to_cpu(open->open_id);
		break;
	case VMB_MSG_GPADL_CREATED:
		relid = le32_to_cpu(created->relid);
		id = le32_to_cpu(created->gpadl);
		break;
	case VMB_MSG_GPADL_TORNDOWN:
		id = le32_to_cpu(torndown->gpadl);
		break;
	case VMB_MSG_MODIFY_CHANNEL_RESPONSE:
		relid = le32_to_cpu(modify->relid);
		break;
	case VMB_MSG_TL_CONNECT_RESULT:
		/* nobody asks for Hyper-V sockets */
	default:
		break;
	}
	if (vmb_guest_message_answer(bus, msg, type, relid, id))
		return;
	if (type == VMB_MSG_UNLOAD_RESPONSE && READ_ONCE(bus->state) == VMB_GUEST_CRASHED)
		WRITE_ONCE(bus->unloaded, true);
	else
		vmb_guest_bad(bus, "message %u about channel %u, id %#x, which nobody waits for\n",
			      type, relid, id);
}

/* Is this one for the work? */
static bool vmb_guest_message_queued(u32 type)
{
	return type == VMB_MSG_OFFER || type == VMB_MSG_RESCIND ||
	       type == VMB_MSG_ALL_OFFERS_DELIVERED;
}

/* False when there is no room. */
static bool vmb_guest_message_enqueue(struct vmb_guest_bus *bus,
				      const struct vmb_guest_message *msg)
{
	unsigned long flags;
	bool ok = false;

	spin_lock_irqsave(&bus->msg_lock, flags);
	if (bus->queue_len < VMB_GUEST_QUEUE) {
		bus->queue[(bus->queue_head + bus->queue_len++) % VMB_GUEST_QUEUE] = *msg;
		ok = true;
	} else {
		bus->stalled = true;
	}
	spin_unlock_irqrestore(&bus->msg_lock, flags);
	queue_work_on(bus->msg_cpu, bus->msg_wq, &bus->msg_work);
	return ok;
}

/*
 * Free a slot that held a message of this type. The exchange is for a crash,
 * when somebody else's slots are read: its own CPU may have freed it, and the
 * host may have written another message.
 */
static void vmb_guest_message_free(struct vmb_guest_bus *bus,
				   struct vmb_hv_message *slot, __le32 type)
{
	if (cmpxchg((__force u32 *)&slot->message_type, (__force u32)type,
		    VMB_MSG_TYPE_NONE) != (__force u32)type)
		return;
	/*
	 * The slot is free before the flag is read. Pairs with the host's
	 * barrier between setting the flag and looking at the slot again:
	 * either it finds the slot free, or we see that it waits for EOM.
	 */
	virt_mb();
	if (READ_ONCE(slot->flags) & VMB_MSG_FLAG_PENDING)
		bus->pf->ops->eom(bus->pf);
}

/**
 * vmb_guest_message_take - take the message out of a slot, if there is one
 * @bus: the bus
 * @slot: of the CPU that this runs on
 *
 * Context: interrupts off.
 */
void vmb_guest_message_take(struct vmb_guest_bus *bus, struct vmb_hv_message *slot)
{
	__le32 slot_type = READ_ONCE(slot->message_type);
	struct vmb_guest_message msg = {};
	u32 type, min;

	if (slot_type == cpu_to_le32(VMB_MSG_TYPE_NONE))
		return;
	/* pairs with the host, which writes the type last */
	virt_rmb();
	/* synthetic timers share the page: theirs are not ours to handle */
	if (slot_type != cpu_to_le32(VMB_MSG_TYPE_CHANNEL))
		goto free;

	this_cpu_inc(bus->cpu->messages);
	/* read once, checked, and the copy used */
	msg.len = READ_ONCE(slot->payload_size);
	if (msg.len < sizeof(struct vmb_msg_header) || msg.len > sizeof(msg.payload)) {
		vmb_guest_bad(bus, "message of %u bytes\n", msg.len);
		goto free;
	}
	memcpy(msg.payload, slot->payload, msg.len);
	barrier();
	type = le32_to_cpu(((struct vmb_msg_header *)msg.payload)->type);
	trace_vmb_guest_message_in(bus, msg.payload, msg.len);
	min = vmb_guest_message_min(type);
	if (!min || msg.len < min) {
		vmb_guest_bad(bus, "message %u of %u bytes %s\n", type, msg.len,
			      min ? "is too short" : "is unknown");
		goto free;
	}
	if (!vmb_guest_message_queued(type))
		vmb_guest_message_dispatch(bus, &msg, type);
	else if (!vmb_guest_message_enqueue(bus, &msg))
		return;
free:
	vmb_guest_message_free(bus, slot, slot_type);
}

/**
 * vmb_guest_message_poll - look into a slot when nothing else works any more
 * @bus: the bus
 * @slot: of any CPU
 * @type: the message that is waited for; others are dropped
 *
 * Context: any, after a crash.
 * Return: whether it was there.
 */
bool vmb_guest_message_poll(struct vmb_guest_bus *bus, struct vmb_hv_message *slot,
			    u32 type)
{
	__le32 slot_type = READ_ONCE(slot->message_type);
	bool found;

	if (slot_type == cpu_to_le32(VMB_MSG_TYPE_NONE))
		return false;
	/* pairs with the host, which writes the type last */
	virt_rmb();
	found = slot_type == cpu_to_le32(VMB_MSG_TYPE_CHANNEL) &&
		READ_ONCE(*(__le32 *)slot->payload) == cpu_to_le32(type);
	vmb_guest_message_free(bus, slot, slot_type);
	return found;
}

/**
 * vmb_guest_message_work - handle offers and rescinds in their order
 * @work: of the bus, on the CPU that takes messages
 *
 * Context: process. Takes no lock that is held while the host is waited for.
 */
void vmb_guest_message_work(struct work_struct *work)
{
	struct vmb_guest_bus *bus = container_of(work, struct vmb_guest_bus, msg_work);
	struct vmb_guest_message msg;
	u32 type;

	for (;;) {
		bool stalled, empty;

		spin_lock_irq(&bus->msg_lock);
		empty = !bus->queue_len;
		if (!empty) {
			msg = bus->queue[bus->queue_head];
			bus->queue_head = (bus->queue_head + 1) % VMB_GUEST_QUEUE;
			bus->queue_len--;
		}
		stalled = bus->stalled;
		bus->stalled = false;
		spin_unlock_irq(&bus->msg_lock);

		if (stalled) {
			/* this is the CPU whose slot it is */
			local_irq_disable();
			vmb_guest_message_take(bus, this_cpu_ptr(bus->cpu)->synic.msg + VMB_SINT);
			local_irq_enable();
		} else if (empty) {
			break;
		}
		if (empty || READ_ONCE(bus->ignore))
			continue;

		type = le32_to_cpu(((struct vmb_msg_header *)msg.payload)->type);
		if (type == VMB_MSG_OFFER)
			vmb_guest_offer_handle(bus, (void *)msg.payload);
		else if (type == VMB_MSG_RESCIND)
			vmb_guest_rescind_handle(bus, le32_to_cpu(((struct vmb_msg_relid *)
								   msg.payload)->relid));
		else
			complete_all(&bus->offers_done);
	}
}
