// SPDX-License-Identifier: GPL-2.0-only
/* Image files, for the library in drivers/vhd. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "util.h"
#include "vhd_file.h"

/* The library's allocations look at it; only its tests make them fail. */
extern int shim_fail_alloc;
int shim_fail_alloc;

static int file_read(void *arg, u64 pos, void *buf, size_t len)
{
	struct vhd_file *file = arg;
	char *to = buf;
	ssize_t n;

	while (len) {
		n = pread(file->fd, to, len, pos);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		to += n;
		pos += n;
		len -= n;
	}
	return 0;
}

static int file_write(void *arg, u64 pos, const void *buf, size_t len)
{
	struct vhd_file *file = arg;
	const char *from = buf;
	ssize_t n;

	while (len) {
		n = pwrite(file->fd, from, len, pos);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		from += n;
		pos += n;
		len -= n;
	}
	return 0;
}

static int file_zero(void *arg, u64 pos, u64 len)
{
	struct vhd_file *file = arg;
	static const char zeros[65536];
	int ret = 0;

	if (!fallocate(file->fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, pos, len))
		return 0;
	for (; len && !ret; pos += ret ? 0 : sizeof(zeros)) {
		size_t part = len < sizeof(zeros) ? len : sizeof(zeros);

		ret = file_write(file, pos, zeros, part);
		len -= part;
	}
	return ret;
}

static int file_resize(void *arg, u64 size)
{
	struct vhd_file *file = arg;

	return ftruncate(file->fd, size) ? -errno : 0;
}

static int file_flush(void *arg)
{
	struct vhd_file *file = arg;

	return fsync(file->fd) ? -errno : 0;
}

/**
 * vhd_file_open - open an image's file
 * @file: set
 * @path: of it, kept
 * @flags: as open() has them
 *
 * Return: 0 or an exit code, when it has been said what is wrong.
 */
int vhd_file_open(struct vhd_file *file, const char *path, int flags)
{
	bool writable = (flags & O_ACCMODE) != O_RDONLY;
	struct stat st;

	*file = (struct vhd_file){
		.io = {
			.read = file_read,
			.write = writable ? file_write : NULL,
			.zero = writable ? file_zero : NULL,
			.resize = writable ? file_resize : NULL,
			.flush = writable ? file_flush : NULL,
			.file = file,
		},
		.path = path,
		/* a pipe without a writer is not to be waited for */
		.fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0666),
	};
	if (file->fd < 0 || fstat(file->fd, &st)) {
		if (errno == EEXIST)
			warnx("%s is there already: give another name, or remove it", path);
		else
			warn("%s", path);
		return errno == ENOENT ? EXIT_ABSENT : EXIT_FAILED;
	}
	if (!S_ISREG(st.st_mode)) {
		warnx("%s is not a regular file", path);
		close(file->fd);
		return EXIT_FAILED;
	}
	file->io.size = st.st_size;
	return 0;
}

/**
 * vhd_file_alone - does nobody else have the file open?
 * @file: open for reading and writing
 *
 * Who writes an image that a machine is running from destroys it. A lease is
 * given only if there is no other open file. It is kept until the file is closed:
 * who opens it then has to wait, and we get SIGIO.
 *
 * Return: 0 or an exit code, when it has been said what is wrong.
 */
int vhd_file_alone(struct vhd_file *file)
{
	struct sigaction action;

	/* who does nothing about it ends soon, and is not to be ended by it */
	if (!sigaction(SIGIO, NULL, &action) && action.sa_handler == SIG_DFL)
		signal(SIGIO, SIG_IGN);
	if (!fcntl(file->fd, F_SETLEASE, F_WRLCK))
		return 0;
	if (errno == EAGAIN)
		warnx("%s is in use: end the program or the machine that has it open", file->path);
	else
		warn("%s: cannot make sure that nobody else uses it", file->path);
	return EXIT_FAILED;
}

