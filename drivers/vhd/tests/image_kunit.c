// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checksums, and what images in memory are mapped to, with the kernel's own
 * CRC, sort and allocator. What is wrong with images is looked for in
 * userspace: tools/testing/vhd.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/unaligned.h>
#include <linux/vmalloc.h>

#include "check.h"
#include "create.h"
#include "map.h"
#include "vhd1.h"
#include "vhdx.h"

/* A file in memory */
#define FILE_BYTES	(12U << 20)

struct image_test {
	struct vhd_image img;
	struct vhd_io io;
	struct vhd_error err;
	struct vhd_map map;
	u8 *bytes;
};

static int memory_read(void *file, u64 pos, void *buf, size_t len)
{
	memcpy(buf, (u8 *)file + pos, len);
	return 0;
}

static int memory_write(void *file, u64 pos, const void *buf, size_t len)
{
	if (!vhd_inside(pos, len, FILE_BYTES))
		return -ENOSPC;
	memcpy((u8 *)file + pos, buf, len);
	return 0;
}

static int memory_resize(void *file, u64 size)
{
	return size > FILE_BYTES ? -ENOSPC : 0;
}

static int memory_flush(void *file)
{
	return 0;
}

static int image_init(struct kunit *test)
{
	struct image_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->bytes = vzalloc(FILE_BYTES);
	if (!t->bytes)
		return -ENOMEM;
	t->io = (struct vhd_io) {
		.read = memory_read,
		.write = memory_write,
		.resize = memory_resize,
		.flush = memory_flush,
		.file = t->bytes,
	};
	test->priv = t;
	return 0;
}

static void image_exit(struct kunit *test)
{
	struct image_test *t = test->priv;

	if (!t)
		return;
	vhd_map_exit(&t->map);
	vhd_image_close(&t->img);
	vfree(t->bytes);
}

static void image_make(struct kunit *test, const struct vhd_create *params)
{
	struct image_test *t = test->priv;

	KUNIT_ASSERT_EQ_MSG(test, vhd_create(params, &t->io, &t->err), 0, "%s", t->err.text);
	KUNIT_ASSERT_EQ_MSG(test, vhd_image_open(&t->img, &t->io, true, &t->err), 0, "%s",
			    t->err.text);
	KUNIT_ASSERT_EQ(test, vhd_map_init(&t->map, &t->img, &t->io, &t->err), 0);
	KUNIT_EXPECT_EQ(test, t->img.size, params->size);
}

static void expect_run(struct kunit *test, u64 pos, u64 len, enum vhd_where where, u64 data)
{
	struct image_test *t = test->priv;
	struct vhd_run run;

	KUNIT_ASSERT_EQ_MSG(test, vhd_map_run(&t->map, pos, &run, &t->err), 0, "%s", t->err.text);
	KUNIT_EXPECT_EQ(test, run.pos, pos);
	KUNIT_EXPECT_EQ(test, run.len, len);
	KUNIT_EXPECT_EQ(test, run.where, where);
	if (where == VHD_WHERE_DATA)
		KUNIT_EXPECT_EQ(test, run.data, data);
}

static void checksums(struct kunit *test)
{
	static const u8 zeros_and_four[12] = { [8] = 1, 2, 3, 4 };
	u8 copy[12];

	KUNIT_EXPECT_EQ(test, vhdx_checksum(zeros_and_four, 12), 0x4a37726eU);
	memcpy(copy, zeros_and_four, sizeof(copy));
	put_unaligned_le32(0x12345678, copy + 4);
	KUNIT_EXPECT_EQ(test, vhdx_checksum(copy, 12), 0x4a37726eU);
	KUNIT_EXPECT_EQ(test, vhd1_checksum(copy, 12, 4), ~10U);
}

static void geometry(struct kunit *test)
{
	struct vhd1_geometry g;

	vhd1_geometry(127 * VHD_GIB, &g);
	KUNIT_EXPECT_EQ(test, g.cylinders, 65278);
	KUNIT_EXPECT_EQ(test, g.heads, 16);
	KUNIT_EXPECT_EQ(test, g.sectors, 255);
}

