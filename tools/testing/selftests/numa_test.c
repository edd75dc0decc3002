// SPDX-License-Identifier: GPL-2.0-only
/*
 * On a machine with several nodes: a channel's memory is on that of the VP which
 * takes its interrupts, as its thread was when the channel was opened, wherever
 * the thread is that asks for it.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "net.h"
#include "stor.h"
#include "tap.h"

#define NODE	"/sys/devices/system/node/node%d"
#define DISK	"vmbt0"

static void need_nodes(void)
{
	char path[64];

	snprintf(path, sizeof(path), NODE, 1);
	if (access(path, F_OK))
		tap_skip("one node");
}

/* To one CPU of a node. A thread that sleeps is moved when it wakes up. */
static void pin(pthread_t thread, int node)
{
	char path[64], buf[256];
	cpu_set_t set;

	snprintf(path, sizeof(path), NODE "/cpulist", node);
	EXPECT(config_read(path, buf, sizeof(buf)) > 0);
	/* a node without CPUs has an empty line */
	EXPECT(buf[0] >= '0' && buf[0] <= '9');
	CPU_ZERO(&set);
	CPU_SET(strtoul(buf, NULL, 10), &set);
	EXPECT(!pthread_setaffinity_np(thread, sizeof(set), &set));
}

static void nothing(struct guest_vp *vp, void *arg)
{
}

/* VP @vp is on a node, and has run there. */
static void put_vp(struct guest *g, unsigned int vp, int node)
{
	pin(g->vp[vp].thread, node);
	guest_vp_run(&g->vp[vp], nothing, NULL);
}

static long vsp_node(const char *vsp, const char *dev, unsigned int index)
{
	char path[96], key[32], *buf = malloc(65536), *at, *end;
	long node;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/" PARTITION ".%s/state", vsp, dev);
	EXPECT(config_read(path, buf, 65536) > 0);
	snprintf(key, sizeof(key), "channel %u: ", index);
	at = strstr(buf, key);
	EXPECT(at);
	end = strchr(at, '\n');
	EXPECT(end);
	*end = 0;
	at = strstr(at, " node ");
	EXPECT(at);
	node = strtol(at + strlen(" node "), NULL, 10);
	free(buf);
	return node;
}

static void expect_stor_node(const struct stor *s, int node)
{
	EXPECT_EQ(config_counter(PARTITION, s->ch.relid, "node"), node);
	EXPECT_EQ(vsp_node("vsp_stor", "scsi.0", le16_to_cpu(s->ch.offer.sub_channel_index)),
		  node);
}

static void expect_works(struct stor *s)
{
	struct stor_cmd cmd;

	cmd_tur(&cmd, 0);
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
}

/* A controller with @nr offers of sub-channels, and as many more VPs. */
static struct stor *start(struct vmb_msg_offer *offer, unsigned int nr)
{
	struct vmb_stor_packet pkt = {
		.operation = cpu_to_le32(VMB_STOR_OP_CREATE_SUB_CHANNELS),
		.sub_channels = cpu_to_le16(nr),
	};
	struct guest *g;
	struct stor *s;
	unsigned int i;

	need_nodes();
	disk_create(DISK, "memory_backed=1 size=32 irqmode=0 submit_queues=1");
	g = stor_guest(DISK);
	for (i = 0; i < nr; i++)
		guest_add_vp(g);
	s = stor_start(g);
	stor_clear_ua(s, 0);
	EXPECT_EQ(stor_op(s, &pkt), VMB_STATUS_SUCCESS);
	for (i = 0; i < nr; i++)
		bus_wait_offer(g, &offer[i]);
	return s;
}

/* The thread that opens them is on the other node each time. */
TEST(disk_where_its_vp_runs)
{
	struct vmb_msg_offer offer[2];
	struct stor *s = start(offer, 2);
	struct stor *sub = calloc(2, sizeof(*sub));
	int i;

	for (i = 0; i < 2; i++) {
		put_vp(s->ch.g, 1 + i, i);
		pin(pthread_self(), !i);
		stor_sub_channel(&sub[i], s, &offer[i], 1 + i);
	}
	for (i = 0; i < 2; i++) {
		expect_stor_node(&sub[i], i);
		expect_works(&sub[i]);
	}
}

/* One that sleeps since before it was told where to run is where it will. */
TEST(disk_where_its_vp_may_run)
{
	struct vmb_msg_offer offer[2];
	struct stor *s = start(offer, 2);
	struct stor *sub = calloc(2, sizeof(*sub));
	int i;

	for (i = 0; i < 2; i++) {
		put_vp(s->ch.g, 1 + i, !i);
		/* it has told that it is done, and sleeps soon */
		usleep(100000);
		pin(s->ch.g->vp[1 + i].thread, i);
		pin(pthread_self(), !i);
		stor_sub_channel(&sub[i], s, &offer[i], 1 + i);
		expect_stor_node(&sub[i], i);
		expect_works(&sub[i]);
	}
}

/* The same channel: it goes where the VP has gone, and has all that it counted. */
TEST(disk_opened_again)
{
	struct vmb_msg_offer offer;
	struct stor *s = start(&offer, 1);
	struct stor *sub = calloc(1, sizeof(*sub));
	long long packets, completions;
	int i;

	put_vp(s->ch.g, 1, 0);
	stor_sub_channel(sub, s, &offer, 1);
	for (i = 0; i < 4; i++) {
		expect_stor_node(sub, i % 2);
		expect_works(sub);
		packets = chan_counter(&sub->ch, "packets");
		completions = chan_counter(&sub->ch, "completions");
		EXPECT(packets > i);

		chan_close(&sub->ch);
		put_vp(s->ch.g, 1, !(i % 2));
		chan_reopen(&sub->ch);
		EXPECT_EQ(chan_counter(&sub->ch, "packets"), packets);
		EXPECT_EQ(chan_counter(&sub->ch, "completions"), completions);
	}
}

TEST(nic_where_its_vp_runs)
{
	struct net *sub[2];
	struct guest *g;
	int i;

	need_nodes();
	g = net_guest(NULL, NULL);
	for (i = 0; i < 2; i++) {
		guest_add_vp(g);
		put_vp(g, 1 + i, i);
	}
	pin(pthread_self(), 1);
	net_up_multi(g, sub, 2);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(config_counter(PARTITION, sub[i]->ch.relid, "node"), i);
		EXPECT_EQ(vsp_node("vsp_net", "net.0", 1 + i), i);
	}
}
