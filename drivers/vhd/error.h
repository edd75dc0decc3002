/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why an image is refused: an errno for programs, a sentence for people.
 */
#ifndef VHD_ERROR_H
#define VHD_ERROR_H

#include <linux/compiler.h>
#include <linux/errno.h>

#define VHD_ERROR_TEXT	160

/**
 * struct vhd_error - the first thing that was wrong
 * @code: negative errno:
 *	-EMEDIUMTYPE, neither a VHD nor a VHDX;
 *	-EUCLEAN, damaged or made to harm;
 *	-EOPNOTSUPP, needs something that this code does not know;
 *	-EFBIG, beyond the limits of the format;
 *	-EROFS, the log has to be replayed and the file is read-only;
 *	-EINVAL, the caller asked for what the format does not have;
 *	anything else comes from memory or the file
 * @text: a sentence without a full stop
 */
struct vhd_error {
	int code;
	char text[VHD_ERROR_TEXT];
};

__printf(3, 4)
int vhd_fail(struct vhd_error *err, int code, const char *fmt, ...);

#endif /* VHD_ERROR_H */
