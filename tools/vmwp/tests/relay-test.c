// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the relay. This program plays the VMM; it runs with the relay
 * preloaded and is linked with a kernel that only takes notes. Each test is a
 * process of its own, since a relay serves one virtual machine.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/kvm.h>
#include <linux/vmb.h>

#include "fake.h"

#define PAGE		4096
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static int kvm, vm;

/* QEMU keeps requests in an int, which the call extends the sign of */
static int call(int fd, int request, void *arg)
{
	return ioctl(fd, request, arg);
}

static void failed(int line, const char *what)
{
	fprintf(stderr, "line %d: %s\n", line, what);
	exit(99);
}

#define CHECK(cond) do {				\
	if (!(cond))					\
		failed(__LINE__, #cond);		\
} while (0)

static void expect_line(int line, const char *want)
{
	const char *got = fake_log();

	if (!strcmp(got, want))
		return;
	fprintf(stderr, "line %d: expected\n%sgot\n%s", line, want, got);
	exit(99);
}

#define EXPECT(want) expect_line(__LINE__, want)

static void start_vm(void)
{
	kvm = open("/dev/kvm", O_RDWR);
	vm = call(kvm, KVM_CREATE_VM, NULL);
	CHECK(vm >= 0);
	fake_log();
}

static int new_vcpu(int synic)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_HYPERV_SYNIC2 };
	int fd = call(vm, KVM_CREATE_VCPU, (void *)(long)(2 * synic));

	CHECK(fd >= 0);
	if (synic)
		CHECK(!call(fd, KVM_ENABLE_CAP, &cap));
	fake_log();
	return fd;
}

static int slot(__u32 id, __u64 gpa, __u64 len, __u64 hva, __u32 flags)
{
	struct kvm_userspace_memory_region r = {
		.slot = id,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = len,
		.userspace_addr = hva,
	};

	return call(vm, KVM_SET_USER_MEMORY_REGION, &r);
}

static int set_synic_msrs(int vcpu, __u64 value)
{
	struct {
		struct kvm_msrs msrs;
		struct kvm_msr_entry entries[5];
	} arg = {
		.msrs.nmsrs = 5,
		.entries = {
			{ .index = 0x10, .data = 1 },
			{ .index = 0x40000080, .data = value },
			{ .index = 0x40000082, .data = value },
			{ .index = 0x40000083, .data = value },
			{ .index = 0x40000092, .data = 0x10000 },
		},
	};

	return call(vcpu, KVM_SET_MSRS, &arg);
}

static int routes(unsigned int nr, unsigned int first_gsi)
{
	struct kvm_irq_routing *table;
	unsigned int i;
	int ret;

	table = calloc(1, sizeof(*table) + nr * sizeof(table->entries[0]));
	CHECK(table);
	table->nr = nr;
	for (i = 0; i < nr; i++) {
		table->entries[i].gsi = first_gsi + i;
		table->entries[i].type = KVM_IRQ_ROUTING_MSI;
	}
	ret = call(vm, KVM_SET_GSI_ROUTING, table);
	free(table);
	return ret;
}

static int hcall_exit(struct kvm_run *run, __u64 input)
{
	run->exit_reason = KVM_EXIT_HYPERV;
	run->hyperv.type = KVM_EXIT_HYPERV_HCALL;
	run->hyperv.u.hcall.input = input;
	run->hyperv.u.hcall.result = 0x7777;
	run->hyperv.u.hcall.params[0] = 0x1000;
	run->hyperv.u.hcall.params[1] = 0x2000;
	return 0;
}

static int synic_exit(struct kvm_run *run, __u64 value)
{
	run->exit_reason = KVM_EXIT_HYPERV;
	run->hyperv.type = KVM_EXIT_HYPERV_SYNIC;
	run->hyperv.u.synic.control = value & 1;
	run->hyperv.u.synic.msg_page = value;
	run->hyperv.u.synic.evt_page = value + (value ? PAGE : 0);
	return 0;
}

static int run_hcall_once(int vcpu, struct kvm_run *run, int nth)
{
	(void)vcpu;
	return nth ? 0 : hcall_exit(run, 0x5c);
}

static int run_hcall_always(int vcpu, struct kvm_run *run, int nth)
{
	(void)vcpu;
	return nth % 2 ? 0 : hcall_exit(run, 0x5c);
}

static int open_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < FAKE_MAX_FD; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* the tests */

