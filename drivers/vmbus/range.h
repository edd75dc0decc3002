/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Decoding of one range of guest memory: GPA-direct packets and GPADLs carry
 * the same list.
 */
#ifndef VMB_RANGE_H
#define VMB_RANGE_H

#include <linux/errno.h>
#include <linux/types.h>
#include <asm/byteorder.h>
#include <vmb/proto/ring.h>
#include <vmb/ring.h>

/*
 * Decode the range at *@pos of a list of @len bytes in private memory, and
 * move *@pos behind it. 0, -ENOENT at the end of the list, or -EBADMSG.
 *
 * The sums are 64 bit: offset plus length of a hostile range passes 4 GiB.
 */
static inline int vmb_range_next(const void *list, u32 len, u32 *pos,
				 struct vmb_gpa_range *range)
{
	const struct vmb_wire_gpa_range *wire;
	u32 bytes, offset;
	u64 nr_pfns;

	if (*pos == len)
		return -ENOENT;
	if (*pos > len || len - *pos < sizeof(*wire))
		return -EBADMSG;

	wire = list + *pos;
	bytes = le32_to_cpu(wire->byte_count);
	offset = le32_to_cpu(wire->byte_offset);
	if (!bytes || offset >= VMB_PAGE_SIZE)
		return -EBADMSG;

	nr_pfns = ((u64)offset + bytes + VMB_PAGE_SIZE - 1) >> VMB_PAGE_SHIFT;
	if (nr_pfns * sizeof(__le64) > len - *pos - sizeof(*wire))
		return -EBADMSG;

	range->len = bytes;
	range->offset = offset;
	range->nr_pfns = nr_pfns;
	range->pfns = wire->pfn;
	*pos += sizeof(*wire) + range->nr_pfns * sizeof(__le64);
	return 0;
}

#endif /* VMB_RANGE_H */
