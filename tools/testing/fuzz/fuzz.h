/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FUZZ_H
#define FUZZ_H

#include <linux/types.h>

/* libFuzzer's entry; the Makefile gives it the name that libFuzzer wants */
int fuzz_one(const u8 *in, size_t len);

#endif /* FUZZ_H */
