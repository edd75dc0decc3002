// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"

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

	return test_main(suites, ARRAY_SIZE(suites), argc, argv);
}
