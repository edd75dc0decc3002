// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest, and a VMM, that do anything at all, for a while, and another
 * partition's data that has to be right meanwhile. HOSTILE_SECONDS says for how
 * long, HOSTILE_SEED with what numbers.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "stor.h"
#include "tap.h"

#define DISK		"vmbt0"
#define VICTIM_DISK	"vmbt1"
#define VICTIM		"victim"
#define SECONDS		8
#define BLOCKS		64
#define DEPTH		16

static u32 seed;

static u32 rnd(u32 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

static u64 any64(void)
{
	static const u64 edges[] = {
		0, 1, 2, 7, 8, 0xff, 0xfff, 0x1000, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
		0xffffffff, 1ULL << 32, 1ULL << 51, 1ULL << 52, 1ULL << 63, ~0ULL,
	};

	return rnd(2) ? edges[rnd(ARRAY_SIZE(edges))] : ((u64)rnd(~0U) << 32 | rnd(~0U)) >> rnd(64);
}

static unsigned int setting(const char *name, unsigned int otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 0) : otherwise;
}

static void scramble(void *p, u32 len)
{
	u32 i, n = 1 + rnd(4);
	u64 value;

	for (i = 0; i < n; i++) {
		u32 size = 1 << rnd(4);

		if (len < size)
			continue;
		value = any64();
		memcpy((u8 *)p + rnd(len - size + 1) / size * size, &value, size);
	}
}

/* Writes nonsense into rings and SynIC pages while others use them. */
static void *scribble(void *arg)
{
	struct stor *s = arg;
	u32 own = 0x9e3779b9;
	u8 *rings = guest_ptr(s->ch.g, s->ch.gpa);
	u32 len = 2 * s->ch.pages * VMB_PAGE_SIZE;

	for (;;) {
		own = own * 1664525 + 1013904223;
		/* mostly the headers, where it matters */
		if (own >> 31)
			*(volatile u32 *)(rings + (own >> 8) % (len / 4) * 4) = own >> (own % 32);
		else
			*(volatile u32 *)(rings + (own >> 9 & 1) * len / 2 +
					  (own >> 10) % 5 * 4) = own >> (8 + own % 24) << 3;
		if (!(own >> 8 & 0xfff))
			memset(guest_ptr(s->ch.g, s->ch.g->vp[0].siefp), own, VMB_PAGE_SIZE);
		if (!(own >> 4 & 0xff))
			usleep(100);
	}
	return NULL;
}

static void any_message(struct guest *g, struct stor *s)
{
	u64 buf[VMB_MSG_PAYLOAD_MAX / 8] = {};
	__le32 *word = (__le32 *)buf;
	struct vmb_hv_post_message *in = guest_ptr(g, g->post_gpa);
	unsigned int i;
	u64 result;

	word[0] = cpu_to_le32(rnd(26));
	for (i = 2; i < ARRAY_SIZE(buf) * 2; i++)
		word[i] = cpu_to_le32(rnd(4) ? rnd(4) : (u32)any64());
	switch (le32_to_cpu(word[0])) {
	case VMB_MSG_INITIATE_CONTACT:
		word[2] = cpu_to_le32(bus_versions[rnd(bus_nr_versions)]);
		word[3] = 0;
		buf[2] = cpu_to_le64(rnd(2) ? VMB_SINT : g->int_page);
		break;
	case VMB_MSG_OPEN:
		word[2] = cpu_to_le32(rnd(3));
		word[4] = cpu_to_le32(rnd(2) ? s->ch.gpadl : rnd(5));
		word[5] = 0;
		word[6] = cpu_to_le32(rnd(2) ? s->ch.pages : rnd(8));
		break;
	case VMB_MSG_GPADL_HEADER:
		word[2] = cpu_to_le32(rnd(3));
		word[3] = cpu_to_le32(rnd(5));
		word[4] = cpu_to_le32(1 << 16 | (8 + 8 * (1 + rnd(40))));
		word[5] = cpu_to_le32((1 + rnd(40)) << VMB_PAGE_SHIFT);
		word[6] = 0;
		for (i = 7; i + 1 < ARRAY_SIZE(buf) * 2; i += 2) {
			u64 pfn = rnd(16) ? GUEST_RAM / VMB_PAGE_SIZE + rnd(64) : any64();

			memcpy(&word[i], &pfn, 8);
		}
		break;
	}
	if (!rnd(4))
		scramble(buf, sizeof(buf));
	in->connection_id = cpu_to_le32(rnd(16) ? 1 + 3 * rnd(2) : (u32)any64());
	in->reserved = 0;
	in->message_type = cpu_to_le32(rnd(64) ? 1 : (u32)any64());
	in->payload_size = cpu_to_le32(rnd(16) ? 148 + rnd(93) : rnd(260));
	memcpy(in->payload, buf, sizeof(buf));
	vmb_hcall(g->fd, 0, VMB_HCALL_POST_MESSAGE, rnd(64) ? g->post_gpa : any64(), &result);
}

