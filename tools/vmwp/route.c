// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt routes: KVM takes the whole table at once, so each table of the
 * VMM gets our routes appended, one per VP, from its SINT to a GSI. The VMM
 * takes GSIs from the bottom, we from the top.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "relay.h"

#define VMWP_IOAPIC_PINS	24

static pthread_mutex_t vmwp_route_lock = PTHREAD_MUTEX_INITIALIZER;

/* the VMM's own */
static struct vmwp_routes {
	struct kvm_irq_routing_entry *entries;
	unsigned int nr;
	unsigned int flags;
	bool known;
} vmwp_routes;

/* ours */
static __u32 *vmwp_vps;
static unsigned int vmwp_nr_vps;

static __u32 vmwp_route_gsi(__u32 vp)
{
	return vmwp.max_routes - 1 - vp;
}

/* What KVM_CREATE_IRQCHIP gives a VMM that never sets a table. */
static void vmwp_route_default(void)
{
	struct kvm_irq_routing_entry *e;
	__u32 i;

	e = calloc(VMWP_IOAPIC_PINS + 16, sizeof(*e));
	if (!e)
		vmwp_die("no memory");
	vmwp_routes.entries = e;
	for (i = 0; i < 16; i++, e++) {
		e->gsi = i;
		e->type = KVM_IRQ_ROUTING_IRQCHIP;
		e->u.irqchip.irqchip = i < 8 ? KVM_IRQCHIP_PIC_MASTER :
					       KVM_IRQCHIP_PIC_SLAVE;
		e->u.irqchip.pin = i % 8;
	}
	for (i = 0; i < VMWP_IOAPIC_PINS; i++, e++) {
		e->gsi = i;
		e->type = KVM_IRQ_ROUTING_IRQCHIP;
		e->u.irqchip.irqchip = KVM_IRQCHIP_IOAPIC;
		e->u.irqchip.pin = i;
	}
	vmwp_routes.nr = e - vmwp_routes.entries;
	vmwp_routes.known = true;
}

static bool vmwp_route_collides(__u32 gsi)
{
	unsigned int i;

	for (i = 0; i < vmwp_nr_vps; i++)
		if (vmwp_route_gsi(vmwp_vps[i]) == gsi)
			return true;
	return false;
}

/* Returns 0 or a negative errno. */
static int vmwp_route_apply(void)
{
	unsigned int i, nr = vmwp_routes.nr + vmwp_nr_vps;
	struct kvm_irq_routing *table;
	struct kvm_irq_routing_entry *e;
	int ret;

	if (nr > vmwp.max_routes) {
		vmwp_err("the VMM's %u interrupt routes leave no room for %u VPs",
			 vmwp_routes.nr, vmwp_nr_vps);
		return -ENOSPC;
	}
	for (i = 0; i < vmwp_routes.nr; i++)
		if (vmwp_route_collides(vmwp_routes.entries[i].gsi)) {
			vmwp_err("the VMM uses GSI %u, which is a VP's SINT",
				 vmwp_routes.entries[i].gsi);
			return -ENOSPC;
		}

	table = calloc(1, sizeof(*table) + nr * sizeof(*e));
	if (!table)
		return -ENOMEM;
	table->nr = nr;
	table->flags = vmwp_routes.flags;
	if (vmwp_routes.nr)
		memcpy(table->entries, vmwp_routes.entries,
		       vmwp_routes.nr * sizeof(*e));
	for (i = 0; i < vmwp_nr_vps; i++) {
		e = &table->entries[vmwp_routes.nr + i];
		e->gsi = vmwp_route_gsi(vmwp_vps[i]);
		e->type = KVM_IRQ_ROUTING_HV_SINT;
		e->u.hv_sint.vcpu = vmwp_vps[i];
		e->u.hv_sint.sint = VMWP_SINT;
	}
	ret = vmwp_ioctl(vmwp.vm_fd, KVM_SET_GSI_ROUTING, table);
	free(table);
	return ret;
}

/**
 * vmwp_route_set - the VMM sets the routing table
 * @request: KVM_SET_GSI_ROUTING
 * @arg: its argument
 *
 * Return: as ioctl(2).
 */
int vmwp_route_set(unsigned long request, void *arg)
{
	const struct kvm_irq_routing *table = arg;
	struct vmwp_routes old, new = {
		.nr = table->nr,
		.flags = table->flags,
		.known = true,
	};
	size_t len = new.nr * sizeof(*new.entries);
	int ret;

	/* too large a table is KVM's to refuse */
	if (new.nr > vmwp.max_routes)
		return vmwp_pass(vmwp.vm_fd, request, arg);
	if (len) {
		new.entries = malloc(len);
		if (!new.entries) {
			errno = ENOMEM;
			return -1;
		}
		memcpy(new.entries, table->entries, len);
	}

	pthread_mutex_lock(&vmwp_route_lock);
	old = vmwp_routes;
	vmwp_routes = new;
	ret = vmwp_route_apply();
	if (ret < 0)
		vmwp_routes = old;
	pthread_mutex_unlock(&vmwp_route_lock);

	if (ret < 0) {
		free(new.entries);
		errno = -ret;
		return -1;
	}
	free(old.entries);
	return ret;
}

/**
 * vmwp_route_add - add the route of a VP
 * @vp: its index; its SynIC is active, or KVM would not tell EOM
 * @gsi: output: what raises its SINT
 *
 * Return: 0 or a negative errno.
 */
int vmwp_route_add(__u32 vp, __u32 *gsi)
{
	__u32 *vps;
	int ret;

	if (vp >= vmwp.max_routes)
		return -ENOSPC;
	pthread_mutex_lock(&vmwp_route_lock);
	if (!vmwp_routes.known)
		vmwp_route_default();
	vps = realloc(vmwp_vps, (vmwp_nr_vps + 1) * sizeof(*vps));
	if (!vps) {
		ret = -ENOMEM;
		goto unlock;
	}
	vmwp_vps = vps;
	vmwp_vps[vmwp_nr_vps++] = vp;
	ret = vmwp_route_apply();
	if (ret < 0)
		vmwp_nr_vps--;
	*gsi = vmwp_route_gsi(vp);
unlock:
	pthread_mutex_unlock(&vmwp_route_lock);
	return ret;
}
