// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <linux/slab.h>

#include "test.h"
#include "text.h"

static const char *utf16_both_ways(void)
{
	static const struct {
		const char *utf8;
		const char *le;
		size_t len;
	} cases[] = {
		{ "", "", 0 },
		{ "A\\b", "A\0\\\0b", 6 },
		{ "\xc3\xa4", "\xe4", 2 },
		{ "\xe2\x82\xac", "\xac\x20", 2 },
		{ "\xf0\x9f\x92\xbe", "\x3d\xd8\xbe\xdc", 4 },
		{ "\xf4\x8f\xbf\xbf", "\xff\xdb\xff\xdf", 4 },
	};
	struct vhd_error err;
	u8 buf[16], big[16];
	size_t i, j;
	char *text;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(buf, 0, sizeof(buf));
		CHECK(vhd_text_to_utf16(cases[i].utf8, buf, sizeof(buf), false, &err) ==
		      (int)cases[i].len);
		CHECK(!memcmp(buf, cases[i].le, cases[i].len));
		for (j = 0; j < sizeof(buf); j++)
			big[j ^ 1] = buf[j];
		text = vhd_text_from_utf16(buf, cases[i].len, false, &err);
		CHECK(text && !strcmp(text, cases[i].utf8));
		free(text);
		/* a zero ends it */
		text = vhd_text_from_utf16(big, sizeof(big), true, &err);
		CHECK(text && !strcmp(text, cases[i].utf8));
		free(text);
	}
	return NULL;
}

static const char *utf16_refused(void)
{
	static const struct {
		const char *le;
		size_t len;
	} from[] = {
		{ "A", 1 },
		{ "\x3d\xd8", 2 },
		{ "\x3d\xd8\x41\x00", 4 },
		{ "\x41\x00\x3d\xd8", 4 },
		{ "\xbe\xdc\x3d\xd8", 4 },
	};
	static const char *const to[] = {
		"\x80", "\xc3", "\xc3(", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
		"\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xf0\x9f\x92",
	};
	struct vhd_error err;
	u8 buf[16], *copy;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(from); i++) {
		/* exactly that long, so that a byte too many is seen */
		copy = malloc(from[i].len);
		memcpy(copy, from[i].le, from[i].len);
		CHECK(!vhd_text_from_utf16(copy, from[i].len, false, &err));
		CHECK(err.code == -EUCLEAN);
		free(copy);
	}
	for (i = 0; i < ARRAY_SIZE(to); i++)
		CHECK(vhd_text_to_utf16(to[i], buf, sizeof(buf), false, &err) == -EINVAL);
	CHECK(vhd_text_to_utf16("123456789", buf, sizeof(buf), false, &err) == -ENAMETOOLONG);
	CHECK(vhd_text_to_utf16("1234567\xf0\x9f\x92\xbe", buf, sizeof(buf), false, &err) ==
	      -ENAMETOOLONG);
	return NULL;
}

static const char *guid_text(void)
{
	static const char *const bad[] = {
		"", "{", "00112233-4455-6677-8899-aabbccddeef",
		"00112233-4455-6677-8899-aabbccddeeff}",
		"{00112233-4455-6677-8899-aabbccddeeff",
		"0011223x-4455-6677-8899-aabbccddeeff",
		"00112233 4455-6677-8899-aabbccddeeff",
		"00112233-4455-6677-8899-aabbccddeeff0",
	};
	static const guid_t want = GUID_INIT(0x00112233, 0x4455, 0x6677, 0x88, 0x99,
					     0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff);
	char text[VHD_GUID_TEXT];
	guid_t guid;
	size_t i;

	vhd_guid_format(&want, text);
	CHECK(!strcmp(text, "{00112233-4455-6677-8899-aabbccddeeff}"));
	CHECK(vhd_guid_parse(text, &guid) && guid_equal(&guid, &want));
	CHECK(vhd_guid_parse("00112233-4455-6677-8899-AABBCCDDEEFF", &guid) &&
	      guid_equal(&guid, &want));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!vhd_guid_parse(bad[i], &guid));
	return NULL;
}

const struct test text_tests[] = {
	{ "utf16_both_ways", utf16_both_ways },
	{ "utf16_refused", utf16_refused },
	{ "guid_text", guid_text },
	{ }
};
