// SPDX-License-Identifier: GPL-2.0-only
/* vmbctl vhd create: a new image. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "create.h"
#include "progress.h"
#include "text_parse.h"
#include "util.h"
#include "vhd_chain.h"
#include "vhd_file.h"

enum { FORMAT, TYPE, SIZE, BLOCK, SECTOR, PARENT, PREALLOCATE };

const struct command_option vhd_create_options[] = {
	[FORMAT] = { "format", 'f', "FORMAT", "vhd vhdx",
		     "vhd or vhdx, by the name's end unless given" },
	[TYPE] = { "type", 't', "TYPE", "fixed dynamic", "fixed or dynamic, dynamic unless given" },
	[SIZE] = { "size", 's', "SIZE", NULL, "of the disk: bytes, or with K, M, G or T" },
	[BLOCK] = { "block-size", 0, "SIZE", NULL, "2M unless given" },
	[SECTOR] = { "sector-size", 0, "BYTES", "512 4096", "logical, 512 unless given" },
	[PARENT] = { "parent", 'p', "FILE", NULL, "make a differencing image of this one" },
	[PREALLOCATE] = { "preallocate", 0, NULL, NULL, "of a fixed image: take all space now" },
	{ }
};

/* between two looks of the progress bar */
#define PREALLOCATE_STEP	(64ULL << 20)

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return len > n && !strcasecmp(name + len - n, end);
}

static bool format_of(const char *option, const char *path, enum vhd_format *format)
{
	if (option)
		*format = strcmp(option, "vhdx") ? VHD_FORMAT_VHD : VHD_FORMAT_VHDX;
	else if (ends_with(path, ".vhdx") || ends_with(path, ".avhdx"))
		*format = VHD_FORMAT_VHDX;
	else if (ends_with(path, ".vhd") || ends_with(path, ".avhd"))
		*format = VHD_FORMAT_VHD;
	else
		return false;
	return true;
}

static bool size_option(const struct args *args, int which, u64 *size)
{
	uint64_t n;

	if (!args->value[which])
		return true;
	if (!text_parse_size(args->value[which], &n)) {
		warnx("--%s is '%s': give bytes, or a number with K, M, G or T behind it",
		      vhd_create_options[which].name, args->value[which]);
		return false;
	}
	*size = n;
	return true;
}

/* Space for all of the file; what is in it stays. */
static int preallocate(struct vhd_file *file)
{
	struct progress progress;
	static const char zeros[1 << 20];
	u64 pos, part, size = file->io.size;
	int ret = 0;

	progress_start(&progress, "allocating", size);
	for (pos = 0; pos < size && !ret; pos += part) {
		part = size - pos < PREALLOCATE_STEP ? size - pos : PREALLOCATE_STEP;
		if (fallocate(file->fd, 0, pos, part))
			ret = errno;
		/* only what is still a hole, and never what has been written */
		if (ret == EOPNOTSUPP) {
			u64 at, n;

			ret = 0;
			for (at = pos; at < pos + part && !ret; at += n) {
				off_t hole = lseek(file->fd, at, SEEK_HOLE);
				off_t data;

				if (hole < 0 || (u64)hole >= pos + part)
					break;
				data = lseek(file->fd, hole, SEEK_DATA);
				at = hole;
				n = (data < 0 ? size : (u64)data) - at;
				if (n > sizeof(zeros))
					n = sizeof(zeros);
				if (pwrite(file->fd, zeros, n, at) != (ssize_t)n)
					ret = errno ?: EIO;
			}
		}
		progress_show(&progress, pos + part);
	}
	progress_end(&progress);
	if (!ret && fsync(file->fd))
		ret = errno;
	if (!ret)
		return 0;
	warnx("%s: no space for all of it: %s", file->path, strerror(ret));
	return EXIT_FAILED;
}

/* What makes no sense together. */
static bool options_fit(const struct args *args)
{
	bool own = args->value[SIZE] || args->value[TYPE] || args->value[SECTOR];

	if (args->value[PARENT] && own) {
		warnx("--size, --type and --sector-size are the parent's: leave them out");
		return false;
	}
	if (!args->value[PARENT] && !args->value[SIZE]) {
		warnx("how large is it to be? Give --size, or --parent");
		return false;
	}
	if (args->value[PREALLOCATE] &&
	    (!args->value[TYPE] || strcmp(args->value[TYPE], "fixed"))) {
		warnx("--preallocate is for fixed images: give --type fixed, too");
		return false;
	}
	return true;
}

static int preallocate_if(struct vhd_file *file, void *arg)
{
	const struct args *args = arg;

	return args->value[PREALLOCATE] ? preallocate(file) : 0;
}

static int take_parent(struct vhd_create *p, const char *parent, const char *path)
{
	struct vhd_images *images = vhd_images_open(parent, false);
	int ret;

	if (!images)
		return access(parent, F_OK) ? EXIT_ABSENT : EXIT_FAILED;
	if (p->format != images->link[0].img.format) {
		warnx("%s is a %s: a child has to be one, too", parent,
		      vhd_format_name(images->link[0].img.format));
		ret = EXIT_USAGE;
	} else {
		ret = vhd_child_params(p, images, path);
	}
	vhd_images_close(images);
	return ret;
}

/**
 * vhd_create_run - vmbctl vhd create
 * @args: what was given
 *
 * Return: an exit code.
 */
int vhd_create_run(const struct args *args)
{
	const char *path = args->operand[0];
	struct vhd_create p = { .type = VHD_TYPE_DYNAMIC };
	u64 block = 0;
	int ret = 0;

	if (!format_of(args->value[FORMAT], path, &p.format)) {
		warnx("the name '%s' does not tell the format: give --format", path);
		return EXIT_USAGE;
	}
	if (!options_fit(args) || !size_option(args, SIZE, &p.size) ||
	    !size_option(args, BLOCK, &block))
		return EXIT_USAGE;
	if (block > UINT32_MAX) {
		warnx("--block-size is '%s': a block has at most 256M", args->value[BLOCK]);
		return EXIT_USAGE;
	}
	p.block_size = block;
	if (args->value[TYPE] && !strcmp(args->value[TYPE], "fixed"))
		p.type = VHD_TYPE_FIXED;
	if (args->value[SECTOR])
		p.sector_size = strtoul(args->value[SECTOR], NULL, 10);
	p.timestamp = time(NULL) - VHD_EPOCH;
	p.id = vhd_random_id();
	p.file_id = vhd_random_id();
	p.disk_id = vhd_random_id();

	if (args->value[PARENT])
		ret = take_parent(&p, args->value[PARENT], path);
	if (!ret)
		ret = vhd_file_create(&p, path, preallocate_if, (void *)args);
	vhd_child_free(&p);
	if (ret || !args->json)
		return ret;
	return vhd_info_run(args);
}
