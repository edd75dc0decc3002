// SPDX-License-Identifier: GPL-2.0-only
/*
 * Block allocation tables and bitmaps, written by hand.
 */
#include <linux/unaligned.h>
#include <unistd.h>

#include "check.h"
#include "test.h"
#include "vhd1.h"
#include "vhdx.h"

/* An image whose file has room for some blocks */
struct rig {
	struct file file;
	struct vhd_image img;
	struct vhd_map map;
	/* where blocks can be put */
	u64 room;
};

static const char *rig_start(struct rig *rig, size_t sample)
{
	struct vhd_error err;

	TRY(sample_make(sample, &rig->file));
	CHECK_OK(vhd_image_open(&rig->img, &rig->file.io, true, &err));
	rig->room = (rig->file.io.size + VHDX_MIB - 1) / VHDX_MIB * VHDX_MIB;
	CHECK_OK(vhd_io_resize(&rig->file.io, rig->room + 64 * VHDX_MIB, &err));
	if (rig->img.format == VHD_FORMAT_VHD)
		rig->img.v1.data_end = rig->file.io.size;
	CHECK_OK(vhd_map_init(&rig->map, &rig->img, &rig->file.io, &err));
	return NULL;
}

static void rig_stop(struct rig *rig)
{
	vhd_map_exit(&rig->map);
	vhd_image_close(&rig->img);
	file_close(&rig->file);
}

static const char *rig_put(struct rig *rig, u64 pos, u64 value)
{
	struct vhd_error err;
	u8 buf[8];

	if (rig->img.format == VHD_FORMAT_VHD)
		put_unaligned_be32(value, buf);
	else
		put_unaligned_le64(value, buf);
	CHECK_OK(vhd_io_write(&rig->file.io, pos, buf, vhd_bat_entry_bytes(&rig->img), "test",
			      &err));
	rig->map.bat_pos = ~0ULL;
	rig->map.bits_pos = ~0ULL;
	return NULL;
}

static const char *expect(struct rig *rig, u64 pos, u64 len, enum vhd_where where, u64 data)
{
	struct vhd_error err;
	struct vhd_run run;

	CHECK_OK(vhd_map_run(&rig->map, pos, &run, &err));
	CHECK(run.pos == pos);
	CHECK(run.where == where);
	CHECK(run.len == len);
	CHECK(where != VHD_WHERE_DATA || run.data == data);
	return NULL;
}

static const char *expect_bad(struct rig *rig, u64 pos, const char *why)
{
	struct vhd_error err;
	struct vhd_run run;

	CHECK(vhd_map_run(&rig->map, pos, &run, &err) == -EUCLEAN);
	if (!strstr(err.text, why))
		return test_fail_error(__FILE__, __LINE__, why, &err);
	return NULL;
}

static const char *vhdx_states(void)
{
	const u64 block = 2 * VHDX_MIB;
	struct rig rig;
	u64 at;

	TRY(rig_start(&rig, 5));
	at = vhd_bat_entry_pos(&rig.img, 3);
	TRY(expect(&rig, 3 * block, block, VHD_WHERE_ZERO, 0));
	TRY(rig_put(&rig, at, rig.room | VHDX_BLOCK_PRESENT));
	TRY(expect(&rig, 3 * block, block, VHD_WHERE_DATA, rig.room));
	TRY(expect(&rig, 3 * block + 512, block - 512, VHD_WHERE_DATA, rig.room + 512));
	TRY(expect(&rig, 4 * block - 1, 1, VHD_WHERE_DATA, rig.room + block - 1));
	TRY(expect(&rig, 2 * block, block, VHD_WHERE_ZERO, 0));
	/* the last block is not whole */
	TRY(expect(&rig, 35 * block, 4096, VHD_WHERE_ZERO, 0));
	TRY(rig_put(&rig, at, rig.room | VHDX_BLOCK_ZERO));
	TRY(expect(&rig, 3 * block, block, VHD_WHERE_ZERO, 0));
	TRY(rig_put(&rig, at, rig.room | VHDX_BLOCK_UNMAPPED));
	TRY(expect(&rig, 3 * block, block, VHD_WHERE_ZERO, 0));
	TRY(rig_put(&rig, at, VHDX_BLOCK_UNDEFINED));
	TRY(expect(&rig, 3 * block, block, VHD_WHERE_ZERO, 0));
	TRY(rig_put(&rig, at, rig.room | VHDX_BLOCK_PARTIAL));
	TRY(expect_bad(&rig, 3 * block, "no parent"));
	TRY(rig_put(&rig, at, rig.room | 4));
	TRY(expect_bad(&rig, 3 * block, "unknown state"));
	TRY(rig_put(&rig, at, rig.room | 0x100 | VHDX_BLOCK_PRESENT));
	TRY(expect_bad(&rig, 3 * block, "reserved"));
	TRY(rig_put(&rig, at, (rig.room + 63 * VHDX_MIB) | VHDX_BLOCK_PRESENT));
	TRY(expect_bad(&rig, 3 * block, "not inside"));
	TRY(rig_put(&rig, at, VHDX_BAT_OFFSET | VHDX_BLOCK_PRESENT));
	TRY(expect_bad(&rig, 3 * block, "not inside"));
	for (at = 0; at < 4 * VHDX_MIB; at += VHDX_MIB) {
		TRY(rig_put(&rig, vhd_bat_entry_pos(&rig.img, 3), at | VHDX_BLOCK_PRESENT));
		TRY(expect_bad(&rig, 3 * block, "overlaps the headers"));
	}
	rig_stop(&rig);
	return NULL;
}

