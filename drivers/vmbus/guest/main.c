// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmb_guest: the guest's end of VMBus.
 */
#define pr_fmt(fmt) "vmb_guest: " fmt

#include <linux/module.h>

#include "guest.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static char *platform = VMB_GUEST_PLATFORM;
module_param(platform, charp, 0444);
MODULE_PARM_DESC(platform, "auto: take the VMBus of this machine, or do not load; none: leave it alone, for vmb_loop");

static char *max_version = "5.3";
module_param(max_version, charp, 0444);
MODULE_PARM_DESC(max_version, "highest VMBus version to ask for, 2.4 to 5.3");

static int __init vmb_guest_parse_version(const char *s, u32 *version)
{
	unsigned int major, minor;
	char end;

	if (sscanf(s, "%u.%u%c", &major, &minor, &end) != 2 ||
	    major > 5 || minor > 0xffff || VMB_VERSION(major, minor) < VMB_VERSION_2_4) {
		pr_err("max_version=%s is no version from 2.4 to 5.3\n", s);
		return -EINVAL;
	}
	*version = VMB_VERSION(major, minor);
	return 0;
}

static int __init vmb_guest_init(void)
{
	bool machine = strcmp(platform, "none");
	u32 version;
	int ret;

	if (machine && strcmp(platform, "auto")) {
		pr_err("platform=%s is neither auto nor none\n", platform);
		return -EINVAL;
	}
	ret = vmb_guest_parse_version(max_version, &version);
	if (ret)
		return ret;
	if (machine) {
		ret = vmb_guest_x86_check();
		if (ret)
			return ret;
	}

	vmb_guest_debugfs_init();
	ret = vmb_guest_cpu_init();
	if (ret)
		goto exit_debugfs;
	/* beside the kernel's own bus the name is another */
	ret = vmb_guest_device_init(machine ? "vmbus" : "vmb");
	if (ret)
		goto exit_cpu;
	if (machine) {
		ret = vmb_guest_x86_init(version);
		if (ret)
			goto exit_device;
	}
	return 0;

exit_device:
	vmb_guest_device_exit();
exit_cpu:
	vmb_guest_cpu_exit();
exit_debugfs:
	vmb_guest_debugfs_exit();
	return ret;
}

static void __exit vmb_guest_exit(void)
{
	if (strcmp(platform, "none"))
		vmb_guest_x86_exit();
	vmb_guest_device_exit();
	vmb_guest_cpu_exit();
	vmb_guest_debugfs_exit();
}

module_init(vmb_guest_init);
module_exit(vmb_guest_exit);

MODULE_DESCRIPTION("Guest end of VMBus");
MODULE_LICENSE("GPL");
