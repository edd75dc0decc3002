// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library as a program, for tests against other implementations:
 *
 *   image create FORMAT TYPE BYTES BLOCK SECTOR FILE [PARENT]
 *   image info FILE
 *   image check FILE
 *   image cat FILE...		the disk on standard output, child first
 *   image write FILE RAW FROM TO	part of a raw disk; whole chunks
 *   image log FILE		leave the log of a VHDX dirty: it zeroes nothing,
 *				and writes what is there
 *   image open FILE		for writing: replays the log
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain.h"
#include "check.h"
#include "create.h"
#include "file.h"
#include "map.h"
#include "text.h"
#include "vhdx_log.h"
#include "write.h"

#define CHAIN	8
#define CHUNK	(1U << 20)

int shim_fail_alloc;

static struct vhd_error err;

static int fail(const char *path)
{
	fprintf(stderr, "%s: %s (%s)\n", path, err.text, strerror(-err.code));
	return 1;
}

static int open_image(struct file *file, struct vhd_image *img, const char *path, bool writable)
{
	int ret = file_open(file, path, writable ? O_RDWR : O_RDONLY);

	if (ret) {
		vhd_fail(&err, ret, "cannot be opened");
		return fail(path);
	}
	return vhd_image_open(img, &file->io, writable, &err) ? fail(path) : 0;
}

static int random_id(guid_t *id)
{
	return getrandom(id, sizeof(*id), 0) == sizeof(*id) ? 0 : -1;
}

static int cmd_create(char **args, int count)
{
	struct vhd_create p = { .timestamp = 800000000 };
	struct file file, parent_file;
	struct vhd_image parent;

	if (count < 6)
		return 2;
	p.format = strcmp(args[0], "vhdx") ? VHD_FORMAT_VHD : VHD_FORMAT_VHDX;
	p.type = !strcmp(args[1], "fixed") ? VHD_TYPE_FIXED :
		 !strcmp(args[1], "dynamic") ? VHD_TYPE_DYNAMIC : VHD_TYPE_DIFF;
	p.size = strtoull(args[2], NULL, 0);
	p.block_size = strtoul(args[3], NULL, 0);
	p.sector_size = strtoul(args[4], NULL, 0);
	if (random_id(&p.id) || random_id(&p.file_id) || random_id(&p.disk_id))
		return 1;
	if (count > 6) {
		if (open_image(&parent_file, &parent, args[6], false))
			return 1;
		p.parent.id = parent.id;
		p.parent.relative = args[6];
		p.parent.name = args[6];
	}
	if (file_open(&file, args[5], O_RDWR | O_CREAT | O_TRUNC)) {
		perror(args[5]);
		return 1;
	}
	return vhd_create(&p, &file.io, &err) ? fail(args[5]) : 0;
}

static int cmd_info(const char *path)
{
	char id[VHD_GUID_TEXT];
	struct vhd_image img;
	struct file file;

	if (open_image(&file, &img, path, false))
		return 1;
	vhd_guid_format(&img.id, id);
	printf("%s %s %llu %llu %u %s\n", vhd_format_name(img.format), vhd_type_name(img.type),
	       img.size, img.blocks ? vhd_block_size(&img) : 0, img.sector_size, id);
	vhd_image_close(&img);
	return 0;
}

static void report(void *arg, const struct vhd_error *e)
{
	fprintf(stderr, "%s: %s\n", (const char *)arg, e->text);
}

static int cmd_check(char *path)
{
	struct vhd_check check = { .report = report, .arg = path };
	struct vhd_image img;
	struct file file;

	if (open_image(&file, &img, path, false))
		return 1;
	if (vhd_check(&check, &img, &file.io, &err))
		return fail(path);
	printf("%llu blocks, %llu present, %llu errors\n", (u64)img.blocks, check.present,
	       check.errors);
	vhd_image_close(&img);
	return check.errors != 0;
}

