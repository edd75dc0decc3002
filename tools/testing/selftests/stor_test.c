// SPDX-License-Identifier: GPL-2.0-only
/*
 * Storage through the ring, compared with what the disk has.
 */
#include <fcntl.h>
#include <linux/loop.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config.h"
#include "stor.h"
#include "tap.h"

#define DISK		"vmbt0"
#define DISK_MB		32
#define FAST		"memory_backed=1 size=32"
#define BLOCKS		(DISK_MB * 2048)

static u32 seed = 0x1234567;

static u32 rnd(u32 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

static struct stor *start(const char *opts)
{
	struct stor *s;

	disk_create(DISK, opts);
	s = stor_start(stor_guest(DISK));
	stor_clear_ua(s, 0);
	return s;
}

static u32 op(struct stor *s, u32 operation, u16 version)
{
	struct vmb_stor_packet pkt = {
		.operation = cpu_to_le32(operation),
		.version.major_minor = cpu_to_le16(version),
	};

	return stor_op(s, &pkt);
}

TEST(versions)
{
	static const u16 good[] = { 0x200, 0x402, 0x501, 0x600, 0x602 };
	static const u16 bad[] = { 0, 1, 0x201, 0x500, 0x603, 0x700, 0xffff };
	struct stor *s = calloc(1, sizeof(*s));
	struct vmb_msg_offer offer;
	struct guest *g;
	unsigned int i;

	disk_create(DISK, FAST);
	g = stor_guest(DISK);
	EXPECT_EQ(bus_offers(g, &offer, 1), 1);
	stor_open(s, g, &offer, 9);
	EXPECT_EQ(op(s, VMB_STOR_OP_BEGIN_INIT, 0), VMB_STATUS_SUCCESS);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(op(s, VMB_STOR_OP_QUERY_PROTOCOL_VERSION, bad[i]),
			  VMB_STOR_STATUS_REVISION_MISMATCH);
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		chan_close(&s->ch);
		s->packet_len = VMB_STOR_PACKET_BYTES_V1;
		chan_reopen(&s->ch);
		stor_init(s, good[i]);
		stor_clear_ua(s, 0);
		EXPECT_EQ(le32_to_cpu(s->properties.max_transfer_bytes), STOR_MAX_DATA);
	}
}

TEST(handshake_out_of_order)
{
	static const u32 ops[] = {
		VMB_STOR_OP_QUERY_PROTOCOL_VERSION, VMB_STOR_OP_QUERY_PROPERTIES,
		VMB_STOR_OP_END_INIT, VMB_STOR_OP_CREATE_SUB_CHANNELS,
	};
	struct stor *s = calloc(1, sizeof(*s));
	struct vmb_msg_offer offer;
	struct stor_cmd cmd;
	struct guest *g;
	unsigned int i;

	disk_create(DISK, FAST);
	g = stor_guest(DISK);
	EXPECT_EQ(bus_offers(g, &offer, 1), 1);
	stor_open(s, g, &offer, 9);
	for (i = 0; i < ARRAY_SIZE(ops); i++)
		EXPECT(op(s, ops[i], VMB_STOR_VERSION_6_2) != VMB_STATUS_SUCCESS);
	cmd_tur(&cmd, 0);
	stor_exec(s, &cmd);
	EXPECT(!cmd_ok(&cmd));
	EXPECT(op(s, 0, 0) != VMB_STATUS_SUCCESS);
	EXPECT(op(s, 14, 0) != VMB_STATUS_SUCCESS);
	EXPECT(op(s, ~0U, 0) != VMB_STATUS_SUCCESS);
	stor_init(s, VMB_STOR_VERSION_6_2);
	EXPECT(op(s, VMB_STOR_OP_BEGIN_INIT, 0) != VMB_STATUS_SUCCESS);
	EXPECT(op(s, VMB_STOR_OP_END_INIT, 0) != VMB_STATUS_SUCCESS);
	stor_clear_ua(s, 0);
}

TEST(inquiry_and_capacity)
{
	struct stor *s = start(FAST);
	struct guest *g = s->ch.g;
	struct stor_cmd cmd = { .cdb = { 0x12, 0, 0, 0, 96 }, .cdb_len = 6, .len = 96 };
	u8 *data;

	cmd.gpa = guest_alloc(g, 1);
	data = guest_ptr(g, cmd.gpa);
	memset(data, 0xee, VMB_PAGE_SIZE);
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
	EXPECT_EQ(data[0], 0);
	EXPECT(data[4] >= 31);
	EXPECT_EQ(le32_to_cpu(cmd.srb.data_transfer_length), data[4] + 5 < 96 ? data[4] + 5 : 96);
	/* not a byte more than that */
	EXPECT_EQ(data[le32_to_cpu(cmd.srb.data_transfer_length)], 0xee);

	cmd = (struct stor_cmd){ .cdb = { 0x25 }, .cdb_len = 10, .len = 8, .gpa = cmd.gpa };
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
	EXPECT_EQ(be32toh(*(u32 *)data), BLOCKS - 1);
	EXPECT_EQ(be32toh(*(u32 *)(data + 4)), 512);
	cmd = (struct stor_cmd){ .cdb = { 0x9e, 0x10, [13] = 32 }, .cdb_len = 16, .len = 32,
				 .gpa = cmd.gpa };
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
	EXPECT_EQ(be64toh(*(u64 *)data), BLOCKS - 1);

	/* no unit behind the number */
	cmd = (struct stor_cmd){ .cdb = { 0x12, 0, 0, 0, 96 }, .cdb_len = 6, .len = 96,
				 .gpa = cmd.gpa, .lun = 7 };
	stor_exec(s, &cmd);
	EXPECT_EQ(cmd.srb.srb_status & VMB_STOR_SRB_CODE_MASK, VMB_STOR_SRB_INVALID_LUN);
	EXPECT_EQ(data[0], 0x7f);
}

