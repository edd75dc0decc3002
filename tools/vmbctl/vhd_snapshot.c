// SPDX-License-Identifier: GPL-2.0-only
/* vmbctl vhd snapshot and revert: an empty child of an image, and the same again. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "change.h"
#include "command.h"
#include "json.h"
#include "util.h"
#include "vhd_attach.h"
#include "vhd_chain.h"

/* What each image has of its own */
static void set_ids(struct vhd_create *p)
{
	p->timestamp = time(NULL) - VHD_EPOCH;
	p->id = vhd_random_id();
	p->file_id = vhd_random_id();
	p->disk_id = vhd_random_id();
}

static void say(const struct args *args, const char *path, const char *parent, const char *what)
{
	struct json j = { .file = stdout };

	if (!args->json) {
		printf("%s: %s %s\n", path, what, parent);
		return;
	}
	json_open(&j, NULL, '{');
	json_string(&j, "file", path);
	json_string(&j, "parent", parent);
	json_close(&j, '}');
}

/* That a file is there survives a crash. */
static int sync_folder(const char *path)
{
	char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret;

	ret = fd < 0 || fsync(fd) ? EXIT_FAILED : 0;
	if (ret)
		warn("%s", copy);
	if (fd >= 0)
		close(fd);
	free(copy);
	return ret;
}

/* What the kernel's refusal means, beside its name */
static const char *advice(int error)
{
	switch (error) {
	case ENOENT:
		return "the kernel is one that has no online snapshots, or the disk is gone";
	case ELOOP:
		return "there are 64 images already: merge some";
	case ENODEV:
		return "the disk was taken away meanwhile";
	default:
		return "the disk is as it was; 'dmesg | grep vhd' says more";
	}
}

/*
 * The kernel has the image. It puts the child on top while the disk goes on, and
 * tells it the id that its parent has then: the one here will do for no parent.
 */
static int snapshot_online(const struct args *args, const char *disk)
{
	const char *image = args->operand[0], *path = args->operand[1];
	char *format = vhd_disk_get(disk, "format"), *device = vhd_disk_get(disk, "device"), *real;
	struct vhd_create p = {
		.format = strcmp(format, "vhdx") ? VHD_FORMAT_VHD : VHD_FORMAT_VHDX,
		.type = VHD_TYPE_DIFF,
		.size = vhd_disk_number(disk, "size"),
		.block_size = vhd_disk_number(disk, "block_size"),
		.sector_size = vhd_disk_number(disk, "logical_block_size"),
		.physical_size = vhd_disk_number(disk, "physical_block_size"),
		.parent.id = vhd_random_id(),
		.parent.timestamp = 1,
	};
	struct json j = { .file = stdout };
	int ret, error;

	set_ids(&p);
	ret = vhd_child_paths(&p, image, path);
	if (!ret)
		ret = vhd_file_create(&p, path, NULL, NULL);
	if (!ret) {
		real = realpath(path, NULL);
		ret = sync_folder(path);
		error = real && !ret ? vhd_disk_set(disk, "snapshot", real) : 0;
		if (!real || error) {
			warnx("%s: no snapshot of /dev/%s: %s: %s", image, device,
			      strerror(error ?: ENOENT), advice(error));
			ret = EXIT_FAILED;
		}
		if (ret)
			unlink(path);
		free(real);
	}
	if (!ret && args->json) {
		json_open(&j, NULL, '{');
		json_string(&j, "file", path);
		json_string(&j, "parent", image);
		json_string(&j, "device", device);
		json_close(&j, '}');
	} else if (!ret) {
		printf("%s: a child of %s; /dev/%s writes to it from now on\n", path, image,
		       device);
	}
	vhd_child_free(&p);
	free(device);
	free(format);
	return ret;
}

/**
 * vhd_snapshot_run - vmbctl vhd snapshot
 * @args: what was given
 *
 * Return: an exit code.
 */
int vhd_snapshot_run(const struct args *args)
{
	const char *path = args->operand[1];
	char *disk = vhd_disk_written(args->operand[0]);
	struct vhd_images *images;
	struct vhd_create p = {};
	int ret;

	if (disk) {
		ret = snapshot_online(args, disk);
		free(disk);
		return ret;
	}
	images = vhd_images_open(args->operand[0], false);
	if (!images)
		return EXIT_FAILED;
	p.format = images->link[0].img.format;
	if (images->link[0].img.blocks)
		p.block_size = vhd_block_size(&images->link[0].img);
	set_ids(&p);
	ret = vhd_child_params(&p, images, path);
	if (!ret)
		ret = vhd_file_create(&p, path, NULL, NULL);
	if (!ret)
		say(args, path, images->path[0], "an empty child of");
	vhd_child_free(&p);
	vhd_images_close(images);
	return ret;
}

/* The child is made anew beside the old one, and takes its place at once. */
static int replace(const struct vhd_images *images, const struct vhd_create *p)
{
	char *real = realpath(images->path[0], NULL), *path;
	struct stat st;
	int ret;

	if (!real || fstat(images->file[0].fd, &st)) {
		warn("%s", images->path[0]);
		free(real);
		return EXIT_FAILED;
	}
	path = xasprintf("%s.revert-%d", real, getpid());
	ret = vhd_file_create(p, path, NULL, NULL);
	if (!ret && ((chown(path, st.st_uid, st.st_gid) && errno != EPERM) ||
		     chmod(path, st.st_mode & 07777) || rename(path, real))) {
		warn("%s", path);
		unlink(path);
		ret = EXIT_FAILED;
	}
	free(path);
	free(real);
	return ret;
}

static int revert(struct vhd_images *images)
{
	const struct vhd_image *img = &images->link[0].img, *parent = &images->link[1].img;
	const struct vhd_link *link;
	struct vhd_create p = {
		.format = img->format,
		.type = VHD_TYPE_DIFF,
		.size = img->size,
		.block_size = vhd_block_size(img),
		.sector_size = img->sector_size,
		.physical_size = img->physical_size,
		.parent = img->parent,
	};
	int ret;

	/* into any image: it may have something of the first */
	for (link = images->link; link + 1 < images->link + images->chain.depth; link++) {
		if (!vhd_merge_begun(&link[0].img, &link[1].img))
			continue;
		warnx("a merge of %s was begun, finish it: vmbctl vhd merge", images->path[0]);
		return EXIT_FAILED;
	}
	ret = vhd_images_childless(images, 0);
	if (!ret)
		ret = vhd_file_alone(&images->file[0]);
	if (ret)
		return ret;
	set_ids(&p);
	if (img->format == VHD_FORMAT_VHDX)
		p.disk_id = img->vx.page83;
	p.parent.id = parent->id;
	p.parent.id2 = guid_null;
	return replace(images, &p);
}

/**
 * vhd_revert_run - vmbctl vhd revert
 * @args: what was given
 *
 * Return: an exit code.
 */
int vhd_revert_run(const struct args *args)
{
	struct vhd_images *images = vhd_images_open(args->operand[0], false);
	int ret = EXIT_FAILED;

	if (!images)
		return ret;
	if (images->chain.depth < 2)
		warnx("%s has no parent to go back to", images->path[0]);
	else
		ret = revert(images);
	if (!ret)
		say(args, images->path[0], images->path[1], "as empty as it was made, a child of");
	vhd_images_close(images);
	return ret;
}
