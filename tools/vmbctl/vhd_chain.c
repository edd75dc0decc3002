// SPDX-License-Identifier: GPL-2.0-only
/* An image and its parents, and children of an image. */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "change.h"
#include "command.h"
#include "util.h"
#include "vhd_chain.h"

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Is it the parent of the one above? A VHD may be it with another time. */
static int fits_child(const struct vhd_images *images, u32 i, const struct stat *st)
{
	const struct vhd_image *child = &images->link[i - 1].img, *parent = &images->link[i].img;
	struct vhd_error error;
	int ret;

	if (!vhd_image_fits_parent(child, parent, st->st_mtime, &error))
		return 0;
	ret = vhd_file_failed(&images->file[i], &error);
	if (error.code == -ESTALE && child->format == VHD_FORMAT_VHD &&
	    guid_equal(&child->parent.id, &parent->id))
		fprintf(stderr, "If only its time changed, as it was copied: touch -d @%lld '%s'\n",
			child->parent.timestamp + VHD_EPOCH, images->path[i]);
	return ret;
}

/* Others who only read an image may go on afterwards. */
static int replay_log(const char *path)
{
	struct vhd_error error;
	struct vhd_image img;
	struct vhd_file file;
	int ret;

	ret = vhd_file_open(&file, path, O_RDWR);
	if (ret)
		return ret;
	ret = vhd_file_alone(&file);
	if (!ret && vhd_image_open(&img, &file.io, true, &error))
		ret = vhd_file_failed(&file, &error);
	else if (!ret)
		vhd_image_close(&img);
	close(file.fd);
	return ret;
}

static int open_image(struct vhd_file *file, struct vhd_image *img, const char *path, bool replay)
{
	struct vhd_error error;
	int ret;

	ret = vhd_file_open(file, path, O_RDONLY);
	if (ret || !vhd_image_open(img, &file->io, false, &error))
		return ret;
	close(file->fd);
	if (error.code != -EROFS || !replay)
		return vhd_file_failed(file, &error);
	return replay_log(path) ?: vhd_file_image(file, img, path);
}

static int open_link(struct vhd_images *images, u32 i, bool replay)
{
	struct vhd_link *link = &images->link[i];
	struct vhd_error error;
	struct stat st, other;
	u32 j;

	if (open_image(&images->file[i], &link->img, images->path[i], replay)) {
		if (i)
			warnx("%s cannot do without it: it is its parent", images->path[i - 1]);
		return EXIT_FAILED;
	}
	link->io = &images->file[i].io;
	images->chain.depth++;
	if (vhd_merge_alive(&link->img, &error))
		return vhd_file_failed(&images->file[i], &error);
	if (vhd_map_init(&link->map, &link->img, link->io, &error))
		return vhd_file_failed(&images->file[i], &error);
	if (fstat(images->file[i].fd, &st))
		err(EXIT_FAILED, "%s", images->path[i]);
	for (j = 0; j < i; j++) {
		if (fstat(images->file[j].fd, &other) || !same_file(&st, &other))
			continue;
		warnx("%s is its own parent's parent: the chain has no end", images->path[i]);
		return EXIT_DAMAGED;
	}
	return i ? fits_child(images, i, &st) : 0;
}

/**
 * vhd_images_open - open an image and all its parents to read them
 * @path: of the image
 * @replay: what has a log to replay is written to do that, for which nobody else may
 *	have it open; else it is refused
 *
 * Return: the images; or NULL, when it has been said what is wrong.
 */
struct vhd_images *vhd_images_open(const char *path, bool replay)
{
	struct vhd_images *images = xrealloc(NULL, 1, sizeof(*images));
	const struct vhd_image *last;
	u32 i;

