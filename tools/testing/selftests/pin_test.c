// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory that stays pinned: VMB_MEM_PINNED. That all of it is unpinned in
 * the end is looked for after each test, as always.
 */
#include <grp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "stor.h"
#include "tap.h"

#define DISK	"vmbt0"
#define FAST	"memory_backed=1 size=16"
/* commands take half a second each, side by side */
#define SLOW	FAST " irqmode=2 completion_nsec=500000000 hw_queue_depth=256"
#define DEPTH	32
#define PAGE	VMB_PAGE_SIZE
#define HUGE	(2UL << 20)
/* behind the guest's other memory */
#define GPA	(GUEST_RAM + GUEST_RAM_SIZE)
/* nothing is there, and below the end of what could be much */
#define LOW	((void *)0x10000)

static struct stor_cmd cmd[DEPTH];

static long long acquired(void)
{
	config_write("/proc/sys/vm/stat_refresh", "1");
	return config_number("/proc/vmstat", "nr_foll_pin_acquired ");
}

static long long pins(void)
{
	long long n = acquired();

	return n - config_number("/proc/vmstat", "nr_foll_pin_released ");
}

static long long locked_pages(void)
{
	return config_number("/proc/self/status", "VmLck:") * 1024 / PAGE;
}

static u8 *map(u64 len)
{
	u8 *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT(p != MAP_FAILED);
	return p;
}

/* A kernel without huge pages says EINVAL: small ones have to do there. */
static void advise(u8 *p, u64 len, int advice)
{
	if (!madvise(p, len, advice))
		return;
	EXPECT_EQ(errno, EINVAL);
	printf("# this kernel has no huge pages\n");
}

static struct stor *start(const char *disk)
{
	struct stor *s;

	disk_create(DISK, disk);
	s = stor_start(stor_guest(DISK));
	stor_clear_ua(s, 0);
	return s;
}

static void submit_all(struct stor *s, u64 gpa)
{
	int i;

	for (i = 0; i < DEPTH; i++) {
		cmd_rw(&cmd[i], i % 2, i * 64, 8, gpa + i * PAGE, 512);
		EXPECT_EQ(stor_submit(s, &cmd[i], false), 0);
	}
}

static void expect_all_good(struct stor *s)
{
	int i;

	stor_wait_all(s);
	for (i = 0; i < DEPTH; i++)
		EXPECT_GOOD(&cmd[i]);
}

/* What is written from @gpa and read back to it is what the VMM has at @p. */
static void check_data(struct stor *s, u64 gpa, u8 *p, u32 blocks, u32 tag)
{
	u32 len = blocks * 512;
	u8 *want = malloc(len), *disk = malloc(len);
	struct stor_cmd c;

	fill(want, len, tag);
	memcpy(p, want, len);
	cmd_rw(&c, true, 128, blocks, gpa, 512);
	stor_exec(s, &c);
	EXPECT_GOOD(&c);
	disk_read(DISK, 128 * 512, disk, len);
	EXPECT(!memcmp(disk, want, len));

	fill(want, len, tag + 1);
	disk_write(DISK, 128 * 512, want, len);
	cmd_rw(&c, false, 128, blocks, gpa, 512);
	stor_exec(s, &c);
	EXPECT_GOOD(&c);
	EXPECT(!memcmp(p, want, len));
	free(disk);
	free(want);
}

/* From when it is added to when it is removed, and no other page. */
TEST(pinned_and_charged_once)
{
	u8 *p = map(64 * PAGE);
	struct guest *g = stor_guest(NULL);
	long long before = pins(), locked = locked_pages();

	EXPECT_OK(vmb_mem_add(g->fd, GPA, 64 * PAGE, p, VMB_MEM_PINNED));
	EXPECT_EQ(pins(), before + 64);
	EXPECT_EQ(locked_pages(), locked + 64);
	EXPECT_OK(vmb_mem_add(g->fd, GPA + 64 * PAGE, PAGE, p, 0));
	EXPECT_EQ(pins(), before + 64);
	EXPECT_OK(vmb_mem_remove(g->fd, GPA, 64 * PAGE));
	EXPECT_EQ(pins(), before);
	EXPECT_EQ(locked_pages(), locked);
	/* and with the file */
	EXPECT_OK(vmb_mem_add(g->fd, GPA, 64 * PAGE, p, VMB_MEM_PINNED));
	EXPECT_OK(close(g->fd));
	EXPECT_EQ(locked_pages(), 0);
	EXPECT_EQ(pins(), 0);
}

