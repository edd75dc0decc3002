/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_ALIGN_H
#define SHIM_LINUX_ALIGN_H

#define ALIGN(x, a)	(((x) + (a) - 1) / (a) * (a))

#endif /* SHIM_LINUX_ALIGN_H */