static void t_bind(void)
{
	char text[16];
	int acpi = dup(STDERR_FILENO);

	snprintf(text, sizeof(text), "%d", acpi);
	setenv("VMWP_ACPI_FD", text, 1);
	setenv("VMWP_LD_PRELOAD", "/their/own.so", 1);
	kvm = open("/dev/kvm", O_RDWR);
	CHECK(call(kvm, KVM_CHECK_EXTENSION, NULL) == 1);
	EXPECT("");
	vm = call(kvm, KVM_CREATE_VM, NULL);
	CHECK(vm >= 0);
	EXPECT("vmb open\nvmb bind test\n");
	CHECK(!strcmp(getenv("LD_PRELOAD"), "/their/own.so"));
	CHECK(!getenv("VMWP_PARTITION") && !getenv("VMWP_TRACE") &&
	      !getenv("VMWP_LD_PRELOAD") && !getenv("VMWP_ACPI_FD"));
	CHECK(fcntl(acpi, F_GETFD) & FD_CLOEXEC);
}

static void t_environment_without_preload(void)
{
	start_vm();
	CHECK(!getenv("LD_PRELOAD"));
}

static void t_no_partition(void)
{
	unsetenv("VMWP_PARTITION");
	kvm = open("/dev/kvm", O_RDWR);
	vm = call(kvm, KVM_CREATE_VM, NULL);
	CHECK(vm >= 0);
	CHECK(!slot(0, 0, PAGE, PAGE, 0));
	EXPECT("kvm slot 0: 0+0x1000 at 0x1000 flags 0\n");
}

static void t_no_module(void)
{
	fake_fail(0, ENOENT);
	start_vm();
}

static void t_no_access(void)
{
	fake_fail(0, EACCES);
	start_vm();
}

static void t_no_such_partition(void)
{
	fake_fail(VMB_BIND, ENOENT);
	start_vm();
}

static void t_partition_busy(void)
{
	fake_fail(VMB_BIND, EBUSY);
	start_vm();
}

static void t_not_owner(void)
{
	fake_fail(VMB_BIND, EACCES);
	start_vm();
}

static void t_second_vm(void)
{
	start_vm();
	CHECK(call(kvm, KVM_CREATE_VM, NULL) >= 0);
	EXPECT("");
}

static void t_pass_through(void)
{
	int fds[2], n = 0, vcpu;

	start_vm();
	vcpu = new_vcpu(1);
	CHECK(!pipe(fds) && write(fds[1], "abc", 3) == 3);
	CHECK(!ioctl(fds[0], FIONREAD, &n) && n == 3);
	CHECK(call(vm, KVM_GET_CLOCK, (void *)0x10) == 7);
	CHECK(call(vcpu, KVM_GET_REGS, (void *)0x20) == 5);
	EXPECT("vm 0x8030ae7c 0x10\nvcpu0 0x8090ae81 0x20\n");
	fake_fail(KVM_GET_REGS, ENXIO);
	CHECK(call(vcpu, KVM_GET_REGS, NULL) == -1 && errno == ENXIO);
	CHECK(ioctl(-1, KVM_RUN, 0) == -1 && errno == EBADF);
	CHECK(ioctl(1000000, KVM_RUN, 0) == -1 && errno == EBADF);
}

static void t_slots(void)
{
	start_vm();
	CHECK(!slot(0, 0, 0xa0000, 0x10000000, 0));
	CHECK(!slot(1, 0xfffc0000, 0x40000, 0x20000000, KVM_MEM_READONLY));
	EXPECT("kvm slot 0: 0+0xa0000 at 0x10000000 flags 0\n"
	       "vmb add 0+0xa0000 at 0x10000000 flags 0\n"
	       "kvm slot 1: 0xfffc0000+0x40000 at 0x20000000 flags 2\n"
	       "vmb add 0xfffc0000+0x40000 at 0x20000000 flags 1\n");
	/* dirty log */
	CHECK(!slot(0, 0, 0xa0000, 0x10000000, KVM_MEM_LOG_DIRTY_PAGES));
	EXPECT("kvm slot 0: 0+0xa0000 at 0x10000000 flags 1\n");
	/* moved */
	CHECK(!slot(0, 0x100000, 0xa0000, 0x10000000, 0));
	EXPECT("vmb remove 0+0xa0000\n"
	       "kvm slot 0: 0x100000+0xa0000 at 0x10000000 flags 0\n"
	       "vmb add 0x100000+0xa0000 at 0x10000000 flags 0\n");
	/* deleted, whatever else the VMM leaves in it */
	CHECK(!slot(0, 0x100000, 0, 0x10000000, 0));
	EXPECT("vmb remove 0x100000+0xa0000\n"
	       "kvm slot 0: 0x100000+0 at 0x10000000 flags 0\n");
	/* deleted again, used again */
	CHECK(!slot(0, 0, 0, 0, 0));
	CHECK(!slot(0, 0, PAGE, PAGE, 0));
	EXPECT("kvm slot 0: 0+0 at 0 flags 0\n"
	       "kvm slot 0: 0+0x1000 at 0x1000 flags 0\n"
	       "vmb add 0+0x1000 at 0x1000 flags 0\n");
}

