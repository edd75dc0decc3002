/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CRASH_MARK_H
#define CRASH_MARK_H

#include <stdint.h>

int mark_open(void);
void mark_put(int control, const char *device, uint32_t number);

#endif /* CRASH_MARK_H */
