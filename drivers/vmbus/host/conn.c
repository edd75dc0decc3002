// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection: channel messages from the guest and their answers.
 *
 * All of it runs under the partition's lock, on private copies of what the
 * guest posted. A message that is malformed, unknown, or out of place is
 * dropped with one rate-limited line; where the protocol has an answer for a
 * refusal, the guest gets it.
 */
#define pr_fmt(fmt) "vmb_host: " fmt

#include <kunit/visibility.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "host.h"
#include "trace.h"

/* newest first; each as its own entry since guests ask for exactly one */
static const u32 vmb_versions[] = {
	VMB_VERSION_5_3, VMB_VERSION_5_2, VMB_VERSION_5_1, VMB_VERSION_5_0,
	VMB_VERSION_4_1, VMB_VERSION_4_0, VMB_VERSION_3_0, VMB_VERSION_2_4,
	VMB_VERSION_1_1, VMB_VERSION_0_13,
};

static bool vmb_conn_serves(struct vmb_bus *bus, u32 version)
{
	unsigned int i;

	if (version > bus->partition->max_version)
		return false;
	for (i = 0; i < ARRAY_SIZE(vmb_versions); i++)
		if (vmb_versions[i] == version)
			return true;
	return false;
}

#define vmb_conn_header(t)	{ .type = cpu_to_le32(t) }

static void vmb_conn_set_int_page(struct vmb_bus *bus, struct vmb_evt_page *page)
{
	struct vmb_evt_page *old;

	old = rcu_replace_pointer(bus->int_page, page,
				  lockdep_is_held(&bus->partition->lock));
	if (!old)
		return;
	synchronize_rcu_expedited();
	vmb_mem_unpin(bus, &old->page, 1);
	kfree(old);
}

/**
 * vmb_conn_reset - end the connection: nothing the guest told is left
 * @bus: the bus
 *
 * Closes all channels and waits for their I/O.
 *
 * Context: any process; may sleep; partition's lock.
 */
void vmb_conn_reset(struct vmb_bus *bus)
{
	struct vmb_chan *ch;
	struct vmb_hdev *hdev;
	unsigned long relid;

	lockdep_assert_held(&bus->partition->lock);
	bus->state = VMB_CONN_DISCONNECTED;
	bus->offers_requested = false;
	list_for_each_entry(hdev, &bus->partition->devices, list) {
		memset(hdev->chan, 0, sizeof(hdev->chan));
		hdev->nr_sub = 0;
	}
	/* sub-channels go before the primary channels they depend on */
	xa_for_each(&bus->chans, relid, ch)
		if (ch->pub.index)
			vmb_chan_close(ch);
	xa_for_each(&bus->chans, relid, ch) {
		vmb_chan_close(ch);
		vmb_chan_forget(ch);
	}
	vmb_gpadl_purge(bus, 0);
	vmb_signal_want(bus, 0, false);
	vmb_conn_set_int_page(bus, NULL);
	vmb_message_purge(bus);
}
EXPORT_SYMBOL_IF_KUNIT(vmb_conn_reset);

static int vmb_conn_pin_int_page(struct vmb_bus *bus, u64 gpa)
{
	struct vmb_evt_page *page;
	int ret;

	page = kzalloc(sizeof(*page), GFP_KERNEL_ACCOUNT);
	if (!page)
		return -ENOMEM;
	page->page = vmb_mem_pin_page(bus, gpa & PAGE_MASK);
	if (IS_ERR(page->page)) {
		ret = PTR_ERR(page->page);
		kfree(page);
		return ret;
	}
	page->flags = page_address(page->page);
	vmb_conn_set_int_page(bus, page);
	vmb_signal_want(bus, 0, true);
	return 0;
}

