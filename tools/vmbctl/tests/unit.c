// SPDX-License-Identifier: GPL-2.0-only
/* What vmbctl computes: JSON, records, rates, numbers for people. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "rate.h"
#include "record.h"
#include "text.h"
#include "text_parse.h"
#include "vlan.h"

static int failures;

#define EXPECT(_cond)							\
do {									\
	if (!(_cond)) {							\
		printf("# %s:%d: %s\n", __func__, __LINE__, #_cond);	\
		failures++;						\
	}								\
} while (0)

#define EXPECT_TEXT(_have, _want)					\
do {									\
	const char *_h = (_have), *_w = (_want);			\
									\
	if (strcmp(_h, _w)) {						\
		printf("# %s:%d: '%s', not '%s'\n", __func__, __LINE__, _h, _w); \
		failures++;						\
	}								\
} while (0)

static void json_escapes(void)
{
	struct { const char *text, *json; } t[] = {
		{ "", "\"\"" },
		{ "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
		{ "\n\t\x01\x7f", "\"\\u000a\\u0009\\u0001\\u007f\"" },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		  "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		/* cut short, too long, a surrogate, beyond the end, a stray byte */
		{ "a\xe2\x82", "\"a\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xe0\x80\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\x80x", "\"\xef\xbf\xbdx\"" },
		{ }
	};
	size_t i, len;
	char *out;

	for (i = 0; t[i].text; i++) {
		struct json j = { .file = open_memstream(&out, &len) };

		json_string(&j, NULL, t[i].text);
		fclose(j.file);
		EXPECT_TEXT(out, t[i].json);
		free(out);
	}
}

static void json_nesting(void)
{
	static const char want[] =
		"{\"a\":[],\"b\":[18446744073709551615,0.500,null,null,{\"t\":true}],\"n\":null}\n";
	struct json j = {};
	size_t len;
	char *out;

	j.file = open_memstream(&out, &len);
	json_open(&j, NULL, '{');
	json_open(&j, "a", '[');
	json_close(&j, ']');
	json_open(&j, "b", '[');
	json_u64(&j, NULL, UINT64_MAX);
	json_double(&j, NULL, 0.5);
	json_double(&j, NULL, NAN);
	json_double(&j, NULL, INFINITY);
	json_open(&j, NULL, '{');
	json_bool(&j, "t", true);
	json_close(&j, '}');
	json_close(&j, ']');
	json_string(&j, "n", NULL);
	json_close(&j, '}');
	fclose(j.file);
	EXPECT_TEXT(out, want);
	free(out);
}

static void records(void)
{
	char text[] = "one a=1 b= junk c=x=y\n\ntwo\nthree n=a\\040b\\134\\012\\9 m=\\40\\777";
	char *left = text, *kind, *pairs, *key, *value;

	EXPECT(record_next(&left, &kind, &pairs));
	EXPECT_TEXT(kind, "one");
	EXPECT(record_pair(&pairs, &key, &value));
	EXPECT_TEXT(key, "a");
	EXPECT_TEXT(value, "1");
	EXPECT(record_pair(&pairs, &key, &value));
	EXPECT_TEXT(key, "b");
	EXPECT_TEXT(value, "");
	EXPECT(record_pair(&pairs, &key, &value));
	EXPECT_TEXT(key, "c");
	EXPECT_TEXT(value, "x=y");
	EXPECT(!record_pair(&pairs, &key, &value));
	EXPECT(record_next(&left, &kind, &pairs));
	EXPECT_TEXT(kind, "two");
	EXPECT(!record_pair(&pairs, &key, &value));
	EXPECT(record_next(&left, &kind, &pairs));
	EXPECT(record_pair(&pairs, &key, &value));
	EXPECT_TEXT(value, "a b\\\n\\9");
	EXPECT(record_pair(&pairs, &key, &value));
	EXPECT_TEXT(value, "\\40\\777");
	EXPECT(!record_next(&left, &kind, &pairs));
}

static void record_numbers(void)
{
	uint64_t n = 7;

	EXPECT(record_u64("0", &n) && n == 0);
	EXPECT(record_u64("18446744073709551615", &n) && n == UINT64_MAX);
	n = 7;
	EXPECT(!record_u64("18446744073709551616", &n));
	EXPECT(!record_u64("", &n));
	EXPECT(!record_u64("-1", &n));
	EXPECT(!record_u64(" 1", &n));
	EXPECT(!record_u64("1x", &n));
	EXPECT(n == 7);
}

