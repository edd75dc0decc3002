/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The relay between a VMM's use of KVM and /dev/vmb.
 *
 * Locks: mem.c, route.c and signal.c have one mutex each. None
 * is held around KVM_RUN and none is taken inside another.
 */
#ifndef VMWP_RELAY_H
#define VMWP_RELAY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>
#include <linux/vmb.h>

#define __printf(fmt, args)	__attribute__((__format__(printf, fmt, args)))
#define __noreturn		__attribute__((__noreturn__))

/* the SINT that VMBus uses */
#define VMWP_SINT	2

/**
 * struct vmwp - the one virtual machine
 * @partition: name given to the launcher
 * @trace: log what is relayed
 * @pin: have guest memory stay pinned
 * @kvm_fd: the VMM's /dev/kvm
 * @vm_fd: the virtual machine, -1 before there is one
 * @vmb_fd: /dev/vmb, bound to the partition
 * @run_size: bytes of a vCPU's struct kvm_run
 * @max_routes: number of GSIs and of routes that KVM can have
 * @generation: counts machine resets, from 1
 * @used: the guest has used its VMBus: errors no longer end the VMM
 */
struct vmwp {
	char partition[VMB_NAME_MAX];
	bool trace;
	bool pin;
	int kvm_fd;
	atomic_int vm_fd;
	int vmb_fd;
	size_t run_size;
	unsigned int max_routes;
	atomic_uint generation;
	atomic_bool used;
};

extern struct vmwp vmwp;

enum vmwp_vcpu_state {
	VMWP_VCPU_NEW,
	VMWP_VCPU_READY,
	VMWP_VCPU_PASSIVE,	/* nothing is relayed: the VMM sees everything */
};

/**
 * struct vmwp_vcpu - a virtual processor
 * @fd: the VMM's
 * @id: as given to KVM_CREATE_VCPU; the APIC id
 * @synic: the VMM has enabled the SynIC
 * @state: changed by the vCPU's thread only
 * @thread: vmwp_vcpu_thread() of the one that runs it, once ready
 * @vp: VP index, once ready
 * @sint_fd: raises the VMBus SINT. KVM drops an irqfd whose eventfd is closed,
 *	so it stays open
 * @eom_fd: KVM tells that the guest wrote EOM
 * @used: value of &vmwp.generation when the guest last used its SynIC
 * @run: our own mapping
 */
struct vmwp_vcpu {
	int fd;
	__u32 id;
	atomic_bool synic;
	enum vmwp_vcpu_state state;
	unsigned long thread;
	__u32 vp;
	int sint_fd;
	int eom_fd;
	unsigned int used;
	struct kvm_run *run;
};

/* relay.c */
int vmwp_ioctl(int fd, unsigned int request, void *arg);
int vmwp_pass(int fd, unsigned long request, void *arg);

/* log.c */
void vmwp_err(const char *fmt, ...)
	__printf(1, 2);
void vmwp_err_guest(const char *fmt, ...)
	__printf(1, 2);
void vmwp_die(const char *fmt, ...)
	__printf(1, 2) __noreturn;
void vmwp_log_trace(const char *fmt, ...)
	__printf(1, 2);

#define vmwp_trace(...) do {				\
	if (__builtin_expect(vmwp.trace, 0))		\
		vmwp_log_trace(__VA_ARGS__);		\
} while (0)

/* mem.c */
int vmwp_mem_set(unsigned long request, void *arg);

/* route.c */
int vmwp_route_set(unsigned long request, void *arg);
int vmwp_route_add(__u32 vp, __u32 *gsi);

/* signal.c */
void vmwp_signal_drain(void);

/* vcpu.c */
struct vmwp_vcpu *vmwp_vcpu_create(int fd, __u32 id);
int vmwp_vcpu_enable_cap(struct vmwp_vcpu *vcpu, unsigned long request,
			 void *arg);
int vmwp_vcpu_set_msrs(struct vmwp_vcpu *vcpu, unsigned long request,
		       void *arg);
int vmwp_vcpu_run(struct vmwp_vcpu *vcpu, unsigned long request,
		  void *arg);

#endif /* VMWP_RELAY_H */