static void any_command(struct guest *g, struct stor *s)
{
	static const u8 opcodes[] = {
		0x00, 0x03, 0x08, 0x0a, 0x12, 0x15, 0x1a, 0x1b, 0x25, 0x28, 0x2a, 0x2f,
		0x35, 0x41, 0x42, 0x55, 0x5a, 0x5e, 0x5f, 0x88, 0x8a, 0x8f, 0x91, 0x93,
		0x9e, 0xa0, 0xa3, 0xa8, 0xaa,
	};
	u64 head[2 + 64];
	__le32 *word = (__le32 *)head;
	struct vmb_stor_packet pkt = {
		.operation = cpu_to_le32(rnd(8) ? VMB_STOR_OP_EXECUTE_SRB : rnd(15)),
		.flags = cpu_to_le32(VMB_STOR_REQUEST_COMPLETION),
		.srb = {
			.lun = rnd(16) ? 0 : rnd(256),
			.cdb_length = rnd(16) ? 16 : rnd(256),
			.sense_length = rnd(32),
			.data_in = rnd(3),
		},
	};
	unsigned int pages = rnd(33), i;
	u32 len;

	for (i = 0; i < 16; i++)
		pkt.srb.cdb[i] = rnd(3) ? 0 : rnd(256);
	pkt.srb.cdb[0] = rnd(16) ? opcodes[rnd(ARRAY_SIZE(opcodes))] : rnd(256);
	len = pages ? rnd(pages * VMB_PAGE_SIZE) : 0;
	pkt.srb.data_transfer_length = cpu_to_le32(rnd(4) ? len : (u32)any64());
	word[0] = 0;
	word[1] = cpu_to_le32(rnd(16) ? 1 : (u32)any64());
	word[2] = cpu_to_le32(len);
	word[3] = cpu_to_le32(rnd(2) ? 0 : rnd(VMB_PAGE_SIZE));
	for (i = 0; i < pages; i++)
		head[2 + i] = cpu_to_le64(rnd(32) ? GUEST_RAM / VMB_PAGE_SIZE +
					  rnd(GUEST_RAM_SIZE / VMB_PAGE_SIZE) : any64());
	if (!rnd(8))
		scramble(&pkt, sizeof(pkt));
	chan_send(&s->ch, rnd(16) ? VMB_PKT_GPA_DIRECT : rnd(16), rnd(16) ? 1 : 0, any64(),
		  head, 16 + 8 * pages, &pkt, rnd(16) ? sizeof(pkt) : rnd(sizeof(pkt)), true);
	/* a thread that scribbles may have made the producer's own half believe anything */
	if (guest_has_signal(g, s->ch.relid) && !rnd(4))
		guest_signal(g, s->ch.relid);
}

