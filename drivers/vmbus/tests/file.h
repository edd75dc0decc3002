/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For suites that look at files as a program would. A header, because they are in
 * modules of different folders.
 */
#ifndef VMB_TESTS_FILE_H
#define VMB_TESTS_FILE_H

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/string.h>

/**
 * file_read() - read a small file, without the new line
 * @path: of the file
 * @buf: filled; ends with a zero byte
 * @len: bytes of it; what does not fit is left out
 *
 * Context: process; may sleep.
 * Return: 0, or the errno of opening or reading it.
 */
static inline int file_read(const char *path, char *buf, u32 len)
{
	struct file *file = filp_open(path, O_RDONLY, 0);
	loff_t pos = 0;
	ssize_t ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = kernel_read(file, buf, len - 1, &pos);
	filp_close(file, NULL);
	if (ret < 0)
		return ret;
	buf[ret] = 0;
	strim(buf);
	return 0;
}

#endif /* VMB_TESTS_FILE_H */
