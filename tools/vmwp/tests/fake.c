// SPDX-License-Identifier: GPL-2.0-only
/* Comes after the relay in the order of symbols: it stands in for the kernel. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/kvm.h>
#include <linux/vmb.h>

#include "fake.h"

#define PAGE	4096

/*
 * Not a mutex, for the thread sanitizer knows those: the fake kernel would put
 * an order on all that the relay does. This file is built without it.
 */
static int locked;

static void lock(void)
{
	while (__atomic_exchange_n(&locked, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void unlock(void)
{
	__atomic_store_n(&locked, 0, __ATOMIC_RELEASE);
}

enum kind { NONE, KVM, VM, VCPU, VMB };

static enum kind kinds[FAKE_MAX_FD];
static int vcpu_of[FAKE_MAX_FD], vcpu_fd[FAKE_MAX_FD], runs[FAKE_MAX_FD];
static struct kvm_run *vcpu_run[FAKE_MAX_FD];
static pthread_t vp_thread[FAKE_MAX_FD];
static int nr_vcpus, quiet;
static char buf[1 << 16], out[1 << 16];
static size_t len;
static struct { unsigned int request; int error; } fails[8];
static struct vmb_record recs[64];
static int nr_recs;
static unsigned long long hcall_result;
static int other_vp = -1;
static fake_run_fn on_run;

static void say(const char *fmt, ...)
{
	va_list ap;

	if (quiet)
		return;
	va_start(ap, fmt);
	len += vsnprintf(buf + len, sizeof(buf) - len, fmt, ap);
	va_end(ap);
	if (len > sizeof(buf) - 256)
		abort();
	buf[len++] = '\n';
	buf[len] = '\0';
}

const char *fake_log(void)
{
	lock();
	memcpy(out, buf, len + 1);
	len = 0;
	buf[0] = '\0';
	unlock();
	return out;
}

void fake_fail(unsigned int request, int error)
{
	size_t i;

	for (i = 0; fails[i].error; i++)
		;
	fails[i].request = request;
	fails[i].error = error;
}

void fake_record(unsigned int type, unsigned int connection_id)
{
	lock();
	recs[nr_recs++] = (struct vmb_record){ type, connection_id };
	unlock();
}

void fake_hcall(unsigned long long result)
{
	hcall_result = result;
}

void fake_vp_index(int vp)
{
	other_vp = vp;
}

void fake_on_run(fake_run_fn fn)
{
	on_run = fn;
}

void fake_quiet(int on)
{
	quiet = on;
}

int fake_is_thread_of(int vcpu)
{
	return pthread_equal(vp_thread[vcpu], pthread_self());
}

static int fail(unsigned int request)
{
	size_t i;

	for (i = 0; i < 8; i++)
		if (fails[i].error && fails[i].request == request) {
			errno = fails[i].error;
			fails[i].error = 0;
			return 1;
		}
	return 0;
}

static int new_fd(enum kind kind)
{
	int fd = syscall(SYS_memfd_create, "fake", 1 /* MFD_CLOEXEC */);

	if (fd < 0 || fd >= FAKE_MAX_FD || ftruncate(fd, PAGE))
		abort();
	kinds[fd] = kind;
	return fd;
}

static int is_eventfd(int fd)
{
	char path[32], link[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, link, sizeof(link) - 1) > 0 &&
	       strstr(link, "eventfd") && (fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static const char *fd_text(int fd)
{
	return fd == -1 ? "-1" : is_eventfd(fd) ? "eventfd" : "bad";
}

static int kvm_ioctl(unsigned int request, void *arg)
{
	switch (request) {
	case KVM_CREATE_VM:
		return new_fd(VM);
	case KVM_GET_VCPU_MMAP_SIZE:
		return PAGE;
	case KVM_CHECK_EXTENSION:
		return 1;
	}
	say("kvm %#x %p", request, arg);
	return 0;
}

static void say_routes(const struct kvm_irq_routing *table)
{
	unsigned int i;

	say("kvm routes %u", table->nr);
	for (i = 0; i < table->nr; i++) {
		const struct kvm_irq_routing_entry *e = &table->entries[i];

		if (e->type == KVM_IRQ_ROUTING_HV_SINT)
			say(" %u: vp %u sint %u", e->gsi, e->u.hv_sint.vcpu,
			    e->u.hv_sint.sint);
		else if (e->type == KVM_IRQ_ROUTING_IRQCHIP)
			say(" %u: chip %u pin %u", e->gsi,
			    e->u.irqchip.irqchip, e->u.irqchip.pin);
		else
			say(" %u: type %u", e->gsi, e->type);
	}
}

static int vm_ioctl(unsigned int request, void *arg)
{
	const struct kvm_userspace_memory_region *mem = arg;
	const struct kvm_hyperv_eventfd *ev = arg;
	const struct kvm_irqfd *irqfd = arg;
	int fd;

	switch (request) {
	case KVM_CHECK_EXTENSION:
		return (unsigned long)arg == KVM_CAP_IRQ_ROUTING ? FAKE_ROUTES : 1;
	case KVM_CREATE_VCPU:
		fd = new_fd(VCPU);
		vcpu_of[fd] = nr_vcpus;
		vcpu_fd[nr_vcpus] = fd;
		vcpu_run[nr_vcpus++] = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					    MAP_SHARED, fd, 0);
		return fd;
	case KVM_SET_USER_MEMORY_REGION:
		say("kvm slot %u: %#llx+%#llx at %#llx flags %u", mem->slot,
		    mem->guest_phys_addr, mem->memory_size,
		    mem->userspace_addr, mem->flags);
		return 0;
	case KVM_SET_GSI_ROUTING:
		say_routes(arg);
		return 0;
	case KVM_IRQFD:
		say("kvm irqfd gsi %u %s/%s flags %u", irqfd->gsi,
		    fd_text(irqfd->fd), fd_text(irqfd->resamplefd),
		    irqfd->flags);
		return 0;
	case KVM_HYPERV_EVENTFD:
		say("kvm eventfd %u %s flags %u", ev->conn_id,
		    ev->flags ? "-" : fd_text(ev->fd), ev->flags);
		return 0;
	}
	say("vm %#x %p", request, arg);
	return 7;
}

static int vcpu_ioctl(int vcpu, unsigned int request, void *arg)
{
	const struct kvm_enable_cap *cap = arg;
	struct kvm_msrs *msrs = arg;
	struct kvm_run *run = vcpu_run[vcpu];
	int ret, nth;

	switch (request) {
	case KVM_ENABLE_CAP:
		say("vcpu%d cap %u", vcpu, cap->cap);
		return 0;
	case KVM_GET_MSRS:
		say("vcpu%d get msr %#x", vcpu, msrs->entries[0].index);
		msrs->entries[0].data = other_vp < 0 ? vcpu : other_vp;
		return 1;
	case KVM_SET_MSRS:
		say("vcpu%d set %u msrs", vcpu, msrs->nmsrs);
		return msrs->nmsrs;
	case KVM_RUN:
		nth = runs[vcpu]++;
		if (nth && run->exit_reason == KVM_EXIT_HYPERV &&
		    run->hyperv.type == KVM_EXIT_HYPERV_HCALL)
			say("vcpu%d run, hypercall gave %#llx", vcpu,
			    run->hyperv.u.hcall.result);
		else
			say("vcpu%d run", vcpu);
		run->exit_reason = KVM_EXIT_IO;
		if (!on_run)
			return 0;
		unlock();
		ret = on_run(vcpu, run, nth);
		lock();
		return ret;
	}
	say("vcpu%d %#x %p", vcpu, request, arg);
	return 5;
}

static int vmb_ioctl(unsigned int request, void *arg)
{
	struct vmb_signal_fd *sig = arg;
	struct vmb_vp_add *add = arg;
	struct vmb_synic *synic = arg;
	struct vmb_hcall *hcall = arg;
	struct vmb_bind *bind = arg;
	struct vmb_mem *mem = arg;
	struct vmb_reset *reset = arg;
	unsigned int size = *(unsigned int *)arg;

	switch (request) {
	case VMB_BIND:
		say("vmb bind %s%s", bind->name,
		    size == sizeof(*bind) && !bind->flags && !bind->features ?
		    "" : " bad");
		return 0;
	case VMB_MEM_ADD:
		say("vmb add %#llx+%#llx at %#llx flags %u%s", mem->gpa,
		    mem->len, mem->hva, mem->flags,
		    size == sizeof(*mem) ? "" : " bad");
		return 0;
	case VMB_MEM_REMOVE:
		say("vmb remove %#llx+%#llx%s", mem->gpa, mem->len,
		    size == sizeof(*mem) && !mem->hva && !mem->flags ?
		    "" : " bad");
		return 0;
	case VMB_VP_ADD:
		vp_thread[add->vp] = pthread_self();
		say("vmb vp %u %s/%s%s", add->vp, fd_text(add->sint_fd),
		    fd_text(add->eom_fd), size == sizeof(*add) ? "" : " bad");
		return 0;
	case VMB_SYNIC:
		say("vmb synic %u: %#llx %#llx %#llx%s", synic->vp,
		    synic->scontrol, synic->simp, synic->siefp,
		    size == sizeof(*synic) ? "" : " bad");
		return 0;
	case VMB_HCALL:
		say("vmb hcall %u: %#llx %#llx %#llx%s", hcall->vp,
		    hcall->input, hcall->params[0], hcall->params[1],
		    size == sizeof(*hcall) && !hcall->result ? "" : " bad");
		hcall->result = hcall_result;
		return 0;
	case VMB_SIGNAL_FD:
		say("vmb signal %u %s%s", sig->connection_id, fd_text(sig->fd),
		    size == sizeof(*sig) && !sig->reserved ? "" : " bad");
		return 0;
	case VMB_RESET:
		say("vmb reset%s",
		    size == sizeof(*reset) && !reset->flags ? "" : " bad");
		return 0;
	}
	say("vmb %#x", request);
	errno = ENOTTY;
	return -1;
}

int ioctl(int fd, unsigned long request, ...)
{
	enum kind kind;
	va_list ap;
	void *arg;
	int ret;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	kind = fd >= 0 && fd < FAKE_MAX_FD ? kinds[fd] : NONE;
	if (kind == NONE)
		return syscall(SYS_ioctl, fd, request, arg);

	lock();
	if (fail(request)) {
		say("fails %#x", (unsigned int)request);
		ret = -1;
	} else if (kind == KVM) {
		ret = kvm_ioctl(request, arg);
	} else if (kind == VM) {
		ret = vm_ioctl(request, arg);
	} else if (kind == VCPU) {
		ret = vcpu_ioctl(vcpu_of[fd], request, arg);
	} else {
		ret = vmb_ioctl(request, arg);
	}
	unlock();
	return ret;
}

static int fake_open(const char *path, int flags, int mode)
{
	if (!strcmp(path, "/dev/kvm"))
		return new_fd(KVM);
	if (!strcmp(path, "/dev/vmb")) {
		if (fail(0))
			return -1;
		say("vmb open%s", flags & O_CLOEXEC ? "" : " bad");
		return new_fd(VMB);
	}
	return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	return fake_open(path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

ssize_t read(int fd, void *data, size_t size)
{
	struct vmb_record *to = data;
	size_t n;
	int i;

	if (fd < 0 || fd >= FAKE_MAX_FD || kinds[fd] != VMB)
		return syscall(SYS_read, fd, data, size);
	lock();
	n = size / sizeof(recs[0]);
	if (n > (size_t)nr_recs)
		n = nr_recs;
	/* not memcpy(), which the sanitizer watches too */
	nr_recs -= n;
	for (i = 0; i < (int)n; i++)
		to[i] = recs[i];
	for (i = 0; i < nr_recs; i++)
		recs[i] = recs[i + n];
	unlock();
	if (n)
		return n * sizeof(recs[0]);
	errno = EAGAIN;
	return -1;
}
