/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers that people write. */
#ifndef VMBCTL_TEXT_PARSE_H
#define VMBCTL_TEXT_PARSE_H

#include <stdbool.h>
#include <stdint.h>

bool text_parse_size(const char *text, uint64_t *bytes);

#endif /* VMBCTL_TEXT_PARSE_H */
