// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "text.h"
#include "vhdx.h"

#define LOCATOR_MAX_ENTRIES	256U

static char *locator_text(const void *buf, u32 len, u32 offset, u32 text_len,
			  struct vhd_error *err)
{
	if (!vhd_inside(offset, text_len, len)) {
		vhd_fail(err, -EUCLEAN,
			 "text of the parent locator, %u bytes at %u, is not inside its %u bytes",
			 text_len, offset, len);
		return NULL;
	}
	return vhd_text_from_utf16((const u8 *)buf + offset, text_len, false, err);
}

/* A value for a key that we know; takes over @value if it keeps it. */
static int locator_set(struct vhd_parent *parent, const char *key, char **value,
		       struct vhd_error *err)
{
	char **path = NULL;
	guid_t *id = NULL;

	if (!strcmp(key, "parent_linkage"))
		id = &parent->id;
	else if (!strcmp(key, "parent_linkage2"))
		id = &parent->id2;
	else if (!strcmp(key, "relative_path"))
		path = &parent->relative;
	else if (!strcmp(key, "absolute_win32_path"))
		path = &parent->absolute;
	else if (!strcmp(key, "volume_path"))
		path = &parent->volume;

	if ((id && !guid_is_null(id)) || (path && *path))
		return vhd_fail(err, -EUCLEAN, "the parent locator has %s twice", key);
	if (id && !vhd_guid_parse(*value, id))
		return vhd_fail(err, -EUCLEAN, "the parent locator's %s is not an id", key);
	if (path) {
		*path = *value;
		*value = NULL;
	}
	return 0;
}

/**
 * vhdx_locator_take() - check a parent locator and note what it says
 * @parent: is filled in
 * @buf: the item
 * @len: bytes of it
 * @err: set on failure
 *
 * Context: may sleep.
 * Return: 0, -EUCLEAN, -EOPNOTSUPP or -ENOMEM. What was filled in before a
 * failure stays.
 * See [MS-VHDX] 2.6.2.6.
 */
int vhdx_locator_take(struct vhd_parent *parent, const void *buf, u32 len,
		      struct vhd_error *err)
{
	static const guid_t type = VHDX_LOCATOR_VHDX;
	const struct vhdx_locator_entry *entry;
	const struct vhdx_locator *head = buf;
	char text[VHD_GUID_TEXT];
	char *key, *value;
	u32 count, i;
	int ret;

	if (len < sizeof(*head))
		return vhd_fail(err, -EUCLEAN, "the parent locator has only %u bytes", len);
	if (!guid_equal(&head->type, &type)) {
		vhd_guid_format(&head->type, text);
		return vhd_fail(err, -EOPNOTSUPP, "the parent locator has the unknown type %s", text);
	}
	count = le16_to_cpu(head->count);
	if (count > LOCATOR_MAX_ENTRIES || sizeof(*head) + count * sizeof(*entry) > len)
		return vhd_fail(err, -EUCLEAN, "the parent locator claims %u entries", count);
	for (i = 0; i < count; i++) {
		entry = (const struct vhdx_locator_entry *)(head + 1) + i;
		key = locator_text(buf, len, le32_to_cpu(entry->key_offset),
				   le16_to_cpu(entry->key_length), err);
		if (!key)
			return err->code;
		value = locator_text(buf, len, le32_to_cpu(entry->value_offset),
				     le16_to_cpu(entry->value_length), err);
		ret = value ? locator_set(parent, key, &value, err) : err->code;
		kvfree(key);
		kvfree(value);
		if (ret)
			return ret;
	}
	if (guid_is_null(&parent->id))
		return vhd_fail(err, -EUCLEAN, "the parent locator has no parent_linkage");
	return 0;
}

/* Add an entry; returns where the next text goes, or a negative errno. */
static int locator_add(void *buf, u32 size, u32 end, const char *key,
		       const char *value, struct vhd_error *err)
{
	struct vhdx_locator *head = buf;
	u32 i = le16_to_cpu(head->count);
	struct vhdx_locator_entry *entry = (struct vhdx_locator_entry *)(head + 1) + i;
	int key_len, value_len;

	key_len = vhd_text_to_utf16(key, (u8 *)buf + end, size - end, false, err);
	if (key_len < 0)
		return key_len;
	value_len = vhd_text_to_utf16(value, (u8 *)buf + end + key_len,
				      size - end - key_len, false, err);
	if (value_len < 0)
		return value_len;
	if (value_len > 0xffff)
		return vhd_fail(err, -ENAMETOOLONG, "the parent's path is too long");
	entry->key_offset = cpu_to_le32(end);
	entry->key_length = cpu_to_le16(key_len);
	entry->value_offset = cpu_to_le32(end + key_len);
	entry->value_length = cpu_to_le16(value_len);
	head->count = cpu_to_le16(i + 1);
	return end + key_len + value_len;
}

/**
 * vhdx_locator_encode() - a parent locator as it is in a file
 * @parent: has an id and at least one path
 * @buf: gets the item
 * @size: bytes in @buf
 * @err: set on failure
 *
 * Return: bytes of the item, or a negative errno.
 */
int vhdx_locator_encode(const struct vhd_parent *parent, void *buf, u32 size,
			struct vhd_error *err)
{
	const char *const path[][2] = {
		{ "relative_path", parent->relative },
		{ "absolute_win32_path", parent->absolute },
		{ "volume_path", parent->volume },
	};
	struct vhdx_locator *head = buf;
	char text[VHD_GUID_TEXT];
	unsigned int i;
	int end;

	memset(buf, 0, size);
	head->type = VHDX_LOCATOR_VHDX;
	/* five entries at most, in front of their texts */
	end = sizeof(*head) + 5 * sizeof(struct vhdx_locator_entry);
	vhd_guid_format(&parent->id, text);
	end = locator_add(buf, size, end, "parent_linkage", text, err);
	if (end >= 0 && !guid_is_null(&parent->id2)) {
		vhd_guid_format(&parent->id2, text);
		end = locator_add(buf, size, end, "parent_linkage2", text, err);
	}
	for (i = 0; i < 3 && end >= 0; i++)
		if (path[i][1])
			end = locator_add(buf, size, end, path[i][0], path[i][1], err);
	return end;
}
