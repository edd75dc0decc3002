// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input is a sequence of messages, each behind a byte that says its length:
 * a header message, then body messages.
 */
#include <stdlib.h>
#include <string.h>
#include <vmb/gpadl.h>

#include "fuzz.h"

int shim_fail_alloc;

static void check_complete(const struct vmb_gpadl *gpadl)
{
	u32 pos = 0, ranges = 0, pages = 0, n;
	struct vmb_gpa_range range;
	volatile u64 sum = 0;

	if (!vmb_gpadl_complete(gpadl))
		abort();
	while (!vmb_gpadl_range(gpadl, &pos, &range)) {
		if (!range.len || range.offset >= VMB_PAGE_SIZE)
			abort();
		for (n = 0; n < range.nr_pfns; n++)
			sum += range.pfns[n];
		pages += range.nr_pfns;
		ranges++;
	}
	if (ranges != gpadl->nr_ranges || pages != gpadl->nr_pages ||
	    pos != gpadl->buf_len)
		abort();
	(void)sum;
}

int fuzz_one(const u8 *in, size_t len)
{
	struct vmb_gpadl gpadl = { 0 };
	int ret = 0, first = 1;

	while (len && !ret) {
		size_t part = in[0] < len - 1 ? in[0] : len - 1;
		u8 *msg = malloc(part);

		/* exactly the message, so that a byte too many is seen */
		memcpy(msg, in + 1, part);
		in += 1 + part;
		len -= 1 + part;
		if (first)
			ret = vmb_gpadl_begin(&gpadl, (void *)msg, part);
		else
			ret = vmb_gpadl_add(&gpadl, (void *)msg, part);
		if (first && ret < 0 && gpadl.buf)
			abort();
		first = 0;
		free(msg);
	}
	if (ret > 0)
		check_complete(&gpadl);
	vmb_gpadl_free(&gpadl);
	return 0;
}
