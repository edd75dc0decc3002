/* SPDX-License-Identifier: GPL-2.0-only */
/* A KVM and a /dev/vmb that do nothing but write down what they are asked. */
#ifndef FAKE_H
#define FAKE_H

#include <linux/kvm.h>

#define FAKE_MAX_FD	256
#define FAKE_ROUTES	4096

/* Plays one KVM_RUN of a vCPU; nth counts from 0. Returns as ioctl(2). */
typedef int (*fake_run_fn)(int vcpu, struct kvm_run *run, int nth);

/* next call of @request fails, or next open of /dev/vmb for request 0 */
void fake_fail(unsigned int request, int error);
/* /dev/vmb has something to say, from now or after the next hypercall */
void fake_record(unsigned int type, unsigned int connection_id);
void fake_hcall(unsigned long long result);
/* KVM says that each vCPU is this VP */
void fake_vp_index(int vp);
void fake_on_run(fake_run_fn fn);
/* whether calls are written down: not when many threads make many */
void fake_quiet(int quiet);

/* the lines since the last call, each with a newline; valid until the next */
const char *fake_log(void);
int fake_is_thread_of(int vcpu);

#endif /* FAKE_H */