static const char *vhdx_bitmaps(void)
{
	struct vhd_error err;
	struct rig rig;
	u8 bits[256];
	u64 bitmap;

	/* blocks of 1 MiB: 2048 sectors, 256 bytes of bitmap */
	TRY(rig_start(&rig, 7));
	bitmap = rig.room + 8 * VHDX_MIB;
	TRY(expect(&rig, 0, VHDX_MIB, VHD_WHERE_PARENT, 0));
	TRY(rig_put(&rig, vhd_bat_entry_pos(&rig.img, 5), rig.room | VHDX_BLOCK_PARTIAL));
	TRY(expect_bad(&rig, 5 * VHDX_MIB, "no bitmap"));
	TRY(rig_put(&rig, vhdx_bitmap_entry_pos(&rig.img, 5), bitmap | VHDX_BLOCK_ZERO));
	TRY(expect_bad(&rig, 5 * VHDX_MIB, "unknown state"));
	TRY(rig_put(&rig, vhdx_bitmap_entry_pos(&rig.img, 5), VHDX_MIB | VHDX_BLOCK_PRESENT));
	TRY(expect_bad(&rig, 5 * VHDX_MIB, "overlaps the headers"));
	TRY(rig_put(&rig, vhdx_bitmap_entry_pos(&rig.img, 5), bitmap | VHDX_BLOCK_PRESENT));
	TRY(expect(&rig, 5 * VHDX_MIB, VHDX_MIB, VHD_WHERE_PARENT, 0));
	memset(bits, 0, sizeof(bits));
	/* sectors 3 to 17 and the last */
	bits[0] = 0xf8;
	bits[1] = 0xff;
	bits[2] = 0x03;
	bits[255] = 0x80;
	CHECK_OK(vhd_io_write(&rig.file.io, bitmap + 5 * 256, bits, 256, "test", &err));
	rig.map.bits_pos = ~0ULL;
	TRY(expect(&rig, 5 * VHDX_MIB, 3 * 512, VHD_WHERE_PARENT, 0));
	TRY(expect(&rig, 5 * VHDX_MIB + 3 * 512, 15 * 512, VHD_WHERE_DATA, rig.room + 3 * 512));
	TRY(expect(&rig, 5 * VHDX_MIB + 3 * 512 + 7, 15 * 512 - 7, VHD_WHERE_DATA,
		   rig.room + 3 * 512 + 7));
	TRY(expect(&rig, 5 * VHDX_MIB + 18 * 512, (2047 - 18) * 512, VHD_WHERE_PARENT, 0));
	TRY(expect(&rig, 6 * VHDX_MIB - 512, 512, VHD_WHERE_DATA, rig.room + VHDX_MIB - 512));
	/* all of the block is there, whatever the bitmap says */
	TRY(rig_put(&rig, vhd_bat_entry_pos(&rig.img, 5), rig.room | VHDX_BLOCK_PRESENT));
	TRY(expect(&rig, 5 * VHDX_MIB, VHDX_MIB, VHD_WHERE_DATA, rig.room));
	rig_stop(&rig);

	/* sectors of 4 KiB, blocks of 256 MiB: 65536 sectors, the last few missing */
	TRY(rig_start(&rig, 8));
	CHECK_OK(vhd_io_resize(&rig.file.io, rig.room + 300 * VHDX_MIB, &err));
	bitmap = rig.room + 256 * VHDX_MIB;
	TRY(rig_put(&rig, vhd_bat_entry_pos(&rig.img, 0), rig.room | VHDX_BLOCK_PARTIAL));
	TRY(rig_put(&rig, vhdx_bitmap_entry_pos(&rig.img, 0), bitmap | VHDX_BLOCK_PRESENT));
	bits[0] = 0xfe;
	CHECK_OK(vhd_io_write(&rig.file.io, bitmap, bits, 1, "test", &err));
	TRY(expect(&rig, 4095, 1, VHD_WHERE_PARENT, 0));
	TRY(expect(&rig, 4096, 7 * 4096, VHD_WHERE_DATA, rig.room + 4096));
	TRY(expect(&rig, 8 * 4096, rig.img.size - 8 * 4096, VHD_WHERE_PARENT, 0));
	rig_stop(&rig);
	return NULL;
}

