// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbctl vhd check: is an image as it should be? Repaired is only what has one
 * answer: a log that was not replayed, and that of which there are two.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "json.h"
#include "repair.h"
#include "vhd_file.h"

enum { REPAIR };

const struct command_option vhd_check_options[] = {
	[REPAIR] = { "repair", 'r', NULL, NULL, "replay the log, write again what has a copy" },
	{ }
};

/**
 * struct report - what is found, as it is found
 * @json: where it goes, if not to people
 * @path: of the image
 * @errors: not repaired
 * @unused: bytes at the file's end
 * @repaired: what was
 * @nr_repaired: how many
 */
struct report {
	struct json *json;
	const char *path;
	u64 errors;
	u64 unused;
	const char *repaired[VHD_FLAWS + 1];
	int nr_repaired;
};

static void found(struct report *r, const char *text)
{
	r->errors++;
	if (r->json)
		json_string(r->json, NULL, text);
	else
		printf("%s: %s\n", r->path, text);
}

static void repaired(struct report *r, const char *text)
{
	r->repaired[r->nr_repaired++] = text;
}

static void found_by_library(void *arg, const struct vhd_error *error)
{
	found(arg, error->text);
}

static const struct {
	u32 flaw;
	const char *found;
	const char *repaired;
} flaw_texts[VHD_FLAWS] = {
	{ VHD_FLAW_FOOTER, "the last footer is lost, and its copy is good",
	  "the last footer was written again" },
	{ VHD_FLAW_COPY, "the footer's copy is lost, and the last footer is good",
	  "the footer's copy was written again" },
	{ VHD_FLAW_HEADER, "one of the two headers is damaged, and the other is good",
	  "the damaged header was written again" },
	{ VHD_FLAW_REGIONS, "one of the two region tables is damaged, and the other is good",
	  "the damaged region table was written again" },
	{ VHD_FLAW_TAIL, NULL, "the space at the file's end that nothing uses was cut off" },
};

/* Returns 0, or an exit code when it has been said what is wrong. */
static int check(struct report *r, struct vhd_file *file, struct vhd_image *img, bool repair)
{
	struct vhd_check c = { .report = found_by_library, .arg = r };
	u64 before = file->io.size;
	struct vhd_error error;
	u32 flaws = 0;
	size_t i;

	if (vhd_check(&c, img, &file->io, &error) ||
	    vhd_repair_find(img, &file->io, &c, &flaws, &error))
		return vhd_file_failed(file, &error);
	if (img->format == VHD_FORMAT_VHDX && img->vx.replayed)
		repaired(r, "the log was replayed");
	repair = repair && !r->errors;
	if (repair && vhd_repair(img, &file->io, &c, flaws, &error))
		return vhd_file_failed(file, &error);
	for (i = 0; i < VHD_FLAWS; i++) {
		if (!(flaws & flaw_texts[i].flaw))
			continue;
		if (repair)
			repaired(r, flaw_texts[i].repaired);
		else if (flaw_texts[i].found)
			found(r, flaw_texts[i].found);
	}
	/* space is not damage, and it is for the user to say whether to keep it */
	if (flaws & VHD_FLAW_TAIL)
		r->unused = repair ? before - file->io.size : before - c.end;
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
	const char *path = args->operand[0];
	struct json j = { .file = stdout };
	struct report r = { .json = args->json ? &j : NULL, .path = path };
	struct vhd_error error;
	struct vhd_image img;
	struct vhd_file file;
	int ret, i;

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
		ret = check(&r, &file, &img, repair);
		vhd_image_close(&img);
	}
	if (args->json) {
		json_close(&j, ']');
		json_open(&j, "repaired", '[');
		for (i = 0; i < r.nr_repaired; i++)
			json_string(&j, NULL, r.repaired[i]);
		json_close(&j, ']');
		json_u64(&j, "unused", r.unused);
		json_bool(&j, "checked", !ret);
		json_close(&j, '}');
	} else if (!ret) {
		for (i = 0; i < r.nr_repaired; i++)
			printf("%s: %s\n", path, r.repaired[i]);
		if (r.unused)
			printf("%s: %llu bytes at the end %s used\n", path, r.unused,
			       repair && !r.errors ? "were not" : "are not");
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
