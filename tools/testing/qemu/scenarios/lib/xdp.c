// SPDX-License-Identifier: GPL-2.0
/*
 * xdp NETDEV pass|drop|tx|redirect[.frags] COMMAND...: run a command while a program
 * of this kind sees, in the driver, all that the NIC receives. tx sends it back to
 * where it came from, and so does redirect, as if another NIC had received it. One
 * with .frags is for frames of several pages, too.
 * Without a compiler for such programs, or their loader. It ends as the command does,
 * or with 2 or more; 5 is that the NIC takes no program. 4 would skip the test.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define INSN(op, d, s, o, i) \
	((struct bpf_insn){ .code = (op), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define LOAD(size, d, s, o)	INSN(BPF_LDX | BPF_MEM | (size), d, s, o, 0)
#define STORE(size, d, s, o)	INSN(BPF_STX | BPF_MEM | (size), d, s, o, 0)
#define SET(d, i)		INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define COPY(d, s)		INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define ADD(d, i)		INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define SKIP_IF_ABOVE(d, s, o)	INSN(BPF_JMP | BPF_JGT | BPF_X, d, s, o, 0)
#define CALL(f)			INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define EXIT			INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* the two addresses change places, if the frame is long enough to have them: all are */
static const struct bpf_insn exchange[] = {
	SET(0, XDP_DROP),
	LOAD(BPF_W, 2, 1, offsetof(struct xdp_md, data)),
	LOAD(BPF_W, 3, 1, offsetof(struct xdp_md, data_end)),
	COPY(4, 2), ADD(4, 14),
	SKIP_IF_ABOVE(4, 3, 9),
	LOAD(BPF_W, 3, 2, 0), LOAD(BPF_H, 4, 2, 4),
	LOAD(BPF_W, 5, 2, 6), LOAD(BPF_H, 6, 2, 10),
	STORE(BPF_W, 2, 5, 0), STORE(BPF_H, 2, 6, 4),
	STORE(BPF_W, 2, 3, 6), STORE(BPF_H, 2, 4, 10),
	SET(0, XDP_TX),
};

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int load(const char *kind, int ifindex)
{
	const struct bpf_insn pass[] = { SET(0, XDP_PASS), EXIT };
	const struct bpf_insn drop[] = { SET(0, XDP_DROP), EXIT };
	/* behind the exchange */
	const struct bpf_insn tx[] = { EXIT };
	const struct bpf_insn redirect[] = {
		SET(1, ifindex), SET(2, 0), CALL(BPF_FUNC_redirect), EXIT
	};
	struct bpf_insn insns[32];
	static char log[4096];
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (uintptr_t)insns,
		.license = (uintptr_t)"GPL",
		.log_buf = (uintptr_t)log,
		.log_size = sizeof(log),
		.log_level = 1,
	};
	const struct {
		const char *kind;
		bool exchanges;
		const struct bpf_insn *insns;
		unsigned int n;
	} kinds[] = {
		{ "pass", false, pass, sizeof(pass) / sizeof(*pass) },
		{ "drop", false, drop, sizeof(drop) / sizeof(*drop) },
		{ "tx", true, tx, sizeof(tx) / sizeof(*tx) },
		{ "redirect", true, redirect, sizeof(redirect) / sizeof(*redirect) },
	};
	size_t len = strcspn(kind, ".");
	unsigned int i, n = 0;
	int fd;

	if (!strcmp(kind + len, ".frags"))
		attr.prog_flags = BPF_F_XDP_HAS_FRAGS;
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strlen(kinds[i].kind) != len || strncmp(kind, kinds[i].kind, len))
			continue;
		if (kinds[i].exchanges) {
			memcpy(insns, exchange, sizeof(exchange));
			n = sizeof(exchange) / sizeof(*exchange);
		}
		memcpy(insns + n, kinds[i].insns, kinds[i].n * sizeof(*insns));
		attr.insn_cnt = n + kinds[i].n;
	}
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		fprintf(stderr, "xdp: no program '%s': %s\n%s", kind, strerror(errno), log);
	return fd;
}

int main(int argc, char **argv)
{
	union bpf_attr attr = {};
	int status;
	pid_t pid;

	if (argc < 4) {
		fprintf(stderr, "usage: xdp NETDEV pass|drop|tx|redirect[.frags] COMMAND...\n");
		return 2;
	}
	attr.link_create.target_ifindex = if_nametoindex(argv[1]);
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = XDP_FLAGS_DRV_MODE;
	status = load(argv[2], attr.link_create.target_ifindex);
	if (status < 0)
		return 3;
	attr.link_create.prog_fd = status;
	/* which lasts as long as we do */
	if (bpf(BPF_LINK_CREATE, &attr) < 0) {
		perror("xdp: the NIC takes no program");
		return 5;
	}
	pid = fork();
	if (!pid) {
		execvp(argv[3], argv + 3);
		perror(argv[3]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		perror("xdp");
		return 6;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