/* Entries of a chunk are followed by one of its bitmap, in all types. */
static const char *vhdx_chunks(void)
{
	struct vhd_image img = {
		.format = VHD_FORMAT_VHDX, .block_shift = 20, .vx.chunk_shift = 12,
	};

	CHECK(vhd_bat_entry_pos(&img, 4095) == 4095 * 8);
	CHECK(vhdx_bitmap_entry_pos(&img, 0) == 4096 * 8);
	CHECK(vhdx_bitmap_entry_pos(&img, 4095) == 4096 * 8);
	CHECK(vhd_bat_entry_pos(&img, 4096) == 4097 * 8);
	CHECK(vhdx_bitmap_entry_pos(&img, 4096) == 8193ULL * 8);
	CHECK(vhd_bat_entry_pos(&img, (1U << 26) - 1) == ((1ULL << 26) - 1 + (1 << 14) - 1) * 8);
	return NULL;
}

static const char *vhd_blocks(void)
{
	const u64 block = 2 * VHDX_MIB;
	struct rig rig;
	u64 at;

	TRY(rig_start(&rig, 1));
	at = vhd_bat_entry_pos(&rig.img, 3);
	TRY(expect(&rig, 3 * block, block, VHD_WHERE_ZERO, 0));
	TRY(rig_put(&rig, at, rig.room / 512));
	TRY(expect(&rig, 3 * block, block, VHD_WHERE_DATA, rig.room + 512));
	TRY(expect(&rig, 4 * block - 1, 1, VHD_WHERE_DATA, rig.room + 512 + block - 1));
	TRY(expect(&rig, 35 * block, 4096, VHD_WHERE_ZERO, 0));
	TRY(rig_put(&rig, at, 0));
	TRY(expect_bad(&rig, 3 * block, "overlaps the headers"));
	TRY(rig_put(&rig, at, 2));
	TRY(expect_bad(&rig, 3 * block, "overlaps the headers"));
	TRY(rig_put(&rig, at, 3));
	TRY(expect_bad(&rig, 3 * block, "overlaps the headers"));
	TRY(rig_put(&rig, at, 0xfffffffe));
	TRY(expect_bad(&rig, 3 * block, "not inside"));
	rig_stop(&rig);
	return NULL;
}

