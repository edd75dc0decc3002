// SPDX-License-Identifier: GPL-2.0-only
/*
 * The real machine: Hyper-V's hypercalls and synthetic interrupt controller on
 * x86, and the ACPI device that says that there is a VMBus. All that touches
 * model specific registers is here.
 */
#define pr_fmt(fmt) "vmb_guest: " fmt

#include <linux/acpi.h>
#include <linux/panic_notifier.h>
#include <linux/platform_device.h>
#include <linux/random.h>
#include <asm/hypervisor.h>
#include <asm/irq_vectors.h>
#include <asm/mshyperv.h>

#include "guest.h"

static_assert(VMB_SINT_COUNT == HV_SYNIC_SINT_COUNT);
static_assert(VMB_EVENT_FLAGS == HV_EVENT_FLAGS_COUNT);
static_assert(sizeof(struct vmb_hv_post_message) <= VMB_PAGE_SIZE);

/* the machine has one; set between probe and remove of its ACPI device */
static struct vmb_guest_bus *vmb_guest_x86_bus;
static int vmb_guest_x86_error;

static u16 vmb_guest_x86_post(struct vmb_guest_platform *pf, u32 connection_id,
			      const void *payload, u32 len)
{
	struct vmb_hv_post_message *in;
	unsigned long flags;
	u64 status;

	if (len > VMB_MSG_PAYLOAD_MAX)
		return VMB_HV_INVALID_PARAMETER;
	/* the page is the CPU's, and whoever interrupts may make hypercalls */
	local_irq_save(flags);
	in = *this_cpu_ptr(hyperv_pcpu_input_arg);
	in->connection_id = cpu_to_le32(connection_id);
	in->reserved = 0;
	in->message_type = cpu_to_le32(VMB_MSG_TYPE_CHANNEL);
	in->payload_size = cpu_to_le32(len);
	memcpy(in->payload, payload, len);
	status = hv_do_hypercall(VMB_HCALL_POST_MESSAGE, in, NULL);
	local_irq_restore(flags);
	return hv_result(status);
}

static u16 vmb_guest_x86_signal(struct vmb_guest_platform *pf, u32 connection_id)
{
	return hv_result(hv_do_fast_hypercall8(VMB_HCALL_SIGNAL_EVENT, connection_id));
}

static u64 vmb_guest_x86_page(u64 old, void *page)
{
	/* bits 1 to 11 are reserved and to be kept */
	return (old & GENMASK_ULL(11, 1)) | virt_to_phys(page) | VMB_SYNIC_ENABLE;
}

static int vmb_guest_x86_enable(struct vmb_guest_platform *pf, unsigned int cpu,
				const struct vmb_guest_synic *synic)
{
	union hv_synic_sint sint;

	hv_set_msr(HV_MSR_SIMP, vmb_guest_x86_page(hv_get_msr(HV_MSR_SIMP), synic->msg));
	hv_set_msr(HV_MSR_SIEFP, vmb_guest_x86_page(hv_get_msr(HV_MSR_SIEFP), synic->evt));
	sint.as_uint64 = hv_get_msr(HV_MSR_SINT0 + VMB_SINT);
	sint.vector = HYPERVISOR_CALLBACK_VECTOR;
	sint.masked = false;
	/* the kernel's entry of this vector goes by the same hint */
	sint.auto_eoi = !(ms_hyperv.hints & HV_DEPRECATING_AEOI_RECOMMENDED);
	hv_set_msr(HV_MSR_SINT0 + VMB_SINT, sint.as_uint64);
	hv_set_msr(HV_MSR_SCONTROL, hv_get_msr(HV_MSR_SCONTROL) | VMB_SYNIC_ENABLE);
	return 0;
}

static void vmb_guest_x86_disable(struct vmb_guest_platform *pf, unsigned int cpu)
{
	union hv_synic_sint sint;

	sint.as_uint64 = hv_get_msr(HV_MSR_SINT0 + VMB_SINT);
	sint.masked = true;
	hv_set_msr(HV_MSR_SINT0 + VMB_SINT, sint.as_uint64);
	hv_set_msr(HV_MSR_SIMP, hv_get_msr(HV_MSR_SIMP) & GENMASK_ULL(11, 1));
	hv_set_msr(HV_MSR_SIEFP, hv_get_msr(HV_MSR_SIEFP) & GENMASK_ULL(11, 1));
	hv_set_msr(HV_MSR_SCONTROL, hv_get_msr(HV_MSR_SCONTROL) & ~VMB_SYNIC_ENABLE);
}

static void vmb_guest_x86_eom(struct vmb_guest_platform *pf)
{
	hv_set_msr(HV_MSR_EOM, 0);
}

static u32 vmb_guest_x86_vp_index(struct vmb_guest_platform *pf, unsigned int cpu)
{
	return hv_cpu_number_to_vp_number(cpu);
}

