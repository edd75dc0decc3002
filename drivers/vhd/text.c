// SPDX-License-Identifier: GPL-2.0-only
/*
 * Not the kernel's utf16s_to_utf8s(): that leaves out what it cannot convert,
 * and a path with a piece missing is another path.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "text.h"

static u32 text_unit(const u8 *p, bool big)
{
	return big ? p[0] << 8 | p[1] : p[1] << 8 | p[0];
}

static size_t text_put_utf8(u8 *out, u32 c)
{
	if (c < 0x80) {
		out[0] = c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = 0xc0 | c >> 6;
		out[1] = 0x80 | (c & 0x3f);
		return 2;
	}
	if (c < 0x10000) {
		out[0] = 0xe0 | c >> 12;
		out[1] = 0x80 | (c >> 6 & 0x3f);
		out[2] = 0x80 | (c & 0x3f);
		return 3;
	}
	out[0] = 0xf0 | c >> 18;
	out[1] = 0x80 | (c >> 12 & 0x3f);
	out[2] = 0x80 | (c >> 6 & 0x3f);
	out[3] = 0x80 | (c & 0x3f);
	return 4;
}

/**
 * vhd_text_from_utf16() - UTF-16 from an image as UTF-8
 * @buf: the text; a zero ends it early
 * @len: bytes of it, at most %VHD_PATH_BYTES
 * @big: big-endian
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: text to be freed with kvfree(), or NULL: surrogates without their
 * other half (-EUCLEAN), too long (-EUCLEAN), or no memory.
 */
char *vhd_text_from_utf16(const void *buf, size_t len, bool big,
			  struct vhd_error *err)
{
	const u8 *in = buf;
	size_t pos, n = 0;
	u32 c, low;
	u8 *out;

	if (len > VHD_PATH_BYTES || len % 2) {
		vhd_fail(err, -EUCLEAN, "text of %zu bytes is not UTF-16 of at most %u",
			 len, VHD_PATH_BYTES);
		return NULL;
	}
	/* two bytes become three at most, four become four */
	out = kvmalloc(len / 2 * 3 + 1, GFP_KERNEL);
	if (!out) {
		vhd_fail(err, -ENOMEM, "no memory for a path");
		return NULL;
	}
	for (pos = 0; pos < len; pos += 2) {
		c = text_unit(in + pos, big);
		if (!c)
			break;
		if (c >= 0xd800 && c < 0xe000) {
			low = pos + 4 <= len ? text_unit(in + pos + 2, big) : 0;
			if (c >= 0xdc00 || low < 0xdc00 || low >= 0xe000) {
				vhd_fail(err, -EUCLEAN, "text is not UTF-16: half a character at byte %zu",
					 pos);
				kvfree(out);
				return NULL;
			}
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			pos += 2;
		}
		n += text_put_utf8(out + n, c);
	}
	out[n] = '\0';
	return (char *)out;
}

/* One character of UTF-8; returns its bytes, 0 when it is none. */
static size_t text_get_utf8(const u8 *in, u32 *c)
{
	static const u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len, i;

	if (in[0] < 0x80) {
		*c = in[0];
		return 1;
	}
	if (in[0] >= 0xf8 || in[0] < 0xc0)
		return 0;
	len = in[0] >= 0xf0 ? 4 : in[0] >= 0xe0 ? 3 : 2;
	*c = in[0] & (0x7f >> len);
	/* the end of the text is no continuation, so this stops there */
	for (i = 1; i < len; i++) {
		if ((in[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (in[i] & 0x3f);
	}
	if (*c < least[len] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return 0;
	return len;
}

static bool text_put_unit(u8 *out, size_t *n, size_t size, u32 unit, bool big)
{
	if (*n + 2 > size)
		return false;
	out[*n + !big] = unit >> 8;
	out[*n + big] = unit;
	*n += 2;
	return true;
}

/**
 * vhd_text_to_utf16() - text as an image has it
 * @text: UTF-8
 * @buf: gets UTF-16 without a zero at its end
 * @size: bytes in @buf
 * @big: big-endian
 * @err: set on failure
 *
 * Context: any.
 * Return: bytes written, -EINVAL when @text is not UTF-8, -ENAMETOOLONG.
 */
int vhd_text_to_utf16(const char *text, void *buf, size_t size, bool big,
		      struct vhd_error *err)
{
	const u8 *in = (const u8 *)text;
	size_t n = 0, len;
	bool fits;
	u32 c;

	while (*in) {
		len = text_get_utf8(in, &c);
		if (!len)
			return vhd_fail(err, -EINVAL, "the path is not UTF-8");
		in += len;
		if (c >= 0x10000) {
			c -= 0x10000;
			fits = text_put_unit(buf, &n, size, 0xd800 + (c >> 10), big) &&
			       text_put_unit(buf, &n, size, 0xdc00 + (c & 0x3ff), big);
		} else {
			fits = text_put_unit(buf, &n, size, c, big);
		}
		if (!fits)
			return vhd_fail(err, -ENAMETOOLONG,
					"the path has more than %zu bytes of UTF-16", size);
	}
	return n;
}

/**
 * vhd_guid_format() - "{01234567-89ab-cdef-0123-456789abcdef}"
 * @guid: id
 * @text: at least %VHD_GUID_TEXT bytes
 */
void vhd_guid_format(const guid_t *guid, char *text)
{
	const u8 *b = guid->b;

	snprintf(text, VHD_GUID_TEXT,
		 "{%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x}",
		 b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9],
		 b[10], b[11], b[12], b[13], b[14], b[15]);
}

static int text_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/**
 * vhd_guid_parse() - the reverse of vhd_guid_format()
 * @text: with braces or without
 * @guid: gets the id
 *
 * Return: whether it was one.
 */
bool vhd_guid_parse(const char *text, guid_t *guid)
{
	static const u8 order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	bool brace = *text == '{';
	int i, high, low;

	text += brace;
	for (i = 0; i < 16; i++) {
		if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
			return false;
		high = text_hex(text[0]);
		low = high < 0 ? -1 : text_hex(text[1]);
		if (low < 0)
			return false;
		guid->b[order[i]] = high << 4 | low;
		text += 2;
	}
	return !strcmp(text, brace ? "}" : "");
}
