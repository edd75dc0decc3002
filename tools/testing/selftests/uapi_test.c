// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every command of /dev/vmb with arguments it must refuse, and who may call.
 */
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "guest.h"
#include "tap.h"

#define PAGE	4096UL

static const struct {
	unsigned long cmd;
	u32 size;
} cmds[] = {
	{ VMB_BIND, sizeof(struct vmb_bind) },
	{ VMB_MEM_ADD, sizeof(struct vmb_mem) },
	{ VMB_MEM_REMOVE, sizeof(struct vmb_mem) },
	{ VMB_VP_ADD, sizeof(struct vmb_vp_add) },
	{ VMB_SYNIC, sizeof(struct vmb_synic) },
	{ VMB_HCALL, sizeof(struct vmb_hcall) },
	{ VMB_SIGNAL_FD, sizeof(struct vmb_signal_fd) },
	{ VMB_RESET, sizeof(struct vmb_reset) },
};

static int bound(void)
{
	int fd;

	config_partition(PARTITION);
	fd = EXPECT_OK(vmb_open());
	EXPECT_OK(vmb_bind(fd, PARTITION));
	return fd;
}

static int event(void)
{
	return EXPECT_OK(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

/* The status of a child that calls the function. */
static int in_child(int (*fn)(int arg), int arg)
{
	int status;
	pid_t pid = EXPECT_OK(fork());

	if (!pid)
		_exit(fn(arg));
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFEXITED(status));
	return WEXITSTATUS(status);
}

TEST(unknown_commands)
{
	struct vmb_reset arg = { .size = sizeof(arg) };
	int fd = bound();
	unsigned int nr;

	for (nr = ARRAY_SIZE(cmds); nr < 256; nr++)
		EXPECT_ERRNO(ioctl(fd, _IO(VMB_IOC_TYPE, nr), &arg), ENOTTY);
	/* the number says neither a size nor a direction */
	EXPECT_ERRNO(ioctl(fd, _IOW(VMB_IOC_TYPE, VMB_CMD_RESET, struct vmb_reset), &arg),
		     ENOTTY);
	EXPECT_ERRNO(ioctl(fd, _IO(VMB_IOC_TYPE + 1, VMB_CMD_RESET), &arg), ENOTTY);
	EXPECT_OK(ioctl(fd, VMB_RESET, &arg));
}

TEST(sizes)
{
	u8 *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = bound();
	unsigned int i;
	u32 size;

	EXPECT_OK(mprotect(page + PAGE, PAGE, PROT_NONE));
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		unsigned long cmd = cmds[i].cmd;

		EXPECT_ERRNO(ioctl(fd, cmd, NULL), EFAULT);
		EXPECT_ERRNO(ioctl(fd, cmd, page + PAGE), EFAULT);
		for (size = 0; size < cmds[i].size; size++) {
			memset(page, 0, PAGE);
			*(u32 *)page = size;
			EXPECT_ERRNO(ioctl(fd, cmd, page), EINVAL);
		}
		/* a later structure that asks for something this one cannot */
		memset(page, 0, PAGE);
		*(u32 *)page = cmds[i].size + 8;
		page[cmds[i].size + 7] = 1;
		EXPECT_ERRNO(ioctl(fd, cmd, page), E2BIG);
		/* more than is there */
		memset(page, 0, PAGE);
		memcpy(page + PAGE - cmds[i].size, &(u32){ cmds[i].size + 8 }, 4);
		EXPECT_ERRNO(ioctl(fd, cmd, page + PAGE - cmds[i].size), EFAULT);
		/* more than any structure will be */
		memset(page, 0, PAGE);
		*(u32 *)page = PAGE + 8;
		EXPECT_ERRNO(ioctl(fd, cmd, page), E2BIG);
		*(u32 *)page = ~0U;
		EXPECT_ERRNO(ioctl(fd, cmd, page), E2BIG);
	}
}

