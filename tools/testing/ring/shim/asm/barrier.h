/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_ASM_BARRIER_H
#define SHIM_ASM_BARRIER_H

#include <linux/compiler.h>

#ifdef SHIM_MODEL
/* the modelled machine keeps loads in order and stores in order */
#define virt_mb()			shim_mb()
#define virt_rmb()			do { } while (0)
#define virt_load_acquire(p)		READ_ONCE(*(p))
#define virt_store_release(p, v)	WRITE_ONCE(*(p), (v))
#else
#define virt_mb()			__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define virt_rmb()			__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define virt_load_acquire(p)		__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define virt_store_release(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELEASE)
#endif

#endif /* SHIM_ASM_BARRIER_H */
