// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wraps ioctl(2) of a VMM, learns its virtual machine and vCPUs, and hands what
 * concerns VMBus to /dev/vmb. Everything else passes through untouched.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "relay.h"
#include "vmwp.h"

/* Linux 6.8; begins like KVM_SET_USER_MEMORY_REGION's argument */
#ifndef KVM_SET_USER_MEMORY_REGION2
#define KVM_SET_USER_MEMORY_REGION2	_IOC(_IOC_WRITE, KVMIO, 0x49, 160)
#endif

/* file descriptors of vCPUs are below this */
#define VMWP_MAX_FD	65536

struct vmwp vmwp = {
	.kvm_fd = -1,
	.vm_fd = -1,
	.vmb_fd = -1,
	.generation = 1,
};

/* by file descriptor; read without a lock */
static struct vmwp_vcpu *vmwp_vcpus[VMWP_MAX_FD];

typedef int (*vmwp_ioctl_fn)(int fd, unsigned long request, ...);

static vmwp_ioctl_fn vmwp_real_ioctl;

static vmwp_ioctl_fn vmwp_resolve(void)
{
	vmwp_ioctl_fn fn;

	*(void **)&fn = dlsym(RTLD_NEXT, "ioctl");
	if (!fn)
		abort();
	__atomic_store_n(&vmwp_real_ioctl, fn, __ATOMIC_RELAXED);
	return fn;
}

/**
 * vmwp_pass - what the VMM asked for, as it asked for it
 * @fd: file descriptor
 * @request: as the VMM gave it, perhaps with a sign that was extended
 * @arg: argument
 *
 * Return: as ioctl(2), with errno.
 */
int vmwp_pass(int fd, unsigned long request, void *arg)
{
	vmwp_ioctl_fn fn = __atomic_load_n(&vmwp_real_ioctl, __ATOMIC_RELAXED);

	if (__builtin_expect(!fn, 0))
		fn = vmwp_resolve();
	return fn(fd, request, arg);
}

/**
 * vmwp_ioctl - an ioctl of our own
 * @fd: file descriptor
 * @request: command
 * @arg: argument
 *
 * Not for KVM_RUN: goes on after a signal.
 *
 * Return: not negative, or a negative errno. errno itself stays.
 */
