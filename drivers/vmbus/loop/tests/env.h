/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites share: a partition, made in configfs as an administrator
 * would, and this kernel as its guest.
 */
#ifndef VMB_LOOP_TESTS_ENV_H
#define VMB_LOOP_TESTS_ENV_H

#include <kunit/test.h>
#include <linux/delay.h>

#include "../loop.h"

#define ENV_PARTITION	"kunit-loop"
#define ENV_DIR		"/sys/kernel/config/vmb/" ENV_PARTITION

int env_mkdir(const char *path);
int env_rmdir(const char *path);
int env_write(const char *path, const char *text);
int env_read(const char *path, char *buf, u32 len);

/* Ten seconds and then it is not going to happen. */
#define env_wait(cond)							\
({									\
	int _ms;							\
									\
	for (_ms = 0; _ms < 10000 && !(cond); _ms++)			\
		usleep_range(900, 1100);				\
	!!(cond);							\
})

#endif /* VMB_LOOP_TESTS_ENV_H */
