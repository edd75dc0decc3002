// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection: posting of messages, negotiation of the version, its end.
 */
#define pr_fmt(fmt) "vmb_guest: " fmt

#include <linux/delay.h>
#include <linux/jiffies.h>

#include "guest.h"
#include "trace.h"

static const u32 vmb_guest_versions[] = {
	VMB_VERSION_5_3,
	VMB_VERSION_5_2,
	VMB_VERSION_5_1,
	VMB_VERSION_5_0,
	VMB_VERSION_4_1,
	VMB_VERSION_4_0,
	VMB_VERSION_3_0,
	VMB_VERSION_2_4,
};

/*
 * Post, again and again while the host has no room for it. An unknown connection
 * id is refused at once when it is a question, and else may just mean that the
 * host is busy.
 */
static int vmb_guest_conn_post(struct vmb_guest_bus *bus, u32 connection_id,
			       const void *msg, u32 len, bool ask)
{
	unsigned int ms = bus->pf->timeout_ms ?: VMB_GUEST_TIMEOUT_MS;
	unsigned long end = jiffies + msecs_to_jiffies(ms);
	unsigned int us = 100;
	u16 status;

	trace_vmb_guest_message_out(bus, msg, len);
	for (;;) {
		status = bus->pf->ops->post_message(bus->pf, connection_id, msg, len);
		switch (status) {
		case VMB_HV_SUCCESS:
			return 0;
		case VMB_HV_INVALID_CONNECTION_ID:
			if (ask)
				return -ENXIO;
			break;
		case VMB_HV_INSUFFICIENT_MEMORY:
		case VMB_HV_INSUFFICIENT_BUFFERS:
			break;
		default:
			vmb_guest_warn(bus, "message %u not taken: status %#x\n",
				       le32_to_cpu(*(const __le32 *)msg), status);
			return -EIO;
		}
		if (time_after(jiffies, end)) {
			vmb_guest_warn(bus, "message %u not taken within %u ms: status %#x\n",
				       le32_to_cpu(*(const __le32 *)msg), ms, status);
			return -ETIMEDOUT;
		}
		usleep_range(us, 2 * us);
		us = min(2 * us, 50000U);
	}
}

/**
 * vmb_guest_post - post a message to the host
 * @bus: the bus
 * @msg: the message
 * @len: bytes of it
 *
 * Context: may sleep.
 * Return: 0; -ESHUTDOWN without a connection; -EIO; -ETIMEDOUT.
 */
int vmb_guest_post(struct vmb_guest_bus *bus, const void *msg, u32 len)
{
	if (!vmb_guest_bus_connected(bus))
		return -ESHUTDOWN;
	return vmb_guest_conn_post(bus, bus->msg_conn_id, msg, len, false);
}

/* 0, -ECONNREFUSED when the host does not serve this version, or fatal. */
static int vmb_guest_conn_try(struct vmb_guest_bus *bus, u32 version)
{
	struct vmb_msg_initiate_contact msg = {
		.hdr = vmb_guest_header(VMB_MSG_INITIATE_CONTACT),
		.version = cpu_to_le32(version),
		.target_vp = cpu_to_le32(bus->pf->ops->vp_index(bus->pf, bus->msg_cpu)),
	};
	u32 connection_id = VMB_CONN_MESSAGE;
	const struct vmb_msg_version_response *answer;
	struct vmb_guest_wait w;
	u32 id;
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(bus->monitor); i++)
		msg.monitor_page[i] =
			cpu_to_le64(vmb_guest_bus_gpa(bus, bus->monitor[i]));
	if (version >= VMB_VERSION_5_0) {
		/* the SINT; the VTL, next to it, is 0 */
		msg.interrupt_page = cpu_to_le64(VMB_SINT);
		connection_id = VMB_CONN_MESSAGE_MULTI;
	} else {
		msg.interrupt_page = cpu_to_le64(vmb_guest_bus_gpa(bus, bus->int_page));
	}

	vmb_guest_wait_begin(bus, &w, VMB_MSG_VERSION_RESPONSE, 0, 0);
	ret = vmb_guest_conn_post(bus, connection_id, &msg, sizeof(msg), true);
	if (ret) {
		vmb_guest_wait_cancel(bus, &w);
		trace_vmb_guest_connect(bus, version, false);
		return ret == -ENXIO ? -ECONNREFUSED : ret;
	}
	ret = vmb_guest_wait_end(bus, &w, 1);
	if (ret)
		return ret;

	answer = (void *)w.msg.payload;
	trace_vmb_guest_connect(bus, version, answer->supported);
	if (!answer->supported || answer->connection_state)
		return -ECONNREFUSED;
	if (version >= VMB_VERSION_5_0) {
		/* the message is padded with zeroes when it was shorter */
		id = le32_to_cpu(answer->msg_conn_id);
		if (!id || id > VMB_CONN_MASK) {
			vmb_guest_bad(bus, "the host names connection id %#x for messages\n", id);
			return -ECONNREFUSED;
		}
		connection_id = id;
	}
	bus->version = version;
	bus->msg_conn_id = connection_id;
	WRITE_ONCE(bus->state, VMB_GUEST_CONNECTED);
	return 0;
}