TEST(longer_structures_of_zeroes)
{
	struct {
		struct vmb_mem mem;
		u64 later[4];
	} add = {
		.mem.size = sizeof(add), .mem.gpa = PAGE, .mem.len = PAGE,
	};
	struct {
		struct vmb_hcall hcall;
		u64 later[4];
	} hcall = {
		.hcall.size = sizeof(hcall),
		.hcall.input = VMB_HCALL_SIGNAL_EVENT | VMB_HCALL_FAST,
	};
	int fd = bound();

	add.mem.hva = (uintptr_t)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EXPECT_OK(ioctl(fd, VMB_MEM_ADD, &add));
	EXPECT_EQ(add.mem.size, sizeof(add));
	EXPECT_OK(vmb_vp_add(fd, 0, event(), event()));
	EXPECT_OK(ioctl(fd, VMB_HCALL, &hcall));
	EXPECT_EQ(hcall.hcall.size, sizeof(hcall));
	EXPECT_EQ(hcall.hcall.result, VMB_HV_INVALID_CONNECTION_ID);
	EXPECT_EQ(hcall.later[0], 0);
}

TEST(before_bind)
{
	u8 arg[128] = {};
	struct vmb_record rec;
	struct pollfd pfd;
	unsigned int i;
	int fd = EXPECT_OK(vmb_open());

	for (i = 1; i < ARRAY_SIZE(cmds); i++) {
		*(u32 *)arg = cmds[i].size;
		EXPECT_ERRNO(ioctl(fd, cmds[i].cmd, arg), ENOTCONN);
	}
	EXPECT_ERRNO(read(fd, &rec, sizeof(rec)), ENOTCONN);
	pfd = (struct pollfd){ .fd = fd, .events = POLLIN };
	EXPECT_EQ(poll(&pfd, 1, 0), 1);
	EXPECT_EQ(pfd.revents, POLLERR);
}

TEST(bind)
{
	struct vmb_bind bind = { .size = sizeof(bind) };
	int fd, other;

	config_partition(PARTITION);
	config_partition("u");
	fd = EXPECT_OK(vmb_open());
	other = EXPECT_OK(vmb_open());
	EXPECT_ERRNO(vmb_bind(fd, "none"), ENOENT);
	EXPECT_ERRNO(vmb_bind(fd, ""), ENOENT);
	EXPECT_ERRNO(vmb_bind(fd, "../t"), ENOENT);

	memset(bind.name, 't', sizeof(bind.name));
	EXPECT_ERRNO(ioctl(fd, VMB_BIND, &bind), EINVAL);
	memset(bind.name, 0, sizeof(bind.name));
	bind.name[0] = 't';
	bind.flags = 1;
	EXPECT_ERRNO(ioctl(fd, VMB_BIND, &bind), EINVAL);
	bind.flags = 0;
	bind.features = 1;
	EXPECT_ERRNO(ioctl(fd, VMB_BIND, &bind), EINVAL);
	bind.features = 0;
	EXPECT_OK(ioctl(fd, VMB_BIND, &bind));
	EXPECT_EQ(bind.features, 0);

	EXPECT_ERRNO(vmb_bind(fd, PARTITION), EBUSY);
	EXPECT_ERRNO(vmb_bind(fd, "u"), EBUSY);
	EXPECT_ERRNO(vmb_bind(other, PARTITION), EBUSY);
	EXPECT_OK(vmb_bind(other, "u"));
	/* it is free again with the file */
	EXPECT_OK(close(fd));
	fd = EXPECT_OK(vmb_open());
	EXPECT_OK(vmb_bind(fd, PARTITION));
}

/* one of 64 characters that ends in no zero has no partition */
TEST(longest_name)
{
	char name[VMB_NAME_MAX + 1] = "";
	int fd;

	memset(name, 'n', VMB_NAME_MAX);
	EXPECT_ERRNO(config_mkdir("%s", name), ENAMETOOLONG);
	name[VMB_NAME_MAX - 1] = 0;
	config_partition(name);
	fd = EXPECT_OK(vmb_open());
	EXPECT_OK(vmb_bind(fd, name));
}