TEST(write_and_read)
{
	static const u32 sizes[] = { 1, 2, 7, 8, 9, 64, 255, 256, 2047, 2048 };
	struct stor *s = start(FAST);
	struct guest *g = s->ch.g;
	u64 gpa = guest_alloc(g, 257), other = guest_alloc(g, 257);
	u8 *p = guest_ptr(g, gpa), *q = guest_ptr(g, other);
	u8 *disk = malloc(STOR_MAX_DATA);
	struct stor_cmd cmd;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u32 len = sizes[i] * 512, lba = rnd(BLOCKS - sizes[i]);

		fill(p, len, i);
		cmd_rw(&cmd, true, lba, sizes[i], gpa, 512);
		stor_exec(s, &cmd);
		EXPECT_GOOD(&cmd);
		EXPECT_EQ(le32_to_cpu(cmd.srb.data_transfer_length), len);
		disk_read(DISK, lba / 8 * 8 * 512, disk, 4096);
		EXPECT(!memcmp(disk + lba % 8 * 512, p, 512));
		memset(q, 0xee, len + VMB_PAGE_SIZE);
		cmd_rw(&cmd, false, lba, sizes[i], other, 512);
		stor_exec(s, &cmd);
		EXPECT_GOOD(&cmd);
		EXPECT(!memcmp(p, q, len));
		EXPECT_EQ(q[len], 0xee);
	}
	/* the other way round */
	fill(disk, STOR_MAX_DATA, 99);
	disk_write(DISK, 4 << 20, disk, STOR_MAX_DATA);
	cmd_rw(&cmd, false, 8192, 2048, other, 512);
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
	EXPECT(!memcmp(q, disk, STOR_MAX_DATA));
	/* one block more than may be asked for */
	cmd_rw(&cmd, false, 0, 2048, other, 512);
	cmd.cdb[13]++;
	stor_exec(s, &cmd);
	EXPECT_SENSE(&cmd, SENSE_BAD_FIELD);
}

TEST(all_sizes_of_cdbs)
{
	static const struct {
		u8 read, write, len, lba_at, count_at;
	} kinds[] = {
		{ 0x08, 0x0a, 6, 3, 4 }, { 0x28, 0x2a, 10, 5, 8 },
		{ 0xa8, 0xaa, 12, 5, 9 }, { 0x88, 0x8a, 16, 9, 13 },
	};
	struct stor *s = start(FAST);
	struct guest *g = s->ch.g;
	u64 gpa = guest_alloc(g, 2);
	u8 *p = guest_ptr(g, gpa), disk[4096];
	struct stor_cmd cmd;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		fill(p, 512, 1000 + i);
		cmd = (struct stor_cmd){ .cdb = { kinds[i].write }, .cdb_len = kinds[i].len,
					 .write = true, .gpa = gpa, .len = 512 };
		cmd.cdb[kinds[i].lba_at] = 100 + i;
		cmd.cdb[kinds[i].count_at] = 1;
		stor_exec(s, &cmd);
		EXPECT_GOOD(&cmd);
		disk_read(DISK, (100 + i) / 8 * 4096, disk, 4096);
		EXPECT(!memcmp(disk + (100 + i) % 8 * 512, p, 512));
		cmd.cdb[0] = kinds[i].read;
		cmd.write = false;
		memset(p, 0, 512);
		stor_exec(s, &cmd);
		EXPECT_GOOD(&cmd);
		EXPECT(!memcmp(disk + (100 + i) % 8 * 512, p, 512));
	}
}

