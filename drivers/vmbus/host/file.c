// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/vmb. Sizes and flags are checked here, once, for every command.
 */
#define pr_fmt(fmt) "vmb_host: " fmt

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "host.h"

/**
 * struct vmb_file - an open file
 * @lock: serialises binding
 * @bus: set once, by %VMB_BIND
 */
struct vmb_file {
	/* binding */
	struct mutex lock;
	struct vmb_bus *bus;
};

union vmb_arg {
	__u32 size;
	struct vmb_bind bind;
	struct vmb_mem mem;
	struct vmb_vp_add vp_add;
	struct vmb_synic synic;
	struct vmb_hcall hcall;
	struct vmb_signal_fd signal_fd;
	struct vmb_reset reset;
};

static int vmb_file_open(struct inode *inode, struct file *file)
{
	struct vmb_file *vf = kzalloc(sizeof(*vf), GFP_KERNEL_ACCOUNT);

	if (!vf)
		return -ENOMEM;
	mutex_init(&vf->lock);
	file->private_data = vf;
	return stream_open(inode, file);
}

static int vmb_file_release(struct inode *inode, struct file *file)
{
	struct vmb_file *vf = file->private_data;

	if (vf->bus)
		vmb_partition_unbind(vf->bus);
	kfree(vf);
	return 0;
}

static int vmb_file_bind(struct vmb_file *vf, union vmb_arg *arg)
{
	struct vmb_bind *bind = &arg->bind;
	struct vmb_bus *bus;
	int ret;

	if (bind->flags || bind->features ||
	    strnlen(bind->name, sizeof(bind->name)) == sizeof(bind->name))
		return -EINVAL;
	guard(mutex)(&vf->lock);
	if (vf->bus)
		return -EBUSY;
	ret = vmb_partition_bind(bind->name, current->mm, &bus);
	if (ret)
		return ret;
	/* pairs with the acquire in vmb_file_bus() */
	smp_store_release(&vf->bus, bus);
	return 0;
}

static bool vmb_mem_arg_ok(const struct vmb_mem *mem)
{
	u64 end;

	return mem->len && PAGE_ALIGNED(mem->gpa | mem->len | mem->hva) &&
	       !check_add_overflow(mem->gpa, mem->len, &end);
}

static int vmb_file_mem_add(struct vmb_bus *bus, union vmb_arg *arg)
{
	const struct vmb_mem *mem = &arg->mem;
	const struct vmb_mem_region region = {
		.gpa = mem->gpa,
		.len = mem->len,
		.hva = mem->hva,
		.flags = mem->flags,
	};

	/* pages are pinned for writing */
	if ((mem->flags & ~(VMB_MEM_READONLY | VMB_MEM_PINNED)) ||
	    mem->flags == (VMB_MEM_READONLY | VMB_MEM_PINNED) ||
	    !vmb_mem_arg_ok(mem))
		return -EINVAL;
	if (!access_ok(u64_to_user_ptr(mem->hva), mem->len))
		return -EFAULT;
	return vmb_mem_add(bus, &region);
}

static int vmb_file_mem_remove(struct vmb_bus *bus, union vmb_arg *arg)
{
	const struct vmb_mem *mem = &arg->mem;

	if (mem->flags || mem->hva || !vmb_mem_arg_ok(mem))
		return -EINVAL;
	return vmb_mem_remove(bus, mem->gpa, mem->len);
}

static int vmb_file_vp_add(struct vmb_bus *bus, union vmb_arg *arg)
{
	guard(mutex)(&bus->partition->lock);
	return vmb_vp_add(bus, arg->vp_add.vp, arg->vp_add.sint_fd,
			  arg->vp_add.eom_fd);
}

static int vmb_file_synic(struct vmb_bus *bus, union vmb_arg *arg)
{
	const struct vmb_synic *synic = &arg->synic;
	struct vmb_vp *vp;

	/* a VP that is being added may still fail, and go */
	guard(mutex)(&bus->partition->lock);
	vp = vmb_bus_vp(bus, synic->vp);
	if (!vp)
		return -ENOENT;
	if (!vmb_vp_is_current(vp))
		return -EPERM;
	return vmb_vp_set_synic(vp, synic->scontrol, synic->simp, synic->siefp);
}