static void t_slots_smm(void)
{
	start_vm();
	CHECK(!slot(65536, 0, PAGE, PAGE, 0));
	CHECK(!slot(65536, 0, 0, PAGE, 0));
	EXPECT("kvm slot 65536: 0+0x1000 at 0x1000 flags 0\n"
	       "kvm slot 65536: 0+0 at 0x1000 flags 0\n");
}

static void t_slots_kvm_refuses(void)
{
	start_vm();
	CHECK(!slot(3, 0, PAGE, PAGE, 0));
	fake_log();
	fake_fail(KVM_SET_USER_MEMORY_REGION, EINVAL);
	CHECK(slot(3, 0, 2 * PAGE, PAGE, 0) == -1 && errno == EINVAL);
	EXPECT("vmb remove 0+0x1000\nfails 0x4020ae46\n"
	       "vmb add 0+0x1000 at 0x1000 flags 0\n");
	fake_fail(KVM_SET_USER_MEMORY_REGION, EINVAL);
	CHECK(slot(4, 0, PAGE, PAGE, 0) == -1 && errno == EINVAL);
	EXPECT("fails 0x4020ae46\n");
}

static void t_slot_lost_at_start(void)
{
	start_vm();
	fake_fail(VMB_MEM_ADD, ENOSPC);
	slot(0, 0, PAGE, PAGE, 0);
}

static void t_slot_lost_later(void)
{
	int vcpu;

	start_vm();
	vcpu = new_vcpu(1);
	fake_on_run(run_hcall_once);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	fake_log();
	fake_fail(VMB_MEM_ADD, ENOSPC);
	CHECK(!slot(0, 0, PAGE, PAGE, 0));
	CHECK(!slot(0, 0, 0, 0, 0));
	EXPECT("kvm slot 0: 0+0x1000 at 0x1000 flags 0\nfails 0xb701\n"
	       "kvm slot 0: 0+0 at 0 flags 0\n");
}

static void t_slots_pinned(void)
{
	setenv("VMWP_PIN_MEMORY", "1", 1);
	start_vm();
	CHECK(!getenv("VMWP_PIN_MEMORY"));
	CHECK(!slot(0, 0, 0xa0000, 0x10000000, 0));
	CHECK(!slot(1, 0xfffc0000, 0x40000, 0x20000000, KVM_MEM_READONLY));
	EXPECT("kvm slot 0: 0+0xa0000 at 0x10000000 flags 0\n"
	       "vmb add 0+0xa0000 at 0x10000000 flags 2\n"
	       "kvm slot 1: 0xfffc0000+0x40000 at 0x20000000 flags 2\n"
	       "vmb add 0xfffc0000+0x40000 at 0x20000000 flags 1\n");
	/* what is no memory */
	fake_fail(VMB_MEM_ADD, EFAULT);
	CHECK(!slot(2, 0xe0000000, PAGE, PAGE, 0));
	EXPECT("kvm slot 2: 0xe0000000+0x1000 at 0x1000 flags 0\nfails 0xb701\n"
	       "vmb add 0xe0000000+0x1000 at 0x1000 flags 0\n");
}

static void t_slot_not_pinned_at_start(void)
{
	setenv("VMWP_PIN_MEMORY", "1", 1);
	start_vm();
	fake_fail(VMB_MEM_ADD, ENOMEM);
	slot(0, 0, PAGE, PAGE, 0);
}

static void t_slot_not_pinned_later(void)
{
	int vcpu;

	setenv("VMWP_PIN_MEMORY", "1", 1);
	start_vm();
	vcpu = new_vcpu(1);
	fake_on_run(run_hcall_once);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	fake_log();
	fake_fail(VMB_MEM_ADD, ENOMEM);
	CHECK(!slot(0, 0, PAGE, PAGE, 0));
	EXPECT("kvm slot 0: 0+0x1000 at 0x1000 flags 0\nfails 0xb701\n"
	       "vmb add 0+0x1000 at 0x1000 flags 0\n");
}

