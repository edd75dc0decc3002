/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * /dev/vmb: a virtual machine monitor hands the control half of a partition's
 * VMBus to the kernel. See Documentation/userspace-api/vmb.rst.
 */
#ifndef _UAPI_LINUX_VMB_H
#define _UAPI_LINUX_VMB_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: general ioctl format
 *
 * The ioctl number encodes no size. Every argument starts with a __u32 size
 * that the caller sets to the size of the structure it was compiled with. A
 * kernel that knows a shorter structure accepts a longer one as long as all
 * the bytes it does not know are zero (E2BIG otherwise); a kernel that knows a
 * longer one takes the missing bytes as zero. A size below the first published
 * one gives EINVAL, as do unknown flags and reserved fields that are not zero.
 *
 * All commands but %VMB_BIND give ENOTCONN before %VMB_BIND succeeded, and
 * EPERM when the caller's address space is not the one that bound.
 */
#define VMB_IOC_TYPE	0xB7

enum {
	VMB_CMD_BIND = 0,
	VMB_CMD_MEM_ADD,
	VMB_CMD_MEM_REMOVE,
	VMB_CMD_VP_ADD,
	VMB_CMD_SYNIC,
	VMB_CMD_HCALL,
	VMB_CMD_SIGNAL_FD,
	VMB_CMD_RESET,
};

#define VMB_NAME_MAX	64

/**
 * struct vmb_bind - ioctl(VMB_BIND)
 * @size: sizeof(struct vmb_bind)
 * @flags: zero
 * @name: NUL-terminated name of a partition in configfs
 * @features: output: zero in this version
 *
 * Take a partition exclusively. The caller's effective user id or one of its
 * groups must be the partition's uid or gid, or it must have CAP_SYS_ADMIN.
 * The address space of the caller is the one guest memory lives in. The
 * binding ends when the file is closed.
 *
 * Return: 0; ENOENT: no such partition; EBUSY: bound by someone else, or this
 * file is bound; EACCES: not its owner; EINVAL; ENOMEM.
 */
struct vmb_bind {
	__u32 size;
	__u32 flags;
	__u8 name[VMB_NAME_MAX];
	__aligned_u64 features;
};

#define VMB_BIND	_IO(VMB_IOC_TYPE, VMB_CMD_BIND)

/* struct vmb_mem.flags */
#define VMB_MEM_READONLY	(1U << 0)
#define VMB_MEM_PINNED		(1U << 1)

/**
 * struct vmb_mem - ioctl(VMB_MEM_ADD), ioctl(VMB_MEM_REMOVE)
 * @size: sizeof(struct vmb_mem)
 * @flags: %VMB_MEM_READONLY: the guest, and so the host on its behalf, may only
 *	read; or %VMB_MEM_PINNED: pin it all now, so that I/O need not; zero for
 *	removal
 * @gpa: guest physical address, page aligned
 * @len: bytes, page aligned, not zero
 * @hva: address in the caller's address space, page aligned; zero for removal
 *
 * Add a range of guest memory, or remove exactly one that was added. Removal
 * does not wait for I/O in flight: pages in use stay pinned until it is done.
 *
 * A range with %VMB_MEM_PINNED is charged to the caller's locked memory
 * (RLIMIT_MEMLOCK; CAP_IPC_LOCK lifts the limit), and is until it is removed and
 * the last I/O in it has ended. What is mapped there must not be replaced or given
 * back meanwhile, by a balloon for instance: the guest would lose what I/O moves.
 *
 * Return: 0; EEXIST: overlaps a range; ENOENT: no such range; EINVAL; EFAULT:
 * not a user address, or with %VMB_MEM_PINNED one that cannot be written or is not
 * memory; ENOSPC: too many ranges; ENOMEM: also when the caller may not lock so
 * much; EINTR: killed while it was being pinned.
 */
struct vmb_mem {
	__u32 size;
	__u32 flags;
	__aligned_u64 gpa;
	__aligned_u64 len;
	__aligned_u64 hva;
};

#define VMB_MEM_ADD	_IO(VMB_IOC_TYPE, VMB_CMD_MEM_ADD)
#define VMB_MEM_REMOVE	_IO(VMB_IOC_TYPE, VMB_CMD_MEM_REMOVE)