	memset(images, 0, sizeof(*images));
	images->chain.link = images->link;
	images->path[0] = xstrdup(path);
	for (i = 0; ; i++) {
		if (open_link(images, i, replay))
			goto failed;
		last = &images->link[i].img;
		if (last->type != VHD_TYPE_DIFF)
			return images;
		if (i + 1 == VHD_CHAIN_MAX) {
			warnx("%s has more than %u images below it: merge some", path, i);
			goto failed;
		}
		images->path[i + 1] = vhd_file_parent_path(images->path[i], last);
		if (images->path[i + 1])
			continue;
		warnx("%s has no path to its parent that means anything here", images->path[i]);
		goto failed;
	}
failed:
	vhd_images_close(images);
	return NULL;
}

/**
 * vhd_images_write - open one of the images again, to write it
 * @images: all of them
 * @i: which
 *
 * Nobody else may have it open, then or until it is closed.
 *
 * Return: 0 or an exit code, when it has been said what is wrong.
 */
int vhd_images_write(struct vhd_images *images, u32 i)
{
	struct vhd_file *file = &images->file[i];
	struct vhd_error error;
	int ret;

	vhd_image_close(&images->link[i].img);
	close(file->fd);
	ret = vhd_file_open(file, images->path[i], O_RDWR);
	if (!ret)
		ret = vhd_file_alone(file);
	if (!ret && vhd_image_open(&images->link[i].img, &file->io, true, &error))
		ret = vhd_file_failed(file, &error);
	vhd_map_forget(&images->link[i].map);
	return ret;
}

static bool is_image_name(const char *name)
{
	const char *end = strrchr(name, '.');

	return end && (!strcasecmp(end, ".vhd") || !strcasecmp(end, ".vhdx") ||
		       !strcasecmp(end, ".avhd") || !strcasecmp(end, ".avhdx"));
}

/* Is what @path has a child of the file @parent? What is no image is none, or was merged. */
static bool is_child(const char *path, const struct stat *parent)
{
	struct vhd_error error;
	struct vhd_image img;
	struct vhd_file file;
	struct stat st;
	bool child = false;
	char *up = NULL;

	if (stat(path, &st) || !S_ISREG(st.st_mode) || same_file(&st, parent) ||
	    vhd_file_open(&file, path, O_RDONLY))
		return false;
	if (!vhd_image_open(&img, &file.io, false, &error)) {
		if (img.type == VHD_TYPE_DIFF && !vhd_merge_alive(&img, &error))
			up = vhd_file_parent_path(path, &img);
		child = up && !stat(up, &st) && same_file(&st, parent);
		free(up);
		vhd_image_close(&img);
	}
	close(file.fd);
	return child;
}

/**
 * vhd_childless - may an image be changed?
 * @image: path of it
 * @above: path of a child that does not count, or NULL
 *
 * Children rely on a parent that stays as it is. They are looked for in the
 * image's folder; elsewhere they could be anywhere.
 *
 * Return: 0 or an exit code, when it has been said which child there is.
 */
int vhd_childless(const char *image, const char *above)
{
	char *copy = xstrdup(image), *folder = dirname(copy), *path;
	struct stat self, child = {}, st;
	struct dirent *entry;
	int ret = 0;
	DIR *dir;

	if (stat(image, &self) || (above && stat(above, &child)))
		err(EXIT_FAILED, "%s", image);
	dir = opendir(folder);
	while (dir && !ret && (entry = readdir(dir))) {
		if (!is_image_name(entry->d_name))
			continue;
		path = xasprintf("%s/%s", folder, entry->d_name);
		if (!stat(path, &st) && !(above && same_file(&st, &child)) &&
		    is_child(path, &self)) {
			warnx("%s is a child of %s, and would be lost: merge it, or remove it",
			      path, image);
			ret = EXIT_FAILED;
		}
		free(path);
	}
	if (dir)
		closedir(dir);
	free(copy);
	return ret;
}

/**
 * vhd_images_childless - may an image of a chain be changed?
 * @images: the chain
 * @i: which of them; the one above it in the chain does not count
 *
 * Return: as vhd_childless().
 */
int vhd_images_childless(const struct vhd_images *images, u32 i)
{
	return vhd_childless(images->path[i], i ? images->path[i - 1] : NULL);
}