static void t_setup(void)
{
	int vcpu0, vcpu1;

	start_vm();
	CHECK(!routes(1, 24));
	EXPECT("kvm routes 1\n 24: type 2\n");
	vcpu0 = new_vcpu(1);
	vcpu1 = new_vcpu(1);
	CHECK(!call(vcpu0, KVM_RUN, NULL));
	EXPECT("vcpu0 get msr 0x40000002\n"
	       "kvm routes 2\n 24: type 2\n 4095: vp 0 sint 2\n"
	       "kvm irqfd gsi 4095 eventfd/eventfd flags 2\n"
	       "vmb vp 0 eventfd/eventfd\n"
	       "vcpu0 run\n");
	CHECK(!call(vcpu1, KVM_RUN, NULL));
	EXPECT("vcpu1 get msr 0x40000002\n"
	       "kvm routes 3\n 24: type 2\n 4095: vp 0 sint 2\n"
	       " 4094: vp 1 sint 2\n"
	       "kvm irqfd gsi 4094 eventfd/eventfd flags 2\n"
	       "vmb vp 1 eventfd/eventfd\n"
	       "vcpu1 run\n");
	CHECK(!call(vcpu0, KVM_RUN, NULL));
	CHECK(!routes(2, 24));
	EXPECT("vcpu0 run\n"
	       "kvm routes 4\n 24: type 2\n 25: type 2\n"
	       " 4095: vp 0 sint 2\n 4094: vp 1 sint 2\n");
}

static void *run_thread(void *arg)
{
	int vcpu = *(int *)arg;

	CHECK(!call(vcpu, KVM_RUN, NULL));
	CHECK(fake_is_thread_of(0));
	return NULL;
}

static void t_setup_thread(void)
{
	pthread_t thread;
	int vcpu;

	start_vm();
	vcpu = new_vcpu(1);
	CHECK(!pthread_create(&thread, NULL, run_thread, &vcpu));
	pthread_join(thread, NULL);
}

static void in_thread(void *(*fn)(void *), int *vcpu)
{
	pthread_t thread;

	CHECK(!pthread_create(&thread, NULL, fn, vcpu));
	CHECK(!pthread_join(thread, NULL));
}

/* As QEMU does with a vCPU that it has kept: all in the new thread. */
static void *replug_thread(void *arg)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_HYPERV_SYNIC2 };
	int vcpu = *(int *)arg;

	CHECK(!call(vcpu, KVM_ENABLE_CAP, &cap));
	CHECK(set_synic_msrs(vcpu, 0) == 5);
	return run_thread(arg);
}

static int run_enable(int vcpu, struct kvm_run *run, int nth)
{
	(void)vcpu;
	return nth % 2 ? 0 : synic_exit(run, 0x5001);
}

/*
 * Its file is the same, its thread is not, though it mostly has the pthread_t of
 * the one before. The eventfds, the route and the irqfd are as they were. That the
 * VMM clears its registers is not a reset, which would take the disks away.
 */
static void t_replug(void)
{
	int vcpu, fds, i;

	start_vm();
	routes(0, 0);
	vcpu = new_vcpu(1);
	fake_on_run(run_enable);
	in_thread(run_thread, &vcpu);
	EXPECT("vcpu0 get msr 0x40000002\nkvm routes 1\n 4095: vp 0 sint 2\n"
	       "kvm irqfd gsi 4095 eventfd/eventfd flags 2\n"
	       "vmb vp 0 eventfd/eventfd\n"
	       "vcpu0 run\nvmb synic 0: 0x1 0x5001 0x6001\nvcpu0 run\n");
	fds = open_fds();
	for (i = 0; i < 3; i++) {
		in_thread(replug_thread, &vcpu);
		EXPECT("vcpu0 cap 148\nvcpu0 set 5 msrs\n"
		       "vcpu0 get msr 0x40000002\n"
		       "vmb vp 0 eventfd/eventfd\n"
		       "vcpu0 run\nvmb synic 0: 0x1 0x5001 0x6001\nvcpu0 run\n");
	}
	CHECK(open_fds() == fds);
	/* a reset is one again once the guest has used it */
	CHECK(set_synic_msrs(vcpu, 0) == 5);
	EXPECT("vmb reset\nvcpu0 set 5 msrs\n");
}

/* A VMM that does not enable the SynIC again, and has done nothing else. */
static void t_replug_bare(void)
{
	int vcpu;

	start_vm();
	vcpu = new_vcpu(1);
	fake_on_run(run_hcall_always);
	in_thread(run_thread, &vcpu);
	fake_log();
	in_thread(run_thread, &vcpu);
	EXPECT("vcpu0 get msr 0x40000002\nvmb vp 0 eventfd/eventfd\n"
	       "vcpu0 run\nvmb hcall 0: 0x5c 0x1000 0x2000\n"
	       "vcpu0 run, hypercall gave 0\n");
}

