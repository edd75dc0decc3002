// SPDX-License-Identifier: GPL-2.0
/*
 * To be loaded into User Mode Linux (LD_PRELOAD): what KASAN knows of memory is in large
 * pages then, where the build machine has them for who asks.
 *
 * Each new address space is a process of the build machine, which begins as a fork of the
 * kernel's own. KASAN's memory, an eighth of all, is the one large part of that which is
 * copied: with small pages a process costs 45 ms in a machine with 2 GiB.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* nothing else is as large: the whole address space has its place in it */
#define LARGE	(1UL << 40)

void *mmap64(void *addr, size_t len, int prot, int flags, int fd, off64_t offset)
{
	void *p = (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, offset);

	if (p != MAP_FAILED && len >= LARGE)
		madvise(p, len, MADV_HUGEPAGE);
	return p;
}

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	return mmap64(addr, len, prot, flags, fd, offset);
}
