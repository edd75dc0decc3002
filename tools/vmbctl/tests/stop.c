// SPDX-License-Identifier: GPL-2.0-only
/*
 * For LD_PRELOAD: the program is killed before its change number STOP_AT to a file or a
 * folder.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void change(void)
{
	static int left;

	if (!left)
		left = atoi(getenv("STOP_AT"));
	if (!--left)
		raise(SIGKILL);
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t pos)
{
	change();
	return syscall(SYS_pwrite64, fd, buf, len, pos);
}

int ftruncate(int fd, off_t size)
{
	change();
	return syscall(SYS_ftruncate, fd, size);
}

int fallocate(int fd, int mode, off_t pos, off_t len)
{
	change();
	return syscall(SYS_fallocate, fd, mode, pos, len);
}

int unlink(const char *path)
{
	change();
	return unlinkat(AT_FDCWD, path, 0);
}