static int use_in_child(int fd)
{
	struct vmb_record rec;
	u8 arg[128] = {};
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(cmds); i++) {
		*(u32 *)arg = cmds[i].size;
		EXPECT_ERRNO(ioctl(fd, cmds[i].cmd, arg), EPERM);
	}
	EXPECT_ERRNO(read(fd, &rec, sizeof(rec)), EPERM);
	EXPECT_ERRNO(vmb_bind(fd, PARTITION), EBUSY);
	return 0;
}

TEST(another_address_space)
{
	int fd = bound();

	EXPECT_EQ(in_child(use_in_child, fd), 0);
	EXPECT_OK(vmb_reset(fd));
}

#define OWNER	1000
#define STRANGER 1001

static void become(uid_t uid, gid_t gid, gid_t extra)
{
	EXPECT_OK(setgroups(extra ? 1 : 0, &extra));
	EXPECT_OK(setresgid(gid, gid, gid));
	EXPECT_OK(setresuid(uid, uid, uid));
}

static int bind_as_stranger(int fd)
{
	become(STRANGER, STRANGER, 0);
	EXPECT_ERRNO(vmb_bind(fd, PARTITION), EACCES);
	return 0;
}

static int bind_as_owner(int fd)
{
	become(OWNER, STRANGER, 0);
	EXPECT_OK(vmb_bind(fd, PARTITION));
	return 0;
}

static int bind_as_group(int fd)
{
	become(STRANGER, OWNER, 0);
	EXPECT_OK(vmb_bind(fd, PARTITION));
	return 0;
}

static int bind_as_member(int fd)
{
	become(STRANGER, STRANGER, OWNER);
	EXPECT_OK(vmb_bind(fd, PARTITION));
	return 0;
}

TEST(owners)
{
	static int (* const good[])(int fd) = {
		bind_as_owner, bind_as_group, bind_as_member,
	};
	int fd = EXPECT_OK(vmb_open());
	unsigned int i;

	config_partition(PARTITION);
	EXPECT_EQ(in_child(bind_as_stranger, fd), 0);
	EXPECT_OK(config_write(PARTITION "/uid", "%d", OWNER));
	EXPECT_OK(config_write(PARTITION "/gid", "%d\n", OWNER));
	EXPECT_EQ(in_child(bind_as_stranger, fd), 0);
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_OK(close(fd));
		fd = EXPECT_OK(vmb_open());
		EXPECT_EQ(in_child(good[i], fd), 0);
	}
}

TEST(device_node_is_not_for_everybody)
{
	struct stat st;

	EXPECT_OK(stat("/dev/vmb", &st));
	EXPECT(S_ISCHR(st.st_mode));
	EXPECT_EQ(st.st_mode & 0007, 0);
}