/* Buffers that begin anywhere; pages in any order. */
TEST(unaligned_and_scattered)
{
	static const u32 offsets[] = { 4, 8, 512, 1024, 1, 3, 511, 4095, 4092 };
	struct stor *s = start(FAST);
	struct guest *g = s->ch.g;
	u64 base = guest_alloc(g, 64);
	__le64 pfns[17];
	struct stor_cmd cmd;
	u8 disk[65536];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		u32 done = 0, off = offsets[i];

		fill(disk, sizeof(disk), 7 * i + 1);
		/* backwards, every third page */
		for (j = 0; j < 17; j++)
			pfns[j] = cpu_to_le64(base / VMB_PAGE_SIZE + 63 - 3 * j);
		for (j = 0; done < sizeof(disk); j++) {
			u32 n = VMB_PAGE_SIZE - off;

			if (n > sizeof(disk) - done)
				n = sizeof(disk) - done;
			memcpy(guest_ptr(g, le64_to_cpu(pfns[j]) * VMB_PAGE_SIZE) + off,
			       disk + done, n);
			done += n;
			off = 0;
		}
		cmd_rw(&cmd, true, 128 * i, 128, offsets[i], 512);
		cmd.pfns = pfns;
		stor_exec(s, &cmd);
		EXPECT_GOOD(&cmd);
		memset(disk, 0, sizeof(disk));
		disk_read(DISK, 65536 * i, disk, sizeof(disk));
		cmd_rw(&cmd, false, 128 * i, 128, offsets[i], 512);
		cmd.pfns = pfns;
		memset(guest_ptr(g, base), 0, 64 * VMB_PAGE_SIZE);
		stor_exec(s, &cmd);
		EXPECT_GOOD(&cmd);
		done = 0;
		off = offsets[i];
		for (j = 0; done < sizeof(disk); j++) {
			u32 n = VMB_PAGE_SIZE - off;

			if (n > sizeof(disk) - done)
				n = sizeof(disk) - done;
			EXPECT(!memcmp(guest_ptr(g, le64_to_cpu(pfns[j]) * VMB_PAGE_SIZE) +
				       off, disk + done, n));
			done += n;
			off = 0;
		}
		fill(disk, 512, 7 * i + 1);
		EXPECT(!memcmp(disk, guest_ptr(g, le64_to_cpu(pfns[0]) * VMB_PAGE_SIZE) +
			       offsets[i], 512 < VMB_PAGE_SIZE - offsets[i] ? 512 :
			       VMB_PAGE_SIZE - offsets[i]));
	}
}

#define DEPTH	32

/*
 * Random reads and writes, 32 at a time, over one or several channels; every
 * block of the area knows what it must hold.
 */
static void random_io(struct stor **s, unsigned int nr, unsigned int rounds)
{
	struct guest *g = s[0]->ch.g;
	struct stor_cmd cmd[DEPTH];
	u64 gpa = guest_alloc(g, DEPTH * 2);
	u32 *tag = calloc(DEPTH * 64, sizeof(*tag)), next = 1;
	u32 lba[DEPTH], want[DEPTH];
	u8 block[4096];
	unsigned int i, n;

	for (n = 0; n < rounds; n++) {
		for (i = 0; i < DEPTH; i++) {
			u64 buf = gpa + i * 2 * VMB_PAGE_SIZE + 512 * rnd(8);

			/* a place of one's own: no two in flight overlap */
			lba[i] = i * 64 + rnd(64);
			want[i] = tag[lba[i]];
			if (!want[i] || rnd(2)) {
				want[i] = tag[lba[i]] = next++;
				cmd_rw(&cmd[i], true, lba[i] * 8, 8, buf, 512);
				fill(guest_ptr(g, buf), 4096, want[i]);
				if (!rnd(8))
					cmd[i].cdb[1] |= 8;
			} else {
				cmd_rw(&cmd[i], false, lba[i] * 8, 8, buf, 512);
				memset(guest_ptr(g, buf), 0, 4096);
			}
			EXPECT_EQ(stor_submit(s[rnd(nr)], &cmd[i], rnd(4)), 0);
		}
		for (i = 0; i < nr; i++) {
			if (guest_has_signal(g, s[i]->ch.relid))
				guest_signal(g, s[i]->ch.relid);
			stor_wait_all(s[i]);
		}
		for (i = 0; i < DEPTH; i++) {
			EXPECT_GOOD(&cmd[i]);
			if (cmd[i].write)
				continue;
			fill(block, 4096, want[i]);
			EXPECT(!memcmp(block, guest_ptr(g, cmd[i].gpa), 4096));
		}
	}
	for (i = 0; i < DEPTH * 64; i++) {
		u8 want_block[4096];

		if (!tag[i])
			continue;
		fill(want_block, 4096, tag[i]);
		disk_read(DISK, i * 4096ULL, block, 4096);
		EXPECT(!memcmp(block, want_block, 4096));
	}
}

TEST_LIMIT(queue_depth_32, 180)
{
	struct stor *s = start(FAST);

	random_io(&s, 1, config_times(200));
	EXPECT(chan_counter(&s->ch, "polls_vcpu") > 0);
}

/* Completions come later, from interrupts. */
TEST_LIMIT(queue_depth_32_later, 180)
{
	struct stor *s = start(FAST " irqmode=2 completion_nsec=300000 submit_queues=2");

	random_io(&s, 1, config_times(60));
}

