/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VHDX format, as in [MS-VHDX]. Little-endian.
 *
 *   byte      what
 *   0         file identifier
 *   64 KiB    header 1
 *   128 KiB   header 2
 *   192 KiB   region table 1
 *   256 KiB   region table 2
 *   1 MiB on  log, and the regions: block allocation table and metadata;
 *             blocks of data and of sector bitmaps; all on whole MiB
 */
#ifndef VHDX_WIRE_H
#define VHDX_WIRE_H

#include <linux/build_bug.h>
#include <linux/types.h>
#include <linux/uuid.h>

#define VHDX_KIB64		0x10000U
#define VHDX_MIB		0x100000U

#define VHDX_FILE_SIGNATURE	"vhdxfile"
#define VHDX_HEADER_SIGNATURE	0x64616568U	/* "head" */
#define VHDX_REGION_SIGNATURE	0x69676572U	/* "regi" */
#define VHDX_META_SIGNATURE	"metadata"
#define VHDX_LOG_SIGNATURE	0x65676f6cU	/* "loge" */
#define VHDX_DESC_SIGNATURE	0x63736564U	/* "desc" */
#define VHDX_ZERO_SIGNATURE	0x6f72657aU	/* "zero" */
#define VHDX_DATA_SIGNATURE	0x61746164U	/* "data" */

#define VHDX_HEADER_POS(slot)	(VHDX_KIB64 * (1U + (slot)))
#define VHDX_HEADER_BYTES	4096U
#define VHDX_REGION_POS(copy)	(VHDX_KIB64 * (3U + (copy)))
#define VHDX_REGION_BYTES	VHDX_KIB64
#define VHDX_META_TABLE_BYTES	VHDX_KIB64
#define VHDX_MAX_ENTRIES	2047U

#define VHDX_VERSION		1U
#define VHDX_LOG_VERSION	0U

#define VHDX_REGION_BAT \
	GUID_INIT(0x2dc27766, 0xf623, 0x4200, \
		  0x9d, 0x64, 0x11, 0x5e, 0x9b, 0xfd, 0x4a, 0x08)
#define VHDX_REGION_META \
	GUID_INIT(0x8b7ca206, 0x4790, 0x4b9a, \
		  0xb8, 0xfe, 0x57, 0x5f, 0x05, 0x0f, 0x88, 0x6e)

#define VHDX_ITEM_FILE_PARAMETERS \
	GUID_INIT(0xcaa16737, 0xfa36, 0x4d43, \
		  0xb3, 0xb6, 0x33, 0xf0, 0xaa, 0x44, 0xe7, 0x6b)
#define VHDX_ITEM_DISK_SIZE \
	GUID_INIT(0x2fa54224, 0xcd1b, 0x4876, \
		  0xb2, 0x11, 0x5d, 0xbe, 0xd8, 0x3b, 0xf4, 0xb8)
#define VHDX_ITEM_PAGE83 \
	GUID_INIT(0xbeca12ab, 0xb2e6, 0x4523, \
		  0x93, 0xef, 0xc3, 0x09, 0xe0, 0x00, 0xc7, 0x46)
#define VHDX_ITEM_LOGICAL_SECTOR \
	GUID_INIT(0x8141bf1d, 0xa96f, 0x4709, \
		  0xba, 0x47, 0xf2, 0x33, 0xa8, 0xfa, 0xab, 0x5f)
#define VHDX_ITEM_PHYSICAL_SECTOR \
	GUID_INIT(0xcda348c7, 0x445d, 0x4471, \
		  0x9c, 0xc9, 0xe9, 0x88, 0x52, 0x51, 0xc5, 0x56)
#define VHDX_ITEM_PARENT_LOCATOR \
	GUID_INIT(0xa8d35f2d, 0xb30b, 0x454d, \
		  0xab, 0xf7, 0xd3, 0xd8, 0x48, 0x34, 0xab, 0x0c)
#define VHDX_LOCATOR_VHDX \
	GUID_INIT(0xb04aefb7, 0xd19e, 0x4a81, \
		  0xb7, 0x89, 0x25, 0xb8, 0xe9, 0x44, 0x59, 0x13)

