/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers and names, for people. */
#ifndef VMBCTL_TEXT_H
#define VMBCTL_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* room for any of these */
#define TEXT_MAX	24

const char *text_bytes(char *buf, double bytes);
const char *text_count(char *buf, double count);
const char *text_time(char *buf, double ns);
char *text_name(const char *name);

#endif /* VMBCTL_TEXT_H */
