// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input is what a hostile producer left behind: 8 bytes of indices, and
 * the data area. The consumer reads what it can.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmb/ring.h>

#include "fuzz.h"

int shim_fail_alloc;

int fuzz_one(const u8 *in, size_t len)
{
	static u8 data[2 * VMB_PAGE_SIZE] __attribute__((aligned(8)));
	static struct vmb_ring_hdr hdr;
	struct vmb_packet pkt;
	struct vmb_ring ring;
	u8 *buf = malloc(1024);
	u32 got = 0;

	if (len < 8)
		goto out;
	memset(&hdr, 0, sizeof(hdr));
	memcpy(&hdr, in, 8);
	in += 8;
	len -= 8;
	if (len > VMB_PAGE_SIZE)
		len = VMB_PAGE_SIZE;
	/* the two mappings of the data area, for a peer that does not move */
	memset(data, 0, sizeof(data));
	memcpy(data, in, len);
	memcpy(data + VMB_PAGE_SIZE, in, len);

	if (vmb_ring_init_consumer(&ring, &hdr, data, VMB_PAGE_SIZE))
		goto out;
	while (!vmb_ring_get(&ring, buf, 1024, &pkt)) {
		if ((const u8 *)pkt.data < buf + 16 ||
		    (const u8 *)pkt.data + pkt.len > buf + 1024)
			abort();
		/* a ring holds no more packets than that */
		if (++got > VMB_PAGE_SIZE / 24)
			abort();
	}
	vmb_ring_release(&ring);
out:
	free(buf);
	return 0;
}
