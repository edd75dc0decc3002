/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites share: a partition, made in configfs as an administrator
 * would, and this kernel as its guest.
 */
#ifndef VMB_LOOP_TESTS_ENV_H
#define VMB_LOOP_TESTS_ENV_H

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>

#include "../../tests/file.h"
#include "../loop.h"

#define ENV_PARTITION	"kunit-loop"
#define ENV_DIR		"/sys/kernel/config/vmb/" ENV_PARTITION

/* how long the host waits for a guest to become idle, when a device goes */
#define ENV_WITHDRAW_MS	"/sys/module/vmb_host/parameters/withdraw_ms"

int env_mkdir(const char *path);
int env_rmdir(const char *path);
int env_write(const char *path, const char *text);
bool env_there(const char *path);
/* a bus of ENV_PARTITION's to which the guest is connected; NULL if there is none */
int env_loop(struct vmb_loop **loop);

/* Ten seconds and then it is not going to happen. */
#define env_wait(cond)							\
({									\
	unsigned long _end = jiffies + 10 * HZ;				\
	bool _ok;							\
									\
	while (!(_ok = !!(cond)) && time_before(jiffies, _end))		\
		usleep_range(900, 1100);				\
	_ok;								\
})

/*
 * How often to do what User Mode Linux does @times: a quarter of it on the debug kernel,
 * with two CPUs in an emulator. More of the same finds nothing there in which the CPUs
 * meet in another way.
 */
static inline int env_times(int times)
{
	return IS_ENABLED(CONFIG_UML) ? times : times / 4;
}

#endif /* VMB_LOOP_TESTS_ENV_H */
