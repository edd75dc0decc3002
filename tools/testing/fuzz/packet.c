// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input is a packet; what is accepted has to lie inside it.
 */
#include <stdlib.h>
#include <string.h>
#include <vmb/ring.h>

#include "fuzz.h"

int shim_fail_alloc;

int fuzz_one(const u8 *in, size_t len)
{
	u32 pos = 0, i, offset, bytes, n;
	struct vmb_gpa_range range;
	struct vmb_packet pkt;
	volatile u64 sum = 0;
	u8 *buf = malloc(len);

	/* exactly the input, so that a byte too many is seen */
	memcpy(buf, in, len);
	if (vmb_packet_parse(&pkt, buf, len))
		goto out;

	if ((const u8 *)pkt.data + pkt.len != buf + len)
		abort();
	for (i = 0; i < pkt.len; i++)
		sum += ((const u8 *)pkt.data)[i];
	for (i = 0; !vmb_packet_gpa_range(&pkt, &pos, &range); i++) {
		if (!range.len || range.offset >= VMB_PAGE_SIZE ||
		    (u64)range.nr_pfns * VMB_PAGE_SIZE < (u64)range.offset + range.len)
			abort();
		for (n = 0; n < range.nr_pfns; n++)
			sum += range.pfns[n];
	}
	if (pkt.type == VMB_PKT_GPA_DIRECT && i != pkt.nr_ranges)
		abort();
	for (i = 0; !vmb_packet_xfer_range(&pkt, i, &offset, &bytes); i++)
		sum += offset + bytes;
	if (pkt.type == VMB_PKT_XFER_PAGES && i != pkt.nr_ranges)
		abort();
	(void)sum;
out:
	free(buf);
	return 0;
}