static const struct vmb_guest_platform_ops vmb_guest_x86_ops = {
	.post_message	= vmb_guest_x86_post,
	.signal_event	= vmb_guest_x86_signal,
	.enable		= vmb_guest_x86_enable,
	.disable	= vmb_guest_x86_disable,
	.eom		= vmb_guest_x86_eom,
	.vp_index	= vmb_guest_x86_vp_index,
};

static struct vmb_guest_platform vmb_guest_x86_platform = {
	.name	= "vmbus",
	.ops	= &vmb_guest_x86_ops,
};

static void vmb_guest_x86_isr(void)
{
	struct vmb_guest_bus *bus = READ_ONCE(vmb_guest_x86_bus);

	if (bus)
		vmb_guest_bus_interrupt(bus);
	add_interrupt_randomness(HYPERVISOR_CALLBACK_VECTOR);
}

static int vmb_guest_x86_panic(struct notifier_block *nb, unsigned long action, void *data)
{
	struct vmb_guest_bus *bus = READ_ONCE(vmb_guest_x86_bus);

	if (bus)
		vmb_guest_bus_crash(bus);
	return NOTIFY_DONE;
}

static struct notifier_block vmb_guest_x86_panic_nb = {
	.notifier_call = vmb_guest_x86_panic,
	/* after those that may want to write to a disk or a log */
	.priority = INT_MIN,
};

/* The next kernel has the machine for itself. */
static void vmb_guest_x86_kexec(void)
{
	struct vmb_guest_bus *bus = READ_ONCE(vmb_guest_x86_bus);

	if (!bus)
		return;
	vmb_guest_bus_unload(bus);
	vmb_guest_bus_synic_off(bus);
}

/* A kernel that makes a dump is about to start; other CPUs cannot be asked. */
static void vmb_guest_x86_crash(struct pt_regs *regs)
{
	struct vmb_guest_bus *bus = READ_ONCE(vmb_guest_x86_bus);

	if (!bus)
		return;
	vmb_guest_bus_crash(bus);
	vmb_guest_x86_disable(&vmb_guest_x86_platform, raw_smp_processor_id());
}

static int vmb_guest_x86_start(struct platform_device *pdev)
{
	struct vmb_guest_bus *bus;
	int ret;

	vmb_guest_x86_platform.parent = &pdev->dev;
	hv_setup_vmbus_handler(vmb_guest_x86_isr);
	bus = vmb_guest_bus_create(&vmb_guest_x86_platform);
	if (IS_ERR(bus)) {
		ret = PTR_ERR(bus);
		goto remove_handler;
	}
	/* the host sends nothing before it is asked to */
	WRITE_ONCE(vmb_guest_x86_bus, bus);
	ret = vmb_guest_bus_connect(bus);
	if (ret)
		goto destroy_bus;
	hv_setup_kexec_handler(vmb_guest_x86_kexec);
	hv_setup_crash_handler(vmb_guest_x86_crash);
	atomic_notifier_chain_register(&panic_notifier_list, &vmb_guest_x86_panic_nb);
	return 0;

destroy_bus:
	vmb_guest_bus_destroy(bus);
	WRITE_ONCE(vmb_guest_x86_bus, NULL);
remove_handler:
	hv_remove_vmbus_handler();
	/* whoever still is in the handler does not sleep */
	synchronize_rcu();
	return ret;
}

static int vmb_guest_x86_probe(struct platform_device *pdev)
{
	if (vmb_guest_x86_bus) {
		dev_err(&pdev->dev, "there is a VMBus already\n");
		return -EBUSY;
	}
	vmb_guest_x86_error = vmb_guest_x86_start(pdev);
	return vmb_guest_x86_error;
}

static void vmb_guest_x86_remove(struct platform_device *pdev)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &vmb_guest_x86_panic_nb);
	hv_remove_crash_handler();
	hv_remove_kexec_handler();
	/* takes the SynIC's interrupts away, but it needs them until then */
	vmb_guest_bus_destroy(vmb_guest_x86_bus);
	WRITE_ONCE(vmb_guest_x86_bus, NULL);
	hv_remove_vmbus_handler();
	synchronize_rcu();
}

static void vmb_guest_x86_shutdown(struct platform_device *pdev)
{
	vmb_guest_bus_unload(vmb_guest_x86_bus);
}

static int vmb_guest_x86_suspend(struct device *dev)
{
	int ret;

	ret = vmb_guest_bus_suspend(vmb_guest_x86_bus);
	if (!ret)
		vmb_guest_bus_synic_off(vmb_guest_x86_bus);
	return ret;
}

static int vmb_guest_x86_resume(struct device *dev)
{
	int ret;

	ret = vmb_guest_bus_synic_on(vmb_guest_x86_bus);
	return ret ?: vmb_guest_bus_resume(vmb_guest_x86_bus);
}

static int vmb_guest_x86_suspend_ram(struct device *dev)
{
	return vmb_guest_pm_idle() ? 0 : vmb_guest_x86_suspend(dev);
}

static int vmb_guest_x86_resume_ram(struct device *dev)
{
	return vmb_guest_pm_idle() ? 0 : vmb_guest_x86_resume(dev);
}

