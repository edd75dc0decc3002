// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every interleaving of a producer and a consumer on a machine with store
 * buffers (stores of a thread become visible later, in order; a full barrier
 * waits for them). The code under test is the same, its shared accesses come
 * here. An interleaving in which both ends sleep with work left is a lost
 * signal.
 *
 * Depth first: a run follows a list of choices, then takes the first of each
 * new one; the next run differs in the last choice that has another. What a
 * thread does next depends on nothing but what it has read, so a state met
 * before needs no second visit.
 */
#include <stdlib.h>
#include <ucontext.h>

#include "test.h"

#define MAX_DEPTH	1000
#define MAX_BUFFER	16
#define SEEN_SIZE	0x400000U
#define STACK_SIZE	(256 << 10)

enum { PRODUCER, CONSUMER, THREADS };

struct store {
	volatile __le32 *p;
	__le32 v;
};

struct thread {
	ucontext_t context;
	char *stack;
	struct store buffer[MAX_BUFFER];
	u32 stores;
	u64 history;
	bool rung, asleep, done;
};

struct scenario {
	const char *name;
	u32 packets, body_len, batch;
	bool mask;
	/* leave out the full barriers of one thread: must be found */
	bool no_barrier[THREADS];
	bool broken;
};

static const struct scenario scenarios[] = {
	{ "model_wake_consumer", 4, 0, 1, false, { 0 }, false },
	{ "model_wake_consumer_mask", 3, 0, 1, true, { 0 }, false },
	{ "model_wake_consumer_batch", 5, 0, 2, true, { 0 }, false },
	{ "model_wake_producer", 3, 3000, 1, false, { 0 }, false },
	{ "model_wake_producer_mask", 3, 3000, 1, true, { 0 }, false },
	{ "model_wake_producer_batch", 5, 1500, 2, true, { 0 }, false },
	{ "model_finds_missing_c", 4, 0, 1, false, { true, false }, true },
	{ "model_finds_missing_f", 4, 0, 1, false, { false, true }, true },
	{ "model_finds_missing_h", 4, 3000, 1, false, { true, false }, true },
	{ "model_finds_missing_j", 3, 0, 1, true, { false, true }, true },
};

int shim_fail_alloc;

static const struct scenario *scenario;
static struct thread threads[THREADS];
static ucontext_t scheduler;
static int current = -1;
static struct rig rig;

static struct {
	u8 options, taken;
} path[MAX_DEPTH];
static u32 path_len;
static u64 *seen;
static u32 states;

const char *test_fail(const char *file, int line, const char *what)
{
	static char why[256];

	snprintf(why, sizeof(why), "%s:%d: %s", file, line, what);
	return why;
}

static void model_die(const char *what)
{
	printf("not ok %s: %s\n", scenario->name, what);
	exit(1);
}

static u64 mix(u64 hash, u64 v)
{
	hash = (hash ^ v) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 29;
}

static void flush_one(struct thread *t)
{
	*t->buffer[0].p = t->buffer[0].v;
	t->stores--;
	memmove(t->buffer, t->buffer + 1, t->stores * sizeof(*t->buffer));
}

static void step(void)
{
	threads[current].history = mix(threads[current].history, 2);
	swapcontext(&threads[current].context, &scheduler);
}

unsigned long long shim_load(const volatile void *p, unsigned int size)
{
	struct thread *t;
	__le32 v;
	u32 i;

	/* packets are not written while they are read, as B and E see to */
	if (size == 8)
		return *(const volatile u64 *)p;
	v = *(const volatile __le32 *)p;
	if (current < 0)
		return v;
	step();
	t = &threads[current];
	v = *(const volatile __le32 *)p;
	for (i = 0; i < t->stores; i++)
		if ((const volatile void *)t->buffer[i].p == p)
			v = t->buffer[i].v;
	t->history = mix(t->history, v + 1);
	return v;
}

void shim_store(volatile void *p, unsigned int size, unsigned long long v)
{
	struct thread *t;

	if (size != 4)
		model_die("a shared store is not 32 bits wide");
	if (current < 0) {
		*(volatile __le32 *)p = v;
		return;
	}
	/* no step: it is not visible before it leaves the buffer */
	t = &threads[current];
	if (t->stores == MAX_BUFFER)
		model_die("store buffer too small");
	t->buffer[t->stores++] = (struct store){ p, v };
}

void shim_mb(void)
{
	struct thread *t = &threads[current];

	if (scenario->no_barrier[current])
		return;
	step();
	while (t->stores)
		flush_one(t);
	t->history = mix(t->history, ~0ULL);
}

static void bell_ring(struct thread *t)
{
	t->rung = true;
}

static void bell_wait(struct thread *t)
{
	t->asleep = true;
	step();
	t->asleep = false;
	t->rung = false;
	t->history = mix(t->history, ~1ULL);
}

static void publish(void)
{
	if (vmb_ring_publish(&rig.p))
		bell_ring(&threads[CONSUMER]);
}

static void produce(void)
{
	static u8 body[4096];
	struct kvec vec = { body, scenario->body_len };
	u32 len = vmb_ring_pkt_size(0, scenario->body_len);
	u32 seq;

	for (seq = 0; seq < scenario->packets; seq++) {
		while (vmb_ring_put(&rig.p, 6, 0, seq, NULL, &vec)) {
			publish();
			if (!vmb_ring_wait_space(&rig.p, len))
				bell_wait(&threads[PRODUCER]);
			vmb_ring_end_wait(&rig.p);
		}
		if ((seq + 1) % scenario->batch == 0)
			publish();
	}
	publish();
	threads[PRODUCER].done = true;
	step();
}