static void vhd_dynamic(struct kunit *test)
{
	const struct vhd_create params = {
		.format = VHD_FORMAT_VHD,
		.type = VHD_TYPE_DYNAMIC,
		.size = 2040 * VHD_GIB,
	};
	struct image_test *t = test->priv;
	u64 data;

	image_make(test, &params);
	expect_run(test, 0, VHD_DEFAULT_BLOCK, VHD_WHERE_ZERO, 0);
	expect_run(test, params.size - 512, 512, VHD_WHERE_ZERO, 0);
	/* a block where the footer was */
	data = t->img.v1.data_end;
	put_unaligned_be32(data / VHD_SECTOR, t->bytes + vhd_bat_entry_pos(&t->img, 7));
	t->io.size = 8 * VHD_MIB;
	t->img.v1.data_end = t->io.size;
	t->map.bat_pos = ~0ULL;
	expect_run(test, 7ULL * VHD_DEFAULT_BLOCK + 4096, VHD_DEFAULT_BLOCK - 4096,
		   VHD_WHERE_DATA, data + 512 + 4096);
}

static void vhdx_dynamic(struct kunit *test)
{
	const struct vhd_create params = {
		.format = VHD_FORMAT_VHDX,
		.type = VHD_TYPE_DYNAMIC,
		.size = 16 * VHD_GIB + 4096,
		.sector_size = 4096,
	};
	struct vhd_check check = { };
	struct image_test *t = test->priv;
	u64 data;

	image_make(test, &params);
	expect_run(test, params.size - 4096, 4096, VHD_WHERE_ZERO, 0);
	data = t->io.size;
	t->io.size += 4 * VHD_MIB;
	put_unaligned_le64(data | VHDX_BLOCK_PRESENT, t->bytes + vhd_bat_entry_pos(&t->img, 1));
	put_unaligned_le64((data + 2 * VHD_MIB) | VHDX_BLOCK_PRESENT,
			   t->bytes + vhd_bat_entry_pos(&t->img, 0));
	t->map.bat_pos = ~0ULL;
	expect_run(test, 0, VHD_DEFAULT_BLOCK, VHD_WHERE_DATA, data + 2 * VHD_MIB);
	expect_run(test, VHD_DEFAULT_BLOCK, VHD_DEFAULT_BLOCK, VHD_WHERE_DATA, data);
	KUNIT_EXPECT_EQ(test, vhd_check(&check, &t->img, &t->io, &t->err), 0);
	KUNIT_EXPECT_EQ(test, check.present, 2);
	KUNIT_EXPECT_EQ(test, check.errors, 0);
	/* both in one place */
	put_unaligned_le64(data | VHDX_BLOCK_PRESENT, t->bytes + vhd_bat_entry_pos(&t->img, 0));
	KUNIT_EXPECT_EQ(test, vhd_check(&check, &t->img, &t->io, &t->err), 0);
	KUNIT_EXPECT_EQ(test, check.errors, 1);
}

static void damaged_headers(struct kunit *test)
{
	const struct vhd_create params = {
		.format = VHD_FORMAT_VHDX,
		.type = VHD_TYPE_DYNAMIC,
		.size = VHD_GIB,
	};
	struct image_test *t = test->priv;

	image_make(test, &params);
	vhd_image_close(&t->img);
	t->bytes[VHDX_HEADER_POS(1) + 8] ^= 1;
	KUNIT_EXPECT_EQ(test, vhd_image_open(&t->img, &t->io, false, &t->err), 0);
	KUNIT_EXPECT_EQ(test, t->img.vx.header.slot, 0);
	vhd_image_close(&t->img);
	t->bytes[VHDX_HEADER_POS(0) + 8] ^= 1;
	KUNIT_EXPECT_EQ(test, vhd_image_open(&t->img, &t->io, false, &t->err), -EUCLEAN);
	KUNIT_EXPECT_STREQ(test, t->err.text, "both headers are damaged");
}

static struct kunit_case image_cases[] = {
	KUNIT_CASE(checksums),
	KUNIT_CASE(geometry),
	KUNIT_CASE(vhd_dynamic),
	KUNIT_CASE(vhdx_dynamic),
	KUNIT_CASE(damaged_headers),
	{}
};

static struct kunit_suite image_suite = {
	.name = "vhd_image",
	.init = image_init,
	.exit = image_exit,
	.test_cases = image_cases,
};

kunit_test_suite(image_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests of VHD and VHDX images");
MODULE_LICENSE("GPL");