/**
 * struct vhdx_file_id - see 2.2.1, "File Type Identifier"
 * @signature: %VHDX_FILE_SIGNATURE
 * @creator: UTF-16LE, for people
 */
struct vhdx_file_id {
	char signature[8];
	u8 creator[512];
} __packed;
static_assert(sizeof(struct vhdx_file_id) == 520);

/**
 * struct vhdx_header_wire - see 2.2.2, "Headers"; 4 KiB with zeros behind it
 * @signature: %VHDX_HEADER_SIGNATURE
 * @checksum: CRC-32C of the 4 KiB with this zero
 * @sequence: the valid header with the higher one counts
 * @file_write: changes before the file does, once in a session
 * @data_write: changes before the disk does, once in a session
 * @log: id of the log's entries, zero: nothing to replay
 * @log_version: %VHDX_LOG_VERSION
 * @version: %VHDX_VERSION
 * @log_length: bytes, whole MiB
 * @log_offset: byte in the file, whole MiB
 */
struct vhdx_header_wire {
	__le32 signature;
	__le32 checksum;
	__le64 sequence;
	guid_t file_write;
	guid_t data_write;
	guid_t log;
	__le16 log_version;
	__le16 version;
	__le32 log_length;
	__le64 log_offset;
} __packed;
static_assert(sizeof(struct vhdx_header_wire) == 80);

/**
 * struct vhdx_region_table - see 2.2.3.1, "Region Table Header"
 * @signature: %VHDX_REGION_SIGNATURE
 * @checksum: CRC-32C of the 64 KiB with this zero
 * @entries: at most %VHDX_MAX_ENTRIES
 * @reserved: zero
 */
struct vhdx_region_table {
	__le32 signature;
	__le32 checksum;
	__le32 entries;
	__le32 reserved;
} __packed;
static_assert(sizeof(struct vhdx_region_table) == 16);

/* struct vhdx_region.flags */
#define VHDX_REGION_REQUIRED	0x1U

/**
 * struct vhdx_region - see 2.2.3.2, "Region Table Entry"
 * @id: %VHDX_REGION_BAT or %VHDX_REGION_META
 * @offset: byte in the file, whole MiB
 * @length: bytes, whole MiB
 * @flags: %VHDX_REGION_REQUIRED
 */
struct vhdx_region {
	guid_t id;
	__le64 offset;
	__le32 length;
	__le32 flags;
} __packed;
static_assert(sizeof(struct vhdx_region) == 32);

/**
 * struct vhdx_meta_table - see 2.6.1.1, "Metadata Table Header"
 * @signature: %VHDX_META_SIGNATURE
 * @reserved: zero
 * @entries: at most %VHDX_MAX_ENTRIES
 * @reserved2: zero
 */
struct vhdx_meta_table {
	char signature[8];
	__le16 reserved;
	__le16 entries;
	u8 reserved2[20];
} __packed;
static_assert(sizeof(struct vhdx_meta_table) == 32);

/* struct vhdx_meta_entry.flags */
#define VHDX_META_USER		0x1U
#define VHDX_META_DISK		0x2U
#define VHDX_META_REQUIRED	0x4U

/**
 * struct vhdx_meta_entry - see 2.6.1.2, "Metadata Table Entry"
 * @item: %VHDX_ITEM_FILE_PARAMETERS and friends
 * @offset: byte in the metadata region, from 64 KiB on
 * @length: bytes, at most 1 MiB
 * @flags: %VHDX_META_USER and friends
 * @reserved: zero
 */
struct vhdx_meta_entry {
	guid_t item;
	__le32 offset;
	__le32 length;
	__le32 flags;
	__le32 reserved;
} __packed;
static_assert(sizeof(struct vhdx_meta_entry) == 32);

/* struct vhdx_file_parameters.flags */
#define VHDX_FILE_KEEP_BLOCKS	0x1U
#define VHDX_FILE_HAS_PARENT	0x2U

/**
 * struct vhdx_file_parameters - see 2.6.2.1, "File Parameters"
 * @block_size: bytes
 * @flags: %VHDX_FILE_KEEP_BLOCKS and friends
 */
struct vhdx_file_parameters {
	__le32 block_size;
	__le32 flags;
} __packed;
static_assert(sizeof(struct vhdx_file_parameters) == 8);

