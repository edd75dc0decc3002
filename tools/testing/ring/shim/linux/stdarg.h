/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_STDARG_H
#define SHIM_LINUX_STDARG_H

#include <stdarg.h>

#endif /* SHIM_LINUX_STDARG_H */
