// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP programs.
 */
#include <kunit/test.h>
#include <linux/bpf.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>

#include "prog.h"

MODULE_IMPORT_NS(BPF_INTERNAL);

struct bpf_prog *prog_make(struct kunit *test, const struct bpf_insn *insns, u32 len, bool frags)
{
	struct bpf_prog *prog = bpf_prog_alloc(bpf_prog_size(len), 0);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, prog);
	prog->len = len;
	prog->type = BPF_PROG_TYPE_XDP;
	memcpy(prog->insnsi, insns, len * sizeof(*insns));
	prog->aux->xdp_has_frags = frags;
	prog = bpf_prog_select_runtime(prog, &ret);
	KUNIT_ASSERT_EQ(test, ret, 0);
	atomic64_set(&prog->aux->refcnt, 1);
	return prog;
}

struct bpf_prog *prog_return(struct kunit *test, u32 action, bool frags)
{
	const struct bpf_insn insns[] = {
		BPF_MOV32_IMM(BPF_REG_0, action),
		BPF_EXIT_INSN(),
	};

	return prog_make(test, insns, ARRAY_SIZE(insns), frags);
}

struct bpf_prog *prog_call(struct kunit *test, prog_func func, bool frags)
{
	const struct bpf_insn insns[] = {
		BPF_EMIT_CALL(func),
		BPF_EXIT_INSN(),
	};

	/* or it calls something else */
	KUNIT_ASSERT_PTR_EQ(test, (void *)__bpf_call_base + insns[0].imm, (void *)func);
	return prog_make(test, insns, ARRAY_SIZE(insns), frags);
}

struct bpf_prog *prog_load(struct kunit *test, const struct bpf_insn *insns, u32 len)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.prog_flags = BPF_F_XDP_HAS_FRAGS,
		.insns = (unsigned long)insns,
		.insn_cnt = len,
		.license = (unsigned long)"GPL",
	};
	struct bpf_prog *prog;
	int fd;

	/* where nobody loads programs, there are no helpers */
	if (!IS_ENABLED(CONFIG_BPF_SYSCALL))
		kunit_skip(test, "the kernel loads no programs");
	fd = kern_sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	KUNIT_ASSERT_GE(test, fd, 0);
	prog = bpf_prog_get_type_dev(fd, BPF_PROG_TYPE_XDP, false);
	KUNIT_EXPECT_EQ(test, close_fd(fd), 0);
	/* or it is the file's as well for a while */
	flush_delayed_fput();
	KUNIT_ASSERT_FALSE(test, IS_ERR(prog));
	return prog;
}

int prog_set(struct net_device *dev, struct bpf_prog *prog, struct netlink_ext_ack *extack)
{
	struct netdev_bpf bpf = {
		.command = XDP_SETUP_PROG,
		.prog = prog,
		.extack = extack,
	};
	int ret;

	if (prog)
		bpf_prog_inc(prog);
	rtnl_lock();
	ret = dev->netdev_ops->ndo_bpf(dev, &bpf);
	rtnl_unlock();
	if (ret && prog)
		bpf_prog_put(prog);
	return ret;
}

void prog_free(struct kunit *test, struct bpf_prog *prog)
{
	KUNIT_EXPECT_EQ(test, atomic64_read(&prog->aux->refcnt), 1);
	/* whoever still runs it */
	synchronize_net();
	if (prog->aux->id)
		bpf_prog_put(prog);
	else
		bpf_prog_free(prog);
}

void prog_unset(struct kunit *test, struct net_device *dev, struct bpf_prog *prog)
{
	KUNIT_EXPECT_EQ(test, prog_set(dev, NULL, NULL), 0);
	prog_free(test, prog);
}
