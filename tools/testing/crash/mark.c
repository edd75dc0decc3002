// SPDX-License-Identifier: GPL-2.0-only
/* Marks in the log of a device of dm-log-writes. */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/dm-ioctl.h>

#include "mark.h"

/**
 * mark_open - get ready
 *
 * Return: a file descriptor for mark_put(); does not return on failure.
 */
int mark_open(void)
{
	int control = open("/dev/mapper/control", O_RDWR);

	if (control < 0)
		err(1, "/dev/mapper/control");
	return control;
}

/**
 * mark_put - a mark behind everything that is durable by now
 * @control: of mark_open()
 * @device: the device's name
 * @number: which the mark has
 *
 * Does not return on failure.
 */
void mark_put(int control, const char *device, uint32_t number)
{
	union {
		struct dm_ioctl head;
		char bytes[1024];
	} io = { .head = {
		.version = { DM_VERSION_MAJOR, 0, 0 },
		.data_size = sizeof(io),
		.data_start = sizeof(struct dm_ioctl),
	} };
	struct dm_target_msg *msg = (void *)(io.bytes + sizeof(struct dm_ioctl));

	snprintf(io.head.name, sizeof(io.head.name), "%s", device);
	snprintf(msg->message, 64, "mark %u", number);
	if (ioctl(control, DM_TARGET_MSG, &io))
		err(1, "mark %u in %s", number, device);
}
