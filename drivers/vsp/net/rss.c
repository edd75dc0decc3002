// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive side scaling: what a guest sets, and the Toeplitz hash. Facts as in the
 * documentation of NDIS, "RSS Hashing Functions".
 */
#include <linux/array_size.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "wire.h"

/* those with extension headers are hashed as those without */
#define TYPES	(VMB_NDIS_HASH_IPV4 | VMB_NDIS_HASH_TCP_IPV4 |		\
		 VMB_NDIS_HASH_IPV6 | VMB_NDIS_HASH_IPV6_EX |		\
		 VMB_NDIS_HASH_TCP_IPV6 | VMB_NDIS_HASH_TCP_IPV6_EX)

/* The 32 bits of the key that begin at one of them. */
static u32 key_window(const u8 *key, u32 bit)
{
	u64 window = 0;
	u32 i;

	for (i = 0; i < 5; i++)
		window = window << 8 | key[bit / 8 + i];
	return window >> (8 - bit % 8);
}

/**
 * vsp_net_toeplitz_init() - make a key ready
 * @t: filled
 * @key: %VMB_NDIS_RSS_KEY_BYTES
 *
 * Context: any.
 */
void vsp_net_toeplitz_init(struct vsp_net_toeplitz *t, const u8 *key)
{
	u32 half, value, bit;

	static_assert(ARRAY_SIZE(t->part) == 2 * VSP_NET_RSS_INPUT);
	static_assert(ARRAY_SIZE(t->part) == 2 * (VMB_NDIS_RSS_KEY_BYTES - 4));
	memset(t, 0, sizeof(*t));
	for (half = 0; half < ARRAY_SIZE(t->part); half++)
		for (value = 0; value < 16; value++)
			for (bit = 0; bit < 4; bit++)
				if (value & 8 >> bit)
					t->part[half][value] ^=
						key_window(key, 4 * half + bit);
}

/**
 * vsp_net_toeplitz_hash() - the hash of addresses and ports
 * @t: the key
 * @data: as they are in the frame
 * @len: bytes of it, at most %VSP_NET_RSS_INPUT
 *
 * Context: any.
 * Return: the hash.
 */
u32 vsp_net_toeplitz_hash(const struct vsp_net_toeplitz *t, const u8 *data, u32 len)
{
	u32 hash = 0, i;

	for (i = 0; i < len; i++)
		hash ^= t->part[2 * i][data[i] >> 4] ^
			t->part[2 * i + 1][data[i] & 15];
	return hash;
}

/* Entries are channels: their number is a power of 2, as low bits of a hash choose. */
static int take_table(struct vsp_net_rss *rss, u32 queues, const u8 *in, u32 size)
{
	u32 nr = size / 4, i;
	__le32 entry;

	if (size % 4 || !nr || nr > VSP_NET_RSS_ENTRIES || (nr & (nr - 1)))
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		memcpy(&entry, in + 4 * i, sizeof(entry));
		if (le32_to_cpu(entry) >= queues)
			return -EINVAL;
		rss->table[i] = le32_to_cpu(entry);
	}
	rss->nr = nr;
	return 0;
}

static bool within(u32 offset, u32 size, u32 len)
{
	return offset >= sizeof(struct vmb_ndis_rss_params) && offset <= len &&
	       size <= len - offset;
}

/**
 * vsp_net_rss_parse() - what a guest sets
 * @rss: what was set before; changed only if what is set makes sense
 * @queues: that there can be
 * @in: OID_GEN_RECEIVE_SCALE_PARAMETERS, in private memory
 * @len: bytes of it
 *
 * Context: any.
 * Return: 0, -EMSGSIZE or -EINVAL.
 */
int vsp_net_rss_parse(struct vsp_net_rss *rss, u32 queues, const u8 *in, u32 len)
{
	struct vmb_ndis_rss_params par;
	struct vsp_net_rss new = *rss;
	u32 flags, hash, offset, size;

	if (len < sizeof(par))
		return -EMSGSIZE;
	memcpy(&par, in, sizeof(par));
	if (par.header.type != VMB_NDIS_OBJECT_RSS_PARAMETERS || !par.header.revision)
		return -EINVAL;
	flags = le16_to_cpu(par.flags);
	hash = le32_to_cpu(par.hash);
	if (flags & VMB_NDIS_RSS_DISABLE ||
	    (!(flags & VMB_NDIS_RSS_HASH_UNCHANGED) && !(hash & VMB_NDIS_HASH_FUNCTION))) {
		rss->on = false;
		return 0;
	}
	/* what is to stay has to be there */
	if (flags & (VMB_NDIS_RSS_HASH_UNCHANGED | VMB_NDIS_RSS_TABLE_UNCHANGED |
		     VMB_NDIS_RSS_KEY_UNCHANGED) && !rss->set)
		return -EINVAL;
	if (!(flags & VMB_NDIS_RSS_HASH_UNCHANGED)) {
		if ((hash & VMB_NDIS_HASH_FUNCTION) != VMB_NDIS_HASH_TOEPLITZ ||
		    hash & ~(TYPES | VMB_NDIS_HASH_FUNCTION) || !(hash & TYPES))
			return -EINVAL;
		new.types = hash & TYPES;
	}
	if (!(flags & VMB_NDIS_RSS_TABLE_UNCHANGED)) {
		offset = le32_to_cpu(par.table_offset);
		size = le16_to_cpu(par.table_size);
		if (!within(offset, size, len) ||
		    take_table(&new, queues, in + offset, size))
			return -EINVAL;
	}
	if (!(flags & VMB_NDIS_RSS_KEY_UNCHANGED)) {
		offset = le32_to_cpu(par.key_offset);
		if (le16_to_cpu(par.key_size) != VMB_NDIS_RSS_KEY_BYTES ||
		    !within(offset, VMB_NDIS_RSS_KEY_BYTES, len))
			return -EINVAL;
		memcpy(new.key, in + offset, VMB_NDIS_RSS_KEY_BYTES);
	}
	new.on = true;
	new.set = true;
	*rss = new;
	return 0;
}
