// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory: /dev/vmb's table follows KVM's slots. What KVM is about to
 * forget is removed first and what it has learnt is added last, so that the
 * table never has a range that KVM has not, nor two that overlap.
 */
#include <errno.h>
#include <string.h>

#include "relay.h"

/* the low half of a slot's number; the high half is the address space */
#define VMWP_SLOT_BITS	16

struct vmwp_slot {
	__u64 gpa;
	__u64 len;
	__u64 hva;
	bool readonly;
	bool added;
};

static pthread_mutex_t vmwp_mem_lock = PTHREAD_MUTEX_INITIALIZER;
/* mostly never touched, so it costs addresses, not memory */
static struct vmwp_slot vmwp_slots[1U << VMWP_SLOT_BITS];

static void vmwp_mem_add(struct vmwp_slot *slot)
{
	struct vmb_mem mem = {
		.size = sizeof(mem),
		.flags = slot->readonly ? VMB_MEM_READONLY : 0,
		.gpa = slot->gpa,
		.len = slot->len,
		.hva = slot->hva,
	};
	int ret;

	if (vmwp.pin && !slot->readonly)
		mem.flags = VMB_MEM_PINNED;
	ret = vmwp_ioctl(vmwp.vmb_fd, VMB_MEM_ADD, &mem);
	/* memory of a device for instance: no harm, I/O seldom goes there */
	if (ret == -EFAULT && mem.flags == VMB_MEM_PINNED) {
		vmwp_trace("memory %#llx+%#llx cannot be pinned", slot->gpa, slot->len);
		mem.flags = 0;
		ret = vmwp_ioctl(vmwp.vmb_fd, VMB_MEM_ADD, &mem);
	}
	if (ret == -ENOMEM && mem.flags == VMB_MEM_PINNED) {
		vmwp_err("guest memory %#llx+%#llx cannot be pinned: more locked memory is needed (ulimit -l), or no --pin-memory",
			 slot->gpa, slot->len);
		if (atomic_load(&vmwp.used)) {
			mem.flags = 0;
			ret = vmwp_ioctl(vmwp.vmb_fd, VMB_MEM_ADD, &mem);
		}
	}

	slot->added = !ret;
	if (!ret) {
		vmwp_trace("memory %#llx+%#llx%s at %#llx",
			   slot->gpa, slot->len,
			   slot->readonly ? " (read-only)" : "", slot->hva);
		return;
	}
	vmwp_err("guest memory %#llx+%#llx cannot be added: %s",
		 slot->gpa, slot->len, strerror(-ret));
	/* a guest that runs loses less by going on than by ending here */
	if (!atomic_load(&vmwp.used))
		vmwp_die("without all of its memory the guest cannot be served");
	vmwp_err("synthetic devices will fail requests to that memory");
}

static void vmwp_mem_remove(struct vmwp_slot *slot)
{
	struct vmb_mem mem = {
		.size = sizeof(mem),
		.gpa = slot->gpa,
		.len = slot->len,
	};
	int ret;

	if (!slot->added)
		return;
	ret = vmwp_ioctl(vmwp.vmb_fd, VMB_MEM_REMOVE, &mem);
	slot->added = false;
	if (ret)
		vmwp_err("guest memory %#llx+%#llx cannot be removed: %s",
			 slot->gpa, slot->len, strerror(-ret));
	else
		vmwp_trace("memory %#llx+%#llx removed", slot->gpa, slot->len);
}

/**
 * vmwp_mem_set - the VMM sets a memory slot
 * @request: KVM_SET_USER_MEMORY_REGION or KVM_SET_USER_MEMORY_REGION2
 * @arg: its argument; both begin alike
 *
 * Return: as ioctl(2).
 */
int vmwp_mem_set(unsigned long request, void *arg)
{
	const struct kvm_userspace_memory_region *r = arg;
	struct vmwp_slot new, *slot;
	bool was_added;
	int ret;

	/* other address spaces are SMM's */
	if (r->slot >> VMWP_SLOT_BITS)
		return vmwp_pass(vmwp.vm_fd, request, arg);

	new = (struct vmwp_slot){
		.gpa = r->guest_phys_addr,
		.len = r->memory_size,
		.hva = r->userspace_addr,
		.readonly = r->flags & KVM_MEM_READONLY,
	};

	pthread_mutex_lock(&vmwp_mem_lock);
	slot = &vmwp_slots[r->slot];
	was_added = slot->added;

	if (slot->len == new.len && slot->gpa == new.gpa &&
	    slot->hva == new.hva && slot->readonly == new.readonly) {
		/* other flags, such as the dirty log's */
		ret = vmwp_pass(vmwp.vm_fd, request, arg);
		goto unlock;
	}

	vmwp_mem_remove(slot);
	ret = vmwp_pass(vmwp.vm_fd, request, arg);
	if (ret < 0) {
		if (was_added)
			vmwp_mem_add(slot);
		goto unlock;
	}
	*slot = new;
	if (new.len)
		vmwp_mem_add(slot);
unlock:
	pthread_mutex_unlock(&vmwp_mem_lock);
	return ret;
}
