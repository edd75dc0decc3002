// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of things while they are in use: of the process, of its file, of its
 * memory, of the disk. What must not be left behind is looked for after each.
 */
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
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
/* commands take half a second each, side by side */
#define SLOW	"memory_backed=1 size=16 irqmode=2 completion_nsec=500000000 hw_queue_depth=256"
#define SLOW_MS	500
#define DEPTH	32

static struct stor_cmd cmd[DEPTH];

static long long pins(void)
{
	config_write("/proc/sys/vm/stat_refresh", "1");
	return config_number("/proc/vmstat", "nr_foll_pin_acquired ") -
	       config_number("/proc/vmstat", "nr_foll_pin_released ");
}

static long long locked_kb(void)
{
	return config_number("/proc/self/status", "VmLck:");
}

static void expect_state(const char *want)
{
	char state[64];

	EXPECT(config_read(PARTITION "/state", state, sizeof(state)) > 0);
	EXPECT(!strcmp(state, want));
}

static struct stor *started(void)
{
	struct stor *s;

	s = stor_start(stor_guest(DISK));
	stor_clear_ua(s, 0);
	return s;
}

static void submit_all(struct stor *s, u64 gpa)
{
	int i;

	for (i = 0; i < DEPTH; i++) {
		cmd_rw(&cmd[i], i % 2, i * 64, 8, gpa + i * VMB_PAGE_SIZE, 512);
		EXPECT_EQ(stor_submit(s, &cmd[i], false), 0);
	}
}

/* A child with I/O in flight, known to be so. */
static pid_t child_with_io(void (*then)(struct stor *s))
{
	int pipes[2];
	struct stor *s;
	char c;
	pid_t pid;

	EXPECT_OK(pipe2(pipes, O_CLOEXEC));
	pid = EXPECT_OK(fork());
	if (!pid) {
		s = started();
		guest_add_vp(s->ch.g);
		submit_all(s, guest_alloc(s->ch.g, DEPTH));
		EXPECT(!cmd[DEPTH - 1].done);
		EXPECT_EQ(write(pipes[1], "x", 1), 1);
		then(s);
		_exit(0);
	}
	close(pipes[1]);
	EXPECT_EQ(read(pipes[0], &c, 1), 1);
	close(pipes[0]);
	return pid;
}

static void wait_for_end(struct stor *s)
{
	for (;;)
		pause();
}

TEST(killed_with_io)
{
	int i, status;
	pid_t pid;

	disk_create(DISK, SLOW);
	for (i = 0; i < 5; i++) {
		pid = child_with_io(wait_for_end);
		EXPECT(pins() >= DEPTH);
		EXPECT_OK(kill(pid, SIGKILL));
		EXPECT_EQ(waitpid(pid, &status, 0), pid);
		EXPECT(WIFSIGNALED(status));
		expect_state("free\n");
		EXPECT_EQ(pins(), 0);
		EXPECT_OK(config_rmdir(PARTITION "/scsi.0/lun.0"));
		EXPECT_OK(config_rmdir(PARTITION "/scsi.0"));
		EXPECT_OK(config_rmdir(PARTITION));
	}
}

static void return_at_once(struct stor *s)
{
}

TEST(exits_with_io)
{
	int status;
	pid_t pid;

	disk_create(DISK, SLOW);
	pid = child_with_io(return_at_once);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
	expect_state("free\n");
	EXPECT_EQ(pins(), 0);
}

static void exec_something(struct stor *s)
{
	close(1);
	EXPECT_OK(open("/dev/null", O_WRONLY));
	/* the file lives on in a process that has nothing to do with it */
	EXPECT_OK(fcntl(s->ch.g->fd, F_SETFD, 0));
	EXPECT_OK(execl("/proc/self/exe", "life", "-l", NULL));
}

TEST(execs_with_io)
{
	int status;
	pid_t pid;

	disk_create(DISK, SLOW);
	pid = child_with_io(exec_something);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
	expect_state("free\n");
	EXPECT_EQ(pins(), 0);
}

/* a child's child says that it is there, and waits to be told to end */
static int is_there[2], may_end[2];