static void vmb_conn_initiate_contact(struct vmb_bus *bus, u32 connection_id,
				      const void *msg, u32 len)
{
	const struct vmb_msg_initiate_contact *m = msg;
	struct vmb_msg_version_response resp = {
		.hdr = vmb_conn_header(VMB_MSG_VERSION_RESPONSE),
	};
	u32 version = le32_to_cpu(m->version);
	struct vmb_vp *vp;

	/* firmware hands over to an OS, or one kernel to the next */
	vmb_conn_reset(bus);

	vp = vmb_bus_vp(bus, le32_to_cpu(m->target_vp));
	if (!vp) {
		vmb_bus_warn(bus, "connection refused: no VP %u to answer to\n",
			     le32_to_cpu(m->target_vp));
		return;
	}
	spin_lock(&bus->msg_lock);
	WRITE_ONCE(bus->msg_vp, vp);
	spin_unlock(&bus->msg_lock);

	if (!vmb_conn_serves(bus, version))
		goto respond;
	if (version >= VMB_VERSION_5_0) {
		/* byte 0 is the message SINT, byte 1 the VTL, the rest zero */
		u64 word = le64_to_cpu(m->interrupt_page);

		if ((word & 0xff) != VMB_SINT || (word >> 8 & 0xff)) {
			vmb_bus_warn(bus, "connection refused: SINT %llu, VTL %llu\n",
				     word & 0xff, word >> 8 & 0xff);
			goto respond;
		}
		resp.msg_conn_id = cpu_to_le32(connection_id);
	}
	if (version < VMB_VERSION_2_4 &&
	    vmb_conn_pin_int_page(bus, le64_to_cpu(m->interrupt_page))) {
		vmb_bus_warn(bus, "connection refused: interrupt page %#llx is not guest memory\n",
			     le64_to_cpu(m->interrupt_page));
		goto respond;
	}
	bus->version = version;
	bus->state = VMB_CONN_CONNECTED;
	resp.supported = 1;
respond:
	trace_vmb_connect(bus, version, resp.supported);
	/* guests expect the whole structure, whatever the version */
	vmb_message_send(bus, &resp, sizeof(resp));
}

/*
 * Guests know devices by their instance id and take an offer for one that they
 * have not let go of for an error.
 */
static bool vmb_conn_unreleased(struct vmb_bus *bus, const guid_t *instance_id)
{
	struct vmb_chan *ch;
	unsigned long relid;

	xa_for_each(&bus->chans, relid, ch)
		if (ch->state == VMB_CHAN_RESCINDED && !ch->pub.index &&
		    guid_equal(&ch->instance_id, instance_id))
			return true;
	return false;
}

/**
 * vmb_conn_offer - offer a channel of a device to the guest
 * @bus: the bus; the guest has asked for offers
 * @dev: the device
 * @index: 0 for its primary channel
 *
 * While the guest has yet to release a channel of a device with the same
 * instance id that was taken away, the primary channel is held back. It is
 * offered when that has happened.
 *
 * Context: may sleep; partition's lock.
 * Return: 0, -ENOMEM, -ENOSPC.
 */
int vmb_conn_offer(struct vmb_bus *bus, struct vmb_host_device *dev, u16 index)
{
	struct vmb_hdev *hdev = dev->priv;
	struct vmb_msg_offer offer = {
		.hdr = vmb_conn_header(VMB_MSG_OFFER),
		.class_id = dev->driver->class_id,
		.instance_id = dev->instance_id,
		.flags = cpu_to_le16(dev->offer_flags),
		.sub_channel_index = cpu_to_le16(index),
	};
	struct vmb_chan *ch;
	int ret;

	lockdep_assert_held(&bus->partition->lock);
	if (hdev->chan[index])
		return 0;
	if (!index && vmb_conn_unreleased(bus, &dev->instance_id))
		return 0;
	ch = vmb_chan_create(bus, dev, index);
	if (IS_ERR(ch))
		return PTR_ERR(ch);

	memcpy(offer.user, dev->user, sizeof(offer.user));
	offer.relid = cpu_to_le32(ch->pub.relid);
	if (bus->version >= VMB_VERSION_1_1) {
		offer.dedicated_interrupt = cpu_to_le16(1);
		offer.connection_id =
			cpu_to_le32(vmb_signal_connection_id(ch->pub.relid));
	}
	ret = vmb_message_send(bus, &offer, sizeof(offer));
	if (ret) {
		vmb_chan_forget(ch);
		return ret;
	}
	hdev->chan[index] = ch;
	return 0;
}

/**
 * vmb_conn_rescind - take a channel away from the guest
 * @ch: the channel; it is closed, and its id stays taken until the guest
 *	releases it
 *
 * Context: any process; may sleep; partition's lock.
 */
void vmb_conn_rescind(struct vmb_chan *ch)
{
	struct vmb_msg_relid msg = {
		.hdr = vmb_conn_header(VMB_MSG_RESCIND),
		.relid = cpu_to_le32(ch->pub.relid),
	};

	lockdep_assert_held(&ch->bus->partition->lock);
	vmb_chan_close(ch);
	ch->state = VMB_CHAN_RESCINDED;
	ch->pub.dev = NULL;
	vmb_signal_want(ch->bus, ch->pub.relid, false);
	vmb_message_send(ch->bus, &msg, sizeof(msg));
}

