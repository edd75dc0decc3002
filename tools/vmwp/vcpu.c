// SPDX-License-Identifier: GPL-2.0-only
/*
 * vCPUs: the run loop, and the SynIC as the VMM sets it up.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "relay.h"

#define HV_MSR_VP_INDEX		0x40000002
#define HV_MSR_SCONTROL		0x40000080
#define HV_MSR_SIEFP		0x40000082
#define HV_MSR_SIMP		0x40000083

/* initial-exec: the relay is loaded before the VMM's first thread */
static __thread unsigned long vmwp_thread
	__attribute__((tls_model("initial-exec")));
static atomic_ulong vmwp_nr_threads;

#define HV_CALL_CODE_MASK	0xffff
#define HV_CALL_POST_MESSAGE	0x5c
#define HV_CALL_SIGNAL_EVENT	0x5d

/*
 * A number for the calling thread that no other gets. A pthread_t or a thread id
 * may come back when its thread has gone, and mostly does: the C library gives
 * the next thread the same stack.
 */
static unsigned long vmwp_vcpu_thread(void)
{
	if (__builtin_expect(!vmwp_thread, 0))
		vmwp_thread = atomic_fetch_add(&vmwp_nr_threads, 1) + 1;
	return vmwp_thread;
}

/**
 * vmwp_vcpu_create - the VMM has made a vCPU
 * @fd: file descriptor it was given
 * @id: as the VMM chose it
 *
 * Return: never NULL.
 */
struct vmwp_vcpu *vmwp_vcpu_create(int fd, __u32 id)
{
	struct vmwp_vcpu *vcpu = calloc(1, sizeof(*vcpu));

	if (!vcpu)
		vmwp_die("vCPU %u: no memory", id);
	vcpu->fd = fd;
	vcpu->id = id;
	vcpu->sint_fd = -1;
	vcpu->eom_fd = -1;
	vcpu->run = mmap(NULL, vmwp.run_size, PROT_READ | PROT_WRITE,
			 MAP_SHARED, fd, 0);
	if (vcpu->run == MAP_FAILED)
		vmwp_die("vCPU %u: its state cannot be mapped: %s", id,
			 strerror(errno));
	return vcpu;
}

/**
 * vmwp_vcpu_enable_cap - the VMM enables a capability of a vCPU
 * @vcpu: the vCPU
 * @request: KVM_ENABLE_CAP
 * @arg: its argument
 *
 * Return: as ioctl(2).
 */
int vmwp_vcpu_enable_cap(struct vmwp_vcpu *vcpu, unsigned long request,
			 void *arg)
{
	struct kvm_enable_cap cap = *(struct kvm_enable_cap *)arg;
	int ret;

	/* the first kind clears the pages each time the guest enables them */
	if (cap.cap == KVM_CAP_HYPERV_SYNIC)
		cap.cap = KVM_CAP_HYPERV_SYNIC2;
	if (cap.cap != KVM_CAP_HYPERV_SYNIC2)
		return vmwp_pass(vcpu->fd, request, arg);
	ret = vmwp_pass(vcpu->fd, request, &cap);
	if (ret >= 0) {
		/*
		 * The VMM sets up a vCPU, a new one or one that it has kept
		 * since it was unplugged. What it writes to the registers now
		 * is no reset of the machine.
		 */
		atomic_store(&vcpu->synic, true);
		vcpu->used = 0;
	}
	return ret;
}

/* The guest uses its VMBus: a reset has something to undo. */
static void vmwp_vcpu_use(struct vmwp_vcpu *vcpu)
{
	vcpu->used = atomic_load_explicit(&vmwp.generation,
					  memory_order_relaxed);
	atomic_store_explicit(&vmwp.used, true, memory_order_relaxed);
}

static void vmwp_vcpu_reset_machine(struct vmwp_vcpu *vcpu)
{
	struct vmb_reset reset = { .size = sizeof(reset) };
	int ret;

	/*
	 * The first vCPU that is reset does it for all: no vCPU runs until
	 * the VMM has reset every one.
	 */
	atomic_fetch_add(&vmwp.generation, 1);
	vmwp_trace("VP %u: machine reset", vcpu->vp);
	ret = vmwp_ioctl(vmwp.vmb_fd, VMB_RESET, &reset);
	if (ret)
		vmwp_err("VMBus cannot be reset: %s", strerror(-ret));
	vmwp_signal_drain();
}

/**
 * vmwp_vcpu_set_msrs - the VMM sets registers
 * @vcpu: the vCPU
 * @request: KVM_SET_MSRS
 * @arg: its argument
 *
 * KVM tells what a guest writes to its SynIC, but not what a VMM does. A VMM
 * writes all of it, zeros, when it resets the machine. It also does so when it
 * has just made a vCPU, or plugs one in again, which has not used anything then.
 *
 * Return: as ioctl(2).
 */
