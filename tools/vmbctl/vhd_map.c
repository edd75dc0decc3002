// SPDX-License-Identifier: GPL-2.0-only
/* vmbctl vhd map: where the bytes of a disk are. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "json.h"
#include "map.h"
#include "vhd_file.h"

static const char *where_name(enum vhd_where where)
{
	return where == VHD_WHERE_DATA ? "data" : where == VHD_WHERE_PARENT ? "parent" : "zero";
}

static void print_run(struct json *j, const struct vhd_run *run)
{
	if (j) {
		json_open(j, NULL, '{');
		json_u64(j, "start", run->pos);
		json_u64(j, "length", run->len);
		json_string(j, "where", where_name(run->where));
		if (run->where == VHD_WHERE_DATA)
			json_u64(j, "offset", run->data);
		json_close(j, '}');
	} else if (run->where == VHD_WHERE_DATA) {
		printf("%16llu %16llu  %-6s %16llu\n", run->pos, run->len, where_name(run->where),
		       run->data);
	} else {
		printf("%16llu %16llu  %s\n", run->pos, run->len, where_name(run->where));
	}
}

/* What follows in the same place, without a gap, is one. */
static bool follows(const struct vhd_run *a, const struct vhd_run *b)
{
	return a->where == b->where &&
	       (a->where != VHD_WHERE_DATA || a->data + a->len == b->data);
}

static int print_map(struct json *j, struct vhd_map *map, struct vhd_error *error)
{
	struct vhd_run run, all = {};
	u64 pos;
	int ret;

	for (pos = 0; pos < map->img->size; pos += run.len) {
		ret = vhd_map_run(map, pos, &run, error);
		if (ret)
			return ret;
		if (all.len && follows(&all, &run)) {
			all.len += run.len;
			continue;
		}
		if (all.len)
			print_run(j, &all);
		all = run;
	}
	if (all.len)
		print_run(j, &all);
	return 0;
}

/**
 * vhd_map_print_run - vmbctl vhd map
 * @args: what was given
 *
 * Return: an exit code.
 */
int vhd_map_print_run(const struct args *args)
{
	struct json j = { .file = stdout };
	struct vhd_error error;
	struct vhd_image img;
	struct vhd_file file;
	struct vhd_map map;
	int ret;

	ret = vhd_file_image(&file, &img, args->operand[0]);
	if (ret)
		return ret;
	if (vhd_map_init(&map, &img, &file.io, &error)) {
		ret = vhd_file_failed(&file, &error);
	} else {
		if (args->json)
			json_open(&j, NULL, '[');
		else
			printf("%16s %16s  %-6s %16s\n", "START", "LENGTH", "WHERE", "OFFSET");
		if (print_map(args->json ? &j : NULL, &map, &error))
			ret = vhd_file_failed(&file, &error);
		if (args->json)
			json_close(&j, ']');
		vhd_map_exit(&map);
	}
	vhd_image_close(&img);
	close(file.fd);
	return ret;
}