/**
 * struct vmb_vp_add - ioctl(VMB_VP_ADD)
 * @size: sizeof(struct vmb_vp_add)
 * @vp: VP index as the guest sees it
 * @sint_fd: eventfd the kernel signals to raise the VP's VMBus SINT; normally
 *	an irqfd with a KVM_IRQ_ROUTING_HV_SINT route
 * @eom_fd: eventfd signalled when the guest has written EOM; normally the
 *	resampler of that irqfd
 *
 * Add a virtual processor. Must be called by the thread that runs it: that
 * thread alone writes the VP's message page.
 *
 * A vCPU that is unplugged loses its thread, and has another when it is plugged in
 * again. A VP whose thread is exiting or gone is taken over by the thread that adds
 * it again, with eventfds that may be the same or others: as after a reset, its
 * SynIC is disabled until %VMB_SYNIC says otherwise. Messages wait for that, and
 * channels whose interrupts it takes are served all the time. A thread that was
 * joined is gone. When this fails nothing has changed.
 *
 * Return: 0; EEXIST: the VP has a thread that lives; EBADF, EINVAL: not an
 * eventfd; ENOSPC: @vp is too large; ENOMEM.
 */
struct vmb_vp_add {
	__u32 size;
	__u32 vp;
	__s32 sint_fd;
	__s32 eom_fd;
};

#define VMB_VP_ADD	_IO(VMB_IOC_TYPE, VMB_CMD_VP_ADD)

/**
 * struct vmb_synic - ioctl(VMB_SYNIC)
 * @size: sizeof(struct vmb_synic)
 * @vp: the VP
 * @scontrol: HV_X64_MSR_SCONTROL
 * @simp: HV_X64_MSR_SIMP
 * @siefp: HV_X64_MSR_SIEFP
 *
 * Tell the state of a VP's synthetic interrupt controller, as in
 * KVM_EXIT_HYPERV_SYNIC. The event flags page stays pinned while it is enabled.
 *
 * Return: 0; ENOENT: no such VP; EFAULT: a page is not guest memory; EPERM:
 * called from another thread than the VP's.
 */
struct vmb_synic {
	__u32 size;
	__u32 vp;
	__aligned_u64 scontrol;
	__aligned_u64 simp;
	__aligned_u64 siefp;
};

#define VMB_SYNIC	_IO(VMB_IOC_TYPE, VMB_CMD_SYNIC)

/**
 * struct vmb_hcall - ioctl(VMB_HCALL)
 * @size: sizeof(struct vmb_hcall)
 * @vp: VP that made the hypercall
 * @input: hypercall input word, as in KVM_EXIT_HYPERV_HCALL
 * @params: input and output GPA, or the fast parameters
 * @result: output: what the guest gets in the result register
 *
 * A HvPostMessage, or a HvSignalEvent that KVM did not find an eventfd for.
 * Records may wait to be read when it returns.
 *
 * Return: 0: @result is valid; EOPNOTSUPP: not a hypercall of VMBus; ENOENT: no
 * such VP.
 */
struct vmb_hcall {
	__u32 size;
	__u32 vp;
	__aligned_u64 input;
	__aligned_u64 params[2];
	__aligned_u64 result;
};

#define VMB_HCALL	_IO(VMB_IOC_TYPE, VMB_CMD_HCALL)

/**
 * struct vmb_signal_fd - ioctl(VMB_SIGNAL_FD)
 * @size: sizeof(struct vmb_signal_fd)
 * @connection_id: from a record of type %VMB_RECORD_ASSIGN
 * @fd: eventfd that KVM signals for this connection id, or -1 to take it away
 * @reserved: zero
 *
 * The offer may go away between the record and this command: ENOENT is then no
 * error of the caller's.
 *
 * Return: 0; ENOENT: no such connection id, or nothing to take away; EEXIST: it
 * has one; EBADF, EINVAL: not an eventfd.
 */
struct vmb_signal_fd {
	__u32 size;
	__u32 connection_id;
	__s32 fd;
	__u32 reserved;
};

#define VMB_SIGNAL_FD	_IO(VMB_IOC_TYPE, VMB_CMD_SIGNAL_FD)

/**
 * struct vmb_reset - ioctl(VMB_RESET)
 * @size: sizeof(struct vmb_reset)
 * @flags: zero
 *
 * The virtual machine was reset: stop all channels, wait for their I/O, forget
 * all that the guest told, SynIC state included. Memory, VPs and offers stay.
 *
 * Return: 0.
 */
struct vmb_reset {
	__u32 size;
	__u32 flags;
};

#define VMB_RESET	_IO(VMB_IOC_TYPE, VMB_CMD_RESET)

/* struct vmb_record.type */
#define VMB_RECORD_ASSIGN	1	/* make an eventfd for the connection id */
#define VMB_RECORD_DROP		2	/* the connection id is not used any more */

/**
 * struct vmb_record - what read(2) gives
 * @type: %VMB_RECORD_ASSIGN or %VMB_RECORD_DROP
 * @connection_id: the connection id
 *
 * A read gives as many whole records as fit and wait. It never blocks: EAGAIN
 * when there is none. Records are only made by %VMB_HCALL, %VMB_RESET and the
 * removal of an offer; poll(2) says when there is one.
 */
struct vmb_record {
	__u32 type;
	__u32 connection_id;
};

#endif /* _UAPI_LINUX_VMB_H */