static void leave_file_to_another(struct stor *s)
{
	char c;

	if (fork())
		wait_for_end(s);
	EXPECT_EQ(write(is_there[1], "x", 1), 1);
	EXPECT_EQ(read(may_end[0], &c, 1), 1);
	_exit(0);
}

/* The address space goes, the file stays, for a while. */
TEST(killed_while_another_has_the_file)
{
	int status;
	u64 end;
	pid_t pid;
	char c;

	disk_create(DISK, SLOW);
	EXPECT_OK(pipe2(is_there, O_CLOEXEC));
	EXPECT_OK(pipe2(may_end, O_CLOEXEC));
	pid = child_with_io(leave_file_to_another);
	EXPECT_EQ(read(is_there[0], &c, 1), 1);
	EXPECT_OK(kill(pid, SIGKILL));
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFSIGNALED(status));
	expect_state("connected 5.3\n");
	EXPECT_EQ(write(may_end[1], "x", 1), 1);
	for (end = guest_now_ms() + GUEST_PATIENCE;;) {
		char state[64];

		EXPECT(config_read(PARTITION "/state", state, sizeof(state)) > 0);
		if (!strcmp(state, "free\n"))
			break;
		EXPECT(guest_now_ms() < end);
		poll(NULL, 0, 10);
	}
	EXPECT_EQ(pins(), 0);
}

TEST(file_closed_with_io)
{
	struct stor *s;
	struct guest *g;
	u8 *p, *copy = malloc(DEPTH * VMB_PAGE_SIZE);
	u64 gpa;

	disk_create(DISK, SLOW);
	s = started();
	g = s->ch.g;
	gpa = guest_alloc(g, DEPTH);
	p = guest_ptr(g, gpa);
	submit_all(s, gpa);
	EXPECT_OK(close(g->fd));
	expect_state("free\n");
	EXPECT_EQ(pins(), 0);
	EXPECT_EQ(locked_kb(), 0);
	/* nobody writes to our memory any more, rings included */
	memcpy(copy, p, DEPTH * VMB_PAGE_SIZE);
	poll(NULL, 0, 2 * SLOW_MS);
	EXPECT(!memcmp(copy, p, DEPTH * VMB_PAGE_SIZE));
	EXPECT(!vmb_ring_readable(&s->ch.in) || s->ch.in.hdr->write_index);
	/* eventfds that are still there are nobody's */
	guest_signal(g, s->ch.relid);
}

TEST(reset_with_io)
{
	struct stor *s;
	struct guest *g;
	u64 gpa;
	int i;

	disk_create(DISK, SLOW);
	s = started();
	g = s->ch.g;
	gpa = guest_alloc(g, DEPTH);
	for (i = 0; i < 3; i++) {
		submit_all(s, gpa);
		EXPECT_OK(vmb_reset(g->fd));
		expect_state("bound\n");
		EXPECT_EQ(pins(), 0);
		guest_service(g);
		EXPECT(!guest_has_signal(g, s->ch.relid));
		g->nr_stash = 0;
		guest_slot(&g->vp[0])->message_type = 0;
		guest_synic_on(&g->vp[0]);
		bus_connect(g, VMB_VERSION_5_3);
		s = stor_start(g);
		stor_clear_ua(s, 0);
	}
}

/* The same by the guest itself. */
TEST(unload_and_close_with_io)
{
	struct stor *s;
	u64 gpa;
	int i;

	disk_create(DISK, SLOW);
	s = started();
	gpa = guest_alloc(s->ch.g, DEPTH);
	for (i = 0; i < 4; i++) {
		submit_all(s, gpa);
		if (i % 2)
			chan_close(&s->ch);
		bus_unload(s->ch.g);
		bus_connect(s->ch.g, VMB_VERSION_5_3);
		s = stor_start(s->ch.g);
		stor_clear_ua(s, 0);
	}
}