static void rates(void)
{
	struct host_channel a = { .completions = 100, .bytes = 4096, .kicks = 50,
				  .interrupts = 70, .nr_buckets = 36 };
	struct host_channel b = { .completions = 300, .bytes = 8192, .kicks = 60,
				  .interrupts = 71, .nr_buckets = 36, .in_flight = 3 };
	struct rate r, sum = {};

	rate_channel(&r, &a, &b, 2);
	EXPECT(r.ios == 100 && r.bytes == 2048 && r.signals == 5 && r.interrupts == 0.5);
	EXPECT(r.in_flight == 3);
	rate_add(&sum, &r);
	rate_add(&sum, &r);
	EXPECT(sum.ios == 200 && sum.in_flight == 6);
	/* one that was not there, and one that began anew */
	rate_channel(&r, NULL, &b, 2);
	EXPECT(r.ios == 150);
	rate_channel(&r, &b, &a, 2);
	EXPECT(r.ios == 50 && r.bytes == 2048);
}

static void latencies(void)
{
	struct host_channel a = { .nr_buckets = 36 }, b = { .nr_buckets = 36 };
	struct rate r;

	rate_channel(&r, &a, &b, 1);
	EXPECT(rate_mean_ns(&r) == -1);
	EXPECT(rate_percentile_ns(&r, 50) == -1);

	/* 90 of 1 to 2 us, 10 of about 1 ms; 5 of each before */
	a.latency[10] = 5;
	a.latency[20] = 5;
	a.latency_ns = 5000;
	b.latency[10] = 95;
	b.latency[20] = 15;
	b.latency_ns = 5000 + 90 * 1500 + 10 * 1500000;
	rate_channel(&r, &a, &b, 1);
	EXPECT(fabs(rate_mean_ns(&r) - 151350) < 1);
	EXPECT(rate_percentile_ns(&r, 50) > 1024 && rate_percentile_ns(&r, 50) < 2048);
	EXPECT(rate_percentile_ns(&r, 90) == 2048);
	EXPECT(rate_percentile_ns(&r, 99) > 1 << 20 && rate_percentile_ns(&r, 99) < 2 << 20);
	EXPECT(rate_percentile_ns(&r, 100) == 2 << 20);

	/* all in the last one */
	memset(&r, 0, sizeof(r));
	r.latency[HOST_MAX_BUCKETS - 1] = 1;
	EXPECT(rate_percentile_ns(&r, 1) >= 9e18);
}

static void find_channel(void)
{
	char scsi0[] = "scsi.0", scsi1[] = "scsi.1", vm1[] = "vm1", vm2[] = "vm2";
	struct host_channel one[] = { { .relid = 1, .device = scsi0 }, { .relid = 2 } };
	struct host_channel two[] = { { .relid = 1, .device = scsi0 } };
	struct host_partition p[] = {
		{ .name = vm1, .channel = one, .nr_channels = 2 },
		{ .name = vm2, .channel = two, .nr_channels = 1 },
	};
	struct host host = { .partition = p, .nr = 2 };
	struct host_channel like = { .relid = 1, .device = scsi0 };

	EXPECT(rate_find(&host, "vm1", &like) == &one[0]);
	EXPECT(rate_find(&host, "vm2", &like) == &two[0]);
	EXPECT(!rate_find(&host, "vm3", &like));
	/* the number was given to another device */
	like.device = scsi1;
	EXPECT(!rate_find(&host, "vm1", &like));
	like.relid = 2;
	like.device = NULL;
	EXPECT(rate_find(&host, "vm1", &like) == &one[1]);
}

