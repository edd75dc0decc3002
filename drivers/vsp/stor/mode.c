// SPDX-License-Identifier: GPL-2.0-only
/*
 * MODE SENSE and MODE SELECT: the caching page and the control page. Follows
 * SPC-4 6.11 to 6.14 and 7.5, SBC-3 6.5. Nothing can be saved; what can be
 * changed is whether writes are cached.
 */
#include <kunit/visibility.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>

#include "scsi.h"

#define PAGE_CACHING	0x08
#define PAGE_CONTROL	0x0a
#define PAGE_ALL	0x3f

#define CACHING_WCE	0x04

/* page control */
enum {
	PC_CURRENT,
	PC_CHANGEABLE,
	PC_DEFAULT,
	PC_SAVED,
};

static int page_caching(const struct vsp_stor_props *p, u8 pc, u8 *buf)
{
	bool wce = p->write_cache;

	memset(buf, 0, 20);
	buf[0] = PAGE_CACHING;
	buf[1] = 20 - 2;
	/* where it can be changed, it was on to begin with */
	if (pc == PC_CHANGEABLE || (pc == PC_DEFAULT && !p->write_cache_fixed))
		wce = !p->write_cache_fixed;
	if (wce)
		buf[2] = CACHING_WCE;
	return 20;
}

static int page_control(const struct vsp_stor_props *p, u8 pc, u8 *buf)
{
	memset(buf, 0, 12);
	buf[0] = PAGE_CONTROL;
	buf[1] = 12 - 2;
	if (pc != PC_CHANGEABLE) {
		buf[2] = 0x02;		/* GLTSD: log parameters are not saved */
		buf[3] = 0x10;		/* commands may be reordered at will */
		put_unaligned_be16(0xffff, buf + 8);	/* busy without limit */
	}
	return 12;
}

static const struct {
	u8 page;
	int (*build)(const struct vsp_stor_props *p, u8 pc, u8 *buf);
} mode_pages[] = {
	{ PAGE_CACHING, page_caching },
	{ PAGE_CONTROL, page_control },
};

/* size of the largest page */
#define PAGE_BYTES	20

static int block_descriptor(const struct vsp_stor_props *p, bool llba, u8 *buf)
{
	if (llba) {
		memset(buf, 0, 16);
		put_unaligned_be64(p->blocks, buf);
		put_unaligned_be32(1U << p->block_shift, buf + 12);
		return 16;
	}
	put_unaligned_be32(min_t(u64, p->blocks, U32_MAX), buf);
	put_unaligned_be32(1U << p->block_shift, buf + 4);
	return 8;
}

/**
 * vsp_stor_mode_sense - data of MODE SENSE (6) and (10)
 * @p: the logical unit
 * @cdb: the command
 * @buf: at least 64 bytes
 *
 * Return: length, or a sense code.
 */
int vsp_stor_mode_sense(const struct vsp_stor_props *p, const u8 *cdb, u8 *buf)
{
	u8 page = cdb[2] & 0x3f, pc = cdb[2] >> 6, subpage = cdb[3];
	bool ten = cdb[0] == MODE_SENSE_10;
	bool dbd = cdb[1] & 0x08, llba = ten && (cdb[1] & 0x10);
	int len = ten ? 8 : 4, bd_len = 0, i;
	bool found = false;
	u8 param;

	if (pc == PC_SAVED)
		return VSP_STOR_NO_SAVING;
	if (subpage && subpage != 0xff)
		return VSP_STOR_BAD_CDB(3);

	memset(buf, 0, len);
	if (!dbd)
		bd_len = block_descriptor(p, llba, buf + len);
	len += bd_len;
	for (i = 0; i < ARRAY_SIZE(mode_pages); i++) {
		if (page != PAGE_ALL && page != mode_pages[i].page)
			continue;
		len += mode_pages[i].build(p, pc, buf + len);
		found = true;
	}
	if (!found)
		return VSP_STOR_BAD_CDB(2);

	/* DPO and FUA are served; write protection */
	param = 0x10 | (p->readonly ? 0x80 : 0);
	if (ten) {
		put_unaligned_be16(len - 2, buf);
		buf[3] = param;
		buf[4] = llba && bd_len ? 0x01 : 0;
		put_unaligned_be16(bd_len, buf + 6);
	} else {
		buf[0] = len - 1;
		buf[2] = param;
		buf[3] = bd_len;
	}
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_mode_sense);

static int select_page(const struct vsp_stor_props *p, const u8 *page, u32 left,
		       u32 offset, bool *write_cache)
{
	u8 cur[PAGE_BYTES], mask[PAGE_BYTES];
	int i, j, len;

	for (i = 0; i < ARRAY_SIZE(mode_pages); i++)
		if (mode_pages[i].page == (page[0] & 0x7f))
			break;
	/* a subpage has bit 6 set, so it is not found either */
	if (i == ARRAY_SIZE(mode_pages))
		return VSP_STOR_BAD_PARAM(offset);

	len = mode_pages[i].build(p, PC_CURRENT, cur);
	mode_pages[i].build(p, PC_CHANGEABLE, mask);
	if (page[1] != cur[1])
		return VSP_STOR_BAD_PARAM(offset + 1);
	if (left < len)
		return VSP_STOR_BAD_LIST_LEN;
	for (j = 2; j < len; j++)
		if ((page[j] ^ cur[j]) & ~mask[j])
			return VSP_STOR_BAD_PARAM(offset + j);
	if (cur[0] == PAGE_CACHING)
		*write_cache = page[2] & CACHING_WCE;
	return len;
}

/**
 * vsp_stor_mode_select - validate the parameter list of MODE SELECT
 * @p: the logical unit
 * @cdb: the command, (6) or (10)
 * @list: the parameter list
 * @len: bytes of it
 * @write_cache: set to what the guest wants, if the list says so
 *
 * Return: 0 or a sense code.
 */
int vsp_stor_mode_select(const struct vsp_stor_props *p, const u8 *cdb,
			 const u8 *list, u32 len, bool *write_cache)
{
	bool ten = cdb[0] == MODE_SELECT_10;
	u32 head = ten ? 8 : 4, pos, bd_len, bs;
	bool llba;
	int ret;

	if (!(cdb[1] & 0x10) || (cdb[1] & 0x01))	/* PF, SP */
		return VSP_STOR_BAD_CDB(1);
	if (!len)
		return 0;
	if (len < head)
		return VSP_STOR_BAD_LIST_LEN;
	llba = ten && (list[4] & 0x01);
	bd_len = ten ? get_unaligned_be16(list + 6) : list[3];
	if (bd_len && bd_len != (llba ? 16 : 8))
		return VSP_STOR_BAD_PARAM(ten ? 6 : 3);
	if (len < head + bd_len)
		return VSP_STOR_BAD_LIST_LEN;
	if (bd_len) {
		bs = get_unaligned_be32(list + head + (llba ? 12 : 4));
		if (!llba)
			bs &= 0xffffff;
		if (bs != 1U << p->block_shift)
			return VSP_STOR_BAD_PARAM(head + (llba ? 12 : 5));
	}

	for (pos = head + bd_len; pos < len; pos += ret) {
		if (len - pos < 2)
			return VSP_STOR_BAD_LIST_LEN;
		ret = select_page(p, list + pos, len - pos, pos, write_cache);
		if (ret < 0)
			return ret;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_mode_select);
