/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of counters: Documentation/ABI/debugfs-vmb. */
#ifndef VMBCTL_RECORD_H
#define VMBCTL_RECORD_H

#include <stdbool.h>
#include <stdint.h>

bool record_next(char **text, char **kind, char **pairs);
bool record_pair(char **pairs, char **key, char **value);
bool record_u64(const char *value, uint64_t *number);

#endif /* VMBCTL_RECORD_H */