TEST(attributes)
{
	static const char * const bad_versions[] = {
		"", "5", "5.", "x", "5.3x", "5.3 4", "6.0", "-1.0", "5.100",
		"999999999999.0",
	};
	static const char * const bad_ids[] = { "", "x", "-1", "4294967295", "4294967296" };
	unsigned int i;
	char buf[64];
	int fd;

	config_partition(PARTITION);
	EXPECT(config_read(PARTITION "/max_version", buf, sizeof(buf)) > 0);
	EXPECT(!strcmp(buf, "5.3\n"));
	for (i = 0; i < ARRAY_SIZE(bad_versions); i++) {
		if (config_write(PARTITION "/max_version", "%s", bad_versions[i]) != -1 &&
		    bad_versions[i][0])
			tap_fail(__FILE__, __LINE__, "version '%s' taken", bad_versions[i]);
	}
	for (i = 0; i < ARRAY_SIZE(bad_ids); i++) {
		if (config_write(PARTITION "/uid", "%s", bad_ids[i]) != -1 && bad_ids[i][0])
			tap_fail(__FILE__, __LINE__, "uid '%s' taken", bad_ids[i]);
		if (config_write(PARTITION "/gid", "%s", bad_ids[i]) != -1 && bad_ids[i][0])
			tap_fail(__FILE__, __LINE__, "gid '%s' taken", bad_ids[i]);
	}
	EXPECT(config_read(PARTITION "/max_version", buf, sizeof(buf)) > 0);
	EXPECT(!strcmp(buf, "5.3\n"));
	EXPECT_OK(config_write(PARTITION "/max_version", "3.0\n"));
	EXPECT(config_read(PARTITION "/max_version", buf, sizeof(buf)) > 0);
	EXPECT(!strcmp(buf, "3.0\n"));

	EXPECT(config_read(PARTITION "/state", buf, sizeof(buf)) > 0);
	EXPECT(!strcmp(buf, "free\n"));
	fd = EXPECT_OK(vmb_open());
	EXPECT_OK(vmb_bind(fd, PARTITION));
	EXPECT(config_read(PARTITION "/state", buf, sizeof(buf)) > 0);
	EXPECT(!strcmp(buf, "bound\n"));
	EXPECT_ERRNO(config_write(PARTITION "/max_version", "5.0"), EBUSY);
}

TEST(device_names)
{
	config_partition(PARTITION);
	EXPECT_ERRNO(config_mkdir(PARTITION "/scsi"), EINVAL);
	EXPECT_ERRNO(config_mkdir(PARTITION "/.0"), EINVAL);
	EXPECT_ERRNO(config_mkdir(PARTITION "/scsi."), EINVAL);
	EXPECT_ERRNO(config_mkdir(PARTITION "/nothing.0"), ENODEV);
}

/* A partition that a VMM has can be removed; the VMM keeps what it has. */
TEST(partition_removed_while_bound)
{
	int fd = bound(), other;

	EXPECT_OK(config_rmdir(PARTITION));
	EXPECT_OK(vmb_reset(fd));
	EXPECT_OK(vmb_vp_add(fd, 0, event(), event()));
	other = EXPECT_OK(vmb_open());
	EXPECT_ERRNO(vmb_bind(other, PARTITION), ENOENT);
	config_partition(PARTITION);
	EXPECT_OK(vmb_bind(other, PARTITION));
}

TEST(memory_arguments)
{
	u8 *p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = bound();

	EXPECT_ERRNO(vmb_mem_add(fd, PAGE, PAGE, p, 4), EINVAL);
	EXPECT_ERRNO(vmb_mem_add(fd, PAGE, PAGE, p, VMB_MEM_READONLY | VMB_MEM_PINNED), EINVAL);
	EXPECT_ERRNO(vmb_mem_add(fd, PAGE, PAGE, p, 0x80000001), EINVAL);
	EXPECT_ERRNO(vmb_mem_add(fd, PAGE, 0, p, 0), EINVAL);
	EXPECT_ERRNO(vmb_mem_add(fd, PAGE + 1, PAGE, p, 0), EINVAL);
	EXPECT_ERRNO(vmb_mem_add(fd, PAGE, PAGE - 1, p, 0), EINVAL);
	EXPECT_ERRNO(vmb_mem_add(fd, PAGE, PAGE, p + 8, 0), EINVAL);
	/* wraps, in guest memory and in ours */
	EXPECT_ERRNO(vmb_mem_add(fd, -PAGE, 2 * PAGE, p, 0), EINVAL);
	EXPECT_ERRNO(vmb_mem_add(fd, PAGE, -PAGE, p, 0), EINVAL);
	EXPECT_ERRNO(vmb_mem_add(fd, PAGE, 2 * PAGE, (void *)-PAGE, 0), EFAULT);
	/* the kernel's */
	EXPECT_ERRNO(vmb_mem_add(fd, PAGE, PAGE, (void *)0xffff888000000000, 0), EFAULT);
	EXPECT_ERRNO(vmb_mem_add(fd, PAGE, 1ULL << 47, p, 0), EFAULT);

	EXPECT_ERRNO(vmb_mem_remove(fd, PAGE, PAGE), ENOENT);
	EXPECT_ERRNO(vmb_mem_remove(fd, PAGE, 0), EINVAL);
	EXPECT_ERRNO(vmb_mem_remove(fd, PAGE + 1, PAGE), EINVAL);
	EXPECT_OK(vmb_mem_add(fd, PAGE, PAGE, p, VMB_MEM_READONLY));
	EXPECT_OK(vmb_mem_remove(fd, PAGE, PAGE));
	EXPECT_ERRNO(vmb_mem_remove(fd, PAGE, PAGE), ENOENT);
}