int vmwp_vcpu_set_msrs(struct vmwp_vcpu *vcpu, unsigned long request,
		       void *arg)
{
	const struct kvm_msrs *msrs = arg;
	unsigned int i, seen = 0;
	__u64 bits = 0;

	for (i = 0; i < msrs->nmsrs; i++) {
		switch (msrs->entries[i].index) {
		case HV_MSR_SCONTROL:
		case HV_MSR_SIEFP:
		case HV_MSR_SIMP:
			bits |= msrs->entries[i].data;
			seen++;
			break;
		}
	}
	if (seen == 3) {
		if (!bits && vcpu->used == atomic_load(&vmwp.generation))
			vmwp_vcpu_reset_machine(vcpu);
		else if (bits && vcpu->used != atomic_load(&vmwp.generation))
			vmwp_err("vCPU %u: restored without its VMBus: synthetic devices fail",
				 vcpu->id);
	}
	return vmwp_pass(vcpu->fd, request, arg);
}

static int vmwp_vcpu_read_vp(struct vmwp_vcpu *vcpu, __u32 *vp)
{
	union {
		struct kvm_msrs msrs;
		char bytes[sizeof(struct kvm_msrs) +
			   sizeof(struct kvm_msr_entry)];
	} arg = { .msrs = { .nmsrs = 1 } };

	arg.msrs.entries[0].index = HV_MSR_VP_INDEX;
	if (vmwp_ioctl(vcpu->fd, KVM_GET_MSRS, &arg) != 1)
		return -1;
	*vp = arg.msrs.entries[0].data;
	return 0;
}

/* Either end the VMM, while nothing is lost by it, or go without. */
static void __printf(2, 3) vmwp_vcpu_fail(struct vmwp_vcpu *vcpu,
					  const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (!atomic_load(&vmwp.used))
		vmwp_die("vCPU %u: %s", vcpu->id, why);
	vmwp_err("vCPU %u is without VMBus: %s", vcpu->id, why);
	vcpu->state = VMWP_VCPU_PASSIVE;
}

/* The calling thread is the one that runs it. */
static void vmwp_vcpu_add_vp(struct vmwp_vcpu *vcpu)
{
	struct vmb_vp_add add = {
		.size = sizeof(add),
		.vp = vcpu->vp,
		.sint_fd = vcpu->sint_fd,
		.eom_fd = vcpu->eom_fd,
	};
	int ret;

	ret = vmwp_ioctl(vmwp.vmb_fd, VMB_VP_ADD, &add);
	if (ret == -EEXIST) {
		vmwp_vcpu_fail(vcpu, "VP %u has another thread", vcpu->vp);
		return;
	}
	if (ret) {
		vmwp_vcpu_fail(vcpu, "VP %u cannot be added: %s", vcpu->vp,
			       strerror(-ret));
		return;
	}
	vcpu->thread = vmwp_vcpu_thread();
	vcpu->state = VMWP_VCPU_READY;
}

/*
 * In the vCPU's own thread, before it runs for the first time: /dev/vmb writes
 * the message page in this very thread, and KVM links a route with a SynIC that
 * is active when the table is set.
 */
static void vmwp_vcpu_setup(struct vmwp_vcpu *vcpu)
{
	struct kvm_irqfd irqfd = { .flags = KVM_IRQFD_FLAG_RESAMPLE };
	int ret;

	if (!atomic_load(&vcpu->synic)) {
		vmwp_vcpu_fail(vcpu, "its SynIC is off: use the CPU flags hv-vpindex and hv-synic");
		return;
	}
	if (vmwp_vcpu_read_vp(vcpu, &vcpu->vp)) {
		vmwp_vcpu_fail(vcpu, "KVM does not tell its VP index");
		return;
	}
	vcpu->sint_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	vcpu->eom_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (vcpu->sint_fd < 0 || vcpu->eom_fd < 0) {
		vmwp_vcpu_fail(vcpu, "no eventfd: %s", strerror(errno));
		return;
	}

	ret = vmwp_route_add(vcpu->vp, &irqfd.gsi);
	if (ret < 0) {
		vmwp_vcpu_fail(vcpu, "no interrupt route for VP %u: %s",
			       vcpu->vp, strerror(-ret));
		return;
	}
	irqfd.fd = vcpu->sint_fd;
	irqfd.resamplefd = vcpu->eom_fd;
	ret = vmwp_ioctl(vmwp.vm_fd, KVM_IRQFD, &irqfd);
	if (ret == -EINVAL) {
		vmwp_vcpu_fail(vcpu, "KVM cannot raise a SINT: needs -machine kernel-irqchip=on");
		return;
	}
	if (ret) {
		vmwp_vcpu_fail(vcpu, "KVM cannot raise the SINT of VP %u: %s",
			       vcpu->vp, strerror(-ret));
		return;
	}

	vmwp_vcpu_add_vp(vcpu);
	if (vcpu->state == VMWP_VCPU_READY)
		vmwp_trace("VP %u: vCPU %u, GSI %u", vcpu->vp, vcpu->id,
			   irqfd.gsi);
}

