// SPDX-License-Identifier: GPL-2.0-only
#include "io.h"

/**
 * vhd_io_read() - read from an image's file
 * @io: the file
 * @pos: byte in it
 * @buf: gets @len bytes
 * @len: how many
 * @what: is read, for the error
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0, -EUCLEAN when the file is too short, or what the file says.
 */
int vhd_io_read(struct vhd_io *io, u64 pos, void *buf, size_t len,
		const char *what, struct vhd_error *err)
{
	int ret;

	if (!vhd_inside(pos, len, io->size))
		return vhd_fail(err, -EUCLEAN,
				"the %s at byte %llu is behind the file's end at %llu",
				what, pos, io->size);
	ret = io->read(io->file, pos, buf, len);
	if (ret)
		return vhd_fail(err, ret, "cannot read the %s at byte %llu: error %d",
				what, pos, -ret);
	return 0;
}

/**
 * vhd_io_write() - write to an image's file
 * @io: the file
 * @pos: byte in it
 * @buf: has @len bytes
 * @len: how many
 * @what: is written, for the error
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or what the file says.
 */
int vhd_io_write(struct vhd_io *io, u64 pos, const void *buf, size_t len,
		 const char *what, struct vhd_error *err)
{
	int ret = io->write(io->file, pos, buf, len);

	if (ret)
		return vhd_fail(err, ret, "cannot write the %s at byte %llu: error %d",
				what, pos, -ret);
	if (io->size < pos + len)
		io->size = pos + len;
	return 0;
}

/**
 * vhd_io_zero() - zero part of an image's file
 * @io: the file
 * @pos: byte in it
 * @len: bytes, all of them in the file
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or what the file says.
 */
int vhd_io_zero(struct vhd_io *io, u64 pos, u64 len, struct vhd_error *err)
{
	int ret = io->zero(io->file, pos, len);

	if (ret)
		return vhd_fail(err, ret, "cannot zero %llu bytes at byte %llu: error %d",
				len, pos, -ret);
	return 0;
}

/**
 * vhd_io_resize() - give an image's file another length
 * @io: the file
 * @size: bytes
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or what the file says.
 */
int vhd_io_resize(struct vhd_io *io, u64 size, struct vhd_error *err)
{
	int ret = io->resize(io->file, size);

	if (ret)
		return vhd_fail(err, ret, "cannot give the file %llu bytes: error %d",
				size, -ret);
	io->size = size;
	return 0;
}

/**
 * vhd_io_flush() - what was written before stays, whatever happens
 * @io: the file
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0 or what the file says.
 */
int vhd_io_flush(struct vhd_io *io, struct vhd_error *err)
{
	int ret = io->flush(io->file);

	if (ret)
		return vhd_fail(err, ret, "cannot flush the file: error %d", -ret);
	return 0;
}
