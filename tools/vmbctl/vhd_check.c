// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbctl vhd check: is an image as it should be? Repaired is only what has one
 * answer: a log that was not replayed, and a footer of which there is a copy.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "command.h"
#include "json.h"
#include "vhd_file.h"

enum { REPAIR };

const struct command_option vhd_check_options[] = {
	[REPAIR] = { "repair", 'r', NULL, NULL, "replay the log, write a lost footer again" },
	{ }
};

/**
 * struct report - what is found, as it is found
 * @json: where it goes, if not to people
 * @path: of the image
 * @errors: not repaired
 */
struct report {
	struct json *json;
	const char *path;
	u64 errors;
};

static void found(struct report *r, const char *text)
{
	r->errors++;
	if (r->json)
		json_string(r->json, NULL, text);
	else
		printf("%s: %s\n", r->path, text);
}

static void found_by_library(void *arg, const struct vhd_error *error)
{
	found(arg, error->text);
}

/* Behind all there is: where it was, there may be a block by now. */
static int write_footer(struct vhd_file *file, struct vhd_image *img, struct vhd_error *error)
{
	u64 end = (file->io.size + VHD_SECTOR - 1) / VHD_SECTOR * VHD_SECTOR;
	int ret;

	ret = vhd_io_write(&file->io, end, img->v1.footer, sizeof(img->v1.footer), "footer", error);
	return ret ?: vhd_io_flush(&file->io, error);
}

/* Returns 0, or an exit code when it has been said what is wrong. */
static int check(struct report *r, struct vhd_file *file, struct vhd_image *img, bool repair,
		 const char **repaired)
{
	struct vhd_check c = { .report = found_by_library, .arg = r };
	struct vhd_error error;

	if (vhd_check(&c, img, &file->io, &error))
		return vhd_file_failed(file, &error);
	if (img->format == VHD_FORMAT_VHDX) {
		if (img->vx.replayed)
			*repaired = "the log was replayed";
		return 0;
	}
	if (!img->v1.footer_lost)
		return 0;
	if (!repair || r->errors) {
		found(r, "the last footer is lost, and its copy is good");
		return 0;
	}
	if (write_footer(file, img, &error))
		return vhd_file_failed(file, &error);
	*repaired = "the last footer was written again";
	return 0;
}

/**
 * vhd_check_run - vmbctl vhd check
 * @args: what was given
 *
 * Return: an exit code.
 */
int vhd_check_run(const struct args *args)
{
	bool repair = args->value[REPAIR];
	const char *path = args->operand[0], *repaired = NULL;
	struct json j = { .file = stdout };
	struct report r = { .json = args->json ? &j : NULL, .path = path };
	struct vhd_error error;
	struct vhd_image img;
	struct vhd_file file;
	int ret;

	ret = vhd_file_open(&file, path, repair ? O_RDWR : O_RDONLY);
	if (!ret && repair)
		ret = vhd_file_alone(&file);
	if (ret)
		return ret;
	if (args->json) {
		json_open(&j, NULL, '{');
		json_string(&j, "file", path);
		json_open(&j, "errors", '[');
	}
	if (vhd_image_open(&img, &file.io, repair, &error)) {
		if (error.code == -EUCLEAN || error.code == -EROFS)
			found(&r, error.text);
		if (error.code == -EROFS && !args->json && !repair)
			fprintf(stderr, "'vmbctl vhd check --repair %s' does that.\n", path);
		if (!r.errors)
			ret = vhd_file_failed(&file, &error);
	} else {
		ret = check(&r, &file, &img, repair, &repaired);
		vhd_image_close(&img);
	}
	if (args->json) {
		json_close(&j, ']');
		json_string(&j, "repaired", repaired);
		json_bool(&j, "checked", !ret);
		json_close(&j, '}');
	} else if (!ret) {
		if (repaired)
			printf("%s: %s\n", path, repaired);
		if (r.errors)
			printf("%s: %llu errors\n", path, r.errors);
		else
			printf("%s: no errors\n", path);
	}
	close(file.fd);
	if (ret)
		return ret;
	return r.errors ? EXIT_DAMAGED : EXIT_SUCCESS;
}