static const struct dev_pm_ops vmb_guest_x86_pm = {
	.suspend_noirq	= pm_sleep_ptr(vmb_guest_x86_suspend_ram),
	.resume_noirq	= pm_sleep_ptr(vmb_guest_x86_resume_ram),
	.freeze_noirq	= pm_sleep_ptr(vmb_guest_x86_suspend),
	.thaw_noirq	= pm_sleep_ptr(vmb_guest_x86_resume),
	.poweroff_noirq	= pm_sleep_ptr(vmb_guest_x86_suspend),
	.restore_noirq	= pm_sleep_ptr(vmb_guest_x86_resume),
};

/*
 * No MODULE_DEVICE_TABLE: which of the two buses a machine is to have is for its
 * administrator to say, who loads this one by name.
 */
static const struct acpi_device_id vmb_guest_x86_ids[] = {
	{ "VMBUS", 0 },
	{ "VMBus", 0 },
	{ },
};

static struct platform_driver vmb_guest_x86_driver = {
	.probe		= vmb_guest_x86_probe,
	.remove		= vmb_guest_x86_remove,
	.shutdown	= vmb_guest_x86_shutdown,
	.driver	= {
		.name			= "vmb_guest",
		.acpi_match_table	= vmb_guest_x86_ids,
		.pm			= &vmb_guest_x86_pm,
		/* whether it works out is the result of loading the module */
		.probe_type		= PROBE_FORCE_SYNCHRONOUS,
		.suppress_bind_attrs	= true,
	},
};

/**
 * vmb_guest_x86_check - can this machine have our bus?
 *
 * Says what is missing where it cannot.
 *
 * Return: 0; -ENODEV; -EBUSY when the kernel's own bus has it; -EOPNOTSUPP.
 */
int __init vmb_guest_x86_check(void)
{
	static const struct {
		u32 bit;
		const char *name;
	} needs[] = {
		{ HV_MSR_HYPERCALL_AVAILABLE, "HYPERCALL" },
		{ HV_MSR_VP_INDEX_AVAILABLE, "VP_INDEX" },
		{ HV_MSR_SYNIC_AVAILABLE, "SYNIC" },
	};
	u32 eax, ebx, ecx, edx;
	int i;

	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		pr_err("real-time kernels are not supported: interrupts take locks that sleep there\n");
		return -EOPNOTSUPP;
	}
	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR)) {
		pr_err("this is no virtual machine\n");
		return -ENODEV;
	}
	cpuid(HYPERV_CPUID_VENDOR_AND_MAX_FUNCTIONS, &eax, &ebx, &ecx, &edx);
	/* "Microsoft Hv" */
	if (ebx != 0x7263694d || ecx != 0x666f736f || edx != 0x76482074 ||
	    eax < HYPERV_CPUID_MIN || eax > HYPERV_CPUID_MAX) {
		pr_err("the hypervisor does not show Hyper-V's CPUID leaves\n");
		return -ENODEV;
	}
	eax = cpuid_eax(HYPERV_CPUID_FEATURES);
	for (i = 0; i < ARRAY_SIZE(needs); i++) {
		if (!(eax & needs[i].bit)) {
			pr_err("the hypervisor lacks the enlightenment %s\n", needs[i].name);
			return -ENODEV;
		}
	}
	if (!hypervisor_is_type(X86_HYPER_MS_HYPERV) || !hv_is_hyperv_initialized()) {
		pr_err("the kernel has not set up Hyper-V; does the hypervisor show another one's CPUID leaves as well?\n");
		return -ENODEV;
	}
	if (hv_root_partition || hv_nested) {
		pr_err("a root partition has no VMBus to be a guest of\n");
		return -ENODEV;
	}
	if (hv_is_isolation_supported()) {
		pr_err("confidential virtual machines are not supported\n");
		return -ENODEV;
	}
	/* the driver of the same ACPI device, in hv_vmbus */
	if (driver_find("vmbus", &platform_bus_type)) {
		pr_err("hv_vmbus has the bus; unload it, or keep it from being loaded\n");
		return -EBUSY;
	}
	return 0;
}

/**
 * vmb_guest_x86_init - take the machine's bus
 * @max_version: highest version to ask for
 *
 * Context: may sleep.
 * Return: 0; -ENODEV when there is none; or why it cannot be used.
 */
int __init vmb_guest_x86_init(u32 max_version)
{
	int ret;

	vmb_guest_x86_platform.max_version = max_version;
	vmb_guest_x86_error = -ENODEV;
	ret = platform_driver_register(&vmb_guest_x86_driver);
	if (ret)
		return ret;
	if (!vmb_guest_x86_bus) {
		ret = vmb_guest_x86_error;
		if (ret == -ENODEV)
			pr_err("there is no ACPI device VMBus, or somebody else has it\n");
		platform_driver_unregister(&vmb_guest_x86_driver);
		return ret;
	}
	return 0;
}

/**
 * vmb_guest_x86_exit - undo vmb_guest_x86_init()
 */
void vmb_guest_x86_exit(void)
{
	platform_driver_unregister(&vmb_guest_x86_driver);
}
