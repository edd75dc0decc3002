/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The input as the file of an image. An image is mostly holes, which an input
 * cannot be: it is the file's size, then pieces, each behind its place (8
 * bytes) and its length (4 bytes), little-endian.
 */
#ifndef FUZZ_IMAGE_H
#define FUZZ_IMAGE_H

#include <stdlib.h>
#include <string.h>
#include <linux/unaligned.h>

#include "change.h"
#include "fuzz.h"
#include "map.h"
#include "repair.h"
#include "write.h"

#define FUZZ_PIECES	64
#define FUZZ_RUNS	64

#define FUZZ_ID(n)	GUID_INIT(n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)

struct fuzz_piece {
	u64 pos;
	u32 len;
	u8 *data;
};

struct fuzz_file {
	struct fuzz_piece piece[FUZZ_PIECES];
	int pieces;
	/* makes a checksum right, so that the fuzzer gets past it */
	void (*correct)(u64 pos, u8 *buf, size_t len);
	u64 bytes;
};

static int fuzz_read(void *arg, u64 pos, void *buf, size_t len)
{
	struct fuzz_file *f = arg;
	const struct fuzz_piece *p;
	u64 from, to;
	int i;

	/* nothing makes more of a file than it is worth */
	f->bytes += len;
	if (f->bytes > 512 << 20)
		abort();
	memset(buf, 0, len);
	for (i = 0; i < f->pieces; i++) {
		p = &f->piece[i];
		if (!vhd_overlap(pos, len, p->pos, p->len))
			continue;
		from = pos > p->pos ? pos : p->pos;
		to = pos + len < p->pos + p->len ? pos + len : p->pos + p->len;
		memcpy((u8 *)buf + (from - pos), p->data + (from - p->pos), to - from);
	}
	f->correct(pos, buf, len);
	return 0;
}

static int fuzz_write(void *arg, u64 pos, const void *buf, size_t len)
{
	struct fuzz_file *f = arg;
	struct fuzz_piece *p;

	/* later pieces win; what there is no room for gets lost */
	if (f->pieces == FUZZ_PIECES)
		return 0;
	p = &f->piece[f->pieces++];
	p->pos = pos;
	p->len = len;
	p->data = malloc(len);
	memcpy(p->data, buf, len);
	return 0;
}

static int fuzz_zero(void *arg, u64 pos, u64 len)
{
	(void)arg;
	if (!len || pos + len < pos)
		abort();
	return 0;
}

static int fuzz_resize(void *arg, u64 size)
{
	(void)arg;
	return size >> 62 ? -EFBIG : 0;
}

static int fuzz_flush(void *arg)
{
	(void)arg;
	return 0;
}

/* Is what was opened inside its file, wherever one looks? */
static void fuzz_look(const struct vhd_image *img, struct vhd_io *io)
{
	struct vhd_check check = { 0 };
	struct vhd_error err = { 0 };
	struct vhd_map map;
	struct vhd_run run;
	u64 pos = 0;
	int i;

	if (!img->size || (img->blocks && (u64)(img->blocks - 1) << img->block_shift >= img->size))
		abort();
	if (vhd_map_init(&map, img, io, &err))
		abort();
	for (i = 0; i < FUZZ_RUNS && pos < img->size; i++) {
		/* the first blocks, then larger and larger steps */
		if (vhd_map_run(&map, pos, &run, &err)) {
			if (err.code >= 0 || !err.text[0])
				abort();
			pos += 1ULL << (i + 12) % 46;
			continue;
		}
		if (run.pos != pos || !run.len || run.len > img->size - pos ||
		    run.where == VHD_WHERE_BITMAP ||
		    (run.where == VHD_WHERE_DATA && !vhd_inside(run.data, run.len, io->size)))
			abort();
		pos += i < FUZZ_RUNS / 2 ? run.len : 1ULL << i % 46;
	}
	vhd_map_exit(&map);
	if (img->blocks < 100000 && vhd_check(&check, img, io, &err) && err.code >= 0)
		abort();
}

static void fuzz_result(int ret, const struct vhd_error *err)
{
	if (ret > 0 || (ret && (err->code >= 0 || !err->text[0])))
		abort();
}

/* What changes an image believes no more of it than what reads it. */
static void fuzz_change(struct vhd_image *img, struct vhd_io *io)
{
	const guid_t ids[3] = { FUZZ_ID(1), FUZZ_ID(2), FUZZ_ID(3) };
	struct vhd_linkage linkage = { .id = ids[0], .id2 = ids[1], .timestamp = 1 };
	struct vhd_check check = { 0 };
	static struct vhd_write w;
	struct vhd_error err = { 0 };
	static u8 data[8192];
	int ret;
	u32 flaws;

	ret = vhd_check(&check, img, io, &err);
	if (!ret && !check.errors)
		ret = vhd_repair_find(img, io, &check, &flaws, &err);
	if (!ret && !check.errors)
		ret = vhd_repair(img, io, &check, flaws, &err);
	fuzz_result(ret, &err);
	if (img->type == VHD_TYPE_DIFF && !ret)
		ret = vhd_change_linkage(img, io, &linkage, ids, &err);
	fuzz_result(ret, &err);
	if (!ret)
		ret = vhd_resize(img, io, img->size + (3 << 20), false, ids, &err);
	fuzz_result(ret, &err);
	if (ret || vhd_write_start(&w, img, io, ids, &err))
		return;
	ret = vhd_write(&w, 0, data, img->size < 8192 ? img->size : 8192, &err);
	if (!ret)
		ret = vhd_write(&w, img->size - img->sector_size, NULL, img->sector_size, &err);
	fuzz_result(ret, &err);
	fuzz_result(vhd_write_stop(&w, &err), &err);
}

static int fuzz_image(const u8 *in, size_t len, void (*correct)(u64 pos, u8 *buf, size_t len),
		      bool (*ours)(const struct vhd_image *img))
{
	struct fuzz_file f = { .correct = correct };
	struct vhd_io io = {
		.read = fuzz_read,
		.write = fuzz_write,
		.zero = fuzz_zero,
		.resize = fuzz_resize,
		.flush = fuzz_flush,
		.file = &f,
	};
	struct vhd_error err = { 0 };
	struct vhd_image img;
	bool writable;
	u32 part;

	if (len < 9)
		return 0;
	/* as large as 16 TiB, all of it multiples of 512 and some more */
	io.size = get_unaligned_le64(in) & ((1ULL << 44) - 1);
	writable = in[8] & 1;
	for (in += 9, len -= 9; len > 12 && f.pieces < FUZZ_PIECES / 2; f.pieces++) {
		part = get_unaligned_le32(in + 8);
		if (part > len - 12)
			part = len - 12;
		f.piece[f.pieces].pos = get_unaligned_le64(in) & ((1ULL << 44) - 1);
		f.piece[f.pieces].len = part;
		f.piece[f.pieces].data = malloc(part ?: 1);
		memcpy(f.piece[f.pieces].data, in + 12, part);
		in += 12 + part;
		len -= 12 + part;
	}
	if (!vhd_image_open(&img, &io, writable, &err)) {
		if (ours(&img))
			fuzz_look(&img, &io);
		if (ours(&img) && writable && img.blocks < 10000 && io.size < 1ULL << 30)
			fuzz_change(&img, &io);
		vhd_image_close(&img);
	} else if (err.code >= 0 || !err.text[0]) {
		abort();
	}
	while (f.pieces--)
		free(f.piece[f.pieces].data);
	return 0;
}

#endif /* FUZZ_IMAGE_H */
