// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two headers. The one that does not count is overwritten, with the higher
 * sequence number: a crash while it is written leaves the other.
 */
#include <kunit/visibility.h>
#include <linux/crc32.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "vhdx.h"

/**
 * vhdx_checksum() - of a structure whose bytes 4 to 7 are its checksum
 * @buf: the structure
 * @len: bytes, at least 8
 *
 * Return: CRC-32C with the checksum taken as zero.
 */
u32 vhdx_checksum(const void *buf, size_t len)
{
	static const u8 zero[4];
	u32 crc = __crc32c_le(~0U, buf, 4);

	crc = __crc32c_le(crc, zero, 4);
	return ~__crc32c_le(crc, (const u8 *)buf + 8, len - 8);
}
EXPORT_SYMBOL_IF_KUNIT(vhdx_checksum);

/**
 * vhdx_header_check() - is this a header, and what does it say?
 * @buf: its 4 KiB
 * @slot: which of the two it is
 * @header: is filled in
 * @err: set on failure
 *
 * Return: 0, -EUCLEAN or -EOPNOTSUPP.
 */
int vhdx_header_check(const void *buf, unsigned int slot,
		      struct vhdx_header *header, struct vhd_error *err)
{
	const struct vhdx_header_wire *wire = buf;

	if (wire->signature != cpu_to_le32(VHDX_HEADER_SIGNATURE))
		return vhd_fail(err, -EUCLEAN, "header %u has no signature", slot + 1);
	if (le32_to_cpu(wire->checksum) != vhdx_checksum(buf, VHDX_HEADER_BYTES))
		return vhd_fail(err, -EUCLEAN, "header %u has a wrong checksum", slot + 1);
	if (le16_to_cpu(wire->version) != VHDX_VERSION)
		return vhd_fail(err, -EOPNOTSUPP, "the VHDX has version %u, not 1",
				le16_to_cpu(wire->version));
	header->sequence = le64_to_cpu(wire->sequence);
	header->file_write = wire->file_write;
	header->data_write = wire->data_write;
	header->log = wire->log;
	header->log_pos = le64_to_cpu(wire->log_offset);
	header->log_len = le32_to_cpu(wire->log_length);
	header->slot = slot;
	if (!guid_is_null(&header->log) && le16_to_cpu(wire->log_version) != VHDX_LOG_VERSION)
		return vhd_fail(err, -EOPNOTSUPP, "the log has version %u, not 0",
				le16_to_cpu(wire->log_version));
	if (header->log_len % VHDX_MIB || header->log_pos % VHDX_MIB ||
	    !header->log_len || header->log_pos < VHDX_MIB ||
	    header->log_pos > VHDX_MAX_FILE)
		return vhd_fail(err, -EUCLEAN, "the log, %u bytes at %llu, is not on whole MiB",
				header->log_len, header->log_pos);
	return 0;
}

/**
 * vhdx_header_choose() - the header that counts
 * @first: 4 KiB at 64 KiB
 * @second: 4 KiB at 128 KiB
 * @header: is filled in
 * @err: set on failure
 *
 * Return: 0, -EUCLEAN or -EOPNOTSUPP.
 */
int vhdx_header_choose(const void *first, const void *second,
		       struct vhdx_header *header, struct vhd_error *err)
{
	struct vhdx_header a, b;
	struct vhd_error why;
	int ret_a, ret_b;

	ret_a = vhdx_header_check(first, 0, &a, err);
	ret_b = vhdx_header_check(second, 1, &b, &why);
	/*
	 * An unknown version is not damage: the other header may be a state
	 * from before, which must not come back.
	 */
	if (ret_b == -EOPNOTSUPP)
		*err = why;
	if (ret_a == -EOPNOTSUPP || ret_b == -EOPNOTSUPP)
		return -EOPNOTSUPP;
	if (ret_a && ret_b)
		return vhd_fail(err, -EUCLEAN, "both headers are damaged");
	if (!ret_a && !ret_b && a.sequence == b.sequence &&
	    memcmp(first, second, VHDX_HEADER_BYTES))
		return vhd_fail(err, -EUCLEAN,
				"both headers have sequence number %llu, and they differ",
				a.sequence);
	*header = ret_a || (!ret_b && b.sequence > a.sequence) ? b : a;
	header->other_lost = ret_a || ret_b;
	return 0;
}

/**
 * vhdx_header_encode() - a header as it is in a file
 * @header: what it says
 * @buf: gets 4 KiB
 */
void vhdx_header_encode(const struct vhdx_header *header, void *buf)
{
	struct vhdx_header_wire *wire = buf;

	memset(buf, 0, VHDX_HEADER_BYTES);
	wire->signature = cpu_to_le32(VHDX_HEADER_SIGNATURE);
	wire->sequence = cpu_to_le64(header->sequence);
	wire->file_write = header->file_write;
	wire->data_write = header->data_write;
	wire->log = header->log;
	wire->log_version = cpu_to_le16(VHDX_LOG_VERSION);
	wire->version = cpu_to_le16(VHDX_VERSION);
	wire->log_length = cpu_to_le32(header->log_len);
	wire->log_offset = cpu_to_le64(header->log_pos);
	wire->checksum = cpu_to_le32(vhdx_checksum(buf, VHDX_HEADER_BYTES));
}

/**
 * vhdx_header_write() - replace what the headers say
 * @header: the current one, changed; gets the next sequence number and slot
 * @io: the file
 * @err: set on failure
 *
 * Flushes before, so that what the new header relies on is there, and after.
 * On failure the file has the old header or the new one.
 *
 * Context: may sleep; one call at a time.
 * Return: 0 or a negative errno.
 */
int vhdx_header_write(struct vhdx_header *header, struct vhd_io *io,
		      struct vhd_error *err)
{
	void *buf = kvmalloc(VHDX_HEADER_BYTES, GFP_KERNEL);
	int ret;

	if (!buf)
		return vhd_fail(err, -ENOMEM, "no memory for a header");
	header->sequence++;
	header->slot ^= 1;
	vhdx_header_encode(header, buf);
	ret = vhd_io_flush(io, err);
	if (!ret)
		ret = vhd_io_write(io, VHDX_HEADER_POS(header->slot), buf,
				   VHDX_HEADER_BYTES, "header", err);
	if (!ret)
		ret = vhd_io_flush(io, err);
	if (!ret)
		header->other_lost = false;
	kvfree(buf);
	return ret;
}