int vmwp_ioctl(int fd, unsigned int request, void *arg)
{
	int saved = errno, ret;

	do {
		ret = vmwp_pass(fd, request, arg);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		ret = -errno;
	errno = saved;
	return ret;
}

static int vmwp_check(int fd, uintptr_t cap)
{
	return vmwp_ioctl(fd, KVM_CHECK_EXTENSION, (void *)cap);
}

static void vmwp_bind(void)
{
	struct vmb_bind bind = { .size = sizeof(bind) };
	int ret;

	vmwp.vmb_fd = open("/dev/vmb", O_RDWR | O_CLOEXEC);
	if (vmwp.vmb_fd < 0) {
		switch (errno) {
		case ENOENT:
		case ENXIO:
		case ENODEV:
			vmwp_die("no /dev/vmb: load the module first (modprobe vmb_host)");
		case EACCES:
		case EPERM:
			vmwp_die("may not open /dev/vmb: give this user or its group access");
		default:
			vmwp_die("/dev/vmb: %s", strerror(errno));
		}
	}

	snprintf((char *)bind.name, sizeof(bind.name), "%s", vmwp.partition);
	ret = vmwp_ioctl(vmwp.vmb_fd, VMB_BIND, &bind);
	switch (ret) {
	case 0:
		break;
	case -ENOENT:
		vmwp_die("no such partition: mkdir /sys/kernel/config/vmb/%s first",
			 vmwp.partition);
	case -EBUSY:
		vmwp_die("another virtual machine uses it");
	case -EACCES:
	case -EPERM:
		vmwp_die("not ours: see uid and gid in /sys/kernel/config/vmb/%s",
			 vmwp.partition);
	default:
		vmwp_die("cannot be taken: %s", strerror(-ret));
	}
	vmwp_trace("bound");
}

/* The VMM's children are to be as if it had been started without us. */
static void vmwp_leave_environment(void)
{
	const char *preload = getenv(VMWP_ENV_PRELOAD);
	const char *fd = getenv(VMWP_ENV_ACPI_FD);

	if (fd)
		fcntl(atoi(fd), F_SETFD, FD_CLOEXEC);
	if (preload)
		setenv("LD_PRELOAD", preload, 1);
	else
		unsetenv("LD_PRELOAD");
	unsetenv(VMWP_ENV_PARTITION);
	unsetenv(VMWP_ENV_TRACE);
	unsetenv(VMWP_ENV_PIN);
	unsetenv(VMWP_ENV_PRELOAD);
	unsetenv(VMWP_ENV_ACPI_FD);
}

static int vmwp_create_vm(int fd, unsigned long request, void *arg)
{
	const char *partition = getenv(VMWP_ENV_PARTITION);
	const char *trace = getenv(VMWP_ENV_TRACE);
	int vm_fd, ret;

	if (atomic_load(&vmwp.vm_fd) >= 0) {
		vmwp_err("a second virtual machine in one process gets no VMBus");
		return vmwp_pass(fd, request, arg);
	}
	vm_fd = vmwp_pass(fd, request, arg);
	if (vm_fd < 0 || !partition)
		return vm_fd;

	snprintf(vmwp.partition, sizeof(vmwp.partition), "%s", partition);
	vmwp.trace = trace && *trace && strcmp(trace, "0");
	vmwp.pin = getenv(VMWP_ENV_PIN);
	vmwp.kvm_fd = fd;
	ret = vmwp_ioctl(fd, KVM_GET_VCPU_MMAP_SIZE, NULL);
	if (ret < (int)sizeof(struct kvm_run))
		vmwp_die("KVM does not tell the size of its vCPUs");
	vmwp.run_size = ret;
	ret = vmwp_check(vm_fd, KVM_CAP_IRQ_ROUTING);
	if (ret <= 0)
		vmwp_die("KVM has no interrupt routing");
	vmwp.max_routes = ret;
	if (vmwp_check(vm_fd, KVM_CAP_HYPERV_SYNIC2) <= 0 ||
	    vmwp_check(vm_fd, KVM_CAP_HYPERV_EVENTFD) <= 0)
		vmwp_die("this kernel's KVM has no Hyper-V support (CONFIG_KVM_HYPERV)");

	vmwp_bind();
	vmwp_leave_environment();
	atomic_store(&vmwp.vm_fd, vm_fd);
	return vm_fd;
}

static int vmwp_create_vcpu(int fd, unsigned long request, void *arg)
{
	struct vmwp_vcpu *vcpu;
	int vcpu_fd;

	vcpu_fd = vmwp_pass(fd, request, arg);
	if (vcpu_fd < 0)
		return vcpu_fd;
	if (vcpu_fd >= VMWP_MAX_FD)
		vmwp_die("the VMM has too many open files");
	vcpu = vmwp_vcpu_create(vcpu_fd, (uintptr_t)arg);
	__atomic_store_n(&vmwp_vcpus[vcpu_fd], vcpu, __ATOMIC_RELEASE);
	return vcpu_fd;
}

static int vmwp_vm_ioctl(int fd, unsigned long request, void *arg)
{
	switch ((unsigned int)request) {
	case KVM_CREATE_VCPU:
		return vmwp_create_vcpu(fd, request, arg);
	case KVM_SET_USER_MEMORY_REGION:
	case KVM_SET_USER_MEMORY_REGION2:
		return vmwp_mem_set(request, arg);
	case KVM_SET_GSI_ROUTING:
		return vmwp_route_set(request, arg);
	default:
		return vmwp_pass(fd, request, arg);
	}
}

static int vmwp_vcpu_ioctl(struct vmwp_vcpu *vcpu, unsigned long request,
			   void *arg)
{
	switch ((unsigned int)request) {
	case KVM_RUN:
		return vmwp_vcpu_run(vcpu, request, arg);
	case KVM_ENABLE_CAP:
		return vmwp_vcpu_enable_cap(vcpu, request, arg);
	case KVM_SET_MSRS:
		return vmwp_vcpu_set_msrs(vcpu, request, arg);
	default:
		return vmwp_pass(vcpu->fd, request, arg);
	}
}

/* what the VMM calls in place of the C library's; all else here is hidden */
__attribute__((visibility("default")))
int ioctl(int fd, unsigned long request, ...)
{
	struct vmwp_vcpu *vcpu;
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);

	if (_IOC_TYPE((unsigned int)request) != KVMIO || fd < 0)
		return vmwp_pass(fd, request, arg);

	if (fd < VMWP_MAX_FD) {
		vcpu = __atomic_load_n(&vmwp_vcpus[fd], __ATOMIC_ACQUIRE);
		if (vcpu)
			return vmwp_vcpu_ioctl(vcpu, request, arg);
	}
	if (fd == atomic_load_explicit(&vmwp.vm_fd, memory_order_acquire))
		return vmwp_vm_ioctl(fd, request, arg);
	if ((unsigned int)request == KVM_CREATE_VM)
		return vmwp_create_vm(fd, request, arg);
	return vmwp_pass(fd, request, arg);
}
