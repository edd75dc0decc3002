// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "check.h"
#include "disk.h"
#include "write.h"

#define DISK_ID(n)	GUID_INIT(n, 0x99, 0x98, n, 1, 2, 3, 4, 5, 6, 7)

static const guid_t disk_ids[6] = {
	DISK_ID(1), DISK_ID(2), DISK_ID(3), DISK_ID(4), DISK_ID(5), DISK_ID(6),
};

/* Of a session; no two have the same, or one would replay the other's log. */
void disk_session(guid_t ids[6])
{
	static u32 session;
	int i;

	session++;
	memcpy(ids, disk_ids, sizeof(disk_ids));
	for (i = 0; i < 6; i++)
		memcpy(ids[i].b + 12, &session, sizeof(session));
}

static u32 disk_random(struct disk *d, u32 below)
{
	d->random = d->random * 1664525 + 1013904223;
	return (d->random >> 8) % below;
}

/* Write here and there, whole sectors, zeros sometimes; note it in @want. */
const char *disk_scribble(struct disk *d, struct vhd_io *io, u32 writes, u8 *want)
{
	static struct vhd_write w;
	struct vhd_image img;
	struct vhd_error err;
	guid_t ids[6];
	u64 pos, len;
	u8 *buf;
	u32 i;

	disk_session(ids);
	CHECK_OK(vhd_image_open(&img, io, true, &err));
	CHECK_OK(vhd_write_start(&w, &img, io, ids, &err));
	for (i = 0; i < writes; i++) {
		pos = disk_random(d, img.size / img.sector_size) * img.sector_size;
		len = (1 + disk_random(d, 300)) * img.sector_size;
		len = len < img.size - pos ? len : img.size - pos;
		if (!disk_random(d, 4)) {
			memset(want + pos, 0, len);
			CHECK_OK(vhd_write(&w, pos, NULL, len, &err));
			continue;
		}
		buf = malloc(len);
		memset(buf, 1 + disk_random(d, 255), len);
		memcpy(want + pos, buf, len);
		CHECK_OK(vhd_write(&w, pos, buf, len, &err));
		free(buf);
	}
	CHECK_OK(vhd_write_stop(&w, &err));
	vhd_image_close(&img);
	return NULL;
}

/* The images of @d are made from the base up; each is written when it is the top. */
const char *disk_make(struct disk *d, enum vhd_format format, enum vhd_type base, u32 depth,
		      u32 random)
{
	struct vhd_create p = {
		.format = format,
		.type = base,
		.size = d->size ?: format == VHD_FORMAT_VHD ? (600 << 10) + 512 : (3 << 20) + 4096,
		.block_size = format == VHD_FORMAT_VHD ? 64 << 10 : 1 << 20,
		.file_id = DISK_ID(20),
		.disk_id = DISK_ID(21),
	};
	struct vhd_image img;
	struct vhd_error err;
	int i;

	*d = (struct disk) { .depth = depth, .size = p.size, .random = random };
	d->want = calloc(1, d->size);
	for (i = depth - 1; i >= 0; i--) {
		p.id = (guid_t)DISK_ID(30 + i);
		CHECK(!file_memory(&d->file[i]));
		CHECK_OK(vhd_create(&p, &d->file[i].io, &err));
		TRY(disk_scribble(d, &d->file[i].io, 6, d->want));
		d->below[i] = malloc(d->size);
		memcpy(d->below[i], d->want, d->size);
		CHECK_OK(vhd_image_open(&img, &d->file[i].io, false, &err));
		p.type = VHD_TYPE_DIFF;
		p.parent = (struct vhd_parent) {
			.id = img.id,
			.timestamp = 700000000 + i,
			.relative = (char *)".\\parent",
		};
		vhd_image_close(&img);
	}
	return NULL;
}

/* The files of the images, child first */
void disk_io(struct disk *d, struct vhd_io **io)
{
	u32 i;

	for (i = 0; i < d->depth; i++)
		io[i] = &d->file[i].io;
}

void disk_free(struct disk *d)
{
	u32 i;

	for (i = 0; i < d->depth; i++) {
		file_close(&d->file[i]);
		free(d->below[i]);
	}
	free(d->want);
}

const char *chain_open(struct vhd_chain *chain, struct vhd_link *links, struct vhd_io **io,
		       u32 depth, bool writable)
{
	struct vhd_error err;
	u32 i;

	*chain = (struct vhd_chain) { .link = links, .depth = depth };
	for (i = 0; i < depth; i++) {
		links[i].io = io[i];
		CHECK_OK(vhd_image_open(&links[i].img, io[i], writable, &err));
		CHECK_OK(vhd_map_init(&links[i].map, &links[i].img, io[i], &err));
		/* files in memory have the time of the test */
		if (i)
			CHECK_OK(vhd_image_fits_parent(&links[i - 1].img, &links[i].img,
						       links[i - 1].img.parent.timestamp +
						       VHD_EPOCH, &err));
	}
	return NULL;
}

void chain_close(struct vhd_chain *chain)
{
	u32 i;

	for (i = 0; i < chain->depth; i++) {
		vhd_map_exit(&chain->link[i].map);
		vhd_image_close(&chain->link[i].img);
	}
}

const char *chain_same(struct vhd_chain *chain, const u8 *want, u64 size)
{
	/* of exactly this size, as the one before was, mostly: to get memory takes longer */
	static u64 have_size;
	static u8 *have;
	struct vhd_error err;

	CHECK(chain->link[0].img.size == size);
	if (have_size != size) {
		free(have);
		have = malloc(size);
		have_size = size;
	}
	memset(have, 0x5a, size);
	CHECK_OK(vhd_chain_read(chain, 0, have, size, &err));
	CHECK(!memcmp(have, want, size));
	return NULL;
}

const char *chain_check(struct vhd_io **io, u32 depth, const u8 *want, u64 size)
{
	struct vhd_link links[DISK_DEPTH];
	struct vhd_check check = { 0 };
	struct vhd_chain chain;
	struct vhd_error err;
	u32 i;

	TRY(chain_open(&chain, links, io, depth, true));
	for (i = 0; i < depth; i++) {
		CHECK_OK(vhd_check(&check, &links[i].img, io[i], &err));
		if (check.errors)
			return test_fail_error(__FILE__, __LINE__, "check", &err);
	}
	TRY(chain_same(&chain, want, size));
	chain_close(&chain);
	return NULL;
}
