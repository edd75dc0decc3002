// SPDX-License-Identifier: GPL-2.0-only
/*
 * INQUIRY: standard data and vital product data. Follows SPC-4 7.8 and
 * SBC-3 6.6. The names are those of Hyper-V's disks: guests look at the vendor
 * to tell which commands they may use.
 */
#include <kunit/visibility.h>
#include <linux/ctype.h>
#include <linux/hex.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>

#include "scsi.h"

#define VENDOR		"Msft    "
#define PRODUCT		"Virtual Disk    "
#define REVISION	"1.0 "
/* the standard data goes on to the end of the version descriptors */
#define STANDARD_LEN	74

/**
 * vsp_stor_inquiry - standard INQUIRY data
 * @p: the logical unit
 * @buf: at least 96 bytes
 *
 * Return: length.
 */
int vsp_stor_inquiry(const struct vsp_stor_props *p, u8 *buf)
{
	memset(buf, 0, STANDARD_LEN);
	buf[0] = TYPE_DISK;
	buf[2] = 0x06;			/* SPC-4 */
	buf[3] = 0x02;			/* the only response format there is */
	buf[4] = STANDARD_LEN - 5;
	buf[7] = 0x02;			/* CMDQUE */
	memcpy(buf + 8, VENDOR, 8);
	memcpy(buf + 16, PRODUCT, 16);
	memcpy(buf + 32, REVISION, 4);
	put_unaligned_be16(0x00a0, buf + 58);	/* SAM-5 */
	put_unaligned_be16(0x0460, buf + 60);	/* SPC-4 */
	put_unaligned_be16(0x04c0, buf + 62);	/* SBC-3 */
	return STANDARD_LEN;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_inquiry);

/**
 * vsp_stor_inquiry_absent - standard INQUIRY data of a unit that is not there
 * @buf: at least 96 bytes
 *
 * Return: length.
 */
int vsp_stor_inquiry_absent(u8 *buf)
{
	memset(buf, 0, 36);
	buf[0] = TYPE_NO_LUN;
	buf[2] = 0x06;
	buf[3] = 0x02;
	buf[4] = 36 - 5;
	return 36;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_inquiry_absent);

static int vpd_serial(const struct vsp_stor_props *p, u8 *buf)
{
	size_t len = strnlen(p->serial, VSP_STOR_SERIAL_MAX);

	memcpy(buf + 4, p->serial, len);
	return 4 + len;
}

static int vpd_device_id(const struct vsp_stor_props *p, u8 *buf)
{
	const struct vsp_stor_id *id = p->id;
	u8 *desc = buf + 4;
	size_t len;

	/* how guests tell the disk again */
	desc[0] = id->code_set;
	desc[1] = id->type;
	desc[3] = id->len;
	memcpy(desc + 4, id->data, id->len);
	desc += 4 + id->len;

	/* a T10 designator is the one that every device has */
	if (id->type != 1) {
		len = strnlen(p->serial, VSP_STOR_SERIAL_MAX);
		desc[0] = 2;
		desc[1] = 1;
		desc[3] = 8 + len;
		memcpy(desc + 4, VENDOR, 8);
		memcpy(desc + 12, p->serial, len);
		desc += 12 + len;
	}
	return desc - buf;
}

static int vpd_block_limits(const struct vsp_stor_props *p, u8 *buf)
{
	buf[4] = 0x01;			/* WSNZ: 0 blocks is an error */
	put_unaligned_be16(min_t(u32, p->gran_blocks, U16_MAX), buf + 6);
	put_unaligned_be32(p->max_blocks, buf + 8);
	put_unaligned_be32(min(p->opt_blocks, p->max_blocks), buf + 12);
	if (p->thin) {
		put_unaligned_be32(p->max_unmap_blocks, buf + 20);
		put_unaligned_be32(VSP_STOR_UNMAP_DESCS, buf + 24);
		put_unaligned_be32(p->unmap_gran, buf + 28);
		if (p->unmap_gran)
			put_unaligned_be32(p->unmap_align | BIT(31), buf + 32);
	}
	put_unaligned_be64(p->max_unmap_blocks, buf + 36);
	return 64;
}

