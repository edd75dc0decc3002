// SPDX-License-Identifier: GPL-2.0-only
/*
 * One of what there are two of is damaged, or the file has space that nothing
 * uses: it is found and repaired, wherever that stops.
 */
#include <stdlib.h>
#include <unistd.h>

#include "crash.h"
#include "disk.h"
#include "repair.h"
#include "vhdx.h"

static const char *repair(struct vhd_io *io, u32 want)
{
	struct vhd_check check = { 0 };
	struct vhd_image img;
	struct vhd_error err;
	u32 flaws;

	CHECK_OK(vhd_image_open(&img, io, true, &err));
	CHECK_OK(vhd_check(&check, &img, io, &err));
	CHECK(!check.errors);
	CHECK_OK(vhd_repair_find(&img, io, &check, &flaws, &err));
	CHECK(want == ~0U || flaws == want);
	CHECK_OK(vhd_repair(&img, io, &check, flaws, &err));
	CHECK_OK(vhd_check(&check, &img, io, &err));
	CHECK(!check.errors);
	vhd_image_close(&img);
	/* what is left of an end that was not whole is found the second time */
	CHECK_OK(vhd_image_open(&img, io, false, &err));
	CHECK_OK(vhd_check(&check, &img, io, &err));
	CHECK_OK(vhd_repair_find(&img, io, &check, &flaws, &err));
	CHECK(!(flaws & ~VHD_FLAW_TAIL) && (!flaws || want & VHD_FLAW_FOOTER || want == ~0U));
	vhd_image_close(&img);
	return NULL;
}

static const char *damage(struct file *file, u64 pos)
{
	struct vhd_error err;
	u8 byte;

	CHECK_OK(vhd_io_read(&file->io, pos, &byte, 1, "test", &err));
	byte ^= 0x10;
	CHECK_OK(vhd_io_write(&file->io, pos, &byte, 1, "test", &err));
	return NULL;
}

static const char *repair_damage(struct disk *d, u32 flaw)
{
	struct vhd_io *io = &d->file[0].io;
	struct vhd_error err;
	struct file left;
	struct crash c;
	int stop, way;

	TRY(repair(io, 0));
	switch (flaw) {
	case VHD_FLAW_FOOTER:
		TRY(damage(&d->file[0], io->size - 300));
		break;
	case VHD_FLAW_COPY:
		TRY(damage(&d->file[0], 300));
		break;
	case VHD_FLAW_HEADER:
		TRY(damage(&d->file[0], VHDX_HEADER_POS(d->random % 2) + 20));
		break;
	case VHD_FLAW_REGIONS:
		TRY(damage(&d->file[0], VHDX_REGION_POS(d->random % 2) + 30));
		break;
	default:
		/* of a VHD the footer is behind it */
		{
			u8 footer[512];
			u64 size = io->size;

			CHECK_OK(vhd_io_read(io, size - 512, footer, 512, "test", &err));
			CHECK_OK(vhd_io_resize(io, size + (3 << 20), &err));
			CHECK_OK(vhd_io_write(io, io->size - 512, footer, 512, "test", &err));
		}
	}
	crash_start(&c, 23);
	TRY(crash_file(&c, 0, &d->file[0]));
	TRY(repair(&c.files[0].io, flaw));
	for (stop = 0; stop <= c.count; stop++) {
		for (way = 0; way < 3; way++) {
			TRY(crash_at(&c, 0, stop, way, &left));
			io = &left.io;
			TRY(chain_check(&io, 1, d->want, d->size));
			TRY(repair(io, ~0U));
			TRY(chain_check(&io, 1, d->want, d->size));
			file_close(&left);
		}
	}
	crash_stop(&c);
	return NULL;
}

static const char *repair_kind(enum vhd_format format, enum vhd_type type, u32 flaw)
{
	struct disk d = { 0 };
	u32 random;

	for (random = 20; random < 22; random++) {
		d.size = 0;
		TRY(disk_make(&d, format, type, 1, random));
		TRY(repair_damage(&d, flaw));
		disk_free(&d);
	}
	return NULL;
}

static const char *repair_footer(void)
{
	return repair_kind(VHD_FORMAT_VHD, VHD_TYPE_DYNAMIC, VHD_FLAW_FOOTER);
}

static const char *repair_copy(void)
{
	return repair_kind(VHD_FORMAT_VHD, VHD_TYPE_DYNAMIC, VHD_FLAW_COPY);
}

static const char *repair_header(void)
{
	return repair_kind(VHD_FORMAT_VHDX, VHD_TYPE_DYNAMIC, VHD_FLAW_HEADER);
}

static const char *repair_regions(void)
{
	return repair_kind(VHD_FORMAT_VHDX, VHD_TYPE_DYNAMIC, VHD_FLAW_REGIONS);
}

static const char *repair_tail(void)
{
	TRY(repair_kind(VHD_FORMAT_VHD, VHD_TYPE_FIXED, VHD_FLAW_TAIL));
	TRY(repair_kind(VHD_FORMAT_VHD, VHD_TYPE_DYNAMIC, VHD_FLAW_TAIL));
	TRY(repair_kind(VHD_FORMAT_VHDX, VHD_TYPE_FIXED, VHD_FLAW_TAIL));
	return repair_kind(VHD_FORMAT_VHDX, VHD_TYPE_DYNAMIC, VHD_FLAW_TAIL);
}

/* Nothing of a sample is a flaw, and what has errors is left alone. */
static const char *repair_not(void)
{
	struct vhd_check check = { .errors = 1 };
	struct vhd_image img;
	struct vhd_error err;
	struct file file;
	size_t i;

	for (i = 0; i < nr_samples; i++) {
		TRY(sample_make(i, &file));
		TRY(repair(&file.io, 0));
		CHECK_OK(vhd_image_open(&img, &file.io, true, &err));
		CHECK(vhd_repair(&img, &file.io, &check, VHD_FLAW_TAIL, &err) == -EUCLEAN);
		vhd_image_close(&img);
		file_close(&file);
	}
	return NULL;
}

const struct test repair_tests[] = {
	{ "repair_footer", repair_footer },
	{ "repair_copy", repair_copy },
	{ "repair_header", repair_header },
	{ "repair_regions", repair_regions },
	{ "repair_tail", repair_tail },
	{ "repair_not", repair_not },
	{ }
};
