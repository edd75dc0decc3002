// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kernel.h>
#include <linux/stdarg.h>

#include "error.h"

/**
 * vhd_fail() - say what is wrong
 * @err: where to
 * @code: negative errno
 * @fmt: only conversions that both printk() and printf() have
 *
 * Context: any.
 * Return: @code.
 */
int vhd_fail(struct vhd_error *err, int code, const char *fmt, ...)
{
	va_list args;

	err->code = code;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return code;
}