TEST_LIMIT(sub_channels_io, 180)
{
	struct vmb_stor_packet pkt = {
		.operation = cpu_to_le32(VMB_STOR_OP_CREATE_SUB_CHANNELS),
		.sub_channels = cpu_to_le16(3),
	};
	struct vmb_msg_offer offer;
	struct stor *s[4];
	struct guest *g;
	int i;

	disk_create(DISK, FAST " irqmode=2 completion_nsec=200000");
	g = stor_guest(DISK);
	while (g->nr_vps < 4)
		guest_add_vp(g);
	s[0] = stor_start(g);
	stor_clear_ua(s[0], 0);
	EXPECT_EQ(le16_to_cpu(s[0]->properties.max_sub_channels), 3);
	EXPECT_EQ(stor_op(s[0], &pkt), VMB_STATUS_SUCCESS);
	for (i = 1; i < 4; i++) {
		bus_wait_offer(g, &offer);
		s[i] = calloc(1, sizeof(*s[i]));
		stor_sub_channel(s[i], s[0], &offer, i);
	}
	random_io(s, 4, config_times(60));
	for (i = 1; i < 4; i++)
		EXPECT(chan_counter(&s[i]->ch, "packets") > 0);
	/* once is enough, and more than were offered is too many */
	EXPECT(stor_op(s[0], &pkt) != VMB_STATUS_SUCCESS);
	pkt.operation = cpu_to_le32(VMB_STOR_OP_CREATE_SUB_CHANNELS);
	pkt.sub_channels = cpu_to_le16(64);
	EXPECT(stor_op(s[0], &pkt) != VMB_STATUS_SUCCESS);
}

/* A volatile cache: what is flushed or forced is what survives. */
TEST(flush_and_fua)
{
	struct stor *s = start(FAST " cache_size=8 irqmode=2 completion_nsec=50000");
	struct guest *g = s->ch.g;
	u64 gpa = guest_alloc(g, 1);
	struct stor_cmd cmd, mode = { .cdb = { 0x1a, 8, 8, 0, 64 }, .cdb_len = 6, .len = 64,
				      .gpa = gpa };
	u8 disk[4096], *p = guest_ptr(g, gpa);

	stor_exec(s, &mode);
	EXPECT_GOOD(&mode);
	/* the caching page: WCE */
	EXPECT_EQ(p[4] & 0x3f, 8);
	EXPECT_EQ(p[6] & 4, 4);
	fill(p, 4096, 5);
	cmd_rw(&cmd, true, 0, 8, gpa, 512);
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
	cmd = (struct stor_cmd){ .cdb = { 0x35 }, .cdb_len = 10 };
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
	cmd_rw(&cmd, true, 8, 8, gpa, 512);
	cmd.cdb[1] = 8;
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
	disk_read(DISK, 4096, disk, 4096);
	EXPECT(!memcmp(disk, p, 4096));
	cmd = (struct stor_cmd){ .cdb = { 0x91 }, .cdb_len = 16 };
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
}

TEST(blocks_of_4096)
{
	struct stor *s = start(FAST " blocksize=4096");
	struct guest *g = s->ch.g;
	u64 gpa = guest_alloc(g, 2);
	struct stor_cmd cmd = { .cdb = { 0x25 }, .cdb_len = 10, .len = 8, .gpa = gpa };
	u8 disk[4096], *p = guest_ptr(g, gpa);

	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
	EXPECT_EQ(be32toh(*(u32 *)p), BLOCKS / 8 - 1);
	EXPECT_EQ(be32toh(*(u32 *)(p + 4)), 4096);
	fill(p, 4096, 6);
	cmd_rw(&cmd, true, BLOCKS / 8 - 1, 1, gpa, 4096);
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
	disk_read(DISK, (BLOCKS / 8 - 1) * 4096, disk, 4096);
	EXPECT(!memcmp(disk, p, 4096));
	cmd_rw(&cmd, true, BLOCKS / 8, 1, gpa, 4096);
	stor_exec(s, &cmd);
	EXPECT_SENSE(&cmd, SENSE_BAD_LBA);
}

TEST(wrong_commands)
{
	static const u8 unknown[] = { 0x02, 0x0b, 0x3c, 0x48, 0xc0, 0xd1, 0xff };
	struct stor *s = start(FAST);
	struct guest *g = s->ch.g;
	u64 gpa = guest_alloc(g, 1);
	struct stor_cmd cmd;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		cmd_tur(&cmd, 0);
		cmd.cdb[0] = unknown[i];
		cmd.cdb_len = 16;
		stor_exec(s, &cmd);
		EXPECT_SENSE(&cmd, SENSE_BAD_OPCODE);
	}
	/* longer than there is room for */
	cmd_tur(&cmd, 0);
	cmd.cdb_len = 17;
	stor_exec(s, &cmd);
	EXPECT(!cmd_ok(&cmd));
	cmd.cdb_len = 255;
	stor_exec(s, &cmd);
	EXPECT(!cmd_ok(&cmd));
	/* protection information, NACA */
	cmd_rw(&cmd, false, 0, 1, gpa, 512);
	cmd.cdb[1] = 0x20;
	stor_exec(s, &cmd);
	EXPECT_SENSE(&cmd, SENSE_BAD_FIELD);
	cmd_rw(&cmd, false, 0, 1, gpa, 512);
	cmd.cdb[15] = 4;
	stor_exec(s, &cmd);
	EXPECT_SENSE(&cmd, SENSE_BAD_FIELD);
	stor_clear_ua(s, 0);
}

