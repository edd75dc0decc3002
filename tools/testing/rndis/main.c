// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

int main(int argc, char **argv)
{
	static const struct test *const suites[] = {
		nvsp_tests, rndis_tests, oid_tests, rss_tests,
	};

	return test_main(suites, ARRAY_SIZE(suites), argc, argv);
}
