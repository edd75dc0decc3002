/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel headers in this folder need beyond C.
 */
#ifndef SHIM_H
#define SHIM_H

/* Makes kvmalloc() fail. */
extern int shim_fail_alloc;

/*
 * With SHIM_MODEL, shared accesses go to the model of a machine with store
 * buffers in model.c instead of to memory.
 */
unsigned long long shim_load(const volatile void *p, unsigned int size);
void shim_store(volatile void *p, unsigned int size, unsigned long long v);
void shim_mb(void);

#endif /* SHIM_H */