static void numbers(void)
{
	char buf[TEXT_MAX], *name;

	EXPECT_TEXT(text_bytes(buf, 0), "0 B");
	EXPECT_TEXT(text_bytes(buf, 1023), "1023 B");
	EXPECT_TEXT(text_bytes(buf, 1024), "1.00 KiB");
	EXPECT_TEXT(text_bytes(buf, 1536.0 * 1024), "1.50 MiB");
	EXPECT_TEXT(text_bytes(buf, 1023.9 * 1024), "1.00 MiB");
	EXPECT_TEXT(text_bytes(buf, 64.0 * (1ULL << 40)), "64.0 TiB");
	EXPECT_TEXT(text_bytes(buf, 1.8e19), "15.6 EiB");
	EXPECT_TEXT(text_count(buf, 99999), "99999");
	EXPECT_TEXT(text_count(buf, 100000), "100k");
	EXPECT_TEXT(text_count(buf, 1234567), "1.23M");
	EXPECT_TEXT(text_time(buf, -1), "-");
	EXPECT_TEXT(text_time(buf, 999), "999 ns");
	EXPECT_TEXT(text_time(buf, 999.6), "1.00 us");
	EXPECT_TEXT(text_time(buf, 12345), "12.3 us");
	EXPECT_TEXT(text_time(buf, 5e12), "5000 s");
	name = text_name("a\033[2J\xc3\xa4\x7f");
	EXPECT_TEXT(name, "a?[2J\xc3\xa4?");
	free(name);
}

static void sizes(void)
{
	uint64_t n = 7;

	EXPECT(text_parse_size("0", &n) && n == 0);
	EXPECT(text_parse_size("512", &n) && n == 512);
	EXPECT(text_parse_size("2k", &n) && n == 2048);
	EXPECT(text_parse_size("3M", &n) && n == 3 << 20);
	EXPECT(text_parse_size("64T", &n) && n == 64ULL << 40);
	EXPECT(text_parse_size("16777215T", &n) && n == 16777215ULL << 40);
	n = 7;
	EXPECT(!text_parse_size("16777216T", &n));
	EXPECT(!text_parse_size("18446744073709551616", &n));
	EXPECT(!text_parse_size("", &n));
	EXPECT(!text_parse_size("K", &n));
	EXPECT(!text_parse_size("-1", &n));
	EXPECT(!text_parse_size("1KB", &n));
	EXPECT(!text_parse_size("1 K", &n));
	EXPECT(!text_parse_size("1P", &n));
	/* what differs from a letter by the bit of its case only */
	EXPECT(!text_parse_size("1+", &n));
	EXPECT(n == 7);
}

static void expect_list(const char *list, const char *want)
{
	struct vlan_set set = {};
	char *text;

	EXPECT(vlan_parse_list(list, &set));
	text = vlan_text(&set);
	EXPECT_TEXT(text, want);
	free(text);
}

static void vlan_lists(void)
{
	static const char *const bad[] = {
		"", ",", "1,", ",1", "0", "4095", "1-4095", "0-3", "3-2", "1-", "-1", "1--2",
		"1 2", "1, 2", "a", "1a", "99999999999999999999", "1-2-3",
	};
	struct vlan_set set = {}, same;
	unsigned int first, last = 0, id = 7;
	size_t i;

	expect_list("1", "1");
	expect_list("4094", "4094");
	expect_list("1-4094", "1-4094");
	expect_list("10,20-29", "10,20-29");
	expect_list("29-29,20-28,10,10", "10,20-29");
	expect_list("63,64,127-128,192", "63-64,127-128,192");

	vlan_add(&set, 5, 6);
	same = set;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT(!vlan_parse_list(bad[i], &set));
	EXPECT(!memcmp(&set, &same, sizeof(set)));
	EXPECT(vlan_next(&set, &first, &last) && first == 5 && last == 6);
	EXPECT(!vlan_next(&set, &first, &last));

	EXPECT(!vlan_parse_id("0", &id) && !vlan_parse_id("4095", &id) &&
	       !vlan_parse_id("", &id) && !vlan_parse_id("1-2", &id) && id == 7);
	EXPECT(vlan_parse_id("4094", &id) && id == 4094);
}

int main(void)
{
	static const struct { const char *name; void (*run)(void); } tests[] = {
		{ "json-escapes", json_escapes },
		{ "json-nesting", json_nesting },
		{ "records", records },
		{ "record-numbers", record_numbers },
		{ "rates", rates },
		{ "latencies", latencies },
		{ "find-channel", find_channel },
		{ "numbers", numbers },
		{ "sizes", sizes },
		{ "vlan-lists", vlan_lists },
		{ }
	};
	int passed = 0, failed = 0;
	size_t i;

	for (i = 0; tests[i].name; i++) {
		failures = 0;
		tests[i].run();
		printf("%sok %s\n", failures ? "not " : "", tests[i].name);
		if (failures)
			failed++;
		else
			passed++;
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed > 0;
}
