// SPDX-License-Identifier: GPL-2.0-only
/* vmbctl vhd info: what an image says of itself. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "change.h"
#include "command.h"
#include "json.h"
#include "text.h"
#include "util.h"
#include "../../drivers/vhd/text.h"
#include "vhd_file.h"

/**
 * struct parent - what became of looking for the parent
 * @path: where it should be, or NULL
 * @problem: why it will not do, or empty
 */
struct parent {
	char *path;
	char problem[VHD_ERROR_TEXT];
};

static void find_parent(struct parent *p, const char *path, const struct vhd_image *img)
{
	struct vhd_image parent;
	struct vhd_error error;
	struct vhd_file file;
	struct stat st;
	int fd;

	*p = (struct parent){ .path = vhd_file_parent_path(path, img) };
	if (vhd_merge_alive(img, &error)) {
		snprintf(p->problem, sizeof(p->problem), "%s", error.text);
		return;
	}
	if (!p->path) {
		snprintf(p->problem, sizeof(p->problem), "there is no relative path to it");
		return;
	}
	fd = open(p->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		snprintf(p->problem, sizeof(p->problem), "%s", strerror(errno));
		return;
	}
	close(fd);
	if (vhd_file_open(&file, p->path, O_RDONLY)) {
		snprintf(p->problem, sizeof(p->problem), "it cannot be opened");
		return;
	}
	if (vhd_image_open(&parent, &file.io, false, &error)) {
		snprintf(p->problem, sizeof(p->problem), "%s", error.text);
	} else {
		if (fstat(file.fd, &st))
			snprintf(p->problem, sizeof(p->problem), "%s", strerror(errno));
		else if (vhd_image_fits_parent(img, &parent, st.st_mtime, &error))
			snprintf(p->problem, sizeof(p->problem), "%s", error.text);
		vhd_image_close(&parent);
	}
	close(file.fd);
}

static void print_json(const char *path, const struct vhd_image *img, const struct stat *st,
		       const struct parent *parent)
{
	struct json j = { .file = stdout };
	char id[VHD_GUID_TEXT];

	json_open(&j, NULL, '{');
	json_string(&j, "file", path);
	json_string(&j, "format", img->format == VHD_FORMAT_VHDX ? "vhdx" : "vhd");
	json_string(&j, "type", vhd_type_name(img->type));
	json_u64(&j, "size", img->size);
	if (img->blocks)
		json_u64(&j, "block_size", vhd_block_size(img));
	else
		json_null(&j, "block_size");
	json_u64(&j, "sector_size", img->sector_size);
	json_u64(&j, "physical_sector_size", img->physical_size);
	vhd_guid_format(&img->id, id);
	json_string(&j, "id", id);
	json_u64(&j, "file_size", st->st_size);
	json_u64(&j, "allocated", st->st_blocks * 512ULL);
	if (img->format == VHD_FORMAT_VHD)
		json_bool(&j, "footer_lost", img->v1.footer_lost);
	if (img->type == VHD_TYPE_DIFF) {
		json_open(&j, "parent", '{');
		vhd_guid_format(&img->parent.id, id);
		json_string(&j, "id", id);
		json_string(&j, "name", img->parent.name);
		json_string(&j, "relative", img->parent.relative);
		json_string(&j, "absolute", img->parent.absolute);
		json_string(&j, "path", parent->path);
		json_string(&j, "problem", *parent->problem ? parent->problem : NULL);
		json_close(&j, '}');
	} else {
		json_null(&j, "parent");
	}
	json_close(&j, '}');
}

static void print_text(const struct vhd_image *img, const struct stat *st,
		       const struct parent *parent)
{
	char n[2][TEXT_MAX], id[VHD_GUID_TEXT], *path;

	printf("format     %s, %s\n", vhd_format_name(img->format), vhd_type_name(img->type));
	printf("size       %s (%llu bytes) in sectors of %u bytes\n", text_bytes(n[0], img->size),
	       img->size, img->sector_size);
	if (img->blocks)
		printf("blocks     %u of %s\n", img->blocks, text_bytes(n[0], vhd_block_size(img)));
	printf("file       %s, of which %s take space\n", text_bytes(n[0], st->st_size),
	       text_bytes(n[1], st->st_blocks * 512.0));
	vhd_guid_format(&img->id, id);
	printf("id         %s\n", id);
	if (img->format == VHD_FORMAT_VHD && img->v1.footer_lost)
		puts("DAMAGED    the last footer is lost; 'vhd check --repair' writes it again");
	if (img->type != VHD_TYPE_DIFF)
		return;
	vhd_guid_format(&img->parent.id, id);
	path = text_name(parent->path ?: img->parent.relative ?: img->parent.absolute ?: "");
	printf("parent     %s\n", path);
	free(path);
	printf("parent id  %s%s\n", id, *parent->problem ? "" : ", as the file there has it");
	if (*parent->problem)
		printf("PARENT     will not do: %s\n", parent->problem);
}

/**
 * vhd_info_run - vmbctl vhd info
 * @args: what was given
 *
 * Return: an exit code.
 */
int vhd_info_run(const struct args *args)
{
	const char *path = args->operand[0];
	struct parent parent = {};
	struct vhd_image img;
	struct vhd_file file;
	struct stat st;
	int ret;

	ret = vhd_file_image(&file, &img, path);
	if (ret)
		return ret;
	if (fstat(file.fd, &st))
		err(EXIT_FAILED, "%s", path);
	if (img.type == VHD_TYPE_DIFF)
		find_parent(&parent, path, &img);
	if (args->json)
		print_json(path, &img, &st, &parent);
	else
		print_text(&img, &st, &parent);
	free(parent.path);
	vhd_image_close(&img);
	close(file.fd);
	return EXIT_SUCCESS;
}
