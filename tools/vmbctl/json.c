// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing JSON. One line, since programs read it. What is no UTF-8, as names of
 * directories need not be, becomes U+FFFD: JSON has no other way.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "json.h"

/* Bytes of the character at @p, or 0 if it is none. */
static int utf8_len(const unsigned char *p)
{
	int len, i;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		len = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		len = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		len = 4;
	else
		return 0;
	for (i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* longer than need be, surrogates, beyond U+10FFFF */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

static void put_text(FILE *file, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	int len;

	putc('"', file);
	while (*p) {
		len = utf8_len(p);
		if (!len) {
			fputs("\xef\xbf\xbd", file);
			p++;
			continue;
		}
		if (*p == '"' || *p == '\\')
			fprintf(file, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f)
			fprintf(file, "\\u%04x", *p);
		else
			fwrite(p, 1, len, file);
		p += len;
	}
	putc('"', file);
}

static void put_key(struct json *j, const char *key)
{
	if (j->filled[j->depth])
		putc(',', j->file);
	j->filled[j->depth] = true;
	if (key) {
		put_text(j->file, key);
		putc(':', j->file);
	}
}

/**
 * json_open - begin an object or an array
 * @j: the writer
 * @key: in an object
 * @bracket: { or [
 */
void json_open(struct json *j, const char *key, char bracket)
{
	put_key(j, key);
	putc(bracket, j->file);
	assert(j->depth < JSON_MAX_DEPTH);
	j->filled[++j->depth] = false;
}

/**
 * json_close - end it
 * @j: the writer
 * @bracket: } or ]; the last one ends the line
 */
void json_close(struct json *j, char bracket)
{
	putc(bracket, j->file);
	assert(j->depth);
	if (!--j->depth) {
		putc('\n', j->file);
		j->filled[0] = false;
	}
}

/**
 * json_string - a string, or null if there is none
 * @j: the writer
 * @key: in an object
 * @text: it
 */
void json_string(struct json *j, const char *key, const char *text)
{
	if (!text) {
		json_null(j, key);
		return;
	}
	put_key(j, key);
	put_text(j->file, text);
}

/**
 * json_u64 - a whole number
 * @j: the writer
 * @key: in an object
 * @value: it
 */
void json_u64(struct json *j, const char *key, uint64_t value)
{
	put_key(j, key);
	fprintf(j->file, "%llu", (unsigned long long)value);
}

/**
 * json_double - a number, or null if it is none
 * @j: the writer
 * @key: in an object
 * @value: it
 */
void json_double(struct json *j, const char *key, double value)
{
	if (!isfinite(value)) {
		json_null(j, key);
		return;
	}
	put_key(j, key);
	fprintf(j->file, "%.3f", value);
}

/**
 * json_bool - true or false
 * @j: the writer
 * @key: in an object
 * @value: it
 */
void json_bool(struct json *j, const char *key, bool value)
{
	put_key(j, key);
	fputs(value ? "true" : "false", j->file);
}

/**
 * json_null - what is not known
 * @j: the writer
 * @key: in an object
 */
void json_null(struct json *j, const char *key)
{
	put_key(j, key);
	fputs("null", j->file);
}
