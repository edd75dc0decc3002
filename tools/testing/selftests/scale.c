// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests that do the same I/Os over and over, and what the machine did for them.
 * A burst goes to one channel, the next to the next one, and its I/Os to the LUNs in
 * turns.
 */
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "scale.h"
#include "stor.h"
#include "tap.h"

#define DISK_MB		64

static struct scale opt;

/**
 * struct lane - a channel and what is under way in it
 * @s: the channel
 * @cmd: the commands of a burst
 * @gpa: their data
 */
struct lane {
	struct stor *s;
	struct stor_cmd *cmd;
	u64 gpa;
};

/**
 * struct tally - what the machine has done so far
 * @ns: when
 * @cpu_ns: what all threads ran for
 * @wakeups: threads woken
 * @switches: context switches
 * @instructions: in kernel and user mode
 */
struct tally {
	u64 ns;
	u64 cpu_ns;
	u64 wakeups;
	u64 switches;
	u64 instructions;
};

/* What a guest reports of a round. */
struct report {
	u64 sleeps;
};

static int instructions_fd[CPU_SETSIZE];
static unsigned int nr_cpus;
static bool has_instructions;

static u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void count_instructions(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
	};
	unsigned int i;

	nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	has_instructions = true;
	for (i = 0; i < nr_cpus; i++) {
		instructions_fd[i] = syscall(SYS_perf_event_open, &attr, -1, i, -1,
					     PERF_FLAG_FD_CLOEXEC);
		if (instructions_fd[i] < 0)
			has_instructions = false;
	}
}

/* Whoever reads is not counted while it runs: to be called before and after. */
static void take_tally(struct tally *t)
{
	unsigned long long woken, ran;
	char line[1024];
	unsigned int i;
	u64 count;
	FILE *f;

	memset(t, 0, sizeof(*t));
	f = fopen("/proc/schedstat", "r");
	EXPECT(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "cpu%*u %*u %*u %*u %*u %llu %*u %llu", &woken, &ran) == 2) {
			t->wakeups += woken;
			t->cpu_ns += ran;
		}
	fclose(f);
	EXPECT(t->cpu_ns);
	t->switches = config_number("/proc/stat", "\nctxt ");
	for (i = 0; has_instructions && i < nr_cpus; i++) {
		EXPECT_EQ(read(instructions_fd[i], &count, sizeof(count)), sizeof(count));
		t->instructions += count;
	}
	t->ns = now_ns();
}

static void disk_name(char *name, size_t size, unsigned int partition, unsigned int channel,
		      unsigned int lun)
{
	snprintf(name, size, "vmbs%u",
		 (partition * opt.channels + channel) * opt.luns + lun);
}

static void make_disks(void)
{
	unsigned int partition, channel, lun;
	char disk[16], options[128];

	snprintf(options, sizeof(options), "size=%u submit_queues=1 hw_queue_depth=128 irqmode=%u",
		 DISK_MB, opt.irqmode);
	for (partition = 0; partition < opt.partitions; partition++)
		for (channel = 0; channel < opt.channels; channel++)
			for (lun = 0; lun < opt.luns; lun++) {
				disk_name(disk, sizeof(disk), partition, channel, lun);
				disk_create(disk, options);
			}
}

static void make_partition(unsigned int partition)
{
	char name[16], dev[16], disk[16];
	unsigned int channel, lun;

	snprintf(name, sizeof(name), "s%u", partition);
	EXPECT_OK(config_mkdir("%s", name));
	for (channel = 0; channel < opt.channels; channel++) {
		snprintf(dev, sizeof(dev), "scsi.%u", channel);
		ctrl_create(name, dev);
		for (lun = 0; lun < opt.luns; lun++) {
			disk_name(disk, sizeof(disk), partition, channel, lun);
			lun_create(name, dev, lun, disk);
		}
		ctrl_enable(name, dev);
	}
}

static struct guest *make_guest(unsigned int partition)
{
	struct guest *g;
	char name[16];

	snprintf(name, sizeof(name), "s%u", partition);
	g = guest_create(name);
	bus_connect(g, VMB_VERSION_5_3);
	return g;
}

static struct lane *open_lanes(struct guest *g)
{
	struct vmb_msg_offer offer[SCALE_MAX];
	struct lane *lane = calloc(opt.channels, sizeof(*lane));
	unsigned int i, lun, pages = (opt.size + VMB_PAGE_SIZE - 1) / VMB_PAGE_SIZE;

	EXPECT(lane);
	EXPECT_EQ(bus_offers(g, offer, SCALE_MAX), opt.channels);
	for (i = 0; i < opt.channels; i++) {
		lane[i].s = calloc(1, sizeof(*lane[i].s));
		lane[i].cmd = calloc(opt.depth, sizeof(*lane[i].cmd));
		EXPECT(lane[i].s && lane[i].cmd);
		stor_open(lane[i].s, g, &offer[i], 17);
		stor_init(lane[i].s, VMB_STOR_VERSION_6_2);
		lane[i].gpa = guest_alloc(g, opt.depth * pages);
		for (lun = 0; lun < opt.luns; lun++)
			stor_clear_ua(lane[i].s, lun);
	}
	return lane;
}