static u16 vmb_file_post(struct vmb_bus *bus, const struct vmb_hcall *hcall)
{
	struct vmb_hv_post_message in;
	u64 gpa = hcall->params[0];
	u32 len;

	/* the input never fits registers */
	if (hcall->input & VMB_HCALL_FAST)
		return VMB_HV_INVALID_HYPERCALL_INPUT;
	if (!IS_ALIGNED(gpa, 8) ||
	    offset_in_page(gpa) + offsetof(typeof(in), payload) > PAGE_SIZE)
		return VMB_HV_INVALID_ALIGNMENT;

	/* a guest may put a short message at the end of a page */
	memset(&in, 0, sizeof(in));
	len = min_t(u32, sizeof(in), PAGE_SIZE - offset_in_page(gpa));
	if (vmb_mem_read(bus, gpa, &in, len))
		return VMB_HV_INVALID_PARAMETER;
	len -= offsetof(typeof(in), payload);
	if (in.reserved || le32_to_cpu(in.payload_size) > len)
		return VMB_HV_INVALID_PARAMETER;

	len = le32_to_cpu(in.payload_size);
	memset(in.payload + len, 0, sizeof(in.payload) - len);
	guard(mutex)(&bus->partition->lock);
	return vmb_conn_post(bus, le32_to_cpu(in.connection_id),
			     le32_to_cpu(in.message_type), in.payload, len);
}

static u16 vmb_file_signal(struct vmb_bus *bus, const struct vmb_hcall *hcall)
{
	u64 param = hcall->params[0];
	__le64 in;

	if (!(hcall->input & VMB_HCALL_FAST)) {
		if (!IS_ALIGNED(param, 8))
			return VMB_HV_INVALID_ALIGNMENT;
		if (vmb_mem_read(bus, param, &in, sizeof(in)))
			return VMB_HV_INVALID_PARAMETER;
		param = le64_to_cpu(in);
	}
	/* the upper half is a flag number, which no channel of ours has */
	if (param & ~(u64)VMB_CONN_MASK)
		return VMB_HV_INVALID_CONNECTION_ID;
	guard(mutex)(&bus->partition->lock);
	return vmb_signal_raise(bus, param) ? VMB_HV_INVALID_CONNECTION_ID :
					      VMB_HV_SUCCESS;
}