static void consume(void)
{
	static u64 buf[512];
	struct vmb_packet pkt;
	u32 seq = 0, since = 0;
	int ret;

	while (seq < scenario->packets) {
		ret = vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt);
		if (ret && ret != -EAGAIN)
			model_die("get failed");
		if (!ret && pkt.trans_id != seq++)
			model_die("a packet is out of order");
		if (!ret && ++since < scenario->batch)
			continue;
		since = 0;
		if (vmb_ring_release(&rig.c))
			bell_ring(&threads[PRODUCER]);
		if (!ret)
			continue;
		if (scenario->mask ? vmb_ring_unmask(&rig.c) :
				     vmb_ring_readable(&rig.c))
			continue;
		bell_wait(&threads[CONSUMER]);
		if (scenario->mask)
			vmb_ring_mask(&rig.c);
	}
	if (vmb_ring_release(&rig.c))
		bell_ring(&threads[PRODUCER]);
	threads[CONSUMER].done = true;
	step();
}

/* True when this state is new. */
static bool visit(void)
{
	const volatile __le32 *word = (const volatile __le32 *)rig.hdr;
	u64 key = 1;
	u32 i, n, slot;

	for (i = 0; i < 4; i++)
		key = mix(key, word[i]);
	for (i = 0; i < THREADS; i++) {
		struct thread *t = &threads[i];

		key = mix(key, t->history);
		key = mix(key, t->rung | t->asleep << 1 | t->done << 2 |
			  t->stores << 3);
		for (n = 0; n < t->stores; n++) {
			key = mix(key, (u64)(unsigned long)t->buffer[n].p);
			key = mix(key, t->buffer[n].v);
		}
	}
	key |= 1;
	for (slot = key >> 32; ; slot++) {
		slot %= SEEN_SIZE;
		if (seen[slot] == key)
			return false;
		if (!seen[slot])
			break;
	}
	seen[slot] = key;
	if (++states > SEEN_SIZE / 2)
		model_die("too many states");
	return true;
}

static void start_thread(int i, void (*fn)(void))
{
	struct thread *t = &threads[i];
	char *stack = t->stack ? t->stack : malloc(STACK_SIZE);

	memset(t, 0, sizeof(*t));
	t->stack = stack;
	getcontext(&t->context);
	t->context.uc_stack.ss_sp = stack;
	t->context.uc_stack.ss_size = STACK_SIZE;
	makecontext(&t->context, fn, 0);
}

/* One interleaving. True when it ends with a signal lost. */
static bool run(void)
{
	u32 depth = 0, n, i;
	u8 options[2 * THREADS];

	memset(rig.hdr, 0, sizeof(*rig.hdr));
	if (vmb_ring_init_producer(&rig.p, rig.hdr, rig.data, rig.size) ||
	    vmb_ring_init_consumer(&rig.c, rig.hdr, rig.data, rig.size))
		model_die("init");
	start_thread(PRODUCER, produce);
	start_thread(CONSUMER, consume);

	for (;;) {
		n = 0;
		for (i = 0; i < THREADS; i++) {
			struct thread *t = &threads[i];

			if (!t->done && (!t->asleep || t->rung))
				options[n++] = i;
			if (t->stores)
				options[n++] = THREADS + i;
		}
		if (!n)
			return !threads[PRODUCER].done || !threads[CONSUMER].done;

		if (depth == path_len) {
			if (!visit())
				return false;
			if (path_len == MAX_DEPTH)
				model_die("too long");
			path[path_len].options = n;
			path[path_len++].taken = 0;
		}
		i = options[path[depth++].taken];
		if (i >= THREADS) {
			flush_one(&threads[i - THREADS]);
			continue;
		}
		current = i;
		swapcontext(&scheduler, &threads[i].context);
		current = -1;
	}
}

static bool next_path(void)
{
	while (path_len) {
		if (++path[path_len - 1].taken < path[path_len - 1].options)
			return true;
		path_len--;
	}
	return false;
}

static bool explore(void)
{
	memset(seen, 0, SEEN_SIZE * sizeof(*seen));
	path_len = 0;
	states = 0;
	do {
		if (run())
			return true;
	} while (next_path());
	return false;
}

int main(void)
{
	static u8 data[2 * VMB_PAGE_SIZE] __attribute__((aligned(8)));
	static struct vmb_ring_hdr hdr;
	int passed = 0, failed = 0;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	seen = malloc(SEEN_SIZE * sizeof(*seen));
	if (!seen)
		return 2;
	rig.hdr = &hdr;
	rig.data = data;
	rig.size = VMB_PAGE_SIZE;
	for (i = 0; i < ARRAY_SIZE(scenarios); i++) {
		bool lost;

		scenario = &scenarios[i];
		lost = explore();
		fprintf(stderr, "# %s: %u states\n", scenario->name, states);
		if (lost == scenario->broken && (lost || states > 1000)) {
			printf("ok %s\n", scenario->name);
			passed++;
		} else {
			printf("not ok %s: a signal is %slost, %u states\n",
			       scenario->name, lost ? "" : "never ", states);
			failed++;
		}
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed || !passed;
}