/* Offer what the guest has not been offered yet. */
static void vmb_conn_offer_all(struct vmb_bus *bus)
{
	struct vmb_hdev *hdev;

	list_for_each_entry(hdev, &bus->partition->devices, list) {
		int ret = hdev->offered ? vmb_conn_offer(bus, hdev->dev, 0) : 0;

		if (ret)
			vmb_bus_warn(bus, "device %s not offered: error %d\n",
				     vmb_host_device_name(hdev->dev), ret);
	}
}

static void vmb_conn_request_offers(struct vmb_bus *bus, const void *msg, u32 len)
{
	struct vmb_msg_header done = vmb_conn_header(VMB_MSG_ALL_OFFERS_DELIVERED);

	if (bus->offers_requested) {
		vmb_bus_warn(bus, "guest asked for offers twice\n");
		bus->nr_bad++;
		return;
	}
	bus->offers_requested = true;
	vmb_conn_offer_all(bus);
	vmb_message_send(bus, &done, sizeof(done));
}

static struct vmb_chan *vmb_conn_chan(struct vmb_bus *bus, __le32 relid)
{
	struct vmb_chan *ch = xa_load(&bus->chans, le32_to_cpu(relid));

	if (!ch) {
		vmb_bus_warn(bus, "message for channel %u, which was not offered\n",
			     le32_to_cpu(relid));
		bus->nr_bad++;
	}
	return ch;
}

static void vmb_conn_open(struct vmb_bus *bus, const void *msg, u32 len)
{
	const struct vmb_msg_open *m = msg;
	struct vmb_msg_open_result result = {
		.hdr = vmb_conn_header(VMB_MSG_OPEN_RESULT),
		.relid = m->relid,
		.open_id = m->open_id,
	};
	struct vmb_chan *ch = vmb_conn_chan(bus, m->relid);
	u32 status = VMB_STATUS_INVALID_PARAMETER;

	if (ch)
		status = vmb_chan_open(ch, m);
	result.status = cpu_to_le32(status);
	vmb_message_send(bus, &result, sizeof(result));
}

static void vmb_conn_close(struct vmb_bus *bus, const void *msg, u32 len)
{
	const struct vmb_msg_relid *m = msg;
	struct vmb_chan *ch = vmb_conn_chan(bus, m->relid);

	if (!ch)
		return;
	/* a driver that opens the device again asks for sub-channels again */
	if (ch->state == VMB_CHAN_OPEN && !ch->pub.index)
		vmb_device_rescind(ch->pub.dev, 1);
	vmb_chan_close(ch);
}

static void vmb_conn_gpadl_created(struct vmb_bus *bus, u32 relid,
				   __le32 gpadl, u32 status)
{
	struct vmb_msg_gpadl_created created = {
		.hdr = vmb_conn_header(VMB_MSG_GPADL_CREATED),
		.relid = cpu_to_le32(relid),
		.gpadl = gpadl,
		.status = cpu_to_le32(status),
	};

	if (status)
		vmb_bus_warn(bus, "channel %u: GPADL %#x refused: status %#x\n",
			     relid, le32_to_cpu(gpadl), status);
	vmb_message_send(bus, &created, sizeof(created));
}

static void vmb_conn_gpadl_header(struct vmb_bus *bus, const void *msg, u32 len)
{
	const struct vmb_msg_gpadl_header *m = msg;
	struct vmb_chan *ch = vmb_conn_chan(bus, m->relid);
	u32 status = VMB_STATUS_INVALID_PARAMETER;
	bool complete = true;

	if (ch && ch->state != VMB_CHAN_RESCINDED)
		status = vmb_gpadl_on_header(bus, msg, len, &complete);
	if (complete)
		vmb_conn_gpadl_created(bus, le32_to_cpu(m->relid), m->gpadl,
				       status);
}

static void vmb_conn_gpadl_body(struct vmb_bus *bus, const void *msg, u32 len)
{
	const struct vmb_msg_gpadl_body *m = msg;
	bool complete;
	u32 relid, status;

	status = vmb_gpadl_on_body(bus, msg, len, &relid, &complete);
	if (complete) {
		vmb_conn_gpadl_created(bus, relid, m->gpadl, status);
	} else if (status) {
		vmb_bus_warn(bus, "part of GPADL %#x, which is not being made\n",
			     le32_to_cpu(m->gpadl));
		bus->nr_bad++;
	}
}