TEST(no_pin_for_an_io)
{
	struct stor *s = start(FAST);
	u8 *p = map(DEPTH * PAGE), *other = map(DEPTH * PAGE);
	long long before;

	EXPECT_OK(vmb_mem_add(s->ch.g->fd, GPA, DEPTH * PAGE, p, VMB_MEM_PINNED));
	EXPECT_OK(vmb_mem_add(s->ch.g->fd, GPA + HUGE, DEPTH * PAGE, other, 0));
	/* pins of the page of zeroes are not counted */
	memset(other, 1, DEPTH * PAGE);
	before = acquired();
	submit_all(s, GPA);
	expect_all_good(s);
	EXPECT_EQ(acquired(), before);
	/* what the test counts is what is pinned otherwise */
	submit_all(s, GPA + HUGE);
	expect_all_good(s);
	EXPECT(acquired() >= before + DEPTH);
}

/* Small pages, one or many, aligned or not, and more than the command moves. */
TEST(data_in_small_pages)
{
	struct stor *s = start(FAST);
	u8 *p = map(300 * PAGE);
	struct stor_cmd c;

	advise(p, 300 * PAGE, MADV_NOHUGEPAGE);
	EXPECT_OK(vmb_mem_add(s->ch.g->fd, GPA, 300 * PAGE, p, VMB_MEM_PINNED));
	check_data(s, GPA, p, 8, 1);
	check_data(s, GPA + 7 * PAGE, p + 7 * PAGE, 128, 3);
	check_data(s, GPA + 3 * PAGE + 512, p + 3 * PAGE + 512, 64, 5);
	check_data(s, GPA + 5 * PAGE - 512, p + 5 * PAGE - 512, 2, 7);
	check_data(s, GPA, p, 2048, 9);
	check_data(s, GPA + 512, p + 512, 2048, 11);
	/* copied: no device takes it like that */
	check_data(s, GPA + 4, p + 4, 24, 13);
	memset(p, 0xee, 4 * PAGE);
	cmd_rw(&c, false, 128, 8, GPA, 512);
	c.len = 2 * PAGE;
	stor_exec(s, &c);
	EXPECT_GOOD(&c);
	EXPECT_EQ(p[PAGE], 0xee);
}

/* Huge pages, of which the range has only parts at both ends. */
TEST(data_in_huge_pages)
{
	struct stor *s = start(FAST);
	u8 *p = map(4 * HUGE);
	u64 len = 2 * HUGE;

	p = (u8 *)(((unsigned long)p + HUGE - 1) & ~(HUGE - 1));
	advise(p, 3 * HUGE, MADV_HUGEPAGE);
	memset(p, 1, 3 * HUGE);
	p += 5 * PAGE;
	EXPECT_OK(vmb_mem_add(s->ch.g->fd, GPA, len, p, VMB_MEM_PINNED));
	EXPECT(pins() >= (long long)(len / PAGE));
	check_data(s, GPA, p, 8, 1);
	check_data(s, GPA + len - PAGE, p + len - PAGE, 8, 3);
	/* from one into the next */
	check_data(s, GPA + HUGE - 6 * PAGE, p + HUGE - 6 * PAGE, 128, 5);
	check_data(s, GPA + HUGE - 5 * PAGE, p + HUGE - 5 * PAGE, 8, 7);
	check_data(s, GPA + HUGE + 512, p + HUGE + 512, 2048, 9);
	EXPECT_OK(vmb_mem_remove(s->ch.g->fd, GPA, len));
	EXPECT(pins() < (long long)(len / PAGE));
}

/* Memory of two ranges, one of which or none is pinned for good. */
TEST(data_across_ranges)
{
	struct stor *s = start(FAST);
	u8 *p = map(64 * PAGE);
	int fd = s->ch.g->fd;

	EXPECT_OK(vmb_mem_add(fd, GPA, 16 * PAGE, p, VMB_MEM_PINNED));
	EXPECT_OK(vmb_mem_add(fd, GPA + 16 * PAGE, 16 * PAGE, p + 16 * PAGE, 0));
	EXPECT_OK(vmb_mem_add(fd, GPA + 32 * PAGE, 16 * PAGE, p + 32 * PAGE, VMB_MEM_PINNED));
	EXPECT_OK(vmb_mem_add(fd, GPA + 48 * PAGE, 16 * PAGE, p + 48 * PAGE, VMB_MEM_PINNED));
	check_data(s, GPA + 12 * PAGE, p + 12 * PAGE, 64, 1);
	check_data(s, GPA + 28 * PAGE, p + 28 * PAGE, 64, 3);
	check_data(s, GPA + 44 * PAGE, p + 44 * PAGE, 64, 5);
	check_data(s, GPA, p, 512, 7);
}