static int vpd_characteristics(const struct vsp_stor_props *p, u8 *buf)
{
	/* 0: not reported; 1: does not rotate */
	put_unaligned_be16(p->rotational ? 0 : 1, buf + 4);
	return 64;
}

static int vpd_provisioning(const struct vsp_stor_props *p, u8 *buf)
{
	if (p->thin) {
		buf[5] = 0xe0;		/* LBPU, LBPWS, LBPWS10 */
		buf[6] = 2;		/* thin provisioned */
	}
	return 8;
}

static int vpd_supported(const struct vsp_stor_props *p, u8 *buf);

static const struct {
	u8 page;
	int (*build)(const struct vsp_stor_props *p, u8 *buf);
} vpd_pages[] = {
	{ 0x00, vpd_supported },
	{ 0x80, vpd_serial },
	{ 0x83, vpd_device_id },
	{ 0xb0, vpd_block_limits },
	{ 0xb1, vpd_characteristics },
	{ 0xb2, vpd_provisioning },
};

static int vpd_supported(const struct vsp_stor_props *p, u8 *buf)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(vpd_pages); i++)
		buf[4 + i] = vpd_pages[i].page;
	return 4 + i;
}

/**
 * vsp_stor_vpd - a page of vital product data
 * @p: the logical unit
 * @page: its code
 * @buf: at least 256 bytes
 *
 * Return: length, or a sense code.
 */
int vsp_stor_vpd(const struct vsp_stor_props *p, u8 page, u8 *buf)
{
	int i, len;

	for (i = 0; i < ARRAY_SIZE(vpd_pages); i++) {
		if (vpd_pages[i].page != page)
			continue;
		memset(buf, 0, 256);
		len = vpd_pages[i].build(p, buf);
		buf[0] = TYPE_DISK;
		buf[1] = page;
		put_unaligned_be16(len - 4, buf + 2);
		return len;
	}
	return VSP_STOR_BAD_CDB(2);
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_vpd);

/**
 * vsp_stor_id_parse - read the designator of a logical unit
 * @id: filled
 * @text: "naa." or "eui." and hexadecimal digits, or any printable text, which
 *	becomes a T10 vendor designator
 *
 * Return: 0 or -EINVAL.
 */
int vsp_stor_id_parse(struct vsp_stor_id *id, const char *text)
{
	size_t len = strlen(text), i;
	struct vsp_stor_id new = {};

	if (!strncmp(text, "naa.", 4) || !strncmp(text, "eui.", 4)) {
		len -= 4;
		if (len % 2 || len > 2 * sizeof(new.data) ||
		    hex2bin(new.data, text + 4, len / 2))
			return -EINVAL;
		new.len = len / 2;
		new.code_set = 1;
		if (text[0] == 'e') {
			new.type = 2;
			if (new.len != 8 && new.len != 12 && new.len != 16)
				return -EINVAL;
		} else {
			/* NAA 6 has 16 bytes, 2, 3 and 5 have 8 */
			new.type = 3;
			switch (new.data[0] >> 4) {
			case 2:
			case 3:
			case 5:
				if (new.len != 8)
					return -EINVAL;
				break;
			case 6:
				if (new.len != 16)
					return -EINVAL;
				break;
			default:
				return -EINVAL;
			}
		}
	} else {
		if (!strncmp(text, "t10.", 4)) {
			text += 4;
			len -= 4;
		}
		if (!len || len > sizeof(new.data) - 8)
			return -EINVAL;
		for (i = 0; i < len; i++)
			if (!isascii(text[i]) || !isprint(text[i]))
				return -EINVAL;
		new.type = 1;
		new.code_set = 2;
		new.len = 8 + len;
		memcpy(new.data, VENDOR, 8);
		memcpy(new.data + 8, text, len);
	}
	*id = new;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_id_parse);

/**
 * vsp_stor_id_format - the opposite of vsp_stor_id_parse()
 * @id: a designator
 * @text: filled
 * @size: bytes of @text
 *
 * Return: length.
 */
int vsp_stor_id_format(const struct vsp_stor_id *id, char *text, size_t size)
{
	if (id->type == 1)
		return scnprintf(text, size, "t10.%.*s", id->len - 8,
				 id->data + 8);
	return scnprintf(text, size, "%s.%*phN", id->type == 2 ? "eui" : "naa",
			 id->len, id->data);
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_id_format);