/**
 * struct vhdx_locator - see 2.6.2.6.1, "Parent Locator Header"
 * @type: %VHDX_LOCATOR_VHDX
 * @reserved: zero
 * @count: of the entries behind it
 */
struct vhdx_locator {
	guid_t type;
	__le16 reserved;
	__le16 count;
} __packed;
static_assert(sizeof(struct vhdx_locator) == 20);

/**
 * struct vhdx_locator_entry - see 2.6.2.6.2, "Parent Locator Entry"
 * @key_offset: byte in the item; the key is UTF-16LE
 * @value_offset: byte in the item; so is the value
 * @key_length: bytes
 * @value_length: bytes
 */
struct vhdx_locator_entry {
	__le32 key_offset;
	__le32 value_offset;
	__le16 key_length;
	__le16 value_length;
} __packed;
static_assert(sizeof(struct vhdx_locator_entry) == 12);

/*
 * An entry of the block allocation table, see 2.5.1: state in bits 0 to 2,
 * where the block is in bits 20 to 63: a byte in the file, whole MiB.
 */
#define VHDX_BAT_STATE		0x7ULL
#define VHDX_BAT_RESERVED	0xffff8ULL
#define VHDX_BAT_OFFSET		(~0xfffffULL)

/* States of a block, see 2.5.1.1; of a sector bitmap only the first and sixth */
#define VHDX_BLOCK_NOT_PRESENT	0U
#define VHDX_BLOCK_UNDEFINED	1U
#define VHDX_BLOCK_ZERO		2U
#define VHDX_BLOCK_UNMAPPED	3U
#define VHDX_BLOCK_PRESENT	6U
#define VHDX_BLOCK_PARTIAL	7U

/* Bits in a block of sector bitmap: sectors of a chunk */
#define VHDX_CHUNK_SECTORS	0x800000ULL

#define VHDX_LOG_SECTOR		4096U

/**
 * struct vhdx_log_header - see 2.3.1.1, "Entry Header"; 4 KiB aligned
 * @signature: %VHDX_LOG_SIGNATURE
 * @checksum: CRC-32C of the whole entry with this zero
 * @length: of the entry in bytes, whole 4 KiB
 * @tail: byte in the log of the oldest entry that has to be replayed
 * @sequence: one more than the entry before
 * @descriptors: behind this header
 * @reserved: zero
 * @log: as in the header
 * @flushed_size: what the file had on stable storage; less now: it was cut
 * @last_size: what everything allocated in the file needs
 */
struct vhdx_log_header {
	__le32 signature;
	__le32 checksum;
	__le32 length;
	__le32 tail;
	__le64 sequence;
	__le32 descriptors;
	__le32 reserved;
	guid_t log;
	__le64 flushed_size;
	__le64 last_size;
} __packed;
static_assert(sizeof(struct vhdx_log_header) == 64);

/**
 * struct vhdx_log_desc - see 2.3.1.2 and 2.3.1.3, "Zero Descriptor" and "Data
 *	Descriptor"
 * @signature: %VHDX_ZERO_SIGNATURE or %VHDX_DESC_SIGNATURE
 * @trailing: data: the last four bytes; zeros: 0
 * @leading: data: the first eight bytes; zeros: how many bytes, whole 4 KiB
 * @offset: byte in the file, whole 4 KiB
 * @sequence: as in the entry's header
 */
struct vhdx_log_desc {
	__le32 signature;
	u8 trailing[4];
	__le64 leading;
	__le64 offset;
	__le64 sequence;
} __packed;
static_assert(sizeof(struct vhdx_log_desc) == 32);

/**
 * struct vhdx_log_data - see 2.3.1.4, "Data Sector"
 * @signature: %VHDX_DATA_SIGNATURE
 * @sequence_high: upper half of the entry's sequence number
 * @data: of the 4 KiB all but the first eight and the last four bytes
 * @sequence_low: lower half
 */
struct vhdx_log_data {
	__le32 signature;
	__le32 sequence_high;
	u8 data[4084];
	__le32 sequence_low;
} __packed;
static_assert(sizeof(struct vhdx_log_data) == 4096);

#endif /* VHDX_WIRE_H */
