// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"

/* Per test. A signal that gets lost shows as a test that never ends. */
#define TEST_SECONDS	120

int shim_fail_alloc;

static const char *running;

const char *test_fail(const char *file, int line, const char *what)
{
	static char why[256];
	const char *base = strrchr(file, '/');

	snprintf(why, sizeof(why), "%s:%d: %s", base ? base + 1 : file, line,
		 what);
	return why;
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

void rig_map(struct rig *rig, u32 size)
{
	int fd = memfd_create("ring", 0);
	u8 *p;

	rig->size = size;
	rig->mapped = 3 * VMB_PAGE_SIZE + 2 * size;
	if (fd < 0 || ftruncate(fd, VMB_PAGE_SIZE + size))
		die("memfd");
	p = mmap(NULL, rig->mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		die("mmap");
	rig->base = p;
	rig->hdr = mmap(p, VMB_PAGE_SIZE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_FIXED, fd, 0);
	rig->data = mmap(p + 2 * VMB_PAGE_SIZE, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, fd, VMB_PAGE_SIZE);
	p = mmap(rig->data + size, size, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, fd, VMB_PAGE_SIZE);
	if ((void *)rig->hdr == MAP_FAILED || (void *)rig->data == MAP_FAILED ||
	    (void *)p == MAP_FAILED)
		die("mmap");
	close(fd);
	rig_start(rig, 0);
}

void rig_unmap(struct rig *rig)
{
	munmap(rig->base, rig->mapped);
}

void rig_start(struct rig *rig, u32 at)
{
	memset(rig->hdr, 0, sizeof(*rig->hdr));
	rig->hdr->write_index = cpu_to_le32(at);
	rig->hdr->read_index = cpu_to_le32(at);
	if (vmb_ring_init_producer(&rig->p, rig->hdr, rig->data, rig->size) ||
	    vmb_ring_init_consumer(&rig->c, rig->hdr, rig->data, rig->size))
		die("init");
}

static void timed_out(int sig)
{
	static char line[256];
	int len = snprintf(line, sizeof(line),
			   "not ok %s: no end in %d s, was a signal lost?\n",
			   running, TEST_SECONDS);

	(void)sig;
	if (write(STDOUT_FILENO, line, len) < 0)
		_exit(3);
	_exit(1);
}

int main(int argc, char **argv)
{
	static const struct test *const suites[] = {
		ring_tests, signal_tests, packet_tests, gpadl_tests,
		hammer_tests,
#ifndef __SANITIZE_THREAD__
		/* the peer that breaks every rule is a race by intention */
		hostile_tests,
#endif
	};
	int passed = 0, failed = 0;
	const struct test *t;
	const char *why;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, timed_out);
	for (i = 0; i < ARRAY_SIZE(suites); i++) {
		for (t = suites[i]; t->name; t++) {
			if (argc > 1 && strcmp(argv[1], t->name))
				continue;
			running = t->name;
			alarm(TEST_SECONDS);
			why = t->fn();
			alarm(0);
			if (why) {
				printf("not ok %s: %s\n", t->name, why);
				failed++;
			} else {
				printf("ok %s\n", t->name);
				passed++;
			}
		}
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed || !passed;
}