/* The thread that ran it lives: the VMM gets the exits of this one itself. */
static void t_two_threads(void)
{
	int vcpu;

	start_vm();
	vcpu = new_vcpu(1);
	fake_on_run(run_hcall_always);
	in_thread(run_thread, &vcpu);
	fake_log();
	fake_fail(VMB_VP_ADD, EEXIST);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	EXPECT("vcpu0 get msr 0x40000002\nfails 0xb703\nvcpu0 run\n");
}

static void t_replug_other_vp(void)
{
	int vcpu;

	start_vm();
	vcpu = new_vcpu(1);
	fake_on_run(run_hcall_always);
	in_thread(run_thread, &vcpu);
	fake_log();
	fake_vp_index(7);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	EXPECT("vcpu0 get msr 0x40000002\nvcpu0 run\n");
}

static void t_default_routes(void)
{
	const char *log;
	int vcpu;

	start_vm();
	vcpu = new_vcpu(1);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	log = fake_log();
	CHECK(strstr(log, "kvm routes 41\n 0: chip 0 pin 0\n"));
	CHECK(strstr(log, " 15: chip 1 pin 7\n 0: chip 2 pin 0\n"));
	CHECK(strstr(log, " 23: chip 2 pin 23\n 4095: vp 0 sint 2\n"));
}

static void t_routes_collide(void)
{
	int vcpu;

	start_vm();
	vcpu = new_vcpu(1);
	CHECK(!routes(1, 24));
	CHECK(!call(vcpu, KVM_RUN, NULL));
	fake_log();
	CHECK(routes(1, 4095) == -1 && errno == ENOSPC);
	CHECK(routes(FAKE_ROUTES, 0) == -1 && errno == ENOSPC);
	EXPECT("");
	fake_fail(KVM_SET_GSI_ROUTING, EINVAL);
	CHECK(routes(2, 100) == -1 && errno == EINVAL);
	fake_log();
	/* what was refused is forgotten */
	CHECK(!call(new_vcpu(1), KVM_RUN, NULL));
	CHECK(strstr(fake_log(), "kvm routes 3\n 24: type 2\n 4095: "));
	CHECK(!routes(FAKE_ROUTES - 2, 0));
}

static void t_synic2(void)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_HYPERV_SYNIC };
	int vcpu;

	start_vm();
	vcpu = new_vcpu(0);
	CHECK(!call(vcpu, KVM_ENABLE_CAP, &cap));
	CHECK(cap.cap == KVM_CAP_HYPERV_SYNIC);
	cap.cap = KVM_CAP_HYPERV_ENLIGHTENED_VMCS;
	CHECK(!call(vcpu, KVM_ENABLE_CAP, &cap));
	EXPECT("vcpu0 cap 148\nvcpu0 cap 163\n");
	CHECK(!call(vcpu, KVM_RUN, NULL));
}

static void t_no_synic(void)
{
	start_vm();
	call(new_vcpu(0), KVM_RUN, NULL);
}

static void t_split_irqchip(void)
{
	start_vm();
	fake_fail(KVM_IRQFD, EINVAL);
	call(new_vcpu(1), KVM_RUN, NULL);
}

static void t_vp_refused(void)
{
	start_vm();
	fake_fail(VMB_VP_ADD, ENOSPC);
	call(new_vcpu(1), KVM_RUN, NULL);
}

static void t_hotplug_refused(void)
{
	int vcpu;

	start_vm();
	fake_on_run(run_hcall_once);
	CHECK(!call(new_vcpu(1), KVM_RUN, NULL));
	fake_fail(VMB_VP_ADD, ENOSPC);
	vcpu = new_vcpu(1);
	/* it runs, and its VMM sees all exits */
	CHECK(!call(vcpu, KVM_RUN, NULL));
	CHECK(!strstr(fake_log(), "vmb hcall"));
	CHECK(!call(vcpu, KVM_RUN, NULL));
	EXPECT("vcpu1 run, hypercall gave 0x7777\n");
}

static int run_synic(int vcpu, struct kvm_run *run, int nth)
{
	(void)vcpu;
	if (nth < 2)
		return synic_exit(run, nth ? 0x5001 : 1);
	if (nth == 2)
		return hcall_exit(run, 0x1005c);
	if (nth == 3)
		return hcall_exit(run, 0x5d);
	if (nth == 5) {
		/* as KVM leaves it when it returns early */
		errno = EINTR;
		return -1;
	}
	return 0;
}