static const char *vhd_bitmaps(void)
{
	const u64 block = 2 * VHDX_MIB;
	struct vhd_error err;
	u8 bits[512] = { 0 };
	struct rig rig;
	u64 data;

	TRY(rig_start(&rig, 3));
	TRY(expect(&rig, 3 * block, block, VHD_WHERE_PARENT, 0));
	TRY(rig_put(&rig, vhd_bat_entry_pos(&rig.img, 3), rig.room / 512));
	/* sectors 3 to 17 and the last, from the top of each byte */
	bits[0] = 0x1f;
	bits[1] = 0xff;
	bits[2] = 0xc0;
	bits[511] = 0x01;
	CHECK_OK(vhd_io_write(&rig.file.io, rig.room, bits, 512, "test", &err));
	rig.map.bits_pos = ~0ULL;
	data = rig.room + 512;
	TRY(expect(&rig, 3 * block, 3 * 512, VHD_WHERE_PARENT, 0));
	TRY(expect(&rig, 3 * block + 3 * 512, 15 * 512, VHD_WHERE_DATA, data + 3 * 512));
	TRY(expect(&rig, 3 * block + 18 * 512, (4095 - 18) * 512, VHD_WHERE_PARENT, 0));
	TRY(expect(&rig, 4 * block - 512, 512, VHD_WHERE_DATA, data + block - 512));
	rig_stop(&rig);
	return NULL;
}

static const char *overlaps_sample(size_t sample, u64 unit, u64 state, u64 block)
{
	struct vhd_check check = { 0 };
	struct vhd_error err;
	struct rig rig;
	u32 i;

	TRY(rig_start(&rig, sample));
	for (i = 0; i < 4; i++)
		TRY(rig_put(&rig, vhd_bat_entry_pos(&rig.img, i),
			    (rig.room + block * (3 - i)) / unit | state));
	CHECK_OK(vhd_check(&check, &rig.img, &rig.file.io, &err));
	CHECK(!check.errors && check.present == 4);
	/* the second begins before the third's end, the last one is the first */
	TRY(rig_put(&rig, vhd_bat_entry_pos(&rig.img, 1),
		    (rig.room + 2 * block - (unit == 1 ? VHDX_MIB : 512)) / unit | state));
	TRY(rig_put(&rig, vhd_bat_entry_pos(&rig.img, 3), (rig.room + 3 * block) / unit | state));
	CHECK_OK(vhd_check(&check, &rig.img, &rig.file.io, &err));
	CHECK(check.errors == 2 && check.present == 4);
	TRY(rig_put(&rig, vhd_bat_entry_pos(&rig.img, 9), 1 | state));
	CHECK_OK(vhd_check(&check, &rig.img, &rig.file.io, &err));
	CHECK(check.errors == 3 && check.present == 4);
	rig_stop(&rig);
	return NULL;
}

static const char *overlaps(void)
{
	TRY(overlaps_sample(5, 1, VHDX_BLOCK_PRESENT, 2 * VHDX_MIB));
	TRY(overlaps_sample(1, 512, 0, 2 * VHDX_MIB + 512));
	TRY(overlaps_sample(3, 512, 0, 2 * VHDX_MIB + 512));
	return NULL;
}

/* A bitmap where a block is, and one that is missing */
static const char *overlaps_bitmap(void)
{
	struct vhd_check check = { 0 };
	struct vhd_error err;
	struct rig rig;

	TRY(rig_start(&rig, 7));
	TRY(rig_put(&rig, vhd_bat_entry_pos(&rig.img, 1), rig.room | VHDX_BLOCK_PARTIAL));
	CHECK_OK(vhd_check(&check, &rig.img, &rig.file.io, &err));
	CHECK(check.errors == 1);
	TRY(rig_put(&rig, vhdx_bitmap_entry_pos(&rig.img, 1), rig.room | VHDX_BLOCK_PRESENT));
	CHECK_OK(vhd_check(&check, &rig.img, &rig.file.io, &err));
	CHECK(check.errors == 1 && check.bitmaps == 1 && check.present == 1);
	TRY(rig_put(&rig, vhdx_bitmap_entry_pos(&rig.img, 1),
		    (rig.room + VHDX_MIB) | VHDX_BLOCK_PRESENT));
	CHECK_OK(vhd_check(&check, &rig.img, &rig.file.io, &err));
	CHECK(!check.errors && check.bitmaps == 1 && check.present == 1);
	rig_stop(&rig);
	return NULL;
}

const struct test block_tests[] = {
	{ "vhdx_states", vhdx_states },
	{ "vhdx_bitmaps", vhdx_bitmaps },
	{ "vhdx_chunks", vhdx_chunks },
	{ "vhd_blocks", vhd_blocks },
	{ "vhd_bitmaps", vhd_bitmaps },
	{ "overlaps", overlaps },
	{ "overlaps_bitmap", overlaps_bitmap },
	{ }
};
