/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_COMPILER_H
#define SHIM_LINUX_COMPILER_H

/*
 * Shared accesses are atomics here, so that the thread sanitizer knows which
 * of them are meant to race.
 */
#include <shim.h>

#ifdef SHIM_MODEL
#define READ_ONCE(x)		((__typeof__(x))shim_load(&(x), sizeof(x)))
#define WRITE_ONCE(x, v)	shim_store(&(x), sizeof(x), (v))
#else
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#endif
#define __printf(fmt, args)	__attribute__((__format__(__printf__, fmt, args)))
#define barrier()		__asm__ __volatile__("" : : : "memory")

#endif /* SHIM_LINUX_COMPILER_H */