static void t_run(void)
{
	int vcpu;

	start_vm();
	vcpu = new_vcpu(1);
	routes(0, 0);
	fake_hcall(0x12);
	fake_on_run(run_synic);
	fake_log();
	CHECK(!call(vcpu, KVM_RUN, NULL));
	EXPECT("vcpu0 get msr 0x40000002\nkvm routes 1\n 4095: vp 0 sint 2\n"
	       "kvm irqfd gsi 4095 eventfd/eventfd flags 2\n"
	       "vmb vp 0 eventfd/eventfd\n"
	       "vcpu0 run\nvmb synic 0: 0x1 0x1 0x1001\n"
	       "vcpu0 run\nvmb synic 0: 0x1 0x5001 0x6001\n"
	       "vcpu0 run\nvmb hcall 0: 0x1005c 0x1000 0x2000\n"
	       "vcpu0 run, hypercall gave 0x12\n"
	       "vmb hcall 0: 0x5d 0x1000 0x2000\n"
	       "vcpu0 run, hypercall gave 0x12\n");
	CHECK(call(vcpu, KVM_RUN, NULL) == -1 && errno == EINTR);
	EXPECT("vcpu0 run\n");
}

static int run_foreign(int vcpu, struct kvm_run *run, int nth)
{
	(void)vcpu;
	if (nth == 0)
		return hcall_exit(run, 0x8001);
	if (nth == 1)
		return hcall_exit(run, 0x5c);
	run->exit_reason = KVM_EXIT_HYPERV;
	run->hyperv.type = KVM_EXIT_HYPERV_SYNDBG;
	return 0;
}

static void t_run_not_ours(void)
{
	int vcpu;

	start_vm();
	vcpu = new_vcpu(1);
	fake_on_run(run_foreign);
	fake_fail(VMB_HCALL, EOPNOTSUPP);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	fake_log();
	CHECK(!call(vcpu, KVM_RUN, NULL));
	CHECK(!call(vcpu, KVM_RUN, NULL));
	EXPECT("vcpu0 run, hypercall gave 0x7777\nfails 0xb705\n"
	       "vcpu0 run, hypercall gave 0x7777\n");
}

static void t_run_interrupted(void)
{
	int vcpu;

	start_vm();
	vcpu = new_vcpu(1);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	fake_log();
	/* a signal is for KVM_RUN to report, not for us */
	fake_on_run(run_hcall_always);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	fake_log();
	fake_fail(VMB_HCALL, EINTR);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	EXPECT("vcpu0 run\nfails 0xb705\nvmb hcall 0: 0x5c 0x1000 0x2000\n"
	       "vcpu0 run, hypercall gave 0\n");
}

static void t_signals(void)
{
	int vcpu, fds;

	start_vm();
	vcpu = new_vcpu(1);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	fds = open_fds();
	fake_log();
	fake_on_run(run_hcall_always);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	fake_log();
	fake_record(VMB_RECORD_ASSIGN, 2);
	fake_record(VMB_RECORD_ASSIGN, 0x10001);
	fake_record(VMB_RECORD_DROP, 2);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	EXPECT("vcpu0 run\nvmb hcall 0: 0x5c 0x1000 0x2000\n"
	       "vmb signal 2 eventfd\nkvm eventfd 2 eventfd flags 0\n"
	       "vmb signal 65537 eventfd\nkvm eventfd 65537 eventfd flags 0\n"
	       "kvm eventfd 2 - flags 1\nvmb signal 2 -1\n"
	       "vcpu0 run, hypercall gave 0\n");
	CHECK(open_fds() == fds);
}

static void t_signals_many(void)
{
	const char *log;
	int vcpu, i, n = 0;

	start_vm();
	vcpu = new_vcpu(1);
	for (i = 0; i < 60; i++)
		fake_record(VMB_RECORD_ASSIGN, 100 + i);
	fake_on_run(run_hcall_once);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	for (log = fake_log(); (log = strstr(log, "kvm eventfd")); log++)
		n++;
	CHECK(n == 60);
}

