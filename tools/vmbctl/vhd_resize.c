// SPDX-License-Identifier: GPL-2.0-only
/* vmbctl vhd resize: a larger disk, or a smaller one where nothing is lost. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "command.h"
#include "json.h"
#include "repair.h"
#include "text_parse.h"
#include "util.h"
#include "vhd_attach.h"
#include "vhd_chain.h"

enum { SHRINK };

const struct command_option vhd_resize_options[] = {
	[SHRINK] = { "shrink", 0, NULL, NULL, "it may get smaller, if only zeros go" },
	{ }
};

/* What a smaller disk leaves at the file's end */
static int cut_tail(struct vhd_image *img, struct vhd_io *io, struct vhd_error *error)
{
	struct vhd_check check = {};
	u32 flaws;
	int ret;

	ret = vhd_check(&check, img, io, error);
	if (!ret && !check.errors)
		ret = vhd_repair_find(img, io, &check, &flaws, error);
	if (ret || check.errors)
		return ret;
	return vhd_repair(img, io, &check, flaws & VHD_FLAW_TAIL, error);
}

static int resize(struct vhd_images *images, u64 size, bool shrink)
{
	const guid_t ids[2] = { vhd_random_id(), vhd_random_id() };
	struct vhd_image *img = &images->link[0].img;
	struct vhd_file *file = &images->file[0];
	u64 old = img->size;
	struct vhd_error error;
	int ret;

	ret = vhd_images_childless(images, 0);
	if (!ret)
		ret = vhd_images_write(images, 0);
	if (ret)
		return ret;
	ret = vhd_resize(img, &file->io, size, shrink, ids, &error);
	if (!ret && size < old)
		ret = cut_tail(img, &file->io, &error);
	switch (ret) {
	case 0:
		return 0;
	case -EPERM:
		warnx("%s: %s: give --shrink", file->path, error.text);
		return EXIT_USAGE;
	case -EINVAL:
	case -EFBIG:
		warnx("%s: %s", file->path, error.text);
		return EXIT_USAGE;
	}
	return vhd_file_failed(file, &error);
}

/* The kernel has the image. The disk gets larger while it is in use. */
static int resize_online(const struct args *args, const char *disk, u64 size)
{
	const char *image = args->operand[0];
	char *device = vhd_disk_get(disk, "device"), *value = xasprintf("%llu", size);
	u64 old = vhd_disk_number(disk, "size");
	struct json j = { .file = stdout };
	int ret = 0, error;

	if (size < old) {
		warnx("%s: /dev/%s has %llu bytes, and cannot get smaller while it is in use",
		      image, device, old);
		ret = EXIT_USAGE;
	} else {
		ret = vhd_childless(image, NULL);
	}
	error = ret ? 0 : vhd_disk_set(disk, "size", value);
	if (error) {
		warnx("%s: %s: %s", image, strerror(error), error == EBUSY ?
		      "it is being merged: wait, or stop that" :
		      "'dmesg | grep vhd' says more");
		ret = EXIT_FAILED;
	}
	if (!ret && args->json) {
		json_open(&j, NULL, '{');
		json_string(&j, "file", image);
		json_u64(&j, "size", size);
		json_u64(&j, "previous", old);
		json_string(&j, "device", device);
		json_close(&j, '}');
	} else if (!ret) {
		printf("%s: %llu bytes, before %llu, and so has /dev/%s\n", image, size, old,
		       device);
	}
	free(value);
	free(device);
	return ret;
}

/**
 * vhd_resize_run - vmbctl vhd resize
 * @args: what was given
 *
 * Return: an exit code.
 */
int vhd_resize_run(const struct args *args)
{
	struct json j = { .file = stdout };
	struct vhd_images *images;
	uint64_t size;
	char *disk;
	u64 old;
	int ret;

	if (!text_parse_size(args->operand[1], &size)) {
		warnx("the size is '%s': give bytes, or a number with K, M, G or T behind it",
		      args->operand[1]);
		return EXIT_USAGE;
	}
	disk = vhd_disk_written(args->operand[0]);
	if (disk) {
		ret = resize_online(args, disk, size);
		free(disk);
		return ret;
	}
	images = vhd_images_open(args->operand[0], false);
	if (!images)
		return EXIT_FAILED;
	old = images->link[0].img.size;
	ret = resize(images, size, args->value[SHRINK]);
	if (!ret && args->json) {
		json_open(&j, NULL, '{');
		json_string(&j, "file", images->path[0]);
		json_u64(&j, "size", size);
		json_u64(&j, "previous", old);
		json_close(&j, '}');
	} else if (!ret) {
		printf("%s: %llu bytes, before %llu\n", images->path[0],
		       (unsigned long long)size, old);
	}
	vhd_images_close(images);
	return ret;
}