TEST(memory_overlaps)
{
	u8 *p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = bound();

	EXPECT_OK(vmb_mem_add(fd, 16 * PAGE, 8 * PAGE, p, 0));
	EXPECT_ERRNO(vmb_mem_add(fd, 16 * PAGE, 8 * PAGE, p, 0), EEXIST);
	EXPECT_ERRNO(vmb_mem_add(fd, 15 * PAGE, 2 * PAGE, p, 0), EEXIST);
	EXPECT_ERRNO(vmb_mem_add(fd, 23 * PAGE, PAGE, p, 0), EEXIST);
	EXPECT_ERRNO(vmb_mem_add(fd, 18 * PAGE, PAGE, p, 0), EEXIST);
	EXPECT_ERRNO(vmb_mem_add(fd, PAGE, 64 * PAGE, p, 0), EEXIST);
	/* the same of our memory, twice, is two memories of the guest */
	EXPECT_OK(vmb_mem_add(fd, 24 * PAGE, 8 * PAGE, p, 0));
	EXPECT_OK(vmb_mem_add(fd, 8 * PAGE, 8 * PAGE, p, 0));
	/* no part, and no union */
	EXPECT_ERRNO(vmb_mem_remove(fd, 16 * PAGE, 4 * PAGE), ENOENT);
	EXPECT_ERRNO(vmb_mem_remove(fd, 16 * PAGE, 16 * PAGE), ENOENT);
	EXPECT_ERRNO(vmb_mem_remove(fd, 17 * PAGE, 8 * PAGE), ENOENT);
	EXPECT_OK(vmb_mem_remove(fd, 16 * PAGE, 8 * PAGE));
	EXPECT_OK(vmb_mem_add(fd, 16 * PAGE, 4 * PAGE, p, 0));
	EXPECT_OK(vmb_mem_add(fd, 20 * PAGE, 4 * PAGE, p, 0));
}

TEST_LIMIT(memory_ranges_are_limited, 180)
{
	u8 *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd;
	u64 n;

	fd = bound();
	for (n = 0; n < 4096; n++)
		EXPECT_OK(vmb_mem_add(fd, (2 * (n * 17 % 4096) + 1) * PAGE, PAGE, p, 0));
	EXPECT_ERRNO(vmb_mem_add(fd, 2 * PAGE, PAGE, p, 0), ENOSPC);
	EXPECT_OK(vmb_mem_remove(fd, 4095 * PAGE, PAGE));
	EXPECT_OK(vmb_mem_add(fd, 2 * PAGE, PAGE, p, 0));
}

