/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest physical address descriptor lists: decoding of the messages in which a
 * guest describes memory. Compiled in userspace too (tools/testing/ring).
 */
#ifndef VMB_GPADL_H
#define VMB_GPADL_H

#include <linux/types.h>
#include <vmb/proto/bus.h>
#include <vmb/ring.h>

/**
 * struct vmb_gpadl - a GPADL, complete or still arriving
 * @handle: the guest's name for it
 * @relid: the channel it belongs to
 * @nr_ranges: ranges announced
 * @nr_pages: pages of all ranges; valid once complete
 * @buf_len: bytes of the range list announced
 * @have: bytes of it received; complete when equal to @buf_len
 * @buf: the range list, private memory of @buf_len bytes
 */
struct vmb_gpadl {
	u32 handle;
	u32 relid;
	u32 nr_ranges;
	u32 nr_pages;
	u32 buf_len;
	u32 have;
	u8 *buf;
};

int vmb_gpadl_begin(struct vmb_gpadl *gpadl,
		    const struct vmb_msg_gpadl_header *msg, u32 msg_len);
int vmb_gpadl_add(struct vmb_gpadl *gpadl,
		  const struct vmb_msg_gpadl_body *msg, u32 msg_len);
int vmb_gpadl_range(const struct vmb_gpadl *gpadl, u32 *pos,
		    struct vmb_gpa_range *range);
void vmb_gpadl_free(struct vmb_gpadl *gpadl);

static inline bool vmb_gpadl_complete(const struct vmb_gpadl *gpadl)
{
	return gpadl->have == gpadl->buf_len;
}

#endif /* VMB_GPADL_H */