/**
 * vhd_images_close - close all of them
 * @images: of vhd_images_open()
 */
void vhd_images_close(struct vhd_images *images)
{
	u32 i;

	for (i = 0; i < images->chain.depth; i++) {
		vhd_map_exit(&images->link[i].map);
		vhd_image_close(&images->link[i].img);
		close(images->file[i].fd);
	}
	for (i = 0; i < VHD_CHAIN_MAX; i++)
		free(images->path[i]);
	free(images);
}

static char *real_folder(const char *path)
{
	char *copy = xstrdup(path), *real = realpath(dirname(copy), NULL);

	free(copy);
	return real;
}

/*
 * The way from a folder to a file as Windows writes it, ".\x\y.vhdx" or
 * "..\x\y.vhdx". Both are absolute and without links.
 */
static char *relative_path(const char *folder, const char *file)
{
	size_t i, same = 0;
	bool up = false;
	char *path, *old, *p;

	for (i = 0; folder[i] && folder[i] == file[i]; i++)
		if (folder[i] == '/')
			same = i + 1;
	if (!folder[i] && file[i] == '/')
		same = i + 1;
	path = xstrdup("");
	/* the root has no name of its own */
	for (i = same; i && i < strlen(folder) && folder[1]; i++) {
		if (i != same && folder[i] != '/')
			continue;
		old = path;
		path = xasprintf("%s../", old);
		free(old);
		up = true;
	}
	old = path;
	path = xasprintf("%s%s%s", up ? "" : "./", old, file + same);
	free(old);
	for (p = path; *p; p++)
		if (*p == '/')
			*p = '\\';
	return path;
}

/**
 * vhd_child_paths - a child's way to its parent
 * @p: set; to be freed by vhd_child_free()
 * @parent: the image that it becomes a child of
 * @path: where the child will be
 *
 * Return: 0 or an exit code, when it has been said what is wrong.
 */
int vhd_child_paths(struct vhd_create *p, const char *parent, const char *path)
{
	char *folder = real_folder(path), *real = realpath(parent, NULL), *c;
	int ret = 0;

	if (!folder || !real) {
		warn("%s", folder ? parent : path);
		ret = EXIT_FAILED;
	} else if (strchr(real, '\\')) {
		warnx("%s: a parent cannot have \\ in its path: rename it", real);
		ret = EXIT_FAILED;
	} else {
		p->parent.relative = relative_path(folder, real);
		p->parent.name = xstrdup(basename(real));
		p->parent.absolute = xstrdup(real);
		for (c = p->parent.absolute; *c; c++)
			if (*c == '/')
				*c = '\\';
	}
	free(folder);
	free(real);
	return ret;
}

/**
 * vhd_child_params - all that a child takes over from its parent
 * @p: set; to be freed by vhd_child_free()
 * @parent: the chain that it becomes the top of
 * @path: where the child will be
 *
 * Return: 0 or an exit code, when it has been said what is wrong.
 */
int vhd_child_params(struct vhd_create *p, const struct vhd_images *parent, const char *path)
{
	const struct vhd_image *img = &parent->link[0].img;
	struct stat st;

	if (parent->chain.depth == VHD_CHAIN_MAX) {
		warnx("%s is the top of %u images already: merge some", parent->path[0],
		      VHD_CHAIN_MAX);
		return EXIT_FAILED;
	}
	if (fstat(parent->file[0].fd, &st)) {
		warn("%s", parent->path[0]);
		return EXIT_FAILED;
	}
	p->type = VHD_TYPE_DIFF;
	p->size = img->size;
	p->sector_size = img->sector_size;
	p->physical_size = img->physical_size;
	p->parent.id = img->id;
	p->parent.timestamp = st.st_mtime - VHD_EPOCH;
	return vhd_child_paths(p, parent->path[0], path);
}

/**
 * vhd_child_free - free what vhd_child_params() has set
 * @p: the parameters
 */
void vhd_child_free(struct vhd_create *p)
{
	free(p->parent.relative);
	free(p->parent.absolute);
	free(p->parent.name);
}