TEST(out_of_range)
{
	static const u64 lbas[] = {
		BLOCKS, BLOCKS - 7, 1ULL << 32, 1ULL << 55, 1ULL << 63, ~0ULL, ~0ULL - 7,
	};
	struct stor *s = start(FAST);
	u64 gpa = guest_alloc(s->ch.g, 1);
	struct stor_cmd cmd;
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(lbas); i++) {
		cmd_rw(&cmd, i % 2, lbas[i / 2], 8, gpa, 512);
		stor_exec(s, &cmd);
		EXPECT_SENSE(&cmd, SENSE_BAD_LBA);
	}
	cmd_rw(&cmd, false, BLOCKS - 8, 8, gpa, 512);
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
	/* no blocks at all is no error */
	cmd_rw(&cmd, false, 0, 0, gpa, 512);
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
}

/* The disk as it was before commands that must change nothing. */
static void expect_untouched(u8 *before)
{
	u8 *now = malloc(STOR_MAX_DATA);

	disk_read(DISK, 0, now, STOR_MAX_DATA);
	EXPECT(!memcmp(before, now, STOR_MAX_DATA));
	free(now);
}

static u8 *some_data_on_disk(void)
{
	u8 *data = malloc(STOR_MAX_DATA);

	fill(data, STOR_MAX_DATA, 31337);
	disk_write(DISK, 0, data, STOR_MAX_DATA);
	return data;
}

TEST(length_mismatches)
{
	struct stor *s = start(FAST);
	struct guest *g = s->ch.g;
	u64 gpa = guest_alloc(g, 16);
	u8 *p = guest_ptr(g, gpa), *before = some_data_on_disk();
	struct stor_cmd cmd;

	/* more blocks than memory: nothing is written */
	cmd_rw(&cmd, true, 0, 8, gpa, 512);
	cmd.len = 512;
	stor_exec(s, &cmd);
	EXPECT(!cmd_ok(&cmd));
	expect_untouched(before);
	/* reading brings what there is memory for, and not a byte more */
	memset(p, 0xee, 8192);
	cmd_rw(&cmd, false, 0, 8, gpa, 512);
	cmd.len = 1024;
	stor_exec(s, &cmd);
	EXPECT(!cmd_ok(&cmd));
	EXPECT_EQ(p[1024], 0xee);
	/* it says more memory than the packet names */
	memset(p, 0xee, 8192);
	cmd_rw(&cmd, false, 0, 8, gpa, 512);
	cmd.len = 512;
	cmd.claim = 4096;
	stor_exec(s, &cmd);
	EXPECT(!cmd_ok(&cmd));
	EXPECT_EQ(p[512], 0xee);
	cmd_rw(&cmd, true, 0, 8, gpa, 512);
	cmd.len = 512;
	cmd.claim = 4096;
	stor_exec(s, &cmd);
	EXPECT(!cmd_ok(&cmd));
	cmd.claim = ~0U;
	stor_exec(s, &cmd);
	EXPECT(!cmd_ok(&cmd));
	/* no memory at all */
	cmd_rw(&cmd, true, 0, 8, gpa, 512);
	cmd.len = 0;
	stor_exec(s, &cmd);
	EXPECT(!cmd_ok(&cmd));
	cmd_rw(&cmd, false, 0, 8, gpa, 512);
	cmd.len = 0;
	cmd.claim = 4096;
	stor_exec(s, &cmd);
	EXPECT(!cmd_ok(&cmd));
	expect_untouched(before);
	/* more memory than blocks */
	memset(p, 0xee, 8192);
	cmd_rw(&cmd, false, 0, 1, gpa, 512);
	cmd.len = 4096;
	stor_exec(s, &cmd);
	EXPECT(!memcmp(p, before, 512));
	EXPECT_EQ(p[512], 0xee);
	EXPECT_EQ(le32_to_cpu(cmd.srb.data_transfer_length), 512);
}

/* Memory that is not the guest's is refused as a whole. */
TEST(memory_that_is_not_there)
{
	const u64 end = GUEST_RAM + GUEST_RAM_SIZE;
	struct stor *s = start(FAST);
	struct guest *g = s->ch.g;
	u64 good = guest_alloc(g, 4) / VMB_PAGE_SIZE;
	u64 bad[] = {
		0, 1, end / VMB_PAGE_SIZE, 1ULL << 51, 1ULL << 52, 1ULL << 63, ~0ULL,
		~0ULL >> 12, (uintptr_t)g->ram / VMB_PAGE_SIZE,
	};
	u8 *before = some_data_on_disk(), *p = guest_ptr(g, good * VMB_PAGE_SIZE);
	struct stor_cmd cmd;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		__le64 pfns[4];

		for (j = 0; j < 4; j++) {
			unsigned int k;

			for (k = 0; k < 4; k++)
				pfns[k] = cpu_to_le64(k == j ? bad[i] : good + k);
			memset(p, 0xee, 4 * VMB_PAGE_SIZE);
			cmd_rw(&cmd, true, 0, 32, 0, 512);
			cmd.pfns = pfns;
			stor_exec(s, &cmd);
			EXPECT(!cmd_ok(&cmd));
			cmd_rw(&cmd, false, 0, 32, 0, 512);
			cmd.pfns = pfns;
			stor_exec(s, &cmd);
			EXPECT(!cmd_ok(&cmd));
			EXPECT_EQ(p[0], 0xee);
		}
	}
	expect_untouched(before);
	stor_clear_ua(s, 0);
}