static int cmd_cat(char **paths, int count)
{
	static struct vhd_link link[CHAIN];
	static struct file file[CHAIN];
	struct vhd_chain c = { .link = link };
	static u8 buf[CHUNK];
	struct stat st;
	u64 pos, len;

	if (count > CHAIN)
		return 2;
	for (; c.depth < count; c.depth++) {
		if (open_image(&file[c.depth], &link[c.depth].img, paths[c.depth], false))
			return 1;
		link[c.depth].io = &file[c.depth].io;
		if (vhd_map_init(&link[c.depth].map, &link[c.depth].img, link[c.depth].io, &err))
			return fail(paths[c.depth]);
		if (fstat(file[c.depth].fd, &st))
			return 1;
		if (c.depth &&
		    vhd_image_fits_parent(&link[c.depth - 1].img, &link[c.depth].img, st.st_mtime,
					  &err))
			return fail(paths[c.depth]);
	}
	for (pos = 0; pos < link[0].img.size; pos += len) {
		len = link[0].img.size - pos < CHUNK ? link[0].img.size - pos : CHUNK;
		if (vhd_chain_read(&c, pos, buf, len, &err))
			return fail(paths[0]);
		if (fwrite(buf, len, 1, stdout) != 1)
			return 1;
	}
	while (c.depth--) {
		vhd_map_exit(&link[c.depth].map);
		vhd_image_close(&link[c.depth].img);
	}
	return 0;
}

/* Part of a raw disk goes to the same place of the image's. */
static int cmd_write(char **args, int count)
{
	static struct vhd_write w;
	static u8 buf[CHUNK];
	struct file file, raw;
	struct vhd_image img;
	u64 pos, end, len;
	guid_t ids[3];
	int ret = 0;

	if (count != 4 || file_open(&raw, args[1], O_RDONLY))
		return 2;
	if (open_image(&file, &img, args[0], true) || random_id(&ids[0]) || random_id(&ids[1]) ||
	    random_id(&ids[2]))
		return 1;
	pos = strtoull(args[2], NULL, 0) / 4096 * 4096;
	end = strtoull(args[3], NULL, 0);
	if (vhd_write_start(&w, &img, &file.io, ids, &err))
		return fail(args[0]);
	for (; pos < end && pos < raw.io.size && !ret; pos += len) {
		len = raw.io.size - pos < CHUNK ? raw.io.size - pos : CHUNK;
		ret = vhd_io_read(&raw.io, pos, buf, len, "raw disk", &err);
		if (!ret)
			ret = vhd_write(&w, pos, buf, len, &err);
	}
	if (ret || vhd_write_stop(&w, &err))
		return fail(args[0]);
	vhd_image_close(&img);
	return 0;
}

/*
 * The page of the block allocation table that has its first entries goes to
 * the log, and is damaged in the file: who does not replay the log sees it.
 */
static int cmd_log(const char *path)
{
	static u8 page[VHDX_LOG_SECTOR], junk[VHDX_LOG_SECTOR];
	struct vhdx_log_write write = { .data = page };
	struct vhdx_log log;
	struct vhd_image img;
	struct file file;
	guid_t id;

	if (open_image(&file, &img, path, true) || random_id(&id))
		return 1;
	write.pos = img.vx.bat_pos;
	memset(junk, 0xff, sizeof(junk));
	if (vhd_io_read(&file.io, write.pos, page, sizeof(page), "table", &err) ||
	    vhdx_log_start(&log, &img.vx.header, &id, &file.io, &err) ||
	    vhdx_log_append(&log, &write, 1, &file.io, &err) ||
	    vhd_io_write(&file.io, write.pos, junk, sizeof(junk), "table", &err))
		return fail(path);
	vhd_image_close(&img);
	return 0;
}

static int cmd_open(const char *path)
{
	struct vhd_image img;
	struct file file;

	if (open_image(&file, &img, path, true))
		return 1;
	if (img.format == VHD_FORMAT_VHDX && img.vx.replayed)
		printf("replayed\n");
	vhd_image_close(&img);
	return 0;
}

int main(int argc, char **argv)
{
	const char *cmd = argc > 2 ? argv[1] : "";
	int ret = 2;

	if (!strcmp(cmd, "create"))
		ret = cmd_create(argv + 2, argc - 2);
	else if (!strcmp(cmd, "info"))
		ret = cmd_info(argv[2]);
	else if (!strcmp(cmd, "check"))
		ret = cmd_check(argv[2]);
	else if (!strcmp(cmd, "cat"))
		ret = cmd_cat(argv + 2, argc - 2);
	else if (!strcmp(cmd, "write"))
		ret = cmd_write(argv + 2, argc - 2);
	else if (!strcmp(cmd, "log"))
		ret = cmd_log(argv[2]);
	else if (!strcmp(cmd, "open"))
		ret = cmd_open(argv[2]);
	if (ret == 2)
		fprintf(stderr, "usage: see the beginning of image_main.c\n");
	return ret;
}