/* What the VMM may do at any time, and what it may not. */
static void any_ioctl(struct guest *g)
{
	u64 arg[12], gpa = GUEST_RAM + GUEST_RAM_SIZE + (rnd(16) << VMB_PAGE_SHIFT);
	unsigned int i;

	switch (rnd(8)) {
	case 0:
		vmb_mem_add(g->fd, gpa, (1 + rnd(4)) << VMB_PAGE_SHIFT,
			    g->ram + (rnd(64) << VMB_PAGE_SHIFT), rnd(2));
		break;
	case 1:
		vmb_mem_remove(g->fd, gpa, (1 + rnd(4)) << VMB_PAGE_SHIFT);
		break;
	case 2:
		/* all of it, for a moment, with what is in flight */
		if (!rnd(8)) {
			vmb_mem_remove(g->fd, GUEST_RAM, GUEST_RAM_SIZE);
			vmb_mem_add(g->fd, GUEST_RAM, GUEST_RAM_SIZE, g->ram, 0);
		}
		break;
	case 3:
		vmb_synic(g->fd, 0, rnd(2), any64(), any64());
		guest_synic_on(&g->vp[0]);
		break;
	case 4:
		if (!rnd(32)) {
			vmb_reset(g->fd);
			guest_synic_on(&g->vp[0]);
		}
		break;
	case 5:
		vmb_signal_fd(g->fd, rnd(2) ? 0x10000 + rnd(4) : (u32)any64(),
			      rnd(2) ? -1 : g->vp[0].eom);
		break;
	case 6:
		for (i = 0; i < ARRAY_SIZE(arg); i++)
			arg[i] = any64();
		*(u32 *)arg = 8 * rnd(12);
		/* but not with addresses and files that happen to be ours */
		i = rnd(16);
		if (i != VMB_CMD_MEM_ADD && i != VMB_CMD_VP_ADD)
			ioctl(g->fd, _IO(VMB_IOC_TYPE, i), arg);
		break;
	case 7:
		vmb_hcall(g->fd, 0, any64(), any64(), NULL);
		break;
	}
}

static void service_quietly(struct guest *g)
{
	struct vmb_record rec;
	u32 id;

	while (read(g->fd, &rec, sizeof(rec)) == sizeof(rec)) {
		id = rec.connection_id == VMB_CONN_EVENT ? 0 : rec.connection_id & 0x7ff;
		vmb_signal_fd(g->fd, rec.connection_id, -1);
		if (g->signal[id] < 0)
			g->signal[id] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (rec.type == VMB_RECORD_ASSIGN)
			vmb_signal_fd(g->fd, rec.connection_id, g->signal[id]);
	}
}

static void behave_badly(bool scribbles)
{
	struct guest *g = guest_create(PARTITION);
	struct vmb_hv_message *slot;
	pthread_t thread;
	struct stor *s;
	u64 i;

	bus_connect(g, VMB_VERSION_5_3);
	guest_add_vp(g);
	g->int_page = guest_alloc(g, 1);
	s = stor_start(g);
	/* from here on nothing is sure */
	if (scribbles)
		EXPECT(!pthread_create(&thread, NULL, scribble, s));
	for (i = 0;; i++) {
		if (!rnd(8))
			any_message(g, s);
		else if (!rnd(8))
			any_ioctl(g);
		else
			any_command(g, s);
		if (!rnd(4)) {
			slot = guest_slot(&g->vp[0]);
			slot->message_type = 0;
			eventfd_write(g->vp[0].eom, 1);
		}
		service_quietly(g);
		if (!rnd(64)) {
			/* make the rings good again, for more to be done with them */
			memset(s->ch.out_map, 0, VMB_PAGE_SIZE);
			memset(s->ch.in_map, 0, VMB_PAGE_SIZE);
			vmb_ring_init_producer(&s->ch.out, s->ch.out.hdr, s->ch.out.data,
					       s->ch.out.size);
			if (!rnd(64)) {
				vmb_reset(g->fd);
				guest_synic_on(&g->vp[0]);
				guest_slot(&g->vp[0])->message_type = 0;
				_exit(0);
			}
		}
	}
}