TEST(vp_arguments)
{
	int fd = bound(), not_event = EXPECT_OK(open("/dev/null", O_RDWR));

	EXPECT_ERRNO(vmb_vp_add(fd, 0, -1, event()), EBADF);
	EXPECT_ERRNO(vmb_vp_add(fd, 0, event(), -1), EBADF);
	EXPECT_ERRNO(vmb_vp_add(fd, 0, 1000, event()), EBADF);
	EXPECT_ERRNO(vmb_vp_add(fd, 0, not_event, event()), EINVAL);
	EXPECT_ERRNO(vmb_vp_add(fd, 0, event(), not_event), EINVAL);
	EXPECT_ERRNO(vmb_vp_add(fd, 0, fd, event()), EINVAL);
	EXPECT_ERRNO(vmb_vp_add(fd, 1024, event(), event()), ENOSPC);
	EXPECT_ERRNO(vmb_vp_add(fd, ~0U, event(), event()), ENOSPC);
	/* a refused one leaves no trace */
	EXPECT_ERRNO(vmb_synic(fd, 0, 0, 0, 0), ENOENT);
	EXPECT_OK(vmb_vp_add(fd, 0, event(), event()));
	EXPECT_ERRNO(vmb_vp_add(fd, 0, event(), event()), EEXIST);
	EXPECT_OK(vmb_vp_add(fd, 1023, event(), event()));
}

TEST(vp_same_eventfd_for_all)
{
	int fd = bound(), e = event();
	u64 one = 1;

	EXPECT_OK(vmb_vp_add(fd, 0, e, e));
	EXPECT_OK(vmb_vp_add(fd, 1, e, e));
	EXPECT_OK(write(e, &one, sizeof(one)));
	EXPECT_OK(vmb_reset(fd));
}

static void *synic_of_0(void *arg)
{
	EXPECT_ERRNO(vmb_synic(*(int *)arg, 0, 1, 0, 0), EPERM);
	return NULL;
}

TEST(synic_arguments)
{
	u8 *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	u8 *ro = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = bound();
	pthread_t thread;

	EXPECT_ERRNO(vmb_synic(fd, 0, 1, 0, 0), ENOENT);
	EXPECT_ERRNO(vmb_synic(fd, ~0U, 1, 0, 0), ENOENT);
	EXPECT_OK(vmb_vp_add(fd, 0, event(), event()));
	EXPECT(!pthread_create(&thread, NULL, synic_of_0, &fd));
	pthread_join(thread, NULL);

	/* the event flags page is pinned at once, so it has to be there */
	EXPECT_ERRNO(vmb_synic(fd, 0, 1, 0, PAGE | 1), EFAULT);
	EXPECT_ERRNO(vmb_synic(fd, 0, 1, 0, -PAGE | 1), EFAULT);
	EXPECT_OK(vmb_synic(fd, 0, 1, 0, PAGE));
	EXPECT_OK(vmb_mem_add(fd, PAGE, PAGE, p, VMB_MEM_READONLY));
	EXPECT_ERRNO(vmb_synic(fd, 0, 1, 0, PAGE | 1), EFAULT);
	EXPECT_OK(vmb_mem_add(fd, 2 * PAGE, PAGE, ro, 0));
	EXPECT_ERRNO(vmb_synic(fd, 0, 1, 0, 2 * PAGE | 1), EFAULT);
	EXPECT_OK(vmb_mem_add(fd, 3 * PAGE, PAGE, p, 0));
	EXPECT_OK(vmb_synic(fd, 0, 1, 0, 3 * PAGE | 1));
	/* the memory goes, the pinned page stays until it is disabled */
	EXPECT_OK(vmb_mem_remove(fd, 3 * PAGE, PAGE));
	EXPECT_OK(vmb_synic(fd, 0, 1, 0, 0));
	EXPECT_ERRNO(vmb_synic(fd, 0, 1, 0, 3 * PAGE | 1), EFAULT);
}

