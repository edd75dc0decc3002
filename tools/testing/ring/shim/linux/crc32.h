/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_CRC32_H
#define SHIM_LINUX_CRC32_H

#include <string.h>

#include <linux/types.h>

static inline u32 crc32c_bytes(u32 crc, const unsigned char *p, size_t len)
{
	/* what a byte does to the remainder; made by the first call */
	static u32 table[256];
	u32 i, n, c;

	/* the last entry to be made is the one that is looked at */
	for (i = table[255] ? 256 : 0; i < 256; i++) {
		for (c = i, n = 0; n < 8; n++)
			c = c >> 1 ^ (c & 1 ? 0x82f63b78 : 0);
		table[i] = c;
	}
	while (len--)
		crc = crc >> 8 ^ table[(crc ^ *p++) & 255];
	return crc;
}

#ifdef __x86_64__

/* Headers of 64 KiB are summed up thousands of times by the tests. */
__attribute__((target("sse4.2")))
static inline u32 crc32c_words(u32 crc, const unsigned char *p, size_t len)
{
	u64 word, sum = crc;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum = __builtin_ia32_crc32di(sum, word);
	}
	return crc32c_bytes(sum, p, len);
}

static inline u32 __crc32c_le(u32 crc, const unsigned char *p, size_t len)
{
	if (__builtin_cpu_supports("sse4.2"))
		return crc32c_words(crc, p, len);
	return crc32c_bytes(crc, p, len);
}

#else

static inline u32 __crc32c_le(u32 crc, const unsigned char *p, size_t len)
{
	return crc32c_bytes(crc, p, len);
}

#endif

#endif /* SHIM_LINUX_CRC32_H */
