/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XDP: programs, and frames that they have sent from elsewhere.
 */
#ifndef VMB_LOOP_TESTS_PROG_H
#define VMB_LOOP_TESTS_PROG_H

#include <linux/filter.h>
#include <linux/netdevice.h>
#include <linux/types.h>
#include <net/xdp.h>

struct kunit;

/* the kernel's, of which no header tells; programs and drivers call it as user space does */
int kern_sys_bpf(int cmd, union bpf_attr *attr, unsigned int size);

typedef u64 (*prog_func)(u64 ctx, u64, u64, u64, u64);

/* A program that no verifier sees: it knows the kernel's own structures. */
struct bpf_prog *prog_make(struct kunit *test, const struct bpf_insn *insns, u32 len, bool frags);
/* one that only returns this */
struct bpf_prog *prog_return(struct kunit *test, u32 action, bool frags);
/* one that returns what a function of ours, which is called with the frame, returns */
struct bpf_prog *prog_call(struct kunit *test, prog_func func, bool frags);
/* One with frags as user space loads it, so with the kernel's helpers; or skips the test. */
struct bpf_prog *prog_load(struct kunit *test, const struct bpf_insn *insns, u32 len);

/* 0 or an errno; @prog, or NULL, is also the caller's */
int prog_set(struct net_device *dev, struct bpf_prog *prog, struct netlink_ext_ack *extack);
/* none from now on; who used it has given it up, and so does the caller */
void prog_unset(struct kunit *test, struct net_device *dev, struct bpf_prog *prog);
/* it is not used */
void prog_free(struct kunit *test, struct bpf_prog *prog);

#endif /* VMB_LOOP_TESTS_PROG_H */