TEST(hcall_arguments)
{
	u8 *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vmb_hv_post_message *in;
	int fd = bound();
	u64 result;

	EXPECT_ERRNO(vmb_hcall(fd, 0, VMB_HCALL_POST_MESSAGE, PAGE, &result), ENOENT);
	EXPECT_OK(vmb_vp_add(fd, 0, event(), event()));
	EXPECT_ERRNO(vmb_hcall(fd, 1, VMB_HCALL_POST_MESSAGE, PAGE, &result), ENOENT);
	EXPECT_ERRNO(vmb_hcall(fd, 0, 0, PAGE, &result), EOPNOTSUPP);
	EXPECT_ERRNO(vmb_hcall(fd, 0, 0x5e, PAGE, &result), EOPNOTSUPP);
	EXPECT_ERRNO(vmb_hcall(fd, 0, 0xffff, PAGE, &result), EOPNOTSUPP);

	/* the guest's own mistakes are for the guest to hear of */
	EXPECT_OK(vmb_hcall(fd, 0, VMB_HCALL_POST_MESSAGE, PAGE, &result));
	EXPECT_EQ(result, VMB_HV_INVALID_PARAMETER);
	EXPECT_OK(vmb_mem_add(fd, PAGE, 2 * PAGE, p, 0));
	EXPECT_OK(vmb_hcall(fd, 0, VMB_HCALL_POST_MESSAGE | VMB_HCALL_FAST, PAGE, &result));
	EXPECT_EQ(result, VMB_HV_INVALID_HYPERCALL_INPUT);
	EXPECT_OK(vmb_hcall(fd, 0, VMB_HCALL_POST_MESSAGE, PAGE + 4, &result));
	EXPECT_EQ(result, VMB_HV_INVALID_ALIGNMENT);
	EXPECT_OK(vmb_hcall(fd, 0, VMB_HCALL_POST_MESSAGE, 2 * PAGE - 8, &result));
	EXPECT_EQ(result, VMB_HV_INVALID_ALIGNMENT);
	EXPECT_OK(vmb_hcall(fd, 0, VMB_HCALL_POST_MESSAGE, -8ULL, &result));
	EXPECT(result != VMB_HV_SUCCESS);
	EXPECT_OK(vmb_hcall(fd, 0, VMB_HCALL_POST_MESSAGE, 3 * PAGE, &result));
	EXPECT_EQ(result, VMB_HV_INVALID_PARAMETER);

	in = (void *)p;
	in->connection_id = cpu_to_le32(VMB_CONN_MESSAGE);
	in->message_type = cpu_to_le32(VMB_MSG_TYPE_CHANNEL);
	in->payload_size = cpu_to_le32(241);
	EXPECT_OK(vmb_hcall(fd, 0, VMB_HCALL_POST_MESSAGE, PAGE, &result));
	EXPECT_EQ(result, VMB_HV_INVALID_PARAMETER);
	in->payload_size = cpu_to_le32(~0U);
	EXPECT_OK(vmb_hcall(fd, 0, VMB_HCALL_POST_MESSAGE, PAGE, &result));
	EXPECT_EQ(result, VMB_HV_INVALID_PARAMETER);
	in->payload_size = cpu_to_le32(16);
	in->reserved = cpu_to_le32(1);
	EXPECT_OK(vmb_hcall(fd, 0, VMB_HCALL_POST_MESSAGE, PAGE, &result));
	EXPECT_EQ(result, VMB_HV_INVALID_PARAMETER);
	/* the payload would lie on the next page */
	memset(p, 0, 2 * PAGE);
	in = (void *)p + PAGE - 24;
	in->connection_id = cpu_to_le32(VMB_CONN_MESSAGE);
	in->message_type = cpu_to_le32(VMB_MSG_TYPE_CHANNEL);
	in->payload_size = cpu_to_le32(9);
	EXPECT_OK(vmb_hcall(fd, 0, VMB_HCALL_POST_MESSAGE, 2 * PAGE - 24, &result));
	EXPECT_EQ(result, VMB_HV_INVALID_PARAMETER);
	in->payload_size = cpu_to_le32(8);
	EXPECT_OK(vmb_hcall(fd, 0, VMB_HCALL_POST_MESSAGE, 2 * PAGE - 24, &result));
	EXPECT_EQ(result, VMB_HV_SUCCESS);
	/* memory the VMM has taken away from itself */
	EXPECT_OK(munmap(p, PAGE));
	EXPECT_OK(vmb_hcall(fd, 0, VMB_HCALL_POST_MESSAGE, PAGE, &result));
	EXPECT_EQ(result, VMB_HV_INVALID_PARAMETER);
}

