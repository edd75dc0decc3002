/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What vmb_guest needs from the machine it runs on: hypercalls, the synthetic
 * interrupt controller, and virtual processors. The real one is Hyper-V's on
 * x86; tests and the loopback bring their own. A platform makes a bus with
 * vmb_guest_bus_create() and calls vmb_guest_bus_interrupt() for each
 * interrupt; all the rest is driven by the bus.
 */
#ifndef VMB_GUEST_PLATFORM_H
#define VMB_GUEST_PLATFORM_H

#include <linux/types.h>
#include <vmb/proto/bus.h>

struct device;
struct page;
struct vmb_guest_bus;
struct vmb_guest_platform;

/**
 * struct vmb_guest_synic - the pages of one CPU that the host writes
 * @msg: %VMB_SINT_COUNT slots for messages, a page
 * @evt: %VMB_SINT_COUNT times %VMB_EVENT_FLAGS event flags, a page
 */
struct vmb_guest_synic {
	struct vmb_hv_message *msg;
	unsigned long *evt;
};

/**
 * struct vmb_guest_platform_ops - what a platform can do
 * @post_message: HvPostMessage of a channel message of at most
 *	%VMB_MSG_PAYLOAD_MAX bytes. Any context, panic included. Returns a
 *	VMB_HV_* status.
 * @signal_event: HvSignalEvent with flag 0. Any context. Returns a VMB_HV_*
 *	status.
 * @enable: have a CPU's messages and event flags go to @synic, and its
 *	interrupt %VMB_SINT raised. Called on that CPU, process context. Returns 0
 *	or a negative errno.
 * @disable: undo it. Called on that CPU, process context, or interrupts off
 *	when the machine sleeps or has crashed.
 * @eom: the slot for messages of the CPU it is called on is free and the host
 *	has another. Interrupts off.
 * @vp_index: the host's number of a CPU that is or was online. Any context.
 * @pfn: the host's number of the guest's page. Any context. Optional: the
 *	kernel's own is the default.
 */
struct vmb_guest_platform_ops {
	u16 (*post_message)(struct vmb_guest_platform *pf, u32 connection_id,
			    const void *payload, u32 len);
	u16 (*signal_event)(struct vmb_guest_platform *pf, u32 connection_id);
	int (*enable)(struct vmb_guest_platform *pf, unsigned int cpu,
		      const struct vmb_guest_synic *synic);
	void (*disable)(struct vmb_guest_platform *pf, unsigned int cpu);
	void (*eom)(struct vmb_guest_platform *pf);
	u32 (*vp_index)(struct vmb_guest_platform *pf, unsigned int cpu);
	u64 (*pfn)(struct vmb_guest_platform *pf, struct page *page);
};

/**
 * struct vmb_guest_platform - a machine that a bus can live on
 * @name: of the bus in debugfs and in messages
 * @prefix: put before the names of devices, or NULL: only the machine's own
 *	bus has none
 * @ops: what it can do
 * @parent: parent of the devices, or NULL
 * @max_version: highest version to ask for, VMB_VERSION(); 0 for the highest
 *	there is
 * @timeout_ms: how long to wait for an answer of the host; 0 for the default,
 *	10 s
 */
struct vmb_guest_platform {
	const char *name;
	const char *prefix;
	const struct vmb_guest_platform_ops *ops;
	struct device *parent;
	u32 max_version;
	unsigned int timeout_ms;
};

struct vmb_guest_bus *vmb_guest_bus_create(struct vmb_guest_platform *pf);
void vmb_guest_bus_destroy(struct vmb_guest_bus *bus);
int vmb_guest_bus_connect(struct vmb_guest_bus *bus);
void vmb_guest_bus_unload(struct vmb_guest_bus *bus);
void vmb_guest_bus_crash(struct vmb_guest_bus *bus);
int vmb_guest_bus_suspend(struct vmb_guest_bus *bus);
int vmb_guest_bus_resume(struct vmb_guest_bus *bus);
void vmb_guest_bus_synic_off(struct vmb_guest_bus *bus);
int vmb_guest_bus_synic_on(struct vmb_guest_bus *bus);
void vmb_guest_bus_interrupt(struct vmb_guest_bus *bus);
u32 vmb_guest_bus_version(const struct vmb_guest_bus *bus);

#endif /* VMB_GUEST_PLATFORM_H */