static int vmb_file_hcall(struct vmb_bus *bus, union vmb_arg *arg)
{
	struct vmb_hcall *hcall = &arg->hcall;

	if (!vmb_bus_vp(bus, hcall->vp))
		return -ENOENT;
	switch (hcall->input & VMB_HCALL_CODE_MASK) {
	case VMB_HCALL_POST_MESSAGE:
		hcall->result = vmb_file_post(bus, hcall);
		return 0;
	case VMB_HCALL_SIGNAL_EVENT:
		hcall->result = vmb_file_signal(bus, hcall);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int vmb_file_signal_fd(struct vmb_bus *bus, union vmb_arg *arg)
{
	if (arg->signal_fd.reserved || arg->signal_fd.fd < -1)
		return arg->signal_fd.reserved ? -EINVAL : -EBADF;
	guard(mutex)(&bus->partition->lock);
	return vmb_signal_set_fd(bus, arg->signal_fd.connection_id,
				 arg->signal_fd.fd);
}

static int vmb_file_reset(struct vmb_bus *bus, union vmb_arg *arg)
{
	struct vmb_vp *vp;
	unsigned long index;

	if (arg->reset.flags)
		return -EINVAL;
	guard(mutex)(&bus->partition->lock);
	vmb_conn_reset(bus);
	xa_for_each(&bus->vps, index, vp)
		vmb_vp_clear_synic(vp);
	return 0;
}

static const struct vmb_cmd {
	int (*handle)(struct vmb_bus *bus, union vmb_arg *arg);
	/* of the structure, now and when it was first published */
	u32 size;
	u32 min_size;
	/* the structure tells the caller something */
	bool answers;
} vmb_cmds[] = {
	/* the sizes of VMB_BIND; it has no bus yet and is not called from here */
	[VMB_CMD_BIND] = { NULL, sizeof(struct vmb_bind),
			   offsetofend(struct vmb_bind, features), true },
	[VMB_CMD_MEM_ADD] = { vmb_file_mem_add, sizeof(struct vmb_mem),
			      offsetofend(struct vmb_mem, hva) },
	[VMB_CMD_MEM_REMOVE] = { vmb_file_mem_remove, sizeof(struct vmb_mem),
				 offsetofend(struct vmb_mem, hva) },
	[VMB_CMD_VP_ADD] = { vmb_file_vp_add, sizeof(struct vmb_vp_add),
			     offsetofend(struct vmb_vp_add, eom_fd) },
	[VMB_CMD_SYNIC] = { vmb_file_synic, sizeof(struct vmb_synic),
			    offsetofend(struct vmb_synic, siefp) },
	[VMB_CMD_HCALL] = { vmb_file_hcall, sizeof(struct vmb_hcall),
			    offsetofend(struct vmb_hcall, result), true },
	[VMB_CMD_SIGNAL_FD] = { vmb_file_signal_fd, sizeof(struct vmb_signal_fd),
				offsetofend(struct vmb_signal_fd, reserved) },
	[VMB_CMD_RESET] = { vmb_file_reset, sizeof(struct vmb_reset),
			    offsetofend(struct vmb_reset, flags) },
};

static struct vmb_bus *vmb_file_bus(struct file *file)
{
	struct vmb_file *vf = file->private_data;
	/* pairs with the release in vmb_file_bind() */
	struct vmb_bus *bus = smp_load_acquire(&vf->bus);

	if (!bus)
		return ERR_PTR(-ENOTCONN);
	if (current->mm != bus->mm)
		return ERR_PTR(-EPERM);
	return bus;
}

static long vmb_file_ioctl(struct file *file, unsigned int cmd,
			   unsigned long uptr)
{
	void __user *user = (void __user *)uptr;
	const struct vmb_cmd *c;
	union vmb_arg arg = {};
	struct vmb_bus *bus;
	unsigned int nr;
	u32 size;
	int ret;

	nr = _IOC_NR(cmd);
	if (_IOC_TYPE(cmd) != VMB_IOC_TYPE || _IOC_DIR(cmd) != _IOC_NONE ||
	    _IOC_SIZE(cmd) || nr >= ARRAY_SIZE(vmb_cmds))
		return -ENOTTY;
	c = &vmb_cmds[array_index_nospec(nr, ARRAY_SIZE(vmb_cmds))];

	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	if (size < c->min_size)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	ret = copy_struct_from_user(&arg, c->size, user, size);
	if (ret)
		return ret;

	if (nr == VMB_CMD_BIND) {
		ret = vmb_file_bind(file->private_data, &arg);
	} else {
		bus = vmb_file_bus(file);
		if (IS_ERR(bus))
			return PTR_ERR(bus);
		ret = c->handle(bus, &arg);
	}
	/* what was done is not to look as if it had failed */
	if (ret || !c->answers)
		return ret;
	/* the caller's size, which may be another than ours, stays */
	arg.size = size;
	if (copy_to_user(user, &arg, min(size, c->size)))
		return -EFAULT;
	return 0;
}

static ssize_t vmb_file_read(struct file *file, char __user *buf, size_t count,
			     loff_t *pos)
{
	struct vmb_bus *bus = vmb_file_bus(file);
	struct vmb_record rec;
	size_t done = 0;

	if (IS_ERR(bus))
		return PTR_ERR(bus);
	if (count < sizeof(rec))
		return -EINVAL;
	while (count - done >= sizeof(rec) && vmb_signal_next_record(bus, &rec)) {
		if (copy_to_user(buf + done, &rec, sizeof(rec))) {
			vmb_signal_return_record(bus, &rec);
			return done ?: -EFAULT;
		}
		done += sizeof(rec);
	}
	return done ?: -EAGAIN;
}

static __poll_t vmb_file_poll(struct file *file, poll_table *wait)
{
	struct vmb_bus *bus = vmb_file_bus(file);

	if (IS_ERR(bus))
		return EPOLLERR;
	poll_wait(file, &bus->record_wait, wait);
	return vmb_signal_has_record(bus) ? EPOLLIN | EPOLLRDNORM : 0;
}

static const struct file_operations vmb_fops = {
	.owner		= THIS_MODULE,
	.open		= vmb_file_open,
	.release	= vmb_file_release,
	.unlocked_ioctl	= vmb_file_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.read		= vmb_file_read,
	.poll		= vmb_file_poll,
	.llseek		= noop_llseek,
};

static struct miscdevice vmb_miscdev = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "vmb",
	.fops	= &vmb_fops,
	.mode	= 0660,
};

/**
 * vmb_file_init - make /dev/vmb
 *
 * Return: 0 or a negative errno.
 */
int vmb_file_init(void)
{
	return misc_register(&vmb_miscdev);
}

/**
 * vmb_file_exit - undo vmb_file_init()
 */
void vmb_file_exit(void)
{
	misc_deregister(&vmb_miscdev);
}
