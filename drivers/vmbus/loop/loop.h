/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmb_loop: this kernel as the guest of a partition of its own.
 *
 * The guest's end is a platform of vmb_guest, the host's end a bus of vmb_host
 * whose guest memory is this kernel's. Every possible CPU is a VP of the same
 * number.
 *
 * Interrupts are taken by a thread bound to their CPU, with interrupts and
 * bottom halves disabled: the host raises them in the middle of whatever it
 * does, and both ends would meet with their locks held if they were taken there.
 */
#ifndef VMB_LOOP_H
#define VMB_LOOP_H

#include <linux/types.h>
#include <vmb/guest_platform.h>

struct vmb_loop;

/**
 * struct vmb_loop_cpu - the interrupt of a CPU
 * @loop: whose
 * @cpu: which
 * @raised: it is to be taken
 * @task: RCU; takes it, NULL while the CPU is not enabled
 */
struct vmb_loop_cpu {
	struct vmb_loop *loop;
	unsigned int cpu;
	bool raised;
	struct task_struct __rcu *task;
};

/**
 * struct vmb_loop - a guest of this kernel's
 * @pf: the guest's platform
 * @guest: the guest's bus; NULL until it can take interrupts
 * @host: the host's bus
 * @cpu: of all possible CPUs, by number
 */
struct vmb_loop {
	struct vmb_guest_platform pf;
	struct vmb_guest_bus *guest;
	struct vmb_bus *host;
	struct vmb_loop_cpu *cpu;
};

struct vmb_loop *vmb_loop_create(const char *partition, u32 max_version);
void vmb_loop_destroy(struct vmb_loop *loop);

#endif /* VMB_LOOP_H */
