// SPDX-License-Identifier: GPL-2.0-only
/* Bits of sector bitmaps on their way to the file. */
#include <kunit/test.h>
#include <linux/module.h>

#include "disk/bits.h"

#define SECTORS_VHD	128

static void bits_start(struct kunit *test, struct vhd_disk_bits *bits, enum vhd_format format,
		       u32 block_shift)
{
	const struct vhd_image img = {
		.format = format,
		.type = VHD_TYPE_DIFF,
		.blocks = 1000,
		.block_shift = block_shift,
		.sector_size = 512,
	};

	vhd_bits_init(bits, &img);
	KUNIT_EXPECT_FALSE(test, vhd_bits_any(bits));
}

static void set(struct kunit *test, struct vhd_disk_bits *bits, u64 sector, u32 count)
{
	struct vhd_bits_chunk *chunk = vhd_bits_get(bits, sector, false);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chunk);
	vhd_bits_set(bits, chunk, sector, count);
}

/* As in the file: a VHD begins at the top of a byte, a VHDX at the bottom. */
static void order(struct kunit *test)
{
	struct vhd_disk_bits bits;
	u8 got[3];

	bits_start(test, &bits, VHD_FORMAT_VHD, 16);
	KUNIT_EXPECT_EQ(test, bits.sectors, SECTORS_VHD);
	set(test, &bits, SECTORS_VHD + 9, 8);
	vhd_bits_peek(&bits, SECTORS_VHD, got, sizeof(got));
	KUNIT_EXPECT_EQ(test, got[0], 0);
	KUNIT_EXPECT_EQ(test, got[1], 0x7f);
	KUNIT_EXPECT_EQ(test, got[2], 0x80);
	/* the chunk before it has none */
	vhd_bits_peek(&bits, 0, got, sizeof(got));
	KUNIT_EXPECT_EQ(test, got[1], 0);
	vhd_bits_exit(&bits);

	bits_start(test, &bits, VHD_FORMAT_VHDX, 28);
	KUNIT_EXPECT_EQ(test, bits.sectors, VHD_BITS_SECTORS);
	set(test, &bits, VHD_BITS_SECTORS - 9, 9);
	vhd_bits_peek(&bits, VHD_BITS_SECTORS - 16, got, 2);
	KUNIT_EXPECT_EQ(test, got[0], 0x80);
	KUNIT_EXPECT_EQ(test, got[1], 0xff);
	vhd_bits_exit(&bits);
}

/* What is set while a flush is on its way is for the next one. */
static void flush(struct kunit *test)
{
	struct vhd_bits_chunk *chunk;
	unsigned long index = 0;
	struct vhd_disk_bits bits;
	u8 got;

	bits_start(test, &bits, VHD_FORMAT_VHDX, 21);
	KUNIT_EXPECT_PTR_EQ(test, vhd_bits_get(&bits, 5, true), ERR_PTR(-EAGAIN));
	set(test, &bits, 0, 1);
	vhd_bits_ripen(&bits);
	set(test, &bits, 1, 1);
	chunk = vhd_bits_next(&bits, &index);
	KUNIT_ASSERT_NOT_NULL(test, chunk);
	KUNIT_EXPECT_EQ(test, chunk->ripe[0], 1);
	KUNIT_EXPECT_EQ(test, chunk->fresh[0], 2);
	vhd_bits_peek(&bits, 0, &got, 1);
	KUNIT_EXPECT_EQ(test, got, 3);
	vhd_bits_done(&bits, index);
	vhd_bits_peek(&bits, 0, &got, 1);
	KUNIT_EXPECT_EQ(test, got, 2);
	KUNIT_EXPECT_EQ(test, bits.nr, 1);

	/* one that fails leaves everything to do */
	vhd_bits_ripen(&bits);
	vhd_bits_unripen(&bits);
	index = 0;
	chunk = vhd_bits_next(&bits, &index);
	KUNIT_ASSERT_NOT_NULL(test, chunk);
	KUNIT_EXPECT_EQ(test, chunk->fresh[0], 2);
	KUNIT_EXPECT_EQ(test, chunk->ripe[0], 0);
	vhd_bits_ripen(&bits);
	vhd_bits_done(&bits, 0);
	KUNIT_EXPECT_FALSE(test, vhd_bits_any(&bits));
	KUNIT_EXPECT_EQ(test, bits.nr, 0);
	vhd_bits_exit(&bits);
}

/* A chunk that a write waits for stays, whatever is flushed. */
static void busy(struct kunit *test)
{
	struct vhd_bits_chunk *chunk;
	struct vhd_disk_bits bits;
	u8 got;

	bits_start(test, &bits, VHD_FORMAT_VHDX, 21);
	chunk = vhd_bits_get(&bits, 8, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chunk);
	vhd_bits_ripen(&bits);
	vhd_bits_done(&bits, 0);
	KUNIT_EXPECT_PTR_EQ(test, vhd_bits_get(&bits, 9, true), chunk);
	vhd_bits_put(&bits, chunk);
	vhd_bits_set(&bits, chunk, 8, 1);
	vhd_bits_peek(&bits, 8, &got, 1);
	KUNIT_EXPECT_EQ(test, got, 1);
	vhd_bits_ripen(&bits);
	vhd_bits_done(&bits, 0);
	KUNIT_EXPECT_FALSE(test, vhd_bits_any(&bits));
	vhd_bits_exit(&bits);
}

/* Memory: there are so many, and no more, until some are in the file. */
static void limit(struct kunit *test)
{
	struct vhd_bits_chunk *chunk;
	struct vhd_disk_bits bits;
	unsigned long index;
	u64 i;

	bits_start(test, &bits, VHD_FORMAT_VHDX, 21);
	for (i = 0; i < VHD_BITS_MAX; i++)
		set(test, &bits, i * VHD_BITS_SECTORS, 1);
	KUNIT_EXPECT_EQ(test, bits.nr, VHD_BITS_MAX);
	chunk = vhd_bits_get(&bits, i * VHD_BITS_SECTORS, false);
	KUNIT_EXPECT_PTR_EQ(test, chunk, ERR_PTR(-EBUSY));
	/* those that are there can be had, and one stays for a write that goes on */
	chunk = vhd_bits_get(&bits, 5, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chunk);
	vhd_bits_ripen(&bits);
	for (index = 0; vhd_bits_next(&bits, &index); index++)
		vhd_bits_done(&bits, index);
	KUNIT_EXPECT_EQ(test, bits.nr, 1);
	vhd_bits_put(&bits, chunk);
	set(test, &bits, i * VHD_BITS_SECTORS, 1);
	KUNIT_EXPECT_EQ(test, bits.nr, 2);
	vhd_bits_exit(&bits);
}

static struct kunit_case bits_cases[] = {
	KUNIT_CASE(order),
	KUNIT_CASE(flush),
	KUNIT_CASE(busy),
	KUNIT_CASE(limit),
	{}
};

static struct kunit_suite bits_suite = {
	.name = "vhd_bits",
	.test_cases = bits_cases,
};

kunit_test_suite(bits_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests of bits of sector bitmaps");
MODULE_LICENSE("GPL");