/* What is not in the table cannot be named by way of what is. */
TEST(pinned_range_ends)
{
	struct stor *s = start(FAST);
	u8 *p = map(4 * PAGE);
	struct stor_cmd c;
	__le64 pfns[2];

	memset(p, 0xee, 4 * PAGE);
	EXPECT_OK(vmb_mem_add(s->ch.g->fd, GPA, 2 * PAGE, p, VMB_MEM_PINNED));
	pfns[0] = cpu_to_le64(GPA / PAGE);
	pfns[1] = cpu_to_le64(GPA / PAGE + 2);
	cmd_rw(&c, false, 0, 16, 0, 512);
	c.pfns = pfns;
	stor_exec(s, &c);
	EXPECT(!cmd_ok(&c));
	pfns[1] = cpu_to_le64(GPA / PAGE - 1 + (1ULL << 52));
	stor_exec(s, &c);
	EXPECT(!cmd_ok(&c));
	EXPECT_EQ(p[0], 0xee);
	EXPECT_EQ(p[2 * PAGE], 0xee);
	stor_clear_ua(s, 0);
}

/* Removal does not wait for I/O; the pages stay until it has ended. */
TEST(pinned_memory_removed_with_io)
{
	struct stor *s = start(SLOW);
	u8 *p = map(DEPTH * PAGE);
	int fd = s->ch.g->fd, round;
	long long before = pins(), locked = locked_pages();
	struct stor_cmd c;
	u64 end;

	for (round = 0; round < 3; round++) {
		EXPECT_OK(vmb_mem_add(fd, GPA, DEPTH * PAGE, p, VMB_MEM_PINNED));
		submit_all(s, GPA);
		EXPECT_OK(vmb_mem_remove(fd, GPA, DEPTH * PAGE));
		EXPECT(!cmd[DEPTH - 1].done);
		EXPECT_EQ(pins(), before + DEPTH);
		EXPECT_EQ(locked_pages(), locked + DEPTH);
		/* the guest cannot name it any more, the VMM can add it anew */
		cmd_rw(&c, false, 0, 8, GPA, 512);
		EXPECT_EQ(stor_submit(s, &c, false), 0);
		EXPECT_OK(vmb_mem_add(fd, GPA, DEPTH * PAGE, p, VMB_MEM_PINNED));
		expect_all_good(s);
		EXPECT(c.done && !cmd_ok(&c));
		EXPECT_OK(vmb_mem_remove(fd, GPA, DEPTH * PAGE));
		for (end = guest_now_ms() + GUEST_PATIENCE;
		     pins() != before && guest_now_ms() < end;)
			usleep(10000);
		EXPECT_EQ(pins(), before);
		EXPECT_EQ(locked_pages(), locked);
	}
}

/* The VMM's mapping goes with I/O in flight. */
TEST(pinned_memory_unmapped_with_io)
{
	struct stor *s = start(SLOW);
	u8 *p = map(DEPTH * PAGE);

	EXPECT_OK(vmb_mem_add(s->ch.g->fd, GPA, DEPTH * PAGE, p, VMB_MEM_PINNED));
	submit_all(s, GPA);
	EXPECT_OK(munmap(p, DEPTH * PAGE));
	expect_all_good(s);
	/* the old pages are the VMM's until it removes the range */
	submit_all(s, GPA);
	expect_all_good(s);
}

TEST(file_closed_with_io)
{
	struct stor *s = start(SLOW);
	u8 *p = map(DEPTH * PAGE);

	EXPECT_OK(vmb_mem_add(s->ch.g->fd, GPA, DEPTH * PAGE, p, VMB_MEM_PINNED));
	submit_all(s, GPA);
	EXPECT_OK(close(s->ch.g->fd));
	EXPECT_EQ(pins(), 0);
	EXPECT_EQ(locked_pages(), 0);
}

/* The process just ends; who looks for pins afterwards finds none. */
TEST(killed_with_io)
{
	struct stor *s = start(SLOW);
	u8 *p = map(DEPTH * PAGE);

	EXPECT_OK(vmb_mem_add(s->ch.g->fd, GPA, DEPTH * PAGE, p, VMB_MEM_PINNED));
	EXPECT_OK(vmb_mem_add(s->ch.g->fd, GPA + HUGE, DEPTH * PAGE, p, VMB_MEM_PINNED));
	submit_all(s, GPA);
	EXPECT_OK(vmb_mem_remove(s->ch.g->fd, GPA, DEPTH * PAGE));
}

