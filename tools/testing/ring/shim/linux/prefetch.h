/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_PREFETCH_H
#define SHIM_LINUX_PREFETCH_H

#define prefetch(p)	__builtin_prefetch(p)
#if defined(__x86_64__)
/* as the kernel patches it in; the builtin would take a shared line */
#define prefetchw(p)	__asm__ __volatile__("prefetchw %0" : : "m" (*(const char *)(p)))
#else
#define prefetchw(p)	__builtin_prefetch(p, 1)
#endif

#endif /* SHIM_LINUX_PREFETCH_H */