/*
 * In the new thread of a vCPU that was unplugged: KVM has no way to let a vCPU
 * go, so a VMM keeps its file and uses it again. The route and the irqfd are
 * still there.
 */
static void vmwp_vcpu_replug(struct vmwp_vcpu *vcpu)
{
	__u32 vp;

	if (vmwp_vcpu_read_vp(vcpu, &vp) || vp != vcpu->vp) {
		vmwp_vcpu_fail(vcpu, "plugged in again as another VP than %u",
			       vcpu->vp);
		return;
	}
	vmwp_vcpu_add_vp(vcpu);
	if (vcpu->state == VMWP_VCPU_READY)
		vmwp_trace("VP %u: vCPU %u, plugged in again", vcpu->vp,
			   vcpu->id);
}

static void vmwp_vcpu_synic(struct vmwp_vcpu *vcpu)
{
	const struct kvm_hyperv_exit *hv = &vcpu->run->hyperv;
	struct vmb_synic synic = {
		.size = sizeof(synic),
		.vp = vcpu->vp,
		.scontrol = hv->u.synic.control,
		.simp = hv->u.synic.msg_page,
		.siefp = hv->u.synic.evt_page,
	};
	int ret;

	vmwp_vcpu_use(vcpu);
	vmwp_trace("VP %u: SCONTROL %#llx SIMP %#llx SIEFP %#llx", vcpu->vp,
		   synic.scontrol, synic.simp, synic.siefp);
	ret = vmwp_ioctl(vmwp.vmb_fd, VMB_SYNIC, &synic);
	if (ret)
		vmwp_err_guest("VP %u: SynIC with SIMP %#llx and SIEFP %#llx refused: %s",
			       vcpu->vp, synic.simp, synic.siefp,
			       strerror(-ret));
}

/* Returns whether the VMM need not see it. */
static bool vmwp_vcpu_hcall(struct vmwp_vcpu *vcpu)
{
	struct kvm_hyperv_exit *hv = &vcpu->run->hyperv;
	struct vmb_hcall hcall = {
		.size = sizeof(hcall),
		.vp = vcpu->vp,
		.input = hv->u.hcall.input,
		.params = { hv->u.hcall.params[0], hv->u.hcall.params[1] },
	};
	int ret;

	switch (hcall.input & HV_CALL_CODE_MASK) {
	case HV_CALL_POST_MESSAGE:
	case HV_CALL_SIGNAL_EVENT:
		break;
	default:
		return false;
	}
	vmwp_vcpu_use(vcpu);
	ret = vmwp_ioctl(vmwp.vmb_fd, VMB_HCALL, &hcall);
	if (ret) {
		if (ret != -EOPNOTSUPP)
			vmwp_err_guest("VP %u: hypercall %#llx: %s", vcpu->vp,
				       hcall.input, strerror(-ret));
		return false;
	}
	vmwp_trace("VP %u: hypercall %#llx gives %#llx", vcpu->vp,
		   hcall.input, hcall.result);
	hv->u.hcall.result = hcall.result;
	vmwp_signal_drain();
	return true;
}

static bool vmwp_vcpu_exit(struct vmwp_vcpu *vcpu)
{
	if (vcpu->state != VMWP_VCPU_READY)
		return false;
	switch (vcpu->run->hyperv.type) {
	case KVM_EXIT_HYPERV_SYNIC:
		/* a VMM that saw it would put pages of its own over the guest's */
		vmwp_vcpu_synic(vcpu);
		return true;
	case KVM_EXIT_HYPERV_HCALL:
		return vmwp_vcpu_hcall(vcpu);
	default:
		return false;
	}
}

/**
 * vmwp_vcpu_run - the VMM runs a vCPU
 * @vcpu: the vCPU
 * @request: KVM_RUN
 * @arg: its argument
 *
 * When the VMM wants its thread back, it sends a signal, and the handler sets
 * immediate_exit. So KVM_RUN after an exit that we kept to ourselves returns at
 * once; that also completes the hypercall.
 *
 * Return: as ioctl(2).
 */
int vmwp_vcpu_run(struct vmwp_vcpu *vcpu, unsigned long request, void *arg)
{
	int ret;

	if (__builtin_expect(vcpu->state == VMWP_VCPU_NEW, 0))
		vmwp_vcpu_setup(vcpu);
	else if (__builtin_expect(vcpu->state == VMWP_VCPU_READY &&
				  vcpu->thread != vmwp_vcpu_thread(), 0))
		vmwp_vcpu_replug(vcpu);

	do {
		ret = vmwp_pass(vcpu->fd, request, arg);
	} while (!ret && vcpu->run->exit_reason == KVM_EXIT_HYPERV &&
		 vmwp_vcpu_exit(vcpu));
	return ret;
}