static void t_signals_fail(void)
{
	int vcpu, fds;

	start_vm();
	vcpu = new_vcpu(1);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	fds = open_fds();
	fake_on_run(run_hcall_always);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	fake_log();
	/* gone again already */
	fake_fail(VMB_SIGNAL_FD, ENOENT);
	fake_record(VMB_RECORD_ASSIGN, 5);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	EXPECT("vcpu0 run\nvmb hcall 0: 0x5c 0x1000 0x2000\n"
	       "fails 0xb706\nvcpu0 run, hypercall gave 0\n");
	fake_fail(KVM_HYPERV_EVENTFD, ENOMEM);
	fake_record(VMB_RECORD_ASSIGN, 6);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	EXPECT("vcpu0 run\nvmb hcall 0: 0x5c 0x1000 0x2000\n"
	       "vmb signal 6 eventfd\nfails 0x4018aebd\nvmb signal 6 -1\n"
	       "vcpu0 run, hypercall gave 0\n");
	/* neither side has it */
	fake_fail(KVM_HYPERV_EVENTFD, ENOENT);
	fake_fail(VMB_SIGNAL_FD, ENOENT);
	fake_record(VMB_RECORD_DROP, 6);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	CHECK(open_fds() == fds);
}

static void t_reset(void)
{
	int vcpu0, vcpu1, vcpu2;

	start_vm();
	vcpu0 = new_vcpu(1);
	vcpu1 = new_vcpu(1);
	/* the VMM initialises them */
	CHECK(set_synic_msrs(vcpu0, 0) == 5);
	CHECK(set_synic_msrs(vcpu1, 0) == 5);
	EXPECT("vcpu0 set 5 msrs\nvcpu1 set 5 msrs\n");
	fake_on_run(run_enable);
	CHECK(!call(vcpu0, KVM_RUN, NULL));
	CHECK(!call(vcpu1, KVM_RUN, NULL));
	fake_log();
	/* a vCPU is plugged in: no reset */
	vcpu2 = new_vcpu(1);
	CHECK(set_synic_msrs(vcpu2, 0) == 5);
	EXPECT("vcpu2 set 5 msrs\n");
	/* a reset: once for all vCPUs, and what the records say is done */
	fake_record(VMB_RECORD_DROP, 9);
	CHECK(set_synic_msrs(vcpu0, 0) == 5);
	CHECK(set_synic_msrs(vcpu1, 0) == 5);
	CHECK(set_synic_msrs(vcpu2, 0) == 5);
	EXPECT("vmb reset\nkvm eventfd 9 - flags 1\nvmb signal 9 -1\n"
	       "vcpu0 set 5 msrs\nvcpu1 set 5 msrs\nvcpu2 set 5 msrs\n");
	/* nothing was used since */
	CHECK(set_synic_msrs(vcpu0, 0) == 5);
	EXPECT("vcpu0 set 5 msrs\n");
	/* the second vCPU alone */
	CHECK(!call(vcpu1, KVM_RUN, NULL));
	fake_log();
	CHECK(set_synic_msrs(vcpu0, 0) == 5);
	CHECK(set_synic_msrs(vcpu1, 0) == 5);
	EXPECT("vcpu0 set 5 msrs\nvmb reset\nvcpu1 set 5 msrs\n");
}

static void t_reset_other_msrs(void)
{
	struct {
		struct kvm_msrs msrs;
		struct kvm_msr_entry entries[1];
	} arg = { .msrs.nmsrs = 1, .entries = { { .index = 0x40000080 } } };
	int vcpu;

	start_vm();
	vcpu = new_vcpu(1);
	fake_on_run(run_enable);
	CHECK(!call(vcpu, KVM_RUN, NULL));
	fake_log();
	CHECK(call(vcpu, KVM_SET_MSRS, &arg) == 1);
	/* written back as they are */
	CHECK(set_synic_msrs(vcpu, 0x5001) == 5);
	EXPECT("vcpu0 set 1 msrs\nvcpu0 set 5 msrs\n");
}

static void t_restored(void)
{
	start_vm();
	CHECK(set_synic_msrs(new_vcpu(1), 0x5001) == 5);
	EXPECT("vcpu0 set 5 msrs\n");
}

#define THREADS	8
#define ROUNDS	2000

static void *stress_thread(void *arg)
{
	int i, vcpu = *(int *)arg;

	for (i = 0; i < ROUNDS; i++) {
		CHECK(!call(vcpu, KVM_RUN, NULL));
		CHECK(!slot(7, 0, (i & 1) * PAGE, 0, 0));
	}
	return NULL;
}

static int run_stress(int vcpu, struct kvm_run *run, int nth)
{
	if (nth % 100 == 99) {
		fake_record(VMB_RECORD_ASSIGN, 1000 + vcpu);
		fake_record(VMB_RECORD_DROP, 1000 + vcpu);
	}
	return nth % 2 ? 0 : hcall_exit(run, 0x5c);
}