TEST(signal_event_arguments)
{
	u8 *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = bound();
	u64 result;

	EXPECT_OK(vmb_vp_add(fd, 0, event(), event()));
	EXPECT_OK(vmb_mem_add(fd, PAGE, PAGE, p, 0));
	EXPECT_OK(vmb_hcall(fd, 0, VMB_HCALL_SIGNAL_EVENT, PAGE + 4, &result));
	EXPECT_EQ(result, VMB_HV_INVALID_ALIGNMENT);
	EXPECT_OK(vmb_hcall(fd, 0, VMB_HCALL_SIGNAL_EVENT, 2 * PAGE, &result));
	EXPECT_EQ(result, VMB_HV_INVALID_PARAMETER);
	EXPECT_OK(vmb_hcall(fd, 0, VMB_HCALL_SIGNAL_EVENT, PAGE, &result));
	EXPECT_EQ(result, VMB_HV_INVALID_CONNECTION_ID);
	EXPECT_OK(vmb_hcall(fd, 0, VMB_HCALL_SIGNAL_EVENT | VMB_HCALL_FAST,
			    1ULL << 32 | VMB_CONN_EVENT, &result));
	EXPECT_EQ(result, VMB_HV_INVALID_CONNECTION_ID);
	EXPECT_OK(vmb_hcall(fd, 0, VMB_HCALL_SIGNAL_EVENT | VMB_HCALL_FAST, ~0ULL, &result));
	EXPECT_EQ(result, VMB_HV_INVALID_CONNECTION_ID);
}

TEST(signal_fd_arguments)
{
	static const u32 ids[] = { 0, 1, 2, 3, 4, 0xffff, 0x10000, 0x10001, 0x107ff,
				   0x10800, 0xffffff, ~0U };
	struct vmb_signal_fd sig = { .size = sizeof(sig), .connection_id = 2, .fd = -1 };
	int fd = bound();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		EXPECT_ERRNO(vmb_signal_fd(fd, ids[i], event()), ENOENT);
		EXPECT_ERRNO(vmb_signal_fd(fd, ids[i], -1), ENOENT);
		EXPECT_ERRNO(vmb_signal_fd(fd, ids[i], -2), EBADF);
	}
	sig.reserved = 1;
	EXPECT_ERRNO(ioctl(fd, VMB_SIGNAL_FD, &sig), EINVAL);
}

TEST(reset_arguments)
{
	struct vmb_reset reset = { .size = sizeof(reset), .flags = 1 };
	int fd = bound();

	EXPECT_ERRNO(ioctl(fd, VMB_RESET, &reset), EINVAL);
}

TEST(read_and_poll)
{
	struct vmb_record rec;
	struct pollfd pfd;
	int fd = bound();

	EXPECT_ERRNO(read(fd, &rec, 0), EINVAL);
	EXPECT_ERRNO(read(fd, &rec, sizeof(rec) - 1), EINVAL);
	EXPECT_ERRNO(read(fd, &rec, sizeof(rec)), EAGAIN);
	EXPECT_ERRNO(write(fd, &rec, sizeof(rec)), EINVAL);
	EXPECT_ERRNO(pread(fd, &rec, sizeof(rec), 0), ESPIPE);
	pfd = (struct pollfd){ .fd = fd, .events = POLLIN };
	EXPECT_EQ(poll(&pfd, 1, 0), 0);
}

/* The result is written where it was read from; if that has gone, so be it. */
TEST(read_only_argument)
{
	struct vmb_hcall *hcall = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = bound();

	EXPECT_OK(vmb_vp_add(fd, 0, event(), event()));
	hcall->size = sizeof(*hcall);
	hcall->input = VMB_HCALL_SIGNAL_EVENT | VMB_HCALL_FAST;
	EXPECT_OK(mprotect(hcall, PAGE, PROT_READ));
	EXPECT_ERRNO(ioctl(fd, VMB_HCALL, hcall), EFAULT);
}
