/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VHD format, as in Microsoft's "Virtual Hard Disk Image Format
 * Specification", version 1.0. Big-endian.
 *
 *   fixed                 dynamic and differencing
 *   -----                 ------------------------
 *   the disk              copy of the footer
 *   footer                dynamic header, block allocation table, parent's paths
 *                         blocks: a bitmap of sectors, then the sectors
 *                         footer
 */
#ifndef VHD1_WIRE_H
#define VHD1_WIRE_H

#include <linux/build_bug.h>
#include <linux/types.h>

#define VHD1_FOOTER_COOKIE	"conectix"
#define VHD1_HEADER_COOKIE	"cxsparse"
#define VHD1_VERSION		0x00010000U
#define VHD1_NO_OFFSET		(~0ULL)
/* struct vhd1_footer.features: always set */
#define VHD1_FEATURE_RESERVED	0x2U

/* struct vhd1_footer.type */
#define VHD1_TYPE_FIXED		2U
#define VHD1_TYPE_DYNAMIC	3U
#define VHD1_TYPE_DIFF		4U

/* An entry of the block allocation table without a block */
#define VHD1_BAT_UNUSED		0xffffffffU

/* struct vhd1_locator.platform */
#define VHD1_PLATFORM_NONE	0U
#define VHD1_PLATFORM_W2RU	0x57327275U	/* relative path, UTF-16LE */
#define VHD1_PLATFORM_W2KU	0x57326b75U	/* absolute path, UTF-16LE */

#define VHD1_LOCATORS		8

/* Seconds from 1970 to 2000, where time stamps begin */
#define VHD1_EPOCH		946684800LL

/**
 * struct vhd1_footer - describes the image, see "Hard Disk Footer Format"
 * @cookie: %VHD1_FOOTER_COOKIE
 * @features: %VHD1_FEATURE_RESERVED and what is of no interest
 * @version: %VHD1_VERSION; the upper half is the major version
 * @data_offset: byte of the dynamic header, or %VHD1_NO_OFFSET
 * @timestamp: seconds since 2000
 * @creator_app: four letters
 * @creator_version: major in the upper half
 * @creator_os: "Wi2k" or "Mac "
 * @original_size: bytes of the disk when it was made
 * @current_size: bytes of the disk
 * @cylinders: geometry; here and below
 * @heads: of a cylinder
 * @sectors: of a track
 * @type: %VHD1_TYPE_FIXED and friends
 * @checksum: complement of the sum of all other bytes
 * @uuid: id of the image
 * @saved_state: of a virtual machine
 * @reserved: zero
 */
struct vhd1_footer {
	char cookie[8];
	__be32 features;
	__be32 version;
	__be64 data_offset;
	__be32 timestamp;
	char creator_app[4];
	__be32 creator_version;
	char creator_os[4];
	__be64 original_size;
	__be64 current_size;
	__be16 cylinders;
	u8 heads;
	u8 sectors;
	__be32 type;
	__be32 checksum;
	u8 uuid[16];
	u8 saved_state;
	u8 reserved[427];
} __packed;
static_assert(sizeof(struct vhd1_footer) == 512);

/**
 * struct vhd1_locator - where a parent's path is, see "Parent Locator Entry"
 * @platform: %VHD1_PLATFORM_W2RU and friends
 * @space: room for it; in sectors or in bytes, by who wrote it
 * @length: bytes of it
 * @reserved: zero
 * @offset: byte in the file
 */
struct vhd1_locator {
	__be32 platform;
	__be32 space;
	__be32 length;
	__be32 reserved;
	__be64 offset;
} __packed;
static_assert(sizeof(struct vhd1_locator) == 24);

/**
 * struct vhd1_header - see "Dynamic Disk Header Format"
 * @cookie: %VHD1_HEADER_COOKIE
 * @data_offset: %VHD1_NO_OFFSET
 * @table_offset: byte of the block allocation table
 * @version: %VHD1_VERSION
 * @max_entries: of the table
 * @block_size: bytes, without the bitmap
 * @checksum: as in the footer
 * @parent_uuid: of the parent's footer
 * @parent_timestamp: when the parent changed last
 * @reserved: zero
 * @parent_name: UTF-16BE
 * @locators: of the parent's path
 * @reserved2: zero
 */
struct vhd1_header {
	char cookie[8];
	__be64 data_offset;
	__be64 table_offset;
	__be32 version;
	__be32 max_entries;
	__be32 block_size;
	__be32 checksum;
	u8 parent_uuid[16];
	__be32 parent_timestamp;
	__be32 reserved;
	u8 parent_name[512];
	struct vhd1_locator locators[VHD1_LOCATORS];
	u8 reserved2[256];
} __packed;
static_assert(sizeof(struct vhd1_header) == 1024);

#endif /* VHD1_WIRE_H */
