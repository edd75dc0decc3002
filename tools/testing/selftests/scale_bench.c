// SPDX-License-Identifier: GPL-2.0-only
/*
 * scale_bench [-p PARTITIONS] [-c CHANNELS] [-l LUNS] [-d DEPTH] [-s BYTES]
 *	[-n IOS] [-r ROUNDS] [-i IRQMODE] [-q] [-w] [-I] [-m]
 *
 * What an I/O costs when processes play the guests; a line of JSON for each
 * round, see scale.h. Reads at random places, -w: writes; -q: a burst has one
 * signal, as from a guest that plugs; -I: the machine is emulated, and each
 * instruction takes 1 ns of its time. -m: instead, the memory of idle partitions.
 *
 * All threads of the machine are counted: use it where nothing else runs. All
 * partitions and all null_blk disks of configfs are gone afterwards.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "scale.h"
#include "stor.h"
#include "tap.h"

static struct scale opt = { 1, 1, 1, 1, 4096, 20000, 5, 0, false, false, false };

/* What is no figure here is null. */
static void print_number(const char *name, double value, bool known)
{
	if (known)
		printf("\"%s\": %.0f, ", name, value);
	else
		printf("\"%s\": null, ", name);
}

static void print_cost(const struct scale *scale, const struct scale_cost *cost)
{
	printf("{\"partitions\": %u, \"channels\": %u, \"luns\": %u, \"depth\": %u, ",
	       scale->partitions, scale->channels, scale->luns, scale->depth);
	printf("\"bytes\": %u, \"write\": %s, \"plug\": %s, \"irqmode\": %u, \"ios\": %u, ",
	       scale->size, scale->write ? "true" : "false", scale->plug ? "true" : "false",
	       scale->irqmode, scale->ios);
	print_number("ns", cost->ns, !scale->icount);
	print_number("cpu_ns", cost->cpu_ns, !scale->icount);
	print_number("instructions", cost->instructions, cost->instructions);
	printf("\"switches\": %.4f, \"wakeups\": %.4f, \"sleeps\": %.4f}\n",
	       cost->switches, cost->wakeups, cost->sleeps);
	fflush(stdout);
}

static void print_memory(void)
{
	struct scale_memory memory;

	scale_memory(opt.partitions, &memory);
	printf("{\"partitions\": %u, \"partition_bytes\": %u, \"channel_bytes\": %u}\n",
	       opt.partitions, memory.partition, memory.channel);
}

static unsigned int parse(const char *text, unsigned int most)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || n > most) {
		fprintf(stderr, "%s: no figure up to %u\n", text, most);
		exit(2);
	}
	return n;
}

int main(int argc, char **argv)
{
	bool memory = false;
	const char *left;
	int c, status;
	pid_t pid;

	while ((c = getopt(argc, argv, "p:c:l:d:s:n:r:i:qwIm")) != -1) {
		switch (c) {
		case 'p':
			opt.partitions = parse(optarg, SCALE_MAX);
			break;
		case 'c':
			opt.channels = parse(optarg, SCALE_MAX);
			break;
		case 'l':
			opt.luns = parse(optarg, SCALE_MAX);
			break;
		case 'd':
			opt.depth = parse(optarg, SCALE_DEPTH_MAX);
			break;
		case 's':
			opt.size = parse(optarg, STOR_MAX_DATA);
			break;
		case 'n':
			opt.ios = parse(optarg, 1000000000);
			break;
		case 'r':
			opt.rounds = parse(optarg, 1000);
			break;
		case 'i':
			opt.irqmode = parse(optarg, 2);
			break;
		case 'q':
			opt.plug = true;
			break;
		case 'w':
			opt.write = true;
			break;
		case 'I':
			opt.icount = true;
			break;
		case 'm':
			memory = true;
			break;
		default:
			return 2;
		}
	}
	if (!opt.partitions || !opt.channels || !opt.luns || !opt.depth || !opt.ios ||
	    !opt.size || opt.size % SCALE_BLOCK) {
		fprintf(stderr, "nothing to do, or bytes that are no blocks\n");
		return 2;
	}
	tap_setup();
	/* guests are its children, and gone before what they used */
	pid = EXPECT_OK(fork());
	if (!pid) {
		if (memory)
			print_memory();
		else
			scale_run(&opt, print_cost);
		return 0;
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	left = tap_after();
	if (left)
		tap_fail(__FILE__, __LINE__, "left behind: %s", left);
	return status ? 1 : 0;
}
