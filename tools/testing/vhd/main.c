// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

const char *test_fail_error(const char *file, int line, const char *what,
			    const struct vhd_error *err)
{
	char text[400];

	snprintf(text, sizeof(text), "%.200s: %d, %s", what, err->code, err->text);
	return test_fail(file, line, text);
}

#define ID(n)	GUID_INIT(0x11223344, 0x5566, 0x7788, n, 2, 3, 4, 5, 6, 7, 8)

#define SAMPLE(_format, _type, ...)					\
	{								\
		.format = VHD_FORMAT_##_format,				\
		.type = VHD_TYPE_##_type,				\
		.size = (70 << 20) + 4096,				\
		.id = ID(1),						\
		.file_id = ID(2),					\
		.disk_id = ID(3),					\
		.timestamp = 800000000,					\
		__VA_ARGS__						\
	}
#define PARENT								\
	.parent = {							\
		.id = ID(9),						\
		.timestamp = 700000000,					\
		.name = (char *)"p\xc3\xa4rent \xf0\x9f\x92\xbe",	\
		.relative = (char *)".\\p\xc3\xa4rent.vhd",		\
		.absolute = (char *)"C:\\disks\\p\xc3\xa4rent.vhd",	\
	}

const struct vhd_create samples[] = {
	SAMPLE(VHD, FIXED),
	SAMPLE(VHD, DYNAMIC),
	SAMPLE(VHD, DYNAMIC, .block_size = 512 << 10),
	SAMPLE(VHD, DIFF, PARENT),
	SAMPLE(VHDX, FIXED, .block_size = 1 << 20),
	SAMPLE(VHDX, DYNAMIC),
	SAMPLE(VHDX, DYNAMIC, .sector_size = 4096, .block_size = 32 << 20),
	SAMPLE(VHDX, DIFF, PARENT, .block_size = 1 << 20),
	SAMPLE(VHDX, DIFF, PARENT, .sector_size = 4096, .block_size = 256 << 20),
};

const size_t nr_samples = ARRAY_SIZE(samples);

const char *sample_make(size_t i, struct file *file)
{
	struct vhd_error err;

	CHECK(!file_memory(file));
	CHECK_OK(vhd_create(&samples[i], &file->io, &err));
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct test *const suites[] = {
		text_tests, format_tests, flip_tests, log_tests, block_tests,
		alloc_tests, write_tests, change_tests, merge_tests, repair_tests,
	};

	return test_main(suites, ARRAY_SIZE(suites), argc, argv);
}