/* Removal does not wait for I/O, and I/O does not mind it. */
TEST(memory_removed_with_io)
{
	u8 *p = mmap(NULL, DEPTH * VMB_PAGE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const u64 gpa = GUEST_RAM + GUEST_RAM_SIZE;
	struct stor *s;
	struct guest *g;
	int i, round;
	u64 begin;

	disk_create(DISK, SLOW);
	s = started();
	g = s->ch.g;
	for (round = 0; round < 3; round++) {
		EXPECT_OK(vmb_mem_add(g->fd, gpa, DEPTH * VMB_PAGE_SIZE, p, 0));
		submit_all(s, gpa);
		EXPECT(!cmd[DEPTH - 1].done);
		begin = pins();
		EXPECT_OK(vmb_mem_remove(g->fd, gpa, DEPTH * VMB_PAGE_SIZE));
		EXPECT(begin >= DEPTH);
		/* what is not there any more cannot be named any more */
		stor_wait_all(s);
		for (i = 0; i < DEPTH; i++)
			EXPECT_GOOD(&cmd[i]);
		cmd_rw(&cmd[0], true, 0, 8, gpa, 512);
		stor_exec(s, &cmd[0]);
		EXPECT(!cmd_ok(&cmd[0]));
	}
	/* the VMM's mapping goes with I/O in flight */
	EXPECT_OK(vmb_mem_add(g->fd, gpa, DEPTH * VMB_PAGE_SIZE, p, 0));
	submit_all(s, gpa);
	EXPECT_OK(munmap(p, DEPTH * VMB_PAGE_SIZE));
	stor_wait_all(s);
	for (i = 0; i < DEPTH; i++)
		EXPECT_GOOD(&cmd[i]);
}

/* The rings' own memory: pinned, whatever becomes of the table. */
TEST(ring_memory_removed)
{
	struct stor *s;
	struct guest *g;
	u64 gpa;

	disk_create(DISK, "memory_backed=1 size=16");
	s = started();
	g = s->ch.g;
	gpa = guest_alloc(g, 1);
	EXPECT_OK(vmb_mem_remove(g->fd, GUEST_RAM, GUEST_RAM_SIZE));
	cmd_tur(&cmd[0], 0);
	stor_exec(s, &cmd[0]);
	EXPECT_GOOD(&cmd[0]);
	cmd_rw(&cmd[0], false, 0, 8, gpa, 512);
	stor_exec(s, &cmd[0]);
	EXPECT(!cmd_ok(&cmd[0]));
	EXPECT_OK(vmb_mem_add(g->fd, GUEST_RAM, GUEST_RAM_SIZE, g->ram, 0));
	stor_exec(s, &cmd[0]);
	EXPECT_GOOD(&cmd[0]);
}

TEST(lun_removed_with_io)
{
	struct stor *s;
	u64 gpa;
	int i;

	disk_create(DISK, SLOW);
	s = started();
	gpa = guest_alloc(s->ch.g, DEPTH);
	submit_all(s, gpa);
	EXPECT_OK(config_rmdir(PARTITION "/scsi.0/lun.0"));
	stor_wait_all(s);
	for (i = 0; i < DEPTH; i++)
		EXPECT(cmd[i].done);
	/* the disk is free */
	EXPECT_OK(config_rmdir("/sys/kernel/config/nullb/" DISK));
	cmd_tur(&cmd[0], 0);
	stor_exec(s, &cmd[0]);
	EXPECT(!cmd_ok(&cmd[0]));
}

TEST(controller_removed_with_io)
{
	struct vmb_msg_relid m;
	struct stor *s;
	struct guest *g;

	disk_create(DISK, SLOW);
	s = started();
	g = s->ch.g;
	submit_all(s, guest_alloc(g, DEPTH));
	EXPECT_OK(config_write(PARTITION "/scsi.0/enable", "0"));
	/* rings and data both; only the event flags page stays */
	EXPECT_EQ(pins(), 1);
	guest_wait(g, VMB_MSG_RESCIND, &m, sizeof(m));
	EXPECT_OK(config_rmdir(PARTITION "/scsi.0/lun.0"));
	EXPECT_OK(config_rmdir(PARTITION "/scsi.0"));
	EXPECT_OK(config_rmdir(PARTITION));
	/* the VMM has the rest of the partition */
	bus_relid(g, VMB_MSG_RELID_RELEASED, s->ch.relid);
	bus_unload(g);
}

static pid_t disable_in_child(void)
{
	pid_t pid = EXPECT_OK(fork());

	if (!pid)
		_exit(config_write(PARTITION "/scsi.0/enable", "0") ? 1 : 0);
	return pid;
}

/*
 * Guests wait for ever for answers on a channel that is rescinded: they get
 * them before, and are told to let go of the disk.
 */
TEST(controller_taken_from_a_busy_guest)
{
	struct vmb_msg_offer offer;
	struct vmb_msg_relid m;
	struct stor_cmd tur;
	struct stor *s;
	struct guest *g;
	int i, status;
	pid_t pid;

	disk_create(DISK, SLOW);
	s = started();
	EXPECT_OK(config_write(WITHDRAW_MS, "15000"));
	g = s->ch.g;
	submit_all(s, guest_alloc(g, DEPTH));
	pid = disable_in_child();
	stor_wait_all(s);
	for (i = 0; i < DEPTH; i++)
		EXPECT_GOOD(&cmd[i]);
	while (!s->nr_enumerate)
		EXPECT(stor_reap(s, GUEST_PATIENCE));
	for (i = 0; i < 20; i++) {
		cmd_tur(&tur, 0);
		stor_exec(s, &tur);
		EXPECT_EQ(tur.srb.srb_status, VMB_STOR_SRB_INVALID_LUN);
		usleep(20000);
	}
	guest_wait(g, VMB_MSG_RESCIND, &m, sizeof(m));
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
	EXPECT_EQ(pins(), 1);
	bus_relid(g, VMB_MSG_RELID_RELEASED, s->ch.relid);

	/* and back: the disk is there */
	EXPECT_OK(config_write(PARTITION "/scsi.0/enable", "1"));
	bus_wait_offer(g, &offer);
	stor_open(s, g, &offer, 3);
	stor_init(s, VMB_STOR_VERSION_6_2);
	stor_clear_ua(s, 0);
	submit_all(s, guest_alloc(g, DEPTH));
	stor_wait_all(s);
	EXPECT_GOOD(&cmd[0]);
}

/* One that takes no answers keeps its device for so long and no longer. */
TEST(controller_taken_from_a_deaf_guest)
{
	struct vmb_msg_relid m;
	struct stor *s;
	u64 start;

	disk_create(DISK, "memory_backed=1 size=16");
	s = started();
	EXPECT_OK(config_write(WITHDRAW_MS, "1000"));
	submit_all(s, guest_alloc(s->ch.g, DEPTH));
	start = guest_now_ms();
	EXPECT_OK(config_write(PARTITION "/scsi.0/enable", "0"));
	EXPECT(guest_now_ms() - start >= 1000);
	EXPECT(guest_now_ms() - start < GUEST_PATIENCE);
	guest_wait(s->ch.g, VMB_MSG_RESCIND, &m, sizeof(m));
}

TEST(modules_in_use)
{
	struct stor *s;
	int status;
	pid_t pid;

	disk_create(DISK, "memory_backed=1 size=16");
	s = started();
	pid = EXPECT_OK(fork());
	if (!pid) {
		close(2);
		close(1);
		/* both have users */
		execl("/sbin/rmmod", "rmmod", "vsp_stor", NULL);
		_exit(0);
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(status);
	cmd_tur(&cmd[0], 0);
	stor_exec(s, &cmd[0]);
	EXPECT_GOOD(&cmd[0]);
}

/* Nobody is left to write the message page; the rest goes on. */
TEST(vp_thread_exits)
{
	struct vmb_msg_initiate_contact m = {
		.hdr.type = cpu_to_le32(VMB_MSG_INITIATE_CONTACT),
		.version = cpu_to_le32(VMB_VERSION_4_0),
		.target_vp = cpu_to_le32(1),
	};
	struct guest_vp *vp;
	struct guest *g;
	int i;

	config_partition(PARTITION);
	g = guest_create(PARTITION);
	vp = guest_add_vp(g);
	guest_vp_end_thread(vp);
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(guest_post_raw(g, VMB_CONN_MESSAGE, VMB_MSG_TYPE_CHANNEL, &m,
					 sizeof(m)), VMB_HV_SUCCESS);
		guest_expect_silence(g);
	}
	EXPECT(!guest_slot(vp)->message_type);
	bus_connect(g, VMB_VERSION_5_3);
	EXPECT_EQ(bus_offers(g, NULL, 0), 0);
}

TEST(locked_memory)
{
	struct stor *s;
	long long before, open;

	disk_create(DISK, "memory_backed=1 size=16");
	s = started();
	open = locked_kb();
	/* two rings and a page of event flags */
	EXPECT_EQ(open, (2 * s->ch.pages + 1) * 4);
	chan_close(&s->ch);
	before = locked_kb();
	EXPECT_EQ(before, 4);
	chan_reopen(&s->ch);
	EXPECT_EQ(locked_kb(), open);
	EXPECT_OK(vmb_synic(s->ch.g->fd, 0, 0, 0, 0));
	EXPECT_EQ(locked_kb(), open - 4);
	EXPECT_OK(close(s->ch.g->fd));
	EXPECT_EQ(locked_kb(), 0);
}

/* A VMM that may not lock much opens little, and is told so. */
TEST(locked_memory_limit)
{
	struct rlimit limit = { 64 << 10, 64 << 10 };
	struct vmb_msg_offer offer;
	struct guest *g;
	int fd, status;
	pid_t pid;
	u64 gpa;

	config_partition(PARTITION);
	EXPECT_OK(config_write(PARTITION "/uid", "1000"));
	ctrl_create(PARTITION, "scsi.0");
	ctrl_enable(PARTITION, "scsi.0");
	EXPECT_OK(chmod("/dev/vmb", 0666));
	pid = EXPECT_OK(fork());
	if (!pid) {
		EXPECT_OK(setrlimit(RLIMIT_MEMLOCK, &limit));
		EXPECT_OK(setgroups(0, NULL));
		EXPECT_OK(setresgid(1000, 1000, 1000));
		EXPECT_OK(setresuid(1000, 1000, 1000));
		fd = EXPECT_OK(vmb_open());
		close(fd);
		g = guest_create(PARTITION);
		bus_connect(g, VMB_VERSION_5_3);
		EXPECT_EQ(bus_offers(g, &offer, 1), 1);
		gpa = guest_alloc(g, 64);
		EXPECT_EQ(bus_gpadl_create(g, 1, 1, gpa, 16), VMB_STATUS_SUCCESS);
		/* with the page of event flags this is one too many */
		EXPECT_EQ(bus_open(g, 1, 1, 8, 0), VMB_STATUS_NO_MEMORY);
		EXPECT(bus_gpadl_teardown(g, 1, 1));
		EXPECT_EQ(bus_gpadl_create(g, 1, 1, gpa, 15), VMB_STATUS_SUCCESS);
		EXPECT_EQ(bus_open(g, 1, 1, 8, 0), VMB_STATUS_SUCCESS);
		_exit(0);
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_OK(chmod("/dev/vmb", 0660));
	EXPECT_EQ(status, 0);
}

static void *io_for_ever(void *arg)
{
	struct stor *s = arg;
	u64 gpa = guest_alloc(s->ch.g, DEPTH);
	int i;

	for (;;) {
		submit_all(s, gpa);
		stor_wait_all(s);
		for (i = 0; i < DEPTH; i++)
			EXPECT_GOOD(&cmd[i]);
	}
	return NULL;
}

/* At any moment. */
TEST_LIMIT(killed_at_random, 180)
{
	int i, status, pipes[2];
	pid_t pid;
	char c;

	disk_create(DISK, "memory_backed=1 size=16 irqmode=2 completion_nsec=100000");
	srand(1);
	for (i = 0; i < 20; i++) {
		EXPECT_OK(pipe2(pipes, O_CLOEXEC));
		pid = EXPECT_OK(fork());
		if (!pid) {
			struct stor *s = started();

			EXPECT_EQ(write(pipes[1], "x", 1), 1);
			io_for_ever(s);
		}
		close(pipes[1]);
		EXPECT_EQ(read(pipes[0], &c, 1), 1);
		close(pipes[0]);
		poll(NULL, 0, rand() % 30);
		EXPECT_OK(kill(pid, SIGKILL));
		EXPECT_EQ(waitpid(pid, &status, 0), pid);
		EXPECT(WIFSIGNALED(status));
		expect_state("free\n");
		EXPECT_EQ(pins(), 0);
		EXPECT_OK(config_rmdir(PARTITION "/scsi.0/lun.0"));
		EXPECT_OK(config_rmdir(PARTITION "/scsi.0"));
		EXPECT_OK(config_rmdir(PARTITION));
	}
}

/* any step may come too late, and is then refused */
static bool try_offer(struct stor *s, const struct vmb_msg_offer *offer)
{
	struct guest *g = s->ch.g;
	struct stor_cmd c;

	memset(s->ch.out_map, 0, VMB_PAGE_SIZE);
	memset(s->ch.in_map, 0, VMB_PAGE_SIZE);
	EXPECT(!vmb_ring_init_producer(&s->ch.out, s->ch.out.hdr, s->ch.out.data,
				       s->ch.out.size));
	EXPECT(!vmb_ring_init_consumer(&s->ch.in, s->ch.in.hdr, s->ch.in.data,
				       s->ch.in.size));
	s->ch.relid = le32_to_cpu(offer->relid);
	/* in the ring before there is a channel */
	cmd_rw(&c, false, 0, 8, GUEST_RAM, 512);
	EXPECT_EQ(stor_submit(s, &c, true), 0);
	memset(s->pending, 0, sizeof(s->pending));
	s->nr_pending = 0;
	s->ch.gpadl = g->next_gpadl++;
	return bus_gpadl_create(g, s->ch.relid, s->ch.gpadl, s->ch.gpa, 2 * s->ch.pages) ==
	       VMB_STATUS_SUCCESS &&
	       bus_open(g, s->ch.relid, s->ch.gpadl, s->ch.pages, 0) == VMB_STATUS_SUCCESS;
}

static bool next_offer(struct guest *g, struct vmb_msg_offer *offer)
{
	struct vmb_msg_relid *rescind;
	struct guest_msg msg;

	/* in order: a released id may be offered again */
	while (guest_next(g, &msg)) {
		rescind = (void *)msg.payload;
		if (msg.type == VMB_MSG_RESCIND) {
			bus_relid(g, VMB_MSG_RELID_RELEASED, le32_to_cpu(rescind->relid));
			continue;
		}
		EXPECT_EQ(msg.type, VMB_MSG_OFFER);
		memcpy(offer, msg.payload, sizeof(*offer));
		return true;
	}
	return false;
}

/* The administrator and the guest at the same time, all the time. */
TEST_LIMIT(enabled_and_disabled_under_load, 180)
{
	struct vmb_msg_offer offer;
	int i, status = 1;
	struct guest *g;
	struct stor *s;
	bool open;
	pid_t pid;

	disk_create(DISK, "memory_backed=1 size=16 irqmode=2 completion_nsec=100000");
	s = started();
	g = s->ch.g;
	g->racing = true;
	pid = EXPECT_OK(fork());
	if (!pid) {
		for (i = 0; i < 50; i++) {
			EXPECT_OK(config_write(PARTITION "/scsi.0/enable", "0"));
			EXPECT_OK(config_write(PARTITION "/scsi.0/enable", "1"));
		}
		_exit(0);
	}
	while (!waitpid(pid, &status, WNOHANG)) {
		if (next_offer(g, &offer))
			try_offer(s, &offer);
		else
			guest_wait_sint(&g->vp[0], 10);
	}
	EXPECT_EQ(status, 0);
	/* the last one stays */
	EXPECT_OK(config_write(PARTITION "/scsi.0/enable", "0"));
	EXPECT_OK(config_write(PARTITION "/scsi.0/enable", "1"));
	for (open = false; next_offer(g, &offer);)
		open = try_offer(s, &offer);
	EXPECT(open);
	chan_close(&s->ch);
	s->packet_len = VMB_STOR_PACKET_BYTES_V1;
	chan_reopen(&s->ch);
	stor_init(s, VMB_STOR_VERSION_6_2);
	stor_clear_ua(s, 0);
}