static pid_t start_bad_guest(u32 number)
{
	pid_t pid = EXPECT_OK(fork());
	int null;

	if (pid)
		return pid;
	seed = seed * 2654435761U + number * 40503 + 1;
	/* its own expectations are nobody's concern */
	null = EXPECT_OK(open("/dev/null", O_WRONLY));
	if (!getenv("HOSTILE_VERBOSE"))
		dup2(null, 1);
	behave_badly(number % 2);
	_exit(0);
}

/* One round of the good guest: write, read, compare. */
static void check_data(struct stor *s, u64 gpa, u32 *tag, u32 round)
{
	struct stor_cmd cmd[DEPTH];
	struct guest *g = s->ch.g;
	u32 i, j, at;

	for (i = 0; i < DEPTH; i++) {
		u32 *p = guest_ptr(g, gpa + i * VMB_PAGE_SIZE);

		at = i * (BLOCKS / DEPTH) + round % (BLOCKS / DEPTH);
		cmd_rw(&cmd[i], !(round & 4) || !tag[at], at * 8, 8, gpa + i * VMB_PAGE_SIZE, 512);
		if (cmd[i].write)
			tag[at] = round * DEPTH + i + 1;
		for (j = 0; j < 1024; j++)
			p[j] = cmd[i].write ? tag[at] ^ j * 2654435761U : 0;
		EXPECT_EQ(stor_submit(s, &cmd[i], false), 0);
	}
	stor_wait_all(s);
	for (i = 0; i < DEPTH; i++) {
		u32 *p = guest_ptr(g, gpa + i * VMB_PAGE_SIZE);

		at = i * (BLOCKS / DEPTH) + round % (BLOCKS / DEPTH);
		EXPECT_GOOD(&cmd[i]);
		for (j = 0; j < 1024; j++)
			EXPECT_EQ(p[j], tag[at] ^ j * 2654435761U);
	}
}

TEST_LIMIT(another_partition_is_not_disturbed, 280)
{
	unsigned int seconds = setting("HOSTILE_SECONDS", SECONDS), guests = 0, died = 0;
	u32 tag[BLOCKS] = {}, round = 0;
	struct stor *s;
	u64 end, gpa;
	pid_t bad;
	int status;

	seed = setting("HOSTILE_SEED", guest_now_ms() * 2654435761U | 1);
	printf("# HOSTILE_SEED=%u\n", seed);
	fflush(stdout);
	disk_create(DISK, "memory_backed=1 size=16 irqmode=2 completion_nsec=100000");
	disk_create(VICTIM_DISK, "memory_backed=1 size=16");
	config_partition(PARTITION);
	ctrl_create(PARTITION, "scsi.0");
	lun_create(PARTITION, "scsi.0", 0, DISK);
	ctrl_create(PARTITION, "scsi.1");
	ctrl_enable(PARTITION, "scsi.0");
	ctrl_enable(PARTITION, "scsi.1");
	s = stor_start(stor_guest_in(VICTIM, VICTIM_DISK));
	stor_clear_ua(s, 0);
	gpa = guest_alloc(s->ch.g, DEPTH);

	end = guest_now_ms() + seconds * 1000;
	while (guest_now_ms() < end) {
		u64 stop = guest_now_ms() + 500 + seed % 1500;

		bad = start_bad_guest(guests++);
		while (guest_now_ms() < stop && !waitpid(bad, &status, WNOHANG))
			check_data(s, gpa, tag, round++);
		if (!kill(bad, SIGKILL) && waitpid(bad, &status, 0) == bad)
			died++;
	}
	EXPECT(guests > 0);
	EXPECT(round > 0);
	printf("# %u guests, %u of them killed, %u rounds\n", guests, died, round);
}
