// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

static int file_read(void *arg, u64 pos, void *buf, size_t len)
{
	struct file *file = arg;
	u8 *to = buf;
	ssize_t n;

	while (len) {
		n = pread(file->fd, to, len, pos);
		if (n <= 0)
			return n ? -errno : -EIO;
		to += n;
		pos += n;
		len -= n;
	}
	return 0;
}

/* Does this change fail? */
static bool file_fails(struct file *file)
{
	file->changes++;
	if (file->fail_in < 0)
		return false;
	if (!file->fail_in)
		return true;
	return !--file->fail_in;
}

static int file_write(void *arg, u64 pos, const void *buf, size_t len)
{
	struct file *file = arg;
	bool fails = file_fails(file);
	const u8 *from = buf;
	ssize_t n;

	if (fails && !file->torn)
		return -EIO;
	if (fails) {
		file->torn = false;
		/* sectors are written whole */
		len = len / 2 / 512 * 512;
	}
	while (len) {
		n = pwrite(file->fd, from, len, pos);
		if (n <= 0)
			return n ? -errno : -EIO;
		from += n;
		pos += n;
		len -= n;
	}
	return fails ? -EIO : 0;
}

static int file_zero(void *arg, u64 pos, u64 len)
{
	struct file *file = arg;

	if (file_fails(file))
		return -EIO;
	return fallocate(file->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, pos, len) ?
		-errno : 0;
}

static int file_resize(void *arg, u64 size)
{
	struct file *file = arg;

	if (file_fails(file))
		return -EIO;
	return ftruncate(file->fd, size) ? -errno : 0;
}

static int file_flush(void *arg)
{
	struct file *file = arg;

	return file->fail_in ? 0 : -EIO;
}

static int file_init(struct file *file, int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	*file = (struct file) {
		.io = {
			.read = file_read,
			.write = file_write,
			.zero = file_zero,
			.resize = file_resize,
			.flush = file_flush,
			.file = file,
			.size = st.st_size,
		},
		.fd = fd,
		.fail_in = -1,
	};
	return 0;
}

int file_open(struct file *file, const char *path, int flags)
{
	return file_init(file, open(path, flags | O_CLOEXEC, 0666));
}

int file_memory(struct file *file)
{
	return file_init(file, memfd_create("image", MFD_CLOEXEC));
}

void file_close(struct file *file)
{
	close(file->fd);
}