static void t_threads(void)
{
	pthread_t threads[THREADS];
	int vcpus[THREADS], i, fds;

	start_vm();
	fake_quiet(1);
	fake_on_run(run_stress);
	for (i = 0; i < THREADS; i++)
		vcpus[i] = new_vcpu(1);
	fds = open_fds();
	for (i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, stress_thread,
				      &vcpus[i]));
	for (i = 0; i < ROUNDS; i++) {
		CHECK(!slot(i % 7, (i % 7) * 16ULL * PAGE, PAGE, PAGE, 0));
		CHECK(!slot(i % 7, 0, 0, 0, 0));
		CHECK(!routes(i % 20, 24));
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	/* two eventfds a vCPU stay, those of connections do not */
	CHECK(open_fds() == fds + 2 * THREADS);
}

static const struct test {
	const char *name;
	void (*fn)(void);
	const char *dies;	/* with this text */
	const char *says;
} tests[] = {
	{ "bind", t_bind },
	{ "environment-without-preload", t_environment_without_preload },
	{ "no-partition", t_no_partition },
	{ "no-module", t_no_module, "modprobe vmb_host" },
	{ "no-access", t_no_access, "may not open /dev/vmb" },
	{ "no-such-partition", t_no_such_partition,
	  "mkdir /sys/kernel/config/vmb/test" },
	{ "partition-busy", t_partition_busy, "another virtual machine" },
	{ "not-owner", t_not_owner, "see uid and gid" },
	{ "second-vm", t_second_vm, NULL, "gets no VMBus" },
	{ "pass-through", t_pass_through },
	{ "slots", t_slots },
	{ "slots-smm", t_slots_smm },
	{ "slots-kvm-refuses", t_slots_kvm_refuses },
	{ "slot-lost-at-start", t_slot_lost_at_start, "No space left" },
	{ "slot-lost-later", t_slot_lost_later, NULL, "No space left" },
	{ "slots-pinned", t_slots_pinned },
	{ "slot-not-pinned-at-start", t_slot_not_pinned_at_start, "ulimit -l" },
	{ "slot-not-pinned-later", t_slot_not_pinned_later, NULL, "ulimit -l" },
	{ "setup", t_setup },
	{ "setup-thread", t_setup_thread },
	{ "replug", t_replug },
	{ "replug-bare", t_replug_bare },
	{ "two-threads", t_two_threads, NULL, "has another thread" },
	{ "replug-other-vp", t_replug_other_vp, NULL, "another VP than 0" },
	{ "default-routes", t_default_routes },
	{ "routes-collide", t_routes_collide, NULL, "uses GSI 4095" },
	{ "synic2", t_synic2 },
	{ "no-synic", t_no_synic, "hv-synic" },
	{ "split-irqchip", t_split_irqchip, "kernel-irqchip=on" },
	{ "vp-refused", t_vp_refused, "VP 0 cannot be added" },
	{ "hotplug-refused", t_hotplug_refused, NULL,
	  "vCPU 2 is without VMBus" },
	{ "run", t_run },
	{ "run-not-ours", t_run_not_ours },
	{ "run-interrupted", t_run_interrupted },
	{ "signals", t_signals },
	{ "signals-many", t_signals_many },
	{ "signals-fail", t_signals_fail, NULL, "KVM takes no eventfd" },
	{ "reset", t_reset },
	{ "reset-other-msrs", t_reset_other_msrs },
	{ "restored", t_restored, NULL, "restored without its VMBus" },
	{ "threads", t_threads },
};

static int run_test(const struct test *t)
{
	const char *want = t->dies ?: t->says;
	char said[8192] = "";
	size_t len = 0;
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe(fds))
		exit(1);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		alarm(60);
		t->fn();
		_exit(0);
	}
	close(fds[1]);
	while (len < sizeof(said) - 1) {
		n = read(fds[0], said + len, sizeof(said) - 1 - len);
		if (n <= 0)
			break;
		len += n;
	}
	close(fds[0]);
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == (t->dies ? 1 : 0) &&
	    (want ? !!strstr(said, want) : !len)) {
		printf("ok %s\n", t->name);
		return 0;
	}
	printf("not ok %s\n", t->name);
	fprintf(stderr, "%s: status %#x, said:\n%s", t->name, status, said);
	return 1;
}

int main(void)
{
	size_t i, failures = 0, nr = ARRAY_SIZE(tests);

	for (i = 0; i < nr; i++)
		failures += run_test(&tests[i]);
	printf("%zu passed, %zu failed\n", nr - failures, failures);
	return !!failures;
}
