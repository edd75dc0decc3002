/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bus of vmb_host whose guest is in this kernel: what /dev/vmb is to a VMM in
 * user mode. Guest physical addresses are this kernel's own, and guest memory
 * is its direct map; there is no address space of a process, and kernel threads
 * do what the VMM's threads do otherwise. The guest is trusted not to name
 * memory that is not its own. For vmb_loop.
 */
#ifndef VMB_HOST_LOCAL_H
#define VMB_HOST_LOCAL_H

#include <linux/types.h>

struct vmb_bus;

/**
 * struct vmb_local_ops - what a bus in this kernel asks of its guest
 * @interrupt: raise the VMBus SINT of a VP. Any context, hard interrupts
 *	included; must not take the interrupt before it returns.
 */
struct vmb_local_ops {
	void (*interrupt)(void *priv, u32 vp);
};

struct vmb_bus *vmb_local_bind(const char *partition,
			       const struct vmb_local_ops *ops, void *priv);
void vmb_local_unbind(struct vmb_bus *bus);
int vmb_local_vp_add(struct vmb_bus *bus, u32 vp);
int vmb_local_set_synic(struct vmb_bus *bus, u32 vp, u64 scontrol, u64 simp,
			u64 siefp);
u16 vmb_local_post(struct vmb_bus *bus, u32 connection_id, const void *payload,
		   u32 len);
u16 vmb_local_signal(struct vmb_bus *bus, u32 connection_id);
void vmb_local_eom(struct vmb_bus *bus, u32 vp);

#endif /* VMB_HOST_LOCAL_H */
