/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_H
#define TEST_H

#include <stdio.h>
#include <string.h>

#include "../unit/unit.h"
#include "create.h"
#include "file.h"
#include "image.h"
#include "map.h"

const char *test_fail_error(const char *file, int line, const char *what,
			    const struct vhd_error *err);

/* for functions of the library that return 0 and fill in err */
#define CHECK_OK(call) do {						\
	if (call)							\
		return test_fail_error(__FILE__, __LINE__, #call, &err);	\
} while (0)

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* all tests of a file, ended by one without a name */
extern const struct test text_tests[], format_tests[], flip_tests[], log_tests[],
			 block_tests[], alloc_tests[], write_tests[], change_tests[],
			 merge_tests[], repair_tests[];

/* One of each format and type, of 70 MiB and a sector, unless said otherwise */
extern const struct vhd_create samples[];
extern const size_t nr_samples;

const char *sample_make(size_t i, struct file *file);

#endif /* TEST_H */