/**
 * vhd_file_failed - say why the library refused an image
 * @file: its file
 * @err: as the library has it
 *
 * Return: an exit code.
 */
int vhd_file_failed(const struct vhd_file *file, const struct vhd_error *err)
{
	warnx("%s: %s (%s)", file->path, err->text, strerror(-err->code));
	if (err->code == -EROFS)
		fprintf(stderr, "'vmbctl vhd check --repair %s' does that.\n", file->path);
	return EXIT_FAILED;
}

/**
 * vhd_file_image - open an image to read it
 * @file: set
 * @img: set
 * @path: of its file, kept
 *
 * Return: 0 or an exit code, when it has been said what is wrong.
 */
int vhd_file_image(struct vhd_file *file, struct vhd_image *img, const char *path)
{
	struct vhd_error err;
	int ret;

	ret = vhd_file_open(file, path, O_RDONLY);
	if (ret || !vhd_image_open(img, &file->io, false, &err))
		return ret;
	close(file->fd);
	return vhd_file_failed(file, &err);
}

/**
 * vhd_random_id - an id that nothing else has
 *
 * Return: as RFC 9562 has it, version 4.
 */
guid_t vhd_random_id(void)
{
	guid_t id;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		err(EXIT_FAILED, "no random numbers");
	id.b[7] = (id.b[7] & 0x0f) | 0x40;
	id.b[8] = (id.b[8] & 0x3f) | 0x80;
	return id;
}

/**
 * vhd_file_create - make an image
 * @params: what it is to be
 * @path: where; there must be nothing
 * @more: to be done with its file, or NULL
 * @arg: for @more
 *
 * Return: 0; or an exit code, when it has been said what is wrong, and nothing is
 * left.
 */
int vhd_file_create(const struct vhd_create *params, const char *path,
		    int (*more)(struct vhd_file *file, void *arg), void *arg)
{
	struct vhd_error error;
	struct vhd_file file;
	int ret;

	ret = vhd_file_open(&file, path, O_RDWR | O_CREAT | O_EXCL);
	if (ret)
		return ret;
	if (vhd_create(params, &file.io, &error)) {
		if (error.code == -EINVAL || error.code == -EFBIG) {
			warnx("%s", error.text);
			ret = EXIT_USAGE;
		} else {
			ret = vhd_file_failed(&file, &error);
		}
	} else if (more) {
		ret = more(&file, arg);
	}
	if (close(file.fd) && !ret) {
		warn("%s", path);
		ret = EXIT_FAILED;
	}
	if (ret)
		unlink(path);
	return ret;
}

/* With / for \, from @folder if it is given */
static char *native_path(const char *folder, const char *path)
{
	char *native = folder ? xasprintf("%s/%s", folder, path) : xstrdup(path), *p;

	for (p = native + (folder ? strlen(folder) : 0); *p; p++)
		if (*p == '\\')
			*p = '/';
	return native;
}

/**
 * vhd_file_parent_path - where the parent of an image should be
 * @child: path of the image
 * @img: a differencing image
 *
 * By the relative path; by the absolute one when there is nothing, unless it has
 * a drive letter, which means nothing here.
 *
 * Return: a path, to be freed, or NULL.
 */
char *vhd_file_parent_path(const char *child, const struct vhd_image *img)
{
	const char *absolute = img->parent.absolute;
	const char *relative = img->parent.relative;
	char *copy = xstrdup(child), *path = NULL, *other;

	if (relative && !strncmp(relative, ".\\", 2))
		relative += 2;
	if (relative)
		path = native_path(dirname(copy), relative);
	free(copy);
	if (!absolute || (*absolute != '\\' && *absolute != '/') ||
	    (path && !access(path, F_OK)))
		return path;
	other = native_path(NULL, absolute);
	if (path && access(other, F_OK)) {
		free(other);
		return path;
	}
	free(path);
	return other;
}
