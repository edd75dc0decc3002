// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "crash.h"

enum change_kind { CHANGE_WRITE, CHANGE_ZERO, CHANGE_SIZE, CHANGE_FLUSH };

struct crash_change {
	enum change_kind kind;
	int file;
	u64 pos;
	u64 len;
	u8 *data;
};

u32 crash_random(struct crash *c, u32 below)
{
	c->random = c->random * 1664525 + 1013904223;
	return (c->random >> 8) % below;
}

static void note(struct crash_file *f, enum change_kind kind, u64 pos, const void *data, u64 len)
{
	struct crash *crash = f->crash;
	struct crash_change *c = &crash->changes[crash->count++];

	if (crash->count == CRASH_CHANGES)
		abort();
	*c = (struct crash_change) {
		.kind = kind, .file = f - crash->files, .pos = pos, .len = len,
	};
	if (data) {
		c->data = malloc(len);
		memcpy(c->data, data, len);
	}
}

static int crash_read(void *arg, u64 pos, void *buf, size_t len)
{
	struct crash_file *f = arg;

	return f->file.io.read(&f->file, pos, buf, len);
}

static int crash_write(void *arg, u64 pos, const void *buf, size_t len)
{
	struct crash_file *f = arg;

	note(f, CHANGE_WRITE, pos, buf, len);
	return f->file.io.write(&f->file, pos, buf, len);
}

static int crash_zero(void *arg, u64 pos, u64 len)
{
	struct crash_file *f = arg;

	note(f, CHANGE_ZERO, pos, NULL, len);
	return f->file.io.zero(&f->file, pos, len);
}

static int crash_resize(void *arg, u64 size)
{
	struct crash_file *f = arg;

	note(f, CHANGE_SIZE, 0, NULL, size);
	return f->file.io.resize(&f->file, size);
}

static int crash_flush(void *arg)
{
	note(arg, CHANGE_FLUSH, 0, NULL, 0);
	return 0;
}

/* Holes stay holes: most of an image is one. */
const char *copy_file(const struct file *from, struct file *to)
{
	off_t at = 0, end, size = lseek(from->fd, 0, SEEK_END);
	struct vhd_error err;

	CHECK(!file_memory(to));
	CHECK_OK(vhd_io_resize(&to->io, size, &err));
	while ((at = lseek(from->fd, at, SEEK_DATA)) >= 0) {
		end = lseek(from->fd, at, SEEK_HOLE);
		CHECK(lseek(to->fd, at, SEEK_SET) == at);
		while (at < end)
			CHECK(sendfile(to->fd, from->fd, &at, end - at) > 0);
	}
	return NULL;
}

void crash_start(struct crash *c, u32 random)
{
	memset(c, 0, sizeof(*c));
	c->random = random;
	c->changes = calloc(CRASH_CHANGES, sizeof(*c->changes));
}

/* From now on file @i is written through its io; it begins as a copy. */
const char *crash_file(struct crash *c, int i, const struct file *before)
{
	struct crash_file *f = &c->files[i];

	f->crash = c;
	TRY(copy_file(before, &f->before));
	TRY(copy_file(before, &f->file));
	f->io = (struct vhd_io) {
		.read = crash_read,
		.write = crash_write,
		.zero = crash_zero,
		.resize = crash_resize,
		.flush = crash_flush,
		.file = f,
		.size = f->file.io.size,
	};
	return NULL;
}

void crash_stop(struct crash *c)
{
	int i;

	for (i = 0; i < CRASH_FILES; i++) {
		if (!c->files[i].crash)
			continue;
		file_close(&c->files[i].file);
		file_close(&c->files[i].before);
	}
	while (c->count)
		free(c->changes[--c->count].data);
	free(c->changes);
}

/* Do a change to a file, or the part of it that made it. */
static const char *redo(struct file *file, const struct crash_change *c, u64 len)
{
	struct vhd_error err;

	switch (c->kind) {
	case CHANGE_WRITE:
		CHECK_OK(vhd_io_write(&file->io, c->pos, c->data, len, "test", &err));
		break;
	case CHANGE_ZERO:
		CHECK_OK(vhd_io_zero(&file->io, c->pos, len, &err));
		break;
	case CHANGE_SIZE:
		CHECK_OK(vhd_io_resize(&file->io, c->len, &err));
		break;
	case CHANGE_FLUSH:
		break;
	}
	return NULL;
}

/* File @i as it is when the machine stops after @stop changes */
const char *crash_at(struct crash *c, int i, int stop, int way, struct file *file)
{
	const struct crash_change *change;
	int n, flushed = 0;
	struct vhd_error err;
	u64 len, end;

	TRY(copy_file(&c->files[i].before, file));
	for (n = 0; n < stop; n++)
		if (c->changes[n].kind == CHANGE_FLUSH && c->changes[n].file == i)
			flushed = n + 1;
	for (n = 0; n < stop; n++) {
		change = &c->changes[n];
		if (change->file != i)
			continue;
		len = change->len;
		if (n >= flushed && way == 1)
			break;
		if (n >= flushed && way > 1) {
			if (crash_random(c, 2))
				continue;
			end = change->pos + len;
			/* sectors are written whole, and a file may get longer before */
			if (change->kind == CHANGE_WRITE && crash_random(c, 2) &&
			    !(c->whole && end > file->io.size)) {
				len = crash_random(c, len / 512 + 1) * 512;
				if (end > file->io.size && crash_random(c, 2))
					CHECK_OK(vhd_io_resize(&file->io, end, &err));
				if (!len)
					continue;
			}
		}
		TRY(redo(file, change, len));
	}
	return NULL;
}