/* Memory the guest may only read is good for writing to disk from. */
TEST(read_only_memory)
{
	struct stor *s = start(FAST);
	struct guest *g = s->ch.g;
	u8 *rom = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	u64 gpa = GUEST_RAM + GUEST_RAM_SIZE;
	struct stor_cmd cmd;
	u8 disk[4096], want[4096];

	fill(rom, 4096, 77);
	memcpy(want, rom, 4096);
	EXPECT_OK(vmb_mem_add(g->fd, gpa, 4096, rom, VMB_MEM_READONLY));
	cmd_rw(&cmd, true, 0, 8, gpa, 512);
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
	disk_read(DISK, 0, disk, 4096);
	EXPECT(!memcmp(disk, want, 4096));
	cmd_rw(&cmd, false, 64, 8, gpa, 512);
	stor_exec(s, &cmd);
	EXPECT(!cmd_ok(&cmd));
	EXPECT(!memcmp(rom, want, 4096));
	/* the VMM's own protection holds too */
	EXPECT_OK(vmb_mem_remove(g->fd, gpa, 4096));
	EXPECT_OK(vmb_mem_add(g->fd, gpa, 4096, rom, 0));
	EXPECT_OK(mprotect(rom, 4096, PROT_READ));
	cmd_rw(&cmd, false, 64, 8, gpa, 512);
	stor_exec(s, &cmd);
	EXPECT(!cmd_ok(&cmd));
	EXPECT(!memcmp(rom, want, 4096));
	/* and memory it has unmapped is an error, not a fault */
	EXPECT_OK(munmap(rom, 4096));
	cmd_rw(&cmd, true, 64, 8, gpa, 512);
	stor_exec(s, &cmd);
	EXPECT(!cmd_ok(&cmd));
	stor_clear_ua(s, 0);
}

TEST(read_only_lun)
{
	struct stor *s;
	struct stor_cmd cmd;
	u8 *before;
	u64 gpa;

	disk_create(DISK, FAST);
	before = some_data_on_disk();
	config_partition(PARTITION);
	ctrl_create(PARTITION, "scsi.0");
	EXPECT_OK(config_mkdir(PARTITION "/scsi.0/lun.0"));
	EXPECT_OK(lun_set(PARTITION, "scsi.0", 0, "device", "/dev/" DISK));
	EXPECT_OK(lun_set(PARTITION, "scsi.0", 0, "readonly", "1"));
	EXPECT_OK(lun_set(PARTITION, "scsi.0", 0, "enable", "1"));
	EXPECT_ERRNO(lun_set(PARTITION, "scsi.0", 0, "readonly", "0"), EBUSY);
	ctrl_enable(PARTITION, "scsi.0");
	{
		struct guest *g = guest_create(PARTITION);

		bus_connect(g, VMB_VERSION_5_3);
		s = stor_start(g);
		gpa = guest_alloc(g, 1);
	}
	stor_clear_ua(s, 0);
	cmd_rw(&cmd, true, 0, 8, gpa, 512);
	stor_exec(s, &cmd);
	EXPECT_SENSE(&cmd, SENSE_WRITE_PROTECT);
	cmd_rw(&cmd, false, 0, 8, gpa, 512);
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
	expect_untouched(before);
}

TEST(hot_add_and_remove)
{
	struct stor *s;
	struct stor_cmd cmd;
	unsigned int i, seen = 0;
	u64 end;

	disk_create("vmbt1", FAST);
	s = start(FAST);
	for (i = 0; i < 10; i++) {
		lun_create(PARTITION, "scsi.0", 5, "vmbt1");
		for (end = guest_now_ms() + GUEST_PATIENCE; s->nr_enumerate == seen;) {
			stor_reap(s, 1000);
			EXPECT(guest_now_ms() < end);
		}
		seen = s->nr_enumerate;
		stor_clear_ua(s, 5);
		stor_clear_ua(s, 0);
		EXPECT_OK(config_rmdir(PARTITION "/scsi.0/lun.5"));
		for (end = guest_now_ms() + GUEST_PATIENCE; s->nr_enumerate == seen;) {
			stor_reap(s, 1000);
			EXPECT(guest_now_ms() < end);
		}
		seen = s->nr_enumerate;
		cmd_tur(&cmd, 5);
		stor_exec(s, &cmd);
		EXPECT_EQ(cmd.srb.srb_status & VMB_STOR_SRB_CODE_MASK,
			  VMB_STOR_SRB_INVALID_LUN);
	}
}