/**
 * vmb_guest_conn_negotiate - connect at the highest version that both know
 * @bus: the bus, not connected
 *
 * Context: may sleep; bus's lock.
 * Return: 0; -ECONNREFUSED when the host serves none of ours; -ETIMEDOUT; -EIO.
 */
int vmb_guest_conn_negotiate(struct vmb_guest_bus *bus)
{
	int i, ret = -ECONNREFUSED;

	lockdep_assert_held(&bus->lock);
	for (i = 0; i < ARRAY_SIZE(vmb_guest_versions); i++) {
		if (bus->pf->max_version && vmb_guest_versions[i] > bus->pf->max_version)
			continue;
		ret = vmb_guest_conn_try(bus, vmb_guest_versions[i]);
		if (ret != -ECONNREFUSED)
			break;
	}
	if (!ret)
		pr_info("%s: connected, version %u.%u, messages to CPU %u\n", bus->pf->name,
			bus->version >> 16, bus->version & 0xffff, bus->msg_cpu);
	else
		pr_err("%s: not connected: %s, error %d\n", bus->pf->name,
		       ret == -ECONNREFUSED ? "the host serves no version that is allowed" :
		       "the host does not answer", ret);
	return ret;
}

/**
 * vmb_guest_conn_request_offers - have the host say what there is
 * @bus: the bus, connected
 *
 * Context: may sleep.
 * Return: 0; -ETIMEDOUT when the host has not said that this is all: the bus is
 * usable with what has come.
 */
int vmb_guest_conn_request_offers(struct vmb_guest_bus *bus)
{
	struct vmb_msg_header msg = vmb_guest_header(VMB_MSG_REQUEST_OFFERS);
	unsigned int ms = bus->pf->timeout_ms ?: VMB_GUEST_TIMEOUT_MS;
	int ret;

	reinit_completion(&bus->offers_done);
	ret = vmb_guest_post(bus, &msg, sizeof(msg));
	if (ret)
		return ret;
	if (!wait_for_completion_timeout(&bus->offers_done, msecs_to_jiffies(ms))) {
		vmb_guest_warn(bus, "the host has not ended its offers within %u ms\n", ms);
		return -ETIMEDOUT;
	}
	return 0;
}

/**
 * vmb_guest_conn_unload - end the connection
 * @bus: the bus, connected or not
 *
 * Context: may sleep; bus's lock.
 */
void vmb_guest_conn_unload(struct vmb_guest_bus *bus)
{
	struct vmb_msg_header msg = vmb_guest_header(VMB_MSG_UNLOAD);
	struct vmb_guest_wait w;
	int ret;

	lockdep_assert_held(&bus->lock);
	if (!vmb_guest_bus_connected(bus))
		return;
	WRITE_ONCE(bus->state, VMB_GUEST_DISCONNECTED);
	/* nobody gets an answer any more */
	vmb_guest_wait_fail(bus, 0, -ESHUTDOWN);
	/* a host before 3.0 knows no end: it has to be reset */
	if (bus->version < VMB_VERSION_3_0)
		return;
	vmb_guest_wait_begin(bus, &w, VMB_MSG_UNLOAD_RESPONSE, 0, 0);
	ret = vmb_guest_conn_post(bus, bus->msg_conn_id, &msg, sizeof(msg), false);
	if (ret)
		vmb_guest_wait_cancel(bus, &w);
	else
		vmb_guest_wait_end(bus, &w, VMB_GUEST_UNLOAD_FACTOR);
}

/**
 * vmb_guest_bus_crash - end the connection when nothing else works any more
 * @bus: the bus
 *
 * So that the host writes nothing into the memory of the kernel that is about
 * to make a dump. The answer is looked for in every CPU's slot, since whoever
 * takes interrupts there may not run any more.
 *
 * Context: any, after a panic or an oops: sleeps not, takes no lock.
 */
void vmb_guest_bus_crash(struct vmb_guest_bus *bus)
{
	struct vmb_msg_header msg = vmb_guest_header(VMB_MSG_UNLOAD);
	unsigned int ms, cpu;

	if (xchg(&bus->state, VMB_GUEST_CRASHED) != VMB_GUEST_CONNECTED ||
	    bus->version < VMB_VERSION_3_0)
		return;
	for (ms = 0; ; ms++) {
		if (!bus->pf->ops->post_message(bus->pf, bus->msg_conn_id, &msg, sizeof(msg)))
			break;
		if (ms == 1000) {
			pr_emerg("%s: UNLOAD not taken\n", bus->pf->name);
			return;
		}
		mdelay(1);
	}
	for (ms = 0; ms < VMB_GUEST_UNLOAD_FACTOR * VMB_GUEST_TIMEOUT_MS; ms++) {
		/* a CPU that still takes interrupts has taken it */
		if (READ_ONCE(bus->unloaded))
			return;
		for_each_possible_cpu(cpu) {
			struct vmb_hv_message *slots = per_cpu_ptr(bus->cpu, cpu)->synic.msg;

			if (slots && vmb_guest_message_poll(bus, slots + VMB_SINT,
							    VMB_MSG_UNLOAD_RESPONSE))
				return;
		}
		mdelay(1);
	}
	pr_emerg("%s: UNLOAD not answered\n", bus->pf->name);
}
EXPORT_SYMBOL_GPL(vmb_guest_bus_crash);