static void burst(struct lane *lane, unsigned int nr)
{
	static u64 seed = 1;
	static unsigned int lun;
	u32 pages = (opt.size + VMB_PAGE_SIZE - 1) / VMB_PAGE_SIZE;
	u32 places = (DISK_MB << 20) / opt.size;
	u32 blocks = opt.size / SCALE_BLOCK;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct stor_cmd *cmd = &lane->cmd[i];

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		cmd_rw(cmd, opt.write, (seed >> 33) % places * blocks, blocks,
		       lane->gpa + (u64)i * pages * VMB_PAGE_SIZE, SCALE_BLOCK);
		cmd->lun = lun++ % opt.luns;
		EXPECT_EQ(stor_submit(lane->s, cmd, opt.plug), 0);
	}
	if (opt.plug)
		chan_signal(&lane->s->ch);
	stor_wait_all(lane->s);
	for (i = 0; i < nr; i++)
		EXPECT_GOOD(&lane->cmd[i]);
}

static void do_ios(struct lane *lane, unsigned int ios)
{
	unsigned int nr, turn = 0;

	for (; ios; ios -= nr) {
		nr = ios < opt.depth ? ios : opt.depth;
		burst(&lane[turn++ % opt.channels], nr);
	}
}

static unsigned int share(unsigned int partition)
{
	return opt.ios / opt.partitions + (partition < opt.ios % opt.partitions);
}

static void play_guest(unsigned int partition, int go, int done)
{
	struct rusage before, after;
	struct report report = {};
	struct lane *lane;
	struct guest *g;
	char word;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	g = make_guest(partition);
	lane = open_lanes(g);
	/* each command's memory has been touched, each channel used */
	do_ios(lane, opt.depth * opt.channels);
	EXPECT_OK(write(done, &report, sizeof(report)));
	while (read(go, &word, 1) == 1) {
		EXPECT_OK(getrusage(RUSAGE_SELF, &before));
		do_ios(lane, share(partition));
		EXPECT_OK(getrusage(RUSAGE_SELF, &after));
		report.sleeps = after.ru_nvcsw - before.ru_nvcsw;
		EXPECT_OK(write(done, &report, sizeof(report)));
	}
	_exit(0);
}

static void wait_for_guests(int done, u64 *sleeps)
{
	struct report report;
	unsigned int i;

	for (i = 0; i < opt.partitions; i++) {
		if (read(done, &report, sizeof(report)) != sizeof(report))
			tap_fail(__FILE__, __LINE__, "a guest has ended");
		*sleeps += report.sleeps;
	}
}

static void average(const struct tally *before, const struct tally *after, u64 sleeps,
		    struct scale_cost *cost)
{
	double ios = opt.ios;

	cost->ns = (after->ns - before->ns) / ios;
	cost->cpu_ns = (after->cpu_ns - before->cpu_ns) / ios;
	cost->switches = (after->switches - before->switches) / ios;
	cost->wakeups = (after->wakeups - before->wakeups) / ios;
	cost->sleeps = sleeps / ios;
	cost->instructions = opt.icount ? cost->cpu_ns :
			     (after->instructions - before->instructions) / ios;
}

static void measure(void (*fn)(const struct scale *scale, const struct scale_cost *cost))
{
	struct scale_cost cost;
	struct tally before, after;
	char words[SCALE_MAX] = {};
	unsigned int i, round;
	int go[2], done[2], status;
	u64 sleeps = 0;
	pid_t pid;

	make_disks();
	for (i = 0; i < opt.partitions; i++)
		make_partition(i);
	EXPECT_OK(pipe(go));
	EXPECT_OK(pipe(done));
	for (i = 0; i < opt.partitions; i++) {
		pid = EXPECT_OK(fork());
		if (pid)
			continue;
		close(go[1]);
		close(done[0]);
		play_guest(i, go[0], done[1]);
	}
	close(go[0]);
	close(done[1]);
	wait_for_guests(done[0], &sleeps);
	for (round = 0; round < opt.rounds; round++) {
		sleeps = 0;
		take_tally(&before);
		EXPECT_EQ(write(go[1], words, opt.partitions), opt.partitions);
		wait_for_guests(done[0], &sleeps);
		take_tally(&after);
		average(&before, &after, sleeps, &cost);
		fn(&opt, &cost);
	}
	close(go[1]);
	while (wait(&status) > 0)
		EXPECT_EQ(status, 0);
}

void scale_run(const struct scale *scale,
	       void (*fn)(const struct scale *scale, const struct scale_cost *cost))
{
	opt = *scale;
	EXPECT_OK(config_write(SCHEDSTATS, "1"));
	count_instructions();
	measure(fn);
	EXPECT_OK(config_write(SCHEDSTATS, "0"));
}

/* What the kernel has for itself, without what is cached and can go. */
static u64 kernel_bytes(void)
{
	/* what is freed a grace period later is free */
	usleep(300000);
	return 1024 * (config_number("/proc/meminfo", "\nSUnreclaim:") +
		       config_number("/proc/meminfo", "\nVmallocUsed:") +
		       config_number("/proc/meminfo", "\nPercpu:"));
}

void scale_memory(unsigned int partitions, struct scale_memory *memory)
{
	struct guest *g[SCALE_MAX];
	u64 nothing, idle, open;
	unsigned int i;

	opt = (struct scale){ .partitions = partitions, .channels = 1, .luns = 1, .depth = 1,
			      .size = VMB_PAGE_SIZE };
	make_disks();
	nothing = kernel_bytes();
	for (i = 0; i < partitions; i++) {
		make_partition(i);
		g[i] = make_guest(i);
	}
	idle = kernel_bytes();
	for (i = 0; i < partitions; i++)
		open_lanes(g[i]);
	open = kernel_bytes();
	EXPECT(idle > nothing && open > idle);
	memory->partition = (idle - nothing) / partitions;
	memory->channel = (open - idle) / partitions;
}