/* A loop device grows; the guest is told, and sees it. */
TEST_LIMIT(resize, 120)
{
	int ctl = open("/dev/loop-control", O_RDWR | O_CLOEXEC), file, loop, n;
	struct stor_cmd cmd;
	struct guest *g;
	struct stor *s;
	char name[32];
	u64 end, gpa;

	if (ctl < 0)
		tap_skip("no loop devices");
	n = EXPECT_OK(ioctl(ctl, LOOP_CTL_GET_FREE));
	snprintf(name, sizeof(name), "/dev/loop%d", n);
	loop = EXPECT_OK(open(name, O_RDWR | O_CLOEXEC));
	file = EXPECT_OK(open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600));
	EXPECT_OK(ftruncate(file, 4 << 20));
	EXPECT_OK(ioctl(loop, LOOP_CONFIGURE, &(struct loop_config){
		.fd = file, .info.lo_flags = LO_FLAGS_AUTOCLEAR }));
	g = stor_guest(name + 5);
	s = stor_start(g);
	stor_clear_ua(s, 0);
	gpa = guest_alloc(g, 1);
	cmd_rw(&cmd, false, 8192, 8, gpa, 512);
	stor_exec(s, &cmd);
	EXPECT_SENSE(&cmd, SENSE_BAD_LBA);
	EXPECT_OK(ftruncate(file, 8 << 20));
	EXPECT_OK(ioctl(loop, LOOP_SET_CAPACITY));
	for (end = guest_now_ms() + GUEST_PATIENCE; ; ) {
		cmd_tur(&cmd, 0);
		stor_exec(s, &cmd);
		if (cmd_sense(&cmd) == 0x062a09)
			break;
		EXPECT_GOOD(&cmd);
		EXPECT(guest_now_ms() < end);
		stor_reap(s, 200);
	}
	cmd_rw(&cmd, false, 8192, 8, gpa, 512);
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
}

/* The disk of an IDE channel, up and with no unit attention left. */
static struct stor *ide_start(const char *opts)
{
	struct stor *s = calloc(1, sizeof(*s));
	struct vmb_msg_offer offer;
	struct guest *g;

	disk_create(DISK, opts);
	config_partition(PARTITION);
	ctrl_create(PARTITION, "ide.0");
	lun_create(PARTITION, "ide.0", 0, DISK);
	ctrl_enable(PARTITION, "ide.0");
	g = guest_create(PARTITION);
	bus_connect(g, VMB_VERSION_4_0);
	EXPECT_EQ(bus_offers(g, &offer, 1), 1);
	EXPECT_EQ(*(u32 *)&offer.class_id, 0x32412632);
	stor_open(s, g, &offer, 17);
	stor_init(s, VMB_STOR_VERSION_6_2);
	stor_clear_ua(s, 0);
	return s;
}

TEST(ide_disk)
{
	struct stor *s = ide_start(FAST);
	u64 gpa = guest_alloc(s->ch.g, 1);
	u8 *p = guest_ptr(s->ch.g, gpa);
	u8 *disk = some_data_on_disk();
	struct stor_cmd cmd;

	EXPECT_ERRNO(config_mkdir(PARTITION "/ide.0/lun.1"), EINVAL);
	EXPECT_EQ(s->properties.max_sub_channels, 0);
	cmd_rw(&cmd, false, 8, 8, gpa, 512);
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
	EXPECT(!memcmp(p, disk + 4096, 4096));
}

/* Flushes that the disk has seen: after 15 columns. */
static long long flushes(void)
{
	FILE *f = fopen("/sys/block/" DISK "/stat", "r");
	long long n;
	int i;

	EXPECT(f);
	for (i = 0; i < 16; i++)
		EXPECT_EQ(fscanf(f, "%lld", &n), 1);
	fclose(f);
	return n;
}

/* The emulator that takes the disk over does not know what we have written. */
TEST(ide_disk_is_flushed_at_the_end)
{
	struct stor *s = ide_start(FAST " cache_size=8");
	u64 gpa = guest_alloc(s->ch.g, 1);
	struct stor_cmd cmd;
	long long before;

	cmd_rw(&cmd, true, 8, 8, gpa, 512);
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
	before = flushes();
	chan_close(&s->ch);
	EXPECT_EQ(flushes(), before + 1);
}

TEST(errors_of_the_disk)
{
	struct stor *s = start(FAST " badblocks=+100-103");
	u64 gpa = guest_alloc(s->ch.g, 16);
	struct stor_cmd cmd;
	int i;

	for (i = 0; i < 2; i++) {
		cmd_rw(&cmd, i, 96, 8, gpa, 512);
		stor_exec(s, &cmd);
		EXPECT(!cmd_ok(&cmd));
		EXPECT(cmd_sense(&cmd));
		cmd_rw(&cmd, i, 88, 8, gpa, 512);
		stor_exec(s, &cmd);
		EXPECT_GOOD(&cmd);
		cmd_rw(&cmd, i, 64, 100, gpa, 512);
		stor_exec(s, &cmd);
		EXPECT(!cmd_ok(&cmd));
		cmd_rw(&cmd, i, 104, 8, gpa, 512);
		stor_exec(s, &cmd);
		EXPECT_GOOD(&cmd);
	}
}

/* A reset answers when what was there before it has been answered. */
TEST(resets)
{
	static const u32 ops[] = {
		VMB_STOR_OP_RESET_LUN, VMB_STOR_OP_RESET_ADAPTER, VMB_STOR_OP_RESET_BUS,
	};
	struct stor *s = start(FAST " irqmode=2 completion_nsec=100000000");
	u64 gpa = guest_alloc(s->ch.g, 1);
	struct stor_cmd cmd[16];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		for (j = 0; j < ARRAY_SIZE(cmd); j++) {
			cmd_rw(&cmd[j], false, 8 * j, 8, gpa, 512);
			EXPECT_EQ(stor_submit(s, &cmd[j], false), 0);
		}
		EXPECT_EQ(op(s, ops[i], 0), VMB_STATUS_SUCCESS);
		for (j = 0; j < ARRAY_SIZE(cmd); j++)
			EXPECT(cmd[j].done);
		stor_wait_all(s);
		cmd_tur(&cmd[0], 0);
		stor_exec(s, &cmd[0]);
		EXPECT_SENSE(&cmd[0], SENSE_RESET);
		stor_clear_ua(s, 0);
	}
}