/**
 * vmb_conn_gpadl_torndown - tell the guest that a GPADL is its own again
 * @bus: the bus
 * @handle: the guest's name for it
 *
 * Context: may sleep; partition's lock.
 */
void vmb_conn_gpadl_torndown(struct vmb_bus *bus, u32 handle)
{
	struct vmb_msg_gpadl_torndown torndown = {
		.hdr = vmb_conn_header(VMB_MSG_GPADL_TORNDOWN),
		.gpadl = cpu_to_le32(handle),
	};

	vmb_message_send(bus, &torndown, sizeof(torndown));
}

static void vmb_conn_gpadl_teardown(struct vmb_bus *bus, const void *msg, u32 len)
{
	const struct vmb_msg_gpadl_teardown *m = msg;
	int ret;

	ret = vmb_gpadl_teardown(bus, le32_to_cpu(m->relid),
				 le32_to_cpu(m->gpadl));
	if (ret == -EINPROGRESS)
		return;
	if (ret) {
		vmb_bus_warn(bus, "channel %u: teardown of GPADL %#x refused: %s\n",
			     le32_to_cpu(m->relid), le32_to_cpu(m->gpadl),
			     ret == -EBUSY ? "the channel is open" : "not known");
		bus->nr_bad++;
		/* still used: only its end may be confirmed */
		if (ret == -EBUSY)
			return;
	}
	vmb_conn_gpadl_torndown(bus, le32_to_cpu(m->gpadl));
}

static void vmb_conn_relid_released(struct vmb_bus *bus, const void *msg, u32 len)
{
	const struct vmb_msg_relid *m = msg;
	struct vmb_chan *ch = vmb_conn_chan(bus, m->relid);

	if (!ch)
		return;
	if (ch->state != VMB_CHAN_RESCINDED) {
		vmb_chan_warn(ch, "released, but not rescinded\n");
		bus->nr_bad++;
		return;
	}
	vmb_chan_forget(ch);
	/* one that was held back for this */
	vmb_conn_offer_all(bus);
}

static void vmb_conn_unload(struct vmb_bus *bus, const void *msg, u32 len)
{
	struct vmb_msg_header resp = vmb_conn_header(VMB_MSG_UNLOAD_RESPONSE);

	vmb_conn_reset(bus);
	vmb_message_send(bus, &resp, sizeof(resp));
}

static void vmb_conn_modify_channel(struct vmb_bus *bus, const void *msg, u32 len)
{
	const struct vmb_msg_modify_channel *m = msg;
	struct vmb_msg_modify_channel_response resp = {
		.hdr = vmb_conn_header(VMB_MSG_MODIFY_CHANNEL_RESPONSE),
		.relid = m->relid,
	};
	struct vmb_chan *ch = vmb_conn_chan(bus, m->relid);
	int ret = -ENOENT;

	if (ch)
		ret = vmb_chan_modify(ch, le32_to_cpu(m->target_vp));
	if (ret) {
		vmb_bus_warn(bus, "channel %u cannot move to VP %u\n",
			     le32_to_cpu(m->relid), le32_to_cpu(m->target_vp));
		bus->nr_bad++;
		resp.status = cpu_to_le32(VMB_STATUS_INVALID_PARAMETER);
	}
	if (bus->version >= VMB_VERSION_5_3)
		vmb_message_send(bus, &resp, sizeof(resp));
}

/* Hyper-V sockets are not served: say so instead of letting connect() hang */
static void vmb_conn_tl_connect(struct vmb_bus *bus, const void *msg, u32 len)
{
	const struct vmb_msg_tl_connect_request *m = msg;
	struct vmb_msg_tl_connect_result result = {
		.hdr = vmb_conn_header(VMB_MSG_TL_CONNECT_RESULT),
		.endpoint_id = m->endpoint_id,
		.service_id = m->service_id,
		.status = cpu_to_le32(VMB_STATUS_CONNECTION_REFUSED),
	};

	vmb_message_send(bus, &result, sizeof(result));
}

