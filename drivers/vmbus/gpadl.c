// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decoding of GPADLs. The messages have been copied out of guest memory
 * before they come here. Several lists may arrive interleaved: each has its
 * own struct vmb_gpadl and nothing is kept between calls.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/byteorder.h>
#include <vmb/gpadl.h>

#include "range.h"

/* A range has at least one page: nothing shorter can be asked for. */
#define VMB_GPADL_RANGE_MIN	(sizeof(struct vmb_wire_gpa_range) + sizeof(__le64))

/* All parts are here: the list is exactly the ranges announced, or refused. */
static int vmb_gpadl_check(struct vmb_gpadl *gpadl)
{
	struct vmb_gpa_range range;
	u32 pos = 0, pages = 0, i;

	for (i = 0; i < gpadl->nr_ranges; i++) {
		if (vmb_range_next(gpadl->buf, gpadl->buf_len, &pos, &range))
			return -EBADMSG;
		/* cannot overflow: each page has 8 of less than 64 Ki bytes */
		pages += range.nr_pfns;
	}
	if (pos != gpadl->buf_len)
		return -EBADMSG;

	gpadl->nr_pages = pages;
	return 1;
}

/*
 * Take the next @len bytes. A list grows in whole words; the four bytes that
 * are left in a full header message belong to none. What comes behind the end
 * of the list is padding of the message.
 */
static int vmb_gpadl_append(struct vmb_gpadl *gpadl, const void *part, u32 len)
{
	len = min(round_down(len, 8), gpadl->buf_len - gpadl->have);
	memcpy(gpadl->buf + gpadl->have, part, len);
	gpadl->have += len;
	return vmb_gpadl_complete(gpadl) ? vmb_gpadl_check(gpadl) : 0;
}

/**
 * vmb_gpadl_begin() - take the first message of a GPADL
 * @gpadl: set up; belongs to the caller, who frees what it holds with
 *	vmb_gpadl_free() once this has not failed
 * @msg: the GPADL_HEADER message, in private memory
 * @msg_len: bytes in @msg; longer than needed is no error
 *
 * Allocates the whole list, at most 64 KiB (what the message's 16-bit length
 * can say), charged to the memory cgroup of the current task. How many lists a
 * guest may have at once is for the caller to limit.
 *
 * Context: process; may sleep.
 * Return: 1 when the list is complete and good, 0 when more has to come,
 * -EBADMSG when the message or the list is malformed, -ENOMEM. Nothing is held
 * after an error.
 * See Documentation/protocol/gpadl.rst, "Header message".
 */
int vmb_gpadl_begin(struct vmb_gpadl *gpadl,
		    const struct vmb_msg_gpadl_header *msg, u32 msg_len)
{
	int ret;

	memset(gpadl, 0, sizeof(*gpadl));
	if (msg_len < sizeof(*msg))
		return -EBADMSG;

	gpadl->relid = le32_to_cpu(msg->relid);
	gpadl->handle = le32_to_cpu(msg->gpadl);
	gpadl->nr_ranges = le16_to_cpu(msg->range_count);
	gpadl->buf_len = le16_to_cpu(msg->range_buflen);
	if (!gpadl->relid || !gpadl->handle || !gpadl->nr_ranges ||
	    gpadl->buf_len % 8 ||
	    gpadl->buf_len / VMB_GPADL_RANGE_MIN < gpadl->nr_ranges) {
		ret = -EBADMSG;
		goto clear;
	}

	gpadl->buf = kvmalloc(gpadl->buf_len, GFP_KERNEL_ACCOUNT);
	if (!gpadl->buf) {
		ret = -ENOMEM;
		goto clear;
	}

	ret = vmb_gpadl_append(gpadl, msg->ranges, msg_len - sizeof(*msg));
	if (ret < 0)
		goto free_buf;
	return ret;

free_buf:
	kvfree(gpadl->buf);
clear:
	memset(gpadl, 0, sizeof(*gpadl));
	return ret;
}
EXPORT_SYMBOL_GPL(vmb_gpadl_begin);

/**
 * vmb_gpadl_add() - take the next message of a GPADL
 * @gpadl: the list that @msg names, from vmb_gpadl_begin(), not complete
 * @msg: the GPADL_BODY message, in private memory
 * @msg_len: bytes in @msg; longer than needed is no error
 *
 * Each message has to bring at least one word: otherwise a guest could keep a
 * list unfinished with messages that never end. Their number is informative
 * and not looked at; they come in order.
 *
 * Context: any; the caller serialises calls for the same list.
 * Return: 1 when the list is complete and good, 0 when more has to come,
 * -EBADMSG when the message or the list is malformed: the caller frees it.
 * See Documentation/protocol/gpadl.rst, "Body messages".
 */
int vmb_gpadl_add(struct vmb_gpadl *gpadl,
		  const struct vmb_msg_gpadl_body *msg, u32 msg_len)
{
	if (!gpadl->buf || vmb_gpadl_complete(gpadl))
		return -EBADMSG;
	if (msg_len < sizeof(*msg) + sizeof(__le64) ||
	    le32_to_cpu(msg->gpadl) != gpadl->handle)
		return -EBADMSG;
	return vmb_gpadl_append(gpadl, msg->ranges, msg_len - sizeof(*msg));
}
EXPORT_SYMBOL_GPL(vmb_gpadl_add);

/**
 * vmb_gpadl_range() - next range of a complete GPADL
 * @gpadl: for which vmb_gpadl_begin() or vmb_gpadl_add() returned 1
 * @pos: where to go on; 0 to start, then left alone by the caller
 * @range: filled in; @range->pfns points into @gpadl->buf
 *
 * Context: any; readers of the same list need no lock.
 * Return: 0, -ENOENT behind the last range, -EBADMSG when the list is not
 * complete or @pos is not one of this function's.
 * See Documentation/protocol/gpadl.rst, "The list".
 */
int vmb_gpadl_range(const struct vmb_gpadl *gpadl, u32 *pos,
		    struct vmb_gpa_range *range)
{
	if (!gpadl->nr_pages)
		return -EBADMSG;
	return vmb_range_next(gpadl->buf, gpadl->buf_len, pos, range);
}
EXPORT_SYMBOL_GPL(vmb_gpadl_range);

/**
 * vmb_gpadl_free() - give back what a GPADL holds
 * @gpadl: complete or not, or all zero; all zero afterwards
 *
 * Context: process; may sleep.
 */
void vmb_gpadl_free(struct vmb_gpadl *gpadl)
{
	kvfree(gpadl->buf);
	memset(gpadl, 0, sizeof(*gpadl));
}
EXPORT_SYMBOL_GPL(vmb_gpadl_free);