/* All or nothing, and the reason. */
TEST(what_cannot_be_pinned)
{
	u8 *p = map(8 * PAGE);
	struct guest *g = stor_guest(NULL);
	long long before = pins(), locked = locked_pages();
	int fd = g->fd;

	EXPECT_ERRNO(vmb_mem_add(fd, GPA, PAGE, p, VMB_MEM_PINNED | VMB_MEM_READONLY), EINVAL);
	EXPECT_OK(mprotect(p + 4 * PAGE, PAGE, PROT_READ));
	EXPECT_ERRNO(vmb_mem_add(fd, GPA, 8 * PAGE, p, VMB_MEM_PINNED), EFAULT);
	EXPECT_OK(munmap(p + 4 * PAGE, PAGE));
	EXPECT_ERRNO(vmb_mem_add(fd, GPA, 8 * PAGE, p, VMB_MEM_PINNED), EFAULT);
	/* what is pinned already when it turns out that there is other memory */
	EXPECT_OK(vmb_mem_add(fd, GPA + PAGE, PAGE, p, 0));
	EXPECT_ERRNO(vmb_mem_add(fd, GPA, 4 * PAGE, p, VMB_MEM_PINNED), EEXIST);
	EXPECT_EQ(pins(), before);
	EXPECT_EQ(locked_pages(), locked);
	EXPECT_OK(vmb_mem_add(fd, GPA + 2 * PAGE, 2 * PAGE, p, VMB_MEM_PINNED));
	EXPECT_EQ(pins(), before + 2);
}

/* Bytes. An address space may have room for little more, as in User Mode Linux. */
static u64 more_than_memory(void)
{
	return 2ULL * sysconf(_SC_PHYS_PAGES) * PAGE;
}

/* A VMM that may not lock so much is told so, and may use it without. */
TEST(pinned_memory_limit)
{
	struct rlimit limit = { 64 << 10, 64 << 10 };
	struct guest *g;
	int status;
	pid_t pid;
	u8 *p;

	config_partition(PARTITION);
	EXPECT_OK(config_write(PARTITION "/uid", "1000"));
	EXPECT_OK(chmod("/dev/vmb", 0666));
	pid = EXPECT_OK(fork());
	if (!pid) {
		EXPECT_OK(setrlimit(RLIMIT_MEMLOCK, &limit));
		EXPECT_OK(setgroups(0, NULL));
		EXPECT_OK(setresgid(1000, 1000, 1000));
		EXPECT_OK(setresuid(1000, 1000, 1000));
		g = guest_create(PARTITION);
		p = map(32 * PAGE);
		/* with the page of event flags this is one too many */
		EXPECT_ERRNO(vmb_mem_add(g->fd, GPA, 16 * PAGE, p, VMB_MEM_PINNED), ENOMEM);
		/* no memory for what will be refused */
		EXPECT_ERRNO(vmb_mem_add(g->fd, GPA, more_than_memory(), LOW, VMB_MEM_PINNED),
			     ENOMEM);
		EXPECT_EQ(locked_pages(), 1);
		EXPECT_OK(vmb_mem_add(g->fd, GPA, 15 * PAGE, p, VMB_MEM_PINNED));
		EXPECT_EQ(locked_pages(), 16);
		EXPECT_ERRNO(vmb_mem_add(g->fd, GPA + HUGE, PAGE, p, VMB_MEM_PINNED), ENOMEM);
		EXPECT_OK(vmb_mem_add(g->fd, GPA + HUGE, 16 * PAGE, p, 0));
		/* what was given back can be used again at once */
		EXPECT_OK(vmb_mem_remove(g->fd, GPA, 15 * PAGE));
		EXPECT_OK(vmb_mem_add(g->fd, GPA, 15 * PAGE, p, VMB_MEM_PINNED));
		_exit(0);
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_OK(chmod("/dev/vmb", 0660));
	EXPECT_EQ(status, 0);
}

/* A privileged one is bounded by what there is. */
TEST(more_than_there_is)
{
	struct guest *g = stor_guest(NULL);
	long long before = pins(), locked = locked_pages();

	EXPECT_ERRNO(vmb_mem_add(g->fd, GPA, more_than_memory(), LOW, VMB_MEM_PINNED), ENOMEM);
	EXPECT_EQ(pins(), before);
	EXPECT_EQ(locked_pages(), locked);
}