static const struct vmb_conn_handler {
	void (*handle)(struct vmb_bus *bus, const void *msg, u32 len);
	u32 min_len;
	u32 min_version;
} vmb_conn_handlers[] = {
	[VMB_MSG_REQUEST_OFFERS] = {
		vmb_conn_request_offers, sizeof(struct vmb_msg_header), 0 },
	[VMB_MSG_OPEN] = {
		vmb_conn_open, sizeof(struct vmb_msg_open), 0 },
	[VMB_MSG_CLOSE] = {
		vmb_conn_close, sizeof(struct vmb_msg_relid), 0 },
	[VMB_MSG_GPADL_HEADER] = {
		vmb_conn_gpadl_header, sizeof(struct vmb_msg_gpadl_header), 0 },
	[VMB_MSG_GPADL_BODY] = {
		vmb_conn_gpadl_body, sizeof(struct vmb_msg_gpadl_body), 0 },
	[VMB_MSG_GPADL_TEARDOWN] = {
		vmb_conn_gpadl_teardown, sizeof(struct vmb_msg_gpadl_teardown), 0 },
	[VMB_MSG_RELID_RELEASED] = {
		vmb_conn_relid_released, sizeof(struct vmb_msg_relid), 0 },
	[VMB_MSG_UNLOAD] = {
		vmb_conn_unload, sizeof(struct vmb_msg_header), 0 },
	[VMB_MSG_MODIFY_CHANNEL] = {
		vmb_conn_modify_channel, sizeof(struct vmb_msg_modify_channel),
		VMB_VERSION_3_0 },
	[VMB_MSG_TL_CONNECT_REQUEST] = {
		vmb_conn_tl_connect, sizeof(struct vmb_msg_tl_connect_request),
		VMB_VERSION_4_0 },
};

/**
 * vmb_conn_post - a guest posted a message
 * @bus: the bus
 * @connection_id: of HvPostMessage
 * @type: of HvPostMessage
 * @payload: private copy, %VMB_MSG_PAYLOAD_MAX bytes, zero behind @len
 * @len: at most %VMB_MSG_PAYLOAD_MAX
 *
 * Context: a thread of the VMM; may sleep; partition's lock.
 * Return: the HV_STATUS the guest gets. Success means that the message was
 * delivered, not that it was good.
 */
u16 vmb_conn_post(struct vmb_bus *bus, u32 connection_id, u32 type,
		  const void *payload, u32 len)
{
	const struct vmb_msg_header *hdr = payload;
	const struct vmb_conn_handler *h;
	u32 msg;

	lockdep_assert_held(&bus->partition->lock);
	/* an older host knows no multi-client id: the guest steps down */
	if (connection_id != VMB_CONN_MESSAGE &&
	    (connection_id != VMB_CONN_MESSAGE_MULTI ||
	     bus->partition->max_version < VMB_VERSION_5_0))
		return VMB_HV_INVALID_CONNECTION_ID;
	if (type != VMB_MSG_TYPE_CHANNEL || len < sizeof(*hdr))
		return VMB_HV_INVALID_PARAMETER;
	/* the guest must take its answers before it asks for more */
	if (bus->nr_msgs >= VMB_MESSAGES_HIGH)
		return VMB_HV_INSUFFICIENT_BUFFERS;

	msg = le32_to_cpu(hdr->type);
	trace_vmb_message_in(bus, payload, len);
	if (msg == VMB_MSG_INITIATE_CONTACT &&
	    len >= sizeof(struct vmb_msg_initiate_contact)) {
		vmb_conn_initiate_contact(bus, connection_id, payload, len);
		return VMB_HV_SUCCESS;
	}

	h = msg < ARRAY_SIZE(vmb_conn_handlers) ? &vmb_conn_handlers[msg] : NULL;
	if (!h || !h->handle || len < h->min_len ||
	    (bus->state != VMB_CONN_CONNECTED && msg != VMB_MSG_UNLOAD) ||
	    (bus->state == VMB_CONN_CONNECTED && bus->version < h->min_version)) {
		vmb_bus_warn(bus, "message %u of %u bytes dropped: %s\n", msg, len,
			     !h || !h->handle ? "unknown" :
			     len < h->min_len ? "too short" :
			     bus->state != VMB_CONN_CONNECTED ? "not connected" :
			     "not in this version");
		bus->nr_bad++;
		return VMB_HV_SUCCESS;
	}
	h->handle(bus, payload, len);
	return VMB_HV_SUCCESS;
}
EXPORT_SYMBOL_IF_KUNIT(vmb_conn_post);