/* Packets that make no sense have no answer; what follows them has. */
TEST(malformed_packets)
{
	struct stor *s = start(FAST);
	u64 gpa = guest_alloc(s->ch.g, 1);
	struct vmb_stor_packet pkt = {
		.operation = cpu_to_le32(VMB_STOR_OP_EXECUTE_SRB),
	};
	static const u16 types[] = { 0, 1, 7, 8, 10, 11, 0xffff };
	u64 xfer[1] = { 0 };
	struct stor_cmd cmd;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		EXPECT_EQ(chan_send(&s->ch, types[i], VMB_PKT_COMPLETION_REQUESTED, 1, xfer, 8,
				    &pkt, sizeof(pkt), false), 0);
	/* too short; nobody wants to know */
	EXPECT_EQ(chan_send(&s->ch, VMB_PKT_INBAND, VMB_PKT_COMPLETION_REQUESTED, 2, NULL, 0,
			    &pkt, 40, false), 0);
	EXPECT_EQ(chan_send(&s->ch, VMB_PKT_INBAND, VMB_PKT_COMPLETION_REQUESTED, 2, NULL, 0,
			    NULL, 0, false), 0);
	EXPECT_EQ(chan_send(&s->ch, VMB_PKT_INBAND, 0, 3, NULL, 0, &pkt, sizeof(pkt), false), 0);
	cmd_rw(&cmd, false, 0, 8, gpa, 512);
	stor_exec(s, &cmd);
	EXPECT_GOOD(&cmd);
	EXPECT_EQ(chan_counter(&s->ch, "broken"), 0);
}

/*
 * A ring that makes no sense stands still, and only it: another controller of
 * the same guest goes on, and a channel that is opened again is as good as new.
 */
TEST(corrupt_rings)
{
	static const u32 bad[] = { 4, 0x7fffffff, ~0U, 17 << 12, 16 << 12 };
	struct stor *s, *t = calloc(1, sizeof(*t));
	struct vmb_msg_offer offer[2];
	struct stor_cmd cmd;
	struct guest *g;
	unsigned int i;
	u64 gpa;

	disk_create(DISK, FAST);
	disk_create("vmbt1", FAST);
	config_partition(PARTITION);
	ctrl_create(PARTITION, "scsi.0");
	ctrl_create(PARTITION, "scsi.1");
	lun_create(PARTITION, "scsi.0", 0, DISK);
	lun_create(PARTITION, "scsi.1", 0, "vmbt1");
	ctrl_enable(PARTITION, "scsi.0");
	ctrl_enable(PARTITION, "scsi.1");
	g = guest_create(PARTITION);
	bus_connect(g, VMB_VERSION_5_3);
	EXPECT_EQ(bus_offers(g, offer, 2), 2);
	s = calloc(1, sizeof(*s));
	stor_open(s, g, &offer[0], 17);
	stor_open(t, g, &offer[1], 17);
	stor_init(t, VMB_STOR_VERSION_6_2);
	stor_clear_ua(t, 0);
	gpa = guest_alloc(g, 1);

	for (i = 0; i < 3 * ARRAY_SIZE(bad); i++) {
		s->packet_len = VMB_STOR_PACKET_BYTES_V1;
		stor_init(s, VMB_STOR_VERSION_6_2);
		cmd_tur(&cmd, 0);
		if (i % 3 == 0) {
			/* the write index */
			s->ch.out.hdr->write_index = cpu_to_le32(bad[i / 3]);
			chan_signal(&s->ch);
		} else if (i % 3 == 1) {
			/* the length of a packet */
			struct vmb_pkt_desc *desc = (void *)s->ch.out.data + s->ch.out.index;

			EXPECT_EQ(stor_submit(s, &cmd, true), 0);
			desc->len8 = cpu_to_le16(bad[i / 3]);
			desc->offset8 = cpu_to_le16(bad[i / 3] >> 3);
			chan_signal(&s->ch);
		} else {
			/* the read index of the ring to the guest, when it is needed */
			s->ch.in.hdr->read_index = cpu_to_le32(bad[i / 3]);
			while (!stor_submit(s, &cmd, false))
				s->pending[(s->next_id - 1) % STOR_PENDING] = NULL;
		}
		EXPECT_EQ(chan_counter(&s->ch, "broken"), 1);
		chan_signal(&s->ch);
		cmd_rw(&cmd, false, 0, 8, gpa, 512);
		stor_exec(t, &cmd);
		EXPECT_GOOD(&cmd);
		memset(s->pending, 0, sizeof(s->pending));
		s->nr_pending = 0;
		chan_close(&s->ch);
		chan_reopen(&s->ch);
	}
}
